//! Leases are written, tried on past sessions, granted and taken back: each by an order, seen when it is in the log.

use crate::domain::command::Command;
use crate::domain::ids::CallId;
use crate::domain::lease_terms::Terms;
use crate::domain::lease_trial::Tried;
use crate::domain::order::Order;
use crate::ui::action::{Lease, Move};
use crate::ui::app::App;
use crate::ui::leasing::Leasing;
use crate::ui::parts::Overlay;
use crate::ui::update::{Effect, fault, order, toast};
use crate::ui::update_decide::writing_guard_ms;

/// Does what is done about leases.
pub fn act(app: &mut App, what: Lease, effects: &mut Vec<Effect>) {
    match what {
        Lease::Page => app.over.lay(Overlay::Leases(0)),
        Lease::Grant => grant(app, effects),
        Lease::Newline => {
            if let Some(Overlay::Lease(page)) = app.over.top_mut() {
                page.newline();
            }
        }
        Lease::Revoke => revoke(app, effects),
    }
}

/// Opens the page of a lease for the call that waits; says why where none can be given.
pub fn open(app: &mut App, call: CallId) {
    let Some(session) = app.decided() else { return };
    let Some(held) = session.call(call) else { return };
    match Leasing::open(held, &session.workspace, app.now) {
        Ok(page) => {
            app.over.lay(Overlay::Lease(Box::new(page)));
        }
        Err(why) => fault(app, &format!("No lease can be given for {call}: {why}."), "y approves it alone"),
    }
}

/// Asks what the terms would have allowed, once they can be read.
pub fn follow(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(session) = app.decided().map(|session| session.id.clone()) else { return };
    let Some(page) = page(app) else { return };
    let Ok(terms) = &page.terms else { return };
    if page.asked.as_ref() == Some(terms) {
        return;
    }
    let (workspace, tool, fresh) = (page.workspace.clone(), page.call.tool.clone(), page.asked.is_none());
    let terms = Box::new(terms.clone());
    (page.asked, page.tried) = (Some((*terms).clone()), None);
    let but = (session, page.call.id);
    effects.push(Effect::Send(Command::TryLease { workspace, tool, terms, but, fresh }));
}

fn page(app: &mut App) -> Option<&mut Leasing> {
    app.over
        .iter_mut()
        .find_map(|over| if let Overlay::Lease(page) = over { Some(&mut **page) } else { None })
}

/// What terms would have allowed is known, or why it is not.
pub fn tried(app: &mut App, tool: &str, terms: &Terms, tried: Result<Tried, String>) {
    if let Some(page) = page(app).filter(|page| page.call.tool == tool && page.asked.as_ref() == Some(terms))
    {
        page.tried = Some(tried);
    }
}

/// Approves the call as it was shown, and grants what is written.
fn grant(app: &mut App, effects: &mut Vec<Effect>) {
    if writing_guard_ms(app).is_some() || app.recorded() {
        return;
    }
    let Some(Overlay::Lease(page)) = app.over.top_mut() else { return };
    let (call, hash) = (page.call.id, page.hash);
    match page.terms.clone() {
        Ok(terms) => {
            app.over.take();
            app.panel.changed_at = app.now;
            order(app, Order::Grant { call, hash, terms }, effects);
        }
        Err(_) => page.to_fault(), // what is wrong stands below the text
    }
}

/// How many leases are listed.
pub fn rows(app: &App) -> usize {
    app.session().map_or(0, |session| session.leases.len())
}

/// Chooses another lease of the list; a text that is written has its own keys.
pub fn moved(app: &mut App, step: Move) {
    let last = rows(app).saturating_sub(1);
    let Some(Overlay::Leases(chosen)) = app.over.top_mut() else { return };
    *chosen = match step {
        Move::Down | Move::Right => chosen.saturating_add(1),
        Move::Up | Move::Left => chosen.saturating_sub(1),
        Move::HalfDown | Move::PageDown => chosen.saturating_add(10),
        Move::HalfUp | Move::PageUp => chosen.saturating_sub(10),
        Move::Top => 0,
        Move::Bottom => last,
    };
    *chosen = (*chosen).min(last);
}

fn revoke(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(Overlay::Leases(chosen)) = app.over.top() else { return };
    let lease = app.session().and_then(|session| session.leases.iter().rev().nth(*chosen));
    match lease.map(|lease| lease.no) {
        Some(no) => order(app, Order::Revoke(no), effects),
        None => toast(app, "There is nothing to revoke.", ""),
    }
}
