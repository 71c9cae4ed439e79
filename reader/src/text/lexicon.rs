//! Word lists that the program carries: surnames and given names with their readings (from mecab-ipadic, see
//! config/lexicon/COPYING.mecab-ipadic; made by scripts/lexicon.py), drugs and diseases (our own).
//!
//! The files are sorted by code point, so a look-up is a binary search over the embedded text; the only thing made at
//! first use is a table of line starts.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A sorted list of lines `word TAB more`.
pub struct Table {
    text: &'static str,
    /// Byte offset of each line, and one past the end.
    starts: Vec<u32>,
    /// Where each line's word ends.
    ends: Vec<u32>,
}

impl Table {
    fn new(text: &'static str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1));
        if starts.last().is_some_and(|s| (*s as usize) < text.len()) {
            starts.push(text.len() as u32);
        }
        let end = |w: &[u32]| {
            let line = &text[w[0] as usize..w[1] as usize];
            w[0] + line.find(['\t', '\n']).unwrap_or(line.len()) as u32
        };
        let ends = starts.windows(2).map(end).collect();
        Table { text, starts, ends }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn line(&self, i: usize) -> &'static str {
        self.text[self.starts[i] as usize..self.starts[i + 1] as usize].trim_end_matches('\n')
    }

    fn word(&self, i: usize) -> &'static str {
        &self.text[self.starts[i] as usize..self.ends[i] as usize]
    }

    /// The first entry that is not before a word.
    fn from(&self, word: &str) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.word(middle) < word { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn at(&self, word: &str) -> Option<usize> {
        Some(self.from(word)).filter(|at| *at < self.len() && self.word(*at) == word)
    }

    /// What stands behind the word; the empty string where nothing does.
    pub fn get(&self, word: &str) -> Option<&'static str> {
        let at = self.at(word)?;
        Some(self.line(at)[self.word(at).len()..].trim_start_matches('\t'))
    }

    /// The longest word that a text begins with, of at most so many characters.
    pub fn beginning(&self, text: &str, most: usize) -> Option<&'static str> {
        let ends: Vec<usize> = text.char_indices().map(|(i, c)| i + c.len_utf8()).take(most).collect();
        let first = &text[..*ends.first()?];
        let at = self.from(first);
        if at >= self.len() || !self.word(at).starts_with(first) {
            return None;
        }
        ends.iter().rev().find_map(|e| self.at(&text[..*e])).map(|at| self.word(at))
    }

    pub fn contains(&self, word: &str) -> bool {
        self.at(word).is_some()
    }

    /// All words in order.
    pub fn words(&self) -> impl Iterator<Item = &'static str> + '_ {
        (0..self.len()).map(|i| self.word(i))
    }
}

/// Surnames; behind each its readings in katakana, the most frequent first, separated by spaces.
pub fn surnames() -> &'static Table {
    static T: LazyLock<Table> = LazyLock::new(|| Table::new(include_str!("../../../config/lexicon/surnames.tsv")));
    &T
}

/// Given names, in the same form.
pub fn given() -> &'static Table {
    static T: LazyLock<Table> = LazyLock::new(|| Table::new(include_str!("../../../config/lexicon/given.tsv")));
    &T
}

/// Generic names and stems of drugs.
pub fn drugs() -> &'static Table {
    static T: LazyLock<Table> = LazyLock::new(|| Table::new(include_str!("../../../config/lexicon/drugs.txt")));
    &T
}

/// Names of diseases.
pub fn diagnoses() -> &'static Table {
    static T: LazyLock<Table> = LazyLock::new(|| Table::new(include_str!("../../../config/lexicon/diagnoses.txt")));
    &T
}

/// Readings of single kanji as parts of names, learnt from the dictionary's one- and two-character names; for names that
/// the dictionary does not hold. Longest first is not guaranteed.
pub fn kanji_readings(c: char) -> &'static [String] {
    static MAP: LazyLock<HashMap<char, Vec<String>>> = LazyLock::new(|| {
        let mut map: HashMap<char, Vec<String>> = HashMap::new();
        for t in [surnames(), given()] {
            for i in 0..t.len() {
                let (word, readings) = t.line(i).split_once('\t').unwrap_or(("", ""));
                let mut chars = word.chars();
                if let (Some(c), None) = (chars.next(), chars.next()) {
                    for r in readings.split(' ').filter(|r| !r.is_empty()) {
                        let list = map.entry(c).or_default();
                        if !list.iter().any(|l| l == r) {
                            list.push(r.to_owned());
                        }
                    }
                }
            }
        }
        map
    });
    MAP.get(&c).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_found() {
        for t in [surnames(), given(), drugs(), diagnoses()] {
            assert!(t.len() > 100);
            let words: Vec<_> = t.words().collect();
            assert!(words.windows(2).all(|w| w[0] < w[1]), "{:?}", words.windows(2).find(|w| w[0] >= w[1]));
            assert!(words.iter().all(|w| t.contains(w) && !w.is_empty()));
            assert!(!t.contains("") && !t.contains("ん无"));
        }
        assert_eq!(surnames().get("海老原"), Some("エビハラ"));
        assert!(given().get("綾子").is_some_and(|r| r.split(' ').any(|k| k == "アヤコ")));
    }
}
