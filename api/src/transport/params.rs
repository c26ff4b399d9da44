//! The parameters of a GraphQL request (`query`, `operationName`, `variables`, `extensions`), checked for their types
//! only. What the document says is looked at in `document`.

use async_graphql::Variables;
use serde_json::{Map, Value};
use url::form_urlencoded;

/// The parameters of one request. `extensions` are checked and let go: none is supported.
#[derive(Debug)]
pub(super) struct Params {
    pub(super) query: String,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Variables,
}

/// Why there are no parameters in what a client sent. The texts quote nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ParamsError {
    #[error("The request is not valid JSON.")]
    NotJson,
    #[error("Batches are not supported: send one operation per request.")]
    Batch,
    #[error("The request must be a JSON object.")]
    NotAnObject,
    #[error("The parameter `query` is missing.")]
    NoQuery,
    #[error("The parameter `{0}` must be a string.")]
    NotAString(&'static str),
    #[error("The parameter `{0}` must be a map.")]
    NotAMap(&'static str),
    #[error("The parameter `{0}` must be given once.")]
    Repeated(&'static str),
}

impl Params {
    /// Reads the body of a POST.
    pub(super) fn from_body(body: &[u8]) -> Result<Self, ParamsError> {
        Self::from_json(serde_json::from_slice(body).map_err(|_| ParamsError::NotJson)?)
    }

    /// Reads a JSON value, as in a body or in the payload of a `subscribe` message.
    pub(super) fn from_json(value: Value) -> Result<Self, ParamsError> {
        match value {
            Value::Object(map) => Self::from_map(map),
            Value::Array(_) => Err(ParamsError::Batch),
            _ => Err(ParamsError::NotAnObject),
        }
    }

    fn from_map(mut map: Map<String, Value>) -> Result<Self, ParamsError> {
        let query = match map.remove("query") {
            None | Some(Value::Null) => return Err(ParamsError::NoQuery),
            Some(Value::String(query)) => query,
            Some(_) => return Err(ParamsError::NotAString("query")),
        };
        let operation_name = match map.remove("operationName") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name),
            Some(_) => return Err(ParamsError::NotAString("operationName")),
        };
        let variables = match map.remove("variables") {
            None | Some(Value::Null) => Variables::default(),
            Some(variables @ Value::Object(_)) => Variables::from_json(variables),
            Some(_) => return Err(ParamsError::NotAMap("variables")),
        };
        match map.remove("extensions") {
            None | Some(Value::Null | Value::Object(_)) => {}
            Some(_) => return Err(ParamsError::NotAMap("extensions")),
        }
        Ok(Self {
            query,
            operation_name,
            variables,
        })
    }

    /// Reads the query string of a GET, in which `variables` and `extensions` are JSON texts.
    pub(super) fn from_query_string(text: &str) -> Result<Self, ParamsError> {
        let mut map = Map::new();
        for (key, value) in form_urlencoded::parse(text.as_bytes()) {
            let (key, value) = match &*key {
                "query" => ("query", Value::String(value.into_owned())),
                // Forms send an empty text for a field that was left empty.
                "operationName" if value.is_empty() => continue,
                "operationName" => ("operationName", Value::String(value.into_owned())),
                "variables" | "extensions" if value.is_empty() => continue,
                "variables" => (
                    "variables",
                    serde_json::from_str(&value).map_err(|_| ParamsError::NotJson)?,
                ),
                "extensions" => (
                    "extensions",
                    serde_json::from_str(&value).map_err(|_| ParamsError::NotJson)?,
                ),
                _ => continue,
            };
            if map.insert(key.to_owned(), value).is_some() {
                return Err(ParamsError::Repeated(key));
            }
        }
        Self::from_map(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_types_are_named() {
        let table = [
            ("", ParamsError::NotJson),
            ("{", ParamsError::NotJson),
            ("[]", ParamsError::Batch),
            (r#"[{"query":"{a}"}]"#, ParamsError::Batch),
            ("1", ParamsError::NotAnObject),
            ("{}", ParamsError::NoQuery),
            (r#"{"query":null}"#, ParamsError::NoQuery),
            (r#"{"query":1}"#, ParamsError::NotAString("query")),
            (
                r#"{"query":"{a}","operationName":[]}"#,
                ParamsError::NotAString("operationName"),
            ),
            (
                r#"{"query":"{a}","variables":"{}"}"#,
                ParamsError::NotAMap("variables"),
            ),
            (
                r#"{"query":"{a}","variables":[]}"#,
                ParamsError::NotAMap("variables"),
            ),
            (
                r#"{"query":"{a}","extensions":0}"#,
                ParamsError::NotAMap("extensions"),
            ),
        ];
        for (body, error) in table {
            assert_eq!(Params::from_body(body.as_bytes()).unwrap_err(), error, "{body}");
        }
        let deep = format!(
            r#"{{"query":"{{a}}","variables":{{"a":{}{}}}}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert_eq!(
            Params::from_body(deep.as_bytes()).unwrap_err(),
            ParamsError::NotJson
        );
    }

    #[test]
    fn a_query_string_is_read() {
        let params =
            Params::from_query_string("query=%7Ba%7D&operationName=&variables=%7B%22a%22%3A1%7D&other=x")
                .unwrap();
        assert_eq!(params.query, "{a}");
        assert_eq!(params.operation_name, None);
        assert_eq!(params.variables.len(), 1);
        assert_eq!(
            Params::from_query_string("query=a&query=b").unwrap_err(),
            ParamsError::Repeated("query")
        );
        assert_eq!(
            Params::from_query_string("query=a&variables=x").unwrap_err(),
            ParamsError::NotJson
        );
        assert_eq!(
            Params::from_query_string("query=a&variables=1").unwrap_err(),
            ParamsError::NotAMap("variables")
        );
        assert_eq!(Params::from_query_string("").unwrap_err(), ParamsError::NoQuery);
    }
}
