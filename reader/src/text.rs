//! Reading Japanese characters as text: normal forms, look-alikes, dates, numbers, names, places.
//!
//! Pure functions over strings; knows only `model`. Everything that speaks of a place in a string counts
//! *characters* of the string that came in (`Range<usize>`), because a reading has one glyph a character:
//! a range found here is a range of `Line::glyphs`.
//!
//! Two folds, never to be mixed up: [`fold`] makes strings comparable that a recogniser may have confused (for labels
//! and look-ups; its result is no text), [`nfkc`] and [`clean`] make values.

pub mod address;
pub mod confusion;
pub mod drug;
pub mod era;
pub mod fold;
pub mod institution;
pub mod kana;
pub mod letterhead;
pub mod lexicon;
pub mod mend;
pub mod names;
pub mod numbers;
pub mod options;
pub mod script;

pub use fold::{Folded, clean, fold, fold_text, nfkc, squeeze};
