//! Where each source stands: a cursor of its own making, and when it was last looked through.

use super::db::{query, scalar};
use super::{Result, Store};

/// The newest receipt of a source that is no canary, which is known once it is decided on: our own faxes are no sign that
/// anybody else's come. Receipts are numbered by time, so that of a source in use is found in a moment; the joined text
/// keeps the planner from gathering and sorting all that the source ever gave.
pub(super) const LAST_RECEIVED: &str = "SELECT received FROM receipt
     WHERE source || '' = $1 AND (state <> 'processing' OR linked IS NOT NULL)
       AND id NOT IN (SELECT d.receipt FROM canary c JOIN document d ON d.id = c.document WHERE c.source = $1)
     ORDER BY id DESC LIMIT 1";

/// State of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    pub name: String,
    /// Milliseconds since 1970 of the last complete look.
    pub looked: Option<i64>,
    /// What is wrong with it now, in words for an operator.
    pub fault: Option<String>,
}

impl Store {
    /// The cursor that the source last saved.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn cursor(&self, source: &str) -> Result<Option<String>> {
        let cursor: Option<String> =
            scalar("SELECT cursor FROM source WHERE name = $1").bind(source).fetch_optional(self.db.reader()).await?;
        Ok(cursor.filter(|c| !c.is_empty()))
    }

    /// Saves the source's cursor.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_cursor(&self, source: &str, cursor: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        query(
            "INSERT INTO source (name, cursor) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor",
        )
        .bind(source)
        .bind(cursor)
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// Records a look at the source: complete, or what is wrong.
    ///
    /// # Errors
    /// The database refused.
    pub async fn looked(&self, source: &str, fault: Option<&str>) -> Result<()> {
        let looked = if fault.is_none() { Some(self.now()) } else { None };
        let mut tx = self.db.begin().await?;
        query(
            "INSERT INTO source (name, cursor, looked, fault) VALUES ($1, '', $2, $3)
             ON CONFLICT (name) DO UPDATE SET looked = coalesce(excluded.looked, source.looked), fault = excluded.fault",
        )
        .bind(source)
        .bind(looked)
        .bind(fault)
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// Whether this process may look through the source for `for_ms` from now: it is nobody's, ours, or its owner has
    /// fallen silent. Where one process works on the store, it is always ours.
    ///
    /// # Errors
    /// The database refused.
    pub async fn own_source(&self, source: &str, for_ms: i64) -> Result<bool> {
        if !self.is_shared() {
            return Ok(true);
        }
        let now = self.now();
        let mut tx = self.db.begin().await?;
        // An owner far in the future was written by a wrong clock.
        let ours = query(
            "INSERT INTO source (name, cursor, owner, owned_until) VALUES ($1, '', $2, $3)
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, owned_until = excluded.owned_until
             WHERE source.owner IS NULL OR source.owner = excluded.owner OR source.owned_until < $4
                OR source.owned_until > $5",
        )
        .bind(source)
        .bind(&*self.owner)
        .bind(now + for_ms)
        .bind(now)
        .bind(now + super::queue::MAX_DELAY_MS)
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(ours == 1)
    }

    /// Leaves the source to others.
    ///
    /// # Errors
    /// The database refused.
    pub async fn disown_source(&self, source: &str) -> Result<()> {
        if !self.is_shared() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        query("UPDATE source SET owner = NULL, owned_until = NULL WHERE name = $1 AND owner = $2")
            .bind(source)
            .bind(&*self.owner)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    /// Forgets what was wrong: a daemon that starts finds out anew, and not about sources that it no longer has.
    ///
    /// # Errors
    /// The database refused.
    pub async fn forget_faults(&self) -> Result<()> {
        let mut tx = self.db.begin().await?;
        query("UPDATE source SET fault = NULL WHERE fault IS NOT NULL").execute(tx.conn()).await?;
        tx.commit().await
    }

    /// When the source last gave something beside canaries, milliseconds since 1970.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn last_received(&self, source: &str) -> Result<Option<i64>> {
        scalar(LAST_RECEIVED).bind(source).fetch_optional(self.db.reader()).await
    }

    /// Since when this store knows the source, milliseconds since 1970: from the first time that it was asked.
    ///
    /// # Errors
    /// The database refused.
    pub async fn known_since(&self, source: &str) -> Result<i64> {
        let key = format!("since {source}");
        let mut tx = self.db.begin().await?;
        query("INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING")
            .bind(&key)
            .bind(self.now().to_string())
            .execute(tx.conn())
            .await?;
        let since: String = scalar("SELECT value FROM meta WHERE key = $1").bind(&key).fetch_one(tx.conn()).await?;
        tx.commit().await?;
        Ok(since.parse().unwrap_or_else(|_| self.now()))
    }

    /// The alarms that administrators were told of and that were not taken back since: alarm and mail address.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn told(&self) -> Result<Vec<(String, String)>> {
        let keys: Vec<String> =
            scalar("SELECT key FROM meta WHERE key LIKE 'told [%' ORDER BY key").fetch_all(self.db.reader()).await?;
        Ok(keys.iter().filter_map(|k| serde_json::from_str(k.strip_prefix("told ")?).ok()).collect())
    }

    /// Remembers that this administrator was told of this alarm, or, with `standing` false, that it has passed.
    ///
    /// # Errors
    /// The database refused.
    pub async fn tell(&self, alarm: &str, admin: &str, standing: bool) -> Result<()> {
        let key = format!("told {}", serde_json::json!([alarm, admin]));
        let mut tx = self.db.begin().await?;
        let change = if standing {
            "INSERT INTO meta (key, value) VALUES ($1, '') ON CONFLICT (key) DO NOTHING"
        } else {
            "DELETE FROM meta WHERE key = $1"
        };
        query(change).bind(&key).execute(tx.conn()).await?;
        tx.commit().await
    }

    /// All sources that were ever looked at.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn sources(&self) -> Result<Vec<SourceState>> {
        let rows = query("SELECT name, looked, fault FROM source ORDER BY name").fetch_all(self.db.reader()).await?;
        Ok(rows
            .iter()
            .map(|r| SourceState { name: r.get("name"), looked: r.get("looked"), fault: r.get("fault") })
            .collect())
    }
}
