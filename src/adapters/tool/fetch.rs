//! The socket for whatever does HTTP: one request, bounded, without redirects.

use crate::ports::Later;
use std::net::IpAddr;
use std::time::Duration;

/// What a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// The most bytes of the body, after decompression.
    pub bytes_max: usize,
    /// The longest it may take in all.
    pub wait: Duration,
    /// Whether an address may be reached that [`private`] names.
    pub private: bool,
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// The status.
    pub status: u16,
    /// The `Content-Type`, empty where there is none.
    pub content_type: String,
    /// The `Location`, where the status is a redirect.
    pub location: Option<String>,
    /// The body, as much as fits.
    pub body: Vec<u8>,
    /// Whether there was more.
    pub cut: bool,
}

/// What kept it from coming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchFault {
    /// The name leads to an address of this machine or its network, which was not allowed.
    Private(IpAddr),
    /// It took too long.
    Late,
    /// No connection, no name, no certificate: why, as a sentence part.
    Failed(String),
}

/// Does one GET.
///
/// Contract: redirects are not followed; no cookies, no credentials and no proxy password are sent; where `private` is not
/// allowed, the address that is connected to is looked at, not the name (a name may lead elsewhere the second time); the
/// body is never in memory beyond `bytes_max` and a buffer; a dropped future closes the connection.
pub trait Fetch: Send + Sync {
    /// Fetches `url`, which is `http` or `https`, without a user and without a fragment.
    fn fetch<'a>(&'a self, url: &'a str, limits: FetchLimits) -> Later<'a, Result<Fetched, FetchFault>>;
}

/// Whether an address is of this machine, its network, or no place at all: what a request from outside could not reach.
pub fn private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_documentation()
                || matches!(
                    (a, b, c),
                    (0 | 240..=255, _, _) | (100, 64..=127, _) | (192, 0, 0) | (198, 18 | 19, _)
                )
        }
        IpAddr::V6(v6) => {
            let parts = v6.segments();
            let inner = match parts {
                // Addresses that carry an IPv4 one: mapped, compatible, NAT64, 6to4.
                [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                    Some((high, low))
                }
                [0x2002, high, low, ..] => Some((high, low)),
                _ => None,
            };
            let inner = inner.map(|(high, low)| {
                let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
                private(IpAddr::from([a, b, c, d]))
            });
            let [first, ..] = parts;
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || matches!(first & 0xfe00, 0xfc00)
                || matches!(first & 0xff80, 0xfe80)
                || (parts[0] == 0x64 && parts[1] == 0xff9b && parts[2] == 1)
                || (parts[0] == 0x2001 && parts[1] == 0)
                || inner.unwrap_or(false)
        }
    }
}
