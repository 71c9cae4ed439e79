//! The review list: why a sheet was held, who may be meant, and a person's decision.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{Html, Redirect};
use serde::Deserialize;
use serde_json::json;

use super::frame::Frame;
use super::gate::{REVIEW, Route, User, get, post};
use super::pages::{SheetView, faults, page_views, readable};
use super::view::{self, EditView, PageView};
use super::{Failure, Web};
use crate::model::{Kind, Value, Vocabulary};
use crate::store::Candidate;
use crate::store::review::Edit;

/// Entries that the list shows at once; what is done makes room for the next.
const LIST: i64 = 200;

pub fn routes() -> Vec<Route> {
    vec![
        get(REVIEW, "/review", list),
        get(REVIEW, "/review/{id}", sheet),
        post(REVIEW, "/review/{id}/room", choose_room),
        post(REVIEW, "/review/{id}/aside", set_aside),
        post(REVIEW, "/review/{id}/fields", confirm),
    ]
}

struct Waiting {
    id: String,
    kind: String,
    urgent: bool,
    open_fields: i64,
    at: String,
    reason: Option<String>,
    origin: String,
}

#[derive(Template)]
#[template(path = "review.html")]
struct List {
    frame: Frame,
    waiting: Vec<Waiting>,
    faults: Vec<(String, String)>,
}

/// `GET /review`
pub async fn list(State(web): State<Web>, user: User) -> Result<Html<String>, Failure> {
    let today = view::today();
    web.store.log_access(user.actor(), "list", "review", json!({})).await?;
    let waiting: Vec<Waiting> = web
        .store
        .review_list(LIST)
        .await?
        .into_iter()
        .map(|h| Waiting {
            kind: match h.part {
                Some(part) => format!("読み取れなかったファイル（{part}）"),
                None => Vocabulary::get().type_name(&h.kind).to_owned(),
            },
            id: h.document,
            urgent: h.urgent,
            open_fields: h.open_fields,
            at: view::moment(h.received, today),
            reason: h.reason.or_else(|| h.room.map(|r| format!("部屋 {r} に掲載済み。未確認の項目があります"))),
            origin: [Some(format!("{} / {}", h.source, h.source_id)), h.sender]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("　"),
        })
        .collect();
    let frame = Frame::of(&web, &user, "review").await?;
    Ok(Html(List { frame, waiting, faults: faults(&web).await? }.render()?))
}

#[derive(Template)]
#[template(path = "review_sheet.html")]
struct Sheet {
    frame: Frame,
    sheet: SheetView,
    origin: String,
    pages: Vec<PageView>,
    candidates: Vec<Candidate>,
    rooms: Vec<(String, String)>,
    edits: Vec<EditView>,
}

/// `GET /review/{id}`
pub async fn sheet(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Html<String>, Failure> {
    let d = readable(&web, &user, &id, "read").await?;
    let pages = page_views(&d);
    let rooms = web.store.open_rooms().await?;
    let page = Sheet {
        frame: Frame::of(&web, &user, "review").await?,
        sheet: SheetView::of(&d, &pages),
        origin: format!("{} / {}", d.source, d.source_id),
        edits: view::edits(&d.content, &pages),
        rooms: rooms.into_iter().map(|(id, name, born)| (id, format!("{name} {born}"))).collect(),
        candidates: d.candidates,
        pages,
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub struct RoomForm {
    room: String,
}

/// `POST /review/{id}/room`
pub async fn choose_room(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<RoomForm>,
) -> Result<Redirect, Failure> {
    web.store.choose_room(&id, form.room.trim(), user.actor()).await?;
    Ok(Redirect::to(&format!("/documents/{id}")))
}

#[derive(Deserialize)]
pub struct AsideForm {
    reason: String,
}

/// `POST /review/{id}/aside`
pub async fn set_aside(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<AsideForm>,
) -> Result<Redirect, Failure> {
    if form.reason.contains("誤送信") {
        web.store.quarantine(&id, &form.reason, user.actor()).await?;
    } else {
        web.store.set_aside(&id, &form.reason, user.actor()).await?;
    }
    Ok(Redirect::to("/review"))
}

/// `POST /review/{id}/fields`: every field of the form as the person leaves it; an empty one is not on the page.
pub async fn confirm(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(mut form): Form<BTreeMap<String, String>>,
) -> Result<Redirect, Failure> {
    let revision: i64 = form.remove("revision").and_then(|r| r.parse().ok()).ok_or(Failure::NotFound)?;
    let d = web.store.document(&id).await?.ok_or(Failure::NotFound)?;
    let mut edits = Vec::new();
    for (key, text) in form {
        let Some(field) = d.content.fields.get(&key) else { continue };
        edits.push((key.clone(), edit(&key, &field.value, &text)?));
    }
    web.store.confirm_fields(&id, revision, &edits, user.actor()).await?;
    Ok(Redirect::to(&format!("/documents/{id}")))
}

/// What the text of a form field says, in the vocabulary's normal form.
fn edit(key: &str, before: &Value, text: &str) -> Result<Edit, Failure> {
    let lines: Vec<String> = text.lines().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect();
    if lines.is_empty() {
        return Ok(Edit::Remove);
    }
    let kind = Vocabulary::get().fields.get(key).map(|d| d.kind);
    let value = match before {
        Value::Many(_) => Value::Many(lines),
        Value::One(_) if kind == Some(Kind::Text) => Value::One(lines.join("\n")),
        Value::One(_) => Value::One(lines.concat()),
    };
    if value == *before {
        return Ok(Edit::Confirm);
    }
    let fits = match (kind, &value) {
        (Some(Kind::Date), Value::One(v)) => v.parse::<jiff::civil::Date>().is_ok(),
        (Some(Kind::Datetime), Value::One(v)) => {
            v.parse::<jiff::civil::Date>().is_ok() || v.parse::<jiff::civil::DateTime>().is_ok()
        }
        (Some(Kind::Phone), Value::One(v)) => v.chars().all(|c| c.is_ascii_digit() || c == '-'),
        (Some(Kind::Digits), Value::One(v)) => v.chars().all(|c| c.is_ascii_digit()),
        _ => true,
    };
    if fits {
        Ok(Edit::Set(value))
    } else {
        Err(Failure::Refused(format!(
            "「{}」の書き方を確かめてください（日付は 2026-11-24、電話は 04-7100-1234 の形）。",
            Vocabulary::get().label(key)
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_keep_the_normal_form() {
        let date = Value::One("2026-06-08".into());
        assert_eq!(edit("document.date", &date, "2026-06-08").ok(), Some(Edit::Confirm));
        assert_eq!(edit("document.date", &date, " \n").ok(), Some(Edit::Remove));
        assert!(edit("document.date", &date, "6月8日").is_err());
        let list = Value::Many(vec!["高血圧症".into()]);
        let two = Value::Many(vec!["高血圧症".into(), "白内障".into()]);
        assert_eq!(edit("clinical.diagnoses", &list, "高血圧症\r\n白内障\r\n").ok(), Some(Edit::Set(two)));
    }
}
