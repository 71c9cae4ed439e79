//! One sheet on the review page: its pages beside its fields, who may be meant, and who has it in hand.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, Redirect, Response};
use serde_json::json;

use super::decidable;
use super::list::{age, held};
use super::rows::{Row, Spot, missing, rows, spots};
use crate::model::{Value, Vocabulary};
use crate::store::State as Of;
use crate::store::board::DocumentView;
use crate::store::claims::{CLAIM_MS, Hold};
use crate::store::review::{Draft, Edit, TYPE};
use crate::web::frame::Frame;
use crate::web::gate::{User, json as answer};
use crate::web::pages::{SheetView, page_views, readable};
use crate::web::view::PageView;
use crate::web::{Failure, Web, words};

/// A page with the places of the rows on it.
struct Leaf {
    page: PageView,
    spots: Vec<Spot>,
    /// Another document may begin here.
    splits: bool,
}

/// A patient who may be meant.
struct Choice {
    room: String,
    name: String,
    kana: String,
    birth_date: String,
    agrees: Vec<String>,
    differs: Vec<String>,
    /// The only one of whom nothing differs.
    chosen: bool,
}

/// The one who may decide, or may not now.
enum Turn {
    Mine,
    /// Another one has it in hand; the sentence.
    Others(String),
}

#[derive(Template)]
#[template(path = "review/sheet.html")]
struct Sheet {
    frame: Frame,
    sheet: SheetView,
    origin: String,
    age: String,
    leaves: Vec<Leaf>,
    /// Its pages may go back behind those of the document before.
    joins: bool,
    candidates: Vec<Choice>,
    rooms: Vec<(String, String)>,
    rows: Vec<Row>,
    missing: Vec<(String, String)>,
    /// Types of documents: key, name, whether it is this one's.
    kinds: Vec<(String, String, bool)>,
    turn: Turn,
    /// It waits for a room; else it stands in one and its fields are put right.
    waits: bool,
    /// Nothing can be done about its fields.
    closed: bool,
    /// It was taken back out of a room once.
    taken_back: bool,
    drafts: usize,
    /// Seconds between two signs of life.
    beat: i64,
}

impl Sheet {
    fn others(&self) -> Option<&str> {
        match &self.turn {
            Turn::Mine => None,
            Turn::Others(words) => Some(words),
        }
    }

    fn unsure(&self) -> usize {
        self.rows.iter().filter(|r| r.unsure && r.decided.is_none()).count()
    }
}

/// `GET /review/{id}`: takes the sheet in hand, unless another has it.
pub async fn sheet(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Html<String>, Failure> {
    let d = readable(&web, &user, &id, "read").await?;
    let frame = Frame::of(&web, &user, "review").await?;
    let turn = match web.store.hold(&id, user.actor()).await? {
        Hold::Mine { .. } => Turn::Mine,
        Hold::Others(by) => Turn::Others(held(&frame, &by.name, by.until - web.store.now())),
    };
    let drafts = web.store.drafts(&id, d.revision).await?;
    let pages = page_views(&d);
    let rows = rows(&d.content, &pages, &drafts, &frame);
    let leaves = leaves(&d, &pages, &rows);
    let waits = !matches!(d.state, Of::Posted | Of::Processing);
    let rooms = if waits { web.store.open_rooms().await? } else { Vec::new() };
    let kind = kind(&d, &drafts);
    let page = Sheet {
        sheet: SheetView::of(&d, &pages),
        origin: format!("{} / {}", d.source, d.source_id),
        age: age(&frame, web.store.now() - d.received),
        leaves,
        candidates: choices(&d),
        rooms: rooms.into_iter().map(|(id, name, born)| (id, format!("{name} {born}"))).collect(),
        missing: missing(&d.content, &rows, &web.options.rules.now().own),
        kinds: Vocabulary::get().types.keys().map(|k| (k.clone(), words::kind(k).to_owned(), *k == kind)).collect(),
        joins: web.store.joins(&id).await?.is_some(),
        rows,
        turn,
        waits,
        closed: !matches!(d.state, Of::Review | Of::Posted | Of::Quarantined) || d.line.again_of.is_some(),
        taken_back: !web.store.exposures(&id).await?.is_empty(),
        drafts: drafts.len(),
        beat: CLAIM_MS / 5_000,
        frame,
    };
    Ok(Html(page.render()?))
}

fn leaves(d: &DocumentView, pages: &[PageView], rows: &[Row]) -> Vec<Leaf> {
    let first = d.content.pages.first().copied();
    let divisible = matches!(d.state, Of::Review | Of::Posted) && d.line.again_of.is_none();
    let leaf = |page: &PageView| Leaf {
        spots: spots(&d.content, rows, page),
        splits: divisible && first != Some(page.number) && d.content.pages.contains(&page.number),
        page: page.clone(),
    };
    pages.iter().map(leaf).collect()
}

/// The type as it would be posted now.
fn kind(d: &DocumentView, drafts: &[Draft]) -> String {
    let decided = drafts.iter().find(|d| d.field == TYPE).map(|d| &d.edit);
    match decided {
        Some(Edit::Set(Value::One(kind))) => kind.clone(),
        _ => d.content.kind.clone(),
    }
}

/// Of several nobody is chosen, nor one with anything against them: that is a person's part.
fn choices(d: &DocumentView) -> Vec<Choice> {
    let fits = d.candidates.iter().filter(|c| c.differs.is_empty() && !c.agrees.is_empty()).count();
    let choice = |c: &crate::store::Candidate| Choice {
        chosen: fits == 1 && c.differs.is_empty() && !c.agrees.is_empty(),
        room: c.room.clone(),
        name: c.name.clone(),
        kana: c.kana.clone(),
        birth_date: c.birth_date.clone(),
        agrees: c.agrees.clone(),
        differs: c.differs.clone(),
    };
    d.candidates.iter().map(choice).collect()
}

/// `POST /review/{id}/hold`: a sign of life of who has the sheet open, or a question of who waits for it.
pub async fn hold(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Response, Failure> {
    decidable(&web, &user, &id).await?;
    let frame = Frame::bare(&web, Some(&user));
    Ok(answer(match web.store.hold(&id, user.actor()).await? {
        Hold::Mine { .. } => json!({"mine": true}),
        Hold::Others(by) => json!({"mine": false, "says": held(&frame, &by.name, by.until - web.store.now())}),
    }))
}

/// `POST /review/{id}/leave`: back to the list; what was decided stays.
pub async fn leave(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    web.store.let_go(&id, user.actor()).await?;
    Ok(Redirect::to("/review"))
}
