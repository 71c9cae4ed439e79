//! What the templates show, made from the stored documents: Japanese words, order of fields, crops, countdowns.
//!
//! Crops are SVG windows onto the page's PNG, so no pixel from outside is decoded in the daemon. Knows only `model` and which links may be
//! followed (`calendar`).

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::words;
use crate::account::Lang;
use crate::calendar;
use crate::model::{Document, Field, Kind, Status, Value, Vocabulary};

/// Order in which a sheet shows its fields: what a nurse acts on comes first.
const ORDER: &[&str] = &[
    "patient.name",
    "patient.kana",
    "patient.birth_date",
    "patient.sex",
    "encounter.discharge_date",
    "encounter.destination",
    "next_visit.datetime",
    "conference.datetime",
    "conference.place",
    "conference.url",
    "order.period_start",
    "order.period_end",
    "clinical.diagnoses",
    "clinical.purpose",
    "message.body",
    "clinical.medications",
    "clinical.allergies",
    "clinical.infections",
    "clinical.procedures",
    "clinical.course",
    "clinical.history",
    "care.level",
    "adl.transfer",
    "adl.mobility",
    "adl.eating",
    "adl.toileting",
    "adl.bathing",
    "adl.dressing",
    "contact.name",
    "contact.relation",
    "contact.phone",
    "care.manager",
    "care.office",
    "encounter.admission_date",
    "encounter.facility",
    "sender.institution",
    "sender.department",
    "sender.person",
    "sender.phone",
    "sender.fax",
    "recipient.institution",
    "recipient.person",
    "document.date",
    "patient.postal_code",
    "patient.address",
    "patient.phone",
    "patient.insurer_number",
    "patient.insured_number",
];

/// Fields that a timeline shows; the sheet's own page shows all.
const HIGHLIGHTS: &[&str] = &[
    "sender.institution",
    "clinical.diagnoses",
    "clinical.purpose",
    "message.body",
    "next_visit.datetime",
    "conference.datetime",
    "conference.place",
    "order.period_end",
    "clinical.allergies",
    "clinical.infections",
    "clinical.medications",
];

/// Always shown with their crop beside the text: a misread dose or allergy harms, a misread link leads elsewhere.
const WITH_CROP: &[&str] = &["clinical.medications", "clinical.allergies", "clinical.infections", "conference.url"];

/// A page image of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct PageView {
    pub number: u32,
    /// Address of the PNG; none where the page could not be read.
    pub href: Option<String>,
    pub w: i64,
    pub h: i64,
    pub failed: Option<String>,
    pub boxes: Vec<BoxView>,
    /// Degrees clockwise, as a person turned it for the eyes.
    pub turn: i64,
}

impl PageView {
    /// Width and height as it is shown.
    pub fn shown(&self) -> (i64, i64) {
        if self.turn % 180 == 0 { (self.w, self.h) } else { (self.h, self.w) }
    }

    /// What the page and the boxes on it go through; in SVG's words.
    pub fn transform(&self) -> String {
        match self.turn {
            90 => format!("translate({} 0) rotate(90)", self.h),
            180 => format!("translate({} {}) rotate(180)", self.w, self.h),
            270 => format!("translate(0 {}) rotate(270)", self.w),
            _ => String::new(),
        }
    }

    /// Where x, y, width and height come to lie by that.
    pub fn turned(&self, [x, y, w, h]: [i64; 4]) -> [i64; 4] {
        match self.turn {
            90 => [self.h - y - h, x, h, w],
            180 => [self.w - x - w, self.h - y - h, w, h],
            270 => [y, self.w - x - w, h, w],
            _ => [x, y, w, h],
        }
    }
}

/// A field's place, drawn on its page.
#[derive(Debug, Clone, PartialEq)]
pub struct BoxView {
    pub x: i32,
    pub y: i32,
    pub w: i32,
    pub h: i32,
    pub review: bool,
    pub label: String,
}

/// A window onto a page image.
#[derive(Debug, Clone, PartialEq)]
pub struct Crop {
    pub x: i32,
    pub y: i32,
    pub w: i32,
    pub h: i32,
    pub shown_w: i32,
    pub shown_h: i32,
    pub page: u32,
    pub href: String,
    pub page_w: i64,
    pub page_h: i64,
}

/// One row of a sheet. `text` is absent where a value is not sure: then only its crop speaks.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldView {
    pub label: String,
    pub text: Option<String>,
    /// The text is a link that may be followed.
    pub link: bool,
    pub unsure: bool,
    pub crops: Vec<Crop>,
}

/// Makes a meeting's address a link where it leads to one of these hosts.
pub fn links(document: &Document, shown: &mut [FieldView], hosts: &[String]) {
    const URL: &str = "conference.url";
    let Some(url) = document.accepted(URL) else { return };
    if calendar::allowed(&url, hosts).is_none() {
        return;
    }
    for f in shown.iter_mut().filter(|f| f.label == words::label(URL)) {
        f.link = f.text.as_deref() == Some(url.as_str());
    }
}

/// A field that differs from the version before, or may: as it stood there, and as it stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeView {
    pub label: String,
    pub before: Option<FieldView>,
    pub now: Option<FieldView>,
}

/// One row of the review form.
#[derive(Debug, Clone, PartialEq)]
pub struct EditView {
    pub key: String,
    pub label: String,
    pub value: String,
    pub unsure: bool,
    pub crops: Vec<Crop>,
    pub rows: usize,
    /// Allowed values and their words, for choices.
    pub options: Vec<(String, String)>,
}

/// A discharge date and how far it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Discharge {
    pub date: String,
    pub countdown: String,
}

/// All fields, or the highlights, of a document.
pub fn fields(document: &Document, pages: &[PageView], highlights: bool) -> Vec<FieldView> {
    ordered(document)
        .filter(|(k, f)| !highlights || HIGHLIGHTS.contains(k) || f.status == Status::Review)
        .map(|(key, f)| field(key, f, pages))
        .collect()
}

/// What changed from one version to the next, field by field; what belongs to no field has neither side.
pub fn changes(keys: &[String], before: (&Document, &[PageView]), now: (&Document, &[PageView])) -> Vec<ChangeView> {
    let side =
        |key: &str, (document, pages): (&Document, &[PageView])| document.fields.get(key).map(|f| field(key, f, pages));
    let place = |k: &String| ORDER.iter().position(|o| o == k).unwrap_or(ORDER.len());
    let mut keys: Vec<&String> = keys.iter().collect();
    keys.sort_by_key(|k| (place(k), *k));
    keys.into_iter()
        .map(|key| {
            let field = now.0.fields.get(key).or(before.0.fields.get(key));
            let label = field.map_or_else(|| words::label(key), |f| label_of(key, f));
            ChangeView { label, before: side(key, before), now: side(key, now) }
        })
        .collect()
}

/// The review form: unsure fields first.
pub fn edits(document: &Document, pages: &[PageView]) -> Vec<EditView> {
    let (unsure, sure): (Vec<_>, Vec<_>) = ordered(document).partition(|(_, f)| f.status == Status::Review);
    unsure
        .into_iter()
        .chain(sure)
        .map(|(key, f)| {
            let value = match &f.value {
                Value::One(s) => s.clone(),
                Value::Many(v) => v.join("\n"),
            };
            let kind = Vocabulary::get().fields.get(key);
            EditView {
                key: key.to_owned(),
                label: label_of(key, f),
                rows: value.lines().count().max(value.chars().count() / 36 + 1),
                unsure: f.status == Status::Review,
                crops: crops(f, pages),
                options: kind
                    .filter(|d| d.kind == Kind::Enum)
                    .map(|d| d.values.iter().map(|v| (v.clone(), word(key, v))).collect())
                    .unwrap_or_default(),
                value,
            }
        })
        .collect()
}

/// The pages with the fields' places drawn on them.
pub fn boxes(document: &Document, pages: &mut [PageView]) {
    for page in pages {
        page.boxes = document
            .fields
            .iter()
            .filter(|(_, f)| f.page == page.number && !is_nowhere(f.rect))
            .map(|(key, f)| {
                let [x0, y0, x1, y1] = f.rect;
                BoxView {
                    x: x0 - 3,
                    y: y0 - 3,
                    w: x1 - x0 + 6,
                    h: y1 - y0 + 6,
                    review: f.status == Status::Review,
                    label: label_of(key, f),
                }
            })
            .collect();
    }
}

/// The accepted discharge date with its countdown from `today`.
pub fn discharge(date: Option<&str>, today: Date) -> Option<Discharge> {
    let day: Date = date?.parse().ok()?;
    let days = today.until(day).ok()?.get_days();
    let countdown = match (days, words::lang()) {
        (0, _) => words::say("今日", "today").to_owned(),
        (1, _) => words::say("明日", "tomorrow").to_owned(),
        (2.., Lang::Ja) => format!("あと {days} 日"),
        (2.., Lang::En) => format!("in {days} days"),
        (_, Lang::Ja) => format!("{} 日前", -days),
        (_, Lang::En) => format!("{} days ago", -days),
    };
    Some(Discharge { date: written(day), countdown })
}

/// Milliseconds since 1970 as `11月24日 10:05` or `24 Nov 10:05`, with the year where it is not `today`'s.
pub fn moment(ms: i64, today: Date) -> String {
    let Ok(stamp) = jiff::Timestamp::from_millisecond(ms) else { return String::new() };
    let at = stamp.to_zoned(tokyo());
    let this_year = at.year() == today.year();
    match words::lang() {
        Lang::Ja => {
            let time = format!("{}月{}日 {:02}:{:02}", at.month(), at.day(), at.hour(), at.minute());
            if this_year { time } else { format!("{}年{time}", at.year()) }
        }
        Lang::En => at.strftime(if this_year { "%-d %b %H:%M" } else { "%-d %b %Y %H:%M" }).to_string(),
    }
}

/// Today in Japan.
pub fn today() -> Date {
    jiff::Timestamp::now().to_zoned(tokyo()).date()
}

fn tokyo() -> TimeZone {
    TimeZone::get("Asia/Tokyo").unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(9)))
}

fn written(d: Date) -> String {
    if words::lang() == Lang::En {
        return d.strftime("%a %-d %b %Y").to_string();
    }
    const DAYS: [&str; 7] = ["月", "火", "水", "木", "金", "土", "日"];
    let day = DAYS[(d.weekday().to_monday_one_offset() - 1) as usize % 7];
    format!("{}年{}月{}日({day})", d.year(), d.month(), d.day())
}

fn ordered(document: &Document) -> impl Iterator<Item = (&str, &Field)> {
    let mut keys: Vec<&str> = document.fields.keys().map(String::as_str).filter(|k| *k != "urgency").collect();
    keys.sort_by_key(|k| (ORDER.iter().position(|o| o == k).unwrap_or(ORDER.len()), *k));
    keys.into_iter().map(|k| (k, &document.fields[k]))
}

fn field(key: &str, f: &Field, pages: &[PageView]) -> FieldView {
    let unsure = f.status == Status::Review;
    let text = match &f.value {
        // Nor the sure items of a list alone: two drugs of three would be read as all of them.
        _ if unsure => None,
        Value::Many(v) => Some(v.iter().map(|v| word(key, v)).collect::<Vec<_>>().join("\n")),
        Value::One(v) => Some(shown(key, v)),
    };
    let crops = if unsure || WITH_CROP.contains(&key) { crops(f, pages) } else { Vec::new() };
    FieldView { label: label_of(key, f), text, link: false, unsure, crops }
}

pub fn shown(key: &str, v: &str) -> String {
    match Vocabulary::get().fields.get(key).map(|d| d.kind) {
        Some(Kind::Date) => v.parse().map_or_else(|_| v.to_owned(), written),
        Some(Kind::Datetime) => match v.split_once('T') {
            Some((d, t)) => format!("{} {t}", d.parse().map_or_else(|_| d.to_owned(), written)),
            None => v.parse().map_or_else(|_| v.to_owned(), written),
        },
        _ => word(key, v),
    }
}

/// The word of an enum value; other values as they are.
fn word(key: &str, v: &str) -> String {
    if let Some(english) = words::value(key, v) {
        return english.to_owned();
    }
    match (key, v) {
        ("patient.sex", "male") => "男",
        ("patient.sex", "female") => "女",
        ("urgency", "urgent") => "至急",
        ("urgency", "routine") => "通常",
        ("care.level", "applying") => "申請中",
        ("care.level", "none") => "なし",
        ("care.level", l) => {
            return match l.split_once('_') {
                Some(("support", n)) => format!("要支援{n}"),
                Some(("care", n)) => format!("要介護{n}"),
                _ => l.to_owned(),
            };
        }
        (k, "independent") if k.starts_with("adl.") => "自立",
        (k, "supervised") if k.starts_with("adl.") => "見守り",
        (k, "partial") if k.starts_with("adl.") => "一部介助",
        (k, "full") if k.starts_with("adl.") => "全介助",
        _ => v,
    }
    .to_owned()
}

/// The field's window on its page; one for each place where a list's items lie far apart.
fn crops(f: &Field, pages: &[PageView]) -> Vec<Crop> {
    let mut places: Vec<(u32, [i32; 4])> = match &f.items {
        Some(items) if !items.is_empty() => items.iter().map(|i| (i.page, i.rect)).collect(),
        _ => vec![(f.page, f.rect)],
    };
    places.sort_by_key(|(p, r)| (*p, r[1]));
    let mut merged: Vec<(u32, [i32; 4])> = Vec::new();
    for (page, r) in places {
        match merged.last_mut() {
            Some((p, m)) if *p == page && r[1] - m[3] < 30 => {
                *m = [m[0].min(r[0]), m[1].min(r[1]), m[2].max(r[2]), m[3].max(r[3])];
            }
            _ => merged.push((page, r)),
        }
    }
    merged.into_iter().filter_map(|(page, r)| crop(page, r, pages)).collect()
}

/// What people call a field: one of the city's own brings its name along.
pub fn label_of(key: &str, f: &Field) -> String {
    f.trace.name.clone().unwrap_or_else(|| words::label(key))
}

/// The window of a field's first place; none where it has no place on these pages.
pub fn crop_of(f: &Field, pages: &[PageView]) -> Option<Crop> {
    crops(f, pages).into_iter().next()
}

/// A person added it: of its place only the page is known.
pub fn is_nowhere([x0, y0, x1, y1]: [i32; 4]) -> bool {
    x1 <= x0 || y1 <= y0
}

fn crop(number: u32, [x0, y0, x1, y1]: [i32; 4], pages: &[PageView]) -> Option<Crop> {
    if is_nowhere([x0, y0, x1, y1]) {
        return None;
    }
    let page = pages.iter().find(|p| p.number == number)?;
    let (pw, ph) = (i32::try_from(page.w).ok()?, i32::try_from(page.h).ok()?);
    // Some paper round the ink, so that a person sees whether the box cut anything off.
    let (x0, y0) = ((x0 - 12).clamp(0, pw), (y0 - 8).clamp(0, ph));
    let (x1, y1) = ((x1 + 12).clamp(x0, pw), (y1 + 8).clamp(y0, ph));
    let (w, h) = (x1 - x0, y1 - y0);
    (w > 0 && h > 0).then(|| Crop {
        x: x0,
        y: y0,
        w,
        h,
        shown_w: w.min(900),
        shown_h: h * w.min(900) / w,
        page: number,
        href: page.href.clone().unwrap_or_default(),
        page_w: page.w,
        page_h: page.h,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Item, Trace};

    fn value(text: &str, status: Status) -> Field {
        Field {
            value: Value::One(text.into()),
            raw: text.into(),
            page: 1,
            rect: [100, 100, 300, 130],
            confidence: 0.5,
            status,
            items: None,
            trace: Trace::default(),
        }
    }

    fn page() -> PageView {
        PageView { number: 1, href: Some("/p.png".into()), w: 1654, h: 2339, failed: None, boxes: Vec::new(), turn: 0 }
    }

    #[test]
    fn an_unsure_value_is_never_text() {
        let mut d = Document {
            kind: "referral".into(),
            pages: vec![1],
            confidence: 1.0,
            fields: Default::default(),
            doubts: Vec::new(),
            sender_id: None,
        };
        d.fields.insert("patient.name".into(), value("柏 花子", Status::Review));
        d.fields.insert("clinical.allergies".into(), value("なし", Status::Accepted));
        let shown = fields(&d, &[page()], false);
        assert_eq!(shown[0].text, None);
        assert_eq!(shown[0].crops.len(), 1);
        assert_eq!(shown[1].text.as_deref(), Some("なし"));
        assert_eq!(shown[1].crops.len(), 1, "allergies always show their crop");
    }

    #[test]
    fn a_list_that_is_sure_in_part_only_is_no_text_either() {
        let item = |text: &str, status, y| Item {
            value: text.into(),
            raw: text.into(),
            page: 1,
            rect: [100, y, 300, y + 30],
            confidence: 0.9,
            status,
        };
        let items = vec![item("甲錠", Status::Accepted, 100), item("乙錠", Status::Review, 140)];
        let drugs = Field {
            value: Value::Many(vec!["甲錠".into(), "乙錠".into()]),
            items: Some(items),
            ..value("", Status::Review)
        };
        let shown = field("clinical.medications", &drugs, &[page()]);
        assert_eq!((shown.text, shown.crops.len()), (None, 1));
    }

    #[test]
    fn the_countdown_counts_days() {
        let today = "2026-11-24".parse().expect("a date");
        let d = discharge(Some("2026-11-27"), today).expect("a discharge");
        assert_eq!((d.date.as_str(), d.countdown.as_str()), ("2026年11月27日(金)", "あと 3 日"));
        assert_eq!(discharge(Some("unreadable"), today), None);
    }

    #[test]
    fn a_turned_page_takes_its_boxes_along() {
        let at = |turn| PageView { turn, ..page() }.turned([100, 200, 30, 10]);
        assert_eq!(at(0), [100, 200, 30, 10]);
        assert_eq!(at(90), [2339 - 210, 100, 10, 30]);
        assert_eq!(at(180), [1654 - 130, 2339 - 210, 30, 10]);
        assert_eq!(at(270), [200, 1654 - 130, 10, 30]);
        assert_eq!(PageView { turn: 90, ..page() }.shown(), (2339, 1654));
    }

    #[test]
    fn what_a_person_added_has_no_crop() {
        assert_eq!(crop(1, [0; 4], &[page()]), None);
    }

    #[test]
    fn a_crop_stays_on_its_page() {
        let c = crop(1, [1600, 2300, 9999, 9999], &[page()]).expect("a crop");
        assert!(c.x + c.w <= 1654 && c.y + c.h <= 2339);
        assert_eq!(crop(2, [0, 0, 5, 5], &[page()]), None);
    }

    #[tokio::test]
    async fn days_are_told_in_the_language_of_the_page() {
        let today: Date = "2026-11-24".parse().expect("a day");
        let told = || {
            let d = discharge(Some("2026-11-27"), today).expect("a discharge");
            (d.date, d.countdown, moment(1_763_949_900_000, today), shown("document.date", "2026-11-24"))
        };
        let (date, left, at, on) = words::speaking(Lang::En, std::sync::Arc::default(), async { told() }).await;
        assert_eq!((date.as_str(), left.as_str()), ("Fri 27 Nov 2026", "in 3 days"));
        assert_eq!((at.as_str(), on.as_str()), ("24 Nov 2025 11:05", "Tue 24 Nov 2026"));
        let (date, left, at, _) = told();
        assert_eq!(
            (date.as_str(), left.as_str(), at.as_str()),
            ("2026年11月27日(金)", "あと 3 日", "2025年11月24日 11:05")
        );
    }
}
