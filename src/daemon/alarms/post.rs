//! Alarms by mail: each administrator once when it begins and once when it has passed. Who was told stands in the store;
//! a mail that did not get through is tried again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::sink::mail::MailSink;
use crate::store::Store;

/// A mail that failed is tried again after this time.
const AGAIN: Duration = Duration::from_secs(60);

/// An alarm and an administrator.
type Word = (String, String);

pub struct Post {
    store: Store,
    mail: Option<Arc<MailSink>>,
    admins: Vec<String>,
    /// Words that are on their way, or failed and have to wait until then.
    busy: Arc<Mutex<BTreeMap<Word, Option<Instant>>>>,
    sending: JoinSet<()>,
}

impl Post {
    pub fn new(store: Store, mail: Option<Arc<MailSink>>, admins: Vec<String>) -> Post {
        Post { store, mail, admins, busy: Arc::default(), sending: JoinSet::new() }
    }

    /// Mails what is new. `standing` is to be told of; `faults` are all that are not well; `well` was looked at by
    /// somebody and is. What is none of these is not known yet, and with `forget` never will be.
    pub async fn send(
        &mut self,
        standing: &BTreeMap<String, String>,
        faults: &BTreeMap<String, String>,
        well: &BTreeSet<String>,
        forget: bool,
    ) {
        while self.sending.try_join_next().is_some() {}
        if self.mail.is_none() || self.admins.is_empty() {
            return;
        }
        let told: BTreeSet<Word> = match self.store.told().await {
            Ok(told) => told.into_iter().collect(),
            Err(e) => {
                tracing::error!(error = %e, "who was told of alarms cannot be looked up");
                return;
            }
        };
        for (what, fault) in standing {
            for admin in self.admins.clone() {
                let word = (what.clone(), admin);
                if !told.contains(&word) {
                    self.tell(word, Some(fault.clone()));
                }
            }
        }
        for word in told {
            if !self.admins.contains(&word.1) || forget && !faults.contains_key(&word.0) && !well.contains(&word.0) {
                if let Err(e) = self.store.tell(&word.0, &word.1, false).await {
                    tracing::error!(about = word.0, error = %e, "an alarm of before cannot be forgotten");
                }
            } else if well.contains(&word.0) {
                self.tell(word, None);
            }
        }
    }

    fn tell(&mut self, word: Word, fault: Option<String>) {
        let Some(mail) = self.mail.clone() else { return };
        {
            let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
            if busy.get(&word).is_some_and(|until| until.is_none_or(|u| u > Instant::now())) {
                return;
            }
            busy.insert(word.clone(), None);
        }
        let (store, busy) = (self.store.clone(), self.busy.clone());
        self.sending.spawn(async move {
            let (what, admin) = &word;
            let sent = mail.alarm(admin, &uuid::Uuid::new_v4().to_string(), what, fault.as_deref()).await;
            store.metrics().alarm_mail(sent.is_ok());
            let mut until = None;
            match sent {
                Ok(()) => {
                    if let Err(e) = store.tell(what, admin, fault.is_some()).await {
                        tracing::error!(about = what, error = %e, "that an administrator was told cannot be recorded");
                        until = Some(Instant::now() + AGAIN);
                    }
                }
                Err(e) => {
                    tracing::warn!(about = what, error = %e, "an administrator cannot be told");
                    until = Some(Instant::now() + AGAIN);
                }
            }
            let mut busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
            match until {
                Some(_) => busy.insert(word, until),
                None => busy.remove(&word),
            };
        });
    }

    /// Lets the mails that are on their way arrive.
    pub async fn finish(&mut self) {
        while self.sending.join_next().await.is_some() {}
    }
}
