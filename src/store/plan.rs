//! Register files: parsed whole, compared with what stands in the store, shown, then taken over in one transaction.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::db::query;
use super::registers::{Changes, Record, Register, RoomFacts};
use super::{Result, Store, StoreError};
use crate::register::diff::Row as RegisterRow;
use crate::register::{Diff, Office, Patient, Registers, Staff, diff, table};

/// An import that was looked at and not yet done.
#[derive(Debug, Clone)]
pub struct Plan {
    register: Register,
    records: Vec<Record>,
    /// How many of them stand in the file itself.
    in_file: usize,
    /// What it changes, for a person.
    pub diff: Diff,
}

impl Plan {
    /// Whether the file holds no entry at all.
    pub fn is_empty(&self) -> bool {
        self.in_file == 0
    }
}

impl Store {
    /// All registers as they are in force.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn registers(&self) -> Result<Registers> {
        // Two entries of one person stand for one room.
        let forwards = self.forwards().await?;
        let mut patients: Vec<Patient> = self.rows(Register::Patients).await?;
        for p in &mut patients {
            if let Some(room) = forwards.get(&p.room_id) {
                p.room_id.clone_from(room);
            }
        }
        Ok(Registers::new(
            patients,
            self.rows(Register::Institutions).await?,
            self.rows(Register::Offices).await?,
            self.rows(Register::Staff).await?,
        ))
    }

    /// Changes with every import, whichever process did it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn registers_version(&self) -> Result<i64> {
        let row = query(
            "SELECT coalesce(max(seq), 0) AS version FROM audit
             WHERE subject IN ('patient', 'institution', 'office', 'staff')",
        )
        .fetch_one(self.db.reader())
        .await?;
        Ok(row.get("version"))
    }

    /// Parses a register file and compares it with what is in force. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Register`] with every problem of the file, by line and column; the database cannot be read.
    pub async fn plan_import(&self, register: Register, file: &Path) -> Result<Plan> {
        let name = file.display().to_string();
        let bytes = std::fs::read(file).map_err(|e| StoreError::Refused(format!("{name}: {e}")))?;
        self.plan_import_of(register, &name, &bytes).await
    }

    /// [`Store::plan_import`] of a file's content; `name` is for messages.
    ///
    /// # Errors
    /// As [`Store::plan_import`].
    pub async fn plan_import_of(&self, register: Register, name: &str, bytes: &[u8]) -> Result<Plan> {
        match register {
            Register::Patients => {
                let mut new = table::patients(name, bytes)?;
                // Rooms that were opened on the pages stay, whatever the file says, until they are released.
                let opened = self.opened_rooms().await?;
                let mut kept: Vec<Patient> = if opened.is_empty() { Vec::new() } else { self.rows(register).await? };
                kept.retain(|p| opened.contains(&p.room_id) && new.iter().all(|n| n.room_id != p.room_id));
                let in_file = new.len();
                new.extend(kept);
                self.plan(register, &new, patient).await.map(|plan| Plan { in_file, ..plan })
            }
            Register::Institutions => {
                let new = table::institutions(name, bytes)?;
                self.plan(register, &new, plain).await
            }
            Register::Offices => {
                let new = table::offices(name, bytes)?;
                self.plan(register, &new, plain).await
            }
            Register::Staff => {
                let offices: Vec<Office> = self.rows(Register::Offices).await?;
                let new = table::staff(name, bytes, &offices)?;
                self.plan(register, &new, staff).await
            }
        }
    }

    /// Takes a planned import over, whole or not at all.
    ///
    /// # Errors
    /// The database refused; nothing was changed.
    pub async fn apply_import(&self, plan: &Plan, actor: &str) -> Result<Changes> {
        self.import(plan.register, &plan.records, actor).await
    }

    pub(super) async fn rows<T: DeserializeOwned>(&self, register: Register) -> Result<Vec<T>> {
        self.register(register).await?.into_iter().map(|v| Ok(serde_json::from_value(v)?)).collect()
    }

    async fn plan<T>(&self, register: Register, new: &[T], record: fn(&T, Record) -> Record) -> Result<Plan>
    where
        T: RegisterRow + Serialize + DeserializeOwned,
    {
        let old: Vec<T> = self.rows(register).await?;
        let mut records = Vec::with_capacity(new.len());
        for row in new {
            let base = Record { id: row.key().to_owned(), data: serde_json::to_value(row)?, ..Record::default() };
            records.push(record(row, base));
        }
        Ok(Plan { register, in_file: records.len(), records, diff: diff(&old, new) })
    }
}

fn plain<T>(_: &T, base: Record) -> Record {
    base
}

fn patient(p: &Patient, base: Record) -> Record {
    let room = RoomFacts {
        name: p.name.clone(),
        kana: p.kana.clone(),
        birth_date: p.birth_date.clone(),
        members: p.members.clone(),
    };
    Record { room: Some(room), ..base }
}

fn staff(s: &Staff, base: Record) -> Record {
    let day = |d: &String| (!d.is_empty()).then(|| d.clone());
    Record { from: day(&s.from), until: day(&s.until), ..base }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_are_taken_over_whole_and_who_left_gets_no_notice() {
        let dir = tempfile::tempdir().expect("dir");
        let store = Store::open(crate::store::testing::site(&dir.path().join("data")).await).await.expect("open");
        let put = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).expect("write");
            path
        };
        let head = "room_id,name,kana,birth_date,sex,postal_code,address,phone,insurer_number,insured_number,members\n";
        let one = "R-0001,柏 花子,カシワ ハナコ,1940-01-02,female,,,,,,a@example.jp;b@example.jp\n";
        let two = "R-0002,森 一郎,モリ イチロウ,1938-05-06,male,,,,,,a@example.jp\n";
        let both = put("p.csv", &format!("{head}{one}{two}"));
        let plan = store.plan_import(Register::Patients, &both).await.expect("plan");
        assert_eq!(plan.diff.adds.len(), 2);
        assert_eq!(store.registers_version().await.expect("version"), 0, "planning changes nothing");
        store.apply_import(&plan, "test").await.expect("apply");
        assert!(store.registers_version().await.expect("version") > 0);
        assert_eq!(store.registers().await.expect("registers").patients().len(), 2);
        assert_eq!(store.members("R-0001").await.expect("members"), ["a@example.jp", "b@example.jp"]);

        let bad = put("bad.csv", &format!("{head}{one}R-0003,名前,,not-a-date,,,,,,,\n"));
        assert!(matches!(store.plan_import(Register::Patients, &bad).await, Err(StoreError::Register(_))));

        let offices = put("o.csv", "office_id,name,phone,fax,address\nO-1,柏訪問看護,,,\n");
        let plan = store.plan_import(Register::Offices, &offices).await.expect("plan");
        store.apply_import(&plan, "test").await.expect("apply");
        let staff =
            put("s.csv", "mail,name,office_id,profession,from,until\nB@example.jp,看護 次郎,O-1,看護師,,2020-03-31\n");
        let plan = store.plan_import(Register::Staff, &staff).await.expect("plan");
        store.apply_import(&plan, "test").await.expect("apply");
        assert_eq!(store.members("R-0001").await.expect("members"), ["a@example.jp"]);

        let fewer = put("p2.csv", &format!("{head}{one}"));
        let plan = store.plan_import(Register::Patients, &fewer).await.expect("plan");
        assert_eq!(plan.diff.ends.len(), 1);
        store.apply_import(&plan, "test").await.expect("apply");
        assert_eq!(store.registers().await.expect("registers").patients().len(), 1);
        assert!(store.members("R-0002").await.expect("members").is_empty());
        assert!(store.verify().await.expect("verify").faults.is_empty());
    }
}
