//! What a probe of the table is: an operation that everybody tries. Those of each kind of case, and of what surrounds cases, stand in
//! modules of their own.

use serde_json::{Value, json};

use super::world::{Target, World};

/// How an answer shows that the viewer got the thing itself.
pub(super) enum Mark {
    /// The id that was asked for is in the data.
    Target,
    /// This text is in the data.
    Text(fn(&World) -> String),
    /// The database is not the same as before.
    Change,
}

/// An operation that everybody tries.
pub(super) struct Probe {
    /// The row of the table.
    pub(super) row: &'static str,
    /// The document.
    pub(super) document: &'static str,
    /// What the operation is about: its id goes into the variables.
    pub(super) target: Target,
    /// The variables for an id.
    pub(super) variables: fn(&str) -> Value,
    /// How success is recognised.
    pub(super) mark: Mark,
}

const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id } }";

impl Probe {
    /// Whether it is a mutation.
    pub(super) fn writes(&self) -> bool {
        self.document.starts_with("mutation")
    }

    /// Whether it is a subscription.
    pub(super) fn follows(&self) -> bool {
        self.document.starts_with("subscription")
    }

    /// Whether it ends the session by which it is sent.
    pub(super) fn ends_its_session(&self) -> bool {
        self.row == "logOut"
    }
}

pub(super) fn id(id: &str) -> Value {
    json!({ "id": id })
}

pub(super) const fn node(row: &'static str, target: Target) -> Probe {
    of(row, NODE, target, Mark::Target)
}

pub(super) const fn of(row: &'static str, document: &'static str, target: Target, mark: Mark) -> Probe {
    Probe {
        row,
        document,
        target,
        variables: id,
        mark,
    }
}

/// What shows a link to a file.
pub(super) const fn link(row: &'static str, document: &'static str, target: Target) -> Probe {
    of(
        row,
        document,
        target,
        Mark::Text(|_| "X-Amz-Signature".to_owned()),
    )
}

/// A step on the case of the section.
pub(super) const fn step(row: &'static str, document: &'static str, variables: fn(&str) -> Value) -> Probe {
    Probe {
        row,
        document,
        target: Target::Case,
        variables,
        mark: Mark::Target,
    }
}

/// A mutation that leaves something else in the database where it is let through.
pub(super) const fn doing(
    row: &'static str,
    document: &'static str,
    variables: fn(&str) -> Value,
    target: Target,
) -> Probe {
    Probe {
        row,
        document,
        target,
        variables,
        mark: Mark::Change,
    }
}

/// An approval of a case.
pub(super) fn approval(id: &str) -> Value {
    json!({ "input": { "caseId": id, "decision": "APPROVE" } })
}
