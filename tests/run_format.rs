//! The format of links and files: it stays as it is, whatever was encoded comes back, and nothing that somebody sends
//! does harm.

use everynode::api::{ConditionStatus, PodPhase, SimTime, Taint};
use everynode::engine::file::{self, BYTES_MAX, Position, SavedRun, TextKind, decode, encode, kind_of};
use everynode::engine::{Command, NodeTemplate, Replay, Scenario, Settings, Sim};
use everynode::store::Propagation;
use proptest::prelude::*;

#[allow(dead_code)]
mod same_log;

/// What `tests/run_format/` holds of each version; those files are never changed, only added to.
const VERSION_0: &str = include_str!("run_format/v0.json");
const VERSION_1: &str = include_str!("run_format/v1.json");

/// A run of the page as it is saved.
fn saved(sim: &Sim, text: &str) -> SavedRun {
    SavedRun {
        scenario: sim.scenario().clone(),
        position: Position { steps: sim.steps(), at: sim.now() },
        log: Some(sim.history().log_hash()),
        text: text.to_owned(),
        ..SavedRun::default()
    }
}

fn replayed(run: &SavedRun) -> Sim {
    let mut replay = Replay::new(&run.scenario, run.position);
    while !replay.run(7) {}
    assert!(replay.part() >= 1.0);
    replay.into_sim()
}

/// One command of each sort.
fn every_command() -> Vec<Command> {
    let text = |text: &str| text.to_owned();
    let (namespace, name) = (|| text("default"), || text("agent"));
    let labels = || vec![(text("disk"), Some(text("ssd"))), (text("zone"), None)];
    let mut template = NodeTemplate::control_plane("cp");
    template.labels.insert(text("disk"), text("ssd"));
    vec![
        Command::Apply { text: text("kind: DaemonSet\n# \"é\" \u{1F600} <b>&\t\u{2028}\n") },
        Command::DeleteDaemonSet { namespace: namespace(), name: name(), propagation: Propagation::Orphan },
        Command::DeletePod { namespace: namespace(), name: name(), grace_period_seconds: None },
        Command::DeletePod { namespace: namespace(), name: name(), grace_period_seconds: Some(0) },
        Command::AddNodes { template, count: 2 },
        Command::RemoveNode { name: name() },
        Command::Cordon { name: name(), on: true },
        Command::Taint {
            name: name(),
            add: vec![Taint::new("dedicated", "gpu", "NoExecute")],
            remove: vec![Taint::new("other", "", "NoSchedule")],
        },
        Command::LabelNode { name: name(), labels: labels() },
        Command::SetCondition { name: name(), condition: text("Ready"), status: ConditionStatus::Unknown },
        Command::SetCapacity { name: name(), allocatable: vec![(text("cpu"), 4000)] },
        Command::Kubelet { name: name(), running: false },
        Command::SetPodReady { namespace: namespace(), name: name(), ready: true },
        Command::SetPodPhase { namespace: namespace(), name: name(), phase: PodPhase::Failed },
        Command::LabelPod { namespace: namespace(), name: name(), labels: labels() },
        Command::RolloutRestart { namespace: namespace(), name: name() },
        Command::RolloutUndo { namespace: namespace(), name: name(), to_revision: Some(3) },
        Command::RolloutUndo { namespace: namespace(), name: name(), to_revision: None },
    ]
}

fn with_every_command() -> SavedRun {
    let mut sim = Sim::new(&Scenario { seed: 7, ..Scenario::walk_through() });
    for command in every_command() {
        sim.submit(command);
        sim.run_until(SimTime(sim.now().0 + 150_000), usize::MAX);
    }
    let view = [("speed", "4"), ("selection", "Pod/default/a")].map(|(name, text)| (name.to_owned(), text.to_owned()));
    // The log and the steps change as the simulation comes closer to the original; the format does not.
    let mut run = SavedRun {
        shown: Some(SimTime::from_micros(1)),
        log: Some(u64::MAX - 1),
        view: view.into(),
        ..saved(&sim, "a: b\n")
    };
    run.position = Position { steps: 99, at: SimTime::from_micros(2_700_000) };
    for (index, submitted) in run.scenario.commands.iter_mut().enumerate() {
        (submitted.after_steps, submitted.at) = (index as u64, SimTime::from_micros(index as u64 * 150_000));
    }
    run
}

#[test]
fn the_format_is_what_it_was() {
    let run = with_every_command();
    assert_eq!(encode(&run), VERSION_1.trim_end());
    assert_eq!(decode(VERSION_1), Ok(run));
}

#[test]
fn a_run_of_the_first_pages_opens() {
    let run = decode(VERSION_0).unwrap();
    assert_eq!(run.scenario.commands.len(), 2);
    let mut sim = replayed(&run);
    sim.run_until_quiet();
    assert_eq!(sim.world().pods.len(), 4);
}

#[test]
fn a_run_comes_back_with_the_same_log_at_the_same_step() {
    let whole = same_log::run();
    for run in [saved(&whole, "text"), saved(&whole.fork_at(whole.history().records().len() / 2), "")] {
        let sim = replayed(&decode(&encode(&run)).unwrap());
        assert_eq!(Some(sim.history().log_hash()), run.log);
        assert_eq!((sim.steps(), sim.now()), (run.position.steps, run.position.at));
        assert_eq!(sim.scenario(), &run.scenario);
    }
}

#[test]
fn a_text_is_known_for_what_it_is() {
    let run = encode(&SavedRun::default());
    for text in [&run, "everynode: 1\n", "# mine\n\n'everynode': 1", "\u{feff} { \"everynode\" : 99}"] {
        assert_eq!(kind_of(text), TextKind::Run, "{text}");
    }
    for text in ["", "kind: DaemonSet", "# everynode: 1", "everynodes: 1", "{}", "{\"kind\": \"List\"}", "\0\u{1}"] {
        assert_eq!(kind_of(text), TextKind::Manifest, "{text}");
    }
}

#[test]
fn what_cannot_be_opened_is_told_precisely() {
    let good = encode(&with_every_command());
    let told = |text: &str| decode(text).unwrap_err();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        told(&good.replace(from, to))
    };
    let newer = with("\"everynode\":1", "\"everynode\":2");
    assert!(newer.contains("format is 2") && newer.contains("up to 1"), "{newer}");
    for version in ["-1", "\"1\"", "1.5", "null"] {
        let told = with("\"everynode\":1", &format!("\"everynode\":{version}"));
        assert!(told.contains("everynode") || told.contains("version"), "{told}");
    }
    assert!(told("{\"a\": 1}").contains("`everynode`"));
    assert!(told("everynode: 1").contains("`scenario`"));
    assert!(told(&good[..good.len() / 2]).contains("damaged"));
    assert!(told(&" ".repeat(BYTES_MAX + 1)).contains("64 MB"));
    assert!(with("\"steps\":99", "\"steps\":-99").contains("position.steps"));
    assert!(with("\"log\":\"", "\"log\":\"x").contains("`log`"));
    assert!(with("\"text\":\"a: b\\n\"", "\"text\":[]").contains("`text`"));
    assert!(with("\"speed\":\"4\"", "\"speed\":4").contains("`view`"));
    assert!(with("\"rolloutRestart\"", "\"formatDisk\"").contains("formatDisk"));
    assert!(with("},3]", "},4000000000]").contains("100000"));
    assert!(with("\"at\":2700000", "\"at\":9223372036854775807").contains("ten years"));
    assert!(told("[[1]]").contains("no run"));
    assert!(told(&"[".repeat(100_000)).contains("damaged"));
}

#[test]
fn an_endless_run_is_done_in_portions() {
    let crash = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a}\nspec:\n  selector: {matchLabels: {a: b}}\n  \
                 template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: a, image: 'a:fail'}]}\n";
    let mut sim = Sim::new(&Scenario::with_workers(3));
    sim.submit(Command::Apply { text: crash.to_owned() });
    let mut run = saved(&sim, "");
    run.position = Position { steps: u64::MAX >> 1, at: SimTime::from_micros(300_000_000_000_000) };
    let run = decode(&encode(&run)).unwrap();
    let mut replay = Replay::new(&run.scenario, run.position);
    assert!(!replay.run(20_000));
    assert!(replay.part() < 1.0);
    assert!(replay.into_sim().steps() > 10_000);
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,40}", any::<Vec<char>>().prop_map(|chars| chars.into_iter().collect())]
}

fn any_run() -> impl Strategy<Value = SavedRun> {
    let commands = prop::collection::vec((prop::sample::select(every_command()), 0..1u64 << 40, any_text()), 0..6);
    let nodes = prop::collection::vec((any_text(), any_text(), any_text(), 0..40u32), 0..4);
    (
        0..1u64 << 53,
        nodes,
        commands,
        any::<Option<u64>>(),
        any_text(),
        prop::collection::btree_map(any_text(), any_text(), 0..4),
    )
        .prop_map(|(seed, nodes, commands, log, text, view)| {
            let nodes = nodes.into_iter().map(|(name, key, value, count)| {
                let taints = vec![Taint::new(&key, &value, "NoSchedule")];
                (NodeTemplate { name, labels: [(key, value)].into(), taints }, count)
            });
            let nodes = nodes.collect();
            let mut scenario = Scenario { seed, nodes, settings: Settings::default(), ..Scenario::default() };
            for (index, (command, at, text)) in commands.into_iter().enumerate() {
                let command = if index % 2 == 0 { Command::Apply { text } } else { command };
                let submitted = everynode::engine::SubmittedCommand {
                    after_steps: at >> 20,
                    at: SimTime::from_micros(at),
                    command,
                };
                scenario.commands.push(submitted);
            }
            let position = Position { steps: seed >> 30, at: SimTime::from_micros(seed >> 20) };
            SavedRun { scenario, position, log, shown: log.map(|it| SimTime::from_micros(it >> 1)), text, view }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn what_was_encoded_comes_back(run in any_run()) {
        let text = encode(&run);
        prop_assert_eq!(kind_of(&text), TextKind::Run);
        prop_assert_eq!(decode(&text), Ok(run));
    }

    #[test]
    fn a_damaged_text_never_panics(run in any_run(), at in any::<prop::sample::Index>(), byte in any::<char>(), cut in any::<bool>()) {
        let mut chars: Vec<char> = encode(&run).chars().collect();
        let at = at.index(chars.len());
        chars[at] = byte;
        if cut {
            chars.truncate(at + 1);
        }
        let text: String = chars.into_iter().collect();
        if let Ok(run) = decode(&text) {
            let mut replay = Replay::new(&run.scenario, run.position);
            replay.run(500);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any_text()) {
        let _ = (file::decode(&text), file::decode(&format!("everynode: 1\nscenario: {text}")));
    }
}

/// A run that begins with an imported cluster is read a few objects at a time; that gives what it gives at once.
#[test]
fn a_run_with_a_cluster_is_read_in_portions() {
    let mut sim = Sim::new(&Scenario::walk_through());
    let text = include_str!("../static/examples/nginx.yaml");
    sim.submit(Command::Apply { text: text.to_owned() });
    sim.run_until_quiet();
    let dump = everynode::view::export::cluster(sim.world(), sim.now());
    let cluster = everynode::engine::import::import(&dump).unwrap().cluster;
    let count = cluster.objects.len();
    let scenario = Scenario { cluster: Some(std::sync::Arc::new(cluster)), ..Scenario::default() };
    let mut sim = Sim::new(&scenario);
    sim.submit(Command::Apply { text: text.replace("1.16", "1.17 # \\\"cluster\\\":[ \"é") });
    sim.run_until_quiet();
    let run = saved(&sim, "\"cluster\":[");
    let written = encode(&run);
    assert_eq!(file::encode_parts(&run).collect::<String>(), written);
    assert!(count > 10);
    let read = |text: &str, objects: usize| {
        let mut decoding = file::Decoding::default();
        let mut portions = 1;
        loop {
            match decoding.go_on(text, objects) {
                Some(run) => return (run, portions),
                None => portions += 1,
            }
        }
    };
    for objects in [1, 3, usize::MAX] {
        let (again, portions) = read(&written, objects);
        assert_eq!(again.as_ref(), Ok(&run));
        assert_eq!(portions, 1 + count / objects, "{objects} at a time");
    }
    assert_eq!(decode(&written), Ok(run.clone()));
    assert_eq!(replayed(&run).history().log_hash(), sim.history().log_hash());
    // Cut off or changed anywhere it is refused or read, and harms nobody.
    let begin = written.find("\"cluster\":[").unwrap();
    for at in (begin - 20..begin + 20).step_by(3).chain((begin..written.len()).step_by(2003)) {
        if written.is_char_boundary(at) {
            assert!(decode(&written[..at]).is_err(), "{at}");
            for insert in ["\"", "\\", "{", "}", "]", ",", "7"] {
                drop(decode(&[&written[..at], insert, &written[at..]].concat()));
            }
        }
    }
}

/// Brackets of two kinds that close each other once kept the reader busy until there was no memory left.
#[test]
fn brackets_that_do_not_fit_end_the_reading() {
    for text in
        ["{\"everynode\":1,\"a\":[}", "{\"everynode\":1,\"scenario\":{\"cluster\":[{\"a\":[}]}}", "[}", "{\"a\":[1,}"]
    {
        assert!(decode(text).is_err(), "{text}");
        let dump = ["{\"kind\":\"List\",\"items\":[{\"kind\":\"Node\",\"b\":", text].concat();
        assert!(everynode::engine::import::import(&dump).is_err(), "{dump}");
    }
}
