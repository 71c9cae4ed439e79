//! `look`: each page of a file as a picture of what was found on it, and how each value came about.
//!
//! For whoever writes rules or wonders about a value. The pictures hold patient data: the folder is closed to others.

use std::fmt::Write as _;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::files::{base_name, bytes, told};
use crate::daemon::pool_options;
use crate::model::{Field, Rect, Status, Trace, Vocabulary};
use crate::page::draw::{BLUE, CYAN, GREEN, ORANGE, PURPLE, Picture, RED};
use crate::pool::{Pool, ReadOutcome};
use crate::raster::Raster;
use crate::reading::Page;
use crate::rules::{self, Extraction};

#[derive(Debug, Args)]
pub struct Options {
    /// File or mail, as for `extract`
    file: PathBuf,
    /// Folder for the pictures; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    reading: super::Reading,
}

pub fn run(options: &Options, out: &mut impl Write) -> Result<ExitCode> {
    let (config, rules, registers) = options.reading.load()?;
    let data = bytes(&options.file, config.reader.max_file_mb).map_err(anyhow::Error::msg)?;
    let pool = Pool::new(pool_options(&config))?;
    let read = match pool.read_blocking(&base_name(&options.file), &data) {
        Ok(read) => read,
        Err(failure) => bail!("{}", told(&failure)),
    };
    let found = rules::extract(&rules, &read.reading, &registers);
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&options.out)
        .with_context(|| options.out.display().to_string())?;
    for (page, png) in read.reading.pages.iter().zip(&read.images) {
        if !png.is_empty() {
            let picture = draw(page, png, &found).with_context(|| format!("page {}", page.number))?;
            let path = options.out.join(picture_name(page));
            std::fs::write(&path, encode(&picture)?).with_context(|| path.display().to_string())?;
        }
    }
    let index = options.out.join("index.html");
    let name = options.file.display().to_string();
    std::fs::write(&index, html(&name, &read, &found)).with_context(|| index.display().to_string())?;
    writeln!(out, "{}", index.display())?;
    Ok(ExitCode::SUCCESS)
}

fn picture_name(page: &Page) -> String {
    format!("page-{:03}.png", page.number)
}

/// What the colours mean, for the legend.
const LEGEND: [(&str, [u8; 3]); 6] = [
    ("text lines", BLUE),
    ("ruled lines, cells", CYAN),
    ("boxes, rings", PURPLE),
    ("labels", ORANGE),
    ("accepted values", GREEN),
    ("values for review", RED),
];

fn draw(page: &Page, png: &[u8], found: &Extraction) -> Result<Picture> {
    let mut picture = picture(png)?;
    for cell in &page.cells {
        picture.frame(inset(*cell, 4), 1, CYAN);
    }
    for rule in &page.rules {
        picture.tint(*rule, CYAN);
    }
    for line in &page.lines {
        picture.frame(line.rect, 1, BLUE);
    }
    for b in &page.boxes {
        picture.frame(b.rect, if b.ink > 0.0 { 3 } else { 1 }, PURPLE);
    }
    for ring in &page.rings {
        picture.frame(*ring, 2, PURPLE);
    }
    for (_, field) in fields(found).filter(|(_, f)| f.page == page.number) {
        if let Some((_, label)) = &field.trace.label {
            picture.tint(rect(label), ORANGE);
        }
        let colour = |s: Status| if s == Status::Accepted { GREEN } else { RED };
        picture.frame(rect(&field.rect), 2, colour(field.status));
        for item in field.items.iter().flatten().filter(|i| i.page == page.number) {
            picture.tint(rect(&item.rect), colour(item.status));
        }
    }
    Ok(picture)
}

/// A page's image.
pub(super) fn picture(png: &[u8]) -> Result<Picture> {
    let image = ::image::load_from_memory_with_format(png, ::image::ImageFormat::Png)?.into_luma8();
    let (width, height) = (image.width() as usize, image.height() as usize);
    Ok(Picture::of(&Raster { width, height, dpi: (200.0, 200.0), bilevel: false, gray: image.into_raw() }))
}

fn fields(found: &Extraction) -> impl Iterator<Item = (&String, &Field)> {
    found.documents.iter().flat_map(|d| &d.fields)
}

fn rect(r: &[i32; 4]) -> Rect {
    Rect::new(r[0], r[1], r[2], r[3])
}

/// Inside, so that neighbours' frames do not fall on each other.
fn inset(r: Rect, by: i32) -> Rect {
    Rect::new(r.x0 + by, r.y0 + by, r.x1 - by, r.y1 - by)
}

/// A picture as PNG.
pub(super) fn encode(picture: &Picture) -> Result<Vec<u8>> {
    let (width, height) = (u32::try_from(picture.width)?, u32::try_from(picture.height)?);
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header()?.write_image_data(&picture.rgb)?;
    Ok(out)
}

const STYLE: &str = "body{font:15px/1.5 sans-serif;margin:1rem auto;max-width:80rem;padding:0 1rem}\
table{border-collapse:collapse;width:100%}td,th{border:1px solid #ccc;padding:.25rem .5rem;text-align:left;\
vertical-align:top}img{max-width:100%;border:1px solid #999}.accepted{background:#e3f5e8}.review{background:#fbe6e6}\
small,.why{color:#555;font-size:13px}.key{white-space:nowrap}pre{white-space:pre-wrap}";

fn html(name: &str, read: &ReadOutcome, found: &Extraction) -> String {
    let reader = &read.reader;
    let mut h = format!(
        "<!DOCTYPE html>\n<html lang=\"ja\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{0}</title><style>{STYLE}</style>\n<h1>{0}</h1>\n<p><small>{1}, {2}, {3}</small></p>\n",
        escape(name),
        escape(&reader.engine),
        escape(&reader.runtime),
        escape(&reader.models)
    );
    for part in &read.reading.parts {
        let told = [&part.error, &part.ignored].into_iter().flatten().chain(&part.warnings).map(|w| escape(w));
        let told: Vec<String> = told.collect();
        let _ =
            writeln!(h, "<p>{} ({}, {} pages) {}</p>", escape(&part.name), part.format, part.pages, told.join("; "));
    }
    if let Some(note) = &found.note {
        let _ = writeln!(h, "<p>{}</p>", escape(note));
    }
    for d in &found.documents {
        let kind = Vocabulary::get().type_name(&d.kind);
        let pages: Vec<String> = d.pages.iter().map(u32::to_string).collect();
        let _ = writeln!(
            h,
            "<h2>{} <small>{}, p. {}, {:.3}</small></h2>",
            escape(kind),
            escape(&d.kind),
            pages.join(", "),
            d.confidence
        );
        for doubt in &d.doubts {
            let _ = writeln!(h, "<p class=\"review\">{}</p>", escape(doubt));
        }
        h += "<table><tr><th>field<th>value<th>as it stands<th>p.<th>confidence<th>how\n";
        for (key, field) in &d.fields {
            row(&mut h, key, field);
        }
        h += "</table>\n";
    }
    h += "<h2>Pages</h2>\n<p>";
    for (what, [r, g, b]) in LEGEND {
        let _ = write!(h, "<span style=\"border-bottom:4px solid rgb({r},{g},{b});margin-right:1rem\">{what}</span>");
    }
    h += "</p>\n";
    for (page, png) in read.reading.pages.iter().zip(&read.images) {
        self::page(&mut h, page, !png.is_empty());
    }
    h
}

fn row(h: &mut String, key: &str, field: &Field) {
    let class = if field.status == Status::Accepted { "accepted" } else { "review" };
    let _ = writeln!(
        h,
        "<tr class=\"{class}\"><td class=\"key\">{}<br><small>{}</small><td>{}<td>{}<td>{}<td>{:.3}<td class=\"why\">{}",
        escape(field.label(key)),
        escape(key),
        escape(&field.value.text()),
        escape(&field.raw),
        field.page,
        field.confidence,
        why(&field.trace)
    );
}

fn why(trace: &Trace) -> String {
    let mut lines = Vec::new();
    if !trace.rule.is_empty() {
        lines.push(escape(&trace.rule));
    }
    let label = trace.label.as_ref().map_or_else(String::new, |(text, _)| format!("label {text}"));
    let way = [label, trace.direction.clone(), trace.normalisers.join(" → ")];
    let way: Vec<String> = way.iter().filter(|w| !w.is_empty()).map(|w| escape(w)).collect();
    if !way.is_empty() {
        lines.push(way.join(", "));
    }
    lines.extend(trace.failed.iter().map(|f| format!("<b>{}</b>", escape(f))));
    let scored = |list: &[(String, f64)]| {
        list.iter().map(|(what, score)| format!("{} {score:+.2}", escape(what))).collect::<Vec<_>>().join(", ")
    };
    if !trace.reasons.is_empty() {
        lines.push(scored(&trace.reasons));
    }
    if !trace.rivals.is_empty() {
        lines.push(format!("rivals: {}", scored(&trace.rivals)));
    }
    lines.join("<br>")
}

fn page(h: &mut String, page: &Page, drawn: bool) {
    let state = match (&page.failed, page.blank) {
        (Some(why), _) => escape(why),
        (None, true) => "blank".to_owned(),
        (None, false) => format!("{} lines, {} cells", page.lines.len(), page.cells.len()),
    };
    let (x, y) = page.native_dpi;
    let _ = writeln!(
        h,
        "<h3>{} <small>{x:.0}×{y:.0} dpi, turned {}°, skew {:.2}°, em {:.1}: {state}</small></h3>",
        page.number, page.turned, page.skew_deg, page.em
    );
    if drawn {
        let _ = writeln!(h, "<img src=\"{}\" alt=\"page {}\">", picture_name(page), page.number);
    }
    let text = escape(&crate::ocr::plain(page));
    let _ = writeln!(h, "<details><summary>as read</summary><pre>{text}</pre></details>");
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_says_cannot_become_markup() {
        let trace = Trace {
            rule: "a <b>".to_owned(),
            failed: vec!["\"x\" & y".to_owned()],
            rivals: vec![("<i>".to_owned(), 0.5)],
            ..Trace::default()
        };
        assert_eq!(why(&trace), "a &lt;b&gt;<br><b>&quot;x&quot; &amp; y</b><br>rivals: &lt;i&gt; +0.50");
    }
}
