//! The files of a log as a command for a shell names them, and how `ausearch`
//! comes to what they hold.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};

use rareport::evidence::{LogFiles, Search};

use super::compression::{Text, decompress, read_start};
use super::log::{Log, Member};
use super::rotation::RotatedName;

/// Most files that are named one by one; of more a pattern is given.
const NAMED: usize = 3;

/// What records begin with in the format that `ausearch` reads.
const RAW: [&[u8]; 2] = [b"type=", b"node="];

/// What a file holds, told by its first bytes.
struct Held {
    /// The command that prints it, if it is compressed.
    printed_by: Option<&'static str>,
    is_raw: bool,
}

/// The files of a log; `None` if there are none, as of a pipe, or if they
/// cannot be named.
pub(crate) fn log_files(log: &Log) -> Option<LogFiles> {
    let paths: Option<Vec<&PathBuf>> = log.members.iter().map(regular_file).collect();
    let paths = paths?;
    let search = search(&paths);
    let words = match (&search, directory_of(&paths)) {
        (Search::Piped(command), Some(directory)) if command == "cat" && is_auditds(&paths) => {
            return Some(LogFiles { words: quoted(directory)?, search: Search::Direct });
        }
        (_, Some(directory)) if paths.len() > NAMED => {
            format!("{}/{}*", quoted(directory)?, quoted(Path::new(&base(paths.first()?)?))?)
        }
        _ => {
            let words: Option<Vec<String>> = paths.iter().map(|path| quoted(path)).collect();
            words?.join(" ")
        }
    };
    Some(LogFiles { words, search })
}

/// The path of a file that can be read again.
fn regular_file(member: &Member) -> Option<&PathBuf> {
    match member {
        Member::File { path, size: Some(_) } => Some(path),
        Member::File { size: None, .. } | Member::Stdin => None,
    }
}

/// The directory that all files are in.
fn directory_of<'a>(paths: &[&'a PathBuf]) -> Option<&'a Path> {
    let directory = |path: &'a PathBuf| match path.parent() {
        Some(parent) if parent != Path::new("") => Some(parent),
        _ => Some(Path::new(".")),
    };
    let first = directory(paths.first()?)?;
    paths.iter().all(|path| directory(path) == Some(first)).then_some(first)
}

/// Name of the live log that a file is a rotation of.
fn base(path: &Path) -> Option<String> {
    Some(RotatedName::parse(path.file_name().and_then(OsStr::to_str)?).base)
}

/// Whether the files are named as auditd names them, which `ausearch` looks for
/// in a directory.
fn is_auditds(paths: &[&PathBuf]) -> bool {
    let is_auditds = |path: &&PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let number = name.strip_prefix("audit.log.").unwrap_or("0");
        name.starts_with("audit.log")
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && (name == "audit.log" || name.starts_with("audit.log."))
    };
    paths.iter().all(is_auditds)
}

/// How `ausearch` comes to what the files hold.
fn search(paths: &[&PathBuf]) -> Search {
    let held: Option<Vec<Held>> = paths.iter().map(|path| Held::by(path)).collect();
    let held = held.filter(|held| held.iter().all(|held| held.is_raw)).unwrap_or_default();
    let mut commands: Vec<&str> = held.iter().filter_map(|held| held.printed_by).collect();
    commands.sort_unstable();
    commands.dedup();
    match (&held[..], &commands[..]) {
        ([], _) | (_, [_, _, ..]) => Search::Impossible,
        ([_], []) => Search::Direct,
        (_, []) => Search::Piped("cat".to_owned()),
        (held, [command]) if held.iter().all(|held| held.printed_by.is_some()) => {
            Search::Piped((*command).to_owned())
        }
        // With -f these commands print what is not compressed as it is.
        (_, [command]) => Search::Piped(format!("{command} -f")),
    }
}

impl Held {
    /// What a file holds; `None` if that cannot be read.
    fn by(path: &Path) -> Option<Held> {
        let Text { mut reader, printed_by } = decompress(File::open(path).ok()?).ok()?;
        let start = read_start(&mut reader, |start| start.len() >= RAW[0].len()).ok()?.bytes;
        Some(Held { printed_by, is_raw: RAW.iter().any(|raw| start.starts_with(raw)) })
    }
}

/// A path as a word of a shell that is no option; `None` if it has characters
/// that cannot be shown.
fn quoted(path: &Path) -> Option<String> {
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control))?;
    let text = if text.starts_with('-') { format!("./{text}") } else { text.to_owned() };
    Some(shlex::try_quote(&text).ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &[u8] = b"type=EOE msg=audit(1.000:1): \n";

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        std::io::Write::write_all(&mut encoder, text).unwrap();
        encoder.finish().unwrap()
    }

    /// How the files of a log with these names and contents are named, below
    /// their directory.
    fn named(files: &[(&str, Vec<u8>)]) -> Option<(String, Search)> {
        let directory = tempfile::tempdir().unwrap();
        let members = files.iter().map(|(name, content)| {
            let path = directory.path().join(name);
            std::fs::write(&path, content).unwrap();
            Member::File { path, size: Some(1) }
        });
        let LogFiles { words, search } = log_files(&Log::new(members.collect(), None))?;
        let root = directory.path().to_str().unwrap();
        Some((words.replace(&format!("{root}/"), "").replace(root, "."), search))
    }

    #[test]
    fn files_are_named_so_that_ausearch_can_read_them() {
        let plain = |name| (name, RECORD.to_vec());
        let packed = |name| (name, gzip(RECORD));
        let piped = |command: &str| Search::Piped(command.to_owned());
        for (files, words, search) in [
            (vec![plain("audit.log")], "audit.log", Search::Direct),
            (vec![plain("audit.log.1"), plain("audit.log")], ".", Search::Direct),
            (vec![plain("a.log.1"), plain("a.log")], "a.log.1 a.log", piped("cat")),
            (vec![packed("a")], "a", piped("zcat")),
            (vec![packed("a.2"), plain("a.1"), plain("a")], "a.2 a.1 a", piped("zcat -f")),
            (vec![packed("a.3"), plain("a.2"), plain("a.1"), plain("a")], "./a*", piped("zcat -f")),
            (vec![("syslog", b"Jun  1 x kernel: audit".to_vec())], "syslog", Search::Impossible),
        ] {
            let (found, how) = named(&files).unwrap();
            assert_eq!((found.replace("./", ""), how), (words.replace("./", ""), search));
        }
        let (words, _) = named(&[plain("a b")]).unwrap();
        assert!(words.starts_with('\'') && words.ends_with("a b'"), "{words}");
        assert_eq!(named(&[plain("a\u{1b}")]), None);
        assert_eq!(log_files(&Log::new(vec![Member::Stdin], None)), None);
    }
}
