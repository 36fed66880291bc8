//! `tackroom replay`: a saved session on the same screen, event by event; nothing runs, nothing is asked.

use crate::cli::args::Replay;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::open::{self, First};
use crate::cli::wire::Wire;

/// Shows a stored session from its beginning or from an event.
pub async fn replay(config: &Config, args: &Replay) -> Result<Code, Failure> {
    let wire = Wire::required(config)?;
    let id = wire.find(&args.id).await?;
    Box::pin(open::screen(config, wire, First::Replay(id, args.at))).await
}
