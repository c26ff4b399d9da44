//! Why a file was not taken: one variant for each cause, in English for the log and in Chinese for the person.

use crate::{Kind, MAX_BYTES, MAX_EDGE, MAX_PAGES};

/// Why a file was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It has no bytes.
    #[error("the file is empty")]
    Empty,
    /// It has more bytes than are taken.
    #[error("the file has {bytes} bytes, more than {MAX_BYTES}")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// It does not begin as a file of the announced kind does.
    #[error("the file was announced as {announced:?} and begins as {found:?}")]
    WrongType {
        /// What it was said to be.
        announced: Kind,
        /// What it begins as, if that is a kind that is taken.
        found: Option<Kind>,
    },
    /// It ends before its end: most often the upload broke off.
    #[error("the file ends before its end")]
    Truncated,
    /// A picture that no decoder reads. The text is the decoder's own diagnosis.
    #[error("the picture can't be decoded: {0}")]
    UndecodablePicture(String),
    /// A picture wider or higher than [`MAX_EDGE`], with more than [`MAX_PIXELS`](crate::MAX_PIXELS), or one that
    /// takes more than [`MAX_DECODED_BYTES`](crate::MAX_DECODED_BYTES) once decoded.
    #[error("the picture has too many pixels (at most {MAX_EDGE} on an edge)")]
    TooManyPixels,
    /// A picture that moves: an animated WebP or PNG. A paper does not, and who reviews it sees one frame only.
    #[error("the picture is animated")]
    Animated,
    /// A PDF whose structure can't be followed; the text says where.
    #[error("the PDF can't be read: {0}")]
    UndecodablePdf(&'static str),
    /// A PDF that takes more work or memory to check than any honest one.
    #[error("the PDF takes too much to check: {0}")]
    TooComplexPdf(&'static str),
    /// A PDF that is encrypted, be it with an empty password: nobody could vouch for what it holds.
    #[error("the PDF is encrypted")]
    EncryptedPdf,
    /// A PDF that does something, or carries something, beyond its pages; the text names what.
    #[error("the PDF has active content: {0}")]
    ActivePdf(&'static str),
    /// A PDF that is a ZIP archive as well.
    #[error("the PDF is a ZIP archive as well")]
    AlsoAnArchive,
    /// A PDF with bytes of something else in it, a page of the web above all; the text says where.
    #[error("the PDF is something else as well: {0}")]
    ForeignBytes(&'static str),
    /// A PDF in which no page is found.
    #[error("the PDF has no pages")]
    NoPages,
    /// A PDF with more pages than are taken.
    #[error("the PDF has more than {MAX_PAGES} pages")]
    TooManyPages,
}

impl Refused {
    /// What the person who handed the file in is told: what is wrong and what to do.
    pub const fn message_zh(&self) -> &'static str {
        match self {
            Self::Empty => "文件是空的，请重新选择文件。",
            Self::TooLarge { .. } => "文件超过 10 MB，请压缩后重新上传。",
            Self::WrongType { .. } => {
                "文件内容与文件类型不符，请上传真正的 JPG、PNG、WebP 图片或 PDF 文件（仅改后缀名无效）。"
            }
            Self::Truncated => "文件不完整，可能上传时中断，请重新上传。",
            Self::UndecodablePicture(_) => "图片已损坏，无法打开，请重新拍照或导出后上传。",
            Self::TooManyPixels => {
                "图片尺寸过大（边长不超过 12000 像素，总计不超过 5000 万像素），请缩小后重新上传。"
            }
            Self::Animated => "不支持动图，请上传静态图片。",
            Self::UndecodablePdf(_)
            | Self::TooComplexPdf(_)
            | Self::AlsoAnArchive
            | Self::ForeignBytes(_) => "PDF 文件已损坏或结构异常，请重新导出（另存为或打印为 PDF）后上传。",
            Self::EncryptedPdf => "PDF 文件已加密或设有权限密码，请解除加密后重新上传。",
            Self::ActivePdf(_) => {
                "PDF 文件含有脚本、附件、多媒体或自动执行的内容，请打印为普通 PDF 后重新上传。"
            }
            Self::NoPages => "PDF 文件中没有页面，请检查后重新上传。",
            Self::TooManyPages => "PDF 文件超过 50 页，请拆分或只上传需要的页。",
        }
    }
}
