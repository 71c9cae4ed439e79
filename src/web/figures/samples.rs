//! Blind samples: one field after the other with its picture, without what the machine read. Only where a person read
//! otherwise both are shown, and the person says which is right; what was wrong is put right in the room at the end.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{Html, Redirect};
use serde::Deserialize;
use serde_json::json;

use super::Hospitals;
use crate::figures::same::normal;
use crate::model::{Document, Status, Value, Vocabulary};
use crate::store::samples::{Answer, Asked, Sample, Stand};
use crate::web::frame::Frame;
use crate::web::gate::{REVIEW, Route, User, get, post};
use crate::web::pages::{page_views, readable};
use crate::web::review::rows::{Row, Spot, Zoom, lines, rows, spots};
use crate::web::view::{self, PageView};
use crate::web::words;
use crate::web::{Failure, Web};

/// Samples that the list shows at once.
const LIST: i64 = 100;

pub fn routes() -> Vec<Route> {
    vec![
        get(REVIEW, "/samples", list),
        get(REVIEW, "/samples/{id}", sheet),
        post(REVIEW, "/samples/{id}/answer", answer),
        post(REVIEW, "/samples/{id}/judge", judge),
        post(REVIEW, "/samples/{id}/correct", correct),
    ]
}

struct Line {
    id: String,
    kind: String,
    hospital: String,
    received: String,
    fields: i64,
    decided: i64,
    wrong: i64,
}

#[derive(Template)]
#[template(path = "figures/samples.html")]
struct List {
    frame: Frame,
    lines: Vec<Line>,
    more: i64,
}

/// `GET /samples`
async fn list(State(web): State<Web>, user: User) -> Result<Html<String>, Failure> {
    let all = web.store.samples(LIST).await?;
    let ids: Vec<&String> = all.iter().map(|l| &l.document).collect();
    web.store.log_access(user.actor(), "list", "samples", json!({"documents": ids})).await?;
    let (hospitals, today) = (Hospitals::of(&web).await?, view::today());
    let frame = Frame::of(&web, &user, "review").await?;
    let more = (web.store.samples_open().await? - all.len() as i64).max(0);
    let line = |l: crate::store::samples::Line| Line {
        kind: words::kind(&l.kind).to_owned(),
        hospital: hospitals.name(&l.hospital, frame.lang()),
        received: view::moment(l.received, today),
        id: l.document,
        fields: l.fields,
        decided: l.decided,
        wrong: l.wrong,
    };
    let lines = all.into_iter().map(line).collect();
    Ok(Html(List { frame, lines, more }.render()?))
}

/// A page with the place of the field that is asked.
struct Leaf {
    page: PageView,
    spots: Vec<Spot>,
}

/// What is asked of a field.
struct Question {
    key: String,
    label: String,
    zooms: Vec<Zoom>,
    /// Words of a choice: value and name.
    options: Vec<(String, String)>,
    /// Several elements, or long text.
    rows: usize,
    hint: &'static str,
}

/// Both readings of a field, side by side.
struct Two {
    key: String,
    label: String,
    zooms: Vec<Zoom>,
    machine: String,
    said: String,
}

enum Step {
    Ask(Question),
    Judge(Two),
    /// What was found wrong: label, what stands there, what was said.
    Correct(Vec<(String, String, String)>),
    Done,
}

#[derive(Template)]
#[template(path = "figures/sample.html")]
struct Page {
    frame: Frame,
    id: String,
    kind: String,
    leaves: Vec<Leaf>,
    step: Step,
    decided: usize,
    fields: usize,
    fault: Option<String>,
    /// What was typed, where it could not be meant.
    typed: String,
}

/// `GET /samples/{id}`
async fn sheet(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Html<String>, Failure> {
    shown(&web, &user, &id, None, String::new()).await
}

async fn shown(
    web: &Web,
    user: &User,
    id: &str,
    fault: Option<String>,
    typed: String,
) -> Result<Html<String>, Failure> {
    let sample = web.store.sample(id).await?.ok_or(Failure::NotFound)?;
    let d = readable(web, user, id, "read_sample").await?;
    let frame = Frame::of(web, user, "review").await?;
    let pages = page_views(&d);
    let mut all = rows(&sample.content, &pages, &[], &frame);
    let order = |key: &str| all.iter().position(|r| r.key == key).unwrap_or(usize::MAX);
    let mut asked: Vec<&Asked> = sample.asked.iter().collect();
    asked.sort_by_key(|a| order(&a.field));
    let decided = asked.iter().filter(|a| !matches!(a.stand, Stand::Open | Stand::Differs)).count();
    let next = asked
        .iter()
        .find(|a| a.stand == Stand::Differs)
        .or_else(|| asked.iter().find(|a| a.stand == Stand::Open))
        .map(|a| (*a).clone());
    let row = next.as_ref().and_then(|n| all.iter().position(|r| r.key == n.field)).map(|at| all.swap_remove(at));
    let leaf = |page: &PageView| Leaf {
        spots: row.as_ref().map_or_else(Vec::new, |r| spots(&sample.content, std::slice::from_ref(r), page)),
        page: page.clone(),
    };
    let mut leaves: Vec<Leaf> = pages.iter().map(leaf).collect();
    // The page that is asked about comes first.
    leaves.sort_by_key(|l| l.spots.is_empty());
    let step = match (next, row) {
        (Some(next), Some(row)) if next.stand == Stand::Open => Step::Ask(question(&sample.content, row)),
        (Some(next), Some(row)) => Step::Judge(Two {
            label: row.label,
            machine: spoken(&next.field, sample.content.fields.get(&next.field).map(|f| &f.value), &frame),
            said: spoken(&next.field, next.said.as_ref().and_then(Option::as_ref), &frame),
            key: next.field,
            zooms: row.zooms,
        }),
        _ => wrong(&sample, &frame).map_or(Step::Done, Step::Correct),
    };
    let page = Page {
        kind: words::kind(&sample.content.kind).to_owned(),
        id: id.to_owned(),
        leaves,
        step,
        decided,
        fields: sample.asked.len(),
        fault,
        typed,
        frame,
    };
    Ok(Html(page.render()?))
}

/// What is found wrong and waits to be put right; none where nothing does.
fn wrong(sample: &Sample, frame: &Frame) -> Option<Vec<(String, String, String)>> {
    let line = |a: &Asked| {
        let said = a.said.as_ref().filter(|_| a.stand == Stand::Wrong)?;
        let field = sample.content.fields.get(&a.field);
        let machine = spoken(&a.field, field.map(|f| &f.value), frame);
        let label = field.map_or_else(|| words::label(&a.field), |f| view::label_of(&a.field, f));
        Some((label, machine, spoken(&a.field, said.as_ref(), frame)))
    };
    let all: Vec<_> = sample.asked.iter().filter_map(line).collect();
    (!all.is_empty()).then_some(all)
}

/// Nothing of what the machine read goes into it.
fn question(content: &Document, row: Row) -> Question {
    use crate::model::Kind;
    let many = matches!(content.fields.get(&row.key).map(|f| &f.value), Some(Value::Many(_)));
    let kind = Vocabulary::get().fields.get(&row.key).map(|f| f.kind);
    Question {
        label: row.label,
        zooms: row.zooms,
        options: row.options,
        rows: if many || kind == Some(Kind::Text) && long(&row.key) { 4 } else { 1 },
        hint: match kind {
            _ if many => "1行に1つずつ入れます。",
            Some(Kind::Date) => "用紙のとおりで構いません（昭和15年1月2日、S15.1.2、1940-01-02）。",
            Some(Kind::Datetime) => "2026年12月1日 14:00 のように入れます。",
            Some(Kind::Phone) => "ハイフンはあってもなくても構いません。",
            _ => "",
        },
        key: row.key,
    }
}

fn long(key: &str) -> bool {
    key.starts_with("clinical.") || key == "message.body"
}

/// A value as the page shows it; none is nothing on the page.
fn spoken(key: &str, value: Option<&Value>, frame: &Frame) -> String {
    match value {
        None => frame.say("（用紙にない）", "(not on the page)").to_owned(),
        Some(Value::One(v)) => view::shown(key, v),
        Some(many) => lines(many),
    }
}

#[derive(Deserialize)]
struct Said {
    key: String,
    #[serde(default)]
    value: String,
    /// `value`, `absent`, `unreadable`.
    how: String,
}

/// `POST /samples/{id}/answer`
async fn answer(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(said): Form<Said>,
) -> Result<Result<Redirect, Html<String>>, Failure> {
    let sample = web.store.sample(&id).await?.ok_or(Failure::NotFound)?;
    readable(&web, &user, &id, "read_sample").await?;
    let field = sample.content.fields.get(&said.key).filter(|f| f.status == Status::Accepted);
    let field = field.ok_or(Failure::NotFound)?;
    let own = web.options.rules.now().kinds.get(&said.key).copied();
    let answer = match said.how.as_str() {
        "absent" => Answer::Absent,
        "unreadable" => Answer::Unreadable,
        _ => match normal(&said.key, own, matches!(field.value, Value::Many(_)), &said.value) {
            Ok(Some(value)) => Answer::Value(value),
            Ok(None) => {
                let why = "読み取ったとおりに入れるか、「用紙にない」「読めない」を選んでください".to_owned();
                return Ok(Err(shown(&web, &user, &id, Some(why), said.value).await?));
            }
            Err(why) => return Ok(Err(shown(&web, &user, &id, Some(why), said.value).await?)),
        },
    };
    web.store.answer_sample(&id, &said.key, &answer, user.actor()).await?;
    Ok(Ok(Redirect::to(&format!("/samples/{id}"))))
}

#[derive(Deserialize)]
struct Judged {
    key: String,
    /// `machine` or `person`.
    right: String,
}

/// `POST /samples/{id}/judge`
async fn judge(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(judged): Form<Judged>,
) -> Result<Redirect, Failure> {
    readable(&web, &user, &id, "read_sample").await?;
    web.store.judge_sample(&id, &judged.key, judged.right == "machine", user.actor()).await?;
    Ok(Redirect::to(&format!("/samples/{id}")))
}

/// `POST /samples/{id}/correct`
async fn correct(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    readable(&web, &user, &id, "read_sample").await?;
    web.store.correct_sample(&id, user.actor()).await?;
    Ok(Redirect::to(&format!("/samples/{id}")))
}
