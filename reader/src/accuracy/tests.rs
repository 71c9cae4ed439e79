//! What the comparison with the team's scorer (`tests/accuracy.rs`) does not show: kinds, bins, the order of mistakes.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::model::Extracted;

fn truth() -> Vec<Truth> {
    let of = json!({"file": "a.tif", "conditions": {"class": "fine"}, "documents": [{"type": "referral", "pages": [1],
        "layout": "l", "hospital": "h", "fields": {
            "patient.name": {"value": "柏 花子", "handwritten": true},
            "patient.birth_date": {"value": "1940-04-12"},
            "clinical.medications": {"value": ["A錠5mg", "B錠10mg"]}}}]});
    vec![serde_json::from_value(of).expect("a truth")]
}

fn field(value: serde_json::Value, confidence: f64, status: &str) -> serde_json::Value {
    json!({"value": value, "raw": "", "page": 1, "box": [1, 2, 3, 4], "confidence": confidence, "status": status})
}

fn result() -> BTreeMap<String, Extracted> {
    let mut drugs = field(json!(["A錠5mg", "C錠"]), 0.6, "review");
    let item = |v: &str, c, s: &str| field(json!(v), c, s);
    drugs["items"] = json!([item("A錠5mg", 0.97, "accepted"), item("C錠", 0.96, "accepted")]);
    let of = json!({"file": "a.tif", "reader": {"engine": "", "runtime": "", "models": "", "rules": ""}, "documents": [
        {"type": "referral", "pages": [1], "confidence": 1.0, "fields": {
            "patient.name": field(json!("柏　花子"), 0.995, "accepted"),
            "patient.phone": field(json!("04-7111-2222"), 0.75, "review"),
            "clinical.medications": drugs}}]});
    BTreeMap::from([("a.tif".to_owned(), serde_json::from_value(of).expect("a result"))])
}

#[test]
fn mistakes_that_would_be_believed_come_first() {
    let (truth, result) = (truth(), result());
    let judged = judge(&result, &truth);
    let all = worst(&judged, 9);
    let told: Vec<(Sort, &str)> = all.iter().map(|m| (m.sort, m.key.as_str())).collect();
    let wanted =
        [(Sort::Silent, "clinical.medications"), (Sort::Wrong, "patient.phone"), (Sort::Missing, "patient.birth_date")];
    assert_eq!(told, wanted);
    assert_eq!(all[0].got.as_ref().map(|v| v.text()).as_deref(), Some("C錠"));
    assert_eq!(worst(&judged, 1).len(), 1);
}

#[test]
fn confidence_is_counted_by_kind_and_item() {
    let (truth, result) = (truth(), result());
    let of = reliability(&judge(&result, &truth));
    assert_eq!(of["name"].bins[7].right, Ratio { hits: 1, of: 1 });
    assert_eq!(of["list"].bins[5].right, Ratio { hits: 1, of: 2 });
    assert_eq!(of["list"].accepted_right, Ratio { hits: 1, of: 2 });
    assert_eq!(of["number"].bins[2].right, Ratio { hits: 0, of: 1 });
    assert!(!of.contains_key("date"), "what was not found has no confidence");
}

#[test]
fn groups_part_the_same_counts() {
    let (truth, result) = (truth(), result());
    let judged = judge(&result, &truth);
    for by in [By::Condition, By::Type, By::Layout, By::Field, By::Hospital] {
        let sum = groups(&judged, by)
            .values()
            .fold((0, 0, 0), |s, g| (s.0 + g.strict.tp, s.1 + g.strict.fp, s.2 + g.strict.fn_));
        assert_eq!(sum, (1, 2, 2), "{by:?}");
    }
    assert!(groups(&judged, By::Hospital).contains_key("h"));
}
