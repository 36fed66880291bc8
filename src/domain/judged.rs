//! What the policy said of a call, as the worker reports it.

use crate::domain::call::Preview;
use crate::domain::ids::CallId;
use crate::domain::policy::Verdict;
use crate::domain::tool_spec::Touch;

/// A judged call: the verdict and what it was about.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The call.
    pub call: CallId,
    /// The verdict.
    pub verdict: Verdict,
    /// What it will touch.
    pub touches: Vec<Touch>,
    /// What the operator is shown.
    pub preview: Preview,
    /// What holds its programs, by the profile's name; empty where it was not said.
    pub sandbox: String,
}
