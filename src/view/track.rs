//! The time track: which kinds of acts happened when, in a fixed number of columns however long the run is; and, for a
//! closer look, one lane for each actor.

use std::sync::Arc;

use super::{ObjectRef, Tone};
use crate::api::Kind;
use crate::engine::rollout::concerns;
use crate::engine::{Actor, Record};

const COLUMNS: usize = 256;
/// The track shows at least so much time.
const SHORTEST: u64 = 30_000_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Up to where the simulation has come, in microseconds.
    pub end: u64,
    /// The moment that the page shows.
    pub at: u64,
    /// The time that one column stands for.
    pub width: u64,
    /// The tones of each column, as bits in the order of [`Tone::ALL`].
    pub columns: Vec<u8>,
}

impl Default for Track {
    fn default() -> Track {
        Track { end: 0, at: 0, width: SHORTEST / COLUMNS as u64, columns: vec![0; COLUMNS] }
    }
}

impl Track {
    /// The time that the whole track stands for.
    pub fn span(&self) -> u64 {
        self.width * COLUMNS as u64
    }

    /// Makes room up to a moment: whenever that is not enough, two columns become one.
    pub fn reach(&mut self, end: u64) {
        self.end = end;
        while end >= self.span() {
            for index in 0..COLUMNS {
                let pair = self.columns.get(index * 2..index * 2 + 2).unwrap_or_default();
                self.columns[index] = pair.iter().fold(0, |all, tones| all | tones);
            }
            self.width *= 2;
        }
    }

    pub fn mark(&mut self, at: u64, tone: Tone) {
        self.reach(self.end.max(at));
        let bit = Tone::ALL.iter().position(|other| *other == tone).unwrap_or(0);
        if let Some(column) = self.columns.get_mut((at / self.width) as usize) {
            *column |= 1 << bit;
        }
    }
}

/// The lanes of the timeline, from the top.
pub const LANES: [&str; 5] = ["you", "daemonset-controller", "scheduler", "kubelets", "others"];

fn lane(actor: Actor) -> usize {
    match actor {
        Actor::You => 0,
        Actor::DaemonSetController => 1,
        Actor::Scheduler => 2,
        Actor::Kubelet => 3,
        _ => 4,
    }
}

/// The marks of each lane in a stretch of time: moments and tones, each column's only once.
pub fn lanes(records: &[Arc<Record>], from: u64, to: u64, columns: u64) -> [Vec<(u64, Tone)>; 5] {
    let mut lanes: [Vec<(u64, Tone)>; 5] = Default::default();
    let width = (to.saturating_sub(from) / columns.max(1)).max(1);
    // What the last column of each lane has already.
    let mut last = [(u64::MAX, 0u8); 5];
    let first = records.partition_point(|record| record.at.micros() < from);
    let within = records.iter().skip(first).take_while(|record| record.at.micros() <= to);
    for record in within.filter(|record| record.is_act()) {
        let (lane, tone, column) = (lane(record.actor), Tone::of(record), (record.at.micros() - from) / width);
        let (at, tones) = &mut last[lane];
        if *at != column {
            (*at, *tones) = (column, 0);
        }
        let bit = 1 << Tone::ALL.iter().position(|other| *other == tone).unwrap_or(0);
        if *tones & bit == 0 {
            *tones |= bit;
            lanes[lane].push((record.at.micros(), tone));
        }
    }
    lanes
}

/// The reader's own acts in a stretch of time, by which the rest is found: moments and what was done.
pub fn landmarks(records: &[Arc<Record>], from: u64, to: u64) -> Vec<(u64, String)> {
    let mut marks: Vec<(u64, String)> = Vec::new();
    let first = records.partition_point(|record| record.at.micros() < from);
    let within = records.iter().skip(first).take_while(|record| record.at.micros() <= to);
    for record in within.filter(|record| record.actor == Actor::You) {
        // One command may touch many objects.
        if marks.last().is_none_or(|(at, _)| *at != record.at.micros()) {
            marks.push((record.at.micros(), [record.verb.as_str(), " ", &record.object.key.name].concat()));
        }
    }
    marks
}

/// Whether an act is about a thing: done to it, happening on the node, or to a pod of the DaemonSet.
pub fn is_about(record: &Record, object: &ObjectRef) -> bool {
    let itself = record.object.kind == object.kind && record.object.key == object.key;
    let inside = match object.kind {
        Kind::Node => record.node.as_ref() == Some(&object.key.name),
        Kind::DaemonSet => record.deltas.iter().any(|delta| concerns(delta).as_ref() == Some(&object.key)),
        _ => false,
    };
    record.is_act() && (itself || inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_folds_its_columns_and_keeps_its_marks() {
        let mut track = Track::default();
        track.mark(0, Tone::You);
        track.mark(29_000_000, Tone::Create);
        assert_eq!(track.columns.iter().filter(|column| **column > 0).count(), 2);
        track.reach(1_000_000_000);
        assert!(track.span() > 1_000_000_000);
        assert_eq!(track.columns.len(), 256);
        assert_eq!(track.columns[0], 1 << 4);
        assert_eq!(track.columns[(29_000_000 / track.width) as usize], 1 << 2);
        assert_eq!(track.columns.iter().filter(|column| **column > 0).count(), 2);
    }
}
