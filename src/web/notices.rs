//! Notices: how one wants to be told, and what could not be told.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::frame::Frame;
use super::gate::{self, Access, Route, User, get, post};
use super::{Failure, Web, view, words};
use crate::account::Role;
use crate::store::failed::Undelivered;
use crate::store::preferences::Preference;
use crate::store::push::Subscription;

/// Who sees what could not be told, and sends it again.
pub const UNDELIVERED: Access = Access::Roles(&[Role::Reviewer, Role::Admin]);
/// Lines of that page.
const LINES: i64 = 200;

pub fn routes() -> Vec<Route> {
    vec![
        get(Access::SignedIn, "/account/notices", choice),
        post(Access::SignedIn, "/account/notices", choose),
        get(UNDELIVERED, "/notices/undelivered", undelivered),
        post(UNDELIVERED, "/notices/undelivered/{key}/again", again),
    ]
}

#[derive(Template)]
#[template(path = "notices/choice.html")]
struct Choice {
    frame: Frame,
    mailbox: String,
    /// Others may have the same mailbox; then it is chosen for all of them.
    shared: bool,
    given: Given,
    fault: Option<&'static str>,
    saved: bool,
    /// What browsers subscribe with; none: push is off.
    push: Option<String>,
    browsers: Vec<Browser>,
}

struct Browser {
    id: String,
    label: String,
    since: String,
}

#[derive(Deserialize, Default)]
struct Given {
    /// `now` or `digest`.
    #[serde(default)]
    mode: String,
    #[serde(default)]
    hours: String,
    #[serde(default)]
    quiet_from: String,
    #[serde(default)]
    quiet_until: String,
}

#[derive(Deserialize)]
struct Done {
    saved: Option<String>,
}

/// `GET /account/notices`
async fn choice(State(web): State<Web>, user: User, Query(done): Query<Done>) -> Result<Response, Failure> {
    let chosen = web.store.preference(&user.account().mailbox).await?;
    let (quiet_from, quiet_until) = chosen.quiet();
    let mode = if chosen.digest().is_empty() { "now" } else { "digest" }.to_owned();
    let given = Given { mode, hours: chosen.digest(), quiet_from, quiet_until };
    shown(&web, &user, given, None, done.saved.is_some()).await
}

async fn shown(
    web: &Web,
    user: &User,
    given: Given,
    fault: Option<&'static str>,
    saved: bool,
) -> Result<Response, Failure> {
    let frame = Frame::of(web, user, "account").await?;
    let mailbox = user.account().mailbox.clone();
    let today = view::today();
    let browser = |s: Subscription| Browser { id: s.id, label: s.label, since: view::moment(s.created, today) };
    let page = Choice {
        shared: mailbox != user.account().login,
        mailbox,
        given,
        fault,
        saved,
        push: web.options.push.as_ref().map(|p| p.key.clone()),
        browsers: web.store.subscriptions(&user.account().id).await?.into_iter().map(browser).collect(),
        frame: frame.clone(),
    };
    Ok(gate::html(&frame, page.render()?))
}

/// `POST /account/notices`
async fn choose(State(web): State<Web>, user: User, Form(given): Form<Given>) -> Result<Response, Failure> {
    let digest = if given.mode == "digest" { given.hours.as_str() } else { "" };
    if given.mode == "digest" && digest.trim().is_empty() {
        return shown(&web, &user, given, Some("まとめて送る時刻を書いてください"), false).await;
    }
    match Preference::parse(digest, &given.quiet_from, &given.quiet_until) {
        Err(fault) => shown(&web, &user, given, Some(fault), false).await,
        Ok(choice) => {
            web.store.prefer(&user.account().mailbox, &choice, user.actor()).await?;
            Ok(Redirect::to("/account/notices?saved=1").into_response())
        }
    }
}

struct Line {
    key: String,
    given_up: bool,
    way: &'static str,
    recipient: String,
    about: String,
    error: Option<String>,
    attempts: i64,
    ordered: String,
    tried: String,
    /// Its sheet, for who may see it.
    document: Option<String>,
}

#[derive(Template)]
#[template(path = "notices/undelivered.html")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
}

/// `GET /notices/undelivered`
async fn undelivered(State(web): State<Web>, user: User) -> Result<Response, Failure> {
    let frame = Frame::of(&web, &user, "undelivered").await?;
    let today = view::today();
    let line = |u: Undelivered| Line {
        way: match u.sink.as_str() {
            "push" => frame.say("プッシュ通知", "Push"),
            _ => frame.say("メール", "Mail"),
        },
        about: match u.purpose.as_str() {
            "letter" => u.about,
            "held" => {
                format!("{}（{}）", frame.say("確認待ち", "waits for review"), words::kind(&u.about))
            }
            _ => words::kind(&u.about).to_owned(),
        },
        document: u.document.filter(|_| user.has(Role::Reviewer)),
        key: u.key,
        given_up: u.given_up,
        recipient: u.recipient,
        error: u.error,
        attempts: u.attempts,
        ordered: view::moment(u.ordered, today),
        tried: view::moment(u.tried, today),
    };
    let lines = web.store.undelivered_notices(LINES).await?.into_iter().map(line).collect();
    let page = Page { lines, frame: frame.clone() };
    Ok(gate::html(&frame, page.render()?))
}

/// `POST /notices/undelivered/{key}/again`
async fn again(State(web): State<Web>, user: User, Path(key): Path<String>) -> Result<Redirect, Failure> {
    web.store.send_again(&key, user.actor()).await?;
    Ok(Redirect::to("/notices/undelivered"))
}
