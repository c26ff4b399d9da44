//! The data folder of `wangqian up`: made, tried and locked before anything is started in it.

use std::{
    fs::{self, File, TryLockError},
    io::Write,
    path::{Path, PathBuf},
};

use crate::failure::{Exit, Failure};

/// The folder, held by this process until it is dropped or the process ends, in whichever way.
#[derive(Debug)]
pub(super) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if need be, and takes it.
    pub(super) fn take(folder: &Path) -> Result<Self, Failure> {
        let unusable = |why: &std::io::Error| {
            Failure::new(
                Exit::Environment,
                format!("the data folder {} cannot be used", folder.display()),
                why,
                "choose a folder that this user may write to, with WANGQIAN_DATA (--data), or mend its owner and rights",
            )
        };
        wangqian_embedded::passable_folder(folder).map_err(|error| unusable(&error))?;
        let path = fs::canonicalize(folder).map_err(|error| unusable(&error))?;
        let file = path.join("lock");
        let mut lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&file)
            .map_err(|error| unusable(&error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&file).unwrap_or_default();
                return Err(Failure::new(
                    Exit::Environment,
                    format!("the data folder {} is in use", path.display()),
                    format!("another `wangqian up` (process {}) works in it", holder.trim()),
                    "use the one that runs, or stop it, or give this one a folder of its own with WANGQIAN_DATA (--data)",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(&error)),
        }
        lock.set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(|error| unusable(&error))?;
        Ok(Self { path, _lock: lock })
    }

    /// A folder within.
    pub(super) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// The folder itself, absolute.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_free_again_afterwards() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("deep/data");
        let first = DataFolder::take(&folder).unwrap();
        let failure = DataFolder::take(&folder).unwrap_err();
        assert_eq!(failure.exit, Exit::Environment);
        assert!(failure.why.contains(&std::process::id().to_string()), "{failure}");
        drop(first);
        DataFolder::take(&folder).unwrap();
    }

    #[test]
    fn a_file_is_no_folder() {
        let temporary = tempfile::tempdir().unwrap();
        let file = temporary.path().join("data");
        fs::write(&file, "x").unwrap();
        let failure = DataFolder::take(&file).unwrap_err();
        assert_eq!(failure.exit, Exit::Environment);
        assert!(failure.what.contains("data"), "{failure}");
    }
}
