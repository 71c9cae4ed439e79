//! What a sheet that is about to be posted is to those that stand in its room: news, the same fax again, or a version.
//!
//! Found before the transaction that accepts the sheet and checked again in it (`store::versions`). Whatever cannot be
//! found out makes the sheet news.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::{Options, Pipeline};
use crate::again::{self, Verdict};
use crate::model::PAGES;
use crate::reading::Reading;
use crate::register::CANARY_ROOM;
use crate::store::versions::{Earlier, Leaf};
use crate::store::{Bond, Kin, Sheet, State, Store, StoreError};

/// Asks for each sheet of a reading.
pub async fn find(
    store: &Store,
    pipeline: &Arc<dyn Pipeline>,
    options: &Options,
    (id, reading): (&str, &Reading),
    received: i64,
    sheets: &[Sheet],
) -> Result<Vec<Option<Kin>>, StoreError> {
    let looking = Looking { store, pipeline, options, id, reading };
    let mut found = Vec::with_capacity(sheets.len());
    for sheet in sheets {
        // A test fax is the same every time and counts every time.
        let may = sheet.state == State::Posted && options.resend_ms > 0;
        let room = sheet.room.as_deref().filter(|r| may && *r != CANARY_ROOM);
        found.push(match room {
            Some(room) => {
                let since = received - options.resend_ms;
                let standing = store.standing(room, &sheet.document.kind, since).await?;
                let among = standing.iter().map(|e| e.document.clone()).collect();
                let of = looking.among(sheet, standing).await;
                Some(Kin { of, among, since })
            }
            None => None,
        });
    }
    Ok(found)
}

/// A reading whose sheets are compared.
struct Looking<'a> {
    store: &'a Store,
    pipeline: &'a Arc<dyn Pipeline>,
    options: &'a Options,
    id: &'a str,
    reading: &'a Reading,
}

impl Looking<'_> {
    /// The newest sheet that this one is again; else the newest that it is a version of.
    async fn among(&self, sheet: &Sheet, standing: Vec<Earlier>) -> Option<(String, Bond)> {
        let mut version = None;
        for earlier in standing {
            let document = earlier.document.clone();
            let differs = match self.compare(sheet, earlier).await {
                Ok(Verdict::Again) => return Some((document, Bond::Again)),
                Ok(Verdict::Version { differs }) => differs,
                Ok(Verdict::Whole { mut differs }) => {
                    differs.push(PAGES.to_owned());
                    differs
                }
                Ok(Verdict::Other) => continue,
                Err(why) => {
                    tracing::warn!(document, why, "cannot be compared with a new sheet");
                    continue;
                }
            };
            version = version.or(Some((document, Bond::Version { differs })));
        }
        version
    }

    async fn compare(&self, sheet: &Sheet, earlier: Earlier) -> Result<Verdict, String> {
        let old_reading = earlier.reading.ok_or("there is no reading of it")?;
        let kept = |e: StoreError| e.to_string();
        let before = self.store.leaves(&old_reading, &earlier.content.pages).await.map_err(kept)?;
        let pages = before.iter().map(|l| l.page.clone()).collect();
        let old = again::Sheet { document: earlier.content, pages };
        let page = |n: &u32| self.reading.pages.iter().find(|p| p.number == *n).cloned();
        let pages: Option<Vec<_>> = sheet.document.pages.iter().map(page).collect();
        let new = again::Sheet { document: sheet.document.clone(), pages: pages.ok_or("a page is missing")? };
        let now = self.store.leaves(self.id, &sheet.document.pages).await.map_err(kept)?;
        let (store, pipeline, here) = (self.store.clone(), self.pipeline.clone(), Handle::current());
        let terms = self.options.terms;
        let compared = tokio::task::spawn_blocking(move || {
            again::compare(&old, &new, terms, &mut |o, n, question| {
                let images = (image(&before, o)?, image(&now, n)?);
                here.block_on(async {
                    let (old, new) = (store.blob(images.0).await.ok()?, store.blob(images.1).await.ok()?);
                    pipeline.compare(old, new, question.clone()).await
                })
            })
        });
        compared.await.map_err(|e| format!("comparing died: {e}"))
    }
}

fn image(leaves: &[Leaf], page: u32) -> Option<&str> {
    leaves.iter().find(|l| l.page.number == page)?.image.as_deref()
}

#[cfg(test)]
mod tests;
