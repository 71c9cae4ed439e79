//! Faxes that come again, changed or in parts, as the store has them.

use super::*;

impl Bench {
    /// Receives and accepts a sheet of R-0001 that was found to be `of` one of those that stand there.
    pub(in crate::store) async fn comes(&self, name: &str, of: Option<(String, Bond)>) -> String {
        self.pass(1_000);
        self.receive("scan", name, name.as_bytes()).await;
        let sheets = [sheet(State::Posted, Some("R-0001"))];
        let job = self.claim().await.expect("a read job");
        self.store.commit_reading(&job, &Reading::default(), Vec::new(), &Reader::default()).await.expect("read");
        let job = self.claim().await.expect("an accept job");
        let (id, reader, _) = self.store.reading(&job.sha256).await.expect("reading");
        let among = self.store.standing("R-0001", "referral", 0).await.expect("standing");
        let kin = Kin { of, among: among.into_iter().map(|e| e.document).collect(), since: 0 };
        // Had another sheet come meanwhile, nothing would be decided.
        let stale = [Some(Kin { among: vec!["another".into()], ..kin.clone() })];
        let kin = [Some(kin)];
        let accepted = Accepted { kin: &kin, ..Accepted::news(&id, &sheets, &reader) };
        let moved = self.store.accept(&job, &Accepted { kin: &stale, ..accepted }).await;
        assert!(matches!(moved, Err(StoreError::Moved)), "{moved:?}");
        self.store.accept(&job, &accepted).await.expect("accept");
        crate::store::accept::document_id(&job.receipt, 0)
    }
    /// Mails of the queue: recipient and what they say changed.
    async fn notices(&self) -> Vec<(String, Option<Vec<String>>)> {
        let mut all = Vec::new();
        while let Some(d) = self.store.claim_delivery("mail", LEASE).await.expect("claim") {
            self.store.commit_delivery(&d, &Outcome::Sent { remote: "x".into() }).await.expect("sent");
            all.push((d.posting.document.clone(), d.posting.changed.clone()));
        }
        all
    }
}

#[tokio::test]
async fn a_fax_sent_again_is_shown_with_the_first_and_is_no_news() {
    let b = bench().await;
    let first = b.comes("a.tif", None).await;
    assert_eq!(b.notices().await.len(), 2);
    let again = b.comes("b.tif", Some((first.clone(), Bond::Again))).await;
    let third = b.comes("c.tif", Some((first.clone(), Bond::Again))).await;
    assert!(b.notices().await.is_empty(), "nobody is told");
    assert_eq!(b.store.timeline("R-0001", 10).await.expect("timeline").len(), 1);
    assert_eq!(b.store.review_list(10).await.expect("list").len(), 1, "what is unsure is so once");
    let lines = b.store.status().await.expect("status");
    let json = serde_json::to_value(&lines[1]).expect("json");
    assert_eq!((&json["state"], &json["documents"][0]["state"]), (&"posted".into(), &"posted".into()));
    assert_eq!(json["documents"][0]["room"], "R-0001");
    assert_eq!(json["reason"], "再送（最初の受信 2025年11月23日 10:00）");
    assert_eq!(lines[1].documents[0].postings, lines[0].documents[0].postings);
    assert_eq!(lines[1].documents[0].open_fields, None);
    let shown = b.store.document(&first).await.expect("document").expect("is there");
    assert_eq!(shown.line.resent.len(), 2);
    let shown = b.store.document(&again).await.expect("document").expect("is there");
    assert_eq!(shown.line.again_of.as_ref(), Some(&first));
    let edit = [("sender.institution".to_owned(), Edit::Confirm)];
    let refused = b.store.confirm_fields(&third, 1, &edit, "p").await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "it would come into the room a second time");
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn a_changed_fax_takes_the_place_of_the_older_one_and_is_told() {
    let b = bench().await;
    let first = b.comes("a.tif", None).await;
    b.notices().await;
    let differs = vec!["encounter.discharge_date".to_owned()];
    let second = b.comes("b.tif", Some((first.clone(), Bond::Version { differs: differs.clone() }))).await;
    assert_eq!(b.notices().await, vec![(second.clone(), Some(differs.clone())); 2]);
    let posts = b.store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!(posts.iter().map(|p| &p.document).collect::<Vec<_>>(), [&second]);
    assert_eq!(b.store.rooms("R-0001", 9, &crate::store::testing::reviewer()).await.expect("rooms").0[0].sheets, 1);
    let held = b.store.review_list(10).await.expect("list");
    assert_eq!(held.iter().map(|h| &h.document).collect::<Vec<_>>(), [&second], "only what stands is asked about");
    let old = b.store.document(&first).await.expect("document").expect("stays reachable");
    assert_eq!(old.line.after.as_ref(), Some(&second));
    let new = b.store.document(&second).await.expect("document").expect("is there");
    assert_eq!((new.line.before.map(|l| l.0), new.line.differs), (Some(first.clone()), differs));
    assert!(new.reason.expect("a reason").contains("退院(予定)日"));

    // Whoever still works on the older version does not bring it back.
    let edit = [("sender.institution".to_owned(), Edit::Confirm)];
    b.store.confirm_fields(&first, 1, &edit, "p").await.expect("confirm");
    assert_eq!(b.store.timeline("R-0001", 10).await.expect("timeline").len(), 1);
    b.store.confirm_fields(&second, 1, &edit, "p").await.expect("confirm");
    let posts = b.store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!((posts.len(), posts[0].document.as_str(), posts[0].revision), (1, second.as_str(), 2));

    // A third version replaces the second, in whatever revision.
    let third = b.comes("c.tif", Some((second.clone(), Bond::Version { differs: Vec::new() }))).await;
    let posts = b.store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!(posts.iter().map(|p| &p.document).collect::<Vec<_>>(), [&third]);
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn only_what_stands_in_the_same_room_is_compared_with() {
    let b = bench().await;
    let standing = async |room: &str| b.store.standing(room, "referral", 0).await.expect("standing");
    let first = b.comes("a.tif", None).await;
    assert!(standing("R-0002").await.is_empty(), "another room's sheet is none of its");
    assert!(b.store.standing("R-0001", "care_report", 0).await.expect("standing").is_empty());
    b.receive("scan", "b.tif", b"b").await;
    b.through(&[sheet(State::Review, Some("R-0001"))]).await;
    assert_eq!(standing("R-0001").await.len(), 1, "what waits for a person does not stand in the room yet");

    // A person's word does not count as what the paper says.
    let edit = Edit::Set(Value::One("2026-12-09".into()));
    b.store.confirm_fields(&first, 1, &[("encounter.discharge_date".to_owned(), edit)], "p").await.expect("confirm");
    let found = standing("R-0001").await;
    assert_eq!(found.iter().map(|e| &e.document).collect::<Vec<_>>(), [&first]);
    assert_eq!(found[0].content.text("encounter.discharge_date"), Some("2026-12-01".to_owned()));

    b.sql("UPDATE post SET withdrawn = 1 WHERE replaced IS NULL").await.expect("withdraw");
    assert!(standing("R-0001").await.is_empty(), "sent again, what was withdrawn is news");
}

#[tokio::test]
async fn a_file_that_holds_a_sheet_again_and_changed_shows_both() {
    let b = bench().await;
    let first = b.comes("a.tif", None).await;
    b.receive("scan", "b.tif", b"b").await;
    let job = b.claim().await.expect("a read job");
    b.store.commit_reading(&job, &Reading::default(), Vec::new(), &Reader::default()).await.expect("read");
    let job = b.claim().await.expect("an accept job");
    let (id, reader, _) = b.store.reading(&job.sha256).await.expect("reading");
    let kin = |bond| Some(Kin { of: Some((first.clone(), bond)), among: vec![first.clone()], since: 0 });
    let sheets = [sheet(State::Posted, Some("R-0001")), sheet(State::Posted, Some("R-0001"))];
    let kin = [kin(Bond::Again), kin(Bond::Version { differs: Vec::new() })];
    let accepted = Accepted { kin: &kin, ..Accepted::news(&id, &sheets, &reader) };
    b.store.accept(&job, &accepted).await.expect("accept");
    let posts = b.store.timeline("R-0001", 10).await.expect("timeline");
    assert_eq!(posts.len(), 2, "{posts:?}");
    assert!(posts.iter().all(|p| p.document != first));
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn whoever_dies_with_a_part_loses_none_and_ends_no_job_twice() {
    let b = bench().await;
    let mut jobs = Vec::new();
    for n in [1, 2] {
        b.receive("mail", &format!("1:{n}"), format!("page {n}").as_bytes()).await;
        let job = b.claim().await.expect("a read job");
        b.store.commit_reading(&job, &Reading::default(), Vec::new(), &Reader::default()).await.expect("read");
        jobs.push(b.claim().await.expect("an accept job"));
        b.pass(1_000);
    }
    let mut readings = Vec::new();
    for job in &jobs {
        readings.push(b.store.reading(&job.sha256).await.expect("reading").0);
    }
    let claim =
        |n: u32| crate::store::parts::Claim { fax: "fax", number: n, total: 2, reading: &readings[n as usize - 1] };
    let part = async |job: &Job, n: u32| b.store.part(job, &claim(n), 600_000).await.expect("part");
    let waits = part(&jobs[1], 2).await;
    assert!(matches!(waits, Stand::Wait(_)), "{waits:?}");
    // Both workers die with what they hold; the next finds the part registered, once.
    b.pass(LEASE + 1_000);
    let again = b.claim().await.expect("the first of them");
    let other = b.claim().await.expect("the second");
    assert_eq!((&again.receipt, &other.receipt), (&jobs[0].receipt, &jobs[1].receipt));
    assert_eq!(part(&other, 2).await, waits);
    assert_eq!(b.store.waiting_parts().await.expect("parts"), 1);
    let Stand::Go(bundle) = part(&again, 1).await else { panic!("both are there") };
    assert_eq!((bundle.members.len(), &bundle.leader), (2, &jobs[0].receipt));
    // The one whose receipt carries nothing is faster: the leader's job ends with it.
    let Stand::Go(bundle) = part(&other, 2).await else { panic!("both are there") };
    let (id, reader, _) = b.store.join(&bundle).await.expect("join");
    let sheets = [sheet(State::Posted, Some("R-0001"))];
    let accepted = Accepted { bundle: Some(&bundle), ..Accepted::news(&id, &sheets, &reader) };
    b.store.accept(&other, &accepted).await.expect("accept");
    let late = b.store.accept(&again, &accepted).await;
    assert!(matches!(late, Err(StoreError::Stale)), "{late:?}");
    assert_eq!(b.store.open_jobs().await.expect("jobs"), 0);
    assert_eq!(b.store.waiting_parts().await.expect("parts"), 0);
    assert_eq!(b.store.timeline("R-0001", 10).await.expect("timeline").len(), 1);
    let lines = b.store.status().await.expect("status");
    assert!(lines.iter().all(|l| l.state == "posted"), "{lines:#?}");
    assert!(b.faults().await.is_empty());
}

#[tokio::test]
async fn parts_wait_for_mails_that_nobody_has_looked_at_and_no_longer_than_their_window() {
    let b = bench().await;
    let mut mails = Vec::new();
    for n in [1, 2, 3] {
        mails.push(b.receive("mail", &format!("1:{n}"), format!("page {n}").as_bytes()).await.receipt_id);
        b.pass(1_000);
    }
    let mut jobs = Vec::new();
    for _ in &mails {
        jobs.push(b.claim().await.expect("a read job"));
    }
    let mut readings = Vec::new();
    // The second mail is not read yet: it may be what the third is taken for.
    for i in [0, 2] {
        b.store.commit_reading(&jobs[i], &Reading::default(), Vec::new(), &Reader::default()).await.expect("read");
        jobs[i] = b.claim().await.expect("an accept job");
        readings.push(b.store.reading(&jobs[i].sha256).await.expect("reading").0);
    }
    let part = async |job: &Job, n: u32, reading: &str| {
        let claim = crate::store::parts::Claim { fax: "fax", number: n, total: 2, reading };
        b.store.part(job, &claim, 600_000).await.expect("part")
    };
    part(&jobs[0], 1, &readings[0]).await;
    let soon = part(&jobs[2], 2, &readings[1]).await;
    assert!(matches!(soon, Stand::Wait(at) if at < b.store.now() + 10_000), "{soon:?}");
    b.pass(600_000);
    let stand = part(&jobs[2], 2, &readings[1]).await;
    assert!(matches!(&stand, Stand::Go(bundle) if bundle.members.len() == 2), "{stand:?}");
}
