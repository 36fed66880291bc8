//! Policies: what may run, what asks, what never runs.

mod builtin; // the rules that come with the app, where it is built without the engine
#[cfg(feature = "cedar")]
pub mod cedar; // rules in files, in the Cedar language

pub use builtin::Builtin;
