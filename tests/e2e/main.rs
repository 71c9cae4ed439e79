//! The whole daemon against real servers on loopback: Dovecot, an SMTP receiver (Debian's aiosmtpd), PostgreSQL,
//! PgBouncer, an S3-compatible store (moto), real folders and Maildirs, `kill -9`, strace. One binary, so that it links once; each test owns its folder, ports and processes.
//!
//! Waiting is always for a state, by bounded polling ([`until`]).

mod bad;
mod canary;
mod chromium;
mod crash;
mod dovecot;
mod home;
mod hosts;
mod imap;
mod order;
mod outside;
mod postgres;
mod route;
mod s3;
mod signals;
mod smtp;
mod strace;

use std::time::{Duration, Instant};

/// Generous: the machine may be busy, and nothing here measures speed.
const LIMIT: Duration = Duration::from_secs(300);

/// Polls until `check` gives something.
pub fn until<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(t) = check() {
            return t;
        }
        assert!(began.elapsed() < LIMIT, "did not happen: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A port of loopback that nobody listens on now.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Waits until somebody listens.
pub fn listening(port: u16) {
    until(&format!("port {port} listens"), || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
}
