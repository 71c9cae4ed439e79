//! Phones, postal codes and the numbers of the care insurance.
//!
//! Numbering: 総務省 市外局番一覧 (area code and local code have six digits together, mobile and IP phones eleven digits);
//! 介護保険者番号: the sixth digit is a check digit, modulus 10, weights 2 1 2 1 2, sums of digits.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::fold::{Folded, nfkc_mapped};

/// A phone number in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Phone {
    /// Digits only, 10 or 11.
    pub digits: String,
    /// Digits and hyphens: as on the page where the page groups them validly, else by the area codes.
    pub text: String,
    /// Extension (内線).
    pub extension: Option<String>,
    /// Characters of the original.
    pub span: Range<usize>,
    /// 0..1: whether its length, prefix and grouping are those of a Japanese number.
    pub quality: f32,
}

/// Area codes of four digits, with the leading 0. Of five digits: [`FIVE`]. 03, 06 and 04 have rules of their own; every
/// other code has three digits.
const FOUR: &str = "0123 0124 0125 0126 0133 0134 0135 0136 0137 0138 0139 0142 0143 0144 0145 0146 0152 0153 0154 0155 0156 0157 0158 \
0162 0163 0164 0165 0166 0167 0172 0173 0174 0175 0176 0178 0179 0182 0183 0184 0185 0186 0187 0191 0192 0193 0194 0195 0197 0198 \
0220 0223 0224 0225 0226 0228 0229 0233 0234 0235 0237 0238 0240 0241 0242 0243 0244 0246 0247 0248 0250 0254 0255 0256 0257 0258 \
0259 0260 0261 0263 0264 0265 0266 0267 0268 0269 0270 0274 0276 0277 0278 0279 0280 0282 0283 0284 0285 0287 0288 0289 0291 0293 \
0294 0295 0296 0297 0299 0422 0428 0436 0438 0439 0460 0463 0465 0466 0467 0470 0475 0476 0478 0479 0480 0493 0494 0495 0531 0532 \
0533 0536 0537 0538 0539 0544 0545 0547 0548 0550 0551 0553 0554 0555 0556 0557 0558 0561 0562 0563 0564 0565 0566 0567 0568 0569 \
0572 0573 0574 0575 0576 0577 0578 0581 0584 0585 0586 0587 0594 0595 0596 0597 0598 0599 0721 0725 0735 0736 0737 0738 0739 0740 \
0742 0743 0744 0745 0746 0747 0748 0749 0761 0763 0765 0766 0767 0768 0770 0771 0772 0773 0774 0776 0778 0779 0790 0791 0794 0795 \
0796 0797 0798 0799 0820 0823 0824 0826 0827 0829 0833 0834 0835 0836 0837 0838 0845 0846 0847 0848 0852 0853 0854 0855 0856 0857 \
0858 0859 0863 0865 0866 0867 0868 0869 0875 0877 0879 0880 0883 0884 0885 0887 0889 0892 0893 0894 0895 0896 0897 0898 0920 0930 \
0940 0942 0943 0944 0946 0947 0948 0949 0950 0952 0954 0955 0956 0957 0959 0964 0965 0966 0967 0968 0969 0972 0973 0974 0977 0978 \
0979 0980 0982 0983 0984 0985 0986 0987 0993 0994 0995 0996 0997";
const FIVE: &str = "01267 01372 01374 01377 01392 01397 01398 01456 01457 01466 01547 01558 01564 01586 01587 01632 01634 01635 01648 \
01654 01655 01656 01658 04992 04994 04996 04998 05769 05979 07468 08387 08388 08396 08477 08512 08514 09802 09912 09913 09969";
const THREE: &str = "011 015 017 018 019 022 023 024 025 026 027 028 029 042 043 044 045 046 047 048 049 052 053 054 055 058 059 \
072 073 075 076 077 078 079 082 083 084 086 087 088 089 092 093 095 096 097 098 099";

fn is_code(list: &str, code: &str) -> bool {
    list.split(' ').any(|c| c == code)
}

/// Lengths of the groups of a number of digits; nothing where no Japanese number begins so.
fn groups(d: &str) -> Option<[usize; 3]> {
    let mobile = ["090", "080", "070", "060", "050", "020"].iter().any(|p| d.starts_with(p));
    if d.len() == 11 {
        return (mobile || d.starts_with("0800")).then_some(if mobile { [3, 4, 4] } else { [4, 3, 4] });
    }
    if d.len() != 10 || !d.starts_with('0') {
        return None;
    }
    if ["0120", "0570", "0990", "0180"].iter().any(|p| d.starts_with(p)) {
        return Some([4, 3, 3]);
    }
    if d.starts_with("03") || d.starts_with("06") {
        return Some([2, 4, 4]);
    }
    // 04-71xx (柏), 04-70xx (鴨川, where the local code is 7090 to 7099), 04-29xx (所沢; but 042-97x, 042-98x: 飯能).
    if d.starts_with("0471")
        || d.starts_with("04709")
        || d.starts_with("0429") && !d.starts_with("04297") && !d.starts_with("04298")
    {
        return Some([2, 4, 4]);
    }
    if is_code(FIVE, &d[..5]) {
        return Some([5, 1, 4]);
    }
    if is_code(FOUR, &d[..4]) {
        return Some([4, 2, 4]);
    }
    is_code(THREE, &d[..3]).then_some([3, 3, 4])
}

/// A number of 10 or 11 digits with hyphens by its area code; the digits as they are where it is none.
pub fn hyphenate(digits: &str) -> String {
    match groups(digits) {
        Some([a, b, _]) => format!("{}-{}-{}", &digits[..a], &digits[a..a + b], &digits[a + b..]),
        None => digits.to_owned(),
    }
}

/// Digits of a phone number written in any manner; `+81` becomes 0.
pub fn phone_digits(s: &str) -> String {
    let d: String = super::squeeze(s).chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    match d.strip_prefix("+81") {
        Some(rest) if rest.starts_with('0') => rest.to_owned(),
        Some(rest) => format!("0{rest}"),
        None => d.chars().filter(char::is_ascii_digit).collect(),
    }
}

/// All phone numbers in a text.
pub fn phones(text: &str) -> Vec<Phone> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:\+81-?\(?0?\)?|\(?0)[0-9](?:[-()]{0,2}[0-9]){7,9}").expect("constant pattern")
    });
    static EXTENSION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[^0-9]{0,2}(?:内線|内|ext\.?|PHS)[^0-9]{0,2}([0-9]{2,6})").expect("constant pattern")
    });
    let n = numeric(text);
    let line: String = n.chars.iter().collect();
    let index = |byte: usize| line[..byte].chars().count();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(m) = NUMBER.find_at(&line, at) {
        at = m.end();
        // white space parts a number from the figures in front: 4番地24 04(7161)1119
        let first = n.span(index(m.start())..index(m.start()) + 1).start;
        let apart = first > 0 && text.chars().nth(first - 1).is_some_and(char::is_whitespace);
        let before = line[..m.start()].chars().next_back().filter(|_| !apart || !m.as_str().starts_with('0'));
        let after = line[m.end()..].chars().next();
        let part_of_more =
            before.is_some_and(|c| c.is_ascii_digit() || c == '-') || after.is_some_and(|c| c.is_ascii_digit());
        if part_of_more {
            continue;
        }
        let digits = phone_digits(m.as_str());
        let Some(g) = groups(&digits) else { continue };
        let stood: Vec<String> =
            m.as_str().split(|c: char| !c.is_ascii_digit()).filter(|p| !p.is_empty()).map(str::to_owned).collect();
        let sizes: Vec<usize> = stood.iter().map(String::len).collect();
        // 047-1… is grouped so by people, whatever the list says; the page's own grouping stays where it can be one.
        let page_groups =
            sizes.len() == 3 && sizes.iter().sum::<usize>() == digits.len() && sizes[2] >= 3 && sizes[0] >= 2;
        let text = if page_groups { stood.join("-") } else { hyphenate(&digits) };
        let quality = if sizes == g {
            1.0
        } else if page_groups {
            0.9
        } else if sizes.len() == 1 {
            0.85
        } else {
            0.7
        };
        let mut end = m.end();
        let extension = EXTENSION.captures(&line[end..]).and_then(|c| {
            end += c.get(0)?.end();
            Some(c.get(1)?.as_str().to_owned())
        });
        out.push(Phone { digits, text, extension, span: n.span(index(m.start())..index(end)), quality });
        at = end;
    }
    out
}

/// NFKC without white space; dashes of every kind as `-`, and letters that stand for digits between digits put right.
fn numeric(text: &str) -> Folded {
    let mut n = nfkc_mapped(text);
    for c in &mut n.chars {
        if "ー‐‑‒–—―−─━〜~ｰ".contains(*c) {
            *c = '-';
        }
    }
    let digit = |c: Option<&char>| c.is_some_and(|c| c.is_ascii_digit() || *c == '-');
    for i in 0..n.chars.len() {
        let beside = digit(i.checked_sub(1).and_then(|j| n.chars.get(j))) && digit(n.chars.get(i + 1));
        if beside {
            n.chars[i] = match n.chars[i] {
                'O' | 'o' | '〇' | '○' => '0',
                'l' | 'I' | '|' => '1',
                '一' => '-',
                c => c,
            };
        }
    }
    n
}

/// A postal code (`277-0005`) in a text, where it stands and its quality: with 〒 it is sure.
pub fn postal(text: &str) -> Option<(String, Range<usize>, f32)> {
    static CODE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(〒|〶|郵便番号:?)?([0-9]{3})(-?)([0-9]{4})").expect("constant pattern"));
    let n = numeric(text);
    let line: String = n.chars.iter().collect();
    CODE.captures_iter(&line).find_map(|c| {
        let m = c.get(0)?;
        let marked = c.get(1).is_some();
        let before = line[..m.start()].chars().next_back();
        let after = line[m.end()..].chars().next();
        let chained = |x: Option<char>| x.is_some_and(|x| x.is_ascii_digit() || x == '-');
        if chained(after)
            || (!marked && chained(before))
            || (!marked && c.get(3).is_none_or(|h| h.as_str().is_empty()) && line.chars().count() != 7)
        {
            return None;
        }
        let index = |byte: usize| line[..byte].chars().count();
        let quality = if marked { 1.0 } else { 0.85 };
        Some((format!("{}-{}", &c[2], &c[4]), n.span(index(m.start())..index(m.end())), quality))
    })
}

/// The digits of a text that should be one number (boxes and gaps between digits do not matter); look-alike letters count.
pub fn digits(text: &str) -> String {
    super::squeeze(text)
        .chars()
        .filter_map(|c| match c {
            '0'..='9' => Some(c),
            'O' | 'o' | 'Q' | 'D' | '〇' | '○' => Some('0'),
            'l' | 'I' | '|' | '!' => Some('1'),
            _ => None,
        })
        .collect()
}

/// Whether six digits are a valid 介護保険者番号 (the check digit holds).
pub fn insurer_valid(number: &str) -> bool {
    number.len() == 6
        && number.bytes().all(|b| b.is_ascii_digit())
        && check_digit(&number[..5]) == number.bytes().last()
}

/// The check digit of a 保険者番号 (ASCII): weights 2 1 2 1 … from the right, digit sums, modulus 10.
fn check_digit(body: &str) -> Option<u8> {
    let mut sum = 0;
    for (i, b) in body.bytes().rev().enumerate() {
        let v = u32::from(b.checked_sub(b'0')?) * if i % 2 == 0 { 2 } else { 1 };
        sum += v / 10 + v % 10;
    }
    Some(b'0' + u8::try_from((10 - sum % 10) % 10).ok()?)
}

/// Whether it has the form of a 介護被保険者番号: ten digits, not all equal. (Its check digit is each municipality's own
/// affair, so none is computed.)
pub fn insured_valid(number: &str) -> bool {
    number.len() == 10
        && number.bytes().all(|b| b.is_ascii_digit())
        && number.bytes().any(|b| Some(b) != number.bytes().next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(s: &str) -> Option<String> {
        phones(s).into_iter().next().map(|p| p.text)
    }

    #[test]
    fn phones_in_every_manner() {
        for (s, want) in [
            ("04-7135-4161", "04-7135-4161"),
            ("0471354161", "04-7135-4161"),
            ("０４（７１３５）４１６１", "04-7135-4161"),
            ("(04)7135-4161", "04-7135-4161"),
            ("TEL:04ー7135ー4161", "04-7135-4161"),
            ("04 - 7135 - 4161", "04-7135-4161"),
            ("090-7638-7451", "090-7638-7451"),
            ("09076387451", "090-7638-7451"),
            ("03-1234-5678", "03-1234-5678"),
            ("0312345678", "03-1234-5678"),
            ("0120-123-456", "0120-123-456"),
            ("0475231234", "0475-23-1234"),
            ("0473661234", "047-366-1234"),
            ("+81-4-7135-4161", "04-7135-4161"),
            ("04-7135-4l61", "04-7135-4161"),
            ("電話 04一7135一4161", "04-7135-4161"),
        ] {
            assert_eq!(one(s).as_deref(), Some(want), "{s}");
        }
        for s in ["277-0005", "2-3-18", "122176", "12345678901234", "令和8年6月16日", "99-7135-4161"] {
            assert_eq!(one(s), None, "{s}");
        }
    }

    #[test]
    fn several_phones_and_extensions() {
        let p = phones("TEL 04-7191-6040(内線 2315) FAX 04-7191-6041");
        assert_eq!(p.len(), 2);
        assert_eq!(p[0].extension.as_deref(), Some("2315"));
        assert_eq!(p[1].digits, "0471916041");
        assert_eq!(p[0].span, 4..24);
        assert_eq!(p[1].quality, 1.0);
    }

    #[test]
    fn postal_codes() {
        assert_eq!(postal("〒277-0005 千葉県柏市").map(|p| (p.0, p.1)), Some(("277-0005".into(), 0..9)));
        assert_eq!(postal("〒２７７ー０００５").map(|p| p.0), Some("277-0005".into()));
        assert_eq!(postal("2770005").map(|p| p.0), Some("277-0005".into()));
        assert_eq!(postal("04-7135-4161"), None);
        assert_eq!(postal("090-7638-7451"), None);
    }

    #[test]
    fn care_insurance_numbers() {
        assert!(insurer_valid("122176"));
        assert!(!insurer_valid("122175") && !insurer_valid("12217") && !insurer_valid("１２２１７６"));
        assert!(insured_valid("0086891712") && !insured_valid("0000000000") && !insured_valid("008689171"));
        assert_eq!(digits("1 2 2 l 7 6"), "122176");
    }

    proptest! {
        #[test]
        fn one_wrong_digit_never_passes(i in 0usize..6, by in 1u8..10, body in "[0-9]{5}") {
            let n = format!("{body}{}", check_digit(&body).unwrap() as char);
            prop_assert!(insurer_valid(&n));
            let mut b = n.into_bytes();
            b[i] = b'0' + (b[i] - b'0' + by) % 10;
            prop_assert!(!insurer_valid(std::str::from_utf8(&b).unwrap()));
        }

        #[test]
        fn nothing_panics(s in "\\PC{0,30}|[0-9()+ー-]{0,24}") {
            for p in phones(&s) {
                prop_assert!(p.span.end <= s.chars().count());
                prop_assert!(matches!(p.digits.len(), 10 | 11));
                prop_assert_eq!(phone_digits(&p.text), p.digits);
            }
            let _ = (postal(&s), digits(&s));
        }
    }
}
