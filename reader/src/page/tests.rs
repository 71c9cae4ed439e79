use proptest::prelude::*;

use super::*;

fn page(width: usize, height: usize, dpi: (f32, f32), ink: impl Fn(usize, usize) -> bool) -> Raster {
    let mut raw = Raster::white(width, height, dpi);
    for y in 0..height {
        for x in 0..width {
            if ink(x, y) {
                raw.gray[y * width + x] = 0;
            }
        }
    }
    raw
}

fn all(raw: &Raster) {
    for turned in [0, 90, 180, 270, 45] {
        let p = prepare(raw, turned);
        for l in &p.lines {
            assert!(l.rect.x0 >= 0 && l.rect.y0 >= 0 && l.rect.x1 <= p.width && l.rect.y1 <= p.height);
            assert!(l.cell.is_none_or(|c| (c as usize) < p.cells.len()));
            assert!((0.0..=1.0).contains(&p.ring(l.rect)) && (0.0..=1.0).contains(&p.strike(l.rect)));
        }
        let image = p.upright_image();
        assert_eq!(image.gray.len(), image.width * image.height);
    }
    assert_eq!(likely_turns(raw).len(), 4);
}

#[test]
fn pages_of_no_sense_are_blank_and_do_no_harm() {
    for (w, h) in [(0, 0), (0, 7), (7, 0), (1, 1), (1, 3000), (3000, 1), (64, 64), (65, 200), (1728, 40)] {
        for black in [false, true] {
            for dpi in [(204.0, 98.0), (204.0, 196.0), (0.0, f32::NAN), (2400.0, 20.0)] {
                let raw = page(w, h, dpi, |_, _| black);
                all(&raw);
                assert!(is_blank(&raw), "{w}x{h} {black} {dpi:?}");
            }
        }
    }
    let short = Raster { width: 10, height: 10, dpi: (204.0, 196.0), bilevel: true, gray: vec![0; 7] };
    all(&short);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn arbitrary_rasters_never_panic(
        w in 1usize..300, h in 1usize..300, seed in proptest::collection::vec(any::<u8>(), 1..400),
        bilevel in any::<bool>(), dpi in prop_oneof![Just((204.0f32, 98.0f32)), Just((204.0, 196.0)), Just((408.0, 391.0)), Just((300.0, 300.0))],
        zoom in 1usize..40,
    ) {
        let gray = (0..w * h).map(|i| {
            let v = seed[((i % w) / zoom * 31 + (i / w) / zoom * 17) % seed.len()];
            if bilevel { if v > 127 { 255 } else { 0 } } else { v }
        }).collect();
        all(&Raster { width: w, height: h, dpi, bilevel, gray });
    }
}
