//! A page as the rules see it: lines in rows, stretches of text with the way back to the glyphs.
//!
//! Knows only readings and folding; must not know labels, fields or rules.

use std::ops::Range;

use crate::model::Rect;
use crate::reading::Page;
use crate::text::{Folded, fold, script};

use super::choice::Seg;

/// White space from which two characters stand apart, in em.
pub const SPACE: f32 = 0.42;

/// One page with its lines folded for matching and gathered in rows.
pub struct View<'a> {
    pub page: &'a Page,
    /// Typical character height, px; never below 8.
    pub em: f32,
    /// Each line's text, folded; indexes of its map are glyphs.
    pub folded: Vec<Folded>,
    /// Lines that stand at one height, from left to right; rows from top to bottom. The sending machine's line is left out.
    pub rows: Vec<Vec<usize>>,
    /// Row of each line; `usize::MAX` for the sending machine's.
    pub row_of: Vec<usize>,
}

/// Text put together from stretches: each character with the glyph it stands for. Spaces and line breaks have none.
#[derive(Debug, Clone, Default)]
pub struct Text {
    pub chars: Vec<char>,
    pub from: Vec<Option<(usize, usize)>>,
}

impl<'a> View<'a> {
    pub fn new(page: &'a Page) -> View<'a> {
        let folded = page.lines.iter().map(|l| fold(&l.text())).collect();
        let mut order: Vec<usize> = (0..page.lines.len()).filter(|i| !page.lines[*i].tti).collect();
        order.sort_by_key(|i| page.lines[*i].rect.center().1);
        let mut rows: Vec<(i32, i32, Vec<usize>)> = Vec::new();
        for i in order {
            let r = page.lines[i].rect;
            let fits = rows.iter_mut().rev().take(6).find(|(y0, y1, _)| {
                let shared = r.y1.min(*y1) - r.y0.max(*y0);
                2 * shared > r.height().min(y1 - y0)
            });
            match fits {
                // a band is that of its first line: a tall heading must not swallow its neighbours
                Some((_, _, list)) => list.push(i),
                None => rows.push((r.y0, r.y1, vec![i])),
            }
        }
        rows.sort_by_key(|r| r.0 + r.1);
        let mut row_of = vec![usize::MAX; page.lines.len()];
        let rows: Vec<Vec<usize>> = rows.into_iter().map(|r| r.2).collect();
        let mut view = View { page, em: page.em.max(8.0), folded, rows, row_of: Vec::new() };
        for (n, row) in view.rows.iter_mut().enumerate() {
            row.sort_by_key(|i| page.lines[*i].rect.x0);
            for i in row.iter() {
                row_of[*i] = n;
            }
        }
        view.row_of = row_of;
        view
    }

    pub fn rect(&self, line: usize) -> Rect {
        self.page.lines[line].rect
    }

    pub fn cell(&self, line: usize) -> Option<usize> {
        self.page.lines[line].cell.map(|c| c as usize).filter(|c| *c < self.page.cells.len())
    }

    pub fn len(&self, line: usize) -> usize {
        self.page.lines[line].glyphs.len()
    }

    /// The whole of a line.
    pub fn whole(&self, line: usize) -> Seg {
        Seg { line, glyphs: 0..self.len(line) }
    }

    /// Place of a stretch.
    pub fn seg_rect(&self, seg: &Seg) -> Rect {
        let line = &self.page.lines[seg.line];
        match (line.glyphs.get(seg.glyphs.start), seg.glyphs.end.checked_sub(1).and_then(|e| line.glyphs.get(e))) {
            (Some(a), Some(b)) if b.x1 > a.x0 => Rect::new(a.x0, line.rect.y0, b.x1, line.rect.y1),
            _ => line.rect,
        }
    }

    /// Smallest rectangle round all stretches.
    pub fn rect_of(&self, segs: &[Seg]) -> Rect {
        segs.iter().map(|s| self.seg_rect(s)).reduce(|a, b| a.union(&b)).unwrap_or_default()
    }

    /// Lines of a cell, in reading order.
    pub fn lines_in(&self, cell: usize) -> Vec<usize> {
        let mut out: Vec<usize> =
            (0..self.page.lines.len()).filter(|l| self.cell(*l) == Some(cell) && !self.page.lines[*l].tti).collect();
        out.sort_by_key(|l| (self.row_of[*l], self.rect(*l).x0));
        out
    }

    /// The text of stretches: a space where the page leaves one, a line break between rows; signs that only their
    /// neighbours tell apart (ー and 一) as these want them.
    pub fn text(&self, segs: &[Seg]) -> Text {
        let mut t = Text::default();
        let mut last: Option<usize> = None;
        for seg in segs {
            if let Some(l) = last {
                t.push(if self.row_of[l] == self.row_of[seg.line] { ' ' } else { '\n' });
            }
            for i in seg.glyphs.clone() {
                let Some(g) = self.page.lines[seg.line].glyphs.get(i) else { break };
                if i > seg.glyphs.start && g.gap > SPACE {
                    t.push(' ');
                }
                t.chars.push(g.ch);
                t.from.push(Some((seg.line, i)));
            }
            last = Some(seg.line);
        }
        script::settle(&mut t.chars);
        t
    }
}

/// Smallest and mean probability of the glyphs of some stretches.
pub fn certainty(page: &Page, segs: &[Seg]) -> (f32, f32) {
    let (mut low, mut sum, mut n) = (1.0_f32, 0.0, 0);
    for s in segs {
        for g in page.lines[s.line].glyphs.get(s.glyphs.clone()).unwrap_or_default() {
            low = low.min(g.p);
            sum += g.p;
            n += 1;
        }
    }
    if n == 0 { (0.0, 0.0) } else { (low, sum / n as f32) }
}

impl Text {
    fn push(&mut self, c: char) {
        self.chars.push(c);
        self.from.push(None);
    }

    /// A row that ends within a day or month goes on in the next: 11月2 / 8日.
    pub fn join_numbers(&mut self) {
        let digit = |i: usize, t: &Text| t.chars.get(i).is_some_and(char::is_ascii_digit);
        let word = |mut i: usize, t: &Text| {
            while t.chars.get(i).is_some_and(|c| *c == ' ') {
                i += 1;
            }
            t.chars.get(i).is_some_and(|c| "月日".contains(*c))
        };
        let mut i = 1;
        while i + 1 < self.chars.len() {
            if self.chars[i] == '\n'
                && digit(i - 1, self)
                && !digit(i.wrapping_sub(2), self)
                && digit(i + 1, self)
                && word(i + 2, self)
            {
                self.chars.remove(i);
                self.from.remove(i);
            }
            i += 1;
        }
    }

    pub fn string(&self) -> String {
        self.chars.iter().collect()
    }

    pub fn slice(&self, range: Range<usize>) -> Text {
        let range = range.start.min(self.chars.len())..range.end.min(self.chars.len());
        Text { chars: self.chars[range.clone()].to_vec(), from: self.from[range].to_vec() }
    }

    pub fn is_blank(&self) -> bool {
        self.chars.iter().all(|c| c.is_whitespace())
    }

    /// The stretches that a range of characters stands for.
    pub fn segs(&self, range: Range<usize>) -> Vec<Seg> {
        let mut out: Vec<Seg> = Vec::new();
        for (line, glyph) in self.from.get(range).unwrap_or_default().iter().flatten() {
            match out.last_mut() {
                Some(s) if s.line == *line && s.glyphs.end == *glyph => s.glyphs.end += 1,
                _ => out.push(Seg { line: *line, glyphs: *glyph..glyph + 1 }),
            }
        }
        out
    }

    /// Without leading and trailing white space and punctuation that only parts label and value.
    pub fn trimmed(&self) -> Range<usize> {
        const LEAD: &str = ":：;；)）」】]］〕＞>》〉…‥・･.．。、,，=＝|｜→⇒";
        const TAIL: &str = ":：;；、,，・･(（「【[［〔＜<《〈|｜";
        let mut a = 0;
        while a < self.chars.len() && (self.chars[a].is_whitespace() || LEAD.contains(self.chars[a])) {
            a += 1;
        }
        let mut b = self.chars.len();
        while b > a && (self.chars[b - 1].is_whitespace() || TAIL.contains(self.chars[b - 1])) {
            b -= 1;
        }
        a..b
    }
}
