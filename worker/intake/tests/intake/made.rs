//! Makers of files, good ones and bad ones.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

/// The left half red, the right half blue.
pub(crate) fn picture(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, _| match x < width / 2 {
        true => Rgb([200, 30, 30]),
        false => Rgb([30, 30, 200]),
    })
    .into()
}

pub(crate) fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(crate) fn jpeg() -> Vec<u8> {
    encoded(&picture(40, 30), ImageFormat::Jpeg)
}

pub(crate) fn png() -> Vec<u8> {
    encoded(&picture(40, 30), ImageFormat::Png)
}

pub(crate) fn webp() -> Vec<u8> {
    encoded(&picture(40, 30), ImageFormat::WebP)
}

/// The JPEG with a segment right after its beginning.
pub(crate) fn jpeg_with_segment(jpeg: &[u8], marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, data, &jpeg[2..]].concat()
}

/// A PNG's chunk.
pub(crate) fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name, data].concat();
    let mut crc = flate2::Crc::new();
    crc.update(&named);
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], &named, &crc.sum().to_be_bytes()].concat()
}

/// The PNG with a chunk right after its header.
pub(crate) fn png_with_chunk(png: &[u8], chunk: &[u8]) -> Vec<u8> {
    [&png[..33], chunk, &png[33..]].concat()
}

/// EXIF data with an orientation and a place: the 12th degree north, under its own tag.
pub(crate) fn exif(orientation: u16) -> Vec<u8> {
    let mut data = b"MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    data.extend(b"\x01\x12\0\x03\0\0\0\x01");
    data.extend(orientation.to_be_bytes());
    data.extend(b"\0\0");
    // The directory of places, at 38.
    data.extend(b"\x88\x25\0\x04\0\0\0\x01\0\0\0\x26");
    data.extend(b"\0\0\0\0");
    data.extend(b"\0\x01\0\x01\0\x02\0\0\0\x02N\0\0\0\0\0\0\0");
    data.extend(b"GPS-31.2304N-121.4737E");
    data
}

/// An ordinary PDF, as a program writes it.
pub(crate) fn pdf(pages: i32) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let (catalog, tree, font) = (Ref::new(1), Ref::new(2), Ref::new(3));
    let page = |index: i32| Ref::new(4 + 2 * index);
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids((0..pages).map(page)).count(pages);
    pdf.type1_font(font).base_font(Name(b"Helvetica"));
    for index in 0..pages {
        let contents = Ref::new(page(index).get() + 1);
        let mut writer = pdf.page(page(index));
        writer.media_box(Rect::new(0.0, 0.0, 595.0, 842.0)).parent(tree);
        writer.contents(contents);
        writer.resources().fonts().pair(Name(b"F1"), font);
        writer.finish();
        let mut content = Content::new();
        content.begin_text();
        content.set_font(Name(b"F1"), 14.0);
        content.next_line(108.0, 734.0);
        content.show(Str(b"Tripartite agreement (page) 1 0 R"));
        content.end_text();
        pdf.stream(contents, &content.finish());
    }
    pdf.finish()
}

/// A PDF of objects as they are written here, numbered from 1, the first of them the catalog. Its table is wrong and
/// nobody looks at it.
pub(crate) fn pdf_of<O: AsRef<[u8]>>(objects: &[O]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    for (index, object) in objects.iter().enumerate() {
        bytes.extend(format!("{} 0 obj\n", index + 1).bytes());
        bytes.extend(object.as_ref());
        bytes.extend(b"\nendobj\n");
    }
    bytes.extend(b"trailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n");
    bytes
}

/// A PDF of one page with some more in its catalog and some more objects, numbered from 4.
pub(crate) fn pdf_with(catalog: &str, objects: &[&str]) -> Vec<u8> {
    let first = [
        format!("<< /Type /Catalog /Pages 2 0 R {catalog} >>"),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>".to_owned(),
    ];
    let all: Vec<&str> = first
        .iter()
        .map(String::as_str)
        .chain(objects.iter().copied())
        .collect();
    pdf_of(&all)
}

/// A stream object with its data deflated.
pub(crate) fn deflated(dictionary: &str, data: &[u8]) -> Vec<u8> {
    stream(&format!("{dictionary} /Filter /FlateDecode"), &zlib(data))
}

/// A stream object.
pub(crate) fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = format!("<< {dictionary} /Length {} >>\nstream\n", data.len()).into_bytes();
    bytes.extend(data);
    bytes.extend(b"\nendstream");
    bytes
}

/// The dictionary and the bytes of an object stream that holds some objects.
pub(crate) fn object_stream(objects: &[(u32, &str)]) -> (String, Vec<u8>) {
    let (mut header, mut bodies) = (String::new(), String::new());
    for (number, body) in objects {
        header += &format!("{number} {} ", bodies.len());
        bodies += body;
        bodies.push(' ');
    }
    let dictionary = format!("/Type /ObjStm /N {} /First {}", objects.len(), header.len());
    (dictionary, (header + &bodies).into_bytes())
}

/// A file of which catalog and pages stand in an object stream.
pub(crate) fn pdf_in_object_stream(catalog: &str) -> Vec<u8> {
    let catalog = format!("<< /Type /Catalog /Pages 12 0 R {catalog} >>");
    let (dictionary, data) = object_stream(&[
        (11, &catalog),
        (12, "<< /Type /Pages /Kids [13 0 R] /Count 1 >>"),
        (13, "<< /Type /Page /Parent 12 0 R /MediaBox [0 0 595 842] >>"),
    ]);
    let mut bytes = pdf_of(&[
        deflated(&dictionary, &data),
        deflated("/Type /XRef /W [1 2 1] /Size 14 /Root 11 0 R", b"not looked at"),
    ]);
    let trailer = memchr::memmem::find(&bytes, b"trailer").unwrap();
    bytes.truncate(trailer);
    bytes.extend(b"startxref\n9\n%%EOF\n");
    bytes
}

pub(crate) fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, data).unwrap();
    encoder.finish().unwrap()
}

/// A ZIP archive with one file, stored.
pub(crate) fn zip() -> Vec<u8> {
    let (name, data) = (b"a.php", b"<?php system($_GET[0]); ?>");
    let mut crc = flate2::Crc::new();
    crc.update(data);
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    let common = [
        b"\x0a\0\0\0\0\0\0\0\0\0".as_slice(),
        &crc.sum().to_le_bytes(),
        &length,
        &length,
        b"\x05\0\0\0",
    ]
    .concat();
    let local = [b"PK\x03\x04".as_slice(), &common, name, data].concat();
    let directory = [
        b"PK\x01\x02\x0a\0".as_slice(),
        &common,
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        name,
    ]
    .concat();
    let end = [
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0".as_slice(),
        &u32::try_from(directory.len()).unwrap().to_le_bytes(),
        &u32::try_from(local.len()).unwrap().to_le_bytes(),
        b"\0\0",
    ]
    .concat();
    [local, directory, end].concat()
}
