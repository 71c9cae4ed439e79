//! JPEG and PNG scans and photos: pixels, resolution from the header, EXIF orientation, transparency over paper.

use std::io::Cursor;

use ::image::codecs::{jpeg::JpegDecoder, png::PngDecoder};
use ::image::metadata::Orientation;
use ::image::{DynamicImage, ImageDecoder, ImageError, Limits as ImageLimits};

use super::sniff::Format;
use super::{Limits, pixels, say, tamed};
use crate::raster::Raster;

/// # Errors
/// Why the image cannot be read, as a sentence for a person.
pub fn decode(bytes: &[u8], format: Format, limits: &Limits) -> Result<Raster, String> {
    tamed(|| by_crate(bytes, format, limits)).unwrap_or_else(|| Err(say::IMAGE_TRUNCATED.to_owned()))
}

fn by_crate(bytes: &[u8], format: Format, limits: &Limits) -> Result<Raster, String> {
    match format {
        Format::Png => {
            let decoder = PngDecoder::new(Cursor::new(bytes)).map_err(reason)?;
            finish(decoder, png_dpi(bytes), limits)
        }
        _ => {
            let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(reason)?;
            finish(decoder, jpeg_dpi(bytes), limits)
        }
    }
}

fn finish(mut decoder: impl ImageDecoder, declared: Option<(f32, f32)>, limits: &Limits) -> Result<Raster, String> {
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(say::page_too_large(width.into(), height.into()));
    }
    let mut allow = ImageLimits::default();
    allow.max_alloc = Some(limits.max_pixels.saturating_mul(4));
    decoder.set_limits(allow).map_err(reason)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms).to_exif();
    let image = DynamicImage::from_decoder(decoder).map_err(reason)?;
    let gray = to_gray(image);
    let (width, height) = (width as usize, height as usize);
    let bilevel = pixels::is_bilevel(&gray);
    let dpi = pixels::resolution(width, height, bilevel, declared);
    Ok(pixels::orient(Raster { width, height, dpi, bilevel, gray }, orientation.into()))
}

/// Grey, transparent parts over white paper.
fn to_gray(image: DynamicImage) -> Vec<u8> {
    if image.color().has_alpha() {
        let la = image.into_luma_alpha8();
        return la
            .pixels()
            .map(|p| {
                let (g, a) = (u32::from(p.0[0]), u32::from(p.0[1]));
                ((g * a + 255 * (255 - a) + 127) / 255) as u8
            })
            .collect();
    }
    image.into_luma8().into_raw()
}

fn reason(e: ImageError) -> String {
    match e {
        ImageError::Limits(_) => "画像が大きすぎます。300 dpi 程度での再送を依頼してください".to_owned(),
        ImageError::Unsupported(_) => "この画像の形式は読めません。PDF か TIFF での再送を依頼してください".to_owned(),
        _ => say::IMAGE_TRUNCATED.to_owned(),
    }
}

/// Width and height of any image by its header, for telling logos from pages.
pub fn dimensions(bytes: &[u8], format: Format) -> Option<(u32, u32)> {
    match format {
        Format::Png => Some(PngDecoder::new(Cursor::new(bytes)).ok()?.dimensions()),
        Format::Jpeg => Some(JpegDecoder::new(Cursor::new(bytes)).ok()?.dimensions()),
        Format::Gif => {
            let le = |at: usize| Some(u32::from(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])));
            Some((le(6)?, le(8)?))
        }
        Format::Bmp => {
            let le = |at: usize| Some(i32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?).unsigned_abs());
            Some((le(18)?, le(22)?))
        }
        _ => None,
    }
}

/// The segments before the picture data: marker, where its content begins, and the content; the last is the scan's.
fn segments(bytes: &[u8]) -> impl Iterator<Item = (u8, usize, &[u8])> {
    let mut at = 2;
    std::iter::from_fn(move || {
        while bytes.get(at) == Some(&0xFF) && bytes.get(at + 1) == Some(&0xFF) {
            at += 1;
        }
        let (Some(0xFF), Some(&marker)) = (bytes.get(at).copied(), bytes.get(at + 1)) else { return None };
        let length = usize::from(u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?)).max(2);
        let from = at + 4;
        // The scan is the last: behind it stands the picture.
        at = if marker == 0xDA { bytes.len() } else { at + 2 + length };
        Some((marker, from, bytes.get(from..(from + length - 2).min(bytes.len())).unwrap_or_default()))
    })
}

/// Whether the end-of-image marker stands behind the picture data (a thumbnail's does not count). Decoders fill what
/// is missing with grey, without a word.
pub fn jpeg_is_whole(bytes: &[u8]) -> bool {
    let scan = segments(bytes).find(|s| s.0 == 0xDA).map(|s| s.1);
    scan.is_some_and(|at| bytes[at.min(bytes.len())..].windows(2).any(|w| w == [0xFF, 0xD9]))
}

/// JFIF density (JFIF 1.02: APP0), dots per inch; none where it is only an aspect ratio.
fn jpeg_dpi(bytes: &[u8]) -> Option<(f32, f32)> {
    let (_, _, app0) = segments(bytes).find(|s| s.0 == 0xE0 && s.2.starts_with(b"JFIF\0"))?;
    let be = |i: usize| Some(f32::from(u16::from_be_bytes(app0.get(i..i + 2)?.try_into().ok()?)));
    let (x, y) = (be(8)?, be(10)?);
    match app0.get(7)? {
        1 => Some((x, y)),
        2 => Some((x * 2.54, y * 2.54)),
        _ => None,
    }
}

/// PNG pHYs (PNG 11.3.5.3), dots per inch.
fn png_dpi(bytes: &[u8]) -> Option<(f32, f32)> {
    let mut at = 8usize;
    loop {
        let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize;
        let kind = bytes.get(at + 4..at + 8)?;
        if kind == b"IDAT" || kind == b"IEND" {
            return None;
        }
        if kind == b"pHYs" && length == 9 {
            let be = |i: usize| Some(u32::from_be_bytes(bytes.get(i..i + 4)?.try_into().ok()?) as f32 * 0.0254);
            return (bytes.get(at + 16) == Some(&1)).then_some((be(at + 8)?, be(at + 12)?));
        }
        at = at.checked_add(length)?.checked_add(12)?;
    }
}
