//! The configuration file: every key with its documentation, default and check in one place.
//!
//! Reading goes in two steps: the file as written ([`Config`], unknown keys are errors), then checked and with its
//! paths resolved ([`Config::load`]). `docs/configuration.md` is generated from here (`faxbridge docs configuration`).
//! Knows no other module.
//!
//! Relative paths belong to the folder of the configuration file; where nothing of that name lies there but it does
//! in the working directory, that is taken.

mod assets;
mod check;
mod document;
mod section;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use assets::{find_models, find_rules};
pub use document::markdown;
use section::section;
pub use section::{Key, Section};

section! {
    /// Keys that stand at the top of the file.
    Top, "" {
        /// Folder for the database and the original bytes of every fax. Must be on a local disk.
        data_dir: PathBuf = PathBuf::new();
        /// Address of the pages. Beyond loopback it needs [web] `tls_certificate` and `tls_key`, or `behind_proxy`.
        listen: String = "127.0.0.1:8480".into();
        /// Address under which people reach the pages: for the links in notices, and what passkeys are bound to. Empty:
        /// `http://` (with a certificate `https://`) and `listen`.
        base_url: String = String::new();
        /// Folder of the extraction rules. Empty: the rules that the program carries.
        rules: PathBuf = PathBuf::new();
        /// Folder of the recognition models and of libonnxruntime.so. Empty: where `make models` or the package put them.
        models: PathBuf = PathBuf::new();
        /// `on`: files are decoded and read only under landlock, seccomp and rlimits; the daemon does not start where
        /// the kernel refuses them. `off`: without (the child process remains).
        sandbox: Switch = Switch::On;
    }
}

section! {
    /// How pages are read.
    Reader, "reader" {
        /// Text recogniser: `ppocr` (PP-OCRv6 in ONNX Runtime) or `tesseract`. One that is missing is an error.
        engine: String = "ppocr".into();
        /// Second opinion where a value is unsure: `tesseract` or `none`.
        second: String = "tesseract".into();
        /// Whether what was written by hand may be accepted like print. Off: only where another key of the register of
        /// patients agrees. Turn it on after calibration on your own pages (docs/handwriting.md).
        accept_handwriting: bool = false;
        /// Child processes that read at the same time; each takes about 250 MB and one core.
        processes: usize = 1;
        /// Memory limit of one child, MB (address space beyond what the models map).
        memory_mb: u64 = 1024;
        /// A page that takes longer is given up and recorded as unreadable.
        page_seconds: u64 = 120;
        /// Pages of one file.
        max_pages: u32 = 200;
        /// Largest page, million pixels.
        max_megapixels: u32 = 60;
        /// Largest file or mail, MB.
        max_file_mb: u64 = 64;
        /// A child is replaced after so many pages.
        recycle_pages: u32 = 200;
    }
}

section! {
    /// One source of faxes. Any number, each with its own name.
    Intake, "[intake]" {
        /// Name of the source; it stands in the status and in the audit log and must not change.
        name: String = String::new();
        /// `folder`, `maildir` or `imap`.
        kind: IntakeKind = IntakeKind::Folder;
        /// Folder or Maildir to watch.
        path: PathBuf = PathBuf::new();
        /// Scan folder: what happens to a file once it is safely stored: `move` (into `processed/` beside it), `keep`, `delete`.
        after: After = After::Move;
        /// Scan folder: a file is complete when it has not changed for so long. Ended early when the writer closes or
        /// renames a file that parses whole.
        settle_seconds: u64 = 5;
        /// Scan folder and Maildir: everything is looked through again this often; change events only make it faster.
        rescan_seconds: u64 = 30;
        /// IMAP server.
        host: String = String::new();
        /// IMAP port; 0: 993, or 143 without implicit TLS.
        port: u16 = 0;
        /// IMAP user.
        user: String = String::new();
        /// File that holds the IMAP password. Empty: `$CREDENTIALS_DIRECTORY/<name>` (systemd LoadCredential).
        password_file: PathBuf = PathBuf::new();
        /// `implicit` (port 993), `starttls`, or `none` (to loopback only).
        tls: Tls = Tls::Implicit;
        /// PEM file with the certificate authority of the mail server, where the system does not know it.
        ca_file: PathBuf = PathBuf::new();
        /// IMAP mailbox.
        folder: String = "INBOX".into();
        /// IMAP mailbox that stored mails are moved to. Empty: they stay, marked as seen.
        move_to: String = String::new();
        /// IMAP: a look without the server's IDLE at least this often.
        poll_seconds: u64 = 60;
        /// Alarm when nothing came for so many hours; 0: never.
        silent_hours: u64 = 0;
        /// Address that canaries are mailed to ([canary]): the mailbox's own, or that of a service which faxes what it is
        /// mailed, to test the line as well. Empty: they are put into the source itself, and the way to it is not tested.
        canary_to: String = String::new();
    }
}

section! {
    /// Faxes of a fictional patient that the program sends through every source, to see that they arrive and are read
    /// exactly (docs/operations.md, "Canary").
    Canary, "canary" {
        /// Times of day, Japan's: `["06:00", "12:00"]`. Empty: only by `faxbridge canary`.
        times: Vec<String> = Vec::new();
        /// Minutes from sending to the room; later is an alarm. Fractions are allowed.
        within_minutes: f64 = 15.0;
    }
}

section! {
    /// Who is who. The files are read at start and whenever they change.
    Register, "register" {
        /// CSV of patients: room_id, name, kana, birth_date, sex, postal_code, address, phone, insurer_number, insured_number, members.
        patients: PathBuf = PathBuf::new();
        /// CSV of institutions: id, name, aliases, code, phones, faxes, contact.
        institutions: PathBuf = PathBuf::new();
        /// CSV of offices: office_id, name, phone, fax, address.
        offices: PathBuf = PathBuf::new();
        /// CSV of the offices' staff: mail, name, office_id, profession, from, until. Who has left gets no notices.
        staff: PathBuf = PathBuf::new();
    }
}

section! {
    /// Notices by mail.
    Notice, "notice" {
        /// Mail server: `smtp://host:port`, `smtps://host`, or `smtp://host?tls=required`. Empty: no mails are sent.
        smtp: String = String::new();
        /// User at the mail server; empty: none.
        user: String = String::new();
        /// File with the password of that user. Empty: `$CREDENTIALS_DIRECTORY/smtp`.
        password_file: PathBuf = PathBuf::new();
        /// PEM file with the certificate authority of the mail server, where the system does not know it.
        ca_file: PathBuf = PathBuf::new();
        /// Sender of all notices.
        from: String = "faxbridge@localhost".into();
        /// Who learns of sheets that wait on the review list.
        admins: Vec<String> = Vec::new();
        /// Whether a notice may carry the patient's name. Mail is not encrypted end to end.
        patient_data: bool = false;
        /// Seconds for one delivery, all in all.
        timeout_seconds: u64 = 30;
        /// Whether people may have notices pushed to their phones and browsers as well (Web Push), beside mail. They go,
        /// encrypted and without patient data, by the push service of the browser's maker, which learns when somebody is
        /// told. Needs `smtp`, and pages that are reached over https.
        push: bool = false;
        /// Hosts of push services that may be called; `*.` and a domain stands for all names below it.
        push_hosts: Vec<String> = ["fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com",
            "*.push.apple.com", "*.notify.windows.com"].map(str::to_owned).to_vec();
        /// Hosts of meetings on the web: a link that was read is one to follow (and stands in invitations) only where it
        /// leads there: `["zoom.us", "*.zoom.us"]`. Any other is shown as text beside its picture.
        meeting_hosts: Vec<String> = Vec::new();
    }
}

section! {
    /// The work queue.
    Work, "work" {
        /// Jobs that run at the same time (waiting for a reader process included).
        jobs: usize = 2;
        /// A job that fails so often goes to the review list with its reason.
        attempts: u32 = 5;
        /// A worker that is silent for so long loses its job to another.
        lease_seconds: u64 = 60;
    }
}

section! {
    /// When the administrators are alarmed: by mail, by the metric `faxbridge_alarm_standing` and by `/healthz`.
    Alarm, "alarm" {
        /// A receipt that has no final state after so many minutes; 0: never.
        overdue_minutes: u64 = 60;
        /// A notice or posting that is not delivered after so many minutes; 0: never.
        undelivered_minutes: u64 = 60;
        /// A source that cannot be looked through, or a register or rules that were refused, for so many minutes.
        fault_minutes: u64 = 5;
        /// Less free space than this where data_dir lies, MB; 0: never.
        disk_free_mb: u64 = 500;
    }
}

section! {
    /// Faxes that come again (docs/versions.md).
    Versions, "versions" {
        /// A sheet that came in the days before may be the same fax: sent again it is linked to the first and no news,
        /// changed it takes the first's place. 0: every fax is news.
        resend_days: u32 = 14;
        /// Parts of one fax that come in several mails (page n of m in the subject) wait for each other so many minutes
        /// from the first on; what is there then goes on. 0: every mail stands for itself. At most 55.
        join_minutes: u32 = 10;
        /// Whether a date, drug, dose or urgency that is not certain may count as unchanged where it was read alike and
        /// surely both times, character by character. Off: each must be certain in both, else the sheet is a new version.
        read_alike: bool = false;
    }
}

section! {
    /// The database, where it is not the SQLite file of `data_dir`: PostgreSQL, for several hosts.
    Database, "database" {
        /// `postgres://user@host:port/name`. Empty: SQLite in `data_dir`.
        url: String = String::new();
        /// File with the user's password. Empty: in the address, or `$CREDENTIALS_DIRECTORY/database`, or none.
        password_file: PathBuf = PathBuf::new();
        /// Addresses of standby servers, any of which may become the primary.
        standbys: Vec<String> = Vec::new();
        /// Address for LISTEN where `url` leads to a pooler in transaction mode; empty: `url`. Without it new work is
        /// found by polling, up to a second later.
        listen_url: String = String::new();
        /// Whether statements are kept prepared: a little faster, but not through a pooler in transaction mode.
        prepared: bool = false;
        /// Connections of one process.
        connections: u32 = 10;
    }
}

section! {
    /// The originals, page images and readings, where they are not files in `data_dir`.
    Blobs, "blobs" {
        /// `s3://bucket/prefix`, of any S3-compatible store. Empty: files in `data_dir`.
        url: String = String::new();
        /// Address of the store, where it is not Amazon's: `https://minio.example.jp`.
        endpoint: String = String::new();
        /// Region, where the store wants one.
        region: String = "us-east-1".into();
        /// File with the access key's id and, on the second line, its secret. Empty: `$CREDENTIALS_DIRECTORY/blobs`,
        /// or what the environment or the machine's role gives.
        credentials_file: PathBuf = PathBuf::new();
    }
}

section! {
    /// Backups (`faxbridge backup`): encrypted, so that only who holds a recovery key can read them.
    Backup, "backup" {
        /// Public halves of the recovery keys, `age1…`; each of them opens every backup. `faxbridge backup --keygen` makes one.
        recipients: Vec<String> = Vec::new();
    }
}

section! {
    /// The pages and who signs in there (docs/accounts.md).
    Web, "web" {
        /// PEM file with the certificate chain of the pages. Empty: plain HTTP.
        tls_certificate: PathBuf = PathBuf::new();
        /// PEM file with the certificate's private key. Empty: `$CREDENTIALS_DIRECTORY/web-key`.
        tls_key: PathBuf = PathBuf::new();
        /// A reverse proxy stands before the pages, speaks https to people (say so in `base_url`), and writes
        /// `X-Forwarded-For`. Nobody else may reach `listen` then.
        behind_proxy: bool = false;
        /// A session ends after so many minutes in which no page was asked for.
        idle_minutes: u32 = 60;
        /// A session ends after so many hours, whatever is done.
        session_hours: u32 = 12;
        /// Whoever sits at this machine may sign in as fictional people, without any proof. For trials on loopback only.
        demo_login: bool = false;
    }
}

section! {
    /// Sheets that wait for a person: nobody waits unseen. A missed deadline is told to the next on duty, then to all who
    /// review, and then it is an alarm.
    Review, "review" {
        /// Mail addresses of who is on duty, in order. The first hears of every held sheet, the second of a missed
        /// deadline. Empty: all who review hear of that.
        duty: Vec<String> = Vec::new();
        /// Minutes that an urgent sheet may wait, at any time of day.
        urgent_minutes: u32 = 10;
        /// Hours that another sheet may wait; working hours count, fractions are allowed.
        routine_hours: f64 = 4.0;
        /// Minutes from the next on duty to all, and from all to the alarm.
        step_minutes: u32 = 10;
        /// When work begins, Monday to Friday, Japan's time.
        opens: String = "09:00".into();
        /// When work ends.
        closes: String = "18:00".into();
        /// Days without work beside Saturdays and Sundays: `["2026-12-31", "2027-01-01"]`.
        holidays: Vec<String> = Vec::new();
    }
}

section! {
    /// How long faxes are kept (docs/rooms.md, 保存期間). Nothing goes by itself unless `nightly` says so; a room can be
    /// held on the pages whatever its age.
    Retention, "retention" {
        /// Years that sheets in rooms are kept; 0: for ever.
        years: u32 = 0;
        /// Other years for some types of sheets: `{ referral = 5, home_nursing_order = 5 }`; 0: for ever.
        by_type: std::collections::BTreeMap<String, u32> = std::collections::BTreeMap::new();
        /// Years that is kept what stands in no room: nothing for us, misdirected, taken back, blank. 0: for ever.
        elsewhere_years: u32 = 0;
        /// Years of sheets in rooms begin when their room ends (the patient is no longer in the register); sheets of open
        /// rooms stay. `false`: they begin when the sheet came.
        after_end: bool = true;
        /// What is past its time goes every night at three. `false`: by the hand of a system administrator only.
        nightly: bool = false;
    }
}

section! {
    /// Blind samples (抜き取り検査): some of the sheets that went straight through are read once more by a reviewer who does
    /// not see what was read (docs/figures.md). Posting never waits for them.
    Sample, "sample" {
        /// Share of all such sheets, 0 to 1. With `weekly = 0` as well no samples are drawn.
        share: f64 = 0.02;
        /// Sheets of each hospital each week at least.
        weekly: u32 = 5;
        /// A field whose error rate is above this for certain (lower end of its 95 % interval) waits for a person again, at
        /// that hospital or everywhere, until an administrator lifts it. 0: never.
        limit: f64 = 0.01;
    }
}

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    data_dir: Option<PathBuf>,
    listen: Option<String>,
    base_url: Option<String>,
    rules: Option<PathBuf>,
    models: Option<PathBuf>,
    sandbox: Option<Switch>,
    #[serde(default)]
    reader: Reader,
    #[serde(default)]
    intake: Vec<Intake>,
    #[serde(default)]
    register: Register,
    #[serde(default)]
    notice: Notice,
    #[serde(default)]
    canary: Canary,
    #[serde(default)]
    work: Work,
    #[serde(default)]
    alarm: Alarm,
    #[serde(default)]
    versions: Versions,
    #[serde(default)]
    database: Database,
    #[serde(default)]
    blobs: Blobs,
    #[serde(default)]
    backup: Backup,
    #[serde(default)]
    web: Web,
    #[serde(default)]
    review: Review,
    #[serde(default)]
    retention: Retention,
    #[serde(default)]
    sample: Sample,
}

/// The checked configuration: paths are absolute or as found, values are in range.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The file that it was read from.
    pub file: PathBuf,
    pub top: Top,
    pub reader: Reader,
    pub intake: Vec<Intake>,
    pub register: Register,
    pub notice: Notice,
    pub canary: Canary,
    pub work: Work,
    pub alarm: Alarm,
    pub versions: Versions,
    pub database: Database,
    pub blobs: Blobs,
    pub backup: Backup,
    pub web: Web,
    pub review: Review,
    pub retention: Retention,
    pub sample: Sample,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    #[default]
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IntakeKind {
    #[default]
    Folder,
    Maildir,
    Imap,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum After {
    #[default]
    Move,
    Keep,
    Delete,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    #[default]
    Implicit,
    Starttls,
    None,
}

/// What is wrong with a configuration file, all of it at once.
#[derive(Debug)]
pub struct ConfigError {
    pub file: PathBuf,
    pub faults: Vec<String>,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.faults.join("\n  "))
    }
}

/// Text recognisers that `reader.engine` can name.
#[cfg(not(feature = "rten"))]
pub const ENGINES: [&str; 2] = ["ppocr", "tesseract"];
#[cfg(feature = "rten")]
pub const ENGINES: [&str; 3] = ["ppocr", "ppocr-rten", "tesseract"];

impl Config {
    /// Reads, checks and resolves a configuration file.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML (with line and column), has unknown keys, or values that cannot be meant.
    pub fn load(file: &Path) -> Result<Config, ConfigError> {
        let fail = |faults: Vec<String>| ConfigError { file: file.to_owned(), faults };
        let text = std::fs::read_to_string(file).map_err(|e| fail(vec![format!("cannot be read: {e}")]))?;
        let raw: File = toml::from_str(&text).map_err(|e| fail(vec![e.to_string()]))?;
        let base = Base::of(file);
        let default = Top::default();
        let mut config = Config {
            file: file.to_owned(),
            top: Top {
                data_dir: base.resolve(raw.data_dir.unwrap_or_default()),
                listen: raw.listen.unwrap_or(default.listen),
                base_url: raw.base_url.unwrap_or_default(),
                rules: raw.rules.unwrap_or_default(),
                models: base.resolve(raw.models.unwrap_or_default()),
                sandbox: raw.sandbox.unwrap_or_default(),
            },
            reader: raw.reader,
            intake: raw.intake,
            register: raw.register,
            notice: raw.notice,
            canary: raw.canary,
            work: raw.work,
            alarm: raw.alarm,
            versions: raw.versions,
            database: raw.database,
            blobs: raw.blobs,
            backup: raw.backup,
            web: raw.web,
            review: raw.review,
            retention: raw.retention,
            sample: raw.sample,
        };
        config.top.rules = find_rules(&base.resolve(config.top.rules.clone()), &config.top.rules);
        for i in &mut config.intake {
            for p in [&mut i.path, &mut i.password_file, &mut i.ca_file] {
                *p = base.resolve(std::mem::take(p));
            }
            if i.port == 0 {
                i.port = if i.tls == Tls::Implicit { 993 } else { 143 };
            }
        }
        let (r, n) = (&mut config.register, &mut config.notice);
        for p in [
            &mut r.patients,
            &mut r.institutions,
            &mut r.offices,
            &mut r.staff,
            &mut n.password_file,
            &mut n.ca_file,
            &mut config.database.password_file,
            &mut config.blobs.credentials_file,
            &mut config.web.tls_certificate,
            &mut config.web.tls_key,
        ] {
            *p = base.resolve(std::mem::take(p));
        }
        let faults = config.faults();
        if faults.is_empty() { Ok(config) } else { Err(fail(faults)) }
    }

    /// The listening address.
    pub fn address(&self) -> Option<SocketAddr> {
        self.top.listen.parse().ok()
    }

    /// Where people reach the board; without a trailing slash.
    pub fn base_url(&self) -> String {
        if self.top.base_url.is_empty() {
            let scheme = if self.web.tls_certificate.as_os_str().is_empty() { "http" } else { "https" };
            format!("{scheme}://{}", self.top.listen)
        } else {
            self.top.base_url.trim_end_matches('/').to_owned()
        }
    }
}

impl Canary {
    /// Minutes since midnight of a time of day; none where the text is none.
    pub fn minute(time: &str) -> Option<i64> {
        let (h, m) = time.split_once(':')?;
        let number = |s: &str| if s.len() == 2 { s.parse::<i64>().ok() } else { None };
        let (h, m) = (number(h)?, number(m)?);
        ((0..24).contains(&h) && (0..60).contains(&m)).then_some(h * 60 + m)
    }

    /// Milliseconds from sending to the room.
    pub fn within_ms(&self) -> i64 {
        (self.within_minutes * 60_000.0) as i64
    }
}

/// Where relative paths of a configuration file point to.
struct Base(PathBuf);

impl Base {
    fn of(file: &Path) -> Self {
        let dir = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Base(std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned()))
    }

    fn resolve(&self, path: PathBuf) -> PathBuf {
        if path.as_os_str().is_empty() || path.is_absolute() {
            return path;
        }
        let ours = self.0.join(&path);
        match std::path::absolute(&path) {
            Ok(here) if !ours.exists() && here.exists() => here,
            _ => ours,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().expect("temp dir");
        let file = dir.path().join("f.toml");
        std::fs::write(&file, text).expect("write");
        Config::load(&file)
    }

    #[test]
    fn the_contract_example_loads() {
        let c = load(
            r#"
            data_dir = "/var/lib/faxbridge"
            listen   = "127.0.0.1:8480"
            rules    = "config/rules"
            [[intake]]
            name = "scan"
            kind = "folder"
            path = "/srv/scans"
            [[intake]]
            name = "fax-mail"
            kind = "imap"
            host = "mail.example.jp"
            port = 993
            user = "fax"
            password_file = "/etc/faxbridge/imap-password"
            [register]
            patients     = "patients.csv"
            institutions = "institutions.csv"
            [notice]
            smtp = "smtp://127.0.0.1:2525"
            from = "faxbridge@example.jp"
            "#,
        )
        .expect("loads");
        assert_eq!(c.intake[1].port, 993);
        assert!(c.register.patients.is_absolute());
    }

    #[test]
    fn faults_are_named_all_at_once() {
        let e =
            load("listen = \"0.0.0.0:80\"\n[canary]\ntimes = [\"24:00\"]\n[[intake]]\nkind = \"imap\"\ntls = \"none\"\nhost = \"mail.example.jp\"")
                .expect_err("refused")
                .to_string();
        for part in ["data_dir", "loopback", "name is missing", "user is missing", "tls", "canary.times"] {
            assert!(e.contains(part), "{part} not in {e}");
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let e = load("data_dir = \"x\"\n[reader]\nengin = \"ppocr\"\n").expect_err("refused").to_string();
        assert!(e.contains("engin") && e.contains("line 3"), "{e}");
    }

    #[test]
    fn the_documentation_names_every_key() {
        let text = markdown();
        for key in ["data_dir", "settle_seconds", "patient_data", "lease_seconds", "insured_number"] {
            assert!(text.contains(key), "{key}");
        }
    }
}
