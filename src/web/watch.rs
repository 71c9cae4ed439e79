//! For whoever watches the service: `/metrics` for Prometheus, `/healthz` for alarms, `/readyz` for whether it answers.
//! No patient data in any of them.
//!
//! A database that hangs must not make these hang: what the store is asked goes on in a task of its own, which is not
//! waited for beyond [`LIMIT`] and of which there is one at a time.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::Mutex;

use super::Web;
use crate::metrics::{CONTENT_TYPE, Snapshot};
use crate::store::canary::Figures;
use crate::store::{self, Gauges, Store};

/// Below the time that Prometheus waits for a scrape (10 s).
const LIMIT: Duration = Duration::from_secs(5);

/// The looks that are under way, at the database and at the blobs.
#[derive(Clone, Default)]
pub struct Turns {
    database: Arc<Mutex<()>>,
    blobs: Arc<Mutex<()>>,
}

/// None where there is no answer in time, an error included, or the last look still waits for one.
async fn ask<T: Send + 'static>(
    turn: &Arc<Mutex<()>>,
    what: &'static str,
    look: impl Future<Output = store::Result<T>> + Send + 'static,
) -> Option<T> {
    let turn = turn.clone();
    let task = async move {
        let _turn = tokio::time::timeout(LIMIT, turn.lock_owned()).await.ok()?;
        look.await.inspect_err(|e| tracing::error!(what, error = %e, "does not answer")).ok()
    };
    tokio::time::timeout(LIMIT, tokio::spawn(task)).await.ok()?.ok()?
}

/// A line for each of both that does not answer.
async fn silent(web: &Web) -> String {
    let (database, blobs) = (web.store.clone(), web.store.clone());
    let (database, blobs) = tokio::join!(
        ask(&web.turns.database, "database", async move { database.registers_version().await }),
        ask(&web.turns.blobs, "blobs", async move { blobs.blobs_answer().await }),
    );
    let mut told = String::new();
    for (what, answers) in [("database", database.is_some()), ("blobs", blobs.is_some())] {
        if !answers {
            let _ = writeln!(told, "{what}: no answer");
        }
    }
    told
}

/// `GET /readyz`: 200 where database and blobs answer. Registers and rules are loaded before anything is served.
pub async fn readyz(State(web): State<Web>) -> Response {
    verdict(silent(&web).await)
}

/// `GET /healthz`: 200 while no alarm stands, otherwise 503 with one line for each.
pub async fn healthz(State(web): State<Web>) -> Response {
    let mut told = silent(&web).await;
    for (alarm, fault) in web.store.metrics().alarms() {
        let _ = writeln!(told, "{alarm}: {}", fault.replace(['\r', '\n'], " "));
    }
    verdict(told)
}

fn verdict(told: String) -> Response {
    if told.is_empty() {
        (StatusCode::OK, "ok\n").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, told).into_response()
    }
}

/// `GET /metrics`.
pub async fn metrics(State(web): State<Web>) -> Response {
    let (database, blobs) = (web.store.clone(), web.store.clone());
    let sources = web.store.metrics().sources();
    let look = async move { Ok((database.gauges(&sources).await?, database.canary_figures().await?)) };
    let (gauges, blobs) = tokio::join!(
        ask(&web.turns.database, "database", look),
        ask(&web.turns.blobs, "blobs", async move { blobs.blobs_answer().await }),
    );
    let mut now = Snapshot::default();
    let up = |ok: bool| [(Vec::new(), f64::from(u8::from(ok)))];
    now.gauge("database_up", "Whether the database answers", up(gauges.is_some()));
    now.gauge("blobs_up", "Whether the store of originals answers", up(blobs.is_some()));
    if let Some((gauges, canaries)) = gauges {
        add(&mut now, &web.store, gauges);
        add_canaries(&mut now, &web.store, &canaries);
    }
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], web.store.metrics().text(now)).into_response()
}

fn add(now: &mut Snapshot, store: &Store, g: Gauges) {
    let age = |at: Option<i64>| at.map_or(0.0, |at| store.seconds_since(at));
    let label = |name, value: &str| (name, value.to_owned());

    // Stages and sinks of which nothing waits are nought, not absent.
    let job = |stage: &str| g.jobs.iter().find(|j| j.0 == stage).map_or((0, 0), |j| (j.1, j.2));
    let jobs = ["read", "accept"].into_iter().flat_map(|stage| {
        let (waiting, working) = job(stage);
        [("waiting", waiting), ("working", working)]
            .map(|(state, n)| (vec![label("stage", stage), label("state", state)], n as f64))
    });
    now.gauge("jobs_open", "Jobs by stage and whether they wait or are worked on", jobs);
    now.gauge("receipts_unfinished", "Receipts without final state", [(Vec::new(), g.unfinished.0 as f64)]);
    let oldest = age(g.unfinished.1);
    now.gauge("oldest_unfinished_seconds", "Age of the oldest receipt without final state", [(Vec::new(), oldest)]);

    let none = [("mail".to_owned(), 0, 0)];
    let outbox = if g.outbox.is_empty() { &none[..] } else { &g.outbox[..] };
    let rows = outbox.iter().flat_map(|(sink, pending, failed)| {
        [("pending", pending), ("failed", failed)]
            .map(|(state, n)| (vec![label("sink", sink), label("state", state)], *n as f64))
    });
    now.gauge("outbox", "Deliveries that are pending, or were given up", rows);
    let oldest = age(g.oldest_pending);
    now.gauge("oldest_undelivered_seconds", "Age of the oldest pending delivery", [(Vec::new(), oldest)]);

    let sum = |waits_for: &str| g.review.iter().filter(|r| r.1 == waits_for).map(|r| r.2).sum::<i64>() as f64;
    let waiting = ["room", "fields", "quarantine"].map(|w| (vec![label("waits_for", w)], sum(w)));
    now.gauge("review", "Documents that wait for a person, by what for", waiting);
    let none = [("other".to_owned(), "room", 0)];
    let kinds = if g.review.is_empty() { &none[..] } else { &g.review[..] };
    let kinds = kinds.iter().map(|(kind, w, n)| (vec![label("type", kind), label("waits_for", w)], *n as f64));
    now.gauge("review_by_type", "Documents that wait for a person, by type", kinds);
    now.gauge("review_urgent", "Urgent documents that wait for a room", [(Vec::new(), g.held.0 as f64)]);
    now.gauge("review_overdue", "Held documents whose deadline is missed", [(Vec::new(), g.missed as f64)]);
    let oldest = age(g.held.1);
    now.gauge("review_oldest_seconds", "Age of the oldest document that waits for a room", [(Vec::new(), oldest)]);

    let of = |name: &str| vec![label("source", name)];
    let looked = g.sources.iter().filter_map(|s| Some((of(&s.name), store.seconds_since(s.looked?))));
    now.gauge("source_looked_age_seconds", "Since the last complete look at a source", looked);
    let received = g.sources.iter().filter_map(|s| Some((of(&s.name), store.seconds_since(s.received?))));
    now.gauge("source_received_age_seconds", "Since a source last gave something", received);
    let faults = g.sources.iter().map(|s| (of(&s.name), f64::from(u8::from(s.faulty))));
    now.gauge("source_fault", "Whether something is wrong with a source", faults);
    now.gauge("audit_rows", "Rows of the audit log", [(Vec::new(), g.audit as f64)]);
}

/// Of the sources that ever had a canary.
fn add_canaries(now: &mut Snapshot, store: &Store, canaries: &[Figures]) {
    let mut gauge = |name, help, value: &dyn Fn(&Figures) -> Option<f64>| {
        let series = canaries.iter().filter_map(|f| Some((vec![("source", f.source.clone())], value(f)?)));
        now.gauge(name, help, series);
    };
    gauge("canaries_sent", "Canaries that were ever sent", &|f| Some(f.sent as f64));
    gauge("canaries_missed", "Canaries that ever came late, wrong, or not at all", &|f| Some(f.missed as f64));
    gauge("canary_well", "Whether the last canary came in time and exact", &|f| f.well.map(|w| f64::from(u8::from(w))));
    let age = "Since a canary last came in time and exact";
    gauge("canary_well_age_seconds", age, &|f| Some(store.seconds_since(f.last_well?)));
    gauge("canary_route_seconds", "From sending to the room, of the last canary that came", &|f| f.route_seconds);
    gauge("canary_wrong_fields", "Fields of the last canary that were read wrongly", &|f| Some(f.wrong_fields? as f64));
    gauge("canary_unsure_fields", "Fields of the last canary that were not sure", &|f| Some(f.unsure_fields? as f64));
}
