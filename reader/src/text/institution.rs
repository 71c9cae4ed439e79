//! Names of hospitals, clinics, stations and offices.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::fold::{clean, fold_text, is_plain_nfkc, squeeze};

/// What such a name ends in, longest first where one ends in another.
pub const SUFFIXES: &[&str] = &[
    "居宅介護支援事業所",
    "居宅介護支援センター",
    "訪問看護ステーション",
    "訪問看護事業所",
    "訪問介護事業所",
    "介護支援事業所",
    "居宅支援事業所",
    "リハビリテーション病院",
    "リハビリテーションセンター",
    "地域包括支援センター",
    "包括支援センター",
    "在宅介護支援センター",
    "高齢者支援センター",
    "地域医療連携室",
    "医療センター",
    "総合病院",
    "大学病院",
    "附属病院",
    "付属病院",
    "中央病院",
    "赤十字病院",
    "市民病院",
    "県立病院",
    "市立病院",
    "記念病院",
    "療養所",
    "診療所",
    "クリニック",
    "クリニツク",
    "病院",
    "医院",
    "歯科",
    "介護老人保健施設",
    "老人保健施設",
    "特別養護老人ホーム",
    "有料老人ホーム",
    "グループホーム",
    "ケアセンター",
    "ケアサポート",
    "ケアプランセンター",
    "ケアステーション",
    "ケアプラン",
    "ケアマネジメント",
    "ケアマネージメント",
    "ケアオフィス",
    "ケアマネセンター",
    "相談支援センター",
    "メディカルセンター",
    "リハビリステーション",
    "ナーシングホーム",
    "ホスピタル",
    "デイサービスセンター",
    "デイサービス",
    "調剤薬局",
    "薬局",
    "事業所",
    "支援センター",
    "保健センター",
    "保健所",
    "助産院",
    "医師会",
    "ステーション",
    "ホーム",
    "センター",
    "事務所",
    "市役所",
    "役所",
    "ケアプランサービス",
    "ケアサービス",
    "介護サービス",
    "介護支援サービス",
];

/// Legal persons that stand in front, longest first.
const CORPORATIONS: &[&str] = &[
    "NPO法人",
    "NP0法人",
    "特定非営利活動(NPO)法人",
    "認定NPO法人",
    "医療法人会",
    "合資会社",
    "一般社団",
    "国家公務員共済組合連合会",
    "地方独立行政法人",
    "国立研究開発法人",
    "特定非営利活動法人",
    "医療生活協同組合",
    "社会医療法人社団",
    "社会医療法人財団",
    "特定医療法人社団",
    "特定医療法人財団",
    "独立行政法人",
    "医療法人社団",
    "医療法人財団",
    "社会医療法人",
    "特定医療法人",
    "社会福祉法人",
    "一般社団法人",
    "公益社団法人",
    "一般財団法人",
    "公益財団法人",
    "国立大学法人",
    "生活協同組合",
    "日本赤十字社",
    "社会福祉協議会",
    "医療法人",
    "学校法人",
    "宗教法人",
    "NPO法人",
    "社団法人",
    "財団法人",
    "株式会社",
    "有限会社",
    "合同会社",
    "(医社)",
    "(医)",
    "(社福)",
    "(株)",
    "(有)",
    "(合)",
];

/// Every word that says what kind of institution or legal person a name is.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    CORPORATIONS.iter().chain(SUFFIXES).copied().filter(|w| *w != "クリニツク")
}

/// Whether a word of [`kinds`] stands in front of a name, as a legal person.
pub fn is_corporation(kind: &str) -> bool {
    CORPORATIONS.contains(&kind)
}

/// Kinds that stand in front of a name: 訪問看護ステーションかえで, ケアプランすみれ.
const FIRST: &[&str] = &[
    "訪問看護ステーション",
    "訪問看護リハビリステーション",
    "訪問看護",
    "居宅介護支援事業所",
    "居宅介護支援センター",
    "地域包括支援センター",
    "ケアプランセンター",
    "ケアプラン",
    "ケアサポート",
    "ケアマネジメント",
    "ケアオフィス",
    "ケアステーション",
    "ケアセンター",
    "在宅介護支援センター",
    "有料老人ホーム",
    "住宅型有料老人ホーム",
    "介護付有料老人ホーム",
    "医療センター",
    "介護老人保健施設",
    "特別養護老人ホーム",
    "グループホーム",
    "サービス付き高齢者向け住宅",
    "ナースステーション",
    "ケアマネオフィス",
    "ケアマネステーション",
    "居宅支援センター",
    "居宅介護支援",
    "介護支援センター",
    "在宅ケアセンター",
    "ヘルパーステーション",
    "ケアマネジメントセンター",
    "ケアプランニング",
    "小規模多機能型居宅介護",
    "看護小規模多機能",
];

/// Whether a text is nothing but a kind that stands in front of names.
pub fn kind_alone(text: &str) -> bool {
    FIRST.contains(&split_corporation(text).1.as_str())
}

/// Whether a text begins with a kind of institution, as names of stations and offices do.
pub fn kind_in_front(text: &str) -> bool {
    FIRST.iter().any(|f| text.starts_with(f))
}

/// Titles of sheets, which end like nothing else.
const SHEETS: &[&str] = &["書", "票", "サマリー", "サマリ", "要約", "用紙", "一覧", "案内", "通知", "報告", "のお願い"];

/// The suffix that a name ends in.
pub fn suffix(name: &str) -> Option<&'static str> {
    static LAST: LazyLock<BTreeSet<char>> =
        LazyLock::new(|| SUFFIXES.iter().filter_map(|s| s.chars().next_back()).collect());
    let last = name.trim_end().chars().next_back()?;
    if is_plain_nfkc(last) && !LAST.contains(&last) {
        return None;
    }
    let t = squeeze(name);
    SUFFIXES.iter().find(|s| t.ends_with(**s)).copied()
}

/// The legal person in front (`医療法人社団 わかば会`) and the institution's own name.
pub fn split_corporation(name: &str) -> (Option<String>, String) {
    let name = clean(name);
    let Some(kind) = CORPORATIONS.iter().find(|c| name.starts_with(**c)) else {
        return (None, name);
    };
    let rest = name[kind.len()..].trim_start();
    let commercial = kind.ends_with("会社")
        || matches!(*kind, "(株)" | "(有)" | "(合)" | "日本赤十字社" | "生活協同組合" | "医療生活協同組合");
    // The page's own space first: 医療法人社団 わかば会 東柏わかば病院.
    if let Some((first, own)) = rest.split_once(' ')
        && !own.trim().is_empty()
        && (commercial || suffix(first).is_none())
    {
        return (Some(format!("{kind} {first}")), own.trim().to_owned());
    }
    if !commercial {
        for end in ["会", "財団", "社団", "機構", "事業団", "学園", "協会"] {
            if let Some(at) = rest.find(end).filter(|at| *at > 0) {
                let (first, own) = rest.split_at(at + end.len());
                let own = own.trim();
                if own.chars().count() >= 3 && (suffix(own).is_some() || own.chars().count() >= 4) {
                    return (Some(format!("{kind} {first}")), own.to_owned());
                }
            }
        }
    }
    (Some((*kind).to_owned()), rest.to_owned())
}

/// The form in which names of institutions are compared: own name, folded, without spaces, brackets and 御中.
pub fn comparable(name: &str) -> String {
    let (stripped, _) = super::names::strip_honorific(name);
    let (_, own) = split_corporation(&stripped);
    let own = if own.is_empty() { stripped } else { own };
    fold_text(&own).chars().filter(|c| !"()「」『』.,:".contains(*c)).collect()
}

/// The name without specks that the scan left between a legal person and its house, or behind the last word:
/// 社会福祉法人・恩寵会冬野病院, 医療法人.樫の会オーク医院, 若葉訪問看護ステーションー.
pub fn unspeckled(name: &str) -> String {
    const SPECKS: [char; 7] = ['・', '、', '.', ',', '，', '．', '\''];
    let Some(kind) = CORPORATIONS.iter().find(|c| name.starts_with(**c)) else {
        return untailed(name);
    };
    let rest = name[kind.len()..].trim_start_matches(|c: char| SPECKS.contains(&c));
    let gap = if name[kind.len()..].starts_with(' ') { " " } else { "" };
    let mut rest = rest.trim_start().to_owned();
    for end in ["会", "財団", "社団", "機構", "事業団", "学園", "協会"] {
        if let Some(at) = rest.find(end).map(|a| a + end.len())
            && let Some(own) = rest[at..].strip_prefix(SPECKS)
            && suffix(own).is_some()
        {
            rest = format!("{}{}", &rest[..at], own);
            break;
        }
    }
    untailed(&format!("{kind}{gap}{rest}"))
}

fn untailed(name: &str) -> String {
    let head = name.trim_end_matches(['ー', '一', '-', '・', '.', '、', '\'']);
    let kana = ["ステーション", "センター", "クリニック", "ホーム"];
    let whole = name.strip_suffix('ー').is_some_and(|n| n.ends_with("センタ"));
    if !whole && head.len() < name.len() && kana.iter().any(|k| head.ends_with(k)) {
        head.to_owned()
    } else {
        name.to_owned()
    }
}

/// How much a string looks like the name of an institution, 0..1.
pub fn plausible(text: &str) -> f32 {
    let (t, honorific) = super::names::strip_honorific(text);
    let s = squeeze(&t);
    let n = s.chars().count();
    if !(3..=50).contains(&n) || s.chars().any(|c| "。?!=〒様".contains(c)) || SHEETS.iter().any(|w| s.ends_with(w))
    {
        return 0.0;
    }
    // 居宅介護支援事業所名 asks for a name
    if s.ends_with("名") || s.ends_with("名称") {
        return 0.0;
    }
    let Some(end) = suffix(&s) else {
        // 訪問看護ステーションかえで, ケアプランすみれ: the kind stands in front
        let own = split_corporation(&s).1;
        let own = own.trim_end_matches(')');
        let named = FIRST.iter().find_map(|f| own.strip_prefix(f)).map(|r| r.chars().count());
        // けやきの郷 is a name, 訪問看護のお願い is none
        let sentence = FIRST.iter().find_map(|f| own.strip_prefix(f)).is_some_and(|r| {
            r.starts_with('の') || r.contains(['を', 'へ', '、']) || r.contains('に') && r.chars().count() > 5
        });
        if named.is_some_and(|r| (1..=12).contains(&r)) && !sentence {
            return 0.8;
        }
        if own_practice(own) {
            return if honorific == Some("御中") { 0.8 } else { 0.6 };
        }
        let known_inside = SUFFIXES.iter().take(36).any(|w| s.contains(*w));
        let corporation = CORPORATIONS.iter().any(|c| s.starts_with(*c));
        // 社会福祉法人縁会: the legal person alone, its house stands elsewhere
        if corporation && own.chars().count() <= 6 && own.ends_with(['会', '団', '社']) {
            return 0.35;
        }
        return match (corporation, known_inside, honorific) {
            (true, ..) => 0.6,
            (_, true, Some("御中")) => 0.7,
            (_, true, _) => 0.4,
            (_, _, Some("御中")) => 0.5,
            _ => 0.0,
        };
    };
    if s == end {
        // The bare word names nobody.
        return 0.1;
    }
    let weak =
        matches!(end, "事業所" | "センター" | "ホーム" | "ステーション" | "事務所" | "役所" | "歯科" | "支援センター");
    let label = ["紹介", "医療機関", "送信", "当", "貴", "他", "受診", "入院先"]
        .iter()
        .any(|w| s.starts_with(w) && n <= w.chars().count() + 4);
    let base: f32 = if weak { 0.6 } else { 0.85 };
    (base + if honorific == Some("御中") { 0.1 } else { 0.0 } - if label { 0.5 } else { 0.0 }).clamp(0.0, 1.0)
}

/// 木もれび内科: a practice named after its speciality; 循環器内科 is a department.
fn own_practice(s: &str) -> bool {
    const SPECIALITIES: &[&str] = &[
        "内科",
        "外科",
        "眼科",
        "小児科",
        "皮膚科",
        "耳鼻科",
        "耳鼻咽喉科",
        "整形外科",
        "泌尿器科",
        "婦人科",
        "胃腸科",
        "胃腸内科",
        "産婦人科",
        "リハビリテーション科",
        "ペインクリニック科",
        "精神科",
        "心療内科",
    ];
    const DEPARTMENTS: &[&str] = &[
        "循環器",
        "消化器",
        "呼吸器",
        "神経",
        "脳神経",
        "腎臓",
        "血液",
        "糖尿病",
        "一般",
        "総合",
        "漢方",
        "心療",
        "内分泌",
        "代謝",
        "腫瘍",
        "緩和",
        "リウマチ",
        "アレルギー",
        "老年",
        "整形",
        "形成",
        "心臓",
        "血管",
        "小児",
        "乳腺",
        "甲状腺",
        "救急",
        "肝臓",
        "感染症",
        "膠原病",
        "産",
        "第一",
        "第二",
        "第三",
        "病棟",
        "診療科",
        "科",
    ];
    let alone = SPECIALITIES.iter().filter_map(|x| s.strip_suffix(x)).any(|stem| {
        stem.chars().count() >= 2
            && !DEPARTMENTS.iter().any(|d| stem.ends_with(d) || stem.starts_with("脳神経"))
            && !stem.contains(['・', '階', '病'])
    });
    // とどろき内科神経内科, おおたかの森循環器内科, 岸本内科胃腸科: what is left when all specialities are taken off is a name
    let mut stem = s;
    while let Some(rest) = SPECIALITIES.iter().find_map(|x| stem.strip_suffix(x)) {
        let modifiers = DEPARTMENTS.iter().filter(|d| !matches!(**d, "科" | "診療科" | "病棟"));
        stem = modifiers.filter_map(|d| rest.strip_suffix(d)).next().unwrap_or(rest);
    }
    let hiragana = stem.chars().filter(|c| ('ぁ'..='ん').contains(c)).count() >= 2;
    let family = super::names::known_surname(stem) && stem.chars().count() >= 2;
    let named = stem.len() < s.len() && (hiragana || family) && !stem.contains(['・', '階', '病', 'を', 'は', '、']);
    alone || named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corporations_split() {
        for (s, corp, own) in [
            ("医療法人社団 わかば会 東柏わかば病院", Some("医療法人社団 わかば会"), "東柏わかば病院"),
            ("医療法人社団わかば会東柏わかば病院", Some("医療法人社団 わかば会"), "東柏わかば病院"),
            ("医療法人社団わかば会　東柏わかば病院", Some("医療法人社団 わかば会"), "東柏わかば病院"),
            ("株式会社 ケア ひまわり訪問看護ステーション", Some("株式会社 ケア"), "ひまわり訪問看護ステーション"),
            ("医療法人 鈴木医院", Some("医療法人"), "鈴木医院"),
            ("光ヶ丘ゆずりは医院", None, "光ヶ丘ゆずりは医院"),
        ] {
            assert_eq!(split_corporation(s), (corp.map(str::to_owned), own.to_owned()), "{s}");
        }
    }

    #[test]
    fn specks_are_no_part_of_a_name() {
        for (read, want) in [
            ("社会福祉法人・恩寵会冬野総合病院", "社会福祉法人恩寵会冬野総合病院"),
            ("社会福祉法人恩寵会・冬野総合病院", "社会福祉法人恩寵会冬野総合病院"),
            ("医療法人.樫の会オーク在宅クリニック", "医療法人樫の会オーク在宅クリニック"),
            ("医療法人社団 わかば会 東柏わかば病院", "医療法人社団 わかば会 東柏わかば病院"),
            ("若葉訪問看護ステーションー", "若葉訪問看護ステーション"),
            ("若葉支援センター", "若葉支援センター"),
            ("ケアマネジメント・北斗", "ケアマネジメント・北斗"),
        ] {
            assert_eq!(unspeckled(read), want);
        }
        for s in ["とどろき内科神経内科", "おおたかの森循環器内科", "岸本内科胃腸科"] {
            assert!(plausible(s) >= 0.6, "{s}");
        }
        for s in ["循環器内科", "脳神経内科", "腎・高血圧内科", "総合内科", "リウマチ膠原病内科"]
        {
            assert!(plausible(s) < 0.5, "{s}");
        }
        assert!(plausible("居宅介護支援事業所名") == 0.0 && plausible("居宅介護支援けやきの郷") >= 0.8);
    }

    #[test]
    fn comparable_names() {
        assert_eq!(comparable("光ヶ丘ゆずりは医院"), comparable("光ケ丘 ゆずりは 医院 御中"));
        assert_eq!(comparable("医療法人社団 わかば会 東柏わかば病院"), comparable("東柏わかば病院"));
        assert_ne!(comparable("東柏わかば病院"), comparable("西柏わかば病院"));
    }

    #[test]
    fn plausibility() {
        for s in
            ["光ヶ丘ゆずりは医院", "東柏わかば病院 御中", "きさらぎ訪問看護ステーション", "ケアサポートきさらぎ御中"]
        {
            assert!(plausible(s) >= 0.5, "{s}: {}", plausible(s));
        }
        for s in [
            "病院",
            "訪問看護指示書",
            "訪問看護サマリー",
            "紹介元医療機関",
            "海老原 光男",
            "退院後は自宅へ戻られました。",
        ] {
            assert!(plausible(s) < 0.4, "{s}: {}", plausible(s));
        }
    }
}
