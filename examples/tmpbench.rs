use std::time::Instant;
use faxbridge::rules::{self, Base, Layer, RuleSet};
use faxbridge::reading::Reading;
use faxbridge::register::Registers;
fn main() {
    let base = Base::embedded();
    for _ in 0..3 { let t = Instant::now(); let r = RuleSet::layered(&base, &Layer::default()).unwrap(); println!("compile {:?} {}", t.elapsed(), r.hash()); }
    let r = RuleSet::layered(&base, &Layer::default()).unwrap();
    let mut readings = Vec::new();
    let mut bytes = 0; let t = Instant::now();
    for e in std::fs::read_dir(std::env::args().nth(1).unwrap()).unwrap() {
        let b = std::fs::read(e.unwrap().path()).unwrap(); bytes += b.len();
        if let Ok(r) = Reading::from_bytes(&b) { readings.push(r); }
    }
    println!("load {} {:?} {bytes}", readings.len(), t.elapsed());
    let reg = Registers::default();
    let mut v: Vec<f64> = Vec::new();
    for round in 0..2 { for x in &readings { let t = Instant::now(); rules::extract(&r, x, &reg); if round>0 {v.push(t.elapsed().as_secs_f64()*1e3);} } }
    v.sort_by(f64::total_cmp);
    if v.is_empty() {return;} println!("mean {:.1} p50 {:.1} p95 {:.1} max {:.1} pages {}", v.iter().sum::<f64>()/v.len() as f64, v[v.len()/2], v[v.len()*95/100], v[v.len()-1], readings.iter().map(|r| r.pages.len()).sum::<usize>());
}
