//! The pages: rooms, sheets, the review list, what was received. Server-rendered, readable on a phone, no script.
//! Beside them what machines ask: `/metrics`, `/healthz`, `/readyz`.
//!
//! Accounts come later, so the daemon listens on loopback only; until then requests must name a loopback host (or that
//! of `base_url`), and changes must come from our own pages. Sees the store; must not know rules, readers or sinks.

mod guard;
mod pages;
mod review;
mod view;
mod watch;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::store::{Store, StoreError};

/// Largest form that a page sends, bytes.
const FORM_LIMIT: usize = 1 << 20;

/// What every page needs.
#[derive(Clone)]
pub struct Web {
    store: Arc<Store>,
    /// Host names under which the pages may be asked for, beside loopback.
    hosts: Arc<[String]>,
    turns: watch::Turns,
}

impl Web {
    fn new(store: Arc<Store>, base_url: &str) -> Web {
        Web { store, hosts: guard::hosts(base_url).into(), turns: watch::Turns::default() }
    }
}

/// What machines ask.
fn machines() -> Router<Web> {
    Router::new()
        .route("/healthz", get(watch::healthz))
        .route("/readyz", get(watch::readyz))
        .route("/metrics", get(watch::metrics))
}

/// For a worker, which has no pages.
pub fn watched(store: Arc<Store>, base_url: &str) -> Router {
    let web = Web::new(store, base_url);
    machines().layer(middleware::from_fn_with_state(web.clone(), guard::check)).with_state(web)
}

/// All routes. `base_url` is where people reach the pages (`Config::base_url`).
pub fn router(store: Arc<Store>, base_url: &str) -> Router {
    let web = Web::new(store, base_url);
    let safe = |name, value: &'static str| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    Router::new()
        .route("/", get(pages::rooms))
        .route("/rooms/{room}", get(pages::room))
        .route("/documents/{id}", get(pages::document))
        .route("/documents/{id}/pages/{number}", get(pages::page_image))
        .route("/documents/{id}/original", get(pages::original))
        .route("/receipts", get(pages::receipts))
        .route("/review", get(review::list))
        .route("/review/{id}", get(review::sheet))
        .route("/review/{id}/room", post(review::choose_room))
        .route("/review/{id}/aside", post(review::set_aside))
        .route("/review/{id}/fields", post(review::confirm))
        .route("/style.css", get(style))
        .merge(machines())
        .fallback(missing)
        .layer(middleware::from_fn_with_state(web.clone(), guard::check))
        .layer(RequestBodyLimitLayer::new(FORM_LIMIT))
        .layer(safe(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; img-src 'self' data:; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ))
        .layer(safe(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(safe(header::REFERRER_POLICY, "no-referrer"))
        .layer(safe(header::CACHE_CONTROL, "no-store"))
        .with_state(web)
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("web/style.css"))
}

async fn missing() -> Failure {
    Failure::NotFound
}

/// Why a page cannot be shown.
#[derive(Debug)]
pub(crate) enum Failure {
    NotFound,
    /// What was asked for does not fit the present state; the sentence is for a person.
    Refused(String),
    Broken(String),
}

impl From<StoreError> for Failure {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Refused(why) => Failure::Refused(why),
            other => Failure::Broken(other.to_string()),
        }
    }
}

impl From<askama::Error> for Failure {
    fn from(e: askama::Error) -> Self {
        Failure::Broken(e.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, title, text) = match self {
            Failure::NotFound => (StatusCode::NOT_FOUND, "見つかりません", "そのページはありません。".to_owned()),
            Failure::Refused(why) => (StatusCode::CONFLICT, "できませんでした", why),
            Failure::Broken(what) => {
                tracing::error!(%what, "a page failed");
                let text = "いま表示できません。しばらくしてから、もう一度お試しください。".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, "エラー", text)
            }
        };
        let page = pages::Message { frame: pages::Frame::default(), title, text: &text };
        match askama::Template::render(&page) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(_) => (status, text).into_response(),
        }
    }
}
