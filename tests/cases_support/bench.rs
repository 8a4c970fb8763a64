//! A cluster in which whatever the controller decides happens at once.

use std::ops::Range;
use std::sync::Arc;

use everynode::api::hash::compute_hash;
use everynode::api::{
    ConditionStatus, ControllerRevision, DaemonSet, DaemonSetStatus, Kind, Labels, Name, Node, ObjectKey, ObjectMeta,
    OwnerReference, Pod, PodPhase, SimTime, Taint, Uid, Value,
};
use everynode::controllers::daemonset::watch::{self, Wake};
use everynode::controllers::daemonset::{Act, Memory, PodMaker, Reason, Stage, View, history, sync};
use everynode::engine::check;
use everynode::store::{Delta, Object, Patch, Propagation, Request, Rng, World};

pub type LabelList = &'static [(&'static str, &'static str)];

pub const L1: LabelList = &[("name", "simple-daemon"), ("type", "production")];
pub const L2: LabelList = &[("name", "simple-daemon"), ("type", "test")];
pub const N1: LabelList = &[("color", "blue"), ("speed", "fast")];

/// What one sync did. Events are those about failed and succeeded pods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counts {
    pub creates: usize,
    pub deletes: usize,
    pub events: usize,
}

/// The DaemonSet `foo` of the original's tests, with parts of it replaced (flow style YAML).
#[derive(Clone)]
pub struct Plain {
    pub strategy: String,
    pub min_ready_seconds: i64,
    pub selector: String,
    pub pod: String,
    pub container: String,
    pub image: String,
}

impl Default for Plain {
    fn default() -> Self {
        Plain {
            strategy: "{type: OnDelete}".into(),
            min_ready_seconds: 0,
            selector: "{matchLabels: {name: simple-daemon, type: production}}".into(),
            pod: String::new(),
            container: String::new(),
            image: "foo/bar".into(),
        }
    }
}

impl Plain {
    /// With a node selector.
    pub fn on(labels: LabelList) -> Self {
        Plain { pod: format!("nodeSelector: {{{}}}", flow(labels)), ..Plain::default() }
    }

    fn daemonset(&self) -> DaemonSet {
        let Plain { strategy, min_ready_seconds, selector, pod, container, image } = self;
        let text = format!(
            "{{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: foo, namespace: default}}, spec: \
             {{revisionHistoryLimit: 2, minReadySeconds: {min_ready_seconds}, updateStrategy: {strategy}, selector: \
             {selector}, template: {{metadata: {{labels: {{{}}}}}, spec: {{containers: [{{name: app, image: \
             \"{image}\", {container}}}], {pod}}}}}}}}}",
            flow(L1)
        );
        let checked = check(&text);
        DaemonSet::from_value(&checked.documents.first().expect("a document").object)
    }
}

fn flow(labels: LabelList) -> String {
    labels.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join(", ")
}

fn to_labels(labels: LabelList) -> Labels {
    labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Which template a pod was made from.
#[derive(Clone, Copy, PartialEq)]
pub enum Hash {
    Current,
    Old,
}

/// A pod that is there before a sync.
#[derive(Clone, Copy)]
pub struct Shape {
    pub owned: bool,
    pub bound: bool,
    pub labels: LabelList,
    pub hash: Hash,
    pub phase: PodPhase,
    pub created: SimTime,
    pub ready_since: Option<SimTime>,
    pub terminating: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Shape {
            owned: true,
            bound: true,
            labels: L1,
            hash: Hash::Current,
            phase: PodPhase::Pending,
            created: SimTime::ZERO,
            ready_since: None,
            terminating: false,
        }
    }
}

pub struct Bench {
    pub world: World,
    pub memory: Memory,
    pub now: SimTime,
    pub key: ObjectKey,
    /// The nodes that pods were created on in the last sync.
    pub created_on: Vec<String>,
    rng: Rng,
    deltas: Vec<Delta>,
}

impl Bench {
    pub fn new(set: &Plain) -> Self {
        let mut rng = Rng::new(1);
        let mut bench = Bench {
            world: World::new(&mut rng),
            memory: Memory::default(),
            now: SimTime::ZERO,
            key: ObjectKey::new("default", "foo"),
            created_on: Vec::new(),
            rng,
            deltas: Vec::new(),
        };
        bench.create(set);
        bench
    }

    pub fn create(&mut self, set: &Plain) {
        self.handle(Request::Create(Object::DaemonSet(Arc::new(set.daemonset()))));
    }

    pub fn handle(&mut self, request: Request) -> Object {
        let answer = self.world.handle(request, self.now, &mut self.rng, &mut self.deltas);
        answer.expect("the API server agrees")
    }

    pub fn last_delta(&self) -> Delta {
        self.deltas.last().expect("something has changed").clone()
    }

    pub fn daemonset(&self) -> Arc<DaemonSet> {
        self.world.daemonsets.get(&self.key).expect("the DaemonSet").clone()
    }

    pub fn update(&mut self, set: &Plain) {
        self.handle(Request::Update(Object::DaemonSet(Arc::new(set.daemonset()))));
    }

    pub fn add_daemonset(&mut self, name: &str, selector: LabelList) {
        let selector = format!("{{matchLabels: {{{}}}}}", flow(selector));
        let mut set = Plain { selector, ..Plain::default() }.daemonset();
        set.meta.name = name.into();
        self.handle(Request::Create(Object::DaemonSet(Arc::new(set))));
    }

    pub fn set_status(&mut self, change: impl FnOnce(&mut DaemonSetStatus)) {
        let mut status = self.daemonset().status;
        change(&mut status);
        self.patch(Kind::DaemonSet, &self.key.clone(), Patch::DaemonSetStatus(status));
    }

    pub fn delete_in_the_foreground(&mut self) {
        self.delete(Kind::DaemonSet, &self.key.clone(), Some(Propagation::Foreground), None);
    }

    pub fn delete_daemonset(&mut self) -> Delta {
        self.delete(Kind::DaemonSet, &self.key.clone(), Some(Propagation::Background), None)
    }

    fn patch(&mut self, kind: Kind, key: &ObjectKey, patch: Patch) -> Delta {
        self.handle(Request::Patch { kind, key: key.clone(), uid: None, patch });
        self.last_delta()
    }

    fn delete(&mut self, kind: Kind, key: &ObjectKey, propagation: Option<Propagation>, grace: Option<i64>) -> Delta {
        self.handle(Request::Delete { kind, key: key.clone(), uid: None, propagation, grace_period_seconds: grace });
        self.last_delta()
    }

    // ------------------------------------------------------------ nodes

    /// Ready nodes without taints; the answer is how the last one came.
    pub fn nodes(&mut self, numbers: Range<usize>, labels: LabelList) -> Delta {
        let mut last = None;
        for number in numbers {
            let name = format!("node-{number}");
            let mut node = Node::named(&name);
            Arc::make_mut(&mut node.meta.labels).extend(to_labels(labels));
            self.handle(Request::Create(Object::Node(Arc::new(node))));
            last = Some(self.last_delta());
            self.patch_node(&name, Patch::Taints(Arc::from([])));
        }
        last.unwrap_or(Delta { before: None, after: None })
    }

    pub fn patch_node(&mut self, name: &str, patch: Patch) -> Delta {
        self.patch(Kind::Node, &ObjectKey::cluster(name), patch)
    }

    pub fn taint(&mut self, name: &str, taints: &str) {
        let taints = taints.split_whitespace().map(|text| Taint::parse(text).expect("a taint")).collect();
        self.patch_node(name, Patch::Taints(taints));
    }

    pub fn condition(&mut self, name: &str, condition: &str, status: ConditionStatus) {
        let mut node = (**self.world.nodes.get(name).expect("a node")).clone();
        node.set_condition(condition, status, self.now);
        self.patch_node(name, Patch::NodeConditions(node.conditions));
    }

    // ------------------------------------------------------------ pods

    pub fn pods(&mut self, node: &str, count: usize, labels: LabelList) {
        for _ in 0..count {
            self.pod(node, Shape { labels, ..Shape::default() });
        }
    }

    pub fn pod(&mut self, node: &str, shape: Shape) -> ObjectKey {
        let daemonset = self.daemonset();
        let hash = compute_hash(&daemonset.spec.template.value, daemonset.status.collision_count);
        let mut pod = PodMaker::new(&daemonset, &hash).for_node(&node.into());
        let labels = Arc::make_mut(&mut pod.meta.labels);
        labels.retain(|key, _| key == "controller-revision-hash" || key == "pod-template-generation");
        labels.extend(to_labels(shape.labels));
        if shape.hash == Hash::Old {
            labels.insert("controller-revision-hash".into(), "old".into());
            labels.insert("pod-template-generation".into(), "0".into());
        }
        if !shape.owned {
            pod.meta.owner_references = Arc::from([]);
        }
        pod.spec.node_name = shape.bound.then(|| node.into());
        let now = std::mem::replace(&mut self.now, shape.created);
        let key = self.handle(Request::Create(Object::Pod(Arc::new(pod)))).key();
        let created = self.last_delta();
        self.now = now;
        if shape.terminating {
            self.delete(Kind::Pod, &key, None, None);
        }
        if shape.phase != PodPhase::Pending || shape.ready_since.is_some() {
            let mut status = self.world.pods.get(&key).expect("the pod").status.clone();
            status.phase = shape.phase;
            if let Some(since) = shape.ready_since {
                status.set_condition("Ready", true, "", "", since);
            }
            self.patch(Kind::Pod, &key, Patch::PodStatus(status));
        }
        if !shape.terminating && shape.phase == PodPhase::Pending && shape.ready_since.is_none() {
            self.deltas.push(created);
        }
        key
    }

    pub fn set_ready(&mut self, key: &ObjectKey, ready: bool) -> Delta {
        let mut status = self.world.pods.get(key).expect("the pod").status.clone();
        status.phase = PodPhase::Running;
        status.set_condition("Ready", ready, "", "", self.now);
        self.patch(Kind::Pod, key, Patch::PodStatus(status))
    }

    pub fn all_ready(&mut self) {
        let keys: Vec<ObjectKey> = self.world.pods.keys().cloned().collect();
        for key in keys {
            self.set_ready(&key, true);
        }
    }

    pub fn remove_pod(&mut self, key: &ObjectKey) -> Delta {
        self.delete(Kind::Pod, key, None, Some(0))
    }

    pub fn label_pod(&mut self, key: &ObjectKey, label: &str, value: &str) -> Delta {
        self.patch(Kind::Pod, key, Patch::Labels(vec![(label.to_owned(), Some(value.to_owned()))]))
    }

    pub fn adopt(&mut self, key: &ObjectKey, daemonset: &str) -> Delta {
        let meta = self.world.daemonsets.get(&ObjectKey::new("default", daemonset)).expect("a DaemonSet").meta.clone();
        let owner = OwnerReference::controller(Kind::DaemonSet, &meta.name, meta.uid);
        self.patch(Kind::Pod, key, Patch::AddOwner(owner))
    }

    pub fn release(&mut self, key: &ObjectKey) -> Delta {
        let owner = self.world.pods.get(key).expect("the pod").meta.controller().expect("an owner").uid;
        self.patch(Kind::Pod, key, Patch::RemoveOwner(owner))
    }

    pub fn pods_of_image(&self, image: &str) -> Vec<ObjectKey> {
        let pods = self.world.pods.values().filter(|pod| pod.spec.template.image() == image);
        pods.map(|pod| pod.meta.key()).collect()
    }

    pub fn add_revision(&mut self, namespace: &str, name: &str, number: i64, owned: bool) -> ObjectKey {
        let daemonset = self.daemonset();
        let owner = OwnerReference::controller(Kind::DaemonSet, &daemonset.meta.name, daemonset.meta.uid);
        let mut labels = to_labels(L1);
        labels.insert("controller-revision-hash".into(), name.into());
        let data: Value = [("spec", Value::from([("template", Value::from([("note", Value::from(name))]))]))].into();
        let revision = ControllerRevision {
            meta: ObjectMeta {
                labels: Arc::new(labels),
                owner_references: if owned { Arc::from([owner]) } else { Arc::from([]) },
                ..ObjectMeta::named(namespace, name)
            },
            revision: number,
            json: data.to_json().into(),
            data: Arc::new(data),
        };
        self.handle(Request::Create(Object::ControllerRevision(Arc::new(revision)))).key()
    }

    // ------------------------------------------------------------ the controller

    pub fn observe(&mut self, delta: &Delta) -> Vec<Wake> {
        let mut wakes = Vec::new();
        watch::observe(&self.world, &mut self.memory, delta, &mut wakes);
        wakes
    }

    pub fn backoff_key(&self, node: &str) -> (Uid, i64, Name) {
        let daemonset = self.daemonset();
        (daemonset.meta.uid, daemonset.status.observed_generation, node.into())
    }

    /// A whole sync.
    pub fn sync(&mut self) -> Counts {
        self.created_on.clear();
        self.end_sync(Some(Stage::History))
    }

    /// The first stage of a sync, and which follows.
    pub fn begin_sync(&mut self) -> Option<Stage> {
        self.created_on.clear();
        self.stage(Stage::History, &mut Counts { creates: 0, deletes: 0, events: 0 })
    }

    /// A sync from a stage on.
    pub fn end_sync(&mut self, mut stage: Option<Stage>) -> Counts {
        let mut counts = Counts { creates: 0, deletes: 0, events: 0 };
        for _ in 0..20 {
            let Some(now) = stage else { return counts };
            stage = self.stage(now, &mut counts);
        }
        panic!("the sync does not end");
    }

    pub fn claim(&mut self) {
        self.stage(Stage::Claim, &mut Counts { creates: 0, deletes: 0, events: 0 });
    }

    pub fn sync_status(&mut self) {
        self.stage(Stage::Status, &mut Counts { creates: 0, deletes: 0, events: 0 });
    }

    fn stage(&mut self, stage: Stage, counts: &mut Counts) -> Option<Stage> {
        let seed = self.rng.next_u64();
        let view = View { world: &self.world, memory: &self.memory, tally: None, now: self.now, seed };
        let plan = sync(&view, &self.key, stage);
        assert_eq!(plan.error, None);
        for key in &plan.advance_backoff {
            self.memory.advance_backoff(key, self.now);
        }
        for decision in plan.decisions {
            if matches!(decision.reason, Reason::Failed { .. } | Reason::Succeeded { .. }) {
                counts.events += 1;
            }
            self.perform(decision.act, counts);
        }
        plan.next
    }

    fn perform(&mut self, act: Act, counts: &mut Counts) {
        let daemonset = self.daemonset();
        let owner = || OwnerReference::controller(Kind::DaemonSet, &daemonset.meta.name, daemonset.meta.uid);
        let hash_label = |hash: String| Patch::Labels(vec![("controller-revision-hash".to_owned(), Some(hash))]);
        let revision_kind = Kind::ControllerRevision;
        match act {
            Act::CreatePod { node } => {
                counts.creates += 1;
                self.created_on.push(node.to_string());
                let hash = history::current(&self.world, &daemonset).and_then(|it| it.hash()).unwrap_or_default();
                let pod: Pod = PodMaker::new(&daemonset, hash).for_node(&node);
                self.handle(Request::Create(Object::Pod(Arc::new(pod))));
            }
            Act::DeletePod { pod, .. } => {
                counts.deletes += 1;
                self.remove_pod(&pod);
            }
            Act::AdoptPod { pod, .. } => drop(self.patch(Kind::Pod, &pod, Patch::AddOwner(owner()))),
            Act::ReleasePod { pod, .. } => {
                self.patch(Kind::Pod, &pod, Patch::RemoveOwner(daemonset.meta.uid));
            }
            Act::RelabelPod { pod, hash, .. } => drop(self.patch(Kind::Pod, &pod, hash_label(hash))),
            Act::AdoptRevision { revision, .. } => {
                self.patch(revision_kind, &revision, Patch::AddOwner(owner()));
            }
            Act::ReleaseRevision { revision, .. } => {
                self.patch(revision_kind, &revision, Patch::RemoveOwner(daemonset.meta.uid));
            }
            Act::LabelRevision { revision, hash, .. } => drop(self.patch(revision_kind, &revision, hash_label(hash))),
            Act::CreateRevision(revision) => {
                self.handle(Request::Create(Object::ControllerRevision(revision)));
            }
            Act::RenumberRevision { revision, number, .. } => {
                self.patch(revision_kind, &revision, Patch::Revision(number));
            }
            Act::DeleteRevision { revision, .. } => drop(self.delete(revision_kind, &revision, None, None)),
            Act::WriteStatus(status) => {
                let key = self.key.clone();
                self.patch(Kind::DaemonSet, &key, Patch::DaemonSetStatus(status));
            }
        }
    }
}
