//! What answers a turn: an OpenAI-compatible server over HTTP, or a script.

pub mod secret; // a value that must not be shown
pub mod sse; // bytes to server-sent events, cut anywhere
pub mod fields; // single fields of a completion, read leniently
pub mod thought; // reasoning and what must be sent back of it
pub mod calls; // which delta belongs to which call
pub mod classify; // what an error answer means
pub mod retry_after; // how long a server asks to wait
pub mod assemble; // deltas to a reply, whole or a fault
