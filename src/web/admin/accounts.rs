//! Users: invite, change, end, and the recovery of a lost phone by two administrators.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::frame::Frame;
use super::super::gate::{self, ADMIN, Route, User, get, post};
use super::super::{Failure, Web, view};
use crate::account::{self, Lang, Role, Roles, token};
use crate::store::StoreError;
use crate::store::accounts::{Account, NewAccount};
use crate::store::letters::Letter;
use crate::store::recovery::Recovery;

pub fn routes() -> Vec<Route> {
    vec![
        get(ADMIN, "/admin/accounts", list),
        post(ADMIN, "/admin/accounts", invite),
        get(ADMIN, "/admin/accounts/{id}", one),
        post(ADMIN, "/admin/accounts/{id}", change),
        post(ADMIN, "/admin/accounts/{id}/disable", disable),
        post(ADMIN, "/admin/accounts/{id}/enable", enable),
        post(ADMIN, "/admin/accounts/{id}/invite", invite_again),
        post(ADMIN, "/admin/accounts/{id}/recover", ask_recovery),
        post(ADMIN, "/admin/recoveries/{id}/agree", agree),
        post(ADMIN, "/admin/recoveries/{id}/refuse", refuse),
    ]
}

struct Line {
    id: String,
    name: String,
    login: String,
    mailbox: Option<String>,
    roles: Vec<&'static str>,
    disabled: bool,
    /// Invited, and nothing to sign in with yet.
    waits: bool,
}

struct Wanted {
    id: String,
    name: String,
    login: String,
    asker: String,
    at: String,
    /// Whoever looks at the page asked for it, or it is about them: another one has to agree.
    own: bool,
}

#[derive(Template)]
#[template(path = "admin/accounts.html")]
struct List {
    frame: Frame,
    lines: Vec<Line>,
    wanted: Vec<Wanted>,
    given: Given,
    fault: Option<String>,
    roles: Vec<(&'static str, &'static str, bool)>,
    mailboxes: Vec<String>,
}

/// What a form says of an account: name, address, mailbox, language; and `role-…` for each role that is ticked.
#[derive(Deserialize, Default)]
struct Given {
    #[serde(default)]
    name: String,
    #[serde(default)]
    login: String,
    #[serde(default)]
    mailbox: String,
    #[serde(flatten)]
    rest: HashMap<String, String>,
}

impl Given {
    fn roles(&self) -> Roles {
        Role::ALL.into_iter().filter(|r| self.rest.contains_key(&format!("role-{}", r.as_str()))).collect()
    }

    /// What the account is to be, or what is wrong with it.
    fn account(&self) -> Result<NewAccount, &'static str> {
        let login = account::login(&self.login)?;
        let mailbox = if self.mailbox.trim().is_empty() { login.clone() } else { account::login(&self.mailbox)? };
        let name = name(&self.name)?;
        if self.roles().is_empty() {
            return Err("権限を1つ以上選んでください");
        }
        let lang = Lang::parse(self.rest.get("lang").map_or("", String::as_str));
        Ok(NewAccount { login, name, roles: self.roles(), mailbox, lang })
    }
}

/// The name of a person, as it may stand in pages and mails.
pub fn name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 80 || text.chars().any(crate::model::is_deceptive) {
        return Err("お名前を確かめてください");
    }
    Ok(text.to_owned())
}

/// `GET /admin/accounts`
async fn list(State(web): State<Web>, user: User) -> Result<Response, Failure> {
    let given = Given { rest: HashMap::from([("role-viewer".into(), "on".into())]), ..Given::default() };
    shown(&web, &user, given, None).await
}

async fn shown(web: &Web, user: &User, given: Given, fault: Option<String>) -> Result<Response, Failure> {
    let frame = Frame::of(web, user, "admin").await?;
    let lang = user.lang();
    let mut lines = Vec::new();
    let waiting = web.store.without_credentials().await?;
    for a in web.store.accounts().await? {
        lines.push(Line {
            waits: waiting.contains(&a.id),
            mailbox: (a.mailbox != a.login).then_some(a.mailbox),
            roles: a.roles.iter().map(|r| r.name(lang)).collect(),
            disabled: a.disabled.is_some(),
            id: a.id,
            name: a.name,
            login: a.login,
        });
    }
    let own = |r: &Recovery| r.asked_by == user.account().id || r.account == user.account().id;
    let wanted = |r: Recovery| Wanted {
        own: own(&r),
        id: r.id,
        name: r.name,
        login: r.login,
        asker: r.asker,
        at: view::moment(r.asked, view::today()),
    };
    let ticked = given.roles();
    let page = List {
        lines,
        wanted: web.store.recoveries().await?.into_iter().map(wanted).collect(),
        roles: Role::ALL.into_iter().map(|r| (r.as_str(), r.name(lang), ticked.has(r))).collect(),
        mailboxes: web.store.mailboxes().await?,
        given,
        fault,
        frame: frame.clone(),
    };
    Ok(gate::html(&frame, page.render()?))
}

/// `POST /admin/accounts`
async fn invite(State(web): State<Web>, user: User, Form(given): Form<Given>) -> Result<Response, Failure> {
    let new = match given.account() {
        Ok(new) => new,
        Err(why) => return shown(&web, &user, given, Some(why.to_owned())).await,
    };
    let enrol = token::new();
    let letter = invitation(&web, &new.login, new.lang, &enrol);
    match web.store.invite(&new, &enrol, Some(&letter), user.actor()).await {
        Ok(id) => Ok(Redirect::to(&format!("/admin/accounts/{id}")).into_response()),
        Err(StoreError::Refused(why)) => shown(&web, &user, given, Some(why)).await,
        Err(e) => Err(e.into()),
    }
}

/// The mail that carries the link to choose how to sign in.
pub fn invitation(web: &Web, login: &str, lang: Lang, enrol: &str) -> Letter {
    let link = format!("{}/enrol/{enrol}", web.options.base_url);
    let body = match lang {
        Lang::Ja => format!(
            "faxbridge（病院からのFAXを部屋に届けるしくみ）の利用者に登録されました。\r\n\
             次のリンクを開き、サインイン方法を登録してください。リンクは3日間、1回だけ使えます。\r\n\r\n{link}\r\n\r\n\
             心当たりのない場合は、このメールを破棄してください。"
        ),
        Lang::En => format!(
            "You have been invited to faxbridge, which brings faxes from hospitals into patients' rooms.\r\n\
             Open this link and choose how you will sign in. It can be used once, within three days.\r\n\r\n{link}\r\n\r\n\
             If you did not expect this, ignore it."
        ),
    };
    Letter {
        key: format!("enrol-{}", token::hash(enrol)),
        recipient: login.to_owned(),
        subject: lang.say("【faxbridge】利用者登録のご案内", "[faxbridge] Your invitation").to_owned(),
        body,
        attached: None,
    }
}

#[derive(Template)]
#[template(path = "admin/account.html")]
struct One {
    frame: Frame,
    account: Account,
    roles: Vec<(&'static str, &'static str, bool)>,
    mailboxes: Vec<String>,
    waits: bool,
    /// Nobody else could agree to a recovery.
    alone: bool,
    created: String,
}

/// `GET /admin/accounts/{id}`
async fn one(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Response, Failure> {
    let account = web.store.account(&id).await?.ok_or(Failure::NotFound)?;
    let frame = Frame::of(&web, &user, "admin").await?;
    let ways = web.store.credentials(&id).await?.len();
    let page = One {
        roles: Role::ALL.into_iter().map(|r| (r.as_str(), r.name(user.lang()), account.roles.has(r))).collect(),
        mailboxes: web.store.mailboxes().await?,
        waits: ways == 0,
        alone: web.store.administrators().await? < 2,
        created: view::moment(account.created, view::today()),
        account,
        frame: frame.clone(),
    };
    Ok(gate::html(&frame, page.render()?))
}

/// `POST /admin/accounts/{id}`
async fn change(
    State(web): State<Web>,
    user: User,
    Path(id): Path<String>,
    Form(given): Form<Given>,
) -> Result<Redirect, Failure> {
    let refused = |why: &str| Failure::Refused(why.to_owned());
    let account = web.store.account(&id).await?.ok_or(Failure::NotFound)?;
    let given = Given { login: account.login.clone(), ..given };
    let new = given.account().map_err(refused)?;
    web.store.change_account(&id, &new.name, new.roles, &new.mailbox, user.actor()).await?;
    Ok(Redirect::to(&format!("/admin/accounts/{id}")))
}

/// `POST /admin/accounts/{id}/disable`
async fn disable(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    web.store.disable_account(&id, true, user.actor()).await?;
    Ok(Redirect::to("/admin/accounts"))
}

/// `POST /admin/accounts/{id}/enable`
async fn enable(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    web.store.disable_account(&id, false, user.actor()).await?;
    Ok(Redirect::to(&format!("/admin/accounts/{id}")))
}

/// `POST /admin/accounts/{id}/invite`
async fn invite_again(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    let account = web.store.account(&id).await?.ok_or(Failure::NotFound)?;
    let enrol = token::new();
    let letter = invitation(&web, &account.login, account.lang, &enrol);
    web.store.invite_again(&id, &enrol, &letter, user.actor()).await?;
    Ok(Redirect::to(&format!("/admin/accounts/{id}")))
}

/// `POST /admin/accounts/{id}/recover`
async fn ask_recovery(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    web.store.ask_recovery(&id, &user.account().id).await?;
    Ok(Redirect::to("/admin/accounts"))
}

/// `POST /admin/recoveries/{id}/agree`
async fn agree(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    let recovery = web.store.recoveries().await?.into_iter().find(|r| r.id == id);
    let recovery = recovery.ok_or_else(|| Failure::Refused("その再設定の依頼はもうありません".into()))?;
    let account = web.store.account(&recovery.account).await?.ok_or(Failure::NotFound)?;
    let recover = token::new();
    let link = format!("{}/enrol/{recover}", web.options.base_url);
    let letter = Letter {
        key: format!("recover-{}", token::hash(&recover)),
        recipient: account.login.clone(),
        subject: account.lang.say("【faxbridge】サインイン方法の再設定", "[faxbridge] Sign in anew").to_owned(),
        body: match account.lang {
            Lang::Ja => format!(
                "サインイン方法の再設定が、2人の管理者によって承認されました。\r\n\
                 次のリンクを開き、新しいサインイン方法を登録してください。登録すると、これまでの方法は使えなくなります。\r\n\
                 リンクは3日間、1回だけ使えます。\r\n\r\n{link}\r\n\r\n\
                 心当たりのない場合は、すぐに管理者に知らせてください。"
            ),
            Lang::En => format!(
                "Two administrators agreed that you sign in anew.\r\n\
                 Open this link and choose how you will sign in. What you used so far ends then.\r\n\
                 It can be used once, within three days.\r\n\r\n{link}\r\n\r\n\
                 If you did not ask for this, tell an administrator at once."
            ),
        },
        attached: None,
    };
    web.store.agree_recovery(&id, &user.account().id, &recover, &letter).await?;
    Ok(Redirect::to("/admin/accounts"))
}

/// `POST /admin/recoveries/{id}/refuse`
async fn refuse(State(web): State<Web>, user: User, Path(id): Path<String>) -> Result<Redirect, Failure> {
    web.store.refuse_recovery(&id, &user.account().id).await?;
    Ok(Redirect::to("/admin/accounts"))
}
