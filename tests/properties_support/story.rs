//! Stories: a random cluster, and what is done to it and when. Which pod or node is meant is decided as it is told.

use everynode::api::{ConditionStatus, Kind, ObjectKey, PodPhase, SimDuration, SimTime, Taint, UpdateStrategy};
use everynode::engine::{Command, Limits, NodeTemplate, RefusedRequests, Scenario, Settings, Sim};
use everynode::kubelet::Timing;
use everynode::store::Propagation;
use proptest::collection::vec;
use proptest::prelude::*;

/// More steps than any story needs; a story that takes more does not come to rest.
const STEPS_MAX: usize = 200_000;

#[derive(Clone, Debug)]
pub struct Story {
    pub seed: u64,
    pub original_pace: bool,
    pub shows_creating: bool,
    pub masters: u32,
    pub workers: u32,
    pub acts: Vec<(Pause, Act)>,
    /// A number that picks moments of the log to look at.
    pub moment: u64,
}

/// How long after the act before.
#[derive(Clone, Copy, Debug)]
pub struct Pause(u64);

#[derive(Clone, Debug)]
pub enum Act {
    Apply(usize, Manifest<'static>),
    Delete(usize, Propagation),
    DeletePod(usize, Option<i64>),
    AddNode(usize),
    RemoveNode(usize),
    Cordon(usize, bool),
    Taint(usize, usize),
    Untaint(usize),
    Label(usize, usize),
    Condition(usize, usize, ConditionStatus),
    Kubelet(usize, bool),
    PodReady(usize, bool),
    PodPhase(usize, PodPhase),
    LabelPod(usize, bool),
    Restart(usize),
    Undo(usize, Option<i64>),
    /// A pod of nobody's that a DaemonSet may adopt, on a node or waiting for one.
    BarePod(usize, bool),
    /// CPU of a node, in milli-units.
    Capacity(usize, i64),
    Refuse(RefusedRequests, u32),
}

/// What varies between the manifests.
#[derive(Clone, Debug)]
pub struct Manifest<'a> {
    pub image: &'a str,
    pub strategy: &'a str,
    pub pod: &'a str,
    pub min_ready_seconds: u32,
    pub history_limit: u32,
}

/// The DaemonSets; the last one selects the same labels as the first.
const DAEMONSETS: [(&str, &str); 3] = [("one", "a"), ("two", "b"), ("three", "a")];
/// What a node has unless it is told otherwise.
const CPU: i64 = 4000;
const IMAGES: [&str; 8] = ["app:1", "app:2", "app:3", "app:slow", "app:bad", "app:fail", "app:crash", "app:succ"];
const SURGES: [&str; 4] = [
    "{type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}",
    "{type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 50%}}",
    "{type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 2}}",
    "{type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 100%}}",
];
const PLAIN: [&str; 5] = [
    "{type: OnDelete}",
    "{type: RollingUpdate}",
    "{type: RollingUpdate, rollingUpdate: {maxUnavailable: 2}}",
    "{type: RollingUpdate, rollingUpdate: {maxUnavailable: 30%}}",
    "{type: RollingUpdate, rollingUpdate: {maxUnavailable: 100%}}",
];
const PODS: [&str; 10] = [
    "",
    "nodeSelector: {disk: ssd}",
    "tolerations: [{operator: Exists}]",
    "tolerations: [{key: dedicated, value: gpu, effect: NoSchedule}]",
    "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: \
     [{key: disk, operator: NotIn, values: [hdd]}]}]}}}",
    "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: \
     metadata.name, operator: NotIn, values: [worker-1]}]}, {matchExpressions: [{key: disk, operator: Exists}]}]}}}",
    "nodeName: worker-2",
    "tolerations: [{key: dedicated, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]",
    "hostNetwork: true, tolerations: [{key: node.kubernetes.io/not-ready, operator: Exists}]",
    "priorityClassName: system-node-critical, tolerations: [{key: dedicated, operator: Exists}]",
];
const TAINTS: [&str; 7] = [
    "dedicated=gpu:NoSchedule",
    "dedicated=gpu:NoExecute",
    "dedicated=cpu:NoSchedule",
    "dedicated=gpu:PreferNoSchedule",
    "node.kubernetes.io/unreachable:NoExecute",
    "node.kubernetes.io/disk-pressure:NoSchedule",
    "node.kubernetes.io/network-unavailable:NoSchedule",
];
const LABELS: [(&str, Option<&str>); 3] = [("disk", Some("ssd")), ("disk", Some("hdd")), ("disk", None)];
const CONDITIONS: [&str; 3] = ["Ready", "MemoryPressure", "NetworkUnavailable"];

fn manifest() -> impl Strategy<Value = Manifest<'static>> {
    let strategy = prop_oneof![3 => proptest::sample::select(&PLAIN[..]), 1 => proptest::sample::select(&SURGES[..])];
    // Most images run.
    let image = prop_oneof![2 => proptest::sample::select(&IMAGES[..3]), 1 => proptest::sample::select(&IMAGES[..])];
    (image, strategy, proptest::sample::select(&PODS[..]), prop_oneof![3 => Just(0), 1 => 1..9u32], 0..4u32).prop_map(
        |(image, strategy, pod, min_ready_seconds, history_limit)| Manifest {
            image,
            strategy,
            pod,
            min_ready_seconds,
            history_limit,
        },
    )
}

fn act() -> impl Strategy<Value = Act> {
    let propagation =
        prop_oneof![Just(Propagation::Background), Just(Propagation::Foreground), Just(Propagation::Orphan)];
    let status = prop_oneof![Just(ConditionStatus::True), Just(ConditionStatus::False), Just(ConditionStatus::Unknown)];
    let refused = prop_oneof![
        Just(RefusedRequests::CreatePods),
        Just(RefusedRequests::DeletePods),
        Just(RefusedRequests::WriteStatus)
    ];
    let pick = 0..1000usize;
    prop_oneof![
        8 => (0..3usize, manifest()).prop_map(|(which, manifest)| Act::Apply(which, manifest)),
        1 => (0..3usize, propagation).prop_map(|(which, propagation)| Act::Delete(which, propagation)),
        3 => (pick.clone(), prop_oneof![Just(None), Just(Some(0)), Just(Some(1))]).prop_map(|(pod, grace)| Act::DeletePod(pod, grace)),
        2 => (0..3usize).prop_map(Act::AddNode),
        1 => pick.clone().prop_map(Act::RemoveNode),
        1 => (pick.clone(), any::<bool>()).prop_map(|(node, on)| Act::Cordon(node, on)),
        2 => (pick.clone(), 0..TAINTS.len()).prop_map(|(node, taint)| Act::Taint(node, taint)),
        1 => pick.clone().prop_map(Act::Untaint),
        2 => (pick.clone(), 0..LABELS.len()).prop_map(|(node, label)| Act::Label(node, label)),
        2 => (pick.clone(), 0..CONDITIONS.len(), status).prop_map(|(node, which, status)| Act::Condition(node, which, status)),
        1 => (pick.clone(), any::<bool>()).prop_map(|(node, running)| Act::Kubelet(node, running)),
        1 => (pick.clone(), any::<bool>()).prop_map(|(pod, ready)| Act::PodReady(pod, ready)),
        1 => (pick.clone(), prop_oneof![Just(PodPhase::Failed), Just(PodPhase::Succeeded)]).prop_map(|(pod, phase)| Act::PodPhase(pod, phase)),
        1 => (pick, any::<bool>()).prop_map(|(pod, away)| Act::LabelPod(pod, away)),
        1 => (0..3usize).prop_map(Act::Restart),
        1 => (0..3usize, prop_oneof![Just(None), Just(Some(1))]).prop_map(|(which, to)| Act::Undo(which, to)),
        1 => (0..1000usize, any::<bool>()).prop_map(|(node, bound)| Act::BarePod(node, bound)),
        1 => (0..1000usize, prop_oneof![Just(300), Just(700), Just(CPU)]).prop_map(|(node, cpu)| Act::Capacity(node, cpu)),
        1 => (refused, 1..20u32).prop_map(|(of, count)| Act::Refuse(of, count)),
    ]
}

pub fn story() -> impl Strategy<Value = Story> {
    let pause = prop_oneof![
        Just(Pause(0)),
        (1..40u64).prop_map(|millis| Pause(millis * 1000)),
        (1..4000u64).prop_map(|millis| Pause(millis * 1000)),
        (1..60u64).prop_map(|seconds| Pause(seconds * 1_000_000)),
    ];
    // A scenario keeps its seed as a whole number of 63 bits.
    (0..1u64 << 53, any::<bool>(), any::<bool>(), 0..3u32, 0..7u32, vec((pause, act()), 1..14), any::<u64>()).prop_map(
        |(seed, original_pace, shows_creating, masters, workers, mut acts, moment)| {
            // Without a DaemonSet there is no story.
            if !acts.iter().any(|(_, act)| matches!(act, Act::Apply(..))) {
                let manifest =
                    Manifest { image: "app:1", strategy: PLAIN[1], pod: "", min_ready_seconds: 0, history_limit: 2 };
                acts.insert(0, (Pause(0), Act::Apply(0, manifest)));
            }
            Story { seed, original_pace, shows_creating, masters, workers, acts, moment }
        },
    )
}

fn manifest_text(which: usize, manifest: &Manifest<'_>) -> String {
    let (name, app) = DAEMONSETS[which];
    let Manifest { image, strategy, pod, min_ready_seconds, history_limit } = manifest;
    format!(
        "{{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: {name}}}, spec: {{minReadySeconds: \
         {min_ready_seconds}, revisionHistoryLimit: {history_limit}, updateStrategy: {strategy}, selector: {{matchLabels: \
         {{app: {app}}}}}, template: {{metadata: {{labels: {{app: {app}}}}}, spec: {{terminationGracePeriodSeconds: 2, \
         containers: [{{name: app, image: '{image}', resources: {{requests: {{cpu: 200m}}}}}}], {pod}}}}}}}}}"
    )
}

fn bare_pod(number: usize, node: Option<&str>) -> String {
    let place = node.map(|node| format!("nodeName: {node}, ")).unwrap_or_default();
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: bare-{number}, labels: {{app: a}}}}, spec: \
         {{{place}containers: [{{name: app, image: 'app:1'}}]}}}}"
    )
}

impl Story {
    pub fn scenario(&self) -> Scenario {
        let kubelet = Timing { shows_creating: self.shows_creating, ..Timing::default() };
        let mut nodes = Vec::new();
        nodes.extend((self.masters > 0).then(|| (NodeTemplate::control_plane("master"), self.masters)));
        nodes.extend((self.workers > 0).then(|| (NodeTemplate::worker("worker"), self.workers)));
        let settings = Settings { original_pace: self.original_pace, kubelet, ..Settings::default() };
        Scenario { seed: self.seed, settings, nodes, ..Scenario::default() }
    }

    /// Tells the story to its end; nothing is healed.
    pub fn tell(&self) -> Result<Sim, String> {
        let mut sim = Sim::new(&self.scenario());
        // Few and small ones, so that they are thinned out.
        sim.limit(Limits { keyframe_every: 5 + (self.moment % 50) as usize, keyframes: 4, ..Limits::default() });
        for (pause, act) in &self.acts {
            let until = sim.now() + SimDuration(pause.0);
            if sim.run_until(until, STEPS_MAX) == STEPS_MAX {
                return Err("the story takes too many steps".to_owned());
            }
            for command in self.commands(&sim, act) {
                let outcome = sim.submit(command);
                // A refused manifest would make the story say less than it seems to.
                if matches!(act, Act::Apply(..)) && !outcome.errors.is_empty() {
                    return Err(format!("{:?}", outcome.errors));
                }
            }
        }
        let until = sim.now() + SimDuration::from_secs(3);
        sim.run_until(until, STEPS_MAX);
        Ok(sim)
    }

    fn commands(&self, sim: &Sim, act: &Act) -> Vec<Command> {
        let world = sim.world();
        let node = |pick: &usize| {
            let names: Vec<_> = world.nodes.keys().collect();
            (!names.is_empty()).then(|| names[pick % names.len()].to_string())
        };
        let pod = |pick: &usize| {
            let keys: Vec<_> = world.pods.keys().collect();
            (!keys.is_empty())
                .then(|| (keys[pick % keys.len()].namespace.to_string(), keys[pick % keys.len()].name.to_string()))
        };
        let daemonset = |which: &usize| {
            let (namespace, name) = ("default".to_owned(), DAEMONSETS[*which].0.to_owned());
            world
                .daemonsets
                .contains_key(&ObjectKey::new(namespace.as_str(), name.as_str()))
                .then_some((namespace, name))
        };
        let terminating = |which: &usize| {
            let key = ObjectKey::new("default", DAEMONSETS[*which].0);
            world.get(Kind::DaemonSet, &key).is_some_and(|set| set.meta().is_terminating())
        };
        let command = match act {
            Act::Apply(which, _) if terminating(which) => None,
            Act::Apply(which, manifest) => Some(Command::Apply { text: manifest_text(*which, manifest) }),
            Act::Delete(which, propagation) => daemonset(which).map(|(namespace, name)| Command::DeleteDaemonSet {
                namespace,
                name,
                propagation: *propagation,
            }),
            Act::DeletePod(pick, grace_period_seconds) => pod(pick).map(|(namespace, name)| Command::DeletePod {
                namespace,
                name,
                grace_period_seconds: *grace_period_seconds,
            }),
            Act::AddNode(kind) => {
                let mut template = match kind {
                    0 => NodeTemplate::control_plane("master"),
                    _ => NodeTemplate::worker("worker"),
                };
                if *kind == 2 {
                    template.labels.insert("disk".to_owned(), "ssd".to_owned());
                }
                Some(Command::AddNodes { template, count: 1 + (self.seed % 2) as u32 })
            }
            Act::RemoveNode(pick) => node(pick).map(|name| Command::RemoveNode { name }),
            Act::Cordon(pick, on) => node(pick).map(|name| Command::Cordon { name, on: *on }),
            Act::Taint(pick, which) => {
                let add = Taint::parse(TAINTS[*which]).into_iter().collect();
                node(pick).map(|name| Command::Taint { name, add, remove: Vec::new() })
            }
            Act::Untaint(pick) => node(pick).map(|name| {
                let remove = TAINTS.iter().filter_map(|text| Taint::parse(text)).collect();
                Command::Taint { name, add: Vec::new(), remove }
            }),
            Act::Label(pick, which) => {
                let (key, value) = LABELS[*which];
                let labels = vec![(key.to_owned(), value.map(str::to_owned))];
                node(pick).map(|name| Command::LabelNode { name, labels })
            }
            Act::Condition(pick, which, status) => node(pick).map(|name| Command::SetCondition {
                name,
                condition: CONDITIONS[*which].to_owned(),
                status: *status,
            }),
            Act::Kubelet(pick, running) => node(pick).map(|name| Command::Kubelet { name, running: *running }),
            Act::PodReady(pick, ready) => {
                pod(pick).map(|(namespace, name)| Command::SetPodReady { namespace, name, ready: *ready })
            }
            Act::PodPhase(pick, phase) => {
                pod(pick).map(|(namespace, name)| Command::SetPodPhase { namespace, name, phase: *phase })
            }
            Act::LabelPod(pick, away) => pod(pick).map(|(namespace, name)| {
                let value = if *away { "elsewhere" } else { "a" };
                Command::LabelPod { namespace, name, labels: vec![("app".to_owned(), Some(value.to_owned()))] }
            }),
            Act::Restart(which) => {
                daemonset(which).map(|(namespace, name)| Command::RolloutRestart { namespace, name })
            }
            Act::BarePod(pick, bound) => {
                let place = node(pick).filter(|_| *bound);
                Some(Command::Apply { text: bare_pod(*pick, place.as_deref()) })
            }
            Act::Capacity(pick, cpu) => {
                let allocatable = vec![("cpu".to_owned(), *cpu)];
                node(pick).map(|name| Command::SetCapacity { name, allocatable })
            }
            Act::Refuse(of, count) => Some(Command::RefuseRequests { of: *of, count: *count }),
            Act::Undo(which, to_revision) => daemonset(which).map(|(namespace, name)| Command::RolloutUndo {
                namespace,
                name,
                to_revision: *to_revision,
            }),
        };
        command.into_iter().collect()
    }
}

/// All faults end: requests are granted, kubelets live, nodes are healthy and large, and each DaemonSet gets an image that
/// runs. Whoever replaces pods only when they are deleted gets them deleted.
pub fn heal(sim: &mut Sim) -> Result<(), String> {
    for of in [RefusedRequests::CreatePods, RefusedRequests::DeletePods, RefusedRequests::WriteStatus] {
        sim.submit(Command::RefuseRequests { of, count: 0 });
    }
    let names: Vec<String> = sim.world().nodes.keys().map(ToString::to_string).collect();
    for name in names {
        for condition in CONDITIONS {
            let status = if condition == "Ready" { ConditionStatus::True } else { ConditionStatus::False };
            sim.submit(Command::SetCondition { name: name.clone(), condition: condition.to_owned(), status });
        }
        sim.submit(Command::SetCapacity { name: name.clone(), allocatable: vec![("cpu".to_owned(), CPU)] });
        sim.submit(Command::Kubelet { name, running: true });
    }
    // Bare pods never come back, and one with a DaemonSet's labels may wait for ever.
    let bare: Vec<_> = sim.world().pods.keys().filter(|key| key.name.starts_with("bare-")).cloned().collect();
    for key in bare {
        let (namespace, name) = (key.namespace.to_string(), key.name.to_string());
        sim.submit(Command::DeletePod { namespace, name, grace_period_seconds: Some(0) });
    }
    // Long enough for pods of missing nodes to go.
    sim.run_until(sim.now() + SimDuration::from_secs(90), STEPS_MAX);
    let living: Vec<_> = sim.world().daemonsets.values().filter(|set| !set.meta.is_terminating()).cloned().collect();
    for daemonset in living {
        let which = DAEMONSETS.iter().position(|(name, _)| *name == &*daemonset.meta.name).unwrap_or(0);
        let strategy = daemonset.spec.value.get("updateStrategy").map(|it| it.to_json()).unwrap_or_default();
        let manifest = Manifest {
            image: "app:final",
            strategy: &strategy,
            pod: PODS[daemonset.spec.revision_history_limit as usize % PODS.len()],
            min_ready_seconds: u32::try_from(daemonset.spec.min_ready_seconds).unwrap_or(0),
            history_limit: 2,
        };
        sim.submit(Command::Apply { text: manifest_text(which, &manifest) });
    }
    sim.run_until(SimTime::MAX, STEPS_MAX);
    let by_hand = sim.world().daemonsets.values().filter(|set| set.spec.update_strategy == UpdateStrategy::OnDelete);
    let by_hand: Vec<_> = by_hand.map(|set| set.meta.uid).collect();
    let pods: Vec<_> = by_hand.iter().flat_map(|uid| sim.world().pods_of(*uid)).map(|pod| pod.meta.key()).collect();
    for key in pods {
        let (namespace, name) = (key.namespace.to_string(), key.name.to_string());
        sim.submit(Command::DeletePod { namespace, name, grace_period_seconds: None });
    }
    sim.run_until(SimTime::MAX, STEPS_MAX);
    if sim.is_quiet() { Ok(()) } else { Err("it does not come to rest".to_owned()) }
}
