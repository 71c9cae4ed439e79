//! Style sheet and scripts: files that the program carries, under addresses that change with their content.

use std::collections::HashMap;
use std::io::Write;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::Failure;

/// Name, type and content.
const FILES: &[(&str, &str, &str)] = &[
    ("style.css", "text/css; charset=utf-8", include_str!("assets/style.css")),
    ("app.js", "text/javascript; charset=utf-8", include_str!("assets/app.js")),
    ("review.js", "text/javascript; charset=utf-8", include_str!("assets/review.js")),
    ("rules.js", "text/javascript; charset=utf-8", include_str!("assets/rules.js")),
    ("push.js", "text/javascript; charset=utf-8", include_str!("assets/push.js")),
    // htmx 2.0, as published (npm htmx.org); its licence lies beside it.
    ("htmx.min.js", "text/javascript; charset=utf-8", include_str!("assets/htmx.min.js")),
];

/// Of all of them together.
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let mut hash = Sha256::new();
        FILES.iter().for_each(|(_, _, text)| hash.update(text));
        hex::encode(&hash.finalize()[..6])
    });
    &VERSION
}

/// The same, compressed once. Nothing secret stands in them, which is why pages are not: what a page says could be guessed
/// from how well it compresses (BREACH).
static COMPRESSED: LazyLock<HashMap<&'static str, Vec<u8>>> = LazyLock::new(|| {
    let compress = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Into memory: nothing can fail.
        let _ = encoder.write_all(text.as_bytes());
        encoder.finish().unwrap_or_default()
    };
    FILES.iter().map(|(name, _, text)| (*name, compress(text))).collect()
});

/// `GET /assets/{version}/{name}`
pub async fn file(headers: HeaderMap, Path((of, name)): Path<(String, String)>) -> Result<Response, Failure> {
    let (name, kind, text) = FILES.iter().find(|(n, _, _)| *n == name && of == version()).ok_or(Failure::NotFound)?;
    let head = [
        (header::CONTENT_TYPE, *kind),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    let takes = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let gzip = takes.split(',').any(|e| e.trim() == "gzip" || e.trim().starts_with("gzip;") && !e.ends_with("q=0"));
    match COMPRESSED.get(name).filter(|_| gzip) {
        Some(bytes) => Ok((head, [(header::CONTENT_ENCODING, "gzip")], bytes.as_slice()).into_response()),
        None => Ok((head, *text).into_response()),
    }
}
