//! Why a paper could not be made; nothing here repeats what a field says, apart from the one character that is missing.

use std::path::PathBuf;

/// Why a paper could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// No loaded font can draw a character, or it is one that has no agreed shape (a control character, a private-use
    /// code point, U+FFFD). Remedy: correct the field, or add a font with the character to the extra font folders.
    #[error("no loaded font can draw U+{code_point:04X}, which stands in {field} ({label})")]
    MissingGlyph {
        /// The character.
        character: char,
        /// Its code point, for messages: `U+{code_point:04X}`.
        code_point: u32,
        /// The field of [`AgreementPaper`](crate::AgreementPaper), as a path such as `graduate.name`.
        field: &'static str,
        /// What the field is called on the paper, such as 姓名; the path tells whose.
        label: &'static str,
    },
    /// A field is longer than any form lets it be (100,000 characters): a defect of the caller, not of the person.
    #[error("{field} ({label}) has {length} characters, far beyond what the paper is made for")]
    TooLong {
        /// The field, as in [`DocumentError::MissingGlyph`].
        field: &'static str,
        /// Its name on the paper.
        label: &'static str,
        /// How many characters it has.
        length: usize,
    },
    /// The snapshot asks for a layout that this build does not know.
    #[error("layout {0} is unknown to this build")]
    UnknownLayout(u16),
    /// A font folder or font file cannot be read.
    #[error("cannot read fonts from {path}")]
    Font {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// The embedded font cannot be parsed: the executable is damaged.
    #[error("the embedded font cannot be parsed")]
    EmbeddedFont,
    /// The verification address does not fit into a QR code.
    #[error("the verification address does not fit into a QR code")]
    QrCode(#[from] qrcode::types::QrError),
    /// The sheet could not be handed to the typesetter.
    #[error("the sheet cannot be written as JSON")]
    Sheet(#[from] serde_json::Error),
    /// The typesetter refused: a defect of the layout. The text is its own diagnosis.
    #[error("typesetting failed: {0}")]
    Typst(String),
    /// The typesetter put a box where a character should be although every field passed: a defect of the layout.
    #[error("the finished page {page} would show a box")]
    Box {
        /// The page, from 1.
        page: usize,
    },
}
