//! Files of cases: what was handed in with one, shown to whoever sees the case, by short-lived links.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use uuid::Uuid;
use wangqian_schema::{
    files::FileKind,
    model::{Viewer, case_file::CaseFile as Row, review_queue},
};
use wangqian_storage::DownloadName;

use super::document::DownloadLink;
use crate::{
    context::ContextExt,
    id::{self, NodeType},
    loaders::CaseFilesKey,
};

/// The media type of every thumbnail.
const THUMBNAIL: FileKind = FileKind::Jpeg;

/// 办理材料 A file that was handed in with a case: the clean copy that was made of it. Whoever sees the case sees its files.
pub struct CaseFile(pub Row);

/// 办理材料 A file that was handed in with a case: the clean copy that was made of it. Whoever sees the case sees its files.
#[Object]
impl CaseFile {
    /// 全局标识 Global id, for `node`, and to keep the file in a later submission of the same case.
    pub async fn id(&self) -> ID {
        NodeType::CaseFile.id(self.0.id)
    }

    /// 文件名 The file's name on the person's machine.
    async fn file_name(&self) -> &str {
        &self.0.file_name
    }

    /// 文件类型 The media type of what is kept: JPEG or PNG of a WebP.
    async fn content_type(&self) -> &str {
        &self.0.content_type
    }

    /// 文件大小 Its size in bytes.
    async fn byte_size(&self) -> i32 {
        self.0.byte_size
    }

    /// 文件摘要 SHA-256 of its bytes, in hexadecimal.
    async fn sha256(&self) -> String {
        self.0.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// 宽度 In pixels; null of a PDF.
    async fn width(&self) -> Option<i32> {
        self.0.width
    }

    /// 高度 In pixels; null of a PDF.
    async fn height(&self) -> Option<i32> {
        self.0.height
    }

    /// 页数 Number of pages; null of a picture.
    async fn pages(&self) -> Option<i32> {
        self.0.pages
    }

    /// 提交序号 The number, in the case's history, of the step that handed it in: files of one submission have the same.
    async fn submission(&self) -> i32 {
        self.0.sequence
    }

    /// 上传时间 When it was first handed in with the case.
    async fn uploaded_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// 下载链接 A fresh link to it, valid for a few minutes. It is offered for saving and never opened in place; a page shows a
    /// picture by it all the same.
    async fn download_link(&self, ctx: &Context<'_>) -> async_graphql::Result<DownloadLink> {
        let kind = FileKind::of_content_type(&self.0.content_type);
        let row = &self.0;
        link(ctx, &row.file_name, &row.object_key, &row.content_type, kind).await
    }

    /// 缩略图链接 A fresh link to a small JPEG of it, valid for a few minutes; null of a PDF.
    async fn thumbnail_link(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<DownloadLink>> {
        thumbnail_link(ctx, &self.0.file_name, self.0.thumbnail_key.as_deref()).await
    }
}

/// A link to a thumbnail, where there is one.
///
/// # Errors
/// A top-level error when the link cannot be made.
pub(super) async fn thumbnail_link(
    ctx: &Context<'_>,
    file_name: &str,
    key: Option<&str>,
) -> async_graphql::Result<Option<DownloadLink>> {
    let Some(key) = key else { return Ok(None) };
    let content_type = THUMBNAIL.content_type();
    let link = link(ctx, file_name, key, content_type, Some(THUMBNAIL));
    Ok(Some(link.await?))
}

async fn link(
    ctx: &Context<'_>,
    file_name: &str,
    key: &str,
    content_type: &str,
    kind: Option<FileKind>,
) -> async_graphql::Result<DownloadLink> {
    let extension = kind.map_or("bin", FileKind::extension);
    let offered = DownloadName {
        name: &offered_name(file_name, extension),
        ascii: &format!("file.{extension}"),
    };
    DownloadLink::to(ctx.app(), key, offered, content_type).await
}

/// The name under which a file is offered: it ends as what the file is, whatever the person called it, so that nothing opens it
/// as something else.
fn offered_name(file_name: &str, extension: &str) -> String {
    let end = file_name
        .rsplit_once('.')
        .map(|(stem, end)| (stem, end.to_lowercase()));
    let is_known = |end: &str| end == "jpeg" || FileKind::ALL.iter().any(|kind| kind.extension() == end);
    match end {
        Some((stem, end)) if !stem.is_empty() && is_known(&end) => format!("{stem}.{extension}"),
        _ => format!("{file_name}.{extension}"),
    }
}

/// The files of a case that the viewer sees, of one submission or the newest one. Of all cases of a list in one statement.
///
/// # Errors
/// A top-level error of the database's.
pub async fn files_of(
    ctx: &Context<'_>,
    case_id: Uuid,
    submission: Option<i32>,
) -> async_graphql::Result<Vec<CaseFile>> {
    let files = ctx.load(CaseFilesKey { case_id, submission }).await?;
    Ok(files.unwrap_or_default().into_iter().map(CaseFile).collect())
}

/// What the ids of an input's `files` mean to `case_file::attach`: uploads, and files of the case. One that means neither is the nil
/// id, which is nobody's, so that it is refused like any other that is not there.
pub fn attachable(ids: &[ID]) -> Vec<Uuid> {
    let meant = |id: &ID| match id::decode(id) {
        Some((NodeType::Upload | NodeType::CaseFile, uuid)) => uuid,
        _ => Uuid::nil(),
    };
    ids.iter().map(meant).collect()
}

/// Whether the viewer sees the case of a file: only cases that reviewers decide take files.
///
/// # Errors
/// The database's.
pub(super) async fn sees(
    conn: &mut wangqian_schema::db::Connection,
    viewer: &Viewer,
    file: &Row,
) -> diesel::QueryResult<bool> {
    let case = review_queue::find(conn, viewer, file.case_kind, file.case_id).await?;
    Ok(case.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_offered_as_what_it_is() {
        for (name, extension, offered) in [
            ("盖章件.JPG", "jpg", "盖章件.jpg"),
            ("a.jpeg", "jpg", "a.jpg"),
            ("a.webp", "png", "a.png"),
            ("a.pdf", "jpg", "a.jpg"),
            ("a.html", "pdf", "a.html.pdf"),
            ("a", "pdf", "a.pdf"),
            (".pdf", "pdf", ".pdf.pdf"),
        ] {
            assert_eq!(offered_name(name, extension), offered);
        }
    }
}
