//! Stuck work: what should have been done and was not, for operators to look at and to have tried again.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject, connection::Connection};
use chrono::{DateTime, Utc};
use wangqian_schema::stuck_work::{self as model, StuckWork as Row};

use crate::{
    context::ContextExt,
    error::{UserError, internal},
    id::NodeType,
    paging::{Arguments, connection, cost},
};

/// 未完成的工作 What was to be done.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::StuckWorkKind")]
pub enum StuckWorkKind {
    /// 邀请失效 An invitation whose deadline has passed is still open. It cannot be accepted all the same.
    Expiry,
    /// 邀请提醒 The graduate was not reminded of an invitation in its last 24 hours.
    Reminder,
    /// 生成协议书 The paper of an agreement is not there. What was signed online is signed all the same; what is to be signed offline
    /// cannot be printed.
    Document,
    /// 生成登记信息表 The sheet of what a graduate has confirmed before leaving school is not there.
    DestinationSheet,
    /// 发送消息 A message has not left the platform.
    Message,
    /// 发送账号通知 A notice about an account has not left the platform.
    Notice,
    /// 发送成员邀请 The link of an invitation to join an employer has not left the platform.
    MemberInvitation,
    /// 协议书回传链接 A link for the stamped copy that was not sent to the employer's contact.
    StampedCopyLink,
    /// 导入毕业生 A school's roster does not go on.
    Import,
    /// 检查文件 A file that was handed in for a case is not looked at.
    Upload,
    /// 导出名单 An export that a reviewer asked for is not made.
    Export,
    /// 定期任务 A recurring job of the platform itself was not done at its time.
    Recurring,
    /// 操作手册 The manual of a release was asked for and is not made.
    Manual,
}

/// 任务状态 How the job of a piece of work stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::JobState")]
pub enum JobState {
    /// 待执行 It waits for its time: for its first attempt, or for the next.
    Ready,
    /// 执行中 A worker is at it.
    Running,
    /// 已搁置 Its attempts are used up, or it cannot succeed as things are: it waits for an operator.
    Parked,
}

/// 滞留事项 A piece of work that has been owed for more than two minutes.
pub struct StuckWork(pub Row);

/// 滞留事项 A piece of work that has been owed for more than two minutes.
#[Object]
impl StuckWork {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::StuckWork.id(self.0.id)
    }

    /// 种类 What was to be done.
    async fn kind(&self) -> StuckWorkKind {
        self.0.kind.into()
    }

    /// 办理事项编号 The case whose step owes it, as `wangqian audit --case` takes it; of a notice and of a daily digest the
    /// account, of an invitation to join the employer. An import, an uploaded file, an export, a recurring job and the manual are their own. Operators do not see the case
    /// itself.
    async fn case_reference(&self) -> String {
        self.0.case_id.to_string()
    }

    /// 应完成时间 Since when it is owed.
    async fn owed_since(&self) -> DateTime<Utc> {
        self.0.owed_since
    }

    /// 定期任务名称 Which recurring job; null for other kinds.
    async fn recurring_job(&self) -> Option<&str> {
        self.0.recurring.as_deref()
    }

    /// 任务状态 How its job stands; null when the job is gone, which a worker mends within a minute or so.
    async fn job_state(&self) -> Option<JobState> {
        self.0.job_state.map(Into::into)
    }

    /// 已尝试次数 How often its job was begun; null when the job is gone.
    async fn attempts(&self) -> Option<i32> {
        self.0.attempt
    }

    /// 最多尝试次数 How often its job may be begun before it is parked; null when the job is gone.
    async fn max_attempts(&self) -> Option<i32> {
        self.0.max_attempts
    }

    /// 下次尝试时间 When it is tried next; null when it runs, is parked or has no job.
    async fn next_attempt_at(&self) -> Option<DateTime<Utc>> {
        self.0.next_attempt_at
    }

    /// 失败原因 How the last attempt failed; null when none has. Without personal data.
    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }
}

/// Stuck work.
#[derive(Default)]
pub struct StuckWorkQuery;

#[Object]
impl StuckWorkQuery {
    /// 滞留事项列表 What has been owed for more than two minutes, longest first; empty for whoever is no operator.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn stuck_work(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, StuckWork>> {
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
        let page = model::list(&mut conn, &viewer, &request, now)
            .await
            .map_err(internal)?;
        Ok(connection(page, Row::key, StuckWork))
    }
}

/// 重新执行 Has stuck work tried again.
#[derive(InputObject)]
pub struct RetryStuckWorkInput {
    /// 滞留事项 The pieces of work, 1 to 100: ids from `stuckWork`.
    stuck_work_ids: Vec<ID>,
}

/// 重新执行的结果 What came of trying stuck work again.
#[derive(SimpleObject)]
pub struct RetryStuckWorkPayload {
    /// 滞留事项 What is tried again, as it stands now.
    stuck_work: Vec<StuckWork>,
    /// 业务错误 Why some were refused, such as `stuckWorkIds.2`; the others are tried again all the same.
    user_errors: Vec<UserError>,
}

/// What operators do about stuck work.
#[derive(Default)]
pub struct StuckWorkMutation;

#[Object]
impl StuckWorkMutation {
    /// 重新执行 Has stuck work tried again at once, with all its attempts before it. What a worker is at already is left to
    /// it. Whatever has been done meanwhile is no stuck work any more: `NOT_FOUND`.
    ///
    /// Refusals: `NOT_FOUND`, `INVALID_INPUT`.
    async fn retry_stuck_work(
        &self,
        ctx: &Context<'_>,
        input: RetryStuckWorkInput,
    ) -> async_graphql::Result<RetryStuckWorkPayload> {
        let viewer = ctx.viewer()?;
        let mut payload = RetryStuckWorkPayload {
            stuck_work: Vec::new(),
            user_errors: Vec::new(),
        };
        if !(1..=100).contains(&input.stuck_work_ids.len()) {
            let error = UserError::invalid("stuckWorkIds", "每次可重新执行 1 至 100 项");
            payload.user_errors.push(error);
            return Ok(payload);
        }
        let platform = &ctx.app().platform;
        let now = platform.clock.now();
        let mut conn = ctx.connection().await?;
        let mut failed = None;
        for (at, id) in input.stuck_work_ids.iter().enumerate() {
            let retried = match NodeType::StuckWork.uuid(id) {
                Some(id) => model::retry(&mut conn, &viewer, id, now).await,
                None => Ok(None),
            };
            match retried {
                Ok(Some(work)) => payload.stuck_work.push(StuckWork(work)),
                Ok(None) => payload
                    .user_errors
                    .push(UserError::not_found(format!("stuckWorkIds.{at}"))),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        drop(conn);
        // Those before a failure are driven all the same.
        if !payload.stuck_work.is_empty() {
            platform.waker.wake();
        }
        match failed {
            Some(error) => Err(internal(error)),
            None => Ok(payload),
        }
    }
}
