//! What a daemon and its readers took of memory at most, by the kernel's own high-water marks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Peaks in MB.
#[derive(Debug, Default, Clone)]
pub struct Peaks {
    pub daemon: u64,
    /// The largest of all readers.
    pub reader: u64,
    /// How many readers there were.
    pub readers: usize,
    /// The limit of a reader's address space, as the kernel holds it.
    pub limit: u64,
}

/// Looks at a process and its children until it is asked.
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Peaks>,
}

impl Watch {
    pub fn on(daemon: u32) -> Watch {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = stop.clone();
        let thread = std::thread::spawn(move || {
            let (mut peaks, mut readers) = (Peaks::default(), BTreeMap::new());
            while !asked.load(Ordering::Relaxed) {
                peaks.daemon = peaks.daemon.max(high_water(daemon));
                for child in children(daemon) {
                    // Before it is locked down it maps what it likes.
                    let Some(limit) = address_space(child) else { continue };
                    peaks.limit = peaks.limit.max(limit);
                    let peak = high_water(child);
                    let known: &mut u64 = readers.entry(child).or_default();
                    *known = peak.max(*known);
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            peaks.reader = readers.values().copied().max().unwrap_or(0);
            peaks.readers = readers.len();
            peaks
        });
        Watch { stop, thread }
    }

    pub fn peaks(self) -> Peaks {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the watch")
    }
}

fn read(pid: u32, name: &str) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default()
}

/// Largest resident size so far, MB.
fn high_water(pid: u32) -> u64 {
    let status = read(pid, "status");
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) >> 10
}

/// `RLIMIT_AS`, MB; none where there is none.
fn address_space(pid: u32) -> Option<u64> {
    let limits = read(pid, "limits");
    let line = limits.lines().find_map(|l| l.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|b| b >> 20)
}

fn children(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.map(|t| std::fs::read_to_string(t.path().join("children")).unwrap_or_default());
    lists.flat_map(|l| l.split_whitespace().filter_map(|n| n.parse().ok()).collect::<Vec<u32>>()).collect()
}
