//! Who has read a sheet (既読), by person, and which members of the room have not.

use std::collections::HashSet;

use super::view;
use super::{Failure, Web};
use crate::store::board::DocumentView;
use crate::store::seen::{Member, Reading};

/// Somebody who has opened it.
pub struct Reader {
    pub name: String,
    pub mailbox: String,
    pub at: String,
    /// They have not opened it since it was corrected.
    pub older: bool,
}

/// Both sides.
pub struct Readers {
    pub read: Vec<Reader>,
    /// People who have not, and addresses that nobody has an account for: the second is true then.
    pub open: Vec<(String, bool)>,
}

impl Readers {
    /// What a line of the timeline says.
    pub fn names(&self) -> String {
        self.read.iter().map(|r| r.name.as_str()).collect::<Vec<_>>().join("、")
    }
}

/// Of a sheet of that revision.
pub fn sides(revision: i64, readings: &[Reading], members: &[Member]) -> Readers {
    let today = view::today();
    let have: HashSet<&str> = readings.iter().map(|r| r.account.as_str()).collect();
    let mut open = Vec::new();
    for member in members {
        if member.people.is_empty() {
            open.push((member.mailbox.clone(), true));
        }
        open.extend(
            member.people.iter().filter(|(id, _)| !have.contains(id.as_str())).map(|(_, n)| (n.clone(), false)),
        );
    }
    let read = readings.iter().map(|r| Reader {
        name: r.name.clone(),
        mailbox: r.mailbox.clone(),
        at: view::moment(r.last, today),
        older: r.revision < revision,
    });
    Readers { read: read.collect(), open }
}

pub async fn of(web: &Web, d: &DocumentView, room: &str) -> Result<Readers, Failure> {
    let readings = web.store.readings(std::slice::from_ref(&d.id)).await?.remove(&d.id).unwrap_or_default();
    Ok(sides(d.revision, &readings, &web.store.people_of(room).await?))
}
