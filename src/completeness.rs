//! Which items of its national form a sheet carries (記載もれ): for every form a file under `config/forms`, embedded.
//!
//! An item is there where one of its fields was found, or where something is written by one of its labels. Where a label
//! stands and what is by it cannot be read, or where a page of the sheet could not be read, it is unreadable: nobody can
//! say that it is missing. Pure: knows what was read and nothing of rules, stores or pages.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::{Document, Rect};
use crate::reading::{Line, Page};
use crate::text::squeeze;

/// A heading is one where its characters are as sure as this on the average, and stands in this part of the first page.
const HEADING: f32 = 0.85;
const UPPER: i32 = 3;
/// Below this mean probability of its characters nobody can rely on what is written by a label.
const READABLE: f32 = 0.55;
/// A box with less ink inside is empty; a pen's tick leaves more.
const TICKED: f32 = 0.12;

/// A national form.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Stands before its items' keys.
    pub key: String,
    /// Type of document, as the vocabulary has it.
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    /// What the sheet says on top where its type has several forms; a form without is the type's usual one.
    #[serde(default)]
    pub title: Vec<String>,
    #[serde(rename = "item")]
    pub items: Vec<Item>,
}

/// An item of a form.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub key: String,
    pub ja: String,
    #[serde(default)]
    pub required: bool,
    /// Any of these fields is the item.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Something written by any of these is the item.
    #[serde(default)]
    pub labels: Vec<String>,
    /// What is printed by the label are options: one of them must be ticked or ringed.
    #[serde(default)]
    pub marked: bool,
}

/// How an item stands on a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    There,
    Missing,
    Unreadable,
}

impl How {
    pub fn as_str(self) -> &'static str {
        match self {
            How::There => "there",
            How::Missing => "missing",
            How::Unreadable => "unreadable",
        }
    }
}

/// What was seen of a sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Thousandths: mean probability of its characters; none where it has none.
    pub legible: Option<i64>,
    /// Required items, `form/item`; none where its type has no national form.
    pub required: Option<Vec<(String, How)>>,
    /// Key of the form that its heading surely names, where its type has several.
    pub form: Option<&'static str>,
}

const FILES: [&str; 7] = [
    include_str!("../config/forms/referral.toml"),
    include_str!("../config/forms/nursing_order.toml"),
    include_str!("../config/forms/special_nursing_order.toml"),
    include_str!("../config/forms/discharge_summary.toml"),
    include_str!("../config/forms/nursing_summary.toml"),
    include_str!("../config/forms/admission_info.toml"),
    include_str!("../config/forms/discharge_record.toml"),
];

/// All forms that this build carries.
pub fn forms() -> &'static [Form] {
    static ALL: LazyLock<Vec<Form>> =
        LazyLock::new(|| FILES.iter().map(|f| toml::from_str(f).expect("an embedded form parses")).collect());
    &ALL
}

/// Name of `form/item`; as it is where no form knows it.
pub fn name(item: &str) -> &str {
    find(item).map_or(item, |i| i.ja.as_str())
}

/// The form of that key.
pub fn form_of(key: &str) -> Option<&'static Form> {
    forms().iter().find(|f| f.key == key)
}

/// Whether a sheet has an item by now, since a person may have added its field.
pub fn is_there(item: &str, document: &Document) -> bool {
    find(item).is_some_and(|i| i.fields.iter().any(|f| document.fields.contains_key(f)))
}

fn find(item: &str) -> Option<&'static Item> {
    let (form, key) = item.split_once('/')?;
    forms().iter().find(|f| f.key == form)?.items.iter().find(|i| i.key == key)
}

/// Looks at a sheet's own pages.
pub fn look(document: &Document, pages: &[Page]) -> Look {
    let own: Vec<&Page> = pages.iter().filter(|p| document.pages.contains(&p.number)).collect();
    let required = form(document, &own).map(|form| {
        let words: Vec<&str> = form.items.iter().flat_map(|i| &i.labels).map(String::as_str).collect();
        let items = form.items.iter().filter(|i| i.required);
        items.map(|i| (format!("{}/{}", form.key, i.key), how(i, document, &own, &words))).collect()
    });
    Look { legible: legible(&own), required, form: heading(document, &own).map(|f| f.key.as_str()) }
}

/// Every item of a sheet's form, the optional ones too; none where its type has none.
pub fn items(document: &Document, pages: &[Page]) -> Option<Vec<(&'static Item, How)>> {
    let own: Vec<&Page> = pages.iter().filter(|p| document.pages.contains(&p.number)).collect();
    let form = form(document, &own)?;
    let words: Vec<&str> = form.items.iter().flat_map(|i| &i.labels).map(String::as_str).collect();
    Some(form.items.iter().map(|i| (i, how(i, document, &own, &words))).collect())
}

fn form(document: &Document, pages: &[&Page]) -> Option<&'static Form> {
    let mut of: Vec<&Form> = forms().iter().filter(|f| f.kind == document.kind).collect();
    // Those that a title tells apart come first.
    of.sort_by_key(|f| f.title.is_empty());
    let says = |words: &[String]| {
        pages.iter().take(1).flat_map(|p| &p.lines).any(|l| {
            let text = squeeze(&l.text());
            words.iter().any(|w| text.contains(w.as_str()))
        })
    };
    of.into_iter().find(|f| f.title.is_empty() || says(&f.title))
}

/// The form that the heading names and nothing beside it contradicts: on a paper that bears the titles of two forms, the one
/// that is ringed.
fn heading(document: &Document, pages: &[&Page]) -> Option<&'static Form> {
    let page = pages.first()?;
    let upper: Vec<(&Line, String)> = page
        .lines
        .iter()
        .filter(|l| !l.tti && l.rect.y1 * UPPER <= page.height)
        .map(|l| (l, squeeze(&l.text())))
        .collect();
    let sure = |l: &Line| {
        let sum: f32 = l.glyphs.iter().map(|g| g.p).sum();
        sum >= HEADING * l.glyphs.len() as f32
    };
    let ringed = |l: &Line| page.rings.iter().any(|r| overlap(r, &l.rect));
    let titled = |f: &Form| {
        let (line, _) = upper.iter().find(|(_, t)| f.title.iter().any(|w| t.starts_with(w.as_str())))?;
        let others = upper.iter().filter(|(l, t)| !std::ptr::eq(*l, *line) && t.ends_with("指示書"));
        let alone = others.clone().count() == 0 && upper.iter().all(|(_, t)| t.matches("指示書").count() < 2);
        let chosen = ringed(line) && !others.clone().any(|(l, _)| ringed(l));
        (sure(line) && (alone || chosen)).then_some(())
    };
    forms().iter().filter(|f| f.kind == document.kind && !f.title.is_empty()).find(|f| titled(f).is_some())
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1
}

fn legible(pages: &[&Page]) -> Option<i64> {
    let (mut sum, mut n) = (0.0_f64, 0_i64);
    for g in pages.iter().flat_map(|p| &p.lines).filter(|l| !l.tti).flat_map(|l| &l.glyphs) {
        sum += f64::from(g.p);
        n += 1;
    }
    (n > 0).then(|| (sum / n as f64 * 1000.0).round() as i64)
}

fn how(item: &Item, document: &Document, pages: &[&Page], words: &[&str]) -> How {
    if item.fields.iter().any(|f| document.fields.contains_key(f)) {
        return How::There;
    }
    let mut best = None;
    for page in pages {
        for (n, line) in page.lines.iter().enumerate().filter(|(_, l)| !l.tti) {
            let Some(rest) = after_label(line, &item.labels) else { continue };
            let seen = if item.marked { marked(page, line) } else { written(page, n, rest, words) };
            match seen {
                Some(How::There) => return How::There,
                seen => best = best.or(seen),
            }
        }
    }
    let lost = pages.iter().any(|p| p.failed.is_some()) || pages.is_empty();
    best.unwrap_or(if lost { How::Unreadable } else { How::Missing })
}

/// Where the text after a label begins on a line that begins with it.
fn after_label(line: &Line, labels: &[String]) -> Option<usize> {
    let text: Vec<char> = squeeze(&line.text()).chars().collect();
    let from = text.iter().take_while(|c| bullet(**c)).count();
    let at = |label: &String| {
        let label: Vec<char> = label.chars().collect();
        text[from..].starts_with(&label).then_some(from + label.len())
    };
    labels.iter().filter_map(at).max()
}

fn bullet(c: char) -> bool {
    c.is_ascii_digit() || c.is_ascii_punctuation() || "①②③④⑤⑥⑦⑧⑨⑩【〔［「・●○◎■□◆◇※＊※、。）".contains(c)
}

/// What separates a label from its value, and lines that are to be written on.
fn filler(c: char) -> bool {
    c.is_ascii_punctuation() || "：【】〔〕［］「」・、。（）＿―ー－…〜～".contains(c)
}

/// What is written by a label: after it, to its right in the same row, or below it; none where nothing is.
fn written(page: &Page, at: usize, rest: usize, words: &[&str]) -> Option<How> {
    let line = &page.lines[at];
    // After NFKC a character may be several; what is told apart here is only whether there is something.
    let own: Vec<f32> = line.glyphs.iter().skip(rest).filter(|g| !filler(g.ch)).map(|g| g.p).collect();
    if let Some(how) = judged(&own) {
        return Some(how);
    }
    let labelled = |l: &Line| {
        let text = squeeze(&l.text());
        let text = text.trim_start_matches(bullet);
        words.iter().any(|w| text.starts_with(w))
    };
    let text = |l: &Line| l.glyphs.iter().filter(|g| !filler(g.ch)).map(|g| g.p).collect::<Vec<f32>>();
    let same_row = |r: &Rect| {
        let both = r.y1.min(line.rect.y1) - r.y0.max(line.rect.y0);
        r.x0 >= line.rect.x1 - 4 && both * 2 > r.height().min(line.rect.height())
    };
    let right =
        page.lines.iter().enumerate().filter(|(n, l)| *n != at && same_row(&l.rect)).min_by_key(|(_, l)| l.rect.x0);
    if let Some((_, right)) = right
        && !labelled(right)
        && let Some(how) = judged(&text(right))
    {
        return Some(how);
    }
    let em = page.em.max(16.0) as i32;
    let below = |r: &Rect| {
        let gap = r.y0 - line.rect.y1;
        (-em / 3..em * 5 / 2).contains(&gap) && r.x0 < line.rect.x1 + em * 4 && r.x1 > line.rect.x0
    };
    let below =
        page.lines.iter().enumerate().filter(|(n, l)| *n != at && below(&l.rect)).min_by_key(|(_, l)| l.rect.y0);
    below.filter(|(_, l)| !labelled(l)).and_then(|(_, l)| judged(&text(l)))
}

fn judged(p: &[f32]) -> Option<How> {
    if p.is_empty() {
        return None;
    }
    let mean = p.iter().sum::<f32>() / p.len() as f32;
    Some(if mean >= READABLE { How::There } else { How::Unreadable })
}

/// A ring or a ticked box in the label's row.
fn marked(page: &Page, line: &Line) -> Option<How> {
    let row = |r: &Rect| {
        let both = r.y1.min(line.rect.y1) - r.y0.max(line.rect.y0);
        both * 2 > line.rect.height().min(r.height()) && r.x1 > line.rect.x0
    };
    let ring = page.rings.iter().any(row);
    let ticked = page.boxes.iter().any(|b| b.ink >= TICKED && row(&b.rect));
    let glyph = page.lines.iter().filter(|l| row(&l.rect)).flat_map(|l| &l.glyphs).any(|g| "☑■✓レ☒".contains(g.ch));
    (ring || ticked || glyph).then_some(How::There)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::model::{Field, Status, Trace, Value, Vocabulary};
    use crate::reading::Glyph;

    fn line(text: &str, x: i32, y: i32, p: f32) -> Line {
        let glyph = |(n, ch): (usize, char)| {
            let x0 = x + n as i32 * 24;
            Glyph { ch, p, x0, x1: x0 + 22, ..Glyph::default() }
        };
        let glyphs: Vec<Glyph> = text.chars().enumerate().map(glyph).collect();
        Line { rect: Rect::new(x, y, x + text.chars().count() as i32 * 24, y + 24), glyphs, ..Line::default() }
    }

    fn document(kind: &str, fields: &[&str]) -> Document {
        let field = |key: &&str| {
            let field = Field {
                value: Value::One("x".into()),
                raw: String::new(),
                page: 1,
                rect: [0; 4],
                confidence: 0.2,
                status: Status::Review,
                items: None,
                trace: Trace::default(),
            };
            ((*key).to_owned(), field)
        };
        Document {
            kind: kind.into(),
            pages: vec![1],
            confidence: 1.0,
            fields: fields.iter().map(field).collect(),
            doubts: Vec::new(),
            sender_id: None,
        }
    }

    fn seen(document: &Document, lines: Vec<Line>) -> BTreeMap<String, How> {
        let page = Page { number: 1, em: 24.0, lines, ..Page::default() };
        look(document, &[page]).required.expect("a national form").into_iter().collect()
    }

    #[test]
    fn forms_name_what_there_is() {
        let mut keys = BTreeSet::new();
        for form in forms() {
            assert!(keys.insert(&form.key), "{}", form.key);
            assert!(Vocabulary::get().types.contains_key(&form.kind), "{}", form.kind);
            let mut items = BTreeSet::new();
            for i in &form.items {
                assert!(items.insert(&i.key), "{}/{}", form.key, i.key);
                assert!(!i.fields.is_empty() || !i.labels.is_empty(), "{}/{}: how is it seen?", form.key, i.key);
                for f in &i.fields {
                    assert!(Vocabulary::get().fields.contains_key(f), "{}/{}: {f}", form.key, i.key);
                }
                assert_eq!(name(&format!("{}/{}", form.key, i.key)), i.ja);
                assert!(
                    i.labels.iter().all(|l| squeeze(l) == *l),
                    "{}/{}: labels stand without white space",
                    form.key,
                    i.key
                );
            }
            assert!(form.items.iter().any(|i| i.required));
        }
        assert_eq!(name("old/gone"), "old/gone");
    }

    #[test]
    fn an_item_is_there_by_its_field_or_by_what_is_written_by_its_label() {
        let d = document("referral", &["patient.name"]);
        let all = seen(
            &d,
            vec![
                line("紹介目的：精査のお願い", 100, 100, 0.9),
                line("傷病名", 100, 150, 0.9),
                line("高血圧症", 400, 152, 0.9),
                line("【既往歴及び家族歴】", 100, 200, 0.9),
                line("特になし", 120, 230, 0.9),
                line("治療経過", 100, 300, 0.9),
                line("現在の処方", 100, 340, 0.9),
                line("□〇△×", 400, 342, 0.3),
            ],
        );
        assert_eq!(all["referral/name"], How::There);
        assert_eq!(all["referral/purpose"], How::There, "behind it");
        assert_eq!(all["referral/diagnoses"], How::There, "to its right");
        assert_eq!(all["referral/history"], How::There, "below it");
        assert_eq!(all["referral/treatment"], How::Missing, "the next is a label");
        assert_eq!(all["referral/medications"], How::Unreadable);
        assert_eq!(all["referral/birth"], How::Missing);
        assert!(look(&document("cover", &[]), &[]).required.is_none());
        assert!(is_there("referral/birth", &document("referral", &["patient.birth_date"])));
    }

    #[test]
    fn what_a_lost_page_carried_nobody_can_say() {
        let page = Page { number: 1, failed: Some("時間切れ".into()), ..Page::default() };
        let l = look(&document("referral", &["patient.name"]), &[page]);
        assert_eq!(l.legible, None);
        assert!(
            l.required
                .expect("a form")
                .iter()
                .all(|(key, how)| (key == "referral/name") == (*how == How::There) && *how != How::Missing)
        );
    }

    #[test]
    fn a_title_tells_which_form_it_is_and_options_need_a_mark() {
        let d = document("nursing_order", &[]);
        let plain = seen(&d, vec![line("訪問看護指示書", 100, 50, 0.9)]);
        assert!(plain.keys().all(|k| k.starts_with("nursing_order/")));
        let special = seen(&d, vec![line("特別訪問看護指示書", 100, 50, 0.9)]);
        assert!(special.keys().all(|k| k.starts_with("special_nursing_order/")));
        // A heading is above, sure, and the only one; or the one of two that is ringed.
        let named = |lines: Vec<Line>, rings: Vec<Rect>| {
            look(&d, &[Page { number: 1, em: 24.0, height: 3000, lines, rings, ..Page::default() }]).form
        };
        let (title, other) = ("特別訪問看護指示書", "在宅患者訪問点滴注射指示書");
        let form = Some("special_nursing_order");
        assert_eq!(named(vec![line(title, 100, 50, 0.9)], vec![]), form);
        assert_eq!(named(vec![line(title, 100, 2000, 0.9)], vec![]), None, "in the text");
        assert_eq!(named(vec![line(title, 100, 50, 0.6)], vec![]), None, "not sure");
        assert_eq!(named(vec![line("訪問看護指示書", 100, 50, 0.9)], vec![]), None);
        let two = || vec![line(title, 100, 50, 0.9), line(other, 100, 90, 0.9)];
        let (first, second) = (Rect::new(90, 45, 330, 80), Rect::new(90, 86, 430, 120));
        assert_eq!(named(two(), vec![]), None);
        assert_eq!(named(two(), vec![first]), form);
        assert_eq!(named(two(), vec![second]), None);
        let both = "特別訪問看護指示書・在宅患者訪問点滴注射指示書";
        assert_eq!(named(vec![line(both, 100, 50, 0.9)], vec![]), None, "in one line");
        let item = Item {
            key: "x".into(),
            ja: "x".into(),
            required: true,
            fields: vec![],
            labels: vec!["褥瘡".into()],
            marked: true,
        };
        let page = |rings: Vec<Rect>| Page {
            number: 1,
            em: 24.0,
            lines: vec![line("褥瘡有無", 100, 100, 0.9)],
            rings,
            ..Page::default()
        };
        assert_eq!(how(&item, &d, &[&page(vec![])], &[]), How::Missing);
        assert_eq!(how(&item, &d, &[&page(vec![Rect::new(150, 96, 180, 128)])], &[]), How::There);
    }
}
