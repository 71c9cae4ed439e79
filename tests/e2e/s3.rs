//! An S3-compatible store on loopback: PyPI's `moto[server]` (scripts/setup.sh test).
//!
//! It speaks the protocol and checks what is asked, but keeps everything in memory: what it cannot show is durability,
//! another's credentials refused, and how a store of several machines behaves when one is away.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::home::repo;
use crate::{free_port, listening};

pub struct S3 {
    child: Child,
    pub port: u16,
}

const BUCKET: &str = "faxes";

impl S3 {
    /// # Panics
    /// moto is not installed (`make test` does it).
    pub fn start() -> S3 {
        let port = free_port();
        let child = Command::new("python3")
            .args(["-m", "moto.server", "-p", &port.to_string()])
            .env("PYTHONPATH", repo("target/tools/moto"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3");
        let s3 = S3 { child, port };
        listening(port);
        assert!(s3.ask("PUT", &format!("/{BUCKET}")).starts_with("HTTP/1.1 200"), "a bucket");
        s3
    }

    fn ask(&self, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("moto");
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .expect("a question");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Names of the objects.
    pub fn objects(&self) -> Vec<String> {
        let answer = self.ask("GET", &format!("/{BUCKET}?list-type=2"));
        answer.split("<Key>").skip(1).filter_map(|k| Some(k.split_once("</Key>")?.0.to_owned())).collect()
    }

    /// The configuration's table; `keys` is a file for the credentials.
    pub fn table(&self, keys: &std::path::Path) -> String {
        std::fs::write(keys, "an id\na secret\n").expect("keys");
        format!(
            "[blobs]\nurl = \"s3://{BUCKET}/city\"\nendpoint = \"http://127.0.0.1:{}\"\ncredentials_file = \"{}\"",
            self.port,
            keys.display()
        )
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
