//! What stands round every page: menu, language, who is signed in; and the pages for what went wrong.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::gate::User;
use super::{Failure, Web};
use crate::account::{Lang, Role};

/// What every template has as `frame`.
#[derive(Default, Clone)]
pub struct Frame {
    /// The entry of the menu that the page belongs to.
    pub here: &'static str,
    /// Sheets that wait for a person; only for who decides about them.
    pub waiting: usize,
    /// Notices that were given up; only for who can send them again.
    pub given_up: i64,
    pub user: Option<User>,
    /// Anybody may sign in, as fictional people: this is no place for patients' data.
    pub demo: bool,
    lang: Lang,
    /// Of the style sheet and scripts, so that a new one is fetched at once and an old one never again.
    pub assets: &'static str,
}

impl Frame {
    /// # Errors
    /// The database cannot be read.
    pub async fn of(web: &Web, user: &User, here: &'static str) -> Result<Frame, Failure> {
        let (reviews, looks_after) =
            (user.has(Role::Reviewer), super::notices::UNDELIVERED.admits(Some(user.account())));
        // Where one of them is told, one question answers both.
        let (waiting, given_up) = if reviews || looks_after { web.store.counters().await? } else { (0, 0) };
        let (waiting, given_up) = (if reviews { waiting } else { 0 }, if looks_after { given_up } else { 0 });
        Ok(Frame { here, waiting, given_up, ..Frame::bare(web, Some(user)) })
    }

    /// Without what the store knows.
    pub fn bare(web: &Web, user: Option<&User>) -> Frame {
        Frame {
            here: "",
            waiting: 0,
            given_up: 0,
            user: user.cloned(),
            demo: web.options.demo_login,
            lang: user.map(User::lang).unwrap_or_default(),
            assets: super::assets::version(),
        }
    }

    /// The same in another language, for who is not signed in.
    #[must_use]
    pub fn speaking(self, lang: Lang) -> Frame {
        Frame { lang, ..self }
    }

    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// The words of this page's language.
    pub fn say<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.lang.say(ja, en)
    }

    fn has(&self, role: Role) -> bool {
        self.user.as_ref().is_some_and(|u| u.has(role))
    }

    pub fn sees_rooms(&self) -> bool {
        self.has(Role::Viewer) || self.has(Role::Reviewer) || self.has(Role::Rules)
    }

    pub fn reviews(&self) -> bool {
        self.has(Role::Reviewer)
    }

    /// Sees how the service is used.
    pub fn counts(&self) -> bool {
        self.user.as_ref().is_some_and(|u| super::figures::FIGURES.admits(Some(u.account())))
    }

    pub fn tunes(&self) -> bool {
        self.has(Role::Rules)
    }

    pub fn administers(&self) -> bool {
        self.has(Role::Admin)
    }

    pub fn name(&self) -> &str {
        self.user.as_ref().map_or("", |u| &u.account().name)
    }
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    frame: Frame,
    title: &'a str,
    text: &'a str,
}

/// Whether a script of ours asks, not a person.
fn is_for_scripts(path: &str) -> bool {
    path.starts_with("/api/") || ["/begin", "/finish", "/decide", "/hold"].iter().any(|end| path.ends_with(end))
}

/// The page, or for scripts the JSON, of what went wrong.
pub async fn failure(web: &Web, user: Option<&User>, path: &str, failure: &Failure) -> Response {
    let mut frame = match user {
        Some(user) => Frame::of(web, user, "").await.unwrap_or_else(|_| Frame::bare(web, Some(user))),
        None => Frame::bare(web, None),
    };
    frame.here = "";
    let (status, title, text) = match failure {
        Failure::NotFound => (
            StatusCode::NOT_FOUND,
            frame.say("見つかりません", "Not found"),
            frame.say("そのページはないか、見る権限がありません。", "There is no such page, or it is not open to you."),
        ),
        Failure::Forbidden => (
            StatusCode::FORBIDDEN,
            frame.say("この操作の権限がありません", "Not open to you"),
            frame.say("必要なときは、システム管理者に相談してください。", "Ask a system administrator if you need it."),
        ),
        Failure::SignIn => (
            StatusCode::UNAUTHORIZED,
            frame.say("サインインしてください", "Please sign in"),
            frame
                .say("時間がたったため、サインインし直してください。", "Your session has ended. Please sign in again."),
        ),
        Failure::Refused(why) => (StatusCode::CONFLICT, frame.say("できませんでした", "Not done"), why.as_str()),
        Failure::Malformed(why) => {
            (StatusCode::BAD_REQUEST, frame.say("内容を確かめてください", "This cannot be understood"), why.as_str())
        }
        Failure::Slow(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            frame.say("しばらくお待ちください", "Please wait"),
            frame.say(
                "失敗が続いたため、少し時間をおいてから、もう一度お試しください。",
                "Too many failures. Try again in a while.",
            ),
        ),
        Failure::Broken(what) => {
            tracing::error!(%what, "a page failed");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                frame.say("エラー", "Error"),
                frame.say(
                    "いま表示できません。しばらくしてから、もう一度お試しください。",
                    "This cannot be shown now. Try again later.",
                ),
            )
        }
    };
    let mut response = if is_for_scripts(path) {
        (status, axum::Json(serde_json::json!({"status": status.as_u16(), "title": title, "detail": text})))
            .into_response()
    } else {
        match (Message { frame: frame.clone(), title, text }).render() {
            Ok(html) => (status, Html(html)).into_response(),
            Err(_) => (status, text.to_owned()).into_response(),
        }
    };
    if path.starts_with("/api/") && matches!(failure, Failure::SignIn) {
        let bearer = axum::http::HeaderValue::from_static("Bearer");
        response.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, bearer);
    }
    if let Failure::Slow(seconds) = failure {
        response.headers_mut().insert(axum::http::header::RETRY_AFTER, (*seconds).into());
    }
    response
}
