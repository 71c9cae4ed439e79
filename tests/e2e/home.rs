//! One installation in a folder of its own: configuration, sources, registers, the daemon and the commands.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use serde_json::Value as Json;

use crate::{free_port, postgres, until};

/// The repository.
pub fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The program under test: the one that was built with the tests, or the one that `FAXBRIDGE_TEST_PROGRAM` names.
pub fn program() -> PathBuf {
    std::env::var_os("FAXBRIDGE_TEST_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_faxbridge").into()).into()
}

/// A sample file's bytes.
pub fn sample(name: &str) -> Vec<u8> {
    std::fs::read(repo("samples/files").join(name)).expect("a sample")
}

/// What should come of a sample.
pub fn expectation(name: &str) -> Json {
    let text = std::fs::read_to_string(repo("samples/expect").join(format!("{name}.json"))).expect("an expectation");
    serde_json::from_str(&text).expect("JSON")
}

/// A page without a word, read in a moment; each `n` another content.
pub fn blank_page(n: u32) -> Vec<u8> {
    let (width, height) = (1000 + n, 1400);
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("header");
    writer.write_image_data(&vec![255; (width * height) as usize]).expect("pixels");
    drop(writer);
    out
}

pub struct Home {
    dir: tempfile::TempDir,
    /// The pages' port.
    pub port: u16,
    /// Beside the keys that every configuration has; tables last.
    top: String,
    tables: String,
    /// PostgreSQL instead of the file in `data`; and the standby that may take over from it.
    database: Option<String>,
    standby: Option<String>,
}

impl Home {
    /// On SQLite, or on a database of its own where `FAXBRIDGE_TEST_DATABASE` names a server (scripts/with-postgres.sh).
    pub fn new() -> Home {
        let dir = tempfile::tempdir().expect("dir");
        let database = std::env::var("FAXBRIDGE_TEST_DATABASE").ok();
        let home =
            Home { dir, port: free_port(), top: String::new(), tables: String::new(), database: None, standby: None };
        let home = match database {
            Some(server) => home.on(&postgres::create(&server, &format!("e2e_{}", uuid::Uuid::new_v4().simple()))),
            None => home,
        };
        for name in ["patients.csv", "institutions.csv"] {
            std::fs::copy(repo("samples/registers").join(name), home.at(name)).expect("a register");
        }
        home
    }

    pub fn dir(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// On this PostgreSQL database.
    pub fn on(mut self, url: &str) -> Home {
        self.database = Some(url.to_owned());
        self
    }

    /// On the file in `data`, whatever else is asked for.
    pub fn on_file(mut self) -> Home {
        self.database = None;
        self
    }

    /// With a standby of that database.
    pub fn standby(mut self, url: &str) -> Home {
        self.standby = Some(url.to_owned());
        self
    }

    /// Whether it lies in PostgreSQL.
    pub fn is_shared(&self) -> bool {
        self.database.is_some()
    }

    /// Another host of the same installation: a folder of its own, the same database and blobs.
    pub fn beside(&self) -> Home {
        let other = Home {
            dir: tempfile::tempdir().expect("dir"),
            port: free_port(),
            top: self.top.clone(),
            tables: self.tables.clone(),
            database: self.database.clone(),
            standby: self.standby.clone(),
        };
        for name in ["patients.csv", "institutions.csv"] {
            std::fs::copy(self.at(name), other.at(name)).expect("a register");
        }
        other
    }

    /// Adds keys to the top of the configuration.
    pub fn top(mut self, text: &str) -> Home {
        self.top.push_str(text);
        self.top.push('\n');
        self
    }

    /// Adds tables to the configuration; `DIR` stands for the folder.
    pub fn with(mut self, text: &str) -> Home {
        self.tables.push_str(&text.replace("DIR", &self.dir.path().display().to_string()));
        self.tables.push('\n');
        self
    }

    /// With other tables than before.
    pub fn replacing(mut self, old: &str, new: &str) -> Home {
        assert!(self.tables.contains(old), "{old} is not in {}", self.tables);
        self.tables = self.tables.replace(old, new);
        self
    }

    /// With a scan folder `scan`.
    pub fn folder(self) -> Home {
        std::fs::create_dir(self.at("scan")).expect("scan");
        self.with("[[intake]]\nname = \"scan\"\nkind = \"folder\"\npath = \"DIR/scan\"\nsettle_seconds = 1\nrescan_seconds = 2")
    }

    /// With a Maildir `mails`.
    pub fn maildir(self) -> Home {
        for sub in ["tmp", "new", "cur"] {
            std::fs::create_dir_all(self.at("mails").join(sub)).expect("mails");
        }
        self.with("[[intake]]\nname = \"mails\"\nkind = \"maildir\"\npath = \"DIR/mails\"\nrescan_seconds = 2")
    }

    /// Puts a whole file into the scan folder, as a scanner that renames does.
    pub fn scan(&self, name: &str, bytes: &[u8]) {
        let tmp = self.at("being-written");
        std::fs::write(&tmp, bytes).expect("write");
        std::fs::rename(&tmp, self.at("scan").join(name)).expect("rename");
    }

    pub fn config(&self) -> PathBuf {
        let file = self.at("faxbridge.toml");
        let mut text = format!(
            "data_dir = \"data\"\nlisten = \"127.0.0.1:{}\"\n{}\n[register]\npatients = \"patients.csv\"\ninstitutions = \"institutions.csv\"\n{}",
            self.port, self.top, self.tables
        );
        if !self.tables.contains("[web]") {
            text += "\n[web]\ndemo_login = true\n";
        }
        if let Some(url) = &self.database {
            text += &format!("\n[database]\nurl = \"{url}\"\nstandbys = {:?}\n", self.standby.as_slice());
        }
        std::fs::write(&file, text).expect("configuration");
        file
    }

    /// A command on this installation, not yet started.
    pub fn command(&self, words: &[&str]) -> Command {
        self.command_of(&program(), words)
    }

    /// The same of another program.
    pub fn command_of(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).arg("--config").arg(self.config()).current_dir(self.dir.path());
        command.env("FAXBRIDGE_LOG", "debug").env_remove("NOTIFY_SOCKET");
        command
    }

    /// A command that ends by itself.
    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).stdin(Stdio::null()).output().expect("faxbridge")
    }

    /// A command that must succeed; what it printed.
    pub fn ok(&self, words: &[&str]) -> String {
        let out = self.run(words);
        assert!(out.status.success(), "{words:?}: {}{}", text(&out.stdout), text(&out.stderr));
        text(&out.stdout)
    }

    /// Runs until everything has a final state.
    pub fn drain(&self) {
        let log = self.log_file();
        let status = self.command(&["run", "--drain"]).stdin(Stdio::null()).stderr(log).status().expect("faxbridge");
        assert!(status.success(), "{status}\n{}", self.log());
    }

    /// Starts the daemon; it does not answer yet.
    pub fn spawn(&self, words: &[&str]) -> Daemon {
        self.launch(self.command(words))
    }

    /// Starts the daemon as systemd does, which tells it whom to report to.
    pub fn spawn_notifying(&self, socket: &Path, watchdog: &str) -> Daemon {
        let mut shell = Command::new("sh");
        shell.args(["-c", "WATCHDOG_PID=$$ exec \"$@\"", "sh"]).arg(program()).args(["run", "--config"]);
        shell.arg(self.config()).env("NOTIFY_SOCKET", socket).env("WATCHDOG_USEC", watchdog);
        self.launch(shell)
    }

    /// Starts a daemon by a command of one's own.
    pub fn launch(&self, mut command: Command) -> Daemon {
        let child = command.stdin(Stdio::null()).stderr(self.log_file()).process_group(0).spawn().expect("faxbridge");
        Daemon { child, port: self.port }
    }

    /// Starts the daemon and waits until it answers.
    pub fn start(&self) -> Daemon {
        self.answering(self.spawn(&["run"]))
    }

    /// [`Home::start`] with all that can be logged, in this form.
    pub fn start_telling_all(&self, format: &str) -> Daemon {
        let mut command = self.command(&["run"]);
        command.env("FAXBRIDGE_LOG", "trace").env("FAXBRIDGE_LOG_FORMAT", format);
        self.answering(self.launch(command))
    }

    fn answering(&self, mut daemon: Daemon) -> Daemon {
        until("the daemon answers", || {
            if let Some(ended) = daemon.child.try_wait().expect("wait") {
                panic!("the daemon ended: {ended}\n{}", self.log());
            }
            crate::client::get(self.port, "/readyz").filter(|(status, _)| *status == 200)
        });
        daemon
    }

    /// All runs write into one log.
    pub fn log_file(&self) -> std::fs::File {
        std::fs::File::options().create(true).append(true).open(self.at("log")).expect("log")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.at("log")).unwrap_or_default()
    }

    /// `faxbridge status --json`.
    pub fn status(&self) -> Vec<Json> {
        self.ok(&["status", "--json"]).lines().map(|l| serde_json::from_str(l).expect("JSON Lines")).collect()
    }

    /// The receipts, once there are `n` and all have a final state.
    pub fn settled(&self, n: usize) -> Vec<Json> {
        until(&format!("{n} receipts with a final state"), || {
            // Each look is a process of its own, which takes from those that work.
            std::thread::sleep(std::time::Duration::from_millis(200));
            let lines = self.status();
            (lines.len() >= n && lines.iter().all(|l| l["state"] != "processing")).then_some(lines)
        })
    }

    /// Rows of the database, beside whoever works on it.
    pub fn sql(&self, statements: &[&'static str]) -> Vec<String> {
        use sqlx::Connection;
        if let Some(url) = &self.database {
            return postgres::ask(url, statements);
        }
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.at("data/faxbridge.sqlite"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(async {
            let mut db = sqlx::SqliteConnection::connect_with(&options).await.expect("the database");
            let mut rows = Vec::new();
            for s in statements {
                rows = sqlx::query_scalar(*s).fetch_all(&mut db).await.expect("a statement");
            }
            db.close().await.expect("close");
            rows
        })
    }
}

/// A daemon that runs.
pub struct Daemon {
    child: Child,
    port: u16,
}

impl Daemon {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let done = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status().expect("kill");
        assert!(done.success());
    }

    /// SIGTERM, and how it ended.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.child.wait().expect("wait")
    }

    /// As a power cut does.
    pub fn kill(mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }

    #[allow(dead_code)] // the crash harness asks
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("wait").is_some()
    }

    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().expect("wait")
    }

    /// A page of the board.
    pub fn page(&self, path: &str) -> String {
        let (status, body) = crate::client::get(self.port, path).expect("an answer");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail only where it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The line of `status` for an input.
pub fn line<'a>(lines: &'a [Json], source_id: &str) -> &'a Json {
    let mut found = lines.iter().filter(|l| l["source_id"] == source_id);
    let line = found.next().unwrap_or_else(|| panic!("{source_id} has no receipt in {lines:#?}"));
    assert!(found.next().is_none(), "{source_id} has two receipts");
    line
}
