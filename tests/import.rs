//! A real cluster, pasted: what is taken over, and how it goes on from there.

use std::fmt::Write as _;
use std::sync::Arc;

use everynode::api::Value;
use everynode::api::typed::{from_value, to_value};
use everynode::api::{ObjectKey, PodPhase, SimDuration, SimTime};
use everynode::engine::file::{self, SavedRun};
use everynode::engine::import::{Cluster, Import, Importing, import, is_dump};
use everynode::engine::kept_cluster::{ClusterLines, KeptCluster};
use everynode::engine::{Command, Scenario, Sim, Verb};
use everynode::manifest;
use everynode::store::Object;
use everynode::view::export;

/// A cluster as `kubectl get nodes,ds,pods,controllerrevisions -A -o yaml` prints it, made by running a scenario and
/// adding what real ones have besides.
fn dump(sim: &Sim) -> String {
    let world = sim.world();
    let objects = world.nodes.values().map(|it| it.to_value());
    let objects = objects.chain(world.daemonsets.values().map(|it| it.to_value()));
    let objects = objects.chain(world.pods.values().map(|it| it.to_value()));
    let objects = objects.chain(world.revisions.values().map(|it| it.to_value()));
    let mut text = "apiVersion: v1\nitems:\n".to_owned();
    for object in objects {
        let yaml = manifest::print(&object);
        let mut first = true;
        for line in yaml.lines() {
            writeln!(text, "{}{line}", if first { "- " } else { "  " }).expect("a string takes it");
            first = false;
            if line == "metadata:" {
                text.push_str(
                    "    managedFields:\n    - apiVersion: v1\n      fieldsType: FieldsV1\n      fieldsV1:\n",
                );
                text.push_str("        f:status:\n          f:conditions: {}\n      manager: kubelet\n");
            }
        }
    }
    text.push_str("- apiVersion: v1\n  kind: Service\n  metadata:\n    name: kubernetes\n    namespace: default\n");
    text.push_str("kind: List\nmetadata:\n  resourceVersion: \"\"\n");
    text
}

fn manifest_of(image: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: agent}}\nspec:\n  selector: {{matchLabels: {{app: agent}}}}\n{more}  \
         template:\n    metadata: {{labels: {{app: agent}}}}\n    spec:\n      containers:\n      - name: a\n        image: {image}\n        env: [{{name: A, value: \"1\"}}]\n"
    )
}

/// 3 masters and 4 workers, a rollout to the second image under way, and some time gone by.
fn source() -> Sim {
    let mut sim = Sim::new(&Scenario::with_workers(4));
    sim.submit(Command::Apply { text: manifest_of("nginx:1.16", "  minReadySeconds: 5\n") });
    sim.run_until_quiet();
    sim.wait_until(sim.now() + SimDuration::from_secs(3600));
    sim.submit(Command::Apply { text: manifest_of("nginx:1.17", "  minReadySeconds: 5\n") });
    sim.run_until(sim.now() + SimDuration::from_secs(12), usize::MAX);
    sim
}

fn imported(text: &str) -> Import {
    import(text).expect("a dump")
}

fn begin(import: &Import) -> Sim {
    Sim::new(&Scenario { cluster: Some(Arc::new(import.cluster.clone())), ..Scenario::default() })
}

#[test]
fn a_cluster_comes_over_as_it_is() {
    let source = source();
    let text = dump(&source);
    assert!(is_dump(&text));
    let import = imported(&text);
    assert_eq!(import.taken.get("Node"), Some(&7));
    assert_eq!(import.taken.get("ControllerRevision"), Some(&2));
    assert_eq!(import.left_out.get("Service"), Some(&1));
    assert_eq!(import.notes, Vec::<String>::new());
    let sim = begin(&import);
    let (was, is) = (source.world(), sim.world());
    assert_eq!(was.nodes.len(), is.nodes.len());
    for (old, new) in was.nodes.values().zip(is.nodes.values()) {
        assert_eq!(
            (&old.meta.labels, &old.taints, &old.allocatable),
            (&new.meta.labels, &new.taints, &new.allocatable)
        );
        assert_eq!((&old.pod_cidr, &old.internal_ip, old.meta.uid), (&new.pod_cidr, &new.internal_ip, new.meta.uid));
    }
    for (old, new) in was.pods.values().zip(is.pods.values()) {
        assert_eq!(old.meta.owner_references, new.meta.owner_references);
        assert_eq!(old.spec.template.image(), new.spec.template.image());
        assert_eq!((&old.spec.node_name, &old.spec.pinned_node), (&new.spec.node_name, &new.spec.pinned_node));
        assert_eq!(old.spec.tolerations, new.spec.tolerations);
        assert_eq!((old.status.phase, old.is_ready()), (new.status.phase, new.is_ready()));
        // The whole spec is there, out of the revision.
        assert!(new.to_value().to_json().contains("\"env\""));
    }
    for (old, new) in was.daemonsets.values().zip(is.daemonsets.values()) {
        assert_eq!((&old.spec, old.status, old.meta.generation), (&new.spec, new.status, new.meta.generation));
        // An hour old, not born at the beginning.
        assert!(new.meta.created_at.is_some_and(|at| at < SimTime::ZERO - SimDuration::from_secs(3000)));
    }
    for (old, new) in was.revisions.values().zip(is.revisions.values()) {
        assert_eq!((&old.json, old.revision, old.hash()), (&new.json, new.revision, new.hash()));
    }
}

#[test]
fn the_rollout_goes_on_where_it_stood() {
    let source = source();
    let import = imported(&dump(&source));
    let mut sim = begin(&import);
    sim.run_until_quiet();
    let key = ObjectKey::new("default", "agent");
    let status = sim.world().daemonsets.get(&key).expect("it is there").status;
    assert_eq!((status.desired_number_scheduled, status.updated_number_scheduled, status.number_available), (4, 4, 4));
    assert_eq!(sim.world().revisions.len(), 2, "no new revision");
    let already = source.world().daemonsets.get(&key).expect("it is there").status.updated_number_scheduled;
    let created = sim.history().records().iter().filter(|it| it.verb == Verb::Create).count() as i64;
    assert!(already > 0 && created <= 4 - already + 1, "{created} created, {already} were updated");
}

#[test]
fn nothing_happens_in_a_cluster_that_is_as_it_should_be() {
    let mut source = Sim::new(&Scenario::with_workers(3));
    source.submit(Command::Apply { text: manifest_of("nginx:1.16", "") });
    source.run_until_quiet();
    source.wait_until(source.now() + SimDuration::from_secs(100));
    let mut sim = begin(&imported(&dump(&source)));
    sim.run_until_quiet();
    let acts: Vec<String> =
        sim.history().records().iter().skip(1).filter(|it| it.is_act()).map(|it| it.to_line()).collect();
    assert_eq!(acts, Vec::<String>::new());
}

#[test]
fn an_older_release_starts_no_rollout_by_its_look() {
    let mut source = Sim::new(&Scenario::with_workers(3));
    source.submit(Command::Apply { text: manifest_of("nginx:1.16", "") });
    source.run_until_quiet();
    let text = dump(&source);
    // Before 1.34 templates had a null timestamp; and a default that the other release does not have.
    let older = text
        .replace(
            "          labels:\n            app: agent\n",
            "          creationTimestamp: null\n          labels:\n            app: agent\n",
        )
        .replace("          dnsPolicy: ClusterFirst\n", "");
    assert_ne!(older, text);
    let import = imported(&older);
    let mut sim = begin(&import);
    sim.run_until_quiet();
    assert_eq!(sim.world().revisions.len(), 1);
    assert!(!sim.history().records().iter().any(|it| it.verb == Verb::Delete));
}

#[test]
fn pods_of_strangers_stay_and_are_said() {
    let source = source();
    let mut text = dump(&source);
    let daemonset = text.find("- apiVersion: apps/v1\n  kind: DaemonSet").expect("it is there");
    let pods = text[daemonset..].find("\n- apiVersion: v1\n").expect("pods follow") + daemonset + 1;
    text.replace_range(daemonset..pods, "");
    let import = imported(&text);
    assert!(import.notes[0].contains("belong to the DaemonSet agent"), "{:?}", import.notes);
    let mut sim = begin(&import);
    let before = sim.world().pods.len();
    sim.run_until_quiet();
    assert!(before > 0 && sim.world().pods.len() >= before - 1);
}

#[test]
fn namespaces_and_priority_classes_that_are_only_named_are_there() {
    let mut text = String::new();
    for line in dump(&source()).replace("namespace: default", "namespace: monitoring").lines() {
        if let Some((indent, _)) = line.split_once("schedulerName:") {
            text.extend([indent, "priorityClassName: important\n"]);
        }
        text.extend([line, "\n"]);
    }
    let mut sim = begin(&imported(&text));
    sim.wait_until(SimTime::from_micros(300_000_000));
    // The rollout went on, so pods were created there.
    let world = sim.world();
    assert!(world.namespaces.get("monitoring").is_some() && world.priority_classes.get("important").is_some());
    assert!(world.pods.values().all(|pod| pod.spec.template.image() == "nginx:1.17" && pod.is_ready()));
    assert_eq!(world.pods.len(), 4);
}

#[test]
fn what_is_named_twice_is_there_once() {
    let text = dump(&source());
    let import = imported(&[&text, "---\n", &text].concat());
    assert_eq!(import.taken, imported(&text).taken);
}

#[test]
fn what_has_no_name_is_left_out() {
    let nameless = "---\napiVersion: v1\nkind: Node\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: 5}\nspec: no\n";
    let import = imported(&[&dump(&source()), nameless].concat());
    assert_eq!(import.left_out.get("Node without a name"), Some(&1));
    assert_eq!(import.left_out.get("Pod without a name"), Some(&1));
    begin(&import).wait_until(SimTime::from_micros(60_000_000));
}

#[test]
fn an_exported_cluster_is_the_same_when_it_comes_back() {
    let mut sim = begin(&imported(&dump(&source())));
    sim.wait_until(SimTime::from_micros(30_000_000));
    let text = export::cluster(sim.world(), sim.now());
    let back = begin(&imported(&text));
    let ages = |sim: &Sim| -> Vec<u64> {
        let created = sim.world().pods.values().map(|pod| pod.meta.created_at.unwrap_or_default());
        created.map(|at| sim.now().since(at).0.div_ceil(1_000_000)).collect()
    };
    assert_eq!(ages(&back), ages(&sim));
    let again = export::cluster(back.world(), back.now());
    assert_eq!(again, export::cluster(begin(&imported(&again)).world(), SimTime::ZERO));
}

#[test]
fn json_is_as_good_and_a_saved_scenario_is_the_same_cluster() {
    let text = dump(&source());
    let import = imported(&text);
    let json = everynode::manifest::read_value(&text).expect("YAML").to_json();
    assert_eq!(imported(&json), import);
    let scenario = Scenario { cluster: Some(Arc::new(import.cluster.clone())), ..Scenario::default() };
    let again: Scenario = from_value(&to_value(&scenario)).expect("readable");
    // And from the lines in which the page keeps it.
    let mut kept = KeptCluster::default();
    let mut lines = ClusterLines::default();
    assert!(import.cluster.objects.chunks(3).all(|objects| kept.add(&lines.write(objects))));
    assert_eq!(kept.finish().expect("a cluster"), import.cluster);
    // And from the parts in which a run becomes a file.
    let run = SavedRun { scenario: scenario.clone(), text: "\"cluster\":[".to_owned(), ..SavedRun::default() };
    assert_eq!(file::encode_parts(&run).collect::<String>(), file::encode(&run));
    let without = SavedRun { scenario: Scenario::default(), ..run };
    assert_eq!(file::encode_parts(&without).collect::<String>(), file::encode(&without));
    let (mut one, mut other) = (Sim::new(&scenario), Sim::new(&again));
    one.run_until_quiet();
    other.run_until_quiet();
    assert_eq!(one.history().log_hash(), other.history().log_hash());
    assert_eq!(one.world(), other.world());
}

#[test]
fn every_state_of_a_pod_is_kept() {
    let mut sim = Sim::new(&Scenario::with_workers(8));
    // Two containers, whose restarts are one number here.
    let text = manifest_of("nginx:1.16", "") + "      - name: b\n        image: nginx:1.17\n";
    sim.submit(Command::Apply { text });
    sim.run_until_quiet();
    let mut cluster = imported(&dump(&sim)).cluster;
    let mut number = 0;
    for object in &mut cluster.objects {
        let Object::Pod(pod) = object else { continue };
        let pod = Arc::make_mut(pod);
        number += 1;
        match number {
            2 => (pod.status.restarts, pod.status.waiting) = (7, Some("CrashLoopBackOff")),
            3 => pod.status.waiting = Some("ImagePullBackOff"),
            4 => {
                pod.status.phase = PodPhase::Failed;
                pod.status.reason = Some("Evicted".into());
                pod.status.message = Some("\"low\" on <memory> \u{2028}".into());
            }
            5 => pod.meta.deletion_at = Some(SimTime(3_000_000)),
            6 => {
                let labels = Arc::make_mut(&mut pod.meta.labels);
                labels.insert("own".to_owned(), "label".to_owned());
                pod.meta.finalizers = Arc::from(["example.com/wait".into()]);
                pod.status.set_condition("PodScheduled", false, "Unschedulable", "0/1 nodes", SimTime(-5_000_000));
                (pod.spec.node_name, pod.spec.pinned_node, pod.spec.priority) = (None, None, -3);
                (pod.status.started_at, pod.status.pod_ip, pod.status.host_ip) = (None, None, None);
            }
            _ => {}
        }
    }
    assert!(number > 6);
    let (mut kept, mut lines) = (KeptCluster::default(), ClusterLines::default());
    assert!(cluster.objects.chunks(3).all(|objects| kept.add(&lines.write(objects))));
    assert_eq!(kept.finish().expect("a cluster"), cluster);
    // And as part of a scenario.
    assert_eq!(Cluster::from_value(&cluster.to_value()), cluster);
}

/// A pod that no DaemonSet of the dump made, with what nothing here reads.
const LONER: &str = r#"{"apiVersion": "v1", "spec": {"nodeName": "worker-1", "preemptionPolicy": "PreemptLowerPriority", "containers": [{"name": "a", "image": "x",
    "env": [{"name": "PASSWORD", "value": "hunter2"}]}], "volumes": [{"name": "v", "emptyDir": {}}]},
    "status": {"phase": "Running"}, "metadata": {"name": "loner", "namespace": "apart", "uid": "00000000-0000-4000-8000-000000000001",
    "resourceVersion": "5"}, "kind": "Pod"}"#;

#[test]
fn environment_values_of_others_pods_are_not_taken_over_by_either_reader() {
    let json = everynode::manifest::read_value(&dump(&source())).expect("YAML").to_json();
    // The kind comes last, and the quick reader knows no anchors.
    let quickly = json.replacen("\"items\":[", &format!("\"items\":[{LONER},"), 1);
    let carefully =
        dump(&source()).replacen("kind: List\n", &format!("- &a {}\nkind: List\n", LONER.replace('\n', " ")), 1);
    for text in [quickly, carefully] {
        let cluster = imported(&text).cluster;
        let told = cluster.to_value().to_json();
        assert!(told.contains("\"loner\"") && !told.contains("hunter2"), "{told}");
        // Its namespace is not in the dump, and comes back as it was made up.
        let (mut kept, mut lines) = (KeptCluster::default(), ClusterLines::default());
        assert!(kept.add(&lines.write(&cluster.objects)));
        for again in [kept.finish().expect("a cluster"), Cluster::from_value(&cluster.to_value())] {
            for (again, object) in again.objects.iter().zip(&cluster.objects) {
                assert_eq!(again, object);
            }
            assert_eq!(again.objects.len(), cluster.objects.len());
        }
    }
}

#[test]
fn a_pod_of_a_list_of_pods_keeps_its_spec_behind_a_sibling() {
    let source = source();
    let pods: Vec<everynode::api::Value> = source.world().pods.values().map(|pod| pod.to_value()).collect();
    let nodes: Vec<everynode::api::Value> = source.world().nodes.values().map(|node| node.to_value()).collect();
    let json = |kind: &str, items: Vec<everynode::api::Value>, more: &str| {
        let items = everynode::api::Value::List(items).to_json();
        format!("{{\"apiVersion\":\"v1\",\"kind\":\"{kind}\",\"items\":{}{more}]}}", &items[..items.len() - 1])
    };
    let loner = LONER.replace(", \"kind\": \"Pod\"", "");
    let text =
        json("PodList", pods.into_iter().chain([]).collect(), &format!(",{loner}")) + &json("NodeList", nodes, "");
    let import = imported(&text);
    let loner = import.cluster.objects.iter().filter_map(Object::as_pod).find(|pod| &*pod.meta.name == "loner");
    assert_eq!(loner.expect("the pod").spec.template.image(), "x");
}

#[test]
fn a_damaged_dump_is_refused_or_begins_a_simulation() {
    let yaml = dump(&source());
    let json = everynode::manifest::read_value(&yaml).expect("YAML").to_json();
    let mut begun = 0;
    for text in [&yaml, &json] {
        for (number, at) in (0..text.len()).step_by(211).enumerate() {
            let inserts = ["[", "}", ":", "\"", "- ", "\n", "99999999999", "null", "~", "Node"];
            let damaged = [&text[..at], inserts[number % inserts.len()], &text[at + number % 9..]].concat();
            if let Ok(import) = import(&damaged) {
                begin(&import).wait_until(SimTime::from_micros(2_000_000));
                begun += 1;
            }
        }
    }
    assert!(begun > 50, "{begun}");
}

#[test]
fn a_dump_is_read_in_portions() {
    let yaml = dump(&source());
    let json = everynode::manifest::read_value(&yaml).expect("YAML").to_json();
    // Also as `kubectl get` prints several lists, and as documents of their own.
    for (text, lists) in [(&yaml, 1), (&json, 1), (&format!("{yaml}---\n{yaml}"), 2), (&format!("{json}\n{json}"), 2)] {
        let mut importing = Importing::default();
        let mut portions = 0;
        while !importing.read(text, 1).expect("readable") {
            portions += 1;
        }
        assert_eq!(importing.at(), text.len());
        let import = importing.finish().expect("a cluster");
        assert_eq!(import, imported(text));
        // The second list names the same objects again.
        let objects = lists * import.cluster.objects.len() + import.left_out.values().sum::<usize>();
        assert_eq!(portions, objects);
    }
}

#[test]
fn what_is_no_cluster_says_why() {
    for (text, expected) in [
        ("", "There is no Node"),
        ("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n", "There is no Node"),
        ("\u{0}\u{1}binary", "Line 1"),
        ("{\"kind\": \"List\", \"items\": [", "There is no Node"),
    ] {
        let error = import(text).expect_err(text);
        assert!(error.contains(expected) || error.contains("cannot be read"), "{text:?}: {error}");
    }
    assert!(!is_dump(&manifest_of("nginx", "")));
}

/// The same cluster as `kubectl get --raw` gives it (lists whose members have no kind of their own), as documents one after
/// the other, and as JSON objects one a line.
#[test]
fn lists_of_one_kind_and_streams_are_clusters_too() {
    let text = dump(&source());
    let wanted = imported(&text);
    let whole = everynode::manifest::read_value(&text).expect("it is YAML");
    let items = whole.get("items").and_then(Value::as_list).expect("a list");
    let kind_of = |item: &Value| item.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut lists: Vec<(String, Value)> = Vec::new();
    for item in items {
        let kind = kind_of(item);
        let mut bare = item.clone();
        let version = bare.make_map().remove("apiVersion").unwrap_or_default();
        bare.make_map().remove("kind");
        let bare = bare.to_json();
        match lists.iter_mut().find(|(name, _)| *name == kind) {
            Some((_, Value::Str(text))) => *text = [&text[..], ",", &bare].concat(),
            _ => {
                let head = format!(
                    "{{\"kind\":\"{kind}List\",\"apiVersion\":{},\"metadata\":{{\"resourceVersion\":\"9\"}},\"items\":[",
                    version.to_json()
                );
                lists.push((kind, (head + &bare).into()));
            }
        }
    }
    let raw: Vec<String> = lists.iter().map(|(_, text)| format!("{}]}}", text.as_str().unwrap_or_default())).collect();
    let documents: Vec<String> = items.iter().map(everynode::manifest::print).collect();
    let lines: Vec<String> = items.iter().map(Value::to_json).collect();
    let yaml: Vec<String> = raw.iter().map(|text| typed_yaml(text)).collect();
    for text in [
        raw.join("\n"),
        raw.concat(),
        documents.join("---\n"),
        format!("---\n{}", documents.join("\n---\n")),
        lines.join("\n"),
        yaml.join("---\n"),
    ] {
        assert!(is_dump(&text), "{}", &text[..300]);
        let import = imported(&text);
        assert_eq!(import.taken, wanted.taken);
        assert_eq!(import.cluster, wanted.cluster);
        assert_eq!(import.notes, wanted.notes);
    }
    // Nodes alone, and what is no dump.
    assert!(is_dump(&raw[0]) && raw[0].contains("NodeList"));
    assert_eq!(imported(&raw[0]).taken.get("Node"), Some(&7));
    let written = "apiVersion: v1\nkind: Node\nmetadata:\n  name: a\n";
    assert!(!is_dump(&format!("{written}---\n{}", manifest_of("nginx", ""))));
    let nameless = "{\"kind\":\"NodeList\",\"items\":[{\"metadata\":{\"name\":\"\"}},{},7]}";
    assert!(import(nameless).is_err());
}

/// A list of one kind as YAML whose fields stand in the order in which the server gives them.
fn typed_yaml(json: &str) -> String {
    let value = everynode::manifest::read_value(json).expect("it is JSON");
    let word = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let items = value.get("items").cloned().unwrap_or_default();
    let items = everynode::manifest::print(&[("items", items)].into());
    format!("kind: {}\napiVersion: {}\nmetadata:\n  resourceVersion: \"9\"\n{items}", word("kind"), word("apiVersion"))
}
