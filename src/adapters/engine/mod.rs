//! Where sessions are kept. Every engine serves `Log`, `Work`, `Blobs`, `Live` and `Index`, and is held to the same
//! contracts (`tests/it/contracts`).

mod texts; // search in texts, for every engine
pub mod sqlite; // one database file in a folder: the default
pub mod memory; // gone at exit; breaks on demand, for tests
