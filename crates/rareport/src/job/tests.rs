use super::*;

/// A job as Elastic's API gives it, with `analysis` and `detector` spliced in.
fn job(detector: &str, analysis: &str, rest: &str) -> Result<ParsedJob, JobError> {
    JobConfig::from_elastic_json(&format!(
        r#"{{"job_id": "ports", "description": "x", "groups": ["a"], "allow_lazy_open": true,
            "analysis_config": {{
                "bucket_span": "5m",
                "detectors": [{{"function": "rare", "by_field_name": "destination.port"{detector}}}],
                "influencers": ["host.name"]{analysis}
            }},
            "analysis_limits": {{"model_memory_limit": "32mb"}},
            "data_description": {{"time_field": "time", "time_format": "epoch_ms"}}{rest}}}"#
    ))
}

#[test]
fn elastic_json() {
    let parsed = job(
        r#", "partition_field_name": "host.name", "use_null": true, "detector_index": 0"#,
        r#", "latency": "1h", "model_prune_window": "30d""#,
        r#", "renormalization_window_days": 10"#,
    )
    .unwrap();
    assert_eq!(parsed.warnings, [""; 0]);
    let mut expected = JobConfig::rare("destination.port");
    expected.job_id = "ports".into();
    expected.bucket_span = 300;
    expected.latency = 3600;
    expected.detector.partition_field = Some("host.name".into());
    expected.detector.use_null = true;
    expected.influencers = vec!["host.name".into()];
    expected.time_field = "time".into();
    expected.time_format = TimeFormat::EpochMs;
    expected.renormalization_window_days = Some(10);
    assert_eq!(parsed.job, expected);
    assert_eq!(parsed.job.latency_buckets(), 12);
}

#[test]
fn what_is_not_known_is_named() {
    let parsed = job(r#", "colour": 1"#, r#", "shape": {}"#, r#", "taste": "sweet""#).unwrap();
    let named = ["analysis_config.detectors[0].colour", "taste", "analysis_config.shape"];
    let expected = named.map(|path| format!("{path} is not known and has no effect"));
    assert_eq!(parsed.warnings, expected);
}

#[test]
fn what_cannot_be_honoured_is_an_error() {
    let messages = [
        job(r#", "exclude_frequent": "all""#, "", ""),
        job(r#", "custom_rules": [{"actions": [], "conditions": [{"value": 1}]}]"#, "", ""),
        job("", r#", "summary_count_field_name": "n""#, ""),
        job("", r#", "per_partition_categorization": {"enabled": true}"#, ""),
        JobConfig::from_elastic_json(
            r#"{"analysis_config": {"detectors": [{"function": "mean", "by_field_name": "x"}]}}"#,
        ),
        JobConfig::from_elastic_json(r#"{"analysis_config": {"detectors": []}}"#),
    ]
    .map(|outcome| outcome.unwrap_err());
    for error in messages {
        assert!(matches!(error, JobError::NotHonoured { .. }), "{error}");
    }
    assert!(job("", r#", "per_partition_categorization": {"enabled": false}"#, "").is_ok());
}

#[test]
fn wrong_shapes_are_told() {
    let message = |text: &str| JobConfig::from_elastic_json(text).unwrap_err().to_string();
    assert_eq!(message("{}"), "expected an object at analysis_config, found nothing");
    assert_eq!(
        message(
            r#"{"analysis_config": {"bucket_span": "often", "detectors":
            [{"function": "rare", "by_field_name": "p"}]}}"#
        ),
        r#"expected whole seconds, such as 15m at analysis_config.bucket_span, found "often""#
    );
    assert!(message("{").starts_with("expected a job in JSON"));
}

#[test]
fn rules_and_filters() {
    let rules = r#", "custom_rules": [{"actions": ["skip_result", "skip_model_update"],
        "scope": {"destination.port": {"filter_id": "safe", "filter_type": "exclude"}}}]"#;
    let mut job = job(rules, "", "").unwrap().job;
    job.add_filters_json(r#"{"filters": [{"filter_id": "safe", "items": ["80*"]}]}"#).unwrap();
    let scope = ScopeConfig { filter_id: "safe".into(), filter_type: FilterType::Exclude };
    assert_eq!(
        job.detector.rules,
        [RuleConfig {
            actions: vec![RuleAction::SkipResult, RuleAction::SkipModelUpdate],
            scope: BTreeMap::from([("destination.port".into(), scope)]),
        }]
    );
    assert_eq!(job.filters, [Filter { filter_id: "safe".into(), items: vec!["80*".into()] }]);
}

#[test]
fn a_rule_skips_results_unless_it_says_otherwise() {
    let scope = r#""scope": {"destination.port": {"filter_id": "safe"}}"#;
    let read = |rule: &str| {
        let parsed = job(&format!(r#", "custom_rules": [{{{rule}{scope}}}]"#), "", "").unwrap();
        (parsed.job.detector.rules[0].actions.clone(), parsed.warnings)
    };
    assert_eq!(read(""), (vec![RuleAction::SkipResult], vec![]));
    assert_eq!(read(r#""actions": null, "#), (vec![RuleAction::SkipResult], vec![]));
    let warning = "analysis_config.detectors[0].custom_rules[0].actions is empty: the rule has no \
                   effect";
    assert_eq!(read(r#""actions": [], "#), (vec![], vec![warning.to_owned()]));
    let toml = "job_id = \"x\"\n[detector]\nby_field = \"port\"\n[[detector.rules]]\n\
                scope.port = { filter_id = \"safe\" }";
    let job = JobConfig::from_toml(toml).unwrap();
    assert_eq!(job.detector.rules[0].actions, [RuleAction::SkipResult]);
}

#[test]
fn what_is_not_known_of_a_rule_is_named() {
    let rule = r#"{"actions": ["skip_result"], "colour": 1, "conditions": [],
        "scope": {"destination.port": {"filter_id": "safe", "shape": "round"}}}"#;
    let parsed = job(&format!(r#", "custom_rules": [{rule}]"#), "", "").unwrap();
    let named = [
        r#"analysis_config.detectors[0].custom_rules[0].scope["destination.port"].shape"#,
        "analysis_config.detectors[0].custom_rules[0].colour",
    ];
    let expected = named.map(|path| format!("{path} is not known and has no effect"));
    assert_eq!(parsed.warnings, expected);
    let message = |rule: &str| {
        let outcome = job(&format!(r#", "custom_rules": [{rule}]"#), "", "");
        outcome.unwrap_err().to_string()
    };
    assert_eq!(
        message(r#"{"scope": {"destination.port": {}}}"#),
        r#"expected a value at analysis_config.detectors[0].custom_rules[0].scope["destination.port"].filter_id, found nothing"#
    );
    assert_eq!(
        message(r#"{"actions": ["force_time_shift"]}"#),
        "analysis_config.detectors[0].custom_rules[0].actions is \"force_time_shift\", which cannot be \
         honoured: the actions are skip_result and skip_model_update"
    );
}

/// Elastic's own documentation of jobs asks for a scope or a condition in each rule.
#[test]
fn a_rule_without_a_scope_is_refused() {
    let scoped = r#"{"scope": {"destination.port": {"filter_id": "safe"}}}"#;
    for unlimited in [r#"{"actions": ["skip_result"]}"#, r#"{"scope": {}}"#] {
        let rules = format!(r#", "custom_rules": [{scoped}, {unlimited}]"#);
        let error = job(&rules, "", "").unwrap_err();
        assert!(matches!(error, JobError::RuleWithoutScope { index: 1 }), "{error}");
    }
}

#[test]
fn a_missing_bucket_span_is_what_elastic_takes() {
    let parsed = JobConfig::from_elastic_json(
        r#"{"analysis_config": {"detectors": [{"function": "rare", "by_field_name": "p",
            "exclude_frequent": "none"}]}}"#,
    )
    .unwrap();
    assert_eq!(parsed.job.bucket_span, 300);
    let warning = "analysis_config.bucket_span is missing; 5m is taken for it, as Elastic does";
    assert_eq!(parsed.warnings, [warning]);
}

#[test]
fn filters_in_any_form_but_each_once() {
    let filter = |id: &str| format!(r#"{{"filter_id": "{id}", "description": "x"}}"#);
    let mut job = JobConfig::rare("destination.port");
    job.add_filters_json(&filter("a")).unwrap();
    job.add_filters_json(&format!("[{}]", filter("b"))).unwrap();
    job.add_filters_json(&format!(r#"{{"count": 1, "filters": [{}]}}"#, filter("c"))).unwrap();
    job.add_filters_json(&format!(r#"{{"filters": {}}}"#, filter("d"))).unwrap();
    let ids = |job: &JobConfig| job.filters.iter().map(|f| f.filter_id.clone()).collect::<String>();
    assert_eq!(ids(&job), "abcd");

    for repeated in [filter("b"), format!("[{0}, {0}]", filter("e"))] {
        let error = job.add_filters_json(&repeated).unwrap_err();
        let id = if repeated.starts_with('[') { "e" } else { "b" };
        assert!(matches!(&error, JobError::RepeatedFilter { id: found } if found == id), "{error}");
        assert_eq!(ids(&job), "abcd");
    }
    job.filters.push(job.filters[0].clone());
    assert!(matches!(job.validate(), Err(JobError::RepeatedFilter { .. })));
    let unknown = r#"{"filters": [{"filter_id": "g", "itmes": ["80"]}], "page": 1}"#;
    assert_eq!(
        JobConfig::rare("destination.port").add_filters_json(unknown).unwrap(),
        ["page is not known and has no effect", "filters[0].itmes is not known and has no effect"]
    );
    let error = job.add_filters_json("7").unwrap_err().to_string();
    assert_eq!(error, "expected a filter or a list of them at filters, found a number");
}

#[test]
fn toml_and_back() {
    for entry in catalogue() {
        let text = toml::to_string(&entry.job).unwrap();
        assert_eq!(JobConfig::from_toml(&text).unwrap(), entry.job);
    }
    let misspelt = "job_id = \"x\"\n[detector]\nby_feild = \"destination.port\"";
    let of_field = "job_id = \"x\"\n[detector]\nby_feld = \"process.name\"\n";
    let of_field = JobConfig::from_toml(of_field).unwrap_err().to_string();
    assert!(of_field.ends_with("; did you mean by_field?"), "{of_field}");
    let message = JobConfig::from_toml(misspelt).unwrap_err().to_string();
    assert!(message.contains("by_feild") && message.contains("line 3"), "{message}");
}

#[test]
fn jobs_that_cannot_be_run() {
    let mut job = JobConfig::rare("destination.port");
    job.detector.function = Function::FreqRare;
    assert!(matches!(job.validate(), Err(JobError::OverFieldMissing)));
    job.detector.over_field = Some("destination.port".into());
    assert!(matches!(job.validate(), Err(JobError::RepeatedField { .. })));
    job.bucket_span = 0;
    assert!(matches!(job.validate(), Err(JobError::ZeroBucketSpan)));
}

#[test]
fn names_in_the_catalogue_are_unique() {
    let mut names: Vec<String> = catalogue().into_iter().map(|entry| entry.job.job_id).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 14);
}
