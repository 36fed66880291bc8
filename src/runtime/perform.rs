//! One step done through a port; says what came of it, never what it means.

use crate::domain::call::{Call, Outcome, Output, Preview, may_change_files};
use crate::domain::checks::allowed;
use crate::domain::commit::Commit;
use crate::domain::event::Fact;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, SessionId};
use crate::domain::judged::Judged;
use crate::domain::message::Draft;
use crate::domain::outcome::{Keeping, Report};
use crate::domain::policy::{Mode, Word};
use crate::domain::sandbox::{Profile, Walls};
use crate::domain::session::Session;
use crate::domain::tool_spec::{Effect, Touch};
use crate::ports::blobs::Blobs;
use crate::ports::clock::Clock;
use crate::ports::judge::Case;
use crate::ports::live::Live;
use crate::ports::log::LogFault;
use crate::ports::tool::{Cleared, Returned, Stop, Tool, Withheld};
use crate::runtime::plugs::{Kitbag, Plugs};
use serde_json::Value;
use std::sync::Arc;
use tokio::task::JoinError;

/// Asks the policy about a call, and makes what the operator will see where a person is to decide.
/// The second value is what holds the programs that it runs.
pub async fn judge(session: &Session, call: &Call, kitbag: &Kitbag) -> Option<(Judged, Option<Walls>)> {
    let tool = kitbag.tools.get(&call.tool)?;
    let args = call.args()?;
    let spec = kitbag.tools.book().get(&call.tool)?;
    let touches = tool.touches(args);
    let walls = tool.walls().await;
    let sandbox = walls.as_ref().map_or(Profile::NONE, Walls::in_force).name();
    let verdict = kitbag.judge.judge(case(session, call, args, (spec.effect, &touches), sandbox));
    let verdict = match &call.check {
        Some(name) if kitbag.judge.trouble().is_none() => allowed(verdict, name),
        Some(_) | None => verdict,
    };
    let verdict = match &walls {
        Some(walls) => walls.narrowed(verdict),
        None => verdict,
    };
    let shown = verdict.word != Word::Deny && (verdict.word == Word::Ask || spec.effect != Effect::ReadOnly);
    let preview = if shown { tool.preview(args).await } else { Preview::None };
    // Only what runs programs is held.
    let sandbox = walls.as_ref().map(|_| sandbox.to_string()).unwrap_or_default();
    Some((Judged { call: call.id, verdict, touches, preview, sandbox }, walls))
}

/// A call as the policy is asked about it.
fn case<'a>(
    session: &'a Session,
    call: &'a Call,
    args: &'a Value,
    (effect, touches): (Effect, &'a [Touch]),
    sandbox: &'a str,
) -> Case<'a> {
    let mode = session.run.as_ref().map_or(Mode::Auto, |run| run.mode);
    let (workspace, agent) = (session.workspace.as_str(), session.agent.as_str());
    Case { tool: &call.tool, args, effect, touches, workspace, agent, mode, sandbox }
}

/// Whether a call that the policy allows may change files: then they are kept before it starts.
pub fn changes_files(judged: &Judged, tool: &str, kitbag: &Kitbag) -> bool {
    let effect = kitbag.tools.book().get(tool).map(|spec| spec.effect);
    let changes = effect.is_none_or(|effect| may_change_files(effect, &judged.touches));
    judged.verdict.word == Word::Allow && changes
}

/// Keeps the files as they are: before a call that may change them, and at the end of a run that did.
pub async fn keep(session: &Session, plugs: &Plugs) -> Report {
    let limit = plugs.clock.sleep_until(plugs.clock.now().plus_ms(plugs.settings.keep_ms));
    let keeping = tokio::select! {
        biased;
        kept = plugs.files.keep(&session.workspace, session.kept) => match kept {
            Ok(kept) => Keeping::Kept {
                manifest: kept.manifest,
                files: kept.files,
                bytes: kept.bytes,
                left_out: kept.left_out.len() as u64,
            },
            Err(fault) => Keeping::Missed { why: fault.to_string() },
        },
        () = limit => Keeping::Missed {
            why: format!("it took longer than {} s", plugs.settings.keep_ms / 1000),
        },
    };
    Report::Kept(keeping)
}

/// What is told where keeping the files took too long before, and is not done yet.
pub fn still_looking() -> Report {
    let why = "an earlier look through the folder, which took too long, is not done yet".to_string();
    Report::Kept(Keeping::Missed { why })
}

/// The last look before a call runs: the policy and the walls as they are now and, where a person or a lease decided, what a
/// person would be shown now.
pub async fn starting(call: &Call, kitbag: &Kitbag) -> Option<(Report, Option<Walls>)> {
    let tool = kitbag.tools.get(&call.tool)?;
    let is_shown = call.approval.is_some() || call.leased.is_some();
    let preview = if is_shown { Some(tool.preview(call.args()?).await) } else { None };
    let version = kitbag.judge.version();
    let walls = tool.walls().await;
    let policy = walls.as_ref().map_or(version.clone(), |walls| walls.beside(&version));
    Some((Report::Starting { call: call.id, policy, preview }, walls))
}

/// A call that was written down as started, with all it needs to run by itself.
pub struct Running {
    /// The call.
    pub call: CallId,
    /// The tool.
    pub tool: Arc<dyn Tool>,
    /// What it is given.
    pub cleared: Cleared,
}

/// Gets a call ready to run, where `commit` says that it starts.
pub fn running(
    session: &Session,
    commit: &Commit,
    kitbag: &Kitbag,
    live: &Arc<dyn Live>,
    (stop, walls): (Stop, Option<Walls>),
) -> Option<Running> {
    let (id, key) = commit.events.iter().find_map(|sealed| {
        if let Fact::CallStarted { call, key, .. } = &sealed.event.fact {
            Some((*call, key.clone()))
        } else {
            None
        }
    })?;
    let call = session.call(id)?;
    let tool = kitbag.tools.get(&call.tool)?.clone();
    let (live, name) = (live.clone(), session.id.clone());
    let output = Arc::new(move |text: String| live.shout(&name, Draft::Output { call: id, text }));
    let is_granted = call.approval.is_some() || call.leased.is_some();
    let scripts = is_granted.then(|| call.preview.scripts().to_vec());
    let sandbox = walls.as_ref().map_or(Profile::NONE, Walls::in_force).name();
    let args = call.args()?;
    let below = kitbag.judge.below(case(session, call, args, (call.effect, &call.touches), sandbox));
    // A person who let it go was asked about what asks; what is denied is denied to all.
    let withheld = below.map(|below| -> Withheld {
        Arc::new(move |path: &str| below(path).is_some_and(|word| word == Word::Deny || !is_granted))
    });
    let touches = call.touches.clone();
    let cleared = Cleared { args: args.clone(), key, output, walls, scripts, touches, withheld, stop };
    Some(Running { call: id, tool, cleared })
}

/// Runs it to its end; how long it took is measured here.
pub async fn run(running: Running, clock: Arc<dyn Clock>, ms_max: u64) -> (CallId, Returned, u64) {
    let began = clock.now();
    let limit = clock.sleep_until(began.plus_ms(ms_max));
    let returned = tokio::select! {
        returned = running.tool.run(running.cleared) => returned,
        // The tool's own limits are shorter; this one is for a tool that has none. Dropping its future stops it.
        () = limit => Returned {
            outcome: Outcome::TimedOut,
            text: format!("the call ran longer than {} s and was dropped", ms_max / 1000),
        },
    };
    (running.call, returned, clock.now().ms_since(began))
}

/// Bounds what came back; a large text goes whole into a blob first.
pub async fn finished(
    call: CallId,
    returned: Returned,
    ms: u64,
    blobs: &Arc<dyn Blobs>,
) -> Result<Report, LogFault> {
    let whole: Option<Arc<[u8]>> =
        (returned.text.len() > Output::HEAD_MAX + Output::TAIL_MAX).then(|| returned.text.as_bytes().into());
    let (mut output, cut) = Output::bounded(returned.text);
    if let (true, Some(whole)) = (cut, whole) {
        output.blob = Some(blobs.put(whole).await?);
    }
    Ok(Report::Finished { call, outcome: returned.outcome, output, ms })
}

/// What requests have around their messages, as kept last.
#[derive(Default)]
pub struct Frame {
    kept: Option<(Arc<[u8]>, Hash)>,
}

impl Frame {
    /// Keeps what a request has around its messages, where it is other than what was kept last: with it the log alone tells
    /// what was sent.
    pub async fn keep(
        &mut self,
        blobs: &Arc<dyn Blobs>,
        frame: Option<Arc<[u8]>>,
    ) -> Result<Option<Hash>, LogFault> {
        let Some(frame) = frame else { return Ok(None) };
        if let Some((kept, hash)) = &self.kept
            && (Arc::ptr_eq(kept, &frame) || *kept == frame)
        {
            return Ok(Some(*hash));
        }
        let hash = blobs.put(Arc::clone(&frame)).await?;
        self.kept = Some((frame, hash));
        Ok(Some(hash))
    }
}

/// Drafts of a model's reply go to whoever watches.
pub fn drafts(live: &Arc<dyn Live>, session: &SessionId) -> crate::ports::model::Drafts {
    let (live, session) = (live.clone(), session.clone());
    Arc::new(move |draft| live.shout(&session, draft))
}

/// The fault of a request whose task broke in this program.
pub fn broken(error: &JoinError) -> Fault {
    Fault::new(FaultKind::Unknown, format!("the request broke in this program: {error}"))
}

/// The words of a panic.
pub fn panic_text(error: JoinError) -> String {
    let payload = error.into_panic();
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_string())
}
