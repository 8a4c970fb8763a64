//! The gallery's examples: each applies without a finding, converges, and lands where its description says.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use everynode::api::Value;
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

/// What the vendor decided about an example, a line each: what a reader would look for in a pod's description.
fn facts(file: &str) -> String {
    let checked = check(&text(file));
    let set = checked.documents.iter().find(|it| it.document.kind == "DaemonSet").expect("a DaemonSet");
    let value = &set.document.value;
    let spec = value.at(&["spec", "template", "spec"]).expect("a template");
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_list).unwrap_or_default().to_vec();
    let word = |value: &Value, name: &str| match value.get(name) {
        None => "-".to_owned(),
        Some(Value::Str(text)) => text.clone(),
        Some(other) => other.to_json(),
    };
    let namespace = if set.document.namespace.is_empty() { "-" } else { &*set.document.namespace };
    let mut lines = vec![format!("{} in {namespace}", set.document.name)];
    let strategy = value.at(&["spec", "updateStrategy"]);
    lines.extend(strategy.map(|strategy| format!("updateStrategy {}", strategy.to_json())));
    for field in
        ["hostNetwork", "hostPID", "hostIPC", "dnsPolicy", "priorityClassName", "terminationGracePeriodSeconds"]
    {
        lines.extend(spec.get(field).map(|_| format!("{field} {}", word(spec, field))));
    }
    for field in ["nodeSelector", "affinity"] {
        lines.extend(spec.get(field).map(|value| format!("{field} {}", value.to_json())));
    }
    for it in list(spec, "tolerations") {
        let words = ["key", "operator", "value", "effect"].map(|field| word(&it, field));
        lines.push(format!("tolerates {}", words.join(" ")));
    }
    for kind in ["initContainers", "containers"] {
        for it in list(spec, kind) {
            lines.push(format!("{} {}", if kind == "containers" { "runs" } else { "first runs" }, word(&it, "image")));
            lines.extend(it.get("imagePullPolicy").map(|_| format!("  pulls {}", word(&it, "imagePullPolicy"))));
            for port in list(&it, "ports") {
                let words = ["containerPort", "hostPort", "protocol"].map(|field| word(&port, field));
                lines.push(format!("  port {}", words.join(" ")));
            }
            lines.extend(it.get("resources").map(|value| format!("  resources {}", value.to_json())));
            lines.extend(it.get("securityContext").map(|value| format!("  security {}", value.to_json())));
            for probe in ["livenessProbe", "readinessProbe"] {
                lines.extend(it.get(probe).map(|value| format!("  {probe} {}", value.to_json())));
            }
        }
    }
    let mut volumes: Vec<String> = list(spec, "volumes").iter().map(volume).collect();
    volumes.sort();
    lines.extend(volumes);
    lines.join("\n")
}

/// Where a volume comes from; the names of what is beside it differ from cluster to cluster.
fn volume(volume: &Value) -> String {
    let path = |field| volume.at(&["hostPath", field]).and_then(Value::as_str).unwrap_or_default().to_owned();
    let kind = volume.as_map().into_iter().flatten().map(|(key, _)| key.as_str()).find(|key| *key != "name");
    match kind {
        Some("hostPath") => format!("host path {} {}", path("path"), path("type")).trim_end().to_owned(),
        kind => format!("volume {}", kind.unwrap_or("-")),
    }
}

/// The facts in tests/examples/facts.txt were compared with what each vendor ships; whoever changes an example compares anew.
#[test]
fn each_example_is_as_its_vendor_ships_it() {
    let wanted = include_str!("examples/facts.txt");
    let blocks = wanted.trim_end().split("\n\n").filter(|block| !block.starts_with('#'));
    let wanted: BTreeMap<&str, &str> =
        blocks.map(|block| block.split_once('\n').expect("a file and its facts")).collect();
    for example in gallery().examples {
        assert_eq!(Some(&*facts(&example.file)), wanted.get(&*example.file).copied(), "{}", example.file);
    }
    assert_eq!(wanted.len(), gallery().examples.len());
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
