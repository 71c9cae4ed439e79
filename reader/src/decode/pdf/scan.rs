//! Looks at what a page draws, without drawing it: is it one scanned image, at which resolution, with which text?

use ::hayro::hayro_interpret::font::{Glyph, GlyphRun};
use ::hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageData, ImageDrawProps, InterpreterCache,
    InterpreterSettings, Paint, SoftMask, TransformExt, interpret_page,
};
use ::hayro::hayro_syntax::page::Page;
use ::hayro::kurbo::{Affine, BezPath, Point, Rect, Shape};

use crate::decode::{Limits, pixels};
use crate::raster::Raster;

/// What a page turned out to be.
#[derive(Default)]
pub struct Look {
    /// The page is nothing but this image, upright as the page shows it.
    pub image: Option<Raster>,
    /// The page shows an image that could be read (which may be a blank sheet).
    pub image_read: bool,
    /// Resolution of the largest image on a page that must be rendered.
    pub dpi: Option<(f32, f32)>,
    /// Pixels of an image that no sheet needs: it is not decoded, and the page not rendered.
    pub too_large: Option<(u32, u32)>,
    /// The text layer: visible or invisible text in drawing order.
    pub text: Option<String>,
}

/// Share of the sheet that an image must cover to be the page.
const FULL: f64 = 0.85;
/// Images of so many times the pixels of a page are no scans of sheets; up to there they may be drawn smaller.
const LARGER: u64 = 4;
/// A text layer longer than this is no page's.
const MAX_TEXT: usize = 200_000;

pub fn look(page: &Page<'_>, settings: &InterpreterSettings, limits: &Limits) -> Look {
    let (width, height) = page.render_dimensions();
    let sheet = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let cache = InterpreterCache::new();
    let mut context =
        Context::new(page.initial_transform(true).to_kurbo(), sheet, &cache, page.xref(), settings.clone());
    let mut eye = Eye {
        sheet,
        limits: limits.clone(),
        images: 0,
        other_ink: false,
        largest: None,
        taken: None,
        too_large: None,
        text: String::new(),
        last: None,
    };
    interpret_page(page, &mut context, &mut eye);
    let covered = eye.largest.as_ref().map_or(0.0, |l| l.0);
    let image = if eye.images == 1 && !eye.other_ink && covered >= FULL { eye.taken } else { None };
    let text = eye.text.trim();
    Look {
        too_large: eye.too_large,
        image_read: image.is_some(),
        image,
        dpi: eye.largest.filter(|l| l.0 > 0.3).map(|l| l.1),
        text: (!text.is_empty()).then(|| text.to_owned()),
    }
}

/// A device that looks.
struct Eye {
    sheet: Rect,
    limits: Limits,
    images: usize,
    /// Anything that can be seen besides images.
    other_ink: bool,
    /// Share of the sheet and resolution of the largest image.
    largest: Option<(f64, (f32, f32))>,
    taken: Option<Raster>,
    too_large: Option<(u32, u32)>,
    text: String,
    last: Option<Point>,
}

impl Eye {
    fn paints(&mut self, shape: Rect, paint: &Paint<'_>) {
        // White behind a scan is paper.
        let white = match paint {
            Paint::Color(c) => {
                let [r, g, b, a] = c.to_rgba().to_rgba8();
                a == 0 || (r > 250 && g > 250 && b > 250 && self.images == 0)
            }
            Paint::Pattern(_) => false,
        };
        let seen = shape.intersect(self.sheet);
        if !white && seen.width() >= 0.0 && seen.height() >= 0.0 && (shape.width() > 0.0 || shape.height() > 0.0) {
            self.other_ink = true;
        }
    }
}

impl<'a> Device<'a> for Eye {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        if matches!(mode, DrawMode::Invisible) {
            return;
        }
        let bounds = (props.transform * path.clone()).bounding_box();
        self.paints(bounds, &props.paint);
    }

    fn push_clip_path(&mut self, _: &ClipPath) {}

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        for glyph in run.glyphs() {
            let at = (props.transform * glyph.transform()) * Point::ZERO;
            if self.text.len() < MAX_TEXT
                && let Some(c) = unicode(glyph)
            {
                if self.last.is_some_and(|l| (l.y - at.y).abs() > 3.0) {
                    self.text.push('\n');
                }
                self.text.push_str(&c);
                self.last = Some(at);
            }
            if !matches!(mode, DrawMode::Invisible) && self.sheet.contains(at) {
                self.other_ink = true;
            }
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let (w, h) = (f64::from(image.width()), f64::from(image.height()));
        let place = props.transform.transform_rect_bbox(Rect::new(0.0, 0.0, w, h));
        let seen = place.intersect(self.sheet);
        if seen.width() <= 0.5 || seen.height() <= 0.5 || w < 1.0 || h < 1.0 {
            return;
        }
        self.images += 1;
        if (w * h) as u64 > self.limits.max_pixels.saturating_mul(LARGER) {
            self.too_large = Some((image.width(), image.height()));
        }
        let share = seen.area() / self.sheet.area().max(1.0);
        let Some(turn) = Turn::of(props.transform) else {
            self.other_ink = true;
            return;
        };
        let (pw, ph) = if turn.swaps() { (h, w) } else { (w, h) };
        let dpi = ((pw * 72.0 / place.width()) as f32, (ph * 72.0 / place.height()) as f32);
        if self.largest.as_ref().is_some_and(|l| l.0 >= share) {
            return;
        }
        self.largest = Some((share, dpi));
        // Part of the image outside of the sheet would come back into sight.
        let whole = seen.area() >= place.area() * 0.98;
        let fits = (w * h) as u64 <= self.limits.max_pixels && pixels::plausible(pw as usize, ph as usize, dpi);
        if share >= FULL && whole && fits && props.soft_mask.is_none() && self.images == 1 {
            self.taken = take(&image, turn, dpi, &self.limits);
        }
    }

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}

fn unicode(glyph: &Glyph<'_>) -> Option<String> {
    use ::hayro::hayro_interpret::hayro_cmap::BfString;
    match glyph.as_unicode()? {
        BfString::Char(c) => Some(c.to_string()),
        BfString::String(s) => Some(s),
    }
}

/// Right-angle placement of an image: the EXIF orientation that brings its pixels to how the page shows them.
#[derive(Clone, Copy)]
struct Turn(u16);

impl Turn {
    /// None for a slanted or sheared image.
    fn of(t: Affine) -> Option<Turn> {
        let [a, b, c, d, _, _] = t.as_coeffs();
        let size = a.abs().max(b.abs()).max(c.abs()).max(d.abs());
        let none = |v: f64| v.abs() < size * 1e-3;
        // Image pixel axes in page space, y downwards: (a, b) is where x goes, (c, d) where y goes.
        Some(Turn(if none(b) && none(c) {
            match (a > 0.0, d > 0.0) {
                (true, true) => 1,
                (false, true) => 2,
                (false, false) => 3,
                (true, false) => 4,
            }
        } else if none(a) && none(d) {
            match (b > 0.0, c > 0.0) {
                (true, true) => 5,
                (true, false) => 6,
                (false, false) => 7,
                (false, true) => 8,
            }
        } else {
            return None;
        }))
    }
    fn swaps(self) -> bool {
        self.0 >= 5
    }
}

fn take(image: &Image<'_, '_>, turn: Turn, dpi: (f32, f32), limits: &Limits) -> Option<Raster> {
    let mut out = None;
    let mut keep = |width: u32, height: u32, gray: Vec<u8>| {
        let (width, height) = (width as usize, height as usize);
        if gray.len() != width * height || (width * height) as u64 > limits.max_pixels {
            return;
        }
        let bilevel = pixels::is_bilevel(&gray);
        let own = if turn.swaps() { (dpi.1, dpi.0) } else { dpi };
        out = Some(pixels::orient(Raster { width, height, dpi: own, bilevel, gray }, turn.0));
    };
    match image {
        Image::Stencil(s) => s.with_stencil(
            |luma, paint| {
                let ink = match paint {
                    Paint::Color(c) => {
                        let [r, g, b, _] = c.to_rgba().to_rgba8();
                        self::luma(r.into(), g.into(), b.into())
                    }
                    Paint::Pattern(_) => 0,
                };
                let mixed = |a: u8| {
                    let a = u32::from(a);
                    ((u32::from(ink) * a + 255 * (255 - a) + 127) / 255) as u8
                };
                keep(luma.width, luma.height, luma.data.into_iter().map(mixed).collect());
            },
            None,
        ),
        Image::Raster(r) => r.with_rgba(
            |data, alpha| {
                let (w, h) = (data.width(), data.height());
                let mut gray = match data {
                    ImageData::Luma(l) => l.data,
                    ImageData::Rgb(rgb) => {
                        rgb.data.chunks_exact(3).map(|p| self::luma(p[0].into(), p[1].into(), p[2].into())).collect()
                    }
                };
                if let Some(mask) = alpha {
                    if mask.data.len() != gray.len() {
                        return;
                    }
                    for (g, a) in gray.iter_mut().zip(&mask.data) {
                        let a = u32::from(*a);
                        *g = ((u32::from(*g) * a + 255 * (255 - a) + 127) / 255) as u8;
                    }
                }
                keep(w, h, gray);
            },
            None,
        ),
    }
    out
}

/// ITU-R BT.601 luma.
pub fn luma(r: u32, g: u32, b: u32) -> u8 {
    ((r * 299 + g * 587 + b * 114 + 500) / 1000).min(255) as u8
}
