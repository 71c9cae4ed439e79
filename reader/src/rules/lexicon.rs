//! Where labels stand on a page: longest match over folded text, between boundaries.
//!
//! A label is no label inside running text: it must begin at a line's start, behind a gap, a delimiter or another
//! label, and end at one (shared/design/extract.md, "Lexicon with boundaries").

mod compose;

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::model::Rect;
use crate::ocr::choose::{self, Words};
use crate::text::confusion::{self, Signature};
use crate::text::{fold_text, kana, lexicon, names, squeeze};

use super::choice::Seg;
use super::file::{Compose, FieldRule, Group};
use super::view::View;
use compose::Composer;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    Weak,
    Shared,
    Strong,
}

/// What a word means where it stands as a label.
#[derive(Debug, Clone, Default)]
struct Entry {
    fields: Vec<(String, Strength)>,
    groups: Vec<Group>,
    /// Characters after folding.
    len: usize,
    stop: bool,
    /// No label by itself, only as the last word of one.
    head: bool,
}

impl Entry {
    fn is(&self, field: &str) -> bool {
        self.fields.iter().any(|f| f.0 == field)
    }
    fn is_clinical(&self) -> bool {
        self.fields.iter().any(|f| f.0.starts_with("clinical."))
    }
    fn names_somebody(&self) -> bool {
        self.fields.iter().any(|f| f.0.ends_with(".person") || f.0.ends_with(".name") || f.0 == "care.manager")
    }
    fn strong(&self) -> bool {
        self.fields.iter().any(|f| f.1 == Strength::Strong)
    }
}

/// All words of a set of rules.
#[derive(Debug)]
pub struct Lexicon {
    automaton: AhoCorasick,
    entries: Vec<Entry>,
    exact: BTreeMap<String, usize>,
    /// All words by their length, in the order of `exact`, for those that a text nearly is.
    spelt: BTreeMap<usize, Vec<Spelt>>,
    composer: Composer,
    /// All words as a grammar, for labels of which a character was misread.
    grammar: Words,
    /// Words that name whom a block speaks of.
    sections: Vec<(String, Group)>,
    group_of: BTreeMap<String, Group>,
}

/// A word as [`Lexicon::near`] compares it.
#[derive(Debug)]
struct Spelt {
    chars: Vec<char>,
    signature: Signature,
    digits: String,
    entry: usize,
}

/// A label on the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub segs: Vec<Seg>,
    pub rect: Rect,
    /// As it stands on the page.
    pub text: String,
    pub fields: Vec<(String, Strength)>,
    pub groups: Vec<Group>,
    /// Ends the value in front of it. A word that only names a block does not.
    pub cuts: bool,
}

impl Hit {
    pub fn last(&self) -> &Seg {
        &self.segs[self.segs.len() - 1]
    }
}

/// All labels of a page, and for each line where they lie.
#[derive(Debug, Default, PartialEq)]
pub struct Hits {
    pub all: Vec<Hit>,
    /// Per line, ascending: glyph range and index into `all`.
    pub on: Vec<Vec<(std::ops::Range<usize>, usize)>>,
}

impl Hits {
    /// The labels for which `keep` holds.
    pub fn keeping(self, keep: impl Fn(&Hit) -> bool) -> Hits {
        let mut out = Hits { all: self.all.into_iter().filter(keep).collect(), on: vec![Vec::new(); self.on.len()] };
        out.index();
        out
    }

    fn index(&mut self) {
        for (i, h) in self.all.iter().enumerate().filter(|h| h.1.cuts) {
            for s in &h.segs {
                self.on[s.line].push((s.glyphs.clone(), i));
            }
        }
        self.on.iter_mut().for_each(|l| l.sort_by_key(|h| h.0.start));
    }

    /// Whether the line opens with a label (bullets and brackets do not count).
    pub fn opens(&self, view: &View, line: usize) -> bool {
        let Some((range, _)) = self.on[line].first() else { return false };
        range.start == 1 || view.page.lines[line].glyphs[..range.start].iter().all(|g| is_bullet(g.ch))
    }
    /// First label in a line at or behind a glyph.
    pub fn next(&self, line: usize, from: usize) -> Option<usize> {
        self.on[line].iter().map(|h| h.0.start).find(|s| *s >= from)
    }
}

/// Characters that open an item.
pub fn is_bullet(c: char) -> bool {
    "■□●○◎◆◇・･·※*＊★☆【［[〔〈＜<(（「①②③④⑤⑥⑦⑧⑨⑩▼▽▲△|｜.．、,）)】］]".contains(c)
        || c.is_ascii_digit()
        || c.is_whitespace()
}

fn parts(c: char) -> bool {
    ":：;；・･·、。,，.．…‥/／|｜()（）[]［］【】〔〕「」<>＜＞〈〉《》■□●○◎◆◇※*＊#＃→⇒~〜～-ー―=＝_＿'’☎📞".contains(c)
}

/// Without what parts words, but for a long vowel at the end: アレルギー.
fn bare(text: &str) -> &str {
    let inner = text.trim_matches(parts);
    let start = text.len() - text.trim_start_matches(parts).len();
    let long = text[start + inner.len()..].chars().next().filter(|c| "ー－―-".contains(*c));
    match long.filter(|_| inner.chars().next_back().is_some_and(|c| matches!(c, 'ァ'..='ヺ'))) {
        Some(c) => &text[start..start + inner.len() + c.len_utf8()],
        None => inner,
    }
}

impl Lexicon {
    pub fn new(
        fields: &BTreeMap<String, FieldRule>,
        stops: &[String],
        sections: &BTreeMap<Group, Vec<String>>,
        compose: &Compose,
    ) -> Lexicon {
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        for (key, rule) in fields {
            for (words, strength) in
                [(&rule.labels, Strength::Strong), (&rule.shared, Strength::Shared), (&rule.weak, Strength::Weak)]
            {
                for w in words {
                    if let Some(e) = at(&mut entries, w)
                        && !e.fields.iter().any(|f| f.0 == *key)
                    {
                        e.fields.push((key.clone(), strength));
                    }
                }
            }
        }
        for w in stops.iter().chain(fields.values().flat_map(|r| &r.not)) {
            if let Some(e) = at(&mut entries, w) {
                e.stop = true;
            }
        }
        for (group, words) in sections {
            for w in words {
                if let Some(e) = at(&mut entries, w)
                    && !e.groups.contains(group)
                {
                    e.groups.push(*group);
                }
            }
        }
        for (key, rule) in fields {
            for w in &rule.heads {
                let fresh = !entries.contains_key(&fold_text(w));
                if let Some(e) = at(&mut entries, w)
                    && !e.is(key)
                {
                    e.head |= fresh;
                    e.fields.push((key.clone(), Strength::Weak));
                }
            }
        }
        let words: Vec<String> = entries.keys().cloned().collect();
        let automaton =
            AhoCorasick::builder().match_kind(MatchKind::Standard).build(&words).expect("a few thousand short words");
        let exact: BTreeMap<String, usize> = words.into_iter().enumerate().map(|(i, w)| (w, i)).collect();
        let mut spelt: BTreeMap<usize, Vec<Spelt>> = BTreeMap::new();
        for (word, entry) in exact.iter().filter(|(w, _)| w.chars().count() >= SHORTEST_NEAR - 1) {
            let chars: Vec<char> = squeeze(word).chars().collect();
            let of_length = spelt.entry(word.chars().count()).or_default();
            let signature = Signature::of(&chars);
            of_length.push(Spelt { chars, signature, digits: digits(word), entry: *entry });
        }
        let folded = |(g, ws): (&Group, &Vec<String>)| ws.iter().map(|w| (fold_text(w), *g)).collect::<Vec<_>>();
        let sections = sections.iter().flat_map(folded).filter(|w| w.0.chars().count() >= 2).collect();
        let group_of = fields.iter().filter_map(|(k, r)| Some((k.clone(), r.group?))).collect();
        let composer = Composer::new(compose);
        let written = fields.values().flat_map(|r| r.labels.iter().chain(&r.shared)).chain(stops);
        let grammar = written.filter(|w| fold_text(w).chars().count() >= 2).collect();
        Lexicon {
            automaton,
            entries: entries.into_values().collect(),
            exact,
            spelt,
            composer,
            grammar,
            sections,
            group_of,
        }
    }

    /// All labels of a page.
    pub fn hits(&self, view: &View) -> Hits {
        let mut hits = Hits { all: Vec::new(), on: vec![Vec::new(); view.page.lines.len()] };
        let taken = self.joined(view, &mut hits);
        for (line, taken) in taken.into_iter().enumerate() {
            if !view.page.lines[line].tti && !taken {
                let from = hits.all.len();
                self.in_line(view, line, &mut hits);
                self.composed(view, line, from, &mut hits);
            }
        }
        hits.index();
        hits
    }

    fn in_line(&self, view: &View, line: usize, hits: &mut Hits) {
        let folded = &view.folded[line];
        let text = folded.text();
        // byte → character
        let mut index = vec![0; text.len() + 1];
        for (n, (b, _)) in text.char_indices().enumerate() {
            index[b] = n;
        }
        index[text.len()] = folded.len();
        let mut found: Vec<(usize, usize, usize)> = self
            .automaton
            .find_overlapping_iter(&text)
            .map(|m| (index[m.start()], index[m.end()], m.pattern().as_usize()))
            .collect();
        found.sort_by_key(|m| (m.0, usize::MAX - m.1));
        let address = web_address(view, line);
        let mut end = 0; // folded index behind the last label
        for (a, b, e) in found {
            if a < end {
                continue;
            }
            let span = folded.span(a..b);
            let entry = &self.entries[e];
            if entry.head {
                continue;
            }
            if address.as_ref().is_some_and(|r| r.contains(&span.start)) {
                continue;
            }
            let glued = entry
                .fields
                .iter()
                .any(|f| f.0.starts_with("patient.") || f.0.starts_with("encounter.") && entry.len >= 3);
            // 3病棟 is a name: the number belongs to it
            let counted = span.start > 0
                && entry.is("sender.department")
                && view.page.lines[line].glyphs[span.start].gap < 0.3
                && view.page.lines[line].glyphs[span.start - 1].ch.is_ascii_digit();
            if counted {
                continue;
            }
            // 野口 初枝続柄：長女: a colon makes a label of whatever stands in front
            let colon = entry.len >= 2
                && !entry.fields.is_empty()
                && view.page.lines[line].glyphs.get(span.end).is_some_and(|g| ":：".contains(g.ch));
            if !colon && !left_bound(view, line, span.start, end > 0 && a == end, glued)
                || !right_bound(self, view, line, span.end, entry, &text, b)
            {
                continue;
            }
            end = b;
            self.push(view, hits, vec![Seg { line, glyphs: span }], e);
        }
    }

    /// Headings in a line that no list holds, made of known words; `from`: the first hit of this line.
    fn composed(&self, view: &View, line: usize, from: usize, hits: &mut Hits) {
        let folded = &view.folded[line];
        for (range, framed) in pieces(view, line) {
            let taken = hits.all[from..].iter().any(|h| {
                h.segs.iter().any(|s| s.line == line && s.glyphs.start < range.end && range.start < s.glyphs.end)
            });
            if taken {
                continue;
            }
            let text: String = (0..folded.len())
                .filter(|i| range.contains(&folded.span(*i..i + 1).start))
                .map(|i| folded.chars[i])
                .collect();
            let segs = vec![Seg { line, glyphs: range }];
            let whole_cell = view.cell(line).is_some_and(|c| view.lines_in(c).len() == 1)
                && segs[0].glyphs.len() + 2 >= view.len(line);
            let known = self.compose(view, segs.clone(), &text, framed).map(|c| c.0);
            let made = known.or_else(|| if whole_cell { self.compose_surely(view, segs.clone(), &text) } else { None });
            if let Some(hit) = made {
                hits.all.push(hit);
            } else if text.chars().count() >= if framed { 4 } else { 5 }
                && let Some(entry) = self.near(bare(&text))
            {
                self.push(view, hits, segs, entry);
            }
        }
    }

    /// The label that some stretches make together, and the word that it ends in.
    fn compose(&self, view: &View, segs: Vec<Seg>, text: &str, framed: bool) -> Option<(Hit, String)> {
        let word = |w: &str| self.exact.get(w).map(|e| &self.entries[*e]).filter(|e| e.stop || !e.fields.is_empty());
        let head = |w: &str| word(w).is_some_and(|e| e.len >= 2 || e.head);
        let stem = |w: &str| word(w).is_some_and(|e| e.len >= 2 && !e.head);
        let found = self.composer.read(text, framed, head, stem)?;
        let entry = &self.entries[self.exact[&found.head]];
        // ●アルツハイマー型認知症 names an illness, though 認知症 alone is a label
        if framed && entry.fields.is_empty() && !found.stem.is_empty() && found.head.ends_with(['症', '瘡', '痺', '縮'])
        {
            return None;
        }
        // かかりつけ医機関名 speaks of the family doctor
        let spoken = self.sections.iter().filter(|(w, _)| found.stem.contains(w.as_str())).map(|(_, g)| *g);
        let mut groups: Vec<Group> = spoken.collect();
        let about = |key: &str| self.group_of.get(key).is_none_or(|g| groups.is_empty() || groups.contains(g));
        let fields = entry.fields.iter().filter(|f| about(&f.0)).map(|f| (f.0.clone(), Strength::Weak)).collect();
        groups.extend(&entry.groups);
        let raw = segs.iter().flat_map(|s| view.page.lines[s.line].glyphs[s.glyphs.clone()].iter().map(|g| g.ch));
        let hit = Hit { rect: view.rect_of(&segs), text: raw.collect(), segs, fields, groups, cuts: true };
        Some((hit, found.head))
    }

    /// What a header cell makes: it may begin with anything, if it ends in a word that is a label without doubt
    /// (尿路感染症 is a diagnosis, no label).
    fn compose_surely(&self, view: &View, segs: Vec<Seg>, text: &str) -> Option<Hit> {
        let (hit, head) = self.compose(view, segs, text, true)?;
        let e = &self.entries[self.exact[&head]];
        (head.chars().count() >= 3 && e.strong() && !e.is("clinical.infections")).then_some(hit)
    }

    fn push(&self, view: &View, hits: &mut Hits, segs: Vec<Seg>, entry: usize) {
        let e = &self.entries[entry];
        let text: String =
            segs.iter().flat_map(|s| view.page.lines[s.line].glyphs[s.glyphs.clone()].iter().map(|g| g.ch)).collect();
        // 〒 stands inside an address, it does not end one
        let cuts = e.stop || !e.fields.is_empty() && text != "〒";
        let rect = view.rect_of(&segs);
        hits.all.push(Hit { rect, segs, text, fields: e.fields.clone(), groups: e.groups.clone(), cuts });
    }

    /// Labels that the page breaks in pieces: letters far apart (氏　　名), or stacked in a narrow cell.
    fn joined(&self, view: &View, hits: &mut Hits) -> Vec<bool> {
        let mut taken = vec![false; view.page.lines.len()];
        for row in &view.rows {
            let mut i = 0;
            while i < row.len() {
                let mut j = i + 1;
                // single characters at even distances in one cell
                while j < row.len()
                    && view.len(row[j]) <= 2
                    && view.len(row[j - 1]) <= 2
                    && view.cell(row[j]) == view.cell(row[i])
                    && (view.rect(row[j]).x0 - view.rect(row[j - 1]).x1) as f32 <= 5.0 * view.em
                {
                    j += 1;
                }
                for end in (i + 2..=j).rev() {
                    if self.whole(view, &row[i..end], hits) {
                        row[i..end].iter().for_each(|l| taken[*l] = true);
                        break;
                    }
                }
                i = j;
            }
        }
        for cell in 0..view.page.cells.len() {
            let lines = view.lines_in(cell);
            if (2..=8).contains(&lines.len())
                && lines.iter().map(|l| view.len(*l)).sum::<usize>() <= 16
                && !lines.iter().any(|l| taken[*l])
            {
                // the words in it may be labels of their own: the longer, joined one wins
                if self.whole(view, &lines, hits) {
                    lines.iter().for_each(|l| taken[*l] = true);
                }
            }
            if !lines.is_empty() && !lines.iter().any(|l| taken[*l]) && self.ending(view, &lines, hits) {
                lines.iter().for_each(|l| taken[*l] = true);
            }
        }
        taken
    }

    /// A cell that is a label as a whole, put together from known words or misread by a character.
    fn ending(&self, view: &View, lines: &[usize], hits: &mut Hits) -> bool {
        let joined: String = lines.iter().map(|l| view.folded[*l].text()).collect();
        let text = bare(&joined);
        let n = text.chars().count();
        if !(2..=20).contains(&n) || text.contains(['。', '、', ':']) {
            return false;
        }
        if n < 4 {
            let word = if let [line] = lines { self.among_rivals(view, *line) } else { None };
            if let Some(entry) = word.filter(|_| !self.exact.contains_key(text)) {
                self.push(view, hits, lines.iter().map(|l| view.whole(*l)).collect(), entry);
                return true;
            }
            return false;
        }
        // 入浴 and 更衣 in one cell are two labels
        let label = |l: &usize| {
            let text = view.folded[*l].text();
            self.exact.get(bare(&text)).is_some_and(|e| self.entries[*e].strong())
        };
        if lines.iter().filter(|l| label(l)).count() > 1 {
            return false;
        }
        let segs: Vec<Seg> = lines.iter().map(|l| view.whole(*l)).collect();
        // (one row: see `composed`, which knows its pieces)
        let known = self.compose(view, segs.clone(), text, false).map(|c| c.0);
        let composed = known.or_else(|| self.compose_surely(view, segs.clone(), text));
        if let Some(hit) = composed.filter(|h| lines.len() > 1 && !h.fields.is_empty()) {
            hits.all.push(hit);
            return true;
        }
        let word = self.near(text);
        let word = word.or_else(|| if let [line] = lines { self.among_rivals(view, *line) } else { None });
        if let Some(entry) = word {
            self.push(view, hits, segs, entry);
        }
        word.is_some()
    }

    /// The word among the rivals of a line that alone fills its cell: 紀載日 for 記載日.
    fn among_rivals(&self, view: &View, line: usize) -> Option<usize> {
        let l = &view.page.lines[line];
        if !(2..=8).contains(&l.glyphs.len()) || l.min_p() > 0.93 {
            return None;
        }
        let choice = choose::among(l, 0..l.glyphs.len(), &self.grammar)?;
        let same = choice.text.chars().count() == l.glyphs.len();
        (same && choice.bend <= 3.0).then(|| self.exact.get(&fold_text(&choice.text)).copied()).flatten()
    }

    /// The one long word that a text misses by a character.
    fn near(&self, text: &str) -> Option<usize> {
        let n = text.chars().count();
        if n < SHORTEST_NEAR {
            return None;
        }
        // 要介護1 is not 要介護度
        let numbers = digits(text);
        let chars: Vec<char> = squeeze(text).chars().collect();
        let signature = Signature::of(&chars);
        let mut first: Option<(f32, usize)> = None;
        let alike = |w: &&Spelt| !w.signature.beyond(signature, 1.0) && w.digits == numbers;
        for word in (n - 1..=n + 1).filter_map(|n| self.spelt.get(&n)).flatten().filter(alike) {
            let limit = first.map_or(1.0, |f| f.0);
            // (of equals the one that `exact` has first)
            if let Some(d) = confusion::within(&word.chars, &chars, limit)
                && first.is_none_or(|f| (d, word.entry) < f)
            {
                first = Some((d, word.entry));
            }
        }
        first.map(|f| f.1)
    }

    fn whole(&self, view: &View, lines: &[usize], hits: &mut Hits) -> bool {
        let joined: String = lines.iter().map(|l| view.folded[*l].text()).collect();
        let trimmed = bare(&joined);
        let entry = self.exact.get(trimmed).copied().or_else(|| self.near(trimmed));
        match entry {
            Some(e) if !trimmed.is_empty() => {
                self.push(view, hits, lines.iter().map(|l| view.whole(*l)).collect(), e);
                true
            }
            _ => false,
        }
    }
}

/// Characters of the shortest text that is compared with words that it nearly is.
const SHORTEST_NEAR: usize = 4;

fn digits(s: &str) -> String {
    s.chars().filter(char::is_ascii_digit).collect()
}

/// The entry of a word, made where there is none; nothing for a word that folds away.
fn at<'e>(entries: &'e mut BTreeMap<String, Entry>, word: &str) -> Option<&'e mut Entry> {
    let folded = fold_text(word);
    if folded.is_empty() {
        return None;
    }
    let len = folded.chars().count();
    let e = entries.entry(folded).or_default();
    e.len = len;
    Some(e)
}

/// Stretches of a line that may be a heading, and whether a bracket, bullet or colon says that they are.
fn pieces(view: &View, line: usize) -> Vec<(std::ops::Range<usize>, bool)> {
    const BULLETS: &str = "■◆●▼◎★□◇○※*＊#＃";
    const BRACKETS: &[(char, &str)] = &[
        ('【', "】"),
        ('<', ">＞"),
        ('＜', "＞>"),
        ('〈', "〉"),
        ('《', "》"),
        ('〔', "〕"),
        ('[', "]］"),
        ('［', "］]"),
        ('「', "」"),
    ];
    let glyphs = &view.page.lines[line].glyphs;
    let mut out = Vec::new();
    let mut start = 0;
    for end in 1..=glyphs.len() {
        if end < glyphs.len() && glyphs[end].gap <= 0.5 {
            continue;
        }
        let run = start..end;
        start = end;
        let mut a = run.start;
        let mut framed = false;
        while a < run.end
            && (BULLETS.contains(glyphs[a].ch) || glyphs[a].ch.is_ascii_digit() || ".．)）".contains(glyphs[a].ch))
        {
            // #1 counts an item
            framed |= BULLETS.contains(glyphs[a].ch) && !"#＃".contains(glyphs[a].ch);
            a += 1;
        }
        let Some(first) = glyphs.get(a).filter(|_| a < run.end) else { continue };
        if let Some((_, close)) = BRACKETS.iter().find(|b| b.0 == first.ch)
            && let Some(z) = (a + 2..run.end.min(a + 20)).find(|i| close.contains(glyphs[*i].ch))
        {
            out.push((a + 1..z, true));
            continue;
        }
        match (a..run.end.min(a + 18)).find(|i| ":：".contains(glyphs[*i].ch)) {
            Some(z) => out.push((a..z, true)),
            None if run.len() <= 18 => out.push((a..run.end, framed)),
            None => {}
        }
    }
    out
}

/// Glyphs of a web or mail address: what looks like a label inside is none.
fn web_address(view: &View, line: usize) -> Option<std::ops::Range<usize>> {
    let glyphs = &view.page.lines[line].glyphs;
    let at = (0..glyphs.len()).find(|i| {
        let mut head = glyphs[*i..].iter().map(|g| g.ch.to_ascii_lowercase());
        "http".chars().all(|c| head.next() == Some(c))
    })?;
    let n = glyphs[at..].iter().take_while(|g| g.ch.is_ascii_graphic()).count();
    Some(at..at + n)
}

fn left_bound(view: &View, line: usize, start: usize, behind_label: bool, glued: bool) -> bool {
    let glyphs = &view.page.lines[line].glyphs;
    if start == 0 || behind_label || glyphs[start].gap > 0.5 {
        return true;
    }
    let before = glyphs[start - 1].ch;
    // TEL04-7191-6040FAX04-7191-6041
    let number = glyphs[start].ch.is_ascii_alphabetic() || "電携代直℡".contains(glyphs[start].ch);
    // a line's first bracket reads as く or ぐ
    before.is_ascii_digit() && (number || glued && "保被".contains(glyphs[start].ch))
        // フリガナヨシカワフサエ氏名吉川房江様性別男: a value ended, and what follows can only be a label's value
        || (kana::is_kana_char(before) || "様殿)）歳才日".contains(before)) && glued
        || start == 1 && "くぐ".contains(before)
        // 一、病名
        || "、.．".contains(before) && start == 2 && "一二三四五六七八九十".contains(glyphs[0].ch)
        || parts(before) && !"。、，".contains(before)
        || is_bullet(before) && glyphs[..start].iter().all(|g| is_bullet(g.ch))
}

fn right_bound(
    lexicon: &Lexicon,
    view: &View,
    line: usize,
    end: usize,
    entry: &Entry,
    text: &str,
    folded_end: usize,
) -> bool {
    let glyphs = &view.page.lines[line].glyphs;
    let Some(next) = glyphs.get(end) else { return true };
    let digit = |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c);
    if entry.len == 1 {
        // T, F, 性: only with their value at once behind them
        let behind = glyphs[end..].iter().find(|g| !":：.．,".contains(g.ch));
        // 1T 1×朝食後: numbers of telephones begin with a nought
        let number = entry.fields.iter().any(|f| f.0.ends_with(".phone") || f.0.ends_with(".fax"));
        return behind.is_some_and(|g| if number { "0０(（".contains(g.ch) } else { digit(g.ch) })
            || ":：".contains(next.ch)
            || next.gap > 0.45 && entry.fields.len() == 1;
    }
    let ends = next.gap > 0.45 || ":：".contains(next.ch);
    if entry.fields.is_empty() {
        // what only ends a value is one too easily: 褥瘡（仙骨部）, 栄養・嚥下
        return ends || ")）】］」〕".contains(next.ch);
    }
    // 退院（所）時の要介護度 goes on behind its bracket
    if "(（".contains(next.ch)
        && let Some(z) = (end + 2..glyphs.len().min(end + 5)).find(|i| ")）".contains(glyphs[*i].ch))
        && glyphs.get(z + 1).is_some_and(|g| g.gap <= 0.45 && "時後の".contains(g.ch))
    {
        let inner: String = glyphs[end + 1..z].iter().map(|g| g.ch).collect();
        if ["所", "入所", "退所", "予定", "見込", "見込み"].contains(&inner.as_str()) {
            return false;
        }
    }
    // 退院先ー自宅: no long vowel stands behind a kanji
    let dash = "ー―－".contains(next.ch) && entry.len >= 3 && end > 0 && !kana::is_kana_char(glyphs[end - 1].ch);
    if ends || dash || parts(next.ch) && !"、。，,-ー".contains(next.ch) {
        return true;
    }
    // another label follows at once, or the value's first character can only be a value's
    let rest: String = text.chars().skip(folded_end).collect();
    let long = lexicon
        .automaton
        .find_overlapping_iter(&rest)
        .any(|m| m.start() == 0 && lexicon.entries[m.pattern().as_usize()].len >= 2);
    // 当院2階: no name begins with a number
    let named = |f: &(String, Strength)| {
        [".institution", ".person", ".department", ".name", ".office", ".manager"].iter().any(|w| f.0.ends_with(w))
    };
    let value = digit(next.ch) && !entry.fields.iter().all(named)
        || "〒℡明大昭平令MTSHR".contains(next.ch)
        || entry.is("patient.sex") && "男女□☑".contains(next.ch)
        || entry.is("patient.kana") && entry.len >= 4 && kana::is_kana_char(next.ch)
        || known_name(glyphs.get(end..end + 4).unwrap_or_default())
        || entry.len >= 3 && entry.names_somebody() && whole_name(&glyphs[end..]);
    // a label that opens its line: the least white space will do, and for a long one none, if no sentence begins so
    let start = end.saturating_sub(entry.len);
    let first = glyphs[..start].iter().all(|g| is_bullet(g.ch)) && entry.fields.iter().any(|f| f.1 == Strength::Strong);
    let particle = ('ぁ'..='ん').contains(&next.ch);
    // 病名肺炎: nothing but a value stands behind 名 and 歴
    let named = first
        && !particle
        && end > 0
        && "名歴".contains(glyphs[end - 1].ch)
        && entry.is_clinical()
        && !"称前等字簿・欄及一-ー".contains(next.ch);
    let opens = named || first && !particle && (entry.len >= 4 || entry.len == 3 && next.gap > 0.1);
    if entry.len <= 2 { value || named } else { value || long || opens }
}

/// Whether the rest of a line is a person's name and nothing else: 担当医長妻達也.
fn whole_name(glyphs: &[crate::reading::Glyph]) -> bool {
    (3..=7).contains(&glyphs.len()) && {
        let s: String = glyphs.iter().map(|g| g.ch).collect();
        names::plausible(&s) >= 0.6
    }
}

fn known_name(glyphs: &[crate::reading::Glyph]) -> bool {
    (2..=3).any(|n| {
        glyphs.len() >= n && {
            let s: String = glyphs[..n].iter().map(|g| g.ch).collect();
            lexicon::surnames().contains(&s)
        }
    })
}
