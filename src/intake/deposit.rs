//! Puts a file or mail of our own into a source, as those do that fill it: for canaries.
//!
//! Written beside its place and renamed, or appended by the server, so that the source never sees a part of it.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::imap;
use crate::config::{Intake, IntakeKind};

/// What is put there.
pub struct Item {
    /// Name of the file, with its ending; unlike all others in the source.
    pub name: String,
    /// The file, for a folder.
    pub file: Vec<u8>,
    /// The mail that holds it, for a mailbox.
    pub mail: Vec<u8>,
}

/// How an item gets into such a source: `folder`, `maildir`, `append`.
pub fn route(kind: IntakeKind) -> &'static str {
    match kind {
        IntakeKind::Folder => "folder",
        IntakeKind::Maildir => "maildir",
        IntakeKind::Imap => "append",
    }
}

/// Puts an item into a source.
///
/// # Errors
/// What is wrong, in words for an operator; it may be there all the same where a server's answer was lost.
pub async fn deposit(config: &Intake, item: Item) -> Result<(), String> {
    let path = config.path.clone();
    match config.kind {
        IntakeKind::Folder => {
            blocking(move || {
                // A name that nobody takes for a scan.
                let (tmp, place) = (path.join(format!(".{}.tmp", item.name)), path.join(&item.name));
                write(&tmp, &place, &item.file)
            })
            .await
        }
        IntakeKind::Maildir => {
            blocking(move || write(&path.join("tmp").join(&item.name), &path.join("new").join(&item.name), &item.mail))
                .await
        }
        IntakeKind::Imap => imap::append(config, &item.mail).await,
    }
}

async fn blocking(work: impl FnOnce() -> Result<(), String> + Send + 'static) -> Result<(), String> {
    tokio::task::spawn_blocking(work).await.map_err(|e| format!("a file task died: {e}"))?
}

fn write(tmp: &Path, place: &Path, bytes: &[u8]) -> Result<(), String> {
    let written = File::create_new(tmp)
        .and_then(|mut f| {
            f.write_all(bytes)?;
            f.sync_all()
        })
        .and_then(|()| fs::rename(tmp, place));
    written.map_err(|e| {
        // There was none where it could not be made.
        let _ = fs::remove_file(tmp);
        format!("{}: {e}", place.parent().unwrap_or(place).display())
    })
}
