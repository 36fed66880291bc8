//! Web addresses, strictly read. What two readers could take differently is refused, so that the host which was judged is
//! the host which is asked: no user, no backslash, no space, no number that only some take for an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A web address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    secure: bool,
    /// The name in lower case, or an address; IPv6 without brackets.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
    /// Path and query, beginning with `/`.
    rest: String,
}

impl Url {
    /// Reads an address; says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Url, String> {
        let bad = |why: &str| format!("url: {why}");
        if text
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '"' | '<' | '>' | '`'))
        {
            return Err(bad(
                "no spaces, backslashes, quotes or control characters: write them as %20 and so on",
            ));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| bad("begins with http:// or https://"))?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(bad("only http:// and https:// are fetched")),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if authority.contains('@') {
            return Err(bad("a user or password before @ is not sent"));
        }
        let (host, port) = host_and_port(authority).map_err(bad)?;
        let port = port.unwrap_or(if secure { 443 } else { 80 });
        let rest = rest.split('#').next().unwrap_or_default();
        let rest = if rest.starts_with('/') { rest.to_string() } else { format!("/{rest}") };
        let rest = rest.chars().map(encoded).collect();
        Ok(Url { secure, host, port, rest })
    }

    /// The address that a redirect leads to.
    pub(super) fn join(&self, location: &str) -> Result<Url, String> {
        if let Some(rest) = location.strip_prefix("//") {
            return Url::parse(&format!("{}://{rest}", self.scheme()));
        }
        if location.split(['/', '?', '#']).next().is_some_and(|start| start.contains(':')) {
            return Url::parse(location);
        }
        let base = format!("{}://{}", self.scheme(), self.authority());
        let path = self.rest.split('?').next().unwrap_or("/");
        match location.chars().next() {
            Some('/') => Url::parse(&format!("{base}{location}")),
            Some('?') => Url::parse(&format!("{base}{path}{location}")),
            Some(_) | None => {
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                Url::parse(&format!("{base}{folder}/{location}"))
            }
        }
    }

    /// The address, if the host is one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    fn authority(&self) -> String {
        let usual = self.port == if self.secure { 443 } else { 80 };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if usual { host } else { format!("{host}:{}", self.port) }
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.authority(), self.rest)
    }
}

/// Other letters than ASCII, written as bytes.
fn encoded(c: char) -> String {
    if c.is_ascii() {
        return c.to_string();
    }
    let mut bytes = [0; 4];
    c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), &'static str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']').ok_or("an address in [ ] is not closed")?;
            let address: Ipv6Addr = address.parse().map_err(|_| "what is in [ ] is no IPv6 address")?;
            let port = if after.is_empty() {
                None
            } else {
                Some(after.strip_prefix(':').ok_or("after ] comes a port")?)
            };
            (address.to_string(), port)
        }
        None => {
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            (name(host)?, port)
        }
    };
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    match port {
        None => Ok((host, None)),
        Some(port) if digits(port) => {
            let port =
                port.parse::<u16>().ok().filter(|port| *port > 0).ok_or("the port is from 1 to 65535")?;
            Ok((host, Some(port)))
        }
        Some(_) => Err("the port is a number"),
    }
}

/// A host's name, or an IPv4 address of four plain numbers.
fn name(host: &str) -> Result<String, &'static str> {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if !host.is_ascii() {
        return Err("a host with other letters than a to z is written in its xn-- form");
    }
    let label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        (1..=63).contains(&label.len()) && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    if host.len() > 253 || !host.split('.').all(label) {
        return Err("the host is a name such as example.com");
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    match number && host.parse::<Ipv4Addr>().is_err() {
        true => Err("the host is a number but no address such as 192.0.2.1"),
        false => Ok(host),
    }
}
