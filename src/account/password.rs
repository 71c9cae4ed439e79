//! Passwords: argon2id with the parameters that OWASP's Password Storage Cheat Sheet asks for (19 MiB, 2 rounds, 1 lane).

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

/// Fewest characters (NIST SP 800-63B-4: 15 for a password alone; here a second factor is always asked).
pub const SHORTEST: usize = 12;
/// Most characters: hashing is no place to send megabytes to.
pub const LONGEST: usize = 256;

/// Whether a new password will do, for the account of that login and name.
///
/// # Errors
/// A sentence for the person.
pub fn check(password: &str, login: &str, name: &str) -> Result<(), &'static str> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err("パスワードは12文字以上にしてください");
    }
    if length > LONGEST {
        return Err("パスワードが長すぎます");
    }
    let lower = password.to_lowercase();
    let local = login.split('@').next().unwrap_or_default();
    let own = [login, local, name].into_iter().filter(|w| w.chars().count() >= 4);
    let few = lower.chars().collect::<std::collections::BTreeSet<_>>().len() < 5;
    if few || own.into_iter().any(|w| lower.contains(&w.to_lowercase())) || lower.contains("password") {
        return Err("推測されやすいパスワードです。名前やアドレスを含まない、別のものにしてください");
    }
    Ok(())
}

fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// The hash to store, in PHC form. Takes some 20 ms of CPU and 19 MiB.
///
/// # Errors
/// The hasher refused, which only memory can be the reason for.
pub fn hash(password: &str) -> Result<String, String> {
    let salt = SaltString::encode_b64(&super::token::random::<16>()).map_err(|e| e.to_string())?;
    hasher().hash_password(password.as_bytes(), &salt).map(|h| h.to_string()).map_err(|e| e.to_string())
}

/// Whether it is the password of `stored`. Without one it takes as long and says no, so that the time does not tell
/// whether there is such an account.
pub fn matches(password: &str, stored: Option<&str>) -> bool {
    let known = stored.and_then(|s| PasswordHash::new(s).ok());
    match known {
        Some(known) => hasher().verify_password(password.as_bytes(), &known).is_ok(),
        None => {
            let _ = hash(password);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_password_matches() {
        let stored = hash("かしわの葉と 2 羽のカモメ").expect("a hash");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(matches("かしわの葉と 2 羽のカモメ", Some(&stored)));
        for (password, stored) in [("かしわの葉と2羽のカモメ", Some(stored.as_str())), ("", Some("")), ("x", None)]
        {
            assert!(!matches(password, stored), "{password}");
        }
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for bad in ["short", "aaaaaaaaaaaaaaaa", "MyPassword2026!", "nurse-kashiwa-2026", "柏 花子といいますよろしくね"]
        {
            assert!(check(bad, "nurse@example.jp", "柏 花子").is_err(), "{bad}");
        }
        assert_eq!(check("かしわの葉と 2 羽のカモメ", "nurse@example.jp", "柏 花子"), Ok(()));
    }
}
