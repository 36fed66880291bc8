//! What a tool is given and gives back: a handle in the arguments is put back for the tool alone.

use super::hidden;
use super::stream::Stream;
use crate::domain::call::Preview;
use crate::domain::command_part::{CommandPart, Script};
use crate::domain::sandbox::Walls;
use crate::domain::secrets::changed;
use crate::domain::tool_spec::{ToolSpec, Touch};
use crate::ports::Later;
use crate::ports::tool::{Cleared, Returned, Tool};
use crate::ports::veil::{Unknown, Veil};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// A tool behind the veil.
pub struct VeiledTool {
    tool: Arc<dyn Tool>,
    veil: Arc<dyn Veil>,
}

impl VeiledTool {
    /// What this tool says is hidden.
    pub fn new(tool: Arc<dyn Tool>, veil: Arc<dyn Veil>) -> VeiledTool {
        VeiledTool { tool, veil }
    }

    fn revealed<'a>(&self, args: &'a Value) -> Result<Cow<'a, Value>, Unknown> {
        let made = changed(args, &mut |text| self.veil.reveal(text))?;
        Ok(made.map_or(Cow::Borrowed(args), Cow::Owned))
    }
}

/// Why a call with such a handle cannot run.
fn unknown(unknown: &Unknown) -> String {
    format!(
        "{unknown}: secrets are kept in memory only, and the process that saw this one has ended. Read it again from where \
         it came, or have the operator name it under [secrets] in the configuration."
    )
}

impl Tool for VeiledTool {
    fn spec(&self) -> ToolSpec {
        self.tool.spec()
    }

    /// Told by the arguments as they are kept.
    fn touches(&self, args: &Value) -> Vec<Touch> {
        self.tool.touches(args)
    }

    fn preview<'a>(&'a self, args: &'a Value) -> Later<'a, Preview> {
        Box::pin(async move {
            match self.revealed(args) {
                Ok(args) => shown(&*self.veil, self.tool.preview(&args).await),
                Err(handle) => Preview::WouldFail { why: unknown(&handle) },
            }
        })
    }

    fn walls(&self) -> Later<'_, Option<Walls>> {
        self.tool.walls()
    }

    fn run(&self, call: Cleared) -> Later<'_, Returned> {
        Box::pin(async move {
            let args = match self.revealed(&call.args) {
                Ok(args) => args.into_owned(),
                Err(handle) => return Returned::error(unknown(&handle)),
            };
            let (stream, output) = (Mutex::new(Stream::new(self.veil.clone())), call.output.clone());
            let output = Arc::new(move |text: String| {
                let told = stream.lock().unwrap_or_else(PoisonError::into_inner).push(&text);
                told.into_iter().for_each(&*output);
            });
            let returned = self.tool.run(Cleared { args, output, ..call }).await;
            Returned { text: hidden(&*self.veil, returned.text), ..returned }
        })
    }
}

/// A preview as it may be shown.
fn shown(veil: &dyn Veil, preview: Preview) -> Preview {
    let hide = |text: String| hidden(veil, text);
    match preview {
        Preview::None => Preview::None,
        Preview::Change { path, before, after, cut } => {
            Preview::Change { path: hide(path), before: before.map(hide), after: hide(after), cut }
        }
        Preview::Command { argv, cwd, sandbox, parts, scripts } => Preview::Command {
            argv: argv.into_iter().map(hide).collect(),
            cwd: hide(cwd),
            sandbox,
            parts: parts.into_iter().map(|part| CommandPart { text: hide(part.text), ..part }).collect(),
            scripts: scripts.into_iter().map(|script| Script { head: hide(script.head), ..script }).collect(),
        },
        Preview::Request { method, url } => Preview::Request { method, url: hide(url) },
        Preview::WouldFail { why } => Preview::WouldFail { why: hide(why) },
    }
}
