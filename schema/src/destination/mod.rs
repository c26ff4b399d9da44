//! 毕业去向: what a graduate registers who goes somewhere without an agreement (DOMAIN.md W6, §9; DESTINATION_FORMS.md):
//! the types, their forms and how they are checked. Which step may be taken, `workflow::destination` says.
//!
//! A [`DestinationDraft`] is a form as somebody filled it in; [`DestinationDraft::check`] makes a [`Destination`] of it, or
//! says all that is wrong at once. Names of fields in errors, warnings and changes are camelCase and count from the type's
//! own form: `startOn`, `employer.creditCode`, `archive.route`, `nationalCode`.

mod abroad;
mod archive;
mod business;
mod checker;
mod details;
mod employer;
mod intention;
mod labels;
mod minimum_wage;
mod rate;
mod service;
mod study;
mod summary;
#[cfg(test)]
mod tests;
mod types;
mod work;

pub use abroad::{PostAbroad, PostAbroadDraft, StudyAbroad, StudyAbroadDraft};
pub use archive::{ArchiveBlock, ArchiveDraft, ArchiveRoute, ArchiveRule};
pub use business::{
    Business, BusinessDraft, BusinessRole, Company, CompanyDraft, ECommerce, ECommerceDraft, Freelance,
    FreelanceDraft, Incubator, IncubatorDraft,
};
pub use details::{Details, DetailsDraft};
pub use employer::{EmployerBlock, EmployerDraft};
pub use intention::{
    HelpWanted, NotSeeking, NotSeekingDraft, PreparingStudy, PreparingStudyDraft, Seeking, SeekingDraft,
    StudyAim,
};
pub use labels::label_zh;
pub use minimum_wage::{MinimumWage, minimum_wage};
pub use rate::{RateFormula, RateGroup, SIGNED_AGREEMENT_CODE, is_placed, rate_group};
pub use service::{Conscript, ConscriptDraft, Grassroots, GrassrootsDraft, ProgrammeLevel, ServiceBranch};
pub use study::{Study, StudyDraft, StudyLevel, StudyMode, YearMonth};
pub use summary::summary;
pub use types::{Asked, DestinationType, TypeFacts};
pub use work::{
    ContractTerm, EntrustedSupplement, EntrustedSupplementDraft, LabourContract, LabourContractDraft,
    MedicalResidency, MedicalResidencyDraft, NoncommissionedOfficer, NoncommissionedOfficerDraft,
    OtherEmployment, OtherEmploymentDraft, PublicRecruitment, PublicRecruitmentDraft, RecruitmentKind,
    ResearchAssistant, ResearchAssistantDraft,
};

use chrono::NaiveDate;
use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::Jsonb};
use serde::{Deserialize, Serialize};

use crate::kept_as_json::kept_as_json;
use crate::{
    codes::CodeList,
    field_changes::{FieldChange, field_changes, fields},
    model::terms::{FieldError, unkeepable},
};
use checker::{Checker, given};
use details::Part;

/// A valid destination, kept as one JSON value for the reasons of [`AgreementTerms`](crate::model::terms::AgreementTerms).
/// Made from a [`DestinationDraft`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// 去向代码, a code of [`CodeList::DestinationCode`] that the type may have.
    pub national_code: String,
    /// 签订日期
    pub signed_on: Option<NaiveDate>,
    /// 备注, at most 500 characters.
    pub remark: Option<String>,
    /// 档案户口, where it is known already.
    pub archive: Option<ArchiveBlock>,
    /// The type and its own fields.
    pub details: Details,
}

/// A destination as somebody filled it in, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
pub struct DestinationDraft {
    /// 去向代码; may be left out where the type and its fields leave only one.
    #[serde(default)]
    pub national_code: Option<String>,
    /// 签订日期
    #[serde(default)]
    pub signed_on: Option<NaiveDate>,
    /// 备注
    #[serde(default)]
    pub remark: Option<String>,
    /// 本人承诺 the statement that all of it is true. It is the graduate's: whoever changes a form for him leaves it as it is.
    #[serde(default)]
    pub truthful: bool,
    /// 档案户口
    #[serde(default)]
    pub archive: Option<ArchiveDraft>,
    /// The type and its own fields.
    pub details: DetailsDraft,
}

/// 提示 What is allowed and yet unusual in a destination, as it is kept with it: the day on which it was handed in decides, since
/// minimum wages change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
#[serde(transparent)]
pub struct Warnings(pub Vec<Warning>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The field, as in errors.
    pub field: String,
    /// What it is, in Chinese.
    pub message: String,
}

impl From<Vec<FieldError>> for Warnings {
    fn from(warnings: Vec<FieldError>) -> Self {
        let warning = |warning: FieldError| Warning {
            field: warning.field.to_owned(),
            message: warning.message,
        };
        Self(warnings.into_iter().map(warning).collect())
    }
}

/// A valid destination, and what is worth a second look in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The destination.
    pub destination: Destination,
    /// What is allowed and yet unusual: shown to whoever fills in the form, and to the reviewers.
    pub warnings: Vec<FieldError>,
}

/// What a check looks at beside the form.
#[derive(Clone)]
pub struct CheckContext {
    /// The date in Asia/Shanghai.
    pub today: NaiveDate,
    /// 姓名 of the graduate, who is no addressee of his own archive.
    pub graduate_name: String,
    /// 手机号码 of the graduate, for the same reason.
    pub graduate_mobile: Option<String>,
}

impl std::fmt::Debug for CheckContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckContext")
            .field("today", &self.today)
            .finish_non_exhaustive()
    }
}

impl DestinationDraft {
    /// A form of the type in which nothing is filled in.
    pub fn empty(of: DestinationType) -> Self {
        Self {
            national_code: None,
            signed_on: None,
            remark: None,
            truthful: false,
            archive: None,
            details: DetailsDraft::empty(of),
        }
    }

    /// 去向类型
    pub const fn destination_type(&self) -> DestinationType {
        self.details.destination_type()
    }

    /// Checks what is filled in, as a destination that may be handed in.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn check(&self, context: &CheckContext) -> Result<Checked, Vec<FieldError>> {
        let of = self.destination_type();
        let mut check = Checker::new(context, of);
        let national_code = self.check_national_code(&mut check);
        let details = self.details.check(&mut check);
        let signed_on = match of.signing_date() {
            Asked::Required => check.past("signedOn", self.signed_on),
            Asked::Optional => check.optional_past("signedOn", self.signed_on),
            Asked::No => {
                check.not_asked("signedOn", self.signed_on.is_some());
                None
            }
        };
        let remark = check.optional_lines("remark", &self.remark, 500);
        let archive = self
            .archive
            .as_ref()
            .and_then(|archive| archive.check(&mut check));
        check.ticked("truthful", self.truthful);
        match (national_code, details) {
            (Some(national_code), Some(details)) if check.form.errors.is_empty() => Ok(Checked {
                destination: Destination {
                    national_code,
                    signed_on,
                    remark,
                    archive,
                    details,
                },
                warnings: check.warnings,
            }),
            _ => Err(check.form.errors),
        }
    }

    /// The code that was chosen, or the only one there is.
    fn check_national_code(&self, check: &mut Checker<'_>) -> Option<String> {
        const FIELD: &str = "nationalCode";
        let mut codes: Vec<&str> = check.of.national_codes().map(|code| &*code.code).collect();
        if let DetailsDraft::SelfEmployed(business) = &self.details {
            codes.retain(|code| *code == business.national_code());
        }
        match given(&self.national_code) {
            Some(chosen) if codes.contains(&chosen) => Some(chosen.to_owned()),
            Some(chosen) => {
                let old = CodeList::DestinationCode
                    .get(chosen)
                    .is_some_and(|code| !code.active);
                check.wrong(
                    FIELD,
                    match old {
                        true => "该选项已停用，请重新选择",
                        false => "与所选去向类型不符，请从列表中选择",
                    },
                );
                None
            }
            None => match codes[..] {
                [only] => Some(only.to_owned()),
                _ => {
                    check.wrong(FIELD, "必填");
                    None
                }
            },
        }
    }

    /// What cannot be kept, even unchecked: a text that is too long, or one that PostgreSQL takes in no form.
    ///
    /// # Errors
    /// Every such field by its name, and what to tell of it.
    pub fn check_size(&self) -> Result<(), Vec<FieldError>> {
        let wrong: Vec<_> = fields(&flat(self))
            .into_iter()
            .filter_map(|(path, text)| {
                let message = unkeepable(&text)?;
                let field = labels::name(&path);
                Some(FieldError { field, message })
            })
            .collect();
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(wrong),
        }
    }
}

impl Destination {
    /// 去向类型
    pub const fn destination_type(&self) -> DestinationType {
        self.details.destination_type()
    }

    /// The form as it would have been filled in, for whoever changes it. The statement of truth in it is that of the
    /// graduate who handed it in.
    ///
    /// # Errors
    /// Never for a destination that was made by a check; a test holds the two shapes together.
    pub fn to_draft(&self) -> Result<DestinationDraft, serde_json::Error> {
        let mut draft: DestinationDraft = serde_json::from_value(json(self))?;
        draft.truthful = true;
        if let DetailsDraft::EntrustedSupplement(supplement) = &mut draft.details {
            supplement.as_agreed = true;
        }
        Ok(draft)
    }
}

/// What a reviewer's own change, or an amendment of the school, makes of a destination: field by field, the type as `type`.
pub fn changes(old: &Destination, new: &Destination) -> Vec<FieldChange> {
    field_changes(&flat(old), &flat(new))
}

/// The fields as they are named in errors: those of the type beside those that all types have.
fn flat(form: &impl Serialize) -> serde_json::Value {
    let mut value = json(form);
    if let Some(object) = value.as_object_mut()
        && let Some(serde_json::Value::Object(details)) = object.remove("details")
    {
        object.extend(details);
    }
    value
}

#[expect(
    clippy::expect_used,
    reason = "forms are structs of texts, numbers and dates, which JSON can always hold"
)]
fn json(form: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(form).expect("a form in JSON")
}

kept_as_json!(Destination, DestinationDraft, Warnings);
