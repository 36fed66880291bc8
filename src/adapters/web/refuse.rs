//! Addresses that are not to be connected to, looked at when the connection is made.

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::error::Error;
use std::net::{IpAddr, SocketAddr};

/// The address of a URL whose host is one.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether an address is not to be connected to.
pub type Refuse = fn(IpAddr) -> bool;

/// Looks names up and leaves out what is refused.
pub(super) struct Resolver(pub(super) Refuse);

/// Every address of a name is refused; carried through the client as the cause of its error.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not to be connected to")]
struct RefusedAddress(IpAddr);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let refuse = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> =
                found.iter().copied().filter(|address| !refuse(address.ip())).collect();
            match (allowed.is_empty(), found.first()) {
                (true, Some(first)) => {
                    Err(Box::new(RefusedAddress(first.ip())) as Box<dyn Error + Send + Sync>)
                }
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

/// The refused address behind an error, if that is what it was.
pub(super) fn refused(error: &(dyn Error + 'static)) -> Option<IpAddr> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(RefusedAddress(address)) = error.downcast_ref() {
            return Some(*address);
        }
        cause = error.source();
    }
    None
}
