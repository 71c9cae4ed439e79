//! A mail: who sent it as far as the headers and a fax gateway's body tell, and its attachments in order.
//!
//! The mail's own text is no page. Attachments are found by content, so that octet-stream, missing
//! Content-Disposition and missing names do no harm. Nested mails are opened too.

mod gateway;
pub mod names;

use mail_parser::{Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::sniff::{self, Format};
use super::{Limits, Piece, Pieces, image, say, zip};
use crate::reading::Mail;

pub const NO_DOCUMENT: &str = "文書ではないため読みません";
const BODY: &str = "メールの本文です";
const LOGO: &str = "署名やロゴなどの小さな画像です";
const SIGNATURE: &str = "電子署名です";

const TOO_DEEP: &str = "転送が何重にも重なったメールのため、奥のメールは開いていません。元のメールを確認してください";

/// Nested mails that are opened.
const DEPTH: usize = 4;
/// An image with a longer side below this cannot be a page: A4 at 72 dpi has 842.
const SMALLEST_PAGE: u32 = 700;

pub fn pieces(name: &str, bytes: &[u8], limits: &Limits) -> Pieces {
    let Some(message) = MessageParser::default().parse(bytes) else {
        return Pieces { mail: None, pieces: vec![Piece::error(name, Format::Eml, say::MAIL_DAMAGED)] };
    };
    let mut found = Found { pieces: Vec::new(), limits, depth: 0, cut: false };
    let mail = found.walk(&message);
    if found.cut {
        found.pieces.push(Piece::error(
            name,
            Format::Eml,
            format!("添付ファイルが多すぎます（上限 {} 個）。残りは元のメールで確認してください", limits.attachments),
        ));
    }
    Pieces { mail: Some(mail), pieces: found.pieces }
}

struct Found<'a> {
    pieces: Vec<Piece>,
    limits: &'a Limits,
    depth: usize,
    cut: bool,
}

impl Found<'_> {
    /// Collects the attachments; gives the headers, completed from a forwarded mail's.
    fn walk(&mut self, message: &Message<'_>) -> Mail {
        let mut mail = gateway::headers(message);
        self.depth += 1;
        for (n, part) in message.parts.iter().enumerate() {
            if self.pieces.len() >= self.limits.attachments {
                self.cut = true;
                break;
            }
            match &part.body {
                PartType::Multipart(_) => {}
                PartType::Message(nested) if self.depth < DEPTH => {
                    let inner = self.walk(nested);
                    mail.gateway = mail.gateway.or(inner.gateway);
                    mail.caller = mail.caller.or(inner.caller);
                    mail.message_no = mail.message_no.or(inner.message_no);
                }
                PartType::Message(_) => self.pieces.push(Piece::error("", Format::Eml, TOO_DEEP)),
                PartType::Text(_) | PartType::Html(_) => self.text(message, part, n),
                PartType::Binary(_) | PartType::InlineBinary(_) => self.binary(message, part, n),
            }
        }
        self.depth -= 1;
        mail
    }

    fn text(&mut self, message: &Message<'_>, part: &MessagePart<'_>, n: usize) {
        let name = names::of(message, part);
        // Some gateways declare a page as text; its bytes tell.
        let raw = raw_body(message, part);
        let format = sniff::sniff(&raw);
        if is_page(format) {
            return self.add(&names::or_number(name, n, format), raw);
        }
        let format = if matches!(part.body, PartType::Html(_)) { Format::Html } else { Format::Text };
        let is_body = name.is_none()
            && (n == 0 || message.text_body.contains(&(n as u32)) || message.html_body.contains(&(n as u32)));
        let why = if is_body { BODY } else { NO_DOCUMENT };
        self.pieces.push(not_a_page(&name.unwrap_or_default(), format, why));
    }

    fn binary(&mut self, message: &Message<'_>, part: &MessagePart<'_>, n: usize) {
        let content = part.contents();
        let format = sniff::sniff(content);
        let name = names::or_number(names::of(message, part), n, format);
        if part.is_content_type("application", "pkcs7-signature")
            || part.is_content_type("application", "x-pkcs7-signature")
            || part.is_content_type("application", "pgp-signature")
        {
            return self.pieces.push(Piece::ignored(&name, format, SIGNATURE));
        }
        if part.is_content_type("application", "pkcs7-mime")
            || part.is_content_type("application", "x-pkcs7-mime")
            || part.is_content_type("application", "pgp-encrypted")
        {
            return self.pieces.push(Piece::error(&name, format, say::MAIL_ENCRYPTED));
        }
        if let Some((w, h)) = image::dimensions(content, format)
            && w.max(h) < SMALLEST_PAGE
        {
            return self.pieces.push(Piece::ignored(&name, format, LOGO));
        }
        if part.is_encoding_problem && content.is_empty() {
            return self.pieces.push(Piece::error(&name, format, say::MAIL_TRUNCATED));
        }
        match format {
            Format::Text | Format::Html => self.pieces.push(not_a_page(&name, format, NO_DOCUMENT)),
            _ => self.add(&name, content.to_vec()),
        }
    }

    fn add(&mut self, name: &str, bytes: Vec<u8>) {
        if sniff::sniff(&bytes) == Format::Zip {
            let room = self.limits.attachments.saturating_sub(self.pieces.len());
            let mut members = zip::pieces(name, &bytes, self.limits);
            self.cut |= members.len() > room;
            members.truncate(room);
            self.pieces.append(&mut members);
        } else if sniff::sniff(&bytes) == Format::Eml {
            // A mail as octet-stream or without its message/rfc822.
            match MessageParser::default().parse(&bytes) {
                Some(_) if self.depth >= DEPTH => self.pieces.push(Piece::error(name, Format::Eml, TOO_DEEP)),
                Some(inner) => {
                    self.walk(&inner);
                }
                None => self.pieces.push(Piece::error(name, Format::Eml, say::MAIL_DAMAGED)),
            }
        } else {
            self.pieces.push(Piece::new(name, bytes));
        }
    }
}

/// Text is passed over, unless its name promises a page: then a person must know that there is none.
fn not_a_page(name: &str, format: Format, why: &str) -> Piece {
    const PAGES: [&str; 7] = [".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".png", ".zip"];
    let lower = name.to_lowercase();
    if PAGES.iter().any(|e| lower.ends_with(e)) {
        return Piece::error(name, format, say::unreadable(Format::Unknown, name));
    }
    Piece::ignored(name, format, why)
}

fn is_page(format: Format) -> bool {
    matches!(format, Format::Tiff | Format::Pdf | Format::Jpeg | Format::Png | Format::Zip)
}

/// A text part's bytes before any charset was applied to them.
fn raw_body(message: &Message<'_>, part: &MessagePart<'_>) -> Vec<u8> {
    let (from, to) = (part.raw_body_offset() as usize, part.raw_end_offset() as usize);
    let raw = message.raw_message.get(from..to).unwrap_or_default();
    match part.encoding {
        Encoding::Base64 => mail_parser::decoders::base64::base64_decode(raw).unwrap_or_default(),
        Encoding::QuotedPrintable => {
            mail_parser::decoders::quoted_printable::quoted_printable_decode(raw).unwrap_or_default()
        }
        Encoding::None => raw.to_vec(),
    }
}

#[cfg(test)]
mod tests;
