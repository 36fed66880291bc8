//! Two lists side by side: which item of one stands for which of the other, so that as much as can be is alike.
//!
//! Equal ends are set aside first. What lies between is aligned by weight in windows, so that the time grows with the
//! length and not with its square; within a window the alignment is the best there is.

/// Items of each side that are looked at together.
const WINDOW: usize = 512;

/// One row: the places in the left and in the right list. At least one is there.
pub type Row = (Option<usize>, Option<usize>);

/// Aligns two lists of `left` and `right` items. `alike` tells how much two items have in common: 0 is nothing, and such a
/// pair never shares a row.
pub fn align(left: usize, right: usize, alike: &impl Fn(usize, usize) -> u32) -> Vec<Row> {
    let full = |a: usize, b: usize| alike(a, b) >= SAME;
    let shorter = left.min(right);
    let head = (0..shorter).take_while(|&at| full(at, at)).count();
    let tail = (0..shorter - head).take_while(|&at| full(left - 1 - at, right - 1 - at)).count();
    let mut rows: Vec<Row> = (0..head).map(|at| (Some(at), Some(at))).collect();
    let (to_left, to_right) = (left - tail, right - tail);
    let (mut a, mut b) = (head, head);
    while a < to_left || b < to_right {
        let (end_a, end_b) = ((a + WINDOW).min(to_left), (b + WINDOW).min(to_right));
        let found = window(a..end_a, b..end_b, alike);
        let last = end_a == to_left && end_b == to_right;
        let kept = if last { found.len() } else { settled(&found) };
        for row in found.into_iter().take(kept) {
            a = row.0.map_or(a, |at| at + 1);
            b = row.1.map_or(b, |at| at + 1);
            rows.push(row);
        }
    }
    rows.extend((0..tail).map(|at| (Some(to_left + at), Some(to_right + at))));
    rows
}

/// Two items that have this much in common are the same.
pub const SAME: u32 = 8;

/// How many rows of a window that is not the last one are kept: up to a pair in its first half, past which better pairs may
/// lie outside; where there is none, the first half.
fn settled(rows: &[Row]) -> usize {
    let half = rows.len().div_ceil(2).max(1);
    let pair = rows.iter().take(half).rposition(|row| row.0.is_some() && row.1.is_some());
    pair.map_or(half, |at| at + 1)
}

/// The best alignment of two ranges.
fn window(
    left: std::ops::Range<usize>,
    right: std::ops::Range<usize>,
    alike: &impl Fn(usize, usize) -> u32,
) -> Vec<Row> {
    let (many, wide) = (left.len(), right.len() + 1);
    // best[i][j]: the most that the items from i and from j on can have in common.
    let mut best = vec![0_u32; (many + 1) * wide];
    let mut weights = vec![0_u32; many * wide];
    for i in (0..many).rev() {
        for j in (0..wide - 1).rev() {
            let weight = alike(left.start + i, right.start + j);
            weights[i * wide + j] = weight;
            let paired = if weight > 0 { weight + best[(i + 1) * wide + j + 1] } else { 0 };
            best[i * wide + j] = paired.max(best[(i + 1) * wide + j]).max(best[i * wide + j + 1]);
        }
    }
    let (mut i, mut j, mut rows) = (0, 0, Vec::with_capacity(many + wide));
    while i < many || j + 1 < wide {
        let here = best[i * wide + j];
        let weight = if i < many && j + 1 < wide { weights[i * wide + j] } else { 0 };
        if weight > 0 && here == weight + best[(i + 1) * wide + j + 1] {
            rows.push((Some(left.start + i), Some(right.start + j)));
            (i, j) = (i + 1, j + 1);
        } else if i < many && (j + 1 == wide || here == best[(i + 1) * wide + j]) {
            rows.push((Some(left.start + i), None));
            i += 1;
        } else {
            rows.push((None, Some(right.start + j)));
            j += 1;
        }
    }
    rows
}
