//! `extract`: what files hold, as JSON Lines in the order in which they were named, each as soon as it is known.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::files::Work;
use crate::model::Extracted;

#[derive(Debug, Args)]
pub struct Options {
    /// Files: TIFF, PDF, JPEG, PNG, mails (.eml), zips
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: super::Reading,
    /// Files that are read at the same time; by default one for each core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: Option<u16>,
    /// Keep each file's reading as DIR/<file name>.reading
    #[arg(long, value_name = "DIR", hide = true)]
    save_readings: Option<PathBuf>,
    /// Take kept readings instead of reading pages
    #[arg(long, value_name = "DIR", hide = true, conflicts_with = "save_readings")]
    from_readings: Option<PathBuf>,
}

pub fn run(options: &Options, out: &mut impl Write) -> Result<ExitCode> {
    let (kept, keep) = (options.from_readings.as_deref(), options.save_readings.as_deref());
    let work = Work::new(&options.reading, kept, keep)?;
    if let Some(dir) = keep {
        std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        let mut names = BTreeSet::new();
        if let Some(twice) = options.files.iter().find(|f| !names.insert(f.file_name())) {
            bail!("--save-readings: there are two files of the name of {}", twice.display());
        }
    }
    let jobs = super::jobs(options.jobs);
    let failed = work.each(&options.files, jobs, |done| {
        print_in_order(done.into_iter().map(|(n, d)| (n, d.line)), options.files.len(), out)
    })??;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints each line as soon as all before it are; gives the number of files with an error.
fn print_in_order(
    lines: impl IntoIterator<Item = (usize, Extracted)>,
    all: usize,
    out: &mut impl Write,
) -> io::Result<usize> {
    let show = io::stderr().is_terminal() && all > 1;
    let mut waiting = BTreeMap::new();
    let (mut printed, mut done, mut failed) = (0, 0, 0);
    for (n, line) in lines {
        done += 1;
        failed += usize::from(line.error.is_some());
        waiting.insert(n, line);
        while let Some(line) = waiting.remove(&printed) {
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")?;
            out.flush()?;
            printed += 1;
        }
        if show {
            eprint!("\r{done} of {all} files, {failed} with an error ");
        }
    }
    if show {
        eprintln!();
    }
    Ok(failed)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::model::Reader;

    #[test]
    fn lines_come_in_the_order_of_the_files() {
        let (send, receive) = mpsc::channel();
        for n in [2, 0, 1] {
            let line = Extracted {
                file: n.to_string(),
                documents: None,
                note: None,
                error: (n == 1).then(|| "x".to_owned()),
                reader: Reader::default(),
            };
            send.send((n, line)).expect("sent");
        }
        drop(send);
        let mut out = Vec::new();
        assert_eq!(print_in_order(receive, 3, &mut out).expect("printed"), 1);
        let text = String::from_utf8(out).expect("text");
        let files: Vec<String> =
            text.lines().map(|l| serde_json::from_str::<Extracted>(l).expect("a line").file).collect();
        assert_eq!(files, ["0", "1", "2"]);
    }
}
