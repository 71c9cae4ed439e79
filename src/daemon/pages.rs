//! The pages' port: plain on loopback or behind a proxy, with TLS by rustls where the configuration names a certificate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use async_trait::async_trait;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::canary::Sender;
use super::{Role, setup::secret};
use crate::config::Config;
use crate::sink::mail::MailSink;
use crate::store::Store;
use crate::store::sessions::Terms;
use crate::tuning::Workshop;
use crate::web::push::PushTerms;
use crate::web::{Options, Probe};

/// Pages that are being sent when the daemon ends.
const FAREWELL: Duration = Duration::from_secs(3);
/// A browser that connects and then says nothing.
const SILENT: Duration = Duration::from_secs(20);

/// A port that is ours, with the certificate to show there.
pub struct Door {
    listener: std::net::TcpListener,
    tls: Option<RustlsConfig>,
}

/// Takes the port. A drain does its work without it where somebody else has it.
///
/// # Errors
/// The address is taken or not to be had, or the certificate cannot be used.
pub async fn open(config: &Config, role: &Role, drain: bool) -> anyhow::Result<Option<Door>> {
    let (address, tls) = match role {
        Role::Whole => (config.address(), certificate(config).await?),
        Role::Worker { listen: None, .. } => return Ok(None),
        Role::Worker { listen: Some(address), .. } => {
            if !address.ip().is_loopback() {
                bail!("a worker listens on a loopback address only");
            }
            (Some(*address), None)
        }
    };
    let address = address.context("listen must be an address and a port")?;
    match std::net::TcpListener::bind(address) {
        Ok(listener) => {
            listener.set_nonblocking(true).context("the pages' port")?;
            Ok(Some(Door { listener, tls }))
        }
        Err(e) if drain => {
            tracing::warn!(%address, error = %e, "no pages while draining");
            Ok(None)
        }
        Err(e) => bail!("listen = \"{address}\": {e}; another program has the port, or another faxbridge runs"),
    }
}

async fn certificate(config: &Config) -> anyhow::Result<Option<RustlsConfig>> {
    let file = &config.web.tls_certificate;
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let chain = std::fs::read(file).with_context(|| format!("web.tls_certificate {}", file.display()))?;
    let key = secret(&config.web.tls_key, "web-key")?.context("web.tls_key is missing: name the certificate's key")?;
    let tls = RustlsConfig::from_pem(chain, key.into_bytes()).await;
    let tls = tls.with_context(|| format!("web.tls_certificate {} and its key", file.display()))?;
    // HTTP/1.1 alone: over HTTP/2 a form that is refused before it was read is sometimes reset instead of answered.
    let mut told = rustls::ServerConfig::clone(&tls.get_inner());
    told.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(RustlsConfig::from_config(Arc::new(told))))
}

/// Shows the pages of a daemon, or what a worker has instead, until `stopped` turns true.
#[allow(clippy::too_many_arguments)] // what the pages need to know of the daemon
pub fn serve(
    door: Door,
    store: &Store,
    config: &Config,
    role: &Role,
    mail: Option<Arc<MailSink>>,
    push: Option<PushTerms>,
    rules: Arc<Workshop>,
    mut stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let base_url = config.base_url();
    let (idle, absolute) = (i64::from(config.web.idle_minutes), i64::from(config.web.session_hours));
    let options = Options {
        secure: base_url.starts_with("https://"),
        base_url,
        behind_proxy: config.web.behind_proxy,
        demo_login: config.web.demo_login,
        push,
        meeting_hosts: config.notice.meeting_hosts.clone(),
        terms: Terms { idle: idle * 60_000, absolute: absolute * 3_600_000 },
        prober: Some(Arc::new(Canaries(Sender::new(store.clone(), mail, config)))),
        register_files: register_files(config),
        due: super::overdue::terms(config),
        retention: super::retention::terms(config),
        rules,
    };
    let store = Arc::new(store.clone());
    let router = match role {
        Role::Whole => crate::web::router(store, options),
        Role::Worker { .. } => crate::web::watched(store, options),
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let handle = Handle::new();
    let farewell = handle.clone();
    tokio::spawn(async move {
        let _ = stopped.wait_for(|s| *s).await;
        farewell.graceful_shutdown(Some(FAREWELL));
    });
    tokio::spawn(async move {
        let Door { listener, tls } = door;
        let served = match tls {
            Some(tls) => match axum_server::from_tcp_rustls(listener, tls) {
                Ok(server) => server.handle(handle).first_request_timeout(SILENT).serve(service).await,
                Err(e) => Err(e),
            },
            None => match axum_server::from_tcp(listener) {
                Ok(server) => server.handle(handle).first_request_timeout(SILENT).serve(service).await,
                Err(e) => Err(e),
            },
        };
        if let Err(e) = served {
            tracing::error!(error = %e, "the pages ended");
        }
    })
}

/// Tests of sources are canaries.
struct Canaries(Sender);

#[async_trait]
impl Probe for Canaries {
    fn sources(&self) -> Vec<(String, String)> {
        self.0.sources().iter().map(|s| (s.name.clone(), format!("{:?}", s.kind).to_lowercase())).collect()
    }

    async fn send(&self, source: &str) -> Result<(), String> {
        let source = self.0.sources().iter().find(|s| s.name == source).ok_or("there is no such source")?;
        match self.0.send(source, None).await {
            Ok(sent) => sent.and_then(|s| s.failed).map_or(Ok(()), Err),
            Err(e) => Err(e.to_string()),
        }
    }
}

fn register_files(config: &Config) -> Vec<(&'static str, String)> {
    let r = &config.register;
    [("patient", &r.patients), ("institution", &r.institutions), ("office", &r.offices), ("staff", &r.staff)]
        .into_iter()
        .filter(|(_, file)| !file.as_os_str().is_empty())
        .map(|(key, file)| (key, file.display().to_string()))
        .collect()
}
