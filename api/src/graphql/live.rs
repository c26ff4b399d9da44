//! What can be followed live, over WebSocket and SSE.

use std::sync::Arc;

use async_graphql::{
    Context, ID, Object, SimpleObject, Subscription as SubscriptionRoot, Union, connection::CursorType,
};
use futures_util::{Stream, StreamExt, future};
use uuid::Uuid;
use wangqian_schema::{
    Platform, db,
    model::{
        Viewer, agreement, destination, employer,
        event::{CaseKind, Event, EventCursor},
        graduate, leaving, school, termination,
    },
};

use super::{
    agreement::Agreement, case_event::CaseEvent, destination::Destination, employer::Employer,
    graduate::Graduate, leaving::LeavingConfirmation, node, notification::Notification, school::School,
    termination::Termination,
};
use crate::{
    context::ContextExt,
    error::{internal, not_found},
    feed::patiently,
    id::{self, NodeType},
    paging::{Cursor, cursor},
};

/// 办理事项 What moves through a workflow.
#[derive(Union)]
pub enum Case {
    /// An agreement.
    Agreement(Agreement),
    /// A termination.
    Termination(Termination),
    /// A destination.
    Destination(Destination),
    /// What a graduate confirms before he leaves school.
    LeavingConfirmation(LeavingConfirmation),
    /// A graduate, whose basic information is confirmed and corrected.
    Graduate(Graduate),
    /// An employer, whose registration is verified.
    Employer(Employer),
    /// A school, which is opened and run.
    School(School),
}

/// 办理事项变化 A step was taken on a case that concerns the viewer.
#[derive(SimpleObject)]
pub struct CaseChange {
    /// 位置游标 Where the event stands in the feed: hand it back as `after` to go on from here.
    cursor: String,
    /// 办理事件 What happened.
    event: CaseEvent,
    /// 办理事项 The case as it is now; null when the viewer does not see it any more.
    case: Option<Case>,
}

/// 新消息 A message arrived in the viewer's inbox.
#[derive(SimpleObject)]
pub struct NotificationReceived {
    /// 位置游标 Where it stands in the feed: hand it back as `after` to go on from here.
    cursor: String,
    /// 消息 The message.
    notification: Notification,
}

/// From where to follow.
#[derive(Default)]
pub struct LiveQuery;

#[Object]
impl LiveQuery {
    /// 实时起点 Where the live feed stands. Ask for it together with what the page shows, then subscribe with it as
    /// `after`: nothing falls between the page and the feed.
    async fn feed_cursor(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        ctx.viewer()?;
        Ok(Cursor(ctx.caller().feed_position).encode_cursor())
    }
}

/// The case of an event as it is now, if the viewer sees it. Read after the event, never from an earlier reading.
async fn case(
    platform: &Platform,
    viewer: &Viewer,
    event: &Event,
) -> Result<Option<Case>, db::DatabaseError> {
    let mut conn = platform.pool.get().await?;
    let conn = &mut conn;
    Ok(match event.case_kind {
        CaseKind::Agreement => agreement::find(conn, viewer, event.case_id)
            .await?
            .map(|view| Case::Agreement(Agreement::from(view))),
        CaseKind::Termination => termination::find(conn, viewer, event.case_id)
            .await?
            .map(|view| Case::Termination(Termination::from(view))),
        CaseKind::Destination => destination::find(conn, viewer, event.case_id)
            .await?
            .map(|view| Case::Destination(Destination::from(view))),
        CaseKind::Leaving => leaving::find(conn, viewer, event.case_id)
            .await?
            .map(|view| Case::LeavingConfirmation(LeavingConfirmation::from(view))),
        CaseKind::Graduate => graduate::find(conn, viewer, event.case_id)
            .await?
            .map(|graduate| Case::Graduate(Graduate(graduate))),
        CaseKind::Employer => employer::find(conn, viewer, event.case_id)
            .await?
            .map(|employer| Case::Employer(Employer(employer))),
        CaseKind::School => school::schools_by_ids(conn, &[event.case_id])
            .await?
            .pop()
            .map(|school| Case::School(School(school))),
    })
}

/// Cases and messages, live.
#[derive(Default)]
pub struct LiveSubscription;

/// Cases and messages, live, over WebSocket and SSE.
#[SubscriptionRoot]
impl LiveSubscription {
    /// 办理事项变化 The steps on cases that concern the viewer, in the order in which they were committed: those after
    /// the cursor first, without gap or double.
    async fn case_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "位置游标 Go on after this cursor; without it from now on.")] after: Option<String>,
        #[graphql(
            desc = "办理事项 Only changes of this case; of an agreement those of its terminations, too. `NOT_FOUND` when there is none, or none that the viewer sees."
        )]
        case_id: Option<ID>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Box<CaseChange>>> + use<>> {
        let viewer = ctx.viewer()?;
        let after = cursor::<EventCursor>("after", after.as_deref())?;
        if let Some(id) = &case_id
            && node::find(ctx, id).await?.is_none()
        {
            return Err(not_found("no such case"));
        }
        // An id of something that is no case means no change.
        let only = case_id.map(|id| match id::decode(&id) {
            Some((
                NodeType::Agreement
                | NodeType::Termination
                | NodeType::Destination
                | NodeType::LeavingConfirmation
                | NodeType::Graduate
                | NodeType::Employer
                | NodeType::School,
                uuid,
            )) => uuid,
            _ => Uuid::nil(),
        });
        let app = ctx.app().clone();
        let look_ahead = ctx.look_ahead();
        let wants_case = look_ahead.field("case").exists();
        let events = app.feed.case_events(viewer, after);
        let events = events.filter(move |item| {
            let wanted = item
                .as_ref()
                .map_or(true, |(_, event)| only.is_none_or(|only| event.is_about(only)));
            future::ready(wanted)
        });
        Ok(events.then(move |item| {
            let platform = app.platform.clone();
            async move {
                let (cursor, event) = item.map_err(internal)?;
                let case = if wants_case {
                    let read = || case(&platform, &viewer, &event);
                    Box::pin(patiently(read)).await.map_err(internal)?
                } else {
                    None
                };
                // In a box, since the stream has room for several, and there are thousands of streams.
                Ok(Box::new(CaseChange {
                    cursor: Cursor(cursor).encode_cursor(),
                    event: Arc::unwrap_or_clone(event).into(),
                    case,
                }))
            }
        }))
    }

    /// 新消息 The messages that arrive in the viewer's inbox: those after the cursor first, without gap or double.
    async fn notification_received(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "位置游标 Go on after this cursor; without it from now on.")] after: Option<String>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Box<NotificationReceived>>> + use<>>
    {
        let viewer = ctx.viewer()?;
        let after = cursor::<EventCursor>("after", after.as_deref())?;
        let messages = ctx.app().feed.notifications(viewer.account_id(), after);
        Ok(messages.map(|item| {
            let (cursor, message) = item.map_err(internal)?;
            Ok(Box::new(NotificationReceived {
                cursor: Cursor(cursor).encode_cursor(),
                notification: Notification(Arc::unwrap_or_clone(message)),
            }))
        }))
    }
}
