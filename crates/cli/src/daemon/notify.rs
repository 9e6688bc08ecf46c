//! What the service manager is told (sd_notify(3)). Without one, nobody is.
//!
//! The watchdog is fed by the thread that reads and learns, each time that it
//! comes by here. One that hangs does not.

use std::time::{Duration, Instant};

/// The line to the service manager.
#[derive(Debug)]
pub(crate) struct Notify {
    /// Half of the time after which the manager takes the run for hung.
    interval: Option<Duration>,
    fed: Option<Instant>,
}

impl Notify {
    /// The line that the environment names, if it does.
    pub(crate) fn of_environment() -> Notify {
        Notify { interval: manager::watchdog().map(|time| time / 2), fed: None }
    }

    /// The run is ready.
    pub(crate) fn ready(&self, status: &str) {
        manager::tell(&manager::ready(status));
    }

    /// How the run is doing.
    pub(crate) fn status(&self, status: &str) {
        manager::tell(&manager::status(status));
    }

    /// The rules are read anew; [`ready`](Notify::ready) ends that.
    pub(crate) fn reloading(&self) {
        manager::tell(&manager::reloading());
    }

    /// The run is about to end.
    pub(crate) fn stopping(&self) {
        manager::tell(&manager::stopping());
    }

    /// The run goes on.
    pub(crate) fn feed_watchdog(&mut self, now: Instant) {
        let Some(interval) = self.interval else { return };
        if self.fed.is_none_or(|fed| now.duration_since(fed) >= interval) {
            self.fed = Some(now);
            manager::tell(&manager::alive());
        }
    }
}

#[cfg(unix)]
mod manager {
    use std::time::Duration;

    use sd_notify::NotifyState;

    pub(super) fn watchdog() -> Option<Duration> {
        sd_notify::watchdog_enabled()
    }

    pub(super) fn ready(status: &str) -> Vec<NotifyState<'_>> {
        vec![NotifyState::Ready, NotifyState::Status(status)]
    }

    pub(super) fn status(status: &str) -> Vec<NotifyState<'_>> {
        vec![NotifyState::Status(status)]
    }

    pub(super) fn reloading() -> Vec<NotifyState<'static>> {
        let mut states = vec![NotifyState::Reloading];
        states.extend(NotifyState::monotonic_usec_now());
        states
    }

    pub(super) fn stopping() -> Vec<NotifyState<'static>> {
        vec![NotifyState::Stopping]
    }

    pub(super) fn alive() -> Vec<NotifyState<'static>> {
        vec![NotifyState::Watchdog]
    }

    /// A manager that has gone needs to know nothing.
    pub(super) fn tell(states: &[NotifyState<'_>]) {
        let _ = sd_notify::notify(states);
    }
}

#[cfg(not(unix))]
mod manager {
    use std::time::Duration;

    pub(super) fn watchdog() -> Option<Duration> {
        None
    }

    pub(super) fn ready(_: &str) {}

    pub(super) fn status(_: &str) {}

    pub(super) fn reloading() {}

    pub(super) fn stopping() {}

    pub(super) fn alive() {}

    pub(super) fn tell((): &()) {}
}
