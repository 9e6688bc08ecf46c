//! A run that carries on: what it takes from a state file in the beginning, and
//! when and what it saves there.
//!
//! How the file is written is [`state_file`](crate::state_file)'s business,
//! what a run makes of events that of the commands.

mod begun;
mod older;
mod pace;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use rareport::detection::Detection;
use rareport::results::Bucket;
use rareport::rule::RuleSet;
use rareport::snapshot::{self, Snapshot};
use rareport::{Detector, JobConfig};

pub(crate) use self::begun::Begun;
use self::older::Older;
use self::pace::Pace;
use crate::args::{FeedArgs, Profile, StateArgs};
use crate::console::Console;
use crate::feeding::{Outcome, end_of};
use crate::input::Positions;
use crate::job;
use crate::observations::{Event, Fields};
use crate::rule_file;
use crate::sink::Owed;
use crate::stamp::rfc3339;
use crate::state_file::{About, Content, IDENTITY, OtherJob, StateFile, Taken, Ways};
use crate::text::count;

const NO_CARRYING_ON: &str = "the state cannot be carried on";

/// What a run knows of its state file.
pub(crate) struct Carry {
    file: StateFile,
    about: About,
    taken: Taken,
    /// Up to when the state had learned in the beginning, in milliseconds since
    /// 1970.
    began_at: Option<i64>,
    /// New events of before that.
    older: Older,
    /// New events.
    new: u64,
    /// Jobs that the state holds, but that it did not in the beginning.
    new_jobs: Vec<String>,
    profile: Profile,
    /// Whether this run has a command that what is owed is given to.
    has_command: bool,
    pace: Pace,
    /// What went wrong when it was saved last.
    trouble: Option<String>,
}

impl Carry {
    /// Takes a state file, and what is in it.
    ///
    /// # Errors
    ///
    /// If another process has it, if it cannot be used, or if it was learned
    /// from events that were read in another way.
    pub(crate) fn open(
        path: &Path,
        feed: &FeedArgs,
        fields: &Fields,
        console: &Console,
    ) -> Result<(Carry, Vec<Snapshot>)> {
        let mut file = StateFile::open(path, console)?;
        let (about, snapshots) = match file.load(console)? {
            None => {
                let (ways, field) = (Ways::of(feed), fields.by_name().to_owned());
                (About { ways, field, ..About::default() }, Vec::new())
            }
            Some(content) => unpack(content, file.name(), feed)?,
        };
        let carry = Carry {
            taken: Taken::carried_on(about.boundary.clone(), fields),
            began_at: about.learned_until,
            older: Older::than(about.learned_until, &snapshots),
            new: 0,
            new_jobs: Vec::new(),
            about,
            file,
            profile: feed.profile,
            has_command: false,
            pace: Pace::new(),
            trouble: None,
        };
        Ok((carry, snapshots))
    }

    /// The file, as people know it.
    pub(crate) fn name(&self) -> &str {
        self.file.name()
    }

    /// Whether an event is new; if not, it was learned before.
    pub(crate) fn is_new(&mut self, event: &Event) -> bool {
        let is_new = self.taken.is_new(event);
        self.new += u64::from(is_new);
        is_new
    }

    /// Notes what became of a new event in each of the jobs.
    pub(crate) fn became(&mut self, event: &Event, outcomes: &[Outcome]) {
        self.older.note(event.millis, outcomes);
    }

    /// Number of new events so far.
    pub(crate) fn new_events(&self) -> u64 {
        self.new
    }

    /// Whether all of the input was taken by earlier runs; `is_rest` says whether they have read a
    /// part of it, which is not read again.
    pub(crate) fn has_taken_all(&self, is_rest: bool) -> bool {
        let has_taken = self.taken.passed_over() > 0 || is_rest && self.began_at.is_some();
        self.new == 0 && has_taken
    }

    /// How many observations came too late for a job, by its place, as they are older than what the
    /// state had learned of it.
    pub(crate) fn older_than(&self, job: usize) -> u64 {
        self.older.late(job)
    }

    /// Whether there were new events, and all were too old for any job to learn.
    pub(crate) fn is_all_older(&self) -> bool {
        self.new > 0 && self.new == self.older.unlearned()
    }

    /// Up to where logs of files were read before.
    pub(crate) fn positions(&self) -> Positions {
        self.about.positions.clone()
    }

    /// Notes up to where logs of files are read.
    pub(crate) fn reached(&mut self, positions: Positions) {
        self.about.positions = positions;
    }

    /// The alerts that a command is owed by earlier runs.
    pub(crate) fn owed(&self) -> Vec<Owed> {
        self.about.owed.clone()
    }

    /// Notes which alerts the command of this run is owed.
    pub(crate) fn owes(&mut self, owed: Vec<Owed>) {
        self.about.owed = owed;
        self.has_command = true;
    }

    /// Notes which alerts the command is owed in the end. Those of earlier runs that it was given are
    /// taken out of the file at once, for the run may yet end without saving it.
    pub(crate) fn owes_in_the_end(&mut self, owed: Vec<Owed>, console: &Console) {
        if !self.about.owed.is_empty()
            && let Err(error) = self.file.keep_owed(&owed)
        {
            console.warn(format_args!("{error:#}; what waited may be given to --exec once more"));
        }
        self.owes(owed);
    }

    /// Notes that there is something to save.
    pub(crate) fn changed(&mut self) {
        self.pace.is_changed = true;
    }

    /// Says which jobs run beside the first one: those that the state holds, in its
    /// order, and then others. Each is named with the field whose values are rare.
    pub(crate) fn run_beside<'j>(&mut self, jobs: impl Iterator<Item = (&'j str, &'j str)>) {
        for (job_id, field) in jobs.skip(self.about.others.len()) {
            let (job_id, field) = (job_id.to_owned(), field.to_owned());
            if self.began_at.is_some() {
                self.new_jobs.push(job_id.clone());
            }
            self.about.others.push(OtherJob::new(job_id, field));
        }
    }

    /// Buckets that a job has learned, by its place among those that run.
    pub(crate) fn buckets(&self, job: usize) -> u64 {
        self.about.buckets_of(job)
    }

    /// Counts a bucket that a job learned, by its place among those that run.
    pub(crate) fn count(&mut self, job: usize, bucket: &Bucket) {
        self.changed();
        if let Some(other) = job.checked_sub(1) {
            if let Some(other) = self.about.others.get_mut(other) {
                other.buckets += 1;
            }
            return;
        }
        self.about.buckets += 1;
        self.about.first_bucket.get_or_insert(bucket.timestamp);
        self.about.learned_until = Some(end_of(bucket));
    }

    /// Whether it is time to save, although there is more to read.
    pub(crate) fn is_due(&self) -> bool {
        self.pace.is_due()
    }

    /// Saves the state of all jobs that run, while there is more to read. Should that
    /// fail, it is told once until it goes well again, and the run goes on.
    pub(crate) fn save<'j>(
        &mut self,
        jobs: impl Iterator<Item = (&'j mut Detector, Option<&'j Detection>)>,
        console: &Console,
    ) {
        let begun = Instant::now();
        let trouble = self.try_save(jobs).err().map(|error| format!("{error:#}"));
        self.pace.tried(begun, trouble.is_none());
        match &trouble {
            Some(trouble) if self.trouble.as_ref() != Some(trouble) => console.trouble(trouble),
            None if self.trouble.is_some() => {
                console.note(format_args!("{}: the state is saved again", self.name()));
            }
            _ => {}
        }
        self.trouble = trouble;
    }

    /// Saves the state of all jobs that run in the end. Should that fail, it is an
    /// error. It stays as it is if nothing could be learned, so that the next run
    /// says so as well.
    pub(crate) fn save_at_end<'j>(
        &mut self,
        jobs: impl Iterator<Item = (&'j mut Detector, Option<&'j Detection>)>,
        console: &Console,
    ) {
        if self.is_all_older() {
            return;
        }
        if let Err(error) = self.try_save(jobs) {
            console.error(format_args!("{error:#}"));
        }
    }

    fn try_save<'j>(
        &mut self,
        jobs: impl Iterator<Item = (&'j mut Detector, Option<&'j Detection>)>,
    ) -> Result<()> {
        let snapshots: Vec<_> = jobs
            .map(|(detector, detection)| {
                // By our own profile saving changes no result.
                if self.profile == Profile::Elastic {
                    detector.prune();
                }
                let detection = detection.map(Detection::snapshot);
                Snapshot { detector: detector.snapshot(), detection }
            })
            .collect();
        self.about.written_by = env!("CARGO_PKG_VERSION").to_owned();
        self.about.written_at = Timestamp::now().as_millisecond();
        self.about.boundary = self.taken.boundary().clone();
        let models: Result<Vec<_>, _> = snapshots.iter().map(snapshot::encode).collect();
        let mut models = models.with_context(|| self.name().to_owned())?.into_iter();
        let model = models.next().unwrap_or_default();
        let about = self.about.clone();
        self.file.save(&Content { about, model, others: models.collect() })
    }

    /// Tells from where the run carried on, and up to where the state goes.
    /// `events` is what one is called, and several.
    pub(crate) fn tell(&self, events: [&str; 2], console: &Console) {
        let shown = self.name();
        match self.began_at {
            Some(began_at) => self.tell_carried_on(began_at, events, console),
            None => console.note(format_args!("{shown}: begun anew")),
        }
        // Nothing of what follows is in the file then.
        if !self.file.is_writable() {
            return;
        }
        for job_id in &self.new_jobs {
            console.note(format_args!(
                "{shown}: {job_id} begins anew, with what the state has not seen yet"
            ));
        }
        match self.about.learned_until {
            Some(until) => console.note(format_args!(
                "{shown}: {} learned, up to {}; what came later goes on with the next run",
                count(self.about.buckets, "bucket", "buckets"),
                rfc3339(until)
            )),
            None => console.note(format_args!("{shown}: no bucket is complete yet")),
        }
        let owed = self.about.owed.len() as u64;
        if owed > 0 && !self.has_command {
            console.note(format_args!(
                "{shown}: {} of earlier runs, whose command failed: give `detect` one by --exec \
                 (`--exec true` gives them up)",
                count(owed, "alert waits", "alerts wait")
            ));
        }
    }
}

impl Carry {
    /// Tells what of the events the state had learned before, up to `began_at`, and what was too old
    /// for it.
    fn tell_carried_on(&self, began_at: i64, [one, many]: [&str; 2], console: &Console) {
        let (shown, from) = (self.name(), rfc3339(began_at));
        let passed_over = match self.taken.passed_over() {
            0 => String::new(),
            some => format!(
                "; {} passed over, which {} read before or {} older",
                count(some, one, many),
                if some == 1 { "was" } else { "were" },
                if some == 1 { "is" } else { "are" }
            ),
        };
        console.note(format_args!("{shown}: carried on from {from}{passed_over}"));
        let advice = "leave --state out, or learn all logs together into a new state: `rareport train \
                      LOG... --state NEW`";
        if self.is_all_older() {
            console.error(format_args!(
                "{shown}: nothing was learned or looked at: all that is new in the input, {}, is older \
                 than {from}, up to which the state has learned other logs. It stays as it is; {advice}",
                count(self.new, one, many)
            ));
        } else if self.older.events() > 0 {
            console.warn(format_args!(
                "{shown}: {} neither learned nor looked at{}: older than {from}, up to which the state \
                 has learned other logs; {advice}",
                count(self.older.events(), one, many),
                self.by_whom()
            ));
        }
    }

    /// The jobs that did not learn what is older, if others run beside them.
    fn by_whom(&self) -> String {
        let job_ids = self.older.job_ids();
        match job_ids.len() {
            some if 0 < some && some <= self.about.others.len() => {
                format!(" by {}", job_ids.join(", "))
            }
            _ => String::new(),
        }
    }
}

/// What a content holds, if this run reads events as those were read that it was
/// learned from.
///
/// # Errors
///
/// If it does not, or the content cannot be used.
fn unpack(content: Content, name: &str, feed: &FeedArgs) -> Result<(About, Vec<Snapshot>)> {
    let Content { about, model, others } = content;
    let ways = Ways::of(feed);
    if about.ways != ways {
        bail!(
            "{name}: was learned with {}, this run has {ways}; say the same again, or name another \
             file",
            about.ways
        );
    }
    let models = [model].into_iter().chain(others);
    let snapshots: Result<Vec<_>, _> = models.map(|model| snapshot::decode(&model)).collect();
    Ok((about, snapshots.with_context(|| name.to_owned())?))
}

/// The state that a command line names, and what is in it, if it names one.
///
/// `is_handed_over` says whether what is found is handed over while there is
/// more to read. If not, the state is saved in the end only: after a crash
/// nothing may be missing that the state takes for given.
///
/// # Errors
///
/// As [`Carry::open`].
pub(crate) fn open(
    args: &StateArgs,
    is_handed_over: bool,
    feed: &FeedArgs,
    fields: &Fields,
    console: &Console,
) -> Result<(Option<Carry>, Vec<Snapshot>)> {
    let Some(path) = &args.state else { return Ok((None, Vec::new())) };
    let (mut carry, snapshots) = Carry::open(path, feed, fields, console)?;
    carry.pace.is_allowed = is_handed_over;
    carry.pace.least_interval = Duration::from_secs(args.save_every.into());
    Ok((Some(carry), snapshots))
}

/// The fields of a run, with those by which events of a state are told apart.
pub(crate) fn with_identity(fields: Fields) -> Fields {
    fields.and(IDENTITY).0
}

/// A detector that carries on, or a new one, which forgets values when the
/// profile says.
///
/// # Errors
///
/// If the job cannot be run, or the state is that of another job.
pub(crate) fn detector(
    job: JobConfig,
    profile: Profile,
    snapshot: Option<&Snapshot>,
) -> Result<Detector> {
    let detector = match snapshot {
        None => Detector::new(job)?,
        Some(snapshot) => Detector::restore(job, &snapshot.detector).context(NO_CARRYING_ON)?,
    };
    Ok(detector.with_pruning(job::pruning(profile)))
}

/// Rules that carry on, or new ones.
///
/// # Errors
///
/// If the rules cannot be executed, or lack one that still has alerts to give.
pub(crate) fn detection(
    set: RuleSet,
    job: &JobConfig,
    profile: Profile,
    snapshot: Option<&Snapshot>,
) -> Result<Detection> {
    let profile = rule_file::profile(profile);
    Ok(match snapshot.and_then(|snapshot| snapshot.detection.as_ref()) {
        None => Detection::new(set, job, profile)?,
        Some(state) => Detection::restore(set, job, profile, state).context(NO_CARRYING_ON)?,
    })
}
