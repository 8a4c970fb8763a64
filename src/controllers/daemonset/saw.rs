//! What a stage of a sync had before it when it decided: kept with the log, so that every act can say what it rests on.

use std::fmt;

use crate::api::{Name, SimDuration, SimTime};

/// Nodes and pods that are named one by one; the others are counted.
pub const NAMED_MAX: usize = 8;

/// What one stage compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Saw {
    /// The revisions of the DaemonSet (`constructHistory`).
    Revisions { count: usize, newest: i64, same_template: usize },
    /// Nodes and pods (`podsShouldBeOnNode`).
    Nodes(Nodes),
    /// The budget of the rollout (`rollingUpdate`).
    Rollout(Rollout),
    /// Revisions beside the current one (`cleanupHistory`).
    History { old: usize, live: usize, limit: i64 },
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nodes {
    pub all: i64,
    /// That should run the DaemonSet.
    pub desired: i64,
    /// Of those, how many have a pod of it.
    pub with_pod: i64,
    /// That have a pod of it which may not stay.
    pub must_go: i64,
    /// Failed pods that are left alone for now, the first few of them.
    pub left_alone: Vec<LeftAlone>,
}

/// A failed pod within its back-off.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftAlone {
    pub node: Name,
    pub pod: Name,
    pub delay: SimDuration,
    pub until: SimTime,
}

/// The budget of a rollout, and who holds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollout {
    pub desired: i64,
    pub max_unavailable: i64,
    pub max_surge: i64,
    /// Desired nodes that count as updated in the status.
    pub updated: i64,
    /// Nodes with an available pod.
    pub available: i64,
    /// Nodes that count against maxUnavailable; with surge, nodes whose new pod counts against maxSurge.
    pub holding: i64,
    /// The first few of those.
    pub holders: Vec<Holder>,
    /// Old pods that are available: they wait for the budget.
    pub waiting: i64,
}

/// A node that holds a part of the budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Holder {
    pub node: Name,
    pub pod: Option<Name>,
    pub holds: Holds,
}

/// Why a node counts against the budget.
#[derive(Clone, Debug, PartialEq)]
pub enum Holds {
    NoPod,
    Stopping,
    /// Its pod is not ready; what its container waits for, if known.
    NotReady {
        waiting: Option<&'static str>,
    },
    /// Its pod is ready, but not yet for minReadySeconds.
    NotLongEnough {
        until: SimTime,
    },
    /// It has pods of two revisions, or two of one.
    TwoPods,
}

impl Saw {
    /// The function of the original that compares this.
    pub fn function(&self) -> &'static str {
        match self {
            Saw::Revisions { .. } => "constructHistory",
            Saw::Nodes(_) => "manage",
            Saw::Rollout(_) => "rollingUpdate",
            Saw::History { .. } => "cleanupHistory",
        }
    }
}

impl Rollout {
    /// What is left of the budget.
    pub fn left(&self) -> i64 {
        let budget = if self.max_surge > 0 { self.max_surge } else { self.max_unavailable };
        (budget - self.holding).max(0)
    }

    /// A node that holds the budget takes its place among those that are named.
    pub(super) fn hold(&mut self, node: &Name, pod: Option<&Name>, holds: Holds) {
        self.holding += 1;
        if self.holders.len() < NAMED_MAX {
            self.holders.push(Holder { node: node.clone(), pod: pod.cloned(), holds });
        }
    }

    /// The rollout in one sentence.
    pub fn sentence(&self) -> String {
        let (updated, desired) = (self.updated, self.desired);
        if desired == 0 {
            return "No node should run it, so there is nothing to roll out.".to_owned();
        }
        let all = updated == desired;
        let done = match all {
            true => format!("All {desired} updated"),
            false => format!("{updated} of {desired} updated"),
        };
        let Some(first) = self.holders.first() else {
            if self.waiting > 0 {
                return format!("{done}; {} to go, and the budget allows the next {}.", self.waiting, self.left());
            }
            return match self.available.min(desired) {
                available if available < desired => format!("{done}, {available} of {desired} available."),
                _ if all => format!("{done} and available."),
                _ => format!("{done}."),
            };
        };
        let more = match self.holding - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let waits = format!("{done}; waiting for {first}{more}");
        if self.waiting == 0 {
            return waits + ".";
        }
        if self.left() > 0 {
            return format!("{waits}, while {} of {} old pods may go on.", self.left().min(self.waiting), self.waiting);
        }
        match self.max_surge {
            0 => format!("{waits}, because at most {} may be unavailable.", counted(self.max_unavailable, "pod")),
            surge => format!("{waits}, because at most {} may have a second pod.", counted(surge, "node")),
        }
    }
}

pub(super) fn counted(count: i64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// What is waited for: `nginx-x7k2p on worker-2 to become ready`.
impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = &self.node;
        match &self.pod {
            Some(pod) => write!(f, "{pod} on {node}")?,
            None => f.write_str(node)?,
        }
        match &self.holds {
            Holds::NoPod => f.write_str(" to get its pod"),
            Holds::Stopping => f.write_str(" to stop"),
            Holds::NotReady { waiting: Some(waiting) } => write!(f, " ({waiting}) to become ready"),
            Holds::NotReady { waiting: None } => f.write_str(" to become ready"),
            Holds::NotLongEnough { until } => {
                write!(f, " to be ready for long enough (minReadySeconds, until {until})")
            }
            Holds::TwoPods => f.write_str(" to have no more pods than it should"),
        }
    }
}

impl fmt::Display for Saw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Saw::Revisions { count: 0, .. } => f.write_str("no revision yet"),
            Saw::Revisions { count, newest, same_template } => {
                let revisions = counted(*count as i64, "revision");
                match same_template {
                    0 => write!(f, "{revisions} up to number {newest}, and none holds this template"),
                    _ => write!(f, "{revisions} up to number {newest}, and {same_template} with this template"),
                }
            }
            Saw::Nodes(nodes) => {
                let Nodes { all, desired, with_pod, must_go, left_alone } = nodes;
                write!(f, "{desired} of {} should run it, and {with_pod} of those have a pod", counted(*all, "node"))?;
                if *must_go > 0 {
                    write!(f, "; {} with a pod that may not stay", counted(*must_go, "other node"))?;
                }
                for it in left_alone {
                    let LeftAlone { node, pod, delay, until } = it;
                    write!(f, "; {pod} on {node} failed and is left alone for {delay}, until {until}")?;
                }
                Ok(())
            }
            Saw::Rollout(rollout) => {
                let Rollout { desired, updated, holding, waiting, .. } = rollout;
                write!(f, "{updated} of {desired} updated, {} left; ", counted(*waiting, "old available pod"))?;
                match rollout.max_surge {
                    0 => write!(f, "{holding} of at most {} unavailable", rollout.max_unavailable)?,
                    most => write!(f, "{holding} of at most {most} with a second pod")?,
                }
                match rollout.holders.first() {
                    Some(first) => write!(f, ": waiting for {first}"),
                    None => Ok(()),
                }
            }
            Saw::History { old, live, limit } => {
                write!(f, "{}, {live} of them with pods; {limit} are kept", counted(*old as i64, "older revision"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_says_what_is_waited_for() {
        let holder = |holds| {
            let pod = (holds != Holds::TwoPods).then(|| "nginx-x7k2p".into());
            Holder { node: "worker-2".into(), pod, holds }.to_string()
        };
        assert_eq!(holder(Holds::TwoPods), "worker-2 to have no more pods than it should");
        assert_eq!(holder(Holds::NotReady { waiting: None }), "nginx-x7k2p on worker-2 to become ready");
        let holders = vec![Holder { node: "worker-2".into(), pod: Some("nginx-x7k2p".into()), holds: Holds::Stopping }];
        let rollout = Rollout {
            desired: 6,
            max_unavailable: 1,
            updated: 3,
            holding: 1,
            holders,
            waiting: 2,
            ..Rollout::default()
        };
        assert_eq!(
            rollout.sentence(),
            "3 of 6 updated; waiting for nginx-x7k2p on worker-2 to stop, because at most 1 pod may be unavailable."
        );
    }
}
