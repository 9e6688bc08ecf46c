//! A directory that looks like a clone of the repository with `rareport` on the
//! path, in which commands run.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Directories of the repository that commands look into.
const SHARED: [&str; 3] = ["corpus", "packaging", "crates"];

/// Programs that commands need and that need not be there.
const OPTIONAL: [&str; 2] = ["jq", "curl"];

/// Programs that would reach outside: what they are given is kept.
const STOOD_IN: [&str; 2] = ["logger", "mail"];

/// Such a directory.
pub(crate) struct Clone {
    directory: TempDir,
}

/// What a command left behind.
pub(crate) struct Run {
    pub(crate) succeeded: bool,
    /// Stdout, and then stderr.
    pub(crate) printed: String,
}

impl Clone {
    /// Of a repository with this root.
    pub(crate) fn of(root: &Path) -> Clone {
        let directory = TempDir::new().expect("a directory can be made");
        let path = directory.path();
        for name in SHARED {
            symlink(root.join(name), path.join(name)).expect(name);
        }
        let bin = path.join(".bin");
        std::fs::create_dir(&bin).expect(".bin can be made");
        symlink(env!("CARGO_BIN_EXE_rareport"), bin.join("rareport")).expect("rareport");
        // Building is what the test has done.
        script(&bin.join("cargo"), "shift 3\nexec rareport \"$@\"\n");
        for name in STOOD_IN {
            let kept = path.join(format!(".{name}"));
            let kept = kept.to_str().expect("a UTF-8 path");
            script(&bin.join(name), &format!("{{ echo \"$*\"; cat; }} >> '{kept}'\n"));
        }
        Clone { directory }
    }

    /// A program that commands need and that is not there.
    pub(crate) fn missing(&self, commands: &str) -> Option<&'static str> {
        let words = |name: &str| commands.split_whitespace().any(|word| word.contains(name));
        let is_there = |name: &str| {
            let asked = Command::new("sh").args(["-c", &format!("command -v {name}")]).output();
            asked.is_ok_and(|asked| asked.status.success())
        };
        OPTIONAL.into_iter().find(|name| words(name) && !is_there(name))
    }

    /// Runs commands, as somebody does who pastes them; any that fails fails all.
    pub(crate) fn run(&self, commands: &str, environment: &[(&str, &str)]) -> Run {
        let bin = self.path(".bin");
        let path = std::env::var("PATH").unwrap_or_default();
        let run = Command::new("bash")
            .args(["-euo", "pipefail", "-c", commands])
            .current_dir(self.directory.path())
            .env("PATH", format!("{}:{path}", bin.display()))
            .envs(environment.iter().copied())
            .stdin(std::process::Stdio::null())
            .output()
            .expect("bash starts");
        let printed = [run.stdout, run.stderr].concat();
        let printed = String::from_utf8(printed).expect("the output is UTF-8");
        Run { succeeded: run.status.success(), printed }
    }

    /// What a program was given that is stood in for.
    pub(crate) fn kept(&self, program: &str) -> String {
        self.read(&format!(".{program}"))
    }

    /// A file that commands have written.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect(name)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

fn script(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{text}")).expect("a script can be written");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, mode).expect("a script can be made executable");
}
