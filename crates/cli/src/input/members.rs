//! Files that by their names hold the same stretch of a log, such as
//! `audit.log.1` and `audit.log.1.gz`: which of them are read, and in which
//! order. A name alone leaves nothing out; what files hold decides.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use auditparse::Records;

use super::compression::decompress;
use super::log::Member;
use super::rotation::RotatedName;
use crate::console::Console;

/// Bytes of text by which files are told apart.
const BEGINNING: u64 = 4 << 10;

/// A file of a log, as it was found.
#[derive(Debug)]
pub(super) struct FoundFile {
    pub(super) name: RotatedName,
    pub(super) member: Member,
    /// Whether the command line names the file itself, not only its directory.
    pub(super) is_named: bool,
}

/// The members of a log, oldest first. Of several files of one generation, one
/// that begins as another does is left out, unless it is named itself.
pub(super) fn members(mut files: Vec<FoundFile>, console: &Console) -> Vec<Member> {
    files.sort_by(|left, right| left.name.cmp(&right.name));
    let generations = files.chunk_by(|left, right| left.name.same_generation(&right.name));
    generations
        .flat_map(|generation| match generation {
            [only] => vec![only.member.clone()],
            several => choose(several, console),
        })
        .collect()
}

/// Which files of a generation are read: by the time of their first records,
/// those without one by their names before them.
fn choose(generation: &[FoundFile], console: &Console) -> Vec<Member> {
    let mut chosen: Vec<(Option<Vec<u8>>, &Member)> = Vec::new();
    for FoundFile { member, is_named, .. } in generation {
        let beginning = beginning_of(member);
        let alike = chosen.iter().find(|(other, _)| beginning.is_some() && *other == beginning);
        match alike {
            Some((_, other)) if !is_named => {
                console.warn(format_args!(
                    "{member} left out: it begins as {other} does, and by its name it holds the \
                     same"
                ));
                continue;
            }
            Some((_, other)) => console.warn(format_args!(
                "{member} begins as {other} does; both are read, as the file itself is named"
            )),
            None => {}
        }
        chosen.push((beginning, member));
    }
    chosen.sort_by_key(|(beginning, _)| beginning.as_deref().and_then(first_time));
    chosen.into_iter().map(|(_, member)| member.clone()).collect()
}

/// The first bytes of a file's text; `None` if they cannot be had, or not
/// without taking them from who reads the file.
fn beginning_of(member: &Member) -> Option<Vec<u8>> {
    match member {
        // A file that cannot be read is reported when its turn comes.
        Member::File { path, size: Some(_) } => read_beginning(path).ok(),
        Member::File { size: None, .. } | Member::Stdin => None,
    }
}

fn read_beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut beginning = Vec::new();
    decompress(File::open(path)?)?.reader.take(BEGINNING).read_to_end(&mut beginning)?;
    Ok(beginning)
}

/// Time of the first record, in milliseconds since 1970.
fn first_time(text: &[u8]) -> Option<u64> {
    Records::new(text).flatten().next().map(|record| record.id().millis)
}
