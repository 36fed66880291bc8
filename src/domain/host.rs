//! Which hosts a list names: the one reading that the HTTP tool and the policy share.

/// One entry of a list of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// The name or address, in lower case and without brackets.
    name: String,
    /// Whether names below it count too, and not itself (`*.example.com`).
    below: bool,
    /// The port; without one, the usual ports 80 and 443.
    port: Option<u16>,
}

/// A list of hosts, such as `example.com`, `*.example.com`, `localhost:8080`, `[::1]:9000`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(Vec<Entry>);

impl Hosts {
    /// Reads a list; an entry that is none is named with the reason.
    pub fn parse<S: AsRef<str>>(list: impl IntoIterator<Item = S>) -> Result<Hosts, String> {
        list.into_iter().map(|text| entry(text.as_ref())).collect::<Result<Vec<_>, _>>().map(Hosts)
    }

    /// Whether the list names this host at this port.
    pub fn name(&self, host: &str, port: u16) -> bool {
        let host = plain(host);
        self.0.iter().any(|entry| {
            let named = match entry.below {
                true => {
                    host.strip_suffix(&entry.name).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
                }
                false => host == entry.name,
            };
            named && entry.port.map_or(matches!(port, 80 | 443), |only| only == port)
        })
    }
}

/// A host without brackets, a closing dot or capitals.
fn plain(host: &str) -> String {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase()
}

fn entry(text: &str) -> Result<Entry, String> {
    let bad =
        |why: &str| format!("`{text}` is no host: {why}, as in example.com, *.example.com or localhost:8080");
    let (below, rest) = match text.strip_prefix("*.") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (name, port) = match rest.rsplit_once(':') {
        Some((name, port)) if name.ends_with(']') || !name.contains(':') => (name, Some(port)),
        Some(_) | None => (rest, None),
    };
    let port = match port.map(str::parse::<u16>) {
        Some(Err(_)) => return Err(bad("the port is not a number up to 65535")),
        Some(Ok(port)) => Some(port),
        None => None,
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    if name.is_empty() || !name.chars().all(fits) {
        return Err(bad("a name has letters, digits, dots and hyphens"));
    }
    if below && !name.contains('.') {
        return Err(bad("a whole top-level domain is too much"));
    }
    Ok(Entry { name: plain(name), below, port })
}
