//! What `wangqian up` says once everything runs.

use std::path::Path;

use crate::demo::accounts;

/// What there is to greet with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Greeting<'a> {
    /// Where people reach the product.
    pub(super) public_url: &'a str,
    /// Whether GraphiQL is served.
    pub(super) graphiql: bool,
    /// Whether the demo data are there.
    pub(super) demo: bool,
    /// Where messages go that no provider takes.
    pub(super) outbox: &'a Path,
    /// Whether mails go to a real server.
    pub(super) smtp: bool,
    /// The data folder.
    pub(super) data: &'a Path,
}

impl Greeting<'_> {
    /// The block for the terminal.
    pub(super) fn text(&self) -> String {
        let url = self.public_url;
        let outbox = self.outbox.display();
        let mut text = format!("\nWangqian 网签 is running.\n\n  GraphQL API   {url}/graphql\n");
        if self.graphiql {
            text.push_str(&format!("  GraphiQL      {url}/graphiql\n"));
        }
        text.push_str(&format!("  下载操作手册  {url}/manual\n"));
        if self.smtp {
            text.push_str("  mails         go to the SMTP server\n");
        } else {
            text.push_str(&format!("  mails         are files in {outbox}/mail\n"));
        }
        text.push_str(&format!(
            "  SMS, WeChat   are files in {outbox}/sms and {outbox}/wechat\n"
        ));
        text.push_str(&format!("  all data      in {}\n\n", self.data.display()));
        if self.demo {
            text.push_str(&accounts::table());
            text.push('\n');
        }
        text.push_str("Stop it with Ctrl-C (twice: at once).\n");
        text
    }
}
