//! Files as people hand them in with a case, honest ones and hostile ones.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// What no clean copy may hold.
pub(crate) const PLACE: &[u8] = b"GPS 31.2304N 121.4737E";
/// A page that runs what it likes.
pub(crate) const HTML: &[u8] = b"<!DOCTYPE html><html><script>alert(document.cookie)</script></html>";

fn picture(format: ImageFormat) -> Vec<u8> {
    let picture: DynamicImage = RgbImage::from_fn(40, 30, |x, y| match x < y {
        true => Rgb([200, 30, 30]),
        false => Rgb([30, 30, 200]),
    })
    .into();
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A JPEG of 40 by 30.
pub(crate) fn jpeg() -> Vec<u8> {
    picture(ImageFormat::Jpeg)
}

/// A PNG of 40 by 30.
pub(crate) fn png() -> Vec<u8> {
    picture(ImageFormat::Png)
}

/// A WebP of 40 by 30.
pub(crate) fn webp() -> Vec<u8> {
    picture(ImageFormat::WebP)
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name, data].concat();
    let mut crc = flate2::Crc::new();
    crc.update(&named);
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], &named, &crc.sum().to_be_bytes()].concat()
}

/// A PNG that says where it was taken, and after whose end a page follows: a picture and a page at once.
pub(crate) fn png_and_page() -> Vec<u8> {
    let (png, comment) = (png(), [b"Comment\0", PLACE].concat());
    [&png[..33], &chunk(b"tEXt", &comment), &png[33..], HTML].concat()
}

/// A PNG of few bytes that unfolds to billions of pixels.
pub(crate) fn bomb() -> Vec<u8> {
    let side = 60_000_u32.to_be_bytes();
    let header = [&side[..], &side, &[8, 2, 0, 0, 0]].concat();
    let png = png();
    [&png[..8], &chunk(b"IHDR", &header), &png[33..]].concat()
}

fn pdf_with(catalog: &str) -> Vec<u8> {
    let objects = [
        format!("<< /Type /Catalog /Pages 2 0 R {catalog} >>"),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>".to_owned(),
    ];
    let mut pdf = "%PDF-1.7\n".to_owned();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(pdf.len());
        pdf += &format!("{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let table = pdf.len();
    pdf += &format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        pdf += &format!("{place:010} 00000 n \n");
    }
    pdf += &format!("trailer\n<< /Size {} /Root 1 0 R >>\n", objects.len() + 1);
    pdf += &format!("startxref\n{table}\n%%EOF\n");
    pdf.into_bytes()
}

/// A PDF of one page.
pub(crate) fn pdf() -> Vec<u8> {
    pdf_with("")
}

/// A ZIP archive with one file.
fn archive() -> Vec<u8> {
    let (name, data) = (b"a.php", b"<?php system($_GET[0]); ?>");
    let mut crc = flate2::Crc::new();
    crc.update(data);
    let number = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let size = number(data.len());
    let file = [
        &[0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
        &crc.sum().to_le_bytes(),
        &size,
        &size,
        b"\x05\0\0\0",
    ]
    .concat();
    let local = [b"PK\x03\x04", &file[..], name, data].concat();
    let directory = [b"PK\x01\x02\x0a\0", &file[..], &[0; 14], name].concat();
    let place = [number(directory.len()), number(local.len())].concat();
    let end = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &place, b"\0\0"].concat();
    [local, directory, end].concat()
}

/// A file that nobody should be made to open.
pub(crate) struct Hostile {
    /// What it is.
    pub(crate) name: &'static str,
    /// As what it is announced.
    pub(crate) content_type: &'static str,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// Why it is refused.
    pub(crate) refusal: &'static str,
}

/// Hostile files of each kind.
pub(crate) fn hostile() -> Vec<Hostile> {
    let (pdf_type, png_type) = ("application/pdf", "image/png");
    let archive = [pdf(), archive()].concat();
    let script = pdf_with("/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>");
    let behind = [pdf(), b"<script>alert(document.cookie)</script>\n".to_vec()].concat();
    let between = [&pdf()[..], b"<img src=x onerror=alert(1)>\n%%EOF\n"].concat();
    let before = [b"%PDF-1.7\n%", HTML, &pdf()[8..]].concat();
    let jpeg = jpeg();
    let cut = jpeg[..jpeg.len() / 2].to_vec();
    let of = |name, content_type, bytes, refusal| Hostile {
        name,
        content_type,
        bytes,
        refusal,
    };
    vec![
        of("a PDF that is an archive", pdf_type, archive, "ALSO_AN_ARCHIVE"),
        of(
            "a PDF behind which a page follows",
            pdf_type,
            behind,
            "ALSO_AN_ARCHIVE",
        ),
        of(
            "a PDF with a tag before its last end",
            pdf_type,
            between,
            "ALSO_AN_ARCHIVE",
        ),
        of(
            "a PDF with a page in its first comment",
            pdf_type,
            before,
            "ALSO_AN_ARCHIVE",
        ),
        of("a decompression bomb", png_type, bomb(), "TOO_MANY_PIXELS"),
        of("a PDF that is a page", pdf_type, HTML.to_vec(), "WRONG_TYPE"),
        of("a PDF that runs a script", pdf_type, script, "ACTIVE_PDF"),
        of("a JPEG that says it is a PNG", png_type, jpeg, "WRONG_TYPE"),
        of("half a JPEG", "image/jpeg", cut, "TRUNCATED"),
        of(
            "a page that begins as a PDF",
            pdf_type,
            [b"%PDF-1.7\n", HTML, b"\n%%EOF\n"].concat(),
            "UNREADABLE_PDF",
        ),
    ]
}
