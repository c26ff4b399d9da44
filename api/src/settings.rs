//! How the API is set up.

use crate::transport::TransportSettings;

/// Where the API listens and what it allows.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct ApiSettings {
    /// Address and port to listen on.
    #[arg(long, env = "WANGQIAN_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// Deepest nesting of a GraphQL operation, in levels.
    #[arg(long, env = "WANGQIAN_QUERY_DEPTH", default_value_t = 16)]
    pub query_depth: usize,
    /// Highest cost of a GraphQL operation: a field costs 1, a connection its page size times what a row costs.
    #[arg(long, env = "WANGQIAN_QUERY_COST", default_value_t = 20_000)]
    pub query_cost: usize,
    /// How long a download link of a document works, in seconds.
    #[arg(long, env = "WANGQIAN_DOWNLOAD_LINK_SECONDS", default_value_t = 300)]
    pub download_link_seconds: u32,
    /// Whether the session cookie is sent over HTTPS only. Switch off for plain HTTP on a laptop.
    #[arg(long, env = "WANGQIAN_SECURE_COOKIES", default_value_t = true, action = clap::ArgAction::Set)]
    pub secure_cookies: bool,
    /// The transports of GraphQL.
    #[command(flatten)]
    pub transport: TransportSettings,
}
