//! Head and tail of an output of any size, in a memory that does not grow with it.

/// The bytes kept of the beginning, and as many of the end.
const PART_MAX: usize = 1024 * 1024;

/// An output, bounded.
#[derive(Default)]
pub(super) struct Keep {
    head: Vec<u8>,
    /// Up to twice what is kept, so that old bytes are moved out seldom.
    tail: Vec<u8>,
    size: u64,
}

impl Keep {
    /// Takes more of the output.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        let fits = bytes.len().min(PART_MAX - self.head.len());
        let (first, rest) = bytes.split_at(fits);
        self.head.extend_from_slice(first);
        let rest = rest.get(rest.len().saturating_sub(PART_MAX)..).unwrap_or_default();
        if self.tail.len() + rest.len() > 2 * PART_MAX {
            let old = (self.tail.len() + rest.len()).saturating_sub(PART_MAX).min(self.tail.len());
            self.tail.drain(..old);
        }
        self.tail.extend_from_slice(rest);
    }

    /// The text: all of it, or head, what is left out, tail.
    pub(super) fn text(&self) -> String {
        let tail = self.tail.get(self.tail.len().saturating_sub(PART_MAX)..).unwrap_or_default();
        let left_out = self.size - (self.head.len() + tail.len()) as u64;
        if left_out == 0 {
            return String::from_utf8_lossy(&[self.head.as_slice(), tail].concat()).into_owned();
        }
        let (head, tail) = (String::from_utf8_lossy(&self.head), String::from_utf8_lossy(tail));
        format!("{head}\n[… {left_out} of {} bytes left out …]\n{tail}", self.size)
    }
}

/// Bytes as they come, as text: a character cut by the end of one piece goes with the next.
#[derive(Default)]
pub(super) struct Stream {
    rest: Vec<u8>,
}

impl Stream {
    /// The text of these bytes, as far as it is whole.
    pub(super) fn text(&mut self, bytes: &[u8]) -> String {
        self.rest.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.rest) {
            Err(error) => {
                // Something incomplete at the very end may yet be completed.
                let end = self.rest.len().saturating_sub(3).max(error.valid_up_to());
                (end..self.rest.len()).find(|at| incomplete(&self.rest[*at..])).unwrap_or(self.rest.len())
            }
            Ok(_) => self.rest.len(),
        };
        let left = self.rest.split_off(whole);
        let text = String::from_utf8_lossy(&self.rest).into_owned();
        self.rest = left;
        text
    }

    /// What was left at the end.
    pub(super) fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.rest)).into_owned()
    }
}

fn incomplete(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}
