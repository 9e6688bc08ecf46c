//! Reading the JSON of Elastic's anomaly detection jobs and filters.

mod rules;

use super::{
    DetectorConfig, Filter, Function, JobConfig, JobError, Limits, ParsedJob, TimeFormat, span,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Fields of a job that change nothing about its results.
const WITHOUT_EFFECT: [&str; 24] = [
    "allow_lazy_open",
    "analysis_limits",
    "background_persist_interval",
    "blocked",
    "create_time",
    "custom_settings",
    "daily_model_snapshot_retention_after_days",
    "deleting",
    "description",
    "established_model_memory",
    "finished_time",
    "groups",
    "job_type",
    "job_version",
    "model_plot_config",
    "model_snapshot_id",
    "model_snapshot_min_version",
    "model_snapshot_retention_days",
    "open_time",
    "results_field",
    "results_index_name",
    "results_retention_days",
    "version",
    "system_annotations_retention_days",
];

/// Bucket length of a job that does not say it, in seconds: the default of Elastic's API.
const DEFAULT_BUCKET_SPAN: u32 = 300;

/// What a job is called that has no name.
const NAMELESS: &str = "job";

/// Reads a job, be it by itself or the only one of a list of `jobs`.
pub(super) fn read(text: &str) -> Result<ParsedJob, JobError> {
    let mut warnings = Vec::new();
    let mut root = Object::of("", serde_json::from_str(text)?)?;
    if let Some(Value::Array(jobs)) = root.take("jobs") {
        let count = jobs.len();
        let only = jobs.into_iter().next().filter(|_| count == 1);
        let only = only.ok_or_else(|| shape("jobs", "one job", format!("{count}")))?;
        root = Object::of("", only)?;
    }
    let mut analysis = root.object("analysis_config")?;
    let mut data = root.optional_object("data_description")?;
    if root.take("datafeed_config").is_some() {
        warnings
            .push("datafeed_config is not part of what is run: its query is not applied".into());
    }
    let detector = detector(&mut analysis, &mut warnings)?;
    if analysis.take("model_prune_window").is_some() && detector.function == Function::FreqRare {
        let warning = "analysis_config.model_prune_window is not applied: nothing is forgotten";
        warnings.push(warning.into());
    }
    for field in ["categorization_field_name", "summary_count_field_name"] {
        analysis.refuse(field, "leave it out")?;
    }
    analysis.refuse("multivariate_by_fields", "leave it out")?;
    analysis.refuse("per_partition_categorization", "leave it out")?;
    analysis.take("categorization_filters");
    analysis.take("categorization_analyzer");
    WITHOUT_EFFECT.iter().for_each(|field| drop(root.take(field)));
    let job = JobConfig {
        job_id: root.optional("job_id")?.unwrap_or_else(|| NAMELESS.to_owned()),
        bucket_span: bucket_span(&mut analysis, &mut warnings)?,
        latency: analysis.span("latency")?.unwrap_or(0),
        detector,
        influencers: analysis.optional("influencers")?.unwrap_or_default(),
        filters: Vec::new(),
        time_field: data.optional("time_field")?.unwrap_or_else(super::default_time_field),
        time_format: time_format(&mut data)?,
        renormalization_window_days: root.optional("renormalization_window_days")?,
        limits: Limits::default(),
    };
    ["format", "field_delimiter", "quote_character"]
        .iter()
        .for_each(|field| drop(data.take(field)));
    for object in [root, analysis, data] {
        object.warn_of_rest(&mut warnings);
    }
    Ok(ParsedJob { job, warnings })
}

/// Reads a filter or a list of them, be it by itself or in the field `filters`; what is not known of
/// them is named in a warning.
pub(super) fn read_filters(text: &str) -> Result<(Vec<Filter>, Vec<String>), JobError> {
    let mut warnings = Vec::new();
    let filters = match serde_json::from_str(text)? {
        Value::Object(fields) if fields.contains_key("filters") => {
            let mut answer = Object { path: String::new(), fields };
            let filters = answer.take("filters").unwrap_or_default();
            answer.take("count");
            answer.warn_of_rest(&mut warnings);
            filters
        }
        other => other,
    };
    let filters = match filters {
        Value::Array(filters) => filters,
        only @ Value::Object(_) => vec![only],
        other => return Err(shape("filters", "a filter or a list of them", kind(&other))),
    };
    let filter = |(index, value)| filter(&format!("filters[{index}]"), value, &mut warnings);
    let filters: Result<_, _> = filters.into_iter().enumerate().map(filter).collect();
    Ok((filters?, warnings))
}

fn filter(path: &str, value: Value, warnings: &mut Vec<String>) -> Result<Filter, JobError> {
    let mut filter = Object::of(path, value)?;
    let read = Filter {
        filter_id: filter.required("filter_id")?,
        items: filter.optional("items")?.unwrap_or_default(),
    };
    for field in ["description", "used_by", "create_time", "type"] {
        filter.take(field);
    }
    filter.warn_of_rest(warnings);
    Ok(read)
}

/// The bucket length, which Elastic writes out in every job that it gives.
fn bucket_span(analysis: &mut Object, warnings: &mut Vec<String>) -> Result<u32, JobError> {
    if let Some(seconds) = analysis.span("bucket_span")? {
        return Ok(seconds);
    }
    let path = analysis.path_of("bucket_span");
    let minutes = DEFAULT_BUCKET_SPAN / 60;
    warnings.push(format!("{path} is missing; {minutes}m is taken for it, as Elastic does"));
    Ok(DEFAULT_BUCKET_SPAN)
}

fn detector(analysis: &mut Object, warnings: &mut Vec<String>) -> Result<DetectorConfig, JobError> {
    let path = analysis.path_of("detectors");
    let detectors: Vec<Value> = analysis.required("detectors")?;
    let [only] = <[Value; 1]>::try_from(detectors).map_err(|detectors| {
        let found = format!("a list of {}", detectors.len());
        not_honoured(path.clone(), found, "a job has one detector; make a job of each")
    })?;
    let mut detector = Object::of(&format!("{path}[0]"), only)?;
    detector.refuse("field_name", "leave it out")?;
    if detector.fields.get("exclude_frequent") != Some(&Value::from("none")) {
        detector.refuse("exclude_frequent", "leave it out, or set it to none")?;
    }
    detector.take("exclude_frequent");
    detector.take("detector_description");
    detector.take("detector_index");
    let config = DetectorConfig {
        function: function(&mut detector)?,
        by_field: detector.required("by_field_name")?,
        over_field: detector.optional("over_field_name")?,
        partition_field: detector.optional("partition_field_name")?,
        use_null: detector.optional("use_null")?.unwrap_or(false),
        rules: rules::read(&mut detector, warnings)?,
    };
    detector.warn_of_rest(warnings);
    Ok(config)
}

fn function(detector: &mut Object) -> Result<Function, JobError> {
    match detector.required::<String>("function")?.as_str() {
        "rare" => Ok(Function::Rare),
        "freq_rare" => Ok(Function::FreqRare),
        other => Err(not_honoured(
            detector.path_of("function"),
            format!("{other:?}"),
            "the functions are rare and freq_rare",
        )),
    }
}

fn time_format(data: &mut Object) -> Result<TimeFormat, JobError> {
    match data.optional::<String>("time_format")?.as_deref() {
        None => Ok(TimeFormat::Auto),
        Some("epoch") => Ok(TimeFormat::Epoch),
        Some("epoch_ms") => Ok(TimeFormat::EpochMs),
        Some(other) => Err(not_honoured(
            data.path_of("time_format"),
            format!("{other:?}"),
            "the formats are epoch and epoch_ms; leave it out for RFC 3339",
        )),
    }
}

/// A JSON object being taken apart, with its path for messages.
#[derive(Debug)]
struct Object {
    path: String,
    fields: Map<String, Value>,
}

impl Object {
    fn of(path: &str, value: Value) -> Result<Self, JobError> {
        match value {
            Value::Object(fields) => Ok(Object { path: path.to_owned(), fields }),
            other => Err(shape(path, "an object", kind(&other))),
        }
    }

    fn path_of(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    fn take(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field).filter(|value| !value.is_null())
    }

    fn object(&mut self, field: &str) -> Result<Object, JobError> {
        let path = self.path_of(field);
        let value = self.take(field).ok_or_else(|| shape(&path, "an object", "nothing".into()))?;
        Object::of(&path, value)
    }

    fn optional_object(&mut self, field: &str) -> Result<Object, JobError> {
        let path = self.path_of(field);
        Object::of(&path, self.take(field).unwrap_or_else(|| Value::Object(Map::new())))
    }

    fn optional<T: DeserializeOwned>(&mut self, field: &str) -> Result<Option<T>, JobError> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        let found = kind(&value);
        let wrong = |_| shape(&self.path_of(field), "another type", found);
        serde_json::from_value(value).map(Some).map_err(wrong)
    }

    fn required<T: DeserializeOwned>(&mut self, field: &str) -> Result<T, JobError> {
        let path = self.path_of(field);
        self.optional(field)?.ok_or_else(|| shape(&path, "a value", "nothing".into()))
    }

    fn span(&mut self, field: &str) -> Result<Option<u32>, JobError> {
        let path = self.path_of(field);
        let seconds = |value: Value| {
            match &value {
                Value::String(text) => span::parse(text),
                Value::Number(number) => {
                    number.as_u64().and_then(|number| u32::try_from(number).ok())
                }
                _ => None,
            }
            .ok_or_else(|| shape(&path, "whole seconds, such as 15m", value.to_string()))
        };
        self.take(field).map(seconds).transpose()
    }

    /// Refuses a field unless it is absent or false.
    fn refuse(&mut self, field: &str, instead: &'static str) -> Result<(), JobError> {
        match self.take(field) {
            None | Some(Value::Bool(false)) => Ok(()),
            Some(Value::Array(list)) if list.is_empty() => Ok(()),
            Some(Value::Object(o)) if o.get("enabled").is_none_or(|on| on == false) => Ok(()),
            Some(value) => Err(not_honoured(self.path_of(field), value.to_string(), instead)),
        }
    }

    fn warn_of_rest(&self, warnings: &mut Vec<String>) {
        let unknown = self.fields.keys().map(|field| self.path_of(field));
        warnings.extend(unknown.map(|path| format!("{path} is not known and has no effect")));
    }
}

fn shape(path: &str, expected: &'static str, found: String) -> JobError {
    let path = if path.is_empty() { "the top".to_owned() } else { path.to_owned() };
    JobError::Shape { path, expected, found }
}

fn not_honoured(path: String, found: String, reason: &'static str) -> JobError {
    JobError::NotHonoured { path, found, reason }
}

/// What a JSON value is, in words.
fn kind(value: &Value) -> String {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
    .to_owned()
}
