//! What a push service carries and cannot read: Message Encryption for Web Push (RFC 8291, over RFC 8188), and who it comes
//! from (VAPID, RFC 8292).

use aes_gcm::aead::Aead;
use aes_gcm::{Aes128Gcm, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::{PublicKey, SecretKey};
use serde_json::json;
use sha2::Sha256;

/// The one record that a message is, bytes.
const RECORD: usize = 4096;
/// What of a record is not the message: header, tag, delimiter.
const AROUND: usize = 16 + 4 + 1 + 65 + 16 + 1;

/// A key pair of ours.
#[derive(Clone)]
pub struct Key(SecretKey);

impl Key {
    /// A new one.
    ///
    /// # Panics
    /// The system gives no randomness.
    pub fn new() -> Key {
        loop {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).expect("the system's randomness");
            // All but one number in four thousand million are keys.
            if let Ok(key) = SecretKey::from_slice(&bytes) {
                return Key(key);
            }
        }
    }

    /// A key as [`Key::secret`] wrote it; none where it is none.
    pub fn parse(secret: &str) -> Option<Key> {
        SecretKey::from_slice(&URL_SAFE_NO_PAD.decode(secret.trim()).ok()?).ok().map(Key)
    }

    /// The secret half, in base64url.
    pub fn secret(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.to_bytes())
    }

    /// The public half, in base64url: what browsers subscribe with.
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.point())
    }

    fn point(&self) -> Vec<u8> {
        self.0.public_key().to_sec1_bytes().to_vec()
    }

    /// The header `Authorization` for a push service at `origin`, good until then (seconds since 1970), from `contact`
    /// (a mail address).
    pub fn vapid(&self, origin: &str, until: i64, contact: &str) -> String {
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({"typ": "JWT", "alg": "ES256"}));
        let claims = part(json!({"aud": origin, "exp": until, "sub": format!("mailto:{contact}")}));
        let token = format!("{head}.{claims}");
        let signed: Signature = SigningKey::from(&self.0).sign(token.as_bytes());
        format!("vapid t={token}.{}, k={}", URL_SAFE_NO_PAD.encode(signed.to_bytes()), self.public())
    }
}

impl Default for Key {
    fn default() -> Key {
        Key::new()
    }
}

/// Encrypts for a browser (its public key and its authentication secret, base64url). `padded`: so long the message is made,
/// so that its length tells nothing.
///
/// # Errors
/// The browser's keys are none, or the message is too long.
pub fn seal(message: &[u8], padded: usize, p256dh: &str, auth: &str) -> Result<Vec<u8>, &'static str> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|_| "there is no randomness")?;
    seal_with(&Key::new(), salt, message, padded, p256dh, auth)
}

fn seal_with(
    ours: &Key,
    salt: [u8; 16],
    message: &[u8],
    padded: usize,
    p256dh: &str,
    auth: &str,
) -> Result<Vec<u8>, &'static str> {
    let none = "the browser's keys cannot be used";
    let theirs = URL_SAFE_NO_PAD.decode(p256dh.trim_end_matches('=')).map_err(|_| none)?;
    let auth = URL_SAFE_NO_PAD.decode(auth.trim_end_matches('=')).map_err(|_| none)?;
    let public = PublicKey::from_sec1_bytes(&theirs).map_err(|_| none)?;
    if theirs.len() != 65 || auth.len() != 16 {
        return Err(none);
    }
    if message.len().max(padded) > RECORD - AROUND {
        return Err("the message is too long");
    }
    let shared = ours.0.diffie_hellman(&public);
    let (key, nonce) = keys(shared.raw_secret_bytes(), &auth, &theirs, &ours.point(), salt);
    let mut plain = message.to_vec();
    plain.push(2);
    plain.resize(plain.len().max(padded + 1), 0);
    let cipher = Aes128Gcm::new_from_slice(&key).map_err(|_| none)?;
    let sealed = cipher.encrypt(&nonce.into(), plain.as_slice()).map_err(|_| "it cannot be encrypted")?;
    let mut out = salt.to_vec();
    out.extend((RECORD as u32).to_be_bytes());
    out.push(65);
    out.extend(ours.point());
    out.extend(sealed);
    Ok(out)
}

/// Content key and nonce of a message (RFC 8291, 3.4).
fn keys(shared: &[u8], auth: &[u8], theirs: &[u8], ours: &[u8], salt: [u8; 16]) -> ([u8; 16], [u8; 12]) {
    let info = [b"WebPush: info\0".as_slice(), theirs, ours].concat();
    let secret: [u8; 32] = derived(auth, shared, &info);
    (derived(&salt, &secret, b"Content-Encoding: aes128gcm\0"), derived(&salt, &secret, b"Content-Encoding: nonce\0"))
}

fn derived<const N: usize>(salt: &[u8], secret: &[u8], info: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut out).expect("fewer bytes than SHA-256 can give");
    out
}

/// Opens a message, as the browser does; for tests.
#[cfg(test)]
pub fn open(sealed: &[u8], browser: &Key, auth: &str) -> Vec<u8> {
    let salt: [u8; 16] = sealed[..16].try_into().expect("a salt");
    let (theirs, body) = (&sealed[21..86], &sealed[86..]);
    let public = PublicKey::from_sec1_bytes(theirs).expect("a key");
    let shared = browser.0.diffie_hellman(&public);
    let auth = URL_SAFE_NO_PAD.decode(auth).expect("base64");
    let (key, nonce) = keys(shared.raw_secret_bytes(), &auth, &browser.point(), theirs, salt);
    let plain = Aes128Gcm::new_from_slice(&key).expect("a key").decrypt(&nonce.into(), body).expect("it is for us");
    let end = plain.iter().rposition(|b| *b != 0).expect("a delimiter");
    assert_eq!(plain[end], 2);
    plain[..end].to_vec()
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;

    use super::*;

    /// RFC 8291, section 5.
    #[test]
    fn a_message_is_sealed_as_the_rfc_does() {
        let ours = Key::parse("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw").expect("a key");
        let public = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        let auth = "BTBZMqHH6r4Tts7J_aSIgg";
        let salt = URL_SAFE_NO_PAD.decode("DGv6ra1nlYgDCS1FRnbzlw").expect("base64").try_into().expect("16 bytes");
        let text = b"When I grow up, I want to be a watermelon";
        let sealed = seal_with(&ours, salt, text, 0, public, auth).expect("sealed");
        assert_eq!(
            URL_SAFE_NO_PAD.encode(&sealed),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6\
             PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
        let browser = Key::parse("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94").expect("a key");
        assert_eq!(browser.public(), public);
        assert_eq!(open(&sealed, &browser, auth), text);

        let lengths = ["a", "a longer one"].map(|t| seal(t.as_bytes(), 500, public, auth).expect("sealed").len());
        assert_eq!(lengths[0], lengths[1], "the length tells nothing");
        assert!(seal(&[0; 4000], 0, public, auth).is_err() && seal(b"", 0, "AAAA", auth).is_err());
    }

    #[test]
    fn who_sends_is_signed() {
        let key = Key::parse(&Key::new().secret()).expect("a key");
        let header = key.vapid("https://push.example", 1_800_000_000, "fax@example.jp");
        let (token, public) = header.strip_prefix("vapid t=").and_then(|h| h.split_once(", k=")).expect("two parts");
        assert_eq!(public, key.public());
        let (signed, signature) = token.rsplit_once('.').expect("a signature");
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).expect("base64")).expect("64 bytes");
        let verifying = VerifyingKey::from(SigningKey::from(&key.0));
        verifying.verify(signed.as_bytes(), &signature).expect("ours");
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').expect("claims").1).expect("base64");
        let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
        assert_eq!(
            claims,
            json!({"aud": "https://push.example", "exp": 1_800_000_000, "sub": "mailto:fax@example.jp"})
        );
    }
}
