//! The transports' settings, from which the configuration page is made.

use std::time::Duration;

use super::Origin;

/// Limits and habits of the GraphQL transports.
#[derive(Clone, Debug, PartialEq, clap::Args)]
#[command(next_help_heading = "GraphQL transports")]
pub struct TransportSettings {
    /// Longest request body, in bytes; a longer one is refused with 413.
    #[arg(long, env = "WANGQIAN_GRAPHQL_BODY_LIMIT", value_name = "BYTES", default_value_t = 1024 * 1024)]
    pub graphql_body_limit: usize,

    /// Time in which a request body has to arrive whole, in seconds; a slower one is refused with 408.
    #[arg(long, env = "WANGQIAN_GRAPHQL_BODY_TIMEOUT", value_name = "SECONDS", value_parser = seconds, default_value = "15")]
    pub graphql_body_timeout: Duration,

    /// Longest GraphQL document, in bytes, variables not counted.
    #[arg(long, env = "WANGQIAN_GRAPHQL_DOCUMENT_LIMIT", value_name = "BYTES", default_value_t = 64 * 1024)]
    pub graphql_document_limit: usize,

    /// Most selections (fields and fragments) a document may have once its fragments are written out at every place
    /// that spreads them. Stops small documents whose fragments unfold to millions of fields.
    #[arg(
        long,
        env = "WANGQIAN_GRAPHQL_SELECTION_LIMIT",
        value_name = "COUNT",
        default_value_t = 5_000
    )]
    pub graphql_selection_limit: usize,

    /// Most lexical tokens of a GraphQL document.
    #[arg(
        long,
        env = "WANGQIAN_GRAPHQL_TOKEN_LIMIT",
        value_name = "COUNT",
        default_value_t = 5_000
    )]
    pub graphql_token_limit: usize,

    /// Most aliases of a GraphQL document: they ask for the same thing again under another name.
    #[arg(
        long,
        env = "WANGQIAN_GRAPHQL_ALIAS_LIMIT",
        value_name = "COUNT",
        default_value_t = 50
    )]
    pub graphql_alias_limit: usize,

    /// Most directives of a GraphQL document.
    #[arg(
        long,
        env = "WANGQIAN_GRAPHQL_DIRECTIVE_LIMIT",
        value_name = "COUNT",
        default_value_t = 50
    )]
    pub graphql_directive_limit: usize,

    /// Most fields at the root of a GraphQL operation, fragments written out.
    #[arg(
        long,
        env = "WANGQIAN_GRAPHQL_ROOT_FIELD_LIMIT",
        value_name = "COUNT",
        default_value_t = 20
    )]
    pub graphql_root_field_limit: usize,

    /// Most WebSockets and event streams that one account may hold open at the same time on one process; for callers
    /// who are not signed in, one client address.
    #[arg(
        long,
        env = "WANGQIAN_CONNECTIONS_PER_VIEWER",
        value_name = "COUNT",
        default_value_t = 20
    )]
    pub connections_per_viewer: usize,

    /// Time in which a new WebSocket has to send connection_init, in seconds; else it is closed with 4408.
    #[arg(long, env = "WANGQIAN_WEBSOCKET_INIT_TIMEOUT", value_name = "SECONDS", value_parser = seconds, default_value = "3")]
    pub websocket_init_timeout: Duration,

    /// Interval at which WebSockets are pinged, in seconds. One that stays silent for two of them is taken for dead.
    #[arg(long, env = "WANGQIAN_WEBSOCKET_PING_INTERVAL", value_name = "SECONDS", value_parser = seconds, default_value = "20")]
    pub websocket_ping_interval: Duration,

    /// Most operations that may run on one WebSocket at the same time.
    #[arg(
        long,
        env = "WANGQIAN_WEBSOCKET_OPERATIONS",
        value_name = "COUNT",
        default_value_t = 32
    )]
    pub websocket_operations: usize,

    /// Longest message a client may send on a WebSocket, in bytes; a longer one closes it with 1009.
    #[arg(long, env = "WANGQIAN_WEBSOCKET_MESSAGE_LIMIT", value_name = "BYTES", default_value_t = 1024 * 1024)]
    pub websocket_message_limit: usize,

    /// Interval at which an event stream that has nothing to say sends a comment, in seconds, so that proxies don't
    /// take it for dead.
    #[arg(long, env = "WANGQIAN_SSE_KEEP_ALIVE", value_name = "SECONDS", value_parser = seconds, default_value = "12")]
    pub sse_keep_alive: Duration,

    /// Other origins whose pages may use the API with the user's session, separated by commas, as
    /// https://host[:port]. The API's own origin need not be named, unless a proxy in front changes the Host header.
    #[arg(
        long,
        env = "WANGQIAN_ALLOWED_ORIGINS",
        value_name = "ORIGINS",
        value_delimiter = ','
    )]
    pub allowed_origins: Vec<Origin>,

    /// How many reverse proxies stand in front and append to X-Forwarded-For. 0: the header is ignored and the
    /// client's address is that of the connection.
    #[arg(
        long,
        env = "WANGQIAN_TRUSTED_PROXIES",
        value_name = "COUNT",
        default_value_t = 0
    )]
    pub trusted_proxies: usize,

    /// Whether /graphiql serves the GraphiQL page.
    #[arg(long, env = "WANGQIAN_GRAPHIQL", value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub graphiql: bool,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            graphql_body_limit: 1024 * 1024,
            graphql_body_timeout: Duration::from_secs(15),
            graphql_document_limit: 64 * 1024,
            graphql_selection_limit: 5_000,
            graphql_token_limit: 5_000,
            graphql_alias_limit: 50,
            graphql_directive_limit: 50,
            graphql_root_field_limit: 20,
            connections_per_viewer: 20,
            websocket_init_timeout: Duration::from_secs(3),
            websocket_ping_interval: Duration::from_secs(20),
            websocket_operations: 32,
            websocket_message_limit: 1024 * 1024,
            sse_keep_alive: Duration::from_secs(12),
            allowed_origins: Vec::new(),
            trusted_proxies: 0,
            graphiql: true,
        }
    }
}

/// A time of more than nothing and at most a day, in seconds with an optional fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    text.parse::<f64>()
        .ok()
        .filter(|seconds| (0.001..=86_400.0).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "a number of seconds from 0.001 to 86400 is wanted".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        settings: TransportSettings,
    }

    #[test]
    fn defaults_are_the_same_in_code_and_on_the_command_line() {
        let program = Program::try_parse_from(["program"]).unwrap();
        assert_eq!(program.settings, TransportSettings::default());
    }

    #[test]
    fn every_setting_has_an_environment_variable_and_a_description() {
        let command = Program::command();
        let arguments: Vec<_> = command.get_arguments().collect();
        assert_eq!(arguments.len(), 17);
        for argument in arguments {
            let env = argument.get_env().unwrap().to_string_lossy().into_owned();
            assert!(env.starts_with("WANGQIAN_"), "{env}");
            assert!(argument.get_help().is_some(), "{env}");
        }
    }

    #[test]
    fn origins_are_a_list_and_times_are_checked() {
        let program = Program::try_parse_from([
            "program",
            "--allowed-origins",
            "https://a.example,http://b.example:8080",
        ])
        .unwrap();
        assert_eq!(program.settings.allowed_origins.len(), 2);
        for wrong in [
            ["--allowed-origins", "a.example"],
            ["--sse-keep-alive", "0"],
            ["--sse-keep-alive", "x"],
        ] {
            assert!(
                Program::try_parse_from(["program", wrong[0], wrong[1]]).is_err(),
                "{wrong:?}"
            );
        }
    }
}
