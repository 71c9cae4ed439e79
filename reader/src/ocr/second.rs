//! Which lines of a page the second engine is asked about.
//!
//! It costs a third of what the first costs for the same line, so there is a budget: lines with a dose however sure, then
//! doubtful lines that may hold a value, the short ones first: text of long paragraphs decides no field.
//! Knows texts and widths; what the answers are worth is for the rules.

use super::{Engine, OcrError, vote};
use crate::page::{LineBox, Prepared};
use crate::reading::Line;
use crate::text::drug;

/// Doubtful lines of one page, at most: how many, and their width in heights of the line.
const DOUBTFUL: Budget = Budget { lines: 10, width: 160.0 };
/// The same for lines with a dose, which are asked about however sure they are.
const DOSED: Budget = Budget { lines: 24, width: 320.0 };
/// Longer lines are running text: asked about last.
const LONG: usize = 30;

#[derive(Clone, Copy)]
struct Budget {
    lines: usize,
    width: f32,
}

/// Lays what the second engine reads beside the lines that deserve it. Each line comes with the index of its box.
pub(super) fn ask(page: &Prepared, lines: &mut [(usize, Line)], second: &mut dyn Engine) -> Result<(), OcrError> {
    let texts: Vec<String> = lines.iter().map(|(_, l)| if l.tti { String::new() } else { l.text() }).collect();
    for k in chosen(lines, &texts) {
        let (i, line) = &mut lines[k];
        let bx: &LineBox = &page.lines[*i];
        let other = second.read(page, bx)?;
        line.second = Some(vote::lay(line, &other));
        vote::take(line);
    }
    Ok(())
}

/// Lines to ask about, those that matter most first.
fn chosen(lines: &[(usize, Line)], texts: &[String]) -> Vec<usize> {
    let order = |mut found: Vec<(f32, usize)>| {
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found.into_iter().map(|f| f.1).collect::<Vec<_>>()
    };
    let dosed = (0..lines.len()).filter(|k| drug::dosed(&texts[*k]));
    // a line that begins with a drug before a figure with a unit that may be a laboratory's
    let dosed = order(dosed.map(|k| (-drug::plausible(&texts[k]), k)).collect());
    let mut out = within(DOSED, dosed, lines);
    let doubtful = (0..lines.len()).filter(|k| !out.contains(k));
    let doubtful = doubtful.filter(|k| !lines[*k].1.tti && lines[*k].1.min_p() < 0.9 && may_hold_value(&texts[*k]));
    let worth = |k: usize| {
        let n = lines[k].1.glyphs.len();
        lines[k].1.min_p() + 0.01 * n as f32 + if n > LONG { 1.0 } else { 0.0 }
    };
    out.extend(within(DOUBTFUL, order(doubtful.map(|k| (worth(k), k)).collect()), lines));
    out
}

/// As many of the first as a budget allows.
fn within(budget: Budget, order: Vec<usize>, lines: &[(usize, Line)]) -> Vec<usize> {
    let mut width = 0.0;
    let fits = |k: &usize| {
        let r = lines[*k].1.rect;
        width += r.width() as f32 / r.height().max(1) as f32;
        width <= budget.width
    };
    order.into_iter().take(budget.lines).take_while(fits).collect()
}

/// Whether a text may hold a value that a field wants: figures, katakana, or a few kanji.
fn may_hold_value(text: &str) -> bool {
    let count = |f: fn(char) -> bool| text.chars().filter(|c| f(*c)).count();
    count(|c| c.is_ascii_digit() || ('０'..='９').contains(&c)) >= 2
        || count(|c| ('ァ'..='ヺ').contains(&c) || ('ｦ'..='ﾟ').contains(&c)) >= 3
        || count(|c| ('一'..='鿿').contains(&c)) >= 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rect;
    use crate::reading::Glyph;

    #[test]
    fn only_lines_that_may_hold_values_deserve_a_second_opinion() {
        assert!(may_hold_value("昭和５年"));
        assert!(may_hold_value("カシワ"));
        assert!(!may_hold_value("です。"));
    }

    #[test]
    fn doses_come_first_however_sure_and_long_text_last() {
        let line = |text: &str, p: f32| {
            let glyphs = text.chars().map(|ch| Glyph { ch, p, ..Glyph::default() }).collect();
            (0, Line { glyphs, rect: Rect::new(0, 0, 20 * text.chars().count() as i32, 24), ..Line::default() })
        };
        let lines = [
            line("退院後の経過は良好で、疼痛の訴えもなく経過しておりますのでご報告いたします次第", 0.1),
            line("昭和5年3月2日", 0.5),
            line("山田太郎", 0.99),
            line("アムロジピン錠5mg 1錠 分1 朝食後", 1.0),
        ];
        let texts: Vec<String> = lines.iter().map(|l| l.1.text()).collect();
        assert_eq!(chosen(&lines, &texts), [3, 1, 0]);
    }
}
