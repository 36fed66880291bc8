//! Drafts for whoever watches: in this process at once, to other processes about ten times a second.
//!
//! A thread carries drafts between processes while somebody here listens or shouts; it ends by itself when it has
//! nothing to do. Whatever fails on that way is ignored: drafts are lossy.

use super::drafts::Drafts;
use super::reader::lock;
use super::stir::Stir;
use crate::domain::ids::SessionId;
use crate::domain::message::Draft;
use crate::ports::Later;
use crate::ports::live::Ear;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::broadcast::{self, error::RecvError};

/// Drafts kept for a slow ear.
const HEARD_MAX: usize = 1024;
/// Drafts kept for the next tick; the oldest go first.
const OUTBOX_MAX: usize = 256;
/// Bytes of text that are told as one draft.
const TEXT_MAX: usize = 16 * 1024;
/// The least time between two looks.
const TICK: Duration = Duration::from_millis(100);
/// Between two looks at who listens elsewhere, and two signs of our own listening.
const SIGN: Duration = Duration::from_secs(2);
/// How long there is nothing to do before the thread ends.
const IDLE: Duration = Duration::from_secs(3);

type Heard = Arc<(SessionId, Draft)>;

/// The drafts of one store.
pub struct Hub {
    heard: broadcast::Sender<Heard>,
    across: Option<Arc<Across>>,
}

/// What the carrying thread shares with those who shout and listen here.
struct Across {
    path: PathBuf,
    me: i64,
    state: Mutex<State>,
    stir: OnceLock<Stir>,
}

impl Across {
    /// What wakes the thread: a draft of this process, or a write of another one.
    fn stir(&self) -> &Stir {
        self.stir.get_or_init(|| Stir::new(self.path.parent().unwrap_or(&self.path)))
    }
}

#[derive(Default)]
struct State {
    outbox: Vec<(SessionId, Draft)>,
    ears: usize,
    runs: bool,
    closed: bool,
}

impl Hub {
    /// A hub; with the path of the drafts' database, one between processes too.
    pub fn new(path: Option<PathBuf>) -> Hub {
        static HUBS: AtomicI64 = AtomicI64::new(0);
        let me = i64::from(std::process::id()) << 24 | (HUBS.fetch_add(1, Ordering::Relaxed) & 0xff_ffff);
        let across =
            path.map(|path| Arc::new(Across { path, me, state: Mutex::default(), stir: OnceLock::new() }));
        Hub { heard: broadcast::Sender::new(HEARD_MAX), across }
    }

    /// Tells whoever listens.
    pub fn shout(&self, session: &SessionId, draft: Draft) {
        if let Some(across) = &self.across {
            let mut state = lock(&across.state);
            let rests = state.runs && state.outbox.is_empty();
            post(&mut state.outbox, session, draft.clone());
            self.carry(across, &mut state);
            drop(state);
            if rests {
                across.stir().ring();
            }
        }
        let _ = self.heard.send(Arc::new((session.clone(), draft))); // nobody may listen
    }

    /// Listens to one session.
    pub fn hear(&self, session: &SessionId) -> Box<dyn Ear> {
        if let Some(across) = &self.across {
            let mut state = lock(&across.state);
            state.ears += 1;
            self.carry(across, &mut state);
        }
        let across = self.across.clone();
        Box::new(HubEar { session: session.clone(), heard: self.heard.subscribe(), across })
    }

    fn carry(&self, across: &Arc<Across>, state: &mut State) {
        if state.runs {
            return;
        }
        let (own, heard) = (across.clone(), self.heard.downgrade());
        let thread = std::thread::Builder::new().name("tackroom-live".to_string());
        state.runs = thread.spawn(move || run(&own, &heard)).is_ok();
        if !state.runs {
            state.outbox.clear();
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if let Some(across) = &self.across {
            lock(&across.state).closed = true;
            across.stir().ring();
        }
    }
}

/// Puts a draft with those that wait, as part of the last one where both are text of one place.
fn post(outbox: &mut Vec<(SessionId, Draft)>, session: &SessionId, draft: Draft) {
    if let Some((last_session, last)) = outbox.last_mut()
        && last_session == session
        && join(last, &draft)
    {
        return;
    }
    if outbox.len() >= OUTBOX_MAX {
        outbox.remove(0);
    }
    outbox.push((session.clone(), draft));
}

fn join(last: &mut Draft, next: &Draft) -> bool {
    match (last, next) {
        (Draft::Text(text), Draft::Text(more)) | (Draft::Reasoning(text), Draft::Reasoning(more))
            if text.len() + more.len() <= TEXT_MAX =>
        {
            text.push_str(more);
            true
        }
        (Draft::Output { call, text }, Draft::Output { call: same, text: more })
            if call == same && text.len() + more.len() <= TEXT_MAX =>
        {
            text.push_str(more);
            true
        }
        (Draft::Call { index, tool, bytes }, Draft::Call { index: same, tool: named, bytes: now })
            if index == same =>
        {
            tool.clone_from(named);
            *bytes = *now;
            true
        }
        _ => false, // two drafts of different kinds
    }
}

/// Carries drafts until nobody here shouts or listens any more.
fn run(across: &Across, heard: &broadcast::WeakSender<Heard>) {
    let mut drafts = Drafts::new(&across.path, across.me);
    let (mut signed, mut busy) = (None::<Instant>, Instant::now());
    loop {
        let (outbox, ears) = {
            let mut state = lock(&across.state);
            let outbox = std::mem::take(&mut state.outbox);
            if state.ears > 0 || !outbox.is_empty() {
                busy = Instant::now();
            }
            if state.closed || busy.elapsed() > IDLE {
                state.runs = false;
                drop(state);
                drafts.leave();
                return;
            }
            (outbox, state.ears)
        };
        if signed.is_none_or(|last| last.elapsed() >= SIGN) {
            signed = Some(Instant::now());
            drafts.sign(ears > 0);
        }
        drafts.tell(&outbox);
        across.stir().watch(ears > 0);
        if ears > 0
            && let Some(heard) = heard.upgrade()
        {
            for draft in drafts.listen() {
                let _ = heard.send(Arc::new(draft)); // the ear may just have gone
            }
        }
        std::thread::park_timeout(TICK); // what comes without a pause is told together
        across.stir().wait(SIGN.saturating_sub(signed.map_or(SIGN, |last| last.elapsed())));
    }
}

struct HubEar {
    session: SessionId,
    heard: broadcast::Receiver<Heard>,
    across: Option<Arc<Across>>,
}

impl Ear for HubEar {
    fn next(&mut self) -> Later<'_, Option<Draft>> {
        Box::pin(async move {
            loop {
                match self.heard.recv().await {
                    Ok(heard) if heard.0 == self.session => return Some(heard.1.clone()),
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        })
    }
}

impl Drop for HubEar {
    fn drop(&mut self) {
        if let Some(across) = &self.across {
            lock(&across.state).ears -= 1;
        }
    }
}
