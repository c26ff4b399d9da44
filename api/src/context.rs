//! What a resolver has at hand: the platform, the viewer of this request, and batched loading.

use std::{hash::Hash, net::IpAddr, sync::Arc};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader as Batch},
};
use wangqian_schema::{
    Platform, db,
    model::{Viewer, event::EventCursor, session::Session},
};
use wangqian_storage::Storage;

use crate::{
    error::{internal, unauthenticated},
    feed::Feed,
    figure_watch::FigureWatch,
    loaders::{LoadError, Loader},
    progress_watch::{ExportWatch, ImportWatch},
    settings::ApiSettings,
    slots::Slots,
};

/// What all requests share.
#[derive(Clone)]
pub struct App {
    /// The data and the steps.
    pub platform: Platform,
    /// The files.
    pub storage: Storage,
    /// The live feed of this process.
    pub feed: Feed,
    /// The imports that are followed in this process.
    pub imports: ImportWatch,
    /// The figures that are followed in this process.
    pub figures: FigureWatch,
    /// The exports that are followed in this process.
    pub exports: ExportWatch,
    /// Where passwords are looked at.
    pub password_slots: Slots,
    /// Where licences are looked at.
    pub licence_slots: Slots,
    /// How the API is set up.
    pub settings: Arc<ApiSettings>,
}

/// Who asks, and how: put into every request by the transport.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The session behind the request and who that is.
    pub signed_in: Option<(Session, Viewer)>,
    /// How the program names itself.
    pub user_agent: Option<String>,
    /// The client's address, counted through the trusted proxies.
    pub remote: Option<IpAddr>,
    /// Whether the answer can carry a cookie: over HTTP it can, over an open socket not.
    pub takes_cookies: bool,
    /// Where the live feed stood when the request came: all that is read for it is at least as new.
    pub feed_position: EventCursor,
}

/// Short ways to the [`App`] and the [`Caller`].
pub trait ContextExt {
    /// What all requests share.
    fn app(&self) -> &App;
    /// Who asks.
    fn caller(&self) -> &Caller;
    /// Who asks, when he is signed in.
    ///
    /// # Errors
    /// A top-level error UNAUTHENTICATED.
    fn viewer(&self) -> async_graphql::Result<Viewer>;
    /// A connection of the pool.
    fn connection(&self) -> impl Future<Output = async_graphql::Result<db::Connection>> + Send;
    /// What a key loads, in one batch with what else the operation asks for now; nothing where there is none.
    ///
    /// # Errors
    /// A top-level error of the database's.
    fn load<K>(&self, key: K) -> impl Future<Output = async_graphql::Result<Option<Loaded<K>>>> + Send
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Loader: Batch<K, Error = LoadError>;
    /// As `load`, of what another row points to, which is there as long as that row is.
    ///
    /// # Errors
    /// A top-level error of the database's, or internal, saying what is `missing`.
    fn require<K>(
        &self,
        key: K,
        missing: &'static str,
    ) -> impl Future<Output = async_graphql::Result<Loaded<K>>> + Send
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Loader: Batch<K, Error = LoadError>;
}

/// What a key of the batched loading stands for.
pub type Loaded<K> = <Loader as Batch<K>>::Value;

impl ContextExt for Context<'_> {
    fn app(&self) -> &App {
        self.data_unchecked::<App>()
    }

    fn caller(&self) -> &Caller {
        self.data_unchecked::<Caller>()
    }

    fn viewer(&self) -> async_graphql::Result<Viewer> {
        self.caller()
            .signed_in
            .as_ref()
            .map(|(_, viewer)| *viewer)
            .ok_or_else(unauthenticated)
    }

    async fn connection(&self) -> async_graphql::Result<db::Connection> {
        self.app().platform.pool.get().await.map_err(internal)
    }

    async fn load<K>(&self, key: K) -> async_graphql::Result<Option<Loaded<K>>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Loader: Batch<K, Error = LoadError>,
    {
        let loader = self.data_unchecked::<DataLoader<Loader>>();
        loader.load_one(key).await.map_err(internal)
    }

    async fn require<K>(&self, key: K, missing: &'static str) -> async_graphql::Result<Loaded<K>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Loader: Batch<K, Error = LoadError>,
    {
        self.load(key).await?.ok_or_else(|| internal(missing))
    }
}
