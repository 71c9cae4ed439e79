//! A fax page as TIFF-F: bilevel, 204×196 dpi, one-dimensional fax coding (T.4, MH), as fax machines and gateways write it.
//!
//! Knows bits and bytes only.

use std::sync::LazyLock;

/// Pixels of a row of a fax (T.4: 215 mm).
pub const WIDTH: usize = 1728;
/// Rows of an A4 page at fine resolution.
pub const HEIGHT: usize = 2292;
/// Dots per inch, across and down.
const DPI: (u32, u32) = (204, 196);

/// Codes of runs of 0 to 63, then of 64, 128, … 1728 (T.4, tables 2 and 3).
const WHITE: &str = "\
    00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010 \
    101011 0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 \
    00000011 00011010 00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001 00101010 \
    00101011 00101100 00101101 00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100 \
    00100101 01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011 00110100 11011 10010 010111 \
    0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101 011010010 011010011 \
    011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011 010011000 010011001 \
    010011010 011000 010011011";
const BLACK: &str = "\
    0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 000011000 \
    0000010111 0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000 00000010111 \
    00000011000 000011001010 000011001011 000011001100 000011001101 000001101000 000001101001 000001101010 \
    000001101011 000011010010 000011010011 000011010100 000011010101 000011010110 000011010111 000001101100 \
    000001101101 000011011010 000011011011 000001010100 000001010101 000001010110 000001010111 000001100100 \
    000001100101 000001010010 000001010011 000000100100 000000110111 000000111000 000000100111 000000101000 \
    000001011000 000001011001 000000101011 000000101100 000001011010 000001100110 000001100111 0000001111 \
    000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100 0000001101101 \
    0000001001010 0000001001011 0000001001100 0000001001101 0000001110010 0000001110011 0000001110100 \
    0000001110101 0000001110110 0000001110111 0000001010010 0000001010011 0000001010100 0000001010101 \
    0000001011010 0000001011011 0000001100100 0000001100101";
/// End of line.
const EOL: &str = "000000000001";

/// A page of dots, all white at first.
#[derive(Debug, Clone)]
pub struct Dots(Vec<bool>);

impl Default for Dots {
    fn default() -> Self {
        Dots(vec![false; WIDTH * HEIGHT])
    }
}

impl Dots {
    /// Whether there is ink; white outside of the page.
    #[cfg(test)]
    fn get(&self, x: usize, y: usize) -> bool {
        x < WIDTH && y < HEIGHT && self.0[y * WIDTH + x]
    }

    /// Puts ink there, or takes it away. Nothing happens outside of the page.
    pub fn set(&mut self, x: usize, y: usize, ink: bool) {
        if x < WIDTH && y < HEIGHT {
            self.0[y * WIDTH + x] = ink;
        }
    }

    /// Fills a rectangle with ink.
    pub fn fill(&mut self, x: usize, y: usize, width: usize, height: usize) {
        for row in y..y + height {
            for column in x..x + width {
                self.set(column, row, true);
            }
        }
    }

    /// The file.
    pub fn tiff(&self) -> Vec<u8> {
        let mut data = Bits::default();
        for row in self.0.chunks(WIDTH) {
            data.push(EOL);
            let (mut ink, mut at) = (false, 0);
            while at < WIDTH {
                let run = row[at..].iter().take_while(|dot| **dot == ink).count();
                data.run(ink, run);
                (ink, at) = (!ink, at + run);
            }
        }
        file(&data.bytes)
    }
}

/// Bits in the order of a fax line.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn push(&mut self, code: &str) {
        for bit in code.bytes() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if bit == b'1' {
                self.bytes[self.used / 8] |= 0x80 >> (self.used % 8);
            }
            self.used += 1;
        }
    }

    fn run(&mut self, ink: bool, length: usize) {
        static CODES: LazyLock<[Vec<&str>; 2]> =
            LazyLock::new(|| [WHITE, BLACK].map(|t| t.split_ascii_whitespace().collect()));
        let codes = &CODES[usize::from(ink)];
        if length >= 64 {
            self.push(codes[63 + length / 64]);
        }
        self.push(codes[length % 64]);
    }
}

/// One strip with its directory, least significant byte first.
fn file(data: &[u8]) -> Vec<u8> {
    let mut out = b"II*\0".to_vec();
    let after = 8 + data.len() + data.len() % 2;
    let word = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    out.extend(word(after));
    out.extend(data);
    out.resize(after, 0);
    const SHORT: u16 = 3;
    const LONG: u16 = 4;
    const RATIONAL: u16 = 5;
    // Tag, type, value; two resolutions stand behind the directory.
    let behind = after + 2 + 14 * 12 + 4;
    let tags: [(u16, u16, usize); 14] = [
        (256, LONG, WIDTH),
        (257, LONG, HEIGHT),
        (258, SHORT, 1),
        (259, SHORT, 3),
        (262, SHORT, 0),
        (266, SHORT, 1),
        (273, LONG, 8),
        (277, SHORT, 1),
        (278, LONG, HEIGHT),
        (279, LONG, data.len()),
        (282, RATIONAL, behind),
        (283, RATIONAL, behind + 8),
        (292, LONG, 0),
        (296, SHORT, 2),
    ];
    out.extend((tags.len() as u16).to_le_bytes());
    for (tag, kind, value) in tags {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(1u32.to_le_bytes());
        out.extend(word(value));
    }
    out.extend(word(0));
    for dpi in [DPI.0, DPI.1] {
        out.extend(dpi.to_le_bytes());
        out.extend(1u32.to_le_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use hayro_ccitt::{DecodeSettings, Decoder, DecoderContext, EncodingMode};

    use super::*;

    struct Rows(Vec<Vec<u32>>);

    impl Decoder for Rows {
        fn push_row(&mut self, changes: &[u32]) {
            self.0.push(changes.to_vec());
        }
    }

    #[test]
    fn every_run_comes_back() {
        let mut dots = Dots::default();
        // Of every length one run of white and, on odd rows, one of black; the last rows are wholly black.
        for y in 0..HEIGHT {
            let n = (y * 7) % WIDTH;
            let from = if y % 2 == 0 { n } else { 0 };
            dots.fill(from, y, n.min(WIDTH - from), 1);
            if y > HEIGHT - 3 {
                dots.fill(0, y, WIDTH, 1);
            }
        }
        let mut rows = Rows(Vec::new());
        let mut context = DecoderContext::new(DecodeSettings {
            columns: WIDTH as u32,
            rows: HEIGHT as u32,
            end_of_block: false,
            end_of_line: true,
            rows_are_byte_aligned: false,
            encoding: EncodingMode::Group3_1D,
            strict: true,
        });
        let file = dots.tiff();
        assert!(hayro_ccitt::decode(&file[8..], &mut rows, &mut context).is_ok());
        assert_eq!(rows.0.len(), HEIGHT);
        for (y, changes) in rows.0.iter().enumerate() {
            let own = (0..WIDTH).filter(|x| dots.get(*x, y) != (*x > 0 && dots.get(x - 1, y)));
            let end = |c: &&u32| (**c as usize) < WIDTH;
            assert_eq!(changes.iter().filter(end).map(|c| *c as usize).collect::<Vec<_>>(), own.collect::<Vec<_>>());
        }
    }
}
