//! The arithmetic of figures: rates of samples with their intervals, what counts as the same value, who sent a sheet.
//!
//! Pure: rows are `store`'s, pages are `web`'s, the monthly report is `report`'s.

pub mod draw;
pub mod interval;
pub mod same;
pub mod statistics;
pub mod tables;

use crate::model::Document;

/// Stands for all hospitals where one is named.
pub const EVERYWHERE: &str = "*";
/// Stands before the name of a sender that is not in the register of institutions.
pub const UNREGISTERED: char = '~';

/// Who sent a sheet, as figures count: its id in the register of institutions, else [`UNREGISTERED`] and the accepted name
/// without white space; empty where neither is sure.
pub fn hospital(document: &Document) -> String {
    if let Some(id) = &document.sender_id {
        return id.clone();
    }
    let name = document.accepted("sender.institution").map(|n| crate::text::squeeze(&n)).unwrap_or_default();
    if name.is_empty() { name } else { format!("{UNREGISTERED}{name}") }
}
