//! The door: signing in and out, the first set-up, invitations, and one's own account. Passkeys first; password and TOTP
//! where a device has none, which works without a script as well.

mod account;
mod enrol;
mod prove;
mod setup;

use askama::Template;
use axum::Json;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::Deserialize;
use serde_json::{Value as Object, json};

use super::frame::Frame;
use super::gate::{self, Access, Peer, Route, User, get, post};
use super::{Failure, Web};
use crate::account::second::Second;
use crate::account::{Lang, password};
use crate::store::accounts::{Account, Kind};
use crate::store::sessions::Guesser;

pub fn routes() -> Vec<Route> {
    let mut all = vec![
        get(Access::Open, "/login", page),
        post(Access::Open, "/login", with_password),
        post(Access::Open, "/login/passkey/begin", begin),
        post(Access::Open, "/login/passkey/finish", finish),
        post(Access::Open, "/login/demo", demo),
        post(Access::SignedIn, "/logout", leave),
    ];
    all.extend(setup::routes());
    all.extend(enrol::routes());
    all.extend(account::routes());
    all.extend(prove::routes());
    all
}

#[derive(Template)]
#[template(path = "door/login.html")]
struct Login {
    frame: Frame,
    next: String,
    passkeys: bool,
    login: String,
    fault: Option<String>,
}

#[derive(Deserialize, Default)]
struct Wish {
    #[serde(default)]
    next: String,
    #[serde(default)]
    lang: String,
}

/// `GET /login`
async fn page(State(web): State<Web>, Query(wish): Query<Wish>, user: Option<User>) -> Result<Response, Failure> {
    if user.is_some() {
        return Ok(Redirect::to(&gate::onward(Some(&wish.next))).into_response());
    }
    if web.store.is_unowned().await? && !web.options.demo_login {
        return Ok(Redirect::to("/setup").into_response());
    }
    shown(&web, &wish, String::new(), None)
}

fn shown(web: &Web, wish: &Wish, login: String, fault: Option<String>) -> Result<Response, Failure> {
    let frame = Frame::bare(web, None).speaking(Lang::parse(&wish.lang));
    let page = Login {
        next: gate::onward(Some(&wish.next)),
        passkeys: web.passkeys.is_some(),
        login,
        fault,
        frame: frame.clone(),
    };
    Ok(gate::html(&frame, page.render()?))
}

#[derive(Deserialize)]
struct Answers {
    login: String,
    password: String,
    code: String,
    #[serde(default)]
    next: String,
    #[serde(default)]
    lang: String,
}

/// Whom failures are counted for: the account from this place first, so that nobody is locked out from elsewhere; then
/// the place, where many may sit behind one address, and the account at large.
fn who(account: &str, peer: &Peer) -> Vec<Guesser> {
    let guesser = |who: String, free| Guesser { who, free };
    vec![
        guesser(format!("pair {account} {}", peer.0), 5),
        guesser(format!("place {}", peer.0), 50),
        guesser(format!("account {account}"), 100),
    ]
}

/// `POST /login`: password and code together; what of them was wrong is not told.
async fn with_password(
    State(web): State<Web>,
    peer: Peer,
    jar: CookieJar,
    Form(given): Form<Answers>,
) -> Result<Response, Failure> {
    let login = given.login.trim().to_lowercase();
    let who = who(&login, &peer);
    slowly(&web, &who).await?;
    let account = web.store.account_by_login(&login).await?.filter(|a| a.disabled.is_none());
    let Some(account) = proven(&web, account, given.password, &given.code).await? else {
        web.store.failed(&who, &login, "password").await?;
        let wish = Wish { next: given.next, lang: given.lang };
        let fault = Lang::parse(&wish.lang).say(
            "メールアドレス、パスワード、確認コードのどれかが違います。",
            "Address, password or code is not right.",
        );
        return shown(&web, &wish, login, Some(fault.to_owned()));
    };
    let jar = entered(&web, jar, &account, &who, "password").await?;
    Ok((jar, Redirect::to(&gate::onward(Some(&given.next)))).into_response())
}

/// The account, if both are right. Takes as long where there is none.
async fn proven(web: &Web, account: Option<Account>, given: String, code: &str) -> Result<Option<Account>, Failure> {
    let credentials = match &account {
        Some(account) => web.store.credentials(&account.id).await?,
        None => Vec::new(),
    };
    let data = |kind| credentials.iter().find(|c| c.kind == kind).map(|c| c.data.clone());
    let stored = data(Kind::Password);
    let right = tokio::task::spawn_blocking(move || password::matches(&given, stored.as_deref()))
        .await
        .map_err(|e| Failure::Broken(e.to_string()))?;
    let (Some(account), true, Some(secret)) = (account, right, data(Kind::Totp)) else { return Ok(None) };
    let now = u64::try_from(web.store.now() / 1000).unwrap_or(0);
    let step = Second::of(&secret, &account.login).and_then(|s| s.step(code, now));
    match step {
        Some(step) if web.store.use_step(&account.id, i64::try_from(step).unwrap_or(i64::MAX)).await? => {
            Ok(Some(account))
        }
        _ => Ok(None),
    }
}

/// `POST /login/passkey/begin`
async fn begin(State(web): State<Web>) -> Result<Response, Failure> {
    let keys = web.passkeys()?;
    let asked = keys.begin_sign_in().map_err(Failure::Broken)?;
    let ticket = web.store.keep_challenge(None, &asked.state).await?;
    Ok(gate::json(json!({"options": asked.options, "ticket": ticket})))
}

/// What a browser sends back of a ceremony.
#[derive(Deserialize)]
struct Ended {
    ticket: String,
    answer: Object,
    #[serde(default)]
    label: String,
    #[serde(default)]
    next: String,
}

/// `POST /login/passkey/finish`
async fn finish(
    State(web): State<Web>,
    peer: Peer,
    jar: CookieJar,
    Json(ended): Json<Ended>,
) -> Result<Response, Failure> {
    let keys = web.passkeys()?;
    let refused =
        || Failure::Refused("このパスキーでは入れませんでした。登録した端末で、もう一度お試しください。".into());
    let Some(held) = web.store.challenge(&ended.ticket).await? else {
        return Err(Failure::Refused("時間が切れました。もう一度お試しください。".into()));
    };
    let claimed = keys.claimed(&ended.answer).map_err(|_| refused())?;
    let account = web.store.account(&claimed.account.to_string()).await?.filter(|a| a.disabled.is_none());
    let who = who(&claimed.account.to_string(), &peer);
    slowly(&web, &who).await?;
    let key = match &account {
        Some(account) => web.store.passkey(&account.id, &claimed.key).await?,
        None => None,
    };
    let (Some(account), Some(key)) = (account, key) else {
        web.store.failed(&who, "", "passkey").await?;
        return Err(refused());
    };
    match keys.finish_sign_in(ended.answer, held.data, &key.data) {
        Ok(data) => web.store.used_passkey(&key.id, data.as_deref()).await?,
        Err(why) => {
            tracing::warn!(%why, "a passkey was refused");
            web.store.failed(&who, &account.login, "passkey").await?;
            return Err(refused());
        }
    }
    let jar = entered(&web, jar, &account, &who, "passkey").await?;
    Ok((jar, gate::json(json!({"to": gate::onward(Some(&ended.next))}))).into_response())
}

#[derive(Deserialize)]
struct Part {
    role: String,
    #[serde(default)]
    next: String,
}

/// `POST /login/demo`: as one of the fictional people of the demo.
async fn demo(State(web): State<Web>, peer: Peer, jar: CookieJar, Form(part): Form<Part>) -> Result<Response, Failure> {
    let local = peer.0.parse::<std::net::IpAddr>().is_ok_and(|a| a.to_canonical().is_loopback());
    if !web.options.demo_login || !local {
        return Err(Failure::NotFound);
    }
    let account = web.store.demo_account(&part.role).await?;
    let token = web.store.sign_in(&account, "demo", web.options.terms).await?;
    Ok((jar.add(gate::cookie(&web, token)), Redirect::to(&gate::onward(Some(&part.next)))).into_response())
}

/// `POST /logout`
async fn leave(State(web): State<Web>, user: User, jar: CookieJar) -> Result<Response, Failure> {
    web.store.sign_out(user.account(), &user.0.session).await?;
    Ok((jar.add(gate::no_cookie(&web)), Redirect::to("/login")).into_response())
}

/// Who guesses waits.
async fn slowly(web: &Web, who: &[Guesser]) -> Result<(), Failure> {
    match web.store.must_wait(who).await? {
        0 => Ok(()),
        ms => Err(Failure::Slow(u32::try_from(ms / 1000 + 1).unwrap_or(u32::MAX))),
    }
}

/// A session begins: what the browser is to hold.
async fn entered(
    web: &Web,
    jar: CookieJar,
    account: &Account,
    who: &[Guesser],
    way: &str,
) -> Result<CookieJar, Failure> {
    if let Some(pair) = who.first() {
        web.store.forgive(&pair.who).await?;
    }
    let token = web.store.sign_in(account, way, web.options.terms).await?;
    Ok(jar.add(gate::cookie(web, token)))
}
