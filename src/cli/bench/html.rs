//! The page of mistakes: each with its place cut out of the fax, what stands there and what was made of it. One file,
//! images and all, so that it can be looked at anywhere and thrown away at once.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};

use super::super::look::{encode, escape, picture};
use crate::accuracy::{Mistake, Ratio, Score, Sort};
use crate::model::{Rect, Status, Value, Vocabulary};
use crate::page::draw::{GREEN, ORANGE, RED};

/// Paper round the value that is shown with it, px at 200 dpi.
const ROUND: (i32, i32) = (140, 50);

const STYLE: &str = ":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b1f24;--soft:#5b6570;--line:#d9dee4;\
--silent:#c62828;--wrong:#b26a00;--missing:#5b6570;--mark:#ffe08a}\
@media(prefers-color-scheme:dark){:root{--bg:#14171b;--card:#1e2329;--ink:#e8ebee;--soft:#9aa5b1;--line:#353c45;\
--silent:#ff7b72;--wrong:#e3a34a;--missing:#9aa5b1;--mark:#6b5300}}\
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 \"Noto Sans CJK JP\",\"Noto Sans JP\",\
\"Hiragino Kaku Gothic ProN\",\"Yu Gothic\",Meiryo,sans-serif}\
main{max-width:76rem;margin:0 auto;padding:1.5rem 1rem 4rem}h1{font-size:1.3rem;margin:0 0 .3rem}\
.sum{color:var(--soft);margin:0 0 1.2rem}.sum b{color:var(--ink)}\
article{background:var(--card);border:1px solid var(--line);border-left:5px solid var(--of);border-radius:6px;\
padding:.7rem 1rem 1rem;margin:0 0 1rem}\
.silent{--of:var(--silent)}.wrong{--of:var(--wrong)}.missing{--of:var(--missing)}\
header{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline}header b{color:var(--of)}\
header span{color:var(--soft);font-size:13px}h2{font-size:1rem;margin:0}\
img{display:block;max-width:100%;margin:.6rem 0 .2rem;background:#fff;border:1px solid var(--line)}\
table{border-collapse:collapse;width:100%;margin-top:.4rem}th{width:7rem;text-align:left;font-weight:400;\
color:var(--soft);vertical-align:top;padding:.1rem .5rem .1rem 0}td{overflow-wrap:anywhere;white-space:pre-wrap;\
padding:.1rem 0}mark{background:var(--mark);color:inherit;border-radius:2px}.none{color:var(--soft)}";

pub fn page(name: &str, score: &Score, mistakes: &[Mistake], images: &BTreeMap<String, Vec<Vec<u8>>>) -> String {
    let name = escape(name);
    let percent = |r: Ratio| r.value().map_or_else(|| "–".to_owned(), |v| format!("{:.2} %", 100.0 * v));
    let mut h = format!(
        "<!DOCTYPE html>\n<html lang=\"ja\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{name}</title><style>{STYLE}</style>\n<main>\n<h1>{name}</h1>\n<p class=\"sum\">{} documents, F1 \
         <b>{:.3}</b>, silent errors <b>{}</b> ({} of {}), straight-through <b>{}</b>. The {} worst mistakes, those that \
         would have been believed first.</p>\n",
        score.documents,
        score.micro.f1,
        percent(score.silent_error_rate),
        score.silent_error_rate.hits,
        score.silent_error_rate.of,
        percent(score.straight_through),
        mistakes.len()
    );
    for m in mistakes {
        mistake(&mut h, m, images);
    }
    h += "</main>\n";
    h
}

fn mistake(h: &mut String, m: &Mistake, images: &BTreeMap<String, Vec<Vec<u8>>>) {
    let (class, title) = match m.sort {
        Sort::Silent => ("silent", "accepted, and wrong"),
        Sort::Wrong => ("wrong", "wrong, for review"),
        Sort::Missing => ("missing", "not found"),
    };
    let words = Vocabulary::get();
    let status = match m.status {
        Some(Status::Accepted) => "accepted",
        Some(Status::Review) => "review",
        None => "",
    };
    let sure = if m.status.is_some() { format!("{:.3}", m.confidence) } else { String::new() };
    let page = m.page.map_or_else(String::new, |p| format!("p. {p}"));
    let at = [m.file.as_str(), &page, words.type_name(&m.kind), m.layout.as_deref().unwrap_or_default()];
    let at = at.iter().copied().chain([m.ink.unwrap_or_default(), status, &sure]).filter(|w| !w.is_empty());
    let at: Vec<String> = at.map(|w| format!("<span>{}</span>", escape(w))).collect();
    let _ = writeln!(
        h,
        "<article class=\"{class}\"><header><b>{title}</b><h2>{} <small>{}</small></h2>{}</header>",
        escape(words.label(&m.key)),
        escape(&m.key),
        at.concat()
    );
    if let Some(image) = cut_out(m, images) {
        let _ = writeln!(h, "<img alt=\"\" src=\"data:image/png;base64,{}\">", base64(&image));
    }
    let (truth, got) = (m.truth.as_ref().map(Value::text), m.got.as_ref().map(Value::text));
    let (shown_truth, shown_got) = match (&truth, &got) {
        (Some(t), Some(g)) => apart(t, g),
        _ => (truth.as_deref().map(escape).unwrap_or_default(), got.as_deref().map(escape).unwrap_or_default()),
    };
    let or = |there: bool, text: String, else_: &str| {
        if there { text } else { format!("<span class=\"none\">{else_}</span>") }
    };
    let _ = write!(h, "<table><tr><th>truth<td>{}", or(truth.is_some(), shown_truth, "not on the page"));
    let _ = write!(h, "<tr><th>got<td>{}", or(got.is_some(), shown_got, "nothing"));
    if got.as_ref().is_some_and(|g| *g != m.raw) && !m.raw.is_empty() {
        let _ = write!(h, "<tr><th>as it stands<td>{}", escape(&m.raw));
    }
    h.push_str("</table></article>\n");
}

/// Both texts with what differs marked: the middle that remains between what they begin and end with alike.
fn apart(a: &str, b: &str) -> (String, String) {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let shorter = a.len().min(b.len());
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a.iter().rev().zip(b.iter().rev()).take(shorter - head).take_while(|(x, y)| x == y).count();
    let of = |t: &[char]| {
        let part = |t: &[char]| escape(&t.iter().collect::<String>());
        let middle = part(&t[head..t.len() - tail]);
        let middle = if middle.is_empty() { middle } else { format!("<mark>{middle}</mark>") };
        part(&t[..head]) + &middle + &part(&t[t.len() - tail..])
    };
    (of(&a), of(&b))
}

/// The value's place with some paper round it, as PNG. None where there is no place or no image.
fn cut_out(m: &Mistake, images: &BTreeMap<String, Vec<Vec<u8>>>) -> Option<Vec<u8>> {
    let page = m.page?.checked_sub(1)? as usize;
    let image = images.get(&m.file)?.get(page).filter(|i| !i.is_empty())?;
    let [x0, y0, x1, y1] = m.rect?;
    // A picture that cannot be drawn costs the picture, not the page.
    drawn(image, Rect::new(x0, y0, x1, y1), m.sort).ok()
}

fn drawn(image: &[u8], of: Rect, sort: Sort) -> Result<Vec<u8>> {
    let mut page = picture(image)?;
    let colour = match sort {
        Sort::Silent => RED,
        Sort::Wrong => ORANGE,
        Sort::Missing => GREEN,
    };
    page.frame(Rect::new(of.x0 - 3, of.y0 - 3, of.x1 + 3, of.y1 + 3), 2, colour);
    let around = Rect::new(of.x0 - ROUND.0, of.y0 - ROUND.1, of.x1 + ROUND.0, of.y1 + ROUND.1);
    encode(&page.part(around).context("the place lies beside the page")?)
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let n = three.iter().enumerate().fold(0u32, |n, (i, b)| n | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            let sign = char::from(SIGNS[(n >> (18 - 6 * i) & 63) as usize]);
            out.push(if i <= three.len() { sign } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[255, 254, 253]), "//79");
    }

    #[test]
    fn what_differs_is_marked_and_nothing_becomes_markup() {
        assert_eq!(apart("1940-04-12", "1940-01-12").1, "1940-0<mark>1</mark>-12");
        assert_eq!(apart("aa", "aaa"), ("aa".to_owned(), "aa<mark>a</mark>".to_owned()));
        assert_eq!(apart("<b>", "<i>").0, "&lt;<mark>b</mark>&gt;");
    }
}
