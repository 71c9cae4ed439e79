//! Web Push in the daemon: the key out of the store, the browsers that stand there, and the sink that calls them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::config::Config;
use crate::sink::Sink;
use crate::sink::push::crypt::Key;
use crate::sink::push::{Directory, PushSink, Subscriber, allowed};
use crate::store::Store;
use crate::web::push::PushTerms;

/// What is ready to be used.
pub struct Push {
    pub sink: Arc<dyn Sink>,
    pub terms: PushTerms,
}

/// The store's list of browsers.
struct Browsers(Store);

#[async_trait]
impl Directory for Browsers {
    async fn subscriber(&self, id: &str) -> Result<Option<Subscriber>, String> {
        let known = self.0.subscription(id).await.map_err(|e| e.to_string())?;
        Ok(known.map(|s| Subscriber { endpoint: s.endpoint, p256dh: s.p256dh, auth: s.auth }))
    }

    async fn forget(&self, id: &str) -> Result<(), String> {
        self.0.forget_subscription(id).await.map_err(|e| e.to_string())
    }
}

/// Makes the key at the first use.
///
/// # Errors
/// The database refused, or what stands there is no key.
pub async fn prepare(store: &Store, config: &Config, contact: String) -> anyhow::Result<Push> {
    let secret = store.vapid(&Key::new().secret()).await?;
    let key = Key::parse(&secret)
        .ok_or_else(|| anyhow::anyhow!("the key of Web Push in the database (meta, vapid) is damaged"))?;
    let (hosts, timeout) =
        (config.notice.push_hosts.clone(), Duration::from_secs(config.notice.timeout_seconds.max(1)));
    let terms = PushTerms { key: key.public(), allows: allowed, hosts: hosts.clone() };
    let sink = PushSink::new(Browsers(store.clone()), key, contact, hosts, timeout).map_err(anyhow::Error::msg)?;
    Ok(Push { sink: Arc::new(sink), terms })
}
