//! SIGKILL at random moments, from the first instant of a start to idleness.

use std::time::{Duration, Instant};

use crate::client::get;
use crate::dice::Dice;
use crate::dovecot::Dovecot;
use crate::site::{Site, Tally};
use crate::{seed, setting, until};

/// Kills of one installation before everything is checked, at most.
const CHAPTER: u64 = 50;

/// How long a start takes here and now, until the pages answer.
fn start_up(site: &Site) -> Duration {
    let began = Instant::now();
    let daemon = site.home.spawn(&["run"]);
    until("the daemon answers", || get(site.home.port, "/healthz").filter(|(status, _)| *status == 200));
    daemon.kill();
    began.elapsed()
}

/// Runs the daemon for `life` while inputs come in, and kills it.
fn one_life(site: &mut Site, dice: &mut Dice, life: Duration) {
    let inputs = dice.below(4);
    let mut moments: Vec<Duration> = (0..inputs).map(|_| dice.within(Duration::ZERO, life)).collect();
    moments.sort();
    let words: &[&str] = if dice.percent(15) { &["run", "--drain"] } else { &["run"] };
    let began = Instant::now();
    let daemon = site.home.spawn(words);
    for at in moments {
        std::thread::sleep(at.saturating_sub(began.elapsed()));
        site.feed_any(dice);
    }
    std::thread::sleep(life.saturating_sub(began.elapsed()));
    // A drain may have ended by itself.
    daemon.kill();
}

/// So many kills of one installation, and the check.
fn chapter(seed: u64, kills: u64, resends: bool) -> Tally {
    let mut dice = Dice::new(seed);
    // A job that dies with the daemon too often goes to a person: not within one chapter, however slow the machine.
    let patient = format!("[work]\nattempts = {CHAPTER}");
    let mut site = Site::new().with_mailbox(Dovecot::start(), None).with(&patient);
    if resends {
        site = site.with_resends();
    }
    let start = start_up(&site);
    for _ in 0..kills {
        let life = match dice.below(100) {
            0..30 => dice.within(Duration::ZERO, start),
            30..85 => dice.within(start, start + Duration::from_millis(1500)),
            _ => dice.within(start + Duration::from_millis(1500), start + Duration::from_secs(4)),
        };
        one_life(&mut site, &mut dice, life);
    }
    let tally = site.settle();
    // Nothing is left to do, and doing nothing changes nothing.
    let before = (site.home.status(), site.post.mails().len());
    site.home.drain();
    assert_eq!((site.home.status(), site.post.mails().len()), before, "a second drain changed something");
    Tally { kills, ..tally }
}

#[test]
fn killed_at_random_moments_nothing_is_lost_and_nothing_stands_twice() {
    let (kills, seed) = (setting("FAXBRIDGE_KILLS", 25), seed());
    println!("seed {seed}, {kills} kills");
    // Of each two installations one knows re-sends.
    let most = kills.div_ceil(2).clamp(1, CHAPTER);
    let chapters = kills.div_ceil(most);
    let next = std::sync::atomic::AtomicU64::new(0);
    let total = std::sync::Mutex::new(Tally::default());
    // Most of a life is waiting for its moment.
    let side_by_side = setting("FAXBRIDGE_JOBS", 2).min(chapters);
    std::thread::scope(|scope| {
        for _ in 0..side_by_side {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    if n >= chapters {
                        return;
                    }
                    let of_this = most.min(kills - n * most);
                    let began = Instant::now();
                    let tally = chapter(seed.wrapping_add(n), of_this, n % 2 == 1);
                    println!("chapter {n} (seed {}): {tally:?} in {:.0?}", seed.wrapping_add(n), began.elapsed());
                    *total.lock().expect("the total") += tally;
                }
            });
        }
    });
    let total = total.into_inner().expect("the total");
    println!("seed {seed}: {total:?}");
    assert_eq!((total.kills, total.lost, total.twice), (kills, 0, 0));
}
