//! Files that nobody can read: each gets its verdict with a reason that a person understands, and the next fax passes.

use std::io::Write;

use crate::home::{Home, blank_page, line, sample};

/// A PDF that asks for a password.
fn locked_pdf() -> Vec<u8> {
    let key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Count 1/Kids[3 0 R]>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>".to_owned(),
        format!("<</Filter/Standard/V 1/R 2/P -44/O<{key}>/U<{key}>>>"),
    ];
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut table = String::new();
    for (n, o) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", out.len());
        out.extend(format!("{} 0 obj{o}endobj\n", n + 1).bytes());
    }
    let at = out.len();
    let trailer = "<</Size 5/Root 1 0 R/Encrypt 4 0 R/ID[<00><00>]>>";
    out.extend(format!("xref\n0 5\n0000000000 65535 f \n{table}trailer{trailer}\nstartxref\n{at}\n%%EOF\n").bytes());
    out
}

/// Many millions of zeros in a few kilobytes.
fn bomb() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let deflated = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let zeros = vec![0; 1 << 20];
    for n in 0..4 {
        zip.start_file(format!("{n}.tif"), deflated).expect("member");
        for _ in 0..64 {
            zip.write_all(&zeros).expect("zeros");
        }
    }
    zip.finish().expect("zip").into_inner()
}

#[test]
fn what_cannot_be_read_is_told_and_stops_nothing() {
    let home = Home::new().folder().maildir();
    home.scan("1-cut.tif", &sample("16-cut-short.tif"));
    home.scan("2-empty.tif", b"");
    home.scan("3-locked.pdf", &locked_pdf());
    home.scan("4-bomb.zip", &bomb());
    home.scan("5-what.xyz", &[1, 2, 3, 0, 255, 254, 7, 8]);
    home.scan("6-whole.png", &blank_page(1));
    let mail = b"From: fax@example.jp\r\nSubject: =?UTF-8?B?44GU5oyo5ouG?=\r\n\r\nHello, no sheet today.\r\n";
    std::fs::write(home.at("mails/new/1.host"), mail).expect("mail");
    home.drain();
    let lines = home.status();
    assert_eq!(lines.len(), 7);
    for (name, told) in [
        ("1-cut.tif", "途中で切れて"),
        ("2-empty.tif", "空（0 バイト）"),
        ("3-locked.pdf", "パスワード付き"),
        ("4-bomb.zip", "異常に大きくなる"),
        ("5-what.xyz", "形式が分かりません"),
        ("1.host", "添付"),
    ] {
        let l = line(&lines, name);
        assert_eq!(l["state"], "review", "{l}");
        let reason = l["documents"][0]["reason"].as_str().unwrap_or_default();
        assert!(reason.contains(told), "{name}: {told} is not in {reason}");
    }
    assert_eq!(line(&lines, "6-whole.png")["state"], "ignored", "the next one passes");
    home.ok(&["audit", "verify"]);
    // The originals are kept for the person who looks.
    let daemon = home.start();
    let page = daemon.page("/review");
    assert!(page.contains("1-cut.tif") && page.contains("パスワード付き"), "{page}");
}
