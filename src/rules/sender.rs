//! Who sent a sheet, by the register of institutions and by the hospitals that rules know.

use crate::model::Document;
use crate::reading::Page;
use crate::register::Registers;
use crate::text::{fold_text, institution, numbers};

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

/// The one institution of the register that name and numbers speak for; a doubt where they speak for two.
pub fn registered(document: &Document, registers: &Registers) -> (Option<String>, Option<String>) {
    let name = document.text("sender.institution").map(|n| institution::comparable(&n));
    let numbers: Vec<String> = ["sender.phone", "sender.fax"]
        .iter()
        .filter_map(|k| document.text(k))
        .map(|n| numbers::phone_digits(&n))
        .filter(|n| n.len() >= 10)
        .collect();
    let by_name = registers.institutions().iter().find(|i| {
        name.as_ref()
            .is_some_and(|n| std::iter::once(&i.name).chain(&i.aliases).any(|x| institution::comparable(x) == *n))
    });
    let by_number = registers
        .institutions()
        .iter()
        .find(|i| i.phones.iter().chain(&i.faxes).any(|p| numbers.contains(&numbers::phone_digits(p))));
    match (by_name, by_number) {
        (Some(a), Some(b)) if a.id != b.id => (None, Some("発信元の名称と電話番号が登録と食い違います".to_owned())),
        (Some(a), _) => (Some(a.id.clone()), None),
        (None, Some(b)) => (Some(b.id.clone()), None),
        (None, None) => (None, None),
    }
}
