//! Deliveries: how far each message got with each recipient through each channel, for whoever runs the platform. What a message
//! says is its recipient's own and is not here.

use chrono::{DateTime, Utc};
use diesel::{prelude::*, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    Page, PageRequest, Viewer,
    account::AccountKind,
    message::{Channel, MessageStatus},
    page::load_page,
};
use crate::{
    fixed_sql,
    messages::MessageTemplate,
    tables::{accounts, case_events, messages},
};

/// How far one message got.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = messages)]
pub struct Delivery {
    /// The message.
    pub id: Uuid,
    /// The case whose step owes it; `None` for what a digest owes.
    #[diesel(select_expression = case_events::case_id.nullable())]
    #[diesel(select_expression_type = diesel::dsl::Nullable<case_events::case_id>)]
    pub case_id: Option<Uuid>,
    /// Whom it is for.
    pub account_id: Uuid,
    /// What kind of person that is.
    #[diesel(select_expression = accounts::kind)]
    pub recipient: AccountKind,
    /// Through which channel.
    pub channel: Channel,
    /// Which text.
    pub template: MessageTemplate,
    /// How far it got.
    pub status: MessageStatus,
    /// Since when it is owed.
    pub created_at: DateTime<Utc>,
    /// When it was handed over.
    pub sent_at: Option<DateTime<Utc>>,
    /// What the provider calls it.
    pub provider_reference: Option<String>,
    /// Why it was given up; without personal data.
    pub last_error: Option<String>,
}

/// Which deliveries.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Only those that steps on this case owe.
    pub case_id: Option<Uuid>,
    /// Only those in one of these statuses; all when there is none.
    pub statuses: Vec<MessageStatus>,
    /// Only those through one of these channels; all when there is none.
    pub channels: Vec<Channel>,
}

/// The deliveries, newest first; none for whoever is no operator.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    filter: &DeliveryFilter,
    request: &PageRequest<Uuid>,
) -> QueryResult<Page<Delivery>> {
    if !matches!(viewer, Viewer::Operator { .. }) {
        return Ok(request.page(Vec::new()));
    }
    let mut query = messages::table
        .left_join(case_events::table)
        .inner_join(accounts::table)
        .select(Delivery::as_select())
        .into_boxed();
    if let Some(case_id) = filter.case_id {
        query = query.filter(case_events::case_id.eq(case_id));
    }
    if !filter.statuses.is_empty() {
        query = query.filter(messages::status.eq_any(&filter.statuses));
        let unsent = [MessageStatus::Pending, MessageStatus::Parked];
        if filter.statuses.iter().all(|status| unsent.contains(status)) {
            // The words of the partial index, which the planner does not find in a list of parameters.
            query = query.filter(fixed_sql::<Bool>("messages.status IN ('PENDING', 'PARKED')"));
        }
    }
    if !filter.channels.is_empty() {
        query = query.filter(messages::channel.eq_any(&filter.channels));
    }
    load_page!(conn, query, request, descending messages::id)
}

/// One delivery, if the viewer is an operator.
///
/// # Errors
/// The database's.
pub async fn find(conn: &mut AsyncPgConnection, viewer: &Viewer, id: Uuid) -> QueryResult<Option<Delivery>> {
    if !matches!(viewer, Viewer::Operator { .. }) {
        return Ok(None);
    }
    messages::table
        .find(id)
        .left_join(case_events::table)
        .inner_join(accounts::table)
        .select(Delivery::as_select())
        .first(conn)
        .await
        .optional()
}
