//! Waiting for a state by bounded polling, never sleeping until it has probably passed.

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
