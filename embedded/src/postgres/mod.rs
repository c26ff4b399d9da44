//! A PostgreSQL server of our own in a folder of our own. It lives as long as this process and not a moment longer,
//! whichever way this process ends.
//!
//! ```no_run
//! # async fn run() -> Result<(), wangqian_embedded::PostgresError> {
//! use wangqian_embedded::{Postgres, PostgresOptions};
//! let postgres = Postgres::start(PostgresOptions::durable("data/postgres")).await?;
//! postgres.create_database("wangqian").await?;
//! let url = postgres.url("wangqian");
//! postgres.stop().await;
//! # Ok(())
//! # }
//! ```

mod account;
mod guardian;
mod programs;

use std::{
    fs,
    io::Write,
    net::TcpListener,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use rand::Rng;

use account::Account;
pub(crate) use account::passes_closed_folders;
use guardian::Guardian;
use programs::Programs;

/// Longest time that a server may take to accept connections: it may have to recover after a crash.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Name of the database's superuser.
const SUPERUSER: &str = "wangqian";

/// Where and how a server runs.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// The folder of the cluster; made when it does not exist.
    pub data_dir: PathBuf,
    /// Whether a crash of the machine may lose nothing. Tests do without.
    pub durable: bool,
    /// Most connections at a time.
    pub max_connections: u32,
    /// Whether the folder is thrown away when the server stops.
    pub remove_at_end: bool,
    /// The port on the loopback interface; a free one when it is not given.
    pub port: Option<u16>,
}

impl PostgresOptions {
    /// A server whose data is to last.
    pub fn durable(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            durable: true,
            max_connections: 100,
            remove_at_end: false,
            port: None,
        }
    }

    /// A quick server for tests, thrown away at the end.
    pub fn throwaway(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            durable: false,
            max_connections: 300,
            remove_at_end: true,
            port: None,
        }
    }
}

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// The programs are not on this machine.
    #[error(
        "PostgreSQL's programs (initdb, postgres) were not found. Install them with: apt-get install postgresql \
         (Debian, Ubuntu), or set WANGQIAN_POSTGRES_BIN to the folder that holds them"
    )]
    NotInstalled,
    /// The programs are too old.
    #[error("PostgreSQL {found} in {folder} is too old: 15 or newer is needed")]
    TooOld {
        /// Major version found.
        found: u32,
        /// Where.
        folder: PathBuf,
    },
    /// The folder holds something else.
    #[error("{0} exists and is not a PostgreSQL data folder; name another folder, or empty it")]
    ForeignFolder(PathBuf),
    /// The folder was made by another major version.
    #[error(
        "{folder} was made by PostgreSQL {made_by}, and the programs found are of version {found}: run pg_upgrade, or name another folder"
    )]
    OtherVersion {
        /// The folder.
        folder: PathBuf,
        /// Version that made it.
        made_by: String,
        /// Version found.
        found: u32,
    },
    /// A server already runs on the folder.
    #[error("another server (process {pid}) is running on {folder}: stop it first, or name another folder")]
    AlreadyRunning {
        /// The folder.
        folder: PathBuf,
        /// Its process.
        pid: u32,
    },
    /// The folder belongs to somebody else.
    #[error("{folder} belongs to another user (uid {owner}): start as that user, or name another folder")]
    ForeignOwner {
        /// The folder.
        folder: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// The account as which root's server runs cannot get to its folder.
    #[error(
        "{closed} is closed to the user as whom PostgreSQL runs when root starts it, and root may not let it through here (no \
         CAP_DAC_READ_SEARCH): open it (chmod o+x), or name a folder elsewhere"
    )]
    Closed {
        /// The first folder on the way that is closed.
        closed: PathBuf,
    },
    /// PostgreSQL refuses to run as root, and there is nobody else to run it as.
    #[error("PostgreSQL refuses to run as root, and neither the user postgres nor nobody exists")]
    NoUser,
    /// A file or folder could not be used.
    #[error("{path}: {error}")]
    Io {
        /// Which one.
        path: PathBuf,
        /// What happened.
        error: std::io::Error,
    },
    /// One of PostgreSQL's programs failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// Which one.
        program: &'static str,
        /// What it said.
        output: String,
    },
    /// The server did not accept connections in time.
    #[error("the server did not accept connections within {START_LIMIT:?}; its log says: {0}")]
    NotReady(String),
    /// A statement failed.
    #[error("{0}")]
    Statement(String),
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> PostgresError + '_ {
    move |error| PostgresError::Io {
        path: path.to_owned(),
        error,
    }
}

/// A running server. Dropping it stops the server, too, without waiting for it.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    password: Password,
    guardian: Guardian,
}

struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Postgres {
    /// Starts a server on a folder and waits until it accepts connections.
    ///
    /// # Errors
    /// [`PostgresError`]; nothing keeps running then.
    pub async fn start(options: PostgresOptions) -> Result<Self, PostgresError> {
        let programs = Programs::find()?;
        let account = Account::for_server()?;
        let data_dir = prepare_folder(&options.data_dir, &account)?;
        let cluster = data_dir.join("cluster");
        let password_file = data_dir.join("password");
        if cluster.join("PG_VERSION").exists() {
            check_version(&cluster, &programs)?;
            check_idle(&cluster)?;
        } else {
            initialise(&data_dir, &cluster, &password_file, &programs, &account)?;
        }
        let password = fs::read_to_string(&password_file)
            .map_err(io(&password_file))?
            .trim()
            .to_owned();
        let port = match options.port {
            Some(port) => port,
            None => free_port().map_err(io(&data_dir))?,
        };
        let guardian = Guardian::start(&guardian::Plan {
            programs: &programs,
            account: &account,
            data_dir: &data_dir,
            cluster: &cluster,
            port,
            options: &options,
        })?;
        let server = Self {
            port,
            password: Password(password),
            guardian,
        };
        server.wait_until_ready(&data_dir.join("log")).await?;
        Ok(server)
    }

    /// The URL of one of its databases. Contains the password: not for logs.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://{SUPERUSER}:{}@127.0.0.1:{}/{database}",
            self.password.0, self.port
        )
    }

    /// Makes a database if it does not exist. `false` when it did.
    ///
    /// # Errors
    /// [`PostgresError::Statement`].
    pub async fn create_database(&self, name: &str) -> Result<bool, PostgresError> {
        let mut conn = connect(&self.url("postgres"))
            .await
            .map_err(PostgresError::Statement)?;
        match conn.batch_execute(&format!("CREATE DATABASE \"{name}\"")).await {
            Ok(()) => Ok(true),
            Err(error) if error.to_string().contains("already exists") => Ok(false),
            Err(error) => Err(PostgresError::Statement(error.to_string())),
        }
    }

    /// Stops the server (fast shutdown: open connections are closed) and waits for its end.
    pub async fn stop(mut self) {
        let ended = tokio::task::spawn_blocking(move || self.guardian.stop()).await;
        if !matches!(ended, Ok(true)) {
            tracing::warn!("PostgreSQL did not confirm its end");
        }
    }

    async fn wait_until_ready(&self, log: &Path) -> Result<(), PostgresError> {
        let url = self.url("postgres");
        let until = Instant::now() + START_LIMIT;
        loop {
            if connect(&url).await.is_ok() {
                return Ok(());
            }
            if !self.guardian.is_running() || Instant::now() > until {
                let said = fs::read_to_string(log).unwrap_or_default();
                let lines: Vec<&str> = said.lines().rev().take(10).collect();
                let tail = lines.into_iter().rev().collect::<Vec<_>>().join(" | ");
                return Err(PostgresError::NotReady(tail));
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

pub(crate) async fn connect(url: &str) -> Result<AsyncPgConnection, String> {
    AsyncPgConnection::establish(url)
        .await
        .map_err(|error| error.to_string())
}

/// Makes the folder and gives it to the server's account. The absolute path.
fn prepare_folder(folder: &Path, account: &Account) -> Result<PathBuf, PostgresError> {
    crate::passable_folder(folder).map_err(io(folder))?;
    let folder = fs::canonicalize(folder).map_err(io(folder))?;
    let metadata = fs::metadata(&folder).map_err(io(&folder))?;
    let ours = metadata.uid() == account.uid();
    if !ours && !account.is_other() {
        return Err(PostgresError::ForeignOwner {
            folder,
            owner: metadata.uid(),
        });
    }
    let known = ["cluster", "password", "log", "cluster.part"];
    for entry in fs::read_dir(&folder).map_err(io(&folder))? {
        let name = entry.map_err(io(&folder))?.file_name();
        if !known.iter().any(|known| name == *known) {
            return Err(PostgresError::ForeignFolder(folder));
        }
    }
    account.own(&folder).map_err(io(&folder))?;
    match account.closed_on_the_way(&folder) {
        Some(closed) => Err(PostgresError::Closed { closed }),
        None => Ok(folder),
    }
}

fn check_version(cluster: &Path, programs: &Programs) -> Result<(), PostgresError> {
    let file = cluster.join("PG_VERSION");
    let made_by = fs::read_to_string(&file).map_err(io(&file))?.trim().to_owned();
    if made_by == programs.major.to_string() {
        Ok(())
    } else {
        Err(PostgresError::OtherVersion {
            folder: cluster.to_owned(),
            made_by,
            found: programs.major,
        })
    }
}

/// A lock file whose process is gone is no obstacle: PostgreSQL looks at it itself.
fn check_idle(cluster: &Path) -> Result<(), PostgresError> {
    let Ok(lock) = fs::read_to_string(cluster.join("postmaster.pid")) else {
        return Ok(());
    };
    let Some(pid) = lock
        .lines()
        .next()
        .and_then(|line| line.trim().parse::<u32>().ok())
    else {
        return Ok(());
    };
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let running = name.trim() == "postgres" || (name.is_empty() && !Path::new("/proc/self").exists());
    let here = fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == cluster);
    if running && here {
        return Err(PostgresError::AlreadyRunning {
            folder: cluster.to_owned(),
            pid,
        });
    }
    Ok(())
}

fn initialise(
    data_dir: &Path,
    cluster: &Path,
    password_file: &Path,
    programs: &Programs,
    account: &Account,
) -> Result<(), PostgresError> {
    let mut bytes = [0_u8; 24];
    rand::rng().fill_bytes(&mut bytes);
    let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(password_file)
        .map_err(io(password_file))?;
    writeln!(file, "{password}").map_err(io(password_file))?;
    account.own(password_file).map_err(io(password_file))?;

    // Made beside its place and moved there whole, so that an interrupted start leaves no half cluster.
    let part = data_dir.join("cluster.part");
    if part.exists() {
        fs::remove_dir_all(&part).map_err(io(&part))?;
    }
    let output = account
        .command(&programs.initdb)
        .args([
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth=scram-sha-256",
        ])
        .arg(format!("--username={SUPERUSER}"))
        .arg(format!("--pwfile={}", password_file.display()))
        .arg(format!("--pgdata={}", part.display()))
        .env_remove("PGDATA")
        .current_dir("/")
        .output()
        .map_err(io(&programs.initdb))?;
    if !output.status.success() {
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stderr),
            String::from_utf8_lossy(&output.stdout)
        );
        return Err(PostgresError::Failed {
            program: "initdb",
            output: said.trim().to_owned(),
        });
    }
    fs::rename(&part, cluster).map_err(io(cluster))
}

/// A free port of the loopback interface.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
