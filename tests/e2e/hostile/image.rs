//! PNG and JPEG: giant headers, bombs, cuts, segments that lie.

use super::{File, gigabyte, noise, zlib_zeros};

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for b in bytes {
        crc ^= u32::from(*b);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// PNG 5.3.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = (data.len() as u32).to_be_bytes().to_vec();
    let body = [kind.as_slice(), data].concat();
    out.extend(&body);
    out.extend(crc(&body).to_be_bytes());
    out
}

fn png(width: u32, height: u32, depth: u8, colour: u8, interlace: u8, rest: &[Vec<u8>]) -> Vec<u8> {
    let mut head = width.to_be_bytes().to_vec();
    head.extend(height.to_be_bytes());
    head.extend([depth, colour, 0, 0, interlace]);
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    out.extend(chunk(b"IHDR", &head));
    out.extend(rest.concat());
    out.extend(chunk(b"IEND", &[]));
    out
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let mut out = vec![0xFF, marker];
    out.extend((data.len() as u16 + 2).to_be_bytes());
    out.extend(data);
    out
}

/// A JPEG's head up to its first scan: tables of one symbol, a frame of one or three components.
fn jpeg(frame: u8, width: u16, height: u16, components: u8) -> Vec<u8> {
    let mut out = vec![0xFF, 0xD8];
    out.extend(segment(0xDB, &[[0].as_slice(), &[1; 64]].concat()));
    let mut f = vec![8];
    f.extend(height.to_be_bytes());
    f.extend(width.to_be_bytes());
    f.push(components);
    for c in 1..=components {
        f.extend([c, 0x11, 0]);
    }
    out.extend(segment(frame, &f));
    let mut table = vec![0u8; 17];
    table[1] = 1;
    table.push(0);
    out.extend(segment(0xC4, &table));
    table[0] = 0x10;
    out.extend(segment(0xC4, &table));
    out
}

/// A scan over one component; `from`, `to`: the band of coefficients.
fn scan(from: u8, to: u8, data: &[u8]) -> Vec<u8> {
    let mut out = segment(0xDA, &[1, 1, 0, from, to, 0]);
    out.extend(data);
    out
}

pub fn files() -> Vec<File> {
    let idat = |n: usize| chunk(b"IDAT", &zlib_zeros(n));
    let mut all: Vec<File> = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| all.push((name.to_owned(), bytes));
    add("png-giant.png", png(i32::MAX as u32, i32::MAX as u32, 8, 0, 0, &[idat(1000)]));
    add("png-beyond.png", png(u32::MAX, u32::MAX, 16, 6, 0, &[idat(1000)]));
    add("png-empty.png", png(0, 0, 8, 0, 0, &[idat(10)]));
    add("png-bomb.png", png(100, 100, 8, 0, 0, &[chunk(b"IDAT", gigabyte())]));
    add("png-60-million-in-16-bits.png", png(7700, 7700, 16, 6, 0, &[idat(7700 * 7700 * 8 / 64)]));
    add("png-one-column.png", png(1, 3_000_000, 1, 0, 1, &[idat(6_000_000)]));
    add(
        "png-profile-bomb.png",
        png(
            1000,
            1000,
            8,
            0,
            0,
            &[chunk(b"iCCP", &[b"x\0\0".as_slice(), &zlib_zeros(1 << 28)].concat()), idat(1_001_000)],
        ),
    );
    add(
        "png-text-bomb.png",
        png(
            1000,
            1000,
            8,
            0,
            0,
            &[chunk(b"zTXt", &[b"x\0\0".as_slice(), &zlib_zeros(1 << 28)].concat()), idat(1_001_000)],
        ),
    );
    add("png-no-data.png", png(1000, 1400, 8, 0, 0, &[]));
    add("png-no-palette.png", png(1000, 1400, 8, 3, 0, &[idat(1_401_400)]));
    add("png-noise.png", png(1000, 1400, 8, 2, 1, &[chunk(b"IDAT", &noise(50_000, 8))]));
    let whole = png(1000, 1400, 8, 0, 0, &[idat(1001 * 1400)]);
    for (n, at) in [9, 20, 33, 45, whole.len() - 13].into_iter().enumerate() {
        add(&format!("png-cut-{n}.png"), whole[..at].to_vec());
    }
    add("png-endless-chunk.png", [&whole[..33], &u32::MAX.to_be_bytes(), b"IDAT", &[0; 1000]].concat());

    let dirt = noise(30_000, 9);
    add("jpeg-65535.jpg", [jpeg(0xC0, u16::MAX, u16::MAX, 3), scan(0, 63, &dirt)].concat());
    add("jpeg-height-0.jpg", [jpeg(0xC0, 1000, 0, 1), scan(0, 63, &dirt)].concat());
    add("jpeg-no-components.jpg", [jpeg(0xC0, 1000, 1000, 0), scan(0, 63, &dirt)].concat());
    add("jpeg-noise.jpg", [jpeg(0xC0, 1000, 1400, 1), scan(0, 63, &dirt), vec![0xFF, 0xD9]].concat());
    // Each scan goes over all blocks again.
    let many: Vec<u8> = (0..2000).flat_map(|_| scan(1, 63, &[0; 4])).collect();
    add(
        "jpeg-two-thousand-scans.jpg",
        [jpeg(0xC2, 5000, 5000, 1), scan(0, 0, &[0; 40]), many, vec![0xFF, 0xD9]].concat(),
    );
    add("jpeg-arithmetic.jpg", [jpeg(0xC9, 1000, 1400, 1), scan(0, 63, &dirt)].concat());
    add("jpeg-fill.jpg", [vec![0xFF, 0xD8], vec![0xFF; 2_000_000]].concat());
    add("jpeg-length-0.jpg", [&[0xFF, 0xD8, 0xFF, 0xE0, 0, 0], &dirt[..]].concat());
    // Exif (2.32, 4.6): a directory that is its own next.
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x63\0\0\0\x08\0\0\0";
    add(
        "jpeg-exif-ring.jpg",
        [&[0xFF, 0xD8][..], &segment(0xE1, exif), &jpeg(0xC0, 1000, 1400, 1)[2..], &scan(0, 63, &[0; 9000])].concat(),
    );
    let whole = [jpeg(0xC0, 1000, 1400, 1), scan(0, 63, &[0; 9000]), vec![0xFF, 0xD9]].concat();
    for (n, at) in [3, 30, 80, 120, 200].into_iter().enumerate() {
        add(&format!("jpeg-cut-{n}.jpg"), whole[..at].to_vec());
    }
    all
}
