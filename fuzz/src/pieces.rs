//! A source that gives its bytes in pieces, and is interrupted now and then.

use std::io::{self, ErrorKind, Read};

/// A source that gives its bytes in pieces of these sizes, over and over. A size of 255 is an
/// interruption and, of one that fails, a size of 0 an error that passes.
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    rest: &'a [u8],
    sizes: [u8; 5],
    turn: usize,
    fails: bool,
}

impl<'a> Pieces<'a> {
    /// A source that does not fail.
    #[must_use]
    pub fn new(rest: &'a [u8], [a, b, c, d]: [u8; 4]) -> Pieces<'a> {
        // The last keeps the others from going on for ever without a byte.
        Pieces { rest, sizes: [a, b, c, d, 100], turn: 0, fails: false }
    }

    /// A source that fails now and then.
    #[must_use]
    pub fn failing(rest: &'a [u8], sizes: [u8; 4]) -> Pieces<'a> {
        Pieces { fails: true, ..Pieces::new(rest, sizes) }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()];
        self.turn += 1;
        match size {
            0 if self.fails => Err(ErrorKind::WouldBlock.into()),
            255 => Err(ErrorKind::Interrupted.into()),
            size => {
                let length = self.rest.len().min(buffer.len()).min(usize::from(size).max(1));
                self.rest.read(&mut buffer[..length])
            }
        }
    }
}
