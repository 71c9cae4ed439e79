//! The review list: what is urgent first, then what is oldest; who has which in hand.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use serde::Deserialize;
use serde_json::json;

use crate::store::State as Of;
use crate::store::board::Held;
use crate::store::claims::minutes;
use crate::store::overdue::Step;
use crate::web::frame::Frame;
use crate::web::gate::User;
use crate::web::pages::faults;
use crate::web::sheet::sees_apart;
use crate::web::{Failure, Web, view, words};

/// Entries that the list shows at once; what is done makes room for the next.
const LIST: i64 = 200;

struct Waiting {
    id: String,
    kind: String,
    urgent: bool,
    open_fields: i64,
    at: String,
    age: String,
    /// Until when it is to be decided, where it has a deadline; and whether that has passed.
    due: Option<(String, bool)>,
    reason: Option<String>,
    origin: String,
    candidates: usize,
    /// Somebody else has it in hand.
    holder: Option<String>,
}

/// What was just done, told on top of the list.
struct Done {
    id: String,
    words: String,
    /// It stands in a room and can be taken back.
    posted: bool,
}

#[derive(Template)]
#[template(path = "review/list.html")]
struct List {
    frame: Frame,
    /// For a room or a decision.
    waiting: Vec<Waiting>,
    /// Taken back, and in no room yet.
    withdrawn: Vec<Waiting>,
    /// Posted, with open fields.
    open: Vec<Waiting>,
    /// Set apart as misdirected, as far as it is open to this person.
    apart: Vec<Waiting>,
    faults: Vec<(String, String)>,
    done: Option<Done>,
    /// Sheets that newer rules read otherwise.
    offers: usize,
}

#[derive(Deserialize)]
pub struct Asked {
    /// The sheet that was just decided about.
    #[serde(default)]
    done: String,
}

/// `GET /review`
pub async fn list(State(web): State<Web>, user: User, Query(asked): Query<Asked>) -> Result<Html<String>, Failure> {
    web.store.log_access(user.actor(), "list", "review", json!({})).await?;
    let frame = Frame::of(&web, &user, "review").await?;
    let (mut waiting, mut withdrawn, mut open, mut apart) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for h in web.store.review_list(LIST).await? {
        let to = match h.state {
            Of::Quarantined if !sees_apart(&user, h.quarantined_by.as_deref()) => continue,
            Of::Quarantined => &mut apart,
            Of::Posted => &mut open,
            Of::Withdrawn => &mut withdrawn,
            _ => &mut waiting,
        };
        to.push(entry(&web, &user, &frame, h));
    }
    let done = match asked.done.as_str() {
        "" => None,
        id => web.store.document(id).await?.and_then(|d| done(&frame, id, d.state)),
    };
    Ok(Html(
        List {
            waiting,
            withdrawn,
            open,
            apart,
            faults: faults(&web).await?,
            done,
            offers: web.store.offers(LIST).await?.len(),
            frame,
        }
        .render()?,
    ))
}

fn entry(web: &Web, user: &User, frame: &Frame, h: Held) -> Waiting {
    let now = web.store.now();
    let holder = h.holder.filter(|(by, _, until)| by != user.actor() && *until > now);
    Waiting {
        kind: match h.part {
            Some(part) => format!("{}（{part}）", frame.say("読み取れなかったファイル", "Unreadable file")),
            None => words::kind(&h.kind).to_owned(),
        },
        id: h.document,
        urgent: h.urgent,
        open_fields: h.open_fields,
        at: view::moment(h.received, view::today()),
        age: age(frame, now - h.received),
        due: matches!(h.state, Of::Review | Of::Withdrawn).then(|| {
            let due = web.options.due.due(h.created, h.urgent, Step::Next);
            (view::moment(due, view::today()), due <= now)
        }),
        reason: h.reason,
        origin: [Some(format!("{} / {}", h.source, h.source_id)), h.sender]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("　"),
        candidates: h.candidates,
        holder: holder.map(|(_, name, until)| held(frame, &name, until - now)),
    }
}

/// Who has a sheet in hand, and for how long yet.
pub fn held(frame: &Frame, name: &str, left_ms: i64) -> String {
    let left = minutes(left_ms);
    match frame.lang() {
        crate::account::Lang::Ja => format!("{name} さんが確認中です（あと {left} 分）"),
        crate::account::Lang::En => format!("{name} has it in hand ({left} min left)"),
    }
}

/// How long something has been waiting.
pub fn age(frame: &Frame, ms: i64) -> String {
    let minutes = ms.max(0) / 60_000;
    let (n, ja, en) = match minutes {
        0 => return frame.say("いま届いたばかり", "just now").to_owned(),
        1..60 => (minutes, "分前", "min ago"),
        60..2_880 => (minutes / 60, "時間前", "h ago"),
        _ => (minutes / 1_440, "日前", "days ago"),
    };
    format!("{n} {}", frame.say(ja, en))
}

fn done(frame: &Frame, id: &str, state: Of) -> Option<Done> {
    let words = match state {
        Of::Posted => frame.say("部屋に掲載しました。", "It stands in its room."),
        Of::Ignored => frame.say("部屋に入れずに片付けました。", "It was put away."),
        Of::Quarantined => frame.say("誤送信として隔離しました。", "It was set apart as misdirected."),
        Of::Withdrawn => frame.say("取り下げました。", "It was taken back."),
        _ => return None,
    };
    Some(Done { id: id.to_owned(), words: words.to_owned(), posted: state == Of::Posted })
}
