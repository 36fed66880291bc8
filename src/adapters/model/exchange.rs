//! One request and its answer: a stream of events, one JSON body, or an error in any shape.
//!
//! What an answer is, its first byte tells: `{` or `[` is JSON, `<` is HTML, anything else is a stream; servers get the content type wrong.

use crate::adapters::model::classify;
use crate::adapters::model::intake::{Intake, Progress};
use crate::adapters::model::retry_after;
use crate::adapters::model::stream::StreamReader;
use crate::adapters::web::{WebFault, WebFaultKind, WebReply};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::message::Reply;
use crate::ports::clock::Clock;
use serde_json::Value;

/// Bytes read of an error answer.
const ERROR_LEN_MAX: usize = 64 << 10;
/// How long to wait for token counts after the reply was whole; some servers never close the stream.
const LINGER_MS: u64 = 5_000;

/// An error answer: its fault, and its body, from which a dialect may be learned.
#[derive(Debug)]
pub struct Refused {
    /// The fault.
    pub fault: Fault,
    /// The body, bounded.
    pub body: Vec<u8>,
}

/// The fault of a request that failed on its way.
pub fn web_fault(fault: WebFault) -> Fault {
    let kind = match fault.kind {
        WebFaultKind::Connect | WebFaultKind::Tls => FaultKind::Connect,
        WebFaultKind::Timeout => FaultKind::Timeout,
        WebFaultKind::Cut => FaultKind::Cut,
        WebFaultKind::TooLarge => FaultKind::Malformed,
        WebFaultKind::BadUrl | WebFaultKind::BadHeader | WebFaultKind::Redirect | WebFaultKind::Refused => {
            FaultKind::BadRequest
        }
    };
    Fault::new(kind, fault.message)
}

/// Reads an answer whose status is an error or a redirect.
pub async fn read_refusal(mut reply: WebReply, clock: &dyn Clock) -> Refused {
    let status = reply.status();
    let header = |name| reply.header(name);
    let wait =
        retry_after::wait_ms(header("retry-after-ms"), header("retry-after"), header("date"), clock.now());
    if let Some(target) = reply.location() {
        let target = crate::adapters::web::public_url(&target).unwrap_or_default();
        let mut fault = Fault::new(
            FaultKind::NotFound,
            format!("HTTP {status}: {} redirects to {target}; name the base URL there", reply.from()),
        );
        fault.status = Some(status);
        return Refused { fault, body: Vec::new() };
    }
    let mut body = Vec::new();
    while body.len() < ERROR_LEN_MAX {
        // An error answer that breaks off still says what its status says.
        let Ok(Some(bytes)) = reply.chunk().await else { break };
        body.extend_from_slice(&bytes);
    }
    body.truncate(ERROR_LEN_MAX);
    Refused { fault: classify::http(status, wait, &body), body }
}

/// Reads an answer of status 2xx.
pub async fn read_reply<I: Intake>(
    mut reply: WebReply,
    mut intake: I,
    clock: &dyn Clock,
) -> Result<Reply, Fault> {
    let mut first: Vec<u8> = Vec::new();
    let kind = loop {
        let byte = first.iter().find(|byte| !byte.is_ascii_whitespace() && !b"\xEF\xBB\xBF".contains(byte));
        if let Some(byte) = byte {
            break *byte;
        }
        match reply.chunk().await.map_err(web_fault)? {
            Some(bytes) => first.extend_from_slice(&bytes),
            None => return intake.finish(clock.now(), "the answer was empty"),
        }
    };
    if !matches!(kind, b'{' | b'[' | b'<') {
        return read_stream(reply, first, intake, clock).await;
    }
    let mut body = first;
    body.extend(reply.read_all().await.map_err(web_fault)?);
    if kind == b'<' {
        return Err(classify::http(reply.status(), None, &body));
    }
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&body);
    let value = match serde_json::from_slice::<Value>(body) {
        Ok(value) => value,
        Err(error) if error.is_eof() => return intake.finish(clock.now(), "the JSON is cut off"),
        Err(error) => {
            let message = format!("the answer is neither a stream of events nor one JSON value: {error}");
            return Err(Fault::new(FaultKind::Malformed, message));
        }
    };
    if let Some(fault) = classify::error_in(value.get(0).unwrap_or(&value)) {
        return Err(fault);
    }
    if !I::is_reply(&value) {
        let message =
            format!("the answer is no {}: {}", I::CALLED, classify::excerpt(&String::from_utf8_lossy(body)));
        return Err(Fault::new(FaultKind::Malformed, message));
    }
    intake.take_whole(&value, clock.now())?;
    intake.finish(clock.now(), "")
}

async fn read_stream<I: Intake>(
    mut reply: WebReply,
    first: Vec<u8>,
    intake: I,
    clock: &dyn Clock,
) -> Result<Reply, Fault> {
    let mut reader = StreamReader::new(intake);
    let mut bytes = first;
    loop {
        let progress = reader.push(&bytes, clock.now())?;
        let read = match progress {
            Progress::Open => reply.chunk().await,
            Progress::Finished => reply.chunk_within(LINGER_MS).await,
            Progress::Done => {
                reply.give_back();
                return reader.end(clock.now());
            }
        };
        match (read, progress) {
            (Ok(Some(more)), _) => bytes = more,
            (Ok(None), _) => return reader.end(clock.now()),
            (Err(fault), Progress::Open) => return Err(web_fault(fault)),
            // The reply was whole: what is missing is token counts.
            (Err(_), Progress::Finished | Progress::Done) => return reader.end(clock.now()),
        }
    }
}
