//! A real Dovecot of one's own: free ports, a certificate made for the test, one mailbox in Maildir form.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::{free_port, listening};

pub const USER: &str = "fax";
pub const PASSWORD: &str = "correct horse \"battery\\ staple";

pub struct Dovecot {
    dir: tempfile::TempDir,
    child: Option<Child>,
    /// Plain text and STARTTLS.
    pub port: u16,
    /// Implicit TLS.
    pub tls_port: u16,
}

impl Dovecot {
    /// # Panics
    /// Dovecot or openssl are not installed, or do not start.
    pub fn start() -> Dovecot {
        let dir = tempfile::tempdir().expect("dir");
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).expect("readable");
        let mut dovecot = Dovecot { dir, child: None, port: free_port(), tls_port: free_port() };
        dovecot.certificate();
        for sub in ["", "tmp", "new", "cur"] {
            std::fs::create_dir_all(dovecot.maildir().join(sub)).expect("maildir");
        }
        own(&dovecot.dir.path().join("home"));
        dovecot.configure();
        dovecot.resume();
        dovecot
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The authority that signed the server's certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.at("ca.pem")
    }

    pub fn password_file(&self) -> PathBuf {
        let file = self.at("password");
        std::fs::write(&file, format!("{PASSWORD}\n")).expect("password");
        file
    }

    /// The configuration's table for the mailbox, over TLS.
    pub fn source(&self, name: &str) -> String {
        let ca = self.ca_file();
        self.table(name, "localhost", self.tls_port) + &format!("ca_file = \"{}\"", ca.display())
    }

    /// The same in the open, by a port of ours or of something in front of it.
    pub fn open_source(&self, name: &str, port: u16) -> String {
        self.table(name, "127.0.0.1", port) + "tls = \"none\""
    }

    fn table(&self, name: &str, host: &str, port: u16) -> String {
        let password = self.password_file();
        format!(
            "[[intake]]\nname = \"{name}\"\nkind = \"imap\"\nhost = \"{host}\"\nport = {port}\nuser = \"{USER}\"\npassword_file = \"{}\"\n",
            password.display()
        )
    }

    pub fn maildir(&self) -> PathBuf {
        self.at("home/fax/Maildir")
    }

    fn certificate(&self) {
        let openssl = |args: &[&str]| {
            let out = Command::new("openssl").args(args).current_dir(self.dir.path()).output().expect("openssl");
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        };
        openssl(&[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=test authority",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        ]);
        openssl(&[
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-keyout",
            "key.pem",
            "-out",
            "cert.csr",
        ]);
        std::fs::write(self.at("ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").expect("ext");
        openssl(&[
            "x509",
            "-req",
            "-in",
            "cert.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            "ext",
            "-out",
            "cert.pem",
        ]);
    }

    fn configure(&self) {
        let at = self.dir.path().display();
        let (port, tls_port) = (self.port, self.tls_port);
        let (me, group, uid) = me();
        let users = if uid == 0 {
            "default_login_user = dovenull\ndefault_internal_user = dovecot\n".to_owned()
        } else {
            format!("default_login_user = {me}\ndefault_internal_user = {me}\ndefault_internal_group = {group}\n")
        };
        let (mail_uid, mail_gid) = if uid == 0 { ("nobody".to_owned(), "nogroup".to_owned()) } else { (me, group) };
        let config = format!(
            r#"
base_dir = {at}/run
state_dir = {at}/state
log_path = {at}/dovecot.log
protocols = imap
listen = 127.0.0.1
{users}
first_valid_uid = 1
mail_location = maildir:~/Maildir
mailbox_idle_check_interval = 1 s
ssl = yes
ssl_cert = <{at}/cert.pem
ssl_key = <{at}/key.pem
disable_plaintext_auth = no
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {at}/users
}}
userdb {{
  driver = static
  args = uid={mail_uid} gid={mail_gid} home={at}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"#
        );
        std::fs::write(self.at("dovecot.conf"), config).expect("config");
        std::fs::write(self.at("users"), format!("{USER}:{{PLAIN}}{PASSWORD}\n")).expect("users");
        std::fs::set_permissions(self.at("users"), std::fs::Permissions::from_mode(0o644)).expect("readable");
    }

    /// Starts it (again).
    pub fn resume(&mut self) {
        let program = ["/usr/sbin/dovecot", "dovecot"].into_iter().find(|p| Path::new(p).exists()).unwrap_or("dovecot");
        let child = Command::new(program)
            .args(["-F", "-c"])
            .arg(self.at("dovecot.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dovecot is installed (make test)");
        self.child = Some(child);
        listening(self.port);
        listening(self.tls_port);
    }

    /// Ends it; connections break.
    pub fn pause(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = Command::new("kill").arg(child.id().to_string()).status();
            let _ = child.wait();
        }
    }

    /// Another UIDVALIDITY for the same mails, as after a restore.
    pub fn forget_uids(&mut self) {
        self.pause();
        for name in
            ["dovecot-uidlist", "dovecot-uidvalidity", "dovecot.index", "dovecot.index.log", "dovecot.index.cache"]
        {
            let _ = std::fs::remove_file(self.maildir().join(name));
        }
        for entry in std::fs::read_dir(self.maildir()).expect("maildir").flatten() {
            if entry.file_name().to_string_lossy().starts_with("dovecot-uidvalidity.") {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        self.resume();
    }

    /// Delivers as a mail server does: into `tmp`, then renamed into `new`.
    pub fn deliver(&self, name: &str, mail: &[u8]) {
        let tmp = self.maildir().join("tmp").join(name);
        std::fs::write(&tmp, mail).expect("write");
        own(&tmp);
        std::fs::rename(&tmp, self.maildir().join("new").join(name)).expect("deliver");
    }

    /// Makes another mailbox of the user.
    pub fn make(&self, folder: &str) {
        for sub in ["tmp", "new", "cur"] {
            std::fs::create_dir_all(self.maildir().join(format!(".{folder}")).join(sub)).expect("folder");
        }
        own(&self.maildir().join(format!(".{folder}")));
    }

    /// File names of mails whose name begins so, in INBOX or in `folder`.
    pub fn mails(&self, folder: &str, begins: &str) -> Vec<String> {
        let at = self.maildir().join(folder);
        let mut found = Vec::new();
        for sub in ["new", "cur"] {
            for e in std::fs::read_dir(at.join(sub)).into_iter().flatten().flatten() {
                found.extend(Some(e.file_name().to_string_lossy().into_owned()).filter(|n| n.starts_with(begins)));
            }
        }
        found
    }

    /// Whether the mail is marked as seen and carries a keyword (`a`: the first in Dovecot's list).
    pub fn is_done(&self, name: &str) -> bool {
        self.mails("", name).iter().any(|n| n.split(":2,").nth(1).is_some_and(|f| f.contains('S') && f.contains('a')))
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.pause();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.at("dovecot.log")).unwrap_or_default();
            eprintln!("dovecot.log:\n{log}");
        }
    }
}

/// Name, group and uid of who runs the tests.
fn me() -> (String, String, u32) {
    let id = |flag: &str| {
        let out = Command::new("id").arg(flag).output().expect("id");
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    };
    (id("-un"), id("-gn"), id("-u").parse().expect("a number"))
}

/// Gives a tree to the mailbox's owner, where we may.
fn own(path: &Path) {
    if me().2 == 0 {
        let done = Command::new("chown").args(["-R", "nobody:nogroup"]).arg(path).status().expect("chown");
        assert!(done.success());
    }
}
