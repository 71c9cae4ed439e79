//! The steps of the schema, and which programs may work on a database.
//!
//! Schemas expand, then contract: a program works on a database that is ahead of it as long as its own schema number is
//! not below the floor that stands in `meta` (a migration that takes something away raises it), so workers of two
//! adjacent versions run side by side.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::super::{Result, StoreError};
use super::{Opening, Tx, UNFINISHED, scalar};

/// Number, name and SQL of a step.
type Step = (i64, &'static str, &'static str);

macro_rules! steps {
    ($($number:literal $name:literal $file:literal),+ $(,)?) => {
        const SQLITE: &[Step] = &[$(($number, $name, include_str!(concat!("../../../migrations/sqlite/", $file)))),+];
        const POSTGRES: &[Step] = &[$(($number, $name, include_str!(concat!("../../../migrations/postgres/", $file)))),+];
    };
}

steps!(
    1 "store" "0001_store.sql",
    2 "meta" "0002_meta.sql",
    4 "canary" "0004_canary.sql",
    5 "pages" "0005_pages.sql",
    6 "versions" "0006_versions.sql",
    7 "accounts" "0007_accounts.sql",
    8 "review" "0008_review.sql",
    9 "rooms" "0009_rooms.sql",
    10 "notices" "0010_notices.sql",
    11 "rules" "0011_rules.sql",
    12 "figures" "0012_figures.sql",
    13 "rest" "0013_rest.sql",
    14 "form" "0014_form.sql",
    15 "days" "0015_days.sql",
);

/// Without sqlx's macro, which would have all of sqlx and both databases' drivers compiled a second time for itself.
fn migrator(steps: &[Step]) -> Migrator {
    let step = |(number, name, sql): &Step| {
        Migration::new(*number, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut all = Migrator::with_migrations(steps.iter().map(step).collect());
    all.set_ignore_missing(true);
    all
}

pub(super) fn sqlite() -> Migrator {
    migrator(SQLITE)
}

/// Runs within a transaction of ours, under a lock of ours.
pub(super) fn postgres() -> Migrator {
    let mut all = migrator(POSTGRES);
    all.set_locking(false);
    all
}

/// Refuses a database that has gone on to a schema which programs that know these migrations must not touch, and one that
/// is not completely filled. A database without tables, or from before there was a floor, is fine.
pub(super) async fn check(tx: &mut Tx, opening: Opening) -> Result<()> {
    if !has_meta(tx).await? {
        return Ok(());
    }
    fits(tx).await?;
    if opening == Opening::Work { complete(tx).await } else { Ok(()) }
}

/// Refuses where the floor has risen above this program.
pub(super) async fn fits(tx: &mut Tx) -> Result<()> {
    let floor: Option<String> = scalar("SELECT value FROM meta WHERE key = 'floor'").fetch_optional(tx.conn()).await?;
    let floor: i64 = floor.and_then(|f| f.parse().ok()).unwrap_or(0);
    let ours = SQLITE.last().map_or(0, |step| step.0);
    if floor > ours { Err(StoreError::Ahead { floor, ours }) } else { Ok(()) }
}

pub(super) async fn has_meta(tx: &mut Tx) -> Result<bool> {
    has_table(tx, "meta").await
}

/// Whether a table is there; asked before a migration, or of a database that is only read.
///
/// # Errors
/// The database cannot be read.
pub async fn has_table(tx: &mut Tx, name: &str) -> Result<bool> {
    let tables = tx.choose(
        "SELECT count(*) FROM sqlite_master WHERE name = $1",
        "SELECT count(*) FROM pg_catalog.pg_class WHERE relname = $1 AND relnamespace = current_schema()::regnamespace",
    );
    Ok(scalar(tables).bind(name).fetch_one::<i64>(tx.conn()).await? > 0)
}

/// Refuses a database that was begun to be filled and is not complete.
///
/// # Errors
/// [`StoreError::Refused`] with what to do.
pub async fn complete(tx: &mut Tx) -> Result<()> {
    if !has_meta(tx).await? {
        return Ok(());
    }
    let begun: Option<String> =
        scalar("SELECT value FROM meta WHERE key = $1").bind(UNFINISHED).fetch_optional(tx.conn()).await?;
    match begun.as_deref() {
        None => Ok(()),
        Some("copy") => Err(StoreError::Refused(
            "this store is an unfinished copy: stop the daemon of the other one and run `faxbridge store copy --finish`"
                .into(),
        )),
        Some(_) => Err(StoreError::Refused(
            "a backup was begun to be restored into this store and is not complete: run `faxbridge restore` again".into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{POSTGRES, SQLITE};

    #[test]
    fn both_databases_have_the_same_steps_and_every_file_is_one() {
        let names = |steps: &[super::Step]| -> Vec<String> {
            steps.iter().map(|(number, name, _)| format!("{number:04}_{name}.sql")).collect()
        };
        assert_eq!(names(SQLITE), names(POSTGRES));
        for folder in ["sqlite", "postgres"] {
            let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
            let files = std::fs::read_dir(dir).expect("the folder").map(|e| e.expect("an entry").file_name());
            let mut files: Vec<String> = files.map(|f| f.into_string().expect("a name")).collect();
            files.sort();
            assert_eq!(files, names(SQLITE), "{folder}");
        }
    }
}
