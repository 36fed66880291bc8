//! Which of several ways a model is asked: credentials and models that failed rest, an endpoint that keeps failing is left alone.
//!
//! The ways stand in the operator's order. The first that neither rests nor is shut is taken, so what failed is tried again
//! before what comes after it as soon as its rest is over. Where every way rests, the one whose rest ends first is asked all
//! the same: a rest never keeps a run from the only key there is.

use crate::domain::fault::FaultKind;
use crate::domain::route::{Detour, Route};
use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};

const MINUTE_MS: u64 = 60_000;
/// How long a credential rests for a model, by how often it failed without an answer between.
const REST_MINUTES: [u64; 4] = [1, 5, 25, 60];
/// How long a credential rests that has no money left: the first time, and at most.
const BILLING_MS: (u64, u64) = (5 * 60 * MINUTE_MS, 24 * 60 * MINUTE_MS);
/// How long a model rests that an endpoint does not have.
const MISSING_MS: u64 = 60 * MINUTE_MS;
/// No rest is longer, what a server asks for included.
const REST_MS_MAX: u64 = 24 * 60 * MINUTE_MS;
/// Failures of one way in a row before another is taken for what may pass by itself.
const SAME_WAY: u32 = 2;
/// Failures of an endpoint in a row that shut it.
pub const DOOR_FAILURES: u32 = 5;
/// How long it stays shut before one request tries it.
pub const DOOR_MS: u64 = 30_000;
/// A request that tries an endpoint and is never heard of again holds nobody up for longer.
const PROBE_MS: u64 = 5 * MINUTE_MS;
/// Rests and endpoints kept at most; the oldest go.
const KEPT_MAX: usize = 256;

/// A way as it stands now: what the credential is told by, so that another value under the same name is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The way.
    pub route: Route,
    /// A salted print of the credential; empty where there is none.
    pub print: String,
}

/// A credential, or a model with it, that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// The endpoint.
    pub at: String,
    /// The credential's name.
    pub key: String,
    /// The model; empty where the credential rests for all.
    #[serde(default)]
    pub model: String,
    /// The print of the credential that failed.
    #[serde(default)]
    pub print: String,
    /// How it failed last.
    pub why: FaultKind,
    /// Failures since the last answer.
    pub strikes: u32,
    /// Rests since the last answer.
    pub level: u32,
    /// When the last failure was.
    pub last: Micros,
    /// When the rest is over; none where it does not rest, or where `disabled`.
    #[serde(default)]
    pub until: Option<Micros>,
    /// Whether it rests until the credential is another.
    #[serde(default)]
    pub disabled: bool,
}

/// An endpoint that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    /// The endpoint.
    pub at: String,
    /// How it failed last.
    pub why: FaultKind,
    /// Failures in a row.
    pub failures: u32,
    /// When it was shut; none while it is open.
    #[serde(default)]
    pub shut: Option<Micros>,
    /// Since when one request tries it.
    #[serde(skip)]
    pub probed: Option<Micros>,
    /// When the last failure was.
    pub last: Micros,
}

/// Which way to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This one, by its place; whether it is free: where every way rests, one is taken all the same.
    Take {
        /// Its place.
        place: usize,
        /// Whether it neither rests nor is shut.
        free: bool,
    },
    /// None before then: every endpoint is shut.
    Wait {
        /// When the first opens.
        until: Micros,
        /// How that one failed last.
        why: FaultKind,
    },
}

/// What is known of the ways.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rests {
    /// What rests, or failed.
    #[serde(default)]
    pub rests: Vec<Rest>,
    /// The endpoints that failed.
    #[serde(default)]
    pub doors: Vec<Door>,
}

impl Rest {
    /// Until when a way rests by it; none where it does not.
    fn holds(&self, way: &Way, now: Micros) -> Option<Micros> {
        let is_it = self.at == way.route.at && self.key == way.route.key;
        if !is_it || !(self.model.is_empty() || self.model == way.route.model) || self.print != way.print {
            return None;
        }
        match self.until {
            _ if self.disabled => Some(Micros(i64::MAX)),
            Some(until) if until > now => Some(until),
            Some(_) | None => None,
        }
    }
}

impl Door {
    /// When it opens for one request that tries it; none where it stands open for that.
    fn opens(&self, now: Micros) -> Option<Micros> {
        let shut = self.shut?.plus_ms(DOOR_MS);
        let probed = self.probed.map(|probed| probed.plus_ms(PROBE_MS)).filter(|until| *until > now);
        probed.into_iter().chain((shut > now).then_some(shut)).max()
    }
}

impl Rests {
    /// Until when a way rests; none where it does not.
    pub fn rests_until(&self, way: &Way, now: Micros) -> Option<Micros> {
        self.rests.iter().filter_map(|rest| rest.holds(way, now)).max()
    }

    /// When the endpoint of a way opens; none where it is open.
    pub fn opens_at(&self, at: &str, now: Micros) -> Option<Micros> {
        self.doors.iter().find(|door| door.at == at)?.opens(now)
    }

    /// Which of the ways is taken now.
    pub fn choose(&self, ways: &[Way], now: Micros) -> Choice {
        let open = |way: &Way| self.opens_at(&way.route.at, now).is_none();
        let rest = |way: &Way| self.rests_until(way, now);
        if let Some(place) = ways.iter().position(|way| open(way) && rest(way).is_none()) {
            return Choice::Take { place, free: true };
        }
        let resting = ways.iter().enumerate().filter(|(_, way)| open(way));
        if let Some((place, _)) = resting.min_by_key(|(_, way)| rest(way)) {
            return Choice::Take { place, free: false };
        }
        let doors = ways.iter().filter_map(|way| self.doors.iter().find(|door| door.at == way.route.at));
        let first =
            doors.filter_map(|door| Some((door.opens(now)?, door.why))).min_by_key(|(until, _)| *until);
        match first {
            Some((until, why)) => Choice::Wait { until, why },
            None => Choice::Take { place: 0, free: false },
        }
    }

    /// A request goes out: where its endpoint was shut, it is the one that tries it.
    pub fn begin(&mut self, route: &Route, now: Micros) {
        if let Some(door) = self.doors.iter_mut().find(|door| door.at == route.at && door.shut.is_some()) {
            door.probed = Some(now);
        }
    }

    /// A request was dropped before anything came of it.
    pub fn forget(&mut self, route: &Route) {
        self.doors.iter_mut().filter(|door| door.at == route.at).for_each(|door| door.probed = None);
    }

    /// The model answered: what was held against this way is forgotten. True where there was something.
    pub fn answered(&mut self, route: &Route) -> bool {
        let before = self.rests.len() + self.doors.len();
        let is_it = |rest: &Rest| {
            rest.at == route.at
                && rest.key == route.key
                && (rest.model.is_empty() || rest.model == route.model)
        };
        self.rests.retain(|rest| !is_it(rest));
        self.doors.retain(|door| door.at != route.at);
        before != self.rests.len() + self.doors.len()
    }

    /// A request failed on `ways[place]`: what that means for the way, and which is taken next. None where it means nothing:
    /// the request itself is at fault, or the operator stopped it.
    pub fn failed(
        &mut self,
        ways: &[Way],
        place: usize,
        kind: FaultKind,
        asked_ms: Option<u64>,
        now: Micros,
    ) -> Option<Detour> {
        let way = ways.get(place)?;
        let verdict = Verdict::of(kind)?;
        let mut detour =
            Detour { from: way.route.clone(), rest_ms: None, disabled: false, shut: false, next: None };
        detour.shut = self.knock(&way.route.at, kind, verdict, now);
        let has_others = ways.len() > 1;
        match verdict {
            Verdict::Key => {
                let rest = self.rest(way, true, kind, now);
                rest.disabled = true;
                detour.disabled = true;
            }
            Verdict::Money => {
                let rest = self.rest(way, true, kind, now);
                let ms = BILLING_MS.0.saturating_mul(1 << (rest.level.min(10))).min(BILLING_MS.1);
                detour.rest_ms = rest.lie_down(ms.max(asked_ms.unwrap_or(0)), now);
            }
            Verdict::Model if has_others => {
                let rest = self.rest(way, false, kind, now);
                detour.rest_ms = rest.lie_down(MISSING_MS, now);
            }
            Verdict::Limit if has_others => {
                let rest = self.rest(way, false, kind, now);
                detour.rest_ms = rest.lie_down(rest.step_ms().max(asked_ms.unwrap_or(0)), now);
            }
            Verdict::Passing if has_others => {
                let rest = self.rest(way, false, kind, now);
                if rest.strikes >= SAME_WAY {
                    detour.rest_ms = rest.lie_down(rest.step_ms().max(asked_ms.unwrap_or(0)), now);
                }
            }
            Verdict::Model | Verdict::Limit | Verdict::Passing => {}
        }
        if let Choice::Take { place: next, free: true } = self.choose(ways, now)
            && next != place
        {
            detour.next = ways.get(next).map(|way| way.route.clone());
        }
        self.bound();
        Some(detour)
    }

    /// Counts a failure of an endpoint, or that it works after all; whether that shuts it.
    fn knock(&mut self, at: &str, kind: FaultKind, verdict: Verdict, now: Micros) -> bool {
        if verdict != Verdict::Passing {
            self.doors.retain(|door| door.at != at); // it answered, and refused
            return false;
        }
        let place = self.doors.iter().position(|door| door.at == at).unwrap_or_else(|| {
            let new =
                Door { at: at.to_string(), why: kind, failures: 0, shut: None, probed: None, last: now };
            self.doors.push(new);
            self.doors.len() - 1
        });
        let door = &mut self.doors[place];
        (door.why, door.failures, door.last, door.probed) =
            (kind, door.failures.saturating_add(1), now, None);
        if door.failures >= DOOR_FAILURES {
            door.shut = Some(now);
        }
        door.shut == Some(now)
    }

    /// What is held against a way, one failure more; `all` where that is against the credential for every model.
    fn rest(&mut self, way: &Way, all: bool, why: FaultKind, now: Micros) -> &mut Rest {
        let Route { model, at, key } = way.route.clone();
        let model = if all { String::new() } else { model };
        let known = |rest: &Rest| rest.at == at && rest.key == key && rest.model == model;
        let fresh = |print: String| Rest {
            at: at.clone(),
            key: key.clone(),
            model: model.clone(),
            print,
            why,
            strikes: 0,
            level: 0,
            last: now,
            until: None,
            disabled: false,
        };
        let place = self.rests.iter().position(known).unwrap_or_else(|| {
            self.rests.push(fresh(way.print.clone()));
            self.rests.len() - 1
        });
        let rest = &mut self.rests[place];
        // What was held against another credential of that name, or a day ago, counts no more.
        if rest.print != way.print || now.ms_since(rest.last) > REST_MS_MAX {
            *rest = fresh(way.print.clone());
        }
        (rest.why, rest.strikes, rest.last) = (why, rest.strikes.saturating_add(1), now);
        rest
    }

    fn bound(&mut self) {
        self.rests.sort_by_key(|rest| rest.last);
        self.doors.sort_by_key(|door| door.last);
        let (rests, doors) = (self.rests.len(), self.doors.len());
        self.rests.drain(..rests.saturating_sub(KEPT_MAX));
        self.doors.drain(..doors.saturating_sub(KEPT_MAX));
    }
}

impl Rest {
    /// How long the next rest is.
    fn step_ms(&self) -> u64 {
        let at = usize::try_from(self.level).unwrap_or(usize::MAX).min(REST_MINUTES.len() - 1);
        REST_MINUTES[at] * MINUTE_MS
    }

    /// Rests so long; what rests already rests no longer by a second failure of the same moment.
    fn lie_down(&mut self, ms: u64, now: Micros) -> Option<u64> {
        if let Some(until) = self.until.filter(|until| *until > now) {
            return Some(until.ms_since(now));
        }
        let ms = ms.min(REST_MS_MAX);
        self.level = self.level.saturating_add(1);
        self.until = Some(now.plus_ms(ms));
        Some(ms)
    }
}

/// What a kind of fault is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The credential, until it is another.
    Key,
    /// The account behind the credential.
    Money,
    /// The model at this endpoint.
    Model,
    /// The credential for this model.
    Limit,
    /// The endpoint, and it may pass.
    Passing,
}

impl Verdict {
    fn of(kind: FaultKind) -> Option<Verdict> {
        match kind {
            FaultKind::Auth => Some(Verdict::Key),
            FaultKind::Billing => Some(Verdict::Money),
            FaultKind::NotFound => Some(Verdict::Model),
            FaultKind::RateLimit => Some(Verdict::Limit),
            FaultKind::Overloaded
            | FaultKind::Connect
            | FaultKind::Timeout
            | FaultKind::Cut
            | FaultKind::Malformed => Some(Verdict::Passing),
            FaultKind::Overflow
            | FaultKind::Filtered
            | FaultKind::BadRequest
            | FaultKind::Interrupted
            | FaultKind::Stopped
            | FaultKind::Unknown => None,
        }
    }
}
