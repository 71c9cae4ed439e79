//! Labels put together from known words: 入院後の経過, 処方中のお薬, ご紹介の目的.
//!
//! A Japanese heading says in its last word what it is about. A short piece that ends in a label and is otherwise made of
//! the words that forms are made of (`[compose]` in common.toml) is a label too, if a weak one. Knows text only; where
//! such a piece may stand is the lexicon's business.

use std::collections::BTreeSet;

use crate::text::fold_text;

use super::super::file::Compose;
use super::{bare, parts};

/// Longest piece that may be a label, characters.
const LONGEST: usize = 18;
/// Most characters before the last word of a piece that a bracket or colon marks as a heading.
const FREE: usize = 9;

#[derive(Debug, Default)]
pub struct Composer {
    /// Words in front of the last one, folded.
    stems: BTreeSet<String>,
    /// Words behind it that say nothing: 等, 欄, について.
    tails: Vec<String>,
}

/// How a piece ends in a label.
#[derive(Debug, Clone, PartialEq)]
pub struct Composed {
    /// The label that it ends in, folded.
    pub head: String,
    /// What stands in front of it.
    pub stem: String,
}

impl Composer {
    pub fn new(words: &Compose) -> Composer {
        let mut tails: Vec<String> = words.tails.iter().map(|w| fold_text(w)).filter(|w| !w.is_empty()).collect();
        tails.sort_by_key(|t| std::cmp::Reverse(t.len()));
        Composer { stems: words.stems.iter().map(|w| fold_text(w)).filter(|w| !w.is_empty()).collect(), tails }
    }

    /// The label that a folded piece ends in. `framed`: a bracket, bullet or colon says that it is a heading.
    /// `head`, `stem`: whether a word may be the last one, one of those before.
    pub fn read(
        &self,
        piece: &str,
        framed: bool,
        head: impl Fn(&str) -> bool,
        stem: impl Fn(&str) -> bool,
    ) -> Option<Composed> {
        let mut text = bare(piece.trim_start_matches(|c: char| parts(c) || c.is_ascii_digit()));
        if !(2..=LONGEST).contains(&text.chars().count()) || text.contains(['。', '、', '?', '!']) {
            return None;
        }
        // 入院原因疾患（入所目的等）: what a bracket at the end adds is no head
        let closed = piece.trim_end().ends_with(')');
        if let Some(at) = text.rfind('(').filter(|at| closed && *at > 0)
            && text[..at].chars().count() >= 2
            && let Some(found) = self.ending(&text[..at], framed, &head, &stem)
        {
            return Some(found);
        }
        loop {
            if let Some(found) = self.ending(text, framed, &head, &stem) {
                return Some(found);
            }
            let open = text.rfind('(').filter(|at| *at > 0 && text.ends_with(')') && text.len() - at <= 30);
            let tail = self.tails.iter().find_map(|t| text.strip_suffix(t.as_str())).filter(|r| !r.is_empty());
            text = match (tail, open) {
                (Some(rest), _) => rest.trim_end_matches(['の', '・', ' ', '(']),
                (None, Some(at)) => &text[..at],
                _ => return None,
            };
            if text.chars().count() < 2 {
                return None;
            }
        }
    }

    fn ending(
        &self,
        text: &str,
        framed: bool,
        is_head: &impl Fn(&str) -> bool,
        is_stem: &impl Fn(&str) -> bool,
    ) -> Option<Composed> {
        for (at, _) in text.char_indices() {
            let (front, head) = text.split_at(at);
            if !is_head(head) {
                continue;
            }
            let bare = front.trim_end_matches(['の', '・', '/', '及', 'び', '、', ' ']);
            let known = bare.is_empty() || self.made_of_stems(bare, is_stem);
            let free = framed && bare.chars().count() <= FREE && head.chars().count() >= 2;
            if known || free {
                return Some(Composed { head: head.to_owned(), stem: bare.to_owned() });
            }
        }
        None
    }

    /// Whether a text is a row of known words.
    fn made_of_stems(&self, text: &str, is_stem: &impl Fn(&str) -> bool) -> bool {
        let marks: Vec<usize> = text.char_indices().map(|c| c.0).chain([text.len()]).collect();
        let mut reached = vec![false; marks.len()];
        reached[0] = true;
        for i in 0..marks.len() {
            if !reached[i] {
                continue;
            }
            for j in i + 1..marks.len().min(i + 8) {
                let word = &text[marks[i]..marks[j]];
                reached[j] |= self.stems.contains(word) || is_stem(word);
            }
        }
        reached[marks.len() - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composer() -> Composer {
        let words = |w: &str| w.split(' ').map(str::to_owned).collect();
        Composer::new(&Compose {
            stems: words("入院 後 の ご 紹介 中 処方"), tails: words("等 について のまとめ")
        })
    }

    fn head(piece: &str, framed: bool) -> Option<&'static str> {
        const LABELS: [&str; 4] = ["経過", "目的", "薬", "感染症"];
        let label = |w: &str| LABELS.iter().any(|l| fold_text(l) == w);
        let found = composer().read(&fold_text(piece), framed, label, |_| false)?;
        LABELS.into_iter().find(|l| fold_text(l) == found.head)
    }

    #[test]
    fn the_last_word_tells() {
        assert_eq!(head("入院後の経過", false), Some("経過"));
        assert_eq!(head("ご紹介の目的等", false), Some("目的"));
        assert_eq!(head("処方中の薬について", false), Some("薬"));
        assert_eq!(head("経過のまとめ", false), Some("経過"));
        assert_eq!(head("入院後の経過(紹介目的等)", false), Some("経過"));
    }

    #[test]
    fn a_value_is_no_label() {
        assert_eq!(head("尿路感染症", false), None);
        assert_eq!(head("尿路感染症", true), Some("感染症"));
        assert_eq!(head("良好な経過でした。", true), None);
    }
}
