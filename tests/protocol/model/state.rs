//! What a state is made of. Three kinds of memory: [`Db`] outlives every crash, [`World`] is other people's (mailboxes,
//! other systems), and a task's own ([`Intake`], [`Worker`], [`Sender`]) is gone when it dies.

use super::Content;

/// A lease's token.
pub type Token = u8;
/// A token that a dead task left on its row.
const DEAD: Token = u8::MAX;
/// A token of a living task whose row has another now, or none.
pub const LOST: Token = u8::MAX - 1;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub content: Content,
    pub db: Db,
    pub world: World,
    pub intakes: Vec<Intake>,
    pub workers: Vec<Worker>,
    pub senders: Vec<Sender>,
    pub person: Person,
    /// What may still go wrong.
    pub faults: u8,
    pub seen: Seen,
}

/// The database and the blobs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Db {
    /// Whether the content lies in `blobs/`.
    pub blob: bool,
    /// For each source, the lease of the intake that owns it.
    pub owners: Vec<Option<Token>>,
    pub receipts: Vec<Receipt>,
    pub jobs: Vec<Job>,
    pub documents: Vec<Document>,
    pub posts: Vec<Post>,
    pub outbox: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receipt {
    pub input: u8,
    /// The first receipt of the same content.
    pub linked: Option<u8>,
    pub state: Final,
}

/// State of a receipt or a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Final {
    Processing,
    Posted,
    Review,
    Withdrawn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    Read,
    Accept,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    pub receipt: u8,
    pub stage: Stage,
    pub token: Option<Token>,
    pub attempts: u8,
    pub crashes: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Document {
    pub receipt: u8,
    pub state: Final,
    pub revision: u8,
    pub room: u8,
}

/// A sheet on the board.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Post {
    pub document: u8,
    pub revision: u8,
    pub room: u8,
    pub replaced: bool,
    pub withdrawn: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The sheet, to the outside system.
    Post,
    /// Word of the sheet, by mail.
    Notice,
    /// Takes back what that row of the outbox sent, or may have sent.
    Withdraw { row: u8 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowState {
    Pending,
    Sending,
    Sent,
    Failed,
    Cancelled,
}

/// A row of the outbox; its place stands for its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub document: u8,
    pub revision: u8,
    pub mail: bool,
    pub purpose: Purpose,
    pub state: RowState,
    pub token: Option<Token>,
    pub attempts: u8,
    /// Its revision was withdrawn.
    pub withdrawn: bool,
}

impl Row {
    pub fn is_open(&self) -> bool {
        matches!(self.state, RowState::Pending | RowState::Sending)
    }

    /// Whether its recipient may have it.
    pub fn may_have_arrived(&self) -> bool {
        match self.state {
            RowState::Pending => self.attempts > 0,
            RowState::Sending | RowState::Sent | RowState::Failed => true,
            RowState::Cancelled => false,
        }
    }
}

/// What lies outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// Whether the input was moved away or flagged in its source.
    pub touched: Vec<bool>,
    /// For each row of the outbox, what its recipient has of it.
    pub arrived: Vec<Arrived>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Arrived {
    /// Copies, counted to 2.
    pub copies: u8,
    /// It was taken back after it, or before.
    pub taken_back: bool,
}

/// A task that looks through sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Intake {
    Idle,
    /// Believes to own the source of this input.
    Owns {
        input: u8,
        token: Token,
    },
    /// The bytes are read and kept as a blob.
    Kept {
        input: u8,
        token: Token,
    },
    /// Has looked for the same content, outside of the transaction (only where `link_locked` is broken).
    Looked {
        input: u8,
        token: Token,
        first: Option<u8>,
    },
    /// The source was touched, the receipt is not committed (only where `commit_before_touch` is broken).
    Hasty {
        input: u8,
        token: Token,
    },
    /// The receipt is committed, the source not yet touched.
    Received {
        input: u8,
        token: Token,
    },
}

/// A task that works on jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Worker {
    Idle,
    Has { receipt: u8, stage: Stage, token: Token },
}

/// A task that carries the outbox to its sinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sender {
    Idle,
    /// Before or within the call of the sink.
    Sending {
        row: u8,
        token: Token,
        repeated: bool,
        late: bool,
    },
    /// The call is over.
    Answered {
        row: u8,
        token: Token,
        answer: Answer,
    },
}

/// How a call of a sink ended, as its sender sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    Yes,
    /// It arrived, the answer did not: to the sender the same as `No`.
    Lost,
    /// It did not arrive; later perhaps.
    No,
    /// It did not arrive and never will.
    Never,
}

/// A person who looks at a sheet, maybe for long, and then confirms its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Person {
    Fresh,
    Looks { document: u8, revision: u8, room: u8 },
    Done,
}

/// Breaches that leave no other trace. Only the properties read it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Seen {
    /// A commit without the row's lease changed something.
    pub stale_write: bool,
    /// Something of a withdrawn revision was sent by a task that took it after the withdrawal.
    pub sent_after_withdrawal: bool,
}

/// An index, from the small numbers that the state is made of.
pub fn at(i: u8) -> usize {
    usize::from(i)
}

pub fn numbers(n: usize) -> impl Iterator<Item = u8> {
    (0..n).map(|i| u8::try_from(i).expect("a small number"))
}

impl State {
    /// Whether a living task knows this token.
    pub fn is_alive(&self, token: Token) -> bool {
        self.intakes.iter().any(|i| i.token() == Some(token))
            || self.workers.iter().any(|w| w.token() == Some(token))
            || self.senders.iter().any(|s| s.token() == Some(token))
    }

    /// A token that nobody has.
    pub fn fresh(&self) -> Token {
        let on_row = |t| self.db.tokens().any(|of| *of == Some(t));
        (0..).find(|t| !self.is_alive(*t) && !on_row(*t)).expect("a free token")
    }

    /// Tasks have no names and tokens only say who holds what, so states that differ in nothing else become one.
    pub fn normalise(&mut self) {
        let held: Vec<Token> = self.db.tokens().flatten().copied().filter(|t| self.is_alive(*t)).collect();
        let renamed = |t: &mut Token, lost: Token| {
            *t = held.iter().position(|h| h == t).map_or(lost, |i| u8::try_from(i).expect("few leases"));
        };
        self.db.tokens_mut().flatten().for_each(|t| renamed(t, DEAD));
        self.intakes.iter_mut().filter_map(Intake::token_mut).for_each(|t| renamed(t, LOST));
        self.workers.iter_mut().filter_map(Worker::token_mut).for_each(|t| renamed(t, LOST));
        self.senders.iter_mut().filter_map(Sender::token_mut).for_each(|t| renamed(t, LOST));
        self.intakes.sort_unstable();
        self.workers.sort_unstable();
        self.senders.sort_unstable();
    }
}

impl Intake {
    pub fn token(&self) -> Option<Token> {
        { *self }.token_mut().copied()
    }

    pub fn token_mut(&mut self) -> Option<&mut Token> {
        match self {
            Intake::Idle => None,
            Intake::Owns { token, .. }
            | Intake::Kept { token, .. }
            | Intake::Looked { token, .. }
            | Intake::Hasty { token, .. }
            | Intake::Received { token, .. } => Some(token),
        }
    }
}

impl Worker {
    pub fn token(&self) -> Option<Token> {
        { *self }.token_mut().copied()
    }

    pub fn token_mut(&mut self) -> Option<&mut Token> {
        match self {
            Worker::Idle => None,
            Worker::Has { token, .. } => Some(token),
        }
    }
}

impl Sender {
    pub fn token(&self) -> Option<Token> {
        { *self }.token_mut().copied()
    }

    pub fn token_mut(&mut self) -> Option<&mut Token> {
        match self {
            Sender::Idle => None,
            Sender::Sending { token, .. } | Sender::Answered { token, .. } => Some(token),
        }
    }
}

impl Db {
    /// The lease of every row that can have one.
    pub fn tokens(&self) -> impl Iterator<Item = &Option<Token>> {
        self.owners.iter().chain(self.jobs.iter().map(|j| &j.token)).chain(self.outbox.iter().map(|r| &r.token))
    }

    pub fn tokens_mut(&mut self) -> impl Iterator<Item = &mut Option<Token>> {
        let jobs = self.jobs.iter_mut().map(|j| &mut j.token);
        self.owners.iter_mut().chain(jobs).chain(self.outbox.iter_mut().map(|r| &mut r.token))
    }

    /// The first receipt of the content.
    pub fn first(&self) -> Option<u8> {
        self.receipts.iter().position(|r| r.linked.is_none()).map(|i| u8::try_from(i).expect("few receipts"))
    }

    pub fn disown(&mut self, input: u8, token: Token) {
        let owner = &mut self.owners[at(input)];
        if *owner == Some(token) {
            *owner = None;
        }
    }

    /// `ON CONFLICT (stage, receipt) DO NOTHING`.
    pub fn enqueue(&mut self, receipt: u8, stage: Stage, attempts: u8) {
        if !self.jobs.iter().any(|j| j.receipt == receipt && j.stage == stage) {
            self.jobs.push(Job { receipt, stage, token: None, attempts, crashes: 0 });
        }
    }

    /// Removes a job, unless its receipt has its document already: then the insert that follows would fail on its key and
    /// roll everything back.
    pub fn take(&mut self, job: usize) -> Option<Job> {
        let receipt = self.jobs[job].receipt;
        (!self.documents.iter().any(|d| d.receipt == receipt)).then(|| self.jobs.remove(job))
    }

    pub fn insert_document(&mut self, receipt: u8, state: Final, room: u8) -> u8 {
        self.documents.push(Document { receipt, state, revision: 1, room });
        u8::try_from(self.documents.len() - 1).expect("few documents")
    }

    /// Freezes a further revision and returns its number.
    pub fn revise(&mut self, document: u8, state: Final, room: u8) -> u8 {
        let doc = &mut self.documents[at(document)];
        doc.revision += 1;
        doc.state = state;
        doc.room = room;
        doc.revision
    }

    /// A row for the outbox.
    pub fn tell(&mut self, document: u8, revision: u8, mail: bool, purpose: Purpose) {
        self.outbox.push(Row {
            document,
            revision,
            mail,
            purpose,
            state: RowState::Pending,
            token: None,
            attempts: 0,
            withdrawn: false,
        });
    }

    /// A receipt's state is that of its document.
    pub fn settle(&mut self, receipt: u8) {
        if let Some(doc) = self.documents.iter().find(|d| d.receipt == receipt) {
            self.receipts[at(receipt)].state = doc.state;
        }
    }
}
