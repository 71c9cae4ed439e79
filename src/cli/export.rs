//! `export`: everything in forms that other programs read – CSV, JSON Lines, PNG, and the originals as they came.
//!
//! All tables are written from one snapshot; what is made for people comes from those files, so memory stays small.
//! Blobs never change, so they are read last.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Lines, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value as Json, json};

use super::files::contract;
use crate::config::Config;
use crate::daemon::site;
use crate::decode::sniff::{Format, sniff};
use crate::model::Document;
use crate::reading::Reading;
use crate::store::dump::TABLES;
use crate::store::status::rfc3339;
use crate::store::{Store, StoreError};

#[derive(Debug, Args)]
pub struct Options {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Folder to write into; it is made, or must be empty. It holds patient data, readable by nobody else
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Register, its file, and columns with the keys of the records.
type Csv = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// As `import` reads them.
const REGISTERS: [Csv; 4] = [
    (
        "patient",
        "patients.csv",
        &[
            ("room_id", "room_id"),
            ("name", "name"),
            ("kana", "kana"),
            ("birth_date", "birth_date"),
            ("sex", "sex"),
            ("postal_code", "postal_code"),
            ("address", "address"),
            ("phone", "phones"),
            ("insurer_number", "insurer_number"),
            ("insured_number", "insured_number"),
            ("members", "members"),
        ],
    ),
    (
        "institution",
        "institutions.csv",
        &[
            ("id", "id"),
            ("name", "name"),
            ("aliases", "aliases"),
            ("code", "code"),
            ("phones", "phones"),
            ("faxes", "faxes"),
            ("contact", "contact"),
        ],
    ),
    (
        "office",
        "offices.csv",
        &[("office_id", "office_id"), ("name", "name"), ("phone", "phones"), ("fax", "faxes"), ("address", "address")],
    ),
    (
        "staff",
        "staff.csv",
        &[
            ("mail", "mail"),
            ("name", "name"),
            ("office_id", "office_id"),
            ("profession", "profession"),
            ("from", "from"),
            ("until", "until"),
        ],
    ),
];

const README: &str = "\
# Export of faxbridge
Everything until {}. This folder holds patient data.

| file | what |
|---|---|
| receipts.csv | every file and mail that was received, what became of it, and where its original lies |
| documents.jsonl | every document as it stands now: fields in the form of `faxbridge extract`, state, room |
| revisions.jsonl | every frozen revision of every document, who made it, what read it |
| postings.csv | every delivery: rooms and notices |
| registers/*.csv | the registers in force, in the columns that `faxbridge patients import` and its like read |
| originals/YYYY-MM/ | what was received, byte for byte: receipt's id and its own name |
| pages/READING/N.png | the pages upright, as they were read |
| readings/READING.json | every character with its place and its rivals |
| tables/*.jsonl | all tables of the database, one row a line; audit.jsonl is the log, hash by hash |

Times in tables/ are milliseconds since 1970, elsewhere RFC 3339. In the CSV files for people, cells that a spreadsheet
would take for a formula have an apostrophe in front.
";

pub fn run(options: &Options, out: &mut impl Write) -> Result<ExitCode> {
    let config = Config::load(&options.config)?;
    let place = site(&config)?;
    let export = Export::new(&options.to)?;
    let lost = super::wait(export.all(place))??;
    for what in &lost {
        writeln!(out, "lost or damaged: {what}")?;
    }
    writeln!(out, "{}: see README.md there", options.to.display())?;
    Ok(if lost.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Export {
    to: PathBuf,
}

impl Export {
    fn new(to: &Path) -> Result<Export> {
        let fail = || to.display().to_string();
        match fs::read_dir(to) {
            Ok(mut entries) => {
                ensure!(entries.next().is_none(), "{}: the folder is not empty", to.display());
                fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o700)).with_context(fail)?;
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => make(to)?,
            Err(e) => return Err(e).with_context(fail),
        }
        Ok(Export { to: to.to_owned() })
    }

    /// Writes everything; which blobs are lost.
    async fn all(&self, place: crate::store::Site) -> Result<Vec<String>> {
        let store = Store::open_read(place).await?;
        let now = rfc3339(store.now());
        self.tables(&store).await?;
        self.revisions()?;
        self.documents()?;
        self.postings()?;
        self.registers()?;
        let mut lost = Vec::new();
        self.receipts(&store, &mut lost).await?;
        self.pages(&store, &mut lost).await?;
        self.readings(&store, &mut lost).await?;
        self.create("README.md")?.write_all(README.replace("{}", &now).as_bytes())?;
        store.close().await;
        Ok(lost)
    }

    async fn tables(&self, store: &Store) -> Result<()> {
        let mut picture = store.picture().await?;
        for table in TABLES.iter() {
            let name = format!("tables/{}.jsonl", table.name);
            let mut file = self.create(&name)?;
            let io = |source| StoreError::Io { what: name.clone(), source };
            picture.each(table, |row| writeln!(file, "{row}").map_err(io)).await?;
            file.flush()?;
        }
        Ok(())
    }

    fn revisions(&self) -> Result<()> {
        let mut file = self.create("revisions.jsonl")?;
        for row in self.rows("revision")? {
            let row = row?;
            let told = json!({
                "document": row["document"], "revision": row["number"], "room": row["room"], "actor": row["actor"],
                "at": time(&row["at"]), "sha256": row["sha256"], "reader": inner(&row["reader"])?,
                "content": inner(&row["content"])?,
            });
            writeln!(file, "{told}")?;
        }
        Ok(file.flush()?)
    }

    /// Documents and revisions lie in the same order.
    fn documents(&self) -> Result<()> {
        let mut file = self.create("documents.jsonl")?;
        let mut revisions = self.rows("revision")?.peekable();
        for row in self.rows("document")? {
            let row = row?;
            let mut told = json!({
                "id": row["id"], "receipt": row["receipt"], "state": row["state"], "room": row["room"],
                "reason": row["reason"], "revision": row["revision"], "reading": row["reading"],
                "created": time(&row["created"]), "updated": time(&row["updated"]),
            });
            let ours = |r: &Result<Json>| r.as_ref().is_ok_and(|r| r["document"].as_str() <= row["id"].as_str());
            let mut content = None;
            while let Some(revision) = revisions.next_if(ours) {
                let revision = revision?;
                if revision["document"] == row["id"] && revision["number"] == row["revision"] {
                    content = Some(inner(&revision["content"])?);
                }
            }
            if let Some(content) = content {
                let document = contract(serde_json::from_value::<Document>(content)?);
                if let (Json::Object(told), Json::Object(fields)) = (&mut told, serde_json::to_value(document)?) {
                    told.extend(fields);
                }
            }
            writeln!(file, "{told}")?;
        }
        Ok(file.flush()?)
    }

    fn postings(&self) -> Result<()> {
        let mut file = csv::Writer::from_writer(self.create("postings.csv")?);
        let columns =
            ["key", "document", "revision", "sink", "purpose", "room", "recipient", "state", "remote", "attempts"];
        file.write_record(columns.iter().chain(&["error", "created", "updated"]))?;
        for row in self.rows("outbox")? {
            let row = row?;
            let cells = columns.iter().chain(&["error"]).map(|c| cell(&row[*c]));
            file.write_record(cells.chain([cell(&time(&row["created"])), cell(&time(&row["updated"]))]))?;
        }
        Ok(file.flush()?)
    }

    fn registers(&self) -> Result<()> {
        for (kind, name, columns) in REGISTERS {
            let mut file = csv::Writer::from_writer(self.create(&format!("registers/{name}"))?);
            file.write_record(columns.iter().map(|c| c.0))?;
            for row in self.rows("register")? {
                let row = row?;
                if row["kind"] == kind && row["ended"].is_null() {
                    let record = inner(&row["data"])?;
                    file.write_record(columns.iter().map(|c| plain(&record[c.1])))?;
                }
            }
            file.flush()?;
        }
        Ok(())
    }

    /// The originals, and the list of what was received.
    async fn receipts(&self, store: &Store, lost: &mut Vec<String>) -> Result<()> {
        let mut file = csv::Writer::from_writer(self.create("receipts.csv")?);
        let columns = ["id", "source", "source_id", "name", "sha256", "size", "linked", "state", "reason"];
        file.write_record(columns.iter().chain(&["received", "original"]))?;
        for row in self.rows("receipt")? {
            let row = row?;
            let received = time(&row["received"]);
            let mut original = String::new();
            if row["linked"].is_null() && !text(&row["sha256"]).is_empty() {
                match store.blob(text(&row["sha256"])).await {
                    Ok(bytes) => {
                        let month = text(&received).get(..7).unwrap_or("unknown");
                        let own = own_name(text(&row["name"]), extension(sniff(&bytes)));
                        original = format!("originals/{month}/{}-{own}", text(&row["id"]));
                        self.create(&original)?.write_all(&bytes)?;
                    }
                    Err(e) => lost.push(format!("the original of receipt {}: {e}", text(&row["id"]))),
                }
            }
            let cells = columns.iter().map(|c| cell(&row[*c]));
            file.write_record(cells.chain([cell(&received), original]))?;
        }
        Ok(file.flush()?)
    }

    async fn pages(&self, store: &Store, lost: &mut Vec<String>) -> Result<()> {
        for row in self.rows("page")? {
            let row = row?;
            let (reading, number) = (text(&row["reading"]), &row["number"]);
            if let Some(blob) = row["blob"].as_str().filter(|b| !b.is_empty()) {
                match store.blob(blob).await {
                    Ok(bytes) => self.create(&format!("pages/{reading}/{number}.png"))?.write_all(&bytes)?,
                    Err(e) => lost.push(format!("page {number} of reading {reading}: {e}")),
                }
            }
        }
        Ok(())
    }

    async fn readings(&self, store: &Store, lost: &mut Vec<String>) -> Result<()> {
        for row in self.rows("reading")? {
            let row = row?;
            let id = text(&row["id"]);
            let read = store.blob(text(&row["blob"])).await.map_err(|e| e.to_string());
            match read.and_then(|bytes| Reading::from_bytes(&bytes).map_err(|e| e.to_string())) {
                Ok(reading) => {
                    let mut file = self.create(&format!("readings/{id}.json"))?;
                    serde_json::to_writer(&mut file, &reading)?;
                    file.flush()?;
                }
                Err(e) => lost.push(format!("reading {id}: {e}")),
            }
        }
        Ok(())
    }

    fn create(&self, name: &str) -> Result<BufWriter<File>> {
        let path = self.to.join(name);
        make(path.parent().unwrap_or(&self.to))?;
        let file = File::options().create_new(true).write(true).mode(0o600).open(&path);
        Ok(BufWriter::new(file.with_context(|| path.display().to_string())?))
    }

    /// Rows of a table, from the file that was written.
    fn rows(&self, table: &str) -> Result<Rows> {
        let path = self.to.join(format!("tables/{table}.jsonl"));
        let file = File::open(&path).with_context(|| path.display().to_string())?;
        Ok(Rows(BufReader::new(file).lines()))
    }
}

struct Rows(Lines<BufReader<File>>);

impl Iterator for Rows {
    type Item = Result<Json>;

    fn next(&mut self) -> Option<Result<Json>> {
        Some(self.0.next()?.map_err(Into::into).and_then(|line| Ok(serde_json::from_str(&line)?)))
    }
}

fn make(dir: &Path) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).with_context(|| dir.display().to_string())
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}

fn time(value: &Json) -> Json {
    value.as_i64().map_or(Json::Null, |ms| rfc3339(ms).into())
}

/// JSON that stands in a column as text.
fn inner(value: &Json) -> Result<Json> {
    Ok(serde_json::from_str(text(value))?)
}

fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(s) => s.clone(),
        Json::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join(";"),
        other => other.to_string(),
    }
}

/// Names come from outside: none may become a formula.
fn cell(value: &Json) -> String {
    let text = plain(value);
    if value.is_string() && text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// The name that the source gave, as far as it can be one, with the ending of what it is.
fn own_name(name: &str, extension: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let safe: String = last.chars().map(|c| if c.is_control() || "<>:\"|?*".contains(c) { '_' } else { c }).collect();
    let mut safe = safe.trim_matches(['.', ' ']).to_owned();
    while safe.len() > 150 {
        safe.pop();
    }
    let known: &[&str] = match extension {
        "tif" => &["tif", "tiff"],
        "jpg" => &["jpg", "jpeg"],
        "bin" => &[""],
        other => &[other],
    };
    let has = Path::new(&safe).extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    match (safe.is_empty(), extension == "bin" && !has.is_empty() || known.contains(&has.as_str()) && !has.is_empty()) {
        (true, _) => format!("original.{extension}"),
        (_, true) => safe,
        _ => format!("{safe}.{extension}"),
    }
}

fn extension(format: Format) -> &'static str {
    match format {
        Format::Tiff => "tif",
        Format::Jpeg => "jpg",
        Format::Pdf
        | Format::Png
        | Format::Zip
        | Format::Eml
        | Format::Heic
        | Format::Gif
        | Format::Bmp
        | Format::Webp => format.key(),
        Format::Rtf => "rtf",
        Format::PostScript => "ps",
        Format::Html => "html",
        Format::Text => "txt",
        Format::Dicom => "dcm",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn originals_keep_their_names_as_far_as_they_are_names() {
        assert_eq!(own_name("scan 01.TIF", "tif"), "scan 01.TIF");
        assert_eq!(own_name("../../etc/passwd", "pdf"), "passwd.pdf");
        assert_eq!(own_name("退院サマリー", "tif"), "退院サマリー.tif");
        assert_eq!(own_name("x.exe", "pdf"), "x.exe.pdf");
        assert_eq!(own_name("..", "eml"), "original.eml");
        assert_eq!(own_name("data.xyz", "bin"), "data.xyz");
        assert!(own_name(&"長".repeat(200), "png").len() < 200);
    }

    #[test]
    fn no_cell_becomes_a_formula() {
        assert_eq!(cell(&json!("=1+1")), "'=1+1");
        assert_eq!(cell(&json!("a")), "a");
        assert_eq!(cell(&json!(-1)), "-1");
        assert_eq!(cell(&json!(["a", "b"])), "a;b");
    }
}
