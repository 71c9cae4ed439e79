//! What reading costs: CPU time and memory of this process and its reading children, as the kernel counts them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;

/// Children are looked at this often, so that the peak of one that ends is not missed.
const PACE: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy, Serialize)]
pub struct Cost {
    pub pages: usize,
    /// Of this process and its children, opening the engine included.
    pub cpu_seconds: f64,
    pub cpu_seconds_a_page: f64,
    /// Peak of the largest reading child.
    pub reader_peak_mb: u64,
    /// Peak of this process.
    pub peak_mb: u64,
}

pub struct Meter {
    before: f64,
    peak: Arc<AtomicU64>,
    end: Arc<AtomicBool>,
    watch: JoinHandle<()>,
}

impl Meter {
    pub fn start() -> Meter {
        let (peak, end) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (into, until) = (peak.clone(), end.clone());
        let watch = std::thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                let largest = children().iter().map(|pid| peak_kb(pid)).max();
                into.fetch_max(largest.unwrap_or(0), Ordering::Relaxed);
                std::thread::sleep(PACE);
            }
        });
        Meter { before: cpu_seconds(), peak, end, watch }
    }

    pub fn stop(self, pages: usize) -> Cost {
        self.end.store(true, Ordering::Relaxed);
        // It only counts: if it died, the children that still live are looked at below.
        let _ = self.watch.join();
        let last = children().iter().map(|pid| peak_kb(pid)).max().unwrap_or(0);
        let cpu = cpu_seconds() - self.before;
        Cost {
            pages,
            cpu_seconds: cpu,
            cpu_seconds_a_page: if pages == 0 { 0.0 } else { cpu / pages as f64 },
            reader_peak_mb: self.peak.load(Ordering::Relaxed).max(last) >> 10,
            peak_mb: peak_kb("self") >> 10,
        }
    }
}

/// Process ids of the children.
fn children() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let of = |t: std::fs::DirEntry| std::fs::read_to_string(t.path().join("children")).unwrap_or_default();
    tasks.flat_map(|t| of(t).split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// This process, its children that ended, and those that live.
fn cpu_seconds() -> f64 {
    let own = ticks("self", 4);
    let living: u64 = children().iter().map(|pid| ticks(pid, 2)).sum();
    (own + living) as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// The first `n` of user, system, ended children's user and ended children's system time.
fn ticks(pid: &str, n: usize) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in brackets, may hold anything; user time is the twelfth word behind it.
    let behind = stat.rsplit(')').next().unwrap_or_default();
    behind.split_whitespace().skip(11).take(n).filter_map(|t| t.parse::<u64>().ok()).sum()
}

fn peak_kb(pid: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_a_child_is_counted() {
        let meter = Meter::start();
        let busy = ["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"];
        assert!(std::process::Command::new("sh").args(busy).status().expect("sh").success());
        let cost = meter.stop(2);
        assert!(cost.cpu_seconds > 0.03, "{cost:?}");
        assert!((cost.cpu_seconds_a_page - cost.cpu_seconds / 2.0).abs() < 1e-9 && cost.peak_mb > 0, "{cost:?}");
    }
}
