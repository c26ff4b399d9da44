//! What goes back to a client as JSON: results of operations and refusals, both in GraphQL's shape.

use async_graphql::{Response, ServerError, Value};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::document::refusal;
use super::negotiate::Form;

/// A response as the specification wants it written: `errors` first, and no `data` if nothing was executed. Keys stay
/// in the order in which they were selected.
pub(super) struct Answer<'a>(pub(super) &'a Response);

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let response = self.0;
        let mut map = serializer.serialize_map(None)?;
        if !response.errors.is_empty() {
            map.serialize_entry("errors", &response.errors)?;
        }
        if !is_request_error(response) {
            map.serialize_entry("data", &response.data)?;
        }
        if !response.extensions.is_empty() {
            map.serialize_entry("extensions", &response.extensions)?;
        }
        map.end()
    }
}

/// Whether the operation could not even begin. Errors of fields have a path, those of whole requests have none.
pub(super) fn is_request_error(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// Whether the operation as a whole was given up for now, through no fault of the request.
fn is_unavailable(response: &Response) -> bool {
    let code = |error: &ServerError| error.extensions.as_ref()?.get("code").cloned();
    is_request_error(response)
        && response
            .errors
            .iter()
            .any(|error| code(error) == Some("UNAVAILABLE".into()))
}

/// A response that says only that something broke here; the cause stands in the log.
pub(super) fn internal_error() -> Response {
    Response::from_errors(vec![refusal("INTERNAL", "Something went wrong on the server.")])
}

/// The JSON text of something of which every part can be written as JSON.
pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        r#"{"errors":[{"message":"Something went wrong on the server."}]}"#.to_owned()
    })
}

/// The HTTP response for an operation that ran or failed to begin.
pub(super) fn http_response(response: &Response, form: Form) -> axum::response::Response {
    let status = match form {
        Form::GraphqlResponse if is_unavailable(response) => StatusCode::SERVICE_UNAVAILABLE,
        Form::GraphqlResponse if is_request_error(response) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let mut http = json_response(status, form, to_json(&Answer(response)));
    // Appended one by one: a resolver may set several cookies.
    for (name, value) in &response.http_headers {
        http.headers_mut().append(name.clone(), value.clone());
    }
    http
}

fn json_response(status: StatusCode, form: Form, body: String) -> axum::response::Response {
    let content_type = match form {
        Form::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        Form::Json | Form::EventStream => "application/json; charset=utf-8",
    };
    let mut response = axum::response::Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    mark_private(headers);
    response
}

/// Answers depend on who asks; nobody on the way may keep them.
pub(super) fn mark_private(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
}

/// A request that is not served, with the status that says so in every form.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    error: ServerError,
    header: Option<(header::HeaderName, HeaderValue)>,
}

impl Refusal {
    /// A refusal with a code for programs and a sentence for their authors.
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            error: refusal(code, message),
            header: None,
        }
    }

    /// Adds a header to the response.
    pub(super) fn with_header(mut self, name: header::HeaderName, value: &'static str) -> Self {
        self.header = Some((name, HeaderValue::from_static(value)));
        self
    }

    /// The HTTP response, in a form that the client accepts where it accepts any.
    pub(super) fn into_response(self, form: Form) -> axum::response::Response {
        let body = to_json(&Answer(&Response::from_errors(vec![self.error])));
        let mut response = json_response(self.status, form, body);
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
