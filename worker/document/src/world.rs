//! What the typesetter may see: the layout's source, the sheet, the QR code and the fonts. No disk, no network, no clock.

use std::sync::LazyLock;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World};

use crate::fonts::Fonts;

static MAIN: LazyLock<FileId> = LazyLock::new(|| file_id("main.typ"));
static SHEET: LazyLock<FileId> = LazyLock::new(|| file_id("sheet.json"));
static QR_CODE: LazyLock<FileId> = LazyLock::new(|| file_id("qr.svg"));

fn file_id(name: &str) -> FileId {
    #[expect(
        clippy::expect_used,
        reason = "the three names are plain words: they neither escape the root nor hold a backslash"
    )]
    let path = VirtualPath::new(name).expect("a plain file name");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

/// A layout's source, to be parsed once.
pub(crate) fn layout_source(text: &str) -> Source {
    Source::new(*MAIN, text.to_owned())
}

/// The surroundings of one rendering.
pub(crate) struct PaperWorld<'a> {
    pub(crate) library: &'a LazyHash<Library>,
    pub(crate) fonts: &'a Fonts,
    pub(crate) layout: &'a Source,
    /// The file `sheet.json`.
    pub(crate) sheet: Bytes,
    /// The file `qr.svg`.
    pub(crate) qr_code: Option<Bytes>,
}

impl World for PaperWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        *MAIN
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == *MAIN {
            Ok(self.layout.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let file = if id == *SHEET {
            Some(&self.sheet)
        } else if id == *QR_CODE {
            self.qr_code.as_ref()
        } else {
            None
        };
        file.cloned().ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
