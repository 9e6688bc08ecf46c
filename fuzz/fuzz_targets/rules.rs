//! A text as rules, executed over a stream of events and results. An error names a line of the text.
//! Rules that are read are the same when they are written and read back, and can be executed unless
//! they group by what the job does not have; cut anywhere and carried on from their state they give
//! the same alerts. Conditions are those of naive models: patterns of a matcher that tries everything,
//! networks of a comparison bit by bit, ranges of one port by port.
#![no_main]

use std::net::IpAddr;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use rareport::alert::Alert;
use rareport::condition::{Network, Pattern};
use rareport::detection::Detection;
use rareport::rule::{Profile, RuleSet};
use rareport_fuzz::rest;
use rareport_fuzz::stream::{BUCKET_STREAM, Bucket, job};

#[derive(Debug)]
enum Input<'a> {
    Rules { is_elastic: bool, cut: u8, text: String },
    Pattern { pattern: &'a str, text: &'a str },
    Network { address: IpAddr, prefix: u8, other: IpAddr },
}

impl<'a> Arbitrary<'a> for Input<'a> {
    /// The kind, and what it is about.
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Input<'a>> {
        let kind: u8 = bytes.arbitrary()?;
        match kind % 8 {
            0 => Ok(Input::Pattern { pattern: bytes.arbitrary()?, text: bytes.arbitrary()? }),
            1 => Ok(Input::Network {
                address: bytes.arbitrary()?,
                prefix: bytes.arbitrary()?,
                other: bytes.arbitrary()?,
            }),
            _ => {
                let cut = bytes.arbitrary()?;
                let text = String::from_utf8_lossy(rest(bytes)?).into_owned();
                Ok(Input::Rules { is_elastic: kind & 8 != 0, cut, text })
            }
        }
    }
}

fuzz_target!(|input: Input<'_>| match input {
    Input::Rules { is_elastic, cut, text } => {
        let profile = if is_elastic { Profile::Elastic } else { Profile::Rareport };
        check_rules(&text, profile, cut);
    }
    Input::Pattern { pattern, text } => check_pattern(pattern, text),
    Input::Network { address, prefix, other } => check_network(address, prefix, other),
});

fn check_rules(text: &str, profile: Profile, cut: u8) {
    let set = match RuleSet::from_toml(text) {
        Ok(set) => set,
        Err(error) => return check_line(&error.to_string(), text),
    };
    assert!(set.validate().is_ok());
    let written = set.to_toml().expect("TOML");
    let again = RuleSet::from_toml(&written).expect("the same rules");
    assert_eq!(again, set, "{written}");
    let Ok(whole) = Detection::new(set.clone(), &job(), profile) else { return };
    let cut = usize::from(cut) % BUCKET_STREAM.len();
    let (alerts, detection) = execute(whole, &BUCKET_STREAM[..]);
    let report = detection.report();
    let mut first = Detection::new(set.clone(), &job(), profile).expect("as before");
    let mut carried_on = run(&mut first, &BUCKET_STREAM[..cut]);
    let state = first.snapshot();
    let second = Detection::restore(set, &job(), profile, &state).expect("as before");
    let (rest, second) = execute(second, &BUCKET_STREAM[cut..]);
    carried_on.extend(rest);
    assert_eq!(shown(&carried_on), shown(&alerts));
    assert_eq!(format!("{:?}", second.report()), format!("{report:?}"));
}

/// An error that names a line names one of the text.
fn check_line(message: &str, text: &str) {
    let Some(rest) = message.strip_prefix("line ") else { return };
    let Some((line, _)) = rest.split_once(':') else { return };
    let line: usize = line.parse().expect("a number");
    let lines = text.split('\n').count();
    assert!((1..=lines).contains(&line), "line {line} of {lines}: {message}");
}

fn run(detection: &mut Detection, buckets: &[Bucket]) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for bucket in buckets {
        for event in &bucket.events {
            detection.is_to_be_learned(event);
        }
        alerts.extend(bucket.closed.iter().flat_map(|closed| detection.bucket(closed)));
    }
    alerts
}

fn execute(mut detection: Detection, buckets: &[Bucket]) -> (Vec<Alert>, Detection) {
    let mut alerts = run(&mut detection, buckets);
    alerts.extend(detection.finish());
    (alerts, detection)
}

fn shown(alerts: &[Alert]) -> Vec<String> {
    alerts.iter().map(|alert| format!("{alert:?}")).collect()
}

/// Texts beyond which trying everything takes too long.
const LONGEST_TEXT: usize = 24;

fn check_pattern(pattern: &str, text: &str) {
    let (of_pattern, of_text): (Vec<_>, Vec<_>) =
        (pattern.chars().collect(), text.chars().collect());
    if of_pattern.len().max(of_text.len()) <= LONGEST_TEXT {
        let expected = matches(&of_pattern, &of_text);
        assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern:?} {text:?}");
    }
}

fn matches(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        (['*', rest @ ..], []) => matches(rest, text),
        (['*', rest @ ..], [_, more @ ..]) => matches(rest, text) || matches(pattern, more),
        (['?', rest @ ..], [_, more @ ..]) => matches(rest, more),
        ([one, rest @ ..], [other, more @ ..]) => one == other && matches(rest, more),
        (rest, text) => rest.is_empty() && text.is_empty(),
    }
}

fn check_network(address: IpAddr, prefix: u8, other: IpAddr) {
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let network = format!("{address}/{prefix}").parse::<Network>();
    assert_eq!(network.is_ok(), prefix <= longest, "{address}/{prefix}");
    let Ok(network) = network else { return };
    // An IPv4 network is one of mapped addresses, 96 bits further on.
    let prefix = u32::from(prefix) + if address.is_ipv4() { 96 } else { 0 };
    let difference = bits(address) ^ bits(other);
    let is_mapped = |address: IpAddr| bits(address) >> 32 == 0xffff;
    let expected = difference.leading_zeros() >= prefix;
    // Networks wider than all mapped addresses hold IPv6 addresses only.
    if !is_mapped(other) || prefix >= 96 {
        assert_eq!(network.contains(other), expected, "{network} {other}");
    }
    let shown = network.to_string().parse::<Network>();
    assert_eq!(shown, Ok(network));
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}
