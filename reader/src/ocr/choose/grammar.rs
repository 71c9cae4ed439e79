//! Which texts a value may be: patterns, word lists, and both one behind the other.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use regex_automata::Anchored;
use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use unicode_normalization::UnicodeNormalization;

/// A set of texts, walked character by character. A state is a number; a step to nowhere means that no text of the
/// set begins so. Characters are in NFKC, except that a kana and its voicing mark may come apart.
pub trait Grammar {
    fn start(&self) -> u32;
    fn step(&self, state: u32, ch: char) -> Option<u32>;
    /// Whether a text may end here.
    fn accepting(&self, state: u32) -> bool;
    /// Whether the whole text is in the set.
    fn holds(&self, text: &str) -> bool {
        let mut state = self.start();
        for c in text.chars() {
            match self.step(state, c) {
                Some(next) => state = next,
                None => return false,
            }
        }
        self.accepting(state)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the pattern {pattern:?} is none: {reason}")]
pub struct PatternError {
    pattern: String,
    reason: String,
}

/// A regular expression over the whole text.
#[derive(Debug, Clone)]
pub struct Pattern {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

/// Figures that a year of an era, a month and a day have, with or without a leading zero.
const MONTH: &str = "(0?[1-9]|1[0-2])";
const DAY: &str = "(0?[1-9]|[12][0-9]|3[01])";
const ERA_YEAR: &str = "(元|0?[1-9]|[1-6][0-9])";

impl Pattern {
    /// # Errors
    /// Not a regular expression, or one that grows too large.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let told = |reason: String| PatternError { pattern: pattern.to_owned(), reason };
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(regex_automata::dfa::StartKind::Anchored)
                    .match_kind(regex_automata::MatchKind::All)
                    .minimize(false)
                    .dfa_size_limit(Some(16 << 20)),
            )
            .build(&format!("(?:{pattern})"))
            .map_err(|e| told(e.to_string()))?;
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).map_err(|e| told(e.to_string()))?;
        Ok(Self { dfa, start })
    }

    /// For the patterns of this file, which a test builds.
    fn known(pattern: &str) -> Self {
        Self::new(pattern).expect("a pattern of the program's own")
    }

    /// Exactly `n` figures.
    pub fn digits(n: usize) -> Self {
        Self::known(&format!("[0-9]{{{n}}}"))
    }

    /// A Japanese telephone number: hyphens or brackets between its parts, or none.
    pub fn phone() -> Self {
        Self::known(
            r"0[0-9]-[0-9]{4}-[0-9]{4}|0[0-9]{2}-[0-9]{3,4}-[0-9]{4}|0[0-9]{3}-[0-9]{2,3}-[0-9]{4}|0[0-9]{4}-[0-9]-[0-9]{4}\
             |0(120|570|800|990)-[0-9]{3}-[0-9]{3}|\(?0[0-9]{1,4}\)[0-9]{1,4}-[0-9]{4}|0[0-9]{1,4}\([0-9]{1,4}\)[0-9]{4}|0[0-9]{9,10}",
        )
    }

    /// A postal code, with or without 〒.
    pub fn postal() -> Self {
        Self::known("〒?[0-9]{3}-?[0-9]{4}")
    }

    /// Katakana, as a name's reading has it; family and given name may be parted by ・.
    pub fn katakana() -> Self {
        Self::known(r"[ァ-ヴー\x{3099}\x{309A}]+(・[ァ-ヴー\x{3099}\x{309A}]+)?")
    }

    /// A date in any of the usual styles: era names or letters, or the western year; 年月日, `/`, `.` or `-`.
    pub fn date() -> Self {
        Self::known(&Self::date_pattern())
    }

    /// The pattern of [`Pattern::date`], to be built upon.
    pub fn date_pattern() -> String {
        let year =
            format!("((明治|大正|昭和|平成|令和|[明大昭平令][.・]?|[MTSHR][.]?){ERA_YEAR}|(18|19|20)[0-9]{{2}})");
        format!("({year}年{MONTH}月{DAY}日?|{year}(/{MONTH}/|[.]{MONTH}[.]|-{MONTH}-){DAY})")
    }
}

impl Grammar for Pattern {
    fn start(&self) -> u32 {
        self.start.as_u32()
    }
    fn step(&self, state: u32, ch: char) -> Option<u32> {
        let mut state = StateID::new(state as usize).ok()?;
        let mut bytes = [0u8; 4];
        for b in ch.encode_utf8(&mut bytes).bytes() {
            state = self.dfa.next_state(state, b);
            if self.dfa.is_dead_state(state) || self.dfa.is_quit_state(state) {
                return None;
            }
        }
        // a state whose only way on is the end of a match found before is a dead end too
        let alive = self.accepting(state.as_u32())
            || (0..=255u8).any(|b| !self.dfa.is_dead_state(self.dfa.next_state(state, b)));
        alive.then_some(state.as_u32())
    }
    fn accepting(&self, state: u32) -> bool {
        StateID::new(state as usize).is_ok_and(|s| self.dfa.is_match_state(self.dfa.next_eoi_state(s)))
    }
}

/// A closed list of texts. Kana are compared with their voicing marks apart.
#[derive(Debug, Clone, Default)]
pub struct Words {
    next: HashMap<(u32, char), u32>,
    ends: BTreeSet<u32>,
    count: u32,
}

impl Words {
    pub fn new<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Self {
        let mut out = Self::default();
        for word in words {
            out.insert(word.as_ref());
        }
        out
    }

    /// White space is left out; an empty text is no word.
    pub fn insert(&mut self, word: &str) {
        let mut state = 0;
        for c in word.nfkc().filter(|c| !c.is_whitespace()).flat_map(apart) {
            let fresh = self.count + 1;
            state = *self.next.entry((state, c)).or_insert(fresh);
            self.count = self.count.max(state);
        }
        if state != 0 {
            self.ends.insert(state);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

impl<S: AsRef<str>> FromIterator<S> for Words {
    fn from_iter<I: IntoIterator<Item = S>>(words: I) -> Self {
        Self::new(words)
    }
}

impl Grammar for Words {
    fn start(&self) -> u32 {
        0
    }
    fn step(&self, state: u32, ch: char) -> Option<u32> {
        apart(ch).into_iter().try_fold(state, |s, c| self.next.get(&(s, c)).copied())
    }
    fn accepting(&self, state: u32) -> bool {
        self.ends.contains(&state)
    }
}

/// A kana and its voicing mark; any other character alone.
fn apart(c: char) -> Vec<char> {
    if matches!(c, 'ぁ'..='ヿ') { std::iter::once(c).nfd().collect() } else { vec![c] }
}

/// Grammars one behind the other, each of them whole: a surname's list and then a given name's.
/// Where the border lies need not be decided by the characters.
pub struct Chain<'g> {
    parts: Vec<&'g dyn Grammar>,
    /// The places in the parts where a text may be, numbered as they are met.
    sets: RefCell<Sets>,
}

type Places = Vec<(u32, u32)>;

#[derive(Default)]
struct Sets {
    known: HashMap<Places, u32>,
    listed: Vec<Places>,
}

impl<'g> Chain<'g> {
    pub fn new(parts: impl IntoIterator<Item = &'g dyn Grammar>) -> Self {
        Self { parts: parts.into_iter().collect(), sets: RefCell::default() }
    }

    /// Adds the beginnings of all parts that may begin at these places, and numbers the set.
    fn number(&self, mut places: Places) -> u32 {
        let mut i = 0;
        while i < places.len() {
            let (part, state) = places[i];
            let next = part + 1;
            if self.parts[part as usize].accepting(state)
                && let Some(grammar) = self.parts.get(next as usize)
            {
                places.push((next, grammar.start()));
            }
            i += 1;
        }
        places.sort_unstable();
        places.dedup();
        let mut sets = self.sets.borrow_mut();
        if let Some(n) = sets.known.get(&places) {
            return *n;
        }
        let n = sets.listed.len() as u32;
        sets.known.insert(places.clone(), n);
        sets.listed.push(places);
        n
    }

    fn places(&self, state: u32) -> Places {
        self.sets.borrow().listed.get(state as usize).cloned().unwrap_or_default()
    }
}

impl Grammar for Chain<'_> {
    fn start(&self) -> u32 {
        self.number(self.parts.first().map(|g| (0, g.start())).into_iter().collect())
    }
    fn step(&self, state: u32, ch: char) -> Option<u32> {
        let next: Places = self
            .places(state)
            .into_iter()
            .filter_map(|(part, s)| Some((part, self.parts[part as usize].step(s, ch)?)))
            .collect();
        (!next.is_empty()).then(|| self.number(next))
    }
    fn accepting(&self, state: u32) -> bool {
        let last = self.parts.len() as u32;
        self.places(state).into_iter().any(|(part, s)| part + 1 == last && self.parts[part as usize].accepting(s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_hold_what_they_should() {
        let date = Pattern::date();
        for good in [
            "昭和5年6月12日",
            "令和元年12月31日",
            "S60.1.2",
            "S.60/1/2",
            "2026-11-24",
            "1950/01/02",
            "令8年3月1日",
            "平成30年4月1日",
        ] {
            assert!(date.holds(good), "{good}");
        }
        for bad in ["昭和5年13月1日", "令和8年6月32日", "2026-11/24", "昭和年6月1日", "12月3日", "", "昭和5年6月12日生"]
        {
            assert!(!date.holds(bad), "{bad}");
        }
        let phone = Pattern::phone();
        for good in ["04-7174-3308", "0471743308", "090-1234-5678", "(04)7174-3308", "04(7174)3308", "0120-123-456"] {
            assert!(phone.holds(good), "{good}");
        }
        for bad in ["04-7174-330", "14-7174-3308", "047174330", "04-71743-308"] {
            assert!(!phone.holds(bad), "{bad}");
        }
        assert!(Pattern::postal().holds("〒277-0005") && !Pattern::postal().holds("277-005"));
        assert!(Pattern::katakana().holds("カシワハナコ") && !Pattern::katakana().holds("柏"));
        assert!(Pattern::digits(6).holds("122176") && !Pattern::digits(6).holds("12217"));
        assert!(Pattern::new("(").is_err());
    }

    #[test]
    fn dead_ends_are_told_at_once() {
        let p = Pattern::new("ab").unwrap();
        let a = p.step(p.start(), 'a').unwrap();
        assert!(p.step(p.start(), 'b').is_none());
        let b = p.step(a, 'b').unwrap();
        assert!(p.accepting(b) && !p.accepting(a));
        assert!(p.step(b, 'b').is_none());
    }

    #[test]
    fn words_and_chains() {
        let surnames = Words::new(["柏", "柏木", "ガ島"]);
        assert!(surnames.holds("柏") && surnames.holds("カ\u{3099}島") && !surnames.holds("木"));
        let given = Words::new(["木花", "花"]);
        let both = Chain::new([&surnames as &dyn Grammar, &given as &dyn Grammar]);
        for good in ["柏花", "柏木花", "柏木木花"] {
            assert!(both.holds(good), "{good}");
        }
        assert!(!both.holds("柏") && !both.holds("花"));
        assert!(!Words::new([""]).holds("") && Words::new([""]).is_empty());
    }
}
