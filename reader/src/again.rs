//! The same fax once more, or a changed one? Two sheets of one room, compared by their fields, their text and their ink.
//!
//! Pure: must not know the store. Pixels are looked at in the reading child ([`ink`]); here stands what is asked of them
//! and what follows from the answers. The one error that must not happen is a changed sheet taken for a re-send, for
//! nobody would be told of it: so [`Verdict::Again`] needs that nothing at all speaks against it, everything in doubt is a
//! [`Verdict::Version`] (which is told), and what is not clearly the same fax is [`Verdict::Other`], an ordinary sheet.

mod fields;
pub mod ink;
mod text;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{Document, ELSEWHERE, Rect};
use crate::reading::Page;
use ink::{Answer, Question, Seen};
use text::Place;

/// One sheet: its document as the machine extracted it, and the pages that it holds, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    pub document: Document,
    pub pages: Vec<Page>,
}

/// What a sheet is to an earlier one of the same room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Not clearly the same fax.
    Other,
    /// The same fax, sent again.
    Again,
    /// The same fax, changed, or not surely unchanged: what differs or could not be told to agree, as keys of fields and
    /// [`ELSEWHERE`](crate::model::ELSEWHERE).
    Version { differs: Vec<String> },
    /// The earlier sheet was a part of this one; keys of what both have with certainty and that is not the same.
    Whole { differs: Vec<String> },
}

/// What is asked of a re-send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// A date, drug, dose or urgency that is not accepted may count as the same, if it was read alike and surely both
    /// times, character by character, and its ink agrees. Else each must be accepted in both.
    pub read_alike: bool,
}

/// Looks at the images of a page of the old and of the new sheet (their numbers in their files); none where that cannot
/// be done, which counts as a difference.
pub type Eye<'a> = dyn FnMut(u32, u32, &Question) -> Option<Answer> + 'a;

/// Text that two pages must have in common to be the same page, where the sheets bear the same date, and where they do
/// not: another week's sheet on the same form about the same person has much in common, too.
const SAME_PAGE: f32 = 0.85;
const SAME_PAGE_UNDATED: f32 = 0.95;

/// What must hold of ink that is to count as the same. Measured on pairs of faxes (docs/measurements.md).
mod bar {
    /// A character that both readings are sure of.
    pub const SURE: f32 = 0.90;
    /// A figure that was read alike twice, if its ink agrees closely.
    pub const FIGURE: f32 = 0.50;
    /// Largest share of a sure character's ink without a partner, and how many pixels it takes to matter.
    pub const SURE_SHARE: f32 = 0.40;
    pub const SURE_PIXELS: u32 = 20;
    /// Largest piece of it: pixels, or share of the ink where that is more (titles).
    pub const SURE_PIECE: u32 = 40;
    pub const SURE_PIECE_SHARE: f32 = 0.10;
    /// The same of one that the readings are not sure of.
    pub const UNSURE_SHARE: f32 = 0.12;
    pub const UNSURE_PIXELS: u32 = 8;
    /// The same where two characters were read, one of them not surely; and its largest piece.
    pub const OTHER_SHARE: f32 = 0.03;
    pub const OTHER_PIECE: u32 = 4;
    /// Ink of a dot that may be a speck, pixels.
    pub const SPECK: u32 = 14;
    /// Ink in a tile outside of what was read: largest piece, and largest share where it takes so many pixels to matter.
    pub const REST_PIECE: u32 = 10;
    pub const REST_PIXELS: u32 = 24;
    pub const REST_SHARE: f32 = 0.10;
}

/// Compares a new sheet with an earlier one that stands in the same room.
pub fn compare(old: &Sheet, new: &Sheet, terms: Terms, eye: &mut Eye<'_>) -> Verdict {
    if old.document.kind != new.document.kind || fields::other_sender(&old.document, &new.document) {
        return Verdict::Other;
    }
    let least = if fields::same_date(&old.document, &new.document) { SAME_PAGE } else { SAME_PAGE_UNDATED };
    let Some(pairs) = pairs(&old.pages, &new.pages, least) else { return Verdict::Other };
    if new.pages.len() > old.pages.len() {
        return Verdict::Whole { differs: fields::changed(&old.document, &new.document) };
    }
    let mut differs: BTreeSet<String> = BTreeSet::new();
    let mut looks = Vec::new();
    for (i, j) in pairs {
        looks.push(Look::at(&old.pages[i], &new.pages[j], eye));
    }
    for look in &looks {
        for rect in look.changed() {
            let key = fields::owner(&new.document, look.new, &rect);
            differs.insert(key.unwrap_or(ELSEWHERE).to_owned());
        }
    }
    differs.extend(fields::differ(&old.document, &new.document, &looks, terms));
    if differs.is_empty() { Verdict::Again } else { Verdict::Version { differs: differs.into_iter().collect() } }
}

/// Whether two pages bear nearly the same text.
pub fn alike(a: &Page, b: &Page) -> bool {
    text::alike(a, b) >= SAME_PAGE
}

/// Which page of the new sheet is which of the old one; none where it is not clearly the same fax.
fn pairs(old: &[Page], new: &[Page], least: f32) -> Option<Vec<(usize, usize)>> {
    let same = |a: &Page, b: &Page| a.failed.is_none() && b.failed.is_none() && text::alike(a, b) >= least;
    if old.is_empty() || old.len() > new.len() {
        return None;
    }
    if old.len() == new.len() {
        return (0..old.len()).map(|i| same(&old[i], &new[i]).then_some((i, i))).collect();
    }
    // In order, with new pages before, between or behind.
    let (mut found, mut next) = (Vec::new(), 0);
    for (i, page) in old.iter().enumerate() {
        let j = (next..new.len()).find(|j| same(page, &new[*j]))?;
        found.push((i, j));
        next = j + 1;
    }
    Some(found)
}

/// Two pages over each other. Places are in the new page's pixels.
pub(crate) struct Look {
    /// Page numbers in their files.
    pub old: u32,
    pub new: u32,
    map: Option<ink::Map>,
    /// What stands at each place, and how its ink compares.
    places: Vec<(Rect, Place, Seen)>,
    rest: Vec<(Rect, Seen)>,
    whole: Rect,
}

impl Look {
    fn at(old: &Page, new: &Page, eye: &mut Eye<'_>) -> Look {
        let whole = Rect::new(0, 0, new.width, new.height);
        let mut look =
            Look { old: old.number, new: new.number, map: None, places: Vec::new(), rest: Vec::new(), whole };
        let Some(map) = text::map(old, new) else { return look };
        let Some(back) = map.inverse() else { return look };
        let places = text::places(old, new, &map);
        let windows = places
            .iter()
            .map(|p| match p {
                Place::Both(a, _) | Place::Old(a) => a.rect,
                Place::New(b) => back.rect(&b.rect),
            })
            .collect();
        let coarse = old.native_dpi.1 < 150.0 || new.native_dpi.1 < 150.0;
        let question = Question { map, windows, coarse, mute: (mute(old), mute(new)) };
        let Some(answer) = eye(old.number, new.number, &question) else { return look };
        if answer.windows.len() != places.len() {
            return look;
        }
        look.places = places
            .into_iter()
            .zip(answer.windows)
            .map(|(p, seen)| {
                let rect = match &p {
                    Place::Both(_, b) | Place::New(b) => b.rect,
                    Place::Old(a) => map.rect(&a.rect),
                };
                (rect, p, seen)
            })
            .collect();
        look.rest = answer.rest.into_iter().map(|(r, s)| (map.rect(&r), s)).collect();
        look.map = Some(map);
        look
    }

    /// Places whose text or ink is not surely the same; the whole page where it could not be compared.
    fn changed(&self) -> Vec<Rect> {
        if self.map.is_none() {
            return vec![self.whole];
        }
        let text = self.places.iter().filter(|(_, p, s)| !agrees(p, s)).map(|(r, ..)| *r);
        let rest = self.rest.iter().filter(|(_, s)| !unread_agrees(s)).map(|(r, _)| *r);
        text.chain(rest).collect()
    }

    /// Whether all ink of the place is the same, whatever was read there. `old` and `new` are the place on either page.
    pub(crate) fn same_ink(&self, old: &Rect, new: &Rect) -> bool {
        let Some(map) = &self.map else { return false };
        let there = map.rect(old);
        let Some(both) = there.intersect(new) else { return false };
        let all = there.union(new);
        let area = |r: &Rect| f64::from(r.width()) * f64::from(r.height());
        if area(&both) < 0.5 * area(&there).min(area(new)) {
            return false;
        }
        let within = |r: &Rect| r.intersect(&all).is_some();
        self.places.iter().filter(|(r, ..)| within(r)).all(|(_, p, s)| agrees(p, s))
            && self.rest.iter().filter(|(r, _)| within(r)).all(|(_, s)| unread_agrees(s))
    }

    /// [`Look::same_ink`], and each character was read alike and surely on both pages.
    pub(crate) fn same_text(&self, old: &Rect, new: &Rect) -> bool {
        let sure = |p: &Place| matches!(p, Place::Both(a, b) if a.ch == b.ch && a.p.min(b.p) >= bar::SURE);
        self.same_ink(old, new)
            && self.places.iter().filter(|(r, ..)| r.intersect(new).is_some()).all(|(_, p, _)| sure(p))
    }
}

/// Where ink outside of the text says nothing: ruled lines, and what the sending machine prints on top.
fn mute(page: &Page) -> Vec<Rect> {
    let band = |r: &Rect| Rect::new(0, r.y0 - 8, page.width, r.y1 + 8);
    let top = page.lines.iter().filter(|l| l.tti).map(|l| band(&l.rect));
    page.rules.iter().copied().chain(top).collect()
}

/// Whether what stands in one place is surely the same.
fn agrees(place: &Place, s: &Seen) -> bool {
    let share = |least: f32| s.all as f32 <= least * s.ink as f32;
    let loosely = (s.all < bar::SURE_PIXELS || share(bar::SURE_SHARE))
        && (s.piece <= bar::SURE_PIECE || s.piece as f32 <= bar::SURE_PIECE_SHARE * s.ink as f32);
    let strictly = s.all < bar::UNSURE_PIXELS || share(bar::UNSURE_SHARE);
    let closely = s.piece <= bar::OTHER_PIECE && share(bar::OTHER_SHARE);
    match place {
        Place::Both(a, b) if a.ch == b.ch => {
            let p = a.p.min(b.p);
            if p >= bar::SURE {
                loosely
            } else if a.figure() {
                p >= bar::FIGURE && closely
            } else {
                strictly
            }
        }
        // Nothing but ink tells that one of the readings is wrong, and in a figure it tells too little.
        Place::Both(a, b) if a.counts() || b.counts() => false,
        Place::Both(a, b) if a.p.min(b.p) < bar::SURE => closely || (a.alike(b) && strictly),
        Place::Both(a, b) => a.alike(b) && closely,
        Place::Old(m) | Place::New(m) => {
            !m.counts() && (strictly || (m.dot() && !m.beside_figure && s.ink <= bar::SPECK))
        }
    }
}

/// Whether ink that nobody read is surely the same.
fn unread_agrees(s: &Seen) -> bool {
    s.piece <= bar::REST_PIECE && (s.all < bar::REST_PIXELS || s.all as f32 <= bar::REST_SHARE * s.ink as f32)
}

#[cfg(test)]
mod tests;
