//! An OpenAI-compatible endpoint of the bench's own process: so many turns that read a file, then an answer, streamed.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was asked.
#[derive(Debug, Default)]
pub struct Asked {
    /// The length of each request's body.
    pub lengths: Vec<usize>,
    /// The last request's body.
    pub last: Vec<u8>,
}

/// An endpoint that listens until the process ends.
pub struct Mock {
    /// Its base URL.
    pub url: String,
    asked: Arc<Mutex<Asked>>,
}

impl Mock {
    /// Answers `steps` requests with a call of `read_file`, and those after with a text.
    pub fn start(steps: usize, file: &str) -> Result<Mock> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/v1", listener.local_addr()?);
        let asked = Arc::<Mutex<Asked>>::default();
        let (shared, file) = (asked.clone(), file.to_string());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, file) = (shared.clone(), file.clone());
                std::thread::spawn(move || serve(&stream, steps, &file, &shared));
            }
        });
        Ok(Mock { url, asked })
    }

    /// What was asked so far.
    pub fn asked(&self) -> MutexGuard<'_, Asked> {
        lock(&self.asked)
    }
}

fn lock(asked: &Mutex<Asked>) -> MutexGuard<'_, Asked> {
    asked.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One connection, request after request.
fn serve(stream: &TcpStream, steps: usize, file: &str, asked: &Mutex<Asked>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(1 << 16, stream);
    while let Some((get, body)) = request(&mut reader)? {
        let mut out = stream;
        if get {
            let models = r#"{"object":"list","data":[{"id":"mock","object":"model"}]}"#;
            write!(
                out,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{models}",
                models.len()
            )?;
            continue;
        }
        let turn = {
            let mut asked = lock(asked);
            asked.lengths.push(body.len());
            asked.last = body;
            asked.lengths.len()
        };
        out.write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        )?;
        for event in turn_events(turn, steps, file) {
            let event = format!("data: {event}\n\n");
            out.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())?;
        }
        out.write_all(b"0\r\n\r\n")?;
    }
    Ok(())
}

/// Reads one request: whether it is a GET, and its body; none at the end of the connection.
fn request(reader: &mut impl BufRead) -> Result<Option<(bool, Vec<u8>)>> {
    let (mut line, mut length, mut get) = (String::new(), 0, None);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let header = line.trim_end();
        if header.is_empty() {
            break;
        }
        get.get_or_insert(header.starts_with("GET "));
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some((get.unwrap_or(false), body)))
}

/// The events of a turn: a call in pieces, or the answer; then the token counts.
fn turn_events(turn: usize, steps: usize, file: &str) -> Vec<String> {
    let chunk = |delta: &str, finish: &str| {
        format!(
            r#"{{"id":"c{turn}","object":"chat.completion.chunk","model":"mock","choices":[{{"index":0,"delta":{delta},"finish_reason":{finish}}}]}}"#
        )
    };
    let mut events = vec![chunk(r#"{"role":"assistant","content":""}"#, "null")];
    if turn <= steps {
        let name = format!(
            r#"{{"tool_calls":[{{"index":0,"id":"call_{turn}","type":"function","function":{{"name":"read_file","arguments":""}}}}]}}"#
        );
        let args =
            |text: &str| format!(r#"{{"tool_calls":[{{"index":0,"function":{{"arguments":"{text}"}}}}]}}"#);
        events.push(chunk(&name, "null"));
        events.push(chunk(&args(r#"{\"path\":"#), "null"));
        events.push(chunk(&args(&format!(r#"\"{file}\"}}"#)), "null"));
        events.push(chunk("{}", r#""tool_calls""#));
    } else {
        events.push(chunk(r#"{"content":"All is read."}"#, "null"));
        events.push(chunk("{}", r#""stop""#));
    }
    events.push(format!(r#"{{"id":"c{turn}","object":"chat.completion.chunk","model":"mock","choices":[],"usage":{{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}}}}"#));
    events.push("[DONE]".to_string());
    events
}
