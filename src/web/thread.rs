//! Replies on a sheet, and the files that come with them. A file is told by its first bytes alone, kept as it is and
//! only ever given back as a download: nothing from outside is decoded or shown here.

use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect};
use serde_json::json;
use uuid::Uuid;

use super::gate::{ROOMS, Route, User, get, post};
use super::sheet::readable;
use super::{Failure, Web, view};
use crate::store::State as Stands;
use crate::store::letters::Letter;
use crate::store::thread::{LONGEST, Reply, Upload};

/// Largest file, bytes.
const FILE_LIMIT: usize = 10 << 20;
/// Files of a reply.
const FILES: usize = 5;
/// Largest form with its files, bytes: one file and what stands round it, or several smaller ones.
pub const UPLOAD_LIMIT: usize = FILE_LIMIT + (1 << 20);

/// What may come: first bytes, type, ending.
const KINDS: &[(&[u8], &str, &str)] = &[
    (b"%PDF-", "application/pdf", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
];

pub fn routes() -> Vec<Route> {
    let mut replies = post(ROOMS, "/documents/{id}/replies", reply);
    replies.handler = replies.handler.layer(DefaultBodyLimit::max(UPLOAD_LIMIT));
    vec![replies, post(ROOMS, "/replies/{id}/withdraw", withdraw), get(ROOMS, "/attachments/{id}", attachment)]
}

/// A reply as the page shows it.
pub struct ReplyView {
    pub id: String,
    pub name: String,
    pub at: String,
    pub body: String,
    pub withdrawn: bool,
    /// Of whoever looks at it.
    pub own: bool,
    /// Id, name, size.
    pub files: Vec<(String, String, String)>,
}

/// The thread of a sheet.
pub struct Thread {
    pub replies: Vec<ReplyView>,
    /// Of the form: a reply that is sent twice is one.
    pub key: String,
    pub longest: usize,
}

pub async fn of(web: &Web, user: &User, document: &str, room: &str) -> Result<Thread, Failure> {
    let today = view::today();
    let show = |r: Reply| ReplyView {
        own: r.account == user.account().id,
        at: view::moment(r.at, today),
        withdrawn: r.withdrawn.is_some(),
        files: r.attachments.into_iter().map(|a| (a.id, a.name, size(a.size))).collect(),
        id: r.id,
        name: r.name,
        body: r.body,
    };
    let replies = web.store.thread(document, room).await?.into_iter().map(show).collect();
    Ok(Thread { replies, key: Uuid::new_v4().to_string(), longest: LONGEST })
}

fn size(bytes: i64) -> String {
    if bytes < 1 << 20 {
        format!("{} KB", (bytes + 1023) / 1024)
    } else {
        format!("{:.1} MB", bytes as f64 / f64::from(1 << 20))
    }
}

/// `POST /documents/{id}/replies`: `key`, `body`, and files under `file`.
async fn reply(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    form: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Redirect, Failure> {
    let d = readable(&web, &user, &id, "read_thread").await?;
    let room = d.room.filter(|_| d.state == Stands::Posted).ok_or(Failure::NotFound)?;
    let mut form =
        form.map_err(|_| Failure::Refused(lang(&user, "返信の形が読めません。", "The reply cannot be read.")))?;
    let (mut key, mut body, mut uploads) = (None, String::new(), Vec::new());
    while let Some(field) = form.next_field().await.map_err(|e| too_much(&user, &e))? {
        match field.name().unwrap_or_default() {
            "key" => key = field.text().await.map_err(|e| too_much(&user, &e))?.parse().ok(),
            "body" => body = field.text().await.map_err(|e| too_much(&user, &e))?,
            "file" => uploads.extend(upload(&user, field).await?),
            _ => {}
        }
        if uploads.len() > FILES {
            return Err(Failure::Refused(lang(&user, "ファイルは一度に5つまでです。", "Five files at most.")));
        }
    }
    let key = key.ok_or(Failure::NotFound)?;
    web.store.reply(user.account(), (&id, &room), key, &body, uploads, letter(&web, &id, &room)).await?;
    Ok(Redirect::to(&format!("/documents/{id}#thread")))
}

/// The letter that tells a member of the room of a reply.
pub fn letter(web: &Web, document: &str, room: &str) -> impl Fn(&str, String) -> Letter + use<> {
    let link = format!("{}/documents/{document}#thread", web.options.base_url);
    let body = format!("部屋 {room} の書類に返信がありました。次のリンクから読めます。\r\n\r\n{link}\r\n");
    move |mail, key| Letter {
        key,
        recipient: mail.to_owned(),
        subject: "【faxbridge】書類に返信があります".to_owned(),
        body: body.clone(),
        attached: None,
    }
}

fn lang(user: &User, ja: &str, en: &str) -> String {
    user.lang().say(ja, en).to_owned()
}

fn too_much(user: &User, e: &MultipartError) -> Failure {
    if e.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        Failure::Refused(lang(user, "ファイルは全部で 10 MB までです。", "The files may have 10 MB together."))
    } else {
        Failure::Refused(lang(
            user,
            "送信が途中で切れました。もう一度お試しください。",
            "The upload broke off. Try again.",
        ))
    }
}

/// A file of the form; none where nothing was chosen.
async fn upload(user: &User, field: Field<'_>) -> Result<Option<Upload>, Failure> {
    let name = field.file_name().unwrap_or_default().to_owned();
    let bytes = field.bytes().await.map_err(|e| too_much(user, &e))?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() > FILE_LIMIT {
        return Err(Failure::Refused(lang(user, "ファイルは 10 MB までです。", "A file may have 10 MB.")));
    }
    let Some((_, media, ending)) = KINDS.iter().find(|(first, _, _)| bytes.starts_with(first)) else {
        let why = "添付できるのは PDF・PNG・JPEG だけです（中身で判定します）。";
        return Err(Failure::Refused(lang(user, why, "Only PDF, PNG and JPEG can be attached (told by content).")));
    };
    Ok(Some(Upload { name: named(&name, ending), media, bytes: bytes.to_vec() }))
}

/// A harmless name with the ending of what it is.
fn named(given: &str, ending: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = last.rsplit_once('.').map_or(last, |(s, _)| s);
    let clean: String =
        stem.chars().filter(|c| !crate::model::is_deceptive(*c) && !"\"<>|:*?;%".contains(*c)).take(80).collect();
    let clean = clean.trim().trim_matches('.');
    format!("{}.{ending}", if clean.is_empty() { "file" } else { clean })
}

/// `POST /replies/{id}/withdraw`
async fn withdraw(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    let document = web.store.take_reply_back(user.account(), &id).await?;
    Ok(Redirect::to(&format!("/documents/{document}#thread")))
}

/// `GET /attachments/{id}`: always a download.
async fn attachment(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<impl IntoResponse, Failure> {
    let (file, document, room) = web.store.attachment(&id).await?.ok_or(Failure::NotFound)?;
    let d = web.store.document(&document).await?.ok_or(Failure::NotFound)?;
    if d.state != Stands::Posted || d.room.as_ref() != Some(&room) {
        return Err(Failure::NotFound);
    }
    user.sees(&web, &room).await?;
    web.store.log_access(user.actor(), "read_attachment", &document, json!({"attachment": id})).await?;
    let bytes = web.store.blob(&file.sha256).await?;
    let ending = file.name.rsplit_once('.').map_or("bin", |(_, e)| e);
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"attachment.{ending}\"; filename*=UTF-8''{}", encoded(&file.name)),
        ),
    ];
    Ok((headers, bytes))
}

/// RFC 8187.
fn encoded(name: &str) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for b in name.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_lead_nowhere() {
        assert_eq!(named("../../etc/passwd.html", "pdf"), "passwd.pdf");
        assert_eq!(named("C:\\写真\\創部.JPG", "jpg"), "創部.jpg");
        assert_eq!(named("\u{202E}gpj.exe", "png"), "gpj.png");
        assert_eq!(named("..", "png"), "file.png");
        assert_eq!(encoded("創 1.pdf"), "%E5%89%B5%201.pdf");
    }

    #[test]
    fn sizes_are_told_in_few_figures() {
        assert_eq!((size(1), size(3 << 20)), ("1 KB".into(), "3.0 MB".into()));
    }
}
