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

/// A port of loopback that nobody listens on now, from below those that the system gives to who connects: one of
/// these could be another test's own end by the time that a server asks for it.
pub fn free_port() -> u16 {
    use std::hash::{BuildHasher, RandomState};
    let tries = std::iter::repeat_with(|| 8000 + (RandomState::new().hash_one(()) % 8000) as u16);
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    tries.take(1000).find(free).expect("a free port")
}

/// Waits until somebody listens.
pub fn listening(port: u16) {
    until(&format!("port {port} listens"), || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
}
