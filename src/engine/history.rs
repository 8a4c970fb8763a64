//! What has happened so far, and how to get back to any moment of it.

use crate::api::SimTime;
use crate::store::{Delta, World};

use super::record::Record;
use super::sim::State;

/// Records between two keyframes. A seek replays at most half as many deltas; a keyframe costs a few pointer copies
/// plus the paths of the maps that later writes copy.
const KEYFRAME_EVERY: usize = 256;

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
    records: Vec<Record>,
    keyframes: Vec<Keyframe>,
    /// Records before the step or command that is being carried out.
    begun: usize,
}

impl History {
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    pub fn get(&self, seq: u64) -> Option<&Record> {
        self.records.get(usize::try_from(seq).ok()?)
    }

    pub(super) fn next_seq(&self) -> u64 {
        self.records.len() as u64
    }

    pub(super) fn push(&mut self, record: Record) {
        self.records.push(record);
    }

    /// A step or command begins.
    pub(super) fn begin(&mut self) {
        self.begun = self.records.len();
    }

    /// More changes that belong to the record written last. They are given back if that was not written in this step.
    pub(super) fn extend_last(&mut self, more: Vec<Delta>) -> Vec<Delta> {
        match self.records.last_mut().filter(|last| last.seq >= self.begun as u64) {
            Some(last) if !more.is_empty() => {
                last.deltas = last.deltas.iter().cloned().chain(more).collect();
                Vec::new()
            }
            _ => more,
        }
    }

    /// Whether enough has happened since the last keyframe.
    pub(super) fn wants_keyframe(&self) -> bool {
        self.keyframes.last().is_none_or(|last| self.records.len() >= last.records + KEYFRAME_EVERY)
    }

    pub(super) fn push_keyframe(&mut self, state: State) {
        self.keyframes.push(Keyframe { records: self.records.len(), state });
    }

    /// The last keyframe at or before a number of records.
    pub(super) fn keyframe_before(&self, records: usize) -> Option<&Keyframe> {
        let after = self.keyframes.partition_point(|keyframe| keyframe.records <= records);
        self.keyframes.get(after.checked_sub(1)?)
    }

    /// The log cut off after a number of records, as a branch starts with it.
    pub(super) fn truncated(&self, records: usize) -> History {
        let keyframes = self.keyframes.iter().filter(|keyframe| keyframe.records <= records).cloned().collect();
        History { records: self.records[..records.min(self.records.len())].to_vec(), keyframes, begun: records }
    }

    /// The world as it was after the first `records` records: the keyframe before, and the changes since.
    pub fn world_after(&self, records: usize) -> World {
        let records = records.min(self.records.len());
        let (mut world, from) = match self.keyframe_before(records) {
            Some(keyframe) => (keyframe.state.world.clone(), keyframe.records),
            None => (World::default(), 0),
        };
        for delta in self.records[from..records].iter().flat_map(|record| record.deltas.iter()) {
            world.apply(delta);
        }
        world
    }

    /// How many records there were at a moment.
    pub fn records_at(&self, at: SimTime) -> usize {
        self.records.partition_point(|record| record.at <= at)
    }

    /// A number that two runs share if and only if (but for chance) their logs are the same: FNV-1a over the lines.
    pub fn log_hash(&self) -> u64 {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for record in &self.records {
            for byte in record.to_line().bytes().chain(record.caused_by.unwrap_or(u64::MAX).to_le_bytes()) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        hash
    }
}
