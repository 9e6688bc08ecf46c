//! What `--help` says of the ready-made jobs.

use std::fmt::Write;

use rareport::job::catalogue;

/// The ready-made jobs: first those that audit logs can
/// feed.
pub(super) fn catalogue_help() -> String {
    let (by_audit_logs, by_others): (Vec<_>, Vec<_>) =
        catalogue().into_iter().partition(|entry| entry.feed.is_of_connections());
    let mut text = String::new();
    for (heading, entries) in [
        ("Ready-made jobs, for audit logs as for documents of connections:", by_audit_logs),
        ("Ready-made jobs for ECS documents or CSV of program starts:", by_others),
    ] {
        let gap = if text.is_empty() { "" } else { "\n\n" };
        // Writing to memory cannot fail.
        let _ = write!(text, "{gap}{heading}");
        for entry in entries {
            let _ = write!(text, "\n  {}\n          {}", entry.job.job_id, entry.description);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_tells_which_jobs_audit_logs_can_feed() {
        let help = catalogue_help();
        let (audit, others) = help.split_once("\n\n").unwrap();
        assert!(audit.starts_with("Ready-made jobs, for audit logs"));
        assert_eq!(audit.lines().filter(|line| line.starts_with("  linux_")).count(), 4);
        assert_eq!(others.lines().filter(|line| line.starts_with("  linux_")).count(), 10);
        assert!(audit.contains("linux_rare_metadata_user"));
        assert!(others.contains("linux_rare_sudo_user"));
    }
}
