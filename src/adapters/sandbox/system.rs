//! The system's folders: all is seen and nothing written, but for what is fresh and what is hidden.

use super::mounts::{Mounts, Open, What};
use crate::domain::sandbox::Profile;
use std::path::{Path, PathBuf};

/// Files that hold secrets of the machine: of interest where this app runs as root.
const SECRETS: &[&str] = &[
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/krb5.keytab",
    "/etc/ssh/ssh_host_rsa_key",
    "/etc/ssh/ssh_host_ecdsa_key",
    "/etc/ssh/ssh_host_ed25519_key",
    "/proc/sysrq-trigger",
    "/proc/kcore",
    "/proc/kmsg",
    // What keys there are.
    "/proc/keys",
    "/proc/key-users",
];
/// Folders of secrets and of other people's data, of interest to root.
const SECRET_FOLDERS: &[&str] =
    &["/etc/sudoers.d", "/etc/ssl/private", "/var/lib/docker", "/var/lib/containerd", "/var/spool"];

/// Puts the system's folders in. `mib` is how large a fresh folder may grow.
pub(super) fn furnish(mounts: &mut Mounts, profile: Profile, mib: u64) {
    mounts.put("/", What::Read);
    mounts.put("/dev", What::Devices);
    // What lies in these is memory and counted with it, see `adapters/tool/usage`.
    let mib = if mib > 0 { (mib / 2).max(1) } else { 0 };
    mounts.put("/dev/shm", What::Fresh(mib, Open::All));
    mounts.put("/proc", What::Processes);
    for own in ["/proc/sys", "/proc/fs", "/proc/acpi", "/proc/bus", "/proc/irq", "/proc/scsi"] {
        // Where this app runs as root, the kernel's settings would be its command's as well.
        if rustix::process::getuid().is_root() && Path::new(own).is_dir() {
            mounts.put(own, What::Read);
        }
    }
    for scratch in ["/tmp", "/var/tmp"] {
        if let Some(folder) = folder(Path::new(scratch)) {
            mounts.put(folder, What::Fresh(mib, Open::All));
        }
    }
    for sockets in ["/run", "/var/run"] {
        if let Some(folder) = folder(Path::new(sockets)) {
            mounts.put(folder, What::Fresh(16, Open::Owner));
        }
    }
    system_links(mounts);
    SECRETS.iter().map(Path::new).filter(|file| is_readable(file)).for_each(|file| {
        mounts.put(file, What::Empty);
    });
    SECRET_FOLDERS.iter().map(Path::new).filter(|dir| dir.is_dir()).for_each(|dir| {
        mounts.put(dir, What::Hidden);
    });
    if profile.network
        && let Some(names) = real(Path::new("/etc/resolv.conf"))
        && !mounts.shows(&names)
    {
        mounts.put(names, What::Read);
    }
}

/// Links in `/run` by which some systems find their programs.
fn system_links(mounts: &mut Mounts) {
    for name in ["/run/current-system", "/run/booted-system", "/run/opengl-driver"] {
        if let Ok(target) = std::fs::read_link(name) {
            mounts.put(name, What::Link(target));
        }
    }
}

fn is_readable(path: &Path) -> bool {
    let reads = rustix::fs::access(path, rustix::fs::Access::READ_OK).is_ok();
    reads || rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

/// A folder under its real name, if it is one.
pub(super) fn folder(path: &Path) -> Option<PathBuf> {
    real(path).filter(|path| path.is_dir())
}

/// A path with its links resolved, where it is there.
#[expect(clippy::disallowed_methods, reason = "places are named to bubblewrap, which has no other way")]
pub(super) fn real(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}
