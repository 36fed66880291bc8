//! What several tests share: folds made by hand, engines with faults, stories told through the real door, screens.

pub mod fold;
pub mod world;
pub mod story;
pub mod shot;
