//! What every role needs before it begins: the database and the address of the product.

use std::sync::Arc;

use wangqian_schema::{
    Platform,
    clock::Clock,
    db::{self, DatabaseSettings},
    wake::Waker,
};

use crate::failure::{Exit, Failure};

/// Where people reach the product.
#[derive(Clone, Debug, clap::Args)]
pub struct AddressSettings {
    /// Where people reach the product, such as `https://wangqian.example`: printed in QR codes, mails and messages.
    /// `up` takes the address that it listens on when it is not set.
    #[arg(long, env = "WANGQIAN_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

impl AddressSettings {
    /// The address without a slash at its end, or `otherwise` when none is set.
    ///
    /// # Errors
    /// [`Failure`] when it is no address that can be printed in a mail.
    pub fn public_url(&self, otherwise: &str) -> Result<String, Failure> {
        check(self.public_url.as_deref().unwrap_or(otherwise))
    }

    /// The address, which has to be set: in a QR code on paper a wrong one would stay for ever.
    ///
    /// # Errors
    /// [`Failure`] when it is missing or no address that can be printed in a mail.
    pub fn required(&self) -> Result<String, Failure> {
        let url = self.public_url.as_deref().ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                "no public address is given",
                "WANGQIAN_PUBLIC_URL (--public-url) is not set, and it is printed in QR codes and mails",
                "set it to the address at which people reach the product, such as https://wangqian.example",
            )
        })?;
        check(url)
    }
}

fn check(url: &str) -> Result<String, Failure> {
    let url = url.trim_end_matches('/');
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]%".contains(c);
    match host {
        Some(host) if !host.is_empty() && host.chars().all(fits) => Ok(url.to_owned()),
        _ => Err(Failure::new(
            Exit::Usage,
            "the public address cannot be used",
            format!(
                "`{url}` does not begin with http:// or https:// and a host, or has characters of a query"
            ),
            "set WANGQIAN_PUBLIC_URL (--public-url) to an address such as https://wangqian.example",
        )),
    }
}

/// The database's URL, which every role but `up` has to be given.
///
/// # Errors
/// [`Failure`] when it is missing.
pub fn database_url(settings: &DatabaseSettings) -> Result<&str, Failure> {
    settings
        .database_url
        .as_deref()
        .filter(|url| !url.is_empty())
        .ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                "no database is given",
                "DATABASE_URL (--database-url) is not set",
                "set it to postgres://user:password@host:port/database; or use `wangqian up`, which brings its own",
            )
        })
}

/// The platform on a database.
///
/// # Errors
/// [`Failure`] when the pool cannot be set up.
pub fn platform(url: &str, settings: &DatabaseSettings, public_url: &str) -> Result<Platform, Failure> {
    let pool = db::pool(url, settings).map_err(|error| Failure::database(&error))?;
    Ok(Platform {
        pool,
        clock: Clock::default(),
        waker: Waker::default(),
        public_url: Arc::from(public_url),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses() {
        let address = |url: &str| {
            AddressSettings {
                public_url: Some(url.to_owned()),
            }
            .public_url("unused")
        };
        assert_eq!(
            address("https://wangqian.example/").as_deref(),
            Ok("https://wangqian.example")
        );
        assert_eq!(
            address("http://[::1]:8080/base").as_deref(),
            Ok("http://[::1]:8080/base")
        );
        for wrong in [
            "",
            "wangqian.example",
            "ftp://x",
            "https://",
            "https://a?b",
            "https://a b",
        ] {
            assert_eq!(address(wrong).unwrap_err().exit, Exit::Usage, "{wrong}");
        }
        let unset = AddressSettings { public_url: None };
        assert_eq!(
            unset.public_url("http://127.0.0.1:8080").as_deref(),
            Ok("http://127.0.0.1:8080")
        );
    }
}
