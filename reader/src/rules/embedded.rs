//! The rules that the program carries: the files of `config/rules/`, in order of their names.

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../config/rules/", $name)))),*]
    };
}

/// Name and text of each.
pub const FILES: &[(&str, &str)] = files![
    "admission_info.toml",
    "common.toml",
    "conference_notice.toml",
    "contact_sheet.toml",
    "cover.toml",
    "discharge_record.toml",
    "discharge_summary.toml",
    "nursing_order.toml",
    "nursing_summary.toml",
    "other.toml",
    "ranker.toml",
    "referral.toml",
];

/// Weights for a folder of rules that has none of its own.
pub const RANKER: &str = include_str!("../../../config/rules/ranker.toml");
