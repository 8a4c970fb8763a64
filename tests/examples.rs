//! The gallery's examples: each applies without a finding, converges, and lands where its description says.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use everynode::engine::{Command, Sim, check};
use everynode::lesson::{Example, Gallery};

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("static/examples")
}

fn gallery() -> Gallery {
    let (gallery, findings) = Gallery::read(&fs::read_to_string(folder().join("index.yaml")).unwrap());
    assert_eq!(findings, []);
    gallery
}

fn text(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Applies a file as the page does, and lets everything come to rest.
fn apply(sim: &mut Sim, file: &str) {
    let text = text(file);
    let checked = check(&text);
    assert_eq!(checked.findings, [], "{file}");
    for document in &checked.documents {
        assert_eq!(document.warnings, [] as [String; 0], "{file}");
    }
    let outcome = sim.submit(Command::Apply { text });
    assert_eq!((&outcome.errors, &outcome.warnings), (&vec![], &vec![]), "{file}");
    assert!(!outcome.messages.is_empty(), "{file}");
    sim.run_until_quiet();
    assert!(sim.is_quiet(), "{file} does not come to rest");
}

fn proven(example: &Example) {
    let mut sim = Sim::new(&example.cluster.scenario());
    let mut revisions = 1;
    if !example.after.is_empty() {
        apply(&mut sim, &example.after);
        revisions += 1;
    }
    apply(&mut sim, &example.file);
    let file = &example.file;
    let world = sim.world();
    let wanted: BTreeSet<&str> = world.nodes.keys().map(|name| &**name).filter(|name| example.runs_on(name)).collect();
    assert!(!wanted.is_empty() && wanted.len() < world.nodes.len() + 1, "{file}");
    for name in &example.runs {
        assert!(
            world.nodes.keys().any(|node| match name.strip_suffix('*') {
                Some(prefix) => node.starts_with(prefix),
                None => **node == **name,
            }),
            "{file}: no node {name}"
        );
    }
    let daemonsets: Vec<_> = world.daemonsets.values().collect();
    let [daemonset] = daemonsets.as_slice() else { panic!("{file}: {} DaemonSets", daemonsets.len()) };
    let on: Vec<&str> = world.pods.values().filter_map(|pod| pod.target_node().map(|node| &**node)).collect();
    assert_eq!(on.len(), wanted.len(), "{file}: one pod on each of {wanted:?}, not {on:?}");
    assert_eq!(on.into_iter().collect::<BTreeSet<_>>(), wanted, "{file}");
    assert!(world.pods.values().all(|pod| pod.is_ready()), "{file}");
    let status = &daemonset.status;
    let numbers = [
        status.desired_number_scheduled,
        status.current_number_scheduled,
        status.number_ready,
        status.updated_number_scheduled,
        status.number_available,
    ];
    assert!(numbers.iter().all(|number| *number as usize == wanted.len()), "{file}: {numbers:?}");
    assert_eq!(world.revisions.len(), revisions, "{file}");
    // The explanations name nodes and numbers; a sentence that grew too long is no sentence any more.
    for words in [&example.title, &example.what, &example.why, &example.look, &example.group] {
        assert!((3..=120).contains(&words.len()), "{file}: {words:?}");
    }
}

#[test]
fn each_example_applies_converges_and_lands_where_it_says() {
    for example in &gallery().examples {
        proven(example);
    }
}

#[test]
fn every_system_of_the_tutorial_is_there_and_every_file_is_in_the_index() {
    let gallery = gallery();
    for name in [
        "nginx 1.16",
        "nginx 1.17",
        "glusterd",
        "ceph",
        "fluentd",
        "filebeat",
        "prometheus node exporter",
        "flowmill",
        "sysdig agent",
        "collectd",
        "dynatrace oneagent",
        "appdynamics agent",
        "datadog agent",
        "new relic agent",
        "ganglia gmond",
        "instana agent",
        "elastic metricbeat",
        "kube-proxy",
        "cni",
        "csi node plugin",
        "gpu device plugin",
        "dns",
    ] {
        assert!(gallery.examples.iter().any(|example| example.matches(name)), "{name}");
    }
    let listed: BTreeSet<String> = gallery.examples.iter().map(|example| example.file.clone()).collect();
    let there = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<String> = there.filter(|name| name != "index.yaml").collect();
    assert_eq!(listed, there);
    assert_eq!(listed.len(), gallery.examples.len(), "a file is listed twice");
}

#[test]
fn each_file_is_commented() {
    for example in gallery().examples {
        let text = text(&example.file);
        assert!(text.starts_with("# "), "{} does not begin with what it is", example.file);
        let long = text.lines().find(|line| line.chars().count() > 120);
        assert_eq!(long, None, "{}", example.file);
    }
}

#[test]
fn what_is_wrong_with_an_index_is_told_by_line() {
    let text = "clusters:\n  a:\n    about: one\n    nodes:\n    - {name: one, taints: [oops]}\nexamples:\n- file: x.yaml\n  titel: X\n";
    let (_, findings) = Gallery::read(text);
    let lines: Vec<(usize, &str)> =
        findings.iter().map(|finding| (finding.span.line, finding.message.as_str())).collect();
    assert_eq!(lines[0], (5, "this is no taint"));
    assert!(lines.contains(&(8, "unknown field titel")), "{lines:?}");
    assert_eq!(findings[1].mend.as_deref(), Some("Did you mean `title`?"));
    assert!(lines.iter().any(|(_, message)| *message == "cluster is missing"), "{lines:?}");
}
