//! What the workers drive: the reading pool, the rules and the registers of this moment.
//!
//! Rules and registers are replaced whole; a sheet in hand is finished with those that it began with.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;

use crate::again::ink;
use crate::model::Document;
use crate::patient::{self, Verdict};
use crate::pool::Pool;
use crate::reading;
use crate::register::Registers;
use crate::rules;
use crate::store::Candidate;
use crate::text::{fold, kana, nfkc, squeeze};
use crate::tuning::Workshop;
use crate::work::{Found, Pipeline, ReadDone, ReadFail, Sorted};

/// A name shorter than this, without white space, stands in too many other words.
const SHORTEST_NAME: usize = 3;

/// Reading, sorting, matching.
pub struct Reading {
    pool: Pool,
    rules: Arc<Workshop>,
    known: RwLock<Arc<Known>>,
}

/// The registers, and the names in them as they may stand in a text.
#[derive(Default)]
struct Known {
    registers: Arc<Registers>,
    names: Vec<String>,
}

impl Reading {
    pub fn new(pool: Pool, rules: Arc<Workshop>) -> Reading {
        Reading { pool, rules, known: RwLock::default() }
    }

    pub fn set_registers(&self, registers: Registers) {
        let registers = Arc::new(registers);
        self.rules.set_registers(registers.clone());
        let known = Arc::new(Known { names: names(&registers), registers });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    fn known(&self) -> Arc<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Pipeline for Reading {
    async fn read(&self, name: &str, bytes: Vec<u8>) -> Result<ReadDone, ReadFail> {
        match self.pool.read(name, bytes).await {
            Ok(done) => Ok(ReadDone { reading: done.reading, images: done.images, reader: done.reader }),
            Err(f) if f.ours => Err(ReadFail::Later(f.reason)),
            Err(f) => Err(ReadFail::Unreadable(f.reason)),
        }
    }

    async fn compare(&self, old: Vec<u8>, new: Vec<u8>, question: ink::Question) -> Option<ink::Answer> {
        self.pool.compare(old, new, question).await
    }

    fn sort(&self, reading: &reading::Reading) -> Sorted {
        let in_force = self.rules.now();
        let (rules, known) = (&in_force.rules, self.known());
        let extraction = rules::extract(rules, reading, &known.registers);
        let found = |d: Document| {
            let found = find(&d, &known.registers);
            (d, found)
        };
        Sorted {
            documents: extraction.documents.into_iter().map(found).collect(),
            note: extraction.note,
            rules: rules.hash().to_owned(),
        }
    }

    fn knows_name_in(&self, text: &str) -> bool {
        let text = comparable(text);
        self.known().names.iter().any(|n| text.contains(n))
    }
}

/// Who a document is about, with what a person needs to choose among those who may be meant.
fn find(document: &Document, registers: &Registers) -> Found {
    match patient::find(document, registers) {
        Verdict::Unique { room_id, .. } => Found::Room(room_id),
        Verdict::NoPatient => {
            Found::Unsure { reason: "患者の記載が見つかりません".to_owned(), candidates: Vec::new() }
        }
        Verdict::Review { reason, candidates } => {
            let candidates = candidates
                .into_iter()
                .filter_map(|c| {
                    let row = registers.patient(&c.room_id)?;
                    Some(Candidate {
                        name: row.name.clone(),
                        kana: row.kana.clone(),
                        birth_date: row.birth_date.clone(),
                        room: c.room_id,
                        score: f64::from(c.score),
                        agrees: c.agrees,
                        differs: c.differs,
                    })
                })
                .collect();
            Found::Unsure { reason: reason.trim_end_matches('。').to_owned(), candidates }
        }
    }
}

/// A text without white space and line ends, forms of the same kanji alike, kana as katakana.
fn comparable(text: &str) -> String {
    kana::katakana(&squeeze(&nfkc(text))).chars().map(fold::plain).collect()
}

fn names(registers: &Registers) -> Vec<String> {
    let mut names: Vec<String> = registers
        .patients()
        .iter()
        .flat_map(|p| [comparable(&p.name), comparable(&p.kana)])
        .filter(|n| n.chars().count() >= SHORTEST_NAME)
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::Patient;

    #[test]
    fn a_name_is_found_however_it_is_written() {
        let row = Patient { name: "渡邉 照子".into(), kana: "ワタナベ テルコ".into(), ..Patient::default() };
        let names = names(&Registers::new(vec![row], Vec::new(), Vec::new(), Vec::new()));
        let knows = |text: &str| names.iter().any(|n| comparable(text).contains(n));
        for text in ["渡邉照子様", "渡辺 照子", "渡邉\n照子", "わたなべてるこ", "ﾜﾀﾅﾍﾞ ﾃﾙｺ"]
        {
            assert!(knows(text), "{text}");
        }
        assert!(!knows("渡辺商会 照明器具のご案内"));
    }
}
