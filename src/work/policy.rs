//! What is done with each document of a reading: posted, held back for a person, or closed. Pure.
//!
//! Type, pages and patient alone decide ([`Document::doubts`], the pages' state, [`Found`]); fields never do.
//! Nothing that came in is dropped: a page that belongs to no document, a page or a part that could not be read each
//! get an entry of their own on the review list.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

use super::{Found, Sorted};
use crate::canary::CANARY_ROOM;
use crate::figures::{self, EVERYWHERE};
use crate::model::{Document, Status};
use crate::reading::{Page, Reading};
use crate::store::{Candidate, Sheet, State};

/// The documents with their verdicts, and what is said of the whole where there are none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decided {
    pub sheets: Vec<Sheet>,
    pub reason: Option<String>,
}

/// Said of a field that is left to a person because of its samples.
const FALLEN: &str = "抜き取り検査で誤りが多かったため、人の確認に戻しています";
/// Below this mean probability of its characters a page counts as hardly readable.
const LEGIBLE: f32 = 0.80;
/// A page with fewer characters cannot be judged by its text.
const FEW_GLYPHS: usize = 12;

/// Sends sheets of rooms that were merged into others where those stand.
pub fn follow(sheets: &mut [Sheet], forwards: &std::collections::HashMap<String, String>) {
    for sheet in sheets {
        let rooms = sheet.room.iter_mut().chain(sheet.candidates.iter_mut().map(|c| &mut c.room));
        for room in rooms {
            if let Some(to) = forwards.get(room) {
                room.clone_from(to);
            }
        }
        let mut seen = std::collections::HashSet::new();
        sheet.candidates.retain(|c| seen.insert(c.room.clone()));
    }
}

/// Decides. `knows` tells whether a text without white space holds a registered patient's name.
pub fn decide(reading: &Reading, sorted: Sorted, knows: &dyn Fn(&str) -> bool) -> Decided {
    let broken = broken_parts(reading);
    let mut told = vec![false; broken.len()];
    let mut sheets = Vec::new();
    for (document, found) in sorted.documents {
        let mut doubts = page_doubts(reading, &document);
        for (i, b) in broken.iter().enumerate() {
            if document.pages.iter().any(|p| b.pages.contains(p)) {
                doubts.push(b.sentence());
                told[i] = true;
            }
        }
        doubts.extend(document.doubts.iter().cloned());
        sheets.push(verdict(reading, document, found, doubts, knows));
    }
    for (b, _) in broken.iter().zip(&told).filter(|(_, told)| !**told) {
        sheets.push(Sheet::unread(b.name.clone(), b.pages.clone(), &b.sentence()));
    }
    for page in orphans(reading, &sheets) {
        let reason = match &page.failed {
            Some(why) => format!("{}頁目を読み取れませんでした（{why}）", page.number),
            None => format!("{}頁目はどの文書のものか判別できません", page.number),
        };
        sheets.push(Sheet::unread(format!("{}頁目", page.number), vec![page.number], &reason));
    }
    let mut reason = None;
    if sheets.is_empty() {
        if !reading.pages.is_empty() {
            reason = Some("白紙のみです".to_owned());
        } else {
            let what = sorted.note.unwrap_or_else(|| match reading.mail {
                Some(_) => "書類の添付がないメールです".to_owned(),
                None => "読み取れる頁がありません".to_owned(),
            });
            let name = reading.parts.first().map(|p| p.name.clone()).unwrap_or_default();
            sheets.push(Sheet::unread(name, Vec::new(), &what));
        }
    }
    Decided { sheets, reason }
}

/// Leaves fields to a person whose samples were wrong too often: pairs of field and hospital, as figures count. Where a
/// sheet goes is decided by then and stays so.
pub fn fall_back(sheets: &mut [Sheet], fallen: &HashSet<(String, String)>) {
    if fallen.is_empty() {
        return;
    }
    for sheet in sheets.iter_mut().filter(|s| s.room.as_deref() != Some(CANARY_ROOM)) {
        let hospital = figures::hospital(&sheet.document);
        for (key, field) in &mut sheet.document.fields {
            let meant =
                [hospital.as_str(), EVERYWHERE].into_iter().any(|h| fallen.contains(&(key.clone(), h.to_owned())));
            if meant && field.status == Status::Accepted {
                field.doubt();
                field.trace.failed.push(FALLEN.to_owned());
            }
        }
    }
}

fn verdict(
    reading: &Reading,
    document: Document,
    found: Found,
    doubts: Vec<String>,
    knows: &dyn Fn(&str) -> bool,
) -> Sheet {
    let closed = match document.kind.as_str() {
        "other" => Some("部屋に載せる種類の書類ではありません"),
        "cover" => Some("送付状のみで、本文がありません"),
        _ => None,
    };
    let held = |document: Document, reasons: Vec<String>, candidates: Vec<Candidate>| Sheet {
        document,
        state: State::Review,
        room: None,
        reason: Some(reasons.join("。")),
        candidates,
        part: None,
    };
    if let Some(what) = closed {
        let person = names_person(reading, &document, knows);
        return match (doubts.is_empty(), person) {
            (true, None) => Sheet {
                document,
                state: State::Ignored,
                room: None,
                reason: Some(format!("{what}（個人名の記載なし）")),
                candidates: Vec::new(),
                part: None,
            },
            (_, person) => {
                let mut reasons = vec![what.to_owned()];
                reasons.extend(person);
                reasons.extend(doubts);
                let candidates = match found {
                    Found::Unsure { candidates, .. } => candidates,
                    Found::Room(room) => vec![Candidate { room, score: 1.0, ..Candidate::default() }],
                };
                held(document, reasons, candidates)
            }
        };
    }
    match found {
        Found::Room(room) if doubts.is_empty() => {
            Sheet { document, state: State::Posted, room: Some(room), reason: None, candidates: Vec::new(), part: None }
        }
        Found::Room(room) => held(document, doubts, vec![Candidate { room, score: 1.0, ..Candidate::default() }]),
        Found::Unsure { reason, candidates } => {
            let mut reasons = doubts;
            reasons.push(reason);
            held(document, reasons, candidates)
        }
    }
}

/// What makes a document's own pages doubtful.
fn page_doubts(reading: &Reading, document: &Document) -> Vec<String> {
    if document.pages.is_empty() {
        return vec!["頁が決まりません".to_owned()];
    }
    let failed = |n: &&u32| page(reading, **n).is_none_or(|p| p.failed.is_some());
    let lost: Vec<String> = document.pages.iter().filter(failed).map(u32::to_string).collect();
    if lost.is_empty() {
        Vec::new()
    } else {
        vec![format!("{}頁目を読み取れませんでした", lost.join("・"))]
    }
}

/// A part that could not be read, whole or from some page on.
struct Broken {
    name: String,
    error: String,
    pages: Vec<u32>,
}

impl Broken {
    fn sentence(&self) -> String {
        let which = if self.name.is_empty() { String::new() } else { format!("「{}」", self.name) };
        if self.pages.is_empty() {
            format!("{which}を読み取れません: {}", self.error)
        } else {
            format!("{which}の一部を読み取れません: {}", self.error)
        }
    }
}

fn broken_parts(reading: &Reading) -> Vec<Broken> {
    let (mut next, mut out) = (1, Vec::new());
    for part in &reading.parts {
        let pages: Vec<u32> = (next..next + part.pages).collect();
        next += part.pages;
        if let Some(error) = &part.error {
            out.push(Broken { name: part.name.clone(), error: error.clone(), pages });
        }
    }
    out
}

/// Pages with something on them (or of which nothing is known) that no sheet holds.
fn orphans<'a>(reading: &'a Reading, sheets: &[Sheet]) -> Vec<&'a Page> {
    let held = |n: u32| sheets.iter().any(|s| s.document.pages.contains(&n));
    reading.pages.iter().filter(|p| (!p.blank || p.failed.is_some()) && !held(p.number)).collect()
}

fn page(reading: &Reading, number: u32) -> Option<&Page> {
    reading.pages.iter().find(|p| p.number == number)
}

/// Why a document may be about a person, as far as its pages tell; `None` only where they are legible and name nobody.
fn names_person(reading: &Reading, document: &Document, knows: &dyn Fn(&str) -> bool) -> Option<String> {
    if document.fields.keys().any(|k| k.starts_with("patient.")) {
        return Some("個人についての記載があります".into());
    }
    let pages: Vec<&Page> = document.pages.iter().filter_map(|n| page(reading, *n)).collect();
    for p in &pages {
        let probabilities: Vec<f32> = p.lines.iter().flat_map(|l| &l.glyphs).map(|g| g.p).collect();
        let n = probabilities.len();
        if n < FEW_GLYPHS && !p.blank {
            return Some(format!("{}頁目はほとんど文字を読み取れません", p.number));
        }
        if n > 0 && probabilities.iter().sum::<f32>() / (n as f32) < LEGIBLE {
            return Some(format!("{}頁目は判読が難しい状態です", p.number));
        }
    }
    let text: String = pages.iter().flat_map(|p| &p.lines).filter(|l| !l.tti).map(|l| l.text() + "\n").collect();
    let text: String = text.nfkc().collect();
    if knows(&text) {
        return Some("登録されている方のお名前があります".into());
    }
    if document.kind == "other" && speaks_of_someone(&text) {
        return Some("個人についての記載がある可能性があります".into());
    }
    None
}

/// Words that stand on sheets about one person, and 様 after what may be a name. Errs towards yes.
fn speaks_of_someone(text: &str) -> bool {
    const ABOUT: &[&str] =
        &["患者", "氏名", "生年月日", "被保険者", "利用者", "ご本人", "カルテ", "診察券", "要介護", "要支援", "処方"];
    /// 様 in these is nobody's honorific.
    const NOBODY: &[&str] = &[
        "皆様",
        "皆々様",
        "お客様",
        "客様",
        "お得意様",
        "得意様",
        "各位様",
        "様式",
        "様々",
        "様子",
        "様態",
        "様相",
        "様似",
        "仕様",
        "同様",
        "模様",
        "多様",
        "一様",
        "異様",
        "貴社様",
        "御社様",
        "会社様",
        "企業様",
        "施設様",
        "病院様",
        "医院様",
        "薬局様",
        "事業所様",
        "担当者様",
        "ご担当様",
        "担当様",
        "先生様",
        "院長様",
        "理事長様",
        "業者様",
        "関係者様",
        "各様",
        "家族様",
        "店様",
        "院様",
        "ター様",
        "ション様",
        "者各位",
    ];
    if ABOUT.iter().any(|w| text.contains(w)) {
        return true;
    }
    let mut rest = text.to_owned();
    for w in NOBODY {
        rest = rest.replace(w, "");
    }
    rest.contains('様')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{Field, Rect, Trace, Value};
    use crate::reading::{Glyph, Line, Mail, Part};

    fn text_page(number: u32, text: &str, p: f32) -> Page {
        let glyphs = text.chars().map(|ch| Glyph { ch, p, ..Glyph::default() }).collect();
        Page { number, lines: vec![Line { rect: Rect::default(), glyphs, ..Line::default() }], ..Page::default() }
    }

    fn reading(pages: Vec<Page>) -> Reading {
        let part = Part { name: "a.tif".into(), pages: pages.len() as u32, ..Part::default() };
        Reading { parts: vec![part], pages, ..Reading::default() }
    }

    fn doc(kind: &str, pages: &[u32]) -> Document {
        Document {
            kind: kind.into(),
            pages: pages.to_vec(),
            confidence: 0.9,
            fields: BTreeMap::new(),
            doubts: Vec::new(),
            sender_id: None,
        }
    }

    fn nobody() -> Found {
        Found::Unsure { reason: "該当する患者が登録されていません".into(), candidates: Vec::new() }
    }

    fn run(reading: &Reading, documents: Vec<(Document, Found)>) -> Vec<Sheet> {
        decide(reading, Sorted { documents, ..Sorted::default() }, &|t| t.contains("柏花子")).sheets
    }

    const LONG: &str = "新製品のご案内です。ぜひ一度お試しください。お客様の声をお聞かせください。";

    fn field(value: &str, status: Status) -> Field {
        Field {
            value: Value::One(value.into()),
            raw: String::new(),
            page: 1,
            rect: [0; 4],
            confidence: 0.5,
            status,
            items: None,
            trace: Trace::default(),
        }
    }

    #[test]
    fn a_certain_patient_without_doubts_is_posted_and_nothing_else_is() {
        let r = reading(vec![text_page(1, LONG, 0.9)]);
        let room = || Found::Room("R-1".into());
        let sheet = run(&r, vec![(doc("referral", &[1]), room())]).remove(0);
        assert_eq!((sheet.state, sheet.room.as_deref(), sheet.reason), (State::Posted, Some("R-1"), None));

        let mut unsure = doc("referral", &[1]);
        unsure.doubts.push("種類が確かではありません".into());
        let sheet = run(&r, vec![(unsure, room())]).remove(0);
        assert_eq!((sheet.state, sheet.room), (State::Review, None));
        assert_eq!(sheet.candidates[0].room, "R-1");

        let sheet = run(&r, vec![(doc("referral", &[1]), nobody())]).remove(0);
        assert_eq!((sheet.state, sheet.reason.as_deref()), (State::Review, Some("該当する患者が登録されていません")));

        let sheet = run(&r, vec![(doc("referral", &[]), room())]).remove(0);
        assert_eq!(sheet.state, State::Review);
    }

    #[test]
    fn a_field_that_fell_back_waits_and_the_sheet_does_not() {
        let mut d = doc("referral", &[1]);
        d.fields.insert("patient.birth_date".into(), field("1940-01-02", Status::Accepted));
        d.fields.insert("sender.phone".into(), field("04-7100-1234", Status::Accepted));
        d.sender_id = Some("I-1".into());
        let r = reading(vec![text_page(1, LONG, 0.9)]);
        let after = |field: &str, hospital: &str| {
            let mut sheets = run(&r, vec![(d.clone(), Found::Room("R-1".into()))]);
            fall_back(&mut sheets, &[(field.to_owned(), hospital.to_owned())].into());
            assert_eq!(sheets[0].state, State::Posted);
            let waits = |(key, f): (&String, &Field)| (f.status == Status::Review).then(|| key.clone());
            sheets[0].document.fields.iter().filter_map(waits).collect::<Vec<_>>()
        };
        assert_eq!(after("patient.birth_date", "I-1"), ["patient.birth_date"]);
        assert_eq!(after("patient.birth_date", EVERYWHERE), ["patient.birth_date"]);
        assert!(after("patient.birth_date", "I-2").is_empty());
        assert!(after("patient.name", EVERYWHERE).is_empty());
    }

    #[test]
    fn other_is_closed_only_where_it_legibly_names_nobody() {
        let closed = |text: &str, p: f32| {
            run(&reading(vec![text_page(1, text, p)]), vec![(doc("other", &[1]), nobody())]).remove(0).state
        };
        assert_eq!(closed(LONG, 0.9), State::Ignored);
        assert_eq!(closed(LONG, 0.5), State::Review, "hardly legible");
        assert_eq!(closed("ご案内", 0.99), State::Review, "hardly any text");
        assert_eq!(closed(&format!("{LONG}柏花子"), 0.9), State::Review, "a registered name");
        assert_eq!(closed(&format!("{LONG}森一郎様"), 0.9), State::Review, "somebody's name");
        assert_eq!(closed(&format!("{LONG}患者"), 0.9), State::Review);
        let mut named = doc("other", &[1]);
        named.fields.insert("patient.name".into(), field("森 一郎", Status::Review));
        let r = reading(vec![text_page(1, LONG, 0.9)]);
        assert_eq!(run(&r, vec![(named, nobody())])[0].state, State::Review);
        // A cover alone names sender and recipient by its nature.
        let cover = reading(vec![text_page(1, "FAX送付状 柏病院 田中様 お世話になっております", 0.9)]);
        assert_eq!(run(&cover, vec![(doc("cover", &[1]), nobody())])[0].state, State::Ignored);
        let cover = reading(vec![text_page(1, "FAX送付状 柏病院 柏花子様の件 お世話になっております", 0.9)]);
        assert_eq!(run(&cover, vec![(doc("cover", &[1]), Found::Room("R-1".into()))])[0].state, State::Review);
    }

    #[test]
    fn no_page_and_no_part_is_lost() {
        let mut pages: Vec<Page> = (1..=5).map(|n| text_page(n, LONG, 0.9)).collect();
        pages[1].failed = Some("時間切れ".into());
        pages[2].blank = true;
        pages[3].failed = Some("メモリ不足".into());
        let mut r = reading(pages);
        r.parts.push(Part { name: "b.pdf".into(), error: Some("パスワード".into()), ..Part::default() });
        let room = || Found::Room("R-1".into());
        let sheets = run(&r, vec![(doc("referral", &[1]), room()), (doc("referral", &[2]), room())]);
        let seen: Vec<(State, Vec<u32>)> = sheets.iter().map(|s| (s.state, s.document.pages.clone())).collect();
        assert_eq!(
            seen,
            [
                (State::Posted, vec![1]),
                (State::Review, vec![2]),
                (State::Review, vec![]),
                (State::Review, vec![4]),
                (State::Review, vec![5]),
            ]
        );
        assert_eq!(sheets[2].reason.as_deref(), Some("「b.pdf」を読み取れません: パスワード"));
    }

    #[test]
    fn a_document_from_a_part_that_breaks_off_is_held_back() {
        let mut r = reading(vec![text_page(1, LONG, 0.9)]);
        r.parts[0].error = Some("途中で切れています".into());
        let sheets = run(&r, vec![(doc("referral", &[1]), Found::Room("R-1".into()))]);
        assert_eq!((sheets.len(), sheets[0].state), (1, State::Review));
        assert!(sheets[0].reason.as_ref().expect("a reason").contains("途中で切れています"));
    }

    #[test]
    fn blank_files_are_closed_and_empty_mails_are_shown() {
        let mut blank = text_page(1, "", 1.0);
        blank.blank = true;
        let d = decide(&reading(vec![blank]), Sorted::default(), &|_| false);
        assert_eq!(d, Decided { sheets: Vec::new(), reason: Some("白紙のみです".into()) });
        let mail = Reading { mail: Some(Mail::default()), ..Reading::default() };
        let d = decide(&mail, Sorted::default(), &|_| false);
        assert_eq!((d.sheets.len(), d.sheets[0].state), (1, State::Review));
        assert_eq!(d.sheets[0].reason.as_deref(), Some("書類の添付がないメールです"));
    }
}
