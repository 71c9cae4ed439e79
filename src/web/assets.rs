//! Style sheet and scripts: files that the program carries, under addresses that change with their content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::IntoResponse;
use sha2::{Digest, Sha256};

use super::Failure;

/// Name, type and content.
const FILES: &[(&str, &str, &str)] = &[
    ("style.css", "text/css; charset=utf-8", include_str!("assets/style.css")),
    ("app.js", "text/javascript; charset=utf-8", include_str!("assets/app.js")),
    ("review.js", "text/javascript; charset=utf-8", include_str!("assets/review.js")),
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

/// `GET /assets/{version}/{name}`
pub async fn file(Path((of, name)): Path<(String, String)>) -> Result<impl IntoResponse, Failure> {
    let (_, kind, text) = FILES.iter().find(|(n, _, _)| *n == name && of == version()).ok_or(Failure::NotFound)?;
    Ok(([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "private, max-age=31536000, immutable")], *text))
}
