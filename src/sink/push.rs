//! Notices by Web Push (RFC 8030): to a phone's screen, by way of the push service of whoever made its browser.
//!
//! What that service carries it cannot read ([`crypt`]), and no patient data stands in it all the same. It is spoken to only
//! where its host is allowed, so that a subscription cannot make us call any other address. Delivered at least once; a
//! second one takes the first's place on the screen.

pub mod crypt;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Sink, SinkError, wording};
use crate::model::{Posting, Purpose};
use crypt::Key;

/// A phone that is off for longer need not be told.
const KEPT_SECONDS: u64 = 86_400;
/// What every message is made to measure, bytes.
const PADDED: usize = 1024;
/// A signature is good for so long, seconds; at most a day (RFC 8292, 2).
const SIGNED_SECONDS: i64 = 12 * 3600;

/// A browser that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// Address at its push service.
    pub endpoint: String,
    /// Its public key and its authentication secret, base64url.
    pub p256dh: String,
    pub auth: String,
}

/// Who knows the browsers.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The browser of that id; none where it is not told any more.
    ///
    /// # Errors
    /// It cannot be asked now.
    async fn subscriber(&self, id: &str) -> Result<Option<Subscriber>, String>;

    /// Its push service does not know it any more.
    ///
    /// # Errors
    /// It cannot be told now.
    async fn forget(&self, id: &str) -> Result<(), String>;
}

/// Sends notices to push services.
pub struct PushSink<D> {
    directory: D,
    client: reqwest::Client,
    key: Key,
    contact: String,
    hosts: Vec<String>,
}

impl<D: Directory> PushSink<D> {
    /// `contact`: mail address for the push service; `hosts`: push services that are allowed ([`allowed`]).
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn new(
        directory: D,
        key: Key,
        contact: String,
        hosts: Vec<String>,
        timeout: Duration,
    ) -> Result<PushSink<D>, String> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(timeout)
            .user_agent("faxbridge")
            .build()
            .map_err(|e| format!("push services cannot be spoken to: {e}"))?;
        Ok(PushSink { directory, client, key, contact, hosts })
    }

    async fn send(&self, to: &Subscriber, posting: &Posting) -> Result<String, SinkError> {
        let origin = allowed(&to.endpoint, &self.hosts)
            .ok_or_else(|| SinkError::Never("the push service is not among notice.push_hosts".into()))?;
        let sealed = crypt::seal(text(posting).as_bytes(), PADDED, &to.p256dh, &to.auth)
            .map_err(|e| SinkError::Never(e.to_owned()))?;
        let until = jiff::Timestamp::now().as_second() + SIGNED_SECONDS;
        let answer = self
            .client
            .post(&to.endpoint)
            .header("TTL", KEPT_SECONDS.to_string())
            .header("Urgency", if posting.urgent() { "high" } else { "normal" })
            .header("Topic", topic(posting))
            .header("Content-Encoding", "aes128gcm")
            .header("Content-Type", "application/octet-stream")
            .header("Authorization", self.key.vapid(&origin, until, &self.contact))
            .body(sealed)
            .send()
            .await
            // Without the address, which is the subscription's secret.
            .map_err(|e| SinkError::Later(format!("the push service does not answer: {}", e.without_url())))?;
        let status = answer.status();
        match status.as_u16() {
            200..=299 => Ok(topic(posting)),
            404 | 410 => Err(SinkError::Gone("通知の登録は、もうありません".into())),
            408 | 429 | 500..=599 => Err(SinkError::Later(format!("the push service says {status}"))),
            _ => Err(SinkError::Never(format!("the push service says {status}"))),
        }
    }
}

#[async_trait]
impl<D: Directory> Sink for PushSink<D> {
    fn name(&self) -> &'static str {
        "push"
    }

    async fn post(&self, posting: &Posting) -> Result<String, SinkError> {
        let id = &posting.recipient;
        let known = self.directory.subscriber(id).await.map_err(SinkError::Later)?;
        let Some(to) = known else { return Err(SinkError::Gone("通知の登録は取り消されました".into())) };
        let sent = self.send(&to, posting).await;
        if matches!(sent, Err(SinkError::Gone(_))) {
            self.directory.forget(id).await.map_err(SinkError::Later)?;
        }
        sent
    }
}

/// What the browser shows, and where a tap leads.
fn text(posting: &Posting) -> String {
    let mut sender = wording::sender(posting);
    if sender.chars().count() > 60 {
        sender = sender.chars().take(60).chain(['…']).collect();
    }
    // Nobody has made sure of anything on a sheet that waits.
    let mut lines = match posting.purpose {
        Purpose::Held => vec!["確認をお願いします".to_owned()],
        Purpose::Post | Purpose::Notice => vec![format!("発信元: {sender}")],
    };
    let sure = posting.purpose != Purpose::Held;
    lines.extend(wording::deadlines(posting).iter().filter(|_| sure).map(|d| format!("期限: {d}")));
    let shown = json!({"title": wording::headline(posting), "body": lines.join("\n"), "url": wording::path(posting),
                       "tag": posting.document, "urgent": posting.urgent()});
    shown.to_string()
}

/// What has the same one takes the place of what the service has not delivered yet (RFC 8030, 5.4).
fn topic(posting: &Posting) -> String {
    hex::encode(&Sha256::digest(format!("{} {}", posting.document, posting.purpose.as_str()))[..16])
}

/// The origin of a push service's address, if it is one of `hosts` over https: a name, or `*.` and a domain for all names
/// below it. Plain http only to this machine, and only where that is named.
pub fn allowed(endpoint: &str, hosts: &[String]) -> Option<String> {
    let url = reqwest::Url::parse(endpoint).ok()?;
    let host = url.host_str()?.to_ascii_lowercase();
    let fits = |h: &String| match h.strip_prefix("*.") {
        Some(domain) => {
            host.strip_suffix(&domain.to_ascii_lowercase()).is_some_and(|h| h.len() > 1 && h.ends_with('.'))
        }
        None => host == h.to_ascii_lowercase(),
    };
    let secure = match url.scheme() {
        "https" => url.port().is_none(),
        "http" => host.parse::<std::net::IpAddr>().is_ok_and(|a| a.is_loopback()),
        _ => false,
    };
    let bare = url.username().is_empty() && url.password().is_none();
    (secure && bare && hosts.iter().any(fits)).then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_push_services_that_are_named_are_called() {
        let hosts = ["fcm.googleapis.com".to_owned(), "*.push.apple.com".to_owned()];
        let origin = allowed("https://fcm.googleapis.com/fcm/send/x", &hosts);
        assert_eq!(origin.as_deref(), Some("https://fcm.googleapis.com"));
        assert!(allowed("https://a.push.apple.com/x", &hosts).is_some());
        for bad in [
            "http://fcm.googleapis.com/x",
            "https://fcm.googleapis.com:8443/x",
            "https://u@fcm.googleapis.com/x",
            "https://fcm.googleapis.com.evil.example/x",
            "https://push.apple.com.evil/x",
            "https://127.0.0.1/x",
            "http://127.0.0.1:8480/x",
            "file:///etc/passwd",
            "x",
        ] {
            assert_eq!(allowed(bad, &hosts), None, "{bad}");
        }
        let local = ["127.0.0.1".to_owned()];
        assert_eq!(allowed("http://127.0.0.1:90/x", &local).as_deref(), Some("http://127.0.0.1:90"));
    }
}
