//! Mails: parts in parts without end, headers without measure, names that lead elsewhere, codings that are none.

use super::{File, base64, noise, zip};

const HEAD: &str = "From: fax@example.jp\r\nTo: station@example.jp\r\nSubject: sheet\r\nMIME-Version: 1.0\r\n";
const TIFF: &str = "Content-Type: image/tiff\r\nContent-Transfer-Encoding: base64\r\n";

/// A mail with one attachment under these headers.
fn attachment(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!("{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{headers}\r\n").into_bytes();
    out.extend(body);
    out.extend(b"\r\n--b--\r\n");
    out
}

fn named(disposition: &str) -> Vec<u8> {
    let headers =
        format!("Content-Type: application/octet-stream\r\nContent-Disposition: attachment; {disposition}\r\n");
    attachment(&headers, b"no page at all, but \x01 bytes")
}

/// Multiparts in multiparts; `boundary` names each level's.
fn deep(levels: usize, boundary: impl Fn(usize) -> String) -> Vec<u8> {
    let mut out = HEAD.to_owned();
    for n in 0..levels {
        let b = boundary(n);
        out += &format!("Content-Type: multipart/mixed; boundary=\"{b}\"\r\n\r\n--{b}\r\n");
    }
    out += "Content-Type: text/plain\r\n\r\nthe innermost\r\n";
    out.into_bytes()
}

/// Mails in mails.
fn forwarded(times: usize) -> Vec<u8> {
    let mut out = String::new();
    for _ in 0..times {
        out += HEAD;
        out += "Content-Type: message/rfc822\r\n\r\n";
    }
    out += &format!("{HEAD}\r\nthe innermost\r\n");
    out.into_bytes()
}

pub fn files() -> Vec<File> {
    let dirt = noise(30_000, 21);
    let plain = |headers: &str, body: &str| format!("{HEAD}{headers}\r\n{body}").into_bytes();
    let mut all: Vec<File> = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| all.push((format!("mail-{name}.eml"), bytes));

    // Parts.
    add("thousand-deep", deep(1000, |n| format!("b{n}")));
    add("hundred-thousand-deep", deep(100_000, |n| format!("b{n}")));
    add("one-boundary-for-all", deep(1000, |_| "b".to_owned()));
    add("boundaries-that-begin-alike", deep(500, |n| "b".repeat(n + 1)));
    add("no-boundary", plain("Content-Type: multipart/mixed\r\n", "--b\r\n\r\nx\r\n--b--\r\n"));
    add("empty-boundary", plain("Content-Type: multipart/mixed; boundary=\"\"\r\n", "--\r\n\r\nx\r\n----\r\n"));
    add("boundary-never-comes", plain("Content-Type: multipart/mixed; boundary=never\r\n", &"a line\r\n".repeat(1000)));
    add(
        "boundary-of-a-megabyte",
        plain(&format!("Content-Type: multipart/mixed; boundary=\"{}\"\r\n", "b".repeat(1 << 20)), "--b\r\n\r\nx"),
    );
    add(
        "hundred-thousand-parts",
        plain("Content-Type: multipart/mixed; boundary=b\r\n", &"--b\r\n\r\n".repeat(100_000)),
    );
    add(
        "five-hundred-files",
        plain(
            "Content-Type: multipart/mixed; boundary=b\r\n",
            &(0..500)
                .map(|n| format!("--b\r\nContent-Type: application/octet-stream; name={n}.bin\r\n\r\n\x01\x02\r\n"))
                .collect::<String>(),
        ),
    );
    add("forwarded-50-times", forwarded(50));
    add("forwarded-20000-times", forwarded(20_000));
    let inner = base64(&forwarded(3));
    add(
        "forwarded-in-base64",
        attachment("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n", inner.as_bytes()),
    );
    add("partial", plain("Content-Type: message/partial; id=a; number=1; total=9999999999\r\n", "half of it"));
    add(
        "external-body",
        attachment(
            "Content-Type: message/external-body; access-type=local-file; name=\"/etc/passwd\"\r\n",
            b"Content-Type: image/tiff\r\n\r\n",
        ),
    );

    // Headers.
    add("header-of-ten-megabytes", plain(&format!("Subject: {}\r\n", "a".repeat(10 << 20)), "x"));
    add("two-hundred-thousand-headers", plain(&"X-A: b\r\n".repeat(200_000), "x"));
    add(
        "hundred-thousand-recipients",
        plain(&format!("Cc: {}last@example.jp\r\n", "A <a@example.jp>,\r\n ".repeat(100_000)), "x"),
    );
    add(
        "comments-in-comments",
        plain(&format!("Reply-To: {}a@example.jp{}\r\n", "(".repeat(100_000), ")".repeat(100_000)), "x"),
    );
    add("groups-in-groups", plain(&format!("Cc: {}\r\n", "a:".repeat(100_000)), "x"));
    add("encoded-words", plain(&format!("Subject: {}\r\n", "=?utf-8?B?44GC?= ".repeat(100_000)), "x"));
    add(
        "encoded-words-of-no-charset",
        plain("Subject: =?no-such?Q?=FF=FE?= =?utf-8?X?a?= =?iso-2022-jp?B?GyRC?=\r\n", "x"),
    );
    add("parameters-in-pieces", named(&(0..20_000).map(|n| format!("filename*{n}=a;\r\n ")).collect::<String>()));
    add(
        "parameter-of-piece-2-to-64",
        named("filename*18446744073709551615=a; filename*-1=b; filename*0*=utf-8'ja'%FF%"),
    );
    add("dates", plain("Date: Fri, 99 Foo 99999999999 99:99:99 +99999999\r\nMessage-ID: <<<>\r\n", "x"));
    add("nul-and-control", [HEAD.as_bytes(), b"X-A: \0\x01\x02\x1b[2J\r\n\r\n\0\0\0\x07"].concat());
    add("bare-returns", HEAD.replace("\r\n", "\r").into_bytes());
    add("headers-only", HEAD.as_bytes().to_vec());
    add("empty-lines", [b"\r\n".repeat(3), HEAD.as_bytes().to_vec()].concat());
    add(
        "first-line-of-8-bits",
        [b"Subject: \x83\x65\x83\x58\x83\x67\xff\r\nFrom: \x8a@\r\n".as_slice(), HEAD.as_bytes(), b"\r\nx"].concat(),
    );

    // Names.
    for (name, disposition) in [
        ("up", "filename=\"../../../../canary\""),
        ("absolute", "filename=\"/etc/canary\""),
        ("windows", "filename=\"..\\..\\canary\""),
        ("turned", "filename*=utf-8''%E2%80%AEfit.exe"),
        ("nul", "filename*=utf-8''a%00b.tif"),
        ("control", "filename*=utf-8''%1B%5B2J%0D%0A.tif"),
        ("empty", "filename=\"\""),
        ("dots", "filename=\"..\""),
        ("no-charset", "filename*=no-such'x'%FF%FE"),
    ] {
        add(&format!("name-{name}"), named(disposition));
    }
    add("name-of-a-megabyte", named(&format!("filename=\"{}.tif\"", "長".repeat(300_000))));

    // Codings.
    add("base64-broken", attachment(TIFF, b"SUkqAA!!@@##====SUkqAAgA\xff\xfeAAAA=A=A"));
    add("base64-cut", attachment(TIFF, &base64(&[b"II*\0".as_slice(), &dirt].concat()).as_bytes()[..999]));
    add("base64-in-one-line", attachment(TIFF, base64(&noise(3 << 20, 22)).as_bytes()));
    add("base64-of-equals", attachment(TIFF, &b"=".repeat(1 << 20)));
    add(
        "quoted-printable-broken",
        attachment(
            "Content-Type: image/tiff\r\nContent-Transfer-Encoding: quoted-printable\r\n",
            b"II*=00=\r\n=ZZ=4=\r\n=3D=FF==",
        ),
    );
    add(
        "coding-unknown",
        attachment(
            "Content-Type: image/tiff\r\nContent-Transfer-Encoding: x-uuencode\r\n",
            b"begin 644 ../../canary\r\n#0V%T\r\n`\r\nend",
        ),
    );
    add("8-bit-noise", attachment("Content-Type: application/pdf\r\n", &dirt));
    add(
        "wrong-charset",
        attachment("Content-Type: text/plain; charset=utf-7; charset=\"\0\"\r\n", b"+AGEAYg-\xff\xfe\x1b$B"),
    );
    add(
        "zip-bomb",
        attachment(
            "Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n",
            base64(&zip::zeros(4, 64 << 20)).as_bytes(),
        ),
    );
    add(
        "tnef",
        attachment(
            "Content-Type: application/ms-tnef; name=winmail.dat\r\n",
            &[b"\x78\x9F\x3E\x22".as_slice(), &dirt].concat(),
        ),
    );
    add("wrong-types", attachment("Content-Type: text/html; name=fax.pdf\r\n", &[b"MZ".as_slice(), &dirt].concat()));
    all
}
