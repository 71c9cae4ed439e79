//! What `status`, `audit verify` and `rules check` print.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::model::Vocabulary;
use crate::rules::RuleSet;
use crate::store::StatusLine;
use crate::store::status::StatusDocument;
use crate::store::verify::Report;

/// All receipts: JSON Lines, or a table for people with the sum at its end.
pub fn print(out: &mut impl Write, lines: &[StatusLine], json: bool) -> io::Result<()> {
    if json {
        for line in lines {
            serde_json::to_writer(&mut *out, line)?;
            out.write_all(b"\n")?;
        }
        return Ok(());
    }
    let mut sums: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines {
        *sums.entry(&line.state).or_default() += 1;
        writeln!(out, "{line}")?;
        for d in &line.documents {
            writeln!(out, "    {}", document(d))?;
        }
    }
    let sums: Vec<String> = sums.iter().map(|(state, n)| format!("{n} {state}")).collect();
    match lines.len() {
        0 => writeln!(out, "nothing was received yet"),
        n => writeln!(out, "{n} received: {}", sums.join(", ")),
    }
}

fn document(d: &StatusDocument) -> String {
    let kind = if d.kind.is_empty() { "–" } else { Vocabulary::get().type_name(&d.kind) };
    let pages: Vec<String> = d.pages.iter().map(u32::to_string).collect();
    let mut text = format!("{:<11} {kind}", d.state);
    if !pages.is_empty() {
        text += &format!(" (p. {})", pages.join(", "));
    }
    if let Some(room) = &d.room {
        text += &format!(" → {room}");
    }
    if let Some(open) = d.open_fields {
        text += &format!(", {open} fields open");
    }
    let unsent = d.postings.iter().filter(|p| p.state != "sent").count();
    if unsent > 0 {
        text += &format!(", {unsent} deliveries not sent");
    }
    if let Some(reason) = &d.reason {
        text += &format!(": {reason}");
    }
    text
}

/// The result of `audit verify`.
pub fn verify(out: &mut impl Write, report: &Report) -> Result<ExitCode> {
    for fault in &report.faults {
        writeln!(out, "fault: {fault}")?;
    }
    let Report { rows, receipts, revisions, posts, .. } = report;
    let counts = format!("{rows} rows, {receipts} receipts, {revisions} revisions, {posts} posts");
    if report.faults.is_empty() {
        writeln!(out, "the audit log holds together: {counts}")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "the audit log does not hold together: {counts}, {} faults", report.faults.len())?;
    Ok(ExitCode::FAILURE)
}

/// The result of `rules check`, where all is well.
pub fn rules(out: &mut impl Write, dir: Option<&Path>, rules: &RuleSet) -> io::Result<()> {
    match dir {
        Some(dir) => writeln!(out, "{}: the rules can be used ({})", dir.display(), rules.hash()),
        None => writeln!(out, "the program's own rules can be used ({})", rules.hash()),
    }
}
