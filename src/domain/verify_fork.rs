//! The check of a forked session: what it tells again of its parent, and what was changed in it.
//!
//! The parent's facts are checked as they would be there. Where its commits began and ended is not told again, so events of
//! one moment are taken as one input where they are one, else as several; and the last one may have been cut.

use crate::domain::commit::{Class, Sealed, may_say};
use crate::domain::event::Fact;
use crate::domain::fork;
use crate::domain::ids::SessionId;
use crate::domain::session::Session;
use crate::domain::verify::{Finding, Rule, Verifier, finding};
use crate::domain::verify_input::Told;

impl Verifier {
    /// Takes in the copies that a session begins with.
    pub(in crate::domain) fn copied(&mut self, copies: &[Sealed]) -> Result<(), Finding> {
        let own = self.session.id.clone();
        let result = self.copies(copies);
        self.session.id = own;
        result
    }

    fn copies(&mut self, copies: &[Sealed]) -> Result<(), Finding> {
        let (mut from, mut is_other) = (0, true);
        while let Some(first) = copies.get(from).map(|sealed| &sealed.event) {
            if is_other && let Some(ran_in) = teller(&copies[from..]) {
                self.session.id = ran_in;
            }
            self.in_time(first)?;
            let rest = &copies[from..];
            let is_fork = matches!(first.fact, Fact::SessionForked { .. });
            let (class, many) = if is_fork {
                fits(from.checked_sub(1).and_then(|before| copies.get(before)), &copies[from])?;
                (Class::Operator, 1)
            } else if self.is_read(Class::Operator, first) {
                self.copied_input(rest)?
            } else {
                (Class::Operator, 1)
            };
            let (now, _) = rest.split_at(many);
            now.iter().try_for_each(|sealed| self.take(&sealed.event))?;
            self.demand_after(class, now);
            from += many;
            is_other = is_fork;
        }
        Ok(())
    }

    /// Who wrote the first events of `rest` with one input, and how many they are.
    fn copied_input(&self, rest: &[Sealed]) -> Result<(Class, usize), Finding> {
        let at = rest.first().map(|sealed| sealed.event.at);
        let moment = rest.iter().take_while(|sealed| Some(sealed.event.at) == at).count();
        let mut finding = None;
        for many in std::iter::once(moment).chain(1..moment) {
            let Some((now, then)) = rest.split_at_checked(many) else { continue };
            let may = |class: &Class| now.first().is_some_and(|sealed| may_say(*class, &sealed.event.fact));
            for class in [Class::Worker, Class::Operator].into_iter().filter(may) {
                match self.derived(class, now, then.is_empty()) {
                    Ok(many) => return Ok((class, many)),
                    Err(found) => finding = finding.or(Some(found)),
                }
            }
        }
        finding.map_or(Ok((Class::Operator, 1)), Err)
    }
}

/// The session in which these events happened, up to the next fork: the keys of its calls tell. None where no call started.
fn teller(rest: &[Sealed]) -> Option<SessionId> {
    let own = rest.iter().take_while(|sealed| !matches!(sealed.event.fact, Fact::SessionForked { .. }));
    own.map(|sealed| &sealed.event.fact).find_map(|fact| {
        let Fact::CallStarted { call, key, .. } = fact else { return None };
        key.strip_suffix(&format!("-{call}")).map(|id| SessionId(id.to_string()))
    })
}

/// Whether a fork's own first fact, told again by a fork of it, fits the event before it.
fn fits(before: Option<&Sealed>, told: &Sealed) -> Result<(), Finding> {
    let Fact::SessionForked { parent, hash, .. } = &told.event.fact else { return Ok(()) };
    match before {
        Some(last) if last.event.no == parent.at && last.hash == *hash => Ok(()),
        Some(_) | None => {
            let why = "a fork does not fit what it copied".to_string();
            let expected = "the number and the hash of the event before it".to_string();
            Err(finding(&told.event, Rule::Chain, why, expected, format!("{} with {hash}", parent.at)))
        }
    }
}

/// Whether a fact may be a change that a fork begins with.
pub(in crate::domain) fn is_twist(fact: &Fact) -> bool {
    matches!(fact, Fact::CallEdited { .. } | Fact::CallRejected { .. } | Fact::CallAnswered { .. })
}

/// The input behind a change that a fork begins with; none where it is no such change.
pub(in crate::domain) fn twisted(session: &Session, fact: &Fact) -> Option<Told> {
    (is_twist(fact) && fork::may_change(session, fact)).then(|| Told::said(fact))
}
