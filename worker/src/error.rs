//! How a job fails: whether it is tried again is decided where the failure arises, not by the queue.

use std::{fmt::Display, time::Duration};

use diesel_async::pooled_connection::deadpool::PoolError;

/// Why a job did not succeed, and what is to become of it.
///
/// The reason is stored with the job and shown to operators: it holds no personal data and no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Something that passes by itself: tried again after a growing pause.
    #[error("{0}")]
    Retry(String),
    /// As [`JobError::Retry`], when it is known how long to wait.
    #[error("{reason}")]
    RetryAfter {
        /// How long to wait at least.
        pause: Duration,
        /// Why.
        reason: String,
    },
    /// No repetition will help: parked for an operator.
    #[error("{0}")]
    Park(String),
}

impl JobError {
    /// A passing failure: try again after a growing pause.
    pub fn retry(reason: impl Display) -> Self {
        Self::Retry(reason.to_string())
    }

    /// A failure that passes after a known time.
    pub fn retry_after(pause: Duration, reason: impl Display) -> Self {
        Self::RetryAfter {
            pause,
            reason: reason.to_string(),
        }
    }

    /// A failure that no repetition mends.
    pub fn park(reason: impl Display) -> Self {
        Self::Park(reason.to_string())
    }
}

/// The database is a thing that comes back.
impl From<diesel::result::Error> for JobError {
    fn from(error: diesel::result::Error) -> Self {
        Self::retry(format_args!("database: {error}"))
    }
}

/// The database is a thing that comes back.
impl From<PoolError> for JobError {
    fn from(error: PoolError) -> Self {
        Self::retry(format_args!("no connection to the database: {error}"))
    }
}

/// Why the worker could not run.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The thread that keeps the leases could not be started.
    #[error("the thread that keeps the leases could not be started: {0}")]
    Thread(std::io::Error),
    /// A setting cannot be used.
    #[error("{setting}: {reason}")]
    Setting {
        /// The environment variable.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The framework that drives the workers stopped.
    #[error("the workers ended: {0}")]
    Ended(String),
}
