//! Schools and departments.

use async_graphql::{Context, Enum, ID, Object};
use wangqian_schema::{
    model::school::{self as model},
    workflow::{self},
};

use crate::{context::ContextExt, error::internal, id::NodeType, loaders::SchoolKey};

/// 审核方式 The way in which a school reviews.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "workflow::ReviewRoute")]
pub enum ReviewRoute {
    /// 院系审核 The department alone decides.
    DepartmentOnly,
    /// 学校审核 The school alone decides.
    SchoolOnly,
    /// 院系、学校两级审核 The department first, then the school.
    DepartmentThenSchool,
}

/// 审核环节 A level of review.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "workflow::ReviewLevel")]
pub enum ReviewLevel {
    /// 院系 department
    Department,
    /// 学校 school
    School,
}

/// 学校 A school.
pub struct School(pub model::School);

/// 学校 A school.
#[Object]
impl School {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::School.id(self.0.id)
    }

    /// 学校代码 National school code, five digits.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// 学校名称 Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// 联系电话 Telephone of the careers office.
    async fn contact_phone(&self) -> Option<&str> {
        self.0.contact_phone.as_deref()
    }

    /// 通讯地址 Postal address.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }
}

/// 院系 A department of a school.
pub struct Department(pub model::Department);

/// 院系 A department of a school.
#[Object]
impl Department {
    /// 全局标识 Global id, for `node`.
    pub async fn id(&self) -> ID {
        NodeType::Department.id(self.0.id)
    }

    /// 院系名称 Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// 院系代码 The school's own code for it.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// 学校 The school it belongs to.
    async fn school(&self, ctx: &Context<'_>) -> async_graphql::Result<School> {
        let school = ctx
            .loader()
            .load_one(SchoolKey(self.0.school_id))
            .await
            .map_err(internal)?;
        school
            .map(School)
            .ok_or_else(|| internal("a department without its school"))
    }
}
