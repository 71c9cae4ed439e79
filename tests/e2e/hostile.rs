//! Everything that could arrive and mean harm, all at once, at a daemon with little memory and little patience: each
//! file, each mail and each thing that is no file gets one receipt or verdict with a final state; the readers stay
//! below their limit and the daemon small; nothing beside the folder is touched; the next fax is posted.
//!
//! The files are made here (`tiff`, `pdf`, `mail`, `zip`, `image`, `other`); `FAXBRIDGE_HOSTILE=DIR` takes those of a
//! folder instead, for the test files of public libraries (`make hostile`).

mod image;
mod mail;
mod memory;
mod other;
mod pdf;
mod tiff;
mod zip;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value as Json;

use crate::home::{Home, line, sample};
use memory::Watch;

/// Name and content.
type File = (String, Vec<u8>);

/// Bytes without sense, the same each time.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut out: Vec<u8> = std::iter::repeat_with(&mut word).take(length.div_ceil(8)).flatten().collect();
    out.truncate(length);
    out
}

/// `length` zeros as a zlib stream (RFC 1950).
fn zlib_zeros(length: usize) -> Vec<u8> {
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let deflated = ::zip::write::SimpleFileOptions::default().compression_method(::zip::CompressionMethod::Deflated);
    zip.start_file("z", deflated).expect("member");
    let block = vec![0; (1 << 20).min(length)];
    let mut left = length;
    while left > 0 {
        let n = left.min(block.len());
        zip.write_all(&block[..n]).expect("zeros");
        left -= n;
    }
    let packed = zip.finish().expect("zip").into_inner();
    // APPNOTE 4.3.7: a local header of 30 bytes, the name, no extra field.
    let end = packed.windows(4).rposition(|w| w == b"PK\x01\x02").expect("a directory");
    let mut out = vec![0x78, 0x9C];
    out.extend(&packed[31..end]);
    // Adler-32 of zeros: the first sum stays 1, the second counts.
    out.extend((((length % 65_521) as u32) << 16 | 1).to_be_bytes());
    out
}

/// A gigabyte of zeros in a megabyte.
fn gigabyte() -> &'static [u8] {
    static ONCE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    ONCE.get_or_init(|| zlib_zeros(1 << 30))
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let n = three.iter().fold(0, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        for k in 0..4 {
            let sign = SIGNS[(n >> (18 - 6 * k) & 63) as usize] as char;
            out.push(if k > three.len() { '=' } else { sign });
        }
    }
    out
}

/// Memory that a reader may take beyond its engine, MB, and what the engine takes at most.
const READER_MB: u64 = 512;
const ENGINE_MB: u64 = 300;
/// A daemon holds a few files of the largest size at once, never more.
const DAEMON_MB: u64 = 400;

/// An installation of little memory and little patience.
fn home(page_seconds: u32, max_pages: u32) -> Home {
    let reader = format!(
        "[reader]\nprocesses = 2\nmemory_mb = {READER_MB}\npage_seconds = {page_seconds}\nmax_pages = {max_pages}"
    );
    Home::new().folder().maildir().with(&reader)
}

/// Things that are no files, and files with names that no program likes. Returns what each is called in the status.
fn places(home: &Home) -> Vec<String> {
    let scan = home.at("scan");
    let mut ids: Vec<String> = Vec::new();
    let mut named = |name: &OsStr, id: &str| {
        ids.push(id.to_owned());
        scan.join(name)
    };
    let mut here = |name: &str| named(OsStr::new(name), name);

    // Links and what else lies in folders.
    symlink("/etc/passwd", here("link-to-passwd.tif")).expect("link");
    symlink("/dev/zero", here("link-to-device.tif")).expect("link");
    symlink("link-to-itself.tif", here("link-to-itself.tif")).expect("link");
    symlink("../canary", here("link-to-canary.tif")).expect("link");
    symlink("nowhere", here("link-to-nowhere.tif")).expect("link");
    symlink(".", here("link-to-here")).expect("link");
    let folder = here("folder.tif");
    std::fs::create_dir(&folder).expect("folder");
    symlink("..", folder.join("up")).expect("link");
    std::fs::write(folder.join("inside.tif"), noise(100, 50)).expect("file");
    let pipe = here("pipe.tif");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    drop(std::os::unix::net::UnixListener::bind(here("socket.tif")).expect("socket"));

    // Names.
    for (n, name) in ["-rf", "--config=x", "*.tif", "$(canary).tif", "a b'c\"d.tif", ".hidden.tif", "...", "con.tif "]
        .into_iter()
        .enumerate()
    {
        std::fs::write(here(name), noise(200, 60 + n as u64)).expect("file");
    }
    let longest = format!("{}.tif", "長".repeat(83));
    std::fs::write(here(&longest), noise(200, 80)).expect("file");
    for (n, (name, id)) in [
        (&b"not-\xff\xfe-utf8.tif"[..], "not-\\xff\\xfe-utf8.tif"),
        (b"line\nbreak\x1b[31m.tif", "line\\x0abreak\\x1b[31m.tif"),
        ("turned-\u{202e}fit.exe".as_bytes(), "turned-\\xe2\\x80\\xaefit.exe"),
        // Looks like the first, and is another.
        (b"not-\\xff\\xfe-utf8.tif", "not-\\x5cxff\\x5cxfe-utf8.tif"),
    ]
    .into_iter()
    .enumerate()
    {
        std::fs::write(named(&OsString::from_vec(name.to_vec()), id), noise(200, 90 + n as u64)).expect("file");
    }

    // Rights, sizes, other names of the same.
    let mut here = |name: &str| named(OsStr::new(name), name);
    let secret = here("no-rights.tif");
    std::fs::write(&secret, noise(300, 100)).expect("file");
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o000)).expect("rights");
    std::fs::hard_link(home.at("canary-linked"), here("hard-link.tif")).expect("link");
    let hole = std::fs::File::create(here("junk-zeros-100-mb.tif")).expect("file");
    hole.set_len(100 << 20).expect("a hole");
    let hole = std::fs::File::create(here("junk-zeros-60-mb.tif")).expect("file");
    hole.set_len(60 << 20).expect("a hole");
    std::fs::write(here("junk-noise-100-mb.pdf"), noise(100 << 20, 101)).expect("file");
    ids
}

/// Everything in a folder and below it, without what `skip` says.
fn tree(dir: &Path, skip: &[&str]) -> BTreeMap<OsString, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).expect("a folder").map(|e| e.expect("an entry")) {
        let name = entry.file_name();
        if !skip.iter().any(|s| name == *s) {
            let bytes = if entry.path().is_file() { std::fs::read(entry.path()).expect("bytes") } else { Vec::new() };
            found.insert(name, bytes);
        }
    }
    found
}

/// Runs until everything has a final state; what it took.
fn drain(home: &Home) -> memory::Peaks {
    let daemon = home.spawn(&["run", "--drain"]);
    let watch = Watch::on(daemon.id());
    let ended = daemon.wait();
    assert!(ended.success(), "{ended}\n{}", tail(&home.log()));
    watch.peaks()
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

fn reason(l: &Json) -> String {
    let of = |v: &Json| v["reason"].as_str().unwrap_or_default().to_owned();
    let documents: Vec<String> = l["documents"].as_array().map(|d| d.iter().map(of).collect()).unwrap_or_default();
    format!("{}{}", of(l), documents.concat())
}

/// A final state, and where a person must look, why.
fn judged(l: &Json) {
    let state = l["state"].as_str().unwrap_or_default();
    assert!(["posted", "review", "ignored"].contains(&state), "{l}");
    assert!(state == "posted" || !reason(l).is_empty(), "no reason: {l}");
}

fn small_enough(peaks: &memory::Peaks) {
    eprintln!("{peaks:?}");
    assert!(peaks.daemon < DAEMON_MB, "the daemon took {} MB", peaks.daemon);
    assert!(peaks.reader < ENGINE_MB + READER_MB, "a reader took {} MB", peaks.reader);
    assert!(peaks.limit > 0, "no reader had a limit");
}

/// The next fax is posted as ever.
fn the_next_passes(home: &Home, n: usize) {
    let daemon = home.start();
    home.scan("the-next.tif", &sample("01-referral.tif"));
    let lines = home.settled(n);
    assert_eq!(line(&lines, "the-next.tif")["state"], "posted", "{}", line(&lines, "the-next.tif"));
    assert_eq!(daemon.page("/healthz").trim_end(), "ok");
    assert!(daemon.page("/review").contains("<html"), "the review list shows it all");
    assert!(daemon.stop().success());
}

#[test]
fn each_gets_its_verdict_and_the_next_fax_passes() {
    let home = home(8, 20);
    for name in ["canary", "canary-linked"] {
        std::fs::write(home.at(name), "nobody touches this").expect("canary");
    }
    let mut expected = places(&home);
    let mut put = |dir: &str, files: Vec<File>| {
        for (name, bytes) in files {
            std::fs::write(home.at(dir).join(&name), bytes).expect("file");
            expected.push(name);
        }
    };
    for files in [tiff::files(), pdf::files(), zip::files(), image::files(), other::files()] {
        put("scan", files);
    }
    // Half of the mails are dropped into the folder, as bytes of their own.
    let (mails, files): (Vec<_>, Vec<_>) = mail::files().into_iter().enumerate().partition(|(n, _)| n % 2 == 0);
    put("mails/new", mails.into_iter().map(|m| m.1).collect());
    put("scan", files.into_iter().map(|m| m.1).collect());
    put(
        "mails/new",
        vec![("no-mail-but-noise".to_owned(), noise(5000, 110)), ("no-mail-but-nothing".to_owned(), Vec::new())],
    );
    home.config();
    let skip = ["data", "scan", "mails", "log"];
    let before = tree(&home.dir(), &skip);

    // A file that comes and goes, and at last is gone.
    let going = home.at("scan/vanishing.tif");
    let peaks = std::thread::scope(|s| {
        s.spawn(|| {
            for _ in 0..100 {
                std::fs::write(&going, noise(400, 120)).expect("file");
                std::thread::sleep(std::time::Duration::from_millis(150));
                // Taken away by the daemon, at times.
                let _ = std::fs::remove_file(&going);
            }
        });
        drain(&home)
    });
    small_enough(&peaks);

    let lines = home.status();
    let told: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
    assert_eq!(told.len(), expected.len(), "two inputs of one name");
    assert!(expected.len() > 200, "only {}", expected.len());
    for id in &told {
        judged(line(&lines, id));
    }
    let others = lines.iter().filter(|l| !told.contains(l["source_id"].as_str().unwrap_or_default()));
    assert!(others.filter(|l| l["source_id"] != "vanishing.tif").count() == 0, "receipts of nothing");
    let log = home.log();
    assert!(!log.contains("panicked"), "{}", tail(&log));
    for l in &lines {
        assert!(!reason(l).contains("内部エラー"), "a panic: {l}");
    }
    assert_eq!(tree(&home.dir(), &skip), before, "something beside the folders was touched");
    assert!(home.at("scan/link-to-passwd.tif").is_symlink() && home.at("scan/folder.tif/inside.tif").is_file());
    home.ok(&["audit", "verify"]);
    the_next_passes(&home.replacing("page_seconds = 8", "page_seconds = 120"), lines.len() + 1);
}

/// `FAXBRIDGE_HOSTILE=DIR`: every file of a folder, as `scripts/hostile.sh` fetches them. Prints what a table needs.
#[test]
#[ignore = "needs a folder of files and half an hour: make hostile"]
fn the_files_of_others() {
    let dir = std::env::var_os("FAXBRIDGE_HOSTILE").expect("FAXBRIDGE_HOSTILE names a folder of files");
    let home = home(30, 3);
    let mut count = 0;
    for entry in std::fs::read_dir(dir).expect("the folder").map(|e| e.expect("an entry")) {
        // Under names of our own: two folders may have files of one name.
        let name = format!("{count:05}-{}", entry.file_name().to_string_lossy());
        let to = if name.ends_with(".eml") && count % 2 == 0 { "mails/new" } else { "scan" };
        std::fs::copy(entry.path(), home.at(to).join(name)).expect("a copy");
        count += 1;
    }
    let peaks = drain(&home);
    let lines = home.status();
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for l in &lines {
        judged(l);
        *states.entry(l["state"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        if ["内部エラー", "異常終了", "時間内"].iter().any(|w| reason(l).contains(w)) {
            println!("{}: {}", l["source_id"], reason(l));
        }
    }
    println!("{count} files, {} receipts or verdicts: {states:?}; {peaks:?}", lines.len());
    assert_eq!(lines.len(), count);
    small_enough(&peaks);
    assert!(!home.log().contains("panicked"));
    the_next_passes(&home.replacing("page_seconds = 30", "page_seconds = 120"), count + 1);
}
