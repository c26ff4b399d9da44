//! The three signature blocks of layout 1.

use chrono::NaiveDate;
use serde::Serialize;

use crate::pen::{Field, Ink, Pen};
use crate::wording;
use crate::{AgreementPaper, Channel, DocumentError};

/// What one party's block shows.
#[derive(Serialize)]
pub(crate) struct Signature {
    heading: &'static str,
    name: Ink,
    /// So long a name that the blocks may run over the end of a page.
    long: bool,
    /// What the platform or the paper attests, such as 已在线确认签约.
    statement: &'static str,
    /// Who is to sign by hand; none unless the paper is for the pen.
    by_hand: Option<&'static str>,
    /// Whether a paper for the pen is to bear a seal here.
    sealed: bool,
    /// The day, or blanks for one.
    day: String,
}

pub(super) fn signatures(pen: &Pen<'_>, paper: &AgreementPaper) -> Result<[Signature; 3], DocumentError> {
    let employer = pen.write(field("employer.name", "甲方单位名称"), &paper.employer.name)?;
    let graduate = pen.write(field("graduate.name", "乙方姓名"), &paper.graduate.name)?;
    let school = pen.write(field("school.name", "丙方学校名称"), &paper.school.name)?;
    // What is not for the pen any more: an amended one stands beside the sheet that bears the stamps.
    let pen_and_seal = paper.channel == Channel::Offline && paper.amended.is_none();
    let channel = paper.channel;
    let dates = &paper.dates;
    Ok([
        Signature {
            heading: "甲方（用人单位）",
            long: employer.is_long(),
            name: employer,
            statement: statement(
                channel,
                dates.employer,
                ["已在线发出签约邀请", "尚未发出签约邀请"],
            ),
            by_hand: by_hand(pen_and_seal, "经办人签字"),
            sealed: true,
            day: day(pen_and_seal, dates.employer),
        },
        Signature {
            heading: "乙方（毕业生）",
            long: graduate.is_long(),
            name: graduate,
            statement: statement(channel, dates.graduate, ["已在线接受签约", "尚未接受签约"]),
            by_hand: by_hand(pen_and_seal, "本人签字"),
            sealed: false,
            day: day(pen_and_seal, dates.graduate),
        },
        Signature {
            heading: "丙方（学校）",
            long: school.is_long(),
            name: school,
            statement: statement(channel, dates.school, ["已在线审核通过", "尚未审核通过"]),
            by_hand: by_hand(pen_and_seal, "经办人签字"),
            sealed: true,
            day: day(pen_and_seal, dates.school),
        },
    ])
}

fn field(path: &'static str, label: &'static str) -> Field {
    Field { path, label }
}

fn statement(channel: Channel, day: Option<NaiveDate>, online: [&'static str; 2]) -> &'static str {
    match (channel, day) {
        (Channel::Online, Some(_)) => online[0],
        (Channel::Online, None) => online[1],
        (Channel::Offline, _) => "已在纸质协议书上签章",
        (Channel::Registered, Some(_)) => "已签订书面协议",
        (Channel::Registered, None) => "待登记审核",
    }
}

fn by_hand(pen_and_seal: bool, who: &'static str) -> Option<&'static str> {
    pen_and_seal.then_some(who)
}

fn day(pen_and_seal: bool, day: Option<NaiveDate>) -> String {
    match (pen_and_seal, day) {
        (_, Some(day)) => wording::date(day),
        (true, None) => "　　　年　　月　　日".to_owned(),
        (false, None) => "—".to_owned(),
    }
}
