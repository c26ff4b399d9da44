//! The guard against requests that a foreign page makes with a user's session (CSRF): compares where a browser says a
//! request comes from with where it goes to. Says nothing about who the user is.

use std::fmt;
use std::str::FromStr;

use axum::http::{HeaderMap, Uri, header};
use url::Url;

/// A web origin, `https://host[:port]`, in its one normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// A text that is no origin of a web page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an origin like https://host[:port] is wanted, without a path")]
pub struct OriginError;

impl Origin {
    /// The origin as browsers write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text).map_err(|_| OriginError)?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if plain {
            Ok(Self(url.origin().ascii_serialization()))
        } else {
            Err(OriginError)
        }
    }
}

/// Whether the request may be served: it comes from a page of this host, from an allowed origin, or from no page.
///
/// Browsers send `Origin` with every POST and every WebSocket and `Sec-Fetch-Site` with everything; pages can change
/// neither. A program that sends neither is no browser, so nobody rides on its session.
pub(super) fn is_trusted(headers: &HeaderMap, uri: &Uri, allowed: &[Origin]) -> bool {
    let site = headers
        .get("sec-fetch-site")
        .map(|value| value.to_str().unwrap_or("cross-site"));
    let Some(origin) = headers.get(header::ORIGIN) else {
        return matches!(site, None | Some("same-origin" | "none"));
    };
    let Some(origin) = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.parse::<Origin>().ok())
    else {
        return false;
    };
    if allowed.contains(&origin) {
        return true;
    }
    // The site tells http://host from https://host, which the host alone does not.
    matches!(site, None | Some("same-origin")) && own_origin(headers, uri, &origin).as_ref() == Some(&origin)
}

/// The origin of this server if its scheme is that of `other`; the own scheme is unknown behind a TLS proxy.
fn own_origin(headers: &HeaderMap, uri: &Uri, other: &Origin) -> Option<Origin> {
    let host = match headers.get(header::HOST) {
        Some(host) => host.to_str().ok()?,
        None => uri.authority()?.as_str(),
    };
    let (scheme, _) = other.0.split_once("://")?;
    format!("{scheme}://{host}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(host: &str, origin: Option<&str>, site: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        if let Some(site) = site {
            headers.insert("sec-fetch-site", site.parse().unwrap());
        }
        is_trusted(
            &headers,
            &Uri::from_static("/graphql"),
            &["https://friend.example".parse().unwrap()],
        )
    }

    #[test]
    fn only_own_and_allowed_pages_are_trusted() {
        let table = [
            (
                "api.example",
                Some("https://api.example"),
                Some("same-origin"),
                true,
            ),
            ("api.example", Some("https://api.example"), None, true),
            ("api.example:443", Some("https://api.example"), None, true),
            ("API.example", Some("https://api.example"), None, true),
            ("api.example:8080", Some("http://api.example:8080"), None, true),
            ("api.example", None, None, true),
            ("api.example", None, Some("same-origin"), true),
            ("api.example", None, Some("none"), true),
            (
                "api.example",
                Some("https://friend.example"),
                Some("cross-site"),
                true,
            ),
            ("api.example", Some("https://friend.example:443"), None, true),
            ("api.example", Some("http://friend.example"), None, false),
            (
                "api.example",
                Some("http://api.example"),
                Some("cross-site"),
                false,
            ),
            ("api.example", Some("https://evil.example"), None, false),
            (
                "api.example",
                Some("https://evil.api.example"),
                Some("same-site"),
                false,
            ),
            ("api.example", Some("https://api.example:8443"), None, false),
            (
                "api.example",
                Some("https://api.example.evil.example"),
                None,
                false,
            ),
            ("api.example", Some("null"), None, false),
            ("api.example", Some(""), None, false),
            ("api.example", None, Some("same-site"), false),
            ("api.example", None, Some("cross-site"), false),
            (
                "evil.example@api.example",
                Some("https://evil.example"),
                None,
                false,
            ),
        ];
        for (host, origin, site, expected) in table {
            assert_eq!(
                trusted(host, origin, site),
                expected,
                "{host} {origin:?} {site:?}"
            );
        }
    }

    #[test]
    fn an_origin_has_one_form() {
        assert_eq!(
            "HTTPS://Host.example:443/".parse::<Origin>().unwrap().as_str(),
            "https://host.example"
        );
        for wrong in [
            "",
            "null",
            "*",
            "host.example",
            "ftp://host",
            "https://host/path",
            "https://u@host",
            "file:///x",
        ] {
            assert_eq!(wrong.parse::<Origin>(), Err(OriginError), "{wrong}");
        }
    }
}
