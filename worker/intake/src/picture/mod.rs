//! Pictures: decoded whole within limits, turned upright, and handed to [`copy`](mod@copy) to be encoded anew.
//!
//! The colour profile is dropped and its numbers are kept: papers are read, not printed in colour, and a parser of
//! profiles would be one more thing to attack. Sixteen bits become eight, CMYK becomes RGB, a palette its colours.

mod copy;
mod structure;

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, metadata::Orientation,
};

use crate::{Intake, Kind, MAX_EDGE, Refused};

/// How many bytes a decoder may take beside the picture: for a row, for a packed colour profile.
const MAX_ASIDE: u64 = 16 * 1024 * 1024;

/// The clean copy of a picture.
pub(crate) fn clean(bytes: &[u8], kind: Kind, max_pixels: u64) -> Result<Intake, Refused> {
    let format = match kind {
        Kind::Jpeg => {
            structure::jpeg(bytes)?;
            ImageFormat::Jpeg
        }
        Kind::Png => {
            structure::png(bytes)?;
            ImageFormat::Png
        }
        Kind::WebP => {
            structure::webp(bytes)?;
            ImageFormat::WebP
        }
        Kind::Pdf => {
            return Err(Refused::UndecodablePicture("a PDF is no picture".to_owned()));
        }
    };
    let picture = decode(bytes, format, max_pixels).map_err(refused)??;
    copy::of(picture, kind)
}

fn decode(
    bytes: &[u8],
    format: ImageFormat,
    max_pixels: u64,
) -> Result<Result<DynamicImage, Refused>, ImageError> {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_EDGE);
    limits.max_image_height = Some(MAX_EDGE);
    limits.max_alloc = Some(MAX_ASIDE);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;

    // The decoders heed max_alloc for what is theirs, not for the picture itself.
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > max_pixels || decoder.total_bytes() > 4 * max_pixels {
        return Ok(Err(Refused::TooManyPixels));
    }
    // Metadata that can't be read turns nothing.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = in_eight_bits(DynamicImage::from_decoder(decoder)?);
    picture.apply_orientation(orientation);
    Ok(Ok(picture))
}

/// The picture in the smallest of the four forms that shows the same: grey or colour, with or without transparency.
fn in_eight_bits(picture: DynamicImage) -> DynamicImage {
    let color = picture.color();
    let picture = match (color.has_color(), color.has_alpha()) {
        (false, false) => picture.into_luma8().into(),
        (false, true) => picture.into_luma_alpha8().into(),
        (true, false) => picture.into_rgb8().into(),
        (true, true) => picture.into_rgba8().into(),
    };
    match picture {
        DynamicImage::ImageLumaA8(pixels) if pixels.pixels().all(|pixel| pixel.0[1] == u8::MAX) => {
            DynamicImage::from(pixels).into_luma8().into()
        }
        DynamicImage::ImageRgba8(pixels) if pixels.pixels().all(|pixel| pixel.0[3] == u8::MAX) => {
            DynamicImage::from(pixels).into_rgb8().into()
        }
        // What nobody sees is not kept either.
        DynamicImage::ImageLumaA8(mut pixels) => {
            for pixel in pixels.pixels_mut().filter(|pixel| pixel.0[1] == 0) {
                pixel.0 = [0; 2];
            }
            pixels.into()
        }
        DynamicImage::ImageRgba8(mut pixels) => {
            for pixel in pixels.pixels_mut().filter(|pixel| pixel.0[3] == 0) {
                pixel.0 = [0; 4];
            }
            pixels.into()
        }
        opaque => opaque,
    }
}

fn refused(error: ImageError) -> Refused {
    match error {
        ImageError::Limits(_) => Refused::TooManyPixels,
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Refused::Truncated,
        error => Refused::UndecodablePicture(error.to_string()),
    }
}
