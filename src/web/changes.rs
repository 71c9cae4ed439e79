//! What a sheet says that the sheets before it in its room did not: in sentences of a nurse's, from accepted values alone.
//!
//! A field is compared with the latest earlier sheet that carries it. Where either side is not sure nothing is said of it.
//! Knows only `model`.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::view::{label_of, shown};
use super::words;
use crate::account::Lang;
use crate::model::{Document, Field, Status, Value};

/// One sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub text: String,
    /// Something got worse, or less than before is given: to be looked at first.
    pub attention: bool,
}

/// Grades of an activity, best first.
const ADL: &[&str] = &["independent", "supervised", "partial", "full"];
/// Grades of need, least first; others cannot be compared.
const CARE: &[&str] = &["support_1", "support_2", "care_1", "care_2", "care_3", "care_4", "care_5"];

/// Fields of which it is said that they are other than before.
const OTHER: &[&str] = &[
    "clinical.allergies",
    "clinical.infections",
    "encounter.destination",
    "next_visit.datetime",
    "conference.datetime",
    "conference.place",
    "order.period_end",
    "care.manager",
    "care.office",
    "contact.phone",
];

/// A discharge that lies further from the one before belongs to another stay.
const OTHER_STAY: i32 = 60;

/// What is new in `now` after `earlier`, the latest first.
pub fn since(now: &Document, earlier: &[&Document], lang: Lang) -> Vec<Change> {
    let mut out = Vec::new();
    let pair = |key: &str| {
        let new = now.fields.get(key).filter(|f| f.status == Status::Accepted)?;
        let before = earlier.iter().find(|d| d.fields.contains_key(key))?;
        let old = before.fields.get(key).filter(|f| f.status == Status::Accepted)?;
        Some((*before, old, new))
    };
    if let Some((before, old, new)) = pair("encounter.discharge_date")
        && same_stay(before, now, old, new)
    {
        other("encounter.discharge_date", old, new, lang, &mut out);
    }
    if let Some((_, old, new)) = pair("clinical.medications") {
        medications(old, new, lang, &mut out);
    }
    if let Some((_, old, new)) = pair("clinical.procedures") {
        let words = |f: &Field| list(f).into_iter().map(|t| (fold(&t), t)).collect::<BTreeMap<_, _>>();
        let (old, new) = (words(old), words(new));
        say_lists(
            &old,
            &new,
            (lang.say("医療処置が増えた", "Procedures added"), lang.say("医療処置が減った", "Procedures ended")),
            &mut out,
        );
    }
    for key in ["adl.transfer", "adl.mobility", "adl.eating", "adl.toileting", "adl.bathing", "adl.dressing"] {
        if let Some((_, old, new)) = pair(key)
            && let (Some(o), Some(n)) = (grade(ADL, old), grade(ADL, new))
            && o != n
        {
            let how = if n > o {
                lang.say("ADL が下がった", "ADL worse")
            } else {
                lang.say("ADL が上がった", "ADL better")
            };
            out.push(Change { text: format!("{how}: {}", turned(key, old, new)), attention: n > o });
        }
    }
    if let Some((_, old, new)) = pair("care.level")
        && old.value != new.value
    {
        let up = matches!((grade(CARE, old), grade(CARE, new)), (Some(o), Some(n)) if n > o);
        let how = lang.say("要介護度が変わった", "Care level changed");
        out.push(Change { text: format!("{how}: {}", turned("care.level", old, new)), attention: up });
    }
    for key in OTHER {
        if let Some((_, old, new)) = pair(key) {
            other(key, old, new, lang, &mut out);
        }
    }
    out
}

/// Whether two sheets speak of one stay in hospital: admitted on the same day, as far as both say so surely.
fn same_stay(before: &Document, now: &Document, old: &Field, new: &Field) -> bool {
    if let (Some(a), Some(b)) = (before.accepted("encounter.admission_date"), now.accepted("encounter.admission_date"))
    {
        return a == b;
    }
    let day = |f: &Field| f.value.text().parse::<Date>().ok();
    match (day(old), day(new)) {
        (Some(o), Some(n)) => o.until(n).is_ok_and(|s| s.get_days().abs() <= OTHER_STAY),
        _ => false,
    }
}

fn other(key: &str, old: &Field, new: &Field, lang: Lang, out: &mut Vec<Change>) {
    if fold(&old.value.text()) != fold(&new.value.text()) {
        let label = if key == "encounter.discharge_date" { "退院日".to_owned() } else { label_of(key, new) };
        let text = match lang {
            Lang::Ja => format!("{label}が変わった: {}", turned(key, old, new)),
            Lang::En => format!("{label} changed: {}", turned(key, old, new)),
        };
        let attention = ["encounter.discharge_date", "clinical.allergies", "clinical.infections"].contains(&key);
        out.push(Change { text, attention });
    }
}

/// Drugs by their names: added, gone, and those of which strength or usage are written otherwise.
fn medications(old: &Field, new: &Field, lang: Lang, out: &mut Vec<Change>) {
    let drugs = |f: &Field| list(f).into_iter().map(|t| (drug(&t), t)).collect::<BTreeMap<_, _>>();
    let (old, new) = (drugs(old), drugs(new));
    say_lists(&old, &new, (lang.say("薬が増えた", "Drugs added"), lang.say("薬が減った", "Drugs gone")), out);
    let turned: Vec<String> = new
        .iter()
        .filter_map(|(name, n)| old.get(name).filter(|o| fold(o) != fold(n)).map(|o| format!("{o} → {n}")))
        .collect();
    if !turned.is_empty() {
        let how = lang.say("薬の量か飲み方の書き方が違う", "Strength or usage written otherwise");
        out.push(Change { text: format!("{how}: {}", turned.join("、")), attention: true });
    }
}

fn say_lists(
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
    (more, less): (&str, &str),
    out: &mut Vec<Change>,
) {
    let only = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| {
        a.iter().filter(|(k, _)| !b.contains_key(*k)).map(|(_, t)| t.clone()).collect::<Vec<_>>()
    };
    for (how, which, attention) in [(more, only(new, old), false), (less, only(old, new), true)] {
        if !which.is_empty() {
            out.push(Change { text: format!("{how}: {}", which.join("、")), attention });
        }
    }
}

fn list(f: &Field) -> Vec<String> {
    match &f.value {
        Value::One(text) => vec![text.clone()],
        Value::Many(all) => all.clone(),
    }
}

/// The name of a drug: what stands before its strength, dose or form.
fn drug(line: &str) -> String {
    let folded = fold(line);
    let name = folded.split(|c: char| c.is_ascii_digit() || "(「[【".contains(c)).next().unwrap_or_default();
    let name =
        ["od錠", "錠", "カプセル", "散", "細粒", "顆粒"].iter().fold(name, |n, form| n.strip_suffix(form).unwrap_or(n));
    if name.is_empty() { folded } else { name.to_owned() }
}

/// One width, no white space, one case.
fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

fn grade(grades: &[&str], f: &Field) -> Option<usize> {
    let value = f.value.text();
    grades.iter().position(|g| *g == value)
}

fn turned(key: &str, old: &Field, new: &Field) -> String {
    let name = if key.starts_with("adl.") { format!("{} ", words::label(key)) } else { String::new() };
    format!("{name}{} → {}", shown(key, &old.value.text()), shown(key, &new.value.text()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trace;

    fn sheet(fields: &[(&str, &str, Status)]) -> Document {
        let field = |text: &str, status| Field {
            value: if text.contains('\n') {
                Value::Many(text.split('\n').map(str::to_owned).collect())
            } else {
                Value::One(text.into())
            },
            raw: text.into(),
            page: 1,
            rect: [0; 4],
            confidence: 1.0,
            status,
            items: None,
            trace: Trace::default(),
        };
        Document {
            kind: "discharge_summary".into(),
            pages: vec![1],
            confidence: 1.0,
            fields: fields.iter().map(|(k, t, s)| ((*k).to_owned(), field(t, *s))).collect(),
            doubts: Vec::new(),
            sender_id: None,
        }
    }

    fn said(now: &[(&str, &str, Status)], earlier: &[&[(&str, &str, Status)]]) -> Vec<String> {
        let earlier: Vec<Document> = earlier.iter().map(|e| sheet(e)).collect();
        let earlier: Vec<&Document> = earlier.iter().collect();
        since(&sheet(now), &earlier, Lang::Ja).into_iter().map(|c| c.text).collect()
    }

    const SURE: Status = Status::Accepted;
    const UNSURE: Status = Status::Review;

    #[test]
    fn drugs_and_grades_are_told_in_words() {
        let before: &[(&str, &str, Status)] = &[
            ("clinical.medications", "アムロジピン錠5mg 1錠 朝\nタケプロン15mg 1C 夕", SURE),
            ("adl.transfer", "supervised", SURE),
            ("adl.eating", "partial", SURE),
            ("care.level", "care_2", SURE),
            ("encounter.discharge_date", "2026-11-28", SURE),
        ];
        let now = [
            ("clinical.medications", "アムロジピン錠2.5mg 1錠 朝\nワーファリン1mg 2錠 夕", SURE),
            ("adl.transfer", "partial", SURE),
            ("adl.eating", "independent", SURE),
            ("care.level", "care_3", SURE),
            ("encounter.discharge_date", "2026-11-29", SURE),
        ];
        let said = said(&now, &[before]).join("\n");
        for text in [
            "薬が増えた: ワーファリン1mg 2錠 夕",
            "薬が減った: タケプロン15mg 1C 夕",
            "アムロジピン錠5mg 1錠 朝 → アムロジピン錠2.5mg 1錠 朝",
            "ADL が下がった: 移乗 見守り → 一部介助",
            "ADL が上がった: 食事 一部介助 → 自立",
            "要介護度が変わった: 要介護2 → 要介護3",
            "退院日が変わった: 2026年11月28日(土) → 2026年11月29日(日)",
        ] {
            assert!(said.contains(text), "{text} in {said}");
        }
    }

    #[test]
    fn nothing_is_said_of_what_is_not_sure_on_either_side() {
        let transfer = |word, status| [("adl.transfer", word, status)];
        let (worse, better) = (transfer("full", SURE), transfer("independent", SURE));
        assert_eq!(said(&worse, &[&better]).len(), 1);
        assert!(said(&transfer("full", UNSURE), &[&better]).is_empty());
        // Not even where a still earlier one is sure.
        assert!(said(&worse, &[&transfer("partial", UNSURE), &better]).is_empty());
        assert_eq!(said(&worse, &[&[], &better]).len(), 1, "the latest that carries it");
        assert!(said(&worse, &[]).is_empty() && said(&worse, &[&worse]).is_empty());
    }

    #[test]
    fn another_stay_is_no_changed_discharge() {
        let leaves = |day| [("encounter.discharge_date", day, SURE)];
        assert!(said(&leaves("2026-11-28"), &[&leaves("2026-03-02")]).is_empty());
        assert_eq!(said(&leaves("2026-11-28"), &[&leaves("2026-11-20")]).len(), 1);
        let stay = |from, to| [("encounter.admission_date", from, SURE), ("encounter.discharge_date", to, SURE)];
        assert!(said(&stay("2026-11-10", "2026-11-28"), &[&stay("2026-10-01", "2026-11-05")]).is_empty());
    }
}
