//! Files that are two things at once.

use memchr::memmem;
use wangqian_intake::{Intake, Kind, Refused, inspect};

use crate::made;

const HTML: &[u8] = b"<html><script>alert(document.cookie)</script></html>";
const PHP: &[u8] = b"<?php system($_GET[0]); ?>";

fn holds_nothing_of_it(intake: &Intake) {
    for trace in [&b"<script"[..], b"<?php", b"PK\x03\x04", b"PK\x05\x06", b"alert("] {
        assert_eq!(memmem::find(&intake.bytes, trace), None);
        let thumbnail = intake.thumbnail.as_deref().unwrap();
        assert_eq!(memmem::find(thumbnail, trace), None);
    }
}

#[test]
fn what_follows_a_picture_is_not_kept() {
    let pictures = [
        (Kind::Jpeg, made::jpeg()),
        (Kind::Png, made::png()),
        (Kind::WebP, made::webp()),
    ];
    for (kind, picture) in &pictures {
        for more in [HTML, PHP, &made::zip(), &made::pdf(1)] {
            holds_nothing_of_it(&inspect(&[picture, more].concat(), *kind).unwrap());
        }
    }
}

#[test]
fn what_a_jpeg_says_beside_its_picture_is_not_kept() {
    for marker in [0xfe, 0xe0, 0xe1, 0xe2, 0xed, 0xef] {
        for text in [HTML, PHP, &made::zip()] {
            let jpeg = made::jpeg_with_segment(&made::jpeg(), marker, text);
            holds_nothing_of_it(&inspect(&jpeg, Kind::Jpeg).unwrap());
        }
    }
}

#[test]
fn what_a_png_says_beside_its_picture_is_not_kept() {
    let text = [b"Comment\0".as_slice(), HTML].concat();
    let packed = [b"Comment\0\0".as_slice(), &made::zlib(HTML)].concat();
    let international = [b"Comment\0\0\0\0\0".as_slice(), PHP].concat();
    let chunks = [
        made::chunk(b"tEXt", &text),
        made::chunk(b"zTXt", &packed),
        made::chunk(b"iTXt", &international),
        made::chunk(b"prVt", PHP),
    ];
    for chunk in chunks {
        let png = made::png_with_chunk(&made::png(), &chunk);
        let intake = inspect(&png, Kind::Png).unwrap();
        holds_nothing_of_it(&intake);
        for name in [&b"tEXt"[..], b"zTXt", b"iTXt", b"prVt"] {
            assert_eq!(memmem::find(&intake.bytes, name), None);
        }
    }
}

/// A page behind the end, also where another mark of an end follows it or an update seems to; between updates; in a comment; in what
/// is data to a PDF.
#[test]
fn a_pdf_that_is_a_page_as_well() {
    let pdf = made::pdf(1);
    let after = |more: &[u8]| [&pdf[..], more].concat();
    let lead = |comment: &[u8]| [b"%PDF-1.7\n%", comment, &pdf[8..]].concat();
    let bytes = |kind: &'static str| Err(Refused::ForeignBytes(kind));
    for (pdf, refused) in [
        (after(b"<script>alert(1)</script>"), bytes("a page of the web")),
        (after(b"<ScRiPt src=//e.example>"), bytes("a page of the web")),
        (after(b"\n%%EOF\n<HTML>\n%%EOF\n"), bytes("a page of the web")),
        (
            after(b"9 0 obj (<body/onload=alert(1)>) endobj\n%%EOF"),
            bytes("a page of the web"),
        ),
        (after(b"<?php system($_GET[0]); ?>"), bytes("a page of the web")),
        (lead(b"<!DOCTYPE html><b>"), bytes("a page of the web")),
        (lead(b"<img src=x onerror=alert(1)>"), bytes("a tag in a comment")),
        (
            lead(b"<!-- \n% --><svg onload=alert(1)>"),
            bytes("a tag in a comment"),
        ),
        (
            after(b"%<img src=x onerror=alert(1)>\n%%EOF"),
            bytes("a tag in a comment"),
        ),
        (after(b"<img src=x onerror=alert(1)>"), bytes("behind its end")),
        (after(b"GIF89a"), bytes("behind its end")),
        (after(b"% a comment"), bytes("behind its end")),
        (after(b"\xff\xfe<"), bytes("behind its end")),
        (
            after(b"<img src=x onerror=alert(1)>\n%%EOF\n"),
            bytes("between its updates"),
        ),
        (
            after(b"9 <img src=x onerror=alert(1)>\n%%EOF\n"),
            bytes("between its updates"),
        ),
        (after(b"MZ\x90\0\n%%EOF\n"), bytes("between its updates")),
    ] {
        let told = inspect(&pdf, Kind::Pdf);
        assert_eq!(told, refused, "{}", String::from_utf8_lossy(&pdf));
    }
}

/// A page of any size among the data of a stream, packed or not, is found by its first tag.
#[test]
fn a_page_in_a_stream() {
    let page = made::stream("", HTML);
    let objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>".to_vec(),
        page,
    ];
    let told = inspect(&made::pdf_of(&objects), Kind::Pdf);
    assert_eq!(told, Err(Refused::ForeignBytes("a page of the web")));
    // Packed it is none to anybody who does not unpack it.
    let packed = [&objects[..3], &[made::deflated("", HTML)]].concat();
    assert!(inspect(&made::pdf_of(&packed), Kind::Pdf).is_ok());
}

#[test]
fn a_pdf_that_is_an_archive_as_well() {
    let mut bytes = made::pdf(1);
    bytes.extend(made::zip());
    // With an end mark in the archive's comment, to stand at the end.
    let comment = b"%%EOF";
    let end = bytes.len();
    bytes[end - 2] = u8::try_from(comment.len()).unwrap();
    bytes.extend(comment);
    assert_eq!(inspect(&bytes, Kind::Pdf), Err(Refused::AlsoAnArchive));
}
