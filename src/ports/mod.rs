//! What a run needs: one small trait per file, each a contract that every adapter is tested against.
//!
//! A port says what is promised, never how. Futures are boxed so that a port can be held as `Arc<dyn ...>`.

pub mod log; // commits in order, durably, by compare-and-set; tail; what the engine promises
pub mod work; // who drives a session: a claim that dies with its process
pub mod blobs; // large content by hash
pub mod files; // the files of a workspace: kept, compared, put back
pub mod live; // lossy drafts for whoever watches
pub mod index; // lists, counts and search over sessions: a local projection of the log
pub mod export; // sessions as files
pub mod rules; // the retention rules as the operator keeps them
pub mod model; // answer one turn, streaming drafts
pub mod tool; // say what you are, then run a cleared call
pub mod sandbox; // what holds a command, and how it is started behind that
pub mod judge; // the policy's verdict on a call
pub mod foreign; // other tools' sessions: find them, read one
pub mod veil; // hide secrets, and put them back where a call needs them
pub mod sign; // signatures of decisions, by a key that only the operator holds
pub mod clock; // the time and fresh numbers

use std::future::Future;
use std::pin::Pin;

/// A future that a port returns.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
