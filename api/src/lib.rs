//! The GraphQL API of Wangqian: what is served over HTTP, and nothing that runs without a request. The transports know
//! nothing of the domain, the resolvers nothing of the transports; [`server`] puts them together.

pub mod batches;
pub mod context;
pub mod cookie;
pub mod cost;
pub mod error;
pub mod feed;
pub mod figure_watch;
pub mod followed;
pub mod graphql;
pub mod health;
pub mod id;
pub mod loaders;
pub mod manual_page;
pub mod paging;
pub mod passwords;
pub mod progress_watch;
pub mod server;
pub mod session_watch;
pub mod settings;
pub mod sheet_page;
pub mod slots;
mod throttle;
pub mod transport;
pub mod verify_page;

pub use graphql::sdl;
pub use server::{ServeError, serve};
pub use settings::ApiSettings;
