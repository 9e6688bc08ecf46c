//! Which values are asked for: ports by their numbers or the names of their
//! services, or one value of another field.

use anyhow::{Result, bail};

use crate::service;
use crate::spelling::meant;
use crate::study::PORT;

/// The values that a text names of the field `by`, each once, in its order.
///
/// # Errors
///
/// If there is no such port or service.
pub(super) fn values(text: &str, by: &str) -> Result<Vec<String>> {
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
