//! Made-up destination sheets, for the tests and the example.

use chrono::NaiveDate;
use wangqian_document::{DestinationSheet, SheetSection, Verification};

fn section(heading: &str, lines: &[(&str, &str)]) -> SheetSection {
    SheetSection {
        heading: heading.to_owned(),
        lines: lines
            .iter()
            .map(|(label, value)| ((*label).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

/// The sheet of a graduate who has signed an agreement, every line as usual.
pub(crate) fn sheet(name: &str) -> DestinationSheet {
    DestinationSheet {
        layout: DestinationSheet::LAYOUT,
        transfer_number: "ZD-7K2M-90QX-4T8V".into(),
        school_name: "示例大学".into(),
        class_year: 2027,
        confirmed_on: NaiveDate::from_ymd_opt(2027, 6, 18).unwrap_or_default(),
        sections: vec![
            section(
                "毕业生信息",
                &[
                    ("姓名", name),
                    ("性别", "女"),
                    ("身份证号", "000000200001010009"),
                    ("生源地", "北京市海淀区"),
                    ("毕业学校", "示例大学"),
                    ("学校代码", "90001"),
                    ("院系", "示例学院"),
                    ("专业", "计算机科学与技术"),
                    ("学历", "本科生毕业"),
                    ("培养方式", "非定向"),
                    ("学号", "S20230001"),
                    ("毕业届别", "2027届"),
                ],
            ),
            section(
                "毕业去向",
                &[
                    ("毕业去向", "签就业协议形式就业（代码 10）"),
                    ("签约方式", "线上签约"),
                    ("协议书编号", "20279000131000001"),
                    ("单位名称", "云岭示例精密仪器有限公司"),
                    ("统一社会信用代码", "91000000MA00000010"),
                    ("单位性质", "其他企业"),
                    ("单位行业", "软件和信息技术服务业"),
                    ("单位地址", "云南省昆明市五华区示例路一百二十三号创新园三号楼"),
                    ("职位类别", "工程技术人员"),
                    ("职位名称", "软件工程师"),
                    ("签约日期", "2027年3月5日"),
                ],
            ),
            section(
                "档案与户口",
                &[
                    ("档案去向", "转至人才服务机构托管"),
                    ("接收单位", "示例市人才服务中心"),
                    ("转递地址", "示例省示例市示例区人民路 12 号三楼档案室"),
                    ("收件部门", "档案室"),
                    ("收件人", "示例收件人"),
                    ("联系电话", "010-00000000"),
                    ("邮政编码", "100000"),
                    ("同意接收", "是"),
                    ("户口迁移", "否"),
                ],
            ),
        ],
        verification: Verification {
            code: "0H3K-9Z2M-7QXV-T41B".into(),
            url: "https://wangqian.example/destination-sheet/0H3K-9Z2M-7QXV-T41B".into(),
        },
    }
}

/// The sheet of somebody for whom nothing is registered.
pub(crate) fn bare_sheet() -> DestinationSheet {
    let mut sheet = sheet("龚示");
    sheet.sections[1] = section("毕业去向", &[("毕业去向", "未落实")]);
    sheet.sections[2] = section(
        "档案与户口",
        &[("档案去向", "暂存学校"), ("同意接收", "是"), ("户口迁移", "否")],
    );
    sheet
}
