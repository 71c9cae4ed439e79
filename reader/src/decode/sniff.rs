//! What a file is, by its first bytes. File names and declared content types are not asked.

/// A format by content; [`Format::key`] is the word that stands in `reading::Part::format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    Empty,
    Tiff,
    Pdf,
    Jpeg,
    Png,
    Zip,
    Eml,
    /// Office Open XML or OpenDocument.
    Office,
    /// OLE2: Word/Excel 97, Outlook .msg.
    Ole,
    Heic,
    Gif,
    Bmp,
    Webp,
    Tnef,
    Rtf,
    PostScript,
    /// rar, 7z, gzip, lzh, cab…
    Archive,
    Program,
    Dicom,
    Html,
    Text,
    #[default]
    Unknown,
}

impl Format {
    pub fn key(self) -> &'static str {
        match self {
            Format::Empty => "empty",
            Format::Tiff => "tiff",
            Format::Pdf => "pdf",
            Format::Jpeg => "jpeg",
            Format::Png => "png",
            Format::Zip => "zip",
            Format::Eml => "eml",
            Format::Office => "office",
            Format::Ole => "ole",
            Format::Heic => "heic",
            Format::Gif => "gif",
            Format::Bmp => "bmp",
            Format::Webp => "webp",
            Format::Tnef => "tnef",
            Format::Rtf => "rtf",
            Format::PostScript => "postscript",
            Format::Archive => "archive",
            Format::Program => "program",
            Format::Dicom => "dicom",
            Format::Html => "html",
            Format::Text => "text",
            Format::Unknown => "unknown",
        }
    }
}

/// Signatures at offset 0. TIFF: TIFF 6.0 section 2 and BigTIFF; ZIP: APPNOTE 4.3; TNEF: MS-OXTNEF 2.1.3.1.
const MAGIC: &[(&[u8], Format)] = &[
    (b"II*\0", Format::Tiff),
    (b"MM\0*", Format::Tiff),
    (b"II+\0", Format::Tiff),
    (b"MM\0+", Format::Tiff),
    (b"\xFF\xD8\xFF", Format::Jpeg),
    (b"\x89PNG\r\n\x1a\n", Format::Png),
    (b"PK\x03\x04", Format::Zip),
    (b"PK\x05\x06", Format::Zip),
    (b"PK\x07\x08", Format::Zip),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Format::Ole),
    (b"GIF87a", Format::Gif),
    (b"GIF89a", Format::Gif),
    (b"\x78\x9F\x3E\x22", Format::Tnef),
    (b"{\\rtf", Format::Rtf),
    (b"%!PS", Format::PostScript),
    (b"\xC5\xD0\xD3\xC6", Format::PostScript),
    (b"Rar!\x1a\x07", Format::Archive),
    (b"7z\xBC\xAF\x27\x1C", Format::Archive),
    (b"\x1F\x8B", Format::Archive),
    (b"BZh", Format::Archive),
    (b"MSCF", Format::Archive),
    (b"\xFD7zXZ\0", Format::Archive),
    (b"MZ", Format::Program),
    (b"\x7FELF", Format::Program),
];

/// Adobe's readers look for the PDF header this far; machines were seen to put more before it.
const PDF_JUNK: usize = 64 << 10;

pub fn sniff(bytes: &[u8]) -> Format {
    if bytes.is_empty() {
        return Format::Empty;
    }
    if bytes.starts_with(b"%PDF-") {
        return Format::Pdf;
    }
    if let Some((_, format)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return *format;
    }
    if bytes.get(4..8) == Some(b"ftyp") && heif_brand(bytes) {
        return Format::Heic;
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Format::Webp;
    }
    if bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]) {
        return Format::Bmp;
    }
    if bytes.get(128..132) == Some(b"DICM") {
        return Format::Dicom;
    }
    if bytes.get(2..5) == Some(b"-lh") && bytes.get(6) == Some(&b'-') {
        return Format::Archive;
    }
    if is_mail(bytes) {
        return Format::Eml;
    }
    if pdf_start(bytes).is_some() {
        return Format::Pdf;
    }
    text(bytes)
}

/// Offset of `%PDF-` within the tolerated junk.
pub fn pdf_start(bytes: &[u8]) -> Option<usize> {
    let head = &bytes[..bytes.len().min(PDF_JUNK)];
    head.windows(5).position(|w| w == b"%PDF-")
}

fn heif_brand(bytes: &[u8]) -> bool {
    const BRANDS: [&[u8]; 9] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis"];
    bytes.get(8..12).is_some_and(|b| BRANDS.contains(&b))
}

fn text(bytes: &[u8]) -> Format {
    let head = &bytes[..bytes.len().min(4096)];
    // ISO-2022-JP uses ESC; other control characters and NUL do not occur in text.
    if head.iter().any(|&b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b)) {
        return Format::Unknown;
    }
    let start: Vec<u8> = head
        .iter()
        .skip_while(|b| b.is_ascii_whitespace() || !b.is_ascii())
        .take(14)
        .map(u8::to_ascii_lowercase)
        .collect();
    if start.starts_with(b"<!doctype html") || start.starts_with(b"<html") { Format::Html } else { Format::Text }
}

/// A mail begins with header fields (RFC 5322 2.2), of which one is typical for mails. A "From " line of an mbox, a
/// byte order mark or empty lines may stand before them.
fn is_mail(bytes: &[u8]) -> bool {
    const TYPICAL: [&str; 16] = [
        "received",
        "return-path",
        "from",
        "to",
        "subject",
        "message-id",
        "mime-version",
        "content-type",
        "date",
        "delivered-to",
        "x-mplus-callertelno",
        "x-mplus-msgno",
        "reply-to",
        "sender",
        "dkim-signature",
        "authentication-results",
    ];
    let head = &bytes[..bytes.len().min(64 << 10)];
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let mut seen = [false; TYPICAL.len()];
    let mut fields = 0;
    for (n, line) in head.split(|&b| b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            if fields == 0 && n < 4 {
                continue;
            }
            break;
        }
        if line[0] == b' ' || line[0] == b'\t' {
            if fields == 0 {
                return false;
            }
            continue;
        }
        if fields == 0 && (line.starts_with(b"From ") || line.starts_with(b">From ")) {
            continue;
        }
        let Some(colon) = line.iter().position(|&b| b == b':') else {
            // A damaged line among good ones is forgiven, at the start it is not.
            if fields < 2 {
                return false;
            }
            break;
        };
        let name = &line[..colon];
        if name.is_empty() || name.len() > 76 || !name.iter().all(|&b| b.is_ascii_graphic() || b == b' ') {
            return false;
        }
        fields += 1;
        let name = String::from_utf8_lossy(name).trim_end().to_ascii_lowercase();
        if let Some(i) = TYPICAL.iter().position(|t| *t == name) {
            seen[i] = true;
        }
        if seen.iter().filter(|s| **s).count() >= 2 {
            return true;
        }
    }
    // A lone MIME header is enough where nothing else was there.
    fields > 0 && (seen[6] || seen[7])
}
