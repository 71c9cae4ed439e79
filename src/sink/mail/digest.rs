//! The text of a digest: what came, sheet by sheet, in few lines each.

use std::collections::HashMap;

use crate::model::Posting;
use crate::sink::wording;

/// Subject and text of a letter about these sheets; of one that was revised meanwhile, what it is now. Urgent sheets go by
/// themselves, so none is marked as such.
pub fn digest(postings: &[Posting], base_url: &str) -> (String, String) {
    let mut newest: HashMap<&str, i64> = HashMap::new();
    for p in postings {
        let known = newest.entry(&p.document).or_insert(p.revision);
        *known = p.revision.max(*known);
    }
    let shown: Vec<&Posting> = postings.iter().filter(|p| newest[p.document.as_str()] == p.revision).collect();
    let mut lines = vec![format!("部屋に届いた書類のお知らせを、{}件まとめてお送りします。", shown.len())];
    for (n, p) in shown.iter().enumerate() {
        lines.push(String::new());
        lines.push(format!("{}. {}", n + 1, wording::headline(p)));
        lines.push(format!("   発信元: {}", wording::sender(p)));
        lines.extend(wording::deadlines(p).iter().map(|d| format!("   期限: {d}")));
        lines.push(format!("   受信: {}", wording::received(p)));
        lines.push(format!("   {base_url}{}", wording::path(p)));
    }
    lines.push(String::new());
    lines.push(format!("まとめて受け取る時刻は、{base_url}/account/notices で変えられます。"));
    (format!("部屋に書類が{}件届いています", shown.len()), lines.join("\r\n"))
}
