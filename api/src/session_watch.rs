//! Sessions that hold a socket or an event stream open: when one ends, here or in another process, its sockets are
//! closed within seconds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wangqian_schema::{Platform, model::session};

/// How often the sessions of open sockets are looked at: the longest that a socket outlives its session.
const INTERVAL: Duration = Duration::from_secs(2);

/// The sessions that something is open for.
#[derive(Clone, Default)]
pub struct SessionWatch {
    open: Arc<Mutex<HashMap<Uuid, CancellationToken>>>,
}

impl SessionWatch {
    fn open(&self) -> MutexGuard<'_, HashMap<Uuid, CancellationToken>> {
        // The map is valid after every statement, so a panic elsewhere does not spoil it.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Completes when the session has ended.
    pub fn ended(&self, session_id: Uuid) -> impl Future<Output = ()> + Send + use<> {
        // Each waiter holds a child: when the last one is gone, only the map's own token is left to be swept.
        self.open()
            .entry(session_id)
            .or_default()
            .child_token()
            .cancelled_owned()
    }

    /// Looks at the open sessions until shutdown; one statement a round, none when nothing is open.
    pub async fn run(self, platform: Platform, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
            let ids: Vec<Uuid> = self.open().keys().copied().collect();
            if ids.is_empty() {
                continue;
            }
            let ended = async {
                let mut conn = platform.pool.get().await.map_err(|error| error.to_string())?;
                let now = platform.clock.now();
                session::ended_among(&mut conn, &ids, now)
                    .await
                    .map_err(|error| error.to_string())
            };
            match ended.await {
                Ok(ended) => {
                    let mut open = self.open();
                    for id in ended {
                        if let Some(token) = open.remove(&id) {
                            token.cancel();
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "open sessions could not be checked; trying again"),
            }
        }
    }
}
