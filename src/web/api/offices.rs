//! Offices with their people, rooms that are asked for, what is due.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::super::deadlines::due;
use super::super::gate::{ADMIN, REVIEW, ROOMS, Route, User, get, post};
use super::super::{Failure, Web, view};
use super::review::Refusals;
use super::{Body, Problems};
use crate::account;
use crate::account::scope::Scope;
use crate::store::proposals::{Proposal, Wanted};
use crate::store::status::{self, rfc3339};

/// Proposals of one answer.
const PROPOSALS: i64 = 200;

pub fn routes() -> Vec<Route> {
    vec![
        get(ADMIN, "/api/v1/offices", offices).scoped(Scope::AdminRead),
        get(ADMIN, "/api/v1/proposals", proposals).scoped(Scope::AdminRead),
        post(REVIEW, "/api/v1/documents/{id}/proposal", propose).scoped(Scope::ReviewWrite),
        post(ADMIN, "/api/v1/proposals/{id}/open", open).scoped(Scope::AdminWrite),
        post(ADMIN, "/api/v1/proposals/{id}/refuse", refuse).scoped(Scope::AdminWrite),
        post(ADMIN, "/api/v1/proposals/{id}/release", release).scoped(Scope::AdminWrite),
        get(ROOMS, "/api/v1/deadlines", deadlines).scoped(Scope::RoomsRead),
    ]
}

/// An office of the register.
#[derive(Serialize, ToSchema)]
pub struct Office {
    /// Empty: people without an office.
    id: String,
    name: String,
    phones: Vec<String>,
    faxes: Vec<String>,
    address: String,
    people: Vec<Person>,
}

/// Somebody of an office's staff.
#[derive(Serialize, ToSchema)]
pub struct Person {
    mail: String,
    name: String,
    profession: String,
    /// Works there today.
    present: bool,
    /// Rooms of which the address is a member.
    rooms: usize,
}

/// Offices with their people, as the registers have them. To change them, send the register (`/api/v1/registers/office`, `staff`).
#[utoipa::path(get, path = "/api/v1/offices", tag = "keeping",
               responses((status = 200, body = Vec<Office>), Problems), security(("token" = ["admin:read"])))]
pub async fn offices(State(web): State<Web>, user: User) -> Result<Json<Vec<Office>>, Failure> {
    web.store.log_access(user.actor(), "list", "offices", json!({})).await?;
    let (registers, memberships) = (web.store.registers().await?, web.store.memberships().await?);
    let today = status::local(web.store.now()).date().to_string();
    let people = |office: &str| -> Vec<Person> {
        let of = registers.staff().iter().filter(|s| s.office_id == office);
        of.map(|s| Person {
            mail: s.mail.clone(),
            name: s.name.clone(),
            profession: s.profession.clone(),
            present: s.present(&today),
            rooms: memberships.get(&s.mail.to_lowercase()).map_or(0, std::collections::BTreeSet::len),
        })
        .collect()
    };
    let mut all: Vec<Office> = registers
        .offices()
        .iter()
        .map(|o| Office {
            id: o.office_id.clone(),
            name: o.name.clone(),
            phones: o.phones.clone(),
            faxes: o.faxes.clone(),
            address: o.address.clone(),
            people: people(&o.office_id),
        })
        .collect();
    let known = |office: &str| registers.offices().iter().any(|o| o.office_id == office);
    let others: std::collections::BTreeSet<&str> =
        registers.staff().iter().map(|s| s.office_id.as_str()).filter(|o| !known(o)).collect();
    all.extend(others.into_iter().map(|id| Office {
        id: id.to_owned(),
        name: String::new(),
        phones: Vec::new(),
        faxes: Vec::new(),
        address: String::new(),
        people: people(id),
    }));
    Ok(Json(all))
}

/// A room that a reviewer asks for.
#[derive(Serialize, ToSchema)]
pub struct Proposed {
    id: String,
    document: String,
    name: String,
    kana: String,
    birth_date: String,
    members: Vec<String>,
    asked_by: String,
    asked: String,
    ended_by: Option<String>,
    ended: Option<String>,
    /// The room that was opened; none where it is open or was refused.
    room: Option<String>,
    /// The register's file decides about the room again.
    released: bool,
}

impl From<Proposal> for Proposed {
    fn from(p: Proposal) -> Proposed {
        Proposed {
            id: p.id,
            document: p.document,
            name: p.wanted.name,
            kana: p.wanted.kana,
            birth_date: p.wanted.birth_date,
            members: p.wanted.members,
            asked_by: p.asked_by,
            asked: rfc3339(p.asked),
            ended_by: p.ended_by,
            ended: p.ended.map(rfc3339),
            room: p.room,
            released: p.released.is_some(),
        }
    }
}

/// Rooms that are asked for, the open ones first.
#[utoipa::path(get, path = "/api/v1/proposals", tag = "keeping",
               responses((status = 200, body = Vec<Proposed>), Problems), security(("token" = ["admin:read"])))]
pub async fn proposals(State(web): State<Web>, user: User) -> Result<Json<Vec<Proposed>>, Failure> {
    let all = web.store.proposals(PROPOSALS).await?;
    let ids: Vec<&String> = all.iter().map(|p| &p.id).collect();
    web.store.log_access(user.actor(), "list", "proposals", json!({"proposals": ids})).await?;
    Ok(Json(all.into_iter().map(Proposed::from).collect()))
}

/// Asks for a room for the patient of a held sheet, with the members that the sheet names.
#[utoipa::path(post, path = "/api/v1/documents/{id}/proposal", tag = "review", params(("id" = String, Path)),
               responses((status = 202), Refusals, Problems), security(("token" = ["review:write"])))]
pub async fn propose(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<StatusCode, Failure> {
    web.store.document(&id).await?.ok_or(Failure::NotFound)?;
    web.store.propose_room(&id, user.account()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A room as it is to be opened.
#[derive(Deserialize, ToSchema)]
pub struct ToOpen {
    /// Its id: letters, digits, `-`, `_`, `.`.
    room: String,
    name: String,
    #[serde(default)]
    kana: String,
    /// `YYYY-MM-DD`, or empty.
    #[serde(default)]
    birth_date: String,
    /// Mail addresses.
    #[serde(default)]
    members: Vec<String>,
}

/// Opens a room that was asked for. The sheet goes into it by a reviewer's hand.
#[utoipa::path(post, path = "/api/v1/proposals/{id}/open", tag = "keeping", params(("id" = String, Path)),
               request_body = ToOpen, responses((status = 204), Refusals, Problems),
               security(("token" = ["admin:write"])))]
pub async fn open(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Body(given): Body<ToOpen>,
) -> Result<StatusCode, Failure> {
    let mut members = Vec::new();
    for word in &given.members {
        let mail = account::login(word).map_err(|why| Failure::Malformed(format!("{word}: {why}")))?;
        if !members.contains(&mail) {
            members.push(mail);
        }
    }
    let trimmed = |text: &str| text.trim().to_owned();
    let wanted = Wanted {
        name: trimmed(&given.name),
        kana: trimmed(&given.kana),
        birth_date: trimmed(&given.birth_date),
        members,
    };
    web.store.open_room(&id, &given.room, &wanted, user.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a room that was asked for.
#[utoipa::path(post, path = "/api/v1/proposals/{id}/refuse", tag = "keeping", params(("id" = String, Path)),
               responses((status = 204), Refusals, Problems), security(("token" = ["admin:write"])))]
pub async fn refuse(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<StatusCode, Failure> {
    web.store.refuse_room(&id, user.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets the register's file decide about an opened room again.
#[utoipa::path(post, path = "/api/v1/proposals/{id}/release", tag = "keeping", params(("id" = String, Path)),
               responses((status = 204), Refusals, Problems), security(("token" = ["admin:write"])))]
pub async fn release(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<StatusCode, Failure> {
    web.store.release_room(&id, user.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
pub struct Whose {
    /// Rooms of which this address is a member; empty: all that the account may see.
    #[serde(default)]
    office: String,
}

/// Something that is due.
#[derive(Serialize, ToSchema)]
pub struct Deadline {
    /// `order`, `discharge`, `admission`, `conference`.
    what: &'static str,
    /// `YYYY-MM-DD`.
    due: String,
    /// As it was read: with the time of a conference; of an admission its day.
    at: String,
    /// An order's first day.
    start: Option<String>,
    /// An order under the heading 特別訪問看護指示書.
    special: bool,
    /// Counted from the order's first day, since its end is not sure: the latest that it can be.
    counted: bool,
    room: String,
    document: String,
    /// Only where it is sure.
    sender: Option<String>,
}

/// What is due from a week ago to 200 days ahead, in the order of days.
#[utoipa::path(get, path = "/api/v1/deadlines", tag = "rooms", params(Whose),
               responses((status = 200, body = Vec<Deadline>), Problems), security(("token" = ["rooms:read"])))]
pub async fn deadlines(
    State(web): State<Web>,
    user: User,
    Query(whose): Query<Whose>,
) -> Result<Json<Vec<Deadline>>, Failure> {
    let all = due(&web, &user, whose.office.trim(), view::today()).await?;
    let rooms: Vec<&String> = all.iter().map(|d| &d.room).collect();
    web.store.log_access(user.actor(), "list", "deadlines", json!({"rooms": rooms})).await?;
    let one = |d: crate::store::deadlines::Deadline| Deadline {
        what: d.what.as_str(),
        due: d.due.to_string(),
        counted: d.is_counted(),
        start: d.start.map(|s| s.to_string()),
        special: d.special,
        sender: Some(d.sender).filter(|s| !s.is_empty()),
        at: d.at,
        room: d.room,
        document: d.document,
    };
    Ok(Json(all.into_iter().map(one).collect()))
}
