//! Leaving school: what is registered for a graduate, his confirmation of it and the sheet; its lists, the steps and the public look-up are
//! in the modules below.

mod list;
mod public;
mod steps;

use async_graphql::{Context, Enum, ID, Object, SimpleObject, Union, connection::Connection};
use chrono::{DateTime, Utc};
use wangqian_schema::{
    destination::ArchiveDraft,
    model::{
        case::CaseRow, destination_sheet as sheets, event::CaseKind, leaving::LeavingView,
        leaving_period as periods,
    },
    workflow::{ActorRole, leaving as rules},
};
use wangqian_storage::{Disposition, DownloadName};

pub use self::{
    list::{LeaverStatus, LeavingQuery, LeavingSchool},
    public::{
        DestinationSheetVerification, LookUp, SheetBlock, SheetEntry, SheetQuery, SheetStatus, look_up,
    },
    steps::{
        AnswerLeavingDisputeInput, AuthoriseSheetInput, ConfirmLeavingInput, DisputeLeavingInput,
        LeavingArchivePayload, LeavingMutation, LeavingPayload, LeavingPeriodPayload, ReopenLeavingInput,
        SaveLeavingDraftInput, SetLeavingPeriodInput, WithdrawSheetAuthorisationInput,
    },
};
use super::{
    agreement::Agreement,
    case_event::{LeavingAction, LeavingEvent, actions_of, history_of},
    date::Date,
    destination::{ArchiveForm, Destination},
    document::{DocumentStatus, DownloadLink},
    graduate::Graduate,
};
use crate::{
    context::ContextExt,
    id::NodeType,
    loaders::{AgreementKey, DestinationKey, GraduateKey, SheetKey},
    paging::{Arguments, cost},
};

/// 离校确认状态 Where a graduate's confirmation stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "rules::LeavingStatus")]
pub enum LeavingStatus {
    /// 待确认 He has confirmed nothing yet.
    Open,
    /// 已确认 He has confirmed what was registered then; `stands` says whether it still is.
    Confirmed,
    /// 有异议 He disputes it, and the school is to answer.
    Disputed,
    /// 异议已答复 The school has answered; he confirms, or disputes again.
    Answered,
}

/// 离校确认安排 When the graduates of a class year confirm. All days are those of Asia/Shanghai, and count themselves.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct LeavingPeriod {
    /// 届 The class year.
    class_year: i32,
    /// 确认开始日期 The first day on which they confirm.
    opens_on: Date,
    /// 确认截止日期 The last.
    closes_on: Date,
    /// 变更截止日期 The last day on which they, and employers, begin anything on their cases.
    cut_off_on: Date,
}

impl From<periods::LeavingPeriod> for LeavingPeriod {
    fn from(period: periods::LeavingPeriod) -> Self {
        Self {
            class_year: period.class_year.into(),
            opens_on: Date(period.opens_on),
            closes_on: Date(period.closes_on),
            cut_off_on: Date(period.cut_off_on),
        }
    }
}

/// 登记事项 What is signed or registered for a graduate.
#[derive(Union)]
pub enum RegisteredCase {
    /// 就业协议 A signed agreement.
    Agreement(Agreement),
    /// 毕业去向 A registered destination.
    Destination(Destination),
}

/// What is registered for him now, as far as the viewer sees it.
async fn registered(ctx: &Context<'_>, view: &LeavingView) -> async_graphql::Result<Option<RegisteredCase>> {
    let Some(case) = view.standing.registered else {
        return Ok(None);
    };
    Ok(if case.kind == CaseKind::Agreement {
        let found = ctx.load(AgreementKey(case.case_id)).await?;
        found.map(|view| RegisteredCase::Agreement(Agreement::from(view)))
    } else {
        let found = ctx.load(DestinationKey(case.case_id)).await?;
        found.map(|view| RegisteredCase::Destination(Destination::from(view)))
    })
}

/// 毕业离校确认 What a graduate confirms, or disputes, before he leaves school: one for his class year.
pub struct LeavingConfirmation(pub Box<LeavingView>);

impl From<LeavingView> for LeavingConfirmation {
    fn from(view: LeavingView) -> Self {
        Self(Box::new(view))
    }
}

/// 毕业离校确认 What a graduate confirms, or disputes, before he leaves school: one for his class year.
#[Object]
impl LeavingConfirmation {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::LeavingConfirmation.id(self.0.confirmation.id)
    }

    /// 毕业生 The graduate.
    async fn graduate(&self, ctx: &Context<'_>) -> async_graphql::Result<Graduate> {
        let key = GraduateKey(self.0.confirmation.graduate_id);
        let found = ctx.require(key, "a confirmation without its graduate");
        Ok(Graduate(found.await?))
    }

    /// 届 The class year.
    async fn class_year(&self) -> i32 {
        self.0.confirmation.class_year.into()
    }

    /// 状态 Where it stands.
    async fn status(&self) -> LeavingStatus {
        self.0.confirmation.status.into()
    }

    /// 是否有效 Whether he has confirmed, and all that he confirmed is as it was: false once his case, or his basic information, has changed
    /// since. Then he confirms again, also after the period.
    async fn stands(&self) -> bool {
        self.0.stands()
    }

    /// 版本号 Goes up with every change of status or content; hand it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.confirmation.version
    }

    /// 当前登记 What is signed or registered for him now; null is 未落实.
    async fn registered(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<RegisteredCase>> {
        registered(ctx, &self.0).await
    }

    /// 档案户口信息 Archive and household as he has confirmed them last; null before.
    async fn archive(&self) -> Option<ArchiveForm> {
        let archive = self.0.confirmation.archive.clone();
        archive.map(|archive| ArchiveDraft::from(archive).into())
    }

    /// 已填信息 Archive and household as he has filled them in, for his form; null for everybody else. Where they are others than `archive`, he
    /// may confirm again while the period is open.
    async fn draft(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ArchiveForm>> {
        Ok(self.own(ctx)?.then(|| self.0.confirmation.draft.clone().into()))
    }

    /// 异议 What he disputes, or disputed last.
    async fn dispute(&self) -> Option<&str> {
        self.0.confirmation.reason.as_deref()
    }

    /// 异议答复 What the school has answered to it; null before.
    async fn answer(&self) -> Option<&str> {
        self.0.confirmation.answer.as_deref()
    }

    /// 确认时间 When he confirmed last; null before.
    async fn confirmed_at(&self) -> Option<DateTime<Utc>> {
        self.0.confirmation.confirmed_at
    }

    /// 重新开放至 The last day until which his school has reopened his cases; null where it has not.
    async fn reopened_until(&self) -> Option<Date> {
        self.0.confirmation.reopened_until.map(Date)
    }

    /// 授权查询至 The last day on which third parties may see his sheet; null where they may not, and for everybody but him.
    async fn authorised_until(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Date>> {
        let until = self.0.confirmation.authorised_until.map(Date);
        Ok(until.filter(|_| self.own(ctx).unwrap_or_default()))
    }

    /// 毕业去向登记信息表 The sheet of what he confirmed last; null before.
    async fn sheet(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<DestinationSheet>> {
        let found = ctx.load(SheetKey(self.0.confirmation.id)).await?;
        Ok(found.map(DestinationSheet))
    }

    /// 更新时间 When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.confirmation.updated_at
    }

    /// 可进行的操作 What this viewer may do now: draw the buttons from it.
    async fn viewer_actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<LeavingAction>> {
        actions_of(ctx, |viewer, now| self.0.viewer_actions(viewer, now))
    }

    /// 办理记录 The history, oldest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Forward: how many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Forward: after this cursor.")] after: Option<String>,
        #[graphql(desc = "Backward: how many, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Backward: before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<String, LeavingEvent>> {
        let page = Arguments {
            first,
            after,
            last,
            before,
        };
        history_of(ctx, Some(self.0.confirmation.id), page, LeavingEvent).await
    }
}

impl LeavingConfirmation {
    /// Whether it is the viewer's own.
    fn own(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        Ok(self.0.confirmation.role_of(&ctx.viewer()?) == Some(ActorRole::Graduate))
    }
}

/// 毕业去向登记信息表 The sheet of what a graduate has confirmed, as a PDF.
pub struct DestinationSheet(pub sheets::DestinationSheet);

impl DestinationSheet {
    /// A fresh link to the PDF; none while it is being rendered.
    async fn link(
        &self,
        ctx: &Context<'_>,
        asked: Disposition,
    ) -> async_graphql::Result<Option<DownloadLink>> {
        let Some(key) = &self.0.object_key else {
            return Ok(None);
        };
        let offered = DownloadName {
            name: "毕业去向登记信息表.pdf",
            ascii: "destination-sheet.pdf",
        };
        DownloadLink::to_pdf(ctx.app(), key, asked, offered)
            .await
            .map(Some)
    }
}

/// 毕业去向登记信息表 The sheet of what a graduate has confirmed, as a PDF.
#[Object]
impl DestinationSheet {
    /// 版本号 1 for the first; each further confirmation makes the next.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// 转递编号 The number under which the archive is sent; the same on all his sheets.
    async fn transfer_number(&self) -> &str {
        self.0.paper["transfer_number"].as_str().unwrap_or_default()
    }

    /// 核验编号 The number by which a third party asks for the sheet, with his name and under his authorisation.
    async fn verification_number(&self) -> &str {
        &self.0.verification_number
    }

    /// 状态 How far it is.
    async fn status(&self) -> DocumentStatus {
        match self.0.ready_at {
            Some(_) => DocumentStatus::Ready,
            None => DocumentStatus::Pending,
        }
    }

    /// 生成时间 When the PDF was stored; null while it is being rendered.
    async fn ready_at(&self) -> Option<DateTime<Utc>> {
        self.0.ready_at
    }

    /// 下载链接 A fresh link to the PDF, valid for a few minutes; null while it is being rendered.
    async fn download_link(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<DownloadLink>> {
        self.link(ctx, Disposition::Attachment).await
    }

    /// 预览链接 The same as `downloadLink`, to be shown in the browser instead of saved.
    async fn preview_link(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<DownloadLink>> {
        self.link(ctx, Disposition::Inline).await
    }
}
