//! A call that uses a secret is judged as it would run, and never allowed by a rule alone: a person sees which secret goes
//! where.

use super::put::Put;
use crate::domain::policy::{Verdict, Word};
use crate::domain::secrets_use::touches_with;
use crate::domain::tool_spec::Touch;
use crate::ports::judge::{Below, Case, Judge};
use crate::ports::veil::{Unknown, Veil};
use std::sync::Arc;

/// Counts up whenever what is asked here changes.
const EDITION: &str = "secrets-2";

/// A policy behind the veil.
pub struct VeiledJudge {
    judge: Arc<dyn Judge>,
    veil: Arc<dyn Veil>,
}

impl VeiledJudge {
    /// This policy is told what would run; what it allows and uses a secret asks.
    pub fn new(judge: Arc<dyn Judge>, veil: Arc<dyn Veil>) -> VeiledJudge {
        VeiledJudge { judge, veil }
    }

    fn revealed(&self, touches: &[Touch]) -> Result<Vec<Touch>, Unknown> {
        touches_with(touches, &mut |text| Ok(self.veil.reveal(text)?.unwrap_or_else(|| text.to_string())))
    }
}

impl Judge for VeiledJudge {
    fn judge(&self, case: Case<'_>) -> Verdict {
        let put = Put::of(&*self.veil, case.args);
        let mut verdict = match (&put, self.revealed(case.touches)) {
            (Ok(put), Ok(touches)) => {
                let verdict = self.judge.judge(Case { args: &put.args, touches: &touches, ..case });
                let out = |text: &str| {
                    let text = put.out(text);
                    self.veil.hide_known(&text).unwrap_or(text)
                };
                Verdict { rule: out(&verdict.rule), why: out(&verdict.why), ..verdict }
            }
            // It cannot run: what is told of it is what stands there.
            (Err(_), _) | (_, Err(_)) => self.judge.judge(case),
        };
        verdict.policy = self.version();
        let uses = match &put {
            Ok(put) if put.used.is_empty() => None,
            Ok(put) => Some(format!("It uses {}: what that stands for is put in as it runs.", put.words())),
            Err(kept) => Some(format!("It uses {}, of which nothing can be put in.", kept.handle())),
        };
        if let (Word::Allow | Word::Ask, Some(uses)) = (verdict.word, uses) {
            verdict.why = format!("{uses} {}", verdict.why);
            verdict.rule = format!("secret, {}", verdict.rule);
            verdict.word = Word::Ask;
        }
        verdict
    }

    fn below(&self, case: Case<'_>) -> Option<Below> {
        match Put::of(&*self.veil, case.args) {
            Ok(put) => self.judge.below(Case { args: &put.args, ..case }),
            Err(_) => self.judge.below(case),
        }
    }

    fn version(&self) -> String {
        format!("{}+{EDITION}", self.judge.version())
    }

    fn trouble(&self) -> Option<(String, String)> {
        self.judge.trouble()
    }
}
