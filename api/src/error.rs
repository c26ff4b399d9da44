//! The two kinds of error of the API: `userErrors` of a payload, for what a person can put right, and top-level errors
//! with `extensions.code` for everything else.

use async_graphql::{Enum, ErrorExtensions, Pos, Response, SimpleObject};
use diesel_async::pooled_connection::deadpool::PoolError;
use wangqian_schema::{db::DatabaseError, model::terms::FieldError, step::StepError, workflow::Refusal};

use crate::loaders::LoadError;

/// 业务错误代码 What a person can put right.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserErrorCode {
    /// 不存在 No such thing, or none that the viewer may see: both read the same.
    NotFound,
    /// 输入有误 A field is wrong; `field` names it.
    InvalidInput,
    /// 当前不可操作 The step cannot be taken by this viewer or in this status.
    StepNotAllowed,
    /// 已过截止时间 The response deadline has passed.
    DeadlinePassed,
    /// 已被占用 Another case holds the graduate.
    AlreadyEngaged,
    /// 已有有效邀请 There is already a live agreement of this employer with this graduate.
    AlreadyInvited,
    /// 已有解约申请 A termination of this agreement has been asked for and is not decided yet.
    TerminationOpen,
    /// 数据已更新 The object changed since the viewer read it: read it again.
    StaleVersion,
    /// 未确认基本信息 The graduate has to check and confirm his basic information first.
    DataNotConfirmed,
    /// 不可网签 The graduate's training mode does not allow online signing.
    OnlineSigningNotAllowed,
    /// 单位未核验 The operator has not verified the employer yet.
    EmployerNotVerified,
    /// 文件未上传 The announced file has not been handed in, or is not of the announced size.
    FileNotUploaded,
    /// 已过变更截止日期 After the last day for his class nobody but the school begins anything on a graduate's cases.
    CutOffPassed,
    /// 不在确认期内 The confirmation period of the graduate's class is not open.
    ConfirmationNotOpen,
    /// 需要填写原因 This decision needs a reason.
    ReasonRequired,
    /// 幂等键冲突 The idempotency key was used before with another request.
    IdempotencyKeyReused,
    /// 账号或密码错误 No account has this identifier and password.
    WrongCredentials,
    /// 尝试次数过多 Too many failed attempts: nothing is looked at for a while, whether it is right or wrong.
    TooManyAttempts,
    /// 请求过于频繁 Asked for too often: later again.
    TooManyRequests,
    /// 验证码错误 The code is wrong, has run out or was tried too often: ask for a new one.
    WrongCode,
    /// 已被使用 Another account, employer, school or department has this already; `field` names it.
    AlreadyTaken,
    /// 已被认领 Another reviewer has taken the case; `message` names him.
    AlreadyAssigned,
    /// 最后一名校级审核人 The last enabled reviewer of the whole school: add another one first.
    LastSchoolReviewer,
}

/// 业务错误 Something that a person can put right.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
pub struct UserError {
    /// 错误代码 What it is, for programs.
    pub code: UserErrorCode,
    /// 错误说明 What it is, in Chinese, for the person.
    pub message: String,
    /// 出错字段 The field of the input that is wrong, as a path such as `terms.contactMobile`; null when no single field is.
    pub field: Option<String>,
}

impl UserError {
    /// An error of no particular field.
    pub fn new(code: UserErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
        }
    }

    /// A wrong field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: UserErrorCode::InvalidInput,
            message: message.into(),
            field: Some(field.into()),
        }
    }

    /// The thing that `field` names does not exist for this viewer.
    pub fn not_found(field: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new(UserErrorCode::NotFound, "所指的内容不存在")
        }
    }

    /// What `field` holds belongs to somebody else already.
    pub fn already_taken(field: impl Into<String>) -> Self {
        let field = field.into();
        let message = match field.rsplit('.').next() {
            Some("mobile") => "该手机号已被其他账号使用",
            Some("email") => "该邮箱已被其他账号使用",
            Some("creditCode") => "该统一社会信用代码已注册，请联系本单位管理员或平台",
            Some("code") => "该代码已被使用",
            Some("licenceUploadId") => "该文件已被使用，请重新上传",
            _ => "已被使用",
        };
        Self {
            field: Some(field),
            ..Self::new(UserErrorCode::AlreadyTaken, message)
        }
    }

    /// Wrong fields of a form that stands at `prefix` in the input.
    pub fn of_fields(prefix: &str, errors: Vec<FieldError>) -> Vec<Self> {
        errors
            .into_iter()
            .map(|error| Self::invalid(format!("{prefix}{}", error.field), error.message))
            .collect()
    }
}

fn refusal(refusal: Refusal, id_field: &str) -> UserError {
    use UserErrorCode as Code;
    let (code, message) = match refusal {
        Refusal::NotInThisStatus => (Code::StepNotAllowed, "当前状态下不能进行此操作"),
        Refusal::NotYourRole => (Code::StepNotAllowed, "您不能进行此操作"),
        Refusal::OtherReviewLevel => (Code::StepNotAllowed, "当前不在您的审核环节"),
        Refusal::ReviewBegun => (Code::StepNotAllowed, "审核人已作出决定，不能再撤回"),
        Refusal::TooManyDrafts => (Code::StepNotAllowed, "草稿数量已达上限，请先放弃不再需要的草稿"),
        Refusal::OwnSubmission => (Code::StepNotAllowed, "不能审核本人提交的事项"),
        Refusal::TooEarly => (Code::StepNotAllowed, "未到规定时间"),
        Refusal::DeadlinePassed => (Code::DeadlinePassed, "应约截止时间已过，该邀请已失效"),
        Refusal::AlreadyEngaged => (
            Code::AlreadyEngaged,
            "毕业生已有办理中或已完成的签约或去向，不能再进行此操作",
        ),
        Refusal::DataNotConfirmed => (Code::DataNotConfirmed, "请先核对并确认基本信息"),
        Refusal::ConfirmationPending => (
            Code::DataNotConfirmed,
            "毕业生基本信息更正后尚未由本人确认，暂不能审核通过",
        ),
        Refusal::OnlineSigningNotAllowed => (
            Code::OnlineSigningNotAllowed,
            "该毕业生培养方式为定向/委培，不能签约或登记就业协议，只能登记定向/委培毕业去向",
        ),
        Refusal::TypeNotOffered => (Code::StepNotAllowed, "该毕业生不能登记此类毕业去向"),
        Refusal::EmployerNotVerified => (
            Code::EmployerNotVerified,
            "单位尚未通过平台核验，暂不能进行此操作",
        ),
        Refusal::AlreadyInvited => (Code::AlreadyInvited, "已向该毕业生发出邀请或已签约，不能重复邀请"),
        Refusal::TerminationOpen => (Code::TerminationOpen, "该协议已有办理中的解约申请"),
        Refusal::ImportAtWork => (Code::StepNotAllowed, "本校已有名单正在导入，请待其完成后再开始"),
        Refusal::FileNotUploaded => (Code::FileNotUploaded, "文件尚未上传，或与申报的大小不一致"),
        Refusal::TooManyUploads => (
            Code::TooManyRequests,
            "已上传而未提交的文件过多，请先提交，或一天后再上传",
        ),
        Refusal::CutOffPassed => (
            Code::CutOffPassed,
            "该届毕业生的变更截止日期已过，如需办理，请联系学校重新开放",
        ),
        Refusal::LeavingNotOpen => (Code::ConfirmationNotOpen, "当前不在本届毕业去向确认期内"),
        Refusal::TooManyExports => (Code::TooManyRequests, "今日导出次数已达上限，请明日再试"),
        Refusal::ReasonRequired => (Code::ReasonRequired, "请填写原因"),
        Refusal::OwnAccount => (Code::StepNotAllowed, "不能停用或调整本人的账号"),
        Refusal::LastSchoolReviewer => (
            Code::LastSchoolReviewer,
            "这是本校最后一名启用的校级审核人，请先新增或启用另一名",
        ),
    };
    let field = match refusal {
        Refusal::ReasonRequired => Some("reason"),
        Refusal::OwnAccount | Refusal::LastSchoolReviewer | Refusal::FileNotUploaded => Some(id_field),
        _ => None,
    };
    UserError {
        code,
        message: message.to_owned(),
        field: field.map(str::to_owned),
    }
}

/// What of a step's failure the person is told; `id_field` names the input that meant the case.
///
/// # Errors
/// A top-level error where the failure is not the person's.
pub fn step_errors(error: StepError, id_field: &str) -> async_graphql::Result<Vec<UserError>> {
    Ok(match error {
        StepError::NotFound => vec![UserError::not_found(id_field)],
        StepError::Refused(reason) => vec![refusal(reason, id_field)],
        StepError::StaleVersion { .. } => vec![stale("expectedVersion")],
        StepError::StaleRegistration { field } => vec![stale(field)],
        StepError::Invalid(errors) => UserError::of_fields("", errors),
        StepError::AlreadyTaken { field } => vec![UserError::already_taken(field)],
        StepError::Assigned { reviewer } => {
            let message = format!("该事项已由{reviewer}认领");
            vec![UserError {
                field: Some(id_field.to_owned()),
                ..UserError::new(UserErrorCode::AlreadyAssigned, message)
            }]
        }
        StepError::KeyReused => {
            let message = "该幂等键已用于另一请求";
            vec![UserError {
                field: Some("idempotencyKey".to_owned()),
                ..UserError::new(UserErrorCode::IdempotencyKeyReused, message)
            }]
        }
        StepError::Database(error) => return Err(internal(error)),
        StepError::Unreachable(error) => return Err(internal(error)),
    })
}

/// What is at `field` is not what it was when the person looked at it.
fn stale(field: &str) -> UserError {
    UserError {
        field: Some(field.to_owned()),
        ..UserError::new(UserErrorCode::StaleVersion, "内容已被更新，请刷新后重试")
    }
}

/// A top-level error for somebody who is not signed in.
pub fn unauthenticated() -> async_graphql::Error {
    coded("UNAUTHENTICATED", "sign in first")
}

/// A top-level error about an argument of the query itself.
pub fn bad_argument(message: impl Into<String>) -> async_graphql::Error {
    coded("INVALID_ARGUMENT", message)
}

/// A top-level error about a thing that does not exist for this viewer, where there is no payload to say so.
pub fn not_found(message: impl Into<String>) -> async_graphql::Error {
    coded("NOT_FOUND", message)
}

/// What a failure that is not the caller's own comes to for him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Something is broken here; trying again is no use.
    Internal,
    /// The database or the store cannot be reached just now; trying again later may help.
    Unavailable,
    /// A statement took longer than it may; asking for less may help.
    Timeout,
}

/// An error of ours, told apart by what the caller can do about it.
pub trait Failing: std::fmt::Display {
    /// What it comes to.
    fn failure(&self) -> Failure {
        Failure::Internal
    }
}

impl Failing for &str {}
impl Failing for tokio::sync::AcquireError {}
impl Failing for tokio::task::JoinError {}
impl Failing for serde_json::Error {}
impl Failing for wangqian_schema::password::HashingFailed {}
impl Failing for wangqian_schema::messages::TextError {}
impl Failing for wangqian_schema::figures::UnknownCode {}

impl Failing for diesel::result::Error {
    fn failure(&self) -> Failure {
        use diesel::result::{DatabaseErrorKind, Error};
        match self {
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _)
            | Error::BrokenTransactionManager => Failure::Unavailable,
            // What is no answer of the server: its end of the connection is gone, or a value of ours cannot be sent.
            Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, about)
                if about.message().starts_with("connection closed")
                    || about.message().starts_with("error communicating with the server") =>
            {
                Failure::Unavailable
            }
            Error::RollbackErrorOnCommit { commit_error, .. } => commit_error.failure(),
            // diesel has no kinds of their own for SQLSTATE 57014 and 55P03: the times of statements and of locks.
            Error::DatabaseError(_, about) if about.message().starts_with("canceling statement due to") => {
                Failure::Timeout
            }
            // Nor for 57P01 to 57P03, with which a server that stops or starts ends what runs.
            Error::DatabaseError(_, about)
                if about.message().contains("terminating connection")
                    || about.message().contains("the database system is") =>
            {
                Failure::Unavailable
            }
            _ => Failure::Internal,
        }
    }
}

impl Failing for PoolError {
    fn failure(&self) -> Failure {
        Failure::Unavailable
    }
}

impl Failing for DatabaseError {
    fn failure(&self) -> Failure {
        match self {
            Self::Unreachable(_) => Failure::Unavailable,
            Self::Statement(error) => error.failure(),
            Self::Migration(_) => Failure::Internal,
        }
    }
}

impl Failing for LoadError {
    fn failure(&self) -> Failure {
        self.failure
    }
}

impl Failing for wangqian_storage::StorageError {
    fn failure(&self) -> Failure {
        if self.is_transient() {
            Failure::Unavailable
        } else {
            Failure::Internal
        }
    }
}

/// A top-level error that says nothing of what happened: that is in the log, under the request's id.
pub fn internal(error: impl Failing) -> async_graphql::Error {
    let failure = error.failure();
    tracing::error!(%error, ?failure, "a resolver failed");
    match failure {
        Failure::Internal => coded("INTERNAL", "something went wrong here; it has been noted"),
        Failure::Unavailable => unavailable(),
        Failure::Timeout => coded("TIMEOUT", "this took too long; ask for less"),
    }
}

/// A top-level error for whoever asks too often, where there is no payload to say so.
pub fn too_many_requests() -> async_graphql::Error {
    coded(
        "TOO_MANY_REQUESTS",
        "too many requests from this network; try again later",
    )
}

/// A top-level error for whoever waited in vain among too many.
pub fn busy() -> async_graphql::Error {
    tracing::warn!("too many passwords, codes or licences wait to be looked at");
    unavailable()
}

fn unavailable() -> async_graphql::Error {
    coded("UNAVAILABLE", "this cannot be answered just now; try again later")
}

/// The answer to an operation that was given up, since nothing answered it in time.
pub fn out_of_time() -> Response {
    let error = internal(DatabaseError::Unreachable("no answer in time".to_owned()));
    Response::from_errors(vec![error.into_server_error(Pos::default())])
}

fn coded(code: &'static str, message: impl Into<String>) -> async_graphql::Error {
    async_graphql::Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}
