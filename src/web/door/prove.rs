//! Once more who one is: what one signs in with can be changed only soon after a proof, so that a session that was left open
//! on somebody's desk lets nobody else in for good.

use askama::Template;
use axum::Json;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::super::frame::Frame;
use super::super::gate::{self, Access, Peer, Route, User, get, post};
use super::super::{Failure, Web};
use super::{Ended, proven, slowly, who};

/// A proof is good for so long, milliseconds.
const FRESH_MS: i64 = 5 * 60_000;

pub fn routes() -> Vec<Route> {
    vec![
        get(Access::SignedIn, "/account/prove", page),
        post(Access::SignedIn, "/account/prove", with_password),
        post(Access::SignedIn, "/account/prove/passkey/begin", begin),
        post(Access::SignedIn, "/account/prove/passkey/finish", finish),
    ]
}

/// Whether the person of this session proved who they are just now.
pub async fn is_fresh(web: &Web, user: &User) -> Result<bool, Failure> {
    let proved = web.store.proved(&user.0.session).await?;
    Ok(proved.is_some_and(|at| web.store.now() - at < FRESH_MS))
}

/// # Errors
/// They did not.
pub async fn need(web: &Web, user: &User) -> Result<(), Failure> {
    let again = "5分以内の本人確認が必要です。アカウントの画面の「本人確認をする」から、もう一度お試しください。";
    if is_fresh(web, user).await? { Ok(()) } else { Err(Failure::Refused(again.into())) }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wish {
    next: String,
}

#[derive(Template)]
#[template(path = "door/prove.html")]
struct Page {
    frame: Frame,
    next: String,
    passkeys: bool,
    fault: Option<String>,
}

/// `GET /account/prove`
async fn page(State(web): State<Web>, user: User, Query(wish): Query<Wish>) -> Result<Response, Failure> {
    shown(&web, &user, &wish.next, None).await
}

async fn shown(web: &Web, user: &User, next: &str, fault: Option<String>) -> Result<Response, Failure> {
    let frame = Frame::of(web, user, "account").await?;
    let page = Page { next: onward(next), passkeys: web.passkeys.is_some(), fault, frame: frame.clone() };
    Ok(gate::html(&frame, page.render()?))
}

fn onward(next: &str) -> String {
    if next.is_empty() { "/account".into() } else { gate::onward(Some(next)) }
}

#[derive(Deserialize)]
struct Answers {
    password: String,
    code: String,
    #[serde(default)]
    next: String,
}

/// `POST /account/prove`: password and code together.
async fn with_password(
    State(web): State<Web>,
    user: User,
    peer: Peer,
    Form(given): Form<Answers>,
) -> Result<Response, Failure> {
    let account = user.account();
    let who = who(&account.login, &peer);
    slowly(&web, &who).await?;
    if proven(&web, Some(account.clone()), given.password, &given.code).await?.is_none() {
        web.store.failed(&who, &account.login, "prove").await?;
        let fault = user.lang().say("パスワードか確認コードが違います。", "Password or code is not right.");
        return shown(&web, &user, &given.next, Some(fault.to_owned())).await;
    }
    web.store.prove(account, &user.0.session, "password").await?;
    Ok(Redirect::to(&onward(&given.next)).into_response())
}

/// `POST /account/prove/passkey/begin`
async fn begin(State(web): State<Web>, user: User) -> Result<Response, Failure> {
    let asked = web.passkeys()?.begin_sign_in().map_err(Failure::Broken)?;
    let ticket = web.store.keep_challenge(Some(&user.account().id), &asked.state).await?;
    Ok(gate::json(json!({"options": asked.options, "ticket": ticket})))
}

/// `POST /account/prove/passkey/finish`
async fn finish(State(web): State<Web>, user: User, peer: Peer, Json(ended): Json<Ended>) -> Result<Response, Failure> {
    let (keys, account) = (web.passkeys()?, user.account());
    let refused = || Failure::Refused("このパスキーでは確認できませんでした。もう一度お試しください。".into());
    let who = who(&account.id, &peer);
    slowly(&web, &who).await?;
    let held = web.store.challenge(&ended.ticket).await?.filter(|h| h.account.as_deref() == Some(&account.id));
    let held = held.ok_or_else(|| Failure::Refused("時間が切れました。もう一度お試しください。".into()))?;
    let claimed = keys.claimed(&ended.answer).map_err(|_| refused())?;
    let key = match claimed.account.to_string() == account.id {
        true => web.store.passkey(&account.id, &claimed.key).await?,
        false => None,
    };
    let proof = key.map(|key| (keys.finish_sign_in(ended.answer, held.data, &key.data), key.id));
    let Some((Ok(data), key)) = proof else {
        web.store.failed(&who, &account.login, "prove").await?;
        return Err(refused());
    };
    web.store.used_passkey(&key, data.as_deref()).await?;
    web.store.prove(account, &user.0.session, "passkey").await?;
    Ok(gate::json(json!({"to": onward(&ended.next)})))
}
