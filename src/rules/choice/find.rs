//! Where each option of a group stands: by its words, exactly after folding, or by its place between options that were
//! read, because what a ring crosses is read badly.

use std::ops::Range;

use super::stream::{EMPTY_BOX, Stream, TICKED_BOX, is_separator};
use super::{Choices, Seg};
use crate::model::Rect;
use crate::text::fold_text;

/// An option as it stands on the page.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// None: a printed alternative without a value of its own (`要支援（ ）` left empty).
    pub option: Option<usize>,
    /// Empty where nothing was read, only a ring seen.
    pub spots: Range<usize>,
    pub rect: Rect,
    pub seg: Seg,
    /// The number that stands before it: `3．酸素療法`.
    pub number: Range<usize>,
    /// How sure it is that this option stands here, 0..1.
    pub read: f32,
}

/// Options that stand together; each at most once.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub places: Vec<Place>,
    /// A separator beside the only option tells of others that were not read.
    pub dangling: bool,
}

impl Run {
    pub fn options(&self) -> usize {
        self.places.iter().filter(|p| p.option.is_some()).count()
    }

    pub fn span(&self) -> Range<usize> {
        let start = self.places.iter().map(|p| p.spots.start).min().unwrap_or(0);
        start..self.places.iter().map(|p| p.spots.end).max().unwrap_or(start)
    }
}

/// A word that was read: an option, or what is printed once before several.
#[derive(Debug, Clone)]
struct Hit {
    spots: Range<usize>,
    /// Characters that were read as they are printed.
    length: usize,
    repaired: bool,
    what: What,
    ascii: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Option(usize),
    Prefix(usize),
}

/// Words and the option that each is.
type Suffixes = Vec<(Vec<char>, usize)>;

struct Words {
    plain: Suffixes,
    /// Prefix, and the options that may follow it, in order: words and option.
    prefixes: Vec<(Vec<char>, Suffixes)>,
    /// Characters that the words of each option have, least and most.
    lengths: Vec<(usize, usize)>,
}

impl Words {
    fn new(choices: &Choices) -> Self {
        let fold = |s: &str| fold_text(s).chars().collect::<Vec<char>>();
        let mut words = Words { plain: Vec::new(), prefixes: Vec::new(), lengths: Vec::new() };
        for (option, (_, forms)) in choices.options.iter().enumerate() {
            for form in forms {
                let Some((prefix, rest)) = form.split_once('|') else {
                    words.plain.push((fold(form), option));
                    continue;
                };
                let (prefix, rest) = (fold(prefix), fold(rest));
                match words.prefixes.iter_mut().find(|p| p.0 == prefix) {
                    Some(p) => p.1.push((rest, option)),
                    None => words.prefixes.push((prefix, vec![(rest, option)])),
                }
            }
            let length = |f: &String| f.rsplit('|').next().unwrap_or("").chars().count();
            let least = forms.iter().map(length).min().unwrap_or(0);
            words.lengths.push((least, forms.iter().map(length).max().unwrap_or(0)));
        }
        words
    }
}

/// The runs of options in a stream. `near`: options of one run stand near each other (the stream is not one field).
pub(super) fn runs(stream: &Stream, choices: &Choices, near: bool) -> Vec<Run> {
    let words = Words::new(choices);
    let hits = hits(stream, &words);
    let mut items: Vec<Place> = Vec::new();
    for (i, hit) in hits.iter().enumerate() {
        let until = hits.get(i + 1).map_or(stream.spots.len(), |n| n.spots.start);
        match hit.what {
            What::Option(option) => {
                let read = if hit.repaired { GUESSED } else { 1.0 };
                items.push(place(stream, Some(option), hit.spots.clone(), read));
            }
            What::Prefix(p) => items.extend(after_prefix(stream, &words.prefixes[p].1, &hit.spots, until)),
        }
    }
    items.sort_by_key(|p| p.spots.start);
    let mut groups: Vec<Vec<Place>> = Vec::new();
    for item in items {
        match groups.last_mut() {
            Some(g)
                if !(item.option.is_some() && g.iter().any(|p| p.option == item.option))
                    && (!near || g.last().is_some_and(|l| is_near(stream, l.spots.end..item.spots.start))) =>
            {
                g.push(item);
            }
            _ => groups.push(vec![item]),
        }
    }
    let bounds: Vec<usize> = groups.iter().filter_map(|g| g.last().map(|p| p.spots.end)).collect();
    let starts: Vec<usize> = groups.iter().filter_map(|g| g.first().map(|p| p.spots.start)).collect();
    groups
        .into_iter()
        .enumerate()
        .map(|(i, mut places)| {
            let from = if i == 0 { 0 } else { bounds[i - 1] };
            let to = starts.get(i + 1).copied().unwrap_or(stream.spots.len());
            fill_plain(stream, &words, &mut places, from..to);
            places.sort_by_key(|p| (p.spots.start, p.rect.x0));
            let dangling = places.len() == 1 && dangles(stream, &places[0].spots);
            let mut after = 0;
            for p in &mut places {
                p.number = number_before(stream, after.min(p.spots.start), p.spots.start);
                after = p.spots.end;
            }
            Run { places, dangling }
        })
        .collect()
}

fn place(stream: &Stream, option: Option<usize>, spots: Range<usize>, read: f32) -> Place {
    let (rect, seg) = (stream.rect(spots.clone()), stream.seg(spots.clone()));
    Place { option, spots, rect, seg, number: 0..0, read }
}

/// All words of the choices, the longest where several begin or overlap, each standing free.
fn hits(stream: &Stream, words: &Words) -> Vec<Hit> {
    let mut all: Vec<Hit> = Vec::new();
    let plain = words.plain.iter().map(|(w, o)| (w, What::Option(*o)));
    let prefixes = words.prefixes.iter().enumerate().map(|(i, (w, _))| (w, What::Prefix(i)));
    for (word, what) in plain.chain(prefixes).filter(|(w, _)| !w.is_empty()) {
        let ascii = word.iter().all(char::is_ascii);
        for at in 0..(stream.chars.len() + 1).saturating_sub(word.len()) {
            let here = &stream.chars[at..at + word.len()];
            let wrong = here.iter().zip(word).filter(|(c, w)| c.0 != **w);
            let repaired = wrong.clone().count();
            // One rival in a short word, two in a long one; a word of one character has none to hold on to.
            if repaired > word.len() / 2
                || repaired > 2
                || wrong.into_iter().any(|(c, w)| !stream.spots[c.1].rivals.contains(w))
            {
                continue;
            }
            let spots = here[0].1..here[word.len() - 1].1 + 1;
            // Nothing may stand between its characters, nor may half a character belong to it.
            let whole = (at == 0 || stream.chars[at - 1].1 < spots.start)
                && stream.chars.get(at + word.len()).is_none_or(|c| c.1 >= spots.end);
            if whole && spots.clone().all(|s| !is_separator(stream.spots[s].ch)) {
                all.push(Hit { spots, length: word.len() - repaired, what, ascii, repaired: repaired > 0 });
            }
        }
    }
    all.sort_by_key(|h| (std::cmp::Reverse(h.length), h.spots.start));
    let mut kept: Vec<Hit> = Vec::new();
    for h in all {
        if !kept.iter().any(|k| k.spots.start < h.spots.end && h.spots.start < k.spots.end) {
            kept.push(h);
        }
    }
    kept.sort_by_key(|h| h.spots.start);
    loop {
        let free: Vec<bool> = kept
            .iter()
            .map(|h| {
                // The gap beside a ringed word is full of the ring's stroke.
                let ringed = is_ringed(stream, &stream.rect(h.spots.clone()));
                let left = ringed || kept.iter().any(|k| k.spots.end == h.spots.start);
                let right = ringed || kept.iter().any(|k| k.spots.start == h.spots.end);
                let prefix = matches!(h.what, What::Prefix(_));
                (left || is_edge(stream, h.spots.start, h.spots.start.checked_sub(1), h.ascii))
                    && (right || prefix || is_edge(stream, h.spots.end, Some(h.spots.end), h.ascii))
            })
            .collect();
        if free.iter().all(|f| *f) {
            return kept;
        }
        let mut n = free.iter();
        kept.retain(|_| *n.next().unwrap_or(&true));
    }
}

/// Has it the middle of a ring of its own size?
fn is_ringed(stream: &Stream, word: &Rect) -> bool {
    let own =
        |r: &&Rect| word.contains(r.center().0, r.center().1) && r.width() < word.width() + (1.7 * stream.em) as i32;
    stream.page.rings.iter().any(|r| own(&r))
}

/// Does a word end between spots `at - 1` and `at`, of which `beyond` is the one outside?
fn is_edge(stream: &Stream, at: usize, beyond: Option<usize>, ascii: bool) -> bool {
    let (Some(here), Some(beyond)) = (stream.spots.get(at), beyond.filter(|b| *b < stream.spots.len())) else {
        return true;
    };
    let ch = stream.spots[beyond].ch;
    here.gap > 0.35
        || stream.is_between(beyond)
        || EMPTY_BOX.contains(ch)
        || TICKED_BOX.contains(ch)
        || "○〇◯●◎様殿氏".contains(ch)
        || (ch.is_ascii_alphanumeric() && !ascii)
}

/// Few characters, and no other word, lie between two options of one group.
fn is_near(stream: &Stream, between: Range<usize>) -> bool {
    let end = between.end.min(stream.spots.len().saturating_sub(1));
    let wide = stream.spots[between.start.min(end)..=end].iter().any(|s| s.gap > 7.0 && s.gap.is_finite());
    let strange = between.filter(|&i| !stream.is_between(i)).count();
    !wide && strange <= 7
}

/// A middle dot or the like joins it to something that was not read.
fn dangles(stream: &Stream, spots: &Range<usize>) -> bool {
    let joins = |i: usize| stream.spots.get(i).is_some_and(|s| is_joint(s.ch));
    spots.start.checked_sub(1).is_some_and(joins) || joins(spots.end)
}

fn is_joint(ch: char) -> bool {
    "・·•‧･/／∙".contains(ch)
}

/// `3．` or `(3)` before an option.
fn number_before(stream: &Stream, after: usize, at: usize) -> Range<usize> {
    let digit = |i: usize| crate::text::squeeze(&stream.spots[i].ch.to_string()).chars().all(|c| c.is_ascii_digit());
    let mut i = at;
    while i > after && at - i < 2 && ".．)）。".contains(stream.spots[i - 1].ch) {
        i -= 1;
    }
    let end = i;
    if end == at {
        return at..at;
    }
    while i > after && end - i < 2 && digit(i - 1) {
        i -= 1;
    }
    if i == end { at..at } else { i..end }
}

/// Words between separators, boxes and gaps.
fn pieces(stream: &Stream, range: Range<usize>) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for i in range {
        if stream.is_between(i) {
            continue;
        }
        match out.last_mut() {
            Some(p) if p.end == i && stream.spots[i].gap < 0.55 => p.end = i + 1,
            _ => out.push(i..i + 1),
        }
    }
    out
}

/// What follows `要介護`: a list of digits, one digit, or an empty bracket.
fn after_prefix(stream: &Stream, suffixes: &[(Vec<char>, usize)], prefix: &Range<usize>, until: usize) -> Vec<Place> {
    let mut order: Vec<usize> = suffixes.iter().map(|s| s.1).collect();
    order.dedup();
    let spots = &stream.spots;
    let known = |i: usize| {
        let c: Vec<char> = fold_text(&spots[i].ch.to_string()).chars().collect();
        suffixes.iter().find(|s| s.0 == c).and_then(|s| order.iter().position(|o| *o == s.1))
    };
    // position in the order, where it was read; and the spots
    let mut items: Vec<(Option<usize>, Range<usize>)> = Vec::new();
    let (mut i, mut open, mut joined) = (prefix.end, false, false);
    while i < until {
        let s = &spots[i];
        let (opening, closing) = ("(（[【〔".contains(s.ch), ")）]】〕".contains(s.ch));
        if (s.gap > 4.0 && s.gap.is_finite())
            || (opening && !items.is_empty())
            || (closing && (open || !items.is_empty()))
        {
            break;
        }
        open |= opening;
        if stream.is_between(i) {
            joined |= is_joint(s.ch) && !items.is_empty();
        } else if let Some(k) = known(i) {
            items.push((Some(k), i..i + 1));
        } else if !(EMPTY_BOX.contains(s.ch) || TICKED_BOX.contains(s.ch) || (s.ch == '度' && i == prefix.end)) {
            match items.last_mut() {
                Some((None, r)) if r.end == i && s.gap < 0.5 => r.end = i + 1,
                None if !open => break,
                _ => items.push((None, i..i + 1)),
            }
            if items.last().is_some_and(|l| !fits(stream, &l.1, (1, 1)) || l.1.len() > 2) {
                items.pop();
                break;
            }
        }
        i += 1;
    }
    let ringed = |r: &Range<usize>| is_ringed(stream, &stream.rect(r.clone()));
    if !joined && !open {
        items.retain(|i| i.0.is_some() || ringed(&i.1));
    }
    let read: Vec<usize> = items.iter().filter_map(|i| i.0).collect();
    let rising = read.windows(2).all(|w| w[0] < w[1]);
    let list = items.len() > 1 && rising && (joined || items.len() + 1 >= order.len());
    match items.iter().find_map(|(k, r)| Some(((*k)?, r.end))) {
        None => return if open { vec![place(stream, None, prefix.clone(), 1.0)] } else { Vec::new() },
        Some((k, end)) if !list => return vec![place(stream, Some(order[k]), prefix.start..end, 1.0)],
        Some(_) => {}
    }
    let anchors: Vec<(usize, Range<usize>)> = items.iter().filter_map(|(k, r)| k.map(|k| (k, r.clone()))).collect();
    let mut out: Vec<Place> = anchors.iter().map(|(k, r)| place(stream, Some(order[*k]), r.clone(), 1.0)).collect();
    let bounds = prefix.end..items.last().map_or(prefix.end, |l| l.1.end);
    let guess = Guess { stream, order: &order, lengths: &|_| (1, 1), bounds, near: true };
    out.extend(guess.fill(&anchors));
    out.sort_by_key(|p| p.spots.start);
    out
}

/// Options without a prefix, in the order in which the choices give them (or the reverse).
fn fill_plain(stream: &Stream, words: &Words, places: &mut Vec<Place>, bounds: Range<usize>) {
    let mut order: Vec<usize> = words.plain.iter().map(|w| w.1).collect();
    order.dedup();
    let mut anchors: Vec<(usize, Range<usize>)> = places
        .iter()
        .filter_map(|p| Some((order.iter().position(|o| Some(*o) == p.option)?, p.spots.clone())))
        .collect();
    anchors.sort_by_key(|a| a.1.start);
    // Words beside a list under a prefix are no list of their own.
    let listed = places.iter().filter(|p| p.option.is_some_and(|o| !order.contains(&o))).count();
    if anchors.len() == order.len() || anchors.is_empty() || (!words.prefixes.is_empty() && listed < 2) {
        return;
    }
    // With two options, whichever was read, the other is the other.
    let falling = match anchors.as_slice() {
        [(k, r)] if order.len() == 2 => {
            let before = stream.spots[bounds.start..r.start].iter().rev().take(3).any(|s| is_joint(s.ch));
            (*k == 0) == before
        }
        [_] => return,
        many => many.windows(2).all(|w| w[0].0 > w[1].0),
    };
    if falling {
        order.reverse();
        anchors.iter_mut().for_each(|a| a.0 = order.len() - 1 - a.0);
    }
    if !anchors.windows(2).all(|w| w[0].0 < w[1].0) {
        return;
    }
    let taken: Vec<Range<usize>> = places.iter().map(|p| p.spots.clone()).collect();
    let lengths = |o: usize| words.lengths[o];
    let guess = Guess { stream, order: &order, lengths: &lengths, bounds, near: false };
    let found = guess.fill(&anchors);
    places.extend(found.into_iter().filter(|f| !taken.iter().any(|t| t.start < f.spots.end && f.spots.start < t.end)));
}

/// Is a stretch as wide as a word of so many characters?
fn fits(stream: &Stream, spots: &Range<usize>, (least, most): (usize, usize)) -> bool {
    let wide = stream.rect(spots.clone()).width() as f32 / stream.em;
    wide > 0.25 * least as f32 && wide < 1.25 * most as f32 + 0.6
}

/// Finds options that were not read among those that were.
struct Guess<'a> {
    stream: &'a Stream<'a>,
    /// Options in the order in which they are printed.
    order: &'a [usize],
    lengths: &'a dyn Fn(usize) -> (usize, usize),
    /// Spots among which they may stand.
    bounds: Range<usize>,
    /// Everything within the bounds belongs to the list.
    near: bool,
}

impl Guess<'_> {
    /// `anchors`: position in the order and spots of those that were read, rising.
    fn fill(&self, anchors: &[(usize, Range<usize>)]) -> Vec<Place> {
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
        for (k, piece) in (0..first.0).rev().zip(before.into_iter().rev()) {
            if !self.linked(&piece, &beside) || !fits(self.stream, &piece, (self.lengths)(self.order[k])) {
                break;
            }
            out.push(place(self.stream, Some(self.order[k]), piece.clone(), GUESSED));
            beside = piece;
        }
        if beside == first.1 && first.0 == 1 {
            self.ringed(None, Some(&first.1), &[0], &mut out);
        }
        let after = pieces(self.stream, last.1.end..self.bounds.end);
        let mut beside = last.1.clone();
        for (k, piece) in (last.0 + 1..self.order.len()).zip(after) {
            if !self.linked(&beside, &piece) || !fits(self.stream, &piece, (self.lengths)(self.order[k])) {
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
        let covered = |s: &super::stream::Spot| ring.intersect(&s.rect).is_some_and(|i| 2 * i.width() > s.rect.width());
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
        let Some(bx) = stream.page.boxes.iter().map(|b| b.rect).find(|r| own(r) && level(r)) else { return };
        let rect = Rect::new(bx.x1, ra.y0, bx.x1 + em as i32, ra.y1);
        let read = |s: &super::stream::Spot| s.rect.intersect(&rect).is_some_and(|i| 2 * i.width() > rect.width());
        if stream.spots.iter().enumerate().any(|(i, s)| read(s) && !stream.is_between(i)) {
            return;
        }
        let mut p = place(stream, Some(self.order[k]), a.end..a.end, GUESSED);
        p.rect = rect;
        out.push(p);
    }

    /// Two neighbours in a list: joined by a dot, a box or a slash, or one of them is ringed.
    fn linked(&self, a: &Range<usize>, b: &Range<usize>) -> bool {
        let spots = &self.stream.spots;
        let (ra, rb) = (self.stream.rect(a.clone()), self.stream.rect(b.clone()));
        let gap = (rb.x0 - ra.x1) as f32 / self.stream.em;
        let row = ra.y1.min(rb.y1) - ra.y0.max(rb.y0);
        if gap > 3.0 || row * 2 < ra.height().min(rb.height()) {
            return false;
        }
        let joint = (a.end..b.start).any(|i| is_joint(spots[i].ch) || spots[i].boxed || "、,，".contains(spots[i].ch));
        let boxed = |r: &Rect| {
            self.stream.page.boxes.iter().any(|bx| {
                let (x, y) = bx.rect.center();
                x < r.x0 + (0.5 * self.stream.em) as i32
                    && (r.x0 - x) as f32 <= 1.8 * self.stream.em
                    && y > r.y0
                    && y < r.y1
            })
        };
        let ringed = |r: &Rect| self.stream.page.rings.iter().any(|ring| ring.contains(r.center().0, r.center().1));
        self.near || joint || (boxed(&ra) && boxed(&rb)) || ringed(&ra) || ringed(&rb)
    }
}

/// How sure a place is that was found by its neighbours.
const GUESSED: f32 = 0.97;
