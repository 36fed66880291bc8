//! Policies: what may run, what asks, what never runs.

mod builtin; // the rules that come with the app

pub use builtin::Builtin;
