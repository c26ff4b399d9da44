//! Members of an employer: who they are, and what its administrators do about their accounts.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject, connection::Connection};
use chrono::{DateTime, Utc};
use wangqian_schema::{
    SecretToken,
    checks::Email,
    model::{
        Viewer, employer as employers, member as model,
        registration::check_member_name,
        request_throttle::{Bucket, Limit, admit},
    },
    password::NewPassword,
    step::{self, Colleague, StepError},
};

use super::{
    employer::Employer,
    mutation::{Payload, on, payload},
    passcode::address_bucket,
};
use crate::{
    context::ContextExt,
    error::{UserError, UserErrorCode, internal, step_errors},
    id::NodeType,
    loaders::EmployerKey,
    paging::{Arguments, connection, cost},
    passwords::{self, unfit},
    throttle::{self, too_many_requests},
};

/// Invitations of one employer: nobody has so many colleagues in a day, and each is a mail to a stranger.
const INVITATIONS: Limit = Limit {
    most: 50,
    within: chrono::TimeDelta::days(1),
    pause: chrono::TimeDelta::zero(),
};

/// 成员角色 What a member may do at his employer.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "employers::MemberRole")]
pub enum MemberRole {
    /// 管理员 Also opens and disables the accounts of colleagues.
    Administrator,
    /// 普通成员 Acts for the employer.
    Member,
}

/// 用人单位成员 A member of an employer.
pub struct EmployerMember(pub model::Member);

/// 用人单位成员 A member of an employer. Seen by its members and operators.
#[Object]
impl EmployerMember {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::EmployerMember.id(self.0.account_id)
    }

    /// 姓名 Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// 成员角色 What he may do there.
    async fn role(&self) -> MemberRole {
        self.0.role.into()
    }

    /// 电子邮箱 E-mail address, to log in with; null when he has none.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// 联系手机 The mobile number that he gave when he registered the employer; not proved; null for whoever was invited.
    async fn contact_mobile(&self) -> Option<&str> {
        self.0.contact_mobile.as_deref()
    }

    /// 停用时间 Since when his account is disabled; null while it is not.
    async fn disabled_at(&self) -> Option<DateTime<Utc>> {
        self.0.disabled_at
    }

    /// 用人单位 The employer.
    async fn employer(&self, ctx: &Context<'_>) -> async_graphql::Result<Employer> {
        let employer = ctx.require(EmployerKey(self.0.employer_id), "a member without his employer");
        Ok(Employer(employer.await?))
    }
}

/// 邀请发送状态 How far the mail with an invitation's link got.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "wangqian_schema::model::secret_link::LinkDelivery")]
pub enum InvitationDelivery {
    /// 待发送 Owed; it is on the way, or waits for its next attempt.
    Pending,
    /// 已送出 The mail server took it.
    Sent,
    /// 发送失败 Given up: look at the address, and invite again.
    Failed,
}

/// 成员邀请 A colleague who is invited and has not joined yet.
pub struct MemberInvitation(model::MemberInvitation);

/// 成员邀请 A colleague who is invited and has not joined yet. Seen by the administrators of the employer.
#[Object]
impl MemberInvitation {
    /// 电子邮箱 His e-mail address, by which `withdrawMemberInvitation` takes the invitation back.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// 姓名 His name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// 成员角色 What he is to be.
    async fn role(&self) -> MemberRole {
        self.0.role.into()
    }

    /// 邀请时间 When he was invited.
    async fn invited_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// 失效时间 Until when he may join.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// 发送状态 How far the mail with the link got.
    async fn delivery(&self) -> InvitationDelivery {
        self.0.delivery.into()
    }
}

/// Members.
#[derive(Default)]
pub struct EmployerMemberQuery;

#[Object]
impl EmployerMemberQuery {
    /// 成员列表 The members of an employer, in the order in which their accounts were opened: of the viewer's own, or for an
    /// operator of any. Empty for everybody else.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn employer_members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "用人单位 The employer; without it the viewer's own.")] employer_id: Option<ID>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, EmployerMember>> {
        let viewer = ctx.viewer()?;
        let request = Arguments {
            first,
            after,
            last,
            before,
        }
        .request()?;
        let employer_id = match (employer_id, &viewer) {
            (Some(id), _) => NodeType::Employer.uuid(&id),
            (None, Viewer::EmployerMember { employer_id, .. }) => Some(*employer_id),
            (None, _) => None,
        };
        let mut conn = ctx.connection().await?;
        let page = match employer_id {
            Some(id) => model::list(&mut conn, &viewer, id, &request)
                .await
                .map_err(internal)?,
            None => wangqian_schema::model::Page::default(),
        };
        Ok(connection(page, |member| member.account_id, EmployerMember))
    }

    /// 成员邀请列表 The invitations of the viewer's employer that stand, newest first; empty for whoever is no administrator of one.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn member_invitations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, MemberInvitation>> {
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
        let page = model::invitations(&mut conn, &viewer, &request, now)
            .await
            .map_err(internal)?;
        Ok(connection(page, |invitation| invitation.id, MemberInvitation))
    }
}

/// 邀请成员 Invites a colleague to the same employer.
#[derive(InputObject)]
pub struct InviteEmployerMemberInput {
    /// 电子邮箱 His e-mail address: the link goes there, and he logs in with it.
    email: String,
    /// 姓名 His name, at most 30 characters.
    name: String,
    /// 成员角色 What he is to be.
    role: MemberRole,
}

/// 撤回成员邀请 Takes the invitation of a colleague back.
#[derive(InputObject)]
pub struct WithdrawMemberInvitationInput {
    /// 电子邮箱 The address that was invited.
    email: String,
}

/// 成员邀请办理结果 What came of a step on the invitation of a colleague. Nothing here tells whether the address is an account's.
#[derive(SimpleObject)]
pub struct MemberInvitationPayload {
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// 加入单位 Joins the employer by which one was invited.
#[derive(InputObject)]
pub struct JoinEmployerInput {
    /// 邀请令牌 What follows the `#` of the link that came by mail.
    #[graphql(secret)]
    token: String,
    /// 密码 10 to 128 characters.
    #[graphql(secret)]
    password: String,
}

/// 停用或启用成员 Disables a colleague's account or enables it again.
#[derive(InputObject)]
pub struct EmployerMemberStepInput {
    /// 成员 The colleague.
    member_id: ID,
}

payload!(
    /// 成员办理结果 What came of a step on a member.
    pub struct EmployerMemberPayload {
        /// 成员 The member as he is now; null when it was refused.
        member: EmployerMember,
    }
    of model::Member, by EmployerMember
);

fn invalid_email() -> UserError {
    UserError::invalid("email", "不是有效的邮箱地址")
}

async fn set_enabled(
    ctx: &Context<'_>,
    id: &ID,
    enabled: bool,
) -> async_graphql::Result<EmployerMemberPayload> {
    let (platform, viewer) = (&ctx.app().platform, ctx.viewer()?);
    let set = on(NodeType::EmployerMember, id, async |account_id| {
        step::set_member_enabled(platform, &viewer, account_id, enabled).await
    });
    EmployerMemberPayload::of(set.await, "memberId")
}

/// What is done about members.
#[derive(Default)]
pub struct EmployerMemberMutation;

#[Object]
impl EmployerMemberMutation {
    /// 邀请成员 An administrator of a verified employer invites a colleague: a link, good for seven days and one use, goes to his
    /// address. Inviting again replaces it. `memberInvitations` tells how far the mail got. The answer is the same whether or
    /// not the address is an account's. Fifty a day for each employer (`TOO_MANY_REQUESTS`); one a minute and thirty a day to
    /// each address, whoever invites: those beyond are silently not sent, and show as sent.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `EMPLOYER_NOT_VERIFIED`, `INVALID_INPUT`, `TOO_MANY_REQUESTS`.
    async fn invite_employer_member(
        &self,
        ctx: &Context<'_>,
        input: InviteEmployerMemberInput,
    ) -> async_graphql::Result<MemberInvitationPayload> {
        let viewer = ctx.viewer()?;
        let app = ctx.app();
        let answer = |user_errors| MemberInvitationPayload { user_errors };
        // Whoever may not, uses nothing up.
        let employer_id = match step::administers(&app.platform, &viewer).await {
            Ok(employer_id) => employer_id,
            Err(error) => return Ok(answer(step_errors(error, "email")?)),
        };
        let mut wrong = Vec::new();
        let email = Email::parse(&input.email).map_err(|_| wrong.push(invalid_email()));
        let name =
            check_member_name(&input.name).map_err(|errors| wrong.extend(UserError::of_fields("", errors)));
        let (Ok(email), Ok(name)) = (email, name) else {
            return Ok(answer(wrong));
        };
        let now = app.platform.clock.now();
        let mut conn = ctx.connection().await?;
        let of_employer = Bucket::of("invitations of an employer", employer_id.as_bytes());
        if !admit(&mut conn, of_employer, &INVITATIONS, now)
            .await
            .map_err(internal)?
        {
            return Ok(answer(vec![too_many_requests()]));
        }
        let limit = app.settings.address_limit();
        let admitted = admit(
            &mut conn,
            address_bucket("invitation", email.as_str()),
            &limit,
            now,
        )
        .await
        .map_err(internal)?;
        drop(conn);
        let colleague = Colleague {
            email,
            name,
            role: input.role.into(),
        };
        Ok(answer(
            match step::invite_member(&app.platform, &viewer, &colleague, !admitted).await {
                Ok(()) => Vec::new(),
                Err(error) => step_errors(error, "email")?,
            },
        ))
    }

    /// 撤回成员邀请 An administrator takes an invitation back: its link is good for nothing from then on.
    ///
    /// Refusals: `STEP_NOT_ALLOWED`, `NOT_FOUND`, `INVALID_INPUT`.
    async fn withdraw_member_invitation(
        &self,
        ctx: &Context<'_>,
        input: WithdrawMemberInvitationInput,
    ) -> async_graphql::Result<MemberInvitationPayload> {
        let viewer = ctx.viewer()?;
        let answer = |user_errors| MemberInvitationPayload { user_errors };
        let Ok(email) = Email::parse(&input.email) else {
            return Ok(answer(vec![invalid_email()]));
        };
        let withdrawn = step::withdraw_member_invitation(&ctx.app().platform, &viewer, &email).await;
        Ok(answer(match withdrawn {
            Ok(()) => Vec::new(),
            Err(error) => step_errors(error, "email")?,
        }))
    }

    /// 加入单位 An invited colleague opens his account, of the address to which the link went, and can log in then. A token that
    /// is wrong, used or over: `WRONG_CODE`. Public.
    ///
    /// Refusals: `INVALID_INPUT`, `WRONG_CODE`, `ALREADY_TAKEN`, `TOO_MANY_REQUESTS`.
    async fn join_employer(
        &self,
        ctx: &Context<'_>,
        input: JoinEmployerInput,
    ) -> async_graphql::Result<EmployerMemberPayload> {
        let refused = |error| Ok(EmployerMemberPayload::refused(vec![error]));
        let password = match NewPassword::parse(&input.password, &[]) {
            Ok(password) => password,
            Err(why) => return refused(unfit("password", why)),
        };
        let mut conn = ctx.connection().await?;
        if let Some(refusal) = throttle::stranger(ctx, &mut conn).await? {
            return refused(refusal);
        }
        drop(conn);
        let hash = passwords::hash(ctx, password.expose().to_owned()).await?;
        let token = SecretToken::presented(&input.token);
        match step::join(&ctx.app().platform, &token, &hash).await {
            Err(StepError::NotFound) => refused(UserError {
                field: Some("token".to_owned()),
                ..UserError::new(
                    UserErrorCode::WrongCode,
                    "链接无效或已失效，请联系单位管理员重新邀请",
                )
            }),
            joined => EmployerMemberPayload::of(joined, "token"),
        }
    }

    /// 停用成员 An administrator disables a colleague's account: its sessions end at once. Nobody disables himself, so that there
    /// is always an administrator left.
    ///
    /// Refusals: `NOT_FOUND`, `STEP_NOT_ALLOWED`.
    async fn disable_employer_member(
        &self,
        ctx: &Context<'_>,
        input: EmployerMemberStepInput,
    ) -> async_graphql::Result<EmployerMemberPayload> {
        set_enabled(ctx, &input.member_id, false).await
    }

    /// 启用成员 An administrator enables a colleague's account again.
    ///
    /// Refusals: `NOT_FOUND`, `STEP_NOT_ALLOWED`.
    async fn enable_employer_member(
        &self,
        ctx: &Context<'_>,
        input: EmployerMemberStepInput,
    ) -> async_graphql::Result<EmployerMemberPayload> {
        set_enabled(ctx, &input.member_id, true).await
    }
}
