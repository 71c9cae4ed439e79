//! What was in force, by whom and why, with the way back; packs.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::super::frame::Frame;
use super::super::gate::User;
use super::super::{Failure, Web, view};
use super::Desk;
use crate::account::Role;
use crate::store::rules::RuleRevision;
use crate::tuning::pack::Pack;
use crate::tuning::seal::{self, Signed};
use crate::tuning::{Lines, OwnRules, RulesError, changed};

const LIST: i64 = 100;

struct Line {
    number: i64,
    at: String,
    author: String,
    reason: String,
    tried: String,
    in_force: bool,
}

#[derive(Template)]
#[template(path = "rules/history.html")]
struct List {
    frame: Frame,
    lines: Vec<Line>,
    in_force: i64,
    fault: Option<String>,
    /// Fingerprint of the key that our packs are signed with; none before the first.
    key: Option<String>,
    tunes: bool,
}

#[derive(Template)]
#[template(path = "rules/revision.html")]
struct One {
    frame: Frame,
    line: Line,
    changes: Vec<(String, Lines)>,
    newest: i64,
    tunes: bool,
}

/// `GET /rules/history`
pub async fn list(State(web): State<Web>, user: User) -> Result<Html<String>, Failure> {
    let frame = Frame::of(&web, &user, "rules").await?;
    let all = web.store.rule_revisions(LIST).await?;
    let newest = all.first().map_or(0, |r| r.number);
    let page = List {
        lines: all.iter().map(|r| line(&frame, r, newest)).collect(),
        in_force: newest,
        fault: web.options.rules.now().fault.clone(),
        key: seal::own(&web.store).await?,
        tunes: user.has(Role::Rules),
        frame,
    };
    Ok(Html(page.render()?))
}

/// `GET /rules/history/{number}`
pub async fn one(State(web): State<Web>, user: User, Path(number): Path<i64>) -> Result<Html<String>, Failure> {
    let this = web.store.rule_revision(number).await?.ok_or(Failure::NotFound)?;
    let before = web.store.rule_revision(number - 1).await?;
    let layer = |r: &RuleRevision| OwnRules::of_json(&r.layer).map_err(|e| Failure::Broken(e.to_string()));
    let (a, b) = (before.as_ref().map(layer).transpose()?.unwrap_or_default(), layer(&this)?);
    let frame = Frame::of(&web, &user, "rules").await?;
    let newest = web.store.rules_version().await?;
    let page = One {
        line: line(&frame, &this, newest),
        changes: changed(&a, &b),
        newest,
        tunes: user.has(Role::Rules),
        frame,
    };
    Ok(Html(page.render()?))
}

fn line(frame: &Frame, r: &RuleRevision, newest: i64) -> Line {
    let tried: Json = serde_json::from_str(&r.tried).unwrap_or_default();
    let n = |key: &str| tried.get(key).and_then(Json::as_u64);
    let tried = match (n("sheets"), n("fixed"), n("broken")) {
        (Some(sheets), Some(fixed), Some(broken)) => match frame.lang() {
            crate::account::Lang::Ja => format!("{sheets} 枚で試験: よくなる {fixed}、悪くなる {broken}"),
            crate::account::Lang::En => format!("tried on {sheets} sheets: {fixed} fixed, {broken} broken"),
        },
        _ => frame.say("試験なし", "not tried").to_owned(),
    };
    Line {
        number: r.number,
        at: view::moment(r.created, view::today()),
        author: r.author.clone(),
        reason: r.reason.clone(),
        tried,
        in_force: r.number == newest,
    }
}

#[derive(Deserialize)]
pub struct Seen {
    /// The newest revision that the person saw.
    newest: i64,
}

/// `POST /rules/history/{number}/return`: that revision's rules are in force again; 0: the program's own alone.
pub async fn back(
    State(web): State<Web>,
    user: User,
    Path(number): Path<i64>,
    Form(seen): Form<Seen>,
) -> Result<Redirect, Failure> {
    return_to(&web, &user, number, seen.newest).await?;
    Ok(Redirect::to("/rules/history"))
}

/// Puts a revision's rules in force again: the number of the new one.
pub async fn return_to(web: &Web, user: &User, number: i64, newest: i64) -> Result<i64, Failure> {
    let base = web.options.rules.now().base.clone();
    let bare = OwnRules::default();
    let (layer, hash) = (bare.json(), base.hash(&bare));
    let number = web.store.return_to_rules(number, newest, (&layer, &hash), user.actor()).await?;
    web.options.rules.look(&web.store).await?;
    Ok(number)
}

/// `GET /rules/pack`: what is in force, as one text with our signature.
pub async fn export(State(web): State<Web>, user: User) -> Result<impl IntoResponse, Failure> {
    let (day, text) = sealed_pack(&web, &user).await?;
    let name = format!("attachment; filename=\"faxbridge-rules-{day}.toml\"");
    let head =
        [(header::CONTENT_TYPE, "application/toml; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((head, text))
}

/// The day, and what is in force as a pack with our signature.
pub async fn sealed_pack(web: &Web, user: &User) -> Result<(String, String), Failure> {
    let now = web.options.rules.now();
    let day = view::today().to_string();
    let pack = Pack::of(&now.layer, &format!("faxbridge rules, revision {}", now.revision), &day);
    web.store.log_access(user.actor(), "rules_export", "rules", json!({"revision": now.revision})).await?;
    Ok((day, seal::sign(&web.store, pack).await?.text()))
}

#[derive(Deserialize)]
pub struct Import {
    text: String,
    /// What it is was seen.
    #[serde(default)]
    sure: String,
}

/// A pack before it is taken.
#[derive(Template)]
#[template(path = "rules/pack.html")]
struct Shown {
    frame: Frame,
    name: String,
    made: String,
    /// Fingerprint of the key that signed it, and whether it is ours.
    signed: Option<String>,
    ours: bool,
    changes: Vec<(String, Lines)>,
    text: String,
    tunes: bool,
}

/// `POST /rules/pack`: another city's pack is shown, with who signed it and what it changes; once that was seen it becomes
/// one's draft, to be tried like any.
pub async fn import(State(web): State<Web>, user: User, Form(sent): Form<Import>) -> Result<Response, Failure> {
    let desk = Desk::of(&web, &user).await?;
    let text = sent.text.replace("\r\n", "\n");
    let (pack, layer, signed) = opened(&desk, &text)?;
    if sent.sure != "1" {
        let page = Shown {
            ours: signed.is_some() && signed == seal::own(&web.store).await?,
            frame: Frame::of(&web, &user, "rules").await?,
            name: pack.name,
            made: pack.made,
            signed,
            changes: changed(&desk.layer, &layer),
            text,
            tunes: user.has(Role::Rules),
        };
        return Ok(Html(page.render()?).into_response());
    }
    let hash = desk.now.base.hash(&layer);
    web.store.import_rules(user.actor(), desk.now.revision, &layer.json(), &hash).await?;
    Ok(Redirect::to(if user.has(Role::Rules) { "/rules" } else { "/rules/history" }).into_response())
}

/// A pack, the layer in it, and the fingerprint of the key that signed it, if one did.
pub fn opened(desk: &Desk, text: &str) -> Result<(Pack, OwnRules, Option<String>), Failure> {
    let bad = |e: RulesError| Failure::Refused(format!("このファイルは取り込めません: {e}"));
    let pack = Pack::read(text).map_err(bad)?;
    let layer = pack.layer(&desk.now.base).map_err(bad)?;
    let signed = match seal::signer(&pack) {
        Signed::Wrong => {
            return Err(Failure::Refused(
                "このファイルは署名と合いません。発行元からもう一度受け取ってください。".into(),
            ));
        }
        Signed::Nobody => None,
        Signed::By(key) => Some(key),
    };
    Ok((pack, layer, signed))
}
