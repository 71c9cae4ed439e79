//! What must hold, whatever goes wrong; and what must be reachable, so that the exploration is known to come there.

use stateright::Property;

use crate::model::{
    ATTEMPTS, Content, Final, Kind, LOST, Person, Post, Purpose, RowState, Sender, Setup, State, Worker, at,
};

pub const SAFE: &str = "a source is touched only after blob and receipt are on disk";
pub const ONE_RECEIPT: &str = "an input has one receipt";
pub const LINKED: &str = "the same content is linked, and processed once";
pub const ONE_JOB: &str = "a receipt has one job, or a final state";
pub const BOUNDED: &str = "a job that failed for the last time is given up";
pub const STANDS_ONCE: &str = "a sheet stands once on the board";
pub const KEY_ONCE: &str = "a key stands once in a sink that can be asked";
pub const SENT_ARRIVED: &str = "what is called sent has arrived";
pub const STALE: &str = "a commit without the lease changes nothing";
pub const WITHDRAWN: &str = "a withdrawn sheet does not stand in its room again";
pub const NOT_SENT: &str = "nothing of a withdrawn sheet is sent by who takes it up later";
pub const TAKEN_BACK: &str = "what was taken back does not come after it";
pub const QUIET: &str = "when nothing moves, everything is told to everyone";
pub const FINAL: &str = "every input ends in one final state";

/// The properties of a setup.
pub fn of(setup: &Setup) -> Vec<Property<Setup>> {
    let mut all = vec![
        always(SAFE, |_, s| {
            (0..s.world.touched.len()).all(|i| !s.world.touched[i] || s.db.blob && receipts_of(s, i) > 0)
        }),
        always(ONE_RECEIPT, |_, s| (0..s.world.touched.len()).all(|i| receipts_of(s, i) <= 1)),
        always(LINKED, |_, s| s.db.receipts.iter().filter(|r| r.linked.is_none()).count() <= 1),
        always(ONE_JOB, one_job),
        always(BOUNDED, |_, s| s.db.jobs.iter().all(|j| j.attempts < ATTEMPTS)),
        always(STANDS_ONCE, |_, s| standing(s) <= 1),
        always(KEY_ONCE, |_, s| s.db.outbox.iter().zip(&s.world.arrived).all(|(r, a)| r.mail || a.copies <= 1)),
        always(SENT_ARRIVED, |_, s| {
            s.db.outbox.iter().zip(&s.world.arrived).all(|(r, a)| r.state != RowState::Sent || a.copies > 0)
        }),
        always(STALE, |_, s| !s.seen.stale_write),
        always(WITHDRAWN, withdrawn_is_gone),
        always(NOT_SENT, |_, s| !s.seen.sent_after_withdrawal),
        always(TAKEN_BACK, |_, s| {
            s.db.outbox.iter().all(|r| match r.purpose {
                Purpose::Withdraw { row } if r.state == RowState::Sent => s.world.arrived[at(row)].taken_back,
                _ => true,
            })
        }),
        always(QUIET, |m, s| !m.is_quiet(s) || everything_is_final(s) && everyone_was_told(s)),
        Property::eventually(FINAL, |_, s: &State| everything_is_final(s)),
        sometimes("a certain sheet is posted", |_, s| s.content == Content::Certain && standing(s) == 1),
    ];
    let mut also = |wanted: bool, name, condition: fn(&Setup, &State) -> bool| {
        if wanted {
            all.push(sometimes(name, condition));
        }
    };
    also(setup.contents.contains(&Content::Unsure), "an unsure sheet waits for a person", |_, s| {
        held(s, Content::Unsure)
    });
    also(setup.contents.contains(&Content::Unreadable), "an unreadable file waits for a person", |_, s| {
        held(s, Content::Unreadable)
    });
    also(setup.inputs > 1 && setup.intakes > 0, "a receipt is linked", |_, s| {
        s.db.receipts.iter().any(|r| r.linked.is_some())
    });
    also(setup.workers > 1 && setup.faults > 0, "a living worker loses its lease", |_, s| {
        s.workers.iter().any(|w| matches!(w, Worker::Has { token, .. } if *token == LOST))
    });
    also(setup.faults > 1, "a certain sheet is given up", |_, s| held(s, Content::Certain));
    let sends = setup.senders > 0 && setup.faults > 0;
    also(sends && setup.mail, "a mail comes twice", |_, s| {
        s.db.outbox.iter().zip(&s.world.arrived).any(|(r, a)| r.mail && a.copies == 2)
    });
    also(sends, "a delivery is given up", |_, s| s.db.outbox.iter().any(|r| r.state == RowState::Failed));
    also(sends && setup.sink == Some(Kind::Asked), "a sink is asked and has it", |_, s| {
        s.db.outbox
            .iter()
            .zip(&s.world.arrived)
            .any(|(r, a)| !r.mail && r.attempts > 0 && a.copies == 1 && sent(r.state))
    });
    also(setup.people && setup.contents.contains(&Content::Unsure), "a person chooses the room", |_, s| {
        s.content == Content::Unsure && standing(s) == 1
    });
    also(
        setup.people,
        "a person's form is out of date",
        |_, s| matches!(s.person, Person::Looks { document, revision, .. } if s.db.documents[at(document)].revision != revision),
    );
    also(setup.people, "a sheet moves to the right room", |_, s| s.db.posts.iter().any(|p| p.room == 2 && stands(p)));
    also(setup.people && sends, "a sheet is withdrawn while it is sent", |_, s| {
        s.senders
            .iter()
            .any(|x| matches!(x, Sender::Sending { row, late: false, .. } if s.db.outbox[at(*row)].withdrawn))
    });
    also(setup.people && sends, "a withdrawal is told", |_, s| {
        s.db.outbox.iter().any(|r| matches!(r.purpose, Purpose::Withdraw { .. }) && sent(r.state))
    });
    all
}

fn always(name: &'static str, condition: fn(&Setup, &State) -> bool) -> Property<Setup> {
    Property::always(name, condition)
}

fn sometimes(name: &'static str, condition: fn(&Setup, &State) -> bool) -> Property<Setup> {
    Property::sometimes(name, condition)
}

fn sent(state: RowState) -> bool {
    state == RowState::Sent
}

fn receipts_of(s: &State, input: usize) -> usize {
    s.db.receipts.iter().filter(|r| at(r.input) == input).count()
}

fn stands(p: &Post) -> bool {
    !p.replaced && !p.withdrawn
}

fn standing(s: &State) -> usize {
    s.db.posts.iter().filter(|p| stands(p)).count()
}

fn held(s: &State, content: Content) -> bool {
    s.content == content && s.db.documents.iter().any(|d| d.state == Final::Review)
}

fn one_job(_: &Setup, s: &State) -> bool {
    (0..).zip(&s.db.receipts).all(|(i, r)| {
        let jobs = s.db.jobs.iter().filter(|j| j.receipt == i).count();
        let documents = s.db.documents.iter().filter(|d| d.receipt == i).count();
        match (r.linked, r.state) {
            // Its state is that of the first.
            (Some(_), state) => state == Final::Processing && jobs + documents == 0,
            (None, Final::Processing) => jobs == 1 && documents == 0,
            (None, _) => jobs == 0 && documents == 1,
        }
    })
}

/// A document that was withdrawn from a room does not stand there, nor stands a post that was withdrawn.
fn withdrawn_is_gone(_: &Setup, s: &State) -> bool {
    s.db.posts
        .iter()
        .filter(|p| p.withdrawn)
        .all(|gone| !s.db.posts.iter().any(|p| stands(p) && p.document == gone.document && p.room == gone.room))
}

fn everything_is_final(s: &State) -> bool {
    (0..s.world.touched.len()).all(|i| {
        let mut its = s.db.receipts.iter().filter(|r| at(r.input) == i);
        let (one, other) = (its.next(), its.next());
        // A linked receipt's state is that of the first.
        let state = one.map(|r| r.linked.map_or(r.state, |first| s.db.receipts[at(first)].state));
        s.world.touched[i] && other.is_none() && state.is_some_and(|s| s != Final::Processing)
    })
}

/// Every row has ended; only those of a withdrawn sheet are cancelled; and who may have heard of one has heard of its
/// withdrawal, unless that failed for good and stays visible as failed.
fn everyone_was_told(s: &State) -> bool {
    let withdrawal =
        |row: usize| s.db.outbox.iter().find(|r| matches!(r.purpose, Purpose::Withdraw { row: of } if at(of) == row));
    s.db.outbox.iter().zip(&s.world.arrived).enumerate().all(|(i, (r, a))| {
        !r.is_open()
            && (r.state != RowState::Cancelled || r.withdrawn)
            && (!r.withdrawn
                || a.copies == 0
                || a.taken_back
                || withdrawal(i).is_some_and(|w| w.state == RowState::Failed))
    })
}
