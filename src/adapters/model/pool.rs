//! A model behind several ways: credentials and endpoints in the operator's order, of which what failed rests.
//!
//! One request takes one way. Which one, is written down before it is sent; a fault says what rests now and which way the same
//! request takes next, and the loop repeats it as it repeats any request: nothing but the request is ever repeated.

use crate::adapters::model::health::Health;
use crate::adapters::model::secret::Secret;
use crate::domain::fault::Fault;
use crate::domain::hash::Hash;
use crate::domain::message::{Reply, Usage};
use crate::domain::money::Money;
use crate::domain::rests::{Choice, DOOR_FAILURES, Way};
use crate::domain::route::Route;
use crate::domain::time::duration;
use crate::ports::Later;
use crate::ports::clock::Clock;
use crate::ports::model::{Ask, Drafts, Model, Request};
use std::sync::Arc;

/// One of the ways.
pub struct Lane {
    /// Where it leads, as it may be shown.
    pub at: String,
    /// The credential: its name, and what it is.
    pub key: Option<(String, Secret)>,
    /// The model that is asked there; none is the one that the session names.
    pub model: Option<String>,
    /// The plug.
    pub plug: Arc<dyn Model>,
}

/// The ways to a model.
pub struct Pool {
    lanes: Vec<Lane>,
    health: Arc<Health>,
    clock: Arc<dyn Clock>,
}

impl Pool {
    /// These ways, the preferred one first. With none, nothing can be asked.
    pub fn new(lanes: Vec<Lane>, health: Arc<Health>, clock: Arc<dyn Clock>) -> Pool {
        Pool { lanes, health, clock }
    }

    /// The ways for a session's model, each once, with the places of their lanes.
    fn ways(&self, model: &str) -> (Vec<Way>, Vec<usize>) {
        let (mut ways, mut places) = (Vec::<Way>::new(), Vec::new());
        for (place, lane) in self.lanes.iter().enumerate() {
            let (key, print) = match &lane.key {
                Some((name, secret)) => (name.clone(), self.health.print(secret)),
                None => Default::default(),
            };
            let model = lane.model.clone().unwrap_or_else(|| model.to_string());
            let way = Way { route: Route { model, at: lane.at.clone(), key }, print };
            if !ways.contains(&way) {
                ways.push(way);
                places.push(place);
            }
        }
        (ways, places)
    }
}

impl Model for Pool {
    fn prepare(&self, mut ask: Ask) -> Result<Box<dyn Request>, Fault> {
        let (ways, lanes) = self.ways(&ask.model);
        let now = self.clock.now();
        let place = match self.health.choose(&ways, now) {
            Choice::Take { place, free: _ } => place,
            Choice::Wait { until, why } => {
                let at = ways.first().map(|way| way.route.at.clone()).unwrap_or_default();
                let wait = until.ms_since(now);
                let message = format!(
                    "{at} failed {DOOR_FAILURES} times in a row or more, last: {}; it is tried again in {}",
                    why.words(),
                    duration(wait)
                );
                return Err(Fault { retry_after_ms: Some(wait), ..Fault::new(why, message) });
            }
        };
        let lane = lanes.get(place).and_then(|lane| self.lanes.get(*lane));
        let (Some(lane), Some(way)) = (lane, ways.get(place)) else {
            let message = "there is no way to a model: no endpoint is known";
            return Err(Fault::new(crate::domain::fault::FaultKind::BadRequest, message));
        };
        let route = way.route.clone();
        ask.model.clone_from(&route.model);
        let request = lane.plug.prepare(ask)?;
        let (health, clock) = (Arc::clone(&self.health), Arc::clone(&self.clock));
        Ok(Box::new(Routed { request, route, ways, place, health, clock }))
    }

    fn label(&self) -> String {
        self.lanes.first().map(|lane| lane.plug.label()).unwrap_or_default()
    }
}

struct Routed {
    request: Box<dyn Request>,
    route: Route,
    ways: Vec<Way>,
    place: usize,
    health: Arc<Health>,
    clock: Arc<dyn Clock>,
}

/// Tells that a request was dropped before anything came of it.
struct Dropped<'a>(Option<(&'a Health, &'a Route)>);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        if let Some((health, route)) = self.0.take() {
            health.forget(route);
        }
    }
}

impl Request for Routed {
    fn hash(&self) -> Hash {
        self.request.hash()
    }

    fn frame(&self) -> Option<Arc<[u8]>> {
        self.request.frame()
    }

    fn route(&self) -> Option<Route> {
        Some(self.route.clone())
    }

    fn size(&self) -> u64 {
        self.request.size()
    }

    fn cost(&self, usage: Usage) -> Option<Money> {
        self.request.cost(usage)
    }

    fn send(self: Box<Self>, drafts: Drafts) -> Later<'static, Result<Reply, Fault>> {
        let Routed { request, route, ways, place, health, clock } = *self;
        Box::pin(async move {
            health.begin(&route, clock.now());
            let mut dropped = Dropped(Some((&health, &route)));
            let came = request.send(drafts).await;
            dropped.0 = None;
            match came {
                Ok(reply) => {
                    health.answered(&route);
                    Ok(reply)
                }
                Err(fault) => {
                    let (kind, asked_ms) = (fault.kind, fault.retry_after_ms);
                    let detour = health.failed(&ways, place, kind, asked_ms, clock.now());
                    // A single way that goes on as before has nothing to tell.
                    let detour = detour.filter(|detour| !detour.words().is_empty());
                    Err(Fault { detour: detour.map(Box::new), ..fault })
                }
            }
        })
    }
}
