//! The highest raw scores, kept apart in a digest of their own: the digest of all scores is too
//! coarse where it matters most.

use super::DIGEST_SIZE;
use crate::digest::QuantileDigest;

/// Fraction of the scores that are not high (rare-model §2, high percentile).
const ORDINARY_FRACTION: f64 = 0.9;

/// The digest of the high scores and the line that divides them from the others.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HighScores {
    /// H, the scores above `threshold`.
    pub(super) digest: QuantileDigest,
    /// h, the largest score that is not high.
    pub(super) threshold: u32,
    /// c_h, how many scores are at most `threshold`.
    pub(super) ordinary: u64,
}

impl HighScores {
    /// No scores, and none that would be high.
    pub(super) fn new(decay_rate: f64) -> HighScores {
        HighScores {
            digest: QuantileDigest::new(DIGEST_SIZE, decay_rate),
            threshold: u32::MAX,
            ordinary: 0,
        }
    }

    /// Draws the line for the first time, given all `scores` so far.
    pub(super) fn initialise(&mut self, scores: &QuantileDigest) {
        let target = target(scores.len());
        let steps = scores.summary();
        let Some(&first) = steps.first() else { return };
        let above = steps.iter().skip(1).position(|step| step.count > target);
        let line = above.map_or(first, |above| steps[above]);
        (self.threshold, self.ordinary) = (line.value, line.count);
        if let Some(above) = above {
            for pair in steps[above..].windows(2) {
                self.digest.add(pair[1].value, pair[1].count - pair[0].count);
            }
        }
    }

    /// Counts one score.
    pub(super) fn record(&mut self, score: u32) {
        if score <= self.threshold {
            self.ordinary += 1;
        } else {
            self.digest.add(score, 1);
        }
    }

    /// Draws the line again, given all `scores` so far.
    pub(super) fn refresh(&mut self, scores: &QuantileDigest) {
        let target = target(scores.len());
        if self.ordinary > target {
            self.lower_threshold(scores, target);
        } else {
            self.threshold = scores.quantile(ORDINARY_FRACTION);
            let fraction = scores.cdf(self.threshold).lower;
            self.ordinary = round(scores.len() as f64 * fraction);
        }
    }

    /// Moves the line down to where it leaves `target` scores below, and takes over what then is
    /// high but not yet counted here.
    fn lower_threshold(&mut self, scores: &QuantileDigest, target: u64) {
        let steps = scores.summary();
        let high = self.digest.summary();
        let Some(last) = steps.len().checked_sub(1) else {
            return;
        };
        let at = steps.iter().position(|step| step.count >= target).unwrap_or(last);
        let line = steps[at];
        let mut next = high
            .iter()
            .position(|step| step.value > line.value)
            .unwrap_or(high.len().saturating_sub(1));
        let mut known = line.count;
        for step in &steps[at + 1..] {
            if line.count + self.digest.len() >= scores.len() {
                break;
            }
            while let Some(counted) = high.get(next).filter(|high| high.value <= step.value) {
                let before = if next == 0 { 0 } else { high[next - 1].count };
                known += counted.count - before;
                next += 1;
            }
            let missing = step.count.saturating_sub(known);
            known += missing;
            self.digest.add(step.value, missing);
        }
        (self.threshold, self.ordinary) = (line.value, line.count);
    }

    /// Ages the counts by `time`; the number of all scores was `before` and is `after`.
    pub(super) fn age(&mut self, time: f64, before: u64, after: u64) {
        self.digest.age(time);
        if before > 0 {
            self.ordinary = round(after as f64 / before as f64 * self.ordinary as f64);
        }
    }
}

/// How many of `count` scores are to be below the line.
fn target(count: u64) -> u64 {
    round(ORDINARY_FRACTION * count as f64)
}

/// To the nearest integer.
fn round(count: f64) -> u64 {
    (count + 0.5) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(counts: &[(u32, u64)]) -> QuantileDigest {
        let mut digest = QuantileDigest::new(DIGEST_SIZE, 0.0);
        for &(value, count) in counts {
            digest.add(value, count);
        }
        digest
    }

    /// Line, count below it, and what lies above, as far as it is not zero.
    fn parts(high: &HighScores) -> (u32, u64, Vec<(u32, u64)>) {
        let nodes = high.digest.nodes().iter().filter(|node| node.count > 0);
        (high.threshold, high.ordinary, nodes.map(|node| (node.hi, node.count)).collect())
    }

    #[test]
    fn the_first_line_leaves_at_most_nine_tenths_below_where_it_can() {
        let mut high = HighScores::new(0.0);
        high.initialise(&digest(&[(0, 150), (10, 30), (20, 20)]));
        assert_eq!(parts(&high), (10, 180, vec![(20, 20)]));

        let mut high = HighScores::new(0.0);
        high.initialise(&digest(&[(0, 190), (5, 6), (7, 4)]));
        assert_eq!(parts(&high), (0, 190, vec![(5, 6), (7, 4)]));

        let mut high = HighScores::new(0.0);
        high.initialise(&digest(&[(3, 200)]));
        assert_eq!(parts(&high), (3, 200, vec![]));
    }

    #[test]
    fn a_line_with_too_much_below_moves_down() {
        let scores = digest(&[(0, 300), (50, 70), (70, 32)]);
        for (counted, ordinary) in [(0, 402), (12, 390), (32, 370)] {
            let mut high = HighScores { digest: digest(&[(70, counted)]), threshold: 60, ordinary };
            high.refresh(&scores);
            assert_eq!(parts(&high), (50, 370, vec![(70, 32)]), "{counted} were counted");
        }
    }

    #[test]
    fn a_line_with_too_little_below_moves_up() {
        let mut high = HighScores { digest: digest(&[(70, 42)]), threshold: 50, ordinary: 360 };
        high.refresh(&digest(&[(0, 300), (50, 60), (70, 42)]));
        assert_eq!(parts(&high), (70, 402, vec![(70, 42)]));
    }

    #[test]
    fn ordinary_scores_shrink_like_all_scores() {
        let mut high = HighScores { digest: digest(&[]), threshold: 50, ordinary: 950 };
        high.age(1.0, 1000, 900);
        assert_eq!(high.ordinary, 855);
    }
}
