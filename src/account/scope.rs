//! What a program may do with a token: never more than the account that made it may do now.

use std::fmt;

use super::{Lang, Role, Roles};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    RoomsRead,
    RoomsWrite,
    ReviewRead,
    ReviewWrite,
    ReceiptsRead,
    NoticesRead,
    NoticesWrite,
    AdminRead,
    AdminWrite,
    AuditRead,
    RulesRead,
    RulesWrite,
}

impl Scope {
    pub const ALL: [Scope; 12] = [
        Scope::RoomsRead,
        Scope::RoomsWrite,
        Scope::ReviewRead,
        Scope::ReviewWrite,
        Scope::ReceiptsRead,
        Scope::NoticesRead,
        Scope::NoticesWrite,
        Scope::AdminRead,
        Scope::AdminWrite,
        Scope::AuditRead,
        Scope::RulesRead,
        Scope::RulesWrite,
    ];

    /// As in the database, in forms and in the API's description.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::RoomsRead => "rooms:read",
            Scope::RoomsWrite => "rooms:write",
            Scope::ReviewRead => "review:read",
            Scope::ReviewWrite => "review:write",
            Scope::ReceiptsRead => "receipts:read",
            Scope::NoticesRead => "notices:read",
            Scope::NoticesWrite => "notices:write",
            Scope::AdminRead => "admin:read",
            Scope::AdminWrite => "admin:write",
            Scope::AuditRead => "audit:read",
            Scope::RulesRead => "rules:read",
            Scope::RulesWrite => "rules:write",
        }
    }

    pub fn parse(word: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|s| s.as_str() == word)
    }

    /// For people.
    pub fn name(self, lang: Lang) -> &'static str {
        match self {
            Scope::RoomsRead => lang.say("部屋と書類を読む", "Read rooms and sheets"),
            Scope::RoomsWrite => lang.say("書類に返信する", "Answer on sheets"),
            Scope::ReviewRead => lang.say("確認待ちの書類を読む", "Read what waits for review"),
            Scope::ReviewWrite => lang.say("確認待ちの書類を決める", "Decide about what waits for review"),
            Scope::ReceiptsRead => lang.say("受信一覧を読む", "Read what was received"),
            Scope::NoticesRead => {
                lang.say("お知らせの設定と不達を読む", "Read how notices go, and what did not arrive")
            }
            Scope::NoticesWrite => lang.say("お知らせの設定を変え、送り直す", "Change how notices go, and send again"),
            Scope::AdminRead => lang.say("利用者・名簿・受信元を読む", "Read accounts, registers, sources"),
            Scope::AdminWrite => lang.say(
                "利用者の招待・変更、名簿の取り込み、受信元のテスト",
                "Invite and change accounts, take registers over, test sources",
            ),
            Scope::AuditRead => lang.say("監査記録を読む", "Read the audit log"),
            Scope::RulesRead => lang.say("読み取りルールと試験の結果を読む", "Read the rules and what backtests found"),
            Scope::RulesWrite => {
                lang.say("読み取りルールを直し、試し、有効にする", "Change, try and activate the rules")
            }
        }
    }

    /// Whether an account with these roles can do anything with it.
    pub fn is_for(self, roles: Roles) -> bool {
        let any = |of: &[Role]| of.iter().any(|r| roles.has(*r));
        match self {
            Scope::RoomsRead | Scope::RoomsWrite => any(&[Role::Viewer, Role::Reviewer, Role::Rules]),
            Scope::ReviewRead | Scope::ReviewWrite | Scope::ReceiptsRead => any(&[Role::Reviewer]),
            Scope::NoticesRead | Scope::NoticesWrite => true,
            Scope::AdminRead | Scope::AdminWrite | Scope::AuditRead => any(&[Role::Admin]),
            Scope::RulesRead | Scope::RulesWrite => any(&[Role::Rules, Role::Admin]),
        }
    }
}

/// A set of scopes, in the order of [`Scope::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// Words with commas; those that are no scopes are passed over.
    pub fn parse(words: &str) -> Scopes {
        words.split(',').filter_map(|w| Scope::parse(w.trim())).collect()
    }

    pub fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u16) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Scopes {
        Scopes(scopes.into_iter().fold(0, |set, s| set | (1 << s as u16)))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = Scope::ALL.into_iter().filter(|s| self.has(*s)).map(Scope::as_str).collect();
        f.write_str(&words.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_they_are_written() {
        let all: Scopes = Scope::ALL.into_iter().collect();
        assert_eq!(Scopes::parse(&all.to_string()), all);
        assert_eq!(Scopes::parse("admin:read, everything,rooms:read").to_string(), "rooms:read,admin:read");
        assert!(!Scope::AdminRead.is_for(Role::Reviewer.into()) && Scope::RoomsRead.is_for(Role::Viewer.into()));
    }
}
