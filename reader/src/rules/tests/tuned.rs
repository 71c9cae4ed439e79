//! What administrators put on top of the rules: layers, places of a hospital's own, forms, packs, and backtests that pass
//! over what a change cannot touch.

use super::super::backtest::{Change, Pair, Verdict, compare, document_of, judge, whose};
use super::super::edit::{RuleForm, Spot, When};
use super::super::pack::Pack;
use super::*;
use crate::model::Value;

fn layer(files: &[(&str, &str)]) -> Layer {
    let mut layer = Layer::default();
    files.iter().for_each(|(name, text)| layer.set(name, text));
    layer
}

fn under(layer: &Layer) -> RuleSet {
    RuleSet::layered(&Base::embedded(), layer).expect("rules")
}

/// The letter with its birth date at another place, its parts far from each other, without a label.
fn strange(birth: &[(i32, &'static str)]) -> Reading {
    let mut lines: Vec<(i32, i32, &str)> = LETTER.iter().filter(|l| !l.2.starts_with("生年月日")).copied().collect();
    lines.extend(birth.iter().map(|(x, text)| (*x, 1900, *text)));
    Reading { pages: vec![page(1, &lines)], ..Reading::default() }
}

const PARTS: &[(i32, &str)] =
    &[(300, "昭和"), (500, "8"), (640, "年"), (800, "2"), (940, "月"), (1100, "15"), (1260, "日")];

const OWN: &str = "[[hospital]]\nwhen = { fax = \"04-7174-3309\" }\n[hospital.field.\"patient.birth_date\"]\nregion = [0.1, 0.78, 0.9, 0.86]\n";

fn first(rules: &RuleSet, reading: &Reading) -> Document {
    extract(rules, reading, &Registers::default()).documents.remove(0)
}

#[test]
fn a_layer_adds_to_the_base_and_tells_where_it_is_wrong() {
    let base = Base::embedded();
    assert_eq!(under(&Layer::default()).hash(), RuleSet::embedded().hash());
    let own = layer(&[("common.toml", "[field.\"patient.birth_date\"]\nlabels = [\"お誕生の日\"]\n")]);
    let rules = under(&own);
    assert_ne!(rules.hash(), RuleSet::embedded().hash());
    let mut lines: Vec<(i32, i32, &str)> = LETTER.iter().filter(|l| !l.2.starts_with("生年月日")).copied().collect();
    lines.push((140, 660, "お誕生の日 昭和8年2月15日"));
    let reading = Reading { pages: vec![page(1, &lines)], ..Reading::default() };
    let found = first(&rules, &reading);
    assert_eq!(found.fields["patient.birth_date"].trace.label.as_ref().map(|l| l.0.as_str()), Some("お誕生の日"));
    let faults = [
        (("referral.toml", "type = \"cover\"\n"), Some(1)),
        (("referral.toml", "[stop]\nlabels = [\"a\"]\nlables = []\n"), Some(3)),
        (("referral.toml", "\n[field.\"patient.nmae\"]\nlabels = [\"a\"]\n"), Some(2)),
        (("referral.toml", "[field.\"patient.name\"]\npattern = \"(\"\n"), Some(2)),
        (("referral.toml", "[field.\"x.shoe\"]\nlabels = [\"靴\"]\n"), Some(1)),
        (("none.toml", "[stop]\nlabels = [\"a\"]\n"), None),
    ];
    for ((file, text), line) in faults {
        let fault = base.check(&layer(&[(file, text)])).expect_err(text);
        assert_eq!((fault.file.as_str(), fault.line), (file, line), "{text}: {}", fault.what);
    }
    // A label in the common file is enough for a hospital's own of another.
    let two = layer(&[
        ("common.toml", "[field.\"x.shoe\"]\nlabel = \"靴\"\nlabels = [\"靴\"]\n"),
        ("referral.toml", "[[hospital]]\nwhen = { name = \"丘病院\" }\nfield.\"x.shoe\".labels = [\"はきもの\"]\n"),
    ]);
    base.check(&two).expect("it holds");
    assert_eq!(under(&two).own_fields().get("x.shoe").map(String::as_str), Some("靴"));
}

#[test]
fn a_place_that_an_administrator_names_decides() {
    let reading = strange(PARTS);
    assert!(!first(&RuleSet::embedded(), &reading).fields.contains_key("patient.birth_date"), "nobody finds it");
    let rules = under(&layer(&[("referral.toml", OWN)]));
    let found = first(&rules, &reading).fields["patient.birth_date"].clone();
    assert_eq!((found.value.text().as_str(), found.status), ("1933-02-15", Status::Accepted), "{:?}", found.trace);
    assert_eq!(found.trace.direction, "region");
    assert!(found.trace.rule.contains("04-7174-3309"), "{}", found.trace.rule);
    // What stands elsewhere with a label gives way.
    let mut both_there = strange(PARTS);
    both_there.pages[0].lines.push(line(140, 660, "生年月日 昭和10年1月1日"));
    assert_eq!(first(&rules, &both_there).text("patient.birth_date").as_deref(), Some("1933-02-15"));
    // Nothing of the form there: what was found elsewhere is for a person.
    let mut empty = strange(&[(300, "特記なし")]);
    empty.pages[0].lines.push(line(140, 660, "生年月日 昭和10年1月1日"));
    let elsewhere = first(&rules, &empty).fields["patient.birth_date"].clone();
    assert_eq!((elsewhere.value.text().as_str(), elsewhere.status), ("1935-01-01", Status::Review));
    // Characters that are not sure stay so.
    let mut unsure = strange(PARTS);
    for g in unsure.pages[0].lines.iter_mut().filter(|l| l.rect.y0 == 1900).flat_map(|l| &mut l.glyphs) {
        g.p = 0.6;
    }
    assert_eq!(first(&rules, &unsure).fields["patient.birth_date"].status, Status::Review);
    // Another hospital's sheet is none of its business.
    let mut other = strange(PARTS);
    other.pages[0].lines.retain(|l| !l.text().contains("3309"));
    assert!(!first(&rules, &other).fields.contains_key("patient.birth_date"));
}

#[test]
fn a_form_is_put_into_a_file_and_comes_back() {
    let base = Base::embedded();
    let when = When { fax: Some("04-7174-3309".into()), ..When::default() };
    let spot = Spot { file: "referral.toml", when: Some(&when), key: "patient.birth_date" };
    let form = RuleForm {
        labels: "うまれた日\n".into(),
        look: vec!["right".into(), "below".into()],
        region: "0.1 0.78 0.9 0.86".into(),
        page: "1".into(),
        accept: "0.9".into(),
        check: vec!["near_today".into()],
        ..RuleForm::default()
    };
    let own = base.put(&Layer::default(), &spot, &form).expect("put");
    let (back, whole) = base.rule_at(&own, &spot);
    assert_eq!(back, RuleForm { labels: "うまれた日".into(), ..form.clone() });
    assert!(whole.labels.contains("生年月日") && whole.labels.contains("うまれた日"));
    assert!(own.file("referral.toml").contains("region = [0.1, 0.78, 0.9, 0.86]"), "{}", own.file("referral.toml"));
    assert_eq!(base.hospitals_in(&own), [("referral.toml".to_owned(), when.clone())]);
    assert!(base.put(&own, &spot, &RuleForm::default()).expect("taken away").is_empty());
    for wrong in [
        RuleForm { region: "0.1 0.2".into(), ..RuleForm::default() },
        RuleForm { region: "0.5 0.2 0.1 0.3".into(), ..RuleForm::default() },
        RuleForm { form: "shoe".into(), ..RuleForm::default() },
        RuleForm { pattern: "(".into(), ..RuleForm::default() },
    ] {
        assert!(base.put(&own, &spot, &wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_pack_is_read_as_it_was_written_or_not_at_all() {
    let base = Base::embedded();
    let own = layer(&[("referral.toml", OWN)]);
    let text = Pack::of(&own, "柏市", "2026-11-28").text();
    assert_eq!(Pack::read(&text).and_then(|p| p.layer(&base)).expect("read"), own);
    assert!(Pack::read(&text.replace("0.78", "0.79")).is_err(), "changed on its way");
    assert!(Pack::read("shoe = 1").is_err());
}

#[test]
fn what_people_said_tells_whether_a_draft_is_better() {
    let reading = strange(PARTS);
    let (old, new) = (RuleSet::embedded(), under(&layer(&[("referral.toml", OWN)])));
    let truth = [("patient.birth_date".to_owned(), Some(Value::One("1933-02-15".into()))), ("care.level".into(), None)];
    let truth: BTreeMap<String, Option<Value>> = truth.into();
    let [before, after] = [&old, &new].map(|r| extract(r, &reading, &Registers::default()));
    let verdicts = |a: &Extraction, b: &Extraction| -> Vec<(String, Verdict)> {
        let outcomes = judge(&truth, document_of(a, &[1]), document_of(b, &[1]));
        outcomes.into_iter().map(|o| (o.key, o.verdict)).collect()
    };
    let named = |v| vec![("care.level".to_owned(), Verdict::Same), ("patient.birth_date".to_owned(), v)];
    assert_eq!(verdicts(&before, &after), named(Verdict::Fixed));
    assert_eq!(verdicts(&after, &before), named(Verdict::Broken));
}

/// Layers of all kinds: nothing, a hospital's, a type's, a label for all.
fn any_layer() -> impl Strategy<Value = Layer> {
    let hospital =
        prop::sample::select(vec!["fax = \"04-7174-3309\"", "name = \"みどり病院\"", "phone = \"03-0000-0000\""]);
    let hospital = (hospital, prop::sample::select(vec!["referral.toml", "contact_sheet.toml", "common.toml"]), 0..3u8);
    let own = prop::collection::vec(hospital, 0..3);
    let general = prop::option::of(prop::sample::select(vec![
        ("referral.toml", "[field.\"patient.birth_date\"]\naccept = 1.0\n"),
        ("contact_sheet.toml", "[field.\"patient.name\"]\npattern = \"あ\"\n"),
        ("referral.toml", "[field.\"patient.sex\"]\nlabels = [\"生年月日\"]\n"),
        ("common.toml", "[field.\"patient.name\"]\nstop_at = [\"光\"]\n"),
        ("common.toml", "[stop]\nlabels = [\"患者氏名\"]\n"),
        ("admission_info.toml", "[field.\"patient.name\"]\nlabels = [\"医師\"]\n"),
        ("cover.toml", "[classify]\ntitle = { any = [\"診療情報提供書\"] }\n"),
    ]));
    (own, general).prop_map(|(own, general)| {
        let mut out = Layer::default();
        let add = |out: &mut Layer, file: &str, text: &str| {
            let old = out.file(file).to_owned();
            out.set(file, &format!("{text}\n{old}"));
        };
        for (when, file, what) in own {
            let rule = match what {
                0 => "\"patient.birth_date\".region = [0.1, 0.78, 0.9, 0.86]",
                1 => "\"patient.name\".labels = [\"住所\"]",
                _ => "\"sender.person\".accept = 0.1",
            };
            add(&mut out, file, &format!("[[hospital]]\nwhen = {{ {when} }}\nfield.{rule}"));
        }
        if let Some((file, text)) = general {
            add(&mut out, file, text);
        }
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_a_backtest_passes_over_would_have_been_the_same(a in any_layer(), b in any_layer()) {
        let base = Base::embedded();
        // (two entries of one hospital in one file may be refused or not; only layers that hold are compared)
        if let (Ok(one), Ok(other)) = (RuleSet::layered(&base, &a), RuleSet::layered(&base, &b)) {
            let change = Change::between(&base, &a, &b).expect("both hold");
            prop_assert_eq!(change.is_none(), a == b || change == Change::between(&base, &a, &a).expect("none"));
            let mut answer = strange(PARTS);
            answer.pages.push(page(2, &[(600, 140, "連絡票"), (140, 300, "みどり病院"), (140, 400, "患者氏名 成嶋 節子 様")]));
            let known = Registers::default();
            for reading in [strange(PARTS), answer] {
                let (numbers, text) = whose(&reading);
                let [before, after] = [&one, &other].map(|r| extract(r, &reading, &known));
                if !change.touches(&numbers, &text) {
                    prop_assert_eq!(&before.documents, &after.documents);
                }
                for pages in [&[1][..], &[2], &[1, 2], &[3]] {
                    let whole = [&before, &after].map(|e| document_of(e, pages).cloned());
                    // (traces name the rules' files, which are the same)
                    match compare(&one, &other, &change, &reading, &known, pages) {
                        Pair::Same => prop_assert_eq!(&whole[0], &whole[1]),
                        Pair::Two(two) => prop_assert_eq!(whole, *two),
                    }
                }
            }
        }
    }
}
