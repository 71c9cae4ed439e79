//! The audit log, searched by patient, person or deed. Looking at it leaves a row as well.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::super::frame::Frame;
use super::super::gate::{self, ADMIN, Route, User, get};
use super::super::{Failure, Web, view};
use crate::store::trail::Wanted;

/// Rows that a page shows.
const ROWS: i64 = 200;

pub fn routes() -> Vec<Route> {
    vec![get(ADMIN, "/admin/audit", page)]
}

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
struct Asked {
    room: String,
    actor: String,
    action: String,
    before: Option<i64>,
}

struct Line {
    seq: i64,
    at: String,
    actor: String,
    action: String,
    deed: &'static str,
    subject: String,
    /// The page of what it is about.
    link: Option<String>,
    detail: String,
}

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct Page {
    frame: Frame,
    asked: Asked,
    lines: Vec<Line>,
    rooms: Vec<(String, String)>,
    people: Vec<String>,
    deeds: Vec<(&'static str, &'static str)>,
    older: Option<i64>,
}

/// What is done, in words: as in the log, Japanese, English.
const DEEDS: &[(&str, &str, &str)] = &[
    ("list", "一覧を見た", "looked at a list"),
    ("read_room", "部屋を見た", "looked at a room"),
    ("read", "書類を見た", "read a sheet"),
    ("read_page", "原本の画像を見た", "looked at a page"),
    ("read_original", "原本を保存した", "took the original"),
    ("receive", "受信した", "received"),
    ("post", "部屋に掲載した", "posted"),
    ("deliver", "通知を送った", "sent a notice"),
    ("choose_room", "部屋を決めた", "chose the room"),
    ("confirm_fields", "項目を確認した", "confirmed fields"),
    ("set_aside", "掲載なしにした", "set aside"),
    ("quarantine", "誤送信として隔離した", "set apart as misdirected"),
    ("split", "書類を分けた", "split a document"),
    ("join", "書類をつなげた", "joined documents"),
    ("withdraw", "取り下げた", "withdrew"),
    ("merge_rooms", "部屋を1つにまとめた", "merged rooms"),
    ("part_rooms", "まとめた部屋を元に戻した", "parted merged rooms"),
    ("hold_room", "部屋を保全した", "held a room"),
    ("lift_hold", "保全を解いた", "lifted a hold"),
    ("erase", "保存期間を過ぎて消した", "erased at the end of its time"),
    ("erase_room", "空の部屋を消した", "erased an empty room"),
    ("prove", "本人確認をした", "proved who they are"),
    ("import", "名簿を取り込んだ", "imported a register"),
    ("sign_in", "サインインした", "signed in"),
    ("sign_in_failed", "サインインに失敗した", "failed to sign in"),
    ("sign_out", "サインアウトした", "signed out"),
    ("invite", "利用者を招待した", "invited somebody"),
    ("enrol", "サインイン方法を登録した", "chose how to sign in"),
    ("change_account", "利用者を変えた", "changed an account"),
    ("disable_account", "利用者を停止した", "ended an account"),
    ("agree_recovery", "再設定を承認した", "agreed to a recovery"),
    ("read_audit", "監査記録を見た", "looked at the log"),
];

/// `GET /admin/audit`
async fn page(State(web): State<Web>, user: User, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    let wanted = Wanted {
        room: asked.room.trim().to_owned(),
        actor: asked.actor.trim().to_lowercase(),
        action: asked.action.clone(),
        before: asked.before,
    };
    let told = json!({"room": wanted.room, "actor": wanted.actor, "action": wanted.action});
    web.store.log_access(user.actor(), "read_audit", "audit", told).await?;
    let frame = Frame::of(&web, &user, "admin").await?;
    let entries = web.store.trail(&wanted, ROWS).await?;
    let older = entries.last().filter(|_| entries.len() as i64 == ROWS).map(|e| e.seq);
    let lang = frame.lang();
    let deed = |action: &str| DEEDS.iter().find(|d| d.0 == action).map_or("", |d| lang.say(d.1, d.2));
    let line = |e: crate::store::audit::Entry| Line {
        seq: e.seq,
        at: view::moment(e.at, view::today()),
        deed: deed(&e.action),
        link: uuid::Uuid::parse_str(&e.subject).is_ok().then(|| format!("/documents/{}", e.subject)),
        actor: e.actor,
        action: e.action,
        subject: e.subject,
        detail: e.detail,
    };
    let page = Page {
        lines: entries.into_iter().map(line).collect(),
        rooms: web
            .store
            .open_rooms()
            .await?
            .into_iter()
            .map(|(id, name, born)| (id, format!("{name} {born}")))
            .collect(),
        people: web.store.accounts().await?.into_iter().map(|a| a.login).collect(),
        deeds: DEEDS.iter().map(|d| (d.0, lang.say(d.1, d.2))).collect(),
        asked,
        older,
        frame: frame.clone(),
    };
    Ok(gate::html(&frame, page.render()?))
}
