//! Logs: lines or JSON on standard error. What may not be logged (secrets, personal data) is not handed to it anywhere.

use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::failure::{Exit, Failure};

/// How the program logs, to standard error.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Logs")]
pub struct LoggingSettings {
    /// What to log: a level (error, warn, info, debug, trace), or levels by part of the program such as
    /// `warn,wangqian_worker=debug`. Default: `info,apalis_core=warn`; `up`, which a person watches, leaves out the
    /// line that ends each GraphQL operation, as `wangqian_api::operations=warn` does.
    #[arg(long, env = "WANGQIAN_LOG", value_name = "FILTER", global = true)]
    pub log: Option<String>,
    /// One line an event for people, or one JSON object an event for machines.
    #[arg(
        long,
        env = "WANGQIAN_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text",
        global = true
    )]
    pub log_format: LogFormat,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines.
    Text,
    /// JSON objects, one a line.
    Json,
}

/// Who reads the log when no filter is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Those who run the platform: a line an operation tells them who was slow, and joins a user's request id to an error.
    Operators,
    /// Somebody at a terminal, to whom a line an operation hides what matters.
    Newcomer,
}

impl Reader {
    const fn filter(self) -> &'static str {
        match self {
            Self::Operators => "info,apalis_core=warn",
            Self::Newcomer => "info,apalis_core=warn,wangqian_api::operations=warn",
        }
    }
}

/// Starts logging for the whole process.
///
/// # Errors
/// When the filter cannot be read, or the process logs already.
pub fn start(settings: &LoggingSettings, reader: Reader) -> Result<(), Failure> {
    let filter = settings.log.as_deref().unwrap_or(reader.filter());
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Failure::new(
            Exit::Usage,
            "the log filter cannot be read",
            error,
            "set WANGQIAN_LOG (--log) to a level such as `info`, or to a list such as `warn,wangqian_worker=debug`",
        )
    })?;
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let started = match settings.log_format {
        LogFormat::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            registry.with(layer.with_ansi(colours)).try_init()
        }
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
    started.map_err(|error| Failure::internal("logging could not be started", error))
}
