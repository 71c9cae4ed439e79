//! The rules as people write them: one TOML file a document type, and `common.toml` that all of them extend.
//!
//! Knows only the vocabulary. What a file means is compiled in `rules.rs`; docs/rules.md explains it to administrators.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::RulesError;
use super::form::{Check, Form, Normaliser};
use super::scope::Direction;
use crate::model::{Kind, Vocabulary};

/// Who a value speaks of; words that name them stand in `[section]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
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
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Document type; absent in `common.toml` only.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// File whose fields these extend.
    pub extends: Option<String>,
    #[serde(default)]
    pub classify: Classify,
    #[serde(default)]
    pub field: BTreeMap<String, FieldRule>,
    #[serde(default)]
    pub stop: Stop,
    /// Words that open a block about somebody.
    #[serde(default)]
    pub section: BTreeMap<Group, Vec<String>>,
    #[serde(default)]
    pub compose: Compose,
    #[serde(default)]
    pub hospital: Vec<Hospital>,
}

/// How pages of this type are recognised.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classify {
    #[serde(default)]
    pub title: Title,
    /// Words of the body that speak for the type, with their weights.
    #[serde(default)]
    pub words: BTreeMap<String, f32>,
    /// Words that forbid the type where they stand in a title.
    #[serde(default)]
    pub veto: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Title {
    pub any: Vec<String>,
    /// x0, y0, x1, y1 as shares of the page: where a title may stand.
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
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    #[serde(default)]
    pub labels: Vec<String>,
}

/// What labels that no list holds are made of: 入院 + 後 + の + 経過.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compose {
    /// Words that stand in front of a label.
    #[serde(default)]
    pub stems: Vec<String>,
    /// Words behind it that say nothing: 等, 欄, について.
    #[serde(default)]
    pub tails: Vec<String>,
}

/// How one field is found, read and judged. In a type's file, lists extend those of `common.toml`, other keys replace.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// Labels that decide alone.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Labels that several fields share: who is spoken of decides.
    #[serde(default)]
    pub shared: Vec<String>,
    /// Labels that count only with a well-formed value in the right block.
    #[serde(default)]
    pub weak: Vec<String>,
    /// Labels of `common.toml` that mean something else on this type: they only end a value here.
    #[serde(default)]
    pub not: Vec<String>,
    /// Words that are no label by themselves, but make one as the last word of a heading: 処方中の薬.
    #[serde(default)]
    pub heads: Vec<String>,
    /// Where the value may stand from the label; empty: anywhere.
    #[serde(default)]
    pub look: Vec<Direction>,
    /// Words at which the value ends.
    #[serde(default)]
    pub stop_at: Vec<String>,
    /// What the value looks like: which parser reads it.
    pub form: Option<Form>,
    pub group: Option<Group>,
    /// Regular expression; its first group, or the whole match, is the value.
    pub pattern: Option<String>,
    #[serde(default)]
    pub normalise: Vec<Normaliser>,
    #[serde(default)]
    pub check: Vec<Check>,
    /// Confidence from which the value is accepted without a person.
    pub accept: Option<f64>,
    /// Where on the page (shares of it) the value must stand. With it no label is needed.
    pub region: Option<[f32; 4]>,
    /// A printed group of options, one or several of which are marked: value → words.
    #[serde(default)]
    pub options: BTreeMap<String, Vec<String>>,
    /// Label for people and normal form, for `x.` fields.
    pub label: Option<String>,
    pub kind: Option<Kind>,
}

/// One hospital's own layout.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hospital {
    pub when: When,
    #[serde(default)]
    pub field: BTreeMap<String, FieldRule>,
}

/// Any one of these on the sheet tells the hospital.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    pub fax: Option<String>,
    pub phone: Option<String>,
    /// Name as the letterhead has it.
    pub name: Option<String>,
}

impl RuleFile {
    /// # Errors
    /// No TOML, or keys and values that no rule has; names the file and the line.
    pub fn parse(name: &str, text: &str) -> Result<RuleFile, RulesError> {
        let file: RuleFile = toml::from_str(text).map_err(|e| RulesError(format!("{name}: {e}")))?;
        file.check(name)?;
        Ok(file)
    }

    fn check(&self, name: &str) -> Result<(), RulesError> {
        let vocabulary = Vocabulary::get();
        let wrong = |what: String| Err(RulesError(format!("{name}: {what}")));
        if let Some(kind) = &self.kind
            && !vocabulary.types.contains_key(kind)
        {
            return wrong(format!("type {kind:?} is not in the vocabulary; one of {:?}", vocabulary.types.keys()));
        }
        let fields = self.field.iter().chain(self.hospital.iter().flat_map(|h| &h.field));
        for (key, rule) in fields {
            if key.starts_with("x.") {
                if self.hospital.is_empty() && rule.label.is_none() {
                    return wrong(format!("field {key:?} needs a `label` for people"));
                }
            } else if !vocabulary.fields.contains_key(key) {
                return wrong(format!("field {key:?} is not in the vocabulary; keys of your own begin with `x.`"));
            }
            if let Some(p) = &rule.pattern
                && let Err(e) = regex::Regex::new(p)
            {
                return wrong(format!("field {key:?}: pattern: {e}"));
            }
            if let Some(d) = vocabulary.fields.get(key)
                && d.kind == Kind::Enum
                && let Some(v) = rule.options.keys().find(|v| !d.values.contains(v))
            {
                return wrong(format!("field {key:?}: option {v:?} is none of {:?}", d.values));
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

impl Compose {
    /// These words and another file's.
    pub fn extend(&mut self, by: &Compose) {
        for (own, more) in [(&mut self.stems, &by.stems), (&mut self.tails, &by.tails)] {
            own.extend(more.iter().filter(|w| !own.contains(w)).cloned().collect::<Vec<_>>());
        }
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
            options: if by.options.is_empty() { self.options.clone() } else { by.options.clone() },
            label: by.label.clone().or_else(|| self.label.clone()),
            kind: by.kind.or(self.kind),
        }
    }
}
