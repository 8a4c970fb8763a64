//! The original's own pace: a client may send only so many requests a second.

use crate::api::{SimDuration, SimTime};

/// A client's rate limit, as a token bucket (client-go `flowcontrol`): the moment at which the bucket would be full
/// again tells everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Limiter {
    interval: SimDuration,
    burst: u64,
    full_at: SimTime,
}

impl Limiter {
    /// `per_second` requests on average, `burst` at once.
    pub fn new(per_second: u64, burst: u64) -> Self {
        Limiter { interval: SimDuration(1_000_000 / per_second.max(1)), burst, full_at: SimTime::ZERO }
    }

    /// Takes a token; the answer is when the request may be sent.
    pub fn take(&mut self, now: SimTime) -> SimTime {
        self.full_at = self.full_at.max(now) + self.interval;
        now.max(self.full_at - SimDuration(self.interval.0 * self.burst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
        let mut limiter = Limiter::new(20, 30);
        let at: Vec<u64> = (0..100).map(|_| limiter.take(SimTime::ZERO).micros() / 1000).collect();
        assert_eq!(&at[..30], &[0; 30]);
        assert_eq!(at[30], 50);
        assert_eq!(at[99], 3500);
        // After a long rest the bucket is full again, not fuller.
        let at: Vec<u64> = (0..32).map(|_| limiter.take(SimTime(1_000_000_000)).micros() / 1000).collect();
        assert_eq!(at[29], 1_000_000);
        assert_eq!(at[31], 1_000_100);
    }
}
