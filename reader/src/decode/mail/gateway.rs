//! Headers that tell who sent a fax, and the fax gateways and machines that are known by them.
//!
//! The caller's number is a hint for finding the institution, never proof of identity: anyone can write a header.

use mail_parser::{HeaderName, HeaderValue, Message};

use super::names;
use crate::model::is_deceptive;
use crate::reading::Mail;

/// Characters of a header that are kept: a line of RFC 5322 (2.1.1) has at most 998.
const LONGEST: usize = 998;

/// The headers of one message. The body is looked at only for a gateway's line with the caller's number.
pub fn headers(message: &Message<'_>) -> Mail {
    let from = address(message);
    let subject = message.subject().map(|s| if s.contains('\u{FFFD}') { raw_subject(message) } else { plain(s) });
    let date = message.date().filter(|d| d.is_valid()).map(mail_parser::DateTime::to_rfc3339);
    let mut mail = Mail { message_id: message.message_id().map(plain), from, subject, date, ..Mail::default() };
    recognise(message, &mut mail);
    mail
}

/// A subject in 8-bit bytes that are not UTF-8.
fn raw_subject(message: &Message<'_>) -> String {
    let header = message.headers().iter().find(|h| h.name == HeaderName::Subject);
    let raw = header.and_then(|h| message.raw_message.get(h.offset_start as usize..h.offset_end as usize));
    plain(names::decode(raw.unwrap_or_default()).trim())
}

/// Raw ISO-2022-JP or MS932 in a header, without its encoded-word form.
fn plain(s: &str) -> String {
    // Nobody writes so much; gateways' numbers stand in front.
    let s: String = s.chars().take(4000).collect();
    let s = if s.contains("\x1b$") { names::decode(s.as_bytes()) } else { s };
    s.chars().filter(|c| !is_deceptive(*c)).take(LONGEST).collect()
}

fn address(message: &Message<'_>) -> Option<String> {
    let a = message.from()?.first()?;
    let mail = plain(a.address().unwrap_or_default());
    Some(match a.name() {
        Some(name) => format!("{} <{mail}>", plain(name)),
        None => mail,
    })
}

fn header(message: &Message<'_>, name: &str) -> Option<String> {
    match message.header(name.to_owned())? {
        HeaderValue::Text(t) => Some(plain(t)),
        HeaderValue::TextList(t) => t.first().map(|t| plain(t)),
        _ => message.header_raw(name.to_owned()).map(|t| plain(t.trim())),
    }
}

fn recognise(message: &Message<'_>, mail: &mut Mail) {
    let subject = mail.subject.clone().unwrap_or_default();
    let from = mail.from.clone().unwrap_or_default().to_lowercase();
    let caller = header(message, "X-MPlus-CallerTelNo");
    let number = header(message, "X-MPlus-MsgNo");
    let gateway = if caller.is_some() || number.is_some() {
        mail.caller = caller.as_deref().and_then(phone);
        mail.message_no = number.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
        "messageplus"
    } else if domain(&from, "faximo.jp") {
        "faximo"
    } else if domain(&from, "050fax.jp") {
        "bizfax"
    } else if subject.starts_with("eFax ") || domain(&from, "efax.com") || domain(&from, "efax.co.jp") {
        mail.caller = after(&subject, "caller ID:").and_then(phone);
        "efax"
    } else if let Some(no) = after(&subject, "(Fax Message No.").or_else(|| after(&subject, "(ファクス文書番号"))
    {
        mail.message_no = Some(no.trim_start().chars().take_while(char::is_ascii_alphanumeric).collect());
        mail.caller = after(&subject, "From ").and_then(|s| phone(s.split('(').next().unwrap_or(s)));
        "ricoh"
    } else if after(&subject, "Fax received from \"").is_some() {
        mail.caller = after(&subject, "Fax received from \"").and_then(|s| phone(s.split('"').next().unwrap_or(s)));
        "hylafax"
    } else if ["fujifilm", "fuji xerox", "apeosport", "docucentre"].iter().any(|w| mailer(message).contains(w)) {
        "fujifilm"
    } else {
        mail.caller = caller_in_text(message, &subject);
        return;
    };
    mail.gateway = Some(gateway.to_owned());
    if mail.caller.is_none() && !is_withheld(&subject) {
        mail.caller = caller_in_text(message, &subject);
    }
}

fn mailer(message: &Message<'_>) -> String {
    ["X-Mailer", "User-Agent"].iter().filter_map(|h| header(message, h)).collect::<String>().to_lowercase()
}

fn domain(from: &str, domain: &str) -> bool {
    let address = from.rsplit('<').next().unwrap_or(from).trim_end_matches('>');
    let host = address.rsplit('@').next().unwrap_or_default();
    host == domain || host.strip_suffix(domain).is_some_and(|h| h.ends_with('.'))
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.find(mark).map(|i| &text[i + mark.len()..])
}

fn is_withheld(text: &str) -> bool {
    let upper = text.to_uppercase();
    ["UNNUMBER", "ANONYMOUS", "非通知", "番号なし"].iter().any(|w| upper.contains(w))
}

/// The caller's number as a gateway writes it into body or subject.
fn caller_in_text(message: &Message<'_>, subject: &str) -> Option<String> {
    const MARKS: [&str; 9] = [
        "発信元番号",
        "発信者番号",
        "送信元番号",
        "発信番号",
        "送信元FAX番号",
        "発信元FAX番号",
        "発信元",
        "送信元",
        "Caller ID",
    ];
    let body = message.body_text(0).unwrap_or_default();
    let body: String = body.chars().take(4000).collect();
    for text in [body.as_str(), subject] {
        for line in text.lines() {
            if let Some(rest) = MARKS.iter().find_map(|m| after(line, m)) {
                if is_withheld(rest) {
                    return None;
                }
                if let Some(p) = phone(rest) {
                    return Some(p);
                }
            }
        }
    }
    // 「【FAX受信】04-7164-7751 1枚」: a fax notice whose subject holds nothing but the number.
    if ["FAX", "ＦＡＸ", "ファクス", "ファックス"].iter().any(|w| subject.contains(w)) {
        phone(subject)
    } else {
        None
    }
}

/// The first Japanese telephone number in a text, digits only; full-width digits count.
pub fn phone(text: &str) -> Option<String> {
    let folded: String = text
        .chars()
        .map(|c| match c {
            '０'..='９' => char::from(b'0' + (c as u32 - '０' as u32) as u8),
            '－' | '‐' | '−' | 'ー' | '–' | '—' => '-',
            '（' => '(',
            '）' => ')',
            '＋' => '+',
            '　' => ' ',
            c => c,
        })
        .collect();
    let mut run = String::new();
    for c in folded.chars().chain(std::iter::once('\n')) {
        if c.is_ascii_digit() || matches!(c, '-' | '(' | ')' | '+' | ' ' | '.') {
            run.push(c);
            continue;
        }
        if let Some(p) = digits(&run) {
            return Some(p);
        }
        run.clear();
    }
    None
}

/// A number in the national form: 0 and nine or ten digits, also out of +81. Spaces may part it from its neighbours.
fn digits(run: &str) -> Option<String> {
    let one = |s: &str| {
        let plus = s.trim_start().starts_with('+');
        let d: String = s.chars().filter(char::is_ascii_digit).collect();
        let d = match d.strip_prefix("81") {
            Some(rest) if plus || d.len() >= 11 => format!("0{}", rest.trim_start_matches('0')),
            _ => d,
        };
        (d.starts_with('0') && (10..=11).contains(&d.len())).then_some(d)
    };
    run.split(' ').find_map(one).or_else(|| one(run))
}
