//! The account page's tokens: made here, shown once, taken away.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{Redirect, Response};
use serde::Deserialize;

use super::super::frame::Frame;
use super::super::gate::{self, Access, Route, User, get, post};
use super::super::{Failure, Web, view};
use crate::account::scope::{Scope, Scopes};

/// Days that a token can be made for.
const DAYS: [i64; 4] = [30, 90, 180, 365];

pub fn routes() -> Vec<Route> {
    vec![
        get(Access::SignedIn, "/account/tokens", page),
        post(Access::SignedIn, "/account/tokens", make),
        post(Access::SignedIn, "/account/tokens/{id}/drop", forget),
    ]
}

struct Line {
    id: String,
    label: String,
    scopes: Vec<&'static str>,
    until: String,
    used: Option<String>,
}

#[derive(Template)]
#[template(path = "notices/tokens.html")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
    scopes: Vec<(&'static str, &'static str)>,
    days: [i64; 4],
    fault: Option<&'static str>,
    /// Shown this once.
    made: Option<String>,
}

/// `GET /account/tokens`
async fn page(State(web): State<Web>, user: User) -> Result<Response, Failure> {
    shown(&web, &user, None, None).await
}

async fn shown(web: &Web, user: &User, fault: Option<&'static str>, made: Option<String>) -> Result<Response, Failure> {
    let frame = Frame::of(web, user, "account").await?;
    let (lang, today, roles) = (user.lang(), view::today(), user.account().roles);
    let line = |t: crate::store::tokens::TokenLine| Line {
        id: t.id,
        label: t.label,
        scopes: Scope::ALL.into_iter().filter(|s| t.scopes.has(*s)).map(|s| s.name(lang)).collect(),
        until: view::moment(t.until, today),
        used: t.used.map(|at| view::moment(at, today)),
    };
    let page = Page {
        lines: web.store.tokens(&user.account().id).await?.into_iter().map(line).collect(),
        scopes: Scope::ALL.into_iter().filter(|s| s.is_for(roles)).map(|s| (s.as_str(), s.name(lang))).collect(),
        days: DAYS,
        fault,
        made,
        frame: frame.clone(),
    };
    Ok(gate::html(&frame, page.render()?))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    label: String,
    #[serde(default)]
    days: String,
    /// `scope-…` for each that is ticked.
    #[serde(flatten)]
    rest: HashMap<String, String>,
}

/// `POST /account/tokens`
async fn make(State(web): State<Web>, user: User, Form(wanted): Form<Wanted>) -> Result<Response, Failure> {
    // The demo's people are everybody's: a token of one of them would let anyone in later.
    if user.0.way == "demo" {
        return Err(Failure::Refused("デモの利用者は、トークンを作れません。".into()));
    }
    let roles = user.account().roles;
    let ticked = |s: &Scope| s.is_for(roles) && wanted.rest.contains_key(&format!("scope-{}", s.as_str()));
    let scopes: Scopes = Scope::ALL.into_iter().filter(ticked).collect();
    let label = wanted.label.trim();
    if label.is_empty() || label.chars().count() > 80 || label.chars().any(crate::model::is_deceptive) {
        return shown(&web, &user, Some("何に使うかを書いてください"), None).await;
    }
    if scopes.is_empty() {
        return shown(&web, &user, Some("できることを1つ以上選んでください"), None).await;
    }
    let days = wanted.days.parse().ok().filter(|d| DAYS.contains(d)).unwrap_or(DAYS[0]);
    let token = web.store.make_token(user.account(), label, scopes, days * 86_400_000).await?;
    shown(&web, &user, None, Some(token)).await
}

/// `POST /account/tokens/{id}/drop`
async fn forget(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    web.store.drop_token(user.account(), &id).await?;
    Ok(Redirect::to("/account/tokens"))
}
