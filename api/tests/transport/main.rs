//! The GraphQL transports over real connections, with a small schema of their own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what helpers of tests do not expect fails the test"
)]

mod connections;
mod fairness;
mod http;
mod node;
mod observed;
mod origin;
mod page;
mod schema;
mod socket;
mod socket_life;
mod sse;
mod support;
