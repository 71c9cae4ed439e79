//! A page as it is asked for several choices: its rows are lined up once, and what was found for some choices is kept.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use super::stream::{Stream, rows};
use super::{Choices, Chosen, Seg, choose, find, lists};
use crate::reading::Page;

/// A printed group, found by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub segs: Vec<Seg>,
    /// How many of the options stand there.
    pub options: usize,
    pub chosen: Vec<Chosen>,
}

/// A page in rows.
pub struct Paper<'a> {
    page: &'a Page,
    rows: OnceCell<Vec<Row<'a>>>,
    groups: Kept<Group>,
    lists: Kept<Vec<Seg>>,
}

/// A row of the page, or what stands in one of its cells.
pub(super) struct Row<'a> {
    pub scope: Vec<Seg>,
    pub stream: Stream<'a>,
}

/// What was found for some choices.
type Kept<T> = RefCell<Vec<(Choices, Rc<[T]>)>>;

impl<'a> Paper<'a> {
    pub fn new(page: &'a Page) -> Paper<'a> {
        Paper { page, rows: OnceCell::new(), groups: Kept::default(), lists: Kept::default() }
    }

    fn rows(&self) -> &[Row<'a>] {
        let row = |scope: Vec<Seg>| Row { stream: Stream::new(self.page, &scope), scope };
        self.rows.get_or_init(|| rows(self.page).into_iter().map(row).collect())
    }

    /// All groups of the page for these choices, wherever they stand.
    pub fn groups(&self, choices: &Choices) -> Rc<[Group]> {
        kept(&self.groups, choices, || {
            let mut out = Vec::new();
            for Row { stream, .. } in self.rows() {
                for run in find::runs(stream, choices, true).iter().filter(|r| r.options() > 1) {
                    let chosen = choose(stream, run, choices);
                    out.push(Group { segs: stream.segs(run.span()), options: run.options(), chosen });
                }
            }
            out
        })
    }

    /// Where on the page lists of many of these options stand.
    pub fn lists(&self, choices: &Choices) -> Rc<[Vec<Seg>]> {
        kept(&self.lists, choices, || lists::lists(self.page, self.rows(), choices))
    }
}

fn kept<T>(all: &Kept<T>, choices: &Choices, find: impl FnOnce() -> Vec<T>) -> Rc<[T]> {
    if let Some((_, found)) = all.borrow().iter().find(|k| k.0 == *choices) {
        return found.clone();
    }
    let found: Rc<[T]> = find().into();
    all.borrow_mut().push((choices.clone(), found.clone()));
    found
}
