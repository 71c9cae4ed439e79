//! Reading rules, for who tunes them: sheets to look at, one sheet with every trace and a form for each rule, the wizard
//! for a new hospital, backtests, what was in force before, packs, fields of one's own, reading again.
//!
//! Each administrator works on a draft of their own; nothing that is done here reads a sheet otherwise before the draft is
//! put in force (`test::activate`).

pub mod again;
pub mod history;
mod list;
pub mod own;
pub mod teach;
pub mod test;
pub mod tune;
mod wizard;
mod words;

use super::gate::{Access, REVIEW, Route, User, get, post};
use super::{Failure, Web};
use crate::account::Role;
use crate::store::rules::RuleDraft;
use crate::tuning::edit::When;
use crate::tuning::{Fault, InForce, OwnRules};

/// Whoever tunes; sees every sheet.
pub const RULES: Access = Access::Roles(&[Role::Rules]);
/// What says nothing about patients: an administrator may go back, and bring packs.
pub const KEEPERS: Access = Access::Roles(&[Role::Rules, Role::Admin]);

pub fn routes() -> Vec<Route> {
    vec![
        get(RULES, "/rules", list::list),
        get(RULES, "/rules/sheets/{id}", tune::tune),
        post(RULES, "/rules/sheets/{id}/rule", tune::put),
        post(RULES, "/rules/sheets/{id}/file", tune::put_file),
        get(RULES, "/rules/sheets/{id}/hospital", wizard::ask),
        post(RULES, "/rules/sheets/{id}/hospital", wizard::begin),
        post(RULES, "/rules/draft/drop", list::drop_draft),
        post(RULES, "/rules/test", test::begin),
        get(RULES, "/rules/tests/{id}", test::show),
        post(RULES, "/rules/tests/{id}/cancel", test::cancel),
        post(RULES, "/rules/activate", test::activate),
        get(KEEPERS, "/rules/history", history::list),
        get(KEEPERS, "/rules/history/{number}", history::one),
        post(KEEPERS, "/rules/history/{number}/return", history::back),
        get(KEEPERS, "/rules/pack", history::export),
        post(KEEPERS, "/rules/pack", history::import),
        get(RULES, "/rules/fields", own::list),
        post(RULES, "/rules/fields", own::add),
        get(RULES, "/rules/teach", teach::list),
        get(RULES, "/rules/teach/{id}", teach::page),
        post(RULES, "/rules/teach/{id}", teach::take),
        get(RULES, "/rules/again", again::ask),
        post(RULES, "/rules/again", again::read),
        get(REVIEW, "/reread", again::list),
        get(REVIEW, "/reread/{id}", again::show),
        post(REVIEW, "/reread/{id}", again::take),
    ]
}

/// What somebody works on, beside what is in force.
pub struct Desk {
    pub now: std::sync::Arc<InForce>,
    /// Own changes; those in force where nothing was changed yet.
    pub layer: OwnRules,
    /// Revision that the draft was begun from.
    pub parent: i64,
    pub begun: bool,
}

impl Desk {
    pub async fn of(web: &Web, user: &User) -> Result<Desk, Failure> {
        let now = web.options.rules.now();
        let draft = web.store.rule_draft(user.actor()).await?;
        Ok(match draft {
            Some(RuleDraft { parent, layer, .. }) => {
                let layer = OwnRules::of_json(&layer).map_err(|e| Failure::Broken(e.to_string()))?;
                Desk { begun: layer != now.layer, layer, parent, now }
            }
            None => Desk { layer: now.layer.clone(), parent: now.revision, begun: false, now },
        })
    }

    pub async fn keep(&self, web: &Web, user: &User, layer: &OwnRules) -> Result<(), Failure> {
        Ok(web.store.keep_rule_draft(user.actor(), self.parent, &layer.json()).await?)
    }

    /// Somebody has put other rules in force since the draft was begun.
    pub fn stale(&self) -> bool {
        self.begun && self.parent != self.now.revision
    }
}

/// A fault in words for a person.
pub fn told(fault: &Fault) -> String {
    match fault.line {
        Some(line) => format!("{} の {line} 行目: {}", fault.file, fault.what),
        None => fault.what.clone(),
    }
}

/// A hospital as an address has it: `fax:04-7100-1234`, `phone:…`, `name:…`.
fn when_word(when: &When) -> String {
    match (&when.fax, &when.phone, &when.name) {
        (Some(n), ..) => format!("fax:{n}"),
        (_, Some(n), _) => format!("phone:{n}"),
        (.., Some(n)) => format!("name:{n}"),
        _ => String::new(),
    }
}

fn when_of(word: &str) -> Option<When> {
    let (kind, text) = word.split_once(':')?;
    let text = Some(text.trim().to_owned()).filter(|t| !t.is_empty())?;
    let mut when = When::default();
    match kind {
        "fax" => when.fax = Some(text),
        "phone" => when.phone = Some(text),
        "name" => when.name = Some(text),
        _ => return None,
    }
    Some(when)
}

/// A hospital in words.
fn when_said(when: &When) -> String {
    match (&when.fax, &when.phone, &when.name) {
        (Some(n), ..) => format!("FAX {n}"),
        (_, Some(n), _) => format!("電話 {n}"),
        (.., Some(n)) => n.clone(),
        _ => String::new(),
    }
}
