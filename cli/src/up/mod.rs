//! `wangqian up`: everything on this machine in one process, without configuration. What it starts it stops.

mod backing;
mod folder;
mod greeting;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use wangqian_api::ApiSettings;
use wangqian_schema::{
    Platform,
    db::{self, DatabaseSettings},
};
use wangqian_storage::StorageSettings;
use wangqian_worker::{WorkerSettings, channels::make_outbox};

use crate::{
    demo::{self, Beside},
    failure::{Exit, Failure},
    health, listener,
    platform::{AddressSettings, platform},
    roles,
    signals::Signals,
};

use self::{backing::Backing, folder::DataFolder, greeting::Greeting};

/// Starts everything on this machine.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Starts PostgreSQL, an object store, the API and the worker on this machine, runs the migrations and loads \
        demo data. Nothing has to be configured, and all that is written is in one folder. Mails, SMS and WeChat messages \
        become files in its outbox.\n\n\
        With DATABASE_URL set that database is used, with S3_ENDPOINT and its companions that object store, with SMTP_URL \
        that mail server. Not for production: there each role is a process of its own.",
    after_help = "Examples:\n  \
        wangqian up\n  \
        wangqian up --listen 127.0.0.1:9000 --data /tmp/wangqian\n  \
        DATABASE_URL=postgres://… wangqian up --demo-data yes"
)]
pub struct Arguments {
    /// The folder for everything that is written: postgres, objects, outbox
    #[arg(
        long,
        env = "WANGQIAN_DATA",
        value_name = "FOLDER",
        default_value = "data",
        help_heading = "Up"
    )]
    pub data: PathBuf,
    /// Whether demo data are loaded, once
    #[arg(
        long,
        env = "WANGQIAN_DEMO_DATA",
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Up"
    )]
    pub demo_data: DemoData,
    /// Where people reach the product.
    #[command(flatten, next_help_heading = "Address")]
    pub address: AddressSettings,
    /// The API.
    #[command(flatten, next_help_heading = "API")]
    pub api: ApiSettings,
    /// The database.
    #[command(flatten, next_help_heading = "Database")]
    pub database: DatabaseSettings,
    /// The object store.
    #[command(flatten, next_help_heading = "Object store")]
    pub storage: StorageSettings,
    /// The worker.
    #[command(flatten, next_help_heading = "Worker")]
    pub worker: WorkerSettings,
}

/// Whether demo data are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DemoData {
    /// Into a PostgreSQL of our own, not into one that DATABASE_URL names
    Auto,
    /// Always, unless the database holds other schools
    Yes,
    /// Never
    No,
}

/// Runs it until it is told to stop.
///
/// # Errors
/// [`Failure`] when something cannot be started, or ends by itself.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let mut starting = std::pin::pin!(Running::start(arguments));
    let running = tokio::select! {
        running = &mut starting => running?,
        signal = signals.next() => {
            // What is half started is brought to its end first, since nobody knows how to stop half a server.
            tracing::info!(signal, "stopping as soon as everything has started; once more stops at once");
            let stopping = async {
                if let Ok(running) = starting.await {
                    running.stop().await;
                }
            };
            signals.unless_again(stopping).await;
            farewell();
            return Ok(());
        }
    };
    crate::print(&running.greeting())?;
    running.until(&mut signals).await?;
    farewell();
    Ok(())
}

/// Says that nothing runs any more. Where nobody listens, as in a terminal that was closed, that is no failure.
fn farewell() {
    let _said = crate::print("Wangqian 网签 has stopped.\n");
}

/// Everything that runs.
struct Running {
    // In the order in which they end when this is dropped: the roles before what they stand on.
    roles: roles::Roles,
    backing: Backing,
    folder: DataFolder,
    public_url: String,
    outbox: PathBuf,
    graphiql: bool,
    demo: bool,
    smtp: bool,
}

impl Running {
    async fn start(arguments: &Arguments) -> Result<Self, Failure> {
        // First of all, before anything is made or started: a port that somebody else has is the likeliest trouble.
        let listener = listener::bind(&arguments.api.listen, listener::LISTEN).await?;
        let address = listener::address(&listener)?;
        let public_url = arguments.address.public_url(&format!("http://{address}"))?;
        let folder = DataFolder::take(&arguments.data)?;
        let mut worker = arguments.worker.clone();
        // An absolute one stays what it is.
        worker.channels.outbox = folder.join(&worker.channels.outbox);
        let outbox = worker.channels.outbox.clone();
        make_outbox(&worker.channels)
            .await
            .map_err(|error| outbox_failure(&outbox, &error))?;

        let backing = Backing::start(&folder, arguments).await?;
        db::migrate(backing.database_url())
            .await
            .map_err(|error| Failure::database(&error))?;
        let platform = platform(backing.database_url(), &arguments.database, &public_url)?;
        let demo = load_demo(&platform, arguments.demo_data, backing.own_database()).await?;

        let mut api = arguments.api.clone();
        // Browsers keep secure cookies to HTTPS, and so does everybody else who follows the standard.
        api.secure_cookies &= public_url.starts_with("https://");
        let smtp = worker.channels.smtp_url.is_some();
        let graphiql = api.transport.graphiql;

        let mut roles = roles::Roles::default();
        let (url, storage) = (backing.database_url(), backing.storage());
        roles.api(listener, &platform, url, storage.clone(), api);
        roles.worker(&platform, url, storage.clone(), worker);
        let running = Self {
            roles,
            backing,
            folder,
            public_url,
            outbox,
            graphiql,
            demo,
            smtp,
        };
        running.wait_until_ready(&address.to_string()).await
    }

    async fn wait_until_ready(mut self, listen: &str) -> Result<Self, Failure> {
        let ready = tokio::select! {
            ready = health::wait(listen) => ready,
            ended = self.roles.ended() => ended,
        };
        match ready {
            Ok(()) => Ok(self),
            Err(failure) => {
                self.stop().await;
                Err(failure)
            }
        }
    }

    fn greeting(&self) -> String {
        Greeting {
            public_url: &self.public_url,
            graphiql: self.graphiql,
            demo: self.demo,
            outbox: &self.outbox,
            smtp: self.smtp,
            data: self.folder.path(),
        }
        .text()
    }

    /// Runs until a signal or until a role ends by itself, then stops everything in order.
    async fn until(mut self, signals: &mut Signals) -> Result<(), Failure> {
        let ended = self.roles.until(signals).await;
        signals.unless_again(self.stop()).await;
        ended
    }

    async fn stop(self) {
        self.roles.stop().await;
        self.backing.stop().await;
        drop(self.folder);
    }
}

fn outbox_failure(outbox: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        Exit::Environment,
        format!("the outbox {} cannot be used", outbox.display()),
        error,
        "choose a folder that this user may write to, with WANGQIAN_OUTBOX (--outbox), or mend its owner and rights",
    )
}

/// Whether demo data are there afterwards.
async fn load_demo(platform: &Platform, when: DemoData, own_database: bool) -> Result<bool, Failure> {
    let wanted = match when {
        DemoData::Auto => own_database,
        DemoData::Yes => true,
        DemoData::No => false,
    };
    if !wanted {
        return Ok(false);
    }
    match demo::load(platform, Beside::Nobody).await {
        Ok(loaded) => {
            tracing::info!(?loaded, "demo data");
            Ok(true)
        }
        // Somebody has made this installation his own.
        Err(demo::DemoError::OtherSchools(_)) if when == DemoData::Auto => Ok(false),
        Err(error) => Err(demo::failure(&error)),
    }
}
