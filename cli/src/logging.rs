//! Logs: lines or JSON on standard error. What may not be logged (secrets, personal data) is not handed to it anywhere.

use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::failure::{Exit, Failure};

/// How the program logs, to standard error.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Logs")]
pub struct LoggingSettings {
    /// What to log: a level (error, warn, info, debug, trace), or levels by part of the program such as
    /// `warn,wangqian_worker=debug`.
    #[arg(
        long,
        env = "WANGQIAN_LOG",
        value_name = "FILTER",
        default_value = "info,apalis_core=warn",
        global = true
    )]
    pub log: String,
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

/// Starts logging for the whole process.
///
/// # Errors
/// When the filter cannot be read, or the process logs already.
pub fn start(settings: &LoggingSettings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|error| {
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
