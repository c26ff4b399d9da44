//! The executable of Wangqian: one subcommand for each role, wired together from the other crates. No rule of the
//! domain stands here.
// The future of an operation is as deep as the schema; optimising, its layout is computed here.
#![recursion_limit = "256"]

pub mod add_operator;
pub mod api;
pub mod audit;
pub mod check_documents;
pub mod config_reference;
pub mod demo;
pub mod failure;
pub mod figures;
pub mod health;
pub mod logging;
pub mod migrate;
pub mod platform;
pub mod send_test_mail;
pub mod signals;
pub mod stuck_work;
pub mod up;
pub mod worker;

mod listener;
mod roles;
mod storage;

use std::{io::Write, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};

use crate::failure::Failure;

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "wangqian",
    version,
    about = "Wangqian (网签): employment agreements of graduates, signed online",
    long_about = "Wangqian (网签): graduates, employers and schools sign employment agreements online.\n\n\
        `wangqian up` starts everything on this machine, with demo data and without configuration. In production each \
        role is a process of its own: run `wangqian migrate` once a release, then as many `wangqian api` and \
        `wangqian worker` as you need.",
    after_help = "Every option can be given as the environment variable shown beside it. \
        docs/CONFIGURATION.md lists all of them.\n\n\
        Exit codes: 0 done; 1 a check found something (migrate --check, audit, check-documents, stuck-work, figures recount, \
        send-test-mail, add-operator, health); 2 wrong usage; \
        3 this machine's set-up is in the way (port, folder, missing program); 4 the database or the object store \
        cannot be reached or is not ready; 5 anything else.",
    propagate_version = true,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// How the program logs.
    #[command(flatten)]
    pub logging: logging::LoggingSettings,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The roles and tools.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything on this machine, with demo data and without configuration
    Up(Box<up::Arguments>),
    /// Serve the API
    Api(Box<api::Arguments>),
    /// Work on the jobs: deadlines, PDFs, messages
    Worker(Box<worker::Arguments>),
    /// Bring the database to this release
    Migrate(migrate::Arguments),
    /// Load made-up schools, employers, graduates and cases
    Demo(demo::Arguments),
    /// Check the hash chains of all cases
    Audit(audit::Arguments),
    /// Look whether the object store still has every document, or have lost ones made again
    CheckDocuments(check_documents::Arguments),
    /// List what should have been done and was not, or have it tried again
    StuckWork(stuck_work::Arguments),
    /// Count the figures anew and compare, or mend them
    Figures(figures::Arguments),
    /// Send a mail to see whether the settings are right
    SendTestMail(send_test_mail::Arguments),
    /// Open the account of somebody who runs the platform
    AddOperator(add_operator::Arguments),
    /// Ask a running API whether it is ready
    Health(health::Arguments),
    /// Print the GraphQL schema (SDL)
    Schema,
    /// Print docs/CONFIGURATION.md
    #[command(hide = true)]
    ConfigReference,
}

/// Parses the command line, runs it and tells a person what went wrong.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let reader = match cli.command {
        Command::Up(_) => logging::Reader::Newcomer,
        _ => logging::Reader::Operators,
    };
    if let Err(failure) = logging::start(&cli.logging, reader) {
        return failure.report();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return Failure::internal("the program could not start its threads", error).report();
        }
    };
    match runtime.block_on(run(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Runs one subcommand to its end.
///
/// # Errors
/// [`Failure`], made for a person to read.
pub async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Up(arguments) => up::run(&arguments).await,
        Command::Api(arguments) => api::run(&arguments).await,
        Command::Worker(arguments) => worker::run(&arguments).await,
        Command::Migrate(arguments) => migrate::run(&arguments).await,
        Command::Demo(arguments) => demo::run(&arguments).await,
        Command::Audit(arguments) => audit::run(&arguments).await,
        Command::CheckDocuments(arguments) => check_documents::run(&arguments).await,
        Command::StuckWork(arguments) => stuck_work::run(&arguments).await,
        Command::Figures(arguments) => figures::run(&arguments).await,
        Command::SendTestMail(arguments) => send_test_mail::run(&arguments).await,
        Command::AddOperator(arguments) => add_operator::run(&arguments).await,
        Command::Health(arguments) => health::run(&arguments).await,
        Command::Schema => print(&wangqian_api::sdl()),
        Command::ConfigReference => print(&config_reference::markdown(&Cli::command())),
    }
}

/// Writes to standard output, which is for results; logs and errors go to standard error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads has seen enough, as `head` does.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| Failure::internal("standard output cannot be written", error)),
    }
}
