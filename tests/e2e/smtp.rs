//! A mail server that keeps what it is given: Debian's aiosmtpd.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::mail::Mail;
use crate::{free_port, listening};

pub struct Smtp {
    dir: tempfile::TempDir,
    child: Child,
    pub port: u16,
}

impl Smtp {
    /// # Panics
    /// aiosmtpd is not installed (`make test` does it).
    pub fn start() -> Smtp {
        let dir = tempfile::tempdir().expect("dir");
        let port = free_port();
        let child = Command::new("/usr/bin/python3")
            .args(["-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Mailbox"])
            .arg(dir.path().join("mails"))
            .args(["-l", &format!("127.0.0.1:{port}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3");
        let smtp = Smtp { dir, child, port };
        listening(port);
        smtp
    }

    /// The Maildir with what came.
    pub fn folder(&self) -> PathBuf {
        self.dir.path().join("mails")
    }

    /// The configuration's table.
    pub fn table(&self) -> String {
        format!(
            "[notice]\nsmtp = \"smtp://127.0.0.1:{}\"\nfrom = \"faxbridge@example.jp\"\nadmins = [\"admin@example.jp\"]",
            self.port
        )
    }

    /// The mails to one recipient as they came, the first one first.
    pub fn raw(&self, to: &str) -> Vec<Vec<u8>> {
        let mut new: Vec<PathBuf> = std::fs::read_dir(self.dir.path().join("mails/new"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path())
            .collect();
        new.sort_by_key(|p| std::fs::metadata(p).and_then(|m| m.modified()).expect("a time"));
        let all = new.iter().map(|p| std::fs::read(p).expect("a mail"));
        all.filter(|m| String::from_utf8_lossy(m).contains(&format!("To: {to}\n"))).collect()
    }

    pub fn mails(&self) -> Vec<Mail> {
        let new: PathBuf = self.dir.path().join("mails/new");
        let mut mails: Vec<Mail> = std::fs::read_dir(new)
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| Mail::parse(&std::fs::read(e.path()).expect("a mail")))
            .collect();
        mails.sort();
        mails
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
