//! Canaries on their way: made, noted and sent through a source, at the set times or when somebody asks; and what is wrong
//! with those that did not come.
//!
//! A canary is noted before it is sent. Of several hosts with one configuration one sends it: a source has one for each
//! set time. What it looks like is `crate::canary`'s affair.

use std::sync::Arc;
use std::time::Duration;

use jiff::ToSpan;
use tokio::sync::watch;

use super::alarms::Alarms;
use crate::canary::{Canary, Token};
use crate::config::{self, Config, Intake};
use crate::intake::deposit::{self, Item};
use crate::sink::mail::{Fax, MailSink, fax_mail};
use crate::store::canary::Departure;
use crate::store::{Store, StoreError, status};

/// A set time that passed longer ago is left out: the daemon was not running.
const LATEST: i64 = 10 * 60_000;
/// How often the clock is looked at.
const PACE: Duration = Duration::from_secs(1);

/// Sends canaries.
#[derive(Clone)]
pub struct Sender {
    store: Store,
    sources: Vec<Intake>,
    settings: config::Canary,
    mail: Option<Arc<MailSink>>,
    from: String,
}

/// One that was sent, or could not be.
#[derive(Debug, Clone)]
pub struct Sent {
    pub source: String,
    pub token: String,
    /// `folder`, `maildir`, `mail`, `append`.
    pub route: &'static str,
    /// Why it could not be sent, in words for an operator.
    pub failed: Option<String>,
}

impl Sender {
    pub fn new(store: Store, mail: Option<Arc<MailSink>>, config: &Config) -> Sender {
        Sender {
            store,
            sources: config.intake.clone(),
            settings: config.canary.clone(),
            mail,
            from: config.notice.from.clone(),
        }
    }

    /// What it can be sent through.
    pub fn sources(&self) -> &[Intake] {
        &self.sources
    }

    /// Sends one through a source; `slot`: the set time that it is for. None where that time has its canary already.
    ///
    /// # Errors
    /// It cannot be noted, and was not sent.
    pub async fn send(&self, source: &Intake, slot: Option<String>) -> Result<Option<Sent>, StoreError> {
        let now = status::local(self.store.now());
        let canary = Canary::new(Token::random(), now.date());
        let token = canary.token.as_str().to_owned();
        let route = if source.canary_to.is_empty() { deposit::route(source.kind) } else { "mail" };
        let departure = Departure {
            token: token.clone(),
            source: source.name.clone(),
            route,
            slot,
            expected: canary.expected,
            within: self.settings.within_ms(),
        };
        if !self.store.canary_departs(&departure).await? {
            return Ok(None);
        }
        let key = uuid::Uuid::new_v4().to_string();
        let name = format!("canary-{}-{}.tif", now.strftime("%Y%m%d-%H%M%S"), &key[..8]);
        let failed = self.put(source, Fax { key, name, tiff: canary.tiff }).await.err();
        match &failed {
            Some(why) => {
                tracing::error!(source = source.name, route, why, "no canary could be sent");
                self.store.canary_failed(&token, why).await?;
            }
            None => tracing::info!(source = source.name, route, "a canary was sent"),
        }
        Ok(Some(Sent { source: source.name.clone(), token, route, failed }))
    }

    async fn put(&self, source: &Intake, fax: Fax) -> Result<(), String> {
        if !source.canary_to.is_empty() {
            let mail = self.mail.as_ref().ok_or("no mail server is configured")?;
            return mail.fax(&source.canary_to, &fax).await.map_err(|e| e.to_string());
        }
        let mail = fax_mail(&self.from, &self.from, &fax)?;
        deposit::deposit(source, Item { name: fax.name, file: fax.tiff, mail }).await
    }

    /// Sends at the set times until `stop` turns true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        // The newest set time that was dealt with: asking the store once is enough.
        let mut done = String::new();
        while !*stop.borrow() {
            if let Some(slot) = due(&self.settings.times, self.store.now()).filter(|s| *s != done) {
                let mut all = true;
                for source in &self.sources {
                    if let Err(e) = self.send(source, Some(slot.clone())).await {
                        all = false;
                        tracing::error!(source = source.name, error = %e, "a canary cannot be noted");
                    }
                }
                if all {
                    done = slot;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(PACE) => {}
                _ = stop.wait_for(|s| *s) => {}
            }
        }
    }
}

/// The set time that has come, as `2026-11-28T06:00` in Japan's time; none where none has within the last minutes.
fn due(times: &[String], now: i64) -> Option<String> {
    let local = status::local(now);
    let midnight = local.start_of_day().ok()?;
    let passed = |time: &String| {
        let at = midnight.checked_add(config::Canary::minute(time)?.minutes()).ok()?;
        // Shortly after midnight the last one may have been yesterday's.
        let before = at.checked_sub(1.day()).ok()?;
        [at, before].into_iter().find(|t| (0..LATEST).contains(&(now - t.timestamp().as_millisecond())))
    };
    let newest = times.iter().filter_map(passed).max()?;
    Some(newest.strftime("%Y-%m-%dT%H:%M").to_string())
}

/// Raises or ends the alarm of every source by its last canary.
pub(super) async fn look(store: &Store, sources: &[Intake], alarms: &mut Alarms) {
    for source in sources {
        match store.last_canary(&source.name).await {
            Ok(Some(fate)) => alarms.set(&format!("canary of {}", source.name), fate.fault(store.now())).await,
            Ok(None) => {}
            Err(e) => tracing::error!(source = source.name, error = %e, "its canaries cannot be looked for"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_time_has_come_for_some_minutes() {
        let times = ["06:00".to_owned(), "23:59".to_owned()];
        let at = |text: &str| due(&times, text.parse::<jiff::Timestamp>().expect("a time").as_millisecond());
        assert_eq!(at("2026-11-28T05:59:59+09:00"), None);
        assert_eq!(at("2026-11-28T06:00:00+09:00").as_deref(), Some("2026-11-28T06:00"));
        assert_eq!(at("2026-11-27T21:09:59Z").as_deref(), Some("2026-11-28T06:00"));
        assert_eq!(at("2026-11-28T06:10:00+09:00"), None);
        assert_eq!(at("2026-11-29T00:03:00+09:00").as_deref(), Some("2026-11-28T23:59"));
        assert_eq!(due(&[], 0), None);
    }
}
