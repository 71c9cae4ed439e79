//! What cannot be meant, named all at once.

use super::{Canary, Config, ENGINES, IntakeKind, Tls};

impl Config {
    /// What cannot be meant; empty where everything can.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut check = |ok: bool, what: &str| {
            if !ok {
                out.push(what.to_owned());
            }
        };
        check(!self.top.data_dir.as_os_str().is_empty(), "data_dir is missing: name the folder for the database");
        let tls = !self.web.tls_certificate.as_os_str().is_empty();
        match self.address() {
            None => check(false, "listen must be an address and a port, e.g. \"127.0.0.1:8480\""),
            Some(a) => check(
                a.ip().is_loopback() || tls || self.web.behind_proxy,
                "listen must be a loopback address, or [web] tls_certificate and tls_key (or behind_proxy) must be set: \
                 what goes over the network in the clear is patient data",
            ),
        }
        let https = self.base_url().starts_with("https://");
        check(!tls || https, "base_url must begin with https://, as the pages have a certificate");
        check(!self.web.behind_proxy || https, "base_url must name the https:// address of the proxy before the pages");
        check(
            !self.web.demo_login || (self.address().is_some_and(|a| a.ip().is_loopback()) && !self.web.behind_proxy),
            "web.demo_login lets anybody in: listen must be a loopback address then, and behind_proxy off",
        );
        check((1..=1440).contains(&self.web.idle_minutes), "web.idle_minutes must be 1 to 1440");
        check((1..=168).contains(&self.web.session_hours), "web.session_hours must be 1 to 168");
        check(ENGINES.contains(&self.reader.engine.as_str()), "reader.engine must be \"ppocr\" or \"tesseract\"");
        check(
            matches!(self.reader.second.as_str(), "none" | "tesseract"),
            "reader.second must be \"tesseract\" or \"none\"",
        );
        check((1..=64).contains(&self.reader.processes), "reader.processes must be 1 to 64");
        check(self.reader.page_seconds > 0, "reader.page_seconds must be at least 1");
        check((1..=256).contains(&self.work.jobs), "work.jobs must be 1 to 256");
        check(self.work.attempts > 0, "work.attempts must be at least 1");
        check(self.work.lease_seconds >= 5, "work.lease_seconds must be at least 5");
        check(self.versions.join_minutes <= 55, "versions.join_minutes must be at most 55");
        check(!self.notice.push || !self.notice.smtp.is_empty(), "notice.push needs a mail server, notice.smtp");
        let d = &self.database;
        let postgres = |url: &String| url.starts_with("postgres://") || url.starts_with("postgresql://");
        check(d.url.is_empty() || postgres(&d.url), "database.url must be postgres://…, or empty for SQLite");
        check(
            d.standbys.iter().all(postgres) && (d.listen_url.is_empty() || postgres(&d.listen_url)),
            "database.standbys and database.listen_url must be postgres://…",
        );
        check((2..=1000).contains(&d.connections), "database.connections must be 2 to 1000");
        check(self.blobs.url.is_empty() || self.blobs.url.starts_with("s3://"), "blobs.url must be s3://bucket/prefix");
        let c = &self.canary;
        check(
            c.times.iter().all(|t| Canary::minute(t).is_some()),
            "canary.times must be times of day, e.g. [\"06:00\", \"12:00\"]",
        );
        check(
            c.within_minutes > 0.0 && c.within_minutes <= 1440.0,
            "canary.within_minutes must be more than 0, and a day at most",
        );
        let r = &self.review;
        let (opens, closes) = (Canary::minute(&r.opens), Canary::minute(&r.closes));
        check(
            opens.zip(closes).is_some_and(|(o, c)| o < c),
            "review.opens and review.closes must be times of day, the first before the second",
        );
        check(r.urgent_minutes > 0 && r.step_minutes > 0, "review.urgent_minutes and step_minutes must be at least 1");
        check(
            r.routine_hours > 0.0 && r.routine_hours <= 240.0,
            "review.routine_hours must be more than 0, at most 240",
        );
        check(
            r.holidays.iter().all(|d| d.parse::<jiff::civil::Date>().is_ok()),
            "review.holidays must be dates, e.g. [\"2027-01-01\"]",
        );
        let t = &self.retention;
        let years = t.by_type.values().chain([&t.years, &t.elsewhere_years]);
        check(years.copied().all(|y| y <= 100), "retention: years must be at most 100; 0 is for ever");
        check(r.duty.iter().all(|m| m.contains('@')), "review.duty must be mail addresses");
        let s = &self.sample;
        check((0.0..=1.0).contains(&s.share), "sample.share must be 0 to 1");
        check(s.weekly <= 1000, "sample.weekly must be at most 1000");
        check((0.0..1.0).contains(&s.limit), "sample.limit must be 0 or more, below 1");
        check(
            self.backup.recipients.iter().all(|r| r.starts_with("age1")),
            "backup.recipients must be public keys, age1…: never put the secret AGE-SECRET-KEY-1… on this machine",
        );
        let mut names = std::collections::BTreeSet::new();
        for (n, i) in self.intake.iter().enumerate() {
            let at = format!("[[intake]] number {} ({:?})", n + 1, i.name);
            check(!i.name.is_empty(), &format!("{at}: name is missing"));
            check(names.insert(&i.name), &format!("{at}: another intake has the same name"));
            let mailed = i.canary_to.is_empty() || !self.notice.smtp.is_empty();
            check(mailed, &format!("{at}: canary_to needs a mail server, notice.smtp"));
            if i.kind == IntakeKind::Imap {
                check(!i.host.is_empty(), &format!("{at}: host is missing"));
                check(!i.user.is_empty(), &format!("{at}: user is missing"));
                let local = i.host == "localhost" || i.host.parse::<std::net::IpAddr>().is_ok_and(|a| a.is_loopback());
                check(i.tls != Tls::None || local, &format!("{at}: tls = \"none\" is allowed to loopback only"));
            } else {
                check(!i.path.as_os_str().is_empty(), &format!("{at}: path is missing"));
            }
        }
        out
    }
}
