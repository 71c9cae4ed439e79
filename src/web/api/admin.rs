//! Who may sign in.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::admin::accounts::{invitation, name};
use super::super::gate::{ADMIN, Route, User, get, post, put};
use super::super::{Failure, Web};
use super::{Body, Problems};
use crate::account::scope::Scope;
use crate::account::{self, Lang, Role, Roles, token};
use crate::store::accounts::NewAccount;
use crate::store::status::rfc3339;

pub fn routes() -> Vec<Route> {
    vec![
        get(ADMIN, "/api/v1/accounts", list).scoped(Scope::AdminRead),
        post(ADMIN, "/api/v1/accounts", invite).scoped(Scope::AdminWrite),
        get(ADMIN, "/api/v1/accounts/{id}", one).scoped(Scope::AdminRead),
        put(ADMIN, "/api/v1/accounts/{id}", change).scoped(Scope::AdminWrite),
        post(ADMIN, "/api/v1/accounts/{id}/disable", disable).scoped(Scope::AdminWrite),
        post(ADMIN, "/api/v1/accounts/{id}/enable", enable).scoped(Scope::AdminWrite),
    ]
}

/// Somebody who can sign in.
#[derive(Serialize, ToSchema)]
pub struct Account {
    id: String,
    /// Mail address.
    login: String,
    name: String,
    /// `viewer`, `reviewer`, `rules`, `admin`.
    roles: Vec<&'static str>,
    /// Address that rooms know this person by.
    mailbox: String,
    /// `ja`, `en`.
    language: &'static str,
    created: String,
    disabled: bool,
}

impl From<crate::store::accounts::Account> for Account {
    fn from(a: crate::store::accounts::Account) -> Account {
        Account {
            roles: a.roles.iter().map(Role::as_str).collect(),
            language: a.lang.as_str(),
            created: rfc3339(a.created),
            disabled: a.disabled.is_some(),
            id: a.id,
            login: a.login,
            name: a.name,
            mailbox: a.mailbox,
        }
    }
}

/// All accounts, those in force first.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts",
               responses((status = 200, body = Vec<Account>), Problems), security(("token" = ["admin:read"])))]
pub async fn list(State(web): State<Web>) -> Result<Json<Vec<Account>>, Failure> {
    Ok(Json(web.store.accounts().await?.into_iter().map(Account::from).collect()))
}

/// An account to be.
#[derive(Deserialize, ToSchema)]
pub struct Invited {
    /// Mail address, to which the invitation goes.
    login: String,
    name: String,
    roles: Vec<String>,
    /// The office's address, where rooms know this person by that one.
    mailbox: Option<String>,
    /// `ja` (else) or `en`.
    language: Option<String>,
}

/// What an account is to be from now on.
#[derive(Deserialize, ToSchema)]
pub struct Changed {
    name: String,
    roles: Vec<String>,
    mailbox: String,
}

fn roles(words: &[String]) -> Result<Roles, Failure> {
    let known: Option<Roles> =
        words.iter().map(|w| Role::parse(w)).collect::<Option<Vec<Role>>>().map(|r| r.into_iter().collect());
    known.filter(|r| !r.is_empty()).ok_or_else(|| Failure::Malformed("roles are viewer, reviewer, rules, admin".into()))
}

fn malformed(why: &str) -> Failure {
    Failure::Malformed(why.to_owned())
}

/// Makes an account; its holder is mailed a link to choose how to sign in.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", request_body = Invited,
               responses((status = 201, body = Account), Problems), security(("token" = ["admin:write"])))]
pub async fn invite(
    State(web): State<Web>,
    user: User,
    Body(wanted): Body<Invited>,
) -> Result<(StatusCode, Json<Account>), Failure> {
    let login = account::login(&wanted.login).map_err(malformed)?;
    let mailbox = match wanted.mailbox.as_deref().filter(|m| !m.trim().is_empty()) {
        Some(mailbox) => account::login(mailbox).map_err(malformed)?,
        None => login.clone(),
    };
    let new = NewAccount {
        name: name(&wanted.name).map_err(malformed)?,
        roles: roles(&wanted.roles)?,
        lang: Lang::parse(wanted.language.as_deref().unwrap_or_default()),
        login,
        mailbox,
    };
    let enrol = token::new();
    let letter = invitation(&web, &new.login, new.lang, &enrol);
    let id = web.store.invite(&new, &enrol, Some(&letter), user.actor()).await?;
    Ok((StatusCode::CREATED, found(&web, &id).await?))
}

async fn found(web: &Web, id: &str) -> Result<Json<Account>, Failure> {
    Ok(Json(web.store.account(id).await?.ok_or(Failure::NotFound)?.into()))
}

/// One account.
#[utoipa::path(get, path = "/api/v1/accounts/{id}", tag = "accounts", params(("id" = String, Path)),
               responses((status = 200, body = Account), Problems), security(("token" = ["admin:read"])))]
pub async fn one(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Account>, Failure> {
    found(&web, &id).await
}

/// Changes name, roles and mailbox. There is always an administrator.
#[utoipa::path(put, path = "/api/v1/accounts/{id}", tag = "accounts", params(("id" = String, Path)),
               request_body = Changed, responses((status = 200, body = Account), Problems),
               security(("token" = ["admin:write"])))]
pub async fn change(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Body(wanted): Body<Changed>,
) -> Result<Json<Account>, Failure> {
    let Json(_) = found(&web, &id).await?;
    let (name, mailbox) = (name(&wanted.name), account::login(&wanted.mailbox));
    let (name, mailbox) = (name.map_err(malformed)?, mailbox.map_err(malformed)?);
    web.store.change_account(&id, &name, roles(&wanted.roles)?, &mailbox, user.actor()).await?;
    found(&web, &id).await
}

/// Ends an account with all its sessions and tokens.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/disable", tag = "accounts", params(("id" = String, Path)),
               responses((status = 200, body = Account), Problems), security(("token" = ["admin:write"])))]
pub async fn disable(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Json<Account>, Failure> {
    let Json(_) = found(&web, &id).await?;
    web.store.disable_account(&id, true, user.actor()).await?;
    found(&web, &id).await
}

/// Lets an account in again.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/enable", tag = "accounts", params(("id" = String, Path)),
               responses((status = 200, body = Account), Problems), security(("token" = ["admin:write"])))]
pub async fn enable(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Json<Account>, Failure> {
    let Json(_) = found(&web, &id).await?;
    web.store.disable_account(&id, false, user.actor()).await?;
    found(&web, &id).await
}
