//! Conferences as entries of the members' calendars: an invitation when a sheet with a sure time comes into a room, a change
//! under the same UID when a later one says otherwise, a cancellation when it says nothing of it any more.
//!
//! It goes with the notice of the sheet, so that a member gets one mail; where there is no notice (a person made the time
//! sure), as a letter of its own. What was last told stands in a row; what is to be told is decided in the transaction that
//! posts the sheet.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::db::{Row, Tx, query};
use super::letters::{self, Letter};
use super::{MACHINE, Result, Store, audit, name_id, registers};
use crate::calendar::{self, Entry, Method};
use crate::model::{Document, Value};

const KIND: &str = "conference_notice";
const TIME: &str = "conference.datetime";

/// How invitations are written.
#[derive(Debug, Clone, Default)]
pub struct Invites {
    /// Mail address that they come from.
    pub organizer: String,
    /// Where people reach the pages, without a trailing slash.
    pub base_url: String,
    /// Hosts whose links may be followed ([`calendar::allowed`]).
    pub hosts: Vec<String>,
}

/// What was said of a conference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    start: String,
    place: Option<String>,
    link: Option<String>,
    sender: Option<String>,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum How {
    Certain,
    /// A newer sheet has a time that is not sure.
    Unsure,
    Cancelled,
}

impl Store {
    /// The same store, which invites to conferences.
    #[must_use]
    pub fn inviting(mut self, invites: Invites) -> Store {
        self.invites = Some(Arc::new(invites));
        self
    }
}

/// Tells the members of `room` what a revision that was just posted there says of its conference, if that is news. After
/// the revision's notices were ordered.
pub(super) async fn follow(
    tx: &mut Tx,
    store: &Store,
    document: &str,
    revision: i64,
    room: &str,
    now: i64,
) -> Result<()> {
    let Some(invites) = store.invites.clone().filter(|_| store.notify.members) else { return Ok(()) };
    let row = query(
        "SELECT d.kind, v.content, d.supersedes, (SELECT count(*) FROM document n WHERE n.supersedes = d.id
                AND n.state = 'posted') AS newer
         FROM document d JOIN revision v ON v.document = d.id AND v.number = $2 WHERE d.id = $1",
    )
    .bind(document)
    .bind(revision)
    .fetch_one(tx.conn())
    .await?;
    let known = query("SELECT uid, sequence, told, document FROM invitation WHERE document = $1 OR document = $2")
        .bind(document)
        .bind(row.get::<Option<String>>("supersedes"))
        .fetch_optional(tx.conn())
        .await?;
    let conference = row.get::<String>("kind") == KIND;
    if row.get::<i64>("newer") > 0 || (known.is_none() && !conference) {
        return Ok(());
    }
    let content: Document = serde_json::from_str(row.get("content"))?;
    let before = known.as_ref().map(told).transpose()?;
    let Some(now_told) = said(&content, conference, before.as_ref(), &invites) else { return Ok(()) };
    let uid = match &known {
        Some(row) => row.get("uid"),
        None => uid(document, &invites.organizer),
    };
    if before.as_ref() == Some(&now_told) {
        query("UPDATE invitation SET document = $2 WHERE uid = $1")
            .bind(&uid)
            .bind(document)
            .execute(tx.conn())
            .await?;
        return Ok(());
    }
    let sequence = known.as_ref().map_or(0, |r| r.get::<i64>("sequence") + 1);
    let change = Change { uid, sequence, document, room, told: &now_told };
    change.tell(tx, &invites, Some(revision), now).await
}

/// Cancels the conference of a document that is taken back from `room`.
///
/// # Errors
/// The database refused.
pub async fn cancel(tx: &mut Tx, store: &Store, document: &str, room: &str, now: i64) -> Result<()> {
    let Some(invites) = store.invites.clone().filter(|_| store.notify.members) else { return Ok(()) };
    let row = query("SELECT uid, sequence, told, document FROM invitation WHERE document = $1")
        .bind(document)
        .fetch_optional(tx.conn())
        .await?;
    let Some(row) = row else { return Ok(()) };
    let before = told(&row)?;
    if before.how == How::Cancelled {
        return Ok(());
    }
    let told = Told { how: How::Cancelled, ..before };
    let change = Change { uid: row.get("uid"), sequence: row.get::<i64>("sequence") + 1, document, room, told: &told };
    change.tell(tx, &invites, None, now).await
}

fn told(row: &Row) -> Result<Told> {
    Ok(serde_json::from_str(&row.get::<String>("told"))?)
}

fn uid(document: &str, organizer: &str) -> String {
    let domain = organizer.rsplit_once('@').map_or("localhost", |(_, d)| d.trim_end_matches('>'));
    format!("{}@{domain}", name_id(&["conference", document]))
}

/// What a sheet says of its conference; none where there is nothing to say.
fn said(content: &Document, conference: bool, before: Option<&Told>, invites: &Invites) -> Option<Told> {
    let start = content.accepted(TIME).filter(|_| conference);
    let Some(start) = start else {
        let before = before?;
        let how = if conference && content.fields.contains_key(TIME) { How::Unsure } else { How::Cancelled };
        // One that was cancelled stays so until a sure time comes.
        let how = if before.how == How::Cancelled { How::Cancelled } else { how };
        return Some(Told { how, ..before.clone() });
    };
    let url = content.accepted("conference.url");
    Some(Told {
        start,
        place: content.accepted("conference.place").filter(|p| names_nobody(p, content)),
        link: url.and_then(|u| calendar::allowed(&u, &invites.hosts).map(str::to_owned)),
        sender: content.accepted("sender.institution"),
        how: How::Certain,
    })
}

/// A place that tells whose conference it is (at the patient's home) stays in the room.
fn names_nobody(place: &str, content: &Document) -> bool {
    let squeezed: String = place.chars().filter(|c| !c.is_whitespace()).collect();
    let private = ["patient.name", "patient.kana", "patient.address", "contact.name"];
    let words = private.iter().filter_map(|k| content.fields.get(*k)).flat_map(|f| match &f.value {
        Value::One(v) => v.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
        Value::Many(v) => v.clone(),
    });
    !["宅", "様", "さん", "氏"].iter().any(|w| squeezed.contains(w))
        && !words.into_iter().any(|w| !w.is_empty() && squeezed.contains(&w))
}

/// Something that the members of a room are to be told of a conference.
struct Change<'a> {
    uid: String,
    sequence: i64,
    document: &'a str,
    room: &'a str,
    told: &'a Told,
}

impl Change<'_> {
    /// With the notices of `revision`, and to who has none of them as a letter.
    async fn tell(&self, tx: &mut Tx, invites: &Invites, revision: Option<i64>, now: i64) -> Result<()> {
        query(
            "INSERT INTO invitation (uid, document, room, sequence, told, updated) VALUES ($1,$2,$3,$4,$5,$6)
             ON CONFLICT (uid) DO UPDATE SET document = excluded.document, room = excluded.room,
             sequence = excluded.sequence, told = excluded.told, updated = excluded.updated",
        )
        .bind(&self.uid)
        .bind(self.document)
        .bind(self.room)
        .bind(self.sequence)
        .bind(serde_json::to_string(self.told)?)
        .bind(now)
        .execute(tx.conn())
        .await?;
        for member in registers::members_at(tx, self.room, now).await? {
            let Some(object) = self.object(invites, &member, now) else { return Ok(()) };
            let carried = query(
                "UPDATE outbox SET attached = $1, digest = NULL WHERE document = $2 AND revision = $3 AND sink = 'mail'
                 AND purpose = 'notice' AND recipient = $4 AND state = 'pending'",
            )
            .bind(&object)
            .bind(self.document)
            .bind(revision)
            .bind(&member)
            .execute(tx.conn())
            .await?;
            if carried == 0 {
                letters::put(tx, &self.letter(invites, &member, object), now).await?;
            }
        }
        let detail = json!({"uid": self.uid, "sequence": self.sequence, "how": self.told.how, "room": self.room});
        audit::append(tx, now, MACHINE, "invite", self.document, detail);
        Ok(())
    }

    fn link(&self, invites: &Invites) -> String {
        format!("{}/documents/{}", invites.base_url, self.document)
    }

    fn object(&self, invites: &Invites, member: &str, now: i64) -> Option<String> {
        let told = self.told;
        let mut summary = match &told.sender {
            Some(sender) => format!("退院前カンファレンス（{sender}）"),
            None => "退院前カンファレンス".to_owned(),
        };
        let mut text = Vec::new();
        match told.how {
            How::Certain => text.push("FAXで届いた案内から自動で作った予定です。終わりの時刻は仮のものです。"),
            How::Unsure => {
                summary.insert_str(0, "【日時確認中】");
                text.push("新しい案内が届きましたが、日時を自動で読み切れませんでした。必ず書類で確かめてください。");
            }
            How::Cancelled => text.push("この予定は、届いた書類により取り消されました。書類で確かめてください。"),
        }
        if let Some(link) = &told.link {
            text.push(link);
        }
        let page = self.link(invites);
        text.extend(["書類を開く:", &page]);
        calendar::object(&Entry {
            method: if told.how == How::Cancelled { Method::Cancel } else { Method::Request },
            uid: &self.uid,
            sequence: self.sequence,
            start: &told.start,
            tentative: told.how == How::Unsure,
            summary: &summary,
            text: &text.join("\n"),
            place: told.place.as_deref(),
            link: told.link.as_deref(),
            organizer: &invites.organizer,
            attendee: member,
            said: now,
        })
    }

    fn letter(&self, invites: &Invites, member: &str, object: String) -> Letter {
        let (subject, line) = match self.told.how {
            How::Cancelled => {
                ("退院前カンファレンスの予定が取り消されました", "カンファレンスの予定が取り消されました。")
            }
            _ if self.sequence == 0 => ("退院前カンファレンスの予定", "カンファレンスの予定をお送りします。"),
            _ => ("退院前カンファレンスの予定が変わりました", "カンファレンスの予定が変わりました。"),
        };
        Letter {
            key: name_id(&["invitation", &self.uid, &self.sequence.to_string(), member]),
            recipient: member.to_owned(),
            subject: subject.to_owned(),
            body: format!("{line}\r\n\r\n{}", self.link(invites)),
            attached: Some(object),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{Field, Status};
    use crate::store::outbox::Outcome;
    use crate::store::preferences::Preference;
    use crate::store::review::Edit;
    use crate::store::tests::{Bench, bench, sheet};
    use crate::store::{Bond, Kin, Sheet, State};

    async fn inviting() -> Bench {
        let mut b = bench().await;
        b.store = b.store.clone().inviting(Invites {
            organizer: "fax@example.jp".into(),
            base_url: "http://127.0.0.1:8480".into(),
            hosts: vec!["zoom.us".into()],
        });
        b
    }

    fn field(text: &str, status: Status) -> Field {
        let mut field = sheet(State::Review, None).document.fields["patient.name"].clone();
        (field.value, field.status) = (Value::One(text.into()), status);
        field
    }

    fn conference(fields: &[(&str, &str, Status)]) -> Sheet {
        let mut sheet = sheet(State::Posted, Some("R-0001"));
        sheet.document.kind = KIND.into();
        sheet.document.fields = BTreeMap::from([("patient.name".to_owned(), field("柏 花子", Status::Accepted))]);
        sheet.document.fields.extend(fields.iter().map(|(k, v, s)| ((*k).to_owned(), field(v, *s))));
        sheet
    }

    /// Calendars that go out now with notices and letters, lines unfolded, by recipient.
    async fn sent(b: &Bench) -> Vec<(String, Option<String>)> {
        let mut out = Vec::new();
        while let Some(d) = b.store.claim_delivery("mail", 60_000).await.expect("claim") {
            b.store.commit_delivery(&d, &Outcome::Sent { remote: "x".into() }).await.expect("commit");
            out.push((d.posting.recipient, d.posting.attached));
        }
        while let Some(l) = b.store.claim_letter(60_000).await.expect("claim") {
            b.store.commit_letter(&l, &letters::Sent::Sent).await.expect("commit");
            out.push((format!("letter to {}", l.letter.recipient), l.letter.attached));
        }
        out.sort();
        out.into_iter().map(|(to, ics)| (to, ics.map(|i| i.replace("\r\n ", "")))).collect()
    }

    #[tokio::test]
    async fn a_conference_is_invited_to_changed_and_cancelled_under_one_uid() {
        let b = inviting().await;
        let choice = Preference::parse("17:00", "", "").expect("a choice");
        b.store.prefer("b@example.jp", &choice, "test").await.expect("chosen");
        b.receive("scan", "1.tif", b"1").await;
        let (sure, unsure) = (Status::Accepted, Status::Review);
        let place = ("conference.place", "新館2階 第3会議室", sure);
        let first = [(TIME, "2026-06-23T17:15", sure), place, ("conference.url", "https://zoom.us/j/1", sure)];
        b.through(&[conference(&first)]).await;
        let document = b.store.status().await.expect("status")[0].documents[0].id.clone();
        let out = sent(&b).await;
        assert_eq!(out.len(), 1, "one mail for a; b's waits for its hour: {out:?}");
        let ics = out[0].1.clone().expect("an invitation");
        for wanted in [
            "METHOD:REQUEST",
            "SEQUENCE:0",
            "DTSTART;TZID=Asia/Tokyo:20260623T171500",
            "LOCATION:新館2階",
            "zoom.us/j/1",
        ] {
            assert!(ics.contains(wanted), "{wanted} is not in {ics}");
        }
        assert!(!ics.contains("花子"), "{ics}");
        let uid = ics.lines().find(|l| l.starts_with("UID:")).expect("a UID").to_owned();
        b.pass(8 * 3_600_000);
        let late = sent(&b).await;
        assert!(late[0].1.as_ref().is_some_and(|i| i.contains(&uid)), "by itself, at the digest's hour: {late:?}");
        assert!(b.store.due_digest().await.expect("look").is_none());

        // A person corrects the place: a new revision with its notice.
        b.store.prefer("b@example.jp", &Preference::default(), "test").await.expect("chosen");
        let home = Edit::Set(Value::One("柏花子様宅".into()));
        b.store.confirm_fields(&document, 1, &[("conference.place".into(), home)], "r@example.jp").await.expect("edit");
        let out = sent(&b).await;
        assert_eq!(out.len(), 2, "{out:?}");
        for (_, ics) in &out {
            let ics = ics.as_ref().expect("a change");
            assert!(ics.contains(&uid) && ics.contains("SEQUENCE:1") && !ics.contains("LOCATION"), "{ics}");
        }
        // What says the same changes nothing.
        let again = Edit::Confirm;
        b.store.confirm_fields(&document, 2, &[("conference.url".into(), again)], "r@example.jp").await.expect("edit");
        assert!(sent(&b).await.is_empty());

        // A later sheet takes its place: first one that cannot be read, then one without any time.
        let mut older = document;
        for (name, fields, wanted) in [
            ("2.tif", vec![(TIME, "2026-06-24T10:00", unsure)], ["METHOD:REQUEST", "STATUS:TENTATIVE", "SEQUENCE:2"]),
            ("3.tif", vec![(TIME, "2026-06-25T10:00", sure)], ["METHOD:REQUEST", "STATUS:CONFIRMED", "SEQUENCE:3"]),
            ("4.tif", vec![], ["METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:4"]),
        ] {
            b.receive("scan", name, name.as_bytes()).await;
            b.version_of(&older, &conference(&fields)).await;
            let lines = b.store.status().await.expect("status");
            let line = lines.iter().find(|l| l.source_id == name).expect("a line");
            older.clone_from(&line.documents[0].id);
            let out = sent(&b).await;
            assert_eq!(out.len(), 2, "{name}: {out:?}");
            let ics = out[0].1.as_ref().expect("news");
            for w in wanted {
                assert!(ics.contains(w) && ics.contains(&uid), "{name}: {w} is not in {ics}");
            }
        }
    }

    #[tokio::test]
    async fn a_time_that_a_person_makes_sure_is_told_by_letter_and_taking_back_cancels() {
        let b = inviting().await;
        b.receive("scan", "1.tif", b"1").await;
        b.through(&[conference(&[(TIME, "2026-06-23", Status::Review)])]).await;
        let document = b.store.status().await.expect("status")[0].documents[0].id.clone();
        assert!(sent(&b).await.iter().all(|(_, ics)| ics.is_none()), "nothing is sure");
        b.store.confirm_fields(&document, 1, &[(TIME.into(), Edit::Confirm)], "r@example.jp").await.expect("edit");
        let out = sent(&b).await;
        let to: Vec<&str> = out.iter().map(|(to, _)| to.as_str()).collect();
        assert_eq!(to, ["letter to a@example.jp", "letter to b@example.jp"]);
        assert!(out[0].1.as_ref().is_some_and(|i| i.contains("DTSTART;VALUE=DATE:20260623")), "{out:?}");

        for expected in [2, 0] {
            let now = b.store.now();
            let mut tx = b.store.db.begin().await.expect("begin");
            cancel(&mut tx, &b.store, &document, "R-0001", now).await.expect("cancel");
            tx.commit().await.expect("commit");
            let out = sent(&b).await;
            assert_eq!(out.len(), expected, "once: {out:?}");
            assert!(out.iter().all(|(_, i)| i.as_ref().is_some_and(|i| i.contains("METHOD:CANCEL"))), "{out:?}");
        }
    }

    impl Bench {
        /// Carries the next job to acceptance as the new version of `older`.
        async fn version_of(&self, older: &str, sheet: &Sheet) {
            let job = self.claim().await.expect("a read job");
            let page = crate::reading::Page { number: 1, width: 10, height: 20, ..Default::default() };
            let reading = crate::reading::Reading { pages: vec![page], ..Default::default() };
            let png = vec![job.sha256.clone().into_bytes()];
            self.store.commit_reading(&job, &reading, png, &Default::default()).await.expect("commit reading");
            let job = self.claim().await.expect("an accept job");
            let (id, reader, _) = self.store.reading(&job.sha256).await.expect("reading");
            let bond = Bond::Version { differs: vec![TIME.to_owned()] };
            let kin = [Some(Kin { of: Some((older.to_owned(), bond)), among: vec![older.to_owned()], since: 0 })];
            let sheets = [sheet.clone()];
            let accepted = super::super::accept::Accepted {
                kin: &kin,
                ..super::super::accept::Accepted::news(&id, &sheets, &reader)
            };
            self.store.accept(&job, &accepted).await.expect("accept");
        }
    }
}
