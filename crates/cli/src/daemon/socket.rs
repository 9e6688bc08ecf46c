//! The socket that auditd's plugin `af_unix` gives records to, in its string
//! format.
//!
//! It goes when auditd does, and comes back with it.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::pump::{Rest, pump};
use super::queue::Queue;

/// Time before the first attempt to connect again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Longest time between two attempts; each waits twice as long as the one
/// before it.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What happens to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// There is one.
    Connected,
    /// There is none, for this reason.
    Lost(String),
}

/// Moves all lines that come by the socket at `path` to `queue`, and connects
/// again whenever it ends. `tell`
/// is told when the connection comes and goes.
///
/// Ends when `tell` says that nobody hears it.
pub(super) fn pump_for_ever(path: &Path, queue: &Queue, tell: impl Fn(Link) -> bool) {
    let mut pause = FIRST_PAUSE;
    let mut last = None;
    loop {
        let lost = match UnixStream::connect(path) {
            Ok(mut stream) => {
                pause = FIRST_PAUSE;
                last = Some(Link::Connected);
                if !tell(Link::Connected) {
                    return;
                }
                match pump(&mut stream, queue, Rest::Lost) {
                    Ok(()) => "auditd has closed it".to_owned(),
                    Err(error) => error.to_string(),
                }
            }
            Err(error) => error.to_string(),
        };
        // Once for each time that it is lost, whatever the attempts that follow say.
        if !matches!(last, Some(Link::Lost(_))) {
            let lost = Link::Lost(lost);
            last = Some(lost.clone());
            if !tell(lost) {
                return;
            }
        }
        thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::os::unix::net::UnixListener;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::daemon::queue::{Dropped, Popped};

    #[test]
    fn a_socket_that_comes_back_is_read_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audispd_events");
        let queue = Queue::new(1000);
        let (sender, news) = channel();
        let (there, lines) = (path.clone(), queue.clone());
        thread::spawn(move || {
            pump_for_ever(&there, &lines, |link| sender.send(link).is_ok());
        });
        assert!(matches!(news.recv().unwrap(), Link::Lost(_)));
        for (sent, wanted) in [(&b"one\ntwo\ncut o"[..], &b"one\ntwo\n"[..]), (b"3\n", b"3\n")] {
            let listener = UnixListener::bind(&path).unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            assert_eq!(news.recv().unwrap(), Link::Connected);
            stream.write_all(sent).unwrap();
            drop(stream);
            assert!(matches!(news.recv().unwrap(), Link::Lost(_)));
            drop(listener);
            fs::remove_file(&path).unwrap();
            let mut buffer = [0; 100];
            let taken = queue.pop(&mut buffer, Duration::from_secs(10));
            assert_eq!(taken, Popped::Bytes(wanted.len()));
            assert_eq!(&buffer[..wanted.len()], wanted);
        }
        assert_eq!(queue.dropped(), Dropped { lines: 1, bytes: 5 });
    }
}
