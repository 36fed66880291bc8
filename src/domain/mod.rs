//! What a run is: pure data and decisions.

pub mod letters;
pub mod text;
