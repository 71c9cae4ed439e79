//! One statement, its arguments and its rows, whichever database answers.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Decode, Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite, Type};

use super::super::Result;
use super::{Db, Inner, Tx};

/// A value of a statement: the store has no other types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    Text(Option<String>),
    Int(Option<i64>),
}

macro_rules! arg {
    ($($from:ty => |$v:ident| $to:expr;)*) => { $(impl From<$from> for Arg { fn from($v: $from) -> Arg { $to } })* };
}
arg! {
    &str => |v| Arg::Text(Some(v.to_owned()));
    String => |v| Arg::Text(Some(v));
    &String => |v| Arg::Text(Some(v.clone()));
    Option<&str> => |v| Arg::Text(v.map(str::to_owned));
    Option<String> => |v| Arg::Text(v);
    Option<&String> => |v| Arg::Text(v.cloned());
    &Option<String> => |v| Arg::Text(v.clone());
    i64 => |v| Arg::Int(Some(v));
    &i64 => |v| Arg::Int(Some(*v));
    Option<i64> => |v| Arg::Int(v);
}

/// Where a statement runs: in a transaction, or as a single read.
pub enum On<'a> {
    Tx(&'a mut Tx),
    Db(&'a Db),
}

/// A row of the answer.
pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A type that a column can have.
pub trait Column<'r>: Sized {
    fn named(row: &'r Row, name: &str) -> Self;
    fn nth(row: &'r Row, n: usize) -> Self;
}

impl<'r, T> Column<'r> for T
where
    T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
{
    fn named(row: &'r Row, name: &str) -> T {
        match row {
            Row::Sqlite(r) => r.get(name),
            Row::Postgres(r) => r.get(name),
        }
    }
    fn nth(row: &'r Row, n: usize) -> T {
        match row {
            Row::Sqlite(r) => r.get(n),
            Row::Postgres(r) => r.get(n),
        }
    }
}

impl Row {
    /// # Panics
    /// There is no such column, or it has another type: a fault of the statement.
    pub fn get<'r, T: Column<'r>>(&'r self, name: &str) -> T {
        T::named(self, name)
    }

    /// # Panics
    /// As [`Row::get`].
    pub fn nth<'r, T: Column<'r>>(&'r self, n: usize) -> T {
        T::nth(self, n)
    }
}

/// A statement to which arguments are bound, in the order of their numbers.
pub struct Query {
    sql: SqlStr,
    args: Vec<Arg>,
}

pub fn query(sql: &'static str) -> Query {
    Query { sql: sql.into_sql_str(), args: Vec::new() }
}

/// A statement put together from names of our own tables and columns; everything else is bound.
pub(in crate::store) fn composed(sql: String) -> Query {
    Query { sql: AssertSqlSafe(sql).into_sql_str(), args: Vec::new() }
}

impl Query {
    /// All at once, in order.
    #[must_use]
    pub(in crate::store) fn bind_all(mut self, args: impl IntoIterator<Item = Arg>) -> Query {
        self.args.extend(args);
        self
    }

    #[must_use]
    pub fn bind(mut self, arg: impl Into<Arg>) -> Query {
        self.args.push(arg.into());
        self
    }

    /// How many rows it touched.
    ///
    /// # Errors
    /// The database refused.
    pub async fn execute(self, on: On<'_>) -> Result<u64> {
        Ok(match on {
            On::Tx(tx) => match &mut tx.inner {
                Inner::Sqlite(t) => self.sqlite().execute(&mut **t).await?.rows_affected(),
                Inner::Postgres(t, keep) => self.postgres(*keep).execute(&mut **t).await?.rows_affected(),
            },
            On::Db(Db::Sqlite { readers, .. }) => self.sqlite().execute(readers).await?.rows_affected(),
            On::Db(db @ Db::Postgres(_)) => {
                let mut tx = db.snapshot().await?;
                Box::pin(self.execute(tx.conn())).await?
            }
        })
    }

    /// # Errors
    /// The database refused.
    pub async fn fetch_all(self, on: On<'_>) -> Result<Vec<Row>> {
        Ok(match on {
            On::Tx(tx) => match &mut tx.inner {
                Inner::Sqlite(t) => rows(self.sqlite().fetch_all(&mut **t).await?, Row::Sqlite),
                Inner::Postgres(t, keep) => rows(self.postgres(*keep).fetch_all(&mut **t).await?, Row::Postgres),
            },
            On::Db(Db::Sqlite { readers, .. }) => rows(self.sqlite().fetch_all(readers).await?, Row::Sqlite),
            On::Db(db @ Db::Postgres(_)) => {
                let mut tx = db.snapshot().await?;
                Box::pin(self.fetch_all(tx.conn())).await?
            }
        })
    }

    /// # Errors
    /// The database refused.
    pub async fn fetch_optional(self, on: On<'_>) -> Result<Option<Row>> {
        Ok(self.fetch_all(on).await?.into_iter().next())
    }

    /// # Errors
    /// The database refused, or there is no row.
    pub async fn fetch_one(self, on: On<'_>) -> Result<Row> {
        self.fetch_optional(on).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    fn sqlite(&self) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
        let mut q = sqlx::query(self.sql.clone());
        for arg in self.args.iter().cloned() {
            q = match arg {
                Arg::Text(v) => q.bind(v),
                Arg::Int(v) => q.bind(v),
            };
        }
        q
    }

    fn postgres(&self, keep: bool) -> sqlx::query::Query<'static, Postgres, PgArguments> {
        let mut q = sqlx::query(self.sql.clone()).persistent(keep);
        for arg in self.args.iter().cloned() {
            q = match arg {
                // PostgreSQL's text has no NUL; a file's or mail's name may.
                Arg::Text(v) => q.bind(v.map(|t| if t.contains('\0') { t.replace('\0', "\u{FFFD}") } else { t })),
                Arg::Int(v) => q.bind(v),
            };
        }
        q
    }
}

fn rows<R>(rows: Vec<R>, wrap: fn(R) -> Row) -> Vec<Row> {
    rows.into_iter().map(wrap).collect()
}

/// A statement whose answer has one column.
pub struct Scalar(Query);

pub fn scalar(sql: &'static str) -> Scalar {
    Scalar(query(sql))
}

impl Scalar {
    #[must_use]
    pub fn bind(self, arg: impl Into<Arg>) -> Scalar {
        Scalar(self.0.bind(arg))
    }

    /// # Errors
    /// The database refused.
    pub async fn fetch_all<T: for<'r> Column<'r>>(self, on: On<'_>) -> Result<Vec<T>> {
        Ok(self.0.fetch_all(on).await?.iter().map(|r| r.nth(0)).collect())
    }

    /// # Errors
    /// The database refused.
    pub async fn fetch_optional<T: for<'r> Column<'r>>(self, on: On<'_>) -> Result<Option<T>> {
        Ok(self.0.fetch_optional(on).await?.map(|r| r.nth(0)))
    }

    /// # Errors
    /// The database refused, or there is no row.
    pub async fn fetch_one<T: for<'r> Column<'r>>(self, on: On<'_>) -> Result<T> {
        Ok(self.0.fetch_one(on).await?.nth(0))
    }
}
