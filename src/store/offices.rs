//! Who belongs to which rooms by which address, and how addresses want to be told: what the page of offices needs, at once.

use std::collections::{BTreeMap, BTreeSet};

use super::db::query;
use super::{Result, Store};
pub use crate::register::{Office, Staff};

/// How an address is told: times of the digest, and from and until when it is quiet; empty: at once, never quiet.
pub type Told = (String, String, String);

impl Store {
    /// Rooms of each address that is a present member of any, in lower case.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn memberships(&self) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let rows = query("SELECT lower(mail) AS mail, room FROM member WHERE ended IS NULL")
            .fetch_all(self.db.reader())
            .await?;
        let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for r in &rows {
            out.entry(r.get("mail")).or_default().insert(r.get("room"));
        }
        Ok(out)
    }

    /// What addresses have chosen, in lower case; those that chose nothing are told at once.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn choices(&self) -> Result<BTreeMap<String, Told>> {
        let rows = query("SELECT mailbox, digest, quiet_from, quiet_until FROM preference")
            .fetch_all(self.db.reader())
            .await?;
        Ok(rows
            .iter()
            .map(|r| (r.get("mailbox"), (r.get("digest"), r.get("quiet_from"), r.get("quiet_until"))))
            .collect())
    }
}
