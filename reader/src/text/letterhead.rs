//! One line of a letterhead or address that names an institution, its department and a person without a sign between
//! them: けやき台病院地域連携室 東直美, 紅葉丘病院皮膚科, 脳神経内科医師石井英明, なのはなケアプラン山田剛様.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::{institution, names};

/// What a department's name ends in.
const DEPARTMENTS: &[&str] = &[
    "科",
    "病棟",
    "連携室",
    "相談室",
    "支援室",
    "医局",
    "連携課",
    "相談課",
    "支援課",
    "医事課",
    "看護部",
    "診療部",
    "外来",
    "病床",
    "連携部",
    "連携係",
    "相談係",
    "支援部",
    "薬剤部",
    "栄養科",
    "相談員室",
    "支援センター",
    "連携センター",
    "相談センター",
    "ICU",
    "HCU",
    "ユニット",
];
/// What a person is, in front of the name.
const ROLES: &[&str] = &[
    "医師",
    "主治医",
    "担当医",
    "院長",
    "副院長",
    "部長",
    "医長",
    "科長",
    "看護師長",
    "看護師",
    "師長",
    "主任",
    "係長",
    "課長",
    "室長",
    "管理者",
    "施設長",
    "所長",
    "介護支援専門員",
    "主任介護支援専門員",
    "ケアマネジャー",
    "ケアマネージャー",
    "ケアマネ",
    "相談員",
    "支援相談員",
    "生活相談員",
    "医療ソーシャルワーカー",
    "ソーシャルワーカー",
    "MSW",
    "社会福祉士",
    "薬剤師",
    "理学療法士",
    "作業療法士",
    "保健師",
    "担当者",
    "担当",
    "記載者",
    "報告者",
    "作成者",
    "宛先",
];

/// Ranges of characters, trimmed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    pub institution: Option<Range<usize>>,
    pub department: Option<Range<usize>>,
    pub person: Option<Range<usize>>,
}

/// The parts of a line; all of them None unless at least two of institution, department, role and person stand there.
pub fn parts(chars: &[char]) -> Parts {
    let mut out = Parts::default();
    if !(5..=48).contains(&chars.len()) || chars.iter().any(|c| "。、〒@".contains(*c)) {
        return out;
    }
    let words = Endings::of(chars);
    let text = |r: Range<usize>| chars[r].iter().collect::<String>();
    if words.none() && !institution::kind_in_front(&text(0..chars.len())) {
        return out;
    }
    let (line, honorific) = names::strip_honorific(&text(0..chars.len()));
    let mut end = trimmed(chars, 0..kept(chars, &line)).end;
    let mut found = usize::from(honorific.is_some());
    // the person: known family and given name behind something that ends a department, a role or an institution
    let mut best: Option<(f32, usize, usize)> = None;
    for start in (end.saturating_sub(8)..end.saturating_sub(1)).rev() {
        let before = trimmed(chars, 0..start).end;
        let ends = words.any(before);
        // ナースステーション沼南様 is a station named after its place
        if end - start <= 3 && institution::kind_alone(&text(0..before)) {
            continue;
        }
        if chars[start].is_whitespace() || start == 0 || !(ends || offices(&text(0..before))) {
            continue;
        }
        let name = names::split(&text(start..end))
            .filter(|s| names::known_surname(&s.surname) && names::known_given(&s.given));
        // ケアプラン花野井内田俊介: 内田 俊介 rather than 田 俊介
        let score = name.map_or(0.0, |s| s.score + if ends { 0.2 } else { 0.0 });
        if score > best.map_or(0.0, |b| b.0) {
            best = Some((score, start, before));
        }
    }
    if let Some((_, start, before)) = best {
        out.person = Some(start..end);
        found += 1;
        end = before;
    }
    while let Some(role) = words.role[end] {
        if role == end {
            break;
        }
        found += 1;
        end = trimmed(chars, 0..end - role).end;
    }
    // the institution: up to the last of its endings that a department, or nothing, follows
    let own = (3..=end).rev().filter(|at| words.institution[*at]).find(|at| {
        let tail = trimmed(chars, *at..end);
        (tail.is_empty() || words.department[tail.end] && tail.len() <= 16)
            && institution::plausible(&text(0..*at)) >= 0.6
    });
    if let Some(at) = own {
        out.institution = Some(trimmed(chars, 0..at));
        found += 1;
        let tail = trimmed(chars, at..end);
        if !tail.is_empty() {
            found += 1;
            out.department = Some(tail);
        }
    } else if words.department[end] && (2..=16).contains(&end) {
        found += 1;
        out.department = Some(trimmed(chars, 0..end));
    } else if out.person.is_some() && offices(&text(0..end)) {
        found += 1;
        out.institution = Some(trimmed(chars, 0..end));
    }
    if found >= 2 { out } else { Parts::default() }
}

/// ケアプランすみれ and other names that end in no known word.
fn offices(front: &str) -> bool {
    front.chars().count() >= 4 && institution::plausible(front) >= 0.6
}

/// What ends where: by character index behind the word.
struct Endings {
    institution: Vec<bool>,
    department: Vec<bool>,
    /// Characters of the longest role that ends there.
    role: Vec<Option<usize>>,
}

impl Endings {
    fn of(chars: &[char]) -> Endings {
        static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
            let all = institution::SUFFIXES.iter().chain(DEPARTMENTS).chain(ROLES);
            AhoCorasick::builder().match_kind(MatchKind::Standard).build(all).expect("some hundred short words")
        });
        let n = chars.len() + 1;
        let mut out = Endings { institution: vec![false; n], department: vec![false; n], role: vec![None; n] };
        let text: String = chars.iter().collect();
        for m in WORDS.find_overlapping_iter(&text) {
            let (at, len) = (text[..m.end()].chars().count(), text[m.range()].chars().count());
            match m.pattern().as_usize() {
                i if i < institution::SUFFIXES.len() => out.institution[at] = true,
                i if i < institution::SUFFIXES.len() + DEPARTMENTS.len() => out.department[at] = true,
                _ => out.role[at] = out.role[at].max(Some(len)),
            }
        }
        out
    }

    fn any(&self, at: usize) -> bool {
        self.institution[at] || self.department[at] || self.role[at].is_some()
    }

    fn none(&self) -> bool {
        !(0..self.role.len()).any(|i| self.any(i))
    }
}

fn trimmed(chars: &[char], mut r: Range<usize>) -> Range<usize> {
    let blank = |c: char| c.is_whitespace() || ":：・/()（）".contains(c);
    while r.start < r.end && blank(chars[r.start]) {
        r.start += 1;
    }
    while r.end > r.start && blank(chars[r.end - 1]) {
        r.end -= 1;
    }
    r
}

/// How many characters the head of a line takes that reads, without white space, as `head`.
fn kept(chars: &[char], head: &str) -> usize {
    let want = head.chars().filter(|c| !c.is_whitespace()).count();
    let mut got = 0;
    chars
        .iter()
        .position(|c| {
            got += usize::from(!c.is_whitespace());
            got == want
        })
        .map_or(chars.len(), |i| i + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> [String; 3] {
        let chars: Vec<char> = line.chars().collect();
        let p = parts(&chars);
        [p.institution, p.department, p.person].map(|r| r.map_or(String::new(), |r| chars[r].iter().collect()))
    }

    #[test]
    fn lines_come_apart() {
        assert_eq!(read("脳神経内科医師石井英明"), ["", "脳神経内科", "石井英明"]);
        assert_eq!(
            read("医療法人社団欅会けやき台病院地域連携室 東 直美"),
            ["医療法人社団欅会けやき台病院", "地域連携室", "東 直美"]
        );
        assert_eq!(read("紅葉丘病院皮膚科"), ["紅葉丘病院", "皮膚科", ""]);
        assert_eq!(read("なのはなケアプラン山田剛様"), ["なのはなケアプラン", "", "山田剛"]);
        assert_eq!(read("緑風総合病院4A病棟"), ["緑風総合病院", "4A病棟", ""]);
        assert_eq!(read("株式会社青葉ケアプラン青葉内田俊介先生"), ["株式会社青葉ケアプラン青葉", "", "内田俊介"]);
        assert_eq!(read("居宅介護支援けやきの輪 石川 知子様"), ["居宅介護支援けやきの輪", "", "石川 知子"]);
        assert_eq!(read("若葉訪問看護ステーション・辻浩様"), ["若葉訪問看護ステーション", "", "辻浩"]);
        assert_eq!(read("医療福祉相談室湯浅裕子"), ["", "医療福祉相談室", "湯浅裕子"]);
    }

    #[test]
    fn what_is_no_letterhead_stays_whole() {
        for line in ["石井英明", "けやき台病院", "脳神経内科", "退院後は自宅へ戻られました。", "2026年5月1日"]
        {
            assert_eq!(read(line), ["", "", ""], "{line}");
        }
    }
}
