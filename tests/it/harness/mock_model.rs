//! A model's server for tests: HTTP/1.1 on loopback, answers as scripted down to the cut between two bytes, and what it was asked.
//!
//! Answers are given in the order of the requests; with none left it answers 500. In strict mode a body that the strictest
//! of the real servers would refuse gets 400 with the reason, and no scripted answer is used up.

use crate::harness::strict_messages::strict_messages_fault;
use serde_json::Value;
use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

/// Something the server does while it answers.
#[derive(Clone)]
pub enum Step {
    /// Sends bytes of the body.
    Send(Vec<u8>),
    /// Waits to be told to go on.
    Wait(Arc<Notify>),
    /// Sends nothing more until the client closes.
    Hang,
}

/// How the body's end is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// By closing the connection.
    Close,
    /// In chunks, with the last one: a cut answer lacks it.
    Chunked,
    /// In chunks, without the last one: the connection breaks off.
    ChunkedCut,
    /// In chunks, with the last one a moment later; the connection stays open for the next request.
    KeepAlive,
}

/// One answer.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub steps: Vec<Step>,
    pub framing: Framing,
    /// Whether even the head waits: the steps run before anything is sent.
    pub mute: bool,
}

impl Answer {
    /// A stream of events, sent in one piece.
    pub fn stream(body: impl AsRef<[u8]>) -> Answer {
        Answer::pieces(&[body.as_ref()])
    }

    /// A stream of events, sent in these pieces.
    pub fn pieces(pieces: &[&[u8]]) -> Answer {
        Answer {
            status: 200,
            headers: vec![("content-type".into(), "text/event-stream".into())],
            steps: pieces.iter().map(|piece| Step::Send(piece.to_vec())).collect(),
            framing: Framing::Close,
            mute: false,
        }
    }

    /// JSON with a status.
    pub fn json(status: u16, body: impl AsRef<str>) -> Answer {
        let headers = vec![("content-type".into(), "application/json".into())];
        Answer { status, headers, ..Answer::stream(body.as_ref()) }
    }

    /// A small whole reply with a text.
    pub fn says(text: &str) -> Answer {
        let chunk = serde_json::json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]});
        Answer::stream(format!("data: {chunk}\n\ndata: [DONE]\n\n"))
    }

    /// An answer that never comes: not even its head.
    pub fn silence() -> Answer {
        Answer { steps: vec![Step::Hang], mute: true, ..Answer::stream("") }
    }

    /// The same with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Answer {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same with another end.
    pub fn framed(mut self, framing: Framing) -> Answer {
        self.framing = framing;
        self
    }

    /// The same with one more step.
    pub fn then(mut self, step: Step) -> Answer {
        self.steps.push(step);
        self
    }
}

/// A request as it was received.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub raw: Vec<u8>,
    pub body: Value,
}

impl Asked {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct State {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<Asked>>,
    refused: Mutex<Vec<String>>,
    connections: AtomicUsize,
    strict: bool,
}

/// The server; dropping it stops it.
pub struct MockModel {
    address: std::net::SocketAddr,
    state: Arc<State>,
    hung_up: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for MockModel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl MockModel {
    /// A server that gives these answers.
    pub async fn start(answers: Vec<Answer>) -> MockModel {
        MockModel::with(answers, false).await
    }

    /// The same, refusing what the strictest server would.
    pub async fn strict(answers: Vec<Answer>) -> MockModel {
        MockModel::with(answers, true).await
    }

    async fn with(answers: Vec<Answer>, strict: bool) -> MockModel {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State { answers: Mutex::new(answers.into()), strict, ..State::default() });
        let (told, hung_up) = watch::channel(0);
        let (shared, told) = (Arc::clone(&state), Arc::new(told));
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (state, told) = (Arc::clone(&shared), Arc::clone(&told));
                state.connections.fetch_add(1, Ordering::Relaxed);
                connections.spawn(async move {
                    let mut stream = stream;
                    loop {
                        match serve(&mut stream, &state).await {
                            Some(Served::Open) => {}
                            Some(Served::HungUp) => return told.send_modify(|count| *count += 1),
                            Some(Served::Closed) | None => return,
                        }
                    }
                });
            }
        });
        MockModel { address, state, hung_up, task }
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Adds an answer.
    pub fn push(&self, answer: Answer) {
        self.state.answers.lock().unwrap().push_back(answer);
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// What strict mode found wrong so far.
    pub fn refused(&self) -> Vec<String> {
        self.state.refused.lock().unwrap().clone()
    }

    /// Waits until so many clients closed their connection before the answer was over.
    pub async fn hung_up(&self, times: usize) -> bool {
        let mut hung_up = self.hung_up.clone();
        let wait = hung_up.wait_for(|count| *count >= times);
        tokio::time::timeout(Duration::from_secs(5), wait).await.is_ok_and(|seen| seen.is_ok())
    }

    /// Waits until so many requests were received.
    pub async fn heard(&self, times: usize) {
        let seen = async {
            while self.asked().len() < times {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), seen).await.expect("the request arrives");
    }
}

/// How a connection stands after a request was served.
enum Served {
    Closed,
    Open,
    HungUp,
}

/// Serves one request of a connection.
async fn serve(stream: &mut TcpStream, state: &State) -> Option<Served> {
    let asked = read_request(stream).await?;
    let fault = match asked.path.rsplit('/').next() {
        Some("completions") if state.strict => strict_fault(&asked.body),
        Some("messages") if state.strict => strict_messages_fault(&asked.body),
        Some(_) | None => None,
    };
    state.asked.lock().unwrap().push(asked);
    let answer = match fault {
        Some(fault) => {
            state.refused.lock().unwrap().push(fault.clone());
            let error = serde_json::json!({"error": {"message": fault, "type": "invalid_request_error"}});
            Answer::json(400, error.to_string())
        }
        None => state.answers.lock().unwrap().pop_front().unwrap_or_else(|| {
            Answer::json(500, r#"{"error":{"message":"no answer is left in the script"}}"#)
        }),
    };
    Some(send(stream, answer).await)
}

async fn read_request(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_string();
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_string();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_string(), value.trim().to_string()))
        .collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut raw = bytes.split_off(head_end + 4);
    while raw.len() < length {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => raw.extend_from_slice(&buffer[..n]),
        }
    }
    let body = serde_json::from_slice(&raw).unwrap_or(Value::Null);
    Some(Asked { path, headers, raw, body })
}

async fn send(stream: &mut TcpStream, answer: Answer) -> Served {
    let chunked = answer.framing != Framing::Close;
    let keeps = answer.framing == Framing::KeepAlive;
    let connection = if keeps { "keep-alive" } else { "close" };
    let mut head = format!("HTTP/1.1 {} Scripted\r\nconnection: {connection}\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(if chunked { "transfer-encoding: chunked\r\n\r\n" } else { "\r\n" });
    if !answer.mute && stream.write_all(head.as_bytes()).await.is_err() {
        return Served::HungUp;
    }
    for step in answer.steps {
        match step {
            Step::Send(bytes) if bytes.is_empty() => {}
            Step::Send(bytes) => {
                let framed = if chunked {
                    [format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes[..], b"\r\n"].concat()
                } else {
                    bytes
                };
                if stream.write_all(&framed).await.is_err() || stream.flush().await.is_err() {
                    return Served::HungUp;
                }
                tokio::task::yield_now().await;
            }
            Step::Wait(go) => tokio::select! {
                () = go.notified() => {}
                () = closed(stream) => return Served::HungUp,
            },
            Step::Hang => {
                closed(stream).await;
                return Served::HungUp;
            }
        }
    }
    if keeps {
        tokio::task::yield_now().await; // the client has read all that was said by then
    }
    if keeps || answer.framing == Framing::Chunked {
        let _ = stream.write_all(b"0\r\n\r\n").await;
    }
    if keeps {
        return Served::Open;
    }
    let _ = stream.shutdown().await;
    Served::Closed
}

/// Completes when the client closes.
async fn closed(stream: &mut TcpStream) {
    let mut buffer = [0; 1024];
    while let Ok(n) = stream.read(&mut buffer).await {
        if n == 0 {
            return;
        }
    }
}

/// What the strictest of the real servers would refuse a body for; `None` where all would take it.
pub fn strict_fault(body: &Value) -> Option<String> {
    if body.get("model").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Some("`model` is missing".into());
    }
    if let Some(tools) = body.get("tools")
        && tools.as_array().is_none_or(Vec::is_empty)
    {
        return Some("[] is too short - 'tools'".into());
    }
    let Some(messages) = body.get("messages").and_then(Value::as_array).filter(|list| !list.is_empty())
    else {
        return Some("`messages` is missing or empty".into());
    };
    let mut seen = HashSet::new();
    let mut waiting: VecDeque<String> = VecDeque::new();
    let mut before = "";
    for (at, message) in messages.iter().enumerate() {
        let role = message.get("role").and_then(Value::as_str).unwrap_or("");
        if let Some(fault) = turn_fault(at, before, role, &waiting) {
            return Some(format!("messages[{at}]: {fault}"));
        }
        let fault = match role {
            "system" | "user" => text_fault(message),
            "assistant" => assistant_fault(message, &mut seen, &mut waiting),
            "tool" => {
                let id = message.get("tool_call_id").and_then(Value::as_str).unwrap_or("");
                if waiting.pop_front().as_deref() == Some(id) {
                    text_fault(message)
                } else {
                    Some(format!("the result `{id}` does not answer the next call"))
                }
            }
            _ => Some(format!("unknown role `{role}`")),
        };
        if let Some(fault) = fault {
            return Some(format!("messages[{at}]: {fault}"));
        }
        before = role;
    }
    if !waiting.is_empty() {
        return Some("the last assistant message has calls without results".into());
    }
    (before == "assistant").then(|| "Expected last role User or Tool but got assistant".into())
}

fn turn_fault(at: usize, before: &str, role: &str, waiting: &VecDeque<String>) -> Option<String> {
    if role == "system" && at != 0 {
        return Some("system must come first".into());
    }
    if !waiting.is_empty() && role != "tool" {
        return Some("an assistant message with 'tool_calls' must be followed by its results".into());
    }
    let fits = match role {
        "user" => matches!(before, "" | "system" | "assistant" | "tool"),
        "assistant" => matches!(before, "user" | "tool"),
        "tool" => matches!(before, "assistant" | "tool"),
        _ => true,
    };
    (!fits).then(|| format!("roles must alternate: `{role}` after `{before}`"))
}

fn text_fault(message: &Value) -> Option<String> {
    let text = message.get("content").and_then(Value::as_str);
    text.is_none_or(|text| text.trim().is_empty() && message["role"] != "tool" || text.is_empty())
        .then(|| "content must be a text and not empty".into())
}

fn assistant_fault(
    message: &Value,
    seen: &mut HashSet<String>,
    waiting: &mut VecDeque<String>,
) -> Option<String> {
    let calls = message.get("tool_calls").map(|calls| calls.as_array().cloned().unwrap_or_default());
    if calls.as_ref().is_some_and(Vec::is_empty) {
        return Some("[] is too short - 'tool_calls'".into());
    }
    let content = message.get("content");
    let words = content.and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
    let null = content.is_some_and(Value::is_null);
    if !(words || null && calls.is_some()) {
        return Some("an assistant message needs content or calls".into());
    }
    for call in calls.into_iter().flatten() {
        let id = call["id"].as_str().unwrap_or("").to_string();
        let name = call.pointer("/function/name").and_then(Value::as_str).unwrap_or("");
        let args = call.pointer("/function/arguments").and_then(Value::as_str).unwrap_or("");
        let sane = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if id.is_empty() || !seen.insert(id.clone()) {
            return Some(format!("the id `{id}` is empty or repeated"));
        }
        if call["type"] != "function" || name.is_empty() || name.len() > 64 || !name.chars().all(sane) {
            return Some(format!("the function name `{name}` does not match '^[a-zA-Z0-9_-]{{1,64}}$'"));
        }
        if !serde_json::from_str::<Value>(args).is_ok_and(|args| args.is_object()) {
            return Some(format!("the arguments are no JSON object: {args}"));
        }
        waiting.push_back(id);
    }
    None
}
