//! `patients import` and its like: show what a register file changes, then take it over whole or not at all.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::config::Config;
use crate::register::diff::Row;
use crate::register::{Diff, RegisterError, diff, table};
use crate::store::{Register, Store, StoreError};

pub async fn run(
    register: Register,
    file: &Path,
    config: &Config,
    dry_run: bool,
    out: &mut impl Write,
) -> Result<ExitCode> {
    let site = crate::daemon::site(config)?;
    let store = if dry_run { Store::open_read(site).await } else { Store::open_beside(site).await };
    let store = match store {
        Ok(store) => store,
        // Looking makes no database: it would belong to whoever looks, not to the daemon's user.
        Err(StoreError::Absent(_)) => {
            show(out, &against_nothing(register, file)?)?;
            writeln!(out, "there is no database yet: this is what an import would begin with")?;
            return Ok(ExitCode::SUCCESS);
        }
        Err(e) => return Err(e.into()),
    };
    let plan = store.plan_import(register, file).await?;
    show(out, &plan.diff)?;
    if plan.is_empty() {
        bail!("{}: no entry in it, nothing was imported", file.display());
    }
    if plan.diff.is_empty() {
        writeln!(out, "nothing to do")?;
    } else if dry_run {
        writeln!(out, "nothing was imported: leave out --dry-run to do it")?;
    } else {
        out.flush()?;
        store.apply_import(&plan, &actor()).await?;
        writeln!(out, "imported")?;
        let ours = configured(register, config);
        if !ours.as_os_str().is_empty() && !same_file(ours, file) {
            writeln!(out, "note: the daemon reads {} when it starts, and that file is then in force", ours.display())?;
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

fn show(out: &mut impl Write, diff: &Diff) -> std::io::Result<()> {
    diff.lines().iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// What a file holds, where there is nothing to compare it with.
fn against_nothing(register: Register, file: &Path) -> Result<Diff> {
    let name = file.display().to_string();
    let bytes = std::fs::read(file).with_context(|| name.clone())?;
    fn all<T: Row>(rows: Result<Vec<T>, RegisterError>) -> Result<Diff> {
        Ok(diff(&[], &rows?))
    }
    match register {
        Register::Patients => all(table::patients(&name, &bytes)),
        Register::Institutions => all(table::institutions(&name, &bytes)),
        Register::Offices => all(table::offices(&name, &bytes)),
        Register::Staff => all(table::staff(&name, &bytes, &[])),
    }
}

/// The file that the configuration names for a register.
fn configured(register: Register, config: &Config) -> &Path {
    match register {
        Register::Patients => &config.register.patients,
        Register::Institutions => &config.register.institutions,
        Register::Offices => &config.register.offices,
        Register::Staff => &config.register.staff,
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// Who does it, for the audit log.
pub fn actor() -> String {
    let user = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).unwrap_or_default();
    if user.is_empty() { format!("cli:uid {}", rustix::process::getuid().as_raw()) } else { format!("cli:{user}") }
}
