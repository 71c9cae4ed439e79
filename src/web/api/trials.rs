//! A draft of the rules before it is in force: one sheet under it, all decided sheets under it (a backtest), changes that
//! corrections suggest; and kept sheets read again with the rules of today. What of a sheet's values is told stands in the
//! audit log, as on the pages.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json_, json};
use utoipa::{IntoParams, ToSchema};

use super::super::gate::{REVIEW, Route, User, get, post};
use super::super::rules::again::{Chosen, read_selection};
use super::super::rules::teach::topic;
use super::super::rules::test::begun;
use super::super::rules::{Desk, RULES, told, tune};
use super::super::sheet::readable;
use super::super::{Failure, Web};
use super::review::{Most, Refusals};
use super::shape::ReadField;
use super::{Body, Problems};
use crate::account::scope::Scope;
use crate::model::Field;
use crate::store::status::rfc3339;
use crate::tuning::backtest::{Case, Tally, Verdict, View};
use crate::tuning::teach::{Change, Topic};

/// Single cases of one answer: each is a sheet whose values are told.
const CASES: usize = 40;

pub fn routes() -> Vec<Route> {
    let (read, write) = (|r: Route| r.scoped(Scope::RulesRead), |r: Route| r.scoped(Scope::RulesWrite));
    vec![
        read(get(RULES, "/api/v1/rules/preview/{id}", preview)),
        write(post(RULES, "/api/v1/rules/tests", begin)),
        read(get(RULES, "/api/v1/rules/tests/{id}", test)),
        write(post(RULES, "/api/v1/rules/tests/{id}/cancel", cancel)),
        read(get(RULES, "/api/v1/rules/proposals", topics)),
        read(get(RULES, "/api/v1/rules/proposals/{id}", advice)),
        write(post(RULES, "/api/v1/rules/proposals/{id}", take)),
        write(post(RULES, "/api/v1/reread", reread)),
        get(REVIEW, "/api/v1/reread", offers).scoped(Scope::ReviewRead),
        get(REVIEW, "/api/v1/reread/{id}", offer).scoped(Scope::ReviewRead),
        post(REVIEW, "/api/v1/reread/{id}", take_offer).scoped(Scope::ReviewWrite),
    ]
}

/// A field before and after.
#[derive(Serialize, ToSchema)]
pub struct ComparedField {
    key: String,
    label: String,
    differs: bool,
    before: Option<ReadField>,
    after: Option<ReadField>,
}

fn compared(key: &str, differs: bool, before: Option<&Field>, after: Option<&Field>) -> ComparedField {
    let read = |f: Option<&Field>| f.map(|f| ReadField::new(key, f, true));
    let label = after.or(before).map_or(key, |f| f.label(key)).to_owned();
    ComparedField { label, differs, before: read(before), after: read(after), key: key.to_owned() }
}

/// A sheet under the rules in force and under the draft.
#[derive(Serialize, ToSchema)]
pub struct Previewed {
    document: String,
    /// Type under the draft.
    r#type: String,
    fields: Vec<ComparedField>,
}

/// One sheet under the rules in force and under the account's draft.
#[utoipa::path(get, path = "/api/v1/rules/preview/{id}", tag = "rules", params(("id" = String, Path)),
               responses((status = 200, body = Previewed), Refusals, Problems), security(("token" = ["rules:read"])))]
pub async fn preview(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Json<Previewed>, Failure> {
    readable(&web, &user, &id, "read_rules").await?;
    let seen = web.store.sheet_seen(&id).await?.ok_or(Failure::NotFound)?;
    let (desk, shop) = (Desk::of(&web, &user).await?, web.options.rules.clone());
    let reading = shop.reading(&web.store, &seen.reading).await?;
    let draft = shop.draft(&desk.layer).map_err(|e| Failure::Refused(e.to_string()))?;
    let pages = seen.content.pages;
    let found = tokio::task::spawn_blocking(move || shop.preview(&draft, &reading, &pages))
        .await
        .map_err(|_| Failure::Broken("the preview died of a fault of the program".into()))?;
    let fields = found.lines.iter().map(|l| compared(&l.key, l.differs(), l.before.as_ref(), l.after.as_ref()));
    Ok(Json(Previewed {
        fields: fields.collect(),
        r#type: found.after.map_or(seen.content.kind, |d| d.kind),
        document: id,
    }))
}

/// How many fields became what.
#[derive(Serialize, ToSchema)]
pub struct Count {
    fixed: usize,
    broken: usize,
    same: usize,
    /// They differ, and nobody has said what is true.
    differs: usize,
    /// For how many fields of all sheets those stand: what a blind sample compared counts 1 / its probability of being drawn.
    weighted: Weighted,
}

#[derive(Serialize, ToSchema)]
pub struct Weighted {
    fixed: f64,
    broken: f64,
    same: f64,
}

impl From<Tally> for Count {
    fn from(t: Tally) -> Count {
        let s = t.stands;
        let weighted = Weighted { fixed: s.fixed, broken: s.broken, same: s.same };
        Count { fixed: t.fixed, broken: t.broken, same: t.same, differs: t.differs, weighted }
    }
}

/// A share of all fields, with its 95 % interval.
#[derive(Serialize, ToSchema)]
pub struct Share {
    rate: f64,
    lower: f64,
    upper: f64,
}

/// Of one field of one sender.
#[derive(Serialize, ToSchema)]
pub struct TestRow {
    /// Empty: not certain.
    sender: String,
    key: String,
    count: Count,
}

/// A field of a sheet that comes out otherwise.
#[derive(Serialize, ToSchema)]
pub struct TestCase {
    document: String,
    r#type: String,
    sender: Option<String>,
    /// `fixed`, `broken`, `differs`.
    verdict: &'static str,
    field: ComparedField,
    /// What a person said; none: the page has none, or nobody said anything.
    truth: Option<String>,
}

/// A backtest.
#[derive(Serialize, ToSchema)]
pub struct Test {
    id: String,
    /// `running`, `done`, `cancelled`, `failed`.
    state: &'static str,
    fault: Option<String>,
    /// Sheets that are compared, those done, those that the change cannot touch, those that cannot be read again.
    all: usize,
    done: usize,
    passed: usize,
    unreadable: usize,
    /// Sheets among them that blind samples compared, and for how many those stand.
    drawn: usize,
    stand_for: f64,
    total: Count,
    /// Share that gets better, and worse.
    better: Share,
    worse: Share,
    rows: Vec<TestRow>,
    /// The broken ones first, 40 at most; only where they are asked for, and once it is done.
    cases: Vec<TestCase>,
    seconds: f64,
}

fn verdict(v: Verdict) -> &'static str {
    match v {
        Verdict::Broken => "broken",
        Verdict::Fixed => "fixed",
        Verdict::Same => "same",
        Verdict::Differs => "differs",
    }
}

fn told_case(c: &Case) -> TestCase {
    TestCase {
        document: c.document.clone(),
        r#type: c.kind.clone(),
        sender: c.sender.clone(),
        verdict: verdict(c.verdict),
        field: compared(&c.key, true, c.before.as_ref(), c.after.as_ref()),
        truth: c.truth.clone(),
    }
}

fn shape(id: String, view: View, cases: Vec<TestCase>) -> Json<Test> {
    let state = match (&view.fault, view.cancelled, view.ended) {
        (Some(_), ..) => "failed",
        (_, true, _) => "cancelled",
        (_, _, true) => "done",
        _ => "running",
    };
    let share = |v| {
        let e = view.total.share(v);
        Share { rate: e.rate, lower: e.lower, upper: e.upper }
    };
    let row = |(sender, key, tally): (String, String, Tally)| TestRow { sender, key, count: tally.into() };
    Json(Test {
        id,
        state,
        all: view.all,
        done: view.done,
        passed: view.passed,
        unreadable: view.unreadable,
        drawn: view.drawn,
        stand_for: view.stand_for,
        better: share(Verdict::Fixed),
        worse: share(Verdict::Broken),
        total: view.total.into(),
        rows: view.rows.into_iter().map(row).collect(),
        cases,
        seconds: view.seconds,
        fault: view.fault,
    })
}

/// Begins a backtest of the account's draft over every decided sheet; one that still runs ends.
#[utoipa::path(post, path = "/api/v1/rules/tests", tag = "rules",
               responses((status = 202, body = Test), Refusals, Problems), security(("token" = ["rules:write"])))]
pub async fn begin(State(web): State<Web>, user: User) -> Result<(StatusCode, Json<Test>), Failure> {
    let run = begun(&web, &user).await?;
    Ok((StatusCode::ACCEPTED, shape(run.id.clone(), run.view(), Vec::new())))
}

#[derive(Deserialize, IntoParams)]
pub struct With {
    /// With single cases; telling them is reading the sheets.
    #[serde(default)]
    cases: bool,
}

/// How far a backtest is, or what came of it.
#[utoipa::path(get, path = "/api/v1/rules/tests/{id}", tag = "rules", params(("id" = String, Path), With),
               responses((status = 200, body = Test), Problems), security(("token" = ["rules:read"])))]
pub async fn test(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Query(with): Query<With>,
) -> Result<Json<Test>, Failure> {
    let view = web.options.rules.run(&id, user.actor()).ok_or(Failure::NotFound)?.view();
    let mut cases = Vec::new();
    if with.cases && view.ended {
        for case in view.cases.iter().take(CASES) {
            tune::note(&web, &user, &case.document).await?;
            cases.push(told_case(case));
        }
    }
    Ok(shape(id, view, cases))
}

/// Gives a backtest up.
#[utoipa::path(post, path = "/api/v1/rules/tests/{id}/cancel", tag = "rules", params(("id" = String, Path)),
               responses((status = 200, body = Test), Problems), security(("token" = ["rules:write"])))]
pub async fn cancel(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Json<Test>, Failure> {
    let run = web.options.rules.run(&id, user.actor()).ok_or(Failure::NotFound)?;
    run.cancel();
    Ok(shape(id, run.view(), Vec::new()))
}

/// A field of one sender's sheets of one type that persons keep putting right.
#[derive(Serialize, ToSchema)]
pub struct Corrections {
    id: String,
    r#type: String,
    field: String,
    sender: String,
    times: usize,
    /// Receipt of the newest of these sheets.
    last: Option<String>,
}

fn corrections(topic: &Topic) -> Corrections {
    Corrections {
        id: topic.id(),
        r#type: topic.kind.clone(),
        field: topic.key.clone(),
        sender: topic.sender.clone(),
        times: topic.corrections.len(),
        last: topic.corrections.first().map(|c| rfc3339(c.at)),
    }
}

/// What persons keep putting right, the most often first.
#[utoipa::path(get, path = "/api/v1/rules/proposals", tag = "rules",
               responses((status = 200, body = Vec<Corrections>), Problems), security(("token" = ["rules:read"])))]
pub async fn topics(State(web): State<Web>) -> Result<Json<Vec<Corrections>>, Failure> {
    Ok(Json(web.options.rules.topics(&web.store).await?.iter().map(corrections).collect()))
}

/// A change that would spare corrections.
#[derive(Serialize, ToSchema)]
pub struct ProposedChange {
    /// Corrections that come out right with it.
    right: usize,
    /// To be sent back to take it.
    #[schema(value_type = Object)]
    change: Json_,
}

/// Changes that were found for a field.
#[derive(Serialize, ToSchema)]
pub struct Advice {
    about: Corrections,
    /// Corrections that were looked at, and those that the draft still needs.
    looked: usize,
    wrong: usize,
    proposals: Vec<ProposedChange>,
}

/// Changes of the rules that would spare these corrections, found over the corrected sheets.
#[utoipa::path(get, path = "/api/v1/rules/proposals/{id}", tag = "rules", params(("id" = String, Path)),
               responses((status = 200, body = Advice), Problems), security(("token" = ["rules:read"])))]
pub async fn advice(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Json<Advice>, Failure> {
    let topic = topic(&web, &id).await?;
    let desk = Desk::of(&web, &user).await?;
    let advice = web.options.rules.advice(&web.store, &topic, &desk.layer).await?;
    // (a label or an end is a word of the form; no value is told)
    let proposals =
        advice.proposals.iter().map(|p| ProposedChange { right: p.right, change: json!(p.change) }).collect();
    Ok(Json(Advice { about: corrections(&topic), looked: advice.looked, wrong: advice.wrong, proposals }))
}

#[derive(Deserialize, ToSchema)]
pub struct Taken {
    #[schema(value_type = Object)]
    change: Json_,
}

/// Takes a change into the account's draft, to be tried like any.
#[utoipa::path(post, path = "/api/v1/rules/proposals/{id}", tag = "rules", params(("id" = String, Path)),
               request_body = Taken, responses((status = 204), Refusals, Problems), security(("token" = ["rules:write"])))]
pub async fn take(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Body(taken): Body<Taken>,
) -> Result<StatusCode, Failure> {
    let topic = topic(&web, &id).await?;
    let change: Change = serde_json::from_value(taken.change).map_err(|_| Failure::Malformed("change".into()))?;
    let desk = Desk::of(&web, &user).await?;
    let layer = topic.changed(&desk.now.base, &desk.layer, &change).map_err(|f| Failure::Refused(told(&f)))?;
    desk.keep(&web, &user, &layer).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What reading again brought.
#[derive(Serialize, ToSchema)]
pub struct Reread {
    sheets: usize,
    /// Sheets of which something came out otherwise: they wait for a person.
    offered: usize,
    unreadable: usize,
    /// There may be more, received earlier: to be sent as `before`.
    next: Option<String>,
}

/// Reads a selection of sheets again with the rules in force. What comes out otherwise is offered; nothing changes by itself.
#[utoipa::path(post, path = "/api/v1/reread", tag = "rules", request_body = Chosen,
               responses((status = 200, body = Reread), Refusals, Problems), security(("token" = ["rules:write"])))]
pub async fn reread(State(web): State<Web>, user: User, Body(chosen): Body<Chosen>) -> Result<Json<Reread>, Failure> {
    let done = read_selection(&web, &user, &chosen).await?;
    Ok(Json(Reread {
        sheets: done.sheets,
        offered: done.offered,
        unreadable: done.unreadable,
        next: done.next.map(|n| n.to_string()),
    }))
}

/// A sheet that the rules of today read otherwise.
#[derive(Serialize, ToSchema)]
pub struct Offered {
    document: String,
    r#type: String,
    sender: Option<String>,
    received: String,
    fields: usize,
    /// It has changed since, and has to be read again.
    stale: bool,
}

/// What reading again offers, the oldest sheets first.
#[utoipa::path(get, path = "/api/v1/reread", tag = "rules", params(Most),
               responses((status = 200, body = Vec<Offered>), Problems), security(("token" = ["review:read"])))]
pub async fn offers(
    State(web): State<Web>,
    user: User,
    Query(most): Query<Most>,
) -> Result<Json<Vec<Offered>>, Failure> {
    web.store.log_access(user.actor(), "list", "reread", json!({})).await?;
    let line = |o: crate::store::rules::OfferLine| Offered {
        document: o.document,
        r#type: o.kind,
        sender: o.sender,
        received: rfc3339(o.received),
        fields: o.fields,
        stale: o.stale,
    };
    Ok(Json(web.store.offers(most.number()).await?.into_iter().map(line).collect()))
}

/// An offer, field by field.
#[derive(Serialize, ToSchema)]
pub struct OneOffer {
    document: String,
    /// Of the sheet, to be sent along.
    revision: i64,
    stale: bool,
    /// Hash of the rules that read it so.
    rules: String,
    fields: Vec<ComparedField>,
}

/// What is offered for a sheet: each field as it stands, and as it is read now.
#[utoipa::path(get, path = "/api/v1/reread/{id}", tag = "rules", params(("id" = String, Path)),
               responses((status = 200, body = OneOffer), Problems), security(("token" = ["review:read"])))]
pub async fn offer(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Json<OneOffer>, Failure> {
    let d = readable(&web, &user, &id, "read").await?;
    let offer = web.store.offer(&id).await?.ok_or(Failure::NotFound)?;
    let fields = offer.fields.iter().map(|(key, f)| compared(key, true, d.content.fields.get(key), f.as_ref()));
    Ok(Json(OneOffer {
        fields: fields.collect(),
        stale: d.revision != offer.revision,
        revision: d.revision,
        rules: offer.rules,
        document: id,
    }))
}

#[derive(Deserialize, ToSchema)]
pub struct TakenFields {
    /// Of the sheet that was looked at.
    revision: i64,
    /// Keys of the fields to take; the others are refused. With none, the offer is.
    #[serde(default)]
    take: Vec<String>,
}

/// Takes fields of an offer: the sheet's next version.
#[utoipa::path(post, path = "/api/v1/reread/{id}", tag = "rules", params(("id" = String, Path)),
               request_body = TakenFields, responses((status = 204), Refusals, Problems),
               security(("token" = ["review:write"])))]
pub async fn take_offer(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Body(taken): Body<TakenFields>,
) -> Result<StatusCode, Failure> {
    web.store.take_offer(&id, taken.revision, &taken.take, user.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}
