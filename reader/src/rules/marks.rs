//! Fields that ink decides: candidates out of what `choice` finds marked.
//!
//! The bridge between fields and groups of options; must not look at ink itself.

pub mod daily;

use std::ops::Range;

use crate::model::{Rect, Value};
use crate::text::era::Era;

use super::candidate::{Candidate, Field, Sheet, from_scope};
use super::choice::{self, Choices, Chosen, Printed, Seg, Ticked};
use super::file::FieldRule;
use super::form::{Form, Known};
use super::lexicon::{Hit, Strength};
use super::scope::{Direction, Scope};

/// The options of a field: its rule's own, else those that its form is known to have.
pub fn choices(rule: &FieldRule, form: Form) -> Option<Choices> {
    if !rule.options.is_empty() && form != Form::Finding {
        // words without a value are options that do not count, each by itself
        let apart = |(v, w): (&String, &Vec<String>)| match v.is_empty() {
            true => w.iter().map(|w| (String::new(), vec![w.clone()])).collect(),
            false => vec![(v.clone(), w.clone())],
        };
        return Some(Choices::of(rule.options.iter().flat_map(apart).collect(), form != Form::Ticked));
    }
    match form {
        Form::Sex => Some(Choices::sex()),
        Form::CareLevel => Some(Choices::care_level()),
        Form::Adl => Some(Choices::adl()),
        Form::Finding => Some(Choices::yes_no()),
        _ => None,
    }
}

/// Candidates from a printed group in a scope; true where one stands there, marked or not: its text is no value.
pub fn in_scope(
    sheet: &Sheet,
    field: &Field,
    label: Option<(&Hit, Strength)>,
    scope: &Scope,
    out: &mut Vec<Candidate>,
) -> bool {
    let Some(choices) = &field.choices else { return false };
    if field.form == Form::Ticked {
        // a label may lead to the first row of a list only
        let lists = sheet.paper.lists(choices);
        let own = |l: &&Vec<Seg>| l.iter().any(|s| scope.segs.iter().any(|o| o.line == s.line));
        let segs = lists.iter().find(own).unwrap_or(&scope.segs);
        out.extend(ticked(sheet, field, label, &Scope { segs: segs.clone(), ..scope.clone() }, choices));
        return true;
    }
    let printed = Printed::new(sheet.view.page, &scope.segs, choices);
    if !printed.is_group() {
        return printed.is_one_of_several();
    }
    for c in printed.chosen() {
        out.push(build(sheet, field, label, scope, made(sheet, c)));
    }
    true
}

/// What is ticked in a list of many.
fn ticked(
    sheet: &Sheet,
    field: &Field,
    label: Option<(&Hit, Strength)>,
    scope: &Scope,
    choices: &Choices,
) -> Option<Candidate> {
    let mut all = choice::ticked(sheet.view.page, &scope.segs, choices);
    // what a form prints beside the options that the field has
    all.retain(|t| !t.value.is_empty());
    let mut on: Vec<&Ticked> = Vec::new();
    for t in all.iter().filter(|t| t.on) {
        match on.iter_mut().find(|o| o.value == t.value) {
            Some(o) if o.certainty < t.certainty => *o = t,
            Some(_) => {}
            None => on.push(t),
        }
    }
    let rect = all.iter().map(|t| t.rect).reduce(|a, b| a.union(&b))?;
    let values: Vec<String> = on.iter().map(|t| t.value.clone()).collect();
    let segs: Vec<Seg> = on.iter().map(|t| t.seg.clone()).collect();
    let certainty = all.iter().map(|t| t.certainty).fold(1.0, f32::min);
    let usual = all.iter().map(|t| t.certainty).sum::<f32>() / all.len() as f32;
    let made = Made { raw: values.join(" "), value: Value::Many(values), segs, rect, certainty };
    (!on.is_empty()).then(|| Candidate {
        items: on.iter().map(|t| vec![t.seg.clone()]).collect(),
        ticks: on.iter().map(|t| (t.certainty, t.group)).collect(),
        quality: usual,
        ..build(sheet, field, label, scope, made)
    })
}

/// 有・無 with a bracket: なし, or what the bracket says. True where such a group stands in the scope.
pub fn finding(
    sheet: &Sheet,
    field: &Field,
    label: Option<(&Hit, Strength)>,
    scope: &Scope,
    out: &mut Vec<Candidate>,
) -> bool {
    let Some(choices) = &field.choices else { return false };
    let printed = Printed::new(sheet.view.page, &scope.segs, choices);
    if !printed.is_group() {
        return false;
    }
    for c in printed.chosen() {
        let certainty = c.certainty;
        let mut m = made(sheet, c);
        if m.value.text() == "yes" {
            let text = sheet.view.text(&scope.segs);
            let last = (m.segs[0].line, m.segs[0].glyphs.end.saturating_sub(1));
            let behind = text.from.iter().position(|f| *f == Some(last)).map_or(0, |i| i + 1);
            let said = said(&text.chars, behind);
            let inner = text.slice(said.range);
            let range = inner.trimmed();
            let value = super::form::signs(&super::form::flowing(&inner.chars[range.clone()]));
            if !value.is_empty() {
                let segs = inner.segs(range);
                let certainty = if said.bracketed { certainty } else { certainty.min(UNSURE) };
                let rect = sheet.view.rect_of(&segs).union(&m.rect);
                m = Made { raw: value.clone(), value: Value::One(value), rect, segs, certainty };
            } else {
                m = Made { value: Value::One("あり".to_owned()), certainty: certainty.min(UNSURE), ..m };
            }
        } else {
            m.value = Value::One("なし".to_owned());
        }
        out.push(build(sheet, field, label, scope, m));
    }
    true
}

/// Certainty of a mark that was understood, but not all that belongs to it.
const UNSURE: f32 = 0.6;

/// What is said behind 有.
struct Said {
    range: Range<usize>,
    /// Both brackets stand round it.
    bracketed: bool,
}

/// What stands in the bracket behind 有, or behind the 無 that follows it: `有・無（卵）`. A ring may have swallowed the
/// opening bracket; then all that stands there counts.
fn said(chars: &[char], from: usize) -> Said {
    let skip = |mut i: usize| {
        while chars.get(i).is_some_and(|c| c.is_whitespace() || "・･·/／、,:：□☐口ロ".contains(*c)) {
            i += 1;
        }
        i
    };
    let mut start = skip(from);
    if chars.get(start).is_some_and(|c| *c == '無') {
        start = skip(start + if chars.get(start + 1) == Some(&'し') { 2 } else { 1 });
    }
    let open = chars.get(start).is_some_and(|c| "(（〔[".contains(*c));
    let mut depth = i32::from(!open);
    let end = (start..chars.len()).find(|i| {
        depth += i32::from("(（〔[".contains(chars[*i])) - i32::from(")）〕]".contains(chars[*i]));
        depth == 0
    });
    let first = start + usize::from(open);
    Said { range: first..end.unwrap_or(chars.len()).max(first), bracketed: open && end.is_some() }
}

/// A table whose columns are the options: the mark in the label's row.
pub fn beside_label(sheet: &Sheet, field: &Field, hit: &Hit, strength: Strength, out: &mut Vec<Candidate>) {
    if field.form != Form::Adl {
        return;
    }
    let Some(choices) = &field.choices else { return };
    if let Some(c) = choice::grid(sheet.view.page, &hit.rect, choices) {
        let scope = Scope { direction: Direction::RightCell, segs: vec![c.seg.clone()], rows: 1, distance: 0.0 };
        out.push(build(sheet, field, Some((hit, strength)), &scope, made(sheet, c)));
    }
}

/// Groups without a label, wherever they stand.
pub fn anywhere(sheet: &Sheet, field: &Field, out: &mut Vec<Candidate>) {
    let Some(choices) = &field.choices else { return };
    match field.form {
        Form::Adl => return daily::rows(sheet, field, choices, out),
        Form::Ticked => {
            for segs in &*sheet.paper.lists(choices) {
                let own = own_label(sheet, segs);
                let scope = Scope { direction: Direction::Shape, rows: segs.len(), segs: segs.clone(), distance: 0.0 };
                out.extend(ticked(sheet, field, Some((&own, Strength::Strong)), &scope, choices));
            }
            return;
        }
        Form::Sex | Form::CareLevel => {}
        _ => return,
    }
    for group in &*sheet.paper.groups(choices) {
        // whole printed lists of levels need no label
        let own = own_label(sheet, &group.segs);
        let label = (field.form == Form::CareLevel && group.options >= OPTIONS).then_some((&own, Strength::Strong));
        let scope = Scope { direction: Direction::Shape, segs: group.segs.clone(), rows: 1, distance: 0.0 };
        for c in group.chosen.iter().cloned() {
            out.push(build(sheet, field, label, &scope, made(sheet, c)));
        }
    }
}

/// Options from which on a group says by itself what it is for.
const OPTIONS: usize = 3;

/// What a printed list says of itself, as a label.
fn own_label(sheet: &Sheet, segs: &[Seg]) -> Hit {
    let first: Vec<Seg> =
        segs.first().into_iter().map(|s| Seg { glyphs: s.glyphs.start..s.glyphs.start, ..*s }).collect();
    let text = sheet.view.text(segs).string().chars().take(4).collect();
    Hit { rect: sheet.view.rect_of(segs), segs: first, text, fields: Vec::new(), groups: Vec::new(), cuts: false }
}

/// The scope without a printed list of eras, and the era that is marked in it. None where no list stands there.
#[allow(clippy::type_complexity)]
pub fn era(sheet: &Sheet, segs: &[Seg]) -> Option<(Vec<Seg>, Option<(Era, f32)>)> {
    let list = choice::era(sheet.view.page, segs)?;
    let mut rest = Vec::new();
    for seg in segs {
        let mut parts: Vec<Range<usize>> = vec![seg.glyphs.clone()];
        for c in list.covers.iter().filter(|c| c.line == seg.line) {
            parts = parts
                .into_iter()
                .flat_map(|p| {
                    let (a, b) = (c.glyphs.start.max(p.start), c.glyphs.end.min(p.end));
                    if a < b { vec![p.start..a, b..p.end] } else { vec![p] }
                })
                .collect();
        }
        rest.extend(parts.into_iter().filter(|p| !p.is_empty()).map(|glyphs| Seg { line: seg.line, glyphs }));
    }
    Some((rest, list.era))
}

/// Dates behind a printed list of eras: nobody is asked for 明治 but when he was born.
pub fn births(sheet: &Sheet, field: &Field, known: &Known, out: &mut Vec<Candidate>) {
    let view = &sheet.view;
    for row in &view.rows {
        let mut cells: Vec<_> = row.iter().map(|l| view.cell(*l)).collect();
        cells.dedup();
        for cell in cells {
            let all: Vec<Seg> = match cell {
                Some(c) => view.lines_in(c).into_iter().map(|l| view.whole(l)).collect(),
                None => row.iter().filter(|l| view.cell(**l).is_none()).map(|l| view.whole(*l)).collect(),
            };
            let Some(list) = choice::era(view.page, &all).filter(|l| l.options >= OPTIONS) else { continue };
            let Some(first) = list.covers.first() else { continue };
            let at = all.iter().position(|s| s.line == first.line).unwrap_or(0);
            let mut segs: Vec<Seg> = all[at..].to_vec();
            segs[0].glyphs.start = first.glyphs.start;
            let own = own_label(sheet, &segs);
            let scope = Scope { direction: Direction::Shape, rows: 1, segs, distance: 0.0 };
            from_scope(sheet, field, Some((&own, Strength::Strong)), &scope, known, out);
        }
    }
}

struct Made {
    value: Value,
    raw: String,
    segs: Vec<Seg>,
    rect: Rect,
    certainty: f32,
}

fn made(sheet: &Sheet, c: Chosen) -> Made {
    let raw = sheet.view.text(std::slice::from_ref(&c.seg)).string();
    Made { value: Value::One(c.value), raw, segs: vec![c.seg], rect: c.group, certainty: c.certainty }
}

fn build(sheet: &Sheet, field: &Field, label: Option<(&Hit, Strength)>, scope: &Scope, made: Made) -> Candidate {
    Candidate {
        field: field.key.clone(),
        value: made.value,
        raw: made.raw,
        page: sheet.view.page.number,
        segs: made.segs,
        rect: made.rect,
        items: Vec::new(),
        ticks: Vec::new(),
        quality: made.certainty,
        label: label.map(|(h, _)| (h.text.clone(), h.rect)),
        strength: label.map(|l| l.1),
        direction: scope.direction,
        distance: scope.distance,
        rows: scope.rows,
        mark: Some(made.certainty),
        honorific: None,
        ways: 1,
        features: Vec::new(),
        em: sheet.view.em,
        p: 0.0,
        given: false,
    }
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn what_stands_behind_a_yes() {
        let said = |text: &str| {
            let chars: Vec<char> = text.chars().collect();
            let s = said(&chars, 1);
            (chars[s.range].iter().collect::<String>(), s.bracketed)
        };
        assert_eq!(said("有（ペニシリン）"), ("ペニシリン".to_owned(), true));
        assert_eq!(said("有・無（卵）"), ("卵".to_owned(), true));
        assert_eq!(said("有(疥癬(治療済み))"), ("疥癬(治療済み)".to_owned(), true));
        // the ring swallowed the bracket
        assert_eq!(said("有疥癬(治療済み))"), ("疥癬(治療済み)".to_owned(), false));
        assert_eq!(said("有"), (String::new(), false));
        assert!(said("有（　）").1);
    }
}
