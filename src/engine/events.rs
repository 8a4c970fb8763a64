//! Events on their way to the API server: repeated ones are counted, similar ones combined, too many dropped
//! (client-go `EventCorrelator`).

use std::sync::Arc;

use crate::api::event::{Event, Involved};
use crate::api::{Kind, Name, ObjectKey, ObjectMeta, SimDuration, SimTime, Uid};
use crate::store::{Delta, Object, Patch, Request, Table};

use super::record::{Actor, ObjectRef, Reason, Verb};
use super::sim::{Entry, Sim};

/// From so many different messages on, similar events become one (`defaultAggregateMaxEvents`).
const AGGREGATE_AFTER: usize = 10;
/// Messages further apart than this are not similar events (`defaultAggregateIntervalInSeconds`).
const AGGREGATE_INTERVAL: SimDuration = SimDuration::from_secs(600);
/// Events about one object at once, and how long until one more is allowed (`defaultSpamBurst`, `defaultSpamQPS`).
const SPAM_BURST: u64 = 25;
const SPAM_REFILL: SimDuration = SimDuration::from_secs(300);

/// What somebody wants to tell.
pub(super) struct Draft {
    pub component: &'static str,
    pub involved: Involved,
    pub kind: &'static str,
    pub reason: &'static str,
    pub message: String,
}

/// Component, type and reason in one text, and the object's uid.
type Topic = (Name, Uid);

/// What the recorders remember of what they have told.
#[derive(Clone, Default)]
pub(super) struct Correlator {
    /// Different messages of late, oldest first.
    similar: Table<Topic, (Arc<[Name]>, SimTime)>,
    /// Stored events, by topic and message; the message of a combined event is empty.
    told: Table<(Topic, Name), (ObjectKey, u32)>,
    /// When the token bucket of a component, type and object is full again.
    spam: Table<Topic, SimTime>,
    names: u64,
}

impl Sim {
    /// Tells an event; what is stored becomes part of the record written last.
    pub(super) fn tell(&mut self, draft: Draft) {
        let Draft { component, involved, kind, reason, message } = draft;
        let key = ObjectKey { namespace: involved.namespace.clone(), name: involved.name.clone() };
        let told_about = ObjectRef { kind: involved.kind, key };
        let now = self.state.now;
        let topic: Topic = (format!("{component} {kind} {reason}").into(), involved.uid);
        let correlator = &mut self.state.correlator;

        let similar = correlator.similar.get(&topic).filter(|(_, last)| now.since(*last) <= AGGREGATE_INTERVAL);
        let mut messages: Vec<Name> = similar.map(|(messages, _)| messages.to_vec()).unwrap_or_default();
        if !messages.iter().any(|known| **known == *message) {
            messages.push(message.as_str().into());
        }
        let combined = messages.len() >= AGGREGATE_AFTER;
        if messages.len() > AGGREGATE_AFTER {
            // The oldest makes room, so that the window slides.
            messages.remove(0);
        }
        correlator.similar.insert(topic.clone(), (messages.into(), now));
        let message: Name =
            if combined { format!("(combined from similar events): {message}").into() } else { message.into() };
        let told_as = (topic, if combined { "".into() } else { message.clone() });

        let allowed = {
            let bucket: Topic = (format!("{component} {kind}").into(), involved.uid);
            let next = correlator.spam.get(&bucket).copied().unwrap_or_default().max(now) + SPAM_REFILL;
            let allowed = next.since(now).0 <= SPAM_REFILL.0 * SPAM_BURST;
            if allowed {
                correlator.spam.insert(bucket, next);
            }
            allowed
        };
        let known = correlator.told.get(&told_as).cloned();
        let count = known.as_ref().map_or(1, |(_, count)| count + 1);
        let key = match &known {
            Some((key, _)) => key.clone(),
            None => {
                correlator.names += 1;
                let namespace: Name =
                    if involved.namespace.is_empty() { "default".into() } else { involved.namespace.clone() };
                ObjectKey { namespace, name: format!("{}.{:016x}", involved.name, correlator.names).into() }
            }
        };
        correlator.told.insert(told_as, (key.clone(), count));
        if !allowed {
            return;
        }
        if component == "daemonset-controller"
            && let Some(limiter) = &mut self.state.manager.limiter
        {
            // Events go through the controller's own client and use up its requests.
            limiter.take(now);
        }
        let stored = self.state.world.events.contains_key(&key);
        let request = if stored {
            Request::Patch { kind: Kind::Event, key, uid: None, patch: Patch::Event { count, message, last_at: now } }
        } else {
            let meta = ObjectMeta { name: key.name, namespace: key.namespace, ..ObjectMeta::default() };
            let event = Event { meta, involved, kind, reason, message, count, first_at: now, last_at: now, component };
            Request::Create(Object::Event(Arc::new(event)))
        };
        let mut deltas = Vec::new();
        // A namespace that is being deleted takes no more events.
        drop(self.state.world.handle(request, now, &mut self.state.rng, &mut deltas));
        let alone = self.history.extend_last(deltas);
        if !alone.is_empty() {
            self.record_event(component, told_about, alone);
        }
    }

    /// An event that no change led to: the last act about its object is what it tells of.
    fn record_event(&mut self, component: &str, object: ObjectRef, deltas: Vec<Delta>) {
        let records = self.history.records();
        let cause = records.iter().rev().find(|record| record.object == object).or(records.last()).map(|it| it.seq);
        let actors = [Actor::DaemonSetController, Actor::Scheduler, Actor::TaintEviction];
        let actor = actors.into_iter().find(|it| it.as_str() == component).unwrap_or(Actor::NodeLifecycle);
        let reason = Reason::Told;
        self.record(Entry { actor, verb: Verb::Status, object, node: None, reason, caused_by: cause }, deltas);
    }
}
