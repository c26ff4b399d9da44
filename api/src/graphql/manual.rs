//! The graduate's manual.

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use wangqian_schema::model::manual::StoredManual;

use super::date::Date;
use crate::{
    context::ContextExt,
    manual_page::{self, PATH},
};

/// 操作手册 The graduate's manual, as a PDF.
pub struct Manual(StoredManual);

/// 操作手册 The graduate's manual, as a PDF.
#[Object]
impl Manual {
    /// 下载地址 Where it is downloaded, for good and by everybody: it leads to the newest one.
    async fn url(&self, ctx: &Context<'_>) -> String {
        format!("{}{PATH}", ctx.app().platform.public_url)
    }

    /// 页数 How many pages it has.
    async fn pages(&self) -> i32 {
        self.0.pages
    }

    /// 文件大小 Size of the PDF in bytes.
    async fn byte_size(&self) -> i32 {
        self.0.byte_size
    }

    /// 修订日期 The day on which its text was last gone through, as on the cover.
    async fn edition(&self) -> Date {
        Date(self.0.edition)
    }

    /// 生成时间 When the PDF was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// Queries about the manual.
#[derive(Default)]
pub struct ManualQuery;

#[Object]
impl ManualQuery {
    /// 操作手册 The graduate's manual. Public; null for the moment that it takes to make it when somebody first asks for that of a
    /// release.
    async fn manual(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Manual>> {
        Ok(manual_page::find(ctx.app()).await?.map(Manual))
    }
}
