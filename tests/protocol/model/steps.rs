//! The longer steps: receipt, a worker's commit, posting, delivery, withdrawal.

use super::state::{
    Answer, Db, Final, Intake, Post, Purpose, Receipt, RowState, Sender, Stage, State, Worker, at, numbers,
};
use super::{ATTEMPTS, Kind, Setup};

impl Setup {
    pub(super) fn receive(&self, s: &mut State, intake: u8) -> Option<()> {
        let me = &mut s.intakes[at(intake)];
        let (input, token, first) = match *me {
            Intake::Kept { input, token } if !self.rules.link_locked => {
                *me = Intake::Looked { input, token, first: s.db.first() };
                return Some(());
            }
            Intake::Kept { input, token } | Intake::Hasty { input, token } => (input, token, s.db.first()),
            Intake::Looked { input, token, first } => (input, token, first),
            _ => return None,
        };
        *me = if s.world.touched[at(input)] && !self.rules.commit_before_touch {
            s.db.disown(input, token);
            Intake::Idle
        } else {
            Intake::Received { input, token }
        };
        self.insert_receipt(&mut s.db, input, first);
        Some(())
    }

    pub(super) fn insert_receipt(&self, db: &mut Db, input: u8, linked: Option<u8>) {
        let known = db.receipts.iter().any(|r| r.input == input);
        if known && self.rules.receipt_unique {
            return;
        }
        let receipt = u8::try_from(db.receipts.len()).expect("few receipts");
        db.receipts.push(Receipt { input, linked, state: Final::Processing });
        if linked.is_none() {
            db.enqueue(receipt, Stage::Read, 0);
        }
    }

    pub(super) fn touch(&self, s: &mut State, intake: u8) -> Option<()> {
        let me = &mut s.intakes[at(intake)];
        match *me {
            Intake::Kept { input, token } => {
                s.world.touched[at(input)] = true;
                *me = Intake::Hasty { input, token };
            }
            Intake::Received { input, token } => {
                s.world.touched[at(input)] = true;
                *me = Intake::Idle;
                s.db.disown(input, token);
            }
            _ => return None,
        }
        Some(())
    }

    /// A worker's transaction: `change` gets the row that its lease is on. Without it nothing happens
    /// (`StoreError::Stale`).
    pub(super) fn commit(&self, s: &mut State, worker: u8, change: impl FnOnce(&Setup, &mut Db, usize)) {
        let Worker::Has { receipt, stage, token } = s.workers[at(worker)] else { return };
        s.workers[at(worker)] = Worker::Idle;
        let mine = s.db.jobs.iter().position(|j| j.token == Some(token));
        let anyones = || s.db.jobs.iter().position(|j| j.receipt == receipt && j.stage == stage);
        let row = if self.rules.lease_checked { mine } else { mine.or_else(anyones) };
        if let Some(row) = row {
            change(self, &mut s.db, row);
            s.seen.stale_write |= mine.is_none();
        }
    }

    pub(super) fn post(&self, db: &mut Db, document: u8, revision: u8, room: u8, tell: bool) {
        for p in db.posts.iter_mut().filter(|p| p.document == document && !p.withdrawn) {
            p.replaced = true;
        }
        db.posts.push(Post { document, revision, room, replaced: false, withdrawn: false });
        if self.sink.is_some() {
            db.tell(document, revision, false, Purpose::Post);
        }
        if self.mail && tell {
            db.tell(document, revision, true, Purpose::Notice);
        }
    }

    pub(super) fn attempt(&self, s: &mut State, sender: u8, answer: Answer) -> Option<()> {
        let Sender::Sending { row, token, repeated, late } = s.senders[at(sender)] else { return None };
        s.faults -= u8::from(answer != Answer::Yes);
        s.senders[at(sender)] = Sender::Answered { row, token, answer };
        if matches!(answer, Answer::No | Answer::Never) {
            return Some(());
        }
        let r = &s.db.outbox[at(row)];
        s.seen.sent_after_withdrawal |= late;
        let its = &mut s.world.arrived[at(row)];
        let there = its.copies > 0;
        let found = !r.mail && self.rules.find_asked && repeated && there;
        if !found {
            let once = !r.mail && self.sink == Some(Kind::Keyed);
            its.copies = if once { 1 } else { (its.copies + 1).min(2) };
            its.taken_back = false;
            if let Purpose::Withdraw { row } = r.purpose {
                s.world.arrived[at(row)].taken_back = true;
            }
        }
        Some(())
    }

    pub(super) fn commit_delivery(&self, s: &mut State, sender: u8) -> Option<()> {
        let Sender::Answered { row, token, answer } = s.senders[at(sender)] else { return None };
        s.senders[at(sender)] = Sender::Idle;
        let r = &mut s.db.outbox[at(row)];
        let mine = r.token == Some(token);
        if !mine && self.rules.lease_checked {
            return Some(());
        }
        s.seen.stale_write |= !mine;
        r.token = None;
        r.attempts += u8::from(answer != Answer::Yes);
        r.state = match answer {
            Answer::Yes => RowState::Sent,
            Answer::Lost | Answer::No if r.attempts < ATTEMPTS => RowState::Pending,
            Answer::Lost | Answer::No | Answer::Never => RowState::Failed,
        };
        Some(())
    }

    pub(super) fn withdraw(&self, s: &mut State, document: u8, room: Option<u8>) {
        let db = &mut s.db;
        for p in db.posts.iter_mut().filter(|p| p.document == document && !p.replaced) {
            p.withdrawn = true;
        }
        for row in numbers(db.outbox.len()) {
            let r = &mut db.outbox[at(row)];
            if r.document != document {
                continue;
            }
            r.withdrawn = true;
            let (mail, revision, arrived) = (r.mail, r.revision, r.may_have_arrived());
            if r.state == RowState::Pending || r.state == RowState::Sending && self.rules.withdrawal_ends_sending {
                r.state = RowState::Cancelled;
                r.token = None;
            }
            if arrived {
                db.tell(document, revision, mail, Purpose::Withdraw { row });
            }
        }
        match room {
            Some(room) => {
                let revision = db.revise(document, Final::Posted, room);
                self.post(db, document, revision, room, true);
            }
            None => db.documents[at(document)].state = Final::Withdrawn,
        }
        db.settle(db.documents[at(document)].receipt);
    }
}

pub(super) fn give_up(db: &mut Db, job: usize) {
    let Some(job) = db.take(job) else { return };
    db.insert_document(job.receipt, Final::Review, 0);
    db.settle(job.receipt);
}
