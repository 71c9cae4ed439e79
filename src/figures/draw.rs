//! Which sheets become blind samples: a share of all, and some of every hospital every week.
//!
//! Sheets come one by one, and how many a week will bring is not known. So each is drawn with a probability that is fixed
//! when it is posted: the share, or, where its hospital still lacks samples this week, what is lacking over what is still
//! to be expected (selection as in Fan, Muller and Rezucha, JASA 57, 1962, with an expected number in the place of a known
//! one). Given what came before, each sheet is drawn with just that probability, so 1/π weights stay unbiased, and the
//! samples are spread over the week. Where fewer came than were expected, what lacks is drawn at the week's end out of
//! those that were passed over ([`topped`]).

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// What parts of a million are of one.
const MILLION: f64 = 1_000_000.0;

/// What the next sheet of a hospital is drawn by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Week {
    /// Samples that the week has so far.
    pub drawn: i64,
    /// Sheets that a week has brought of late; 0: nothing is known.
    pub usual: f64,
    /// How much of the week is left, 0 to 1.
    pub left: f64,
}

/// Probability with which the next sheet is drawn, parts of a million.
pub fn chance(share: f64, weekly: i64, week: Week) -> i64 {
    let lacking = (weekly - week.drawn).max(0) as f64;
    let expected = (week.usual * week.left).max(1.0);
    ((share.max(lacking / expected)).clamp(0.0, 1.0) * MILLION).round() as i64
}

/// Probability of a sheet that was passed over with `chance` and of which `lacking` of `passed` were drawn afterwards. What
/// lacks is taken as given, which it is but for the sheet's own part in it.
pub fn topped(chance: i64, lacking: i64, passed: i64) -> i64 {
    let first = chance as f64 / MILLION;
    let second = (lacking as f64 / passed.max(1) as f64).clamp(0.0, 1.0);
    ((first + (1.0 - first) * second) * MILLION).round().clamp(1.0, MILLION) as i64
}

/// A number of 0 to 999,999 that belongs to a sheet for ever, and that nobody can foretell without the salt.
pub fn lot(salt: &str, document: &str) -> i64 {
    let hash = Sha256::digest(format!("{salt}\n{document}").as_bytes());
    let mut eight = [0; 8];
    eight.copy_from_slice(&hash[..8]);
    // 2^64 / 10^6: what the remainder leans by is below 10^-13.
    (u64::from_be_bytes(eight) % 1_000_000) as i64
}

/// Something to salt with.
pub fn salt(random: [u8; 16]) -> String {
    random.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hospital_that_is_little_known_is_drawn_until_it_has_enough() {
        let week = |drawn, usual, left| Week { drawn, usual, left };
        assert_eq!(chance(0.02, 5, week(0, 0.0, 1.0)), 1_000_000);
        assert_eq!(chance(0.02, 5, week(5, 0.0, 1.0)), 20_000);
        assert_eq!(chance(0.02, 5, week(0, 100.0, 1.0)), 50_000, "five of a hundred");
        assert_eq!(chance(0.02, 5, week(4, 100.0, 0.5)), 20_000, "one of fifty");
        assert_eq!(chance(0.02, 5, week(3, 100.0, 0.01)), 1_000_000, "the week ends");
        assert_eq!(chance(0.0, 0, week(0, 9.0, 1.0)), 0, "off");
        assert_eq!((topped(20_000, 5, 5), topped(0, 1, 4)), (1_000_000, 250_000));
    }

    #[test]
    fn lots_are_even_and_hold() {
        assert_eq!(lot("a", "d1"), lot("a", "d1"));
        assert_ne!(lot("a", "d1"), lot("b", "d1"));
        let below = (0..20_000).filter(|n| lot("salt", &format!("d{n}")) < 20_000).count();
        assert!((300..500).contains(&below), "{below} of 20,000 with 2 %");
    }

    /// Weights of 1/π give back how many there were, on the average.
    #[test]
    fn weights_are_unbiased() {
        let (mut told, mut real) = (0.0, 0.0);
        for run in 0..400 {
            let (mut drawn, sheets) = (0, 20 + run % 60);
            for n in 0..sheets {
                let left = 1.0 - f64::from(n) / f64::from(sheets);
                let c = chance(0.02, 5, Week { drawn, usual: 40.0, left });
                real += 1.0;
                if lot(&run.to_string(), &format!("d{n}")) < c {
                    drawn += 1;
                    told += super::super::interval::weight(c);
                }
            }
        }
        let off: f64 = told / real - 1.0;
        assert!(off.abs() < 0.05, "{off}");
    }
}
