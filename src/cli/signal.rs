//! The signals that ask a program to end, and one that must not end it.

/// Completes when the process is asked to end: Ctrl-C, SIGTERM or SIGHUP.
pub async fn asked() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut term = signal(SignalKind::terminate())?;
        let mut hup = signal(SignalKind::hangup())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = term.recv() => Ok(()),
            _ = hup.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// A file that may not grow further is an error to whoever writes it, not the end of the program.
pub fn outlive_file_limits() {
    #[cfg(unix)]
    {
        /// SIGXFSZ, the same on Linux, macOS and the BSDs.
        const TOO_LARGE: i32 = 25;
        // A handler that nobody listens to is enough: the write then fails with a reason.
        let _ = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(TOO_LARGE));
    }
}
