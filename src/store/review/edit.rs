//! A person's word on one field, and what it makes of a document. Pure.

use serde::{Deserialize, Serialize};

use super::refused;
use crate::model::{Document, Field, Status, Trace, Value, Vocabulary};
use crate::store::Result;

/// Stands among the keys of fields for the type of the document.
pub const TYPE: &str = "type";
/// Says of a field who found it.
const PERSON: &str = "person";

/// What a person says of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// It is right as it was read.
    Confirm,
    /// It is this, in the vocabulary's normal form.
    Set(Value),
    /// The page does not carry it.
    Remove,
    /// The page carries it, and the machine did not find it: no place is known but the page. One of the city's own fields
    /// brings the name that it has now.
    Add {
        value: Value,
        page: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
}

impl Edit {
    /// For the audit log.
    pub fn word(&self) -> &'static str {
        match self {
            Edit::Confirm => "confirm",
            Edit::Set(_) => "set",
            Edit::Remove => "remove",
            Edit::Add { .. } => "add",
        }
    }
}

/// Applies one edit; true where a text that stood accepted is no longer what it was.
///
/// # Errors
/// [`crate::store::StoreError::Refused`]: there is no such field, page or type.
pub fn apply(content: &mut Document, key: &str, edit: &Edit) -> Result<bool> {
    if key == TYPE {
        return retype(content, edit);
    }
    let before = content.accepted(key);
    match edit {
        Edit::Remove => {
            content.fields.remove(key);
        }
        Edit::Confirm => {
            let Some(field) = content.fields.get_mut(key) else { return refused("その項目はありません") };
            accept(field);
        }
        Edit::Set(value) => {
            let Some(field) = content.fields.get_mut(key) else { return refused("その項目はありません") };
            set(field, value);
        }
        // What the machine found keeps its place.
        Edit::Add { value, .. } if content.fields.contains_key(key) => {
            content.fields.entry(key.to_owned()).and_modify(|f| set(f, value));
        }
        Edit::Add { value, page, name } => {
            // (what the city's own fields are called is the rules' business)
            let known = Vocabulary::get().fields.contains_key(key) || key.starts_with("x.");
            if !known || !content.pages.contains(page) {
                return refused("その項目はこのページに足せません");
            }
            let field = Field {
                value: value.clone(),
                raw: value.text(),
                page: *page,
                rect: [0; 4],
                confidence: 1.0,
                status: Status::Accepted,
                items: None,
                trace: Trace { rule: PERSON.to_owned(), name: name.clone(), ..Trace::default() },
            };
            content.fields.insert(key.to_owned(), field);
        }
    }
    Ok(before.is_some() && before != content.accepted(key))
}

fn set(field: &mut Field, value: &Value) {
    if field.value != *value {
        field.items = None;
    }
    field.value = value.clone();
    field.confidence = 1.0;
    accept(field);
}

fn accept(field: &mut Field) {
    field.status = Status::Accepted;
    for item in field.items.iter_mut().flatten() {
        item.status = Status::Accepted;
    }
}

fn retype(content: &mut Document, edit: &Edit) -> Result<bool> {
    let (Edit::Set(Value::One(kind)) | Edit::Add { value: Value::One(kind), .. }) = edit else { return Ok(false) };
    if !Vocabulary::get().types.contains_key(kind) {
        return refused("その種類の書類はありません");
    }
    let changed = content.kind != *kind;
    content.kind.clone_from(kind);
    Ok(changed)
}
