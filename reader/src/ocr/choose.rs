//! Choosing a value among the rivals of a line that was read: no pixels, no second inference.
//!
//! A [`Grammar`] says which texts a value may be; [`among`] finds the most probable of them in the recogniser's frames
//! (prefix beam search over connectionist temporal classification) and how far the second best *different* value lies
//! behind. Texts are in NFKC: grammars see half-width figures and full-width katakana, whatever stood on the page.
//!
//! ```no_run
//! # use faxbridge::ocr::choose::{self, Pattern};
//! # let line = faxbridge::reading::Line::default();
//! let date = Pattern::date();
//! if let Some(c) = choose::among(&line, 4..line.glyphs.len(), &date) {
//!     println!("{} with margin {}", c.text, c.margin);
//! }
//! ```

use std::ops::Range;

use crate::reading::{Frame, Line};

mod alike;
mod beam;
mod grammar;

pub use grammar::{Chain, Grammar, Pattern, PatternError, Words};

/// Margin that is reported where no second value is left at all.
pub const ALONE: f32 = 25.0;

/// The most probable text of a grammar.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// NFKC, without white space.
    pub text: String,
    /// Natural log probability, summed over all ways to read it out of the frames.
    pub log_p: f32,
    /// How much less probable the second best different value is, as a difference of natural logs; [`ALONE`] at most.
    pub margin: f32,
    pub second: Option<String>,
    /// How much less probable the text is than the best reading without a grammar: 0 where the grammar agrees with
    /// what was read, large where the text was forced upon something else.
    pub bend: f32,
    /// All texts of the grammar that the search kept, best first, with their log probabilities; the first is `text`.
    pub all: Vec<(String, f32)>,
}

/// The best text of `grammar` among the rivals of the glyphs `range` of `line`.
///
/// None where the engine gave no frames, or no text of the grammar is left among the rivals.
pub fn among(line: &Line, range: Range<usize>, grammar: &dyn Grammar) -> Option<Choice> {
    among_values(line, range, grammar, |text| Some(text.to_owned()))
}

/// As [`among`], with `value` deciding what each text means: texts without a value (a date that no calendar has, a
/// wrong check digit) are passed over, and texts with the same value (昭和5年 and 昭和05年) are no rivals.
pub fn among_values<V: PartialEq>(
    line: &Line,
    range: Range<usize>,
    grammar: &dyn Grammar,
    value: impl Fn(&str) -> Option<V>,
) -> Option<Choice> {
    in_frames(frames(line, range)?, grammar, value)
}

/// The frames that a range of glyphs was read from.
fn frames(line: &Line, range: Range<usize>) -> Option<&[Frame]> {
    let glyphs = line.glyphs.get(range)?;
    let (first, last) = (glyphs.first()?, glyphs.last()?);
    line.frames.get(usize::from(first.frames.0)..usize::from(last.frames.1)).filter(|f| !f.is_empty())
}

/// As [`among_values`], over frames alone.
pub fn in_frames<V: PartialEq>(
    frames: &[Frame],
    grammar: &dyn Grammar,
    value: impl Fn(&str) -> Option<V>,
) -> Option<Choice> {
    let steps = alike::emissions(frames);
    let found = beam::search(&steps, grammar);
    let mut all: Vec<(String, f32)> = Vec::new();
    let mut values: Vec<(V, f32)> = Vec::new();
    let mut second: Option<(String, f32)> = None;
    for (text, log_p) in found {
        let text = alike::compose(&text);
        let Some(v) = value(&text) else { continue };
        match values.iter_mut().find(|(known, _)| *known == v) {
            // two texts of one value: the value is as probable as both together
            Some((_, sum)) => *sum = add(*sum, log_p),
            None => {
                if !values.is_empty() && second.is_none() {
                    second = Some((text.clone(), log_p));
                }
                values.push((v, log_p));
            }
        }
        all.push((text, log_p));
    }
    let (text, log_p) = all.first().cloned()?;
    let best = values[0].1;
    let next = values[1..].iter().map(|v| v.1).fold(f32::NEG_INFINITY, f32::max);
    let free: f32 = steps.iter().map(|s| s.best()).sum();
    Some(Choice {
        text,
        log_p,
        margin: (best - next).clamp(0.0, ALONE),
        second: second.map(|s| s.0),
        bend: (free - log_p).max(0.0),
        all,
    })
}

/// ln(eᵃ + eᵇ).
fn add(a: f32, b: f32) -> f32 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f32::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

#[cfg(test)]
mod tests;
