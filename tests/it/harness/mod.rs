//! What the tests share: folds made by hand, engines with faults, a mock of a model's server, stories, screens as text and as pictures, the real program.

pub mod cases;
#[cfg(feature = "cedar")]
pub mod rules;
pub mod fold;
pub mod world;
pub mod mock_model;
pub mod strict_messages;
pub mod outside;
pub mod story;
pub mod shot;
pub mod binary;
pub mod terminal;
pub mod stored;
pub mod shelf;
pub mod screen;
pub mod look;
pub mod many;
pub mod counting;
pub mod promise;
