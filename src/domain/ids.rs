//! Numbers and names that must not mix.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The letters of a session id: digits and lower-case letters without `i`, `l`, `o` and `u` (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Names one session: ten base-32 letters, drawn at random, so that a short prefix is soon unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionId(pub String);

impl SessionId {
    /// Makes an id from the low 50 bits of a random number.
    pub fn from_random(random: u128) -> SessionId {
        let letter = |i: u32| char::from(LETTERS[((random >> (5 * i)) & 31) as usize]);
        SessionId((0..10).map(letter).collect())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` could be an id or the beginning of one: ids never reach a path or a query unchecked.
    pub fn is_prefix(text: &str) -> bool {
        !text.is_empty() && text.len() <= 10 && text.bytes().all(|b| LETTERS.contains(&b))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one commit: 32 hexadecimal digits from a fresh 128-bit number; all zeros stands before the first commit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CommitId(pub String);

impl CommitId {
    /// Makes an id from a fresh number.
    pub fn from_random(random: u128) -> CommitId {
        CommitId(format!("{random:032x}"))
    }

    /// What the first commit names as the one before it.
    pub fn none() -> CommitId {
        CommitId("0".repeat(32))
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl $name {
            /// The number after this one.
            pub fn after(self) -> $name {
                $name(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

number!(
    /// The place of an event in its session: 1 is the first, 0 stands before it.
    EventNo, u64, "#"
);
number!(
    /// The ordinal of a run in its session, from 1; 0 is the session itself.
    RunNo, u32, "r"
);
number!(
    /// The ordinal of a tool call in its session, from 1; shown and typed as `c7`.
    CallId, u32, "c"
);
number!(
    /// The ordinal of a breakpoint in its session, from 1; shown and typed as `b2`.
    BreakNo, u32, "b"
);
number!(
    /// The ordinal of an operator's note in its session, from 1; shown and typed as `n1`.
    NoteNo, u32, "n"
);
number!(
    /// The ordinal of a lease in its session, from 1; shown and typed as `l1`.
    LeaseNo, u32, "l"
);
number!(
    /// The writer's term: each takeover of a session's writer lease adds one.
    Epoch, u64, "e"
);

impl Epoch {
    /// The term of an imported session: no worker takes so many (the largest number that JSON keeps everywhere).
    pub const IMPORTED: Epoch = Epoch((1 << 53) - 1);
}

impl CallId {
    /// Reads `c7` or `7`.
    pub fn parse(text: &str) -> Option<CallId> {
        text.strip_prefix('c').unwrap_or(text).parse().ok().map(CallId)
    }
}

impl BreakNo {
    /// Reads `b2` or `2`.
    pub fn parse(text: &str) -> Option<BreakNo> {
        text.strip_prefix('b').unwrap_or(text).parse().ok().map(BreakNo)
    }
}

impl LeaseNo {
    /// Reads `l1` or `1`.
    pub fn parse(text: &str) -> Option<LeaseNo> {
        text.strip_prefix('l').unwrap_or(text).parse().ok().map(LeaseNo)
    }
}

impl NoteNo {
    /// Reads `n1` or `1`.
    pub fn parse(text: &str) -> Option<NoteNo> {
        text.strip_prefix('n').unwrap_or(text).parse().ok().map(NoteNo)
    }
}
