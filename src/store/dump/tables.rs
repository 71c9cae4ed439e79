//! Every table and column of the store, in an order in which rows can be written.
//!
//! A table that others refer to comes before them. What is missing here would be missing in every backup, so a test
//! compares this list with the schemas of both databases.

use std::sync::LazyLock;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Int,
    /// Text: SHA-256 of a blob; empty or NULL where there is none.
    Blob,
    /// Who works on the row now: nobody does where it is carried to.
    Lease,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
}

#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    /// All, the key's first.
    pub columns: Vec<Column>,
    /// How many of them are the key.
    pub key: usize,
    /// Conditions that part the rows: all of one part are written before the next.
    pub parts: &'static [&'static str],
}

impl Table {
    /// The columns that are carried.
    pub fn carried(&self) -> impl Iterator<Item = Column> {
        self.columns.iter().copied().filter(|c| c.kind != Kind::Lease)
    }

    pub fn column(&self, name: &str) -> Option<Column> {
        self.carried().find(|c| c.name == name)
    }
}

/// The table of that name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|t| t.name == name)
}

/// All of them.
pub static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let mut tables: Vec<Table> = LIST
        .iter()
        .map(|(name, key, columns)| Table {
            name,
            key: *key,
            columns: columns.split_whitespace().map(column).collect(),
            parts: &["1 = 1"],
        })
        .collect();
    for table in &mut tables {
        match table.name {
            // A receipt of known content refers to the first one.
            "receipt" => table.parts = &["linked IS NULL", "linked IS NOT NULL"],
            // Facts about this database and no other; that it can be searched is one of them.
            "meta" => table.parts = &["key NOT IN ('floor', 'blobs', 'unfinished', 'search')"],
            // Made out of the others, at the first start.
            "gram" | "found" | "found_day" | "deadline" | "sheet_mark" | "figure_day" => table.parts = &["1 = 0"],
            // Who is signed in, or half-way there, is so here and now only.
            "session" | "ticket" | "attempt" => table.parts = &["1 = 0"],
            _ => {}
        }
    }
    tables
});

fn column(word: &'static str) -> Column {
    let (name, kind) = word.split_once(':').unwrap_or((word, ""));
    let kind = match kind {
        "int" => Kind::Int,
        "blob" => Kind::Blob,
        "lease" => Kind::Lease,
        _ => Kind::Text,
    };
    Column { name, kind }
}

/// Name, columns of the key, columns. What is not said is text.
const LIST: &[(&str, usize, &str)] = &[
    ("meta", 1, "key value"),
    // Before what it lets go.
    ("erased", 1, "receipt input sha256 actor at:int"),
    ("erased_document", 1, "document receipt"),
    ("condemned", 1, "sha256 since:int"),
    (
        "receipt",
        1,
        "id source source_id sha256:blob size:int name detail received:int updated:int linked state reason mail",
    ),
    ("reading", 1, "id sha256 reader version:int blob:blob at:int message_id"),
    ("page", 2, "reading number:int blob:blob width:int height:int blank:int failed turn:int"),
    (
        "document",
        1,
        "id receipt ordinal:int reading kind pages part state reason room candidates revision:int open_fields:int \
         urgent:int sender discharge held_by held_until:int created:int updated:int again_of supersedes differs \
         first_look:int warned:int quarantined_by form",
    ),
    ("draft", 2, "document seq:int revision:int field decision actor at:int"),
    ("part", 1, "receipt fax bundle number:int total:int reading received:int until:int joined:int"),
    ("revision", 2, "document number:int content room reader actor at:int sha256"),
    (
        "job",
        1,
        "id stage receipt ready:int attempts:int crashes:int lease_token:lease lease_owner:lease lease_until:lease error \
         created:int",
    ),
    (
        "outbox",
        1,
        "key document revision:int sink purpose room recipient state remote ready:int attempts:int lease_token:lease \
         lease_owner:lease lease_until:lease error created:int updated:int held_until:int digest:int attached",
    ),
    ("post", 1, "key room document revision:int at:int replaced withdrawn:int"),
    ("register", 2, "kind id data from_date until_date since:int ended:int"),
    ("room", 1, "id name kana birth_date opened:int ended:int merged"),
    ("member", 2, "room mail since:int ended:int"),
    ("merger", 1, "id source target moved reason actor at:int undone_by undone:int"),
    ("legal_hold", 1, "id room reason actor at:int lifted_by lifted:int"),
    ("source", 1, "name cursor looked:int fault owner:lease owned_until:lease"),
    ("canary", 1, "token source route slot sent:int due:int expected failed arrived:int document differs unsure:int"),
    ("account", 1, "id login name roles mailbox language created:int disabled:int"),
    ("credential", 1, "id account kind label data created:int used:int step:int"),
    ("session", 1, "token account way created:int seen:int until:int proved:int"),
    ("ticket", 1, "token purpose account data created:int until:int"),
    ("attempt", 1, "who failures:int last:int"),
    ("recovery", 1, "id account asked_by asked:int ended_by ended:int agreed:int"),
    (
        "letter",
        1,
        "key recipient subject body attached state ready:int attempts:int lease_token:lease lease_owner:lease \
         lease_until:lease error created:int updated:int",
    ),
    ("seen", 2, "document account first:int last:int revision:int"),
    ("reply", 1, "id document room account body at:int withdrawn:int"),
    ("attachment", 1, "id reply name media sha256:blob size:int"),
    ("gram", 3, "gram kind subject"),
    ("found", 1, "document received:int room kind sender"),
    ("found_day", 2, "day document"),
    ("deadline", 2, "document kind room due at start"),
    ("feed", 1, "account token created:int used:int"),
    ("proposal", 1, "id document name kana birth_date members asked_by asked:int ended_by ended:int room released:int"),
    ("preference", 1, "mailbox digest quiet_from quiet_until updated:int"),
    ("invitation", 1, "uid document room sequence:int told updated:int"),
    ("subscription", 1, "id account endpoint p256dh auth label created:int"),
    ("rule_revision", 1, "number:int hash layer parent:int author reason tried created:int"),
    ("rule_draft", 1, "owner parent:int layer updated:int"),
    ("reread", 1, "document revision:int rules fields asked_by created:int"),
    ("sheet_mark", 1, "document revision:int version:int numbers text truth"),
    ("token", 1, "id hash account label scopes created:int until:int used:int"),
    (
        "figure",
        1,
        "document hospital kind received:int posted:int machine:int again:int noticed:int opened:int discharge fields:int \
         unsure:int chance:int legible:int wanted:int there:int",
    ),
    ("figure_day", 1, "day:int version:int sums"),
    ("lack", 2, "document item how"),
    ("correction", 3, "document revision:int field how sure:int at:int"),
    ("sample", 1, "document hospital chance:int drawn:int topped:int done:int"),
    ("sample_field", 2, "document field typed how verdict actor at:int"),
    ("field_fallback", 1, "id field hospital since:int checked:int errors:int lower:int lifted:int lifted_by reason"),
    ("audit", 1, "seq:int at:int actor action subject detail prev hash"),
    ("audit_head", 1, "id:int seq:int hash"),
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::store::Store;
    use crate::store::db::query;

    /// Table → columns with whether they are numbers, as the database has them.
    async fn real(store: &Store) -> BTreeMap<String, BTreeSet<(String, bool)>> {
        let mut tx = store.db.snapshot().await.expect("a snapshot");
        let sql = tx.choose(
            "SELECT m.name AS t, c.name AS c, c.type AS k FROM sqlite_master m, pragma_table_info(m.name) c
             WHERE m.type = 'table'",
            "SELECT table_name::text AS t, column_name::text AS c, data_type::text AS k FROM information_schema.columns
             WHERE table_schema = current_schema()",
        );
        let mut out: BTreeMap<String, BTreeSet<(String, bool)>> = BTreeMap::new();
        for row in query(sql).fetch_all(tx.conn()).await.expect("the schema") {
            let kind: String = row.get("k");
            assert!(
                ["TEXT", "INTEGER", "text", "bigint"].contains(&kind.as_str())
                    || row.get::<String>("t").starts_with('_')
            );
            let number = kind.eq_ignore_ascii_case("integer") || kind == "bigint";
            out.entry(row.get("t")).or_default().insert((row.get("c"), number));
        }
        out.retain(|t, _| !t.starts_with("sqlite_") && !t.starts_with('_'));
        out
    }

    #[tokio::test]
    async fn every_table_and_column_of_the_database_is_carried() {
        let dir = tempfile::tempdir().expect("dir");
        let store = Store::open(crate::store::testing::site(dir.path()).await).await.expect("open");
        let real = real(&store).await;
        let ours: BTreeSet<&str> = TABLES.iter().map(|t| t.name).collect();
        assert_eq!(
            real.keys().map(String::as_str).collect::<BTreeSet<_>>(),
            ours,
            "add the table to LIST, in its place"
        );
        for table in TABLES.iter() {
            let columns: BTreeSet<&str> = table.columns.iter().map(|c| c.name).collect();
            let there: BTreeSet<&str> = real[table.name].iter().map(|c| c.0.as_str()).collect();
            assert_eq!(columns, there, "{}: add the column to LIST", table.name);
            for c in table.carried() {
                let number = real[table.name].contains(&(c.name.to_owned(), true));
                assert_eq!(c.kind == Kind::Int, number, "{}.{}", table.name, c.name);
            }
        }
    }

    /// Copies compare rows in the order of their keys, which must be that of the bytes.
    #[tokio::test]
    async fn text_is_ordered_by_its_bytes() {
        let dir = tempfile::tempdir().expect("dir");
        let store = Store::open(crate::store::testing::site(dir.path()).await).await.expect("open");
        let mut tx = store.db.snapshot().await.expect("a snapshot");
        let sql = tx.choose(
            "SELECT name AS c FROM sqlite_master WHERE sql LIKE '%COLLATE%'",
            "SELECT column_name::text AS c FROM information_schema.columns WHERE table_schema = current_schema()
             AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' AND table_name NOT LIKE '\\_%'",
        );
        let other = query(sql).fetch_all(tx.conn()).await.expect("the schema");
        assert!(other.is_empty(), "{:?}", other.iter().map(|r| r.get::<String>("c")).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn tables_come_after_those_that_they_refer_to() {
        let place = |name: &str| TABLES.iter().position(|t| t.name == name).expect("a table of ours");
        for (t, other) in crate::store::testing::references().await {
            assert!(place(&t) > place(&other) || t == "receipt" && other == "receipt", "{t} before {other}");
        }
    }
}
