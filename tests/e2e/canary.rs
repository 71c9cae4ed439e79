//! Canaries: they come through every kind of source into a room that nobody sees, and are missed where they do not.

use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

use faxbridge::decode::ccitt::{Coding, decode};
use serde_json::Value as Json;

use crate::client::get;
use crate::dovecot::Dovecot;
use crate::home::{Home, text};
use crate::mail::Mail;
use crate::smtp::Smtp;
use crate::until;

/// Where canaries are mailed to.
const FAX: &str = "fax@example.jp";
/// Generous: reading takes its time on a busy machine.
const PATIENT: &str = "[canary]\nwithin_minutes = 10";

/// Runs `faxbridge canary --wait …` and meanwhile brings each mail to [`FAX`] where `bring` does.
fn wait(home: &Home, words: &[&str], smtp: &Smtp, bring: impl Fn(Vec<u8>) + Sync) -> Output {
    let done = AtomicBool::new(false);
    let before = smtp.raw(FAX).len();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut brought = before;
            while !done.load(Ordering::Relaxed) {
                for mail in smtp.raw(FAX).into_iter().skip(brought).collect::<Vec<_>>() {
                    bring(mail);
                    brought += 1;
                }
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        });
        let out = home.run(&[&["canary", "--wait"], words].concat());
        done.store(true, Ordering::Relaxed);
        out
    })
}

/// All that is not a canary's own mail.
fn told(smtp: &Smtp) -> Vec<Mail> {
    smtp.mails().into_iter().filter(|m| m.to != FAX).collect()
}

fn rooms(lines: &[Json]) -> Vec<&str> {
    let documents = lines.iter().flat_map(|l| l["documents"].as_array().expect("documents"));
    documents.map(|d| d["room"].as_str().unwrap_or_default()).collect()
}

#[test]
fn canaries_come_through_every_source_into_a_room_that_nobody_sees() {
    let (dovecot, smtp) = (Dovecot::start(), Smtp::start());
    dovecot.make("Beside");
    let imap = |name: &str, more: &str| format!("{}\n{more}", dovecot.source(name));
    let home = Home::new()
        .folder()
        .maildir()
        .with(&imap("fax-mail", &format!("canary_to = \"{FAX}\"")))
        .with(&imap("beside", "folder = \"Beside\""))
        .with(PATIENT)
        .with(&smtp.table());
    let daemon = home.start();
    // What a mail server does that keeps the mailbox.
    let out = wait(&home, &[], &smtp, |mail| dovecot.deliver("canary.host", &mail));
    let said = text(&out.stdout);
    assert!(out.status.success(), "{said}{}\n{}", text(&out.stderr), home.log());
    for source in ["scan", "mails", "fax-mail", "beside"] {
        assert!(said.lines().any(|l| l.starts_with(&format!("{source}: arrived")) && l.contains("exactly")), "{said}");
    }
    assert!(said.contains("fax-mail: sent (mail)\n"), "{said}");
    assert!(said.contains("beside: sent (append); canary_to is not set"), "{said}");

    // The status tells of every receipt; nobody else hears or sees anything.
    let lines = home.settled(4);
    assert_eq!(rooms(&lines), ["canary"; 4], "{lines:#?}");
    assert!(lines.iter().all(|l| l["documents"][0]["reason"] == "定時の試験FAXです"), "{lines:#?}");
    for path in ["/", "/?q=canary", "/?q=%E9%B3%A5%E6%B5%B7", "/review"] {
        // What was searched for stands in the field again.
        let page = daemon.page(path).replace("value=\"鳥海\"", "");
        assert!(!page.contains("鳥海") && !page.contains("/documents/") && !page.contains("/rooms/canary"), "{page}");
    }
    assert_eq!(get(home.port, "/rooms/canary").map(|g| g.0), Some(404));
    assert_eq!(told(&smtp), []);

    let metrics = daemon.page("/metrics");
    for source in ["scan", "mails", "fax-mail", "beside"] {
        for (name, value) in
            [("canaries_sent", "1"), ("canaries_missed", "0"), ("canary_well", "1"), ("canary_wrong_fields", "0")]
        {
            let line = format!("faxbridge_{name}{{source=\"{source}\"}} {value}");
            assert!(metrics.contains(&line), "{line} is not in {metrics}");
        }
        assert!(metrics.contains(&format!("faxbridge_canary_route_seconds{{source=\"{source}\"}} ")), "{metrics}");
    }
    assert!(!metrics.contains("faxbridge_documents_total{type=\"referral\""), "{metrics}");

    // A copy of one is a sheet like any other, and an administrator hears of it.
    let scans = std::fs::read_dir(home.at("scan/processed")).expect("processed").flatten();
    let canary = scans.map(|e| e.path()).find(|p| p.display().to_string().contains("canary-")).expect("the canary");
    let mut copy = std::fs::read(canary).expect("the canary");
    copy.push(0);
    home.scan("copy.tif", &copy);
    let lines = home.settled(5);
    let copy = crate::home::line(&lines, "copy.tif");
    assert_eq!((&copy["state"], &copy["documents"][0]["room"]), (&"review".into(), &Json::Null), "{copy}");
    assert!(daemon.page("/review").contains("copy.tif"));
    let mails = until("an administrator hears of it", || Some(told(&smtp)).filter(|m| !m.is_empty()));
    assert!(mails.len() == 1 && mails[0].to == "admin@example.jp", "{mails:?}");

    assert!(daemon.stop().success());
    home.ok(&["audit", "verify"]);
    assert!(!home.log().contains("鳥海"));
}

#[test]
fn a_canary_that_does_not_come_is_an_alarm_until_one_does() {
    let smtp = Smtp::start();
    // The time that has just come; nobody brings what is mailed to the Maildir's address.
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)));
    let table = format!("[canary]\ntimes = [\"{}\"]\nwithin_minutes = 0.05", now.strftime("%H:%M"));
    let home = Home::new().folder().maildir();
    let home = home.with(&format!("canary_to = \"{FAX}\"")).with(&table).with(&smtp.table());
    std::fs::rename(home.at("scan"), home.at("elsewhere")).expect("rename");
    let daemon = home.start();
    let alarm = |what: &str| {
        until(&format!("the alarm: {what}"), || {
            told(&smtp).into_iter().find(|m| m.to == "admin@example.jp" && m.body.contains(what))
        })
    };
    let dead = alarm("canary of scan: no canary could be sent (folder)");
    assert!(dead.subject.contains("管理者の確認が必要です"), "{dead:?}");
    alarm("canary of mails: no canary arrived: sent ");
    let review = daemon.page("/review");
    for wanted in ["canary of scan", "canary of mails", "no canary arrived"] {
        assert!(review.contains(wanted), "{wanted} is not in {review}");
    }
    // Once for each set time, however often the daemon starts.
    assert_eq!(smtp.raw(FAX).len(), 1);
    assert!(daemon.stop().success());
    let home = home.replacing("within_minutes = 0.05", "within_minutes = 60");
    let daemon = home.start();
    until("the alarm stands again", || daemon.page("/review").contains("canary of mails").then_some(()));

    std::fs::rename(home.at("elsewhere"), home.at("scan")).expect("rename");
    let out = wait(&home, &[], &smtp, |mail| std::fs::write(home.at("mails/new/canary.host"), mail).expect("deliver"));
    assert!(out.status.success(), "{}{}\n{}", text(&out.stdout), text(&out.stderr), home.log());
    for source in ["scan", "mails"] {
        until("told that all is well", || {
            let well = |m: &Mail| m.subject.contains("復旧") && m.body.contains(&format!("canary of {source}"));
            told(&smtp).iter().any(well).then_some(())
        });
    }
    assert!(!daemon.page("/review").contains("canary of"));
    assert_eq!(smtp.raw(FAX).len(), 2);
    assert!(told(&smtp).iter().all(|m| m.to == "admin@example.jp"));
}

/// The canary's page without the row of drugs, and with a stroke over another.
fn garbled(mail: &[u8]) -> Vec<u8> {
    use mail_parser::MimeHeaders;
    let mail = mail_parser::MessageParser::default().parse(mail).expect("a mail");
    let tiff = mail.attachments().find(|a| a.attachment_name().is_some()).expect("an attachment").contents();
    let (width, height) = (1728, 2292);
    let mut gray = decode(&tiff[8..], width, height, Coding::Mh).gray;
    for y in 1290..1350 {
        gray[y * width + 435..y * width + 1580].fill(255);
    }
    for y in 1235..1250 {
        gray[y * width + 430..y * width + 1500].fill(0);
    }
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    // 204 dpi
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: 8031, yppu: 7717, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header().expect("header");
    writer.write_image_data(&gray).expect("pixels");
    drop(writer);
    out
}

#[test]
fn a_canary_that_is_read_otherwise_tells_which_fields() {
    let smtp = Smtp::start();
    let home = Home::new().maildir().with(&format!("canary_to = \"{FAX}\"")).with(PATIENT).with(&smtp.table());
    let daemon = home.start();
    let bring = |mail: Vec<u8>| {
        let mail = crate::route::mail_with("fax.png", garbled(&mail));
        std::fs::write(home.at("mails/new/garbled.host"), mail).expect("deliver");
    };
    let out = wait(&home, &["--source", "mails"], &smtp, bring);
    let said = text(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{said}");
    let told_of = |text: &str| text.contains("read wrongly: ") && text.contains("clinical.medications");
    assert!(told_of(&said), "{said}");
    let alarm = until("the alarm", || told(&smtp).into_iter().find(|m| m.body.contains("canary of mails")));
    assert!(alarm.to == "admin@example.jp" && told_of(&alarm.body), "{alarm:?}");
    assert_eq!(rooms(&home.settled(1)), ["canary"]);
    drop(daemon);

    let out = home.run(&["canary", "--source", "elsewhere"]);
    assert!(!out.status.success() && text(&out.stderr).contains("no [[intake]] is named"), "{out:?}");
}
