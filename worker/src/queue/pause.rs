//! How long a failed job waits for its next attempt.

use std::time::Duration;

/// Pauses that double from attempt to attempt, up to a limit, shortened at random by up to a half, so that jobs which
/// failed together do not come back together.
#[derive(Clone, Copy, Debug)]
pub struct Pauses {
    /// The longest pause after the first attempt.
    pub first: Duration,
    /// The longest pause of all.
    pub longest: Duration,
}

impl Pauses {
    /// The pause after the `attempt`th attempt (the first is 1).
    pub fn after(&self, attempt: i32) -> Duration {
        let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0).min(30);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        whole.mul_f64(rand::random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_limit_and_vary() {
        let pauses = Pauses {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(60),
        };
        for (attempt, whole) in [(1, 2), (2, 4), (3, 8), (5, 32), (6, 60), (7, 60), (i32::MAX, 60)] {
            let whole = Duration::from_secs(whole);
            for _ in 0..50 {
                let pause = pauses.after(attempt);
                assert!(
                    pause >= whole / 2 && pause <= whole,
                    "attempt {attempt}: {pause:?}"
                );
            }
        }
        let some: std::collections::HashSet<_> = (0..20).map(|_| pauses.after(3)).collect();
        assert!(some.len() > 1);
    }
}
