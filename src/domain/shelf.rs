//! Numbered things of which the oldest may be let go: a fold keeps what is open and what changed lately, whatever came before.
//!
//! A thing keeps its number for ever. Copies share what neither of them changed since.

use crate::domain::ids::EventNo;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Room for so many times what is kept is given back.
const SLACK: usize = 4;

/// One thing, and the event that touched it last.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept<T> {
    value: Arc<T>,
    touched: EventNo,
}

/// Things numbered from 0, in order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shelf<T> {
    /// What was kept of those before `first`.
    aside: BTreeMap<usize, Kept<T>>,
    first: usize,
    rest: VecDeque<Kept<T>>,
    at: EventNo,
}

impl<T> Default for Shelf<T> {
    fn default() -> Shelf<T> {
        Shelf { aside: BTreeMap::new(), first: 0, rest: VecDeque::new(), at: EventNo(0) }
    }
}

impl<T> Shelf<T> {
    /// How many there are, those that were let go included: the number of the next one.
    pub fn len(&self) -> usize {
        self.first + self.rest.len()
    }

    /// Whether there never was one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many are kept.
    pub fn kept(&self) -> usize {
        self.aside.len() + self.rest.len()
    }

    /// How many were let go.
    pub fn gone(&self) -> usize {
        self.len() - self.kept()
    }

    /// From here on what is added or changed is so by this event.
    pub fn at(&mut self, event: EventNo) {
        self.at = event;
    }

    /// The thing of that number, if it is kept.
    pub fn get(&self, number: usize) -> Option<&T> {
        let kept = match number.checked_sub(self.first) {
            Some(place) => self.rest.get(place),
            None => self.aside.get(&number),
        };
        kept.map(|kept| kept.value.as_ref())
    }

    /// The numbers of those that are kept, in order.
    pub fn numbers(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.aside.keys().copied().chain(self.first..self.len())
    }

    /// The thing at a place among those that are kept.
    pub fn nth(&self, place: usize) -> Option<&T> {
        self.get(self.number(place)?)
    }

    /// Which numbers are kept.
    pub fn numbering(&self) -> Numbering {
        Numbering { aside: self.aside.keys().copied().collect(), first: self.first, len: self.len() }
    }

    /// The number of the thing at a place among those that are kept.
    pub fn number(&self, place: usize) -> Option<usize> {
        match place.checked_sub(self.aside.len()) {
            Some(place) => Some(self.first + place).filter(|number| *number < self.len()),
            None => self.aside.keys().nth(place).copied(),
        }
    }

    /// The place of a number among those that are kept; that of the next one where it is not kept.
    pub fn place(&self, number: usize) -> usize {
        match number.checked_sub(self.first) {
            Some(place) => self.aside.len() + place.min(self.rest.len()),
            None => self.aside.range(..number).count(),
        }
    }

    /// Those that are kept, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.aside.values().chain(&self.rest).map(|kept| kept.value.as_ref())
    }

    /// The last one.
    pub fn last(&self) -> Option<&T> {
        self.rest.back().map(|kept| kept.value.as_ref())
    }

    /// Adds one at the end; answers its number.
    pub fn push(&mut self, value: T) -> usize {
        self.rest.push_back(Kept { value: Arc::new(value), touched: self.at });
        self.len() - 1
    }

    /// The same with none kept but those of these numbers; what is kept is shared.
    pub fn only(&self, wanted: impl Fn(usize) -> bool) -> Shelf<T> {
        let numbers = self.numbers().filter(|number| wanted(*number));
        let kept = |number: usize| match number.checked_sub(self.first) {
            Some(place) => self.rest.get(place),
            None => self.aside.get(&number),
        };
        let share = |kept: &Kept<T>| Kept { value: Arc::clone(&kept.value), touched: kept.touched };
        let aside = numbers.filter_map(|number| Some((number, share(kept(number)?)))).collect();
        Shelf { aside, first: self.len(), rest: VecDeque::new(), at: self.at }
    }

    /// Lets go of what is neither open nor was touched after the event `before`.
    pub fn forget(&mut self, before: EventNo, open: impl Fn(usize) -> bool) {
        self.aside.retain(|number, kept| kept.touched > before || open(*number));
        let first = self.first;
        let goes = |place: usize, kept: &Kept<T>| kept.touched <= before && !open(first + place);
        let last = (0..self.rest.len()).rev().find(|place| goes(*place, &self.rest[*place]));
        for kept in self.rest.drain(..last.map_or(0, |last| last + 1)) {
            if kept.touched > before || open(self.first) {
                self.aside.insert(self.first, kept);
            }
            self.first += 1;
        }
        if self.rest.capacity() > SLACK * (self.rest.len() + 1) {
            self.rest.shrink_to_fit(); // many of these are kept where little is in them
        }
    }
}

impl<T: Clone> Shelf<T> {
    /// The thing of that number, to be changed.
    pub fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        let at = self.at;
        let kept = match number.checked_sub(self.first) {
            Some(place) => self.rest.get_mut(place),
            None => self.aside.get_mut(&number),
        }?;
        kept.touched = at;
        Some(Arc::make_mut(&mut kept.value))
    }
}

impl<T> std::ops::Index<usize> for Shelf<T> {
    type Output = T;

    /// Panics where it is not kept, as a slice does.
    fn index(&self, number: usize) -> &T {
        self.get(number).expect("the thing is kept") // invariant: of those who index, as with a slice
    }
}

impl<'a, T> IntoIterator for &'a Shelf<T> {
    type Item = &'a T;
    type IntoIter = Box<dyn Iterator<Item = &'a T> + 'a>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter())
    }
}

/// Which numbers a shelf keeps, and at which places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbering {
    aside: Vec<usize>,
    first: usize,
    len: usize,
}

impl Numbering {
    /// How many are kept.
    pub fn kept(&self) -> usize {
        self.aside.len() + self.len - self.first
    }

    /// The number at a place.
    pub fn number(&self, place: usize) -> Option<usize> {
        match place.checked_sub(self.aside.len()) {
            Some(place) => Some(self.first + place).filter(|number| *number < self.len),
            None => self.aside.get(place).copied(),
        }
    }

    /// The place of a number; that of the next one where it is not kept.
    pub fn place(&self, number: usize) -> usize {
        match number.checked_sub(self.first) {
            Some(place) => self.aside.len() + place.min(self.len - self.first),
            None => self.aside.partition_point(|aside| *aside < number),
        }
    }
}
