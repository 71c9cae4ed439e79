//! The figures as text for a terminal.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Report;
use crate::accuracy::{BINS, Counter, Group, Rates, Ratio, Tally};

pub fn print(out: &mut impl Write, report: &Report, fields: &BTreeMap<String, Group>) -> io::Result<()> {
    let s = &report.score;
    writeln!(out, "files {}  documents {}  without a result {}", s.files, s.documents, s.missing_results)?;
    for (what, ratio) in [
        ("document type", s.type_accuracy),
        ("page splits, all files", s.page_split_accuracy),
        ("page splits, batches", s.page_split_accuracy_multi),
        ("SILENT ERRORS", s.silent_error_rate),
        ("STRAIGHT-THROUGH", s.straight_through),
        ("  of printed identity", s.straight_through_printed),
    ] {
        writeln!(out, "{what:24}{:>9}  ({}/{})", percent(ratio), ratio.hits, ratio.of)?;
    }
    if let Some(c) = &report.cost {
        writeln!(
            out,
            "{:24}{:>8.2} s a page  ({:.1} s, {} pages)",
            "CPU", c.cpu_seconds_a_page, c.cpu_seconds, c.pages
        )?;
        writeln!(out, "{:24}{:>7} MB a reader, {} MB this process", "peak memory", c.reader_peak_mb, c.peak_mb)?;
    }
    writeln!(out, "\nfields, micro average")?;
    row(out, "strict", &s.micro)?;
    row(out, "soft lists", &s.micro_soft)?;
    row(out, "items of lists, soft", &s.list_items)?;
    if let Some(rate) = s.mean_cer_long_text {
        writeln!(out, "  characters wrong in long texts that were found: {:.2} %", 100.0 * rate)?;
    }
    writeln!(out, "\nby ink, recall")?;
    for (ink, r) in &s.by_ink {
        writeln!(out, "  {ink:30} {:.3}  ({}/{})", r.recall, r.right, r.of)?;
    }
    let asked = |what: &str| report.by.contains_key(what);
    if !asked("condition") {
        writeln!(out, "\nby condition")?;
        s.by_condition.iter().try_for_each(|(name, r)| row(out, name, r))?;
    }
    if !asked("field") {
        group_table(out, "field", fields)?;
    }
    for (what, of) in &report.by {
        group_table(out, what, of)?;
    }
    counted(out, "silent errors by field", &s.silent_by_key)?;
    counted(out, "types taken for others", &s.type_confusion)?;
    counted(out, "files without documents", &s.robustness)?;
    reliability(out, report)
}

fn percent(r: Ratio) -> String {
    r.value().map_or_else(|| "–".to_owned(), |v| format!("{:.2} %", 100.0 * v))
}

fn row(out: &mut impl Write, name: &str, r: &Rates) -> io::Result<()> {
    writeln!(
        out,
        "  {name:30} P {:.3}  R {:.3}  F1 {:.3}   tp {} fp {} fn {}",
        r.precision, r.recall, r.f1, r.tp, r.fp, r.fn_
    )
}

fn group_table(out: &mut impl Write, what: &str, groups: &BTreeMap<String, Group>) -> io::Result<()> {
    writeln!(
        out,
        "\n{:32}    P      R      F1   soft F1    tp   fp   fn   silent   type   straight",
        format!("by {what}")
    )?;
    for (name, g) in groups {
        let (strict, soft) = (g.strict.rates(), g.soft.rates());
        let rate = |r: f64| if g.strict == Tally::default() { "    –".to_owned() } else { format!("{r:.3}") };
        let of = |r: Ratio| if r.of == 0 { "–".to_owned() } else { format!("{}/{}", r.hits, r.of) };
        writeln!(
            out,
            "  {name:30} {}  {}  {}   {}   {:>4} {:>4} {:>4} {:>8} {:>6} {:>10}",
            rate(strict.precision),
            rate(strict.recall),
            rate(strict.f1),
            rate(soft.f1),
            strict.tp,
            strict.fp,
            strict.fn_,
            of(g.silent),
            of(g.types),
            of(g.straight)
        )?;
    }
    Ok(())
}

fn counted(out: &mut impl Write, what: &str, counter: &Counter) -> io::Result<()> {
    let all: Vec<String> = counter.most_common().iter().map(|(name, n)| format!("{name} {n}")).collect();
    if all.is_empty() { Ok(()) } else { writeln!(out, "\n{what}: {}", all.join(", ")) }
}

fn reliability(out: &mut impl Write, report: &Report) -> io::Result<()> {
    if report.reliability.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nright, of the values whose confidence lies from … up to the next (right/all)")?;
    write!(out, "  {:12}", "kind")?;
    for low in BINS {
        write!(out, " {low:>13.2}")?;
    }
    writeln!(out, "   accepted       wrong")?;
    for (kind, r) in &report.reliability {
        write!(out, "  {kind:12}")?;
        for bin in &r.bins {
            let share = bin
                .right
                .value()
                .map_or_else(|| "–".to_owned(), |v| format!("{v:.2} {}/{}", bin.right.hits, bin.right.of));
            write!(out, " {share:>13}")?;
        }
        let wrong = r.accepted_right.of - r.accepted_right.hits;
        writeln!(out, "   {:>8}   {wrong:>5} of {}", percent(r.accepted), r.accepted_right.of)?;
    }
    Ok(())
}
