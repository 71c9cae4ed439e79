//! Every route with every role: what the table of routes says is what happens.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use tower::ServiceExt;

use super::gate::Access;
use super::{Options, router, routes};
use crate::account::Role;
use crate::store::Store;
use crate::store::sessions::Terms;
use crate::store::testing::site;

pub(super) const TERMS: Terms = Terms { idle: 3_600_000, absolute: 3_600_000 };

pub(super) fn options() -> Options {
    Options {
        base_url: "http://localhost:8480".into(),
        secure: false,
        behind_proxy: false,
        demo_login: true,
        push: None,
        meeting_hosts: Vec::new(),
        terms: TERMS,
        prober: None,
        register_files: Vec::new(),
        due: Default::default(),
        retention: Default::default(),
        rules: crate::tuning::Workshop::open(std::path::Path::new(""), false).expect("rules").into(),
    }
}

/// What comes back, for whoever holds that cookie.
async fn ask(store: &Store, method: &Method, path: &str, cookie: Option<&str>) -> axum::response::Response {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost:8480")
        .header(header::ORIGIN, "http://localhost:8480")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, format!("faxbridge={cookie}"));
    }
    let request = request.body(Body::empty()).expect("a request");
    router(Arc::new(store.clone()), options()).oneshot(request).await.expect("an answer")
}

fn filled(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').expect("a closed name");
        out += before;
        out += if name.contains("number") { "1" } else { "none" };
        rest = after;
    }
    out + rest
}

#[tokio::test]
async fn every_route_lets_in_whom_it_names_and_nobody_else() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::open(site(dir.path()).await).await.expect("a store");
    let mut people = vec![(None, None)];
    for role in Role::ALL {
        let account = store.demo_account(role.as_str()).await.expect("an account");
        let cookie = store.sign_in(&account, "demo", TERMS).await.expect("a session");
        people.push((Some(account), Some(cookie)));
    }
    let mut seen = BTreeSet::new();
    for route in routes() {
        let path = filled(route.path);
        assert!(seen.insert((route.method.to_string(), route.path)), "{} twice", route.path);
        for (account, cookie) in &people {
            // Ends the session that the next route is to be asked with.
            if route.path == "/logout" {
                continue;
            }
            let answer = ask(&store, &route.method, &path, cookie.as_deref()).await;
            let status = answer.status();
            let to_the_door =
                answer.headers().get(header::LOCATION).is_some_and(|l| l.as_bytes().starts_with(b"/login?next="));
            let refused = status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN || to_the_door;
            let who = account.as_ref().map_or("nobody".into(), |a| a.roles.to_string());
            let what = format!("{} {path} as {who}: {status}", route.method);
            assert_eq!(!refused, route.access.admits(account.as_ref()), "{what}");
            if refused && account.is_none() && route.method == Method::GET {
                assert!(to_the_door || path.starts_with("/api/"), "{what}");
            }
            assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{what}");
        }
    }
    let open: Vec<&str> = routes().into_iter().filter(|r| r.access == Access::Open).map(|r| r.path).collect();
    for path in open {
        let ours = [
            "/login",
            "/setup",
            "/enrol/",
            "/assets/",
            "/feeds/",
            "/healthz",
            "/readyz",
            "/metrics",
            "/api/openapi.json",
            "/worker.js",
            "/manifest",
            "/icon",
        ];
        assert!(ours.iter().any(|p| path.starts_with(p)), "{path} is open to everybody");
    }
}

#[tokio::test]
async fn a_session_ends_by_itself_by_hand_and_with_its_account() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::open(site(dir.path()).await).await.expect("a store");
    let signed_in = async |store: &Store, role: &str| {
        let account = store.demo_account(role).await.expect("an account");
        store.sign_in(&account, "demo", TERMS).await.expect("a session")
    };
    let status = async |store: &Store, cookie: &str| ask(store, &Method::GET, "/account", Some(cookie)).await.status();

    let cookie = signed_in(&store, "viewer").await;
    assert_eq!(status(&store, &cookie).await, StatusCode::OK);
    assert_eq!(ask(&store, &Method::POST, "/logout", Some(&cookie)).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(status(&store, &cookie).await, StatusCode::SEE_OTHER, "signed out");

    let cookie = signed_in(&store, "viewer").await;
    for terms in [Terms { idle: 0, ..TERMS }, Terms { absolute: 0, ..TERMS }] {
        let late = store.sign_in(&store.demo_account("viewer").await.expect("an account"), "demo", terms).await;
        let late = late.expect("a session");
        assert!(store.who(&late, terms).await.expect("read").is_none());
    }
    let viewer = store.demo_account("viewer").await.expect("an account");
    store.demo_account("admin").await.expect("somebody who administers");
    store.disable_account(&viewer.id, true, "test").await.expect("disabled");
    assert_eq!(status(&store, &cookie).await, StatusCode::SEE_OTHER, "its account has ended");
    assert_eq!(status(&store, "made-up").await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_one_signs_in_with_is_changed_soon_after_a_proof_only() {
    let dir = tempfile::tempdir().expect("a folder");
    let time = Arc::new(std::sync::atomic::AtomicI64::new(jiff::Timestamp::now().as_millisecond()));
    let clock = time.clone();
    let clock: crate::store::Clock = Arc::new(move || clock.load(std::sync::atomic::Ordering::SeqCst));
    let store = Store::open_with(site(dir.path()).await, clock).await.expect("a store");
    let account = store.demo_account("viewer").await.expect("an account");
    let cookie = store.sign_in(&account, "password", TERMS).await.expect("a session");
    let status = async |method: Method, path: &str| ask(&store, &method, path, Some(&cookie)).await.status();
    assert_eq!(status(Method::GET, "/account/password").await, StatusCode::OK);
    time.fetch_add(6 * 60_000, std::sync::atomic::Ordering::SeqCst);
    let answer = ask(&store, &Method::GET, "/account/password", Some(&cookie)).await;
    assert_eq!(answer.headers()[header::LOCATION], "/account/prove?next=/account/password");
    assert_eq!(status(Method::GET, "/account").await, StatusCode::OK);
    assert_eq!(status(Method::POST, "/account/passkey/begin").await, StatusCode::CONFLICT);
    assert_eq!(status(Method::POST, "/account/credentials/password/drop").await, StatusCode::CONFLICT);
    let session = store.sessions(&account.id).await.expect("sessions").remove(0).session;
    store.prove(&account, &session, "passkey").await.expect("proved");
    assert_eq!(status(Method::GET, "/account/password").await, StatusCode::OK);
}
