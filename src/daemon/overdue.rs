//! Deadlines of sheets that wait for a person: looked at now and then, told by letters, and in the end an alarm.

use std::time::Duration;

use tokio::time::Instant;

use super::alarms::Alarms;
use crate::config::{Canary, Config};
use crate::store::Store;
use crate::store::overdue::{Hours, Terms};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(5);
/// Name of the alarm.
const ALARM: &str = "review";

pub struct Overdue {
    terms: Terms,
    looked: Option<Instant>,
}

impl Overdue {
    pub fn new(config: &Config) -> Overdue {
        Overdue { terms: terms(config), looked: None }
    }

    /// Tells of what has been waiting for too long.
    pub async fn look(&mut self, store: &Store, alarms: &mut Alarms) {
        if self.looked.is_some_and(|l| l.elapsed() < EVERY) {
            return;
        }
        self.looked = Some(Instant::now());
        match store.escalate(&self.terms).await {
            Ok((0, _)) => alarms.set(ALARM, None).await,
            Ok((n, oldest)) => {
                let oldest = oldest.unwrap_or_default();
                let fault = format!("{n} held sheets have not been decided in time, the oldest is {oldest}");
                alarms.set(ALARM, Some(fault)).await;
            }
            Err(e) => tracing::error!(error = %e, "held sheets cannot be looked for"),
        }
    }
}

/// The configured deadlines.
pub fn terms(config: &Config) -> Terms {
    let r = &config.review;
    let ms = |minutes: u32| i64::from(minutes) * 60_000;
    Terms {
        urgent: ms(r.urgent_minutes),
        routine: (r.routine_hours * 3_600_000.0) as i64,
        step: ms(r.step_minutes),
        hours: Hours {
            opens: Canary::minute(&r.opens).unwrap_or(0),
            closes: Canary::minute(&r.closes).unwrap_or(24 * 60),
            holidays: r.holidays.iter().filter_map(|d| d.parse().ok()).collect(),
        },
        duty: r.duty.clone(),
        admins: config.notice.admins.clone(),
        mails: !config.notice.smtp.is_empty(),
        base_url: config.base_url(),
    }
}
