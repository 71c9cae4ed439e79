//! One's own account: what one signs in with, where one is signed in, the language.

use askama::Template;
use axum::Json;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::super::frame::Frame;
use super::super::gate::{self, Access, Route, User, get, post};
use super::super::{Failure, Web, view};
use super::enrol::{Chosen, Offer, begin_for, made_for};
use super::{Ended, prove};
use crate::account::Lang;
use crate::store::accounts::{Account, Kind};

pub fn routes() -> Vec<Route> {
    vec![
        get(Access::SignedIn, "/account", page),
        post(Access::SignedIn, "/account/language", speak),
        get(Access::SignedIn, "/account/password", second),
        post(Access::SignedIn, "/account/password", with_password),
        post(Access::SignedIn, "/account/passkey/begin", begin),
        post(Access::SignedIn, "/account/passkey/finish", finish),
        post(Access::SignedIn, "/account/credentials/{id}/drop", forget),
        post(Access::SignedIn, "/account/sessions/{id}/end", end),
    ]
}

struct Way {
    id: String,
    what: String,
    made: String,
    used: Option<String>,
}

struct Session {
    id: String,
    way: String,
    since: String,
    seen: String,
    this: bool,
}

#[derive(Template)]
#[template(path = "door/account.html")]
struct Page {
    frame: Frame,
    account: Account,
    roles: Vec<&'static str>,
    ways: Vec<Way>,
    sessions: Vec<Session>,
    passkeys: bool,
    /// What one signs in with may be changed now.
    fresh: bool,
    new: bool,
}

#[derive(Template)]
#[template(path = "door/password.html")]
struct Second {
    frame: Frame,
    second: Offer,
    fault: Option<String>,
}

#[derive(Deserialize)]
struct Fresh {
    new: Option<String>,
}

/// `GET /account`
async fn page(State(web): State<Web>, user: User, Query(fresh): Query<Fresh>) -> Result<Response, Failure> {
    let (web, user, new) = (&web, &user, fresh.new.is_some());
    let frame = Frame::of(web, user, "account").await?;
    let (account, today) = (user.account().clone(), view::today());
    let way = |c: crate::store::accounts::Credential| Way {
        what: match c.kind {
            Kind::Passkey if c.label.is_empty() => frame.say("パスキー", "Passkey").to_owned(),
            Kind::Passkey => format!("{}（{}）", frame.say("パスキー", "Passkey"), c.label),
            _ => frame.say("パスワードと確認コード", "Password and code").to_owned(),
        },
        id: if c.kind == Kind::Passkey { c.id } else { "password".into() },
        made: view::moment(c.created, today),
        used: c.used.map(|at| view::moment(at, today)),
    };
    let credentials = web.store.credentials(&account.id).await?;
    let session = |s: crate::store::sessions::SessionLine| Session {
        way: match s.way.as_str() {
            "passkey" => frame.say("パスキー", "Passkey"),
            "demo" => frame.say("デモ", "Demo"),
            _ => frame.say("パスワード", "Password"),
        }
        .to_owned(),
        since: view::moment(s.created, today),
        seen: view::moment(s.seen, today),
        this: s.session == user.0.session,
        id: s.session,
    };
    let sessions = web.store.sessions(&account.id).await?;
    let page = Page {
        roles: account.roles.iter().map(|r| r.name(account.lang)).collect(),
        ways: credentials.into_iter().filter(|c| c.kind != Kind::Totp).map(way).collect(),
        sessions: sessions.into_iter().map(session).collect(),
        passkeys: web.passkeys.is_some(),
        fresh: prove::is_fresh(web, user).await?,
        account,
        new,
        frame: frame.clone(),
    };
    Ok(gate::html(&frame, page.render()?))
}

#[derive(Deserialize)]
struct Language {
    lang: String,
}

/// `POST /account/language`
async fn speak(State(web): State<Web>, user: User, Form(form): Form<Language>) -> Result<Redirect, Failure> {
    web.store.speak(&user.account().id, Lang::parse(&form.lang)).await?;
    Ok(Redirect::to("/account"))
}

/// `GET /account/password`: with a new secret for the authenticator app.
async fn second(State(web): State<Web>, user: User) -> Result<Response, Failure> {
    if !prove::is_fresh(&web, &user).await? {
        return Ok(Redirect::to("/account/prove?next=/account/password").into_response());
    }
    offered(&web, &user, None).await
}

async fn offered(web: &Web, user: &User, fault: Option<String>) -> Result<Response, Failure> {
    let frame = Frame::of(web, user, "account").await?;
    let page = Second { second: Offer::new(web, user.account()).await?, fault, frame: frame.clone() };
    Ok(gate::html(&frame, page.render()?))
}

/// `POST /account/password`
async fn with_password(State(web): State<Web>, user: User, Form(chosen): Form<Chosen>) -> Result<Response, Failure> {
    not_in_the_demo(&user)?;
    prove::need(&web, &user).await?;
    match chosen.proof(&web, user.account()).await? {
        Err(why) => offered(&web, &user, Some(why)).await,
        Ok(proof) => {
            web.store.enrol(None, &user.account().id, &proof).await?;
            Ok(Redirect::to("/account").into_response())
        }
    }
}

/// `POST /account/passkey/begin`
async fn begin(State(web): State<Web>, user: User) -> Result<Response, Failure> {
    not_in_the_demo(&user)?;
    prove::need(&web, &user).await?;
    begin_for(&web, user.account()).await
}

/// `POST /account/passkey/finish`
async fn finish(State(web): State<Web>, user: User, Json(ended): Json<Ended>) -> Result<Response, Failure> {
    not_in_the_demo(&user)?;
    prove::need(&web, &user).await?;
    let proof = made_for(&web, user.account(), ended).await?;
    web.store.enrol(None, &user.account().id, &proof).await?;
    Ok(gate::json(json!({"to": "/account"})))
}

/// The demo's people are everybody's: what one of them signs in with would let anyone in later.
fn not_in_the_demo(user: &User) -> Result<(), Failure> {
    if user.0.way == "demo" {
        return Err(Failure::Refused("デモの利用者には、サインイン方法を登録できません。".into()));
    }
    Ok(())
}

/// `POST /account/credentials/{id}/drop`
async fn forget(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    prove::need(&web, &user).await?;
    web.store.drop_credential(&user.account().id, &id, user.actor()).await?;
    Ok(Redirect::to("/account"))
}

/// `POST /account/sessions/{id}/end`
async fn end(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    web.store.sign_out(user.account(), &id).await?;
    Ok(Redirect::to("/account"))
}
