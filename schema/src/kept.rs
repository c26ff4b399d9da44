//! Statements that Diesel would prepare anew each time, kept prepared.

use std::marker::PhantomData;

use diesel::{
    AppearsOnTable, Expression, QueryResult, SelectableExpression,
    expression::{ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::SingleValue,
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

/// An expression whose text never varies, such as the words of a partial index. With `diesel::dsl::sql` in its place the whole statement
/// around it would be prepared and planned anew each time.
#[derive(Clone, Copy, Debug)]
pub struct FixedSql<ST> {
    text: &'static str,
    of: PhantomData<ST>,
}

/// An expression of this text, which may name the columns of the tables that the statement reads.
pub const fn fixed_sql<ST>(text: &'static str) -> FixedSql<ST> {
    FixedSql {
        text,
        of: PhantomData,
    }
}

impl<ST: SingleValue> Expression for FixedSql<ST> {
    type SqlType = ST;
}

impl<ST> QueryFragment<Pg> for FixedSql<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // In brackets, so that an OR in it stays its own.
        out.push_sql("(");
        out.push_sql(self.text);
        out.push_sql(")");
        Ok(())
    }
}

/// Without an id of its own: two of these differ by their text alone.
impl<ST> QueryId for FixedSql<ST> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> ValidGrouping<()> for FixedSql<ST> {
    type IsAggregate = is_aggregate::No;
}

impl<QS, ST: SingleValue> SelectableExpression<QS> for FixedSql<ST> {}
impl<QS, ST: SingleValue> AppearsOnTable<QS> for FixedSql<ST> {}

impl<Q: Query> Query for Kept<Q> {
    type SqlType = Q::SqlType;
}
