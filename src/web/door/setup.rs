//! The first set-up: whoever has the one-time code from the machine's console becomes the first administrator.

use askama::Template;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::frame::Frame;
use super::super::gate::{self, Access, Peer, Route, get, post};
use super::super::{Failure, Web};
use crate::account::{self, Lang, Roles, token};
use crate::store::StoreError;
use crate::store::accounts::NewAccount;

pub fn routes() -> Vec<Route> {
    vec![get(Access::Open, "/setup", page), post(Access::Open, "/setup", set_up)]
}

#[derive(Template)]
#[template(path = "door/setup.html")]
struct Setup {
    frame: Frame,
    given: Given,
    fault: Option<String>,
}

#[derive(Deserialize, Default)]
struct Given {
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    login: String,
}

/// `GET /setup`, until somebody has an account.
async fn page(State(web): State<Web>) -> Result<Response, Failure> {
    if web.store.is_unowned().await? { shown(&web, Given::default(), None) } else { Err(Failure::NotFound) }
}

fn shown(web: &Web, given: Given, fault: Option<String>) -> Result<Response, Failure> {
    let frame = Frame::bare(web, None);
    Ok(gate::html(&frame, Setup { frame: frame.clone(), given, fault }.render()?))
}

/// `POST /setup`
async fn set_up(State(web): State<Web>, peer: Peer, Form(given): Form<Given>) -> Result<Response, Failure> {
    let who = super::who("setup", &peer);
    super::slowly(&web, &who).await?;
    let login = match account::login(&given.login) {
        Ok(login) => login,
        Err(why) => return shown(&web, given, Some(why.to_owned())),
    };
    if given.name.trim().is_empty() {
        return shown(&web, given, Some("お名前を入れてください".into()));
    }
    let new = NewAccount {
        mailbox: login.clone(),
        login,
        name: given.name.trim().to_owned(),
        roles: Roles::all(),
        lang: Lang::Ja,
    };
    let enrol = token::new();
    match web.store.set_up(&given.code.trim().to_lowercase(), &new, &enrol).await {
        Ok(()) => Ok(Redirect::to(&format!("/enrol/{enrol}")).into_response()),
        Err(StoreError::Refused(why)) => {
            web.store.failed(&who, "", "setup").await?;
            shown(&web, given, Some(why))
        }
        Err(e) => Err(e.into()),
    }
}
