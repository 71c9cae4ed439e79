//! Values that need no label: a name with 様 behind it, a letterhead, a date with 生, a postal code, a web address.

use crate::model::Value;
use crate::text::drug;

use super::candidate::{Candidate, Field, Sheet, candidate, from_scope};
use super::choice::Seg;
use super::form::{self, Form, Known, Parsed};
use super::marks;
use super::scope::{Direction, Scope};
use super::view::Text;

/// Fields that a shape alone may fill; others need a label.
fn allowed(field: &Field) -> bool {
    match field.form {
        Form::Person => {
            matches!(field.key.as_str(), "patient.name" | "sender.person" | "recipient.person" | "contact.name")
        }
        Form::Institution => {
            matches!(field.key.as_str(), "sender.institution" | "recipient.institution" | "care.office")
        }
        Form::Department => field.key == "sender.department",
        Form::Date => field.key == "document.date",
        Form::Kana | Form::BirthDate | Form::Postal | Form::Address | Form::Phone => true,
        Form::Insured | Form::Insurer | Form::Word | Form::Text | Form::Finding | Form::Ticked | Form::Adl => false,
        Form::Start | Form::End => field.key.starts_with("encounter."),
        Form::Datetime | Form::Diagnoses => false,
        Form::Sex | Form::CareLevel | Form::Urgency | Form::Relation | Form::Url | Form::Drugs => true,
    }
}

pub fn collect(sheet: &Sheet, fields: &[Field], known: &Known, out: &mut Vec<Candidate>) {
    let view = &sheet.view;
    for field in fields.iter().filter(|f| f.form.marked() && f.rule.look.is_empty()) {
        marks::anywhere(sheet, field, out);
    }
    for field in fields.iter().filter(|f| f.form == Form::BirthDate && f.rule.look.is_empty()) {
        marks::births(sheet, field, known, out);
    }
    let fields: Vec<&Field> = fields.iter().filter(|f| allowed(f) && f.rule.look.is_empty()).collect();
    for (row, lines) in view.rows.iter().enumerate() {
        for l in lines {
            let segs = free_stretches(sheet, *l);
            for seg in segs {
                let mut stretch = Stretch::new(sheet, vec![seg]);
                for field in &fields {
                    one(sheet, field, &mut stretch, known, out);
                }
            }
        }
        // 山崎　　慎也 先生: family and given name far apart
        for pair in lines.windows(2) {
            let gap = (view.rect(pair[1]).x0 - view.rect(pair[0]).x1) as f32 / view.em;
            let near = (0.0..=3.5).contains(&gap) && view.cell(pair[0]) == view.cell(pair[1]);
            let short = (1..=4).contains(&view.len(pair[0]));
            if near && short && sheet.hits.on[pair[0]].is_empty() {
                let mut stretch = Stretch::new(sheet, vec![view.whole(pair[0]), view.whole(pair[1])]);
                for field in fields.iter().filter(|f| matches!(f.form, Form::Person | Form::Kana)) {
                    one(sheet, field, &mut stretch, known, out);
                }
            } else if near {
                broken_name(sheet, pair[0], pair[1], &fields, known, out);
            }
        }
        // a legal person above the letterhead's own name
        for field in fields.iter().filter(|f| f.form == Form::Institution) {
            for l in lines {
                let below = view.rows.get(row + 1).into_iter().flatten().find(|b| {
                    (view.rect(**b).x0 - view.rect(*l).x0).abs() as f32 <= 6.0 * view.em
                        && ((view.rect(**b).y0 - view.rect(*l).y1) as f32) < 1.5 * view.em
                });
                // (相談機関) and labels in front are none of the name
                let glyphs = &view.page.lines[*l].glyphs;
                let labels = sheet.hits.on[*l].last().map_or(0, |h| h.0.end);
                let from = glyphs.iter().rposition(|g| ")）:：".contains(g.ch)).map_or(0, |i| i + 1).max(labels);
                let own: String = glyphs[from.min(glyphs.len())..].iter().map(|g| g.ch).collect();
                let text: String = glyphs.iter().map(|g| g.ch).collect();
                let whole = crate::text::institution::split_corporation(&text).0.is_some();
                if let Some(b) = below
                    && (whole || crate::text::institution::split_corporation(&own).0.is_some())
                {
                    let first = if whole { view.whole(*l) } else { Seg { line: *l, glyphs: from..glyphs.len() } };
                    let at = out.len();
                    one(sheet, field, &mut Stretch::new(sheet, vec![first, view.whole(*b)]), known, out);
                    halved(out, at, *b);
                }
            }
        }
    }
    for field in fields.iter().filter(|f| f.form == Form::Drugs) {
        drug_blocks(sheet, field, known, out);
    }
}

/// A name that a wide gap or its brackets break over two lines of a row: …に入院中の大滝　貞子様, （ヤマモト　タケシ）.
fn broken_name(sheet: &Sheet, first: usize, second: usize, fields: &[&Field], known: &Known, out: &mut Vec<Candidate>) {
    const TITLES: [&str; 5] = ["様", "殿", "さん", "先生", "さま"];
    let view = &sheet.view;
    let from = sheet.hits.on[first].last().map_or(0, |h| h.0.end);
    let (a, b) = (&view.page.lines[first].glyphs[from..], &view.page.lines[second].glyphs);
    let text = |g: &[crate::reading::Glyph]| g.iter().map(|g| g.ch).collect::<String>();
    let head = text(&b[..b.len().min(6)]);
    let titled = TITLES.iter().any(|t| head.find(t).is_some_and(|at| at > 0));
    let ends = b.len() <= 4 && sheet.hits.on[second].is_empty();
    let open = a.iter().rposition(|g| "(（".contains(g.ch));
    let bracketed = open.is_some_and(|o| !a[o..].iter().any(|g| ")）".contains(g.ch)))
        && b.iter().take(10).any(|g| ")）".contains(g.ch));
    let segs = |from: usize, to: usize| {
        vec![Seg { line: first, glyphs: from..view.len(first) }, Seg { line: second, glyphs: 0..to }]
    };
    if (titled || ends) && a.len() >= 5 {
        // in running text only what stands at the break
        let from = if view.len(first) > 40 { view.len(first) - 8 } else { from };
        let mut stretch = Stretch::new(sheet, segs(from, b.len().min(24)));
        let parts = crate::text::letterhead::parts(&stretch.text.chars);
        let both = parts.institution.is_some() && parts.person.is_some();
        for field in fields.iter().filter(|f| f.form == Form::Person || both && f.form == Form::Institution) {
            one(sheet, field, &mut stretch, known, out);
        }
    }
    if let (true, Some(o)) = (bracketed, open) {
        let close = b.iter().position(|g| ")）".contains(g.ch)).map_or(b.len(), |i| i + 1);
        let mut stretch = Stretch::new(sheet, segs(from + o, close));
        for field in fields.iter().filter(|f| f.form == Form::Kana) {
            one(sheet, field, &mut stretch, known, out);
        }
    }
}

/// The second half of a name alone is none, where both make one: 域包括支援センター.
fn halved(out: &mut [Candidate], from: usize, second: usize) {
    let wholes: Vec<(String, String)> = out[from..]
        .iter()
        .filter(|c| c.quality >= 0.7 && c.segs.len() > 1 && c.segs.iter().any(|s| s.line == second))
        .map(|c| (c.field.clone(), crate::text::squeeze(&c.value.text())))
        .collect();
    for c in out.iter_mut().filter(|c| c.segs.iter().all(|s| s.line == second)) {
        let own = crate::text::squeeze(&c.value.text());
        // (a house's own name below its legal person's is a name)
        let half = |(field, whole): &(String, String)| {
            *field == c.field
                && whole
                    .strip_suffix(own.as_str())
                    .is_some_and(|head| !head.is_empty() && !head.ends_with(['会', '社', '団', '人', '構', '園', '院']))
        };
        if wholes.iter().any(half) {
            c.quality *= 0.6;
        }
    }
}

/// What of a line is no label.
fn free_stretches(sheet: &Sheet, line: usize) -> Vec<Seg> {
    let mut out = Vec::new();
    let mut from = 0;
    for (range, i) in &sheet.hits.on[line] {
        if sheet.hits.all[*i].fields.is_empty() && sheet.hits.all[*i].groups.is_empty() {
            continue;
        }
        if range.start > from {
            out.push(Seg { line, glyphs: from..range.start });
        }
        from = range.end.max(from);
    }
    let n = sheet.view.len(line);
    if n > from {
        out.push(Seg { line, glyphs: from..n });
    }
    // the line as a whole as well: 居宅介護支援事業所 may be a label, or a part of a name
    if out.len() > 1 || out.first().is_some_and(|s| s.glyphs != (0..n)) {
        out.push(Seg { line, glyphs: 0..n });
    }
    out
}

/// A stretch that several fields are looked for in, and what each form reads there.
struct Stretch {
    scope: Scope,
    text: Text,
    string: String,
    read: Vec<(Form, Vec<Parsed>)>,
}

impl Stretch {
    fn new(sheet: &Sheet, segs: Vec<Seg>) -> Stretch {
        let text = sheet.view.text(&segs);
        let scope = Scope { direction: Direction::Shape, rows: segs.len(), segs, distance: 0.0 };
        Stretch { scope, string: text.string(), text, read: Vec::new() }
    }

    fn read(&mut self, form: Form, known: &Known) -> Vec<Parsed> {
        if let Some((_, parsed)) = self.read.iter().find(|r| r.0 == form) {
            return parsed.clone();
        }
        let parsed = form::read(form, &self.text, known);
        self.read.push((form, parsed.clone()));
        parsed
    }
}

fn one(sheet: &Sheet, field: &Field, stretch: &mut Stretch, known: &Known, out: &mut Vec<Candidate>) {
    let parsed = match field.form {
        Form::Person | Form::Institution | Form::Department | Form::Kana | Form::BirthDate | Form::Date => {
            stretch.read(field.form, known)
        }
        Form::Start | Form::End => stretch.read(Form::Date, known),
        Form::Relation | Form::Address | Form::Phone | Form::Postal | Form::Url => stretch.read(field.form, known),
        _ => Vec::new(),
    };
    let Stretch { scope, text, string, .. } = &*stretch;
    let n = text.chars.len();
    match field.form {
        Form::Person => {
            for p in parsed.into_iter().take(2) {
                let from = p.span.clone();
                let mut c = candidate(sheet, field, None, scope, text, p);
                let lettered = crate::text::letterhead::parts(&text.chars).person.is_some_and(|r| r == from);
                // whose house or department stands in front is no patient
                if lettered && matches!(field.key.as_str(), "patient.name" | "contact.name") {
                    c.quality *= 0.75;
                }
                let whole = c.raw.chars().filter(|c| !c.is_whitespace()).count() + 6 >= n;
                let said = || announced(&text.chars[..from.start]) || described(&text.chars[from.end..]) || lettered;
                if c.quality >= 0.4 && (c.honorific.is_some() || c.quality >= 0.6 && (whole || said())) {
                    out.push(c);
                }
            }
        }
        Form::Institution | Form::Department => {
            for p in parsed {
                if p.quality >= if field.form == Form::Department { 0.9 } else { 0.55 } && n <= 60 {
                    out.push(candidate(sheet, field, None, scope, text, p));
                }
            }
        }
        Form::Kana => {
            for p in parsed.into_iter().take(1) {
                let own = text.segs(p.span.clone());
                if p.quality >= 0.9 && p.span.len() >= 5 && own.first().is_some_and(|own| beside_name(sheet, own)) {
                    out.push(candidate(sheet, field, None, scope, text, p));
                }
            }
        }
        Form::BirthDate => {
            // a date long before the sheet's own is a birth, whatever stands beside it
            for p in parsed.into_iter().take(2) {
                let says = ['生', '歳', '才'].iter().any(|c| string.contains(*c));
                let old = p
                    .value
                    .text()
                    .get(..4)
                    .and_then(|y| y.parse::<i16>().ok())
                    .is_some_and(|y| known.reference.is_some_and(|r| (1850..=r.year() - 15).contains(&y)));
                let born = text.chars[p.span.end..].iter().find(|c| !c.is_whitespace()) == Some(&'生');
                if (says || old) && (born || !elsewhere(sheet, scope, &text.chars[..p.span.start])) {
                    out.push(candidate(sheet, field, None, scope, text, p));
                }
            }
        }
        Form::Date => {
            for p in parsed.into_iter().take(1) {
                // the date of a letter stands alone
                if p.quality >= 0.7 && n <= p.span.len() + 8 && !string.contains('生') && !string.contains('歳') {
                    out.push(candidate(sheet, field, None, scope, text, p));
                }
            }
        }
        // 8月15日に入院し、10月23日に退院を予定しております
        Form::Start | Form::End => {
            let word = if field.form == Form::Start { "入院" } else { "退院" };
            for p in parsed.into_iter().take(3) {
                let behind: String = text.chars[p.span.end..].iter().filter(|c| !c.is_whitespace()).take(12).collect();
                let said = behind.trim_start_matches(|c: char| "()（）月火水木金土日にの頃より、".contains(c));
                if said.starts_with(word) && n > p.span.len() + 4 {
                    out.push(candidate(sheet, field, None, scope, text, p));
                }
            }
        }
        Form::Urgency if n <= 14 => from_scope(sheet, field, None, scope, known, out),
        Form::Sex if n <= 6 => from_scope(sheet, field, None, scope, known, out),
        // 山田 ハナ様（女）, 殿(F)
        Form::Sex if bracketed_sex(text).is_some() => {
            if let Some((span, value)) = bracketed_sex(text) {
                let parsed =
                    form::Parsed { value: Value::One(value.to_owned()), span, items: Vec::new(), quality: 0.9 };
                out.push(candidate(sheet, field, None, scope, text, parsed));
            }
        }
        // 昭和23年6月12日 男; 1949/03/07（77歳）女性; 山田ハナ様 女; （昭和8年4月18日生、女）
        Form::Sex => {
            if let Some((span, value)) = said_sex(&text.chars) {
                let parsed =
                    form::Parsed { value: Value::One(value.to_owned()), span, items: Vec::new(), quality: 0.9 };
                out.push(candidate(sheet, field, None, scope, text, parsed));
            }
        }
        // 自立 is a grade of daily living too
        // (and なし may be anything's)
        Form::CareLevel if n <= 12 && !string.contains("自立") && string.contains(['介', '支', '申', '認', '該']) => {
            from_scope(sheet, field, None, scope, known, out)
        }
        Form::Relation => {
            for p in parsed.into_iter().take(1) {
                if p.quality >= 0.9 {
                    out.push(candidate(sheet, field, None, scope, text, p));
                }
            }
        }
        Form::Address => {
            for p in parsed.into_iter().take(1) {
                if p.quality >= 0.6 {
                    out.push(candidate(sheet, field, None, scope, text, p));
                }
            }
        }
        // seven figures are a postal code only where its sign or an address says so
        Form::Postal if !string.contains(['〒', 'デ', '〶']) && crate::text::address::plausible(string) < 0.5 => {}
        Form::Phone | Form::Postal | Form::Url => {
            for p in parsed {
                if p.quality >= 0.7 {
                    out.push(candidate(sheet, field, None, scope, text, p));
                }
            }
        }
        _ => {}
    }
}

/// Whether what stands in front of a name says what its bearer is: 支援相談員杉本裕子.
fn announced(before: &[char]) -> bool {
    const ROLES: &[&str] = &[
        "医師",
        "看護師",
        "相談員",
        "看護職員",
        "ケアマネジャー",
        "専門員",
        "ワーカー",
        "MSW",
        "福祉士",
        "保健師",
        "薬剤師",
        "療法士",
        "管理者",
        "院長",
        "師長",
        "部長",
        "所長",
        "担当",
        "担当者",
        "記載者",
        "作成者",
        "主治医",
        "担当医",
    ];
    let text: String = before.iter().filter(|c| !c.is_whitespace() && !":：".contains(**c)).collect();
    ROLES.iter().any(|r| text.ends_with(r))
}

/// Whether a bracket behind a name tells of a birth, an age or a sex: 太田正（昭和12年5月23日）.
fn described(behind: &[char]) -> bool {
    let mut near = behind.iter().filter(|c| !c.is_whitespace()).take(16);
    near.next().is_some_and(|c| "(（".contains(*c)) && near.any(|c| "年歳才生男女".contains(*c))
}

/// The one word of a stretch that says a sex, behind a title of respect, a birth, an age or a bracket, and before an end.
fn said_sex(chars: &[char]) -> Option<(std::ops::Range<usize>, &'static str)> {
    let all: Vec<usize> = (0..chars.len()).filter(|i| "男女".contains(chars[*i])).collect();
    // 男・女 are printed options
    let options = |w: &[usize]| {
        chars[w[0]] != chars[w[1]]
            && chars[w[0] + 1..w[1]].iter().all(|c| c.is_whitespace() || "性・/／･、,口□☑".contains(*c))
    };
    if all.windows(2).any(options) {
        return None;
    }
    // (海老原光男様 男性: a name may hold one too)
    let mut said = all.into_iter().filter_map(|at| sex_at(chars, at));
    let first = said.next()?;
    said.all(|s| s.1 == first.1).then_some(first)
}

/// [`said_sex`] at one place.
fn sex_at(chars: &[char], at: usize) -> Option<(std::ops::Range<usize>, &'static str)> {
    let end = at + if chars.get(at + 1) == Some(&'性') { 2 } else { 1 };
    let blank = |c: &&char| c.is_whitespace() || "、,，・/／　:：".contains(**c);
    let mut front = chars[..at].iter().rev().skip_while(blank);
    let before = front.next()?;
    let behind = chars[end..].iter().find(|c| !c.is_whitespace());
    let front: String = chars[..at].iter().filter(|c| !c.is_whitespace()).collect();
    let dated = front.contains(['年', '歳', '才', '/', '.', '生']);
    let polite = ["様", "樣", "殿", "さん", "さま"].iter().any(|t| {
        let f = front.trim_end_matches(|c: char| "、,，・/／:：".contains(c));
        f.ends_with(t)
    });
    // (ヤマダハナ)女性 behind a name in its kana
    let kana = ")）」".contains(*before)
        && front.trim_end_matches([')', '）', '」']).chars().last().is_some_and(crate::text::kana::is_kana_char);
    let born = dated && (before.is_ascii_digit() || "日生歳才)）れ".contains(*before));
    // 高木梢女昭和7年…生: at once in front of a birth
    let birth = behind.is_some_and(|c| "明大昭平令".contains(*c))
        && chars[end..].iter().any(|c| "生歳才".contains(*c))
        && front.chars().count() >= 3
        && !"長次三四五六男女孫養少".contains(*before);
    let closes = behind.is_none_or(|c| ")）、,，。/／生".contains(*c)) || chars.get(at + 1) == Some(&'性');
    let value = if chars[at] == '男' { "male" } else { "female" };
    ((polite || kana || born) && closes || birth).then_some((at..end, value))
}

/// Words beside a date that is no birth.
const OTHER_DAYS: &[&str] = &[
    "認定", "取得", "資格", "発症", "手術", "交付", "有効", "期間", "入院", "退院", "入所", "退所", "受診", "初診",
    "発行", "作成", "記入", "記載", "開始", "終了", "適用", "受傷", "診断", "転院", "死亡", "結婚", "開設", "更新",
    "届出", "該当", "印刷", "出力", "送信", "受信", "予約", "手帳", "離婚", "退職", "就職", "契約", "処方", "接種",
    "検査",
];

/// Whether words in front of a date, in its stretch or the row, say that it is another day than a birth.
pub fn other_day(before: &str) -> bool {
    let mut squeezed = crate::text::squeeze(before);
    // 入院中の山田ハナ様（S8.4.18生: what stands in front of a name says nothing of what its bracket holds
    if let Some(at) = ["様", "樣", "殿", "さん", "さま"].iter().filter_map(|t| Some(squeezed.rfind(t)? + t.len())).max()
    {
        squeezed = squeezed.split_off(at);
    }
    // 入院中の太田正（昭和12年…: in front of a bracket only what stands at it
    let bracketed = squeezed.trim_end_matches(['(', '（']);
    if bracketed.len() < squeezed.len() {
        let n = bracketed.chars().count();
        squeezed = bracketed.chars().skip(n.saturating_sub(4)).collect();
    }
    let near: String = {
        let n = squeezed.chars().count();
        squeezed.chars().skip(n.saturating_sub(10)).collect()
    };
    let last = OTHER_DAYS.iter().filter_map(|w| near.rfind(w)).max();
    let birth = ["生年", "誕生", "出生", "生まれ"].iter().filter_map(|w| near.rfind(w)).max();
    last.is_some_and(|l| birth.is_none_or(|b| b < l))
}

/// [`other_day`] of the text in front of a date in its stretch and, where that is short, in its row.
fn elsewhere(sheet: &Sheet, scope: &Scope, before: &[char]) -> bool {
    let mut front: String = before.iter().collect();
    if let Some(seg) = scope.segs.first().filter(|_| before.len() < 10) {
        let view = &sheet.view;
        let line = &view.page.lines[seg.line].glyphs[..seg.glyphs.start];
        front = line.iter().map(|g| g.ch).collect::<String>() + &front;
        if let Some(row) = view.rows.get(view.row_of[seg.line]) {
            let left = row.iter().take_while(|l| **l != seg.line).last();
            if let Some(l) = left.filter(|l| (view.rect(seg.line).x0 - view.rect(**l).x1) as f32 <= 4.0 * view.em) {
                front = view.page.lines[*l].text() + &front;
            }
        }
    }
    other_day(&front)
}

/// A sex in brackets behind a name's title of respect.
fn bracketed_sex(text: &Text) -> Option<(std::ops::Range<usize>, &'static str)> {
    let chars = &text.chars;
    (1..chars.len()).find_map(|i| {
        let close = (i + 2..chars.len().min(i + 4)).find(|j| ")）".contains(chars[*j]))?;
        // (what a relation's bracket says is 長男, never 男 alone)
        let name = chars[..i].iter().filter(|c| !c.is_whitespace()).count() >= 3
            && chars[..i].iter().rev().find(|c| !c.is_whitespace()).is_some_and(|c| c.is_alphabetic() && !c.is_ascii());
        if !"(（".contains(chars[i]) || !name {
            return None;
        }
        let word: String = chars[i + 1..close].iter().collect();
        let value = match word.as_str() {
            "男" | "男性" | "M" => "male",
            "女" | "女性" | "F" => "female",
            _ => return None,
        };
        Some((i + 1..close, value))
    })
}

/// Whether a person's name stands in the same line, above or below: kana alone may be any word.
fn beside_name(sheet: &Sheet, seg: &Seg) -> bool {
    let view = &sheet.view;
    let place = view.seg_rect(seg);
    view.page.lines.iter().enumerate().any(|(l, line)| {
        let (dy, left) = ((line.rect.center().1 - place.center().1).abs() as f32, place.x0 - line.rect.x1);
        let over = dy <= 2.4 * view.em && line.rect.x0 < place.x1 && line.rect.x1 > place.x0;
        // 原田多恵子様　(ハラダタエコ)
        let near = over || dy <= 0.7 * view.em && (0..=(3.0 * view.em) as i32).contains(&left);
        let rest = if l == seg.line { 0..seg.glyphs.start } else { 0..line.glyphs.len() };
        near && {
            let text = view.text(&[Seg { line: l, glyphs: rest }]);
            form::read(Form::Person, &text, &Known::default())
                .first()
                .is_some_and(|p| p.quality >= 0.6 && !crate::text::kana::is_kana(&p.value.text()))
        }
    })
}

/// Consecutive rows of prescriptions.
fn drug_blocks(sheet: &Sheet, field: &Field, known: &Known, out: &mut Vec<Candidate>) {
    let view = &sheet.view;
    let mut run: Vec<Seg> = Vec::new();
    let flush = |run: &mut Vec<Seg>, out: &mut Vec<Candidate>| {
        if !run.is_empty() {
            let scope =
                Scope { direction: Direction::Shape, rows: run.len(), segs: std::mem::take(run), distance: 0.0 };
            from_scope(sheet, field, None, &scope, known, out);
        }
    };
    for row in &view.rows {
        // name, dose and usage may stand in columns, a label in front of them
        let first = row.iter().position(|l| {
            let text = view.text(&[view.whole(*l)]).string();
            drug::plausible(&text) >= 0.5 || drug::known_drug(&text).is_some()
        });
        let segs: Vec<Seg> = row[first.unwrap_or(row.len())..].iter().map(|l| view.whole(*l)).collect();
        let text = view.text(&segs).string();
        if drug::plausible(&text) >= if drug::known_drug(&text).is_some() { 0.5 } else { 0.7 } {
            run.extend(segs);
        } else {
            flush(&mut run, out);
        }
    }
    flush(&mut run, out);
}
