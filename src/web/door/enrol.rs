//! An invitation or a recovery is followed: its holder chooses what to sign in with.

use askama::Template;
use axum::Json;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::super::frame::Frame;
use super::super::gate::{self, Access, Route, get, post};
use super::super::{Failure, Web};
use super::Ended;
use crate::account::password;
use crate::account::second::{self, Second};
use crate::store::accounts::{Account, Kind, Proof};

pub fn routes() -> Vec<Route> {
    vec![
        get(Access::Open, "/enrol/{ticket}", page),
        post(Access::Open, "/enrol/{ticket}/password", with_password),
        post(Access::Open, "/enrol/{ticket}/passkey/begin", begin),
        post(Access::Open, "/enrol/{ticket}/passkey/finish", finish),
    ]
}

#[derive(Template)]
#[template(path = "door/enrol.html")]
struct Enrol {
    frame: Frame,
    account: Account,
    /// Where the forms go to.
    base: String,
    passkeys: bool,
    second: Offer,
    fault: Option<String>,
}

/// A TOTP secret that is offered: it is the account's once a code made with it came back.
pub(super) struct Offer {
    /// For the form.
    pub kept: String,
    pub secret: String,
    pub picture: String,
}

impl Offer {
    /// A new one, kept until the form comes back.
    pub async fn new(web: &Web, account: &Account) -> Result<Offer, Failure> {
        let secret = second::secret();
        let kept = web.store.keep_challenge(Some(&account.id), &json!({"secret": secret})).await?;
        let picture = Second::of(&secret, &account.login).map(|s| s.picture()).unwrap_or_default();
        // Groups of four are easier to type.
        let groups: Vec<String> =
            secret.as_bytes().chunks(4).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
        Ok(Offer { kept, secret: groups.join(" "), picture })
    }
}

/// Password, code and the offered secret, as a form sends them.
#[derive(Deserialize)]
pub(super) struct Chosen {
    kept: String,
    password: String,
    again: String,
    code: String,
}

impl Chosen {
    /// The proof that they make, or what the person is to do otherwise.
    pub async fn proof(self, web: &Web, account: &Account) -> Result<Result<Proof, String>, Failure> {
        let held = web.store.challenge(&self.kept).await?.filter(|h| h.account.as_deref() == Some(&account.id));
        let Some(secret) = held.and_then(|h| h.data["secret"].as_str().map(str::to_owned)) else {
            return Ok(Err("時間が切れました。アプリに新しいコードを読み込み直してください。".into()));
        };
        if self.password != self.again {
            return Ok(Err("2つのパスワードが同じではありません。".into()));
        }
        if let Err(why) = password::check(&self.password, &account.login, &account.name) {
            return Ok(Err(why.to_owned()));
        }
        let now = u64::try_from(web.store.now() / 1000).unwrap_or(0);
        let Some(step) = Second::of(&secret, &account.login).and_then(|s| s.step(&self.code, now)) else {
            return Ok(Err("確認コードが違います。アプリに出ている6桁を入れてください。".into()));
        };
        let hash = tokio::task::spawn_blocking(move || password::hash(&self.password))
            .await
            .map_err(|e| Failure::Broken(e.to_string()))?
            .map_err(Failure::Broken)?;
        Ok(Ok(Proof::PasswordAndTotp { hash, secret, step: i64::try_from(step).unwrap_or(i64::MAX) }))
    }
}

async fn invited(web: &Web, ticket: &str) -> Result<Account, Failure> {
    web.store.invited(ticket).await?.ok_or_else(|| {
        Failure::Refused("この招待は使えないか、期限が切れています。管理者に新しい招待を頼んでください。".into())
    })
}

/// `GET /enrol/{ticket}`
async fn page(State(web): State<Web>, Path(ticket): Path<String>) -> Result<Response, Failure> {
    let account = invited(&web, &ticket).await?;
    shown(&web, &ticket, account, None).await
}

async fn shown(web: &Web, ticket: &str, account: Account, fault: Option<String>) -> Result<Response, Failure> {
    let frame = Frame::bare(web, None).speaking(account.lang);
    let page = Enrol {
        frame: frame.clone(),
        base: format!("/enrol/{ticket}"),
        passkeys: web.passkeys.is_some(),
        second: Offer::new(web, &account).await?,
        account,
        fault,
    };
    Ok(gate::html(&frame, page.render()?))
}

/// `POST /enrol/{ticket}/password`
async fn with_password(
    State(web): State<Web>,
    Path(ticket): Path<String>,
    jar: CookieJar,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Failure> {
    let account = invited(&web, &ticket).await?;
    match chosen.proof(&web, &account).await? {
        Err(why) => shown(&web, &ticket, account, Some(why)).await,
        Ok(proof) => {
            web.store.enrol(Some(&ticket), &account.id, &proof).await?;
            let jar = super::entered(&web, jar, &account, &[], "password").await?;
            Ok((jar, Redirect::to("/account?new=1")).into_response())
        }
    }
}

/// Begins to make a passkey of an account.
pub(super) async fn begin_for(web: &Web, account: &Account) -> Result<Response, Failure> {
    let id = Uuid::parse_str(&account.id).map_err(|e| Failure::Broken(e.to_string()))?;
    let have: Vec<String> = web
        .store
        .credentials(&account.id)
        .await?
        .into_iter()
        .filter(|c| c.kind == Kind::Passkey)
        .map(|c| c.id)
        .collect();
    let asked = web.passkeys()?.begin_making(id, &account.login, &account.name, &have).map_err(Failure::Broken)?;
    let kept = web.store.keep_challenge(Some(&account.id), &asked.state).await?;
    Ok(gate::json(json!({"options": asked.options, "ticket": kept})))
}

/// The passkey that a browser made for an account.
pub(super) async fn made_for(web: &Web, account: &Account, ended: Ended) -> Result<Proof, Failure> {
    let held = web.store.challenge(&ended.ticket).await?.filter(|h| h.account.as_deref() == Some(&account.id));
    let state = held.ok_or_else(|| Failure::Refused("時間が切れました。もう一度お試しください。".into()))?.data;
    let key = web.passkeys()?.finish_making(ended.answer, state).map_err(|why| {
        tracing::warn!(%why, "a passkey was not made");
        Failure::Refused("パスキーを登録できませんでした。もう一度お試しください。".into())
    })?;
    let label: String = ended.label.chars().filter(|c| !c.is_control()).take(60).collect();
    Ok(Proof::Passkey { id: key.id, data: key.data, label })
}

/// `POST /enrol/{ticket}/passkey/begin`
async fn begin(State(web): State<Web>, Path(ticket): Path<String>) -> Result<Response, Failure> {
    begin_for(&web, &invited(&web, &ticket).await?).await
}

/// `POST /enrol/{ticket}/passkey/finish`
async fn finish(
    State(web): State<Web>,
    Path(ticket): Path<String>,
    jar: CookieJar,
    Json(ended): Json<Ended>,
) -> Result<Response, Failure> {
    let account = invited(&web, &ticket).await?;
    let proof = made_for(&web, &account, ended).await?;
    web.store.enrol(Some(&ticket), &account.id, &proof).await?;
    let jar = super::entered(&web, jar, &account, &[], "passkey").await?;
    Ok((jar, gate::json(json!({"to": "/account?new=1"}))).into_response())
}
