//! What the tests share: folds made by hand, engines with faults, a mock of a model's server, screens.

pub mod fold;
pub mod world;
pub mod mock_model;
