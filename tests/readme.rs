//! The walk of README.md, word for word: its blocks are pasted into shells beside a running `wangqian up`.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
};

use mail_parser::MessageParser;
use serde_json::Value;
use wangqian_cli::demo::accounts;

use crate::support::process::{PATIENCE, Up, free_port, kill, open_folder, output, stdout, wait_until};

/// The blocks of the walk, by what they are for.
struct Walk {
    helpers: String,
    live: String,
    steps: Vec<String>,
}

impl Walk {
    fn read() -> Self {
        let readme = readme();
        let mut blocks: Vec<String> = readme
            .split("```sh\n")
            .skip(1)
            .map(|rest| rest.split("```").next().expect("an end").to_owned())
            .collect();
        let mut take = |mark: &str| {
            let at = blocks.iter().position(|block| block.contains(mark));
            blocks.remove(at.expect("a block with this mark"))
        };
        Self {
            helpers: take("log_in()"),
            live: take("text/event-stream"),
            steps: blocks,
        }
    }
}

fn readme() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    fs::read_to_string(path).expect("README.md")
}

/// A terminal in which somebody pastes. Dropping it closes it, with all that runs in it.
struct Terminal {
    shell: Child,
    keyboard: ChildStdin,
    screen: Receiver<String>,
    errors: PathBuf,
}

impl Terminal {
    /// Opens one whose user runs `wangqian up` on this port with this data folder.
    fn open(name: &str, port: u16, data: &Path) -> Self {
        let errors = data.with_extension(format!("{name}.stderr"));
        let mut command = Command::new("bash");
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("a PATH"))
            .env("WANGQIAN_LISTEN", format!("127.0.0.1:{port}"))
            .env("WANGQIAN_DATA", data)
            .args(["--noprofile", "--norc"])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&errors).expect("a file for standard error"));
        let mut shell = command.spawn().expect("bash starts");
        let keyboard = shell.stdin.take().expect("standard input");
        let lines = BufReader::new(shell.stdout.take().expect("standard output")).lines();
        let (sender, screen) = channel();
        // Ends with the shell, or with the terminal's own end.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            shell,
            keyboard,
            screen,
            errors,
        }
    }

    fn type_in(&mut self, text: &str) {
        writeln!(self.keyboard, "{text}").expect("the shell reads");
    }

    fn next_line(&self) -> String {
        let line = self.screen.recv_timeout(PATIENCE);
        line.unwrap_or_else(|_| panic!("nothing more is shown; errors: {}", self.complaints()))
    }

    /// Pastes a block, waits for its end, and gives the lines that it showed.
    fn paste(&mut self, block: &str) -> Vec<String> {
        const END: &str = "--- the end of a block ---";
        self.type_in(block);
        self.type_in(&format!("printf '\\n%s\\n' '{END}'"));
        let shown = std::iter::from_fn(|| Some(self.next_line()).filter(|line| line != END));
        shown.filter(|line| !line.is_empty()).collect()
    }

    fn complaints(&self) -> String {
        fs::read_to_string(&self.errors).expect("standard error")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        kill("KILL", self.shell.id(), true);
        let _status = self.shell.wait();
    }
}

/// The answers among the lines that a block showed.
fn answers(shown: &[String]) -> Vec<Value> {
    shown
        .iter()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[test]
fn the_walk_works_word_for_word_and_once_more_with_the_next_graduate() {
    let folder = open_folder();
    let up = Up::start(&folder.path().join("data"));
    let walk = Walk::read();
    walk_through(&walk, &up, "38", None);
    assert!(readme().contains("first type `N=41` in both terminals"));
    walk_through(&walk, &up, "41", Some("N=41"));
}

fn walk_through(walk: &Walk, up: &Up, number: &str, typed_first: Option<&str>) {
    let mut live = Terminal::open("live", up.port, &up.data);
    let mut terminal = Terminal::open("walk", up.port, &up.data);
    for terminal in [&mut live, &mut terminal] {
        terminal.type_in(typed_first.unwrap_or_default());
        assert_eq!(terminal.paste(&walk.helpers), [""; 0]);
    }
    live.type_in(&walk.live);
    assert_eq!(live.next_line(), ":", "the stream has begun");

    let (told, steps) = walk.steps.split_last().expect("blocks");
    let shown: Vec<String> = steps.iter().flat_map(|step| terminal.paste(step)).collect();
    let answers = answers(&shown);
    let data = |path: &str| {
        let mut found = answers.iter().filter_map(|answer| answer["data"].pointer(path));
        found
            .next_back()
            .unwrap_or_else(|| panic!("no {path} in {answers:#?}"))
    };
    assert_eq!(data("/acceptInvitation/agreement/awaitingReview"), "DEPARTMENT");
    assert_eq!(data("/reviewCase/case/status"), "SIGNED");
    let agreement_number = data("/reviewCase/case/agreementNumber").as_str();
    let agreement_number = agreement_number.expect("a number");
    assert_eq!(data("/verifyAgreement/status"), "VALID");
    assert_eq!(data("/verifyAgreement/agreementNumber"), agreement_number);
    assert_eq!(data("/node/documents/0/status"), "READY");

    let name = data("/findGraduates/0/name").as_str().expect("a name");
    let paper = up.data.join(format!("agreement-{number}.pdf"));
    assert_paper(&paper, &[name, "示例云帆科技有限公司", agreement_number]);

    // Invited, approved by the department, signed.
    let mut heard = Vec::new();
    while heard.len() < 3 {
        let line = live.next_line();
        if let Some(event) = line.strip_prefix("data: ") {
            let event: Value = serde_json::from_str(event).expect("JSON");
            heard.push(event["data"]["notificationReceived"]["notification"]["title"].to_string());
        }
    }
    assert!(
        heard[0].contains("邀请") && heard[2].contains("签约完成"),
        "{heard:?}"
    );
    assert_eq!(live.complaints(), "");

    let graduate = format!("graduate{number}@example.com");
    for address in [&*graduate, accounts::EMPLOYER] {
        wait_until(
            &format!("{address} has the mail about {agreement_number}"),
            || {
                mails_to(&up.data, address)
                    .iter()
                    .any(|mail| mail.contains(agreement_number))
            },
        );
    }
    let account = format!("To: demo-wechat-{number:0>4}\n");
    wait_until(
        &format!("{graduate} has the WeChat message about {agreement_number}"),
        || {
            wechat_messages(&up.data)
                .iter()
                .any(|message| message.starts_with(&account) && message.contains(agreement_number))
        },
    );
    let shown = terminal.paste(told);
    let inbox = &self::answers(&shown)[0]["data"];
    assert!(inbox["unreadNotificationCount"].as_i64() >= Some(3), "{shown:#?}");
    let listed: Vec<String> = shown.into_iter().filter(|line| line.ends_with(".eml")).collect();
    assert!(!listed.is_empty(), "the graduate's mails are listed");
    for mail in listed {
        let mail = fs::read(mail).expect("a mail");
        assert_eq!(addressee(&mail).as_deref(), Some(&*graduate));
    }
    assert_eq!(terminal.complaints(), "");
}

fn assert_paper(path: &Path, expected: &[&str]) {
    let text = output(Command::new("pdftotext").args(["-layout"]).arg(path).arg("-"));
    assert!(text.status.success(), "{text:?}");
    // A form feed ends each page.
    assert!(stdout(&text).matches('\u{c}').count() >= 1);
    for expected in expected {
        assert!(
            stdout(&text).contains(expected),
            "no {expected} in {}",
            stdout(&text)
        );
    }
}

/// The finished files in a folder of the outbox.
fn outbox(data: &Path, channel: &str, extension: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(data.join("outbox").join(channel)).expect("the outbox");
    let mut paths: Vec<_> = files.flatten().map(|file| file.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths
}

/// The WeChat messages in the outbox, each with its line of the address.
fn wechat_messages(data: &Path) -> Vec<String> {
    let files = outbox(data, "wechat", "txt").into_iter();
    files
        .map(|file| fs::read_to_string(file).expect("a message"))
        .collect()
}

/// The texts of the mails in the outbox to an address.
fn mails_to(data: &Path, address: &str) -> Vec<String> {
    let mails = outbox(data, "mail", "eml").into_iter().filter_map(|file| {
        let bytes = fs::read(file).expect("a mail");
        let text = MessageParser::default().parse(&bytes)?.body_text(0)?.into_owned();
        (addressee(&bytes).as_deref() == Some(address)).then_some(text)
    });
    mails.collect()
}

fn addressee(mail: &[u8]) -> Option<String> {
    let mail = MessageParser::default().parse(mail)?;
    Some(mail.to()?.first()?.address()?.to_owned())
}

#[test]
fn an_answer_without_the_value_is_shown_and_not_taken_for_one() {
    let folder = open_folder();
    let mut terminal = Terminal::open("walk", free_port(), &folder.path().join("data"));
    terminal.paste(&Walk::read().helpers);
    let refused = r#"{"data":{"logIn":{"token":null,"userErrors":[{"code":"WRONG_CREDENTIALS"}]}}}"#;
    let shown = terminal.paste(&format!(
        "TOKEN=$(value token '{refused}'); printf 'token=%s.\\n' \"$TOKEN\""
    ));
    assert_eq!(shown, ["token=."]);
    assert_eq!(
        terminal.complaints(),
        format!("no token in the answer: {refused}\n")
    );
}
