//! A subscription over Server-Sent Events, read as it comes.

use serde_json::Value;

use super::process::PATIENCE;

/// The results of one subscription.
pub(crate) struct Events {
    response: reqwest::Response,
    received: Vec<u8>,
}

impl Events {
    /// The stream of an answer; it has begun when this returns.
    pub(super) async fn new(response: reqwest::Response) -> Self {
        let mut events = Self {
            response,
            received: Vec::new(),
        };
        events.more().await;
        events
    }

    /// The next result; `None` when the server has ended the stream.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some(end) = self.received.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.received.drain(..end + 2).collect();
                let event = String::from_utf8(event).expect("text");
                let data = event.lines().find_map(|line| line.strip_prefix("data:"));
                // A comment keeps the connection alive; `complete` has no data.
                if let Some(data) = data.map(str::trim).filter(|data| !data.is_empty()) {
                    return Some(serde_json::from_str(data).expect("JSON"));
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
            self.received.extend_from_slice(chunk);
        }
        chunk.is_some()
    }
}
