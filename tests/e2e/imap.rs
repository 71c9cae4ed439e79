//! The IMAP source alone, against a real Dovecot, with a receiver in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use faxbridge::config::{Intake, IntakeKind, Tls};
use faxbridge::intake::{self, Intakes, Receiver, Refused, Verdict};

use crate::dovecot::{Dovecot, USER};
use crate::until;

#[derive(Default)]
struct Memory {
    kept: Mutex<Vec<(String, Vec<u8>)>>,
    verdicts: Mutex<BTreeSet<(String, bool)>>,
}

#[async_trait]
impl Receiver for Memory {
    async fn known(&self, _: &str, id: &str) -> Result<bool, Refused> {
        Ok(self.kept.lock().expect("lock").iter().any(|k| k.0 == id))
    }
    async fn receive(
        &self,
        _: &str,
        id: &str,
        _: &str,
        _: BTreeMap<String, String>,
        bytes: &[u8],
    ) -> Result<bool, Refused> {
        let mut kept = self.kept.lock().expect("lock");
        assert!(!kept.iter().any(|k| k.0 == id), "{id} was fetched again");
        kept.push((id.to_owned(), bytes.to_vec()));
        Ok(true)
    }
    async fn verdict(&self, _: &str, id: &str, verdict: Verdict, _: &str) -> Result<(), Refused> {
        self.verdicts.lock().expect("lock").insert((id.to_owned(), verdict == Verdict::Review));
        Ok(())
    }
    async fn looked(&self, _: &str, _: Option<&str>) -> Result<(), Refused> {
        Ok(())
    }
}

impl Memory {
    fn bodies(&self) -> Vec<Vec<u8>> {
        self.kept.lock().expect("lock").iter().map(|k| k.1.clone()).collect()
    }
}

/// Server, source, and the runtime that it runs in.
struct Bench {
    dovecot: Dovecot,
    memory: Arc<Memory>,
    runtime: tokio::runtime::Runtime,
    config: Intake,
    intakes: Option<Intakes>,
}

const MAX: u64 = 100_000;

impl Bench {
    fn new(set: impl FnOnce(&mut Intake, &Dovecot)) -> Bench {
        let dovecot = Dovecot::start();
        let mut config = Intake {
            name: "fax-mail".into(),
            kind: IntakeKind::Imap,
            host: "localhost".into(),
            port: dovecot.tls_port,
            user: USER.into(),
            password_file: dovecot.password_file(),
            ca_file: dovecot.ca_file(),
            poll_seconds: 3600,
            ..Intake::default()
        };
        set(&mut config, &dovecot);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
        Bench { dovecot, memory: Arc::default(), runtime, config, intakes: None }
    }

    fn start(&mut self) {
        let receiver: Arc<dyn Receiver> = self.memory.clone();
        let _in = self.runtime.enter();
        self.intakes = Some(intake::start(std::slice::from_ref(&self.config), &receiver, MAX, false));
    }

    fn stop(&mut self) {
        if let Some(intakes) = self.intakes.take() {
            self.runtime.block_on(intakes.stop());
        }
    }

    fn received(&self, n: usize) {
        until(&format!("{n} mails received"), || (self.memory.bodies().len() >= n).then_some(()));
        assert_eq!(self.memory.bodies().len(), n);
    }

    fn fault(&self) -> Option<String> {
        self.intakes.as_ref().and_then(|i| i.standings()[0].1.fault.clone())
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

fn mail(n: usize) -> Vec<u8> {
    format!("From: fax@example.jp\r\nSubject: =?ISO-2022-JP?B?GyRCPFU/PhsoQg==?= {n}\r\n\r\nbody {n}\r\n").into_bytes()
}

#[test]
fn mails_come_over_tls_once_and_are_flagged_also_those_that_were_seen_already() {
    let mut b = Bench::new(|_, _| ());
    b.dovecot.deliver("1.host", &mail(1));
    b.start();
    b.received(1);
    assert_eq!(b.memory.bodies()[0], mail(1), "byte for byte");
    until("flagged", || b.dovecot.is_done("1.host").then_some(()));
    // The poll is an hour away: only IDLE can tell of this one.
    b.dovecot.deliver("2.host", &mail(2));
    b.received(2);
    until("flagged", || b.dovecot.is_done("2.host").then_some(()));
    b.stop();
    // Somebody read this one before we did, and one that was received lost its flags.
    b.dovecot.deliver("3.host:2,S", &mail(3));
    let name = b.dovecot.mails("", "1.host").remove(0);
    std::fs::rename(b.dovecot.maildir().join("cur").join(&name), b.dovecot.maildir().join("cur/1.host:2,"))
        .expect("unflag");
    b.start();
    b.received(3);
    until("flagged again", || b.dovecot.is_done("1.host").then_some(()));
    let ids: Vec<String> = b.memory.kept.lock().expect("lock").iter().map(|k| k.0.clone()).collect();
    for (n, id) in ids.iter().enumerate() {
        assert!(id.starts_with("INBOX/") && id.ends_with(&format!("/{}", n + 1)), "{id}");
    }
}

#[test]
fn starttls_and_a_folder_with_a_japanese_name_and_moving() {
    let mut b = Bench::new(|c, d| {
        c.tls = Tls::Starttls;
        c.port = d.port;
        c.move_to = "受信FAX".into();
        c.poll_seconds = 1;
    });
    b.dovecot.deliver("1.host", &mail(1));
    b.start();
    b.received(1);
    // Modified UTF-7 on disk too; the folder was missing and is made.
    until("moved", || (!b.dovecot.mails(".&U9dP4Q-FAX", "").is_empty()).then_some(()));
    until("gone from the inbox", || b.dovecot.mails("", "1.host").is_empty().then_some(()));
    assert!(b.fault().is_none());
}

#[test]
fn an_oversize_mail_gets_a_verdict_and_stops_nothing() {
    let mut b = Bench::new(|_, _| ());
    let mut large = mail(1);
    large.resize(usize::try_from(MAX).expect("small") + 1, b'x');
    b.dovecot.deliver("1.host", &large);
    b.dovecot.deliver("2.host", &mail(2));
    b.start();
    b.received(1);
    until("flagged", || b.dovecot.is_done("2.host").then_some(()));
    let verdicts = b.memory.verdicts.lock().expect("lock").clone();
    assert!(verdicts.len() == 1 && verdicts.iter().all(|v| v.0.ends_with("/1") && v.1), "{verdicts:?}");
    assert!(!b.dovecot.is_done("1.host"), "left for a person");
    b.runtime.block_on(b.intakes.as_ref().expect("started").drained()).expect("nothing waits");
}

#[test]
fn the_server_goes_away_and_comes_back_with_other_uids() {
    let mut b = Bench::new(|c, _| c.poll_seconds = 1);
    b.dovecot.deliver("1.host", &mail(1));
    b.start();
    b.received(1);
    until("flagged", || b.dovecot.is_done("1.host").then_some(()));
    b.dovecot.pause();
    until("a fault", || b.fault());
    // A new UIDVALIDITY must differ: it is the second of its making.
    std::thread::sleep(Duration::from_millis(1100));
    b.dovecot.forget_uids();
    b.dovecot.deliver("2.host", &mail(2));
    // The old mail again under its new id (the store links equal content), and the new one.
    b.received(3);
    until("well again", || b.fault().is_none().then_some(()));
}

#[test]
fn nothing_is_sent_to_a_server_that_cannot_prove_who_it_is() {
    let mut b = Bench::new(|c, _| c.ca_file = std::path::PathBuf::new());
    b.start();
    let fault = until("a fault", || b.fault());
    assert!(fault.contains("TLS") && fault.contains("ca_file"), "{fault}");
    b.stop();
    // A wrong password is told apart from that, and is not repeated in the words.
    b.config.ca_file = b.dovecot.ca_file();
    let wrong = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(wrong.path(), "wrong-secret").expect("write");
    b.config.password_file = wrong.path().to_owned();
    b.start();
    let fault = until("a fault", || b.fault());
    assert!(fault.contains("log-in was refused") && !fault.contains("wrong-secret"), "{fault}");
}
