//! What the configuration asks for, as the parts want it; with secrets out of files or systemd credentials.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use crate::config::{Config, Switch, find_models};
use crate::pool::PoolOptions;
use crate::sink::mail::MailOptions;
use crate::store::{Site, blobs, db};
use crate::tuning::Workshop;

/// How to start the reading processes.
pub fn pool_options(config: &Config) -> PoolOptions {
    let r = &config.reader;
    PoolOptions {
        // Also when the program's file has been replaced since.
        exe: PathBuf::from("/proc/self/exe"),
        engine: r.engine.clone(),
        // An engine is no second opinion on itself.
        second: Some(r.second.clone()).filter(|s| s != "none" && *s != r.engine),
        models: find_models(&config.top.models),
        sandbox: config.top.sandbox == Switch::On,
        workers: r.processes,
        memory_mb: r.memory_mb,
        page_seconds: r.page_seconds,
        max_pages: r.max_pages,
        max_megapixels: r.max_megapixels,
        max_file_mb: r.max_file_mb,
        recycle_pages: r.recycle_pages,
    }
}

/// Where the store lies.
///
/// # Errors
/// A password or key cannot be read.
pub fn site(config: &Config) -> anyhow::Result<Site> {
    let (d, b) = (&config.database, &config.blobs);
    let mut database = db::Place {
        url: d.url.clone(),
        standbys: d.standbys.clone(),
        listen_url: d.listen_url.clone(),
        prepared: d.prepared,
        connections: d.connections,
        password: None,
    };
    if !d.url.is_empty() {
        database.password = secret(&d.password_file, "database").context("the password of the database")?;
    }
    let mut blobs = blobs::Place {
        url: b.url.clone(),
        endpoint: b.endpoint.clone(),
        region: b.region.clone(),
        ..blobs::Place::default()
    };
    if !b.url.is_empty()
        && let Some(keys) = secret(&b.credentials_file, "blobs").context("the access key of the blobs")?
    {
        let (id, key) = keys.split_once('\n').context("blobs.credentials_file must have two lines: id and secret")?;
        (blobs.access_key, blobs.secret_key) = (id.trim().to_owned(), key.trim().to_owned());
    }
    Ok(Site { data_dir: config.top.data_dir.clone(), database, blobs })
}

/// What stands in a file of secrets, or in the systemd credential of that name; none where neither is there.
pub(super) fn secret(file: &Path, credential: &str) -> anyhow::Result<Option<String>> {
    let mut file = file.to_owned();
    if file.as_os_str().is_empty() {
        let Some(dir) = std::env::var_os("CREDENTIALS_DIRECTORY") else { return Ok(None) };
        file = PathBuf::from(dir).join(credential);
        if !file.exists() {
            return Ok(None);
        }
    }
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The rules that the configuration names; what the city has on top of them stands in the store.
///
/// # Errors
/// A rules file that cannot be used, with its line.
pub fn open_rules(config: &Config) -> anyhow::Result<Arc<Workshop>> {
    Ok(Arc::new(Workshop::open(&config.top.rules, config.reader.accept_handwriting)?))
}

/// How notices are sent; none where no mail server is configured.
///
/// # Errors
/// The password of the mail server cannot be read.
pub fn mail_options(config: &Config) -> anyhow::Result<Option<MailOptions>> {
    let n = &config.notice;
    if n.smtp.is_empty() {
        return Ok(None);
    }
    let login = if n.user.is_empty() { None } else { Some((n.user.clone(), smtp_password(config)?)) };
    Ok(Some(MailOptions {
        smtp: n.smtp.clone(),
        login,
        ca_file: n.ca_file.clone(),
        from: n.from.clone(),
        patient_data: n.patient_data,
        timeout: Duration::from_secs(n.timeout_seconds.max(1)),
        base_url: config.base_url(),
    }))
}

fn smtp_password(config: &Config) -> anyhow::Result<String> {
    secret(&config.notice.password_file, "smtp")
        .context("the SMTP password")?
        .context("notice.user is set, but neither notice.password_file nor a systemd credential named smtp")
}
