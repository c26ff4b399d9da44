//! The messages and close codes of graphql-transport-ws, and how they are read and written.

use async_graphql::{Response, ServerError};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::answer::{Answer, to_json};
use super::super::params::Params;

/// What a client may say.
#[derive(Debug)]
pub(super) enum ClientMessage {
    /// Begins the session; may carry `{"authorization": "Bearer …"}`.
    ConnectionInit {
        authorization: Option<String>,
    },
    Ping,
    Pong,
    Subscribe {
        id: String,
        params: Params,
    },
    /// The client wants no more of this operation.
    Complete {
        id: String,
    },
}

/// Longest id of an operation; clients use UUIDs or counters.
const LONGEST_ID: usize = 128;

impl ClientMessage {
    /// Reads a message; the error is the sentence for close code 4400.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
            return Err("Invalid message: a JSON object is expected".to_owned());
        };
        let kind = match message.remove("type") {
            Some(Value::String(kind)) => kind,
            _ => return Err("Invalid message: `type` must be a string".to_owned()),
        };
        match &*kind {
            "connection_init" => {
                let payload = optional_map(&mut message)?;
                let authorization = payload.and_then(|mut payload| match payload.remove("authorization") {
                    Some(Value::String(text)) => Some(text),
                    _ => None,
                });
                Ok(Self::ConnectionInit { authorization })
            }
            "ping" => optional_map(&mut message).map(|_| Self::Ping),
            "pong" => optional_map(&mut message).map(|_| Self::Pong),
            "subscribe" => {
                let id = id(&mut message)?;
                let params = match message.remove("payload") {
                    Some(payload @ Value::Object(_)) => Params::from_json(payload),
                    _ => return Err("Invalid message: `payload` must be an object".to_owned()),
                };
                params
                    .map(|params| Self::Subscribe { id, params })
                    .map_err(|error| format!("Invalid message: {error}"))
            }
            "complete" => id(&mut message).map(|id| Self::Complete { id }),
            // Not repeated: what a stranger sends may be long and does not belong into a close frame.
            _ => Err("Invalid message: unknown `type`".to_owned()),
        }
    }
}

fn optional_map(message: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, String> {
    match message.remove("payload") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(_) => Err("Invalid message: `payload` must be an object".to_owned()),
    }
}

fn id(message: &mut Map<String, Value>) -> Result<String, String> {
    match message.remove("id") {
        Some(Value::String(id)) if (1..=LONGEST_ID).contains(&id.len()) => Ok(id),
        _ => Err(format!(
            "Invalid message: `id` must be a string of 1 to {LONGEST_ID} bytes"
        )),
    }
}

/// What the server says, apart from control frames.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerMessage<'a> {
    ConnectionAck,
    Pong,
    Next {
        id: &'a str,
        payload: Answer<'a>,
    },
    /// The operation could not begin, or broke; nothing follows for this id.
    Error {
        id: &'a str,
        payload: &'a [ServerError],
    },
    /// The operation came to its end; nothing follows for this id.
    Complete {
        id: &'a str,
    },
}

impl ServerMessage<'_> {
    /// The message as a frame.
    pub(super) fn frame(&self) -> Message {
        Message::Text(to_json(self).into())
    }

    /// `next` with this response.
    pub(super) fn next<'a>(id: &'a str, response: &'a Response) -> ServerMessage<'a> {
        ServerMessage::Next {
            id,
            payload: Answer(response),
        }
    }
}

/// Why the server closes a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Close {
    GoingAway,
    MessageTooBig,
    NotUtf8,
    TryAgainLater,
    InvalidMessage(String),
    Unauthorized,
    Forbidden,
    SessionEnded,
    SubprotocolNotAcceptable,
    InitTimeout,
    SubscriberExists(String),
    TooManyInits,
    TooManyConnections,
}

impl Close {
    /// The code on the wire: those from 4400 are the protocol's, the others the WebSocket standard's.
    fn code(&self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::NotUtf8 => 1007,
            Self::MessageTooBig => 1009,
            Self::TryAgainLater | Self::TooManyConnections => 1013,
            Self::InvalidMessage(_) => 4400,
            Self::Unauthorized => 4401,
            Self::Forbidden | Self::SessionEnded => 4403,
            Self::SubprotocolNotAcceptable => 4406,
            Self::InitTimeout => 4408,
            Self::SubscriberExists(_) => 4409,
            Self::TooManyInits => 4429,
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::GoingAway => "Server is going away".to_owned(),
            Self::NotUtf8 => "Text is not UTF-8".to_owned(),
            Self::MessageTooBig => "Message too big".to_owned(),
            Self::TryAgainLater => "Try again later".to_owned(),
            Self::InvalidMessage(reason) => reason.clone(),
            Self::Unauthorized => "Unauthorized".to_owned(),
            Self::Forbidden => "Forbidden".to_owned(),
            Self::SessionEnded => "Session ended".to_owned(),
            Self::SubprotocolNotAcceptable => "Subprotocol not acceptable".to_owned(),
            Self::InitTimeout => "Connection initialisation timeout".to_owned(),
            Self::SubscriberExists(id) => format!("Subscriber for {id} already exists"),
            Self::TooManyInits => "Too many initialisation requests".to_owned(),
            Self::TooManyConnections => "Too many connections".to_owned(),
        }
    }

    /// The close frame. A control frame holds 125 bytes, two of them the code.
    pub(super) fn frame(&self) -> Message {
        let mut reason = self.reason();
        reason.truncate(reason.floor_char_boundary(123));
        Message::Close(Some(CloseFrame {
            code: self.code(),
            reason: Utf8Bytes::from(reason),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_messages_are_told_apart() {
        let table = [
            ("", "a JSON object"),
            ("[]", "a JSON object"),
            ("{}", "`type`"),
            (r#"{"type":1}"#, "`type`"),
            (r#"{"type":"start"}"#, "unknown"),
            (r#"{"type":"connection_ack"}"#, "unknown"),
            (r#"{"type":"connection_init","payload":"x"}"#, "`payload`"),
            (r#"{"type":"ping","payload":[]}"#, "`payload`"),
            (r#"{"type":"subscribe","payload":{"query":"{a}"}}"#, "`id`"),
            (
                r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
                "`id`",
            ),
            (r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#, "`id`"),
            (r#"{"type":"subscribe","id":"1"}"#, "`payload`"),
            (r#"{"type":"subscribe","id":"1","payload":[]}"#, "`payload`"),
            (r#"{"type":"subscribe","id":"1","payload":{}}"#, "`query`"),
            (
                r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":"x"}}"#,
                "`variables`",
            ),
            (r#"{"type":"complete"}"#, "`id`"),
        ];
        for (text, expected) in table {
            let reason = ClientMessage::read(text).unwrap_err();
            assert!(
                reason.starts_with("Invalid message: ") && reason.contains(expected),
                "{text}: {reason}"
            );
            assert!(reason.len() <= 123);
        }
    }

    #[test]
    fn messages_are_written_as_the_protocol_says() {
        let text = |message: ServerMessage<'_>| message.frame().into_text().unwrap().to_string();
        assert_eq!(text(ServerMessage::ConnectionAck), r#"{"type":"connection_ack"}"#);
        assert_eq!(text(ServerMessage::Pong), r#"{"type":"pong"}"#);
        assert_eq!(
            text(ServerMessage::Complete { id: "1" }),
            r#"{"type":"complete","id":"1"}"#
        );
        let response = Response::new(async_graphql::value!({ "z": 1, "a": 2 }));
        assert_eq!(
            text(ServerMessage::next("1", &response)),
            r#"{"type":"next","id":"1","payload":{"data":{"z":1,"a":2}}}"#
        );
        let errors = [ServerError::new("no", None)];
        assert_eq!(
            text(ServerMessage::Error {
                id: "1",
                payload: &errors
            }),
            r#"{"type":"error","id":"1","payload":[{"message":"no"}]}"#
        );
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let Message::Close(Some(frame)) = Close::SubscriberExists("号".repeat(60)).frame() else {
            panic!()
        };
        assert!((120..=123).contains(&frame.reason.len()) && frame.code == 4409);
    }
}
