//! Steps on the departments of a school. None is taken away: graduates and cases refer to it.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;
use uuid::Uuid;

use super::{Held, changes, claim};
use crate::{
    Platform,
    model::{
        Viewer,
        school::{self, Department, check_department},
    },
    step::{IdempotencyKey, StepError, first, taken},
    tables::departments,
    workflow::school::SchoolAction,
};

/// Adds a department. The same key with the same input gives the same department.
///
/// # Errors
/// [`StepError`]: [`StepError::AlreadyTaken`] of `code` where the school has a department of this code; nothing is written then.
pub async fn add_department(
    platform: &Platform,
    viewer: &Viewer,
    code: &str,
    name: &str,
    key: &IdempotencyKey,
) -> Result<Department, StepError> {
    let action = SchoolAction::AddDepartment;
    let school_id = Held::school(viewer, None, action)?;
    let (code, name) = check_department(code, name).map_err(StepError::Invalid)?;
    let mut conn = platform.pool.get().await?;
    let added = conn
        .transaction(async |conn| {
            let mut held = Held::lock(platform, conn, viewer, school_id).await?;
            let id = Uuid::now_v7();
            if let Some(id) = claim(conn, viewer, key, id, held.doer.now).await? {
                return Ok(first(school::departments_by_ids(conn, &[id]).await?)?);
            }
            let department = Department {
                id,
                school_id,
                code,
                name,
            };
            diesel::insert_into(departments::table)
                .values(&department)
                .execute(conn)
                .await
                .map_err(taken("code"))?;
            let changes = json!({
                "department": id, "code": [null, department.code], "name": [null, department.name],
            });
            held.record(conn, action, &changes).await?;
            Ok::<_, StepError>(department)
        })
        .await?;
    platform.waker.wake();
    Ok(added)
}

/// Gives a department another name or code; without a value they stay. One that changes nothing does nothing.
///
/// # Errors
/// [`StepError`], as [`add_department`]; nothing is written then.
pub async fn rename_department(
    platform: &Platform,
    viewer: &Viewer,
    department_id: Uuid,
    code: Option<&str>,
    name: Option<&str>,
) -> Result<Department, StepError> {
    let action = SchoolAction::RenameDepartment;
    let school_id = Held::school(viewer, None, action)?;
    let mut conn = platform.pool.get().await?;
    let renamed = conn
        .transaction(async |conn| {
            let mut held = Held::lock(platform, conn, viewer, school_id).await?;
            let before = school::department_of(conn, school_id, department_id)
                .await?
                .ok_or(StepError::NotFound)?;
            let (code, name) = check_department(code.unwrap_or(&before.code), name.unwrap_or(&before.name))
                .map_err(StepError::Invalid)?;
            let changed = changes(&[
                ("code", &json!(before.code), &json!(code)),
                ("name", &json!(before.name), &json!(name)),
            ]);
            let Some(mut changes) = changed else {
                return Ok(before);
            };
            changes["department"] = json!(department_id);
            diesel::update(departments::table.find(department_id))
                .set((departments::code.eq(&code), departments::name.eq(&name)))
                .execute(conn)
                .await
                .map_err(taken("code"))?;
            held.record(conn, action, &changes).await?;
            Ok::<_, StepError>(Department { code, name, ..before })
        })
        .await?;
    platform.waker.wake();
    Ok(renamed)
}
