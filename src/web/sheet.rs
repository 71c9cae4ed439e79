//! One sheet: its fields, what is new in it, who has read it, its thread, and the original beside it.

use askama::Template;
use axum::extract::{self, Path, Query};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::changes::{self, Change};
use super::figures::{self, Lacking};
use super::frame::Frame;
use super::gate::{self, ROOMS, Route, User, get};
use super::readers::{self, Readers};
use super::thread::{self, Thread};
use super::view::{self, ChangeView, Discharge, FieldView, PageView};
use super::{Failure, Web, words};
use crate::account::Role;
use crate::model::Document;
use crate::store::State;
use crate::store::board::DocumentView;

/// Earlier sheets of the room that a sheet is compared with.
const EARLIER: usize = 50;

pub fn routes() -> Vec<Route> {
    vec![
        get(ROOMS, "/documents/{id}", document),
        get(ROOMS, "/documents/{id}/pages/{number}", page_image),
        get(ROOMS, "/documents/{id}/original", original),
    ]
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
    /// Persons have put something right since it first stood in its room.
    pub corrected: bool,
    pub highlights: Vec<FieldView>,
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
    /// What is new after the earlier sheets of the room.
    pub news: Vec<Change>,
    /// The first of its pages.
    pub first_page: Option<u32>,
}

impl SheetView {
    pub fn of(d: &DocumentView, pages: &[PageView]) -> SheetView {
        let today = view::today();
        let state = d.state.as_str();
        SheetView {
            id: d.id.clone(),
            kind: match &d.part {
                Some(part) => format!("{}（{part}）", words::unreadable()),
                None => words::kind_of(&d.content.kind, d.form.as_deref()).to_owned(),
            },
            at: view::moment(d.received, today),
            urgent: d.urgent,
            open_fields: d.open_fields,
            discharge: view::discharge(d.content.accepted("encounter.discharge_date").as_deref(), today),
            state,
            state_ja: words::state(state),
            reason: d.reason.clone(),
            revision: d.revision,
            corrected: d.corrections > 0,
            highlights: view::fields(&d.content, pages, true),
            mails: d.originals.len(),
            resent: d.line.resent.iter().map(|at| view::moment(*at, today)).collect(),
            again_of: d.line.again_of.clone(),
            before: d.line.before.as_ref().map(|(id, at)| (id.clone(), view::moment(*at, today))),
            after: d.line.after.clone(),
            changes: Vec::new(),
            news: Vec::new(),
            first_page: pages.iter().find(|p| p.href.is_some()).map(|p| p.number),
        }
    }

    /// [`SheetView::of`], with what changed since the version before.
    pub async fn with_changes(web: &Web, d: &DocumentView, pages: &[PageView]) -> Result<SheetView, Failure> {
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
            turn: i.turn,
        })
        .collect();
    view::boxes(&d.content, &mut pages);
    pages
}

#[derive(Template)]
#[template(path = "rooms/sheet.html")]
struct Sheet {
    frame: Frame,
    sheet: SheetView,
    room: Option<(String, String)>,
    fields: Vec<FieldView>,
    pages: Vec<PageView>,
    readers: Option<Readers>,
    thread: Option<Thread>,
    lacking: Option<Lacking>,
}

/// Whether a sheet that was set apart as misdirected is open to somebody: who set it apart, and reviewers who administer.
/// One of which nobody says who it was is open to all reviewers.
pub fn sees_apart(user: &User, by: Option<&str>) -> bool {
    user.has(Role::Reviewer) && by.is_none_or(|by| by == user.actor() || user.has(Role::Admin))
}

/// A document that this person may see: what stands in a room is open to the room's members, everything else to those
/// alone who decide about it.
async fn visible(web: &Web, user: &User, id: &str) -> Result<DocumentView, Failure> {
    let d = web.store.document(id).await?.ok_or(Failure::NotFound)?;
    match &d.room {
        Some(room) if d.state == State::Posted => user.sees(web, room).await?,
        _ if d.state == State::Quarantined && !sees_apart(user, d.quarantined_by.as_deref()) => {
            return Err(Failure::NotFound);
        }
        _ if user.has(Role::Reviewer) || user.has(Role::Rules) => {}
        _ => return Err(Failure::NotFound),
    }
    Ok(d)
}

/// A document that this person may see, with the audit row of looking at it.
pub async fn readable(web: &Web, user: &User, id: &str, action: &str) -> Result<DocumentView, Failure> {
    let d = visible(web, user, id).await?;
    web.store.log_access(user.actor(), action, id, json!({})).await?;
    Ok(d)
}

/// `GET /documents/{id}`: every field, and the original beside it. From then on it is read (既読).
pub async fn document(
    extract::State(web): extract::State<Web>,
    user: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let d = visible(&web, &user, &id).await?;
    let room = d.room.clone().filter(|_| d.state == State::Posted);
    if room.is_some() {
        web.store.open_sheet(user.account(), &id, d.revision).await?;
    } else {
        web.store.log_access(user.actor(), "read", &id, json!({})).await?;
    }
    let frame = Frame::of(&web, &user, "rooms").await?;
    let pages = page_views(&d);
    let mut sheet = SheetView::with_changes(&web, &d, &pages).await?;
    let (mut readers, mut thread) = (None, None);
    // A sheet that was sent again has its readers and its thread with the first.
    if let Some(room) = room.as_deref().filter(|_| d.line.again_of.is_none()) {
        let around = web.store.sheets(room, EARLIER).await?;
        let earlier: Vec<&Document> = around.iter().filter(|e| comes_before(e, &d)).map(|e| &e.content).collect();
        sheet.news = changes::since(&d.content, &earlier, user.lang());
        readers = Some(readers::of(&web, &d, room).await?);
        thread = Some(thread::of(&web, &user, &id, room).await?);
    }
    let named = match &d.room {
        Some(room) => web.store.room(room).await?.map(|r| (r.id, r.name)),
        None => None,
    };
    let mut fields = view::fields(&d.content, &pages, false);
    view::links(&d.content, &mut fields, &web.options.meeting_hosts);
    let lacking = figures::lacking(&web, &id, &d.content).await?;
    let page = Sheet { frame: frame.clone(), sheet, room: named, fields, pages, readers, thread, lacking };
    Ok(gate::html(&frame, page.render()?))
}

/// Whether a sheet came before another one, and is not a version of it.
pub fn comes_before(earlier: &DocumentView, d: &DocumentView) -> bool {
    earlier.id != d.id && (earlier.received, &earlier.receipt) < (d.received, &d.receipt)
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
