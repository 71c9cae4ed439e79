//! What a field's value looks like: one parser a form, each giving a few readings of a text with a quality.
//!
//! Pure functions of text; must not know places, labels or other fields. Adding a form: a variant, an arm in [`read`].

mod lists;
mod names;
mod words;

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::model::Value;
use crate::text::era::{self, Era};
use crate::text::{address, clean, kana, numbers, options, squeeze};

use super::view::Text;

pub use words::{flowing, signs};

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    Person,
    Kana,
    Institution,
    Department,
    Date,
    BirthDate,
    /// First day of a period.
    Start,
    /// Last day of a period, or the only one.
    End,
    Datetime,
    Phone,
    Postal,
    Address,
    /// Six digits with a check digit.
    Insurer,
    /// Ten digits.
    Insured,
    Sex,
    CareLevel,
    Adl,
    Relation,
    Urgency,
    Url,
    /// A word or two.
    Word,
    /// Running text over any number of rows.
    Text,
    /// Running text, or 有・無 with a bracket behind.
    Finding,
    Diagnoses,
    Drugs,
    /// Options of a printed group, several of which may be ticked.
    Ticked,
}

/// What is done to a value after it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normaliser {
    Nfkc,
    StripHonorific,
    OneSpace,
    NoSpace,
    Katakana,
    Digits,
    Phone,
}

/// What must hold for a value to be accepted without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    PersonName,
    Phone,
    PostalCode,
    InsurerNumber,
    InsuredNumber,
    /// A date within two years of the sheet's own.
    NearToday,
    Kana,
}

/// What else is known when a text is read.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Known {
    /// The sheet's own date, or the day it came.
    pub reference: Option<Date>,
    /// Era chosen by a ring or tick.
    pub era: Option<Era>,
}

/// One way to read a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    pub value: Value,
    /// Characters of the text that the value was read from.
    pub span: Range<usize>,
    /// Of each item of a list.
    pub items: Vec<Range<usize>>,
    /// 0..1: how well the text carries it.
    pub quality: f32,
}

impl Parsed {
    pub fn one(value: impl Into<String>, span: Range<usize>, quality: f32) -> Parsed {
        Parsed { value: Value::One(value.into()), span, items: Vec::new(), quality }
    }
}

impl Form {
    /// Whether more rows than one belong to the value.
    pub fn long(self) -> bool {
        matches!(self, Form::Text | Form::Finding | Form::Diagnoses | Form::Drugs | Form::Ticked)
    }
    /// Whether a mark, not text, decides.
    pub fn marked(self) -> bool {
        matches!(self, Form::Sex | Form::CareLevel | Form::Adl | Form::Urgency | Form::Ticked)
    }
    pub fn dated(self) -> bool {
        matches!(self, Form::Date | Form::BirthDate | Form::Start | Form::End | Form::Datetime)
    }
    /// Name in the ranker's table.
    pub fn family(self) -> &'static str {
        match self {
            Form::Person | Form::Kana => "person",
            Form::Institution | Form::Department => "institution",
            f if f.dated() => "date",
            Form::Phone | Form::Postal | Form::Insurer | Form::Insured | Form::Url => "number",
            Form::Sex | Form::CareLevel | Form::Adl | Form::Urgency | Form::Relation | Form::Ticked => "choice",
            Form::Diagnoses | Form::Drugs => "list",
            _ => "text",
        }
    }
}

/// All readings of a text, best first, at most four.
pub fn read(form: Form, text: &Text, known: &Known) -> Vec<Parsed> {
    let mut out = match form {
        Form::Person => names::person(text),
        Form::Kana => names::kana(text),
        Form::Institution => names::institution(text),
        Form::Department => names::department(text),
        Form::Date | Form::BirthDate | Form::Start | Form::End | Form::Datetime => dates(form, text, known),
        Form::Phone => phones(text),
        Form::Postal => {
            numbers::postal(&text.string()).map(|(v, span, q)| Parsed::one(v, span, q)).into_iter().collect()
        }
        Form::Address => place(text),
        Form::Insurer => digits(text, 6),
        Form::Insured => digits(text, 10),
        Form::Sex => option(text, options::sex),
        Form::CareLevel => option(text, options::care_level),
        Form::Adl => option(text, options::adl),
        Form::Urgency => option(text, options::urgency),
        Form::Relation => words::relation(text),
        Form::Url => words::url(text),
        Form::Word => words::word(text),
        Form::Text | Form::Finding => words::prose(text),
        Form::Diagnoses => lists::diagnoses(text),
        Form::Drugs => lists::drugs(text),
        Form::Ticked => Vec::new(),
    };
    out.retain(|p| p.quality > 0.05 && !p.value.text().is_empty());
    out.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    out.truncate(4);
    out
}

/// Numbers in a text; one that its cell breaks over two rows as well.
fn phones(text: &Text) -> Vec<Parsed> {
    let mut out: Vec<Parsed> =
        numbers::phones(&text.string()).into_iter().map(|p| Parsed::one(p.text, p.span, p.quality)).collect();
    if text.chars.contains(&'\n') {
        let (index, flat): (Vec<usize>, String) =
            text.chars.iter().enumerate().filter(|(_, c)| **c != '\n').map(|(i, c)| (i, *c)).unzip();
        for p in numbers::phones(&flat) {
            let (Some(a), Some(b)) = (index.get(p.span.start), index.get(p.span.end - 1)) else { continue };
            if text.chars[*a..*b].contains(&'\n')
                && !out.iter().any(|o| o.span.start <= *b && *a < o.span.end && o.quality >= 0.7)
            {
                out.push(Parsed::one(p.text, *a..b + 1, p.quality * 0.9));
            }
        }
    }
    out
}

fn dates(form: Form, text: &Text, known: &Known) -> Vec<Parsed> {
    let context = era::Context { reference: known.reference, era: known.era, birth: form == Form::BirthDate };
    let string = text.string();
    // 1992/03/1834歳, S22.8.3078歳: the age at once behind the day
    static GLUED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(.*?(?:[0-9]{4}|[MTSHR明大昭平令][.・]?[0-9]{1,2})[/.][0-9]{1,2}[/.](?:[12][0-9]|3[01]|0?[1-9]))[0-9]{2,3}[歳才]")
            .expect("a pattern of the program's own")
    });
    let string = GLUED.captures(&string).map_or(string.clone(), |c| c[1].to_owned());
    let (mut string, mut index) = unspaced(&string);
    let mut found = era::find(&string, &context);
    if found.is_empty() && string.contains('\n') {
        // 1926年7月 / 28日, broken by its cell
        let (i, s): (Vec<usize>, String) = index.iter().zip(string.chars()).filter(|x| x.1 != '\n').unzip();
        (index, string) = (i, s);
        found = era::find(&string, &context);
    }
    let several = found.len() > 1;
    let mut out = Vec::new();
    for (n, f) in found.iter().enumerate() {
        // a period: its ends are two dates with a wave, a dash or から between them
        let place = match form {
            // 至 R8.2.2: the day that it ends, the first was not read
            Form::Start if string.chars().take(f.span.start).filter(|c| !c.is_whitespace()).last() == Some('至') => {
                0.3
            }
            Form::Start | Form::Datetime | Form::Date | Form::BirthDate if n == 0 => 1.0,
            Form::End if several && n == 1 => 1.0,
            Form::End if !several => 1.0,
            _ => 0.55,
        };
        for r in f.readings.iter().take(2) {
            let value = if form == Form::Datetime { r.value() } else { r.day() };
            // a sheet's dates lie near the day it was written; a birth does not
            let near = match (form, known.reference) {
                (Form::BirthDate, Some(d)) if (1..=112).contains(&era::age_on(r.date, d)) => 1.0,
                (Form::BirthDate, Some(_)) => 0.3,
                (_, Some(d)) if (d.year() - r.date.year()).abs() > 2 => 0.5,
                _ => 1.0,
            };
            let span = index[f.span.start]..index[f.span.end - 1] + 1;
            out.push(Parsed::one(value, span, r.quality * place * near));
        }
    }
    out
}

/// A date set wide, without the spaces inside its numbers (4月2 8日), and for each character its place in the text.
fn unspaced(string: &str) -> (String, Vec<usize>) {
    let chars: Vec<char> = string.chars().collect();
    let digit = |i: usize| chars.get(i).is_some_and(|c| c.is_ascii_digit() || ('０'..='９').contains(c));
    let inside = |i: usize| {
        chars[i] == ' '
            && i > 0
            && digit(i - 1)
            && digit(i + 1)
            && !(i > 1 && digit(i - 2))
            && chars.get(i + 2).is_some_and(|c| "年月日時分".contains(*c))
    };
    let index: Vec<usize> = (0..chars.len()).filter(|i| !inside(*i)).collect();
    (index.iter().map(|i| chars[*i]).collect(), index)
}

/// Digits that stand in boxes or apart are one number.
fn digits(text: &Text, n: usize) -> Vec<Parsed> {
    let mut out = Vec::new();
    let all: Vec<usize> =
        (0..text.chars.len()).filter(|i| !numbers::digits(&text.chars[*i].to_string()).is_empty()).collect();
    for w in all.windows(n) {
        let (a, b) = (w[0], w[n - 1] + 1);
        let stretch: String = text.chars[a..b].iter().collect();
        let value = numbers::digits(&stretch);
        let noise = (b - a).saturating_sub(n);
        if value.len() != n || noise > 2 * n {
            continue;
        }
        let digit =
            |i: Option<usize>| i.and_then(|i| text.chars.get(i)).is_some_and(|c| c.is_numeric() || "-ー".contains(*c));
        let alone = !digit(a.checked_sub(1)) && !digit(Some(b));
        let fit = match n {
            6 if numbers::insurer_valid(&value) => 1.0,
            6 => 0.45,
            _ if numbers::insured_valid(&value) => 1.0,
            _ => 0.4,
        };
        out.push(Parsed::one(value, a..b, fit * if alone { 1.0 } else { 0.35 }));
    }
    out
}

fn place(text: &Text) -> Vec<Parsed> {
    let range = text.trimmed();
    let mut start = range.start;
    let body: String = text.chars[range.clone()].iter().collect();
    if let Some((_, span, _)) = numbers::postal(&body) {
        start += span.end;
    }
    let mut end = range.end;
    let rest: String = text.chars[start..end].iter().collect();
    if let Some(p) = numbers::phones(&rest).iter().find(|p| p.quality > 0.6) {
        end = start + p.span.start;
    }
    for word in ["TEL", "Tel", "電話", "℡", "FAX", "ＴＥＬ", "携帯", "☎"] {
        let part: String = text.chars[start..end].iter().collect();
        if let Some(at) = part.find(word) {
            end = start + part[..at].chars().count();
        }
    }
    let mut out = Vec::new();
    let mut ends = vec![end];
    if let Some(nl) = text.chars[start..end].iter().position(|c| *c == '\n') {
        ends.push(start + nl);
    }
    for end in ends {
        let t = text.slice(start..end);
        let inner = t.trimmed();
        let span = start + inner.start..start + inner.end;
        let value =
            clean(&text.chars[span.clone()].iter().map(|c| if *c == '\n' { ' ' } else { *c }).collect::<String>());
        let value = value.trim_end_matches(['(', '（', '「']).trim().to_owned();
        let quality = address::plausible(&value);
        // a name of a house may follow; a sentence may not
        let prose = value.contains('。') || value.chars().count() > 45;
        out.push(Parsed::one(value, span, if prose { quality * 0.3 } else { quality }));
    }
    out
}

fn option(text: &Text, parse: impl Fn(&str) -> Option<&'static str>) -> Vec<Parsed> {
    let range = text.trimmed();
    let string: String = text.chars[range.clone()].iter().collect();
    let n = squeeze(&string).chars().count();
    let Some(value) = parse(&string) else { return Vec::new() };
    // the shorter the text, the surer it says nothing else
    let quality = match n {
        0..=4 => 1.0,
        5..=8 => 0.9,
        9..=16 => 0.7,
        _ => 0.35,
    };
    vec![Parsed::one(value, range, quality)]
}

impl Normaliser {
    pub fn apply(self, value: &str) -> String {
        match self {
            Normaliser::Nfkc => clean(value),
            Normaliser::StripHonorific => crate::text::names::strip_honorific(value).0,
            Normaliser::OneSpace => value.split_whitespace().collect::<Vec<_>>().join(" "),
            Normaliser::NoSpace => value.split_whitespace().collect(),
            Normaliser::Katakana => kana::normal(value),
            Normaliser::Digits => numbers::digits(value),
            Normaliser::Phone => numbers::hyphenate(&numbers::phone_digits(value)),
        }
    }
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

impl Check {
    /// Why the value does not hold, in Japanese, for a person; nothing where it does.
    pub fn failed(self, value: &str, reference: Option<Date>) -> Option<String> {
        let bad = match self {
            Check::PersonName => crate::text::names::plausible(value) < 0.3,
            Check::Phone => numbers::phones(value).first().is_none_or(|p| p.quality < 0.7),
            Check::PostalCode => numbers::postal(value).is_none(),
            Check::InsurerNumber => !numbers::insurer_valid(value),
            Check::InsuredNumber => !numbers::insured_valid(value),
            Check::Kana => !kana::is_kana(value),
            Check::NearToday => match (value.get(..10).and_then(|d| d.parse::<Date>().ok()), reference) {
                (Some(d), Some(r)) => (d.year() - r.year()).abs() > 2,
                (None, _) => true,
                _ => false,
            },
        };
        bad.then(|| {
            match self {
                Check::PersonName => "人名として読めません",
                Check::Phone => "電話番号の桁が合いません",
                Check::PostalCode => "郵便番号の形ではありません",
                Check::InsurerNumber => "保険者番号の検証数字が合いません",
                Check::InsuredNumber => "被保険者番号の形ではありません",
                Check::Kana => "カナ以外の文字があります",
                Check::NearToday => "日付が離れています",
            }
            .to_owned()
        })
    }
}
