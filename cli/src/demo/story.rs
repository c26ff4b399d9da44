//! What happened to the demo cases, hour by hour: a plan in the order of time, nothing of it written here.

use wangqian_schema::workflow::{ReviewLevel, ReviewRoute, termination::Party};

use super::{
    graduates::{Named, Who},
    places::{Company, Place, Staff},
};

/// What somebody does to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// The employer invites; the deadline is this many hours after the demo data were first loaded.
    Invite { deadline: i64 },
    /// The employer takes the invitation back.
    Cancel,
    /// The graduate accepts.
    Accept,
    /// The graduate declines.
    Decline(Option<&'static str>),
    /// The deadline passes.
    Expire,
    /// The department approves.
    DepartmentApproves,
    /// The school approves.
    SchoolApproves,
    /// The department rejects.
    DepartmentRejects(&'static str),
    /// The school rejects.
    SchoolRejects(&'static str),
    /// Something is done to the last termination of what was signed.
    End(End),
}

/// What somebody does to end a signed agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// This side asks, for the reason of this code, and explains it.
    Ask(Party, &'static str, &'static str),
    /// This side takes it back.
    Withdraw(Party),
    /// This side agrees.
    Agree(Party),
    /// This side does not agree.
    Refuse(Party, &'static str),
    /// This level approves.
    Approve(ReviewLevel),
    /// This level rejects.
    Reject(ReviewLevel, &'static str),
}

/// One case: one employer and one graduate, who have no other case with each other in this story.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    /// Who invites.
    pub(super) member: Staff,
    /// Whom.
    pub(super) graduate: Who,
    /// Which offer.
    pub(super) offer: usize,
}

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Happening {
    /// An act on a case; `nth` counts the acts of the case from 0.
    Act { case: Case, nth: i64, act: Act },
    /// The second school gives online signing a route of its own. Cases under review keep theirs.
    Route(ReviewRoute),
}

/// When it happens: hours relative to the moment at which the demo data were first loaded, never above 0.
pub(super) type Hour = i64;

/// What is done to a case, and when.
type Acts<'a> = &'a [(Hour, Act)];

/// From this hour on the second school reviews signings alone.
const NEW_ROUTE: Hour = -120;

const HR: Staff = Staff::Member(Company::Technology, 1);
const COLLEAGUE: Staff = Staff::Member(Company::Technology, 2);
const ACADEMY: Staff = Staff::Member(Company::Academy, 1);

struct Plan {
    happenings: Vec<(Hour, Happening)>,
    cases: usize,
}

impl Plan {
    fn case(&mut self, member: Staff, graduate: Who, acts: Acts<'_>) {
        let case = Case {
            member,
            graduate,
            offer: self.cases,
        };
        self.cases += 1;
        let acts = (0..)
            .zip(acts)
            .map(|(nth, (hour, act))| (*hour, Happening::Act { case, nth, act: *act }));
        self.happenings.extend(acts);
    }
}

/// The whole story in the order of time.
pub(super) fn story() -> Vec<(Hour, Happening)> {
    use Act::{
        Accept, Cancel, Decline, DepartmentApproves, DepartmentRejects, Expire, Invite, SchoolApproves,
        SchoolRejects,
    };
    let mut plan = Plan {
        happenings: vec![(NEW_ROUTE, Happening::Route(ReviewRoute::SchoolOnly))],
        cases: 0,
    };
    let (main, rare) = (Who::Named(Named::Main), Who::Named(Named::RareName));
    let open = |days: i64| Invite { deadline: days * 24 };

    // Open invitations: the two of the main graduate, one to somebody who has not confirmed, one that is about to end.
    plan.case(HR, main, &[(-20, open(60))]);
    plan.case(ACADEMY, main, &[(-3, open(45))]);
    plan.case(HR, Who::Named(Named::Unconfirmed), &[(-18, open(60))]);
    plan.case(HR, Who::Cycle(0), &[(-30, Invite { deadline: 20 })]);
    for (graduate, hour) in [(3, -44), (4, -40), (5, -26)] {
        plan.case(COLLEAGUE, Who::Cycle(graduate), &[(hour, open(30))]);
    }
    plan.case(ACADEMY, Who::Cycle(8), &[(-12, open(30))]);

    // Signed by both levels of the first school; the one with the rare name among them.
    plan.case(
        HR,
        rare,
        &[
            (-220, open(10)),
            (-200, Accept),
            (-180, DepartmentApproves),
            (-160, SchoolApproves),
        ],
    );
    // What came afterwards: taken back and refused, over, asked for by the employer, and agreed to and under review.
    let home = "家中老人患病需要照顾，决定返回家乡就业，已与单位人事部门沟通。";
    let endings: [(u16, Staff, Acts<'_>); 4] = [
        (
            6,
            HR,
            &[
                (
                    -60,
                    Act::End(End::Ask(Party::Graduate, "BETTER", "考虑到其他城市发展。")),
                ),
                (-58, Act::End(End::Withdraw(Party::Graduate))),
                (
                    -45,
                    Act::End(End::Ask(
                        Party::Employer,
                        "PLAN",
                        "部门招聘计划调整，拟取消该岗位。",
                    )),
                ),
                (
                    -31,
                    Act::End(End::Refuse(Party::Graduate, "希望单位先提供转岗方案，再行协商。")),
                ),
            ],
        ),
        (
            7,
            COLLEAGUE,
            &[
                (-100, Act::End(End::Ask(Party::Graduate, "FAMILY", home))),
                (-90, Act::End(End::Agree(Party::Employer))),
                (-71, Act::End(End::Approve(ReviewLevel::Department))),
                (-50, Act::End(End::Approve(ReviewLevel::School))),
            ],
        ),
        (
            10,
            HR,
            &[(
                -14,
                Act::End(End::Ask(
                    Party::Employer,
                    "EMPFAIL",
                    "公司业务收缩，项目组撤销，愿按协议支付违约金。",
                )),
            )],
        ),
        (
            12,
            ACADEMY,
            &[
                (
                    -27,
                    Act::End(End::Ask(
                        Party::Graduate,
                        "STUDY",
                        "已被录取为硕士研究生，录取通知书已交单位。",
                    )),
                ),
                (-19, Act::End(End::Agree(Party::Employer))),
            ],
        ),
    ];
    for (graduate, member, ending) in endings {
        let hour = -210 + i64::from(graduate);
        let signing = [
            (hour, open(14)),
            (hour + 20, Accept),
            (hour + 45, DepartmentApproves),
            (hour + 70, SchoolApproves),
        ];
        plan.case(member, Who::Cycle(graduate), &[&signing, ending].concat());
    }
    // A held graduate may still be invited, and sees it without being able to answer.
    plan.case(ACADEMY, Who::Cycle(6), &[(-10, open(20))]);

    // The second school: decided by the department alone, by the school alone, and one left over from before.
    let reason = "解约说明与所选原因不符，请核实后重新申请。";
    let rejected: Acts<'_> = &[
        (
            -85,
            Act::End(End::Ask(Party::Graduate, "MISMATCH", "岗位与约定不符。")),
        ),
        (-74, Act::End(End::Agree(Party::Employer))),
        (-57, Act::End(End::Reject(ReviewLevel::Department, reason))),
    ];
    for (graduate, ending) in [(11, rejected), (14, &[])] {
        let hour = -230 + i64::from(graduate);
        let signing = [
            (hour, open(14)),
            (hour + 20, Accept),
            (hour + 40, DepartmentApproves),
        ];
        plan.case(ACADEMY, Who::Cycle(graduate), &[&signing, ending].concat());
    }
    plan.case(
        ACADEMY,
        Who::Cycle(17),
        &[(-100, open(14)), (-90, Accept), (-60, SchoolApproves)],
    );
    plan.case(ACADEMY, Who::Cycle(20), &[(-150, open(14)), (-130, Accept)]);
    for (graduate, hour) in [(23, -70), (26, -66)] {
        plan.case(
            ACADEMY,
            Who::Cycle(graduate),
            &[(hour, open(14)), (hour + 21, Accept)],
        );
    }

    // Under review at the first school: waiting for the department, and past it for the school.
    plan.case(HR, Who::Named(Named::LongName), &[(-50, open(14)), (-28, Accept)]);
    for (graduate, hour) in [(13, -58), (15, -55), (16, -52)] {
        plan.case(HR, Who::Cycle(graduate), &[(hour, open(14)), (hour + 18, Accept)]);
    }
    for (graduate, hour) in [(18, -88), (21, -84), (22, -80)] {
        plan.case(
            COLLEAGUE,
            Who::Cycle(graduate),
            &[
                (hour, open(14)),
                (hour + 18, Accept),
                (hour + 40, DepartmentApproves),
            ],
        );
    }

    // Rejected by each level, with the reason that both parties see.
    let reason = "协议中的职位类别与专业培养方案不符，请用人单位核对后重新发起邀约。";
    plan.case(
        HR,
        Who::Cycle(24),
        &[(-140, open(14)), (-118, Accept), (-96, DepartmentRejects(reason))],
    );
    let reason = "补充条款中的违约金约定高于学校规定的上限，请双方协商修改后重新签约。";
    plan.case(
        HR,
        Who::Cycle(25),
        &[
            (-142, open(14)),
            (-117, Accept),
            (-97, DepartmentApproves),
            (-72, SchoolRejects(reason)),
        ],
    );
    let reason = "用人单位报到地点填写不完整，请补充后重新发起邀约。";
    plan.case(
        ACADEMY,
        Who::Cycle(2),
        &[(-110, open(14)), (-89, Accept), (-61, SchoolRejects(reason))],
    );

    // Declined with and without a reason, taken back, run out.
    plan.case(
        HR,
        Who::Cycle(27),
        &[
            (-75, open(14)),
            (-51, Decline(Some("已决定继续攻读硕士研究生。"))),
        ],
    );
    plan.case(
        COLLEAGUE,
        Who::Cycle(28),
        &[(-76, open(14)), (-49, Decline(None))],
    );
    plan.case(HR, Who::Cycle(30), &[(-65, open(14)), (-62, Cancel)]);
    plan.case(ACADEMY, Who::Cycle(32), &[(-64, open(14)), (-33, Cancel)]);
    plan.case(
        HR,
        Who::Cycle(31),
        &[(-170, Invite { deadline: -98 }), (-98, Expire)],
    );
    plan.case(
        COLLEAGUE,
        Who::Cycle(12),
        &[(-168, Invite { deadline: -48 }), (-48, Expire)],
    );

    plan.happenings.sort_by_key(|(hour, _)| *hour);
    plan.happenings
}

impl Act {
    /// Who takes this step on a case; `None` is the platform itself.
    pub(super) fn staff(self, place: Place) -> Option<Staff> {
        match self {
            Self::DepartmentApproves | Self::DepartmentRejects(_) => Some(Staff::Department(place)),
            Self::SchoolApproves | Self::SchoolRejects(_) => Some(Staff::School(place)),
            Self::End(End::Approve(level) | End::Reject(level, _)) => Some(match level {
                ReviewLevel::Department => Staff::Department(place),
                ReviewLevel::School => Staff::School(place),
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use crate::demo::accounts;

    #[test]
    fn every_case_begins_with_its_invitation_and_goes_forward_in_time() {
        let mut next = HashMap::new();
        let mut last = Hour::MIN;
        for (hour, happening) in story() {
            assert!(hour >= last && hour <= 0);
            last = hour;
            let Happening::Act { case, nth, act } = happening else {
                continue;
            };
            assert_eq!(nth == 0, matches!(act, Act::Invite { .. }));
            let Staff::Member(company, _) = case.member else {
                panic!("{case:?}")
            };
            let expected = next
                .entry((company as u16, case.graduate.number()))
                .or_insert(0_i64);
            assert_eq!(nth, *expected, "{case:?}");
            *expected += 1;
            assert!(
                nth == 0 || matches!(act, Act::Expire) || case.graduate.confirmed(),
                "{case:?}"
            );
        }
        assert!(next.len() >= 30, "{}", next.len());
    }

    #[test]
    fn both_routes_of_the_second_school_are_used() {
        let reviewers: HashSet<&str> = story()
            .into_iter()
            .filter_map(|(_, happening)| match happening {
                Happening::Act { case, act, .. } => act.staff(case.graduate.place()).map(Staff::email),
                Happening::Route(_) => None,
            })
            .collect();
        assert_eq!(reviewers.len(), 5, "two of the second school: {reviewers:?}");
    }

    /// The numbers that the README gives for walks through online signing, in its order.
    fn walkers() -> Vec<u16> {
        let readme = include_str!("../../../README.md");
        let between = |start: &str, end: &str| {
            let rest = readme.split_once(start).expect(start).1;
            rest.split_once(end).expect(end).0
        };
        let first = between("N=${N:-", "}");
        let more = between("To walk again, first type ", "\n");
        let numbers = [first]
            .into_iter()
            .chain(more.split(|c: char| !c.is_ascii_digit()));
        numbers
            .filter(|digits| !digits.is_empty())
            .map(|digits| digits.parse().expect("a number"))
            .collect()
    }

    #[test]
    fn whoever_the_readme_walks_with_is_free_confirmed_and_of_the_department_that_approves() {
        let busy: HashSet<u16> = story()
            .into_iter()
            .filter_map(|(_, happening)| match happening {
                Happening::Act { case, .. } => Some(case.graduate.number()),
                Happening::Route(_) => None,
            })
            .collect();
        let walkers = walkers();
        let different: HashSet<_> = walkers.iter().collect();
        assert!(
            different.len() == walkers.len() && walkers.len() >= 3,
            "{walkers:?}"
        );
        for number in walkers {
            let email = format!("graduate{number}@example.com");
            let who = Who::all().find(|who| who.email() == email).expect("a graduate");
            assert!(!busy.contains(&who.number()), "{email} has a case");
            assert!(who.confirmed(), "{email} has not confirmed");
            let department = Staff::Department(who.place());
            assert_eq!(department.email(), accounts::SECOND_DEPARTMENT, "{email}");
        }
    }
}
