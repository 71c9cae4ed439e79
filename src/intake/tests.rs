//! A receiver in memory, and the folder and Maildir sources on real files.

use std::sync::Mutex;

use super::*;

/// What was kept: (source, id, bytes), and verdicts: (source, id, verdict).
#[derive(Default)]
pub(crate) struct Memory {
    pub kept: Mutex<Vec<(String, String, Vec<u8>)>>,
    pub verdicts: Mutex<Vec<(String, String, Verdict)>>,
    /// Receives nothing while true, as a full disk would.
    pub full: std::sync::atomic::AtomicBool,
}

impl Memory {
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.kept.lock().expect("lock").iter().map(|k| k.1.clone()).collect();
        ids.sort();
        ids
    }

    pub fn bytes_of(&self, id: &str) -> Vec<Vec<u8>> {
        self.kept.lock().expect("lock").iter().filter(|k| k.1 == id).map(|k| k.2.clone()).collect()
    }

    pub fn verdict_on(&self, id: &str) -> Option<Verdict> {
        self.verdicts.lock().expect("lock").iter().find(|v| v.1 == id).map(|v| v.2)
    }
}

#[async_trait]
impl Receiver for Memory {
    async fn known(&self, source: &str, id: &str) -> Result<bool, Refused> {
        Ok(self.kept.lock().expect("lock").iter().any(|k| (k.0.as_str(), k.1.as_str()) == (source, id)))
    }
    async fn receive(
        &self,
        source: &str,
        id: &str,
        _: &str,
        _: BTreeMap<String, String>,
        bytes: &[u8],
    ) -> Result<bool, Refused> {
        if self.full.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(Refused("the disk is full".into()));
        }
        let new = (source.to_owned(), id.to_owned(), bytes.to_vec());
        let mut kept = self.kept.lock().expect("lock");
        let fresh = !kept.contains(&new);
        if fresh {
            kept.push(new);
        }
        Ok(fresh)
    }
    async fn verdict(&self, source: &str, id: &str, verdict: Verdict, _: &str) -> Result<(), Refused> {
        let new = (source.to_owned(), id.to_owned(), verdict);
        let mut all = self.verdicts.lock().expect("lock");
        if !all.contains(&new) {
            all.push(new);
        }
        Ok(())
    }
    async fn looked(&self, _: &str, _: Option<&str>) -> Result<(), Refused> {
        Ok(())
    }
}

/// Polls until `true`, for a minute at most.
pub(crate) async fn until(what: &str, mut check: impl FnMut() -> bool) {
    for _ in 0..6000 {
        if check() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("did not happen: {what}");
}

/// A started source, its memory, and its folder.
pub(crate) struct Bench {
    pub dir: tempfile::TempDir,
    pub memory: Arc<Memory>,
    pub intakes: Intakes,
    pub config: config::Intake,
}

impl Bench {
    pub fn folder(set: impl FnOnce(&mut config::Intake)) -> Bench {
        let dir = tempfile::tempdir().expect("dir");
        let mut config =
            config::Intake { name: "scan".into(), settle_seconds: 1, rescan_seconds: 1, ..Default::default() };
        config.path = dir.path().join("in");
        std::fs::create_dir(&config.path).expect("folder");
        set(&mut config);
        let memory = Arc::new(Memory::default());
        let intakes = begin(&config, &memory);
        Bench { dir, memory, intakes, config }
    }

    pub async fn again(self) -> Bench {
        self.intakes.stop().await;
        let intakes = begin(&self.config, &self.memory);
        Bench { intakes, ..self }
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.config.path.join(name)
    }

    async fn received(&self, ids: &[&str]) {
        until(&format!("{ids:?} received"), || self.memory.ids() == ids).await;
    }

    /// Waits for two more complete looks.
    async fn looked(&self) {
        let looks = || self.intakes.standings()[0].1.looks;
        let before = looks();
        until("two looks", || looks() >= before + 2).await;
    }
}

fn begin(config: &config::Intake, memory: &Arc<Memory>) -> Intakes {
    let receiver: Arc<dyn Receiver> = memory.clone();
    start(std::slice::from_ref(config), &receiver, 1 << 20, false)
}

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0a small picture\xFF\xD9";

#[tokio::test]
async fn a_slow_file_is_taken_once_and_whole() {
    let b = Bench::folder(|_| ());
    let tiff = folder::whole::tests::tiff_of(1);
    let mut file = std::fs::File::create(b.at("a.tif")).expect("create");
    for part in tiff.chunks(30) {
        use std::io::Write;
        file.write_all(part).expect("write");
        b.looked().await;
        assert!(b.memory.ids().is_empty(), "taken before it was whole");
    }
    drop(file);
    b.received(&["a.tif"]).await;
    assert_eq!(b.memory.bytes_of("a.tif"), [tiff]);
    until("moved", || b.at("processed/a.tif").exists()).await;
    assert!(!b.at("a.tif").exists());
    b.intakes.stop().await;
}

#[tokio::test]
async fn a_scanner_that_adds_a_page_after_closing_makes_one_receipt() {
    // Long enough that the second page comes within the window even on a busy machine.
    let b = Bench::folder(|c| c.settle_seconds = 3);
    std::fs::write(b.at("b.tif"), folder::whole::tests::tiff_of(1)).expect("first page");
    b.looked().await;
    std::fs::write(b.at("b.tif"), folder::whole::tests::tiff_of(2)).expect("both pages");
    b.received(&["b.tif"]).await;
    assert_eq!(b.memory.bytes_of("b.tif"), [folder::whole::tests::tiff_of(2)]);
    b.intakes.stop().await;
}

#[tokio::test]
async fn a_file_that_arrives_during_a_look_is_taken_as_soon_as_any() {
    let b = Bench::folder(|c| c.settle_seconds = 3600);
    b.looked().await;
    for n in 0..60u64 {
        let (temporary, name) = (b.at("being-written.tmp"), format!("{n:02}.tif"));
        std::fs::write(&temporary, folder::whole::tests::tiff_of(1)).expect("write");
        // Anywhere in the hundred milliseconds between two looks, and in the looks.
        tokio::time::sleep(Duration::from_millis(n * 7 % 100)).await;
        std::fs::rename(&temporary, b.at(&name)).expect("rename");
    }
    until("all received", || b.memory.ids().len() == 60).await;
    b.intakes.stop().await;
}

#[tokio::test]
async fn a_renamed_whole_file_is_taken_at_once() {
    let b = Bench::folder(|c| (c.settle_seconds, c.rescan_seconds) = (3600, 3600));
    until("watching", || b.intakes.standings()[0].1.looks > 0).await;
    std::fs::write(b.dir.path().join("outside"), JPEG).expect("write");
    std::fs::rename(b.dir.path().join("outside"), b.at("c.jpg")).expect("rename");
    b.received(&["c.jpg"]).await;
    b.intakes.stop().await;
}

#[tokio::test]
async fn odd_entries_get_verdicts_and_stop_nothing() {
    use std::os::unix::ffi::OsStrExt;
    let b = Bench::folder(|_| ());
    std::fs::create_dir(b.at("sub")).expect("dir");
    std::fs::write(b.dir.path().join("secret"), "x").expect("write");
    std::os::unix::fs::symlink(b.dir.path().join("secret"), b.at("link.tif")).expect("link");
    rustix::fs::mknodat(rustix::fs::CWD, b.at("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .expect("fifo");
    std::fs::write(b.at("big.tif"), vec![0; (1 << 20) + 1]).expect("write");
    std::fs::write(b.at("Thumbs.db"), "x").expect("write");
    std::fs::write(b.at("empty.tif"), "").expect("write");
    let odd = std::ffi::OsStr::from_bytes(b"\x8f\xd0.jpg");
    std::fs::write(b.config.path.join(odd), JPEG).expect("write");
    b.received(&["\\x8f\\xd0.jpg", "empty.tif"]).await;
    until("verdicts", || b.memory.verdicts.lock().expect("lock").len() >= 5).await;
    for (id, verdict) in [
        ("sub", Verdict::Ignored),
        ("link.tif", Verdict::Ignored),
        ("pipe", Verdict::Ignored),
        ("Thumbs.db", Verdict::Ignored),
        ("big.tif", Verdict::Review),
    ] {
        assert_eq!(b.memory.verdict_on(id), Some(verdict), "{id}");
    }
    until("moved", || b.config.path.join("processed").join(odd).exists()).await;
    b.intakes.drained().await.expect("nothing waits");
    b.intakes.stop().await;
}

#[tokio::test]
async fn what_is_kept_is_not_received_again_and_a_new_content_is() {
    let b = Bench::folder(|c| c.after = config::After::Keep);
    std::fs::write(b.at("d.jpg"), JPEG).expect("write");
    b.received(&["d.jpg"]).await;
    let b = b.again().await;
    b.looked().await;
    b.received(&["d.jpg"]).await;
    assert!(b.at("d.jpg").exists());
    std::fs::write(b.at("d.jpg"), [JPEG, b"\xFF\xD9"].concat()).expect("write");
    b.received(&["d.jpg", "d.jpg"]).await;
    b.intakes.stop().await;
}

#[tokio::test]
async fn nothing_is_touched_while_nothing_can_be_received() {
    let b = Bench::folder(|_| ());
    b.memory.full.store(true, std::sync::atomic::Ordering::SeqCst);
    std::fs::write(b.at("e.jpg"), JPEG).expect("write");
    until("a fault", || b.intakes.standings()[0].1.fault.is_some()).await;
    assert!(b.at("e.jpg").exists());
    b.memory.full.store(false, std::sync::atomic::Ordering::SeqCst);
    b.received(&["e.jpg"]).await;
    until("moved", || b.at("processed/e.jpg").exists()).await;
    b.intakes.drained().await.expect("the fault is over");
    b.intakes.stop().await;
}

#[tokio::test]
async fn a_late_writer_makes_another_receipt() {
    use std::io::Write;
    let b = Bench::folder(|_| ());
    let mut file = std::fs::File::create(b.at("f.jpg")).expect("create");
    file.write_all(JPEG).expect("write");
    until("moved", || b.at("processed/f.jpg").exists()).await;
    file.write_all(b"more\xFF\xD9").expect("write on");
    drop(file);
    b.received(&["f.jpg", "f.jpg"]).await;
    b.intakes.stop().await;
}

#[tokio::test]
async fn an_absent_folder_is_a_fault_and_its_coming_back_ends_it() {
    let b = Bench::folder(|_| ());
    b.looked().await;
    std::fs::rename(&b.config.path, b.dir.path().join("away")).expect("away");
    until("a fault", || b.intakes.standings()[0].1.fault.is_some()).await;
    std::fs::rename(b.dir.path().join("away"), &b.config.path).expect("back");
    std::fs::write(b.at("g.jpg"), JPEG).expect("write");
    b.received(&["g.jpg"]).await;
    b.intakes.stop().await;
}

#[tokio::test]
async fn a_maildir_is_read_once_and_marked() {
    let b = Bench::folder(|c| {
        c.kind = config::IntakeKind::Maildir;
        for sub in ["new", "cur", "tmp"] {
            std::fs::create_dir(c.path.join(sub)).expect("sub");
        }
    });
    std::fs::write(b.at("tmp/1.host"), "Subject: a\r\n\r\n").expect("write");
    std::fs::rename(b.at("tmp/1.host"), b.at("new/1.host")).expect("deliver");
    std::fs::write(b.at("cur/2.host:2,F"), "Subject: b\r\n\r\n").expect("write");
    std::fs::write(b.at("new/3.host"), vec![b'x'; (1 << 20) + 1]).expect("write");
    b.received(&["1.host", "2.host"]).await;
    until("marked", || b.at("cur/1.host:2,S").exists()).await;
    assert!(b.at("cur/2.host:2,F").exists(), "flags of others stay");
    until("the large one", || b.memory.verdict_on("3.host") == Some(Verdict::Review)).await;
    // a process that died between receipt and mark
    std::fs::rename(b.at("cur/1.host:2,S"), b.at("new/1.host")).expect("undo");
    let b = b.again().await;
    until("marked again", || b.at("cur/1.host:2,S").exists()).await;
    b.received(&["1.host", "2.host"]).await;
    b.intakes.drained().await.expect("done");
    b.intakes.stop().await;
}
