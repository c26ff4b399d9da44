//! Hearing of commits in other processes by LISTEN, on a connection of its own that is made again when it breaks.

use std::{pin::pin, time::Duration};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::QueueHost;

/// After so long without a notification the connection is asked whether it still lives.
const SILENCE: Duration = Duration::from_secs(30);
const ANSWER: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_secs(1);

/// Calls `heard` at every notification, and once after each connection, since something may have been missed.
pub(super) async fn listen(host: &QueueHost, channel: &str, heard: impl Fn() + Send) {
    loop {
        if let Err(error) = listen_once(host, channel, &heard).await {
            tracing::warn!(%error, "not listening for commits; polling alone until it works again");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen_once(host: &QueueHost, channel: &str, heard: &(impl Fn() + Send)) -> Result<(), String> {
    let establish = AsyncPgConnection::establish(&host.database_url);
    let mut conn = timeout(ANSWER, establish)
        .await
        .map_err(|e| e.to_string())?
        .map_err(|e| e.to_string())?;
    ask(
        &mut conn,
        &format!("SET application_name = 'wangqian-listen'; LISTEN \"{channel}\""),
    )
    .await?;
    heard();
    loop {
        {
            let mut notifications = pin!(conn.notifications_stream());
            loop {
                match timeout(SILENCE, notifications.next()).await {
                    Ok(Some(Ok(_))) => heard(),
                    Ok(Some(Err(error))) => return Err(error.to_string()),
                    Ok(None) => return Err("the connection ended".into()),
                    Err(_) => break,
                }
            }
        }
        ask(&mut conn, "SELECT 1").await?;
    }
}

async fn ask(conn: &mut AsyncPgConnection, statement: &str) -> Result<(), String> {
    match timeout(ANSWER, conn.batch_execute(statement)).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err("no answer in time".into()),
    }
}
