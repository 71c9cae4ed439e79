//! Ids, contract types and field keys: the words that all other modules share.
//!
//! Must not know any other module of the crate. The JSON forms are those of `contract/README.md`;
//! the vocabulary (document types and field keys) is data, embedded from `config/vocabulary.toml`, so that a
//! new type of document costs a rules file and no Rust.

mod posting;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

pub use posting::{Posting, Purpose};

/// Whether a character of a foreign name is not seen, or turns what is seen about it round: control characters,
/// directions of writing (UAX 9), widths of nothing.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}

/// Upright page pixels at 200 dpi: x0, y0, x1, y1 (exclusive), origin top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rect {
    pub x0: i32,
    pub y0: i32,
    pub x1: i32,
    pub y1: i32,
}

impl Rect {
    pub fn new(x0: i32, y0: i32, x1: i32, y1: i32) -> Self {
        Self { x0, y0, x1, y1 }
    }
    pub fn width(&self) -> i32 {
        self.x1 - self.x0
    }
    pub fn height(&self) -> i32 {
        self.y1 - self.y0
    }
    pub fn center(&self) -> (i32, i32) {
        ((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2)
    }
    /// Smallest rectangle that holds both.
    pub fn union(&self, o: &Rect) -> Rect {
        Rect::new(self.x0.min(o.x0), self.y0.min(o.y0), self.x1.max(o.x1), self.y1.max(o.y1))
    }
    pub fn intersect(&self, o: &Rect) -> Option<Rect> {
        let r = Rect::new(self.x0.max(o.x0), self.y0.max(o.y0), self.x1.min(o.x1), self.y1.min(o.y1));
        (r.x0 < r.x1 && r.y0 < r.y1).then_some(r)
    }
    pub fn contains(&self, x: i32, y: i32) -> bool {
        (self.x0..self.x1).contains(&x) && (self.y0..self.y1).contains(&y)
    }
    pub fn array(&self) -> [i32; 4] {
        [self.x0, self.y0, self.x1, self.y1]
    }
}

/// `value` of a field: a string, or a list of strings for `list` fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    One(String),
    Many(Vec<String>),
}

impl Value {
    /// The value as one line of text; list items are joined by `、`.
    pub fn text(&self) -> String {
        match self {
            Value::One(s) => s.clone(),
            Value::Many(v) => v.join("、"),
        }
    }
}

/// Whether a value may be posted without a person looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Accepted,
    Review,
}

/// One element of a list field, with its own place and status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub value: String,
    pub raw: String,
    pub page: u32,
    #[serde(rename = "box")]
    pub rect: [i32; 4],
    pub confidence: f64,
    pub status: Status,
}

/// One extracted field. `value` is in the vocabulary's normal form, `raw` as it stood on the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    pub value: Value,
    pub raw: String,
    /// 1-based page of the file.
    pub page: u32,
    #[serde(rename = "box")]
    pub rect: [i32; 4],
    pub confidence: f64,
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Item>>,
    /// How the value was found; not part of the contract's JSON (see [`Field::contract`]).
    #[serde(default, skip_serializing_if = "Trace::is_empty")]
    pub trace: Trace,
}

impl Field {
    /// The field as `faxbridge extract` prints it: without its trace.
    pub fn contract(&self) -> Field {
        Field { trace: Trace::default(), ..self.clone() }
    }

    /// What people call the field of this key: one of the city's own (`x.`) brings its name along.
    pub fn label<'a>(&'a self, key: &'a str) -> &'a str {
        self.trace.name.as_deref().unwrap_or_else(|| Vocabulary::get().label(key))
    }

    /// Leaves the value, every element of it, to a person.
    pub fn doubt(&mut self) {
        self.status = Status::Review;
        self.items.iter_mut().flatten().for_each(|i| i.status = Status::Review);
    }
}

/// What spoke for and against a value, for the review page and `faxbridge look`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trace {
    /// The rule that found it, e.g. `referral.toml: field "patient.name"`.
    pub rule: String,
    /// What people call a field of the city's own (`x.`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Label text as it stands on the page and its box, where a label led to the value.
    pub label: Option<(String, [i32; 4])>,
    /// `same_line`, `right_cell`, `below`, `shape`, `choice`, …
    pub direction: String,
    pub normalisers: Vec<String>,
    /// Checks that failed, in words for a person.
    pub failed: Vec<String>,
    /// Feature name → contribution to the score, the largest first.
    pub reasons: Vec<(String, f64)>,
    /// Other values that were considered: text and score.
    pub rivals: Vec<(String, f64)>,
}

impl Trace {
    pub fn is_empty(&self) -> bool {
        *self == Trace::default()
    }
}

/// Stands among the keys of fields for what belongs to none: other text of the page, marks.
pub const ELSEWHERE: &str = "page";
/// The same for the number of pages.
pub const PAGES: &str = "pages";

/// One document found in a file, before it has an id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// A key of the vocabulary's `[types]`.
    #[serde(rename = "type")]
    pub kind: String,
    /// 1-based pages of the file.
    pub pages: Vec<u32>,
    pub confidence: f64,
    pub fields: BTreeMap<String, Field>,
    /// Why the type, the pages or the identity need a person; empty where they do not. Not in the contract's JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// Id in the register of institutions of who sent it, where letterhead, phone or fax decide it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
}

impl Document {
    /// Text of an `accepted` field.
    pub fn accepted(&self, key: &str) -> Option<String> {
        self.fields.get(key).filter(|f| f.status == Status::Accepted).map(|f| f.value.text())
    }
    /// Text of a field, whatever its status.
    pub fn text(&self, key: &str) -> Option<String> {
        self.fields.get(key).map(|f| f.value.text())
    }
}

/// Whether the page says that it is urgent; an unsure reading counts as well.
pub fn is_urgent(fields: &BTreeMap<String, Field>) -> bool {
    fields.get("urgency").is_some_and(|f| f.value.text() == "urgent")
}

/// What read a file: stands on every line of `extract` and with every stored reading.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reader {
    pub engine: String,
    pub runtime: String,
    /// `sha256:…` over the model files.
    pub models: String,
    /// `sha256:…` over the rules.
    pub rules: String,
}

/// One line of `faxbridge extract`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extracted {
    pub file: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<Document>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub reader: Reader,
}

/// Normal form of a field, from the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    Date,
    Datetime,
    Phone,
    Digits,
    Enum,
    List,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldDef {
    /// Japanese label for people.
    pub ja: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Allowed values of an `enum`.
    #[serde(default)]
    pub values: Vec<String>,
}

/// The canonical vocabulary: document types and field keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    /// Type key → Japanese name.
    pub types: BTreeMap<String, String>,
    pub fields: BTreeMap<String, FieldDef>,
}

impl Vocabulary {
    /// The vocabulary that this build carries.
    pub fn get() -> &'static Vocabulary {
        static V: LazyLock<Vocabulary> = LazyLock::new(|| {
            toml::from_str(include_str!("../../config/vocabulary.toml")).expect("the embedded vocabulary parses")
        });
        &V
    }
    /// Japanese name of a document type; the key itself where it is unknown.
    pub fn type_name<'a>(&'a self, key: &'a str) -> &'a str {
        self.types.get(key).map_or(key, String::as_str)
    }
    /// Japanese label of a field; the key itself for `x.` fields.
    pub fn label<'a>(&'a self, key: &'a str) -> &'a str {
        match key {
            ELSEWHERE => return "項目以外の文字や印",
            PAGES => return "ページ数",
            _ => {}
        }
        self.fields.get(key).map_or(key, |f| f.ja.as_str())
    }
}
