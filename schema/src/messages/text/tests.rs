//! What people read.

use serde_json::json;

use super::*;
use crate::{
    messages::{Audience, destination_owed, leaving_owed, owed, registration_owed, termination_owed},
    model::passcode::Purpose,
    workflow::{
        Workflow,
        agreement::{AgreementAction, AgreementChannel, AgreementStatus},
        destination::{DestinationAction, DestinationStatus},
        employer_registration::EmployerAction,
        leaving::LeavingAction,
        termination::{Party, TerminationAction, TerminationStatus},
    },
};

#[test]
fn every_message_is_written_for_every_channel_that_may_owe_it() {
    let params = json!({
        "graduate": "林示例", "employer": "示例科技有限公司", "school": "示例大学", "position": "工程师",
        "deadline": "2027年3月5日 18:00", "reason": "示例原因", "agreement_number": "20279000131000001",
        "fields": "转正起薪、报到地点",
    });
    let steps = AgreementChannel::ALL
        .iter()
        .flat_map(|channel| AgreementAction::ALL.iter().map(move |action| (*channel, *action)));
    for (channel, action) in steps {
        for status in AgreementStatus::ALL {
            for (audience, template) in owed(channel, action, *status) {
                for channel in audience.channels() {
                    let text = write(*template, *channel, &params, "https://wq.example").unwrap();
                    assert!(!text.body.contains("{{"), "{template} {channel}");
                    assert!(
                        !text.title.is_empty() && !text.title.contains('\n'),
                        "{template} {channel}"
                    );
                }
            }
        }
    }
    let corrected = json!({ "graduate": "林示例", "school": "示例大学", "fields": "姓名、专业" });
    for channel in Audience::Graduate.channels() {
        let text = write(
            MessageTemplate::DataCorrected,
            *channel,
            &corrected,
            "https://wq.example",
        )
        .unwrap();
        assert!(text.body.contains("姓名、专业"), "{channel}");
    }
}

#[test]
fn every_step_of_a_termination_is_written_for_whoever_hears_of_it() {
    let params = json!({
        "graduate": "林示例", "employer": "示例科技有限公司", "school": "示例大学", "requester": "毕业生林示例",
        "answerer": "示例科技有限公司", "agreement_number": "20279000131000001", "termination_reason": "家庭原因",
        "reason": "示例原因",
    });
    // Of what only the graduate himself does nobody else hears.
    let own = [TerminationAction::Submit, TerminationAction::Discard];
    let actions = TerminationAction::ALL
        .iter()
        .filter(|action| !own.contains(action));
    for action in actions {
        for status in TerminationStatus::ALL {
            for party in Party::ALL {
                let owed = termination_owed(*action, *status, *party);
                assert!(!owed.is_empty(), "{action} {party}");
                for (audience, template) in owed {
                    for channel in audience.channels() {
                        let text = write(*template, *channel, &params, "https://wq.example").unwrap();
                        assert!(text.body.contains("20279000131000001"), "{template} {channel}");
                        assert!(!text.title.is_empty(), "{template} {channel}");
                    }
                }
            }
        }
    }
}

#[test]
fn every_step_of_others_on_a_destination_is_written_for_its_graduate() {
    for voiding in [false, true] {
        let params = json!({
            "graduate": "林示例", "school": "示例大学", "type": "自主创业", "reason": "示例原因",
            "fields": "去向类型、备注", "voiding": voiding,
        });
        for action in DestinationAction::ALL {
            let by_himself = !matches!(
                action,
                DestinationAction::Approve
                    | DestinationAction::Return
                    | DestinationAction::Reject
                    | DestinationAction::Change
                    | DestinationAction::Amend
            );
            for (from, to) in DestinationStatus::ALL
                .iter()
                .flat_map(|from| DestinationStatus::ALL.iter().map(move |to| (*from, *to)))
            {
                let owed = destination_owed(*action, from, to);
                assert_eq!(owed.is_empty(), by_himself, "{action}");
                for (audience, template) in owed {
                    for channel in audience.channels() {
                        let text = write(*template, *channel, &params, "https://wq.example").unwrap();
                        assert!(!text.title.is_empty(), "{template} {channel}");
                        // An SMS says that something was changed, and no more.
                        let whole = *channel != Channel::Sms;
                        assert_eq!(text.body.contains("自主创业"), whole, "{template} {channel}");
                        let gives_reason = matches!(
                            action,
                            DestinationAction::Return
                                | DestinationAction::Reject
                                | DestinationAction::Change
                                | DestinationAction::Amend
                        );
                        assert_eq!(
                            text.body.contains("示例原因"),
                            gives_reason && whole,
                            "{template} {channel}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn every_step_of_the_school_before_somebody_leaves_is_written_for_him() {
    let params = json!({
        "graduate": "林示例", "school": "示例大学", "class_year": 2027, "reason": "示例答复", "until": "2027年9月5日",
    });
    for action in LeavingAction::ALL {
        for (audience, template) in leaving_owed(*action) {
            for channel in audience.channels() {
                let text = write(*template, *channel, &params, "https://wq.example").unwrap();
                assert!(text.body.contains("2027"), "{template} {channel}");
                assert!(!text.title.is_empty(), "{template} {channel}");
                let gives_reason = matches!(action, LeavingAction::Answer | LeavingAction::Reopen);
                assert_eq!(
                    text.body.contains("示例答复"),
                    gives_reason,
                    "{template} {channel}"
                );
                let gives_day = *action == LeavingAction::Reopen;
                assert_eq!(text.body.contains("9月5日"), gives_day, "{template} {channel}");
            }
        }
    }
}

#[test]
fn every_code_is_written_for_mail_and_sms() {
    let params = json!({ "code": "042042", "minutes": 10 });
    for purpose in Purpose::ALL {
        // A mail address is all that a registration proves.
        let channels = match purpose {
            Purpose::Registration => &[Channel::Email][..],
            _ => &[Channel::Email, Channel::Sms],
        };
        for channel in channels.iter().copied() {
            let text = write(purpose.template(), channel, &params, "https://wq.example").unwrap();
            assert!(
                text.body.contains("042042") && text.body.contains("10"),
                "{purpose} {channel}"
            );
            assert!(
                !text.title.contains("042042"),
                "a title shows on locked screens and in lists"
            );
        }
        assert!(write(purpose.template(), Channel::InApp, &params, "").is_err());
    }
}

#[test]
fn every_step_of_a_registration_is_written_for_mail_and_inbox() {
    let params = json!({ "employer": "示例科技有限公司", "reason": "示例原因" });
    for action in EmployerAction::OF_REGISTRATION {
        let template = registration_owed(*action).unwrap();
        for channel in Audience::Employer.channels() {
            let text = write(template, *channel, &params, "https://wq.example").unwrap();
            assert!(text.body.contains("示例科技有限公司"), "{action} {channel}");
            assert_eq!(text.body.contains("示例原因"), *action == EmployerAction::Refuse);
        }
    }
}

#[test]
fn every_notice_about_an_account_is_written_for_mail_and_sms() {
    let params = json!({ "moment": "2027年3月5日 18:00" });
    for template in [
        MessageTemplate::ContactChanged,
        MessageTemplate::OtherContactChanged,
        MessageTemplate::PasswordChanged,
    ] {
        for channel in [Channel::Email, Channel::Sms] {
            let text = write(template, channel, &params, "https://wq.example").unwrap();
            assert!(text.body.contains("2027年3月5日 18:00"), "{template} {channel}");
        }
    }
}

#[test]
fn a_colleague_is_invited_by_mail_with_his_link() {
    let params = json!({ "name": "示例同事", "employer": "示例科技有限公司", "token": "abc123", "days": 7 });
    let text = write(
        MessageTemplate::MemberInvited,
        Channel::Email,
        &params,
        "https://wq.example",
    )
    .unwrap();
    assert!(
        text.body.contains("https://wq.example/join#abc123"),
        "{}",
        text.body
    );
}

#[test]
fn a_new_reviewer_is_told_by_mail_and_sms_how_to_set_his_password() {
    for channel in [Channel::Email, Channel::Sms] {
        let params = json!({ "name": "示例老师", "school": "示例大学", "place": "全校" });
        let text = write(
            MessageTemplate::ReviewerAdded,
            channel,
            &params,
            "https://wq.example",
        )
        .unwrap();
        for told in ["示例大学", "https://wq.example", "验证码"] {
            assert!(text.body.contains(told), "{channel}: {}", text.body);
        }
    }
}

#[test]
fn a_reviewer_reads_how_many_of_each_workflow_wait_and_since_when() {
    let waiting: Vec<_> = Workflow::ALL
        .iter()
        .zip(2..)
        .map(|(workflow, cases)| json!({ "workflow": workflow.name(), "cases": cases }))
        .collect();
    let params = json!({ "moment": "2027年3月5日 08:30", "cases": 14, "waiting": waiting, "oldest": "2027年3月1日 10:00" });
    for channel in Audience::Reviewer.channels() {
        let text = write(
            MessageTemplate::ReviewDigest,
            *channel,
            &params,
            "https://wq.example",
        )
        .unwrap();
        assert_eq!(text.title, "今日待审核：14 件");
        for told in ["14 件", "2027年3月1日 10:00", "2027年3月5日 08:30"] {
            assert!(text.body.contains(told), "{channel}: {}", text.body);
        }
        for (workflow, cases) in Workflow::ALL.iter().zip(2..) {
            let told = format!("{} {cases} 件", workflow.name());
            assert!(text.body.contains(&told), "{channel}: {}", text.body);
        }
        assert!(!text.body.contains("异议"), "{channel}: {}", text.body);
    }
}

#[test]
fn a_reviewer_reads_how_many_disputes_wait_beside_reviews_or_alone() {
    let moment = "2027年3月5日 08:30";
    let waiting = json!([{ "workflow": "线上签约", "cases": 2 }]);
    let both = json!({ "moment": moment, "cases": 2, "waiting": waiting, "oldest": "2027年3月1日 10:00", "disputes": 3 });
    let alone = json!({ "moment": moment, "disputes": 3 });
    for channel in Audience::Reviewer.channels() {
        let read = |template, params| write(template, *channel, params, "https://wq.example").unwrap();
        let text = read(MessageTemplate::ReviewDigest, &both);
        assert_eq!(text.title, "今日待审核：2 件，待答复异议：3 件");
        assert!(text.body.contains("线上签约 2 件") && text.body.contains("有 3 件离校确认异议待您答复。"));
        // As it was written before there was a message of disputes alone.
        let earlier = json!({ "moment": moment, "cases": 0, "waiting": [], "oldest": null, "disputes": 3 });
        let earlier = read(MessageTemplate::ReviewDigest, &earlier);
        assert_eq!(earlier.title, "今日待答复异议：3 件");
        assert!(!earlier.body.contains("待您审核"), "{}", earlier.body);
        let text = read(MessageTemplate::DisputeDigest, &alone);
        assert_eq!(text.title, "今日待答复异议：3 件");
        assert!(
            text.body.contains("08:30，有 3 件离校确认异议待您答复。"),
            "{}",
            text.body
        );
        assert!(!text.body.contains("审核"), "{}", text.body);
    }
}

#[test]
fn a_graduate_reads_from_when_until_when_he_confirms() {
    let params = json!({
        "graduate": "林示例", "school": "示例大学", "class_year": 2027,
        "opens": "2027年6月1日", "closes": "2027年6月20日", "cut_off": "2027年8月31日",
    });
    for channel in Audience::Graduate.channels() {
        let text = write(
            MessageTemplate::LeavingOpened,
            *channel,
            &params,
            "https://wq.example",
        )
        .unwrap();
        for told in ["示例大学2027届", "2027年6月20日"] {
            assert!(text.body.contains(told), "{channel}: {}", text.body);
        }
    }
}

#[test]
fn a_missing_parameter_is_an_error_and_user_text_is_not_a_template() {
    let error = write(
        MessageTemplate::SigningRejected,
        Channel::Email,
        &json!({}),
        "https://wq.example",
    )
    .unwrap_err();
    assert!(error.to_string().contains("SIGNING_REJECTED"), "{error}");
    let params = json!({ "graduate": "林", "employer": "甲", "school": "大学", "position": "乙", "deadline": "", "reason": "{{ 7 * 6 }} <b>&", "agreement_number": null });
    let text = write(
        MessageTemplate::SigningRejected,
        Channel::InApp,
        &params,
        "https://wq.example",
    )
    .unwrap();
    assert!(text.body.contains("{{ 7 * 6 }} <b>&"), "{}", text.body);
}
