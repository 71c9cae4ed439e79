//! How long one A4 fine-mode page takes from its drop into a scan folder until it stands on the board (in its room, or on
//! the review list), and how much memory the daemon and its readers take together at most. The real program, its real
//! sandbox, a real folder.
//!
//! `make bench` (`FAXBRIDGE_BENCH_RUNS` says how often). Prints the table that `docs/measurements.md` keeps.

mod daemon;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use daemon::Daemon;
use daemon::client::get;
use faxbridge::store::{self, StatusLine};

/// One page, fine mode, G4.
const FAX: &str = "samples/files/01-referral.tif";
/// Seconds from drop to board, and MB, that are promised.
const TARGET: (f64, u64) = (10.0, 600);
const LIMIT: Duration = Duration::from_secs(120);

fn main() {
    let runs: usize = std::env::var("FAXBRIDGE_BENCH_RUNS").ok().and_then(|n| n.parse().ok()).unwrap_or(11);
    let dir = tempfile::tempdir().expect("a folder");
    let (scan, data) = (dir.path().join("scan"), dir.path().join("data"));
    std::fs::create_dir(&scan).expect("the scan folder");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let config = dir.path().join("faxbridge.toml");
    let here = std::env::current_dir().expect("the package's folder");
    let text = format!(
        "data_dir = {data:?}\nlisten = \"127.0.0.1:{port}\"\n\
         [[intake]]\nname = \"scan\"\nkind = \"folder\"\npath = {scan:?}\n\
         [web]\ndemo_login = true\n\
         [versions]\nresend_days = 0\n\
         [register]\npatients = {:?}\ninstitutions = {:?}\n",
        here.join("samples/registers/patients.csv"),
        here.join("samples/registers/institutions.csv"),
    );
    std::fs::write(&config, text).expect("the configuration");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let status = || runtime.block_on(store::status(&data)).unwrap_or_default();
    let began = Instant::now();
    let daemon = Daemon::start(&config);
    until("the board answers", || get(port, "/readyz").is_some_and(|a| a.0 == 200).then_some(()));
    let ready = began.elapsed();
    let memory = Memory::watch(daemon.id());
    let idle = memory.now();

    let fax = std::fs::read(FAX).expect(FAX);
    let (mut seconds, mut posted) = (Vec::new(), 0);
    for n in 0..runs {
        // Bytes behind the image make it another fax, and nothing looks for one that came before.
        let mut bytes = fax.clone();
        bytes.extend(format!("run {n}").bytes());
        let name = format!("{n}.tif");
        std::fs::write(scan.join("being-written.tmp"), bytes).expect("written");
        let dropped = Instant::now();
        std::fs::rename(scan.join("being-written.tmp"), scan.join(&name)).expect("dropped");
        let line: StatusLine = until("the fax has a final state", || {
            status().into_iter().find(|l| l.source_id.contains(&name) && l.state != "processing")
        });
        let document = line.documents.first().expect("a document");
        let page = match &document.room {
            Some(room) => format!("/rooms/{room}"),
            None => "/review".to_owned(),
        };
        assert!(get(port, &page).is_some_and(|p| p.1.contains(&document.id)), "{page} does not show the sheet");
        posted += usize::from(line.state == "posted");
        seconds.push(dropped.elapsed().as_secs_f64());
    }
    let peak = memory.peak();
    drop(daemon);

    seconds.sort_by(f64::total_cmp);
    let (median, worst) = (seconds[seconds.len() / 2], seconds[seconds.len() - 1]);
    println!("| what | measured | target |\n|---|---|---|");
    println!("| drop to board, median of {runs} ({posted} in rooms, the others for review) | {median:.2} s | |");
    println!("| drop to board, worst | {worst:.2} s | < {:.0} s |", TARGET.0);
    println!("| daemon and reader, peak resident | {peak} MB | < {} MB |", TARGET.1);
    println!("| daemon and reader, at rest after the start | {idle} MB | |");
    println!("| start to first answer | {:.2} s | |", ready.as_secs_f64());
    assert!(worst < TARGET.0 && peak < TARGET.1, "a target was missed");
}

/// Resident memory of a process and all below it, looked at every 10 ms.
struct Memory {
    root: u32,
    peak: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Memory {
    fn watch(root: u32) -> Memory {
        let memory = Memory { root, peak: Arc::default(), stop: Arc::default() };
        let (peak, stop) = (memory.peak.clone(), memory.stop.clone());
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                peak.fetch_max(resident(root), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        memory
    }

    fn now(&self) -> u64 {
        resident(self.root) >> 20
    }

    fn peak(&self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.peak.load(Ordering::Relaxed) >> 20
    }
}

/// Bytes; pages that two processes share count twice.
fn resident(pid: u32) -> u64 {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let pages: u64 = read("statm").split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let children = tasks.flat_map(|t| {
        let list = std::fs::read_to_string(t.path().join("children")).unwrap_or_default();
        list.split_whitespace().filter_map(|c| c.parse().ok()).collect::<Vec<u32>>()
    });
    pages * 4096 + children.map(resident).sum::<u64>()
}

fn until<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(t) = check() {
            return t;
        }
        assert!(began.elapsed() < LIMIT, "did not happen: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
