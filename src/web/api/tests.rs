//! The API as programs see it: what its description says is what is there, and a token opens no more than it is for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use serde_json::{Value as Json, json};
use tower::ServiceExt;
use utoipa::OpenApi;

use super::super::gate::Tokens;
use super::super::tests::{TERMS, options};
use super::super::{Options, router, routes};
use crate::account::scope::{Scope, Scopes};
use crate::account::{Lang, Role, Roles};
use crate::model::Reader;
use crate::reading::{Page, Reading};
use crate::store::accept::{Accepted, Sheet};
use crate::store::accounts::{Account, NewAccount};
use crate::store::testing::site;
use crate::store::{Meta, Register, Store};
use crate::tuning::Workshop;

struct Site {
    store: Store,
    rules: Arc<Workshop>,
    _dir: tempfile::TempDir,
}

impl Site {
    async fn new() -> Site {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(site(dir.path()).await).await.expect("a store");
        let room = |id: &str, mail: &str| crate::store::registers::Record {
            id: id.into(),
            data: json!({"room_id": id, "name": "柏 花子", "kana": "", "birth_date": "", "sex": "", "postal_code": "",
                         "address": "", "phones": [], "insurer_number": "", "insured_number": "", "members": [mail]}),
            room: Some(crate::store::registers::RoomFacts {
                name: "柏 花子".into(),
                members: vec![mail.into()],
                ..Default::default()
            }),
            ..Default::default()
        };
        let rooms = [room("R-0001", "nurse@example.jp"), room("R-0002", "other@example.jp")];
        store.import(Register::Patients, &rooms, "test").await.expect("import");
        Site { store, rules: options().rules, _dir: dir }
    }

    async fn account(&self, login: &str, roles: Roles) -> Account {
        let new = NewAccount { login: login.into(), name: "人".into(), roles, mailbox: login.into(), lang: Lang::Ja };
        let id = self.store.invite(&new, &crate::account::token::new(), None, "test").await.expect("an account");
        self.store.account(&id).await.expect("read").expect("there")
    }

    async fn token(&self, account: &Account, scopes: &str) -> String {
        self.store.make_token(account, "test", Scopes::parse(scopes), 60_000).await.expect("a token")
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Json>) -> (StatusCode, Json) {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost:8480");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |b| Body::from(b.to_string()));
        let router = router(Arc::new(self.store.clone()), Options { rules: self.rules.clone(), ..options() });
        let answer = router.oneshot(request.body(body).expect("a request")).await.expect("an answer");
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
        let text = || String::from_utf8(bytes.to_vec()).ok().filter(|t| !t.is_empty()).map_or(Json::Null, Json::String);
        (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| text()))
    }

    async fn with(&self, token: &str, method: &str, path: &str, body: Option<Json>) -> (StatusCode, Json) {
        self.ask(method, path, &[("authorization", &format!("Bearer {token}"))], body).await
    }
}

#[tokio::test]
async fn the_description_names_every_route_with_its_scope() {
    let text = super::Description::openapi().to_json().expect("JSON");
    let described: Json = serde_json::from_str(&text).expect("JSON");
    assert!(described["openapi"].as_str().is_some_and(|v| v.starts_with("3.1")), "{}", described["openapi"]);
    let mut there = BTreeMap::new();
    for route in routes().into_iter().filter(|r| r.path.starts_with("/api/v1/")) {
        let scope: Vec<&str> = match route.tokens {
            Tokens::Of(scope) => vec![scope.as_str()],
            _ => vec![],
        };
        there.insert((route.method.as_str().to_lowercase(), route.path.to_owned()), json!([{"token": scope}]));
    }
    let mut said = BTreeMap::new();
    for (path, operations) in described["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let summary = operation["summary"].as_str().or_else(|| operation["description"].as_str());
            assert!(summary.is_some_and(|s| !s.is_empty()), "{method} {path} says nothing");
            said.insert((method.clone(), path.clone()), operation["security"].clone());
        }
    }
    assert_eq!(said, there);
    // Nothing is referred to that is not there.
    let mut missing = BTreeSet::new();
    for part in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().expect("a name");
        if described["components"]["schemas"][name].is_null() {
            missing.insert(name.to_owned());
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn a_token_opens_what_it_is_for_and_no_more_than_its_account() {
    let s = Site::new().await;
    let nurse = s.account("nurse@example.jp", Role::Viewer.into()).await;
    let admin = s.account("admin@example.jp", Role::Admin.into()).await;
    let all: Scopes = Scope::ALL.into_iter().collect();
    let token = s.store.make_token(&nurse, "all", all, 60_000).await.expect("a token");
    let (status, me) = s.with(&token, "GET", "/api/v1/me", None).await;
    assert_eq!((status, me["login"].as_str()), (StatusCode::OK, Some("nurse@example.jp")));
    assert_eq!(s.with(&token, "GET", "/api/v1/rooms/R-0001", None).await.0, StatusCode::OK);
    assert_eq!(s.with(&token, "GET", "/api/v1/rooms/R-0002", None).await.0, StatusCode::NOT_FOUND, "not a member");
    assert_eq!(s.with(&token, "GET", "/api/v1/rooms/none", None).await.0, StatusCode::NOT_FOUND);
    for path in ["/api/v1/accounts", "/api/v1/review", "/api/v1/receipts", "/api/v1/undelivered"] {
        let (status, problem) = s.with(&token, "GET", path, None).await;
        assert_eq!((status, problem["status"].as_i64()), (StatusCode::FORBIDDEN, Some(403)), "{path}");
    }
    for page in ["/account", "/account/tokens", "/rooms/R-0001"] {
        assert_eq!(s.with(&token, "GET", page, None).await.0, StatusCode::SEE_OTHER, "a token opens no page: {page}");
    }
    assert!(s.store.tokens(&nurse.id).await.expect("tokens")[0].used.is_some());

    let few = s.token(&admin, "admin:read").await;
    assert_eq!(s.with(&few, "GET", "/api/v1/accounts", None).await.0, StatusCode::OK);
    let wanted = json!({"login": "new@example.jp", "name": "新しい人", "roles": ["viewer"]});
    let path = "/api/v1/accounts";
    assert_eq!(s.with(&few, "POST", path, Some(wanted.clone())).await.0, StatusCode::FORBIDDEN, "out of scope");
    let more = s.token(&admin, "admin:read,admin:write").await;
    let (status, made) = s.with(&more, "POST", path, Some(wanted)).await;
    assert_eq!((status, made["roles"][0].as_str()), (StatusCode::CREATED, Some("viewer")));
    let (status, problem) = s.with(&more, "POST", path, Some(json!({"login": 3}))).await;
    assert_eq!((status, problem["status"].as_i64()), (StatusCode::BAD_REQUEST, Some(400)));

    // It ends by hand, with its account, and with its time.
    let id = s.store.tokens(&admin.id).await.expect("tokens").remove(0).id;
    s.store.drop_token(&nurse, &id).await.expect("not another's");
    assert_eq!(s.with(&more, "GET", "/api/v1/me", None).await.0, StatusCode::OK);
    s.store.drop_token(&admin, &id).await.expect("dropped");
    s.store.disable_account(&nurse.id, true, "test").await.expect("disabled");
    let short = s.store.make_token(&admin, "short", all, 1).await.expect("a token");
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    for gone in [more.as_str(), &token, &short, "fbx_made-up", ""] {
        assert_eq!(s.with(gone, "GET", "/api/v1/me", None).await.0, StatusCode::UNAUTHORIZED, "{gone}");
    }
}

#[tokio::test]
async fn changes_need_a_token_or_our_own_page() {
    let s = Site::new().await;
    let nurse = s.account("nurse@example.jp", Role::Viewer.into()).await;
    let (path, choice) = ("/api/v1/preference", json!({"digest": ["17:00", "08:00"]}));
    let token = s.token(&nurse, "notices:read,notices:write").await;
    let (status, saved) = s.with(&token, "PUT", path, Some(choice.clone())).await;
    assert_eq!((status, saved["digest"].clone()), (StatusCode::OK, json!(["08:00", "17:00"])));
    assert_eq!(s.with(&token, "GET", path, None).await.1, saved);
    assert_eq!(s.with(&token, "PUT", path, Some(json!({"digest": ["25:00"]}))).await.0, StatusCode::BAD_REQUEST);

    let cookie = format!("faxbridge={}", s.store.sign_in(&nurse, "passkey", TERMS).await.expect("a session"));
    let bearer = format!("Bearer {token}");
    let ours = ("origin", "http://localhost:8480");
    let put = async |headers: &[(&str, &str)]| s.ask("PUT", path, headers, Some(choice.clone())).await.0;
    assert_eq!(put(&[("cookie", &cookie), ours]).await, StatusCode::OK);
    assert_eq!(put(&[("cookie", &cookie)]).await, StatusCode::FORBIDDEN, "from nowhere");
    assert_eq!(put(&[("cookie", &cookie), ("origin", "https://evil.example.com")]).await, StatusCode::FORBIDDEN);
    assert_eq!(put(&[("cookie", &cookie), ("authorization", &bearer)]).await, StatusCode::FORBIDDEN, "a cookie counts");
    assert_eq!(put(&[ours]).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_sheet_goes_through_the_api_and_unsure_values_are_no_values() {
    let s = Site::new().await;
    let document = s.held().await;
    let reviewer = s.account("r@example.jp", Role::Reviewer.into()).await;
    let token = s.token(&reviewer, "rooms:read,review:read,review:write,receipts:read").await;
    let (_, waiting) = s.with(&token, "GET", "/api/v1/review", None).await;
    assert_eq!(waiting[0]["document"], json!(document));
    let path = format!("/api/v1/documents/{document}");
    let (status, sheet) = s.with(&token, "GET", &path, None).await;
    assert_eq!(
        (status, sheet["state"].as_str(), sheet["revision"].as_i64()),
        (StatusCode::OK, Some("review"), Some(1))
    );

    let room = format!("{path}/room");
    let (status, _) = s.with(&token, "POST", &room, Some(json!({"revision": 9, "room": "R-0001"}))).await;
    assert_eq!(status, StatusCode::CONFLICT, "somebody else was faster");
    let chosen = json!({"revision": 1, "room": "R-0001"});
    for _ in 0..2 {
        let (status, sheet) = s.with(&token, "POST", &room, Some(chosen.clone())).await;
        assert_eq!((status, sheet["room"].as_str()), (StatusCode::OK, Some("R-0001")));
    }
    assert_eq!(s.with(&token, "GET", "/api/v1/receipts", None).await.1[0]["state"], "posted");
    let nurse = s.account("nurse@example.jp", Role::Viewer.into()).await;
    let reads = s.token(&nurse, "rooms:read").await;
    let (_, rooms) = s.with(&reads, "GET", "/api/v1/rooms", None).await;
    assert_eq!((rooms["rooms"].as_array().map(Vec::len), rooms["rooms"][0]["id"].as_str()), (Some(1), Some("R-0001")));
    let (status, history) = s.with(&reads, "GET", &format!("{path}/history"), None).await;
    assert_eq!((status, history["revisions"][1]["by"].as_str()), (StatusCode::OK, Some("r@example.jp")));
    assert!(!history.to_string().contains("@example.jp\",\"state"), "addresses are for who decides: {history}");

    let field: crate::model::Field = serde_json::from_value(json!({
        "value": "柏 花子", "raw": "柏 花子", "page": 1, "box": [0, 0, 1, 1], "confidence": 0.4, "status": "review"
    }))
    .expect("a field");
    let shown = serde_json::to_value(super::shape::ReadField::new("patient.name", &field, false)).expect("JSON");
    assert!(!shown.to_string().contains("花子") && shown["certain"] == json!(false), "{shown}");
    let suggested = serde_json::to_value(super::shape::ReadField::new("patient.name", &field, true)).expect("JSON");
    assert_eq!((&suggested["value"], suggested["reading"].as_str()), (&Json::Null, Some("柏 花子")));
}

#[tokio::test]
async fn members_answer_and_reviewers_take_back() {
    let s = Site::new().await;
    let document = s.held().await;
    let reviewer = s.account("r@example.jp", Role::Reviewer.into()).await;
    let nurse = s.account("nurse@example.jp", Role::Viewer.into()).await;
    let decides = s.token(&reviewer, "review:write,rooms:read").await;
    let path = format!("/api/v1/documents/{document}");
    let chosen = json!({"revision": 1, "room": "R-0001"});
    assert_eq!(s.with(&decides, "POST", &format!("{path}/room"), Some(chosen)).await.0, StatusCode::OK);
    let answer = json!({"body": "明日うかがいます", "key": uuid::Uuid::from_u128(5)});
    let thread = format!("{path}/thread");
    let reads = s.token(&nurse, "rooms:read").await;
    assert_eq!(s.with(&reads, "POST", &thread, Some(answer.clone())).await.0, StatusCode::FORBIDDEN, "out of scope");
    let writes = s.token(&nurse, "rooms:read,rooms:write").await;
    for _ in 0..2 {
        let (status, said) = s.with(&writes, "POST", &thread, Some(answer.clone())).await;
        assert_eq!((status, said.as_array().map(Vec::len)), (StatusCode::OK, Some(1)), "{said}");
    }
    let back = format!("{path}/withdraw");
    assert_eq!(s.with(&writes, "POST", &back, Some(json!({"revision": 2}))).await.0, StatusCode::FORBIDDEN);
    assert_eq!(s.with(&decides, "POST", &back, Some(json!({"revision": 1}))).await.0, StatusCode::CONFLICT);
    let (status, sheet) = s.with(&decides, "POST", &back, Some(json!({"revision": 2}))).await;
    assert_eq!((status, sheet["state"].as_str()), (StatusCode::OK, Some("withdrawn")));
    assert_eq!(s.with(&writes, "POST", &thread, Some(answer)).await.0, StatusCode::NOT_FOUND, "it is gone from there");
}

#[tokio::test]
async fn registers_sources_and_the_log_are_for_who_administers() {
    let s = Site::new().await;
    let admin = s.account("admin@example.jp", Role::Admin.into()).await;
    let token = s.token(&admin, "admin:read,admin:write,audit:read").await;
    let path = "/api/v1/registers/office";
    let csv = "office_id,name,phone,fax,address\nO-1,柏訪問看護,,,\n";
    let (status, changes) = s.with(&token, "POST", &format!("{path}/preview"), Some(json!({"csv": csv}))).await;
    assert_eq!((status, changes["adds"].as_i64()), (StatusCode::OK, Some(1)), "{changes}");
    let wrong = json!({"csv": csv, "stamp": "other"});
    assert_eq!(s.with(&token, "POST", path, Some(wrong)).await.0, StatusCode::CONFLICT);
    let right = json!({"csv": csv, "stamp": changes["stamp"]});
    assert_eq!(s.with(&token, "POST", path, Some(right)).await.0, StatusCode::OK);
    assert_eq!(s.store.register(Register::Offices).await.expect("offices").len(), 1);
    for (path, csv) in [("office", "office_id\n"), ("nothing", csv)] {
        let path = format!("/api/v1/registers/{path}/preview");
        let status = s.with(&token, "POST", &path, Some(json!({"csv": csv}))).await.0;
        assert!([StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND].contains(&status), "{status}");
    }
    assert_eq!(s.with(&token, "GET", "/api/v1/sources", None).await, (StatusCode::OK, json!([])));
    assert_eq!(s.with(&token, "POST", "/api/v1/sources/scan/test", None).await.0, StatusCode::NOT_FOUND);
    let (status, rows) = s.with(&token, "GET", "/api/v1/audit?actor=admin@example.jp&action=import", None).await;
    assert_eq!((status, rows[0]["subject"].as_str()), (StatusCode::OK, Some("office")), "{rows}");
    let few = s.token(&admin, "admin:read").await;
    assert_eq!(s.with(&few, "GET", "/api/v1/audit", None).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn rooms_are_merged_and_parted_and_held_and_the_end_of_what_is_kept_is_told() {
    let s = Site::new().await;
    let admin = s.account("admin@example.jp", Role::Admin.into()).await;
    let token = s.token(&admin, "admin:read,admin:write").await;
    let few = s.token(&admin, "admin:read").await;
    let both = json!({"source": "R-0002", "target": "R-0001"});
    let (status, seen) = s.with(&few, "POST", "/api/v1/mergers/preview", Some(both)).await;
    assert_eq!((status, &seen["births_differ"]), (StatusCode::OK, &json!(true)), "nobody knows them: {seen}");
    assert_eq!(seen["source"]["members"], json!(["other@example.jp"]));
    let merge = |stamp: &Json, typed: &str| json!({"source": "R-0002", "target": "R-0001", "stamp": stamp, "typed": typed, "reason": "二重登録"});
    let path = "/api/v1/mergers";
    let right = merge(&seen["stamp"], "R-0002");
    assert_eq!(s.with(&few, "POST", path, Some(right.clone())).await.0, StatusCode::FORBIDDEN, "out of scope");
    for wrong in [merge(&json!("other"), "R-0002"), merge(&seen["stamp"], "")] {
        assert_eq!(s.with(&token, "POST", path, Some(wrong)).await.0, StatusCode::CONFLICT);
    }
    let (status, merger) = s.with(&token, "POST", path, Some(right)).await;
    assert_eq!((status, &merger["target"], &merger["undone"]), (StatusCode::CREATED, &json!("R-0001"), &Json::Null));
    assert_eq!(s.store.open_letters().await.expect("letters").len(), 2, "both members are told");
    let part = format!("{path}/{}/part", merger["id"].as_str().expect("an id"));
    assert_eq!(s.with(&token, "POST", "/api/v1/mergers/none/part", None).await.0, StatusCode::NOT_FOUND);
    let (status, undone) = s.with(&token, "POST", &part, None).await;
    assert_eq!((status, undone["undone_by"].as_str()), (StatusCode::OK, Some("admin@example.jp")));
    assert_eq!(s.with(&token, "POST", &part, None).await.0, StatusCode::CONFLICT, "once");
    assert_eq!(s.with(&few, "GET", path, None).await.1[0]["undone_by"], undone["undone_by"]);

    let held = json!({"room": "R-0001", "reason": "係争中"});
    let (status, holds) = s.with(&token, "POST", "/api/v1/holds", Some(held.clone())).await;
    assert_eq!((status, holds[0]["room"].as_str()), (StatusCode::CREATED, Some("R-0001")));
    assert_eq!(s.with(&token, "POST", "/api/v1/holds", Some(held)).await.0, StatusCode::CONFLICT, "held already");
    let lift = format!("/api/v1/holds/{}/lift", holds[0]["id"].as_str().expect("an id"));
    assert_eq!(s.with(&token, "POST", &lift, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(s.with(&few, "GET", "/api/v1/holds", None).await.1, json!([]));

    let (status, due) = s.with(&few, "GET", "/api/v1/retention", None).await;
    assert_eq!((status, &due["years"], &due["faxes"]), (StatusCode::OK, &json!(0), &json!(0)), "for ever");
    let erase = |faxes: u32| json!({"stamp": due["stamp"], "faxes": faxes});
    let path = "/api/v1/retention/erase";
    assert_eq!(s.with(&token, "POST", path, Some(erase(3))).await.0, StatusCode::CONFLICT);
    let (status, gone) = s.with(&token, "POST", path, Some(erase(0))).await;
    assert_eq!((status, &gone["documents"]), (StatusCode::OK, &json!(0)));
    let rows = s.store.trail(&crate::store::trail::Wanted::default(), 100).await.expect("the log");
    let told: BTreeSet<&str> = rows.iter().map(|r| r.action.as_str()).collect();
    for action in ["list", "merge_rooms", "part_rooms"] {
        assert!(told.contains(action), "{action} is not among {told:?}");
    }
    assert!(s.store.verify().await.expect("verify").faults.is_empty());
}

#[tokio::test]
async fn offices_proposals_and_what_is_due_are_told() {
    let s = Site::new().await;
    let admin = s.account("admin@example.jp", Role::Admin.into()).await;
    let token = s.token(&admin, "admin:read,admin:write").await;
    for (register, csv) in [
        ("office", "office_id,name,phone,fax,address\nO-1,柏訪問看護,,,\n"),
        ("staff", "mail,name,office_id,profession,from,until\nnurse@example.jp,森 一子,O-1,看護師,,\n"),
    ] {
        let path = format!("/api/v1/registers/{register}");
        let (_, changes) = s.with(&token, "POST", &format!("{path}/preview"), Some(json!({"csv": csv}))).await;
        let file = json!({"csv": csv, "stamp": changes["stamp"]});
        assert_eq!(s.with(&token, "POST", &path, Some(file)).await.0, StatusCode::OK, "{changes}");
    }
    let (status, offices) = s.with(&token, "GET", "/api/v1/offices", None).await;
    assert_eq!((status, offices[0]["id"].as_str()), (StatusCode::OK, Some("O-1")), "{offices}");
    assert_eq!(offices[0]["people"][0]["rooms"], json!(1), "{offices}");

    let document = s.held().await;
    let reviewer = s.account("r@example.jp", Role::Reviewer.into()).await;
    let decides = s.token(&reviewer, "review:write,rooms:read").await;
    let ask = format!("/api/v1/documents/{document}/proposal");
    assert_eq!(s.with(&decides, "POST", "/api/v1/documents/none/proposal", None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(s.with(&decides, "POST", &ask, None).await.0, StatusCode::CONFLICT, "nobody knows whose it is");
    let document = s.held_of("新 花子").await;
    let ask = format!("/api/v1/documents/{document}/proposal");
    assert_eq!(s.with(&decides, "POST", &ask, None).await.0, StatusCode::ACCEPTED);
    // What the machine did not find is added.
    let added = json!({"action": "add", "key": "clinical.allergies", "value": "卵", "page": 1});
    let path = format!("/api/v1/documents/{document}/fields");
    for (edit, status) in [(added.clone(), StatusCode::OK), (added, StatusCode::CONFLICT)] {
        let fields = json!({"revision": 1, "edits": [edit]});
        assert_eq!(s.with(&decides, "POST", &path, Some(fields)).await.0, status, "once");
    }
    let (_, all) = s.with(&token, "GET", "/api/v1/proposals", None).await;
    assert_eq!(all[0]["document"], json!(document), "{all}");
    let id = all[0]["id"].as_str().expect("an id");
    let open = format!("/api/v1/proposals/{id}/open");
    let wanted = |members: Json| json!({"room": "R-0009", "name": "新 花子", "members": members});
    let status = s.with(&token, "POST", &open, Some(wanted(json!(["no address"])))).await.0;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let status = s.with(&token, "POST", &open, Some(wanted(json!(["nurse@example.jp"])))).await.0;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(s.with(&token, "POST", &open, Some(wanted(json!([])))).await.0, StatusCode::CONFLICT, "once");
    let release = format!("/api/v1/proposals/{id}/release");
    assert_eq!(s.with(&token, "POST", &release, None).await.0, StatusCode::NO_CONTENT);
    let nurse = s.account("nurse@example.jp", Role::Viewer.into()).await;
    let reads = s.token(&nurse, "rooms:read").await;
    assert_eq!(s.with(&reads, "GET", "/api/v1/rooms/R-0009", None).await.0, StatusCode::OK);
    assert_eq!(s.with(&reads, "GET", "/api/v1/deadlines", None).await, (StatusCode::OK, json!([])));
    assert_eq!(s.with(&reads, "GET", "/api/v1/offices", None).await.0, StatusCode::FORBIDDEN);
}

impl Site {
    /// A file that could not be read: it waits for a person.
    async fn held(&self) -> String {
        self.store.receive("scan", "a.tif", b"fax", &Meta::default()).await.expect("receive");
        let job = self.store.claim(60_000).await.expect("claim").expect("a job");
        self.store.give_up(&job, "unreadable", "読み取れませんでした").await.expect("given up");
        self.store.review_list(1).await.expect("list").remove(0).document
    }

    /// A sheet that waits for a room, of somebody of that name.
    async fn held_of(&self, name: &str) -> String {
        self.store.receive("scan", "b.tif", name.as_bytes(), &Meta::default()).await.expect("receive");
        let job = self.store.claim(60_000).await.expect("claim").expect("a job");
        let page = Page { number: 1, width: 10, height: 20, ..Page::default() };
        let reading = Reading { pages: vec![page], ..Reading::default() };
        self.store.commit_reading(&job, &reading, vec![vec![1]], &Reader::default()).await.expect("read");
        let job = self.store.claim(60_000).await.expect("claim").expect("a job");
        let (reading, reader, _) = self.store.reading(&job.sha256).await.expect("a reading");
        let field: crate::model::Field = serde_json::from_value(json!({
            "value": name, "raw": name, "page": 1, "box": [0, 0, 1, 1], "confidence": 0.99, "status": "accepted"
        }))
        .expect("a field");
        let mut sheet = Sheet::unread(String::new(), vec![1], "部屋がありません");
        sheet.part = None;
        sheet.document.kind = "referral".into();
        sheet.document.fields.insert("patient.name".into(), field);
        let sheets = [sheet];
        self.store.accept(&job, &Accepted::news(&reading, &sheets, &reader)).await.expect("accepted");
        let list = self.store.review_list(9).await.expect("list");
        list.into_iter().find(|h| h.kind == "referral").expect("it waits").document
    }
}

/// From a draft to rules in force and back, as the pages do it.
#[tokio::test]
async fn rules_are_drafted_tried_and_put_in_force() {
    let s = Site::new().await;
    let tuner = s.account("rules@example.jp", Role::Rules.into()).await;
    let read = s.token(&tuner, "rules:read").await;
    let token = s.token(&tuner, "rules:read,rules:write").await;
    let ask = async |method: &str, path: &str, body: Json| {
        let body = (!body.is_null()).then_some(body);
        s.with(&token, method, &format!("/api/v1/{path}"), body).await
    };
    let (status, draft) = ask("GET", "rules/draft", Json::Null).await;
    assert_eq!((status, draft["parent"].as_i64(), draft["begun"].as_bool()), (StatusCode::OK, Some(0), Some(false)));
    let bad = json!({"files": {"referral.toml": "[field.\"patient.name\"]\nlables = [1]"}});
    let (status, problem) = ask("PUT", "rules/draft", bad).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["detail"].as_str().is_some_and(|d| d.contains("referral.toml の 2 行目")), "{problem}");
    let good = json!({"files": {"referral.toml": "[field.\"patient.name\"]\nlabels = [\"わたし\"]\n"}});
    assert_eq!(s.with(&read, "PUT", "/api/v1/rules/draft", Some(good.clone())).await.0, StatusCode::FORBIDDEN);
    let (status, draft) = ask("PUT", "rules/draft", good.clone()).await;
    assert_eq!((status, draft["begun"].as_bool()), (StatusCode::OK, Some(true)));
    let wanted = json!({"parent": 0, "reason": "試験"});
    let (status, problem) = ask("POST", "rules/revisions", wanted.clone()).await;
    assert_eq!(status, StatusCode::CONFLICT, "nothing untried: {problem}");

    let (status, test) = ask("POST", "rules/tests", Json::Null).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let path = format!("rules/tests/{}?cases=true", test["id"].as_str().expect("an id"));
    let mut test = Json::Null;
    for _ in 0..600 {
        test = ask("GET", &path, Json::Null).await.1;
        if test["state"] != "running" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!((test["state"].as_str(), test["all"].as_i64()), (Some("done"), Some(0)), "{test}");
    assert_eq!((test["total"]["weighted"]["broken"].as_f64(), test["worse"]["upper"].as_f64()), (Some(0.0), Some(1.0)));
    let (status, made) = ask("POST", "rules/revisions", wanted.clone()).await;
    assert_eq!(
        (status, made["number"].as_i64(), made["in_force"].as_bool()),
        (StatusCode::CREATED, Some(1), Some(true))
    );
    assert_eq!(made["files"], good["files"]);
    assert_eq!(ask("POST", "rules/revisions", wanted).await.0, StatusCode::CONFLICT, "somebody was faster");

    // A pack goes out signed, and comes in as a draft; one that was changed does not.
    let (status, pack) = ask("GET", "rules/pack", Json::Null).await;
    let text = pack.as_str().expect("TOML").to_owned();
    assert_eq!((status, text.contains("わたし")), (StatusCode::OK, true));
    let forged = json!({"text": text.replace("name = \"faxbridge", "name = \"another")});
    assert_eq!(ask("POST", "rules/pack", forged).await.0, StatusCode::CONFLICT);
    let (status, pack) = ask("POST", "rules/pack", json!({"text": text, "take": true})).await;
    assert_eq!((status, pack["ours"].as_bool(), pack["taken"].as_bool()), (StatusCode::OK, Some(true), Some(true)));
    let field = json!({"key": "blood_type", "label": "血液型"});
    let (status, fields) = ask("POST", "rules/fields", field).await;
    assert_eq!((status, fields[0]["key"].as_str()), (StatusCode::CREATED, Some("x.blood_type")), "{fields}");
    assert_eq!(fields[0]["in_force"], false);
    assert_eq!(ask("POST", "rules/fields", json!({"key": "Ä", "label": "血液型"})).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(ask("POST", "rules/draft/drop", Json::Null).await.1["begun"], false);

    // Administrators go back, and see no drafts; sheets are read again for who decides.
    let admin = s.account("admin@example.jp", Role::Admin.into()).await;
    let theirs = s.token(&admin, "rules:read,rules:write").await;
    assert_eq!(s.with(&theirs, "GET", "/api/v1/rules/draft", None).await.0, StatusCode::FORBIDDEN);
    let back = s.with(&theirs, "POST", "/api/v1/rules/revisions/0/return", Some(json!({"newest": 1}))).await;
    assert_eq!((back.0, back.1["number"].as_i64(), back.1["files"].clone()), (StatusCode::OK, Some(2), json!({})));
    let (_, all) = s.with(&theirs, "GET", "/api/v1/rules/revisions", None).await;
    assert_eq!(all.as_array().expect("revisions").len(), 2);
    let (status, done) = ask("POST", "reread", json!({"days": "7"})).await;
    assert_eq!((status, done["sheets"].as_i64()), (StatusCode::OK, Some(0)));
    assert_eq!(ask("GET", "rules/proposals", Json::Null).await.1, json!([]));
    assert_eq!(ask("GET", "reread", Json::Null).await.0, StatusCode::FORBIDDEN, "for reviewers");
    for (method, path, body) in [
        ("GET", "rules/preview/none", Json::Null),
        ("GET", "rules/tests/none", Json::Null),
        ("GET", "rules/proposals/none", Json::Null),
        ("GET", "rules/revisions/9", Json::Null),
    ] {
        assert_eq!(ask(method, path, body).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let wanted = crate::store::trail::Wanted { actor: tuner.login.clone(), ..Default::default() };
    let told = s.store.trail(&wanted, 100).await.expect("the log");
    let told: BTreeSet<&str> = told.iter().map(|e| e.action.as_str()).collect();
    for action in ["rules_test", "rules_activate", "rules_export", "rules_import", "rules_field"] {
        assert!(told.contains(action), "{action}: {told:?}");
    }
}
