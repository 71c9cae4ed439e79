//! Whether what a person typed is what the machine read, in the field's normal form.

use std::collections::BTreeSet;

use crate::model::{Kind, Value, Vocabulary};
use crate::text::era::{self, Context};
use crate::text::numbers::{hyphenate, phone_digits};
use crate::text::squeeze;

/// What a person typed of a field in its normal form; none where it says nothing. Dates may be written as on the page
/// (昭和15年1月2日, S15.1.2, 1940/1/2), phones with or without hyphens. `own`: normal form of one of the city's own fields.
///
/// # Errors
/// A sentence for a person where it cannot be meant.
pub fn normal(key: &str, own: Option<Kind>, many: bool, typed: &str) -> Result<Option<Value>, String> {
    let lines: Vec<String> = typed.lines().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect();
    if lines.is_empty() {
        return Ok(None);
    }
    if many {
        return Ok(Some(Value::Many(lines)));
    }
    let def = Vocabulary::get().fields.get(key);
    let kind = def.map(|d| d.kind).or(own);
    let text = match kind {
        Some(Kind::Text) | None => lines.join("\n"),
        _ => lines.concat(),
    };
    let label = Vocabulary::get().label(key);
    let value = match kind {
        Some(Kind::Date) => match era::best(&text, &Context::default()) {
            Some(date) => date.day(),
            None => return Err(format!("「{label}」は日付です。昭和15年1月2日、1940-01-02 のように入れてください")),
        },
        Some(Kind::Datetime) => match era::best(&text.replace('T', " "), &Context::default()) {
            Some(date) => date.value(),
            None => return Err(format!("「{label}」は日時です。2026年12月1日 14:00 のように入れてください")),
        },
        Some(Kind::Phone | Kind::Digits) if phone_digits(&text).is_empty() => {
            return Err(format!("「{label}」は数字です"));
        }
        Some(Kind::Phone) => hyphenate(&phone_digits(&text)),
        Some(Kind::Digits) => phone_digits(&text),
        Some(Kind::Enum) if !def.is_some_and(|d| d.values.contains(&text)) => {
            return Err(format!("「{label}」を選んでください"));
        }
        _ => text,
    };
    Ok(Some(Value::One(value)))
}

/// Whether two values say the same: after NFKC without white space, phones by their digits, lists in any order.
pub fn same(key: &str, a: &Value, b: &Value) -> bool {
    let kind = Vocabulary::get().fields.get(key).map(|d| d.kind);
    let form = |s: &String| match kind {
        Some(Kind::Phone | Kind::Digits) => phone_digits(s),
        _ => squeeze(s),
    };
    let list = |v: &Value| -> BTreeSet<String> {
        match v {
            Value::Many(all) => all.iter().map(form).collect(),
            Value::One(one) => [form(one)].into(),
        }
    };
    list(a) == list(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(key: &str, typed: &str) -> Value {
        normal(key, None, false, typed).expect("can be meant").expect("says something")
    }

    #[test]
    fn what_is_typed_as_it_stands_on_the_page_is_the_same() {
        let of = |key: &str, machine: &str, typed: &str| same(key, &Value::One(machine.into()), &one(key, typed));
        for typed in ["昭和15年1月2日", "S15.1.2", "1940-01-02", "1940/1/2", "1940年1月2日"] {
            assert!(of("patient.birth_date", "1940-01-02", typed), "{typed}");
        }
        assert!(!of("patient.birth_date", "1940-01-02", "1940-01-12"));
        assert!(of("next_visit.datetime", "2026-12-01T14:00", "2026年12月1日 14:00"));
        assert!(of("sender.phone", "04-7100-1234", "0471001234"));
        assert!(of("sender.phone", "04-7100-1234", "０４（７１００）１２３４"));
        assert!(of("patient.name", "柏 花子", "柏　花子"));
        assert!(!of("patient.name", "柏 花子", "柏 花江"));
        assert!(of("patient.sex", "male", "male"));
        let list = |v: &[&str]| Value::Many(v.iter().map(|s| (*s).to_owned()).collect());
        let typed = normal("clinical.diagnoses", None, true, "白内障\r\n高血圧症\n\n").expect("a list").expect("two");
        assert!(same("clinical.diagnoses", &list(&["高血圧症", "白内障"]), &typed));
        assert!(!same("clinical.diagnoses", &list(&["高血圧症"]), &typed));
    }

    #[test]
    fn nothing_is_nothing_and_nonsense_is_told() {
        assert_eq!(normal("patient.name", None, false, " \n"), Ok(None));
        for (key, typed) in [("document.date", "きのう"), ("sender.fax", "なし"), ("patient.sex", "男")] {
            assert!(normal(key, None, false, typed).is_err(), "{key}");
        }
    }
}
