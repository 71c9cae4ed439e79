//! PDF through `hayro`: a scanned page is taken as the image that it is, at its own resolution; any other page is
//! rendered. The page's own text is collected on the way, as a hint only.

mod fonts;
mod scan;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use ::hayro::hayro_interpret::InterpreterSettings;
use ::hayro::hayro_interpret::InterpreterWarning;
use ::hayro::hayro_syntax::object::Dict;
use ::hayro::hayro_syntax::page::Page;
use ::hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use ::hayro::kurbo::Affine;
use ::hayro::vello_cpu::color::palette::css::WHITE;
use ::hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};
use ::hayro::{RenderCache, RenderSettings};

pub use fonts::prepare as prepare_fonts;

use super::{Limits, RawPage, pixels, say, sniff, tamed};
use crate::raster::Raster;

/// Born-digital pages: the smallest print of a form (6 pt) keeps 17 pixels.
const RENDER_DPI: f32 = 200.0;
/// Pages whose scan is finer are rendered finer, up to here.
const RENDER_MAX_DPI: f32 = 300.0;

pub struct PdfFile {
    pdf: Pdf,
    pages: u32,
    warnings: Vec<String>,
    incomplete: Option<String>,
}

impl PdfFile {
    /// # Errors
    /// Password, damage, no pages: as a sentence for a person.
    pub fn open(bytes: &Arc<Vec<u8>>, limits: &Limits) -> Result<PdfFile, String> {
        tamed(|| Self::by_crate(bytes, limits)).unwrap_or_else(|| Err(say::PDF_DAMAGED.to_owned()))
    }

    fn by_crate(bytes: &Arc<Vec<u8>>, limits: &Limits) -> Result<PdfFile, String> {
        let data = match sniff::pdf_start(bytes) {
            Some(junk) if junk > 0 => Arc::new(bytes[junk..].to_vec()),
            _ => bytes.clone(),
        };
        let junk = bytes.len() - data.len();
        let pdf = match Pdf::new(data) {
            // Offsets may count from the file's true beginning.
            Err(LoadPdfError::Invalid) if junk > 0 => Pdf::new(bytes.clone()),
            other => other,
        };
        let pdf = pdf.map_err(|e| reason(e).to_owned())?;
        let mut warnings = Vec::new();
        let mut incomplete = None;
        if junk > 0 {
            warnings.push(format!("PDF の前に余分な {junk} バイトがありましたが、読みました"));
        }
        let found = pdf.pages().len();
        if found == 0 {
            return Err(say::PDF_NO_PAGES.to_owned());
        }
        let declared = declared_count(&pdf);
        if let Some(n) = declared
            && n != found
        {
            warnings.push(format!("PDF に書かれたページ数（{n}）と見つかったページ数（{found}）が違います"));
            if n > found {
                incomplete = Some(format!(
                    "PDF が壊れているか、途中で切れています（{n} ページのうち {found} ページだけ読めました）。送信元に再送を依頼してください"
                ));
            }
        }
        if !ends_whole(bytes) {
            incomplete.get_or_insert_with(|| say::PDF_CUT.to_owned());
        }
        let pages = u32::try_from(found).unwrap_or(u32::MAX).min(limits.max_pages);
        if (pages as usize) < found {
            incomplete = Some(say::too_many_pages(limits.max_pages));
        }
        Ok(PdfFile { pdf, pages, warnings, incomplete })
    }

    pub fn pages(&self) -> u32 {
        self.pages
    }

    pub fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    pub fn incomplete(&self) -> Option<String> {
        self.incomplete.clone()
    }

    /// # Errors
    /// Why the page cannot be read, as a sentence for a person.
    pub fn page(&self, index: u32, limits: &Limits) -> Result<RawPage, String> {
        tamed(|| self.page_by_crate(index, limits)).unwrap_or_else(|| Err(say::PDF_DAMAGED.to_owned()))
    }

    fn page_by_crate(&self, index: u32, limits: &Limits) -> Result<RawPage, String> {
        let pages = self.pdf.pages();
        let page = pages.get(index as usize).ok_or(say::NO_SUCH_PAGE)?;
        let number = index + 1;
        let faults = Faults::default();
        let settings = faults.settings();
        let cache = RenderCache::new();
        let looked = scan::look(page, &settings, limits);
        if let Some((width, height)) = looked.too_large {
            return Err(say::page_too_large(width.into(), height.into()));
        }
        let mut out = match looked.image {
            Some(raster) => RawPage::plain(raster),
            None => RawPage::plain(render(page, &cache, &settings, looked.dpi, limits)?),
        };
        out.text_layer = looked.text;
        let substituted = faults.substituted.load(Relaxed) > 0;
        if faults.images.load(Relaxed) > 0 {
            out.incomplete = Some(format!(
                "{number} ページ目: PDF の中の画像に読めないものがあります。原本を確認し、必要なら再送を依頼してください"
            ));
        }
        if faults.fonts.load(Relaxed) > 0 || (substituted && !fonts::available()) {
            out.incomplete.get_or_insert(format!(
                "{number} ページ目: PDF に文字の形（フォント）が埋め込まれておらず、正しく表示できないところがあります。原本を確認してください"
            ));
        } else if substituted {
            out.warnings
                .push(format!("{number} ページ目: PDF に埋め込まれていないフォントを代わりの字形で表示しました"));
        }
        if !looked.image_read && out.raster.gray.iter().all(|&g| g > 250) {
            if means_to_draw(page) {
                return Err(format!(
                    "{number} ページ目: PDF の中身が欠けていて、何も表示できません。送信元に再送を依頼してください"
                ));
            } else {
                out.warnings.push(format!("{number} ページ目: PDF のページに何も描かれていません"));
            }
        }
        Ok(out)
    }
}

fn reason(e: LoadPdfError) -> &'static str {
    match e {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => say::PDF_PASSWORD,
        LoadPdfError::Decryption(_) => say::PDF_CRYPT,
        LoadPdfError::Invalid => say::PDF_DAMAGED,
    }
}

/// /Count of the root of the page tree (ISO 32000-1, 7.7.3.2).
fn declared_count(pdf: &Pdf) -> Option<usize> {
    let xref = pdf.xref();
    let catalog = xref.get::<Dict<'_>>(xref.root_id())?;
    let tree = catalog.get::<Dict<'_>>(b"Pages".as_slice())?;
    usize::try_from(tree.get::<i32>(b"Count".as_slice())?).ok()
}

/// A whole file ends in `startxref`, a number and `%%EOF` (ISO 32000-1, 7.5.5). A mail's rest may follow, objects may
/// not: a linearised file has such an end near its beginning too.
fn ends_whole(bytes: &[u8]) -> bool {
    let last = bytes.windows(9).rposition(|w| w == b"startxref");
    last.is_some_and(|at| {
        let rest = &bytes[at + 9..];
        rest.iter().any(u8::is_ascii_digit) && !rest.windows(4).any(|w| w == b" obj")
    })
}

/// Whether the page's content means to show an image or text, or is itself lost.
fn means_to_draw(page: &Page<'_>) -> bool {
    match page.page_stream() {
        Some(content) => content
            .split(|b| b.is_ascii_whitespace() || matches!(b, b')' | b'>' | b']'))
            .any(|word| matches!(word, b"Do" | b"Tj" | b"TJ" | b"BI")),
        None => page.raw().contains_key(b"Contents".as_slice()),
    }
}

fn render<'a>(
    page: &'a Page<'a>,
    cache: &RenderCache<'a>,
    settings: &InterpreterSettings,
    native: Option<(f32, f32)>,
    limits: &Limits,
) -> Result<Raster, String> {
    let (width, height) = page.render_dimensions();
    if !(width.is_finite() && height.is_finite()) || width < 1.0 || height < 1.0 {
        return Err(say::PDF_DAMAGED.to_owned());
    }
    let pick = |d: f32| d.clamp(RENDER_DPI, RENDER_MAX_DPI);
    let mut dpi = native.map_or((RENDER_DPI, RENDER_DPI), |(x, y)| (pick(x), pick(y)));
    // A MediaBox of a poster, or one that is wrong: a side stays below 6000 pixels.
    let longest = (width * dpi.0).max(height * dpi.1) / 72.0;
    let area = f64::from(width * dpi.0 / 72.0) * f64::from(height * dpi.1 / 72.0);
    let scale = (6000.0 / longest).min((limits.max_pixels as f64 / area).sqrt() as f32).min(1.0);
    dpi = (dpi.0 * scale, dpi.1 * scale);
    let (sx, sy) = (dpi.0 / 72.0, dpi.1 / 72.0);
    let size = |v: f32| v.round().clamp(1.0, 16_000.0) as u16;
    let (w, h) = (size(width * sx), size(height * sy));
    let mut context = RenderContext::new(w, h);
    let to_page = page.initial_transform(true);
    let transform = Affine::scale_non_uniform(f64::from(sx), f64::from(sy))
        * ::hayro::hayro_interpret::TransformExt::to_kurbo(&to_page);
    ::hayro::render_into(page, cache, settings, &RenderSettings::default(), &mut context, transform);
    context.flush();
    let mut pixmap = Pixmap::new(w, h);
    let white = RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..Default::default() };
    context.render_with(&mut pixmap, &mut Resources::default(), white);
    let gray: Vec<u8> =
        pixmap.data().iter().map(|p| scan::luma(u32::from(p.r), u32::from(p.g), u32::from(p.b))).collect();
    let bilevel = pixels::is_bilevel(&gray);
    // A MediaBox that no sheet can have is taken for one of A4.
    let dpi = pixels::resolution(w.into(), h.into(), false, Some(dpi));
    Ok(Raster { width: w.into(), height: h.into(), dpi, bilevel, gray })
}

/// Counts what the interpreter complains of.
#[derive(Default)]
struct Faults {
    fonts: Arc<AtomicUsize>,
    images: Arc<AtomicUsize>,
    substituted: Arc<AtomicUsize>,
}

impl Faults {
    fn settings(&self) -> InterpreterSettings {
        let (bad_fonts, bad_images) = (self.fonts.clone(), self.images.clone());
        let substituted = self.substituted.clone();
        InterpreterSettings {
            font_resolver: Arc::new(move |query| {
                substituted.fetch_add(usize::from(fonts::is_substitute(query)), Relaxed);
                fonts::resolve(query)
            }),
            warning_sink: Arc::new(move |w| {
                match w {
                    InterpreterWarning::UnsupportedFont => bad_fonts.fetch_add(1, Relaxed),
                    InterpreterWarning::ImageDecodeFailure => bad_images.fetch_add(1, Relaxed),
                    _ => 0,
                };
            }),
            ..InterpreterSettings::default()
        }
    }
}

#[cfg(test)]
mod tests;
