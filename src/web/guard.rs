//! Who may ask: only under a known host name (DNS rebinding), and changes only from our own pages (CSRF).

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
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
    if !known(headers, &web.hosts) {
        return (StatusCode::MISDIRECTED_REQUEST, "unknown host\n").into_response();
    }
    let program = request.uri().path().starts_with("/api/") && shows_a_token(headers);
    if !matches!(*request.method(), Method::GET | Method::HEAD) && !program && !ours(headers) {
        return (StatusCode::FORBIDDEN, "not from our own pages\n").into_response();
    }
    next.run(request).await
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

fn host_name(authority: &str) -> &str {
    match authority.strip_prefix('[').and_then(|r| r.split_once(']')) {
        Some((v6, _)) => v6,
        None => authority.rsplit_once(':').map_or(authority, |(h, _)| h),
    }
}

fn known(headers: &HeaderMap, hosts: &[String]) -> bool {
    let Some(host) = text(headers, header::HOST) else { return false };
    let name = host_name(host).to_ascii_lowercase();
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|a| a.is_loopback()) || hosts.contains(&name)
}

/// A program that comes with a token and without a cookie: no other site can make a browser send that for its user.
fn shows_a_token(headers: &HeaderMap) -> bool {
    super::gate::bearer(headers).is_some() && !headers.contains_key(header::COOKIE)
}

/// Browsers send `Origin` with every form; it must be the host that was asked.
fn ours(headers: &HeaderMap) -> bool {
    let host = text(headers, header::HOST);
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
            assert!(known(&headers(&[(header::HOST, good)]), &hosts), "{good}");
        }
        assert!(!known(&headers(&[(header::HOST, "evil.example.com")]), &hosts));
        assert!(!known(&headers(&[]), &hosts));
    }

    #[test]
    fn changes_need_our_own_origin() {
        let host = (header::HOST, "127.0.0.1:8480");
        assert!(ours(&headers(&[host.clone(), (header::ORIGIN, "http://127.0.0.1:8480")])));
        assert!(!ours(&headers(&[host.clone(), (header::ORIGIN, "http://evil.example.com")])));
        assert!(!ours(&headers(&[host.clone(), (header::ORIGIN, "null")])));
        assert!(!ours(&headers(&[host])));
    }
}
