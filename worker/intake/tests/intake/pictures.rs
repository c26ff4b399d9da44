//! Pictures: what comes out is upright, bare and small enough, whatever came in.

use image::{
    DynamicImage, GenericImageView, GrayAlphaImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgba, RgbaImage,
};
use memchr::memmem;
use wangqian_intake::{Intake, Kind, MAX_BYTES, Refused, THUMBNAIL_EDGE, inspect, inspect_up_to};

use crate::made;

fn taken(bytes: &[u8], kind: Kind) -> (Intake, DynamicImage) {
    let intake = inspect(bytes, kind).unwrap();
    assert_eq!(Kind::of_bytes(&intake.bytes), Some(intake.kind));
    assert_eq!(intake.pages, None);
    let picture = image::load_from_memory(&intake.bytes).unwrap();
    assert_eq!(intake.dimensions, Some(picture.dimensions()));
    let thumbnail = intake.thumbnail.as_deref().unwrap();
    let small = image::load_from_memory_with_format(thumbnail, ImageFormat::Jpeg).unwrap();
    assert!(small.width().max(small.height()) <= THUMBNAIL_EDGE);
    (intake, picture)
}

fn is_red(pixel: Rgba<u8>) -> bool {
    let [red, green, blue, _] = pixel.0;
    red > 150 && green < 90 && blue < 90
}

fn is_blue(pixel: Rgba<u8>) -> bool {
    let [red, green, blue, _] = pixel.0;
    blue > 150 && green < 90 && red < 90
}

fn red_left_blue_right(picture: &DynamicImage) {
    let (width, height) = picture.dimensions();
    assert!(is_red(picture.get_pixel(2, height / 2)));
    assert!(is_blue(picture.get_pixel(width - 3, height / 2)));
}

#[test]
fn each_kind_is_taken() {
    for (kind, bytes, kept) in [
        (Kind::Jpeg, made::jpeg(), Kind::Jpeg),
        (Kind::Png, made::png(), Kind::Png),
        (Kind::WebP, made::webp(), Kind::Jpeg),
    ] {
        let (intake, picture) = taken(&bytes, kind);
        assert_eq!(intake.kind, kept);
        assert_eq!(intake.dimensions, Some((40, 30)));
        red_left_blue_right(&picture);
        // The clean copy is clean already.
        let (again, _) = taken(&intake.bytes, kept);
        assert_eq!(again.dimensions, intake.dimensions);
    }
}

#[test]
fn where_it_was_taken_is_gone_and_it_stands_upright() {
    let exif = made::exif(6);
    let segment = [b"Exif\0\0", &exif[..]].concat();
    let jpeg = made::jpeg_with_segment(&made::jpeg(), 0xe1, &segment);
    let png = made::png_with_chunk(&made::png(), &made::chunk(b"eXIf", &exif));
    for (kind, bytes) in [(Kind::Jpeg, jpeg), (Kind::Png, png)] {
        let (intake, picture) = taken(&bytes, kind);
        assert_eq!(intake.dimensions, Some((30, 40)));
        // A quarter turn clockwise: what was left is above.
        assert!(is_red(picture.get_pixel(15, 3)));
        assert!(is_blue(picture.get_pixel(15, 36)));
        for trace in [&b"Exif"[..], b"eXIf", b"GPS", b"MM\0\x2a"] {
            assert_eq!(memmem::find(&intake.bytes, trace), None);
        }
    }
}

#[test]
fn all_eight_orientations() {
    for orientation in 0..=9_u16 {
        let segment = [b"Exif\0\0", &made::exif(orientation)[..]].concat();
        let jpeg = made::jpeg_with_segment(&made::jpeg(), 0xe1, &segment);
        let lies = (5..=8).contains(&orientation);
        let (intake, _) = taken(&jpeg, Kind::Jpeg);
        assert_eq!(intake.dimensions, Some(if lies { (30, 40) } else { (40, 30) }));
    }
}

#[test]
fn damaged_metadata_turns_nothing() {
    for exif in [
        &b"MM\0\x2a"[..],
        b"",
        b"II\x2a\0\xff\xff\xff\xff",
        b"MM\0\x2a\0\0\0\x08\xff\xff",
    ] {
        let segment = [b"Exif\0\0", exif].concat();
        let jpeg = made::jpeg_with_segment(&made::jpeg(), 0xe1, &segment);
        assert_eq!(taken(&jpeg, Kind::Jpeg).0.dimensions, Some((40, 30)));
    }
}

#[test]
fn a_colour_profile_is_dropped() {
    let profile = [b"ICC_PROFILE\0\x01\x01".as_slice(), &[0x5a; 600]].concat();
    let jpeg = made::jpeg_with_segment(&made::jpeg(), 0xe2, &profile);
    let (intake, picture) = taken(&jpeg, Kind::Jpeg);
    assert_eq!(memmem::find(&intake.bytes, b"ICC_PROFILE"), None);
    red_left_blue_right(&picture);
}

#[test]
fn kinds_of_jpeg_that_cameras_do_not_write() {
    for bytes in [
        &include_bytes!("../tiny/cmyk.jpg")[..],
        include_bytes!("../tiny/progressive.jpg"),
    ] {
        let (intake, picture) = taken(bytes, Kind::Jpeg);
        assert_eq!((intake.kind, intake.dimensions), (Kind::Jpeg, Some((24, 16))));
        red_left_blue_right(&picture);
    }
    let grey = made::encoded(&made::picture(40, 30).into_luma8().into(), ImageFormat::Jpeg);
    let (_, picture) = taken(&grey, Kind::Jpeg);
    assert!(!picture.color().has_color());
}

#[test]
fn webp_with_losses_and_without_opaque_and_not() {
    let (intake, picture) = taken(include_bytes!("../tiny/lossy.webp"), Kind::WebP);
    assert_eq!(intake.kind, Kind::Jpeg);
    red_left_blue_right(&picture);

    let (intake, picture) = taken(include_bytes!("../tiny/lossy-alpha.webp"), Kind::WebP);
    assert_eq!(intake.kind, Kind::Png);
    assert!(picture.get_pixel(0, 0).0[3] < 30);
    assert!(is_red(picture.get_pixel(3, 15)));

    let clear = RgbaImage::from_pixel(9, 9, Rgba([9, 9, 9, 99])).into();
    let (intake, _) = taken(&made::encoded(&clear, ImageFormat::WebP), Kind::WebP);
    assert_eq!(intake.kind, Kind::Png);
}

#[test]
fn what_moves_is_refused() {
    for (bytes, kind) in [
        (&include_bytes!("../tiny/animated.webp")[..], Kind::WebP),
        (include_bytes!("../tiny/animated.png"), Kind::Png),
    ] {
        assert_eq!(inspect(bytes, kind), Err(Refused::Animated));
    }
}

#[test]
fn kinds_of_png() {
    let deep = ImageBuffer::from_fn(31, 17, |x, y| {
        Rgba([x * 2000, y * 3000, 65535, 30000 + x * 1000].map(|value| value as u16))
    });
    let deep = DynamicImage::ImageRgba16(deep);
    let grey_deep = DynamicImage::ImageLuma16(ImageBuffer::from_pixel(5, 5, Luma([0x8080])));
    let grey_clear = DynamicImage::ImageLumaA8(GrayAlphaImage::from_pixel(5, 5, LumaA([7, 70])));
    for (picture, channels) in [
        (made::picture(9, 9), 3),
        (made::picture(9, 9).into_rgba8().into(), 3),
        (made::picture(1, 1), 3),
        (deep, 4),
        (grey_deep, 1),
        (grey_clear, 2),
    ] {
        let (intake, kept) = taken(&made::encoded(&picture, ImageFormat::Png), Kind::Png);
        assert_eq!(intake.kind, Kind::Png);
        assert_eq!(kept.dimensions(), picture.dimensions());
        assert_eq!(u32::from(kept.color().bytes_per_pixel()), channels);
    }
}

#[test]
fn fewer_pixels_may_be_taken_and_never_more() {
    let png = made::png();
    assert!(inspect_up_to(&png, Kind::Png, 40 * 30).is_ok());
    let refused = inspect_up_to(&png, Kind::Png, 40 * 30 - 1);
    assert_eq!(refused, Err(Refused::TooManyPixels));
    let large = made::encoded(&made::picture(8000, 7000), ImageFormat::Jpeg);
    assert_eq!(
        inspect_up_to(&large, Kind::Jpeg, u64::MAX),
        Err(Refused::TooManyPixels)
    );
}

#[test]
fn a_png_with_a_palette() {
    let header = b"\0\0\0\x04\0\0\0\x02\x02\x03\0\0\0";
    let png = [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        made::chunk(b"IHDR", header),
        made::chunk(b"PLTE", &[255, 0, 0, 0, 0, 255, 0, 255, 0]),
        made::chunk(b"tRNS", &[255, 0]),
        made::chunk(b"IDAT", &made::zlib(&[0, 0b0001_1000, 0, 0])),
        made::chunk(b"IEND", b""),
    ]
    .concat();
    let (intake, picture) = taken(&png, Kind::Png);
    assert_eq!(intake.dimensions, Some((4, 2)));
    assert_eq!(picture.get_pixel(0, 0).0, [255, 0, 0, 255]);
    // The colour under full transparency is not kept.
    assert_eq!(picture.get_pixel(1, 0).0, [0, 0, 0, 0]);
    assert_eq!(picture.get_pixel(2, 0).0, [0, 255, 0, 255]);
}

#[test]
fn a_thumbnail_keeps_the_shape() {
    for (width, height, small) in [
        (1000, 500, (320, 160)),
        (500, 1000, (160, 320)),
        (320, 320, (320, 320)),
        (12_000, 1, (320, 1)),
        (3, 2, (3, 2)),
    ] {
        let jpeg = made::encoded(&made::picture(width, height), ImageFormat::Jpeg);
        let (intake, _) = taken(&jpeg, Kind::Jpeg);
        let thumbnail = image::load_from_memory(&intake.thumbnail.unwrap()).unwrap();
        assert_eq!(thumbnail.dimensions(), small);
    }
}

#[test]
fn a_clean_copy_is_never_larger_than_what_is_taken() {
    // Noise of sixteen colours packs well with a palette, and badly without.
    let mut state = 7_u32;
    let (width, height) = (3600_u32, 3600_u32);
    let mut row = || {
        let pixels = (0..width / 2).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        [vec![0], pixels.collect()].concat()
    };
    let rows: Vec<u8> = (0..height).flat_map(|_| row()).collect();
    let palette: Vec<u8> = (0..16_u8)
        .flat_map(|n| [n * 17, n.wrapping_mul(83), n.wrapping_mul(151)])
        .collect();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), b"\x04\x03\0\0\0"].concat();
    let png = [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        made::chunk(b"IHDR", &header),
        made::chunk(b"PLTE", &palette),
        made::chunk(b"IDAT", &made::zlib(&rows)),
        made::chunk(b"IEND", b""),
    ]
    .concat();
    assert!(png.len() < MAX_BYTES);
    let (intake, _) = taken(&png, Kind::Png);
    assert_eq!(intake.kind, Kind::Jpeg);
    assert!(intake.bytes.len() <= MAX_BYTES);
    assert_eq!(intake.dimensions, Some((width, height)));
}
