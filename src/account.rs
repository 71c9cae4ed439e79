//! People who sign in: what they may do, and the proofs that they are who they say.
//!
//! Pure but for randomness: rows are `store`'s, pages are `web`'s. Secrets never leave here in a form that can be used:
//! what is stored is a hash (tokens, passwords) or the public half (passkeys), but for the TOTP secret, which both sides
//! need by its nature (RFC 6238). Must not know any other module of the crate.

pub mod passkey;
pub mod password;
pub mod scope;
pub mod second;
pub mod token;

use std::fmt;

/// What an account may do. One account may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads the rooms that its mailbox is a member of, and answers there.
    Viewer,
    /// Sees every room and the review list, and decides what waits there.
    Reviewer,
    /// Tunes the extraction rules.
    Rules,
    /// Accounts, sources, registers, audit.
    Admin,
}

impl Role {
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Reviewer, Role::Rules, Role::Admin];

    /// As in the database and in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Reviewer => "reviewer",
            Role::Rules => "rules",
            Role::Admin => "admin",
        }
    }

    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|r| r.as_str() == word)
    }

    /// For people.
    pub fn name(self, lang: Lang) -> &'static str {
        match self {
            Role::Viewer => lang.say("閲覧（所属する部屋）", "Viewer (own rooms)"),
            Role::Reviewer => lang.say("確認担当（全部屋）", "Reviewer (all rooms)"),
            Role::Rules => lang.say("読み取りルール管理", "Rules administrator"),
            Role::Admin => lang.say("システム管理", "System administrator"),
        }
    }
}

/// A set of roles, in the order of [`Role::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(u8);

impl Roles {
    pub fn all() -> Roles {
        Role::ALL.into_iter().collect()
    }

    /// Words with commas; those that are no roles are passed over.
    pub fn parse(words: &str) -> Roles {
        words.split(',').filter_map(|w| Role::parse(w.trim())).collect()
    }

    pub fn has(self, role: Role) -> bool {
        self.0 & bit(role) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |r| self.has(*r))
    }
}

impl From<Role> for Roles {
    fn from(role: Role) -> Roles {
        Roles(bit(role))
    }
}

fn bit(role: Role) -> u8 {
    1 << role as u8
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Roles {
        Roles(roles.into_iter().fold(0, |set, r| set | bit(r)))
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(Role::as_str).collect();
        f.write_str(&words.join(","))
    }
}

/// Language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    #[default]
    Ja,
    En,
}

impl Lang {
    pub fn as_str(self) -> &'static str {
        self.say("ja", "en")
    }

    /// Japanese where the word is no language of ours.
    pub fn parse(word: &str) -> Lang {
        if word == "en" { Lang::En } else { Lang::Ja }
    }

    /// Both texts stand where they are used, so that neither can be forgotten.
    pub fn say<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        match self {
            Lang::Ja => ja,
            Lang::En => en,
        }
    }
}

/// A mail address as accounts are known by: lower case, without space around.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn login(text: &str) -> Result<String, &'static str> {
    let text = text.trim().to_lowercase();
    let plausible = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.starts_with('.') && !domain.ends_with('.')
    });
    let clean =
        text.len() <= 254 && text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>,;\"()".contains(c));
    if plausible && clean { Ok(text) } else { Err("メールアドレスの形ではありません") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_as_they_are_written() {
        for mask in 0..16u8 {
            let roles: Roles =
                Role::ALL.into_iter().enumerate().filter(|(n, _)| mask & (1 << n) != 0).map(|(_, r)| r).collect();
            assert_eq!(Roles::parse(&roles.to_string()), roles);
            assert_eq!(roles.iter().count() as u32, mask.count_ones());
        }
        assert_eq!(Roles::parse("admin, nobody,viewer").to_string(), "viewer,admin");
    }

    #[test]
    fn logins_are_addresses_in_one_form() {
        assert_eq!(login(" Nurse@Example.JP "), Ok("nurse@example.jp".into()));
        for bad in ["", "nurse", "@example.jp", "a@", "a b@c.jp", "a@b.jp\r\nBcc: x@y.jp", "<a@b.jp>", "a@.jp"] {
            assert!(login(bad).is_err(), "{bad:?}");
        }
    }
}
