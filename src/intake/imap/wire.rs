//! Commands and their answers. A lost connection or a refusal is never mistaken for an empty answer, as some of
//! async-imap's own commands do.

use std::time::Duration;

use async_imap::error::Error;
use async_imap::imap_proto::{Response, Status};

use super::connect::Session;
use crate::intake::Refused;

/// What went wrong, in words that carry nothing of a mail.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the server does not answer")]
    Silent,
    #[error("the connection was lost")]
    Lost,
    #[error("the connection failed: {0}")]
    Io(std::io::ErrorKind),
    #[error("the server's answer is not understood")]
    Garbled,
    /// The server refused a command; the connection goes on.
    #[error("the server says: {0}")]
    No(String),
    #[error("{0}")]
    Setup(String),
    #[error("nothing can be received: {0}")]
    Store(Refused),
}

impl From<Error> for Fault {
    fn from(e: Error) -> Self {
        match e {
            // The text of these quotes what was received.
            Error::Io(e) => e.into(),
            Error::Parse(_) => Fault::Garbled,
            Error::No(text) | Error::Bad(text) => Fault::No(plain(&text)),
            Error::Validate(_) => Fault::Setup("name, password or folder holds a line break".into()),
            _ => Fault::Lost,
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(e: std::io::Error) -> Self {
        if e.kind() == std::io::ErrorKind::Other { Fault::Garbled } else { Fault::Io(e.kind()) }
    }
}

/// At most 200 printable ASCII characters of a server's words.
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(200).collect()
}

/// Runs one command; `each` sees every answer before the last.
///
/// # Errors
/// [`Fault::No`]: refused, the connection is still good. All others: it is not.
pub async fn command(
    session: &mut Session,
    line: &str,
    limit: Duration,
    mut each: impl FnMut(&Response<'_>),
) -> Result<(), Fault> {
    let talk = async {
        let id = session.run_command(line).await?;
        loop {
            let Some(answer) = session.read_response().await? else { return Err(Fault::Lost) };
            match answer.parsed() {
                Response::Done { tag, status, outcome } if *tag == id => {
                    let text = plain(outcome.information.as_deref().unwrap_or("no reason given"));
                    return match status {
                        Status::Ok => Ok(()),
                        Status::No | Status::Bad => Err(Fault::No(text)),
                        _ => Err(Fault::Lost),
                    };
                }
                Response::Data { status: Status::Bye, .. } if line != "LOGOUT" => return Err(Fault::Lost),
                other => each(other),
            }
        }
    };
    tokio::time::timeout(limit, talk).await.unwrap_or(Err(Fault::Silent))
}

/// A quoted string (RFC 3501, 4.3). Line breaks cannot be quoted and are left out.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars().filter(|c| !matches!(c, '\r' | '\n')) {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out + "\""
}

/// Modified UTF-7 (RFC 3501, 5.1.3): how mailbox names travel.
pub fn mailbox_name(name: &str) -> String {
    let mut out = String::new();
    let mut other: Vec<u8> = Vec::new();
    for c in name.chars().map(Some).chain([None]) {
        match c {
            Some(c) if !(' '..='~').contains(&c) => {
                let mut units = [0; 2];
                other.extend(c.encode_utf16(&mut units).iter().flat_map(|u| u.to_be_bytes()));
            }
            plain => {
                if !other.is_empty() {
                    out.push('&');
                    base64(&other, &mut out);
                    out.push('-');
                    other.clear();
                }
                match plain {
                    Some('&') => out.push_str("&-"),
                    Some(c) => out.push(c),
                    None => {}
                }
            }
        }
    }
    out
}

/// Base 64 with `,` in the place of `/` and without padding.
fn base64(bytes: &[u8], out: &mut String) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |n, i| n << 8 | u32::from(three.get(i).copied().unwrap_or(0)));
        for i in 0..=three.len() {
            out.push(char::from(LETTERS[(bits >> (18 - 6 * i)) as usize & 63]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailbox_names_in_modified_utf7() {
        // The example of RFC 3501, and what Dovecot's doveadm makes of the others.
        assert_eq!(mailbox_name("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        assert_eq!(mailbox_name("A&B"), "A&-B");
        assert_eq!(mailbox_name("受信FAX"), "&U9dP4Q-FAX");
        assert_eq!(mailbox_name("INBOX"), "INBOX");
    }

    #[test]
    fn nothing_of_a_mail_gets_into_a_fault() {
        let leak = std::io::Error::other("during parsing of \"患者 柏 花子\"");
        assert_eq!(Fault::from(Error::Io(leak)).to_string(), "the server's answer is not understood");
        assert_eq!(plain("改行\nno"), "no");
        assert_eq!(quoted("a\"b\\c\r\nd"), "\"a\\\"b\\\\cd\"");
    }
}
