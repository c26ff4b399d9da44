//! Where PostgreSQL's programs are.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use super::PostgresError;

/// Oldest major version that serves.
const MINIMUM: u32 = 15;

/// The programs of one installation.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) initdb: PathBuf,
    pub(super) postgres: PathBuf,
    pub(super) major: u32,
}

impl Programs {
    /// The installation named by `WANGQIAN_POSTGRES_BIN`, else the newest of those on PATH and in the usual folders.
    pub(super) fn find() -> Result<Self, PostgresError> {
        let folders = match env::var_os("WANGQIAN_POSTGRES_BIN") {
            Some(folder) => vec![PathBuf::from(folder)],
            None => usual_folders(),
        };
        let newest = folders
            .iter()
            .filter_map(|folder| Self::in_folder(folder))
            .max_by_key(|found| found.major);
        let found = newest.ok_or(PostgresError::NotInstalled)?;
        if found.major < MINIMUM {
            let folder = found.postgres.parent().map(Path::to_owned).unwrap_or_default();
            return Err(PostgresError::TooOld {
                found: found.major,
                folder,
            });
        }
        Ok(found)
    }

    fn in_folder(folder: &Path) -> Option<Self> {
        let (initdb, postgres) = (folder.join("initdb"), folder.join("postgres"));
        if !initdb.is_file() {
            return None;
        }
        let output = Command::new(&postgres).arg("--version").output().ok()?;
        // postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)
        let text = String::from_utf8(output.stdout).ok()?;
        let version = text.split_whitespace().nth(2)?;
        let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
        Some(Self {
            initdb,
            postgres,
            major: digits.parse().ok()?,
        })
    }
}

fn usual_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("PATH").iter().flat_map(env::split_paths).collect();
    for parent in [
        "/usr/lib/postgresql",
        "/usr/local/pgsql",
        "/opt/homebrew/opt",
        "/usr/local/opt",
        "/usr",
    ] {
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
        folders.extend(
            entries
                .map(|entry| entry.path())
                .filter(|path| is_installation(path))
                .map(|path| path.join("bin")),
        );
    }
    folders.push(PathBuf::from("/usr/local/pgsql/bin"));
    folders
}

/// `/usr/lib/postgresql/15`, `/usr/pgsql-15`, `/opt/homebrew/opt/postgresql@15`.
fn is_installation(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    name.parse::<u32>().is_ok() || name.starts_with("pgsql-") || name.starts_with("postgresql")
}
