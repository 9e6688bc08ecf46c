//! What the service manager, or a person at the terminal, asks of a run that
//! goes on.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What was asked by signals.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    ending: Arc<AtomicBool>,
    reloading: Arc<AtomicBool>,
}

impl Signals {
    /// Takes signals from now on: SIGTERM and SIGINT ask for the end, a second
    /// one ends at once; SIGHUP asks to read the rules anew.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    #[cfg(unix)]
    pub(crate) fn take() -> io::Result<Signals> {
        let signals = Signals::take_ends()?;
        signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&signals.reloading))?;
        Ok(signals)
    }

    /// Takes the signals that ask for the end of a run that follows logs and has
    /// no rules; `None` for one that does not follow.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub(crate) fn while_following(follows: bool) -> io::Result<Option<Signals>> {
        follows.then(Signals::take_ends).transpose()
    }

    #[cfg(unix)]
    fn take_ends() -> io::Result<Signals> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        use signal_hook::flag::{register, register_conditional_default};
        let signals = Signals::default();
        for signal in [SIGTERM, SIGINT] {
            // In this order: the first signal finds the flag not set yet.
            register_conditional_default(signal, Arc::clone(&signals.ending))?;
            register(signal, Arc::clone(&signals.ending))?;
        }
        Ok(signals)
    }

    /// Takes no signals, as there are none.
    #[cfg(not(unix))]
    pub(crate) fn take() -> io::Result<Signals> {
        Ok(Signals::default())
    }

    #[cfg(not(unix))]
    fn take_ends() -> io::Result<Signals> {
        Ok(Signals::default())
    }

    /// Whether the end was asked for.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Asks for the end.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to read the rules anew; tells each time once.
    pub(crate) fn take_reload(&self) -> bool {
        self.reloading.swap(false, Ordering::Relaxed)
    }
}
