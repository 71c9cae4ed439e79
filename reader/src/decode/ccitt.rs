//! One strip of fax coding (T.4 one- and two-dimensional, T.6, TIFF's byte-aligned variant) to rows of grey pixels.
//!
//! The codes are `hayro-ccitt`'s work. Here: a page that a noisy line damaged is taken apart at its end-of-line
//! codes, so that each damaged row costs that row only (two-dimensional: up to the next reference row), is replaced by
//! the row above as receivers do, and is counted.

use hayro_ccitt::{DecodeSettings, Decoder, DecoderContext, EncodingMode};

/// How rows are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// T.4 one-dimensional (MH), rows end with EOL.
    Mh,
    /// T.4 two-dimensional (MR).
    Mr,
    /// T.6 (MMR).
    Mmr,
    /// MH without EOL, each row begins on a byte (TIFF compression 2).
    Rle,
}

/// Rows of one strip: 0 ink, 255 paper.
#[derive(Debug, Clone, Default)]
pub struct Strip {
    pub gray: Vec<u8>,
    /// Rows in `gray`.
    pub rows: usize,
    /// Rows among them that were damaged and stand repaired.
    pub damaged: usize,
    /// The coding broke off before the last row that was expected.
    pub broken: bool,
}

/// More damaged rows in a row than this are left white: smearing one row over them would draw strokes.
const REPEAT_AT_MOST: usize = 4;

/// Decodes up to `rows` rows of `width` pixels.
pub fn decode(data: &[u8], width: usize, rows: usize, coding: Coding) -> Strip {
    let Ok(columns) = u32::try_from(width) else { return Strip::default() };
    if width == 0 || rows == 0 || data.is_empty() {
        return Strip { broken: rows > 0, ..Strip::default() };
    }
    match coding {
        Coding::Mh | Coding::Mr => {
            let (sink, ok) = run(data, columns, rows, coding, true);
            if ok {
                return sink.strip(rows);
            }
            let by_lines = by_lines(data, columns, rows, coding == Coding::Mr);
            if by_lines.rows > 0 && by_lines.rows >= sink.rows {
                return by_lines;
            }
            // No EOLs to hold on to: what came before the damage.
            run(data, columns, rows, coding, false).0.strip(rows)
        }
        Coding::Mmr | Coding::Rle => run(data, columns, rows, coding, false).0.strip(rows),
    }
}

struct Sink {
    width: usize,
    gray: Vec<u8>,
    rows: usize,
    cap: usize,
}

impl Sink {
    fn strip(self, expected: usize) -> Strip {
        Strip { broken: self.rows < expected, rows: self.rows, gray: self.gray, damaged: 0 }
    }
}

impl Decoder for Sink {
    fn push_row(&mut self, changes: &[u32]) {
        if self.rows >= self.cap {
            return;
        }
        let start = self.gray.len();
        self.gray.resize(start + self.width, 255);
        let row = &mut self.gray[start..];
        for pair in changes.chunks(2) {
            let from = (pair[0] as usize).min(self.width);
            let to = pair.get(1).map_or(self.width, |&e| (e as usize).min(self.width));
            if from < to {
                row[from..to].fill(0);
            }
        }
        self.rows += 1;
    }
}

fn run(data: &[u8], columns: u32, rows: usize, coding: Coding, strict: bool) -> (Sink, bool) {
    let mut sink = Sink { width: columns as usize, gray: Vec::new(), rows: 0, cap: rows };
    let mut context = DecoderContext::new(DecodeSettings {
        columns,
        rows: u32::try_from(rows).unwrap_or(u32::MAX),
        end_of_block: coding != Coding::Rle,
        end_of_line: false,
        rows_are_byte_aligned: coding == Coding::Rle,
        encoding: match coding {
            Coding::Mh | Coding::Rle => EncodingMode::Group3_1D,
            Coding::Mr => EncodingMode::Group3_2D,
            Coding::Mmr => EncodingMode::Group4,
        },
        strict,
    });
    let ok = hayro_ccitt::decode(data, &mut sink, &mut context).is_ok();
    (sink, ok)
}

/// An end-of-line code: where its zeros begin and the bit after its 1.
#[derive(Clone, Copy)]
struct Eol {
    zeros: usize,
    end: usize,
}

fn bit(data: &[u8], i: usize) -> bool {
    data.get(i / 8).is_some_and(|b| b >> (7 - i % 8) & 1 == 1)
}

/// All end-of-line codes (T.4 4.1.2: at least eleven zeros and a one), at most `cap` of them.
fn eols(data: &[u8], cap: usize) -> Vec<Eol> {
    let mut found = Vec::new();
    let mut zeros = 0usize;
    for (n, &byte) in data.iter().enumerate() {
        if byte == 0 {
            zeros += 8;
            continue;
        }
        for k in 0..8 {
            if byte >> (7 - k) & 1 == 0 {
                zeros += 1;
                continue;
            }
            if zeros >= 11 {
                let at = n * 8 + k;
                found.push(Eol { zeros: at - zeros, end: at + 1 });
                if found.len() >= cap {
                    return found;
                }
            }
            zeros = 0;
        }
    }
    found
}

/// Decodes row by row (one-dimensional) or from one reference row to the next (two-dimensional).
fn by_lines(data: &[u8], columns: u32, rows: usize, two_dimensional: bool) -> Strip {
    let width = columns as usize;
    let marks = eols(data, rows.saturating_mul(2) + 64);
    let Some(first) = marks.first() else { return Strip::default() };
    // Data may begin without an EOL; its first row then ends at the first one.
    let mut starts: Vec<usize> = Vec::with_capacity(marks.len() + 1);
    if first.zeros > 0 {
        starts.push(0);
    }
    starts.extend(marks.iter().map(|m| m.end));
    let end = data.len() * 8;
    let ends: Vec<Eol> = marks
        .iter()
        .copied()
        .skip(usize::from(first.zeros == 0))
        .chain(std::iter::once(Eol { zeros: end, end }))
        .collect();
    let mut out = Strip { gray: Vec::with_capacity(width * rows.min(8192)), ..Strip::default() };
    let (mut i, mut empty, mut bad_run) = (0, 0, 0);
    while i < starts.len() && out.rows < rows {
        let tag = usize::from(two_dimensional && starts[i] > 0);
        if ends[i].zeros <= starts[i] + tag {
            empty += 1;
            i += 1;
            // Return to control: six EOLs (T.4 4.1.4); one may be lost.
            if empty >= 4 {
                break;
            }
            continue;
        }
        empty = 0;
        let mut last = i;
        if tag == 1 {
            while last + 1 < starts.len()
                && !bit(data, starts[last + 1])
                && ends[last + 1].zeros > starts[last + 1] + 1
                && last - i < 64
            {
                last += 1;
            }
        }
        let expected = last - i + 1;
        let is_tail = last + 1 == starts.len();
        let group = excerpt(data, starts[i], ends[last].end);
        let coding = if two_dimensional { Coding::Mr } else { Coding::Mh };
        // One row more than there can be, so that left-over bits before the closing EOL show as an error.
        let (sink, ok) = run(&group, columns, if is_tail { expected } else { expected + 1 }, coding, true);
        let good = sink.rows.min(expected);
        if is_tail && good == 0 {
            // What follows the last EOL is fill.
            break;
        }
        if good > 0 {
            out.gray.extend_from_slice(&sink.gray[..good * width]);
            out.rows += good;
            bad_run = 0;
        }
        if good == expected && !ok && !is_tail {
            out.damaged += 1;
        }
        for _ in good..expected {
            bad_run += 1;
            let above = out.gray.len().checked_sub(width).filter(|_| bad_run <= REPEAT_AT_MOST);
            match above {
                Some(from) => out.gray.extend_from_within(from..),
                None => out.gray.resize(out.gray.len() + width, 255),
            }
            out.rows += 1;
            out.damaged += 1;
        }
        i = last + 1;
    }
    out.gray.truncate(width * rows);
    out.rows = out.rows.min(rows);
    out.broken = out.rows < rows;
    out
}

/// Bits `from..to` behind an EOL, filled up in front so that they end on a byte.
fn excerpt(data: &[u8], from: usize, to: usize) -> Vec<u8> {
    let length = to.saturating_sub(from);
    let fill = 16 + (8 - length % 8) % 8;
    let mut out = vec![0u8; (fill + length).div_ceil(8)];
    let set = |out: &mut Vec<u8>, i: usize| out[i / 8] |= 0x80 >> (i % 8);
    set(&mut out, fill - 1);
    for k in 0..length {
        if bit(data, from + k) {
            set(&mut out, fill + k);
        }
    }
    out
}

/// Reverses the bits of each byte (TIFF FillOrder 2).
pub fn reversed(data: &[u8]) -> Vec<u8> {
    data.iter().map(|b| b.reverse_bits()).collect()
}
