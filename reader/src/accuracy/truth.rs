//! What is known to stand on the pages of a file: the truth files' JSON. Keys that say nothing about right or wrong
//! (font, noise, compression) are passed over.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::model::Value;

#[derive(Debug, Clone, Deserialize)]
pub struct Truth {
    /// Base name of the fax.
    pub file: String,
    /// `documents`; else what must come of a file that holds none: `none`, `error`, `any`.
    #[serde(default = "documents")]
    pub expect: String,
    #[serde(default)]
    pub blank_pages: BTreeSet<u32>,
    #[serde(default)]
    pub documents: Vec<TrueDocument>,
    #[serde(default)]
    pub conditions: Conditions,
}

fn documents() -> String {
    "documents".to_owned()
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Conditions {
    /// `fine`, `standard`, `scan`, …
    #[serde(default)]
    pub class: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct TrueDocument {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub pages: BTreeSet<u32>,
    pub fields: BTreeMap<String, TrueValue>,
    /// Keys that may be there or not.
    #[serde(default)]
    pub ignore: BTreeSet<String>,
    pub layout: Option<String>,
    pub hospital: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct TrueValue {
    pub value: Value,
    /// Other forms that are as right.
    #[serde(default)]
    pub alt: Vec<Value>,
    #[serde(default)]
    pub handwritten: bool,
    /// Said by a tick or a ring.
    #[serde(default)]
    pub marked: bool,
}

impl TrueValue {
    /// Every form that is right.
    pub fn forms(&self) -> impl Iterator<Item = &Value> {
        std::iter::once(&self.value).chain(&self.alt)
    }

    /// What wrote it: `handwritten`, `marked` or `printed`.
    pub fn ink(&self) -> &'static str {
        match (self.handwritten, self.marked) {
            (true, _) => "handwritten",
            (_, true) => "marked",
            _ => "printed",
        }
    }
}
