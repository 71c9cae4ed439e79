//! What was read on the pages of one file: everything that a rule may ever ask for, and nothing of the pixels.
//!
//! Extraction is a function of (rules, reading): `decode`, `page` and `ocr` make a reading in the sandboxed child,
//! `rules` consumes it, `store` keeps it as a blob ([`Reading::to_bytes`]). Knows only `model`.
//! All geometry is in pixels of the upright, deskewed page image at 200 dpi ([`Rect`]).

use serde::{Deserialize, Serialize};

use crate::model::Rect;

/// Raised whenever the binary form changes; older readings are made again from the original bytes.
pub const VERSION: u16 = 2;

/// A file, mail or batch as it was read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reading {
    pub version: u16,
    /// Set where the input was a mail.
    pub mail: Option<Mail>,
    /// The readable and unreadable parts, in order (one for a plain file, one per attachment or zip member).
    pub parts: Vec<Part>,
    /// All pages of all parts, numbered from 1 through the whole file.
    pub pages: Vec<Page>,
}

/// One attachment, zip member, or the file itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Part {
    pub name: String,
    /// Sniffed, not believed: `tiff`, `pdf`, `jpeg`, `png`, `zip`, `eml`, `text`, `unknown`.
    pub format: String,
    /// Number of pages that this part gave.
    pub pages: u32,
    /// Why it could not be read (whole or in part), as a sentence for a person.
    pub error: Option<String>,
    /// Not a document at all (a mail's signature image, a text part): recorded and passed over.
    pub ignored: Option<String>,
    /// Damage that did not stop the reading: "3 rows repaired".
    pub warnings: Vec<String>,
}

/// Headers of a mail that matter for who sent it; the body is never a page.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Mail {
    pub message_id: Option<String>,
    pub from: Option<String>,
    pub subject: Option<String>,
    /// RFC 3339.
    pub date: Option<String>,
    /// Fax gateway that was recognised: `messageplus`, `faximo`, `bizfax`, `efax`, `ricoh`, `fujifilm`, `hylafax`.
    pub gateway: Option<String>,
    /// Number of the sending fax as the gateway tells it; digits only.
    pub caller: Option<String>,
    /// The gateway's own message number.
    pub message_no: Option<String>,
}

/// One page, upright.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Page {
    /// 1-based, through the whole file.
    pub number: u32,
    pub width: i32,
    pub height: i32,
    /// Clockwise degrees that the page was turned by to stand upright: 0, 90, 180, 270.
    pub turned: u16,
    pub skew_deg: f32,
    /// Native resolution before squaring, horizontal and vertical, dots per inch.
    pub native_dpi: (f32, f32),
    pub blank: bool,
    /// Set where the page could not be read (crash, limit): its other parts are then empty.
    pub failed: Option<String>,
    /// Typical height of a character, px at 200 dpi.
    pub em: f32,
    /// In reading order. The sending machine's top line, if any, is the line with `tti` set.
    pub lines: Vec<Line>,
    /// Ruled lines, horizontal and vertical.
    pub rules: Vec<Rect>,
    /// Closed cells of ruled tables, in reading order; `Line::cell` points here.
    pub cells: Vec<Rect>,
    /// Small square outlines that may be check boxes, with the ink inside.
    pub boxes: Vec<CheckBox>,
    /// Large closed or nearly closed strokes (rings drawn by hand or printed).
    pub rings: Vec<Rect>,
}

impl Page {
    /// A page of typed lines, one below the other, every character sure: for tests, where what was read is given.
    pub fn typed(number: u32, text: &str) -> Page {
        let line = |(row, text): (usize, &str)| {
            let y = 100 + 60 * row as i32;
            let glyph = |(i, ch): (usize, char)| {
                let x0 = 100 + 24 * i as i32;
                Glyph { ch, p: 0.99, x0, x1: x0 + 20, ..Glyph::default() }
            };
            let glyphs: Vec<Glyph> = text.chars().enumerate().map(glyph).collect();
            Line { rect: Rect::new(100, y, 100 + 24 * glyphs.len() as i32, y + 24), glyphs, ..Line::default() }
        };
        Page {
            number,
            width: 1654,
            height: 2339,
            native_dpi: (204.0, 196.0),
            lines: text.lines().enumerate().map(line).collect(),
            ..Page::default()
        }
    }
}

/// A run of text that a person would read as one piece: a cell's line, or a line between two wide gaps.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Line {
    pub rect: Rect,
    /// Index into `Page::cells`.
    pub cell: Option<u32>,
    /// Characters in order, as the engine chose them. White space is not a character: see `Glyph::gap`.
    pub glyphs: Vec<Glyph>,
    /// The recogniser's frames from left to right: the rivals. Empty for engines that give none.
    pub frames: Vec<Frame>,
    /// What a second engine read here, where it was asked.
    pub second: Option<Second>,
    /// The line that the sending machine printed on top: weak evidence, never identity.
    pub tti: bool,
}

impl Line {
    /// The text without white space.
    pub fn text(&self) -> String {
        self.glyphs.iter().map(|g| g.ch).collect()
    }
    /// The text with one ASCII space wherever the page leaves more than `gap_em` of a character's width.
    pub fn spaced(&self, gap_em: f32) -> String {
        let mut s = String::new();
        for g in &self.glyphs {
            if g.gap > gap_em && !s.is_empty() {
                s.push(' ');
            }
            s.push(g.ch);
        }
        s
    }
    /// What the second engine says of one glyph; `None` where it was not asked.
    pub fn vote(&self, glyph: usize) -> Option<Vote> {
        self.second.as_ref().map(|s| s.votes.get(glyph).copied().unwrap_or_default())
    }
    /// Smallest character probability.
    pub fn min_p(&self) -> f32 {
        self.glyphs.iter().map(|g| g.p).fold(1.0, f32::min)
    }
}

/// One character with its place and the ink around it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Glyph {
    pub ch: char,
    /// Probability that the engine gave it.
    pub p: f32,
    pub x0: i32,
    pub x1: i32,
    /// White space before it, in em, measured in ink where possible.
    pub gap: f32,
    /// Range of `Line::frames` that this character came from.
    pub frames: (u16, u16),
    /// Share of ink in the annulus .04–.32 em outside the glyph's em box (a ring drawn round it shows here).
    pub ring: f32,
    /// Share of the glyph's width that a straight stroke runs through at mid height.
    pub strike: f32,
    /// Log odds, from its ink, that a hand wrote it; 0 where that cannot be judged.
    pub pen: f32,
}

/// What a second engine read of a line, laid beside the first's characters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Second {
    pub text: String,
    /// One for each glyph of the line.
    pub votes: Vec<Vote>,
    /// What it read where the first has nothing: how many glyphs stand before it, and the character.
    pub more: Vec<(u16, char)>,
}

/// The second engine about one glyph.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub enum Vote {
    /// It read nothing here.
    #[default]
    Silent,
    /// The same character, or one that print does not tell from it; with its probability.
    Same(f32),
    /// One of the two reads another character: this one, with its probability. `Glyph::ch` is the likelier.
    Other(char, f32),
}

/// One time step of the recogniser: the best classes with their natural log probabilities, best first.
/// `'\0'` stands for the blank.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Frame {
    /// Centre of the step.
    pub x: i32,
    pub rivals: Vec<(char, f32)>,
}

/// A small square outline.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CheckBox {
    pub rect: Rect,
    /// Share of ink in the inner 46 % of the box.
    pub ink: f32,
}

/// Why a kept reading cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    #[error("the kept reading has version {0}, this build reads {VERSION}: read the original again")]
    Version(u16),
    #[error("the kept reading is damaged: {0}")]
    Damaged(#[from] postcard::Error),
}

impl Reading {
    /// Compact binary form: version (little endian u16), then postcard.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = VERSION.to_le_bytes().to_vec();
        out.extend(postcard::to_stdvec(self).expect("a reading has no unserialisable part"));
        out
    }

    /// # Errors
    /// Another version, or bytes that are not a reading.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReadingError> {
        let (head, body) = bytes.split_at_checked(2).unwrap_or((&[0, 0], &[]));
        let version = u16::from_le_bytes([head[0], head[1]]);
        if version != VERSION {
            return Err(ReadingError::Version(version));
        }
        Ok(postcard::from_bytes(body)?)
    }
}
