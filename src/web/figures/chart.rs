//! Pictures of numbers: bars as SVG, made here, readable without colour (the part that is told apart is hatched and every
//! bar has its number), with a title and a description for who does not see them. The table beside says the same.

/// A picture.
pub struct Chart {
    pub id: &'static str,
    pub title: String,
    /// All of its numbers in words.
    pub desc: String,
    pub words: (String, String),
    pub w: i64,
    pub h: i64,
    pub bars: Vec<Bar>,
}

/// One bar and the part of it that is told apart.
pub struct Bar {
    pub name: String,
    pub number: i64,
    pub x: i64,
    pub y: i64,
    pub w: i64,
    pub h: i64,
    pub part: [i64; 4],
    /// Where name and number stand, and whether the name is written (days leave some out).
    pub name_at: (i64, i64),
    pub number_at: (i64, i64),
    pub named: bool,
    pub lying: bool,
}

const WIDE: i64 = 960;
const HIGH: i64 = 220;
/// Of a lying bar.
const ROW: i64 = 34;
/// Room for names of lying bars, and for numbers.
const NAMES: i64 = 300;
const NUMBERS: i64 = 60;

/// Bars of name, number and part; `lying`: from left to right.
pub fn bars(id: &'static str, title: &str, words: (&str, &str), all: &[(String, i64, i64)], lying: bool) -> Chart {
    let most = all.iter().map(|b| b.1).max().unwrap_or(0).max(1);
    let told: Vec<String> = all.iter().map(|(name, n, part)| format!("{name}: {n}（{part}）")).collect();
    let n = all.len().max(1) as i64;
    let every = (n + 15) / 16;
    let bar = |(i, (name, number, part)): (usize, &(String, i64, i64))| {
        let i = i as i64;
        if lying {
            let long = |v: i64| v * (WIDE - NAMES - NUMBERS) / most;
            let (y, w) = (i * ROW + 6, long(*number));
            return Bar {
                name: shortened(name, 18),
                number: *number,
                x: NAMES,
                y,
                w,
                h: ROW - 12,
                part: [NAMES, y, long(*part), ROW - 12],
                name_at: (NAMES - 8, y + 16),
                number_at: (NAMES + w + 6, y + 16),
                named: true,
                lying,
            };
        }
        let (step, top) = (WIDE / n, 24);
        let tall = |v: i64| v * (HIGH - top - 28) / most;
        let (x, w, h, foot) = (i * step + step / 8, (step * 3 / 4).max(2), tall(*number), HIGH - 26);
        Bar {
            name: name.clone(),
            number: *number,
            x,
            y: foot - h,
            w,
            h,
            part: [x, foot - tall(*part), w, tall(*part)],
            name_at: (x + w / 2, HIGH - 6),
            number_at: (x + w / 2, foot - h - 5),
            named: i % every == 0,
            lying,
        }
    };
    Chart {
        id,
        title: title.to_owned(),
        desc: told.join("、"),
        words: (words.0.to_owned(), words.1.to_owned()),
        w: WIDE,
        h: if lying { n * ROW + 6 } else { HIGH },
        bars: all.iter().enumerate().map(bar).collect(),
    }
}

fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most { name.to_owned() } else { name.chars().take(most - 1).chain(['…']).collect() }
}
