//! The retention rules as the operator keeps them: where that is, is the implementor's to say.

use crate::domain::retention::Rules;
use crate::ports::Later;

/// Keeps the rules for every later start.
///
/// Contract (`tests/it/retention.rs`): whatever else is kept there stays as it is, to the byte; a reader, also after a crash, sees
/// what was there before or all of what is there then; what cannot be changed without a doubt is not touched.
pub trait KeepRules: Send + Sync {
    /// Keeps them; answers where, as a person would type it, or why not and what to do about it.
    fn keep(&self, rules: Rules) -> Later<'_, Result<String, (String, String)>>;
}
