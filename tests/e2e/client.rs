//! A browser without a screen: HTTP over a socket, signed in as one of the demo's people where a page asks for it.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};

/// Status, head and body of an answer.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    #[allow(dead_code)] // not every binary asks
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|l| l.split_once(": "));
        lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }
}

/// Sessions that are kept: by port and role.
static COOKIES: Mutex<Option<HashMap<(u16, String), String>>> = Mutex::new(None);

/// One request; None where no answer came.
pub fn ask(port: u16, method: &str, path: &str, cookie: &str, form: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
        form.len()
    )
    .ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some(Answer { status: head.split(' ').nth(1)?.parse().ok()?, head: head.to_owned(), body: body.to_owned() })
}

/// Signs in as one of the demo's people: what the browser is to send from then on.
pub fn sign_in(port: u16, role: &str) -> Option<String> {
    let answer = ask(port, "POST", "/login/demo", "", &format!("role={role}"))?;
    let set = answer.header("set-cookie")?;
    Some(set.split(';').next()?.to_owned())
}

/// A request as one of the demo's people; the session is kept for the next.
pub fn as_role(port: u16, role: &str, method: &str, path: &str, form: &str) -> Option<Answer> {
    let key = (port, role.to_owned());
    let kept = COOKIES.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|c| c.get(&key).cloned());
    if let Some(cookie) = kept {
        let answer = ask(port, method, path, &cookie, form)?;
        let to_the_door = answer.header("location").is_some_and(|l| l.starts_with("/login"));
        if answer.status != 401 && !to_the_door {
            return Some(answer);
        }
    }
    let cookie = sign_in(port, role)?;
    COOKIES.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().insert(key, cookie.clone());
    ask(port, method, path, &cookie, form)
}

/// A page: status and body. What machines ask needs nobody; everything else is asked as a reviewer.
pub fn get(port: u16, path: &str) -> Option<(u16, String)> {
    let open = ["/healthz", "/readyz", "/metrics", "/login"].iter().any(|p| path.starts_with(p));
    let answer = if open { ask(port, "GET", path, "", "")? } else { as_role(port, "reviewer", "GET", path, "")? };
    Some((answer.status, answer.body))
}
