//! Where reviewers keep correcting the same field of the same hospital: which change of its rules would spare them that?
//!
//! Gathers the corrections and tries changes over their readings; an administrator takes one into the draft, and the
//! backtest says what else it does. Nothing is changed from here.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Workshop;
use super::edit::{self, RuleForm, Spot, When};
use crate::reading::Reading;
use crate::register::Registers;
use crate::rules::backtest::document_of;
use crate::rules::teach::{Lesson, Proposal, propose};
use crate::rules::{self, Fault, Layer};
use crate::store::rules::Corrected;
use crate::store::{Store, StoreError};
use crate::text::squeeze;

pub use crate::rules::teach::Change;

/// Corrections of one kind that are worth a look.
pub const ENOUGH: usize = 3;
/// Newest sheets that are looked through, and corrections that a change is tried on.
const SHEETS: i64 = 3000;
const LESSONS: usize = 8;

/// One field of one hospital's sheets of one type that persons keep putting right.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    pub kind: String,
    pub key: String,
    /// In the register, where it is known.
    pub sender_id: Option<String>,
    pub sender: String,
    /// What tells the hospital on its sheets.
    pub when: When,
    /// File that the rule would stand in.
    pub file: String,
    /// All of them, the newest first.
    pub corrections: Vec<Corrected>,
}

/// What could be changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// Corrections that the rules of today still need, of those looked at.
    pub wrong: usize,
    pub looked: usize,
    pub proposals: Vec<Proposal>,
}

impl Topic {
    /// Short, and the same as long as it is about the same.
    pub fn id(&self) -> String {
        let of = [self.kind.as_str(), &self.key, self.sender_id.as_deref().unwrap_or(&self.sender)].join("\n");
        hex::encode(&Sha256::digest(of)[..8])
    }

    pub fn spot(&self) -> Spot<'_> {
        Spot { file: &self.file, when: Some(&self.when), key: &self.key }
    }

    /// The layer with a change of this hospital's rule.
    ///
    /// # Errors
    /// The layer is at fault without it, or with it.
    pub fn changed(&self, base: &rules::Base, layer: &Layer, change: &Change) -> Result<Layer, Fault> {
        let (mut own, _) = base.rule_at(layer, &self.spot());
        match change {
            Change::Label { label, look } => {
                put(&mut own.labels, label);
                look.iter().map(|d| d.name().to_owned()).for_each(|d| add(&mut own.look, d));
            }
            Change::Normalise(n) => add(&mut own.normalise, edit::name(n)),
            Change::StopAt(end) => put(&mut own.stop_at, end),
            Change::Region { page, region } => {
                own.region = region.map(|x| format!("{x:.4}")).join(" ");
                own.page = page.to_string();
            }
        }
        base.put(layer, &self.spot(), &own)
    }
}

impl Workshop {
    /// What persons keep putting right, the most often first. Corrections from before the hospital's rule for the field was
    /// last changed do not count.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn topics(&self, store: &Store) -> Result<Vec<Topic>, StoreError> {
        let (now, registers) = (self.now(), self.registers());
        let mut topics: BTreeMap<(String, String, String), Topic> = BTreeMap::new();
        for c in store.corrected(SHEETS).await? {
            let Some(file) = now.base.file_of(&c.kind) else { continue };
            let at = (c.kind.clone(), c.sender_id.clone().unwrap_or_else(|| c.sender.clone()), c.key.clone());
            let topic = topics.entry(at).or_insert_with(|| Topic {
                kind: c.kind.clone(),
                key: c.key.clone(),
                sender_id: c.sender_id.clone(),
                sender: c.sender.clone(),
                when: when(&registers, c.sender_id.as_deref(), &c.sender),
                file: file.to_owned(),
                corrections: Vec::new(),
            });
            topic.corrections.push(c);
        }
        let mut out: Vec<Topic> = topics.into_values().filter(|t| t.corrections.len() >= ENOUGH).collect();
        if !now.layer.is_empty() && !out.is_empty() {
            let past = store.rule_revisions(i64::from(u16::MAX)).await?;
            let past: Vec<(i64, Layer)> =
                past.into_iter().filter_map(|r| Some((r.created, Layer::of_json(&r.layer).ok()?))).collect();
            for topic in &mut out {
                let own = |layer: &Layer| now.base.rule_at(layer, &topic.spot()).0;
                let today = own(&now.layer);
                // (the newest first: as long as it said what it says today)
                let since = past.iter().take_while(|(_, layer)| own(layer) == today).last().map_or(0, |r| r.0);
                if today != RuleForm::default() {
                    topic.corrections.retain(|c| c.at >= since);
                }
            }
            out.retain(|t| t.corrections.len() >= ENOUGH);
        }
        out.sort_by_key(|t| std::cmp::Reverse(t.corrections.len()));
        Ok(out)
    }

    /// Which changes of a layer would spare a topic's corrections. Looks at the newest of them.
    ///
    /// # Errors
    /// The readings cannot be fetched.
    pub async fn advice(self: &Arc<Self>, store: &Store, topic: &Topic, layer: &Layer) -> Result<Advice, StoreError> {
        let mut sheets = Vec::new();
        for c in topic.corrections.iter().take(LESSONS) {
            // A reading of an older form teaches nothing; the others may.
            if let Ok(reading) = Reading::from_bytes(&store.blob(&c.blob).await?) {
                sheets.push((c.clone(), reading));
            }
        }
        let (workshop, topic, layer) = (self.clone(), topic.clone(), layer.clone());
        tokio::task::spawn_blocking(move || workshop.learn(&topic, &layer, &sheets))
            .await
            .map_err(|e| StoreError::Damaged(e.to_string()))
    }

    fn learn(&self, topic: &Topic, layer: &Layer, sheets: &[(Corrected, Reading)]) -> Advice {
        let (now, registers) = (self.now(), self.registers());
        let mut advice = Advice { wrong: 0, looked: sheets.len(), proposals: Vec::new() };
        let Ok(rules) = self.draft(layer) else { return advice };
        let found: Vec<Option<String>> = sheets
            .iter()
            .map(|(c, r)| document_of(&rules::extract(&rules, r, &registers), &c.pages)?.text(&topic.key))
            .collect();
        let lessons: Vec<Lesson> = sheets
            .iter()
            .zip(&found)
            .map(|((c, reading), found)| Lesson { reading, pages: &c.pages, truth: &c.truth, found: found.as_deref() })
            .filter(|l| l.found.is_none_or(|f| squeeze(f) != squeeze(l.truth)))
            .collect();
        advice.wrong = lessons.len();
        if lessons.len() >= ENOUGH {
            let with = |change: &Change| self.compile(&topic.changed(&now.base, layer, change).ok()?).ok();
            advice.proposals = propose(&rules, &topic.kind, &topic.key, &lessons, &registers, with);
        }
        advice
    }
}

/// What tells a hospital on its sheets: its number in the register, else its name.
fn when(registers: &Registers, id: Option<&str>, name: &str) -> When {
    let known = id.and_then(|id| registers.institution(id));
    let first = |numbers: &[String]| numbers.first().cloned();
    match known.map(|i| (first(&i.faxes), first(&i.phones))) {
        Some((Some(fax), _)) => When { fax: Some(fax), ..When::default() },
        Some((None, Some(phone))) => When { phone: Some(phone), ..When::default() },
        _ => When { name: Some(name.to_owned()), ..When::default() },
    }
}

fn put(lines: &mut String, line: &str) {
    if !lines.lines().any(|l| l == line) {
        if !lines.is_empty() && !lines.ends_with('\n') {
            lines.push('\n');
        }
        lines.push_str(line);
    }
}

fn add(words: &mut Vec<String>, word: String) {
    if !words.contains(&word) {
        words.push(word);
    }
}
