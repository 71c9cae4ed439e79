use super::gateway::phone;
use crate::decode::{Limits, open, say};

fn tiny_png() -> String {
    // 1×1 white PNG.
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAG7buVgAAAABJRU5ErkJggg==".to_owned()
}

fn pdf() -> &'static str {
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n\
     3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 300]/Contents 4 0 R>>endobj\n\
     4 0 obj<</Length 22>>stream\n0 0 m 50 50 100 100 re f\nendstream endobj\n\
     trailer<</Root 1 0 R>>\n%%EOF\n"
}

fn mail(parts: &[&str]) -> String {
    let mut s = "From: fax@example.jp\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"B\"\r\n\r\n"
        .to_owned();
    for p in parts {
        s += &format!("--B\r\n{p}\r\n");
    }
    s + "--B--\r\n"
}

#[test]
fn an_attachment_without_name_or_disposition_is_found_by_content() {
    let part = format!("Content-Type: application/octet-stream\r\n\r\n{}", pdf());
    let d = open("a.eml", mail(&["Content-Type: text/plain\r\n\r\nhello", &part]).as_bytes(), &Limits::default());
    assert_eq!(d.parts.len(), 2);
    assert!(d.parts[0].part.ignored.is_some(), "the body is no page");
    assert_eq!((d.parts[1].part.format.as_str(), d.parts[1].part.pages), ("pdf", 1));
    assert_eq!(d.parts[1].part.name, "添付2.pdf");
    assert!(d.pages().all(|p| p.1.is_ok()));
}

#[test]
fn a_mail_without_a_document_says_what_was_found() {
    let logo =
        format!("Content-Type: image/png; name=logo.png\r\nContent-Transfer-Encoding: base64\r\n\r\n{}", tiny_png());
    let d = open("a.eml", mail(&["Content-Type: text/plain\r\n\r\nhello", &logo]).as_bytes(), &Limits::default());
    assert_eq!(d.pages().count(), 0);
    assert!(d.parts.iter().all(|p| p.part.error.is_none() && p.part.ignored.is_some()));
    assert_eq!(d.parts[1].part.name, "logo.png");
}

#[test]
fn names_in_rfc2231_and_raw_ms932_are_read() {
    let rfc = "Content-Type: application/pdf\r\nContent-Disposition: attachment; \
               filename*=utf-8''%E7%B4%B9%E4%BB%8B%E7%8A%B6.pdf\r\n\r\n";
    let d = open("a.eml", mail(&[&format!("{rfc}{}", pdf())]).as_bytes(), &Limits::default());
    assert_eq!(d.parts[0].part.name, "紹介状.pdf");
    let (raw, _, _) = encoding_rs::SHIFT_JIS.encode("紹介状.pdf");
    let text = mail(&[&format!("Content-Type: application/pdf; name=\"@@\"\r\n\r\n{}", pdf())]);
    let (before, after) = text.split_once("@@").unwrap();
    let bytes = [before.as_bytes(), &raw, after.as_bytes()].concat();
    let d = open("a.eml", &bytes, &Limits::default());
    assert_eq!(d.parts[0].part.name, "紹介状.pdf");
}

#[test]
fn a_subject_in_raw_ms932_is_read() {
    let (raw, _, _) = encoding_rs::SHIFT_JIS.encode("Subject: ＦＡＸ受信 ０４７１３３００００");
    let d = open("a.eml", &[b"From: a@b\r\n", &raw[..], b"\r\n\r\nx"].concat(), &Limits::default());
    let m = d.mail.unwrap();
    assert_eq!(m.subject.as_deref(), Some("ＦＡＸ受信 ０４７１３３００００"));
    assert_eq!(m.caller.as_deref(), Some("0471330000"));
}

#[test]
fn headers_and_names_keep_what_a_person_reads() {
    let part = format!(
        "Content-Type: application/pdf\r\nContent-Disposition: attachment; \
         filename*=utf-8''..%2Fa%E2%80%AE%00{}.pdf\r\n\r\n{}",
        "b".repeat(5000),
        pdf()
    );
    let text = mail(&[&part]).replace("Subject: x", &format!("Subject: {}", "c".repeat(2 << 20)));
    let d = open("a.eml", text.as_bytes(), &Limits::default());
    assert_eq!(d.mail.unwrap().subject.unwrap().len(), 998);
    let name = &d.parts[0].part.name;
    assert!(name.starts_with("ab") && name.len() < 200, "{name}");
}

#[test]
fn an_attachment_that_promises_a_page_and_is_none_is_an_error() {
    let part = "Content-Type: application/pdf; name=a.pdf\r\n\r\nServer error 500";
    let d = open("a.eml", mail(&[part]).as_bytes(), &Limits::default());
    assert_eq!(d.parts[0].part.error.as_deref(), Some(say::PDF_DAMAGED));
}

#[test]
fn a_forwarded_mail_is_opened_and_its_gateway_known() {
    let inner = format!(
        "From: mp@example.jp\r\nX-MPlus-CallerTelNo: 0471330000\r\nX-MPlus-MsgNo: 42\r\nSubject: fax\r\nMIME-Version: 1.0\r\n\
         Content-Type: application/octet-stream; name=x\r\n\r\n{}",
        pdf()
    );
    let d =
        open("a.eml", mail(&[&format!("Content-Type: message/rfc822\r\n\r\n{inner}")]).as_bytes(), &Limits::default());
    let m = d.mail.as_ref().unwrap();
    assert_eq!(m.gateway.as_deref(), Some("messageplus"));
    assert_eq!(m.caller.as_deref(), Some("0471330000"));
    assert_eq!(m.message_no.as_deref(), Some("42"));
    assert_eq!(d.pages().count(), 1);
}

#[test]
fn mails_nested_without_end_are_cut() {
    let mut m = "From: a@b\r\nSubject: x\r\n\r\nend".to_owned();
    for _ in 0..60 {
        m = format!("From: a@b\r\nSubject: x\r\nContent-Type: message/rfc822\r\n\r\n{m}");
    }
    let d = open("a.eml", m.as_bytes(), &Limits::default());
    assert!(d.parts.iter().any(|p| p.part.error.is_some()));
    assert!(d.parts.len() < 10);
}

#[test]
fn tnef_and_encrypted_mails_are_refused_with_a_reason() {
    let tnef =
        "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+IgAA";
    let crypt = "Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIB";
    let d = open("a.eml", mail(&[tnef, crypt]).as_bytes(), &Limits::default());
    assert!(d.parts[0].part.error.as_deref().unwrap().contains("Outlook"));
    assert_eq!(d.parts[1].part.error.as_deref(), Some(say::MAIL_ENCRYPTED));
}

#[test]
fn gateways_are_known_by_their_marks() {
    let of = |from: &str, subject: &str, body: &str| {
        let m = format!("From: {from}\r\nSubject: {subject}\r\nMessage-ID: <1@x>\r\n\r\n{body}");
        let m = open("a.eml", m.as_bytes(), &Limits::default()).mail.unwrap();
        (m.gateway.unwrap_or_default(), m.caller.unwrap_or_default(), m.message_no.unwrap_or_default())
    };
    let is = |g: &str, c: &str, n: &str| (g.to_owned(), c.to_owned(), n.to_owned());
    assert_eq!(of("x@mail.faximo.jp", "FAX 047-133-0000", ""), is("faximo", "0471330000", ""));
    assert_eq!(of("x@050fax.jp", "UNNUMBER", ""), is("bizfax", "", ""));
    assert_eq!(of("x@notfaximo.jp", "hello", ""), is("", "", ""));
    assert_eq!(
        of("m@efax.com", "eFax from \"A\" - 2 page(s), caller ID: 81-4-7133-0000", ""),
        is("efax", "0471330000", "")
    );
    assert_eq!(of("mfp@x.jp", "From 0471330000 (Fax Message No.0123)", ""), is("ricoh", "0471330000", "0123"));
    assert_eq!(of("h@x.jp", "Fax received from \"04 7133 0000\"", ""), is("hylafax", "0471330000", ""));
    assert_eq!(of("h@x.jp", "x", "発信元番号：０４－７１９１－６０４１\r\n"), is("", "0471916041", ""));
}

#[test]
fn phone_numbers_are_taken_in_national_form() {
    assert_eq!(phone("【FAX受信】04-7164-7751 1枚").as_deref(), Some("0471647751"));
    assert_eq!(phone("+81 4 7133 0000").as_deref(), Some("0471330000"));
    assert_eq!(phone("2026-07-17 17:38"), None);
    assert_eq!(phone("第2報 090(1234)5678").as_deref(), Some("09012345678"));
}
