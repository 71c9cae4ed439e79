//! NFKC, white space, variant and look-alike folding, with the way back to the original characters.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::compose;

/// A folded string and, for each of its characters, the index of the original character that it came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folded {
    pub chars: Vec<char>,
    /// `map[i]`: index (in characters) of the original that gave `chars[i]`; ascending.
    pub map: Vec<usize>,
    /// Number of original characters.
    pub original: usize,
}

impl Folded {
    pub fn text(&self) -> String {
        self.chars.iter().collect()
    }
    pub fn len(&self) -> usize {
        self.chars.len()
    }
    pub fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }
    /// Range of original characters that the folded range covers; an empty range stays empty.
    pub fn span(&self, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let start = self.map.get(range.start).copied().unwrap_or(self.original);
        match range.end.checked_sub(1).and_then(|i| self.map.get(i)) {
            Some(last) if range.end > range.start => start..last + 1,
            _ => start..start,
        }
    }
}

/// NFKC character by character, white space removed, each result mapped to its original.
/// (Half-width voicing marks join the kana before them, as NFKC of the whole string would do.)
pub(crate) fn nfkc_mapped(s: &str) -> Folded {
    let mut out = Folded::default();
    for (i, ch) in s.chars().enumerate() {
        out.original = i + 1;
        if is_plain_nfkc(ch) {
            out.chars.push(ch);
            out.map.push(i);
            continue;
        }
        // The spacing marks ゛゜ decompose to a space and the combining mark.
        let decomposed: Vec<char> = match ch {
            '゛' | 'ﾞ' => vec!['\u{3099}'],
            '゜' | 'ﾟ' => vec!['\u{309A}'],
            _ => std::iter::once(ch).nfkc().collect(),
        };
        for c in decomposed {
            if matches!(c, '\u{3099}' | '\u{309A}') {
                if let Some(last) = out.chars.last_mut()
                    && let Some(joined) = compose(*last, c)
                {
                    *last = joined;
                }
                continue;
            }
            if c.is_whitespace() || c.is_control() || c == '\u{200B}' || c == '\u{FEFF}' {
                continue;
            }
            out.chars.push(c);
            out.map.push(i);
        }
    }
    out
}

/// Characters that NFKC leaves as they are, among those that nearly all text is made of: printing ASCII, kana without
/// marks of their own, unified ideographs.
pub(super) fn is_plain_nfkc(c: char) -> bool {
    matches!(c, '!'..='~' | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | 'ー' | '\u{4E00}'..='\u{9FFF}')
}

/// NFKC, white space trimmed and collapsed to single ASCII spaces.
pub fn nfkc(s: &str) -> String {
    let n: String = if s.chars().all(|c| c == ' ' || is_plain_nfkc(c)) { s.to_owned() } else { s.nfkc().collect() };
    n.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// NFKC without any white space: the form in which values are compared.
pub fn squeeze(s: &str) -> String {
    if s.chars().all(is_plain_nfkc) { s.to_owned() } else { nfkc_mapped(s).text() }
}

/// Characters that a recogniser trained on Chinese gives where Japanese print has another; none of them is in use in
/// Japanese text of today. Two columns: what is read, what was printed.
const FOREIGN: &[(char, char)] = &[
    ('每', '毎'),
    ('查', '査'),
    ('內', '内'),
    ('悅', '悦'),
    ('錄', '録'),
    ('歷', '歴'),
    ('黑', '黒'),
    ('压', '圧'),
    ('单', '単'),
    ('带', '帯'),
    ('锭', '錠'),
    ('药', '薬'),
    ('疗', '療'),
    ('产', '産'),
    ('诊', '診'),
    ('绍', '紹'),
    ('护', '護'),
    ('问', '問'),
    ('间', '間'),
    ('门', '門'),
    ('电', '電'),
    ('话', '話'),
    ('码', '碼'),
    ('办', '弁'),
    ('东', '東'),
    ('车', '車'),
    ('长', '長'),
    ('马', '馬'),
    ('鸟', '鳥'),
    ('岛', '島'),
    ('贝', '貝'),
    ('见', '見'),
    ('说', '説'),
    ('请', '請'),
    ('认', '認'),
    ('记', '記'),
    ('设', '設'),
    ('试', '試'),
    ('语', '語'),
    ('误', '誤'),
    ('调', '調'),
    ('贵', '貴'),
    ('费', '費'),
    ('还', '還'),
    ('进', '進'),
    ('连', '連'),
    ('运', '運'),
    ('过', '過'),
    ('达', '達'),
    ('远', '遠'),
    ('选', '選'),
    ('邮', '郵'),
    ('针', '針'),
    ('银', '銀'),
    ('铁', '鉄'),
    ('肠', '腸'),
    ('脏', '臓'),
    ('脑', '脳'),
    ('动', '動'),
    ('劳', '労'),
    ('势', '勢'),
    ('热', '熱'),
    ('应', '応'),
    ('总', '総'),
    ('继', '継'),
    ('续', '続'),
    ('经', '経'),
    ('结', '結'),
    ('给', '給'),
    ('络', '絡'),
    ('终', '終'),
    ('级', '級'),
    ('约', '約'),
    ('纪', '紀'),
    ('线', '線'),
    ('组', '組'),
    ('细', '細'),
    ('维', '維'),
    ('缩', '縮'),
    ('缓', '緩'),
    ('减', '減'),
    ('测', '測'),
    ('济', '済'),
    ('渔', '漁'),
    ('溫', '温'),
    ('濕', '湿'),
    ('狀', '状'),
    ('獨', '独'),
    ('樣', '様'),
    ('氣', '気'),
    ('步', '歩'),
    ('卽', '即'),
    ('旣', '既'),
    ('淸', '清'),
    ('靑', '青'),
    ('戶', '戸'),
    ('吕', '呂'),
    ('綠', '緑'),
    ('绿', '緑'),
    ('稅', '税'),
    ('說', '説'),
    ('銳', '鋭'),
    ('閱', '閲'),
    ('脫', '脱'),
    ('顏', '顔'),
    ('產', '産'),
    ('彥', '彦'),
    ('强', '強'),
    ('硏', '研'),
    ('飮', '飲'),
    ('饭', '飯'),
    ('饮', '飲'),
    ('馀', '余'),
    ('鷄', '鶏'),
    ('淚', '涙'),
    ('巢', '巣'),
    ('戾', '戻'),
    ('乘', '乗'),
    ('囗', '口'),
    ('⼝', '口'),
    ('臟', '臓'),
    ('殼', '殻'),
    ('齡', '齢'),
    ('髓', '髄'),
    ('專', '専'),
    ('腦', '脳'),
    ('膽', '胆'),
    ('發', '発'),
    ('對', '対'),
    ('經', '経'),
    ('齒', '歯'),
    ('應', '応'),
    ('觸', '触'),
    ('營', '営'),
    ('檢', '検'),
    ('攝', '摂'),
    ('聽', '聴'),
    ('膓', '腸'),
    ('讀', '読'),
    ('轉', '転'),
    ('輕', '軽'),
    ('續', '続'),
    ('總', '総'),
    ('縣', '県'),
    ('號', '号'),
    ('處', '処'),
    ('覺', '覚'),
    ('殘', '残'),
    ('歸', '帰'),
    ('當', '当'),
    ('畫', '画'),
    ('癡', '痴'),
    ('亞', '亜'),
    ('假', '仮'),
    ('價', '価'),
    ('體', '体'),
    ('點', '点'),
    ('藥', '薬'),
    ('醫', '医'),
    ('傳', '伝'),
    ('拔', '抜'),
    ('晝', '昼'),
    ('變', '変'),
    ('豫', '予'),
    ('與', '与'),
    ('兩', '両'),
    ('隨', '随'),
    ('痲', '麻'),
    ('繼', '継'),
    ('關', '関'),
    ('觀', '観'),
    ('驅', '駆'),
    ('臺', '台'),
    ('團', '団'),
    ('劑', '剤'),
    ('濟', '済'),
    ('將', '将'),
    ('數', '数'),
    ('舊', '旧'),
    ('雙', '双'),
    ('穩', '穏'),
    ('圍', '囲'),
    ('圓', '円'),
    ('區', '区'),
    ('燒', '焼'),
];

/// Old or rare forms of a character that people use in names (and OCR exchanges): what may stand there, the plain form.
/// Two names that differ only here are *similar*, never equal; search takes them for one.
/// Sources: the older forms in brackets of 常用漢字表 (内閣告示第2号, 2010) and of 人名用漢字 (戸籍法施行規則 別表第二);
/// 髙 﨑 邉 嶌 𠮷 冨 and others of names from 誤字俗字・正字一覧表 (法務省民事局長通達, 2004).
const VARIANT: &[(char, char)] = &[
    ('髙', '高'),
    ('﨑', '崎'),
    ('嵜', '崎'),
    ('埼', '崎'),
    ('碕', '崎'),
    ('邊', '辺'),
    ('邉', '辺'),
    ('齋', '斎'),
    ('齊', '斎'),
    ('斉', '斎'),
    ('濱', '浜'),
    ('濵', '浜'),
    ('澤', '沢'),
    ('櫻', '桜'),
    ('嶋', '島'),
    ('嶌', '島'),
    ('龍', '竜'),
    ('瀧', '滝'),
    ('眞', '真'),
    ('惠', '恵'),
    ('德', '徳'),
    ('瀨', '瀬'),
    ('藏', '蔵'),
    ('榮', '栄'),
    ('壽', '寿'),
    ('禮', '礼'),
    ('實', '実'),
    ('與', '与'),
    ('萬', '万'),
    ('佛', '仏'),
    ('圓', '円'),
    ('應', '応'),
    ('劍', '剣'),
    ('劔', '剣'),
    ('釼', '剣'),
    ('鐵', '鉄'),
    ('條', '条'),
    ('廣', '広'),
    ('國', '国'),
    ('學', '学'),
    ('會', '会'),
    ('號', '号'),
    ('體', '体'),
    ('來', '来'),
    ('發', '発'),
    ('醫', '医'),
    ('藥', '薬'),
    ('假', '仮'),
    ('關', '関'),
    ('舘', '館'),
    ('舖', '舗'),
    ('豐', '豊'),
    ('鹽', '塩'),
    ('槇', '槙'),
    ('曾', '曽'),
    ('桒', '桑'),
    ('𠮷', '吉'),
    ('冨', '富'),
    ('冩', '写'),
    ('寫', '写'),
    ('寬', '寛'),
    ('淵', '渕'),
    ('渊', '渕'),
    ('籐', '藤'),
    ('莊', '荘'),
    ('庄', '荘'),
    ('亞', '亜'),
    ('惡', '悪'),
    ('晉', '晋'),
    ('靜', '静'),
    ('淨', '浄'),
    ('爲', '為'),
    ('當', '当'),
    ('稻', '稲'),
    ('總', '総'),
    ('縣', '県'),
    ('聰', '聡'),
    ('聲', '声'),
    ('處', '処'),
    ('蘆', '芦'),
    ('螢', '蛍'),
    ('讓', '譲'),
    ('轉', '転'),
    ('邨', '村'),
    ('郞', '郎'),
    ('鄕', '郷'),
    ('鷗', '鴎'),
    ('鶯', '鴬'),
    ('麥', '麦'),
    ('黃', '黄'),
    ('點', '点'),
    ('齒', '歯'),
    ('祐', '佑'),
    ('檜', '桧'),
    ('橫', '横'),
    ('薗', '園'),
    ('兒', '児'),
    ('團', '団'),
    ('圖', '図'),
    ('增', '増'),
    ('將', '将'),
    ('專', '専'),
    ('對', '対'),
    ('拂', '払'),
    ('擴', '拡'),
    ('收', '収'),
    ('敎', '教'),
    ('數', '数'),
    ('權', '権'),
    ('歸', '帰'),
    ('灣', '湾'),
    ('燈', '灯'),
    ('獸', '獣'),
    ('畫', '画'),
    ('疊', '畳'),
    ('盡', '尽'),
    ('穗', '穂'),
    ('粹', '粋'),
    ('絲', '糸'),
    ('繩', '縄'),
    ('繪', '絵'),
    ('豫', '予'),
    ('賣', '売'),
    ('錢', '銭'),
    ('雙', '双'),
    ('靈', '霊'),
    ('驛', '駅'),
    ('鹼', '鹸'),
    ('个', 'ケ'),
    ('箇', 'ケ'),
    ('ヶ', 'ケ'),
    ('ヵ', 'カ'),
];

/// Characters that fax recognition exchanges, or that people write for one another: each row is one class, its first
/// member stands for all.
const ALIKE: &[&str] = &[
    "ー-‐‑‒–—―−─━一~〜〰_ｰ",
    "口日曰ロ□囗回同",
    "力カ",
    "夕タ",
    "三ミ",
    "才オォ",
    "工エェ",
    "八ハ",
    "二ニ",
    "卜ト",
    "千チ",
    "へヘ",
    "べベペぺ",
    "り リ",
    "又ヌ",
    "七セ",
    "ヒ匕",
    "人入",
    "ユュ",
    "ヨョ",
    "ヤャ",
    "ツッ",
    "ゆゅ",
    "よょ",
    "やゃ",
    "つっ",
    "ビピ",
    "バパ",
    "ブプ",
    "ボポ",
    "びぴ",
    "ばぱ",
    "ぶぷ",
    "ぼぽ",
    "アァ",
    "イィ",
    "ウゥ",
    "自白",
    "使便",
    "絡格",
    "療瘻",
    "中申",
    "用川",
    "0OoQ〇○◯",
    "1lI|!ı",
    "5Ss$",
    "9gq",
    "8B",
    "2Zz",
    "(〔[{",
    ")〕]}",
    ":;",
    ",、，",
    ".。",
];

/// Marks that print loses and specks invent: they count for nothing in matching.
const NOTHING: &str = "・·•●∙‧･`'´’‘";

/// What each character of the basic plane becomes; the few others are looked up.
struct Table {
    basic: Vec<char>,
    others: std::collections::HashMap<char, char>,
}

impl Table {
    fn of(pairs: impl Iterator<Item = (char, char)>) -> Table {
        let mut table = Table {
            basic: (0..=0xFFFF).map(|n| char::from_u32(n).unwrap_or('\u{FFFD}')).collect(),
            others: std::collections::HashMap::new(),
        };
        for (from, to) in pairs {
            match table.basic.get_mut(from as usize) {
                Some(c) => *c = to,
                None => {
                    table.others.insert(from, to);
                }
            }
        }
        table
    }

    fn get(&self, c: char) -> char {
        match self.basic.get(c as usize) {
            Some(c) => *c,
            None => self.others.get(&c).copied().unwrap_or(c),
        }
    }
}

fn foreign(c: char) -> char {
    static TABLE: std::sync::LazyLock<Table> =
        std::sync::LazyLock::new(|| Table::of(FOREIGN.iter().copied().filter(|(a, b)| a != b)));
    if c.is_ascii() { c } else { TABLE.get(c) }
}

/// The plain form of an old or rare form of a character (髙 → 高); itself otherwise.
pub fn plain(c: char) -> char {
    static TABLE: std::sync::LazyLock<Table> =
        std::sync::LazyLock::new(|| Table::of(VARIANT.iter().copied().filter(|(a, b)| a != b)));
    if c.is_ascii() { c } else { TABLE.get(foreign(c)) }
}

/// The representative of a character's look-alikes; itself where it has none.
pub fn alike(c: char) -> char {
    static TABLE: std::sync::LazyLock<Table> = std::sync::LazyLock::new(|| {
        Table::of(ALIKE.iter().flat_map(|class| {
            let mut members = class.chars().filter(|c| *c != ' ');
            let first = members.next();
            members.filter_map(move |c| first.map(|f| (c, f)))
        }))
    });
    TABLE.get(c)
}

/// What a character in NFKC becomes for matching; nothing where it counts for nothing.
fn matched(c: char) -> Option<char> {
    static TABLE: std::sync::LazyLock<Vec<char>> = std::sync::LazyLock::new(|| {
        (0..=0xFFFF).map(|n| char::from_u32(n).and_then(slowly_matched).unwrap_or(GONE)).collect()
    });
    match TABLE.get(c as usize) {
        Some(c) => (*c != GONE).then_some(*c),
        None => slowly_matched(c),
    }
}

/// Stands for nothing in the table of [`matched`]; no text holds it.
const GONE: char = '\u{FFFF}';

fn slowly_matched(c: char) -> Option<char> {
    if NOTHING.contains(c) {
        return None;
    }
    let c = alike(plain(c));
    Some(c.to_lowercase().next().unwrap_or(c))
}

/// For matching only: NFKC, no white space, variants and look-alikes folded, Latin letters in lower case,
/// middle dots dropped. Both sides of a comparison must be folded.
pub fn fold(s: &str) -> Folded {
    let n = nfkc_mapped(s);
    let mut out = Folded { original: n.original, ..Folded::default() };
    for (c, i) in n.chars.into_iter().zip(n.map) {
        if let Some(c) = matched(c) {
            out.chars.push(c);
            out.map.push(i);
        }
    }
    out
}

/// [`fold`], the string only.
pub fn fold_text(s: &str) -> String {
    if s.chars().all(is_plain_nfkc) { s.chars().filter_map(matched).collect() } else { fold(s).text() }
}

/// For values: NFKC with single spaces, and characters that no Japanese text has put right (每 → 毎, 查 → 査).
/// Forms that names use (髙, 眞) stay.
pub fn clean(s: &str) -> String {
    nfkc(s).chars().map(|c| if c == '·' { '・' } else { foreign(c) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_what_recognisers_confuse() {
        for (a, b) in [
            ("フリカナ", "フリ力ナ"),
            ("每食後", "毎食後"),
            ("検查", "検査"),
            ("生年月日・年齢", "生年月曰年齢"),
            ("ＦＡＸ番号", "Fax 番号"),
            ("一部介助", "ー部介助"),
            ("ｹｱﾏﾈｼﾞｬｰ", "ケアマネジャ一"),
            ("入院日", "人院口"),
            ("移乗", "移乘"),
            ("渡邉", "渡辺"),
        ] {
            assert_eq!(fold_text(a), fold_text(b), "{a} {b}");
        }
        assert_ne!(fold_text("経鼻"), fold_text("経腸"));
    }

    #[test]
    fn what_is_called_plain_is_left_alone_by_nfkc() {
        for c in ('\u{0}'..='\u{10FFFF}').filter(|c| is_plain_nfkc(*c)) {
            assert_eq!(std::iter::once(c).nfkc().collect::<String>(), c.to_string());
            assert!(!c.is_whitespace() && !c.is_control());
        }
    }

    #[test]
    fn the_way_back_is_right() {
        let f = fold("患者 ｶﾞ・氏名");
        assert_eq!(f.text(), "患者ガ氏名");
        assert_eq!(f.span(2..3), 3..4);
        assert_eq!(f.span(3..5), 6..8);
        assert_eq!(f.span(5..5), 8..8);
        assert_eq!(squeeze("ﾊﾟ ｰ ﾃﾞ"), "パーデ");
    }

    #[test]
    fn folding_is_idempotent_and_classes_are_disjoint() {
        let mut seen = std::collections::HashSet::new();
        for class in ALIKE {
            for c in class.chars().filter(|c| *c != ' ') {
                assert!(seen.insert(c), "{c} is in two classes");
            }
        }
        for (a, _) in FOREIGN.iter().chain(VARIANT) {
            let once = fold_text(&a.to_string());
            assert_eq!(fold_text(&once), once, "{a}");
        }
    }

    #[test]
    fn values_keep_the_forms_of_names() {
        assert_eq!(clean("髙橋　眞"), "髙橋 眞");
        assert_eq!(clean("每食後"), "毎食後");
    }
}
