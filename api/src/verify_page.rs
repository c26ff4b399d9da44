//! `/verify/{code}`: the page behind the QR code of a paper, for whoever holds it. Plain HTML without scripts, so that
//! any phone shows it.

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};

use tokio::time::timeout;
use wangqian_schema::db::DatabaseError;

use crate::{
    context::App,
    graphql::verification::{AgreementVerification, VerificationStatus, verify},
};

const STYLE: &str = "body{font-family:sans-serif;max-width:32rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}\
h1{font-size:1.25rem}h2{font-size:1rem}.verdict{font-size:1.5rem;font-weight:bold;padding:1rem;border-radius:.5rem}\
.valid{background:#e3f4e6;color:#0b5a20}.other{background:#fdeaea;color:#8a1014}\
dl{display:grid;grid-template-columns:8rem 1fr;row-gap:.5rem}dt{color:#555}dd{margin:0}small{color:#555}";

/// The page.
pub fn router(app: App) -> Router {
    Router::new().route("/verify/{code}", get(page)).with_state(app)
}

async fn page(State(app): State<App>, Path(code): Path<String>) -> Response {
    let found = timeout(app.settings.operation_time_limit(), verify(&app, &code)).await;
    let late = |_| Err(DatabaseError::Unreachable("no answer in time".to_owned()));
    let (status, body) = match found.unwrap_or_else(late) {
        Ok(Some(found)) => (StatusCode::OK, found_body(&found)),
        Ok(None) => {
            let body = "<p class=\"verdict other\">未查到该核验码</p><p>请核对协议书上二维码旁的核验码；如仍查不到，该协议书不是由本平台生成的。</p>";
            (StatusCode::NOT_FOUND, body.to_owned())
        }
        Err(error) => {
            tracing::error!(%error, "a code could not be verified");
            let body = "<p class=\"verdict other\">暂时无法核验，请稍后再试</p>";
            (StatusCode::SERVICE_UNAVAILABLE, body.to_owned())
        }
    };
    framed(status, "就业协议书核验", &body)
}

/// A page for whoever holds a paper.
pub(crate) fn framed(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    );
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, Html(html)).into_response()
}

fn found_body(found: &AgreementVerification) -> String {
    let (class, verdict) = match found.status {
        VerificationStatus::Valid => ("valid", "有效"),
        VerificationStatus::Superseded => ("other", "已被新版本取代"),
        VerificationStatus::NotInForce => ("other", "已解约或失效"),
        VerificationStatus::NotSignedYet => ("other", "尚未签约完成"),
    };
    let rows = [
        ("协议编号", found.agreement_number.clone()),
        ("毕业生", found.graduate_name.clone()),
        ("用人单位", found.employer_name.clone()),
        ("学校", found.school_name.clone()),
        (
            "签约日期",
            found.signed_on.as_ref().map_or_else(
                || "—".to_owned(),
                |date| date.0.format("%Y年%-m月%-d日").to_string(),
            ),
        ),
    ];
    let rows: String = rows
        .iter()
        .map(|(term, value)| format!("<dt>{term}</dt><dd>{}</dd>", escape(value)))
        .collect();
    format!(
        "<p class=\"verdict {class}\">{verdict}</p><dl>{rows}</dl><p><small>姓名和单位名称已作隐藏处理，请与纸质协议书核对。</small></p>"
    )
}

/// Text as HTML shows it.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
