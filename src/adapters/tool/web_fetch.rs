//! `Fetch` over the app's HTTP client.

use super::fetch::{Fetch, FetchFault, FetchLimits, Fetched, private};
use crate::adapters::web::{Web, WebFault, WebFaultKind, WebLimits};
use crate::ports::Later;

/// How long a connection may take to be made, in milliseconds.
const CONNECT_MS: u64 = 10_000;

/// Does HTTP with two clients: one that reaches every address, one that refuses private ones.
#[derive(Clone)]
pub struct WebFetch {
    any: Web,
    public: Web,
}

impl Default for WebFetch {
    fn default() -> WebFetch {
        WebFetch { any: Web::new(CONNECT_MS), public: Web::refusing(CONNECT_MS, private) }
    }
}

impl Fetch for WebFetch {
    fn fetch<'a>(&'a self, url: &'a str, limits: FetchLimits) -> Later<'a, Result<Fetched, FetchFault>> {
        Box::pin(async move {
            let web = if limits.private { &self.any } else { &self.public };
            let ms = u64::try_from(limits.wait.as_millis()).unwrap_or(u64::MAX);
            let wait = WebLimits { first_byte_ms: ms, idle_ms: ms, total_ms: ms, size_max: u64::MAX };
            let mut reply = web.get(url, wait).await.map_err(explain)?;
            let mut fetched = Fetched {
                status: reply.status(),
                content_type: reply.header("content-type").unwrap_or("").to_string(),
                location: reply.location(),
                ..Fetched::default()
            };
            while let Some(bytes) = reply.chunk().await.map_err(explain)? {
                let room = limits.bytes_max - fetched.body.len();
                fetched.cut = bytes.len() > room;
                fetched.body.extend(bytes.iter().take(room));
                if fetched.cut {
                    break; // dropping the reply closes the connection
                }
            }
            Ok(fetched)
        })
    }
}

fn explain(fault: WebFault) -> FetchFault {
    match fault.kind {
        WebFaultKind::Timeout => FetchFault::Late,
        WebFaultKind::Refused => match fault.message.parse() {
            Ok(address) => FetchFault::Private(address),
            Err(_) => FetchFault::Failed(fault.message),
        },
        WebFaultKind::BadUrl
        | WebFaultKind::BadHeader
        | WebFaultKind::Connect
        | WebFaultKind::Tls
        | WebFaultKind::Cut
        | WebFaultKind::TooLarge
        | WebFaultKind::Redirect => FetchFault::Failed(fault.message),
    }
}
