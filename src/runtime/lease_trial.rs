//! Tries the terms of a lease on past sessions, beside everything else: the sessions are read once, the terms tried as they
//! are typed, always the last ones.

use crate::domain::backtest::Reader;
use crate::domain::ids::{CallId, SessionId};
use crate::domain::lease_terms::Terms;
use crate::domain::lease_trial::{Asked, SESSIONS_MAX, Tried};
use crate::domain::listing::Query;
use crate::domain::notice::Notice;
use crate::ports::log::LogFault;
use crate::runtime::pages::pages;
use crate::runtime::plugs::Store;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Terms, and the call that they are for, which is left out.
type Wanted = (Terms, (SessionId, CallId));

/// The trial under way, if one is: who asks for another ends it.
#[derive(Default)]
pub struct Trial {
    wanted: Option<watch::Sender<Wanted>>,
}

impl Trial {
    /// Tries terms for a tool in a folder; `fresh` where the sessions are to be read anew.
    pub fn ask(
        &mut self,
        (store, notices, quit): (&Store, &Sender<Notice>, &CancellationToken),
        (workspace, tool): (String, String),
        wanted: Wanted,
        fresh: bool,
    ) {
        let goes_on = self.wanted.as_ref().filter(|_| !fresh);
        if goes_on.is_some_and(|under_way| under_way.send(wanted.clone()).is_ok()) {
            return;
        }
        let (under_way, asked) = watch::channel(wanted);
        let (store, notices, quit) = (store.clone(), notices.clone(), quit.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = tell(store, notices, (workspace, tool), asked) => {}
                () = quit.cancelled() => {}
            }
        });
        self.wanted = Some(under_way);
    }
}

async fn tell(
    store: Store,
    notices: Sender<Notice>,
    (workspace, tool): (String, String),
    mut terms: watch::Receiver<Wanted>,
) {
    let asked = tokio::select! {
        asked = asked(&store, &workspace, &tool) => asked.map(Arc::new),
        () = ended(terms.clone()) => return, // nobody waits for it any more
    };
    loop {
        let (wanted, but) = terms.borrow_and_update().clone();
        let tried = match &asked {
            Ok(asked) => {
                let (asked, wanted) = (asked.clone(), wanted.clone());
                let tried =
                    tokio::task::spawn_blocking(move || Tried::of(&wanted, &asked, (&but.0, but.1))).await;
                tried.map_err(|error| format!("trying it broke: {error}"))
            }
            Err(fault) => Err(fault.to_string()),
        };
        let notice = Notice::LeaseTried { tool: tool.clone(), terms: Box::new(wanted), tried };
        if notices.send(notice).await.is_err() || terms.changed().await.is_err() {
            return;
        }
    }
}

/// When nobody can ask any more.
async fn ended(mut terms: watch::Receiver<Wanted>) {
    while terms.changed().await.is_ok() {}
}

/// The calls of a tool that asked in the last sessions of a folder.
pub async fn asked(store: &Store, workspace: &str, tool: &str) -> Result<Asked, LogFault> {
    let query = Query { workspace: workspace.to_string(), limit: SESSIONS_MAX, ..Query::default() };
    let mut asked = Asked::default();
    for row in store.index.rows(query).await? {
        match read(store, &row.id, (tool, workspace), &mut asked).await {
            Ok(()) => asked.sessions += 1,
            Err(_) => asked.unread += 1, // damaged, or gone meanwhile; the others still tell
        }
    }
    Ok(asked)
}

async fn read(store: &Store, id: &SessionId, of: (&str, &str), asked: &mut Asked) -> Result<(), LogFault> {
    let mut reader = Reader::new(id.clone());
    let mut pages = pages(&*store.log, id, 0);
    while let Some(page) = pages.next().await? {
        page.iter().flat_map(|commit| &commit.events).for_each(|sealed| reader.apply(&sealed.event));
    }
    reader.finish().into_iter().for_each(|past| asked.add(id, past, of));
    Ok(())
}
