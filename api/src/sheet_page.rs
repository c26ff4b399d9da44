//! `/destination-sheet/{number}`: the page behind the QR code of a destination sheet. It asks for the graduate's name, and shows the sheet as
//! long as he lets third parties see it. Plain HTML without scripts, like that of agreements.

use axum::{
    Form, Router,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde::Deserialize;
use tokio::time::timeout;
use wangqian_schema::{clock::format_day, db::DatabaseError, model::document::normalise_verification_code};

use crate::{
    context::App,
    graphql::leaving::{DestinationSheetVerification, LookUp, SheetStatus, look_up},
    transport::client_address,
    verify_page::{escape, framed},
};

const TITLE: &str = "毕业去向登记信息表核验";
/// Most bytes of what is filled in: a name.
const LONGEST: usize = 4096;

/// The page.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/destination-sheet/{number}", get(asking).post(answering))
        .layer(DefaultBodyLimit::max(LONGEST))
        .with_state(app)
}

/// What is filled in.
#[derive(Deserialize)]
struct Filled {
    name: String,
}

async fn asking(Path(number): Path<String>) -> Response {
    framed(StatusCode::OK, TITLE, &form(&number))
}

async fn answering(State(app): State<App>, Path(number): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let remote = client_address(&parts, app.settings.transport.trusted_proxies);
    let filled =
        <Form<Filled> as axum::extract::FromRequest<()>>::from_request(Request::from_parts(parts, body), &())
            .await;
    let Ok(Form(Filled { name })) = filled else {
        return framed(StatusCode::BAD_REQUEST, TITLE, &form(&number));
    };
    let found = timeout(
        app.settings.operation_time_limit(),
        look_up(&app, remote, &name, &number),
    )
    .await;
    let late = |_| Err(DatabaseError::Unreachable("no answer in time".to_owned()));
    let (status, body) = match found.unwrap_or_else(late) {
        Ok(LookUp::Found(sheet)) => (StatusCode::OK, found_body(&sheet)),
        Ok(LookUp::Nothing) => {
            let said = "<p class=\"verdict other\">未查到，或毕业生未授权查询</p><p>请核对姓名和核验编号；查询须经毕业生本人授权。</p>";
            (StatusCode::NOT_FOUND, format!("{said}{}", form(&number)))
        }
        Ok(LookUp::TooMany) => {
            let said = "<p class=\"verdict other\">查询过于频繁，请稍后再试</p>";
            (StatusCode::TOO_MANY_REQUESTS, said.to_owned())
        }
        Err(error) => {
            tracing::error!(%error, "a sheet could not be looked up");
            let said = "<p class=\"verdict other\">暂时无法核验，请稍后再试</p>";
            (StatusCode::SERVICE_UNAVAILABLE, said.to_owned())
        }
    };
    framed(status, TITLE, &body)
}

/// The form. What the address holds is shown only if it reads like a number.
fn form(number: &str) -> String {
    let number = normalise_verification_code(number).unwrap_or_default();
    format!(
        "<form method=\"post\"><p>核验编号：{}</p><p><label>毕业生姓名：<input name=\"name\" required maxlength=\"60\" \
         autocomplete=\"off\"></label> <button>查询</button></p></form><p><small>查询须经毕业生本人授权。</small></p>",
        escape(&number)
    )
}

fn found_body(sheet: &DestinationSheetVerification) -> String {
    let (class, verdict) = match sheet.status {
        SheetStatus::Valid => ("valid", "有效"),
        SheetStatus::Outdated => ("other", "登记信息已变更，或毕业生有异议"),
        SheetStatus::Superseded => ("other", "已被新表取代"),
    };
    let blocks: String = sheet
        .blocks
        .iter()
        .map(|block| {
            let entries: String = block
                .entries
                .iter()
                .map(|entry| {
                    format!(
                        "<dt>{}</dt><dd>{}</dd>",
                        escape(&entry.label),
                        escape(&entry.value)
                    )
                })
                .collect();
            format!("<h2>{}</h2><dl>{entries}</dl>", escape(&block.heading))
        })
        .collect();
    format!(
        "<p class=\"verdict {class}\">{verdict}</p><dl><dt>转递编号</dt><dd>{}</dd><dt>确认日期</dt><dd>{}</dd></dl>{blocks}\
         <p><small>身份证号和档案转递地址等信息不在此显示，请与纸质登记信息表核对。</small></p>",
        escape(&sheet.transfer_number),
        format_day(sheet.confirmed_on.0),
    )
}
