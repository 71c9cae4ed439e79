//! One field's rule as a form shows it, and a form put back into a layer.
//!
//! Pure; what the words mean to a person is `web`'s business. A file that a form has changed is written anew: its comments
//! are gone, its meaning is not.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::file::{FieldRule, Hospital, RuleFile};
use super::layer::{Base, Fault, Layer};
use crate::model::{Kind, Vocabulary};

pub use super::file::When;

/// Names of forms, directions, normalisers and checks, as the TOML has them.
pub const FORMS: &[&str] = &[
    "person",
    "kana",
    "institution",
    "department",
    "date",
    "birth_date",
    "start",
    "end",
    "datetime",
    "phone",
    "postal",
    "address",
    "insurer",
    "insured",
    "sex",
    "care_level",
    "adl",
    "relation",
    "urgency",
    "url",
    "word",
    "text",
    "finding",
    "diagnoses",
    "drugs",
    "ticked",
];
pub const LOOKS: &[&str] = &["same_line", "block", "right_cell", "right", "below_cell", "below", "box"];
pub const NORMALISERS: &[&str] = &["nfkc", "strip_honorific", "one_space", "no_space", "katakana", "digits", "phone"];
pub const CHECKS: &[&str] =
    &["person_name", "kana", "phone", "postal_code", "insurer_number", "insured_number", "near_today"];
pub const KINDS: &[&str] = &["text", "date", "datetime", "phone", "digits", "enum", "list"];

/// A rule in words: lists by lines, what is not said empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleForm {
    pub labels: String,
    pub shared: String,
    pub weak: String,
    pub not: String,
    pub look: Vec<String>,
    pub form: String,
    pub pattern: String,
    pub stop_at: String,
    pub normalise: Vec<String>,
    pub check: Vec<String>,
    /// `value = word word`, a line each.
    pub options: String,
    /// `x0 y0 x1 y1`, shares of the page.
    pub region: String,
    pub page: String,
    pub accept: String,
    /// Of a field of one's own.
    pub label: String,
    pub kind: String,
}

/// Where a rule stands: in which file, for one hospital or for all.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot<'a> {
    pub file: &'a str,
    pub when: Option<&'a When>,
    pub key: &'a str,
}

impl RuleForm {
    fn of(rule: &FieldRule) -> RuleForm {
        RuleForm {
            labels: rule.labels.join("\n"),
            shared: rule.shared.join("\n"),
            weak: rule.weak.join("\n"),
            not: rule.not.join("\n"),
            look: rule.look.iter().map(name).collect(),
            form: rule.form.as_ref().map(name).unwrap_or_default(),
            pattern: rule.pattern.clone().unwrap_or_default(),
            stop_at: rule.stop_at.join("\n"),
            normalise: rule.normalise.iter().map(name).collect(),
            check: rule.check.iter().map(name).collect(),
            options: rule.options.iter().map(|(v, w)| format!("{v} = {}\n", w.join(" "))).collect(),
            region: rule.region.map(|r| r.map(share).join(" ")).unwrap_or_default(),
            page: rule.page.map(|p| p.to_string()).unwrap_or_default(),
            accept: rule.accept.map(|a| a.to_string()).unwrap_or_default(),
            label: rule.label.clone().unwrap_or_default(),
            kind: rule.kind.as_ref().map(name).unwrap_or_default(),
        }
    }

    /// # Errors
    /// What cannot be, as a sentence for a person.
    fn rule(&self) -> Result<FieldRule, String> {
        let lines = |text: &str| -> Vec<String> {
            text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect()
        };
        let word = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
        let mut options = BTreeMap::new();
        for line in lines(&self.options) {
            let (value, words) =
                line.split_once('=').ok_or(format!("選択肢は「値 = 言葉」の形で書いてください: {line}"))?;
            options.insert(value.trim().to_owned(), words.split_whitespace().map(str::to_owned).collect());
        }
        let region = match word(&self.region) {
            None => None,
            Some(text) => {
                let n: Vec<f32> = text.split([' ', ',']).filter_map(|n| n.trim().parse().ok()).collect();
                Some(<[f32; 4]>::try_from(n).map_err(|_| "場所は 4 つの数（左 上 右 下）で書いてください".to_owned())?)
            }
        };
        let page = word(&self.page).map(|p| p.parse().map_err(|_| "ページは数で書いてください".to_owned()));
        let accept = word(&self.accept).map(|a| a.parse().map_err(|_| "自信度は 0 から 1 の数です".to_owned()));
        Ok(FieldRule {
            labels: lines(&self.labels),
            shared: lines(&self.shared),
            weak: lines(&self.weak),
            not: lines(&self.not),
            heads: Vec::new(),
            look: all(&self.look)?,
            stop_at: lines(&self.stop_at),
            form: one(&self.form)?,
            group: None,
            pattern: word(&self.pattern),
            normalise: all(&self.normalise)?,
            check: all(&self.check)?,
            accept: accept.transpose()?,
            region,
            page: page.transpose()?,
            options,
            label: word(&self.label),
            kind: one(&self.kind)?,
        })
    }
}

impl Base {
    /// A field's rule: what the layer itself says at this spot, and all that counts there.
    pub fn rule_at(&self, layer: &Layer, spot: &Spot) -> (RuleForm, RuleForm) {
        let own = self.parse(layer).ok().and_then(|files| files.get(spot.file).map(|f| taken(f, spot)));
        let all = self.with(layer).unwrap_or_default();
        let file = all.get(spot.file);
        let common = file.and_then(|f| all.get(f.extends.as_ref()?));
        let mut rule = FieldRule::default();
        for f in [common, file].into_iter().flatten() {
            rule = f.field.get(spot.key).map_or(rule.clone(), |r| rule.extended(r));
        }
        if spot.when.is_some() {
            for f in [common, file].into_iter().flatten() {
                rule = rule.extended(&taken(f, spot));
            }
        }
        (RuleForm::of(&own.unwrap_or_default()), RuleForm::of(&rule))
    }

    /// Puts a form at its spot; an empty one takes the rule away.
    ///
    /// # Errors
    /// What cannot be: the form's words (without a line), or what the file would then be.
    pub fn put(&self, layer: &Layer, spot: &Spot, form: &RuleForm) -> Result<Layer, Fault> {
        let rule = form.rule().map_err(|what| Fault { file: spot.file.to_owned(), line: None, what })?;
        let mut file = self.parse(layer)?.remove(spot.file).unwrap_or_default();
        let fields = match spot.when {
            None => &mut file.field,
            Some(when) => match file.hospital.iter().position(|h| h.when == *when) {
                Some(i) => &mut file.hospital[i].field,
                None => {
                    file.hospital.push(Hospital { when: when.clone(), field: BTreeMap::new() });
                    let last = file.hospital.len() - 1;
                    &mut file.hospital[last].field
                }
            },
        };
        // (groups and heads have no place in the form)
        let before = fields.remove(spot.key);
        let rule = match &before {
            Some(b) => FieldRule { group: b.group, heads: b.heads.clone(), ..rule },
            None => rule,
        };
        if rule != FieldRule::default() {
            fields.insert(spot.key.to_owned(), rule);
        }
        file.hospital.retain(|h| !h.field.is_empty());
        let mut out = layer.clone();
        let text = if file == RuleFile::default() { String::new() } else { toml::to_string(&file).unwrap_or_default() };
        out.set(spot.file, &text);
        self.check(&out)?;
        Ok(out)
    }

    /// Whether a layer goes with the base.
    ///
    /// # Errors
    /// The first fault, with its line.
    pub fn check(&self, layer: &Layer) -> Result<(), Fault> {
        self.parse(layer).map(|_| ())
    }

    /// Fields that a type has rules for, under a layer: key and, for one's own, its label.
    pub fn fields_of(&self, layer: &Layer, file: &str) -> Vec<(String, Option<String>)> {
        let all = self.with(layer).unwrap_or_default();
        let own = all.get(file);
        let common = own.and_then(|f| all.get(f.extends.as_ref()?));
        let mut out: BTreeMap<String, Option<String>> = BTreeMap::new();
        for (key, rule) in [common, own].into_iter().flatten().flat_map(|f| &f.field) {
            let label = out.entry(key.clone()).or_default();
            if rule.label.is_some() {
                label.clone_from(&rule.label);
            }
        }
        out.into_iter().collect()
    }

    /// Hospitals that a layer has entries for, by file.
    pub fn hospitals_in(&self, layer: &Layer) -> Vec<(String, When)> {
        let files = self.parse(layer).unwrap_or_default();
        files.into_iter().flat_map(|(name, f)| f.hospital.into_iter().map(move |h| (name.clone(), h.when))).collect()
    }

    /// The file of a document type.
    pub fn file_of(&self, kind: &str) -> Option<&str> {
        self.files().find(|(_, k)| *k == Some(kind)).map(|(name, _)| name)
    }
}

/// What a file itself says at a spot.
fn taken(file: &RuleFile, spot: &Spot) -> FieldRule {
    let fields = match spot.when {
        None => Some(&file.field),
        Some(when) => file.hospital.iter().find(|h| h.when == *when).map(|h| &h.field),
    };
    fields.and_then(|f| f.get(spot.key)).cloned().unwrap_or_default()
}

/// A word of the grammar, as the TOML has it.
pub fn name<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(s)) => s,
        _ => String::new(),
    }
}

fn one<T: DeserializeOwned>(word: &str) -> Result<Option<T>, String> {
    match word.trim() {
        "" => Ok(None),
        w => serde_json::from_value(serde_json::Value::String(w.to_owned()))
            .map(Some)
            .map_err(|_| format!("「{w}」という種類はありません")),
    }
}

fn all<T: DeserializeOwned>(words: &[String]) -> Result<Vec<T>, String> {
    words.iter().filter_map(|w| one(w).transpose()).collect()
}

fn share(x: f32) -> String {
    let text = format!("{x:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Whether a key of one's own may be so named.
pub fn own_key(key: &str) -> bool {
    key.strip_prefix("x.").is_some_and(|rest| {
        (1..=40).contains(&rest.len())
            && rest.starts_with(|c: char| c.is_ascii_lowercase())
            && rest.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    })
}

/// Normal form of a field of the vocabulary; of one's own what its rule says.
pub fn kind_of(key: &str, own: Option<Kind>) -> Kind {
    Vocabulary::get().fields.get(key).map_or(own.unwrap_or(Kind::Text), |d| d.kind)
}
