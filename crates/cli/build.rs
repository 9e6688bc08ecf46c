//! The facts of a build that `--version` tells: commit, target and compiler. There is no clock among
//! them and no path, so that the same sources give the same program.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a change of makes the commit another, or the sources no longer its own.
const SOURCES: [&str; 6] =
    ["build.rs", "src", "Cargo.toml", "../auditparse/src", "../rareport/src", "../../Cargo.lock"];

fn main() {
    let crate_root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let commit =
        commit(&crate_root).unwrap_or_else(|| "none, not built from a checkout".to_owned());
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let rustc = output(Command::new(rustc).arg("--version"));
    let rustc = rustc.as_deref().and_then(|version| version.strip_prefix("rustc "));
    let target = env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=RAREPORT_COMMIT={commit}");
    println!("cargo::rustc-env=RAREPORT_RUSTC={}", rustc.unwrap_or("unknown"));
    println!("cargo::rustc-env=RAREPORT_TARGET={target}");
    // What is not there would have this run every time.
    for source in SOURCES.iter().filter(|source| crate_root.join(source).exists()) {
        println!("cargo::rerun-if-changed={source}");
    }
}

/// The commit of the checkout that holds this crate, and whether something in it has changed since.
/// `None` if there is none: in a package, or with no git at hand.
fn commit(crate_root: &Path) -> Option<String> {
    let git =
        |arguments: &[&str]| output(Command::new("git").current_dir(crate_root).args(arguments));
    let root = crate_root.parent()?.parent()?.canonicalize().ok()?;
    // A package may lie in the checkout of something else.
    if Path::new(&git(&["rev-parse", "--show-toplevel"])?).canonicalize().ok()? != root {
        return None;
    }
    for name in ["HEAD", "logs/HEAD"] {
        let path = crate_root.join(git(&["rev-parse", "--git-path", name])?);
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    git(&["describe", "--always", "--exclude=*", "--abbrev=12", "--dirty=, with changes"])
}

/// What a command prints, without the line's end; `None` if it fails or prints nothing.
fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim_end().to_owned()).filter(|text| !text.is_empty())
}
