//! Layout 1: which fields stand where, under which Chinese labels, and the wording of the clauses. How it looks is in
//! `templates/agreement-1.typ`.
//!
//! Once agreements exist, this folder and that file are frozen: whoever wants other words or another look adds layout 2,
//! so that old snapshots still give the paper that was signed.

mod clauses;
mod sheet;
mod signatures;

pub(crate) use sheet::sheet;

/// The look of layout 1.
pub(crate) const TEMPLATE: &str = include_str!("../../templates/agreement-1.typ");
