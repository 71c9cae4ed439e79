//! The scanner behind [`find`]: one pattern for each style over NFKC text, then validity checks.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};
use regex::{Captures, Regex};
use unicode_normalization::UnicodeNormalization;

use super::{Context, Era, Found, Reading, age_on};

/// NFKC with single spaces kept, the map to original characters, and the byte offset of each character.
struct Text {
    text: String,
    map: Vec<usize>,
    bytes: Vec<usize>,
    original: usize,
}

impl Text {
    fn new(s: &str) -> Self {
        let mut t = Text { text: String::new(), map: Vec::new(), bytes: Vec::new(), original: s.chars().count() };
        for (i, ch) in s.chars().enumerate() {
            for c in std::iter::once(ch).nfkc() {
                let c = if c.is_whitespace() { ' ' } else { c };
                if c == ' ' && t.text.ends_with(' ') {
                    continue;
                }
                t.bytes.push(t.text.len());
                t.map.push(i);
                t.text.push(c);
            }
        }
        t
    }

    /// Bytes of the normalised text to characters of the original.
    fn span(&self, bytes: Range<usize>) -> Range<usize> {
        let at = |b: usize| self.bytes.partition_point(|&x| x < b);
        let start = self.map.get(at(bytes.start)).copied().unwrap_or(self.original);
        let end = at(bytes.end).checked_sub(1).and_then(|i| self.map.get(i)).map_or(start, |i| i + 1);
        start..end.max(start)
    }
}

const ERA: &str = r"(?P<era>明治|大正|昭和|平成|令和|分和|今和|合和|冷和|明|大|昭|平|令|[MTSHRmtshr])";
const KAN: &str = "[〇零一二三四五六七八九十]";

static KANJI_STYLE: LazyLock<Regex> = LazyLock::new(|| {
    re(&format!(
        r"(?:{ERA}\.? ?|西暦 ?|公暦 ?)?(?P<y>\d{{1,4}}|元|{KAN}{{1,4}}) ?(?P<p>\([^()]{{1,12}}\))? ?(?P<ys>年|牛|隼|午) ?(?P<p2>\([^()]{{1,12}}\))? ?(?P<m>\d{{1,2}}|{KAN}{{1,2}}) ?(?P<ms>月|目|⽉|日) ?(?P<d>\d{{1,2}}|{KAN}{{1,3}})(?: ?(?P<ds>日|口|曰|目|白|□|ロ))?"
    ))
});
static POINT_STYLE: LazyLock<Regex> = LazyLock::new(|| {
    re(&format!(
        r"(?:{ERA} ?[.・,]? ?)?(?P<y>\d{{1,4}}|元) ?(?P<ys>[./・\-,‐−–ー]) ?(?P<m>\d{{1,2}}) ?(?P<ms>[./・\-,‐−–ー]) ?(?P<d>\d{{1,2}})"
    ))
});
static COMPACT: LazyLock<Regex> =
    LazyLock::new(|| re(&format!(r"(?:{ERA} ?(?P<s>\d{{6}})|(?P<l>(?:18|19|20)\d{{6}}))")));
static NO_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    re(&format!(
        r"(?P<m>\d{{1,2}}|{KAN}{{1,2}}) ?(?P<ms>月|目|⽉|/) ?(?P<d>\d{{1,2}}|{KAN}{{1,3}})(?: ?(?P<ds>日|曰|口))?"
    ))
});
/// What may follow a date: weekday, then a time.
static WEEKDAY: LazyLock<Regex> = LazyLock::new(|| {
    re(r"^ ?(?:[(\[〔] ?(?P<a>[月火水木金土日曰]) ?(?:曜日?|[・,、] ?祝日?)* ?[)\]〕]?|(?P<b>[月火水木金土日])曜日?)")
});
const TIME: &str = r"(?P<ap>午前|午後|AM|PM|am|pm|Am|Pm|a\.m\.|p\.m\.)? ?(?:(?P<h>\d{1,2}|[一二三四五六七八九十]{1,3}) ?(?:[:：] ?(?P<m>\d{2})|時 ?(?:(?P<m2>\d{1,2}|[一二三四五六七八九十]{1,3}) ?分|(?P<half>半))?)|(?P<noon>正午))(?: ?(?P<ap2>AM|PM|am|pm))?";
static TIME_AFTER: LazyLock<Regex> =
    LazyLock::new(|| re(&format!(r"^ ?[、,]? ?(?:(?:時間|時刻|開始|予定) ?[::]? ?)?{TIME}")));
static TIME_ANYWHERE: LazyLock<Regex> = LazyLock::new(|| re(TIME));
static AGE: LazyLock<Regex> = LazyLock::new(|| re(r"^[^0-9]{0,8}?(?P<age>\d{1,3}) ?[歳才歲]"));
static ERA_BEFORE: LazyLock<Regex> =
    LazyLock::new(|| re(r"(?:(?:明治|大正|昭和|平成|令和|明|大|昭|平|令|[MTSHR]) ?[・･/、,.|\-:□☐☑■✓レ)(]* ?)+$"));
static ERA_TOKEN: LazyLock<Regex> = LazyLock::new(|| re(r"明治|大正|昭和|平成|令和|明|大|昭|平|令|[MTSHR]"));

fn re(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file compile")
}

/// All dates in a text, in order, each with its readings.
pub fn find(text: &str, context: &Context) -> Vec<Found> {
    let strict = find_in(&Text::new(text), context, 1.0);
    if !strict.is_empty() {
        return strict;
    }
    // Letters that look like digits, only where a digit or a date's separator stands beside them.
    let chars: Vec<char> = text.chars().collect();
    let near = |i: usize| {
        [i.checked_sub(1), Some(i + 1)].into_iter().flatten().any(|j| {
            chars.get(j).is_some_and(|c| c.is_numeric() || "年月日/.-時:".contains(*c) || "0123456789".contains(*c))
        })
    };
    let repaired: String = (0..chars.len())
        .map(|i| match chars[i] {
            'O' | 'o' | 'Q' | 'Ｏ' | '〇' | '○' | '◯' if near(i) => '0',
            'l' | 'I' | '|' | '!' | 'Ｉ' | 'ｌ' if near(i) => '1',
            'B' if near(i) => '8',
            c => c,
        })
        .collect();
    if repaired == text { Vec::new() } else { find_in(&Text::new(&repaired), context, 0.75) }
}

fn find_in(t: &Text, context: &Context, factor: f32) -> Vec<Found> {
    let mut found: Vec<(Range<usize>, Found)> = Vec::new();
    for (pattern, style) in [
        (&KANJI_STYLE, Style::Kanji),
        (&POINT_STYLE, Style::Point),
        (&COMPACT, Style::Compact),
        (&NO_YEAR, Style::NoYear),
    ] {
        let mut at = 0;
        while let Some(c) = pattern.captures_at(&t.text, at) {
            let whole = c.get(0).expect("group 0 is the match").range();
            // Overlapping matches must stay possible: "明大昭平" before a year, a wrong start inside a number.
            at = whole.start + t.text[whole.start..].chars().next().map_or(1, char::len_utf8);
            if found.iter().any(|(r, _)| r.start < whole.end && whole.start < r.end) {
                continue;
            }
            if let Some((range, one)) = read(t, &c, style, context, factor) {
                at = range.end;
                found.push((range, one));
            }
            if at > t.text.len() {
                break;
            }
        }
    }
    found.sort_by_key(|(r, _)| r.start);
    found.into_iter().map(|(_, f)| f).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Kanji,
    Point,
    Compact,
    NoYear,
}

/// A year that may be meant, with the quality that its writing carries.
struct Year {
    year: i16,
    era: Option<Era>,
    quality: f32,
    note: Option<&'static str>,
}

fn read(t: &Text, c: &Captures, style: Style, context: &Context, factor: f32) -> Option<(Range<usize>, Found)> {
    let mut whole = c.get(0)?.range();
    let before = t.text[..whole.start].chars().next_back();
    let after = t.text[whole.end..].chars().next();
    // A number or a word goes on to the left: this is only its end.
    if before.is_some_and(|b| b.is_ascii_alphanumeric() || b == '|')
        && t.text[whole.clone()].starts_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    let text = |name: &str| c.name(name).map(|m| m.as_str());
    let mut quality = factor;
    let (y, m, d);
    match style {
        Style::Compact => {
            if after.is_some_and(|a| a.is_ascii_digit() || a == '-') || before.is_some_and(|b| b == '-') {
                return None;
            }
            let digits = text("s").or(text("l"))?;
            let (head, tail) = digits.split_at(digits.len() - 4);
            y = head.parse().ok()?;
            m = tail[..2].parse().ok()?;
            d = tail[2..].parse().ok()?;
            quality *= 0.8;
        }
        _ => {
            y = text("y").map_or(Some(0), number)?;
            m = number(text("m")?)?;
            d = number(text("d")?)?;
        }
    }
    if style == Style::Point || style == Style::NoYear && text("ms") == Some("/") {
        // Part of a longer chain of numbers: a phone, an address, a version.
        let own = text("ms").and_then(|s| s.chars().next());
        let chain = |x: Option<char>| x.is_some_and(|x| x.is_ascii_digit() || Some(x) == own);
        let rest = &t.text[whole.end..];
        let full_stop = after == Some('.') && !rest[1..].starts_with(|n: char| n.is_ascii_digit());
        // Where the line lost its gap, the hour stands right behind the day.
        let hour = style == Style::Point && TIME_AFTER.is_match(rest);
        if chain(before) || (chain(after) && !full_stop && !hour) {
            return None;
        }
    }
    match style {
        Style::Kanji => {
            if text("ys") != Some("年") {
                quality *= 0.7;
            }
            if text("ms") != Some("月") && text("ms") != Some("⽉") {
                quality *= 0.75;
            }
            if text("ds") != Some("日") {
                quality *= if text("ds").is_some() { 0.9 } else { 0.85 };
            }
            if text("ds").is_none() && after.is_some_and(|a| a.is_ascii_digit()) {
                return None;
            }
        }
        Style::Point => {
            let (a, b) = (text("ys")?, text("ms")?);
            quality *= if a == b { 0.95 } else { 0.7 };
            let dash = !"./・,".contains(a) || !"./・,".contains(b);
            if dash && text("era").is_none() && y < 1000 {
                return None;
            }
        }
        Style::Compact => {}
        Style::NoYear => {
            if text("ms") == Some("/") {
                quality *= 0.7;
            } else if text("ds").is_none() {
                quality *= 0.6;
            }
        }
    }

    // The era: none, one, or a printed choice of several.
    let mut era_text = c.name("era").filter(|e| {
        let letter = e.as_str().is_ascii();
        let inside_word = t.text[..e.start()].chars().next_back().is_some_and(|p| p.is_ascii_alphabetic());
        !(letter && inside_word && !ERA_BEFORE.is_match(&t.text[..e.start()]))
    });
    if c.name("era").is_some() && era_text.is_none() {
        whole.start = c.name("era")?.end();
    }
    let mut listed: Vec<Era> = Vec::new();
    let head = era_text.map_or(whole.start, |e| e.start());
    if style != Style::NoYear
        && y < 1000
        && let Some(list) = ERA_BEFORE.find(&t.text[..head])
    {
        let mut all: Vec<Era> =
            ERA_TOKEN.find_iter(&t.text[list.range()]).filter_map(|e| Era::parse(e.as_str())).collect();
        all.extend(era_text.and_then(|e| Era::parse(e.as_str())));
        all.dedup();
        // A printed choice climbs through at least two eras; one era set apart by other marks still counts.
        if all.len() > 1 && all.windows(2).all(|w| w[0] < w[1]) || era_text.is_none() && all.len() == 1 {
            listed = all;
            whole.start = list.start();
            era_text = None;
        }
    }
    let stated = match era_text.map(|e| e.as_str()) {
        Some("分和" | "今和" | "合和" | "冷和") => Some((Era::Reiwa, 0.9)),
        Some(e) if e.chars().count() == 1 => Era::parse(e).map(|e| (e, 0.97)),
        Some(e) => Era::parse(e).map(|e| (e, 1.0)),
        None => None,
    };

    let mut tail = whole.end;
    let weekday = WEEKDAY.captures(&t.text[tail..]).and_then(|w| {
        tail += w.get(0)?.end();
        weekday(w.name("a").or(w.name("b"))?.as_str())
    });
    let age = AGE.captures(&t.text[tail..]).and_then(|a| a.name("age")?.as_str().parse::<i16>().ok());
    let mut clock = None;
    if let Some(w) = TIME_AFTER.captures(&t.text[tail..]) {
        clock = time_of(&w);
        if clock.is_some() {
            tail += w.get(0)?.end();
        }
    }

    let years = if style == Style::NoYear {
        years_near(m, d, context.reference?, weekday)
    } else {
        years(y, stated, &listed, context, text("p").or(text("p2")))
    };
    let mut readings: Vec<Reading> =
        years.into_iter().filter_map(|year| judge(year, (m, d), clock, quality, weekday, age, context)).collect();
    readings.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    let mut seen = Vec::new();
    readings.retain(|r| {
        !seen.contains(&r.date) && {
            seen.push(r.date);
            true
        }
    });
    readings.truncate(3);
    // Two readings that are nearly as good: neither is sure.
    if readings.len() > 1 && readings[1].quality > readings[0].quality - 0.05 {
        let cap = 0.5f32;
        for r in &mut readings {
            r.quality = r.quality.min(cap);
        }
    }
    (!readings.is_empty()).then(|| (whole.start..tail, Found { span: t.span(whole.start..tail), readings, age }))
}

/// The years that a number may mean.
fn years(y: i16, stated: Option<(Era, f32)>, listed: &[Era], context: &Context, paren: Option<&str>) -> Vec<Year> {
    let plain = |year, era, quality, note| Year { year, era, quality, note };
    let mut out = Vec::new();
    if y >= 1000 {
        out.push(plain(y, None, if stated.is_some() { 0.6 } else { 1.0 }, None));
    } else if (1..100).contains(&y) {
        match (stated, context.era) {
            (Some((era, q)), chosen) => {
                let agrees = chosen.is_none_or(|c| c == era);
                let note = (!agrees).then_some("印の元号と印字の元号が違います");
                out.push(plain(era.offset() + y, Some(era), if agrees { q } else { 0.5 }, note));
            }
            (None, Some(era)) => {
                let listed_too = listed.is_empty() || listed.contains(&era);
                out.push(plain(era.offset() + y, Some(era), if listed_too { 0.95 } else { 0.5 }, None));
            }
            (None, None) if listed.len() == 1 => {
                out.push(plain(listed[0].offset() + y, Some(listed[0]), 0.85, None));
            }
            (None, None) if !listed.is_empty() => {
                let note = Some("元号の印が読めていません");
                out.extend(listed.iter().map(|e| plain(e.offset() + y, Some(*e), 0.4, note)));
            }
            (None, None) => {
                let note = Some("元号がありません");
                let near =
                    |year: i16| context.reference.is_some_and(|r| !context.birth && (year - r.year()).abs() <= 1);
                for era in Era::ALL {
                    let year = era.offset() + y;
                    out.push(plain(year, Some(era), if near(year) { 0.7 } else { 0.3 }, note));
                }
                out.push(plain(2000 + y, None, if near(2000 + y) { 0.7 } else { 0.3 }, note));
                out.push(plain(1900 + y, None, 0.25, note));
            }
        }
    }
    // 1933年(昭和8年): the bracket must say the same.
    if let Some(inner) = paren.and_then(bracketed_year) {
        for o in &mut out {
            if o.year == inner {
                o.quality = 1.0 - (1.0 - o.quality) * 0.3;
            } else {
                o.quality *= 0.4;
                o.note = Some("西暦と和暦が合いません");
            }
        }
    }
    out
}

/// The year inside `(昭和8年)` or `(1933)`.
fn bracketed_year(p: &str) -> Option<i16> {
    static INNER: LazyLock<Regex> = LazyLock::new(|| re(&format!(r"^\( ?(?:{ERA} ?)?(?P<y>\d{{1,4}}|元) ?年? ?\)$")));
    let c = INNER.captures(p)?;
    let y = number(c.name("y")?.as_str())?;
    match c.name("era").and_then(|e| Era::parse(e.as_str())) {
        Some(era) if y < 100 => Some(era.offset() + y),
        None if y >= 1000 => Some(y),
        _ => None,
    }
}

/// A month and day without a year: the year whose day lies nearest to the reference, the weekday first.
fn years_near(m: i16, d: i16, reference: Date, weekday: Option<Weekday>) -> Vec<Year> {
    let mut all: Vec<(i32, Year)> = (-1..=1)
        .filter_map(|k| {
            let year = reference.year() + k;
            let day = make(year, m, d)?;
            let away = (day - reference).get_days();
            let far = if away < 0 { away.abs() * 2 } else { away };
            let fits = weekday.is_none_or(|w| day.weekday() == w);
            let quality = if far > 300 { 0.35 } else { 0.65 };
            let quality = if fits { quality } else { 0.2 };
            Some((
                far + if fits { 0 } else { 10_000 },
                Year { year, era: None, quality, note: Some("年が書かれていません") },
            ))
        })
        .collect();
    all.sort_by_key(|(far, _)| *far);
    for (i, (_, y)) in all.iter_mut().enumerate() {
        if i > 0 {
            y.quality *= 0.4;
        }
    }
    all.into_iter().map(|(_, y)| y).collect()
}

fn judge(
    year: Year,
    (m, d): (i16, i16),
    time: Option<Time>,
    quality: f32,
    weekday: Option<Weekday>,
    age: Option<i16>,
    context: &Context,
) -> Option<Reading> {
    let date = make(year.year, m, d)?;
    let mut q = year.quality * quality;
    let mut notes: Vec<String> = year.note.iter().map(ToString::to_string).collect();
    if let Some(era) = year.era {
        let (first, last) = era.bounds();
        if date < first || date > last {
            let slack = date >= first.saturating_sub(400.days()) && date <= last.saturating_add(2.years());
            q *= if slack { 0.5 } else { 0.1 };
            notes.push(format!("{}の期間の外です", era.kanji()));
        }
    }
    if date.year() < 1868 || date.year() > 2150 {
        q *= 0.05;
    }
    if let Some(w) = weekday {
        if date.weekday() == w {
            q = 1.0 - (1.0 - q) * 0.3;
        } else {
            q *= 0.3;
            notes.push("曜日が合いません".into());
        }
    }
    if let Some(r) = context.reference {
        if context.birth {
            let years = age_on(date, r);
            if date > r || years > 115 {
                q *= 0.1;
                notes.push("生年月日としてありえません".into());
            }
            if let Some(a) = age {
                match (years - a).abs() {
                    // A sheet may have lain for a while: one year is no contradiction, but no proof either.
                    0 => q = 1.0 - (1.0 - q) * 0.3,
                    1 => q *= 0.95,
                    _ => {
                        q *= 0.3;
                        notes.push(format!("年齢({a}歳)が合いません"));
                    }
                }
            }
        } else if (date.year() - r.year()).abs() > 100 || date.year() > r.year() + 10 {
            q *= 0.3;
        }
    }
    (q > 0.02).then(|| Reading { date, time, quality: q.clamp(0.0, 1.0), notes })
}

fn make(y: i16, m: i16, d: i16) -> Option<Date> {
    Date::new(y, i8::try_from(m).ok()?, i8::try_from(d).ok()?).ok()
}

/// ASCII digits, 元, or kanji numerals (十二, 二〇二六).
fn number(s: &str) -> Option<i16> {
    if s == "元" {
        return Some(1);
    }
    if s.is_ascii() {
        return s.parse().ok();
    }
    let digit = |c: char| "〇一二三四五六七八九".chars().position(|k| k == c).or((c == '零').then_some(0));
    if let Some((tens, ones)) = s.split_once('十') {
        let one = |t: &str, empty: i16| match t.chars().count() {
            0 => Some(empty),
            1 => t.chars().next().and_then(digit).map(|v| v as i16),
            _ => None,
        };
        return Some(one(tens, 1)? * 10 + one(ones, 0)?);
    }
    s.chars().try_fold(0i16, |n, c| Some(n.checked_mul(10)? + digit(c)? as i16))
}

/// The day that 月 to 日 stand for.
pub fn weekday(s: &str) -> Option<Weekday> {
    Some(match s {
        "月" => Weekday::Monday,
        "火" => Weekday::Tuesday,
        "水" => Weekday::Wednesday,
        "木" => Weekday::Thursday,
        "金" => Weekday::Friday,
        "土" => Weekday::Saturday,
        "日" | "曰" => Weekday::Sunday,
        _ => return None,
    })
}

fn time_of(c: &Captures) -> Option<Time> {
    if c.name("noon").is_some() {
        return Time::new(12, 0, 0, 0).ok();
    }
    let mut h = number(c.name("h")?.as_str())?;
    let m = match (c.name("m").or(c.name("m2")), c.name("half")) {
        (Some(m), _) => number(m.as_str())?,
        (None, Some(_)) => 30,
        (None, None) => 0,
    };
    let half = c.name("ap").or(c.name("ap2")).map(|a| a.as_str().to_ascii_lowercase());
    match half.as_deref() {
        Some("午後" | "pm" | "p.m.") if h < 12 => h += 12,
        Some("午前" | "am" | "a.m.") if h == 12 => h = 0,
        _ => {}
    }
    Time::new(i8::try_from(h).ok()?, i8::try_from(m).ok()?, 0, 0).ok()
}

/// The first time of day in a text and where it stands.
pub fn time(text: &str) -> Option<(Time, Range<usize>)> {
    let t = Text::new(text);
    TIME_ANYWHERE.captures_iter(&t.text).find_map(|c| {
        let whole = c.get(0)?.range();
        let inside = t.text[..whole.start].ends_with(|c: char| c.is_ascii_digit());
        let time = time_of(&c)?;
        (!inside).then(|| (time, t.span(whole)))
    })
}
