//! Where the value of a label may stand: the rest of the row, the cell to the right, below, the box under it.
//!
//! Knows places only; what the text there means is `form`'s business.

use serde::{Deserialize, Serialize};

use crate::model::Rect;

use super::choice::Seg;
use super::lexicon::{Hit, Hits};
use super::view::View;

/// The way from a label to its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Behind the label in its own line or row, inside its cell.
    SameLine,
    /// That, and the rows below it.
    Block,
    /// The cell to the right.
    RightCell,
    /// At the same height further right, where no closed cell holds it.
    Right,
    /// The cell below.
    BelowCell,
    /// The rows below, in the same cell or column.
    Below,
    /// A ruled box under a label that stands free.
    Box,
    /// A region of the page that a rule names.
    Region,
    /// No label: the value's own shape.
    Shape,
}

impl Direction {
    pub fn name(self) -> &'static str {
        match self {
            Direction::SameLine => "same_line",
            Direction::Block => "block",
            Direction::RightCell => "right_cell",
            Direction::Right => "right",
            Direction::BelowCell => "below_cell",
            Direction::Below => "below",
            Direction::Box => "box",
            Direction::Region => "region",
            Direction::Shape => "shape",
        }
    }
}

/// A stretch of page that may hold a value.
#[derive(Debug, Clone)]
pub struct Scope {
    pub direction: Direction,
    pub segs: Vec<Seg>,
    /// Rows that `segs` span.
    pub rows: usize,
    /// White space between label and value, em.
    pub distance: f32,
}

/// White space behind a label, em, from which what follows may be another column's.
const FAR: f32 = 4.0;

/// Longest block of free rows under a label.
const MOST_ROWS: usize = 45;

/// All scopes of one label, nearest first.
pub fn scopes(view: &View, hits: &Hits, hit: &Hit) -> Vec<Scope> {
    let mut s = Scopes { view, hits, hit, out: Vec::new() };
    let first = s.rest_of_row();
    match view.cell(hit.last().line) {
        Some(cell) => s.in_cell(cell, &first),
        None => s.free(&first),
    }
    s.out
}

struct Scopes<'v, 'p> {
    view: &'v View<'p>,
    hits: &'v Hits,
    hit: &'v Hit,
    out: Vec<Scope>,
}

impl Scopes<'_, '_> {
    fn push(&mut self, direction: Direction, segs: Vec<Seg>) {
        let segs: Vec<Seg> = segs.into_iter().filter(|s| !s.glyphs.is_empty()).collect();
        if segs.is_empty() || self.out.iter().any(|o| o.segs == segs) {
            return;
        }
        let mut rows: Vec<usize> = segs.iter().map(|s| self.view.row_of[s.line]).collect();
        rows.dedup();
        let (a, b) = (self.hit.rect, self.view.seg_rect(&segs[0]));
        let dx = (b.x0 - a.x1).max(a.x0 - b.x1).max(0) as f32;
        let dy = (b.y0 - a.y1).max(0) as f32;
        self.out.push(Scope { direction, segs, rows: rows.len(), distance: (dx + dy) / self.view.em });
    }

    /// Glyphs of a line from `from` to the next label.
    fn until_label(&self, line: usize, from: usize) -> Seg {
        Seg { line, glyphs: from..self.hits.next(line, from).unwrap_or(self.view.len(line)) }
    }

    /// What stands behind the label: its own line, then lines of the row in the same cell or without any.
    fn rest_of_row(&self) -> Vec<Seg> {
        let (view, last) = (self.view, self.hit.last());
        let own = self.until_label(last.line, last.glyphs.end);
        let cut = own.glyphs.end < view.len(last.line);
        let mut segs = Vec::new();
        if !own.glyphs.is_empty() {
            segs.push(own);
        }
        if cut {
            return segs;
        }
        self.along(segs, view.rect(last.line).x1, 2, |segs, l, edge| {
            let limit = if blank(view, segs) { self.reach() } else { 1.9 };
            let gap = (view.rect(l).x0 - edge) as f32 / view.em;
            view.cell(l) != view.cell(last.line) || gap > limit || self.crossed(edge, view.rect(l))
        })
    }

    /// Adds what stands to the right of an edge (`slack` px may overlap) in the label's row, to the next label or to where
    /// `ends` says so, given what there is so far, the next line and the right edge before it.
    fn along(&self, mut segs: Vec<Seg>, start: i32, slack: i32, ends: impl Fn(&[Seg], usize, i32) -> bool) -> Vec<Seg> {
        let view = self.view;
        let Some(row) = view.rows.get(view.row_of[self.hit.last().line]) else { return segs };
        let mut edge = start;
        for l in row.iter().copied().filter(|l| view.rect(*l).x0 >= start - slack) {
            if ends(&segs, l, edge) {
                break;
            }
            let seg = self.until_label(l, 0);
            let whole = seg.glyphs.end == view.len(l);
            if seg.glyphs.is_empty() {
                break;
            }
            segs.push(seg);
            edge = view.rect(l).x1;
            if !whole {
                break;
            }
        }
        segs
    }

    /// Whether an upright ruled line stands between an edge and a line to its right.
    fn crossed(&self, edge: i32, to: Rect) -> bool {
        let y = to.center().1;
        self.view
            .page
            .rules
            .iter()
            .any(|r| r.height() > 3 * r.width() && r.x0 >= edge - 2 && r.x1 <= to.x0 + 2 && r.y0 <= y && y <= r.y1)
    }

    /// Whether a level ruled line stands between two heights across a stretch.
    fn ruled(&self, y0: i32, y1: i32, x0: i32, x1: i32) -> bool {
        self.view.page.rules.iter().any(|r| {
            r.width() > 3 * r.height() && r.y0 >= y0 - 2 && r.y1 <= y1 + 2 && r.x0 <= x0 + 4 && r.x1 >= x1.min(x0 + 40)
        })
    }

    fn in_cell(&mut self, cell: usize, first: &[Seg]) {
        let (view, hit) = (self.view, self.hit);
        self.push(Direction::SameLine, first.to_vec());
        // the rows below in the cell, to the next label
        let label_row = view.row_of[hit.last().line];
        let mut below: Vec<Seg> = Vec::new();
        for l in view.lines_in(cell) {
            if view.row_of[l] == usize::MAX || view.row_of[l] <= label_row {
                continue;
            }
            if self.hits.opens(view, l) && !self.in_hit(l) {
                break;
            }
            if below.is_empty() && bracketed(view, l) && blank(view, first) {
                continue;
            }
            let seg = self.until_label(l, 0);
            let whole = seg.glyphs.end == view.len(l);
            below.push(seg);
            if !whole {
                break;
            }
        }
        if !below.is_empty() {
            if blank(view, first) {
                self.under(below);
            } else {
                let mut all = first.to_vec();
                all.extend(below.iter().cloned());
                self.push(Direction::Block, all);
                self.push(Direction::Below, below);
            }
        }
        // a label that shares its cell with other labels and values has its value there; 看護の内容・経過 ends in one
        let ends = hit.last().glyphs.end >= view.len(hit.last().line)
            && view.lines_in(cell).len() == 1
            && view.len(hit.last().line) <= 14
            && !view.page.lines[hit.last().line].glyphs.iter().any(|g| ":：。、".contains(g.ch));
        let alone = ends
            || view.lines_in(cell).iter().all(|l| {
                self.in_hit(*l) && view_rest(view, self.hits, *l) <= 3
                    || self.label_line(*l)
                    || view.len(*l) <= 3
                    || bracketed(view, *l)
            });
        self.inner_cell(cell);
        self.digit_boxes(cell);
        if alone {
            self.right_cells(cell);
            self.below_cells(cell);
            if self.out.is_empty() {
                self.right_of(view.page.cells[cell]);
            }
        }
    }

    fn in_hit(&self, line: usize) -> bool {
        self.hit.segs.iter().any(|s| s.line == line)
    }

    /// Whether a line holds nothing but labels and what brackets them.
    fn label_line(&self, line: usize) -> bool {
        let covered: usize = self.hits.on[line].iter().map(|h| h.0.len()).sum();
        covered > 0 && view_rest(self.view, self.hits, line) <= 2
    }

    /// Content of a cell up to its first label.
    fn content(&self, cell: usize) -> Vec<Seg> {
        let mut segs = Vec::new();
        for l in self.view.lines_in(cell) {
            // （フリガナ）ナルシマ スミエ above the name
            let reading = self.hits.on[l].first().is_some_and(|(_, i)| {
                let fields = &self.hits.all[*i].fields;
                !fields.is_empty() && fields.iter().all(|f| f.0 == "patient.kana")
            });
            if reading && self.hits.opens(self.view, l) && self.hit.fields.iter().any(|f| f.0 == "patient.name") {
                continue;
            }
            let seg = self.until_label(l, 0);
            let whole = seg.glyphs.end == self.view.len(l);
            if !seg.glyphs.is_empty() {
                segs.push(seg);
            }
            if !whole {
                break;
            }
        }
        segs
    }

    /// A closed cell to the right inside the label's own: a row of which only the value is framed.
    fn inner_cell(&mut self, cell: usize) {
        let view = self.view;
        let (c, label) = (view.page.cells[cell], self.hit.rect);
        let inside = |r: &Rect| {
            r.x0 >= label.x1 - 4
                && r.x1 <= c.x1 + 4
                && (r.y0..r.y1).contains(&label.center().1)
                && r.y0 >= c.y0 - 4
                && r.width() < c.width()
        };
        let cells = view.page.cells.iter().enumerate().filter(|(i, r)| *i != cell && inside(r));
        let Some((inner, _)) = cells.min_by_key(|(_, r)| r.x0) else { return };
        let segs = self.content(inner);
        let row = segs.first().map(|s| view.row_of[s.line]);
        let one = segs.iter().filter(|s| Some(view.row_of[s.line]) == row).cloned().collect();
        self.push(Direction::RightCell, segs);
        self.push(Direction::RightCell, one);
    }

    fn right_cells(&mut self, cell: usize) {
        let view = self.view;
        let c = view.page.cells[cell];
        let reach = (0.7 * view.em) as i32 + 4;
        let mut right: Vec<(usize, Rect)> = view
            .page
            .cells
            .iter()
            .copied()
            .enumerate()
            .filter(|(i, r)| {
                let shared = r.y1.min(c.y1) - r.y0.max(c.y0);
                *i != cell && (r.x0 - c.x1).abs() <= reach && 2 * shared > r.height().min(c.height())
            })
            .collect();
        right.sort_by_key(|r| r.1.y0);
        let contents: Vec<Vec<Seg>> = right.iter().map(|(i, _)| self.content(*i)).collect();
        if right.len() > 1 {
            let all: Vec<Seg> = contents.iter().flatten().cloned().collect();
            self.push(Direction::RightCell, all);
        }
        for segs in &contents {
            let row = segs.first().map(|s| view.row_of[s.line]);
            self.push(Direction::RightCell, segs.clone());
            let one: Vec<Seg> = segs.iter().filter(|s| Some(view.row_of[s.line]) == row).cloned().collect();
            self.push(Direction::RightCell, one);
        }
        // one row of a table whose cells go on to the right: digits boxes, a value in two columns
        if let [(first, r)] = right[..] {
            let mut row = self.content(first);
            let mut edge = r;
            while let Some((i, next)) = view.page.cells.iter().copied().enumerate().find(|(_, n)| {
                (n.x0 - edge.x1).abs() <= 6 && (n.y0 - edge.y0).abs() <= 8 && (n.y1 - edge.y1).abs() <= 8
            }) {
                let more = self.content(i);
                let starts_with_label = view.lines_in(i).first().is_some_and(|l| self.hits.opens(view, *l));
                if starts_with_label || row.len() > 12 {
                    break;
                }
                row.extend(more);
                edge = next;
            }
            self.push(Direction::Right, row);
        }
    }

    /// A row of boxes, one character each, under the label in its cell or right below it: the number that it asks for.
    fn digit_boxes(&mut self, cell: usize) {
        let (view, label) = (self.view, self.hit.rect);
        let c = view.page.cells[cell];
        let near = (0.7 * view.em) as i32 + 4;
        let mut boxes: Vec<Rect> = view.page.cells.clone();
        boxes.retain(|r| {
            let under = r.y0 >= label.y1 - near && r.y0 <= c.y1 + near;
            under && r.x0 >= c.x0 - near && r.x1 <= c.x1 + near && (r.width() as f32) < 3.0 * view.em
        });
        let Some(top) = boxes.iter().map(|r| r.y0).min() else { return };
        boxes.retain(|r| r.y0 - top <= near);
        boxes.sort_by_key(|r| r.x0);
        let inside = |r: &Rect| view.page.cells.iter().position(|o| o == r).map_or(Vec::new(), |i| view.lines_in(i));
        let contents: Vec<Vec<usize>> = boxes.iter().map(inside).collect();
        let single = |lines: &Vec<usize>| lines.iter().map(|l| view.len(*l)).sum::<usize>() <= 1;
        if boxes.len() >= 4 && contents.iter().all(single) {
            self.push(Direction::BelowCell, contents.iter().flatten().map(|l| view.whole(*l)).collect());
        }
    }

    fn below_cells(&mut self, cell: usize) {
        let view = self.view;
        let mut c = view.page.cells[cell];
        let mut all: Vec<Seg> = Vec::new();
        for n in 0..12 {
            let under = view.page.cells.iter().copied().enumerate().find(|(i, r)| {
                let shared = r.x1.min(c.x1) - r.x0.max(c.x0);
                let close = (r.y0 - c.y1).abs() <= (0.7 * view.em) as i32 + 4;
                let flush = (r.x0 - c.x0).abs() as f32 <= view.em;
                *i != cell
                    && close
                    && (flush || 2 * r.width() <= 3 * c.width())
                    && 10 * shared > 7 * r.width().min(c.width())
            });
            let Some((i, r)) = under else { break };
            if view.lines_in(i).first().is_some_and(|l| self.hits.opens(view, *l)) {
                break;
            }
            let segs = self.content(i);
            if n == 0 {
                self.push(Direction::BelowCell, segs.clone());
            }
            all.extend(segs);
            c = r;
        }
        self.push(Direction::BelowCell, all);
    }

    /// What stands at the same height to the right of a place, whatever cells the scan broke.
    fn right_of(&mut self, place: Rect) {
        let view = self.view;
        let segs = self.along(Vec::new(), place.x1, 4, |segs, l, edge| {
            (view.rect(l).x0 - edge) as f32 / view.em > if segs.is_empty() { self.reach() } else { 1.9 }
        });
        self.push(Direction::Right, segs);
    }

    fn free(&mut self, first: &[Seg]) {
        let (view, hit) = (self.view, self.hit);
        self.push(Direction::SameLine, first.to_vec());
        let empty = blank(view, first);
        if empty {
            // the first thing to the right, be it in a cell
            self.right_of(hit.rect);
        }
        // rows below, under the value or under the label
        let value_x = if empty { None } else { Some(view.seg_rect(&first[0]).x0) };
        if value_x.is_some_and(|x| (x - hit.rect.x1) as f32 > FAR * view.em) {
            // what stands so far to the right may be another column's
            let below = self.rows_below(None);
            self.under(below);
        }
        let below = self.rows_below(value_x);
        if !below.is_empty() {
            if empty {
                self.under(below);
            } else {
                let row = view.row_of[below[0].line];
                let one: Vec<Seg> = below.iter().filter(|s| view.row_of[s.line] == row).cloned().collect();
                let mut two = first.to_vec();
                two.extend(one);
                self.push(Direction::Block, two);
                let mut all = first.to_vec();
                all.extend(below);
                self.push(Direction::Block, all);
            }
        }
        // a box right under the label
        let r = hit.rect;
        let under = view.page.cells.iter().copied().enumerate().find(|(_, c)| {
            let near = c.y0 - r.y1;
            (-4..=(1.6 * view.em) as i32).contains(&near)
                && c.x0 <= r.x0 + (2.0 * view.em) as i32
                && c.x1 > r.center().0
        });
        if empty && let Some((i, _)) = under {
            let segs = self.content(i);
            self.push(Direction::Box, segs);
        }
    }

    /// Rows under a label: the first of them, and all.
    fn under(&mut self, below: Vec<Seg>) {
        let Some(row) = below.first().map(|s| self.view.row_of[s.line]) else { return };
        let one = below.iter().filter(|s| self.view.row_of[s.line] == row).cloned().collect();
        self.push(Direction::Below, one);
        self.push(Direction::Below, below);
    }

    /// How far to the right of an empty label its value may stand, em: grades of daily living stand behind leaders.
    fn reach(&self) -> f32 {
        if self.hit.fields.iter().any(|f| f.0.starts_with("adl.")) { 34.0 } else { 25.0 }
    }

    /// Where the label begins: 経過・申し送り： are two, and what goes on below stands under the first.
    fn left_edge(&self) -> i32 {
        let (view, own) = (self.view, &self.hit.segs[0]);
        let before = view.page.lines[own.line].glyphs.get(..own.glyphs.start).unwrap_or_default();
        let labelled = |i: usize| self.hits.on[own.line].iter().any(|h| h.0.contains(&i));
        let bare = before.iter().enumerate().all(|(i, g)| {
            labelled(i) || super::lexicon::is_bullet(g.ch) || "・/／と、及び一二三四五六七八九十".contains(g.ch)
        });
        if bare && before.len() <= 10 { view.rect(own.line).x0.min(self.hit.rect.x0) } else { self.hit.rect.x0 }
    }

    /// Rows under a free label that go on with its value.
    fn rows_below(&self, value_x: Option<i32>) -> Vec<Seg> {
        let (view, hit) = (self.view, self.hit);
        let em = view.em;
        let label = Rect { x0: self.left_edge(), ..hit.rect };
        let mut out: Vec<Seg> = Vec::new();
        let mut bottom = label.y1;
        let mut left: Option<i32> = None;
        for row in view.rows.iter().skip(view.row_of[hit.last().line].saturating_add(1)).take(MOST_ROWS) {
            let start = value_x.unwrap_or(label.x0);
            // the row's pieces that stand in the column of label and value
            let mut pieces: Vec<usize> = Vec::new();
            for l in row.iter().copied() {
                let r = view.rect(l);
                let begins = r.x0 as f32 >= label.x0 as f32 - 1.6 * em;
                let follows = pieces.last().is_some_and(|p| (r.x0 - view.rect(*p).x1) as f32 <= 1.9 * em);
                let under = pieces.is_empty()
                    && begins
                    && ((r.x0 - start).abs() as f32 <= 3.2 * em || (r.x0 - label.x0).abs() as f32 <= 4.5 * em);
                if under || follows {
                    pieces.push(l);
                }
            }
            let Some(head) = pieces.first().copied() else {
                // a row of another column does not end the block unless it is far down
                if row.iter().any(|l| (view.rect(*l).y0 - bottom) as f32 > 1.6 * em) {
                    break;
                }
                continue;
            };
            let r = view.rect(head);
            let gap = (r.y0 - bottom) as f32 / em;
            let limit = if out.is_empty() && value_x.is_none() { 2.6 } else { 1.7 };
            if gap > limit || view.cell(head).is_some() || self.hits.opens(view, head) || heading(view, head) {
                break;
            }
            // a row that comes back to the label's edge is the next heading, where the value stands further in
            let inside = |s: &Seg| (view.rect(s.line).x0 - label.x0) as f32 > 1.6 * em;
            if value_x.is_none() && out.first().is_some_and(inside) && (r.x0 - label.x0) as f32 <= 0.7 * em {
                break;
            }
            // a rule may part a label from the block under it
            let heads = out.is_empty() && value_x.is_none();
            if !heads && self.ruled(bottom, r.y0, r.x0, r.x1) || left.is_some_and(|x| (r.x0 - x) as f32 > 9.0 * em) {
                break;
            }
            left = Some(left.map_or(r.x0, |x: i32| x.min(r.x0)));
            let mut cut = false;
            for l in pieces {
                let seg = self.until_label(l, 0);
                cut = seg.glyphs.end < view.len(l);
                out.push(seg);
                if cut {
                    break;
                }
            }
            bottom = r.y1;
            if cut {
                break;
            }
        }
        out
    }
}

/// Glyphs of a line that are neither labels nor brackets and bullets.
fn view_rest(view: &View, hits: &Hits, line: usize) -> usize {
    view.page.lines[line]
        .glyphs
        .iter()
        .enumerate()
        .filter(|(i, g)| {
            !hits.on[line].iter().any(|h| h.0.contains(i)) && !super::lexicon::is_bullet(g.ch) && !":：".contains(g.ch)
        })
        .count()
}

/// A remark that belongs to a label: （入所目的等）.
fn bracketed(view: &View, line: usize) -> bool {
    let glyphs = &view.page.lines[line].glyphs;
    glyphs.len() <= 12
        && glyphs.first().is_some_and(|g| "(（".contains(g.ch))
        && glyphs.last().is_some_and(|g| ")）".contains(g.ch))
}

/// A line that opens a block by its bracket.
pub fn heading(view: &View, line: usize) -> bool {
    view.page.lines[line].glyphs.first().is_some_and(|g| "【■◆＜《〔▼".contains(g.ch))
}

fn blank(view: &View, segs: &[Seg]) -> bool {
    let t = view.text(segs);
    t.trimmed().is_empty()
}
