//! The reads of cases that stand with what surrounds them, said once for all kinds: what a viewer finds, what a step locks, and what is
//! asked of drafts. What is read of a kind, its `with_standing` and `columns`, and who
//! sees it, `visible_to`, stand in the kind's own file, which has Diesel's traits in scope.

/// Makes `find` and `by_ids` of a table of cases, and `read` for the kind's own use: `case_reads!(agreements, AgreementView)`.
macro_rules! case_reads {
    ($table:ident, $view:ty) => {
        /// The one of this id with its standing, if the viewer sees it.
        ///
        /// # Errors
        /// The database's.
        pub async fn find(
            conn: &mut diesel_async::AsyncPgConnection,
            viewer: &$crate::model::Viewer,
            id: uuid::Uuid,
        ) -> diesel::QueryResult<Option<$view>> {
            with_standing()
                .filter($table::id.eq(id))
                .filter(visible_to(viewer))
                .select(columns())
                .first(conn)
                .await
                .optional()
        }

        /// Those of these ids that the viewer sees, with their standings, in no order.
        ///
        /// # Errors
        /// The database's.
        pub async fn by_ids(
            conn: &mut diesel_async::AsyncPgConnection,
            viewer: &$crate::model::Viewer,
            ids: &[uuid::Uuid],
        ) -> diesel::QueryResult<Vec<$view>> {
            with_standing()
                .filter($table::id.eq_any(ids))
                .filter(visible_to(viewer))
                .select(columns())
                .load(conn)
                .await
        }

        /// The one of this id with its standing, whoever asks: for what was looked at and locked before.
        async fn read(
            conn: &mut diesel_async::AsyncPgConnection,
            id: uuid::Uuid,
        ) -> diesel::QueryResult<Option<$view>> {
            with_standing()
                .filter($table::id.eq(id))
                .select(columns())
                .first(conn)
                .await
                .optional()
        }
    };
}
pub(super) use case_reads;

/// Makes the `list` of a table of cases, beside its [`case_reads!`]: `case_list!(agreements, AgreementView, AgreementFilter,
/// [statuses: status, channels: channel], graduate_id)`, with the filter's lists of values and the columns that they are of, and the
/// column whose rows are wanted where the filter's field of that name says so.
macro_rules! case_list {
    ($table:ident, $view:ty, $filter:ty, [$($values:ident: $column:ident),+], $of:ident) => {
        /// Those that a viewer sees, newest first.
        ///
        /// # Errors
        /// The database's.
        pub async fn list(
            conn: &mut diesel_async::AsyncPgConnection,
            viewer: &$crate::model::Viewer,
            filter: &$filter,
            request: &$crate::model::PageRequest<uuid::Uuid>,
        ) -> diesel::QueryResult<$crate::model::Page<$view>> {
            let mut query = with_standing()
                .filter(visible_to(viewer))
                .select(columns())
                .into_boxed();
            $(
                if !filter.$values.is_empty() {
                    query = query.filter($table::$column.eq_any(filter.$values.clone()));
                }
            )+
            if let Some(id) = filter.$of {
                query = query.filter($table::$of.eq(id));
            }
            $crate::model::page::load_page!(conn, query, request, descending $table::id)
        }
    };
}
pub(super) use case_list;

/// Makes the `lock` of a table of cases none of which hangs on another: `case_lock!(agreements, AgreementView)`, beside its
/// [`case_reads!`].
macro_rules! case_lock {
    ($table:ident, $view:ty) => {
        /// Locks the one of this id until the transaction ends and reads it as it then is. Without a viewer (the worker) all are seen.
        ///
        /// # Errors
        /// The database's.
        pub async fn lock(
            conn: &mut diesel_async::AsyncPgConnection,
            viewer: Option<&$crate::model::Viewer>,
            id: uuid::Uuid,
        ) -> diesel::QueryResult<Option<$view>> {
            let row = $table::table
                .filter($table::id.eq(id))
                .select($table::id)
                .for_update();
            let locked: Option<uuid::Uuid> = match viewer {
                Some(viewer) => row
                    .filter(visible_to::<$table::table>(viewer))
                    .first(conn)
                    .await
                    .optional()?,
                None => row.first(conn).await.optional()?,
            };
            match locked {
                Some(id) => read(conn, id).await,
                None => Ok(None),
            }
        }
    };
}
pub(super) use case_lock;

/// Makes what is asked of the drafts in a table of cases of which nobody knows but their graduates: `case_drafts!(agreements)`.
macro_rules! case_drafts {
    ($table:ident) => {
        /// How many drafts a graduate has.
        ///
        /// # Errors
        /// The database's.
        pub async fn count_drafts(
            conn: &mut diesel_async::AsyncPgConnection,
            graduate_id: uuid::Uuid,
        ) -> diesel::QueryResult<i64> {
            $table::table
                .filter($table::graduate_id.eq(graduate_id))
                .filter($table::private)
                .count()
                .get_result(conn)
                .await
        }

        /// Removes a draft that nobody but the graduate knows of.
        ///
        /// # Errors
        /// The database's.
        pub async fn forget_draft(
            conn: &mut diesel_async::AsyncPgConnection,
            id: uuid::Uuid,
        ) -> diesel::QueryResult<()> {
            diesel::delete($table::table.find(id).filter($table::private))
                .execute(conn)
                .await?;
            Ok(())
        }
    };
}
pub(super) use case_drafts;
