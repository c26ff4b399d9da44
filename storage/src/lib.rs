//! The S3-compatible object store, as far as we use it: objects put and read, and links by which one is opened or handed in
//! for a while.
//!
//! The client crate is `rust-s3`. Compared with the crate `s3` (0.1): that one has the tidier interface but is young, breaks
//! it in minor releases and sets no time limit by default; `rust-s3` has been kept for years, takes a time limit, path style and
//! rustls, and its known weakness (streamed multipart uploads drop metadata headers) touches nothing we do. Pinned exactly,
//! because the signing of links is not ours to test for every release.

mod inspect;

use std::{collections::HashMap, fmt, time::Duration};

use futures_util::StreamExt;
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use s3::{Bucket, BucketConfiguration, Region, creds::Credentials, error::S3Error};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

pub use inspect::Found;

/// The size of the parts in which a large object is put, in bytes: the client crate's.
const PART: u64 = 8 * 1024 * 1024;

/// Where the object store is.
#[derive(Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Object store")]
pub struct StorageSettings {
    /// Address of the S3-compatible store, such as https://s3.example.com.
    #[arg(long, env = "S3_ENDPOINT", value_name = "URL")]
    pub s3_endpoint: Option<String>,
    /// Address under which browsers reach the store; download links are made for it. Default: S3_ENDPOINT.
    #[arg(long, env = "S3_PUBLIC_ENDPOINT", value_name = "URL")]
    pub s3_public_endpoint: Option<String>,
    /// Region that requests are signed for.
    #[arg(long, env = "S3_REGION", default_value = "us-east-1")]
    pub s3_region: String,
    /// Bucket that holds all files.
    #[arg(long, env = "S3_BUCKET", default_value = "wangqian")]
    pub s3_bucket: String,
    /// Access key id.
    #[arg(long, env = "S3_ACCESS_KEY_ID", default_value = "")]
    pub s3_access_key_id: String,
    /// Secret access key.
    #[arg(
        long,
        env = "S3_SECRET_ACCESS_KEY",
        default_value = "",
        hide_env_values = true
    )]
    pub s3_secret_access_key: String,
    /// Whether the bucket stands in the path (true) or in the host name (false).
    #[arg(long, env = "S3_PATH_STYLE", default_value_t = true, action = clap::ArgAction::Set)]
    pub s3_path_style: bool,
    /// Longest that one request may take, in seconds.
    #[arg(
        long,
        env = "S3_TIMEOUT_SECONDS",
        value_name = "SECONDS",
        default_value_t = 10
    )]
    pub s3_timeout_seconds: u64,
}

impl fmt::Debug for StorageSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageSettings")
            .field("s3_endpoint", &self.s3_endpoint)
            .field("s3_public_endpoint", &self.s3_public_endpoint)
            .field("s3_region", &self.s3_region)
            .field("s3_bucket", &self.s3_bucket)
            .field("s3_path_style", &self.s3_path_style)
            .field("s3_timeout_seconds", &self.s3_timeout_seconds)
            .finish_non_exhaustive()
    }
}

/// What went wrong with the store. No text here contains a key or a link.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The settings do not name a store.
    #[error("the object store is not set up: {0}")]
    Settings(String),
    /// There is no such object, or no such bucket.
    #[error("no such object")]
    NotFound,
    /// The store does not accept our keys.
    #[error("the object store refuses the access key (status {0})")]
    Denied(u16),
    /// No answer within the time limit.
    #[error("the object store did not answer in time")]
    Timeout,
    /// No connection, or the store says that it is in trouble.
    #[error("the object store cannot be reached: {0}")]
    Unavailable(String),
    /// Any other answer.
    #[error("the object store answered with status {0}")]
    Status(u16),
    /// A link or request could not be made.
    #[error("the request could not be made: {0}")]
    Request(String),
    /// The object is larger than the reader takes.
    #[error("the object is larger than {0} bytes")]
    TooLarge(u64),
    /// What was read could not be written where the caller wants it.
    #[error("the object could not be written down: {0}")]
    Sink(std::io::Error),
}

impl StorageError {
    /// Whether trying again later may help.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Timeout | Self::Unavailable(_))
    }

    fn of_status(status: u16) -> Self {
        match status {
            404 => Self::NotFound,
            401 | 403 => Self::Denied(status),
            408 | 429 | 500..=599 => Self::Unavailable(format!("status {status}")),
            other => Self::Status(other),
        }
    }
}

impl From<S3Error> for StorageError {
    fn from(error: S3Error) -> Self {
        match error {
            S3Error::HttpFailWithBody(status, _) => Self::of_status(status),
            S3Error::Reqwest(error) if error.is_timeout() => Self::Timeout,
            S3Error::Reqwest(error) => Self::Unavailable(error.without_url().to_string()),
            S3Error::Io(error) => Self::Unavailable(error.to_string()),
            other => Self::Request(other.to_string()),
        }
    }
}

/// What a browser is asked to do with a file (RFC 6266).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// To save it. The only one for what people have brought: nothing of it opens in place.
    Attachment,
    /// To show it, for what this system has made itself.
    Inline,
}

impl Disposition {
    const fn word(self) -> &'static str {
        match self {
            Self::Attachment => "attachment",
            Self::Inline => "inline",
        }
    }
}

/// The name under which a file is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DownloadName<'a> {
    /// The name.
    pub name: &'a str,
    /// What it is called by programs that read nothing but ASCII; anything else in it becomes `_`.
    pub ascii: &'a str,
}

/// What is known of an object without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Size in bytes.
    pub byte_size: u64,
    /// Media type.
    pub content_type: Option<String>,
    /// The store's mark of this content.
    pub etag: Option<String>,
}

/// A client of the store; cheap to clone.
#[derive(Clone)]
pub struct Storage {
    inside: Box<Bucket>,
    outside: Box<Bucket>,
    limit: Duration,
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage")
            .field("bucket", &self.inside.name())
            .finish_non_exhaustive()
    }
}

impl Storage {
    /// A client; nothing is asked of the store yet.
    ///
    /// # Errors
    /// [`StorageError::Settings`].
    pub fn new(settings: &StorageSettings) -> Result<Self, StorageError> {
        let endpoint = settings
            .s3_endpoint
            .as_deref()
            .ok_or_else(|| StorageError::Settings("S3_ENDPOINT is missing".to_owned()))?;
        let public = settings.s3_public_endpoint.as_deref().unwrap_or(endpoint);
        Ok(Self {
            inside: bucket(settings, endpoint)?,
            outside: bucket(settings, public)?,
            limit: Duration::from_secs(settings.s3_timeout_seconds),
        })
    }

    /// Stores an object; one that is there is replaced.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn put(&self, key: &str, content_type: &str, bytes: &[u8]) -> Result<(), StorageError> {
        self.within(self.inside.put_object_with_content_type(key, bytes, content_type))
            .await?;
        Ok(())
    }

    /// Stores an object of this size that `source` gives piece by piece, so that it need not fit into the memory; one that is there is
    /// replaced. The time limit holds for each 8 MiB of it.
    ///
    /// # Errors
    /// [`StorageError`]; what was there before stays then.
    pub async fn put_from(
        &self,
        key: &str,
        content_type: &str,
        byte_size: u64,
        source: &mut (impl AsyncRead + Unpin + Send),
    ) -> Result<(), StorageError> {
        let request = self
            .inside
            .put_object_stream_builder(key)
            .with_content_type(content_type)
            .with_max_concurrent_chunks(1);
        // A request to begin, one to end, and one a part.
        let parts = u32::try_from(byte_size / PART + 3).unwrap_or(u32::MAX);
        let put = request.execute_stream(source);
        let put = tokio::time::timeout(self.limit.saturating_mul(parts), put).await;
        put.map_err(|_| StorageError::Timeout)??;
        Ok(())
    }

    /// Reads an object.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn get(&self, key: &str) -> Result<Vec<u8>, StorageError> {
        Ok(self.within(self.inside.get_object(key)).await?.to_vec())
    }

    /// Reads an object piece by piece into `sink`, so that it need not fit into the memory. The time limit holds for the
    /// answer's beginning and then for each piece. Gives the size.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`] as soon as more than `limit` bytes come, [`StorageError::Sink`], and those of the store.
    pub async fn get_into(
        &self,
        key: &str,
        limit: u64,
        sink: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<u64, StorageError> {
        let mut answer = self.within(self.inside.get_object_stream(key)).await?;
        if !(200..300).contains(&answer.status_code) {
            return Err(StorageError::of_status(answer.status_code));
        }
        let mut size = 0_u64;
        loop {
            let piece = tokio::time::timeout(self.limit, answer.bytes().next());
            let Some(piece) = piece.await.map_err(|_| StorageError::Timeout)? else {
                break;
            };
            let piece = piece?;
            size = size.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
            if size > limit {
                return Err(StorageError::TooLarge(limit));
            }
            sink.write_all(&piece).await.map_err(StorageError::Sink)?;
        }
        sink.flush().await.map_err(StorageError::Sink)?;
        Ok(size)
    }

    /// Looks at an object; `None` when there is none.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn head(&self, key: &str) -> Result<Option<ObjectInfo>, StorageError> {
        match self.within(self.inside.head_object(key)).await {
            Ok((_, 404)) | Err(StorageError::NotFound) => Ok(None),
            Ok((head, 200..=299)) => Ok(Some(ObjectInfo {
                byte_size: head
                    .content_length
                    .and_then(|length| u64::try_from(length).ok())
                    .unwrap_or(0),
                content_type: head.content_type,
                etag: head.e_tag,
            })),
            Ok((_, status)) => Err(StorageError::of_status(status)),
            Err(error) => Err(error),
        }
    }

    /// Deletes an object; one that is not there is no error.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn delete(&self, key: &str) -> Result<(), StorageError> {
        match self.within(self.inside.delete_object(key)).await {
            Ok(_) | Err(StorageError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A link that opens an object for `lifetime` (whole seconds, at most a week) and offers it under a name, for saving or to be
    /// shown. Computed here: nothing is asked of the store.
    ///
    /// # Errors
    /// [`StorageError::Request`].
    pub async fn presign_get(
        &self,
        key: &str,
        lifetime: Duration,
        asked: Disposition,
        name: DownloadName<'_>,
        content_type: &str,
    ) -> Result<String, StorageError> {
        let seconds = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX);
        let overrides = HashMap::from([
            ("response-content-type".to_owned(), content_type.to_owned()),
            (
                "response-content-disposition".to_owned(),
                disposition(asked, name),
            ),
        ]);
        Ok(self.outside.presign_get(key, seconds, Some(overrides)).await?)
    }

    /// A link by which whoever has it may put an object of exactly this size and media type for `lifetime` (whole seconds, at
    /// most a week). Both headers are signed, so the store refuses any other. What the bytes are is not known before they are
    /// read. Computed here: nothing is asked of the store.
    ///
    /// # Errors
    /// [`StorageError::Request`].
    pub async fn presign_put(
        &self,
        key: &str,
        lifetime: Duration,
        content_type: &str,
        byte_size: u64,
    ) -> Result<String, StorageError> {
        let seconds = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX);
        let content_type = HeaderValue::from_str(content_type)
            .map_err(|_| StorageError::Request("no media type".to_owned()))?;
        let headers = HeaderMap::from_iter([
            (CONTENT_TYPE, content_type),
            (CONTENT_LENGTH, HeaderValue::from(byte_size)),
        ]);
        Ok(self
            .outside
            .presign_put(key, seconds, Some(headers), None)
            .await?)
    }

    /// Makes the bucket if it is not there.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn ensure_bucket(&self) -> Result<(), StorageError> {
        match self.check().await {
            Err(StorageError::NotFound) => {}
            other => return other,
        }
        let (name, region) = (self.inside.name(), self.inside.region());
        let credentials = self.inside.credentials().await?;
        let made = Bucket::create_with_path_style(&name, region, credentials, BucketConfiguration::default());
        match self.within(made).await {
            // Another process was faster.
            Ok(_) | Err(StorageError::Status(409)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether the bucket is there and we may use it: for readiness probes.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn check(&self) -> Result<(), StorageError> {
        self.within(self.inside.list_page(String::new(), None, None, None, Some(1)))
            .await?;
        Ok(())
    }

    /// The time limit around the whole of a request, retries of the client included.
    async fn within<T>(&self, request: impl Future<Output = Result<T, S3Error>>) -> Result<T, StorageError> {
        match tokio::time::timeout(self.limit, request).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(StorageError::Timeout),
        }
    }
}

fn bucket(settings: &StorageSettings, endpoint: &str) -> Result<Box<Bucket>, StorageError> {
    let wrong = |error: &dyn fmt::Display| StorageError::Settings(error.to_string());
    let address = url::Url::parse(endpoint).map_err(|error| wrong(&error))?;
    if !matches!(address.scheme(), "http" | "https") {
        return Err(StorageError::Settings(
            "the endpoint must begin with http:// or https://".to_owned(),
        ));
    }
    let region = Region::Custom {
        region: settings.s3_region.clone(),
        endpoint: endpoint.trim_end_matches('/').to_owned(),
    };
    let credentials = Credentials::new(
        Some(&settings.s3_access_key_id),
        Some(&settings.s3_secret_access_key),
        None,
        None,
        None,
    )
    .map_err(|error| wrong(&error))?;
    let bucket = Bucket::new(&settings.s3_bucket, region, credentials).map_err(|error| wrong(&error))?;
    let bucket = if settings.s3_path_style {
        bucket.with_path_style()
    } else {
        bucket
    };
    bucket
        .with_request_timeout(Duration::from_secs(settings.s3_timeout_seconds))
        .map_err(|error| wrong(&error))
}

/// The header value that offers a file (RFC 6266): plain for old programs, UTF-8 for the others.
fn disposition(asked: Disposition, offered: DownloadName<'_>) -> String {
    let plain: String = offered
        .ascii
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_. ".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let encoded: String = offered
        .name
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    let word = asked.word();
    format!("{word}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_offered_both_ways() {
        let offered = disposition(
            Disposition::Inline,
            DownloadName {
                name: "协议 1.pdf",
                ascii: "agreement 1.pdf",
            },
        );
        assert_eq!(
            offered,
            "inline; filename=\"agreement 1.pdf\"; filename*=UTF-8''%E5%8D%8F%E8%AE%AE%201.pdf"
        );
    }

    #[test]
    fn a_name_cannot_end_its_header_or_its_quotes() {
        let hostile = "a\"b\r\n;签";
        let offered = disposition(
            Disposition::Attachment,
            DownloadName {
                name: hostile,
                ascii: hostile,
            },
        );
        assert_eq!(
            offered,
            "attachment; filename=\"a_b____\"; filename*=UTF-8''a%22b%0D%0A%3B%E7%AD%BE"
        );
    }
}
