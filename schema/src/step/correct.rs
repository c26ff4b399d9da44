//! The correction of a graduate's basic information by his school, field by field.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::json;
use uuid::Uuid;

use super::{
    Actor, Doer, StepError, check_reason,
    flow::check_version,
    graduate_data::{DataEntry, record_data, tell_of_corrections},
    role_of_person,
};
use crate::{
    Platform,
    checks::IdCardNumber,
    codes::CodeList,
    model::{
        Viewer, case,
        graduate::{self, Gender, Graduate},
        terms::FieldError,
    },
    roster::{self, GraduateData, GraduateField as Field, ProblemCode, default_online_signing},
    tables::{departments, graduates},
    workflow::graduate_data::{GraduateDataAction, decide},
};

/// What is to stand in the fields; those without a value stay as they are.
#[derive(Clone, Default)]
#[expect(missing_docs, reason = "the fields of Graduate")]
pub struct CorrectionDraft {
    pub student_number: Option<String>,
    pub name: Option<String>,
    pub gender: Option<Gender>,
    pub id_card_number: Option<String>,
    pub class_year: Option<i32>,
    pub department_id: Option<Uuid>,
    pub degree_level: Option<String>,
    pub major: Option<String>,
    pub training_mode: Option<String>,
    pub origin_region: Option<String>,
    pub online_signing_allowed: Option<bool>,
}

impl std::fmt::Debug for CorrectionDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CorrectionDraft(…)")
    }
}

/// The input's name of a field.
const fn input_name(field: Field) -> &'static str {
    match field {
        Field::StudentNumber => "studentNumber",
        Field::Name => "name",
        Field::Gender => "gender",
        Field::IdCardNumber => "idCardNumber",
        Field::BirthDate => "birthDate",
        Field::ClassYear => "classYear",
        Field::Department => "departmentId",
        Field::DegreeLevel => "degreeLevel",
        Field::Major => "major",
        Field::TrainingMode => "trainingMode",
        Field::OriginRegion => "originRegion",
        Field::OnlineSigningAllowed => "onlineSigningAllowed",
        Field::Mobile => "mobile",
        Field::Email => "email",
    }
}

fn wrong(field: Field, code: ProblemCode) -> FieldError {
    FieldError {
        field: input_name(field),
        message: roster::message(field, code, None),
    }
}

/// Collects what is wrong while fields are put in place.
struct Corrected {
    data: GraduateData,
    errors: Vec<FieldError>,
}

impl Corrected {
    fn put<T>(
        &mut self,
        field: Field,
        checked: Option<Result<T, ProblemCode>>,
        place: impl FnOnce(&mut GraduateData, T),
    ) {
        match checked {
            None => {}
            Some(Ok(value)) => place(&mut self.data, value),
            Some(Err(code)) => self.errors.push(wrong(field, code)),
        }
    }
}

impl CorrectionDraft {
    /// The data after the correction.
    fn apply(&self, before: &GraduateData, now: DateTime<Utc>) -> Result<GraduateData, StepError> {
        let mut after = Corrected {
            data: before.clone(),
            errors: Vec::new(),
        };
        let text = |value: &Option<String>, check: fn(&str) -> Result<String, ProblemCode>| {
            value.as_deref().map(check)
        };
        let code = |value: &Option<String>, list| value.as_deref().map(|value| roster::code(list, value));
        after.put(
            Field::StudentNumber,
            text(&self.student_number, roster::student_number),
            |data, value| {
                data.student_number = value;
            },
        );
        after.put(Field::Name, text(&self.name, roster::name), |data, value| {
            data.name = value
        });
        after.put(Field::Major, text(&self.major, roster::major), |data, value| {
            data.major = value
        });
        after.put(Field::Gender, self.gender.map(Ok), |data, value| {
            data.gender = value
        });
        after.put(
            Field::IdCardNumber,
            self.id_card_number.as_deref().map(roster::id_card_number),
            |data, value| data.id_card_number = value.as_str().to_owned(),
        );
        after.put(
            Field::ClassYear,
            self.class_year
                .map(|year| roster::class_year(&year.to_string(), now)),
            |data, value| data.class_year = value,
        );
        after.put(
            Field::DegreeLevel,
            code(&self.degree_level, CodeList::DegreeLevel),
            |data, value| {
                data.degree_level = value;
            },
        );
        after.put(
            Field::OriginRegion,
            code(&self.origin_region, CodeList::Region),
            |data, value| {
                data.origin_region = value;
            },
        );
        after.put(
            Field::TrainingMode,
            code(&self.training_mode, CodeList::TrainingMode),
            |data, value| {
                // With another training mode begins what that one's default is, unless the school says otherwise below.
                if data.training_mode != value {
                    data.online_signing_allowed = default_online_signing(&value);
                }
                data.training_mode = value;
            },
        );
        after.put(
            Field::OnlineSigningAllowed,
            self.online_signing_allowed.map(Ok),
            |data, value| {
                data.online_signing_allowed = value;
            },
        );
        after.put(Field::Department, self.department_id.map(Ok), |data, value| {
            data.department_id = value
        });
        let touched = if self.gender.is_some() {
            Some(Field::Gender)
        } else {
            self.id_card_number.as_ref().map(|_| Field::IdCardNumber)
        };
        if let Some(field) = touched
            && let Ok(number) = IdCardNumber::parse(&after.data.id_card_number)
            && number.is_male() != (after.data.gender == Gender::Male)
        {
            let message = roster::message(Field::Gender, ProblemCode::IdCardNumberMismatch, None);
            after.errors.push(FieldError {
                field: input_name(field),
                message,
            });
        }
        if after.errors.is_empty() {
            Ok(after.data)
        } else {
            Err(StepError::Invalid(after.errors))
        }
    }
}

/// A reviewer of the school corrects a graduate's basic information. The event names the fields and no value; the graduate is
/// told and has to confirm again. A draft that changes nothing does nothing. Papers that exist stay as they are.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn correct_graduate(
    platform: &Platform,
    viewer: &Viewer,
    graduate_id: Uuid,
    draft: &CorrectionDraft,
    reason: Option<&str>,
    expected_version: Option<i32>,
) -> Result<Graduate, StepError> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    check_reason(reason)?;
    let mut conn = platform.pool.get().await?;
    let corrected = conn
        .transaction(async |conn| {
            graduate::find(conn, viewer, graduate_id)
                .await?
                .ok_or(StepError::NotFound)?;
            let (before, chain) = graduate::lock(conn, graduate_id)
                .await?
                .ok_or(StepError::NotFound)?;
            let doer = Doer {
                actor: Actor::Viewer(*viewer),
                role: role_of_person(viewer),
                now: platform.clock.now(),
            };
            let action = GraduateDataAction::Correct;
            let from = before.data_status();
            let to = decide(from, action, doer.role)?;
            check_version(before.version, expected_version)?;
            let old = GraduateData::from(&before);
            let data = draft.apply(&old, doer.now)?;
            let fields = data.differing(&old);
            if fields.is_empty() {
                return Ok::<_, StepError>(before);
            }
            let after = write(conn, &before, data).await?;
            let entry = DataEntry {
                action,
                from,
                to,
                reason,
                changes: json!({ "fields": fields }),
            };
            let event_id = record_data(conn, &after, &chain, &doer, entry).await?;
            tell_of_corrections(conn, after.school_id, &[(event_id, &after, &fields)], doer.now).await?;
            Ok(after)
        })
        .await?;
    platform.waker.wake();
    Ok(corrected)
}

async fn write(
    conn: &mut AsyncPgConnection,
    before: &Graduate,
    data: GraduateData,
) -> Result<Graduate, StepError> {
    let department = departments::table
        .filter(departments::id.eq(data.department_id))
        .filter(departments::school_id.eq(before.school_id));
    if !diesel::select(diesel::dsl::exists(department))
        .get_result::<bool>(conn)
        .await?
    {
        let unknown = wrong(Field::Department, ProblemCode::UnknownDepartment);
        return Err(StepError::Invalid(vec![unknown]));
    }
    if data.department_id != before.department_id {
        case::follow_graduates(conn, &[before.id], &[data.department_id]).await?;
    }
    let after = Graduate {
        department_id: data.department_id,
        class_year: data.class_year,
        student_number: data.student_number,
        name: data.name,
        gender: data.gender,
        id_card_number: data.id_card_number,
        degree_level: data.degree_level,
        major: data.major,
        training_mode: data.training_mode,
        origin_region: data.origin_region,
        online_signing_allowed: data.online_signing_allowed,
        confirmed_at: None,
        version: before.version + 1,
        ..before.clone()
    };
    diesel::update(graduates::table.find(after.id))
        .set((
            graduates::department_id.eq(after.department_id),
            graduates::class_year.eq(after.class_year),
            graduates::student_number.eq(&after.student_number),
            graduates::name.eq(&after.name),
            graduates::gender.eq(after.gender),
            graduates::id_card_number.eq(&after.id_card_number),
            graduates::degree_level.eq(&after.degree_level),
            graduates::major.eq(&after.major),
            graduates::training_mode.eq(&after.training_mode),
            graduates::origin_region.eq(&after.origin_region),
            graduates::online_signing_allowed.eq(after.online_signing_allowed),
            graduates::confirmed_at.eq(after.confirmed_at),
            graduates::version.eq(after.version),
        ))
        .execute(conn)
        .await
        .map_err(taken)?;
    Ok(after)
}

/// A number that another graduate bears.
fn taken(error: DieselError) -> StepError {
    if let DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) = &error {
        let field = match info.constraint_name() {
            Some("graduates_id_card_number_key") => Some(Field::IdCardNumber),
            Some("graduates_school_id_student_number_key") => Some(Field::StudentNumber),
            _ => None,
        };
        if let Some(field) = field {
            return StepError::Invalid(vec![FieldError {
                field: input_name(field),
                message: format!("{}已属于另一名毕业生", field.heading()),
            }]);
        }
    }
    StepError::Database(error)
}
