//! The rules on pages made by hand: labels, scopes, documents, what is sure, and what an administrator may write.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::{Rect, Status};
use crate::reading::{Glyph, Line};

const EM: i32 = 28;

/// A line of characters of one em (ASCII: half), a space in the text being white space of one em.
fn line(x: i32, y: i32, text: &str) -> Line {
    let (mut at, mut gap, mut glyphs) = (x, 0.0, Vec::new());
    for ch in text.chars() {
        if ch == ' ' {
            at += EM;
            gap = 1.0;
            continue;
        }
        let wide = if ch.is_ascii() { EM / 2 } else { EM };
        glyphs.push(Glyph { ch, p: 1.0, x0: at, x1: at + wide, gap, ..Glyph::default() });
        at += wide;
        gap = 0.0;
    }
    Line { rect: Rect::new(x, y, at, y + EM), glyphs, ..Line::default() }
}

pub(super) fn page(number: u32, lines: &[(i32, i32, &str)]) -> Page {
    let mut lines: Vec<Line> = lines.iter().map(|(x, y, t)| line(*x, *y, t)).collect();
    if let Some(title) = lines.first_mut() {
        title.rect.y1 += EM / 2; // titles are larger
    }
    Page { number, width: 1654, height: 2339, em: EM as f32, lines, ..Page::default() }
}

/// Puts lines into ruled cells.
fn celled(mut page: Page, cells: &[[i32; 4]]) -> Page {
    page.cells = cells.iter().map(|c| Rect::new(c[0], c[1], c[2], c[3])).collect();
    for l in &mut page.lines {
        let (x, y) = l.rect.center();
        l.cell = page.cells.iter().position(|c| c.contains(x, y)).map(|i| i as u32);
    }
    page
}

fn read(pages: Vec<Page>) -> Vec<Document> {
    let reading = Reading { pages, ..Reading::default() };
    extract(&RuleSet::embedded(), &reading, &Registers::default()).documents
}

fn value(d: &Document, key: &str) -> Option<String> {
    d.text(key)
}

const LETTER: &[(i32, i32, &str)] = &[
    (600, 140, "診療情報提供書"),
    (1200, 220, "令和8年6月8日"),
    (140, 280, "東柏わかば病院 御中"),
    (140, 330, "丸山 聡 先生"),
    (1000, 380, "光ヶ丘ゆずりは医院"),
    (1000, 430, "TEL 04-7174-3308 FAX 04-7174-3309"),
    (1000, 480, "医師 杉山 聡"),
    (140, 560, "フリガナ エビハラ ミツオ"),
    (140, 610, "患者氏名 海老原 光男 様"),
    (900, 610, "性別 男"),
    (140, 660, "生年月日 昭和8年2月15日"),
    (140, 710, "住所 千葉県柏市花野井2-3-18"),
    (140, 800, "【傷病名】"),
    (160, 845, "1.高血圧症"),
    (160, 890, "2.2型糖尿病"),
    (140, 960, "【症状経過】"),
    (160, 1005, "安定しています。入院の必要はありません。アレルギー、感染症の"),
    (160, 1050, "心配もなく、経過は良好です。"),
];

#[test]
fn a_letter_gives_its_values_by_their_labels() {
    let documents = read(vec![page(1, LETTER)]);
    let [d] = &documents[..] else { panic!("{documents:?}") };
    assert_eq!(d.kind, "referral");
    for (key, want) in [
        ("document.date", "2026-06-08"),
        ("recipient.institution", "東柏わかば病院"),
        ("recipient.person", "丸山 聡"),
        ("sender.institution", "光ヶ丘ゆずりは医院"),
        ("sender.phone", "04-7174-3308"),
        ("sender.fax", "04-7174-3309"),
        ("sender.person", "杉山 聡"),
        ("patient.kana", "エビハラ ミツオ"),
        ("patient.name", "海老原 光男"),
        ("patient.sex", "male"),
        ("patient.birth_date", "1933-02-15"),
        ("patient.address", "千葉県柏市花野井2-3-18"),
        ("clinical.diagnoses", "高血圧症、2型糖尿病"),
    ] {
        assert_eq!(value(d, key).as_deref(), Some(want), "{key}: {:?}", d.fields.get(key));
    }
    assert_eq!(
        d.fields["patient.name"].status,
        Status::Accepted,
        "name and kana agree: {:?}",
        d.fields["patient.name"]
    );
    assert_eq!(d.fields["patient.birth_date"].status, Status::Accepted);
    assert_eq!(d.fields["sender.institution"].status, Status::Review, "no register vouches for it");
    let course = value(d, "clinical.course").unwrap_or_default();
    assert!(
        course.starts_with("安定") && course.ends_with("良好です。"),
        "words of a sentence are no labels: {course}"
    );
    assert!(!d.fields.contains_key("clinical.allergies"), "{:?}", d.fields.get("clinical.allergies"));
    for (key, f) in &d.fields {
        assert!(f.rect[0] < f.rect[2] && f.rect[1] < f.rect[3], "{key} has a place: {:?}", f.rect);
        assert!(!f.trace.rule.is_empty(), "{key} says which rule found it");
    }
}

#[test]
fn what_is_hard_to_read_waits_for_a_person() {
    let mut p = page(1, LETTER);
    for l in &mut p.lines {
        l.glyphs.iter_mut().for_each(|g| g.p = 0.7);
    }
    let documents = read(vec![p]);
    for (key, f) in &documents[0].fields {
        // kana that the dictionary reads the name by vouch for each other, nothing else does
        let vouched = matches!(key.as_str(), "patient.name" | "patient.kana");
        assert!(vouched || f.status == Status::Review, "{key}: {f:?}");
    }
}

#[test]
fn values_stand_in_the_cell_to_the_right_or_below() {
    let p = celled(
        page(
            1,
            &[
                (600, 140, "退院サマリー"),
                (160, 300, "氏名"),
                (400, 300, "河野 良子"),
                (160, 360, "生年月日"),
                (400, 360, "1933年1月17日"),
                (160, 430, "診断名"),
                (400, 420, "気管支喘息"),
                (400, 460, "慢性副鼻腔炎"),
                (160, 560, "既往歴"),
                (160, 620, "白内障術後、腰椎すべり症"),
            ],
        ),
        &[
            [140, 290, 380, 340],
            [384, 290, 1500, 340],
            [140, 344, 380, 400],
            [384, 344, 1500, 400],
            [140, 404, 380, 510],
            [384, 404, 1500, 510],
            [140, 540, 1500, 600],
            [140, 604, 1500, 680],
        ],
    );
    let documents = read(vec![p]);
    let d = &documents[0];
    assert_eq!(d.kind, "discharge_summary");
    assert_eq!(value(d, "patient.name").as_deref(), Some("河野 良子"));
    assert_eq!(value(d, "patient.birth_date").as_deref(), Some("1933-01-17"));
    assert_eq!(value(d, "clinical.diagnoses").as_deref(), Some("気管支喘息、慢性副鼻腔炎"));
    assert_eq!(d.fields["clinical.diagnoses"].items.as_ref().map(Vec::len), Some(2));
    assert_eq!(value(d, "clinical.history").as_deref(), Some("白内障術後、腰椎すべり症"));
}

/// A sheet of one page about somebody.
fn sheet(number: u32, title: &str, name: &str, birth: &str, extra: &str) -> Page {
    page(
        number,
        &[
            (600, 140, title),
            (140, 400, &format!("患者氏名 {name} 様")),
            (140, 450, &format!("生年月日 {birth}")),
            (140, 2250, extra),
        ],
    )
}

#[test]
fn pages_make_documents() {
    let cover = page(1, &[(600, 140, "FAX送信票"), (140, 300, "宛先 東柏わかば病院 御中"), (140, 350, "枚数 3枚")]);
    let pages = vec![
        cover,
        sheet(2, "診療情報提供書", "海老原 光男", "昭和8年2月15日", "1/2"),
        page(3, &[(600, 140, "検査所見"), (140, 300, "別紙参照"), (140, 2250, "2/2")]),
        Page { number: 4, blank: true, ..Page::default() },
        sheet(5, "退院サマリー", "河野 良子", "昭和12年3月4日", ""),
        sheet(6, "退院サマリー", "松田 明美", "昭和15年9月6日", ""),
    ];
    let documents = read(pages);
    let found: Vec<(&str, &[u32])> = documents.iter().map(|d| (d.kind.as_str(), &d.pages[..])).collect();
    assert_eq!(
        found,
        [("referral", &[1, 2, 3][..]), ("discharge_summary", &[5]), ("discharge_summary", &[6])],
        "a cover joins, 2/2 goes on, a blank page is nobody's, another patient begins anew"
    );
}

#[test]
fn a_cover_alone_and_an_advertisement_name_nobody() {
    let cover =
        page(1, &[(600, 140, "FAX送付状"), (140, 300, "宛先 ケアサポートきさらぎ 御中"), (140, 350, "枚数 1枚")]);
    let advert = page(
        1,
        &[(400, 140, "感染対策セミナーのご案内"), (140, 300, "参加費無料 定員80名"), (140, 350, "主催 東葛研究会")],
    );
    assert_eq!(read(vec![cover])[0].kind, "cover");
    let advert = read(vec![advert]);
    assert_eq!(advert[0].kind, "other");
    assert!(!advert[0].fields.keys().any(|k| k.starts_with("patient.")));
    let none = extract(&RuleSet::embedded(), &Reading::default(), &Registers::default());
    assert!(none.documents.is_empty() && none.note.is_some());
}

/// The embedded rules with one file replaced or added.
fn with(name: &str, text: &str) -> Result<RuleSet, RulesError> {
    let mut files: BTreeMap<String, String> =
        embedded::FILES.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    let own = files.get(name).cloned().unwrap_or_default();
    files.insert(name.to_owned(), format!("{own}\n{text}"));
    RuleSet::layered(&Base::of(files)?, &Layer::default())
}

#[test]
fn an_administrator_adds_labels_fields_and_a_hospital_of_their_own() {
    let rules = with(
        "referral.toml",
        r#"
        [field."patient.name"]
        labels = ["御芳名"]

        [field."x.ward"]
        label = "病棟の色"
        labels = ["病棟の色"]
        form = "word"
        pattern = "([赤青黄]色)"

        [[hospital]]
        when = { fax = "04-7174-3309" }
        field."clinical.purpose".region = [0.0, 0.6, 1.0, 0.7]
        "#,
    )
    .expect("rules");
    let mut lines = LETTER.to_vec();
    lines.retain(|l| !l.2.starts_with("患者氏名"));
    lines.extend([
        (140, 610, "御芳名 海老原 光男 殿"),
        (140, 1200, "病棟の色 たぶん青色"),
        (140, 1500, "術後リハビリ継続のお願い"),
    ]);
    let reading = Reading { pages: vec![page(1, &lines)], ..Reading::default() };
    let d = extract(&rules, &reading, &Registers::default()).documents.remove(0);
    assert_eq!(value(&d, "patient.name").as_deref(), Some("海老原 光男"));
    assert_eq!(value(&d, "x.ward").as_deref(), Some("青色"));
    assert_eq!(value(&d, "clinical.purpose").as_deref(), Some("術後リハビリ継続のお願い"));
    assert_ne!(rules.hash(), RuleSet::embedded().hash());
}

#[test]
fn a_wrong_rules_file_is_named_with_what_is_wrong() {
    for (text, word) in [
        ("[field.\"patient.nmae\"]\nlabels = [\"氏名\"]", "patient.nmae"),
        ("[field.\"patient.name\"]\nlables = [\"氏名\"]", "lables"),
        ("[field.\"patient.name\"]\npattern = \"(\"", "pattern"),
        ("[field.\"x.colour\"]\nlabels = [\"色\"]", "label"),
        ("[field.\"patient.sex\".options]\nother = [\"他\"]", "other"),
        ("[[hospital]]\nwhen = {}", "when"),
    ] {
        let error = with("referral.toml", text).expect_err(text).to_string();
        assert!(error.contains("referral.toml") && error.contains(word), "{error}");
    }
    let missing = with("second.toml", "type = \"referral\"\nextends = \"common.toml\"").expect_err("twice").to_string();
    assert!(missing.contains("referral"), "{missing}");
}

#[test]
fn the_embedded_rules_are_those_of_the_folder_and_cover_every_type() {
    let folder = RuleSet::load(Path::new("../config/rules")).expect("the folder");
    assert_eq!(folder.hash(), RuleSet::embedded().hash());
    let types: Vec<String> = crate::model::Vocabulary::get().types.keys().cloned().collect();
    assert_eq!(folder.types(), types);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever stands on a page: no panic, every box on the page, every document's pages among those read, and the
    /// same answer twice.
    #[test]
    fn any_page_is_survived(
        texts in prop::collection::vec("[患者氏名生年月日:：0-9昭和令年月日様男女・()（）【】□☑A-Zァ-ン病院科TELFAX-]{0,18}", 0..25),
        places in prop::collection::vec((0..1600i32, 0..2300i32), 25),
        cells in prop::collection::vec((0..1500i32, 0..2200i32, 1..900i32, 1..500i32), 0..8),
    ) {
        let lines: Vec<(i32, i32, &str)> =
            texts.iter().zip(&places).map(|(t, (x, y))| (*x, *y, t.as_str())).collect();
        let cells: Vec<[i32; 4]> = cells.iter().map(|(x, y, w, h)| [*x, *y, x + w, y + h]).collect();
        let p = celled(page(1, &lines), &cells);
        let reading = Reading { pages: vec![p], ..Reading::default() };
        let rules = RuleSet::embedded();
        let first = extract(&rules, &reading, &Registers::default());
        for d in &first.documents {
            prop_assert_eq!(&d.pages, &vec![1]);
            for f in d.fields.values() {
                prop_assert!(f.rect[0] <= f.rect[2] && f.rect[1] <= f.rect[3]);
                prop_assert!((0.0..=1.0).contains(&f.confidence));
            }
        }
        prop_assert_eq!(first, extract(&rules, &reading, &Registers::default()));
    }
}

#[test]
fn a_page_without_a_patient_is_certain_of_nothing() {
    let without: Vec<(i32, i32, &str)> =
        LETTER.iter().copied().filter(|l| !l.2.contains("海老原") && !l.2.contains("エビハラ")).collect();
    let docs = read(vec![page(1, &without)]);
    assert!(docs[0].fields.contains_key("document.date"));
    assert!(docs[0].fields.values().all(|f| f.status == Status::Review), "{:?}", docs[0].fields);
    assert!(read(vec![page(1, LETTER)])[0].fields.values().any(|f| f.status == Status::Accepted));
}

#[test]
fn headings_that_no_list_holds_are_read_by_their_last_word() {
    let mut lines = LETTER.to_vec();
    for l in &mut lines {
        l.2 = match l.2 {
            "【傷病名】" => "【現在治療中の病名】",
            "【症状経過】" => "【入院してからの経過】",
            other => other,
        };
    }
    let docs = read(vec![page(1, &lines)]);
    assert_eq!(value(&docs[0], "clinical.diagnoses").as_deref(), Some("高血圧症、2型糖尿病"));
    assert!(value(&docs[0], "clinical.course").is_some_and(|c| c.starts_with("安定しています")));
}

/// A page whose lines with one of these words were written by hand behind it.
fn by_pen(mut page: Page, words: &[&str]) -> Page {
    for l in &mut page.lines {
        let pen = words.iter().any(|w| l.text().starts_with(w));
        let first = l.glyphs.iter().position(|g| g.gap > 0.5).unwrap_or(0);
        l.glyphs.iter_mut().enumerate().for_each(|(i, g)| g.pen = if pen && i >= first { 4.0 } else { -4.0 });
    }
    page
}

#[test]
fn what_a_hand_wrote_is_certain_only_where_the_register_agrees() {
    let reading = Reading {
        pages: vec![by_pen(page(1, LETTER), &["患者氏名", "生年月日", "医師"])],
        ..Reading::default()
    };
    let patient = |room: &str, name: &str, birth: &str| crate::register::Patient {
        room_id: room.into(),
        name: name.into(),
        birth_date: birth.into(),
        ..Default::default()
    };
    let registers = |rows: Vec<crate::register::Patient>| Registers::new(rows, Vec::new(), Vec::new(), Vec::new());
    let status = |rules: &RuleSet, registers: &Registers| {
        let d = extract(rules, &reading, registers).documents.remove(0);
        ["patient.name", "patient.birth_date", "sender.person", "document.date"].map(|k| {
            let f = &d.fields[k];
            (f.status == Status::Accepted, f.trace.failed.iter().any(|w| w == pen::WRITTEN))
        })
    };
    let rules = RuleSet::embedded();
    let alone = status(&rules, &Registers::default());
    assert_eq!(alone[..3], [(false, true); 3], "written by hand, and nobody agrees");
    assert_eq!(alone[3], (true, false), "printed");
    let known = registers(vec![patient("R-1", "海老原 光男", "1933-02-15"), patient("R-2", "河野 良子", "1940-11-30")]);
    assert_eq!(status(&rules, &known)[..3], [(true, false), (true, false), (false, true)]);
    let twins =
        registers(vec![patient("R-1", "海老原 光男", "1933-02-15"), patient("R-2", "海老原 光雄", "1933-02-15")]);
    assert_eq!(status(&rules, &twins)[..2], [(false, true); 2]);
    let accepting = RuleSet::embedded().accepting_handwriting(true);
    assert_eq!(status(&accepting, &Registers::default())[..2], [(true, false); 2]);
    assert_ne!(accepting.hash(), rules.hash());
}

#[test]
fn values_that_cannot_both_be_right_wait_for_a_person() {
    let mut lines = LETTER.to_vec();
    for l in &mut lines {
        l.2 = match l.2 {
            "生年月日 昭和8年2月15日" => "生年月日 昭和8年2月15日(83歳)",
            "住所 千葉県柏市花野井2-3-18" => "住所 〒377-0812 千葉県柏市花野井2-3-18",
            other => other,
        };
    }
    let d = read(vec![page(1, &lines)]).remove(0);
    for (key, want) in [
        ("patient.birth_date", "年齢（83歳）"),
        ("patient.postal_code", "郵便番号が住所（千葉県）"),
        ("patient.address", "郵便番号が住所（千葉県）"),
    ] {
        let f = d.fields.get(key).unwrap_or_else(|| panic!("{key}: {:?}", d.fields.keys()));
        assert_eq!(f.status, Status::Review, "{key}");
        assert!(f.trace.failed.iter().any(|w| w.starts_with(want)), "{key}: {:?}", f.trace.failed);
    }
    assert_eq!(d.fields["patient.name"].status, Status::Accepted);
}

mod found;
mod tuned;
mod whose;
