//! 导出: what the rows of an export say, read batch by batch. Whose they are and how far an export is stands in
//! `model::record_export`; how a table becomes a file is the worker's business.
//!
//! Each batch is read in a transaction of its own and is one snapshot, so a row never says two things that were not true together.
//! Rows of different batches may be some seconds apart: each is as it was at a moment between the beginning and the end. A snapshot
//! over all of them would be held for as long as the whole export takes. Batches go on behind the last id, which never changes, so
//! nothing is there twice, and nothing is left out that was there all the time.

mod cases;
mod graduates;
mod leaving;
mod unit;
pub(crate) mod words;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use crate::{
    clock::in_shanghai,
    mask,
    model::{
        Viewer, graduate,
        graduate::Graduate,
        record_export::{ExportSubject, RecordExport},
        school::{self, Department},
    },
};

/// Rows of one batch.
pub const BATCH_ROWS: i64 = 500;

/// What is read.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// Graduates, or cases.
    pub subject: ExportSubject,
    /// Who sees exactly these records; `visible_to` of each noun says which they are.
    pub reader: Viewer,
    /// 届 of the graduates.
    pub class_year: i16,
    /// Whether numbers and addresses of people are written out.
    pub personal_data: bool,
}

impl From<&RecordExport> for Scope {
    fn from(export: &RecordExport) -> Self {
        Self {
            subject: export.subject,
            reader: export.reader(),
            class_year: export.class_year,
            personal_data: export.personal_data,
        }
    }
}

/// How far the reading has come: which kind of rows, and behind which of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    kind: usize,
    after: Uuid,
}

impl Place {
    /// Behind the last of the rows, or at the next kind when there were no more.
    fn behind(self, last: Option<Uuid>) -> Self {
        match last {
            Some(after) => Self { after, ..self },
            None => Self {
                kind: self.kind + 1,
                after: Uuid::nil(),
            },
        }
    }
}

/// A row: its cells in the order of the headings.
pub type Row = Vec<String>;

impl Scope {
    /// The headings of the columns.
    pub const fn headings(&self) -> &'static [&'static str] {
        match self.subject {
            ExportSubject::Graduates => graduates::HEADINGS,
            ExportSubject::Cases => cases::HEADINGS,
        }
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(&self, conn: &mut AsyncPgConnection) -> QueryResult<i64> {
        match self.subject {
            ExportSubject::Graduates => graduates::count(conn, self).await,
            ExportSubject::Cases => cases::count(conn, self).await,
        }
    }

    /// The next rows, at most [`BATCH_ROWS`], and where to go on; `None` when there are no more.
    ///
    /// # Errors
    /// The database's.
    pub async fn batch(
        &self,
        conn: &mut AsyncPgConnection,
        place: Place,
    ) -> QueryResult<Option<(Vec<Row>, Place)>> {
        conn.build_transaction()
            .read_only()
            .repeatable_read()
            .run(async |conn| match self.subject {
                ExportSubject::Graduates => graduates::batch(conn, self, place).await,
                ExportSubject::Cases => cases::batch(conn, self, place).await,
            })
            .await
    }

    fn id_card_number(&self, number: &str) -> String {
        self.shown(number, mask::id_card_number)
    }

    fn mobile(&self, mobile: &str) -> String {
        self.shown(mobile, mask::mobile)
    }

    /// 电话, mobile or not.
    fn phone(&self, phone: &str) -> String {
        self.shown(phone, mask::phone)
    }

    /// 住址 or what tells of it, of which nothing is shown where it is masked.
    fn address(&self, address: &str) -> String {
        self.shown(address, |_| "****".to_owned())
    }

    fn email(&self, email: &str) -> String {
        self.shown(email, mask::email)
    }

    fn shown(&self, text: &str, mask: fn(&str) -> String) -> String {
        match self.personal_data || text.is_empty() {
            true => text.to_owned(),
            false => mask(text),
        }
    }
}

/// The graduates of a batch and their departments.
struct People {
    graduates: HashMap<Uuid, Graduate>,
    departments: HashMap<Uuid, Department>,
}

impl People {
    async fn of(conn: &mut AsyncPgConnection, graduates: Vec<Graduate>) -> QueryResult<Self> {
        let mut ids: Vec<Uuid> = graduates.iter().map(|graduate| graduate.department_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let departments = school::departments_by_ids(conn, &ids).await?;
        Ok(Self {
            graduates: graduates
                .into_iter()
                .map(|graduate| (graduate.id, graduate))
                .collect(),
            departments: departments
                .into_iter()
                .map(|department| (department.id, department))
                .collect(),
        })
    }

    async fn by_ids(conn: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Self> {
        let graduates = graduate::by_ids(conn, ids).await?;
        Self::of(conn, graduates).await
    }

    /// 院系代码, 院系
    fn department(&self, graduate: &Graduate) -> [String; 2] {
        match self.departments.get(&graduate.department_id) {
            Some(department) => [department.code.clone(), department.name.clone()],
            None => Default::default(),
        }
    }
}

/// A moment in Asia/Shanghai as text: `2027-03-05 18:00:00`.
pub fn moment(moment: DateTime<Utc>) -> String {
    in_shanghai(moment).format("%Y-%m-%d %H:%M:%S").to_string()
}

fn moment_of(of: Option<DateTime<Utc>>) -> String {
    of.map(moment).unwrap_or_default()
}

fn texts<const N: usize>(cells: [&str; N]) -> impl Iterator<Item = String> {
    cells.into_iter().map(str::to_owned)
}
