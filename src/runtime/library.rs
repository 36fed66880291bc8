//! The sessions screen is served: windows on the list, looks into sessions, searches, and deeds on many of them.
//!
//! Whatever is newer takes the place of what is older: who types fast does not wait for what was typed before.

use crate::domain::ids::SessionId;
use crate::domain::library::{Came, Deed, Done, Glance, Listed};
use crate::domain::listing::{After, Query};
use crate::domain::notice::Notice;
use crate::domain::order::{Order, Refusal};
use crate::domain::retention::Rules;
use crate::domain::search::Search;
use crate::ports::export::Export;
use crate::ports::files::Released;
use crate::ports::log::{Follow, LogFault, TailItem};
use crate::ports::rules::KeepRules;
use crate::runtime::hand::Hand;
use crate::runtime::ledger::RecordFault;
use crate::runtime::plugs::{Plugs, Store};
use crate::runtime::retention::{self, Purged};
use std::sync::Arc;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// News of the list are gathered this long before it is sent again, in milliseconds.
const EVERY_MS: u64 = 250;
/// Commits that a look into a session reads at most: the last ones.
const GLANCE: u16 = 48;
/// Rows read at once where all are named.
const PAGE: usize = 400;
/// One look at what is to be made searchable, in milliseconds.
const TAKE_UP_MS: u64 = 200;

/// Who serves a sessions screen.
pub struct Library {
    plugs: Plugs,
    notices: Sender<Notice>,
    quit: CancellationToken,
    window: Option<watch::Sender<(Query, bool)>>,
    glancing: CancellationToken,
    searching: CancellationToken,
    weighing: CancellationToken,
    exporter: Option<Arc<dyn Export>>,
    keeper: Option<Arc<dyn KeepRules>>,
    deeds: JoinSet<()>,
}

impl Library {
    /// Tells `notices` until `quit`.
    pub fn new(plugs: Plugs, notices: Sender<Notice>, quit: CancellationToken) -> Library {
        let (glancing, searching, weighing) = (quit.child_token(), quit.child_token(), quit.child_token());
        Library {
            plugs,
            notices,
            quit,
            window: None,
            glancing,
            searching,
            weighing,
            exporter: None,
            keeper: None,
            deeds: JoinSet::new(),
        }
    }

    /// Sessions can be written into files from here on.
    pub fn exports(&mut self, exporter: Arc<dyn Export>) {
        self.exporter = Some(exporter);
    }

    /// The retention rules can be changed from here on.
    pub fn keeps(&mut self, keeper: Arc<dyn KeepRules>) {
        self.keeper = Some(keeper);
    }

    /// Sends a window on the list, and where it is live again whenever something changed.
    pub fn list(&mut self, query: Query, live: bool) {
        let asked = (query, live);
        if let Some(window) = &self.window {
            let _ = window.send(asked); // who listened is gone only when all ends
            return;
        }
        let (window, wanted) = watch::channel(asked);
        self.window = Some(window);
        tokio::spawn(keep_listing(self.plugs.clone(), self.notices.clone(), wanted, self.quit.clone()));
    }

    /// Looks into a session.
    pub fn glance(&mut self, id: SessionId) {
        let stop = renewed(&mut self.glancing, &self.quit);
        let (store, notices) = (self.plugs.store.clone(), self.notices.clone());
        tokio::spawn(async move {
            let glanced = stop.run_until_cancelled(glance(&store, &id)).await;
            if let Some(Ok(Some(glance))) = glanced {
                tell(&notices, Notice::Glanced(Box::new(glance))).await; // what cannot be read is not shown beside its row
            }
        });
    }

    /// Searches, and again as more can be searched.
    pub fn search(&mut self, search: Search) {
        let stop = renewed(&mut self.searching, &self.quit);
        let (store, notices) = (self.plugs.store.clone(), self.notices.clone());
        tokio::spawn(async move { stop.run_until_cancelled(searching(&store, &notices, search)).await });
    }

    /// Names all sessions that fit.
    pub fn fitting(&self, query: Query) {
        let (store, notices) = (self.plugs.store.clone(), self.notices.clone());
        tokio::spawn(async move {
            match fitting(&store, &query).await {
                Ok(ids) => tell(&notices, Notice::Fitting { query: Box::new(query), ids }).await,
                Err(fault) => tell(&notices, unread(&fault)).await,
            }
        });
    }

    /// Does something with sessions, one after another, by this hand.
    pub fn deeds(&mut self, mut hand: Hand, deeds: Vec<(SessionId, Deed)>) {
        let (plugs, notices, exporter) = (self.plugs.clone(), self.notices.clone(), self.exporter.clone());
        while self.deeds.try_join_next().is_some() {}
        let quit = self.quit.clone();
        self.deeds.spawn(async move {
            let purges = deeds.iter().any(|(_, deed)| *deed == Deed::Purge);
            let mut done = Vec::with_capacity(deeds.len());
            for (session, deed) in deeds {
                let came = do_one(&plugs, &mut hand, exporter.as_deref(), (&session, &deed)).await;
                done.push(Done { session, deed, came });
            }
            tell(&notices, Notice::Did(done)).await;
            if purges {
                // Their words go from the index, too; who leaves meanwhile leaves that to whoever looks next.
                let index = &plugs.store.index;
                let taken =
                    async { while index.take_up(TAKE_UP_MS).await.is_ok_and(|left| !left.whole()) {} };
                let _ = quit.run_until_cancelled(taken).await;
            }
        });
    }

    /// Counts what rules would let go now.
    pub fn weigh(&mut self, rules: Rules) {
        let stop = renewed(&mut self.weighing, &self.quit);
        let (store, notices, now) = (self.plugs.store.clone(), self.notices.clone(), self.plugs.clock.now());
        tokio::spawn(async move {
            let weighed = stop.run_until_cancelled(retention::weigh(&store, rules, now)).await;
            let Some(weighed) = weighed else { return };
            let hint = "`tackroom doctor` checks the store".to_string();
            let due = weighed.map_err(|fault| (format!("It cannot be counted: {fault}."), hint));
            tell(&notices, Notice::Weighed { rules, due }).await;
        });
    }

    /// Keeps rules for every later start.
    pub fn keep(&mut self, rules: Rules) {
        let (notices, keeper) = (self.notices.clone(), self.keeper.clone());
        self.deeds.spawn(async move {
            let place = match keeper {
                Some(keeper) => keeper.keep(rules).await,
                None => Err(("The rules cannot be changed from here.".to_string(), String::new())),
            };
            tell(&notices, Notice::Kept { rules, place }).await;
        });
    }

    /// What was begun with sessions is brought to its end.
    pub async fn end(&mut self) {
        while self.deeds.join_next().await.is_some() {}
    }
}

async fn do_one(
    plugs: &Plugs,
    hand: &mut Hand,
    exporter: Option<&dyn Export>,
    (id, deed): (&SessionId, &Deed),
) -> Came {
    match deed {
        Deed::Rename(title) => ordered(hand, id, &Order::Rename(title.clone())).await,
        Deed::Mark(mark) => ordered(hand, id, &Order::Mark(mark.clone())).await,
        Deed::Purge => match retention::purge(&plugs.store, plugs.files.as_ref(), id).await {
            Ok(Purged::Gone(Released::Changed)) => {
                Came::Before("gone; its git worktree holds what is nowhere else and stays")
            }
            Ok(Purged::Gone(Released::Used)) => {
                Came::Before("gone; another session works in its git worktree, which stays")
            }
            Ok(Purged::Gone(Released::Unknown)) => {
                Came::Before("gone; who else works in its git worktree cannot be read, so that stays")
            }
            Ok(Purged::Gone(Released::Nothing | Released::Removed)) => Came::Done,
            Ok(Purged::NotInBin) => Came::Failed("it is not in the bin".to_string()),
            Ok(Purged::Taken) => Came::Failed("another process has it".to_string()),
            Err(fault) => Came::Failed(fault.to_string()),
        },
        Deed::Export(form) => match exporter {
            Some(exporter) => exporter.export(id, *form).await.map_or_else(Came::Failed, Came::Written),
            None => Came::Failed("no files are written from here".to_string()),
        },
    }
}

/// A token of its own for what is newer; what was under way with the old one stops.
fn renewed(token: &mut CancellationToken, quit: &CancellationToken) -> CancellationToken {
    token.cancel();
    *token = quit.child_token();
    token.clone()
}

async fn tell(notices: &Sender<Notice>, notice: Notice) {
    let _ = notices.send(notice).await; // a screen that is gone needs no notice
}

fn unread(fault: &LogFault) -> Notice {
    let hint = "`tackroom doctor` checks the store".to_string();
    Notice::Trouble { sentence: format!("The list of sessions cannot be read: {fault}."), hint }
}

/// Sends windows as they are asked for, and a live one again after each change.
async fn keep_listing(
    plugs: Plugs,
    notices: Sender<Notice>,
    mut wanted: watch::Receiver<(Query, bool)>,
    quit: CancellationToken,
) {
    loop {
        let (query, live) = wanted.borrow_and_update().clone();
        let mut tail = live.then(|| plugs.store.log.tail(Follow::All)); // before the look: what comes during it counts
        let told = match listed(&plugs.store, query).await {
            Ok(listed) => Notice::Listed(Box::new(listed)),
            Err(fault) => unread(&fault),
        };
        if notices.send(told).await.is_err() {
            return;
        }
        let news = async {
            match &mut tail {
                Some(tail) => while matches!(tail.next().await, TailItem::CaughtUp) {},
                None => std::future::pending().await,
            }
            plugs.clock.sleep_until(plugs.clock.now().plus_ms(EVERY_MS)).await;
        };
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() { return },
            () = news => {}
            () = quit.cancelled() => return,
        }
    }
}

/// A window on the list. Where nothing has the words that were typed, their letters need only be there in their order.
pub async fn listed(store: &Store, mut query: Query) -> Result<Listed, LogFault> {
    let mut counts = store.index.counts(query.clone()).await?;
    if counts.is_empty() && !query.text_words().is_empty() {
        query.loose = true;
        counts = store.index.counts(query.clone()).await?;
        query.loose = !counts.is_empty();
    }
    let rows = store.index.rows(query.clone()).await?;
    let running = rows.iter().filter(|row| row.status == "running");
    let left = running.filter(|row| !store.work.taken(&row.id).unwrap_or(true)).map(|row| row.id.clone());
    Ok(Listed { left: left.collect(), query, rows, counts })
}

/// The last commits of a session, folded into a look; none where there is no such session.
async fn glance(store: &Store, id: &SessionId) -> Result<Option<Glance>, LogFault> {
    let Some(row) = store.index.row(id).await? else { return Ok(None) };
    let head = store.log.head(id).await?;
    let mut glance = Glance::new(id.clone());
    let mut after = head.seq.saturating_sub(u64::from(GLANCE));
    while after < head.seq {
        let page = store.log.read(id, after, usize::from(GLANCE)).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        page.iter().flat_map(|commit| &commit.events).for_each(|sealed| glance.apply(&sealed.event));
    }
    Ok(Some(glance.finish(&row)))
}

async fn searching(store: &Store, notices: &Sender<Notice>, search: Search) {
    loop {
        let found = match store.index.search(search.clone()).await {
            Ok(found) => found,
            Err(fault) => {
                let sentence = format!("The texts of the sessions cannot be searched: {fault}.");
                let hint = "`tackroom doctor` checks the store".to_string();
                return tell(notices, Notice::NotSearched { search, sentence, hint }).await;
            }
        };
        let before = found.progress;
        tell(notices, Notice::Found { search: search.clone(), found: Box::new(found) }).await;
        // A store that is busy or may not be written to is searched as far as it was taken up.
        match store.index.take_up(TAKE_UP_MS).await {
            Ok(now) if now.done > before.done => {}
            Ok(_) | Err(_) => return,
        }
    }
}

async fn fitting(store: &Store, query: &Query) -> Result<Vec<SessionId>, LogFault> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let asked = Query { tree: false, skip: 0, limit: PAGE, after, ..query.clone() };
        let page = store.index.rows(asked).await?;
        ids.extend(page.iter().map(|row| row.id.clone()));
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(After::of(last)),
            Some(_) | None => return Ok(ids),
        }
    }
}

async fn ordered(hand: &mut Hand, id: &SessionId, order: &Order) -> Came {
    match hand.order(id, order).await {
        Ok(_) => Came::Done,
        Err(RecordFault::Refused(Refusal::Marked(already))) => Came::Before(already),
        Err(fault) => Came::Failed(fault.to_string()),
    }
}
