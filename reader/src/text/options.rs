//! Values of a closed list: sex, care level, grades of daily living, relations, urgency.
//!
//! Options are matched exactly after folding, never fuzzily (経鼻 and 経腸 are one edit apart).

use super::fold::{fold_text, squeeze};

/// `male` or `female` from 男, 女性, M, ♂ …; nothing where both stand there.
pub fn sex(text: &str) -> Option<&'static str> {
    let t = squeeze(text);
    let t = t.trim_matches(|c: char| "()[]〔〕【】・:.,、。性別".contains(c));
    let male = t.contains('男') || t.contains('♂') || matches!(t, "M" | "m" | "Male" | "MALE" | "male");
    let female = t.contains('女') || t.contains('♀') || matches!(t, "F" | "f" | "Female" | "FEMALE" | "female");
    // 正男, 長女: part of another word
    let other = |c: char| {
        let letter = c.is_alphabetic() && !c.is_ascii();
        letter && !"男女性別様殿氏歳才年月日生".contains(c)
    };
    if t.chars().any(other) {
        return None;
    }
    match (male, female) {
        (true, false) => Some("male"),
        (false, true) => Some("female"),
        _ => None,
    }
}

/// The care level that a text states (要介護3, 要支援１, 介護度:3, 申請中, 区分変更中, 非該当); nothing where it lists several.
pub fn care_level(text: &str) -> Option<&'static str> {
    const CARE: [&str; 5] = ["care_1", "care_2", "care_3", "care_4", "care_5"];
    const SUPPORT: [&str; 2] = ["support_1", "support_2"];
    let t = squeeze(text);
    let mut chars: Vec<char> = t.chars().collect();
    // 護 is misread more often than any other character here, and nothing else stands there
    for i in 2..chars.len().saturating_sub(1) {
        if chars[i - 2..i] == ['要', '介'] && ('一'..='鿿').contains(&chars[i]) && !"一二三四五".contains(chars[i])
        {
            chars[i] = '護';
        }
    }
    let number = |c: char| {
        "12345".find(c).or_else(|| "一二三四五".chars().position(|k| k == c)).or("IⅡⅢⅣⅤ".chars().position(|k| k == c))
    };
    let mut found: Vec<&'static str> = Vec::new();
    for (word, table) in [
        ("要介護度", &CARE[..]),
        ("要介護", &CARE[..]),
        ("介護度", &CARE[..]),
        ("要支援", &SUPPORT[..]),
        ("支援", &SUPPORT[..]),
    ] {
        let w: Vec<char> = word.chars().collect();
        let mut i = 0;
        while i + w.len() < chars.len() {
            if chars[i..].starts_with(&w) {
                let mut j = i + w.len();
                while chars.get(j).is_some_and(|c| ":・度()状態区分".contains(*c)) {
                    j += 1;
                }
                let several = chars.get(j + 1).is_some_and(|c| "・.,、/12345".contains(*c))
                    && chars.get(j + 2).is_none_or(|c| number(*c).is_some());
                match chars.get(j).and_then(|c| number(*c)).and_then(|n| table.get(n)) {
                    Some(_)
                        if several
                            && chars.get(j + 1).is_some_and(|c| {
                                number(*c).is_some() || chars.get(j + 2).is_some_and(|c| number(*c).is_some())
                            }) =>
                    {
                        return None;
                    }
                    Some(v) if !found.contains(v) => found.push(v),
                    _ => {}
                }
            }
            i += 1;
        }
    }
    let applying = ["申請中", "新規申請", "認定待ち", "暫定"].iter().any(|w| t.contains(w))
        || fold_text(&t).contains(&fold_text("申請中"));
    let none =
        ["非該当", "自立", "認定なし", "未認定", "未申請", "該当なし"].iter().any(|w| t.contains(w)) || t == "なし";
    match (found.as_slice(), applying, none) {
        ([one], false, false) => Some(one),
        // A level in force while a change is asked for.
        ([one], true, false) if t.contains("区分変更") => Some(one),
        ([], true, false) => Some("applying"),
        ([], false, true) => Some("none"),
        _ => None,
    }
}

/// A grade of daily living: `independent`, `supervised`, `partial`, `full`. Three-grade forms say 自立, 一部介助, 全介助.
pub fn adl(text: &str) -> Option<&'static str> {
    let t = fold_text(text);
    let has = |words: &[&str]| words.iter().any(|w| t.contains(&fold_text(w)));
    let partial = has(&["一部介助", "部分介助", "半介助", "軽介助", "中等度介助", "一部", "要介助"]);
    let full = has(&["全介助", "全面介助", "全部介助", "重介助", "寝たきり"]);
    let supervised = has(&["見守り", "見守", "監視", "声かけ", "声掛け", "準備のみ"]);
    let independent = has(&["自立", "介助なし", "可能", "ひとりで", "一人で"]);
    match (independent, supervised, partial, full) {
        (true, false, false, false) => Some("independent"),
        (false, true, false, false) => Some("supervised"),
        (false, false, true, false) => Some("partial"),
        (false, false, false, true) => Some("full"),
        _ => None,
    }
}

/// The heavier of two grades (排尿 and 排便 under `adl.toileting`).
pub fn heavier_adl(a: &'static str, b: &'static str) -> &'static str {
    const ORDER: [&str; 4] = ["independent", "supervised", "partial", "full"];
    let rank = |x| ORDER.iter().position(|o| *o == x).unwrap_or(0);
    if rank(b) > rank(a) { b } else { a }
}

/// `urgent` where the text says 至急, 緊急, 大至急 …, `routine` where it says 通常 or 普通.
pub fn urgency(text: &str) -> Option<&'static str> {
    let t = squeeze(text);
    let urgent = ["至急", "緊急", "大至急", "急ぎ", "URGENT", "Urgent", "urgent"].iter().any(|w| t.contains(w))
        && !t.contains("緊急連絡")
        && !t.contains("緊急時")
        && !t.contains("急ぎません")
        && !t.contains("緊急入院");
    let routine = ["通常", "普通", "急ぎません"].iter().any(|w| t.contains(w));
    match (urgent, routine) {
        (true, false) => Some("urgent"),
        (false, true) => Some("routine"),
        _ => None,
    }
}

/// Words of kinship and closeness to the patient, longest first where one holds another.
pub const RELATIONS: &[&str] = &[
    "同居の長男",
    "同居の長女",
    "長男の妻",
    "長男の嫁",
    "次男の妻",
    "次男の嫁",
    "二男の妻",
    "三男の妻",
    "長女の夫",
    "次女の夫",
    "成年後見人",
    "後見人",
    "保佐人",
    "補助人",
    "内縁の妻",
    "内縁の夫",
    "配偶者",
    "義理の娘",
    "義理の息子",
    "従兄弟",
    "従姉妹",
    "いとこ",
    "義父",
    "義母",
    "義兄",
    "義姉",
    "義弟",
    "義妹",
    "養子",
    "養女",
    "養父",
    "養母",
    "長男",
    "次男",
    "二男",
    "三男",
    "四男",
    "五男",
    "長女",
    "次女",
    "二女",
    "三女",
    "四女",
    "五女",
    "息子",
    "子",
    "娘",
    "嫁",
    "婿",
    "妻",
    "夫",
    "父",
    "母",
    "兄",
    "姉",
    "弟",
    "妹",
    "孫",
    "祖父",
    "祖母",
    "伯父",
    "伯母",
    "叔父",
    "叔母",
    "甥",
    "姪",
    "友人",
    "知人",
    "隣人",
    "民生委員",
    "本人",
    "内縁",
    "家族",
    "親戚",
    "親族",
    "施設長",
    "施設職員",
];

/// The relation that a text is (brackets and 続柄 around it do not count); nothing where more stands there.
pub fn relation(text: &str) -> Option<&'static str> {
    let t = squeeze(text);
    let t = t.trim_start_matches("続柄").trim_matches(|c: char| "()[]〔〕:・.,、。<>〈〉".contains(c));
    RELATIONS.iter().find(|r| **r == t).copied()
}

/// The first relation in brackets in a text: `山田 太郎(長男)`.
pub fn bracketed_relation(text: &str) -> Option<(&'static str, std::ops::Range<usize>)> {
    let n = super::fold::nfkc_mapped(text);
    let mut open = None;
    for (i, c) in n.chars.iter().enumerate() {
        match c {
            '(' | '〔' | '[' => open = Some(i),
            ')' | '〕' | ']' => {
                if let Some(o) = open.take()
                    && let Some(r) = relation(&n.chars[o + 1..i].iter().collect::<String>())
                {
                    return Some((r, n.span(o..i + 1)));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sexes() {
        assert_eq!(sex("男性"), Some("male"));
        assert_eq!(sex("（女）"), Some("female"));
        assert_eq!(sex("F"), Some("female"));
        assert_eq!(sex("男・女"), None);
        assert_eq!(sex("正男"), None);
        assert_eq!(sex("女 77歳"), Some("female"));
        assert_eq!(sex(""), None);
    }

    #[test]
    fn care_levels() {
        for (s, want) in [
            ("要介護3", Some("care_3")),
            ("要介護　５", Some("care_5")),
            ("要支援１", Some("support_1")),
            ("介護度:2", Some("care_2")),
            ("要介護度：4", Some("care_4")),
            ("要介護二", Some("care_2")),
            ("申請中", Some("applying")),
            ("要介護2(区分変更申請中)", Some("care_2")),
            ("要介謹3", Some("care_3")),
            ("非該当", Some("none")),
            ("要介護1・2・3・4・5", None),
            ("要介護12345", None),
            ("要支援3", None),
            ("要介護1 要支援2", None),
            ("要介護", None),
        ] {
            assert_eq!(care_level(s), want, "{s}");
        }
    }

    #[test]
    fn grades() {
        assert_eq!(adl("自立"), Some("independent"));
        assert_eq!(adl("見守り"), Some("supervised"));
        assert_eq!(adl("一部介助"), Some("partial"));
        assert_eq!(adl("ー部介助"), Some("partial"));
        assert_eq!(adl("全介助"), Some("full"));
        assert_eq!(adl("自立 見守り 一部介助 全介助"), None);
        assert_eq!(heavier_adl("supervised", "full"), "full");
        assert_eq!(heavier_adl("partial", "independent"), "partial");
    }

    #[test]
    fn relations_and_urgency() {
        assert_eq!(relation("(長男)"), Some("長男"));
        assert_eq!(relation("続柄：妻"), Some("妻"));
        assert_eq!(relation("山田"), None);
        assert_eq!(bracketed_relation("金井 初枝（長女）"), Some(("長女", 5..9)));
        assert_eq!(urgency("【至急】"), Some("urgent"));
        assert_eq!(urgency("緊急連絡先"), None);
    }
}
