//! One plug per outside thing; which plug fits which socket.
//!
//! An adapter names no other adapter folder; `web` and `disk` alone are plumbing that several may use.

pub mod clock; // the system's time and fresh numbers: `Clock`
pub mod web; // HTTP with limits on everything
pub mod disk; // files that take another's place as a whole
pub mod engine; // where sessions are kept: `Log`, `Work`, `Blobs`, `Live`, `Index`
pub mod model; // who answers: `Model`
pub mod files; // the files of a workspace, kept in the blob store and put back
pub mod sandbox; // what holds a command: `Sandbox`
pub mod tool; // what an agent may call: `Tool`
pub mod foreign; // other tools' sessions on this machine: `Foreign`
pub mod veil; // secrets are hidden on their way in: around `Model`, `Tool`, `Judge`, `Foreign`
pub mod sign; // keys of operators, and the book of what was signed: `Signer`
pub mod policy; // who decides what may run: `Judge`
