//! Persons, their kana, institutions, departments.

use std::ops::Range;

use crate::text::{clean, institution, kana as text_kana, letterhead, names, options, squeeze};

use super::super::view::Text;
use super::Parsed;

/// What may stand in front of a person's name and is none.
const ROLES: &[&str] = &[
    "主治医",
    "担当医師",
    "担当医",
    "医師",
    "院長",
    "副院長",
    "部長",
    "医長",
    "科長",
    "理事長",
    "施設長",
    "管理者",
    "所長",
    "看護師長",
    "看護師",
    "師長",
    "主任",
    "係長",
    "課長",
    "室長",
    "介護支援専門員",
    "主任介護支援専門員",
    "ケアマネジャー",
    "ケアマネージャー",
    "ケアマネ",
    "医療ソーシャルワーカー",
    "ソーシャルワーカー",
    "MSW",
    "社会福祉士",
    "相談員",
    "薬剤師",
    "理学療法士",
    "作業療法士",
    "担当者",
    "担当",
    "氏名",
    "退院支援看護師",
    "退院調整看護師",
    "受持看護師",
    "受け持ち看護師",
    "プライマリーナース",
    "保健師",
    "精神保健福祉士",
    "Dr.",
    "Dr",
    "NS",
    "Ns",
    "病棟",
    "記載者",
    "記入者",
    "作成者",
    "記載医師",
    "看護職員",
    "介護職員",
    "支援相談員",
    "生活相談員",
    "医療相談員",
    "訪問看護師",
    "看護主任",
    "担当看護師",
    "副主任",
    "副師長",
    "教授",
    "准教授",
    "講師",
    "管理栄養士",
    "言語聴覚士",
    "准看護師",
    "サービス担当",
    "文責",
    "署名",
];

/// Pieces of a text between line breaks, brackets and strong separators, each with its range.
fn pieces(text: &Text, separators: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    for i in 0..=text.chars.len() {
        if i == text.chars.len() || text.chars[i] == '\n' || separators.contains(text.chars[i]) {
            if i > start {
                let t = text.slice(start..i);
                let inner = t.trimmed();
                if !inner.is_empty() {
                    out.push(start + inner.start..start + inner.end);
                }
            }
            start = i + 1;
        }
    }
    out
}

fn string(text: &Text, range: &Range<usize>) -> String {
    text.chars[range.clone()].iter().collect()
}

/// Range without the words in front and behind that are no name.
fn unroled(text: &Text, mut range: Range<usize>) -> (Range<usize>, bool) {
    let mut role = false;
    'again: loop {
        let s = string(text, &range);
        let t = s.trim_start();
        range.start += s.chars().count() - t.chars().count();
        for r in ROLES {
            if let Some(rest) = t.strip_prefix(r)
                && rest.trim_matches([' ', ':', '：', '・', '.', '印']).chars().count() >= 2
            {
                range.start += r.chars().count();
                while range.start < range.end && " :：・.".contains(text.chars[range.start]) {
                    range.start += 1;
                }
                role = true;
                continue 'again;
            }
        }
        break;
    }
    // 小山 俊介 医師
    let t = string(text, &range);
    for r in ["医師", "看護師", "担当医", "MSW", "薬剤師"] {
        if let Some(rest) = t.trim_end().strip_suffix(r)
            && rest.trim().chars().count() >= 2
            && !role
        {
            range.end = range.start + rest.trim_end().chars().count();
            role = true;
            break;
        }
    }
    while range.end > range.start
        && ("印㊞ⓘ．.,・".contains(text.chars[range.end - 1]) || text.chars[range.end - 1].is_whitespace())
    {
        range.end -= 1;
    }
    (range, role)
}

pub fn person(text: &Text) -> Vec<Parsed> {
    let mut out: Vec<Parsed> = Vec::new();
    let all = pieces(text, "()（）[]［］【】〔〕<>＜＞〈〉/／、,，:：;；|｜→〒");
    let n = all.len();
    for (i, piece) in all.into_iter().enumerate() {
        let (range, role) = unroled(text, piece);
        // the whole piece, and each pair of its words: a department or title may stand in front
        let mut ways = vec![range.clone()];
        ways.extend(to_honorific(text, &range));
        let prose = in_prose(text, &range);
        ways.extend(prose.clone());
        // what is left of a line that names its house or department first is a name as good as one alone
        let lettered = part(text, &range, |p| p.person).filter(|r| convincing(text, r));
        ways.extend(lettered.clone());
        let sealed = sealed(text, &range);
        ways.extend(sealed.clone());
        let words = words(text, &range);
        if words.len() > 2 {
            for w in words.windows(2) {
                ways.push(w[0].start..w[1].end);
            }
        }
        if words.len() > 1 {
            ways.extend(words.iter().filter(|w| w.len() >= 3).cloned());
        }
        for way in ways {
            let w = string(text, &way);
            let (name, _) = names::strip_honorific(&w);
            let mut quality = names::plausible(&w);
            let lettered = lettered.as_ref() == Some(&way);
            if prose.as_ref() == Some(&way) && !lettered {
                quality *= 0.9;
            }
            if quality <= 0.0 || options::relation(&name).is_some() {
                continue;
            }
            let cut =
                way.start == range.start && way.end < text.chars.len() && "様樣殿生".contains(text.chars[way.end - 1]);
            if way != range && !cut && !lettered && sealed.as_ref() != Some(&way) {
                quality *= 0.85;
            }
            // the first piece is likelier the name than what stands in brackets behind it
            if i > 0 && n > 1 {
                quality *= 0.85;
            }
            if role {
                quality = (quality + 0.05).min(1.0);
            }
            let end = way.start + kept(&text.chars[way.clone()], &name);
            let name = name.split(' ').map(kana_word).collect::<Vec<_>>().join(" ");
            out.push(Parsed::one(name, way.start..end.max(way.start + 1), quality));
        }
    }
    out.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    out
}

/// Whether the tail of a line is a person: 沼南 behind ナースステーション is a place unless 様 follows.
fn convincing(text: &Text, person: &Range<usize>) -> bool {
    let behind: String = text.chars[person.end..].iter().filter(|c| !c.is_whitespace()).take(2).collect();
    text.chars[person.clone()].iter().filter(|c| !c.is_whitespace()).count() >= 3
        || ["様", "樣", "殿", "先生", "さん"].iter().any(|t| behind.starts_with(t))
}

/// A known name at the head of a stretch in which a seal or a scratch left a few more characters: 池田麻衣雷.
fn sealed(text: &Text, range: &Range<usize>) -> Option<Range<usize>> {
    // 加藤真由美 is whole, though 加藤真由 is a name as well
    let whole = names::plausible(&string(text, range)) >= 0.9;
    let ends = (range.start + 3..range.end).filter(|e| range.end - e <= 3).rev();
    let inside = |e: usize| !text.chars[e].is_whitespace();
    ends.filter(|e| !whole || !inside(*e)).map(|e| range.start..e).find(|r| {
        let name = string(text, r);
        !name.ends_with(char::is_whitespace)
            && names::split(name.trim()).is_some_and(|n| {
                n.given.chars().count() >= 2 && names::known_surname(&n.surname) && names::known_given(&n.given)
            })
    })
}

/// A stretch up to the honorific inside it: 根本 勝様 男・女.
fn to_honorific(text: &Text, range: &Range<usize>) -> Option<Range<usize>> {
    let at = (range.start + 2..range.end)
        .find(|i| "様樣殿".contains(text.chars[*i]) || text.chars[*i..range.end].starts_with(&['先', '生']))?;
    let end = at + if text.chars[at] == '先' { 2 } else { 1 };
    (end < range.end).then_some(range.start..end)
}

/// One part of a letterhead's line.
fn part(
    text: &Text,
    range: &Range<usize>,
    which: impl Fn(letterhead::Parts) -> Option<Range<usize>>,
) -> Option<Range<usize>> {
    let r = which(letterhead::parts(&text.chars[range.clone()]))?;
    Some(range.start + r.start..range.start + r.end)
}

/// A name inside a sentence: 入院中の宇佐美進様（昭和10年…; a known family name, from a particle to 様 or a bracket.
fn in_prose(text: &Text, range: &Range<usize>) -> Option<Range<usize>> {
    let end = |i: usize| {
        let c = text.chars.get(i);
        c.is_none() && range.len() <= 24
            || c.is_some_and(|c| "様樣殿氏(（".contains(*c))
            || text.chars[i.min(text.chars.len())..].starts_with(&['さ', 'ん'])
    };
    let begins = |i: usize| i > range.start && "のはがをに、。」)）: ：・".contains(text.chars[i - 1]);
    // 入院されております長妻律子様: a verb ends in kana
    let polite = |e: usize| {
        text.chars.get(e).is_some_and(|c| "様樣殿".contains(*c)) || text.chars[e..].starts_with(&['さ', 'ん'])
    };
    let verb = |i: usize| i > range.start && "るすたいてで".contains(text.chars[i - 1]);
    (range.start + 3..=range.end).filter(|i| end(*i)).find_map(|e| {
        let starts = (e.saturating_sub(8).max(range.start + 1)..e.saturating_sub(1))
            .filter(|s| begins(*s) || polite(e) && verb(*s));
        starts.map(|s| s..e).find(|r| {
            let name = string(text, r);
            // (a family that no list has, where kana before it and 様 behind it say where it begins and ends)
            let framed = polite(e) && verb(r.start) && (3..=6).contains(&r.len()) && !name.contains(' ');
            names::split(name.trim()).is_some_and(|n| {
                names::known_given(&n.given)
                    && (names::known_surname(&n.surname) || framed && n.given.chars().count() >= 2)
            })
        })
    })
}

/// How many characters of a stretch the name at its head takes.
fn kept(chars: &[char], name: &str) -> usize {
    let want = name.chars().filter(|c| !c.is_whitespace()).count();
    let mut got = 0;
    for (i, c) in chars.iter().enumerate() {
        if !c.is_whitespace() {
            got += 1;
        }
        if got == want {
            return i + 1;
        }
    }
    chars.len()
}

fn words(text: &Text, range: &Range<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = range.start;
    for i in range.start..=range.end {
        if i == range.end || text.chars[i].is_whitespace() {
            if i > start {
                out.push(start..i);
            }
            start = i + 1;
        }
    }
    out
}

/// ャ ュ ョ follow kana of the i-column only: カョ is カヨ.
fn large(kana: &str) -> String {
    let mut out: Vec<char> = Vec::new();
    for c in kana.chars() {
        let small = "ャュョ".chars().position(|s| s == c);
        let joins = out.last().is_some_and(|p| "キシチニヒミリギジヂビピイ".contains(*p));
        out.push(match small {
            Some(i) if !joins => ['ヤ', 'ユ', 'ヨ'][i],
            _ => c,
        });
    }
    out.into_iter().collect()
}

/// A given name of kana in which single characters were read as kanji: 卜メ.
fn kana_word(word: &str) -> String {
    const LOOKS: &[(char, char)] = &[
        ('卜', 'ト'),
        ('口', 'ロ'),
        ('工', 'エ'),
        ('力', 'カ'),
        ('夕', 'タ'),
        ('二', 'ニ'),
        ('八', 'ハ'),
        ('三', 'ミ'),
        ('千', 'チ'),
        ('才', 'オ'),
    ];
    let kana = |c: char| text_kana::is_kana_char(c);
    let looks = |c: char| LOOKS.iter().find(|l| l.0 == c).map(|l| l.1);
    if word.chars().any(kana) && word.chars().all(|c| kana(c) || looks(c).is_some()) {
        word.chars().map(|c| looks(c).unwrap_or(c)).collect()
    } else {
        word.replace('卜', "ト")
    }
}

pub fn kana(text: &Text) -> Vec<Parsed> {
    let mut out = Vec::new();
    for piece in pieces(text, "()（）[]［］【】〔〕<>＜＞〈〉/／、,，:：;；|｜") {
        let s = string(text, &piece);
        let normal = large(&text_kana::normal(&s));
        if !text_kana::is_kana(&normal) {
            // a run of kana beside the name
            let mut start = None;
            for i in piece.start..=piece.end {
                let is = i < piece.end
                    && (text_kana::is_kana_char(text.chars[i]) || text.chars[i] == ' ' && start.is_some());
                match (is, start) {
                    (true, None) => start = Some(i),
                    (false, Some(a)) => {
                        let v = text_kana::normal(&string(text, &(a..i)));
                        if v.chars().count() >= 4 && text_kana::is_kana(&v) {
                            out.push(Parsed::one(v, a..i, 0.5));
                        }
                        start = None;
                    }
                    _ => {}
                }
            }
            continue;
        }
        let n = normal.chars().filter(|c| *c != ' ').count();
        let quality = match n {
            0..=2 => 0.1,
            3..=14 => 1.0,
            _ => 0.3,
        };
        // the gap between the parts reads as a long-vowel mark: ナルシマーセツコ
        // (names of kanji have no long vowel: where both parts are long enough, the gap is likelier)
        let mut barred = 1.0;
        if normal.matches('ー').count() == 1 && !normal.contains(' ') && !normal.ends_with('ー') {
            let parts = normal.replace('ー', " ");
            let long = parts.split(' ').all(|p| p.chars().count() >= 2);
            barred = if long { 0.85 } else { 1.0 };
            out.push(Parsed::one(parts, piece.clone(), quality * if long { 1.0 } else { 0.9 }));
        }
        // scripts may not change within a name
        out.push(Parsed::one(normal, piece, quality * barred));
    }
    out
}

pub fn institution(text: &Text) -> Vec<Parsed> {
    let mut out: Vec<Parsed> = Vec::new();
    let mut halves: Vec<String> = Vec::new();
    let rows = pieces(text, "、，|｜:：<>＜＞【】〒");
    for (i, row) in rows.iter().enumerate() {
        let row = unnamed(text, row.clone());
        let own = part(text, &row, |p| p.institution).filter(|own| *own != row);
        // a person behind the name is none of it: けやきケアプラン石川知子様
        let person = part(text, &row, |p| p.person).filter(|r| convincing(text, r));
        match (own, person) {
            (Some(own), Some(person)) if person.start >= own.end => {
                offer(text, own, 1.0, &mut out);
                offer(text, row.clone(), 0.5, &mut out);
            }
            (own, _) => {
                offer(text, row.clone(), 1.0, &mut out);
                if let Some(own) = own {
                    offer(text, own, 0.98, &mut out);
                }
            }
        }
        // 医療法人社団 ○○会 above the hospital's own name
        let s = string(text, &row);
        let (corporation, own) = institution::split_corporation(&s);
        let only_corporation =
            corporation.is_some() && own.is_empty() || corporation.is_some() && institution::suffix(&own).is_none();
        if let Some(next) = rows.get(i + 1).filter(|n| only_corporation && n.start <= row.end + 3) {
            offer(text, row.start..next.end, 1.04, &mut out);
        }
        // a name that its cell breaks: 東柏わかば / 病院
        if let Some(next) = rows.get(i + 1).filter(|n| text.chars[row.end..n.start].contains(&'\n')) {
            let joined: String = string(text, &row) + &string(text, next);
            let whole = institution::unspeckled(&names::strip_honorific(&joined).0);
            let lettered = letterhead::parts(&joined.chars().collect::<Vec<_>>()).person.is_some();
            if institution::suffix(&whole).is_some()
                && institution::suffix(&s).is_none()
                && !whole.contains(' ')
                && !lettered
            {
                // (its second half alone looks like one too: 域包括支援センター)
                let half = names::strip_honorific(&string(text, next)).0;
                out.push(Parsed::one(clean(&whole), row.start..next.end, institution::plausible(&whole) * 0.97));
                // (a house under its address, or under a misread 医療機関名, is whole)
                let begun =
                    institution::split_corporation(&s).0.is_some() || institution::plausible(&format!("{s}森")) >= 0.6;
                if begun
                    && institution::split_corporation(&half).0.is_none()
                    && !s.contains(|c: char| c.is_ascii_digit())
                {
                    halves.push(squeeze(&half));
                }
            }
        }
    }
    for p in out.iter_mut().filter(|p| halves.contains(&squeeze(&p.value.text()))) {
        p.quality *= 0.6;
    }
    out
}

/// Without 名称, 医療機関名 and other words of the form in front.
fn unnamed(text: &Text, mut range: Range<usize>) -> Range<usize> {
    for w in ["名称", "医療機関名", "事業所名", "病院名", "施設名", "機関名", "法人名"] {
        let s = string(text, &range);
        if let Some(rest) = s.strip_prefix(w)
            && rest.chars().count() > 3
        {
            range.start += w.chars().count();
            while range.start < range.end && " :：".contains(text.chars[range.start]) {
                range.start += 1;
            }
        }
    }
    range
}

fn offer(text: &Text, range: Range<usize>, factor: f32, out: &mut Vec<Parsed>) {
    let s = string(text, &range);
    let joined: String = s.chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    let (name, _) = names::strip_honorific(&joined);
    let name = institution::unspeckled(&clean(&name));
    // names of departments and people behind the institution's name are not part of it
    let words: Vec<&str> = name.split(' ').collect();
    // 冬野総合病院3階東病(棟), けやき台病院(2/2): what stands behind a hospital's name and is none itself
    let tail = houses(&name).filter(|(_, tail)| institution::suffix(tail).is_none());
    if let Some((head, _)) = &tail {
        let end = range.start + kept(&text.chars[range.clone()], head);
        out.push(Parsed::one(head.clone(), range.start..end, institution::plausible(head) * factor * 0.98));
    }
    for n in (1..=words.len()).rev() {
        let part = words[..n].join(" ");
        let trails = if tail.as_ref().is_some_and(|(head, _)| part.len() > head.len()) { 0.7 } else { 1.0 };
        let quality = institution::plausible(&part) * factor * trails * if n == words.len() { 1.0 } else { 0.93 };
        let ends = institution::suffix(&part).is_some();
        // a person behind the name is none of it
        let whole = n == words.len() && !(1..n).any(|m| institution::suffix(&words[..m].join(" ")).is_some());
        if quality > 0.2 && (ends || whole) {
            let end = range.start + kept(&text.chars[range.clone()], &part);
            out.push(Parsed::one(part, range.start..end, quality.min(1.0)));
        }
    }
    // 東柏わかば病院地域連携室: the department behind it without a space
    let chars: Vec<char> = name.chars().collect();
    let in_department = DEPARTMENTS.iter().any(|d| name.trim_end().ends_with(d));
    for at in if in_department { 3..chars.len() } else { 0..0 } {
        let (head, tail): (String, String) = (chars[..at].iter().collect(), chars[at..].iter().collect());
        let tail = tail.trim();
        if (institution::suffix(&head).is_some() || institution::plausible(&head) == 0.6 && at + 2 < chars.len())
            && DEPARTMENTS.iter().any(|d| tail.ends_with(d))
            && institution::suffix(tail).is_none()
            && tail.chars().count() >= 2
        {
            let end = range.start + kept(&text.chars[range.clone()], &head);
            out.push(Parsed::one(head.clone(), range.start..end, institution::plausible(&head) * factor * 0.97));
        }
    }
    // a name without any of the usual endings: ケアプランすみれ
    let n = name.chars().filter(|c| !c.is_whitespace()).count();
    if (3..=24).contains(&n)
        && !name.chars().any(|c| "。、!?=〒・/".contains(c) || c.is_ascii_digit())
        && names::plausible(&name) < 0.5
    {
        out.push(Parsed::one(name.clone(), range.clone(), 0.35));
    }
    for at in 1..words.len() {
        let part = words[at..].join(" ");
        if institution::suffix(&part).is_some() {
            let skip: usize = words[..at].iter().map(|w| w.chars().count()).sum();
            let mut start = range.start;
            let mut seen = 0;
            while start < range.end && seen < skip {
                if !text.chars[start].is_whitespace() {
                    seen += 1;
                }
                start += 1;
            }
            while start < range.end && text.chars[start].is_whitespace() {
                start += 1;
            }
            out.push(Parsed::one(part.clone(), start..range.end, institution::plausible(&part) * 0.8));
        }
    }
}

/// A name up to the last word that only hospitals' names end in, and what follows it.
fn houses(name: &str) -> Option<(String, String)> {
    let ends = ["病院", "医院", "診療所", "クリニック"].into_iter().filter_map(|w| Some(name.rfind(w)? + w.len()));
    let at = ends.max().filter(|at| *at < name.len())?;
    let (head, tail) = (name[..at].to_owned(), name[at..].trim().to_owned());
    (head.chars().count() >= 4 && !tail.is_empty()).then_some((head, tail))
}

const DEPARTMENTS: &[&str] =
    &["科", "病棟", "室", "部", "センター", "課", "外来", "ユニット", "HCU", "ICU", "病床", "階", "係", "局"];

pub fn department(text: &Text) -> Vec<Parsed> {
    let mut out = Vec::new();
    for (i, piece) in pieces(text, "、，|｜:：()（）【】/／〒").into_iter().enumerate() {
        let mut ways = vec![piece.clone()];
        let words = words(text, &piece);
        if words.len() > 1 {
            ways.extend(words);
        }
        ways.extend(part(text, &piece, |p| p.department));
        // behind the institution's name, without a space
        for at in piece.start + 3..piece.end {
            if institution::suffix(&string(text, &(piece.start..at)))
                .is_some_and(|x| x.ends_with("院") || x.ends_with("ンター"))
            {
                ways.push(at..piece.end);
            }
        }
        for way in ways {
            // 5階病棟 312号室: the room is the patient's
            let s = clean(&string(text, &way));
            let room =
                s.strip_suffix("号室").map(|h| h.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '-'));
            let s = room.map_or(s.as_str(), str::trim_end).to_owned();
            let n = s.chars().filter(|c| *c != ' ').count();
            let ends = DEPARTMENTS.iter().any(|d| s.ends_with(d));
            let prose = s.chars().any(|c| "。、".contains(c))
                || institution::suffix(&s).is_some_and(|x| x.ends_with("病院") || x.ends_with("医院"));
            let quality: f32 = match (ends, n) {
                (_, 0 | 1) => 0.0,
                (true, 2..=14) => 1.0,
                (true, _) => 0.4,
                (false, 2..=10) => 0.25,
                _ => 0.0,
            };
            let quality = if prose { quality * 0.3 } else { quality };
            let first = if i == 0 { 1.0 } else { 0.8 };
            let whole = if way == piece { 1.0 } else { 0.9 };
            out.push(Parsed::one(s, way, quality * first * whole));
        }
    }
    out
}
