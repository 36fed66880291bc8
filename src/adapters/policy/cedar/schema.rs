//! What a rule may speak of: the schema that every file is checked against, strictly.

use crate::domain::tool_spec::Effect;
use cedar_policy::Schema;

/// Everything but the tools.
const COMMON: &str = r#"
entity Agent;
entity Operator;
entity Path { path: String, name: String, inWorkspace: Bool, ownData: Bool };
entity Host { host: String, port: Long, listed: Bool };
entity Command {
  program: String, first: String, args: Set<String>, count: Long, line: String, viaShell: Bool, wrapper: Bool
};
entity Tool { name: String };
type Call = { writes: Bool, cwd: String, arguments: String, mode: String, sandbox: String };
action "read-only", "idempotent", "probe", "side-effect";
"#;

/// The group of tools of an effect class.
pub(super) fn group(effect: Effect) -> &'static str {
    match effect {
        Effect::ReadOnly => "read-only",
        Effect::Idempotent => "idempotent",
        Effect::Probe => "probe",
        Effect::SideEffect => "side-effect",
    }
}

/// The schema for these tools. Names of tools are lower-case letters, digits and `_`; another is left out, so no rule may
/// name it.
pub(super) fn schema(tools: &[(String, Effect)]) -> Result<Schema, String> {
    let mut text = COMMON.to_string();
    for (name, effect) in tools.iter().filter(|(name, _)| is_name(name)) {
        text.push_str(&format!(
            "action \"{name}\" in [\"{}\"] appliesTo {{ principal: [Agent], resource: [Path, Host, Command, Tool], context: Call }};\n",
            group(*effect)
        ));
    }
    Schema::from_cedarschema_str(&text).map(|(schema, _)| schema).map_err(|error| error.to_string())
}

fn is_name(name: &str) -> bool {
    let groups = [Effect::ReadOnly, Effect::Idempotent, Effect::Probe, Effect::SideEffect].map(group);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    !name.is_empty() && name.chars().all(plain) && !groups.contains(&name)
}
