//! Every public item has an example that `cargo test --doc` runs. Only the constants of record types,
//! which a macro makes, share that of their type.

#![allow(clippy::expect_used, reason = "without the sources a test has to fail")]

use std::fs;
use std::path::{Path, PathBuf};

/// The sources, those of modules within modules included.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the sources");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let below = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    paths.flat_map(below).collect()
}

/// The name of the public item that a line declares; `unreachable_pub` sees to it that what is `pub`
/// is public.
fn public_item(line: &str) -> Option<&str> {
    const KEYWORDS: [&str; 7] = ["const", "enum", "fn", "static", "struct", "trait", "type"];

    let mut words = line.trim_start().strip_prefix("pub ")?.split_whitespace().peekable();
    words.peek().filter(|word| KEYWORDS.contains(word))?;
    let name = words.find(|word| !KEYWORDS.contains(word))?;
    name.split(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|name| !name.is_empty())
}

/// Whether a documentation comment has a block that is run: one that says nothing of itself.
fn has_example(documentation: &[&str]) -> bool {
    let fences = documentation.iter().filter(|line| line.starts_with("```"));
    fences.step_by(2).any(|opening| *opening == "```")
}

/// Names of the public items of a source, and whether each has an example.
fn items(source: &str) -> Vec<(&str, bool)> {
    let mut items = Vec::new();
    let mut documentation = Vec::new();
    for line in source.lines() {
        if let Some(text) = line.trim_start().strip_prefix("///") {
            documentation.push(text.trim());
        } else if !line.trim_start().starts_with("#[") {
            items.extend(public_item(line).map(|name| (name, has_example(&documentation))));
            documentation.clear();
        }
    }
    items
}

#[test]
fn every_public_item_has_an_example() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let mut found = 0;
    let mut lacking = Vec::new();
    for path in sources {
        let source = fs::read_to_string(&path).expect("a source");
        for (name, has_example) in items(&source) {
            found += 1;
            if !has_example {
                lacking.push(format!("{} in {}", name, path.display()));
            }
        }
    }
    assert_eq!(lacking, [""; 0]);
    assert!(found > 200, "only {found} items were found");
}

#[test]
fn an_example_is_a_block_that_is_run() {
    let source = "\
/// ```text
/// a picture
/// ```
pub struct Drawn;

/// ```
/// assert!(true);
/// ```
#[must_use]
pub const fn shown() {}

    /// Words.
    pub fn told<T>(self) {}
    /// The port.
    pub port: u16,
pub(crate) fn inner() {}
pub use shown as other;
    pub const $name: u16 = 1;
pub const BARE: u8 = 1;
";
    let expected = [("Drawn", false), ("shown", true), ("told", false), ("BARE", false)];
    assert_eq!(items(source), expected);
}
