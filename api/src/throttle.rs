//! What may be asked how often, as the settings say.

use std::net::IpAddr;

use async_graphql::Context;
use chrono::TimeDelta;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;
use wangqian_schema::model::{
    case_upload::UploadOwner,
    login_throttle::{self, Admission, Subject},
    request_throttle::{self, Bucket, Limit, admit},
};

use crate::{
    context::{App, ContextExt},
    error::{UserError, UserErrorCode, internal},
    settings::ApiSettings,
};

impl ApiSettings {
    /// How often one caller may ask for a code with one identifier or address.
    pub(crate) fn code_limit(&self) -> Limit {
        Limit {
            most: self.codes_per_day,
            within: TimeDelta::days(1),
            pause: TimeDelta::seconds(self.code_pause_seconds.into()),
        }
    }

    /// How often a code may go to one address for one purpose, whoever asks. More than one caller may ask for, so that nobody
    /// uses up what the bearer of the address needs himself.
    pub(crate) fn address_limit(&self) -> Limit {
        let limit = self.code_limit();
        Limit {
            most: limit.most.saturating_mul(3),
            ..limit
        }
    }

    fn login_failures_limit(&self) -> Limit {
        Limit {
            most: self.login_failures,
            within: TimeDelta::minutes(15),
            pause: TimeDelta::zero(),
        }
    }

    fn stranger_limit(&self) -> Limit {
        Limit {
            most: self.stranger_requests,
            within: TimeDelta::hours(1),
            pause: TimeDelta::zero(),
        }
    }
}

/// Files announced from one client address, or for cases by one account; licences looked at for one client address.
const UPLOADS: Limit = Limit {
    most: 60,
    within: TimeDelta::hours(1),
    pause: TimeDelta::zero(),
};

/// An attempt to log in, counted for the identifier and for the client's network as if it had failed.
pub(crate) struct LogInAttempt {
    subject: Subject,
    of_identifier: login_throttle::Attempt,
    of_client: Option<Bucket>,
}

impl LogInAttempt {
    /// Counts an attempt before the password is looked at; gives the refusal when too many have failed before. One that is
    /// refused is not counted.
    ///
    /// # Errors
    /// A top-level error of the database's.
    pub(crate) async fn count(
        ctx: &Context<'_>,
        conn: &mut AsyncPgConnection,
        identifier: &str,
    ) -> async_graphql::Result<Result<Self, UserError>> {
        let settings = &ctx.app().settings;
        let now = ctx.app().platform.clock.now();
        let subject = Subject::of(identifier);
        let admission = login_throttle::admit(conn, subject, settings.login_attempts, now)
            .await
            .map_err(internal)?;
        let attempt = match admission {
            Admission::Admitted(of_identifier) => Self {
                subject,
                of_identifier,
                of_client: client_bucket(ctx, "failed log-ins of a client"),
            },
            Admission::Locked(until) => return Ok(Err(too_many_attempts(until - now))),
        };
        let Some(bucket) = attempt.of_client else {
            return Ok(Ok(attempt));
        };
        if admit(conn, bucket, &settings.login_failures_limit(), now)
            .await
            .map_err(internal)?
        {
            return Ok(Ok(attempt));
        }
        login_throttle::take_back(conn, subject, &attempt.of_identifier)
            .await
            .map_err(internal)?;
        Ok(Err(too_many_requests()))
    }

    /// Undoes the count: the attempt has not failed.
    ///
    /// # Errors
    /// A top-level error of the database's.
    pub(crate) async fn take_back(&self, conn: &mut AsyncPgConnection) -> async_graphql::Result<()> {
        login_throttle::take_back(conn, self.subject, &self.of_identifier)
            .await
            .map_err(internal)?;
        if let Some(bucket) = self.of_client {
            request_throttle::take_back(conn, bucket)
                .await
                .map_err(internal)?;
        }
        Ok(())
    }
}

fn too_many_attempts(pause: TimeDelta) -> UserError {
    let minutes = pause.num_seconds().max(1).saturating_add(59) / 60;
    UserError::new(
        UserErrorCode::TooManyAttempts,
        format!("登录失败次数过多，请约 {minutes} 分钟后再试"),
    )
}

/// Counts a request by the client's address; gives the refusal when there were too many from there.
///
/// # Errors
/// A top-level error of the database's.
pub(crate) async fn stranger(
    ctx: &Context<'_>,
    conn: &mut AsyncPgConnection,
) -> async_graphql::Result<Option<UserError>> {
    client(ctx, conn, "client", &ctx.app().settings.stranger_limit()).await
}

/// Counts an upload by the client's address; otherwise like [`stranger`].
///
/// # Errors
/// A top-level error of the database's.
pub(crate) async fn uploads(
    ctx: &Context<'_>,
    conn: &mut AsyncPgConnection,
) -> async_graphql::Result<Option<UserError>> {
    client(ctx, conn, "uploads of a client", &UPLOADS).await
}

/// Counts a licence that is to be looked at by the client's address, since that takes a core for a while; otherwise like [`stranger`].
///
/// # Errors
/// A top-level error of the database's.
pub(crate) async fn licences(
    ctx: &Context<'_>,
    conn: &mut AsyncPgConnection,
) -> async_graphql::Result<Option<UserError>> {
    client(ctx, conn, "licences of a client", &UPLOADS).await
}

/// Counts an upload for a case by its owner: a whole campus may have one address.
///
/// # Errors
/// A top-level error of the database's.
pub(crate) async fn uploads_of(
    ctx: &Context<'_>,
    conn: &mut AsyncPgConnection,
    owner: &UploadOwner,
) -> async_graphql::Result<Option<UserError>> {
    let (kind, id) = match owner {
        UploadOwner::Account(id) => ("uploads of an account", id),
        UploadOwner::Link { agreement_id } => ("uploads through the link of an agreement", agreement_id),
    };
    let now = ctx.app().platform.clock.now();
    let admitted = admit(conn, Bucket::of(kind, id.as_bytes()), &UPLOADS, now).await;
    Ok((!admitted.map_err(internal)?).then(too_many_requests))
}

/// How often the employer's contact of one agreement is sent a link.
const STAMPED_COPY_LINKS: Limit = Limit {
    most: 5,
    within: TimeDelta::days(1),
    pause: TimeDelta::zero(),
};

/// Counts a link that the contact of an agreement is to be sent: he gets an SMS each time.
///
/// # Errors
/// A top-level error of the database's.
pub(crate) async fn stamped_copy_links(
    ctx: &Context<'_>,
    conn: &mut AsyncPgConnection,
    agreement_id: Uuid,
) -> async_graphql::Result<Option<UserError>> {
    let bucket = stamped_copy_bucket(agreement_id);
    let now = ctx.app().platform.clock.now();
    let admitted = admit(conn, bucket, &STAMPED_COPY_LINKS, now).await;
    Ok((!admitted.map_err(internal)?).then(too_many_requests))
}

fn stamped_copy_bucket(agreement_id: Uuid) -> Bucket {
    Bucket::of(
        "links for the stamped copy of an agreement",
        agreement_id.as_bytes(),
    )
}

/// Undoes the count of a link: none was sent.
///
/// # Errors
/// A top-level error of the database's.
pub(crate) async fn take_back_stamped_copy_link(
    conn: &mut AsyncPgConnection,
    agreement_id: Uuid,
) -> async_graphql::Result<()> {
    request_throttle::take_back(conn, stamped_copy_bucket(agreement_id))
        .await
        .map_err(internal)
}

async fn client(
    ctx: &Context<'_>,
    conn: &mut AsyncPgConnection,
    kind: &str,
    limit: &Limit,
) -> async_graphql::Result<Option<UserError>> {
    let Some(bucket) = client_bucket(ctx, kind) else {
        return Ok(None);
    };
    let now = ctx.app().platform.clock.now();
    let admitted = admit(conn, bucket, limit, now).await.map_err(internal)?;
    Ok((!admitted).then(too_many_requests))
}

/// Counts a look-up of a destination sheet by the client's address: as many as strangers may ask for codes.
///
/// # Errors
/// The database's.
pub(crate) async fn admits_look_up(
    app: &App,
    conn: &mut AsyncPgConnection,
    remote: Option<IpAddr>,
) -> diesel::QueryResult<bool> {
    let Some(remote) = remote else { return Ok(true) };
    let bucket = Bucket::of("sheets looked up by a client", network(remote));
    let now = app.platform.clock.now();
    admit(conn, bucket, &app.settings.stranger_limit(), now).await
}

/// A server that passes no address on has no strangers to tell apart.
fn client_bucket(ctx: &Context<'_>, kind: &str) -> Option<Bucket> {
    let remote = ctx.caller().remote?;
    Some(Bucket::of(kind, network(remote)))
}

/// The refusal of what was asked for too often.
pub(crate) fn too_many_requests() -> UserError {
    UserError::new(UserErrorCode::TooManyRequests, "请求过于频繁，请稍后再试")
}

/// The network from which somebody calls; empty where the server passes no address on.
pub(crate) fn network_of(ctx: &Context<'_>) -> Vec<u8> {
    ctx.caller().remote.map(network).unwrap_or_default()
}

/// Whoever has one IPv6 address has all of its /64.
fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_caller_and_a_mapped_ipv4_address_is_itself() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
