//! How the API server answers a request: what it fills in, what it refuses, what it changes.
//!
//! Not modelled: authentication, webhooks, API versions other than the stored one.

use std::sync::Arc;

use crate::api::daemonset::TEMPLATE_GENERATION_ANNOTATION;
use crate::api::pod::{NEVER, PREEMPT_LOWER_PRIORITY};
use crate::api::taint::{NO_EXECUTE, NO_SCHEDULE, NOT_READY, UNREACHABLE};
use crate::api::{
    Kind, Labels, Name, Namespace, Node, ObjectKey, ObjectMeta, Pod, PodPhase, PodStatus, SimDuration, SimTime, Taint,
    Toleration, Uid, Value,
};

use super::request::{ApiError, ErrorReason, FOREGROUND_FINALIZER, ORPHAN_FINALIZER, Patch, Propagation, Request};
use super::rng::Rng;
use super::world::{Delta, Object, World};

/// generateName is cut to this length before the suffix is appended, so that a name never has more than 253 characters.
const GENERATED_PREFIX_MAX: usize = 248;
/// The namespaces that every cluster has.
pub const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];
/// The priority classes that every cluster has.
pub const PRIORITY_CLASSES: [(&str, i32); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];
/// Namespaces that are not deleted (admission plugin NamespaceLifecycle).
const IMMORTAL_NAMESPACES: [&str; 3] = ["default", "kube-system", "kube-public"];
/// Attempts at a free generated name (`createWithGenerateNameRetry`).
const GENERATE_NAME_ATTEMPTS: usize = 8;

impl World {
    /// A store with the namespaces and priority classes that every cluster has.
    pub fn new(rng: &mut Rng) -> Self {
        let mut world = World::default();
        for name in NAMESPACES {
            let namespace = Namespace { meta: ObjectMeta::named("", name) };
            world.put_new(Object::Namespace(Arc::new(namespace)), SimTime::ZERO, rng);
        }
        for (name, value) in PRIORITY_CLASSES {
            let class = crate::api::PriorityClass {
                meta: ObjectMeta::named("", name),
                value,
                global_default: false,
                preemption_policy: PREEMPT_LOWER_PRIORITY.into(),
            };
            world.put_new(Object::PriorityClass(Arc::new(class)), SimTime::ZERO, rng);
        }
        world
    }

    /// Answers a request. What changed is appended to `deltas`; the answer is the object as it is now (or was, if it is
    /// gone).
    ///
    /// # Errors
    /// The refusals of the API server, with its messages.
    pub fn handle(
        &mut self,
        request: Request,
        now: SimTime,
        rng: &mut Rng,
        deltas: &mut Vec<Delta>,
    ) -> Result<Object, ApiError> {
        let delta = match request {
            Request::Create(object) => self.create(object, now, rng, deltas)?,
            Request::Update(object) => self.update(object)?,
            Request::Patch { kind, key, uid, patch } => self.patch(kind, &key, uid, patch, now)?,
            Request::Delete { kind, key, uid, propagation, grace_period_seconds } => {
                self.delete(kind, &key, uid, propagation, grace_period_seconds, now)?
            }
            Request::Bind { pod, uid, node } => self.bind(&pod, uid, &node, now)?,
        };
        let Some(answer) = delta.object().cloned() else {
            return Err(ApiError { reason: ErrorReason::Invalid, message: "a request about no object".to_owned() });
        };
        match &delta {
            // A pod that is deleted without grace is marked before it is removed (`updateForGracefulDeletion`).
            Delta { before: Some(Object::Pod(pod)), after: None } if !pod.is_terminating() => {
                let mut marked = (**pod).clone();
                marked.meta.deletion_at = Some(now);
                marked.meta.deletion_grace_period_seconds = Some(0);
                marked.meta.resource_version = self.resource_version;
                let marked = Some(Object::Pod(Arc::new(marked)));
                deltas.push(Delta { before: delta.before.clone(), after: marked.clone() });
                deltas.push(Delta { before: marked, after: None });
            }
            Delta { before, after } if before != after => deltas.push(delta),
            _ => {}
        }
        Ok(answer)
    }

    fn find(&self, kind: Kind, key: &ObjectKey, uid: Option<Uid>) -> Result<Object, ApiError> {
        let object = self.get(kind, key).ok_or_else(|| ApiError::not_found(kind, &key.name))?;
        match uid {
            Some(uid) if uid != object.meta().uid => Err(ApiError::conflict(kind, &key.name)),
            _ => Ok(object),
        }
    }

    // ------------------------------------------------------------ create

    /// Models `Store.Create` with the types' `PrepareForCreate` and the admission plugins that touch these kinds.
    fn create(
        &mut self,
        mut object: Object,
        now: SimTime,
        rng: &mut Rng,
        deltas: &mut Vec<Delta>,
    ) -> Result<Delta, ApiError> {
        let kind = object.kind();
        self.choose_name(&mut object, rng);
        if kind.is_namespaced() {
            self.admit_into_namespace(&object)?;
        }
        if self.get(kind, &object.key()).is_some() {
            return Err(ApiError::already_exists(kind, &object.meta().name));
        }
        match &mut object {
            Object::Node(node) => self.admit_node(Arc::make_mut(node)),
            Object::Pod(pod) => self.admit_pod(Arc::make_mut(pod), now)?,
            Object::DaemonSet(daemonset) => {
                let daemonset = Arc::make_mut(daemonset);
                daemonset.status = Default::default();
                let generation = daemonset.first_generation().to_string();
                Arc::make_mut(&mut daemonset.meta.annotations)
                    .insert(TEMPLATE_GENERATION_ANNOTATION.to_owned(), generation);
            }
            Object::ResourceQuota(quota) => Arc::make_mut(quota).status = None,
            _ => {}
        }
        self.charge_quotas(&object, deltas)?;
        Ok(self.put_new(object, now, rng))
    }

    /// Admission plugin ResourceQuota, the last of all: what is admitted is counted at once.
    fn charge_quotas(&mut self, object: &Object, deltas: &mut Vec<Delta>) -> Result<(), ApiError> {
        if self.quotas.is_empty() {
            return Ok(());
        }
        let charged = super::quota::admit(self, object).map_err(|why| forbidden(object.kind(), object.meta(), &why))?;
        for (quota, status) in charged {
            let mut new = (*quota).clone();
            new.status = Some(status);
            deltas.push(self.put_changed(Object::ResourceQuota(quota), Object::ResourceQuota(Arc::new(new))));
        }
        Ok(())
    }

    fn put_new(&mut self, mut object: Object, now: SimTime, rng: &mut Rng) -> Delta {
        let version = self.resource_version + 1;
        let generation = i64::from(matches!(object.kind(), Kind::DaemonSet | Kind::Pod));
        let meta = object.meta_mut();
        meta.uid = rng.uid();
        meta.created_at = Some(now);
        meta.resource_version = version;
        meta.generation = generation;
        meta.deletion_at = None;
        meta.deletion_grace_period_seconds = None;
        let delta = Delta { before: None, after: Some(object) };
        self.apply(&delta);
        delta
    }

    fn admit_into_namespace(&self, object: &Object) -> Result<(), ApiError> {
        let meta = object.meta();
        match self.namespaces.get(&meta.namespace) {
            None => Err(ApiError::not_found(Kind::Namespace, &meta.namespace)),
            Some(namespace) if namespace.meta.is_terminating() => Err(ApiError {
                reason: ErrorReason::Forbidden,
                message: format!(
                    "{} {:?} is forbidden: unable to create new content in namespace {} because it is being terminated",
                    object.kind().resource(),
                    &*meta.name,
                    meta.namespace
                ),
            }),
            Some(_) => Ok(()),
        }
    }

    fn choose_name(&self, object: &mut Object, rng: &mut Rng) {
        let kind = object.kind();
        let meta = object.meta_mut();
        let (true, Some(prefix)) = (meta.name.is_empty(), meta.generate_name.clone()) else { return };
        let end = prefix.char_indices().map(|(at, _)| at).nth(GENERATED_PREFIX_MAX).unwrap_or(prefix.len());
        for _ in 0..GENERATE_NAME_ATTEMPTS {
            meta.name = format!("{}{}", &prefix[..end], rng.name_suffix()).into();
            if self.get(kind, &meta.key()).is_none() {
                return;
            }
        }
    }

    /// Admission plugin TaintNodesByCondition, and what a cloud or the node IPAM controller assigns.
    fn admit_node(&mut self, node: &mut Node) {
        let not_ready = Taint::new(NOT_READY, "", NO_SCHEDULE);
        if !node.taints.contains(&not_ready) {
            node.taints = node.taints.iter().cloned().chain([not_ready]).collect();
        }
        let index = self.nodes_registered;
        self.nodes_registered += 1;
        // 10.42.0.0/24, 10.42.1.0/24, ... 10.43.0.0/24: room for 54,000 nodes.
        let (high, low) = (index / 256, index % 256);
        node.pod_cidr.get_or_insert_with(|| format!("10.{}.{low}.0/24", 42 + high % 200).into());
        node.internal_ip.get_or_insert_with(|| {
            format!("172.{}.{}.{}", 18 + high / 64 % 12, index / 250 % 250, 2 + index % 250).into()
        });
    }

    /// Admission plugins Priority and DefaultTolerationSeconds.
    fn admit_pod(&self, pod: &mut Pod, now: SimTime) -> Result<(), ApiError> {
        if let Some(why) = super::limits::admit(self, pod) {
            return Err(forbidden(Kind::Pod, &pod.meta, &why));
        }
        self.admit_priority(pod)?;
        // RuntimeClasses are not simulated, so none can ask for this.
        let value = &pod.spec.template.value;
        let has = |field: &str| match value.get(field) {
            Some(Value::Map(map)) => !map.is_empty(),
            Some(Value::Str(text)) => !text.is_empty(),
            _ => false,
        };
        if has("overhead") && !has("runtimeClassName") {
            let why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
            return Err(forbidden(Kind::Pod, &pod.meta, why));
        }
        let tolerates = |pod: &Pod, key: &str| {
            let covers =
                |t: &Toleration| (t.key == key || t.key.is_empty()) && (t.effect == NO_EXECUTE || t.effect.is_empty());
            pod.spec.tolerations.iter().any(covers)
        };
        let missing: Vec<Toleration> = [NOT_READY, UNREACHABLE]
            .into_iter()
            .filter(|key| !tolerates(pod, key))
            .map(|key| Toleration { toleration_seconds: Some(300), ..Toleration::exists(key, NO_EXECUTE) })
            .collect();
        if !missing.is_empty() {
            pod.spec.tolerations = pod.spec.tolerations.iter().cloned().chain(missing).collect();
        }
        pod.status = PodStatus::default();
        if !pod.spec.template.value.list("schedulingGates").is_empty() {
            let message = "Scheduling is blocked due to non-empty scheduling gates";
            pod.status.set_condition("PodScheduled", false, "SchedulingGated", message, now);
        }
        let labels = self.namespaces.get(&pod.meta.namespace).map(|namespace| namespace.meta.labels.clone());
        match labels.and_then(|labels| super::pod_security::refusal(&labels, &pod.spec.template.value)) {
            Some(why) => Err(forbidden(Kind::Pod, &pod.meta, &why)),
            None => Ok(()),
        }
    }

    /// Admission plugin Priority: the class decides, and what a pod says of its own has to be the same.
    fn admit_priority(&self, pod: &mut Pod) -> Result<(), ApiError> {
        let name = &pod.spec.template.priority_class_name;
        let class = match name.as_str() {
            "" => self.priority_classes.values().filter(|class| class.global_default).min_by_key(|class| class.value),
            name => Some(self.priority_classes.get(name).ok_or_else(|| {
                forbidden(Kind::Pod, &pod.meta, &format!("no PriorityClass with name {name} was found"))
            })?),
        };
        let priority = class.map_or(0, |class| class.value);
        let policy = class.map_or(PREEMPT_LOWER_PRIORITY, |class| &class.preemption_policy);
        let own = &pod.spec.template;
        let differs = |what: &str, own: &str, computed: &str| {
            let why = format!(
                "the {what} ({own}) must not be provided in pod spec; priority admission controller computed {computed} \
                 from the given PriorityClass name"
            );
            Err(forbidden(Kind::Pod, &pod.meta, &why))
        };
        if let Some(own) = own.value.int("priority").filter(|own| *own != i64::from(priority)) {
            return differs("integer value of priority", &own.to_string(), &priority.to_string());
        }
        if !own.preemption_policy.is_empty() && own.preemption_policy != policy {
            return differs("string value of PreemptionPolicy", &own.preemption_policy, policy);
        }
        (pod.spec.priority, pod.spec.never_preempts) = (priority, policy == NEVER);
        Ok(())
    }

    // ------------------------------------------------------------ update

    /// Models `PrepareForUpdate` and `GuaranteedUpdate`: generations follow from what changed, and an update that changes
    /// nothing writes nothing.
    fn update(&mut self, mut object: Object) -> Result<Delta, ApiError> {
        let kind = object.kind();
        let old = self.find(kind, &object.key(), None)?;
        let old_meta = old.meta().clone();
        let meta = object.meta_mut();
        meta.uid = old_meta.uid;
        meta.created_at = old_meta.created_at;
        meta.deletion_at = old_meta.deletion_at;
        meta.deletion_grace_period_seconds = old_meta.deletion_grace_period_seconds;
        meta.resource_version = old_meta.resource_version;
        meta.generation = old_meta.generation;
        match (&old, &mut object) {
            (Object::DaemonSet(old), Object::DaemonSet(new)) => {
                let new = Arc::make_mut(new);
                new.status = old.status;
                let mut template_generation = old.template_generation().unwrap_or(1);
                if new.spec.value != old.spec.value {
                    new.meta.generation += 1;
                    if new.spec.template.value != old.spec.template.value {
                        template_generation += 1;
                    }
                }
                Arc::make_mut(&mut new.meta.annotations)
                    .insert(TEMPLATE_GENERATION_ANNOTATION.to_owned(), template_generation.to_string());
            }
            (Object::Pod(old), Object::Pod(new)) => Arc::make_mut(new).status = old.status.clone(),
            (Object::ResourceQuota(old), Object::ResourceQuota(new)) => {
                Arc::make_mut(new).status = old.status.clone();
            }
            (Object::Node(old), Object::Node(new)) => {
                let new = Arc::make_mut(new);
                new.pod_cidr = old.pod_cidr.clone();
                new.internal_ip = old.internal_ip.clone();
            }
            _ => {}
        }
        let (before, after) = (&old_meta.finalizers, &object.meta().finalizers);
        if old_meta.is_terminating() {
            let added: Vec<&str> = after.iter().filter(|it| !before.contains(it)).map(|it| &**it).collect();
            if !added.is_empty() {
                let message = format!(
                    "{kind} {:?} is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is \
                     being deleted, found new finalizers []string{added:?}",
                    &*old_meta.name
                );
                return Err(ApiError { reason: ErrorReason::Invalid, message });
            }
            // The last thing that held it is gone (`deleteWithoutFinalizers`).
            let held = old_meta.deletion_grace_period_seconds != Some(0) || kind == Kind::Namespace;
            if after.is_empty() && !held {
                return Ok(self.remove_from_store(old));
            }
        }
        Ok(self.put_changed(old, object))
    }

    /// Stores a changed object under a new resourceVersion; one that is equal to the old is not written.
    fn put_changed(&mut self, old: Object, mut new: Object) -> Delta {
        if old != new {
            new.meta_mut().resource_version = self.resource_version + 1;
        }
        let delta = Delta { before: Some(old), after: Some(new) };
        if delta.before != delta.after {
            self.apply(&delta);
        }
        delta
    }

    fn patch(
        &mut self,
        kind: Kind,
        key: &ObjectKey,
        uid: Option<Uid>,
        patch: Patch,
        now: SimTime,
    ) -> Result<Delta, ApiError> {
        let old = self.find(kind, key, uid)?;
        let mut new = old.clone();
        match (&mut new, patch) {
            (Object::Pod(pod), Patch::PodStatus(status)) => Arc::make_mut(pod).status = status,
            (Object::DaemonSet(set), Patch::DaemonSetStatus(status)) => Arc::make_mut(set).status = status,
            (Object::Node(node), Patch::Taints(taints)) => Arc::make_mut(node).taints = taints,
            (Object::Node(node), Patch::Unschedulable(on)) => Arc::make_mut(node).unschedulable = on,
            (Object::Node(node), Patch::NodeConditions(conditions)) => Arc::make_mut(node).conditions = conditions,
            (Object::Node(node), Patch::Allocatable(allocatable)) => Arc::make_mut(node).allocatable = allocatable,
            (Object::ResourceQuota(quota), Patch::QuotaStatus(status)) => Arc::make_mut(quota).status = Some(status),
            (Object::ControllerRevision(it), Patch::Revision(number)) => Arc::make_mut(it).revision = number,
            (Object::Event(event), Patch::Event { count, message, last_at }) => {
                let event = Arc::make_mut(event);
                (event.count, event.message, event.last_at) = (count, message, last_at);
            }
            (object, Patch::Labels(changes)) => merge(&mut object.meta_mut().labels, changes),
            (object, Patch::Annotations(changes)) => merge(&mut object.meta_mut().annotations, changes),
            (object, Patch::AddOwner(owner)) => {
                let meta = object.meta_mut();
                meta.owner_references = meta.owner_references.iter().cloned().chain([owner]).collect();
            }
            (object, Patch::RemoveOwner(owner)) => {
                let meta = object.meta_mut();
                meta.owner_references = meta.owner_references.iter().filter(|it| it.uid != owner).cloned().collect();
            }
            (object, Patch::RemoveFinalizer(name)) => {
                let meta = object.meta_mut();
                meta.finalizers = meta.finalizers.iter().filter(|it| **it != name).cloned().collect();
                let grace_is_over = meta.deletion_at.is_some_and(|at| at <= now);
                if meta.finalizers.is_empty() && grace_is_over {
                    return Ok(self.remove_from_store(old));
                }
            }
            (_, _) => {
                return Err(ApiError {
                    reason: ErrorReason::Invalid,
                    message: format!("{} {:?} has no such part", kind.resource(), &*key.name),
                });
            }
        }
        Ok(self.put_changed(old, new))
    }

    fn bind(&mut self, key: &ObjectKey, uid: Uid, node: &Name, now: SimTime) -> Result<Delta, ApiError> {
        let old = self.find(Kind::Pod, key, Some(uid))?;
        let mut new = old.clone();
        if let Object::Pod(pod) = &mut new {
            if pod.spec.node_name.is_some() {
                return Err(ApiError::conflict(Kind::Pod, &key.name));
            }
            let pod = Arc::make_mut(pod);
            pod.spec.node_name = Some(node.clone());
            pod.status.set_condition("PodScheduled", true, "", "", now);
            pod.status.nominated_node = None;
        }
        Ok(self.put_changed(old, new))
    }

    // ------------------------------------------------------------ delete

    /// Models `Store.Delete`, `deletionFinalizersForGarbageCollection`, and for pods `CheckGracefulDelete`.
    fn delete(
        &mut self,
        kind: Kind,
        key: &ObjectKey,
        uid: Option<Uid>,
        propagation: Option<Propagation>,
        grace_period_seconds: Option<i64>,
        now: SimTime,
    ) -> Result<Delta, ApiError> {
        let old = self.find(kind, key, uid)?;
        let mut new = old.clone();
        let grace = match &old {
            Object::Pod(pod) => pod_grace_period(pod, grace_period_seconds),
            _ => 0,
        };
        let meta = new.meta_mut();
        set_gc_finalizers(meta, propagation);
        if kind == Kind::Namespace && IMMORTAL_NAMESPACES.contains(&&*meta.name) {
            return Err(forbidden(kind, meta, "this namespace may not be deleted"));
        }
        // A namespace goes when its controller has emptied it (`spec.finalizers`).
        let waits = grace > 0 || !meta.finalizers.is_empty() || kind == Kind::Namespace;
        if !waits {
            return Ok(self.remove_from_store(old));
        }
        let deadline = now + SimDuration::from_secs(grace as u64);
        match meta.deletion_at {
            // Another delete can only shorten the grace period.
            Some(earlier) if earlier <= deadline => {}
            earlier => {
                meta.deletion_at = Some(deadline);
                meta.deletion_grace_period_seconds = Some(grace);
                if earlier.is_none() && meta.generation > 0 {
                    meta.generation += 1;
                }
            }
        }
        Ok(self.put_changed(old, new))
    }

    fn remove_from_store(&mut self, old: Object) -> Delta {
        // A removal has a resourceVersion of its own in the store's one order.
        self.resource_version += 1;
        let delta = Delta { before: Some(old), after: None };
        self.apply(&delta);
        delta
    }
}

fn forbidden(kind: Kind, meta: &ObjectMeta, why: &str) -> ApiError {
    let message = format!("{} {:?} is forbidden: {why}", kind.resource(), &*meta.name);
    ApiError { reason: ErrorReason::Forbidden, message }
}

/// Grace period of a pod's deletion, in seconds: none for a pod that no kubelet runs or that has ended.
fn pod_grace_period(pod: &Pod, requested: Option<i64>) -> i64 {
    if pod.spec.node_name.is_none() || matches!(pod.status.phase, PodPhase::Failed | PodPhase::Succeeded) {
        return 0;
    }
    let seconds = requested.unwrap_or(pod.spec.template.termination_grace_period_seconds);
    if seconds < 0 { 1 } else { seconds }
}

/// An explicit policy decides over the finalizers that are already there (`deletionFinalizersForGarbageCollection`).
fn set_gc_finalizers(meta: &mut ObjectMeta, propagation: Option<Propagation>) {
    let Some(propagation) = propagation else { return };
    let wanted = match propagation {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND_FINALIZER),
        Propagation::Orphan => Some(ORPHAN_FINALIZER),
    };
    let others = meta.finalizers.iter().filter(|name| ![FOREGROUND_FINALIZER, ORPHAN_FINALIZER].contains(&&***name));
    meta.finalizers = others.cloned().chain(wanted.map(Into::into)).collect();
}

fn merge(labels: &mut Arc<Labels>, changes: Vec<(String, Option<String>)>) {
    let labels = Arc::make_mut(labels);
    for (key, value) in changes {
        match value {
            Some(value) => drop(labels.insert(key, value)),
            None => drop(labels.remove(&key)),
        }
    }
}
