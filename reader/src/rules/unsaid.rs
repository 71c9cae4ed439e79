//! What a value's place does not say: a date that nothing calls a birth, a recipient whom nothing addresses.
//!
//! Such a value may be right and is shown; it is never accepted without a person. Knows the page's words, not the ranking.

use crate::reading::Page;

use super::candidate::{Candidate, Field};
use super::form::Form;
use super::lexicon::Strength;
use super::rank;
use super::shape;

/// Why a candidate must not be certain, as a sentence for a person; nothing where its place says what it is.
///
/// `patient`: the sheet's patient; a date at once behind his name is his birth.
pub fn why(
    field: &Field,
    c: &Candidate,
    page: Option<&Page>,
    pages: usize,
    patient: Option<&Candidate>,
) -> Option<String> {
    if c.given {
        return None;
    }
    let labelled = matches!(c.strength, Some(Strength::Strong | Strength::Shared));
    let said = match field.key.as_str() {
        "patient.birth_date" if field.form == Form::BirthDate => {
            let (front, row) = beside(page?, c);
            let born = row.find(c.raw.trim()).is_some_and(|at| row[at + c.raw.trim().len()..].starts_with('生'));
            if !born && shape::other_day(&front) {
                return Some("生年月日ではない日付かもしれません".to_owned());
            }
            c.strength == Some(Strength::Strong)
                || c.mark.is_some()
                || row.contains(['生', '歳', '才', '満'])
                || patient.is_some_and(|name| at_once_behind(name, c))
        }
        // an address has a title of respect, or a label, or stands on top
        "recipient.person" => labelled || c.honorific.is_some(),
        "recipient.institution" => {
            labelled || c.honorific.is_some() || rank::feature(c, "page_top") > 0.0 || rank::feature(c, "cover") > 0.0
        }
        // who sends a letter signs it; the sheet in front of it may name another
        "sender.person" => !(rank::feature(c, "cover") > 0.0 && pages > 1),
        _ => true,
    };
    let sentence = match field.key.as_str() {
        "patient.birth_date" => "生年月日と書かれていません",
        "sender.person" => "送付状の名前です",
        _ => "宛先と書かれていません",
    };
    (!said).then(|| sentence.to_owned())
}

/// Whether a value stands in another's row, with hardly more than a title of respect between them.
fn at_once_behind(name: &Candidate, c: &Candidate) -> bool {
    let level = (name.rect.center().1 - c.rect.center().1).abs() as f32 <= 0.9 * c.em;
    let gap = (c.rect.x0 - name.rect.x1) as f32 / c.em;
    name.page == c.page && level && (-0.5..=4.0).contains(&gap)
}

/// What stands in front of a candidate in its row, and the whole row.
fn beside(page: &Page, c: &Candidate) -> (String, String) {
    let y = c.rect.center().1;
    let mut row: Vec<_> = page.lines.iter().filter(|l| !l.tti && (l.rect.y0..l.rect.y1).contains(&y)).collect();
    row.sort_by_key(|l| l.rect.x0);
    let (mut front, mut all) = (String::new(), String::new());
    for line in row {
        // another column's words say nothing of this one
        if line.rect.x1 < c.rect.x0 - 14 * c.em as i32 || line.rect.x0 > c.rect.x1 + 8 * c.em as i32 {
            continue;
        }
        for g in &line.glyphs {
            all.push(g.ch);
            if g.x1 <= c.rect.x0 + 2 {
                front.push(g.ch);
            }
        }
    }
    (front, all)
}
