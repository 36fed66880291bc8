//! One plug per outside thing: which plug fits which socket.

pub mod policy; // Judge: the built-in rules
pub mod tool; // Tool: files, search, commands, HTTP
