//! `backup` and `restore`: what is encrypted with age, where it lies, and the files of the configuration that go with it.
//!
//! What stands in the archive is `store::dump`'s affair. Nothing is written outside of the folder of the configuration,
//! the store's own places and `--to`, whatever an archive says. Passwords are never taken along.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use age::secrecy::ExposeSecret;
use age::x25519::{Identity, Recipient};
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use regex::Regex;
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::daemon::site;
use crate::store::blobs::sync_dir;
use crate::store::dump::{self, BESIDE, Backup, ELSEWHERE, Restored, Wishes};
use crate::store::{Store, StoreError};

#[derive(Debug, Args)]
pub struct Options {
    /// The configuration file
    #[arg(long, value_name = "FILE", required_unless_present = "keygen")]
    config: Option<PathBuf>,
    /// The backup, written beside its place and renamed when it is whole; `-`: standard output
    #[arg(long, value_name = "FILE", required_unless_present = "keygen")]
    to: Option<PathBuf>,
    /// Who can open it, beside backup.recipients: an age1… key; any number
    #[arg(long, value_name = "KEY")]
    recipient: Vec<String>,
    /// Make a recovery key instead: the secret into --to or to standard output, who it is for to standard error
    #[arg(long)]
    keygen: bool,
}

#[derive(Debug, Args)]
pub struct RestoreOptions {
    /// The backup; `-`: standard input
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// File with the recovery key (AGE-SECRET-KEY-1…)
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// The configuration file; where there is none, that of the backup is written there, with its rules and registers
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Write only the configuration, its rules and registers, and end
    #[arg(long)]
    only_configuration: bool,
    /// Take a store that does not hold together as it is, when there is no better backup
    #[arg(long)]
    accept_faults: bool,
}

/// Largest file of the configuration that goes along, bytes.
const LARGEST: u64 = 64 << 20;

pub fn run(options: &Options, out: &mut impl Write) -> Result<ExitCode> {
    if options.keygen {
        return keygen(options.to.as_deref(), out);
    }
    let (Some(file), Some(to)) = (&options.config, &options.to) else { bail!("--config and --to are missing") };
    let config = Config::load(file)?;
    let recipients = recipients(config.backup.recipients.iter().chain(&options.recipient))?;
    let files = collect(&config)?;
    if to.as_os_str() == "-" {
        let (made, _, told) = super::wait(write(&config, &files, &recipients, BufWriter::new(out)))??;
        return finish(&made, &told);
    }
    let part = beside(to, ".part");
    let open = File::options().create(true).truncate(false).write(true).mode(0o600).open(&part);
    let part_file = open.with_context(|| part.display().to_string())?;
    if part_file.try_lock().is_err() {
        bail!("{}: another backup is being written there", part.display());
    }
    part_file.set_len(0).with_context(|| part.display().to_string())?;
    let done = super::wait(write(&config, &files, &recipients, BufWriter::new(&part_file)))?;
    let (made, buffer, told) = match done {
        Ok(done) => done,
        Err(e) => {
            let _ = fs::remove_file(&part);
            return Err(e);
        }
    };
    buffer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    // An earlier backup may hold what is lost now.
    let place = if made.end.missing.is_empty() { to.clone() } else { beside(to, ".incomplete") };
    fs::rename(&part, &place).with_context(|| place.display().to_string())?;
    sync_dir(folder(&place))?;
    eprintln!("{}", place.display());
    finish(&made, &told)
}

fn finish(made: &Backup, told: &str) -> Result<ExitCode> {
    let rows = |name: &str| made.manifest.tables.iter().find(|t| t.name == name).map_or(0, |t| t.rows);
    eprintln!(
        "everything until {}: {} receipts, {} documents, {} rows of the log, {} blobs; {told}",
        made.manifest.created,
        rows("receipt"),
        rows("document"),
        rows("audit"),
        made.manifest.blobs.rows
    );
    if made.end.missing.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for sha in &made.end.missing {
        eprintln!("lost or damaged, and not in it: blob {sha}");
    }
    Ok(ExitCode::FAILURE)
}

/// Writes the encrypted archive; what it holds, and size and hash of what was written.
async fn write<W: Write>(
    config: &Config,
    files: &[dump::File],
    recipients: &[Recipient],
    out: W,
) -> Result<(Backup, W, String)> {
    let store = Store::open_read(site(config)?).await?;
    let all = recipients.iter().map(|r| r as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(all).context("the recipients")?;
    let encrypted = encryptor.wrap_output(Hashing { inner: out, sha: Sha256::new(), bytes: 0 })?;
    let (made, encrypted) = store.backup(files, encrypted).await?;
    store.close().await;
    let mut hashing = encrypted.finish()?;
    hashing.flush()?;
    let told = format!("{} bytes, sha256 {}", hashing.bytes, hex::encode(hashing.sha.finalize()));
    Ok((made, hashing.inner, told))
}

/// Counts and hashes what is written through it.
struct Hashing<W> {
    inner: W,
    sha: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(buf)?;
        self.sha.update(&buf[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn recipients<'a>(given: impl Iterator<Item = &'a String>) -> Result<Vec<Recipient>> {
    let parse = |text: &String| {
        Recipient::from_str(text.trim()).map_err(|e| anyhow::anyhow!("recipient {text:?}: {e}; it must be age1…"))
    };
    let all: Vec<Recipient> = given.map(parse).collect::<Result<_>>()?;
    ensure!(
        !all.is_empty(),
        "nobody could open the backup: make a key with `faxbridge backup --keygen`, keep it off this machine, and name \
         its age1… in backup.recipients or --recipient"
    );
    Ok(all)
}

fn keygen(to: Option<&Path>, out: &mut impl Write) -> Result<ExitCode> {
    let identity = Identity::generate();
    let public = identity.to_public();
    let secret = identity.to_string();
    let text = format!("# recovery key of faxbridge's backups\n# public key: {public}\n{}\n", secret.expose_secret());
    match to.filter(|p| p.as_os_str() != "-") {
        None => out.write_all(text.as_bytes())?,
        Some(file) => {
            write_new(file, text.as_bytes()).with_context(|| file.display().to_string())?;
            eprintln!("{}: whoever has this file can read every backup; keep it off this machine", file.display());
        }
    }
    eprintln!("[backup]\nrecipients = [\"{public}\"]");
    Ok(ExitCode::SUCCESS)
}

fn identities(file: &Path) -> Result<Vec<Identity>> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    let all: Result<Vec<Identity>, _> = lines.map(Identity::from_str).collect();
    let all = all.map_err(|e| anyhow::anyhow!("{}: {e}; it must hold AGE-SECRET-KEY-1…", file.display()))?;
    ensure!(!all.is_empty(), "{}: no key in it", file.display());
    Ok(all)
}

pub fn restore(options: &RestoreOptions, out: &mut impl Write) -> Result<ExitCode> {
    let keys = identities(&options.identity)?;
    let from = &options.from;
    let source: Box<dyn Read> = if from.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(from).with_context(|| from.display().to_string())?)
    };
    let name = from.display();
    let decryptor = age::Decryptor::new_buffered(BufReader::new(source)).map_err(|e| told(&name, &e))?;
    let plain = decryptor.decrypt(keys.iter().map(|k| k as &dyn age::Identity)).map_err(|e| told(&name, &e))?;
    let wishes = Wishes { actor: super::import::actor(), accept_faults: options.accept_faults };
    let mut notes = Vec::new();
    let prepare = |_: &dump::Manifest, files: Vec<dump::File>| {
        let config =
            configure(&options.config, files, &mut notes).map_err(|e| StoreError::Refused(format!("{e:#}")))?;
        if options.only_configuration {
            return Ok(None);
        }
        site(&config).map(Some).map_err(|e| StoreError::Refused(format!("{e:#}")))
    };
    let done = super::wait(dump::restore(BufReader::new(plain), &wishes, prepare))?;
    for note in notes {
        writeln!(out, "{note}")?;
    }
    let Some(Restored { manifest, missing, report }) = done.with_context(|| name.to_string())? else {
        return Ok(ExitCode::SUCCESS);
    };
    for table in &manifest.tables {
        writeln!(out, "{:<12} {:>9} rows  sha256 {}", table.name, table.rows, &table.sha256[..16])?;
    }
    writeln!(out, "{:<12} {:>9}", "blobs", manifest.blobs.rows - missing.len() as u64)?;
    for sha in &missing {
        writeln!(out, "lost before the backup: blob {sha}")?;
    }
    writeln!(out, "restored, as of {}", manifest.created)?;
    super::status::verify(out, &report)
}

fn told(name: &impl std::fmt::Display, e: &age::DecryptError) -> anyhow::Error {
    match e {
        age::DecryptError::NoMatchingKeys => anyhow::anyhow!("{name}: this key does not open it"),
        e => anyhow::anyhow!("{name}: not a backup, or damaged ({e})"),
    }
}

/// The configuration file, its rules, registers and certificates, for the archive; the file itself first.
fn collect(config: &Config) -> Result<Vec<dump::File>> {
    let base = std::path::absolute(folder(&config.file))?;
    let text = fs::read_to_string(&config.file).with_context(|| config.file.display().to_string())?;
    let own = config.file.file_name().unwrap_or_default().to_string_lossy();
    let mut files = vec![dump::File { name: format!("{BESIDE}/{own}"), bytes: without_passwords(&text)?.into_bytes() }];
    let mut paths: Vec<PathBuf> = Vec::new();
    if !config.top.rules.as_os_str().is_empty() {
        for entry in fs::read_dir(&config.top.rules).with_context(|| config.top.rules.display().to_string())? {
            paths.push(entry?.path());
        }
        paths.retain(|p| p.extension().is_some_and(|e| e == "toml"));
        paths.sort();
    }
    let r = &config.register;
    paths.extend([&r.patients, &r.institutions, &r.offices, &r.staff, &config.notice.ca_file].map(Clone::clone));
    paths.extend(config.intake.iter().map(|i| i.ca_file.clone()));
    for path in paths.iter().filter(|p| !p.as_os_str().is_empty()) {
        let absolute = std::path::absolute(path)?;
        let name = match absolute.strip_prefix(&base) {
            Ok(below) => Path::new(BESIDE).join(below),
            Err(_) => Path::new(ELSEWHERE).join(absolute.strip_prefix("/").unwrap_or(&absolute)),
        };
        let name = name.to_string_lossy().into_owned();
        match fs::metadata(path) {
            Ok(m) if m.is_file() && m.len() <= LARGEST && !files.iter().any(|f| f.name == name) => {
                files.push(dump::File { name, bytes: fs::read(path).with_context(|| path.display().to_string())? });
            }
            Ok(_) => {}
            Err(e) => eprintln!("{}: not in the backup: {e}", path.display()),
        }
    }
    Ok(files)
}

/// Addresses may carry a password; it stays here.
fn without_passwords(text: &str) -> Result<String> {
    let address = Regex::new(r#"([A-Za-z][A-Za-z0-9+.-]*://[^\s"'/@:]*):[^\s"'/]*@"#)?;
    Ok(address.replace_all(text, "$1@").into_owned())
}

/// The configuration in force: that of `file`, or, where there is none, that of the backup, written there.
fn configure(file: &Path, files: Vec<dump::File>, notes: &mut Vec<String>) -> Result<Config> {
    if file.exists() {
        notes.push(format!("{} is in force; the backup's own configuration was not looked at", file.display()));
        return Ok(Config::load(file)?);
    }
    let base = folder(file);
    make_dir(base)?;
    let mut files = files.into_iter();
    let own = files.next().context("the backup holds no configuration: name a file that exists")?;
    for f in files {
        let path = match f.name.strip_prefix(&format!("{BESIDE}/")) {
            Some(below) => base.join(inside(below)?),
            None => base.join("from-backup").join(inside(&f.name)?),
        };
        make_dir(folder(&path))?;
        match write_new(&path, &f.bytes) {
            Ok(()) if f.name.starts_with(ELSEWHERE) => notes.push(format!(
                "{} was /{}: put it where the configuration looks for it",
                path.display(),
                f.name.trim_start_matches(ELSEWHERE).trim_start_matches('/')
            )),
            Ok(()) => notes.push(format!("{}: from the backup", path.display())),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                notes.push(format!("{} is there already and stays as it is", path.display()));
            }
            Err(e) => return Err(e).with_context(|| path.display().to_string()),
        }
    }
    // Last, so that a restore that was broken off writes the others again.
    write_new(file, &own.bytes).with_context(|| file.display().to_string())?;
    notes.push(format!("{}: from the backup, without passwords", file.display()));
    Ok(Config::load(file)?)
}

/// A path that leads nowhere but down.
fn inside(name: &str) -> Result<&Path> {
    let path = Path::new(name);
    let down = path.components().all(|c| matches!(c, Component::Normal(_)));
    ensure!(down && !name.is_empty(), "the backup names a file {name:?}, which lies outside");
    Ok(path)
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn make_dir(dir: &Path) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).with_context(|| dir.display().to_string())
}

/// A file that nobody else can read; never over another.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().create_new(true).write(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_addresses_stay_behind() {
        let text =
            "url = \"postgres://fax:se:c@ret@db:5432/fax\"\nsmtp = 'smtp://u:p@host?tls=required'\nfrom = \"a@b\"\n";
        let told = "url = \"postgres://fax@db:5432/fax\"\nsmtp = 'smtp://u@host?tls=required'\nfrom = \"a@b\"\n";
        assert_eq!(without_passwords(text).expect("a pattern"), told);
        let plain = "listen = \"127.0.0.1:8480\"\nbase_url = \"https://fax.example.jp:8443/\"\nx = \"http://h/a@b\"\n";
        assert_eq!(without_passwords(plain).expect("a pattern"), plain);
    }

    #[test]
    fn an_archive_cannot_name_files_outside() {
        for name in ["../x", "/etc/x", "a/../../x", ""] {
            assert!(inside(name).is_err(), "{name}");
        }
        assert!(inside("rules/common.toml").is_ok());
    }
}
