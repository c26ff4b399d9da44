//! The kinds of files that people hand in, as they are announced, and the forms of the tables that are handed in and out. What a file
//! really is, an inspection of its bytes says.

use crate::text_enum::text_enum;

/// A kind of file that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// PDF
    Pdf,
    /// PNG
    Png,
    /// JPEG
    Jpeg,
    /// WebP
    WebP,
}

impl FileKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pdf, Self::Png, Self::Jpeg, Self::WebP];
    /// Those in which a business licence is taken.
    pub const OF_LICENCES: [Self; 3] = [Self::Pdf, Self::Png, Self::Jpeg];

    /// The kind of a media type.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.content_type() == content_type)
    }

    /// Its media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
        }
    }

    /// The end of its files' names.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::WebP => "webp",
        }
    }
}

text_enum! {
    /// The form of a table: a roster that is handed in, or an export.
    pub enum TableFormat {
        /// 工作簿 Excel workbook.
        Xlsx = "XLSX",
        /// 逗号分隔文件 Comma-separated values.
        Csv = "CSV",
    }
}

impl TableFormat {
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv",
        }
    }

    /// The end of its files' names.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_by_its_media_type() {
        for kind in FileKind::ALL {
            assert_eq!(FileKind::of_content_type(kind.content_type()), Some(kind));
        }
        assert_eq!(FileKind::of_content_type("image/svg+xml"), None);
    }
}
