//! Secrets of the installation that it makes for itself, in `meta`: all hosts of one database share them, and whoever needs
//! one first makes it.

use super::db::{Tx, query, scalar};
use super::{Result, Store};

impl Store {
    /// A secret of the installation by its name in `meta`; `new` where there is none yet.
    ///
    /// # Errors
    /// The database refused.
    pub async fn secret(&self, name: &str, new: &str) -> Result<String> {
        let mut tx = self.db.begin().await?;
        let secret = get(&mut tx, name, || new.to_owned()).await?;
        tx.commit().await?;
        Ok(secret)
    }
}

/// The same within a transaction; `new` makes one where there is none yet.
pub(super) async fn get(tx: &mut Tx, name: &str, new: impl FnOnce() -> String) -> Result<String> {
    let look = || scalar("SELECT value FROM meta WHERE key = $1").bind(name);
    if let Some(known) = look().fetch_optional(tx.conn()).await? {
        return Ok(known);
    }
    // Somebody else may be making it: theirs is waited for, and counts.
    query("INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING")
        .bind(name)
        .bind(new())
        .execute(tx.conn())
        .await?;
    look().fetch_one(tx.conn()).await
}
