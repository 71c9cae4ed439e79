//! From the bytes of a file or mail to page images, one at a time.
//!
//! Content is sniffed, names and declared types are never believed ([`sniff`]). [`pieces`] takes mails and zips apart,
//! [`open_piece`] finds the pages of one piece, [`Opened::page`] decodes one page. Everything here works on what
//! strangers sent, so it runs in the sandboxed child only ([`child`]); [`pool`] is the parent's side of it.
//! Knows nothing of text, rules or the store. Every reason is a Japanese sentence that says what to do.
//!
//! A new format: an arm in [`sniff`], a file here that gives pages, a variant of `Source`.

pub mod ccitt;
pub mod child;
pub mod image;
pub mod mail;
pub mod pdf;
pub mod peer;
pub mod pixels;
pub mod sandbox;
pub mod say;
pub mod sniff;
pub mod tiff;
pub mod wire;
pub mod zip;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::raster::Raster;
use crate::reading::{Mail, Part};
use sniff::Format;

/// What a file may cost. The defaults fit a child of 400 MB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Pages of the whole file, through all its parts.
    pub max_pages: u32,
    /// Pixels of one page.
    pub max_pixels: u64,
    /// Attachments of one mail, nested mails included.
    pub attachments: usize,
    /// Members of one zip.
    pub zip_members: usize,
    /// Unpacked bytes of one zip, all members together.
    pub zip_bytes: u64,
    /// Unpacked bytes per packed byte, for members above 1 MB.
    pub zip_ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pages: 200,
            max_pixels: 60_000_000,
            attachments: 100,
            zip_members: 100,
            zip_bytes: 96 << 20,
            zip_ratio: 200,
        }
    }
}

/// One attachment, zip member, or the file itself, before it is looked into.
#[derive(Debug, Clone, Default)]
pub struct Piece {
    pub name: String,
    pub bytes: Arc<Vec<u8>>,
    pub format: Format,
    /// Why it cannot be read; then there are no bytes.
    pub error: Option<String>,
    /// Why it is no document; then there are no bytes.
    pub ignored: Option<String>,
}

impl Piece {
    fn new(name: &str, bytes: Vec<u8>) -> Self {
        let format = sniff::sniff(&bytes);
        Self { name: name.to_owned(), bytes: Arc::new(bytes), format, ..Self::default() }
    }
    fn error(name: &str, format: Format, why: impl Into<String>) -> Self {
        Self { name: name.to_owned(), format, error: Some(why.into()), ..Self::default() }
    }
    fn ignored(name: &str, format: Format, why: impl Into<String>) -> Self {
        Self { name: name.to_owned(), format, ignored: Some(why.into()), ..Self::default() }
    }
}

/// A file taken apart: the mail's headers, where it is one, and what lies in it, in order.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    pub mail: Option<Mail>,
    pub pieces: Vec<Piece>,
}

/// Takes a mail or a zip apart; any other file is its own only piece. Never fails: what cannot be read says so.
pub fn pieces(name: &str, bytes: &[u8], limits: &Limits) -> Pieces {
    match sniff::sniff(bytes) {
        Format::Eml => mail::pieces(name, bytes, limits),
        Format::Zip => Pieces { mail: None, pieces: zip::pieces(name, bytes, limits) },
        _ => Pieces { mail: None, pieces: vec![Piece::new(name, bytes.to_vec())] },
    }
}

/// A piece whose pages are known.
pub struct Opened {
    /// `pages` counts what [`Opened::page`] can be asked for.
    pub part: Part,
    source: Source,
}

enum Source {
    None,
    Tiff(tiff::Tiff),
    Pdf(Box<pdf::PdfFile>),
    Image(Arc<Vec<u8>>, Format),
}

/// One decoded page.
#[derive(Debug, Clone)]
pub struct RawPage {
    pub raster: Raster,
    /// Damage that did not stop the page from being read.
    pub warnings: Vec<String>,
    /// Part of the page is lost: what is there is read, but a person must know.
    pub incomplete: Option<String>,
    /// A PDF's own text, in the order of its drawing: a hint that is worth nothing until the ink agrees.
    pub text_layer: Option<String>,
}

impl RawPage {
    fn plain(raster: Raster) -> Self {
        Self { raster, warnings: Vec::new(), incomplete: None, text_layer: None }
    }
}

/// Finds the pages of one piece.
pub fn open_piece(piece: &Piece, limits: &Limits) -> Opened {
    let mut part = Part {
        name: piece.name.clone(),
        format: piece.format.key().to_owned(),
        error: piece.error.clone(),
        ignored: piece.ignored.clone(),
        ..Part::default()
    };
    let mut source = Source::None;
    if part.error.is_none() && part.ignored.is_none() {
        match find_pages(piece, limits, &mut part) {
            Ok(found) => source = found,
            Err(why) => part.error = Some(why),
        }
    }
    Opened { part, source }
}

fn find_pages(piece: &Piece, limits: &Limits, part: &mut Part) -> Result<Source, String> {
    match piece.format {
        Format::Tiff => {
            let tiff = tiff::Tiff::open(piece.bytes.clone(), limits)?;
            part.pages = tiff.pages();
            part.error = tiff.incomplete();
            Ok(Source::Tiff(tiff))
        }
        Format::Pdf => {
            let pdf = pdf::PdfFile::open(&piece.bytes, limits)?;
            part.pages = pdf.pages();
            part.warnings.extend(pdf.warnings());
            part.error = pdf.incomplete();
            Ok(Source::Pdf(Box::new(pdf)))
        }
        Format::Jpeg | Format::Png => {
            part.pages = 1;
            Ok(Source::Image(piece.bytes.clone(), piece.format))
        }
        other => Err(say::unreadable(other, &piece.name)),
    }
}

impl Opened {
    /// Decodes page `index` (from 0) of this piece.
    ///
    /// # Errors
    /// Why the page cannot be read, as a sentence for a person.
    pub fn page(&self, index: u32, limits: &Limits) -> Result<RawPage, String> {
        let mut page = match &self.source {
            Source::None => return Err(say::NO_SUCH_PAGE.to_owned()),
            Source::Tiff(t) => t.page(index, limits)?,
            Source::Pdf(p) => p.page(index, limits)?,
            Source::Image(bytes, format) => {
                let incomplete =
                    (*format == Format::Jpeg && !image::jpeg_is_whole(bytes)).then(|| say::IMAGE_TRUNCATED.to_owned());
                RawPage { incomplete, ..RawPage::plain(image::decode(bytes, *format, limits)?) }
            }
        };
        if pixels::is_no_sheet(&page.raster) {
            return Err(say::no_sheet(page.raster.width, page.raster.height));
        }
        if pixels::invert_if_negative(&mut page.raster) {
            page.warnings.push("白黒が反転していたため戻しました".to_owned());
        }
        page.raster = pixels::at_most(page.raster, pixels::MAX_DPI);
        Ok(page)
    }
}

/// Runs a decoder that is not ours. Where it panics the file is damaged in a way that its authors did not think of:
/// none, and nothing of what it worked on is used any more.
fn tamed<T>(decoder: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(decoder)).ok()
}

/// A whole file, opened: for tests and tools; the child goes piece by piece.
pub struct Decoded {
    pub mail: Option<Mail>,
    pub parts: Vec<Opened>,
    limits: Limits,
}

/// Opens a file or mail. Never fails as a whole: each part says what is wrong with it.
pub fn open(name: &str, bytes: &[u8], limits: &Limits) -> Decoded {
    let Pieces { mail, pieces } = pieces(name, bytes, limits);
    let mut room = limits.max_pages;
    let parts = pieces.iter().map(|p| bounded(open_piece(p, limits), &mut room, limits)).collect();
    Decoded { mail, parts, limits: limits.clone() }
}

/// Keeps the pages of all parts together within the limit; a part that is cut says so.
pub fn bounded(mut opened: Opened, room: &mut u32, limits: &Limits) -> Opened {
    if opened.part.pages > *room {
        opened.part.error = Some(say::too_many_pages(limits.max_pages));
        opened.part.pages = *room;
    }
    *room -= opened.part.pages;
    opened
}

impl Decoded {
    /// All pages in order, decoded one at a time: part index and the page or why it cannot be read.
    pub fn pages(&self) -> impl Iterator<Item = (usize, Result<RawPage, String>)> {
        self.parts
            .iter()
            .enumerate()
            .flat_map(move |(i, o)| (0..o.part.pages).map(move |p| (i, o.page(p, &self.limits))))
    }
}

#[cfg(test)]
mod tests;
