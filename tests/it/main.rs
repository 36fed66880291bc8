//! All integration tests, one binary.

mod text;
mod theme;
mod widgets;
