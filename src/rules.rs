//! From a reading to documents with fields: sort, split, collect candidates, rank, decide what is sure.
//!
//! Extraction is a pure function of (rules, reading, registers); must not know pixels, store or web.

pub mod choice;

use std::path::Path;

use crate::model::Document;
use crate::reading::Reading;
use crate::register::Registers;

/// Rules as they are in force: all files of a folder, checked and compiled.
#[derive(Debug)]
pub struct RuleSet {
    hash: String,
}

/// A rules file that cannot be used: names the file, the line and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RulesError(pub String);

/// What a reading holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Extraction {
    pub documents: Vec<Document>,
    /// What was found where there is no document, as a sentence for a person.
    pub note: Option<String>,
}

impl RuleSet {
    /// The rules that this build carries.
    pub fn embedded() -> RuleSet {
        RuleSet { hash: "sha256:none".to_owned() }
    }

    /// All rules of a folder.
    ///
    /// # Errors
    /// A file that cannot be read or is no rules file.
    pub fn load(_dir: &Path) -> Result<RuleSet, RulesError> {
        Ok(Self::embedded())
    }

    /// `sha256:…` over all files.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// Sorts a reading into documents and extracts their fields.
pub fn extract(_rules: &RuleSet, _reading: &Reading, _registers: &Registers) -> Extraction {
    Extraction::default()
}
