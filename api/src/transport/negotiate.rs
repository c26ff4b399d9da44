//! Reads `Accept` and `Content-Type`: in which form the answer is wanted and whether a body can be read.

use axum::http::{HeaderMap, header};

/// The forms in which an operation can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/json`: the status is 200 for every well-formed request.
    Json,
    /// `application/graphql-response+json`: the status says whether the operation could run.
    GraphqlResponse,
    /// `text/event-stream`.
    EventStream,
}

/// What a client accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    /// The form it likes best.
    pub(super) best: Option<Form>,
    /// Whether it takes an event stream at all, which alone can carry a subscription.
    pub(super) event_stream: bool,
}

impl Accepted {
    /// Reads the `Accept` headers. No header and wildcards mean `application/json`.
    pub(super) fn from_headers(headers: &HeaderMap) -> Self {
        let mut accepted = Self {
            best: None,
            event_stream: false,
        };
        if !headers.contains_key(header::ACCEPT) {
            accepted.best = Some(Form::Json);
            return accepted;
        }
        let mut best_weight = 0;
        let ranges = headers
            .get_all(header::ACCEPT)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        for range in ranges.flat_map(|value| value.split(',')) {
            let Some((form, weight)) = read_range(range) else {
                continue;
            };
            accepted.event_stream |= form == Form::EventStream && weight > 0;
            // Of two that are liked as well the one named first counts.
            if weight > best_weight {
                best_weight = weight;
                accepted.best = Some(form);
            }
        }
        accepted
    }
}

/// A media range that can be served, with its weight in thousandths.
fn read_range(range: &str) -> Option<(Form, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let form = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => Form::GraphqlResponse,
        "application/json" | "application/*" | "*/*" => Form::Json,
        "text/event-stream" => Form::EventStream,
        _ => return None,
    };
    let mut weight = 1000;
    for parameter in parts {
        let (key, value) = parameter.split_once('=')?;
        match key.trim().to_ascii_lowercase().as_str() {
            "q" => {
                let value = value
                    .trim()
                    .parse::<f32>()
                    .ok()
                    .filter(|value| (0.0..=1.0).contains(value))?;
                weight = (value * 1000.0).round() as u16;
            }
            "charset" if !is_utf8(value) => return None,
            _ => {}
        }
    }
    Some((form, weight))
}

/// Whether the body is JSON in UTF-8, not packed. Browsers let any page send the other types without asking.
pub(super) fn is_json_body(headers: &HeaderMap) -> bool {
    let plain = headers
        .get(header::CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let Some(Ok(content_type)) = headers.get(header::CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let mut parts = content_type.split(';').map(str::trim);
    plain
        && parts
            .next()
            .is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((key, value)) if key.trim().eq_ignore_ascii_case("charset") => is_utf8(value),
            _ => true,
        })
}

fn is_utf8(charset: &str) -> bool {
    let charset = charset.trim().trim_matches('"');
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn the_best_liked_form_is_chosen() {
        use Form::{EventStream, GraphqlResponse, Json};
        let table = [
            ("*/*", Some(Json), false),
            ("application/*", Some(Json), false),
            ("application/json", Some(Json), false),
            (
                "Application/GraphQL-Response+JSON; charset=utf-8",
                Some(GraphqlResponse),
                false,
            ),
            (
                "application/graphql-response+json, application/json;q=0.9",
                Some(GraphqlResponse),
                false,
            ),
            (
                "application/graphql-response+json;q=0.8, application/json;q=0.9",
                Some(Json),
                false,
            ),
            (
                "application/json, application/graphql-response+json",
                Some(Json),
                false,
            ),
            ("text/event-stream", Some(EventStream), true),
            (
                "application/json, multipart/mixed, text/event-stream",
                Some(Json),
                true,
            ),
            ("text/html", None, false),
            ("", None, false),
            ("application/json;q=0", None, false),
            ("text/event-stream;q=0, */*", Some(Json), false),
            ("application/json; charset=iso-8859-1", None, false),
            ("application/json;q=2", None, false),
        ];
        for (accept, best, event_stream) in table {
            assert_eq!(
                Accepted::from_headers(&headers(header::ACCEPT, accept)),
                Accepted { best, event_stream },
                "{accept}"
            );
        }
        assert_eq!(Accepted::from_headers(&HeaderMap::new()).best, Some(Json));
    }

    #[test]
    fn only_json_in_utf8_is_read() {
        for good in [
            "application/json",
            "application/json; charset=utf-8",
            "APPLICATION/JSON;charset=\"UTF-8\"",
        ] {
            assert!(is_json_body(&headers(header::CONTENT_TYPE, good)), "{good}");
        }
        for wrong in [
            "",
            "text/plain",
            "application/jsonp",
            "application/json; charset=gbk",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
            "application/graphql",
        ] {
            assert!(!is_json_body(&headers(header::CONTENT_TYPE, wrong)), "{wrong}");
        }
        assert!(!is_json_body(&HeaderMap::new()));
        let mut packed = headers(header::CONTENT_TYPE, "application/json");
        packed.insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
        assert!(!is_json_body(&packed));
    }
}
