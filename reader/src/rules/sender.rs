//! Whether a sheet comes from a hospital that a rule knows. (Who sent it by the register: `Registers::sender`.)

use crate::reading::Page;
use crate::text::{fold_text, numbers};

use super::file::When;

/// Whether pages carry a hospital's number or name.
pub fn is_from(when: &When, pages: &[&Page]) -> bool {
    let lines = || pages.iter().flat_map(|p| &p.lines).map(crate::reading::Line::text);
    let number = |n: &Option<String>| {
        n.as_ref().is_some_and(|n| {
            let want = numbers::phone_digits(n);
            lines().any(|l| numbers::phones(&l).iter().any(|p| p.digits == want))
        })
    };
    let name = when.name.as_ref().is_some_and(|n| {
        let want = fold_text(n);
        !want.is_empty() && lines().any(|l| fold_text(&l).contains(&want))
    });
    number(&when.fax) || number(&when.phone) || name
}
