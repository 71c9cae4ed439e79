//! Notices by mail: what kind of sheet came, from whom, how urgent, and where to read it.
//!
//! No patient data unless the configuration says so: a mail is not encrypted from end to end. Delivered at least once:
//! where the answer to DATA is lost, the mail is sent again under the same Message-ID, so that the receiving side can
//! tell. One mail for each recipient, so that one refused address does not cost the others theirs.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MessageBuilder, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::{Sink, SinkError, wording};
use crate::model::{Posting, Purpose, Vocabulary};

mod digest;
mod fax;

pub use digest::digest;
pub use fax::{Fax, fax_mail};

/// What the mail sink needs to know.
#[derive(Debug, Clone, Default)]
pub struct MailOptions {
    /// `smtp://host:port`, `smtps://host`, `smtp://host?tls=required`.
    pub smtp: String,
    /// User and password at the mail server, if it wants any.
    pub login: Option<(String, String)>,
    /// PEM file of a certificate authority that the system does not know.
    pub ca_file: PathBuf,
    pub from: String,
    /// Whether the patient's name may stand in the mail.
    pub patient_data: bool,
    /// For one delivery, all in all.
    pub timeout: Duration,
    /// Where people reach the board, without a trailing slash.
    pub base_url: String,
}

/// Sends notices through one mail server.
pub struct MailSink {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    options: MailOptions,
}

impl MailSink {
    /// # Errors
    /// A sentence for the operator: the address of the server or of the sender cannot be meant, the CA file is no PEM.
    pub fn new(options: MailOptions) -> Result<MailSink, String> {
        let from: Mailbox =
            options.from.parse().map_err(|e| format!("notice.from {:?} is no mail address: {e}", options.from))?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&options.smtp)
            .map_err(|e| format!("notice.smtp {:?}: {e}", options.smtp))?
            .timeout(Some(options.timeout));
        if !options.ca_file.as_os_str().is_empty() {
            let at = options.ca_file.display();
            let pem = std::fs::read(&options.ca_file).map_err(|e| format!("notice.ca_file {at}: {e}"))?;
            let certificate = Certificate::from_pem(&pem).map_err(|e| format!("notice.ca_file {at}: {e}"))?;
            let tls = TlsParameters::builder(host(&options.smtp).to_owned())
                .add_root_certificate(certificate)
                .build()
                .map_err(|e| format!("notice.ca_file {at}: {e}"))?;
            builder = match (options.smtp.starts_with("smtps:"), options.smtp.contains("tls=required")) {
                (true, _) => builder.tls(Tls::Wrapper(tls)),
                (_, true) => builder.tls(Tls::Required(tls)),
                _ if options.smtp.contains("tls=opportunistic") => builder.tls(Tls::Opportunistic(tls)),
                _ => builder,
            };
        }
        if let Some((user, password)) = &options.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(MailSink { transport: builder.build(), from, options })
    }

    /// Whether the server answers; for `faxbridge check`.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub async fn check(&self) -> Result<(), String> {
        match tokio::time::timeout(self.options.timeout, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("the mail server does not answer NOOP".into()),
            Ok(Err(e)) => Err(told(&e)),
            Err(_) => Err("no answer in time".into()),
        }
    }

    /// The address that mails come from.
    pub fn address(&self) -> String {
        self.from.email.to_string()
    }

    fn message_id(&self, key: &str) -> String {
        format!("<{key}@{}>", self.from.email.domain())
    }

    fn envelope(&self, to: &str, key: &str, subject: &str) -> Result<MessageBuilder, SinkError> {
        let to: Mailbox =
            to.parse().map_err(|e| SinkError::Never(format!("the recipient's address cannot be used: {e}")))?;
        let builder = Message::builder().from(self.from.clone()).to(to).subject(subject);
        Ok(builder.message_id(Some(self.message_id(key))).header(AutoSubmitted))
    }

    fn message(&self, to: &str, key: &str, subject: &str, body: String) -> Result<Message, SinkError> {
        let plain = self.envelope(to, key, subject)?.header(ContentType::TEXT_PLAIN).body(body);
        plain.map_err(|e| SinkError::Never(format!("the mail cannot be composed: {e}")))
    }

    fn invitation(&self, to: &str, key: &str, subject: &str, text: String, ics: &str) -> Result<Message, SinkError> {
        let method = ics.lines().find_map(|l| l.strip_prefix("METHOD:")).unwrap_or("REQUEST");
        let kind = ContentType::parse(&format!("text/calendar; charset=utf-8; method={}", method.trim()))
            .map_err(|e| SinkError::Never(format!("the invitation cannot be composed: {e}")))?;
        let calendar = SinglePart::builder().header(kind).body(ics.to_owned());
        let parts = MultiPart::alternative().singlepart(SinglePart::plain(text)).singlepart(calendar);
        let mail = self.envelope(to, key, subject)?.multipart(parts);
        mail.map_err(|e| SinkError::Never(format!("the mail cannot be composed: {e}")))
    }

    /// Sends a mail that is no posting: under a Message-ID made from `key`, with an iCalendar object beside the text where
    /// there is one (RFC 6047).
    ///
    /// # Errors
    /// See [`SinkError`].
    pub async fn letter(
        &self,
        to: &str,
        key: &str,
        subject: &str,
        body: &str,
        calendar: Option<&str>,
    ) -> Result<(), SinkError> {
        let text = format!("{}\r\n\r\n{AUTOMATIC}\r\n", body.trim_end());
        let message = match calendar {
            None => self.message(to, key, subject, text)?,
            Some(calendar) => self.invitation(to, key, subject, text, calendar)?,
        };
        self.send(message).await
    }

    async fn send(&self, message: Message) -> Result<(), SinkError> {
        // The transport's own timeout covers connecting only.
        match tokio::time::timeout(self.options.timeout, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(e)) if e.is_permanent() => Err(SinkError::Never(told(&e))),
            Ok(Err(e)) => Err(SinkError::Later(told(&e))),
            Err(_) => Err(SinkError::Later(format!("no answer within {} s", self.options.timeout.as_secs()))),
        }
    }

    /// Tells an administrator of something that is wrong with the service (or well again), without any outbox: who
    /// raises alarms repeats them. No patient data.
    ///
    /// # Errors
    /// See [`SinkError`].
    pub async fn alarm(&self, to: &str, key: &str, what: &str, fault: Option<&str>) -> Result<(), SinkError> {
        let (subject, line) = match fault {
            Some(fault) => ("【faxbridge】管理者の確認が必要です", format!("{what}: {fault}")),
            None => ("【faxbridge】復旧しました", format!("{what}: OK")),
        };
        let lines = [line.as_str(), "", &format!("{}/review", self.options.base_url), "", AUTOMATIC, ""];
        self.send(self.message(to, key, subject, lines.join("\r\n"))?).await
    }
}

impl MailSink {
    /// Mails a fax of our own (a canary).
    ///
    /// # Errors
    /// See [`SinkError`].
    pub async fn fax(&self, to: &str, fax: &Fax) -> Result<(), SinkError> {
        let message = fax::message(&self.options.from, to, fax).map_err(SinkError::Never)?;
        self.send(message).await
    }
}

const AUTOMATIC: &str = "このメールは faxbridge が自動で送っています。返信はできません。";

#[async_trait]
impl Sink for MailSink {
    fn name(&self) -> &'static str {
        "mail"
    }

    async fn post(&self, posting: &Posting) -> Result<String, SinkError> {
        let (subject, body) = compose(posting, &self.options);
        let message = match &posting.attached {
            None => self.message(&posting.recipient, &posting.key, &subject, body)?,
            Some(calendar) => self.invitation(&posting.recipient, &posting.key, &subject, body, calendar)?,
        };
        self.send(message).await?;
        Ok(self.message_id(&posting.key))
    }
}

/// Subject and text of a notice.
fn compose(posting: &Posting, options: &MailOptions) -> (String, String) {
    let mut lines = Vec::new();
    match (posting.purpose, &posting.changed) {
        (Purpose::Held, _) => {
            lines.push("FAXが確認待ちです。掲載先の部屋を決めるか、対象外にしてください。".to_owned());
        }
        (_, Some(keys)) if posting.revision == 1 => {
            lines.push("以前に届いた書類の、内容の異なる版が届きました。前の版と置き換えています。".to_owned());
            let label = |k| posting.fields.get(k).map_or_else(|| Vocabulary::get().label(k), |f| f.label(k));
            let labels: Vec<&str> = keys.iter().map(|k: &String| label(k)).collect();
            lines.push(format!("異なる、または同じと確かめられない項目: {}", labels.join("、")));
        }
        _ if posting.revision > 1 => lines.push("部屋の書類が更新されました。".to_owned()),
        _ => lines.push("部屋に書類が届きました。".to_owned()),
    }
    lines.push(String::new());
    lines.push(format!("種類: {}", wording::kind(posting)));
    lines.push(format!("発信元: {}", wording::sender(posting)));
    lines.push(format!("緊急度: {}", wording::urgency(posting)));
    lines.extend(wording::deadlines(posting).iter().map(|d| format!("期限: {d}")));
    lines.push(format!("受信: {}", wording::received(posting)));
    if options.patient_data {
        if let Some(name) = posting.accepted("patient.name") {
            lines.push(format!("患者: {name} 様"));
        }
        if let Some(reason) = &posting.reason {
            lines.push(format!("理由: {reason}"));
        }
    }
    lines.push(String::new());
    lines.push(format!("{}{}", options.base_url, wording::path(posting)));
    lines.push(String::new());
    lines.push(AUTOMATIC.to_owned());
    (wording::headline(posting), lines.join("\r\n") + "\r\n")
}

/// An SMTP error with its causes, on one line.
fn told(e: &lettre::transport::smtp::Error) -> String {
    let mut text = e.to_string();
    let mut cause = std::error::Error::source(e);
    while let Some(c) = cause {
        let more = c.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = c.source();
    }
    text.replace(['\r', '\n'], " ")
}

/// Host name of an SMTP address.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, r)| r);
    let rest = rest.split(['/', '?']).next().unwrap_or(rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, r)| r);
    match rest.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => rest.split(':').next().unwrap_or(rest),
    }
}

/// RFC 3834: keeps vacation responders from answering.
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }
    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;

    use super::*;
    use crate::model::{Field, Status, Trace, Value};

    fn field(value: &str, status: Status) -> Field {
        Field {
            value: Value::One(value.into()),
            raw: value.into(),
            page: 1,
            rect: [0; 4],
            confidence: 1.0,
            status,
            items: None,
            trace: Trace::default(),
        }
    }

    fn posting(purpose: Purpose, sender: Status) -> Posting {
        Posting {
            key: "6f9619ff-8b86-d011-b42d-00cf4fc964ff".into(),
            purpose,
            document: "doc-1".into(),
            revision: 1,
            room: Some("R-0001".into()),
            recipient: "nurse@example.jp".into(),
            kind: "discharge_summary".into(),
            pages: vec![1],
            fields: BTreeMap::from([
                ("patient.name".to_owned(), field("柏 花子", Status::Accepted)),
                ("encounter.discharge_date".to_owned(), field("2026-12-01", Status::Accepted)),
                ("sender.institution".to_owned(), field("柏病院", sender)),
                ("urgency".to_owned(), field("urgent", Status::Review)),
            ]),
            reason: Some("柏 花子 という患者が二人います".into()),
            received: 1_763_859_600_000,
            changed: None,
            attached: None,
            images: Vec::new(),
        }
    }

    fn options(smtp: &str) -> MailOptions {
        MailOptions {
            smtp: smtp.into(),
            from: "faxbridge@example.jp".into(),
            timeout: Duration::from_secs(10),
            base_url: "http://127.0.0.1:8480".into(),
            ..MailOptions::default()
        }
    }

    #[test]
    fn a_notice_says_enough_and_nothing_of_the_patient() {
        for purpose in [Purpose::Notice, Purpose::Held] {
            let (subject, body) = compose(&posting(purpose, Status::Accepted), &options(""));
            assert!(subject.starts_with("【至急】"), "{subject}");
            let deadline = "期限: 退院（予定） 2026年12月1日(火)";
            for wanted in
                ["退院時サマリー", "柏病院", "至急", "2025年11月23日 10:00", deadline, "http://127.0.0.1:8480/"]
            {
                assert!(body.contains(wanted), "{wanted} is not in {body}");
            }
            assert!(!body.contains("花子") && !subject.contains("花子"), "the patient is in {body}");
        }
        let (_, body) = compose(&posting(Purpose::Notice, Status::Review), &options(""));
        assert!(!body.contains("柏病院") && body.contains("確認中"), "an unsure sender is no text: {body}");
        let changed = vec!["encounter.discharge_date".to_owned(), crate::model::ELSEWHERE.to_owned()];
        let version = Posting { changed: Some(changed), ..posting(Purpose::Notice, Status::Accepted) };
        let (subject, body) = compose(&version, &options(""));
        assert!(subject.contains("退院時サマリーの更新版"), "{subject}");
        assert!(body.contains("退院(予定)日、項目以外の文字や印"), "{body}");
        let open = MailOptions { patient_data: true, ..options("") };
        assert!(compose(&posting(Purpose::Notice, Status::Review), &open).1.contains("柏 花子 様"));
    }

    #[test]
    fn hosts_are_found_in_addresses() {
        assert_eq!(host("smtp://127.0.0.1:2525"), "127.0.0.1");
        assert_eq!(host("smtps://user:p@mail.example.jp/helo?x=1"), "mail.example.jp");
        assert_eq!(host("smtp://[::1]:25?tls=required"), "::1");
    }

    /// A mail server that answers the given line to RCPT and keeps what it gets.
    async fn server(rcpt: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let url = format!("smtp://{}", listener.local_addr().expect("address"));
        let task = tokio::spawn(async move {
            let (socket, _) = listener.accept().await.expect("accept");
            let (read, mut write) = socket.into_split();
            let (mut lines, mut got, mut data) = (BufReader::new(read).lines(), String::new(), false);
            write.write_all(b"220 test\r\n").await.expect("greet");
            while let Ok(Some(line)) = lines.next_line().await {
                got.push_str(&line);
                got.push('\n');
                let answer = match line.as_str() {
                    "." => {
                        data = false;
                        "250 ok"
                    }
                    _ if data => continue,
                    "DATA" => {
                        data = true;
                        "354 go"
                    }
                    "QUIT" => "221 bye",
                    l if l.starts_with("RCPT") => rcpt,
                    _ => "250 ok",
                };
                if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                    break;
                }
            }
            got
        });
        (url, task)
    }

    #[tokio::test]
    async fn every_attempt_carries_the_same_message_id() {
        let mut seen = Vec::new();
        for _ in 0..2 {
            let (url, task) = server("250 ok").await;
            let sink = MailSink::new(options(&url)).expect("sink");
            let remote = sink.post(&posting(Purpose::Notice, Status::Accepted)).await.expect("sent");
            drop(sink);
            let got = task.await.expect("server");
            assert!(got.contains(&format!("Message-ID: {remote}")), "{got}");
            assert!(got.contains("Auto-Submitted: auto-generated"), "{got}");
            seen.push(remote);
        }
        assert_eq!(seen[0], seen[1]);
    }

    #[tokio::test]
    async fn a_refusal_for_now_is_told_from_one_for_good() {
        for (answer, for_good) in [("451 try later", false), ("550 no such user", true)] {
            let (url, _task) = server(answer).await;
            let sink = MailSink::new(options(&url)).expect("sink");
            let e = sink.post(&posting(Purpose::Notice, Status::Accepted)).await.expect_err("refused");
            assert_eq!(matches!(e, SinkError::Never(_)), for_good, "{e}");
        }
        let sink = MailSink::new(options("smtp://127.0.0.1:1")).expect("sink");
        assert!(matches!(sink.post(&posting(Purpose::Notice, Status::Accepted)).await, Err(SinkError::Later(_))));
    }
}
