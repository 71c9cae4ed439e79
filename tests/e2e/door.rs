//! The door from outside: TLS of our own, what goes with every answer, and what a configuration may not open.

use std::process::Command;

use crate::client::ask;
use crate::home::{Home, text};
use crate::until;

/// A certificate for `localhost` that signs itself, with its key.
fn certificate(home: &Home) {
    let done = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-keyout", "web.key", "-out", "web.pem"])
        .current_dir(home.dir())
        .output()
        .expect("openssl is installed (make test)");
    assert!(done.status.success(), "{}", text(&done.stderr));
}

#[test]
fn pages_are_served_over_tls_with_what_keeps_them_safe() {
    let home = Home::new();
    certificate(&home);
    let base = format!("base_url = \"https://localhost:{}\"", home.port);
    let home =
        home.top(&base).with("[web]\ndemo_login = true\ntls_certificate = \"DIR/web.pem\"\ntls_key = \"DIR/web.key\"");
    let daemon = home.launch(home.command(&["run"]));
    let curl = |words: &[&str]| {
        let out = Command::new("curl").args(["-sS", "-i", "--cacert"]).arg(home.at("web.pem")).args(words).output();
        let out = out.expect("curl is installed (make test)");
        if out.status.success() { Ok(text(&out.stdout).to_lowercase()) } else { Err(text(&out.stderr)) }
    };
    let login = format!("https://localhost:{}/login", home.port);
    let page = until("the pages answer over TLS", || curl(&[&login]).ok());
    for wanted in [
        " 200 ",
        "strict-transport-security: max-age=",
        "content-security-policy: default-src 'none'",
        "script-src 'self'",
        "x-content-type-options: nosniff",
        "referrer-policy: same-origin",
        "cache-control: no-store",
    ] {
        assert!(page.contains(wanted), "{wanted} is not in {page}");
    }
    let origin = format!("Origin: https://localhost:{}", home.port);
    let demo = format!("{login}/demo");
    let entered = curl(&["-H", &origin, "-d", "role=viewer", &demo]).expect("an answer");
    let cookie = entered.lines().find(|l| l.starts_with("set-cookie: __host-faxbridge=")).expect("a cookie");
    for wanted in ["secure", "httponly", "samesite=lax", "path=/"] {
        assert!(cookie.contains(wanted), "{cookie}");
    }
    // From another site's page nothing is changed.
    let foreign = curl(&["-H", "Origin: https://evil.example.com", "-d", "role=viewer", &demo]).expect("an answer");
    assert!(foreign.contains(" 403 "), "{foreign}");
    // In the clear there is nothing.
    assert!(ask(home.port, "GET", "/login", "", "").is_none_or(|a| a.status != 200));
    assert!(daemon.stop().success());
}

#[test]
fn a_configuration_cannot_open_the_pages_to_everybody() {
    let open = |listen: &str, web: &str| {
        let home = Home::new().with(web);
        let file = home.config();
        let told = std::fs::read_to_string(&file).expect("the file");
        let told = told.replace(&format!("127.0.0.1:{}", home.port), listen);
        std::fs::write(&file, told).expect("written");
        let out = Command::new(env!("CARGO_BIN_EXE_faxbridge")).args(["run", "--config"]).arg(&file).output();
        let out = out.expect("the program");
        assert!(!out.status.success());
        text(&out.stderr)
    };
    assert!(open("0.0.0.0:8480", "[web]\nidle_minutes = 5").contains("tls_certificate"));
    assert!(open("127.0.0.1:8480", "[web]\nbehind_proxy = true").contains("https://"));
    let told = open("0.0.0.0:8480", "[web]\ndemo_login = true\nbehind_proxy = true");
    assert!(told.contains("demo_login lets anybody in"), "{told}");
}
