//! `store copy`: the store into another database, blobs into another place.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;

use crate::config::Config;
use crate::daemon::site;
use crate::store::dump;

#[derive(Debug, Args)]
pub struct Options {
    /// The configuration file of the store that is copied
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// `postgres://…` (password as for database.url: database.password_file), or a folder for SQLite and its files
    #[arg(long, value_name = "PLACE")]
    to: String,
    /// `s3://…` (keys as for blobs.url), or a folder; by default blobs stay, and go along into the folder of --to
    #[arg(long, value_name = "PLACE")]
    blobs_to: Option<String>,
    /// Carry what came since, with the daemon stopped; the copy can be worked with afterwards
    #[arg(long)]
    finish: bool,
    /// Finish also where blobs are lost
    #[arg(long)]
    accept_faults: bool,
}

pub fn run(options: &Options, out: &mut impl Write) -> Result<ExitCode> {
    let config = Config::load(&options.config)?;
    let mut new = config.clone();
    let mut folder = None;
    if options.to.starts_with("postgres://") || options.to.starts_with("postgresql://") {
        new.database.url.clone_from(&options.to);
        new.database.standbys.clear();
        new.database.listen_url.clear();
    } else {
        ensure!(!options.to.contains("://"), "--to must be postgres://… or a folder");
        new.database.url.clear();
        folder = Some(std::path::absolute(&options.to)?);
    }
    match options.blobs_to.as_deref() {
        None => {}
        Some(s3) if s3.starts_with("s3://") => s3.clone_into(&mut new.blobs.url),
        Some(dir) => {
            ensure!(!dir.contains("://"), "--blobs-to must be s3://… or a folder");
            new.blobs.url.clear();
            let dir = std::path::absolute(dir)?;
            ensure!(folder.as_ref().is_none_or(|f| *f == dir), "database and blobs of one store lie in one folder");
            folder = Some(dir);
        }
    }
    if let Some(folder) = folder {
        new.top.data_dir = folder;
    }
    let actor = super::import::actor();
    let (from, to) = (site(&config)?, site(&new)?);
    let done = super::wait(dump::copy(&from, &to, options.finish, options.accept_faults, &actor))??;
    for table in &done.tables {
        writeln!(out, "{:<12} {:>9} rows  sha256 {}  same", table.name, table.rows, &table.sha256[..16])?;
    }
    let blobs = done.blobs - done.missing.len();
    let how = if done.blobs_stay { "stay where they are" } else { "read back, same" };
    writeln!(out, "{:<12} {blobs:>9}       {how}", "blobs")?;
    for sha in &done.missing {
        writeln!(out, "lost, and not copied: blob {sha}")?;
    }
    if done.finished {
        writeln!(out, "finished: set {} and start the daemon", settings(&config, &new))?;
        return Ok(ExitCode::SUCCESS);
    }
    if options.finish {
        writeln!(out, "not finished: with --accept-faults it is, without the lost blobs")?;
    } else {
        writeln!(out, "what came while it was copied is not in it: stop the daemon and run it again with --finish")?;
    }
    Ok(if done.missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is to be changed in the configuration.
fn settings(old: &Config, new: &Config) -> String {
    let mut out = Vec::new();
    if old.database.url != new.database.url {
        out.push("database.url");
    }
    if old.blobs.url != new.blobs.url {
        out.push("blobs.url");
    }
    if old.top.data_dir != new.top.data_dir {
        out.push("data_dir");
    }
    out.join(", ")
}
