//! `wangqian health`: asks a running API whether it is ready, for containers that have no other program to ask with.

use std::{net::SocketAddr, time::Duration};

use clap::Args;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
};

use crate::failure::{Exit, Failure};

/// Longest that the answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks a running API whether it is ready.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Sends GET /readyz to the API on this machine and exits with 0 when it is ready to serve, with 1 when \
        it is not or does not answer within five seconds.",
    after_help = "Examples:\n  wangqian health\n  wangqian health --listen 0.0.0.0:8080"
)]
pub struct Arguments {
    /// Address and port on which the API listens; for 0.0.0.0 and [::] it is asked on the loopback address
    #[arg(
        long,
        env = "WANGQIAN_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080",
        help_heading = "API"
    )]
    pub listen: String,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when the API is not ready.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let answer = tokio::time::timeout(PATIENCE, ask(&arguments.listen))
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} seconds", PATIENCE.as_secs())));
    match answer {
        Ok(status) if status.starts_with("200") => crate::print("ready\n"),
        Ok(status) => Err(not_ready(&arguments.listen, format!("it answers {status}"))),
        Err(why) => Err(not_ready(&arguments.listen, why)),
    }
}

/// Waits until the API on this address is ready.
///
/// # Errors
/// [`Failure`] when it is not within half a minute.
pub(crate) async fn wait(listen: &str) -> Result<(), Failure> {
    const LONGEST: Duration = Duration::from_secs(30);
    const PAUSE: Duration = Duration::from_millis(20);
    let until = tokio::time::Instant::now() + LONGEST;
    loop {
        let answer = tokio::time::timeout(PATIENCE, ask(listen)).await;
        match answer {
            Ok(Ok(status)) if status.starts_with("200") => return Ok(()),
            _ if tokio::time::Instant::now() < until => tokio::time::sleep(PAUSE).await,
            Ok(Ok(status)) => return Err(not_ready(listen, format!("it answers {status}"))),
            Ok(Err(why)) => return Err(not_ready(listen, why)),
            Err(_) => return Err(not_ready(listen, "it does not answer".to_owned())),
        }
    }
}

fn not_ready(listen: &str, why: String) -> Failure {
    Failure::new(
        Exit::Finding,
        format!("the API on {listen} is not ready"),
        why,
        "see the log of that process: /readyz fails while the database cannot be reached and while the process stops",
    )
}

/// The status line of the answer, without the protocol's name.
async fn ask(listen: &str) -> Result<String, String> {
    let mut address: SocketAddr = lookup_host(listen)
        .await
        .map_err(|error| error.to_string())?
        .next()
        .ok_or_else(|| "the address means nothing".to_owned())?;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(4096).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = exchange.await.map_err(|error| error.to_string())?;
    String::from_utf8_lossy(&answer)
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 "))
        .map(str::to_owned)
        .ok_or_else(|| "what answers there does not speak HTTP/1.1".to_owned())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn answered(answer: &'static str) -> Result<(), Failure> {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let listen = listener.local_addr().unwrap().to_string();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).await.unwrap();
            assert!(request[..length].starts_with(b"GET /readyz "));
            stream.write_all(answer.as_bytes()).await.unwrap();
        };
        let arguments = Arguments { listen };
        tokio::join!(run(&arguments), server).0
    }

    #[tokio::test]
    async fn ready_and_not_ready() {
        assert_eq!(answered("HTTP/1.1 200 OK\r\n\r\nready").await, Ok(()));
        let failure = answered("HTTP/1.1 503 Service Unavailable\r\n\r\n")
            .await
            .unwrap_err();
        assert_eq!(failure.exit, Exit::Finding);
        assert!(failure.why.contains("503"), "{failure}");
        assert_eq!(
            answered("SSH-2.0-example\r\n").await.unwrap_err().exit,
            Exit::Finding
        );
    }

    #[tokio::test]
    async fn nobody_there() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listen = listener.local_addr().unwrap().to_string();
        drop(listener);
        assert_eq!(run(&Arguments { listen }).await.unwrap_err().exit, Exit::Finding);
    }
}
