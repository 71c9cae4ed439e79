//! Error rates of weighted samples with their confidence intervals.
//!
//! A sheet that was drawn with probability π stands for 1/π sheets (Horvitz and Thompson, "A generalization of sampling
//! without replacement from a finite universe", JASA 47, 1952; the ratio form is Hájek's). Weights that differ cost
//! precision: n draws are worth n* = (Σw)²/Σw² equal ones (Kish, "Survey Sampling", 1965). The interval is that of
//! Clopper and Pearson (Biometrika 26, 1934) with n* in the place of n and n*·p̂ in that of the number of errors, as
//! Korn and Graubard propose for proportions with few positive counts ("Confidence intervals for proportions with small
//! expected number of positive counts estimated from survey data", Survey Methodology 24, 1998). It covers at least what
//! it promises, which for a rule that takes work away from a machine is the right side to err on.

/// Share of intervals that miss, both sides together.
const ALPHA: f64 = 0.05;

/// What samples say of an error rate.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Estimate {
    /// Values that were compared, and those of them that were wrong.
    pub checked: i64,
    pub errors: i64,
    /// Weighted rate, and the ends of its 95 % interval; 0, 0 and 1 where nothing was compared.
    pub rate: f64,
    pub lower: f64,
    pub upper: f64,
}

/// Sums from which an estimate is made; sums of parts may be added.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sums {
    pub checked: i64,
    pub errors: i64,
    pub weight: f64,
    pub squares: f64,
    pub wrong: f64,
}

impl Sums {
    /// Takes one more value, drawn with this probability (parts of a million).
    pub fn add(&mut self, chance: i64, wrong: bool) {
        let weight = weight(chance);
        self.checked += 1;
        self.weight += weight;
        self.squares += weight * weight;
        if wrong {
            self.errors += 1;
            self.wrong += weight;
        }
    }

    pub fn plus(self, o: Sums) -> Sums {
        Sums {
            checked: self.checked + o.checked,
            errors: self.errors + o.errors,
            weight: self.weight + o.weight,
            squares: self.squares + o.squares,
            wrong: self.wrong + o.wrong,
        }
    }

    pub fn estimate(&self) -> Estimate {
        if self.checked == 0 || self.weight <= 0.0 {
            return Estimate { upper: 1.0, ..Estimate::default() };
        }
        let rate = self.wrong / self.weight;
        let (lower, upper) = clopper_pearson(rate, self.weight * self.weight / self.squares);
        Estimate { checked: self.checked, errors: self.errors, rate, lower, upper }
    }
}

/// For how many sheets one stands that was drawn with this probability (parts of a million).
pub fn weight(chance: i64) -> f64 {
    1_000_000.0 / chance.clamp(1, 1_000_000) as f64
}

/// Ends of the interval for a rate seen in `n` draws, which need not be whole.
pub fn clopper_pearson(rate: f64, n: f64) -> (f64, f64) {
    let errors = rate * n;
    let lower = if errors <= 0.0 { 0.0 } else { quantile(ALPHA / 2.0, errors, n - errors + 1.0) };
    let upper = if errors >= n { 1.0 } else { quantile(1.0 - ALPHA / 2.0, errors + 1.0, n - errors) };
    (lower, upper)
}

/// Below which the beta distribution has this share: by bisection, as its function only rises.
fn quantile(share: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if beta(middle, a, b) < share { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22, evaluated after Lentz).
fn beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    // The fraction converges fast on this side; the other is its complement.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..300 {
        let m = f64::from(m);
        for numerator in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / guard(1.0 + numerator * d);
            c = guard(1.0 + numerator / c);
            h *= d * c;
        }
        if (d * c - 1.0).abs() < 1e-12 {
            break;
        }
    }
    h
}

/// Logarithm of the gamma function for what is above 0, after Lanczos (g = 7, n = 9).
fn ln_gamma(x: f64) -> f64 {
    const P: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        let pi = std::f64::consts::PI;
        return (pi / (pi * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let t = x + 7.5;
    let sum: f64 = P[0] + P[1..].iter().zip(1u32..).map(|(p, i)| p / (x + f64::from(i))).sum::<f64>();
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 5e-4
    }

    /// By R's binom.test.
    #[test]
    fn the_interval_is_that_of_the_tables() {
        for (errors, n, low, high) in [
            (0.0, 10.0, 0.0, 0.3085),
            (1.0, 10.0, 0.0025, 0.4450),
            (5.0, 100.0, 0.0164, 0.1128),
            (10.0, 10.0, 0.6915, 1.0),
        ] {
            let (lower, upper) = clopper_pearson(errors / n, n);
            assert!(near(lower, low) && near(upper, high), "{errors} of {n}: {lower} to {upper}");
        }
    }

    #[test]
    fn equal_weights_are_no_weights_and_unequal_ones_widen() {
        let sums = |chances: &[i64]| {
            let mut s = Sums::default();
            chances.iter().enumerate().for_each(|(i, c)| s.add(*c, i == 0));
            s.estimate()
        };
        let (plain, equal) = (sums(&[1_000_000; 40]), sums(&[20_000; 40]));
        assert!(near(plain.lower, equal.lower) && near(plain.upper, equal.upper));
        let mixed = sums(&[[1_000_000; 20], [20_000; 20]].concat());
        assert!(mixed.upper - mixed.lower < 1.0 && mixed.rate < plain.rate, "the error was a common sheet's");
        let rare = sums(&[[20_000; 20], [1_000_000; 20]].concat());
        assert!(rare.upper > equal.upper && rare.rate > equal.rate);
        assert_eq!(Sums::default().estimate(), Estimate { upper: 1.0, ..Estimate::default() });
    }

    /// A small generator of one's own, so that a case is its seed.
    struct Dice(u64);

    impl Dice {
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        /// Of 400 cities with that error rate, whose sheets are drawn with these probabilities, the interval holds the true
        /// rate in 95 of 100 at least (within what 400 trials can tell).
        #[test]
        fn it_covers_the_true_rate(seed: u64, rate in 0.002..0.4f64, common in 0.02..1.0f64, sheets in 100usize..1500) {
            const TRIALS: usize = 400;
            let mut dice = Dice(seed);
            let held = (0..TRIALS)
                .filter(|_| {
                    let (mut sums, mut wrong) = (Sums::default(), 0.0);
                    for n in 0..sheets {
                        let chance = if n < 5 { 1.0 } else { common };
                        let bad = dice.next() < rate;
                        wrong += f64::from(u8::from(bad));
                        if dice.next() < chance {
                            sums.add((chance * 1e6) as i64, bad);
                        }
                    }
                    let (e, truth) = (sums.estimate(), wrong / sheets as f64);
                    e.lower <= truth + 1e-9 && truth <= e.upper + 1e-9
                })
                .count();
            // Four standard deviations below 0.95.
            prop_assert!(held as f64 / TRIALS as f64 > 0.95 - 4.0 * (0.95f64 * 0.05 / TRIALS as f64).sqrt(), "{held}");
        }
    }
}
