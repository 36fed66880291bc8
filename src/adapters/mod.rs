//! One plug per outside thing; which plug fits which socket.

pub mod clock; // the system's time and fresh numbers: `Clock`
pub mod engine; // where sessions are kept: `Log`, `Work`, `Blobs`, `Live`, `Index`
pub mod web; // HTTP with limits; for the model and the tool adapters alone
pub mod model; // what answers, an OpenAI-compatible server or a script: `Model`
