//! The lessons: each can be read, and taken from start to end with the acts of "Do it for me".

#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::{Path, PathBuf};

use everynode::api::Value;
use everynode::api::{Kind, ObjectKey, SimDuration};
use everynode::engine::{Command, Scenario, Sim};
use everynode::lesson::{Doing, Holds, Lesson, Moment, PLACES, Verdict, fields, read_list};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("static/lessons")
}

fn text(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A reader who does what "Do it for me" does.
struct Reader {
    sim: Sim,
    selected: Option<(Kind, ObjectKey)>,
    yaml: bool,
    editor: String,
    since: usize,
}

impl Reader {
    fn verdicts(&self, step: &everynode::lesson::Step) -> Vec<Verdict> {
        let selected = self.selected.as_ref().map(|(kind, key)| (*kind, key));
        let moment =
            Moment { sim: &self.sim, since: self.since, selected, yaml: self.yaml, editor: self.editor.as_str() };
        step.done.iter().map(|check| check.verdict(&moment)).collect()
    }

    fn take(&mut self, doing: Doing) {
        match doing {
            Doing::Apply(text) => {
                self.editor = text.clone();
                let outcome = self.sim.submit(Command::Apply { text });
                assert_eq!(outcome.errors, [] as [String; 0]);
            }
            Doing::Kubectl(line) => kubectl(&mut self.sim, &line),
            Doing::Submit(command) => {
                let outcome = self.sim.submit(command);
                assert_eq!(outcome.errors, [] as [String; 0]);
            }
            Doing::Select(kind, key) => self.selected = Some((kind, key)),
            Doing::Show { yaml } => self.yaml = yaml,
        }
    }
}

/// Lets a lesson be done for one, step by step; each step must not be done before its acts, and be done after them.
fn taken(file: &str) {
    let (lesson, findings) = Lesson::read(&text(file));
    assert_eq!(findings, [], "{file}");
    let mut reader = Reader {
        sim: Sim::new(&lesson.scenario()),
        selected: None,
        yaml: false,
        editor: lesson.manifest.clone(),
        since: 0,
    };
    for (number, step) in lesson.steps.iter().enumerate() {
        let place = format!("{file}, step {} ({})", number + 1, step.title);
        let before = reader.verdicts(step);
        assert!(before.iter().any(|verdict| !verdict.done), "{place} is done before anything was done: {before:?}");
        assert!(!step.acts.is_empty(), "{place}: nothing is done");
        for act in &step.acts {
            let doing = act.doing(&reader.sim, &step.manifest);
            let doing = doing.unwrap_or_else(|| panic!("{place}: {act:?} finds nothing"));
            // What is to be selected must be there, as a reader waits for it.
            reader.take(doing);
            reader.sim.run_until_quiet();
        }
        let after = reader.verdicts(step);
        let left: Vec<&Verdict> = after.iter().filter(|verdict| !verdict.done).collect();
        assert!(left.is_empty(), "{place} is not done: {left:#?}");
        for verdict in after {
            assert!(!verdict.wanted.is_empty() && !verdict.wanted.contains("  "), "{place}: {verdict:?}");
        }
        reader.since = reader.sim.history().records().len();
    }
}

#[test]
fn each_lesson_can_be_done_for_one_from_start_to_end() {
    let (entries, findings) = read_list(&text("index.yaml"));
    assert_eq!(findings, []);
    for entry in &entries {
        taken(&entry.file);
        let (lesson, _) = Lesson::read(&text(&entry.file));
        assert_eq!(lesson.title, entry.title, "{}", entry.file);
    }
    let mut there: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".yaml") && name != "index.yaml" && name != "first-visit.yaml")
        .collect();
    there.sort();
    let mut listed: Vec<String> = entries.iter().map(|entry| entry.file.clone()).collect();
    listed.sort();
    assert_eq!(listed, there);
}

fn kubectl(sim: &mut Sim, line: &str) {
    let answer = everynode::kubectl::run(sim, line, &mut |_| None);
    assert_eq!(answer.exit, 0, "{line}: {}", answer.stderr());
    assert!(!answer.stdout().is_empty(), "{line}");
}

#[test]
fn what_a_new_visitor_can_try_is_ticked_when_it_was_tried() {
    let (visit, findings) = Lesson::read(&text("first-visit.yaml"));
    assert_eq!(findings, []);
    let (walk, _) = Lesson::read(&text("walk-through.yaml"));
    let sim = Sim::new(&walk.scenario());
    let mut reader = Reader { sim, selected: None, yaml: false, editor: String::new(), since: 0 };
    let done = |reader: &Reader| -> Vec<bool> {
        visit.steps.iter().map(|step| reader.verdicts(step).iter().all(|verdict| verdict.done)).collect()
    };
    assert_eq!(done(&reader), [false; 4]);
    reader.take(Doing::Apply(walk.manifest.clone()));
    reader.sim.run_until_quiet();
    assert_eq!(done(&reader), [true, false, false, false]);
    reader.take(Doing::Apply(walk.manifest.replace("1.16", "1.17")));
    reader.sim.run_until_quiet();
    assert_eq!(done(&reader), [true, true, false, false]);
    reader.take(Doing::Kubectl("kubectl delete pod -l app=nginx".to_owned()));
    assert_eq!(done(&reader), [true, true, true, false]);
    reader.selected = Some((Kind::Node, ObjectKey::cluster("worker-1")));
    assert_eq!(done(&reader), [true; 4]);
}

#[test]
fn what_is_wrong_with_a_lesson_is_told_by_line() {
    let told = |text: &str| -> Vec<String> {
        let (_, findings) = Lesson::read(text);
        findings.iter().map(|it| format!("{}: {}", it.span.line, it.message)).collect()
    };
    let good = "title: T\nmanifest: abc\nsteps:\n- title: One\n  text: x\n  edit:\n  - {replace: b, with: d}\n  do: [show why]\n  done:\n  - {pods: at least 1, at: worker-1}\n";
    assert_eq!(told(good), [] as [&str; 0]);
    for (from, to, line, message) in [
        ("title: T\n", "", 1, "title is missing"),
        ("title: T", "title: [T]", 1, "title must be a text"),
        ("text: x", "txt: x", 5, "unknown field txt"),
        ("replace: b", "replace: q", 7, "the manifest has this 0 times at this step, not once"),
        ("[show why]", "[aply]", 8, "this is no act"),
        ("[show why]", "[the kubelet of worker-1 sleeps]", 8, "this is no act"),
        ("[show why]", "[{join: {count: 2}}]", 8, "name is missing"),
        ("at least 1", "many", 10, "pods must be a number, or a text such as `at least 2` or `at most 2`"),
        ("at least 1", "-1", 10, "pods must be a number, or a text such as `at least 2` or `at most 2`"),
        ("pods:", "cars:", 10, "this check is about nothing"),
        ("at: worker-1", "phase: Walking", 10, "phase must be one of Pending, Running, Succeeded, Failed"),
        ("manifest: abc\n", "", 6, "the manifest has this 0 times at this step, not once"),
        ("  done:", "  look: {text: y, at: moon}\n  done:", 9, "there is no such part of the page"),
        ("steps:", "cluster:\n- {name: x, taints: [odd]}\nsteps:", 4, "this is no taint"),
        ("steps:", "cluster:\n- {name: x, count: 9999}\nsteps:", 4, "9999 nodes are too many"),
        ("- title: One", "- title: \"One", 0, ""),
    ] {
        assert!(good.contains(from), "{from}");
        let lines = told(&good.replacen(from, to, 1));
        let wanted = format!("{line}: {message}");
        assert!(!lines.is_empty(), "{to}: nothing is wrong");
        assert!(line == 0 || lines.contains(&wanted), "{to}: {wanted} is not in {lines:?}");
    }
    // Whatever a file holds, reading it ends, and says something.
    for text in ["", "\u{0}", "- a\n- b", "7", "title: {{ x }}", "steps: 1", "title: a\nsteps: []", "a: &a [*a]", "\t"]
    {
        assert!(!told(text).is_empty(), "{text:?}");
    }
}

/// What each check wants and what there is, in words: on the cluster of the walk-through with its DaemonSet running.
#[test]
fn checks_hold_or_say_what_there_is() {
    let (walk, _) = Lesson::read(&text("walk-through.yaml"));
    let mut reader = Reader {
        sim: Sim::new(&walk.scenario()),
        selected: Some((Kind::Node, ObjectKey::cluster("master-1"))),
        yaml: false,
        editor: walk.manifest.clone(),
        since: 0,
    };
    reader.take(Doing::Apply(walk.manifest.clone()));
    reader.sim.run_until_quiet();
    for (check, done, wanted, now) in [
        (
            "{daemonset: nginx-daemon-set, ready: 3, rolled-out: true}",
            true,
            "nginx-daemon-set: ready 3, rolled out",
            "",
        ),
        (
            "{daemonset: nginx-daemon-set, ready: 4, image: 'nginx:1'}",
            false,
            "nginx-daemon-set: ready 4, with image nginx:1",
            "ready 3, image nginx:1.16",
        ),
        ("{daemonset: other, ready: 1}", false, "other: ready 1", "not there yet"),
        ("{daemonset: other, exists: false}", true, "other: is gone", ""),
        ("{daemonset: nginx-daemon-set, namespace: kube-system}", false, "nginx-daemon-set", "not there yet"),
        (
            "{daemonset: nginx-daemon-set, strategy: OnDelete}",
            false,
            "nginx-daemon-set: with strategy OnDelete",
            "RollingUpdate",
        ),
        (
            "{daemonset: nginx-daemon-set, revisions: 1, revision: at least 2}",
            false,
            "nginx-daemon-set: revision at least 2, revisions 1",
            "revision 1",
        ),
        (
            "{pods: 3, of: nginx-daemon-set, ready: true, revision: 1}",
            true,
            "pods of nginx-daemon-set of revision 1 ready: 3",
            "",
        ),
        ("{pods: at most 1, at: [worker-*]}", false, "pods on worker-*: at most 1", "3"),
        ("{pods: 0, of: nobody, labels: {app: nginx}}", true, "pods without an owner labelled app=nginx: 0", ""),
        (
            "{pods: 3, phase: Running, terminating: false, image: 'nginx:1.16'}",
            true,
            "pods with image nginx:1.16 not terminating Running: 3",
            "",
        ),
        (
            "{node: master-1, taint: node-role.kubernetes.io/control-plane, ready: true}",
            true,
            "master-1: ready, tainted node-role.kubernetes.io/control-plane",
            "",
        ),
        (
            "{node: master-1, no-taint: 'node-role.kubernetes.io/control-plane:NoSchedule'}",
            false,
            "master-1: without the taint node-role.kubernetes.io/control-plane:NoSchedule",
            "not so",
        ),
        ("{node: worker-9, cordoned: true}", false, "worker-9: cordoned", "not there"),
        ("{node: worker-1, condition: DiskPressure, is: 'True'}", false, "worker-1: DiskPressure=True", "False"),
        ("{node: worker-1, labels: {kubernetes.io/os: linux}}", true, "worker-1: labelled kubernetes.io/os=linux", ""),
        ("{nodes: 6}", true, "nodes: 6", ""),
        (
            "{nodes: 3, labels: {node-role.kubernetes.io/control-plane: ''}}",
            true,
            "nodes labelled node-role.kubernetes.io/control-plane=: 3",
            "",
        ),
        ("{selected: node, at: 'master-*', tab: why}", true, "a node called master-*: selected, shown as why", ""),
        ("{selected: pod, of: nginx-daemon-set}", false, "a pod of nginx-daemon-set: selected", "not selected"),
        ("{selected: node, name: worker-1}", false, "node worker-1: selected", "not selected"),
        (
            "{happened: create, by: daemonset-controller, kind: Pod, at: worker-2}",
            true,
            "daemonset-controller: create Pod on worker-2",
            "",
        ),
        ("{happened: delete, kind: Pod}", false, "you: delete Pod", "not yet"),
        ("{editor: 'nginx:1.17'}", false, "the editor: has nginx:1.17", "does not"),
    ] {
        let (lesson, findings) =
            Lesson::read(&format!("title: T\nsteps:\n- title: S\n  text: x\n  done:\n  - {check}\n"));
        assert_eq!(findings, [], "{check}");
        let verdict = reader.verdicts(&lesson.steps[0]).remove(0);
        assert_eq!((verdict.done, verdict.wanted.as_str(), verdict.now.as_str()), (done, wanted, now), "{check}");
    }
}

/// What the log tells of is what checks can ask for.
#[test]
fn the_acts_of_the_log_are_known_to_checks() {
    let mut sim = Sim::new(&Scenario::walk_through());
    let text = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: a, image: \"IMAGE\"}]}\n";
    for image in ["a:1", "a:fail"] {
        sim.submit(Command::Apply { text: text.replace("IMAGE", image) });
        sim.wait_until(sim.now() + SimDuration::from_secs(20));
    }
    for record in sim.history().records() {
        let (verb, by) = (record.verb.as_str().to_ascii_lowercase(), record.actor.as_str());
        let check = format!("title: T\nsteps:\n- {{title: S, text: x, done: [{{happened: {verb}, by: {by}}}]}}\n");
        assert_eq!(Lesson::read(&check).1, [], "{verb} by {by}");
    }
}

/// A cluster that no lesson can begin with is refused at its line.
#[test]
fn impossible_nodes_are_findings() {
    for (cluster, line, message) in [
        ("- {name: w, count: 99999999999}", 3, "99999999999 nodes are too many"),
        ("- {name: a, count: 3000}\n- {name: b, count: 3000}", 2, "6000 nodes are too many"),
        ("- {name: w}\n- {name: w, count: 2}", 4, "nodes above have this name"),
        ("- {name: Bad Name}", 3, "no node can have this name"),
        ("- {name: \"\"}", 3, "no node can have this name"),
    ] {
        let (_, findings) = Lesson::read(&format!("title: T\ncluster:\n{cluster}\nsteps:\n- {{title: S, text: x}}\n"));
        let [finding] = &findings[..] else { panic!("{cluster}: {findings:?}") };
        assert!(finding.span.line == line && finding.message.contains(message), "{finding:?}");
    }
    let join = "title: T\nsteps:\n- {title: S, text: x, do: [{join: {name: x, count: 4000000000}}]}\n";
    assert_eq!(Lesson::read(join).1.len(), 1);
}

/// The schema, for editors and people, and the program know the same fields.
#[test]
fn the_schema_has_the_fields_that_are_read() {
    let schema = everynode::manifest::read_value(&text("schema.json")).unwrap();
    let definition = |name: &str| -> Value {
        match name {
            "lesson" => schema.clone(),
            _ => schema.at(&["$defs", name]).unwrap_or_else(|| panic!("no definition {name}")).clone(),
        }
    };
    for (name, fields) in fields() {
        let definition = definition(name);
        let known = definition.get("properties").and_then(Value::as_map).unwrap();
        let mut there: Vec<&str> = known.keys().map(String::as_str).collect();
        let mut read: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        there.sort_unstable();
        read.sort_unstable();
        assert_eq!(there, read, "{name}");
        assert_eq!(definition.get("additionalProperties"), Some(&Value::Bool(false)), "{name}");
        for (field, value) in known {
            assert!(
                value.get("description").is_some() || value.get("$ref").is_some(),
                "{name}.{field} is not described"
            );
            let words = value.get("enum").and_then(Value::as_list).map(|list| list.iter().filter_map(Value::as_str));
            let read = fields.iter().find_map(|(name, holds)| match holds {
                Holds::OneOf(words) if name == field => Some(words.to_vec()),
                _ => None,
            });
            assert_eq!(words.map(Iterator::collect), read, "{name}.{field}");
        }
    }
    let places = schema.at(&["$defs", "look", "properties", "at", "anyOf"]).unwrap().as_list().unwrap();
    let named: Vec<&str> = places[0].get("enum").unwrap().as_list().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(named, PLACES);
}

/// What nobody would notice before a reader is stuck: each is told at its line.
#[test]
fn what_a_lesson_can_hardly_mean_is_told_by_line() {
    let set = "apiVersion: apps/v1\n  kind: DaemonSet\n  metadata: {name: agent}\n  spec:\n    selector: {matchLabels: {a: b}}\n    \
               template:\n      metadata: {labels: {a: b}}\n      spec: {containers: [{name: a, image: \"a:1\"}]}";
    let good = format!(
        "title: T\nmanifest: |\n  {set}\nsteps:\n- title: One\n  text: x\n  edit:\n  - {{replace: 'a:1', with: 'a:2'}}\n  do:\n  - apply\n  - select pod of agent on worker-1\n  \
         - kubectl get pods\n  look: {{text: see, at: node worker-2}}\n  done:\n  - {{daemonset: agent, ready: 3}}\n  - {{pods: 1, of: agent, at: worker-*}}\n  \
         - {{node: worker-1, condition: DiskPressure, is: 'False'}}\n  - {{selected: pod, of: agent}}\n  - {{editor: 'a:2'}}\n"
    );
    let told = |text: &str| -> Vec<String> {
        let (_, findings) = Lesson::read_with(text, &everynode::kubectl::misread);
        findings.iter().map(|it| format!("{}: {}", it.span.line, it.message)).collect()
    };
    assert_eq!(told(&good), [] as [&str; 0]);
    for (from, to, wanted) in [
        ("", "---\ntitle: U\n", "27: what stands below the end of the first document is not read"),
        ("title: One", "title: ''", "12: title is empty"),
        ("text: x", "text: \"  \"", "13: text is empty"),
        ("text: x", "text: x\n  text: y", "14: key \"text\" already set in map"),
        ("text: x", "text:", "13: text must be a text"),
        (
            "  text: x",
            "\ttext: x",
            "13: error converting YAML to JSON: yaml: line 13: found a tab character that violates indentation",
        ),
        (
            "  text: x",
            "\u{a0}\u{a0}text: x",
            "13: error converting YAML to JSON: yaml: line 14: mapping values are not allowed in this context",
        ),
        ("title: T\n", "\u{a0}title: T\n", "1: unknown field \u{a0}title"),
        ("of agent on", "of agnet on", "18: no DaemonSet of this lesson is called so"),
        ("on worker-1", "on wroker-1", "18: no node of this lesson is called so"),
        ("get pods", "gte pods", "19: error: unknown command \"gte\" for \"kubectl\""),
        ("get pods", "get pods --wathc", "19: error: unknown flag: --wathc"),
        ("get pods", "exec a -- ls", "19: kubectl exec is not simulated here"),
        ("node worker-2", "node workre-2", "20: no node of this lesson is called so"),
        ("daemonset: agent", "daemonset: agnt", "22: no DaemonSet of this lesson is called so"),
        ("ready: 3}", "exists: false, ready: 3}", "22: what does not exist has nothing else that could hold"),
        ("at: worker-*", "at: [master-*, wrker-*]", "23: no node of this lesson is called so"),
        ("condition: DiskPressure", "condition: DiskPresure", "24: no node has this condition"),
        ("condition: DiskPressure, ", "", "24: `is` says nothing without `condition`"),
        ("selected: pod, of", "selected: node, of", "25: this says nothing here"),
        ("editor: 'a:2'", "editor: 'a:3'", "26: the manifest of this step does not have this"),
        (
            "with: 'a:2'",
            "with: ''",
            "14: the manifest of this step is refused: in its line 8, spec.template.spec.containers[0].image: Required value",
        ),
        (
            "  kind: DaemonSet",
            "  kindd: DaemonSet",
            "14: the manifest of this step is refused: in its line 1, kind not set",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let text = if from.is_empty() { format!("{good}{to}") } else { good.replacen(from, to, 1) };
        let lines = told(&text);
        assert!(lines.iter().any(|line| line == wanted), "{to}: {wanted} is not in {lines:?}");
    }
    // How a file was saved does not matter, and names that a reader may give are theirs.
    for text in [
        good.replace('\n', "\r\n"),
        format!("\u{feff}{good}"),
        format!("---\n{good}"),
        format!("{good}---\n"),
        format!("{good}...\n"),
        good.replace("get pods", "get pods -w"),
        good.replace("node: worker-1", "node: worker-7"),
        good.replace("daemonset: agent, ready", "daemonset: other-name, ready"),
        good.replace("  - kubectl get pods\n", "  - node edge-1 joins\n  - the kubelet of edge-1 dies\n"),
    ] {
        assert_eq!(told(&text), [] as [&str; 0], "{text}");
    }
    let windows = Lesson::read(&good.replace('\n', "\r\n")).0;
    assert_eq!(windows, Lesson::read(&good).0);
}
