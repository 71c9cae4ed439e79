//! Acceptance: one transaction freezes the revisions of a receipt's documents, posts or holds them, writes audit and
//! outbox. What to do with each document was decided before (`work::policy`); here it becomes fact.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::blobs::sha256;
use super::canary::{self, Arrival};
use super::db::{Tx, query};
use super::parts::{self, Bundle};
use super::queue::{Job, take};
use super::versions::{self, Bond, Kin};
use super::{MACHINE, Result, Store, audit, crash, figures, merge, name_id, outbox, samples};
use crate::completeness::Look;
use crate::model::{Document, Reader, Status, is_urgent};

/// State of a document, as the contract names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Processing,
    Posted,
    Review,
    Ignored,
    Quarantined,
    Withdrawn,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Processing => "processing",
            State::Posted => "posted",
            State::Review => "review",
            State::Ignored => "ignored",
            State::Quarantined => "quarantined",
            State::Withdrawn => "withdrawn",
        }
    }
    /// The state of that name; an unknown one can only come from a newer program and counts as unfinished.
    pub fn parse(s: &str) -> State {
        [State::Posted, State::Review, State::Ignored, State::Quarantined, State::Withdrawn]
            .into_iter()
            .find(|v| v.as_str() == s)
            .unwrap_or(State::Processing)
    }
}

/// A patient who may be meant, for a person to choose from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Candidate {
    pub room: String,
    pub name: String,
    pub kana: String,
    pub birth_date: String,
    /// 0 to 1, for the order only.
    pub score: f64,
    /// What agrees and what does not, in words for a person.
    pub agrees: Vec<String>,
    pub differs: Vec<String>,
}

/// One document with what was decided about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    pub document: Document,
    pub state: State,
    /// Room, where `state` is [`State::Posted`].
    pub room: Option<String>,
    pub reason: Option<String>,
    pub candidates: Vec<Candidate>,
    /// Name of the part that this stands for, where it is no document but something that could not be read.
    pub part: Option<String>,
}

impl Sheet {
    /// An entry for the review list that stands for something that could not be read.
    pub fn unread(part: String, pages: Vec<u32>, reason: &str) -> Sheet {
        Sheet {
            document: Document {
                kind: "other".into(),
                pages,
                confidence: 0.0,
                fields: BTreeMap::new(),
                doubts: vec![reason.to_owned()],
                sender_id: None,
            },
            state: State::Review,
            room: None,
            reason: Some(reason.to_owned()),
            candidates: Vec::new(),
            part: Some(part),
        }
    }
}

/// What was decided about a receipt.
#[derive(Debug, Clone, Copy)]
pub struct Accepted<'a> {
    pub reading: &'a str,
    pub sheets: &'a [Sheet],
    /// What each sheet is to those that stand in its room; one of which nothing is said is news.
    pub kin: &'a [Option<Kin>],
    /// What each sheet carries of its national form; nothing is said of one that is missing here.
    pub looks: &'a [Look],
    /// Those among the documents that are canaries.
    pub canaries: &'a [Arrival],
    /// The fax came in several mails, these: their documents go to the leader's receipt.
    pub bundle: Option<&'a Bundle>,
    pub reader: &'a Reader,
    /// Said of the receipt where there are no sheets.
    pub reason: Option<&'a str>,
}

impl<'a> Accepted<'a> {
    /// Sheets that are all news, of one mail or file.
    pub fn news(reading: &'a str, sheets: &'a [Sheet], reader: &'a Reader) -> Accepted<'a> {
        Accepted { reading, sheets, kin: &[], looks: &[], canaries: &[], bundle: None, reader, reason: None }
    }
}

/// Who is to hear of what.
#[derive(Debug, Clone, Default)]
pub struct Notify {
    /// Whether members of a room get notices by mail.
    pub members: bool,
    /// Mail addresses that hear of held-back sheets.
    pub admins: Vec<String>,
}

impl Store {
    /// Ends a job with its receipt's documents.
    ///
    /// # Errors
    /// [`super::StoreError::Stale`]; [`super::StoreError::Moved`] where a room or a bundle holds something else by now;
    /// such a canary has come already; or the database refused. Nothing was committed then.
    pub async fn accept(&self, job: &Job, accepted: &Accepted<'_>) -> Result<()> {
        let Accepted { reading, sheets, kin, looks, canaries, bundle, reader, reason } = *accepted;
        let now = self.now();
        let mut tx = self.db.begin().await?;
        if let Some(bundle) = bundle {
            // Before any row is touched: the others' jobs are ended with ours.
            parts::lock(&mut tx, &bundle.fax).await?;
        }
        take(&mut tx, job).await?;
        if let Some(bundle) = bundle {
            parts::close(&mut tx, bundle, &job.receipt, now).await?;
        }
        let receipt = bundle.map_or(&job.receipt, |b| &b.leader);
        let kin = |i: usize| kin.get(i).and_then(Option::as_ref);
        let looked: Vec<(&str, &str, &Kin)> = sheets
            .iter()
            .enumerate()
            .filter(|(_, s)| s.state == State::Posted)
            .filter_map(|(i, s)| Some((s.room.as_deref()?, s.document.kind.as_str(), kin(i)?)))
            .collect();
        let rooms: Vec<&str> =
            sheets.iter().filter(|s| s.state == State::Posted).filter_map(|s| s.room.as_deref()).collect();
        merge::stand(&mut tx, rooms).await?;
        versions::hold(&mut tx, &looked).await?;
        let held = |urgent: bool| {
            sheets.iter().position(|s| s.state == State::Review && (!urgent || is_urgent(&s.document.fields)))
        };
        let tell = held(true).or_else(|| held(false));
        // A sheet whose first is replaced by another of the same file has nothing left to be shown with: it is news.
        let replaced = |document: &str| {
            (0..sheets.len())
                .filter_map(|i| kin(i)?.of.as_ref())
                .any(|(of, bond)| of == document && *bond != Bond::Again)
        };
        let mut ids = Vec::with_capacity(sheets.len());
        for (i, sheet) in sheets.iter().enumerate() {
            let id = insert(&mut tx, now, receipt, i as i64, Some(reading), sheet, reader).await?;
            if let Some(look) = looks.get(i).filter(|_| sheet.part.is_none()) {
                figures::looked(&mut tx, &id, look, now).await?;
                if let Some(form) = look.form {
                    let set = query("UPDATE document SET form = $2 WHERE id = $1").bind(&id).bind(form);
                    set.execute(tx.conn()).await?;
                }
            }
            if let (Some(room), State::Posted) = (&sheet.room, sheet.state) {
                match kin(i).and_then(|k| k.of.as_ref()) {
                    Some((first, Bond::Again)) if !replaced(first) => {
                        versions::link(&mut tx, &id, first, room, now).await?
                    }
                    bond => {
                        let key = outbox::post(&mut tx, &id, 1, room, now).await?;
                        if let Some((older, Bond::Version { differs })) = bond {
                            versions::replace(&mut tx, &id, &key, older, differs, &sheet.document, now).await?;
                        }
                        outbox::tell(&mut tx, self, &id, 1, room, true, now).await?;
                    }
                }
            }
            // One word to the administrators for a receipt, not one for each of its sheets.
            if tell == Some(i) {
                outbox::enqueue_held(&mut tx, &id, 1, &self.notify.admins, now).await?;
                if self.pushes && is_urgent(&sheet.document.fields) {
                    outbox::push_held(&mut tx, &id, 1, now).await?;
                }
            }
            crash::reached("accept.between_documents");
            ids.push(id);
        }
        // Under locks of the hospitals, after every other one.
        samples::draw(&mut tx, self, sheets, &ids, now).await?;
        canary::arrived(&mut tx, now, &ids, canaries).await?;
        settle(&mut tx, receipt, now, reason).await?;
        let detail = json!({"reading": reading, "documents": sheets.len()});
        audit::append(&mut tx, now, MACHINE, "accepted", receipt, detail);
        crash::reached("accept.before_commit");
        tx.commit().await?;
        crash::reached("accept.after_commit");
        self.wake_all();
        Ok(())
    }
}

/// The id that a receipt's n-th document always has.
pub fn document_id(receipt: &str, ordinal: i64) -> String {
    name_id(&["document", receipt, &ordinal.to_string()])
}

/// Inserts a document with its first revision and the audit row of what the machine decided.
pub(super) async fn insert(
    tx: &mut Tx,
    now: i64,
    receipt: &str,
    ordinal: i64,
    reading: Option<&str>,
    sheet: &Sheet,
    reader: &Reader,
) -> Result<String> {
    let id = document_id(receipt, ordinal);
    let doc = &sheet.document;
    insert_row(tx, now, &id, receipt, ordinal, reading, sheet).await?;
    let hash = freeze(tx, now, MACHINE, &id, 1, doc, sheet.room.as_deref(), reader).await?;
    let detail = json!({"receipt": receipt, "revision": 1, "sha256": hash, "state": sheet.state.as_str(),
                        "type": doc.kind, "room": sheet.room});
    audit::append(tx, now, MACHINE, "accept", &id, detail);
    Ok(id)
}

/// Inserts a document's row; its first revision is the caller's.
pub(super) async fn insert_row(
    tx: &mut Tx,
    now: i64,
    id: &str,
    receipt: &str,
    ordinal: i64,
    reading: Option<&str>,
    sheet: &Sheet,
) -> Result<()> {
    let doc = &sheet.document;
    query(
        "INSERT INTO document (id, receipt, ordinal, reading, kind, pages, part, state, reason, room, candidates, revision,
                               open_fields, urgent, sender, discharge, created, updated)
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,0,0,0,NULL,NULL,$12,$12)",
    )
    .bind(id)
    .bind(receipt)
    .bind(ordinal)
    .bind(reading)
    .bind(&doc.kind)
    .bind(serde_json::to_string(&doc.pages)?)
    .bind(&sheet.part)
    .bind(sheet.state.as_str())
    .bind(&sheet.reason)
    .bind(&sheet.room)
    .bind(serde_json::to_string(&sheet.candidates)?)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Freezes a revision and brings the document's derived columns up to it; returns the revision's hash.
#[allow(clippy::too_many_arguments)] // one row's columns, named at the one place that writes them
pub(super) async fn freeze(
    tx: &mut Tx,
    now: i64,
    actor: &str,
    id: &str,
    number: i64,
    doc: &Document,
    room: Option<&str>,
    reader: &Reader,
) -> Result<String> {
    let content = serde_json::to_string(doc)?;
    let reader = serde_json::to_string(reader)?;
    let hash = revision_hash(&content, room, &reader);
    query(
        "INSERT INTO revision (document, number, content, room, reader, actor, at, sha256) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
    )
    .bind(id)
    .bind(number)
    .bind(&content)
    .bind(room)
    .bind(&reader)
    .bind(actor)
    .bind(now)
    .bind(&hash)
    .execute(tx.conn())
    .await?;
    let open = doc.fields.values().filter(|f| f.status == Status::Review).count();
    query(
        "UPDATE document SET revision = $2, open_fields = $3, urgent = $4, sender = $5, discharge = $6, updated = $7
         WHERE id = $1",
    )
    .bind(id)
    .bind(number)
    .bind(open as i64)
    .bind(i64::from(is_urgent(&doc.fields)))
    .bind(doc.accepted("sender.institution"))
    .bind(doc.accepted("encounter.discharge_date"))
    .bind(now)
    .execute(tx.conn())
    .await?;
    figures::frozen(tx, id, number, doc, room, now).await?;
    Ok(hash)
}

/// What the audit log keeps of a revision.
pub(super) fn revision_hash(content: &str, room: Option<&str>, reader: &str) -> String {
    let room = room.unwrap_or("");
    sha256(format!("{}\n{}\n{}\n{content}{room}{reader}", content.len(), room.len(), reader.len()).as_bytes())
}

/// Derives a receipt's state from its documents. `reason` is said where it has none.
pub(super) async fn settle(tx: &mut Tx, receipt: &str, now: i64, reason: Option<&str>) -> Result<()> {
    let rows = query("SELECT state, reason, again_of FROM document WHERE receipt = $1 ORDER BY ordinal")
        .bind(receipt)
        .fetch_all(tx.conn())
        .await?;
    let states: Vec<State> = rows.iter().map(|r| State::parse(r.get("state"))).collect();
    let has = |s: State| states.contains(&s);
    let state = if has(State::Processing) {
        State::Processing
    } else if has(State::Posted) {
        State::Posted
    } else if has(State::Review) {
        State::Review
    } else if has(State::Quarantined) {
        State::Quarantined
    } else {
        State::Ignored
    };
    let mut reasons: Vec<String> = Vec::new();
    // A receipt has no word for what was taken back: it stands in no room.
    let states = states.iter().map(|s| if *s == State::Withdrawn { State::Ignored } else { *s });
    for (row, s) in rows.iter().zip(states) {
        // Of a receipt that was posted, what did not go with it or was no news; of any other, what made it so.
        let again = row.get::<Option<String>>("again_of").is_some();
        if ((s == state) != (state == State::Posted) || again)
            && let Some(r) = row.get::<Option<String>>("reason")
            && !reasons.contains(&r)
        {
            reasons.push(r);
        }
    }
    let said = if rows.is_empty() { reason.map(str::to_owned) } else { Some(reasons.join(" / ")) };
    query("UPDATE receipt SET state = $2, reason = $3, updated = $4 WHERE id = $1")
        .bind(receipt)
        .bind(state.as_str())
        .bind(said.filter(|s| !s.is_empty()))
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}
