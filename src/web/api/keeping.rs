//! What is kept, where and how long: two rooms of one person made one and parted, the end of what is kept, rooms that are
//! held whatever their age.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::super::admin::rooms::{merged, parted};
use super::super::gate::{ADMIN, Route, User, get, post};
use super::super::{Failure, Web};
use super::review::Refusals;
use super::{Body, Problems};
use crate::account::scope::Scope;
use crate::store::merge::{Merger, Pair, Side};
use crate::store::status::rfc3339;

pub fn routes() -> Vec<Route> {
    let read = |route: Route| route.scoped(Scope::AdminRead);
    let write = |route: Route| route.scoped(Scope::AdminWrite);
    vec![
        read(get(ADMIN, "/api/v1/mergers", mergers)),
        read(post(ADMIN, "/api/v1/mergers/preview", compare)),
        write(post(ADMIN, "/api/v1/mergers", merge)),
        write(post(ADMIN, "/api/v1/mergers/{id}/part", part)),
        read(get(ADMIN, "/api/v1/retention", retention)),
        write(post(ADMIN, "/api/v1/retention/erase", erase)),
        read(get(ADMIN, "/api/v1/holds", holds)),
        write(post(ADMIN, "/api/v1/holds", hold)),
        write(post(ADMIN, "/api/v1/holds/{id}/lift", lift)),
    ]
}

/// Two rooms that were made one.
#[derive(Serialize, ToSchema)]
pub struct Merged {
    id: String,
    /// The room that is no more.
    source: String,
    target: String,
    /// Sheets that moved.
    sheets: usize,
    reason: String,
    by: String,
    at: String,
    /// Who parted them again, and when.
    undone_by: Option<String>,
    undone: Option<String>,
}

impl From<Merger> for Merged {
    fn from(m: Merger) -> Merged {
        let (undone_by, undone) = m.undone.map(|(by, at)| (by, rfc3339(at))).unzip();
        Merged {
            id: m.id,
            source: m.source.0,
            target: m.target.0,
            sheets: m.sheets,
            reason: m.reason,
            by: m.actor,
            at: rfc3339(m.at),
            undone_by,
            undone,
        }
    }
}

/// The newest mergers of rooms.
#[utoipa::path(get, path = "/api/v1/mergers", tag = "keeping",
               responses((status = 200, body = Vec<Merged>), Problems), security(("token" = ["admin:read"])))]
pub async fn mergers(State(web): State<Web>) -> Result<Json<Vec<Merged>>, Failure> {
    Ok(Json(web.store.mergers().await?.into_iter().map(Merged::from).collect()))
}

/// Two rooms.
#[derive(Deserialize, ToSchema)]
pub struct Both {
    source: String,
    target: String,
}

/// One of two rooms, with what would move.
#[derive(Serialize, ToSchema)]
pub struct RoomSide {
    id: String,
    name: String,
    kana: String,
    /// Empty where it is not known.
    birth_date: String,
    ended: bool,
    /// The register has its patient.
    registered: bool,
    /// Mailboxes.
    members: Vec<String>,
    sheets: i64,
    replies: i64,
    deadlines: i64,
}

impl From<Side> for RoomSide {
    fn from(s: Side) -> RoomSide {
        RoomSide {
            members: s.members.into_iter().map(|m| m.mailbox).collect(),
            id: s.id,
            name: s.name,
            kana: s.kana,
            birth_date: s.birth_date,
            ended: s.ended,
            registered: s.registered,
            sheets: s.sheets,
            replies: s.replies,
            deadlines: s.deadlines,
        }
    }
}

/// Two rooms side by side.
#[derive(Serialize, ToSchema)]
pub struct Compared {
    source: RoomSide,
    target: RoomSide,
    /// Births are not known to be the same: the source's id has to be sent as `typed`.
    births_differ: bool,
    /// Of all that stands here; to be sent along.
    stamp: String,
}

/// Two rooms side by side. Changes nothing.
#[utoipa::path(post, path = "/api/v1/mergers/preview", tag = "keeping", request_body = Both,
               responses((status = 200, body = Compared), Refusals, Problems), security(("token" = ["admin:read"])))]
pub async fn compare(State(web): State<Web>, user: User, Body(both): Body<Both>) -> Result<Json<Compared>, Failure> {
    let pair: Pair = web.store.pair(&both.source, &both.target).await?;
    let told = json!({"source": both.source, "target": both.target});
    web.store.log_access(user.actor(), "list", "rooms to merge", told).await?;
    let (stamp, births_differ) = (pair.stamp()?, pair.births_differ());
    Ok(Json(Compared { source: pair.source.into(), target: pair.target.into(), births_differ, stamp }))
}

/// Two rooms that are one person's.
#[derive(Deserialize, ToSchema)]
pub struct Merge {
    /// The room that is to be no more.
    source: String,
    target: String,
    /// Of the preview.
    stamp: String,
    /// The source's id once more, where births differ.
    #[serde(default)]
    typed: String,
    reason: String,
}

/// Makes one room of two; members are told. Links to the source lead to the target from then on.
#[utoipa::path(post, path = "/api/v1/mergers", tag = "keeping", request_body = Merge,
               responses((status = 201, body = Merged), Refusals, Problems), security(("token" = ["admin:write"])))]
pub async fn merge(
    State(web): State<Web>,
    user: User,
    Body(m): Body<Merge>,
) -> Result<(StatusCode, Json<Merged>), Failure> {
    let word = merged(&web.options.base_url, &m.target);
    let rooms = (m.source.as_str(), m.target.as_str());
    let id = web.store.merge_rooms(rooms, &m.stamp, &m.typed, &m.reason, user.actor(), &word).await?;
    Ok((StatusCode::CREATED, found(&web, &id).await?))
}

async fn found(web: &Web, id: &str) -> Result<Json<Merged>, Failure> {
    let all = web.store.mergers().await?;
    Ok(Json(all.into_iter().find(|m| m.id == id).ok_or(Failure::NotFound)?.into()))
}

/// Parts two rooms again: what had moved goes back, what came since stays.
#[utoipa::path(post, path = "/api/v1/mergers/{id}/part", tag = "keeping", params(("id" = String, Path)),
               responses((status = 200, body = Merged), Refusals, Problems), security(("token" = ["admin:write"])))]
pub async fn part(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Json<Merged>, Failure> {
    let Json(_) = found(&web, &id).await?;
    web.store.part_rooms(&id, user.actor(), &parted(&web.options.base_url)).await?;
    found(&web, &id).await
}

/// How long things are kept, and what is past its time today.
#[derive(Serialize, ToSchema)]
pub struct Retention {
    /// Years of sheets in rooms; 0: for ever.
    years: u32,
    /// Of some types other years.
    by_type: std::collections::BTreeMap<String, u32>,
    /// Years of what stands in no room.
    elsewhere_years: u32,
    /// Years begin with the end of the room.
    after_end: bool,
    /// What is past its time goes by itself.
    nightly: bool,
    /// Past their time: files and mails of one fax are one.
    faxes: usize,
    documents: usize,
    /// Past their time, and kept by a hold.
    held: usize,
    /// Rooms whose names and register entries would go with them.
    rooms: Vec<String>,
    /// Of what would go; to be sent along.
    stamp: String,
}

/// How long things are kept, and what would go today. Changes nothing.
#[utoipa::path(get, path = "/api/v1/retention", tag = "keeping",
               responses((status = 200, body = Retention), Problems), security(("token" = ["admin:read"])))]
pub async fn retention(State(web): State<Web>, user: User) -> Result<Json<Retention>, Failure> {
    let terms = &web.options.retention;
    let due = web.store.due(terms).await?;
    let told = json!({"faxes": due.bundles.len(), "documents": due.documents()});
    web.store.log_access(user.actor(), "list", "retention", told).await?;
    Ok(Json(Retention {
        years: terms.years,
        by_type: terms.by_type.clone(),
        elsewhere_years: terms.elsewhere,
        after_end: terms.after_end,
        nightly: terms.nightly,
        faxes: due.bundles.len(),
        documents: due.documents(),
        held: due.held,
        stamp: due.stamp()?,
        rooms: due.rooms,
    }))
}

/// What was looked at and is to go.
#[derive(Deserialize, ToSchema)]
pub struct Erase {
    stamp: String,
    /// How many faxes, as they were told.
    faxes: usize,
}

/// What went.
#[derive(Serialize, ToSchema)]
pub struct Gone {
    /// Mails and files.
    receipts: usize,
    documents: usize,
    rooms: usize,
    /// Faxes that something came to meanwhile.
    passed_over: usize,
}

/// Lets go what is past its time, if it is still what was told. There is no way back but a backup.
#[utoipa::path(post, path = "/api/v1/retention/erase", tag = "keeping", request_body = Erase,
               responses((status = 200, body = Gone), Refusals, Problems), security(("token" = ["admin:write"])))]
pub async fn erase(State(web): State<Web>, user: User, Body(meant): Body<Erase>) -> Result<Json<Gone>, Failure> {
    let terms = &web.options.retention;
    if web.store.due(terms).await?.bundles.len() != meant.faxes {
        return Err(Failure::Refused("件数が違います。もう一度確かめてください。".into()));
    }
    let e = web.store.erase(terms, Some(&meant.stamp), user.actor()).await?;
    Ok(Json(Gone { receipts: e.receipts, documents: e.documents, rooms: e.rooms, passed_over: e.passed_over }))
}

/// A room that is kept whatever its age.
#[derive(Serialize, ToSchema)]
pub struct Held {
    id: String,
    room: String,
    reason: String,
    by: String,
    at: String,
}

/// Rooms that are kept whatever their age.
#[utoipa::path(get, path = "/api/v1/holds", tag = "keeping",
               responses((status = 200, body = Vec<Held>), Problems), security(("token" = ["admin:read"])))]
pub async fn holds(State(web): State<Web>) -> Result<Json<Vec<Held>>, Failure> {
    let held = |h: crate::store::retention::Hold| Held {
        id: h.id,
        room: h.room.0,
        reason: h.reason,
        by: h.actor,
        at: rfc3339(h.at),
    };
    Ok(Json(web.store.holds().await?.into_iter().map(held).collect()))
}

/// A room to be held.
#[derive(Deserialize, ToSchema)]
pub struct ToHold {
    room: String,
    reason: String,
}

/// Keeps a room, whatever its age, until the hold is lifted.
#[utoipa::path(post, path = "/api/v1/holds", tag = "keeping", request_body = ToHold,
               responses((status = 201, body = Vec<Held>), Refusals, Problems), security(("token" = ["admin:write"])))]
pub async fn hold(
    State(web): State<Web>,
    user: User,
    Body(wanted): Body<ToHold>,
) -> Result<(StatusCode, Json<Vec<Held>>), Failure> {
    web.store.hold_room(wanted.room.trim(), &wanted.reason, user.actor()).await?;
    Ok((StatusCode::CREATED, holds(State(web)).await?))
}

/// Ends a hold.
#[utoipa::path(post, path = "/api/v1/holds/{id}/lift", tag = "keeping", params(("id" = String, Path)),
               responses((status = 204), Refusals, Problems), security(("token" = ["admin:write"])))]
pub async fn lift(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<StatusCode, Failure> {
    web.store.lift_hold(&id, user.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}
