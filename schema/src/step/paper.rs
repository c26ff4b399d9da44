//! What an approval brings: the agreement's number, and its paper as it is at that moment: the signed one of an agreement that was
//! signed online, the one to be printed and stamped of an offline one; and the new paper that an amendment brings. The drawing is the
//! worker's.

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::{StepError, first};
use crate::{
    Platform,
    clock::shanghai_date,
    codes::{CodeList, region_name},
    jobs,
    model::{
        agreement::{self, Agreement},
        document::{self, Amended, Paper, PaperEmployer, PaperGraduate, PaperSchool, PaperTerms},
        graduate::{self, Gender, Graduate},
        school,
    },
    workflow::{
        Refusal,
        agreement::{AgreementChannel, AgreementStatus},
    },
};

/// Whether the last approval calls for a paper. What was signed on paper elsewhere has one.
pub(super) fn is_due(agreement: &Agreement) -> bool {
    match agreement.channel {
        AgreementChannel::Online => agreement.status == AgreementStatus::Signed,
        AgreementChannel::Offline => agreement.status == AgreementStatus::TermsApproved,
        AgreementChannel::Registered => false,
    }
}

/// Gives the number and orders the paper.
pub(super) async fn order(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    agreement: &mut Agreement,
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    let graduate = first(graduate::by_ids(conn, &[agreement.graduate_id]).await?)?;
    // The rules have looked; this is the very row that is printed, and the school may correct it at any moment.
    if graduate.confirmed_at.is_none() {
        return Err(Refusal::ConfirmationPending.into());
    }
    if !graduate.online_signing_allowed {
        return Err(Refusal::OnlineSigningNotAllowed.into());
    }
    let school = first(school::schools_by_ids(conn, &[agreement.school_id]).await?)?;
    let number = agreement::next_number(
        conn,
        school.id,
        &school.code,
        graduate.class_year,
        &graduate.degree_level,
    )
    .await?;
    agreement.agreement_number = Some(number);
    let printed = print(platform, conn, agreement, graduate, now).await?;
    issue(conn, agreement.id, 1, &printed, now).await
}

/// Prints the terms of an amended agreement anew, and notes that the paper of before is superseded. Nothing of an agreement without a
/// paper. The graduate's data are as he has confirmed them; while he has not, as they were printed.
pub(super) async fn renew(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    agreement: &Agreement,
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    let Some(old) = document::supersede(conn, agreement.id, now).await? else {
        return Ok(());
    };
    let graduate = first(graduate::by_ids(conn, &[agreement.graduate_id]).await?)?;
    let confirmed = graduate.confirmed_at.is_some();
    let mut printed = print(platform, conn, agreement, graduate, now).await?;
    if !confirmed {
        let before = old
            .paper()
            .map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
        printed.graduate = before.graduate;
    }
    let version = old.version + 1;
    printed.amended = Some(Amended {
        version,
        on: shanghai_date(now),
    });
    issue(conn, agreement.id, version, &printed, now).await?;
    // The mark across its pages.
    jobs::enqueue(conn, &jobs::RenderDocument { document_id: old.id }, now).await?;
    Ok(())
}

/// Keeps a paper and orders its PDF.
async fn issue(
    conn: &mut AsyncPgConnection,
    agreement_id: Uuid,
    version: i32,
    paper: &Paper,
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    let document_id = Uuid::now_v7();
    document::insert(conn, document_id, agreement_id, version, paper, now).await?;
    jobs::enqueue(conn, &jobs::RenderDocument { document_id }, now).await?;
    Ok(())
}

/// The paper of an agreement that has its number.
async fn print(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    agreement: &Agreement,
    graduate: Graduate,
    now: DateTime<Utc>,
) -> Result<Paper, StepError> {
    let number = agreement.agreement_number.clone().ok_or(StepError::NotFound)?;
    let terms = agreement.terms.clone().ok_or(StepError::NotFound)?;
    let school = first(school::schools_by_ids(conn, &[agreement.school_id]).await?)?;
    let department = first(school::departments_by_ids(conn, &[graduate.department_id]).await?)?;
    // What is signed by hand has blank lines for the dates.
    let online = agreement.channel == AgreementChannel::Online;
    let dated = |moment: Option<DateTime<Utc>>| moment.filter(|_| online).map(shanghai_date);
    let verification_code = document::new_verification_code();
    Ok(Paper {
        layout: 1,
        agreement_number: number,
        verification_url: format!("{}/verify/{verification_code}", platform.public_url),
        verification_code,
        graduate: PaperGraduate {
            name: graduate.name,
            gender: match graduate.gender {
                Gender::Male => "男".to_owned(),
                Gender::Female => "女".to_owned(),
            },
            id_card_number: graduate.id_card_number,
            student_number: graduate.student_number,
            class_year: graduate.class_year,
            degree_level: CodeList::DegreeLevel.name_zh(&graduate.degree_level),
            major: graduate.major,
            training_mode: CodeList::TrainingMode.name_zh(&graduate.training_mode),
            origin_region: region_name(&graduate.origin_region),
            mobile: graduate.contact.mobile,
            email: graduate.contact.email,
        },
        employer: PaperEmployer {
            name: terms.employer_name.clone(),
            credit_code: terms.credit_code.as_str().to_owned(),
            nature: CodeList::EmployerNature.name_zh(&terms.nature),
            industry: CodeList::Industry.name_zh(&terms.industry),
            address: format!("{}{}", region_name(&terms.region), terms.address),
            position_category: CodeList::PositionCategory.name_zh(&terms.position_category),
            position_title: terms.position_title.clone(),
            contact_person: terms.contact_person.clone(),
            contact_phone: terms.contact_phone.clone(),
            contact_mobile: terms.contact_mobile.as_str().to_owned(),
            contact_email: terms.contact_email.as_str().to_owned(),
        },
        school: PaperSchool {
            name: school.name,
            code: school.code,
            department: department.name,
            contact_phone: school.contact_phone,
            address: school.address,
        },
        terms: PaperTerms {
            probation_months: terms.probation_months,
            probation_salary: terms.probation_salary,
            regular_salary: terms.regular_salary,
            liquidated_damages: terms.liquidated_damages,
            report_place: terms.report_place.clone(),
            report_deadline: terms.report_deadline,
            work_place: terms.work_place.clone(),
            household_registration: CodeList::HouseholdRegistration
                .name_zh(terms.household_registration.as_str()),
            supplementary_terms: terms.supplementary_terms.clone(),
        },
        channel: agreement.channel,
        invited_on: dated(agreement.invited_at),
        accepted_on: dated(agreement.accepted_at),
        department_approved_on: dated(agreement.department_approved_at),
        school_approved_on: dated(agreement.school_approved_at),
        signed_on: dated(agreement.signed_at),
        issued_on: (!online).then(|| shanghai_date(now)),
        amended: None,
    })
}
