//! A canary's page: a referral as hospitals write it, put together from bitmaps of characters, and what stands on it.
//!
//! What is printed and what must be read come from the same place, so they cannot drift apart. Days, dose and numbers
//! follow from the token and the day, so that no two canaries have one content.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::Date;

use super::fax::{Dots, WIDTH};
use super::{Expected, Token};
use crate::model::Value;

/// Width of a full-width character, in dots: running text and title (samples/generator/canary.py).
const SIZES: [usize; 2] = [34, 60];
/// Rows of the title and of the first line below it.
const TITLE: usize = 130;
const HEAD: usize = 230;
/// The table: its left and right edge, the first row, a row's height, where values and second labels begin.
const EDGES: (usize, usize) = (150, 1590);
const TABLE: usize = 580;
const ROW: usize = 78;
const COLUMNS: [usize; 3] = [420, 870, 1140];
/// Thickness of a ruled line.
const RULE: usize = 3;

struct Glyph {
    width: usize,
    height: usize,
    ink: Vec<bool>,
}

/// The characters by size.
static GLYPHS: LazyLock<[HashMap<char, Glyph>; 2]> = LazyLock::new(|| {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(include_bytes!("glyphs.png")));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("the program's own image");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small image")];
    let info = reader.next_frame(&mut pixels).expect("the program's own image");
    let stride = info.line_size;
    let mut top = 0;
    let mut rows = include_str!("glyphs.txt").lines();
    SIZES.map(|size| {
        let height = (size * 196 + 102) / 204;
        let cut = |(n, c): (usize, char)| {
            let width = if c.is_ascii() { size / 2 } else { size };
            let dot = |i: usize| pixels[(top + i / width) * stride + n * size + i % width] < 128;
            (c, Glyph { width, height, ink: (0..width * height).map(dot).collect() })
        };
        let glyphs = rows.next().unwrap_or_default().chars().enumerate().map(cut).collect();
        top += height;
        glyphs
    })
});

/// What differs from one canary to the next.
struct Stay {
    written: Date,
    admission: Date,
    discharge: Date,
    visit: Date,
    hour: u64,
    minute: u64,
    strength: &'static str,
    tablets: u64,
}

impl Stay {
    fn of(token: &Token, day: Date) -> Stay {
        let mut rest = token.number();
        let mut next = |n: u64| {
            let got = rest % n;
            rest /= n;
            got
        };
        let after = |d: Date, days: u64| d.checked_add((days as i64).days()).unwrap_or(d);
        let admission = day.checked_sub((10 + next(40) as i64).days()).unwrap_or(day);
        let discharge = after(day, 3 + next(20));
        Stay {
            written: day,
            admission,
            discharge,
            visit: after(discharge, 5 + next(20)),
            hour: 9 + next(8),
            minute: 15 * next(4),
            strength: ["2.5", "5", "10"][next(3) as usize],
            tablets: 1 + next(3),
        }
    }
}

/// The page of a token, written on a day, and what must be read on it.
pub fn draw(token: &Token, day: Date) -> (Dots, Expected) {
    let stay = Stay::of(token, day);
    let western = |d: Date| format!("{}年{:2}月{:2}日", d.year(), d.month(), d.day());
    let reiwa = |d: Date| format!("令和{:2}年{:2}月{:2}日", d.year() - 2018, d.month(), d.day());
    let time = format!("{:2}時{:02}分", stay.hour, stay.minute);
    let drug = format!("アムロジピン錠{}mg  {}錠  分1 朝食後", stay.strength, stay.tablets);
    let patient = super::patient();
    let mut page = Page::default();
    let title = "診療情報提供書";
    page.text((WIDTH - SIZES[1] * title.chars().count()) / 2, TITLE, title, 1);
    page.text(150, HEAD, &format!("試験番号 {}", token.spaced()), 0);
    page.text(1100, HEAD, "作成日 ", 0);
    page.say("document.date", 1100 + 4 * 34, HEAD, &reiwa(stay.written), &stay.written.to_string());
    page.say("recipient.institution", 150, HEAD + 70, "架空訪問クリニック　御中", "架空訪問クリニック");
    page.say("sender.institution", 900, HEAD + 130, "架空試験病院", "架空試験病院");
    page.say("sender.department", 900 + 7 * 34, HEAD + 130, "内科", "内科");
    page.text(900, HEAD + 175, "担当医師", 0);
    page.say("sender.person", 900 + 5 * 34, HEAD + 175, "柏木　一郎", "柏木 一郎");
    page.text(900, HEAD + 220, "電話", 0);
    page.say("sender.phone", 985, HEAD + 220, "03-0000-0018", "03-0000-0018");
    page.text(900, HEAD + 265, "FAX", 0);
    page.say("sender.fax", 985, HEAD + 265, "03-0000-0019", "03-0000-0019");

    page.row(&[("フリガナ", "patient.kana", &patient.kana.replace(' ', "　"), &patient.kana)]);
    page.row(&[
        ("患者氏名", "patient.name", &(patient.name.replace(' ', "　") + "　様"), &patient.name),
        ("性別", "patient.sex", "女", &patient.sex),
    ]);
    page.row(&[("生年月日", "patient.birth_date", "大正9年2月29日", &patient.birth_date)]);
    page.row(&[
        ("郵便番号", "patient.postal_code", &patient.postal_code, &patient.postal_code),
        ("電話番号", "patient.phone", &patient.phones[0], &patient.phones[0]),
    ]);
    page.row(&[("住所", "patient.address", &patient.address, &patient.address)]);
    page.row(&[
        ("保険者番号", "patient.insurer_number", &patient.insurer_number, &patient.insurer_number),
        ("被保険者番号", "patient.insured_number", &patient.insured_number, &patient.insured_number),
    ]);
    page.row(&[
        ("入院日", "encounter.admission_date", &western(stay.admission), &stay.admission.to_string()),
        ("退院予定日", "encounter.discharge_date", &western(stay.discharge), &stay.discharge.to_string()),
    ]);
    page.row(&[("傷病名", "clinical.diagnoses", "本態性高血圧症", "本態性高血圧症")]);
    let purpose = "送信の試験です。返信は要りません。";
    page.row(&[("紹介目的", "clinical.purpose", purpose, purpose)]);
    page.row(&[("処方", "clinical.medications", &drug, &drug)]);
    let visit = format!("{}T{:02}:{:02}", stay.visit, stay.hour, stay.minute);
    page.row(&[("次回受診", "next_visit.datetime", &format!("{} {time}", western(stay.visit)), &visit)]);

    let below = TABLE + page.rows * ROW;
    page.text(150, below + 60, "この用紙は送信の試験のためのもので、患者は架空です。", 0);
    page.text(150, below + 120, &format!("試験番号 {}", token.spaced()), 0);
    (page.dots, page.expected)
}

#[derive(Default)]
struct Page {
    dots: Dots,
    rows: usize,
    expected: Expected,
}

impl Page {
    fn text(&mut self, x: usize, y: usize, text: &str, size: usize) {
        let mut at = x;
        for c in text.chars() {
            let Some(glyph) = GLYPHS[size].get(&c) else {
                debug_assert!(c.is_whitespace(), "no bitmap of {c}");
                at += if c.is_ascii() { SIZES[size] / 2 } else { SIZES[size] };
                continue;
            };
            for (i, _) in glyph.ink.iter().enumerate().filter(|(_, ink)| **ink) {
                self.dots.set(at + i % glyph.width, y + i / glyph.width, true);
            }
            debug_assert!(at + glyph.width <= WIDTH && glyph.height > 0);
            at += glyph.width;
        }
    }

    /// Prints a field's value and notes what must be read.
    fn say(&mut self, key: &str, x: usize, y: usize, printed: &str, value: &str) {
        self.text(x, y, printed, 0);
        let value = match key {
            "clinical.diagnoses" | "clinical.medications" => Value::Many(vec![value.to_owned()]),
            _ => Value::One(value.to_owned()),
        };
        self.expected.insert(key.to_owned(), value);
    }

    /// A row of the table with one field or two: label, key, print, value.
    fn row(&mut self, fields: &[(&str, &str, &str, &str)]) {
        let (left, right) = EDGES;
        let y = TABLE + self.rows * ROW;
        self.rows += 1;
        for edge in [y, y + ROW] {
            self.dots.fill(left, edge, right - left + RULE, RULE);
        }
        let bars =
            [left, COLUMNS[0], right].into_iter().chain(COLUMNS[1..].iter().copied().filter(|_| fields.len() > 1));
        for x in bars {
            self.dots.fill(x, y, RULE, ROW);
        }
        for ((label, key, printed, value), x) in fields.iter().zip([(left, COLUMNS[0]), (COLUMNS[1], COLUMNS[2])]) {
            self.text(x.0 + 15, y + 22, label, 0);
            self.say(key, x.1 + 15, y + 22, printed, value);
        }
    }
}
