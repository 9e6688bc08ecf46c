//! Waiting until something happens to files, without using the processor.
//!
//! The system tells of changes where it can. What it cannot see, such as what
//! other machines write to a shared directory, is found by looking again every
//! second. A log that is written all the time is not watched at all: to be told
//! of each line costs more than to look ten times a second.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::sleep;
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher, recommended_watcher};

/// Time between two looks at what is being written.
const BUSY: Duration = Duration::from_millis(100);

/// Time between two looks at what is silent.
const IDLE: Duration = Duration::from_secs(1);

/// Waits for changes in directories.
pub(super) struct Watch {
    /// `None` where changes are not told.
    watcher: Option<RecommendedWatcher>,
    changes: Receiver<()>,
    watched: Vec<PathBuf>,
}

impl Watch {
    /// A watch over nothing.
    pub(super) fn new() -> Watch {
        // One message stands for any number of changes.
        let (sender, changes) = sync_channel(1);
        let watcher = recommended_watcher(move |event: notify::Result<Event>| {
            // What is only read, by this program for one, has not changed.
            if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                let _ = sender.try_send(());
            }
        });
        Watch { watcher: watcher.ok(), changes, watched: Vec::new() }
    }

    /// Waits until it is worth to look at the files again; `was_busy` says that
    /// there was something the last time.
    pub(super) fn wait(&mut self, directories: &[PathBuf], was_busy: bool) {
        if was_busy {
            self.stop();
            return sleep(BUSY);
        }
        if self.watched != directories {
            self.stop();
            self.start(directories);
            // What came before the watch began is not told.
            return;
        }
        if self.watcher.is_none() {
            return sleep(IDLE);
        }
        let _ = self.changes.recv_timeout(IDLE);
    }

    fn start(&mut self, directories: &[PathBuf]) {
        while self.changes.try_recv().is_ok() {}
        for directory in directories {
            if let Some(watcher) = &mut self.watcher {
                // One that is not there yet is looked for every second.
                let _ = watcher.watch(directory, RecursiveMode::NonRecursive);
            }
        }
        self.watched = directories.to_vec();
    }

    fn stop(&mut self) {
        for directory in self.watched.drain(..) {
            if let Some(watcher) = &mut self.watcher {
                let _ = watcher.unwatch(Path::new(&directory));
            }
        }
    }
}
