//! Handles that this process has and no command may have: whoever started it may have left some open, and a folder, a socket or a
//! terminal that is open already is reached through every wall.

/// Keeps every handle but input, output and errors from the programs that are started from now on.
pub(super) fn keep() {
    close_fds::set_fds_cloexec_threadsafe(3, &[]);
}
