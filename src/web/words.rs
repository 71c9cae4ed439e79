//! Names of types, fields, values and states in the language of whoever the page is made for. Japanese ones are the
//! vocabulary's; the English ones stand in `config/english.toml`, beside the contract and not in it.
//!
//! Whose language it is goes with the request ([`speaking`]), so that what shows a sheet does not hand it from call to call.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::account::Lang;
use crate::completeness;
use crate::model::Vocabulary;

/// Names that the city gave to its own fields (`x.`), by key.
pub type Own = Arc<BTreeMap<String, String>>;

tokio::task_local! {
    static LANG: Lang;
    static OWN: Own;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct English {
    types: BTreeMap<String, String>,
    /// Forms that a heading tells apart.
    forms: BTreeMap<String, String>,
    fields: BTreeMap<String, String>,
    values: BTreeMap<String, String>,
}

static ENGLISH: LazyLock<English> = LazyLock::new(|| {
    toml::from_str(include_str!("../../config/english.toml")).expect("the embedded English names parse")
});

/// Answers a request in that language, with the names that the city's own fields have now.
pub async fn speaking<F: Future>(lang: Lang, own: Own, answer: F) -> F::Output {
    LANG.scope(lang, OWN.scope(own, answer)).await
}

/// A text in the language of whoever the page is made for.
pub fn say(ja: &'static str, en: &'static str) -> &'static str {
    lang().say(ja, en)
}

/// That language.
pub fn lang() -> Lang {
    LANG.try_with(|l| *l).unwrap_or_default()
}

/// Name of a type of document.
pub fn kind(key: &str) -> &str {
    match lang() {
        Lang::Ja => Vocabulary::get().type_name(key),
        Lang::En => ENGLISH.types.get(key).map_or(key, String::as_str),
    }
}

/// The same of a sheet whose heading names one of its type's forms.
pub fn kind_of<'a>(key: &'a str, form: Option<&'a str>) -> &'a str {
    match (form.and_then(completeness::form_of), lang()) {
        (Some(form), Lang::Ja) => form.title.first().map_or_else(|| kind(key), String::as_str),
        (Some(form), Lang::En) => ENGLISH.forms.get(&form.key).map_or(form.key.as_str(), String::as_str),
        (None, _) => kind(key),
    }
}

/// Name of a field; one of the city's own has the name that the rules in force give it.
pub fn label(key: &str) -> String {
    let own = || OWN.try_with(|own| own.get(key).cloned()).ok().flatten();
    let ja = Vocabulary::get().label(key);
    let name = match (lang(), key) {
        _ if key.starts_with("x.") => return own().unwrap_or_else(|| key.to_owned()),
        (Lang::Ja, _) => ja,
        (Lang::En, crate::model::ELSEWHERE) => "Text or marks outside of the fields",
        (Lang::En, crate::model::PAGES) => "Number of pages",
        (Lang::En, _) => ENGLISH.fields.get(key).map_or(ja, String::as_str),
    };
    name.to_owned()
}

/// English word of a value of a field that has a few only; none in Japanese, or where it has no such.
pub fn value(key: &str, value: &str) -> Option<&'static str> {
    let few = Vocabulary::get().fields.get(key).is_some_and(|d| !d.values.is_empty());
    if few && lang() == Lang::En { ENGLISH.values.get(value).map(String::as_str) } else { None }
}

/// What stands for a part that could not be read.
pub fn unreadable() -> &'static str {
    lang().say("読み取れなかったファイル", "Unreadable file")
}

/// The words of a state.
pub fn state(state: &str) -> &'static str {
    let (ja, en) = match state {
        "processing" => ("処理中", "being read"),
        "posted" => ("部屋に掲載", "in its room"),
        "review" => ("確認待ち", "waits for review"),
        "ignored" => ("掲載なし", "nothing for us"),
        "quarantined" => ("隔離", "set apart"),
        "withdrawn" => ("取り下げ", "taken back"),
        _ => ("不明", "unknown"),
    };
    lang().say(ja, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_type_field_and_value_has_an_english_name_and_nothing_else_has() {
        let vocabulary = Vocabulary::get();
        assert!(ENGLISH.types.keys().eq(vocabulary.types.keys()));
        assert!(ENGLISH.fields.keys().eq(vocabulary.fields.keys()));
        let values: std::collections::BTreeSet<&String> = vocabulary.fields.values().flat_map(|d| &d.values).collect();
        assert!(ENGLISH.values.keys().eq(values), "{:?}", ENGLISH.values.keys());
        assert_eq!((kind("referral"), label("patient.name").as_str()), ("診療情報提供書", "患者氏名"));
        let own: Own = Arc::new([("x.blood_type".to_owned(), "血液型".to_owned())].into());
        let said = async {
            let labels = ["patient.name", "x.blood_type", "x.gone"].map(label);
            (kind("referral"), labels, state("posted"), value("adl.eating", "partial"))
        };
        let (kind, labels, state, value) = speaking(Lang::En, own, said).await;
        assert_eq!((kind, state, value), ("Referral letter", "in its room", Some("some help")));
        assert_eq!(labels, ["Patient", "血液型", "x.gone"]);
    }
}
