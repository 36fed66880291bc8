//! What several tests need: stories told through the real door, screens as text and as pictures.

pub mod story;
pub mod shot;
