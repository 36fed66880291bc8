//! Values that are looked for wherever they stand, however many there are: a text is gone through once.

use std::collections::HashMap;
use std::ops::Range;

/// The shortest value that is looked for: shorter ones would blot out ordinary words.
pub(super) const VALUE_MIN: usize = 8;
/// So many with the same beginning are looked for.
const ALIKE_MAX: usize = 64;

/// Values and the handles in their places.
pub(super) struct Values {
    /// Which two first bytes there are.
    firsts: Box<[bool]>,
    heads: HashMap<[u8; VALUE_MIN], Vec<(String, String)>>,
    count: usize,
}

impl Default for Values {
    fn default() -> Values {
        Values { firsts: vec![false; 1 << 16].into_boxed_slice(), heads: HashMap::new(), count: 0 }
    }
}

fn first(head: [u8; VALUE_MIN]) -> usize {
    usize::from(head[0]) << 8 | usize::from(head[1])
}

fn head(bytes: &[u8]) -> Option<[u8; VALUE_MIN]> {
    bytes.first_chunk().copied()
}

impl Values {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Looks for this one too; of those that begin alike, the longest is found first.
    pub(super) fn add(&mut self, value: &str, handle: &str) {
        let Some(head) = head(value.as_bytes()) else { return };
        let alike = self.heads.entry(head).or_default();
        if alike.len() < ALIKE_MAX && !alike.iter().any(|(known, _)| known == value) {
            let at = alike.partition_point(|(known, _)| known.len() >= value.len());
            alike.insert(at, (value.to_string(), handle.to_string()));
            self.count += 1;
            if let Some(known) = self.firsts.get_mut(first(head)) {
                *known = true;
            }
        }
    }

    /// Where they stand, in order and apart; counts up how often a place was compared.
    pub(super) fn find(&self, text: &str, steps: &mut u64) -> Vec<(Range<usize>, &str)> {
        let (mut found, mut at) = (Vec::new(), 0);
        if self.count == 0 {
            return found;
        }
        while let Some(rest) = text.as_bytes().get(at..)
            && let Some(head) = head(rest)
        {
            let alike =
                self.firsts.get(first(head)).filter(|known| **known).and_then(|_| self.heads.get(&head));
            let mut fits = alike.into_iter().flatten().inspect(|_| *steps += 1);
            match fits.find(|(value, _)| rest.starts_with(value.as_bytes())) {
                Some((value, handle)) => {
                    found.push((at..at + value.len(), handle.as_str()));
                    at += value.len();
                }
                None => at += 1,
            }
        }
        found
    }
}
