//! Page images for people, as PNG: one bit a pixel where that is all there is, else grey.

use crate::raster::Raster;

/// `fax`: the page came as black and white, so that 16 greys are enough for its smoothed edges.
/// Empty where there is no pixel.
pub fn png(r: &Raster, fax: bool) -> Vec<u8> {
    let (Ok(width), Ok(height)) = (u32::try_from(r.width), u32::try_from(r.height)) else { return Vec::new() };
    if width == 0 || height == 0 || r.gray.len() != r.width * r.height {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut out, width, height);
    encoder.set_color(::png::ColorType::Grayscale);
    encoder.set_compression(::png::Compression::Fast);
    let bilevel = r.gray.iter().all(|&g| g == 0 || g == 255);
    encoder.set_depth(if bilevel { ::png::BitDepth::One } else { ::png::BitDepth::Eight });
    let data: Vec<u8> = if bilevel {
        let pack = |byte: &[u8]| byte.iter().enumerate().fold(0u8, |acc, (i, g)| acc | (*g & 0x80) >> i);
        r.gray.chunks_exact(r.width).flat_map(|row| row.chunks(8).map(pack)).collect()
    } else if fax {
        r.gray.iter().map(|g| (g >> 4) * 17).collect()
    } else {
        r.gray.clone()
    };
    let written = encoder.write_header().and_then(|mut w| w.write_image_data(&data));
    match written {
        Ok(()) => out,
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_and_white_takes_one_bit_and_comes_back_the_same() {
        let gray: Vec<u8> = (0..13 * 5).map(|i| if i % 3 == 0 { 0 } else { 255 }).collect();
        let r = Raster { width: 13, height: 5, dpi: (200.0, 200.0), bilevel: true, gray };
        let back = ::image::load_from_memory(&png(&r, true)).unwrap().into_luma8();
        assert_eq!(back.into_raw(), r.gray);
        let soft = Raster { gray: (0..65).map(|i| i as u8 * 3).collect(), ..r };
        assert_eq!(::image::load_from_memory(&png(&soft, false)).unwrap().into_luma8().into_raw(), soft.gray);
        assert!(png(&Raster { width: 0, ..soft }, false).is_empty());
    }
}
