//! Rows of daily living by what their heads say: 車椅子への移乗, 衣服の着脱, トイレ動作 – whatever a form calls them.
//!
//! A group of grades beside a word that names the act needs no list of labels; knows nothing of ink.

use std::ops::Range;

use crate::model::Rect;
use crate::rules::candidate::{Candidate, Field, Sheet};
use crate::rules::choice::{Choices, Group, Seg};
use crate::rules::lexicon::{Hit, Strength};
use crate::rules::scope::{Direction, Scope};
use crate::rules::view::View;
use crate::text::{fold_text, squeeze};

/// Parts of words that name an act; also what is left of one that was read badly.
const ACTS: &[(&str, &[&str])] = &[
    ("adl.transfer", &["移乗", "乗移", "乗り移", "乗", "乘"]),
    ("adl.mobility", &["移動", "歩行"]),
    ("adl.eating", &["食事", "摂食", "食べ", "摂取"]),
    ("adl.toileting", &["排泄", "排尿", "排便", "トイレ", "便所", "用便", "排"]),
    ("adl.bathing", &["入浴", "洗身", "清潔", "浴", "清拭", "シャワー"]),
    ("adl.dressing", &["更衣", "着替", "着脱", "着衣", "衣服", "衣類", "更衣", "衣"]),
];
/// A head with one of these asks for something else.
const OTHER: &[&str] =
    &["形態", "内容", "補助具", "装具", "回数", "コントロール", "制限", "一連", "用具", "移送", "意思", "寝衣"];
/// A head has no more characters; of a longer text the end counts.
const LONGEST: usize = 14;

/// Candidates for a field from all rows whose head names its act.
pub fn rows(sheet: &Sheet, field: &Field, choices: &Choices, out: &mut Vec<Candidate>) {
    let page = sheet.view.page;
    let groups = sheet.paper.groups(choices);
    for (n, group) in groups.iter().enumerate() {
        let Some(head) = head(sheet, &group.segs, &groups[..n]).filter(|h| names(&field.key, &h.text)) else {
            continue;
        };
        let scope = Scope { direction: Direction::SameLine, segs: group.segs.clone(), rows: 1, distance: 0.0 };
        for c in &group.chosen {
            out.push(super::build(
                sheet,
                field,
                Some((&head, Strength::Strong)),
                &scope,
                super::made(sheet, c.clone()),
            ));
        }
    }
    for line in 0..page.lines.len() {
        let seg = sheet.view.whole(line);
        let text = page.lines[line].text();
        if page.lines[line].tti || text.chars().count() > LONGEST || !names(&field.key, &text) {
            continue;
        }
        let rect = page.lines[line].rect;
        let hit = Hit { segs: vec![seg], rect, text, fields: Vec::new(), groups: Vec::new(), cuts: false };
        super::beside_label(sheet, field, &hit, Strength::Strong, out);
    }
}

/// A grade that a sentence tells of an act.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    pub field: &'static str,
    /// Where the act and the grade stand, characters.
    pub act: Range<usize>,
    pub said: Range<usize>,
    pub grade: &'static str,
}

/// Grades as sentences say them; a longer word before one that it holds.
const GRADES: &[(&str, &[&str])] = &[
    ("partial", &["一部介助", "部分介助", "半介助", "部介助"]),
    ("full", &["全介助", "全面介助", "全部介助"]),
    ("supervised", &["見守り", "見守", "監視"]),
    ("independent", &["自立"]),
];
/// Acts and grades from which on a text tells of daily living.
const TURNS: usize = 3;

/// Acts and grades that take turns in a text, each grade close behind its act: 移乗動作一部介助/食事摂取自立/入浴見守り. None
/// where a printed choice stands: 自立・見守り・全介助.
pub fn turns(text: &str) -> Vec<Turn> {
    let chars: Vec<char> = text.chars().collect();
    let starts = |at: usize, word: &str| {
        let n = word.chars().count();
        (at + n <= chars.len() && chars[at..at + n].iter().copied().eq(word.chars())).then_some(at + n)
    };
    let mut out: Vec<Turn> = Vec::new();
    let mut done: Vec<Turn> = Vec::new();
    let mut act: Option<(&'static str, Range<usize>)> = None;
    let mut finish = |out: &mut Vec<Turn>| {
        if out.len() >= TURNS {
            done.append(out);
        }
        out.clear();
    };
    let mut i = 0;
    while i < chars.len() {
        let grade = GRADES.iter().find_map(|(g, words)| Some((*g, words.iter().find_map(|w| starts(i, w))?)));
        // 日常生活自立度 is a scale of its own
        let grade = grade.filter(|g| chars.get(g.1) != Some(&'度'));
        if let Some((grade, end)) = grade {
            match act.take() {
                Some((field, at)) if i - at.end <= 6 => {
                    out.push(Turn { field, act: at, said: i..end, grade });
                }
                // a grade without an act of its own: a choice
                _ => {
                    out.pop();
                    finish(&mut out);
                }
            }
            i = end;
            continue;
        }
        let word = ACTS.iter().find_map(|(f, words)| {
            let long = words.iter().filter(|w| w.chars().count() > 1 || "乗乘".contains(**w));
            Some((*f, long.filter_map(|w| starts(i, w)).max()?))
        });
        if let Some((field, end)) = word {
            act = match act {
                // 歩行・移動, 食事摂取: one head; another act's word close by has the last say
                Some((f, at)) if f == field && i - at.end <= 4 => Some((f, at.start..end)),
                _ => Some((field, i..end)),
            };
            i = end;
            continue;
        }
        // a sentence ends
        if chars[i] == '。' {
            act = None;
        }
        i += 1;
    }
    finish(&mut out);
    done
}

/// What a figure stands for where a page says it once: 1:自立 2:見守り 3:一部介助 4:全介助.
pub fn legend(view: &View) -> Vec<(char, &'static str)> {
    for row in &view.rows {
        let segs: Vec<Seg> = row.iter().map(|l| view.whole(*l)).collect();
        let chars: Vec<char> = squeeze(&view.text(&segs).string()).chars().collect();
        let mut out: Vec<(char, &'static str)> = Vec::new();
        for i in 0..chars.len() {
            let after = i + 1 + usize::from(chars.get(i + 1).is_some_and(|c| ".:)-=".contains(*c)));
            let rest: String = chars.get(after..).unwrap_or_default().iter().take(4).collect();
            let grade = GRADES.iter().find(|(_, words)| words.iter().any(|w| rest.starts_with(w)));
            let next = out.last().is_none_or(|l| chars[i] as u32 == l.0 as u32 + 1);
            if let Some((grade, _)) = grade.filter(|_| chars[i].is_ascii_digit() && next) {
                out.push((chars[i], grade));
            }
        }
        if out.len() >= TURNS {
            return out;
        }
    }
    Vec::new()
}

/// Does a head name the act of this field? Of a text with several acts the last counts, of a short one all.
fn names(field: &str, text: &str) -> bool {
    let text = fold_text(text);
    if OTHER.iter().any(|w| text.contains(&fold_text(w))) {
        return false;
    }
    let at = |words: &[&str]| words.iter().filter_map(|w| text.rfind(&fold_text(w))).max();
    let Some(own) = ACTS.iter().find(|a| a.0 == field).and_then(|a| at(a.1)) else {
        // 移乗 read badly, as it often is
        let mut chars = text.chars();
        return field == "adl.transfer"
            && chars.next() == Some('移')
            && chars.next().is_some_and(|c| !"動送植行".contains(c));
    };
    let later = ACTS.iter().filter(|a| a.0 != field).filter_map(|a| at(a.1)).any(|o| o > own);
    !later || text.chars().count() <= 8
}

/// What stands before a group in its row: in its own line, else to the left of it.
fn head(sheet: &Sheet, group: &[Seg], before: &[Group]) -> Option<Hit> {
    let view = &sheet.view;
    let first = group.first()?;
    let taken = |line: usize| {
        let own = before.iter().flat_map(|g| &g.segs).filter(|s| s.line == line && s.glyphs.end <= first.glyphs.start);
        own.map(|s| s.glyphs.end).max()
    };
    let from = taken(first.line).unwrap_or(0).max(first.glyphs.start.saturating_sub(LONGEST));
    let own = Seg { line: first.line, glyphs: from..first.glyphs.start };
    if let Some(hit) = hit(sheet, vec![own]) {
        return Some(hit);
    }
    let place = view.seg_rect(first);
    let row = view.rows.get(view.row_of[first.line])?;
    let left = row
        .iter()
        .rev()
        .copied()
        .find(|l| *l != first.line && view.rect(*l).x1 <= place.x0 + (0.5 * view.em) as i32)?;
    let is_group = before.iter().any(|g| g.segs.iter().any(|s| s.line == left));
    let near = (place.x0 - view.rect(left).x1) as f32 <= 14.0 * view.em;
    if is_group || !near && view.cell(left).is_none() {
        return None;
    }
    match view.cell(left).filter(|c| view.cell(first.line) != Some(*c)) {
        Some(cell) => hit(sheet, view.lines_in(cell).into_iter().map(|l| view.whole(l)).collect()),
        None => {
            let end = view.len(left);
            hit(sheet, vec![Seg { line: left, glyphs: end.saturating_sub(LONGEST)..end }])
        }
    }
}

/// A head as a label; None where nothing but boxes and separators stands there.
fn hit(sheet: &Sheet, segs: Vec<Seg>) -> Option<Hit> {
    let segs: Vec<Seg> = segs.into_iter().filter(|s| !s.glyphs.is_empty()).collect();
    let text = sheet.view.text(&segs).string();
    let kanji = |c: char| ('一'..='鿿').contains(&c) && c != '口' || ('ァ'..='ヶ').contains(&c) && c != 'ロ';
    let rect: Rect = sheet.view.rect_of(&segs);
    (text.chars().any(kanji) && text.chars().count() <= 3 * LONGEST).then(|| Hit {
        segs,
        rect,
        text,
        fields: Vec::new(),
        groups: Vec::new(),
        cuts: false,
    })
}

#[cfg(test)]
mod tests {
    use super::{names, turns};

    #[test]
    fn grades_that_a_sentence_tells() {
        let told = |text: &str| turns(text).into_iter().map(|t| (t.field, t.grade)).collect::<Vec<_>>();
        assert_eq!(
            told("移乗動作一部介助/歩行・移動全介助/食事摂取自立/衣服の着脱見守り"),
            [
                ("adl.transfer", "partial"),
                ("adl.mobility", "full"),
                ("adl.eating", "independent"),
                ("adl.dressing", "supervised")
            ]
        );
        assert_eq!(told("移乗：全介助、移動：全介助、食事：一部介助").len(), 3);
        assert!(told("移乗 自立・見守り・一部介助 移動 自立・見守り・全介助 食事 自立・見守り").is_empty());
        assert!(told("移乗は自立しています。食事は良好です。").is_empty());
    }

    #[test]
    fn heads() {
        for (field, text) in [
            ("adl.transfer", "ベッド⇔車椅子移乗"),
            ("adl.transfer", "移秉"),
            ("adl.mobility", "移動（室内）"),
            ("adl.mobility", "移乗・移動"),
            ("adl.eating", "食事摂取動作"),
            ("adl.toileting", "トイレ動作"),
            ("adl.bathing", "清潔・入浴"),
            ("adl.dressing", "衣服の着脱"),
        ] {
            assert!(names(field, text), "{field} {text}");
        }
        for (field, text) in [
            ("adl.eating", "食事形態"),
            ("adl.transfer", "移動"),
            ("adl.mobility", "整容"),
            ("adl.toileting", "排便コントロール"),
        ] {
            assert!(!names(field, text), "{field} {text}");
        }
    }
}
