//! The signals that end the program: the first asks for a graceful stop, the second does not ask.

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// What a shell reports of a program that SIGINT ended.
const AT_ONCE: i32 = 130;

/// SIGINT, SIGTERM and SIGHUP, heard from now on.
#[derive(Debug)]
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    /// Begins to listen. From here on the signals do not end the process by themselves.
    ///
    /// # Errors
    /// [`Failure`] when the system refuses.
    pub fn listen() -> Result<Self, Failure> {
        let on =
            |kind| signal(kind).map_err(|error| Failure::internal("signals cannot be listened to", error));
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
            hang_up: on(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one and gives its name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.hang_up.recv() => "SIGHUP",
        }
    }

    /// Waits for the end of `stop`. Another signal ends the process without waiting for anything; PostgreSQL and the
    /// object store, where they are our own, notice it and end too.
    pub async fn unless_again(&mut self, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = stop => {}
            signal = self.next() => {
                tracing::warn!(signal, "stopping at once");
                std::process::exit(AT_ONCE)
            }
        }
    }
}
