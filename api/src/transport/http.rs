//! `/graphql` over HTTP, after the GraphQL over HTTP specification: tells the transports apart, lets in only requests
//! that may come in, and answers single operations. Event streams and WebSockets go on in modules of their own.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_graphql::Response as GraphqlResponse;
use async_graphql::parser::types::OperationType;
use axum::body::{self, Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;

use super::answer::{self, Refusal};
use super::document::Operation;
use super::gateway::{AuthenticationError, Call, Credentials, Gateway, Secret, Transport};
use super::negotiate::{self, Accepted, Form};
use super::params::Params;
use super::request_id::RequestId;
use super::{Shared, TransportSettings, observe, origin, run, sse, ws};

/// Handles every method on `/graphql`.
pub(super) async fn handle<G: Gateway>(State(shared): State<Arc<Shared<G>>>, request: Request) -> Response {
    let accepted = Accepted::from_headers(request.headers());
    match serve(shared, request, accepted).await {
        Ok(response) => response,
        Err(refusal) => {
            observe::count_unknown("refused");
            refusal.into_response(accepted.best.unwrap_or(Form::Json))
        }
    }
}

async fn serve<G: Gateway>(
    shared: Arc<Shared<G>>,
    request: Request,
    accepted: Accepted,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let credentials = credentials(&parts.headers, G::SESSION_COOKIE);
    let settings = &shared.settings;
    // No page can make up a Bearer token, so who shows one is not ridden on.
    if !matches!(credentials, Credentials::Bearer(_))
        && !origin::is_trusted(&parts.headers, &parts.uri, &settings.allowed_origins)
    {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "FOREIGN_ORIGIN",
            "Pages of this origin may not use this API.",
        ));
    }
    if ws::is_upgrade(&parts) {
        let call = call(&parts, settings, Transport::WebSocket);
        return ws::upgrade(shared, parts, credentials, call).await;
    }
    let form = accepted.best.ok_or_else(not_acceptable)?;
    let params = match parts.method {
        Method::POST => Params::from_body(&read_body(&parts.headers, body, settings).await?),
        Method::GET => Params::from_query_string(parts.uri.query().unwrap_or_default()),
        _ => return Err(wrong_method("GET, POST", "GraphQL is served to GET and POST.")),
    }
    .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", error.to_string()))?;

    let operation = match Operation::new(params, settings, &shared.types) {
        Ok(operation) => operation,
        Err(error) => {
            observe::count_unknown("request_error");
            let response = GraphqlResponse::from_errors(vec![error]);
            return Ok(match form {
                Form::EventStream => sse::single(&response),
                form => answer::http_response(&response, form),
            });
        }
    };
    if operation.kind == OperationType::Mutation && parts.method == Method::GET {
        return Err(wrong_method("POST", "Mutations are not run by GET."));
    }
    if operation.kind == OperationType::Subscription && !accepted.event_stream {
        return Err(not_acceptable());
    }

    let transport = match (operation.kind, form) {
        (OperationType::Subscription, _) | (_, Form::EventStream) => Transport::EventStream,
        _ => Transport::Http,
    };
    let call = call(&parts, settings, transport);
    let caller = shared
        .gateway
        .authenticate(credentials, &call)
        .await
        .map_err(not_authenticated)?;
    if operation.kind == OperationType::Subscription {
        let holder = shared.gateway.holder(&caller, &call);
        let place = shared.connections.open(holder, settings.connections_per_viewer);
        let place = place.ok_or_else(|| {
            let message = "You hold too many connections open; close one first.";
            Refusal::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_CONNECTIONS", message)
        })?;
        return Ok(sse::subscribe(&shared, caller, call, operation, place));
    }
    let response = run::execute_detached(&shared, caller, call, operation).await;
    Ok(match form {
        Form::EventStream => sse::single(&response),
        form => answer::http_response(&response, form),
    })
}

/// The body, if it is JSON, not too long and not too slow.
async fn read_body(headers: &HeaderMap, body: Body, settings: &TransportSettings) -> Result<Bytes, Refusal> {
    if !negotiate::is_json_body(headers) {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "The body must be application/json in UTF-8, not packed.",
        )
        .with_header(header::ACCEPT, "application/json"));
    }
    let too_large = || {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "PAYLOAD_TOO_LARGE",
            "The body is too long.",
        )
    };
    // Who says so beforehand is believed, and spared the sending.
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > settings.graphql_body_limit) {
        return Err(too_large());
    }
    let reading = body::to_bytes(body, settings.graphql_body_limit);
    match tokio::time::timeout(settings.graphql_body_timeout, reading).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_length_limit(&error) => Err(too_large()),
        Ok(Err(_)) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "BAD_REQUEST",
            "The body broke off.",
        )),
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "REQUEST_TIMEOUT",
            "The body came too slowly.",
        )),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}

fn wrong_method(allow: &'static str, message: &'static str) -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
        .with_header(header::ALLOW, allow)
}

fn not_acceptable() -> Refusal {
    Refusal::new(
        StatusCode::NOT_ACCEPTABLE,
        "NOT_ACCEPTABLE",
        "Queries and mutations are answered as application/graphql-response+json, application/json or \
         text/event-stream; subscriptions as text/event-stream or on a WebSocket.",
    )
}

/// The refusal of credentials, on any way that begins with HTTP.
fn not_authenticated(error: AuthenticationError) -> Refusal {
    match error {
        AuthenticationError::Refused => Refusal::new(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            "The session or token is not valid.",
        )
        .with_header(header::WWW_AUTHENTICATE, "Bearer"),
        AuthenticationError::Unavailable => Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "UNAVAILABLE",
            "Please try again in a moment.",
        )
        .with_header(header::RETRY_AFTER, "1"),
    }
}

/// What the headers show of who is calling.
fn credentials(headers: &HeaderMap, cookie_name: &str) -> Credentials {
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    if let Some(token) = authorization.and_then(bearer_token) {
        return Credentials::Bearer(token);
    }
    headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == cookie_name && !value.is_empty())
        .map_or(Credentials::None, |(_, value)| {
            Credentials::Cookie(Secret::new(value))
        })
}

/// The token of `Bearer …`, also an empty one, so that it is refused rather than taken for none. Other schemes, such
/// as the Basic of a proxy in front, are not ours.
pub(super) fn bearer_token(authorization: &str) -> Option<Secret> {
    let (scheme, token) = authorization
        .trim()
        .split_once(' ')
        .unwrap_or((authorization.trim(), ""));
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| Secret::new(token.trim()))
}

fn call(parts: &Parts, settings: &TransportSettings, transport: Transport) -> Call {
    let user_agent = parts
        .headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    Call {
        request_id: parts.extensions.get::<RequestId>().cloned().unwrap_or_default(),
        transport,
        remote: remote(parts, settings.trusted_proxies),
        user_agent: user_agent.map(|text| text.chars().take(256).collect()),
    }
}

/// The client's address: of the entries that the trusted proxies appended, the first; without proxies the connection's.
pub(crate) fn remote(parts: &Parts, trusted_proxies: usize) -> Option<IpAddr> {
    let Some(from_last) = trusted_proxies.checked_sub(1) else {
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        return connection.map(|ConnectInfo(address)| address.ip().to_canonical());
    };
    let entries: Vec<&str> = parts
        .headers
        .get_all("x-forwarded-for")
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    entries.iter().rev().nth(from_last)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let request = headers.iter().fold(Request::builder(), |builder, (name, value)| {
            builder.header(*name, *value)
        });
        request
            .extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 9], 1))))
            .body(())
            .unwrap()
            .into_parts()
            .0
    }

    #[test]
    fn a_token_counts_before_a_cookie() {
        let table: [(&[(&str, &str)], Credentials); 7] = [
            (&[], Credentials::None),
            (
                &[("cookie", "a=b; s=1; s=2")],
                Credentials::Cookie(Secret::new("1")),
            ),
            (&[("cookie", "xs=1; s=")], Credentials::None),
            (
                &[("cookie", "s=1"), ("authorization", "bearer t")],
                Credentials::Bearer(Secret::new("t")),
            ),
            (
                &[("authorization", "Bearer")],
                Credentials::Bearer(Secret::new("")),
            ),
            (
                &[("cookie", "s=1"), ("authorization", "Basic eDp5")],
                Credentials::Cookie(Secret::new("1")),
            ),
            (
                &[("cookie", "a=b"), ("cookie", "s=2")],
                Credentials::Cookie(Secret::new("2")),
            ),
        ];
        for (headers, expected) in table {
            assert_eq!(credentials(&parts(headers).headers, "s"), expected, "{headers:?}");
        }
        assert!(!format!("{:?}", Credentials::Bearer(Secret::new("hidden"))).contains("hidden"));
    }

    #[test]
    fn the_address_is_counted_through_trusted_proxies_only() {
        let forwarded = parts(&[
            ("x-forwarded-for", "6.6.6.6, 203.0.113.7"),
            ("x-forwarded-for", "10.0.0.1"),
        ]);
        let table = [
            (0, Some("192.0.2.9")),
            (1, Some("10.0.0.1")),
            (2, Some("203.0.113.7")),
            (4, None),
        ];
        for (proxies, expected) in table {
            let expected = expected.map(|text: &str| text.parse::<IpAddr>().unwrap());
            assert_eq!(remote(&forwarded, proxies), expected, "{proxies}");
        }
    }
}
