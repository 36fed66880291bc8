//! A model whose replies tell what they cost: by the user's price, by what the server says it charged, or by the table.

use crate::adapters::web;
use crate::domain::fault::Fault;
use crate::domain::hash::Hash;
use crate::domain::message::{Reply, Usage};
use crate::domain::money::Money;
use crate::domain::price::{Origin, Place, PriceBook};
use crate::domain::route::Route;
use crate::ports::Later;
use crate::ports::model::{Ask, Drafts, Model, Request};
use std::sync::Arc;

/// The server that says with its answers how many dollars it charged; what others call so may be anything.
const TELLS: &str = "openrouter.ai";

/// A model and the prices that hold while it is asked.
pub struct Priced {
    model: Arc<dyn Model>,
    prices: Arc<PriceBook>,
    place: Place,
}

impl Priced {
    /// `base_url` is where the model is asked; empty for a script.
    pub fn new(model: Arc<dyn Model>, prices: Arc<PriceBook>, base_url: &str) -> Priced {
        Priced { model, prices, place: place(base_url) }
    }
}

/// The place that a base URL names.
pub fn place(base_url: &str) -> Place {
    let host = web::host_port(base_url).map(|(host, _)| host).unwrap_or_default();
    Place { host, near: web::is_near(base_url) }
}

impl Model for Priced {
    fn prepare(&self, ask: Ask) -> Result<Box<dyn Request>, Fault> {
        let model = ask.model.clone();
        let request = self.model.prepare(ask)?;
        Ok(Box::new(PricedRequest { request, model, prices: self.prices.clone(), place: self.place.clone() }))
    }

    fn label(&self) -> String {
        self.model.label()
    }
}

struct PricedRequest {
    request: Box<dyn Request>,
    model: String,
    prices: Arc<PriceBook>,
    place: Place,
}

impl Request for PricedRequest {
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
        self.prices.price(&self.model, "", &self.place)?.cost(usage).map(|cost| cost.nano)
    }

    fn send(self: Box<Self>, drafts: Drafts) -> Later<'static, Result<Reply, Fault>> {
        let PricedRequest { request, model, prices, place } = *self;
        Box::pin(async move {
            let mut reply = request.send(drafts).await?;
            let tells = place.host == TELLS || place.host.ends_with(&format!(".{TELLS}"));
            let told = reply.cost.take().filter(|_| tells);
            let price = prices.price(&model, &reply.model, &place);
            let is_yours = price.is_some_and(|price| matches!(price.origin, Origin::Yours { .. }));
            let counted = price.and_then(|price| price.cost(reply.usage));
            reply.cost = if is_yours { counted } else { told.or(counted) };
            Ok(reply)
        })
    }
}
