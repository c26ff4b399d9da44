//! The clean copy of a decoded picture, and its thumbnail.

use std::io::{self, Write};

use image::{
    DynamicImage, ImageResult, RgbImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
};

use crate::{Intake, Kind, MAX_BYTES, Refused, THUMBNAIL_EDGE};

/// The qualities that a JPEG is tried in until it fits.
const QUALITIES: [u8; 4] = [90, 75, 55, 35];
const THUMBNAIL_QUALITY: u8 = 80;
/// Up to how many pixels a PNG is packed as well as it can be; beyond, that takes too long.
const PACKED_WELL: u64 = 16_000_000;

/// The clean copy of an upright picture of eight bits that was handed in as some kind.
pub(crate) fn of(picture: DynamicImage, handed_in: Kind) -> Result<Intake, Refused> {
    encode(picture, handed_in)
        .map_err(|error| Refused::UndecodablePicture(format!("can't be encoded anew: {error}")))
}

fn encode(picture: DynamicImage, handed_in: Kind) -> ImageResult<Intake> {
    let thumbnail = thumbnail(&picture)?;
    let intake = |kind, bytes, picture: &DynamicImage| Intake {
        kind,
        bytes,
        thumbnail: Some(thumbnail),
        dimensions: Some((picture.width(), picture.height())),
        pages: None,
    };
    if (handed_in == Kind::Png || picture.has_alpha())
        && let Some(bytes) = png(&picture)?
    {
        return Ok(intake(Kind::Png, bytes, &picture));
    }
    let mut picture = on_white(picture);
    loop {
        for quality in QUALITIES {
            if let Some(bytes) = jpeg(&picture, quality)? {
                return Ok(intake(Kind::Jpeg, bytes, &picture));
            }
        }
        // Noise of tens of millions of pixels, and nothing that a camera gives.
        picture = picture.thumbnail(picture.width() / 2, picture.height() / 2);
    }
}

fn thumbnail(picture: &DynamicImage) -> ImageResult<Vec<u8>> {
    let small = if picture.width().max(picture.height()) > THUMBNAIL_EDGE {
        picture.thumbnail(THUMBNAIL_EDGE, THUMBNAIL_EDGE)
    } else {
        picture.clone()
    };
    Ok(jpeg(&on_white(small), THUMBNAIL_QUALITY)?.unwrap_or_default())
}

/// The picture without transparency.
fn on_white(picture: DynamicImage) -> DynamicImage {
    if !picture.has_alpha() {
        return picture;
    }
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0.map(u32::from);
        image::Rgb([red, green, blue].map(|channel| {
            let mixed = (channel * alpha + 255 * (255 - alpha)) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        }))
    })
    .into()
}

/// None if it would be too large.
fn jpeg(picture: &DynamicImage, quality: u8) -> ImageResult<Option<Vec<u8>>> {
    let mut bytes = Bounded::default();
    let done = picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality));
    bytes.after(done)
}

/// None if it would be too large.
fn png(picture: &DynamicImage) -> ImageResult<Option<Vec<u8>>> {
    let pixels = u64::from(picture.width()) * u64::from(picture.height());
    let packing = match pixels {
        0..=PACKED_WELL => CompressionType::Default,
        _ => CompressionType::Fast,
    };
    let mut bytes = Bounded::default();
    let done = picture.write_with_encoder(PngEncoder::new_with_quality(
        &mut bytes,
        packing,
        FilterType::Adaptive,
    ));
    bytes.after(done)
}

/// Takes [`MAX_BYTES`] and no more, so that an encoder stops early in a copy that would be too large.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    too_many: bool,
}

impl Bounded {
    fn after(self, done: ImageResult<()>) -> ImageResult<Option<Vec<u8>>> {
        if self.too_many {
            return Ok(None);
        }
        done.map(|()| Some(self.bytes))
    }
}

impl Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + more.len() > MAX_BYTES {
            self.too_many = true;
            return Err(io::Error::other("too large"));
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
