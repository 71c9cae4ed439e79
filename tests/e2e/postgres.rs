//! A real PostgreSQL of one's own on loopback: a primary, and standbys that can be promoted. Durable as in earnest.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sqlx::{Connection, Executor, PgConnection};

use crate::free_port;

pub struct Postgres {
    dir: tempfile::TempDir,
    pub port: u16,
}

/// Where Debian keeps the programs of the newest version.
fn bin(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .expect("PostgreSQL is installed (make test)")
        .map(|e| e.expect("a version").path().join("bin").join(name))
        .filter(|p| p.exists())
        .collect();
    versions.sort();
    versions.pop().expect("PostgreSQL is installed (make test)")
}

/// A program of PostgreSQL, which refuses to run as root.
fn program(name: &str) -> Command {
    let mut command = Command::new(bin(name));
    if rustix::process::geteuid().is_root() {
        let (uid, gid) = postgres_user();
        command.uid(uid).gid(gid);
    }
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn postgres_user() -> (u32, u32) {
    let users = std::fs::read_to_string("/etc/passwd").expect("users");
    let line = users.lines().find(|l| l.starts_with("postgres:")).expect("a user postgres");
    let mut fields = line.split(':').skip(2).map(|n| n.parse().expect("a number"));
    (fields.next().expect("uid"), fields.next().expect("gid"))
}

fn run(mut command: Command) {
    let status = command.status().expect("PostgreSQL's program");
    assert!(status.success(), "{command:?}: {status}");
}

impl Postgres {
    fn at(port: u16) -> Postgres {
        let dir = tempfile::tempdir().expect("dir");
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).expect("readable");
        std::fs::create_dir(dir.path().join("home")).expect("home");
        if rustix::process::geteuid().is_root() {
            let (uid, gid) = postgres_user();
            std::os::unix::fs::chown(dir.path().join("home"), Some(uid), Some(gid)).expect("owner");
        }
        Postgres { dir, port }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("home/data")
    }

    /// A primary that waits for `standbys` of its standbys with each commit.
    pub fn start(standbys: usize) -> Postgres {
        let server = Self::at(free_port());
        let mut init = program("initdb");
        init.arg("-D").arg(server.data()).args(["-U", "faxbridge", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
        run(init);
        let mut settings = String::from("wal_level = replica\nmax_wal_senders = 4\nmax_connections = 200\n");
        if standbys > 0 {
            settings += &format!("synchronous_standby_names = 'ANY {standbys} (*)'\n");
        }
        server.configure(&settings);
        server.resume();
        server
    }

    fn configure(&self, settings: &str) {
        let file = self.data().join("postgresql.auto.conf");
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        std::fs::write(
            &file,
            format!(
                "{text}{settings}listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nport = {}\n",
                self.port
            ),
        )
        .expect("settings");
    }

    pub fn resume(&self) {
        let mut start = program("pg_ctl");
        start
            .arg("-D")
            .arg(self.data())
            .args(["-w", "-t", "120", "-l"])
            .arg(self.dir.path().join("home/log"))
            .arg("start");
        run(start);
    }

    /// As a power cut does.
    pub fn kill(&self) {
        let mut stop = program("pg_ctl");
        stop.arg("-D").arg(self.data()).args(["-m", "immediate", "-w", "stop"]);
        run(stop);
    }

    /// A hot standby of this primary, which follows it.
    pub fn standby(&self) -> Postgres {
        let standby = Self::at(free_port());
        let mut base = program("pg_basebackup");
        base.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "faxbridge", "-R", "-c", "fast", "-D"])
            .arg(standby.data());
        run(base);
        // The primary's own settings came along.
        standby.configure("synchronous_standby_names = ''\n");
        standby.resume();
        standby
    }

    pub fn promote(&self) {
        let mut promote = program("pg_ctl");
        promote.arg("-D").arg(self.data()).args(["-w", "promote"]);
        run(promote);
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://faxbridge@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Fails only where it has been stopped.
        let mut stop = program("pg_ctl");
        let _ = stop.arg("-D").arg(self.data()).args(["-m", "immediate", "-w", "stop"]).status();
    }
}

/// Statements one after the other; the first column of the last one's rows.
pub fn ask(url: &str, statements: &[&'static str]) -> Vec<String> {
    wait(async {
        let mut db = PgConnection::connect(url).await.expect("the database");
        let mut rows = Vec::new();
        for s in statements {
            rows = sqlx::query_scalar(*s).fetch_all(&mut db).await.expect("a statement");
        }
        db.close().await.expect("close");
        rows
    })
}

/// Makes an empty database on the server of `admin`; its address.
pub fn create(admin: &str, name: &str) -> String {
    wait(async {
        let mut db = PgConnection::connect(admin).await.expect("the server");
        db.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a database");
        db.close().await.expect("close");
    });
    let (server, _) = admin.rsplit_once('/').expect("an address");
    format!("{server}/{name}")
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime").block_on(work)
}

/// PgBouncer in transaction mode in front of a server.
pub struct Bouncer {
    _dir: tempfile::TempDir,
    child: std::process::Child,
    pub port: u16,
}

impl Bouncer {
    pub fn start(server: u16) -> Bouncer {
        let dir = tempfile::tempdir().expect("dir");
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).expect("readable");
        let port = free_port();
        let put = |name: &str, text: String| -> PathBuf {
            let file = dir.path().join(name);
            std::fs::write(&file, text).expect("a file");
            file
        };
        let users = put("users", "\"faxbridge\" \"\"\n".into());
        let ini = put(
            "ini",
            format!(
                "[databases]\n* = host=127.0.0.1 port={server} user=faxbridge\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = any\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = 4\n\
                 max_client_conn = 200\n",
                users.display()
            ),
        );
        let child = bouncer(&ini);
        crate::listening(port);
        Bouncer { _dir: dir, child, port }
    }
}

fn bouncer(ini: &Path) -> std::process::Child {
    let mut command = Command::new("/usr/sbin/pgbouncer");
    if rustix::process::geteuid().is_root() {
        let (uid, gid) = postgres_user();
        command.uid(uid).gid(gid);
    }
    command.arg(ini).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("PgBouncer is installed (make test)")
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
