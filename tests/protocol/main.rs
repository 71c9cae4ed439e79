//! The protocol, checked: receipt, lease, stage, outbox and withdrawal as a model (`model.rs`) that stateright explores
//! in every interleaving, with crashes between any two steps, leases that run out under living workers, lost answers and
//! failures. `properties.rs` says what must hold.
//!
//! What it covers: two hosts' intakes over two sources that offer the same content, workers, senders to a system beside
//! the board and to mail, and a person who may choose a room, confirm fields of a sheet opened long ago, and withdraw.
//! Faults come from one budget a run, so every run ends, and what must come "in the end" is judged at its end. Clocks are
//! not in it: a lease may run out at any time, and what is put off is due at once.
//!
//! What it does not cover: verdicts on inputs without bytes, members who leave, several documents of one receipt, canaries,
//! what a person puts into a room again after it was taken back (`Store::choose_room`, under a new key),
//! the audit chain, and the disk itself (that a commit is durable is taken for granted; `tests/e2e/crash.rs` kills the real
//! program, `src/store/blobs.rs` syncs).
//!
//! What the model taught about `Withdraw` (`Store::withdraw`) before it was built:
//! - Ending only the rows that wait is not enough. A row that is being sent must lose its lease in the same transaction,
//!   else its sender dies and another takes it up after the withdrawal.
//! - What is in flight may still arrive. So whoever may have it (sent, being sent, failed after a try) is told, and that
//!   is not sent before the lease of the row that it takes back has run out.
//! - A person's edit has to be refused by revision and state, or a form that was open meanwhile puts the sheet back.
//!
//! One assumption is not the database's to keep, `sinks_end_in_time`: a call of a sink ends before its lease does
//! (`work::deliver::LEASE`; a sink bounds its own time). A process that is stopped for longer in mid-call and goes on can
//! put a key twice into a sink that can only be asked, and overtake a withdrawal; one that takes a key only once is safe
//! from the former. A test below shows all three.

mod model;
mod names;
mod properties;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use model::{Action, Content, Kind, Rules, Setup, State};
use stateright::{Checker, HasDiscoveries, Model};

/// Two hosts receive the same content from two sources.
const RECEIPT: Setup = Setup {
    contents: &[Content::Certain, Content::Unsure, Content::Unreadable],
    inputs: 2,
    intakes: 2,
    workers: 1,
    senders: 0,
    sink: None,
    mail: false,
    people: false,
    faults: 4,
    sinks_end_in_time: true,
    rules: Rules::ALL,
};
/// Three workers on one receipt.
const WORK: Setup = Setup { inputs: 1, intakes: 1, workers: 3, faults: 5, ..RECEIPT };
/// Two senders carry notices by mail; persons decide.
const NOTICE: Setup = Setup {
    contents: &[Content::Certain, Content::Unsure],
    intakes: 0,
    workers: 1,
    senders: 2,
    mail: true,
    people: true,
    faults: 2,
    ..WORK
};
/// Two senders carry the sheets themselves to a system that can be asked; persons decide.
const SHEET: Setup = Setup { sink: Some(Kind::Asked), mail: false, ..NOTICE };
/// Everything at once on two hosts, with a single fault.
const HOSTS: Setup = Setup { contents: &[Content::Certain], inputs: 2, intakes: 2, workers: 2, faults: 1, ..NOTICE };

/// Explores everything; every property must hold, and everything that should be reachable must have been reached.
fn explore(name: &str, setup: Setup) {
    let checker = setup.checker().spawn_dfs().join();
    println!("{name}: {} unique states, longest run {} steps", checker.unique_state_count(), checker.max_depth() - 1);
    checker.assert_properties();
}

/// The checker must find a run that breaks `property`; returns its steps.
fn refute(name: &str, setup: Setup, property: &'static str) -> Vec<Action> {
    let only = HasDiscoveries::AnyOf([property].into());
    let checker = setup.checker().finish_when(only).spawn_bfs().join();
    println!("{name}: broken after {} unique states", checker.unique_state_count());
    checker.assert_any_discovery(property).into_actions()
}

#[test]
fn receipts_of_two_hosts() {
    explore("receipt", RECEIPT);
}

#[test]
fn leases_of_three_workers() {
    explore("work", WORK);
}

#[test]
fn notices_and_withdrawals() {
    explore("notice", NOTICE);
}

#[test]
fn sheets_in_another_system_and_withdrawals() {
    explore("sheet", SHEET);
}

#[test]
fn everything_at_once() {
    explore("hosts", HOSTS);
}

#[test]
fn a_sender_that_outlives_its_lease_needs_a_sink_that_takes_a_key_once() {
    let outlived = Setup { sinks_end_in_time: false, ..SHEET };
    let keyed = Setup { sink: Some(Kind::Keyed), ..outlived };
    explore("keyed sink", Setup { people: false, faults: 4, ..keyed });
    refute("a sink that can only be asked", outlived, properties::KEY_ONCE);
    refute("a withdrawal that is overtaken", keyed, properties::TAKEN_BACK);
}

/// `eventually` is judged at the end of runs only, so there must be no run that goes round.
#[test]
fn every_run_ends() {
    for setup in [WORK, Setup { faults: 1, ..NOTICE }, Setup { faults: 2, ..RECEIPT }, Setup { faults: 1, ..SHEET }] {
        assert!(!goes_round(&setup), "{setup:?}");
    }
}

/// Whether some state can be reached from itself: depth first, with the states of the current run marked.
fn goes_round(setup: &Setup) -> bool {
    let key = |s: &State| {
        let mut h = DefaultHasher::new();
        s.hash(&mut h);
        h.finish()
    };
    let (mut done, mut on_run) = (HashSet::new(), HashSet::new());
    for first in setup.init_states() {
        let mut run = vec![(key(&first), setup.next_states(&first))];
        on_run.insert(key(&first));
        while let Some((here, next)) = run.last_mut() {
            let Some(state) = next.pop() else {
                on_run.remove(here);
                done.insert(*here);
                run.pop();
                continue;
            };
            let k = key(&state);
            if on_run.contains(&k) {
                return true;
            }
            if !done.contains(&k) {
                on_run.insert(k);
                run.push((k, setup.next_states(&state)));
            }
        }
    }
    false
}

/// Each rule is broken in turn, and the property that it is for must fail: so the properties can fail, and each rule is
/// needed.
#[test]
fn every_broken_rule_is_noticed() {
    let all = Rules::ALL;
    for (name, setup, rules, property) in [
        ("touch before commit", RECEIPT, Rules { commit_before_touch: false, ..all }, properties::SAFE),
        ("touch before commit", RECEIPT, Rules { commit_before_touch: false, ..all }, properties::FINAL),
        ("link without lock", RECEIPT, Rules { link_locked: false, ..all }, properties::LINKED),
        (
            "link without lock",
            Setup { faults: 0, ..RECEIPT },
            Rules { link_locked: false, ..all },
            properties::STANDS_ONCE,
        ),
        ("receipts not unique", RECEIPT, Rules { receipt_unique: false, ..all }, properties::ONE_RECEIPT),
        ("commit without lease", WORK, Rules { lease_checked: false, ..all }, properties::STALE),
        ("rewind without end", WORK, Rules { rewinds_counted: false, ..all }, properties::BOUNDED),
        ("leases for ever", WORK, Rules { leases_end: false, ..all }, properties::FINAL),
        ("post without asking", SHEET, Rules { find_asked: false, ..all }, properties::KEY_ONCE),
        ("edit of what was seen", NOTICE, Rules { revision_checked: false, ..all }, properties::WITHDRAWN),
        ("senders go on", NOTICE, Rules { withdrawal_ends_sending: false, ..all }, properties::NOT_SENT),
        ("withdrawal at once", SHEET, Rules { withdrawal_waits: false, ..all }, properties::TAKEN_BACK),
        ("withdrawal at once", NOTICE, Rules { withdrawal_waits: false, ..all }, properties::TAKEN_BACK),
    ] {
        let steps = refute(name, Setup { rules, ..setup }, property);
        assert!(!steps.is_empty(), "{name}");
    }
}
