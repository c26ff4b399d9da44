//! Graduates of the demo data who go somewhere without an agreement, in most statuses that a destination can have. Of types that nothing
//! has to prove, since demo data bring no files.

use wangqian_schema::{
    destination::{
        DestinationDraft, DestinationType, DetailsDraft, HelpWanted, NotSeekingDraft, PreparingStudyDraft,
        SeekingDraft, StudyAim,
    },
    step::DestinationStep,
};

use super::{graduates::Who, places::Staff, story::Hour};

/// One destination: whose, what he fills in, and what happens to it. A draft alone when nothing does.
pub(super) struct Placing {
    /// Whose.
    pub(super) graduate: Who,
    /// What he fills in.
    pub(super) draft: DestinationDraft,
    /// Who does what, and when. Without a reviewer the graduate himself.
    pub(super) acts: Vec<(Hour, Option<Staff>, DestinationStep)>,
}

/// All of them, in the order of their beginning. The graduates are of the first school, where both levels review.
pub(super) fn placings() -> Vec<Placing> {
    let seeking = |code: &str| {
        form(
            code,
            DetailsDraft::Seeking(SeekingDraft {
                help_wanted: vec![HelpWanted::JobReferral, HelpWanted::CareerGuidance],
                wanted_region: Some("110108".to_owned()),
                wanted_position: Some("软件测试".to_owned()),
                wanted_pay: Some(9000),
            }),
        )
    };
    let not_seeking = |code: &str, note: &str| {
        let note = Some(note.to_owned());
        form(code, DetailsDraft::NotSeeking(NotSeekingDraft { note }))
    };
    let preparing = form(
        "71",
        DetailsDraft::PreparingStudy(PreparingStudyDraft {
            aim: Some(StudyAim::Postgraduate),
            year: None,
            support: Some("希望使用学院自习室。".to_owned()),
        }),
    );
    let own = |hour, step| (hour, None, step);
    let submitted = |hour| own(hour, DestinationStep::Submit(Vec::new()));
    let department = |hour, who: Who, step| (hour, Some(Staff::Department(who.place())), step);
    let school = |hour, who: Who, step| (hour, Some(Staff::School(who.place())), step);
    let reason = |text: &str| Some(text.to_owned());
    use DestinationStep::{Approve, Change, Reject, Return, Void};
    let [registered, voided, returned, rejected, changed, waiting, draft] =
        [33, 48, 42, 51, 45, 36, 54].map(Who::Cycle);
    vec![
        Placing {
            graduate: registered,
            draft: seeking("701"),
            acts: vec![
                submitted(-140),
                department(-118, registered, Approve),
                school(-95, registered, Approve),
            ],
        },
        Placing {
            graduate: voided,
            draft: seeking("702"),
            acts: vec![
                submitted(-138),
                department(-116, voided, Approve),
                school(-94, voided, Approve),
                own(-40, Void(None)),
            ],
        },
        Placing {
            graduate: returned,
            draft: not_seeking("722", "准备出国。"),
            acts: vec![
                submitted(-75),
                department(-51, returned, Return(reason("请补充拟前往的国家和计划时间。"))),
            ],
        },
        Placing {
            graduate: rejected,
            draft: not_seeking("721", ""),
            acts: vec![
                submitted(-73),
                department(
                    -49,
                    rejected,
                    Reject(reason("已在单位实习并有录用意向，请按实际情况登记。")),
                ),
            ],
        },
        Placing {
            graduate: changed,
            draft: seeking("701"),
            acts: vec![
                submitted(-68),
                department(
                    -44,
                    changed,
                    Change(Box::new(seeking("703")), reason("电话核实：正在准备公招考试。")),
                ),
                department(-43, changed, Approve),
            ],
        },
        Placing {
            graduate: waiting,
            draft: preparing,
            acts: vec![submitted(-25)],
        },
        Placing {
            graduate: draft,
            draft: DestinationDraft::empty(DestinationType::LabourContract),
            acts: Vec::new(),
        },
    ]
}

/// A form on which the graduate has ticked that it is true.
fn form(code: &str, details: DetailsDraft) -> DestinationDraft {
    DestinationDraft {
        national_code: Some(code.to_owned()),
        signed_on: None,
        remark: None,
        truthful: true,
        archive: None,
        details,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::demo::story::{Happening, story};

    #[test]
    fn whoever_registers_a_destination_is_free_and_confirmed() {
        let busy: HashSet<u16> = story()
            .into_iter()
            .filter_map(|(_, happening)| match happening {
                Happening::Act { case, .. } => Some(case.graduate.number()),
                Happening::Route(_) => None,
            })
            .collect();
        let mut seen = HashSet::new();
        for placing in placings() {
            let who = placing.graduate;
            assert!(!busy.contains(&who.number()) && who.confirmed(), "{who:?}");
            assert!(seen.insert(who.number()), "{who:?} has one only");
            let hours: Vec<_> = placing.acts.iter().map(|(hour, ..)| *hour).collect();
            assert!(
                hours.is_sorted() && hours.iter().all(|hour| *hour <= 0),
                "{who:?}"
            );
        }
    }
}
