//! Web Push on the pages: what browsers fetch for it, and which of them are told.

use axum::Json;
use axum::extract::{Form, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;

use super::gate::{self, Access, Route, User, get, post};
use super::{Failure, Web};

/// What the pages know of push: none where it is off.
#[derive(Clone)]
pub struct PushTerms {
    /// Public half of the key that we sign with, base64url.
    pub key: String,
    /// Whether the address of a push service is one that we may call.
    pub allows: fn(&str, &[String]) -> Option<String>,
    pub hosts: Vec<String>,
}

impl std::fmt::Debug for PushTerms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushTerms").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

pub fn routes() -> Vec<Route> {
    vec![
        get(Access::Open, "/worker.js", worker),
        get(Access::Open, "/manifest.webmanifest", manifest),
        get(Access::Open, "/icon.svg", icon),
        post(Access::SignedIn, "/account/push", subscribe),
        post(Access::SignedIn, "/account/push/off", unsubscribe),
        post(Access::SignedIn, "/account/push/drop", forget),
    ]
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

/// `GET /worker.js`: at the top, so that it may speak for all pages.
async fn worker() -> Response {
    file("text/javascript; charset=utf-8", include_str!("assets/worker.js"))
}

/// `GET /manifest.webmanifest`: with it a phone can keep the pages as an app; iPhones push only then.
async fn manifest() -> Response {
    file("application/manifest+json", include_str!("assets/manifest.webmanifest"))
}

/// `GET /icon.svg`
async fn icon() -> Response {
    file("image/svg+xml", include_str!("assets/icon.svg"))
}

#[derive(Deserialize)]
struct Made {
    endpoint: String,
    p256dh: String,
    auth: String,
    #[serde(default)]
    label: String,
}

fn refused(why: &str) -> Failure {
    Failure::Refused(why.to_owned())
}

/// `POST /account/push`
async fn subscribe(State(web): State<Web>, user: User, Json(made): Json<Made>) -> Result<Response, Failure> {
    let terms = web.options.push.as_ref().ok_or_else(|| refused("プッシュ通知は使われていません。"))?;
    if made.endpoint.len() > 2000 || (terms.allows)(&made.endpoint, &terms.hosts).is_none() {
        return Err(refused("このブラウザのプッシュサービスは許可されていません。管理者に相談してください。"));
    }
    let long = |s: &str, n: usize| URL_SAFE_NO_PAD.decode(s.trim_end_matches('=')).is_ok_and(|b| b.len() == n);
    if !long(&made.p256dh, 65) || !long(&made.auth, 16) {
        return Err(refused("ブラウザの鍵が読めません。もう一度お試しください。"));
    }
    let label: String = made.label.chars().filter(|c| !crate::model::is_deceptive(*c)).take(60).collect();
    web.store.subscribe(user.account(), &made.endpoint, &made.p256dh, &made.auth, label.trim()).await?;
    Ok(gate::json(json!({"to": "/account/notices"})))
}

#[derive(Deserialize)]
struct Ended {
    endpoint: String,
}

/// `POST /account/push/off`: the browser that asks.
async fn unsubscribe(State(web): State<Web>, user: User, Json(ended): Json<Ended>) -> Result<Response, Failure> {
    for s in web.store.subscriptions(&user.account().id).await? {
        if s.endpoint == ended.endpoint {
            web.store.unsubscribe(user.account(), &s.id).await?;
        }
    }
    Ok(gate::json(json!({"to": "/account/notices"})))
}

#[derive(Deserialize)]
struct Dropped {
    id: String,
}

/// `POST /account/push/drop`: any browser of one's own.
async fn forget(State(web): State<Web>, user: User, Form(dropped): Form<Dropped>) -> Result<Redirect, Failure> {
    web.store.unsubscribe(user.account(), &dropped.id).await?;
    Ok(Redirect::to("/account/notices"))
}
