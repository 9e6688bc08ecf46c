//! Reading of rules.

use super::*;

const RULE: &str = "[[rule]]\nname = \"n\"\nrule_id = \"r\"\njob_ids = [\"j\"]\n";

fn said(text: &str) -> String {
    RuleSet::from_toml(text).unwrap_err().to_string()
}

#[test]
fn the_default_rule_has_the_values_of_the_detection_it_stands_for() {
    let set = RuleSet::default_rules().unwrap();
    let rule = &set.rules[0];
    assert_eq!(set.rules.len(), 1);
    assert_eq!((rule.threshold, rule.max_alerts, rule.risk_score), (50.0, 100, 21));
    assert_eq!((rule.interval, rule.look_back), (900, 2700));
    assert_eq!(rule.severity, Severity::Low);
    let tactics: Vec<_> = rule.threat.iter().map(|threat| &*threat.tactic.id).collect();
    assert_eq!(tactics, ["TA0011", "TA0003", "TA0010"]);
    let defaults = &RuleSet::from_toml(RULE).unwrap().rules[0];
    assert_eq!(
        (defaults.threshold, defaults.interval, defaults.look_back, defaults.query_delay),
        (rule.threshold, rule.interval, rule.look_back, rule.query_delay)
    );
}

/// The examples that the default file has in comments.
#[test]
fn the_examples_in_comments_can_be_used() {
    let uncommented = |line: &'static str| match line.strip_prefix('#') {
        Some(prose) if prose.starts_with(' ') && !prose.starts_with("  ") => "",
        Some(example) => example,
        None => line,
    };
    let text: Vec<&str> = DEFAULT_TOML.lines().map(uncommented).collect();
    let set = RuleSet::from_toml(&text.join("\n")).unwrap();
    assert_eq!(set.rules[0].suppression.as_ref().unwrap().by.len(), 2);
    assert_eq!((set.exceptions.len(), set.calendar.len()), (1, 2));
    assert_eq!(set.exceptions[0].conditions.len(), 3);
    let written = set.to_toml().unwrap();
    assert_eq!(RuleSet::from_toml(&written).unwrap(), set, "{written}");
    let fields: Vec<_> = set.fields().collect();
    assert_eq!(fields, ["host.name", "destination.port", "destination.ip", "host.name"]);
}

#[test]
fn unknown_keys_are_errors_with_the_line_and_the_key_that_was_meant() {
    let error = said(&format!("{RULE}treshold = 60\n"));
    assert!(error.starts_with("line 5: unknown field `treshold`"), "{error}");
    assert!(error.ends_with("did you mean threshold?"), "{error}");
    assert!(said(&format!("{RULE}zzz = 60\n")).contains("unknown field `zzz`"));
    assert!(!said(&format!("{RULE}zzz = 60\n")).contains("did you mean"));
    let exception = format!("{RULE}[[exception]]\ncomment = \"c\"\nexpire = 2026-01-01\n");
    assert!(said(&exception).contains("did you mean expires?"));
    let window = "[[calendar]]\ncomment = \"w\"\nhost = \"db01\"\n";
    assert!(said(window).contains("line 3: unknown field `host`"));
    assert!(said(window).contains("goes into conditions"));
    let days =
        "[[calendar]]\ncomment = \"c\"\ndays = [\"sunday\"]\nfrom = \"22:00\"\nto = \"04:00\"";
    assert!(said(days).contains("weekly = { days = "), "{}", said(days));
    assert!(said("[[rules]]\nname = \"x\"").contains("did you mean rule?"));
}

#[test]
fn values_that_cannot_be_meant_are_errors() {
    for (line, part) in [
        ("threshold = 101", "a score from 0 to 100 as threshold, found 101"),
        ("interval = 0", "interval"),
        ("interval = \"1s\"\nlook_back = \"7d\"", "at most 10,000 times the interval"),
        ("max_alerts = 0", "at least 1 as max_alerts"),
        ("risk_score = 101", "risk_score"),
        ("suppression = { by = [] }", "1 to 3 fields"),
        ("severity = \"bad\"", "unknown value `bad`, expected one of `low`"),
        ("severity = \"Hihg\"", "did you mean high?"),
        ("severity = \"crit\"", "did you mean critical?"),
        ("threshold = \"60\"", "line 5: expected a number such as 60, without quotes"),
        ("threshold = true", "expected a number such as 60, found boolean `true`"),
        ("max_alerts = \"many\"", "expected a whole number such as 100, found string \"many\""),
        ("tags = \"x\"", "expected a list in square brackets"),
        (
            "\nthreshold = 600",
            "line 6: rule r: expected a score from 0 to 100 as threshold, found 600",
        ),
        ("\nsuppression = { by = [] }", "line 6: rule r"),
        ("look_back = \"45 min\"", "such as 15m"),
    ] {
        let error = said(&format!("{RULE}{line}\n"));
        assert!(error.contains(part), "{error}");
    }
    assert!(said(&format!("{RULE}{RULE}")).contains("two rules with the rule_id r"));
    assert!(said(&format!("{RULE}{RULE}")).starts_with("line 7: "));
    let exception = |rest: &str| said(&format!("{RULE}[[exception]]\ncomment = \"c\"\n{rest}"));
    assert!(exception("conditions = []").starts_with("line 5: the exception “c”: it has no cond"));
    let condition = "conditions = [{ field = \"a\", is = 1 }]\n";
    assert!(exception(&format!("{condition}rules = [\"x\"]")).contains("no rule x"));
    let ignore = format!("{condition}rules = [\"r\"]\naction = \"ignore\"");
    assert!(exception(&ignore).contains("cannot be learned for other rules"));
}

#[test]
fn a_threat_is_written_with_its_references() {
    let set = RuleSet::default_rules().unwrap();
    let threat = set.rules[0].threat[1].document();
    assert_eq!(threat["framework"], "MITRE ATT&CK");
    assert_eq!(threat["tactic"]["reference"], "https://attack.mitre.org/tactics/TA0003/");
    let knocking = &threat["technique"][0]["subtechnique"][0];
    assert_eq!(knocking["reference"], "https://attack.mitre.org/techniques/T1205/001/");
}

#[test]
fn what_a_file_leaves_out_is_filled_in() {
    let mut set = RuleSet::from_toml("[[rule]]\nname = \"Rare port, on db01!\"").unwrap();
    assert_eq!(set.rules[0].rule_id, "rare-port-on-db01");
    assert!(set.rules[0].job_ids.is_empty());
    set.complete("ports");
    assert_eq!(set.rules[0].job_ids, ["ports"]);
    assert!(said("[[rule]]\nname = \"!\"").contains("a text as rule_id"));
    let twice = "[[rule]]\nname = \"A\"\n[[rule]]\nname = \"a\"";
    assert!(said(twice).contains("two rules with the rule_id a"));
}

#[test]
fn exceptions_and_windows_alone_are_for_the_default_rule() {
    let exception = "[[exception]]\ncomment = \"c\"\nrules = [\"linux-rare-destination-port\"]\n\
        conditions = [{ field = \"a\", is = 1 }]\n";
    let window = "[[calendar]]\ncomment = \"w\"\nfrom = 2026-06-01\nto = 2026-06-02\n\
        conditions = [{ field = \"b\", is = 1 }]\n";
    let default = RuleSet::default_rules().unwrap().rules;
    assert_eq!(RuleSet::from_toml(exception).unwrap().rules, default);
    assert_eq!(RuleSet::from_toml(window).unwrap().rules, default);
    assert!(RuleSet::from_toml("").unwrap().is_empty());
    let other = RuleSet::from_toml(RULE).unwrap().rules;
    assert_eq!(RuleSet::from_toml_with(window, &other).unwrap().rules, other);
    assert!(RuleSet::from_toml_with(exception, &other).is_err());
    assert_eq!(RuleSet::from_toml_with(RULE, &default).unwrap().rules, other);
    let both = RuleSet::from_toml(&format!("{exception}{window}")).unwrap();
    assert_eq!(both.fields().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn lengths_of_time_are_written_with_units() {
    let rule = format!("{RULE}suppression = {{ by = [\"a\"], duration = 14400 }}\n");
    let written = RuleSet::from_toml(&rule).unwrap().to_toml().unwrap();
    for line in
        ["interval = \"15m\"", "look_back = \"45m\"", "query_delay = \"1m\"", "duration = \"4h\""]
    {
        assert!(written.contains(line), "{line}: {written}");
    }
}
