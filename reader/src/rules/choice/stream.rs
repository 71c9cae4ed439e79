//! The characters of a scope in one row, each with its place and ink.

use std::ops::Range;

use super::Seg;
use crate::model::Rect;
use crate::reading::{CheckBox, Glyph, Line, Page};
use crate::text;

/// One character on the page.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub line: usize,
    pub glyph: usize,
    pub rect: Rect,
    pub ch: char,
    pub p: f32,
    /// What else it may be, folded.
    pub rivals: Vec<char>,
    /// White space before it in em; infinite where a new row begins.
    pub gap: f32,
    pub ring: f32,
    pub strike: f32,
    /// It lies in a box that was found on the page.
    pub boxed: bool,
}

#[derive(Debug)]
pub(super) struct Stream<'a> {
    pub page: &'a Page,
    pub spots: Vec<Spot>,
    /// Folded characters and the spot that each came from.
    pub chars: Vec<(char, usize)>,
    /// Size of a character here.
    pub em: f32,
    /// The page's boxes, without those that are too small to be one here (the loops of 2 and 5 look so) or lie in a word
    /// (管, コ and 便 do).
    pub boxes: Vec<CheckBox>,
}

/// What stands between options and is part of none.
const BETWEEN: &str = "・·•∙‧･.,、。:;/|()[]{}〔〕【】「」『』<>《》〈〉 ";
/// What a recogniser makes of a box, ticked or not.
pub(super) const EMPTY_BOX: &str = "□☐口ロ曰囗◻▢";
pub(super) const TICKED_BOX: &str = "☑■☒✓✔レ▣◼◾⬛";

impl<'a> Stream<'a> {
    pub fn new(page: &'a Page, scope: &[Seg]) -> Self {
        let em = usual_em(page, scope);
        let large = |b: &&CheckBox| b.rect.width().min(b.rect.height()) as f32 > 0.56 * em;
        let boxes: Vec<CheckBox> =
            page.boxes.iter().filter(large).filter(|b| !in_word(page, &b.rect, em)).cloned().collect();
        let mut spots: Vec<Spot> = Vec::new();
        for seg in scope {
            let Some(line) = page.lines.get(seg.line) else { continue };
            let end = seg.glyphs.end.min(line.glyphs.len());
            for glyph in seg.glyphs.start.min(end)..end {
                let g = &line.glyphs[glyph];
                let whole = Rect::new(g.x0, line.rect.y0, g.x1.max(g.x0 + 1), line.rect.y1);
                let rect = without_marks(page, &boxes, whole, em);
                let gap = match spots.last() {
                    // A box that was read with one of the two characters stands between them.
                    Some(b) if b.line == seg.line && b.glyph + 1 == glyph => {
                        g.gap + (rect.x0 - whole.x0 + line.glyphs[b.glyph].x1 - b.rect.x1).max(0) as f32 / em
                    }
                    Some(b) if beside(&b.rect, &rect) => (rect.x0 - b.rect.x1) as f32 / em,
                    _ => f32::INFINITY,
                };
                let boxed = boxes.iter().any(|b| same_place(&b.rect, &rect, em));
                let (ch, p, ring, strike) = (g.ch, g.p, g.ring, g.strike);
                let rivals = rivals(line, g);
                spots.push(Spot { line: seg.line, glyph, rect, ch, p, rivals, gap, ring, strike, boxed });
            }
        }
        let raw: String = spots.iter().map(|s| s.ch).collect();
        let folded = text::fold(&raw);
        let chars = folded.chars.into_iter().zip(folded.map).collect();
        Self { page, spots, chars, em, boxes }
    }

    /// Is it much wider than its character, because a mark was read with it?
    pub fn is_swollen(&self, spot: usize) -> bool {
        let s = &self.spots[spot];
        let usual = if s.ch.is_ascii_digit() { 0.6 } else { 1.0 } * self.em;
        s.rect.width() as f32 > usual + 0.45 * self.em
    }

    /// Belongs to no word: a separator, or a box.
    pub fn is_between(&self, spot: usize) -> bool {
        let s = &self.spots[spot];
        s.boxed || is_separator(s.ch) || "□☐☑☒✓✔■".contains(s.ch)
    }

    pub fn rect(&self, spots: Range<usize>) -> Rect {
        self.spots[spots].iter().map(|s| s.rect).reduce(|a, b| a.union(&b)).unwrap_or_default()
    }

    /// The stretches of lines that these spots are.
    pub fn segs(&self, spots: Range<usize>) -> Vec<Seg> {
        let mut out: Vec<Seg> = Vec::new();
        for s in &self.spots[spots] {
            match out.last_mut() {
                Some(seg) if seg.line == s.line && seg.glyphs.end == s.glyph => seg.glyphs.end += 1,
                _ => out.push(Seg { line: s.line, glyphs: s.glyph..s.glyph + 1 }),
            }
        }
        out
    }

    /// The one stretch that a word is (its first line, where it breaks over two).
    pub fn seg(&self, spots: Range<usize>) -> Seg {
        let near = spots.start.min(self.spots.len().saturating_sub(1));
        self.segs(spots).into_iter().next().unwrap_or_else(|| {
            self.spots
                .get(near)
                .map_or(Seg { line: 0, glyphs: 0..0 }, |s| Seg { line: s.line, glyphs: s.glyph..s.glyph })
        })
    }
}

/// Width of a full-width character in the scope; marks make some wider, in a short one most.
fn usual_em(page: &Page, scope: &[Seg]) -> f32 {
    let usual = if page.em > 0.0 { page.em } else { 24.0 };
    let lines = scope.iter().filter_map(|s| page.lines.get(s.line));
    let glyphs = lines.flat_map(|l| &l.glyphs).filter(|g| ('一'..='鿿').contains(&g.ch));
    let mut widths: Vec<i32> = glyphs.map(|g| g.x1 - g.x0).collect();
    widths.sort_unstable();
    let wide = |n: usize| widths[n] as f32 / 0.92;
    match widths.len() {
        0 => usual,
        1..6 => wide(0).clamp(0.85 * usual, 1.1 * usual),
        n => wide((n - 1) * 2 / 5).clamp(0.6 * usual, 2.0 * usual),
    }
}

/// Other readings of a character that is not quite sure.
fn rivals(line: &Line, glyph: &Glyph) -> Vec<char> {
    const SURE: f32 = 0.98;
    const LEAST: f32 = -5.0;
    let (from, to) = (glyph.frames.0 as usize, glyph.frames.1 as usize);
    let Some(frames) = line.frames.get(from..to).filter(|_| glyph.p < SURE) else { return Vec::new() };
    let likely = frames.iter().flat_map(|f| &f.rivals).filter(|r| r.1 > LEAST && r.0 != '\0' && r.0 != glyph.ch);
    likely.flat_map(|r| text::fold(&r.0.to_string()).chars).collect()
}

pub(super) fn is_separator(ch: char) -> bool {
    let narrow = text::squeeze(&ch.to_string());
    narrow.is_empty() || narrow.chars().all(|c| BETWEEN.contains(c))
}

fn beside(a: &Rect, b: &Rect) -> bool {
    let overlap = a.y1.min(b.y1) - a.y0.max(b.y0);
    overlap * 2 > a.height().min(b.height()) && b.x0 > a.x0
}

/// A box that was read as part of the character beside it is none of its place, nor is a ring that is not its own.
fn without_marks(page: &Page, boxes: &[CheckBox], glyph: Rect, em: f32) -> Rect {
    let mut out = glyph;
    let left = (0.6 * em) as i32;
    for b in boxes.iter().map(|b| &b.rect).filter(|b| b.intersect(&glyph).is_some()) {
        let (x, y) = b.center();
        if y < glyph.y0 || y > glyph.y1 {
            continue;
        }
        // What is left must be a character still, and without a box: the halves of 化 and 褥 look like boxes too.
        let another = |o: &CheckBox| {
            o.rect.x1 <= b.x0 && (glyph.x0 - o.rect.x1) as f32 <= 0.45 * em && o.rect.contains(o.rect.center().0, y)
        };
        if x < glyph.center().0 && glyph.x1 - b.x1 >= left && !boxes.iter().any(another) {
            out.x0 = out.x0.max(b.x1);
        } else if x > glyph.center().0 && b.x0 - out.x0 >= left {
            out.x1 = out.x1.min(b.x0);
        }
    }
    if out.width() as f32 > 1.6 * em {
        let half = (0.5 * em) as i32;
        let level = |r: &&Rect| r.center().1 > glyph.y0 && r.center().1 < glyph.y1;
        for r in page.rings.iter().filter(level) {
            let x = r.center().0;
            if x > out.x0 + left && x <= out.x1 && r.x0 - out.x0 >= half {
                out.x1 = out.x1.min(r.x0);
            } else if x >= out.x0 && x < out.x1 - left && out.x1 - r.x1 >= half {
                out.x0 = out.x0.max(r.x1);
            }
        }
    }
    if out.width() < left / 2 { glyph } else { out }
}

/// Is this box a character of usual width that was read surely and follows another closely?
fn in_word(page: &Page, bx: &Rect, em: f32) -> bool {
    let (x, y) = bx.center();
    let word = |c: char| !is_separator(c) && !is_sign(c);
    page.lines.iter().filter(|l| l.rect.y0 < y && y < l.rect.y1).any(|l| {
        let at = l.glyphs.iter().position(|g| g.x0 <= x && x <= g.x1);
        at.filter(|i| *i > 0).is_some_and(|i| {
            let (before, own) = (&l.glyphs[i - 1], &l.glyphs[i]);
            own.p > 0.97 && own.gap < 0.25 && word(own.ch) && word(before.ch) && ((own.x1 - own.x0) as f32) < 1.3 * em
        })
    })
}

/// A sign that stands for a box.
pub(super) fn is_sign(ch: char) -> bool {
    EMPTY_BOX.contains(ch) || TICKED_BOX.contains(ch)
}

/// The character is what was read of the box.
fn same_place(bx: &Rect, glyph: &Rect, em: f32) -> bool {
    let (x, y) = (bx.center().0 - glyph.center().0, bx.center().1 - glyph.center().1);
    let wide = glyph.width() as f32 <= 1.7 * bx.width() as f32;
    (x.abs() as f32) < 0.35 * em && (y.abs() as f32) < 0.5 * em && wide
}

/// Lines that are looked at together.
struct Row {
    cell: Option<u32>,
    last: Rect,
    segs: Vec<Seg>,
}

/// The page in scopes: the lines of each cell, and outside cells the lines that stand in one row.
pub(super) fn rows(page: &Page) -> Vec<Vec<Seg>> {
    let mut out: Vec<Row> = Vec::new();
    for (i, line) in page.lines.iter().enumerate().filter(|(_, l)| !l.tti) {
        let seg = Seg::line(page, i);
        let joins = |row: &&mut Row| match line.cell {
            Some(_) => row.cell == line.cell,
            None => row.cell.is_none() && beside(&row.last, &line.rect),
        };
        match out.iter_mut().rev().take(40).find(joins) {
            Some(row) => {
                row.last = line.rect;
                row.segs.push(seg);
            }
            None => out.push(Row { cell: line.cell, last: line.rect, segs: vec![seg] }),
        }
    }
    out.into_iter().map(|row| row.segs).collect()
}
