//! 下载操作手册: the manual is made when somebody first asks for it, and says what the product says.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use reqwest::{StatusCode, redirect::Policy};
use serde_json::{Value, json};
use wangqian_schema::{destination::DestinationType, manual::manual};

use crate::support::Server;

/// What a tool prints of the PDF.
fn read(tool: &str, arguments: &[&str], pdf: &[u8], output: &[&str]) -> String {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pdf).unwrap();
    let read = Command::new(tool)
        .args(arguments)
        .arg(file.path())
        .args(output)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|_| panic!("{tool} is missing: apt-get install poppler-utils"));
    assert!(read.status.success(), "{read:?}");
    String::from_utf8(read.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_gets_the_manual() {
    let server = Server::empty().await;
    let anybody = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .build()
        .unwrap();
    let address = format!("{}/manual", server.url);
    let get = async || anybody.get(&address).send().await.unwrap();

    // The first one waits for it to be made, before a page that looks again by itself.
    let early = get().await;
    assert_eq!(early.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(early.headers()["retry-after"], "5");
    assert_eq!(early.headers()["refresh"], "5");
    assert!(early.text().await.unwrap().contains("操作手册正在生成"));

    let query = "{ manual { url pages byteSize edition createdAt } }";
    let told = server
        .eventually("the manual", async || {
            let answer = server.client().query(query, json!({})).await;
            answer["manual"].is_object().then(|| answer["manual"].clone())
        })
        .await;
    assert_eq!(told["url"], address);
    assert_eq!(told["edition"], manual().edition.to_string());

    let found = get().await;
    assert_eq!(found.status(), StatusCode::FOUND);
    assert_eq!(found.headers()["cache-control"], "no-store");
    let link = found.headers()["location"].to_str().unwrap().to_owned();
    let file = anybody
        .get(&link)
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    let offered = file.headers()["content-disposition"].to_str().unwrap();
    assert!(offered.starts_with("attachment"), "{offered}");
    // 操作手册.pdf
    assert!(
        offered.contains("%E6%93%8D%E4%BD%9C%E6%89%8B%E5%86%8C.pdf"),
        "{offered}"
    );
    let pdf = file.bytes().await.unwrap();
    assert_eq!(told["byteSize"], pdf.len());
    says_what_the_product_says(&pdf, told["pages"].as_u64().unwrap());

    // Asked for once, however many ask; and made again when the store has lost it.
    let stored = format!("manuals/{}.pdf", manual().id());
    std::fs::remove_dir_all(server.object_path(&stored)).unwrap_or_else(|_| {
        std::fs::remove_file(server.object_path(&stored)).unwrap();
    });
    assert_eq!(get().await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let again = server
        .eventually("the manual once more", async || {
            let found = get().await;
            (found.status() == StatusCode::FOUND)
                .then(|| found.headers()["location"].to_str().unwrap().to_owned())
        })
        .await;
    let again = anybody.get(&again).send().await.unwrap().bytes().await.unwrap();
    assert!(again == pdf, "the same bytes");
}

fn says_what_the_product_says(pdf: &[u8], pages: u64) {
    let text = read("pdftotext", &["-raw", "-enc", "UTF-8", "-nopgbrk"], pdf, &["-"]);
    let text: String = text.split_whitespace().collect();
    let chapters = [
        "登录与账号",
        "核对信息与一人一事",
        "线上签约",
        "线上解约",
        "线下签约",
        "线下解约",
        "已签就业协议登记",
        "其他毕业去向登记",
        "学校修改已完成的信息",
        "消息与偏好",
        "离校核对与毕业去向登记信息表",
        "常见问题",
        "状态一览",
    ];
    assert!(text.contains("操作手册毕业生"), "the title: {text}");
    for chapter in chapters {
        assert!(
            text.matches(chapter).count() >= 2,
            "{chapter} in the contents and in the text"
        );
    }
    for of in DestinationType::ALL {
        assert!(text.contains(of.name_zh()), "{of}");
    }
    let data: Value = serde_json::from_str(&manual().data).unwrap();
    for kind in ["agreement", "termination", "destination"] {
        for (word, label) in data[kind].as_object().unwrap() {
            assert!(text.contains(label.as_str().unwrap()), "{kind} {word}");
        }
    }
    // As the guide names them (§6.2).
    for status in [
        "就业协议审核通过",
        "协议审核待提交（老师退回）",
        "就业协议审核不通过",
    ] {
        assert!(text.contains(status), "{status}");
    }
    let info = read("pdfinfo", &[], pdf, &[]);
    let says = |key: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_default().trim().to_owned()
    };
    assert_eq!(says("Pages:"), pages.to_string());
    assert!((12..=20).contains(&pages), "{pages}");
    assert_eq!(says("Title:"), "操作手册（毕业生）");
    // All fonts are in the file, and read back as text.
    let fonts = read("pdffonts", &[], pdf, &[]);
    for font in fonts.lines().skip(2) {
        assert!(font.contains("NotoSerifSC"), "{font}");
        let flags: Vec<_> = font.split_whitespace().rev().skip(2).take(3).collect();
        assert_eq!(
            flags,
            ["yes", "yes", "yes"],
            "embedded, a subset, with Unicode: {font}"
        );
    }
}
