//! Mail against an SMTP server on the loopback, which the tests script: no kept crate of one comes without a second
//! TLS provider in the build.

use std::sync::{Arc, Mutex};

use clap::Parser;
use mail_parser::MessageParser;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;
use wangqian_worker::{
    JobError,
    channels::{Address, Channel, EmailChannel, Outgoing},
    settings::ChannelSettings,
};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: ChannelSettings,
}

/// How the server treats the next mail; afterwards it accepts.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mood {
    Accept,
    AnswerRcpt(&'static str),
    AnswerLogin(&'static str),
    SilentAfterData,
    HangUpAfterData,
    CloseAfterMail,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    commands: Vec<String>,
    mails: Vec<String>,
}

pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Seen>>,
    pub(crate) mood: Arc<Mutex<Mood>>,
}

impl Server {
    pub(crate) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://user:secret@{}", listener.local_addr().unwrap());
        let (seen, mood) = (Arc::<Mutex<Seen>>::default(), Arc::new(Mutex::new(mood)));
        let shared = (Arc::clone(&seen), Arc::clone(&mood));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                shared.0.lock().unwrap().connections += 1;
                // A client that goes away is no concern of the server.
                tokio::spawn(converse(stream, Arc::clone(&shared.0), Arc::clone(&shared.1)));
            }
        });
        Self { url, seen, mood }
    }

    fn channel(&self, more: &[&str]) -> EmailChannel {
        let arguments = [
            "worker",
            "--smtp-url",
            &self.url,
            "--mail-from",
            "网签 <no-reply@wq.example>",
        ];
        EmailChannel::new(&Cli::parse_from(arguments.iter().chain(more)).settings).unwrap()
    }

    pub(crate) fn mails(&self) -> Vec<String> {
        self.seen.lock().unwrap().mails.clone()
    }
}

async fn converse(stream: TcpStream, seen: Arc<Mutex<Seen>>, mood: Arc<Mutex<Mood>>) -> std::io::Result<()> {
    let take = |wanted: fn(Mood) -> bool| {
        let mut mood = mood.lock().unwrap();
        wanted(*mood).then(|| std::mem::replace(&mut *mood, Mood::Accept))
    };
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await?;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end().to_owned();
        seen.lock().unwrap().commands.push(command.clone());
        let verb = command
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-test\r\n250-AUTH PLAIN\r\n250 8BITMIME".to_owned(),
            "AUTH" => match take(|mood| matches!(mood, Mood::AnswerLogin(_))) {
                Some(Mood::AnswerLogin(answer)) => answer.to_owned(),
                _ => "235 welcome".to_owned(),
            },
            "RCPT" => match take(|mood| matches!(mood, Mood::AnswerRcpt(_))) {
                Some(Mood::AnswerRcpt(answer)) => answer.to_owned(),
                _ => "250 ok".to_owned(),
            },
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                while stream.read_line(&mut mail).await? > 0 && !mail.ends_with("\r\n.\r\n") {}
                let mail = mail.trim_end_matches(".\r\n").to_owned();
                let count = {
                    let mut seen = seen.lock().unwrap();
                    seen.mails.push(mail);
                    seen.mails.len()
                };
                match take(|mood| {
                    matches!(
                        mood,
                        Mood::SilentAfterData | Mood::HangUpAfterData | Mood::CloseAfterMail
                    )
                }) {
                    Some(Mood::SilentAfterData) => std::future::pending().await,
                    Some(Mood::CloseAfterMail) => {
                        stream.write_all(b"250 taken\r\n").await?;
                        return Ok(());
                    }
                    Some(_) => return Ok(()),
                    None => format!("250 2.0.0 queued as {count}"),
                }
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 ok".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

fn message(title: &str) -> Outgoing {
    Outgoing {
        message_id: Uuid::now_v7(),
        to: Address::new("lin@example.com"),
        title: title.into(),
        body: "林示例，您好：\n\n示例科技有限公司向您发出了签约邀请。\n.\n请登录平台查看。".into(),
    }
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written_over_one_kept_connection() {
    let server = Server::start(Mood::Accept).await;
    let channel = server.channel(&["--mail-envelope-from", "bounce@wq.example"]);
    let title = "【网签】您收到一份来自“示例科技有限公司”的签约邀请，请在2027年3月5日 18:00前答复\r\nBcc: thief@evil.example";
    let first = message(title);
    let receipt = channel.deliver(&first).await.unwrap();
    assert_eq!(receipt.provider_reference.as_deref(), Some("2.0.0 queued as 1"));
    channel.deliver(&message("第二封")).await.unwrap();
    assert_eq!(server.seen.lock().unwrap().connections, 1);

    let mails = server.mails();
    assert!(mails[0].is_ascii(), "readable for servers without 8BITMIME");
    let mail = MessageParser::default().parse(&mails[0]).unwrap();
    assert_eq!(mail.subject().unwrap(), title.replace("\r\n", " "));
    assert!(mail.bcc().is_none());
    assert_eq!(
        mail.body_text(0).unwrap().replace("\r\n", "\n").trim_end(),
        first.body
    );
    assert_eq!(
        mail.message_id().unwrap(),
        format!("{}@wq.example", first.message_id)
    );
    let from = mail.from().unwrap().first().unwrap();
    assert_eq!(
        (from.name().unwrap(), from.address().unwrap()),
        ("网签", "no-reply@wq.example")
    );
    assert_eq!(
        mail.to().unwrap().first().unwrap().address(),
        Some("lin@example.com")
    );
    assert_eq!(
        mail.header_raw("Auto-Submitted").map(str::trim),
        Some("auto-generated")
    );
    assert!(mail.date().is_some());
    let commands = server.seen.lock().unwrap().commands.join("\n");
    assert!(commands.contains("MAIL FROM:<bounce@wq.example>"), "{commands}");
    assert!(commands.contains("RCPT TO:<lin@example.com>"), "{commands}");
}

#[tokio::test]
async fn a_passing_refusal_is_tried_again_and_a_final_one_is_not_and_neither_names_the_address() {
    let server = Server::start(Mood::AnswerRcpt(
        "451 4.7.1 <lin@example.com> greylisted, come back",
    ))
    .await;
    let channel = server.channel(&[]);
    let message = message("签约邀请");
    let error = channel.deliver(&message).await.unwrap_err();
    assert_eq!(
        error,
        JobError::Retry("RCPT: the mail server answered 451 4.7.1".into())
    );

    *server.mood.lock().unwrap() = Mood::AnswerRcpt("550 5.1.1 <lin@example.com>: no such person");
    let error = channel.deliver(&message).await.unwrap_err();
    assert_eq!(
        error,
        JobError::Park("RCPT: the mail server answered 550 5.1.1".into())
    );
    assert!(server.mails().is_empty());

    channel.deliver(&message).await.unwrap();
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn a_server_that_never_answers_costs_the_time_limit_and_the_repetition_is_the_same_mail() {
    let server = Server::start(Mood::SilentAfterData).await;
    let channel = server.channel(&["--mail-time-limit-seconds", "1"]);
    let message = message("签约邀请");
    let error = channel.deliver(&message).await.unwrap_err();
    assert_eq!(
        error,
        JobError::Retry("end of DATA: the mail server did not answer within 1 s".into())
    );

    *server.mood.lock().unwrap() = Mood::HangUpAfterData;
    assert!(matches!(channel.deliver(&message).await, Err(JobError::Retry(_))));

    // Neither connection is used again: the answer is the one to this mail.
    let receipt = channel.deliver(&message).await.unwrap();
    assert_eq!(receipt.provider_reference.as_deref(), Some("2.0.0 queued as 3"));
    let mails = server.mails();
    assert!(
        mails.len() == 3 && mails.iter().all(|mail| *mail == mails[0]),
        "the same to the letter"
    );
    assert_eq!(server.seen.lock().unwrap().connections, 3);
}

#[tokio::test]
async fn no_mail_is_given_up_for_a_wrong_password_a_missing_server_or_missing_encryption() {
    let server = Server::start(Mood::AnswerLogin("535 5.7.8 wrong password")).await;
    let error = server
        .channel(&[])
        .deliver(&message("签约邀请"))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        JobError::Retry("logging in: the mail server answered 535 5.7.8".into())
    );

    let url = format!("{}?tls=required", server.url);
    let channel = EmailChannel::new(&Cli::parse_from(["worker", "--smtp-url", &url]).settings).unwrap();
    let before = server.seen.lock().unwrap().commands.len();
    let error = channel.deliver(&message("签约邀请")).await.unwrap_err();
    assert!(
        matches!(&error, JobError::Retry(reason) if reason.starts_with("STARTTLS: ")),
        "{error:?}"
    );
    let after = server.seen.lock().unwrap().commands[before..].join("\n");
    assert!(
        !after.contains("AUTH") && !after.contains("MAIL"),
        "nothing is told in the clear: {after}"
    );

    let gone = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("smtp://{gone}");
    let channel = EmailChannel::new(&Cli::parse_from(["worker", "--smtp-url", &url]).settings).unwrap();
    let error = channel.deliver(&message("签约邀请")).await.unwrap_err();
    assert!(
        matches!(&error, JobError::Retry(reason) if reason.starts_with("connecting: the mail server: ")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_connection_that_the_server_closed_or_that_is_too_old_is_replaced() {
    let server = Server::start(Mood::CloseAfterMail).await;
    let channel = server.channel(&[]);
    channel.deliver(&message("一")).await.unwrap();
    channel.deliver(&message("二")).await.unwrap();
    assert_eq!(
        (server.mails().len(), server.seen.lock().unwrap().connections),
        (2, 2)
    );

    let channel = server.channel(&["--mail-idle-seconds", "0"]);
    channel.deliver(&message("三")).await.unwrap();
    channel.deliver(&message("四")).await.unwrap();
    assert_eq!(
        (server.mails().len(), server.seen.lock().unwrap().connections),
        (4, 4)
    );
}

#[tokio::test]
async fn without_a_server_mails_are_files_and_a_wrong_address_is_given_up() {
    let outbox = tempfile::tempdir().unwrap();
    let folder = outbox.path().to_str().unwrap();
    let channel = EmailChannel::new(&Cli::parse_from(["worker", "--outbox", folder]).settings).unwrap();
    let sent = message("签约邀请");
    channel.deliver(&sent).await.unwrap();
    channel.deliver(&sent).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(outbox.path().join("mail"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    assert_eq!(
        files,
        [outbox.path().join(format!("mail/{}.eml", sent.message_id))]
    );
    let bytes = std::fs::read(&files[0]).unwrap();
    assert_eq!(
        MessageParser::default().parse(&bytes).unwrap().subject(),
        Some("签约邀请")
    );

    let wrong = Outgoing {
        to: Address::new("lin at campus"),
        ..sent
    };
    assert_eq!(
        channel.deliver(&wrong).await,
        Err(JobError::Park("the e-mail address is not a valid one".into()))
    );
    for (option, value) in [
        ("--mail-from", "nobody"),
        ("--mail-envelope-from", "@"),
        ("--smtp-url", "http://h"),
    ] {
        assert!(
            EmailChannel::new(&Cli::parse_from(["worker", option, value]).settings).is_err(),
            "{option}"
        );
    }
}
