//! Waiting until something in the store's folder is written, or a bell is rung, without looking again and again.
//!
//! Where the system tells of writes (inotify, https://man7.org/linux/man-pages/man7/inotify.7.html), a wait costs
//! nothing until something happens. Elsewhere it ends ten times a second and whoever waited looks. A system may also
//! tell nothing of what it does not see itself, such as a folder that another machine shares: so a wait has an end.

use std::path::Path;
use std::time::Duration;

/// How often who is told nothing looks.
#[cfg(not(target_os = "linux"))]
const LOOK: Duration = Duration::from_millis(100);

#[cfg(target_os = "linux")]
pub use linux::Stir;

#[cfg(target_os = "linux")]
mod linux {
    use super::{Duration, Path};
    use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
    use rustix::fd::OwnedFd;
    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};

    /// How often a look is taken where the system gives no more watches.
    const LOOK: Duration = Duration::from_millis(100);

    /// What wakes a thread that looks after one folder.
    pub struct Stir {
        told: Option<OwnedFd>,
        bell: Option<OwnedFd>,
    }

    impl Stir {
        /// Watches a folder; one that is not there yet is looked at instead.
        pub fn on(dir: &Path) -> Stir {
            let watch = || {
                let told = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
                add_watch(&told, dir, WatchFlags::MODIFY | WatchFlags::CREATE)?;
                rustix::io::Result::Ok(told)
            };
            let bell = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC);
            Stir { told: watch().ok(), bell: bell.ok() }
        }

        /// Ends a wait.
        pub fn ring(&self) {
            if let Some(bell) = &self.bell {
                let _ = rustix::io::write(bell, &1_u64.to_ne_bytes()); // a bell that rings already is rung
            }
        }

        /// Waits for a write in the folder or the bell, at most so long.
        pub fn wait(&self, at_most: Duration) {
            let at_most =
                if self.told.is_some() && self.bell.is_some() { at_most } else { at_most.min(LOOK) };
            let limit = Timespec::try_from(at_most).ok();
            let mut fds: Vec<PollFd<'_>> = [&self.told, &self.bell]
                .into_iter()
                .flatten()
                .map(|fd| PollFd::new(fd, PollFlags::IN))
                .collect();
            if fds.is_empty() || poll(&mut fds, limit.as_ref()).is_err() {
                std::thread::park_timeout(at_most.min(LOOK));
            }
            let mut bytes = [0_u8; 4096];
            for fd in [&self.told, &self.bell].into_iter().flatten() {
                while matches!(rustix::io::read(fd, &mut bytes), Ok(read) if read == bytes.len()) {}
            }
        }
    }
}

/// What wakes a thread that looks after one folder.
#[cfg(not(target_os = "linux"))]
pub struct Stir;

#[cfg(not(target_os = "linux"))]
impl Stir {
    /// Nothing is told here.
    pub fn on(_dir: &Path) -> Stir {
        Stir
    }

    /// The next look is near.
    pub fn ring(&self) {}

    /// Waits for the next look.
    pub fn wait(&self, at_most: Duration) {
        std::thread::park_timeout(at_most.min(LOOK));
    }
}
