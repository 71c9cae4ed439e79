//! What the API's answers look like.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{Field, Status, Value};
use crate::store::board::{DocumentView, Post, RoomCard};
use crate::store::status::rfc3339;

/// A patient's room. Asked for one that was merged into another, it is that other one.
#[derive(Serialize, ToSchema)]
pub struct Room {
    pub id: String,
    pub name: String,
    pub kana: String,
    /// Empty where the register has none.
    pub birth_date: String,
    pub sheets: i64,
    /// Fields of its sheets that wait for a person.
    pub open_fields: i64,
    /// When its newest sheet was posted.
    pub newest: Option<String>,
    /// The patient is no longer in the register.
    pub ended: bool,
    /// Its sheets, newest first.
    pub timeline: Vec<Head>,
}

/// A sheet in a timeline.
#[derive(Serialize, ToSchema)]
pub struct Head {
    /// For `/api/v1/documents/{id}`.
    pub document: String,
    pub revision: i64,
    pub r#type: String,
    pub posted: String,
    pub received: String,
    /// 1-based pages of the file.
    pub pages: Vec<u32>,
    pub urgent: bool,
    /// Only where it is sure.
    pub sender: Option<String>,
    /// Only where it is sure.
    pub discharge_date: Option<String>,
    pub open_fields: i64,
}

impl From<Post> for Head {
    fn from(p: Post) -> Head {
        Head {
            document: p.document,
            revision: p.revision,
            r#type: p.kind,
            posted: rfc3339(p.at),
            received: rfc3339(p.received),
            pages: p.pages,
            urgent: p.urgent,
            sender: p.sender,
            discharge_date: p.discharge,
            open_fields: p.open_fields,
        }
    }
}

impl From<RoomCard> for Room {
    fn from(r: RoomCard) -> Room {
        Room {
            id: r.id,
            name: r.name,
            kana: r.kana,
            birth_date: r.birth_date,
            sheets: r.sheets,
            open_fields: r.open_fields,
            newest: r.newest.map(rfc3339),
            ended: r.ended,
            timeline: r.posts.into_iter().map(Head::from).collect(),
        }
    }
}

/// One text, or a list of them.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Words {
    One(String),
    Many(Vec<String>),
}

impl From<&Value> for Words {
    fn from(v: &Value) -> Words {
        match v {
            Value::One(v) => Words::One(v.clone()),
            Value::Many(v) => Words::Many(v.clone()),
        }
    }
}

/// A field as it stands on the sheet.
#[derive(Serialize, ToSchema)]
pub struct ReadField {
    /// Of the vocabulary.
    pub key: String,
    /// The field's Japanese name.
    pub label: String,
    /// Whether a person or a sure reading stands behind it; else there is no value, and the picture speaks.
    pub certain: bool,
    pub value: Option<Words>,
    /// What was read of a field that is not certain, for who decides about it: never to be shown as what the sheet says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading: Option<Words>,
    /// Where it stands: the page, and the box x0, y0, x1, y1 in pixels of that page's image.
    pub page: u32,
    pub rect: [i32; 4],
}

impl ReadField {
    /// `suggested`: with what was read of a field that is not sure.
    pub fn new(key: &str, f: &Field, suggested: bool) -> ReadField {
        let certain = f.status == Status::Accepted;
        ReadField {
            key: key.to_owned(),
            label: f.label(key).to_owned(),
            certain,
            value: certain.then(|| Words::from(&f.value)),
            reading: (suggested && !certain).then(|| Words::from(&f.value)),
            page: f.page,
            rect: f.rect,
        }
    }
}

/// Image of one page.
#[derive(Serialize, ToSchema)]
pub struct PageImage {
    pub page: u32,
    /// Address of the upright PNG; none where the page could not be read.
    pub image: Option<String>,
    pub width: i64,
    pub height: i64,
}

/// Somebody who may be meant.
#[derive(Serialize, ToSchema)]
pub struct Meant {
    pub room: String,
    pub name: String,
    pub birth_date: String,
    /// What agrees and what does not, in words.
    pub agrees: Vec<String>,
    pub differs: Vec<String>,
}

/// A sheet with all that was read of it.
#[derive(Serialize, ToSchema)]
pub struct Sheet {
    pub id: String,
    /// Changes with every decision; to be sent along with the next.
    pub revision: i64,
    /// `posted`, `review`, `ignored`, `quarantined`, `withdrawn`, `processing`.
    pub state: &'static str,
    pub reason: Option<String>,
    pub room: Option<String>,
    pub r#type: String,
    /// National form that its heading names, where its type has several: `special_nursing_order`.
    pub form: Option<String>,
    pub received: String,
    pub urgent: bool,
    pub open_fields: i64,
    pub pages: Vec<PageImage>,
    pub fields: Vec<ReadField>,
    /// Who may be meant, where the sheet waits for a room; only for who decides about it.
    pub candidates: Vec<Meant>,
    /// The sheet that this one is, sent again.
    pub again_of: Option<String>,
    /// The version before and after.
    pub supersedes: Option<String>,
    pub superseded_by: Option<String>,
    /// Keys of what differs from the version before, or may.
    pub differs: Vec<String>,
}

impl Sheet {
    /// `deciding`: for somebody who decides about it.
    pub fn new(d: DocumentView, deciding: bool) -> Sheet {
        let image = |n: u32| format!("/api/v1/documents/{}/pages/{n}", d.id);
        Sheet {
            revision: d.revision,
            state: d.state.as_str(),
            reason: d.reason,
            room: d.room,
            r#type: d.content.kind.clone(),
            form: d.form,
            received: rfc3339(d.received),
            urgent: d.urgent,
            open_fields: d.open_fields,
            pages: d
                .images
                .iter()
                .map(|i| PageImage {
                    page: i.page,
                    image: i.sha256.as_ref().map(|_| image(i.page)),
                    width: i.width,
                    height: i.height,
                })
                .collect(),
            fields: d.content.fields.iter().map(|(k, f)| ReadField::new(k, f, deciding)).collect(),
            candidates: if deciding {
                let meant = |c: crate::store::Candidate| Meant {
                    room: c.room,
                    name: c.name,
                    birth_date: c.birth_date,
                    agrees: c.agrees,
                    differs: c.differs,
                };
                d.candidates.into_iter().map(meant).collect()
            } else {
                Vec::new()
            },
            again_of: d.line.again_of,
            supersedes: d.line.before.map(|(id, _)| id),
            superseded_by: d.line.after,
            differs: d.line.differs,
            id: d.id,
        }
    }
}
