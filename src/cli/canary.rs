//! `canary`: sends a canary through the sources now, and waits for it where asked.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::config::{Config, Intake};
use crate::daemon::canary::{Sender, Sent};
use crate::daemon::{mail_options, site};
use crate::sink::mail::MailSink;
use crate::store::Store;

/// How often a canary that is waited for is looked for.
const PACE: Duration = Duration::from_millis(500);

pub async fn run(config: &Config, wanted: &[String], wait: bool, out: &mut impl Write) -> Result<ExitCode> {
    let sources: Vec<&Intake> =
        config.intake.iter().filter(|i| wanted.is_empty() || wanted.contains(&i.name)).collect();
    if let Some(unknown) = wanted.iter().find(|w| !sources.iter().any(|s| s.name == **w)) {
        bail!("no [[intake]] is named {unknown:?}");
    }
    if sources.is_empty() {
        bail!("no [[intake]] is configured");
    }
    let mail = match mail_options(config)? {
        Some(options) => Some(Arc::new(MailSink::new(options).map_err(anyhow::Error::msg)?)),
        None => None,
    };
    let store = Store::open_beside(site(config)?).await?;
    store.tune_clock().await?;
    let sender = Sender::new(store.clone(), mail, config);
    let (mut failed, mut sent) = (false, Vec::new());
    for source in sources {
        let Some(one) = sender.send(source, None).await? else { continue };
        match &one.failed {
            Some(why) => writeln!(out, "{}: no canary could be sent ({}): {why}", one.source, one.route)?,
            None => writeln!(out, "{}: sent ({}){}", one.source, one.route, coverage(source))?,
        }
        failed |= one.failed.is_some();
        sent.extend(Some(one).filter(|s| s.failed.is_none()));
    }
    out.flush()?;
    if wait {
        for one in &sent {
            failed |= !await_one(&store, one, out).await?;
        }
    }
    store.close().await;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What a canary of that source does not show.
fn coverage(source: &Intake) -> &'static str {
    use crate::config::IntakeKind::{Folder, Imap, Maildir};
    match (source.kind, source.canary_to.is_empty()) {
        (Imap | Maildir, true) => "; canary_to is not set, so the way of a mail to the mailbox is not tested",
        (Folder, true) => "; the way of a scan to the folder is not tested",
        (_, false) => "",
    }
}

/// True where it came in time and exact.
async fn await_one(store: &Store, one: &Sent, out: &mut impl Write) -> Result<bool> {
    loop {
        let Some(fate) = store.canary(&one.token).await? else { bail!("the canary's row is gone") };
        let now = store.now();
        if fate.is_judged(now) {
            let fault = fate.fault(now);
            match (&fault, fate.arrived) {
                (None, Some(at)) => {
                    let seconds = (at - fate.sent) as f64 / 1000.0;
                    writeln!(out, "{}: arrived after {seconds:.1} s and was read exactly", one.source)?;
                }
                _ => writeln!(out, "{}: {}", one.source, fault.as_deref().unwrap_or("not known"))?,
            }
            return Ok(fault.is_none());
        }
        tokio::time::sleep(PACE).await;
    }
}
