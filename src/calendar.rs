//! Invitations as other people's calendars read them (iCalendar, RFC 5545; iTIP, RFC 5546), and which links may be followed.
//!
//! Pure. No patient data: whoever writes an entry takes care of that. Must not know any other module of the crate.

use icalendar::{Calendar, Component, Event, EventStatus, Property};
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};

/// Japan's time, for calendars that do not know it. The crate would give the parts of a time zone an UID each, which they
/// must not have (RFC 5545, 3.6.5).
const TOKYO: &str = "BEGIN:VTIMEZONE\r\nTZID:Asia/Tokyo\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n\
                     TZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nTZNAME:JST\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Invites, or changes what was said before.
    Request,
    Cancel,
}

/// One entry for one person.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub method: Method,
    /// The same for all that is ever said of this entry.
    pub uid: &'a str,
    /// Each change counts one up.
    pub sequence: i64,
    /// `2026-11-24T10:00` or `2026-11-24`, Japan's time.
    pub start: &'a str,
    /// It may be another time: a newer sheet could not be read for sure.
    pub tentative: bool,
    pub summary: &'a str,
    pub text: &'a str,
    pub place: Option<&'a str>,
    /// Of a meeting on the web.
    pub link: Option<&'a str>,
    /// Mail addresses.
    pub organizer: &'a str,
    pub attendee: &'a str,
    /// When this is said, milliseconds since 1970.
    pub said: i64,
}

/// The iCalendar object; none where `start` is no time.
pub fn object(entry: &Entry<'_>) -> Option<String> {
    let mut event = Event::with_uid(entry.uid);
    match entry.start.contains('T') {
        true => {
            let from: DateTime = entry.start.parse().ok()?;
            // How long it takes no sheet says.
            let until = from.checked_add(1.hour()).ok()?;
            for (key, at) in [("DTSTART", from), ("DTEND", until)] {
                let mut property = Property::new(key, at.strftime("%Y%m%dT%H%M%S").to_string());
                event.append_property(property.add_parameter("TZID", "Asia/Tokyo").done());
            }
        }
        false => {
            let day: Date = entry.start.parse().ok()?;
            let mut property = Property::new("DTSTART", day.strftime("%Y%m%d").to_string());
            event.append_property(property.add_parameter("VALUE", "DATE").done());
        }
    }
    let said = Timestamp::from_millisecond(entry.said).ok()?;
    event.add_property("DTSTAMP", said.strftime("%Y%m%dT%H%M%SZ").to_string());
    event.add_property("SEQUENCE", entry.sequence.to_string());
    event.add_property("SUMMARY", text(entry.summary));
    event.add_property("DESCRIPTION", text(entry.text));
    if let Some(place) = entry.place {
        event.add_property("LOCATION", text(place));
    }
    if let Some(link) = entry.link {
        event.add_property("URL", link);
    }
    event.status(match (entry.method, entry.tentative) {
        (Method::Cancel, _) => EventStatus::Cancelled,
        (_, true) => EventStatus::Tentative,
        (_, false) => EventStatus::Confirmed,
    });
    event.append_property(Property::new("ORGANIZER", format!("mailto:{}", entry.organizer)));
    // No answer is asked for: who comes is told to the hospital, not to us.
    let mut attendee = Property::new("ATTENDEE", format!("mailto:{}", entry.attendee));
    event.append_property(attendee.add_parameter("ROLE", "REQ-PARTICIPANT").add_parameter("RSVP", "FALSE").done());
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0"));
    calendar.append_property(("PRODID", "-//faxbridge//notices//JA"));
    calendar.append_property(("CALSCALE", "GREGORIAN"));
    calendar.append_property(("METHOD", if entry.method == Method::Cancel { "CANCEL" } else { "REQUEST" }));
    calendar.push(event.done());
    Some(folded(&calendar.to_string().replacen("BEGIN:VEVENT\r\n", &format!("{TOKYO}BEGIN:VEVENT\r\n"), 1)))
}

/// Lines of 75 bytes at most, broken between characters (RFC 5545, 3.1); the crate's own have one more where the last part
/// is full.
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.replace("\r\n ", "").split_terminator("\r\n") {
        let mut room = 75;
        for c in line.chars() {
            if c.len_utf8() > room {
                out.push_str("\r\n ");
                room = 74;
            }
            room -= c.len_utf8();
            out.push(c);
        }
        out.push_str("\r\n");
    }
    out
}

/// What may stand in a text; the crate escapes it.
fn text(value: &str) -> String {
    value.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

/// A read address, where it leads to one of `hosts` over https: a name, or `*.` and a domain for all names below it.
pub fn allowed<'a>(address: &'a str, hosts: &[String]) -> Option<&'a str> {
    let address = address.trim();
    let rest = address.strip_prefix("https://")?;
    if !address.bytes().all(|b| b.is_ascii_graphic()) || address.contains(['\\', '"', '<', '>']) {
        return None;
    }
    let host = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let fits = |allowed: &String| match allowed.strip_prefix("*.") {
        Some(domain) => {
            host.strip_suffix(&domain.to_ascii_lowercase()).is_some_and(|h| h.len() > 1 && h.ends_with('.'))
        }
        None => host == allowed.to_ascii_lowercase(),
    };
    // With a port, a name or a password in it, it is none of them.
    (!host.contains([':', '@']) && hosts.iter().any(fits)).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_is_what_calendars_understand() {
        let entry = Entry {
            method: Method::Request,
            uid: "u-1@example.jp",
            sequence: 2,
            start: "2026-11-24T10:30",
            tentative: false,
            summary: "退院前カンファレンス（みどり台総合病院; 新館, 2階）",
            text: "書類を開く:\nhttp://127.0.0.1:8480/documents/x",
            place: Some("第3会議室"),
            link: Some("https://zoom.us/j/1"),
            organizer: "faxbridge@example.jp",
            attendee: "a@example.jp",
            said: 1_763_859_600_000,
        };
        let ics = object(&entry).expect("an object");
        assert!(ics.split("\r\n").all(|l| l.len() <= 75), "{ics}");
        let unfolded = ics.replace("\r\n ", "");
        for line in [
            "METHOD:REQUEST",
            "TZID:Asia/Tokyo",
            "DTSTART;TZID=Asia/Tokyo:20261124T103000",
            "DTEND;TZID=Asia/Tokyo:20261124T113000",
            "DTSTAMP:20251123T010000Z",
            "UID:u-1@example.jp",
            "SEQUENCE:2",
            "STATUS:CONFIRMED",
            "SUMMARY:退院前カンファレンス（みどり台総合病院\\; 新館\\, 2階）",
            "DESCRIPTION:書類を開く:\\nhttp://127.0.0.1:8480/documents/x",
            "URL:https://zoom.us/j/1",
            "ORGANIZER:mailto:faxbridge@example.jp",
        ] {
            assert!(unfolded.lines().any(|l| l == line), "{line} is not in\n{ics}");
        }
        assert_eq!(unfolded.matches("UID:").count(), 1, "{ics}");
        assert!(unfolded.contains("RSVP=FALSE") && unfolded.contains(":mailto:a@example.jp"), "{ics}");
        assert!(ics.split("\r\n").all(|l| l.len() <= 75), "lines are folded: {ics}");

        let off = object(&Entry { method: Method::Cancel, start: "2026-11-24", ..entry.clone() }).expect("an object");
        assert!(off.contains("METHOD:CANCEL") && off.contains("STATUS:CANCELLED"), "{off}");
        assert!(off.contains("DTSTART;VALUE=DATE:20261124"), "{off}");
        assert!(object(&Entry { start: "soon", ..entry }).is_none());
    }

    #[test]
    fn a_link_leads_to_the_hosts_that_are_allowed_and_nowhere_else() {
        let hosts = ["zoom.us".to_owned(), "*.webex.com".to_owned()];
        for good in ["https://zoom.us/j/7568800281", "https://ZOOM.us?x=1", "https://a.b.webex.com/meet"] {
            assert_eq!(allowed(good, &hosts), Some(good));
        }
        for bad in [
            "http://zoom.us/j/1",
            "https://zoom.us.evil.example/j/1",
            "https://zoom.us@evil.example/",
            "https://zoom.us:8443/",
            "https://webex.com/",
            "https://evilwebex.com/",
            "https://evil.example/https://zoom.us/",
            "https://evil.example\\@zoom.us/",
            "javascript:alert(1)",
            "https://zoom.us/\u{202e}x",
        ] {
            assert_eq!(allowed(bad, &hosts), None, "{bad}");
        }
        assert_eq!(allowed("https://zoom.us/", &[]), None);
    }
}
