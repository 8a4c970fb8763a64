//! Revisions: each template that a DaemonSet ever had, found again by content, named by hash (`constructHistory`).

use std::sync::Arc;

use crate::api::pod::HASH_LABEL;
use crate::api::value::Map;
use crate::api::{ControllerRevision, DaemonSet, Kind, Name, ObjectKey, ObjectMeta, OwnerReference, Value};
use crate::store::World;

use super::reason::Reason;
use super::saw::Saw;
use super::sync::{Act, Decision, Plan, Stage, View};

/// The revisions that a DaemonSet controls.
pub fn revisions<'a>(world: &'a World, daemonset: &DaemonSet) -> impl Iterator<Item = &'a Arc<ControllerRevision>> {
    let uid = daemonset.meta.uid;
    world
        .revisions_in(&daemonset.meta.namespace)
        .filter(move |revision| revision.meta.controller().is_some_and(|owner| owner.uid == uid))
}

/// The revision that holds the current template: found by content, not by hash (`Match`).
pub fn current<'a>(world: &'a World, daemonset: &DaemonSet) -> Option<&'a Arc<ControllerRevision>> {
    let template = &daemonset.spec.template.value;
    let same = |revision: &&Arc<ControllerRevision>| {
        // The same template value is shared by pointer in the usual case.
        let data = template_of(revision);
        data.is_some_and(|data| same_template(data, template))
    };
    revisions(world, daemonset)
        .filter(same)
        .max_by_key(|revision| revision.revision)
        .or_else(|| namesake(world, daemonset).filter(same))
}

/// A revision of a predecessor of the same name that the garbage collector has not reached yet. Where it holds the same
/// template, the original takes it for its own (`snapshot`, on AlreadyExists).
fn namesake<'a>(world: &'a World, daemonset: &DaemonSet) -> Option<&'a Arc<ControllerRevision>> {
    let hash = crate::api::hash::compute_hash(&daemonset.spec.template.value, daemonset.status.collision_count);
    let key = ObjectKey { namespace: daemonset.meta.namespace.clone(), name: revision_name(daemonset, &hash) };
    world.revisions.get(&key)
}

/// The hash label of the current revision; empty until it exists.
pub fn current_hash(world: &World, daemonset: &DaemonSet) -> String {
    current(world, daemonset).and_then(|revision| revision.hash()).unwrap_or_default().to_owned()
}

/// The template in a revision's data (with its `$patch` key).
pub fn template_of(revision: &ControllerRevision) -> Option<&Value> {
    revision.data.at(&["spec", "template"])
}

/// Whether revision data holds a template, the patch directive aside.
fn same_template(data: &Value, template: &Value) -> bool {
    let (Some(data), Some(template)) = (data.as_map(), template.as_map()) else { return false };
    let without_directive = || data.iter().filter(|(key, _)| *key != "$patch");
    without_directive().count() == template.len() && without_directive().eq(template.iter())
}

/// Models `getPatch`: the template as the patch that a rollback applies.
pub fn patch_of(daemonset: &DaemonSet) -> Value {
    let mut template: Map = daemonset.spec.template.value.as_map().cloned().unwrap_or_default();
    template.insert("$patch".to_owned(), "replace".into());
    [("spec", Value::from([("template", Value::Map(template))]))].into()
}

/// Models `constructHistory`: claims revisions, then makes sure that exactly one holds the current template and that it
/// has the highest number. What it claims or labels, it looks at again before it goes on.
pub(super) fn construct(view: &View, daemonset: &DaemonSet) -> Plan {
    let claims = claim(view, daemonset);
    if !claims.is_empty() {
        // What is adopted or released counts once that is done.
        return Plan { decisions: claims, next: Some(Stage::History), ..Plan::default() };
    }
    let mut decisions = Vec::new();
    let decide = |act, reason| Decision { node: None, act, reason };
    let all: Vec<&Arc<ControllerRevision>> = revisions(view.world, daemonset).collect();
    for revision in all.iter().filter(|revision| revision.hash().is_none()) {
        let act = Act::LabelRevision {
            revision: revision.meta.key(),
            uid: revision.meta.uid,
            hash: revision.meta.name.to_string(),
        };
        decisions.push(decide(act, Reason::RevisionWithoutHash));
    }
    if !decisions.is_empty() {
        return Plan { decisions, next: Some(Stage::History), ..Plan::default() };
    }
    let template = &daemonset.spec.template.value;
    let (count, newest) = (all.len(), all.iter().map(|revision| revision.revision).max().unwrap_or(0));
    let (same, old): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|it| template_of(it).is_some_and(|data| same_template(data, template)));
    let next = old.iter().map(|revision| revision.revision).max().unwrap_or(0) + 1;
    match same.iter().max_by_key(|revision| revision.revision) {
        None if current(view.world, daemonset).is_some() => {}
        None => {
            let revision = new_revision(daemonset, next);
            decisions.push(decide(Act::CreateRevision(Arc::new(revision)), Reason::NewTemplate { revision: next }));
        }
        Some(kept) => {
            decisions.extend(deduplicate(view.world, daemonset, kept, &same));
            if kept.revision < next {
                let act = Act::RenumberRevision { revision: kept.meta.key(), uid: kept.meta.uid, number: next };
                decisions.push(decide(act, Reason::KnownTemplate { from: kept.revision, to: next }));
            }
        }
    }
    let saw = Some(Saw::Revisions { count, newest, same_template: same.len() });
    Plan { decisions, next: Some(Stage::Claim), saw, ..Plan::default() }
}

/// Models `ClaimControllerRevisions`.
fn claim(view: &View, daemonset: &DaemonSet) -> Vec<Decision> {
    let selector = &daemonset.spec.selector;
    let mut decisions = Vec::new();
    for revision in view.world.revisions_in(&daemonset.meta.namespace) {
        let (key, uid) = (revision.meta.key(), revision.meta.uid);
        let matches = selector.matches(&revision.meta.labels);
        let (act, reason) = match revision.meta.controller() {
            Some(owner) if owner.uid == daemonset.meta.uid && !matches => {
                (Act::ReleaseRevision { revision: key, uid }, Reason::SelectorNoLongerMatches)
            }
            None if matches && !revision.meta.is_terminating() => {
                (Act::AdoptRevision { revision: key, uid }, Reason::SelectorMatches)
            }
            _ => continue,
        };
        decisions.push(Decision { node: None, act, reason });
    }
    decisions
}

/// Models `dedupCurHistories`: pods get the kept revision's hash, the other revisions go.
fn deduplicate(
    world: &World,
    daemonset: &DaemonSet,
    kept: &ControllerRevision,
    same: &[&Arc<ControllerRevision>],
) -> Vec<Decision> {
    let (true, Some(hash)) = (same.len() > 1, kept.hash()) else { return Vec::new() };
    let reason = Reason::SameTemplate { kept: kept.meta.name.clone() };
    let relabel = world.pods_of(daemonset.meta.uid).filter(|pod| pod.hash() != Some(hash)).map(|pod| {
        let act = Act::RelabelPod { pod: pod.meta.key(), uid: pod.meta.uid, hash: hash.to_owned() };
        Decision { node: pod.target_node().cloned(), act, reason: reason.clone() }
    });
    let delete = same.iter().filter(|revision| revision.meta.uid != kept.meta.uid).map(|revision| {
        let act = Act::DeleteRevision { revision: revision.meta.key(), uid: revision.meta.uid };
        Decision { node: None, act, reason: reason.clone() }
    });
    relabel.chain(delete).collect()
}

/// Models `snapshot`: a new revision of the current template.
pub fn new_revision(daemonset: &DaemonSet, number: i64) -> ControllerRevision {
    let template = &daemonset.spec.template;
    let hash = crate::api::hash::compute_hash(&template.value, daemonset.status.collision_count);
    let mut labels = (*template.labels).clone();
    labels.insert(HASH_LABEL.to_owned(), hash.clone());
    let owner = OwnerReference::controller(Kind::DaemonSet, &daemonset.meta.name, daemonset.meta.uid);
    let data = patch_of(daemonset);
    ControllerRevision {
        meta: ObjectMeta {
            name: format!("{}-{hash}", daemonset.meta.name).into(),
            namespace: daemonset.meta.namespace.clone(),
            labels: Arc::new(labels),
            annotations: daemonset.meta.annotations.clone(),
            owner_references: Arc::from([owner]),
            ..ObjectMeta::default()
        },
        revision: number,
        json: data.to_json().into(),
        data: Arc::new(data),
    }
}

/// Models `cleanupHistory`: the oldest revisions beyond the limit go, except those that a pod still carries.
pub(super) fn cleanup(view: &View, daemonset: &DaemonSet) -> Plan {
    let current = current(view.world, daemonset).map(|revision| revision.meta.uid);
    let mut old: Vec<&Arc<ControllerRevision>> =
        revisions(view.world, daemonset).filter(|revision| Some(revision.meta.uid) != current).collect();
    let (limit, count) = (daemonset.spec.revision_history_limit, old.len());
    let mut surplus = old.len() as i64 - limit;
    if surplus <= 0 {
        return Plan::default();
    }
    old.sort_by_key(|revision| revision.revision);
    let mut live: Vec<&str> = view.world.pods_of(daemonset.meta.uid).filter_map(|pod| pod.hash()).collect();
    live.sort_unstable();
    live.dedup();
    let mut decisions = Vec::new();
    for revision in old {
        let is_live = revision.hash().is_some_and(|hash| live.binary_search(&hash).is_ok());
        if surplus > 0 && !is_live {
            let act = Act::DeleteRevision { revision: revision.meta.key(), uid: revision.meta.uid };
            decisions.push(Decision { node: None, act, reason: Reason::BeyondHistoryLimit { limit } });
            surplus -= 1;
        }
    }
    let saw = Some(Saw::History { old: count, live: live.len(), limit });
    Plan { decisions, saw, ..Plan::default() }
}

/// The number of the revision that a pod was made from, if that revision still exists.
pub fn revision_number(world: &World, daemonset: &DaemonSet, hash: Option<&str>) -> Option<i64> {
    let hash = hash?;
    revisions(world, daemonset).find(|revision| revision.hash() == Some(hash)).map(|revision| revision.revision)
}

/// The name that `kubectl rollout undo` and the revision list show for a revision.
pub fn revision_name(daemonset: &DaemonSet, hash: &str) -> Name {
    format!("{}-{hash}", daemonset.meta.name).into()
}
