//! Logistic regression: Newton's method on the log loss, with a quadratic pull to given weights.

use crate::rules::rank::logistic;

/// Features of an example, and whether it is one of what is looked for.
pub type Row<const N: usize> = ([f64; N], bool);

/// Weights that minimise the log loss of `rows` plus `pull` / 2 times their squared distance from `lean`.
pub fn fit<const N: usize>(rows: &[&Row<N>], lean: &[f64; N], pull: f64) -> [f64; N] {
    // most features of most rows are nought
    let filled = |x: &[f64; N]| x.iter().copied().enumerate().filter(|f| f.1 != 0.0).collect::<Vec<_>>();
    let sparse: Vec<(Vec<(usize, f64)>, bool)> = rows.iter().map(|(x, y)| (filled(x), *y)).collect();
    let mut w = *lean;
    for _ in 0..25 {
        let mut gradient = [0.0; N];
        let mut hessian = vec![[0.0; N]; N];
        for i in 0..N {
            gradient[i] = pull * (w[i] - lean[i]);
            hessian[i][i] = pull;
        }
        for (there, y) in &sparse {
            let z: f64 = there.iter().map(|(i, x)| x * w[*i]).sum();
            let p = f64::from(logistic(z as f32));
            let d = p - f64::from(u8::from(*y));
            let v = (p * (1.0 - p)).max(1e-6);
            for (n, (i, x)) in there.iter().enumerate() {
                gradient[*i] += d * x;
                let row = &mut hessian[*i];
                let vx = v * x;
                for (j, z) in &there[..=n] {
                    row[*j] += vx * z;
                }
            }
        }
        let step = solve(&mut hessian, gradient);
        let size: f64 = step.iter().map(|s| s.abs()).fold(0.0, f64::max);
        let damp = if size > 3.0 { 3.0 / size } else { 1.0 };
        for i in 0..N {
            w[i] -= damp * step[i];
        }
        if size < 1e-3 {
            break;
        }
    }
    w
}

/// Cholesky, in place; only the lower triangle is filled.
fn solve<const N: usize>(a: &mut [[f64; N]], b: [f64; N]) -> [f64; N] {
    for i in 0..N {
        for j in 0..=i {
            let s = a[i][j] - (0..j).map(|k| a[i][k] * a[j][k]).sum::<f64>();
            a[i][j] = if i == j { s.max(1e-9).sqrt() } else { s / a[j][j] };
        }
    }
    let mut x = b;
    for i in 0..N {
        for k in 0..i {
            x[i] -= a[i][k] * x[k];
        }
        x[i] /= a[i][i];
    }
    for i in (0..N).rev() {
        for k in i + 1..N {
            x[i] -= a[k][i] * x[k];
        }
        x[i] /= a[i][i];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_gets_the_weight() {
        // the first feature is the bias, the second tells, the third is noise
        let rows: Vec<Row<3>> =
            (0..200).map(|i| ([1.0, f64::from(i % 2), f64::from(i / 2 % 2)], i % 2 == 1 && i % 10 != 1)).collect();
        let w = fit(&rows.iter().collect::<Vec<_>>(), &[0.0; 3], 1.0);
        assert!(w[1] > 3.0 && w[2].abs() < 0.5 && w[0] < -2.0, "{w:?}");
        let held = fit(&rows.iter().collect::<Vec<_>>(), &[0.0; 3], 1e6);
        assert!(held.iter().all(|x| x.abs() < 0.01), "a strong pull holds the weights: {held:?}");
    }
}
