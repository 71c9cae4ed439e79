//! The fields of a sheet as the review page shows them: the unsure ones first, each with its place on the page, its zoomed
//! crop, and what was decided about it so far.

use std::collections::BTreeMap;

use crate::model::{Document, Kind, Value, Vocabulary};
use crate::store::review::{Draft, Edit, TYPE};
use crate::tuning::InForce;
use crate::web::frame::Frame;
use crate::web::view::{self, Crop, EditView, PageView};
use crate::web::words;

/// One field.
pub struct Row {
    /// Element of the page, and of its box.
    pub id: String,
    pub key: String,
    pub label: String,
    /// As it would be posted now.
    pub value: String,
    pub unsure: bool,
    /// What was decided, in a word.
    pub decided: Option<String>,
    /// A person added it.
    pub added: bool,
    pub page: u32,
    pub zooms: Vec<Zoom>,
    pub rows: usize,
    pub options: Vec<(String, String)>,
}

/// A window onto the page, turned as the page is.
pub struct Zoom {
    pub view: [i64; 4],
    pub shown: (i64, i64),
    pub transform: String,
    pub href: String,
    pub page: (i64, i64),
}

/// A field's place on a page.
pub struct Spot {
    pub row: String,
    pub x: i32,
    pub y: i32,
    pub w: i32,
    pub h: i32,
    pub unsure: bool,
    pub label: String,
}

/// Widest crop, CSS pixels; small ones are shown at most twice as large as they are.
const WIDE: i64 = 560;

/// All rows: the unsure ones first, then those that a person added, then the others.
pub fn rows(content: &Document, pages: &[PageView], drafts: &[Draft], frame: &Frame) -> Vec<Row> {
    let decided: BTreeMap<&str, &Edit> = drafts.iter().map(|d| (d.field.as_str(), &d.edit)).collect();
    let mut rows: Vec<Row> = view::edits(content, pages)
        .into_iter()
        .map(|e| {
            let page = content.fields.get(&e.key).map_or(1, |f| f.page);
            row(e, page, pages, &decided, frame)
        })
        .collect();
    let sure = rows.iter().position(|r| !r.unsure).unwrap_or(rows.len());
    let added = drafts.iter().filter(|d| d.field != TYPE && !content.fields.contains_key(&d.field));
    for (n, draft) in added.enumerate() {
        if let Edit::Add { value, page, name } = &draft.edit {
            let label = name.clone().unwrap_or_else(|| words::label(&draft.field));
            rows.insert(sure + n, added_row(&draft.field, label, value, *page, frame));
        }
    }
    for (n, row) in rows.iter_mut().enumerate() {
        row.id = format!("f{}", n + 1);
    }
    rows
}

fn row(e: EditView, page: u32, pages: &[PageView], decided: &BTreeMap<&str, &Edit>, frame: &Frame) -> Row {
    let edit = decided.get(e.key.as_str()).copied();
    let value = match edit {
        Some(Edit::Set(value) | Edit::Add { value, .. }) => lines(value),
        Some(Edit::Remove) => String::new(),
        _ => e.value,
    };
    let decided = edit.map(|edit| match edit {
        Edit::Confirm => frame.say("確認しました", "confirmed"),
        Edit::Set(_) | Edit::Add { .. } => frame.say("直しました", "corrected"),
        Edit::Remove => frame.say("ページにない項目", "not on the page"),
    });
    Row {
        id: String::new(),
        rows: value.lines().count().max(value.chars().count() / 36 + 1),
        value,
        unsure: e.unsure,
        decided: decided.map(str::to_owned),
        added: false,
        page,
        zooms: e.crops.into_iter().map(|c| zoom(c, pages)).collect(),
        key: e.key,
        label: e.label,
        options: e.options,
    }
}

fn added_row(key: &str, label: String, value: &Value, page: u32, frame: &Frame) -> Row {
    let value = lines(value);
    Row {
        id: String::new(),
        key: key.to_owned(),
        label,
        rows: value.lines().count().max(1),
        value,
        unsure: false,
        decided: Some(frame.say("足しました", "added").to_owned()),
        added: true,
        page,
        zooms: Vec::new(),
        options: Vec::new(),
    }
}

/// A value as a form shows it: one element of a list a line.
pub fn lines(value: &Value) -> String {
    match value {
        Value::One(s) => s.clone(),
        Value::Many(v) => v.join("\n"),
    }
}

fn zoom(c: Crop, pages: &[PageView]) -> Zoom {
    let plain = [c.x, c.y, c.w, c.h].map(i64::from);
    let page = pages.iter().find(|p| p.number == c.page);
    let view = page.map_or(plain, |p| p.turned(plain));
    let [_, _, w, h] = view;
    let shown = (w * 2).min(WIDE.max(w.min(900)));
    Zoom {
        view,
        shown: (shown, h * shown / w.max(1)),
        transform: page.map(PageView::transform).unwrap_or_default(),
        href: c.href,
        page: (c.page_w, c.page_h),
    }
}

/// The places of the rows on a page.
pub fn spots(content: &Document, rows: &[Row], page: &PageView) -> Vec<Spot> {
    let spot = |r: &Row| {
        let f = content.fields.get(&r.key).filter(|f| f.page == page.number && !view::is_nowhere(f.rect))?;
        let [x0, y0, x1, y1] = f.rect;
        Some(Spot {
            row: r.id.clone(),
            x: x0 - 3,
            y: y0 - 3,
            w: x1 - x0 + 6,
            h: y1 - y0 + 6,
            unsure: r.unsure,
            label: r.label.clone(),
        })
    };
    rows.iter().filter_map(spot).collect()
}

/// What the page may carry beside what was found: key and label.
/// `own`: the city's own fields.
pub fn missing(content: &Document, rows: &[Row], own: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let there = |key: &str| content.fields.contains_key(key) || rows.iter().any(|r| r.key == key);
    let known = Vocabulary::get().fields.iter().map(|(key, def)| (key, &def.ja));
    known.chain(own).filter(|(key, _)| !there(key)).map(|(key, label)| (key.clone(), label.clone())).collect()
}

/// Normal forms of the city's own fields, by key.
pub type OwnKinds = BTreeMap<String, Kind>;

/// What the text of a form field says, in the vocabulary's normal form; none where it says nothing.
///
/// # Errors
/// A sentence for a person where it cannot be.
pub fn value(key: &str, own: &OwnKinds, many: bool, text: &str) -> Result<Option<Value>, String> {
    let lines: Vec<String> = text.lines().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let def = Vocabulary::get().fields.get(key);
    let kind = def.map(|d| d.kind).or_else(|| own.get(key).copied());
    let value = match kind {
        _ if many => Value::Many(lines),
        Some(Kind::Text) => Value::One(lines.join("\n")),
        _ => Value::One(lines.concat()),
    };
    let fits = match (kind, &value) {
        (Some(Kind::Date), Value::One(v)) => v.parse::<jiff::civil::Date>().is_ok(),
        (Some(Kind::Datetime), Value::One(v)) => {
            v.parse::<jiff::civil::Date>().is_ok() || v.parse::<jiff::civil::DateTime>().is_ok()
        }
        (Some(Kind::Phone), Value::One(v)) => v.chars().all(|c| c.is_ascii_digit() || c == '-'),
        (Some(Kind::Digits), Value::One(v)) => v.chars().all(|c| c.is_ascii_digit()),
        (Some(Kind::Enum), Value::One(v)) => def.is_some_and(|d| d.values.contains(v)),
        _ => true,
    };
    if fits {
        Ok(Some(value))
    } else {
        Err(format!(
            "「{}」の書き方を確かめてください（日付は 2026-11-24、電話は 04-7100-1234 の形）。",
            words::label(key)
        ))
    }
}

/// What the text of a form field says of what was read.
///
/// # Errors
/// As [`value`].
pub fn edit(key: &str, own: &OwnKinds, before: &Value, text: &str) -> Result<Edit, String> {
    Ok(match value(key, own, matches!(before, Value::Many(_)), text)? {
        None => Edit::Remove,
        Some(same) if same == *before => Edit::Confirm,
        Some(other) => Edit::Set(other),
    })
}

/// What a person adds that stands on a page and was not found; none where the text says nothing.
///
/// # Errors
/// As [`value`].
pub fn added(now: &InForce, key: &str, page: u32, text: &str) -> Result<Option<Edit>, String> {
    let kind = Vocabulary::get().fields.get(key).map(|f| f.kind);
    let many = kind.or(now.kinds.get(key).copied()) == Some(Kind::List);
    let name = now.own.get(key).cloned();
    Ok(value(key, &now.kinds, many, text)?.map(|value| Edit::Add { value, page, name }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_keep_the_normal_form() {
        let none = OwnKinds::new();
        let own: OwnKinds = [("x.admitted".to_owned(), Kind::Date)].into();
        let date = Value::One("2026-06-08".into());
        assert!(edit("x.admitted", &own, &date, "6月8日").is_err(), "a field of one's own keeps to its kind");
        assert_eq!(edit("x.admitted", &own, &date, "2026-06-08").ok(), Some(Edit::Confirm));
        let date = Value::One("2026-06-08".into());
        assert_eq!(edit("document.date", &none, &date, "2026-06-08").ok(), Some(Edit::Confirm));
        assert_eq!(edit("document.date", &none, &date, " \n").ok(), Some(Edit::Remove));
        assert!(edit("document.date", &none, &date, "6月8日").is_err());
        let list = Value::Many(vec!["高血圧症".into()]);
        let two = Value::Many(vec!["高血圧症".into(), "白内障".into()]);
        assert_eq!(edit("clinical.diagnoses", &none, &list, "高血圧症\r\n白内障\r\n").ok(), Some(Edit::Set(two)));
        assert!(value("patient.sex", &none, false, "男").is_err(), "an enum's words are not its values");
    }
}
