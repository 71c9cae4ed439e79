//! The list of rooms, and the timeline of one: what came, what is new in it, who has read it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::frame::Frame;
use super::gate::{self, ROOMS, Route, User, get};
use super::readers::{self, Readers};
use super::sheet::{SheetView, comes_before, page_views};
use super::view::{self, Discharge};
use super::{Failure, Web, changes, search, words};
use crate::model::Document;
use crate::store::board::RoomCard;

/// Sheets that a room shows at once.
const TIMELINE: usize = 50;
/// Rooms that the front page shows at once; search finds the others.
const CARDS: usize = 60;

pub fn routes() -> Vec<Route> {
    vec![get(ROOMS, "/", rooms), get(ROOMS, "/rooms/{room}", room)]
}

struct RoomView {
    id: String,
    name: String,
    kana: String,
    urgent: bool,
    discharge: Option<Discharge>,
    latest_type: String,
    latest_at: String,
    latest_sender: Option<String>,
    posts: i64,
    open_fields: i64,
    unread: usize,
}

#[derive(Template)]
#[template(path = "rooms/list.html")]
struct Rooms {
    frame: Frame,
    rooms: Vec<RoomView>,
    more: usize,
}

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
}

/// `GET /`: rooms with sheets, urgent ones first; with `?q=` what is found.
pub async fn rooms(State(web): State<Web>, user: User, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    if !asked.q.trim().is_empty() {
        return search::results(&web, &user, &asked.q).await;
    }
    let today = view::today();
    let (found, more) = web.store.rooms("", CARDS, user.account()).await?;
    let listed: Vec<&String> = found.iter().map(|r| &r.id).collect();
    web.store.log_access(user.actor(), "list", "rooms", json!({"rooms": listed})).await?;
    let documents: Vec<String> = found.iter().flat_map(|r| r.posts.iter().map(|p| p.document.clone())).collect();
    let read = web.store.read_by(user.account(), &documents).await?;
    let mut rooms = Vec::new();
    for r in found {
        let posts = r.posts;
        let discharge = posts.iter().find_map(|p| view::discharge(p.discharge.as_deref(), today));
        let latest = posts.first();
        rooms.push(RoomView {
            urgent: posts.iter().any(|p| p.urgent),
            discharge,
            latest_type: latest.map(|p| words::kind(&p.kind).to_owned()).unwrap_or_default(),
            latest_at: latest.map(|p| view::moment(p.received, today)).unwrap_or_default(),
            latest_sender: latest.and_then(|p| p.sender.clone()),
            unread: posts.iter().filter(|p| !read.contains(&p.document)).count(),
            posts: r.sheets,
            open_fields: r.open_fields,
            id: r.id,
            name: r.name,
            kana: r.kana,
        });
    }
    rooms.sort_by_key(|r| !r.urgent);
    let frame = Frame::of(&web, &user, "rooms").await?;
    Ok(gate::html(&frame, Rooms { frame: frame.clone(), rooms, more }.render()?))
}

/// A sheet of the timeline.
struct Entry {
    sheet: SheetView,
    readers: Readers,
    replies: i64,
    unread: bool,
}

#[derive(Template)]
#[template(path = "rooms/room.html")]
struct Room {
    frame: Frame,
    room: RoomCard,
    /// Of the newest sheet that says one surely.
    discharge: Option<Discharge>,
    /// Urgent ones that this person has not opened yet, on top of the timeline.
    pressing: Vec<(String, String)>,
    entries: Vec<Entry>,
    more: usize,
}

/// `GET /rooms/{room}`: the timeline, newest first. One that was merged leads to where its sheets stand.
pub async fn room(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Response, Failure> {
    let room = web.store.room(&id).await?.ok_or(Failure::NotFound)?;
    if let Some(to) = &room.merged {
        user.sees(&web, to).await?;
        return Ok(Redirect::to(&format!("/rooms/{to}")).into_response());
    }
    user.sees(&web, &id).await?;
    web.store.log_access(user.actor(), "read_room", &id, json!({})).await?;
    let documents = web.store.sheets(&id, TIMELINE).await?;
    let ids: Vec<String> = documents.iter().map(|d| d.id.clone()).collect();
    let mut readings = web.store.readings(&ids).await?;
    let members = web.store.people_of(&id).await?;
    let replies: HashMap<String, i64> = web.store.replies(&id).await?;
    let read = web.store.read_by(user.account(), &ids).await?;
    let mut entries = Vec::with_capacity(documents.len());
    for (i, d) in documents.iter().enumerate() {
        let mut sheet = SheetView::with_changes(&web, d, &page_views(d)).await?;
        let earlier: Vec<&Document> =
            documents[i + 1..].iter().filter(|e| comes_before(e, d)).map(|e| &e.content).collect();
        sheet.news = changes::since(&d.content, &earlier, user.lang());
        entries.push(Entry {
            readers: readers::sides(d.revision, &readings.remove(&d.id).unwrap_or_default(), &members),
            replies: replies.get(&d.id).copied().unwrap_or(0),
            unread: !read.contains(&d.id),
            sheet,
        });
    }
    let pressing =
        entries.iter().filter(|e| e.sheet.urgent && e.unread).map(|e| (e.sheet.id.clone(), e.sheet.kind.clone()));
    let frame = Frame::of(&web, &user, "rooms").await?;
    let page = Room {
        frame: frame.clone(),
        discharge: documents
            .iter()
            .find_map(|d| view::discharge(d.content.accepted("encounter.discharge_date").as_deref(), view::today())),
        pressing: pressing.collect(),
        more: usize::try_from(room.sheets).unwrap_or(0).saturating_sub(entries.len()),
        entries,
        room,
    };
    Ok(gate::html(&frame, page.render()?))
}
