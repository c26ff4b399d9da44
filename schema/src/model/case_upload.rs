//! Uploads of files for cases: who announced one, how far its check is, and why it was refused. What becomes of one that was
//! attached stands in `case_file`; how long the bytes are kept, in `upload`.

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Bool, Nullable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::upload::{self, UploadPurpose};
use crate::{tables::uploads, text_enum::text_enum};

/// Most files of an account that are announced and not attached to anything.
pub const MAX_OPEN: i64 = 30;
/// Most characters of a file's name.
pub const MAX_FILE_NAME: usize = 100;

/// Whose an upload is; nobody else sees or uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadOwner {
    /// Of an account.
    Account(Uuid),
    /// Of whoever has the secret link of this agreement.
    Link {
        /// The agreement.
        agreement_id: Uuid,
    },
}

impl UploadOwner {
    /// The account, if it is one.
    pub const fn account_id(&self) -> Option<Uuid> {
        match self {
            Self::Account(id) => Some(*id),
            Self::Link { .. } => None,
        }
    }

    const fn agreement_id(&self) -> Option<Uuid> {
        match self {
            Self::Account(_) => None,
            Self::Link { agreement_id } => Some(*agreement_id),
        }
    }
}

text_enum! {
    /// How far an upload is.
    pub enum UploadState {
        /// 待上传 Its bytes may be put.
        Announced = "ANNOUNCED",
        /// 检查中 They are there, and are looked at.
        Checking = "CHECKING",
        /// 可使用 They are what they were said to be: a clean copy is there to be attached.
        Ready = "READY",
        /// 未通过 It cannot be used; the refusal says why.
        Refused = "REFUSED",
    }
}

text_enum! {
    /// Why an upload cannot be used. Final: whoever wants the file to count uploads another one.
    pub enum UploadRefusal {
        /// 文件缺失 The bytes are not there any more.
        FileMissing = "FILE_MISSING",
        /// 大小不符 There are more or fewer than announced.
        WrongSize = "WRONG_SIZE",
        /// 文件被替换 Others were put while they were looked at.
        FileChanged = "FILE_CHANGED",
        /// 空文件 There are none.
        Empty = "EMPTY",
        /// 文件过大 It has more bytes than are taken.
        TooLarge = "TOO_LARGE",
        /// 类型不符 It is of another kind than announced, or of none that is taken.
        WrongType = "WRONG_TYPE",
        /// 文件不完整 It ends before its end.
        Truncated = "TRUNCATED",
        /// 图片无法读取 It is no picture that can be decoded.
        UnreadablePicture = "UNREADABLE_PICTURE",
        /// 像素过多 The picture is larger than may be decoded.
        TooManyPixels = "TOO_MANY_PIXELS",
        /// 动态图片 The picture moves.
        Animated = "ANIMATED",
        /// 文档无法读取 It is no PDF that can be read.
        UnreadablePdf = "UNREADABLE_PDF",
        /// 检查用时过长 Looking at it takes more than any honest file does.
        TooComplex = "TOO_COMPLEX",
        /// 文档已加密 The PDF is encrypted.
        EncryptedPdf = "ENCRYPTED_PDF",
        /// 含活动内容 The PDF does or carries something beyond its pages.
        ActivePdf = "ACTIVE_PDF",
        /// 多重格式 It is something else as well: an archive, a page of the web.
        AlsoAnArchive = "ALSO_AN_ARCHIVE",
        /// 没有页面 The PDF has no page.
        NoPages = "NO_PAGES",
        /// 页数过多 The PDF has too many.
        TooManyPages = "TOO_MANY_PAGES",
        /// 检查中断 Looking at it broke off again and again.
        GivenUp = "GIVEN_UP",
        /// 已过期 It was not used in time.
        Expired = "EXPIRED",
    }
}

impl UploadRefusal {
    /// What the person is told: what is wrong, and what to do.
    pub const fn message_zh(self) -> &'static str {
        match self {
            Self::FileMissing => "没有找到已上传的文件，请重新上传",
            Self::WrongSize => "文件大小与上传前不符，请重新上传",
            Self::FileChanged => "文件在检查过程中被替换，请重新上传",
            Self::Empty => "文件是空的，请重新选择文件",
            Self::TooLarge => "文件超过 10 MB，请压缩后重新上传",
            Self::WrongType => "文件内容与类型不符，请上传 JPEG、PNG、WebP 图片或 PDF 文件",
            Self::Truncated => "文件不完整，可能上传时中断，请重新上传",
            Self::UnreadablePicture => "图片无法读取，可能已损坏，请重新拍照或另存后上传",
            Self::TooManyPixels => "图片尺寸过大，请缩小后重新上传",
            Self::Animated => "不能使用动态图片，请上传静态图片",
            Self::UnreadablePdf => "PDF 文件无法读取，可能已损坏，请重新导出后上传",
            Self::TooComplex => "文件过于复杂，无法检查，请重新导出或拍照后上传",
            Self::EncryptedPdf => "PDF 文件设有密码或已加密，请解除后重新上传",
            Self::ActivePdf => "PDF 文件含有脚本、附件等活动内容，请打印为 PDF 后重新上传",
            Self::AlsoAnArchive => "PDF 文件中夹带其他文件，请打印为 PDF 后重新上传",
            Self::NoPages => "PDF 文件没有页面，请重新导出后上传",
            Self::TooManyPages => "PDF 文件页数过多，请只保留需要的页面",
            Self::GivenUp => "文件检查多次中断，请重新上传",
            Self::Expired => "文件未及时使用，已过期，请重新上传",
        }
    }
}

/// A file for a case that may be put, and may have been.
#[derive(Queryable, Selectable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = uploads)]
pub struct CaseUpload {
    /// Its id.
    pub id: Uuid,
    /// Its media type, as announced.
    pub content_type: String,
    /// Its size in bytes, as announced.
    pub byte_size: i32,
    /// When it was announced.
    pub created_at: DateTime<Utc>,
    /// Until when it may be used.
    pub expires_at: DateTime<Utc>,
    /// Its name on the person's machine.
    #[diesel(select_expression = uploads::file_name.assume_not_null())]
    pub file_name: String,
    /// How far it is.
    #[diesel(select_expression = uploads::state.assume_not_null())]
    pub state: UploadState,
    /// Why it cannot be used.
    pub refusal: Option<UploadRefusal>,
    /// When it was attached to a case.
    pub attached_at: Option<DateTime<Utc>>,
    sha256: Option<Vec<u8>>,
    clean_key: Option<String>,
    clean_content_type: Option<String>,
    clean_byte_size: Option<i32>,
    clean_sha256: Option<Vec<u8>>,
    thumbnail_key: Option<String>,
    width: Option<i32>,
    height: Option<i32>,
    pages: Option<i32>,
}

/// What is kept of an upload that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanCopy {
    /// SHA-256 of what was put by the link.
    pub original_sha256: Vec<u8>,
    /// Where the clean copy is: no link reaches it.
    pub object_key: String,
    /// Its media type.
    pub content_type: String,
    /// Its size in bytes.
    pub byte_size: i32,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
    /// Where its thumbnail is, a JPEG; of pictures.
    pub thumbnail_key: Option<String>,
    /// Width in pixels, of pictures.
    pub width: Option<i32>,
    /// Height in pixels, of pictures.
    pub height: Option<i32>,
    /// Number of pages, of PDFs.
    pub pages: Option<i32>,
}

impl CaseUpload {
    /// Where the file is put.
    pub fn object_key(&self) -> String {
        upload::object_key(self.id)
    }

    /// What may be attached and shown of it; none before it is ready, and none of one that was refused.
    pub fn clean_copy(&self) -> Option<CleanCopy> {
        if self.state != UploadState::Ready {
            return None;
        }
        Some(CleanCopy {
            original_sha256: self.sha256.clone()?,
            object_key: self.clean_key.clone()?,
            content_type: self.clean_content_type.clone()?,
            byte_size: self.clean_byte_size?,
            sha256: self.clean_sha256.clone()?,
            thumbnail_key: self.thumbnail_key.clone(),
            width: self.width,
            height: self.height,
            pages: self.pages,
        })
    }
}

/// Where the clean copy of an upload is kept: by its content, so that no other one takes its place.
pub fn clean_key(id: Uuid, sha256: &[u8]) -> String {
    format!("files/{}/{}", id.simple(), hex::encode(sha256))
}

/// Where the thumbnail of an upload is kept.
pub fn thumbnail_key(id: Uuid) -> String {
    format!("files/{}/thumbnail", id.simple())
}

#[derive(Insertable)]
#[diesel(table_name = uploads)]
struct NewCaseUpload<'a> {
    id: Uuid,
    purpose: UploadPurpose,
    content_type: &'a str,
    byte_size: i32,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    account_id: Option<Uuid>,
    agreement_id: Option<Uuid>,
    file_name: &'a str,
    state: UploadState,
}

/// Takes down that somebody may put a file.
///
/// # Errors
/// The database's.
pub async fn announce(
    conn: &mut AsyncPgConnection,
    owner: &UploadOwner,
    file_name: &str,
    content_type: &str,
    byte_size: i32,
    now: DateTime<Utc>,
) -> QueryResult<CaseUpload> {
    let new = NewCaseUpload {
        id: Uuid::now_v7(),
        purpose: UploadPurpose::CaseFile,
        content_type,
        byte_size,
        created_at: now,
        expires_at: now + upload::LIFETIME,
        account_id: owner.account_id(),
        agreement_id: owner.agreement_id(),
        file_name,
        state: UploadState::Announced,
    };
    diesel::insert_into(uploads::table)
        .values(&new)
        .returning(CaseUpload::as_returning())
        .get_result(conn)
        .await
}

type Owned = Box<dyn BoxableExpression<uploads::table, Pg, SqlType = Nullable<Bool>>>;

/// Which uploads are somebody's: the one place that says who sees one.
fn owned_by(owner: &UploadOwner) -> Owned {
    match *owner {
        UploadOwner::Account(id) => Box::new(uploads::account_id.eq(id)),
        UploadOwner::Link { agreement_id } => Box::new(uploads::agreement_id.eq(agreement_id)),
    }
}

/// How many uploads of somebody may still be used and are not attached.
///
/// # Errors
/// The database's.
pub async fn count_open(
    conn: &mut AsyncPgConnection,
    owner: &UploadOwner,
    now: DateTime<Utc>,
) -> QueryResult<i64> {
    uploads::table
        .filter(owned_by(owner))
        .filter(uploads::attached_at.is_null())
        .filter(uploads::state.ne(UploadState::Refused))
        .filter(uploads::expires_at.gt(now))
        .count()
        .get_result(conn)
        .await
}

/// An upload of somebody's, as long as its row is kept.
///
/// # Errors
/// The database's.
pub async fn find(
    conn: &mut AsyncPgConnection,
    owner: &UploadOwner,
    id: Uuid,
) -> QueryResult<Option<CaseUpload>> {
    uploads::table
        .filter(uploads::id.eq(id))
        .filter(owned_by(owner))
        .select(CaseUpload::as_select())
        .first(conn)
        .await
        .optional()
}

/// Locks those of these uploads that are somebody's and gives them. In the order of their ids, so that nobody waits for whoever
/// waits for him.
///
/// # Errors
/// The database's.
pub async fn lock(
    conn: &mut AsyncPgConnection,
    owner: &UploadOwner,
    ids: &[Uuid],
) -> QueryResult<Vec<CaseUpload>> {
    uploads::table
        .filter(uploads::id.eq_any(ids))
        .filter(owned_by(owner))
        .order(uploads::id)
        .for_update()
        .select(CaseUpload::as_select())
        .load(conn)
        .await
}

/// Notes that the bytes of a locked upload are there: its check is owed from now on.
///
/// # Errors
/// The database's.
pub async fn hand_in(conn: &mut AsyncPgConnection, id: Uuid, now: DateTime<Utc>) -> QueryResult<CaseUpload> {
    diesel::update(uploads::table.find(id))
        .set((
            uploads::state.eq(UploadState::Checking),
            uploads::handed_in_at.eq(now),
        ))
        .returning(CaseUpload::as_returning())
        .get_result(conn)
        .await
}

/// Notes of locked uploads that they are attached.
///
/// # Errors
/// The database's.
pub async fn mark_attached(
    conn: &mut AsyncPgConnection,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(uploads::table.filter(uploads::id.eq_any(ids)))
        .set(uploads::attached_at.eq(now))
        .execute(conn)
        .await?;
    Ok(())
}

/// An upload for a case: for the job that looks at it.
///
/// # Errors
/// The database's.
pub async fn load(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<CaseUpload>> {
    uploads::table
        .find(id)
        .filter(uploads::purpose.eq(UploadPurpose::CaseFile))
        .select(CaseUpload::as_select())
        .first(conn)
        .await
        .optional()
}

/// Notes what will be stored of an upload, before it is. `false` when it is not being looked at any more, and when something else
/// was noted: the link has put another file since.
///
/// # Errors
/// The database's.
pub async fn note_copy(conn: &mut AsyncPgConnection, id: Uuid, copy: &CleanCopy) -> QueryResult<bool> {
    let original = uploads::sha256.eq(&copy.original_sha256);
    let same = original.and(uploads::clean_sha256.eq(&copy.sha256));
    let noted = diesel::update(uploads::table.find(id))
        .filter(uploads::state.eq(UploadState::Checking))
        .filter(uploads::clean_key.is_null().or(same.assume_not_null()))
        .set((
            uploads::sha256.eq(&copy.original_sha256),
            uploads::clean_key.eq(&copy.object_key),
            uploads::clean_content_type.eq(&copy.content_type),
            uploads::clean_byte_size.eq(copy.byte_size),
            uploads::clean_sha256.eq(&copy.sha256),
            uploads::thumbnail_key.eq(&copy.thumbnail_key),
            uploads::width.eq(copy.width),
            uploads::height.eq(copy.height),
            uploads::pages.eq(copy.pages),
        ))
        .execute(conn)
        .await?;
    Ok(noted == 1)
}

/// Notes that the copy that was noted is stored: the upload may be attached. `false` when it is not being looked at any more.
///
/// # Errors
/// The database's.
pub async fn pass(conn: &mut AsyncPgConnection, id: Uuid, copy: &CleanCopy) -> QueryResult<bool> {
    let passed = diesel::update(uploads::table.find(id))
        .filter(uploads::state.eq(UploadState::Checking))
        .filter(uploads::clean_key.eq(&copy.object_key))
        .set(uploads::state.eq(UploadState::Ready))
        .execute(conn)
        .await?;
    Ok(passed == 1)
}

/// Notes that an upload cannot be used. One that is not being looked at any more is left as it is.
///
/// # Errors
/// The database's.
pub async fn refuse(conn: &mut AsyncPgConnection, id: Uuid, refusal: UploadRefusal) -> QueryResult<bool> {
    let refused = diesel::update(uploads::table.find(id))
        .filter(uploads::state.eq(UploadState::Checking))
        .set((
            uploads::state.eq(UploadState::Refused),
            uploads::refusal.eq(refusal),
        ))
        .execute(conn)
        .await?;
    Ok(refused == 1)
}

/// Gives up what came through the link of an agreement and was attached to nothing: the link is good for nothing any more, and what
/// its holder has announced must not stand in the way of the next one's.
///
/// # Errors
/// The database's.
pub(super) async fn give_up_linked(conn: &mut AsyncPgConnection, agreement_id: Uuid) -> QueryResult<()> {
    diesel::update(uploads::table)
        .filter(uploads::agreement_id.eq(agreement_id))
        .filter(uploads::attached_at.is_null())
        .filter(uploads::state.eq_any([UploadState::Announced, UploadState::Ready]))
        .set((
            uploads::state.eq(UploadState::Refused),
            uploads::refusal.eq(UploadRefusal::Expired),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives up those of these uploads for cases whose time has passed by and that nobody has attached: from now on nobody can. Whoever
/// attaches one at the same moment comes before this or after it, by the lock of its row.
///
/// # Errors
/// The database's.
pub(super) async fn give_up(
    conn: &mut AsyncPgConnection,
    ids: &[Uuid],
    over_since: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(uploads::table)
        .filter(uploads::id.eq_any(ids))
        .filter(uploads::expires_at.le(over_since))
        .filter(uploads::attached_at.is_null())
        .filter(uploads::state.eq_any([UploadState::Announced, UploadState::Ready]))
        .set((
            uploads::state.eq(UploadState::Refused),
            uploads::refusal.eq(UploadRefusal::Expired),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
