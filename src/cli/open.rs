//! Stand-in while the screen is being merged.
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::wire::Wire;
use crate::domain::ids::SessionId;
use crate::domain::order::Task;
pub enum First {
    Empty,
    Begin(Task),
    Watch(SessionId),
    Resume(SessionId),
    Replay(SessionId, Option<u64>),
}
pub async fn open(_: &Config, _: Option<String>) -> Result<Code, Failure> {
    Err(Failure::new(Code::Usage, "no screen", ""))
}
pub async fn screen(_: &Config, _: Wire, _: First) -> Result<Code, Failure> {
    Err(Failure::new(Code::Usage, "no screen", ""))
}
