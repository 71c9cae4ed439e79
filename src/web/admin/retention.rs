//! How long faxes are kept: what would go, shown before it goes, and rooms that are kept whatever their age.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::super::frame::Frame;
use super::super::gate::{self, ADMIN, Route, User, get, post};
use super::super::{Failure, Web, view, words};
use crate::store::StoreError;
use crate::store::retention::{Due, Hold, Terms};

/// Sheets that are listed one by one.
const LISTED: usize = 100;

pub fn routes() -> Vec<Route> {
    vec![
        get(ADMIN, "/admin/retention", page),
        post(ADMIN, "/admin/retention/erase", erase),
        post(ADMIN, "/admin/retention/hold", hold),
        post(ADMIN, "/admin/retention/holds/{id}/lift", lift),
    ]
}

#[derive(Template)]
#[template(path = "admin/retention.html")]
struct Page {
    frame: Frame,
    /// What is kept, and how long; 0: for ever.
    terms: Vec<(String, u32)>,
    after_end: bool,
    nightly: bool,
    ends: bool,
    due: Due,
    stamp: String,
    /// By type, how many.
    kinds: Vec<(String, usize)>,
    /// When it came, type, room.
    sheets: Vec<(String, String, String)>,
    more: usize,
    holds: Vec<(Hold, String)>,
    rooms: Vec<(String, String)>,
    fault: Option<String>,
    done: Option<String>,
}

/// `GET /admin/retention`
async fn page(State(web): State<Web>, user: User) -> Result<Response, Failure> {
    shown(&web, &user, None, None).await
}

async fn shown(web: &Web, user: &User, fault: Option<String>, done: Option<String>) -> Result<Response, Failure> {
    let frame = Frame::of(web, user, "admin").await?;
    let (terms, today) = (&web.options.retention, view::today());
    let due = web.store.due(terms).await?;
    let kind = |key: &str| words::kind(key).to_owned();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut sheets = Vec::new();
    for bundle in &due.bundles {
        for (_, key, room) in &bundle.documents {
            *kinds.entry(kind(key)).or_default() += 1;
            if sheets.len() < LISTED {
                sheets.push((view::moment(bundle.received, today), kind(key), room.clone().unwrap_or_default()));
            }
        }
    }
    let told = json!({"faxes": due.bundles.len(), "documents": due.documents()});
    web.store.log_access(user.actor(), "list", "retention", told).await?;
    let page = Page {
        terms: told_terms(terms, &frame),
        after_end: terms.after_end,
        nightly: terms.nightly,
        ends: terms.ends(),
        stamp: due.stamp()?,
        kinds: kinds.into_iter().collect(),
        more: due.documents().saturating_sub(sheets.len()),
        sheets,
        due,
        holds: web.store.holds().await?.into_iter().map(|h| (h.clone(), view::moment(h.at, today))).collect(),
        rooms: web
            .store
            .open_rooms()
            .await?
            .into_iter()
            .map(|(id, name, born)| (id, format!("{name} {born}")))
            .collect(),
        fault,
        done,
        frame: frame.clone(),
    };
    Ok(gate::html(&frame, page.render()?))
}

fn told_terms(terms: &Terms, frame: &Frame) -> Vec<(String, u32)> {
    let mut all = vec![(frame.say("部屋の書類", "Sheets in rooms").to_owned(), terms.years)];
    all.extend(terms.by_type.iter().map(|(key, years)| (words::kind(key).to_owned(), *years)));
    let elsewhere = frame.say(
        "部屋にないもの（掲載なし・誤送信・取り下げ・白紙）",
        "What stands in no room (nothing for us, misdirected, taken back, blank)",
    );
    all.push((elsewhere.to_owned(), terms.elsewhere));
    all
}

#[derive(Deserialize)]
struct Meant {
    stamp: String,
    #[serde(default)]
    typed: String,
}

/// `POST /admin/retention/erase`: what was shown, once its number was typed.
async fn erase(State(web): State<Web>, user: User, Form(meant): Form<Meant>) -> Result<Response, Failure> {
    let terms = &web.options.retention;
    let faxes = web.store.due(terms).await?.bundles.len();
    if meant.typed.trim() != faxes.to_string() {
        let why = "件数が違います。消えるFAXの件数を、そのまま入れてください。";
        return shown(&web, &user, Some(why.into()), None).await;
    }
    match web.store.erase(terms, Some(&meant.stamp), user.actor()).await {
        Ok(e) => {
            let done = format!(
                "書類 {} 件（受信 {} 件）と、空になった部屋 {} を消しました。見送り {} 件。",
                e.documents, e.receipts, e.rooms, e.passed_over
            );
            shown(&web, &user, None, Some(done)).await
        }
        Err(StoreError::Refused(why)) => shown(&web, &user, Some(why), None).await,
        Err(e) => Err(e.into()),
    }
}

#[derive(Deserialize)]
struct Wanted {
    room: String,
    reason: String,
}

/// `POST /admin/retention/hold`
async fn hold(State(web): State<Web>, user: User, Form(wanted): Form<Wanted>) -> Result<Response, Failure> {
    match web.store.hold_room(wanted.room.trim(), &wanted.reason, user.actor()).await {
        Ok(()) => Ok(Redirect::to("/admin/retention#holds").into_response()),
        Err(StoreError::Refused(why)) => shown(&web, &user, Some(why), None).await,
        Err(e) => Err(e.into()),
    }
}

/// `POST /admin/retention/holds/{id}/lift`
async fn lift(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    web.store.lift_hold(&id, user.actor()).await?;
    Ok(Redirect::to("/admin/retention#holds"))
}
