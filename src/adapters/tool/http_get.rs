//! `http_get`: one page from a host. Which hosts may be asked is the policy's word; what is decided here is that a
//! redirect does not lead to another one, and that this machine's own network is not reached by accident.

use super::args::{declare, text};
use super::fetch::{Fetch, FetchFault, FetchLimits, Fetched, private};
use super::page::readable;
use super::place::Said;
use super::url::Url;
use crate::domain::call::{Outcome, Preview};
use crate::domain::host::Hosts;
use crate::domain::sandbox::Walls;
use crate::domain::tool_spec::{Effect, ToolSpec, Touch};
use crate::ports::Later;
use crate::ports::tool::{Cleared, Returned, Stop, Tool, runs_nothing};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The most bytes of a body.
const BODY_MAX: usize = 1024 * 1024;
/// The longest that one request may take.
const WAIT: Duration = Duration::from_secs(30);
/// The most redirects followed.
const REDIRECTS_MAX: usize = 5;
/// How often the call's stop is looked at.
const TICK: Duration = Duration::from_millis(25);

/// The tool. Read-only as far as HTTP says of GET; what the request tells the host is for the policy to weigh.
pub(super) struct HttpGet {
    fetch: Arc<dyn Fetch>,
    hosts: Hosts,
    spec: ToolSpec,
}

impl HttpGet {
    /// The tool, by way of what does HTTP. Private addresses are reached only if `hosts` names them.
    pub(super) fn new(fetch: Arc<dyn Fetch>, hosts: Hosts) -> HttpGet {
        let spec = declare(
            ("http_get", Effect::ReadOnly, false),
            "Fetches one address by HTTP GET and answers with its text: HTML without tags, JSON laid out, other text as it \
             is; at most 1 MiB is read. Redirects to another host are told, not followed. No credentials are sent.",
            &["url"],
            json!({
                "url": {
                    "type": "string", "minLength": 8, "maxLength": 8192, "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://",
                    "description": "The address, with http:// or https://.",
                },
            }),
        );
        HttpGet { fetch, hosts, spec }
    }

    async fn get(&self, start: &str) -> Said<Returned> {
        let mut url = Url::parse(start)?;
        for _ in 0..=REDIRECTS_MAX {
            let fetched = self.once(&url).await?;
            let Some(location) = fetched.location.as_ref().filter(|_| (300..400).contains(&fetched.status))
            else {
                return Ok(answer(&url, &fetched));
            };
            let next = url.join(location).map_err(|why| format!("{url} redirects to {location:?}: {why}"))?;
            let secure_lost = url.to_string().starts_with("https:") && next.to_string().starts_with("http:");
            if next.host != url.host || secure_lost {
                let why = if secure_lost { "without encryption" } else { "another host" };
                return Ok(Returned::ok(format!(
                    "[{url} redirects to {next}, {why}: not followed; fetch that address if it is wanted]\n"
                )));
            }
            if next.port != url.port
                && !self.hosts.name(&next.host, next.port)
                && ![80, 443].contains(&next.port)
            {
                return Err(format!("{url} redirects to another port, {next}: not followed"));
            }
            url = next;
        }
        Err(format!("{start} redirects more than {REDIRECTS_MAX} times"))
    }

    async fn once(&self, url: &Url) -> Said<Fetched> {
        let named = self.hosts.name(&url.host, url.port);
        let refused = |address| {
            format!(
                "{} is {address}, an address of this machine or its network: reached only if the list of hosts names \
                 {}:{}",
                url.host, url.host, url.port
            )
        };
        if let Some(address) = url.address().filter(|address| private(*address) && !named) {
            return Err(refused(address));
        }
        let limits = FetchLimits { bytes_max: BODY_MAX, wait: WAIT, private: named };
        self.fetch.fetch(&url.to_string(), limits).await.map_err(|fault| match fault {
            FetchFault::Private(address) => refused(address),
            FetchFault::Late => format!("{url} did not answer within {} s", WAIT.as_secs()),
            FetchFault::Failed(why) => format!("{url}: {why}"),
        })
    }
}

impl Tool for HttpGet {
    fn spec(&self) -> ToolSpec {
        self.spec.clone()
    }

    fn touches(&self, args: &Value) -> Vec<Touch> {
        match Url::parse(text(args, "url")) {
            Ok(url) => vec![Touch::Host { host: url.host, port: url.port }],
            // It will fail and ask nobody; the policy sees that there is something that it does not know.
            Err(_) => vec![Touch::Host { host: text(args, "url").to_string(), port: 0 }],
        }
    }

    fn preview<'a>(&'a self, args: &'a Value) -> Later<'a, Preview> {
        let preview = match Url::parse(text(args, "url")) {
            Ok(url) => Preview::Request { method: "GET".to_string(), url: url.to_string() },
            Err(why) => Preview::WouldFail { why },
        };
        Box::pin(async { preview })
    }

    fn walls(&self) -> Later<'_, Option<Walls>> {
        runs_nothing()
    }

    fn run(&self, call: Cleared) -> Later<'_, Returned> {
        Box::pin(async move {
            tokio::select! {
                // The answer, whichever it is.
                got = self.get(text(&call.args, "url")) => got.unwrap_or_else(Returned::error),
                // Dropping the request closes its connection.
                () = asked(&call.stop) => Returned {
                    outcome: Outcome::Cancelled,
                    text: "stopped; the host may have seen the request".to_string(),
                },
            }
        })
    }
}

async fn asked(stop: &Stop) {
    while !stop.asked() {
        tokio::time::sleep(TICK).await;
    }
}

fn answer(url: &Url, fetched: &Fetched) -> Returned {
    let kind = if fetched.content_type.is_empty() { "no type given" } else { &fetched.content_type };
    let mut text = format!("[{url}: status {}, {kind}]\n", fetched.status);
    match readable(&fetched.content_type, &fetched.body) {
        Some(body) => text.push_str(&body),
        None => text.push_str(&format!("[{} bytes that are no text: not shown]", fetched.body.len())),
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    if fetched.cut {
        text.push_str(&format!("[cut at {} bytes]\n", fetched.body.len()));
    }
    let outcome = if (200..300).contains(&fetched.status) { Outcome::Ok } else { Outcome::Error };
    Returned { outcome, text }
}
