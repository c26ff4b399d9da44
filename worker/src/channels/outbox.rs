//! Messages as files in a folder: for development, and until a provider is connected. They hold people's addresses, so
//! folders and files are their owner's alone.

use std::{
    io,
    path::{Path, PathBuf},
};

use futures_util::future::BoxFuture;
use tokio::io::AsyncWriteExt;

use super::{Channel, Outgoing, Receipt};
use crate::{JobError, settings::ChannelSettings};

/// Makes the folders of the outbox that the settings ask for, where nothing was sent yet.
///
/// # Errors
/// [`io::Error`] when one cannot be made.
pub async fn make_outbox(settings: &ChannelSettings) -> io::Result<()> {
    let mails = settings.smtp_url.is_none().then_some("mail");
    for name in mails.into_iter().chain(["sms", "wechat"]) {
        make_folder(&settings.outbox.join(name)).await?;
    }
    Ok(())
}

async fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder).await
}

/// Writes each message to `<folder>/<message id>.txt`: the address, an empty line, the text.
#[derive(Debug, Clone)]
pub struct OutboxChannel {
    folder: PathBuf,
}

impl OutboxChannel {
    /// A channel into this folder, which is made when it is needed.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }
}

impl Channel for OutboxChannel {
    fn deliver<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Result<Receipt, JobError>> {
        Box::pin(async move {
            let content = format!("To: {}\n\n{}\n", message.to.as_str(), message.body);
            write_once(
                &self.folder,
                &format!("{}.txt", message.message_id),
                content.as_bytes(),
            )
            .await
        })
    }
}

/// Writes a file unless it is there; whoever sees it sees all of it.
pub(super) async fn write_once(folder: &Path, name: &str, content: &[u8]) -> Result<Receipt, JobError> {
    let receipt = Receipt {
        provider_reference: Some(name.to_owned()),
    };
    let written = async {
        let path = folder.join(name);
        if tokio::fs::try_exists(&path).await? {
            return Ok(());
        }
        make_folder(folder).await?;
        // The same name each time: what a killed worker left half written is written anew, and nothing of it stays.
        let unfinished = folder.join(format!(".{name}.part"));
        let mut options = tokio::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)
            .await?;
        file.write_all(content).await?;
        file.sync_all().await?;
        tokio::fs::rename(&unfinished, &path).await
    };
    let result: io::Result<()> = written.await;
    result
        .map(|()| receipt)
        .map_err(|error| JobError::retry(format_args!("the outbox cannot be written: {error}")))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::channels::Address;

    #[tokio::test]
    async fn a_message_is_one_file_however_often_it_is_delivered() {
        let folder = tempfile::tempdir().unwrap();
        let channel = OutboxChannel::new(folder.path().join("sms"));
        let message = Outgoing {
            message_id: Uuid::new_v4(),
            to: Address::new("10000000002"),
            title: String::new(),
            body: "您收到一份签约邀请".into(),
        };
        // A worker that was killed in the middle left its beginning, longer than what is to be written.
        make_folder(&folder.path().join("sms")).await.unwrap();
        let unfinished = folder
            .path()
            .join(format!("sms/.{}.txt.part", message.message_id));
        std::fs::write(unfinished, "x".repeat(1000)).unwrap();
        let first = channel.deliver(&message).await.unwrap();
        assert_eq!(channel.deliver(&message).await.unwrap(), first);
        let files: Vec<_> = std::fs::read_dir(folder.path().join("sms"))
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        assert_eq!(
            files,
            [folder.path().join(format!("sms/{}.txt", message.message_id))]
        );
        assert_eq!(
            std::fs::read_to_string(&files[0]).unwrap(),
            "To: 10000000002\n\n您收到一份签约邀请\n"
        );
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_tried_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let channel = OutboxChannel::new(file.path().join("sms"));
        let message = Outgoing {
            message_id: Uuid::nil(),
            to: Address::new("1"),
            title: String::new(),
            body: String::new(),
        };
        assert!(matches!(channel.deliver(&message).await, Err(JobError::Retry(_))));
    }
}
