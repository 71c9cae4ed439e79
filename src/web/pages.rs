//! What was received, and what is wrong with the sources.

use askama::Template;
use axum::extract;
use axum::response::Html;
use serde_json::json;

use super::frame::Frame;
use super::gate::{REVIEW, Route, User, get};
pub use super::sheet::{SheetView, page_views, readable};
use super::{Failure, Web, words};
use crate::store::status::rfc3339;

/// Files and mails that the list of what was received shows.
const RECEIPTS: i64 = 200;

pub fn routes() -> Vec<Route> {
    vec![get(REVIEW, "/receipts", receipts)]
}

/// What an administrator has to see to now: a source, a register or the rules, and what is wrong.
pub async fn faults(web: &Web) -> Result<Vec<(String, String)>, Failure> {
    let sources = web.store.sources().await?;
    Ok(sources.into_iter().filter_map(|s| Some((s.name, s.fault?))).collect())
}

struct ReceiptView {
    at: String,
    source: String,
    name: String,
    state: String,
    state_ja: &'static str,
    reason: String,
}

#[derive(Template)]
#[template(path = "receipts.html")]
struct Receipts {
    frame: Frame,
    receipts: Vec<ReceiptView>,
    faults: Vec<(String, String)>,
}

/// `GET /receipts`: every file and mail with its verdict, newest first.
pub async fn receipts(extract::State(web): extract::State<Web>, user: User) -> Result<Html<String>, Failure> {
    web.store.log_access(user.actor(), "list", "receipts", json!({})).await?;
    let receipts = web
        .store
        .newest_receipts(RECEIPTS)
        .await?
        .into_iter()
        .map(|r| ReceiptView {
            at: rfc3339(r.received).get(..16).unwrap_or_default().replace('T', " "),
            source: r.source,
            name: r.source_id,
            state_ja: words::state(&r.state),
            state: r.state,
            reason: r.reason.unwrap_or_default(),
        })
        .collect();
    let faults = faults(&web).await?;
    Ok(Html(Receipts { frame: Frame::of(&web, &user, "receipts").await?, receipts, faults }.render()?))
}
