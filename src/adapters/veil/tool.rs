//! What a tool is given and gives back: what a handle in the arguments stands for is put in for the tool alone, where it can
//! be nothing but a value.

use super::put::Put;
use super::stream::Stream;
use crate::domain::call::Preview;
use crate::domain::command_part::{CommandPart, Script};
use crate::domain::sandbox::Walls;
use crate::domain::secrets_use::{touches_with, unfit};
use crate::domain::tool_spec::{ToolSpec, Touch};
use crate::ports::Later;
use crate::ports::tool::{Cleared, Returned, Tool};
use crate::ports::veil::Veil;
use serde_json::Value;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

/// What is longer is hidden on a thread of its own.
const LONG: usize = 64 * 1024;
/// Characters that are told of where a secret was met.
const FROM_MAX: usize = 60;

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

    /// The arguments as they would run, where they may; else why not, in a sentence.
    fn put<'a>(&self, args: &'a Value) -> Result<Put<'a>, String> {
        let put = Put::of(&*self.veil, args).map_err(|kept| kept.sentence())?;
        let why = match put.used.is_empty() {
            true => None,
            false => unfit(&put.used, &self.tool.touches(args), &self.tool.touches(&put.args)),
        };
        match why {
            None => Ok(put),
            Some(why) => Err(format!(
                "{why}. What cannot be seen must not be able to be anything but a value, so nothing was run. Write out what is \
                 no secret; a secret of this form can be used once the operator names it under [secrets] in the configuration."
            )),
        }
    }

    /// Where what this call gives back came from.
    fn origin(&self, args: &Value) -> String {
        let touched = self.touches(args).first().map(Touch::line).unwrap_or_default();
        let told = format!("{} ({touched})", self.tool.spec().name);
        let plain = told.chars().map(|c| if c.is_control() { ' ' } else { c });
        let mut short: String = plain.take(FROM_MAX).collect();
        if told.chars().count() > FROM_MAX {
            short.push('…');
        }
        short
    }
}

impl Tool for VeiledTool {
    fn spec(&self) -> ToolSpec {
        self.tool.spec()
    }

    /// Told by the arguments as they would run, with what was put in taken out again.
    fn touches(&self, args: &Value) -> Vec<Touch> {
        let Ok(put) = Put::of(&*self.veil, args) else { return self.tool.touches(args) };
        let touches = self.tool.touches(&put.args);
        let Ok(told) = touches_with::<Infallible>(&touches, &mut |text| Ok(put.out(text)));
        told
    }

    fn preview<'a>(&'a self, args: &'a Value) -> Later<'a, Preview> {
        Box::pin(async move {
            match self.put(args) {
                Ok(put) => shown(&*self.veil, &put, self.tool.preview(&put.args).await),
                Err(why) => Preview::WouldFail { why },
            }
        })
    }

    fn walls(&self) -> Later<'_, Option<Walls>> {
        self.tool.walls()
    }

    fn run(&self, call: Cleared) -> Later<'_, Returned> {
        Box::pin(async move {
            let args = match self.put(&call.args) {
                Ok(put) => put.args.into_owned(),
                Err(why) => return Returned::error(why),
            };
            let from = self.origin(&call.args);
            let (stream, output) = (Mutex::new(Stream::new(self.veil.clone())), call.output.clone());
            let output = Arc::new(move |text: String| {
                let told = stream.lock().unwrap_or_else(PoisonError::into_inner).push(&text);
                told.into_iter().for_each(&*output);
            });
            let Returned { outcome, text } = self.tool.run(Cleared { args, output, ..call }).await;
            let veil = self.veil.clone();
            let hide = move |text: String| veil.hide_from(&text, &from).unwrap_or(text);
            if text.len() <= LONG {
                return Returned { outcome, text: hide(text) };
            }
            match tokio::task::spawn_blocking(move || hide(text)).await {
                Ok(text) => Returned { outcome, text },
                Err(_) => Returned {
                    outcome,
                    text: "[what it gave back could not be hidden, and is not told]\n".into(),
                },
            }
        })
    }
}

/// A preview as it may be shown: what is in a file already is hidden by its form, what the call would put there is not.
fn shown(veil: &dyn Veil, put: &Put<'_>, preview: Preview) -> Preview {
    let known = |text: String| {
        let text = put.out(&text);
        veil.hide_known(&text).unwrap_or(text)
    };
    match preview {
        Preview::None => Preview::None,
        Preview::Change { path, before, after, cut } => {
            let after = put.out(&after);
            let hide = |text: String| veil.hide_from(&text, "the file as it is").unwrap_or(text);
            let (before, after) = match before {
                None => (None, known(after)),
                Some(before) => {
                    let hidden = hide(put.out(&before));
                    let after = veil.hide_among(&after, &before).unwrap_or(after);
                    (Some(hidden), after)
                }
            };
            Preview::Change { path: known(path), before, after, cut }
        }
        Preview::Command { argv, cwd, sandbox, parts, scripts } => {
            let file = |text: String| veil.hide_from(&text, "a script's first lines").unwrap_or(text);
            Preview::Command {
                argv: argv.into_iter().map(known).collect(),
                cwd: known(cwd),
                sandbox,
                parts: parts.into_iter().map(|part| CommandPart { text: known(part.text), ..part }).collect(),
                scripts: scripts
                    .into_iter()
                    .map(|script| Script { head: file(put.out(&script.head)), ..script })
                    .collect(),
            }
        }
        Preview::Request { method, url } => Preview::Request { method, url: known(url) },
        Preview::WouldFail { why } => {
            let why = put.out(&why);
            Preview::WouldFail { why: veil.mask(&why).unwrap_or(why) }
        }
    }
}
