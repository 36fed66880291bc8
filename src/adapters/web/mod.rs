//! HTTP with limits: the one place where reqwest and rustls are named; used by the model and the tool adapters.
//!
//! HTTP/1.1 only. The system's proxy is honoured, and loopback is never proxied. Every wait is bounded: connecting, the first
//! byte of the body, silence between bytes, and the whole. Dropping a reply, or the future that waits for it, closes its connection.
//! Redirects are not followed unless the request says to which hosts. No message holds a header's value, a user's
//! name or password from a URL, or its query. Left out: cookies, compression, HTTP/2.

mod fault; // what went wrong with a request
mod refuse; // addresses that are not to be connected to

pub use fault::{WebFault, WebFaultKind};
pub use refuse::Refuse;

use bytes::Bytes;
use fault::{fault, root_cause, seconds, translate};
use refuse::{Resolver, literal, refused};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Url};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long the end of a body that said all is waited for, and how much may still come.
const GIVE_BACK_MS: u64 = 2_000;
const GIVE_BACK_BYTES: u64 = 16 << 10;

/// The limits of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebLimits {
    /// From the request to the first byte of the answer's body.
    pub first_byte_ms: u64,
    /// Silence between two pieces of the body.
    pub idle_ms: u64,
    /// The whole, body included.
    pub total_ms: u64,
    /// Bytes of the answer's body.
    pub size_max: u64,
}

/// Whether one hop of a redirect may be taken: host and port of where it leads.
pub type Hop = Arc<dyn Fn(&str, u16) -> bool + Send + Sync>;

/// What to do with a redirect.
#[derive(Clone)]
pub enum Redirects {
    /// It is the answer: the caller sees the 3xx.
    Never,
    /// Followed at most so many times, each only where the check allows its host and port.
    Check(u8, Hop),
}

/// One request.
#[derive(Clone)]
pub struct WebRequest {
    /// An absolute `http` or `https` URL.
    pub url: String,
    /// Extra headers.
    pub headers: Vec<(String, String)>,
    /// A body makes it a POST, none a GET.
    pub body: Option<Arc<Vec<u8>>>,
    /// The limits.
    pub limits: WebLimits,
    /// What to do with a redirect.
    pub redirects: Redirects,
}

/// A client; clones share its connections.
#[derive(Clone)]
pub struct Web {
    connect_ms: u64,
    refuse: Option<Refuse>,
    plain: Slot,
    near: Slot,
    far: Slot,
}

/// A client that is made when it is first needed.
type Slot = Arc<OnceLock<Result<Client, WebFault>>>;

/// What a client is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// No TLS and no proxy that might speak it: the system's certificates, most of what a client costs, are not read.
    Plain,
    /// This machine.
    Near,
    /// Anywhere, through a proxy where one is named.
    Far,
}

impl Web {
    /// A client whose connections must be made within `connect_ms`.
    pub fn new(connect_ms: u64) -> Web {
        Web { connect_ms, refuse: None, plain: Arc::default(), near: Arc::default(), far: Arc::default() }
    }

    /// A client that connects to no address which `refuse` names: what a name leads to is looked at when it is connected
    /// to, so a name that leads elsewhere the second time gains nothing. It uses no proxy, which would look it up itself.
    pub fn refusing(connect_ms: u64, refuse: Refuse) -> Web {
        Web { refuse: Some(refuse), ..Web::new(connect_ms) }
    }

    /// A GET without extra headers that follows no redirect.
    pub async fn get(&self, url: &str, limits: WebLimits) -> Result<WebReply, WebFault> {
        let url = url.to_string();
        self.send(WebRequest { url, headers: Vec::new(), body: None, limits, redirects: Redirects::Never })
            .await
    }

    /// A POST that follows no redirect.
    pub async fn post(
        &self,
        url: &str,
        headers: Vec<(String, String)>,
        body: Arc<Vec<u8>>,
        limits: WebLimits,
    ) -> Result<WebReply, WebFault> {
        let (url, body) = (url.to_string(), Some(body));
        self.send(WebRequest { url, headers, body, limits, redirects: Redirects::Never }).await
    }

    /// Sends a request and waits for the answer's head; the body is read from the reply.
    pub async fn send(&self, mut request: WebRequest) -> Result<WebReply, WebFault> {
        let posting = request.body.is_some();
        let mut url = parse(&request.url)?;
        self.client(&url)?; // made at the first request, which takes a while: before the limits begin
        let started = Instant::now();
        let mut headers = header_map(&request.headers)?;
        let mut hops = 0;
        loop {
            let reply = self.once(&url, &headers, request.body.take(), request.limits, started).await?;
            let Redirects::Check(hops_max, allowed) = &request.redirects else { return Ok(reply) };
            let Some(next) = reply.location().filter(|_| !posting) else { return Ok(reply) };
            let next = parse(&next)?;
            let (host, port) = (next.host_str().unwrap_or(""), next.port_or_known_default().unwrap_or(0));
            if hops == *hops_max {
                return fault(WebFaultKind::Redirect, format!("{} redirects too often", shown(&url)));
            }
            if !allowed(host, port) || (url.scheme() == "https" && next.scheme() == "http") {
                let message = format!("{} redirects to {}, which is not allowed", shown(&url), shown(&next));
                return fault(WebFaultKind::Redirect, message);
            }
            if next.origin() != url.origin() {
                headers.clear(); // what was meant for one server is not for another
            }
            url = next;
            hops += 1;
        }
    }

    async fn once(
        &self,
        url: &Url,
        headers: &HeaderMap,
        body: Option<Arc<Vec<u8>>>,
        limits: WebLimits,
        started: Instant,
    ) -> Result<WebReply, WebFault> {
        if let (Some(refuse), Some(address)) = (self.refuse, literal(url))
            && refuse(address)
        {
            return fault(WebFaultKind::Refused, address.to_string());
        }
        let client = self.client(url)?;
        let builder = match body {
            Some(body) => client.post(url.clone()).body(Bytes::from_owner(Shared(body))),
            None => client.get(url.clone()),
        };
        let by = started + Duration::from_millis(limits.first_byte_ms.min(limits.total_ms));
        let origin = origin(url);
        match timeout_at(by, builder.headers(headers.clone()).send()).await {
            Ok(Ok(response)) => {
                Ok(WebReply { response, url: url.clone(), limits, started, size: 0, touched: None })
            }
            Ok(Err(error)) => match refused(&error) {
                Some(address) => fault(WebFaultKind::Refused, address.to_string()),
                None => Err(translate(&error, &origin, self.connect_ms)),
            },
            Err(_) => {
                let seconds = seconds(limits.first_byte_ms.min(limits.total_ms));
                fault(WebFaultKind::Timeout, format!("{origin} did not answer within {seconds}"))
            }
        }
    }

    fn client(&self, url: &Url) -> Result<&Client, WebFault> {
        let near = is_loopback(url);
        let (slot, reach) = match url.scheme() {
            "http" if near || self.refuse.is_some() => (&self.plain, Reach::Plain),
            _ if near => (&self.near, Reach::Near),
            _ => (&self.far, Reach::Far),
        };
        slot.get_or_init(|| build(self.connect_ms, reach, self.refuse)).as_ref().map_err(Clone::clone)
    }
}

fn build(connect_ms: u64, reach: Reach, refuse: Option<Refuse>) -> Result<Client, WebFault> {
    // Another part of the process may have installed one already: either will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("tackroom/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(Duration::from_millis(connect_ms))
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(4);
    if reach != Reach::Far || refuse.is_some() {
        builder = builder.no_proxy();
    }
    if reach == Reach::Plain {
        builder = builder.tls_certs_only([]);
    }
    if let Some(refuse) = refuse {
        builder = builder.dns_resolver(Arc::new(Resolver(refuse)));
    }
    builder.build().map_err(|error| WebFault {
        kind: WebFaultKind::Tls,
        message: format!("secure connections cannot be set up here: {}", root_cause(&error)),
    })
}

/// Bytes that are sent from where they are.
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// An answer whose head has arrived.
pub struct WebReply {
    response: reqwest::Response,
    url: Url,
    limits: WebLimits,
    started: Instant,
    size: u64,
    touched: Option<Instant>,
}

impl WebReply {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header's value as text; `None` where it is missing or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// Where the answer came from, without user, password and query.
    pub fn from(&self) -> String {
        shown(&self.url)
    }

    /// Where a redirect leads; `None` for any other answer.
    pub fn location(&self) -> Option<String> {
        if !self.response.status().is_redirection() {
            return None;
        }
        let target = self.response.headers().get(LOCATION)?.to_str().ok()?;
        self.url.join(target).ok().map(String::from)
    }

    /// The next piece of the body; `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, WebFault> {
        self.chunk_within(self.limits.idle_ms).await
    }

    /// The next piece of the body, with another limit of silence.
    pub async fn chunk_within(&mut self, idle_ms: u64) -> Result<Option<Vec<u8>>, WebFault> {
        let ms = Duration::from_millis;
        let (wait, what) = match self.touched {
            Some(last) => (last + ms(idle_ms), format!("was silent for {}", seconds(idle_ms))),
            None => (
                self.started + ms(self.limits.first_byte_ms),
                format!("sent nothing within {}", seconds(self.limits.first_byte_ms)),
            ),
        };
        let end = self.started + ms(self.limits.total_ms);
        let read = timeout_at(wait.min(end), self.response.chunk()).await;
        self.touched = Some(Instant::now());
        match read {
            Ok(Ok(None)) => Ok(None),
            Ok(Ok(Some(bytes))) => {
                self.size += bytes.len() as u64;
                if self.size > self.limits.size_max {
                    let message =
                        format!("{} sent more than {} bytes", origin(&self.url), self.limits.size_max);
                    return fault(WebFaultKind::TooLarge, message);
                }
                Ok(Some(bytes.into()))
            }
            Ok(Err(error)) => {
                let message =
                    format!("{} broke the connection off: {}", origin(&self.url), root_cause(&error));
                fault(WebFaultKind::Cut, message)
            }
            Err(_) if end <= wait => {
                let total = seconds(self.limits.total_ms);
                fault(WebFaultKind::Timeout, format!("{} was not done within {total}", origin(&self.url)))
            }
            Err(_) => fault(WebFaultKind::Timeout, format!("{} {what}", origin(&self.url))),
        }
    }

    /// Lets the connection serve the next request, once the body's end has come too: until then it cannot. Nobody waits for that.
    pub fn give_back(mut self) {
        tokio::spawn(async move {
            self.limits =
                WebLimits { idle_ms: GIVE_BACK_MS, size_max: self.size + GIVE_BACK_BYTES, ..self.limits };
            while let Ok(Some(_)) = self.chunk().await {} // dropped with what is not read: then it is closed
        });
    }

    /// The rest of the body.
    pub async fn read_all(&mut self) -> Result<Vec<u8>, WebFault> {
        let mut all = Vec::new();
        while let Some(bytes) = self.chunk().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }
}

/// A URL as it may be shown: without user, password, query and fragment. `None` where it is not an HTTP URL.
pub fn public_url(url: &str) -> Option<String> {
    parse(url).ok().map(|url| shown(&url))
}

/// Host and port of an HTTP URL.
pub fn host_port(url: &str) -> Option<(String, u16)> {
    let url = parse(url).ok()?;
    Some((url.host_str()?.to_string(), url.port_or_known_default()?))
}

/// Whether a URL is of this machine.
pub fn is_near(url: &str) -> bool {
    parse(url).is_ok_and(|url| is_loopback(&url))
}

/// Whether two HTTP URLs are of the same server: scheme, host and port.
pub fn is_same_origin(one: &str, other: &str) -> bool {
    matches!((parse(one), parse(other)), (Ok(one), Ok(other)) if one.origin() == other.origin())
}

fn parse(text: &str) -> Result<Url, WebFault> {
    let bad = |why: String| {
        fault(WebFaultKind::BadUrl, format!("the address is not an http:// or https:// URL: {why}"))
    };
    match Url::parse(text.trim()) {
        Err(error) => bad(error.to_string()),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => bad(format!("`{}:`", url.scheme())),
        Ok(url) if url.host_str().is_none_or(str::is_empty) => bad("it names no host".to_string()),
        Ok(url) => Ok(url),
    }
}

fn shown(url: &Url) -> String {
    let path = url.path().trim_end_matches('/');
    format!("{}{path}", origin(url))
}

fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("").trim_matches(['[', ']']);
    let named = host == "localhost" || host.ends_with(".localhost");
    named || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, WebFault> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let Ok(parsed) = HeaderName::from_bytes(name.as_bytes()) else {
            return fault(WebFaultKind::BadHeader, format!("`{}` is no header name", name.escape_debug()));
        };
        let Ok(mut content) = HeaderValue::from_str(value.trim()) else {
            let message = format!("the value of the header `{name}` holds characters that cannot be sent");
            return fault(WebFaultKind::BadHeader, message);
        };
        content.set_sensitive(true);
        map.append(parsed, content);
    }
    Ok(map)
}
