//! The printed list of eras before a birth date: 明・大・昭・平・令, or M・T・S・H・R, one of them marked.

use std::sync::LazyLock;

use super::find::{self, Run};
use super::stream::Stream;
use super::{Choices, Seg, ink};
use crate::reading::Page;
use crate::text::era::Era;

/// A list of eras in a scope.
#[derive(Debug, Clone, PartialEq)]
pub struct EraList {
    /// The era that is marked and how certain that is; None where none or several are.
    pub era: Option<(Era, f32)>,
    /// What of the scope the list covers, marks and separators included, so that a date can be read from the rest.
    pub covers: Vec<Seg>,
    /// Eras that it prints.
    pub options: usize,
}

/// One way of writing at a time: 大 in 大正 is no option of its own, S in a list of kanji is a 5.
static WRITTEN: LazyLock<[Choices; 3]> = LazyLock::new(|| {
    [["明治", "大正", "昭和", "平成", "令和"], ["明", "大", "昭", "平", "令"], ["M", "T", "S", "H", "R"]].map(|words| {
        let options = Era::ALL.iter().zip(words).map(|(e, w)| (e.kanji().to_owned(), vec![w.to_owned()]));
        Choices::of(options.collect(), true)
    })
});

/// Places that no figure was read at.
fn letters(stream: &Stream, run: &Run) -> usize {
    let figure = |p: &&find::Place| p.spots.clone().any(|i| stream.spots[i].ch.is_numeric());
    run.places.iter().filter(|p| !p.spots.is_empty() && !figure(p)).count()
}

/// The list of eras in scope; None where none stands there.
pub fn era(page: &Page, scope: &[Seg]) -> Option<EraList> {
    let stream = Stream::new(page, scope);
    let read = |run: &Run| run.places.iter().filter(|p| p.read == 1.0).count();
    let run = WRITTEN
        .iter()
        .flat_map(|choices| find::runs(&stream, choices, true))
        // R8.11.5: a 5 among the letters is a number, unless two others stand beside it
        .filter(|run| run.options() > 1 && read(run) > 1 && letters(&stream, run) > 1)
        .reduce(|best, run| if read(&run) > read(&best) { run } else { best })?;
    let verdicts = ink::one(&stream, &run);
    let era = match verdicts.as_slice() {
        [v] => run.places[v.place].option.map(|o| (Era::ALL[o], v.certainty * run.places[v.place].read)),
        _ => None,
    };
    let mut span = run.span();
    let loose = |i: usize| stream.is_between(i) || "□☐☑■口ロレ".contains(stream.spots[i].ch);
    while span.start > 0 && loose(span.start - 1) && !":：".contains(stream.spots[span.start - 1].ch) {
        span.start -= 1;
    }
    while span.end < stream.spots.len() && loose(span.end) {
        span.end += 1;
    }
    Some(EraList { era, covers: stream.segs(span), options: run.options() })
}
