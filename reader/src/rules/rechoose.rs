//! A value chosen again among the reading's rivals, under what its kind allows: dates and numbers by their grammar, names
//! and kana by the lists of family and given names. No pixels, no second recognition.
//!
//! Knows one page's frames and the forms; must not know labels, places or other fields.

use std::sync::LazyLock;

use crate::model::Value;
use crate::ocr::choose::{self, Chain, Grammar, Pattern, Words};
use crate::reading::Page;
use crate::text::{drug, era, kana, lexicon, mend, names, numbers, squeeze};

use super::candidate::Candidate;
use super::choice::Seg;
use super::form::{Form, Known};

/// What the grammar of a form makes of some glyphs.
#[derive(Debug, Clone, PartialEq)]
pub struct Again {
    /// In the form in which values are compared: a day, digits, a name without spaces.
    pub value: String,
    /// Natural logs to the best different value.
    pub margin: f32,
    /// Natural logs by which it is less likely than what was read freely.
    pub bend: f32,
}

/// Old forms that the recogniser gives for the new ones, which nearly all names have; never certain (see `certain`).
const FORMS: &[(char, char)] = &[('惠', '恵'), ('穗', '穂')];
/// How far what was read may be bent for a better value.
const REACH: f32 = 6.0;
/// How far the next value must lie behind for that.
const AHEAD: f32 = 1.5;

/// Takes the value of a list where what was read stands on none, and the list's is near: names, kana, diagnoses, drugs.
pub fn revise(form: Form, page: &Page, known: &Known, c: &mut Candidate) {
    if let Value::Many(values) = &mut c.value {
        for (v, segs) in values.iter_mut().zip(&c.items) {
            if let Some(better) = segs.first().and_then(|s| listed_item(form, page, s, v)) {
                *v = better;
            }
            if form == Form::Drugs {
                *v = nearest_drug(&mend::drug_line(v));
            }
        }
    }
    if let (Form::Person, Value::One(v)) = (form, &mut c.value) {
        *v = v.chars().map(|c| FORMS.iter().find(|f| f.0 == c).map_or(c, |f| f.1)).collect();
    }
    if let Value::One(v) = &mut c.value {
        match form {
            Form::Institution => *v = mend::institution(v),
            Form::Address => *v = mend::address(v),
            Form::Word => *v = v.replace("白宅", "自宅"),
            _ => {}
        }
    }
    if let (Form::Person, Value::One(v)) = (form, &mut c.value)
        && let Some(whole) = under_seal(page, &c.segs, v)
    {
        *v = whole;
    }
    let Value::One(old) = &c.value else { return };
    if !matches!(form, Form::Person | Form::Kana) || listed(form, old) {
        return;
    }
    let Some(new) = again(form, page, &c.segs, known) else { return };
    if new.value == squeeze(old) || new.bend > REACH || new.margin < AHEAD || loses_inside(&squeeze(old), &new.value) {
        return;
    }
    c.value = Value::One(match old.contains(' ') {
        true if form == Form::Kana => kana_parts(&new.value, old),
        true => names::split(&new.value).map_or(new.value.clone(), |s| s.text()),
        false => new.value.clone(),
    });
}

/// A name whose last character a seal or a ring covers: 福田香, of which 織 is among the rivals of what stands behind it.
fn under_seal(page: &Page, segs: &[Seg], name: &str) -> Option<String> {
    let [seg] = segs else { return None };
    let glyphs = &page.lines.get(seg.line)?.glyphs;
    let behind = glyphs.get(seg.glyphs.end).filter(|g| g.gap < 0.6 && g.p < 0.9 && ('一'..='龥').contains(&g.ch))?;
    let mut more = Seg { line: seg.line, glyphs: seg.glyphs.start..seg.glyphs.end + 1 };
    if glyphs.get(seg.glyphs.end + 1).is_some_and(|g| g.gap < 0.6 && g.p < 0.9) && behind.p < 0.6 {
        more.glyphs.end += 1;
    }
    let own = squeeze(name);
    let new = parts(page, std::slice::from_ref(&more), &SURNAMES, &GIVEN, &squeeze)?;
    let longer = new.value.chars().count() == own.chars().count() + 1 && new.value.starts_with(&own);
    (longer && new.bend <= 2.0 * REACH).then(|| name.to_owned() + &new.value[own.len()..])
}

/// An element of a list with the diagnosis, or the name at the head of the drug's line, that the list holds and that is
/// as long; None where it is listed already or nothing near is.
fn listed_item(form: Form, page: &Page, seg: &Seg, value: &str) -> Option<String> {
    let glyphs = page.lines.get(seg.line)?.glyphs.get(seg.glyphs.clone())?;
    let (words, n): (&Words, usize) = match form {
        Form::Diagnoses if !lexicon::diagnoses().contains(&squeeze(value)) => (&DIAGNOSES, glyphs.len()),
        Form::Drugs if drug::known_drug(value).is_none() => {
            (&DRUGS, glyphs.iter().take_while(|g| katakana(g.ch)).count())
        }
        _ => return None,
    };
    let own: String = glyphs[..n].iter().map(|g| g.ch).collect();
    if n < 4 || !value.starts_with(&own) {
        return None;
    }
    let part = Seg { line: seg.line, glyphs: seg.glyphs.start..seg.glyphs.start + n };
    let new = one(page, &[part], words, &|t| Some(t.to_owned()))?;
    let near = new.bend <= REACH && new.margin >= AHEAD && new.value.chars().count() == n && new.value != own;
    near.then(|| new.value + &value[own.len()..])
}

/// A drug's line whose name is on no list, with the one name of the list that is near.
fn nearest_drug(line: &str) -> String {
    const NEAR: f32 = 1.3;
    const CLEAR: f32 = 0.7;
    // the name ends where its form or strength begins; figures and kanji of a katakana's shape may stand inside
    let name: String = line.chars().take_while(|c| katakana(*c) || "172了三口工力夕二卜八才千".contains(*c)).collect();
    let n = name.chars().count();
    if n < 5 || name.chars().filter(|c| katakana(*c)).count() + 2 < n || drug::known_drug(line).is_some() {
        return line.to_owned();
    }
    match drug::nearest(lexicon::drugs(), &name, NEAR) {
        Some(near) if near.margin >= CLEAR && near.word.chars().count() >= 5 => {
            near.word.to_owned() + &line[name.len()..]
        }
        _ => line.to_owned(),
    }
}

fn katakana(c: char) -> bool {
    matches!(c, 'ァ'..='ヺ' | 'ー')
}

/// Whether a name or its kana is one of the lists' family names and one of their given names.
pub fn listed(form: Form, name: &str) -> bool {
    let holds = |a: &Words, b: &Words| Chain::new([a as &dyn Grammar, b as &dyn Grammar]).holds(&squeeze(name));
    match form {
        Form::Kana => holds(&KATAKANA.0, &KATAKANA.1),
        _ => holds(&SURNAMES, &GIVEN),
    }
}

/// Whether a text is another without some character inside: 伸郎 for 伸一郎, a name that no list has.
fn loses_inside(old: &str, new: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    b.len() + 1 == a.len() && (1..a.len() - 1).any(|i| a[..i] == b[..i] && a[i + 1..] == b[i..])
}

/// The space where it stood, if the lengths allow.
fn kana_parts(new: &str, old: &str) -> String {
    let at = old.chars().take_while(|c| *c != ' ').count();
    let chars: Vec<char> = new.chars().collect();
    let (a, b): (String, String) =
        (chars[..at.min(chars.len())].iter().collect(), chars[at.min(chars.len())..].iter().collect());
    format!("{a} {b}").trim().to_owned()
}

/// The best value of a form in some glyphs; None where the form has no grammar, the engine left no frames or nothing fits.
pub fn again(form: Form, page: &Page, segs: &[Seg], known: &Known) -> Option<Again> {
    match form {
        f if f.dated() => {
            let context = era::Context { reference: known.reference, era: known.era, birth: f == Form::BirthDate };
            one(page, segs, &*DATE, &|t| era::best(t, &context).map(|r| r.day()))
        }
        Form::Phone => one(page, segs, &*PHONE, &|t| Some(numbers::phone_digits(t))),
        Form::Postal => one(page, segs, &*POSTAL, &|t| Some(numbers::digits(t))),
        Form::Insurer => one(page, segs, &*SIX, &|t| Some(numbers::digits(t)).filter(|d| numbers::insurer_valid(d))),
        Form::Insured => one(page, segs, &*TEN, &|t| Some(numbers::digits(t))),
        Form::Person => parts(page, segs, &SURNAMES, &GIVEN, &squeeze),
        Form::Kana => {
            let hiragana = segs
                .iter()
                .flat_map(|s| page.lines[s.line].glyphs.get(s.glyphs.clone()).unwrap_or_default())
                .filter(|g| ('ぁ'..='ゖ').contains(&g.ch))
                .count();
            let (a, b) = if hiragana >= 2 { (&HIRAGANA.0, &HIRAGANA.1) } else { (&KATAKANA.0, &KATAKANA.1) };
            parts(page, segs, a, b, &|t| squeeze(&kana::normal(t)))
        }
        _ => None,
    }
}

/// One stretch under one grammar.
fn one(page: &Page, segs: &[Seg], grammar: &dyn Grammar, value: &dyn Fn(&str) -> Option<String>) -> Option<Again> {
    let [seg] = segs else { return None };
    let choice = choose::among_values(page.lines.get(seg.line)?, seg.glyphs.clone(), grammar, value)?;
    Some(Again { value: value(&choice.text)?, margin: choice.margin, bend: choice.bend })
}

/// A family and a given name, in one stretch or in one each.
fn parts(page: &Page, segs: &[Seg], first: &Words, second: &Words, value: &dyn Fn(&str) -> String) -> Option<Again> {
    let value = |t: &str| Some(value(t));
    match segs {
        [_] => one(page, segs, &Chain::new([first as &dyn Grammar, second as &dyn Grammar]), &value),
        [a, b] => {
            let a = one(page, std::slice::from_ref(a), first, &value)?;
            let b = one(page, std::slice::from_ref(b), second, &value)?;
            let margin = a.margin.min(b.margin);
            Some(Again { value: a.value + &b.value, margin, bend: a.bend + b.bend })
        }
        _ => None,
    }
}

fn readings(table: &lexicon::Table) -> impl Iterator<Item = &'static str> + '_ {
    table.words().filter_map(|w| table.get(w)).flat_map(|r| r.split(' '))
}

fn hiragana(katakana: &str) -> String {
    katakana
        .chars()
        .map(|c| if ('ァ'..='ヶ').contains(&c) { char::from_u32(c as u32 - 0x60).unwrap_or(c) } else { c })
        .collect()
}

static SURNAMES: LazyLock<Words> = LazyLock::new(|| lexicon::surnames().words().collect());
/// Names of women born before the war are often kana alone: キヨ, トメ.
static GIVEN: LazyLock<Words> = LazyLock::new(|| {
    let table = lexicon::given();
    table.words().map(str::to_owned).chain(readings(table).flat_map(|r| [r.to_owned(), hiragana(r)])).collect()
});
static KATAKANA: LazyLock<(Words, Words)> =
    LazyLock::new(|| (readings(lexicon::surnames()).collect(), readings(lexicon::given()).collect()));
static HIRAGANA: LazyLock<(Words, Words)> = LazyLock::new(|| {
    (readings(lexicon::surnames()).map(hiragana).collect(), readings(lexicon::given()).map(hiragana).collect())
});
static DIAGNOSES: LazyLock<Words> = LazyLock::new(|| lexicon::diagnoses().words().collect());
/// The katakana that drugs' names begin with.
static DRUGS: LazyLock<Words> = LazyLock::new(|| {
    let heads = lexicon::drugs().words().map(|w| w.chars().take_while(|c| katakana(*c)).collect::<String>());
    heads.filter(|h| h.chars().count() >= 4).collect()
});
static DATE: LazyLock<Pattern> = LazyLock::new(Pattern::date);
static PHONE: LazyLock<Pattern> = LazyLock::new(Pattern::phone);
static POSTAL: LazyLock<Pattern> = LazyLock::new(Pattern::postal);
static SIX: LazyLock<Pattern> = LazyLock::new(|| Pattern::digits(6));
static TEN: LazyLock<Pattern> = LazyLock::new(|| Pattern::digits(10));
