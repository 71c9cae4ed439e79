//! A draft over every sheet that persons have decided about: begun, looked at while it runs, given up, and its figures.
//!
//! Runs beside everything else: blobs are fetched by tasks, what computes is on threads of its own. Results are in memory
//! of this process and kept for a while; what an administrator activates carries their sums ([`Run::summary`]).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::Workshop;
use crate::figures::interval::{Estimate, Sums};
use crate::model::Field;
use crate::reading::Reading;
use crate::register::Registers;
use crate::rules::backtest::{Change, Outcome, Pair, compare, judge, whose};
pub use crate::rules::backtest::{Grade, Verdict};
use crate::rules::{Layer, RuleSet, RulesError};
use crate::store::rules::{Confirmed, Mark};
use crate::store::{Store, StoreError};

/// Single cases that are kept of each verdict, for a person to look at.
const CASES: usize = 200;
/// Runs that are remembered.
const RUNS: usize = 16;
/// Sheets that are marked at once.
const BATCH: i64 = 64;

/// Runs of this process, the newest last.
#[derive(Default)]
pub struct Runs(Vec<Arc<Run>>);

/// One run.
pub struct Run {
    pub id: String,
    pub owner: String,
    pub layer: Layer,
    /// Revision that was in force.
    pub parent: i64,
    cancelled: AtomicBool,
    done: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    all: usize,
    /// That the change cannot touch.
    passed: usize,
    unreadable: usize,
    /// That went straight through and were drawn as blind samples, and for how many those stand.
    drawn: usize,
    stand_for: f64,
    tallies: BTreeMap<(String, String), Tally>,
    cases: Vec<Case>,
    ended: Option<Result<Duration, String>>,
}

/// Of one field at one hospital.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    pub fixed: usize,
    pub broken: usize,
    pub same: usize,
    /// Differs, and nobody has said what is true.
    pub differs: usize,
    pub stands: Stands,
}

/// For how many values of all sheets those of a [`Tally`] stand: each counts with one over the probability with which a
/// person came to look at it (Horvitz and Thompson 1952; `figures::interval`).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stands {
    pub fixed: f64,
    pub broken: f64,
    pub same: f64,
    /// Of the weights, for the intervals.
    pub squares: f64,
}

impl Tally {
    /// `weight`: for how many values this one stands.
    fn add(&mut self, verdict: Verdict, weight: f64) {
        let stands = &mut self.stands;
        match verdict {
            Verdict::Fixed => (self.fixed += 1, stands.fixed += weight),
            Verdict::Broken => (self.broken += 1, stands.broken += weight),
            Verdict::Same => (self.same += 1, stands.same += weight),
            // Nobody has looked at it: it stands for nothing.
            Verdict::Differs => return self.differs += 1,
        };
        stands.squares += weight * weight;
    }

    fn plus(&mut self, other: Tally) {
        self.fixed += other.fixed;
        self.broken += other.broken;
        self.same += other.same;
        self.differs += other.differs;
        self.stands.fixed += other.stands.fixed;
        self.stands.broken += other.stands.broken;
        self.stands.same += other.stands.same;
        self.stands.squares += other.stands.squares;
    }

    /// Share of all values that get better, or worse, with its 95 % interval.
    pub fn share(&self, verdict: Verdict) -> Estimate {
        let s = &self.stands;
        let (errors, wrong) = match verdict {
            Verdict::Fixed => (self.fixed, s.fixed),
            Verdict::Broken => (self.broken, s.broken),
            Verdict::Same => (self.same, s.same),
            Verdict::Differs => (0, 0.0),
        };
        let checked = (self.fixed + self.broken + self.same) as i64;
        let weight = s.fixed + s.broken + s.same;
        Sums { checked, errors: errors as i64, weight, squares: s.squares, wrong }.estimate()
    }
}

/// A field of a sheet that comes out otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub document: String,
    pub kind: String,
    pub sender: Option<String>,
    pub key: String,
    pub verdict: Verdict,
    pub grades: Option<(Grade, Grade)>,
    pub before: Option<Field>,
    pub after: Option<Field>,
    /// What a person said; none where the page has none, or nobody said anything.
    pub truth: Option<String>,
}

/// A run as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    pub all: usize,
    pub done: usize,
    pub passed: usize,
    pub unreadable: usize,
    /// Sheets among them that went straight through and were drawn as blind samples, and for how many those stand.
    pub drawn: usize,
    pub stand_for: f64,
    pub total: Tally,
    /// Hospital (empty: not certain), field, and how many of what; the most broken first.
    pub rows: Vec<(String, String, Tally)>,
    /// Broken ones first.
    pub cases: Vec<Case>,
    pub ended: bool,
    pub cancelled: bool,
    pub fault: Option<String>,
    pub seconds: f64,
}

impl Run {
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn view(&self) -> View {
        let state = self.state();
        let mut view = View {
            all: state.all,
            done: self.done.load(Ordering::Relaxed),
            passed: state.passed,
            unreadable: state.unreadable,
            drawn: state.drawn,
            stand_for: state.stand_for,
            cases: state.cases.clone(),
            cancelled: self.cancelled.load(Ordering::Relaxed),
            ended: state.ended.is_some(),
            ..View::default()
        };
        match &state.ended {
            Some(Ok(took)) => view.seconds = took.as_secs_f64(),
            Some(Err(why)) => view.fault = Some(why.clone()),
            None => {}
        }
        for ((sender, key), tally) in &state.tallies {
            view.total.plus(*tally);
            view.rows.push((sender.clone(), key.clone(), *tally));
        }
        view.rows.sort_by_key(|(.., t)| (std::cmp::Reverse(t.broken), std::cmp::Reverse(t.fixed + t.differs)));
        view.cases.sort_by_key(|c| (c.verdict, c.key.clone()));
        view
    }

    /// Sums for the revision that comes of it, without anybody's data; none where it did not come to its end.
    pub fn summary(&self) -> Option<Json> {
        let view = self.view();
        (view.ended && view.fault.is_none() && !view.cancelled).then(|| {
            let Tally { fixed, broken, same, differs, stands } = view.total;
            let tenth = |x: f64| (x * 10.0).round() / 10.0;
            json!({"sheets": view.all, "passed": view.passed, "fixed": fixed, "broken": broken, "same": same,
                   "differs": differs, "drawn": view.drawn, "weighted": {"fixed": tenth(stands.fixed),
                   "broken": tenth(stands.broken), "same": tenth(stands.same)}, "seconds": tenth(view.seconds)})
        })
    }
}

/// What every worker of a run needs.
struct Job {
    active: Arc<super::InForce>,
    draft: Arc<RuleSet>,
    change: Change,
    registers: Arc<Registers>,
}

impl Workshop {
    /// Begins a run of somebody's draft; one that still runs ends.
    ///
    /// # Errors
    /// The draft is at fault, with its line.
    pub fn test(
        self: &Arc<Self>,
        store: &Store,
        owner: &str,
        parent: i64,
        layer: &Layer,
    ) -> Result<Arc<Run>, RulesError> {
        let active = self.now();
        let job = Job {
            change: Change::between(&active.base, &active.layer, layer)?,
            draft: self.draft(layer)?,
            registers: self.registers(),
            active,
        };
        let run = Arc::new(Run {
            id: uuid::Uuid::new_v4().to_string(),
            owner: owner.to_owned(),
            layer: layer.clone(),
            parent,
            cancelled: AtomicBool::new(false),
            done: AtomicUsize::new(0),
            state: Mutex::default(),
        });
        {
            let mut runs = self.tests.lock().unwrap_or_else(PoisonError::into_inner);
            runs.0.iter().filter(|r| r.owner == owner).for_each(|r| r.cancel());
            if runs.0.len() >= RUNS {
                runs.0.remove(0);
            }
            runs.0.push(run.clone());
        }
        let (shop, store, begun) = (self.clone(), store.clone(), run.clone());
        tokio::spawn(async move {
            let start = Instant::now();
            let ended = shop.go_through(&store, &begun, job).await.map(|()| start.elapsed()).map_err(|e| e.to_string());
            begun.state().ended = Some(ended);
        });
        Ok(run)
    }

    /// A run by its id, for its owner.
    pub fn run(&self, id: &str, owner: &str) -> Option<Arc<Run>> {
        let runs = self.tests.lock().unwrap_or_else(PoisonError::into_inner);
        runs.0.iter().find(|r| r.id == id && r.owner == owner).cloned()
    }

    /// The newest run of somebody's over this layer.
    pub fn run_of(&self, owner: &str, layer: &Layer) -> Option<Arc<Run>> {
        let runs = self.tests.lock().unwrap_or_else(PoisonError::into_inner);
        runs.0.iter().rev().find(|r| r.owner == owner && r.layer == *layer).cloned()
    }

    /// Marks decided sheets that have no mark yet, at most so many; how many there were.
    ///
    /// # Errors
    /// The database cannot be read or refused.
    pub async fn mark(&self, store: &Store, limit: i64) -> Result<usize, StoreError> {
        let open = store.unmarked(limit).await?;
        let n = open.len();
        for (document, revision, blob) in open {
            let bytes = store.blob(&blob).await.unwrap_or_default();
            let mark = tokio::task::spawn_blocking(move || {
                let reading = Reading::from_bytes(&bytes).unwrap_or_default();
                let (numbers, text) = whose(&reading);
                Mark { numbers, text }
            })
            .await
            .unwrap_or_default();
            store.mark_sheet(&document, revision, &mark).await?;
        }
        Ok(n)
    }

    async fn go_through(&self, store: &Store, run: &Arc<Run>, job: Job) -> Result<(), StoreError> {
        loop {
            if run.cancelled.load(Ordering::Relaxed) || self.mark(store, BATCH).await? == 0 {
                break;
            }
        }
        let all = store.confirmed().await?;
        {
            let drawn = || all.iter().filter_map(|c| c.drawn.as_ref());
            let mut state = run.state();
            (state.all, state.drawn) = (all.len(), drawn().count());
            state.stand_for = drawn().map(|d| d.weight).sum();
        }
        let mut touched = Vec::new();
        for sheet in all {
            if job.change.touches(&sheet.mark.numbers, &sheet.mark.text) {
                touched.push(sheet);
                continue;
            }
            let mut state = run.state();
            state.passed += 1;
            for key in sheet.truth.keys() {
                let at = (sheet.sender.clone().unwrap_or_default(), key.clone());
                state.tallies.entry(at).or_default().add(Verdict::Same, sheet.weight(key));
            }
            drop(state);
            run.done.fetch_add(1, Ordering::Relaxed);
        }
        let (job, touched, next) = (Arc::new(job), Arc::new(touched), Arc::new(AtomicUsize::new(0)));
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let mut tasks = tokio::task::JoinSet::new();
        // One more than there are cores: somebody always waits for a blob.
        for _ in 0..=cores {
            let (store, run, job) = (store.clone(), run.clone(), job.clone());
            let (touched, next) = (touched.clone(), next.clone());
            tasks.spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= touched.len() || run.cancelled.load(Ordering::Relaxed) {
                        return;
                    }
                    let bytes = store.blob(&touched[n].blob).await.ok();
                    let (job, all) = (job.clone(), touched.clone());
                    let found = tokio::task::spawn_blocking(move || look(&job, &all[n], &bytes?)).await.ok().flatten();
                    run.note(&touched[n], found);
                }
            });
        }
        while tasks.join_next().await.is_some() {}
        Ok(())
    }
}

fn look(job: &Job, sheet: &Confirmed, bytes: &[u8]) -> Option<Vec<Outcome>> {
    let reading = Reading::from_bytes(bytes).ok()?;
    let (old, new) = (&job.active.rules, &job.draft);
    Some(match compare(old, new, &job.change, &reading, &job.registers, &sheet.pages) {
        Pair::Same => sheet.truth.keys().map(|k| Outcome::same(k)).collect(),
        Pair::Two(two) => judge(&sheet.truth, two[0].as_ref(), two[1].as_ref()),
    })
}

impl Run {
    fn note(&self, sheet: &Confirmed, found: Option<Vec<Outcome>>) {
        let mut state = self.state();
        match found {
            None => state.unreadable += 1,
            Some(outcomes) => {
                for o in outcomes {
                    let at = (sheet.sender.clone().unwrap_or_default(), o.key.clone());
                    state.tallies.entry(at).or_default().add(o.verdict, sheet.weight(&o.key));
                    let alike = state.cases.iter().filter(|c| c.verdict == o.verdict).count();
                    if o.verdict == Verdict::Same || alike >= CASES {
                        continue;
                    }
                    let truth = sheet.truth.get(&o.key).and_then(|t| t.as_ref()).map(crate::model::Value::text);
                    state.cases.push(Case {
                        document: sheet.document.clone(),
                        kind: sheet.kind.clone(),
                        sender: sheet.sender.clone(),
                        key: o.key,
                        verdict: o.verdict,
                        grades: o.grades,
                        before: o.before,
                        after: o.after,
                        truth,
                    });
                }
            }
        }
        drop(state);
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;
    use crate::rules::backtest::Grade;
    use crate::store::rules::Drawn;

    fn sheet(drawn: Option<Drawn>) -> Confirmed {
        Confirmed {
            document: "d".into(),
            reading: "r".into(),
            blob: "b".into(),
            kind: "referral".into(),
            pages: vec![1],
            sender: None,
            mark: Mark::default(),
            truth: BTreeMap::from([("patient.name".to_owned(), Some(Value::One("柏 花子".into())))]),
            drawn,
        }
    }

    fn outcome(key: &str, verdict: Verdict) -> Outcome {
        let grades = (verdict != Verdict::Differs).then_some((Grade::Missed, Grade::Certain));
        Outcome { key: key.into(), verdict, grades, before: None, after: None }
    }

    /// Nine values that persons decided about and one that a sample of one in fifty compared: counts are of ten, shares of
    /// fifty-nine.
    #[test]
    fn a_sampled_sheet_counts_for_those_that_were_not_drawn() {
        let run = Run {
            id: String::new(),
            owner: String::new(),
            layer: Layer::default(),
            parent: 0,
            cancelled: AtomicBool::new(false),
            done: AtomicUsize::new(0),
            state: Mutex::default(),
        };
        for _ in 0..9 {
            run.note(&sheet(None), Some(vec![outcome("patient.name", Verdict::Fixed)]));
        }
        let drawn = Drawn { weight: 50.0, fields: ["patient.name".to_owned()].into() };
        let told = vec![outcome("patient.name", Verdict::Broken), outcome("care.level", Verdict::Differs)];
        run.note(&sheet(Some(drawn.clone())), Some(told));
        let view = run.view();
        let t = view.total;
        assert_eq!((t.fixed, t.broken, t.same, t.differs), (9, 1, 0, 1));
        assert_eq!((t.stands.fixed, t.stands.broken), (9.0, 50.0));
        let worse = t.share(Verdict::Broken);
        assert!((worse.rate - 50.0 / 59.0).abs() < 1e-9 && worse.lower < 0.5 && worse.upper > 0.95, "{worse:?}");
        assert_eq!(t.share(Verdict::Same).rate, 0.0);
        // A field of a drawn sheet that the sample did not ask for stands for itself.
        run.note(&sheet(Some(drawn)), Some(vec![outcome("care.level", Verdict::Broken)]));
        assert_eq!(run.view().total.stands.broken, 51.0);
    }
}
