//! A mail as its reader sees it.

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub body: String,
    /// Without angle brackets.
    pub message_id: String,
}

impl Mail {
    /// # Panics
    /// The bytes are no mail.
    pub fn parse(bytes: &[u8]) -> Mail {
        let mail = mail_parser::MessageParser::default().parse(bytes).expect("a mail");
        Mail {
            to: mail.to().and_then(|t| t.first()).and_then(|a| a.address()).unwrap_or_default().to_owned(),
            subject: mail.subject().unwrap_or_default().to_owned(),
            body: mail.body_text(0).unwrap_or_default().into_owned(),
            message_id: mail.message_id().unwrap_or_default().to_owned(),
        }
    }
}
