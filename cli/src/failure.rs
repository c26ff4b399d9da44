//! What the program says when it cannot go on: what failed, why, and what to do about it.

use std::{fmt, io::Write, process::ExitCode};

use wangqian_schema::db::DatabaseError;

/// What kind of failure it is: the exit code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// A check was made and found something.
    Finding = 1,
    /// The command line or a setting is wrong. The parser of the command line ends with this code too.
    Usage = 2,
    /// This machine's set-up is in the way: a taken port, a folder, a missing program.
    Environment = 3,
    /// The database or the object store cannot be reached, or is not ready for this release.
    Unavailable = 4,
    /// Anything else.
    Internal = 5,
}

/// A failure, made for a person to read. Never holds a secret or personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What failed.
    pub what: String,
    /// Why, as far as is known.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

impl Failure {
    /// A failure with all its parts.
    pub fn new(
        exit: Exit,
        what: impl Into<String>,
        why: impl fmt::Display,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            exit,
            what: what.into(),
            why: why.to_string(),
            remedy: remedy.into(),
        }
    }

    /// Something that no setting can mend.
    pub fn internal(what: impl Into<String>, why: impl fmt::Display) -> Self {
        Self::new(
            Exit::Internal,
            what,
            why,
            "try again; if it stays, start with WANGQIAN_LOG=debug and send the log to whoever maintains the platform",
        )
    }

    /// The database is not there or failed.
    pub fn database(error: &DatabaseError) -> Self {
        match error {
            DatabaseError::Unreachable(_) => Self::new(
                Exit::Unavailable,
                "the database cannot be reached",
                error,
                "check DATABASE_URL (host, port, user, password, database), and that PostgreSQL runs and lets this machine in",
            ),
            DatabaseError::Migration(_) => Self::new(
                Exit::Unavailable,
                "the database could not be brought to this release",
                error,
                "the failed migration was rolled back and the release before still works: mend the cause, then run \
                 `wangqian migrate` again",
            ),
            DatabaseError::Statement(_) => Self::new(
                Exit::Unavailable,
                "the database refused a statement",
                error,
                "run `wangqian migrate --check`; see the log of PostgreSQL",
            ),
        }
    }

    /// Prints the failure to standard error and gives the exit code.
    pub fn report(&self) -> ExitCode {
        // Where standard error is closed there is nobody to tell; the exit code remains.
        let _closed = writeln!(std::io::stderr().lock(), "{self}");
        ExitCode::from(self.exit as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "error: {}\n  why:        {}\n  what to do: {}",
            self.what, self.why, self.remedy
        )
    }
}

impl std::error::Error for Failure {}
