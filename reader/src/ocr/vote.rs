//! Two readings of one line, character beside character.
//!
//! Needleman–Wunsch on look-alikes and places: the second engine's places are rough, so they only keep equal characters
//! of one line apart. Says who reads what, and takes the second's character where the first was hardly sure of its own and
//! had the other among its rivals; what a field may be accepted on is for the rules.

use unicode_normalization::UnicodeNormalization;

use crate::reading::{Frame, Line, Second, Vote};
use crate::text::confusion;
use crate::text::fold::nfkc_mapped;

/// Characters that print does not tell apart: choosing another of the row is no contradiction. Unlike the look-alikes of
/// matching, none that a fax merely blurs (9 and g, ビ and ピ): these are what the second opinion is for.
const SAME: &[&str] = &[
    "-ー一‐‑–—―−─",
    "0O〇○◯",
    "1lI|",
    "口ロ□",
    "日曰",
    "カ力",
    "タ夕",
    "ミ三",
    "オ才ォ",
    "エ工ェ",
    "ハ八",
    "ニ二",
    "ト卜",
    "チ千",
    "ヘへ",
    "ベべ",
    "ペぺ",
    "リり",
    "ツッ",
    "ヤャ",
    "ユュ",
    "ヨョ",
    "アァ",
    "イィ",
    "ウゥ",
    "やゃ",
    "ゆゅ",
    "よょ",
    "つっ",
    "xX×",
    "・·•",
    ",、",
    ":;",
    "(〔[",
    ")〕]",
];
/// Cost of a character that only one of the two has: two of them cost more than one read for another.
const GAP: f32 = 0.75;
/// Places within so many em cost nothing.
const NEAR: f32 = 0.4;
/// Characters farther apart are never the same ink.
const FAR: f32 = 2.5;

/// The second's character is taken where the first gives its own less than this,
const UNSURE: f32 = 0.8;
/// the second is surer of it than this,
const SURE: f32 = 0.9;
/// and the first gave it at least this in some frame. Measured: docs/measurements.md, "Two readings".
const RIVAL: f32 = 0.03;

struct Char {
    ch: char,
    glyph: usize,
    x: f32,
}

/// Lays the second engine's line beside the first's.
pub(super) fn lay(first: &Line, second: &Line) -> Second {
    let (a, b) = (chars(first), chars(second));
    let em = (first.rect.height() as f32 / 0.92).max(1.0);
    let mut votes: Vec<Option<Vote>> = vec![None; first.glyphs.len()];
    let mut more = Vec::new();
    let mut before = 0;
    for (i, k) in align(&a, &b, em) {
        match (i, k) {
            (Some(i), k) => {
                let vote = match k.map(|k| &b[k]) {
                    None => Vote::Silent,
                    Some(o) if same(a[i].ch, o.ch) => Vote::Same(second.glyphs[o.glyph].p),
                    Some(o) => Vote::Other(o.ch, second.glyphs[o.glyph].p),
                };
                let slot = &mut votes[a[i].glyph];
                *slot = Some(slot.map_or(vote, |v| worse(v, vote)));
                before = a[i].glyph + 1;
            }
            (None, Some(k)) => more.push((before as u16, b[k].ch)),
            (None, None) => {}
        }
    }
    // a voicing mark that stands apart is part of the kana before it
    for i in 0..votes.len() {
        if votes[i].is_none() {
            votes[i] = i.checked_sub(1).and_then(|before| votes[before]);
        }
    }
    Second { text: second.text(), votes: votes.into_iter().map(Option::unwrap_or_default).collect(), more }
}

/// Takes the second's characters where they are the better guess. The two disagree all the same, so the vote then holds
/// what the first had read, and the probability is the one that the first gave the rival.
pub(super) fn take(line: &mut Line) {
    let Some(second) = &mut line.second else { return };
    for (g, vote) in line.glyphs.iter_mut().zip(&mut second.votes) {
        let Vote::Other(ch, p) = *vote else { continue };
        let frames = line.frames.get(usize::from(g.frames.0)..usize::from(g.frames.1)).unwrap_or_default();
        let of_frame =
            |f: &Frame| f.rivals.iter().filter(|r| r.0.to_string().nfkc().eq([ch])).map(|r| r.1.exp()).sum::<f32>();
        let rival = frames.iter().map(of_frame).fold(0.0, f32::max);
        if g.p < UNSURE && p > SURE && rival >= RIVAL {
            *vote = Vote::Other(g.ch, g.p);
            (g.ch, g.p) = (ch, rival.min(g.p));
        }
    }
}

/// NFKC: one glyph may be two characters (㎎), or two glyphs one (ｶﾞ).
fn chars(line: &Line) -> Vec<Char> {
    let folded = nfkc_mapped(&line.text());
    let place = |i: usize| (line.glyphs[i].x0 + line.glyphs[i].x1) as f32 / 2.0;
    folded.chars.iter().zip(&folded.map).map(|(ch, i)| Char { ch: *ch, glyph: *i, x: place(*i) }).collect()
}

/// A glyph of several characters is as good as the worst of them.
fn worse(a: Vote, b: Vote) -> Vote {
    match (a, b) {
        (Vote::Other(..), _) => a,
        (_, Vote::Other(..)) => b,
        (Vote::Silent, _) | (_, Vote::Silent) => Vote::Silent,
        (Vote::Same(p), Vote::Same(q)) => Vote::Same(p.min(q)),
    }
}

fn same(a: char, b: char) -> bool {
    confusion::cost(a, b) <= 0.15 || SAME.iter().any(|row| row.contains(a) && row.contains(b))
}

/// Least cost; pairs of indexes, `None` where one of the two has nothing.
fn align(a: &[Char], b: &[Char], em: f32) -> Vec<(Option<usize>, Option<usize>)> {
    let (n, m) = (a.len(), b.len());
    let pair = |x: &Char, y: &Char| {
        let apart = (x.x - y.x).abs() / em;
        let read = if same(x.ch, y.ch) { 0.0 } else { confusion::cost(x.ch, y.ch) };
        if apart > FAR { f32::INFINITY } else { read + 0.4 * (apart - NEAR).max(0.0) }
    };
    let mut cost = vec![vec![0.0f32; m + 1]; n + 1];
    for i in 0..=n {
        for k in 0..=m {
            if i == 0 || k == 0 {
                cost[i][k] = GAP * (i + k) as f32;
                continue;
            }
            let paired = cost[i - 1][k - 1] + pair(&a[i - 1], &b[k - 1]);
            cost[i][k] = paired.min(cost[i - 1][k] + GAP).min(cost[i][k - 1] + GAP);
        }
    }
    let (mut i, mut k) = (n, m);
    let mut out = Vec::with_capacity(n.max(m));
    while i > 0 || k > 0 {
        if i > 0 && k > 0 && cost[i][k] == cost[i - 1][k - 1] + pair(&a[i - 1], &b[k - 1]) {
            (i, k) = (i - 1, k - 1);
            out.push((Some(i), Some(k)));
        } else if i > 0 && (k == 0 || cost[i][k] == cost[i - 1][k] + GAP) {
            i -= 1;
            out.push((Some(i), None));
        } else {
            k -= 1;
            out.push((None, Some(k)));
        }
    }
    out.reverse();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rect;
    use crate::reading::Glyph;

    fn line(text: &str) -> Line {
        let glyph = |(i, ch): (usize, char)| Glyph {
            ch,
            p: 0.5,
            x0: 24 * i as i32,
            x1: 24 * i as i32 + 22,
            ..Glyph::default()
        };
        Line {
            rect: Rect::new(0, 0, 400, 22),
            glyphs: text.chars().enumerate().map(glyph).collect(),
            ..Line::default()
        }
    }

    #[test]
    fn each_glyph_is_confirmed_contradicted_or_passed_over() {
        let got = lay(&line("合和5年3月"), &line("令和5年月"));
        assert_eq!(
            got.votes,
            [Vote::Other('令', 0.5), Vote::Same(0.5), Vote::Same(0.5), Vote::Same(0.5), Vote::Silent, Vote::Same(0.5)]
        );
        assert!(got.more.is_empty());
    }

    #[test]
    fn what_the_first_lost_is_kept_with_its_place() {
        let got = lay(&line("05mg"), &line("0.5㎎"));
        assert_eq!(got.more, [(1, '.')]);
        assert_eq!(got.votes, [Vote::Same(0.5); 4]);
    }

    #[test]
    fn a_rival_that_the_second_is_sure_of_replaces_an_unsure_character() {
        let mut first = line("合和");
        first.glyphs[0].frames = (0, 1);
        first.frames = vec![Frame { x: 0, rivals: vec![('合', 0.5f32.ln()), ('令', 0.2f32.ln())] }];
        let mut other = line("令和");
        other.glyphs[0].p = 0.95;
        first.second = Some(lay(&first, &other));
        take(&mut first);
        assert_eq!(first.text(), "令和");
        assert!((first.glyphs[0].p - 0.2).abs() < 1e-6);
        assert_eq!(first.vote(0), Some(Vote::Other('合', 0.5)));
        // what the first never thought of is not taken
        first.frames[0].rivals.pop();
        first.second = Some(lay(&first, &line("今和")));
        take(&mut first);
        assert_eq!(first.text(), "令和");
    }

    #[test]
    fn widths_and_twins_are_the_same_but_blurs_are_not() {
        assert_eq!(lay(&line("ｶﾞｽ力O"), &line("ガスカ0")).votes, [Vote::Same(0.5); 5]);
        assert_eq!(lay(&line("5g"), &line("59")).votes, [Vote::Same(0.5), Vote::Other('9', 0.5)]);
        assert_eq!(lay(&line("ビ"), &line("ピ")).votes, [Vote::Other('ピ', 0.5)]);
        assert_eq!(lay(&line("ビ"), &Line::default()).votes, [Vote::Silent]);
    }
}
