//! A new hospital in two questions: by what is it known, and what was missed?

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{Html, Redirect};

use super::super::frame::Frame;
use super::super::gate::User;
use super::super::pages::readable;
use super::super::words as names;
use super::super::{Failure, Web, view};
use super::tune::Asked;
use super::{Desk, when_of, when_said};
use crate::tuning::edit::When;
use crate::tuning::{is_from, numbers_on};

struct Missed {
    key: String,
    label: String,
    /// What was read, if anything; and whether it is sure.
    value: Option<String>,
    sure: bool,
}

#[derive(Template)]
#[template(path = "rules/wizard.html")]
struct Ask {
    frame: Frame,
    id: String,
    kind: String,
    /// Word and what it is called.
    known_by: Vec<(String, String)>,
    fields: Vec<Missed>,
    fault: Option<String>,
}

/// `GET /rules/sheets/{id}/hospital`
pub async fn ask(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Html<String>, Failure> {
    Ok(Html(page(&web, &user, &id, None).await?))
}

async fn page(web: &Web, user: &User, id: &str, fault: Option<String>) -> Result<String, Failure> {
    readable(web, user, id, "read_rules").await?;
    let seen = web.store.sheet_seen(id).await?.ok_or(Failure::NotFound)?;
    let frame = Frame::of(web, user, "rules").await?;
    let desk = Desk::of(web, user).await?;
    let reading = web.options.rules.reading(&web.store, &seen.reading).await?;
    let mut known_by: Vec<(String, String)> = Vec::new();
    let mut offer = |kind: &str, text: String| {
        if let Some(when) = when_of(&format!("{kind}:{text}")).filter(|w| is_from(w, &reading)) {
            let word = format!("{kind}:{text}");
            if !known_by.iter().any(|k| k.0 == word) {
                known_by.push((word, when_said(&when)));
            }
        }
    };
    for (kind, key) in [("fax", "sender.fax"), ("phone", "sender.phone"), ("name", "sender.institution")] {
        if let Some(text) = seen.content.text(key) {
            offer(kind, text);
        }
    }
    for number in numbers_on(&reading) {
        offer("phone", number);
    }
    let file = desk.now.base.file_of(&seen.content.kind).unwrap_or("common.toml");
    let mut fields: Vec<Missed> = desk
        .now
        .base
        .fields_of(&desk.layer, file)
        .into_iter()
        .map(|(key, own)| {
            let found = seen.content.fields.get(&key);
            Missed {
                label: own.unwrap_or_else(|| names::label(&key)),
                value: found.map(|f| view::shown(&key, &f.value.text())),
                sure: found.is_some_and(|f| f.status == crate::model::Status::Accepted),
                key,
            }
        })
        .collect();
    fields.sort_by_key(|f| (f.sure, !f.key.starts_with("patient."), f.key.clone()));
    let kind = names::kind(&seen.content.kind).to_owned();
    Ok(Ask { frame, id: id.to_owned(), kind, known_by, fields, fault }.render()?)
}

/// `POST /rules/sheets/{id}/hospital`: to the first of the fields that were missed.
pub async fn begin(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(sent): Form<BTreeMap<String, String>>,
) -> Result<Result<Redirect, Html<String>>, Failure> {
    let seen = web.store.sheet_seen(&id).await?.ok_or(Failure::NotFound)?;
    let text = |key: &str| sent.get(key).map(|s| s.trim().to_owned()).unwrap_or_default();
    let typed = text("name");
    let word = if typed.is_empty() { text("when") } else { format!("name:{typed}") };
    let missed: Vec<&str> = sent.keys().filter_map(|k| k.strip_prefix("missed-")).collect();
    let reading = web.options.rules.reading(&web.store, &seen.reading).await?;
    let when: Option<When> = when_of(&word).filter(|w| is_from(w, &reading));
    let fault = match (&when, missed.is_empty()) {
        (None, _) => Some("この用紙に印刷されている名前か番号を選んでください".to_owned()),
        (_, true) => Some("読めなかった項目を選んでください".to_owned()),
        _ => None,
    };
    if let Some(fault) = fault {
        return Ok(Err(Html(page(&web, &user, &id, Some(fault)).await?)));
    }
    let (first, rest) = (missed[0].to_owned(), missed[1..].join(","));
    let asked = Asked { field: first, when: word, todo: rest, ..Asked::default() };
    Ok(Ok(Redirect::to(&asked.address(&id))))
}
