//! Which of the printed options of a group are chosen: rings, ticked boxes, struck options, signs in a grid.
//!
//! A pure function of the page's ink, as the reading keeps it; knows `model`, `reading` and `text`, and must not know
//! what a field or a label is: the caller says where to look ([`Seg`]) and for what ([`Choices`]).
//!
//! `stream` lines up the characters of the scope, `find` says where each option stands (exactly after folding), `guess`
//! where those do that were not read, `ink` compares the marks of siblings, `era` and `grid` are the two special forms.
//! No mark, or two where one is expected, decides nothing.

mod era;
mod find;
mod grid;
mod guess;
mod ink;
mod lists;
mod options;
mod paper;
mod stream;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::model::Rect;
use crate::reading::Page;
use find::{Place, Run};
use stream::Stream;

pub use era::{EraList, era};
pub use grid::grid;
pub use paper::{Group, Paper};

/// A stretch of one line of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seg {
    /// Index into `Page::lines`.
    pub line: usize,
    /// Range of `Line::glyphs`.
    pub glyphs: Range<usize>,
}

impl Seg {
    /// All of a line.
    pub fn line(page: &Page, line: usize) -> Seg {
        Seg { line, glyphs: 0..page.lines.get(line).map_or(0, |l| l.glyphs.len()) }
    }
}

/// The options of a group: what each means and the words that print it (any form; they are folded here). `要介護|3`: what
/// stands before the bar may be printed once for several options that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    options: Vec<(String, Vec<String>)>,
    pub exactly_one: bool,
    words: find::Words,
}

/// What marks the option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Ring,
    Box,
    /// The others are struck through.
    Strike,
    /// A sign in the option's column.
    Grid,
    /// No other option is printed there: it is text.
    Alone,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    pub value: String,
    /// 0..1; 1 = beyond doubt.
    pub certainty: f32,
    pub how: How,
    pub rect: Rect,
    pub seg: Seg,
    /// The chosen option's feature less its best sibling's.
    pub margin: f32,
    /// All that a person must see to check it: the options, their boxes and rings.
    pub group: Rect,
}

/// An option of a group of many.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticked {
    pub value: String,
    pub on: bool,
    pub certainty: f32,
    pub rect: Rect,
    pub seg: Seg,
    /// With its box or ring.
    pub group: Rect,
}

/// The options of some choices as they stand in a scope.
pub struct Printed<'a, 'c> {
    stream: Stream<'a>,
    choices: &'c Choices,
    runs: Vec<Run>,
}

impl<'a, 'c> Printed<'a, 'c> {
    pub fn new(page: &'a Page, scope: &[Seg], choices: &'c Choices) -> Self {
        let stream = Stream::new(page, scope);
        let runs = find::runs(&stream, choices, false);
        Printed { stream, choices, runs }
    }

    /// What is chosen among them. Empty where none stands there or nothing is marked; where one is expected and two are
    /// marked, both come back with a low certainty.
    pub fn chosen(&self) -> Vec<Chosen> {
        let mut found = Vec::new();
        for run in &self.runs {
            let alone = |c: &Chosen| run.places.len() == 1 && c.how == How::Alone;
            let chosen = choose(&self.stream, run, self.choices);
            found.extend(chosen.into_iter().filter(|c| !alone(c) || !self.stands_in_row(c.rect)));
        }
        // Text beside a printed group says nothing against it.
        if found.iter().any(|c| c.how != How::Alone) {
            found.retain(|c| c.how != How::Alone);
        }
        if self.choices.exactly_one && found.iter().any(|c| c.value != found[0].value) {
            found.iter_mut().for_each(|c| c.certainty = c.certainty.min(UNDECIDED));
        }
        found
    }

    /// Whether two or more of them stand there together.
    pub fn is_group(&self) -> bool {
        self.runs.iter().any(|r| r.options() > 1)
    }

    /// Whether the one option in scope is one of several on the page, stands beside a box, or beside a ring on something
    /// that was not read: then its words alone say nothing.
    pub fn is_one_of_several(&self) -> bool {
        self.runs.iter().any(|run| {
            let [place] = run.places.as_slice() else { return false };
            run.dangling || run.lost || ink::has_box(&self.stream, place) || self.stands_in_row(place.rect)
        })
    }

    /// Whether other options stand in the same row, beyond the scope: a ring may break a line anywhere.
    fn stands_in_row(&self, alone: Rect) -> bool {
        let page = self.stream.page;
        let level = |i: &usize| {
            let (r, own) = (page.lines[*i].rect, alone);
            2 * (r.y1.min(own.y1) - r.y0.max(own.y0)) > own.height().min(r.height())
        };
        let mut row: Vec<usize> = (0..page.lines.len()).filter(level).collect();
        row.sort_by_key(|i| page.lines[*i].rect.x0);
        let scope: Vec<Seg> = row.into_iter().map(|i| Seg::line(page, i)).collect();
        let stream = Stream::new(page, &scope);
        let runs = find::runs(&stream, self.choices, true);
        if is_row_of_values(page, &runs) {
            return false;
        }
        let own = |p: &Place| p.rect.intersect(&alone).is_some();
        let joined = |a: &Place, b: &Place| (a.spots.end..b.spots.start).all(|i| stream.is_between(i));
        runs.iter().any(|r| r.places.windows(2).any(|w| (own(&w[0]) || own(&w[1])) && joined(&w[0], &w[1])))
    }
}

/// Whether a row holds one option in each of its cells, and some of them twice: values under their heads, no choice.
fn is_row_of_values(page: &Page, runs: &[Run]) -> bool {
    let places: Vec<&Place> = runs.iter().flat_map(|r| &r.places).filter(|p| p.option.is_some()).collect();
    let mut cells: Vec<Option<u32>> = places.iter().map(|p| page.lines[p.seg.line].cell).collect();
    let mut options: Vec<Option<usize>> = places.iter().map(|p| p.option).collect();
    cells.sort_unstable();
    options.sort_unstable();
    let own_cells = cells.iter().all(Option::is_some) && cells.windows(2).all(|w| w[0] != w[1]);
    let alone = |p: &&Place| {
        let cell = page.lines[p.seg.line].cell;
        page.lines.iter().filter(|l| l.cell == cell).map(|l| l.glyphs.len()).sum::<usize>() <= p.spots.len() + 1
    };
    places.len() > 2 && own_cells && options.windows(2).any(|w| w[0] == w[1]) && places.iter().all(alone)
}

/// Every option of a group of many that stands in scope, ticked or not.
pub fn ticked(page: &Page, scope: &[Seg], choices: &Choices) -> Vec<Ticked> {
    let stream = Stream::new(page, scope);
    let mut out = Vec::new();
    for run in find::runs(&stream, choices, false) {
        let marks = ink::each(&stream, &run);
        for (place, mark) in run.places.iter().zip(marks) {
            if let Some(option) = place.option {
                out.push(Ticked {
                    value: choices.options[option].0.clone(),
                    on: mark.on,
                    certainty: mark.certainty * place.read,
                    rect: place.rect,
                    seg: place.seg.clone(),
                    group: ink::extent(&stream, std::slice::from_ref(place)),
                });
            }
        }
    }
    out
}

/// Certainty of what cannot be decided.
const UNDECIDED: f32 = 0.3;

fn choose(stream: &Stream, run: &Run, choices: &Choices) -> Vec<Chosen> {
    let verdicts = if choices.exactly_one { ink::one(stream, run) } else { ink::several(stream, run) };
    let group = ink::extent(stream, &run.places);
    verdicts
        .into_iter()
        .filter_map(|v| {
            let place = &run.places[v.place];
            Some(Chosen {
                value: choices.options[place.option?].0.clone(),
                certainty: v.certainty * place.read,
                how: v.how,
                rect: place.rect,
                seg: place.seg.clone(),
                margin: v.margin,
                group,
            })
        })
        .collect()
}
