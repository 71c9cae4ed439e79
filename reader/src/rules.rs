//! From a reading to documents with fields: sort, split, collect candidates, rank, decide what is sure.
//!
//! Extraction is a pure function of (rules, reading, registers); must not know pixels, store or web.
//! `file` (the TOML) → `lexicon` (labels on the page) → `classify`, `split` (documents) → `scope`, `form`, `marks`,
//! `shape`, `told` (candidates) → `rank` → `rechoose`, `decide`, `certain` (fields).

pub mod backtest;
mod candidate;
mod certain;
mod check;
pub mod choice;
mod classify;
mod context;
mod decide;
pub mod edit;
mod embedded;
mod file;
mod form;
mod given;
mod layer;
mod lexicon;
mod marks;
pub mod pack;
mod pen;
mod place;
mod rank;
mod rechoose;
mod scope;
mod second;
mod sender;
mod shape;
mod split;
pub mod teach;
mod told;
pub mod train;
mod unsaid;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::model::{self, Document, Kind};
use crate::reading::{Page, Reading};
use crate::register::Registers;

use candidate::{Candidate, Field, Sheet};
use classify::Sorter;
use file::{Compose, FieldRule, RuleFile};
use form::{Form, Known};
pub use layer::{Base, Fault, Layer};
use lexicon::Lexicon;
pub use rank::Ranker;
use split::{Facts, Together};

/// Rules as they are in force: the files of a folder and what a city put on top of them, checked and compiled.
#[derive(Debug)]
pub struct RuleSet {
    hash: String,
    made_of: String,
    /// Labels of all types, for sorting pages before their type is known.
    common: Lexicon,
    sorter: Sorter,
    kinds: BTreeMap<String, TypeRules>,
    ranker: Arc<Ranker>,
    /// What a hand wrote is accepted like print.
    handwriting: bool,
}

/// Rules of one document type. What is compiled out of them is so once it is asked for: a sheet needs one type and at
/// most one hospital.
#[derive(Debug)]
struct TypeRules {
    /// File that they stand in.
    file: String,
    rules: BTreeMap<String, FieldRule>,
    words: Words,
    fields: OnceLock<Vec<Field>>,
    lexicon: OnceLock<Lexicon>,
    hospitals: Vec<HospitalRules>,
}

/// One hospital's own layout, as it is on sheets of one type.
#[derive(Debug)]
struct HospitalRules {
    when: file::When,
    /// What it says itself.
    own: BTreeMap<String, FieldRule>,
    /// That, on top of the type's.
    rules: BTreeMap<String, FieldRule>,
    made: OnceLock<(Vec<Field>, Lexicon)>,
}

/// Words that are no field's.
#[derive(Debug, Clone, Default, PartialEq)]
struct Words {
    stops: Vec<String>,
    sections: BTreeMap<file::Group, Vec<String>>,
    compose: Compose,
}

/// A rules file that cannot be used: names the file, the line and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RulesError(pub String);

/// What a reading holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Extraction {
    pub documents: Vec<Document>,
    /// What was found where there is no document, as a sentence for a person.
    pub note: Option<String>,
}

impl RuleSet {
    /// The rules that this build carries.
    pub fn embedded() -> RuleSet {
        Self::compile(&Base::embedded(), &Layer::default())
            .expect("the embedded rules compile: a test holds them to it")
    }

    /// All rules of a folder.
    ///
    /// # Errors
    /// A file that cannot be read or is no rules file.
    pub fn load(dir: &Path) -> Result<RuleSet, RulesError> {
        Self::compile(&Base::load(dir)?, &Layer::default())
    }

    /// A base with what a city put on top of it.
    ///
    /// # Errors
    /// The layer's files are no rules files, or do not go with the base's.
    pub fn layered(base: &Base, layer: &Layer) -> Result<RuleSet, RulesError> {
        Self::compile(base, layer)
    }

    fn compile(base: &Base, layer: &Layer) -> Result<RuleSet, RulesError> {
        let parsed = base.with(layer)?;
        let (base_hash, ranker) = (base.hash(layer), base.ranker());
        let mut kinds = BTreeMap::new();
        let mut every: BTreeMap<String, FieldRule> = BTreeMap::new();
        let mut stops: BTreeSet<String> = BTreeSet::new();
        let mut sections = BTreeMap::new();
        let mut compose = Compose::default();
        for (name, file) in &parsed {
            let Some(kind) = &file.kind else { continue };
            let base = match &file.extends {
                Some(b) => Some(
                    parsed
                        .get(b)
                        .ok_or_else(|| RulesError(format!("{name}: extends {b:?}, which does not lie beside it")))?,
                ),
                None => None,
            };
            if kinds.contains_key(kind) {
                return Err(RulesError(format!("{name}: another file has the type {kind:?} already")));
            }
            let rules = TypeRules::new(name, file, base);
            for (key, rule) in &rules.rules {
                let e = every.entry(key.clone()).or_default();
                *e = e.extended(rule);
            }
            for f in base.into_iter().chain([file]) {
                stops.extend(f.stop.labels.iter().cloned());
                sections.extend(f.section.clone());
                compose.extend(&f.compose);
            }
            kinds.insert(kind.clone(), rules);
        }
        if kinds.is_empty() {
            return Err(RulesError("no rules file names a document `type`".to_owned()));
        }
        let words = Words { stops: stops.into_iter().collect(), sections, compose };
        let sorter = Sorter::new(parsed.values().filter_map(|f| Some((f.kind.as_deref()?, &f.classify))));
        Ok(RuleSet {
            hash: base_hash.clone(),
            made_of: base_hash,
            common: words.lexicon(&every),
            sorter,
            kinds,
            ranker,
            handwriting: false,
        })
    }

    /// The same rules under other weights: for judging what was learnt.
    pub fn weigh(&mut self, ranker: Ranker) {
        self.ranker = Arc::new(ranker);
    }

    /// The same, accepting handwriting like print or not (`reader.accept_handwriting`); other rules, so another hash.
    #[must_use]
    pub fn accepting_handwriting(mut self, accept: bool) -> RuleSet {
        if accept && !self.handwriting {
            self.hash = format!("sha256:{}", hex::encode(Sha256::digest(format!("{} handwriting", self.hash))));
        }
        self.handwriting |= accept;
        self
    }

    /// [`Base::hash`] of what it was made of.
    pub fn made_of(&self) -> &str {
        &self.made_of
    }

    /// Labels of the city's own fields, by key.
    pub fn own_fields(&self) -> BTreeMap<String, String> {
        let rules = self.kinds.values().flat_map(|k| &k.rules);
        rules.filter_map(|(key, r)| Some((key.clone(), r.label.clone().filter(|_| key.starts_with("x."))?))).collect()
    }

    /// Normal forms of the city's own fields, by key, where a rule says one.
    pub fn own_kinds(&self) -> BTreeMap<String, Kind> {
        let rules = self.kinds.values().flat_map(|k| &k.rules).filter(|(key, _)| key.starts_with("x."));
        rules.filter_map(|(key, r)| Some((key.clone(), r.kind?))).collect()
    }

    /// `sha256:…` over all files.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Document types that have rules.
    pub fn types(&self) -> Vec<String> {
        self.kinds.keys().cloned().collect()
    }

    fn fields_of(&self, kind: &str) -> &[Field] {
        self.kinds.get(kind).map_or(&[], |k| k.fields())
    }
}

impl Words {
    fn lexicon(&self, rules: &BTreeMap<String, FieldRule>) -> Lexicon {
        Lexicon::new(rules, &self.stops, &self.sections, &self.compose)
    }
}

impl TypeRules {
    fn new(name: &str, file: &RuleFile, base: Option<&RuleFile>) -> TypeRules {
        let mut rules: BTreeMap<String, FieldRule> = base.map(|b| b.field.clone()).unwrap_or_default();
        file::extend_fields(&mut rules, &file.field);
        let mut stops = base.map(|b| b.stop.labels.clone()).unwrap_or_default();
        stops.extend(file.stop.labels.iter().cloned());
        let mut sections = base.map(|b| b.section.clone()).unwrap_or_default();
        for (g, words) in &file.section {
            sections.entry(*g).or_default().extend(words.iter().cloned());
        }
        let mut compose = base.map(|b| b.compose.clone()).unwrap_or_default();
        compose.extend(&file.compose);
        let hospitals = file::hospitals(&file.hospital, base.map_or(&[], |b| &b.hospital))
            .into_iter()
            .map(|h| {
                let mut all = rules.clone();
                file::extend_fields(&mut all, &h.field);
                HospitalRules { when: h.when, own: h.field, rules: all, made: OnceLock::new() }
            })
            .collect();
        TypeRules {
            file: name.to_owned(),
            rules,
            words: Words { stops, sections, compose },
            fields: OnceLock::new(),
            lexicon: OnceLock::new(),
            hospitals,
        }
    }

    fn fields(&self) -> &[Field] {
        self.fields.get_or_init(|| compiled(&self.rules, &BTreeMap::new()))
    }

    fn lexicon(&self) -> &Lexicon {
        self.lexicon.get_or_init(|| self.words.lexicon(&self.rules))
    }

    /// The hospital that is recognised on a sheet.
    fn hospital(&self, pages: &[&Page]) -> Option<&HospitalRules> {
        self.hospitals.iter().find(|h| sender::is_from(&h.when, pages))
    }

    /// Fields and labels for a sheet: a hospital's own where it is recognised.
    fn for_sheet<'r>(&'r self, hospital: Option<&'r HospitalRules>) -> (&'r [Field], &'r Lexicon) {
        match hospital {
            Some(h) => {
                let made = h.made.get_or_init(|| (compiled(&h.rules, &h.own), self.words.lexicon(&h.rules)));
                (&made.0, &made.1)
            }
            None => (self.fields(), self.lexicon()),
        }
    }
}

/// Fields out of their rules; `own`: what one hospital's entry says itself. (Patterns were looked at when the file was.)
fn compiled(rules: &BTreeMap<String, FieldRule>, own: &BTreeMap<String, FieldRule>) -> Vec<Field> {
    rules
        .iter()
        .map(|(key, rule)| (key, rule, rule.form.unwrap_or(Form::Word)))
        .map(|(key, rule, form)| Field {
            key: key.clone(),
            choices: marks::choices(rule, form),
            rule: rule.clone(),
            form,
            group: rule.group,
            pattern: rule.pattern.as_ref().and_then(|p| regex::Regex::new(p).ok()),
            own: own.get(key).and_then(given::Own::of),
        })
        .collect()
}

/// Sorts a reading into documents and extracts their fields.
pub fn extract(rules: &RuleSet, reading: &Reading, registers: &Registers) -> Extraction {
    let (pages, together) = sorted(rules, reading);
    let documents: Vec<Document> =
        together.into_iter().map(|t| document(rules, reading, &pages, t, registers)).collect();
    let note = documents.is_empty().then(|| note(reading));
    Extraction { documents, note }
}

/// The pages that hold something, and the documents that they make.
fn sorted(rules: &RuleSet, reading: &Reading) -> (Vec<usize>, Vec<Together>) {
    let pages = written(reading);
    let sheet = |i: &usize| Sheet::new(&reading.pages[*i], &rules.common);
    let facts: Vec<Facts> = pages.iter().map(|i| facts(rules, &sheet(i), pages.len() > 1)).collect();
    let together = split::documents(&facts, &rules.types());
    (pages, together)
}

/// The pages that hold something.
fn written(reading: &Reading) -> Vec<usize> {
    (0..reading.pages.len()).filter(|i| !reading.pages[*i].blank && reading.pages[*i].failed.is_none()).collect()
}

/// What is known of a page before its document is; the sheet has the labels of all types. `beside`: there are other pages,
/// so that it matters whose it is.
fn facts(rules: &RuleSet, sheet: &Sheet, beside: bool) -> Facts {
    let page = sheet.view.page;
    let kind = rules.sorter.page(sheet, &rules.ranker);
    // any type's rules for the patient's name and the others will do
    let mut said: BTreeMap<String, (String, f32)> = BTreeMap::new();
    if let Some(k) = rules.kinds.values().next().filter(|_| beside) {
        let own = |f: &&Field| f.key == "patient.name" || split::TELLING.contains(&f.key.as_str());
        let fields: Vec<Field> = k.fields().iter().filter(own).cloned().collect();
        let known = reference(std::slice::from_ref(sheet), &fields, &Reading::default());
        let mut all = candidate::collect(sheet, &fields, &known);
        rank::describe(sheet, &fields, &mut all, &Registers::default(), false);
        rules.ranker.rank("referral", &fields, &mut all);
        for c in all {
            let best = said.entry(c.field).or_default();
            if c.p > best.1 {
                *best = (crate::text::squeeze(&c.value.text()), c.p);
            }
        }
    }
    let name = said.get("patient.name").cloned();
    let said = split::TELLING.iter().filter_map(|k| said.get(*k).map(|(v, p)| (*k, v.clone(), *p))).collect();
    Facts { number: page.number, kind, name, count: split::page_count(&sheet.view), said }
}

fn document(rules: &RuleSet, reading: &Reading, pages: &[usize], t: Together, registers: &Registers) -> Document {
    match Paged::new(rules, reading, pages, &t) {
        Some(paged) => {
            let all = paged.collect(|_| true);
            paged.decide(rules, t, all, registers)
        }
        None => bare(t, pages.iter().map(|i| reading.pages[*i].number).collect::<Vec<u32>>().as_slice()),
    }
}

/// A document of a type that has no rules; `numbers`: of the pages that hold something.
fn bare(t: Together, numbers: &[u32]) -> Document {
    Document {
        pages: t.pages.iter().map(|i| numbers[*i]).collect(),
        confidence: (f64::from(t.confidence) * 1000.0).round() / 1000.0,
        fields: BTreeMap::new(),
        doubts: t.doubts,
        sender_id: None,
        kind: t.kind,
    }
}

/// The pages of one document, with the labels of its type or of its hospital's entry.
struct Paged<'r> {
    kind: &'r TypeRules,
    hospital: Option<&'r HospitalRules>,
    fields: &'r [Field],
    pages: Vec<&'r Page>,
    sheets: Vec<Sheet<'r>>,
    /// For each sheet: it is the cover of other pages.
    cover: Vec<bool>,
    known: Known,
}

impl<'r> Paged<'r> {
    /// `pages`: those of the reading that hold something. None where the type has no rules.
    fn new(rules: &'r RuleSet, reading: &'r Reading, pages: &[usize], t: &Together) -> Option<Paged<'r>> {
        let kind = rules.kinds.get(&t.kind)?;
        let own: Vec<&Page> = t.pages.iter().map(|i| &reading.pages[pages[*i]]).collect();
        let hospital = kind.hospital(&own);
        let (fields, lexicon) = kind.for_sheet(hospital);
        let sheets: Vec<Sheet> = own.iter().map(|p| Sheet::new(p, lexicon)).collect();
        let known = reference(&sheets, fields, reading);
        let cover = t.pages.iter().map(|i| t.covers.contains(i) && t.covers.len() < t.pages.len()).collect();
        Some(Paged { kind, hospital, fields, pages: own, sheets, cover, known })
    }

    /// Where the rules stand, for the values' traces.
    fn rules(&self) -> String {
        let file = &self.kind.file;
        self.hospital.map_or_else(|| file.clone(), |h| format!("{file} [{}]", h.when.name_or_number()))
    }

    /// The candidates of some fields on each sheet.
    fn collect(&self, which: impl Fn(&Field) -> bool) -> Vec<Vec<Candidate>> {
        let fields: Vec<Field> = self.fields.iter().filter(|f| which(f)).cloned().collect();
        self.sheets.iter().map(|s| candidate::collect(s, &fields, &self.known)).collect()
    }

    /// The document, out of the candidates of each sheet.
    fn decide(self, rules: &RuleSet, t: Together, candidates: Vec<Vec<Candidate>>, registers: &Registers) -> Document {
        let mut all = Vec::new();
        for ((sheet, cover), mut own) in self.sheets.iter().zip(&self.cover).zip(candidates) {
            rank::describe(sheet, self.fields, &mut own, registers, *cover);
            all.extend(own);
        }
        rules.ranker.rank(&t.kind, self.fields, &mut all);
        given::settle(self.fields, &self.pages, &mut all);
        let case = decide::Case {
            fields: self.fields,
            ranker: &rules.ranker,
            registers,
            known: self.known,
            pages: &self.pages,
            rules: self.rules(),
            handwriting: rules.handwriting,
        };
        let fields = decide::fields(&case, all);
        let torn = t.torn;
        let pages = self.pages.iter().map(|p| p.number).collect();
        let mut out = Document { fields, pages, ..bare(Together { pages: Vec::new(), ..t }, &[]) };
        // nor is it where the pages may not belong together
        if torn {
            out.fields.values_mut().for_each(model::Field::doubt);
        }
        // a lost page's values are nobody's: without a patient nothing is certain
        if !matches!(out.kind.as_str(), "cover" | "other") && !out.fields.contains_key("patient.name") {
            out.fields.values_mut().for_each(model::Field::doubt);
        }
        let numbers: Vec<String> = ["sender.phone", "sender.fax"].iter().filter_map(|k| out.text(k)).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let sender = registers.sender(out.text("sender.institution").as_deref(), &numbers);
        out.sender_id = sender.id;
        out.doubts.extend(sender.contradiction);
        out
    }
}

fn candidates(sheet: &Sheet, fields: &[Field], known: &Known, registers: &Registers, cover: bool) -> Vec<Candidate> {
    let mut all = candidate::collect(sheet, fields, known);
    rank::describe(sheet, fields, &mut all, registers, cover);
    all
}

/// The day by which dates without a year, ages and periods are read: the sheet's own, else the mail's.
fn reference(sheets: &[Sheet], fields: &[Field], reading: &Reading) -> Known {
    let own: Vec<Field> = fields.iter().filter(|f| f.key == "document.date").cloned().collect();
    let mut best: Option<(f32, Date)> = None;
    for sheet in sheets {
        for c in candidate::collect(sheet, &own, &Known::default()) {
            let score = c.quality + if c.label.is_some() { 0.5 } else { 0.0 };
            if let Ok(d) = c.value.text().parse::<Date>()
                && (2000..=2100).contains(&d.year())
                && best.is_none_or(|b| score > b.0)
            {
                best = Some((score, d));
            }
        }
    }
    let mail = reading.mail.as_ref().and_then(|m| m.date.as_ref()?.get(..10)?.parse().ok());
    Known { reference: best.map(|b| b.1).or(mail), era: None }
}

/// All candidates of a document whose type is known, described, and the fields whose labels stand on it: for [`train`].
/// `forget`: a seed, and how many of 100 labels are passed over.
fn pages_of(
    rules: &RuleSet,
    reading: &Reading,
    doc: &train::TrueDocument,
    registers: &Registers,
    forget: Option<(u64, u64)>,
) -> (Vec<Candidate>, Vec<String>) {
    let refs: Vec<&Page> = reading.pages.iter().filter(|p| doc.pages.contains(&p.number) && !p.blank).collect();
    let Some(k) = rules.kinds.get(&doc.kind) else { return (Vec::new(), Vec::new()) };
    let mut own: Vec<Sheet> = refs.iter().map(|p| Sheet::new(p, k.lexicon())).collect();
    if let Some((seed, share)) = forget {
        own = own.into_iter().map(|s| s.forgetting(seed, share)).collect();
    }
    let known = reference(&own, k.fields(), reading);
    let mut all = Vec::new();
    let mut labels = BTreeSet::new();
    for (page, own) in refs.iter().zip(&own) {
        let sheet = Sheet::new(page, &rules.common);
        let cover = refs.len() > 1
            && doc.kind != "cover"
            && rules.sorter.page(&sheet, &rules.ranker).title().is_some_and(|t| t.kind == "cover" && t.strength > 0.5);
        labels.extend(sheet.hits.all.iter().flat_map(|h| &h.fields).map(|f| f.0.clone()));
        all.extend(candidates(own, k.fields(), &known, registers, cover));
    }
    (all, labels.into_iter().collect())
}

/// What was found where there is no document.
fn note(reading: &Reading) -> String {
    if reading.pages.iter().any(|p| p.blank) {
        return "白紙のみです".to_owned();
    }
    let ignored: Vec<&str> = reading.parts.iter().filter_map(|p| p.ignored.as_deref()).collect();
    match (&reading.mail, ignored.is_empty()) {
        (Some(_), true) => "書類の添付がないメールです".to_owned(),
        (Some(_), false) => format!("書類の添付がないメールです（{}）", ignored.join("、")),
        _ => "書類の頁がありません".to_owned(),
    }
}

#[cfg(test)]
mod tests;
