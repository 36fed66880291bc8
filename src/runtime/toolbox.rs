//! The dispatch table: tool name to tool.

use crate::domain::tool_spec::ToolBook;
use crate::ports::tool::Tool;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The tools of a session.
#[derive(Clone, Default)]
pub struct Toolbox {
    tools: Arc<BTreeMap<String, Arc<dyn Tool>>>,
    book: ToolBook,
}

impl Toolbox {
    /// A table of these tools; a later one of the same name replaces an earlier.
    pub fn new(tools: impl IntoIterator<Item = Arc<dyn Tool>>) -> Toolbox {
        let tools: BTreeMap<String, Arc<dyn Tool>> =
            tools.into_iter().map(|tool| (tool.spec().name, tool)).collect();
        let book = ToolBook::new(tools.values().map(|tool| tool.spec()));
        Toolbox { tools: Arc::new(tools), book }
    }

    /// The tool of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Tool>> {
        self.tools.get(name)
    }

    /// What the tools declare.
    pub fn book(&self) -> &ToolBook {
        &self.book
    }
}
