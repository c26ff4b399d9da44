use std::io::{Seek, Write};

use rust_xlsxwriter::Workbook;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

const HEADINGS: &str = "学号,姓名,性别,身份证号,届,院系代码,学历层次,专业,培养方式,生源地,手机";

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// The rows below the heading row, with their cells as they stand in the file.
fn rows(file: &File, format: TableFormat) -> Vec<(i32, Vec<String>)> {
    let mut rows = Vec::new();
    let mut below = false;
    visit_rows(file, format, |number, cells| {
        if below {
            rows.push((number, cells.to_vec()));
        }
        below |= Columns::read(cells.iter().map(String::as_str)).is_ok();
        ControlFlow::Continue(())
    })
    .unwrap();
    rows
}

fn failure(file: &File, format: TableFormat) -> (ImportFailure, Vec<&'static str>) {
    match RosterFile::open(file, format) {
        Err(ReadError::File(failure, headings)) => (failure, headings),
        other => panic!("{other:?}"),
    }
}

#[test]
fn csv_in_every_encoding_that_excel_saves() {
    let text =
        format!("2027届名册\r\n{HEADINGS}\r\n1,林示例,女\r\n\r\n,,\r\n\"2\",\"示,例\",\"男\r\n\"\r\n3");
    let mut utf_16 = vec![0xFF, 0xFE];
    utf_16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let (gb, _, _) = encoding_rs::GB18030.encode(&text);
    let with_mark = format!("\u{FEFF}{text}");
    for bytes in [text.as_bytes(), with_mark.as_bytes(), &gb, &utf_16] {
        let file = file(bytes);
        let found = RosterFile::open(&file, TableFormat::Csv).unwrap();
        assert_eq!(found.rows, 3);
        let mut names = Vec::new();
        found
            .read(|number, cells| {
                names.push((number, cells[GraduateField::Name as usize].clone()));
                ControlFlow::Continue(())
            })
            .unwrap();
        let expected = [(3, "林示例"), (6, "示,例"), (8, "")];
        assert_eq!(names, expected.map(|(number, name)| (number, name.to_owned())));
        let rows = rows(&file, TableFormat::Csv);
        assert_eq!(
            rows[0],
            (3, vec!["1".to_owned(), "林示例".to_owned(), "女".to_owned()])
        );
        assert_eq!((rows[1].0, rows[1].1[1].as_str()), (6, "示,例"));
        assert_eq!(rows[2], (8, vec!["3".to_owned()]), "the last line has no end");
    }
}

#[test]
fn a_character_across_the_borders_of_the_buffer_is_still_utf_8() {
    for shift in 0..4 {
        let text = format!("{HEADINGS}\n{}{}", "x".repeat(shift), "林".repeat(100_000));
        let rows = rows(&file(text.as_bytes()), TableFormat::Csv);
        assert!(rows[0].1[0].ends_with("林林"), "{shift}");
    }
    let mut cut = format!("{HEADINGS}\n林").into_bytes();
    cut.pop();
    assert_eq!(
        rows(&file(&cut), TableFormat::Csv).len(),
        0,
        "the headings are no GB 18030"
    );
}

#[test]
fn what_is_wrong_with_a_file_is_told() {
    let csv = |text: &str| failure(&file(text.as_bytes()), TableFormat::Csv);
    assert_eq!(csv("").0, ImportFailure::NoHeading);
    assert_eq!(csv(&"名册\n".repeat(20)).0, ImportFailure::NoHeading);
    assert_eq!(csv(HEADINGS).0, ImportFailure::NoRows);
    assert_eq!(
        csv(&HEADINGS.replace("届,", "")),
        (ImportFailure::MissingColumns, vec!["届"])
    );
    assert_eq!(
        csv(&format!("{HEADINGS},手机号\n")),
        (ImportFailure::DuplicateColumn, vec!["手机"])
    );
    let many = format!("{HEADINGS}\n{}", "1\n".repeat(100_001));
    assert_eq!(csv(&many).0, ImportFailure::TooManyRows);
    assert_eq!(
        RosterFile::open(&file(many.trim_end_matches("1\n").as_bytes()), TableFormat::Csv)
            .err()
            .map(|_| ()),
        Some(())
    );
    let exactly = format!("{HEADINGS}\n{}", "1\n".repeat(100_000));
    assert_eq!(
        RosterFile::open(&file(exactly.as_bytes()), TableFormat::Csv)
            .unwrap()
            .rows,
        100_000
    );
    let no_book = failure(&file(b"PK no archive"), TableFormat::Xlsx);
    assert_eq!(no_book.0, ImportFailure::Unreadable);
}

#[test]
fn a_workbook_by_its_first_visible_sheet_with_the_row_numbers_that_excel_shows() {
    let mut book = Workbook::new();
    book.add_worksheet().set_hidden(true).write(0, 0, "学号").unwrap();
    let sheet = book.add_worksheet();
    sheet.set_active(true);
    sheet.write(0, 0, "示例大学 2027 届毕业生名册").unwrap();
    for (column, heading) in (0..).zip(HEADINGS.split(',')) {
        sheet.write(2, column, heading).unwrap();
    }
    sheet.write(3, 0, 20_230_001).unwrap();
    sheet.write(3, 3, 110_105_194_912_310_021_f64).unwrap();
    sheet.write(3, 4, 2027).unwrap();
    sheet.write(5, 0, "0007").unwrap();
    sheet.write(5, 1, true).unwrap();
    sheet.write(5, 300, "far away").unwrap();
    let date = rust_xlsxwriter::ExcelDateTime::from_ymd(2005, 5, 1).unwrap();
    let form = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    sheet.write_datetime_with_format(5, 2, &date, &form).unwrap();
    let file = file(&book.save_to_buffer().unwrap());
    assert_eq!(RosterFile::open(&file, TableFormat::Xlsx).unwrap().rows, 2);
    let rows = rows(&file, TableFormat::Xlsx);
    assert_eq!((rows[0].0, rows[1].0), (4, 6));
    assert_eq!(rows[0].1[0], "20230001");
    assert!(
        rows[0].1[3].contains('e'),
        "no number that could be somebody's: {}",
        rows[0].1[3]
    );
    assert_eq!(rows[0].1[4], "2027");
    assert_eq!(rows[1].1, ["0007", "是", "2005-05-01"]);
}

/// An archive with these files.
fn archive(files: &[(&str, &[u8])]) -> File {
    let mut archive = ZipWriter::new(tempfile::tempfile().unwrap());
    for (name, bytes) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    let mut file = archive.finish().unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn a_bomb_is_not_unpacked_and_no_room_is_made_for_what_is_only_announced() {
    let limits = archive::Limits {
        unpacked: 4 * 1024 * 1024,
        texts_unpacked: 1024 * 1024,
        ..archive::LIMITS
    };
    let looked = |file: &File| match archive::look_through(file, &limits) {
        Err(ReadError::File(failure, _)) => Some(failure),
        Err(ReadError::Io(error)) => panic!("{error}"),
        Ok(()) => None,
    };
    let zeros = vec![0; 2 * 1024 * 1024];
    let bomb = archive(&[("xl/a", &zeros), ("xl/b", &zeros), ("xl/c", b"0")]);
    assert!(
        bomb.metadata().unwrap().len() < 64 * 1024,
        "small as it lies there"
    );
    assert_eq!(looked(&bomb), Some(ImportFailure::TooLarge));
    assert_eq!(looked(&archive(&[("xl/a", &zeros), ("xl/b", &zeros)])), None);

    let mut texts = b"<sst uniqueCount=\"1\">".to_vec();
    texts.extend(&zeros[..1024 * 1024 - texts.len()]);
    assert_eq!(looked(&archive(&[("xl/sharedStrings.xml", &texts)])), None);
    texts.push(0);
    let texts = archive(&[("xl/sharedStrings.xml", &texts)]);
    assert_eq!(looked(&texts), Some(ImportFailure::TooLarge));

    for (announced, expected) in [
        ("99999999999", ImportFailure::TooLarge),
        ("many", ImportFailure::Unreadable),
        ("1", ImportFailure::Unreadable),
    ] {
        let list =
            format!("<?xml version=\"1.0\"?><!-- --><sst count=\"1\" uniqueCount=\"{announced}\"></sst>");
        let announcing = archive(&[("xl/SharedStrings.xml", list.as_bytes())]);
        assert_eq!(failure(&announcing, TableFormat::Xlsx).0, expected, "{announced}");
    }
    let many: Vec<_> = (0..1_001).map(|at| (format!("{at}"), &b""[..])).collect();
    let many: Vec<_> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    assert_eq!(
        failure(&archive(&many), TableFormat::Xlsx).0,
        ImportFailure::TooLarge
    );
}

/// A workbook of one sheet in which each cell refers to a shared text: the headings, and below them in each of so many rows and of
/// two hundred columns the same text.
fn referring(text: &str, rows: usize) -> File {
    let cells = |row: usize, texts: &[usize]| {
        let cells = texts.iter().map(|text| format!("<c t=\"s\"><v>{text}</v></c>"));
        format!("<row r=\"{row}\">{}</row>", cells.collect::<String>())
    };
    let mut texts: Vec<_> = HEADINGS.split(',').collect();
    let headings: Vec<_> = (0..texts.len()).collect();
    let same = vec![texts.len(); MAX_COLUMNS];
    texts.push(text);
    let texts: String = texts
        .iter()
        .map(|text| format!("<si><t>{text}</t></si>"))
        .collect();
    let below: String = (2..rows + 2).map(|row| cells(row, &same)).collect();
    let namespace = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let book = format!(
        "<workbook {namespace} xmlns:r=\"{office}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"one\"/></sheets></workbook>"
    );
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
             <Relationship Id=\"one\" Type=\"{office}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let sheet = format!(
        "<worksheet {namespace}><sheetData>{}{below}</sheetData></worksheet>",
        cells(1, &headings)
    );
    archive(&[
        (
            "_rels/.rels",
            relation("officeDocument", "xl/workbook.xml").as_bytes(),
        ),
        ("xl/workbook.xml", book.as_bytes()),
        (
            "xl/_rels/workbook.xml.rels",
            relation("worksheet", "worksheets/sheet1.xml").as_bytes(),
        ),
        (
            "xl/sharedStrings.xml",
            format!("<sst {namespace} uniqueCount=\"1\">{texts}</sst>").as_bytes(),
        ),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

#[test]
fn a_long_text_that_every_cell_refers_to_is_not_copied_into_each() {
    let long = "林".repeat(512 * 1024);
    let file = referring(&long, 3);
    assert!(
        file.metadata().unwrap().len() < 64 * 1024,
        "small as it lies there"
    );
    let mut seen = 0;
    visit_rows(&file, TableFormat::Xlsx, |number, cells| {
        seen += 1;
        let most = cells.iter().map(String::len).max();
        assert!(number == 1 || (cells.len() == MAX_COLUMNS && most == Some(MAX_CELL * "林".len())));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(seen, 4);
    let found = RosterFile::open(&file, TableFormat::Xlsx).unwrap();
    let plain = found.plain.metadata().unwrap().len();
    assert!(plain < 64 * 1024, "{plain}");

    let csv = format!("{HEADINGS}\n{long},林\n");
    let rows = rows(&self::file(csv.as_bytes()), TableFormat::Csv);
    assert_eq!(
        (rows[0].1[0].chars().count(), rows[0].1[1].as_str()),
        (MAX_CELL, "林")
    );
}

#[test]
fn rows_that_fill_the_disk_are_too_large() {
    let columns = Columns::read(HEADINGS.split(',')).unwrap();
    let row = vec!["林".repeat(MAX_CELL); GraduateField::COUNT];
    let mut plain = PlainWriter::new(64 * 1024).unwrap();
    let written = (1..)
        .map(|number| plain.row(number, &row, &columns))
        .find(Result::is_err);
    assert!(matches!(
        written,
        Some(Err(ReadError::File(ImportFailure::TooLarge, _)))
    ));
    let size = plain.finish().unwrap().metadata().unwrap().len();
    assert!((32 * 1024..=64 * 1024).contains(&size), "{size}");
}
