//! Change events of folders, as hints: they make a look come sooner and tell when a writer closed a file. Network
//! file systems send none and queues overflow, so nothing may rest on them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// What happened last to a file, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Written to; whoever wrote may still hold it.
    Written,
    /// Closed by a writer.
    Closed,
    /// Renamed to this name.
    Arrived,
}

#[derive(Default)]
struct Heard {
    marks: Mutex<HashMap<OsString, Mark>>,
    wake: tokio::sync::Notify,
}

/// A watch over some folders, not over what is below them.
pub struct Watch {
    _watcher: RecommendedWatcher,
    heard: Arc<Heard>,
}

impl Watch {
    /// None where the system refuses: then only the rescans find anything.
    pub fn new(folders: &[&Path]) -> Option<Watch> {
        let heard = Arc::new(Heard::default());
        let ear = heard.clone();
        let made = notify::recommended_watcher(move |event: notify::Result<notify::Event>| hear(&ear, event));
        let watch = made.and_then(|mut w| {
            for f in folders {
                w.watch(f, RecursiveMode::NonRecursive)?;
            }
            Ok(w)
        });
        match watch {
            Ok(w) => Some(Watch { _watcher: w, heard }),
            Err(e) => {
                tracing::warn!("no change events ({:?}): only the rescans find what is new", e.kind);
                None
            }
        }
    }

    /// What was heard since the last call.
    pub fn take(&self) -> HashMap<OsString, Mark> {
        std::mem::take(&mut self.heard.marks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns when something was heard.
    pub async fn changed(&self) {
        self.heard.wake.notified().await;
    }
}

fn hear(heard: &Heard, event: notify::Result<notify::Event>) {
    if let Ok(event) = event {
        let mark = match event.kind {
            EventKind::Modify(ModifyKind::Data(_)) => Some(Mark::Written),
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(Mark::Closed),
            EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Some(Mark::Arrived),
            // Our own reading makes these.
            EventKind::Access(_) => return,
            _ => None,
        };
        let mut marks = heard.marks.lock().unwrap_or_else(PoisonError::into_inner);
        if event.need_rescan() {
            marks.clear();
        } else if let (Some(mark), Some(name)) = (mark, event.paths.last().and_then(|p| p.file_name())) {
            marks.insert(name.to_owned(), mark);
        }
    }
    heard.wake.notify_one();
}

/// Waits for a change, where a watch stands; for ever where there is none.
pub async fn changed(watch: Option<&Watch>) {
    match watch {
        Some(w) => w.changed().await,
        None => std::future::pending().await,
    }
}
