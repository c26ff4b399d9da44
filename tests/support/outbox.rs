//! What leaves the platform while no provider is connected: mails, SMS and WeChat messages as files.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Instant,
};

use mail_parser::MessageParser;

use super::process::{PATIENCE, pause};

/// The outbox of a server, read message by message.
#[derive(Debug)]
pub(crate) struct Outbox {
    folder: PathBuf,
    read: Mutex<HashSet<PathBuf>>,
}

impl Outbox {
    /// The outbox in this folder; nothing of it is read yet.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            read: Mutex::default(),
        }
    }

    /// The text of the next unread message to an e-mail address or mobile number.
    pub(crate) async fn next_to(&self, address: &str) -> String {
        self.next_in(folder_of(address), address).await
    }

    /// The text of the next unread WeChat message to an open id.
    pub(crate) async fn next_wechat_to(&self, open_id: &str) -> String {
        self.next_in("wechat", open_id).await
    }

    async fn next_in(&self, folder: &str, address: &str) -> String {
        let begun = Instant::now();
        let look = async {
            loop {
                if let Some(text) = self.unread_in(folder, address) {
                    return text;
                }
                // Files tell nobody that they are there.
                tokio::time::sleep(pause(begun)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, look).await;
        found.unwrap_or_else(|_| panic!("no message to {address}"))
    }

    /// The text of an unread message to an address, if there is one now. It counts as read then.
    pub(crate) fn unread_to(&self, address: &str) -> Option<String> {
        self.unread_in(folder_of(address), address)
    }

    fn unread_in(&self, folder: &str, address: &str) -> Option<String> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.folder.join(folder))
            .ok()?
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "eml" || end == "txt"))
            .collect();
        // Their names begin with a time.
        files.sort();
        let mut read = self.read.lock().unwrap();
        files.into_iter().find_map(|path| {
            if read.contains(&path) {
                return None;
            }
            let (to, text) = read_message(&path);
            let hit = to == address;
            if hit {
                read.insert(path);
            }
            hit.then_some(text)
        })
    }

    /// The six digits in the next unread message to an address that has any; those before it count as read.
    pub(crate) async fn next_code_to(&self, address: &str) -> String {
        loop {
            let text = self.next_to(address).await;
            let mut runs = text.split(|c: char| !c.is_ascii_digit());
            if let Some(code) = runs.find(|digits| digits.len() == 6) {
                return code.to_owned();
            }
        }
    }
}

fn folder_of(address: &str) -> &'static str {
    if address.contains('@') { "mail" } else { "sms" }
}

fn read_message(path: &Path) -> (String, String) {
    let bytes = fs::read(path).expect("a message");
    if path.extension().is_some_and(|end| end == "txt") {
        let text = String::from_utf8(bytes).expect("text");
        let (to, body) = text.split_once("\n\n").expect("an address and a text");
        return (to.trim_start_matches("To: ").to_owned(), body.to_owned());
    }
    let mail = MessageParser::new().parse(&bytes).expect("a mail");
    let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address());
    let body = mail.body_text(0).expect("a text");
    (to.expect("an address").to_owned(), body.into_owned())
}
