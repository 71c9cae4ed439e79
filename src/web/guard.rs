//! Who may ask: only under a known host name (DNS rebinding), and changes only from our own pages (CSRF).

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Web;

/// The host name in `base_url`, without port.
pub fn hosts(base_url: &str) -> Vec<String> {
    let rest = base_url.split_once("://").map_or(base_url, |(_, r)| r);
    let authority = rest.split('/').next().unwrap_or_default();
    vec![host_name(authority).to_ascii_lowercase()]
}

pub async fn check(State(web): State<Web>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = host(request.uri(), headers);
    if !known(host, &web.hosts) {
        return (StatusCode::MISDIRECTED_REQUEST, "unknown host\n").into_response();
    }
    let program = request.uri().path().starts_with("/api/") && shows_a_token(headers);
    if !matches!(*request.method(), Method::GET | Method::HEAD) && !program && !ours(host, headers) {
        return (StatusCode::FORBIDDEN, "not from our own pages\n").into_response();
    }
    next.run(request).await
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

/// The host that was asked: the header, or in HTTP/2 the address itself (RFC 9113, 8.3.1).
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    text(headers, header::HOST).or_else(|| uri.authority().map(|a| a.as_str()))
}

fn host_name(authority: &str) -> &str {
    match authority.strip_prefix('[').and_then(|r| r.split_once(']')) {
        Some((v6, _)) => v6,
        None => authority.rsplit_once(':').map_or(authority, |(h, _)| h),
    }
}

fn known(host: Option<&str>, hosts: &[String]) -> bool {
    let Some(host) = host else { return false };
    let name = host_name(host).to_ascii_lowercase();
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|a| a.is_loopback()) || hosts.contains(&name)
}

/// A program that comes with a token and without a cookie: no other site can make a browser send that for its user.
fn shows_a_token(headers: &HeaderMap) -> bool {
    super::gate::bearer(headers).is_some() && !headers.contains_key(header::COOKIE)
}

/// Browsers send `Origin` with every form; it must be the host that was asked.
fn ours(host: Option<&str>, headers: &HeaderMap) -> bool {
    let origin = text(headers, header::ORIGIN).and_then(|o| o.split_once("://")).map(|(_, h)| h);
    origin.is_some() && origin == host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.clone(), header::HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn only_known_hosts_are_answered() {
        let hosts = hosts("https://board.example.jp:8443/x");
        for good in ["localhost:1", "127.0.0.1:8480", "[::1]:80", "board.example.jp"] {
            assert!(known(Some(good), &hosts), "{good}");
        }
        assert!(!known(Some("evil.example.com"), &hosts));
        assert!(!known(None, &hosts));
    }

    #[test]
    fn changes_need_our_own_origin() {
        let origin = |from: &'static str| headers(&[(header::ORIGIN, from)]);
        let host = Some("127.0.0.1:8480");
        assert!(ours(host, &origin("http://127.0.0.1:8480")));
        for foreign in ["http://evil.example.com", "null"] {
            assert!(!ours(host, &origin(foreign)), "{foreign}");
        }
        assert!(!ours(host, &headers(&[])) && !ours(None, &headers(&[])));
    }

    #[test]
    fn http2_names_the_host_in_the_address() {
        let uri: Uri = "https://board.example.jp/login".parse().expect("an address");
        assert_eq!(host(&uri, &headers(&[])), Some("board.example.jp"));
        let uri: Uri = "/login".parse().expect("a path");
        assert_eq!(host(&uri, &headers(&[(header::HOST, "localhost:1")])), Some("localhost:1"));
        assert_eq!(host(&uri, &headers(&[])), None);
    }
}
