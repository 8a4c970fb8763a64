//! A stand-in for the engine until it arrives.

use std::rc::Rc;

use crate::view::inspect::{CheckRow, Link};
use crate::view::log::LogWindow;
use crate::view::scene::{Counts, Parts};
use crate::view::*;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    AddNodes { name: String, labels: Vec<(String, String)>, taints: Vec<String>, count: usize },
    RemoveNode { name: String },
    Cordon { name: String, on: bool },
    Taint { name: String, add: Vec<String>, remove: Vec<String> },
    LabelNode { name: String, labels: Vec<(String, Option<String>)> },
    DeletePod { namespace: String, name: String },
}

fn pod(name: &str, node: &str, set: &str, slot: u8, look: PodLook, current: bool) -> PodChip {
    PodChip {
        uid: name.into(),
        namespace: "default".into(),
        name: [set, name].concat().into(),
        short: name.into(),
        node: node.into(),
        daemonset: set.into(),
        slot: Some(slot),
        look,
        phase: "Running",
        ready: look == PodLook::Running,
        revision: if current { 2 } else { 1 },
        current,
    }
}

fn card(name: &str, cidr: &str, chips: Vec<Chip>, pods: Vec<PodChip>) -> NodeCard {
    NodeCard {
        name: name.into(),
        status: NodeStatus::Ready,
        cordoned: false,
        kubelet_stopped: false,
        roles: "".into(),
        cidr: cidr.into(),
        chips,
        pods,
        absent: Vec::new(),
    }
}

pub fn scene() -> Scene {
    let taint = |text: &str| vec![Chip { class: "taint", text: text.to_owned(), title: text.to_owned() }];
    let (n, e) = ("nginx-daemon-set", "node-exporter");
    let control = |name: &str, cidr: &str, a: &str, b: &str, look| {
        Rc::new(card(name, cidr, taint("control-plane:NoSchedule"), vec![pod(a, name, n, 0, look, true), pod(b, name, e, 1, PodLook::Running, true)]))
    };
    let worker = |name: &str, cidr: &str, a: &str, b: &str, look| {
        card(name, cidr, vec![], vec![pod(a, name, n, 0, look, false), pod(b, name, e, 1, PodLook::Running, true)])
    };
    let mut third = worker("worker-3", "10.42.5.0/24", "-d6c6l", "-p4nts", PodLook::Running);
    third.cordoned = true;
    third.chips = vec![Chip { class: "cordoned", text: "cordoned".to_owned(), title: String::new() }];
    let mut fourth = card("worker-4", "", taint("dedicated=gpu:NoSchedule"), vec![pod("-k2k4x", "worker-4", e, 1, PodLook::Failed, true)]);
    fourth.absent = vec![Absent { daemonset: n.into(), slot: 0, reason: "the taint dedicated=gpu:NoSchedule is not tolerated".to_owned() }];
    let ribbon = |name: &str, ns: &str, slot, rev, hash: &str, ready, updated, parts, summary: &str| {
        Rc::new(Ribbon {
            uid: name.into(),
            namespace: ns.into(),
            name: name.into(),
            slot,
            revision: rev,
            hash: hash.into(),
            counts: Counts { desired: 6, current: 6, ready, updated, available: ready },
            parts,
            summary: summary.to_owned(),
            deleting: false,
        })
    };
    Scene {
        groups: vec![
            Rc::new(Group {
                title: "control-plane",
                cards: vec![
                    control("master-1", "10.42.0.0/24", "-x7k2p", "-4mq8z", PodLook::Running),
                    control("master-2", "10.42.1.0/24", "-9fjwd", "-b7trn", PodLook::Running),
                    control("master-3", "10.42.2.0/24", "-hq5vl", "-zk6c9", PodLook::Starting),
                ],
            }),
            Rc::new(Group {
                title: "workers",
                cards: vec![
                    Rc::new(worker("worker-1", "10.42.3.0/24", "-cpqqd", "-w2d5x", PodLook::Terminating)),
                    Rc::new(worker("worker-2", "10.42.4.0/24", "-l8gsn", "-j9vhb", PodLook::Running)),
                    Rc::new(third),
                    Rc::new(fourth),
                ],
            }),
        ],
        ribbons: vec![
            ribbon(n, "default", 0, 2, "7d9c8b6f55", 5, 3, Parts { updated: 2, starting: 1, stopping: 1, old: 2, missing: 0 }, "rolling out, 3 of 6 updated"),
            ribbon(e, "monitoring", 1, 1, "5f6b7c9d84", 6, 6, Parts { updated: 6, ..Parts::default() }, "rolled out"),
        ],
        node_count: 7,
        pod_count: 13,
    }
}

pub fn log() -> LogWindow {
    let rows = [
        ("kubelet master-2", "Ready", Tone::Plain, "nginx-daemon-set-9fjwd", "available 6 of 6, so the next old pod may go"),
        ("daemonset-controller", "Delete", Tone::Delete, "nginx-daemon-set-q4s8r on master-3", "revision 1 is old; 0 of at most 1 unavailable"),
        ("daemonset-controller", "Create", Tone::Create, "nginx-daemon-set-hq5vl on master-3", "master-3 should run nginx-daemon-set and has no pod of it"),
        ("scheduler", "Bind", Tone::Plain, "nginx-daemon-set-hq5vl to master-3", "its node affinity names master-3"),
        ("you", "Delete", Tone::You, "nginx-daemon-set-cpqqd", "kubectl delete pod nginx-daemon-set-cpqqd"),
    ];
    let rows: Vec<_> = (0..3)
        .flat_map(|turn| rows.iter().enumerate().map(move |(index, row)| (turn * 5 + index as u64, row)))
        .map(|(seq, (actor, verb, tone, object, reason))| {
            Rc::new(LogRow {
                seq,
                clock: words::clock(seq * 1_234_000 + 38_000_000),
                actor: (*actor).to_owned(),
                verb,
                tone: *tone,
                object: (*object).to_owned(),
                reason: (*reason).to_owned(),
                target: None,
            })
        })
        .collect();
    LogWindow { total: rows.len(), first: 0, rows: Rc::new(rows) }
}

pub fn inspection() -> Inspection {
    let row = |title: &str, detail: &str, mark| CheckRow { mark, title: title.to_owned(), detail: detail.to_owned() };
    Inspection {
        title: "worker-1".to_owned(),
        kind: "Node",
        object: Some(ObjectRef::Node("worker-1".into())),
        blocks: vec![
            Block::Checks {
                title: "Should nginx-daemon-set run here?".to_owned(),
                verdict: "A pod of nginx-daemon-set belongs here.".to_owned(),
                rows: vec![
                    row("Node name is not pinned", "spec.template.spec.nodeName is empty", Mark::Yes),
                    row("Node selector matches", "no nodeSelector, no required affinity", Mark::Yes),
                    row("Taints are tolerated", "worker-1 has no taints", Mark::No),
                ],
            },
            Block::Chain {
                title: "How it came".to_owned(),
                links: vec![
                    Link { seq: 1, clock: "00:26.000".to_owned(), tone: Tone::You, title: "Apply nginx-daemon-set".to_owned(), detail: "generation 1 → 2".to_owned(), function: "" },
                    Link { seq: 2, clock: "00:26.010".to_owned(), tone: Tone::Update, title: "Create revision 2".to_owned(), detail: "The template had no revision".to_owned(), function: "constructHistory" },
                    Link { seq: 3, clock: "00:41.262".to_owned(), tone: Tone::Delete, title: "Delete nginx-daemon-set-l8gsn".to_owned(), detail: "Its replacement is created once the pod is gone".to_owned(), function: "rollingUpdate" },
                ],
            },
            Block::Facts {
                title: "Node".to_owned(),
                rows: vec![("pod network".to_owned(), "10.42.3.0/24".to_owned()), ("labels".to_owned(), "kubernetes.io/os=linux".to_owned())],
            },
        ],
        yaml: "apiVersion: v1\nkind: Node\nmetadata:\n  name: worker-1\n".into(),
    }
}
