//! `wangqian add-operator`: opens the account of somebody who runs the platform. The first one of an installation can be
//! opened in no other way.

use clap::Args;
use wangqian_schema::{checks::Email, db::DatabaseSettings, model::account, password};

use crate::{
    failure::{Exit, Failure},
    migrate::nothing_pending,
    platform::{database_url, platform},
};

/// Opens the account of somebody who runs the platform.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Opens an operator's account (平台管理员) and prints its password, which is made at random and kept nowhere: \
        hand it over by a way that nobody else reads.",
    after_help = "Example:\n  wangqian add-operator --email operator@wangqian.example --name 示例管理员"
)]
pub struct Arguments {
    /// The e-mail address with which the operator logs in
    #[arg(long, value_name = "ADDRESS")]
    pub email: String,
    /// The operator's name
    #[arg(long)]
    pub name: String,
    /// The database.
    #[command(flatten, next_help_heading = "Database")]
    pub database: DatabaseSettings,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when the address or the name cannot be one, an account has the address, or the database cannot be used.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let email = Email::parse(&arguments.email).map_err(|error| {
        Failure::new(
            Exit::Usage,
            "this is no e-mail address",
            error,
            "give --email an address such as operator@wangqian.example",
        )
    })?;
    let name = arguments.name.trim();
    if name.is_empty() || name.chars().count() > 50 || name.chars().any(char::is_control) {
        return Err(Failure::new(
            Exit::Usage,
            "this is no name",
            "it is empty, longer than 50 characters, or has control characters",
            "give --name the operator's name",
        ));
    }
    let url = database_url(&arguments.database)?;
    nothing_pending(url, Exit::Unavailable).await?;
    let platform = platform(url, &arguments.database, "")?;
    let password = password::generate();
    let hash = password::hash(&password)
        .map_err(|error| Failure::internal("the password could not be made", error))?;
    let mut conn = platform
        .pool
        .get()
        .await
        .map_err(|error| Failure::database(&error.into()))?;
    let opened = account::open_operator(&mut conn, &email, name, &hash)
        .await
        .map_err(|error| Failure::database(&error.into()))?;
    if opened.is_none() {
        return Err(Failure::new(
            Exit::Finding,
            "an account has this e-mail address already",
            "an address belongs to one account",
            "use another address; nothing was changed",
        ));
    }
    crate::print(&format!("{password}\n"))
}
