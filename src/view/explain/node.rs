//! A node: for each DaemonSet whether it should run here and whether it may continue, and what comes next.

use super::super::ObjectRef;
use super::super::inspect::{Block, Line, Mark, Moment, Offer, Row, Verdict};
use super::{Explained, fact, labels, what_next};
use crate::api::{DaemonSetSpec, Kind, Node};
use crate::controllers::daemonset::placement::{self, Check};
use crate::controllers::daemonset::{Memory, View, outlook};
use crate::engine::Command;

pub fn explain(moment: &Moment, node: &Node, explained: &mut Explained) {
    let world = moment.world;
    for daemonset in world.daemonsets.values() {
        let name = &daemonset.meta.name;
        let answer = placement::explain(&daemonset.spec, node);
        let untolerated = answer.checks.iter().flat_map(|check| &check.lines).find_map(|line| line.untolerated.clone());
        let key = daemonset.meta.key();
        let offer = match untolerated.filter(|taint| (moment.can_tolerate)(&key, taint)) {
            Some(taint) => Some(Offer::Tolerate(key, taint)),
            None => missing_label(&daemonset.spec, node),
        };
        explained.push(Block::Rows {
            title: ["Should ", name, " run here?"].concat(),
            rows: answer.checks.into_iter().map(check_row).collect(),
            verdict: Some(Verdict {
                text: answer.verdict.to_owned(),
                rest: answer.stays,
                function: "NodeShouldRunDaemonPod",
            }),
            offer,
        });
    }
    if world.daemonsets.is_empty() {
        explained.push(Block::Note("There is no DaemonSet that could run here.".to_owned()));
    }

    let foreseen = match moment.sim {
        Some(sim) => sim.outlook(node.name()).into_iter().map(|(_, foreseen)| foreseen).collect(),
        None => {
            let view = View { world, memory: &Memory::default(), tally: None, now: moment.now, seed: 0 };
            let of_each = world.daemonsets.values().flat_map(|daemonset| outlook(&view, daemonset, node.name()));
            // What the controller does next is in the log; what it waits for is not.
            of_each.filter(|foreseen| !foreseen.next_sync).collect()
        }
    };
    what_next(moment, "What happens next here", &ObjectRef::node(node.name()), foreseen, explained);

    let roles = node.roles();
    let taints: Vec<String> = node.taints.iter().map(ToString::to_string).collect();
    let mut rows = vec![
        fact("ready", node.ready().as_str()),
        fact("roles", if roles.is_empty() { "none".to_owned() } else { roles.join(", ") }),
        fact("taints", if taints.is_empty() { "none".to_owned() } else { taints.join(", ") }),
        fact(
            "schedulable",
            if node.unschedulable {
                "no, it is cordoned; a DaemonSet looks only at the taint that this brings, and its pods tolerate that"
            } else {
                "yes"
            },
        ),
        fact("pod network", node.pod_cidr.as_deref().unwrap_or("none")),
        fact("labels", labels(&node.meta.labels)),
    ];
    if let Some(ready) = node.condition("Ready").filter(|ready| !ready.message.is_empty()) {
        rows.insert(1, fact("because", &*ready.message));
    }
    explained.facts(Kind::Node.as_str(), rows);
}

/// The one label that a node lacks to be chosen by a node selector.
fn missing_label(spec: &DaemonSetSpec, node: &Node) -> Option<Offer> {
    let wanted = &spec.template.spec.node_selector;
    let mut differing = wanted.iter().filter(|(key, value)| node.labels().get(*key) != Some(value));
    let ((key, value), None) = (differing.next()?, differing.next()) else { return None };
    let command =
        Command::LabelNode { name: node.name().to_string(), labels: vec![(key.clone(), Some(value.clone()))] };
    (!node.labels().contains_key(key)).then_some(Offer::Run(command, "Label the node"))
}

fn check_row(check: Check) -> Row {
    let lines = check.lines.into_iter().map(|line| Line { text: line.text, remark: line.whose }).collect();
    let mark = if check.passed { Mark::Yes } else { Mark::No };
    Row { lines, ..Row::new(mark, check.subject, "").by(check.function) }
}
