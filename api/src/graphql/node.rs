//! `node`: any object by its global id, if the viewer sees it.

use async_graphql::{Context, ID, Interface, Object};
use wangqian_schema::{
    model::{
        agreement, case_file, case_upload, delivery, destination, document, employer, graduate,
        graduate_import, leaving, member, message, record_export, reviewer, school, session, termination,
    },
    stuck_work,
};

use super::{
    account::Session,
    agreement::Agreement,
    case_file::{self as files, CaseFile},
    case_upload::Upload,
    delivery::MessageDelivery,
    destination::Destination,
    document::Document,
    employer::Employer,
    employer_member::EmployerMember,
    graduate::Graduate,
    graduate_import::GraduateImport,
    leaving::LeavingConfirmation,
    notification::Notification,
    record_export::RecordExport,
    reviewer::Reviewer,
    school::{Department, School},
    stuck_work::StuckWork,
    termination::Termination,
};
use crate::{
    context::ContextExt,
    error::internal,
    id::{self, NodeType},
};

/// 对象 An object with a global id (Relay).
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "全局标识 Global id, for `node`."))]
pub enum Node {
    /// 就业协议
    Agreement(Agreement),
    /// 解约
    Termination(Termination),
    /// 毕业去向
    Destination(Destination),
    /// 毕业离校确认
    LeavingConfirmation(LeavingConfirmation),
    /// 就业协议书
    Document(Document),
    /// 毕业生
    Graduate(Graduate),
    /// 用人单位
    Employer(Employer),
    /// 用人单位成员
    EmployerMember(EmployerMember),
    /// 审核人
    Reviewer(Reviewer),
    /// 学校
    School(School),
    /// 院系
    Department(Department),
    /// 消息
    Notification(Notification),
    /// 登录会话
    Session(Session),
    /// 滞留事项
    StuckWork(StuckWork),
    /// 消息发送情况
    MessageDelivery(MessageDelivery),
    /// 毕业生导入
    GraduateImport(GraduateImport),
    /// 导出
    RecordExport(RecordExport),
    /// 上传文件
    Upload(Upload),
    /// 办理材料
    CaseFile(CaseFile),
}

/// Objects by id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// 按全局标识查询 The object of a global id; null when there is none, or none that the viewer sees.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "全局标识 Global id, for `node`.")] id: ID,
    ) -> async_graphql::Result<Option<Node>> {
        find(ctx, &id).await
    }
}

/// The object of a global id, if the viewer sees it.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> async_graphql::Result<Option<Node>> {
    let viewer = ctx.viewer()?;
    let Some((node_type, uuid)) = id::decode(id) else {
        return Ok(None);
    };
    let mut conn = ctx.connection().await?;
    let conn = &mut conn;
    Ok(match node_type {
        NodeType::Agreement => {
            let found = agreement::find(conn, &viewer, uuid).await.map_err(internal)?;
            found.map(|view| Node::Agreement(Agreement::from(view)))
        }
        NodeType::Termination => {
            let found = termination::find(conn, &viewer, uuid).await.map_err(internal)?;
            found.map(|view| Node::Termination(Termination::from(view)))
        }
        NodeType::Destination => {
            let found = destination::find(conn, &viewer, uuid).await.map_err(internal)?;
            found.map(|view| Node::Destination(Destination::from(view)))
        }
        NodeType::LeavingConfirmation => {
            let found = leaving::find(conn, &viewer, uuid).await.map_err(internal)?;
            found.map(|view| Node::LeavingConfirmation(LeavingConfirmation::from(view)))
        }
        NodeType::Document => {
            let found = document::find(conn, uuid).await.map_err(internal)?;
            match found {
                Some(document) => {
                    let seen = agreement::find(conn, &viewer, document.agreement_id)
                        .await
                        .map_err(internal)?;
                    seen.map(|_| Node::Document(Document(document)))
                }
                None => None,
            }
        }
        NodeType::Graduate => {
            let found = graduate::find(conn, &viewer, uuid).await.map_err(internal)?;
            found.map(|graduate| Node::Graduate(Graduate(graduate)))
        }
        NodeType::Employer => {
            let found = employer::find(conn, &viewer, uuid).await.map_err(internal)?;
            found.map(|employer| Node::Employer(Employer(employer)))
        }
        NodeType::EmployerMember => {
            let found = member::find(conn, &viewer, uuid).await.map_err(internal)?;
            found.map(|member| Node::EmployerMember(EmployerMember(member)))
        }
        NodeType::Reviewer => {
            let found = reviewer::find(conn, &viewer, uuid).await.map_err(internal)?;
            found.map(|reviewer| Node::Reviewer(Reviewer(reviewer)))
        }
        NodeType::School => {
            let found = school::schools_by_ids(conn, &[uuid]).await.map_err(internal)?;
            found
                .into_iter()
                .next()
                .map(|school| Node::School(School(school)))
        }
        NodeType::Department => {
            let found = school::departments_by_ids(conn, &[uuid])
                .await
                .map_err(internal)?;
            found
                .into_iter()
                .next()
                .map(|department| Node::Department(Department(department)))
        }
        NodeType::Notification => {
            let found = message::find_in_inbox(conn, viewer.account_id(), uuid)
                .await
                .map_err(internal)?;
            found.map(|message| Node::Notification(Notification(message)))
        }
        NodeType::Session => {
            let now = ctx.app().platform.clock.now();
            let found = session::find(conn, viewer.account_id(), uuid, now)
                .await
                .map_err(internal)?;
            found.map(|session| Node::Session(Session(session)))
        }
        NodeType::StuckWork => {
            let now = ctx.app().platform.clock.now();
            let found = stuck_work::find(conn, &viewer, uuid, now)
                .await
                .map_err(internal)?;
            found.map(|work| Node::StuckWork(StuckWork(work)))
        }
        NodeType::MessageDelivery => {
            let found = delivery::find(conn, &viewer, uuid).await.map_err(internal)?;
            found.map(|delivery| Node::MessageDelivery(MessageDelivery(delivery)))
        }
        NodeType::GraduateImport => {
            let found = graduate_import::find(conn, &viewer, uuid)
                .await
                .map_err(internal)?;
            found.map(|import| Node::GraduateImport(GraduateImport(import)))
        }
        NodeType::RecordExport => {
            let now = ctx.app().platform.clock.now();
            let found = record_export::find(conn, &viewer, uuid, now)
                .await
                .map_err(internal)?;
            found.map(|export| Node::RecordExport(RecordExport(export)))
        }
        NodeType::Upload => {
            let owner = case_upload::UploadOwner::Account(viewer.account_id());
            let found = case_upload::find(conn, &owner, uuid).await.map_err(internal)?;
            found.map(|upload| Node::Upload(Upload(upload)))
        }
        NodeType::CaseFile => match case_file::find(conn, uuid).await.map_err(internal)? {
            Some(file) if files::sees(conn, &viewer, &file).await.map_err(internal)? => {
                Some(Node::CaseFile(CaseFile(file)))
            }
            _ => None,
        },
    })
}
