//! Rooms for patients who have none: proposed from a held-back sheet by who decides about it, opened by an administrator.
//!
//! A room that was opened so is kept whatever the register's file says, until it is released: then the file decides.

use serde_json::json;

use super::accept::State;
use super::accounts::Account;
use super::db::{Row, Tx, query, scalar};
use super::registers::{self, Record, Register, RoomFacts};
use super::review::{self, drafts};
use super::search::fold;
use super::{Result, Store, StoreError, audit};
use crate::model::Document;
use crate::register::{CANARY_ROOM, Office, Patient, Staff};

/// A room that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    pub name: String,
    pub kana: String,
    /// `YYYY-MM-DD`, or empty.
    pub birth_date: String,
    /// Mail addresses.
    pub members: Vec<String>,
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub id: String,
    pub document: String,
    pub wanted: Wanted,
    /// Login.
    pub asked_by: String,
    pub asked: i64,
    pub ended_by: Option<String>,
    pub ended: Option<i64>,
    /// That was opened; none where it is open or was refused.
    pub room: Option<String>,
    /// The register's file decides about the room again.
    pub released: Option<i64>,
}

/// These columns make a [`Proposal`].
macro_rules! proposal {
    ($rest:literal) => {
        concat!(
            "SELECT id, document, name, kana, birth_date, members, asked_by, asked, ended_by, ended, room, released FROM proposal ",
            $rest
        )
    };
}

/// What a sheet says of its patient, and who of the registers belongs to it: accepted values only. Members are the care
/// manager by name, else everybody of the office; nobody where neither agrees with one entry.
fn wanted(content: &Document, offices: &[Office], staff: &[Staff], today: &str) -> Wanted {
    let said = |key: &str| content.accepted(key).map(|t| t.replace('\n', " ")).unwrap_or_default();
    let (office, manager) = (fold(&said("care.office")), fold(&said("care.manager")));
    // 合同会社すみれ企画 ケアプランすみれ is ケアプランすみれ.
    let agrees = |o: &&Office| {
        let name = fold(&o.name);
        !name.is_empty() && (office == name || name.chars().count() > 3 && office.ends_with(&name))
    };
    let mut of: Vec<&Office> = offices.iter().filter(agrees).collect();
    of.dedup_by(|a, b| a.office_id == b.office_id);
    let there = |s: &&Staff| s.present(today) && matches!(of[..], [one] if one.office_id == s.office_id);
    let all: Vec<&Staff> = staff.iter().filter(there).collect();
    let named: Vec<&Staff> = all.iter().copied().filter(|s| !manager.is_empty() && fold(&s.name) == manager).collect();
    let members = if named.is_empty() { all } else { named };
    Wanted {
        name: said("patient.name"),
        kana: said("patient.kana"),
        birth_date: said("patient.birth_date"),
        members: members.into_iter().map(|s| s.mail.clone()).collect(),
    }
}

impl Store {
    /// Asks for a room for the patient of a held-back sheet; asked again it is the same proposal.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is no such sheet, it has its room, or its patient's name is not sure.
    pub async fn propose_room(&self, document: &str, account: &Account) -> Result<()> {
        let (offices, staff): (Vec<Office>, Vec<Staff>) =
            (self.rows(Register::Offices).await?, self.rows(Register::Staff).await?);
        let now = self.now();
        let today = super::status::local(now).date().to_string();
        let mut tx = self.db.begin().await?;
        tx.lock(&format!("document {document}")).await?;
        let row = query(
            "SELECT d.state, d.revision, v.content FROM document d JOIN revision v ON v.document = d.id AND v.number = d.revision
             WHERE d.id = $1",
        )
        .bind(document)
        .fetch_optional(tx.conn())
        .await?
        .ok_or_else(|| StoreError::Refused("その文書はありません".into()))?;
        if State::parse(row.get("state")) != State::Review {
            return Err(StoreError::Refused("確認待ちの文書ではありません".into()));
        }
        let mut content: Document = serde_json::from_str(row.get("content"))?;
        // What a reviewer has decided and not posted yet counts as well.
        let drafts = drafts::list(&mut tx, document, row.get("revision")).await?;
        let decided: Vec<_> = drafts.into_iter().map(|d| (d.field, d.edit)).collect();
        review::apply_all(&mut content, &decided)?;
        let wanted = wanted(&content, &offices, &staff, &today);
        if wanted.name.is_empty() {
            return Err(StoreError::Refused("先に患者さんの氏名を確認してください".into()));
        }
        let id = uuid::Uuid::now_v7().to_string();
        let new = query(
            "INSERT INTO proposal (id, document, name, kana, birth_date, members, asked_by, asked)
             VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT (document) WHERE ended IS NULL DO NOTHING",
        )
        .bind(&id)
        .bind(document)
        .bind(&wanted.name)
        .bind(&wanted.kana)
        .bind(&wanted.birth_date)
        .bind(serde_json::to_string(&wanted.members)?)
        .bind(&account.login)
        .bind(now)
        .execute(tx.conn())
        .await?;
        if new > 0 {
            let detail = json!({"proposal": id, "members": wanted.members.len()});
            audit::append(&mut tx, now, &account.login, "propose_room", document, detail);
        }
        tx.commit().await
    }

    /// Open proposals first, then those that were ended, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn proposals(&self, limit: i64) -> Result<Vec<Proposal>> {
        let rows = query(proposal!("ORDER BY CASE WHEN ended IS NULL THEN 0 ELSE 1 END, asked DESC, id LIMIT $1"))
            .bind(limit)
            .fetch_all(self.db.reader())
            .await?;
        rows.iter().map(proposal).collect()
    }

    /// The proposal that is open for a document.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn proposal_for(&self, document: &str) -> Result<Option<Proposal>> {
        let row = query(proposal!("WHERE document = $1 ORDER BY asked DESC, id DESC LIMIT 1"))
            .bind(document)
            .fetch_optional(self.db.reader())
            .await?;
        row.as_ref().map(proposal).transpose()
    }

    /// Opens the room as an administrator wants it, under a number that no room has. The sheet stays on the review list:
    /// it goes into the room by a reviewer's hand.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the proposal is not open, or the number is taken or none.
    pub async fn open_room(&self, proposal: &str, room: &str, wanted: &Wanted, actor: &str) -> Result<()> {
        let room = room.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if room.is_empty() || room.len() > 64 || room == CANARY_ROOM || !room.chars().all(plain) {
            return Err(StoreError::Refused("部屋番号は英数字とハイフンで入れてください".into()));
        }
        if wanted.name.trim().is_empty() {
            return Err(StoreError::Refused("お名前を入れてください".into()));
        }
        if !wanted.birth_date.is_empty() && wanted.birth_date.parse::<jiff::civil::Date>().is_err() {
            return Err(StoreError::Refused("生年月日は 1940-01-02 の形で入れてください".into()));
        }
        let now = self.now();
        let mut tx = self.db.begin().await?;
        tx.lock("registers").await?;
        take(&mut tx, proposal).await?;
        let known: Option<String> =
            scalar("SELECT id FROM room WHERE id = $1").bind(room).fetch_optional(tx.conn()).await?;
        if known.is_some() {
            return Err(StoreError::Refused("その部屋番号はすでに使われています".into()));
        }
        let patient = Patient {
            room_id: room.to_owned(),
            name: wanted.name.trim().to_owned(),
            kana: wanted.kana.trim().to_owned(),
            birth_date: wanted.birth_date.clone(),
            members: wanted.members.clone(),
            ..Patient::default()
        };
        let record = Record {
            id: room.to_owned(),
            data: serde_json::to_value(&patient)?,
            room: Some(RoomFacts {
                name: patient.name,
                kana: patient.kana,
                birth_date: patient.birth_date,
                members: patient.members,
            }),
            ..Record::default()
        };
        registers::upsert(&mut tx, Register::Patients, &record, now).await?;
        end(&mut tx, proposal, Some(room), actor, now).await?;
        let detail = json!({"proposal": proposal, "room": room, "members": wanted.members.len()});
        audit::append(&mut tx, now, actor, "open_room", Register::Patients.as_str(), detail);
        tx.commit().await
    }

    /// Ends a proposal without a room.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where it is not open.
    pub async fn refuse_room(&self, proposal: &str, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        take(&mut tx, proposal).await?;
        end(&mut tx, proposal, None, actor, now).await?;
        audit::append(&mut tx, now, actor, "refuse_room", proposal, json!({}));
        tx.commit().await
    }

    /// Leaves a room that was opened here to the register's file: with the next import it is what the file says of it.
    ///
    /// # Errors
    /// The database refused.
    pub async fn release_room(&self, proposal: &str, actor: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let done = query("UPDATE proposal SET released = $2 WHERE id = $1 AND room IS NOT NULL AND released IS NULL")
            .bind(proposal)
            .bind(now)
            .execute(tx.conn())
            .await?;
        if done > 0 {
            audit::append(&mut tx, now, actor, "release_room", proposal, json!({}));
        }
        tx.commit().await
    }

    /// Rooms that were opened here and not released.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) async fn opened_rooms(&self) -> Result<Vec<String>> {
        scalar("SELECT room FROM proposal WHERE room IS NOT NULL AND released IS NULL")
            .fetch_all(self.db.reader())
            .await
    }
}

async fn take(tx: &mut Tx, proposal: &str) -> Result<()> {
    tx.lock(&format!("proposal {proposal}")).await?;
    let open: Option<String> = scalar("SELECT id FROM proposal WHERE id = $1 AND ended IS NULL")
        .bind(proposal)
        .fetch_optional(tx.conn())
        .await?;
    if open.is_some() { Ok(()) } else { Err(StoreError::Refused("その提案はもう終わっています".into())) }
}

async fn end(tx: &mut Tx, proposal: &str, room: Option<&str>, actor: &str, now: i64) -> Result<()> {
    query("UPDATE proposal SET ended_by = $2, ended = $3, room = $4 WHERE id = $1")
        .bind(proposal)
        .bind(actor)
        .bind(now)
        .bind(room)
        .execute(tx.conn())
        .await?;
    Ok(())
}

fn proposal(r: &Row) -> Result<Proposal> {
    Ok(Proposal {
        id: r.get("id"),
        document: r.get("document"),
        wanted: Wanted {
            name: r.get("name"),
            kana: r.get("kana"),
            birth_date: r.get("birth_date"),
            members: serde_json::from_str(r.get("members"))?,
        },
        asked_by: r.get("asked_by"),
        asked: r.get("asked"),
        ended_by: r.get("ended_by"),
        ended: r.get("ended"),
        room: r.get("room"),
        released: r.get("released"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bench, field, sheet};
    use super::*;
    use crate::model::Status;

    #[tokio::test]
    async fn a_patient_without_a_room_gets_one_that_the_registers_file_does_not_end() {
        let b = bench().await;
        let put = |name: &str, text: &str| {
            let path = b.dir.path().join(name);
            std::fs::write(&path, text).expect("write");
            path
        };
        let take = async |register, path: &std::path::Path| {
            let plan = b.store.plan_import(register, path).await.expect("plan");
            b.store.apply_import(&plan, "test").await.expect("apply")
        };
        take(
            Register::Offices,
            &put("o.csv", "office_id,name,phone,fax,address\nO-1,ケアプランすみれ,,,\nO-2,かえで,,,\n"),
        )
        .await;
        let staff = "mail,name,office_id,profession,from,until\ncm@example.jp,有馬 直子,O-1,,,\nother@example.jp,別の人,O-1,,,\nns@example.jp,看護,O-2,,,\n";
        take(Register::Staff, &put("s.csv", staff)).await;

        b.receive("scan", "a.tif", b"a").await;
        let mut held = sheet(State::Review, None);
        held.document
            .fields
            .insert("care.office".into(), field("合同会社すみれ企画 ケアプランすみれ", Status::Accepted));
        held.document.fields.insert("care.manager".into(), field("有馬直子", Status::Accepted));
        held.document.fields.insert("patient.birth_date".into(), field("1940-01-02", Status::Review));
        b.through(&[held]).await;
        let id = b.store.review_list(5).await.expect("list").remove(0).document;
        let reviewer = b.store.demo_account("reviewer").await.expect("an account");
        for _ in 0..2 {
            b.store.propose_room(&id, &reviewer).await.expect("proposed");
        }
        let all = b.store.proposals(10).await.expect("proposals");
        let [one] = &all[..] else { panic!("{all:?}") };
        assert_eq!(one.wanted.members, ["cm@example.jp"]);
        assert_eq!((one.wanted.name.as_str(), one.wanted.birth_date.as_str()), ("柏 花子", ""), "unsure is not said");

        for bad in ["R-0001", "", "部屋"] {
            assert!(matches!(b.store.open_room(&one.id, bad, &one.wanted, "admin").await, Err(StoreError::Refused(_))));
        }
        b.store.open_room(&one.id, "N-1", &one.wanted, "admin").await.expect("opened");
        assert!(b.store.open_room(&one.id, "N-2", &one.wanted, "admin").await.is_err(), "once");
        assert_eq!(b.store.members("N-1").await.expect("members"), ["cm@example.jp"]);
        b.store.choose_room(&id, "N-1", "reviewer").await.expect("the sheet goes there");

        let head = "room_id,name,kana,birth_date,sex,postal_code,address,phone,insurer_number,insured_number,members\n";
        let file = put("p.csv", &format!("{head}R-0001,柏 花子,,,,,,,,,a@example.jp\n"));
        let ended = take(Register::Patients, &file).await.ended;
        assert_eq!(ended, ["R-0002"], "the file does not know the new one");
        b.store.release_room(&one.id, "admin").await.expect("released");
        assert_eq!(take(Register::Patients, &file).await.ended, ["N-1"]);
        assert!(b.store.verify().await.expect("verify").faults.is_empty());
    }
}
