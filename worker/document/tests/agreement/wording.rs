//! What the paper says: every field, what is missing, the channels and the marks.

use anyhow::Result;
use chrono::NaiveDate;
use wangqian_document::{AgreementPaper, Amendment, Channel, Mark};

use crate::made_up::{bare_paper, paper, paper_of};
use crate::{RENDERER, read, reading};

#[test]
fn every_field_is_read_back_beside_its_label() -> Result<()> {
    let text = read(&paper())?;
    for (label, value) in [
        ("协议书编号：", "20269999901000123"),
        ("签约方式：", "线上签约"),
        ("制表日期：", "2026年7月3日"),
        ("单位名称", "云岭示例精密仪器有限公司"),
        ("统一社会信用代码", "91000000MA00000X0X"),
        ("单位性质", "其他企业"),
        ("单位行业", "制造业"),
        ("职位类别", "工程技术人员"),
        ("职位名称", "嵌入式软件工程师"),
        (
            "单位地址",
            "示例省示例市高新区 科技一路 88 号创新大厦 B 座 1206 室",
        ),
        ("联系人", "李文静"),
        ("手机号码", "10000000001"),
        ("固定电话", "000-8765 4321"),
        ("电子邮箱", "hr@example.com"),
        ("姓名", "王𬭎"),
        ("性别", "男"),
        ("身份证号", "000000200401010014"),
        ("生源地", "示例省示例县"),
        ("毕业学校", "示例理工大学"),
        ("院系", "电子信息工程学院"),
        ("专业", "测控技术与仪器"),
        ("学历", "本科生毕业"),
        ("培养方式", "非定向"),
        ("学号", "2022010203"),
        ("毕业届别", "2026届"),
        ("手机号码", "10000000002"),
        ("电子邮箱", "wang@example.com"),
        ("学校名称", "示例理工大学"),
        ("学校代码", "99999"),
        ("所属院系", "电子信息工程学院"),
        ("联系电话", "000-1234 5678"),
        ("联系地址", "示例省示例市大学路 1 号学生就业指导中心"),
        (
            "审核情况",
            "院系审核通过（2026年7月2日）；学校审核通过（2026年7月3日）",
        ),
        ("试用期", "3个月"),
        ("试用期工资", "7,200元/月"),
        ("转正后工资", "9,000元/月"),
        ("报到期限", "2026年7月15日前"),
        ("违约金", "5,000元（人民币伍仟元整）"),
        ("报到地点", "科技一路 88 号创新大厦 B 座一层人力资源部"),
        ("实际工作地点", "示例省示例市"),
        ("户口接收方式", "签约单位接收"),
        (
            "补充约定",
            "一、甲方为乙方提供职工宿舍，入职满两年后按单位规定申请住房补贴。\n二、乙方升学、应征入伍或者考取公务员的，凭有效证明可以解除本协议，互不承担违约责任。",
        ),
        (
            "甲方（用人单位）云岭示例精密仪器有限公司乙方（毕业生）王𬭎丙方（学校）",
            "示例理工大学",
        ),
        ("已在线发出签约邀请", "2026年6月28日"),
        ("已在线接受签约", "2026年7月1日"),
        ("已在线审核通过", "2026年7月3日"),
        ("核验码：", "7K3M-92QX-DH4P"),
        ("或打开", "https://wangqian.example.edu.cn/v/7K3M92QXDH4P"),
        ("第1页", "共2页"),
        ("第2页", "共2页"),
    ] {
        let wanted = reading::squash(label) + &reading::squash(value);
        assert!(text.contains(&wanted), "{label} {value}\n{text}");
    }
    Ok(())
}

#[test]
fn what_is_missing_is_said() -> Result<()> {
    let text = read(&bare_paper())?;
    for wanted in [
        "协议书编号：尚未编号",
        "统一社会信用代码无（机关内设机构）",
        "固定电话—",
        "生源地—",
        "电子邮箱—",
        "联系电话—",
        "联系地址—",
        "审核情况—",
        "试用期未约定",
        "试用期工资未约定",
        "转正后工资未约定",
        "报到期限未约定",
        "违约金未约定",
        "报到地点未约定",
        "实际工作地点未约定",
        "户口接收方式不接收",
        "补充约定无",
        "尚未发出签约邀请—",
        "尚未接受签约—",
        "尚未审核通过—",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    assert!(!text.contains("核验码"));
    // A value of nothing but white space says no more than none.
    let mut blank = bare_paper();
    blank.employer.contact_phone = Some(" \u{3000}\u{200B}".into());
    blank.terms.work_place = Some("\n".into());
    assert_eq!(read(&blank)?, text);
    // Nought is not nothing.
    let mut nought = paper();
    nought.terms.probation_months = Some(0);
    nought.terms.liquidated_damages = Some(0);
    let text = read(&nought)?;
    assert!(text.contains("试用期无试用期") && text.contains("违约金0元（人民币零元整）"));
    Ok(())
}

#[test]
fn each_channel_says_how_it_is_signed() -> Result<()> {
    for (channel, there, absent) in [
        (
            Channel::Online,
            [
                "签约方式：线上签约",
                "本协议采用线上方式订立",
                "已在线审核通过2026年7月3日",
            ],
            "盖章处",
        ),
        (
            Channel::Offline,
            [
                "签约方式：线下签约",
                "本协议采用线下方式订立",
                "经办人签字：年月日",
            ],
            "已在线",
        ),
        (
            Channel::Registered,
            [
                "签约方式：已签就业协议登记",
                "以书面协议为准",
                "已签订书面协议2026年7月1日",
            ],
            "已在线",
        ),
    ] {
        let text = read(&paper_of(channel))?;
        for wanted in there {
            assert!(text.contains(wanted), "{channel:?} {wanted}\n{text}");
        }
        assert!(!text.contains(absent), "{channel:?}\n{text}");
    }
    Ok(())
}

#[test]
fn a_mark_stands_across_every_page_and_in_its_head() -> Result<()> {
    for (mark, across, head) in [
        (Mark::Draft, "草稿", "草稿：仅供核对，不具有协议效力"),
        (Mark::Superseded, "已作废", "已作废：本协议书已被新版本取代"),
        (Mark::Terminated, "已解约", "已解约：本协议已经解除"),
    ] {
        let text = reading::text(&RENDERER.render(&paper(), mark)?)?;
        assert_eq!(text.matches(head).count(), 2, "{text}");
        let last = across.chars().last().unwrap();
        let unmarked = read(&paper())?;
        let extra = text.matches(last).count() - unmarked.matches(last).count();
        // Once in the head and once across, on each of two pages; 约 of 已解约 is not in its head a second time.
        assert_eq!(extra, 4, "{text}");
        assert!(!unmarked.contains(head));
    }
    Ok(())
}

#[test]
fn an_amended_paper_says_whose_signatures_it_bears_and_asks_for_none() -> Result<()> {
    let mut amended = paper();
    amended.amended = Some(Amendment {
        version: 2,
        on: NaiveDate::from_ymd_opt(2026, 9, 1).unwrap(),
    });
    let text = read(&amended)?;
    let said = "本协议书为第2版，由学校于2026年9月1日在签约后修改；以下为各方对首版的签署信息。";
    assert!(text.contains(said), "{text}");
    assert!(!read(&paper())?.contains("签约后修改"));
    // What was stamped is not to be stamped again.
    for (amendment, by_hand) in [(None, true), (amended.amended, false)] {
        let offline = AgreementPaper {
            channel: Channel::Offline,
            amended: amendment,
            ..paper()
        };
        let text = read(&offline)?;
        assert_eq!(text.contains("（盖章处）"), by_hand, "{text}");
        assert_eq!(text.contains("已在纸质协议书上签章"), !by_hand, "{text}");
    }
    Ok(())
}
