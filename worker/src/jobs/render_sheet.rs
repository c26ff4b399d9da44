//! Renders the paper kept in `destination_sheets` to a PDF and stores it: idempotent, and of a sheet that is ready the same as of a
//! document that is.

use apalis::prelude::Data;
use wangqian_document::{DestinationSheet, SheetSection, Verification};
use wangqian_schema::{
    jobs::RenderSheet,
    model::destination_sheet::{self, SheetPaper},
    step::{self, Actor, LeavingStep},
};

use wangqian_storage::Found;

use super::{
    RenderParts, failed,
    render_document::{hex, look, press, put_again, stored, unknown_form},
};
use crate::JobError;

/// The handler of the queue `render_sheet`.
pub(crate) async fn render_sheet(job: RenderSheet, parts: Data<RenderParts>) -> Result<(), JobError> {
    let mut conn = parts.platform.pool.get().await?;
    let sheet = destination_sheet::find(&mut conn, job.sheet_id)
        .await?
        .ok_or_else(|| JobError::park("there is no such sheet"))?;
    drop(conn);
    let kept = match sheet.stored() {
        Some(kept) => Some((look(&kept, &parts).await?, kept)),
        None => None,
    };
    if matches!(kept, Some((Found::Whole, _))) {
        return Ok(());
    }
    let paper = drawn(sheet.paper().map_err(|_| unknown_form())?);
    let made = press(&parts, move |renderer| renderer.render_sheet(&paper)).await?;
    if let Some((found, kept)) = &kept {
        put_again(kept, *found, &made, &parts).await?;
        tracing::warn!(sheet = %sheet.id, %found, "a lost PDF was made again");
        return Ok(());
    }
    let (pdf, sha256) = made;
    let object_key = format!("sheets/{}/{}.pdf", sheet.id, hex(&sha256));
    let stored = stored(object_key, &pdf, sha256, &parts).await?;
    let step = LeavingStep::StoreSheet(sheet.id, stored);
    step::take_leaving(&parts.platform, Actor::Worker, sheet.confirmation_id, step, None)
        .await
        .map_err(failed)?;
    Ok(())
}

/// The sheet as the typesetter wants it.
fn drawn(paper: SheetPaper) -> DestinationSheet {
    DestinationSheet {
        layout: paper.layout,
        transfer_number: paper.transfer_number,
        school_name: paper.school_name,
        class_year: u16::try_from(paper.class_year).unwrap_or_default(),
        confirmed_on: paper.confirmed_on,
        sections: paper
            .sections
            .into_iter()
            .map(|section| SheetSection {
                heading: section.heading,
                lines: section
                    .lines
                    .into_iter()
                    .map(|line| (line.label, line.value))
                    .collect(),
            })
            .collect(),
        verification: Verification {
            code: paper.verification_number,
            url: paper.verification_url,
        },
    }
}
