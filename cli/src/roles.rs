//! The api and worker roles as tasks of this process: started, watched, and stopped in order.

use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use wangqian_api::ApiSettings;
use wangqian_schema::Platform;
use wangqian_storage::Storage;
use wangqian_worker::{WorkerError, WorkerSettings};

use crate::{
    failure::{Exit, Failure},
    signals::Signals,
};

/// The roles that run in this process.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    tasks: JoinSet<Result<(), Failure>>,
    shutdown: CancellationToken,
}

impl Roles {
    /// Starts to serve the API.
    pub(crate) fn api(
        &mut self,
        listener: TcpListener,
        platform: &Platform,
        database_url: &str,
        storage: Storage,
        settings: ApiSettings,
    ) {
        let (platform, url, shutdown) = (platform.clone(), database_url.to_owned(), self.shutdown.clone());
        self.tasks.spawn(async move {
            wangqian_api::serve(listener, platform, url, storage, settings, shutdown)
                .await
                .map_err(|error| match error {
                    wangqian_api::ServeError::Database(error) => Failure::database(&error),
                    other => Failure::internal("the API ended", other),
                })
        });
    }

    /// Starts to work on the jobs.
    pub(crate) fn worker(
        &mut self,
        platform: &Platform,
        database_url: &str,
        storage: Storage,
        settings: WorkerSettings,
    ) {
        let (platform, url, shutdown) = (platform.clone(), database_url.to_owned(), self.shutdown.clone());
        self.tasks.spawn(async move {
            wangqian_worker::run(platform, url, storage, settings, shutdown)
                .await
                .map_err(|error| worker_failure(&error))
        });
    }

    /// Starts to serve `/healthz` and `/metrics` alone.
    pub(crate) fn metrics(&mut self, listener: TcpListener) {
        // Before anything is counted.
        wangqian_api::health::metrics_handle();
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            wangqian_api::health::serve_metrics(listener, shutdown)
                .await
                .map_err(|error| Failure::internal("the metrics are served no more", error))
        });
    }

    /// Waits until one of them ends by itself, which none should.
    ///
    /// # Errors
    /// Always a [`Failure`]: how it ended.
    pub(crate) async fn ended(&mut self) -> Result<(), Failure> {
        match self.tasks.join_next().await {
            Some(ended) => {
                outcome(ended).and(Err(unexpected("a role of this process ended without a reason")))
            }
            None => Err(unexpected("no role runs in this process")),
        }
    }

    /// Waits for a signal, or until one of them ends by itself.
    ///
    /// # Errors
    /// [`Failure`] of the role that ended.
    pub(crate) async fn until(&mut self, signals: &mut Signals) -> Result<(), Failure> {
        tokio::select! {
            ended = self.ended() => ended,
            signal = signals.next() => {
                tracing::info!(signal, "stopping; once more stops at once");
                Ok(())
            }
        }
    }

    /// Runs until a signal, or until one of them ends by itself; then stops the rest.
    ///
    /// # Errors
    /// [`Failure`] of the role that ended.
    pub(crate) async fn run(mut self, signals: &mut Signals) -> Result<(), Failure> {
        let ended = self.until(signals).await;
        signals.unless_again(self.stop()).await;
        ended
    }

    /// Stops them: requests are answered, jobs finished or handed back.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(failure) = outcome(ended) {
                tracing::error!(%failure, "a role did not stop as it should");
            }
        }
    }
}

fn worker_failure(error: &WorkerError) -> Failure {
    match error {
        WorkerError::Setting { setting, .. } => Failure::new(
            Exit::Usage,
            "a setting of the worker cannot be used",
            error,
            format!("mend {setting}; docs/CONFIGURATION.md says what it may be"),
        ),
        WorkerError::Thread(_) | WorkerError::Ended(_) => Failure::internal("the worker ended", error),
    }
}

fn outcome(ended: Result<Result<(), Failure>, tokio::task::JoinError>) -> Result<(), Failure> {
    ended.unwrap_or_else(|error| Err(Failure::internal("a role of this process broke off", error)))
}

fn unexpected(what: &str) -> Failure {
    Failure::internal(what, "this is a defect of the program")
}
