//! Connections to one SMTP server: made, kept and given up. What is sent over them is the mail channel's business.
//!
//! lettre's own pool is not used: it takes back a connection whose exchange was broken off by a time limit, so that
//! the next mail would read the answer to this one. Here a connection is kept only after a completed exchange.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use lettre::{
    address::Envelope,
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailParameter},
        response::Response,
    },
};
use tokio::time::timeout;
use url::Url;

use crate::JobError;

/// Idle connections that are kept.
const KEPT: usize = 4;

/// How the connection is encrypted.
enum Encryption {
    Never,
    IfOffered(TlsParameters),
    StartTls(TlsParameters),
    FromTheStart(TlsParameters),
}

/// A client of one SMTP server.
pub(super) struct Smtp {
    host: String,
    port: u16,
    hello: ClientId,
    credentials: Option<Credentials>,
    encryption: Encryption,
    time_limit: Duration,
    idle_limit: Duration,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    /// A client for a URL of lettre's scheme: `smtps://user:password@host:465`, or
    /// `smtp://user:password@host:587?tls=required`; the path, if any, is the name given in EHLO.
    ///
    /// # Errors
    /// What is wrong with the URL, without repeating it.
    pub(super) fn new(url: &str, time_limit: Duration, idle_limit: Duration) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| format!("not a URL: {error}"))?;
        let host = url
            .host_str()
            .ok_or("names no host")?
            .trim_matches(['[', ']'])
            .to_owned();
        let tls = url
            .query_pairs()
            .find(|(key, _)| key == "tls")
            .map(|(_, value)| value.into_owned());
        let parameters =
            || TlsParameters::new(host.clone()).map_err(|error| format!("TLS cannot be set up: {error}"));
        let (encryption, port) = match (url.scheme(), tls.as_deref()) {
            ("smtps", _) => (Encryption::FromTheStart(parameters()?), 465),
            ("smtp", Some("required")) => (Encryption::StartTls(parameters()?), 587),
            ("smtp", Some("opportunistic")) => (Encryption::IfOffered(parameters()?), 587),
            ("smtp", None) => (Encryption::Never, 25),
            _ => {
                return Err(
                    "neither smtps:// nor smtp:// with tls=required, tls=opportunistic or nothing".into(),
                );
            }
        };
        let decoded = |text: &str| {
            percent_decode(text)
                .ok_or_else(|| "user name and password are not percent-encoded UTF-8".to_owned())
        };
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decoded(url.username())?, decoded(password)?)),
            None => None,
        };
        let name = url.path().trim_matches('/');
        let hello = if name.is_empty() {
            ClientId::default()
        } else {
            ClientId::Domain(name.to_owned())
        };
        Ok(Self {
            port: url.port().unwrap_or(port),
            host,
            hello,
            credentials,
            encryption,
            time_limit,
            idle_limit,
            idle: Mutex::default(),
        })
    }

    /// Hands a mail to the server; gives what the server calls it.
    ///
    /// # Errors
    /// 5xx of the server to this mail: [`JobError::Park`]. 4xx, no connection, a refused login, no answer, a connection
    /// that breaks: [`JobError::Retry`], since the next attempt carries the same Message-ID.
    pub(super) async fn send(&self, envelope: &Envelope, mail: &[u8]) -> Result<Option<String>, JobError> {
        let mut stage = "connecting";
        // Dropped unfinished, when the time is up or the job is ended, the connection is closed and never used again.
        let exchange = async {
            let mut connection = match self.kept().await {
                Some(connection) => connection,
                None => self.connect(&mut stage).await?,
            };
            let accepted = transact(&mut connection, &mut stage, envelope, mail).await?;
            Ok((connection, accepted))
        };
        match timeout(self.time_limit, exchange).await {
            Ok(Ok((connection, accepted))) => {
                self.keep(connection);
                Ok(accepted.first_line().map(|line| line.chars().take(200).collect()))
            }
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(JobError::retry(format_args!(
                "{stage}: the mail server did not answer within {} s",
                self.time_limit.as_secs()
            ))),
        }
    }

    /// An idle connection that still lives: asked each time, since a mail that meets a closed one loses an attempt.
    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let (mut connection, since) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if since.elapsed() < self.idle_limit && connection.test_connected().await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < self.idle_limit);
        if idle.len() < KEPT {
            idle.push((connection, Instant::now()));
        }
    }

    async fn connect(&self, stage: &mut &'static str) -> Result<AsyncSmtpConnection, JobError> {
        let server = (self.host.as_str(), self.port);
        let wrapped = match &self.encryption {
            Encryption::FromTheStart(parameters) => Some(parameters.clone()),
            _ => None,
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, None, &self.hello, wrapped, None)
            .await
            .map_err(|error| passing(stage, &error))?;
        match &self.encryption {
            Encryption::StartTls(parameters) => {
                *stage = "STARTTLS";
                connection
                    .starttls(parameters.clone(), &self.hello)
                    .await
                    .map_err(|error| passing(stage, &error))?;
            }
            Encryption::IfOffered(parameters) if connection.can_starttls() => {
                *stage = "STARTTLS";
                connection
                    .starttls(parameters.clone(), &self.hello)
                    .await
                    .map_err(|error| passing(stage, &error))?;
            }
            _ => {}
        }
        if let Some(credentials) = &self.credentials {
            *stage = "logging in";
            connection
                .auth(DEFAULT_MECHANISMS, credentials)
                .await
                .map_err(|error| passing(stage, &error))?;
        }
        Ok(connection)
    }
}

async fn transact(
    connection: &mut AsyncSmtpConnection,
    stage: &mut &'static str,
    envelope: &Envelope,
    mail: &[u8],
) -> Result<Response, JobError> {
    let mut options = Vec::new();
    if envelope
        .to()
        .iter()
        .chain(envelope.from())
        .any(|address| !AsRef::<str>::as_ref(address).is_ascii())
    {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(JobError::park("the mail server takes no addresses outside ASCII"));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    *stage = "MAIL";
    let from = Mail::new(envelope.from().cloned(), options);
    connection
        .command(from)
        .await
        .map_err(|error| refused(stage, &error))?;
    *stage = "RCPT";
    for to in envelope.to() {
        connection
            .command(Rcpt::new(to.clone(), Vec::new()))
            .await
            .map_err(|error| refused(stage, &error))?;
    }
    *stage = "DATA";
    connection
        .command(Data)
        .await
        .map_err(|error| refused(stage, &error))?;
    *stage = "end of DATA";
    connection
        .message(mail)
        .await
        .map_err(|error| refused(stage, &error))
}

/// A failure before any mail was at stake: it passes, or an operator mends it; no mail is given up for it.
fn passing(stage: &str, error: &SmtpError) -> JobError {
    JobError::retry(explain(stage, error))
}

/// The server's verdict on this mail.
fn refused(stage: &str, error: &SmtpError) -> JobError {
    let reason = explain(stage, error);
    if error.is_permanent() {
        JobError::park(reason)
    } else {
        JobError::retry(reason)
    }
}

/// The code of an answer, but not its words: servers like to repeat the address in them.
fn explain(stage: &str, error: &SmtpError) -> String {
    let Some(code) = error.status() else {
        return if error.is_response() {
            format!("{stage}: the mail server's answer cannot be understood")
        } else {
            format!("{stage}: the mail server: {error}")
        };
    };
    let words = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    match words
        .split_whitespace()
        .next()
        .filter(|word| is_enhanced_code(word))
    {
        Some(enhanced) => format!("{stage}: the mail server answered {code} {enhanced}"),
        None => format!("{stage}: the mail server answered {code}"),
    }
}

/// An enhanced status code such as 5.1.1 (RFC 3463).
fn is_enhanced_code(word: &str) -> bool {
    let numbers: Vec<&str> = word.split('.').collect();
    numbers.len() == 3
        && numbers
            .iter()
            .all(|n| !n.is_empty() && n.len() <= 3 && n.bytes().all(|b| b.is_ascii_digit()))
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(url: &str) -> Result<Smtp, String> {
        Smtp::new(url, Duration::from_secs(1), Duration::from_secs(1))
    }

    #[test]
    fn the_url_says_port_encryption_and_login() {
        for (url, port) in [
            ("smtp://localhost", 25),
            ("smtp://u:p@mail.example.cn?tls=required", 587),
            ("smtp://u:p@mail.example.cn:2525?tls=opportunistic", 2525),
            ("smtps://mail.example.cn/worker.example.cn", 465),
        ] {
            assert_eq!(smtp(url).unwrap().port, port, "{url}");
        }
        let client = smtp("smtps://no%2Dreply%40x.cn:%E7%A7%98@mail.example.cn").unwrap();
        assert!(client.credentials == Some(Credentials::new("no-reply@x.cn".into(), "秘".into())));
        for wrong in [
            "mail.example.cn:25",
            "http://mail.example.cn",
            "smtp://h?tls=maybe",
            "smtp://u:%zz@h",
            "smtp://",
        ] {
            assert!(smtp(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn debug_output_shows_no_password() {
        let shown = format!("{:?}", smtp("smtp://user:geheim@mail.example.cn").unwrap());
        assert!(!shown.contains("geheim") && !shown.contains("user"), "{shown}");
    }
}
