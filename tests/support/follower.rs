//! Subscriptions followed by other people's clients (graphql-ws, graphql-sse), and connections that break.

use std::process::Stdio;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines, copy_bidirectional},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout, Command},
    task::{JoinHandle, JoinSet},
};

use super::{Client, Server, node, process::PATIENCE};

/// Somebody's open subscription.
pub(crate) struct Follower {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Follower {
    /// Subscribes over `ws` or `sse`.
    pub(crate) fn open(client: &Client, transport: &str, document: &str, variables: &Value) -> Self {
        Self::open_at(&client.endpoint(), client, transport, document, variables)
    }

    /// Subscribes at another address than the server's own.
    pub(crate) fn open_at(
        endpoint: &str,
        client: &Client,
        transport: &str,
        document: &str,
        variables: &Value,
    ) -> Self {
        let mut process = Command::new("node")
            .current_dir(node::folder())
            .args([
                "follow.mjs",
                transport,
                endpoint,
                document,
                &variables.to_string(),
            ])
            .env("TOKEN", client.token())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        Self { process, lines }
    }

    /// The next result's only field.
    pub(crate) async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        let Some(line) = line.expect("a result in time").expect("text") else {
            panic!("the subscription ended: {:?}", self.end().await)
        };
        let mut result: Value = serde_json::from_str(&line).expect("JSON");
        let fields = result["data"].as_object_mut().unwrap_or_else(|| panic!("{line}"));
        fields.values_mut().next().expect("a field").take()
    }

    /// The lines that the client still prints until it ends.
    pub(crate) async fn rest(&mut self) -> Vec<Value> {
        let mut rest = Vec::new();
        loop {
            let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
            match line.expect("an end in time").expect("text") {
                Some(line) => rest.push(serde_json::from_str(&line).expect("JSON")),
                None => return rest,
            }
        }
    }

    /// How the client ends: its status, and what it says of an end that is none (see follow.mjs).
    pub(crate) async fn end(&mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        let ending = async {
            let stderr = self.process.stderr.as_mut().expect("a pipe");
            stderr.read_to_string(&mut said).await.expect("text");
            self.process.wait().await.expect("a child of ours")
        };
        let status = tokio::time::timeout(PATIENCE, ending).await;
        let status = status.expect("an end in time").code();
        (status, said.trim().to_owned())
    }
}

/// A line to the server that can be cut while something is under way on it.
pub(crate) struct Cable {
    /// Where the server is found at its near end.
    pub(crate) base: String,
    carrying: JoinHandle<()>,
}

impl Cable {
    /// A line to a server.
    pub(crate) async fn to(server: &Server) -> Self {
        Self::laid(&server.url, |mut near, mut far| async move {
            // It ends with the connection or with the line.
            let _carried = copy_bidirectional(&mut near, &mut far).await;
        })
        .await
    }

    /// A line that brings everything to the server of this address and nothing back.
    pub(crate) async fn one_way(base: &str) -> Self {
        Self::laid(base, |mut near, mut far| async move {
            let _carried = tokio::io::copy(&mut near, &mut far).await;
        })
        .await
    }

    async fn laid<C, F>(base: &str, carry: C) -> Self
    where
        C: Fn(TcpStream, TcpStream) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let near = listener.local_addr().expect("an address");
        let far = base.trim_start_matches("http://").to_owned();
        let carrying = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (near, _) = listener.accept().await.expect("a connection");
                let far = TcpStream::connect(&far).await.expect("the server");
                connections.spawn(carry(near, far));
            }
        });
        Self {
            base: format!("http://{near}"),
            carrying,
        }
    }

    /// Cuts it: all its connections break off at both ends.
    pub(crate) fn cut(self) {
        self.carrying.abort();
    }
}
