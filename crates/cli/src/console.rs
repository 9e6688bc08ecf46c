//! Everything that is said on stderr: the progress bar, warnings, errors and
//! the closing summary.
//!
//! Data never goes through here. Warnings and the summary are silenced by
//! `--quiet`; errors are not, and each makes the exit status 2. What a run that
//! went well need not say is said with `--verbose` only. Messages may quote
//! whatever a log, a file name or a rule file holds: no terminal acts on it.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::io::{self, IsTerminal, Read, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use tracing::Level;

use crate::args::{ConsoleArgs, ProgressWhen};
use crate::logging;
use crate::text::Inert;

/// The channel to the person at the terminal.
#[derive(Debug)]
pub(crate) struct Console {
    quiet: bool,
    verbose: bool,
    progress: ProgressWhen,
    bar: ProgressBar,
    failed: Cell<bool>,
    /// Whether messages are lines of a log.
    is_log: bool,
    /// What was said, if it is kept to be said elsewhere.
    kept: Option<RefCell<Vec<Said>>>,
}

/// Something that was said to a console that keeps it.
#[derive(Debug)]
pub(crate) struct Said {
    level: Level,
    message: String,
    /// Whether the run is to end with status 2 for it.
    fails: bool,
}

impl Console {
    /// A console as the command line asks for it; nothing is shown yet.
    pub(crate) fn new(args: ConsoleArgs) -> Console {
        let progress = match (args.quiet, args.progress) {
            (true, ProgressWhen::Auto) => ProgressWhen::Never,
            (_, progress) => progress,
        };
        Console {
            quiet: args.quiet,
            verbose: args.verbose,
            progress,
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
            failed: Cell::new(false),
            is_log: false,
            kept: None,
        }
    }

    /// A console of another thread, which keeps what is said; what it watches
    /// is progress of `bar`.
    pub(crate) fn keeping(bar: ProgressBar) -> Console {
        let args = ConsoleArgs { quiet: false, verbose: true, progress: ProgressWhen::Never };
        Console { bar, kept: Some(RefCell::default()), ..Console::new(args) }
    }

    /// A console that keeps what is said from everybody.
    pub(crate) fn unheard() -> Console {
        Console::keeping(ProgressBar::hidden())
    }

    /// Gives what was kept to `each`, and keeps it no more.
    pub(crate) fn take_said(&self, each: impl FnMut(Said)) {
        if let Some(kept) = &self.kept
            && !kept.borrow().is_empty()
        {
            kept.take().into_iter().for_each(each);
        }
    }

    /// Says what was said elsewhere.
    pub(crate) fn repeat(&self, said: Said) {
        if said.fails {
            self.failed.set(true);
        }
        if !self.quiet || said.level == Level::ERROR {
            self.say(said.level, &said.message);
        }
    }

    /// The bar, for threads whose reading is progress too.
    pub(crate) fn progress(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// A console that says nothing at all, for what is said elsewhere.
    pub(crate) fn silent() -> Console {
        Console::new(ConsoleArgs { quiet: true, verbose: false, progress: ProgressWhen::Never })
    }

    /// Starts the progress bar over `total` bytes of input, or one without an
    /// end if the total is not known. `rows` says that rows are printed to the
    /// terminal as they are found, which a bar would tear apart.
    pub(crate) fn start_progress(&self, total: Option<u64>, rows: bool) {
        let terminal = io::stderr().is_terminal();
        let target = match self.progress {
            ProgressWhen::Never => return,
            ProgressWhen::Auto if !terminal || rows => return,
            ProgressWhen::Always if !terminal => {
                ProgressDrawTarget::term_like(Box::new(PlainLines::default()))
            }
            ProgressWhen::Auto | ProgressWhen::Always => ProgressDrawTarget::stderr(),
        };
        let template = match total {
            Some(total) => {
                self.bar.set_length(total);
                "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left"
            }
            None => "{spinner} {bytes} {bytes_per_sec}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.set_draw_target(target);
        self.bar.reset();
        if terminal {
            self.bar.enable_steady_tick(Duration::from_millis(200));
        }
    }

    /// The same console, whose messages are [lines of a log](crate::logging).
    pub(crate) fn into_log(self) -> Console {
        logging::start();
        Console { is_log: true, ..self }
    }

    /// Takes the progress bar away.
    pub(crate) fn end_progress(&self) {
        self.bar.finish_and_clear();
    }

    /// Counts what is read from `source` as progress.
    pub(crate) fn watch<R: Read>(&self, source: R) -> impl Read + use<R> {
        self.bar.wrap_read(source)
    }

    /// Says something about the run that a person should know.
    pub(crate) fn note(&self, message: impl Display) {
        if !self.quiet {
            self.say_or_keep(Level::INFO, false, &message);
        }
    }

    /// Says something that is as it should be, to those who ask for it.
    pub(crate) fn detail(&self, message: impl Display) {
        if self.verbose {
            self.note(message);
        }
    }

    /// Says that something may be wrong, although the run goes on.
    pub(crate) fn warn(&self, message: impl Display) {
        if !self.quiet {
            self.say_or_keep(Level::WARN, false, &message);
        }
    }

    /// Says that something failed; the run may go on, but will end with
    /// status 2.
    pub(crate) fn error(&self, message: impl Display) {
        self.failed.set(true);
        self.say_or_keep(Level::ERROR, true, &message);
    }

    /// Says that something failed that the run survives, as one that goes on
    /// does: that is no reason to end with status 2.
    pub(crate) fn trouble(&self, message: impl Display) {
        self.say_or_keep(Level::ERROR, false, &message);
    }

    /// Whether an error was reported.
    pub(crate) fn failed(&self) -> bool {
        self.failed.get()
    }

    fn say_or_keep(&self, level: Level, fails: bool, message: &dyn Display) {
        match &self.kept {
            Some(kept) => {
                kept.borrow_mut().push(Said { level, message: message.to_string(), fails });
            }
            None => self.say(level, message),
        }
    }

    /// Writes a line to stderr. If even that fails there is nobody to tell.
    fn say(&self, level: Level, message: &dyn Display) {
        if self.is_log {
            return logging::line(level, &inert(&message.to_string()));
        }
        let kind = match level {
            Level::ERROR => "error: ",
            Level::WARN => "warning: ",
            _ => "",
        };
        self.bar.suspend(|| {
            let _ = write_line(&inert(&format!("rareport: {kind}{message}")));
        });
    }
}

/// A message that a terminal only shows. Its lines stay lines, but those after
/// the first are indented, so that none of them passes for a message.
fn inert(message: &str) -> String {
    let lines: Vec<String> =
        message.trim_end().lines().map(|line| Inert(line.as_bytes()).to_string()).collect();
    lines.join("\n  ")
}

/// Writes a line to stderr in one piece, so that nothing that others write to
/// the same terminal or file comes in between.
fn write_line(text: &str) -> io::Result<()> {
    io::stderr().write_all(format!("{text}\n").as_bytes())
}

/// Time between two lines of progress.
const LINE_INTERVAL: Duration = Duration::from_secs(1);

/// A stderr that is no terminal: now and then the state of the bar is a line.
#[derive(Debug, Default)]
struct PlainLines {
    last: Mutex<Option<Instant>>,
}

impl TermLike for PlainLines {
    fn width(&self) -> u16 {
        80
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.write_str(line)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        let text = text.trim();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if text.is_empty() || last.is_some_and(|last| last.elapsed() < LINE_INTERVAL) {
            return Ok(());
        }
        *last = Some(Instant::now());
        write_line(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::inert;

    #[test]
    fn a_message_can_neither_act_nor_pass_for_several() {
        assert_eq!(
            inert("rareport: a\u{1b}[2Jb\r\u{202e}c"),
            "rareport: a\\x1b[2Jb\\x0d\\xe2\\x80\\xaec"
        );
        assert_eq!(inert("rareport: x\nrareport: 0 alerts\n"), "rareport: x\n  rareport: 0 alerts");
        assert_eq!(inert("rareport: a\\x1b"), "rareport: a\\x1b");
    }
}
