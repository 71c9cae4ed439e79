//! PostgreSQL: a pool on the cluster's primary, wherever that is now, and the wake-up between processes.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::sync::Notify as Wake;
use tokio::task::JoinHandle;

use super::super::{Result, StoreError};
use super::{Db, Inner, Opening, Place, query, schema};

/// Channel on which a commit tells the other processes that there is work.
const CHANNEL: &str = "faxbridge";
/// Name of the lock under which the schema is brought up to date.
const SCHEMA_LOCK: &str = "faxbridge schema";
/// A server that does not answer within this time is asked no more.
const PATIENCE: Duration = Duration::from_secs(3);

/// How a transaction begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    Write,
    /// One consistent picture.
    Read,
}

impl Begin {
    fn sql(self) -> &'static str {
        // A host that froze in the middle of a transaction must not stop all others.
        macro_rules! bounded {
            ($begin:literal) => {
                concat!(
                    $begin,
                    "; SET LOCAL idle_in_transaction_session_timeout = 60000; SET LOCAL lock_timeout = 60000"
                )
            };
        }
        match self {
            Begin::Write => bounded!("BEGIN READ WRITE"),
            Begin::Read => bounded!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        }
    }
}

/// The servers, and the pool on the one that takes writes.
#[derive(Clone)]
pub struct Cluster {
    pool: PgPool,
    servers: Arc<[PgConnectOptions]>,
    listen: PgConnectOptions,
    prepared: bool,
    /// Whether it was opened for reading only.
    reads_only: bool,
}

impl Cluster {
    pub(super) async fn open(place: &Place, opening: Opening) -> Result<Cluster> {
        let cluster = Self::connect(place).await?;
        cluster.migrate(opening).await?;
        Ok(cluster)
    }

    pub(super) async fn open_read(place: &Place, dir: &Path) -> Result<Cluster> {
        let cluster = Cluster { reads_only: true, ..Self::connect(place).await? };
        let mut tx = Db::Postgres(Box::new(cluster.clone())).snapshot().await?;
        if schema::has_meta(&mut tx).await? { Ok(cluster) } else { Err(StoreError::Absent(dir.to_owned())) }
    }

    async fn connect(place: &Place) -> Result<Cluster> {
        let servers: Vec<PgConnectOptions> =
            std::iter::once(&place.url).chain(&place.standbys).map(|u| options(u, place)).collect::<Result<_>>()?;
        let listen = if place.listen_url.is_empty() { &place.url } else { &place.listen_url };
        let listen = options(listen, place)?;
        let pool = PgPoolOptions::new()
            .max_connections(if place.connections == 0 { 10 } else { place.connections })
            .acquire_timeout(Duration::from_secs(if servers.len() > 1 { 5 } else { 30 }))
            .connect_lazy_with(servers[0].clone());
        let cluster = Cluster { pool, servers: servers.into(), listen, prepared: place.prepared, reads_only: false };
        // Says at once what is wrong with the address or the password.
        drop(cluster.begin(Begin::Write).await?);
        Ok(cluster)
    }

    /// A transaction on the primary. Where the server that was the primary is gone, or takes no writes any more, the
    /// others are asked.
    pub(super) async fn begin(&self, how: Begin) -> Result<Inner> {
        if self.reads_only && how == Begin::Write {
            return Err(StoreError::Refused("opened for reading only".into()));
        }
        let first = self.pool.begin_with(how.sql()).await;
        let began = match first {
            Err(e) if self.servers.len() > 1 => {
                tracing::warn!(error = %e, "the database does not take writes, its standbys are asked");
                self.find_primary().await?;
                self.pool.begin_with(how.sql()).await?
            }
            other => other?,
        };
        Ok(Inner::Postgres(began, self.prepared))
    }

    async fn find_primary(&self) -> Result<()> {
        for server in self.servers.iter() {
            let asked = tokio::time::timeout(PATIENCE, async {
                let mut connection = PgConnection::connect_with(server).await?;
                let standby: bool = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(&mut connection).await?;
                connection.close().await?;
                Ok::<bool, sqlx::Error>(standby)
            });
            if let Ok(Ok(false)) = asked.await {
                tracing::info!(host = server.get_host(), port = server.get_port(), "this server is the primary");
                self.pool.set_connect_options(server.clone());
                return Ok(());
            }
        }
        Err(sqlx::Error::PoolTimedOut.into())
    }

    /// In one transaction under a lock, so that it works through a pooler and for hosts that start at once.
    async fn migrate(&self, opening: Opening) -> Result<()> {
        let migrations = schema::postgres();
        let db = Db::Postgres(Box::new(self.clone()));
        let mut tx = db.begin().await?;
        tx.lock(SCHEMA_LOCK).await?;
        schema::check(&mut tx, opening).await?;
        if let Inner::Postgres(t, _) = &mut tx.inner {
            migrations.run_to(opening.schema(), &mut **t).await?;
        }
        tx.commit().await
    }

    /// Wakes `wake` whenever any process of the cluster commits work, for as long as the handle is not dropped.
    /// Only a hint: who waits looks by himself now and then.
    pub fn listen(&self, wake: Arc<Wake>) -> JoinHandle<()> {
        let to = self.listen.clone();
        tokio::spawn(async move {
            loop {
                match listener(&to).await {
                    Ok(mut listener) => {
                        while let Ok(Some(_)) = listener.try_recv().await {
                            wake.notify_waiters();
                            wake.notify_one();
                        }
                        tracing::debug!("the database's wake-ups broke off");
                    }
                    Err(e) => tracing::warn!(error = %e, "no wake-ups from the database, it is polled"),
                }
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        })
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// Tells the other processes, when the transaction commits.
pub(super) async fn tell(tx: &mut super::Tx) -> Result<()> {
    query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(tx.conn()).await.map(drop)
}

async fn listener(to: &PgConnectOptions) -> sqlx::Result<PgListener> {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect_with(to.clone()).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

fn options(url: &str, place: &Place) -> Result<PgConnectOptions> {
    let mut options = PgConnectOptions::from_str(url)?
        .application_name("faxbridge")
        // A start-up parameter that poolers refuse.
        .extra_float_digits(None)
        .disable_statement_logging();
    if !place.prepared {
        options = options.statement_cache_capacity(0);
    }
    if let Some(password) = &place.password {
        options = options.password(password);
    }
    Ok(options)
}
