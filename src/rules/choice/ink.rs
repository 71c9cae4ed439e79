//! Compares the marks of sibling options: ink in boxes, rings, strokes. Never what the recogniser made of a mark, except
//! where all siblings carry a printed sign (□ and ■, ○ and ●).

use super::find::{Place, Run};
use super::stream::{EMPTY_BOX, Spot, Stream, TICKED_BOX};
use super::{How, UNDECIDED};
use crate::model::Rect;
use crate::reading::CheckBox;

/// Ink of the inner 46 % below which a box is empty, and above which it is ticked.
const EMPTY: f32 = 0.20;
const TICKED: f32 = 0.27;
/// Lead of a ring's ink over its siblings' that is a mark at all, and one that is plain.
const RING: f32 = 0.04;
const PLAIN_RING: f32 = 0.10;

/// A marked option: index into `Run::places`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub place: usize,
    pub certainty: f32,
    pub how: How,
    pub margin: f32,
}

/// Whether one option of many is marked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mark {
    pub on: bool,
    pub certainty: f32,
    pub how: How,
    pub margin: f32,
}

/// A sign that stands before an option, as it was read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sign {
    Ticked,
    Empty,
    Unknown,
}

/// What is seen of each option.
struct Seen {
    boxes: Vec<Option<f32>>,
    signs: Vec<Option<Sign>>,
    /// Ring ink less the median of the siblings'.
    leads: Vec<f32>,
    /// A ring was found round it.
    ringed: Vec<bool>,
    strikes: Vec<f32>,
    /// More ink was read with its first character than it has.
    swollen: Vec<bool>,
}

impl Seen {
    fn new(stream: &Stream, run: &Run) -> Self {
        let places = &run.places;
        let words: Vec<Option<f32>> = places.iter().map(|p| ring(stream, p.spots.clone())).collect();
        let numbers: Vec<Option<f32>> = places.iter().map(|p| ring(stream, p.number.clone())).collect();
        let ringed: Vec<bool> = places.iter().map(|p| is_ringed(stream, p)).collect();
        let mut leads: Vec<f32> = leads(&words).into_iter().zip(leads(&numbers)).map(|(w, n)| w.max(n)).collect();
        // Where a ring let nothing be read, no ink was measured: the ring itself is what there is.
        for i in (0..places.len()).filter(|i| places[*i].spots.is_empty() && ringed[*i]) {
            leads[i] = PLAIN_RING;
        }
        Self {
            boxes: boxes(stream, places),
            signs: (0..places.len()).map(|i| sign(stream, places, i)).collect(),
            leads,
            ringed,
            strikes: places.iter().map(|p| strike(stream, p)).collect(),
            swollen: places.iter().map(|p| !p.spots.is_empty() && stream.is_swollen(p.spots.start)).collect(),
        }
    }

    fn len(&self) -> usize {
        self.boxes.len()
    }

    /// The options stand beside boxes.
    fn boxed(&self) -> bool {
        let n = self.boxes.iter().flatten().count();
        n > 0 && (n + 1 >= self.len() || n >= 2)
    }

    /// The options stand beside printed signs, of which one kind means yes.
    fn signed(&self) -> bool {
        let n = self.signs.iter().flatten().count();
        n >= 2 && n + 1 >= self.len()
    }
}

/// What is marked where one option is expected: one verdict, or all that rival.
pub(super) fn one(stream: &Stream, run: &Run) -> Vec<Verdict> {
    let seen = Seen::new(stream, run);
    if seen.boxed()
        && let Some(found) = ticked_box(&seen)
    {
        return found;
    }
    if let Some(found) = ringed(&seen) {
        return found;
    }
    if let Some(found) = struck(&seen) {
        return found;
    }
    if seen.signed() {
        return signed(&seen);
    }
    if run.places.len() == 1 && !run.dangling && !seen.boxed() {
        let worst = stream.spots[run.places[0].spots.clone()].iter().map(|s| s.p).fold(1.0, f32::min);
        return vec![Verdict { place: 0, certainty: worst, how: How::Alone, margin: 0.0 }];
    }
    Vec::new()
}

/// What is marked where several may be.
pub(super) fn several(stream: &Stream, run: &Run) -> Vec<Verdict> {
    let marks = each(stream, run);
    let on = marks.iter().enumerate().filter(|(_, m)| m.on);
    on.map(|(place, m)| Verdict { place, certainty: m.certainty, how: m.how, margin: m.margin }).collect()
}

/// Each option by itself.
pub(super) fn each(stream: &Stream, run: &Run) -> Vec<Mark> {
    let seen = Seen::new(stream, run);
    let empty = seen.boxes.iter().flatten().filter(|b| **b < EMPTY).fold(0.0f32, |a, b| a.max(*b));
    (0..seen.len())
        .map(|i| {
            if seen.boxed() {
                let (on, certainty) = match (seen.boxes[i], seen.signs[i]) {
                    (Some(ink), _) => box_certainty(ink),
                    (None, Some(Sign::Ticked)) => (true, 0.85),
                    (None, Some(Sign::Unknown)) => (true, 0.6),
                    (None, Some(Sign::Empty)) => (false, 0.8),
                    (None, None) => (false, 0.5),
                };
                return Mark { on, certainty, how: How::Box, margin: seen.boxes[i].unwrap_or(0.0) - empty };
            }
            if seen.signed() {
                let on = seen.signs[i] == Some(Sign::Ticked);
                return Mark { on, certainty: 0.85, how: How::Box, margin: 0.0 };
            }
            let (lead, ring) = (seen.leads[i], seen.ringed[i]);
            let (on, certainty) = match (ring, lead) {
                (true, l) if l > RING => (true, 0.98),
                (false, l) if l > PLAIN_RING => (true, 0.9),
                (false, l) if l < RING => (false, 0.98),
                (ring, l) => (ring || l > 0.5 * (RING + PLAIN_RING), 0.5),
            };
            Mark { on, certainty, how: How::Ring, margin: lead }
        })
        .collect()
}

fn box_certainty(ink: f32) -> (bool, f32) {
    match ink {
        i if i >= TICKED => (true, 0.99),
        i if i <= 0.5 * EMPTY => (false, 0.99),
        i if i <= EMPTY => (false, 0.95),
        i => (i > 0.5 * (EMPTY + TICKED), 0.6),
    }
}

/// Indices by falling value.
fn ranked(values: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    order
}

/// None where all boxes are empty: then something else may be the mark.
fn ticked_box(seen: &Seen) -> Option<Vec<Verdict>> {
    let mut ink: Vec<f32> = seen.boxes.iter().map(|b| b.unwrap_or(0.0)).collect();
    if ink.iter().all(|i| *i < EMPTY) {
        // A box that is not found among boxes that are has something over it, or was lost.
        for i in (0..ink.len()).filter(|i| seen.boxes[*i].is_none()) {
            ink[i] = match seen.signs[i] {
                Some(Sign::Ticked) => 0.5,
                Some(Sign::Unknown) => 0.4,
                None if seen.swollen[i] => 0.35,
                _ => 0.0,
            };
        }
    }
    let order = ranked(&ink);
    let best = order[0];
    let second = order.get(1).map_or(0.0, |i| ink[*i]);
    let margin = ink[best] - second;
    if ink[best] < EMPTY {
        return None;
    }
    let rivals: Vec<usize> = order.iter().copied().filter(|i| ink[*i] > EMPTY).collect();
    if rivals.len() > 1 && second > 0.4 * ink[best] {
        return Some(
            rivals.into_iter().map(|place| Verdict { place, certainty: UNDECIDED, how: How::Box, margin }).collect(),
        );
    }
    let all = seen.boxes.iter().enumerate().all(|(i, b)| i == best || b.is_some());
    // Between the limits, a box stands out only among quite empty ones.
    let plain = (ink[best] >= TICKED && second <= EMPTY) || second <= 0.25 * EMPTY;
    let certainty = match (seen.boxes[best], seen.signs[best]) {
        (Some(_), _) if plain && all => 0.99,
        (Some(_), _) if plain => 0.95,
        (Some(_), _) => 0.7,
        (None, Some(Sign::Ticked)) if all && second < EMPTY => 0.94,
        (None, None) if all && second < 0.5 * EMPTY => 0.93,
        (None, _) => 0.6,
    };
    Some(vec![Verdict { place: best, certainty, how: How::Box, margin }])
}

fn signed(seen: &Seen) -> Vec<Verdict> {
    let on: Vec<usize> = (0..seen.len()).filter(|i| seen.signs[*i] == Some(Sign::Ticked)).collect();
    let rest = (0..seen.len()).all(|i| on.contains(&i) || seen.signs[i] == Some(Sign::Empty));
    let certainty = if on.len() > 1 {
        UNDECIDED
    } else if rest {
        0.93
    } else {
        0.7
    };
    on.into_iter().map(|place| Verdict { place, certainty, how: How::Box, margin: 1.0 }).collect()
}

fn ringed(seen: &Seen) -> Option<Vec<Verdict>> {
    let order = ranked(&seen.leads);
    let round: Vec<usize> = (0..seen.len()).filter(|i| seen.ringed[*i]).collect();
    // The ring may have been read into its character's own extent, and then leaves no ink about it.
    let best = *round.first().unwrap_or(&order[0]);
    let lead = seen.leads[best];
    let rival = order.iter().find(|i| **i != best).map_or(0.0, |i| seen.leads[*i]);
    let margin = lead - rival;
    let verdict = |place, certainty| Verdict { place, certainty, how: How::Ring, margin };
    let certainty = match round.len() {
        0 if seen.len() < 2 || margin < RING => return None,
        0 if margin > PLAIN_RING => 0.95,
        0 => 0.5,
        1 if seen.len() == 1 => 0.8,
        1 if rival > PLAIN_RING && margin < 0.0 => 0.6,
        1 => 0.99,
        _ => return Some(round.into_iter().map(|i| verdict(i, UNDECIDED)).collect()),
    };
    Some(vec![verdict(best, certainty)])
}

/// All but one are struck through.
fn struck(seen: &Seen) -> Option<Vec<Verdict>> {
    let order = ranked(&seen.strikes);
    let (best, rest) = order.split_last()?;
    let least = rest.iter().map(|i| seen.strikes[*i]).fold(1.0, f32::min);
    let margin = least - seen.strikes[*best];
    if rest.is_empty() || least < 0.8 || margin < 0.2 {
        return None;
    }
    let certainty = if least > 0.9 && margin > 0.3 { 0.95 } else { 0.7 };
    Some(vec![Verdict { place: *best, certainty, how: How::Strike, margin }])
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, n) = values.fold((0.0, 0), |(s, n), v| (s + v, n + 1));
    (n > 0).then(|| sum / n as f32)
}

fn ring(stream: &Stream, spots: std::ops::Range<usize>) -> Option<f32> {
    let outside = |i: &usize| !stream.is_between(*i);
    mean(spots.filter(outside).map(|i| stream.spots[i].ring))
}

fn strike(stream: &Stream, place: &Place) -> f32 {
    mean(stream.spots[place.spots.clone()].iter().map(|s| s.strike)).unwrap_or(0.0)
}

/// What each has more than the median of the others; 0 where nothing was read.
fn leads(values: &[Option<f32>]) -> Vec<f32> {
    values
        .iter()
        .enumerate()
        .map(|(i, v)| {
            let mut others: Vec<f32> =
                values.iter().enumerate().filter(|(k, _)| *k != i).filter_map(|(_, v)| *v).collect();
            others.sort_by(f32::total_cmp);
            match (v, others.len()) {
                (Some(v), n) if n > 0 => v - (others[(n - 1) / 2] + others[n / 2]) / 2.0,
                _ => 0.0,
            }
        })
        .collect()
}

/// A ring round the option's word or its number, and not round much else.
fn is_ringed(stream: &Stream, place: &Place) -> bool {
    let em = stream.em;
    let round = |r: &Rect, word: &Rect| {
        let (cx, cy) = r.center();
        let slack = (0.3 * em) as i32;
        let level = cy > word.y0 && cy < word.y1;
        let over = r.x1.min(word.x1) - r.x0.max(word.x0);
        let wide = (r.width() - word.width()) as f32;
        level && cx >= word.x0 - slack && cx <= word.x1 + slack && over * 5 >= word.width() * 4 && wide < 1.7 * em
    };
    let number = stream.rect(place.number.clone());
    stream.page.rings.iter().any(|r| round(r, &place.rect) || (!place.number.is_empty() && round(r, &number)))
}

/// Ink of the box beside each option: on the left, or on the right where all have theirs there.
fn boxes(stream: &Stream, places: &[Place]) -> Vec<Option<f32>> {
    let em = stream.em;
    let level = |b: &Rect, p: &Rect| {
        let y = b.center().1;
        y > p.y0 - (0.25 * em) as i32 && y < p.y1 + (0.25 * em) as i32
    };
    // Strokes of 化, 管 and コ look like boxes: what lies in a word is none.
    let in_word = |b: &Rect| places.iter().any(|p| p.rect.contains(b.center().0, b.center().1) && b.x0 > p.rect.x0);
    let own: Vec<&CheckBox> = stream.page.boxes.iter().filter(|b| !in_word(&b.rect)).collect();
    let left: Vec<Option<f32>> = places
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let rect = p.rect;
            let after = i.checked_sub(1).map(|k| places[k].rect).filter(|q| level(q, &rect)).map_or(i32::MIN, |q| q.x1);
            let near = |b: &Rect| {
                let x = b.center().0;
                x > after && x < rect.x0 + (0.2 * em) as i32 && (rect.x0 - x) as f32 <= 1.9 * em && level(b, &rect)
            };
            let found = own.iter().filter(|b| near(&b.rect));
            found.max_by_key(|b| b.rect.x0).map(|b| b.ink)
        })
        .collect();
    if left.iter().any(Option::is_some) {
        return left;
    }
    let right: Vec<Option<f32>> = places
        .iter()
        .map(|p| {
            let near = |b: &Rect| {
                let x = b.center().0;
                x > p.rect.x1 - (0.2 * em) as i32 && (x - p.rect.x1) as f32 <= 1.6 * em && level(b, &p.rect)
            };
            own.iter().filter(|b| near(&b.rect)).min_by_key(|b| b.rect.x0).map(|b| b.ink)
        })
        .collect();
    if right.iter().all(Option::is_some) { right } else { left }
}

/// The printed sign before an option: □ ■ ○ ● or something in brackets.
fn sign(stream: &Stream, places: &[Place], i: usize) -> Option<Sign> {
    let start = places[i].spots.start;
    let after = i.checked_sub(1).map_or(0, |k| places[k].spots.end);
    let back = |n: usize| start.checked_sub(n).filter(|k| *k >= after).map(|k| &stream.spots[k]);
    let near = stream.spots.get(start).is_some_and(|s| s.gap < 1.3);
    let before = back(1).filter(|_| near)?;
    let bracket = |s: &Spot, open: bool| if open { "(（[［".contains(s.ch) } else { ")）]］".contains(s.ch) };
    if bracket(before, false) {
        let inner = back(2)?;
        if bracket(inner, true) {
            return Some(Sign::Empty);
        }
        let mark = "○〇◯0OoQ◎●✓✔レVv√☑■×".contains(inner.ch);
        return back(3).filter(|s| bracket(s, true)).map(|_| if mark { Sign::Ticked } else { Sign::Unknown });
    }
    match before.ch {
        c if TICKED_BOX.contains(c) || "●◉◎√".contains(c) => Some(Sign::Ticked),
        c if EMPTY_BOX.contains(c) || "○〇◯".contains(c) => Some(Sign::Empty),
        _ if super::stream::is_separator(before.ch) => None,
        _ => Some(Sign::Unknown),
    }
}
