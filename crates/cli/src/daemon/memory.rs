//! How much memory the program holds.

/// Resident memory in bytes by /proc/self/statm (proc_pid_statm(5)); `None`
/// where there is no such file.
pub(super) fn resident() -> Option<u64> {
    pages(&std::fs::read_to_string("/proc/self/statm").ok()?).map(|pages| pages * page_size())
}

/// The second number: resident pages.
fn pages(statm: &str) -> Option<u64> {
    statm.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(unix)]
fn page_size() -> u64 {
    rustix::param::page_size() as u64
}

#[cfg(not(unix))]
fn page_size() -> u64 {
    4096
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_pages_are_the_second_number() {
        assert_eq!(pages("2310 514 420 212 0 480 0\n"), Some(514));
        assert_eq!(pages(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_that_is_used_is_seen() {
        let before = resident().unwrap();
        let block = vec![1_u8; 64 << 20];
        let used = resident().unwrap() - before;
        assert!(used >= 60 << 20, "{used} after {}", block.len());
    }
}
