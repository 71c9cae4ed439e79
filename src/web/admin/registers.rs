//! Registers: a CSV file is shown with what it adds, changes and ends, and taken over only then.

use askama::Template;
use axum::extract::{Form, Multipart, State};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::super::frame::Frame;
use super::super::gate::{self, ADMIN, Route, User, get, post};
use super::super::{Failure, Web};
use crate::store::{Register, StoreError};

/// How long a file that was shown can be taken over, milliseconds.
const KEPT_MS: i64 = 30 * 60_000;

pub fn routes() -> Vec<Route> {
    vec![
        get(ADMIN, "/admin/registers", page),
        post(ADMIN, "/admin/registers", look),
        post(ADMIN, "/admin/registers/apply", apply),
    ]
}

struct Book {
    key: &'static str,
    name: &'static str,
    entries: usize,
    /// The daemon reads this file by itself.
    file: Option<String>,
}

/// What a file would change.
struct Shown {
    name: &'static str,
    lines: Vec<String>,
    nothing: bool,
    kept: String,
}

#[derive(Template)]
#[template(path = "admin/registers.html")]
struct Page {
    frame: Frame,
    books: Vec<Book>,
    shown: Option<Shown>,
    fault: Option<String>,
}

const ALL: [Register; 4] = [Register::Patients, Register::Institutions, Register::Offices, Register::Staff];

fn name(register: Register, frame: &Frame) -> &'static str {
    let (ja, en) = match register {
        Register::Patients => ("患者と部屋", "Patients and rooms"),
        Register::Institutions => ("医療機関", "Institutions"),
        Register::Offices => ("事業所", "Offices"),
        Register::Staff => ("事業所の職員", "Staff of offices"),
    };
    frame.lang().say(ja, en)
}

fn register(key: &str) -> Option<Register> {
    ALL.into_iter().find(|r| r.as_str() == key)
}

/// `GET /admin/registers`
async fn page(State(web): State<Web>, user: User) -> Result<Response, Failure> {
    shown(&web, &user, None, None).await
}

async fn shown(web: &Web, user: &User, plan: Option<Shown>, fault: Option<String>) -> Result<Response, Failure> {
    let frame = Frame::of(web, user, "admin").await?;
    let mut books = Vec::new();
    for r in ALL {
        let file = web.options.register_files.iter().find(|(key, _)| *key == r.as_str()).map(|(_, file)| file.clone());
        let entries = web.store.register(r).await?.len();
        books.push(Book { key: r.as_str(), name: name(r, &frame), entries, file });
    }
    Ok(gate::html(&frame, Page { frame: frame.clone(), books, shown: plan, fault }.render()?))
}

/// `POST /admin/registers`: `register` and the file, shown with what it would change.
async fn look(State(web): State<Web>, user: User, mut form: Multipart) -> Result<Response, Failure> {
    let broken = |_| Failure::Refused("ファイルの送信が途中で切れました。もう一度お試しください。".into());
    let (mut which, mut bytes, mut file) = (None, Vec::new(), String::new());
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "register" => which = register(&field.text().await.map_err(broken)?),
            "file" => {
                file = field.file_name().unwrap_or_default().chars().filter(|c| !c.is_control()).take(80).collect();
                bytes = field.bytes().await.map_err(broken)?.to_vec();
            }
            _ => {}
        }
    }
    let which = which.ok_or(Failure::NotFound)?;
    propose(&web, &user, which, &file, bytes).await
}

/// Shows what a register's new content would change, to be taken over then.
pub(super) async fn propose(
    web: &Web,
    user: &User,
    which: Register,
    file: &str,
    bytes: Vec<u8>,
) -> Result<Response, Failure> {
    let plan = match web.store.plan_import_of(which, file, &bytes).await {
        Ok(plan) => plan,
        Err(StoreError::Register(e)) => return shown(web, user, None, Some(e.to_string())).await,
        Err(e) => return Err(e.into()),
    };
    if plan.is_empty() {
        return shown(web, user, None, Some(format!("{file}: 1件も入っていません。取り込みません。"))).await;
    }
    let lines = plan.diff.lines();
    let data = json!({"register": which.as_str(), "file": file, "csv": STANDARD.encode(&bytes), "lines": lines});
    let kept = web.store.keep(Some(&user.account().id), &data, KEPT_MS).await?;
    let frame = Frame::bare(web, Some(user));
    let plan = Shown { name: name(which, &frame), nothing: plan.diff.is_empty(), lines, kept };
    shown(web, user, Some(plan), None).await
}

#[derive(Deserialize)]
struct Taken {
    kept: String,
}

/// `POST /admin/registers/apply`: what was shown, if it is still what the file would change.
async fn apply(State(web): State<Web>, user: User, Form(taken): Form<Taken>) -> Result<Response, Failure> {
    let held = web.store.challenge(&taken.kept).await?.filter(|h| h.account.as_deref() == Some(&user.account().id));
    let held = held.ok_or_else(|| Failure::Refused("時間が切れました。もう一度ファイルを選んでください。".into()))?;
    let text = |key: &str| held.data[key].as_str().unwrap_or_default().to_owned();
    let which = register(&text("register")).ok_or(Failure::NotFound)?;
    let bytes = STANDARD.decode(text("csv")).map_err(|e| Failure::Broken(e.to_string()))?;
    let plan = web.store.plan_import_of(which, &text("file"), &bytes).await?;
    if json!(plan.diff.lines()) != held.data["lines"] {
        return Err(Failure::Refused(
            "表示してから名簿が変わりました。もう一度ファイルを選んで確かめてください。".into(),
        ));
    }
    web.store.apply_import(&plan, user.actor()).await?;
    Ok(Redirect::to("/admin/registers").into_response())
}
