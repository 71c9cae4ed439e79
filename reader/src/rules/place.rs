//! Whether the best candidate of a field is its value: what it is by itself, and what comes near it.
//!
//! The ranker weighs candidates one by one; only here does a candidate that stands alone differ from one that barely
//! wins. A logistic model too, learnt on hospitals that the ranker had not seen (`train`), so that its probabilities hold
//! for strangers. Weights stand in `ranker.toml` under `[place]`.

use crate::text::squeeze;

use super::candidate::Candidate;
use super::form::Form;
use super::lexicon::Strength;
use super::rank::{Ranker, logistic, logit};

pub const FEATURES: [&str; 18] = [
    "bias",
    // log odds that the ranker gave it, / 4
    "odds",
    // by how many log odds the best different value lies behind, / 4; 2 where there is none
    "ahead",
    "alone",
    // of those behind: how many are likelier than one in ten
    "crowd",
    // log odds that a document of the type carries the field, / 4
    "carried",
    "quality",
    "well_formed",
    "label_strong",
    "label_shared",
    "label_none",
    // a label that decides alone stands on the page, but did not lead here
    "label_unused",
    "certainty_mean",
    "repeated",
    "agreeing",
    "foreign_company",
    "own_company",
    "odds_alone",
];
pub const N: usize = FEATURES.len();

/// Least probability of a rival that counts.
const RIVAL: f32 = 0.02;

/// What speaks for and against the best candidate; `all`: every candidate of the document.
pub fn features(form: Form, c: &Candidate, all: &[Candidate]) -> [f32; N] {
    let yes = |b: bool| if b { 1.0 } else { 0.0 };
    let named = |name: &str| super::rank::feature(c, name);
    let rival = rivals(form, c, all).map(|o| o.p).fold(0.0, f32::max);
    let crowd = rivals(form, c, all).filter(|o| o.p >= 0.1).count();
    let alone = rival < RIVAL;
    let odds = logit(c.p).clamp(-6.0, 6.0) / 4.0;
    let ahead = if alone { 2.0 } else { ((logit(c.p) - logit(rival)) / 4.0).clamp(-1.0, 2.0) };
    let unused = c.strength != Some(Strength::Strong)
        && all.iter().any(|o| o.field == c.field && o.strength == Some(Strength::Strong) && o.quality >= 0.5);
    let own = squeeze(&c.value.text());
    let agreeing =
        all.iter().filter(|o| o.field == c.field && o.segs != c.segs && squeeze(&o.value.text()) == own).count();
    [
        1.0,
        odds,
        ahead,
        yes(alone),
        crowd.min(4) as f32 / 4.0,
        named("carried"),
        c.quality,
        yes(c.quality >= 0.89),
        yes(c.strength == Some(Strength::Strong)),
        yes(c.strength == Some(Strength::Shared)),
        yes(c.strength.is_none()),
        yes(unused),
        named("certainty_mean"),
        named("repeated"),
        agreeing.min(3) as f32 / 3.0,
        named("foreign_company"),
        named("own_company"),
        odds * yes(alone),
    ]
}

/// Other values of the same field; the same ink cut otherwise is none, and a name's part is none either.
fn rivals<'a>(form: Form, c: &'a Candidate, all: &'a [Candidate]) -> impl Iterator<Item = &'a Candidate> {
    let own = squeeze(&c.value.text());
    all.iter().filter(move |o| {
        let other = squeeze(&o.value.text());
        let part = o.page == c.page && o.overlap(c) > 0.9 || form == Form::Person && own.contains(&other);
        o.field == c.field && other != own && !part
    })
}

impl Ranker {
    /// Probability that a candidate, the best of its field, is the field's value.
    pub fn placed(&self, form: Form, c: &Candidate, all: &[Candidate]) -> f32 {
        let w = self.place.of(&c.field, form.family(), &FEATURES);
        logistic(features(form, c, all).iter().zip(w).map(|(f, w)| f * w).sum())
    }
}
