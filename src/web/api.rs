//! What programs ask, as JSON: rooms and sheets, what waits for a decision, what was received, notices, accounts.
//!
//! A program shows a token (`Authorization: Bearer …`), which opens what it is for ([`Scope`]) and what its account may see
//! now; a browser of ours may ask with its session as well. `/api/openapi.json` describes all of it, made from this code.
//! Every handler here has a line in `routes()` and one in [`Description`]; a test holds the two against each other.
//! A value that is not sure is never given as one: it has its place on the page instead.

mod admin;
mod figures;
mod keeping;
mod notices;
mod offices;
mod review;
mod rooms;
mod rules;
mod service;
mod shape;
#[cfg(test)]
mod tests;
mod tokens;
mod trials;

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{IntoResponses, Modify, OpenApi, ToSchema};

use super::gate::{Access, Route, User, get};
use super::{Failure, Web};

pub fn routes() -> Vec<Route> {
    let mut all =
        vec![get(Access::Open, "/api/openapi.json", description), get(Access::SignedIn, "/api/v1/me", me).any_token()];
    all.extend(rooms::routes());
    all.extend(review::routes());
    all.extend(notices::routes());
    all.extend(admin::routes());
    all.extend(service::routes());
    all.extend(figures::routes());
    all.extend(keeping::routes());
    all.extend(offices::routes());
    all.extend(rules::routes());
    all.extend(trials::routes());
    all.extend(tokens::routes());
    all
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "faxbridge",
        description = "Faxed hospital sheets in patients' rooms. Times are RFC 3339 in Japan's time; dates YYYY-MM-DD. \
                       Keys of fields and types are those of the vocabulary (config/vocabulary.toml).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&Security),
    components(schemas(Problem)),
    tags(
        (name = "rooms", description = "Rooms that the account may see, and their sheets"),
        (name = "review", description = "What waits for a person, and deciding about it"),
        (name = "notices", description = "How one is told, and what could not be told"),
        (name = "accounts", description = "Who may sign in"),
        (name = "service", description = "Registers, sources, the audit log"),
        (name = "keeping", description = "Offices, rooms that are asked for, merged and held, the end of what is kept"),
        (name = "rules", description = "The rules that administrators tune: drafts, backtests, revisions, packs, reading again"),
        (name = "figures", description = "How the service is used, and how right it is"),
    ),
    paths(
        me,
        rooms::list,
        rooms::one,
        rooms::sheet,
        rooms::history,
        rooms::thread,
        rooms::answer,
        rooms::page_image,
        rooms::original,
        review::list,
        review::choose_room,
        review::set_aside,
        review::edit_fields,
        review::withdraw,
        review::receipts,
        notices::preference,
        notices::prefer,
        notices::undelivered,
        notices::again,
        admin::list,
        admin::invite,
        admin::one,
        admin::change,
        admin::disable,
        admin::enable,
        service::preview,
        service::apply,
        service::sources,
        service::test,
        service::audit,
        figures::statistics,
        figures::rates,
        keeping::mergers,
        keeping::compare,
        keeping::merge,
        keeping::part,
        keeping::retention,
        keeping::erase,
        keeping::holds,
        keeping::hold,
        keeping::lift,
        offices::offices,
        offices::proposals,
        offices::propose,
        offices::open,
        offices::refuse,
        offices::release,
        offices::deadlines,
        rules::list,
        rules::activate,
        rules::one,
        rules::back,
        rules::draft,
        rules::keep,
        rules::drop_draft,
        rules::export,
        rules::import,
        rules::fields,
        rules::add_field,
        trials::preview,
        trials::begin,
        trials::test,
        trials::cancel,
        trials::topics,
        trials::advice,
        trials::take,
        trials::reread,
        trials::offers,
        trials::offer,
        trials::take_offer,
    )
)]
struct Description;

struct Security;

impl Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token made on the account page; its scopes are named beside each operation."))
            .build();
        openapi.components.get_or_insert_default().add_security_scheme("token", SecurityScheme::Http(bearer));
    }
}

/// `GET /api/openapi.json`
async fn description() -> Response {
    let text = Description::openapi().to_json().unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// Why something was not done.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "frame::failure writes it; here it is only described")]
pub struct Problem {
    /// The HTTP status.
    status: u16,
    title: String,
    /// A sentence for a person.
    detail: String,
}

/// What every operation may answer.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only described")]
pub enum Problems {
    /// No token, or one that is not good any more.
    #[response(status = 401)]
    SignIn(Problem),
    /// The token or its account is not for this.
    #[response(status = 403)]
    Forbidden(Problem),
    /// There is none, or it is not for this account.
    #[response(status = 404)]
    NotFound(Problem),
}

#[derive(Serialize, ToSchema)]
struct Me {
    /// The account's mail address.
    login: String,
    name: String,
    roles: Vec<&'static str>,
    /// What the token is for; absent where a browser's session asks.
    scopes: Option<Vec<String>>,
}

/// Who asks.
#[utoipa::path(get, path = "/api/v1/me", tag = "accounts", responses((status = 200, body = Me), Problems),
               security(("token" = [])))]
async fn me(user: User) -> Json<Me> {
    let a = user.account();
    Json(Me {
        login: a.login.clone(),
        name: a.name.clone(),
        roles: a.roles.iter().map(crate::account::Role::as_str).collect(),
        scopes: user.0.scopes.map(|s| s.to_string().split(',').map(str::to_owned).collect()),
    })
}

/// A JSON body; what is none is refused in JSON as well.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Web> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        let read = Json::<T>::from_request(request, &State(web.clone()).0).await;
        read.map(|Json(body)| Body(body)).map_err(|e| Failure::Malformed(e.body_text()))
    }
}
