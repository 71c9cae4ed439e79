use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::{Document, Field, Status, Trace, Value};
use crate::register::Patient;

/// name, kana, birth date, sex, address, phone, insured number, as fictional faxes carry them; empty: not on the fax.
const SHEETS: &[[&str; 7]] = &[
    ["海老原 光男", "エビハラ ミツオ", "1933-02-15", "male", "千葉県柏市花野井2-3-18", "04-7135-4161", ""],
    ["河野 良子", "", "1923-01-17", "female", "", "", ""],
    ["野口 春江", "", "1934-09-06", "female", "", "", ""],
    ["河野 芳子", "", "1945-07-25", "female", "千葉県柏市花野井4-1-7 グリーンハイツ208", "04-7164-0720", "0086891712"],
    ["根本 ミツ", "", "1940-04-20", "", "", "", ""],
    [
        "野口 綾子",
        "ノグチ アヤコ",
        "1937-01-01",
        "female",
        "千葉県柏市名戸ケ谷321-14 グリーンハイツ401",
        "04-7172-6831",
        "",
    ],
    ["松田 ミツ", "", "1935-06-22", "female", "", "", ""],
    ["根本 勝", "", "1957-01-11", "male", "", "", ""],
    ["高田 明美", "", "1944-06-26", "female", "千葉県柏市花野井325-9", "04-7165-4331", "0025921045"],
    ["菊地 ミツ", "", "1958-08-14", "", "", "", ""],
    ["金井 明美", "カナイ アケミ", "1936-01-03", "female", "千葉県柏市光ケ丘2-19-21", "04-7177-7459", ""],
    ["横山 ミツ", "", "1944-03-24", "female", "", "", ""],
    ["高田 ミツ", "", "1957-07-09", "female", "", "", ""],
    ["根本 初枝", "", "1948-05-08", "female", "千葉県柏市布施291-19", "04-7139-1054", "0004102572"],
    ["丸山 良子", "", "1946-01-17", "", "", "", ""],
    ["杉山 裕介", "スギヤマ ユウスケ", "1950-10-15", "male", "千葉県柏市光ケ丘530-12 コーポ緑104", "", ""],
    ["横山 初枝", "", "1928-02-12", "female", "千葉県柏市布施5-18-18 柏ハイム502", "", "0021624890"],
    ["河野 栄一", "コウノ エイイチ", "1932-07-25", "male", "千葉県柏市布施242-15", "04-7162-7892", ""],
    ["野口 ミツ", "", "1932-05-16", "", "", "", ""],
    ["宮本 裕介", "", "1939-06-08", "male", "", "", ""],
    ["新井 芳子", "", "1996-01-03", "female", "", "", ""],
    ["横山 明美", "", "1923-08-28", "female", "千葉県柏市布施1364-17", "04-7149-4165", "0029492066"],
    ["横山 綾子", "", "1930-07-17", "female", "", "", ""],
];

const KEYS: [&str; 7] = [
    "patient.name",
    "patient.kana",
    "patient.birth_date",
    "patient.sex",
    "patient.address",
    "patient.phone",
    "patient.insured_number",
];

fn field(value: &str, status: Status) -> Field {
    Field {
        value: Value::One(value.into()),
        raw: value.into(),
        page: 1,
        rect: [0; 4],
        confidence: if status == Status::Accepted { 0.99 } else { 0.7 },
        status,
        items: None,
        trace: Trace::default(),
    }
}

fn sheet(values: &[(&str, &str)]) -> Document {
    let fields: BTreeMap<String, Field> = values
        .iter()
        .filter(|(_, v)| !v.is_empty())
        .map(|(k, v)| match v.strip_prefix('?') {
            Some(unsure) => ((*k).to_owned(), field(unsure, Status::Review)),
            None => ((*k).to_owned(), field(v, Status::Accepted)),
        })
        .collect();
    Document { kind: "referral".into(), pages: vec![1], confidence: 1.0, fields, doubts: vec![], sender_id: None }
}

fn sheet_of(row: &[&str; 7]) -> Document {
    sheet(&KEYS.into_iter().zip(row.iter().copied()).collect::<Vec<_>>())
}

/// The register's row for a sheet: what the sheet leaves out is filled in.
fn row_of(i: usize, row: &[&str; 7]) -> Patient {
    let or = |v: &str, other: String| if v.is_empty() { other } else { v.to_owned() };
    Patient {
        room_id: format!("R-{i:04}"),
        name: row[0].into(),
        kana: if row[1].is_empty() { reading(row[0]) } else { row[1].into() },
        birth_date: row[2].into(),
        sex: or(row[3], "female".into()),
        postal_code: String::new(),
        address: or(row[4], format!("千葉県柏市柏{}-{}-{}", i % 9 + 1, i % 20 + 1, i % 13 + 1)),
        phones: vec![or(row[5], format!("04-71{:02}-{:04}", i % 90 + 10, i * 37 % 10_000))],
        insurer_number: "122176".into(),
        insured_number: or(row[6], format!("00{:08}", 31_415_926 + i * 7919)),
        members: vec![],
    }
}

fn reading(name: &str) -> String {
    let s = crate::text::names::split(name).expect("a name of two parts");
    let first =
        |t: &crate::text::lexicon::Table, w: &str| t.get(w).and_then(|r| r.split(' ').next()).unwrap_or("").to_owned();
    format!(
        "{} {}",
        first(crate::text::lexicon::surnames(), &s.surname),
        first(crate::text::lexicon::given(), &s.given)
    )
}

fn registers(rows: Vec<Patient>) -> Registers {
    Registers::new(rows, vec![], vec![], vec![])
}

fn everybody() -> Vec<Patient> {
    SHEETS.iter().enumerate().map(|(i, r)| row_of(i, r)).collect()
}

fn room(v: &Verdict) -> Option<&str> {
    match v {
        Verdict::Unique { room_id, .. } => Some(room_id),
        _ => None,
    }
}

/// Another digit in each place of the birth date, where that is a day.
fn other_births(birth: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (i, c) in birth.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        for d in '0'..='9' {
            let mut s = birth.to_owned();
            s.replace_range(i..=i, &d.to_string());
            if d != c && s.parse::<jiff::civil::Date>().is_ok() && s.as_str() > "1900" && s.as_str() < "2026" {
                out.push(s);
            }
        }
    }
    out
}

/// People who are not the patient and nearly look like it; a word for what kind.
fn near_twins(p: &Patient) -> Vec<(&'static str, Patient)> {
    let split = crate::text::names::split(&p.name).expect("a name of two parts");
    let mut out: Vec<(&'static str, Patient)> = Vec::new();
    let own = |n: &str| format!("09{}{n}", &p.insured_number[3..9]);
    for (given, kana, sex) in [("良枝", "ヨシエ", "female"), ("光一", "コウイチ", "male")] {
        let kana = format!("{} {kana}", p.kana.split(' ').next().unwrap_or(""));
        let name = format!("{} {given}", split.surname);
        out.push((
            "a twin under the same roof",
            Patient { name, kana, sex: sex.into(), insured_number: own("1"), ..p.clone() },
        ));
    }
    for (from, to) in [
        ("高", "髙"),
        ("河", "川"),
        ("野", "埜"),
        ("辺", "邉"),
        ("子", "江"),
        ("良", "艮"),
        ("明", "朋"),
        ("ミ", "三"),
        ("本", "木"),
        ("口", "ロ"),
        ("井", "并"),
        ("松", "杦"),
        ("枝", "技"),
        ("裕", "祐"),
        ("栄", "榮"),
        ("勝", "滕"),
        ("横", "橫"),
        ("海", "梅"),
    ] {
        if p.name.contains(from) {
            let name = p.name.replace(from, to);
            out.push((
                "another kanji, all else copied",
                Patient { name: name.clone(), insured_number: own("2"), ..p.clone() },
            ));
            out.push(("another kanji, other keys", stranger(p, |q| q.name = name.clone())));
        }
    }
    for birth in other_births(&p.birth_date) {
        out.push(("one digit of the birth date, all else copied", Patient { birth_date: birth.clone(), ..p.clone() }));
        out.push(("one digit of the birth date, other keys", stranger(p, |q| q.birth_date = birth.clone())));
    }
    out.push(("no birth date", Patient { birth_date: String::new(), ..p.clone() }));
    for (i, (_, t)) in out.iter_mut().enumerate() {
        t.room_id = format!("T-{i:04}");
    }
    out
}

/// The same name and birth date, everything else another person's; then changed.
fn stranger(p: &Patient, change: impl Fn(&mut Patient)) -> Patient {
    let mut q = Patient {
        address: "千葉県柏市大津ケ丘9-27-6".into(),
        phones: vec!["090-9999-8888".into()],
        insured_number: format!("07{}", &p.insured_number[2..].chars().rev().collect::<String>()),
        ..p.clone()
    };
    change(&mut q);
    q
}

#[test]
fn clean_sheets_find_their_rooms() {
    let r = registers(everybody());
    for (i, s) in SHEETS.iter().enumerate() {
        let v = find(&sheet_of(s), &r);
        assert_eq!(room(&v), Some(format!("R-{i:04}").as_str()), "{s:?} {v:?}");
    }
}

#[test]
fn no_room_of_a_near_twin_is_ever_taken() {
    let all = everybody();
    for (i, s) in SHEETS.iter().enumerate() {
        let (document, mine) = (sheet_of(s), format!("R-{i:04}"));
        let twins = near_twins(&all[i]);
        assert!(twins.len() > 20);
        for (kind, twin) in &twins {
            // Beside the patient: the right room or none. Without the patient: none.
            let both = registers(all.iter().cloned().chain([twin.clone()]).collect());
            let v = find(&document, &both);
            assert!(room(&v).is_none_or(|r| r == mine), "{kind}: {s:?} went to {v:?} for {twin:?}");
            let alone = registers(all.iter().filter(|p| p.room_id != mine).cloned().chain([twin.clone()]).collect());
            let v = find(&document, &alone);
            assert!(room(&v).is_none(), "{kind}, alone: {s:?} went to {v:?} for {twin:?}");
        }
        let crowd: Vec<Patient> = twins.into_iter().map(|t| t.1).collect();
        let v = find(&document, &registers(crowd.clone()));
        assert!(room(&v).is_none(), "{s:?} {v:?}");
        let v = find(&document, &registers(all.iter().cloned().chain(crowd).collect()));
        assert!(room(&v).is_none_or(|r| r == mine), "{s:?} {v:?}");
    }
}

const AYAKO: [&str; 7] = [
    "野口 綾子",
    "ノグチ アヤコ",
    "1937-01-01",
    "female",
    "千葉県柏市名戸ケ谷321-14 グリーンハイツ401",
    "04-7172-6831",
    "0086891712",
];

fn ayako(change: impl Fn(&mut Patient)) -> Patient {
    let mut p = row_of(1, &AYAKO);
    change(&mut p);
    p
}

fn on(keys: &[(usize, &str)]) -> Document {
    sheet(&keys.iter().map(|(i, v)| (KEYS[*i], *v)).collect::<Vec<_>>())
}

/// All that stands on a full sheet, with some of it changed.
fn full(changes: &[(usize, &'static str)]) -> Document {
    let mut row = AYAKO;
    for (i, v) in changes {
        row[*i] = v;
    }
    sheet_of(&row)
}

#[test]
fn what_is_enough() {
    let r = registers(vec![ayako(|_| ())]);
    for good in [
        on(&[(0, AYAKO[0]), (2, AYAKO[2])]),
        on(&[(0, "野口綾子 様"), (2, AYAKO[2])]),
        on(&[(1, AYAKO[1]), (2, AYAKO[2]), (5, AYAKO[5])]),
        on(&[(0, "?野口 綾子"), (1, "のぐち あやこ"), (2, AYAKO[2]), (4, "柏市名戸ヶ谷321番地14")]),
        on(&[(0, "?野口 綾子"), (2, AYAKO[2]), (6, AYAKO[6])]),
        full(&[]),
        full(&[(1, "?ノグチ アヤユ")]),
        full(&[(5, "090-1111-2222")]),
        full(&[(4, "千葉県流山市加1-1-1")]),
    ] {
        assert_eq!(room(&find(&good, &r)), Some("R-0001"), "{good:?} {:?}", find(&good, &r));
    }
}

#[test]
fn what_is_not_enough() {
    let r = registers(vec![ayako(|_| ())]);
    for bad in [
        on(&[(0, AYAKO[0])]),
        on(&[(2, AYAKO[2])]),
        on(&[(6, AYAKO[6])]),
        on(&[(0, AYAKO[0]), (6, AYAKO[6])]),
        on(&[(1, AYAKO[1]), (2, AYAKO[2])]),
        on(&[(0, "?野口 綾子"), (2, AYAKO[2])]),
        on(&[(0, AYAKO[0]), (2, "?1937-01-01")]),
        on(&[(0, "?野口 綾子"), (1, "?ノグチ アヤコ"), (2, AYAKO[2]), (5, "?04-7172-6831")]),
        full(&[(0, "野口 絢子")]),
        full(&[(0, "野囗 綾予")]),
        full(&[(0, "金井 明美")]),
        full(&[(2, "1937-01-07")]),
        full(&[(1, "ノグチ ハルエ")]),
        full(&[(3, "male")]),
        full(&[(6, "0025921045")]),
        full(&[(4, "千葉県流山市加1-1-1"), (5, "090-1111-2222"), (6, "")]),
    ] {
        assert_eq!(room(&find(&bad, &r)), None, "{bad:?}");
    }
}

#[test]
fn keys_that_tell_two_rows_apart() {
    let me = || ayako(|_| ());
    let other = |change: fn(&mut Patient)| {
        let mut p = stranger(&me(), change);
        p.room_id = "X".into();
        p
    };
    let short = on(&[(0, AYAKO[0]), (2, AYAKO[2]), (3, AYAKO[3])]);
    // Same name and birth date twice.
    let r = registers(vec![me(), other(|_| ())]);
    assert!(matches!(find(&short, &r), Verdict::Review { candidates, .. } if candidates.len() == 2));
    assert_eq!(room(&find(&full(&[]), &r)), Some("R-0001"));
    assert_eq!(room(&find(&full(&[(4, "千葉県柏市大津ケ丘9-27-6")]), &r)), None);
    // One digit of the phone is no proof.
    let r = registers(vec![
        me(),
        ayako(|p| {
            p.room_id = "X".into();
            p.phones = vec!["04-7172-6837".into()];
        }),
    ]);
    assert_eq!(room(&find(&full(&[]), &r)), None);
    // Twins under one roof; the kana tell them apart, the address does not.
    let r = registers(vec![
        me(),
        ayako(|p| {
            p.room_id = "X".into();
            p.name = "野口 春江".into();
            p.kana = "ノグチ ハルエ".into();
            p.insured_number = "0025921045".into();
        }),
    ]);
    assert_eq!(room(&find(&short, &r)), None);
    assert_eq!(room(&find(&on(&[(0, AYAKO[0]), (2, AYAKO[2]), (4, AYAKO[4])]), &r)), None);
    assert_eq!(room(&find(&on(&[(0, AYAKO[0]), (1, AYAKO[1]), (2, AYAKO[2])]), &r)), Some("R-0001"));
    assert_eq!(room(&find(&on(&[(0, AYAKO[0]), (1, "?ノグチ アヤコ"), (2, AYAKO[2])]), &r)), None);
    // Somebody else's insured number.
    assert_eq!(room(&find(&full(&[(6, "0025921045")]), &r)), None);
    // A person of the same surname and birth date in another house is not in the way.
    let r = registers(vec![
        me(),
        other(|p| {
            p.name = "野口 春江".into();
            p.kana = "ノグチ ハルエ".into();
        }),
    ]);
    assert_eq!(room(&find(&short, &r)), Some("R-0001"));
    // Nor one of the same name with another birth date.
    let r = registers(vec![me(), other(|p| p.birth_date = "1951-11-23".into())]);
    assert_eq!(room(&find(&short, &r)), Some("R-0001"));
}

#[test]
fn forms_of_kanji_need_the_insured_number() {
    let r = registers(vec![ayako(|p| p.name = "渡邉 綾子".into())]);
    assert_eq!(room(&find(&full(&[(0, "渡辺 綾子"), (6, "")]), &r)), None);
    assert_eq!(room(&find(&full(&[(0, "渡辺 綾子")]), &r)), Some("R-0001"));
    assert_eq!(room(&find(&full(&[(0, "渡部 綾子")]), &r)), None);
    let Verdict::Review { reason, candidates } = find(&full(&[(0, "渡辺 綾子"), (6, "")]), &r) else {
        panic!("no review")
    };
    assert!(reason.contains("字体") && candidates[0].differs[0].contains("渡邉"), "{reason} {candidates:?}");
    assert!(candidates[0].agrees.contains(&"フリガナ".to_owned()));
}

#[test]
fn the_key_persons_phone_says_nothing() {
    let r = registers(vec![ayako(|p| p.address = String::new())]);
    let mut d = on(&[(0, AYAKO[0]), (2, AYAKO[2]), (5, "090-7638-7451")]);
    assert_eq!(room(&find(&d, &r)), None);
    d.fields.insert("contact.phone".into(), field("090-7638-7451", Status::Review));
    assert_eq!(room(&find(&d, &r)), Some("R-0001"));
}

#[test]
fn sheets_without_a_patient() {
    let r = registers(everybody());
    assert_eq!(find(&sheet(&[("sender.institution", "東柏わかば病院")]), &r), Verdict::NoPatient);
    let v = find(&sheet(&[("patient.name", "桐生 徹"), ("patient.birth_date", "1960-10-10")]), &r);
    assert!(matches!(v, Verdict::Review { candidates, .. } if candidates.is_empty()));
    assert!(matches!(find(&sheet_of(&AYAKO), &Registers::default()), Verdict::Review { .. }));
}

#[test]
fn a_large_register_is_not_walked() {
    let surnames: Vec<&str> = crate::text::lexicon::surnames().words().step_by(24).take(500).collect();
    let given: Vec<&str> = crate::text::lexicon::given().words().step_by(34).take(500).collect();
    let rows: Vec<Patient> = (0..100_000usize)
        .map(|i| Patient {
            room_id: format!("R-{i}"),
            name: format!("{} {}", surnames[i * 7 % 500], given[i * 13 / 500 % 500]),
            birth_date: format!("{}-{:02}-{:02}", 1925 + i * 31 % 60, i / 60 % 12 + 1, i / 720 % 28 + 1),
            ..Patient::default()
        })
        .collect();
    let wanted = rows[77_777].clone();
    let r = registers(rows);
    let d = sheet(&[("patient.name", &wanted.name), ("patient.birth_date", &wanted.birth_date)]);
    let looked = gather(&Sheet::of(&d), &r).len();
    assert!(looked > 0 && looked < 500, "{looked} rows");
    assert!(find(&d, &r) != Verdict::NoPatient);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A misread but accepted character in any key, with the patient and all near-twins in the register: the right room or
    /// none.
    #[test]
    fn misreadings_never_reach_another_room(i in 0usize..SHEETS.len(), key in 0usize..7, at in 0usize..12, by in 1u8..10) {
        let mut values: Vec<String> = SHEETS[i].iter().map(|v| (*v).to_owned()).collect();
        let mut chars: Vec<char> = values[key].chars().collect();
        if let Some(c) = chars.get_mut(at) {
            *c = match *c {
                d @ '0'..='9' => char::from(b'0' + (d as u8 - b'0' + by) % 10),
                _ => ['江', '良', '木', 'ミ', 'コ', '一', '川', '高', '子'][by as usize - 1],
            };
        }
        values[key] = chars.into_iter().collect();
        let document = sheet(&KEYS.into_iter().zip(values.iter().map(String::as_str)).collect::<Vec<_>>());
        let all = everybody();
        let mine = all[i].room_id.clone();
        let crowd = near_twins(&all[i]).into_iter().map(|t| t.1);
        let r = registers(all.into_iter().chain(crowd).collect());
        let v = find(&document, &r);
        prop_assert!(room(&v).is_none_or(|r| r == mine), "{:?} went to {:?}", values, v);
    }
}
