//! What waits for a person, deciding about it, and what was received. Every decision names the revision that it is about.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, IntoResponses, ToSchema};

use super::super::gate::{REVIEW, Route, User, get, post};
use super::super::review::decidable;
use super::super::review::rows::{added, edit};
use super::super::sheet::{readable, sees_apart};
use super::super::{Failure, Web};
use super::shape::Sheet;
use super::{Body, Problem, Problems};
use crate::account::scope::Scope;
use crate::store;
use crate::store::review::Edit;
use crate::store::status::rfc3339;

const MOST: i64 = 500;

pub fn routes() -> Vec<Route> {
    vec![
        get(REVIEW, "/api/v1/review", list).scoped(Scope::ReviewRead),
        post(REVIEW, "/api/v1/documents/{id}/room", choose_room).scoped(Scope::ReviewWrite),
        post(REVIEW, "/api/v1/documents/{id}/aside", set_aside).scoped(Scope::ReviewWrite),
        post(REVIEW, "/api/v1/documents/{id}/fields", edit_fields).scoped(Scope::ReviewWrite),
        post(REVIEW, "/api/v1/documents/{id}/withdraw", withdraw).scoped(Scope::ReviewWrite),
        get(REVIEW, "/api/v1/receipts", receipts).scoped(Scope::ReceiptsRead),
    ]
}

#[derive(Deserialize, IntoParams)]
pub struct Most {
    /// At most so many; 100 where nothing is said, 500 at most.
    limit: Option<i64>,
}

impl Most {
    pub fn number(&self) -> i64 {
        self.limit.unwrap_or(100).clamp(1, MOST)
    }
}

/// What decisions may answer beside.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only described")]
pub enum Refusals {
    /// The body is not what it should be.
    #[response(status = 400)]
    Malformed(Problem),
    /// Somebody else was faster, or the sheet is in no state for it.
    #[response(status = 409)]
    Refused(Problem),
}

/// A sheet that waits.
#[derive(Serialize, ToSchema)]
pub struct Waiting {
    document: String,
    /// `review` and `quarantined` need a decision; `posted` stands in its room and has open fields.
    state: &'static str,
    reason: Option<String>,
    r#type: String,
    urgent: bool,
    open_fields: i64,
    room: Option<String>,
    sender: Option<String>,
    received: String,
    source: String,
    candidates: usize,
}

/// Everything that waits for a person: held back first, then posted with open fields; urgent first, then the oldest.
#[utoipa::path(get, path = "/api/v1/review", tag = "review", params(Most),
               responses((status = 200, body = Vec<Waiting>), Problems), security(("token" = ["review:read"])))]
pub async fn list(State(web): State<Web>, user: User, Query(most): Query<Most>) -> Result<Json<Vec<Waiting>>, Failure> {
    web.store.log_access(user.actor(), "list", "review", json!({})).await?;
    let waiting = |h: crate::store::board::Held| Waiting {
        document: h.document,
        state: h.state.as_str(),
        reason: h.reason,
        r#type: h.kind,
        urgent: h.urgent,
        open_fields: h.open_fields,
        room: h.room,
        sender: h.sender,
        received: rfc3339(h.received),
        source: h.source,
        candidates: h.candidates,
    };
    let apart =
        |h: &store::board::Held| h.state != store::State::Quarantined || sees_apart(&user, h.quarantined_by.as_deref());
    Ok(Json(web.store.review_list(most.number()).await?.into_iter().filter(apart).map(waiting).collect()))
}

#[derive(Deserialize, ToSchema)]
pub struct Withdrawal {
    /// Of the sheet that was looked at.
    revision: i64,
    /// The right room; none: it waits for one.
    room: Option<String>,
}

/// Takes a sheet back out of a wrong room, into the right one where it is named. Whoever was told of it is told so.
#[utoipa::path(post, path = "/api/v1/documents/{id}/withdraw", tag = "review", params(("id" = String, Path)),
               request_body = Withdrawal, responses((status = 200, body = Sheet), Refusals, Problems),
               security(("token" = ["review:write"])))]
pub async fn withdraw(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Body(wanted): Body<Withdrawal>,
) -> Result<Json<Sheet>, Failure> {
    decidable(&web, &user, &id).await?;
    web.store.withdraw(&id, wanted.revision, wanted.room.as_deref(), user.actor()).await?;
    now(&web, &user, &id).await
}

#[derive(Deserialize, ToSchema)]
pub struct ChosenRoom {
    /// Of the sheet that was looked at.
    revision: i64,
    room: String,
}

/// Posts a held-back sheet into a room. Again into the same room changes nothing.
#[utoipa::path(post, path = "/api/v1/documents/{id}/room", tag = "review", params(("id" = String, Path)),
               request_body = ChosenRoom, responses((status = 200, body = Sheet), Refusals, Problems),
               security(("token" = ["review:write"])))]
pub async fn choose_room(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Body(chosen): Body<ChosenRoom>,
) -> Result<Json<Sheet>, Failure> {
    let d = decidable(&web, &user, &id).await?;
    if d.state != store::State::Posted || d.room.as_deref() != Some(&chosen.room) {
        web.store.post_sheet(&id, Some(chosen.revision), &chosen.room, user.actor()).await?;
    }
    now(&web, &user, &id).await
}

#[derive(Deserialize, ToSchema)]
pub struct SetAside {
    revision: i64,
    /// A sentence for whoever looks later.
    reason: String,
    /// It was meant for somebody else (誤送信): kept out of the ordinary list.
    #[serde(default)]
    misdirected: bool,
}

/// Closes a held-back sheet: nothing for any room.
#[utoipa::path(post, path = "/api/v1/documents/{id}/aside", tag = "review", params(("id" = String, Path)),
               request_body = SetAside, responses((status = 200, body = Sheet), Refusals, Problems),
               security(("token" = ["review:write"])))]
pub async fn set_aside(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Body(aside): Body<SetAside>,
) -> Result<Json<Sheet>, Failure> {
    decidable(&web, &user, &id).await?;
    if aside.reason.trim().is_empty() {
        return Err(Failure::Malformed("reason is empty".into()));
    }
    let state = if aside.misdirected { store::State::Quarantined } else { store::State::Ignored };
    web.store.close_as(&id, Some(aside.revision), state, aside.reason.trim(), user.actor()).await?;
    now(&web, &user, &id).await
}

/// What a person says of one field.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Said {
    /// It is right as it was read.
    Confirm { key: String },
    /// It is this, in the vocabulary's normal form; lists one item a line.
    Set { key: String, value: String },
    /// The page does not carry it.
    Remove { key: String },
    /// The page carries it, and the machine did not find it.
    Add { key: String, value: String, page: u32 },
}

#[derive(Deserialize, ToSchema)]
pub struct Edits {
    revision: i64,
    edits: Vec<Said>,
}

/// Takes a person's word on fields: a new revision, which replaces the posted one in its room.
#[utoipa::path(post, path = "/api/v1/documents/{id}/fields", tag = "review", params(("id" = String, Path)),
               request_body = Edits, responses((status = 200, body = Sheet), Refusals, Problems),
               security(("token" = ["review:write"])))]
pub async fn edit_fields(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Body(given): Body<Edits>,
) -> Result<Json<Sheet>, Failure> {
    let d = decidable(&web, &user, &id).await?;
    let (own, mut edits) = (web.options.rules.now(), Vec::new());
    for said in given.edits {
        let (key, made) = match said {
            Said::Add { key, value: text, page } => {
                let value = added(&own, &key, page, &text).map_err(Failure::Malformed)?;
                let value = value.ok_or_else(|| Failure::Malformed(format!("{key} is empty")))?;
                edits.push((key, value));
                continue;
            }
            Said::Confirm { key } => (key, Edit::Confirm),
            Said::Remove { key } => (key, Edit::Remove),
            Said::Set { key, value } => {
                let Some(field) = d.content.fields.get(&key) else {
                    return Err(Failure::Malformed(format!("the sheet has no field {key}")));
                };
                let made = edit(&key, &own.kinds, &field.value, &value).map_err(Failure::Malformed)?;
                (key, made)
            }
        };
        if !d.content.fields.contains_key(&key) {
            return Err(Failure::Malformed(format!("the sheet has no field {key}")));
        }
        edits.push((key, made));
    }
    web.store.confirm_fields(&id, given.revision, &edits, user.actor()).await?;
    now(&web, &user, &id).await
}

async fn now(web: &Web, user: &User, id: &str) -> Result<Json<Sheet>, Failure> {
    let d = readable(web, user, id, "read").await?;
    Ok(Json(Sheet::new(d, user.may(Scope::ReviewRead))))
}

/// A file or mail that came.
#[derive(Serialize, ToSchema)]
pub struct Receipt {
    received: String,
    source: String,
    /// The file's or mail's name there.
    source_id: String,
    state: String,
    reason: Option<String>,
}

/// What was received, newest first.
#[utoipa::path(get, path = "/api/v1/receipts", tag = "review", params(Most),
               responses((status = 200, body = Vec<Receipt>), Problems), security(("token" = ["receipts:read"])))]
pub async fn receipts(
    State(web): State<Web>,
    user: User,
    Query(most): Query<Most>,
) -> Result<Json<Vec<Receipt>>, Failure> {
    web.store.log_access(user.actor(), "list", "receipts", json!({})).await?;
    let receipt = |r: crate::store::board::ReceiptLine| Receipt {
        received: rfc3339(r.received),
        source: r.source,
        source_id: r.source_id,
        state: r.state,
        reason: r.reason,
    };
    Ok(Json(web.store.newest_receipts(most.number()).await?.into_iter().map(receipt).collect()))
}
