//! The rules as people write them: one TOML file a document type, and `common.toml` that all of them extend.
//!
//! Knows only the vocabulary. What a file means is compiled in `rules.rs`; docs/rules-reference.md explains it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::form::{Check, Form, Normaliser};
use super::scope::Direction;
use crate::model::{Kind, Vocabulary};

/// Who a value speaks of; words that name them stand in `[section]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Sender,
    Recipient,
    Patient,
    Contact,
    Care,
    /// Somebody else on the sheet: a family doctor, a second relative, the answer's part.
    Other,
}

/// One rules file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Document type; absent in `common.toml` only.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// File whose fields these extend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub classify: Classify,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub field: BTreeMap<String, FieldRule>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub stop: Stop,
    /// Words that open a block about somebody.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub section: BTreeMap<Group, Vec<String>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub compose: Compose,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hospital: Vec<Hospital>,
}

/// How pages of this type are recognised.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classify {
    #[serde(default, skip_serializing_if = "is_default")]
    pub title: Title,
    /// Words of the body that speak for the type, with their weights.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, f32>,
    /// Words that forbid the type where they stand in a title.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub veto: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Title {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<String>,
    /// x0, y0, x1, y1 as shares of the page: where a title may stand.
    #[serde(serialize_with = "plainly")]
    pub region: [f32; 4],
    pub weight: f32,
    /// Characters that may be read wrongly in a title of six or more.
    pub max_edits: u8,
}

impl Default for Title {
    fn default() -> Self {
        Self { any: Vec::new(), region: [0.0, 0.0, 1.0, 0.45], weight: 5.0, max_edits: 1 }
    }
}

/// Labels that belong to nothing the vocabulary carries: they end a value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// What labels that no list holds are made of: 入院 + 後 + の + 経過.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compose {
    /// Words that stand in front of a label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stems: Vec<String>,
    /// Words behind it that say nothing: 等, 欄, について.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tails: Vec<String>,
}

/// How one field is found, read and judged. In a type's file, lists extend those of `common.toml`, other keys replace.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// Labels that decide alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Labels that several fields share: who is spoken of decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<String>,
    /// Labels that count only with a well-formed value in the right block.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weak: Vec<String>,
    /// Labels of `common.toml` that mean something else on this type: they only end a value here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not: Vec<String>,
    /// Words that are no label by themselves, but make one as the last word of a heading: 処方中の薬.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<String>,
    /// Where the value may stand from the label; empty: anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub look: Vec<Direction>,
    /// Words at which the value ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_at: Vec<String>,
    /// What the value looks like: which parser reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// Regular expression; its first group, or the whole match, is the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub normalise: Vec<Normaliser>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check: Vec<Check>,
    /// Confidence from which the value is accepted without a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<f64>,
    /// Where on the page (shares of it) the value must stand. With it no label is needed.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "plainly_if")]
    pub region: Option<[f32; 4]>,
    /// Page of the document (from 1) that the region is on; without it, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// A printed group of options, one or several of which are marked: value → words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, Vec<String>>,
    /// Label for people and normal form, for `x.` fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
}

/// One hospital's own layout.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hospital {
    pub when: When,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub field: BTreeMap<String, FieldRule>,
}

/// Any one of these on the sheet tells the hospital.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fax: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Name as the letterhead has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Shares of a page, to the tenth of a millimetre.
fn plainly<S: serde::Serializer>(region: &[f32; 4], s: S) -> Result<S::Ok, S::Error> {
    region.map(|x| (f64::from(x) * 10_000.0).round() / 10_000.0).serialize(s)
}

fn plainly_if<S: serde::Serializer>(region: &Option<[f32; 4]>, s: S) -> Result<S::Ok, S::Error> {
    match region {
        Some(r) => plainly(r, s),
        None => s.serialize_none(),
    }
}

impl When {
    /// What tells the hospital, for traces.
    pub fn name_or_number(&self) -> &str {
        [&self.name, &self.fax, &self.phone].into_iter().flatten().next().map_or("", String::as_str)
    }
}

impl RuleFile {
    /// Whether all of it can be. `known`: keys of one's own (`x.`) that some file has a label for.
    pub(super) fn check(&self, known: &BTreeSet<String>) -> Result<(), Wrong> {
        let vocabulary = Vocabulary::get();
        let at = |about: &str, what: String| Err(Wrong { about: about.to_owned(), what });
        let wrong = |what: String| at("", what);
        if let Some(kind) = &self.kind
            && !vocabulary.types.contains_key(kind)
        {
            return wrong(format!("type {kind:?} is not in the vocabulary; one of {:?}", vocabulary.types.keys()));
        }
        let own = |key: &String| known.contains(key) || self.field.get(key).is_some_and(|r| r.label.is_some());
        let fields = self.field.iter().chain(self.hospital.iter().flat_map(|h| &h.field));
        for (key, rule) in fields {
            if key.starts_with("x.") {
                if rule.label.is_none() && !own(key) {
                    return at(key, format!("field {key:?} needs a `label` for people"));
                }
            } else if !vocabulary.fields.contains_key(key) {
                let what = format!("field {key:?} is not in the vocabulary; keys of your own begin with `x.`");
                return at(key, what);
            }
            if let Some(p) = &rule.pattern
                && let Err(e) = regex::Regex::new(p)
            {
                return at(p, format!("field {key:?}: pattern: {e}"));
            }
            if let Some([x0, y0, x1, y1]) = rule.region
                && !(0.0 <= x0 && x0 < x1 && x1 <= 1.0 && 0.0 <= y0 && y0 < y1 && y1 <= 1.0)
            {
                return at(key, format!("field {key:?}: region: four shares of the page, x0 < x1 and y0 < y1"));
            }
            if rule.accept.is_some_and(|a| !(0.0..=1.0).contains(&a)) {
                return at(key, format!("field {key:?}: accept: from 0 to 1"));
            }
            if let Some(d) = vocabulary.fields.get(key)
                && d.kind == Kind::Enum
                && let Some(v) = rule.options.keys().find(|v| !v.is_empty() && !d.values.contains(v))
            {
                return at(key, format!("field {key:?}: option {v:?} is none of {:?}", d.values));
            }
        }
        for h in &self.hospital {
            if h.when.fax.is_none() && h.when.phone.is_none() && h.when.name.is_none() {
                return wrong("a [[hospital]] needs `when` with fax, phone or name".to_owned());
            }
        }
        Ok(())
    }
}

/// What no rule may be, and a word by which the place of it is found.
pub(super) struct Wrong {
    pub about: String,
    pub what: String,
}

impl RuleFile {
    /// This file, and what another one says on top of it: fields are extended, words are added, a hospital with the same
    /// `when` is extended and a new one stands in front, so that it decides.
    pub fn extended(&self, by: &RuleFile) -> RuleFile {
        let mut out = self.clone();
        let usual = Title::default();
        let (title, more) = (&mut out.classify.title, &by.classify.title);
        join(&mut title.any, &more.any);
        if more.region != usual.region {
            title.region = more.region;
        }
        if more.weight != usual.weight {
            title.weight = more.weight;
        }
        if more.max_edits != usual.max_edits {
            title.max_edits = more.max_edits;
        }
        out.classify.words.extend(by.classify.words.clone());
        join(&mut out.classify.veto, &by.classify.veto);
        extend_fields(&mut out.field, &by.field);
        join(&mut out.stop.labels, &by.stop.labels);
        for (group, words) in &by.section {
            join(out.section.entry(*group).or_default(), words);
        }
        out.compose.extend(&by.compose);
        out.hospital = hospitals(&by.hospital, &self.hospital);
        out
    }
}

/// Hospitals of one file above those of another: where both have the same, what the upper one says counts more.
pub fn hospitals(above: &[Hospital], below: &[Hospital]) -> Vec<Hospital> {
    let same = |h: &Hospital, list: &[Hospital]| list.iter().position(|o| o.when == h.when);
    let mut out: Vec<Hospital> = Vec::new();
    for h in above {
        let mut field = same(h, below).map(|i| below[i].field.clone()).unwrap_or_default();
        extend_fields(&mut field, &h.field);
        out.push(Hospital { when: h.when.clone(), field });
    }
    out.extend(below.iter().filter(|b| same(b, above).is_none()).cloned());
    out
}

/// Rules by field, extended by more particular ones.
pub fn extend_fields(rules: &mut BTreeMap<String, FieldRule>, by: &BTreeMap<String, FieldRule>) {
    for (key, rule) in by {
        let merged = rules.get(key).map_or_else(|| rule.clone(), |b| b.extended(rule));
        rules.insert(key.clone(), merged);
    }
}

fn join(own: &mut Vec<String>, more: &[String]) {
    let new: Vec<String> = more.iter().filter(|w| !own.contains(w)).cloned().collect();
    own.extend(new);
}

impl Compose {
    /// These words and another file's.
    pub fn extend(&mut self, by: &Compose) {
        join(&mut self.stems, &by.stems);
        join(&mut self.tails, &by.tails);
    }
}

impl FieldRule {
    /// This rule, extended by a more particular one.
    pub fn extended(&self, by: &FieldRule) -> FieldRule {
        fn joined<T: Clone + PartialEq>(a: &[T], b: &[T]) -> Vec<T> {
            let mut out = a.to_vec();
            out.extend(b.iter().filter(|x| !a.contains(x)).cloned());
            out
        }
        fn or<T: Clone>(a: &[T], b: &[T]) -> Vec<T> {
            if b.is_empty() { a.to_vec() } else { b.to_vec() }
        }
        let but = |words: Vec<String>| words.into_iter().filter(|w| !by.not.contains(w)).collect();
        FieldRule {
            labels: but(joined(&self.labels, &by.labels)),
            shared: but(joined(&self.shared, &by.shared)),
            not: joined(&self.not, &by.not),
            weak: joined(&self.weak, &by.weak),
            heads: joined(&self.heads, &by.heads),
            look: or(&self.look, &by.look),
            stop_at: joined(&self.stop_at, &by.stop_at),
            form: by.form.or(self.form),
            group: by.group.or(self.group),
            pattern: by.pattern.clone().or_else(|| self.pattern.clone()),
            normalise: or(&self.normalise, &by.normalise),
            check: joined(&self.check, &by.check),
            accept: by.accept.or(self.accept),
            region: by.region.or(self.region),
            page: by.page.or(if by.region.is_some() { None } else { self.page }),
            options: if by.options.is_empty() { self.options.clone() } else { by.options.clone() },
            label: by.label.clone().or_else(|| self.label.clone()),
            kind: by.kind.or(self.kind),
        }
    }
}
