//! What the controller remembers between syncs, beside what the API server stores: expectations and back-off.

use crate::api::{Name, ObjectKey, SimDuration, SimTime, Uid};
use crate::store::Table;

/// Expectations are forgotten after this long (`ExpectationsTimeout`).
const EXPECTATIONS_TIMEOUT: SimDuration = SimDuration::from_secs(5 * 60);
/// First wait after a failed pod, doubled up to the maximum (`flowcontrol.NewBackOff(1s, 15m)`).
const BACKOFF_INITIAL: SimDuration = SimDuration::from_secs(1);
const BACKOFF_MAX: SimDuration = SimDuration::from_secs(15 * 60);

/// How many of its own creates and deletes a sync has not yet seen happen (`ControllerExpectations`).
#[derive(Clone, Debug, PartialEq)]
pub struct Expectations {
    pub creates: i64,
    pub deletes: i64,
    pub since: SimTime,
}

/// The wait between deletions of failed pods of one DaemonSet generation on one node.
#[derive(Clone, Debug, PartialEq)]
pub struct Backoff {
    pub delay: SimDuration,
    pub last_update: SimTime,
}

/// (DaemonSet uid, observedGeneration, node): a new generation starts without back-off (`failedPodsBackoffKey`).
pub type BackoffKey = (Uid, i64, Name);

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    expectations: Table<ObjectKey, Expectations>,
    backoffs: Table<BackoffKey, Backoff>,
}

impl Memory {
    /// Both counters at zero or below, or no entry, or an entry that is too old (`SatisfiedExpectations`).
    pub fn is_satisfied(&self, key: &ObjectKey, now: SimTime) -> bool {
        self.expectations
            .get(key)
            .is_none_or(|it| (it.creates <= 0 && it.deletes <= 0) || now.since(it.since) > EXPECTATIONS_TIMEOUT)
    }

    pub fn expect(&mut self, key: &ObjectKey, creates: usize, deletes: usize, now: SimTime) {
        let expectations = Expectations { creates: creates as i64, deletes: deletes as i64, since: now };
        self.expectations.insert(key.clone(), expectations);
    }

    pub fn forget(&mut self, key: &ObjectKey) {
        self.expectations.remove(key);
    }

    /// A create was observed, failed or was given up.
    pub fn lower_creates(&mut self, key: &ObjectKey, by: i64) {
        let lowered = |it: Expectations| Expectations { creates: it.creates - by, ..it };
        self.expectations.update(key.clone(), |it| it.map(lowered));
    }

    /// A delete was observed or failed.
    pub fn lower_deletes(&mut self, key: &ObjectKey, by: i64) {
        let lowered = |it: Expectations| Expectations { deletes: it.deletes - by, ..it };
        self.expectations.update(key.clone(), |it| it.map(lowered));
    }

    pub fn expectations(&self, key: &ObjectKey) -> Option<&Expectations> {
        self.expectations.get(key)
    }

    /// The back-off within which a failed pod is left alone, if it still is (`IsInBackOffSinceUpdate`).
    pub fn in_backoff(&self, key: &BackoffKey, now: SimTime) -> Option<&Backoff> {
        self.live_backoff(key, now).filter(|entry| now.since(entry.last_update) < entry.delay)
    }

    /// The wait that a further failure starts: doubled each time (`Backoff.Next`).
    pub fn next_backoff(&self, key: &BackoffKey, now: SimTime) -> SimDuration {
        match self.live_backoff(key, now) {
            None => BACKOFF_INITIAL,
            Some(entry) => SimDuration(entry.delay.0 * 2).min(BACKOFF_MAX),
        }
    }

    /// Models `Backoff.Next`: the first failure starts the wait, every further one doubles it.
    pub fn advance_backoff(&mut self, key: &BackoffKey, now: SimTime) {
        let delay = self.next_backoff(key, now);
        self.backoffs.insert(key.clone(), Backoff { delay, last_update: now });
    }

    /// An entry that has not been touched for twice the maximum counts as absent (`hasExpired`).
    fn live_backoff(&self, key: &BackoffKey, now: SimTime) -> Option<&Backoff> {
        self.backoffs.get(key).filter(|entry| now.since(entry.last_update).0 <= 2 * BACKOFF_MAX.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_up_to_a_quarter_of_an_hour_and_expires() {
        let mut memory = Memory::default();
        let key = (Uid(1), 1, Name::from("n"));
        let mut now = SimTime::ZERO;
        let mut delays = Vec::new();
        for _ in 0..12 {
            memory.advance_backoff(&key, now);
            let delay = memory.in_backoff(&key, now).unwrap().delay;
            delays.push(delay.0 / 1_000_000);
            now = now + delay;
            assert_eq!(memory.in_backoff(&key, now), None);
        }
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        memory.advance_backoff(&key, now + SimDuration::from_secs(3600));
        assert_eq!(memory.in_backoff(&key, now + SimDuration::from_secs(3600)).unwrap().delay.0, 1_000_000);
    }

    #[test]
    fn expectations_are_met_by_observation_or_by_age() {
        let mut memory = Memory::default();
        let key = ObjectKey::new("default", "agent");
        assert!(memory.is_satisfied(&key, SimTime::ZERO));
        memory.expect(&key, 1, 1, SimTime::ZERO);
        memory.lower_creates(&key, 1);
        assert!(!memory.is_satisfied(&key, SimTime::ZERO));
        memory.lower_deletes(&key, 1);
        assert!(memory.is_satisfied(&key, SimTime::ZERO));
        memory.expect(&key, 1, 0, SimTime::ZERO);
        assert!(!memory.is_satisfied(&key, SimTime(300_000_000)));
        assert!(memory.is_satisfied(&key, SimTime(300_000_001)));
    }
}
