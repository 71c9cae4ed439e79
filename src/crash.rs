//! Named places where a test may end the process as `kill -9` would. Nothing at all outside of
//! unit tests and the feature `crash-points`.

/// The route came to the point `name`. Where crash points are compiled in and `FAXBRIDGE_CRASH_AT` names it (as
/// `name`, or `name:n` for the n-th time), the process dies here without any clean-up.
#[inline]
pub fn reached(name: &str) {
    #[cfg(any(test, feature = "crash-points"))]
    die_if_asked(name);
    #[cfg(not(any(test, feature = "crash-points")))]
    let _ = name;
}

#[cfg(any(test, feature = "crash-points"))]
fn die_if_asked(name: &str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    static WANTED: LazyLock<Option<(String, AtomicU32)>> = LazyLock::new(|| {
        let text = std::env::var("FAXBRIDGE_CRASH_AT").ok()?;
        let (point, n) = text.rsplit_once(':').unwrap_or((&text, "1"));
        Some((point.to_owned(), AtomicU32::new(n.parse().unwrap_or(1))))
    });
    if let Some((point, left)) = &*WANTED
        && point == name
        && left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        // The signal is on its way; nothing more may happen.
        loop {
            std::thread::park();
        }
    }
}
