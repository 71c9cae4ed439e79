//! What a sink is given: one frozen revision of a document on its way to one place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Field;

/// Why something is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The sheet itself, into a room.
    Post,
    /// Word to a room's member that a sheet stands there.
    Notice,
    /// Word to an administrator that a sheet waits on the review list.
    Held,
}

impl Purpose {
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Post => "post",
            Purpose::Notice => "notice",
            Purpose::Held => "held",
        }
    }
    /// The purpose of that name.
    pub fn parse(s: &str) -> Option<Purpose> {
        [Purpose::Post, Purpose::Notice, Purpose::Held].into_iter().find(|p| p.as_str() == s)
    }
}

/// One posting. `key` is the same for every attempt, and for nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Posting {
    /// uuid v5 of (document, revision, sink, recipient).
    pub key: String,
    pub purpose: Purpose,
    pub document: String,
    pub revision: i64,
    pub room: Option<String>,
    /// Mail address; empty for sinks that have none.
    pub recipient: String,
    /// A key of the vocabulary's types.
    pub kind: String,
    /// 1-based pages of the file.
    pub pages: Vec<u32>,
    /// All fields, those that wait for a person included: look at their status.
    pub fields: BTreeMap<String, Field>,
    /// Why it is held back, as a sentence for a person (purpose `Held`). May name a patient's data.
    pub reason: Option<String>,
    /// Milliseconds since 1970.
    pub received: i64,
    /// Where it is a new version of an earlier sheet: keys of what differs from that one, or may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Vec<String>>,
    /// An iCalendar object that goes with it, for sinks that can carry one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached: Option<String>,
    /// Page images: page and SHA-256 of the PNG.
    pub images: Vec<(u32, String)>,
}

impl Posting {
    /// Text of an accepted field.
    pub fn accepted(&self, key: &str) -> Option<String> {
        self.fields.get(key).filter(|f| f.status == super::Status::Accepted).map(|f| f.value.text())
    }

    /// Urgent where the page says so, also where that reading is unsure: a needless hurry harms less than a missed one.
    pub fn urgent(&self) -> bool {
        super::is_urgent(&self.fields)
    }
}
