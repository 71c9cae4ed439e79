//! Statistics as tables: the same ones stand on the page, in the CSV files and in the monthly report. Names of hospitals
//! and professions only.

use std::collections::{BTreeMap, HashMap};

use super::interval::Estimate;
use super::statistics::{Counts, Span, Spread, Statistics, day};
use super::{EVERYWHERE, UNREGISTERED};
use crate::model::Vocabulary;

/// A table with its columns' words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Name of its CSV file.
    pub key: &'static str,
    pub title: String,
    /// What it counts, in a sentence.
    pub note: String,
    pub head: Vec<String>,
    /// The first column is the row's name.
    pub rows: Vec<Vec<String>>,
}

/// Name of a sender as figures count it; `names` are those of the register. One that has left it has its id for a name.
pub fn hospital(key: &str, names: &HashMap<String, String>, english: bool) -> String {
    let say: Say = if english { en } else { ja };
    match key {
        "" => say("発信元不明", "unknown sender").to_owned(),
        EVERYWHERE => say("すべての発信元", "all senders").to_owned(),
        _ => match key.strip_prefix(UNREGISTERED) {
            Some(name) => format!("{name}{}", say("（名簿になし）", " (not in the register)")),
            None => names.get(key).cloned().unwrap_or_else(|| key.to_owned()),
        },
    }
}

/// Words of a language: Japanese, English.
type Say = fn(&'static str, &'static str) -> &'static str;

fn ja(ja: &'static str, _: &'static str) -> &'static str {
    ja
}

fn en(_: &'static str, en: &'static str) -> &'static str {
    en
}

/// Hospitals beyond so many are one row.
const MOST: usize = 60;

/// Who and what is called how.
pub struct Names<'a> {
    pub english: bool,
    pub hospital: &'a dyn Fn(&str) -> String,
    pub kind: &'a dyn Fn(&str) -> String,
    pub field: &'a dyn Fn(&str) -> String,
}

impl<'a> Names<'a> {
    /// The vocabulary's own names.
    pub fn japanese(hospital: &'a dyn Fn(&str) -> String) -> Names<'a> {
        let (kind, field) =
            (&|k: &str| Vocabulary::get().type_name(k).to_owned(), &|k: &str| Vocabulary::get().label(k).to_owned());
        Names { english: false, hospital, kind, field }
    }
}

/// All tables, in the order of the page.
pub fn tables(s: &Statistics, names: &Names) -> Vec<Table> {
    let say: Say = if names.english { en } else { ja };
    let hospital = names.hospital;
    vec![
        overview(s, say),
        course(s, say),
        hospitals(s, say, hospital),
        kinds(s, say, names),
        matrix(s, say, names),
        lead(s, say, hospital),
        corrections(s, say, names),
        usage(s, say),
    ]
}

fn head(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

fn share(part: i64, of: i64) -> String {
    if of == 0 { "–".to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / of as f64) }
}

/// 45 秒, 12 分, 3 時間 5 分, 2 日.
pub fn duration(seconds: Option<i64>, english: bool) -> String {
    let say: Say = if english { en } else { ja };
    let Some(s) = seconds else { return "–".to_owned() };
    let (minutes, hours) = (s / 60, s / 3600);
    match s {
        i64::MIN..90 => format!("{s} {}", say("秒", "s")),
        90..5_400 => format!("{minutes} {}", say("分", "min")),
        5_400..172_800 => format!("{hours} {} {} {}", say("時間", "h"), minutes % 60, say("分", "min")),
        _ => format!("{} {}", hours / 24, say("日", "days")),
    }
}

fn mean(sum: i64, of: i64) -> String {
    if of == 0 { "–".to_owned() } else { format!("{:.1} %", sum as f64 / of as f64 / 10.0) }
}

fn overview(s: &Statistics, say: Say) -> Table {
    let (t, english) = (s.total(), say("", "e") == "e");
    let row = |name: &'static str, value: String, more: String| vec![name.to_owned(), value, more];
    let times = |spread: &Spread| {
        let p90 = duration(spread.percentile(90), english);
        (duration(spread.percentile(50), english), format!("{} {p90}", say("90 % は", "90 %:")))
    };
    let ((noticed, noticed_90), (opened, opened_90)) = (times(&s.noticed), times(&s.opened));
    let Estimate { checked, rate, lower, upper, .. } = s.samples.estimate();
    let error = if checked == 0 { "–".to_owned() } else { format!("{:.2} %", rate * 100.0) };
    let interval = if checked == 0 {
        say("検査なし", "none checked").to_owned()
    } else {
        format!("{} {:.2}–{:.2} %（{checked}）", say("95 % 信頼区間", "95 %:"), lower * 100.0, upper * 100.0)
    };
    Table {
        key: "overview",
        title: say("全体", "Overview").to_owned(),
        note: say("受信日で数えます。再送は数えません。", "By day of receipt; re-sends do not count.").to_owned(),
        head: head(&[say("項目", "Figure"), say("値", "Value"), say("補足", "More")]),
        rows: vec![
            row(
                say("届いた用紙", "Sheets"),
                t.sheets.to_string(),
                format!("{} {}", say("ほかに再送", "re-sent"), s.again),
            ),
            row(say("部屋に掲載した用紙", "In a room"), t.posted.to_string(), share(t.posted, t.sheets)),
            row(say("自動で掲載した用紙", "Posted automatically"), t.machine.to_string(), share(t.machine, t.posted)),
            row(
                say("うち、人の確認がまったく要らなかった用紙", "Without any field for a person"),
                t.whole.to_string(),
                share(t.whole, t.posted),
            ),
            row(
                say("自動で確定した項目", "Fields accepted automatically"),
                (t.fields - t.unsure).to_string(),
                share(t.fields - t.unsure, t.fields),
            ),
            row(say("受信からお知らせまで（中央値）", "Receipt to notice (median)"), noticed, noticed_90),
            row(say("受信から最初に読まれるまで（中央値）", "Receipt to first read (median)"), opened, opened_90),
            row(
                say("必須の項目の記載率", "Required items present"),
                share(t.there, t.wanted),
                format!("{} / {}", t.there, t.wanted),
            ),
            row(say("文字の読みやすさ（平均）", "Legibility (mean)"), mean(t.legible, t.looked), String::new()),
            row(
                say("自動で確定した値の誤り率（抜き取り検査）", "Wrong among accepted values (blind samples)"),
                error,
                interval,
            ),
        ],
    }
}

fn course(s: &Statistics, say: Say) -> Table {
    let rows = course_of(s)
        .into_iter()
        .map(|(name, (sheets, machine))| vec![name, sheets.to_string(), machine.to_string(), share(machine, sheets)]);
    Table {
        key: "course",
        title: say("時期別の用紙数", "Sheets by time").to_owned(),
        note: String::new(),
        head: head(&[
            say("時期", "Time"),
            say("届いた用紙", "Sheets"),
            say("自動で掲載", "Posted automatically"),
            say("割合", "Share"),
        ]),
        rows: rows.collect(),
    }
}

/// By day for up to two months, else by month: its name, sheets, and those posted by the machine alone.
pub fn course_of(s: &Statistics) -> Vec<(String, (i64, i64))> {
    let mut all: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    let months = s.span.days() > 62;
    let (first, days) = (super::statistics::number(s.span.first), s.span.days());
    for n in first..first + days {
        let of = s.days.get(&n).copied().unwrap_or_default();
        let day = day(n);
        let name = if months { format!("{:04}-{:02}", day.year(), day.month()) } else { day.to_string() };
        let sum = all.entry(name).or_default();
        *sum = (sum.0 + of.0, sum.1 + of.1);
    }
    all.into_iter().collect()
}

/// The most sheets first; what is beyond `MOST` is left out and counted.
fn most(all: BTreeMap<&str, Counts>) -> (Vec<(&str, Counts)>, usize) {
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by(|a, b| b.1.sheets.cmp(&a.1.sheets).then(a.0.cmp(b.0)));
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    (all, more)
}

fn rest(say: Say, more: usize) -> String {
    if more == 0 { String::new() } else { format!("{} {more} {}", say("ほかに", "and"), say("か所。", "more.")) }
}

fn hospitals(s: &Statistics, say: Say, name: &dyn Fn(&str) -> String) -> Table {
    let (all, more) = most(s.by(|g| &g.hospital));
    let row = |(key, c): (&str, Counts)| {
        vec![
            name(key),
            c.sheets.to_string(),
            share(c.machine, c.posted),
            share(c.there, c.wanted),
            mean(c.legible, c.looked),
            share(c.fields - c.unsure, c.fields),
        ]
    };
    Table {
        key: "hospitals",
        title: say("発信元別", "By sender").to_owned(),
        note: format!(
            "{}{}",
            say(
                "記載率は国の様式の必須の項目のうち書かれていたものの割合、読みやすさは文字の確からしさの平均です。",
                "Items: required ones of the national form that are there. Legibility: mean certainty of characters.",
            ),
            rest(say, more)
        ),
        head: head(&[
            say("発信元", "Sender"),
            say("用紙", "Sheets"),
            say("自動で掲載", "Automatic"),
            say("記載率", "Items there"),
            say("読みやすさ", "Legibility"),
            say("自動で確定した項目", "Fields accepted"),
        ]),
        rows: all.into_iter().map(row).collect(),
    }
}

fn kinds(s: &Statistics, say: Say, names: &Names) -> Table {
    let (all, _) = most(s.by(|g| &g.kind));
    let row = |(key, c): (&str, Counts)| {
        vec![
            (names.kind)(key),
            c.sheets.to_string(),
            c.posted.to_string(),
            share(c.machine, c.posted),
            share(c.there, c.wanted),
            share(c.fields - c.unsure, c.fields),
        ]
    };
    Table {
        key: "types",
        title: say("書類の種類別", "By type").to_owned(),
        note: String::new(),
        head: head(&[
            say("種類", "Type"),
            say("用紙", "Sheets"),
            say("掲載", "In a room"),
            say("自動で掲載", "Automatic"),
            say("記載率", "Items there"),
            say("自動で確定した項目", "Fields accepted"),
        ]),
        rows: all.into_iter().map(row).collect(),
    }
}

fn matrix(s: &Statistics, say: Say, names: &Names) -> Table {
    let (hospitals, more) = most(s.by(|g| &g.hospital));
    let (kinds, _) = most(s.by(|g| &g.kind));
    let count = |h: &str, k: &str| {
        let sheets: i64 = s.groups.iter().filter(|g| g.hospital == h && g.kind == k).map(|g| g.counts.sheets).sum();
        sheets.to_string()
    };
    let mut words = vec![say("発信元", "Sender").to_owned()];
    words.extend(kinds.iter().map(|(k, _)| (names.kind)(k)));
    words.push(say("計", "All").to_owned());
    let row = |(h, c): &(&str, Counts)| {
        let mut row = vec![(names.hospital)(h)];
        row.extend(kinds.iter().map(|(k, _)| count(h, k)));
        row.push(c.sheets.to_string());
        row
    };
    Table {
        key: "sheets",
        title: say("発信元と書類の種類", "Senders and types").to_owned(),
        note: rest(say, more),
        head: words,
        rows: hospitals.iter().map(row).collect(),
    }
}

fn lead(s: &Statistics, say: Say, name: &dyn Fn(&str) -> String) -> Table {
    let mut whole = Spread::default();
    s.lead.values().for_each(|spread| whole.merge(spread));
    let row = |name: String, d: &Spread| {
        let n = d.count();
        let median = d.percentile(50).map_or("–".to_owned(), |d| format!("{d} {}", say("日", "days")));
        vec![name, n.to_string(), median, share(d.that(|d| d >= 3), n), share(d.that(|d| d <= 0), n)]
    };
    let mut all: Vec<(&String, &Spread)> = s.lead.iter().collect();
    all.sort_by(|a, b| b.1.count().cmp(&a.1.count()).then(a.0.cmp(b.0)));
    let more = all.len().saturating_sub(MOST);
    let mut rows = vec![row(say("全体", "All").to_owned(), &whole)];
    rows.extend(all.into_iter().take(MOST).map(|(h, spread)| row(name(h), spread)));
    Table {
        key: "lead",
        title: say("早めの情報提供", "Lead time").to_owned(),
        note: format!(
            "{}{}",
            say(
                "お知らせの日から、用紙に書かれた退院(予定)日までの日数です。退院日が確かに読めた用紙だけを数えます。",
                "Days from the notice to the discharge that the sheet tells; only where that date is sure.",
            ),
            rest(say, more)
        ),
        head: head(&[
            say("発信元", "Sender"),
            say("用紙", "Sheets"),
            say("中央値", "Median"),
            say("3日以上前", "3 days before or more"),
            say("当日・退院後", "On the day or after"),
        ]),
        rows,
    }
}

fn corrections(s: &Statistics, say: Say, names: &Names) -> Table {
    let changed = |c: &super::statistics::Corrections| c.unsure + c.sure + c.added;
    let mut all: Vec<_> = s.corrections.iter().collect();
    all.sort_by(|a, b| changed(b.1).cmp(&changed(a.1)).then(a.0.cmp(b.0)));
    let label = |key: &String| match key.as_str() {
        "type" => say("書類の種類", "Type").to_owned(),
        key => (names.field)(key),
    };
    Table {
        key: "corrections",
        title: say("項目別の訂正", "Corrections by field").to_owned(),
        note: say(
            "確認の画面で人が決めた件数です。「自動で確定していた値を訂正」が多い項目は、読み取りルールを見直してください。",
            "What persons decided. Look at the rules of fields whose accepted values are corrected.",
        )
        .to_owned(),
        head: head(&[
            say("項目", "Field"),
            say("そのまま確認", "Confirmed"),
            say("未確認の値を訂正", "Unsure, corrected"),
            say("自動で確定していた値を訂正", "Accepted, corrected"),
            say("書き足し", "Added"),
        ]),
        rows: all
            .into_iter()
            .map(|(key, c)| {
                vec![
                    label(key),
                    c.confirmed.to_string(),
                    c.unsure.to_string(),
                    c.sure.to_string(),
                    c.added.to_string(),
                ]
            })
            .collect(),
    }
}

fn usage(s: &Statistics, say: Say) -> Table {
    let row = |(profession, u): (&String, &super::statistics::Usage)| {
        let name = if profession.is_empty() {
            say("職種の登録なし", "not registered").to_owned()
        } else {
            profession.clone()
        };
        vec![name, u.people.to_string(), u.opened.to_string(), u.replies.to_string()]
    };
    let mut all: Vec<_> = s.usage.iter().collect();
    all.sort_by(|a, b| b.1.opened.cmp(&a.1.opened).then(a.0.cmp(b.0)));
    Table {
        key: "usage",
        title: say("職種別の部屋の利用", "Use of rooms by profession").to_owned(),
        note: say("職種は職員名簿によります。", "Professions are those of the register of staff.").to_owned(),
        head: head(&[
            say("職種", "Profession"),
            say("利用した人", "People"),
            say("開いた用紙", "Sheets opened"),
            say("返信", "Replies"),
        ]),
        rows: all.into_iter().map(row).collect(),
    }
}

impl Table {
    /// As a CSV file (RFC 4180) that spreadsheets know for UTF-8; a cell is never taken for a formula.
    pub fn csv(&self) -> String {
        let mut out = String::from("\u{FEFF}");
        for row in std::iter::once(&self.head).chain(&self.rows) {
            let cells: Vec<String> = row.iter().map(|c| cell(c)).collect();
            out += &cells.join(",");
            out += "\r\n";
        }
        out
    }
}

fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// `2026年11月`, or first and last day.
pub fn title(span: Span, english: bool) -> String {
    let (a, b) = (span.first, span.last);
    if span == Span::month_of(a) {
        return if english {
            format!("{:04}-{:02}", a.year(), a.month())
        } else {
            format!("{}年{}月", a.year(), a.month())
        };
    }
    if english {
        return format!("{a} to {b}");
    }
    let ja = |d: jiff::civil::Date| format!("{}年{}月{}日", d.year(), d.month(), d.day());
    format!("{}〜{}", ja(a), ja(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_quoted_and_nothing_is_a_formula() {
        let t = Table {
            key: "x",
            title: String::new(),
            note: String::new(),
            head: head(&["a,b", "c"]),
            rows: vec![vec!["=1+1".into(), "–".into()], vec!["い\"ろ".into(), "1".into()]],
        };
        assert_eq!(t.csv(), "\u{FEFF}\"a,b\",c\r\n'=1+1,–\r\n\"い\"\"ろ\",1\r\n");
        assert_eq!(duration(Some(89), false), "89 秒");
        assert_eq!(duration(Some(11_100), false), "3 時間 5 分");
        assert_eq!(duration(Some(200_000), true), "2 days");
        let span = Span::month("2026-11").expect("a month");
        assert_eq!((title(span, false).as_str(), title(span, true).as_str()), ("2026年11月", "2026-11"));
    }
}
