//! What may happen next: what machines do of themselves, what persons may decide, and what may go wrong.

use super::state::{Final, Intake, Person, Purpose, Sender, Stage, State, Token, Worker, at, numbers};
use super::{Action, Answer, CRASHES, Content, Setup, Task};

impl Setup {
    /// What machines do of themselves: while any of it is possible, something moves.
    pub(super) fn progress(&self, s: &State, out: &mut Vec<Action>) {
        for (i, intake) in numbers(self.intakes).zip(&s.intakes) {
            match intake {
                Intake::Idle => {
                    for input in numbers(s.world.touched.len()) {
                        if !s.world.touched[at(input)] && self.price(s, s.db.owners[at(input)], true).is_some() {
                            out.push(Action::Own { intake: i, input });
                        }
                    }
                }
                Intake::Owns { .. } => out.push(Action::Keep { intake: i }),
                Intake::Kept { .. } if !self.rules.commit_before_touch => out.push(Action::Touch { intake: i }),
                Intake::Kept { .. } | Intake::Looked { .. } | Intake::Hasty { .. } => {
                    out.push(Action::Receive { intake: i });
                }
                Intake::Received { .. } => out.push(Action::Touch { intake: i }),
            }
        }
        for (i, worker) in numbers(self.workers).zip(&s.workers) {
            match *worker {
                Worker::Idle => {
                    for (j, job) in numbers(s.db.jobs.len()).zip(&s.db.jobs) {
                        if self.price(s, job.token, true).is_some() {
                            out.push(Action::Claim { worker: i, job: j });
                        }
                    }
                }
                Worker::Has { stage, token, receipt } => {
                    let held = s.db.jobs.iter().find(|j| j.token == Some(token));
                    if held.is_none() {
                        out.push(Action::Heartbeat { worker: i });
                    }
                    let died_often = held
                        .or_else(|| s.db.jobs.iter().find(|j| j.receipt == receipt && j.stage == stage))
                        .is_some_and(|j| j.crashes > CRASHES);
                    out.push(match stage {
                        _ if died_often => Action::GiveUp { worker: i },
                        Stage::Read if s.content == Content::Unreadable => Action::GiveUp { worker: i },
                        Stage::Read => Action::CommitReading { worker: i },
                        Stage::Accept => Action::Accept { worker: i },
                    });
                }
            }
        }
        for (i, sender) in numbers(self.senders).zip(&s.senders) {
            match sender {
                Sender::Idle => {
                    for row in numbers(s.db.outbox.len()) {
                        if s.db.outbox[at(row)].is_open() && self.price_of_row(s, row).is_some() {
                            out.push(Action::ClaimDelivery { sender: i, row });
                        }
                    }
                }
                Sender::Sending { .. } => out.push(Action::Attempt { sender: i, answer: Answer::Yes }),
                Sender::Answered { .. } => out.push(Action::CommitDelivery { sender: i }),
            }
        }
    }

    /// What persons may do, or not.
    pub(super) fn decisions(&self, s: &State, out: &mut Vec<Action>) {
        if !self.people {
            return;
        }
        for (document, doc) in numbers(s.db.documents.len()).zip(&s.db.documents) {
            match doc.state {
                Final::Review => out.push(Action::ChooseRoom { document }),
                Final::Posted => {
                    if s.person == Person::Fresh {
                        out.push(Action::Open { document });
                    }
                    if !s.db.posts.iter().any(|p| p.withdrawn) {
                        out.push(Action::Withdraw { document, room: None });
                        out.push(Action::Withdraw { document, room: Some(2) });
                    }
                }
                Final::Processing | Final::Withdrawn => {}
            }
        }
        if let Person::Looks { .. } = s.person {
            out.push(Action::Confirm);
        }
    }

    /// Whether nothing moves any more, unless a person decides something.
    pub fn is_quiet(&self, s: &State) -> bool {
        let mut moves = Vec::new();
        self.progress(s, &mut moves);
        moves.is_empty()
    }

    /// Faults that it takes to lease a row: none where it is free or its holder is dead, one where the lease runs out
    /// under a living holder. None: it cannot be had now.
    pub(super) fn price(&self, s: &State, token: Option<Token>, may_run_out: bool) -> Option<u8> {
        match token {
            None => Some(0),
            Some(t) if !s.is_alive(t) => self.rules.leases_end.then_some(0),
            Some(_) => (may_run_out && s.faults > 0).then_some(1),
        }
    }

    pub(super) fn price_of_row(&self, s: &State, row: u8) -> Option<u8> {
        let r = &s.db.outbox[at(row)];
        let calls =
            |wanted: u8| s.senders.iter().any(|sender| matches!(sender, Sender::Sending { row, .. } if *row == wanted));
        if let Purpose::Withdraw { row } = r.purpose
            && self.rules.withdrawal_waits
            && self.sinks_end_in_time
            && calls(row)
        {
            return None;
        }
        self.price(s, r.token, !(self.sinks_end_in_time && calls(row)))
    }
}

/// What may go wrong at this point, beside leases that run out.
pub(super) fn faults(s: &State, out: &mut Vec<Action>) {
    for (i, intake) in numbers(s.intakes.len()).zip(&s.intakes) {
        if *intake != Intake::Idle {
            out.push(Action::Crash(Task::Intake(i)));
        }
    }
    for (i, worker) in numbers(s.workers.len()).zip(&s.workers) {
        if let Worker::Has { stage, .. } = worker {
            out.push(Action::Crash(Task::Worker(i)));
            out.push(Action::Fail { worker: i });
            out.push(Action::Release { worker: i });
            if *stage == Stage::Accept {
                out.push(Action::Rewind { worker: i });
            }
        }
    }
    for (i, sender) in numbers(s.senders.len()).zip(&s.senders) {
        if *sender != Sender::Idle {
            out.push(Action::Crash(Task::Sender(i)));
        }
        if let Sender::Sending { .. } = sender {
            out.extend([Answer::Lost, Answer::No, Answer::Never].map(|answer| Action::Attempt { sender: i, answer }));
        }
    }
}
