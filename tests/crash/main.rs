//! Crash proof: the real daemon, killed at random moments and at every named point, on a full disk, behind a line that
//! breaks, before a mail server that misbehaves, under a clock that jumps; and its disk after a power cut, replayed
//! from what strace saw. After each, [`site::Site::settle`] asks the same: every input has exactly one final state,
//! every posting stands exactly once, every notice arrived under one Message-ID, the audit log verifies.
//!
//! `make test` runs a sample of it, `make crash` all of it ([`setting`] names the knobs). Nothing here knows the database
//! but through the program and [`home::Home::sql`]; the power cut alone is about the files of SQLite.

mod dice;
mod faults;
mod inputs;
mod kills;
mod points;
mod post_office;
mod power;
mod proxy;
mod site;

#[path = "../e2e/client.rs"]
mod client;
#[path = "../e2e/dovecot.rs"]
#[allow(dead_code)]
mod dovecot;
#[path = "../e2e/home.rs"]
#[allow(dead_code)]
mod home;
#[path = "../e2e/mail.rs"]
mod mail;
#[path = "../e2e/postgres.rs"]
#[allow(dead_code)]
mod postgres;
#[path = "../e2e/wait.rs"]
mod wait;

use wait::{free_port, listening, until};

/// A knob of `make crash`, from the environment.
pub fn setting(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")),
        _ => otherwise,
    }
}

/// `FAXBRIDGE_SEED`, or another one each time. Print it: with it a run can be made again, as far as processes allow.
pub fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    setting("FAXBRIDGE_SEED", u64::from(now.subsec_nanos()) ^ now.as_secs() << 8)
}
