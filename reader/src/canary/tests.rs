use super::*;
use crate::reading::{Glyph, Line, Page};

fn day() -> Date {
    "2026-11-28".parse().expect("a day")
}

fn reading(lines: &[&str]) -> Reading {
    let line = |t: &&str| Line {
        glyphs: t.chars().map(|ch| Glyph { ch, p: 1.0, ..Glyph::default() }).collect(),
        ..Line::default()
    };
    let page = Page { number: 1, lines: lines.iter().map(line).collect(), ..Page::default() };
    Reading { pages: vec![page], ..Reading::default() }
}

#[test]
fn no_two_canaries_are_alike_and_each_is_the_same_again() {
    let make = |n: &str| Canary::new(Token::parse(n).expect("a token"), day());
    let (a, b) = (make("482109537716"), make("482109537717"));
    assert_eq!(a.tiff, make("482109537716").tiff);
    assert!(a.tiff != b.tiff && a.expected != b.expected);
    assert!(a.tiff.len() < 80_000, "{} bytes", a.tiff.len());
    assert!(Token::random() != Token::random() && Token::parse("48210953771").is_none());
}

#[test]
fn every_field_of_the_page_is_of_the_vocabulary() {
    let canary = Canary::new(Token::random(), day());
    assert!(canary.expected.len() > 20);
    for key in canary.expected.keys() {
        assert!(crate::model::Vocabulary::get().fields.contains_key(key), "{key}");
    }
}

#[test]
fn a_token_is_known_again_on_its_own_pages_only_and_with_two_digits_misread_or_lost() {
    let open = ["482109537716", "993300112244"].map(|t| Token::parse(t).expect("a token"));
    let on =
        |lines: &[&str], pages: &[u32]| token_on(&reading(lines), pages, &open).map(Token::as_str).map(str::to_owned);
    assert_eq!(on(&["電話 03-0000-0018", "試験番号 4821 0953 7716"], &[1]).as_deref(), Some("482109537716"));
    assert_eq!(on(&["試験番号 4821 O953 77l6"], &[1]).as_deref(), Some("482109537716"));
    assert_eq!(on(&["試験番号 4821 8953 7718"], &[1]).as_deref(), Some("482109537716"));
    assert_eq!(on(&["試験番号 4821 8953 7798"], &[1]), None, "three digits");
    assert_eq!(on(&["試験番号 4821 0953 776"], &[1]).as_deref(), Some("482109537716"), "one lost");
    assert_eq!(on(&["試験番号 4821 0953 71716"], &[1]).as_deref(), Some("482109537716"), "one added");
    assert_eq!(on(&["試験番号 4821 093 77"], &[1]), None, "three lost");
    assert_eq!(on(&["試験番号 4821 0953 7716"], &[2]), None);
    assert_eq!(on(&["試験番号 4821 0953"], &[1]), None);
    assert_eq!(on(&["電話 03-0000-0018 9900000017"], &[1]), None);
}
