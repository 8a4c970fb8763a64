//! The published table: what is simulated, what is not, and which recordings agree. Plain HTML, which needs nothing else.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Case;

const SIMULATED: [&str; 10] = [
    "The DaemonSet controller: queues and expectations, slow start, placement, RollingUpdate with maxUnavailable and \
     maxSurge, OnDelete, minReadySeconds, failed pods with back-off, adoption and release, ControllerRevisions with the \
     hash that a cluster gives, status, events.",
    "The API server as far as it concerns DaemonSets, Pods, Nodes, ControllerRevisions, Events, Namespaces and \
     PriorityClasses: strict decoding, defaulting, validation, generations, finalizers, graceful deletion.",
    "The garbage collector with its three ways to delete.",
    "The API server's admission: namespaces, priority classes, default tolerations, LimitRanges, ResourceQuotas, pod \
     security.",
    "The node life cycle controller: conditions to taints, silent kubelets, the state of zones and the rate of NoExecute \
     taints; the taint eviction controller with tolerationSeconds.",
    "The pod garbage collector; the controllers that empty a deleted namespace and count for quotas.",
    "The scheduler as far as a DaemonSet's pods can meet it: resources, host ports, node affinity, taints, unschedulable \
     nodes, required affinity between pods, preemption by priority, and which change makes it try again.",
    "The pace of the original's clients: 20 requests a second for the controllers, 50 for the scheduler.",
    "Kubelets: a pod takes a seeded, plausible time to start and to stop; an image's tag that begins with bad, slow, fail, \
     crash or succ says what becomes of it.",
    "kubectl, to the column: get, describe, apply, create, replace, delete, rollout, set image, label, annotate, taint, \
     cordon, drain, patch, events, diff, wait and more; and the text that it prints about an object that is refused.",
];
const NOT_SIMULATED: [&str; 9] = [
    "Containers: no image is pulled, no process runs, no probe is asked, no log is written.",
    "Networks, volumes, secrets, config maps and service accounts: they are checked in a manifest and then only kept.",
    "Other workloads (Deployments, StatefulSets, Jobs), services, autoscalers, disruption budgets.",
    "The scheduler's counts for topology spread, volumes, scores, and its look at everything every five minutes.",
    "RuntimeClasses: a pod may name any; overhead is refused without one.",
    "What a kubelet refuses or evicts on its own: a node's resources are the scheduler's affair here.",
    "Admission by webhooks or policies; authentication and authorization; kubectl's commands about those \
     and about containers (logs, exec, top).",
    "Several API servers, leader election, the loss of a control plane.",
    "Feature gates other than the defaults of v1.36.",
];

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn items(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("<li>{}</li>\n", escaped(text))).collect()
}

/// Yes, or no and why.
fn agrees(case: &Case, known: &BTreeMap<String, String>) -> String {
    match known.get(&case.name) {
        Some(why) => format!("<td class=\"no\">no: {}</td>", escaped(why)),
        None => "<td>yes</td>".to_owned(),
    }
}

fn rows(cases: &[Case], kind: &str, known: &BTreeMap<String, String>) -> String {
    let of_kind = cases.iter().filter_map(|case| Some((case.name.strip_prefix(kind)?, case)));
    let row = |(name, case): (&str, &Case)| {
        format!("<tr><th scope=\"row\">{name}</th><td>{}</td>{}</tr>\n", escaped(&case.about), agrees(case, known))
    };
    of_kind.map(row).collect()
}

/// How many cases of each group agree.
fn group_rows(cases: &[Case], kind: &str) -> String {
    let mut groups: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.name.starts_with(kind)) {
        let (agree, all) = groups.entry(&case.about).or_default();
        *agree += usize::from(case.differences.is_empty());
        *all += 1;
    }
    let row = |(group, (agree, all)): (&str, (usize, usize))| {
        format!("<tr><th scope=\"row\">{group}</th><td>{agree} of {all}</td></tr>\n")
    };
    groups.into_iter().map(row).collect()
}

fn share(cases: &[Case], kind: &str) -> String {
    let these: Vec<&Case> = cases.iter().filter(|case| case.name.starts_with(kind)).collect();
    format!("{} of {}", these.iter().filter(|case| case.differences.is_empty()).count(), these.len())
}

pub fn table(cases: &[Case], known: &BTreeMap<String, String>) -> String {
    let mut html = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Everynode against a real control \
         plane</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta \
         name=\"color-scheme\" content=\"dark light\">\n<link rel=\"stylesheet\" href=\"conformance.css\">\n</head>\n\
         <body>\n<main>\n",
    );
    writeln!(
        html,
        "<h1>Everynode against a real control plane</h1>\n<p>Everynode simulates Kubernetes <strong>v1.36.2</strong>. A \
         complete control plane of that version (etcd, API server, controller manager, scheduler, kubectl) was run \
         through the scenarios below, and what it did was recorded: the state after every step, events, the log of \
         watches, kubectl's texts. Here is what comes out the same. <code>cargo xtask conformance</code> makes this \
         table.</p>\n<ul>\n<li>Scenarios: {} agree</li>\n<li>Manifests: {} agree</li>\n<li>Template hashes: {} \
         agree</li>\n<li>kubectl's commands, to the column: {} agree</li>\n</ul>\n<h2>What is simulated</h2>\n<ul>\n{}</ul>\n<h2>What is not</h2>\n<ul>\n{}</ul>",
        share(cases, "traces/"),
        share(cases, "validation/"),
        share(cases, "hashes/"),
        share(cases, "kubectl/"),
        items(&SIMULATED),
        items(&NOT_SIMULATED),
    )
    .unwrap();
    writeln!(
        html,
        "<h2>Scenarios</h2>\n<table>\n<thead><tr><th scope=\"col\">Scenario</th><th scope=\"col\">What it shows</th><th \
         scope=\"col\">Agrees</th></tr></thead>\n<tbody>\n{}</tbody>\n</table>\n<h2>Manifests</h2>\n<p>Verdict, kubectl's \
         text, causes with field and reason, warnings, the object with its defaults, and the hash.</p>\n<table>\n<thead><tr><th \
         scope=\"col\">About</th><th scope=\"col\">Agree</th></tr></thead>\n<tbody>\n{}</tbody>\n</table>\n<h2>kubectl</h2>\n<table>\n<thead><tr><th scope=\"col\">Step</th><th scope=\"col\">Command</th><th \
         scope=\"col\">Agrees</th></tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</main>\n</body>\n</html>",
        rows(cases, "traces/", known),
        group_rows(cases, "validation/"),
        rows(cases, "kubectl/", known),
    )
    .unwrap();
    html
}
