//! Random tokens that a browser or a mail holds; what is stored of them is their SHA-256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A new token of 256 bits, in base64url.
///
/// # Panics
/// The system gives no randomness.
pub fn new() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// A code that a person can copy by hand: sixteen letters and digits that are not taken for one another (80 bits), in
/// groups of four.
///
/// # Panics
/// The system gives no randomness.
pub fn code() -> String {
    const SIGNS: &[u8; 32] = b"123456789abcdefghjkmnpqrstuvwxyz";
    let mut out = String::new();
    for (n, byte) in random::<16>().into_iter().enumerate() {
        if n > 0 && n % 4 == 0 {
            out.push('-');
        }
        // 256 is a multiple of 32: no sign is likelier than another.
        out.push(char::from(SIGNS[usize::from(byte) % SIGNS.len()]));
    }
    out
}

/// What is stored of a token, or looked for.
pub fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.trim().as_bytes()))
}

/// `N` random bytes.
///
/// # Panics
/// The system gives no randomness.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system's randomness");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_codes_can_be_typed() {
        assert_ne!(new(), new());
        assert!(new().len() == 43 && !new().contains(['+', '/', '=']));
        let code = code();
        assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4]);
        assert_eq!(hash(&format!(" {code}\n")), hash(&code));
    }
}
