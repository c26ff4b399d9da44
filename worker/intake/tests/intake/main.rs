//! What is taken and what is refused, with files that the tests make themselves.
#![expect(clippy::unwrap_used, reason = "what a test does not expect fails it")]

mod damaged;
mod made;
mod papers;
mod pdf_refused;
mod pictures;
mod polyglots;
mod refusals;
