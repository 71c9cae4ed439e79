//! Cheap tests whether a file is complete: is what its head promises inside it? No decoding, bounded reads.

use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom};

/// Answer of [`whole`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// Complete, and programs of this kind write it in one go.
    Yes,
    /// Complete as it stands, but scanners add pages to it after having closed it.
    SoFar,
    /// Something is missing.
    No,
    /// A format without an end of its own (mail, text, unknown).
    Unknown,
}

const MAX_DIRECTORIES: usize = 10_000;
const MAX_STRIPS: u64 = 1 << 20;
/// End of the file that is searched for the trailer; ZIP: APPNOTE 4.3.16, record and longest comment.
const TAIL: u64 = 22 + 65_535;

/// Looks at head, directories and tail of a file of `size` bytes.
///
/// # Errors
/// Reading failed.
pub fn whole(file: &mut (impl Read + Seek), size: u64) -> io::Result<Whole> {
    if size == 0 {
        return Ok(Whole::No);
    }
    let head = read_at(file, 0, 1024.min(size))?;
    if head.starts_with(b"II*\0") || head.starts_with(b"MM\0*") {
        return Ok(if tiff(file, size, head[0] == b'I')? { Whole::SoFar } else { Whole::No });
    }
    let tail = |file: &mut _| read_at(file, size.saturating_sub(TAIL), TAIL.min(size));
    let last = |tail: &[u8], n: usize| tail[tail.len().saturating_sub(n)..].to_vec();
    let end = if head.windows(5).any(|w| w == b"%PDF-") {
        pdf_ends(&last(&tail(file)?, 4096), size)
    } else if head.starts_with(b"\xFF\xD8\xFF") {
        find_last(&last(&tail(file)?, 64), b"\xFF\xD9").is_some()
    } else if head.starts_with(b"\x89PNG") {
        find_last(&last(&tail(file)?, 64), b"IEND\xAE\x42\x60\x82").is_some()
    } else if head.starts_with(b"PK") {
        zip_ends(&tail(file)?, size)
    } else {
        // A head so short that it may yet become any of them.
        return Ok(if size < 8 { Whole::No } else { Whole::Unknown });
    };
    Ok(if end { Whole::Yes } else { Whole::No })
}

fn read_at(file: &mut (impl Read + Seek), at: u64, len: u64) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.take(len).read_to_end(&mut out)?;
    Ok(out)
}

fn find_last(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).rposition(|w| w == needle)
}

/// ISO 32000-1, 7.5.5: `startxref`, an offset, `%%EOF`.
fn pdf_ends(tail: &[u8], size: u64) -> bool {
    let (Some(eof), Some(start)) = (find_last(tail, b"%%EOF"), find_last(tail, b"startxref")) else {
        return false;
    };
    let Some(between) = tail.get(start + 9..eof) else { return false };
    std::str::from_utf8(between).ok().and_then(|t| t.trim().parse::<u64>().ok()).is_some_and(|at| at < size)
}

/// APPNOTE 4.3.16: the end record; the central directory lies before it.
fn zip_ends(tail: &[u8], size: u64) -> bool {
    let Some(at) = find_last(tail, b"PK\x05\x06") else { return false };
    let Some(record) = tail.get(at..at + 22) else { return false };
    let u32_at = |n: usize| u64::from(u32::from_le_bytes([record[n], record[n + 1], record[n + 2], record[n + 3]]));
    let (length, offset) = (u32_at(12), u32_at(16));
    let zip64 = offset == u64::from(u32::MAX);
    let place = size - tail.len() as u64 + at as u64;
    zip64 || offset + length <= place
}

/// TIFF 6.0, section 2: every directory, and every strip or tile that one names, lies inside the file.
fn tiff(file: &mut (impl Read + Seek), size: u64, little: bool) -> io::Result<bool> {
    // Missing bytes count as zero: the file may shrink while it is looked at.
    let number = |b: &[u8], width: usize| -> u64 {
        let byte = |n: usize| u64::from(b.get(n).copied().unwrap_or(0));
        (0..width).fold(0, |sum, n| sum << 8 | byte(if little { width - 1 - n } else { n }))
    };
    let u16_of = |b: &[u8]| number(b, 2);
    let u32_of = |b: &[u8]| number(b, 4);
    let inside = |at: u64, len: u64| at.checked_add(len).is_some_and(|end| end <= size);
    if size < 8 {
        return Ok(false);
    }
    let mut next = u32_of(&read_at(file, 4, 4)?);
    let mut been = HashSet::new();
    while next != 0 {
        if !inside(next, 2) || !been.insert(next) || been.len() > MAX_DIRECTORIES {
            return Ok(false);
        }
        let count = u16_of(&read_at(file, next, 2)?);
        if !inside(next, 2 + count * 12 + 4) {
            return Ok(false);
        }
        let entries = read_at(file, next + 2, count * 12 + 4)?;
        if entries.len() as u64 != count * 12 + 4 {
            return Ok(false);
        }
        let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
        for e in entries[..entries.len() - 4].chunks_exact(12) {
            let (tag, kind, n) = (u16_of(e), u16_of(&e[2..]), u32_of(&e[4..]));
            let width = match kind {
                1 | 2 | 6 | 7 => 1,
                3 | 8 => 2,
                4 | 9 | 11 => 4,
                5 | 10 | 12 => 8,
                _ => continue,
            };
            let bytes = n * width;
            if bytes > 4 && !inside(u32_of(&e[8..]), bytes) {
                return Ok(false);
            }
            // StripOffsets, StripByteCounts, TileOffsets, TileByteCounts
            if matches!(tag, 273 | 279 | 324 | 325) && matches!(kind, 3 | 4) && n <= MAX_STRIPS {
                let raw = if bytes > 4 {
                    read_at(file, u32_of(&e[8..]), bytes)?
                } else {
                    e[8..8 + usize::try_from(bytes).unwrap_or(0)].to_vec()
                };
                let list = if width == 2 {
                    raw.chunks_exact(2).map(u16_of).collect()
                } else {
                    raw.chunks_exact(4).map(u32_of).collect()
                };
                *(if matches!(tag, 273 | 324) { &mut offsets } else { &mut lengths }) = list;
            }
        }
        let strips_inside = offsets.iter().enumerate().all(|(n, at)| inside(*at, lengths.get(n).copied().unwrap_or(0)));
        if offsets.is_empty() || !strips_inside {
            return Ok(false);
        }
        next = u32_of(&entries[entries.len() - 4..]);
    }
    Ok(!been.is_empty())
}

#[cfg(test)]
pub(in crate::intake) mod tests {
    use super::*;
    use std::io::Cursor;

    fn look(bytes: &[u8]) -> Whole {
        whole(&mut Cursor::new(bytes), bytes.len() as u64).expect("reads")
    }

    /// Pages of one strip each, directories behind the data, as fax servers write them.
    pub(in crate::intake) fn tiff_of(pages: usize) -> Vec<u8> {
        let mut out = b"II*\0\0\0\0\0".to_vec();
        let mut link = 4;
        for _ in 0..pages {
            let strip = out.len() as u32;
            out.extend([0xAA; 50]);
            let at = out.len() as u32;
            out[link..link + 4].copy_from_slice(&at.to_le_bytes());
            out.extend(2u16.to_le_bytes());
            for (tag, value) in [(273u16, strip), (279, 50)] {
                out.extend(tag.to_le_bytes());
                out.extend(4u16.to_le_bytes());
                out.extend(1u32.to_le_bytes());
                out.extend(value.to_le_bytes());
            }
            link = out.len();
            out.extend([0; 4]);
        }
        out
    }

    #[test]
    fn every_truncation_of_a_one_page_tiff_is_seen() {
        let all = tiff_of(1);
        assert_eq!(look(&all), Whole::SoFar);
        for n in 0..all.len() {
            assert_eq!(look(&all[..n]), Whole::No, "{n} of {} bytes", all.len());
        }
        assert_eq!(look(&tiff_of(3)), Whole::SoFar);
        // data first, directory not yet linked: what a writer leaves while it works
        let mut unlinked = all.clone();
        unlinked[4..8].fill(0);
        assert_eq!(look(&unlinked), Whole::No);
        // a directory that follows itself
        let mut circle = all.clone();
        let (at, end) = (circle[4..8].to_vec(), circle.len() - 4);
        circle[end..].copy_from_slice(&at);
        assert_eq!(look(&circle), Whole::No);
    }

    #[test]
    fn other_formats_by_their_ends() {
        let pdf = b"%PDF-1.4\n1 0 obj\nendobj\nxref\ntrailer\nstartxref\n9\n%%EOF\n";
        assert_eq!(look(pdf), Whole::Yes);
        assert_eq!(look(&pdf[..pdf.len() - 6]), Whole::No);
        assert_eq!(look(b"%PDF-1.4\nstartxref\n99999\n%%EOF"), Whole::No);
        let jpeg = b"\xFF\xD8\xFF\xE0some data\xFF\xD9";
        assert_eq!(look(jpeg), Whole::Yes);
        assert_eq!(look(&jpeg[..jpeg.len() - 1]), Whole::No);
        let png = b"\x89PNG\r\n\x1a\ndata\0\0\0\0IEND\xAE\x42\x60\x82";
        assert_eq!(look(png), Whole::Yes);
        assert_eq!(look(&png[..png.len() - 2]), Whole::No);
        let zip = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        assert_eq!(look(zip), Whole::Yes);
        assert_eq!(look(&zip[..20]), Whole::No);
        assert_eq!(look(b"From: a@b\r\n\r\nhello"), Whole::Unknown);
        assert_eq!(look(b""), Whole::No);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_fail(mut bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300), kind in 0..5usize) {
            let heads: [&[u8]; 5] = [b"II*\0", b"MM\0*", b"%PDF-", b"PK\x05\x06", b"\x89PNG"];
            bytes.splice(0..0, heads[kind].iter().copied());
            look(&bytes);
        }
    }
}
