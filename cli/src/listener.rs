//! The port that the API listens on.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::failure::{Exit, Failure};

/// The setting of the API's own port.
pub(crate) const LISTEN: &str = "WANGQIAN_LISTEN (--listen)";

/// Takes the port that a setting names.
///
/// # Errors
/// [`Failure`] when it is taken, not allowed, or no address.
pub(crate) async fn bind(listen: &str, setting: &str) -> Result<TcpListener, Failure> {
    use std::io::ErrorKind;
    TcpListener::bind(listen).await.map_err(|error| {
        let what = format!("cannot listen on {listen}");
        match error.kind() {
            ErrorKind::AddrInUse => Failure::new(
                Exit::Environment,
                what,
                "another program (or another wangqian) uses this port",
                format!(
                    "stop that one (`ss -ltnp` shows it), or choose another port with {setting}, such as 127.0.0.1:8081"
                ),
            ),
            ErrorKind::PermissionDenied => Failure::new(
                Exit::Environment,
                what,
                "this user may not take ports below 1024",
                format!("choose a port from 1024 up with {setting}, and put a reverse proxy in front"),
            ),
            _ => Failure::new(
                Exit::Environment,
                what,
                error,
                format!("set {setting} to an address of this machine and a port, such as 127.0.0.1:8080"),
            ),
        }
    })
}

/// The address that was taken, with the port that the system chose where none was given.
///
/// # Errors
/// [`Failure`] when the system does not know it.
pub(crate) fn address(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    listener
        .local_addr()
        .map_err(|error| Failure::internal("the listening address cannot be read", error))
}
