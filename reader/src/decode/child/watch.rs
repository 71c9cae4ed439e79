//! Ends the child when a step takes too long although the parent, who should have done it, is gone; and keeps panics
//! from printing what they found in a patient's fax.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A thread that ends the process once a deadline has passed.
pub struct Watch {
    begun: Instant,
    /// Seconds after `begun`; 0: none.
    deadline: Arc<AtomicU64>,
}

impl Watch {
    pub fn start() -> Watch {
        let watch = Watch { begun: Instant::now(), deadline: Arc::new(AtomicU64::new(0)) };
        let (begun, deadline) = (watch.begun, watch.deadline.clone());
        // Where no thread can be had the parent still watches.
        let _ = std::thread::Builder::new().name("watch".to_owned()).stack_size(64 << 10).spawn(move || {
            loop {
                std::thread::sleep(Duration::from_secs(1));
                let at = deadline.load(Relaxed);
                if at != 0 && begun.elapsed().as_secs() > at {
                    // Not exit(): the libraries' farewells may wait for the very thread that hangs.
                    std::process::abort();
                }
            }
        });
        watch
    }

    pub fn allow(&self, seconds: u64) {
        self.deadline.store(self.begun.elapsed().as_secs() + seconds.max(1), Relaxed);
    }

    pub fn rest(&self) {
        self.deadline.store(0, Relaxed);
    }
}

static LAST: Mutex<String> = Mutex::new(String::new());

/// Panics leave only their place in the code: their message may quote the page.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |l| {
            let file = l.file().rsplit('/').next().unwrap_or_default();
            format!("{file}:{}", l.line())
        });
        if let Ok(mut last) = LAST.lock() {
            *last = place;
        }
    }));
}

/// Where the last panic happened.
pub fn last_panic() -> String {
    LAST.lock().map(|l| l.clone()).unwrap_or_default()
}
