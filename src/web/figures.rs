//! Figures: blind samples (抜き取り検査), what they tell, and how the service is used (活用状況). Names of hospitals and
//! professions, never of patients; samples alone show a sheet, to who reviews.

mod chart;
mod rates;
mod samples;
pub mod statistics;

use std::collections::HashMap;

use super::gate::{Access, Route};
use super::{Failure, Web, words};
use crate::account::{Lang, Role};
use crate::completeness;
use crate::figures::statistics::Statistics;
use crate::figures::tables::{self, Names, Table};
use crate::model::Document;
use crate::store::Register;

/// Counts of the service as a whole: for who answers for it and who tunes the reading.
pub const FIGURES: Access = Access::Roles(&[Role::Admin, Role::Rules]);

pub fn routes() -> Vec<Route> {
    let mut all = samples::routes();
    all.extend(rates::routes());
    all.extend(statistics::routes());
    all
}

/// Names of hospitals as figures count them.
pub struct Hospitals(HashMap<String, String>);

impl Hospitals {
    pub async fn of(web: &Web) -> Result<Hospitals, Failure> {
        let rows = web.store.register(Register::Institutions).await?;
        let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        Ok(Hospitals(rows.iter().map(|r| (text(r, "id"), text(r, "name"))).collect()))
    }

    /// One that has left the register has its id for a name.
    pub fn name(&self, hospital: &str, lang: Lang) -> String {
        tables::hospital(hospital, &self.0, lang == Lang::En)
    }
}

/// All tables, in the language of whoever asks.
pub fn shown(s: &Statistics, hospitals: &Hospitals, lang: Lang) -> Vec<Table> {
    let names = Names {
        english: lang == Lang::En,
        hospital: &|h| hospitals.name(h, lang),
        kind: &|k| words::kind(k).to_owned(),
        field: &|k| words::label(k),
    };
    tables::tables(s, &names)
}

/// Japanese name of an item of a national form; its key where the form does not know it any more.
pub fn item(item: &str) -> String {
    completeness::name(item).to_owned()
}

/// What a sheet lacks of its national form (記載もれ), as its page shows it; items that a person has added since are there.
pub struct Lacking {
    pub missing: Vec<String>,
    pub unreadable: Vec<String>,
}

/// None where its type has no national form, or it came before it was looked for.
pub async fn lacking(web: &Web, id: &str, content: &Document) -> Result<Option<Lacking>, Failure> {
    let Some(all) = web.store.lacking(id).await? else { return Ok(None) };
    let lacks = all.into_iter().filter(|(key, _)| !completeness::is_there(key, content));
    let (unreadable, missing): (Vec<_>, Vec<_>) = lacks.partition(|(_, unreadable)| *unreadable);
    let names = |all: Vec<(String, bool)>| all.into_iter().map(|(key, _)| item(&key)).collect();
    Ok(Some(Lacking { missing: names(missing), unreadable: names(unreadable) }))
}

/// A share as people read it: `1.2 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
