//! `accounts`: what needs the console and no browser: the code of the first set-up, a new start for the last
//! administrator, and the list of who may sign in.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use super::ConfigFile;
use super::import::actor;
use crate::account::{self, token};
use crate::config::Config;
use crate::daemon::site;
use crate::store::Store;

/// How long the code of the first set-up is good.
const SETUP_MS: i64 = 3_600_000;

#[derive(Debug, Subcommand)]
pub enum Accounts {
    /// Print the one-time code with which the first administrator is set up in the browser
    ///
    /// Good for an hour, once, and only until somebody has an account.
    SetupCode {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Print a link with which an account's holder chooses anew what to sign in with
    ///
    /// For a site whose only administrator lost the phone; where there are two, they do it in the browser. Good for three
    /// days, once; what the account signed in with before ends when it is used.
    Recover {
        /// Mail address of the account
        login: String,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// List who may sign in, with roles
    List {
        #[command(flatten)]
        config: ConfigFile,
    },
}

impl Accounts {
    fn config(&self) -> &ConfigFile {
        match self {
            Accounts::SetupCode { config } | Accounts::Recover { config, .. } | Accounts::List { config } => config,
        }
    }
}

pub async fn run(command: &Accounts, out: &mut impl Write) -> Result<ExitCode> {
    let config: Config = command.config().load()?;
    match command {
        Accounts::SetupCode { .. } => {
            let store = Store::open_beside(site(&config)?).await?;
            let code = token::code();
            store.set_up_with(&code, SETUP_MS, &actor()).await?;
            writeln!(out, "{code}\nEnter it within an hour at {}/setup", config.base_url())?;
            store.close().await;
        }
        Accounts::Recover { login, .. } => {
            let login = account::login(login).map_err(anyhow::Error::msg)?;
            let store = Store::open_beside(site(&config)?).await?;
            let recover = token::new();
            store.recover_from_console(&login, &recover, &actor()).await?;
            writeln!(out, "{}/enrol/{recover}", config.base_url())?;
            store.close().await;
        }
        Accounts::List { .. } => {
            for a in Store::open_read(site(&config)?).await?.accounts().await? {
                let state = if a.disabled.is_some() { "disabled" } else { "" };
                writeln!(out, "{}\t{}\t{}\t{}\t{state}", a.login, a.name, a.roles, a.mailbox)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
