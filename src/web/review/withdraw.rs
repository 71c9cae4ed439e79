//! Taking a sheet back out of a wrong room, and afterwards who had seen it there.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{Html, Redirect};

use super::decidable;
use super::decide::RoomForm;
use super::list::held;
use crate::store::claims::Hold;
use crate::store::withdraw::Exposure;
use crate::store::{Candidate, State as Of};
use crate::web::frame::Frame;
use crate::web::gate::User;
use crate::web::pages::{SheetView, readable};
use crate::web::{Failure, Web, view};

#[derive(Template)]
#[template(path = "review/withdraw.html")]
struct Ask {
    frame: Frame,
    sheet: SheetView,
    /// Where it stands: id and name.
    here: (String, String),
    candidates: Vec<Candidate>,
    rooms: Vec<(String, String)>,
}

/// `GET /review/{id}/withdraw`
pub async fn ask(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Html<String>, Failure> {
    let d = readable(&web, &user, &id, "read").await?;
    let here = d.room.clone().filter(|_| d.state == Of::Posted);
    let Some(here) = here else {
        return Err(Failure::Refused("部屋に掲載されている書類ではありません".into()));
    };
    let frame = Frame::of(&web, &user, "review").await?;
    if let Hold::Others(by) = web.store.hold(&id, user.actor()).await? {
        return Err(Failure::Refused(held(&frame, &by.name, by.until - web.store.now())));
    }
    let name = web.store.room(&here).await?.map(|r| r.name).unwrap_or_default();
    let rooms = web.store.open_rooms().await?.into_iter().filter(|r| r.0 != here);
    let page = Ask {
        sheet: SheetView::of(&d, &[]),
        rooms: rooms.map(|(id, name, born)| (id, format!("{name} {born}"))).collect(),
        candidates: d.candidates.into_iter().filter(|c| c.room != here).collect(),
        here: (here, name),
        frame,
    };
    Ok(Html(page.render()?))
}

/// `POST /review/{id}/withdraw`: in one action, into the right room where one is named.
pub async fn withdraw(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(form): Form<RoomForm>,
) -> Result<Redirect, Failure> {
    decidable(&web, &user, &id).await?;
    web.store.withdraw(&id, form.revision, form.meant(), user.actor()).await?;
    Ok(Redirect::to(&format!("/review/{id}/withdrawn")))
}

/// Somebody who opened it.
struct Reader {
    who: String,
    what: String,
    first: String,
    last: String,
}

/// Somebody who was told of it.
struct Addressee {
    who: String,
    notice: &'static str,
    at: String,
    taken_back: &'static str,
}

struct Stay {
    room: String,
    from: String,
    until: String,
    readers: Vec<Reader>,
    addressees: Vec<Addressee>,
}

#[derive(Template)]
#[template(path = "review/withdrawn.html")]
struct Told {
    frame: Frame,
    sheet: SheetView,
    stays: Vec<Stay>,
    /// Where it stands now.
    now: Option<(String, String)>,
}

/// `GET /review/{id}/withdrawn`: who had opened it, who was told of it, and where it is now.
pub async fn told(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Html<String>, Failure> {
    let d = readable(&web, &user, &id, "read_withdrawal").await?;
    let frame = Frame::of(&web, &user, "review").await?;
    let mut stays = Vec::new();
    for e in web.store.exposures(&id).await? {
        let name = web.store.room(&e.room).await?.map(|r| r.name).unwrap_or_default();
        stays.push(stay(&frame, &name, e));
    }
    let now = match d.room.as_ref().filter(|_| d.state == Of::Posted) {
        Some(room) => web.store.room(room).await?.map(|r| (r.id, r.name)),
        None => None,
    };
    Ok(Html(Told { sheet: SheetView::of(&d, &[]), stays, now, frame }.render()?))
}

fn stay(frame: &Frame, name: &str, e: Exposure) -> Stay {
    let moment = |ms| view::moment(ms, view::today());
    let readers = e.opened.into_iter().map(|o| Reader {
        what: o.actions.iter().map(|a| opened(frame, a)).collect::<Vec<_>>().join("、"),
        first: moment(o.first),
        last: moment(o.last),
        who: o.name.map_or(o.login.clone(), |name| format!("{name}（{}）", o.login)),
    });
    let addressees = e.told.into_iter().map(|t| Addressee {
        who: t.recipient,
        notice: notice(frame, &t.state),
        at: moment(t.at),
        taken_back: t.taken_back.map_or(frame.say("不要", "not needed"), |s| notice(frame, &s)),
    });
    Stay {
        room: format!("{name}（{}）", e.room),
        from: moment(e.from),
        until: moment(e.until),
        readers: readers.collect(),
        addressees: addressees.collect(),
    }
}

fn opened(frame: &Frame, action: &str) -> &'static str {
    match action {
        "read_page" => frame.say("原本の画像", "the page"),
        "read_original" => frame.say("原本の保存", "the original file"),
        "read_room" => frame.say("部屋の一覧", "the room"),
        _ => frame.say("書類", "the sheet"),
    }
}

fn notice(frame: &Frame, state: &str) -> &'static str {
    match state {
        "sent" => frame.say("送信済み", "sent"),
        "failed" => frame.say("送れませんでした", "failed"),
        "cancelled" => frame.say("送らずに止めました", "stopped before it was sent"),
        _ => frame.say("送信待ち", "to be sent"),
    }
}
