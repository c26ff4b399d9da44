//! Statements that Diesel would prepare anew each time, kept prepared.

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
};

/// A statement that stays prepared on its connection, found again by its text.
///
/// Diesel keeps no `UPDATE`, no `INSERT` of several rows and no `sql_query`, since their texts can be without number. Where
/// they are few, that only costs: another round trip, parsing and planning for each run. The text must therefore not depend
/// on data, but on few things like the number of rows of a small insert.
#[derive(Clone, Copy, Debug)]
pub struct Kept<Q>(pub Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Kept<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

/// Without an id of its own, so that the text is what tells one statement from another.
impl<Q> QueryId for Kept<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Kept<Q> {
    type SqlType = Q::SqlType;
}
