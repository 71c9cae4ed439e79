//! Misreadings that the kind of text alone puts right: 0D錠 is OD錠, 医擦法人 is 医療法人, 干葉県 is 千葉県.
//!
//! Closed sets of words and units only; names of people and places are never changed. Pure functions of text.

use std::sync::LazyLock;

use regex::Regex;

use super::address::PREFECTURES;
use super::institution;

type Rule = (Regex, &'static str);

fn rules(list: &[(&str, &'static str)]) -> Vec<Rule> {
    list.iter().map(|(p, to)| (Regex::new(p).expect("a pattern of the program's own"), *to)).collect()
}

fn apply(rules: &[Rule], text: &str) -> String {
    let mut out = text.to_owned();
    for (pattern, to) in rules {
        if pattern.is_match(&out) {
            out = pattern.replace_all(&out, *to).into_owned();
        }
    }
    out
}

/// One line of a prescription.
pub fn drug_line(text: &str) -> String {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        rules(&[
            (r"[0〇○O]D([錠鍵鐘領綻])", "OD$1"),
            (r"([0-9])μ[9qｇ]", "${1}μg"),
            (r"(OD|[ァ-ヺーa-zA-Z])[鍵鐘領綻婉菱録鋌]([0-9])", "${1}錠$2"),
            (r"([0-9])[鍵鐘綻婉菱鋌]", "${1}錠"),
            (r"皮[ドﾄﾞト]注", "皮下注"),
            (r"カ[ブプ]セル", "カプセル"),
            (r"[タクﾀ]食", "夕食"),
            (r"([0-9])\s*[xXｘ]\s*([毎朝昼夕就起食眠])", "${1}×$2"),
            (r"就.前", "就寝前"),
            // 1日3回 whose 日 was read as strokes: 錠1113回
            (
                r"(錠|包|mg|g|T|C|カプセル|枚|mL|個|量|本|単位)(\s*)1(?:1{1,2}|[曰口ロH\[|]1?|H1)([1-9])([回川間])",
                "${1}${2}1日${3}回",
            ),
            (r"(日[1-9])[川間]", "${1}回"),
            (r"1曰", "1日"),
            // 28日分 whose 日 was read as strokes
            (r"(^|[^0-9])([1-9]|[1-9][0-9])(?:11|H1?|曰|口)分$", "${1}${2}日分"),
            // a speck between a unit and the next figure
            (r"(錠|mg|μg|包|T|C|カプセル|枚|mL|個|キット|単位|パック)\s*[.,・。]\s*([0-9分])", "$1 $2"),
            (r"(分[1-9])[.,・]", "$1 "),
            (r"第[・.\-ー―－|]?鉄", "第一鉄"),
            (r"[.,・。>]+$", ""),
        ])
    });
    small_kana(&apply(&RULES, text))
}

/// IgA, IgG, IgM and IgE, whose first letter reads as a stroke: 1gA血管炎, lgG4関連疾患.
pub fn immunoglobulin(text: &str) -> String {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| rules(&[(r"(^|[^0-9A-Za-z])[1l|]g([AGME])", "${1}Ig$2")]));
    apply(&RULES, text)
}

/// ツ and small vowels inside katakana words that came from elsewhere: タツチ, アミノフアン.
pub fn small_kana(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let katakana = |c: Option<&char>| c.is_some_and(|c| matches!(c, 'ァ'..='ヺ' | 'ー'));
    for i in 1..chars.len() {
        let (before, after) = (chars[i - 1], chars.get(i + 1).copied());
        match chars[i] {
            'ツ' if katakana(Some(&before))
                && before != 'ン'
                && after.is_some_and(|a| "カキクケコサシスセソタチテトパピプペポ".contains(a)) =>
            {
                chars[i] = 'ッ';
            }
            'ア' if before == 'フ' && katakana(after.as_ref()) => chars[i] = 'ァ',
            'イ' if before == 'フ' && katakana(after.as_ref()) => chars[i] = 'ィ',
            _ => {}
        }
    }
    chars.into_iter().collect()
}

/// The name of an institution: the words that say what it is, never its own name.
pub fn institution(text: &str) -> String {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        rules(&[
            (r"N[PＰ][0〇○]法人", "NPO法人"),
            (r"(^|[^ァ-ヺー])才(ー[ァ-ヺ])", "${1}オ$2"),
            (r"^ハ([一-龥])", "八$1"),
            (r"([ァ-ヺ])二|二([ァ-ヺ])", "${1}ニ$2"),
            (r"七ンタ[ー一]", "センター"),
            (r"タ一$", "ター"),
        ])
    });
    known_words(&small_kana(&apply(&RULES, text)))
}

/// Words of an institution's kind in which one character (two of a long one) was misread.
///
/// What stands beside a word is the institution's own name and must not be taken for a part of it (中島病院 is no 中央病院):
/// the word's edges are right, and short words count only as legal persons in front or as katakana.
fn known_words(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    static WORDS: LazyLock<Vec<(Vec<char>, bool)>> = LazyLock::new(|| {
        let katakana = |w: &[char]| w.iter().all(|c| matches!(c, 'ァ'..='ヺ' | 'ー'));
        institution::kinds()
            .filter(|w| !w.contains(['(', '0']))
            .map(|w| (w.chars().collect::<Vec<char>>(), institution::is_corporation(w)))
            .filter(|(w, corporation)| {
                w.len()
                    >= if *corporation {
                        4
                    } else if katakana(w) {
                        5
                    } else {
                        6
                    }
            })
            .collect()
    });
    let words = &*WORDS;
    let known = |w: &[char]| words.iter().any(|o| o.0 == w);
    // what stands there already is no other word misread
    let mut right = vec![false; chars.len()];
    for (w, _) in words {
        for at in 0..(chars.len() + 1).saturating_sub(w.len()) {
            if chars[at..at + w.len()] == w[..] {
                right[at..at + w.len()].fill(true);
            }
        }
    }
    let mut found: Vec<(usize, usize, Vec<char>)> = Vec::new();
    for (w, corporation) in words {
        let n = w.len();
        for at in 0..(chars.len() + 1).saturating_sub(n) {
            if *corporation && at > 0 {
                break;
            }
            let wrong = (0..n).filter(|i| chars[at + i] != w[*i]).collect::<Vec<_>>();
            let most = if n >= 8 { 2 } else { 1 };
            let edge = |i: usize| i == 0 && !corporation || i + 1 == n && (!corporation || known(&w[..n - 1]));
            if (1..=most).contains(&wrong.len()) && wrong.iter().all(|i| !right[at + i] && !edge(*i)) {
                found.push((wrong.len(), at, w.clone()));
            }
        }
    }
    // the longest word first; two that differ where the page is misread are none
    found.sort_by_key(|f| (std::cmp::Reverse(f.2.len()), f.0));
    for (_, at, w) in &found {
        let rival = found.iter().any(|(_, b, v)| v.len() == w.len() && b == at && v != w);
        let open = w.iter().enumerate().all(|(i, c)| chars[at + i] == *c || !right[at + i]);
        if !rival && open {
            chars[*at..at + w.len()].copy_from_slice(w);
            right[*at..at + w.len()].fill(true);
        }
    }
    chars.into_iter().collect()
}

/// An address: its prefecture.
pub fn address(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let near = |p: &&&str| {
        let p: Vec<char> = p.chars().collect();
        let wrong = p.iter().zip(&chars).filter(|(a, b)| a != b).count();
        chars.len() > p.len() && chars[p.len() - 1] == p[p.len() - 1] && wrong <= 1
    };
    if PREFECTURES.iter().any(|p| text.starts_with(p)) {
        return text.to_owned();
    }
    let mut fits = PREFECTURES.iter().filter(near);
    match (fits.next(), fits.next()) {
        (Some(p), None) => p.chars().chain(chars[p.chars().count()..].iter().copied()).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prescriptions() {
        for (read, meant) in [
            ("メマンチン0D錠20mg 1錠 分1 夕食後", "メマンチンOD錠20mg 1錠 分1 夕食後"),
            ("エルデカルシトールカプセル0.75μ91C 分1", "エルデカルシトールカプセル0.75μg1C 分1"),
            ("シロスタゾールOD錠100mg2錠1112川朝・夕食後", "シロスタゾールOD錠100mg2錠1日2回朝・夕食後"),
            ("大建中湯エキス顆粒7.5g1113回毎食前", "大建中湯エキス顆粒7.5g1日3回毎食前"),
            ("アジルサルタン錠40mg1錠1日1川朝食後", "アジルサルタン錠40mg1錠1日1回朝食後"),
            ("インスリンデグルデク注フレツクスタツチ12単位", "インスリンデグルデク注フレックスタッチ12単位"),
            ("レボフロキサシン錠250mg1錠分1朝食後511分", "レボフロキサシン錠250mg1錠分1朝食後5日分"),
            ("アトルバスタチン錠10mg1T1xタ食後", "アトルバスタチン錠10mg1T1×夕食後"),
            ("シロドシンOD鍵4mg2錠1日2回", "シロドシンOD錠4mg2錠1日2回"),
            ("ルビプロストンカプセル24μg2C.分2", "ルビプロストンカプセル24μg2C 分2"),
            ("テルミサルタン錠40mg.1錠分1", "テルミサルタン錠40mg 1錠分1"),
            ("アムロジピン錠5mg 1錠 分1 朝食後 28日分", "アムロジピン錠5mg 1錠 分1 朝食後 28日分"),
            ("ツロブテロールテープ2mg 1枚", "ツロブテロールテープ2mg 1枚"),
        ] {
            assert_eq!(drug_line(read), meant, "{read}");
        }
    }

    #[test]
    fn institutions_and_places() {
        for (read, meant) in [
            ("医擦法人社団胡桃会くるみ在宅診療所", "医療法人社団胡桃会くるみ在宅診療所"),
            ("医療法人社|胡桃会", "医療法人社団胡桃会"),
            ("藤の木クリニツク", "藤の木クリニック"),
            ("こもれび訪問着護ステーション", "こもれび訪問看護ステーション"),
            ("NP0法人つばめの会", "NPO法人つばめの会"),
            ("才ーク在宅クリニック", "オーク在宅クリニック"),
            ("医療法人財団錦秋会紅葉丘病院", "医療法人財団錦秋会紅葉丘病院"),
            ("流山さつき居官介護支援事業所", "流山さつき居宅介護支援事業所"),
            ("東葛北病院機構", "東葛北病院機構"),
            // own names stay, however near a known word
            ("社会医療法人青陵会あおば中央病院", "社会医療法人青陵会あおば中央病院"),
            ("医療法人柏進会柏南総合病院", "医療法人柏進会柏南総合病院"),
            ("中島病院", "中島病院"),
            ("私立連合病院", "私立連合病院"),
            ("訪問看護リハステーションひかり", "訪問看護リハステーションひかり"),
        ] {
            assert_eq!(institution(read), meant, "{read}");
        }
        assert_eq!(address("干葉県柏市柏1-2-3"), "千葉県柏市柏1-2-3");
        assert_eq!(address("柏市柏1-2-3"), "柏市柏1-2-3");
        assert_eq!(address("福岡県柳川市1-2"), "福岡県柳川市1-2");
    }
}
