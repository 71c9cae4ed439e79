//! Sheets made of typed lines, with ink that does as it is told.

use std::collections::BTreeMap;

use super::*;
use crate::model::{Field, Status, Trace, Value};
use crate::reading::{Glyph, Line};

const LETTER: &str = "退院時サマリー\n患者氏名柏花子様\n傷病名脳梗塞後遺症\n経過良好につき自宅へ退院となります\n内服は継続してください\n令和8年11月23日\nかしわ総合病院";

fn field(value: &str, status: Status, row: i32) -> Field {
    let y = 100 + 60 * row;
    Field {
        value: Value::One(value.into()),
        raw: value.into(),
        page: 1,
        rect: [100, y, 100 + 24 * value.chars().count() as i32, y + 24],
        confidence: 0.9,
        status,
        items: None,
        trace: Trace::default(),
    }
}

fn sheet(pages: &[&str]) -> Sheet {
    let fields = BTreeMap::from([
        ("document.date".to_owned(), field("2026-11-23", Status::Accepted, 5)),
        ("patient.name".to_owned(), field("患者氏名柏花子様", Status::Accepted, 1)),
        ("clinical.course".to_owned(), field("経過良好につき自宅へ退院となります", Status::Review, 3)),
    ]);
    let pages: Vec<Page> = pages.iter().enumerate().map(|(i, t)| Page::typed(i as u32 + 1, t)).collect();
    let document = Document {
        kind: "discharge_summary".into(),
        pages: pages.iter().map(|p| p.number).collect(),
        confidence: 1.0,
        fields,
        doubts: Vec::new(),
        sender_id: None,
    };
    Sheet { document, pages }
}

/// Compares with ink that is the same everywhere.
fn judge(old: &Sheet, new: &Sheet) -> Verdict {
    judge_with(old, new, Terms::default(), |_| Seen::default())
}

fn judge_with(old: &Sheet, new: &Sheet, terms: Terms, ink: impl Fn(&Rect) -> Seen) -> Verdict {
    let answer = |q: &Question| Answer { windows: q.windows.iter().map(&ink).collect(), rest: Vec::new() };
    compare(old, new, terms, &mut |_, _, q| Some(answer(q)))
}

fn version(keys: &[&str]) -> Verdict {
    Verdict::Version { differs: keys.iter().map(|k| (*k).to_owned()).collect() }
}

fn glyph(sheet: &mut Sheet, row: usize, at: usize) -> &mut Glyph {
    &mut sheet.pages[0].lines[row].glyphs[at]
}

#[test]
fn the_same_sheet_is_the_same() {
    let old = sheet(&[LETTER]);
    assert_eq!(judge(&old, &old), Verdict::Again);
    // Other places on the glass, another top line.
    let mut moved = old.clone();
    for line in &mut moved.pages[0].lines {
        line.rect = Rect::new(line.rect.x0 + 9, line.rect.y0 - 7, line.rect.x1 + 9, line.rect.y1 - 7);
        line.glyphs.iter_mut().for_each(|g| (g.x0, g.x1) = (g.x0 + 9, g.x1 + 9));
    }
    let top = Line { tti: true, ..Page::typed(1, "2026-11-24 09:12 P.1/1").lines.remove(0) };
    moved.pages[0].lines.insert(0, top);
    for f in moved.document.fields.values_mut() {
        f.rect = [f.rect[0] + 9, f.rect[1] - 7, f.rect[2] + 9, f.rect[3] - 7];
    }
    assert_eq!(judge(&old, &moved), Verdict::Again);
}

#[test]
fn a_field_that_differs_or_is_missing_makes_a_version() {
    let old = sheet(&[LETTER]);
    let mut new = old.clone();
    new.document.fields.insert("patient.name".into(), field("柏花代", Status::Accepted, 1));
    assert_eq!(judge(&old, &new), version(&["patient.name"]));
    let mut new = old.clone();
    new.document.fields.insert("urgency".into(), field("urgent", Status::Review, 0));
    assert_eq!(judge(&old, &new), version(&["urgency"]));
    assert_eq!(judge(&new, &old), version(&["urgency"]));
}

#[test]
fn a_date_that_is_not_certain_twice_makes_a_version() {
    let old = sheet(&[LETTER]);
    let unsure = |mut s: Sheet| {
        s.document.fields.insert("encounter.discharge_date".into(), field("令和8年11月23日", Status::Review, 5));
        s
    };
    let (a, b) = (unsure(old.clone()), unsure(old.clone()));
    assert_eq!(judge(&a, &b), version(&["encounter.discharge_date"]));
    let lenient = Terms { read_alike: true };
    assert_eq!(judge_with(&a, &b, lenient, |_| Seen::default()), Verdict::Again);
    let mut faint = b.clone();
    glyph(&mut faint, 5, 2).p = 0.8;
    let found = judge_with(&a, &faint, lenient, |_| Seen::default());
    assert_eq!(found, version(&["encounter.discharge_date"]), "read alike, but not surely");
}

#[test]
fn an_unsure_field_goes_by_its_ink() {
    let old = sheet(&[LETTER]);
    let course = Rect::new(100, 280, 500, 304);
    let blot = |piece| {
        move |r: &Rect| {
            if r.intersect(&course).is_some() { Seen { piece, all: piece, ink: 200 } } else { Seen::default() }
        }
    };
    assert_eq!(judge_with(&old, &old, Terms::default(), blot(5)), Verdict::Again);
    assert_eq!(judge_with(&old, &old, Terms::default(), blot(90)), version(&["clinical.course"]));
    // A mark beside it.
    let found = compare(&old, &old, Terms::default(), &mut |_, _, q| {
        let rest = vec![(Rect::new(100, 270, 148, 310), Seen { piece: 60, all: 60, ink: 60 })];
        Some(Answer { windows: vec![Seen::default(); q.windows.len()], rest })
    });
    assert_eq!(found, version(&["clinical.course"]));
}

#[test]
fn text_outside_of_fields_counts_as_well() {
    let old = sheet(&[LETTER]);
    let mut new = old.clone();
    glyph(&mut new, 4, 3).ch = '中';
    assert_eq!(judge(&old, &new), version(&[ELSEWHERE]), "another character, surely read");
    let mut new = old.clone();
    *glyph(&mut new, 4, 3) = Glyph { ch: '絲', p: 0.4, ..glyph(&mut new, 4, 3).clone() };
    assert_eq!(judge(&old, &new), Verdict::Again, "misread, for the ink is the same");
    let thin = |_: &Rect| Seen { piece: 9, all: 14, ink: 200 };
    assert_eq!(judge_with(&old, &new, Terms::default(), thin), version(&[ELSEWHERE]));
}

#[test]
fn figures_are_never_taken_for_noise() {
    let text = format!("{LETTER}\nふらつきにより127へ連絡");
    let old = sheet(&[&text]);
    for (row, other) in
        ["ふらつきにより128へ連絡", "ふらつきにより172へ連絡", "ふらつきにより1Z7へ連絡", "ふらつきにより12へ連絡"]
            .iter()
            .enumerate()
    {
        let mut new = sheet(&[&format!("{LETTER}\n{other}")]);
        new.pages[0].lines[7].glyphs.iter_mut().for_each(|g| g.p = if row == 2 { 0.3 } else { 0.99 });
        assert_eq!(judge(&old, &new), version(&[ELSEWHERE]), "{other}");
    }
}

#[test]
fn what_cannot_be_looked_at_is_a_version() {
    let old = sheet(&[LETTER]);
    let found = compare(&old, &old, Terms::default(), &mut |_, _, _| None);
    assert_eq!(found, version(&["clinical.course", ELSEWHERE]));
    let short = compare(&old, &old, Terms::default(), &mut |_, _, _| Some(Answer::default()));
    assert_eq!(short, version(&["clinical.course", ELSEWHERE]), "an answer to another question");
}

#[test]
fn a_partial_fax_is_completed_by_the_whole_and_never_the_other_way_round() {
    let more = "二枚目\nリハビリテーションの経過\n以上よろしくお願いいたします";
    let (part, whole) = (sheet(&[LETTER]), sheet(&[LETTER, more]));
    let complete = Verdict::Whole { differs: Vec::new() };
    assert_eq!(judge(&part, &whole), complete);
    let mut changed = whole.clone();
    changed.document.fields.insert("patient.name".into(), field("柏花代", Status::Accepted, 1));
    assert_eq!(judge(&part, &changed), Verdict::Whole { differs: vec!["patient.name".to_owned()] });
    assert_eq!(judge(&whole, &part), Verdict::Other);
    assert_eq!(judge(&whole, &whole), Verdict::Again);
    let second = sheet(&[more]);
    assert_eq!(judge(&second, &whole), complete, "whichever page came alone");
}

#[test]
fn what_is_not_clearly_the_same_fax_is_another_sheet() {
    let old = sheet(&[LETTER]);
    let mut kind = old.clone();
    kind.document.kind = "referral".into();
    assert_eq!(judge(&old, &kind), Verdict::Other);
    let mut sender = (old.clone(), old.clone());
    sender.0.document.sender_id = Some("1".into());
    sender.1.document.sender_id = Some("2".into());
    assert_eq!(judge(&sender.0, &sender.1), Verdict::Other);
    // Next week's sheet on the same form: another date, a line that differs.
    let mut later =
        sheet(&[&LETTER.replace("経過良好につき自宅へ退院となります", "ふらつきがあり入院期間を延長します")]);
    assert!(matches!(judge(&old, &later), Verdict::Other | Verdict::Version { .. }));
    later.document.fields.insert("document.date".into(), field("2026-11-30", Status::Accepted, 5));
    assert_eq!(judge(&old, &later), Verdict::Other);
    let mut broken = old.clone();
    broken.pages[0].failed = Some("時間切れ".into());
    assert_eq!(judge(&old, &broken), Verdict::Other);
}
