//! Lines of a prescription: name, strength, dose, usage; and the nearest entry of a word list.

use std::sync::LazyLock;

use regex::Regex;

use super::confusion::distance_chars;
use super::fold::squeeze;
use super::lexicon::{Table, drugs};

static FORM: LazyLock<Regex> = LazyLock::new(|| {
    re(
        "[O0]D錠|錠|カプセル|細粒|顆粒|散|ドライシロップ|シロップ|吸入|点眼|点鼻|軟膏|クリーム|ローション|テープ|パッチ|パップ|坐剤|坐薬|ゼリー|内用液|注射|注|キット|ペン|エリプタ|ディスカス|貼付|液|末|フィルム|ゲル|配合",
    )
});
static STRENGTH: LazyLock<Regex> =
    LazyLock::new(|| re(r"\d+(?:\.\d+)?(?:mg|㎎|mcg|μg|μg|g|mL|ml|ML|%|単位|IU|mEq|万単位)"));
static DOSE: LazyLock<Regex> = LazyLock::new(|| {
    re(r"\d+(?:\.\d+)?(?:錠|T|C|Cap|カプセル|包|枚|吸入|滴|単位|本|個|mL|ml|g|管|瓶|噴霧|回分|日分|P)")
});
static USAGE: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"分\d|\d日\d?回?|1?日\d回|毎食[前後間]|食[前後間]|朝|昼|夕|眠前|就寝前|寝る前|頓[用服]|疼痛時|発熱時|便秘時|不眠時|不穏時|隔日|週\d回|起床時|×\d|\dx",
    )
});

fn re(pattern: &str) -> Regex {
    Regex::new(pattern).expect("constant pattern")
}

/// How much a text looks like one line of a prescription, 0..1.
pub fn plausible(text: &str) -> f32 {
    let t = squeeze(text);
    let n = t.chars().count();
    if !(3..=80).contains(&n) || t.contains('。') {
        return 0.0;
    }
    let mut score: f32 = 0.0;
    if known_drug(&t).is_some() {
        score += 0.45;
    }
    for (pattern, weight) in [(&FORM, 0.2), (&STRENGTH, 0.3), (&DOSE, 0.15), (&USAGE, 0.2)] {
        if pattern.is_match(&t) {
            score += weight;
        }
    }
    score.min(1.0)
}

/// A figure and what it counts: strengths, doses, days.
static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
    re(
        r"(\d+(?:[.,/]\d+)*)(mcg|mEq|mg|[μµuU]g|kg|g|mL|ml|ML|%|万?単位|IU|U|錠|Cap|cap|カプセル|包|枚|吸入|滴|本|個|管|瓶|噴霧|プッシュ|回分|日分|回|日|週|時間|T|C|P|V|A)",
    )
});

/// Figures of a text with the units behind them, in order: 5mg, 1錠, 28日分. A figure without a unit stands alone; white
/// space counts for nothing, so two figures that only it parts are one: to compare readings, not to understand them.
pub fn doses(text: &str) -> Vec<String> {
    static FIGURE: LazyLock<Regex> = LazyLock::new(|| re(r"\d+(?:[.,/]\d+)*"));
    let t = squeeze(text);
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(figure) = FIGURE.find_at(&t, at) {
        let whole = COUNTED.find_at(&t, figure.start()).filter(|m| m.start() == figure.start());
        let found = whole.unwrap_or(figure);
        out.push(found.as_str().to_owned());
        at = found.end();
    }
    out
}

/// Whether a line, or a cell of a table of drugs, holds a dose: cheaper and wider than [`plausible`].
pub fn dosed(text: &str) -> bool {
    static WANTED: LazyLock<Regex> = LazyLock::new(|| {
        re(
            r"\d(?:mcg|mEq|mg|[μµu]g|g|mL|ml|%|万?単位|IU|錠|Cap|カプセル|包|枚|吸入|滴|管|瓶|噴霧|プッシュ|回分|日分|T|C|P)|分\d|\d日?\d?回",
        )
    });
    let t = squeeze(text);
    // concentrations are a laboratory's: 3.2g/dL
    let dose = WANTED.find_iter(&t).any(|m| !t[m.end()..].starts_with('/') && !t[m.end()..].starts_with("dL"));
    dose && t.chars().count() <= 80 && !t.contains('。')
}

/// The drug of the list that a text begins with (after a number or bullet), longest entry first.
pub fn known_drug(text: &str) -> Option<&'static str> {
    let t = squeeze(text);
    let t = t.trim_start_matches(|c: char| c.is_ascii_digit() || ".)(・①②③④⑤⑥⑦⑧⑨-:【】「」般".contains(c));
    drugs().beginning(t, 24)
}

/// The entry of a word list that lies nearest to a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    pub word: &'static str,
    /// Weighted edit distance to it.
    pub distance: f32,
    /// Distance of the second-best entry minus that.
    pub margin: f32,
}

/// The entry nearest to a text, at most `most` away. Linear in the list: for lists of a thousand words.
pub fn nearest(table: &Table, text: &str, most: f32) -> Option<Nearest> {
    let t: Vec<char> = squeeze(text).chars().collect();
    let mut best: Option<(&'static str, f32)> = None;
    let mut second = f32::INFINITY;
    for word in table.words() {
        let w: Vec<char> = word.chars().collect();
        if w.len().abs_diff(t.len()) as f32 > most + 2.0 {
            continue;
        }
        let d = distance_chars(&t, &w);
        match best {
            Some((_, b)) if d >= b => second = second.min(d),
            _ => {
                second = best.map_or(second, |b| b.1);
                best = Some((word, d));
            }
        }
    }
    let (word, distance) = best?;
    let margin = if second.is_finite() { second - distance } else { most + 2.0 };
    (distance <= most).then_some(Nearest { word, distance, margin })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drug_lines() {
        for s in [
            "アムロジピン錠5mg 1錠 分1 朝食後",
            "ランソプラゾールOD錠15mg 1錠 分1 夕食後",
            "ブデソニド・ホルモテロール吸入 1回2吸入 1日2回",
            "酸化マグネシウム錠330mg 3錠 分3 毎食後",
        ] {
            assert!(plausible(s) > 0.6, "{s} {}", plausible(s));
        }
        for s in ["高血圧症", "海老原 光男", "夜間の喘鳴が続き、点滴と吸入で加療しました。", "令和8年6月16日"]
        {
            assert!(plausible(s) < 0.5, "{s} {}", plausible(s));
        }
        assert_eq!(known_drug("①アムロジピンOD錠5mg"), Some("アムロジピン"));
    }

    #[test]
    fn doses_are_figures_with_their_units() {
        assert_eq!(
            doses("ランソプラゾールOD錠15mg 1回0.5錠 分1 朝食後 28日分"),
            ["15mg", "1回", "0.5錠", "1", "28日分"]
        );
        assert!(dosed("1錠") && dosed("分3 毎食後") && dosed("酸化マグネシウム錠330mg"));
        assert!(!dosed("Alb 3.2g/dL") && !dosed("令和8年6月16日") && !dosed("高血圧症"));
    }

    #[test]
    fn nearest_entry() {
        let n = nearest(super::super::lexicon::diagnoses(), "高皿圧症", 1.5);
        assert!(n.as_ref().is_some_and(|n| n.word == "高血圧症"), "{n:?}");
        assert_eq!(nearest(super::super::lexicon::diagnoses(), "海老原光男", 1.5), None);
    }
}
