//! What waits for a person: the list by urgency and age, one sheet with its page beside its fields, a person's decisions,
//! and taking back what stands in a wrong room. A sheet that is opened is in one's hand until it is decided or left
//! (`store::claims`); a decision about a field is kept at once and can be undone until the sheet is posted.

mod decide;
mod list;
pub mod rows;
mod sheet;
mod withdraw;

use super::gate::{REVIEW, Route, User, get, post};
use super::sheet::sees_apart;
use super::{Failure, Web};
use crate::store::State;
use crate::store::board::DocumentView;

pub fn routes() -> Vec<Route> {
    vec![
        get(REVIEW, "/review", list::list),
        get(REVIEW, "/review/{id}", sheet::sheet),
        post(REVIEW, "/review/{id}/hold", sheet::hold),
        post(REVIEW, "/review/{id}/leave", sheet::leave),
        post(REVIEW, "/review/{id}/decide", decide::decide),
        post(REVIEW, "/review/{id}/undo", decide::undo),
        post(REVIEW, "/review/{id}/add", decide::add),
        post(REVIEW, "/review/{id}/fields", decide::confirm),
        post(REVIEW, "/review/{id}/save", decide::save),
        post(REVIEW, "/review/{id}/room", decide::choose_room),
        post(REVIEW, "/review/{id}/aside", decide::set_aside),
        post(REVIEW, "/review/{id}/split", decide::split),
        post(REVIEW, "/review/{id}/join", decide::join),
        post(REVIEW, "/review/{id}/turn", decide::turn),
        get(REVIEW, "/review/{id}/withdraw", withdraw::ask),
        post(REVIEW, "/review/{id}/withdraw", withdraw::withdraw),
        get(REVIEW, "/review/{id}/withdrawn", withdraw::told),
    ]
}

/// A document that this reviewer may decide about.
pub async fn decidable(web: &Web, user: &User, id: &str) -> Result<DocumentView, Failure> {
    let d = web.store.document(id).await?.ok_or(Failure::NotFound)?;
    if d.state == State::Quarantined && !sees_apart(user, d.quarantined_by.as_deref()) {
        return Err(Failure::NotFound);
    }
    Ok(d)
}
