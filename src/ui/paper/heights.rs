//! The heights of many items: where an item begins and which item holds a line, each in logarithmic time.
//!
//! A Fenwick tree: changing one height, adding at the end and dropping from the end need no walk over the items.

/// Heights in lines, by item.
#[derive(Clone, Debug, Default)]
pub struct Heights {
    each: Vec<u32>,
    tree: Vec<u64>,
}

impl Heights {
    /// How many items there are.
    pub fn count(&self) -> usize {
        self.each.len()
    }

    /// The height of an item; 0 where there is none.
    pub fn get(&self, item: usize) -> usize {
        self.each.get(item).copied().unwrap_or(0) as usize
    }

    /// Adds an item at the end.
    pub fn push(&mut self, height: usize) {
        let height = u32::try_from(height).unwrap_or(u32::MAX);
        let at = self.each.len() + 1;
        let mut sum = u64::from(height);
        // A node sums up the nodes below it that end right before its own item.
        let (mut below, first) = (at - 1, at & (at - 1));
        while below > first {
            sum += self.tree[below - 1];
            below &= below - 1;
        }
        self.each.push(height);
        self.tree.push(sum);
    }

    /// Keeps the first `len` items.
    pub fn truncate(&mut self, len: usize) {
        self.each.truncate(len);
        self.tree.truncate(len); // a node knows nothing of items behind it
    }

    /// Changes the height of an item.
    pub fn set(&mut self, item: usize, height: usize) {
        let height = u32::try_from(height).unwrap_or(u32::MAX);
        let Some(known) = self.each.get_mut(item) else { return };
        let (old, new) = (u64::from(*known), u64::from(height));
        *known = height;
        let mut at = item + 1;
        while at <= self.tree.len() {
            self.tree[at - 1] = self.tree[at - 1] + new - old;
            at += at & at.wrapping_neg();
        }
    }

    /// The line at which an item begins: the sum of the heights before it.
    pub fn start(&self, item: usize) -> usize {
        let mut at = item.min(self.tree.len());
        let mut sum = 0;
        while at > 0 {
            sum += self.tree[at - 1];
            at &= at - 1;
        }
        usize::try_from(sum).unwrap_or(usize::MAX)
    }

    /// All lines.
    pub fn total(&self) -> usize {
        self.start(self.count())
    }

    /// The item that holds a line, and the line's place in it; none behind the last.
    pub fn find(&self, line: usize) -> Option<(usize, usize)> {
        let (mut at, mut left) = (0, line as u64);
        let mut step = self.tree.len().checked_ilog2().map_or(0, |bits| 1 << bits);
        while step > 0 {
            if at + step <= self.tree.len() && self.tree[at + step - 1] <= left {
                at += step;
                left -= self.tree[at - 1];
            }
            step >>= 1;
        }
        (at < self.count()).then_some((at, usize::try_from(left).unwrap_or(usize::MAX)))
    }
}
