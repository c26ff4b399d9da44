//! PDFs that are refused.

use wangqian_intake::{Kind, MAX_PAGES, Refused, inspect};

use crate::made;

fn refused(bytes: &[u8]) -> Refused {
    inspect(bytes, Kind::Pdf).unwrap_err()
}

fn is_active(bytes: &[u8], what: &str) {
    let refused = refused(bytes);
    assert!(matches!(refused, Refused::ActivePdf(_)), "{what}: {refused:?}");
}

/// Objects that act; each is handed in as an object, in an object stream, and inside of another stream.
const ACTING: [&str; 20] = [
    "<< /S /JavaScript /JS (app.alert(1)) >>",
    "<< /S /J#61vaScript /JS (app.alert(1)) >>",
    "<< /S /#4A#61#76#61#53#63#72#69#70#74 /JS 9 0 R >>",
    "<< /S/Java#53cript/JS(1)>>",
    "<< /Names << /JavaScript 9 0 R >> >>",
    "<< /S /Launch /F (cmd.exe) >>",
    "<< /S /L#61unch /Win << /F (cmd.exe) >> >>",
    "<< /Names << /EmbeddedFiles << /Names [] >> >> >>",
    "<< /Type /EmbeddedFile >>",
    "<< /Type /Filespec /F (a.exe) /EF << /F 9 0 R >> >>",
    "<< /UF (a.exe) /E#46 9 0 R >>",
    "<< /Type /Annot /Subtype /FileAttachment >>",
    "<< /Type /Annot /Subtype /RichMedia >>",
    "<< /Type /Annot /Subtype /Screen >>",
    "<< /Type /Annot /Subtype /3D >>",
    "<< /S /Rendition >>",
    "<< /S /SubmitForm /F (https://example.com) >>",
    "<< /S /ImportData /F (a.fdf) >>",
    "[ << /A << /B [ << /S /GoToR /F (\\\\\\\\host\\\\share) >> ] >> >> ]",
    "<< /AcroForm << /XFA 9 0 R >> >>",
];

#[test]
fn what_acts() {
    for object in ACTING {
        is_active(&made::pdf_with("", &[object]), object);
    }
}

#[test]
fn what_acts_from_within_an_object_stream() {
    for object in ACTING {
        let (dictionary, data) = made::object_stream(&[(8, object)]);
        let good = made::pdf(1);
        for packed in [
            made::deflated(&dictionary, &data),
            made::stream(&dictionary, &data),
            // Neither name nor length true to form.
            made::deflated(&dictionary.replace("/Type /ObjStm", "/Type /Hidden"), &data),
            made::deflated(&dictionary.replace("ObjStm", "Obj#53tm"), &data),
        ] {
            let object_stream = [b"20 0 obj\n", &packed[..], b"\nendobj\n"].concat();
            is_active(&[&good[..], &object_stream, b"%%EOF"].concat(), object);
            // Inside of a stream of another kind, where only a cross-reference table points.
            let outer = made::stream("/Type /Metadata", &object_stream);
            let outer = [b"21 0 obj\n", &outer[..], b"\nendobj\n"].concat();
            is_active(&[&good[..], &outer, b"%%EOF"].concat(), object);
        }
    }
}

#[test]
fn what_acts_from_where_no_object_should_be() {
    let good = made::pdf(1);
    for (before, after) in [
        ("% ", "\n"),
        ("30 0 obj (", ") endobj\n"),
        (
            "30 0 obj << /Length 9 >> stream\n31 0 obj ",
            " endstream endobj\n",
        ),
        ("31 %\n 0 %\n obj ", "\n"),
    ] {
        let hidden = format!("{before}<< /S /JavaScript /JS (app.alert\\(1\\)) >>{after}%%EOF");
        is_active(&[&good[..], hidden.as_bytes()].concat(), before);
    }
    let mut direct = good;
    direct.extend(b"\ntrailer << /Root << /OpenAction << /S /URI /URI (https://example.com) >> >> >>%%EOF");
    is_active(&direct, "a catalog in the trailer");
}

#[test]
fn what_happens_by_itself() {
    for catalog in [
        "/OpenAction << /S /URI /URI (https://example.com) >>",
        "/OpenAction 4 0 R",
        "/Open#41ction 4 0 R",
        "/OpenAction << /S /GoTo /Next 4 0 R >>",
        "/OpenAction << /S /GoTo /Next [5 0 R << /S /Named >> 4 0 R] >>",
        "/OpenAction << /S /GoTo /S /URI >>",
        "/OpenAction << /S 7 0 R >>",
        "/OpenAction 6 0 R",
        "/AA << /WC 4 0 R >>",
        "/AA 5 0 R",
    ] {
        let objects = [
            "<< /S /URI /URI (https://example.com) >>",
            "<< /O 4 0 R >>",
            "<< /S /GoTo /Next 6 0 R >>",
            "/URI",
        ];
        is_active(&made::pdf_with(catalog, &objects), catalog);
    }
    is_active(
        &made::pdf_in_object_stream("/OpenAction << /S /URI >>"),
        "in an object stream",
    );
}

#[test]
fn data_in_another_file() {
    let stream = "<< /F (\\\\\\\\host\\\\share) /Length 0 >> stream\n\nendstream";
    is_active(&made::pdf_with("", &[stream]), "a stream elsewhere");
}

#[test]
fn encrypted() {
    let mut bytes = made::pdf_with("", &["<< /Filter /Standard /V 4 >>"]);
    let at = memchr::memmem::find(&bytes, b"/Root").unwrap();
    bytes.splice(at..at, *b"/Encrypt 4 0 R ");
    assert_eq!(refused(&bytes), Refused::EncryptedPdf);

    let cross_reference = made::deflated("/Type /XRef /Root 1 0 R /Encr#79pt << >>", b"");
    let cross_reference = [b"9 0 obj ", &cross_reference[..], b" endobj %%EOF"].concat();
    let bytes = [&made::pdf(1)[..], &cross_reference].concat();
    assert_eq!(refused(&bytes), Refused::EncryptedPdf);

    // Said only after an object stream that is noise without the key.
    let noise = made::stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", b"noise");
    let noise = [b"8 0 obj ", &noise[..], b" endobj "].concat();
    let bytes = [made::pdf(1), noise, cross_reference].concat();
    assert_eq!(refused(&bytes), Refused::EncryptedPdf);
}

#[test]
fn cut_short() {
    let bytes = made::pdf(2);
    assert_eq!(refused(&bytes[..bytes.len() / 2]), Refused::Truncated);
    assert_eq!(refused(b"%PDF-1.7"), Refused::Truncated);
    // The end mark too far from the end.
    let far = [&bytes[..], &[b' '; 1100]].concat();
    assert_eq!(refused(&far), Refused::Truncated);
}

#[test]
fn no_pages_and_too_many() {
    assert_eq!(refused(&made::pdf(0)), Refused::NoPages);
    assert_eq!(refused(&made::pdf(51)), Refused::TooManyPages);
    for kids in ["[]", "[9 0 R null (page) 5]", "9 0 R", "(none)"] {
        let tree = format!("<< /Type /Pages /Kids {kids} >>");
        let bytes = made::pdf_of(&["<< /Type /Catalog /Pages 2 0 R >>", &tree]);
        assert_eq!(refused(&bytes), Refused::NoPages, "{kids}");
    }
    // More pages said than there are, and fewer.
    for (said, kids, expected) in [
        (MAX_PAGES + 1, "3 0 R".to_owned(), Refused::TooManyPages),
        (2_147_483_647, "3 0 R".to_owned(), Refused::TooManyPages),
        (1, "3 0 R ".repeat(51), Refused::TooManyPages),
    ] {
        let tree = format!("<< /Type /Pages /Kids [{kids}] /Count {said} >>");
        let bytes = made::pdf_of(&["<< /Type /Catalog /Pages 2 0 R >>", &tree, "<< /Type /Page >>"]);
        assert_eq!(refused(&bytes), expected);
    }
}

#[test]
fn no_way_to_the_pages() {
    for bytes in [
        &b"%PDF-1.7\n%%EOF"[..],
        b"%PDF-1.7\n<html><body>%%EOF</body></html>",
        b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj trailer << /Root 1 0 R >> %%EOF",
        b"%PDF-1.7\n1 0 obj 1 0 R endobj trailer << /Root 1 0 R >> %%EOF",
        b"%PDF-1.7\n1 0 obj << /Pages 2 0 R >> endobj 2 0 obj 3 0 R endobj 3 0 obj 2 0 R endobj trailer << /Root 1 0 R >> %%EOF",
    ] {
        assert!(matches!(refused(bytes), Refused::UndecodablePdf(_)));
    }
}

#[test]
fn trees_of_pages_that_hold_themselves() {
    for objects in [
        vec!["<< /Type /Pages /Kids [2 0 R] /Parent 2 0 R >>"],
        vec![
            "<< /Type /Pages /Kids [3 0 R] >>",
            "<< /Type /Pages /Kids [4 0 R] >>",
            "<< /Type /Pages /Kids [3 0 R 2 0 R] >>",
        ],
        vec![
            "<< /Type /Pages /Kids [3 0 R 3 0 R] >>",
            "<< /Type /Pages /Kids [4 0 R 4 0 R] >>",
            "<< /Type /Pages /Kids [5 0 R 5 0 R] >>",
            "<< /Type /Pages /Kids [] >>",
        ],
    ] {
        let objects = [vec!["<< /Type /Catalog /Pages 2 0 R >>"], objects].concat();
        assert!(matches!(
            refused(&made::pdf_of(&objects)),
            Refused::UndecodablePdf(_)
        ));
    }
}

#[test]
fn an_object_stream_that_begins_in_two_places() {
    // One viewer reads on where the keyword ends, another on the next line.
    let (dictionary, harmless) = made::object_stream(&[(8, "<< >>")]);
    let (_, acting) = made::object_stream(&[(8, "<< /S /Launch >>")]);
    let head = format!("20 0 obj << {dictionary} /Filter /FlateDecode >> stream");
    let bytes = [
        &made::pdf(1)[..],
        b"\n",
        head.as_bytes(),
        b" ",
        &made::zlib(&harmless),
        b"\n",
        &made::zlib(&acting),
        b"\nendstream endobj %%EOF",
    ]
    .concat();
    assert!(matches!(refused(&bytes), Refused::UndecodablePdf(_)));
}

#[test]
fn object_streams_that_can_not_be_looked_into() {
    let (dictionary, data) = made::object_stream(&[(8, "<< >>")]);
    let packed = made::zlib(&data);
    let mut damaged = packed.clone();
    damaged.truncate(packed.len() / 2);
    for stream in [
        made::stream(&format!("{dictionary} /Filter /LZWDecode"), &data),
        made::stream(
            &format!("{dictionary} /Filter [/ASCIIHexDecode /FlateDecode]"),
            &packed,
        ),
        made::stream(
            &format!("{dictionary} /Filter [/FlateDecode /FlateDecode]"),
            &packed,
        ),
        made::stream(&format!("{dictionary} /Filter 9 0 R"), &packed),
        made::deflated(&format!("{dictionary} /DecodeParms << /Predictor 12 >>"), &data),
        made::stream(&format!("{dictionary} /Filter /FlateDecode"), &data),
        made::stream(&format!("{dictionary} /Filter /FlateDecode"), &damaged),
        made::deflated("/Type /ObjStm /N 1", &data),
        made::deflated("/Type /ObjStm /N 1 /First -1", &data),
    ] {
        let bytes = [&made::pdf(1)[..], b"20 0 obj ", &stream, b" endobj %%EOF"].concat();
        assert!(matches!(refused(&bytes), Refused::UndecodablePdf(_)));
    }
}
