//! Tesseract with Japanese data: a second opinion about doubtful lines, and an engine of its own on request.
//!
//! Its library starts threads of its own unless the process was started with `OMP_THREAD_LIMIT=1`.

use std::ffi::CString;
use std::path::{Path, PathBuf};

use ::tesseract::plumbing::{self, TessBaseApi};

use super::crop::{self, Cut};
use super::{Engine, Identity, OcrError};
use crate::page::{LineBox, Prepared};
use crate::reading::{Glyph, Line};

const ENGINE: &str = "tesseract";
const DATA: &str = "jpn.traineddata";
const COMMAND: &str = "apt-get install tesseract-ocr-jpn";
/// Where Debian and Ubuntu keep the data, newest first.
const FOLDERS: [&str; 2] = ["/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata"];
/// One line of text.
const SINGLE_LINE: u32 = 7;

pub struct Tesseract {
    api: TessBaseApi,
    identity: Identity,
    how: Cut,
}

fn failed(what: impl std::fmt::Display) -> OcrError {
    OcrError::Failed { engine: ENGINE, what: what.to_string() }
}

impl Tesseract {
    /// Takes the language data out of `models` where they lie there, else out of the system's folder.
    ///
    /// # Errors
    /// No language data, or the library does not take them.
    pub fn open(models: &Path) -> Result<Self, OcrError> {
        let folder = std::iter::once(models.to_path_buf())
            .chain(FOLDERS.iter().map(PathBuf::from))
            .find(|f| f.join(DATA).is_file())
            .ok_or(OcrError::Missing { engine: ENGINE, what: DATA.to_owned(), command: COMMAND })?;
        let bytes = std::fs::read(folder.join(DATA)).map_err(failed)?;
        let path = CString::new(folder.display().to_string()).map_err(failed)?;
        let mut api = TessBaseApi::create();
        api.init_2(Some(&path), Some(c"jpn")).map_err(failed)?;
        for (key, value) in [(c"hocr_char_boxes", c"1"), (c"debug_file", c"/dev/null")] {
            api.set_variable(key, value).map_err(failed)?;
        }
        api.set_page_seg_mode(SINGLE_LINE);
        let identity = Identity {
            engine: ENGINE,
            runtime: format!("tesseract {}", plumbing::version().to_string_lossy()),
            models: super::hash([bytes.as_slice()]),
        };
        // its network wants capitals some 35 pixels high
        let how = Cut { height: 64, pad_y: 0.35, pad_x: 0.4, ..Cut::default() };
        Ok(Self { api, identity, how })
    }
}

impl Engine for Tesseract {
    fn name(&self) -> &'static str {
        ENGINE
    }

    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn read(&mut self, page: &Prepared, line: &LineBox) -> Result<Line, OcrError> {
        let mut out = Line { rect: line.rect, cell: line.cell, tti: line.tti, ..Line::default() };
        let Some(strip) = crop::cut(page, line, &self.how) else { return Ok(out) };
        let gray: Vec<u8> = strip.gray.iter().map(|g| g.round().clamp(0.0, 255.0) as u8).collect();
        let (w, h) = (strip.width as i32, strip.height as i32);
        self.api.set_image(&gray, w, h, 1, w).map_err(failed)?;
        self.api.set_source_resolution(300);
        if self.api.recognize().is_err() {
            // it gives up on strips without text
            return Ok(out);
        }
        let hocr = self.api.get_hocr_text(0).map_err(failed)?;
        let em = line.rect.height() as f32 / 0.92;
        for (ch, p, a, b) in characters(&hocr.as_ref().to_string_lossy()) {
            let x0 = strip.page_x(a).round() as i32;
            let x1 = strip.page_x(b).round() as i32;
            let gap = out.glyphs.last().map_or(0.0, |g| ((x0 - g.x1) as f32 / em).max(0.0));
            out.glyphs.push(Glyph { ch, p, x0, x1, gap, ..Glyph::default() });
        }
        Ok(out)
    }
}

/// Characters of an hOCR text with `ocrx_cinfo` spans: character, probability, left and right edge.
fn characters(hocr: &str) -> Vec<(char, f32, f32, f32)> {
    let mut out = Vec::new();
    for span in hocr.split("ocrx_cinfo").skip(1) {
        let Some((head, rest)) = span.split_once('>') else { continue };
        let Some(text) = rest.split("</span").next() else { continue };
        let numbers = |key: &str| -> Vec<f32> {
            let tail = head.split_once(key).map_or("", |(_, t)| t);
            let tail = tail.split([';', '\'', '"']).next().unwrap_or_default();
            tail.split_whitespace().filter_map(|n| n.parse().ok()).collect()
        };
        let (bx, conf) = (numbers("x_bboxes"), numbers("x_conf"));
        let (&[a, _, b, _], Some(conf)) = (bx.as_slice(), conf.first()) else { continue };
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
        let text = text.replace("&amp;", "&");
        let chars: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
        let width = (b - a) / chars.len().max(1) as f32;
        for (i, c) in chars.iter().enumerate() {
            let x = a + width * i as f32;
            out.push((*c, (conf / 100.0).clamp(0.0, 1.0), x, x + width));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_come_out_of_hocr_with_places_and_probabilities() {
        let hocr = "<span class='ocrx_word' id='word_1_1' title='bbox 4 5 60 40; x_wconf 90'>\
            <span class='ocrx_cinfo' title='x_bboxes 4 5 30 40; x_conf 98.5'>柏</span>\
            <span class='ocrx_cinfo' title='x_bboxes 32 5 60 40; x_conf 50'>&amp;</span></span>";
        assert_eq!(characters(hocr), vec![('柏', 0.985, 4.0, 30.0), ('&', 0.5, 32.0, 60.0)]);
        assert!(characters("<span class='ocrx_cinfo' title='x_bboxes 4'>x</span>").is_empty());
    }
}
