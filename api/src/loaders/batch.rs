//! How keys are loaded: one statement for all of a batch.

use std::collections::HashMap;

use super::LoadError;

/// What a batch of keys comes to: those that stand for nothing are not in it.
pub(super) type Batched<K, V> = Result<HashMap<K, V>, LoadError>;

/// Declares a key, and how all keys of a batch are loaded by one statement: `$of` gives the key of a row. `for viewer` is for what the viewer
/// has to see: whoever is not signed in sees nothing.
macro_rules! batch {
    (
        $(#[$meta:meta])*
        $key:ident($id:ty) => $value:ty,
        $(for $viewer:ident,)?
        |$conn:ident, $ids:ident| $load:expr, $of:expr
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $key(pub $id);

        impl async_graphql::dataloader::Loader<$key> for $crate::loaders::Loader {
            type Value = $value;
            type Error = $crate::loaders::LoadError;

            async fn load(&self, keys: &[$key]) -> $crate::loaders::batch::Batched<$key, $value> {
                $(let Some($viewer) = &self.viewer else {
                    return Ok(std::collections::HashMap::new());
                };)?
                let $ids: Vec<$id> = keys.iter().map(|key| key.0).collect();
                let mut connection = self.connection().await?;
                let $conn = &mut connection;
                let rows = $load.await.map_err(wangqian_schema::db::DatabaseError::from)?;
                Ok(rows.into_iter().map(|row| ($key($of(&row)), row)).collect())
            }
        }
    };
}
pub(super) use batch;

/// As `batch!`, of keys that stand for many rows each. `at now` is for what depends on the time.
macro_rules! many {
    (
        $(#[$meta:meta])*
        $key:ident => $row:ty,
        $(at $now:ident,)?
        |$conn:ident, $ids:ident| $load:expr, $of:expr
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $key(pub uuid::Uuid);

        impl async_graphql::dataloader::Loader<$key> for $crate::loaders::Loader {
            type Value = Vec<$row>;
            type Error = $crate::loaders::LoadError;

            async fn load(&self, keys: &[$key]) -> $crate::loaders::batch::Batched<$key, Vec<$row>> {
                use std::collections::HashMap;

                $(let $now = self.platform.clock.now();)?
                let $ids: Vec<uuid::Uuid> = keys.iter().map(|key| key.0).collect();
                let mut connection = self.connection().await?;
                let $conn = &mut connection;
                let rows = $load.await.map_err(wangqian_schema::db::DatabaseError::from)?;
                let mut by_key: HashMap<_, Vec<_>> = HashMap::new();
                for row in rows {
                    by_key.entry($key($of(&row))).or_default().push(row);
                }
                Ok(by_key)
            }
        }
    };
}
pub(super) use many;

/// As `batch!`, of keys that stand for a page of the rows of `$owner`: one statement for all that ask for the same page, which in a list are
/// all of them.
macro_rules! pages {
    (
        $(#[$meta:meta])*
        $key:ident {
            $(#[$of_owner:meta])*
            $owner:ident by $place:ty,
        } => $row:ty,
        $(for $viewer:ident,)?
        |$conn:ident, $ids:ident, $request:ident| $load:expr
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $key {
            $(#[$of_owner])*
            pub $owner: uuid::Uuid,
            /// Which page; the same for all rows of a list.
            pub request: wangqian_schema::model::PageRequest<$place>,
        }

        impl async_graphql::dataloader::Loader<$key> for $crate::loaders::Loader {
            type Value = wangqian_schema::model::Page<$row>;
            type Error = $crate::loaders::LoadError;

            async fn load(
                &self,
                keys: &[$key],
            ) -> $crate::loaders::batch::Batched<$key, wangqian_schema::model::Page<$row>> {
                use std::collections::HashMap;

                $(let Some($viewer) = &self.viewer else {
                    return Ok(HashMap::new());
                };)?
                let mut wanted: HashMap<_, Vec<uuid::Uuid>> = HashMap::new();
                for key in keys {
                    wanted.entry(&key.request).or_default().push(key.$owner);
                }
                let mut connection = self.connection().await?;
                let $conn = &mut connection;
                let mut pages = HashMap::new();
                for ($request, $ids) in wanted {
                    let found = $load.await.map_err(wangqian_schema::db::DatabaseError::from)?;
                    pages.extend(found.into_iter().map(|($owner, page)| {
                        let request = Clone::clone($request);
                        ($key { $owner, request }, page)
                    }));
                }
                Ok(pages)
            }
        }
    };
}
pub(super) use pages;
