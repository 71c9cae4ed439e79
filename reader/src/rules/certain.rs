//! How sure the characters of a value are: by kind, from the recogniser's rivals, word lists, kana and registers.
//!
//! Never from a register of patients: a misreading that happens to be a near-twin's name would look certain.

use jiff::civil::Date;

use crate::model::Value;
use crate::reading::Page;
use crate::register::NameMatch;
use crate::text::names::{self, Agreement};
use crate::text::{drug, era, institution, lexicon, numbers, script, squeeze};

use super::candidate::{Candidate, Field};
use super::choice::Seg;
use super::decide::Case;
use super::form::Form;
use super::rechoose;
use super::second::{self, certainty};

/// Certainty of the characters, and what a person should know of it.
pub struct Certain {
    pub reading: f32,
    pub note: Option<String>,
}

/// Certainty from which a form is accepted where its rule says nothing else.
pub fn bar(form: Form) -> f64 {
    match form {
        f if f.dated() => 0.95,
        Form::Phone | Form::Postal | Form::Insurer | Form::Insured | Form::Url => 0.95,
        Form::Person | Form::Kana => 0.95,
        Form::Institution => 0.95,
        f if f.marked() => 0.93,
        Form::Relation => 0.9,
        _ => 0.97,
    }
}

/// Probability from which the winner of a field counts as found (docs/measurements.md, "Leave one hospital out").
pub const PLACED: f32 = 0.9;

/// Margin over the second value, in natural logs, at which a grammar's choice counts as certain.
const MARGIN: f32 = 3.0;
/// How far a grammar may bend what was read.
const BEND: f32 = 3.0;

pub fn reading<'c>(
    case: &Case,
    field: &Field,
    c: &Candidate,
    page: &Page,
    beside: &dyn Fn(&str) -> Option<&'c Candidate>,
) -> Certain {
    let (least, mean) = certainty(page, &c.segs);
    let value = c.value.text();
    let text = |key: &str| beside(key).map(|o| o.value.text());
    let contradicted = disagreement(field, page, c);
    let certain = |reading: f32| Certain { reading, note: contradicted.clone() };
    match field.form {
        f if f.dated() => {
            let certainty = by_grammar(case, f, page, c, value.get(..10).unwrap_or(&value));
            // a printed list of eras, one of them ringed: the ring's certainty counts
            let era = c.mark.unwrap_or(1.0);
            // 5月1: what stood behind it may have been 10日
            let ends = !c.raw.contains('月') || c.raw.contains('日');
            let whole = if c.quality >= 0.8 && ends { 1.0 } else { 0.8 };
            // a meeting without its hour is half read; the grammar knows the day alone
            let hour = match value.contains('T') {
                true => digits_only(page, &c.segs),
                false if field.key == "conference.datetime" => 0.8,
                false => 1.0,
            };
            certain(certainty.min(era).min(hour) * whole)
        }
        Form::Phone => {
            let p = by_grammar(case, field.form, page, c, &numbers::phone_digits(&value));
            let other = match field.key.as_str() {
                "sender.phone" => text("sender.fax"),
                "sender.fax" => text("sender.phone"),
                _ => None,
            };
            let mine =
                !field.key.starts_with("sender.") || vouched(case, &value, other.as_deref(), field.key == "sender.fax");
            certain(if mine { p } else { p.min(0.8) })
        }
        Form::Postal => certain(by_grammar(case, field.form, page, c, &numbers::digits(&value))),
        Form::Insurer | Form::Insured => {
            let p = by_grammar(case, field.form, page, c, &numbers::digits(&value));
            certain(if c.quality >= 0.95 { p } else { p.min(0.6) })
        }
        // 0 and O, 1 and l: a link that leads elsewhere is worse than none
        Form::Url => certain(0.9 * least),
        // a character that a seal covers was told by the lists alone
        Form::Person if squeeze(&value).chars().count() > read(page, &c.segs).chars().count() => certain(0.8 * least),
        Form::Person => {
            let kana = match field.key.as_str() {
                "patient.name" => text("patient.kana"),
                _ => None,
            };
            let listed = rechoose::again(Form::Person, page, &c.segs, &case.known);
            let listed = listed.filter(|a| a.value == squeeze(&value) && a.bend < 1.0).map(|a| a.margin);
            certain(person(c, &value, kana.as_deref(), listed, (least, mean)))
        }
        Form::Kana => {
            let agrees = text("patient.name").map(|n| names::reads_as(&n, &value));
            certain(match agrees {
                Some(Agreement::Agrees) if mean >= 0.8 => 0.98,
                Some(Agreement::Conflicts) => 0.4,
                Some(_) if least >= 0.985 && rechoose::listed(Form::Kana, &value) => 0.96,
                _ => 0.6 * mean,
            })
        }
        Form::Institution => {
            let form = institution::comparable(&value);
            let known = matches!(case.registers.institution_by_name(&value), NameMatch::Exact(_));
            let office = case.registers.offices().iter().any(|o| institution::comparable(&o.name) == form);
            certain(if (known || office) && mean >= 0.7 { 0.98 } else { 0.75 * least.max(0.3) })
        }
        // several relatives may stand on a sheet: only the one beside the contact's own name
        Form::Relation if !beside("contact.name").is_some_and(|n| same_row(n, c)) => certain(0.6 * least),
        Form::Relation => certain(if least >= 0.9 && c.quality >= 0.9 { 0.95 } else { 0.7 * least }),
        f if f.marked() => certain(match c.mark {
            Some(m) => m,
            // a ring that hides another word stands beside it
            None if ringed_beside(page, c) => 0.6 * least,
            // the word stands there alone: text decides
            None if c.quality >= 0.9 => least,
            None => 0.6 * least,
        }),
        // a place without a number goes on in another row
        Form::Address if !value.contains(|c: char| c.is_numeric()) => certain(0.8 * least),
        // a row that was lost leaves no trace
        Form::Text | Form::Finding if c.segs.len() > 1 => certain(0.9 * plain(&value, least)),
        _ => certain(plain(&value, least)),
    }
}

/// Whether a ring is drawn near a value that does not go round it: of 男・女 the ringed one may be unreadable.
fn ringed_beside(page: &Page, c: &Candidate) -> bool {
    let reach = (4.0 * page.em) as i32;
    page.rings.iter().any(|r| {
        let small = r.width() <= 2 * reach && r.height() <= reach;
        let near = r.x0 <= c.rect.x1 + reach
            && r.x1 >= c.rect.x0 - reach
            && r.y0 <= c.rect.y1 + reach / 3
            && r.y1 >= c.rect.y0 - reach / 3;
        let (x, y) = c.rect.center();
        small && near && !r.contains(x, y)
    })
}

/// A sheet's date far from the day that the sending machine printed on its page: one of them is wrong.
pub fn far_from_sending(field: &Field, value: &Value, pages: &[&Page]) -> Option<String> {
    const DAYS: i64 = 45;
    if field.key != "document.date" {
        return None;
    }
    let day: Date = value.text().parse().ok()?;
    let sent: Vec<Date> = pages
        .iter()
        .flat_map(|p| p.lines.iter().filter(|l| l.tti))
        .filter_map(|l| {
            machine_date(&l.text()).or_else(|| Some(era::best(&l.spaced(0.4), &era::Context::default())?.date))
        })
        .filter(|d| (2000..=2100).contains(&d.year()))
        .collect();
    let near = |d: &Date| (day - *d).get_days().unsigned_abs() as i64 <= DAYS;
    (!sent.is_empty() && !sent.iter().any(near)).then(|| "送信機の印字した日付と離れています".to_owned())
}

/// `JUL-12-2026`, as fax machines print it.
fn machine_date(text: &str) -> Option<Date> {
    const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let (month, at) = MONTHS.iter().enumerate().find_map(|(i, m)| Some((i as i8 + 1, text.find(&format!("{m}-"))?)))?;
    let rest: String = text.get(at + 4..)?.chars().filter(char::is_ascii_digit).take(6).collect();
    Date::new(rest.get(2..)?.parse().ok()?, month, rest.get(..2)?.parse().ok()?).ok()
}

/// Certainty of one element of a list.
pub fn item(form: Form, value: &str, segs: &[Seg], page: &Page) -> f32 {
    let (least, mean) = certainty(page, segs);
    // OD and 0D look the same
    if form == Form::Drugs && squeeze(value).contains("0D") {
        return 0.8;
    }
    // a name put right from the list is likely, never certain: the drug may be on no list
    if form == Form::Drugs && drug::known_drug(value).is_some_and(|name| !read(page, segs).contains(name)) {
        return 0.8 * least;
    }
    if form == Form::Drugs && !second::doses_confirmed(page, segs, value) {
        return 0.9 * least;
    }
    match form {
        Form::Ticked => 1.0,
        Form::Diagnoses if lexicon::diagnoses().contains(&squeeze(value)) && mean >= 0.9 && least >= 0.6 => 0.98,
        Form::Drugs if drug::known_drug(value).is_some() && drug::plausible(value) >= 0.8 && least >= 0.93 => 0.975,
        _ => plain(value, least),
    }
}

/// The characters as they were read, without white space; ー and 一 as their neighbours want them.
fn read(page: &Page, segs: &[Seg]) -> String {
    let glyphs = segs.iter().flat_map(|s| page.lines[s.line].glyphs.get(s.glyphs.clone()).unwrap_or_default());
    let mut chars: Vec<char> = glyphs.map(|g| g.ch).collect();
    script::settle(&mut chars);
    squeeze(&chars.into_iter().collect::<String>())
}

/// Running text: nothing but the characters themselves speak for it, and a lost one leaves no trace.
fn plain(value: &str, least: f32) -> f32 {
    let n = squeeze(value).chars().count();
    let long = if n > 60 { 0.985 } else { 1.0 };
    if least >= 0.99 { 0.985 * long } else { 0.9 * least }
}

/// Whether two values stand at one height of one page, or one right under the other.
fn same_row(a: &Candidate, b: &Candidate) -> bool {
    let apart = (a.rect.center().1 - b.rect.center().1).abs();
    a.page == b.page && apart <= 2 * a.rect.height().max(b.rect.height())
}

/// Whether a number is the sender's by more than its place: the register has it, the sending machine printed it, or his
/// other number shares its exchange.
fn vouched(case: &Case, number: &str, other: Option<&str>, fax: bool) -> bool {
    let number = numbers::phone_digits(number);
    let of_number = case.registers.institutions_by_number(&number);
    let registered =
        of_number.iter().any(|i| i.phones.iter().chain(&i.faxes).any(|p| numbers::phone_digits(p) == number));
    // a machine prints the number that it faxes from
    let mut machines = case.pages.iter().flat_map(|p| p.lines.iter().filter(|l| l.tti));
    let printed = fax && machines.any(|l| numbers::digits(&l.text()).contains(&number));
    let other = other.map(numbers::phone_digits);
    let pair = other.is_some_and(|o| o != number && o.len() == number.len() && o.get(..6) == number.get(..6));
    registered || printed || pair
}

/// Certainty of a name. `listed`: how far behind the lists' next name lies, where they hold this one.
fn person(c: &Candidate, value: &str, kana: Option<&str>, listed: Option<f32>, (least, mean): (f32, f32)) -> f32 {
    // forms that the recogniser cannot tell, or does not know
    if c.raw.contains(['崎', '﨑', '髙', '邊', '邉', '齋', '齊', '濵', '濱', '惠', '穗', '眞']) {
        return 0.9 * least;
    }
    let patient = c.field == "patient.name";
    // one character may be what a seal left of two
    let thin = names::split(value).is_none_or(|s| {
        let unparted = !value.contains(' ');
        s.surname.chars().count() == 1 && unparted || s.given.chars().count() == 1 && (unparted || !patient)
    });
    let short = squeeze(value).chars().count() < 3;
    match (kana.map(|k| names::reads_as(value, k)), listed) {
        (Some(Agreement::Agrees), _) if mean >= 0.85 && least >= 0.5 => 0.985,
        (Some(Agreement::Conflicts), _) => 0.4,
        (_, Some(margin)) if patient && thin && !short && margin >= 6.0 && least >= 0.98 => 0.96,
        _ if thin || short => 0.9 * least,
        (_, Some(margin)) if margin >= 4.0 => 0.97,
        (_, None) if least >= 0.995 && mean >= 0.995 => 0.955,
        (_, Some(margin)) => (0.75 + 0.05 * margin).min(0.9),
        _ => 0.8 * least,
    }
}

/// What a person should know of the second engine's reading: another value than the first's, or a dose that it does not
/// confirm.
fn disagreement(field: &Field, page: &Page, c: &Candidate) -> Option<String> {
    if let (Form::Drugs, Value::Many(values)) = (field.form, &c.value) {
        let confirmed = values.iter().zip(&c.items).all(|(v, segs)| second::doses_confirmed(page, segs, v));
        return (!confirmed).then(|| "二つの読み取りで用量を確かめられません".to_owned());
    }
    let contradicts = second::other(page, &c.segs).is_some_and(|o| o.contradicts && !means(field.form, c, &o.text));
    contradicts.then(|| "二つの読み取りが一致しません".to_owned())
}

/// Whether another reading of the same ink means the value all the same.
fn means(form: Form, c: &Candidate, text: &str) -> bool {
    let value = c.value.text();
    match form {
        f if f.dated() => {
            let context = era::Context { birth: f == Form::BirthDate, ..era::Context::default() };
            era::best(text, &context).is_some_and(|d| value.starts_with(&d.day()))
        }
        Form::Phone => numbers::phone_digits(text) == numbers::phone_digits(&value),
        Form::Postal | Form::Insurer | Form::Insured => numbers::digits(text) == numbers::digits(&value),
        _ => squeeze(text) == squeeze(&value),
    }
}

fn from_margin(margin: f32) -> f32 {
    if margin >= MARGIN { 0.97 + 0.03 * (margin / 25.0).min(1.0) } else { 0.5 + 0.14 * margin }
}

/// Certainty of a date's or number's characters, under its grammar.
fn by_grammar(case: &Case, form: Form, page: &Page, c: &Candidate, value: &str) -> f32 {
    let again = rechoose::again(form, page, &c.segs, &case.known).filter(|a| a.bend <= BEND);
    match again {
        Some(a) if a.value == value => from_margin(a.margin),
        Some(_) => 0.3,
        None => digits_only(page, &c.segs) * 0.985,
    }
}

/// Smallest probability among the digits and era characters.
fn digits_only(page: &Page, segs: &[Seg]) -> f32 {
    let mut low = 1.0_f32;
    let mut n = 0;
    for s in segs {
        let line = &page.lines[s.line];
        for (i, g) in line.glyphs.iter().enumerate().take(s.glyphs.end).skip(s.glyphs.start) {
            if g.ch.is_numeric() || "明大昭平令元".contains(g.ch) {
                low = low.min(second::glyph(line, i));
                n += 1;
            }
        }
    }
    if n == 0 { 0.0 } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Glyph, Line, Second, Vote};

    #[test]
    fn a_drug_put_right_from_the_list_is_never_certain() {
        let page = |text: &str| {
            let glyphs: Vec<Glyph> = text.chars().map(|ch| Glyph { ch, p: 1.0, ..Glyph::default() }).collect();
            let votes = vec![Vote::Same(1.0); glyphs.len()];
            let second = Some(Second { text: text.to_owned(), votes, more: Vec::new() });
            Page { lines: vec![Line { glyphs, second, ..Line::default() }], ..Page::default() }
        };
        let judged = |read: &str| {
            let segs = [Seg { line: 0, glyphs: 0..read.chars().count() }];
            f64::from(item(Form::Drugs, "アムロジピン錠5mg1錠分1朝食後", &segs, &page(read)))
        };
        assert!(judged("アムロジピン錠5mg1錠分1朝食後") >= bar(Form::Drugs));
        assert!(judged("アムロジビン錠5mg1錠分1朝食後") < bar(Form::Drugs));
        assert!(judged("アムロジピン錠50mg1錠分1朝食後") < bar(Form::Drugs), "the doses differ");
    }
}
