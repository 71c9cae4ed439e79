//! How right extraction is, measured against what is known to stand on the pages: the same definitions as the team's
//! scorer (`tests/score/score.py`), to the last digit (`tests/accuracy.rs` holds the two together).
//!
//! [`judge`] lays results beside truths, value by value; everything else is counted from that. Pure: reads no file,
//! knows the words of `model` and neither readings nor rules. What the figures are for stands in docs/measurements.md.

mod align;
mod compare;
mod groups;
mod judge;
mod reliability;
mod score;
mod tally;
mod truth;
mod worst;

#[cfg(test)]
mod tests;

pub use groups::{By, Group, groups};
pub use judge::{Claim, Compared, JudgedFile, Sheet, judge};
pub use reliability::{BINS, Bin, Reliability, reliability};
pub use score::{Score, WrongValue};
pub use tally::{Counter, Rates, Ratio, Tally};
pub use truth::{TrueDocument, TrueValue, Truth};
pub use worst::{Mistake, Sort, worst};
