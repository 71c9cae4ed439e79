//! Rooms that are proposed for patients who have none: asked for on the review list, opened by an administrator.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::frame::Frame;
use super::gate::{self, ADMIN, REVIEW, Route, User, get, post};
use super::{Failure, Web, view};
use crate::account;
use crate::store::StoreError;
use crate::store::proposals::{Proposal, Wanted};

/// Proposals that are shown at once.
const LIST: i64 = 100;

pub fn routes() -> Vec<Route> {
    vec![
        post(REVIEW, "/review/{id}/propose", propose),
        get(ADMIN, "/admin/proposals", list),
        post(ADMIN, "/admin/proposals/{id}/open", open),
        post(ADMIN, "/admin/proposals/{id}/refuse", refuse),
        post(ADMIN, "/admin/proposals/{id}/release", release),
    ]
}

struct Line {
    of: Proposal,
    at: String,
    members: String,
}

#[derive(Template)]
#[template(path = "rooms/proposals.html")]
struct List {
    frame: Frame,
    open: Vec<Line>,
    ended: Vec<Line>,
    fault: Option<String>,
}

/// `POST /review/{id}/propose`
async fn propose(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    web.store.propose_room(&id, user.account()).await?;
    Ok(Redirect::to(&format!("/review/{id}")))
}

/// `GET /admin/proposals`
async fn list(State(web): State<Web>, user: User) -> Result<Response, Failure> {
    shown(&web, &user, None).await
}

async fn shown(web: &Web, user: &User, fault: Option<String>) -> Result<Response, Failure> {
    let today = view::today();
    let all = web.store.proposals(LIST).await?;
    let ids: Vec<&String> = all.iter().map(|p| &p.id).collect();
    web.store.log_access(user.actor(), "list", "proposals", json!({"proposals": ids})).await?;
    let line = |of: Proposal| Line { at: view::moment(of.asked, today), members: of.wanted.members.join("\n"), of };
    let (open, ended): (Vec<Line>, Vec<Line>) = all.into_iter().map(line).partition(|l| l.of.ended.is_none());
    let frame = Frame::of(web, user, "admin").await?;
    let page = List { frame: frame.clone(), open, ended, fault };
    Ok(gate::html(&frame, page.render()?))
}

#[derive(Deserialize)]
struct Given {
    room: String,
    name: String,
    #[serde(default)]
    kana: String,
    #[serde(default)]
    birth_date: String,
    /// One address a line.
    #[serde(default)]
    members: String,
}

/// `POST /admin/proposals/{id}/open`
async fn open(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(given): Form<Given>,
) -> Result<Response, Failure> {
    let mut members = Vec::new();
    for word in given.members.split([' ', '\r', '\n', ',', ';', '、']).filter(|w| !w.is_empty()) {
        match account::login(word) {
            Ok(mail) if !members.contains(&mail) => members.push(mail),
            Ok(_) => {}
            Err(why) => return shown(&web, &user, Some(format!("{word}: {why}"))).await,
        }
    }
    let wanted = Wanted {
        name: given.name.trim().to_owned(),
        kana: given.kana.trim().to_owned(),
        birth_date: given.birth_date.trim().to_owned(),
        members,
    };
    match web.store.open_room(&id, &given.room, &wanted, user.actor()).await {
        Ok(()) => Ok(Redirect::to("/admin/proposals").into_response()),
        Err(StoreError::Refused(why)) => shown(&web, &user, Some(why)).await,
        Err(e) => Err(e.into()),
    }
}

/// `POST /admin/proposals/{id}/refuse`
async fn refuse(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    web.store.refuse_room(&id, user.actor()).await?;
    Ok(Redirect::to("/admin/proposals"))
}

/// `POST /admin/proposals/{id}/release`
async fn release(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    web.store.release_room(&id, user.actor()).await?;
    Ok(Redirect::to("/admin/proposals"))
}
