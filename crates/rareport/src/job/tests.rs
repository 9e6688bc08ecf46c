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
fn toml_and_back() {
    for entry in catalogue() {
        let text = toml::to_string(&entry.job).unwrap();
        assert_eq!(JobConfig::from_toml(&text).unwrap(), entry.job);
    }
    let misspelt = "job_id = \"x\"\n[detector]\nby_feild = \"destination.port\"";
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
