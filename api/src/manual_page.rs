//! `/manual`: 下载操作手册, the graduate's manual for everybody. It leads to the PDF in the object store by a link of a few minutes, so that this
//! address can be kept and passed on.

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::time::timeout;
use wangqian_schema::model::manual::{self, StoredManual};
use wangqian_storage::{DownloadName, Found};

use crate::{context::App, error::internal, graphql::document::DownloadLink, verify_page::framed};

/// Where it is served.
pub const PATH: &str = "/manual";
/// The seconds after which a browser that came too early asks again.
const AGAIN: HeaderValue = HeaderValue::from_static("5");
const TITLE: &str = "操作手册";

/// The page.
pub fn router(app: App) -> Router {
    Router::new().route(PATH, get(page)).with_state(app)
}

/// The manual of this release. Where it was not made yet, or the store has lost it, it is asked for, and the newest one of another release
/// stands in for it; `None` where there is none.
///
/// # Errors
/// A top-level error where the database or the store cannot be asked.
pub(crate) async fn find(app: &App) -> async_graphql::Result<Option<StoredManual>> {
    let mut conn = app.platform.pool.get().await.map_err(internal)?;
    let own = manual::own(&mut conn).await.map_err(internal)?;
    // No connection is held while the store takes its time.
    drop(conn);
    if let Some(own) = whole(app, own).await? {
        return Ok(Some(own));
    }
    let mut conn = app.platform.pool.get().await.map_err(internal)?;
    manual::ask(&mut conn, app.platform.clock.now())
        .await
        .map_err(internal)?;
    let newest = manual::newest(&mut conn).await.map_err(internal)?;
    drop(conn);
    app.platform.waker.wake();
    whole(app, newest).await
}

/// The manual, if the store still has it.
async fn whole(app: &App, manual: Option<StoredManual>) -> async_graphql::Result<Option<StoredManual>> {
    let Some(manual) = manual else { return Ok(None) };
    let byte_size = u64::try_from(manual.byte_size).unwrap_or_default();
    let found = app
        .storage
        .inspect(&manual.object_key, byte_size, None)
        .await
        .map_err(internal)?;
    Ok((found == Found::Whole).then_some(manual))
}

/// A link to the PDF, where there is one.
async fn link(app: &App) -> async_graphql::Result<Option<String>> {
    let Some(manual) = find(app).await? else {
        return Ok(None);
    };
    let offered = DownloadName {
        name: "操作手册.pdf",
        ascii: "manual.pdf",
    };
    let link = DownloadLink::to(app, &manual.object_key, offered, "application/pdf").await?;
    Ok(Some(link.url))
}

async fn page(State(app): State<App>) -> Response {
    let found = timeout(app.settings.operation_time_limit(), link(&app)).await;
    match found {
        Ok(Ok(Some(url))) => {
            let headers = [
                (header::LOCATION, url.as_str()),
                (header::CACHE_CONTROL, "no-store"),
                (header::REFERRER_POLICY, "no-referrer"),
            ];
            (StatusCode::FOUND, headers).into_response()
        }
        Ok(Ok(None)) => {
            let body = "<p class=\"verdict other\">操作手册正在生成</p><p>片刻之后会自动打开；没有打开时，请刷新本页。</p>";
            let mut response = framed(StatusCode::SERVICE_UNAVAILABLE, TITLE, body);
            response.headers_mut().insert(header::RETRY_AFTER, AGAIN);
            response.headers_mut().insert(header::REFRESH, AGAIN);
            response
        }
        failed => {
            if failed.is_err() {
                tracing::error!("the manual could not be looked for in time");
            }
            let body = "<p class=\"verdict other\">暂时无法下载，请稍后再试</p>";
            let mut response = framed(StatusCode::SERVICE_UNAVAILABLE, TITLE, body);
            response.headers_mut().insert(header::RETRY_AFTER, AGAIN);
            response
        }
    }
}
