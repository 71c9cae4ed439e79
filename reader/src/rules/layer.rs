//! The rules that a program or a folder carries (the base), and what a city puts on top of them (a layer).
//!
//! Kept apart, so that a better base comes with the next version of the program and what the city knows about its own
//! hospitals stays. A layer has files of the base's names in the same grammar; `ranker.toml` is never in one. Pure text:
//! where layers are kept is `store`'s business.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::file::RuleFile;
use super::{Ranker, RulesError, embedded};

const RANKER: &str = "ranker.toml";

/// The rules that others stand on; parsed once.
#[derive(Debug, Clone)]
pub struct Base(Arc<Parsed>);

#[derive(Debug)]
struct Parsed {
    hash: Sha256,
    files: BTreeMap<String, RuleFile>,
    texts: BTreeMap<String, String>,
    ranker: Arc<Ranker>,
}

/// File name → TOML.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Layer(BTreeMap<String, String>);

/// What is wrong with a file of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub file: String,
    /// From 1, where it has a place.
    pub line: Option<usize>,
    /// In words of the grammar (English).
    pub what: String,
}

impl From<Fault> for RulesError {
    fn from(f: Fault) -> RulesError {
        let line = f.line.map(|l| format!(", line {l}")).unwrap_or_default();
        RulesError(format!("{}{line}: {}", f.file, f.what))
    }
}

impl Base {
    /// What this build carries.
    pub fn embedded() -> Base {
        let files = embedded::FILES.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
        Self::of(files).expect("the embedded rules parse: a test holds them to it")
    }

    /// All files of a folder.
    ///
    /// # Errors
    /// A file that cannot be read or is no rules file.
    pub fn load(dir: &Path) -> Result<Base, RulesError> {
        let told = |e: std::io::Error| RulesError(format!("{}: {e}", dir.display()));
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(dir).map_err(told)? {
            let path = entry.map_err(told)?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                let text =
                    std::fs::read_to_string(&path).map_err(|e| RulesError(format!("{}: {e}", path.display())))?;
                files.insert(path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text);
            }
        }
        if files.is_empty() {
            return Err(RulesError(format!("{}: no rules file (*.toml) lies there", dir.display())));
        }
        Self::of(files)
    }

    pub(super) fn of(texts: BTreeMap<String, String>) -> Result<Base, RulesError> {
        let mut hash = Sha256::new();
        texts.iter().for_each(|(name, text)| eat(&mut hash, name, text));
        let ranker: Ranker = match texts.get(RANKER) {
            Some(text) => toml::from_str(text).map_err(|e| RulesError(format!("{RANKER}: {e}")))?,
            None => toml::from_str(embedded::RANKER).map_err(|e| RulesError(format!("the built-in ranker: {e}")))?,
        };
        let mut files = BTreeMap::new();
        for (name, text) in texts.iter().filter(|f| f.0 != RANKER) {
            let file: RuleFile = toml::from_str(text).map_err(|e| RulesError(format!("{name}: {e}")))?;
            files.insert(name.clone(), file);
        }
        let known = labelled(files.values());
        for (name, file) in &files {
            file.check(&known).map_err(|w| RulesError(format!("{name}: {}", w.what)))?;
        }
        Ok(Base(Arc::new(Parsed { hash, files, texts, ranker: Arc::new(ranker) })))
    }

    /// Names of the files that a layer may extend, and the document type of each.
    pub fn files(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.files.iter().map(|(name, f)| (name.as_str(), f.kind.as_deref()))
    }

    /// Text of a file, to read beside one's own.
    pub fn text(&self, file: &str) -> &str {
        self.0.texts.get(file).map_or("", String::as_str)
    }

    /// `sha256:…` over the base's files and the layer's.
    pub fn hash(&self, layer: &Layer) -> String {
        let mut hash = self.0.hash.clone();
        if !layer.is_empty() {
            hash.update([1]);
            layer.0.iter().for_each(|(name, text)| eat(&mut hash, name, text));
        }
        format!("sha256:{}", hex::encode(hash.finalize()))
    }

    pub(super) fn ranker(&self) -> Arc<Ranker> {
        self.0.ranker.clone()
    }

    /// The base's files, each extended by the layer's of that name.
    pub(super) fn with(&self, layer: &Layer) -> Result<BTreeMap<String, RuleFile>, RulesError> {
        let mut files = self.0.files.clone();
        for (name, own) in self.parse(layer)? {
            if let Some(file) = files.get_mut(&name) {
                *file = file.extended(&own);
            }
        }
        Ok(files)
    }

    /// A layer's files.
    ///
    /// # Errors
    /// The first that is no rules file or has no file of its name in the base, with its line.
    pub(super) fn parse(&self, layer: &Layer) -> Result<BTreeMap<String, RuleFile>, Fault> {
        let mut files = BTreeMap::new();
        for (name, text) in &layer.0 {
            let at = |line, what| Fault { file: name.clone(), line, what };
            let Some(base) = self.0.files.get(name) else {
                return Err(at(None, "the base has no file of this name".to_owned()));
            };
            let file: RuleFile = toml::from_str(text)
                .map_err(|e| at(e.span().map(|s| line_of(text, s.start)), e.message().to_owned()))?;
            for (own, theirs, key) in [(&file.kind, &base.kind, "type"), (&file.extends, &base.extends, "extends")] {
                if own.is_some() && own != theirs {
                    return Err(at(place(text, key), format!("{key}: the base's file has {theirs:?}")));
                }
            }
            files.insert(name.clone(), file);
        }
        let known = labelled(self.0.files.values().chain(files.values()));
        for (name, file) in &files {
            file.check(&known).map_err(|w| {
                let line = place(layer.file(name), &w.about);
                Fault { file: name.clone(), line, what: w.what }
            })?;
        }
        Ok(files)
    }
}

impl Layer {
    /// Out of the JSON that [`Layer::json`] makes.
    ///
    /// # Errors
    /// It is none.
    pub fn of_json(text: &str) -> Result<Layer, RulesError> {
        serde_json::from_str(text).map_err(|e| RulesError(format!("the layer is no JSON: {e}")))
    }

    /// As the store keeps it.
    pub fn json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Text of a file; empty where there is none.
    pub fn file(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Names and texts.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, t)| (n.as_str(), t.as_str()))
    }

    /// Puts a file's text; an empty one takes it away.
    pub fn set(&mut self, name: &str, text: &str) {
        let text = text.replace("\r\n", "\n");
        if text.trim().is_empty() {
            self.0.remove(name);
        } else {
            self.0.insert(name.to_owned(), format!("{}\n", text.trim_end()));
        }
    }
}

/// Keys of the city's own that some file has a label for.
fn labelled<'a>(files: impl Iterator<Item = &'a RuleFile>) -> BTreeSet<String> {
    files.flat_map(|f| &f.field).filter(|(_, r)| r.label.is_some()).map(|(k, _)| k.clone()).collect()
}

fn eat(hash: &mut Sha256, name: &str, text: &str) {
    for part in [name, text] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
}

fn line_of(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|b| *b == b'\n').count()
}

/// Line that first speaks of something.
fn place(text: &str, about: &str) -> Option<usize> {
    if about.is_empty() {
        return None;
    }
    text.lines().position(|l| l.contains(about)).map(|n| n + 1)
}
