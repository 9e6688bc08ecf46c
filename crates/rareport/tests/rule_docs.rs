//! The rule files in the documentation can be used.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use rareport::rule::RuleSet;

/// The blocks of a text that are TOML and speak of rules or what goes with them.
fn blocks(text: &str) -> Vec<&str> {
    let blocks = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.filter(|block| block.contains("[[")).collect()
}

#[test]
fn rule_files_of_the_documentation_are_read() {
    let alerts = blocks(include_str!("../../../docs/alerts.md"));
    let readme = blocks(include_str!("../../../README.md"));
    let counts = |blocks: Vec<&str>| -> Vec<_> {
        let sets = blocks.into_iter().map(|block| RuleSet::from_toml(block).unwrap());
        sets.map(|set| (set.rules.len(), set.exceptions.len(), set.calendar.len())).collect()
    };
    assert_eq!(counts(alerts), [(2, 0, 0), (1, 1, 1)]);
    // Exceptions or windows alone go with the default rule.
    assert_eq!(counts(readme), [(1, 1, 0), (1, 0, 1)]);
}

/// The rows of the table of keys of rules: the keys of each, and the default in the words of the
/// documentation.
fn rows(text: &str) -> Vec<(Vec<&str>, &str)> {
    let table = text.split("| key | default | meaning |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let (keys, default) = (cells.next().unwrap(), cells.next().unwrap());
        (keys.split(", ").map(|key| key.trim_matches('`')).collect(), default)
    })
    .collect()
}

/// The job whose rules are spoken of.
const JOB: &str = "linux_rare_destination_port";

/// What a rule says that has a name only, as it is written; `None` where it says nothing.
fn of_a_bare_rule(key: &str) -> Option<String> {
    let mut set = RuleSet::from_toml("[[rule]]\nname = \"Rare port\"\n").unwrap();
    set.complete(JOB);
    let written = set.to_toml().unwrap();
    let lines = written.lines().filter_map(|line| line.split_once(" = "));
    let value = lines.into_iter().find(|(name, _)| *name == key)?.1;
    Some(value.trim_matches('"').to_owned())
}

/// Every key of a rule is in the table of the documentation, with its default.
#[test]
fn the_keys_of_rules_are_documented() {
    let rows = rows(include_str!("../../../docs/alerts.md"));
    let rule = "[[rule]]\nname = \"n\"\nrule_id = \"r\"\njob_ids = [\"j\"]\n\
        uuid = \"u\"\nlicense = \"l\"\nsuppression = { by = [\"a\"] }\n";
    let written = RuleSet::from_toml(rule).unwrap().to_toml().unwrap();
    let of_rule = written.split("[rule.suppression]").next().unwrap();
    let mut keys: Vec<&str> =
        of_rule.lines().filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
    keys.push("suppression");
    keys.sort_unstable();
    let mut documented: Vec<&str> = rows.iter().flat_map(|(keys, _)| keys.clone()).collect();
    documented.sort_unstable();
    assert_eq!(documented, keys);
}

#[test]
fn the_defaults_of_rules_are_as_documented() {
    for (keys, default) in rows(include_str!("../../../docs/alerts.md")) {
        let defaults: Vec<&str> =
            if keys.len() > 1 { default.split(", ").collect() } else { vec![default] };
        for (place, key) in keys.iter().enumerate() {
            let found = of_a_bare_rule(key);
            match defaults.get(place).copied().unwrap_or_default() {
                "needed" => assert!(RuleSet::from_toml("[[rule]]\n").is_err(), "{key}"),
                "the name, such as `rare-port` for `Rare port`" => {
                    assert_eq!(found.as_deref(), Some("rare-port"));
                }
                "`linux_rare_destination_port`" => {
                    assert_eq!(found, Some(format!("[\"{JOB}\"]")), "{key}");
                }
                "the `rule_id`" => {
                    let set = RuleSet::from_toml("[[rule]]\nname = \"n\"\n").unwrap();
                    assert_eq!((found, set.rules[0].instance()), (None, "n"));
                }
                "none" => assert_eq!(found, None, "{key}"),
                "" => {
                    assert!(matches!(found.as_deref(), None | Some("" | "[]")), "{key}: {found:?}")
                }
                number if number.parse::<f64>().is_ok() => {
                    let found = found.unwrap().parse::<f64>();
                    assert_eq!(found.ok(), number.parse().ok(), "{key}");
                }
                text => assert_eq!(found.as_deref(), Some(text), "{key}"),
            }
        }
    }
}

/// What exceptions and suppression are without more words.
#[test]
fn other_defaults_are_as_documented() {
    let text = include_str!("../../../docs/alerts.md").replace('\n', " ");
    let set = "[[rule]]\nname = \"n\"\nsuppression = { by = [\"a\"] }\n[[exception]]\n\
        comment = \"c\"\nconditions = [{ field = \"a\", is = \"x\" }]\n";
    let set = RuleSet::from_toml(set).unwrap();
    let (exception, rule) = (&set.exceptions[0], &set.rules[0]);
    assert!(text.contains("The default, `\"hide\"`, learns them."));
    assert_eq!(exception.action, rareport::exception::Action::Hide);
    assert!(text.contains("`expires` ends it") && exception.expires.is_none());
    assert!(text.contains("`rules` limits it to some rules") && exception.rules.is_empty());
    assert!(text.contains("`not = true` asks for the opposite") && !exception.conditions[0].not);
    let suppression = rule.suppression.as_ref().unwrap();
    assert!(text.contains("or without it within one execution") && suppression.duration.is_none());
    assert!(text.contains("are alike too, unless `missing_fields = \"do_not_suppress\"`"));
    let missing = suppression.missing_fields;
    assert_eq!(missing, rareport::suppression::MissingFields::Suppress);
}
