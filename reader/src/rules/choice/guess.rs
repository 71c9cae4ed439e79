//! Options that were not read, told by their place: between two that were, beside one in a list, under a ring or behind
//! a box where nothing was read.

use std::ops::Range;

use super::find::{Place, is_joint, place};
use super::stream::{Spot, Stream};
use crate::model::Rect;

/// Words between separators, boxes and gaps.
pub(super) fn pieces(stream: &Stream, range: Range<usize>) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for i in range {
        if stream.is_between(i) {
            continue;
        }
        match out.last_mut() {
            Some(p) if p.end == i && stream.spots[i].gap < 0.55 && same_ring(stream, i - 1, i) => p.end = i + 1,
            _ => out.push(i..i + 1),
        }
    }
    out
}

/// Do two neighbours lie in the same ring, or in none?
fn same_ring(stream: &Stream, a: usize, b: usize) -> bool {
    let within = |i: usize| {
        let (x, y) = stream.spots[i].rect.center();
        stream.page.rings.iter().position(|r| r.contains(x, y))
    };
    within(a) == within(b)
}

/// Is a stretch as wide as a word of so many characters?
pub(super) fn fits(stream: &Stream, spots: &Range<usize>, (least, most): (usize, usize)) -> bool {
    let wide = stream.rect(spots.clone()).width() as f32 / stream.em;
    wide > 0.25 * least as f32 && wide < 1.25 * most as f32 + 0.6
}

/// Finds options that were not read among those that were.
pub(super) struct Guess<'a> {
    pub stream: &'a Stream<'a>,
    /// Options in the order in which they are printed.
    pub order: &'a [usize],
    pub lengths: &'a dyn Fn(usize) -> (usize, usize),
    /// Spots among which they may stand.
    pub bounds: Range<usize>,
    /// Everything within the bounds belongs to the list.
    pub near: bool,
}

impl Guess<'_> {
    /// `anchors`: position in the order and spots of those that were read, rising.
    pub fn fill(&self, anchors: &[(usize, Range<usize>)]) -> Vec<Place> {
        let mut out = Vec::new();
        let (Some(first), Some(last)) = (anchors.first(), anchors.last()) else { return out };
        for w in anchors.windows(2) {
            let missing: Vec<usize> = (w[0].0 + 1..w[1].0).collect();
            if !missing.is_empty() {
                self.between(&w[0], &w[1], &missing, &mut out);
            }
        }
        // Outwards from the ends.
        let before = pieces(self.stream, self.bounds.start..first.1.start);
        let mut beside = first.1.clone();
        let alone = before.len() < first.0;
        for (k, piece) in (0..first.0).rev().zip(before.into_iter().rev()) {
            if !(self.near || linked(self.stream, &piece, &beside))
                || !fits(self.stream, &piece, (self.lengths)(self.order[k]))
            {
                break;
            }
            // A form may leave out a grade: where fewer words stand there than options are missing, which is which is open.
            let read = if alone && !self.near && self.order.len() > 2 { OPEN } else { GUESSED };
            out.push(place(self.stream, Some(self.order[k]), piece.clone(), read));
            beside = piece;
        }
        if beside == first.1 && first.0 == 1 {
            self.ringed(None, Some(&first.1), &[0], &mut out);
        }
        let after = pieces(self.stream, last.1.end..self.bounds.end);
        let mut beside = last.1.clone();
        for (k, piece) in (last.0 + 1..self.order.len()).zip(after) {
            if !(self.near || linked(self.stream, &beside, &piece))
                || !fits(self.stream, &piece, (self.lengths)(self.order[k]))
            {
                break;
            }
            out.push(place(self.stream, Some(self.order[k]), piece.clone(), GUESSED));
            beside = piece;
        }
        if beside == last.1 && last.0 + 2 == self.order.len() {
            self.ringed(Some(&last.1), None, &[last.0 + 1], &mut out);
            if out.iter().all(|p| p.option != Some(self.order[last.0 + 1])) {
                self.boxed(&last.1, None, last.0 + 1, &mut out);
            }
        }
        out
    }

    fn between(&self, a: &(usize, Range<usize>), b: &(usize, Range<usize>), missing: &[usize], out: &mut Vec<Place>) {
        let found = pieces(self.stream, a.1.end..b.1.start);
        if found.is_empty() {
            let n = out.len();
            self.ringed(Some(&a.1), Some(&b.1), missing, out);
            if let ([k], true) = (missing, out.len() == n) {
                self.boxed(&a.1, Some(&b.1), *k, out);
            }
            return;
        }
        let fit = |k: usize, p: &Range<usize>| fits(self.stream, p, (self.lengths)(self.order[k]));
        if found.len() == missing.len() && missing.iter().zip(&found).all(|(k, p)| fit(*k, p)) {
            for (k, p) in missing.iter().zip(found) {
                out.push(place(self.stream, Some(self.order[*k]), p, GUESSED));
            }
        } else if let ([k], [first, .., last]) = (missing, found.as_slice()) {
            let whole = first.start..last.end;
            if fit(*k, &whole) {
                out.push(place(self.stream, Some(self.order[*k]), whole, GUESSED));
            }
        }
    }

    /// A ring where nothing was read: which of the missing options it lies on is told by its place.
    fn ringed(&self, a: Option<&Range<usize>>, b: Option<&Range<usize>>, missing: &[usize], out: &mut Vec<Place>) {
        let (stream, em) = (self.stream, self.stream.em);
        let rect = |r: &Range<usize>| stream.rect(r.clone());
        let (ra, rb) = (a.map(rect), b.map(rect));
        let Some(row) = ra.or(rb) else { return };
        let reach = (2.2 * em) as i32;
        let x0 = ra.map_or_else(|| row.x0 - reach, |r| r.x1 - (0.4 * em) as i32);
        let x1 = rb.map_or_else(|| row.x1 + reach, |r| r.x0 + (0.4 * em) as i32);
        let inside = |r: &&Rect| {
            let (x, y) = r.center();
            x > x0 && x < x1 && y > row.y0 && y < row.y1 && (r.height() as f32) < 2.6 * em
        };
        let rings: Vec<&Rect> = stream.page.rings.iter().filter(inside).collect();
        let [ring] = rings.as_slice() else { return };
        // Beyond the end of a list only what nothing else was read in.
        let covered = |s: &Spot| ring.intersect(&s.rect).is_some_and(|i| 2 * i.width() > s.rect.width());
        if stream.spots.iter().enumerate().any(|(i, s)| covered(s) && !stream.is_between(i)) {
            return;
        }
        let k = match (missing, ra, rb) {
            ([k], ..) => *k,
            (many, Some(ra), Some(rb)) => {
                let share = (ring.center().0 - ra.center().0) as f32 / (rb.center().0 - ra.center().0).max(1) as f32;
                let step = (share * (many.len() + 1) as f32).round() as usize;
                match many.get(step.wrapping_sub(1)) {
                    Some(k) => *k,
                    None => return,
                }
            }
            _ => return,
        };
        let at = a.map_or_else(|| b.map_or(0, |b| b.start), |a| a.end);
        let mut p = place(stream, Some(self.order[k]), at..at, GUESSED);
        p.rect = **ring;
        out.push(p);
    }

    /// A box behind which nothing was read, as where a tick runs through the word.
    fn boxed(&self, a: &Range<usize>, b: Option<&Range<usize>>, k: usize, out: &mut Vec<Place>) {
        let (stream, em) = (self.stream, self.stream.em);
        let (ra, rb) = (stream.rect(a.clone()), b.map(|b| stream.rect(b.clone())));
        let x1 = rb.map_or_else(|| ra.x1 + (4.0 * em) as i32, |r| r.x0 - (1.3 * em) as i32);
        let own = |r: &Rect| r.center().0 > ra.x1 - (0.2 * em) as i32 && r.center().0 < x1;
        let level = |r: &Rect| r.center().1 > ra.y0 && r.center().1 < ra.y1;
        let Some(bx) = stream.boxes.iter().map(|b| b.rect).find(|r| own(r) && level(r)) else { return };
        let rect = Rect::new(bx.x1, ra.y0, bx.x1 + em as i32, ra.y1);
        let read = |s: &Spot| s.rect.intersect(&rect).is_some_and(|i| 2 * i.width() > rect.width());
        if stream.spots.iter().enumerate().any(|(i, s)| read(s) && !stream.is_between(i)) {
            return;
        }
        let mut p = place(stream, Some(self.order[k]), a.end..a.end, GUESSED);
        p.rect = rect;
        out.push(p);
    }
}

/// Two neighbours in a list: joined by a dot or a slash, both behind a box (a label is not), or one of them ringed.
pub(super) fn linked(stream: &Stream, a: &Range<usize>, b: &Range<usize>) -> bool {
    let spots = &stream.spots;
    let (ra, rb) = (stream.rect(a.clone()), stream.rect(b.clone()));
    let gap = (rb.x0 - ra.x1) as f32 / stream.em;
    let row = ra.y1.min(rb.y1) - ra.y0.max(rb.y0);
    if !(-0.5..=3.0).contains(&gap) || row * 2 < ra.height().min(rb.height()) {
        return false;
    }
    let joint = (a.end..b.start).any(|i| is_joint(spots[i].ch) || "、,，".contains(spots[i].ch));
    let boxed = |r: &Rect| {
        stream.boxes.iter().any(|bx| {
            let (x, y) = bx.rect.center();
            x < r.x0 + (0.5 * stream.em) as i32 && (r.x0 - x) as f32 <= 1.8 * stream.em && y > r.y0 && y < r.y1
        })
    };
    let inked = |r: &Range<usize>| spots[r.clone()].iter().all(|s| s.ring > IN_RING);
    let ringed = |r: &Rect| stream.page.rings.iter().any(|ring| ring.contains(r.center().0, r.center().1));
    joint || inked(a) || inked(b) || (boxed(&ra) && boxed(&rb)) || ringed(&ra) || ringed(&rb)
}

/// Ink about a character that text alone seldom has.
pub(super) const IN_RING: f32 = 0.15;
/// How sure a place is that was found by its neighbours; the same where one of several options may stand there.
pub(super) const GUESSED: f32 = 0.97;
const OPEN: f32 = 0.8;
