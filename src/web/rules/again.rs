//! Reading sheets again with the rules of today: a selection is read, what came out otherwise is offered, and a person
//! takes it field by field or leaves it.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{Html, Redirect};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::super::frame::Frame;
use super::super::gate::User;
use super::super::pages::{page_views, readable};
use super::super::view::{self, Crop};
use super::super::words as names;
use super::super::{Failure, Web};
use super::tune::encode;
use crate::model::{Field, Status, Vocabulary};
use crate::store::rules::SheetFilter;
use crate::tuning::again::{MOST, Reread};

const DAY_MS: i64 = 86_400_000;
const LIST: i64 = 200;

/// Which sheets; what is empty leaves all in.
#[derive(Deserialize, Default, ToSchema)]
#[serde(default)]
pub struct Chosen {
    /// A type of the vocabulary.
    kind: String,
    /// Stands in the sender's name.
    sender: String,
    /// Received within so many days, as a number; 30 where nothing is said.
    days: String,
    /// Where the last one stopped: its `next`.
    before: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Told {
    sheets: Option<usize>,
    offered: Option<usize>,
    unreadable: Option<usize>,
    next: String,
    kind: String,
    sender: String,
    days: String,
}

#[derive(Template)]
#[template(path = "rules/again.html")]
struct Ask {
    frame: Frame,
    kinds: Vec<(String, String)>,
    most: i64,
    told: Option<(usize, usize, usize)>,
    /// The same selection, further back: type, sender, days, before.
    next: Option<[(&'static str, String); 4]>,
}

/// `GET /rules/again`
pub async fn ask(State(web): State<Web>, user: User, Query(told): Query<Told>) -> Result<Html<String>, Failure> {
    let kinds = Vocabulary::get().types.keys().map(|k| (k.clone(), names::kind(k).to_owned())).collect();
    let next = (!told.next.is_empty()).then_some([
        ("kind", told.kind),
        ("sender", told.sender),
        ("days", told.days),
        ("before", told.next),
    ]);
    let told = told.sheets.map(|n| (n, told.offered.unwrap_or(0), told.unreadable.unwrap_or(0)));
    Ok(Html(Ask { frame: Frame::of(&web, &user, "rules").await?, kinds, most: MOST, told, next }.render()?))
}

/// `POST /rules/again`
pub async fn read(State(web): State<Web>, user: User, Form(form): Form<Chosen>) -> Result<Redirect, Failure> {
    let done = read_selection(&web, &user, &form).await?;
    let mut to = format!("sheets={}&offered={}&unreadable={}", done.sheets, done.offered, done.unreadable);
    if let Some(next) = done.next {
        let (kind, sender, days) = (encode(&form.kind), encode(&form.sender), encode(&form.days));
        to += &format!("&next={next}&kind={kind}&sender={sender}&days={days}");
    }
    Ok(Redirect::to(&format!("/rules/again?{to}")))
}

/// Reads a selection again.
pub async fn read_selection(web: &Web, user: &User, chosen: &Chosen) -> Result<Reread, Failure> {
    let word = |s: &str| Some(s.trim().to_owned()).filter(|s| !s.is_empty());
    let days: i64 = chosen.days.parse().unwrap_or(30);
    let filter = SheetFilter {
        kind: word(&chosen.kind),
        sender: word(&chosen.sender),
        since: web.store.now() - days.clamp(1, 3_650) * DAY_MS,
        before: chosen.before.parse().ok(),
        ..SheetFilter::default()
    };
    Ok(web.options.rules.read_again(&web.store, &filter, user.actor()).await?)
}

struct Line {
    id: String,
    kind: String,
    sender: String,
    at: String,
    fields: usize,
    stale: bool,
}

#[derive(Template)]
#[template(path = "rules/offers.html")]
struct Offers {
    frame: Frame,
    lines: Vec<Line>,
}

/// `GET /reread`: offers that wait for a person.
pub async fn list(State(web): State<Web>, user: User) -> Result<Html<String>, Failure> {
    web.store.log_access(user.actor(), "list", "reread", json!({})).await?;
    let lines = web
        .store
        .offers(LIST)
        .await?
        .into_iter()
        .map(|o| Line {
            id: o.document,
            kind: names::kind(&o.kind).to_owned(),
            sender: o.sender.unwrap_or_default(),
            at: view::moment(o.received, view::today()),
            fields: o.fields,
            stale: o.stale,
        })
        .collect();
    Ok(Html(Offers { frame: Frame::of(&web, &user, "review").await?, lines }.render()?))
}

struct Change {
    key: String,
    label: String,
    before: String,
    after: String,
    crop: Option<Crop>,
}

#[derive(Template)]
#[template(path = "rules/offer.html")]
struct OneOffer {
    frame: Frame,
    id: String,
    kind: String,
    at: String,
    revision: i64,
    stale: bool,
    changes: Vec<Change>,
}

/// `GET /reread/{id}`: as it stands, and as it is read now.
pub async fn show(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Html<String>, Failure> {
    let d = readable(&web, &user, &id, "read").await?;
    let offer = web.store.offer(&id).await?.ok_or(Failure::NotFound)?;
    let frame = Frame::of(&web, &user, "review").await?;
    let pages = page_views(&d);
    let shown = |key: &str, f: Option<&Field>| match f {
        None => frame.say("（なし）", "(none)").to_owned(),
        Some(f) if f.status == Status::Review => {
            format!("{}（{}）", view::shown(key, &f.value.text()), frame.say("未確認", "unsure"))
        }
        Some(f) => view::shown(key, &f.value.text()),
    };
    let changes = offer
        .fields
        .iter()
        .map(|(key, now)| {
            let before = d.content.fields.get(key);
            let field = now.as_ref().or(before);
            Change {
                label: field.map_or_else(|| names::label(key), |f| view::label_of(key, f)),
                before: shown(key, before),
                after: shown(key, now.as_ref()),
                crop: field.and_then(|f| view::crop_of(f, &pages)),
                key: key.clone(),
            }
        })
        .collect();
    let page = OneOffer {
        kind: names::kind(&d.content.kind).to_owned(),
        at: view::moment(d.received, view::today()),
        revision: d.revision,
        stale: d.revision != offer.revision,
        id,
        changes,
        frame,
    };
    Ok(Html(page.render()?))
}

/// `POST /reread/{id}`: the ticked fields; with none, the offer is refused.
pub async fn take(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(mut form): Form<BTreeMap<String, String>>,
) -> Result<Redirect, Failure> {
    let revision: i64 = form.remove("revision").and_then(|r| r.parse().ok()).ok_or(Failure::NotFound)?;
    let keys: Vec<String> = form.into_keys().filter_map(|k| k.strip_prefix("take-").map(str::to_owned)).collect();
    web.store.take_offer(&id, revision, &keys, user.actor()).await?;
    Ok(Redirect::to("/reread"))
}
