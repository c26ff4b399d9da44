//! What the black-box tests share: a whole product in this process ([`Server`]), the executable as a process
//! ([`process`]), and a client that speaks GraphQL over HTTP ([`Client`]).

pub(crate) mod client;
pub(crate) mod process;
pub(crate) mod server;

pub(crate) use client::Client;
pub(crate) use server::Server;
