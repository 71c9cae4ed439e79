//! Fields of the city's own (`x.…`): added here, carried everywhere.

use askama::Template;
use axum::extract::{Form, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::super::frame::Frame;
use super::super::gate::User;
use super::super::{Failure, Web};
use super::words::{self, Choice};
use super::{Desk, told};
use crate::tuning::edit::{KINDS, RuleForm, Spot, own_key};

/// A field to be.
#[derive(Deserialize, Default, Clone, ToSchema)]
#[serde(default)]
pub struct New {
    /// Lower-case letters, digits and `_`; `x.` may be left out.
    key: String,
    /// What people call it.
    label: String,
    /// `text` (where nothing is said), `date`, `datetime`, `phone`, `digits`.
    kind: String,
    /// Labels on paper, one a line; empty: its name.
    labels: String,
    /// Regular expression that the value must have.
    pattern: String,
}

#[derive(Template)]
#[template(path = "rules/fields.html")]
struct Fields {
    frame: Frame,
    /// Key and label.
    known: Vec<(String, String)>,
    kinds: Vec<Choice>,
    new: New,
    fault: Option<String>,
}

/// `GET /rules/fields`
pub async fn list(State(web): State<Web>, user: User) -> Result<Html<String>, Failure> {
    Ok(Html(page(&web, &user, New::default(), None).await?))
}

async fn page(web: &Web, user: &User, new: New, fault: Option<String>) -> Result<String, Failure> {
    let desk = Desk::of(web, user).await?;
    let frame = Frame::of(web, user, "rules").await?;
    let rules = web.options.rules.draft(&desk.layer).map_err(|e| Failure::Refused(e.to_string()))?;
    let known = rules.own_fields().into_iter().collect();
    let usable: Vec<&str> = KINDS.iter().copied().filter(|k| !matches!(*k, "enum" | "list")).collect();
    let kinds = words::choices(&frame, &usable, |k| k == new.kind);
    Ok(Fields { known, kinds, new, fault, frame }.render()?)
}

/// `POST /rules/fields`: into the draft, for all types of sheets.
pub async fn add(State(web): State<Web>, user: User, Form(new): Form<New>) -> Result<Response, Failure> {
    match put(&web, &user, &new).await? {
        Ok(()) => Ok(Redirect::to("/rules/fields").into_response()),
        Err(fault) => Ok(Html(page(&web, &user, new, Some(fault)).await?).into_response()),
    }
}

/// Its key, `x.…`.
fn key(new: &New) -> String {
    format!("x.{}", new.key.trim().trim_start_matches("x."))
}

/// Puts a field into somebody's draft, or says what is wrong with it.
pub async fn put(web: &Web, user: &User, new: &New) -> Result<Result<(), String>, Failure> {
    let (desk, key) = (Desk::of(web, user).await?, key(new));
    if !own_key(&key) || new.label.trim().is_empty() {
        return Ok(Err("記号は英小文字で始まる英数字と _、名前は必ず書いてください".to_owned()));
    }
    let (form, normalise): (&str, &[&str]) = match new.kind.as_str() {
        "date" => ("date", &[]),
        "datetime" => ("datetime", &[]),
        "phone" => ("phone", &["phone"]),
        "digits" => ("word", &["digits"]),
        _ => ("word", &[]),
    };
    let rule = RuleForm {
        labels: if new.labels.trim().is_empty() { new.label.clone() } else { new.labels.clone() },
        form: form.to_owned(),
        pattern: new.pattern.clone(),
        normalise: normalise.iter().map(|n| (*n).to_owned()).collect(),
        check: if new.kind == "phone" { vec!["phone".to_owned()] } else { Vec::new() },
        label: new.label.clone(),
        kind: new.kind.clone(),
        ..RuleForm::default()
    };
    match desk.now.base.put(&desk.layer, &Spot { file: "common.toml", when: None, key: &key }, &rule) {
        Ok(layer) => {
            desk.keep(web, user, &layer).await?;
            web.store.log_access(user.actor(), "rules_field", "rules", json!({"key": key})).await?;
            Ok(Ok(()))
        }
        Err(fault) => Ok(Err(told(&fault))),
    }
}
