//! Names of attachments. RFC 2047 and RFC 2231 are the parser's work; raw ISO-2022-JP and MS932 bytes, which
//! Japanese devices put into headers, are decoded here.

use mail_parser::{Message, MessagePart, MimeHeaders};

use crate::decode::sniff::Format;
use crate::model::is_deceptive;

const LONGEST: usize = 200;

/// The name that a part declares, cleaned.
pub fn of(message: &Message<'_>, part: &MessagePart<'_>) -> Option<String> {
    let declared = part.attachment_name()?;
    let name = if declared.contains('\u{FFFD}') || declared.contains('\x1b') {
        let (from, to) = (part.raw_header_offset() as usize, part.raw_body_offset() as usize);
        let raw = message.raw_message.get(from..to).unwrap_or_default();
        raw_name(&decode(raw)).unwrap_or_else(|| decode(declared.as_bytes()))
    } else {
        declared.to_owned()
    };
    let name = printable(&name);
    let name = name.trim().rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    (!name.is_empty()).then_some(name)
}

/// What can be seen of a name or a header, at most so many characters of it that people still read it.
pub fn printable(text: &str) -> String {
    text.chars().filter(|c| !is_deceptive(*c)).take(LONGEST).collect()
}

/// A made-up name for a nameless attachment, so that a person can tell which one is meant.
pub fn or_number(name: Option<String>, n: usize, format: Format) -> String {
    name.unwrap_or_else(|| {
        let ending = match format {
            Format::Tiff => ".tif",
            Format::Pdf => ".pdf",
            Format::Jpeg => ".jpg",
            Format::Png => ".png",
            Format::Zip => ".zip",
            _ => "",
        };
        format!("添付{n}{ending}")
    })
}

/// Header bytes that are not UTF-8: ISO-2022-JP by its escapes, else MS932.
pub fn decode(raw: &[u8]) -> String {
    if raw.windows(2).any(|w| w == b"\x1b$" || w == b"\x1b(") {
        return encoding_rs::ISO_2022_JP.decode(raw).0.into_owned();
    }
    match std::str::from_utf8(raw) {
        Ok(s) => s.to_owned(),
        Err(_) => encoding_rs::SHIFT_JIS.decode(raw).0.into_owned(),
    }
}

/// `filename=` or `name=` out of a decoded header block.
fn raw_name(headers: &str) -> Option<String> {
    let lower = headers.to_ascii_lowercase();
    let at = ["filename=", "name="].iter().find_map(|k| lower.find(k).map(|i| i + k.len()))?;
    let rest = headers.get(at..)?;
    let value = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split([';', '\r', '\n']).next()?,
    };
    Some(value.trim().to_owned())
}
