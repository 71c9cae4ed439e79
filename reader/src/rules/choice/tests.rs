use super::*;
use crate::reading::{CheckBox, Glyph, Line};
use crate::text::era::Era;

/// A page made by hand: 24 px an em, full-width characters 24 px wide, a blank one em.
#[derive(Default)]
struct Form {
    page: Page,
}

impl Form {
    fn new() -> Self {
        Self { page: Page { number: 1, width: 1654, height: 2339, em: 24.0, ..Page::default() } }
    }

    /// Puts a line; a space is a gap.
    fn line(mut self, x: i32, y: i32, text: &str, cell: Option<u32>) -> Self {
        let (mut at, mut gap) = (x, 0.0);
        let mut glyphs = Vec::new();
        for ch in text.chars() {
            let wide = if ch.is_ascii() { 13 } else { 24 };
            if ch == ' ' || ch == '　' {
                gap += wide as f32 / 24.0;
                at += wide;
                continue;
            }
            let (x0, x1) = (at + 1, at + wide - 1);
            glyphs.push(Glyph { ch, p: 0.999, x0, x1, gap, frames: (0, 0), ring: 0.05, strike: 0.3, pen: 0.0 });
            (at, gap) = (at + wide, 0.0);
        }
        let rect = Rect::new(x, y, at, y + 22);
        self.page.lines.push(Line { rect, cell, glyphs, ..Line::default() });
        self
    }

    fn glyphs(&mut self, line: usize, range: Range<usize>) -> &mut [Glyph] {
        &mut self.page.lines[line].glyphs[range]
    }

    fn rect(&self, line: usize, range: Range<usize>) -> Rect {
        let l = &self.page.lines[line];
        Rect::new(l.glyphs[range.start].x0, l.rect.y0, l.glyphs[range.end - 1].x1, l.rect.y1)
    }

    /// Draws a ring round glyphs: more ink about them, and the stroke.
    fn ring(mut self, line: usize, range: Range<usize>) -> Self {
        self.glyphs(line, range.clone()).iter_mut().for_each(|g| g.ring = 0.25);
        let r = self.rect(line, range);
        self.page.rings.push(Rect::new(r.x0 - 6, r.y0 - 5, r.x1 + 6, r.y1 + 5));
        self
    }

    fn strike(mut self, line: usize, range: Range<usize>) -> Self {
        self.glyphs(line, range).iter_mut().for_each(|g| g.strike = 0.97);
        self
    }

    /// Every □ of a line is a box of the page, with these shares of ink.
    fn boxes(mut self, line: usize, inks: &[f32]) -> Self {
        let l = &self.page.lines[line];
        let at: Vec<usize> = (0..l.glyphs.len()).filter(|i| "□☑".contains(l.glyphs[*i].ch)).collect();
        assert_eq!(at.len(), inks.len());
        for (g, ink) in at.into_iter().zip(inks) {
            let rect = self.rect(line, g..g + 1);
            self.page.boxes.push(CheckBox { rect, ink: *ink });
        }
        self
    }

    fn scope(&self) -> Vec<Seg> {
        (0..self.page.lines.len()).map(|i| Seg::line(&self.page, i)).collect()
    }

    fn chosen(&self, choices: &Choices) -> Vec<(String, bool, How)> {
        let found = Printed::new(&self.page, &self.scope(), choices).chosen();
        found.into_iter().map(|c| (c.value, c.certainty >= 0.9, c.how)).collect()
    }
}

fn sure(value: &str, how: How) -> Vec<(String, bool, How)> {
    vec![(value.to_owned(), true, how)]
}

#[test]
fn a_ring_chooses_and_no_ring_does_not() {
    let form = Form::new().line(100, 100, "男・女", None);
    assert!(Printed::new(&form.page, &form.scope(), &Choices::sex()).is_group());
    assert_eq!(form.chosen(&Choices::sex()), []);
    assert_eq!(form.ring(0, 2..3).chosen(&Choices::sex()), sure("female", How::Ring));
}

#[test]
fn two_rings_decide_nothing() {
    let form = Form::new().line(100, 100, "男・女", None).ring(0, 0..1).ring(0, 2..3);
    let found = Printed::new(&form.page, &form.scope(), &Choices::sex()).chosen();
    assert!(found.iter().all(|c| c.certainty < 0.5), "{found:?}");
}

#[test]
fn a_ringed_option_that_was_misread_is_told_by_its_place() {
    let form = Form::new().line(100, 100, "山田花子様(男・囡)", None).ring(0, 8..9);
    assert_eq!(form.chosen(&Choices::sex()), sure("female", How::Ring));
    let form = Form::new().line(100, 100, "(①・女)", None).ring(0, 1..2);
    assert_eq!(form.chosen(&Choices::sex()), sure("male", How::Ring));
    // Nothing read under the ring at all.
    let mut form = Form::new().line(100, 100, "男・", None);
    form.page.rings.push(Rect::new(146, 95, 178, 127));
    assert_eq!(form.chosen(&Choices::sex()), sure("female", How::Ring));
}

#[test]
fn other_words_are_no_options() {
    for text in ["長男・次男", "早乙女", "安全介助具", "自立支援医療", "特になし", "有限会社"]
    {
        let form = Form::new().line(100, 100, text, None);
        for choices in [Choices::sex(), Choices::adl(), Choices::yes_no(), Choices::care_level()] {
            assert_eq!(form.chosen(&choices), [], "{text}");
        }
    }
}

#[test]
fn what_is_printed_alone_is_text() {
    let form = Form::new().line(100, 100, "野口 春江 様 (女)", None);
    assert_eq!(form.chosen(&Choices::sex()), sure("female", How::Alone));
    let form = Form::new().line(100, 100, "見守り/歩行 自立", None);
    assert_eq!(
        Printed::new(&form.page, &[Seg { line: 0, glyphs: 0..6 }], &Choices::adl()).chosen()[0].value,
        "supervised"
    );
    let form = Form::new().line(100, 100, "要介護3 (認定期間 R5.1.1～R7.12.31)", None);
    assert_eq!(form.chosen(&Choices::care_level()), sure("care_3", How::Alone));
    let form = Form::new().line(100, 100, "要介護2 1割", None);
    assert_eq!(form.chosen(&Choices::care_level()), sure("care_2", How::Alone));
    // An empty box before it, or a dot beside it: then it is an option that nobody chose.
    let form = Form::new().line(100, 100, "□男", None).boxes(0, &[0.05]);
    assert_eq!(form.chosen(&Choices::sex()), []);
    assert_eq!(Form::new().line(100, 100, "男・", None).chosen(&Choices::sex()), []);
}

#[test]
fn ticked_boxes() {
    let form = Form::new().line(100, 100, "□自立 □見守り □一部介助 □全介助", None);
    let empty = form.boxes(0, &[0.02, 0.03, 0.0, 0.05]);
    assert_eq!(empty.chosen(&Choices::adl()), []);
    let form = Form::new().line(100, 100, "□自立 □見守り □一部介助 □全介助", None).boxes(0, &[0.02, 0.03, 0.4, 0.05]);
    assert_eq!(form.chosen(&Choices::adl()), sure("partial", How::Box));
    let form = Form::new().line(100, 100, "□自立 □見守り □一部介助 □全介助", None).boxes(0, &[0.38, 0.03, 0.4, 0.05]);
    assert!(form.chosen(&Choices::adl()).iter().all(|c| !c.1));
}

#[test]
fn a_tick_that_hardly_enters_its_box_stands_out_among_empty_ones() {
    let form = || Form::new().line(100, 100, "□自立 □見守り □一部介助 □全介助", None);
    assert_eq!(form().boxes(0, &[0.0, 0.12, 0.0, 0.0]).chosen(&Choices::adl()), sure("supervised", How::Box));
    assert!(form().boxes(0, &[0.08, 0.12, 0.05, 0.0]).chosen(&Choices::adl()).iter().all(|c| !c.1));
    // The ticked box was not found, and was read with its word.
    let mut form = Form::new().line(100, 100, "□自立 □見守り 　一部介助 □全介助", None).boxes(0, &[0.0, 0.0, 0.0]);
    form.glyphs(0, 7..8)[0].x0 -= 26;
    assert_eq!(form.chosen(&Choices::adl()), sure("partial", How::Box));
}

#[test]
fn a_box_read_with_its_word_and_boxes_seen_in_words() {
    let mut form = Form::new().line(100, 100, "男 　女", None);
    form.glyphs(0, 1..2)[0].x0 -= 28;
    let x0 = form.page.lines[0].glyphs[1].x0;
    for (x, ink) in [(x0, 0.4), (74, 0.0)] {
        form.page.boxes.push(CheckBox { rect: Rect::new(x, 100, x + 22, 122), ink });
    }
    assert_eq!(form.chosen(&Choices::sex()), sure("female", How::Box));
    // The label is no option, and a box behind which nothing was read is.
    let form = Form::new().line(100, 100, "性別:□男 □", None).boxes(0, &[0.0, 0.5]);
    assert_eq!(form.chosen(&Choices::sex()), sure("female", How::Box));
    // 管 looks like a box with ink in it.
    let form = Form::new().line(100, 100, "□気管切開 □胃ろう", None);
    let mut form = form.boxes(0, &[0.0, 0.0]);
    form.page.boxes.push(CheckBox { rect: form.rect(0, 2..3), ink: 0.6 });
    let choices = Choices::new(&[("a", &["気管切開"]), ("b", &["胃ろう"])], true);
    assert_eq!(form.chosen(&choices), []);
}

#[test]
fn boxes_behind_their_words() {
    let form = |inks: &[f32]| Form::new().line(100, 100, "男□　女□", None).boxes(0, inks);
    assert_eq!(form(&[0.4, 0.0]).chosen(&Choices::sex()), sure("male", How::Box));
    assert_eq!(form(&[0.0, 0.4]).chosen(&Choices::sex()), sure("female", How::Box));
}

#[test]
fn a_level_written_between_brackets() {
    let form = Form::new().line(100, 100, "要支援( ) 要介護(3) 申請中", None);
    assert_eq!(form.chosen(&Choices::care_level()), sure("care_3", How::Alone));
}

#[test]
fn three_grades_and_a_misread_one() {
    let form = Form::new().line(100, 100, "自立・一部介助・全介助", None).ring(0, 3..7);
    assert_eq!(form.chosen(&Choices::adl()), sure("partial", How::Ring));
    let form = Form::new().line(100, 100, "自立・貝守口・一部介助・全介助", None).ring(0, 3..6);
    assert_eq!(form.chosen(&Choices::adl()), sure("supervised", How::Ring));
}

#[test]
fn care_levels_under_one_prefix() {
    let text = "要支援(1・2) 要介護(1・2・3・4・5) 申請中 未申請";
    let form = Form::new().line(100, 100, text, None);
    assert_eq!(form.chosen(&Choices::care_level()), []);
    assert!(Printed::new(&form.page, &form.scope(), &Choices::care_level()).is_group());
    let ring = |n: usize| Form::new().line(100, 100, text, None).ring(0, n..n + 1).chosen(&Choices::care_level());
    assert_eq!(ring(4), sure("support_1", How::Ring));
    assert_eq!(ring(12), sure("care_1", How::Ring));
    assert_eq!(ring(16), sure("care_3", How::Ring));
    assert_eq!(ring(20), sure("care_5", How::Ring));
    // One of the digits misread under its ring, or not read at all.
    let form = Form::new().line(100, 100, "要介護 1・2・③・4・◎", None).ring(0, 11..12);
    assert_eq!(form.chosen(&Choices::care_level()), sure("care_5", How::Ring));
    let mut form = Form::new().line(100, 100, "要介護(1・2・・4・5)", None);
    let (a, b) = (form.rect(0, 7..8), form.rect(0, 8..9));
    form.page.rings.push(Rect::new(a.x1 - 9, 95, b.x0 + 9, 127));
    assert_eq!(form.chosen(&Choices::care_level()), sure("care_3", How::Ring));
}

#[test]
fn care_levels_with_boxes() {
    let form = Form::new().line(100, 100, "□要支援1 □要支援2 要介護 □1 □2 □3 □4 □5 □申請中", None);
    let form = form.boxes(0, &[0.0, 0.0, 0.0, 0.45, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(form.chosen(&Choices::care_level()), sure("care_2", How::Box));
    // The level is written between the brackets of the ticked word.
    let form =
        Form::new().line(100, 100, "□要支援( ) □要介護(2) □申請中 □未申請", None).boxes(0, &[0.0, 0.5, 0.0, 0.0]);
    assert_eq!(form.chosen(&Choices::care_level()), sure("care_2", How::Box));
    let form =
        Form::new().line(100, 100, "□要支援( ) □要介護( ) □申請中 □未申請", None).boxes(0, &[0.0, 0.5, 0.0, 0.0]);
    assert_eq!(form.chosen(&Choices::care_level()), []);
}

#[test]
fn the_one_that_is_not_struck_is_chosen() {
    let form = Form::new().line(100, 100, "男・女", None).strike(0, 0..1);
    assert_eq!(form.chosen(&Choices::sex()), sure("female", How::Strike));
    // The stroke's ends are a little like a ring; a real one is not struck.
    let mut form = Form::new().line(100, 100, "男・女", None).strike(0, 0..1);
    form.glyphs(0, 0..1)[0].ring = 0.09;
    assert_eq!(form.chosen(&Choices::sex()), sure("female", How::Strike));
    let form = Form::new().line(100, 100, "男・女", None).strike(0, 0..1).ring(0, 0..1);
    assert_eq!(form.chosen(&Choices::sex()), sure("male", How::Ring));
}

#[test]
fn a_ring_on_what_was_not_read_is_not_its_neighbours() {
    // S was lost under its ring, which was read with T.
    let mut form = Form::new().line(100, 100, "M・T　　　H 36年", None);
    let t = &mut form.glyphs(0, 2..3)[0];
    (t.x1, t.ring) = (t.x0 + 60, 0.2);
    assert!(era(&form.page, &form.scope()).unwrap().era.is_none_or(|e| e.1 < 0.9));
    form.page.rings.push(Rect::new(162, 92, 200, 130));
    assert_eq!(era(&form.page, &form.scope()).unwrap().era.map(|e| e.0), Some(Era::Showa));
}

#[test]
fn printed_signs() {
    for text in ["□男 ■女", "○男 ●女", "( )男 (○)女", "[ ]男 [✓]女"] {
        let form = Form::new().line(100, 100, text, None);
        assert_eq!(form.chosen(&Choices::sex()), sure("female", How::Box), "{text}");
    }
    for text in ["□男 □女", "○男 ○女", "( )男 ( )女"] {
        assert_eq!(Form::new().line(100, 100, text, None).chosen(&Choices::sex()), [], "{text}");
    }
}

#[test]
fn groups_are_found_without_a_label() {
    let form = Form::new()
        .line(100, 50, "診療情報提供書", None)
        .line(100, 100, "氏名 海老原光男 殿", None)
        .line(500, 100, "男 ・ 女", None)
        .line(100, 140, "家族 長男・次女", None)
        .ring(2, 0..1);
    let found = Paper::new(&form.page).groups(&Choices::sex());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].segs, [Seg { line: 2, glyphs: 0..3 }]);
    assert_eq!(found[0].chosen[0].value, "male");
}

#[test]
fn eras() {
    let form = Form::new().line(100, 100, "生年月日:明・大・昭・平・令 8年2月15日", None).ring(0, 9..10);
    let list = era(&form.page, &form.scope()).unwrap();
    assert_eq!(list.era.map(|e| (e.0, e.1 > 0.9)), Some((Era::Showa, true)));
    assert_eq!(list.covers, [Seg { line: 0, glyphs: 5..14 }]);
    let form = Form::new().line(100, 100, "M・T・S・H 8年2月15日", None).ring(0, 4..5);
    assert_eq!(era(&form.page, &form.scope()).unwrap().era.unwrap().0, Era::Showa);
    let form = Form::new().line(100, 100, "明・大・昭・平 8年2月15日", None);
    assert_eq!(era(&form.page, &form.scope()).unwrap().era, None);
    let form = Form::new().line(100, 100, "明治 大正 図和 平成 8年2月15日", None).ring(0, 4..6);
    assert_eq!(era(&form.page, &form.scope()).unwrap().era.unwrap().0, Era::Showa);
    for text in ["昭和8年2月15日", "S8.2.15", "大塚平八郎 1934年"] {
        let form = Form::new().line(100, 100, text, None);
        assert_eq!(era(&form.page, &form.scope()), None, "{text}");
    }
}

#[test]
fn many_of_many() {
    let words = ["点滴", "酸素療法", "喀痰吸引"];
    let options: Vec<(&str, &[&str])> = words.iter().map(|w| (*w, std::slice::from_ref(w))).collect();
    let choices = Choices::new(&options, false);
    let form = Form::new().line(100, 100, "□点滴 □酸素療法 □喀痰吸引", None).boxes(0, &[0.4, 0.0, 0.5]);
    let on = |f: &Form| -> Vec<bool> {
        ticked(&f.page, &f.scope(), &choices).iter().map(|t| t.on && t.certainty > 0.9).collect()
    };
    assert_eq!(on(&form), [true, false, true]);
    let form = Form::new().line(100, 100, "1.点滴 3.酸素療法 4.喀痰吸引", None).ring(0, 4..5);
    assert_eq!(on(&form), [false, true, false]);
}

#[test]
fn a_sign_in_a_grid() {
    let cells = |y: i32| (0..5).map(move |i| Rect::new(100 + 120 * i, y, 220 + 120 * i, y + 40));
    let form = |sign: &str| {
        let mut form = Form::new();
        form.page.cells = cells(100).chain(cells(140)).collect();
        let heads = ["自立", "見守り", "一部介助", "全介助"];
        for (i, h) in heads.iter().enumerate() {
            form = form.line(230 + 120 * i as i32, 110, h, Some(i as u32 + 1));
        }
        form = form.line(110, 150, "移乗", Some(5));
        if sign.is_empty() { form } else { form.line(510, 150, sign, Some(8)) }
    };
    let row = Rect::new(110, 150, 158, 172);
    for sign in ["○", "レ", "●"] {
        let found = grid(&form(sign).page, &row, &Choices::adl()).unwrap();
        assert_eq!((found.value.as_str(), found.how, found.certainty > 0.9), ("partial", How::Grid, true), "{sign}");
    }
    assert_eq!(grid(&form("").page, &row, &Choices::adl()), None);
    assert_eq!(grid(&form("-").page, &row, &Choices::adl()), None);
    let two = form("○").line(390, 150, "○", Some(7));
    assert!(grid(&two.page, &row, &Choices::adl()).unwrap().certainty < 0.5);
}

#[test]
fn lists_of_many_tell_what_they_are() {
    let words = ["点滴", "酸素療法", "喀痰吸引", "胃ろう", "褥瘡"];
    let options: Vec<(&str, &[&str])> = words.iter().map(|w| (*w, std::slice::from_ref(w))).collect();
    let choices = Choices::new(&options, false);
    let form = Form::new()
        .line(100, 60, "医療処置", None)
        .line(100, 100, "□点滴 □酸素療法 □喀痰吸引", None)
        .line(100, 132, "□胃ろう □褥瘡", None)
        .line(100, 300, "点滴と酸素療法を続け、喀痰吸引と胃ろうの管理を行っています。", None);
    let found = Paper::new(&form.page).lists(&choices).to_vec();
    assert_eq!(found.iter().map(|l| l.iter().map(|s| s.line).collect::<Vec<_>>()).collect::<Vec<_>>(), [[1, 2]]);
    let few = Form::new().line(100, 100, "□点滴 □酸素療法", None);
    assert_eq!(Paper::new(&few.page).lists(&choices).to_vec(), Vec::<Vec<Seg>>::new());
}

#[test]
fn levels_in_narrow_columns_and_a_misread_kanji() {
    let form = Form::new().line(100, 100, "□支1 □支2 □介1 □介2 □介3 □介4 □介5", None);
    let form = form.boxes(0, &[0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0]);
    assert_eq!(form.chosen(&Choices::care_level()), sure("care_3", How::Box));
    let form = Form::new().line(100, 100, "□要支援( ) □要介謹(4) □申請中", None).boxes(0, &[0.0, 0.4, 0.0]);
    assert_eq!(form.chosen(&Choices::care_level()), sure("care_4", How::Box));
    assert_eq!(Form::new().line(100, 100, "一部介助 2", None).chosen(&Choices::care_level()), []);
}

#[test]
fn words_beside_a_box_or_a_lost_sibling_are_not_text() {
    let alone =
        |form: &Form| Printed::new(&form.page, &[Seg::line(&form.page, 0)], &Choices::sex()).is_one_of_several();
    assert!(!alone(&Form::new().line(100, 100, "女性", None)));
    assert!(alone(&Form::new().line(100, 100, "□女性", None).boxes(0, &[0.0])));
    assert!(alone(&Form::new().line(100, 100, "女性", None).line(220, 100, "男性", None)));
    // a ring stands beside it, and nothing was read there
    let mut form = Form::new().line(200, 100, "女性", None);
    form.page.rings.push(Rect::new(130, 92, 190, 130));
    assert!(alone(&form));
}

#[test]
fn a_bracket_beside_a_digit_is_no_ring() {
    let mut form = Form::new().line(100, 100, "要支援【1・2】", None);
    form.glyphs(0, 6..7)[0].ring = 0.13;
    assert!(form.chosen(&Choices::care_level()).iter().all(|c| !c.1));
}

#[test]
fn a_letter_before_its_number() {
    let form = Form::new().line(100, 100, "M・T・S・H14年7月30日", None).ring(0, 4..5);
    assert_eq!(era(&form.page, &form.scope()).unwrap().era.map(|e| e.0), Some(Era::Showa));
}

#[test]
fn the_group_is_shown_whole() {
    let form = Form::new().line(100, 100, "□自立 □見守り □全介助", None).boxes(0, &[0.0, 0.4, 0.0]);
    let found = Printed::new(&form.page, &form.scope(), &Choices::adl()).chosen();
    let line = form.page.lines[0].rect;
    assert!(found[0].group.x0 <= line.x0 + 2 && found[0].group.x1 >= line.x1 - 2, "{:?}", found[0].group);
}
