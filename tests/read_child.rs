//! The real reading child: its lock, its limits, and what a crash costs. Needs the models (`make models`).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use faxbridge::decode::child::Start;
use faxbridge::decode::peer::Peer;
use faxbridge::pool::{Pool, PoolOptions};

fn models() -> PathBuf {
    let dir = faxbridge::config::find_models(Path::new(""));
    assert!(dir.join("PP-OCRv6_rec_small.onnx").is_file(), "no models in {}: run `make models`", dir.display());
    dir
}

fn exe() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_faxbridge"))
}

fn options() -> PoolOptions {
    PoolOptions {
        exe: exe(),
        engine: "ppocr".to_owned(),
        second: None,
        models: models(),
        sandbox: true,
        workers: 1,
        memory_mb: 1024,
        page_seconds: 120,
        max_pages: 200,
        max_megapixels: 60,
        max_file_mb: 64,
        recycle_pages: 200,
    }
}

fn start(sandbox: bool) -> Start {
    Start {
        engine: "ppocr".to_owned(),
        second: None,
        models: models(),
        sandbox,
        memory_mb: 512,
        page_seconds: 60,
        self_test: true,
    }
}

fn self_test(sandbox: bool) -> (bool, String) {
    let out = Command::new(exe()).args(start(sandbox).to_args()).stdin(Stdio::null()).output().expect("the program");
    (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned())
}

#[test]
fn the_locked_child_can_open_nothing_and_start_nothing() {
    let (ok, told) = self_test(true);
    assert!(ok, "{told}");
    assert_eq!(told.lines().count(), 10, "{told}");
    assert!(told.lines().all(|l| l.ends_with(": refused")), "{told}");
    // Without the lock the same attempts succeed, so they test something.
    let (ok, told) = self_test(false);
    assert!(!ok);
    assert!(told.lines().all(|l| l.ends_with(": ALLOWED")), "{told}");
}

#[test]
fn a_missing_engine_is_an_error_that_names_the_command() {
    let empty = tempfile::tempdir().expect("a folder");
    let told = Pool::new(PoolOptions { models: empty.path().to_owned(), ..options() }).err().expect("refused").0;
    assert!(told.contains("make models"), "{told}");
}

/// One page of plain rows: a TIFF directory per size, bilevel, PackBits.
fn tiff(pages: &[(u32, u32)]) -> Vec<u8> {
    let mut out = b"II*\0\0\0\0\0".to_vec();
    let mut link = 4;
    for &(width, height) in pages {
        let stride = width.div_ceil(8) as usize;
        let mut data = Vec::new();
        for y in 0..height {
            // Bars where text would stand, so that the page is not blank.
            let ink = if y % 40 < 12 { 0x66 } else { 0 };
            let mut left = stride;
            while left > 0 {
                let n = left.min(128);
                data.extend([(1i32 - n as i32) as u8, ink]);
                left -= n;
            }
        }
        let at = out.len() as u32;
        out.extend(&data);
        out.resize(out.len() + out.len() % 2, 0);
        let ifd = out.len() as u32;
        out[link..link + 4].copy_from_slice(&ifd.to_le_bytes());
        let tags = [
            (256u16, width),
            (257, height),
            (258, 1),
            (259, 32773),
            (262, 0),
            (273, at),
            (277, 1),
            (278, height),
            (279, data.len() as u32),
        ];
        out.extend((tags.len() as u16).to_le_bytes());
        for (tag, value) in tags {
            out.extend(tag.to_le_bytes());
            out.extend(4u16.to_le_bytes());
            out.extend(1u32.to_le_bytes());
            out.extend(value.to_le_bytes());
        }
        link = out.len();
        out.extend([0; 4]);
    }
    out
}

#[tokio::test]
async fn a_page_that_kills_the_child_costs_that_page_only() {
    // 360 million pixels do not fit into 100 MB and what the warm engine left free; the small pages do.
    let pool = Pool::new(PoolOptions { memory_mb: 100, max_megapixels: 400, ..options() }).expect("a pool");
    let file = tiff(&[(432, 573), (20_000, 18_000), (432, 573)]);
    let read = pool.read("three.tif", file).await.expect("two pages are there");
    let failed: Vec<bool> = read.reading.pages.iter().map(|p| p.failed.is_some()).collect();
    assert_eq!(failed, [false, true, false]);
    let why = read.reading.pages[1].failed.as_deref().unwrap_or_default();
    assert!(why.contains("異常終了") || why.contains("内部エラー"), "{why}");
    assert_eq!(read.reading.pages.iter().map(|p| p.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(read.images[1].is_empty() && read.images[2].starts_with(b"\x89PNG"));
    // The next file passes.
    assert!(pool.read("next.tif", tiff(&[(432, 573)])).await.is_ok());
}

#[tokio::test]
async fn a_page_without_time_is_given_up_with_its_reason() {
    let pool = Pool::new(PoolOptions { page_seconds: 0, ..options() }).expect("a pool");
    let why = pool.read("a.tif", tiff(&[(432, 573)])).await.expect_err("no time at all").reason;
    assert!(why.contains("時間内"), "{why}");
}

#[tokio::test]
async fn a_child_that_is_killed_between_files_is_replaced() {
    let pool = Pool::new(options()).expect("a pool");
    let before = pool.idle_ids();
    assert!(pool.read("a.tif", tiff(&[(432, 573)])).await.is_ok());
    assert_eq!(pool.idle_ids(), before, "a healthy child is kept");
    for id in &before {
        assert!(Command::new("kill").args(["-9", &id.to_string()]).status().expect("kill").success());
    }
    assert!(pool.read("b.tif", tiff(&[(432, 573)])).await.is_ok());
    assert_ne!(pool.idle_ids(), before);
}

#[tokio::test]
async fn what_cannot_be_read_has_its_reason_and_the_next_file_passes() {
    let pool = Pool::new(options()).expect("a pool");
    let long = vec![0u8; 65 << 20];
    for (name, bytes, word) in [
        ("empty.tif", Vec::new(), "空"),
        ("cut.tif", tiff(&[(432, 573)])[..200].to_vec(), "途中で切れて"),
        ("broken.pdf", b"%PDF-1.7\nnothing".to_vec(), "PDF が壊れている"),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1".to_vec(), "HEIC"),
        ("long.tif", long, "大きすぎます"),
    ] {
        let failure = pool.read(name, bytes).await.expect_err(name);
        assert!(failure.reason.contains(word), "{name}: {}", failure.reason);
        assert!(!failure.ours, "{name}");
    }
    let mail = b"From: a@example.jp\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nhello\r\n";
    let read = pool.read("m.eml", mail.to_vec()).await.expect("a mail without attachment is no error");
    assert!(read.reading.pages.is_empty() && read.reading.mail.is_some());
    assert!(faxbridge::decode::say::nothing_found(&read.reading.parts).contains("メールの本文"));
    assert!(pool.read("a.tif", tiff(&[(432, 573)])).await.is_ok());
}

#[test]
fn a_child_is_replaced_when_its_pages_are_used_up() {
    let pool = Pool::new(PoolOptions { recycle_pages: 1, ..options() }).expect("a pool");
    pool.read_blocking("a.tif", &tiff(&[(432, 573)])).expect("a page");
    assert!(pool.idle_ids().is_empty());
    pool.read_blocking("a.tif", &tiff(&[(432, 573)])).expect("a page");
}

/// A year apart, and with numbers of all digits.
#[tokio::test]
async fn a_canary_is_read_exactly() {
    use faxbridge::canary::{Canary, Token, differences, is_about, token_on};
    let pool = Pool::new(PoolOptions { second: Some("tesseract".to_owned()), ..options() }).expect("a pool");
    let rules = faxbridge::rules::RuleSet::embedded();
    for (token, day) in [
        ("482109537716", "2026-11-28"),
        ("993300112244", "2027-01-03"),
        ("000000000000", "2027-12-31"),
        ("718293645087", "2028-02-29"),
    ] {
        let token = Token::parse(token).expect("a token");
        let canary = Canary::new(token.clone(), day.parse().expect("a day"));
        let read = pool.read("canary.tif", canary.tiff).await.expect("a reading").reading;
        let found = faxbridge::rules::extract(&rules, &read, &faxbridge::register::Registers::default());
        let [document] = found.documents.as_slice() else { panic!("{:?}", found.documents) };
        assert_eq!(differences(document, &canary.expected), Vec::<String>::new(), "{document:#?}");
        assert!(is_about(document), "{document:#?}");
        let open = [Token::random(), token.clone()];
        assert_eq!(token_on(&read, &document.pages, &open), Some(&token));
    }
}

#[test]
fn no_child_outlives_its_parent() {
    let peer = Peer::start(&exe(), &Start { self_test: false, ..start(true) }).expect("a child");
    let proc = PathBuf::from(format!("/proc/{}", peer.id()));
    assert!(proc.exists());
    drop(peer);
    assert!(!proc.exists());
}
