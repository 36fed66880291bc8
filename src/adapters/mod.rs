//! One plug per outside thing; which plug fits which socket.

pub mod clock; // the system's time and fresh numbers: `Clock`
pub mod engine; // where sessions are kept: `Log`, `Work`, `Blobs`, `Live`, `Index`
