use super::*;

const HEAD: &str = "room_id,name,kana,birth_date,sex,postal_code,address,phone,insurer_number,insured_number,members";

fn parse(s: &str) -> Result<Vec<Patient>, RegisterError> {
    table::patients("patients.csv", s.as_bytes())
}

#[test]
fn a_row_is_read_and_normalised() {
    let p = parse(&format!(
        "{HEAD}\nR-1,海老原　光男,えびはら みつお,昭和8年2月15日,男,2770812,千葉県柏市花野井2-3-18,0471354161,122176,0086891712,a@x.jp; b@x.jp\n\n"
    ))
    .unwrap();
    let want = Patient {
        room_id: "R-1".into(),
        name: "海老原 光男".into(),
        kana: "エビハラ ミツオ".into(),
        birth_date: "1933-02-15".into(),
        sex: "male".into(),
        postal_code: "277-0812".into(),
        address: "千葉県柏市花野井2-3-18".into(),
        phones: vec!["04-7135-4161".into()],
        insurer_number: "122176".into(),
        insured_number: "0086891712".into(),
        members: vec!["a@x.jp".into(), "b@x.jp".into()],
    };
    assert_eq!(p, vec![want]);
}

#[test]
fn encodings_and_orders_do_not_matter() {
    let text = "birth_date,name,room_id\r\n1933/2/15,髙橋 花子,R-1\r\n";
    let plain = parse(text).unwrap();
    let bom = table::patients("p", format!("\u{FEFF}{text}").as_bytes()).unwrap();
    let (ms932, _, bad) = encoding_rs::SHIFT_JIS.encode(text);
    assert!(!bad);
    let old = table::patients("p", &ms932).unwrap();
    assert_eq!(plain, bom);
    assert_eq!(plain, old);
    assert_eq!(plain[0].name, "髙橋 花子");
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert!(table::patients("p", &utf16).unwrap_err().to_string().contains("UTF-16"));
    assert!(table::patients("p", b"\xFF\xFF\x80").is_err());
}

#[test]
fn every_problem_is_named_with_line_and_column() {
    let e = parse(
        "room_id,name,birth_date,sex,phone,insurer_number,insured_number,members\n\
         R-1,甲 一,1933-02-15,男,04-7135-4161,122176,0086891712,a@x.jp\n\
         R-1,乙 二,1933-02-30,x,7135-4161,122175,86891712,nobody\n\
         ,,1933-02-15,,471354161,,,\n\
         R-4,\"a,b\",1933-02-15\n",
    )
    .unwrap_err();
    let at: Vec<(u64, &str)> = e.problems.iter().map(|p| (p.line, p.column.as_str())).collect();
    for want in [
        (3, "room_id"),
        (3, "birth_date"),
        (3, "sex"),
        (3, "phone"),
        (3, "insurer_number"),
        (3, "insured_number"),
        (3, "members"),
        (4, "room_id"),
        (4, "name"),
        (4, "phone"),
        (5, ""),
    ] {
        assert!(at.contains(&want), "{want:?} is not in {at:?}");
    }
    let said = e.to_string();
    assert!(said.contains("R-1 is in line 2 already") && said.contains("nothing was imported"), "{said}");
    assert!(said.contains("leading zeros") && said.contains("lost its leading 0"), "{said}");
}

#[test]
fn headers_are_checked() {
    let e = parse("room_id,name,birth_date,birthday\nR-1,甲,1933-02-15,x\n").unwrap_err();
    assert_eq!((e.problems[0].line, e.problems[0].column.as_str()), (1, "birthday"));
    let e = parse("room_id,name\nR-1,甲\n").unwrap_err();
    assert_eq!(e.problems[0].column, "birth_date");
    assert!(parse("room_id,name,name,birth_date\n").is_err());
    assert!(parse("").is_err());
    assert_eq!(parse(&format!("{HEAD}\n")), Ok(vec![]));
}

#[test]
fn offices_and_staff() {
    let o = table::offices("o", b"office_id,name,phone,fax,address\nO1,\xE3\x81\x8D,0471647750,,\n").unwrap();
    let csv = "mail,name,office_id,profession,from,until\nA@x.jp,甲,O1,介護支援専門員,2020-04-01,2026-06-30\nb@x.jp,乙,O1,看護師,,\n";
    let s = table::staff("s", csv.as_bytes(), &o).unwrap();
    assert!(s[0].present("2026-06-30") && !s[0].present("2026-07-01") && !s[0].present("2020-03-31"));
    let e =
        table::staff("s", "mail,office_id,from,until\na@x.jp,O2,2026-02-01,2026-01-01\n".as_bytes(), &o).unwrap_err();
    assert_eq!(e.problems.len(), 2);
    let p = Patient {
        room_id: "R".into(),
        members: vec!["a@X.jp".into(), "b@x.jp".into(), "c@x.jp".into()],
        ..Patient::default()
    };
    let r = Registers::new(vec![p], vec![], o, s);
    assert_eq!(r.notified("R", "2026-06-30"), ["a@X.jp", "b@x.jp", "c@x.jp"]);
    assert_eq!(r.notified("R", "2026-07-01"), ["b@x.jp", "c@x.jp"]);
}

#[test]
fn an_import_shows_its_difference() {
    let row = |id: &str, name: &str, phone: &str| Patient {
        room_id: id.into(),
        name: name.into(),
        phones: vec![phone.into()],
        ..Patient::default()
    };
    let old = [row("R-1", "甲", "1"), row("R-2", "乙", "1"), row("R-3", "丙", "1")];
    let new = [row("R-4", "丁", "1"), row("R-2", "乙", "2"), row("R-1", "甲", "1")];
    let d = diff(&old, &new);
    assert_eq!(d.counts(), "1 added, 1 changed, 1 ended, 1 unchanged");
    assert_eq!(d.lines()[1..], ["+ R-4 丁", "~ R-2 乙: phones 1 → 2", "- R-3 丙"]);
    assert!(diff(&old, &old).is_empty());
}

fn houses() -> Registers {
    let csv = "id,name,aliases,code,phones,faxes,contact\n\
        I1,医療法人社団 わかば会 東柏わかば病院,わかば病院,,04-7191-6040,04-7191-6041,\n\
        I2,光ヶ丘ゆずりは医院,,,04-7174-3308,04-7174-3309,\n\
        I3,ケアサポートきさらぎ,,,04-7164-7750,04-7164-7751,\n\
        I4,柏中央クリニック,,,,04-7100-0001,\n\
        I5,柏中失クリニック,,,,04-7100-0002,\n";
    Registers::new(vec![], table::institutions("i", csv.as_bytes()).unwrap(), vec![], vec![])
}

#[test]
fn names_of_institutions() {
    let r = houses();
    let id = |n: &str| r.institution_by_name(n).one().map(|i| i.id.as_str());
    assert_eq!(id("医療法人社団わかば会　東柏わかば病院"), Some("I1"));
    assert_eq!(id("東柏わかば病院 御中"), Some("I1"));
    assert_eq!(id("わかば病院"), Some("I1"));
    assert_eq!(id("光ケ丘ゆずリは医院"), Some("I2"));
    assert_eq!(id("光ヶ丘ゆずりは医完"), Some("I2"));
    assert_eq!(id("柏中央クリニック"), Some("I4"));
    // One error away from both: no guess.
    assert_eq!(id("柏中夫クリニック"), None);
    assert!(matches!(r.institution_by_name("柏中夫クリニック"), NameMatch::Ambiguous(v) if v.len() == 2));
    assert_eq!(id("南柏みどり病院"), None);
    assert_eq!(id(""), None);
}

#[test]
fn senders() {
    let r = houses();
    let s = r.sender(Some("東柏わかば病院"), &["04-7191-6040"]);
    assert_eq!((s.id.as_deref(), s.agrees.len()), (Some("I1"), 2));
    let s = r.sender(Some("東柏わかば病院"), &["04-7174-3308"]);
    assert!(s.id.is_none() && s.contradiction.is_some());
    let s = r.sender(Some("柏中夫クリニック"), &["0471000002"]);
    assert_eq!(s.id.as_deref(), Some("I5"));
    let s = r.sender(None, &["04-7174-3309"]);
    assert_eq!(s.id.as_deref(), Some("I2"));
    assert_eq!(r.sender(Some("南柏みどり病院"), &["04-7174-3309"]), Sender::default());
    let s = r.sender(Some("光ヶ丘ゆずりは医院 地域連携室"), &["04-7174-3309"]);
    assert_eq!(s.id.as_deref(), Some("I2"));
    assert!(r.sender(None, &["04-7174-3309", "04-7191-6040"]).contradiction.is_some());
    assert_eq!(r.sender(Some("南柏みどり病院"), &["03-1111-2222"]), Sender::default());
}
