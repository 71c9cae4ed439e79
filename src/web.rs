//! The pages: rooms, sheets, the review list, what was received, accounts. Server-rendered, readable on a phone; all
//! reading works without a script. Beside them what machines ask: `/metrics`, `/healthz`, `/readyz`.
//!
//! A request comes in by [`guard`] (known host, changes from our own pages only), [`gate`] (who is it, may they) and the
//! handler, which asks the store and fills a template. A new page is a handler and a line in its module's `routes()`.
//! Sees the store, and the rules through `tuning`; must not know readers or sinks.

mod admin;
mod api;
mod assets;
mod changes;
mod deadlines;
mod door;
mod figures;
mod frame;
mod gate;
mod guard;
mod notices;
mod pages;
mod proposals;
pub mod push;
mod readers;
mod review;
mod rooms;
mod rules;
mod search;
mod sheet;
#[cfg(test)]
mod tests;
mod thread;
mod view;
mod watch;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;

pub use admin::{Probe, Prober};

use crate::account::passkey::Passkeys;
use crate::store::sessions::Terms;
use crate::store::{Store, StoreError, overdue, retention};
use crate::tuning::Workshop;
use gate::{Access, Route, get};

/// Largest form that a page sends, bytes.
const FORM_LIMIT: usize = 1 << 20;

/// How the pages are reached and by whom.
#[derive(Clone)]
pub struct Options {
    /// Where people reach the pages (`Config::base_url`).
    pub base_url: String,
    /// Over https, by us or by a proxy before us.
    pub secure: bool,
    /// What `X-Forwarded-For` says of where somebody comes from is believed.
    pub behind_proxy: bool,
    /// Anyone on this machine may sign in, as fictional people.
    pub demo_login: bool,
    /// How browsers subscribe to notices by push; none: they cannot.
    pub push: Option<push::PushTerms>,
    /// Hosts of meetings on the web whose links may be followed.
    pub meeting_hosts: Vec<String>,
    /// How long sessions last.
    pub terms: Terms,
    /// What sends a test through a source.
    pub prober: Prober,
    /// Registers that the daemon reads by itself, with their files.
    pub register_files: Vec<(&'static str, String)>,
    /// How long a sheet may wait for a person.
    pub due: overdue::Terms,
    /// How long faxes are kept.
    pub retention: retention::Terms,
    /// The rules in force, and what is tried beside them.
    pub rules: Arc<Workshop>,
}

impl Options {
    /// Name of the cookie; over https browsers take it from this host and path alone.
    fn cookie(&self) -> &'static str {
        if self.secure { "__Host-faxbridge" } else { "faxbridge" }
    }
}

/// What every page needs.
#[derive(Clone)]
pub struct Web {
    store: Arc<Store>,
    options: Arc<Options>,
    /// None where the address cannot have any.
    passkeys: Option<Arc<Passkeys>>,
    /// Host names under which the pages may be asked for, beside loopback.
    hosts: Arc<[String]>,
    turns: watch::Turns,
    /// Statistics that were counted not long ago.
    statistics: figures::statistics::Kept,
}

impl Web {
    fn new(store: Arc<Store>, options: Options) -> Web {
        Web {
            store,
            hosts: guard::hosts(&options.base_url).into(),
            passkeys: Passkeys::at(&options.base_url).map(Arc::new),
            options: Arc::new(options),
            turns: watch::Turns::default(),
            statistics: figures::statistics::Kept::default(),
        }
    }

    fn passkeys(&self) -> Result<&Passkeys, Failure> {
        let none =
            "このアドレスではパスキーを使えません（https の名前つきアドレスが要ります）。パスワードを使ってください。";
        self.passkeys.as_deref().ok_or_else(|| Failure::Refused(none.into()))
    }
}

/// What machines ask.
fn machines() -> Vec<Route> {
    vec![
        get(Access::Open, "/healthz", watch::healthz),
        get(Access::Open, "/readyz", watch::readyz),
        get(Access::Open, "/metrics", watch::metrics),
    ]
}

/// Everything that can be asked for, and by whom.
fn routes() -> Vec<Route> {
    let mut all = vec![get(Access::Open, "/assets/{version}/{name}", assets::file)];
    all.extend(machines());
    all.extend(door::routes());
    all.extend(rooms::routes());
    all.extend(sheet::routes());
    all.extend(thread::routes());
    all.extend(search::routes());
    all.extend(deadlines::routes());
    all.extend(proposals::routes());
    all.extend(pages::routes());
    all.extend(review::routes());
    all.extend(figures::routes());
    all.extend(rules::routes());
    all.extend(notices::routes());
    all.extend(push::routes());
    all.extend(api::routes());
    all.extend(admin::routes());
    all
}

/// For a worker, which has no pages.
pub fn watched(store: Arc<Store>, options: Options) -> Router {
    let web = Web::new(store, options);
    router_of(machines()).layer(middleware::from_fn_with_state(web.clone(), guard::check)).with_state(web)
}

fn router_of(routes: Vec<Route>) -> Router<Web> {
    routes.into_iter().fold(Router::new(), |router, route| {
        let (access, tokens) = (route.access, route.tokens);
        let guarded = middleware::from_fn(move |request, next| gate::require(access, tokens, request, next));
        router.route(route.path, route.handler.route_layer(guarded))
    })
}

/// All routes.
pub fn router(store: Arc<Store>, options: Options) -> Router {
    let web = Web::new(store, options);
    let safe = |name, value: &'static str| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    let unless =
        |name, value: &'static str| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    let router = router_of(routes())
        .fallback(missing)
        .layer(middleware::from_fn_with_state(web.clone(), gate::identify))
        .layer(middleware::from_fn_with_state(web.clone(), guard::check))
        // What reads a whole form keeps to the first; a reply may bring files.
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(RequestBodyLimitLayer::new(thread::UPLOAD_LIMIT))
        .layer(safe(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; \
             worker-src 'self'; manifest-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ))
        .layer(safe(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // With `no-referrer` browsers send `Origin: null` with our own forms, and the guard would refuse them.
        .layer(safe(header::REFERRER_POLICY, "same-origin"))
        .layer(safe(
            header::HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        ))
        .layer(safe(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(unless(header::CACHE_CONTROL, "no-store"));
    let secure = web.options.secure;
    let router = router.with_state(web);
    if secure { router.layer(safe(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")) } else { router }
}

async fn missing() -> Failure {
    Failure::NotFound
}

/// Why a page cannot be shown.
#[derive(Debug)]
pub enum Failure {
    /// There is none, or it is not for whoever asks.
    NotFound,
    /// Nobody is signed in.
    SignIn,
    /// Whoever is signed in has no role for it.
    Forbidden,
    /// Too many failures; again after so many seconds.
    Slow(u32),
    /// What was asked for does not fit the present state; the sentence is for a person.
    Refused(String),
    /// What was asked for cannot be understood; the sentence is for a programmer.
    Malformed(String),
    Broken(String),
}

/// Goes with the response to [`gate::identify`], which knows in whose language the page is to be.
#[derive(Clone)]
struct Refusal(Arc<Failure>);

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
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Refusal(Arc::new(self)));
        response
    }
}
