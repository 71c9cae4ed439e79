//! Which mails are parts of one fax: by the page n of m in a subject, or by a gateway's message number.
//!
//! Some gateways and machines send a long fax as several mails. A mail that says it is one of several waits a few
//! minutes for the others (`store::parts`); one that only bears a message number never waits, but is joined with an
//! earlier one of the same number.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

use super::Options;
use crate::again;
use crate::model::Reader;
use crate::reading::{Mail, Reading};
use crate::store::parts::{Bundle, Claim, Stand};
use crate::store::queue::Job;
use crate::store::{Sheet, State, Store, StoreError};

/// Largest m: what counts more is no part of a fax.
const MOST: u32 = 50;

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The same for all parts of a fax: source, sender, message number or subject, m.
    pub fax: String,
    /// n of m; both 0 where only the message number is known.
    pub number: u32,
    pub total: u32,
}

/// What a job goes on with.
#[derive(Debug)]
pub enum Gathered {
    /// Its reading alone, or with those of the parts that belong to it.
    Go { id: String, reader: Reader, reading: Box<Reading>, bundle: Option<Bundle> },
    /// Nothing until then, milliseconds since 1970.
    Wait(i64),
}

/// Gathers the parts of the fax that a job's mail is one of.
///
/// # Errors
/// The store cannot do it.
pub async fn gather(
    store: &Store,
    options: &Options,
    job: &Job,
    (id, reader, reading): (String, Reader, Reading),
) -> Result<Gathered, StoreError> {
    let alone =
        |reading, bundle| Gathered::Go { id: id.clone(), reader: reader.clone(), reading: Box::new(reading), bundle };
    let part = reading.mail.as_ref().filter(|_| options.join_ms > 0).and_then(|m| of(&job.source, m));
    let Some(part) = part else { return Ok(alone(reading, None)) };
    let claim = Claim { fax: &part.fax, number: part.number, total: part.total, reading: &id };
    let mut bundle = match store.part(job, &claim, options.join_ms).await? {
        Stand::Wait(until) => return Ok(Gathered::Wait(until)),
        Stand::Go(bundle) => bundle,
    };
    if bundle.members.len() < 2 {
        return Ok(alone(reading, Some(bundle)));
    }
    let (id_of_all, reader_of_all, whole) = store.join(&bundle).await?;
    if part.total == 0 && bundle.late {
        // The same number may mean the same pages in another form: then they would stand twice.
        let before = whole.pages.len().saturating_sub(reading.pages.len());
        if reading.pages.iter().any(|p| whole.pages[..before].iter().any(|q| again::alike(p, q))) {
            bundle.members.retain(|m| m.receipt == job.receipt);
            return Ok(alone(reading, Some(bundle)));
        }
    }
    tracing::info!(
        receipt = job.receipt,
        parts = bundle.members.len(),
        of = bundle.total,
        "parts of one fax are joined"
    );
    Ok(Gathered::Go { id: id_of_all, reader: reader_of_all, reading: Box::new(whole), bundle: Some(bundle) })
}

/// What is said of a fax of which parts are missing.
pub fn missing(bundle: Option<&Bundle>) -> Option<String> {
    let b = bundle.filter(|b| (b.members.len() as u32) < b.total)?;
    Some(format!("不完全（{}通のうち{}通）", b.total, b.members.len()))
}

/// Says of the sheets that go on what is missing of their fax.
pub fn say(sheets: &mut [Sheet], missing: &str) {
    for sheet in sheets.iter_mut().filter(|s| matches!(s.state, State::Posted | State::Review)) {
        sheet.reason = Some(match sheet.reason.take() {
            Some(reason) => format!("{missing}。{reason}"),
            None => missing.to_owned(),
        });
    }
}

/// What a mail's headers tell; none where it stands for itself.
pub fn of(source: &str, mail: &Mail) -> Option<Part> {
    let subject: String = mail.subject.as_deref().unwrap_or_default().nfkc().collect();
    let sender = mail.caller.clone().or_else(|| mail.from.clone())?;
    let no = mail.message_no.as_deref().filter(|n| !n.is_empty());
    match counted(&subject, mail.date.as_deref()) {
        Some((number, total, rest)) => {
            let name = no.map_or_else(|| squeeze(&rest), |n| format!("no {n}"));
            Some(Part { fax: [source, &sender, &name, &total.to_string()].join("\u{1f}"), number, total })
        }
        None => Some(Part { fax: [source, &sender, &format!("no {}", no?), "0"].join("\u{1f}"), number: 0, total: 0 }),
    }
}

/// n and m, and the subject without them.
fn counted(subject: &str, date: Option<&str>) -> Option<(u32, u32, String)> {
    /// n before m; the last form is bare, and may be a day.
    static FORMS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
        [
            r"(?i)[(\[【<〈]\s*(?:p(?:age|art)?\.?\s*)?(\d{1,2})\s*(?:/|of)\s*(\d{1,2})\s*(?:ページ|頁|枚目?|通目?|pages?)?\s*[)\]】>〉]",
            r"(?i)\b(?:page|part|p\.)\s*(\d{1,2})\s*(?:/|of)\s*(\d{1,2})\b",
            r"(?:ページ|頁|パート|分割)\s*[:#]?\s*(\d{1,2})\s*/\s*(\d{1,2})",
            r"(\d{1,2})\s*/\s*(\d{1,2})\s*(?:ページ|頁|枚|通|分割)目?",
            r"(?:^|[\s_\-,、。])(\d{1,2})/(\d{1,2})\s*$",
        ]
        .map(|f| Regex::new(f).expect("a form"))
    });
    /// m before n: 3通中2通目.
    static TURNED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(\d{1,2})\s*(?:ページ|頁|枚|通)\s*[中の]の?\s*(\d{1,2})\s*(?:ページ|頁|枚|通)?目?")
            .expect("a form")
    });
    let found = |r: &Regex, turned: bool| -> Option<(u32, u32, String)> {
        let c = r.captures(subject)?;
        let (a, b) = (c[1].parse().ok()?, c[2].parse().ok()?);
        let (number, total) = if turned { (b, a) } else { (a, b) };
        let rest = subject.replacen(&c[0], " ", 1);
        ((2..=MOST).contains(&total) && (1..=total).contains(&number)).then_some((number, total, rest))
    };
    let (bare, plain) = FORMS.split_last()?;
    plain.iter().find_map(|r| found(r, false)).or_else(|| found(&TURNED, true)).or_else(|| {
        // 「FAX受信 2/3」 on the third of February is a day.
        found(bare, false).filter(|(n, m, _)| date.is_none_or(|d| !d.contains(&format!("-{n:02}-{m:02}"))))
    })
}

fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(subject: &str) -> Mail {
        Mail {
            from: Some("gw@example.jp".into()),
            subject: Some(subject.into()),
            date: Some("2026-02-03T10:00:00+09:00".into()),
            ..Mail::default()
        }
    }

    #[test]
    fn pages_of_a_subject_are_known_in_many_forms() {
        for subject in [
            "FAX受信 (2/3)",
            "FAX受信（２／３）",
            "【2/3】FAX受信",
            "FAX受信 [page 2 of 3]",
            "FAX Page 2 of 3",
            "FAX受信 ページ 2/3",
            "FAX受信 2/3ページ",
            "FAX受信 3通中2通目",
            "FAX受信 分割2/3",
        ] {
            let part = of("mails", &mail(subject)).unwrap_or_else(|| panic!("{subject}"));
            assert_eq!((part.number, part.total), (2, 3), "{subject}");
        }
        let at_the_end = Mail { date: None, ..mail("FAX受信 2/3") };
        assert_eq!(of("mails", &at_the_end).map(|p| p.number), Some(2));
    }

    #[test]
    fn days_times_and_single_pages_are_none() {
        for subject in [
            "FAX受信 2/3",
            "FAX受信 2/3 10:05",
            "FAX受信 2026/02/03",
            "FAX受信 (1/1)",
            "FAX受信 (3/2)",
            "FAX受信 1枚",
            "(99/99)",
            "",
        ] {
            assert_eq!(of("mails", &mail(subject)), None, "{subject}");
        }
    }

    #[test]
    fn parts_of_one_fax_have_a_name_in_common_and_others_have_not() {
        let fax = |m: &Mail| of("mails", m).expect("a part").fax;
        let one = fax(&mail("FAX受信 0471501234 (1/3)"));
        assert_eq!(one, fax(&mail("FAX受信 0471501234 (2/3)")));
        assert_ne!(one, fax(&mail("FAX受信 0471501234 (1/2)")));
        assert_ne!(one, fax(&mail("FAX受信 0471509999 (1/3)")));
        assert_ne!(one, fax(&Mail { caller: Some("0471501234".into()), ..mail("FAX受信 0471501234 (1/3)") }));
        assert_ne!(one, of("others", &mail("FAX受信 0471501234 (1/3)")).expect("a part").fax);
    }

    #[test]
    fn a_message_number_alone_joins_but_counts_nothing() {
        let numbered = Mail { message_no: Some("4711".into()), ..mail("FAX受信通知") };
        let part = of("mails", &numbered).expect("a part");
        assert_eq!((part.number, part.total), (0, 0));
        let counted = Mail { message_no: Some("4711".into()), ..mail("FAX受信通知 (1/2)") };
        let other = Mail { message_no: Some("4711".into()), ..mail("別の題名 (2/2)") };
        assert_eq!(of("mails", &counted).expect("a part").fax, of("mails", &other).expect("a part").fax);
    }
}
