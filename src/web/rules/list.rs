//! `/rules`: what is in force, one's draft, and recent sheets to pick one from.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{Html, Redirect};
use serde::Deserialize;
use serde_json::json;

use super::super::frame::Frame;
use super::super::gate::User;
use super::super::words as names;
use super::super::{Failure, Web, view};
use super::Desk;
use crate::model::{Status, Vocabulary};
use crate::store::rules::SheetFilter;

/// Sheets that the list shows.
const LIST: i64 = 60;

struct Line {
    id: String,
    kind: String,
    at: String,
    sender: String,
    unsure: Vec<String>,
    /// The rules in force read it.
    current: bool,
}

#[derive(Template)]
#[template(path = "rules/list.html")]
struct List {
    frame: Frame,
    revision: i64,
    fault: Option<String>,
    begun: bool,
    stale: bool,
    lines: Vec<Line>,
    kinds: Vec<(String, String, bool)>,
    sender: String,
    unsure: bool,
    offers: usize,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    kind: String,
    sender: String,
    unsure: String,
}

/// `GET /rules`
pub async fn list(State(web): State<Web>, user: User, Query(asked): Query<Asked>) -> Result<Html<String>, Failure> {
    web.store.log_access(user.actor(), "list", "rules", json!({})).await?;
    let desk = Desk::of(&web, &user).await?;
    let word = |s: &str| Some(s.trim().to_owned()).filter(|s| !s.is_empty());
    let filter = SheetFilter { kind: word(&asked.kind), sender: word(&asked.sender), ..SheetFilter::default() };
    let unsure = !asked.unsure.is_empty();
    let mut lines = Vec::new();
    for s in web.store.recent_sheets(&filter, LIST).await? {
        let open: Vec<String> = s
            .content
            .fields
            .iter()
            .filter(|(_, f)| f.status == Status::Review)
            .map(|(k, f)| view::label_of(k, f))
            .collect();
        if unsure && open.is_empty() {
            continue;
        }
        lines.push(Line {
            kind: names::kind(&s.content.kind).to_owned(),
            at: view::moment(s.received, view::today()),
            sender: s.content.accepted("sender.institution").unwrap_or_default(),
            unsure: open,
            current: s.reader.rules == desk.now.rules.hash(),
            id: s.document,
        });
    }
    let kinds =
        Vocabulary::get().types.keys().map(|k| (k.clone(), names::kind(k).to_owned(), *k == asked.kind)).collect();
    let offers = web.store.offers(200).await?.len();
    let page = List {
        frame: Frame::of(&web, &user, "rules").await?,
        revision: desk.now.revision,
        fault: desk.now.fault.clone(),
        stale: desk.stale(),
        begun: desk.begun,
        lines,
        kinds,
        sender: asked.sender,
        unsure,
        offers,
    };
    Ok(Html(page.render()?))
}

/// `POST /rules/draft/drop`: everything that was changed and is not in force is forgotten.
pub async fn drop_draft(State(web): State<Web>, user: User) -> Result<Redirect, Failure> {
    web.store.drop_rule_draft(user.actor()).await?;
    Ok(Redirect::to("/rules"))
}
