//! The monthly report (月報) as PDF for A4: what the page 活用状況 shows, to print and to hand round at the meeting of
//! hospitals and home care. Made by krilla, which embeds the characters that are used of one font of this machine.
//!
//! Knows figures alone: no store, no pages. A font whose characters are one or half an em wide is taken where there is one,
//! since columns are laid out by that.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};

use crate::figures::statistics::Statistics;
use crate::figures::tables::{Names, Table, course_of, tables, title};

/// Where Debian's packages put Japanese fonts, those of fixed width first; the first that is there counts.
const FONTS: [&str; 7] = [
    "/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf",
    "/usr/share/fonts/truetype/vlgothic/VL-Gothic-Regular.ttf",
    "/usr/share/fonts/truetype/takao-gothic/TakaoGothic.ttf",
    "/usr/share/fonts/truetype/fonts-japanese-gothic.ttf",
    "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
];

// A4, points.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 48.0;
const FOOT: f32 = HEIGHT - 44.0;
/// Of the text, and from line to line.
const SIZE: f32 = 8.5;
const LINE: f32 = 12.0;
/// Between columns.
const GAP: f32 = 6.0;

const INK: (u8, u8, u8) = (23, 32, 43);
const SOFT: (u8, u8, u8) = (86, 98, 115);
const BAR: (u8, u8, u8) = (188, 214, 226);
const PART: (u8, u8, u8) = (11, 93, 122);
const RULE: (u8, u8, u8) = (200, 207, 214);

/// What is put on a page.
enum Mark {
    Text { x: f32, y: f32, size: f32, colour: (u8, u8, u8), text: String },
    Box { x: f32, y: f32, w: f32, h: f32, colour: (u8, u8, u8) },
}

/// The report of a month; `hospital` gives the senders' names, `own` those of the city's own fields, `made` says when.
///
/// # Errors
/// There is no Japanese font on this machine; in words for a person.
pub fn pdf(
    s: &Statistics,
    hospital: &dyn Fn(&str) -> String,
    own: &BTreeMap<String, String>,
    made: &str,
) -> Result<Vec<u8>, String> {
    let font = font()?;
    let when = title(s.span, false);
    let mut sheet = Layout::default();
    sheet.text(20.0, INK, "faxbridge 活用状況 月報");
    sheet.text(14.0, INK, &when);
    sheet.note(&format!("作成 {made}　患者さんの名前は含みません。数え方は docs/figures.md にあります。"));
    let plain = Names::japanese(hospital);
    let field = |key: &str| own.get(key).cloned().unwrap_or_else(|| (plain.field)(key));
    let all = tables(s, &Names { field: &field, ..plain });
    for table in &all {
        sheet.table(table);
        match table.key {
            "course" => {
                sheet.chart(&course_of(s).iter().map(|(day, (n, m))| (day.clone(), *n, *m)).collect::<Vec<_>>())
            }
            "hospitals" => sheet
                .note("読みやすさ・記載率が低い発信元には、用紙の大きさや濃さ、様式の確認をお願いすると改善します。"),
            _ => {}
        }
    }
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(format!("faxbridge 活用状況 月報 {when}")).language("ja".to_owned()));
    let pages = sheet.pages.len();
    for (n, marks) in sheet.pages.iter().enumerate() {
        let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or("a page without size")?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for mark in marks {
            draw(&mut surface, &font, mark);
        }
        let foot = format!("{when}　{} / {pages}", n + 1);
        let x = WIDTH - MARGIN - width(&foot, 8.0);
        draw(&mut surface, &font, &Mark::Text { x, y: HEIGHT - 28.0, size: 8.0, colour: SOFT, text: foot });
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|e| format!("the PDF cannot be made: {e:?}"))
}

fn font() -> Result<Font, String> {
    let missing = "日本語のフォントがありません。fonts-ipafont-gothic を入れてください（scripts/setup.sh build）";
    let path = FONTS.iter().map(Path::new).find(|p| p.exists()).ok_or(missing)?;
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Font::new(Arc::new(bytes).into(), 0).ok_or_else(|| format!("{} cannot be used", path.display()))
}

fn draw(surface: &mut Surface, font: &Font, mark: &Mark) {
    let fill = |(r, g, b): (u8, u8, u8)| Fill {
        paint: rgb::Color::new(r, g, b).into(),
        opacity: NormalizedF32::ONE,
        rule: Default::default(),
    };
    match mark {
        Mark::Text { x, y, size, colour, text } => {
            surface.set_fill(Some(fill(*colour)));
            surface.draw_text(Point::from_xy(*x, *y), font.clone(), *size, text, false, TextDirection::LeftToRight);
        }
        Mark::Box { x, y, w, h, colour } => {
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(*x, *y, *w, *h) {
                path.push_rect(rect);
            }
            if let Some(path) = path.finish() {
                surface.set_fill(Some(fill(*colour)));
                surface.draw_path(&path);
            }
        }
    }
}

/// Half an em for what is half as wide, one for the rest.
fn width(text: &str, size: f32) -> f32 {
    let half = |c: char| c.is_ascii() || ('\u{FF61}'..='\u{FF9F}').contains(&c);
    text.chars().map(|c| if half(c) { 0.5 } else { 1.0 }).sum::<f32>() * size
}

/// Lines of a text that is no wider.
fn wrapped(text: &str, size: f32, most: f32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for c in text.chars() {
        let last = lines.last_mut().expect("there is one");
        last.push(c);
        if width(last, size) > most && last.chars().count() > 1 {
            last.pop();
            lines.push(c.to_string());
        }
    }
    lines
}

/// Pages that are filled from above.
#[derive(Default)]
struct Layout {
    pages: Vec<Vec<Mark>>,
    y: f32,
}

impl Layout {
    fn put(&mut self, mark: Mark) {
        if self.pages.is_empty() {
            self.turn();
        }
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN;
    }

    /// Turns the page where so much has no room any more; whether it did.
    fn need(&mut self, high: f32) -> bool {
        let turns = self.pages.is_empty() || self.y + high > FOOT;
        if turns {
            self.turn();
        }
        turns
    }

    fn text(&mut self, size: f32, colour: (u8, u8, u8), text: &str) {
        self.need(size * 1.5);
        self.y += size * 1.3;
        let mark = Mark::Text { x: MARGIN, y: self.y, size, colour, text: text.to_owned() };
        self.put(mark);
    }

    fn note(&mut self, text: &str) {
        for line in wrapped(text, 8.0, WIDTH - 2.0 * MARGIN).into_iter().filter(|l| !l.is_empty()) {
            self.text(8.0, SOFT, &line);
        }
    }

    fn rule(&mut self) {
        let mark = Mark::Box { x: MARGIN, y: self.y + 3.0, w: WIDTH - 2.0 * MARGIN, h: 0.6, colour: RULE };
        self.put(mark);
        self.y += 3.0;
    }

    fn table(&mut self, table: &Table) {
        self.need(90.0);
        self.y += 14.0;
        self.text(11.5, INK, &table.title);
        self.note(&table.note);
        if table.rows.is_empty() {
            self.note("この月にはありません。");
            return;
        }
        let widths = columns(table);
        self.row(&table.head, &widths, SOFT);
        self.rule();
        for row in &table.rows {
            if self.need(high(row, &widths) + 4.0) {
                self.row(&table.head, &widths, SOFT);
                self.rule();
            }
            self.row(row, &widths, INK);
            self.rule();
        }
    }

    /// The first column begins at the left, the others end at their right.
    fn row(&mut self, cells: &[String], widths: &[f32], colour: (u8, u8, u8)) {
        let (mut x, top) = (MARGIN, self.y);
        for (n, (cell, w)) in cells.iter().zip(widths).enumerate() {
            for (i, line) in wrapped(cell, SIZE, w - GAP).into_iter().enumerate() {
                let at = if n == 0 { x } else { x + w - GAP - width(&line, SIZE) };
                let y = top + LINE * (i as f32 + 1.0);
                self.put(Mark::Text { x: at, y, size: SIZE, colour, text: line });
            }
            x += w;
        }
        self.y = top + high(cells, widths);
    }

    /// Bars with the part of the machine dark, and every number.
    fn chart(&mut self, all: &[(String, i64, i64)]) {
        const HIGH: f32 = 110.0;
        self.need(HIGH + 40.0);
        self.y += 10.0;
        let most = all.iter().map(|b| b.1).max().unwrap_or(0).max(1) as f32;
        let step = (WIDTH - 2.0 * MARGIN) / all.len().max(1) as f32;
        let foot = self.y + HIGH;
        for (i, (name, n, machine)) in all.iter().enumerate() {
            let x = MARGIN + i as f32 * step + step * 0.12;
            let tall = |v: i64| v as f32 / most * (HIGH - 16.0);
            for (v, colour) in [(*n, BAR), (*machine, PART)] {
                if v > 0 {
                    self.put(Mark::Box { x, y: foot - tall(v), w: step * 0.76, h: tall(v), colour });
                }
            }
            let told = [(n.to_string(), foot - tall(*n) - 3.0), (short(name), foot + 10.0)];
            for (text, y) in told.into_iter().take(if *n > 0 { 2 } else { 0 }) {
                let at = x + step * 0.38 - width(&text, 6.5) / 2.0;
                self.put(Mark::Text { x: at, y, size: 6.5, colour: INK, text });
            }
        }
        self.put(Mark::Box { x: MARGIN, y: foot, w: WIDTH - 2.0 * MARGIN, h: 0.8, colour: SOFT });
        self.y = foot + 14.0;
        self.note("棒は届いた用紙の数、濃い部分は自動で掲載した数です。");
    }
}

/// The day of a month as a number.
fn short(day: &str) -> String {
    day.rsplit('-').next().unwrap_or(day).trim_start_matches('0').to_owned()
}

fn high(cells: &[String], widths: &[f32]) -> f32 {
    let lines = cells.iter().zip(widths).map(|(c, w)| wrapped(c, SIZE, w - GAP).len()).max().unwrap_or(1);
    LINE * lines as f32 + 2.0
}

/// By what stands in the columns, the first one at most half.
fn columns(table: &Table) -> Vec<f32> {
    let room = WIDTH - 2.0 * MARGIN;
    let n = table.head.len();
    let want = |at: usize| {
        let cells = table.rows.iter().filter_map(|r| r.get(at)).map(|c| width(c, SIZE)).fold(0.0, f32::max);
        // Heads wrap.
        cells.max(width(&table.head[at], SIZE).min(SIZE * 6.0)) + GAP
    };
    let mut widths: Vec<f32> = (0..n).map(want).collect();
    let others: f32 = widths[1..].iter().sum();
    widths[0] = widths[0].min((room - others).max(room * 0.25));
    let sum: f32 = widths.iter().sum();
    if sum > room {
        let scale = (room - widths[0]) / others.max(1.0);
        widths[1..].iter_mut().for_each(|w| *w *= scale);
    } else {
        let more = (room - sum) / n as f32;
        widths.iter_mut().for_each(|w| *w += more);
    }
    widths
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::decode::{Limits, open};
    use crate::figures::statistics::{Counts, Group, Span, Spread};

    /// A month with 70 senders, so that tables go over pages.
    fn month() -> Statistics {
        let group = |n: i64| Group {
            hospital: format!("H{n}"),
            kind: "referral".into(),
            counts: Counts { sheets: n + 1, posted: n + 1, machine: n, fields: 10, unsure: 2, ..Counts::default() },
        };
        let mut noticed = Spread::default();
        noticed.add(41, 3);
        Statistics {
            span: Span::month("2026-11").expect("a month"),
            groups: (0..70).map(group).collect(),
            again: 2,
            days: [(20_770, (5, 3)), (20_775, (2, 2))].into(),
            noticed,
            opened: Spread::default(),
            lead: BTreeMap::new(),
            corrections: BTreeMap::new(),
            usage: BTreeMap::new(),
            samples: Default::default(),
        }
    }

    #[test]
    fn the_report_is_pages_with_ink_that_a_reader_finds_its_words_in() {
        let bytes = pdf(&month(), &|h| format!("柏第一病院 {h}"), &BTreeMap::new(), "2026-12-01").expect("a PDF");
        assert!(bytes.len() < 400_000, "the font is a subset: {} bytes", bytes.len());
        let pages: Vec<_> =
            open("report.pdf", &bytes, &Limits::default()).pages().map(|p| p.1.expect("a page")).collect();
        assert!(pages.len() > 2, "{}", pages.len());
        for p in &pages {
            let (w, h) = (p.raster.width, p.raster.height);
            assert!((1650..1656).contains(&w) && (2335..2342).contains(&h), "A4 upright: {w} × {h}");
            let ink = p.raster.gray.iter().filter(|g| **g < 128).count();
            assert!(ink > 2_000, "blank: {ink}");
        }
    }

    #[test]
    fn text_is_wrapped_and_columns_fill_the_page() {
        assert_eq!(wrapped("あいうえお", 10.0, 30.0), ["あいう", "えお"]);
        assert_eq!(wrapped("", 10.0, 30.0), [""]);
        for table in tables(&month(), &Names::japanese(&|h| h.to_owned())) {
            let sum: f32 = columns(&table).iter().sum();
            assert!((sum - (WIDTH - 2.0 * MARGIN)).abs() < 1.0, "{}: {sum}", table.key);
        }
    }
}
