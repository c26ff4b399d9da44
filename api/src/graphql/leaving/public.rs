//! What a third party sees of a destination sheet: by the graduate's name and the verification number, as long as he lets it.

use std::net::IpAddr;

use async_graphql::{Context, Enum, Object, SimpleObject};
use wangqian_schema::{
    clock::shanghai_date,
    db::DatabaseError,
    model::{destination_sheet, document::normalise_verification_code, leaving},
};

use super::super::date::Date;
use crate::{
    context::{App, ContextExt},
    error::{internal, too_many_requests},
    throttle,
};

/// 登记信息表效力 What a sheet is worth now.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetStatus {
    /// 有效 What it says is what is registered.
    Valid,
    /// 信息已变更 What is registered, or the graduate's basic information, has changed since, or he disputes it.
    Outdated,
    /// 已被新表取代 The graduate has confirmed again; a newer sheet took its place.
    Superseded,
}

/// 登记信息表栏目 A block of a sheet.
#[derive(SimpleObject, Clone, Debug)]
pub struct SheetBlock {
    /// 栏目名称 Its heading, in Chinese.
    pub heading: String,
    /// 栏目内容 Its lines, without ID-card number and addresses.
    pub entries: Vec<SheetEntry>,
}

/// 登记信息表内容 A line of a sheet.
#[derive(SimpleObject, Clone, Debug)]
pub struct SheetEntry {
    /// 名称 What it is called, in Chinese.
    pub label: String,
    /// 内容 What it is, as printed.
    pub value: String,
}

/// 登记信息表核验 What a third party is shown of a sheet under the graduate's authorisation.
#[derive(SimpleObject, Clone, Debug)]
pub struct DestinationSheetVerification {
    /// 效力 What it is worth now.
    pub status: SheetStatus,
    /// 转递编号 The number under which the archive is sent.
    pub transfer_number: String,
    /// 确认日期 When the graduate confirmed what it says.
    pub confirmed_on: Date,
    /// 栏目 What it says.
    pub blocks: Vec<SheetBlock>,
}

/// What came of a look-up.
pub enum LookUp {
    /// The sheet.
    Found(Box<DestinationSheetVerification>),
    /// No such name and number, or no authorisation: all read the same.
    Nothing,
    /// Too many were asked for from the client's network.
    TooMany,
}

/// Looks a sheet up for whoever asks.
///
/// # Errors
/// When the database cannot be asked.
pub async fn look_up(
    app: &App,
    remote: Option<IpAddr>,
    name: &str,
    number: &str,
) -> Result<LookUp, DatabaseError> {
    let mut conn = app.platform.pool.get().await?;
    let now = app.platform.clock.now();
    if !throttle::admits_look_up(app, &mut conn, remote).await? {
        return Ok(LookUp::TooMany);
    }
    let Some(number) = normalise_verification_code(number) else {
        return Ok(LookUp::Nothing);
    };
    let found = destination_sheet::find_authorised(&mut conn, &number, shanghai_date(now)).await?;
    let Some(sheet) = found else {
        return Ok(LookUp::Nothing);
    };
    let Ok(paper) = sheet.paper() else {
        return Ok(LookUp::Nothing);
    };
    if paper.graduate_name != name.trim() {
        return Ok(LookUp::Nothing);
    }
    let last = destination_sheet::last_of(&mut conn, &[sheet.confirmation_id]).await?;
    let superseded = last.iter().any(|last| last.version > sheet.version);
    let stands = leaving::stands(&mut conn, sheet.confirmation_id).await?;
    Ok(LookUp::Found(Box::new(DestinationSheetVerification {
        status: match (superseded, stands) {
            (true, _) => SheetStatus::Superseded,
            (false, true) => SheetStatus::Valid,
            (false, false) => SheetStatus::Outdated,
        },
        transfer_number: paper.transfer_number,
        confirmed_on: Date(paper.confirmed_on),
        blocks: paper
            .sections
            .into_iter()
            .map(|section| SheetBlock {
                heading: section.heading,
                entries: section
                    .lines
                    .into_iter()
                    .filter(|line| !line.private)
                    .map(|line| SheetEntry {
                        label: line.label,
                        value: line.value,
                    })
                    .collect(),
            })
            .collect(),
    })))
}

/// The public look-up of a sheet.
#[derive(Default)]
pub struct SheetQuery;

#[Object]
impl SheetQuery {
    /// 登记信息表核验 What a destination sheet says, for whoever knows the graduate's name and its verification number, as long as he has
    /// authorised it. Null when there is no such name and number, and when he has not: both read the same. Fails with `TOO_MANY_REQUESTS` after
    /// many from one network. Public.
    async fn verify_destination_sheet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "姓名 The graduate's name, as printed.")] graduate_name: String,
        #[graphql(desc = "核验编号 The number printed beside the QR code.")] verification_number: String,
    ) -> async_graphql::Result<Option<DestinationSheetVerification>> {
        let remote = ctx.caller().remote;
        let found = look_up(ctx.app(), remote, &graduate_name, &verification_number).await;
        match found.map_err(internal)? {
            LookUp::Found(sheet) => Ok(Some(*sheet)),
            LookUp::Nothing => Ok(None),
            LookUp::TooMany => Err(too_many_requests()),
        }
    }
}
