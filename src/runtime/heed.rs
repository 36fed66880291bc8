//! A policy whose files are wrong is told of once, and the rules that were in force before go on judging.

use crate::domain::policy::Verdict;
use crate::ports::judge::{Below, Case, Judge};
use crate::runtime::plugs::{Kitbag, Outfit};
use std::sync::{Arc, Mutex, PoisonError};

/// Tells a sentence and a hint, and whether somebody has heard it; must not wait. What nobody heard is told again.
pub type Tell = Arc<dyn Fn(String, String) -> bool + Send + Sync>;

/// The policy of a kitbag, with an ear for its trouble.
struct Heeded {
    judge: Arc<dyn Judge>,
    tell: Tell,
    told: Mutex<Option<String>>,
}

impl Heeded {
    fn heed(&self) {
        let trouble = self.judge.trouble();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            Some((sentence, _)) if told.as_ref() == Some(&sentence) => {}
            Some((sentence, hint)) => *told = (self.tell)(sentence.clone(), hint).then_some(sentence),
            None => *told = None,
        }
    }
}

impl Judge for Heeded {
    fn judge(&self, case: Case<'_>) -> Verdict {
        let verdict = self.judge.judge(case);
        self.heed();
        verdict
    }

    fn below(&self, case: Case<'_>) -> Option<Below> {
        self.judge.below(case)
    }

    fn version(&self) -> String {
        self.judge.version()
    }

    fn trouble(&self) -> Option<(String, String)> {
        self.judge.trouble()
    }
}

/// Kitbags as before, whose policies' trouble is told.
pub fn heeded(outfit: Outfit, tell: Tell) -> Outfit {
    Arc::new(move |workspace: &str, model: &str, base_url: Option<&str>| {
        let kitbag = outfit(workspace, model, base_url)?;
        let (judge, tell) = (kitbag.judge.clone(), tell.clone());
        Ok(Kitbag { judge: Arc::new(Heeded { judge, tell, told: Mutex::default() }), ..kitbag })
    })
}
