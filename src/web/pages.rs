//! Rooms, a room's timeline, one sheet with its original, and what was received.

use askama::Template;
use axum::extract::{self, Path, Query};
use axum::http::header;
use axum::response::{Html, IntoResponse};
use serde::Deserialize;
use serde_json::json;

use super::frame::Frame;
use super::gate::{REVIEW, ROOMS, Route, User, get};
use super::view::{self, ChangeView, Discharge, FieldView, PageView};
use super::{Failure, Web};
use crate::account::Role;
use crate::model::Vocabulary;
use crate::store::State;
use crate::store::board::{DocumentView, RoomCard};
use crate::store::status::rfc3339;

/// Sheets that a room shows at once.
const TIMELINE: usize = 50;
/// Rooms that the front page shows at once; search finds the others.
const CARDS: usize = 60;

/// Files and mails that the list of what was received shows.
const RECEIPTS: i64 = 200;

pub fn routes() -> Vec<Route> {
    vec![
        get(ROOMS, "/", rooms),
        get(ROOMS, "/rooms/{room}", room),
        get(ROOMS, "/documents/{id}", document),
        get(ROOMS, "/documents/{id}/pages/{number}", page_image),
        get(ROOMS, "/documents/{id}/original", original),
        get(REVIEW, "/receipts", receipts),
    ]
}

/// What an administrator has to see to now: a source, a register or the rules, and what is wrong.
pub async fn faults(web: &Web) -> Result<Vec<(String, String)>, Failure> {
    let sources = web.store.sources().await?;
    Ok(sources.into_iter().filter_map(|s| Some((s.name, s.fault?))).collect())
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
}

#[derive(Template)]
#[template(path = "rooms.html")]
struct Rooms {
    frame: Frame,
    rooms: Vec<RoomView>,
    search: String,
    more: usize,
}

#[derive(Deserialize)]
pub struct Search {
    #[serde(default)]
    q: String,
}

/// `GET /`: rooms with sheets, urgent ones first; with `?q=` all rooms that match.
pub async fn rooms(
    extract::State(web): extract::State<Web>,
    user: User,
    Query(search): Query<Search>,
) -> Result<Html<String>, Failure> {
    let today = view::today();
    let (found, more) = web.store.rooms(&search.q, CARDS, user.account()).await?;
    let listed: Vec<&String> = found.iter().map(|r| &r.id).collect();
    web.store.log_access(user.actor(), "list", "rooms", json!({"rooms": listed})).await?;
    let mut rooms = Vec::new();
    for r in found {
        let posts = r.posts;
        let discharge = posts.iter().find_map(|p| view::discharge(p.discharge.as_deref(), today));
        let latest = posts.first();
        rooms.push(RoomView {
            urgent: posts.iter().any(|p| p.urgent),
            discharge,
            latest_type: latest.map(|p| Vocabulary::get().type_name(&p.kind).to_owned()).unwrap_or_default(),
            latest_at: latest.map(|p| view::moment(p.received, today)).unwrap_or_default(),
            latest_sender: latest.and_then(|p| p.sender.clone()),
            posts: r.sheets,
            open_fields: r.open_fields,
            id: r.id,
            name: r.name,
            kana: r.kana,
        });
    }
    rooms.sort_by_key(|r| !r.urgent);
    let page = Rooms { frame: Frame::of(&web, &user, "rooms").await?, rooms, search: search.q, more };
    Ok(Html(page.render()?))
}

/// A sheet as the templates know it.
pub struct SheetView {
    pub id: String,
    pub kind: String,
    pub at: String,
    pub urgent: bool,
    pub open_fields: i64,
    pub discharge: Option<Discharge>,
    pub state: &'static str,
    pub state_ja: &'static str,
    pub reason: Option<String>,
    pub revision: i64,
    pub highlights: Vec<FieldView>,
    /// Not yet in a room: a person chooses one or sets it aside.
    pub waits_for_room: bool,
    /// Mails that the fax came in, where there are several.
    pub mails: usize,
    /// When it was sent again.
    pub resent: Vec<String>,
    /// The document that it is, sent again.
    pub again_of: Option<String>,
    /// The version before: its document and when it came.
    pub before: Option<(String, String)>,
    /// The version that took its place.
    pub after: Option<String>,
    /// What differs from the version before, or may.
    pub changes: Vec<ChangeView>,
}

impl SheetView {
    pub fn of(d: &DocumentView, pages: &[PageView]) -> SheetView {
        let today = view::today();
        let state = d.state.as_str();
        SheetView {
            id: d.id.clone(),
            kind: match &d.part {
                Some(part) => format!("読み取れなかったファイル（{part}）"),
                None => Vocabulary::get().type_name(&d.content.kind).to_owned(),
            },
            at: view::moment(d.received, today),
            urgent: d.urgent,
            open_fields: d.open_fields,
            discharge: view::discharge(d.content.accepted("encounter.discharge_date").as_deref(), today),
            state,
            state_ja: view::state(state),
            reason: d.reason.clone(),
            revision: d.revision,
            highlights: view::fields(&d.content, pages, true),
            waits_for_room: matches!(state, "review" | "quarantined"),
            mails: d.originals.len(),
            resent: d.line.resent.iter().map(|at| view::moment(*at, today)).collect(),
            again_of: d.line.again_of.clone(),
            before: d.line.before.as_ref().map(|(id, at)| (id.clone(), view::moment(*at, today))),
            after: d.line.after.clone(),
            changes: Vec::new(),
        }
    }

    /// [`SheetView::of`], with what changed since the version before.
    async fn with_changes(web: &Web, d: &DocumentView, pages: &[PageView]) -> Result<SheetView, Failure> {
        let mut sheet = SheetView::of(d, pages);
        if let Some((before, _)) = &d.line.before
            && let Some(old) = web.store.document(before).await?
        {
            sheet.changes = view::changes(&d.line.differs, (&old.content, &page_views(&old)), (&d.content, pages));
        }
        Ok(sheet)
    }
}

/// The pages of a document with the addresses of their images.
pub fn page_views(d: &DocumentView) -> Vec<PageView> {
    let mut pages: Vec<PageView> = d
        .images
        .iter()
        .map(|i| PageView {
            number: i.page,
            href: i.sha256.as_ref().map(|_| format!("/documents/{}/pages/{}", d.id, i.page)),
            w: i.width,
            h: i.height,
            failed: i.failed.clone(),
            boxes: Vec::new(),
        })
        .collect();
    view::boxes(&d.content, &mut pages);
    pages
}

#[derive(Template)]
#[template(path = "room.html")]
struct Room {
    frame: Frame,
    room: RoomCard,
    sheets: Vec<SheetView>,
}

/// `GET /rooms/{room}`: the timeline, newest first.
pub async fn room(
    extract::State(web): extract::State<Web>,
    user: User,
    Path(id): Path<String>,
) -> Result<Html<String>, Failure> {
    let room = web.store.room(&id).await?.ok_or(Failure::NotFound)?;
    user.sees(&web, &id).await?;
    web.store.log_access(user.actor(), "read_room", &id, json!({})).await?;
    let documents = web.store.sheets(&id, TIMELINE).await?;
    let mut sheets = Vec::with_capacity(documents.len());
    for d in &documents {
        sheets.push(SheetView::with_changes(&web, d, &page_views(d)).await?);
    }
    Ok(Html(Room { frame: Frame::of(&web, &user, "rooms").await?, room, sheets }.render()?))
}

#[derive(Template)]
#[template(path = "document.html")]
struct Sheet {
    frame: Frame,
    sheet: SheetView,
    room: Option<(String, String)>,
    fields: Vec<FieldView>,
    pages: Vec<PageView>,
}

/// A document that this person may see, with the audit row of looking at it: what stands in a room is open to the room's
/// members, everything else to those alone who decide about it.
pub async fn readable(web: &Web, user: &User, id: &str, action: &str) -> Result<DocumentView, Failure> {
    let d = web.store.document(id).await?.ok_or(Failure::NotFound)?;
    match &d.room {
        Some(room) if d.state == State::Posted => user.sees(web, room).await?,
        _ if user.has(Role::Reviewer) || user.has(Role::Rules) => {}
        _ => return Err(Failure::NotFound),
    }
    web.store.log_access(user.actor(), action, id, json!({})).await?;
    Ok(d)
}

/// `GET /documents/{id}`: every field, and the original beside it.
pub async fn document(
    extract::State(web): extract::State<Web>,
    user: User,
    Path(id): Path<String>,
) -> Result<Html<String>, Failure> {
    let d = readable(&web, &user, &id, "read").await?;
    let room = match &d.room {
        Some(room) => web.store.room(room).await?.map(|r| (r.id, r.name)),
        None => None,
    };
    let pages = page_views(&d);
    let mut fields = view::fields(&d.content, &pages, false);
    view::links(&d.content, &mut fields, &web.options.meeting_hosts);
    let page = Sheet {
        frame: Frame::of(&web, &user, "rooms").await?,
        sheet: SheetView::with_changes(&web, &d, &pages).await?,
        room,
        fields,
        pages,
    };
    Ok(Html(page.render()?))
}

/// `GET /documents/{id}/pages/{number}`: the upright page at 200 dpi, PNG.
pub async fn page_image(
    extract::State(web): extract::State<Web>,
    user: User,
    Path((id, number)): Path<(String, u32)>,
) -> Result<impl IntoResponse, Failure> {
    let d = readable(&web, &user, &id, "read_page").await?;
    let sha = d.images.iter().find(|i| i.page == number).and_then(|i| i.sha256.clone()).ok_or(Failure::NotFound)?;
    let png = web.store.blob(&sha).await?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png))
}

#[derive(Deserialize)]
pub struct Part {
    /// From 1, of a fax that came in several mails.
    part: Option<usize>,
}

/// `GET /documents/{id}/original`: the bytes as they were received, never shown in the browser. With `?part=` one of
/// the mails that the fax came in.
pub async fn original(
    extract::State(web): extract::State<Web>,
    user: User,
    Path(id): Path<String>,
    Query(wanted): Query<Part>,
) -> Result<impl IntoResponse, Failure> {
    let d = readable(&web, &user, &id, "read_original").await?;
    let (sha, name) = match wanted.part {
        None => (d.original, d.receipt),
        Some(n) => (
            n.checked_sub(1).and_then(|i| d.originals.get(i).cloned()).unwrap_or_default(),
            format!("{}-{n}", d.receipt),
        ),
    };
    if sha.is_empty() {
        return Err(Failure::NotFound);
    }
    let bytes = web.store.blob(&sha).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, bytes))
}

struct ReceiptView {
    at: String,
    source: String,
    name: String,
    state: String,
    state_ja: &'static str,
    reason: String,
}

#[derive(Template)]
#[template(path = "receipts.html")]
struct Receipts {
    frame: Frame,
    receipts: Vec<ReceiptView>,
    faults: Vec<(String, String)>,
}

/// `GET /receipts`: every file and mail with its verdict, newest first.
pub async fn receipts(extract::State(web): extract::State<Web>, user: User) -> Result<Html<String>, Failure> {
    web.store.log_access(user.actor(), "list", "receipts", json!({})).await?;
    let receipts = web
        .store
        .newest_receipts(RECEIPTS)
        .await?
        .into_iter()
        .map(|r| ReceiptView {
            at: rfc3339(r.received).get(..16).unwrap_or_default().replace('T', " "),
            source: r.source,
            name: r.source_id,
            state_ja: view::state(&r.state),
            state: r.state,
            reason: r.reason.unwrap_or_default(),
        })
        .collect();
    let faults = faults(&web).await?;
    Ok(Html(Receipts { frame: Frame::of(&web, &user, "receipts").await?, receipts, faults }.render()?))
}
