//! Sources: how each fares, and a fax of a fictional patient sent through one at the push of a button.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use async_trait::async_trait;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use serde_json::json;

use super::super::frame::Frame;
use super::super::gate::{self, ADMIN, Route, User, get, post};
use super::super::{Failure, Web, view};

/// What sends a test through a source: the daemon, which knows the sources.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Names and kinds of the sources, as configured.
    fn sources(&self) -> Vec<(String, String)>;
    /// Sends a canary through one.
    async fn send(&self, source: &str) -> Result<(), String>;
}

/// None where nothing can be sent.
pub type Prober = Option<Arc<dyn Probe>>;

pub fn routes() -> Vec<Route> {
    vec![get(ADMIN, "/admin/sources", list), post(ADMIN, "/admin/sources/{name}/test", test)]
}

struct Line {
    name: String,
    kind: String,
    looked: Option<String>,
    received: Option<String>,
    fault: Option<String>,
    /// The last canary: when it was sent, and how it fared.
    tested: Option<(String, String, bool)>,
}

#[derive(Template)]
#[template(path = "admin/sources.html")]
struct List {
    frame: Frame,
    lines: Vec<Line>,
}

/// `GET /admin/sources`
async fn list(State(web): State<Web>, user: User) -> Result<Response, Failure> {
    let frame = Frame::of(&web, &user, "admin").await?;
    let today = view::today();
    let mut kinds: BTreeMap<String, String> =
        web.options.prober.as_ref().map(|p| p.sources().into_iter().collect()).unwrap_or_default();
    let mut states = BTreeMap::new();
    for state in web.store.sources().await? {
        states.insert(state.name.clone(), state);
    }
    for name in states.keys().filter(|n| !kinds.contains_key(*n)).cloned().collect::<Vec<_>>() {
        // Registers and rules tell of their faults in the same table.
        if states[&name].fault.is_some() {
            kinds.insert(name, String::new());
        }
    }
    let mut lines = Vec::new();
    for (name, kind) in kinds {
        let state = states.remove(&name);
        let tested = web.store.last_canary(&name).await?.map(|fate| {
            let now = web.store.now();
            let told = match fate.fault(now) {
                Some(fault) => (fault, false),
                None if fate.arrived.is_some() => {
                    (frame.say("届き、正しく読めました", "arrived and was read exactly").into(), true)
                }
                None => (frame.say("届くのを待っています", "on its way").into(), true),
            };
            (view::moment(fate.sent, today), told.0, told.1)
        });
        lines.push(Line {
            looked: state.as_ref().and_then(|s| s.looked).map(|at| view::moment(at, today)),
            fault: state.and_then(|s| s.fault),
            received: web.store.last_received(&name).await?.map(|at| view::moment(at, today)),
            tested: tested.filter(|_| !kind.is_empty()),
            name,
            kind,
        });
    }
    Ok(gate::html(&frame, List { frame: frame.clone(), lines }.render()?))
}

/// `POST /admin/sources/{name}/test`
async fn test(State(web): State<Web>, user: User, Path(name): Path<String>) -> Result<Redirect, Failure> {
    let refused = |why: &str| Failure::Refused(why.to_owned());
    let prober = web.options.prober.clone();
    let prober = prober.filter(|p| p.sources().iter().any(|(n, _)| *n == name));
    let prober = prober.ok_or_else(|| refused("その受信元は設定にありません"))?;
    web.store.log_access(user.actor(), "test_source", &name, json!({})).await?;
    prober.send(&name).await.map_err(|why| refused(&format!("テストのFAXを送れませんでした: {why}")))?;
    Ok(Redirect::to("/admin/sources"))
}
