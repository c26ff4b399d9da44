//! The GraphiQL page, from files that are part of the program; nothing is loaded from elsewhere.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// A file of the page.
struct File {
    path: &'static str,
    content_type: &'static str,
    content: &'static str,
}

macro_rules! file {
    ($path:literal, $name:literal, $content_type:ident) => {
        File {
            path: $path,
            content_type: $content_type,
            content: include_str!(concat!("../../assets/graphiql/", $name)),
        }
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const INDEX: &str = include_str!("../../assets/graphiql/index.html");
const FILES: [File; 7] = [
    file!("page.js", "page.js", SCRIPT),
    file!("page.css", "page.css", STYLE),
    file!("lib-1/graphiql.min.js", "graphiql.min.js", SCRIPT),
    file!("lib-1/graphiql.min.css", "graphiql.min.css", STYLE),
    file!("lib-1/react.production.min.js", "react.production.min.js", SCRIPT),
    file!(
        "lib-1/react-dom.production.min.js",
        "react-dom.production.min.js",
        SCRIPT
    ),
    file!("lib-1/graphql-ws.min.js", "graphql-ws.min.js", SCRIPT),
];

/// What the page may do: run these scripts, talk to this host, use the fonts that its style sheet brings as data. The
/// style element by which its dialogs would keep the page from scrolling is blocked and not missed: it has no overflow.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src data:; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// `/graphiql` and the files below it.
pub(super) fn router() -> Router {
    Router::new()
        .route("/graphiql", get(page))
        .route("/graphiql/{*path}", get(file))
}

async fn page() -> Response {
    (headers("text/html; charset=utf-8", "no-cache"), INDEX).into_response()
}

async fn file(Path(path): Path<String>) -> Response {
    let Some(file) = FILES.iter().find(|file| file.path == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // The libraries' path changes with their versions.
    let caching = if path.starts_with("lib-") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    (headers(file.content_type, caching), file.content).into_response()
}

fn headers(content_type: &'static str, caching: &'static str) -> HeaderMap {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_asks_for_exactly_the_files_there_are() {
        let asked: Vec<&str> = INDEX
            .split('"')
            .filter_map(|part| part.strip_prefix("/graphiql/"))
            .collect();
        assert_eq!(asked.len(), FILES.len());
        for file in &FILES {
            assert!(asked.contains(&file.path), "{}", file.path);
        }
        assert!(!INDEX.contains("://"), "nothing comes from elsewhere");
        assert!(!INDEX.contains("<script>"), "no inline script");
    }
}
