//! The pages as a browser shows them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::home::text;

/// Where pictures are kept for a person to look at.
pub fn artifacts() -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("target").join("artifacts");
    std::fs::create_dir_all(&dir).expect("artifacts");
    dir
}

fn chromium(words: &[&str]) -> Vec<u8> {
    let profile = tempfile::tempdir().expect("profile");
    let out = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(words)
        .stdin(Stdio::null())
        .output()
        .expect("chromium is installed (make test)");
    assert!(out.status.success(), "{}", text(&out.stderr));
    out.stdout
}

/// The page as it stands after the browser has built it.
pub fn dom(url: &str) -> String {
    text(&chromium(&["--dump-dom", url]))
}

/// A picture of the page, as wide as a phone or a desk's screen.
pub fn screenshot(url: &str, name: &str, width: u32) -> PathBuf {
    let file = artifacts().join(name);
    let _ = std::fs::remove_file(&file);
    chromium(&[&format!("--screenshot={}", file.display()), &format!("--window-size={width},1400"), url]);
    assert!(std::fs::metadata(&file).is_ok_and(|m| m.len() > 5_000), "{} is a picture", file.display());
    file
}
