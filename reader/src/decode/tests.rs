use std::io::Write;

use proptest::prelude::*;

use super::*;

/// Rows of 64 pixels: all white, or black from 16 to 48. Codes from T.4 tables 2 and 3.
const WHITE: &str = "1101100110101";
const BAR: &str = "101010000001101010101010";
const EOL: &str = "000000000001";

fn is_bar(y: usize) -> bool {
    y % 4 == 3
}

fn row(y: usize) -> &'static str {
    if is_bar(y) { BAR } else { WHITE }
}

fn pack(bits: &str) -> Vec<u8> {
    let mut out = vec![0u8; bits.len().div_ceil(8)];
    for (i, c) in bits.bytes().enumerate() {
        if c == b'1' {
            out[i / 8] |= 0x80 >> (i % 8);
        }
    }
    out
}

fn mh(rows: usize) -> String {
    (0..rows).map(|y| format!("{EOL}{}", row(y))).collect::<String>() + &EOL.repeat(6)
}

/// Every fourth row is a reference row, the others are coded against the row above.
fn mr(rows: usize) -> String {
    let mut bits = String::new();
    for y in 0..rows {
        let code = match y % 4 {
            0 => format!("1{}", row(y)),
            // Horizontal mode: 16 white, 32 black, then vertical 0.
            3 => "00011010100000011010101".to_owned(),
            _ => "01".to_owned(),
        };
        bits += &format!("{EOL}{code}");
    }
    bits + &format!("{EOL}1").repeat(6)
}

/// T.6: white rows; a bar opens in horizontal mode and closes the same way back to white by passing it.
fn mmr(rows: usize) -> String {
    let mut bits = String::new();
    for y in 0..rows {
        bits += match (is_bar(y), y > 0 && is_bar(y - 1)) {
            (true, _) => "0011010100000011010101",
            (false, true) => "00011",
            (false, false) => "1",
        };
    }
    bits + EOL + EOL
}

fn rle(rows: usize) -> Vec<u8> {
    (0..rows).flat_map(|y| pack(row(y))).collect()
}

fn expected(rows: usize) -> Vec<u8> {
    (0..rows).flat_map(|y| (0..64).map(move |x| if is_bar(y) && (16..48).contains(&x) { 0 } else { 255 })).collect()
}

/// A TIFF with one page whose strips are given; byte order as asked.
fn tiff(tags: &[(u16, u16, u32)], strips: &[Vec<u8>], big: bool) -> Vec<u8> {
    let u16b = |v: u16| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let u32b = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let mut out = if big { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
    out.extend(u32b(0));
    let mut offsets = Vec::new();
    for s in strips {
        offsets.push(out.len() as u32);
        out.extend(s);
    }
    let array = |out: &mut Vec<u8>, v: Vec<u32>| {
        if v.len() == 1 {
            return (1, v[0]);
        }
        let at = out.len() as u32;
        v.iter().for_each(|n| out.extend(u32b(*n)));
        (v.len() as u32, at)
    };
    let mut all: Vec<(u16, u16, u32, u32)> = tags.iter().map(|&(t, k, v)| (t, k, 1, v)).collect();
    let (n, v) = array(&mut out, offsets);
    all.push((273, 4, n, v));
    let (n, v) = array(&mut out, strips.iter().map(|s| s.len() as u32).collect());
    all.push((279, 4, n, v));
    all.sort();
    let at = out.len() as u32;
    out[4..8].copy_from_slice(&u32b(at));
    out.extend(u16b(all.len() as u16));
    for (tag, kind, count, value) in all {
        out.extend(u16b(tag));
        out.extend(u16b(kind));
        out.extend(u32b(count));
        if kind == 3 {
            out.extend(u16b(value as u16));
            out.extend([0, 0]);
        } else {
            out.extend(u32b(value));
        }
    }
    out.extend(u32b(0));
    out
}

fn fax_tags(compression: u32, rows: u32) -> Vec<(u16, u16, u32)> {
    vec![(256, 3, 64), (257, 3, rows), (258, 3, 1), (259, 3, compression), (262, 3, 0), (277, 3, 1)]
}

fn only_page(bytes: &[u8]) -> Result<RawPage, String> {
    let d = open("a", bytes, &Limits::default());
    assert_eq!(d.parts.len(), 1);
    if let Some(e) = &d.parts[0].part.error
        && d.parts[0].part.pages == 0
    {
        return Err(e.clone());
    }
    d.pages().next().expect("one page").1
}

#[test]
fn every_fax_coding_gives_the_same_pixels() {
    let rows = 12;
    for big in [false, true] {
        for lsb in [false, true] {
            let order = |v: Vec<u8>| if lsb { ccitt::reversed(&v) } else { v };
            for (compression, options, data) in
                [(2, 0, rle(rows)), (3, 0, pack(&mh(rows))), (3, 1, pack(&mr(rows))), (4, 0, pack(&mmr(rows)))]
            {
                let mut tags = fax_tags(compression, rows as u32);
                tags.push((266, 3, if lsb { 2 } else { 1 }));
                tags.push((292, 4, options));
                let page = only_page(&tiff(&tags, &[order(data)], big)).unwrap();
                assert_eq!(page.raster.gray, expected(rows), "compression {compression}.{options} lsb {lsb} big {big}");
                assert_eq!(page.warnings, Vec::<String>::new());
                assert_eq!(page.incomplete, None);
                assert!(page.raster.bilevel);
            }
        }
    }
}

#[test]
fn a_header_that_lies_about_the_coding_is_found_out() {
    let rows = 12;
    for (compression, options, order) in [(4, 0, 1), (3, 1, 1), (3, 0, 2), (2, 0, 1)] {
        let mut tags = fax_tags(compression, rows as u32);
        tags.push((266, 3, order));
        tags.push((292, 4, options));
        let page = only_page(&tiff(&tags, &[pack(&mh(rows))], false)).unwrap();
        assert_eq!(page.raster.gray, expected(rows), "claimed {compression}.{options} order {order}");
        // Byte-aligned rows without EOL are read with EOLs as well: nothing to warn of.
        assert_eq!(page.warnings.len(), usize::from(compression != 2));
    }
}

#[test]
fn several_strips_and_black_is_zero() {
    let strips = [pack(&mmr(4)), pack(&mmr(4)), pack(&mmr(4))];
    let mut tags = fax_tags(4, 12);
    tags.retain(|t| t.0 != 262);
    tags.extend([(262, 3, 1), (278, 3, 4)]);
    let page = only_page(&tiff(&tags, &strips, false)).unwrap();
    // Mostly black after the inversion that the header asks for: seen as a negative and turned back.
    assert_eq!(page.raster.gray, expected(12));
    assert_eq!(page.warnings.len(), 1);
}

#[test]
fn byte_aligned_end_of_lines_are_read() {
    let mut bits = String::new();
    for y in 0..8 {
        // T4Options bit 2: fill so that each EOL ends on a byte.
        let fill = (8 - (bits.len() + EOL.len()) % 8) % 8;
        bits += &"0".repeat(fill);
        bits += EOL;
        bits += row(y);
    }
    let mut tags = fax_tags(3, 8);
    tags.push((292, 4, 4));
    let page = only_page(&tiff(&tags, &[pack(&bits)], false)).unwrap();
    assert_eq!(page.raster.gray, expected(8));
    assert_eq!(page.warnings, Vec::<String>::new());
}

#[test]
fn a_damaged_row_is_repaired_from_the_row_above_and_counted() {
    let rows = 40;
    for (two, bits) in [(false, mh(rows)), (true, mr(rows))] {
        // A code that does not exist in the middle of row 8 (a reference row).
        let start = bits.match_indices(EOL).nth(8).unwrap().0 + EOL.len() + usize::from(two);
        let mut damaged: Vec<u8> = bits.into_bytes();
        damaged[start..start + 9].copy_from_slice(b"000000001");
        let bits = String::from_utf8(damaged).unwrap();
        let coding = if two { ccitt::Coding::Mr } else { ccitt::Coding::Mh };
        let strip = ccitt::decode(&pack(&bits), 64, rows, coding);
        assert_eq!(strip.rows, rows);
        assert!(!strip.broken);
        let want = expected(rows);
        // One-dimensional: that row only; two-dimensional: up to the next reference row.
        assert_eq!(strip.damaged, if two { 4 } else { 1 });
        for y in 0..rows {
            let same = strip.gray[y * 64..(y + 1) * 64] == want[y * 64..(y + 1) * 64];
            let lost = if two { (8..12).contains(&y) } else { y == 8 };
            assert!(same || lost, "row {y}");
        }
        assert_eq!(strip.gray[8 * 64..9 * 64], want[7 * 64..8 * 64], "copied from above");
    }
}

#[test]
fn a_page_that_is_cut_off_gives_what_is_there_and_says_so() {
    let rows = 400;
    let mut whole = tiff(&fax_tags(3, rows as u32), &[pack(&mh(rows))], false);
    // The directory stands in front of the data, as fax servers write it.
    let data_len = pack(&mh(rows)).len();
    let ifd = whole.split_off(8 + data_len);
    let strip = whole.split_off(8);
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    let shifted = 8 + ifd.len() as u32;
    let mut ifd = ifd;
    let at = ifd.windows(4).position(|w| w == [17, 1, 4, 0]).unwrap() + 8;
    ifd[at..at + 4].copy_from_slice(&shifted.to_le_bytes());
    bytes.extend(ifd);
    bytes.extend(&strip[..strip.len() / 2]);
    let page = only_page(&bytes).unwrap();
    let why = page.incomplete.expect("the loss is named");
    assert!(why.contains("1 ページ目が途中で切れています"), "{why}");
    assert_eq!(page.raster.height, rows);
    assert_eq!(page.raster.gray[..64 * 150], expected(rows)[..64 * 150]);
}

#[test]
fn every_truncation_of_a_tiff_ends_with_a_page_or_a_reason() {
    let whole = tiff(&fax_tags(3, 24), &[pack(&mh(12)), pack(&mh(12))], false);
    for n in 0..whole.len() {
        let d = open("a.tif", &whole[..n], &Limits::default());
        let pages = d.pages().count();
        let part = &d.parts[0].part;
        assert!(pages > 0 || part.error.is_some(), "{n} bytes: silent");
        // The directory stands at the end here, so nothing can be read from any truncation but the last pad bytes.
        assert!(part.error.is_some() || n + 6 >= whole.len(), "{n} bytes: no word of the loss");
    }
}

#[test]
fn a_chain_that_loops_ends() {
    let mut bytes = tiff(&fax_tags(3, 12), &[pack(&mh(12))], false);
    let ifd = u32::from_le_bytes(bytes[4..8].try_into().unwrap());
    let n = bytes.len();
    bytes[n - 4..].copy_from_slice(&ifd.to_le_bytes());
    assert_eq!(open("a", &bytes, &Limits::default()).pages().count(), 1);
}

#[test]
fn strips_without_a_number_of_rows_are_read_one_after_the_other() {
    // PackBits, 64 pixels a row; RowsPerStrip is missing, so that each strip may hold all rows.
    let page = only_page(&tiff(&fax_tags(32773, 2), &[vec![249, 0], vec![249, 255]], false)).unwrap();
    assert_eq!(page.raster.gray, [[255; 64], [0; 64]].concat());
}

#[test]
fn strips_that_are_all_the_same_bytes_cost_no_more_than_their_rows() {
    let strips: Vec<Vec<u8>> = vec![Vec::new(); 60_000];
    let mut tags = fax_tags(3, 60_000);
    tags.push((278, 3, 1));
    let mut file = tiff(&tags, &strips, false);
    // Each strip is the whole file: the list of lengths, zeros so far, stands before the directory.
    let directory = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
    let size = file.len() as u32;
    file[directory - 240_000..directory].chunks_exact_mut(4).for_each(|c| c.copy_from_slice(&size.to_le_bytes()));
    // 29 GB of strips in a file of half a megabyte. It ends, one way or the other.
    assert!(only_page(&file).is_err_and(|why| why == say::TIFF_TRUNCATED));
}

#[test]
fn a_ribbon_is_no_sheet() {
    let tags = [(256, 4, 64), (257, 4, 3000), (258, 3, 1), (259, 3, 1), (262, 3, 0), (277, 3, 1)];
    let why = only_page(&tiff(&tags, &[vec![0x0F; 24_000]], false)).unwrap_err();
    assert!(why.contains("64×3000"), "{why}");
}

#[test]
fn the_resolution_of_a_fax_is_inferred_from_its_size() {
    assert_eq!(pixels::infer(1728, 1146, true), (204.0, 98.0));
    assert_eq!(pixels::infer(1728, 2292, true), (204.0, 196.0));
    assert_eq!(pixels::infer(3456, 4584, true), (408.0, 391.0));
    assert_eq!(pixels::infer(2432, 3240, true), (204.0, 196.0));
    assert_eq!(pixels::infer(1653, 2339, false), (200.0, 200.0));
    assert_eq!(pixels::infer(2480, 3508, false), (300.0, 300.0));
    // A header of 1×1 or 72 dpi cannot be true of a sheet.
    assert_eq!(pixels::resolution(1728, 2292, true, Some((1.0, 1.0))), (204.0, 196.0));
    assert_eq!(pixels::resolution(2480, 3508, false, Some((72.0, 72.0))), (300.0, 300.0));
    assert_eq!(pixels::resolution(1728, 1146, true, Some((204.0, 98.0))), (204.0, 98.0));
}

#[test]
fn orientations_are_those_of_exif() {
    // a b
    // c d
    // e f
    let r = Raster { width: 2, height: 3, dpi: (1.0, 2.0), bilevel: false, gray: b"abcdef".to_vec() };
    for (n, want) in [
        (1, "abcdef"),
        (2, "badcfe"),
        (3, "fedcba"),
        (4, "efcdab"),
        (5, "acebdf"),
        (6, "ecafdb"),
        (7, "fdbeca"),
        (8, "bdface"),
    ] {
        let o = pixels::orient(r.clone(), n);
        assert_eq!(std::str::from_utf8(&o.gray).unwrap(), want, "orientation {n}");
        assert_eq!((o.width, o.dpi.0), if n >= 5 { (3, 2.0) } else { (2, 1.0) });
    }
}

#[test]
fn very_fine_scans_are_brought_down_and_keep_their_shape() {
    let mut gray = vec![255u8; 600 * 1200];
    gray[..600 * 600].fill(0);
    let r = Raster { width: 600, height: 1200, dpi: (600.0, 600.0), bilevel: true, gray };
    let s = pixels::at_most(r, pixels::MAX_DPI);
    assert_eq!((s.width, s.height, s.dpi), (300, 600, (300.0, 300.0)));
    assert_eq!((s.at(10, 299), s.at(10, 300)), (0, 255));
}

#[test]
fn each_kind_of_unreadable_file_has_its_own_reason() {
    let reason = |bytes: &[u8], name: &str| {
        let d = open(name, bytes, &Limits::default());
        assert_eq!(d.pages().count(), 0);
        d.parts[0].part.error.clone().expect("a reason")
    };
    assert_eq!(reason(b"", "a.tif"), say::EMPTY);
    assert_eq!(reason(b"II*\0\0\xff\0\0", "a.tif"), say::TIFF_TRUNCATED);
    assert_eq!(reason(b"%PDF-1.4\n1 0 obj <<>>", "a.pdf"), say::PDF_DAMAGED);
    assert_eq!(reason(b"PK\x03\x04....", "a.zip"), say::ZIP_DAMAGED);
    assert!(reason(b"\0\0\0\x18ftypheic\0\0\0\0", "IMG_1.HEIC").contains("HEIC"));
    assert!(reason(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "a.doc").contains("Office"));
    assert!(reason(b"\x60\x0e\x82\x01", "a.xdw").contains("DocuWorks"));
    assert!(reason(b"MZ\x90\0", "a.tif").contains("プログラム"));
    assert!(reason(b"\x01\x02", "x").contains("形式が分かりません"));
    let d = open("a.jpg", b"\xFF\xD8\xFF\xE0\0\x10JFIF\0", &Limits::default());
    assert_eq!(d.pages().next().unwrap().1.unwrap_err(), say::IMAGE_TRUNCATED);
}

#[test]
fn too_large_a_page_is_refused_before_its_pixels_are_made() {
    let mut tags = fax_tags(4, 4_000_000_000);
    tags.retain(|t| t.0 != 257 && t.0 != 256);
    tags.extend([(256, 4, 60_000), (257, 4, 4_000_000)]);
    let why = only_page(&tiff(&tags, &[vec![0xff; 64]], false)).unwrap_err();
    assert!(why.contains("大きすぎます"), "{why}");
}

#[test]
fn a_photo_that_is_cut_off_says_so_although_it_decodes() {
    let gray = ::image::GrayImage::from_fn(700, 900, |x, y| ::image::Luma([((x * 7 + y * 13) % 256) as u8]));
    let mut whole = std::io::Cursor::new(Vec::new());
    gray.write_to(&mut whole, ::image::ImageFormat::Jpeg).unwrap();
    let whole = whole.into_inner();
    assert_eq!(only_page(&whole).unwrap().incomplete, None);
    let cut = only_page(&whole[..whole.len() / 2]);
    assert!(cut.is_err() || cut.unwrap().incomplete.is_some());
}

#[test]
fn a_palette_gives_its_colours() {
    let mut tags = vec![(256u16, 3u16, 4u32), (257, 3, 1), (258, 3, 8), (259, 3, 1), (262, 3, 3), (277, 3, 1)];
    // The map is put behind the file, 3 × 256 shorts, and the entry led to it.
    tags.push((320, 3, 0));
    let mut with_map = tiff(&tags, &[vec![0, 1, 2, 3]], false);
    let entry = with_map.windows(4).position(|w| w == [64, 1, 3, 0]).unwrap();
    let map_at = with_map.len() as u32;
    with_map[entry + 4..entry + 8].copy_from_slice(&768u32.to_le_bytes());
    with_map[entry + 8..entry + 12].copy_from_slice(&map_at.to_le_bytes());
    for _ in 0..3 {
        for i in 0..256u32 {
            let v: u16 = if i == 1 || i == 3 { 0xFFFF } else { 0 };
            with_map.extend(v.to_le_bytes());
        }
    }
    assert_eq!(only_page(&with_map).unwrap().raster.gray, [0, 255, 0, 255]);
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut w = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        w.start_file(*name, ::zip::write::SimpleFileOptions::default()).unwrap();
        w.write_all(content).unwrap();
    }
    w.finish().unwrap().into_inner()
}

#[test]
fn a_zip_is_opened_one_level_deep() {
    let page = tiff(&fax_tags(3, 12), &[pack(&mh(12))], false);
    let inner = zipped(&[("x.tif", &page)]);
    let z = zipped(&[
        ("院内/a.tif", &page),
        ("__MACOSX/._a", b"x"),
        ("b.zip", &inner),
        ("読.txt", "こんにちは".as_bytes()),
    ]);
    let d = open("fax.zip", &z, &Limits::default());
    let parts: Vec<_> = d.parts.iter().map(|p| &p.part).collect();
    assert_eq!(parts.len(), 3);
    assert_eq!((parts[0].name.as_str(), parts[0].pages), ("fax.zip/院内/a.tif", 1));
    assert_eq!(parts[1].error.as_deref(), Some(say::ZIP_NESTED));
    assert!(parts[2].ignored.is_some());
    assert_eq!(d.pages().count(), 1);
}

#[test]
fn a_zip_bomb_is_not_unpacked() {
    let zeros = vec![0u8; 300 << 20];
    let z = zipped(&[("a.tif", &zeros)]);
    assert!(z.len() < 1 << 20);
    let d = open("bomb.zip", &z, &Limits::default());
    assert_eq!(d.parts[0].part.error.as_deref(), Some(say::ZIP_BOMB));
    // The same with a directory that lies about the size.
    let mut lying = z.clone();
    let size = (300u32 << 20).to_le_bytes();
    while let Some(at) = lying.windows(4).position(|w| w == size) {
        lying[at..at + 4].copy_from_slice(&100u32.to_le_bytes());
    }
    let d = open("bomb.zip", &lying, &Limits::default());
    let why = d.parts[0].part.error.clone().expect("refused");
    assert!(why == say::ZIP_BOMB || why == say::ZIP_DAMAGED, "{why}");
}

#[test]
fn a_decoder_that_panics_is_a_damaged_file() {
    let mut z = zipped(&[("a.tif", b"II*")]);
    // An extended timestamp (0x5455) of no bytes in the directory's entry: the crate counts below zero.
    let entry = z.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    z[entry + 30] = 5;
    z.splice(entry + 46 + 5..entry + 46 + 5, [0x55, 0x54, 0, 0, 0]);
    let end = z.windows(4).rposition(|w| w == b"PK\x05\x06").unwrap();
    z[end + 12] += 5;
    let d = open("fax.zip", &z, &Limits::default());
    assert_eq!(d.parts[0].part.error.as_deref(), Some(say::ZIP_DAMAGED));
}

#[test]
fn names_that_deceive_are_shown_without_what_deceives() {
    let z = zipped(&[("a\u{202e}fit.exe", b"x"), ("../\u{200b}b\x1b[1m", b"x")]);
    let d = open("fax.zip", &z, &Limits::default());
    let names: Vec<_> = d.parts.iter().map(|p| p.part.name.as_str()).collect();
    assert_eq!(names, ["fax.zip/afit.exe", "fax.zip/../b[1m"]);
}

#[test]
fn office_documents_in_their_zip_are_named_as_such() {
    let z = zipped(&[("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>")]);
    let d = open("紹介状.docx", &z, &Limits::default());
    assert!(d.parts[0].part.error.as_deref().unwrap().contains("Office 文書（紹介状.docx）"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), magic in 0usize..8) {
        let magics: [&[u8]; 8] = [
            b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0", b"\xFF\xD8\xFF",
            b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n",
        ];
        let all = [magics[magic], &bytes].concat();
        let d = open("a", &all, &Limits { max_pixels: 1 << 20, ..Limits::default() });
        for (_, page) in d.pages().take(20) {
            if let Ok(p) = page {
                prop_assert_eq!(p.raster.gray.len(), p.raster.width * p.raster.height);
            }
        }
    }

    #[test]
    fn changed_bytes_in_a_tiff_never_panic(at in 0usize..400, to in any::<u8>(), two in any::<bool>()) {
        let data = pack(&if two { mr(24) } else { mh(24) });
        let mut tags = fax_tags(3, 24);
        tags.push((292, 4, u32::from(two)));
        let mut bytes = tiff(&tags, &[data], false);
        let n = bytes.len();
        bytes[at % n] = to;
        let d = open("a", &bytes, &Limits { max_pixels: 1 << 20, ..Limits::default() });
        for (_, page) in d.pages().take(20) {
            if let Ok(p) = page {
                prop_assert_eq!(p.raster.gray.len(), p.raster.width * p.raster.height);
            }
        }
    }

    #[test]
    fn arbitrary_fax_bits_never_panic(data in proptest::collection::vec(any::<u8>(), 0..600), rows in 0usize..80, kind in 0usize..4) {
        let coding = [ccitt::Coding::Mh, ccitt::Coding::Mr, ccitt::Coding::Mmr, ccitt::Coding::Rle][kind];
        let s = ccitt::decode(&data, 64, rows, coding);
        prop_assert!(s.rows <= rows);
        prop_assert_eq!(s.gray.len(), s.rows * 64);
        prop_assert!(s.damaged <= s.rows);
    }
}
