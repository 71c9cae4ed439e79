//! `faxbridge::accuracy` and the team's scorer come to the same figures: `tests/score/score.py`, a copy of
//! `shared/tools/score.py`, runs over the same truths and results. The results are truths with everything done to them
//! that a bad day of the reader could do, from fixed seeds. Needs python3, nothing else of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use faxbridge::accuracy::{Score, Truth, judge};
use faxbridge::model::{Extracted, Vocabulary};
use serde_json::{Map, Value, json};

/// Sets of files that are scored by both.
const SEEDS: u64 = 40;

#[test]
fn the_scorer_is_the_team_s_own() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(theirs) = std::fs::read(here.join("../shared/tools/score.py")) else { return };
    let ours = std::fs::read(here.join("tests/score/score.py")).expect("the copy");
    assert!(
        ours == theirs,
        "shared/tools/score.py has changed: copy it to tests/score/ and follow it in reader/src/accuracy"
    );
}

#[test]
fn both_scorers_come_to_the_same_figures() {
    let samples = samples();
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let truths: Vec<Value> = (0..4 + dice.below(10))
            .map(|n| {
                let mut truth = if dice.one_in(2) { dice.pick(&samples).clone() } else { invented(&mut dice) };
                truth["file"] = json!(format!("f{n:02}.tif"));
                truth
            })
            .collect();
        let results: Vec<Value> = truths.iter().filter_map(|t| result(&mut dice, t)).collect();
        let theirs = python(&truths, &results);
        let ours = serde_json::to_value(score(&truths, &results)).expect("figures");
        let mut differences = Vec::new();
        differ("", &ours, &theirs, &mut differences);
        assert!(differences.is_empty(), "seed {seed}: {differences:#?}");
    }
}

#[test]
fn what_is_right_scores_one() {
    let truths = samples();
    let mut dice = Dice(1);
    let results: Vec<Value> = truths.iter().map(|t| faithful(&mut dice, t)).collect();
    let score = score(&truths, &results);
    assert_eq!(
        (score.micro.f1, score.type_accuracy.value(), score.straight_through.value()),
        (1.0, Some(1.0), Some(1.0))
    );
    assert_eq!((score.silent_error_rate.hits, score.errors.len()), (0, 0));
    assert!(score.micro.tp > 200, "{:?}", score.micro);
}

fn score(truths: &[Value], results: &[Value]) -> Score {
    let truths: Vec<Truth> = truths.iter().map(|t| serde_json::from_value(t.clone()).expect("a truth")).collect();
    let line = |r: &Value| serde_json::from_value::<Extracted>(r.clone()).expect("a line");
    let results: BTreeMap<String, Extracted> = results.iter().map(line).map(|r| (r.file.clone(), r)).collect();
    Score::of(&judge(&results, &truths))
}

fn python(truths: &[Value], results: &[Value]) -> Value {
    let dir = tempfile::tempdir().expect("a folder");
    let truth = dir.path().join("truth");
    std::fs::create_dir(&truth).expect("the truth folder");
    for t in truths {
        let name = t["file"].as_str().expect("a name");
        std::fs::write(truth.join(format!("{name}.json")), t.to_string()).expect("written");
    }
    // As the program prints them: fields in the order of their keys.
    let line = |r: &Value| serde_json::from_value::<Extracted>(r.clone()).expect("a line");
    let lines: String = results.iter().map(|r| serde_json::to_string(&line(r)).expect("JSON") + "\n").collect();
    let file = dir.path().join("results.jsonl");
    std::fs::write(&file, lines).expect("written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/score/score.py");
    let out = Command::new("python3").arg(script).arg(file).arg(truth).arg("--json").output().expect("python3");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("JSON")
}

fn differ(at: &str, ours: &Value, theirs: &Value, out: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|k| !a.contains_key(*k))) {
                let missing = json!("(not there)");
                let of = |m: &Map<String, Value>| m.get(key).unwrap_or(&missing).clone();
                differ(&format!("{at}.{key}"), &of(a), &of(b), out);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(n, (a, b))| differ(&format!("{at}[{n}]"), a, b, out));
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        _ if ours == theirs => {}
        _ => out.push(format!("{at}: ours {ours}, the scorer's {theirs}")),
    }
}

/// The truths of samples/, which are those of real layouts.
fn samples() -> Vec<Value> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/expect");
    let mut files: Vec<_> = std::fs::read_dir(dir).expect("samples").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    let read = |f| serde_json::from_slice(&std::fs::read(f).expect("a file")).expect("JSON");
    files.iter().map(read).collect()
}

/// SplitMix64: the same numbers everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

const TEXTS: [&str; 16] = [
    "柏 花子",
    "カシワ ハナコ",
    "医療法人社団　東柏わかば病院",
    "04-7174-3308",
    "０４‐７１７４‐３３０９",
    "1940-04-12",
    "2026-07-07T11:15",
    "光ヶ丘1ー2−3",
    "特になし",
    "退院後の在宅療養を希望され、訪問看護の導入を調整しております。創部は乾燥しています。",
    "アムロジピン錠5mg 1錠 分1 朝食後",
    "ｱﾑﾛｼﾞﾋﾟﾝ錠2.5mg, 1日1回",
    "胃瘻",
    "経管栄養（経鼻）",
    "在宅酸素",
    "①糖尿病 ②高血圧症",
];

const TYPES: [&str; 5] = ["referral", "nursing_summary", "contact_sheet", "cover", "other"];

fn invented(dice: &mut Dice) -> Value {
    let expect = *dice.pick(&["documents", "documents", "documents", "documents", "none", "error", "any"]);
    let pages = 1 + dice.below(6) as u32;
    let blank: Vec<u32> = (1..=pages).filter(|_| dice.one_in(5)).collect();
    let mut documents = Vec::new();
    let mut page = 1;
    while page <= pages {
        let last = (page + dice.below(3) as u32).min(pages);
        documents.push(document(dice, (page..=last).collect()));
        page = last + 1;
    }
    if blank.len() as u32 == pages {
        documents = vec![json!({"type": "other", "layout": "blank", "pages": blank, "fields": {}})];
    }
    json!({"file": "", "expect": expect, "blank_pages": blank, "documents": documents,
        "conditions": {"class": dice.pick(&["fine", "standard", "scan"])}})
}

fn document(dice: &mut Dice, pages: Vec<u32>) -> Value {
    let mut fields = Map::new();
    for _ in 0..dice.below(12) {
        let key = key(dice);
        let mut of = json!({"value": value(dice, &key), "handwritten": dice.one_in(4), "marked": dice.one_in(4)});
        if dice.one_in(5) {
            of["alt"] = json!([value(dice, &key)]);
        }
        fields.insert(key, of);
    }
    let ignore: Vec<String> = (0..dice.below(3)).map(|_| key(dice)).collect();
    json!({"type": dice.pick(&TYPES), "pages": pages, "fields": fields, "ignore": ignore,
        "layout": dice.pick(&["a", "b", "blank"])})
}

fn key(dice: &mut Dice) -> String {
    let all: Vec<&String> = Vocabulary::get().fields.keys().collect();
    let lists = ["clinical.diagnoses", "clinical.medications", "clinical.procedures", "clinical.course"];
    if dice.one_in(4) { (*dice.pick(&lists)).to_owned() } else { (*dice.pick(&all)).clone() }
}

fn value(dice: &mut Dice, key: &str) -> Value {
    let list = matches!(key, "clinical.diagnoses" | "clinical.medications" | "clinical.procedures");
    if list && !dice.one_in(8) {
        json!((0..1 + dice.below(4)).map(|_| *dice.pick(&TEXTS)).collect::<Vec<_>>())
    } else if key == "urgency" {
        json!(dice.pick(&["urgent", "routine"]))
    } else {
        json!(dice.pick(&TEXTS))
    }
}

fn line(file: &Value, documents: Vec<Value>) -> Value {
    json!({"file": file, "documents": documents,
        "reader": {"engine": "e", "runtime": "r", "models": "m", "rules": "u"}})
}

/// Everything as it is, and certain.
fn faithful(dice: &mut Dice, truth: &Value) -> Value {
    let documents = truth["documents"].as_array().into_iter().flatten().map(|d| {
        let fields = d["fields"].as_object().into_iter().flatten();
        let fields: Map<String, Value> =
            fields.map(|(k, f)| (k.clone(), field(dice, f["value"].clone(), "accepted"))).collect();
        json!({"type": d["type"], "pages": d["pages"], "confidence": 1.0, "fields": fields})
    });
    let documents = documents.collect();
    let mut line = line(&truth["file"], documents);
    if truth["expect"] == "error" {
        line["error"] = json!("x");
    }
    line
}

/// What could be found in the file of a truth; sometimes nothing.
fn result(dice: &mut Dice, truth: &Value) -> Option<Value> {
    if dice.one_in(12) {
        return None;
    }
    let mut documents = Vec::new();
    for d in truth["documents"].as_array().into_iter().flatten() {
        if dice.one_in(10) {
            continue;
        }
        let fields = found(dice, d["fields"].as_object().unwrap_or(&Map::new()));
        let kind = if dice.one_in(8) { json!(dice.pick(&TYPES)) } else { d["type"].clone() };
        let mut pages = d["pages"].clone();
        // Parted where it should not be, a page too many, a page too few.
        match (pages.as_array_mut(), dice.below(8)) {
            (Some(p), 0) if p.len() > 1 => {
                let rest = p.split_off(1);
                documents.push(json!({"type": kind, "pages": rest, "confidence": 0.5, "fields": fields}));
            }
            (Some(p), 1) => p.push(json!(7)),
            (Some(p), 2) if p.len() > 1 => drop(p.pop()),
            _ => {}
        }
        documents.push(json!({"type": kind, "pages": pages, "confidence": 0.5, "fields": fields}));
    }
    for page in truth["blank_pages"].as_array().into_iter().flatten() {
        if dice.one_in(3) {
            let fields = found(dice, &Map::new());
            documents.push(json!({"type": "other", "pages": [page], "confidence": 0.5, "fields": fields}));
        }
    }
    if dice.one_in(8) {
        let fields = found(dice, &Map::new());
        documents.push(json!({"type": "referral", "pages": [9], "confidence": 0.5, "fields": fields}));
    }
    let mut line = line(&truth["file"], documents);
    if dice.one_in(8) {
        line["error"] = json!("x");
        if dice.one_in(2) {
            line.as_object_mut().map(|l| l.remove("documents"));
        }
    }
    Some(line)
}

/// The values of a document after a bad day.
fn found(dice: &mut Dice, truth: &Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, of) in truth {
        if dice.one_in(6) {
            continue;
        }
        let alt = of["alt"].as_array().filter(|_| dice.one_in(3)).map(|a| a[0].clone());
        let right = alt.unwrap_or_else(|| of["value"].clone());
        let value = if dice.one_in(3) { spoilt(dice, right) } else { right };
        let status = *dice.pick(&["accepted", "accepted", "review"]);
        out.insert(key.clone(), field(dice, value, status));
    }
    for _ in 0..dice.below(4) {
        let key = if dice.one_in(6) { "x.note".to_owned() } else { key(dice) };
        let value = match dice.below(8) {
            0 => json!(""),
            1 => json!([]),
            _ => value(dice, &key),
        };
        let status = *dice.pick(&["accepted", "review"]);
        out.insert(key, field(dice, value, status));
    }
    out
}

fn field(dice: &mut Dice, value: Value, status: &str) -> Value {
    let one = |value: &Value, status: &str| json!({"value": value, "raw": "", "page": 1, "box": [0, 0, 1, 1], "confidence": 0.9, "status": status});
    let mut of = one(&value, status);
    if let Value::Array(list) = &value
        && !dice.one_in(4)
    {
        let either = if status == "accepted" { [status; 2] } else { ["accepted", "review"] };
        of["items"] = list.iter().map(|v| one(v, either[dice.below(2)])).collect();
    }
    of
}

fn spoilt(dice: &mut Dice, value: Value) -> Value {
    match value {
        Value::Array(mut list) => {
            match dice.below(7) {
                0 => list.reverse(),
                1 => drop(list.pop()),
                2 => list.push(json!(dice.pick(&TEXTS))),
                3 => list.push(list.first().cloned().unwrap_or_default()),
                4 => list.push(json!(" ")),
                5 => return json!(list.iter().filter_map(Value::as_str).collect::<String>()),
                _ => {
                    let at = dice.below(list.len().max(1));
                    if let Some(item) = list.get_mut(at) {
                        let one = spoilt(dice, item.clone());
                        *item = one.get(0).cloned().unwrap_or(one);
                    }
                }
            }
            Value::Array(list.into_iter().map(|v| if v.is_null() { json!("") } else { v }).collect())
        }
        Value::String(text) => {
            let mut chars: Vec<char> = text.chars().collect();
            let at = dice.below(chars.len().max(1));
            match dice.below(8) {
                0 if !chars.is_empty() => drop(chars.remove(at)),
                1 if !chars.is_empty() => chars[at] = '〓',
                2 => chars.insert(at, '　'),
                3 => chars.insert(at, 'ー'),
                4 => chars = chars.into_iter().map(|c| if c == '-' { '−' } else { c }).collect(),
                5 => chars = chars.into_iter().map(wide).collect(),
                6 => return json!([text]),
                _ => return json!(dice.pick(&TEXTS)),
            }
            json!(chars.into_iter().collect::<String>())
        }
        other => other,
    }
}

/// Full-width form of what has one.
fn wide(c: char) -> char {
    if ('!'..='~').contains(&c) { char::from_u32(c as u32 + 0xfee0).unwrap_or(c) } else { c }
}
