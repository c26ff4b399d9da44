//! Bombs: small files that swell. Each is told within seconds and without much memory.
//!
//! One test alone in its process, since memory is counted for the whole of it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what a test does not expect fails it")]
#![expect(clippy::print_stdout, reason = "what it took is worth reading")]

#[path = "intake/made.rs"]
#[expect(dead_code, reason = "shared with the other tests")]
mod made;

use std::{
    fs,
    io::Write,
    time::{Duration, Instant},
};

use flate2::{Compression, write::DeflateEncoder};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use wangqian_intake::{Intake, Kind, MAX_BYTES, Refused, inspect};

const MEBIBYTE: u64 = 1024 * 1024;

/// What came of it, how long it took, and by how much the process grew meanwhile.
fn measured(name: &str, bytes: &[u8], kind: Kind) -> (Result<Intake, Refused>, Duration, u64) {
    // Forgets the peak so far.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak();
    let start = Instant::now();
    let result = inspect(bytes, kind);
    let (took, grew) = (start.elapsed(), peak() - before);
    let told = result.as_ref().map(|intake| intake.bytes.len());
    println!(
        "{name}: {} bytes, {took:?}, {} MiB, {told:?}",
        bytes.len(),
        grew / MEBIBYTE
    );
    (result, took, grew)
}

fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// A zlib stream that swells to a number of mebibytes of one byte, a thousandfold. Its checksum is wrong: nobody gets there.
fn swelling(mebibytes: usize, byte: u8) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![byte; MEBIBYTE as usize]).unwrap();
    encoder.flush().unwrap();
    let one = encoder.get_ref().clone();
    // The last block is empty.
    [&b"\x78\xda"[..], &one.repeat(mebibytes), b"\x03\0", &[0; 4]].concat()
}

fn png(width: u32, height: u32, color: u8, data: &[u8], more: &[u8]) -> Vec<u8> {
    let header = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[8, color, 0, 0, 0],
    ]
    .concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        made::chunk(b"IHDR", &header),
        more.to_vec(),
        made::chunk(b"IDAT", data),
        made::chunk(b"IEND", b""),
    ]
    .concat()
}

fn pdf_and(object: &[u8]) -> Vec<u8> {
    [&made::pdf(1)[..], b"20 0 obj ", object, b" endobj %%EOF"].concat()
}

/// A PDF filled up with something.
fn filled(start: &str, with: &str) -> Vec<u8> {
    let mut bytes = made::pdf(1);
    bytes.extend(start.bytes());
    while bytes.len() < MAX_BYTES - with.len() - 16 {
        bytes.extend(with.bytes());
    }
    bytes.extend(b"\n%%EOF");
    bytes
}

fn pictures() -> Vec<(&'static str, Kind, Vec<u8>)> {
    let noise = |x: u32, y: u32| (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).to_le_bytes();
    let clear = RgbaImage::from_fn(7200, 7200, |x, y| Rgba([x as u8, y as u8, 9, (x / 30) as u8]));
    let large = RgbImage::from_fn(8600, 6000, |x, y| Rgb([x as u8, y as u8, (x / 8) as u8]));
    let large = made::encoded(&large.into(), ImageFormat::Jpeg);
    // A size as if it were large.
    let mut progressive = include_bytes!("tiny/progressive.jpg").to_vec();
    let frame = memchr::memmem::find(&progressive, b"\xff\xc2").unwrap();
    progressive[frame + 5..frame + 9].copy_from_slice(&[0x17, 0x70, 0x21, 0x98]);
    let [packed, profile] =
        [b"c\0\0".to_vec(), b"c\0\0".to_vec()].map(|start| [start, swelling(2000, 7)].concat());
    let all_noise = DynamicImage::from(RgbImage::from_fn(2600, 2600, |x, y| {
        let [a, b, c, _] = noise(x, y);
        Rgb([a, b, c])
    }));
    vec![
        (
            "30000 x 30000",
            Kind::Png,
            png(30_000, 30_000, 0, &swelling(900, 0), b""),
        ),
        (
            "12000 x 12000",
            Kind::Png,
            png(12_000, 12_000, 0, &swelling(144, 0), b""),
        ),
        (
            "huge",
            Kind::Png,
            png(u32::MAX, u32::MAX, 6, &swelling(1, 0), b""),
        ),
        (
            "small, swelling",
            Kind::Png,
            png(16, 16, 2, &swelling(4000, 0), b""),
        ),
        (
            "swelling text",
            Kind::Png,
            png(16, 16, 2, &swelling(1, 0), &made::chunk(b"zTXt", &packed)),
        ),
        (
            "swelling profile",
            Kind::Png,
            png(16, 16, 2, &swelling(1, 0), &made::chunk(b"iCCP", &profile)),
        ),
        (
            "50 MP of one colour",
            Kind::Png,
            png(7200, 7200, 6, &swelling(198, 0), b""),
        ),
        (
            "50 MP, transparent",
            Kind::Png,
            made::encoded(&clear.into(), ImageFormat::Png),
        ),
        ("50 MP, upright", Kind::Jpeg, large.clone()),
        (
            "50 MP, lying",
            Kind::Jpeg,
            made::jpeg_with_segment(&large, 0xe1, &[b"Exif\0\0", &made::exif(6)[..]].concat()),
        ),
        ("50 MP, progressive", Kind::Jpeg, progressive),
        (
            "50 MP, WebP",
            Kind::WebP,
            made::encoded(&made::picture(8600, 6000), ImageFormat::WebP),
        ),
        ("noise", Kind::Jpeg, made::encoded(&all_noise, ImageFormat::Jpeg)),
    ]
}

fn pdfs() -> Vec<(&'static str, Kind, Vec<u8>)> {
    let packed = |dictionary: &str, mebibytes, byte| {
        let dictionary = format!("{dictionary} /Filter /FlateDecode");
        pdf_and(&made::stream(&dictionary, &swelling(mebibytes, byte)))
    };
    let twice = made::zlib(&swelling(2000, 0));
    vec![
        ("swelling contents", Kind::Pdf, packed("", 2000, 0)),
        (
            "swelling twice",
            Kind::Pdf,
            pdf_and(&made::stream("/Filter [/FlateDecode /FlateDecode]", &twice)),
        ),
        (
            "swelling objects",
            Kind::Pdf,
            packed("/Type /ObjStm /N 1 /First 9", 2000, b' '),
        ),
        ("brackets", Kind::Pdf, filled("20 0 obj ", "[")),
        ("dictionaries", Kind::Pdf, filled("20 0 obj ", "<</A")),
        ("one array", Kind::Pdf, filled("20 0 obj [", "1 ")),
        ("one name", Kind::Pdf, filled("20 0 obj /", "#41")),
        ("objects", Kind::Pdf, filled("", "1 0 obj ")),
        ("strings in strings", Kind::Pdf, filled("", "1 0 obj (")),
        ("arrays in objects", Kind::Pdf, filled("", "1 0 obj [9 0 R ")),
        (
            "streams",
            Kind::Pdf,
            filled("", "1 0 obj<</N 1/First 0>>stream\n"),
        ),
        ("comments", Kind::Pdf, filled("20 0 obj ", "%")),
        ("slashes", Kind::Pdf, filled("20 0 obj ", "/#4A")),
        ("trailers", Kind::Pdf, filled("", "trailer<</Root 1 0 R>>")),
        ("acting", Kind::Pdf, filled("", "1 0 obj<</AA<</O 1 0 R>>>>")),
        ("ends of archives", Kind::Pdf, filled("20 0 obj ", "PK\x05\x06")),
        ("marks of an end", Kind::Pdf, filled("", "%%EOF\n%%EOF ")),
        ("open brackets", Kind::Pdf, filled("20 0 obj ", "<!doctyp")),
        ("kids", Kind::Pdf, filled("2 0 obj<</Kids[", "9 0 R ")),
    ]
}

#[test]
fn small_files_that_swell() {
    const TOO_MANY_PIXELS: [&str; 3] = ["30000 x 30000", "12000 x 12000", "huge"];
    // What swells in them is never unpacked, or nothing does.
    const TAKEN: [&str; 8] = [
        "swelling contents",
        "swelling twice",
        "one name",
        "comments",
        "slashes",
        "ends of archives",
        "marks of an end",
        "open brackets",
    ];
    for (name, kind, bytes) in pictures() {
        assert!(bytes.len() <= MAX_BYTES, "{name} would not come this far");
        let (result, took, grew) = measured(name, &bytes, kind);
        match TOO_MANY_PIXELS.contains(&name) {
            true => assert_eq!(result, Err(Refused::TooManyPixels), "{name}"),
            false => assert!(result.is_ok(), "{name}"),
        }
        assert!(took < Duration::from_secs(90), "{name} took {took:?}");
        assert!(grew < 600 * MEBIBYTE, "{name} took {grew} bytes");
    }
    for (name, kind, bytes) in pdfs() {
        let (result, took, grew) = measured(name, &bytes, kind);
        match TAKEN.contains(&name) {
            true => assert!(result.is_ok(), "{name}"),
            false => assert!(matches!(result, Err(Refused::TooComplexPdf(_))), "{name}"),
        }
        assert!(took < Duration::from_secs(20), "{name} took {took:?}");
        assert!(grew < 200 * MEBIBYTE, "{name} took {grew} bytes");
    }
}
