//! Scenarios as text: each file of `tests/scenarios/` is a cluster, what is done to it, and what comes of it.
//!
//! A line is a step; lines below it that begin with two spaces are its manifest; lines that begin with `|` are what it
//! answers. `UPDATE_EXPECT=1 cargo test --test scenarios` writes the answers anew (read the difference before you believe
//! it); `SCENARIO=name` runs only the files whose name contains that. Blank lines and `#` lines are kept as they are.
//!
//! Before the cluster begins: `seed N`; `pace original | fast`; `kubelet recorded` (0.15 s to start and to stop, as in the
//! recordings of a real control plane) or `kubelet START STOP`; `nodes PREFIX COUNT [label=k=v] [taint=k=v:Effect]`.
//!
//! What is done: `apply` with a manifest; `change FROM => TO` (the last manifest again, with a text replaced);
//! `add-node NAME [count=N] [label=k=v] [taint=t]`; `remove-node N`; `cordon N`; `uncordon N`; `taint N t.. t-..`;
//! `label N k=v.. k-..`; `condition N Type=Status`; `capacity N cpu=MILLI`; `kubelet-stop N`; `kubelet-start N`;
//! `delete-pod N [of DAEMONSET] [grace=S]` (the oldest pod there that is not going already); `pod-ready N [of D] true|false`;
//! `pod-phase N [of D] PHASE`; `label-pod N [of D] k=v.. k-..`; `delete DAEMONSET [background | foreground | orphan]`;
//! `restart D`; `undo D [REVISION]`. DaemonSets outside `default` are written `namespace/name`.
//!
//! `import` brings a cluster, as kubectl prints it, or the one at hand to a simulation of its own.
//!
//! How time goes: `run 5s`; `until ACTOR VERB` (the next such act, and not a step further); `settle [1.6s]` (until nothing has changed for so long); `quiet` (until nothing is left to
//! happen).
//!
//! `kubectl ...` is typed, with a manifest below it as standard input.
//!
//! What is asked: `print [nodes] [daemonsets] [revisions] [pods]`; `acts [ACTOR..]` (the log since the last `acts`, without
//! times and status writes); `timed [ACTOR..]` (with times); `syncs` (what each sync since then found to do);
//! `why node N`, `why daemonset D`, `why pod N [of D]`, `why named-pod P`, `why revision R`, `why act ACTOR VERB` (the last
//! such act): what the inspector says; `facts ...` of the same: what it says besides; `ahead [STEPS]` with a manifest, or
//! the last one: what applying it would lead to, looked at to the end or stopped before; `observed DAEMONSET` (the worst moments since the last thing done); `clock`.

#[path = "scenarios_support/asking.rs"]
mod asking;
#[path = "scenarios_support/play.rs"]
mod play;
#[path = "scenarios_support/printing.rs"]
mod printing;

use std::fmt::Write as _;
use std::path::Path;

use play::play;

#[test]
fn every_scenario_comes_out_as_its_file_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|it| it == "txt"));
    files.retain(|path| path.file_stem().is_some_and(|it| it.to_string_lossy().contains(&only)));
    files.sort();
    assert!(!files.is_empty(), "no scenario {only:?}");
    let mut report = String::new();
    for path in files {
        let expected = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        match play(&expected) {
            Err(message) => writeln!(report, "{name}: {message}").unwrap(),
            Ok(actual) if actual == expected => {}
            Ok(actual) if update => std::fs::write(&path, actual).unwrap(),
            Ok(actual) => writeln!(report, "{name}:\n{}", difference(&expected, &actual)).unwrap(),
        }
    }
    assert!(report.is_empty(), "\n{report}\nUPDATE_EXPECT=1 writes what came out\n");
}

/// The lines that differ, `-` expected and `+` come out, each group below the step that it answers.
fn difference(expected: &str, actual: &str) -> String {
    let steps = |text: &str| {
        let mut steps: Vec<(String, Vec<String>)> = vec![(String::new(), Vec::new())];
        for line in text.lines() {
            match line.starts_with('|') {
                true => steps.last_mut().unwrap().1.push(line.to_owned()),
                false => steps.push((line.to_owned(), Vec::new())),
            }
        }
        steps
    };
    let mut text = String::new();
    for (number, ((step, before), (_, after))) in steps(expected).into_iter().zip(steps(actual)).enumerate() {
        if before != after {
            writeln!(text, "  step {number}: {step}").unwrap();
            let lost = before.iter().filter(|line| !after.contains(line)).map(|line| ('-', line));
            let found = after.iter().filter(|line| !before.contains(line)).map(|line| ('+', line));
            for (sign, line) in lost.chain(found) {
                writeln!(text, "    {sign}{line}").unwrap();
            }
            if before.len() == after.len() && before.iter().all(|line| after.contains(line)) {
                writeln!(text, "    the same lines in another order").unwrap();
            }
        }
    }
    text
}
