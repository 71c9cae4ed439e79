//! Zips: bombs, names that lead elsewhere, entries that lie and overlap.

use std::io::{Cursor, Write};

use zip::CompressionMethod;
use zip::unstable::write::FileOptionsExt;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::{File, noise};

fn deflated() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        out.start_file(*name, deflated()).expect("member");
        out.write_all(bytes).expect("bytes");
    }
    out.finish().expect("zip").into_inner()
}

/// `count` members of `each` zeros.
pub fn zeros(count: usize, each: usize) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let block = vec![0; 1 << 20];
    for n in 0..count {
        out.start_file(format!("{n}.tif"), deflated()).expect("member");
        for _ in 0..each >> 20 {
            out.write_all(&block).expect("zeros");
        }
    }
    out.finish().expect("zip").into_inner()
}

/// Offset of the central directory and of its end record (APPNOTE 4.3.16).
fn directory(zip: &[u8]) -> (usize, usize) {
    let end = zip.windows(4).rposition(|w| w == b"PK\x05\x06").expect("an end");
    let at = u32::from_le_bytes(zip[end + 16..end + 20].try_into().expect("four")) as usize;
    (at, end)
}

/// All entries of the directory point at the first member: little data, many large files.
fn overlapping(count: u16) -> Vec<u8> {
    let one = zeros(1, 8 << 20);
    let (at, end) = directory(&one);
    let entry = &one[at..end];
    let mut out = one[..at].to_vec();
    for n in 0..count {
        let mut e = entry.to_vec();
        // The name is one figure and `.tif`.
        e[46] = b'0' + (n % 10) as u8;
        out.extend(e);
    }
    let size = (out.len() - at) as u32;
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend((at as u32).to_le_bytes());
    out.extend([0, 0]);
    out
}

/// With bytes of the directory's only entry, and of the local header, replaced.
fn lying(zip: &[u8], field: std::ops::Range<usize>, value: &[u8], local: Option<usize>) -> Vec<u8> {
    let mut out = zip.to_vec();
    let (at, _) = directory(zip);
    out[at + field.start..at + field.end].copy_from_slice(value);
    if let Some(local) = local {
        out[local..local + value.len()].copy_from_slice(value);
    }
    out
}

/// Zip in zip in zip, innermost a page.
fn nested(depth: usize) -> Vec<u8> {
    let mut inner = zip(&[("page.tif", b"II*\0")]);
    for n in 0..depth {
        inner = zip(&[(&format!("{n}.zip"), &inner)]);
    }
    inner
}

pub fn files() -> Vec<File> {
    let page: &[u8] = b"no page at all, but text";
    let plain = zip(&[("page.bin", &noise(3000, 4))]);
    let mut all: Vec<File> = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| all.push((format!("zip-{name}.zip"), bytes));
    let outside =
        [("../../canary", page), ("/etc/canary", page), ("..\\..\\canary", page), ("a/../../../canary.tif", page)];
    add("traversal", zip(&outside));
    add("links", {
        let mut out = ZipWriter::new(Cursor::new(Vec::new()));
        out.add_symlink("passwd.tif", "/etc/passwd", SimpleFileOptions::default()).expect("link");
        out.add_symlink("up", "../..", SimpleFileOptions::default()).expect("link");
        out.finish().expect("zip").into_inner()
    });
    add(
        "names",
        zip(&[
            ("\u{202e}fdp.exe", page),
            ("a\0b.tif", page),
            ("\x1b[31m.tif", page),
            ("con", page),
            (&"長".repeat(2000), page),
        ]),
    );
    add("bomb", zeros(4, 64 << 20));
    add("bomb-of-a-gigabyte", zeros(1, 1 << 30));
    add("overlapping", overlapping(60));
    add("overlapping-5000", overlapping(5000));
    add("nested", nested(30));
    add("five-thousand", {
        let names: Vec<String> = (0..5000).map(|n| format!("{n}.tif")).collect();
        zip(&names.iter().map(|n| (n.as_str(), page)).collect::<Vec<_>>())
    });
    add("seventy-thousand", {
        let mut out = ZipWriter::new(Cursor::new(Vec::new()));
        for n in 0..70_000 {
            out.start_file(n.to_string(), SimpleFileOptions::default().compression_method(CompressionMethod::Stored))
                .expect("member");
        }
        out.finish().expect("zip").into_inner()
    });
    add("encrypted", {
        let mut out = ZipWriter::new(Cursor::new(Vec::new()));
        out.start_file("a.tif", deflated().with_deprecated_encryption(b"x")).expect("member");
        out.write_all(page).expect("bytes");
        out.finish().expect("zip").into_inner()
    });
    add("encrypted-by-flag", lying(&plain, 8..10, &[1, 0], Some(6)));
    add("size-too-small", lying(&plain, 24..28, &10u32.to_le_bytes(), Some(22)));
    add("size-too-large", lying(&plain, 24..28, &0x7fff_ffffu32.to_le_bytes(), Some(22)));
    add("packed-size-too-large", lying(&plain, 20..24, &0x7fff_ffffu32.to_le_bytes(), Some(18)));
    add("method-99", lying(&plain, 10..12, &[99, 0], Some(8)));
    add("local-header-elsewhere", lying(&plain, 42..46, &0x7fff_ffffu32.to_le_bytes(), None));
    add("wrong-checksum", lying(&plain, 16..20, &[1, 2, 3, 4], Some(14)));
    add("cut", plain[..plain.len() / 2].to_vec());
    add("end-only", b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0".to_vec());
    add("zip64-nowhere", {
        // A locator (APPNOTE 4.3.15) that points behind everything.
        let mut out = b"PK\x06\x07\0\0\0\0".to_vec();
        out.extend((u64::MAX - 5).to_le_bytes());
        out.extend(b"\x01\0\0\0PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0");
        [b"PK\x03\x04".as_slice(), &out].concat()
    });
    add("noise", [b"PK\x03\x04".as_slice(), &noise(100_000, 5)].concat());
    add("nothing-inside", zip(&[]));
    all
}
