//! A table whose column heads are the options: the sign in a row says which.

use super::stream::Stream;
use super::{Choices, Chosen, How, Seg, UNDECIDED};
use crate::model::Rect;
use crate::reading::Page;
use crate::text::fold_text;

/// Signs that mean yes, as a recogniser reads them.
const SIGNS: &str = "○〇◯0OoQ◎●✓✔レVvソ√☑■";
/// Signs that mean no, and what stands in an empty cell.
const NOTHING: &str = "-ー－―─一_・.。、,/／×";

/// Certainty of one character that is no sign in itself.
const ONE_SIGN: f32 = 0.75;

/// A head over a column: the option, its words' place, the column's extent.
struct Head {
    option: usize,
    rect: Rect,
    x0: i32,
    x1: i32,
    cell: bool,
}

/// Which column's cell is marked in the row whose label stands at `row`; None where no such heads stand above it or no
/// cell is marked.
pub fn grid(page: &Page, row: &Rect, choices: &Choices) -> Option<Chosen> {
    let em = if page.em > 0.0 { page.em } else { 24.0 };
    let heads = heads(page, row, choices, em)?;
    let mut marks: Vec<(usize, f32, Rect, Seg)> = Vec::new();
    let areas: Vec<Option<Rect>> = heads.iter().map(|h| cell_in_row(page, row, h)).collect();
    // Where the heads stand in a ruled table, so does the row.
    if heads.iter().all(|h| h.cell) && areas.iter().all(Option::is_none) {
        return None;
    }
    let areas_of_row: Vec<Rect> =
        heads.iter().zip(areas).map(|(h, area)| area.unwrap_or_else(|| free_in_row(row, h, em))).collect();
    for (i, (h, area)) in heads.iter().zip(&areas_of_row).enumerate() {
        if let Some((certainty, rect, seg)) = mark(page, area, h) {
            marks.push((i, certainty, rect, seg));
        }
    }
    let sure = |m: &&(usize, f32, Rect, Seg)| m.1 > 0.5;
    // A tick may be read as anything, but nothing else stands alone in one of several empty cells.
    if let [(_, certainty, ..)] = marks.as_mut_slice()
        && *certainty == ONE_SIGN
    {
        *certainty = 0.93;
    }
    let several = marks.iter().filter(sure).count() > 1;
    let group = areas_of_row.into_iter().fold(*row, |a, b| a.union(&b));
    let (i, certainty, rect, seg) = marks.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Chosen {
        value: choices.options[heads[i].option].0.clone(),
        certainty: if several { UNDECIDED } else { certainty },
        how: How::Grid,
        rect,
        seg,
        margin: certainty,
        group,
    })
}

/// The lowest row above with two or more options as heads.
fn heads(page: &Page, row: &Rect, choices: &Choices, em: f32) -> Option<Vec<Head>> {
    let middle = row.center().1;
    let mut found: Vec<Head> = Vec::new();
    let mut done: Vec<u32> = Vec::new();
    for (i, line) in page.lines.iter().enumerate() {
        let (text, rect) = match line.cell {
            Some(c) if done.contains(&c) => continue,
            Some(c) => {
                done.push(c);
                let own = page.lines.iter().filter(|l| l.cell == Some(c));
                let rect = own.clone().map(|l| l.rect).fold(line.rect, |a, b| a.union(&b));
                (own.map(|l| l.text()).collect::<String>(), rect)
            }
            None => (page.lines[i].text(), line.rect),
        };
        let text = fold_text(&text);
        let text = text.trim_matches(|c: char| "()[]".contains(c));
        let option = choices.words.whole(text);
        let Some(option) = option.filter(|_| rect.y1 <= middle) else { continue };
        let cell = line.cell.and_then(|c| page.cells.get(c as usize));
        let (x0, x1) = cell.map_or((rect.x0, rect.x1), |c| (c.x0, c.x1));
        found.push(Head { option, rect, x0, x1, cell: cell.is_some() });
    }
    let lowest = |y: i32| {
        let level = |h: &&Head| (h.rect.center().1 - y).abs() as f32 <= 0.8 * em;
        found.iter().filter(level).count() > 1
    };
    let y = found.iter().map(|h| h.rect.center().1).filter(|y| lowest(*y)).max()?;
    found.retain(|h| (h.rect.center().1 - y).abs() as f32 <= 0.8 * em);
    found.sort_by_key(|h| h.x0);
    let distinct = found.windows(2).all(|w| w[0].option != w[1].option);
    // Without ruled cells a column reaches half-way to its neighbours.
    if found.iter().any(|h| !h.cell) {
        let mid: Vec<i32> = found.iter().map(|h| h.rect.center().0).collect();
        let step = mid.windows(2).map(|w| w[1] - w[0]).min().unwrap_or(0);
        for (h, m) in found.iter_mut().zip(mid) {
            (h.x0, h.x1) = (m - step / 2, m + step / 2);
        }
    }
    (distinct && found.len() > 1).then_some(found)
}

/// The cell of a column in a row.
fn cell_in_row(page: &Page, row: &Rect, head: &Head) -> Option<Rect> {
    let y = row.center().1;
    let within = |c: &&Rect| {
        let x = c.center().0;
        let (own, column) = (c.width(), head.x1 - head.x0);
        y > c.y0 && y < c.y1 && x > head.x0 && x < head.x1 && 2 * own > column && 2 * own < 3 * column
    };
    page.cells.iter().filter(|_| head.cell).filter(within).min_by_key(|c| c.width()).copied()
}

/// The same where no rules are drawn.
fn free_in_row(row: &Rect, head: &Head, em: f32) -> Rect {
    let (y, half) = (row.center().1, (0.75 * em) as i32);
    Rect::new(head.x0, (y - half).min(row.y0), head.x1, (y + half).max(row.y1))
}

/// A mark in a cell: how certain it is one, and where.
fn mark(page: &Page, cell: &Rect, head: &Head) -> Option<(f32, Rect, Seg)> {
    let inside = |r: &Rect| cell.contains(r.center().0, r.center().1);
    let none = Seg { line: 0, glyphs: 0..0 };
    if let Some(b) = page.boxes.iter().filter(|b| inside(&b.rect)).max_by(|a, b| a.ink.total_cmp(&b.ink)) {
        return (b.ink > 0.2).then_some((if b.ink > 0.27 { 0.98 } else { 0.6 }, b.rect, none));
    }
    let mut best: Option<(f32, Rect, Seg)> = None;
    for (i, line) in page.lines.iter().enumerate() {
        let at = |x: i32| cell.contains(x, line.rect.center().1);
        let own: Vec<usize> =
            (0..line.glyphs.len()).filter(|g| at((line.glyphs[*g].x0 + line.glyphs[*g].x1) / 2)).collect();
        let (Some(first), Some(last)) = (own.first(), own.last()) else { continue };
        let glyphs = *first..last + 1;
        let seg = Seg { line: i, glyphs: glyphs.clone() };
        let text: Vec<char> = line.glyphs[glyphs].iter().map(|g| g.ch).collect();
        if text.iter().all(|c| NOTHING.contains(*c)) {
            continue;
        }
        let rect = Stream::new(page, std::slice::from_ref(&seg)).rect(0..text.len());
        let certainty = match text.as_slice() {
            [c] if SIGNS.contains(*c) => 0.97,
            [_] => ONE_SIGN,
            _ => 0.4,
        };
        if best.as_ref().is_none_or(|b| certainty > b.0) {
            best = Some((certainty, rect, seg));
        }
    }
    let ring = page.rings.iter().find(|r| inside(r) && r.width() < head.x1 - head.x0);
    match (best, ring) {
        (Some(b), _) => Some(b),
        (None, Some(r)) => Some((0.95, *r, none)),
        (None, None) => None,
    }
}
