//! A condition on one field of an event or of a record.
//!
//! What follows when conditions hold is decided by who owns them.

mod network;
mod pattern;

pub use network::{Network, NetworkError};
pub use pattern::Pattern;

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// A condition on the values of a field.
///
/// In TOML: a field, exactly one test (`is`, `is_one_of`, `exists`, `wildcard`, `cidr` or
/// `port_range`), and `not = true` for its opposite.
///
/// ```
/// use rareport::condition::Condition;
///
/// let office: Condition = toml::from_str(r#"field = "destination.ip"
///     cidr = "192.0.2.0/24""#)?;
/// assert!(office.holds([b"192.0.2.7".as_slice()]));
/// assert!(!office.holds([b"203.0.113.9".as_slice()]));
/// # Ok::<(), toml::de::Error>(())
/// ```
///
/// One that is made in code is checked by who takes it, such as
/// [`Detection::new`](crate::detection::Detection::new):
///
/// ```
/// use rareport::condition::{Condition, Test};
///
/// let office = Condition {
///     field: "destination.ip".to_owned(),
///     test: Test::Cidr(vec!["192.0.2.0/24".parse()?]),
///     not: true,
/// };
/// assert!(office.holds([b"203.0.113.9".as_slice()]));
/// // Without any value the test cannot be passed, and so its opposite holds.
/// assert!(office.holds([]));
/// # Ok::<(), rareport::condition::NetworkError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Condition {
    /// The field by its ECS name, such as `destination.ip`.
    pub field: String,
    /// What is asked of its values.
    pub test: Test,
    /// Whether the opposite is asked.
    pub not: bool,
}

/// What a condition asks of a value. Texts are compared byte for byte, upper and lower case
/// being different.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Test {
    /// The value is one of these.
    IsOneOf(Vec<String>),
    /// There is a value.
    Exists,
    /// The value matches one of these patterns.
    Wildcard(Vec<Pattern>),
    /// The value is an address of one of these networks.
    Cidr(Vec<Network>),
    /// The value is a port in this range.
    PortRange(RangeInclusive<u16>),
}

impl Condition {
    /// Whether the condition holds for the values of its field, none of which are empty: one of
    /// them passes the test or, with `not`, none does.
    pub fn holds<'v>(&self, values: impl IntoIterator<Item = &'v [u8]>) -> bool {
        values.into_iter().any(|value| self.test.passes(value)) != self.not
    }

    /// Whether it can be meant so; if not, why.
    pub(crate) fn validate(&self) -> Result<(), String> {
        let Condition { field, test, .. } = self;
        let is_empty = match test {
            Test::IsOneOf(values) => values.is_empty(),
            Test::Wildcard(patterns) => patterns.is_empty(),
            Test::Cidr(networks) => networks.is_empty(),
            Test::PortRange(range) => range.is_empty(),
            Test::Exists => false,
        };
        match test {
            _ if field.is_empty() => Err("a condition needs the name of a field".to_owned()),
            _ if is_empty => Err(format!("the list for {field} is empty: no value can be in it")),
            Test::Cidr(_) if is_port(field) => {
                Err(format!("{field} is a port and no address; use port_range instead of cidr"))
            }
            Test::PortRange(_) if !is_port(field) => Err(format!(
                "{field} is no port; port_range is for fields such as destination.port"
            )),
            _ => Ok(()),
        }
    }
}

impl Test {
    /// Whether a value passes.
    pub(crate) fn passes(&self, value: &[u8]) -> bool {
        match self {
            Test::IsOneOf(texts) => texts.iter().any(|text| text.as_bytes() == value),
            Test::Exists => true,
            Test::Wildcard(patterns) => {
                let text = String::from_utf8_lossy(value);
                patterns.iter().any(|pattern| pattern.matches(&text))
            }
            Test::Cidr(networks) => parsed::<IpAddr>(value)
                .is_some_and(|address| networks.iter().any(|network| network.contains(address))),
            Test::PortRange(range) => parsed(value).is_some_and(|port| range.contains(&port)),
        }
    }
}

fn parsed<T: std::str::FromStr>(value: &[u8]) -> Option<T> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// A condition as it is written.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    field: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    is: Option<Scalar>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    is_one_of: Option<Vec<Scalar>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exists: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wildcard: Option<OneOrMany>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cidr: Option<OneOrMany>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    port_range: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    not: bool,
}

/// A text, or a number that is compared as its text.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a text in quotes or a whole number")]
enum Scalar {
    Number(i64),
    Text(String),
}

impl Scalar {
    fn text(self) -> String {
        match self {
            Scalar::Number(number) => number.to_string(),
            Scalar::Text(text) => text,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a text in quotes, or a list of such texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn texts(self) -> Vec<String> {
        match self {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        }
    }
}

impl TryFrom<Written> for Condition {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { field, is, is_one_of, exists, wildcard, cidr, port_range, not } = written;
        let wrong_exists = exists == Some(false);
        let mut tests = Vec::new();
        tests.extend(is.map(|value| Test::IsOneOf(vec![value.text()])));
        tests.extend(
            is_one_of.map(|all| Test::IsOneOf(all.into_iter().map(Scalar::text).collect())),
        );
        tests.extend(exists.map(|_| Test::Exists));
        tests.extend(wildcard.map(|patterns| {
            Test::Wildcard(patterns.texts().iter().map(|text| Pattern::new(text)).collect())
        }));
        if let Some(networks) = cidr {
            let networks = networks.texts();
            let networks = networks.iter().map(|text| text.parse()).collect::<Result<_, _>>();
            tests.push(Test::Cidr(networks.map_err(|error: NetworkError| error.to_string())?));
        }
        tests.extend(port_range.map(|text| range(&text)).transpose()?.map(Test::PortRange));
        let [test] = <[Test; 1]>::try_from(tests).map_err(|tests| {
            format!(
                "a condition needs exactly one of is, is_one_of, exists, wildcard, cidr and \
                 port_range; the one on {field} has {}",
                tests.len()
            )
        })?;
        // `exists = false` is the opposite of `exists = true`.
        let condition = Condition { field, test, not: not != wrong_exists };
        condition.validate()?;
        Ok(condition)
    }
}

/// Whether a field holds ports, told by the end of its name, such as `destination.port` or
/// `dst_port`.
fn is_port(field: &str) -> bool {
    let name = field.rsplit('.').next().unwrap_or(field).to_lowercase();
    name.ends_with("port") && name != "transport"
}

/// A range such as `8000-9000`, or one port.
fn range(text: &str) -> Result<RangeInclusive<u16>, String> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    match (low.trim().parse(), high.trim().parse()) {
        (Ok(low), Ok(high)) if low <= high => Ok(low..=high),
        _ => Err(format!("expected a range of ports such as 8000-9000, found {text}")),
    }
}

impl From<Condition> for Written {
    fn from(condition: Condition) -> Written {
        let Condition { field, test, not } = condition;
        let mut written = Written { field, not, ..Written::default() };
        match test {
            Test::IsOneOf(texts) => {
                written.is_one_of = Some(texts.into_iter().map(Scalar::Text).collect());
            }
            Test::Exists => written.exists = Some(true),
            Test::Wildcard(patterns) => {
                let texts = patterns.iter().map(ToString::to_string).collect();
                written.wildcard = Some(OneOrMany::Many(texts));
            }
            Test::Cidr(networks) => {
                let texts = networks.iter().map(ToString::to_string).collect();
                written.cidr = Some(OneOrMany::Many(texts));
            }
            Test::PortRange(range) => {
                written.port_range = Some(format!("{}-{}", range.start(), range.end()));
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(test: &str) -> Condition {
        let field = if test.starts_with("port_range") { "destination.port" } else { "f" };
        toml::from_str(&format!("field = \"{field}\"\n{test}")).unwrap()
    }

    #[track_caller]
    fn holds(test: &str, yes: &[&str], no: &[&str]) {
        let condition = condition(test);
        let holds = |value: &&str| condition.holds([value.as_bytes()]);
        assert_eq!(yes.iter().filter(|value| !holds(value)).collect::<Vec<_>>(), [&""; 0]);
        assert_eq!(no.iter().filter(|value| holds(value)).collect::<Vec<_>>(), [&""; 0]);
        let written = toml::to_string(&condition).unwrap();
        assert_eq!(toml::from_str::<Condition>(&written).unwrap(), condition, "{written}");
    }

    #[test]
    fn tests_of_values() {
        holds("is = \"nc\"", &["nc"], &["NC", "ncat", "n"]);
        holds("is = 4444", &["4444"], &["44440", "04444"]);
        holds("is_one_of = [22, \"ssh\"]", &["22", "ssh"], &["23"]);
        holds("exists = true", &["x"], &[]);
        holds("exists = false", &[], &["x"]);
        holds("wildcard = \"*/python3.?\"", &["/usr/bin/python3.1"], &["/usr/bin/python3"]);
        holds("wildcard = [\"a*\", \"b*\"]", &["ab", "b"], &["cab"]);
        holds("port_range = \"8000-9000\"", &["8000", "9000"], &["7999", "9001", "http", "70000"]);
        holds("port_range = \"80\"", &["80"], &["81"]);
        holds("is = \"nc\"\nnot = true", &["ncat"], &["nc"]);
    }

    #[test]
    fn networks() {
        let inside = ["10.1.2.3", "::ffff:10.0.0.1", "2001:db8::1"];
        let outside = ["11.0.0.1", "2001:db9::1", "host", ""];
        holds("cidr = [\"10.0.0.0/8\", \"2001:db8::/32\"]", &inside, &outside);
        holds("cidr = \"192.0.2.7\"", &["192.0.2.7"], &["192.0.2.8"]);
        // RFC 4291 §2.5.5.2: the last 32 bits of ::ffff:0:0/96 are an IPv4 address.
        let mapped = ["10.0.0.7", "::ffff:10.0.0.255"];
        holds("cidr = \"::ffff:10.0.0.0/120\"", &mapped, &["10.0.1.0", "::10.0.0.7"]);
        holds("cidr = \"::ffff:0:0/96\"", &mapped, &["2001:db8::1"]);
        holds("cidr = \"::ffff:10.0.0.7\"", &mapped[..1], &mapped[1..]);
    }

    #[test]
    fn many_values_and_none() {
        let is = condition("is = \"a\"");
        assert!(is.holds([b"b".as_slice(), b"a"]) && !is.holds([]));
        let is_not = condition("is = \"a\"\nnot = true");
        assert!(!is_not.holds([b"b".as_slice(), b"a"]) && is_not.holds([]));
        assert!(condition("exists = false").holds([]));
    }

    #[test]
    fn what_cannot_be_a_condition() {
        for (text, said) in [
            ("", "the one on f has 0"),
            ("is = 1\nexists = true", "the one on f has 2"),
            ("cidr = \"10.0.0.0/33\"", "found 10.0.0.0/33"),
            ("port_range = \"9-8\"", "found 9-8"),
            ("ist = 1", "unknown field `ist`"),
            ("port_range = \"8-9\"", "f is no port"),
            ("is_one_of = []\nnot = true", "the list for f is empty"),
            ("wildcard = []", "the list for f is empty"),
            ("cidr = []", "the list for f is empty"),
            ("is = 1.5", "expected a text in quotes or a whole number"),
            ("cidr = 10", "expected a text in quotes, or a list"),
        ] {
            let error = toml::from_str::<Condition>(&format!("field = \"f\"\n{text}")).unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
        }
        let kind = |text: &str| toml::from_str::<Condition>(text).map(drop);
        let error = kind("field = \"source.port\"\ncidr = \"10.0.0.0/8\"").unwrap_err();
        assert!(error.to_string().contains("source.port is a port and no address"), "{error}");
        assert!(kind("field = \"network.transport\"\nport_range = \"1-2\"").is_err());
        assert!(
            kind("field = \"winlog.event_data.DestinationPort\"\nport_range = \"1-2\"").is_ok()
        );
    }
}
