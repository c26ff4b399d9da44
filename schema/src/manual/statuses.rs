//! What the manual says of each status: its name, what it means, and what the graduate may do in it, which the rules say.

use chrono::{DateTime, TimeDelta};
use serde_json::{Map, Value, json};

use crate::{
    destination::DestinationType,
    export::words,
    workflow::{
        ActorRole, ReviewLevel, ReviewRoute,
        agreement::{self, AgreementAction, AgreementChannel, AgreementFacts, AgreementStatus},
        destination::{self, DestinationAction, DestinationFacts, DestinationStatus},
        termination::{self, Party, TerminationAction, TerminationFacts, TerminationStatus},
        transition::Holder,
    },
};

/// The level that decides next, while under review.
const fn awaiting(under_review: bool) -> Option<ReviewLevel> {
    match under_review {
        true => Some(ReviewLevel::School),
        false => None,
    }
}

fn row(label: &str, meaning: &str, acts: &[&str]) -> Value {
    json!({ "label": label, "meaning": meaning, "acts": acts.join("、") })
}

/// The names of all statuses of agreements, by their words.
pub(super) fn agreement_labels() -> Map<String, Value> {
    let all = AgreementStatus::ALL.iter();
    all.map(|status| (status.to_string(), words::agreement(*status).into()))
        .collect()
}

/// The names of all statuses of terminations, by their words.
pub(super) fn termination_labels() -> Map<String, Value> {
    let all = TerminationStatus::ALL.iter();
    all.map(|status| (status.to_string(), words::termination(*status).into()))
        .collect()
}

/// The names of all statuses of destinations, by their words.
pub(super) fn destination_labels() -> Map<String, Value> {
    let all = DestinationStatus::ALL.iter();
    all.map(|status| (status.to_string(), words::destination(*status).into()))
        .collect()
}

/// W1, in the order in which one comes through them.
pub(super) fn online_signing() -> Vec<Value> {
    use AgreementStatus as Is;
    let order = [
        Is::Invited,
        Is::SigningReview,
        Is::Signed,
        Is::Declined,
        Is::Expired,
        Is::Cancelled,
        Is::SigningRejected,
        Is::Terminated,
    ];
    of_agreements(AgreementChannel::Online, &order)
}

/// W3.
pub(super) fn offline_signing() -> Vec<Value> {
    use AgreementStatus as Is;
    let order = [
        Is::Draft,
        Is::TermsReview,
        Is::TermsReturned,
        Is::TermsApproved,
        Is::SigningReview,
        Is::StampedCopyReturned,
        Is::Signed,
        Is::TermsRejected,
        Is::SigningRejected,
        Is::Discarded,
        Is::Terminated,
    ];
    of_agreements(AgreementChannel::Offline, &order)
}

/// W5.
pub(super) fn registration() -> Vec<Value> {
    use AgreementStatus as Is;
    let order = [
        Is::Draft,
        Is::RegistrationReview,
        Is::RegistrationReturned,
        Is::Signed,
        Is::RegistrationRejected,
        Is::Discarded,
        Is::Terminated,
    ];
    of_agreements(AgreementChannel::Registered, &order)
}

fn of_agreements(channel: AgreementChannel, order: &[AgreementStatus]) -> Vec<Value> {
    let rows = order.iter().map(|status| {
        let acts: Vec<_> = may_do(channel, *status).into_iter().map(agreement_act).collect();
        row(
            words::agreement(*status),
            agreement_meaning(channel, *status),
            &acts,
        )
    });
    rows.collect()
}

fn may_do(channel: AgreementChannel, status: AgreementStatus) -> Vec<AgreementAction> {
    use AgreementStatus as Is;
    let now = DateTime::UNIX_EPOCH;
    let facts = AgreementFacts {
        channel,
        status,
        response_deadline: Some(now + TimeDelta::days(7)),
        route: ReviewRoute::SchoolOnly,
        awaiting_review: awaiting(matches!(
            status,
            Is::SigningReview | Is::TermsReview | Is::RegistrationReview
        )),
        reminded: false,
        holder: match status {
            Is::Invited | Is::Draft => Holder::None,
            _ => Holder::This,
        },
        graduate_confirmed: true,
        online_signing_allowed: true,
        employer_verified: true,
        termination_open: false,
        termination_approved: false,
        own_submission: false,
        reason_given: true,
    };
    agreement::available(&facts, ActorRole::Graduate, now)
}

const fn agreement_act(action: AgreementAction) -> &'static str {
    use AgreementAction as Do;
    match action {
        Do::Accept => "接受",
        Do::Decline => "拒绝",
        Do::SaveDraft => "修改并保存",
        Do::Submit => "提交审核",
        Do::Withdraw => "撤回修改",
        Do::Discard => "放弃申请",
        Do::RequestStampedCopy => "请单位协助回传",
        Do::SubmitStampedCopy => "回传盖章协议书",
        Do::RequestTermination => "申请解约",
        // Nobody's but the employer's, the reviewers' and the platform's own.
        Do::Invite
        | Do::Cancel
        | Do::Expire
        | Do::Remind
        | Do::Approve
        | Do::Reject
        | Do::Return
        | Do::StoreDocument
        | Do::Terminate
        | Do::Amend => "",
    }
}

const fn agreement_meaning(channel: AgreementChannel, status: AgreementStatus) -> &'static str {
    use AgreementChannel as By;
    use AgreementStatus as Is;
    match (status, channel) {
        (Is::Invited, _) => "单位已发来邀请，等您在应约截止时间之前答复。",
        (Is::Cancelled, _) => "单位在您答复之前收回了邀请。",
        (Is::Declined, _) => "您拒绝了邀请。单位可以再次邀请您。",
        (Is::Expired, _) => "到截止时间您没有答复。单位可以再次邀请您。",
        (Is::SigningReview, By::Offline) => {
            "盖章协议书已交，学校（院系）正在审核。审核人作出决定之前可以撤回。"
        }
        (Is::SigningReview, _) => "您已接受，学校（院系）正在审核。此时不能反悔，只能等审核结果。",
        (Is::Signed, By::Registered) => "登记完成，您交来的协议已在平台登记在案。",
        (Is::Signed, _) => "签约完成，协议生效。",
        (Is::SigningRejected, By::Offline) => "整份申请作废，理由写在审核意见里。占用解除，可以重新申请。",
        (Is::SigningRejected, _) => "签约未成，理由写在审核意见里。占用解除，可以接受别的邀请。",
        (Is::Terminated, _) => "解约审核通过，协议已经结束，您可以重新签约或登记。",
        (Is::Draft, _) => "正在填写。从未提交过的草稿只有您自己看得到，也不占用您；撤回来的草稿仍然占用。",
        (Is::TermsReview, _) => "协议内容已提交，学校（院系）正在审核。审核人作出决定之前可以撤回。",
        (Is::TermsApproved, _) => "协议内容通过，已有编号。请下载、打印、盖章，再回传。",
        (Is::TermsReturned, _) => "审核人请您修改协议内容，理由写在审核意见里。改好后重新提交。",
        (Is::TermsRejected, _) => "这份申请作废，理由写在审核意见里。占用解除，可以重新申请。",
        (Is::StampedCopyReturned, _) => "回传的盖章协议书不合要求，理由写在审核意见里。请重新回传。",
        (Is::RegistrationReview, _) => "已提交，学校（院系）正在审核。审核人作出决定之前可以撤回。",
        (Is::RegistrationReturned, _) => "审核人请您修改，理由写在审核意见里。改好后重新提交。",
        (Is::RegistrationRejected, _) => "这份登记作废，理由写在审核意见里。占用解除，可以重新登记。",
        (Is::Discarded, _) => "您放弃了这份申请，占用解除。",
    }
}

/// W2.
pub(super) fn online_termination() -> Vec<Value> {
    use TerminationStatus as Is;
    let (graduate, employer) = (Party::Graduate, Party::Employer);
    let order = [
        (Is::Requested, graduate, "您已申请，等单位答复。协议仍然有效。"),
        (Is::Requested, employer, "单位已申请，等您答复。协议仍然有效。"),
        (
            Is::TerminationReview,
            graduate,
            "双方已同意，学校（院系）正在审核。审核通过之前协议仍然有效。",
        ),
        (
            Is::Terminated,
            graduate,
            "解约完成，协议结束，您可以重新签约或登记。",
        ),
        (
            Is::Refused,
            graduate,
            "对方不同意，协议继续有效。双方都可以再次申请。",
        ),
        (
            Is::Rejected,
            graduate,
            "学校（院系）没有通过，协议继续有效。双方都可以再次申请。",
        ),
        (Is::Withdrawn, graduate, "申请的一方收回了申请，协议继续有效。"),
    ];
    of_terminations(AgreementChannel::Online, &order)
}

/// W4.
pub(super) fn offline_termination() -> Vec<Value> {
    use TerminationStatus as Is;
    let order = [
        (
            Is::TerminationReview,
            "已提交，学校（院系）正在审核。审核人作出决定之前可以撤回。",
        ),
        (Is::Draft, "您撤回了申请，正在修改。协议仍然有效。"),
        (
            Is::Returned,
            "审核人请您补充或修改，理由写在审核意见里。协议仍然有效。",
        ),
        (Is::Terminated, "解约完成，协议结束，您可以重新签约或登记。"),
        (Is::Rejected, "学校（院系）没有通过，协议继续有效。可以重新申请。"),
        (Is::Withdrawn, "您放弃了申请，协议继续有效。可以重新申请。"),
    ]
    .map(|(status, meaning)| (status, Party::Graduate, meaning));
    of_terminations(AgreementChannel::Offline, &order)
}

fn of_terminations(
    channel: AgreementChannel,
    order: &[(TerminationStatus, Party, &'static str)],
) -> Vec<Value> {
    let rows = order.iter().map(|(status, requested_by, meaning)| {
        let facts = TerminationFacts {
            channel,
            status: *status,
            requested_by: *requested_by,
            route: ReviewRoute::SchoolOnly,
            awaiting_review: awaiting(*status == TerminationStatus::TerminationReview),
            graduate_confirmed: true,
            employer_verified: true,
            own_submission: false,
            reason_given: true,
        };
        let may = termination::available(&facts, ActorRole::Graduate);
        let acts: Vec<_> = may.into_iter().map(|act| termination_act(channel, act)).collect();
        row(words::termination(*status), meaning, &acts)
    });
    rows.collect()
}

const fn termination_act(channel: AgreementChannel, action: TerminationAction) -> &'static str {
    use TerminationAction as Do;
    match (action, channel) {
        (Do::Withdraw, AgreementChannel::Online) => "撤回申请",
        (Do::Withdraw, _) => "撤回修改",
        (Do::Accept, _) => "同意",
        (Do::Refuse, _) => "不同意",
        (Do::Submit, _) => "修改并重新提交",
        (Do::Discard, _) => "放弃申请",
        // The first step of a termination is one on the agreement; the rest are the reviewers'.
        (Do::Request | Do::Approve | Do::Reject | Do::Return, _) => "",
    }
}

/// W6.
pub(super) fn destination() -> Vec<Value> {
    use DestinationStatus as Is;
    let order = [
        Is::Draft,
        Is::RegistrationReview,
        Is::Returned,
        Is::Registered,
        Is::Rejected,
        Is::VoidingReview,
        Is::Voided,
        Is::Discarded,
    ];
    let rows = order.iter().map(|status| {
        let facts = DestinationFacts {
            status: *status,
            destination_type: DestinationType::OtherEmployment,
            chosen_type: DestinationType::OtherEmployment,
            school_route: ReviewRoute::SchoolOnly,
            awaiting_review: awaiting(matches!(status, Is::RegistrationReview | Is::VoidingReview)),
            holder: match status {
                Is::Draft => Holder::None,
                _ => Holder::This,
            },
            graduate_confirmed: true,
            online_signing_allowed: true,
            directed: false,
            voiding_reviewed: false,
            department_approved: false,
            own_submission: false,
            reason_given: true,
        };
        let may = destination::available(&facts, ActorRole::Graduate);
        let acts: Vec<_> = may.into_iter().map(|act| destination_act(*status, act)).collect();
        row(words::destination(*status), destination_meaning(*status), &acts)
    });
    rows.collect()
}

const fn destination_act(status: DestinationStatus, action: DestinationAction) -> &'static str {
    use DestinationAction as Do;
    match (action, status) {
        (Do::SaveDraft, _) => "修改并保存",
        (Do::Submit, _) => "提交审核",
        (Do::Withdraw, DestinationStatus::VoidingReview) => "撤回作废",
        (Do::Withdraw, _) => "撤回修改",
        (Do::Discard, _) => "放弃登记",
        (Do::Void, _) => "作废",
        // The reviewers'.
        (Do::Approve | Do::Return | Do::Reject | Do::Change | Do::Amend, _) => "",
    }
}

const fn destination_meaning(status: DestinationStatus) -> &'static str {
    use DestinationStatus as Is;
    match status {
        Is::Draft => "正在填写。从未提交过的草稿只有您自己看得到，也不占用您；撤回来的草稿仍然占用。",
        Is::RegistrationReview => "已提交，学校（院系）正在审核。审核人作出决定之前可以撤回。",
        Is::Returned => "审核人请您修改，理由写在审核意见里。改好后重新提交。",
        Is::Rejected => "这份登记作废，理由写在审核意见里。占用解除，可以重新登记。",
        Is::Registered => "登记完成。去向有变时，先作废再办新的。",
        Is::VoidingReview => "学校要求审核作废，正在审核。审核通过之前登记仍然有效。",
        Is::Voided => "登记已作废，占用解除。学校仍能看到这条记录。",
        Is::Discarded => "您放弃了这份登记，占用解除。",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn labels(tables: &[Vec<Value>]) -> BTreeSet<String> {
        let rows = tables.iter().flatten();
        rows.map(|row| row["label"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn every_status_stands_in_a_table_by_the_name_that_the_product_gives_it() {
        let all = |labels: Map<String, Value>| -> BTreeSet<String> {
            let names = labels
                .into_iter()
                .map(|(_, name)| name.as_str().unwrap().to_owned());
            names.collect()
        };
        assert_eq!(
            labels(&[online_signing(), offline_signing(), registration()]),
            all(agreement_labels())
        );
        assert_eq!(
            labels(&[online_termination(), offline_termination()]),
            all(termination_labels())
        );
        assert_eq!(labels(&[destination()]), all(destination_labels()));
    }

    #[test]
    fn what_may_be_done_is_what_the_rules_allow_and_everything_has_a_name() {
        let acts = |rows: &[Value], label: &str| -> Vec<String> {
            let of = rows.iter().filter(|row| row["label"] == label);
            of.map(|row| row["acts"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(acts(&online_signing(), "待应约"), ["接受、拒绝"]);
        assert_eq!(acts(&online_signing(), "签约审核中"), [""]);
        assert_eq!(acts(&offline_signing(), "签约审核中"), ["撤回修改"]);
        assert_eq!(acts(&online_signing(), "已签约"), ["申请解约"]);
        assert_eq!(
            acts(&online_termination(), "待对方回应"),
            ["撤回申请", "同意、不同意"]
        );
        assert_eq!(acts(&destination(), "作废审核中"), ["撤回作废"]);
        let tables = [
            online_signing(),
            offline_signing(),
            registration(),
            online_termination(),
            offline_termination(),
            destination(),
        ];
        for row in tables.iter().flatten() {
            let acts = row["acts"].as_str().unwrap();
            assert!(
                acts.is_empty() || acts.split('、').all(|act| !act.is_empty()),
                "{row}"
            );
            // Statuses at an end let nobody go on.
            let meaning = row["meaning"].as_str().unwrap();
            assert!(meaning.ends_with('。'), "{row}");
        }
    }
}
