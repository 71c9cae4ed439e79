//! From a configuration to a session that is logged in: name look-up, TLS, password, log-in; each step bounded.

use std::fmt::Debug;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_imap::imap_proto::{Response, Status};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::wire::{Fault, plain};
use crate::config::{self, Tls};

const STEP: Duration = Duration::from_secs(20);

pub trait Wire: AsyncRead + AsyncWrite + Unpin + Debug + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Debug + Send> Wire for T {}

pub type Session = async_imap::Session<Box<dyn Wire>>;
type Client = async_imap::Client<Box<dyn Wire>>;

/// Connects and logs in.
pub async fn connect(config: &config::Intake) -> Result<Session, Fault> {
    let password = password(config)?;
    let port = match (config.port, config.tls) {
        (0, Tls::Implicit) => 993,
        (0, _) => 143,
        (port, _) => port,
    };
    let address = (config.host.as_str(), port);
    let tcp = timeout(STEP, TcpStream::connect(address)).await.map_err(|_| Fault::Silent)??;
    let peer = tcp.peer_addr()?.ip();
    tcp.set_nodelay(true)?;
    let client = match config.tls {
        Tls::Implicit => greeted(encrypt(config, Box::new(tcp)).await?).await?,
        Tls::Starttls => {
            let mut client = greeted(Box::new(tcp)).await?;
            let start = client.run_command_and_check_ok("STARTTLS", None);
            timeout(STEP, start).await.map_err(|_| Fault::Silent)??;
            // What the server sent in clear after its answer is dropped with the old client.
            let clear = client.into_inner();
            async_imap::Client::new(encrypt(config, clear).await?)
        }
        Tls::None if is_loopback(peer) => greeted(Box::new(tcp)).await?,
        Tls::None => return Err(Fault::Setup("tls = \"none\" is allowed to this very machine only".into())),
    };
    match timeout(STEP, client.login(&config.user, &password)).await {
        Err(_) => Err(Fault::Silent),
        Ok(Ok(session)) => Ok(session),
        Ok(Err((async_imap::error::Error::No(text), _))) => {
            Err(Fault::Setup(format!("the log-in was refused (user, password_file): {}", plain(&text))))
        }
        Ok(Err((e, _))) => Err(e.into()),
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

async fn greeted(wire: Box<dyn Wire>) -> Result<Client, Fault> {
    let mut client = async_imap::Client::new(wire);
    let greeting = timeout(STEP, client.read_response()).await.map_err(|_| Fault::Silent)??.ok_or(Fault::Lost)?;
    match greeting.parsed() {
        Response::Data { status: Status::Ok, .. } => Ok(client),
        Response::Data { outcome, .. } => Err(Fault::No(plain(outcome.information.as_deref().unwrap_or("goodbye")))),
        _ => Err(Fault::Garbled),
    }
}

async fn encrypt(config: &config::Intake, wire: Box<dyn Wire>) -> Result<Box<dyn Wire>, Fault> {
    let tls = tls_config(&config.ca_file)?;
    let name = ServerName::try_from(config.host.clone())
        .map_err(|_| Fault::Setup(format!("{:?} is no name of a server", config.host)))?;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(tls));
    match timeout(STEP, connector.connect(name, wire)).await {
        Err(_) => Err(Fault::Silent),
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(e)) => match e.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
            Some(e) => Err(Fault::Setup(format!("TLS: {e} (a private authority goes into ca_file)"))),
            None => Err(Fault::Io(e.kind())),
        },
    }
}

/// The system's authorities, and the configured one.
fn tls_config(ca_file: &Path) -> Result<ClientConfig, Fault> {
    let setup = |e: String| Fault::Setup(format!("TLS: {e}"));
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if !ca_file.as_os_str().is_empty() {
        let named = |e: String| setup(format!("ca_file {}: {e}", ca_file.display()));
        let mut any = false;
        for cert in CertificateDer::pem_file_iter(ca_file).map_err(|e| named(e.to_string()))? {
            roots.add(cert.map_err(|e| named(e.to_string()))?).map_err(|e| named(e.to_string()))?;
            any = true;
        }
        if !any {
            return Err(named("holds no certificate".into()));
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| setup(e.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The password from its file, read anew for each connection so that a new one counts at once.
fn password(config: &config::Intake) -> Result<String, Fault> {
    let file = if config.password_file.as_os_str().is_empty() {
        let folder = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
            Fault::Setup("no password: set password_file, or load a credential of the source's name in systemd".into())
        })?;
        PathBuf::from(folder).join(&config.name)
    } else {
        config.password_file.clone()
    };
    let text =
        std::fs::read_to_string(&file).map_err(|e| Fault::Setup(format!("password file {}: {e}", file.display())))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
