use crate::decode::{Limits, RawPage, open, say};

/// Objects numbered from 1, with a right cross-reference table.
fn pdf(objects: &[&str], trailer: &str) -> Vec<u8> {
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut table = String::new();
    for (n, o) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", out.len());
        out.extend(format!("{} 0 obj{o}endobj\n", n + 1).bytes());
    }
    let at = out.len();
    let size = objects.len() + 1;
    out.extend(format!("xref\n0 {size}\n0000000000 65535 f \n{table}").bytes());
    out.extend(format!("trailer<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{at}\n%%EOF\n").bytes());
    out
}

const CATALOG: &str = "<</Type/Catalog/Pages 2 0 R>>";
const TREE: &str = "<</Type/Pages/Count 1/Kids[3 0 R]>>";
const PAGE: &str = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>";
const SQUARE: &str = "<</Length 24>>stream\n0 g 100 100 72 144 re f \nendstream ";

fn page(bytes: &[u8]) -> Result<RawPage, String> {
    open("a.pdf", bytes, &Limits::default()).pages().next().expect("a page").1
}

fn error(bytes: &[u8]) -> Option<String> {
    open("a.pdf", bytes, &Limits::default()).parts[0].part.error.clone()
}

#[test]
fn a_drawn_page_is_rendered_at_200_dpi() {
    let p = page(&pdf(&[CATALOG, TREE, PAGE, SQUARE], "")).unwrap();
    assert_eq!((p.raster.width, p.raster.height, p.raster.dpi), (1653, 2339, (200.0, 200.0)));
    // 72 by 144 points from (100, 100) upwards.
    assert_eq!(p.raster.at(300, 2339 - 300), 0);
    assert_eq!(p.raster.at(300, 2339 - 700), 255);
    let ink = p.raster.gray.iter().filter(|g| **g < 128).count();
    assert!((79_000..=81_000).contains(&ink), "{ink}");
}

/// A bilevel image of 850 × 550 pixels over a sheet of 612 × 792 points: 100 × 50 dpi, black in its upper half.
fn scanned(rotate: u16, visible_text: bool) -> Vec<u8> {
    let font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>";
    let show = if visible_text { "0 Tr" } else { "3 Tr" };
    let content = format!("q 612 0 0 792 0 0 cm /I Do Q BT {show} /F 12 Tf 72 72 Td (hidden words) Tj ET");
    let content = format!("<</Length {}>>stream\n{content}\nendstream ", content.len());
    let page = format!(
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Rotate {rotate}/Contents 4 0 R\
         /Resources<</XObject<</I 5 0 R>>/Font<</F 6 0 R>>>>>>"
    );
    let stride = 850usize.div_ceil(8);
    let hex: String = (0..550).map(|y| if y < 275 { "00" } else { "FF" }.repeat(stride)).collect();
    let image = format!(
        "<</Type/XObject/Subtype/Image/Width 850/Height 550/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/ASCIIHexDecode\
         /Length {}>>stream\n{hex}>\nendstream ",
        hex.len() + 1
    );
    pdf(&[CATALOG, TREE, &page, &content, &image, font], "")
}

#[test]
fn a_scanned_page_is_taken_at_its_own_resolution() {
    let p = page(&scanned(0, false)).unwrap();
    assert_eq!((p.raster.width, p.raster.height), (850, 550));
    assert!((p.raster.dpi.0 - 100.0).abs() < 0.1 && (p.raster.dpi.1 - 50.0).abs() < 0.1, "{:?}", p.raster.dpi);
    assert!(p.raster.bilevel);
    assert_eq!((p.raster.at(400, 100), p.raster.at(400, 400)), (0, 255));
    assert_eq!(p.text_layer.as_deref(), Some("hidden words"), "invisible text is a hint only");
}

#[test]
fn a_rotated_scan_is_turned_as_the_page_says() {
    let p = page(&scanned(90, false)).unwrap();
    assert_eq!((p.raster.width, p.raster.height), (550, 850));
    assert!((p.raster.dpi.0 - 50.0).abs() < 0.1, "{:?}", p.raster.dpi);
    // Clockwise by 90 degrees: what was on top is on the right.
    assert_eq!((p.raster.at(100, 400), p.raster.at(450, 400)), (255, 0));
}

#[test]
fn visible_text_over_a_scan_is_not_lost() {
    let p = page(&scanned(0, true)).unwrap();
    assert_eq!((p.raster.width, p.raster.height), (1700, 2200));
    let below = p.raster.gray[1800 * 1700..].iter().filter(|g| **g < 128).count();
    assert!(below > 100, "the words are there: {below}");
}

#[test]
fn a_password_is_named() {
    let key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let lock = format!("<</Filter/Standard/V 1/R 2/P -44/O<{key}>/U<{key}>>>");
    let bytes = pdf(&[CATALOG, TREE, PAGE, SQUARE, &lock], "/Encrypt 5 0 R/ID[<00><00>]");
    assert_eq!(error(&bytes).as_deref(), Some(say::PDF_PASSWORD));
}

#[test]
fn junk_in_front_and_behind_does_no_harm() {
    let whole = pdf(&[CATALOG, TREE, PAGE, SQUARE], "");
    let p = page(&whole).unwrap().raster;
    for (front, back) in [(&b"HTTP/1.1 200 OK\r\n\r\n"[..], &b""[..]), (&[0u8; 3000], b""), (b"", b"\n--boundary--\n")]
    {
        let bytes = [front, &whole, back].concat();
        assert_eq!(error(&bytes), None);
        assert_eq!(page(&bytes).unwrap().raster, p);
    }
}

#[test]
fn no_truncation_passes_in_silence() {
    let whole = scanned(0, false);
    let end = whole.windows(9).rposition(|w| w == b"startxref").unwrap();
    for n in (9..end).step_by(whole.len() / 60) {
        let d = open("a.pdf", &whole[..n], &Limits::default());
        let said = d.parts[0].part.error.is_some() && d.pages().all(|(_, p)| p.is_err() || n > 50_000);
        assert!(said, "{n} of {} bytes", whole.len());
    }
}

#[test]
fn pages_that_are_missing_are_named() {
    let tree = "<</Type/Pages/Count 3/Kids[3 0 R]>>";
    let why = error(&pdf(&[CATALOG, tree, PAGE, SQUARE], "")).unwrap();
    assert!(why.contains("3 ページのうち 1 ページ"), "{why}");
}

#[test]
fn a_media_box_of_a_wall_is_taken_for_a_sheet() {
    let page_ = PAGE.replace("595 842", "59500 84200");
    let p = page(&pdf(&[CATALOG, TREE, &page_, SQUARE], "")).unwrap();
    assert!(p.raster.width < 4000 && p.raster.dpi.0 > 200.0, "{} at {:?}", p.raster.width, p.raster.dpi);
}

#[test]
fn an_image_of_a_wall_is_refused_before_it_is_decoded() {
    let page_of = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>";
    let content = "<</Length 28>>stream\n595 0 0 842 0 0 cm /I Do     \nendstream ";
    let image = "<</Subtype/Image/Width 2000000000/Height 2000000000/BitsPerComponent 8/ColorSpace/DeviceGray/Length 1>>stream\nx\nendstream ";
    let why = page(&pdf(&[CATALOG, TREE, page_of, content, image], "")).unwrap_err();
    assert!(why.contains("2000000000×2000000000"), "{why}");
}

#[test]
fn a_decoder_that_panics_is_a_damaged_page() {
    let content = "<</Filter/LZWDecode/DecodeParms<</Predictor 15/Columns 2147483647/Colors 32/BitsPerComponent 16>>/Length 9>>\
                   stream\n\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\nendstream ";
    assert!(page(&pdf(&[CATALOG, TREE, PAGE, content], "")).is_err());
}
