//! The kubelets, pure: a pod on its node, to its next status and after how long.
//!
//! Not modelled: containers as such, probes, admission, eviction. A pod's image tag may ask for trouble, so that trouble
//! can be shown: tags that begin with `bad`, `slow`, `fail`, `crash` or `succ`.

use std::fmt;

use crate::api::typed::typed;
use crate::api::{Name, Node, Pod, PodPhase, PodStatus, SimDuration, SimTime};
use crate::store::World;

/// How long the kubelets take for what they do: bounds between which the seed decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// From the binding until the containers run and are ready.
    pub start: (SimDuration, SimDuration),
    /// From the deletion until the containers have stopped.
    pub stop: (SimDuration, SimDuration),
    /// From running until ready, for an image whose tag begins with `slow`.
    pub slow_ready: SimDuration,
    /// Whether a pod shows as `ContainerCreating` while its image is pulled. The kubelets of the recordings do not show
    /// that, leave the reason of a condition standing when they set its status, and do not look, when their node joins,
    /// for pods that are terminating there already.
    pub shows_creating: bool,
}

typed!(struct Timing { start, stop, slow_ready, shows_creating });

impl Default for Timing {
    /// Plausible times for a small image on a healthy node.
    fn default() -> Self {
        Timing {
            start: (SimDuration::from_millis(900), SimDuration::from_millis(2400)),
            stop: (SimDuration::from_millis(700), SimDuration::from_millis(1600)),
            slow_ready: SimDuration::from_secs(3),
            shows_creating: true,
        }
    }
}

/// What a pod's image makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    Runs,
    /// Tag `bad...`: the image cannot be pulled.
    CannotPull,
    /// Tag `slow...`: runs at once, is ready later.
    SlowToReady,
    /// Tag `fail...`: ends with an error.
    Fails,
    /// Tag `crash...`: starts and crashes again and again.
    Crashes,
    /// Tag `succ...`: ends well, which a daemon should not.
    Ends,
}

impl Behaviour {
    /// What the tag makes of a container, in words; nothing for one that just runs.
    pub fn in_words(self) -> Option<&'static str> {
        match self {
            Behaviour::Runs => None,
            Behaviour::CannotPull => Some("stay in ImagePullBackOff"),
            Behaviour::SlowToReady => Some("run at once and become ready later"),
            Behaviour::Fails => Some("end with an error"),
            Behaviour::Crashes => Some("crash again and again"),
            Behaviour::Ends => Some("end without an error"),
        }
    }
}

/// Reads the tag of the first container's image.
pub fn behaviour(image: &str) -> Behaviour {
    let name = image.rsplit('/').next().unwrap_or(image);
    let tag = name.split_once(':').map_or("", |(_, tag)| tag);
    match tag {
        _ if tag.starts_with("bad") => Behaviour::CannotPull,
        _ if tag.starts_with("slow") => Behaviour::SlowToReady,
        _ if tag.starts_with("fail") => Behaviour::Fails,
        _ if tag.starts_with("crash") => Behaviour::Crashes,
        _ if tag.starts_with("succ") => Behaviour::Ends,
        _ => Behaviour::Runs,
    }
}

/// Why a kubelet changes a pod's status.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    Creating { image: Name },
    CannotPull { image: Name },
    Started { image: Name },
    BecameReady,
    Failed { image: Name },
    Crashed { image: Name },
    Ended { image: Name },
    Stopped { node: Name },
}

impl Reason {
    pub fn function(&self) -> &'static str {
        match self {
            Reason::Creating { .. } | Reason::CannotPull { .. } | Reason::Started { .. } => "SyncPod",
            Reason::Stopped { .. } => "SyncTerminatedPod",
            _ => "syncPodStatus",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Creating { image } => write!(f, "pulling {image} and creating the container"),
            Reason::CannotPull { image } => write!(f, "{image} cannot be pulled, as its tag begins with bad"),
            Reason::Started { image } if behaviour(image) == Behaviour::SlowToReady => {
                write!(f, "{image} runs, and is ready only after a while, as its tag begins with slow")
            }
            Reason::Started { image } => write!(f, "{image} runs"),
            Reason::BecameReady => f.write_str("its container is ready"),
            Reason::Failed { image } => write!(f, "{image} ended with an error, as its tag begins with fail"),
            Reason::Crashed { image } => write!(f, "{image} crashes, as its tag begins with crash"),
            Reason::Ended { image } => write!(f, "{image} ended, as its tag begins with succ"),
            Reason::Stopped { node } => write!(f, "its containers on {node} have stopped"),
        }
    }
}

/// The status of a pod that its kubelet has just taken on.
pub fn creating(pod: &Pod, node: &Node, now: SimTime) -> (PodStatus, Reason) {
    let mut status = pod.status.clone();
    status.started_at = Some(now);
    status.host_ip = node.internal_ip.clone();
    status.waiting = Some("ContainerCreating");
    status.set_condition("PodReadyToStartContainers", false, "", "", now);
    status.set_condition("Initialized", true, "", "", now);
    status.set_condition("Ready", false, "ContainersNotReady", "", now);
    status.set_condition("ContainersReady", false, "ContainersNotReady", "", now);
    (status, Reason::Creating { image: pod.spec.template.image().into() })
}

/// The status of a pod when its containers have been started, or could not be.
pub fn started(world: &World, pod: &Pod, node: &Node, now: SimTime) -> (PodStatus, Reason) {
    let mut status = pod.status.clone();
    let image: Name = pod.spec.template.image().into();
    status.started_at.get_or_insert(now);
    status.host_ip = node.internal_ip.clone();
    let behaviour = behaviour(&image);
    let ready = behaviour == Behaviour::Runs;
    if behaviour != Behaviour::CannotPull {
        status.pod_ip = if pod.spec.template.host_network { node.internal_ip.clone() } else { free_ip(world, node) };
    }
    let (phase, waiting, reason) = match behaviour {
        Behaviour::Runs => (PodPhase::Running, None, Reason::Started { image }),
        Behaviour::SlowToReady => (PodPhase::Running, None, Reason::Started { image }),
        Behaviour::CannotPull => (PodPhase::Pending, Some("ImagePullBackOff"), Reason::CannotPull { image }),
        Behaviour::Fails => (PodPhase::Failed, None, Reason::Failed { image }),
        Behaviour::Crashes => (PodPhase::Running, Some("CrashLoopBackOff"), Reason::Crashed { image }),
        Behaviour::Ends => (PodPhase::Succeeded, None, Reason::Ended { image }),
    };
    status.phase = phase;
    status.waiting = waiting;
    status.set_condition("PodScheduled", true, "", "", now);
    let not_ready = match phase {
        PodPhase::Failed => "PodFailed",
        PodPhase::Succeeded => "PodCompleted",
        _ => "ContainersNotReady",
    };
    let why = if ready { "" } else { not_ready };
    status.set_condition("PodReadyToStartContainers", true, "", "", now);
    status.set_condition("Initialized", true, "", "", now);
    status.set_condition("Ready", ready, why, "", now);
    status.set_condition("ContainersReady", ready, why, "", now);
    (status, reason)
}

/// The status of a pod that has become ready after it was running.
pub fn ready(pod: &Pod, timing: &Timing, now: SimTime) -> (PodStatus, Reason) {
    let mut status = pod.status.clone();
    for kind in ["Ready", "ContainersReady"] {
        let reason = status.condition(kind).filter(|_| !timing.shows_creating).map(|old| old.reason.clone());
        status.set_condition(kind, true, reason.as_deref().unwrap_or_default(), "", now);
    }
    (status, Reason::BecameReady)
}

/// The first free address of the node's range, counted from .2.
fn free_ip(world: &World, node: &Node) -> Option<Name> {
    let prefix = node.pod_cidr.as_deref()?.rsplit_once('.')?.0;
    let taken: Vec<u32> = world
        .pods_on(node.name())
        .filter_map(|pod| pod.status.pod_ip.as_deref()?.strip_prefix(prefix)?.strip_prefix('.')?.parse().ok())
        .collect();
    (2..=254).find(|host| !taken.contains(host)).map(|host| format!("{prefix}.{host}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_decides() {
        for (image, expected) in [
            ("nginx:1.16", Behaviour::Runs),
            ("nginx", Behaviour::Runs),
            ("badimage:1", Behaviour::Runs),
            ("nginx:bad", Behaviour::CannotPull),
            ("host:5000/nginx:slow-1", Behaviour::SlowToReady),
            ("host:5000/nginx", Behaviour::Runs),
            ("nginx:fail1", Behaviour::Fails),
            ("nginx:crash", Behaviour::Crashes),
            ("nginx:succ", Behaviour::Ends),
        ] {
            assert_eq!(behaviour(image), expected, "{image}");
        }
    }
}
