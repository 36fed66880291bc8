//! Claims, large content and drafts in memory.

use super::{Memory, ready};
use crate::domain::hash::Hash;
use crate::domain::ids::SessionId;
use crate::domain::message::Draft;
use crate::ports::Later;
use crate::ports::blobs::Blobs;
use crate::ports::live::{Ear, Live};
use crate::ports::log::LogFault;
use crate::ports::work::{Claim, Work};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

struct Held {
    session: SessionId,
    claims: Arc<Mutex<HashSet<SessionId>>>,
}

impl Claim for Held {
    fn session(&self) -> &SessionId {
        &self.session
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.session);
    }
}

impl Work for Memory {
    fn claim(&self, session: &SessionId) -> Result<Option<Box<dyn Claim>>, LogFault> {
        drop(self.shared.alive()?);
        let claims = self.shared.claims.clone();
        let new = claims.lock().unwrap_or_else(PoisonError::into_inner).insert(session.clone());
        Ok(new.then(|| Box::new(Held { session: session.clone(), claims }) as Box<dyn Claim>))
    }

    fn taken(&self, session: &SessionId) -> Result<bool, LogFault> {
        drop(self.shared.alive()?);
        Ok(self.shared.claims.lock().unwrap_or_else(PoisonError::into_inner).contains(session))
    }

    fn bar(&self, session: &SessionId, barred: bool) -> Result<(), LogFault> {
        let mut kept = self.shared.alive()?;
        let _ = if barred { kept.bars.insert(session.clone()) } else { kept.bars.remove(session) };
        Ok(())
    }

    fn barred(&self, session: &SessionId) -> Result<bool, LogFault> {
        Ok(self.shared.alive()?.bars.contains(session))
    }
}

impl Blobs for Memory {
    fn put(&self, content: Arc<[u8]>) -> Later<'_, Result<Hash, LogFault>> {
        let hash = Hash::of(&content);
        ready(self.shared.alive().map(|mut kept| {
            kept.blobs.insert(hash, content);
            hash
        }))
    }

    fn get(&self, hash: Hash) -> Later<'_, Result<Option<Vec<u8>>, LogFault>> {
        ready(self.shared.alive().map(|kept| kept.blobs.get(&hash).map(|content| content.to_vec())))
    }

    fn forget(&self, hash: Hash) -> Later<'_, Result<(), LogFault>> {
        ready(self.shared.alive().map(|mut kept| {
            kept.blobs.remove(&hash);
        }))
    }
}

impl Live for Memory {
    fn shout(&self, session: &SessionId, draft: Draft) {
        self.shared.hub.shout(session, draft);
    }

    fn hear(&self, session: &SessionId) -> Box<dyn Ear> {
        self.shared.hub.hear(session)
    }
}
