//! The stamped copy of an offline agreement (§6.3): handed in by the graduate, or by the employer's contact through a secret link,
//! without an account.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use wangqian_schema::{
    SecretToken,
    model::{
        agreement as agreements,
        case::CaseRow,
        case_upload::{self as uploads, UploadOwner},
        document, graduate,
        message::Channel,
        secret_link,
        stamped_copy_link::StampedCopyLink as LinkRow,
    },
    step::{self, AgreementStep, AnnouncedFile, StampedCopy, StepError},
    workflow::ActorRole,
};
use wangqian_storage::Disposition;

use super::{
    super::{
        agreement_input::AgreementStepInput,
        case_file::attachable,
        case_upload::{self, CompleteUploadPayload, CreateUploadPayload, Upload},
        document::{Document, DownloadLink},
        mutation::{Payload, take},
    },
    steps::AgreementPayload,
};
use crate::{
    context::ContextExt,
    error::{UserError, internal, step_errors},
    id::NodeType,
    throttle,
};

/// 发送方式 By which a link was sent.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkChannel {
    /// 短信 To the contact's mobile number.
    Sms,
    /// 邮件 To the contact's e-mail address.
    Email,
}

/// 发送状态 How far a link got.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "secret_link::LinkDelivery")]
pub enum LinkDelivery {
    /// 待发送 It is on its way.
    Pending,
    /// 已发送 The provider has taken it.
    Sent,
    /// 发送失败 It could not be sent; ask again, or hand the copy in yourself.
    Failed,
}

/// 协议书回传链接 A link that the employer's contact was sent, without what opens it.
pub struct StampedCopyLink(pub LinkRow);

/// 协议书回传链接 A link that the employer's contact was sent, without what opens it.
#[Object]
impl StampedCopyLink {
    /// 发送方式 By which it was sent.
    async fn channel(&self) -> LinkChannel {
        match self.0.channel {
            Channel::Sms => LinkChannel::Sms,
            _ => LinkChannel::Email,
        }
    }

    /// 发送状态 How far it got.
    async fn delivery(&self) -> LinkDelivery {
        self.0.delivery.into()
    }

    /// 申请时间 When it was asked for.
    async fn requested_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// 失效时间 Until when it may be used.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
}

/// 回传协议书 Hands the stamped copy in.
#[derive(InputObject)]
pub(super) struct SubmitStampedCopyInput {
    /// 就业协议 The agreement.
    agreement_id: ID,
    /// 材料 Its pages, one to nine: uploads that are `READY`, and files of the agreement that are to stay.
    files: Vec<ID>,
    /// 预期版本号 The `version` that the viewer has looked at; when given, a changed one is refused with `STALE_VERSION`.
    expected_version: Option<i32>,
}

/// 协议书回传请求 What whoever has the link is shown: the agreement's paper, and what it takes to hand the copy in.
pub(super) struct StampedCopyRequest {
    agreement: agreements::Agreement,
    graduate_name: String,
    document: Option<document::Document>,
    expires_at: DateTime<Utc>,
}

/// 协议书回传请求 What whoever has the link is shown: the agreement's paper, and what it takes to hand the copy in.
#[Object]
impl StampedCopyRequest {
    /// 协议编号 The agreement number, as it is printed on the paper.
    async fn agreement_number(&self) -> Option<&str> {
        self.agreement.agreement_number.as_deref()
    }

    /// 单位名称 The employer's name.
    async fn employer_name(&self) -> &str {
        self.agreement.employer_name()
    }

    /// 毕业生姓名 The graduate's name.
    async fn graduate_name(&self) -> &str {
        &self.graduate_name
    }

    /// 协议书下载链接 A fresh link to the paper that is to be printed, valid for a few minutes; null while it is being made.
    async fn download_link(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<DownloadLink>> {
        match self.document.clone() {
            Some(document) => Document(document).link(ctx.app(), Disposition::Attachment).await,
            None => Ok(None),
        }
    }

    /// 失效时间 Until when the link may be used.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }

    /// 上传文件 A file that was announced through this link; null when there is none such. Ask until its `state` is `READY`.
    async fn upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "上传文件 The upload.")] id: ID,
    ) -> async_graphql::Result<Option<Upload>> {
        let Some(id) = NodeType::Upload.uuid(&id) else {
            return Ok(None);
        };
        let owner = UploadOwner::Link {
            agreement_id: self.agreement.id,
        };
        let mut conn = ctx.connection().await?;
        let found = uploads::find(&mut conn, &owner, id).await;
        Ok(found.map_err(internal)?.map(Upload))
    }
}

/// 上传盖章协议书 Announces a page of the stamped copy through a link.
#[derive(InputObject)]
pub(super) struct CreateStampedCopyUploadInput {
    /// 链接密钥 What stands behind `#` in the link.
    token: String,
    /// 文件名 The file's name, at most 100 characters, without slashes.
    file_name: String,
    /// 文件类型 `image/jpeg`, `image/png`, `image/webp` or `application/pdf`.
    content_type: String,
    /// 文件大小 Its exact size in bytes, at most 10 MiB.
    byte_size: i32,
}

/// 上传完成 Says that the bytes of a file were put.
#[derive(InputObject)]
pub(super) struct CompleteStampedCopyUploadInput {
    /// 链接密钥 What stands behind `#` in the link.
    token: String,
    /// 上传文件 The upload.
    upload_id: ID,
}

/// 回传协议书 Hands the stamped copy in through a link.
#[derive(InputObject)]
pub(super) struct SubmitStampedCopyByLinkInput {
    /// 链接密钥 What stands behind `#` in the link.
    token: String,
    /// 材料 Its pages, one to nine: uploads through a link of this agreement that are `READY`.
    files: Vec<ID>,
}

/// 回传协议书的结果 What came of handing the copy in through a link.
#[derive(SimpleObject)]
pub(super) struct SubmitStampedCopyByLinkPayload {
    /// 已提交 Whether it was handed in. The link is used up then.
    submitted: bool,
    /// 业务错误 Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What a link opens.
#[derive(Default)]
pub struct StampedCopyQuery;

#[Object]
impl StampedCopyQuery {
    /// 协议书回传请求 What the link for a stamped copy opens. Public; ask by POST, since by GET the token stands in the address. Null for a link that is wrong, used, replaced or too old, or whose
    /// agreement wants no copy any more.
    async fn stamped_copy_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "链接密钥 What stands behind `#` in the link.")] token: String,
    ) -> async_graphql::Result<Option<StampedCopyRequest>> {
        let token = SecretToken::presented(&token);
        let opened = step::open_stamped_copy_link(&ctx.app().platform, &token).await;
        let (agreement, expires_at) = match opened {
            Ok(opened) => opened,
            Err(StepError::NotFound) => return Ok(None),
            Err(error) => {
                return Err(step_errors(error, "token")
                    .err()
                    .unwrap_or_else(|| internal("no link")));
            }
        };
        let mut conn = ctx.connection().await?;
        let graduates = graduate::by_ids(&conn, &[agreement.graduate_id]).await;
        let documents = document::of_agreements(&mut conn, &[agreement.id]).await;
        Ok(Some(StampedCopyRequest {
            graduate_name: graduates
                .map_err(internal)?
                .pop()
                .map(|graduate| graduate.name)
                .unwrap_or_default(),
            document: documents.map_err(internal)?.into_iter().next(),
            agreement,
            expires_at,
        }))
    }
}

/// Handing the stamped copy in.
#[derive(Default)]
pub struct StampedCopyMutation;

#[Object]
impl StampedCopyMutation {
    /// 用人单位协助回传协议书 The graduate has the employer's contact sent a link, by SMS and e-mail, by which the copy can be handed in
    /// without an account (§6.3). It holds for seven days and for one use; those sent before are good for nothing from then on.
    /// Five times a day.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`, `TOO_MANY_REQUESTS`.
    async fn request_stamped_copy(
        &self,
        ctx: &Context<'_>,
        input: AgreementStepInput,
    ) -> async_graphql::Result<AgreementPayload> {
        let (viewer, step) = (ctx.viewer()?, AgreementStep::RequestStampedCopy);
        let mut counted = None;
        if let Some(id) = NodeType::Agreement.uuid(&input.agreement_id) {
            let mut conn = ctx.connection().await?;
            let seen = agreements::find(&mut conn, &viewer, id).await.map_err(internal)?;
            let role = seen.and_then(|view| view.agreement.role_of(&viewer));
            // Whoever may not ask is told so, and not that somebody has asked too often.
            if role == Some(ActorRole::Graduate) {
                if let Some(refusal) = throttle::stamped_copy_links(ctx, &mut conn, id).await? {
                    return Ok(AgreementPayload::refused(vec![refusal]));
                }
                counted = Some(id);
            }
        }
        let taken = take(ctx, &input.agreement_id, step, input.expected_version).await?;
        if let Some(id) = counted.filter(|_| taken.is_refused()) {
            throttle::take_back_stamped_copy_link(&mut *ctx.connection().await?, id).await?;
        }
        Ok(taken)
    }

    /// 回传协议书 The graduate hands the stamped copy in (§6.3), and the school or department reviews it.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `INVALID_INPUT`, `STALE_VERSION`, `STEP_NOT_ALLOWED`, `DATA_NOT_CONFIRMED`.
    async fn submit_stamped_copy(
        &self,
        ctx: &Context<'_>,
        input: SubmitStampedCopyInput,
    ) -> async_graphql::Result<AgreementPayload> {
        let step = AgreementStep::SubmitStampedCopy(StampedCopy {
            files: attachable(&input.files),
            token: None,
        });
        take(ctx, &input.agreement_id, step, input.expected_version).await
    }

    /// 上传盖章协议书 Announces a page of the stamped copy through the link, and gives a link to PUT its bytes to; then
    /// `completeStampedCopyUpload`. Public.
    ///
    /// Refusals: `NOT_FOUND`, `INVALID_INPUT`, `TOO_MANY_REQUESTS`.
    async fn create_stamped_copy_upload(
        &self,
        ctx: &Context<'_>,
        input: CreateStampedCopyUploadInput,
    ) -> async_graphql::Result<CreateUploadPayload> {
        let token = SecretToken::presented(&input.token);
        let owner = match step::linked_owner(&ctx.app().platform, &token).await {
            Ok(owner) => owner,
            Err(error) => return Ok(case_upload::refused(step_errors(error, "token")?)),
        };
        let file = match AnnouncedFile::parse(&input.file_name, &input.content_type, input.byte_size) {
            Ok(file) => file,
            Err(errors) => return Ok(case_upload::refused(UserError::of_fields("", errors))),
        };
        case_upload::announce_counted(ctx, &owner, &file).await
    }

    /// 上传完成 Says that the bytes of a page were put, and has them looked at. Ask `stampedCopyRequest` for the upload's `state` until
    /// it is `READY` or `REFUSED`. Public.
    ///
    /// Refusals: `NOT_FOUND`, `FILE_NOT_UPLOADED`.
    async fn complete_stamped_copy_upload(
        &self,
        ctx: &Context<'_>,
        input: CompleteStampedCopyUploadInput,
    ) -> async_graphql::Result<CompleteUploadPayload> {
        let token = SecretToken::presented(&input.token);
        match step::linked_owner(&ctx.app().platform, &token).await {
            Ok(owner) => case_upload::complete(ctx, &owner, &input.upload_id).await,
            Err(error) => CompleteUploadPayload::of(Err(error), "token"),
        }
    }

    /// 回传协议书 The employer's contact hands the stamped copy in through the link, which is used up by it (§6.3). The graduate is told,
    /// and the school or department reviews. Public.
    ///
    /// Refusals: `NOT_FOUND`, `CUT_OFF_PASSED`, `INVALID_INPUT`.
    async fn submit_stamped_copy_by_link(
        &self,
        ctx: &Context<'_>,
        input: SubmitStampedCopyByLinkInput,
    ) -> async_graphql::Result<SubmitStampedCopyByLinkPayload> {
        let token = SecretToken::presented(&input.token);
        let files = attachable(&input.files);
        let submitted = step::submit_stamped_copy_by_link(&ctx.app().platform, &token, files).await;
        let user_errors = match submitted {
            Ok(_) => Vec::new(),
            Err(error) => step_errors(error, "token")?,
        };
        Ok(SubmitStampedCopyByLinkPayload {
            submitted: user_errors.is_empty(),
            user_errors,
        })
    }
}
