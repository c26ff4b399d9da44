//! The graduate's main page over HTTP, against its SQL statements sent straight from Rust.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use wangqian_schema::{
    Platform, SecretToken,
    model::{
        PageRequest, Viewer,
        agreement::{self, AgreementFilter},
        graduate, message, session,
    },
};

use crate::{
    Figure,
    http::Connection,
    load::per_second,
    world::{BUSY, CONNECTIONS, World, token},
};

const LASTS: Duration = Duration::from_secs(10);

/// That it takes no more statements than [`straight`] is a test in `tests/statements.rs`.
const PAGE: &str = include_str!("../main_page.graphql");

pub(crate) async fn measure(world: &World) -> Result<Figure> {
    let platform = &world.platform;
    let sql = per_second(LASTS, vec![(); CONNECTIONS], async |(), number| {
        straight(platform, graduate_of(number)).await
    })
    .await?;
    let api = world.api().await?;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(&api.address).await?);
    }
    let request = json!({ "query": PAGE }).to_string();
    let http = per_second(LASTS, connections, async |connection, number| {
        let number = graduate_of(number);
        let page = connection.send(&token(number), request.clone()).await?;
        let rows = page["agreements"]["edges"].as_array().map(Vec::len);
        ensure!(rows == Some(ROWS), "a page of {number} with {rows:?} rows");
        Ok(())
    })
    .await?;
    Ok(Figure {
        what: "the graduate's main page, 8 connections",
        ours: format!("{http:.0} pages/s over HTTP"),
        against: format!("{sql:.0} pages/s of the same 4 statements from Rust"),
        ratio: Some(http / sql),
        aim: "≥ 0.5",
    })
}

/// How many agreements everybody has.
const ROWS: usize = 5;

fn graduate_of(number: u32) -> u32 {
    // All of them in turn, not in the order of the rows.
    BUSY.start + number.wrapping_mul(7_919) % (BUSY.end - BUSY.start)
}

/// The page's statements: who it is, his data, his agreements, his unread messages.
async fn straight(platform: &Platform, number: u32) -> Result<()> {
    let mut conn = platform.pool.get().await?;
    let token = SecretToken::presented(&token(number));
    let signed_in = session::authenticate(&mut conn, &token, platform.clock.now()).await?;
    let (session, viewer) = signed_in.context("a session")?;
    let Viewer::Graduate { graduate_id, .. } = viewer else {
        anyhow::bail!("a graduate's session");
    };
    graduate::find(&mut conn, &viewer, graduate_id)
        .await?
        .context("a graduate")?;
    let request = PageRequest::first(20);
    let page = agreement::list(&mut conn, &viewer, &AgreementFilter::default(), &request).await?;
    message::unread_count(&mut conn, session.account_id).await?;
    ensure!(page.items.len() == ROWS, "{} rows", page.items.len());
    Ok(())
}
