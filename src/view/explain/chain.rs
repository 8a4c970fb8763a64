//! Chains of causes: from the reader's own act to what came of it.

use super::super::inspect::{Link, Moment};
use super::super::{Tone, words};
use super::SEARCH_MAX;
use crate::api::Kind;
use crate::engine::{Actor, Reason, Record, Verb};
use crate::manifest;
use crate::store::Object;

/// A chain that is longer is folded: what is closest to the act is kept, and what began it.
const SHOWN_MAX: usize = 9;
const CLOSEST: usize = 5;
/// The longest chain that is unfolded.
const UNFOLDED_MAX: usize = 300;
/// Effects that are told.
const EFFECTS_MAX: usize = 6;
/// Changed lines that are told in a chain.
const CHANGES_TOLD: usize = 2;

/// From the first cause to the record itself. Status writes on the way say nothing and are left out; of a long chain the
/// middle is folded, but for the revisions that were made: a rollout's last pod has the whole rollout as its cause.
pub fn causes(moment: &Moment, record: &Record) -> Vec<Link> {
    let mut chain = vec![record];
    let mut at = record;
    while let Some(cause) = at.caused_by.and_then(|seq| moment.history.get(seq)) {
        // A cause is older: this ends, whatever the log says.
        if cause.seq >= at.seq {
            break;
        }
        at = cause;
        chain.push(cause);
    }
    chain.reverse();
    chain.retain(|it| it.seq == record.seq || it.verb != Verb::Status);
    let length = chain.len();
    let most = if moment.unfolded { UNFOLDED_MAX } else { SHOWN_MAX };
    let near = if moment.unfolded { UNFOLDED_MAX } else { CLOSEST };
    let mut links = Vec::new();
    let mut folded: Vec<&Record> = Vec::new();
    for (index, it) in chain.into_iter().enumerate() {
        let milestone = it.object.kind == Kind::ControllerRevision && it.actor == Actor::DaemonSetController;
        if length > most && index > 0 && index + near < length && (!milestone || moment.unfolded) {
            folded.push(it);
            continue;
        }
        match std::mem::take(&mut folded).as_slice() {
            // One alone takes no more room than the words that it is left out.
            [one] => links.push(link(one)),
            many => links.extend(fold(many.len())),
        }
        links.push(Link { here: it.seq == record.seq, ..link(it) });
    }
    links
}

fn fold(count: usize) -> Option<Link> {
    (count > 0).then(|| Link {
        seq: None,
        clock: String::new(),
        tone: Tone::Plain,
        title: [&words::count(count, "act"), " in between"].concat(),
        detail: String::new(),
        function: "",
        here: false,
    })
}

/// What came of a record by now. A comparison is not an effect by itself: what it led to is.
pub fn effects(moment: &Moment, record: &Record) -> Vec<Link> {
    let after = moment.history.records().get(record.seq as usize + 1..moment.records).unwrap_or_default();
    let mut causes = vec![record.seq];
    let mut links = Vec::new();
    let mut more = 0;
    let most = if moment.unfolded { UNFOLDED_MAX } else { EFFECTS_MAX };
    for later in after.iter().take(SEARCH_MAX) {
        if !later.caused_by.is_some_and(|cause| causes.contains(&cause)) {
            continue;
        }
        // The end of a deleted pod is what its successor waits for.
        if later.verb == Verb::Sync || (later.verb == Verb::Remove && record.verb == Verb::Delete) {
            causes.push(later.seq);
        }
        match later.verb {
            Verb::Sync => {}
            _ if links.len() < most => links.push(link(later)),
            _ => more += 1,
        }
    }
    if more > 0 {
        let last = ["and ", &words::count(more, "more act")].concat();
        links.extend(fold(more).map(|fold| Link { title: last, ..fold }));
    }
    links
}

/// A record as a link of a chain.
fn link(record: &Record) -> Link {
    Link {
        seq: Some(record.seq),
        clock: words::clock(record.at.micros()),
        tone: Tone::of(record),
        title: title(record),
        detail: detail(record),
        function: record.reason.function().unwrap_or(""),
        here: false,
    }
}

/// Who acts, at the beginning of a sentence.
pub fn who(actor: Actor) -> &'static str {
    match actor {
        Actor::You => "You",
        Actor::DaemonSetController => "The controller",
        Actor::Scheduler => "The scheduler",
        Actor::Kubelet => "The kubelet",
        Actor::GarbageCollector => "The garbage collector",
        Actor::NodeLifecycle => "The node lifecycle controller",
        Actor::PodGc => "The pod garbage collector",
        Actor::TaintEviction => "The taint eviction controller",
        Actor::Namespace => "The namespace controller",
        Actor::ResourceQuota => "The quota controller",
    }
}

/// What an act is, in one sentence.
pub fn title(record: &Record) -> String {
    if record.verb == Verb::Import {
        return "You brought the cluster here".to_owned();
    }
    let who = who(record.actor);
    let (does, then) = match record.verb {
        Verb::Apply => ("applied", ""),
        Verb::Create => ("created", ""),
        Verb::Delete => ("deleted", ""),
        Verb::Update => ("changed", ""),
        Verb::Bind => ("bound", ""),
        Verb::Unschedulable => ("found no node for", ""),
        Verb::Start => ("began with", ""),
        Verb::Ready => ("set", " ready"),
        Verb::NotReady => ("set", " not ready"),
        Verb::Fail => ("saw", " end"),
        Verb::Remove => ("removed", ""),
        Verb::Sync => ("compared", ""),
        Verb::Status => ("wrote the status of", ""),
        Verb::Taint => ("set the taints of", ""),
        Verb::Adopt => ("adopted", ""),
        Verb::Release => ("released", ""),
        Verb::Error => ("was refused a request about", ""),
        Verb::Import => ("brought", ""),
    };
    let kind = match record.object.kind {
        Kind::Node => "node ",
        Kind::ControllerRevision => "revision ",
        _ => "",
    };
    let place = match &record.node {
        Some(node) if record.object.kind == Kind::Pod => {
            [if record.verb == Verb::Bind { " to " } else { " on " }, node].concat()
        }
        _ => String::new(),
    };
    let found = match &record.reason {
        Reason::Work { does, .. } => [": ", &**does].concat(),
        _ => String::new(),
    };
    if record.object.key.name.is_empty() {
        // What was to be made never got its name.
        return [who, " was refused a new ", record.object.kind.as_str(), &place].concat();
    }
    [who, " ", does, " ", kind, "`", &record.object.key.name, "`", then, &place, &found].concat()
}

/// Why, or what about it: for a comparison what was compared, for an act of the reader's what it changed.
fn detail(record: &Record) -> String {
    match &record.reason {
        Reason::Work { saw, .. } => saw.as_ref().map(ToString::to_string).unwrap_or_default(),
        Reason::Command(command) => match changed(record) {
            changes if changes.is_empty() => command.to_string(),
            changes => [&**command, ": ", &changes].concat(),
        },
        reason => reason.to_string(),
    }
}

/// `image: nginx:1.16 → image: nginx:1.17`, where that is short enough to say.
fn changed(record: &Record) -> String {
    let mut told = Vec::new();
    for delta in record.deltas.iter() {
        let (Some(Object::DaemonSet(before)), Some(Object::DaemonSet(after))) = (&delta.before, &delta.after) else {
            continue;
        };
        let (old, new) = (manifest::print(&before.spec.value), manifest::print(&after.spec.value));
        let lines = manifest::diff::diff(&old, &new);
        let of = |wanted| {
            lines
                .iter()
                .filter(move |(change, _)| *change == wanted)
                .map(|(_, line)| line.trim_start_matches([' ', '-']))
        };
        let (gone, come): (Vec<_>, Vec<_>) =
            (of(manifest::diff::Change::Removed).collect(), of(manifest::diff::Change::Added).collect());
        if gone.len() == come.len() && gone.len() <= CHANGES_TOLD {
            told.extend(gone.iter().zip(&come).map(|(old, new)| [old, " → ", new].concat()));
        } else {
            told.push(
                [&words::count(come.len(), "line"), " of its spec added, ", &gone.len().to_string(), " removed"]
                    .concat(),
            );
        }
        if before.meta.generation != after.meta.generation {
            let (old, new) = (before.meta.generation.to_string(), after.meta.generation.to_string());
            told.push(["generation ", &old, " → ", &new].concat());
        }
    }
    told.join("; ")
}
