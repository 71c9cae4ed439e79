//! What is found in the rooms that a person may see.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::frame::Frame;
use super::gate::{self, ROOMS, Route, User, get};
use super::{Failure, Web, view, words};
use crate::store::search::Hit;

/// Rooms that are shown at once.
const ROOMS_SHOWN: usize = 40;

pub fn routes() -> Vec<Route> {
    vec![get(ROOMS, "/search", search)]
}

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
}

struct SheetLine {
    id: String,
    kind: String,
    at: String,
    sender: Option<String>,
    urgent: bool,
}

struct HitView {
    id: String,
    name: String,
    kana: String,
    birth_date: String,
    ended: bool,
    whole: bool,
    sheets: Vec<SheetLine>,
    more: usize,
}

#[derive(Template)]
#[template(path = "rooms/search.html")]
struct Page {
    frame: Frame,
    search: String,
    hits: Vec<HitView>,
    more: usize,
}

/// `GET /search?q=`
async fn search(State(web): State<Web>, user: User, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    results(&web, &user, &asked.q).await
}

/// The page of what is found. The audit log has which rooms were shown, never what was typed: that is a patient's name.
pub async fn results(web: &Web, user: &User, typed: &str) -> Result<Response, Failure> {
    let typed: String = typed.chars().take(100).collect();
    let today = view::today();
    let (found, more) = web.store.search(&typed, ROOMS_SHOWN, user.account()).await?;
    let listed: Vec<&String> = found.iter().map(|h| &h.room.id).collect();
    web.store.log_access(user.actor(), "search", "rooms", json!({"rooms": listed})).await?;
    let hit = |h: Hit| HitView {
        sheets: h
            .sheets
            .into_iter()
            .map(|p| SheetLine {
                kind: words::kind(&p.kind).to_owned(),
                at: view::moment(p.received, today),
                id: p.document,
                sender: p.sender,
                urgent: p.urgent,
            })
            .collect(),
        id: h.room.id,
        name: h.room.name,
        kana: h.room.kana,
        birth_date: h.room.birth_date,
        ended: h.room.ended,
        whole: h.whole,
        more: h.more,
    };
    let hits = found.into_iter().map(hit).collect();
    let frame = Frame::of(web, user, "rooms").await?;
    Ok(gate::html(&frame, Page { frame: frame.clone(), search: typed, hits, more }.render()?))
}
