//! What a model says: its reply, its drafts, and what its server says of a fault.

use super::stream::Stream;
use super::{is_clean, known_hidden, masked};
use crate::domain::fault::Fault;
use crate::domain::hash::Hash;
use crate::domain::message::{Args, Draft, Reply, Usage};
use crate::domain::money::Money;
use crate::domain::route::Route;
use crate::ports::Later;
use crate::ports::model::{Ask, Drafts, Model, Request};
use crate::ports::veil::Veil;
use std::sync::{Arc, Mutex, PoisonError};

/// A model behind the veil.
pub struct VeiledModel {
    model: Arc<dyn Model>,
    veil: Arc<dyn Veil>,
}

impl VeiledModel {
    /// What this model says is hidden.
    pub fn new(model: Arc<dyn Model>, veil: Arc<dyn Veil>) -> VeiledModel {
        VeiledModel { model, veil }
    }
}

impl Model for VeiledModel {
    fn prepare(&self, ask: Ask) -> Result<Box<dyn Request>, Fault> {
        match self.model.prepare(ask) {
            Ok(request) => Ok(Box::new(VeiledRequest { request, veil: self.veil.clone() })),
            Err(fault) => Err(faulty(&*self.veil, fault)),
        }
    }

    fn label(&self) -> String {
        self.model.label()
    }
}

struct VeiledRequest {
    request: Box<dyn Request>,
    veil: Arc<dyn Veil>,
}

impl Request for VeiledRequest {
    fn hash(&self) -> Hash {
        self.request.hash()
    }

    fn frame(&self) -> Option<Arc<[u8]>> {
        self.request.frame()
    }

    fn route(&self) -> Option<Route> {
        self.request.route()
    }

    fn size(&self) -> u64 {
        self.request.size()
    }

    fn cost(&self, usage: Usage) -> Option<Money> {
        self.request.cost(usage)
    }

    fn send(self: Box<Self>, drafts: Drafts) -> Later<'static, Result<Reply, Fault>> {
        let VeiledRequest { request, veil } = *self;
        Box::pin(async move {
            match request.send(veiled(drafts, &veil)).await {
                Ok(reply) => Ok(replied(&*veil, reply)),
                Err(fault) => Err(faulty(&*veil, fault)),
            }
        })
    }
}

fn faulty(veil: &dyn Veil, fault: Fault) -> Fault {
    Fault { message: masked(veil, fault.message), ..fault }
}

/// A reply as it may be kept. What it asks to run stays as it is, but for what is known from elsewhere.
pub(super) fn replied(veil: &dyn Veil, mut reply: Reply) -> Reply {
    reply.text = masked(veil, reply.text);
    reply.model = masked(veil, reply.model);
    if let Some(thought) = &mut reply.reasoning {
        thought.text = masked(veil, std::mem::take(&mut thought.text));
        // What is signed cannot be changed and still be sent back: with a secret in it, it is not kept at all.
        thought.details = thought.details.take().filter(|details| is_clean(veil, details));
    }
    for asked in &mut reply.calls {
        asked.tool = masked(veil, std::mem::take(&mut asked.tool));
        asked.args = match std::mem::replace(&mut asked.args, Args::Broken(String::new())) {
            Args::Json(value) => Args::Json(known_hidden(veil, value)),
            Args::Broken(text) => Args::Broken(masked(veil, text)), // never runs
        };
    }
    reply
}

/// Drafts as they may be shown.
fn veiled(drafts: Drafts, veil: &Arc<dyn Veil>) -> Drafts {
    let veil = veil.clone();
    let streams = Mutex::new((Stream::new(veil.clone()), Stream::new(veil.clone())));
    Arc::new(move |draft| {
        let mut streams = streams.lock().unwrap_or_else(PoisonError::into_inner);
        let told = match draft {
            Draft::Text(text) => streams.0.push(&text).map(Draft::Text),
            Draft::Reasoning(text) => streams.1.push(&text).map(Draft::Reasoning),
            Draft::Call { index, tool, bytes } => {
                Some(Draft::Call { index, tool: masked(&*veil, tool), bytes })
            }
            other @ (Draft::Output { .. } | Draft::Again) => Some(other),
        };
        told.into_iter().for_each(&*drafts);
    })
}
