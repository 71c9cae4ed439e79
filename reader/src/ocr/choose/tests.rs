use proptest::prelude::*;

use super::*;
use crate::reading::{Frame, Glyph, Line};

fn frame(rivals: &[(char, f32)]) -> Frame {
    Frame { x: 0, rivals: rivals.iter().map(|(c, p)| (*c, p.ln())).collect() }
}

fn line(frames: Vec<Frame>, glyphs: &[(char, u16, u16)]) -> Line {
    let glyphs = glyphs.iter().map(|g| Glyph { ch: g.0, p: 0.9, frames: (g.1, g.2), ..Glyph::default() }).collect();
    Line { frames, glyphs, ..Line::default() }
}

#[test]
fn a_date_is_found_behind_what_was_read() {
    // read as 令和8年6月1曰, with 日 a rival that look-alikes help
    let text = "令和8年6月1曰";
    let frames = text.chars().map(|c| frame(&[(c, 0.98), ('\0', 0.02)])).collect();
    let glyphs: Vec<_> = text.chars().enumerate().map(|(i, c)| (c, i as u16, i as u16 + 1)).collect();
    let line = line(frames, &glyphs);
    let c = among(&line, 0..8, &Pattern::date()).unwrap();
    assert_eq!(c.text, "令和8年6月1日");
    assert!(c.bend > 1.0 && c.bend < 2.0, "{}", c.bend);
    // 日 may also be missing, and 8月6日 may be 1: all far behind or of the same value
    assert!(c.margin > 1.5, "{}", c.margin);
    let same = among_values(&line, 0..8, &Pattern::date(), |t| Some(t.trim_end_matches('日').to_owned())).unwrap();
    assert!(same.margin >= c.margin);
}

#[test]
fn the_margin_is_that_of_the_second_value() {
    let frames =
        vec![frame(&[('3', 0.6), ('8', 0.3), ('\0', 0.1)]), frame(&[('\0', 1.0)]), frame(&[('1', 0.9), ('\0', 0.1)])];
    let line = line(frames, &[('3', 0, 1), ('1', 1, 3)]);
    let c = among(&line, 0..2, &Pattern::digits(2)).unwrap();
    assert_eq!((c.text.as_str(), c.second.as_deref()), ("31", Some("81")));
    assert!((c.margin - 2f32.ln()).abs() < 0.02, "{}", c.margin);
    let odd = among_values(&line, 0..2, &Pattern::digits(2), |t| (t != "31").then(|| t.to_owned())).unwrap();
    assert_eq!(odd.text, "81");
    assert!(among(&line, 0..2, &Pattern::digits(5)).is_none());
    assert!(among(&line, 0..3, &Pattern::digits(2)).is_none());
    assert!(among(&line, 1..1, &Pattern::digits(2)).is_none());
}

#[test]
fn closed_lists_choose_among_rivals() {
    let frames = vec![
        frame(&[('ア', 0.9), ('\0', 0.1)]),
        frame(&[('ム', 0.8), ('\0', 0.2)]),
        frame(&[('口', 0.7), ('ロ', 0.2), ('\0', 0.1)]),
        frame(&[('シ', 0.5), ('ジ', 0.4), ('\0', 0.1)]),
        frame(&[('ビ', 0.6), ('ピ', 0.39)]),
        frame(&[('ン', 0.99), ('\0', 0.01)]),
    ];
    let c = in_frames(&frames, &Words::new(["アムロジピン", "アムロシン", "セレコキシブ"]), |t| {
        Some(t.to_owned())
    })
    .unwrap();
    assert_eq!(c.text, "アムロジピン");
    assert_eq!(c.all[0].0, c.text);
}

/// All texts of up to `steps` characters with their summed probabilities, by walking every path.
fn brute(steps: &[alike::Emission]) -> Vec<(String, f32)> {
    let mut paths: Vec<(String, Option<char>, f32)> = vec![(String::new(), None, 0.0)];
    for s in steps {
        let mut next = Vec::new();
        for (text, last, lp) in &paths {
            next.push((text.clone(), None, lp + s.blank));
            for &(c, p) in &s.chars {
                let grown = if *last == Some(c) { text.clone() } else { format!("{text}{c}") };
                next.push((grown, Some(c), lp + p));
            }
        }
        paths = next;
    }
    let mut sums: Vec<(String, f32)> = Vec::new();
    for (text, _, lp) in paths {
        match sums.iter_mut().find(|s| s.0 == text) {
            Some(s) => s.1 = add(s.1, lp),
            None => sums.push((text, lp)),
        }
    }
    sums.sort_by(|a, b| b.1.total_cmp(&a.1));
    sums
}

proptest! {
    #[test]
    fn the_beam_agrees_with_walking_every_path(
        frames in prop::collection::vec(prop::collection::vec(0.01f32..1.0, 4), 1..5),
        pattern in prop::sample::select(vec!["[347]+", "3[47]*", "(34|7)+", "44?7", "[347]{2}"]),
    ) {
        let frames: Vec<Frame> = frames
            .iter()
            .map(|w| {
                let sum: f32 = w.iter().sum();
                frame(&['\0', '3', '4', '7'].into_iter().zip(w.iter().map(|v| v / sum)).collect::<Vec<_>>())
            })
            .collect();
        let grammar = Pattern::new(pattern).unwrap();
        let steps = alike::emissions(&frames);
        let truth: Vec<_> = brute(&steps).into_iter().filter(|t| grammar.holds(&t.0)).collect();
        let found = beam::search(&steps, &grammar);
        prop_assert_eq!(found.is_empty(), truth.is_empty());
        if let (Some(f), Some(t)) = (found.first(), truth.first()) {
            prop_assert!((f.1 - t.1).abs() < 1e-3, "{:?} {:?}", f, t);
            for (text, lp) in &found {
                prop_assert!(grammar.holds(text));
                let true_lp = truth.iter().find(|x| x.0 == *text).map(|x| x.1);
                prop_assert!(true_lp.is_some_and(|x| (x - lp).abs() < 0.05), "{} {} {:?}", text, lp, true_lp);
            }
        }
    }
}
