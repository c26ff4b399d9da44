//! As whom the server runs: PostgreSQL refuses root, so root's server runs as an unprivileged account.

use std::{io, os::unix::fs::chown, path::Path, process::Command};

use nix::unistd::{Uid, User, geteuid};

use super::PostgresError;

/// The account of the server.
#[derive(Debug)]
pub(super) enum Account {
    /// Our own.
    Own(Uid),
    /// Another one: we are root.
    Other(User),
}

impl Account {
    pub(super) fn for_server() -> Result<Self, PostgresError> {
        if !geteuid().is_root() {
            return Ok(Self::Own(geteuid()));
        }
        let known = ["postgres", "nobody"]
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten());
        known.map(Self::Other).ok_or(PostgresError::NoUser)
    }

    pub(super) fn uid(&self) -> u32 {
        match self {
            Self::Own(uid) => uid.as_raw(),
            Self::Other(user) => user.uid.as_raw(),
        }
    }

    pub(super) const fn is_other(&self) -> bool {
        matches!(self, Self::Other(_))
    }

    /// Gives a file or folder to the account.
    pub(super) fn own(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::Own(_) => Ok(()),
            Self::Other(user) => chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())),
        }
    }

    /// A command that runs as the account. Root's other account may pass through folders that are closed to it, so that
    /// a data folder below a home of mode 700 serves: it keeps the capability to search folders, and no other.
    pub(super) fn command(&self, program: &Path) -> Command {
        match self {
            Self::Own(_) => Command::new(program),
            Self::Other(user) => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={}", user.uid))
                    .arg(format!("--regid={}", user.gid))
                    .args([
                        "--clear-groups",
                        "--inh-caps=-all,+dac_read_search",
                        "--ambient-caps=-all,+dac_read_search",
                    ])
                    .arg(program);
                command
            }
        }
    }
}
