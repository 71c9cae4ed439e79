//! A person's decisions about a sheet, each as one form.

use std::collections::BTreeMap;

use axum::extract::{Form, Path, State};
use axum::response::{Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::decidable;
use super::rows::{added, edit};
use crate::model::Value;
use crate::store::State as Of;
use crate::store::review::{Edit, TYPE};
use crate::web::gate::{User, json as answer};
use crate::web::{Failure, Web};

fn back(id: &str) -> Redirect {
    Redirect::to(&format!("/review/{id}"))
}

fn to_the_list(done: &str) -> Redirect {
    Redirect::to(&format!("/review?done={done}"))
}

#[derive(Deserialize)]
pub struct Decision {
    revision: i64,
    key: String,
    /// As the person left it; empty: the page does not carry it.
    #[serde(default)]
    value: String,
    /// Of a field that the machine did not find.
    page: Option<u32>,
}

/// `POST /review/{id}/decide`: one field, for the script of the page. What is there after it: the text as it is kept.
pub async fn decide(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<Decision>,
) -> Result<Response, Failure> {
    let decided = decided(&web, &user, &id, &form).await?;
    web.store.decide(&id, form.revision, &form.key, &decided, user.actor()).await?;
    Ok(answer(json!({"how": decided.word()})))
}

async fn decided(web: &Web, user: &User, id: &str, form: &Decision) -> Result<Edit, Failure> {
    let d = decidable(web, user, id).await?;
    if form.key == TYPE {
        return Ok(Edit::Set(Value::One(form.value.trim().to_owned())));
    }
    let now = web.options.rules.now();
    match (d.content.fields.get(&form.key), form.page) {
        (Some(field), _) => edit(&form.key, &now.kinds, &field.value, &form.value).map_err(Failure::Refused),
        (None, Some(page)) => {
            let edit = added(&now, &form.key, page, &form.value).map_err(Failure::Refused)?;
            Ok(edit.unwrap_or(Edit::Remove))
        }
        (None, None) => Err(Failure::NotFound),
    }
}

/// `POST /review/{id}/add`: a field that the machine did not find, or another type; without a script.
pub async fn add(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<Decision>,
) -> Result<Redirect, Failure> {
    let decided = decided(&web, &user, &id, &form).await?;
    web.store.decide(&id, form.revision, &form.key, &decided, user.actor()).await?;
    Ok(back(&id))
}

#[derive(Deserialize)]
pub struct Seen {
    /// The revision that the person saw.
    revision: i64,
}

/// `POST /review/{id}/undo`: takes the last decision about a field back.
pub async fn undo(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<Seen>,
) -> Result<Redirect, Failure> {
    decidable(&web, &user, &id).await?;
    web.store.undo(&id, form.revision, user.actor()).await?;
    Ok(back(&id))
}

/// `POST /review/{id}/fields`: every field of the form as the person leaves it; an empty one is not on the page.
pub async fn confirm(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(mut form): Form<BTreeMap<String, String>>,
) -> Result<Redirect, Failure> {
    let revision: i64 = form.remove("revision").and_then(|r| r.parse().ok()).ok_or(Failure::NotFound)?;
    let d = decidable(&web, &user, &id).await?;
    let (now, mut edits) = (web.options.rules.now(), Vec::new());
    for (key, text) in form {
        let Some(field) = d.content.fields.get(&key) else { continue };
        edits.push((key.clone(), edit(&key, &now.kinds, &field.value, &text).map_err(Failure::Refused)?));
    }
    web.store.confirm_fields(&id, revision, &edits, user.actor()).await?;
    Ok(if d.state == Of::Posted { Redirect::to(&format!("/documents/{id}")) } else { back(&id) })
}

/// `POST /review/{id}/save`: what was decided about a sheet that stands in its room becomes its next version.
pub async fn save(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<Seen>,
) -> Result<Redirect, Failure> {
    decidable(&web, &user, &id).await?;
    web.store.confirm_fields(&id, form.revision, &[], user.actor()).await?;
    web.store.let_go(&id, user.actor()).await?;
    Ok(to_the_list(&id))
}

#[derive(Deserialize)]
pub struct RoomForm {
    pub revision: i64,
    /// A candidate's.
    #[serde(default)]
    room: String,
    /// Another one, by its number.
    #[serde(default)]
    other: String,
}

impl RoomForm {
    /// The room that is meant, if any: one that was typed counts more than the one that was marked.
    pub fn meant(&self) -> Option<&str> {
        [self.other.trim(), self.room.trim()].into_iter().find(|r| !r.is_empty())
    }
}

/// `POST /review/{id}/room`
pub async fn choose_room(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<RoomForm>,
) -> Result<Redirect, Failure> {
    decidable(&web, &user, &id).await?;
    let room = form.meant().ok_or_else(|| Failure::Refused("どの部屋に入れるかを選んでください".into()))?;
    web.store.post_sheet(&id, Some(form.revision), room, user.actor()).await?;
    Ok(to_the_list(&id))
}

#[derive(Deserialize)]
pub struct AsideForm {
    revision: i64,
    reason: String,
}

/// `POST /review/{id}/aside`
pub async fn set_aside(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<AsideForm>,
) -> Result<Redirect, Failure> {
    decidable(&web, &user, &id).await?;
    let state = if form.reason.contains("誤送信") { Of::Quarantined } else { Of::Ignored };
    web.store.close_as(&id, Some(form.revision), state, &form.reason, user.actor()).await?;
    Ok(to_the_list(&id))
}

#[derive(Deserialize)]
pub struct PageForm {
    revision: i64,
    page: u32,
}

/// `POST /review/{id}/split`: another document begins on this page.
pub async fn split(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<PageForm>,
) -> Result<Redirect, Failure> {
    decidable(&web, &user, &id).await?;
    web.store.split(&id, form.revision, form.page, user.actor()).await?;
    Ok(back(&id))
}

#[derive(Deserialize)]
pub struct JoinForm {
    revision: i64,
}

/// `POST /review/{id}/join`: the pages back behind those of the document before.
pub async fn join(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<JoinForm>,
) -> Result<Redirect, Failure> {
    decidable(&web, &user, &id).await?;
    let into = web.store.rejoin(&id, form.revision, user.actor()).await?;
    Ok(back(&into))
}

#[derive(Deserialize)]
pub struct TurnForm {
    page: u32,
}

/// `POST /review/{id}/turn`: the page by a quarter, for the eyes.
pub async fn turn(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<TurnForm>,
) -> Result<Redirect, Failure> {
    decidable(&web, &user, &id).await?;
    web.store.turn_page(&id, form.page, user.actor()).await?;
    Ok(Redirect::to(&format!("/review/{id}#p{}", form.page)))
}
