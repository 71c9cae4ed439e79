//! Of whom a place speaks: distances to the words that open a block about somebody.
//!
//! Five groups and "other"; a page without a group's own word says nothing for or against it.

use crate::model::Rect;

use super::file::Group;
use super::lexicon::Hits;
use super::view::View;

/// Words of a page that name a group.
pub struct Anchors {
    all: Vec<(Group, Rect, Option<Rect>)>,
    em: f32,
}

/// What the surroundings of a place say about a group.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Context {
    /// -1 (a foreign word is much nearer) to 1.
    pub balance: f32,
    /// The nearest word at all names the group.
    pub own_nearest: bool,
    /// The nearest word at all names another group, and stands close.
    pub foreign_near: bool,
}

impl Anchors {
    pub fn of(view: &View, hits: &Hits) -> Anchors {
        let mut all = Vec::new();
        for h in &hits.all {
            let cell = view.cell(h.last().line).map(|c| view.page.cells[c]);
            for g in &h.groups {
                all.push((*g, h.rect, cell));
            }
        }
        Anchors { all, em: view.em }
    }

    /// What stands round a place, as seen by a group.
    pub fn context(&self, place: Rect, group: Group) -> Context {
        let (mut own, mut foreign) = (f32::INFINITY, f32::INFINITY);
        for (g, r, cell) in &self.all {
            let d = self.distance(*r, *cell, place);
            if *g == group {
                own = own.min(d);
            } else {
                foreign = foreign.min(d);
            }
        }
        if own.is_infinite() {
            let near = foreign < 2.0;
            return Context { balance: if near { -0.25 } else { 0.0 }, own_nearest: false, foreign_near: near };
        }
        let balance = ((foreign.min(25.0) - own) / 8.0).clamp(-1.0, 1.0);
        Context { balance, own_nearest: own <= foreign, foreign_near: foreign < own && foreign < 4.0 }
    }

    /// In em; words in front of a place count more than those behind it.
    fn distance(&self, anchor: Rect, cell: Option<Rect>, place: Rect) -> f32 {
        let em = self.em;
        let (x, y) = place.center();
        // a row header that spans the rows of its block
        if let Some(c) = cell
            && (c.y0..c.y1).contains(&y)
            && c.x1 <= place.x0 + em as i32
            && c.height() as f32 > 1.2 * em
        {
            return 0.05 * (x - c.x1).max(0) as f32 / em;
        }
        let dx = (place.x0 - anchor.x1).max(anchor.x0 - place.x1).max(0) as f32 / em;
        let dy = (y - anchor.center().1) as f32 / em;
        let ahead = anchor.x0 < place.x0;
        if dy.abs() < 0.9 {
            return 0.15 * dx + if ahead { 0.0 } else { 1.0 };
        }
        let side = if dx > 14.0 { 6.0 } else { 0.05 * dx };
        if dy > 0.0 { dy + side } else { -1.6 * dy + 2.0 + side }
    }
}
