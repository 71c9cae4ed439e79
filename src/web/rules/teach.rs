//! What reviewers keep putting right, and which change of the rules would spare them that (直されている項目).
//!
//! A change goes into one's draft and to its backtest; nothing is put in force from here.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{Html, Redirect};
use serde::Deserialize;
use serde_json::json;

use super::{Desk, told, words as grammar};
use crate::tuning::edit;
use crate::tuning::teach::{Change, Topic};
use crate::web::frame::Frame;
use crate::web::gate::User;
use crate::web::{Failure, Web, view, words};

struct Line {
    id: String,
    field: String,
    sender: String,
    kind: String,
    times: usize,
    last: String,
}

#[derive(Template)]
#[template(path = "rules/teach.html")]
struct List {
    frame: Frame,
    topics: Vec<Line>,
}

struct Pair {
    document: String,
    at: String,
    found: Option<String>,
    truth: String,
}

/// A change in words, and as it comes back.
struct Offer {
    title: String,
    what: String,
    right: usize,
    change: String,
}

#[derive(Template)]
#[template(path = "rules/lesson.html")]
struct Page {
    frame: Frame,
    topic: Line,
    pairs: Vec<Pair>,
    wrong: usize,
    looked: usize,
    offers: Vec<Offer>,
}

fn line(topic: &Topic) -> Line {
    Line {
        id: topic.id(),
        field: words::label(&topic.key),
        sender: topic.sender.clone(),
        kind: words::kind(&topic.kind).to_owned(),
        times: topic.corrections.len(),
        last: topic.corrections.first().map(|c| view::moment(c.at, view::today())).unwrap_or_default(),
    }
}

/// `GET /rules/teach`
pub async fn list(State(web): State<Web>, user: User) -> Result<Html<String>, Failure> {
    let frame = Frame::of(&web, &user, "rules").await?;
    let topics = web.options.rules.topics(&web.store).await?;
    let page = List { topics: topics.iter().map(line).collect(), frame };
    Ok(Html(page.render()?))
}

/// One of them.
pub async fn topic(web: &Web, id: &str) -> Result<Topic, Failure> {
    let topics = web.options.rules.topics(&web.store).await?;
    topics.into_iter().find(|t| t.id() == id).ok_or(Failure::NotFound)
}

/// `GET /rules/teach/{id}`
pub async fn page(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Html<String>, Failure> {
    let frame = Frame::of(&web, &user, "rules").await?;
    let topic = topic(&web, &id).await?;
    let desk = Desk::of(&web, &user).await?;
    let advice = web.options.rules.advice(&web.store, &topic, &desk.layer).await?;
    let mut pairs = Vec::new();
    for c in topic.corrections.iter().take(advice.looked) {
        super::tune::note(&web, &user, &c.document).await?;
        let shown = |v: &str| view::shown(&c.key, v);
        pairs.push(Pair {
            document: c.document.clone(),
            at: view::moment(c.at, view::today()),
            found: c.found.as_deref().map(shown),
            truth: shown(&c.truth),
        });
    }
    let offers = advice.proposals.iter().map(|p| offer(&p.change, p.right, &frame)).collect();
    let (wrong, looked) = (advice.wrong, advice.looked);
    let page = Page { topic: line(&topic), pairs, wrong, looked, offers, frame };
    Ok(Html(page.render()?))
}

fn offer(change: &Change, right: usize, frame: &Frame) -> Offer {
    let (title, what) = match change {
        Change::Label { label, .. } => (
            format!("{}「{label}」", frame.say("見出しを加える: ", "Add the label ")),
            frame
                .say("この言葉のとなりや下にある値を読みます。", "The value beside or below this word is read.")
                .to_owned(),
        ),
        Change::Normalise(n) => (
            format!("{}{}", frame.say("読んだあとに整える: ", "Normalise: "), grammar::word(frame, &edit::name(n))),
            frame
                .say("同じ場所を読み、書き方をそろえます。", "The same place is read, and written as it should be.")
                .to_owned(),
        ),
        Change::StopAt(end) => (
            format!("{}「{end}」", frame.say("ここで終わる: ", "End at ")),
            frame
                .say("この言葉から後ろは値に入れません。", "What follows from this word on is no part of the value.")
                .to_owned(),
        ),
        Change::Region { page, .. } => (
            frame.say("用紙の上の場所を決める", "Name the place on the page").to_owned(),
            format!("{} {page}", frame.say("この場所だけを読みます。ページ", "Only this place is read: page")),
        ),
    };
    Offer { title, what, right, change: json!(change).to_string() }
}

#[derive(Deserialize)]
pub struct Taken {
    change: String,
}

/// `POST /rules/teach/{id}`: into my draft, and on to its backtest.
pub async fn take(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(taken): Form<Taken>,
) -> Result<Redirect, Failure> {
    let topic = topic(&web, &id).await?;
    let bad = || Failure::Refused("この案は読めません。一覧から選びなおしてください。".into());
    let change: Change = serde_json::from_str(&taken.change).map_err(|_| bad())?;
    let desk = Desk::of(&web, &user).await?;
    let layer = topic.changed(&desk.now.base, &desk.layer, &change).map_err(|f| Failure::Refused(told(&f)))?;
    desk.keep(&web, &user, &layer).await?;
    Ok(Redirect::to("/rules#draft"))
}
