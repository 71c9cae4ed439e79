//! Two pages by their text: how alike they are, how one lies over the other, and which characters stand in one place.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::ink::Map;
use crate::model::Rect;
use crate::reading::{Line, Page};
use crate::text::fold;

/// A character with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    pub ch: String,
    pub p: f32,
    pub rect: Rect,
    /// Distance to the nearest neighbour's middle, pixels.
    pub pitch: f32,
    /// A figure stands before or behind it.
    pub beside_figure: bool,
    /// Its line and its place in there.
    at: (usize, usize),
}

fn figure(ch: &str) -> bool {
    ch.chars().any(|c| c.is_ascii_digit())
}

impl Mark {
    pub fn figure(&self) -> bool {
        figure(&self.ch)
    }

    /// Whether it is a figure, a number in kanji, or a sign that belongs to one: none of those is ever taken for another's noise.
    pub fn counts(&self) -> bool {
        self.figure()
            || "〇一二三四五六七八九十".contains(self.ch.as_str())
            || (self.beside_figure && ".,-/:・".contains(self.ch.as_str()))
    }

    /// A dot that a speck may have made.
    pub fn dot(&self) -> bool {
        "・·•●'`´’‘\".,、。-".contains(self.ch.as_str())
    }

    /// Whether print hardly tells the two apart, so that only the ink can.
    pub fn alike(&self, o: &Mark) -> bool {
        let one = |m: &Mark| m.ch.chars().next().map(fold::alike);
        self.ch.chars().count() == 1 && o.ch.chars().count() == 1 && one(self) == one(o)
    }
}

/// What stands in one place of both pages, or of one.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    Both(Mark, Mark),
    Old(Mark),
    New(Mark),
}

/// Lines whose text is compared: all but the sending machine's.
pub fn lines(page: &Page) -> impl Iterator<Item = &Line> {
    page.lines.iter().filter(|l| !l.tti && !l.glyphs.is_empty())
}

fn text(line: &Line) -> Vec<char> {
    line.text().nfkc().filter(|c| !c.is_whitespace()).collect()
}

/// Share of the text of two pages that both have, 0 to 1, line by line whatever their order.
pub fn alike(old: &Page, new: &Page) -> f32 {
    let (a, b): (Vec<_>, Vec<_>) = (lines(old).map(text).collect(), lines(new).map(text).collect());
    let all: usize = a.iter().chain(&b).map(Vec::len).sum();
    if all == 0 {
        return 0.0;
    }
    let one_way = |a: &[Vec<char>], b: &[Vec<char>]| -> usize {
        a.iter().map(|l| b.iter().map(|m| common(l, m)).max().unwrap_or(0)).sum()
    };
    (one_way(&a, &b) + one_way(&b, &a)) as f32 / all as f32
}

/// Characters that two lines have in common, in order; 0 where that is less than half of the shorter.
fn common(a: &[char], b: &[char]) -> usize {
    let short = a.len().min(b.len());
    if a == b {
        return short;
    }
    // Most pairs of lines have hardly a character in common.
    let mut counts: HashMap<char, i32> = HashMap::new();
    b.iter().for_each(|c| *counts.entry(*c).or_default() += 1);
    let bag = a
        .iter()
        .filter(|c| {
            counts.get_mut(c).is_some_and(|n| {
                *n -= 1;
                *n >= 0
            })
        })
        .count();
    if bag * 2 < short {
        return 0;
    }
    let mut row = vec![0usize; b.len() + 1];
    for x in a {
        let mut before = 0;
        for (j, y) in b.iter().enumerate() {
            let up = row[j + 1];
            row[j + 1] = if x == y { before + 1 } else { up.max(row[j]) };
            before = up;
        }
    }
    let n = row[b.len()];
    if n * 2 < short { 0 } else { n }
}

/// Pixels of a page.
type Point = (f32, f32);

/// How the new page lies over the old one, by lines of the same text; none where too few agree.
pub fn map(old: &Page, new: &Page) -> Option<Map> {
    let mut known: HashMap<Vec<char>, Vec<&Line>> = HashMap::new();
    lines(new).for_each(|l| known.entry(text(l)).or_default().push(l));
    let mut twice: HashMap<Vec<char>, u32> = HashMap::new();
    lines(old).for_each(|l| *twice.entry(text(l)).or_default() += 1);
    let mut points: Vec<(Point, Point)> = Vec::new();
    for line in lines(old) {
        let t = text(line);
        if let Some([other]) = known.get(&t).map(Vec::as_slice)
            && t.len() >= 3
            && twice.get(&t) == Some(&1)
        {
            let ends = |l: &Line| {
                let y = l.rect.center().1 as f32;
                let mid = |g: &crate::reading::Glyph| ((g.x0 + g.x1) as f32 / 2.0, y);
                (mid(&l.glyphs[0]), mid(&l.glyphs[l.glyphs.len() - 1]))
            };
            let (a, b) = (ends(line), ends(other));
            points.push((a.0, b.0));
            points.push((a.1, b.1));
        }
    }
    // Those that lie far off the others' map are other lines of the same text.
    let mut reach = 40.0;
    let mut map = fit(&points)?;
    for _ in 0..6 {
        let near: Vec<_> = points
            .iter()
            .copied()
            .filter(|((x, y), (u, v))| {
                let (s, t) = map.at(*x, *y);
                (s - u).abs() < reach && (t - v).abs() < reach
            })
            .collect();
        if near.len() < 6 {
            return None;
        }
        map = fit(&near)?;
        reach = (reach / 2.0f32).max(6.0);
    }
    let sane = (map.a - 1.0).abs() < 0.06 && (map.e - 1.0).abs() < 0.06 && map.b.abs() < 0.05 && map.d.abs() < 0.05;
    sane.then_some(map)
}

/// Least squares.
fn fit(points: &[(Point, Point)]) -> Option<Map> {
    if points.len() < 6 {
        return None;
    }
    let n = points.len() as f64;
    let (mut mx, mut my) = (0.0, 0.0);
    for ((x, y), _) in points {
        mx += f64::from(*x) / n;
        my += f64::from(*y) / n;
    }
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    let (mut xu, mut yu, mut u0, mut xv, mut yv, mut v0) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for ((x, y), (u, v)) in points {
        let (x, y, u, v) = (f64::from(*x) - mx, f64::from(*y) - my, f64::from(*u), f64::from(*v));
        xx += x * x;
        xy += x * y;
        yy += y * y;
        xu += x * u;
        yu += y * u;
        u0 += u / n;
        xv += x * v;
        yv += y * v;
        v0 += v / n;
    }
    let det = xx * yy - xy * xy;
    if det.abs() < 1e3 {
        return None;
    }
    let solve = |xu: f64, yu: f64| ((xu * yy - yu * xy) / det, (yu * xx - xu * xy) / det);
    let ((a, b), (d, e)) = (solve(xu, yu), solve(xv, yv));
    let (c, f) = (u0 - a * mx - b * my, v0 - d * mx - e * my);
    Some(Map { a: a as f32, b: b as f32, c: c as f32, d: d as f32, e: e as f32, f: f as f32 })
}

fn marks(page: &Page) -> Vec<Mark> {
    let mut out = Vec::new();
    for (n, l) in lines(page).enumerate() {
        let chars: Vec<String> = l.glyphs.iter().map(|g| g.ch.to_string().nfkc().collect()).collect();
        let middle = |i: usize| (l.glyphs[i].x0 + l.glyphs[i].x1) as f32 / 2.0;
        for (i, g) in l.glyphs.iter().enumerate() {
            let (before, after) = (i.checked_sub(1), Some(i + 1).filter(|k| *k < l.glyphs.len()));
            // As far as its neighbours are away, the nearer of them.
            let steps = before.into_iter().chain(after).map(|k| (middle(k) - middle(i)).abs());
            let em = l.rect.height() as f32;
            let pitch = steps.fold(em, f32::min).max(0.35 * em);
            out.push(Mark {
                p: g.p,
                rect: Rect::new(g.x0, l.rect.y0, g.x1.max(g.x0 + 1), l.rect.y1),
                pitch,
                beside_figure: before.into_iter().chain(after).any(|k| figure(&chars[k])),
                ch: chars[i].clone(),
                at: (n, i),
            });
        }
    }
    out
}

/// All characters of both pages, those together that stand in one place.
pub fn places(old: &Page, new: &Page, map: &Map) -> Vec<Place> {
    let (a, b) = (marks(old), marks(new));
    const BAND: i32 = 32;
    let mut bands: HashMap<i32, Vec<usize>> = HashMap::new();
    for (i, m) in b.iter().enumerate() {
        bands.entry(m.rect.center().1.div_euclid(BAND)).or_default().push(i);
    }
    let middle = |r: &Rect| ((r.x0 + r.x1) as f32 / 2.0, (r.y0 + r.y1) as f32 / 2.0);
    // Distances of all that may be meant: the same characters first, the nearest first. The same character counts from
    // less than its own width away, so that two which changed places are not taken for themselves.
    let mut near: Vec<(bool, f32, usize, usize)> = Vec::new();
    for (i, m) in a.iter().enumerate() {
        let (x, y) = middle(&m.rect);
        let (x, y) = map.at(x, y);
        let band = (y as i32).div_euclid(BAND);
        for j in (band - 1..=band + 1).filter_map(|k| bands.get(&k)).flatten() {
            let o = &b[*j];
            let (u, v) = middle(&o.rect);
            let em = (m.rect.height().max(o.rect.height()) as f32).max(8.0);
            let wide = (m.pitch + o.pitch) / 2.0;
            let (dx, dy) = ((x - u).abs(), (y - v).abs());
            let same = m.ch == o.ch;
            if dx < if same { 0.7 } else { 0.6 } * wide && dy < 0.6 * em {
                near.push((!same, dx + 0.5 * dy, i, *j));
            }
        }
    }
    near.sort_by(|p, q| (p.0, p.1).partial_cmp(&(q.0, q.1)).unwrap_or(std::cmp::Ordering::Equal));
    let (mut of_a, mut of_b) = (vec![None; a.len()], vec![false; b.len()]);
    for (_, _, i, j) in near {
        if of_a[i].is_none() && !of_b[j] {
            of_a[i] = Some(j);
            of_b[j] = true;
        }
    }
    between(&a, &b, &mut of_a, &mut of_b);
    let mut out: Vec<Place> = a
        .iter()
        .zip(&of_a)
        .map(|(m, j)| match j {
            Some(j) => Place::Both(m.clone(), b[*j].clone()),
            None => Place::Old(m.clone()),
        })
        .collect();
    out.extend(b.iter().zip(&of_b).filter(|(_, taken)| !**taken).map(|(m, _)| Place::New(m.clone())));
    out
}

/// Pairs what is left over between neighbours that belong together: a recogniser's places are not always exact.
fn between(a: &[Mark], b: &[Mark], of_a: &mut [Option<usize>], of_b: &mut [bool]) {
    let same_line = |m: &[Mark], i: usize, j: usize| m[i].at.0 == m[j].at.0;
    let mut i = 0;
    while i < a.len() {
        if of_a[i].is_some() {
            i += 1;
            continue;
        }
        let from = i;
        while i < a.len() && of_a[i].is_none() && same_line(a, from, i) {
            i += 1;
        }
        // Left over: from..i. Its neighbours in the line, and theirs on the other page.
        let Some(before) = from.checked_sub(1).filter(|k| same_line(a, *k, from)).and_then(|k| of_a[k]) else {
            continue;
        };
        let after = Some(i).filter(|k| *k < a.len() && same_line(a, *k, from)).and_then(|k| of_a[k]);
        let to = match after {
            Some(after) => after,
            // The end of both lines.
            None if i == a.len() || !same_line(a, i, from) => {
                (before..b.len()).find(|k| !same_line(b, *k, before)).unwrap_or(b.len())
            }
            None => continue,
        };
        let there = before + 1..to;
        if there.len() == i - from
            && there.clone().all(|j| !of_b[j] && same_line(b, j, before))
            && after.is_none_or(|k| same_line(b, k, before))
        {
            for (k, j) in (from..i).zip(there) {
                of_a[k] = Some(j);
                of_b[j] = true;
            }
        }
    }
}
