//! What the second engine says of the glyphs of one value.
//!
//! Knows votes and texts; what a field is accepted on is for `certain`. Shares measured: docs/measurements.md, "Two
//! readings".

use crate::reading::{Line, Page, Vote};
use crate::text::{drug, squeeze};

use super::choice::Seg;

/// From this probability on a contradiction says nothing: the first is right in 184 of 185.
const SURE: f32 = 0.99;
/// How often a character is wrong, against its kind, where the second engine reads the same, another, or nothing.
const SAME: f32 = 0.4;
const OTHER: f32 = 2.5;
const SILENT: f32 = 2.0;
/// Agreement alone never accepts: it raises no character to where any form is taken.
const RAISED: f32 = 0.89;

/// Smallest and mean certainty of the glyphs of some stretches, with what the second engine says of them.
pub fn certainty(page: &Page, segs: &[Seg]) -> (f32, f32) {
    let (mut low, mut sum, mut n) = (1.0_f32, 0.0, 0);
    for s in segs {
        let line = &page.lines[s.line];
        for i in s.glyphs.start..s.glyphs.end.min(line.glyphs.len()) {
            let p = glyph(line, i);
            low = low.min(p);
            sum += p;
            n += 1;
        }
    }
    if n == 0 { (0.0, 0.0) } else { (low, sum / n as f32) }
}

/// Certainty of one glyph.
pub fn glyph(line: &Line, i: usize) -> f32 {
    let p = line.glyphs[i].p;
    let worse = |times: f32| if p < SURE { (1.0 - (1.0 - p) * times).max(0.0) } else { p };
    match line.vote(i) {
        None => p,
        Some(Vote::Same(_)) => p.max((1.0 - (1.0 - p) * SAME).min(RAISED)),
        Some(Vote::Other(..)) => worse(OTHER),
        Some(Vote::Silent) => worse(SILENT),
    }
}

/// The value's glyphs as the other reading has them, and whether it contradicts one that is not beyond doubt.
pub struct Other {
    /// `?` for a glyph where it has nothing.
    pub text: String,
    pub contradicts: bool,
}

/// `None` where the second engine was asked about none of the lines.
pub fn other(page: &Page, segs: &[Seg]) -> Option<Other> {
    let mut out = Other { text: String::new(), contradicts: false };
    let mut asked = false;
    for seg in segs {
        let Some(line) = page.lines.get(seg.line) else { continue };
        asked |= line.second.is_some();
        let more = |at: usize| {
            let all = line.second.iter().flat_map(|s| &s.more);
            all.filter(move |m| usize::from(m.0) == at).map(|m| m.1)
        };
        // at the ends of a stretch only what would make its figure another
        let edge = |at: usize, own: char| more(at).filter(move |c| own.is_numeric() && (c.is_numeric() || *c == '.'));
        let end = seg.glyphs.end.min(line.glyphs.len());
        for i in seg.glyphs.start..end {
            let g = &line.glyphs[i];
            match i == seg.glyphs.start {
                true => out.text.extend(edge(i, g.ch)),
                false => out.text.extend(more(i)),
            }
            match line.vote(i) {
                None | Some(Vote::Same(_)) => out.text.push(g.ch),
                Some(Vote::Silent) => out.text.push('?'),
                Some(Vote::Other(ch, _)) => {
                    out.contradicts |= g.p < SURE;
                    out.text.push(ch);
                }
            }
        }
        if end > seg.glyphs.start {
            out.text.extend(edge(end, line.glyphs[end - 1].ch));
        }
    }
    asked.then_some(out)
}

/// Whether both engines read every figure of a drug's line with its unit alike: a dose is never taken from one alone. A
/// line that only one engine read confirms nothing, not even that it has no dose: with `reader.second = "none"` every drug
/// waits for a person.
pub fn doses_confirmed(page: &Page, segs: &[Seg], value: &str) -> bool {
    let asked = segs.iter().all(|s| page.lines.get(s.line).is_some_and(|l| l.second.is_some()));
    asked && other(page, segs).is_some_and(|o| drug::doses(&squeeze(&o.text)) == drug::doses(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Glyph, Second};

    fn page(text: &str, p: f32, votes: &[Vote], more: &[(u16, char)]) -> Page {
        let glyphs = text.chars().map(|ch| Glyph { ch, p, ..Glyph::default() }).collect();
        let second = Some(Second { text: String::new(), votes: votes.to_vec(), more: more.to_vec() });
        Page { lines: vec![Line { glyphs, second, ..Line::default() }], ..Page::default() }
    }

    #[test]
    fn only_the_values_own_glyphs_count() {
        let p = page("合和5年", 0.9, &[Vote::Other('令', 0.9), Vote::Same(0.9), Vote::Same(0.9), Vote::Silent], &[]);
        let seg = |glyphs| [Seg { line: 0, glyphs }];
        assert!(other(&p, &seg(0..4)).unwrap().contradicts);
        assert!(!other(&p, &seg(1..3)).unwrap().contradicts);
        assert_eq!(other(&p, &seg(0..4)).unwrap().text, "令和5?");
        let (low, _) = certainty(&p, &seg(0..1));
        assert!((low - 0.75).abs() < 1e-5);
        // agreement raises, but to no bar
        assert_eq!(certainty(&page("5", 0.8, &[Vote::Same(1.0)], &[]), &seg(0..1)).0, RAISED);
        assert!(!other(&page("5", 0.999, &[Vote::Other('6', 0.9)], &[]), &seg(0..1)).unwrap().contradicts);
    }

    #[test]
    fn a_dose_needs_both() {
        let all = |n: usize| vec![Vote::Same(0.9); n];
        let seg = [Seg { line: 0, glyphs: 0..4 }];
        assert!(doses_confirmed(&page("05mg", 1.0, &all(4), &[]), &seg, "05mg"));
        assert!(!doses_confirmed(&page("05mg", 1.0, &all(4), &[(1, '.')]), &seg, "05mg"));
        assert!(!doses_confirmed(&page("50mg", 1.0, &all(4), &[(4, 'x'), (0, '2')]), &seg, "50mg"));
        let mut votes = all(4);
        votes[2] = Vote::Other('μ', 0.5);
        assert!(!doses_confirmed(&page("50mg", 1.0, &votes, &[]), &seg, "50mg"));
        votes[2] = Vote::Silent;
        assert!(!doses_confirmed(&page("50mg", 1.0, &votes, &[]), &seg, "50mg"));
        let mut unasked = page("50mg", 1.0, &[], &[]);
        unasked.lines[0].second = None;
        assert!(!doses_confirmed(&unasked, &seg, "50mg"));
        // a lost figure leaves no trace in the one reading
        assert!(!doses_confirmed(&unasked, &seg, "眠前"));
        assert!(doses_confirmed(&page("就寝眠前", 1.0, &all(4), &[]), &seg, "就寝眠前"));
        assert!(!doses_confirmed(&page("就寝眠前", 1.0, &all(4), &[(2, '5')]), &seg, "就寝眠前"));
    }
}
