//! The lessons: each can be read, and taken from start to end with the acts of "Do it for me".

#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::{Path, PathBuf};

use everynode::api::{Kind, ObjectKey};
use everynode::engine::{Command, Sim};
use everynode::lesson::{Doing, Lesson, Moment, Verdict, read_list};

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
        .filter(|name| name.ends_with(".yaml") && name != "index.yaml")
        .collect();
    there.sort();
    let mut listed: Vec<String> = entries.iter().map(|entry| entry.file.clone()).collect();
    listed.sort();
    assert_eq!(listed, there);
}

/// The few command lines that the lessons use.
fn kubectl(sim: &mut Sim, line: &str) {
    use everynode::api::Taint;
    use everynode::store::Propagation;
    let w: Vec<&str> = line.split_whitespace().collect();
    let opt = |name: &str| w.iter().position(|x| *x == name).map(|i| w[i + 1]);
    let pods: Vec<String> = {
        let label = opt("-l").map(|l| l.split_once('=').unwrap());
        let node = opt("--field-selector").map(|l| l.split_once('=').unwrap().1);
        sim.world()
            .pods
            .values()
            .filter(|p| {
                label.is_none_or(|(k, v)| p.meta.label(k) == Some(v))
                    && node.is_none_or(|n| p.target_node().is_some_and(|t| &**t == n))
            })
            .map(|p| p.meta.name.to_string())
            .collect()
    };
    let ns = || "default".to_owned();
    let s = |x: &str| x.to_owned();
    let mut run = |c: Command| {
        let o = sim.submit(c);
        assert_eq!(o.errors, [] as [String; 0], "{line}");
    };
    match w.as_slice() {
        ["kubectl", "delete", "pod", ..] => {
            assert!(!pods.is_empty());
            for p in pods {
                run(Command::DeletePod { namespace: ns(), name: p, grace_period_seconds: None });
            }
        }
        ["kubectl", "delete", "daemonset", n, rest @ ..] => {
            let propagation = match rest {
                ["--cascade=orphan"] => Propagation::Orphan,
                ["--cascade=foreground"] => Propagation::Foreground,
                _ => Propagation::Background,
            };
            run(Command::DeleteDaemonSet { namespace: ns(), name: s(n), propagation });
        }
        ["kubectl", "delete", "node", n] => run(Command::RemoveNode { name: s(n) }),
        ["kubectl", "cordon", n] | ["kubectl", "drain", n, ..] => run(Command::Cordon { name: s(n), on: true }),
        ["kubectl", "uncordon", n] => run(Command::Cordon { name: s(n), on: false }),
        ["kubectl", "taint", "node", n, t] => {
            run(Command::Taint { name: s(n), add: vec![Taint::parse(t).unwrap()], remove: vec![] })
        }
        ["kubectl", "label", "node", n, l, ..] => {
            let (k, v) = l.split_once('=').unwrap();
            run(Command::LabelNode { name: s(n), labels: vec![(s(k), Some(s(v)))] });
        }
        ["kubectl", "label", "pod", "-l", _, "--field-selector", _, l, ..] => {
            let (k, v) = l.split_once('=').unwrap();
            for p in pods {
                run(Command::LabelPod { namespace: ns(), name: p, labels: vec![(s(k), Some(s(v)))] });
            }
        }
        ["kubectl", "rollout", "undo", "daemonset", n, rest @ ..] => run(Command::RolloutUndo {
            namespace: ns(),
            name: s(n),
            to_revision: rest.first().map(|r| r.split_once('=').unwrap().1.parse().unwrap()),
        }),
        ["kubectl", "rollout", "restart", "daemonset", n] => {
            run(Command::RolloutRestart { namespace: ns(), name: s(n) })
        }
        _ => panic!("{line}"),
    }
}
