//! What answers a turn: a model's server over one of the wires they speak, or a script.

pub mod secret; // a value that must not be shown
pub mod sse; // bytes to server-sent events, cut anywhere
pub mod fields; // single fields of a completion, read leniently
pub mod thought; // reasoning and what must be sent back of it
pub mod calls; // which delta belongs to which call
pub mod classify; // what an error answer means
pub mod retry_after; // how long a server asks to wait
pub mod arrival; // a reply's text as it arrives
pub mod intake; // what takes in an answer, whatever the wire
pub mod assemble; // deltas to a reply, whole or a fault
pub mod stream; // a stream's bytes to a reply
pub mod dialect; // what one endpoint does not take
pub mod form; // one of the wires: how it is written and read
pub mod wire; // single messages and tools as JSON text
pub mod turns; // the conversation as the strictest server wants it
pub mod growth; // something carried on per session
pub mod body; // a request's body, appended to and hashed as it grows
pub mod exchange; // one request and its answer
pub mod openai; // chat completions, which most servers speak
pub mod thoughts; // signed thoughts, and where in a reply they stood
pub mod messages; // Anthropic's Messages
pub mod responses; // OpenAI's Responses
pub mod endpoint; // the plug for a server, over any wire
pub mod priced; // a model whose replies tell what they cost
pub mod script; // what a scripted model says
pub mod scripted; // a model that follows a script
pub mod provider; // a provider of models as data
pub mod health; // what is remembered of credentials and endpoints that failed
pub mod pool; // a model behind several ways
pub mod discover; // which models are at hand, and what is wrong with each
