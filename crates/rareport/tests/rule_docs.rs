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
    assert_eq!((alerts.len(), readme.len()), (1, 1));
    let set = RuleSet::from_toml(alerts[0]).unwrap();
    assert_eq!((set.rules.len(), set.exceptions.len(), set.calendar.len()), (1, 1, 1));
    assert_eq!(RuleSet::from_toml(readme[0]).unwrap().exceptions.len(), 1);
}

/// Every key of a rule is in the table of the documentation, with its default.
#[test]
fn the_keys_of_rules_are_documented() {
    let text = include_str!("../../../docs/alerts.md");
    let rule = "[[rule]]\nname = \"n\"\nrule_id = \"r\"\njob_ids = [\"j\"]\n\
        uuid = \"u\"\nlicense = \"l\"\nsuppression = { by = [\"a\"] }\n";
    let written = RuleSet::from_toml(rule).unwrap().to_toml().unwrap();
    let keys = written.lines().filter_map(|line| line.split_once(" = "));
    for (key, _) in keys {
        let named = [format!("`{key}`"), format!("`{key} = ")];
        assert!(named.iter().any(|name| text.contains(name)), "{key} is not in docs/alerts.md");
    }
    for (key, value) in [("threshold", "50"), ("interval", "15m"), ("look_back", "45m")] {
        assert!(text.contains(&format!("| `{key}` | {value} |")), "{key}");
    }
}
