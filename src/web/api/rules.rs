//! Rules that administrators tune: what is in force and was, one's draft, packs, fields of one's own. The same as the pages
//! under `/rules`: a draft is one's account's, and is put in force only after it was tried (`trials`).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json_;
use utoipa::ToSchema;

use super::super::gate::{Route, User, get, post, put};
use super::super::rules::history::{opened, return_to, sealed_pack};
use super::super::rules::own::{self, New};
use super::super::rules::test::put_in_force;
use super::super::rules::{Desk, KEEPERS, RULES, told};
use super::super::{Failure, Web};
use super::review::{Most, Refusals};
use super::{Body, Problems};
use crate::account::scope::Scope;
use crate::store::rules::RuleRevision;
use crate::store::status::rfc3339;
use crate::tuning::OwnRules;
use crate::tuning::seal;

pub fn routes() -> Vec<Route> {
    let (read, write) = (|r: Route| r.scoped(Scope::RulesRead), |r: Route| r.scoped(Scope::RulesWrite));
    vec![
        read(get(KEEPERS, "/api/v1/rules/revisions", list)),
        write(post(RULES, "/api/v1/rules/revisions", activate)),
        read(get(KEEPERS, "/api/v1/rules/revisions/{number}", one)),
        write(post(KEEPERS, "/api/v1/rules/revisions/{number}/return", back)),
        read(get(RULES, "/api/v1/rules/draft", draft)),
        write(put(RULES, "/api/v1/rules/draft", keep)),
        write(post(RULES, "/api/v1/rules/draft/drop", drop_draft)),
        read(get(KEEPERS, "/api/v1/rules/pack", export)),
        write(post(KEEPERS, "/api/v1/rules/pack", import)),
        read(get(RULES, "/api/v1/rules/fields", fields)),
        write(post(RULES, "/api/v1/rules/fields", add_field)),
    ]
}

/// File name → TOML.
pub type Files = BTreeMap<String, String>;

/// Rules that a city put on top of those of the program.
#[derive(Serialize, ToSchema)]
pub struct RulesRevision {
    /// From 1.
    number: i64,
    /// `sha256:…`, as documents name what read them.
    hash: String,
    in_force: bool,
    /// The one that it was made from; 0: the program's own alone.
    parent: i64,
    author: String,
    reason: String,
    /// Sums of the backtest before it was put in force; empty where there was none.
    #[schema(value_type = Object)]
    tried: Json_,
    created: String,
    /// Its files; only where one revision is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Files>,
}

impl RulesRevision {
    fn new(r: RuleRevision, newest: i64, whole: bool) -> RulesRevision {
        RulesRevision {
            in_force: r.number == newest,
            files: whole.then(|| serde_json::from_str(&r.layer).unwrap_or_default()),
            tried: serde_json::from_str(&r.tried).unwrap_or_default(),
            created: rfc3339(r.created),
            number: r.number,
            hash: r.hash,
            parent: r.parent,
            author: r.author,
            reason: r.reason,
        }
    }
}

/// What was put in force, the newest first.
#[utoipa::path(get, path = "/api/v1/rules/revisions", tag = "rules", params(Most),
               responses((status = 200, body = Vec<RulesRevision>), Problems), security(("token" = ["rules:read"])))]
pub async fn list(State(web): State<Web>, Query(most): Query<Most>) -> Result<Json<Vec<RulesRevision>>, Failure> {
    let newest = web.store.rules_version().await?;
    let all = web.store.rule_revisions(most.number()).await?;
    Ok(Json(all.into_iter().map(|r| RulesRevision::new(r, newest, false)).collect()))
}

async fn found(web: &Web, number: i64) -> Result<Json<RulesRevision>, Failure> {
    let newest = web.store.rules_version().await?;
    let this = web.store.rule_revision(number).await?.ok_or(Failure::NotFound)?;
    Ok(Json(RulesRevision::new(this, newest, true)))
}

/// One revision with its files.
#[utoipa::path(get, path = "/api/v1/rules/revisions/{number}", tag = "rules", params(("number" = i64, Path)),
               responses((status = 200, body = RulesRevision), Problems), security(("token" = ["rules:read"])))]
pub async fn one(State(web): State<Web>, Path(number): Path<i64>) -> Result<Json<RulesRevision>, Failure> {
    found(&web, number).await
}

#[derive(Deserialize, ToSchema)]
pub struct Activated {
    /// The revision that was in force when the draft was looked at.
    parent: i64,
    /// Needed where the backtest found something that gets worse.
    #[serde(default)]
    reason: String,
}

/// Puts the draft in force. It must have been tried as it is.
#[utoipa::path(post, path = "/api/v1/rules/revisions", tag = "rules", request_body = Activated,
               responses((status = 201, body = RulesRevision), Refusals, Problems), security(("token" = ["rules:write"])))]
pub async fn activate(
    State(web): State<Web>,
    user: User,
    Body(wanted): Body<Activated>,
) -> Result<(StatusCode, Json<RulesRevision>), Failure> {
    let number = put_in_force(&web, &user, wanted.parent, &wanted.reason).await?;
    Ok((StatusCode::CREATED, found(&web, number).await?))
}

#[derive(Deserialize, ToSchema)]
pub struct Seen {
    /// The newest revision that was looked at.
    newest: i64,
}

/// Puts a revision's rules in force again, as a new one; 0: the program's own alone.
#[utoipa::path(post, path = "/api/v1/rules/revisions/{number}/return", tag = "rules", params(("number" = i64, Path)),
               request_body = Seen, responses((status = 200, body = RulesRevision), Refusals, Problems),
               security(("token" = ["rules:write"])))]
pub async fn back(
    State(web): State<Web>,
    user: User,
    Path(number): Path<i64>,
    Body(seen): Body<Seen>,
) -> Result<Json<RulesRevision>, Failure> {
    let number = return_to(&web, &user, number, seen.newest).await?;
    found(&web, number).await
}

/// What the account works on; where it works on nothing, what is in force.
#[derive(Serialize, ToSchema)]
pub struct Draft {
    /// The revision that it was begun from.
    parent: i64,
    /// Something in it is not in force.
    begun: bool,
    /// Somebody has put other rules in force since.
    stale: bool,
    #[schema(value_type = std::collections::HashMap<String, String>)]
    files: Files,
}

async fn now(web: &Web, user: &User) -> Result<Json<Draft>, Failure> {
    let desk = Desk::of(web, user).await?;
    let files = desk.layer.files().map(|(n, t)| (n.to_owned(), t.to_owned())).collect();
    Ok(Json(Draft { parent: desk.parent, begun: desk.begun, stale: desk.stale(), files }))
}

/// The account's draft.
#[utoipa::path(get, path = "/api/v1/rules/draft", tag = "rules", responses((status = 200, body = Draft), Problems),
               security(("token" = ["rules:read"])))]
pub async fn draft(State(web): State<Web>, user: User) -> Result<Json<Draft>, Failure> {
    now(&web, &user).await
}

#[derive(Deserialize, ToSchema)]
pub struct Kept {
    /// File name → TOML: all files of the draft. Those that are left out, or empty, say nothing of the city's own.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    files: Files,
}

/// Keeps a draft. A file that cannot be used is named with its line, and nothing is kept.
#[utoipa::path(put, path = "/api/v1/rules/draft", tag = "rules", request_body = Kept,
               responses((status = 200, body = Draft), Refusals, Problems), security(("token" = ["rules:write"])))]
pub async fn keep(State(web): State<Web>, user: User, Body(kept): Body<Kept>) -> Result<Json<Draft>, Failure> {
    let desk = Desk::of(&web, &user).await?;
    let mut layer = OwnRules::default();
    kept.files.iter().for_each(|(name, text)| layer.set(name, text));
    desk.now.base.check(&layer).map_err(|fault| Failure::Malformed(told(&fault)))?;
    desk.keep(&web, &user, &layer).await?;
    now(&web, &user).await
}

/// Gives the draft up; what is in force stays so.
#[utoipa::path(post, path = "/api/v1/rules/draft/drop", tag = "rules", responses((status = 200, body = Draft), Problems),
               security(("token" = ["rules:write"])))]
pub async fn drop_draft(State(web): State<Web>, user: User) -> Result<Json<Draft>, Failure> {
    web.store.drop_rule_draft(user.actor()).await?;
    now(&web, &user).await
}

/// What is in force as a signed pack (TOML), for another city.
#[utoipa::path(get, path = "/api/v1/rules/pack", tag = "rules",
               responses((status = 200, content_type = "application/toml", body = String), Problems),
               security(("token" = ["rules:read"])))]
pub async fn export(State(web): State<Web>, user: User) -> Result<impl IntoResponse, Failure> {
    let (_, text) = sealed_pack(&web, &user).await?;
    Ok(([(header::CONTENT_TYPE, "application/toml; charset=utf-8")], text))
}

#[derive(Deserialize, ToSchema)]
pub struct Import {
    /// The pack.
    text: String,
    /// It becomes the draft; else it is only looked at.
    #[serde(default)]
    take: bool,
}

/// What a pack says.
#[derive(Serialize, ToSchema)]
pub struct Pack {
    name: String,
    /// Day.
    made: String,
    /// Fingerprint of the key that signed it; none: nobody did.
    signed: Option<String>,
    /// It is our own key.
    ours: bool,
    #[schema(value_type = std::collections::HashMap<String, String>)]
    files: Files,
    /// It is the account's draft now.
    taken: bool,
}

/// Looks at another city's pack, or takes it as the draft. One that was changed on its way is refused.
#[utoipa::path(post, path = "/api/v1/rules/pack", tag = "rules", request_body = Import,
               responses((status = 200, body = Pack), Refusals, Problems), security(("token" = ["rules:write"])))]
pub async fn import(State(web): State<Web>, user: User, Body(sent): Body<Import>) -> Result<Json<Pack>, Failure> {
    let desk = Desk::of(&web, &user).await?;
    let (pack, layer, signed) = opened(&desk, &sent.text)?;
    if sent.take {
        let hash = desk.now.base.hash(&layer);
        web.store.import_rules(user.actor(), desk.now.revision, &layer.json(), &hash).await?;
    }
    let ours = signed.is_some() && signed == seal::own(&web.store).await?;
    let files = layer.files().map(|(n, t)| (n.to_owned(), t.to_owned())).collect();
    Ok(Json(Pack { name: pack.name, made: pack.made, signed, ours, files, taken: sent.take }))
}

/// A field of the city's own.
#[derive(Serialize, ToSchema)]
pub struct OwnField {
    /// `x.…`
    key: String,
    label: String,
    in_force: bool,
}

async fn own_fields(web: &Web, user: &User) -> Result<Json<Vec<OwnField>>, Failure> {
    let desk = Desk::of(web, user).await?;
    let rules = web.options.rules.draft(&desk.layer).map_err(|e| Failure::Refused(e.to_string()))?;
    let in_force = |key: &String| desk.now.own.contains_key(key);
    let all = rules.own_fields().into_iter();
    Ok(Json(all.map(|(key, label)| OwnField { in_force: in_force(&key), key, label }).collect()))
}

/// The city's own fields, those of the draft included.
#[utoipa::path(get, path = "/api/v1/rules/fields", tag = "rules",
               responses((status = 200, body = Vec<OwnField>), Problems), security(("token" = ["rules:read"])))]
pub async fn fields(State(web): State<Web>, user: User) -> Result<Json<Vec<OwnField>>, Failure> {
    own_fields(&web, &user).await
}

/// Adds a field of the city's own to the draft, for all types of sheets.
#[utoipa::path(post, path = "/api/v1/rules/fields", tag = "rules", request_body = New,
               responses((status = 201, body = Vec<OwnField>), Refusals, Problems),
               security(("token" = ["rules:write"])))]
pub async fn add_field(
    State(web): State<Web>,
    user: User,
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<Vec<OwnField>>), Failure> {
    own::put(&web, &user, &new).await?.map_err(Failure::Malformed)?;
    Ok((StatusCode::CREATED, own_fields(&web, &user).await?))
}
