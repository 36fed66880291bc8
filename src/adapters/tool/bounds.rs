//! What was judged of the files that a call opens: what it opens must lie where that said, whatever was put in its place since,
//! and what a rule keeps from it below is left out.
//!
//! A link that is swapped between the verdict and the run leads to a handle that lies elsewhere; that is looked at after
//! opening, so no moment is left in between.

use super::place::{Said, Workspace};
use crate::domain::tool_spec::Touch;
use crate::ports::tool::{Cleared, Withheld};
use std::os::fd::AsFd;

/// What one call may open.
pub(super) struct Bounds {
    touches: Vec<Touch>,
    withheld: Option<Withheld>,
}

impl Bounds {
    /// Those of a call.
    pub(super) fn of(call: &Cleared) -> Bounds {
        Bounds { touches: call.touches.clone(), withheld: call.withheld.clone() }
    }

    /// Where an opened handle lies; refused where that is not what was judged.
    pub(super) fn opened(&self, workspace: &Workspace, handle: impl AsFd, shown: &str) -> Said<String> {
        let lies = workspace.guard(handle, shown)?;
        self.holds(&lies, shown).map(|()| lies)
    }

    /// Whether a place is one that was judged.
    pub(super) fn holds(&self, lies: &str, shown: &str) -> Said<()> {
        let is_judged = self.touches.iter().any(|touch| match touch {
            Touch::Read { path } | Touch::Write { path } => path == lies,
            Touch::Command { .. } | Touch::Host { .. } => false,
        });
        match is_judged {
            true => Ok(()),
            false => Err(elsewhere(shown, lies)),
        }
    }

    /// Whether a rule keeps a path from the call, by where it lies.
    pub(super) fn withholds(&self, lies: &str) -> bool {
        self.withheld.as_ref().is_some_and(|withheld| withheld(lies))
    }
}

/// What is met on a walk lies below the folder in which it began.
pub(super) fn met(workspace: &Workspace, handle: impl AsFd, shown: &str, place: &str) -> Said<()> {
    let lies = workspace.guard(handle, shown)?;
    if lies == place { Ok(()) } else { Err(elsewhere(shown, &lies)) }
}

fn elsewhere(shown: &str, lies: &str) -> String {
    format!(
        "{shown} leads to {lies} by now, which is not what was judged: nothing of it was opened; call again"
    )
}
