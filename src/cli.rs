//! Every command: its words, options and what it calls. Help, man page, completions and `docs/commands.md` come from
//! the definitions here ([`manual`]), so none of them can tell another story.
//!
//! What a command does stands in its own file or in the module that owns it. Exit codes: 0 done; 1 something is wrong
//! with what was looked at, or it could not be done; 2 the command line cannot be meant.

mod accounts;
mod backup;
mod bench;
mod canary;
mod check;
mod copy;
mod export;
mod extract;
mod files;
mod import;
mod log;
mod look;
pub mod manual;
mod report;
mod status;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Config;
use crate::daemon::{Role, site};
use crate::metrics::Metrics;
use crate::register::{Files, Registers};
use crate::rules::RuleSet;
use crate::store::{self, Register, Store, StoreError};
use crate::tuning::Workshop;

/// Carries faxed hospital sheets into the rooms of a shared home-care information system.
///
/// A daemon watches fax mailboxes and scan folders, reads the sheets on this machine, finds the patient and posts into
/// the patient's room. What is not certain waits on a review list.
#[derive(Debug, Parser)]
#[command(name = "faxbridge", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Receive, read and post until told to stop
    ///
    /// Ends in order on SIGTERM or SIGINT; SIGHUP reads rules and registers again.
    Run {
        #[command(flatten)]
        config: ConfigFile,
        /// End once everything that lies in the sources and the queue has a final state
        #[arg(long)]
        drain: bool,
    },
    /// Read and deliver beside others: any number of these, on any hosts, on one PostgreSQL
    ///
    /// Watches no sources and shows no pages; `faxbridge run` does. Needs database.url, and blobs.url where the hosts
    /// share no folder. Ends in order on SIGTERM or SIGINT; SIGHUP reads the rules again.
    Worker {
        #[command(flatten)]
        config: ConfigFile,
        /// Name on this machine; a second one of the same name is refused
        #[arg(long, default_value = "1")]
        name: String,
        /// Loopback address at which it shows /metrics, /healthz and /readyz; by default nowhere
        #[arg(long, value_name = "ADDRESS:PORT")]
        listen: Option<std::net::SocketAddr>,
        /// End once nothing is left in the queue
        #[arg(long)]
        drain: bool,
    },
    /// Show every receipt and what became of it
    ///
    /// Works beside a running daemon and without one.
    Status {
        #[command(flatten)]
        config: ConfigFile,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Write the monthly report (活用状況 月報) as PDF
    ///
    /// What the page /statistics shows, for A4, in Japanese, without patients' names. Works beside a running daemon and
    /// without one. Needs a Japanese font (fonts-ipafont-gothic).
    Report(report::Options),
    /// Look through configuration, models, sandbox, rules, registers, sources, mail server and database
    ///
    /// One line each; for what is wrong, what to do. Changes nothing. Exits 1 if anything is wrong.
    Check {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Send a fax of a fictional patient through the sources, to see that it arrives and is read exactly
    ///
    /// The daemon does the same at the times of [canary]. One line for each source. Exits 1 if one could not be sent;
    /// with --wait also if one did not arrive in time, or was read otherwise than it stands there. Runs as the daemon's
    /// user, beside the daemon.
    Canary {
        #[command(flatten)]
        config: ConfigFile,
        /// Only through this source; may be given several times
        #[arg(long, value_name = "NAME")]
        source: Vec<String>,
        /// Wait until it is known how each fared
        #[arg(long)]
        wait: bool,
    },
    /// Print what files hold, as JSON Lines in the order of the files
    ///
    /// Needs no daemon and no database. Exits 1 if any file could not be read, after all others were.
    Extract(extract::Options),
    /// Draw what was found on each page of a file
    ///
    /// Writes each page as a PNG with its lines, cells, marks and fields, and an index.html with how each value was found.
    Look(look::Options),
    /// Measure what the program does on faxes whose content is known
    #[command(subcommand)]
    Bench(Bench),
    /// The audit log
    #[command(subcommand)]
    Audit(Audit),
    /// People who sign in to the pages
    #[command(subcommand)]
    Accounts(accounts::Accounts),
    /// Write everything into one encrypted file, beside a running daemon
    ///
    /// Database, originals, pages, readings, the configuration without passwords, rules and registers, as they were at
    /// one moment; for those alone who hold a recovery key (age). Exits 1 if a blob is lost; then what can be had stands in
    /// FILE.incomplete, and an earlier FILE stays.
    Backup(backup::Options),
    /// Bring a backup back into an empty data_dir or database, with the recovery key alone
    ///
    /// Counts and hashes are compared with those of the backup, then the log is verified; until then no daemon starts on
    /// it. Broken off, it is begun again. Exits 1 if anything is wrong.
    Restore(backup::RestoreOptions),
    /// The store as a whole
    #[command(subcommand)]
    Store(Whole),
    /// Write everything into a folder, in forms that other programs read
    ///
    /// CSV, JSON Lines, PNG, and the originals as they came; beside a running daemon. The folder holds patient data.
    Export(export::Options),
    /// The extraction rules
    #[command(subcommand)]
    Rules(Rules),
    /// The register of patients and their rooms
    #[command(subcommand)]
    Patients(Import),
    /// The register of hospitals and other senders
    #[command(subcommand)]
    Institutions(Import),
    /// The register of home-care offices
    #[command(subcommand)]
    Offices(Import),
    /// The register of the offices' staff
    #[command(subcommand)]
    Staff(Import),
    /// Print a reference page as Markdown
    Docs {
        /// Which one
        page: Page,
    },
    /// Print the manual page (roff)
    Man,
    /// Print a shell's completions
    Completions {
        /// Which one
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
struct ConfigFile {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl ConfigFile {
    fn load(&self) -> Result<Config> {
        Ok(Config::load(&self.config)?)
    }
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// How right extraction is: types, page splits, values, silent errors, straight-through, and what reading costs
    ///
    /// The folder holds faxes/ and truth/ (<fax>.json for each). Lists count strictly, item for item, and softly, where
    /// an item may differ by a tenth of its characters.
    Accuracy(bench::Options),
}

#[derive(Debug, Subcommand)]
enum Audit {
    /// Check that the log holds together and tells of everything in the store; exits 1 if not
    Verify {
        #[command(flatten)]
        config: ConfigFile,
    },
}

#[derive(Debug, Subcommand)]
enum Whole {
    /// Copy the store into another database, from SQLite to PostgreSQL or back
    ///
    /// First beside the running daemon, then with --finish while it is stopped: that carries what came since, and only
    /// then can the copy be worked with. Every table is compared by count and SHA-256, every blob is read back.
    Copy(copy::Options),
}

#[derive(Debug, Subcommand)]
enum Rules {
    /// Check a folder of rules, or those that the program carries; exits 1 if a file cannot be used
    Check {
        /// Folder of rules; by default those that the program carries
        dir: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum Import {
    /// Show what a CSV file adds, changes and ends, then take it over
    ///
    /// The file is the whole register: entries that it does not name end. It is taken over whole or not at all.
    Import {
        /// CSV file, UTF-8 or MS932, columns by name in any order
        file: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
        /// Only show it
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Page {
    Configuration,
    Commands,
}

/// What the commands that read files themselves share.
#[derive(Debug, Args)]
struct Reading {
    /// Folder of extraction rules; by default those of the configuration, or those that the program carries
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Text recogniser; one that is missing is an error
    #[arg(long, value_parser = PossibleValuesParser::new(crate::config::ENGINES))]
    engine: Option<String>,
    /// Configuration whose reader, rules and registers are used
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read as the daemon of --config does now: with what administrators have put in force on top of the rules, and with
    /// the registers of its store. The store is only read; without one, the rules and registers of the configuration
    #[arg(long, requires = "config", conflicts_with = "rules")]
    in_force: bool,
}

impl Reading {
    /// Settings, rules and registers that files are read with.
    fn load(&self) -> Result<(Config, RuleSet, Registers)> {
        let mut config = match &self.config {
            Some(file) => Config::load(file)?,
            None => Config::default(),
        };
        if let Some(engine) = &self.engine {
            config.reader.engine.clone_from(engine);
        }
        if self.in_force
            && let Some((rules, registers)) = wait(in_force(&config))??
        {
            return Ok((config, rules, registers));
        }
        let rules = rules(self.rules.as_deref().unwrap_or(&config.top.rules))?
            .accepting_handwriting(config.reader.accept_handwriting);
        let registers = registers(&config)?;
        Ok((config, rules, registers))
    }
}

/// The rules and registers that a daemon with this configuration reads with; none where it has no store yet.
async fn in_force(config: &Config) -> Result<Option<(RuleSet, Registers)>> {
    let store = match Store::open_read(site(config)?).await {
        Ok(store) => store,
        Err(StoreError::Absent(_)) => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    let base = Workshop::open(&config.top.rules, config.reader.accept_handwriting)?;
    Ok(Some((base.of_store(&store).await?, store.registers().await?)))
}

/// Files that are done at the same time; one for each core where nothing else is asked for.
fn jobs(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}

/// The rules of a folder; those that the program carries where none is named.
fn rules(dir: &Path) -> Result<RuleSet> {
    if dir.as_os_str().is_empty() { Ok(RuleSet::embedded()) } else { Ok(RuleSet::load(dir)?) }
}

/// The registers that the configuration names.
fn registers(config: &Config) -> Result<Registers> {
    let r = &config.register;
    let files = Files {
        patients: Some(&r.patients),
        institutions: Some(&r.institutions),
        offices: Some(&r.offices),
        staff: Some(&r.staff),
    };
    Ok(Registers::load(&files)?)
}

/// The program.
pub fn main() -> ExitCode {
    // The reading child must not go through anything that it does not need.
    if std::env::args_os().nth(1).is_some_and(|a| a == "read-child") {
        let args: Vec<String> = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
        return crate::decode::child::main(&args);
    }
    match dispatch(Cli::parse().command) {
        Ok(code) => code,
        // Whoever reads us has seen enough (`faxbridge status | head`).
        Err(e) if e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) => {
            ExitCode::FAILURE
        }
        Err(e) => {
            eprintln!("faxbridge: {e:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<ExitCode> {
    let mut out = io::stdout().lock();
    match command {
        Command::Run { config, drain } => serve(&config, Role::Whole, drain),
        Command::Worker { config, name, listen, drain } => serve(&config, Role::Worker { name, listen }, drain),
        Command::Status { config, json } => {
            let lines = wait(store::status(site(&config.load()?)?))??;
            status::print(&mut out, &lines, json)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Report(options) => {
            wait(report::write(options))??;
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { config } => wait(check::run(&config.config, &mut out))?,
        Command::Canary { config, source, wait: stay } => {
            log::start("error", None);
            wait(canary::run(&config.load()?, &source, stay, &mut out))?
        }
        Command::Extract(options) => {
            log::start("warn", None);
            extract::run(&options, &mut out)
        }
        Command::Look(options) => {
            log::start("warn", None);
            look::run(&options, &mut out)
        }
        Command::Bench(Bench::Accuracy(options)) => {
            log::start("warn", None);
            bench::run(&options, &mut out)
        }
        Command::Audit(Audit::Verify { config }) => {
            let config = config.load()?;
            status::verify(&mut out, &wait(audit(site(&config)?))??)
        }
        Command::Accounts(command) => wait(accounts::run(&command, &mut out))?,
        Command::Backup(options) => {
            log::start("warn", None);
            backup::run(&options, &mut out)
        }
        Command::Restore(options) => {
            log::start("warn", None);
            backup::restore(&options, &mut out)
        }
        Command::Store(Whole::Copy(options)) => {
            log::start("warn", None);
            copy::run(&options, &mut out)
        }
        Command::Export(options) => {
            log::start("warn", None);
            export::run(&options, &mut out)
        }
        Command::Rules(Rules::Check { dir }) => {
            let rules = rules(dir.as_deref().unwrap_or(Path::new("")))?;
            status::rules(&mut out, dir.as_deref(), &rules)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Patients(i) => import(Register::Patients, i, &mut out),
        Command::Institutions(i) => import(Register::Institutions, i, &mut out),
        Command::Offices(i) => import(Register::Offices, i, &mut out),
        Command::Staff(i) => import(Register::Staff, i, &mut out),
        Command::Docs { page } => {
            let text = match page {
                Page::Configuration => crate::config::markdown(),
                Page::Commands => manual::markdown(),
            };
            print(&mut out, text.as_bytes())
        }
        Command::Man => print(&mut out, &manual::man()?),
        Command::Completions { shell } => print(&mut out, &manual::completions(shell)),
    }
}

fn serve(config: &ConfigFile, role: Role, drain: bool) -> Result<ExitCode> {
    let metrics = Metrics::default();
    log::start("info", Some(metrics.clone()));
    let config = config.load()?;
    let runtime = runtime()?;
    let ended = runtime.block_on(crate::daemon::run(config, role, drain, metrics));
    // A page that is being read is nothing to wait for: its job was put back.
    runtime.shutdown_background();
    ended.map(|()| ExitCode::SUCCESS)
}

fn print(out: &mut impl io::Write, bytes: &[u8]) -> Result<ExitCode> {
    out.write_all(bytes)?;
    Ok(ExitCode::SUCCESS)
}

fn import(register: Register, command: Import, out: &mut impl io::Write) -> Result<ExitCode> {
    let Import::Import { file, config, dry_run } = command;
    wait(import::run(register, &file, &config.load()?, dry_run, out))?
}

async fn audit(site: store::Site) -> store::Result<store::verify::Report> {
    store::Store::open_read(site).await?.verify().await
}

/// Runs one asynchronous command to its end.
fn wait<T>(work: impl Future<Output = T>) -> Result<T> {
    Ok(runtime()?.block_on(work))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime cannot be started")
}
