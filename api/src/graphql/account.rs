//! Accounts: log in, log out, sessions, and who the viewer is.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject, Union, connection::Connection};
use chrono::{DateTime, Utc};
use wangqian_schema::model::{
    Viewer as SchemaViewer,
    account::{self, Identifier},
    graduate as graduates, member as members, reviewer as reviewers,
    session::{self, Session as SessionRow},
};

use super::{employer_member::EmployerMember, graduate::Graduate, reviewer::Reviewer};
use crate::{
    context::ContextExt,
    cookie,
    error::{UserError, UserErrorCode, internal, unauthenticated},
    id::NodeType,
    paging::{Arguments, connection, cost},
    passwords,
    throttle::LogInAttempt,
};

/// 当前用户 Who is signed in, in his role.
#[derive(Union)]
pub enum Viewer {
    /// 毕业生
    Graduate(Graduate),
    /// 用人单位成员
    EmployerMember(EmployerMember),
    /// 审核人
    Reviewer(Reviewer),
    /// 平台管理员
    Operator(Operator),
}

/// 平台管理员 Runs the platform.
#[derive(SimpleObject)]
pub struct Operator {
    /// 姓名 Name.
    name: String,
}

async fn load_viewer(ctx: &Context<'_>, viewer: &SchemaViewer) -> async_graphql::Result<Option<Viewer>> {
    let mut conn = ctx.connection().await?;
    let account_id = viewer.account_id();
    Ok(match viewer {
        SchemaViewer::Graduate { graduate_id, .. } => graduates::find(&mut conn, viewer, *graduate_id)
            .await
            .map_err(internal)?
            .map(|graduate| Viewer::Graduate(Graduate(graduate))),
        SchemaViewer::EmployerMember { .. } => members::find(&mut conn, viewer, account_id)
            .await
            .map_err(internal)?
            .map(|member| Viewer::EmployerMember(EmployerMember(member))),
        SchemaViewer::Reviewer { .. } => reviewers::find(&mut conn, viewer, account_id)
            .await
            .map_err(internal)?
            .map(|reviewer| Viewer::Reviewer(Reviewer(reviewer))),
        SchemaViewer::Operator { .. } => reviewers::find_operator(&mut conn, account_id)
            .await
            .map_err(internal)?
            .map(|operator| Viewer::Operator(Operator { name: operator.name })),
    })
}

/// 登录会话 A session of the viewer's account.
pub struct Session(pub SessionRow);

/// 登录会话 A session of the viewer's account.
#[Object]
impl Session {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::Session.id(self.0.id)
    }

    /// 登录设备 The program that logged in, as it names itself; null when it did not.
    async fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// 登录时间 When it began.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// 最近使用时间 When it was last used, to five minutes.
    async fn last_seen_at(&self) -> DateTime<Utc> {
        self.0.last_seen_at
    }

    /// 到期时间 When it ends by itself.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// 当前会话 Whether it is the one of this request.
    async fn current(&self, ctx: &Context<'_>) -> bool {
        ctx.caller()
            .signed_in
            .as_ref()
            .is_some_and(|(session, _)| session.id == self.0.id)
    }
}

/// 令牌传递方式 Where the session's token goes.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenDelivery {
    /// 浏览器存储 Into an HttpOnly cookie: for browsers. Over HTTP only.
    Cookie,
    /// 随结果返回 Into the payload, to be sent as `Authorization: Bearer …`: for programs.
    Bearer,
}

/// 登录 Logs in.
#[derive(InputObject)]
pub struct LogInInput {
    /// 手机号/身份证号/邮箱 Mobile number, ID-card number (graduates) or e-mail address.
    identifier: String,
    /// 密码 Password.
    #[graphql(secret)]
    password: String,
    /// 令牌传递方式 Where the session's token goes.
    #[graphql(default_with = "TokenDelivery::Cookie")]
    delivery: TokenDelivery,
}

/// 登录结果 What came of the log-in.
#[derive(SimpleObject)]
pub struct LogInPayload {
    /// 当前用户 Who is now signed in; null when it was refused.
    viewer: Option<Viewer>,
    /// 会话令牌 The session's token for `BEARER`; null for `COOKIE`, and when it was refused.
    token: Option<String>,
    /// 登录会话 The session that began; null when it was refused.
    session: Option<Session>,
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// 退出登录的结果 What came of the log-out.
#[derive(SimpleObject)]
pub struct LogOutPayload {
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// 结束会话 Ends a session.
#[derive(InputObject)]
pub struct EndSessionInput {
    /// 登录会话 One of the viewer's own sessions.
    session_id: ID,
}

/// 结束会话的结果 What came of ending a session.
#[derive(SimpleObject)]
pub struct EndSessionPayload {
    /// 登录会话 The id of the session that ended; null when it was refused.
    session_id: Option<ID>,
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Who the viewer is.
#[derive(Default)]
pub struct AccountQuery;

#[Object]
impl AccountQuery {
    /// 当前用户 Who is signed in; null when nobody is.
    async fn viewer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Viewer>> {
        match &ctx.caller().signed_in {
            Some((_, viewer)) => load_viewer(ctx, viewer).await,
            None => Ok(None),
        }
    }

    /// 登录会话列表 The live sessions of the viewer's account, newest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, Session>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let now = ctx.app().platform.clock.now();
        let mut conn = ctx.connection().await?;
        let page = session::list(&mut conn, viewer.account_id(), &request, now)
            .await
            .map_err(internal)?;
        Ok(connection(page, |session| session.id, Session))
    }
}

fn wrong_credentials() -> UserError {
    UserError::new(UserErrorCode::WrongCredentials, "账号或密码错误")
}

/// Logging in and out.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// 登录 Logs in with an identifier and a password (§1). An unknown identifier and a wrong password get the same
    /// answer after the same work, and so does a password that is changed while it is looked at. After five failed attempts
    /// in a day the identifier is locked for a minute, and with each further one for longer, up to fifteen minutes:
    /// `TOO_MANY_ATTEMPTS`, for an unknown identifier as well. Where very many have failed from one network in a quarter of
    /// an hour, all from there are refused until it is over: `TOO_MANY_REQUESTS`. Where too many log in at once, the top-level
    /// error `UNAVAILABLE` says so: it may be tried again, and was not counted.
    ///
    /// Refusals: `WRONG_CREDENTIALS`, `TOO_MANY_ATTEMPTS`, `TOO_MANY_REQUESTS`, `INVALID_INPUT` (a cookie over a WebSocket).
    async fn log_in(&self, ctx: &Context<'_>, input: LogInInput) -> async_graphql::Result<LogInPayload> {
        let app = ctx.app();
        let refused = |error| LogInPayload {
            viewer: None,
            token: None,
            session: None,
            user_errors: vec![error],
        };
        if input.delivery == TokenDelivery::Cookie && !ctx.caller().takes_cookies {
            return Ok(refused(UserError::invalid(
                "delivery",
                "COOKIE 方式只能通过 HTTP 请求登录",
            )));
        }
        let mut conn = ctx.connection().await?;
        let attempt = match LogInAttempt::count(ctx, &mut conn, &input.identifier).await? {
            Ok(attempt) => attempt,
            Err(refusal) => return Ok(refused(refusal)),
        };
        let credentials = match Identifier::parse(input.identifier.trim()) {
            Some(identifier) => account::find_credentials(&mut conn, &identifier)
                .await
                .map_err(internal)?,
            None => None,
        };
        // Hashing takes a while: no connection is held meanwhile.
        drop(conn);
        let hash = credentials.as_ref().map(|found| found.password_hash.clone());
        let verified = passwords::verify(ctx, input.password, hash).await;
        if verified.is_err() {
            // Not looked at: whoever is told to try again later has not failed.
            attempt.take_back(&mut *ctx.connection().await?).await?;
        }
        let (Some(proved), true) = (credentials, verified?) else {
            return Ok(refused(wrong_credentials()));
        };

        let now = app.platform.clock.now();
        let mut conn = ctx.connection().await?;
        let user_agent = ctx.caller().user_agent.as_deref();
        let begun = session::begin(&mut conn, &proved, user_agent, now)
            .await
            .map_err(internal)?;
        let Some((session, token)) = begun else {
            return Ok(refused(wrong_credentials()));
        };
        attempt.take_back(&mut conn).await?;
        let signed_in = session::authenticate(&mut conn, &token, now)
            .await
            .map_err(internal)?;
        drop(conn);
        // Nobody, where the account was disabled or its password set in this very moment, or who he is is not set up yet.
        let Some((_, viewer)) = signed_in else {
            return Ok(refused(wrong_credentials()));
        };
        let viewer = load_viewer(ctx, &viewer).await?;
        let token = match input.delivery {
            TokenDelivery::Cookie => {
                ctx.append_http_header("set-cookie", cookie::set(&token, app.settings.secure_cookies));
                None
            }
            TokenDelivery::Bearer => Some(token.expose().to_owned()),
        };
        Ok(LogInPayload {
            viewer,
            token,
            session: Some(Session(session)),
            user_errors: Vec::new(),
        })
    }

    /// 退出登录 Ends the session of this request and takes its cookie away. It takes no input and refuses nothing.
    async fn log_out(&self, ctx: &Context<'_>) -> async_graphql::Result<LogOutPayload> {
        let app = ctx.app();
        let (session, _) = ctx.caller().signed_in.as_ref().ok_or_else(unauthenticated)?;
        let mut conn = ctx.connection().await?;
        let now = app.platform.clock.now();
        session::end(&mut conn, session.account_id, session.id, now)
            .await
            .map_err(internal)?;
        ctx.append_http_header("set-cookie", cookie::clear(app.settings.secure_cookies));
        Ok(LogOutPayload {
            user_errors: Vec::new(),
        })
    }

    /// 结束会话 Ends one of the viewer's sessions, also that of another device; its open sockets are closed.
    ///
    /// Refusals: `NOT_FOUND`.
    async fn end_session(
        &self,
        ctx: &Context<'_>,
        input: EndSessionInput,
    ) -> async_graphql::Result<EndSessionPayload> {
        let viewer = ctx.viewer()?;
        let ended = match NodeType::Session.uuid(&input.session_id) {
            Some(id) => {
                let now = ctx.app().platform.clock.now();
                let mut conn = ctx.connection().await?;
                session::end(&mut conn, viewer.account_id(), id, now)
                    .await
                    .map_err(internal)?
            }
            None => false,
        };
        Ok(if ended {
            EndSessionPayload {
                session_id: Some(input.session_id),
                user_errors: Vec::new(),
            }
        } else {
            EndSessionPayload {
                session_id: None,
                user_errors: vec![UserError::not_found("sessionId")],
            }
        })
    }
}
