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
/// Share of a character's width that a stroke through it covers.
const STRUCK: f32 = 0.85;
/// What is ink enough among spotless siblings, and how much those may hold.
const FAINT: f32 = 0.025;
const SPOTLESS: f32 = 0.012;
/// Lead of a ring's ink over its siblings' that is a mark at all, and one that is plain.
const RING: f32 = 0.035;
const PLAIN_RING: f32 = 0.06;
/// The same where no ring was found.
const SURE_RING: f32 = 0.11;
/// What a ring round the neighbour may leave beside an option.
const BESIDE_RING: f32 = 0.15;

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
    /// The boxes are of one size, as printed ones are.
    even: bool,
    signs: Vec<Option<Sign>>,
    /// Ring ink less the median of the siblings'.
    leads: Vec<f32>,
    /// A ring was found round it.
    ringed: Vec<bool>,
    strikes: Vec<f32>,
    /// More ink was read with its first character than it has.
    swollen: Vec<bool>,
    /// How much wider the whole word is than its characters are, em.
    swell: Vec<f32>,
    /// An option that must stand between two others was not found.
    lost: bool,
}

impl Seen {
    fn new(stream: &Stream, run: &Run) -> Self {
        let places = &run.places;
        let words: Vec<Option<f32>> = places.iter().map(|p| ring(stream, p.spots.clone())).collect();
        let numbers: Vec<Option<f32>> = places.iter().map(|p| ring(stream, p.number.clone())).collect();
        let ringed = ringed_places(stream, places);
        let found = boxes(stream, places);
        let single: Vec<bool> = places.iter().map(|p| p.spots.len() == 1).collect();
        let (words, numbers) = (leads(&words, &single), leads(&numbers, &vec![true; places.len()]));
        let mut leads: Vec<f32> = words.into_iter().zip(numbers).map(|(w, n)| w.max(n)).collect();
        // Where a ring let nothing be read, no ink was measured: the ring itself is what there is.
        for i in (0..places.len()).filter(|i| places[*i].spots.is_empty() && ringed[*i]) {
            leads[i] = PLAIN_RING;
        }
        Self {
            even: even(&found),
            boxes: found.iter().map(|b| b.as_ref().map(|b| b.ink)).collect(),
            signs: (0..places.len()).map(|i| sign(stream, places, i)).collect(),
            leads,
            ringed,
            strikes: places.iter().map(|p| strike(stream, p)).collect(),
            swell: places.iter().map(|p| swell(stream, p)).collect(),
            lost: run.lost,
            swollen: places.iter().map(|p| !p.spots.is_empty() && stream.is_swollen(p.spots.start)).collect(),
        }
    }

    fn len(&self) -> usize {
        self.boxes.len()
    }

    /// The options stand beside boxes; where only one was found (a ring may look like one), its sibling shows a trace of
    /// another.
    fn boxed(&self) -> bool {
        let n = self.boxes.iter().flatten().count();
        let trace = |i: usize| self.swollen[i] || self.signs[i].is_some_and(|s| s != Sign::Unknown);
        n >= 2
            || (n == 1 && (self.len() == 1 || (self.len() == 2 && (0..2).any(|i| self.boxes[i].is_none() && trace(i)))))
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
    let ring = ringed(&seen);
    let stroke = struck(&seen);
    // A stroke reaches out to both sides of its word and looks a little like a ring there.
    let weak = ring.as_ref().is_some_and(|r| r.iter().all(|v| v.certainty < 0.9 && v.margin < PLAIN_RING));
    if let Some(found) = stroke.as_ref().filter(|s| weak && s.iter().all(|v| v.certainty > 0.9)) {
        return found.clone();
    }
    if let Some(found) = ring.or(stroke) {
        return found;
    }
    if seen.signed() {
        return signed(&seen);
    }
    // A level that is written between the brackets of one word only speaks for itself.
    let values: Vec<usize> = (0..run.places.len()).filter(|i| run.places[*i].option.is_some()).collect();
    let written = |i: usize| run.places[i].written && run.places.iter().any(|p| p.option.is_none());
    if let Some(i) = values.iter().copied().find(|i| written(*i))
        && values.iter().filter(|i| run.places[**i].written).count() == 1
    {
        let worst = stream.spots[run.places[i].spots.clone()].iter().map(|s| s.p).fold(1.0, f32::min);
        return vec![Verdict { place: i, certainty: 0.93 * worst, how: How::Alone, margin: 0.0 }];
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
    let level = |a: &Rect, b: &Rect| 2 * (a.y1.min(b.y1) - a.y0.max(b.y0)) > a.height().min(b.height());
    // What boxes hold anyhow, in the row where it has enough of them: a lost row of pixels runs through all of one row.
    let usual = |i: usize| {
        let own = |k: &usize| level(&run.places[*k].rect, &run.places[i].rect);
        let row: Vec<usize> = (0..seen.len()).filter(own).collect();
        let among: Vec<usize> = if row.len() >= 4 { row } else { (0..seen.len()).collect() };
        let mut inks: Vec<f32> = among.into_iter().filter_map(|k| seen.boxes[k]).collect();
        inks.sort_by(f32::total_cmp);
        inks.get(inks.len().saturating_sub(1) / 3).copied().unwrap_or(0.0)
    };
    // What a ring round the neighbour leaves beside it is no mark.
    let beside = |i: usize| (i > 0 && seen.ringed[i - 1]) || seen.ringed.get(i + 1) == Some(&true);
    (0..seen.len())
        .map(|i| {
            if seen.boxed() {
                let (on, certainty) = match (seen.boxes[i], seen.signs[i]) {
                    (Some(ink), _) => box_certainty(ink, usual(i)),
                    (None, Some(Sign::Ticked)) => (true, 0.85),
                    (None, Some(Sign::Unknown)) => (true, 0.6),
                    (None, Some(Sign::Empty)) => (false, 0.8),
                    // Read with its word: an empty box is no wider than itself.
                    (None, None) => (seen.swell[i] > 1.0, 0.5),
                };
                return Mark { on, certainty, how: How::Box, margin: seen.boxes[i].unwrap_or(0.0) - usual(i) };
            }
            if seen.signed() {
                let on = seen.signs[i] == Some(Sign::Ticked);
                return Mark { on, certainty: 0.85, how: How::Box, margin: 0.0 };
            }
            let (lead, ring) = (seen.leads[i], seen.ringed[i]);
            let (on, certainty) = match (ring, lead) {
                (true, _) => (true, 0.98),
                // Ink about a character that was read together with its box is the box's.
                _ if seen.swollen[i] && seen.boxes.iter().any(Option::is_some) => (false, 0.5),
                (_, l) if l > 1.5 * SURE_RING => (true, 0.8),
                (_, l) if l < RING => (false, 0.98),
                (_, l) => (l > SURE_RING && !beside(i), 0.5),
            };
            Mark { on, certainty, how: How::Ring, margin: lead }
        })
        .collect()
}

/// `usual`: what most boxes beside it hold, so that a dirty page does not tick them all.
fn box_certainty(ink: f32, usual: f32) -> (bool, f32) {
    let more = ink - usual.min(EMPTY);
    match ink {
        i if i >= TICKED && usual < SPOTLESS => (true, 0.99),
        _ if more > 0.15 => (true, 0.85),
        _ if more > 0.08 => (true, 0.6),
        _ if more > SPOTLESS => (false, 0.6),
        _ => (false, 0.98),
    }
}

/// Is this a box's word?
pub(super) fn has_box(stream: &Stream, place: &Place) -> bool {
    let one = std::slice::from_ref(place);
    boxes(stream, one)[0].is_some() || sign(stream, one, 0).is_some_and(|s| s != Sign::Unknown)
}

/// The options with what marks them.
pub(super) fn extent(stream: &Stream, places: &[Place]) -> Rect {
    let words =
        places.iter().map(|p| if p.number.is_empty() { p.rect } else { p.rect.union(&stream.rect(p.number.clone())) });
    let words = words.reduce(|a, b| a.union(&b)).unwrap_or_default();
    let boxes = boxes(stream, places).into_iter().flatten().map(|b| b.rect);
    let near =
        |r: &&Rect| places.iter().any(|p| r.intersect(&p.rect).is_some()) && (r.height() as f32) < 3.0 * stream.em;
    boxes.chain(stream.page.rings.iter().filter(near).copied()).fold(words, |a, b| a.union(&b))
}

/// Indices by falling value.
fn ranked(values: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    order
}

/// None where all boxes are empty: then something else may be the mark.
fn ticked_box(seen: &Seen) -> Option<Vec<Verdict>> {
    let ink: Vec<f32> = seen.boxes.iter().map(|b| b.unwrap_or(0.0)).collect();
    let order = ranked(&ink);
    let best = order[0];
    let second = order.get(1).map_or(0.0, |i| ink[*i]);
    let margin = ink[best] - second;
    let verdict = |place, certainty| Some(vec![Verdict { place, certainty, how: How::Box, margin }]);
    let missing: Vec<usize> = (0..seen.len()).filter(|i| seen.boxes[*i].is_none()).collect();
    // Empty boxes hold nothing at all, so among them a box stands out long before the limits.
    if seen.len() > 1 && ink[best] > FAINT && second < SPOTLESS {
        let certainty = match ink[best] {
            i if i < EMPTY && !(seen.even && missing.is_empty()) => 0.6,
            _ if !missing.is_empty() => 0.95,
            i if i < 2.0 * FAINT => 0.92,
            _ => 0.99,
        };
        return verdict(best, certainty);
    }
    if ink[best] >= EMPTY {
        let rivals: Vec<usize> = order.iter().copied().filter(|i| ink[*i] > EMPTY).collect();
        if rivals.len() > 1 && second > 0.4 * ink[best] {
            let all = rivals.into_iter();
            return Some(all.map(|place| Verdict { place, certainty: UNDECIDED, how: How::Box, margin }).collect());
        }
        return verdict(best, if ink[best] >= TICKED && second <= EMPTY { 0.95 } else { 0.7 });
    }
    // A box that is not found among boxes that are has something over it, or was lost.
    if let [only] = missing.as_slice()
        && ink[best] < SPOTLESS
    {
        match seen.signs[*only] {
            Some(Sign::Ticked) => return verdict(*only, 0.94),
            Some(Sign::Unknown) if *only > 0 => return verdict(*only, 0.8),
            None if seen.swollen[*only] => return verdict(*only, 0.93),
            _ => {}
        }
    }
    (ink[best] >= SPOTLESS && second < SPOTLESS && seen.len() > 1).then(|| verdict(best, 0.6)).flatten()
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
    let best = *round.first().unwrap_or(&order[0]);
    let lead = seen.leads[best];
    let rival = order.iter().find(|i| **i != best).map_or(0.0, |i| seen.leads[*i]);
    let margin = lead - rival;
    let verdict = |place, certainty| Verdict { place, certainty, how: How::Ring, margin };
    let wider = seen.swell[best] - (0..seen.len()).filter(|i| *i != best).map(|i| seen.swell[i]).fold(0.0, f32::max);
    let certainty = match round.len() {
        // Ink about a character that was read together with its box is the box's.
        0 if seen.len() < 2 || seen.boxed() || seen.signed() || seen.swollen.iter().filter(|s| **s).count() > 1 => {
            return None;
        }
        // A ring round an option that was not read lies beside the one before it.
        0 if seen.lost && margin > RING => 0.5,
        0 if margin > SURE_RING && margin > 0.5 * lead => 0.95,
        // a bracket beside a digit is as much
        0 if margin > PLAIN_RING && margin > 0.5 * lead => 0.85,
        // A wide ring leaves little ink near its word, but was read with it.
        0 if margin > 0.5 * RING && wider > 0.5 && seen.strikes[best] < STRUCK => 0.93,
        0 if margin > RING => 0.5,
        0 => return None,
        1 if seen.len() == 1 => 0.8,
        1 => {
            let limit = |i: usize| if i.abs_diff(best) == 1 { BESIDE_RING } else { PLAIN_RING };
            let clear = (0..seen.len()).all(|i| i == best || seen.leads[i] < limit(i));
            if clear || margin > PLAIN_RING { 0.99 } else { 0.6 }
        }
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
    if rest.is_empty() || least < 0.8 || margin < 0.1 {
        return None;
    }
    let certainty = if least > STRUCK && margin > 0.18 { 0.95 } else { 0.6 };
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

fn swell(stream: &Stream, place: &Place) -> f32 {
    let usual = |i: usize| if stream.spots[i].ch.is_ascii() { 0.55 } else { 0.95 };
    let width = place.rect.width() as f32 / stream.em;
    if place.spots.is_empty() { 0.0 } else { (width - place.spots.clone().map(usual).sum::<f32>()).max(0.0) }
}

fn strike(stream: &Stream, place: &Place) -> f32 {
    mean(stream.spots[place.spots.clone()].iter().map(|s| s.strike)).unwrap_or(0.0)
}

/// What each has more than the median of the others, of its own length where there are such (the characters of a word
/// are ink to each other); 0 where nothing was read.
fn leads(values: &[Option<f32>], single: &[bool]) -> Vec<f32> {
    values
        .iter()
        .enumerate()
        .map(|(i, v)| {
            let other = |alike: bool| {
                let fits = move |k: &usize| *k != i && (!alike || single[*k] == single[i]);
                (0..values.len()).filter(fits).filter_map(|k| values[k]).collect::<Vec<f32>>()
            };
            let mut others = other(true);
            if others.is_empty() {
                others = other(false);
            }
            others.sort_by(f32::total_cmp);
            match (v, others.len()) {
                (Some(v), n) if n > 0 => v - (others[(n - 1) / 2] + others[n / 2]) / 2.0,
                _ => 0.0,
            }
        })
        .collect()
}

/// Which options have a ring round their word or number: each ring goes to the one whose middle is nearest to its own.
fn ringed_places(stream: &Stream, places: &[Place]) -> Vec<bool> {
    let slack = (0.3 * stream.em) as i32;
    let off = |r: &Rect, word: &Rect| {
        let (cx, cy) = r.center();
        let level = cy > word.y0 && cy < word.y1;
        let over = r.x1.min(word.x1) - r.x0.max(word.x0);
        let wide = (r.width() - word.width()) as f32;
        // What was read with the ring is wider than the word.
        let own =
            level && cx >= word.x0 - slack && cx <= word.x1 + slack && over * 5 >= word.width().min(r.width()) * 3;
        (own && wide < 1.7 * stream.em).then(|| (cx - word.center().0).abs())
    };
    let mut out = vec![false; places.len()];
    for r in &stream.page.rings {
        let near = |p: &Place| {
            let number = (!p.number.is_empty()).then(|| stream.rect(p.number.clone()));
            [off(r, &p.rect), number.and_then(|n| off(r, &n))].into_iter().flatten().min()
        };
        let nearest = (0..places.len()).filter_map(|i| Some((near(&places[i])?, i))).min();
        if let Some((_, i)) = nearest {
            out[i] = true;
        }
    }
    out
}

/// Ink of the box beside each option: on the left, or on the right where all have theirs there.
fn boxes(stream: &Stream, places: &[Place]) -> Vec<Option<CheckBox>> {
    let em = stream.em;
    let level = |b: &Rect, p: &Rect| {
        let y = b.center().1;
        y > p.y0 - (0.25 * em) as i32 && y < p.y1 + (0.25 * em) as i32
    };
    // Strokes of 化, 管 and コ look like boxes: what lies in a word is none.
    let in_word = |b: &Rect| places.iter().any(|p| p.rect.contains(b.center().0, b.center().1) && b.x0 >= p.rect.x0);
    let own: Vec<&CheckBox> = stream.boxes.iter().filter(|b| !in_word(&b.rect)).collect();
    let left: Vec<Option<CheckBox>> = places
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let rect = if p.number.is_empty() { p.rect } else { stream.rect(p.number.start..p.spots.end) };
            let after = i.checked_sub(1).map(|k| places[k].rect).filter(|q| level(q, &rect)).map_or(i32::MIN, |q| q.x1);
            let near = |b: &Rect| {
                let x = b.center().0;
                x > after && x < rect.x0 + (0.2 * em) as i32 && (rect.x0 - x) as f32 <= 1.9 * em && level(b, &rect)
            };
            let found = own.iter().filter(|b| near(&b.rect));
            found.max_by_key(|b| b.rect.x0).map(|b| (*b).clone())
        })
        .collect();
    let right: Vec<Option<CheckBox>> = places
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let before = places.get(i + 1).map(|k| k.rect).filter(|q| level(q, &p.rect)).map_or(i32::MAX, |q| q.x0);
            let near = |b: &Rect| {
                let x = b.center().0;
                x > p.rect.x1 - (0.2 * em) as i32
                    && x < before
                    && (x - p.rect.x1) as f32 <= 1.6 * em
                    && level(b, &p.rect)
            };
            own.iter().filter(|b| near(&b.rect)).min_by_key(|b| b.rect.x0).map(|b| (*b).clone())
        })
        .collect();
    // `男□ 女□`: the box between two words is that word's which it stands closer to.
    let all = |side: &[Option<CheckBox>]| side.iter().all(Option::is_some);
    let gap = |side: &[Option<CheckBox>]| {
        let apart = |b: &Rect, p: &Rect| (p.x0 - b.x1).max(b.x0 - p.x1).max(0) as f32;
        let gaps = side.iter().zip(places).filter_map(|(b, p)| Some(apart(&b.as_ref()?.rect, &p.rect)));
        mean(gaps).unwrap_or(f32::MAX)
    };
    let count = |side: &[Option<CheckBox>]| side.iter().flatten().count();
    match (all(&left), all(&right)) {
        (true, false) => left,
        (false, true) => right,
        _ if count(&right) > count(&left) && gap(&right) + 0.1 * em < gap(&left) => right,
        _ => left,
    }
}

/// Boxes of one form have one size; what was taken for one among them has not.
fn even(boxes: &[Option<CheckBox>]) -> bool {
    let widths: Vec<i32> = boxes.iter().flatten().map(|b| b.rect.width()).collect();
    let (least, most) = (widths.iter().min().copied().unwrap_or(0), widths.iter().max().copied().unwrap_or(0));
    most - least <= 2 || most * 5 <= least * 6
}

/// The printed sign before an option: □ ■ ○ ● or something in brackets.
fn sign(stream: &Stream, places: &[Place], i: usize) -> Option<Sign> {
    let start = if places[i].number.is_empty() { places[i].spots.start } else { places[i].number.start };
    let after = i.checked_sub(1).map_or(0, |k| places[k].spots.end);
    let back = |n: usize| start.checked_sub(n).filter(|k| *k >= after).map(|k| &stream.spots[k]);
    let near = stream.spots.get(start).is_some_and(|s| s.gap < 1.3);
    let before = back(1).filter(|_| near)?;
    let bracket = |s: &Spot, open: bool| if open { "(（[［".contains(s.ch) } else { ")）]］".contains(s.ch) };
    if bracket(before, false) {
        let inner = back(2)?;
        let open = if bracket(inner, true) { inner } else { back(3).filter(|s| bracket(s, true))? };
        // `要支援( ) 要介護`: it belongs to the word before.
        if i > 0 && open.gap < stream.spots[start].gap {
            return None;
        }
        return Some(match inner.ch {
            _ if bracket(inner, true) => Sign::Empty,
            c if "○〇◯0OoQ◎●✓✔レVv√☑■×".contains(c) => Sign::Ticked,
            _ => Sign::Unknown,
        });
    }
    match before.ch {
        c if TICKED_BOX.contains(c) || "●◉◎√".contains(c) => Some(Sign::Ticked),
        c if EMPTY_BOX.contains(c) || "○〇◯".contains(c) => Some(Sign::Empty),
        _ if super::stream::is_separator(before.ch) => None,
        _ => Some(Sign::Unknown),
    }
}
