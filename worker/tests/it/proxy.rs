//! A way to the database that can be made to stand still: connections stay open, and nothing comes through.

use diesel_async::pooled_connection::{AsyncDieselConnectionManager, deadpool};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};
use url::Url;

use crate::support::Db;

pub(crate) struct Proxy {
    /// The database as it is reached this way.
    pub(crate) db: Db,
    still: watch::Sender<bool>,
}

impl Proxy {
    pub(crate) async fn to(db: &Db) -> Self {
        let mut url = Url::parse(&db.url).unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let (still, stands) = watch::channel(false);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&server).await.unwrap();
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(pass(from_client, to_server, stands.clone()));
                tokio::spawn(pass(from_server, to_client, stands.clone()));
            }
        });
        let manager = AsyncDieselConnectionManager::new(url.as_str());
        let pool = deadpool::Pool::builder(manager).max_size(4).build().unwrap();
        Self {
            db: Db {
                url: url.into(),
                pool,
            },
            still,
        }
    }

    pub(crate) fn stand_still(&self) {
        self.still.send_replace(true);
    }

    /// What was held up comes through, also of connections that the other side has given up since.
    pub(crate) fn go_on(&self) {
        self.still.send_replace(false);
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut still: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let mut piece = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut piece).await?;
        let goes_on = still.wait_for(|still| !still).await.is_ok();
        if length == 0 || !goes_on {
            return to.shutdown().await;
        }
        to.write_all(&piece[..length]).await?;
    }
}
