//! Whether two inputs are one mail that took two ways, as far as its raw bytes tell.
//!
//! Nothing is decoded: the headers that servers add on the way are left out, line ends are made alike, the rest is
//! hashed. A mail that was taken apart and put together again on its way is found later, by its pages.

use super::blobs::sha256;

/// Headers that belong to the mail and not to its way.
const OWN: &[&str] = &[
    "message-id",
    "from",
    "date",
    "subject",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "x-mplus-callertelno",
    "x-mplus-msgno",
];

/// A name that the same mail always has; none for what is no mail, or bears no Message-ID.
pub fn key(bytes: &[u8]) -> Option<String> {
    // Headers are text; a TIFF is not searched for their end.
    if !bytes.iter().take(64).all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) {
        return None;
    }
    let plain: Vec<u8> = bytes.iter().copied().filter(|b| *b != b'\r').collect();
    let end = plain.windows(2).position(|w| w == b"\n\n")?;
    let (head, body) = (&plain[..end], &plain[end..]);
    let mut kept: Vec<Vec<u8>> = Vec::new();
    let (mut own, mut named) = (false, false);
    for line in head.split(|b| *b == b'\n') {
        if line.first().is_some_and(|b| *b == b' ' || *b == b'\t') {
            if own && let Some(last) = kept.last_mut() {
                last.extend_from_slice(line);
            }
            continue;
        }
        let name = line.split(|b| *b == b':').next().unwrap_or_default().to_ascii_lowercase();
        own = OWN.iter().any(|o| o.as_bytes() == name);
        named |= name == b"message-id";
        if own {
            kept.push(line.to_vec());
        }
    }
    kept.sort();
    let mut all = kept.join(&b'\n');
    all.extend_from_slice(body.trim_ascii_end());
    named.then(|| sha256(&all))
}

#[cfg(test)]
mod tests {
    use super::key;

    const MAIL: &str = "Received: from a by b\r\nMessage-ID: <1@gw>\r\nFrom: gw@example.jp\r\nSubject: FAX\r\n 0471501234\r\n\r\nbody\r\n";

    #[test]
    fn the_way_does_not_count_and_the_content_does() {
        let first = key(MAIL.as_bytes());
        assert!(first.is_some());
        let other_way =
            format!("Delivered-To: x@example.jp\nReceived: from c by d\n\twith e\n{}", MAIL.replace("\r\n", "\n"));
        assert_eq!(key(other_way.as_bytes()), first);
        assert_ne!(key(MAIL.replace("body", "other").as_bytes()), first);
        assert_ne!(key(MAIL.replace("<1@gw>", "<2@gw>").as_bytes()), first);
        assert_ne!(key(MAIL.replace("0471501234", "0471501235").as_bytes()), first);
        assert_eq!(key(MAIL.replace("Message-ID", "X-Other").as_bytes()), None);
        assert_eq!(key(b"II*\0\x08\0\0\0\n\nMessage-ID: <1@gw>"), None);
        assert_eq!(key(b""), None);
    }
}
