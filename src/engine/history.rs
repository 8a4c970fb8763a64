//! What has happened so far, and how to get back to any moment of it.
//!
//! A run's memory is bounded. There are at most so many keyframes: when one more is needed, an old one goes, where that
//! leaves the smallest gap. So the past is covered evenly, but more thinly the longer the run, and the last moments densely
//! ([`History::thinned_before`]). And there are at most so many records, at which the simulation stands still. [`Limits`]
//! holds these numbers.

use std::sync::Arc;

use crate::api::SimTime;
use crate::store::{Delta, World};

use super::record::Record;
use super::sim::State;

/// How much of a run is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Records between two keyframes. A keyframe costs a few pointer copies plus the paths of the maps that later writes
    /// copy: about 300 KB in a busy cluster of 1,000 nodes.
    pub keyframe_every: usize,
    pub keyframes: usize,
    /// About 1.2 KB each, so less than a gigabyte.
    pub records: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { keyframe_every: 512, keyframes: 96, records: 600_000 }
    }
}

/// A copy of everything that the simulation needs to go on from a moment.
#[derive(Clone)]
pub struct Keyframe {
    /// Records before this moment.
    pub records: usize,
    pub state: State,
}

/// The log and its keyframes. Nothing here depends on how fast it was recorded.
#[derive(Clone, Default)]
pub struct History {
    /// Shared, so that a copy of the whole is quickly made.
    records: Vec<Arc<Record>>,
    keyframes: Vec<Keyframe>,
    /// Records before the step or command that is being carried out.
    begun: usize,
    /// Before so many records keyframes have been thinned out.
    thinned_before: usize,
    limits: Limits,
}

impl History {
    /// Keeps more or less from now on.
    pub(super) fn limit(&mut self, limits: Limits) {
        self.limits = limits;
    }

    pub fn records(&self) -> &[Arc<Record>] {
        &self.records
    }

    pub fn get(&self, seq: u64) -> Option<&Record> {
        self.records.get(usize::try_from(seq).ok()?).map(|record| &**record)
    }

    pub(super) fn next_seq(&self) -> u64 {
        self.records.len() as u64
    }

    pub(super) fn push(&mut self, record: Record) {
        self.records.push(Arc::new(record));
    }

    /// A step or command begins.
    pub(super) fn begin(&mut self) {
        self.begun = self.records.len();
    }

    /// More changes that belong to the record written last. They are given back if that was not written in this step.
    pub(super) fn extend_last(&mut self, more: Vec<Delta>) -> Vec<Delta> {
        match self.records.last_mut().filter(|last| last.seq >= self.begun as u64) {
            Some(last) if !more.is_empty() => {
                let last = Arc::make_mut(last);
                last.deltas = last.deltas.iter().cloned().chain(more).collect();
                Vec::new()
            }
            _ => more,
        }
    }

    /// Moments that a seek begins at.
    pub fn keyframes(&self) -> usize {
        self.keyframes.len()
    }

    /// How many records lie so far back that keyframes have been thinned out between them: a branch from there takes
    /// longer to begin.
    pub fn thinned_before(&self) -> usize {
        self.thinned_before
    }

    /// Whether no more can be kept.
    pub fn is_full(&self) -> bool {
        self.records.len() >= self.limits.records
    }

    /// Whether enough has happened since the last keyframe.
    pub(super) fn wants_keyframe(&self) -> bool {
        self.keyframes.last().is_none_or(|last| self.records.len() >= last.records + self.limits.keyframe_every)
    }

    pub(super) fn push_keyframe(&mut self, state: State) {
        self.keyframes.push(Keyframe { records: self.records.len(), state });
        if self.keyframes.len() > self.limits.keyframes.max(2) {
            self.thin_out();
        }
    }

    /// Drops the old keyframe that is missed the least, but never the first.
    fn thin_out(&mut self) {
        let gap = |index: &usize| self.keyframes[index + 1].records - self.keyframes[index - 1].records;
        let old = (self.keyframes.len() * 3 / 4).max(2);
        if let Some(index) = (1..old).min_by_key(gap) {
            self.thinned_before = self.thinned_before.max(self.keyframes[index + 1].records);
            self.keyframes.remove(index);
        }
    }

    /// The last keyframe at or before a number of records.
    pub(super) fn keyframe_before(&self, records: usize) -> Option<&Keyframe> {
        let after = self.keyframes.partition_point(|keyframe| keyframe.records <= records);
        self.keyframes.get(after.checked_sub(1)?)
    }

    /// The log cut off after a number of records, as a branch starts with it.
    pub(super) fn truncated(&self, records: usize) -> History {
        let keyframes = self.keyframes.iter().filter(|keyframe| keyframe.records <= records).cloned().collect();
        History {
            records: self.records[..records.min(self.records.len())].to_vec(),
            keyframes,
            begun: records,
            thinned_before: self.thinned_before.min(records),
            limits: self.limits,
        }
    }

    /// The world as it was after the first `records` records: the nearest keyframe, and the changes since, or those until
    /// then undone.
    pub fn world_after(&self, records: usize) -> World {
        let records = records.min(self.records.len());
        let changes = |from: usize, to: usize| self.records[from..to].iter().flat_map(|record| record.deltas.iter());
        let before = self.keyframe_before(records);
        let (mut world, from) = before.map_or((World::default(), 0), |it| (it.state.world.clone(), it.records));
        let after = self.keyframes.partition_point(|keyframe| keyframe.records < records);
        match self.keyframes.get(after).filter(|after| after.records - records < records - from) {
            Some(keyframe) => {
                world = keyframe.state.world.clone();
                changes(records, keyframe.records).rev().for_each(|delta| world.revert(delta));
            }
            None => changes(from, records).for_each(|delta| world.apply(delta)),
        }
        world
    }

    /// How many records there were at a moment.
    pub fn records_at(&self, at: SimTime) -> usize {
        self.records.partition_point(|record| record.at <= at)
    }

    /// A number that two runs share if and only if (but for chance) their logs are the same: FNV-1a over the lines.
    pub fn log_hash(&self) -> u64 {
        let mut hash = LogHash::default();
        hash.go_on(&self.records);
        hash.hash
    }
}

/// [`History::log_hash`], a portion of the log at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogHash {
    /// Of so many records.
    pub records: usize,
    pub hash: u64,
}

impl Default for LogHash {
    fn default() -> LogHash {
        LogHash { records: 0, hash: 0xcbf2_9ce4_8422_2325 }
    }
}

impl LogHash {
    /// Takes in the records that come next.
    pub fn go_on(&mut self, next: &[Arc<Record>]) {
        for record in next {
            for byte in record.to_line().bytes().chain(record.caused_by.unwrap_or(u64::MAX).to_le_bytes()) {
                self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        self.records += next.len();
    }
}
