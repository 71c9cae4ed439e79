//! Offices: who works there, by which address they are told, which rooms they see, who is on duty. What the registers say is
//! shown as theirs; a change of the staff goes the register's way: shown first, taken over then.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::{Form, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::super::frame::Frame;
use super::super::gate::{self, ADMIN, Route, User, get, post};
use super::super::{Failure, Web};
use super::registers;
use crate::store::offices::{Office as Entry, Staff, Told};
use crate::store::{Register, status};

pub fn routes() -> Vec<Route> {
    vec![get(ADMIN, "/admin/offices", page), post(ADMIN, "/admin/offices/staff", change)]
}

struct Person {
    name: String,
    profession: String,
    mail: String,
    /// First and last day, where there are any.
    days: String,
    present: bool,
    /// Account that signs in with this address.
    account: Option<String>,
    rooms: usize,
}

struct Address {
    mail: String,
    rooms: usize,
    /// People whose accounts share it.
    people: Vec<String>,
    told: String,
}

struct Office {
    id: String,
    name: String,
    phones: String,
    faxes: String,
    address: String,
    people: Vec<Person>,
    /// Where notices of its rooms go.
    addresses: Vec<Address>,
    rooms: usize,
}

#[derive(Template)]
#[template(path = "admin/offices.html")]
struct Page {
    frame: Frame,
    offices: Vec<Office>,
    /// Members of rooms whom the staff register does not know.
    others: Vec<Address>,
    duty: Vec<(String, Option<String>)>,
    /// The daemon reads the staff register by itself, from this file.
    file: Option<String>,
    choices: Vec<(String, String)>,
}

/// `GET /admin/offices`
async fn page(State(web): State<Web>, user: User) -> Result<Response, Failure> {
    web.store.log_access(user.actor(), "list", "offices", json!({})).await?;
    let frame = Frame::of(&web, &user, "admin").await?;
    let registers = web.store.registers().await?;
    let (memberships, choices) = (web.store.memberships().await?, web.store.choices().await?);
    let accounts: Vec<_> = web.store.accounts().await?.into_iter().filter(|a| a.disabled.is_none()).collect();
    let today = status::local(web.store.now()).date().to_string();
    let none = BTreeSet::new();
    let rooms_of = |mail: &str| memberships.get(&mail.to_lowercase()).unwrap_or(&none);
    let address = |mail: &str| Address {
        rooms: rooms_of(mail).len(),
        people: accounts.iter().filter(|a| a.mailbox.eq_ignore_ascii_case(mail)).map(|a| a.name.clone()).collect(),
        told: told(choices.get(&mail.to_lowercase()), &frame),
        mail: mail.to_owned(),
    };
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut by: BTreeMap<&str, Vec<&Staff>> = BTreeMap::new();
    for s in registers.staff() {
        by.entry(s.office_id.as_str()).or_default().push(s);
    }
    let mut offices = Vec::new();
    let name = frame.say("事業所の記載なし", "Without an office").to_owned();
    let unnamed = Entry { name, ..Entry::default() };
    for o in registers.offices().iter().chain([&unnamed]) {
        let staff = by.remove(o.office_id.as_str()).unwrap_or_default();
        if o.office_id.is_empty() && staff.is_empty() {
            continue;
        }
        // Their own, and those that their accounts share.
        let mut mails: BTreeSet<String> = staff.iter().map(|s| s.mail.clone()).collect();
        let theirs = accounts.iter().filter(|a| staff.iter().any(|s| s.mail == a.login));
        mails.extend(theirs.map(|a| a.mailbox.to_lowercase()));
        known.extend(mails.iter().cloned());
        let rooms: BTreeSet<&String> = mails.iter().flat_map(|m| rooms_of(m)).collect();
        let person = |s: &&Staff| Person {
            name: s.name.clone(),
            profession: s.profession.clone(),
            mail: s.mail.clone(),
            days: if s.from.is_empty() && s.until.is_empty() {
                String::new()
            } else {
                format!("{}〜{}", s.from, s.until)
            },
            present: s.present(&today),
            account: accounts.iter().find(|a| a.login == s.mail).map(|a| a.id.clone()),
            rooms: rooms_of(&s.mail).len(),
        };
        offices.push(Office {
            id: o.office_id.clone(),
            name: o.name.clone(),
            phones: o.phones.join(" "),
            faxes: o.faxes.join(" "),
            address: o.address.clone(),
            people: staff.iter().map(person).collect(),
            rooms: rooms.len(),
            addresses: mails.iter().filter(|m| !rooms_of(m).is_empty()).map(|m| address(m)).collect(),
        });
    }
    let others = memberships.keys().filter(|m| !known.contains(*m)).map(|m| address(m)).collect();
    let named = |mail: &String| accounts.iter().find(|a| a.login.eq_ignore_ascii_case(mail)).map(|a| a.name.clone());
    let page = Page {
        others,
        duty: web.options.due.duty.iter().map(|m| (m.clone(), named(m))).collect(),
        file: web.options.register_files.iter().find(|(key, _)| *key == "staff").map(|(_, file)| file.clone()),
        choices: registers.offices().iter().map(|o| (o.office_id.clone(), o.name.clone())).collect(),
        offices,
        frame: frame.clone(),
    };
    Ok(gate::html(&frame, page.render()?))
}

fn told(choice: Option<&Told>, frame: &Frame) -> String {
    let Some((digest, from, until)) = choice else { return frame.say("すぐ", "at once").to_owned() };
    let mut text = if digest.is_empty() {
        frame.say("すぐ", "at once").to_owned()
    } else {
        format!("{} {digest}", frame.say("まとめて", "together at"))
    };
    if !from.is_empty() {
        text += &format!("　{} {from}–{until}", frame.say("通知しない", "quiet"));
    }
    text
}

/// A person of the staff as they are to be.
#[derive(Deserialize)]
struct Wanted {
    mail: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    office_id: String,
    #[serde(default)]
    profession: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
}

/// `POST /admin/offices/staff`: the register of the staff with this person, shown with what it changes.
async fn change(State(web): State<Web>, user: User, Form(wanted): Form<Wanted>) -> Result<Response, Failure> {
    let registers = web.store.registers().await?;
    let mail = wanted.mail.trim().to_lowercase();
    let before = registers.staff().iter().find(|s| s.mail == mail);
    // What is left empty stays as it is.
    let or = |new: &str, old: fn(&Staff) -> &String| match new.trim() {
        "" => before.map(old).cloned().unwrap_or_default(),
        new => new.to_owned(),
    };
    let new = Staff {
        name: or(&wanted.name, |s| &s.name),
        office_id: or(&wanted.office_id, |s| &s.office_id),
        profession: or(&wanted.profession, |s| &s.profession),
        from: or(&wanted.from, |s| &s.from),
        until: or(&wanted.until, |s| &s.until),
        mail: mail.clone(),
    };
    let mut out = csv::Writer::from_writer(Vec::new());
    let broken = |e: csv::Error| Failure::Broken(e.to_string());
    out.write_record(["mail", "name", "office_id", "profession", "from", "until"]).map_err(broken)?;
    for s in registers.staff().iter().filter(|s| s.mail != mail).chain([&new]) {
        out.write_record([&s.mail, &s.name, &s.office_id, &s.profession, &s.from, &s.until]).map_err(broken)?;
    }
    let bytes = out.into_inner().map_err(|e| Failure::Broken(e.to_string()))?;
    registers::propose(&web, &user, Register::Staff, "事業所の画面", bytes).await
}
