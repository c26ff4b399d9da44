//! The live feed: a thousand followers of one process, two hundred steps a second, and the memory they cost.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{SinkExt, StreamExt, future::try_join_all};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::{
    Figure,
    accept::accept,
    http::Connection,
    world::{ACCEPTED_IN_FEED, CONNECTIONS, World, member_token, token},
};

const FOLLOWERS: u32 = 1_000;
/// So many of the followers are members of the employer, who hear of every step; each of the others is a graduate who
/// takes one of the steps.
const WHO_HEAR_ALL: u32 = 10;
/// The first ones fill the pools and caches of the process; what a further one costs is measured after them.
const FIRST: u32 = 200;
const STEPS: u32 = 6_000;
const EVERY: Duration = Duration::from_millis(5);
/// How long after the last step somebody may still hear of it.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the process rests before its memory is looked at.
const REST: Duration = Duration::from_secs(2);

const FOLLOW: &str = "subscription($after: String) { caseChanged(after: $after) { cursor event { id } } }";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An event that a follower heard of.
struct Heard {
    follower: u32,
    event: String,
    at: SystemTime,
}

pub(crate) async fn measure(world: &World) -> Result<Vec<Figure>> {
    let api = world.api().await?;
    sleep(REST).await;
    let idle = api.resident_kib()?;

    let mut asking = Connection::open(&api.address).await?;
    let question = json!({ "query": "{ feedCursor }" }).to_string();
    let answer = asking.send(&member_token(1), question).await?;
    let after = answer["feedCursor"].as_str().context("a cursor")?.to_owned();
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut first = idle;
    for follower in 0..FOLLOWERS {
        if follower == FIRST {
            sleep(REST).await;
            first = api.resident_kib()?;
        }
        let token = match follower {
            0..WHO_HEAR_ALL => member_token(1),
            // Spread over the steps.
            _ => token(step_of(follower) + ACCEPTED_IN_FEED.start),
        };
        let socket = follow(&api.address, &token, &after).await?;
        tokio::spawn(listen(socket, follower, tell.clone()));
    }
    drop(tell);
    sleep(REST).await;
    let followed = api.resident_kib()?;

    take_steps(&api.address).await?;
    let expected = STEPS * WHO_HEAR_ALL + FOLLOWERS - WHO_HEAR_ALL;
    let mut heard = Vec::new();
    let end = Instant::now() + PATIENCE;
    while heard.len() < expected as usize {
        match timeout_at(end, told.recv()).await {
            Ok(Some(one)) => heard.push(one?),
            Ok(None) | Err(_) => break,
        }
    }
    // One more would be one too many.
    while let Ok(Some(one)) = timeout(REST, told.recv()).await {
        heard.push(one?);
    }
    let committed = world
        .commit_times(ACCEPTED_IN_FEED.start..ACCEPTED_IN_FEED.start + STEPS)
        .await?;
    ensure!(committed.len() == STEPS as usize, "{} steps", committed.len());
    let (lags, lost, doubled) = compare(&heard, &committed, expected as usize)?;
    Ok(vec![
        Figure {
            what: "commit to received event, 1,000 subscribers, 200 events/s",
            ours: format!(
                "p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms of {} deliveries",
                percentile(&lags, 0.5),
                percentile(&lags, 0.99),
                percentile(&lags, 1.0),
                heard.len()
            ),
            against: format!("{lost} lost, {doubled} doubled"),
            ratio: None,
            aim: "p99 ≤ 50 ms, 0, 0",
        },
        Figure {
            what: "resident memory of `wangqian api`, idle",
            ours: format!("{:.0} MiB", idle as f64 / 1024.0),
            against: "–".to_owned(),
            ratio: None,
            aim: "≤ 60 MiB",
        },
        Figure {
            what: "resident memory of each further subscriber",
            ours: format!(
                "{:.1} KiB",
                followed.saturating_sub(first) as f64 / f64::from(FOLLOWERS - FIRST)
            ),
            against: "–".to_owned(),
            ratio: None,
            aim: "≤ 20 KiB",
        },
    ])
}

/// Which step a following graduate takes.
fn step_of(follower: u32) -> u32 {
    follower * (STEPS / FOLLOWERS)
}

async fn follow(address: &str, token: &str, after: &str) -> Result<Socket> {
    let mut request = format!("ws://{address}/graphql").into_client_request()?;
    request.headers_mut().insert(
        "sec-websocket-protocol",
        HeaderValue::from_static("graphql-transport-ws"),
    );
    let (mut socket, _) = connect_async(request).await?;
    let init =
        json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } });
    socket.send(Message::text(init.to_string())).await?;
    let ack = next(&mut socket).await?.context("an acknowledgement")?;
    ensure!(ack["type"] == "connection_ack", "{ack}");
    let payload = json!({ "query": FOLLOW, "variables": { "after": after } });
    let subscribe = json!({ "id": "1", "type": "subscribe", "payload": payload });
    socket.send(Message::text(subscribe.to_string())).await?;
    Ok(socket)
}

/// The next message of the protocol; `None` at the end.
async fn next(socket: &mut Socket) -> Result<Option<Value>> {
    while let Some(message) = socket.next().await {
        match message? {
            Message::Text(text) => return Ok(Some(serde_json::from_str(&text)?)),
            Message::Close(_) => return Ok(None),
            _ => {}
        }
    }
    Ok(None)
}

async fn listen(mut socket: Socket, follower: u32, tell: mpsc::UnboundedSender<Result<Heard>>) {
    loop {
        let message = match next(&mut socket).await {
            Ok(Some(message)) => message,
            Ok(None) => return,
            Err(error) => {
                // Nobody listens any more when the measurement is over.
                let _over = tell.send(Err(error));
                return;
            }
        };
        let at = SystemTime::now();
        let heard = match message["type"].as_str() {
            Some("next") => {
                let event = message["payload"]["data"]["caseChanged"]["event"]["id"].as_str();
                event
                    .map(|event| Heard {
                        follower,
                        event: event.to_owned(),
                        at,
                    })
                    .with_context(|| message.to_string())
            }
            Some("ping") => match socket
                .send(Message::text(json!({ "type": "pong" }).to_string()))
                .await
            {
                Ok(()) => continue,
                Err(error) => Err(error.into()),
            },
            _ => Err(anyhow::anyhow!("{message}")),
        };
        if tell.send(heard).is_err() {
            return;
        }
    }
}

/// Takes the steps at their pace, over several connections: each takes its share when it is due.
async fn take_steps(address: &str) -> Result<()> {
    let begun = Instant::now();
    let shares = (0..CONNECTIONS as u32).map(async |share| {
        let mut connection = Connection::open(address).await?;
        for step in (share..STEPS).step_by(CONNECTIONS) {
            sleep_until(begun + EVERY * step).await;
            accept(&mut connection, step + ACCEPTED_IN_FEED.start).await?;
        }
        anyhow::Ok(())
    });
    try_join_all(shares).await?;
    Ok(())
}

/// Sorted lags in milliseconds, and how many deliveries were lost and doubled.
fn compare(
    heard: &[Heard],
    committed: &HashMap<i64, f64>,
    expected: usize,
) -> Result<(Vec<f64>, usize, usize)> {
    let mut times: HashMap<(u32, &str), usize> = HashMap::new();
    let mut lags = Vec::with_capacity(heard.len());
    for one in heard {
        *times.entry((one.follower, &one.event)).or_default() += 1;
        let id = URL_SAFE_NO_PAD.decode(&one.event)?;
        let id = String::from_utf8(id)?;
        let (_, id) = id.split_once(':').context("an id")?;
        let committed = committed
            .get(&id.parse()?)
            .context("an event of this measurement")?;
        lags.push((one.at.duration_since(UNIX_EPOCH)?.as_secs_f64() - committed) * 1_000.0);
    }
    lags.sort_by(f64::total_cmp);
    let doubled = times.values().filter(|count| **count > 1).count();
    Ok((lags, expected.saturating_sub(times.len()), doubled))
}

fn percentile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = (last as f64 * part).ceil() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
