//! What is due (期限): one list, of all rooms that a person sees or of one office's; and the same as a calendar under a
//! secret address. The calendar leaves the house: no patient's name is in it, and of the room its number alone.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use icalendar::{Calendar, Component, Event, Property};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use serde::Deserialize;
use serde_json::json;

use super::frame::Frame;
use super::gate::{self, Access, ROOMS, Route, User, get, post};
use super::view;
use super::{Failure, Web};
use crate::account::{Lang, Role};
use crate::calendar::folded;
use crate::store::deadlines::{Deadline, Due, Whose};

/// Days behind and before today that are shown: an order has six months.
const BEHIND: i64 = 7;
const AHEAD: i64 = 200;
/// Lines of the list.
const LINES: usize = 200;

pub fn routes() -> Vec<Route> {
    vec![
        get(ROOMS, "/deadlines", page),
        post(ROOMS, "/deadlines/feed", renew),
        post(ROOMS, "/deadlines/feed/end", end),
        get(Access::Open, "/feeds/{token}", feed),
    ]
}

/// One line of the list.
struct Line {
    what: String,
    detail: String,
    date: String,
    countdown: String,
    /// Today or in the next three days.
    soon: bool,
    name: String,
    room: String,
    document: String,
    sender: String,
}

/// Lines of one stretch of time.
struct Group {
    title: &'static str,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "rooms/deadlines.html")]
struct Page {
    frame: Frame,
    groups: Vec<Group>,
    more: usize,
    /// Addresses to choose from, for who sees all rooms.
    offices: Vec<String>,
    office: String,
    /// Since when there is a calendar, and when it was last asked for.
    feed: Option<(String, Option<String>)>,
    /// Its address, shown once.
    address: Option<String>,
}

#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    office: String,
}

/// `GET /deadlines`
async fn page(State(web): State<Web>, user: User, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    shown(&web, &user, asked.office, None).await
}

async fn shown(web: &Web, user: &User, office: String, address: Option<String>) -> Result<Response, Failure> {
    let (today, lang) = (view::today(), user.lang());
    let sees_all = user.has(Role::Reviewer) || user.has(Role::Rules);
    let office = if sees_all { office } else { String::new() };
    let mut all = due(web, user, &office, today).await?;
    // What is over is shown where something may still have to be done: an order that ran out.
    all.retain(|d| d.due >= today || d.what == Due::Order);
    let rooms: Vec<&String> = all.iter().map(|d| &d.room).collect();
    web.store.log_access(user.actor(), "list", "deadlines", json!({"rooms": rooms})).await?;
    let more = all.len().saturating_sub(LINES);
    all.truncate(LINES);
    let mut groups: Vec<Group> = Vec::new();
    for d in all {
        let left = today.until(d.due).map_or(0, |s| s.get_days());
        let title = match left {
            ..0 => lang.say("過ぎたもの", "Over"),
            0 => lang.say("今日", "Today"),
            1..=3 => lang.say("3日以内", "Within three days"),
            4..=14 => lang.say("2週間以内", "Within a fortnight"),
            _ => lang.say("その後", "Later"),
        };
        let line = line(d, today, lang, left <= 3);
        match groups.last_mut().filter(|g| g.title == title) {
            Some(group) => group.lines.push(line),
            None => groups.push(Group { title, lines: vec![line] }),
        }
    }
    let feed = web.store.feed(user.account()).await?;
    let frame = Frame::of(web, user, "deadlines").await?;
    let page = Page {
        frame: frame.clone(),
        groups,
        more,
        offices: if sees_all { web.store.mailboxes().await? } else { Vec::new() },
        office,
        feed: feed.map(|(since, used)| (view::moment(since, today), used.map(|u| view::moment(u, today)))),
        address,
    };
    Ok(gate::html(&frame, page.render()?))
}

/// What is due in the rooms of an office, or in all that a person sees, a little behind and far ahead.
pub async fn due(web: &Web, user: &User, office: &str, today: Date) -> Result<Vec<Deadline>, Failure> {
    let whose = if office.is_empty() { Whose::All(user.account()) } else { Whose::Office(user.account(), office) };
    let (from, until) = stretch(today);
    Ok(web.store.deadlines(whose, from, until).await?)
}

fn stretch(today: Date) -> (Date, Date) {
    (today.checked_sub(BEHIND.days()).unwrap_or(today), today.checked_add(AHEAD.days()).unwrap_or(today))
}

fn line(d: Deadline, today: Date, lang: Lang, soon: bool) -> Line {
    let told = view::discharge(Some(&d.due.to_string()), today);
    let (date, countdown) = told.map(|t| (t.date, t.countdown)).unwrap_or_default();
    Line {
        what: what(&d, lang),
        detail: match d.what {
            Due::Admission => {
                let day = view::shown("encounter.admission_date", &d.at);
                match lang {
                    Lang::Ja => format!("入院日 {day}（加算Ⅰは入院日のうち、Ⅱはこの日まで）"),
                    Lang::En => format!("admitted {day} (add-on I: on that day; II: until this one)"),
                }
            }
            Due::Conference => d.at.split_once('T').map(|(_, t)| t.to_owned()).unwrap_or_default(),
            Due::Order if d.is_counted() => {
                let day = view::shown("order.period_start", &d.at);
                match lang {
                    Lang::Ja => {
                        format!("終わりの日が確定していないため、開始日 {day} から14日目（遅くともこの日まで）")
                    }
                    Lang::En => format!("the end is not sure: the 14th day from {day}, at the latest"),
                }
            }
            Due::Order | Due::Discharge => String::new(),
        },
        date,
        countdown,
        soon,
        name: d.name,
        room: d.room,
        document: d.document,
        sender: d.sender,
    }
}

/// In words, without anything about the patient.
fn what(d: &Deadline, lang: Lang) -> String {
    let special = d.is_special();
    match d.what {
        Due::Order if d.special => lang.say("特別訪問看護指示書の期間の終わり", "Special home nursing order ends"),
        Due::Order if special => lang.say("指示期間の終わり（14日以内の指示）", "Order ends (a fortnight's)"),
        Due::Order => lang.say("訪問看護指示書の期間の終わり", "Order for home nursing ends"),
        Due::Discharge => lang.say("退院(予定)", "Discharge"),
        Due::Admission => lang.say("入院時情報の提供", "Information for the hospital"),
        Due::Conference => lang.say("カンファレンス", "Conference"),
    }
    .to_owned()
}

/// `POST /deadlines/feed`: a new address, shown once; the one before is good no more.
async fn renew(State(web): State<Web>, user: User) -> Result<Response, Failure> {
    let secret = web.store.renew_feed(user.account()).await?;
    let address = format!("{}/feeds/{secret}", web.options.base_url);
    shown(&web, &user, String::new(), Some(address)).await
}

/// `POST /deadlines/feed/end`
async fn end(State(web): State<Web>, user: User) -> Result<Redirect, Failure> {
    web.store.end_feed(user.account()).await?;
    Ok(Redirect::to("/deadlines"))
}

/// `GET /feeds/{token}`: for calendars, which cannot sign in. Who knows the address knows only what is due in rooms
/// without names; with the office's mailbox as a member of any, it is that office's rooms.
async fn feed(State(web): State<Web>, Path(token): Path<String>) -> Result<Response, Failure> {
    let token = token.strip_suffix(".ics").unwrap_or(&token);
    let account = web.store.open_feed(token).await?.ok_or(Failure::NotFound)?;
    let offices = web.store.mailboxes().await?;
    let is_member = offices.iter().any(|m| m.eq_ignore_ascii_case(&account.mailbox));
    let whose = if is_member { Whose::Office(&account, &account.mailbox) } else { Whose::All(&account) };
    let (from, until) = stretch(view::today());
    let all = web.store.deadlines(whose, from, until).await?;
    let text = calendar(&all, &web.options.base_url, account.lang);
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}

/// RFC 5545, lines folded. What a later sheet says otherwise is another event: who asks gets all of them each time.
fn calendar(all: &[Deadline], base_url: &str, lang: Lang) -> String {
    let mut calendar = Calendar::new();
    calendar.name(lang.say("faxbridge 期限", "faxbridge deadlines"));
    for d in all {
        let mut event = Event::new();
        let from =
            if d.sender.is_empty() { lang.say("（発信元は確認中）", "(sender unsure)") } else { &d.sender };
        let link = format!("{base_url}/documents/{}", d.document);
        let kind = what(d, lang);
        event
            .uid(&format!("{}-{}@faxbridge", d.what.as_str(), d.document))
            .summary(&format!("{kind} {} {from}", d.room))
            .description(&format!("{kind}\n{} {}\n{from}\n{link}", lang.say("部屋", "Room"), d.room))
            .url(&link);
        event.add_property("DTSTAMP", stamp(d.received));
        match d.at.parse::<DateTime>().ok().filter(|_| d.what == Due::Conference && d.at.contains('T')) {
            // Japan is nine hours ahead, all the year.
            Some(at) => event.add_property("DTSTART", utc(at)).add_property("DURATION", "PT1H"),
            None => {
                let day = d.due.strftime("%Y%m%d").to_string();
                event.append_property(Property::new("DTSTART", day).add_parameter("VALUE", "DATE").done())
            }
        };
        calendar.push(event);
    }
    folded(&calendar.to_string())
}

fn utc(at: DateTime) -> String {
    at.checked_sub(9.hours()).unwrap_or(at).strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn stamp(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_names_no_patient_and_folds_its_lines() {
        let one = |what, at: &str, sender: &str| Deadline {
            what,
            document: "d-1".into(),
            room: "R-0002".into(),
            name: "江口 辰雄".into(),
            due: at[..10].parse().expect("a day"),
            at: at.into(),
            start: None,
            special: false,
            sender: sender.into(),
            received: 1_763_859_600_000,
        };
        let sender = "独立行政法人 東葛医療機構 なぎさ記念病院, 入退院支援センター; 地域医療連携室";
        let all = [one(Due::Conference, "2026-11-26T14:00", sender), one(Due::Order, "2026-12-31", "")];
        let text = calendar(&all, "https://fax.example.jp", Lang::Ja);
        assert!(!text.contains("江口"), "{text}");
        assert!(text.split("\r\n").all(|l| l.len() <= 75), "{text}");
        assert!(!text.replace("\r\n", "").contains('\n'), "{text}");
        let whole = text.replace("\r\n ", "");
        for line in [
            "DTSTART:20261126T050000Z",
            "DTSTART;VALUE=DATE:20261231",
            "UID:order-d-1@faxbridge",
            "URL:https://fax.example.jp/documents/d-1",
            "DTSTAMP:20251123T010000Z",
        ] {
            assert!(whole.contains(&format!("\r\n{line}\r\n")), "{line}: {whole}");
        }
        assert!(whole.contains(r"なぎさ記念病院\, 入退院支援センター\; 地域"), "{whole}");
        assert!(whole.contains(r"\n部屋 R-0002\n"), "{whole}");
    }
}
