//! Two rooms of one person: found, shown side by side, made one, and parted again.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::super::frame::Frame;
use super::super::gate::{self, ADMIN, Route, User, get, post};
use super::super::{Failure, Web, view};
use crate::store::StoreError;
use crate::store::letters::Letter;
use crate::store::merge::{Alike, Merger, Pair};

/// Pairs that are proposed at once.
const PAIRS: usize = 20;

pub fn routes() -> Vec<Route> {
    vec![
        get(ADMIN, "/admin/rooms", page),
        post(ADMIN, "/admin/rooms/merge", merge),
        post(ADMIN, "/admin/rooms/part", part),
    ]
}

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
struct Asked {
    source: String,
    target: String,
}

struct Line {
    merger: Merger,
    at: String,
    undone: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/rooms.html")]
struct Page {
    frame: Frame,
    asked: Asked,
    fault: Option<String>,
    /// What was chosen, and its stamp.
    pair: Option<(Pair, String)>,
    /// Open rooms: id, name with birth.
    rooms: Vec<(String, String)>,
    /// Rooms that look like one person's.
    alike: Vec<Alike>,
    lines: Vec<Line>,
}

/// `GET /admin/rooms`: with `source` and `target` both of them side by side.
async fn page(State(web): State<Web>, user: User, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    shown(&web, &user, asked, None).await
}

async fn shown(web: &Web, user: &User, asked: Asked, fault: Option<String>) -> Result<Response, Failure> {
    let asked = Asked { source: asked.source.trim().to_owned(), target: asked.target.trim().to_owned() };
    let (mut fault, mut pair) = (fault, None);
    if !asked.source.is_empty() || !asked.target.is_empty() {
        match web.store.pair(&asked.source, &asked.target).await {
            Ok(found) => pair = Some((found.stamp()?, found)),
            Err(StoreError::Refused(why)) => fault = fault.or(Some(why)),
            Err(e) => return Err(e.into()),
        }
    }
    let told = json!({"source": asked.source, "target": asked.target});
    web.store.log_access(user.actor(), "list", "rooms to merge", told).await?;
    let open = web.store.open_rooms().await?;
    let lines = web.store.mergers().await?.into_iter().map(|merger| Line {
        at: view::moment(merger.at, view::today()),
        undone: merger.undone.as_ref().map(|(by, at)| format!("{} {by}", view::moment(*at, view::today()))),
        merger,
    });
    let frame = Frame::of(web, user, "admin").await?;
    let page = Page {
        pair: pair.map(|(stamp, pair)| (pair, stamp)),
        alike: web.store.alike(PAIRS).await?,
        rooms: open.into_iter().map(|(id, name, born)| (id, format!("{name} {born}"))).collect(),
        lines: lines.collect(),
        asked,
        fault,
        frame: frame.clone(),
    };
    Ok(gate::html(&frame, page.render()?))
}

#[derive(Deserialize)]
struct Wanted {
    source: String,
    target: String,
    stamp: String,
    #[serde(default)]
    typed: String,
    #[serde(default)]
    reason: String,
}

/// `POST /admin/rooms/merge`
async fn merge(State(web): State<Web>, user: User, Form(wanted): Form<Wanted>) -> Result<Response, Failure> {
    let Wanted { source, target, stamp, typed, reason } = wanted;
    let word = merged(&web.options.base_url, &target);
    match web.store.merge_rooms((&source, &target), &stamp, &typed, &reason, user.actor(), &word).await {
        Ok(_) => Ok(Redirect::to("/admin/rooms#mergers").into_response()),
        Err(StoreError::Refused(why)) => shown(&web, &user, Asked { source, target }, Some(why)).await,
        Err(e) => Err(e.into()),
    }
}

#[derive(Deserialize)]
struct Parted {
    merger: String,
}

/// `POST /admin/rooms/part`
async fn part(State(web): State<Web>, user: User, Form(wanted): Form<Parted>) -> Result<Redirect, Failure> {
    web.store.part_rooms(&wanted.merger, user.actor(), &parted(&web.options.base_url)).await?;
    Ok(Redirect::to("/admin/rooms#mergers"))
}

/// What members of both rooms are told when they become one; nothing in it is about a patient.
pub fn merged(base_url: &str, target: &str) -> impl Fn(&str, String) -> Letter + Sync + use<> {
    let link = format!("{base_url}/rooms/{target}");
    move |mail, key| Letter {
        key,
        recipient: mail.to_owned(),
        subject: "【faxbridge】2つの部屋を1つにまとめました".to_owned(),
        body: format!(
            "同じ方の部屋が2つあったため、1つにまとめました。書類・返信・期限は、次の部屋にまとまっています。\r\n\
             これまでのリンクも、そのまま使えます。\r\n\r\n{link}\r\n\r\n\
             心当たりのない書類がこの部屋にあるときは、すぐにシステム管理者へ知らせてください。"
        ),
        attached: None,
    }
}

/// The same when they are parted again.
pub fn parted(base_url: &str) -> impl Fn(&str, String) -> Letter + Sync + use<> {
    let link = format!("{base_url}/");
    move |mail, key| Letter {
        key,
        recipient: mail.to_owned(),
        subject: "【faxbridge】まとめた部屋を元に戻しました".to_owned(),
        body: format!(
            "1つにまとめていた部屋を、元の2つの部屋に戻しました。書類・返信・期限は、元の部屋に戻っています。\r\n\
             まとめていた間に届いた書類は、届いた部屋に残っています。\r\n\r\n{link}"
        ),
        attached: None,
    }
}
