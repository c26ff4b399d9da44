//! Keyset pages: at most a hundred rows, continued after or before the key of a row, the same cost on every page.

use std::collections::HashMap;

use uuid::Uuid;

/// Most rows of one page.
pub const MAX_PAGE: u32 = 100;

/// Which rows of an ordered list are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageRequest<K> {
    /// Rows after this key, in the list's order.
    pub after: Option<K>,
    /// Rows before this key, in the list's order.
    pub before: Option<K>,
    /// How many rows, 1 to [`MAX_PAGE`].
    pub limit: u32,
    /// Take them from the end of the list.
    pub backward: bool,
}

/// A page in the list's order, and whether there is more on either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Whether the list goes on after them.
    pub has_next: bool,
    /// Whether the list has rows before them.
    pub has_previous: bool,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            has_next: false,
            has_previous: false,
        }
    }
}

impl<K> PageRequest<K> {
    /// The first `limit` rows.
    pub fn first(limit: u32) -> Self {
        Self {
            after: None,
            before: None,
            limit: limit.clamp(1, MAX_PAGE),
            backward: false,
        }
    }

    /// One row more than wanted: whether it comes tells whether there is more.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Makes a page of what [`Self::fetch`] rows brought, which are in reverse order for a backward request.
    pub fn page<T>(&self, mut rows: Vec<T>) -> Page<T> {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        if self.backward {
            rows.reverse();
        }
        Page {
            items: rows,
            has_next: if self.backward {
                self.before.is_some()
            } else {
                more
            },
            has_previous: if self.backward { more } else { self.after.is_some() },
        }
    }

    /// Makes the pages of several lists that one statement brought, each of what [`Self::fetch`] rows were fetched; `owner` says
    /// to whose list a row belongs. An empty list has none.
    pub fn pages<T>(&self, rows: Vec<T>, owner: impl Fn(&T) -> Uuid) -> Vec<(Uuid, Page<T>)> {
        let mut lists: HashMap<Uuid, Vec<T>> = HashMap::new();
        for row in rows {
            lists.entry(owner(&row)).or_default().push(row);
        }
        lists
            .into_iter()
            .map(|(owner, rows)| (owner, self.page(rows)))
            .collect()
    }
}

/// Loads the page of a boxed query that a request wants, by the column that is the list's key: `load_page!(conn, query, request,
/// descending messages::id)` of a list whose newest row comes first, `ascending` of one in the key's own order. A key of several columns
/// is compared as a row, and written out where it is.
macro_rules! load_page {
    ($conn:expr, $query:expr, $request:expr, descending $key:expr) => {
        $crate::model::page::load_page!(@ $conn, $query, $request, $key, [lt, desc], [gt, asc])
    };
    ($conn:expr, $query:expr, $request:expr, ascending $key:expr) => {
        $crate::model::page::load_page!(@ $conn, $query, $request, $key, [gt, asc], [lt, desc])
    };
    (
        @ $conn:expr, $query:expr, $request:expr, $key:expr,
        [$after:ident, $forward:ident], [$before:ident, $backward:ident]
    ) => {{
        let mut query = $query.limit($request.fetch());
        if let Some(after) = &$request.after {
            query = query.filter($key.$after(after));
        }
        if let Some(before) = &$request.before {
            query = query.filter($key.$before(before));
        }
        query = if $request.backward {
            query.order($key.$backward())
        } else {
            query.order($key.$forward())
        };
        query.load($conn).await.map(|rows| $request.page(rows))
    }};
}
pub(crate) use load_page;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extra_row_only_tells_that_there_is_more() {
        let request = PageRequest::<i32>::first(2);
        let page = request.page(vec![1, 2, 3]);
        assert_eq!(
            (page.items, page.has_next, page.has_previous),
            (vec![1, 2], true, false)
        );

        let request = PageRequest {
            backward: true,
            before: Some(9),
            ..PageRequest::first(2)
        };
        let page = request.page(vec![8, 7, 6]);
        assert_eq!(
            (page.items, page.has_next, page.has_previous),
            (vec![7, 8], true, true)
        );
    }
}
