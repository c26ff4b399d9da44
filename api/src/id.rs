//! Opaque global ids (Relay): base64url of `Type:uuid`. A program must not look into them.

use async_graphql::ID;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// The types that have a global id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeType {
    /// An agreement.
    Agreement,
    /// A termination.
    Termination,
    /// A destination.
    Destination,
    /// A graduate's confirmation before he leaves school.
    LeavingConfirmation,
    /// A document of an agreement.
    Document,
    /// A graduate.
    Graduate,
    /// An employer.
    Employer,
    /// A member of an employer, by his account.
    EmployerMember,
    /// A reviewer, by his account.
    Reviewer,
    /// A school.
    School,
    /// A department.
    Department,
    /// A message in the inbox.
    Notification,
    /// A session.
    Session,
    /// A piece of stuck work, by the id of what it is about.
    StuckWork,
    /// How far a message got, by the id of the message.
    MessageDelivery,
    /// An import of a roster.
    GraduateImport,
    /// An export of records.
    RecordExport,
    /// A file that was uploaded for a case.
    Upload,
    /// A file of a case.
    CaseFile,
}

impl NodeType {
    const ALL: [Self; 19] = [
        Self::Agreement,
        Self::Termination,
        Self::Destination,
        Self::LeavingConfirmation,
        Self::Document,
        Self::Graduate,
        Self::Employer,
        Self::EmployerMember,
        Self::Reviewer,
        Self::School,
        Self::Department,
        Self::Notification,
        Self::Session,
        Self::StuckWork,
        Self::MessageDelivery,
        Self::GraduateImport,
        Self::RecordExport,
        Self::Upload,
        Self::CaseFile,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Agreement => "Agreement",
            Self::Termination => "Termination",
            Self::Destination => "Destination",
            Self::LeavingConfirmation => "LeavingConfirmation",
            Self::Document => "Document",
            Self::Graduate => "Graduate",
            Self::Employer => "Employer",
            Self::EmployerMember => "EmployerMember",
            Self::Reviewer => "Reviewer",
            Self::School => "School",
            Self::Department => "Department",
            Self::Notification => "Notification",
            Self::Session => "Session",
            Self::StuckWork => "StuckWork",
            Self::MessageDelivery => "MessageDelivery",
            Self::GraduateImport => "GraduateImport",
            Self::RecordExport => "RecordExport",
            Self::Upload => "Upload",
            Self::CaseFile => "CaseFile",
        }
    }

    /// The global id of a row.
    pub fn id(self, uuid: Uuid) -> ID {
        ID(URL_SAFE_NO_PAD.encode(format!("{}:{}", self.name(), uuid.simple())))
    }

    /// The row that a global id of this type means. An id of another type means nothing.
    pub fn uuid(self, id: &ID) -> Option<Uuid> {
        match decode(id) {
            Some((found, uuid)) if found == self => Some(uuid),
            _ => None,
        }
    }
}

/// The type and row that a global id means.
pub fn decode(id: &ID) -> Option<(NodeType, Uuid)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?).ok()?;
    let (name, uuid) = text.split_once(':')?;
    let node_type = NodeType::ALL
        .into_iter()
        .find(|node_type| node_type.name() == name)?;
    Some((node_type, Uuid::try_parse(uuid).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_and_do_not_cross_types() {
        let uuid = Uuid::now_v7();
        for node_type in NodeType::ALL {
            let id = node_type.id(uuid);
            assert_eq!(decode(&id), Some((node_type, uuid)));
            let other = if node_type == NodeType::Agreement {
                NodeType::Graduate
            } else {
                NodeType::Agreement
            };
            assert_eq!(other.uuid(&id), None);
        }
        for wrong in ["", "x", "QWdyZWVtZW50", "🦀", "QWdyZWVtZW50OnE"] {
            assert_eq!(decode(&ID(wrong.to_owned())), None, "{wrong}");
        }
    }
}
