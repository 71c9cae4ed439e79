//! A fax of our own as a mail: what a gateway would send, with the page as its attachment.

use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};

use super::AutoSubmitted;

/// A fax to be mailed.
#[derive(Debug, Clone)]
pub struct Fax {
    /// Unlike every other's; the Message-ID is made of it.
    pub key: String,
    /// Name of the attachment.
    pub name: String,
    /// The attachment: a TIFF.
    pub tiff: Vec<u8>,
}

const SUBJECT: &str = "【faxbridge】試験FAX";
const BODY: &str = "faxbridge が自動で送る試験のFAXです。患者は架空です。返信・対応は要りません。\r\n";

/// The mail as bytes, for mailboxes that no mail server is asked to bring it to.
///
/// # Errors
/// A sentence for the operator: an address cannot be meant.
pub fn fax_mail(from: &str, to: &str, fax: &Fax) -> Result<Vec<u8>, String> {
    Ok(message(from, to, fax)?.formatted())
}

pub(super) fn message(from: &str, to: &str, fax: &Fax) -> Result<Message, String> {
    let address = |text: &str| text.parse::<Mailbox>().map_err(|e| format!("{text:?} is no mail address: {e}"));
    let from = address(from)?;
    let kind = ContentType::parse("image/tiff").map_err(|e| e.to_string())?;
    let id = format!("<{}@{}>", fax.key, from.email.domain());
    Message::builder()
        .from(from)
        .to(address(to)?)
        .subject(SUBJECT)
        .message_id(Some(id))
        .header(AutoSubmitted)
        .multipart(
            MultiPart::mixed()
                .singlepart(SinglePart::plain(BODY.to_owned()))
                .singlepart(Attachment::new(fax.name.clone()).body(fax.tiff.clone(), kind)),
        )
        .map_err(|e| format!("the mail cannot be composed: {e}"))
}
