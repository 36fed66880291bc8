//! What went wrong with a request, told by kind and in a sentence without secrets.

use std::error::Error as StdError;

/// What went wrong with a request, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebFaultKind {
    /// The address is not an `http` or `https` URL with a host.
    BadUrl,
    /// A header's name or value cannot be sent.
    BadHeader,
    /// No connection: refused, unreachable, unknown host.
    Connect,
    /// The secure connection could not be made: certificate, protocol.
    Tls,
    /// One of the limits passed.
    Timeout,
    /// The connection ended before the answer did.
    Cut,
    /// The answer is larger than the request allows.
    TooLarge,
    /// The server sent a redirect that the request does not allow.
    Redirect,
    /// The name leads to an address that is not to be connected to; the message is the address.
    Refused,
}

/// A request that failed; the message is a sentence for a person and free of secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebFault {
    /// The kind.
    pub kind: WebFaultKind,
    /// What failed, on what, and why.
    pub message: String,
}

/// A failure of that kind.
pub(super) fn fault<T>(kind: WebFaultKind, message: impl Into<String>) -> Result<T, WebFault> {
    Err(WebFault { kind, message: message.into() })
}

/// A failure as reqwest tells it.
pub(super) fn translate(error: &reqwest::Error, origin: &str, connect_ms: u64) -> WebFault {
    let cause = root_cause(error);
    let (kind, message) = if error.is_timeout() {
        (WebFaultKind::Timeout, format!("could not connect to {origin} within {}", seconds(connect_ms)))
    } else if is_tls(error) {
        (WebFaultKind::Tls, format!("no secure connection to {origin}: {cause}"))
    } else if error.is_connect() {
        (WebFaultKind::Connect, format!("could not connect to {origin}: {cause}"))
    } else if error.is_builder() {
        (WebFaultKind::BadUrl, format!("the request to {origin} could not be made: {cause}"))
    } else {
        (WebFaultKind::Cut, format!("{origin} broke the connection off before it answered: {cause}"))
    };
    WebFault { kind, message }
}

/// The innermost reason: the outer ones repeat the URL.
pub(super) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    match last.downcast_ref::<reqwest::Error>() {
        Some(own) if own.url().is_some() => "the request failed".to_string(),
        Some(_) | None => last.to_string(),
    }
}

fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if error.is::<rustls::Error>() || inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        next = error.source();
    }
    false
}

/// A limit for people.
pub(super) fn seconds(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms} ms"),
        _ if ms.is_multiple_of(1000) => format!("{} s", ms / 1000),
        _ => format!("{:.1} s", ms as f64 / 1000.0),
    }
}
