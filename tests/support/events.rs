//! A subscription over Server-Sent Events, read as it comes.

use serde_json::Value;

use super::process::PATIENCE;

/// The results of one subscription.
pub(crate) struct Events {
    response: reqwest::Response,
    received: String,
}

impl Events {
    /// The stream of an answer; it has begun when this returns.
    pub(super) async fn new(response: reqwest::Response) -> Self {
        let mut events = Self {
            response,
            received: String::new(),
        };
        events.more().await;
        events
    }

    /// The next result; `None` when the server has ended the stream.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some((event, rest)) = self.received.split_once("\n\n") {
                let data = event
                    .lines()
                    .find_map(|line| line.strip_prefix("data:"))
                    .map(|data| data.trim().to_owned());
                self.received = rest.to_owned();
                // A comment keeps the connection alive; `complete` has no data.
                if let Some(data) = data.filter(|data| !data.is_empty()) {
                    return Some(serde_json::from_str(&data).expect("JSON"));
                }
            }
            if !self.more().await {
                return None;
            }
        }
    }

    async fn more(&mut self) -> bool {
        let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
        let chunk = chunk.expect("something in time").expect("a whole stream");
        if let Some(chunk) = &chunk {
            self.received
                .push_str(std::str::from_utf8(chunk).expect("an event at a time"));
        }
        chunk.is_some()
    }
}
