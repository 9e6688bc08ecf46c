//! Which values are asked for: ports by their numbers or the names of their
//! services, or one value of another field.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::seems::Seems;
use crate::service;
use crate::spelling::meant;
use crate::study::PORT;

/// Checks that the value that is asked for is not a log, and the logs no value.
///
/// # Errors
///
/// If it is so.
pub(super) fn check_order(value: &str, logs: &[PathBuf]) -> Result<()> {
    let path = Path::new(value);
    let is_log =
        path.is_dir() || matches!(Seems::of_file(path), Ok(Seems::AuditLog | Seems::Compressed));
    let is_swapped = match logs {
        [] => value.contains('/'),
        logs => !logs.iter().any(|log| log == Path::new("-") || log.exists()),
    };
    if is_log && is_swapped {
        let port = logs.first().map_or("4444".into(), |log| log.to_string_lossy());
        bail!(
            "{value} is a log, and stands where the port or value to explain goes: \
             `rareport explain {port} {value}`"
        );
    }
    Ok(())
}

/// The values that a text names for each of the jobs that look at these fields. If there are
/// several, its words with commas between them are each asked of the jobs that may have them:
/// numbers are ports if there is a job of ports, and other words may be anything.
///
/// # Errors
///
/// If no job may have such a value.
pub(super) fn of_jobs(text: &str, fields: &[&str]) -> Result<Vec<Vec<String>>> {
    if let [by] = fields {
        return Ok(vec![values(text, by)?]);
    }
    let mut of_jobs = vec![Vec::new(); fields.len()];
    for word in text.split(',').map(str::trim) {
        let asked = fields.iter().map(|by| of_one_among_others(word, by, fields));
        let asked: Vec<Result<Vec<String>>> = asked.collect();
        let is_unknown =
            asked.iter().all(|asked| !matches!(asked, Ok(values) if !values.is_empty()));
        for (of_job, asked) in of_jobs.iter_mut().zip(asked) {
            match asked {
                Err(error) if is_unknown => return Err(error),
                Err(_) => {}
                Ok(values) => {
                    for value in values {
                        if !of_job.contains(&value) {
                            of_job.push(value);
                        }
                    }
                }
            }
        }
    }
    Ok(of_jobs)
}

/// The values that a word names of the field `by`, where jobs look at other `fields` too.
fn of_one_among_others(word: &str, by: &str, fields: &[&str]) -> Result<Vec<String>> {
    let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    if by != PORT && (word.is_empty() || is_number && fields.contains(&PORT)) {
        return Ok(Vec::new());
    }
    values(word, by)
}

/// The values that a text names of the field `by`, each once, in its order.
///
/// # Errors
///
/// If there is no such port or service.
fn values(text: &str, by: &str) -> Result<Vec<String>> {
    if by != PORT {
        return Ok(vec![text.to_owned()]);
    }
    let mut values: Vec<String> = Vec::new();
    for word in text.split(',').map(str::trim) {
        for port in ports(word)?.iter().map(u16::to_string) {
            if !values.contains(&port) {
                values.push(port);
            }
        }
    }
    Ok(values)
}

/// The ports that a word stands for.
fn ports(word: &str) -> Result<Vec<u16>> {
    if let Ok(port) = word.parse() {
        return Ok(vec![port]);
    }
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        bail!("{word:?} is no port: ports are 0 to 65535");
    }
    let name = word.to_ascii_lowercase();
    let ports = service::ports(&name);
    if ports.is_empty() {
        let near = meant(&name, service::names());
        let hint = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        bail!("{word:?} is neither a port nor the name of a service that is known here{hint}");
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_job_is_asked_for_what_it_may_have() {
        let asked = |text| of_jobs(text, &[PORT, "process.name"]).map_err(|it| it.to_string());
        let of = |ports: &[&str], programs: &[&str]| {
            Ok([ports, programs].map(|of| of.iter().map(ToString::to_string).collect()).to_vec())
        };
        assert_eq!(asked("4444, 80"), of(&["4444", "80"], &[]));
        assert_eq!(asked("kinsing"), of(&[], &["kinsing"]));
        assert_eq!(asked("ssh, 80,kinsing"), of(&["22", "80"], &["ssh", "kinsing"]));
        assert!(asked("ssh,").unwrap_err().contains("is no port"));
        assert!(asked("70000").unwrap_err().contains("0 to 65535"));
        assert!(of_jobs("mysq", &[PORT]).is_err());
        assert_eq!(of_jobs("7", &["process.name"]).unwrap(), [["7"]]);
    }

    #[test]
    fn a_program_is_a_value_and_a_directory_is_none() {
        assert!(check_order("/bin/sh", &[]).is_ok());
        let directory = env!("CARGO_MANIFEST_DIR");
        let refused = check_order(directory, &[]).unwrap_err().to_string();
        assert!(refused.contains(&format!("`rareport explain 4444 {directory}`")), "{refused}");
    }

    #[test]
    fn ports_go_by_numbers_and_names() {
        let asked = |text| values(text, PORT).map_err(|error| error.to_string());
        assert_eq!(asked("4444"), Ok(vec!["4444".to_owned()]));
        // By IANA's registry; ircd is the name that /etc/services has beside it.
        assert_eq!(asked("HTTPS, ircd,443").unwrap(), ["443", "6667"]);
        assert_eq!(asked("http-alt").unwrap(), ["8008", "8080"]);
        assert!(asked("70000").unwrap_err().contains("0 to 65535"));
        assert!(asked("").unwrap_err().contains("is no port"));
        assert!(asked("mysq").unwrap_err().contains("did you mean mysql?"));
        assert_eq!(values("a, b", "process.name").unwrap(), ["a, b"]);
    }
}
