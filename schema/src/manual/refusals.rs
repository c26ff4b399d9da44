//! The refusals that graduates meet, as they read on the screen, and what to do about each. Where the words are the API's, a test there holds
//! both together.

use serde_json::{Value, json};

use crate::workflow::Refusal;

/// A refusal of the rules, its text on the screen, when it comes, and what to do.
struct Met {
    /// Which of them; `None` for what no rule of a case refuses.
    refusal: Option<Refusal>,
    text: &'static str,
    then: &'static str,
}

const fn of(refusal: Refusal, text: &'static str, then: &'static str) -> Met {
    Met {
        refusal: Some(refusal),
        text,
        then,
    }
}

const fn other(text: &'static str, then: &'static str) -> Met {
    Met {
        refusal: None,
        text,
        then,
    }
}

const MET: &[Met] = &[
    of(
        Refusal::DataNotConfirmed,
        "请先核对并确认基本信息",
        "您还没有确认基本信息，或者学校刚刚更正过。看一遍，无误就确认，再回来办理。",
    ),
    of(
        Refusal::AlreadyEngaged,
        "毕业生已有办理中或已完成的签约或去向，不能再进行此操作",
        "同一时间只能有一件事占用您。先把占用您的那一件办完、放弃、解约或作废，见“一人一事”一节。",
    ),
    of(
        Refusal::DeadlinePassed,
        "应约截止时间已过，该邀请已失效",
        "过了截止时间就不能再答复。还想签，请单位重新发邀请。",
    ),
    of(
        Refusal::NotInThisStatus,
        "当前状态下不能进行此操作",
        "这件事已经走到别的一步了。刷新页面，看现在的状态能做什么，见附录“状态一览”。",
    ),
    of(
        Refusal::ReviewBegun,
        "审核人已作出决定，不能再撤回",
        "两级审核时，第一级通过以后就不能撤回。请联系正在审核的老师，由他退回给您修改。",
    ),
    of(
        Refusal::OnlineSigningNotAllowed,
        "该毕业生培养方式为定向/委培，不能签约或登记就业协议，只能登记定向/委培毕业去向",
        "去登记“定向/委培毕业去向补充登记”。如果您按协议可以另外签约，请学校更正“是否可网签”。",
    ),
    of(
        Refusal::TypeNotOffered,
        "该毕业生不能登记此类毕业去向",
        "换一个您能选的类型；定向/委培的同学见“定向/委培”一节。",
    ),
    of(
        Refusal::EmployerNotVerified,
        "单位尚未通过平台核验，暂不能进行此操作",
        "单位的注册信息还没有通过平台核验。请单位先完成核验，您稍后再办。",
    ),
    of(
        Refusal::TerminationOpen,
        "该协议已有办理中的解约申请",
        "同一份协议同时只能有一份解约申请。先看已有的那一份，等它有结果，或者由申请的一方撤回。",
    ),
    of(
        Refusal::TooManyDrafts,
        "草稿数量已达上限，请先放弃不再需要的草稿",
        "放弃几份不用的草稿，再新建。",
    ),
    of(
        Refusal::ReasonRequired,
        "请填写原因",
        "这一步要写明理由，填上再提交。",
    ),
    of(
        Refusal::FileNotUploaded,
        "文件尚未上传，或与申报的大小不一致",
        "上传中断了，或者选好文件以后又改了它。重新上传一次。",
    ),
    of(
        Refusal::TooManyUploads,
        "已上传而未提交的文件过多，请先提交，或一天后再上传",
        "把已经上传的文件随申请提交；没用上的，一天后会自动清理。",
    ),
    other(
        "文件内容与类型不符，请上传 JPEG、PNG、WebP 图片或 PDF 文件",
        "改扩展名没有用。重新拍照，或者用软件另存为这几种格式。",
    ),
    other(
        "文件正在检查，请稍候再提交",
        "平台要先检查收到的文件，通常一两秒。等它显示可用再提交。",
    ),
    other("同一文件不能重复提交", "同一个文件选了两次，去掉一个。"),
    other(
        "内容已被更新，请刷新后重试",
        "在您打开页面以后，别人或者您的另一个窗口改过它。刷新，看清新的内容再操作。",
    ),
    other(
        "所指的内容不存在",
        "链接不对，或者那件事不是您的。从自己的列表重新打开。",
    ),
    other("账号或密码错误", "检查输入法和大小写。忘了密码，用验证码重设。"),
    other(
        "登录失败次数过多",
        "连续输错以后要等一会儿，提示里写着等几分钟；到时再试，或者用验证码重设密码。",
    ),
    other(
        "验证码错误或已失效，请重新获取",
        "只有最近一次收到的验证码有效。重新获取，尽快填写。",
    ),
    other(
        "请求过于频繁，请稍后再试",
        "等一分钟再获取验证码；当天次数用完的，请明天再来。",
    ),
    other(
        "该手机号已被其他账号使用",
        "换一个自己的号码。如果号码确实是您的，请联系学校核实是谁登记了它。",
    ),
    of(
        Refusal::CutOffPassed,
        "该届毕业生的变更截止日期已过，如需办理，请联系学校重新开放",
        "请学校为您重新开放。",
    ),
    of(
        Refusal::LeavingNotOpen,
        "当前不在本届毕业去向确认期内",
        "在确认期内再办。",
    ),
];

/// The rows of the table.
pub(super) fn rows() -> Vec<Value> {
    let row = |met: &Met| {
        let refusal = met.refusal.map(|refusal| format!("{refusal:?}"));
        json!({ "refusal": refusal, "text": met.text, "then": met.then })
    };
    MET.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What people are told. The API knows this crate and not the other way round, so its source is read.
    const TOLD: [&str; 7] = [
        include_str!("../../../api/src/error.rs"),
        include_str!("../../../api/src/throttle.rs"),
        include_str!("../../../api/src/graphql/account.rs"),
        include_str!("../../../api/src/graphql/passcode.rs"),
        include_str!("../../../api/src/graphql/password.rs"),
        include_str!("../model/case_file.rs"),
        include_str!("../model/case_upload.rs"),
    ];

    #[test]
    fn every_refusal_reads_as_on_the_screen() {
        for met in MET {
            let quoted = format!("\"{}", met.text);
            assert!(TOLD.iter().any(|told| told.contains(&quoted)), "{}", met.text);
            // Beside its own name, where it has one.
            if let Some(refusal) = met.refusal {
                let at = TOLD[0].find(&format!("Refusal::{refusal:?} => ")).unwrap();
                let arm: String = TOLD[0][at..].chars().take(200).collect();
                assert!(arm.contains(&quoted), "{refusal:?}");
            }
        }
    }
}
