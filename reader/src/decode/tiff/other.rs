//! TIFF pages that are no fax: grey, colour, LZW, Deflate, JPEG, tiles, through the `tiff` crate.

use std::borrow::Cow;
use std::io::Cursor;

use ::tiff::decoder::{Decoder, DecodingResult, Limits as TiffLimits};
use ::tiff::{ColorType, TiffError};

use super::ifd::Ifd;
use crate::decode::{Limits, pixels, say, tamed};
use crate::raster::Raster;

/// Decodes one page to grey.
pub fn decode(bytes: &[u8], ifd: &Ifd, limits: &Limits) -> Result<Raster, String> {
    tamed(|| by_crate(bytes, ifd, limits)).unwrap_or_else(|| Err(say::TIFF_DAMAGED.to_owned()))
}

fn by_crate(bytes: &[u8], ifd: &Ifd, limits: &Limits) -> Result<Raster, String> {
    let mut allow = TiffLimits::default();
    allow.decoding_buffer_size = (limits.max_pixels as usize).saturating_mul(4);
    allow.intermediate_buffer_size = allow.decoding_buffer_size;
    let bytes = in_order(bytes, ifd);
    let mut decoder = Decoder::new(Cursor::new(&bytes[..])).map_err(reason)?.with_limits(allow);
    decoder.seek_to_image(ifd.index).map_err(reason)?;
    let (width, height) = decoder.dimensions().map_err(reason)?;
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(say::page_too_large(width.into(), height.into()));
    }
    let color = decoder.colortype().map_err(reason)?;
    let samples = decoder.read_image().map_err(reason)?;
    let (width, height) = (width as usize, height as usize);
    let palette = (ifd.photometric == 3).then_some(&ifd.palette[..]);
    let gray = to_gray(samples, color, width, height, palette).ok_or(UNSUPPORTED)?;
    let bilevel = pixels::is_bilevel(&gray);
    let dpi = pixels::resolution(width, height, bilevel, ifd.dpi);
    Ok(Raster { width, height, dpi, bilevel, gray })
}

/// The crate knows one order of bits only, and no palettes: in a copy of the file, strips in the other order are
/// turned round, and a palette's indices are declared to be greys.
fn in_order<'a>(bytes: &'a [u8], ifd: &Ifd) -> Cow<'a, [u8]> {
    let reversed = ifd.fill_order == 2 && ifd.compression != 7;
    if !reversed && ifd.photometric != 3 {
        return Cow::Borrowed(bytes);
    }
    let mut copy = bytes.to_vec();
    if ifd.photometric == 3
        && let Some(value) = copy.get_mut(ifd.photometric_at..ifd.photometric_at + 2)
    {
        // BlackIsZero, in the file's byte order.
        value.copy_from_slice(if bytes[0] == b'M' { &[0, 1] } else { &[1, 0] });
    }
    if !reversed {
        return Cow::Owned(copy);
    }
    for s in &ifd.strips {
        let size = copy.len() as u64;
        let (from, to) = (s.offset.min(size), s.offset.saturating_add(s.length).min(size));
        copy[from as usize..to as usize].iter_mut().for_each(|b| *b = b.reverse_bits());
    }
    Cow::Owned(copy)
}

const UNSUPPORTED: &str =
    "この TIFF の圧縮方式または色の形式は読めません。PDF か FAX 形式の TIFF での再送を依頼してください";

fn reason(e: TiffError) -> String {
    match e {
        TiffError::UnsupportedError(_) => UNSUPPORTED.to_owned(),
        TiffError::LimitsExceeded => "TIFF の画像が大きすぎます。300 dpi 程度での再送を依頼してください".to_owned(),
        TiffError::IoError(_) => say::TIFF_TRUNCATED.to_owned(),
        _ => say::TIFF_DAMAGED.to_owned(),
    }
}

fn luma(r: u32, g: u32, b: u32) -> u8 {
    ((r * 299 + g * 587 + b * 114 + 500) / 1000).min(255) as u8
}

fn to_gray(samples: DecodingResult, color: ColorType, w: usize, h: usize, palette: Option<&[u16]>) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = match samples {
        DecodingResult::U8(v) => v,
        DecodingResult::U16(v) => v.into_iter().map(|s| (s >> 8) as u8).collect(),
        _ => return None,
    };
    let each = |n: usize, f: &dyn Fn(&[u8]) -> u8| -> Option<Vec<u8>> {
        (bytes.len() >= w * h * n).then(|| bytes.chunks_exact(n).take(w * h).map(f).collect())
    };
    match (color, palette) {
        (ColorType::Gray(8), Some(p)) => each(1, &|v| mapped(p, 8, v[0].into())),
        (ColorType::Gray(bits @ (1 | 2 | 4)), Some(p)) => {
            packed(&bytes, bits, w, h, &|v, _| mapped(p, bits, v as usize))
        }
        (ColorType::Gray(8 | 16), None) => each(1, &|p| p[0]),
        (ColorType::Gray(bits @ (1 | 2 | 4)), None) => packed(&bytes, bits, w, h, &|v, max| (v * 255 / max) as u8),
        (ColorType::GrayA(8 | 16), _) => each(2, &|p| over(p[0], p[1])),
        // Planes one after the other: the first is all that is given, and enough for black on white.
        (ColorType::RGB(8 | 16), _) if bytes.len() == w * h => Some(bytes),
        (ColorType::RGB(8 | 16), _) => each(3, &|p| luma(p[0].into(), p[1].into(), p[2].into())),
        (ColorType::RGBA(8 | 16), _) => each(4, &|p| over(luma(p[0].into(), p[1].into(), p[2].into()), p[3])),
        (ColorType::YCbCr(8), _) => each(3, &|p| p[0]),
        (ColorType::CMYK(8), _) => each(4, &|p| {
            let k = 255 - u32::from(p[3]);
            let part = |c: u8| (255 - u32::from(c)) * k / 255;
            luma(part(p[0]), part(p[1]), part(p[2]))
        }),
        (ColorType::Multiband { bit_depth: 8 | 16, num_samples }, _) if num_samples > 0 => {
            each(num_samples.into(), &|p| p[0])
        }
        _ => None,
    }
}

/// Paper shines through.
fn over(gray: u8, alpha: u8) -> u8 {
    let a = u32::from(alpha);
    ((u32::from(gray) * a + 255 * (255 - a) + 127) / 255) as u8
}

fn mapped(palette: &[u16], bits: u8, v: usize) -> u8 {
    let n = 1usize << bits;
    let c = |k: usize| palette.get(k * n + v).map_or(255, |s| u32::from(s >> 8));
    luma(c(0), c(1), c(2))
}

/// Samples below a byte, rows on byte boundaries.
fn packed(bytes: &[u8], bits: u8, w: usize, h: usize, f: &dyn Fn(u32, u32) -> u8) -> Option<Vec<u8>> {
    let bits = usize::from(bits);
    let stride = (w * bits).div_ceil(8);
    if bytes.len() < stride * h {
        return None;
    }
    let max = (1u32 << bits) - 1;
    let mut gray = Vec::with_capacity(w * h);
    for row in bytes.chunks_exact(stride).take(h) {
        for x in 0..w {
            let at = x * bits;
            gray.push(f(u32::from(row[at / 8]) >> (8 - bits - at % 8) & max, max));
        }
    }
    Some(gray)
}
