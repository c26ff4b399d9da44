//! Documents: the agreement as a PDF, downloaded through a short-lived link.

use std::time::Duration;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use wangqian_schema::model::document as model;
use wangqian_storage::{Disposition, DownloadName};

use crate::{
    context::{App, ContextExt},
    error::internal,
    id::NodeType,
};

/// 协议书状态 How far a document is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentStatus {
    /// 生成中 Being rendered.
    Pending,
    /// 可下载 Ready to be downloaded.
    Ready,
    /// 已被新版本取代 A newer version took its place.
    Superseded,
}

/// 下载链接 A link that opens the file without a session, for a short time.
#[derive(SimpleObject)]
pub struct DownloadLink {
    /// 链接地址 The link. Whoever has it can open the file until it ends: do not keep it.
    pub(crate) url: String,
    /// 失效时间 When it ends, to the second.
    expires_at: DateTime<Utc>,
}

impl DownloadLink {
    /// A fresh link to an object, which whoever may ask for it was shown to be allowed to open. It is offered for saving.
    ///
    /// # Errors
    /// A top-level error when the link cannot be made.
    pub(crate) async fn to(
        app: &App,
        key: &str,
        offered: DownloadName<'_>,
        content_type: &str,
    ) -> async_graphql::Result<Self> {
        Self::made(app, key, Disposition::Attachment, offered, content_type).await
    }

    /// A fresh link to a PDF that was made here: what others have brought is never opened in place.
    ///
    /// # Errors
    /// A top-level error when the link cannot be made.
    pub(super) async fn to_pdf(
        app: &App,
        key: &str,
        asked: Disposition,
        offered: DownloadName<'_>,
    ) -> async_graphql::Result<Self> {
        Self::made(app, key, asked, offered, "application/pdf").await
    }

    async fn made(
        app: &App,
        key: &str,
        asked: Disposition,
        offered: DownloadName<'_>,
        content_type: &str,
    ) -> async_graphql::Result<Self> {
        let seconds = app.settings.download_link_seconds;
        // The link is judged by the object store's clock, so by the real time, and begins with a whole second: the last
        // one before it was made.
        let expires_at = Utc::now().trunc_subsecs(0) + TimeDelta::seconds(seconds.into());
        let lifetime = Duration::from_secs(seconds.into());
        let url = app
            .storage
            .presign_get(key, lifetime, asked, offered, content_type)
            .await
            .map_err(internal)?;
        Ok(Self { url, expires_at })
    }
}

/// 就业协议书 The paper of an agreement, as a PDF.
pub struct Document(pub model::Document);

impl Document {
    /// A fresh link to the PDF; none while it is being rendered. Of a superseded one to the copy that says so across its pages.
    ///
    /// # Errors
    /// A top-level error when the link cannot be made.
    pub(super) async fn link(
        &self,
        app: &App,
        asked: Disposition,
    ) -> async_graphql::Result<Option<DownloadLink>> {
        let (key, superseded) = match self.0.superseded_at {
            Some(_) => (&self.0.marked_key, true),
            None => (&self.0.object_key, false),
        };
        let Some(key) = key else { return Ok(None) };
        let number = self.0.paper["agreement_number"].as_str().unwrap_or_default();
        let offered = DownloadName {
            name: &match superseded {
                true => format!("就业协议书-{number}-第{}版-已作废.pdf", self.0.version),
                false => format!("就业协议书-{number}.pdf"),
            },
            ascii: &match superseded {
                true => format!("agreement-{number}-{}-superseded.pdf", self.0.version),
                false => format!("agreement-{number}.pdf"),
            },
        };
        DownloadLink::to_pdf(app, key, asked, offered).await.map(Some)
    }
}

/// 就业协议书 The paper of an agreement, as a PDF.
#[Object]
impl Document {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::Document.id(self.0.id)
    }

    /// 版本号 1 for the first paper of an agreement; an amendment makes the next.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// 状态 How far it is.
    async fn status(&self) -> DocumentStatus {
        match (self.0.superseded_at, self.0.ready_at) {
            (Some(_), _) => DocumentStatus::Superseded,
            (None, Some(_)) => DocumentStatus::Ready,
            (None, None) => DocumentStatus::Pending,
        }
    }

    /// 核验码 The code printed on it, by which anybody who holds the paper can check it.
    async fn verification_code(&self) -> &str {
        &self.0.verification_code
    }

    /// 文件摘要 SHA-256 of the PDF as it was issued, in hexadecimal; null while it is being rendered.
    async fn sha256(&self) -> Option<String> {
        let bytes = self.0.sha256.as_ref()?;
        Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// 文件大小 Size of the PDF in bytes; null while it is being rendered.
    async fn byte_size(&self) -> Option<i32> {
        self.0.byte_size
    }

    /// 生成时间 When the PDF was stored; null while it is being rendered.
    async fn ready_at(&self) -> Option<DateTime<Utc>> {
        self.0.ready_at
    }

    /// 下载链接 A fresh link to the PDF, valid for a few minutes; null while it is being rendered. Of a superseded one the link leads to a copy
    /// with 已作废 across its pages, null until that is made.
    async fn download_link(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<DownloadLink>> {
        self.link(ctx.app(), Disposition::Attachment).await
    }

    /// 预览链接 The same as `downloadLink`, to be shown in the browser instead of saved (§4.3).
    async fn preview_link(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<DownloadLink>> {
        self.link(ctx.app(), Disposition::Inline).await
    }
}
