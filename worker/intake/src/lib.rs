//! What a file that somebody handed in really is, and the clean copy of it that is kept; where files come from and
//! where copies go is the caller's business, and so is a virus scanner. Pure: no I/O, no clock, nothing of our other crates.
//!
//! - A picture is decoded whole, turned upright and encoded anew: no metadata (place, camera, comments), colour profile,
//!   trailing bytes or second meaning of the file survives.
//! - A PDF is kept byte for byte, since seals and signatures hold for bytes, and therefore is checked the harder: not
//!   encrypted, nothing in it that acts, nothing else behind or between its parts, at least one page and at most [`MAX_PAGES`].
//! - The hostile file is the ordinary case. Memory and time are bounded by the constants here; a panic inside a decoder
//!   is caught and refuses the file, which takes a build that unwinds (`panic = "unwind"`).
//!
//! [`inspect`] takes a second and 50 MB for what a phone photographs, some ten seconds and 600 MB for the largest picture
//! that is taken, and half a second and 100 MB for the worst PDF: call it where blocking is allowed, a few at a time.

mod kind;
mod pdf;
mod picture;
mod refused;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use kind::Kind;
pub use refused::Refused;

/// How many bytes a file may have, and the clean copy as well: 10 MiB.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
/// How many pixels a picture may be wide or high.
pub const MAX_EDGE: u32 = 12_000;
/// How many pixels a picture may have in all: what the best cameras of phones give.
pub const MAX_PIXELS: u64 = 52_000_000;
/// How many bytes a picture may take once decoded: [`MAX_PIXELS`] with four channels of eight bits.
pub const MAX_DECODED_BYTES: u64 = 4 * MAX_PIXELS;
/// How many pages a PDF may have.
pub const MAX_PAGES: u32 = 50;
/// The longest edge of a thumbnail, in pixels.
pub const THUMBNAIL_EDGE: u32 = 320;

/// A file that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intake {
    /// What the clean copy is, which may differ from what was handed in: of a WebP a JPEG is kept, or a PNG if any of it
    /// is transparent; of a PNG that would be larger than [`MAX_BYTES`] a JPEG, on white.
    pub kind: Kind,
    /// The clean copy, of at most [`MAX_BYTES`].
    pub bytes: Vec<u8>,
    /// A JPEG whose longest edge has at most [`THUMBNAIL_EDGE`] pixels, on white. None of a PDF.
    pub thumbnail: Option<Vec<u8>>,
    /// The clean picture's width and height in pixels, upright. None of a PDF.
    pub dimensions: Option<(u32, u32)>,
    /// How many pages a PDF has. None of a picture.
    pub pages: Option<u32>,
}

/// Says what a file really is and makes its clean copy.
///
/// # Errors
/// If the file is not what it was announced as, is damaged, or is one that nobody should be made to open.
pub fn inspect(bytes: &[u8], announced: Kind) -> Result<Intake, Refused> {
    inspect_up_to(bytes, announced, MAX_PIXELS)
}

/// As [`inspect`], of pictures with at most so many pixels, and never more than [`MAX_PIXELS`]: time and memory that a picture takes
/// grow with them.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_up_to(bytes: &[u8], announced: Kind, max_pixels: u64) -> Result<Intake, Refused> {
    if bytes.is_empty() {
        return Err(Refused::Empty);
    }
    if bytes.len() > MAX_BYTES {
        return Err(Refused::TooLarge { bytes: bytes.len() });
    }
    let found = Kind::of_bytes(bytes);
    if found != Some(announced) {
        return Err(Refused::WrongType { announced, found });
    }
    // Nothing outlives the panic but the bytes, which are only read.
    catch_unwind(AssertUnwindSafe(|| match announced {
        Kind::Pdf => pdf::check(bytes).map(|pages| Intake {
            kind: Kind::Pdf,
            bytes: bytes.to_vec(),
            thumbnail: None,
            dimensions: None,
            pages: Some(pages),
        }),
        Kind::Jpeg | Kind::Png | Kind::WebP => picture::clean(bytes, announced, max_pixels.min(MAX_PIXELS)),
    }))
    .unwrap_or_else(|_| {
        Err(match announced {
            Kind::Pdf => Refused::UndecodablePdf("the reader gave up"),
            _ => Refused::UndecodablePicture("the decoder gave up".to_owned()),
        })
    })
}
