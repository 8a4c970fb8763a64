//! Events on their way to the API server: repeated ones are counted, similar ones combined, too many dropped
//! (client-go `EventCorrelator`).

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use crate::api::event::{Event, Involved};
use crate::api::{Kind, Name, ObjectKey, ObjectMeta, SimDuration, SimTime};
use crate::store::{Object, Patch, Request};

use super::sim::Sim;

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

type Topic = (&'static str, Involved, &'static str, &'static str);

/// What the recorders remember of what they have told.
#[derive(Clone, Default)]
pub(super) struct Correlator {
    /// Different messages of late, by (component, object, type, reason).
    similar: OrdMap<Topic, (OrdSet<Name>, SimTime)>,
    /// Stored events, by topic and message; the message of a combined event is empty.
    told: OrdMap<(Topic, Name), (ObjectKey, u32)>,
    /// When the token bucket of (component, object, type) is full again.
    spam: OrdMap<(&'static str, Involved, &'static str), SimTime>,
    names: u64,
}

impl Sim {
    /// Tells an event; what is stored becomes part of the record written last.
    pub(super) fn tell(&mut self, draft: Draft) {
        let Draft { component, involved, kind, reason, message } = draft;
        let now = self.state.now;
        let topic: Topic = (component, involved.clone(), kind, reason);
        let correlator = &mut self.state.correlator;

        let (messages, last) = correlator.similar.entry(topic.clone()).or_default();
        if now.since(*last) > AGGREGATE_INTERVAL {
            messages.clear();
        }
        *last = now;
        messages.insert(message.as_str().into());
        let combined = messages.len() >= AGGREGATE_AFTER;
        if combined {
            // The oldest local key makes room, so that the window slides.
            let first = messages.get_min().cloned();
            if let Some(first) = first.filter(|_| messages.len() > AGGREGATE_AFTER) {
                messages.remove(&first);
            }
        }
        let message: Name =
            if combined { format!("(combined from similar events): {message}").into() } else { message.into() };
        let told_as = (topic, if combined { "".into() } else { message.clone() });

        let allowed = {
            let full_at = correlator.spam.entry((component, involved.clone(), kind)).or_default();
            let next = (*full_at).max(now) + SPAM_REFILL;
            let allowed = next.since(now).0 <= SPAM_REFILL.0 * SPAM_BURST;
            if allowed {
                *full_at = next;
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
        self.history.extend_last(deltas);
    }
}
