//! The session cookie of browsers: HttpOnly, of this host only, not sent along from other sites.

use wangqian_schema::{SecretToken, model::session::LIFETIME};

/// Its name.
pub const NAME: &str = "wangqian_session";

/// The header value that hands the cookie out.
pub fn set(token: &SecretToken, secure: bool) -> String {
    format!(
        "{NAME}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}",
        token.expose(),
        LIFETIME.num_seconds(),
        flag(secure)
    )
}

/// The header value that takes the cookie away.
pub fn clear(secure: bool) -> String {
    format!(
        "{NAME}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{}",
        flag(secure)
    )
}

const fn flag(secure: bool) -> &'static str {
    if secure { "; Secure" } else { "" }
}
