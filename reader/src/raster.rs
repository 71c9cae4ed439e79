//! A page's pixels between the decoder and the recogniser. Knows nothing of files, text or rules.

/// Grey pixels, row by row, 0 = black ink, 255 = paper, with the resolution they were sent at.
/// Bilevel pages (fax) hold only 0 and 255 and say so.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster {
    pub width: usize,
    pub height: usize,
    /// Horizontal and vertical dots per inch; not square for faxes (204×98, 204×196).
    pub dpi: (f32, f32),
    pub bilevel: bool,
    pub gray: Vec<u8>,
}

impl Raster {
    pub fn white(width: usize, height: usize, dpi: (f32, f32)) -> Self {
        Self { width, height, dpi, bilevel: true, gray: vec![255; width * height] }
    }
    #[inline]
    pub fn at(&self, x: usize, y: usize) -> u8 {
        self.gray[y * self.width + x]
    }
}
