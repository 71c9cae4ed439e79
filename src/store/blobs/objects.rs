//! Blobs as objects of an S3-compatible store. A put that was answered is durable there, and whole.

use std::fmt;
use std::sync::Arc;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt, PutPayload};

use super::{Place, blocking, sha256};
use crate::store::{Result, StoreError, crash};

#[derive(Clone)]
pub struct Objects {
    store: Arc<AmazonS3>,
    url: Arc<str>,
    prefix: Path,
}

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

fn failed(what: String) -> impl FnOnce(Error) -> StoreError {
    move |e| {
        let source = match e {
            Error::NotFound { .. } => std::io::Error::new(std::io::ErrorKind::NotFound, e),
            e => std::io::Error::other(e),
        };
        StoreError::Io { what, source }
    }
}

impl Objects {
    /// # Errors
    /// The address cannot be meant.
    pub fn open(place: &Place) -> Result<Objects> {
        let wrong = || StoreError::Refused(format!("blobs.url = \"{}\": it must be s3://bucket/prefix", place.url));
        let rest = place.url.strip_prefix("s3://").ok_or_else(wrong)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        if !place.region.is_empty() {
            builder = builder.with_region(&place.region);
        }
        if !place.endpoint.is_empty() {
            builder = builder.with_endpoint(&place.endpoint).with_allow_http(place.endpoint.starts_with("http://"));
        }
        if !place.access_key.is_empty() {
            builder = builder.with_access_key_id(&place.access_key).with_secret_access_key(&place.secret_key);
        }
        let store = builder.build().map_err(failed(place.url.clone()))?;
        let prefix = Path::parse(prefix).map_err(|_| wrong())?;
        Ok(Objects { store: Arc::new(store), url: place.url.as_str().into(), prefix })
    }

    fn path(&self, name: &str) -> Path {
        let (a, b) = name.split_at_checked(2).unwrap_or(("00", name));
        self.prefix.clone().join(a).join(b)
    }

    pub async fn put(&self, bytes: Vec<u8>) -> Result<String> {
        let (bytes, sha) = blocking(move || {
            let sha = sha256(&bytes);
            Ok((bytes, sha))
        })
        .await?;
        // Written again even where it is there: whatever is under the name is these very bytes afterwards.
        self.store
            .put(&self.path(&sha), PutPayload::from(bytes))
            .await
            .map_err(failed(format!("writing {}/{sha}", self.url)))?;
        crash::reached("blob.put");
        Ok(sha)
    }

    pub async fn get(&self, sha: &str) -> Result<Vec<u8>> {
        let what = || format!("blob {}/{sha}", self.url);
        let answer = self.store.get(&self.path(sha)).await.map_err(failed(what()))?;
        Ok(answer.bytes().await.map_err(failed(what()))?.to_vec())
    }

    pub async fn remove(&self, sha: &str) -> Result<()> {
        match self.store.delete(&self.path(sha)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(failed(format!("removing {}/{sha}", self.url))(e)),
        }
    }

    pub async fn id(&self) -> Result<Option<String>> {
        let what = || format!("{}/id", self.url);
        match self.store.get(&self.prefix.clone().join("id")).await {
            Ok(answer) => {
                let bytes = answer.bytes().await.map_err(failed(what()))?;
                Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned()))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(failed(what())(e)),
        }
    }

    pub async fn found(&self, id: &str) -> Result<()> {
        let payload = PutPayload::from(id.as_bytes().to_vec());
        let put = self.store.put(&self.prefix.clone().join("id"), payload).await;
        put.map(drop).map_err(failed(format!("{}/id", self.url)))
    }
}
