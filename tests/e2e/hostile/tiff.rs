//! TIFFs: directories that loop, lie and never end; codings that are noise; small files that mean large pages.

use std::io::Cursor;

use super::{File, gigabyte, noise};

/// Types of TIFF 6.0 section 2.
const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;
const DOUBLE: u16 = 12;

type Entry = (u16, u16, u32, u32);

fn directory(entries: &[Entry], next: u32) -> Vec<u8> {
    let mut out = (entries.len() as u16).to_le_bytes().to_vec();
    for (tag, kind, count, value) in entries {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(value.to_le_bytes());
    }
    out.extend(next.to_le_bytes());
    out
}

/// Header, the data at 8, the directory behind it.
fn one(entries: &[Entry], data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    data.resize(data.len() + data.len() % 2, 0);
    let mut out = b"II*\0".to_vec();
    out.extend((8 + data.len() as u32).to_le_bytes());
    out.extend(data);
    out.extend(directory(entries, 0));
    out
}

/// Entries of a bilevel page whose only strip is at 8.
fn page(width: u32, height: u32, compression: u32, length: u32) -> Vec<Entry> {
    vec![
        (256, LONG, 1, width),
        (257, LONG, 1, height),
        (258, SHORT, 1, 1),
        (259, SHORT, 1, compression),
        (262, SHORT, 1, 0),
        (273, LONG, 1, 8),
        (277, SHORT, 1, 1),
        (278, LONG, 1, height),
        (279, LONG, 1, length),
    ]
}

/// A page with some entries put in the place of others.
fn but(mut entries: Vec<Entry>, other: &[Entry]) -> Vec<Entry> {
    entries.retain(|e| other.iter().all(|o| o.0 != e.0));
    entries.extend(other);
    entries.sort_by_key(|e| e.0);
    entries
}

/// A sheet without ink, PackBits.
fn sheet(width: u32, height: u32) -> Vec<u8> {
    let mut row = Vec::new();
    let mut left = width.div_ceil(8) as i32;
    while left > 0 {
        let n = left.min(128);
        row.extend([(1 - n) as u8, 0]);
        left -= n;
    }
    row.repeat(height as usize)
}

/// `count` directories one after the other, all of one shape.
fn chain(count: u32, entries: &[Entry], data: &[u8]) -> Vec<u8> {
    let size = 2 + 12 * entries.len() as u32 + 4;
    let first = 8 + data.len() as u32;
    let mut out = b"II*\0".to_vec();
    out.extend(first.to_le_bytes());
    out.extend(data);
    for n in 1..=count {
        out.extend(directory(entries, if n < count { first + n * size } else { 0 }));
    }
    out
}

/// BigTIFF with one directory of `count` claimed entries, of which none is there.
fn big(first: u64, count: u64) -> Vec<u8> {
    let mut out = b"II+\0\x08\0\0\0".to_vec();
    out.extend(first.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend([0; 64]);
    out
}

/// A grey page of zeros as the crate's encoder writes it.
fn encoded<K: tiff::encoder::TiffKind>(width: u32, height: u32, how: tiff::encoder::Compression) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::<_, K>::new_generic(&mut out).expect("encoder").with_compression(how);
    let pixels = vec![0u8; (width * height) as usize];
    encoder.write_image::<tiff::encoder::colortype::Gray8>(width, height, &pixels).expect("page");
    out.into_inner()
}

pub fn files() -> Vec<File> {
    let white = sheet(1000, 1400);
    let whole = one(&page(1000, 1400, 32773, white.len() as u32), &white);
    let dirt = noise(40_000, 1);
    let fax = |compression| page(1728, 2200, compression, dirt.len() as u32);
    let mut all: Vec<File> = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| all.push((format!("tiff-{name}.tif"), bytes));

    // Chains.
    let size = 2 + 12 * 9 + 4;
    let (a, b) = (8 + white.len() as u32, 8 + white.len() as u32 + size);
    let mut ring = b"II*\0".to_vec();
    ring.extend(a.to_le_bytes());
    ring.extend(&white);
    ring.extend(directory(&page(1000, 1400, 32773, white.len() as u32), b));
    ring.extend(directory(&page(1000, 1400, 32773, white.len() as u32), a));
    add("ring", ring);
    let mut itself = whole.clone();
    let end = itself.len();
    itself[end - 4..].copy_from_slice(&a.to_le_bytes());
    add("next-is-itself", itself);
    let mut header = whole.clone();
    header[4..8].copy_from_slice(&0u32.to_le_bytes());
    add("no-directory", header);
    add("directory-in-the-header", {
        let mut t = whole.clone();
        t[4..8].copy_from_slice(&2u32.to_le_bytes());
        t
    });
    add("ten-thousand-pages", chain(10_000, &page(8, 8, 1, 8), &[0; 8]));
    add("ten-thousand-thumbnails", chain(10_000, &but(page(8, 8, 1, 8), &[(254, LONG, 1, 1)]), &[0; 8]));

    // Sizes and counts.
    add("strips-beyond", one(&but(page(1000, 1400, 4, 9), &[(273, LONG, 1, 0x7fff_fff0)]), &white));
    add("width-0", one(&page(0, 1400, 4, 9), &white));
    add("height-0", one(&page(1728, 0, 4, 40_000), &dirt));
    add("sides-of-2-to-31", one(&page(1 << 31, 1 << 31, 1, 9), &white));
    add("height-of-2-to-32", one(&page(1, u32::MAX, 4, 40_000), &dirt));
    add("one-column", one(&page(1, 3_000_000, 1, 9), &white));
    add("one-row", one(&page(3_000_000, 1, 1, 9), &white));
    add("rows-a-strip-0", one(&but(page(1000, 1400, 32773, 9), &[(278, LONG, 1, 0)]), &white));
    // Without RowsPerStrip every strip holds all rows; here are many of them.
    let strips: Vec<Entry> = but(page(1000, 1400, 1, 9), &[(273, LONG, 1000, 8), (279, LONG, 1000, 8)]);
    add("many-strips-of-all-rows", one(&strips.into_iter().filter(|e| e.0 != 278).collect::<Vec<_>>(), &white));
    add("strip-count-of-2-to-32", one(&but(page(1000, 1400, 4, 9), &[(273, LONG, u32::MAX, 8)]), &white));
    add("more-entries-than-file", {
        let mut t = whole.clone();
        t[a as usize..a as usize + 2].copy_from_slice(&u16::MAX.to_le_bytes());
        t
    });
    add("wrong-types", one(&but(page(1000, 1400, 4, 9), &[(256, ASCII, 4, 0), (257, DOUBLE, 1, 8)]), &white));
    add(
        "samples",
        one(&but(page(100, 100, 1, 9), &[(258, SHORT, 1, 64), (277, SHORT, 1, u32::from(u16::MAX))]), &white),
    );
    add(
        "resolution",
        one(
            &but(page(1000, 1400, 32773, 9), &[(282, RATIONAL, 1, 8), (283, RATIONAL, 1, 9), (274, SHORT, 1, 99)]),
            &[0; 4000],
        ),
    );
    add("palette-missing", one(&but(page(100, 100, 1, 9), &[(258, SHORT, 1, 8), (262, SHORT, 1, 3)]), &white));
    // 70,000 strips, each of them the whole file.
    let mut offsets: Vec<u8> = 8u32.to_le_bytes().repeat(70_000);
    let lengths: Vec<u8> = 500_000u32.to_le_bytes().repeat(70_000);
    let at = offsets.len() as u32;
    offsets.extend(lengths);
    let all_of_it = [(273, LONG, 70_000, 8), (278, LONG, 1, 1), (279, LONG, 70_000, 8 + at)];
    add("every-strip-is-the-file", one(&but(page(1728, 30_000, 3, 9), &all_of_it), &offsets));

    // Tiles.
    let tiles = |side| {
        but(page(1000, 1400, 1, 9), &[(322, LONG, 1, side), (323, LONG, 1, side), (324, LONG, 1, 8), (325, LONG, 1, 9)])
    };
    add("tiles-of-0", one(&tiles(0), &white));
    add("tiles-of-2-to-31", one(&tiles(1 << 31), &white));

    // Codings.
    for (name, compression) in [
        ("rle", 2),
        ("g3", 3),
        ("g4", 4),
        ("lzw", 5),
        ("old-jpeg", 6),
        ("jpeg", 7),
        ("deflate", 8),
        ("unknown", 34_661),
    ] {
        add(&format!("noise-as-{name}"), one(&fax(compression), &dirt));
    }
    add("zeros-as-g3", one(&page(1728, 2200, 3, 4_000_000), &vec![0; 4_000_000]));
    add("ends-of-line-only", one(&page(1728, 20_000, 3, 3_000_000), &[0x00, 0x10, 0x01].repeat(1_000_000)));
    let deflated = gigabyte();
    let bomb = but(page(100, 100, 8, deflated.len() as u32), &[(258, SHORT, 1, 8)]);
    add("deflate-bomb", one(&bomb, deflated));
    add("lzw-60-million", encoded::<tiff::encoder::TiffKindStandard>(7700, 7700, tiff::encoder::Compression::Lzw));
    add(
        "big-deflate-60-million",
        encoded::<tiff::encoder::TiffKindBig>(
            7700,
            7700,
            tiff::encoder::Compression::Deflate(tiff::encoder::DeflateLevel::Fast),
        ),
    );

    // BigTIFF.
    add("big-entries-2-to-63", big(16, 1 << 63));
    add("big-offset-2-to-64", big(u64::MAX - 3, 1));

    // Cut off at every kind of place: header, data, directory's head, entries, next.
    for (n, at) in [3, 6, 8, 100, whole.len() - 5 - 108, whole.len() - 110, whole.len() - 50, whole.len() - 2]
        .into_iter()
        .enumerate()
    {
        add(&format!("cut-{n}"), whole[..at].to_vec());
    }
    add("wrong-byte-order", [b"MM\0*", &whole[4..]].concat());
    all
}
