//! Values that a sentence tells instead of a form's label: 8月5日に自宅へ退院される予定です, 病名は肺炎です,
//! 移乗一部介助/食事自立/入浴全介助.
//!
//! Reads the text of a cell, or of free rows that follow each other, as one; must not look at labels or ink.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Rect, Value};
use crate::text::era::{self, Context, Found};

use super::candidate::{Candidate, Field, Sheet, candidate};
use super::choice::Seg;
use super::form::{self, Form, Known, Parsed};
use super::lexicon::{Hit, Strength};
use super::marks::daily;
use super::scope::{Direction, Scope};
use super::view::{Text, View};

/// White space between rows of one text, em.
const APART: f32 = 1.5;
/// Rows of one text at most.
const ROWS: usize = 12;

/// What is told on a page for any of these fields.
pub fn collect(sheet: &Sheet, fields: &[Field], known: &Known, out: &mut Vec<Candidate>) {
    let wanted: Vec<&Field> = fields.iter().filter(|f| is_told(f) && f.rule.look.is_empty()).collect();
    if wanted.is_empty() {
        return;
    }
    for segs in texts(&sheet.view) {
        let told = Told::new(sheet, segs, known);
        for field in &wanted {
            told.of(field, known, out);
        }
    }
}

fn is_told(field: &Field) -> bool {
    match field.form {
        Form::Start | Form::End => field.key.starts_with("encounter."),
        Form::Datetime => field.key == "next_visit.datetime",
        Form::Word => field.key == "encounter.destination",
        Form::Diagnoses | Form::Adl => true,
        Form::Text => matches!(field.key.as_str(), "clinical.history" | "clinical.purpose"),
        _ => false,
    }
}

/// The stretches of a page that are read as one: a cell, or free rows close below each other.
fn texts(view: &View) -> Vec<Vec<Seg>> {
    let mut out: Vec<Vec<Seg>> = Vec::new();
    for cell in 0..view.page.cells.len() {
        let segs: Vec<Seg> = view.lines_in(cell).into_iter().map(|l| view.whole(l)).collect();
        if !segs.is_empty() {
            out.push(segs);
        }
    }
    let mut rows = 0;
    let mut bottom: Option<i32> = None;
    for row in &view.rows {
        let free: Vec<usize> = row.iter().copied().filter(|l| view.cell(*l).is_none()).collect();
        let Some(first) = free.first() else { continue };
        let segs: Vec<Seg> = free.iter().map(|l| view.whole(*l)).collect();
        let near = bottom.is_some_and(|b| (view.rect(*first).y0 - b) as f32 <= APART * view.em);
        match out.last_mut().filter(|_| near && rows < ROWS) {
            Some(last) => {
                last.extend(segs);
                rows += 1;
            }
            None => {
                out.push(segs);
                rows = 1;
            }
        }
        bottom = free.iter().map(|l| view.rect(*l).y1).max();
    }
    out
}

/// One text without its line breaks, and the dates in it.
struct Told<'s, 'p> {
    sheet: &'s Sheet<'p>,
    scope: Scope,
    text: Text,
    string: String,
    dates: Vec<Found>,
}

impl<'s, 'p> Told<'s, 'p> {
    fn new(sheet: &'s Sheet<'p>, segs: Vec<Seg>, known: &Known) -> Told<'s, 'p> {
        let mut text = sheet.view.text(&segs);
        let keep: Vec<bool> = text.chars.iter().map(|c| *c != '\n').collect();
        let mut n = keep.iter();
        text.chars.retain(|_| *n.next().unwrap_or(&true));
        let mut n = keep.iter();
        text.from.retain(|_| *n.next().unwrap_or(&true));
        let string = text.string();
        let speaks = ["院", "所", "次回", "再診", "受診"].iter().any(|w| string.contains(w));
        let context = Context { reference: known.reference, era: None, birth: false };
        let dates = if speaks { era::find(&string, &context) } else { Vec::new() };
        let scope = Scope { direction: Direction::Shape, rows: segs.len(), segs, distance: 0.0 };
        Told { sheet, scope, text, string, dates }
    }

    fn of(&self, field: &Field, known: &Known, out: &mut Vec<Candidate>) {
        match field.form {
            Form::Start | Form::End => self.stay(field, known, out),
            Form::Datetime => self.visit(field, out),
            Form::Word => self.destination(field, out),
            Form::Diagnoses => self.within(field, &DIAGNOSES, known, out),
            Form::Text if field.key == "clinical.purpose" => self.within(field, &PURPOSE, known, out),
            Form::Text => self.within(field, &HISTORY, known, out),
            Form::Adl => self.daily(field, out),
            _ => {}
        }
    }

    fn before(&self, found: &Found) -> String {
        self.text.chars[..found.span.start].iter().filter(|c| !c.is_whitespace()).collect()
    }

    fn behind(&self, found: &Found) -> String {
        self.text.chars[found.span.end..].iter().filter(|c| !c.is_whitespace()).take(48).collect()
    }

    /// 令和7年12月15日より当院に入院, 退院が2月2日に決まりました, 9月29日 入院 → 10月10日 退院.
    fn stay(&self, field: &Field, known: &Known, out: &mut Vec<Candidate>) {
        let (leads, follows) = match field.form {
            Form::Start => (&STARTS_BEFORE, &STARTS),
            _ => (&ENDS_BEFORE, &ENDS),
        };
        for found in &self.dates {
            let said = leads.is_match(&self.before(found)) || is_said(follows, &self.behind(found));
            let Some(best) = found.readings.first().filter(|_| said) else { continue };
            let far = known.reference.is_some_and(|r| (r.year() - best.date.year()).abs() > 2);
            let quality = best.quality * if far { 0.45 } else { 0.95 };
            self.push(field, Parsed::one(best.day(), found.span.clone(), quality), out);
        }
    }

    /// 次回は4月3日10時30分に当科を予約しております.
    fn visit(&self, field: &Field, out: &mut Vec<Candidate>) {
        for found in &self.dates {
            let said = NEXT.is_match(&self.before(found)) || VISITS.is_match(&self.behind(found));
            if let Some(best) = found.readings.first().filter(|_| said) {
                self.push(field, Parsed::one(best.value(), found.span.clone(), best.quality * 0.95), out);
            }
        }
    }

    /// 5月30日に自宅へ退院される予定です.
    fn destination(&self, field: &Field, out: &mut Vec<Candidate>) {
        for found in &self.dates {
            let tail: String = self.text.chars[found.span.end..].iter().take(60).collect();
            let Some(to) = TO.captures(&tail).and_then(|c| c.get(1)) else { continue };
            let start = found.span.end + tail[..to.start()].chars().count();
            let span = start..start + to.as_str().chars().count();
            let slice = self.text.slice(span.clone());
            for p in form::read(Form::Word, &slice, &Known::default()).into_iter().take(1) {
                let p = Parsed { span: shifted(&p.span, span.start), ..p };
                self.push(field, p, out);
            }
        }
    }

    /// What a pattern's first group frames.
    fn within(&self, field: &Field, pattern: &Regex, known: &Known, out: &mut Vec<Candidate>) {
        for c in pattern.captures_iter(&self.string) {
            let Some(m) = c.get(1) else { continue };
            let start = self.string[..m.start()].chars().count();
            let slice = self.text.slice(start..start + m.as_str().chars().count());
            for p in form::read(field.form, &slice, known).into_iter().take(2) {
                let items = p.items.iter().map(|r| shifted(r, start)).collect();
                let p = Parsed { span: shifted(&p.span, start), items, quality: p.quality * 0.95, ..p };
                self.push(field, p, out);
            }
        }
    }

    /// Acts and grades that take turns: each grade is that of the act before it.
    fn daily(&self, field: &Field, out: &mut Vec<Candidate>) {
        for turn in daily::turns(&self.string).into_iter().filter(|t| t.field == field.key) {
            let label = self.text.segs(turn.act.clone());
            let Some(rect) = label.iter().map(|s| self.sheet.view.seg_rect(s)).reduce(|a: Rect, b| a.union(&b)) else {
                continue;
            };
            let text: String = self.text.chars[turn.act.clone()].iter().collect();
            let hit = Hit { segs: label, rect, text, fields: Vec::new(), groups: Vec::new(), cuts: false };
            let scope = Scope { direction: Direction::SameLine, rows: 1, segs: self.scope.segs.clone(), distance: 0.0 };
            let parsed =
                Parsed { value: Value::One(turn.grade.to_owned()), span: turn.said, items: Vec::new(), quality: 0.95 };
            out.push(candidate(self.sheet, field, Some((&hit, Strength::Strong)), &scope, &self.text, parsed));
        }
    }

    fn push(&self, field: &Field, parsed: Parsed, out: &mut Vec<Candidate>) {
        if parsed.quality > 0.05 {
            out.push(candidate(self.sheet, field, None, &self.scope, &self.text, parsed));
        }
    }
}

fn shifted(range: &Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// Whether what follows a date says so, and is not the label of another one: 退院日, 退院 2026/2/1.
fn is_said(pattern: &Regex, behind: &str) -> bool {
    const LABELS: &[&str] = &[
        "日",
        "年",
        "月",
        "先",
        "時",
        "後",
        "前",
        "期",
        "見",
        "歴",
        "中",
        "予定日",
        "予定年",
        "予定:",
        "予定：",
        "(所",
        "（所",
        "(予",
        "（予",
        ":",
        "：",
    ];
    let Some(m) = pattern.find(behind) else { return false };
    let rest = &behind[m.end()..];
    let dated = rest.starts_with(|c: char| c.is_ascii_digit() || "令平昭RHS".contains(c));
    !dated && !LABELS.iter().any(|w| rest.starts_with(w))
}

fn re(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of the program's own")
}

static STARTS: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"^(?:頃|ごろ)?(?:に|の|から|より|付で|付けで|、)?(?:当院|当科|貴院|同院|当施設|こちら)?(?:へ|に|を|の)?(?:ご|緊急|予定)?(?:入院|人院|入所)",
    )
});
static STARTS_BEFORE: LazyLock<Regex> = LazyLock::new(|| re(r"(?:入院|入所)(?:予定)?日?[がはを]$"));
static ENDS: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"^(?:頃|ごろ)?(?:に|の|で|付で|付けで|をもって|、)?(?:[^。、,:：0-9年月日]{2,24}[へに])?(?:ご|無事)?(?:退院|退所)",
    )
});
static ENDS_BEFORE: LazyLock<Regex> = LazyLock::new(|| re(r"(?:退院|退所)(?:予定)?日?[がはを]$"));
static TO: LazyLock<Regex> = LazyLock::new(|| {
    re(r"^ ?(?:頃|ごろ)?(?:に|の|、) ?([^。、,:：0-9年月日]{2,24}?) ?[へに] ?(?:ご|無事)?(?:退院|退所)")
});
static NEXT: LazyLock<Regex> = LazyLock::new(|| re(r"(?:次回|再診|再来)[^。、0-9]{0,10}[は:：]$"));
static VISITS: LazyLock<Regex> = LazyLock::new(|| {
    re(r"^(?:頃|ごろ)?(?:に|の)?(?:当科|当院|外来)?(?:へ|に|を|の|で)?(?:外来)?(?:ご)?(?:受診|再診|来院|予約)")
});
static DIAGNOSES: LazyLock<Regex> = LazyLock::new(|| {
    re(r"(?:診断名|病名|疾患名)は、?([^。]{2,120}?)(?:です|でした|であり|でございます|になります|となります)")
});
static PURPOSE: LazyLock<Regex> = LazyLock::new(|| {
    re(r"(?:紹介の?目的|依頼の?目的|依頼の?内容)は、?([^。]{4,100}?)(?:です|でございます|となります)")
});
static HISTORY: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(?:これまでに|既往として|既往歴として|既往に|既往歴は|既往は)、?([^。]{2,100}?)(?:の既往|の病歴|の治療歴|が(?:ある|あり|ござい)|です|でした|を認め)",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_date() {
        for (pattern, behind) in [
            (&STARTS, "より当院に入院されております"),
            (&STARTS, "入院→令和8年10月10日"),
            (&ENDS, "退院(12日間)"),
            (&ENDS, "頃のご退院を予定"),
            (&ENDS, "に自宅へ退院される予定です"),
        ] {
            assert!(is_said(pattern, behind), "{behind}");
        }
        for (pattern, behind) in
            [(&ENDS, "退院日R8.2.1"), (&ENDS, "退院2026/2/1"), (&ENDS, "退院（所）予定日"), (&STARTS, "入院時")]
        {
            assert!(!is_said(pattern, behind), "{behind}");
        }
        assert!(ENDS_BEFORE.is_match("岡安様の退院が"));
        assert!(NEXT.is_match("今後は経過を拝見いたします。次回予約は"));
        let to = |s: &str| TO.captures(s).and_then(|c| c.get(1)).map(|m| m.as_str().to_owned());
        assert_eq!(
            to("に介護付有料老人ホームカーサ流山へ退院される"),
            Some("介護付有料老人ホームカーサ流山".to_owned())
        );
        assert_eq!(
            DIAGNOSES.captures("備考 診断名は肺炎、糖尿病です。").map(|c| c[1].to_owned()),
            Some("肺炎、糖尿病".to_owned())
        );
    }
}
