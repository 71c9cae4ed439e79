//! Where tests of the store keep it: a folder of their own, and, where `FAXBRIDGE_TEST_DATABASE` names a PostgreSQL
//! server (`scripts/with-postgres.sh`), a database of their own in there. The same folder is always the same database.

use std::path::Path;

use sqlx::{Connection, Executor, PgConnection};

use super::db::query;
use super::{Site, Store, name_id};

pub async fn site(dir: &Path) -> Site {
    let mut site = Site::from(dir);
    if let Ok(server) = std::env::var("FAXBRIDGE_TEST_DATABASE") {
        let name = format!("t_{}", name_id(&[&dir.display().to_string()]).replace('-', ""));
        let mut connection = PgConnection::connect(&server).await.expect("the server of scripts/with-postgres.sh");
        let known = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(&name);
        if known.fetch_optional(&mut connection).await.expect("databases").is_none() {
            let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
            connection.execute(create).await.expect("a database");
        }
        connection.close().await.expect("close");
        site.database.url = server.rsplit_once('/').map(|(s, _)| format!("{s}/{name}")).expect("an address");
    }
    site
}

/// Somebody who may see every room.
pub fn reviewer() -> super::accounts::Account {
    super::accounts::Account {
        id: "reviewer".into(),
        login: "reviewer@example.jp".into(),
        name: "確認 花子".into(),
        roles: crate::account::Role::Reviewer.into(),
        mailbox: "reviewer@example.jp".into(),
        lang: crate::account::Lang::Ja,
        created: 0,
        disabled: None,
    }
}

/// Tables of the schema with those that they refer to, of which there are some.
pub async fn references() -> Vec<(String, String)> {
    let dir = tempfile::tempdir().expect("dir");
    let store = Store::open(dir.path()).await.expect("open");
    let rows = query(
        "SELECT m.name AS t, f.\"table\" AS other FROM sqlite_master m, pragma_foreign_key_list(m.name) f
         WHERE m.type = 'table'",
    );
    let mut tx = store.db.snapshot().await.expect("a snapshot");
    let rows = rows.fetch_all(tx.conn()).await.expect("the schema");
    assert!(rows.len() > 4);
    rows.iter().map(|r| (r.get("t"), r.get("other"))).collect()
}
