//! As whom the server runs: PostgreSQL refuses root, so root's server runs as an unprivileged account.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

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

    /// The first folder on the way to this one through which the account may not pass.
    pub(super) fn closed_on_the_way(&self, folder: &Path) -> Option<PathBuf> {
        let Self::Other(user) = self else { return None };
        if passes_closed_folders() {
            return None;
        }
        let is_closed = |folder: &&Path| {
            fs::metadata(folder).is_ok_and(|about| {
                let passage = if about.uid() == user.uid.as_raw() {
                    0o100
                } else if about.gid() == user.gid.as_raw() {
                    0o010
                } else {
                    0o001
                };
                about.mode() & passage == 0
            })
        };
        let mut way: Vec<_> = folder.ancestors().collect();
        way.reverse();
        way.into_iter().find(is_closed).map(Path::to_owned)
    }

    /// A command that runs as the account. Root's other account may pass through folders that are closed to it, so that
    /// a data folder below a home of mode 700 serves: it keeps the capability to search folders, and no other. Where root
    /// has not got it itself, as in most containers, it goes without.
    pub(super) fn command(&self, program: &Path) -> Command {
        match self {
            Self::Own(_) => Command::new(program),
            Self::Other(user) => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={}", user.uid))
                    .arg(format!("--regid={}", user.gid))
                    .arg("--clear-groups");
                if passes_closed_folders() {
                    command.args([
                        "--inh-caps=-all,+dac_read_search",
                        "--ambient-caps=-all,+dac_read_search",
                    ]);
                }
                command.arg(program);
                command
            }
        }
    }
}

/// Whether the capability to pass through folders of others (`CAP_DAC_READ_SEARCH`) can be handed on.
pub(crate) fn passes_closed_folders() -> bool {
    const CAP_DAC_READ_SEARCH: u64 = 1 << 2;
    let Ok(status) = fs::read_to_string("/proc/self/status") else {
        return false;
    };
    let bounds = status.lines().find_map(|line| line.strip_prefix("CapBnd:"));
    let bounds = bounds.and_then(|bounds| u64::from_str_radix(bounds.trim(), 16).ok());
    bounds.is_some_and(|bounds| bounds & CAP_DAC_READ_SEARCH != 0)
}
