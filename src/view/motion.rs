//! What moves on the map at a moment: a function of the log and of simulated time, and of nothing else.
//!
//! So pause, slow motion and a look into the past show the same as the first run did, and nothing here can hold up the
//! simulation.

use std::sync::Arc;

use crate::api::{Kind, Name, SimTime};
use crate::engine::{Actor, Record, Verb};

/// How long a pod is on its way, in simulated microseconds at the speed 1: long enough for the eye to follow, shorter
/// than a pod takes to start.
const FLIGHT: f64 = 850_000.0;
/// The same for the scheduler's work, which is over sooner.
const BINDING: f64 = 650_000.0;
/// The same for what happens on the spot.
const PULSE: f64 = 550_000.0;
/// No more than this moves at once; of more, every second, fourth, ... is shown.
pub const MOTIONS_MAX: usize = 200;
/// Records that are looked at for one moment. More of them within a second are a blur anyway.
const SCAN_MAX: usize = 4000;

/// A place in words of the map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The stage "act" of the control loop.
    Act,
    Scheduler,
    /// The chip of a pod on a node's card; the card if the chip is gone.
    Pod {
        pod: Name,
        namespace: Name,
        node: Name,
    },
    Node(Name),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A controller creates a pod.
    Create,
    /// A pod is to go.
    Delete,
    /// The scheduler gives a pod its node.
    Bind,
    Ready,
    /// Not ready, failed, or no node found.
    Trouble,
    /// A pod's object is removed.
    Gone,
    /// A node joins.
    Join,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Motion {
    pub seq: u64,
    pub act: Act,
    /// `None` for what happens on the spot.
    pub from: Option<Place>,
    pub to: Place,
    /// Microseconds of simulated time.
    pub begin: f64,
    pub end: f64,
}

impl Motion {
    /// From 0 at the begin to 1 at the end; `None` outside of that.
    pub fn progress(&self, now: f64) -> Option<f64> {
        let part = (now - self.begin) / (self.end - self.begin);
        (0.0..1.0).contains(&part).then_some(part)
    }

    fn of(record: &Record, stretch: f64) -> Option<Motion> {
        let node = record.node.clone();
        let (act, from, to) = match (record.object.kind, record.verb) {
            (Kind::Pod, verb) => {
                let key = &record.object.key;
                let to = Place::Pod { pod: key.name.clone(), namespace: key.namespace.clone(), node: node? };
                let from_loop = || (record.actor == Actor::DaemonSetController).then_some(Place::Act);
                match verb {
                    Verb::Create => (Act::Create, from_loop(), to),
                    Verb::Delete => (Act::Delete, from_loop(), to),
                    Verb::Bind => (Act::Bind, Some(Place::Scheduler), to),
                    Verb::Ready => (Act::Ready, None, to),
                    Verb::NotReady | Verb::Fail | Verb::Unschedulable => (Act::Trouble, None, to),
                    Verb::Remove => (Act::Gone, None, to),
                    _ => return None,
                }
            }
            (Kind::Node, Verb::Create) => (Act::Join, None, Place::Node(record.object.key.name.clone())),
            (Kind::Node, Verb::NotReady) => (Act::Trouble, None, Place::Node(record.object.key.name.clone())),
            _ => return None,
        };
        let begin = record.at.micros() as f64;
        let length = match (act, &from) {
            (_, None) => PULSE,
            (Act::Bind, _) => BINDING,
            _ => FLIGHT,
        };
        Some(Motion { seq: record.seq, act, from, to, begin, end: begin + length * stretch })
    }
}

/// How much longer a motion takes in simulated time at a speed. A motion of a second at 16 times the speed would be
/// over in three frames: a flicker. So a faster clock makes motions longer, but less so than it is faster. None at all
/// for as fast as possible, where a second of simulated time may pass in one frame.
pub fn stretch(speed: Option<f64>) -> Option<f64> {
    speed.map(|factor| factor.max(1.0).sqrt())
}

/// What moves at a moment; `records` are those that have happened by then.
pub fn motions(records: &[Arc<Record>], now: SimTime, stretch: f64) -> Vec<Motion> {
    let now = now.micros() as f64;
    let begun = now - FLIGHT * stretch;
    let recent = records.iter().rev().take(SCAN_MAX).take_while(|record| record.at.micros() as f64 > begun);
    let mut motions: Vec<Motion> = recent
        .filter_map(|record| Motion::of(record, stretch))
        .filter(|motion| motion.progress(now).is_some())
        .collect();
    // Which ones are shown depends on their numbers only, so that none blinks from frame to frame; on the numbers mixed
    // up, because creations and bindings may alternate.
    let mut mask = 1;
    while motions.len() > MOTIONS_MAX {
        motions.retain(|motion| motion.seq.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40 & mask == mask);
        mask = mask << 1 | 1;
    }
    motions.reverse();
    motions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Command, Scenario, Sim};

    const MANIFEST: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers:
      - {name: agent, image: 'agent:1'}
";

    fn run(workers: u32) -> Sim {
        let mut sim = Sim::new(&Scenario::with_workers(workers));
        sim.submit(Command::Apply { text: MANIFEST.to_owned() });
        sim.run_until_quiet();
        sim
    }

    fn moving(sim: &Sim, at: u64) -> Vec<Motion> {
        let history = sim.history();
        motions(&history.records()[..history.records_at(SimTime::from_micros(at))], SimTime::from_micros(at), 1.0)
    }

    #[test]
    fn a_pod_flies_from_the_control_loop_to_its_node_then_is_bound_and_ready() {
        let sim = run(1);
        let at = |verb: Verb| {
            sim.history()
                .records()
                .iter()
                .find(|it| it.verb == verb && it.object.kind == Kind::Pod)
                .expect("it happened")
                .at
                .micros()
        };
        let created = moving(&sim, at(Verb::Create) + 1);
        let [create] = created.as_slice() else { panic!("{created:?}") };
        assert_eq!((create.act, &create.from), (Act::Create, &Some(Place::Act)));
        assert!(
            matches!(&create.to, Place::Pod { pod, node, .. } if pod.starts_with("agent-") && **node == *"worker-1")
        );
        let bound = moving(&sim, at(Verb::Bind));
        assert_eq!(bound.last().map(|it| (it.act, it.from.clone())), Some((Act::Bind, Some(Place::Scheduler))));
        let ready = moving(&sim, at(Verb::Ready));
        assert_eq!(ready.iter().map(|it| (it.act, it.from.clone())).collect::<Vec<_>>(), [(Act::Ready, None)]);
    }

    #[test]
    fn a_deletion_by_hand_happens_on_the_spot_and_one_by_the_controller_flies() {
        let mut sim = run(1);
        let name = sim.world().pods.values().next().expect("a pod").meta.name.to_string();
        sim.submit(Command::DeletePod { namespace: "default".to_owned(), name, grace_period_seconds: None });
        let now = sim.now().micros();
        assert_eq!(moving(&sim, now).last().map(|it| (it.act, it.from.clone())), Some((Act::Delete, None)));
        sim.run_until_quiet();
        sim.submit(Command::Apply { text: MANIFEST.replace("agent:1", "agent:2") });
        sim.run_until_quiet();
        let delete = |it: &&Arc<Record>| {
            it.actor == Actor::DaemonSetController && it.verb == Verb::Delete && it.object.kind == Kind::Pod
        };
        let at = sim.history().records().iter().find(delete).expect("it rolls").at.micros();
        assert_eq!(moving(&sim, at).last().map(|it| (it.act, it.from.clone())), Some((Act::Delete, Some(Place::Act))));
    }

    #[test]
    fn a_moment_looks_the_same_however_it_is_reached() {
        let sim = run(20);
        let whole = moving(&sim, 400_000);
        assert!(whole.len() > 5);
        let mut slow = Sim::new(&Scenario::with_workers(20));
        slow.submit(Command::Apply { text: MANIFEST.to_owned() });
        slow.run_until(SimTime(400_000), usize::MAX);
        assert_eq!(moving(&slow, 400_000), whole);
    }

    #[test]
    fn never_more_than_the_eye_can_take() {
        let mut scenario = Scenario::with_workers(1000);
        scenario.settings.original_pace = false;
        let mut sim = Sim::new(&scenario);
        sim.submit(Command::Apply { text: MANIFEST.to_owned() });
        sim.run_until_quiet();
        let mut most = 0;
        for at in (0..sim.now().micros()).step_by(20_000) {
            let moving = motions(
                &sim.history().records()[..sim.history().records_at(SimTime::from_micros(at))],
                SimTime::from_micros(at),
                4.0,
            );
            most = most.max(moving.len());
        }
        assert!(most > MOTIONS_MAX / 4 && most <= MOTIONS_MAX, "{most}");
    }

    #[test]
    fn motions_end() {
        let sim = run(3);
        assert!(moving(&sim, sim.now().micros() + 2_000_000).is_empty());
        assert_eq!(stretch(Some(0.25)), Some(1.0));
        assert_eq!(stretch(Some(16.0)), Some(4.0));
        assert_eq!(stretch(None), None);
    }
}
