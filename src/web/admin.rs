//! Administration (管理): who may sign in, registers, sources, the audit log. No patients' sheets here: who administers
//! sees those only with another role beside.

pub mod accounts;
mod audit;
mod offices;
mod registers;
mod retention;
pub mod rooms;
mod sources;

use axum::response::Redirect;

use super::gate::{ADMIN, Route, get};
pub use sources::{Probe, Prober};

pub fn routes() -> Vec<Route> {
    let mut all = vec![get(ADMIN, "/admin", async || Redirect::to("/admin/accounts"))];
    all.extend(accounts::routes());
    all.extend(registers::routes());
    all.extend(offices::routes());
    all.extend(rooms::routes());
    all.extend(retention::routes());
    all.extend(sources::routes());
    all.extend(audit::routes());
    all
}
