//! What people call the statuses and kinds of cases.

use crate::{
    model::graduate::Gender,
    workflow::{
        ReviewLevel,
        agreement::{AgreementChannel, AgreementStatus},
        destination::DestinationStatus,
        leaving::LeavingStatus,
        termination::{Party, TerminationStatus},
    },
};

pub(super) const fn gender(gender: Gender) -> &'static str {
    match gender {
        Gender::Male => "男",
        Gender::Female => "女",
    }
}

pub(super) const fn yes(yes: bool) -> &'static str {
    match yes {
        true => "是",
        false => "否",
    }
}

pub(super) const fn channel(channel: AgreementChannel) -> &'static str {
    match channel {
        AgreementChannel::Online => "线上签约",
        AgreementChannel::Offline => "线下签约",
        AgreementChannel::Registered => "已签就业协议登记",
    }
}

pub(crate) const fn agreement(status: AgreementStatus) -> &'static str {
    use AgreementStatus as Is;
    match status {
        Is::Invited => "待应约",
        Is::Cancelled => "已撤销",
        Is::Declined => "已拒绝",
        Is::Expired => "已失效",
        Is::SigningReview => "签约审核中",
        Is::Signed => "已签约",
        Is::SigningRejected => "签约审核不通过",
        Is::Terminated => "已解约",
        Is::Draft => "草稿",
        Is::TermsReview => "就业协议审核中",
        Is::TermsApproved => "就业协议审核通过",
        Is::TermsReturned => "协议审核待提交（老师退回）",
        Is::TermsRejected => "就业协议审核不通过",
        Is::StampedCopyReturned => "盖章协议书待提交（老师退回）",
        Is::RegistrationReview => "登记审核中",
        Is::RegistrationReturned => "登记待提交（老师退回）",
        Is::RegistrationRejected => "登记审核不通过",
        Is::Discarded => "已放弃",
    }
}

pub(crate) const fn termination(status: TerminationStatus) -> &'static str {
    use TerminationStatus as Is;
    match status {
        Is::Requested => "待对方回应",
        Is::Withdrawn => "已撤回",
        Is::Refused => "对方不同意",
        Is::TerminationReview => "解约审核中",
        Is::Terminated => "已解约",
        Is::Rejected => "解约审核不通过",
        Is::Draft => "草稿",
        Is::Returned => "解约待提交（老师退回）",
    }
}

pub(crate) const fn destination(status: DestinationStatus) -> &'static str {
    use DestinationStatus as Is;
    match status {
        Is::Draft => "草稿",
        Is::RegistrationReview => "登记审核中",
        Is::Returned => "登记待提交（老师退回）",
        Is::Rejected => "登记审核不通过",
        Is::Registered => "已登记",
        Is::VoidingReview => "作废审核中",
        Is::Voided => "已作废",
        Is::Discarded => "已放弃",
    }
}

pub(super) const fn leaving(status: LeavingStatus) -> &'static str {
    match status {
        LeavingStatus::Open => "待确认",
        LeavingStatus::Confirmed => "已确认",
        LeavingStatus::Disputed => "有异议",
        LeavingStatus::Answered => "异议已答复",
    }
}

pub(super) const fn party(party: Party) -> &'static str {
    match party {
        Party::Graduate => "毕业生",
        Party::Employer => "用人单位",
    }
}

pub(super) const fn level(level: Option<ReviewLevel>) -> &'static str {
    match level {
        Some(ReviewLevel::Department) => "院系",
        Some(ReviewLevel::School) => "学校",
        None => "",
    }
}
