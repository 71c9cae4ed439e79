//! Who made a pack of rules: ECDSA over P-256 (FIPS 186-5) by a key of the installation, over the pack's text without its
//! signature. A key says nothing by itself: whose it is a person hears over the telephone, by its fingerprint.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::rules::pack::{Pack, sealed};
use crate::store::{Store, StoreError};

/// Under which the key stands in the store: one for all hosts of a database.
const KEY: &str = "pack_key";

/// What a pack's signature says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// It has none.
    Nobody,
    /// It is whole, and whoever holds the key with this fingerprint made it.
    By(String),
    /// It is not what was signed.
    Wrong,
}

/// The pack with this installation's signature. The key is made at the first use.
///
/// # Errors
/// The database refused, or what stands there is no key.
pub async fn sign(store: &Store, pack: Pack) -> Result<Pack, StoreError> {
    let key = key(store).await?;
    let mut pack = pack;
    pack.signature = None;
    let signature: Signature = key.sign(sealed(&pack).as_bytes());
    let public = key.verifying_key().to_sec1_bytes();
    pack.signature =
        Some(format!("{}.{}", URL_SAFE_NO_PAD.encode(&public), URL_SAFE_NO_PAD.encode(signature.to_bytes())));
    Ok(pack)
}

/// Fingerprint of this installation's key, for reading out over the telephone; none where nothing was signed yet.
///
/// # Errors
/// The database cannot be read, or what stands there is no key.
pub async fn own(store: &Store) -> Result<Option<String>, StoreError> {
    let kept = store.known_secret(KEY).await?;
    let key = kept.as_deref().map(parse).transpose()?;
    Ok(key.map(|k| fingerprint(&k.verifying_key().to_sec1_bytes())))
}

/// Who signed a pack.
pub fn signer(pack: &Pack) -> Signed {
    let Some(text) = &pack.signature else { return Signed::Nobody };
    let checked = || {
        let (public, signature) = text.split_once('.')?;
        let (public, signature) = (URL_SAFE_NO_PAD.decode(public).ok()?, URL_SAFE_NO_PAD.decode(signature).ok()?);
        let key = VerifyingKey::from_sec1_bytes(&public).ok()?;
        key.verify(sealed(pack).as_bytes(), &Signature::from_slice(&signature).ok()?).ok()?;
        Some(fingerprint(&public))
    };
    checked().map_or(Signed::Wrong, Signed::By)
}

async fn key(store: &Store) -> Result<SigningKey, StoreError> {
    let mut made = [0; 32];
    // All but one number in four thousand million are keys.
    while SigningKey::from_slice(&made).is_err() {
        getrandom::fill(&mut made).map_err(|e| StoreError::Damaged(format!("the system's randomness: {e}")))?;
    }
    let kept = store.secret(KEY, &URL_SAFE_NO_PAD.encode(made)).await?;
    parse(&kept)
}

fn parse(kept: &str) -> Result<SigningKey, StoreError> {
    let bytes = URL_SAFE_NO_PAD.decode(kept.trim()).unwrap_or_default();
    SigningKey::from_slice(&bytes).map_err(|_| StoreError::Damaged(format!("the key in meta ({KEY}) is none")))
}

/// Twelve groups of four: the first half of SHA-256 over the public key's form of SEC 1.
fn fingerprint(public: &[u8]) -> String {
    let hex = hex::encode_upper(&Sha256::digest(public)[..24]);
    hex.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Layer;
    use crate::store::testing::site;

    #[tokio::test]
    async fn a_pack_says_who_made_it_and_a_changed_one_that_it_was_changed() {
        let (here, there) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let open = async |at: &tempfile::TempDir| Store::open(site(at.path()).await).await.expect("a store");
        let store = open(&here).await;
        let mut layer = Layer::default();
        layer.set("referral.toml", "[field.\"patient.name\"]\nlabels = [\"わたし\"]");
        let plain = Pack::of(&layer, "柏市", "2026-11-28");
        assert_eq!(signer(&plain), Signed::Nobody);
        assert_eq!(own(&store).await.expect("read"), None, "looking makes no key");
        let signed = sign(&store, plain.clone()).await.expect("signed");
        let read = Pack::read(&signed.text()).expect("it is read back");
        assert_eq!(signer(&read), Signed::By(own(&store).await.expect("read").expect("a key")));
        let changed = Pack { name: "別の市".to_owned(), ..signed.clone() };
        assert_eq!(signer(&changed), Signed::Wrong);
        let other = open(&there).await;
        let theirs = sign(&other, plain).await.expect("signed");
        assert_ne!(signer(&theirs), signer(&signed), "each installation has a key of its own");
        assert_eq!(
            sign(&store, theirs).await.expect("signed anew"),
            Pack { signature: signed.signature.clone(), ..signed }
        );
    }
}
