//! What must agree between a recording and what comes out here, and what may differ: which node a rolling update takes
//! first, the order of creation, times, generated names. Each function answers the differences, none if all is well.

use std::collections::{BTreeMap, BTreeSet};

use everynode::api::value::{Map, Value};

use super::text::{text, without_suffixes};

type Differences = Vec<String>;

/// The parts of each step that differed between two runs of the real thing.
pub type Free = BTreeMap<i64, BTreeSet<String>>;

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_list).unwrap_or_default()
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// Null, missing, empty list and empty map are one.
fn plain(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            Value::Map(map.iter().filter(|(_, it)| !is_nothing(it)).map(|(key, it)| (key.clone(), plain(it))).collect())
        }
        Value::List(list) if list.is_empty() => Value::Map(Map::new()),
        Value::List(list) => Value::List(list.iter().map(plain).collect()),
        other => other.clone(),
    }
}

fn without(value: &Value, keys: &[&str]) -> Value {
    let map = value.as_map().into_iter().flatten();
    Value::Map(
        map.filter(|(key, _)| !keys.contains(&key.as_str())).map(|(key, it)| (key.clone(), it.clone())).collect(),
    )
}

fn show(value: &Value) -> String {
    let json = value.to_json();
    match json.char_indices().nth(320) {
        Some((end, _)) => format!("{}...", &json[..end]),
        None => json,
    }
}

/// The places in which two values differ.
fn differ(want: &Value, got: &Value, path: &str, out: &mut Differences) {
    match (want, got) {
        (Value::Map(a), Value::Map(b)) => {
            for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differ(a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), &path, out);
            }
        }
        (Value::List(a), Value::List(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differ(a, b, &format!("{path}[{index}]"), out);
            }
        }
        _ if plain(want) == plain(got) || is_nothing(want) && is_nothing(got) => {}
        _ => out.push(format!("{path}: expected {}, got {}", show(want), show(got))),
    }
}

fn differences(want: &Value, got: &Value, path: &str) -> Differences {
    let mut out = Vec::new();
    differ(want, got, path, &mut out);
    out
}

fn count<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, i64> {
    let mut counts = BTreeMap::new();
    keys.for_each(|key| *counts.entry(key).or_default() += 1);
    counts
}

// ------------------------------------------------------------ traces

fn pod_key(pod: &Value, with_node: bool, with_hash: bool) -> String {
    let mut hidden = vec!["id"];
    if !with_hash {
        hidden.push("controller-revision-hash");
    }
    if !with_node {
        hidden.extend(["node", "nodeAffinity"]);
    }
    let mut key = plain(&without(pod, &hidden));
    if string(pod, "daemonset").is_empty() {
        *key.entry("name") = string(pod, "id").into();
    }
    key.to_json()
}

fn pods(want: &[Value], got: &[Value], rolling: bool, with_hash: bool) -> Differences {
    let keys = |pods: &[Value], with_node| count(pods.iter().map(|pod| pod_key(pod, with_node, with_hash)));
    if keys(want, true) == keys(got, true) {
        return Vec::new();
    }
    if rolling {
        // An unfinished rolling update may stand at other nodes: compared without the node.
        let per_node = |pods: &[Value]| {
            let mut counts: Vec<i64> = count(pods.iter().map(|pod| string(pod, "node"))).into_values().collect();
            counts.sort_unstable();
            counts
        };
        if keys(want, false) == keys(got, false) && per_node(want) == per_node(got) {
            return Vec::new();
        }
    }
    let name = |pod: &Value| {
        let of_set = !string(pod, "daemonset").is_empty();
        let part = |key: &str| pod.get(key).map_or_else(|| "null".to_owned(), Value::to_json);
        let id = if of_set { String::new() } else { part("id") };
        [part("namespace"), part("daemonset"), part("node"), part("revision"), id]
    };
    let sorted = |pods: &[Value]| {
        let mut pods = pods.to_vec();
        pods.sort_by_key(name);
        pods
    };
    if want.len() != got.len() {
        let names = |pods: &[Value]| sorted(pods).iter().map(|pod| name(pod)[1..4].join(" ")).collect::<Vec<_>>();
        return vec![format!("pods: expected {:?}, got {:?}", names(want), names(got))];
    }
    let pairs = sorted(want).into_iter().zip(sorted(got));
    let each = pairs.flat_map(|(want, got)| {
        let path = format!("pod {}", name(&want)[1..4].join(" "));
        differences(&without(&want, &["id"]), &without(&got, &["id"]), &path).into_iter().take(3)
    });
    let mut out: Differences = each.collect();
    if out.is_empty() {
        out.push("pods: the same, but not in the same number".to_owned());
    }
    out
}

fn events(want: &[Value], got: &[Value], free: bool) -> Differences {
    let of_interest = |events: &[Value]| -> Vec<Value> {
        let node_controllers = ["RegisteredNode", "RemovingNode"];
        events.iter().filter(|event| !node_controllers.contains(&string(event, "reason"))).cloned().collect()
    };
    let (want, got) = (of_interest(want), of_interest(got));
    let key = |event: &Value| {
        let mut key: Vec<String> = ["kind", "type", "reason"].iter().map(|it| string(event, it).to_owned()).collect();
        if !free {
            key.push(string(event, "component").to_owned());
            key.push(without_suffixes(string(event, "message")));
        }
        key.join(", ")
    };
    let keys = |events: &[Value]| events.iter().map(key).collect::<BTreeSet<_>>();
    let (a, b) = (keys(&want), keys(&got));
    let mut out: Differences = a.difference(&b).map(|it| format!("event missing: {it}")).collect();
    out.extend(b.difference(&a).map(|it| format!("event too many: {it}")));
    for reason in ["SuccessfulCreate", "SuccessfulDelete"].into_iter().filter(|_| !free) {
        let sum = |events: &[Value]| -> i64 {
            let these = events.iter().filter(|event| string(event, "reason") == reason);
            these.map(|event| event.get("count").and_then(Value::as_int).unwrap_or(1)).sum()
        };
        let (n, m) = (sum(&want), sum(&got));
        if n < 10 && n != m {
            out.push(format!("event {reason}: expected {n} in all, got {m}"));
        }
    }
    out
}

/// How often each act stands in a log; moments and order are free.
fn acts(log: &[Value]) -> BTreeMap<String, i64> {
    let mut acts = Vec::new();
    for entry in log {
        let (kind, event) = (string(entry, "kind"), string(entry, "event"));
        let what: Vec<&str> = list(entry, "what").iter().filter_map(Value::as_str).collect();
        let began = |with: &str| what.iter().filter(|it| it.starts_with(with)).count();
        let came_or_went = ["ADDED", "DELETED"].contains(&event);
        match kind {
            "Pod" => {
                if came_or_went {
                    acts.push(format!("pod {}", event.to_lowercase()));
                }
                if what.contains(&"terminating") {
                    acts.push("pod terminating".to_owned());
                }
                for owner in ["owner added", "owner removed"] {
                    acts.extend((0..began(owner)).map(|_| owner.to_owned()));
                }
            }
            "ControllerRevision" if came_or_went => acts.push(format!("revision {}", event.to_lowercase())),
            "DaemonSet" => acts.extend((0..began("generation")).map(|_| "generation".to_owned())),
            _ => {}
        }
    }
    count(acts.into_iter())
}

/// No rolling update is under way after this step.
fn complete(step: &Value) -> bool {
    let sets = step.get("then").map(|then| list(then, "daemonsets")).unwrap_or_default();
    sets.iter().all(|set| {
        let number = |key: &str| set.at(&["status", key]).and_then(Value::as_int).unwrap_or(0);
        number("updatedNumberScheduled") == number("desiredNumberScheduled")
    })
}

/// A scenario's recording against what a replay gives.
pub fn trace(want: &Value, got: &Value, free: &Free) -> Differences {
    let (want, got) = (list(want, "results"), list(got, "results"));
    let mut out = Vec::new();
    if want.len() != got.len() {
        out.push(format!("expected {} steps, got {}", want.len(), got.len()));
    }
    let (mut unfinished, mut with_hash) = (false, true);
    let nothing = BTreeSet::new();
    for (index, (w, g)) in want.iter().zip(got).enumerate() {
        let loose = free.get(&(index as i64)).unwrap_or(&nothing);
        unfinished |= !complete(w) || loose.contains("pods");
        // A hash that depends on the time of day.
        with_hash &= !loose.contains("controllerrevisions");
        let at = format!("step {index} ({})", string(w, "op"));
        out.extend(step(w, g, loose, unfinished, with_hash).into_iter().map(|line| format!("{at}: {line}")));
        unfinished &= !complete(w);
    }
    out
}

fn step(want: &Value, got: &Value, loose: &BTreeSet<String>, unfinished: bool, with_hash: bool) -> Differences {
    let none = Value::Null;
    let part = |value: &'_ Value, key: &str| value.get(key).cloned().unwrap_or_default();
    let mut out = Vec::new();
    let (r, s) = (part(want, "result"), part(got, "result"));
    if r.get("exit").is_some() {
        if r.get("exit") != s.get("exit") {
            let (theirs, ours) = (string(&r, "stderr"), string(&s, "stderr"));
            out.push(format!("exit: expected {} {theirs:?}, got {} {ours:?}", part(&r, "exit"), part(&s, "exit")));
        }
        for key in ["stdout", "stderr"] {
            let (theirs, ours) = (string(&r, key), string(&s, key));
            if !text(theirs).split_whitespace().eq(text(ours).split_whitespace()) {
                out.push(format!("{key}: expected {theirs:?}, got {ours:?}"));
            }
        }
    }
    if with_hash {
        for (index, object) in list(want, "objects").iter().enumerate() {
            let ours = list(got, "objects").get(index).unwrap_or(&none);
            out.extend(differences(object, ours, "object").into_iter().take(4));
        }
    }
    if want.get("quiescent").and_then(Value::as_bool) != Some(true) {
        return out;
    }
    let (then, now) = (part(want, "then"), part(got, "then"));
    out.extend(differences(&part(&then, "daemonsets"), &part(&now, "daemonsets"), "daemonsets").into_iter().take(6));
    out.extend(pods(list(&then, "pods"), list(&now, "pods"), unfinished, with_hash).into_iter().take(6));
    if !loose.contains("nodes") {
        out.extend(differences(&part(&then, "nodes"), &part(&now, "nodes"), "nodes").into_iter().take(4));
    }
    let revisions = |state: &Value| {
        let hidden: &[&str] = if with_hash { &[] } else { &["hash", "name"] };
        Value::List(list(state, "controllerrevisions").iter().map(|it| without(it, hidden)).collect())
    };
    out.extend(differences(&revisions(&then), &revisions(&now), "controllerrevisions").into_iter().take(4));
    out.extend(events(list(want, "events"), list(got, "events"), loose.contains("events")).into_iter().take(6));
    if !loose.is_empty() {
        return out;
    }
    let (theirs, ours) = (acts(list(want, "log")), acts(list(got, "log")));
    if theirs != ours {
        out.push(format!("acts: expected {theirs:?}, got {ours:?}"));
    }
    for (set, theirs) in want.get("observed").and_then(Value::as_map).into_iter().flatten() {
        let Some(ours) = got.at(&["observed", set]) else {
            out.push(format!("observed: nothing for {set}"));
            continue;
        };
        for key in ["maxUnavailable", "maxSurge"] {
            let number = |of: &Value| of.get(key).and_then(Value::as_int).unwrap_or(0);
            if number(ours) > number(theirs) {
                let (ours, theirs) = (number(ours), number(theirs));
                out.push(format!("observed {set}: {key} {ours} is over the recorded {theirs}"));
            }
        }
    }
    out
}

// ------------------------------------------------------------ validation

fn causes(causes: &[Value]) -> Vec<[&str; 3]> {
    let mut causes: Vec<_> =
        causes.iter().map(|it| ["field", "reason", "message"].map(|key| string(it, key))).collect();
    causes.sort_unstable();
    causes
}

/// A manifest's recorded verdict against ours.
pub fn verdict(case: &Value, got: &Value) -> Differences {
    let truth = |value: &Value, key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
    let (accepted, by_api) = (truth(case, "accepted"), truth(case, "acceptedByApi"));
    let theirs = case.at(&["kubectlCreateStrict", "stderr"]).and_then(Value::as_str).unwrap_or_default();
    let ours = string(got, "stderr");
    if truth(got, "accepted") != accepted {
        let expected = if accepted { "accepted" } else { "rejected" };
        return vec![format!("verdict: expected {expected}, got the other; theirs: {theirs:?} ours: {ours:?}")];
    }
    let mut out = Vec::new();
    if !text(theirs).split_whitespace().eq(text(ours).split_whitespace()) {
        out.push(format!("text: expected {theirs:?}, got {ours:?}"));
    }
    let none = Value::Null;
    let api = case.get("apiStrict").unwrap_or(&none);
    if !accepted && !by_api && !list(api, "causes").is_empty() {
        let (theirs, ours) = (causes(list(api, "causes")), causes(list(got, "causes")));
        if theirs != ours {
            out.push(format!("causes: expected {theirs:?}, got {ours:?}"));
        }
    }
    if accepted && by_api {
        let warnings = |of: &Value| {
            let mut warnings: Vec<String> = list(of, "warnings").iter().map(Value::to_json).collect();
            warnings.sort_unstable();
            warnings
        };
        if warnings(api) != warnings(got) {
            out.push(format!("warnings: expected {:?}, got {:?}", warnings(api), warnings(got)));
        }
        if let Some(object) = api.get("object") {
            out.extend(differences(object, got.get("object").unwrap_or(&none), "object").into_iter().take(5));
        }
    }
    let hash = string(case, "hash");
    if accepted && !hash.is_empty() && hash != string(got, "hash") {
        out.push(format!("hash: expected {hash}, got {}", string(got, "hash")));
    }
    out
}

// ------------------------------------------------------------ kubectl

fn lines(output: &str, ordered: bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text(output).lines().filter(|line| !line.trim().is_empty()) {
        let mut line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        while line.contains("---") {
            line = line.replace("---", "--");
        }
        lines.push(line);
    }
    if !ordered {
        lines.sort_unstable();
    }
    lines
}

/// A recorded command's output against ours.
pub fn command(entry: &Value, stdout: &str, got: &Value) -> Differences {
    let mut out = Vec::new();
    if entry.get("exit") != got.get("exit") {
        out.push(format!("exit: expected {:?}, got {:?}", entry.get("exit"), got.get("exit")));
    }
    let command = string(entry, "command");
    let is_moment = entry.get("moment").is_some_and(|it| !is_nothing(it) && it.as_bool() != Some(false));
    if is_moment {
        // A snapshot of something in motion: only its shape is compared.
        let head =
            |text: &str| text.split('\n').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        let (theirs, ours) = (head(stdout), head(string(got, "stdout")));
        if theirs != ours && !command.contains("rollout") {
            out.push(format!("first line: expected {theirs:?}, got {ours:?}"));
        }
        return out;
    }
    let ordered = !format!(" {command} ").contains(" get ") || command.contains(" -o yaml");
    for (key, theirs) in [("stdout", stdout), ("stderr", string(entry, "stderr"))] {
        let (theirs, ours) = (lines(theirs, ordered), lines(string(got, key), ordered));
        if theirs != ours {
            let same = theirs.iter().zip(&ours).take_while(|(a, b)| a == b).count();
            let line = |of: &[String]| of.get(same).cloned().unwrap_or_else(|| "(nothing)".to_owned());
            let (number, lengths) = (same + 1, (theirs.len(), ours.len()));
            out.push(format!(
                "{key}: line {number}: expected {:?}, got {:?} ({} and {} lines)",
                line(&theirs),
                line(&ours),
                lengths.0,
                lengths.1
            ));
        }
    }
    out
}
