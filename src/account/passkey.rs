//! Passkeys (W3C Web Authentication, Level 3): discoverable, with the holder verified on the device, so that one of them
//! is both factors. The ceremonies' states and the keys are JSON to those who keep them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

/// One site's passkeys.
pub struct Passkeys(Webauthn);

/// Who signs in: the account and the id of the key, both as the device tells them and nothing proven yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub account: Uuid,
    pub key: String,
}

/// What a browser is given, and what is kept for the answer.
pub struct Ceremony {
    pub options: Json,
    pub state: Json,
}

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub id: String,
    /// JSON: the public half and the counter.
    pub data: String,
}

impl Passkeys {
    /// For the pages at `base_url`. None where they have no host name, which a passkey is bound to, or where browsers
    /// give none: over plain http elsewhere than on `localhost`.
    pub fn at(base_url: &str) -> Option<Passkeys> {
        let url = Url::parse(base_url).ok()?;
        let host = url.domain()?;
        if url.scheme() != "https" && host != "localhost" {
            return None;
        }
        let builder = WebauthnBuilder::new(host, &url).ok()?.rp_name("faxbridge");
        builder.build().ok().map(Passkeys)
    }

    /// A new key for an account, which has those of the ids `have`.
    ///
    /// # Errors
    /// In words for the log.
    pub fn begin_making(&self, account: Uuid, login: &str, name: &str, have: &[String]) -> Result<Ceremony, String> {
        let have = have.iter().filter_map(|id| URL_SAFE_NO_PAD.decode(id).ok()).collect();
        let (options, state) =
            self.0.start_passkey_registration(account, login, name, Some(have)).map_err(|e| e.to_string())?;
        let mut options = json(&options)?;
        // Nobody types a name at the door.
        let selection = &mut options["publicKey"]["authenticatorSelection"];
        selection["residentKey"] = "required".into();
        selection["requireResidentKey"] = true.into();
        Ok(Ceremony { options, state: json(&state)? })
    }

    /// # Errors
    /// The answer does not fit, in words for the log.
    pub fn finish_making(&self, answer: Json, state: Json) -> Result<Key, String> {
        let (answer, state): (RegisterPublicKeyCredential, PasskeyRegistration) = (read(answer)?, read(state)?);
        let key = self.0.finish_passkey_registration(&answer, &state).map_err(|e| e.to_string())?;
        kept(&key)
    }

    /// # Errors
    /// In words for the log.
    pub fn begin_sign_in(&self) -> Result<Ceremony, String> {
        let (mut options, state) = self.0.start_discoverable_authentication().map_err(|e| e.to_string())?;
        // By a button, not by what a form completes.
        options.mediation = None;
        Ok(Ceremony { options: json(&options)?, state: json(&state)? })
    }

    /// # Errors
    /// The answer names nobody, in words for the log.
    pub fn claimed(&self, answer: &Json) -> Result<Claimed, String> {
        let answer: PublicKeyCredential = read(answer.clone())?;
        let (account, key) = self.0.identify_discoverable_authentication(&answer).map_err(|e| e.to_string())?;
        Ok(Claimed { account, key: URL_SAFE_NO_PAD.encode(key) })
    }

    /// Proves that the answer was made with the key kept as `data`; how it is to be kept now, where that changed.
    ///
    /// # Errors
    /// It was not, in words for the log.
    pub fn finish_sign_in(&self, answer: Json, state: Json, data: &str) -> Result<Option<String>, String> {
        let (answer, state): (PublicKeyCredential, DiscoverableAuthentication) = (read(answer)?, read(state)?);
        let mut key: Passkey = serde_json::from_str(data).map_err(|e| e.to_string())?;
        let result = self.0.finish_discoverable_authentication_v2(&answer, state, &key).map_err(|e| e.to_string())?;
        match key.update_credential(&result) {
            Some(true) => Ok(Some(kept(&key)?.data)),
            _ => Ok(None),
        }
    }
}

fn kept(key: &Passkey) -> Result<Key, String> {
    let data = serde_json::to_string(key).map_err(|e| e.to_string())?;
    Ok(Key { id: URL_SAFE_NO_PAD.encode(key.cred_id()), data })
}

fn json<T: Serialize>(value: &T) -> Result<Json, String> {
    serde_json::to_value(value).map_err(|e| e.to_string())
}

fn read<T: DeserializeOwned>(value: Json) -> Result<T, String> {
    serde_json::from_value(value).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sites_that_browsers_give_keys_to_have_them() {
        for (base, can) in [
            ("https://board.example.jp", true),
            ("http://localhost:8480", true),
            ("http://127.0.0.1:8480", false),
            ("http://board.example.jp", false),
            ("https://192.0.2.1", false),
            ("nonsense", false),
        ] {
            assert_eq!(Passkeys::at(base).is_some(), can, "{base}");
        }
    }

    #[test]
    fn a_made_up_answer_is_refused() {
        let keys = Passkeys::at("http://localhost:8480").expect("passkeys");
        let asked = keys.begin_making(Uuid::from_u128(7), "nurse@example.jp", "訪問 太郎", &[]).expect("a ceremony");
        assert_eq!(asked.options["publicKey"]["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(asked.options["publicKey"]["authenticatorSelection"]["userVerification"], "required");
        assert!(keys.finish_making(serde_json::json!({"id": "AA"}), asked.state).is_err());
        assert!(keys.claimed(&serde_json::json!({})).is_err());
    }
}
