//! The rules in force on this machine, and what administrators do with them before they are: preview, backtest, reading
//! again.
//!
//! Joins what `rules` computes with what `store` keeps; whoever reads sheets (`daemon::pipeline`) and whoever shows them
//! (`web::rules`) hold the same [`Workshop`]. A layer that no longer goes with a newer base never stops the reading: what
//! was in force stays so, or the base alone, and [`InForce::fault`] says it until somebody sees to it.

pub mod again;
pub mod backtest;
pub mod preview;
pub mod seal;
pub mod teach;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::model::Kind;
use crate::register::Registers;
use crate::rules::{Base, Layer, RuleSet};
use crate::store::{Store, StoreError};

pub use crate::rules::backtest::is_from;
pub use crate::rules::edit;
pub use crate::rules::pack;
pub use crate::rules::{Base as Rules, Fault, Layer as OwnRules, RulesError};

/// What reads sheets now.
#[derive(Debug)]
pub struct InForce {
    pub rules: RuleSet,
    pub base: Base,
    /// What the city's own fields are called, by key.
    pub own: Arc<BTreeMap<String, String>>,
    /// Their normal forms.
    pub kinds: BTreeMap<String, Kind>,
    /// The layer that the rules were made of.
    pub layer: Layer,
    /// Number of its revision; 0: the base alone.
    pub revision: i64,
    /// The newest revision that was looked at.
    looked: i64,
    /// Why it is not in force, where it is not.
    pub fault: Option<String>,
}

impl InForce {
    fn new(rules: RuleSet, base: Base, layer: Layer, revision: i64) -> InForce {
        let own = Arc::new(rules.own_fields());
        let kinds = rules.own_kinds();
        InForce { rules, base, own, kinds, layer, revision, looked: revision, fault: None }
    }
}

/// Everything that has to do with the rules of this process.
pub struct Workshop {
    /// Folder of the base; empty: what the program carries.
    dir: PathBuf,
    handwriting: bool,
    now: RwLock<Arc<InForce>>,
    registers: RwLock<Arc<Registers>>,
    tests: Mutex<backtest::Runs>,
    previews: Mutex<preview::Cache>,
}

impl Workshop {
    /// # Errors
    /// The base cannot be used.
    pub fn open(dir: &Path, handwriting: bool) -> Result<Workshop, RulesError> {
        let base = base(dir)?;
        let layer = Layer::default();
        let rules = RuleSet::layered(&base, &layer)?.accepting_handwriting(handwriting);
        Ok(Workshop {
            dir: dir.to_owned(),
            handwriting,
            now: RwLock::new(Arc::new(InForce::new(rules, base, layer, 0))),
            registers: RwLock::default(),
            tests: Mutex::default(),
            previews: Mutex::default(),
        })
    }

    /// What is in force at this moment; a sheet in hand is finished with what it began with.
    pub fn now(&self) -> Arc<InForce> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn registers(&self) -> Arc<Registers> {
        self.registers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_registers(&self, registers: Arc<Registers>) {
        *self.registers.write().unwrap_or_else(PoisonError::into_inner) = registers;
    }

    /// Rules out of a draft, over the base in force.
    ///
    /// # Errors
    /// The layer is at fault, with its line.
    pub fn compile(&self, layer: &Layer) -> Result<RuleSet, RulesError> {
        Ok(RuleSet::layered(&self.now().base, layer)?.accepting_handwriting(self.handwriting))
    }

    /// Takes the newest revision where another one is in force. True where what is in force has changed.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn look(&self, store: &Store) -> Result<bool, StoreError> {
        let now = self.now();
        let newest = store.rules_version().await?;
        if newest == now.looked {
            return Ok(false);
        }
        let layer = match store.rule_revision(newest).await? {
            Some(r) => Layer::of_json(&r.layer),
            None => Ok(Layer::default()),
        };
        self.take(now.base.clone(), layer, newest);
        Ok(true)
    }

    /// The rules that a store's newest revision makes of the base, for a program that reads a few files and ends. The store
    /// may be open for reading only, and of a program that knew no revisions.
    ///
    /// # Errors
    /// The database cannot be read, or the revision does not go with the base: unlike a daemon, nothing is read with others.
    pub async fn of_store(self, store: &Store) -> Result<RuleSet, StoreError> {
        if store.has_rules().await? {
            self.look(store).await?;
        }
        let now = self.now.into_inner().unwrap_or_else(PoisonError::into_inner);
        match Arc::into_inner(now) {
            Some(InForce { fault: Some(fault), .. }) => Err(StoreError::Refused(fault)),
            Some(InForce { rules, .. }) => Ok(rules),
            None => Err(StoreError::Refused("the rules are in use".into())),
        }
    }

    /// Reads the base again, and puts the layer in force on top of it.
    ///
    /// # Errors
    /// The base cannot be used; what is in force stays so.
    pub fn reload(&self) -> Result<(), RulesError> {
        let now = self.now();
        let base = base(&self.dir)?;
        self.take(base, Ok(now.layer.clone()), now.revision);
        Ok(())
    }

    fn take(&self, base: Base, layer: Result<Layer, RulesError>, revision: i64) {
        let now = self.now();
        let made = layer.and_then(|layer| Ok((RuleSet::layered(&base, &layer)?, layer)));
        let next = match made {
            Ok((rules, layer)) => {
                let rules = rules.accepting_handwriting(self.handwriting);
                InForce::new(rules, base, layer, revision)
            }
            Err(e) => {
                let fault = format!("第{revision}版のルールを使えません（{e}）");
                // What was in force goes on; after a start that is the base alone.
                let kept = RuleSet::layered(&now.base, &now.layer).ok();
                let Some(rules) = kept.map(|k| k.accepting_handwriting(self.handwriting)) else { return };
                let (base, layer) = (now.base.clone(), now.layer.clone());
                InForce { looked: revision, fault: Some(fault), ..InForce::new(rules, base, layer, now.revision) }
            }
        };
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }
}

fn base(dir: &Path) -> Result<Base, RulesError> {
    if dir.as_os_str().is_empty() { Ok(Base::embedded()) } else { Base::load(dir) }
}

/// Telephone numbers that stand on a reading's pages, as digits.
pub fn numbers_on(reading: &crate::reading::Reading) -> Vec<String> {
    crate::rules::backtest::whose(reading).0.split(' ').filter(|n| !n.is_empty()).map(str::to_owned).collect()
}

/// A line and how it changed: `-`, `+` or a space.
pub type Lines = Vec<(char, String)>;

/// Files in which two layers differ, with the lines that do.
pub fn changed(before: &OwnRules, after: &OwnRules) -> Vec<(String, Lines)> {
    let names: std::collections::BTreeSet<&str> = before.files().chain(after.files()).map(|f| f.0).collect();
    names
        .into_iter()
        .filter(|n| before.file(n) != after.file(n))
        .map(|n| (n.to_owned(), difference(before.file(n), after.file(n))))
        .collect()
}

/// How lines of one text become those of another.
pub fn difference(before: &str, after: &str) -> Lines {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    // Length of the longest common subsequence of what is left.
    let mut common = vec![vec![0u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = if a[i] == b[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            out.push((' ', a[i].to_owned()));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || common[i + 1][j] >= common[i][j + 1]) {
            out.push(('-', a[i].to_owned()));
            i += 1;
        } else {
            out.push(('+', b[j].to_owned()));
            j += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests;
