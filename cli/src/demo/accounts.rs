//! The demo accounts that a newcomer logs in with: the one table for the program's output, the tests and the README.

/// The password of every demo account.
pub const PASSWORD: &str = "wangqian-demo";

/// One account worth trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoAccount {
    /// What to log in with.
    pub email: &'static str,
    /// The role, with its Chinese term.
    pub role: &'static str,
    /// What is worth trying with it.
    pub shows: &'static str,
}

/// A graduate with two open invitations.
pub const GRADUATE: &str = "graduate@example.com";
/// A graduate who has not confirmed the basic information.
pub const NEW_GRADUATE: &str = "new-graduate@example.com";
/// A signed graduate whose name has rare characters.
pub const RARE_NAME: &str = "rare-name@example.com";
/// A graduate whose name has an interpunct; waits for the department.
pub const LONG_NAME: &str = "long-name@example.com";
/// A graduate who may not sign online.
pub const DIRECTED: &str = "directed@example.com";
/// A member of the first verified employer.
pub const EMPLOYER: &str = "employer@example.com";
/// Another member of the same employer.
pub const COLLEAGUE: &str = "colleague@example.com";
/// The member of the second verified employer.
pub const ACADEMY: &str = "academy@example.com";
/// The member of the employer that is not verified yet.
pub const PENDING_EMPLOYER: &str = "pending-employer@example.com";
/// The reviewer of the first department of the first school.
pub const DEPARTMENT: &str = "department@example.com";
/// The reviewer of the second department of the first school.
pub const SECOND_DEPARTMENT: &str = "department2@example.com";
/// The reviewer of the first school.
pub const SCHOOL: &str = "school@example.com";
/// The reviewer of the only department of the second school.
pub const OTHER_DEPARTMENT: &str = "department3@example.com";
/// The reviewer of the second school.
pub const OTHER_SCHOOL: &str = "school2@example.com";
/// The operator of the platform.
pub const OPERATOR: &str = "operator@example.com";

/// All of them, in the order in which they are shown. Sixty more graduates are `graduate01@example.com` and on.
pub const ACCOUNTS: &[DemoAccount] = &[
    DemoAccount {
        email: GRADUATE,
        role: "graduate 毕业生",
        shows: "two open invitations: accept one, decline one",
    },
    DemoAccount {
        email: NEW_GRADUATE,
        role: "graduate 毕业生",
        shows: "has to confirm the basic information before anything else",
    },
    DemoAccount {
        email: RARE_NAME,
        role: "graduate 毕业生",
        shows: "signed; the agreement's PDF with the rare characters 𬭎 and 㛃",
    },
    DemoAccount {
        email: LONG_NAME,
        role: "graduate 毕业生",
        shows: "a name with ·, accepted, waits for the department",
    },
    DemoAccount {
        email: DIRECTED,
        role: "graduate 毕业生 (定向)",
        shows: "may not sign online",
    },
    DemoAccount {
        email: EMPLOYER,
        role: "employer 用人单位",
        shows: "invitations in every status; invite, cancel",
    },
    DemoAccount {
        email: COLLEAGUE,
        role: "employer 用人单位",
        shows: "a colleague at the same employer",
    },
    DemoAccount {
        email: ACADEMY,
        role: "employer 用人单位",
        shows: "another employer: sees nothing of the first one",
    },
    DemoAccount {
        email: PENDING_EMPLOYER,
        role: "employer 用人单位 (待核验)",
        shows: "not verified yet: may not invite",
    },
    DemoAccount {
        email: DEPARTMENT,
        role: "department 院系",
        shows: "a review queue; the first of two levels",
    },
    DemoAccount {
        email: SECOND_DEPARTMENT,
        role: "department 院系",
        shows: "another department of the same school",
    },
    DemoAccount {
        email: SCHOOL,
        role: "school 学校",
        shows: "a review queue; the second of two levels",
    },
    DemoAccount {
        email: OTHER_DEPARTMENT,
        role: "department 院系",
        shows: "a case that was submitted while departments decided alone",
    },
    DemoAccount {
        email: OTHER_SCHOOL,
        role: "school 学校",
        shows: "a school that now reviews alone",
    },
    DemoAccount {
        email: OPERATOR,
        role: "operator 平台管理员",
        shows: "the platform's own side",
    },
];

/// The accounts as a table for a terminal.
pub fn table() -> String {
    let mut text = format!("demo accounts, all with the password {PASSWORD}\n");
    for account in ACCOUNTS {
        text.push_str(&format!(
            "  {:<29} {} — {}\n",
            account.email, account.role, account.shows
        ));
    }
    text.push_str(
        "  graduate01@example.com … graduate60@example.com: more graduates. All people are made up.\n",
    );
    text
}
