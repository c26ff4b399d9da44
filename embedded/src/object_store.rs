//! An S3-compatible store beside the program: a folder, served on a loopback address, for a laptop and for tests.

use std::{
    fs,
    io::Write,
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_MAX_AGE, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, HeaderValue,
    },
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use rand::Rng;
use s3s::{
    Body, HttpError,
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// Where and what the store serves.
#[derive(Clone, Debug)]
pub struct ObjectStoreOptions {
    /// The folder of the objects and of the access key; made when it does not exist.
    pub folder: PathBuf,
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The bucket that is there from the start.
    pub bucket: String,
}

impl ObjectStoreOptions {
    /// A store of one bucket on a free port of the loopback interface.
    pub fn new(folder: impl Into<PathBuf>, bucket: impl Into<String>) -> Self {
        Self {
            folder: folder.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            bucket: bucket.into(),
        }
    }
}

/// Why the store could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ObjectStoreError {
    /// A file, folder or address could not be used.
    #[error("{place}: {error}")]
    Io {
        /// Which one.
        place: String,
        /// What happened.
        error: std::io::Error,
    },
    /// The folder cannot be served.
    #[error("{folder} cannot be served: {problem}")]
    Folder {
        /// Which one.
        folder: PathBuf,
        /// What happened.
        problem: String,
    },
}

fn io(place: &Path) -> impl FnOnce(std::io::Error) -> ObjectStoreError + '_ {
    move |error| ObjectStoreError::Io {
        place: place.display().to_string(),
        error,
    }
}

/// A running store. It stops when it is dropped.
#[derive(Debug)]
pub struct ObjectStore {
    address: SocketAddr,
    bucket: String,
    access_key_id: String,
    secret_access_key: SecretKey,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
}

struct SecretKey(String);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl ObjectStore {
    /// Starts a store; it serves from then on.
    ///
    /// # Errors
    /// [`ObjectStoreError`].
    pub async fn start(options: ObjectStoreOptions) -> Result<Self, ObjectStoreError> {
        let objects = options.folder.join("objects");
        let bucket_folder = objects.join(&options.bucket);
        crate::private_folder(&bucket_folder).map_err(io(&bucket_folder))?;
        let (access_key_id, secret_access_key) = credentials(&options.folder)?;
        let files = FileSystem::new(&objects).map_err(|error| ObjectStoreError::Folder {
            folder: objects.clone(),
            problem: format!("{error:?}"),
        })?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(
            access_key_id.clone(),
            secret_access_key.clone(),
        ));
        let service = builder.build();
        let place = options.listen.to_string();
        let listener = TcpListener::bind(options.listen)
            .await
            .map_err(|error| ObjectStoreError::Io {
                place: place.clone(),
                error,
            })?;
        let address = listener
            .local_addr()
            .map_err(|error| ObjectStoreError::Io { place, error })?;
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(listener, service, stop.clone()));
        Ok(Self {
            address,
            bucket: options.bucket,
            access_key_id,
            secret_access_key: SecretKey(secret_access_key),
            stop,
            server: Some(server),
        })
    }

    /// Its address as a client's setting.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bucket that is there.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The access key's id.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The access key's secret.
    pub fn secret_access_key(&self) -> &str {
        &self.secret_access_key.0
    }

    /// Stops it after the requests that are running.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take()
            && server.await.is_err()
        {
            tracing::warn!("the object store ended with a panic");
        }
    }
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn serve(listener: TcpListener, service: S3Service, stop: CancellationToken) {
    let http = Builder::new(TokioExecutor::new());
    let graceful = GracefulShutdown::new();
    loop {
        let socket = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => socket,
                Err(error) => {
                    tracing::warn!(%error, "the object store could not take a connection");
                    continue;
                }
            },
        };
        let service = service.clone();
        let answer = service_fn(move |request| answer(service.clone(), request));
        let connection = graceful.watch(http.serve_connection(TokioIo::new(socket), answer).into_owned());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error, "a connection to the object store broke");
            }
        });
    }
    graceful.shutdown().await;
}

/// Answers as the store does, and keeps what a signed link says of the answer's headers: S3's `response-…` parameters,
/// which s3s-fs passes over. They are part of what is signed, so nobody but the signer sets them.
///
/// Pages of any origin may use it, since a page puts files by a signed link from the origin of the API. Without a signature it
/// does nothing for anybody, and a browser sends none by itself.
async fn answer(service: S3Service, request: Request<Incoming>) -> Result<Response<Body>, HttpError> {
    if request.method() == Method::OPTIONS {
        return Ok(preflight());
    }
    let overrides = overrides(request.uri().query().unwrap_or_default());
    let mut response = service.call(request.map(Body::from)).await?;
    response
        .headers_mut()
        .insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if response.status().is_success() {
        for (name, value) in overrides {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// What a browser asks before it lets a page of another origin put a file.
fn preflight() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, PUT"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (ACCESS_CONTROL_MAX_AGE, "3600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn overrides(query: &str) -> Vec<(HeaderName, HeaderValue)> {
    url::form_urlencoded::parse(query.as_bytes())
        .filter_map(|(name, value)| {
            let name = match name.as_ref() {
                "response-content-type" => CONTENT_TYPE,
                "response-content-disposition" => CONTENT_DISPOSITION,
                _ => return None,
            };
            Some((name, HeaderValue::from_str(&value).ok()?))
        })
        .collect()
}

/// The access key of the store, made at its first start and kept beside the objects, readable by its owner only.
fn credentials(folder: &Path) -> Result<(String, String), ObjectStoreError> {
    let path = folder.join("access-key");
    if let Ok(text) = fs::read_to_string(&path)
        && let Some((id, secret)) = text.trim().split_once(' ')
    {
        return Ok((id.to_owned(), secret.to_owned()));
    }
    let mut bytes = [0_u8; 30];
    rand::rng().fill_bytes(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (id, secret) = (hex[..20].to_owned(), hex[20..].to_owned());
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .map_err(io(&path))?;
    writeln!(file, "{id} {secret}").map_err(io(&path))?;
    Ok((id, secret))
}
