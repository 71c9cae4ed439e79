//! The service as a whole: registers, sources, the audit log.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::super::gate::{ADMIN, Route, User, get, post};
use super::super::{Failure, Web};
use super::review::Refusals;
use super::{Body, Problems};
use crate::account::scope::Scope;
use crate::store::blobs::sha256;
use crate::store::status::rfc3339;
use crate::store::trail::Wanted;
use crate::store::{Plan, Register, StoreError};

/// Rows of the log in one answer.
const ROWS: i64 = 1000;

pub fn routes() -> Vec<Route> {
    vec![
        post(ADMIN, "/api/v1/registers/{register}/preview", preview).scoped(Scope::AdminRead),
        post(ADMIN, "/api/v1/registers/{register}", apply).scoped(Scope::AdminWrite),
        get(ADMIN, "/api/v1/sources", sources).scoped(Scope::AdminRead),
        post(ADMIN, "/api/v1/sources/{name}/test", test).scoped(Scope::AdminWrite),
        get(ADMIN, "/api/v1/audit", audit).scoped(Scope::AuditRead),
    ]
}

/// A register's file, whole: what is not in it ends.
#[derive(Deserialize, ToSchema)]
pub struct RegisterFile {
    /// CSV with its heading, as for `faxbridge import`.
    csv: String,
}

/// A file that was looked at.
#[derive(Deserialize, ToSchema)]
pub struct Approved {
    csv: String,
    /// Of the preview: what the file changes is still that.
    stamp: String,
}

/// What a file changes.
#[derive(Serialize, ToSchema)]
pub struct Changes {
    adds: usize,
    changes: usize,
    ends: usize,
    /// For a person, one line each.
    lines: Vec<String>,
    /// To be sent along with the file.
    stamp: String,
}

impl Changes {
    fn of(plan: &Plan) -> Changes {
        let lines = plan.diff.lines();
        Changes {
            adds: plan.diff.adds.len(),
            changes: plan.diff.changes.len(),
            ends: plan.diff.ends.len(),
            stamp: sha256(lines.join("\n").as_bytes()),
            lines,
        }
    }
}

async fn planned(web: &Web, register: &str, csv: &str) -> Result<(Register, Plan), Failure> {
    let all = [Register::Patients, Register::Institutions, Register::Offices, Register::Staff];
    let register = all.into_iter().find(|r| r.as_str() == register).ok_or(Failure::NotFound)?;
    let plan = match web.store.plan_import_of(register, "csv", csv.as_bytes()).await {
        Ok(plan) => plan,
        Err(StoreError::Register(e)) => return Err(Failure::Malformed(e.to_string())),
        Err(e) => return Err(e.into()),
    };
    if plan.is_empty() {
        return Err(Failure::Malformed("the file holds no entry".into()));
    }
    Ok((register, plan))
}

/// What a register's file would change: `patient`, `institution`, `office`, `staff`. Changes nothing.
#[utoipa::path(post, path = "/api/v1/registers/{register}/preview", tag = "service",
               params(("register" = String, Path)), request_body = RegisterFile,
               responses((status = 200, body = Changes), Refusals, Problems), security(("token" = ["admin:read"])))]
pub async fn preview(
    State(web): State<Web>,
    user: User,
    Path(register): Path<String>,
    Body(file): Body<RegisterFile>,
) -> Result<Json<Changes>, Failure> {
    let (register, plan) = planned(&web, &register, &file.csv).await?;
    web.store.log_access(user.actor(), "list", register.as_str(), json!({"preview": true})).await?;
    Ok(Json(Changes::of(&plan)))
}

/// Takes a register's file over, whole or not at all, if it changes what the preview told.
#[utoipa::path(post, path = "/api/v1/registers/{register}", tag = "service", params(("register" = String, Path)),
               request_body = Approved, responses((status = 200, body = Changes), Refusals, Problems),
               security(("token" = ["admin:write"])))]
pub async fn apply(
    State(web): State<Web>,
    user: User,
    Path(register): Path<String>,
    Body(file): Body<Approved>,
) -> Result<Json<Changes>, Failure> {
    let (_, plan) = planned(&web, &register, &file.csv).await?;
    let changes = Changes::of(&plan);
    if changes.stamp != file.stamp {
        return Err(Failure::Refused(
            "表示してから名簿が変わりました。もう一度ファイルを選んで確かめてください。".into(),
        ));
    }
    web.store.apply_import(&plan, user.actor()).await?;
    Ok(Json(changes))
}

/// Where faxes come from.
#[derive(Serialize, ToSchema)]
pub struct Source {
    name: String,
    /// `folder`, `maildir`, `imap`.
    kind: String,
    /// When it was last looked through.
    looked: Option<String>,
    /// When something last came.
    received: Option<String>,
    /// What is wrong with it.
    fault: Option<String>,
    /// When a test was last sent through it.
    tested: Option<String>,
    /// Why that test failed, so far as is known; none while it may yet come.
    test_fault: Option<String>,
    /// It arrived and was read exactly.
    test_arrived: bool,
}

/// The sources and how they fare.
#[utoipa::path(get, path = "/api/v1/sources", tag = "service",
               responses((status = 200, body = Vec<Source>), Problems), security(("token" = ["admin:read"])))]
pub async fn sources(State(web): State<Web>) -> Result<Json<Vec<Source>>, Failure> {
    let states = web.store.sources().await?;
    let mut out = Vec::new();
    for (name, kind) in web.options.prober.as_ref().map(|p| p.sources()).unwrap_or_default() {
        let state = states.iter().find(|s| s.name == name);
        let tested = web.store.last_canary(&name).await?;
        let fault = tested.as_ref().and_then(|t| t.fault(web.store.now()));
        out.push(Source {
            looked: state.and_then(|s| s.looked).map(rfc3339),
            fault: state.and_then(|s| s.fault.clone()),
            received: web.store.last_received(&name).await?.map(rfc3339),
            test_arrived: fault.is_none() && tested.as_ref().is_some_and(|t| t.arrived.is_some()),
            tested: tested.map(|t| rfc3339(t.sent)),
            test_fault: fault,
            name,
            kind,
        });
    }
    Ok(Json(out))
}

/// Sends a fax of a fictional patient through a source. How it fared, the sources tell a while later.
#[utoipa::path(post, path = "/api/v1/sources/{name}/test", tag = "service", params(("name" = String, Path)),
               responses((status = 202), Refusals, Problems), security(("token" = ["admin:write"])))]
pub async fn test(
    State(web): State<Web>,
    user: User,
    Path(name): Path<String>,
) -> Result<axum::http::StatusCode, Failure> {
    let prober = web.options.prober.clone().filter(|p| p.sources().iter().any(|(n, _)| *n == name));
    let prober = prober.ok_or(Failure::NotFound)?;
    web.store.log_access(user.actor(), "test_source", &name, json!({})).await?;
    prober.send(&name).await.map_err(Failure::Refused)?;
    Ok(axum::http::StatusCode::ACCEPTED)
}

#[derive(Deserialize, IntoParams)]
pub struct Asked {
    /// All about a room: itself, each sheet that ever stood in it, lists that it stood in.
    #[serde(default)]
    room: String,
    /// Login of a person, or `machine`.
    #[serde(default)]
    actor: String,
    #[serde(default)]
    action: String,
    /// Older than this row.
    before: Option<i64>,
    /// At most so many rows; 200 where nothing is said, 1000 at most.
    limit: Option<i64>,
}

/// A row of the log.
#[derive(Serialize, ToSchema)]
pub struct Entry {
    seq: i64,
    at: String,
    actor: String,
    action: String,
    subject: String,
    /// Ids, counts and hashes; never a patient's data.
    detail: serde_json::Value,
    /// Over this row and the hash of the one before.
    hash: String,
}

/// Rows of the audit log, newest first. To ask leaves a row as well.
#[utoipa::path(get, path = "/api/v1/audit", tag = "service", params(Asked),
               responses((status = 200, body = Vec<Entry>), Problems), security(("token" = ["audit:read"])))]
pub async fn audit(
    State(web): State<Web>,
    user: User,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Entry>>, Failure> {
    let wanted = Wanted {
        room: asked.room.trim().to_owned(),
        actor: asked.actor.trim().to_lowercase(),
        action: asked.action,
        before: asked.before,
    };
    let told = json!({"room": wanted.room, "actor": wanted.actor, "action": wanted.action});
    web.store.log_access(user.actor(), "read_audit", "audit", told).await?;
    let rows = web.store.trail(&wanted, asked.limit.unwrap_or(200).clamp(1, ROWS)).await?;
    let entry = |e: crate::store::audit::Entry| Entry {
        seq: e.seq,
        at: rfc3339(e.at),
        actor: e.actor,
        action: e.action,
        subject: e.subject,
        detail: serde_json::from_str(&e.detail).unwrap_or_default(),
        hash: e.hash,
    };
    Ok(Json(rows.into_iter().map(entry).collect()))
}
