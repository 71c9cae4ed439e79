//! faxbridge: faxed hospital sheets into the rooms of a shared home-care information system.
//!
//! The folders, from top to bottom, are the route of one fax:
//! `intake` (receive) → `decode` → `page` → `ocr` (in the sandboxed child) → `rules` (sort, extract, check) →
//! `patient` (find the room, never guess) → `work` + `store` (accept) → `sink` (deliver, notice) → `web` (board, review).
//!
//! Invariants (each has a test):
//! 1. What a fax says is decided in a package of its own (`reader/`), which is pure: it cannot know `store`, `web` or `sqlx`.
//!    `pool` starts its children. Sinks see only `model`. Only `work`, `web`, `tuning`, `intake` and `daemon` touch `store`;
//!    only `daemon` and `cli` know everyone. `metrics` knows nobody.
//! 2. Extraction is a function of (rules, reading, registers).
//! 3. Posting is decided by type, pages and patient alone; an unsure field is shown as its crop, never as text.
//! 4. What came from outside is decoded, cleaned and read in the child process only.
//! 5. A source is touched only after blob, directory and database are on disk.
//! 6. No `unsafe`: what needs it is asked of crates that are made for it (`rustix`, `landlock`, `seccompiler`).

#![forbid(unsafe_code)]

pub use faxbridge_reader::{
    accuracy, again, canary, decode, model, ocr, page, patient, raster, reading, register, rules, text,
};

pub mod account;
pub mod calendar;
pub mod cli;
pub mod completeness;
pub mod config;
mod crash;
pub mod daemon;
pub mod figures;
pub mod intake;
pub mod metrics;
pub mod pool;
pub mod report;
pub mod sink;
pub mod store;
pub mod tuning;
pub mod web;
pub mod work;
