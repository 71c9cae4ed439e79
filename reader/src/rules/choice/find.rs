//! Where each option of a group stands: by its words, exactly after folding, or by its place between options that were
//! read, because what a ring crosses is read badly.

use std::ops::Range;

use super::guess::{GUESSED, Guess, IN_RING, fits, linked, pieces};
use super::stream::{EMPTY_BOX, Stream, TICKED_BOX};
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
    /// It stands between brackets behind its word, where a form leaves room to write it: `要介護(3)`.
    pub written: bool,
}

/// Options that stand together; each at most once.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub places: Vec<Place>,
    /// A separator beside the only option tells of others that were not read.
    pub dangling: bool,
    /// Between two options there is room for one that was not found.
    pub lost: bool,
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

/// The words of some choices, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    plain: Suffixes,
    /// Prefix, and the options that may follow it, in order: words and option.
    prefixes: Vec<(Vec<char>, Suffixes)>,
    /// Characters that the words of each option have, least and most.
    lengths: Vec<(usize, usize)>,
}

impl Words {
    pub fn new(options: &[(String, Vec<String>)]) -> Self {
        let fold = |s: &str| fold_text(s).chars().collect::<Vec<char>>();
        let mut words = Words { plain: Vec::new(), prefixes: Vec::new(), lengths: Vec::new() };
        for (option, (_, forms)) in options.iter().enumerate() {
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

    /// The option of which a folded text is a word.
    pub fn whole(&self, text: &str) -> Option<usize> {
        self.plain.iter().find(|(w, _)| w.iter().copied().eq(text.chars())).map(|w| w.1)
    }
}

/// The runs of options in a stream. `near`: options of one run stand near each other (the stream is not one field).
pub(super) fn runs(stream: &Stream, choices: &Choices, near: bool) -> Vec<Run> {
    let words = &choices.words;
    let hits = hits(stream, words);
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
            fill_plain(stream, words, &mut places, from..to);
            places.sort_by_key(|p| (p.spots.start, p.rect.x0));
            let dangling = places.len() == 1 && dangles(stream, &places[0].spots);
            let mut after = 0;
            for p in &mut places {
                p.number = number_before(stream, after.min(p.spots.start), p.spots.start);
                after = p.spots.end;
            }
            let lost = has_lost(stream, &places) || beside_lost(stream, &places);
            Run { places, dangling, lost }
        })
        .collect()
}

pub(super) fn place(stream: &Stream, option: Option<usize>, spots: Range<usize>, read: f32) -> Place {
    let (rect, seg) = (stream.rect(spots.clone()), stream.seg(spots.clone()));
    Place { option, spots, rect, seg, number: 0..0, read, written: false }
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
            let dropped = |s: usize| fold_text(&stream.spots[s].ch.to_string()).is_empty();
            // 介 and 支 are parts of many words: only before a number, a box or a bracket
            let next = stream.spots.get(spots.end);
            let counts = |c: char| crate::text::squeeze(&c.to_string()).chars().all(|c| c.is_ascii_digit());
            let loose = matches!(what, What::Prefix(_))
                && word[0] != '要'
                && !next.is_some_and(|s| counts(s.ch) || stream.is_between(spots.end) || EMPTY_BOX.contains(s.ch));
            if whole && !loose && !spots.clone().any(dropped) {
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
    // What looks a little like an option that stands there as it should is another's.
    let exact: Vec<What> = kept.iter().filter(|h| !h.repaired).map(|h| h.what).collect();
    kept.retain(|h| !h.repaired || !exact.contains(&h.what));
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
                // 介 alone is a part of many words
                let long = prefix && h.length > 1;
                (left || long || is_edge(stream, h.spots.start, h.spots.start.checked_sub(1), h.ascii))
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
    // The label that stands close before, and what a ring's stroke or a ringed character was read as.
    let first = |i: usize| i == 0 || stream.spots[i].gap > 0.35 || stream.is_between(i - 1);
    let label = beyond < at
        && ((ch == '性' && first(beyond)) || (ch == '別' && beyond > 0 && stream.spots[beyond - 1].ch == '性'));
    let unsure = stream.spots[beyond].p < 0.9 && stream.spots[beyond].ring > IN_RING;
    here.gap > 0.35
        // S12年: a letter's number
        || (ascii && beyond == at && ch.is_ascii_digit() && stream.spots[at - 1].ch.is_ascii_alphabetic())
        || label
        || unsure
        || stream.is_between(beyond)
        || EMPTY_BOX.contains(ch)
        || TICKED_BOX.contains(ch)
        || "○〇◯●◎様殿氏".contains(ch)
        || (ascii && !ch.is_ascii())
        || ((ch.is_ascii_alphanumeric() || ch.is_numeric()) && !ascii)
}

/// Few characters, and no other word, lie between two options of one group.
fn is_near(stream: &Stream, between: Range<usize>) -> bool {
    let end = between.end.min(stream.spots.len().saturating_sub(1));
    let wide = stream.spots[between.start.min(end)..=end].iter().any(|s| s.gap > 7.0 && s.gap.is_finite());
    let strange = between.filter(|&i| !stream.is_between(i)).count();
    !wide && strange <= 7
}

/// A middle dot or the like joins it to something that was not read: to nothing, or to what a ring made unsure.
fn dangles(stream: &Stream, spots: &Range<usize>) -> bool {
    let unsure = |i: usize| stream.spots[i].p < 0.9 && stream.spots[i].ring > IN_RING;
    let lost = |i: Option<usize>| {
        i.filter(|i| *i < stream.spots.len()).is_none_or(|i| {
            let s = &stream.spots[i];
            s.p < 0.9 || s.ring > IN_RING || stream.is_between(i)
        })
    };
    let beside = |near: Option<usize>, far: Option<usize>| {
        near.filter(|i| *i < stream.spots.len())
            .is_some_and(|i| unsure(i) || (is_joint(stream.spots[i].ch) && lost(far)))
    };
    let (start, end) = (spots.start, spots.end);
    beside(start.checked_sub(1), start.checked_sub(2)) || beside(Some(end), Some(end + 1))
}

pub(super) fn is_joint(ch: char) -> bool {
    "・·•‧･/／∙".contains(ch)
}

/// Does a list of single characters leave one out? What was read with its neighbour makes that one wide.
fn has_lost(stream: &Stream, places: &[Place]) -> bool {
    places.windows(2).any(|w| {
        let (Some(a), Some(b)) = (w[0].option, w[1].option) else { return false };
        let wide = |p: &Place| p.spots.clone().any(|i| stream.is_swollen(i));
        a.abs_diff(b) > 1 && (wide(&w[0]) || wide(&w[1]))
    })
}

/// Does a ring that is no option's own, or what was read of one, touch the options?
fn beside_lost(stream: &Stream, places: &[Place]) -> bool {
    let own = |i: usize| places.iter().any(|p| p.spots.contains(&i));
    let unsure = |i: usize| stream.spots[i].p < 0.9 && stream.spots[i].ring > IN_RING && !own(i);
    let beside = |p: &Place| {
        let (before, after) = (p.spots.start.checked_sub(1), p.spots.end);
        before.is_some_and(unsure) || (after < stream.spots.len() && unsure(after))
    };
    let near = |r: &Rect| {
        let reach = stream.em as i32;
        let touches = |p: &Place| {
            let level = r.center().1 > p.rect.y0 && r.center().1 < p.rect.y1;
            level && r.x0 < p.rect.x1 + reach && r.x1 > p.rect.x0 - reach
        };
        let on = |p: &Place| p.rect.x0 <= r.center().0 && r.center().0 <= p.rect.x1;
        places.iter().any(touches) && !places.iter().any(on)
    };
    places.iter().any(beside) || stream.page.rings.iter().any(near)
}

/// `3．` or `(3)` before an option.
fn number_before(stream: &Stream, after: usize, at: usize) -> Range<usize> {
    let digit = |i: usize| crate::text::squeeze(&stream.spots[i].ch.to_string()).chars().all(|c| c.is_ascii_digit());
    // A ring round a number is read as ⑧.
    let circled = |c: char| ('①'..='⑳').contains(&c);
    if at > after && circled(stream.spots[at - 1].ch) && stream.spots[at].gap < 1.0 {
        return at - 1..at;
    }
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
        } else if "-‐–—ー".contains(s.ch) {
            joined |= !items.is_empty();
        } else if let Some(k) = known(i) {
            items.push((Some(k), i..i + 1));
        } else if i == prefix.end && is_rest(stream, prefix, i) {
            // 度, or 要介 and something like 護
        } else if !(EMPTY_BOX.contains(s.ch) || TICKED_BOX.contains(s.ch)) {
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
        Some((k, end)) if !list => {
            let one = place(stream, Some(order[k]), prefix.start..end, 1.0);
            return vec![Place { written: open, ..one }];
        }
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

/// Does a character belong to the prefix before it: 要介護度, 要介 with a 護 that was misread?
fn is_rest(stream: &Stream, prefix: &Range<usize>, at: usize) -> bool {
    let ch = stream.spots[at].ch;
    let kanji = ('一'..='鿿').contains(&ch) && !"一二三四五".contains(ch);
    let cut = prefix.len() == 2 && stream.spots[prefix.end - 1].ch == '介';
    ch == '度' || (kanji && cut && stream.spots[at].gap < 0.35)
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
    // A letter is never told by its place.
    if order.len() == 2 && places.iter().any(|p| p.spots.len() == 1 && stream.spots[p.spots.start].ch.is_ascii()) {
        return;
    }
    // With two options, whichever was read, the other is the other.
    let falling = match anchors.as_slice() {
        [(k, r)] if order.len() == 2 => {
            let before = pieces(stream, bounds.start..r.start).pop().is_some_and(|p| linked(stream, &p, r));
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
