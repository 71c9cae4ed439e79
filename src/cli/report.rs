//! `faxbridge report`: the monthly report as PDF, beside a running daemon or without one.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::ConfigFile;
use crate::daemon::site;
use crate::figures::statistics::Span;
use crate::figures::tables;
use crate::report;
use crate::store::{Register, Store, status};
use crate::tuning::Workshop;

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    config: ConfigFile,
    /// Which month; by default the one before this
    #[arg(long, value_name = "YYYY-MM")]
    month: Option<String>,
    /// Where it is written to
    #[arg(long, value_name = "FILE", default_value = "report.pdf")]
    out: PathBuf,
}

/// Writes it.
///
/// # Errors
/// The store cannot be read, there is no Japanese font, or the file cannot be written.
pub async fn write(options: Options) -> Result<()> {
    let config = options.config.load()?;
    let store = Store::open_read(site(&config)?).await?;
    let today = status::local(store.now()).date();
    let span = match &options.month {
        None => Span::month_of(today.first_of_month().yesterday()?),
        Some(month) => match Span::month(month) {
            Some(span) => span,
            None => bail!("--month must be YYYY-MM, e.g. 2026-11"),
        },
    };
    let statistics = store.statistics(span).await?;
    let rows = store.register(Register::Institutions).await?;
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let names: HashMap<String, String> = rows.iter().map(|r| (text(r, "id"), text(r, "name"))).collect();
    let name = |h: &str| tables::hospital(h, &names, false);
    // Rules that cannot be used cost the names of one's own fields, not the report.
    let rules = Workshop::open(&config.top.rules, config.reader.accept_handwriting)?.of_store(&store).await;
    let own = rules.map(|r| r.own_fields()).unwrap_or_default();
    let bytes = report::pdf(&statistics, &name, &own, &today.to_string()).map_err(anyhow::Error::msg)?;
    std::fs::write(&options.out, bytes).with_context(|| options.out.display().to_string())?;
    println!("{}: {}", options.out.display(), tables::title(span, true));
    Ok(())
}
