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
    use crate::adapters::engine::sqlite::reader::lock;
    use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
    use rustix::fd::OwnedFd;
    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
    use std::path::PathBuf;
    use std::sync::Mutex;

    /// How often a look is taken where the system gives no more watches.
    const LOOK: Duration = Duration::from_millis(100);

    /// What wakes a thread that looks after one folder.
    pub struct Stir {
        dir: PathBuf,
        told: Mutex<Told>,
        bell: Option<OwnedFd>,
    }

    /// What the system was asked to tell.
    enum Told {
        /// Nothing.
        Unasked,
        /// Each write in the folder.
        Writes(OwnedFd),
        /// It could not be asked.
        Refused,
    }

    impl Stir {
        /// For a folder that is not watched yet.
        pub fn new(dir: &Path) -> Stir {
            let bell = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC);
            Stir { dir: dir.to_path_buf(), told: Mutex::new(Told::Unasked), bell: bell.ok() }
        }

        /// Begins or ends the watching. What was written before is not told: watch, then look, then wait.
        pub fn watch(&self, on: bool) {
            let mut told = lock(&self.told);
            *told = match std::mem::replace(&mut *told, Told::Unasked) {
                _ if !on => Told::Unasked,
                Told::Writes(fd) => Told::Writes(fd),
                Told::Unasked | Told::Refused => self.ask().map_or(Told::Refused, Told::Writes),
            };
        }

        fn ask(&self) -> rustix::io::Result<OwnedFd> {
            let told = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            add_watch(&told, &self.dir, WatchFlags::MODIFY | WatchFlags::CREATE)?;
            Ok(told)
        }

        /// Ends a wait.
        pub fn ring(&self) {
            if let Some(bell) = &self.bell {
                let _ = rustix::io::write(bell, &1_u64.to_ne_bytes()); // a bell that rings already is rung
            }
        }

        /// Waits for a write in the folder, if it is watched, or for the bell, at most so long.
        pub fn wait(&self, at_most: Duration) {
            let told = lock(&self.told);
            let (writes, blind) = match &*told {
                Told::Writes(fd) => (Some(fd), false),
                Told::Unasked => (None, false),
                Told::Refused => (None, true),
            };
            let at_most = if blind || self.bell.is_none() { at_most.min(LOOK) } else { at_most };
            let limit = Timespec::try_from(at_most).ok();
            let all = || [writes, self.bell.as_ref()].into_iter().flatten();
            let mut fds: Vec<PollFd<'_>> = all().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
            if fds.is_empty() || poll(&mut fds, limit.as_ref()).is_err() {
                std::thread::park_timeout(at_most.min(LOOK));
            }
            let mut bytes = [0_u8; 4096];
            for fd in all() {
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
    pub fn new(_dir: &Path) -> Stir {
        Stir
    }

    /// The next look is near anyway.
    pub fn watch(&self, _on: bool) {}

    /// The next look is near.
    pub fn ring(&self) {}

    /// Waits for the next look.
    pub fn wait(&self, at_most: Duration) {
        std::thread::park_timeout(at_most.min(LOOK));
    }
}
