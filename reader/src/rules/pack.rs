//! A layer as one text that cities hand to each other: TOML with a head and the files as they are.
//!
//! [`sealed`] is what a signature would be over: the text without its `signature` line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::RulesError;
use super::layer::{Base, Layer};

/// Form of the text.
const FORMAT: u32 = 1;
/// Longest text that is taken, bytes.
pub const LONGEST: usize = 1 << 20;

/// What a pack says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    pub format: u32,
    /// Who made it, and what it is good for.
    pub name: String,
    /// Day, `YYYY-MM-DD`.
    pub made: String,
    /// SHA-256 over the files, so that a text that was cut is noticed.
    pub sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    pub files: BTreeMap<String, String>,
}

impl Pack {
    pub fn of(layer: &Layer, name: &str, made: &str) -> Pack {
        let files: BTreeMap<String, String> = layer.files().map(|(n, t)| (n.to_owned(), t.to_owned())).collect();
        let sha256 = digest(&files);
        Pack { format: FORMAT, name: name.to_owned(), made: made.to_owned(), sha256, signature: None, files }
    }

    pub fn text(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }

    /// # Errors
    /// It is no pack, another version's, or was changed on its way.
    pub fn read(text: &str) -> Result<Pack, RulesError> {
        if text.len() > LONGEST {
            return Err(RulesError("the pack is too long".to_owned()));
        }
        let pack: Pack = toml::from_str(text).map_err(|e| RulesError(format!("no pack of rules: {}", e.message())))?;
        if pack.format != FORMAT {
            return Err(RulesError(format!("a pack of format {}, this program reads {FORMAT}", pack.format)));
        }
        if digest(&pack.files) != pack.sha256 {
            return Err(RulesError("the pack was changed: its files are not those of its `sha256`".to_owned()));
        }
        Ok(pack)
    }

    /// The layer in it, if it goes with the base.
    ///
    /// # Errors
    /// The first fault, with its line.
    pub fn layer(&self, base: &Base) -> Result<Layer, RulesError> {
        let mut layer = Layer::default();
        self.files.iter().for_each(|(name, text)| layer.set(name, text));
        base.check(&layer)?;
        Ok(layer)
    }
}

/// What a signature is over.
pub fn sealed(pack: &Pack) -> String {
    Pack { signature: None, ..pack.clone() }.text()
}

fn digest(files: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for part in files.iter().flat_map(|(n, t)| [n, t]) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}
