//! The queue and the channels against a real PostgreSQL and a real SMTP server.

mod claiming;
mod failing;
mod jobs;
mod mail;
mod outages;
mod stopping;
mod support;
mod tidying;
mod world;
