//! Figures for programs of the city: the tables of the page 活用状況, and what blind samples tell.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::figures::statistics::Asked;
use super::super::figures::{FIGURES, Hospitals, shown};
use super::super::gate::{Route, User, get};
use super::super::{Failure, Web};
use super::Problems;
use crate::account::scope::Scope;

pub fn routes() -> Vec<Route> {
    vec![
        get(FIGURES, "/api/v1/statistics", statistics).scoped(Scope::AdminRead),
        get(FIGURES, "/api/v1/samples/rates", rates).scoped(Scope::AdminRead),
    ]
}

/// Statistics of some days.
#[derive(Serialize, ToSchema)]
pub struct Statistics {
    /// First and last day of receipt, Japan's.
    from: String,
    until: String,
    tables: Vec<Table>,
}

/// A table as the page shows it, in the account's language. No patient's name is in it.
#[derive(Serialize, ToSchema)]
pub struct Table {
    key: &'static str,
    title: String,
    note: String,
    head: Vec<String>,
    /// The first cell is the row's name.
    rows: Vec<Vec<String>>,
}

/// How the service was used: this month, `month=2026-11`, or `from=2026-11-01&until=2026-11-30`.
#[utoipa::path(get, path = "/api/v1/statistics", tag = "figures",
               params(("month" = Option<String>, Query), ("from" = Option<String>, Query), ("until" = Option<String>, Query)),
               responses((status = 200, body = Statistics), Problems), security(("token" = ["admin:read"])))]
pub async fn statistics(
    State(web): State<Web>,
    user: User,
    Query(asked): Query<Asked>,
) -> Result<Json<Statistics>, Failure> {
    let span = asked.span()?;
    let (s, hospitals, lang) = (web.statistics.of(&web, span).await?, Hospitals::of(&web).await?, user.lang());
    let table = |t: crate::figures::tables::Table| Table {
        key: t.key,
        title: t.title,
        note: t.note,
        head: t.head,
        rows: t.rows,
    };
    let tables = shown(&s, &hospitals, lang).into_iter().map(table).collect();
    Ok(Json(Statistics { from: span.first.to_string(), until: span.last.to_string(), tables }))
}

/// How often a field that was accepted by the machine is wrong, by blind samples.
#[derive(Serialize, ToSchema)]
pub struct Rate {
    field: String,
    /// Id in the register of institutions, `~` and a name, or empty.
    sender: String,
    checked: i64,
    errors: i64,
    /// Weighted by the probability of being drawn, with its 95 % interval.
    rate: f64,
    lower: f64,
    upper: f64,
    /// The field waits for a person there.
    fallen: bool,
}

/// Live error rates by field and sender.
#[utoipa::path(get, path = "/api/v1/samples/rates", tag = "figures",
               responses((status = 200, body = Vec<Rate>), Problems), security(("token" = ["admin:read"])))]
pub async fn rates(State(web): State<Web>) -> Result<Json<Vec<Rate>>, Failure> {
    let fallen = web.store.fallen().await?;
    let waits = |field: &str, of: &str| fallen.contains(&(field.to_owned(), of.to_owned()));
    let rate = |r: crate::store::samples::Rate| {
        let e = r.estimate();
        Rate {
            fallen: waits(&r.field, &r.hospital) || waits(&r.field, crate::figures::EVERYWHERE),
            field: r.field,
            sender: r.hospital,
            checked: e.checked,
            errors: e.errors,
            rate: e.rate,
            lower: e.lower,
            upper: e.upper,
        }
    };
    Ok(Json(web.store.sample_rates().await?.into_iter().map(rate).collect()))
}
