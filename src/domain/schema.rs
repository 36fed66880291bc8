//! Checks arguments against a JSON Schema and names the bad path. No network, no files: remote references do not resolve.

use jsonschema::error::ValidationErrorKind;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// How many faults one check reports; a person or a model mends a few at a time.
const FAULTS_MAX: usize = 8;

/// A schema ready to check values.
#[derive(Clone)]
pub struct Schema {
    source: Arc<Value>,
    compiled: Arc<jsonschema::Validator>,
}

/// One thing wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaFault {
    /// A JSON pointer to the bad place, `/` for the value itself.
    pub path: String,
    /// What is wrong there, as a sentence part.
    pub why: String,
}

impl fmt::Display for SchemaFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.why)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({})", self.source)
    }
}

impl Schema {
    /// Compiles a schema; a bad one is named with the reason.
    pub fn new(source: Value) -> Result<Schema, SchemaFault> {
        match jsonschema::validator_for(&source) {
            Ok(compiled) => Ok(Schema { source: Arc::new(source), compiled: Arc::new(compiled) }),
            Err(error) => Err(SchemaFault { path: error.schema_path().to_string(), why: error.to_string() }),
        }
    }

    /// The arguments that it names, as a list of words.
    fn names(&self) -> String {
        let members = self.source.get("properties").and_then(Value::as_object);
        let names = members.into_iter().flatten().map(|(name, _)| name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    /// The schema as JSON.
    pub fn source(&self) -> &Value {
        &self.source
    }

    /// Everything wrong with `value`, at most eight faults; empty means it fits.
    pub fn check(&self, value: &Value) -> Vec<SchemaFault> {
        let known = self.names();
        self.compiled.iter_errors(value).take(FAULTS_MAX).map(|error| fault(&error, &known)).collect()
    }
}

/// A fault that points at the member itself where one is missing or is too many.
fn fault(error: &jsonschema::ValidationError<'_>, known: &str) -> SchemaFault {
    let at = error.instance_path().to_string();
    let member = |name: &str| format!("{at}/{name}");
    let (path, why) = if let ValidationErrorKind::Required { property } = error.kind() {
        (member(property.as_str().unwrap_or("?")), "is required and missing".to_string())
    } else if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() {
        (
            member(unexpected.first().map_or("?", String::as_str)),
            match at.is_empty() && !known.is_empty() {
                true => format!("is not an argument of this tool; there are: {known}"),
                false => "is not an argument of this tool".to_string(),
            },
        )
    } else {
        (at, shorten(&error.to_string()))
    };
    SchemaFault { path: if path.is_empty() { "/".to_string() } else { path }, why }
}

fn shorten(text: &str) -> String {
    let short: String = text.chars().take(200).collect();
    if short.len() < text.len() { short + "…" } else { short }
}
