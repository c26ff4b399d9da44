//! Relay connections over the keyset pages of the models: arguments checked, cursors opaque.

use async_graphql::{
    OutputType,
    connection::{Connection, CursorType, Edge, EmptyFields},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, NaiveDate};
use uuid::Uuid;
use wangqian_schema::model::{
    Page, PageRequest, event::EventCursor, graduate_import::ProblemKey, page::MAX_PAGE,
    review_queue::QueueKey,
};

use crate::error::bad_argument;

/// Rows of a page when neither `first` nor `last` is given.
pub const DEFAULT_PAGE: i32 = 20;

/// A key that can be written as a cursor.
pub trait Key: Sized {
    /// The key as text.
    fn to_text(&self) -> String;
    /// The key of a text.
    fn from_text(text: &str) -> Option<Self>;
}

impl Key for Uuid {
    fn to_text(&self) -> String {
        self.simple().to_string()
    }
    fn from_text(text: &str) -> Option<Self> {
        Self::try_parse(text).ok()
    }
}

impl Key for i32 {
    fn to_text(&self) -> String {
        self.to_string()
    }
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Key for String {
    fn to_text(&self) -> String {
        self.clone()
    }
    fn from_text(text: &str) -> Option<Self> {
        // The database keeps no text with a NUL.
        (!text.contains('\0')).then(|| text.to_owned())
    }
}

impl Key for NaiveDate {
    fn to_text(&self) -> String {
        self.to_string()
    }
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Key for QueueKey {
    fn to_text(&self) -> String {
        format!("{}.{}", self.0.timestamp_micros(), self.1.simple())
    }
    fn from_text(text: &str) -> Option<Self> {
        let (since, id) = text.split_once('.')?;
        Some((
            DateTime::from_timestamp_micros(since.parse().ok()?)?,
            Uuid::try_parse(id).ok()?,
        ))
    }
}

impl Key for ProblemKey {
    fn to_text(&self) -> String {
        format!("{}.{}", self.0, self.1)
    }
    fn from_text(text: &str) -> Option<Self> {
        let (row, position) = text.split_once('.')?;
        Some((row.parse().ok()?, position.parse().ok()?))
    }
}

impl Key for EventCursor {
    fn to_text(&self) -> String {
        format!("{}.{}", self.txid, self.id)
    }
    fn from_text(text: &str) -> Option<Self> {
        let (txid, id) = text.split_once('.')?;
        Some(Self {
            txid: txid.parse().ok()?,
            id: id.parse().ok()?,
        })
    }
}

/// A key as an opaque cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor<K>(pub K);

/// A text that is no cursor of this list.
#[derive(Debug, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct NoCursor;

impl<K: Key> CursorType for Cursor<K> {
    type Error = NoCursor;

    fn decode_cursor(cursor: &str) -> Result<Self, NoCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| NoCursor)?;
        let text = String::from_utf8(bytes).map_err(|_| NoCursor)?;
        K::from_text(&text).map(Self).ok_or(NoCursor)
    }

    fn encode_cursor(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.to_text())
    }
}

/// The four arguments of a connection, as they came.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Forward: how many.
    pub first: Option<i32>,
    /// Forward: after which row.
    pub after: Option<String>,
    /// Backward: how many.
    pub last: Option<i32>,
    /// Backward: before which row.
    pub before: Option<String>,
}

impl Arguments {
    /// What they ask of the model.
    ///
    /// # Errors
    /// A top-level error that names the argument: `first` and `last` exclude each other and are 1 to 100; a cursor must
    /// be one of this list.
    pub fn request<K: Key>(&self) -> async_graphql::Result<PageRequest<K>> {
        let (count, backward, name) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(bad_argument("give either `first` or `last`, not both")),
            (None, Some(last)) => (last, true, "last"),
            (first, None) => (first.unwrap_or(DEFAULT_PAGE), false, "first"),
        };
        let limit = u32::try_from(count)
            .ok()
            .filter(|limit| (1..=MAX_PAGE).contains(limit))
            .ok_or_else(|| bad_argument(format!("`{name}` must be 1 to {MAX_PAGE}")))?;
        Ok(PageRequest {
            after: cursor("after", self.after.as_deref())?,
            before: cursor("before", self.before.as_deref())?,
            limit,
            backward,
        })
    }
}

/// Reads a cursor argument.
///
/// # Errors
/// A top-level error that names the argument.
pub fn cursor<K: Key>(name: &str, text: Option<&str>) -> async_graphql::Result<Option<K>> {
    text.map(Cursor::<K>::decode_cursor)
        .transpose()
        .map(|cursor| cursor.map(|cursor| cursor.0))
        .map_err(|_| bad_argument(format!("`{name}` is not a cursor of this list")))
}

/// Makes a connection of a page. Its cursors are texts, so that one noun has one connection type whatever its order.
pub fn connection<K, T, N>(
    page: Page<T>,
    key: impl Fn(&T) -> K,
    node: impl Fn(T) -> N,
) -> Connection<String, N>
where
    K: Key + Send + Sync,
    N: OutputType,
{
    let mut connection = Connection::new(page.has_previous, page.has_next);
    connection.edges.extend(page.items.into_iter().map(|item| {
        let cursor = Cursor(key(&item)).encode_cursor();
        Edge::<_, _, EmptyFields>::new(cursor, node(item))
    }));
    connection
}

/// The cost of a connection: a page of what one row costs.
pub fn cost(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let rows = first
        .or(last)
        .unwrap_or(DEFAULT_PAGE)
        .clamp(1, MAX_PAGE.cast_signed());
    1 + usize::try_from(rows).unwrap_or(1) * child.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_checked() {
        let ask = |first, last| {
            Arguments {
                first,
                last,
                ..Arguments::default()
            }
            .request::<Uuid>()
        };
        assert_eq!(ask(None, None).unwrap().limit, 20);
        assert_eq!(ask(Some(100), None).unwrap().limit, 100);
        assert!(ask(None, Some(1)).unwrap().backward);
        for (first, last) in [
            (Some(0), None),
            (Some(101), None),
            (Some(-1), None),
            (None, Some(0)),
            (Some(1), Some(1)),
        ] {
            assert!(ask(first, last).is_err(), "{first:?} {last:?}");
        }
        let wrong = Arguments {
            after: Some("nonsense".into()),
            ..Arguments::default()
        };
        assert!(wrong.request::<Uuid>().unwrap_err().message.contains("`after`"));
    }

    #[test]
    fn cursors_lead_back() {
        let key = EventCursor { txid: 7, id: -1 };
        let text = Cursor(key).encode_cursor();
        assert_eq!(Cursor::<EventCursor>::decode_cursor(&text).unwrap().0, key);
        let problem: ProblemKey = (7, 2);
        let text = Cursor(problem).encode_cursor();
        assert_eq!(Cursor::<ProblemKey>::decode_cursor(&text).unwrap().0, problem);
        let now = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        let queue: QueueKey = (now, Uuid::now_v7());
        let text = Cursor(queue).encode_cursor();
        assert_eq!(Cursor::<QueueKey>::decode_cursor(&text).unwrap().0, queue);
    }
}
