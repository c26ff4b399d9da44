//! How the API is set up.

use std::time::Duration;

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
    /// How long an operation may take before it is answered with `UNAVAILABLE`, in seconds: longer than any statement may, so
    /// that it comes to that only where the database or the object store does not answer. What a mutation had not committed is rolled back.
    #[arg(long, env = "WANGQIAN_OPERATION_TIME_LIMIT_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub operation_time_limit_seconds: u32,
    /// Whether clients may ask for the schema. The schema is public; switch off only where a rule demands it. Then names in
    /// error messages are not guessed at either.
    #[arg(long, env = "WANGQIAN_INTROSPECTION", default_value_t = true, action = clap::ArgAction::Set)]
    pub introspection: bool,
    /// Events that a subscriber may lag behind before he is served from the table instead of from memory.
    #[arg(long, env = "WANGQIAN_FEED_LAG", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    pub feed_lag: u16,
    /// How long a download link of a document works, in seconds; at most a week, which is as long as S3 lets one work.
    #[arg(long, env = "WANGQIAN_DOWNLOAD_LINK_SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=604_800))]
    pub download_link_seconds: u32,
    /// How long a link works by which a file is handed in, in seconds.
    #[arg(long, env = "WANGQIAN_UPLOAD_LINK_SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u32).range(10..=86_400))]
    pub upload_link_seconds: u32,
    /// Attempts to log in with one identifier that may fail in a day before it is locked for a while: a minute, then longer
    /// and longer, up to a quarter of an hour.
    #[arg(long, env = "WANGQIAN_LOGIN_ATTEMPTS", default_value_t = 5, value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub login_attempts: i32,
    /// Attempts to log in that may fail in a quarter of an hour from one client address before all from there are refused until
    /// it is over. Many people may share one address, so that many fail on an ordinary day.
    #[arg(long, env = "WANGQIAN_LOGIN_FAILURES", default_value_t = 2000, value_parser = clap::value_parser!(i32).range(10..))]
    pub login_failures: i32,
    /// Milliseconds for which somebody waits, where many log in at once, until his password is looked at; then he is told to try
    /// again later.
    #[arg(long, env = "WANGQIAN_LOGIN_WAIT_MS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub login_wait_ms: u32,
    /// Seconds between two codes that are asked for with one identifier from one network, or that go to one address.
    #[arg(long, env = "WANGQIAN_CODE_PAUSE_SECONDS", default_value_t = 60)]
    pub code_pause_seconds: u32,
    /// Codes that may be asked for in a day with one identifier from one network. Three times as many go to one address for
    /// one purpose, whoever asks.
    #[arg(long, env = "WANGQIAN_CODES_PER_DAY", default_value_t = 10, value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub codes_per_day: i32,
    /// Exports that one reviewer may ask for in a day.
    #[arg(long, env = "WANGQIAN_EXPORTS_PER_DAY", default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub exports_per_day: i32,
    /// Requests for codes, and tries of them, in an hour by callers of one client address who are not signed in. Many people
    /// may share one address: a campus, a dormitory.
    #[arg(long, env = "WANGQIAN_STRANGER_REQUESTS", default_value_t = 600, value_parser = clap::value_parser!(i32).range(1..))]
    pub stranger_requests: i32,
    /// Graduates of one school and class who may be placed at one employer before reviewers are shown a flag on further cases of it. It
    /// blocks nobody.
    #[arg(long, env = "WANGQIAN_CROWDED_EMPLOYER", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub crowded_employer: u32,
    /// Whether the session cookie is sent over HTTPS only. Switch off for plain HTTP on a laptop.
    #[arg(long, env = "WANGQIAN_SECURE_COOKIES", default_value_t = true, action = clap::ArgAction::Set)]
    pub secure_cookies: bool,
    /// The transports of GraphQL.
    #[command(flatten)]
    pub transport: TransportSettings,
}

impl ApiSettings {
    /// How long an operation may take.
    pub fn operation_time_limit(&self) -> Duration {
        Duration::from_secs(u64::from(self.operation_time_limit_seconds))
    }
}
