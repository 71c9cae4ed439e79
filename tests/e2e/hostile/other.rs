//! What is no document at all, or bears another's name, and junk by the megabyte.

use super::{File, noise, zip};

pub fn files() -> Vec<File> {
    let mut all: Vec<File> = Vec::new();
    let dirt = noise(20_000, 31);
    let mut add = |name: &str, head: &[u8], rest: &[u8]| all.push((name.to_owned(), [head, rest].concat()));
    add("type-program.pdf", b"MZ\x90\0\x03\0\0\0", &dirt);
    add("type-elf.tif", b"\x7FELF\x02\x01\x01\0", &dirt);
    add("type-script.pdf", b"#!/bin/sh\nrm -rf / # canary\n", &[]);
    add("type-page-of-the-web.tif", b"<!DOCTYPE html><script src=//example.jp></script>", &[]);
    add("type-office.pdf", &zip::zip(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")]), &[]);
    add("type-old-office.doc", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", &dirt);
    add("type-video.tif", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", &dirt);
    add("type-photo.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1", &dirt);
    add("type-database.pdf", b"SQLite format 3\0", &dirt);
    add("type-tar.tar.gz", b"\x1F\x8B\x08\0\0\0\0\0", &dirt);
    add("type-rtf.pdf", b"{\\rtf1 {\\*\\objdata 0105}}", &[]);
    add("type-gif.png", b"GIF89a\xff\xff\xff\xff", &dirt);
    add("type-bmp.tif", b"BM\0\0\0\0\0\0\0\0\x36\0\0\0", &[0xFF; 50]);
    add("type-webp.jpg", b"RIFF\xff\xff\xff\xffWEBP", &dirt);
    add("type-postscript.pdf", b"%!PS\n{} loop", &[]);
    add("type-dicom.tif", &[[0; 128].as_slice(), b"DICM"].concat(), &dirt);
    add("type-json.pdf", br#"{"a":"#, &b"[".repeat(100_000));
    add(
        "type-xml.pdf",
        br#"<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>"#,
        &[],
    );
    add("type-utf16.txt", b"\xFF\xFE", &b"a\0".repeat(1000));
    add("type-pdf-inside-tiff.pdf", b"II*\0\x08\0\0\0", b"%PDF-1.7\n1 0 obj");
    add("type-one-byte", b"I", &[]);
    add("type-four-bytes.tif", b"II*\0", &[]);
    add("type-nothing.tif", b"", &[]);
    add("type-spaces.pdf", b"", &b" ".repeat(1 << 20));
    add("junk-noise.tif", b"", &noise(20 << 20, 32));
    add("junk-headers-of-pdf.pdf", b"", &b"%PDF-1.7\n".repeat(1 << 20));
    add("junk-headers-of-zip.zip", b"", &b"PK\x03\x04PK\x05\x06".repeat(1 << 20));
    add("junk-headers-of-tiff.tif", b"", &b"II*\0\x08\0\0\0".repeat(1 << 20));
    all
}
