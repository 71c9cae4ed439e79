//! Who is signed in, and which pages that opens: every route says in one table what it asks of whoever comes
//! ([`Access`]), and a test walks all of them with every role. Rooms are a matter of membership beside, see [`User::sees`].

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::MethodRouter;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde_json::Value as Json;

use super::frame::Frame;
use super::{Failure, Web, frame, words};
use crate::account::scope::Scope;
use crate::account::{Lang, Role};
use crate::store::accounts::Account;
use crate::store::sessions::SignedIn;
use crate::store::tokens::Bearer;

/// Whom a route lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everyone who reaches the address.
    Open,
    /// Everyone who is signed in.
    SignedIn,
    /// Who has one of these roles.
    Roles(&'static [Role]),
}

/// Rooms and sheets; which of them is a matter of membership.
pub const ROOMS: Access = Access::Roles(&[Role::Viewer, Role::Reviewer, Role::Rules]);
/// What waits for a decision.
pub const REVIEW: Access = Access::Roles(&[Role::Reviewer]);
/// The service as a whole, without patients' sheets.
pub const ADMIN: Access = Access::Roles(&[Role::Admin]);

impl Access {
    pub fn admits(self, account: Option<&Account>) -> bool {
        match (self, account) {
            (Access::Open, _) => true,
            (_, None) => false,
            (Access::SignedIn, Some(_)) => true,
            (Access::Roles(any), Some(a)) => any.iter().any(|r| a.roles.has(*r)),
        }
    }
}

/// One line of the table of routes.
pub struct Route {
    pub access: Access,
    #[cfg_attr(not(test), allow(dead_code, reason = "the handler knows it; the test of all routes asks"))]
    pub method: Method,
    pub path: &'static str,
    pub handler: MethodRouter<Web>,
    /// What a token has to be for.
    pub tokens: Tokens,
}

/// What a route asks of a program that comes with a token, beside what it asks of everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    /// It is for people.
    None,
    /// A token of this scope.
    Of(Scope),
    /// Any.
    All,
}

impl Route {
    /// The same route, open to tokens of this scope as well.
    pub fn scoped(self, scope: Scope) -> Route {
        Route { tokens: Tokens::Of(scope), ..self }
    }

    /// The same route, open to every token as well.
    pub fn any_token(self) -> Route {
        Route { tokens: Tokens::All, ..self }
    }
}

/// A page.
pub fn get<H, T>(access: Access, path: &'static str, handler: H) -> Route
where
    H: axum::handler::Handler<T, Web>,
    T: 'static,
{
    Route { access, method: Method::GET, path, handler: axum::routing::get(handler), tokens: Tokens::None }
}

/// A change.
pub fn post<H, T>(access: Access, path: &'static str, handler: H) -> Route
where
    H: axum::handler::Handler<T, Web>,
    T: 'static,
{
    Route { access, method: Method::POST, path, handler: axum::routing::post(handler), tokens: Tokens::None }
}

/// Something that is put in the place of what was there.
pub fn put<H, T>(access: Access, path: &'static str, handler: H) -> Route
where
    H: axum::handler::Handler<T, Web>,
    T: 'static,
{
    Route { access, method: Method::PUT, path, handler: axum::routing::put(handler), tokens: Tokens::None }
}

/// Whoever asks for a page, once the gate let them in.
#[derive(Debug, Clone)]
pub struct User(pub SignedIn);

impl User {
    pub fn account(&self) -> &Account {
        &self.0.account
    }

    /// What the audit log and revisions know them by.
    pub fn actor(&self) -> &str {
        &self.0.account.login
    }

    pub fn has(&self, role: Role) -> bool {
        self.0.account.roles.has(role)
    }

    pub fn lang(&self) -> Lang {
        self.0.account.lang
    }

    /// Whether the token, if it is one, is for this.
    pub fn may(&self, scope: Scope) -> bool {
        self.0.scopes.is_none_or(|s| s.has(scope))
    }

    /// A room, if this person may see it: else it is as if there were none.
    pub async fn sees(&self, web: &Web, room: &str) -> Result<(), Failure> {
        if web.store.sees(self.account(), room).await? { Ok(()) } else { Err(Failure::NotFound) }
    }
}

impl FromRequestParts<Web> for User {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<User, Failure> {
        parts.extensions.get::<User>().cloned().ok_or(Failure::SignIn)
    }
}

impl OptionalFromRequestParts<Web> for User {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Option<User>, Self::Rejection> {
        Ok(parts.extensions.get::<User>().cloned())
    }
}

/// Where a request comes from, for slowing down those who guess. Behind a proxy of ours, what that says it is.
pub struct Peer(pub String);

impl FromRequestParts<Web> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Peer, Self::Rejection> {
        let direct = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip().to_string());
        // The proxy adds the last one; those before it anybody may have written.
        let told = parts.headers.get_all("x-forwarded-for").iter().next_back().and_then(|v| v.to_str().ok());
        let told = told.filter(|_| web.options.behind_proxy).and_then(|t| t.rsplit(',').next()).map(str::trim);
        Ok(Peer(told.map(str::to_owned).or(direct).unwrap_or_default()))
    }
}

/// Finds out who comes, and turns what a handler refused into a page in that person's language.
pub async fn identify(State(web): State<Web>, jar: CookieJar, mut request: Request, next: Next) -> Response {
    let token = jar.get(web.options.cookie()).map(|c| c.value().to_owned());
    let bearer = bearer(request.headers()).filter(|_| token.is_none() && request.uri().path().starts_with("/api/"));
    let mut user = None;
    if token.is_some() || bearer.is_some() {
        let found = match (&token, bearer) {
            (Some(token), _) => web.store.who(token, web.options.terms).await,
            (None, bearer) => web.store.bearer(bearer.unwrap_or_default()).await.map(|b| b.map(signed_in)),
        };
        match found {
            Ok(found) => user = found.map(User),
            Err(e) => return frame::failure(&web, None, request.uri().path(), &e.into()).await,
        }
    }
    if let Some(user) = &user {
        request.extensions_mut().insert(user.clone());
    }
    let path = request.uri().path_and_query().map(|p| p.as_str().to_owned()).unwrap_or_default();
    let page = request.method() == Method::GET;
    let lang = user.as_ref().map(User::lang).unwrap_or_default();
    let own = web.options.rules.now().own.clone();
    let mut response = words::speaking(lang, own, next.run(request)).await;
    match response.extensions_mut().remove::<super::Refusal>() {
        None => response,
        Some(refusal) if matches!(*refusal.0, Failure::SignIn) && page && !path.starts_with("/api/") => {
            Redirect::to(&format!("/login?next={}", encoded(&path))).into_response()
        }
        Some(refusal) => frame::failure(&web, user.as_ref(), &path, &refusal.0).await,
    }
}

/// The token that a program shows.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn signed_in(b: Bearer) -> SignedIn {
    SignedIn { account: b.account, session: b.token, way: "token".into(), scopes: Some(b.scopes) }
}

/// Lets in whom the route admits.
pub async fn require(access: Access, tokens: Tokens, request: Request, next: Next) -> Response {
    let user = request.extensions().get::<User>();
    let shown = user.and_then(|u| u.0.scopes);
    let in_scope = match tokens {
        Tokens::None => shown.is_none() || access == Access::Open,
        Tokens::Of(scope) => shown.is_none_or(|s| s.has(scope)),
        Tokens::All => true,
    };
    if in_scope && access.admits(user.map(User::account)) {
        return next.run(request).await;
    }
    let why = if user.is_none() { Failure::SignIn } else { Failure::Forbidden };
    why.into_response()
}

/// Where to go after signing in: a path of ours, never another site.
pub fn onward(next: Option<&str>) -> String {
    let ours = |n: &&str| n.starts_with('/') && !n.starts_with("//") && !n.contains(['\\', '\r', '\n', '\t']);
    next.filter(ours).unwrap_or("/").to_owned()
}

fn encoded(path: &str) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for b in path.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~/".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}

/// What the browser holds of a session.
pub fn cookie(web: &Web, token: String) -> Cookie<'static> {
    Cookie::build((web.options.cookie(), token))
        .path("/")
        .http_only(true)
        .secure(web.options.secure)
        // The link in a notice opens the page of who is signed in.
        .same_site(SameSite::Lax)
        .build()
}

/// Takes it away again.
pub fn no_cookie(web: &Web) -> Cookie<'static> {
    let mut gone = cookie(web, String::new());
    gone.make_removal();
    gone
}

/// An answer to a script of ours.
pub fn json(value: Json) -> Response {
    axum::Json(value).into_response()
}

/// A page.
pub fn html(frame: &Frame, text: String) -> Response {
    let language = header::HeaderValue::from_static(frame.lang().as_str());
    (StatusCode::OK, [(header::CONTENT_LANGUAGE, language)], Html(text)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_our_own_pages_only() {
        for (next, to) in [
            (Some("/documents/1?x=2"), "/documents/1?x=2"),
            (Some("//evil.example.com"), "/"),
            (Some("/\\evil.example.com"), "/"),
            (Some("https://evil.example.com"), "/"),
            (Some("/\t/evil.example.com"), "/"),
            (None, "/"),
        ] {
            assert_eq!(onward(next), to);
        }
        assert_eq!(encoded("/?q=柏&a=b"), "/%3Fq%3D%E6%9F%8F%26a%3Db");
    }
}
