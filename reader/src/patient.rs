//! Which patient a sheet is about: one room for certain, or a question for a person. It never guesses.
//!
//! A room is given only where
//! 1. the birth date is accepted and equal, and the name is accepted and equal to the character; or, where the name is
//!    missing or unsure, the kana and one more key are; or, where the name differs in forms of the same kanji only
//!    (渡邉 / 渡辺), the insured number is;
//! 2. nothing contradicts: kana, sex, insured number never, address and phone not both (people move);
//! 3. every other row of the register that could be meant as well (same or nearly the same birth date with the same, a
//!    similar, or a like-sounding name, or with the same surname under one roof) is told apart by another accepted key of the
//!    sheet that agrees with the one row and plainly differs from the other.
//!
//! A digit that was misread is always the more likely explanation than a stranger with all but the same data, so
//! closeness is never taken for sameness. Knows `model`, `register`, `text`; must not know rooms' content or the store.

mod keys;
mod near;

use std::collections::BTreeSet;

use crate::model::Document;
use crate::register::{Registers, plain_name};
use crate::text::kana;
use crate::text::names::Likeness;

use keys::{Birth, Opinion, Say, Sheet};

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// One patient, beyond doubt; what agrees, in Japanese.
    Unique { room_id: String, agrees: Vec<String> },
    /// A person decides.
    Review {
        /// A Japanese sentence. It holds no data of any patient.
        reason: String,
        /// Best first, at most [`CANDIDATES`].
        candidates: Vec<Candidate>,
    },
    /// The sheet names no person.
    NoPatient,
}

/// A patient who may be meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub room_id: String,
    /// 0..1, for the order only: never decides.
    pub score: f32,
    /// Keys that agree, in Japanese (`氏名`, `生年月日`).
    pub agrees: Vec<String>,
    /// Keys that differ, with the register's value. For the review page: this is patient data.
    pub differs: Vec<String>,
}

/// How many candidates a review shows.
pub const CANDIDATES: usize = 6;
/// Below this a row is no candidate.
const LEAST: f32 = 0.3;

/// Finds the patient of a document.
pub fn find(document: &Document, registers: &Registers) -> Verdict {
    let sheet = Sheet::of(document);
    if sheet.names_nobody() {
        return Verdict::NoPatient;
    }
    let rows = registers.patients();
    let opinions: Vec<Opinion> =
        gather(&sheet, registers).into_iter().map(|i| Opinion::of(&sheet, &rows[i as usize])).collect();

    let mut reason = None;
    let fits: Vec<&Opinion> = opinions.iter().filter(|o| identified(&sheet, o)).collect();
    match fits.as_slice() {
        [one] => match doubt(&sheet, one, &opinions) {
            None => return Verdict::Unique { room_id: one.row.room_id.clone(), agrees: one.agrees() },
            Some(why) => reason = Some(why),
        },
        [] => {}
        // The same name and birth date twice: the rest of the sheet may still tell them apart.
        several => {
            let sure: Vec<&&Opinion> = several.iter().filter(|o| doubt(&sheet, o, &opinions).is_none()).collect();
            // Two entries of one room are one person.
            if let [one, rest @ ..] = sure.as_slice()
                && rest.iter().all(|o| o.row.room_id == one.row.room_id)
            {
                return Verdict::Unique { room_id: one.row.room_id.clone(), agrees: one.agrees() };
            }
            reason = Some("氏名と生年月日が同じ登録が複数あり、ほかの項目では区別できません。".to_owned());
        }
    }

    let mut ranked: Vec<(f32, &Opinion)> =
        opinions.iter().map(|o| (o.score(), o)).filter(|(s, _)| *s >= LEAST).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.row.room_id.cmp(&b.1.row.room_id)));
    let mut rooms = BTreeSet::new();
    ranked.retain(|(_, o)| rooms.insert(&o.row.room_id));
    let reason = reason.unwrap_or_else(|| why_not(&sheet, ranked.first().map(|r| r.1)));
    let candidates = ranked
        .into_iter()
        .take(CANDIDATES)
        .map(|(score, o)| Candidate { room_id: o.row.room_id.clone(), score, agrees: o.agrees(), differs: o.differs() })
        .collect();
    Verdict::Review { reason, candidates }
}

/// Rows of the register that share a key with the sheet, or nearly do.
fn gather(sheet: &Sheet, registers: &Registers) -> BTreeSet<u32> {
    let mut out = BTreeSet::new();
    let mut add = |list: Option<&Vec<u32>>| out.extend(list.into_iter().flatten().copied());
    if let Some(name) = &sheet.name {
        add(registers.by_name.get(&plain_name(&name.text)));
    }
    if let Some(k) = &sheet.kana {
        add(registers.by_kana.get(&kana::sound(&k.text)));
    }
    if let Some(n) = &sheet.insured {
        add(registers.by_insured.get(&n.text));
    }
    if let Some(p) = &sheet.phone {
        add(registers.by_phone.get(&p.text));
    }
    if let Some(birth) = &sheet.birth {
        add(registers.by_birth.get(&birth.text));
        for day in near::days(&birth.text) {
            for i in registers.by_birth.get(&day).into_iter().flatten() {
                let row = &registers.patients()[*i as usize];
                if sheet.may_be_called(row) {
                    out.insert(*i);
                }
            }
        }
    }
    out
}

/// Rule 1: the keys that must agree do.
fn identified(sheet: &Sheet, o: &Opinion) -> bool {
    if o.birth != Birth::Equal || !sheet.birth.as_ref().is_some_and(|b| b.sure) {
        return false;
    }
    let name_sure = sheet.name.as_ref().is_some_and(|n| n.sure);
    let insured = o.sure(&sheet.insured, o.insured);
    match o.name {
        Some(Likeness::Equal) if name_sure => true,
        // Unsure but equal, or no name at all: kana and one more key, both accepted.
        Some(Likeness::Equal) | None => {
            let more = [o.sure(&sheet.phone, o.phone), o.sure(&sheet.address, o.address), insured];
            o.sure(&sheet.kana, o.kana) && more.contains(&true)
                // A name that was read right although unsure, with the number that only one person has.
                || o.name.is_some() && insured
        }
        Some(Likeness::Variant) => insured,
        Some(Likeness::Near(_)) => insured && !name_sure,
        Some(Likeness::Different) => false,
    }
}

/// Rules 2 and 3: why it must not be this row after all, as a sentence; nothing where nothing speaks against it.
fn doubt(sheet: &Sheet, one: &Opinion, all: &[Opinion]) -> Option<String> {
    for (say, what) in [(one.kana, "フリガナ"), (one.sex, "性別"), (one.insured, "被保険者番号")] {
        if say == Say::Differs {
            return Some(format!("氏名と生年月日は登録と合いますが、{what}が違います。"));
        }
    }
    let name_decides = matches!(one.name, Some(Likeness::Equal)) && sheet.name.as_ref().is_some_and(|n| n.sure);
    let weak = [(one.address, "住所"), (one.phone, "電話"), (one.postal, "郵便番号"), (one.insurer, "保険者番号")];
    let against: Vec<&str> = weak.iter().filter(|(s, _)| *s == Say::Differs).map(|(_, w)| *w).collect();
    let backed = one.address == Say::Agrees || one.phone == Say::Agrees || one.insured == Say::Agrees;
    let outweighed = name_decides && backed;
    if !against.is_empty() && !outweighed {
        return Some(format!("氏名と生年月日は登録と合いますが、{}が違います。", against.join("・")));
    }
    for other in all.iter().filter(|o| o.row.room_id != one.row.room_id) {
        if other.sure(&sheet.insured, other.insured) {
            return Some("被保険者番号が別の登録患者のものと一致します。".into());
        }
        if could_be_meant(sheet, one, other) && !told_apart(sheet, one, other) {
            return Some(
                "よく似た登録(氏名または生年月日がほぼ同じ方)がほかにあり、区別できる項目がありません。".into(),
            );
        }
    }
    None
}

/// Whether another row is so near to the sheet, or to the row that fits, that a misreading could turn one into the other.
fn could_be_meant(sheet: &Sheet, one: &Opinion, other: &Opinion) -> bool {
    let (a, b) = (one.row, other.row);
    let same_name = matches!(other.name, Some(Likeness::Equal | Likeness::Variant));
    let near_name = matches!(other.name, Some(Likeness::Near(_)))
        || !matches!(crate::text::names::compare(&a.name, &b.name), Likeness::Different);
    let sounds = |x: &str, y: &str| !x.is_empty() && !y.is_empty() && near::kana(x, y);
    let same_sound = sounds(&a.kana, &b.kana) || sheet.kana.as_ref().is_some_and(|k| sounds(&k.text, &b.kana));
    let birth = match other.birth {
        Birth::Equal | Birth::Unknown => true,
        Birth::Near => true,
        Birth::Far => same_name && near::two_digits(&a.birth_date, &b.birth_date),
    };
    if birth && (same_name || near_name || same_sound) {
        return true;
    }
    // Twins under one roof: one birth date, one surname, not plainly two houses.
    other.birth == Birth::Equal && near::same_surname(&a.name, &b.name) && !near::two_houses(a, b)
}

/// Whether an accepted key of the sheet agrees with the one row and plainly differs from the other, and none the other way
/// round.
fn told_apart(sheet: &Sheet, one: &Opinion, other: &Opinion) -> bool {
    let backwards = [
        (one.kana, other.kana),
        (one.sex, other.sex),
        (one.phone, other.phone),
        (one.address, other.address),
        (one.insured, other.insured),
    ];
    if backwards.iter().any(|(a, b)| *a == Say::Differs && *b == Say::Agrees) {
        return false;
    }
    let apart = |given: &Option<keys::Given>, a: Say, plainly: bool| one.sure(given, a) && plainly;
    apart(&sheet.insured, one.insured, keys::plainly_other_number(&sheet.insured, &other.row.insured_number))
        || apart(&sheet.phone, one.phone, keys::plainly_other_phones(&sheet.phone, &other.row.phones))
        || apart(&sheet.address, one.address, keys::plainly_other_address(&sheet.address, &other.row.address))
        || apart(&sheet.kana, one.kana, keys::plainly_other_kana(&sheet.kana, &other.row.kana))
        || apart(&sheet.sex, one.sex, other.sex == Say::Differs)
}

/// The sentence for a sheet that no row fits.
fn why_not(sheet: &Sheet, best: Option<&Opinion>) -> String {
    let Some(best) = best else {
        return "登録されている患者に該当する方がいません。".into();
    };
    let unsure = |g: &Option<keys::Given>| g.as_ref().is_some_and(|g| !g.sure);
    let equal_name = matches!(best.name, Some(Likeness::Equal));
    match (best.name, best.birth) {
        (_, Birth::Equal) if unsure(&sheet.birth) => "生年月日の読み取りが確かではありません。",
        (Some(Likeness::Equal), Birth::Equal) if unsure(&sheet.name) => "氏名の読み取りが確かではありません。",
        (Some(Likeness::Variant), Birth::Equal) => "氏名の漢字の字体が登録と違います。同じ方か確認してください。",
        (Some(Likeness::Near(_)), Birth::Equal) => "氏名が登録とわずかに違います。同じ方か確認してください。",
        (None, Birth::Equal) => "氏名が読み取れていません。",
        (Some(Likeness::Different), Birth::Equal) => "生年月日は合いますが、氏名が違います。",
        (_, Birth::Near) if equal_name => "氏名は合いますが、生年月日がわずかに違います。",
        (_, Birth::Far) if equal_name => "氏名は合いますが、生年月日が違います。",
        (_, Birth::Unknown) if sheet.birth.is_none() => "生年月日が読み取れていません。",
        (_, Birth::Unknown) => "登録に生年月日がありません。",
        _ => "登録に一部だけ合う方がいますが、氏名と生年月日がそろって一致しません。",
    }
    .into()
}

#[cfg(test)]
mod tests;
