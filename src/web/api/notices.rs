//! How the account's mailbox is told, and what could not be told.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::gate::{Access, Route, User, get, post, put};
use super::super::notices::UNDELIVERED;
use super::super::{Failure, Web};
use super::{Body, Problems};
use crate::account::Role;
use crate::account::scope::Scope;
use crate::store::preferences::Preference;
use crate::store::status::rfc3339;

pub fn routes() -> Vec<Route> {
    vec![
        get(Access::SignedIn, "/api/v1/preference", preference).scoped(Scope::NoticesRead),
        put(Access::SignedIn, "/api/v1/preference", prefer).scoped(Scope::NoticesWrite),
        get(UNDELIVERED, "/api/v1/undelivered", undelivered).scoped(Scope::NoticesRead),
        post(UNDELIVERED, "/api/v1/undelivered/{key}/again", again).scoped(Scope::NoticesWrite),
    ]
}

/// How a mailbox is told of sheets. Urgent ones are told at once, always.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Choice {
    /// Times of day at which notices come together, `08:00`; none: each at once.
    digest: Vec<String>,
    /// From and until when nothing comes, `21:00`; both or neither.
    quiet_from: Option<String>,
    quiet_until: Option<String>,
}

impl From<Preference> for Choice {
    fn from(p: Preference) -> Choice {
        let (from, until) = p.quiet();
        Choice {
            digest: p.digest().split(',').filter(|t| !t.is_empty()).map(str::to_owned).collect(),
            quiet_from: Some(from).filter(|t| !t.is_empty()),
            quiet_until: Some(until).filter(|t| !t.is_empty()),
        }
    }
}

/// How the account's mailbox is told.
#[utoipa::path(get, path = "/api/v1/preference", tag = "notices",
               responses((status = 200, body = Choice), Problems), security(("token" = ["notices:read"])))]
pub async fn preference(State(web): State<Web>, user: User) -> Result<Json<Choice>, Failure> {
    Ok(Json(web.store.preference(&user.account().mailbox).await?.into()))
}

/// Chooses how the account's mailbox is told, for everyone who shares it.
#[utoipa::path(put, path = "/api/v1/preference", tag = "notices", request_body = Choice,
               responses((status = 200, body = Choice), Problems), security(("token" = ["notices:write"])))]
pub async fn prefer(State(web): State<Web>, user: User, Body(choice): Body<Choice>) -> Result<Json<Choice>, Failure> {
    let (from, until) = (choice.quiet_from.unwrap_or_default(), choice.quiet_until.unwrap_or_default());
    let chosen =
        Preference::parse(&choice.digest.join(","), &from, &until).map_err(|why| Failure::Malformed(why.to_owned()))?;
    web.store.prefer(&user.account().mailbox, &chosen, user.actor()).await?;
    Ok(Json(chosen.into()))
}

/// A notice or letter that did not get through, or not yet.
#[derive(Serialize, ToSchema)]
pub struct Undelivered {
    key: String,
    /// `mail`, `push`, `letter`.
    sink: String,
    recipient: String,
    /// The sheet's type, or the letter's subject.
    about: String,
    /// Only for who may see it.
    document: Option<String>,
    /// Else it is tried again by itself.
    given_up: bool,
    error: Option<String>,
    attempts: i64,
    ordered: String,
    tried: String,
}

/// What could not be told: given up first, then what is tried again.
#[utoipa::path(get, path = "/api/v1/undelivered", tag = "notices",
               responses((status = 200, body = Vec<Undelivered>), Problems), security(("token" = ["notices:read"])))]
pub async fn undelivered(State(web): State<Web>, user: User) -> Result<Json<Vec<Undelivered>>, Failure> {
    let line = |u: crate::store::failed::Undelivered| Undelivered {
        document: u.document.filter(|_| user.has(Role::Reviewer)),
        key: u.key,
        sink: u.sink,
        recipient: u.recipient,
        about: u.about,
        given_up: u.given_up,
        error: u.error,
        attempts: u.attempts,
        ordered: rfc3339(u.ordered),
        tried: rfc3339(u.tried),
    };
    Ok(Json(web.store.undelivered_notices(500).await?.into_iter().map(line).collect()))
}

/// Sends one of them again, under the same key.
#[utoipa::path(post, path = "/api/v1/undelivered/{key}/again", tag = "notices", params(("key" = String, Path)),
               responses((status = 202, description = "It is on its way."), Problems),
               security(("token" = ["notices:write"])))]
pub async fn again(State(web): State<Web>, user: User, Path(key): Path<String>) -> Result<StatusCode, Failure> {
    web.store.send_again(&key, user.actor()).await?;
    Ok(StatusCode::ACCEPTED)
}
