//! An IMAP mailbox (RFC 3501): IDLE (RFC 2177) makes looks come sooner, polling makes them sure.
//!
//! What is new is decided by our own receipts, never by `\Seen`: every look lists all UIDs and asks the receiver for
//! those that this process has not met. A mail's id is folder, UIDVALIDITY and UID. Mails are fetched with BODY.PEEK;
//! only after their receipt is on disk they get `\Seen` and, where the server keeps keywords, `$FaxbridgeDone`, and are
//! moved where that is configured. A mail that cannot be fetched is tried last, gets a verdict after some attempts and
//! never stops the rest.
//!
//! Errors of the wire can carry what was received (patient data): they are never logged ([`wire::Fault`]).

mod connect;
mod wire;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response};
use async_trait::async_trait;
use tokio::time::{Instant, timeout};

use super::maildir::too_large;
use super::{Ctx, Intake, Verdict};
use crate::config;
use connect::Session;
use wire::{Fault, command};

const KEYWORD: &str = "$FaxbridgeDone";
/// For commands that move no mail.
const ANSWER: Duration = Duration::from_secs(60);
/// A connection slower than this many bytes a second is given up.
const SLOWEST: u64 = 8 << 10;
/// RFC 2177 asks for less than 29 minutes.
const LONGEST_IDLE: Duration = Duration::from_secs(28 * 60);
/// Fetches that fail before a mail gets a verdict; later ones still happen, hourly.
const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(300);

pub struct Mailbox {
    config: config::Intake,
    state: State,
    wait: Duration,
}

/// What this process knows of the mailbox; all of it can be found again.
#[derive(Default)]
struct State {
    validity: u32,
    /// UIDs with a receipt.
    done: HashSet<u32>,
    /// UIDs with a verdict instead: their mails are left as they are.
    judged: HashSet<u32>,
    /// UIDs that were flagged, or whose flagging was refused.
    flagged: HashSet<u32>,
    failed: HashMap<u32, Failed>,
}

struct Failed {
    tries: u32,
    not_before: Instant,
}

/// What the server can do.
#[derive(Debug, Clone, Copy, Default)]
struct Abilities {
    idle: bool,
    moves: bool,
    uidplus: bool,
}

#[async_trait]
impl Intake for Mailbox {
    async fn run(mut self: Box<Self>, mut ctx: Ctx) {
        loop {
            let fault = self.connected(&mut ctx).await;
            if ctx.stop.is_asked() {
                return;
            }
            if let Err(fault) = fault {
                ctx.failed(format!("{}: {fault}", self.config.host)).await;
            }
            let wait = jittered(self.wait);
            self.wait = (self.wait * 2).min(LONGEST_WAIT);
            if !ctx.stop.sleep(wait).await {
                return;
            }
        }
    }
}

impl Mailbox {
    pub fn new(config: &config::Intake) -> Mailbox {
        Mailbox { config: config.clone(), state: State::default(), wait: FIRST_WAIT }
    }

    /// From one connection's beginning to its end; Ok where the source should stop.
    async fn connected(&mut self, ctx: &mut Ctx) -> Result<(), Fault> {
        let mut stop = ctx.stop.clone();
        let mut session = tokio::select! {
            s = connect::connect(&self.config) => s?,
            () = stop.asked() => return Ok(()),
        };
        let able = abilities(&mut session).await?;
        while !ctx.stop.is_asked() {
            let next = self.look(&mut session, able, ctx).await?;
            self.wait = FIRST_WAIT;
            if able.idle {
                session = idle(session, next, ctx).await?;
            } else if !ctx.stop.sleep(next).await {
                break;
            }
        }
        let _ = timeout(Duration::from_secs(5), command(&mut session, "LOGOUT", ANSWER, |_| ())).await;
        Ok(())
    }

    /// One complete look; returns when the next is due.
    async fn look(&mut self, session: &mut Session, able: Abilities, ctx: &mut Ctx) -> Result<Duration, Fault> {
        let folder = wire::mailbox_name(&self.config.folder);
        let selected = timeout(ANSWER, session.select(&folder)).await.map_err(|_| Fault::Silent)??;
        let validity = selected.uid_validity.ok_or(Fault::Lost)?;
        if validity != self.state.validity {
            // Other UIDs for the same mails: the receiver links equal content.
            self.state = State { validity, ..State::default() };
        }
        use async_imap::types::Flag;
        let keywords = selected.permanent_flags.iter().any(|f| match f {
            Flag::MayCreate => true,
            Flag::Custom(k) => k.eq_ignore_ascii_case(KEYWORD),
            _ => false,
        });
        let all = search(session, "ALL").await?;
        let mut new = Vec::new();
        for uid in &all {
            if self.state.done.contains(uid) || self.state.judged.contains(uid) {
                continue;
            }
            if ctx.receiver.known(&ctx.source, &self.id(*uid)).await.map_err(Fault::Store)? {
                self.state.done.insert(*uid);
            } else {
                new.push(*uid);
            }
        }
        ctx.busy(new.len());
        // Those that failed before come last.
        new.sort_by_key(|uid| (self.state.failed.get(uid).map_or(0, |f| f.tries), *uid));
        let sizes = sizes(session, &new).await?;
        let mut warning = None;
        for uid in &new {
            if ctx.stop.is_asked() {
                return Ok(Duration::ZERO);
            }
            let due = self.state.failed.get(uid).is_none_or(|f| f.not_before <= Instant::now());
            if due && self.mail(session, *uid, sizes.get(uid).copied(), ctx).await? {
                warning = self.put_away(session, *uid, able, keywords).await?.or(warning);
            }
        }
        // What was received by a process that died before it could flag.
        let unmarked = if self.moves_to().is_some() {
            "ALL".to_owned()
        } else if keywords {
            format!("UNKEYWORD {KEYWORD}")
        } else {
            "UNSEEN".to_owned()
        };
        for uid in search(session, &unmarked).await? {
            if self.state.done.contains(&uid) && !self.state.flagged.contains(&uid) {
                warning = self.put_away(session, uid, able, keywords).await?.or(warning);
            }
        }
        let waiting = self.state.failed.values().filter(|f| f.tries < TRIES);
        let next = waiting.clone().map(|f| f.not_before).min();
        ctx.looked(waiting.count(), warning).await;
        let poll = Duration::from_secs(self.config.poll_seconds.max(1)).min(LONGEST_IDLE);
        Ok(next.map_or(poll, |at| at.saturating_duration_since(Instant::now()).clamp(FIRST_WAIT, poll)))
    }

    fn id(&self, uid: u32) -> String {
        format!("{}/{}/{uid}", self.config.folder, self.state.validity)
    }

    fn moves_to(&self) -> Option<&str> {
        Some(self.config.move_to.as_str()).filter(|m| !m.is_empty() && *m != self.config.folder)
    }

    /// Fetches one mail and has it kept; true where its receipt is on disk.
    async fn mail(&mut self, session: &mut Session, uid: u32, size: Option<u32>, ctx: &Ctx) -> Result<bool, Fault> {
        let id = self.id(uid);
        let size = u64::from(size.unwrap_or(0));
        if size > ctx.max_bytes {
            let reason = too_large(size, ctx.max_bytes);
            ctx.receiver.verdict(&ctx.source, &id, Verdict::Review, &reason).await.map_err(Fault::Store)?;
            self.state.judged.insert(uid);
            self.state.failed.remove(&uid);
            return Ok(false);
        }
        // Counted before it is tried: the answer may break the connection.
        let tries = self.state.failed.get(&uid).map_or(0, |f| f.tries) + 1;
        let wait = if tries < TRIES { FIRST_WAIT * 2_u32.pow(tries) } else { Duration::from_secs(3600) };
        self.state.failed.insert(uid, Failed { tries, not_before: Instant::now() + wait });
        let body = fetch(session, uid, ctx.max_bytes).await;
        if !matches!(body, Ok(Some(_))) && tries == TRIES {
            let reason = "メールをサーバーから取り出せません（取り出せしだい取り込みます）";
            ctx.receiver.verdict(&ctx.source, &id, Verdict::Review, reason).await.map_err(Fault::Store)?;
        }
        let bytes = match body {
            Ok(Some(bytes)) => bytes,
            // Gone meanwhile, or refused: the next look's list decides.
            Ok(None) | Err(Fault::No(_)) => {
                if !search(session, &format!("UID {uid}")).await?.contains(&uid) {
                    self.state.failed.remove(&uid);
                }
                return Ok(false);
            }
            Err(fault) => return Err(fault),
        };
        if bytes.len() as u64 > ctx.max_bytes {
            let reason = too_large(bytes.len() as u64, ctx.max_bytes);
            ctx.receiver.verdict(&ctx.source, &id, Verdict::Review, &reason).await.map_err(Fault::Store)?;
            self.state.judged.insert(uid);
            self.state.failed.remove(&uid);
            return Ok(false);
        }
        let name = format!("{uid}.eml");
        let kept = ctx.receiver.receive(&ctx.source, &id, &name, BTreeMap::new(), &bytes).await;
        // Not the mail's fault, whatever comes of it.
        self.state.failed.remove(&uid);
        let fresh = kept.map_err(Fault::Store)?;
        tracing::debug!(source = %ctx.source, uid, bytes = bytes.len(), fresh, "a mail was received");
        crate::crash::reached("intake.received");
        self.state.done.insert(uid);
        Ok(true)
    }

    /// Flags a received mail, and moves it where that is configured. What the server refuses is a warning: the
    /// receipt stands.
    async fn put_away(
        &mut self,
        session: &mut Session,
        uid: u32,
        able: Abilities,
        keywords: bool,
    ) -> Result<Option<String>, Fault> {
        let flags = if keywords { format!("\\Seen {KEYWORD}") } else { "\\Seen".to_owned() };
        let stored = command(session, &format!("UID STORE {uid} +FLAGS.SILENT ({flags})"), ANSWER, |_| ()).await;
        crate::crash::reached("imap.flagged");
        self.state.flagged.insert(uid);
        let mut warning = refused(stored)?.map(|e| format!("received mails cannot be flagged: {e}"));
        if let Some(to) = self.moves_to() {
            let to = wire::quoted(&wire::mailbox_name(to));
            let moved = move_mail(session, uid, &to, able).await;
            warning = refused(moved)?.map(|e| format!("received mails cannot be moved: {e}")).or(warning);
        }
        Ok(warning)
    }
}

/// Splits what the server refused (a warning) from what ends the connection.
fn refused(result: Result<(), Fault>) -> Result<Option<String>, Fault> {
    match result {
        Ok(()) => Ok(None),
        Err(Fault::No(text)) => Ok(Some(text)),
        Err(fault) => Err(fault),
    }
}

/// UID MOVE (RFC 6851), or COPY and the removal of this one mail (RFC 4315). Without either the copy is made and the
/// mail marked as deleted: a plain EXPUNGE would take other people's mails with it.
async fn move_mail(session: &mut Session, uid: u32, to: &str, able: Abilities) -> Result<(), Fault> {
    let verb = if able.moves { "MOVE" } else { "COPY" };
    let line = format!("UID {verb} {uid} {to}");
    if let Err(Fault::No(_)) = command(session, &line, ANSWER, |_| ()).await {
        // The folder may be missing.
        let made = command(session, &format!("CREATE {to}"), ANSWER, |_| ()).await;
        refused(made)?;
        command(session, &line, ANSWER, |_| ()).await?;
    }
    crate::crash::reached("imap.moved");
    if !able.moves {
        command(session, &format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"), ANSWER, |_| ()).await?;
        if able.uidplus {
            command(session, &format!("UID EXPUNGE {uid}"), ANSWER, |_| ()).await?;
        }
    }
    Ok(())
}

async fn abilities(session: &mut Session) -> Result<Abilities, Fault> {
    use async_imap::imap_proto::Capability;
    let mut able = Abilities::default();
    command(session, "CAPABILITY", ANSWER, |r| {
        if let Response::Capabilities(all) = r {
            let has = |name: &str| all.iter().any(|c| matches!(c, Capability::Atom(a) if a.eq_ignore_ascii_case(name)));
            able = Abilities { idle: has("IDLE"), moves: has("MOVE"), uidplus: has("UIDPLUS") };
        }
    })
    .await?;
    Ok(able)
}

async fn search(session: &mut Session, criterion: &str) -> Result<Vec<u32>, Fault> {
    let mut found = Vec::new();
    command(session, &format!("UID SEARCH {criterion}"), ANSWER, |r| {
        if let Response::MailboxData(MailboxDatum::Search(uids)) = r {
            found.extend(uids);
        }
    })
    .await?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// RFC822.SIZE of mails, as far as the server tells.
async fn sizes(session: &mut Session, uids: &[u32]) -> Result<HashMap<u32, u32>, Fault> {
    let mut sizes = HashMap::new();
    for some in uids.chunks(200) {
        let set = some.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let told = command(session, &format!("UID FETCH {set} (UID RFC822.SIZE)"), ANSWER, |r| {
            if let Response::Fetch(_, attributes) = r {
                let uid = attributes.iter().find_map(|a| if let AttributeValue::Uid(u) = a { Some(*u) } else { None });
                let size =
                    attributes.iter().find_map(|a| if let AttributeValue::Rfc822Size(s) = a { Some(*s) } else { None });
                sizes.extend(uid.zip(size));
            }
        })
        .await;
        // One refusal (a mail that vanished, say) is no reason to fetch none.
        refused(told)?;
    }
    Ok(sizes)
}

/// The mail's bytes, at most `max` + 1 of them; None where the server sent none.
async fn fetch(session: &mut Session, uid: u32, max: u64) -> Result<Option<Vec<u8>>, Fault> {
    let limit = ANSWER + Duration::from_secs(max / SLOWEST);
    let mut found = None;
    command(session, &format!("UID FETCH {uid} (UID BODY.PEEK[]<0.{}>)", max.saturating_add(1)), limit, |r| {
        let Response::Fetch(_, attributes) = r else { return };
        // Servers send the flags of other mails at any time: the UID must be ours.
        let ours = attributes.iter().any(|a| matches!(a, AttributeValue::Uid(u) if *u == uid));
        let body = attributes.iter().find_map(|a| match a {
            AttributeValue::BodySection { section: None, data: Some(data), .. } => Some(data),
            _ => None,
        });
        if let (true, Some(body)) = (ours, body) {
            found = Some(body.to_vec());
        }
    })
    .await?;
    Ok(found)
}

/// Waits in IDLE for a change, for `time` at most, or for the stop.
async fn idle(session: Session, time: Duration, ctx: &mut Ctx) -> Result<Session, Fault> {
    let mut handle = session.idle();
    timeout(ANSWER, handle.init()).await.map_err(|_| Fault::Silent)??;
    {
        let (change, _interrupt) = handle.wait_with_timeout(time);
        tokio::select! {
            changed = timeout(time, change) => if let Ok(Err(e)) = changed { return Err(e.into()) },
            () = ctx.stop.asked() => {}
        }
    }
    Ok(timeout(ANSWER, handle.done()).await.map_err(|_| Fault::Silent)??)
}

/// Between half of a wait and all of it, so that many clients do not come back in step.
fn jittered(wait: Duration) -> Duration {
    let share = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
    wait / 2 + wait / 2 * share / 255
}

/// Appends a mail to the mailbox, unseen, as if it had been delivered.
///
/// # Errors
/// What is wrong, in words for an operator.
pub async fn append(config: &config::Intake, mail: &[u8]) -> Result<(), String> {
    let put = async {
        let mut session = connect::connect(config).await?;
        let folder = wire::mailbox_name(&config.folder);
        timeout(ANSWER, session.append(folder, None, None, mail)).await.map_err(|_| Fault::Silent)??;
        let _ = command(&mut session, "LOGOUT", Duration::from_secs(5), |_| ()).await;
        Ok::<_, Fault>(())
    };
    put.await.map_err(|e| format!("{}@{}: {e}", config.user, config.host))
}

/// Connects, logs in and selects, for `faxbridge check`.
pub async fn probe(config: &config::Intake) -> Result<String, String> {
    let at = format!("{}@{}", config.user, config.host);
    let look = async {
        let mut session = connect::connect(config).await?;
        let able = abilities(&mut session).await?;
        let folder = wire::mailbox_name(&config.folder);
        let mailbox = timeout(ANSWER, session.examine(&folder)).await.map_err(|_| Fault::Silent)??;
        let _ = command(&mut session, "LOGOUT", Duration::from_secs(5), |_| ()).await;
        Ok::<_, Fault>(format!(
            "{} has {} mails; {}",
            config.folder,
            mailbox.exists,
            if able.idle { "tells of new mail at once (IDLE)" } else { "is polled" }
        ))
    };
    look.await.map(|t| format!("{at}: {t}")).map_err(|e| format!("{at}: {e}"))
}
