//! Rooms and their sheets.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::super::gate::{ROOMS, Route, User, get, post};
use super::super::sheet::readable;
use super::super::thread::letter;
use super::super::{Failure, Web};
use super::review::Refusals;
use super::shape::{Room, Sheet};
use super::{Body, Problems};
use crate::account::Role;
use crate::account::scope::Scope;
use crate::store::State as Stands;
use crate::store::status::rfc3339;

/// Rooms of one answer.
const MOST: usize = 200;

pub fn routes() -> Vec<Route> {
    let read = |route: Route| route.scoped(Scope::RoomsRead);
    vec![
        read(get(ROOMS, "/api/v1/rooms", list)),
        read(get(ROOMS, "/api/v1/rooms/{room}", one)),
        read(get(ROOMS, "/api/v1/documents/{id}", sheet)),
        read(get(ROOMS, "/api/v1/documents/{id}/history", history)),
        read(get(ROOMS, "/api/v1/documents/{id}/thread", thread)),
        post(ROOMS, "/api/v1/documents/{id}/thread", answer).scoped(Scope::RoomsWrite),
        read(get(ROOMS, "/api/v1/documents/{id}/pages/{number}", page_image)),
        read(get(ROOMS, "/api/v1/documents/{id}/original", original)),
    ]
}

#[derive(Deserialize, IntoParams)]
pub struct Search {
    /// In the room's id, name or kana; empty: rooms that have sheets.
    #[serde(default)]
    q: String,
    /// At most so many rooms; 50 where nothing is said, 200 at most.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct Rooms {
    rooms: Vec<Room>,
    /// How many there are beyond these.
    more: usize,
}

/// Rooms that the account may see, those with the newest sheets first.
#[utoipa::path(get, path = "/api/v1/rooms", tag = "rooms", params(Search),
               responses((status = 200, body = Rooms), Problems), security(("token" = ["rooms:read"])))]
pub async fn list(State(web): State<Web>, user: User, Query(search): Query<Search>) -> Result<Json<Rooms>, Failure> {
    let limit = search.limit.unwrap_or(50).min(MOST);
    web.store.log_access(user.actor(), "list", "rooms", json!({"search": !search.q.is_empty()})).await?;
    let (rooms, more) = web.store.rooms(&search.q, limit, user.account()).await?;
    Ok(Json(Rooms { rooms: rooms.into_iter().map(Room::from).collect(), more }))
}

/// One room with its timeline.
#[utoipa::path(get, path = "/api/v1/rooms/{room}", tag = "rooms", params(("room" = String, Path)),
               responses((status = 200, body = Room), Problems), security(("token" = ["rooms:read"])))]
pub async fn one(State(web): State<Web>, user: User, Path(room): Path<String>) -> Result<Json<Room>, Failure> {
    let card = web.store.room(&room).await?.ok_or(Failure::NotFound)?;
    let (room, card) = match card.merged.clone() {
        // Its sheets stand there now.
        Some(to) => (to.clone(), web.store.room(&to).await?.ok_or(Failure::NotFound)?),
        None => (room, card),
    };
    user.sees(&web, &room).await?;
    web.store.log_access(user.actor(), "read_room", &room, json!({})).await?;
    Ok(Json(card.into()))
}

/// One sheet.
#[utoipa::path(get, path = "/api/v1/documents/{id}", tag = "rooms", params(("id" = String, Path)),
               responses((status = 200, body = Sheet), Problems), security(("token" = ["rooms:read"])))]
pub async fn sheet(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Json<Sheet>, Failure> {
    let d = readable(&web, &user, &id, "read").await?;
    let deciding = user.has(Role::Reviewer) && user.may(Scope::ReviewRead);
    Ok(Json(Sheet::new(d, deciding)))
}

#[derive(Serialize, ToSchema)]
pub struct History {
    /// Oldest first.
    revisions: Vec<Revision>,
    postings: Vec<Told>,
}

#[derive(Serialize, ToSchema)]
struct Revision {
    number: i64,
    /// `machine`, or who did it.
    by: String,
    at: String,
    room: Option<String>,
}

/// One way that a revision was told.
#[derive(Serialize, ToSchema)]
struct Told {
    /// `board`, `mail`, `push`.
    sink: String,
    purpose: String,
    /// Mail address; only for who decides about sheets.
    recipient: Option<String>,
    state: String,
    at: String,
}

/// What became of a sheet: its revisions, and who was told.
#[utoipa::path(get, path = "/api/v1/documents/{id}/history", tag = "rooms", params(("id" = String, Path)),
               responses((status = 200, body = History), Problems), security(("token" = ["rooms:read"])))]
pub async fn history(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Json<History>, Failure> {
    readable(&web, &user, &id, "read_history").await?;
    let (revisions, postings) = web.store.history(&id).await?;
    let reviewer = user.has(Role::Reviewer);
    let revision = |r: crate::store::board::RevisionHead| Revision {
        number: r.number,
        by: r.actor,
        at: rfc3339(r.at),
        room: r.room.filter(|_| reviewer),
    };
    let told = |p: crate::store::board::PostingView| Told {
        recipient: Some(p.recipient).filter(|r| reviewer && p.sink == "mail" && !r.is_empty()),
        sink: p.sink,
        purpose: p.purpose,
        state: p.state,
        at: rfc3339(p.updated),
    };
    Ok(Json(History {
        revisions: revisions.into_iter().map(revision).collect(),
        postings: postings.into_iter().map(told).collect(),
    }))
}

/// What somebody answered on a sheet.
#[derive(Serialize, ToSchema)]
pub struct Reply {
    id: String,
    /// Who wrote it.
    name: String,
    mailbox: String,
    /// Empty where it was taken back.
    body: String,
    at: String,
    taken_back: bool,
    /// Names of its files.
    attachments: Vec<String>,
}

/// What was answered on a sheet in its room, oldest first.
#[utoipa::path(get, path = "/api/v1/documents/{id}/thread", tag = "rooms", params(("id" = String, Path)),
               responses((status = 200, body = Vec<Reply>), Problems), security(("token" = ["rooms:read"])))]
pub async fn thread(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Json<Vec<Reply>>, Failure> {
    let d = readable(&web, &user, &id, "read_thread").await?;
    let Some(room) = d.room else { return Ok(Json(Vec::new())) };
    said(&web, &id, &room).await
}

async fn said(web: &Web, id: &str, room: &str) -> Result<Json<Vec<Reply>>, Failure> {
    let reply = |r: crate::store::thread::Reply| Reply {
        id: r.id,
        name: r.name,
        mailbox: r.mailbox,
        body: r.body,
        at: rfc3339(r.at),
        taken_back: r.withdrawn.is_some(),
        attachments: r.attachments.into_iter().map(|a| a.name).collect(),
    };
    Ok(Json(web.store.thread(id, room).await?.into_iter().map(reply).collect()))
}

/// An answer to be.
#[derive(Deserialize, ToSchema)]
pub struct Answer {
    body: String,
    /// A UUID: sent twice under one, it is one answer.
    #[schema(value_type = Option<String>)]
    key: Option<uuid::Uuid>,
}

/// Answers on a sheet that stands in its room; the room's members are told. The thread with it.
#[utoipa::path(post, path = "/api/v1/documents/{id}/thread", tag = "rooms", params(("id" = String, Path)),
               request_body = Answer, responses((status = 200, body = Vec<Reply>), Refusals, Problems),
               security(("token" = ["rooms:write"])))]
pub async fn answer(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Body(answer): Body<Answer>,
) -> Result<Json<Vec<Reply>>, Failure> {
    let d = readable(&web, &user, &id, "read_thread").await?;
    let room = d.room.filter(|_| d.state == Stands::Posted).ok_or(Failure::NotFound)?;
    let key = answer.key.unwrap_or_else(uuid::Uuid::new_v4);
    let letter = letter(&web, &id, &room);
    web.store.reply(user.account(), (&id, &room), key, &answer.body, Vec::new(), letter).await?;
    said(&web, &id, &room).await
}

/// The upright image of a page, 200 dpi.
#[utoipa::path(get, path = "/api/v1/documents/{id}/pages/{number}", tag = "rooms",
               params(("id" = String, Path), ("number" = u32, Path)),
               responses((status = 200, content_type = "image/png", body = Vec<u8>), Problems),
               security(("token" = ["rooms:read"])))]
pub async fn page_image(
    State(web): State<Web>,
    user: User,
    Path((id, number)): Path<(String, u32)>,
) -> Result<Response, Failure> {
    let d = readable(&web, &user, &id, "read_page").await?;
    let sha = d.images.iter().find(|i| i.page == number).and_then(|i| i.sha256.clone()).ok_or(Failure::NotFound)?;
    let png = web.store.blob(&sha).await?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}

/// The bytes as they were received.
#[utoipa::path(get, path = "/api/v1/documents/{id}/original", tag = "rooms", params(("id" = String, Path)),
               responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), Problems),
               security(("token" = ["rooms:read"])))]
pub async fn original(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Response, Failure> {
    let d = readable(&web, &user, &id, "read_original").await?;
    if d.original.is_empty() {
        return Err(Failure::NotFound);
    }
    let bytes = web.store.blob(&d.original).await?;
    let name = format!("attachment; filename=\"{}\"", d.receipt);
    let headers = [(header::CONTENT_TYPE, "application/octet-stream".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, bytes).into_response())
}
