//! The id by which a request is found again in the logs: taken from the caller or made, and always given back.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

/// The header that carries the id, both ways.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Id of a request: 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// A new id, a UUID of version 7.
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7().to_string())
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id if the text can be one. What a stranger sends ends up in logs, so nothing else is taken.
    fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        fits.then(|| Self(text.to_owned()))
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

/// Middleware that gives each request its [`RequestId`] as an extension and each response the header.
///
/// Safe to stand around a router that has it already: an id that is there is kept.
pub async fn layer(mut request: Request, next: Next) -> Response {
    let id = request
        .extensions()
        .get::<RequestId>()
        .cloned()
        .or_else(|| {
            request
                .headers()
                .get(HEADER)?
                .to_str()
                .ok()
                .and_then(RequestId::parse)
        })
        .unwrap_or_default();
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_ids_are_taken() {
        assert!(RequestId::parse("0192f0c0-7b1e.A_b").is_some());
        for wrong in ["", "a b", "a\nb", "é", &"x".repeat(65)] {
            assert_eq!(RequestId::parse(wrong), None, "{wrong:?}");
        }
        assert!(RequestId::parse(RequestId::new().as_str()).is_some());
    }
}
