//! Every word of an explanation has been said in a scenario.
//!
//! The texts of the rooms that decide, and of those that put their words together, are read from the source: each literal,
//! parted where something is filled in, has to stand in an answer of `tests/scenarios/`. So a reason that is new, a branch
//! that got words of its own, or the function of the original that it names, fails here until a simulated scenario shows it.

use std::collections::BTreeSet;
use std::path::Path;

/// Where the words are.
const SOURCES: [&str; 22] = [
    "controllers/daemonset/outlook.rs",
    "controllers/daemonset/placement.rs",
    "controllers/daemonset/reason.rs",
    "controllers/daemonset/saw.rs",
    "controllers/daemonset/tally.rs",
    "engine/record.rs",
    "engine/saw.rs",
    "engine/evictions.rs",
    "engine/manager.rs",
    "engine/upcoming.rs",
    "engine/dry_run.rs",
    "view/ahead.rs",
    "kubelet/mod.rs",
    "scheduler/mod.rs",
    "scheduler/preemption.rs",
    "view/explain/act.rs",
    "view/explain/chain.rs",
    "view/explain/daemonset.rs",
    "view/explain/mod.rs",
    "view/explain/node.rs",
    "view/explain/pod.rs",
    "view/inspect.rs",
];

/// Keys and values to look for, which are no words; what is not shown in what a scenario asks; and what only a request that
/// fails without a reason leads to, as in `tests/cases.rs`.
const NOT_SAID: [&str; 11] = [
    "$patch",
    "DoNotSchedule",
    "FailedDelete",
    "a tally changes no plan",
    "kubernetes.io/change-cause",
    "operator",
    "resourceVersion:",
    "resourcequota-controller",
    "topologyKey",
    "topologySpreadConstraints",
    "whenUnsatisfiable",
];

struct Literal {
    place: String,
    text: String,
}

#[test]
fn every_word_of_an_explanation_is_said_in_a_scenario() {
    let said = answers();
    let mut unsaid = Vec::new();
    for source in SOURCES {
        for Literal { place, text } in literals(source) {
            for part in parts(&text) {
                if !said.contains(&part) && !NOT_SAID.contains(&part.as_str()) {
                    unsaid.push(format!("{place}: {part:?}"));
                }
            }
        }
    }
    assert!(unsaid.is_empty(), "no scenario says\n{}", unsaid.join("\n"));
}

/// Each row of the eligibility table (`NodeShouldRunDaemonPod`), operator by operator, both ways.
#[test]
fn each_branch_of_the_eligibility_table_is_explained() {
    let said = answers();
    for (branch, texts) in [
        ("no node name", &["not pinned: `spec.template.spec.nodeName` is empty"][..]),
        ("node name", &["pinned to `fast-1`, which this is", "pinned to `fast-1`, and this is `plain-1`"]),
        ("no selector", &["none: `spec.template.spec.nodeSelector` is empty"]),
        ("selector", &["`disk=ssd` is on the node", "`disk=ssd` is wanted, and the node has `hdd`"]),
        ("selector, no label", &["`disk=ssd` is wanted, and the node has no such label", "it without a value"]),
        ("no affinity", &["none is required"]),
        ("no term", &["there is no term, and without one nothing matches"]),
        ("an empty term", &[" is empty, and an empty term matches nothing"]),
        ("In", &[" matches: `disk In (ssd)`", "not match: `disk In (ssd)`, and the node has `hdd`"]),
        ("In, no label", &["not match: `disk In (ssd)`, and the node has no such label"]),
        ("NotIn", &[" matches: `disk NotIn (ssd)`, and the node has `hdd`", "not match: `disk NotIn (ssd)`"]),
        ("NotIn, no label", &[" matches: `disk NotIn (ssd)`, and the node has no such label"]),
        ("Exists", &[" matches: `disk Exists`", "not match: `disk Exists`"]),
        ("DoesNotExist", &[" matches: `disk DoesNotExist`", "not match: `disk DoesNotExist`"]),
        ("Gt", &[" matches: `cores Gt (4)`", "not match: `cores Gt (4)`, and the node has `2`"]),
        ("Gt, no label", &["not match: `cores Gt (4)`, and the node has no such label"]),
        ("Lt", &[" matches: `cores Lt (4)`", "not match: `cores Lt (4)`, and the node has `8`"]),
        ("no integer", &["` on the node is no integer", ", which names no integer"]),
        ("field In", &[" matches: `metadata.name In (with-1)`", "not match: `metadata.name In (with-1)`"]),
        ("field NotIn", &[" matches: `metadata.name NotIn (with-1)`", "not match: `metadata.name NotIn (with-1)`"]),
        ("no taint", &["the node has none"]),
        ("toleration, Equal", &["`dedicated=gpu:NoSchedule` is tolerated by `dedicated=gpu` (yours)"]),
        ("toleration, no operator", &["is tolerated by `dedicated=gpu:NoSchedule` (yours)"]),
        ("toleration, Exists", &["is tolerated by `dedicated op=Exists` (yours)"]),
        (
            "toleration, no key",
            &["is tolerated by `op=Exists` (yours)", "is tolerated by `:NoSchedule op=Exists` (yours)"],
        ),
        ("toleration, another", &["`: another effect (yours)", "`: another key (yours)", "`: another value (yours)"]),
        ("toleration, Lt and Gt", &["`: Gt matches only with the gate TaintTolerationComparisonOperators (yours)"]),
        ("toleration, added", &["op=Exists` (added for every DaemonSet)", "yours, but without its seconds"]),
        ("PreferNoSchedule", &["is only a preference of the scheduler: it never matters here"]),
        ("should run", &["A pod belongs here. One that runs may continue. [NodeShouldRunDaemonPod]"]),
        ("untolerated NoSchedule", &["One that already ran may continue, because the effect is NoSchedule."]),
        ("untolerated NoExecute", &["One that runs is deleted, because the effect is NoExecute."]),
        ("another node", &["One that runs is deleted, because its template names another node."]),
        ("no match", &["One that runs is deleted: the DaemonSet controller looks at selector and affinity again"]),
    ] {
        texts.iter().for_each(|text| assert!(said.contains(text), "{branch}: no scenario says {text:?}"));
    }
}

/// Each rule of what should be on a node, of a rolling update without and with surge, of OnDelete and of the history, as
/// what was done and why, and as what comes next.
#[test]
fn each_rule_of_a_rolling_update_is_explained() {
    let said = answers();
    for (rule, text) in [
        ("should run, no pod", "should run nginx and has no pod of it [podsShouldBeOnNode]"),
        (
            "may not continue",
            "may not run on worker-1: taint dedicated=gpu:NoExecute is not tolerated [podsShouldBeOnNode]",
        ),
        ("several pods", "worker-1 needs one pod, and nginx@worker-1#1 is kept [podsShouldBeOnNode]"),
        ("failed", "if that one fails too, it stays until"),
        ("failed, within its back-off", "it failed within the back-off of"),
        ("succeeded", "but a daemon should run for ever [podsShouldBeOnNode]"),
        ("going, no surge", "once that is gone: without maxSurge a node never has two"),
        ("going, surge", "is going, and with maxSurge its successor need not wait [podsShouldBeOnNode]"),
        ("no such node", "which does not exist [getUnscheduledPodsWithoutNode]"),
        ("expectations", "of its own happen"),
        ("old, not available", "it is not available, so nothing is lost by replacing it [rollingUpdate]"),
        ("old, within the budget", "its revision is old, and 0 of at most 1 are unavailable [rollingUpdate]"),
        ("old, one of several", "old pods, and the budget allows 2 of them to go, in no promised order"),
        ("old, beyond the budget", "its turn comes when the budget allows; that now waits for"),
        ("budget held by no pod", "to get its pod"),
        ("budget held by one that stops", "to stop, because at most 1 pod may be unavailable."),
        ("budget held by one that is not ready", "to become ready"),
        ("budget held by minReadySeconds", "to be ready for long enough (minReadySeconds, until"),
        ("budget held by two of a kind", "to have no more pods than it should"),
        ("surge, within the budget", "the old pod stays until this one is available; 0 of at most 2 are surging"),
        ("surge, the budget is spent", "because at most 2 nodes may have a second pod."),
        ("surge, old not available", "so its successor does not wait for the surge budget"),
        ("surge, old not ready", "it is old and not ready, and its successor is there [podsShouldBeOnNode]"),
        ("surge, new available", "is available [podsShouldBeOnNode]"),
        ("surge, not wanted", "should no longer run it, and enough pods are available elsewhere"),
        ("OnDelete", "its template is old, but with OnDelete only you delete it"),
        ("a new template", "no revision holds this template, so it becomes revision 1 [constructHistory]"),
        ("a known template", "already holds this template, so it becomes revision"),
        ("a collision", "another template has this hash, so the collision count becomes 1 [snapshot]"),
        ("duplicates", "holds the same template and is kept [dedupCurHistories]"),
        ("no hash", "the revision has no hash label [constructHistory]"),
        ("beyond the limit", "old revisions are kept [cleanupHistory]"),
        ("adopted", "the selector matches its labels and nobody controls it [ClaimObject]"),
        ("released", "the selector no longer matches its labels [ClaimObject]"),
        ("being deleted", "for a DaemonSet that is being deleted the controller does nothing any more"),
    ] {
        assert!(said.contains(text), "{rule}: no scenario says {text:?}");
    }
}

/// All answers of all scenarios.
fn answers() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    let all: Vec<String> = files.collect();
    all.iter()
        .flat_map(|text| text.lines())
        .filter(|line| line.starts_with('|'))
        .fold(String::new(), |all, line| all + line + "\n")
}

/// What of a literal is said as it stands: the parts between what is filled in, if there is a word in them.
fn parts(text: &str) -> BTreeSet<String> {
    let mut parts = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' if letters.next_if_eq(&letter).is_some() => parts.last_mut().unwrap().push(letter),
            '{' => {
                letters.by_ref().take_while(|letter| *letter != '}').for_each(drop);
                parts.push(String::new());
            }
            '\n' => parts.push(String::new()),
            letter => parts.last_mut().unwrap().push(letter),
        }
    }
    let parts = parts.into_iter().map(|part| part.trim().to_owned());
    parts.filter(|part| part.chars().filter(char::is_ascii_alphabetic).count() > 2).collect()
}

/// The literals of a source file, without those of its tests and its comments.
fn literals(source: &str) -> Vec<Literal> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(source);
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut literals = Vec::new();
    let mut line = 1;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => line += 1,
            '/' if letters.next_if_eq(&'/').is_some() => {
                letters.by_ref().take_while(|letter| *letter != '\n').for_each(drop);
                line += 1;
            }
            // A letter, not a lifetime.
            '\'' => {
                let mut ahead = letters.clone();
                let second = if ahead.next() == Some('\\') { ahead.next().and(ahead.next()) } else { ahead.next() };
                if second == Some('\'') {
                    letters = ahead;
                }
            }
            '"' => {
                let place = format!("{source}:{line}");
                let mut text = String::new();
                while let Some(letter) = letters.next().filter(|letter| *letter != '"') {
                    line += usize::from(letter == '\n');
                    match letter {
                        '\\' => match letters.next() {
                            Some('n') => text.push('\n'),
                            Some('\n') => {
                                line += 1;
                                while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
                            }
                            Some(letter) => text.push(letter),
                            None => {}
                        },
                        letter => text.push(letter),
                    }
                }
                literals.push(Literal { place, text });
            }
            _ => {}
        }
    }
    literals
}
