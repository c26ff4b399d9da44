//! A secret link that somebody is sent by a message: how far that message got, and which token opens. One mechanism for all kinds of
//! them; what a link opens, and to whom it goes, stands in the module of its kind.
//!
//! Each run of the job that sends one makes a token of its own, since only the hash is kept: the last one counts, until a message
//! has gone. From then on nothing changes the token or takes the word back, however often the job runs: somebody holds that link.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::{
    SecretToken,
    tables::{member_invitations, stamped_copy_links},
    text_enum::text_enum,
};

text_enum! {
    /// How far the message with a link got.
    pub enum LinkDelivery {
        /// 待发送 It is owed; its job is on the way, or waits for its next attempt.
        Pending = "PENDING",
        /// 已发送 The provider has taken it.
        Sent = "SENT",
        /// 发送失败 It was given up, and waits for an operator, or for another link.
        Failed = "FAILED",
    }
}

/// The row of a link, by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretLink {
    /// By which an invited colleague joins an employer: of `member_invitations`.
    MemberInvitation(Uuid),
    /// By which an employer's contact hands in a stamped copy: of `stamped_copy_links`.
    StampedCopy(Uuid),
}

/// Sets columns of a link's row if its delivery is what is expected; gives how many rows that were: one, or none.
macro_rules! set {
    ($link:expr, $conn:expr, if delivery.$is:ident($expected:expr), $column:ident = $value:expr) => {
        match $link {
            SecretLink::MemberInvitation(id) => {
                diesel::update(member_invitations::table.find(id))
                    .filter(member_invitations::delivery.$is($expected))
                    .set(member_invitations::$column.eq($value))
                    .execute($conn)
                    .await
            }
            SecretLink::StampedCopy(id) => {
                diesel::update(stamped_copy_links::table.find(id))
                    .filter(stamped_copy_links::delivery.$is($expected))
                    .set(stamped_copy_links::$column.eq($value))
                    .execute($conn)
                    .await
            }
        }
    };
}

impl SecretLink {
    /// From now on this token is the one that opens. `false` when the link was sent, replaced, used or taken back.
    ///
    /// # Errors
    /// The database's.
    pub async fn arm(self, conn: &mut AsyncPgConnection, token: &SecretToken) -> QueryResult<bool> {
        let armed = set!(self, conn, if delivery.ne(LinkDelivery::Sent), token_hash = token.hash())?;
        Ok(armed == 1)
    }

    /// Notes how far the message got, unless it has gone before, or the link was replaced, used or taken back meanwhile.
    ///
    /// # Errors
    /// The database's.
    pub async fn settle(self, conn: &mut AsyncPgConnection, delivery: LinkDelivery) -> QueryResult<()> {
        set!(self, conn, if delivery.ne(LinkDelivery::Sent), delivery = delivery)?;
        Ok(())
    }

    /// Notes that the message with this token went, unless another run has armed another one meanwhile: what that one sends counts.
    ///
    /// # Errors
    /// The database's.
    pub async fn sent(self, conn: &mut AsyncPgConnection, token: &SecretToken) -> QueryResult<()> {
        let hash = token.hash();
        let sent = LinkDelivery::Sent;
        match self {
            Self::MemberInvitation(id) => {
                diesel::update(member_invitations::table.find(id))
                    .filter(member_invitations::token_hash.eq(hash))
                    .set(member_invitations::delivery.eq(sent))
                    .execute(conn)
                    .await?
            }
            Self::StampedCopy(id) => {
                diesel::update(stamped_copy_links::table.find(id))
                    .filter(stamped_copy_links::token_hash.eq(hash))
                    .set(stamped_copy_links::delivery.eq(sent))
                    .execute(conn)
                    .await?
            }
        };
        Ok(())
    }

    /// Owes the message again that was given up.
    ///
    /// # Errors
    /// The database's.
    pub async fn owe_again(self, conn: &mut AsyncPgConnection) -> QueryResult<()> {
        set!(self, conn, if delivery.eq(LinkDelivery::Failed), delivery = LinkDelivery::Pending)?;
        Ok(())
    }
}
