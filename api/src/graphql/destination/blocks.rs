//! The blocks that several forms have: the employer, and archive and household (DESTINATION_FORMS.md B1 and B3).

use async_graphql::Enum;
use wangqian_schema::destination as model;

use super::field::{Held, IndustryCode, Nature, PositionCategoryCode, RegionCode, chosen, form};

/// 档案去向 Where a graduate's archive goes.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "model::ArchiveRoute")]
pub enum ArchiveRoute {
    /// 转至就业单位或其上级主管单位 the employer or its superior
    EmployerOrSuperior,
    /// 转至人才服务机构托管 a trustee agency
    TrusteeAgency,
    /// 转回生源地 back to where he comes from
    Origin,
    /// 转至录取学校 the school that has admitted him
    AdmittingSchool,
    /// 暂存学校 it stays at school
    KeptAtSchool,
}
chosen!(ArchiveRoute: model::ArchiveRoute);

form! {
    /// 用人单位信息 An employer in the graduate's own words; it need not be registered.
    EmployerForm("DestinationEmployerForm", "DestinationEmployerInput"): model::EmployerDraft {
        /// 单位名称 Name, 2 to 100 characters.
        name: Option<String>,
        /// 统一社会信用代码 Unified social credit code (GB 32100); where there is none, the reason is needed.
        credit_code: Option<String>,
        /// 无统一社会信用代码的原因 Why it has none, at most 100 characters.
        no_credit_code_reason: Option<String>,
        /// 单位性质 Nature, a code of `EMPLOYER_NATURE`; may be left out where the type fixes it.
        nature: Option<Nature>,
        /// 单位行业 Industry, a code of `INDUSTRY`; may be left out where the type fixes it.
        industry: Option<IndustryCode>,
        /// 所在地区 Region, a code of `REGION`.
        region: Option<RegionCode>,
        /// 详细地址 Address within the region, 5 to 200 characters.
        address: Option<String>,
        /// 职位类别 Position category, a code of `POSITION_CATEGORY`; may be left out where the type fixes it.
        position_category: Option<PositionCategoryCode>,
        /// 职位名称 Position title, at most 50 characters.
        position_title: Option<String>,
        /// 单位联系人 Contact person, at most 30 characters.
        contact_person: Option<String>,
        /// 联系人电话 A landline, optional.
        contact_phone: Option<String>,
        /// 联系人手机 Contact's mobile number, 11 digits.
        contact_mobile: Option<String>,
        /// 联系人邮箱 Contact's e-mail address.
        contact_email: Option<String>,
    }
}

impl Held<model::EmployerDraft> for Option<EmployerForm> {
    fn of(model: model::EmployerDraft) -> Self {
        (model != model::EmployerDraft::default()).then(|| model.into())
    }

    fn model(self) -> model::EmployerDraft {
        self.map(Into::into).unwrap_or_default()
    }
}

form! {
    /// 档案户口信息 Where archive and household registration go. May be filled in later, before leaving school; whatever is filled in is
    /// checked.
    ArchiveForm("ArchiveForm", "ArchiveInput"): model::ArchiveDraft {
        /// 档案去向 Where the archive goes; may be left out where the type has a usual one.
        route: Option<ArchiveRoute>,
        /// 档案接收单位 The unit that receives it, 2 to 100 characters; needed unless it stays at school.
        receiving_unit: Option<String>,
        /// 档案转递地址 Address down to the door number, 5 to 200 characters.
        address: Option<String>,
        /// 收件部门 Department, at most 50 characters.
        department: Option<String>,
        /// 收件人 Addressee, at most 30 characters: neither the graduate nor his family.
        contact_person: Option<String>,
        /// 收件人电话 The addressee's telephone.
        phone: Option<String>,
        /// 邮政编码 Postcode, 6 digits.
        postcode: Option<String>,
        /// 是否同意接收档案 Whether the unit takes the archive.
        accepted: Option<bool>,
        /// 户口是否迁移 Whether the household registration moves.
        household_moves: Option<bool>,
        /// 户口迁往地址 Where it moves to, 5 to 200 characters; needed when it moves.
        new_address: Option<String>,
    }
}
