//! A Maildir (<https://cr.yp.to/proto/maildir.html>): mails in `new/` and `cur/` are whole by its protocol.
//!
//! A mail is known by the unique part of its name, which stays when flags change. Once its receipt is on disk a mail
//! of `new/` goes to `cur/` as seen (`:2,S`); what lies in `cur/` keeps its flags, and nothing is ever deleted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;

use super::files::{self, Unread};
use super::watch::{self, Watch};
use super::{Ctx, Intake, Refused, Verdict};
use crate::config;

const BREATH: Duration = Duration::from_millis(100);
/// Reading errors before a mail gets a verdict; it is still tried again at each look.
const TRIES: u32 = 3;

pub struct Maildir {
    path: PathBuf,
    rescan: Duration,
    watch: Option<Watch>,
    /// Unique names that need nothing more.
    done: HashSet<OsString>,
    /// Failed attempts; `TRIES` and more: it has a verdict.
    failed: HashMap<OsString, u32>,
    warning: Option<String>,
}

struct Found {
    path: PathBuf,
    unique: OsString,
    is_new: bool,
    is_file: bool,
}

#[async_trait]
impl Intake for Maildir {
    async fn run(mut self: Box<Self>, mut ctx: Ctx) {
        while !ctx.stop.is_asked() {
            let next = self.look(&mut ctx).await;
            tokio::select! {
                () = ctx.stop.asked() => break,
                () = watch::changed(self.watch.as_ref()) => tokio::time::sleep(BREATH).await,
                () = tokio::time::sleep(next) => {}
            }
        }
    }
}

impl Maildir {
    pub fn new(config: &config::Intake) -> Maildir {
        Maildir {
            path: config.path.clone(),
            rescan: Duration::from_secs(config.rescan_seconds.max(1)),
            watch: None,
            done: HashSet::new(),
            failed: HashMap::new(),
            warning: None,
        }
    }

    async fn look(&mut self, ctx: &mut Ctx) -> Duration {
        if self.watch.is_none() {
            self.watch = Watch::new(&[&self.path.join("new"), &self.path.join("cur")]);
        }
        let path = self.path.clone();
        let found = match tokio::task::spawn_blocking(move || list(&path)).await {
            Ok(Ok(found)) => found,
            Ok(Err(e)) => {
                self.watch = None;
                ctx.failed(format!("{}: cannot be looked through: {e}", self.path.display())).await;
                return self.rescan.min(Duration::from_secs(5));
            }
            Err(e) => {
                ctx.failed(format!("{}: {e}", self.path.display())).await;
                return self.rescan;
            }
        };
        let here: HashSet<&OsStr> = found.iter().map(|f| f.unique.as_os_str()).collect();
        self.done.retain(|u| here.contains(u.as_os_str()));
        self.failed.retain(|u, _| here.contains(u.as_os_str()));
        self.warning = None;
        let mut refused = None;
        for f in &found {
            if ctx.stop.is_asked() {
                return Duration::ZERO;
            }
            // One mail that cannot be had never stops the others.
            if let Err(e) = self.mail(ctx, f).await {
                refused = Some(e);
            }
        }
        match refused {
            Some(e) => ctx.failed(format!("nothing can be received: {e}")).await,
            None => {
                let waits = self.failed.values().filter(|n| **n < TRIES).count();
                ctx.looked(waits, self.warning.clone()).await;
                if waits > 0 {
                    return self.rescan.min(Duration::from_secs(1));
                }
            }
        }
        self.rescan
    }

    async fn mail(&mut self, ctx: &Ctx, found: &Found) -> Result<(), Refused> {
        let id = files::shown(&found.unique);
        if self.done.contains(&found.unique) {
            return Ok(());
        }
        if !found.is_file {
            let reason = "通常のファイルではないため取り込みません";
            ctx.receiver.verdict(&ctx.source, &id, Verdict::Ignored, reason).await?;
            self.done.insert(found.unique.clone());
            return Ok(());
        }
        if !ctx.receiver.known(&ctx.source, &id).await? && !self.receive(ctx, found, &id).await? {
            return Ok(());
        }
        self.failed.remove(&found.unique);
        if found.is_new {
            self.mark_seen(found).await;
        }
        self.done.insert(found.unique.clone());
        Ok(())
    }

    /// True where the mail is safe now.
    async fn receive(&mut self, ctx: &Ctx, found: &Found, id: &str) -> Result<bool, Refused> {
        let (path, max) = (found.path.clone(), ctx.max_bytes);
        let read = tokio::task::spawn_blocking(move || files::read(&path, max)).await;
        let (reason, at_once) = match read {
            Ok(Ok((bytes, _))) => {
                let detail = BTreeMap::new();
                let fresh = ctx.receiver.receive(&ctx.source, id, &format!("{id}.eml"), detail, &bytes).await?;
                tracing::debug!(source = %ctx.source, bytes = bytes.len(), fresh, "a mail was received");
                crate::crash::reached("intake.received");
                return Ok(true);
            }
            // Somebody renamed it between the list and now: the next look finds it under its new name.
            Ok(Err(Unread::Gone)) => return Ok(false),
            Ok(Err(Unread::TooLarge(size))) => {
                self.done.insert(found.unique.clone());
                (too_large(size, max), true)
            }
            Ok(Err(Unread::Denied)) => ("メールを読み取る権限がありません".to_owned(), true),
            Ok(Err(Unread::Changing | Unread::NotAFile | Unread::Io(_))) | Err(_) => {
                ("メールのファイルを読み取れません".to_owned(), false)
            }
        };
        let tries = self.failed.entry(found.unique.clone()).or_default();
        *tries = if at_once { TRIES } else { tries.saturating_add(1) };
        if *tries >= TRIES {
            ctx.receiver.verdict(&ctx.source, id, Verdict::Review, &reason).await?;
        }
        Ok(false)
    }

    async fn mark_seen(&mut self, found: &Found) {
        let (from, maildir, unique) = (found.path.clone(), self.path.clone(), found.unique.clone());
        let moved = tokio::task::spawn_blocking(move || {
            let mut name = unique;
            name.push(":2,S");
            files::rename_new(&from, &maildir.join("cur").join(name))?;
            crate::crash::reached("intake.renamed");
            files::sync_dir(&maildir.join("cur"))?;
            files::sync_dir(&maildir.join("new"))
        })
        .await;
        match moved {
            Ok(Ok(())) => {}
            Ok(Err(e)) if e.kind() == std::io::ErrorKind::NotFound => {}
            Ok(Err(e)) => {
                self.warning =
                    Some(format!("{}: received mails cannot be moved from new to cur: {e}", self.path.display()));
            }
            Err(e) => self.warning = Some(e.to_string()),
        }
    }
}

pub fn too_large(size: u64, max: u64) -> String {
    let mb = |b: u64| b.div_ceil(1 << 20);
    format!("メールが大きすぎるため取り込めません（{} MB、上限 {} MB）", mb(size), mb(max))
}

/// `new` before `cur`: mails move that way, so none is missed between the two.
fn list(maildir: &Path) -> std::io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for (sub, is_new) in [("new", true), ("cur", false)] {
        let mut names: Vec<OsString> =
            std::fs::read_dir(maildir.join(sub))?.map(|e| e.map(|e| e.file_name())).collect::<Result<_, _>>()?;
        // Names begin with the second of delivery.
        names.sort();
        for name in names {
            let path = maildir.join(sub).join(&name);
            let Ok(meta) = path.symlink_metadata() else { continue };
            if !name.as_bytes().starts_with(b".") {
                found.push(Found { unique: unique(&name), path, is_new, is_file: meta.is_file() });
            }
        }
    }
    Ok(found)
}

/// The name without its flags.
fn unique(name: &OsStr) -> OsString {
    let bytes = name.as_bytes();
    let end = bytes.windows(3).rposition(|w| w == b":2,").unwrap_or(bytes.len());
    OsString::from_vec(bytes[..end].to_vec())
}

/// Looks whether the Maildir can be read and its mails marked as seen.
pub fn probe(config: &config::Intake) -> Result<String, String> {
    let at = config.path.display();
    let found = list(&config.path).map_err(|e| format!("{at}: is no Maildir that can be read (new and cur): {e}"))?;
    for sub in ["new", "cur"] {
        if rustix::fs::access(config.path.join(sub), rustix::fs::Access::WRITE_OK).is_err() {
            return Err(format!("{at}/{sub}: received mails could not be marked as seen: no right to write"));
        }
    }
    Ok(format!("{at}: {} mails", found.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unique_part_has_no_flags() {
        assert_eq!(unique(OsStr::new("1700.M1P2.host,S=12:2,RS")), "1700.M1P2.host,S=12");
        assert_eq!(unique(OsStr::new("1700.M1P2.host")), "1700.M1P2.host");
        assert_eq!(unique(OsStr::new("a:2,b:2,")), "a:2,b");
    }
}
