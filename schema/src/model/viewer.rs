//! Who is looking and acting: a signed-in person in his role.

use uuid::Uuid;

use crate::workflow::ReviewLevel;

/// A signed-in person. What he sees follows from this alone (DOMAIN.md, Who may do what).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// 毕业生 sees and acts on his own cases only.
    Graduate {
        /// His account.
        account_id: Uuid,
        /// Himself.
        graduate_id: Uuid,
        /// His school.
        school_id: Uuid,
        /// His department.
        department_id: Uuid,
    },
    /// 用人单位 a member of an employer sees that employer's agreements only.
    EmployerMember {
        /// His account.
        account_id: Uuid,
        /// His employer.
        employer_id: Uuid,
    },
    /// 学校 or 院系 reviewer: sees the graduates of the department, or of the whole school.
    Reviewer {
        /// His account.
        account_id: Uuid,
        /// His school.
        school_id: Uuid,
        /// His department; `None` for a reviewer of the school.
        department_id: Option<Uuid>,
    },
    /// 平台管理员 runs the platform and sees nobody's cases.
    Operator {
        /// His account.
        account_id: Uuid,
    },
}

impl Viewer {
    /// The account behind the role.
    pub const fn account_id(&self) -> Uuid {
        match self {
            Self::Graduate { account_id, .. }
            | Self::EmployerMember { account_id, .. }
            | Self::Reviewer { account_id, .. }
            | Self::Operator { account_id } => *account_id,
        }
    }

    /// The graduate that the viewer is.
    pub const fn graduate_id(&self) -> Option<Uuid> {
        match self {
            Self::Graduate { graduate_id, .. } => Some(*graduate_id),
            _ => None,
        }
    }

    /// The level at which a reviewer decides, and the department or school whose cases those are.
    pub const fn reviews(&self) -> Option<(ReviewLevel, Uuid)> {
        match self {
            Self::Reviewer {
                department_id: Some(department_id),
                ..
            } => Some((ReviewLevel::Department, *department_id)),
            Self::Reviewer { school_id, .. } => Some((ReviewLevel::School, *school_id)),
            Self::Graduate { .. } | Self::EmployerMember { .. } | Self::Operator { .. } => None,
        }
    }
}
