//! The state and the steps of the protocol.
//!
//! A transaction is one step, a call over the network another; a crash or another task may come between any two.
//! `state.rs` is what a state is made of, `moves.rs` what may happen next, `steps.rs` what it changes.

mod moves;
mod state;
mod steps;

use stateright::{Model, Property};

use crate::properties;
use moves::faults;
pub use state::*;
use steps::give_up;

/// Failures after which a job, or a delivery, is given up.
pub const ATTEMPTS: u8 = 2;
/// Leases of one job that may be lost before it is given up.
const CRASHES: u8 = 1;

/// What is offered, who works on it, and how much may go wrong.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// What the content may be.
    pub contents: &'static [Content],
    /// Inputs, each of a source of its own, all with the same content.
    pub inputs: u8,
    /// None: the inputs have been received before.
    pub intakes: usize,
    pub workers: usize,
    pub senders: usize,
    /// A system beside the board that gets each sheet; none: only the board, which lies in the database.
    pub sink: Option<Kind>,
    /// Whether members of a room get notices by mail.
    pub mail: bool,
    /// Whether persons choose rooms, confirm fields and withdraw.
    pub people: bool,
    /// Crashes, leases that run out under a living task, lost answers and failures, all together.
    pub faults: u8,
    /// A call of a sink ends before its sender's lease does (an assumption: see `main.rs`).
    pub sinks_end_in_time: bool,
    pub rules: Rules,
}

/// What an outside system does with a key that it has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It takes it again, but it can be asked (`Sink::find`).
    Asked,
    /// It takes a key only once (PUT by key, transaction id, `Idempotency-Key`), and can be asked as well.
    Keyed,
}

/// The protocol's rules. Each can be broken, to see that the checker notices.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The source is touched after the receipt's commit, not before.
    pub commit_before_touch: bool,
    /// Looking for the same content and inserting the receipt are one transaction, and others wait for it.
    pub link_locked: bool,
    /// `UNIQUE (source, source_id, sha256)`.
    pub receipt_unique: bool,
    /// A commit goes through only with the token of the row's lease.
    pub lease_checked: bool,
    /// A lease that its holder does not come back for can be taken by others.
    pub leases_end: bool,
    /// A reading that is damaged is a failed attempt like any other.
    pub rewinds_counted: bool,
    /// A repeated delivery asks the sink first.
    pub find_asked: bool,
    /// A person's edit goes through only on the revision and state that the person saw.
    pub revision_checked: bool,
    /// A withdrawal ends rows that are being sent as well, not only those that wait.
    pub withdrawal_ends_sending: bool,
    /// What takes a sheet back is not sent before the lease of the row that it takes back has run out.
    pub withdrawal_waits: bool,
}

impl Rules {
    pub const ALL: Rules = Rules {
        commit_before_touch: true,
        link_locked: true,
        receipt_unique: true,
        lease_checked: true,
        leases_end: true,
        rewinds_counted: true,
        find_asked: true,
        revision_checked: true,
        withdrawal_ends_sending: true,
        withdrawal_waits: true,
    };
}

/// What extraction says of the content: a function of it, so each run has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// A sheet that is certain to be of room 1.
    Certain,
    /// A sheet that waits for a person.
    Unsure,
    /// A file that cannot be read.
    Unreadable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    Intake(u8),
    Worker(u8),
    Sender(u8),
}

/// The steps. Each names what it stands for in `src/`; `tests/protocol/main.rs` checks that these exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// `Store::own_source`: an intake takes the lease of a source and believes to own it until `intake::until_lost` tells,
    /// so for a while also when another has it. Given back by `Store::disown_source`.
    Own { intake: u8, input: u8 },
    /// `Blobs::put`: the bytes are on disk, folder and all (`receive.after_blob`). Or another intake was faster, and there
    /// is nothing to be read any more.
    Keep { intake: u8 },
    /// `Store::receive`: one transaction, under the lock of the content (`Tx::lock`), looks for the same input and the
    /// same content and inserts receipt and job (`queue::enqueue`), or finds the receipt there
    /// (`receive.before_commit`, `receive.after_commit`).
    Receive { intake: u8 },
    /// `Folder::put_away`, `Maildir::mark_seen`, `Mailbox::put_away`: the source is touched.
    Touch { intake: u8 },
    /// `Store::claim`: a due job, or one whose lease ran out. As a lease may run out at any time, also one that a living
    /// worker holds; one of a dead worker is free from its death on, by then or by `Store::reclaim_leases_of_the_dead`
    /// (`claim.after_commit`).
    Claim { worker: u8, job: u8 },
    /// `Store::heartbeat` says false: the worker drops what it does.
    Heartbeat { worker: u8 },
    /// `Store::commit_reading`: ends the job of reading and enqueues that of accepting, under the lease (`queue::take`;
    /// `read.after_blobs`, `read.before_commit`, `read.after_commit`).
    CommitReading { worker: u8 },
    /// `Store::accept`: documents, posts (`outbox::post`), notices (`outbox::enqueue_notices`) and the receipt's state
    /// (`accept::settle`) with the end of the job (`accept.between_documents`, `accept.before_commit`,
    /// `accept.after_commit`).
    Accept { worker: u8 },
    /// `Store::give_up`: the file is unreadable, or the job died too often; a person finds it on the review list
    /// (`queue::hold_receipt`; `give_up.before_commit`, `give_up.after_commit`).
    GiveUp { worker: u8 },
    /// `work::fail`: `Store::retry` puts the job back for later, `Store::give_up` ends it after its last attempt.
    Fail { worker: u8 },
    /// `Store::rewind`: the kept reading is damaged, the original is read again; after the last attempt `work::fail`.
    Rewind { worker: u8 },
    /// `Store::release`: the process is asked to end and puts the job back untouched.
    Release { worker: u8 },
    /// `Store::claim_delivery`: a due row becomes `sending`, under a lease (`deliver.sending`).
    ClaimDelivery { sender: u8, row: u8 },
    /// `deliver::attempt`: asks `Sink::find` before a repetition, then `Sink::post` (`deliver.after_network`).
    Attempt { sender: u8, answer: Answer },
    /// `Store::commit_delivery`: the outcome, under the lease (`deliver.before_commit`, `deliver.after_commit`).
    CommitDelivery { sender: u8 },
    /// `Store::choose_room`: a person posts a held-back sheet (`review.before_commit`).
    ChooseRoom { document: u8 },
    /// `Store::document`: a person opens a sheet and sees its revision.
    Open { document: u8 },
    /// `Store::confirm_fields`: a new revision replaces the posted one, if it is still the one that the person saw.
    Confirm,
    /// 取り下げ, `Store::withdraw`: one transaction withdraws the post, ends the open rows of the document
    /// (`withdraw::end_notices`), and enqueues word for everyone who may have got one (`letters::put_after`: a letter, which
    /// goes no sooner than the lease of what it takes back); with a room, it posts the sheet there under the key of a new
    /// revision.
    Withdraw { document: u8, room: Option<u8> },
    /// A task dies, at any point between two steps: `crash::reached`. What it knew is gone.
    Crash(Task),
}

impl Model for Setup {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let inputs = usize::from(self.inputs);
        let start = |content: &Content| {
            let mut s = State {
                content: *content,
                db: Db {
                    blob: false,
                    owners: vec![None; inputs],
                    receipts: Vec::new(),
                    jobs: Vec::new(),
                    documents: Vec::new(),
                    posts: Vec::new(),
                    outbox: Vec::new(),
                },
                world: World { touched: vec![false; inputs], arrived: Vec::new() },
                intakes: vec![Intake::Idle; self.intakes],
                workers: vec![Worker::Idle; self.workers],
                senders: vec![Sender::Idle; self.senders],
                person: if self.people { Person::Fresh } else { Person::Done },
                faults: self.faults,
                seen: Seen::default(),
            };
            if self.intakes == 0 {
                s.db.blob = true;
                s.world.touched.fill(true);
                for input in 0..self.inputs {
                    let first = s.db.first();
                    self.insert_receipt(&mut s.db, input, first);
                }
            }
            s
        };
        self.contents.iter().map(start).collect()
    }

    fn actions(&self, s: &State, out: &mut Vec<Action>) {
        self.progress(s, out);
        self.decisions(s, out);
        if s.faults > 0 {
            faults(s, out);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut s = last.clone();
        match action {
            Action::Own { intake, input } => {
                s.faults -= self.price(last, last.db.owners[at(input)], true)?;
                let token = s.fresh();
                s.db.owners[at(input)] = Some(token);
                s.intakes[at(intake)] = Intake::Owns { input, token };
            }
            Action::Keep { intake } => {
                let Intake::Owns { input, token } = s.intakes[at(intake)] else { return None };
                if s.world.touched[at(input)] {
                    s.db.disown(input, token);
                    s.intakes[at(intake)] = Intake::Idle;
                } else {
                    s.db.blob = true;
                    s.intakes[at(intake)] = Intake::Kept { input, token };
                }
            }
            Action::Receive { intake } => self.receive(&mut s, intake)?,
            Action::Touch { intake } => self.touch(&mut s, intake)?,
            Action::Claim { worker, job } => {
                let row = &last.db.jobs[at(job)];
                s.faults -= self.price(last, row.token, true)?;
                let token = s.fresh();
                let row = &mut s.db.jobs[at(job)];
                // A row that still has a lease here outlived it.
                row.crashes += u8::from(row.token.is_some());
                row.token = Some(token);
                s.workers[at(worker)] = Worker::Has { receipt: row.receipt, stage: row.stage, token };
            }
            Action::Heartbeat { worker } => s.workers[at(worker)] = Worker::Idle,
            Action::CommitReading { worker } => self.commit(&mut s, worker, |_, db, job| {
                let Some(job) = db.take(job) else { return };
                db.enqueue(job.receipt, Stage::Accept, job.attempts);
            }),
            Action::Accept { worker } => self.commit(&mut s, worker, |setup, db, job| {
                let Some(job) = db.take(job) else { return };
                if last.content == Content::Certain {
                    let document = db.insert_document(job.receipt, Final::Posted, 1);
                    setup.post(db, document, 1, 1, true);
                } else {
                    db.insert_document(job.receipt, Final::Review, 0);
                }
                db.settle(job.receipt);
            }),
            Action::GiveUp { worker } => self.commit(&mut s, worker, |_, db, job| give_up(db, job)),
            Action::Fail { worker } => {
                s.faults -= 1;
                self.commit(&mut s, worker, |_, db, job| {
                    if db.jobs[job].attempts + 1 >= ATTEMPTS {
                        return give_up(db, job);
                    }
                    db.jobs[job].attempts += 1;
                    db.jobs[job].token = None;
                });
            }
            Action::Rewind { worker } => {
                s.faults -= 1;
                self.commit(&mut s, worker, |setup, db, job| {
                    if setup.rules.rewinds_counted && db.jobs[job].attempts + 1 >= ATTEMPTS {
                        return give_up(db, job);
                    }
                    let job = &mut db.jobs[job];
                    job.stage = Stage::Read;
                    job.attempts += 1;
                    job.token = None;
                });
            }
            Action::Release { worker } => {
                s.faults -= 1;
                self.commit(&mut s, worker, |_, db, job| db.jobs[job].token = None);
            }
            Action::ClaimDelivery { sender, row } => {
                s.faults -= self.price_of_row(last, row)?;
                let token = s.fresh();
                let r = &mut s.db.outbox[at(row)];
                let repeated = r.state == RowState::Sending || r.attempts > 0;
                let late = r.withdrawn;
                r.state = RowState::Sending;
                r.token = Some(token);
                s.senders[at(sender)] = Sender::Sending { row, token, repeated, late };
            }
            Action::Attempt { sender, answer } => self.attempt(&mut s, sender, answer)?,
            Action::CommitDelivery { sender } => self.commit_delivery(&mut s, sender)?,
            Action::ChooseRoom { document } => {
                let revision = s.db.revise(document, Final::Posted, 1);
                self.post(&mut s.db, document, revision, 1, true);
                s.db.settle(s.db.documents[at(document)].receipt);
            }
            Action::Open { document } => {
                let Document { revision, room, .. } = s.db.documents[at(document)];
                s.person = Person::Looks { document, revision, room };
            }
            Action::Confirm => {
                let Person::Looks { document, revision, room } = s.person else { return None };
                s.person = Person::Done;
                let doc = &s.db.documents[at(document)];
                if !self.rules.revision_checked || doc.revision == revision && doc.state == Final::Posted {
                    let revision = s.db.revise(document, Final::Posted, room);
                    self.post(&mut s.db, document, revision, room, false);
                }
            }
            Action::Withdraw { document, room } => self.withdraw(&mut s, document, room),
            Action::Crash(task) => {
                s.faults -= 1;
                match task {
                    Task::Intake(i) => s.intakes[at(i)] = Intake::Idle,
                    Task::Worker(i) => s.workers[at(i)] = Worker::Idle,
                    Task::Sender(i) => s.senders[at(i)] = Sender::Idle,
                }
            }
        }
        s.world.arrived.resize(s.db.outbox.len(), Arrived::default());
        s.normalise();
        Some(s)
    }

    fn properties(&self) -> Vec<Property<Setup>> {
        properties::of(self)
    }
}
