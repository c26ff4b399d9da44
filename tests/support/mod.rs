//! What the black-box tests share: a whole product in this process ([`Server`]), the executable as a process
//! ([`process`]), the roles as processes of their own ([`cluster`]), a client that speaks GraphQL over HTTP ([`Client`]) and reads
//! subscriptions ([`events`]), the clients of others ([`node`], [`follower`]), what leaves the platform ([`outbox`]), people to act
//! as ([`people`]), their papers ([`papers`]), the operations of online signing ([`signing`]), of offline signing ([`offline`]), of the review desk ([`reviewing`]) and of registration
//! ([`registering`]), exports ([`exporting`]), files for cases ([`made_files`]) and how they are handed in ([`uploading`]), and what the SDL says of refusals, held against every answer ([`refusals`]).

pub(crate) mod client;
pub(crate) mod cluster;
pub(crate) mod events;
pub(crate) mod exporting;
pub(crate) mod filing;
pub(crate) mod follower;
pub(crate) mod made_files;
pub(crate) mod node;
pub(crate) mod offline;
pub(crate) mod outbox;
pub(crate) mod papers;
pub(crate) mod people;
pub(crate) mod placing;
pub(crate) mod process;
pub(crate) mod refusals;
pub(crate) mod registering;
pub(crate) mod reviewing;
pub(crate) mod roster;
pub(crate) mod server;
pub(crate) mod signing;
pub(crate) mod terminating;
pub(crate) mod uploading;

pub(crate) use client::Client;
pub(crate) use cluster::Cluster;
pub(crate) use server::Server;
