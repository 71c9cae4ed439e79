//! What a fax says: bytes → pages → text → documents with fields → the patient they are about.
//!
//! The pure half of faxbridge, a package of its own so that the compiler holds it to that: no store, no web, no mail, no
//! runtime. It is also the half that is compiled with optimisation (docs/adr/0009).
//!
//! `decode` → `page` → `ocr` run in the sandboxed child; `rules` (sort, extract, check), `again` (the same fax once
//! more?), `register` and `patient` (find the room, never guess) in the parent, over what the child found.
//! Invariants:
//! 1. `model ← reading ← text ← rules`; who may know whom stands in `tests/architecture.rs`.
//! 2. Extraction is a function of (rules, reading, registers).
//! 3. No `unsafe`: what needs it is asked of crates that are made for it (`rustix`, `landlock`, `seccompiler`).

#![forbid(unsafe_code)]

pub mod accuracy;
pub mod again;
pub mod canary;
pub mod decode;
pub mod model;
pub mod ocr;
pub mod page;
pub mod patient;
pub mod raster;
pub mod reading;
pub mod register;
pub mod rules;
pub mod text;
