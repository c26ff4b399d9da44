//! The GraphQL transports over real connections, with a small schema of their own.

mod fairness;
mod http;
mod node;
mod observed;
mod origin;
mod page;
mod socket;
mod socket_life;
mod sse;
mod support;
