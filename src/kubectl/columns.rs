//! What stands in the columns of `kubectl get`: the API server's printers (pkg/printers/internalversion) as one table.

use std::collections::BTreeSet;

use crate::api::value::Map;
use crate::api::{SimTime, Value};

use super::layout::{age, human};
use super::resources::{Resource, text};

/// The columns of a kind: `HEADER=cell`, `+` before those of `-o wide` only. A cell is a path with what stands for
/// nothing after a `|`, or `@` and the name of a function below.
fn columns(kind: &str) -> &'static str {
    match kind {
        "Pod" => {
            "NAME=@name READY=@pod-ready STATUS=@pod-status RESTARTS=@pod-restarts AGE=@age +IP=@pod-ip \
             +NODE=spec.nodeName|<none> +NOMINATED_NODE=status.nominatedNodeName|<none> +READINESS_GATES=@pod-gates"
        }
        "DaemonSet" => {
            "NAME=@name DESIRED=status.desiredNumberScheduled|0 CURRENT=status.currentNumberScheduled|0 \
             READY=status.numberReady|0 UP-TO-DATE=status.updatedNumberScheduled|0 AVAILABLE=status.numberAvailable|0 \
             NODE_SELECTOR=@node-selector AGE=@age +CONTAINERS=@containers +IMAGES=@images +SELECTOR=@selector"
        }
        "Node" => {
            "NAME=@name STATUS=@node-status ROLES=@node-roles AGE=@age VERSION=status.nodeInfo.kubeletVersion \
             +INTERNAL-IP=@internal-ip +EXTERNAL-IP=@external-ip +OS-IMAGE=status.nodeInfo.osImage|<unknown> \
             +KERNEL-VERSION=@kernel +CONTAINER-RUNTIME=status.nodeInfo.containerRuntimeVersion|<unknown>"
        }
        "ControllerRevision" => "NAME=@name CONTROLLER=@controller REVISION=revision|0 AGE=@age",
        "Event" => {
            "LAST_SEEN=@last-seen TYPE=type REASON=reason OBJECT=@event-object +SUBOBJECT=involvedObject.fieldPath \
             +SOURCE=@event-source MESSAGE=@message +FIRST_SEEN=@first-seen +COUNT=count|1 +NAME=@name"
        }
        "Namespace" => "NAME=@name STATUS=status.phase AGE=@age",
        "PriorityClass" => {
            "NAME=@name VALUE=value|0 GLOBAL-DEFAULT=globalDefault|false AGE=@age \
             PREEMPTIONPOLICY=preemptionPolicy|PreemptLowerPriority"
        }
        "Service" => {
            "NAME=@name TYPE=spec.type CLUSTER-IP=spec.clusterIP|<none> EXTERNAL-IP=@none PORT(S)=@ports AGE=@age \
             +SELECTOR=@none"
        }
        "ResourceQuota" => "NAME=@name REQUEST=@quota-used LIMIT=@empty AGE=@age",
        _ => "NAME=@name AGE=@age",
    }
}

/// Which columns are wanted.
#[derive(Clone, Debug, Default)]
pub struct Style {
    pub wide: bool,
    pub with_namespace: bool,
    pub with_kind: bool,
    /// Labels that get a column of their own.
    pub label_columns: Vec<String>,
    pub show_labels: bool,
    pub no_headers: bool,
}

fn wanted(kind: &str, style: &Style) -> Vec<(&'static str, &'static str)> {
    let words = columns(kind).split_whitespace().filter_map(|word| match word.strip_prefix('+') {
        Some(word) => style.wide.then_some(word),
        None => Some(word),
    });
    words.filter_map(|word| word.split_once('=')).collect()
}

pub fn header(resource: &Resource, style: &Style) -> Vec<String> {
    let mut cells = Vec::new();
    if style.with_namespace {
        cells.push("NAMESPACE".to_owned());
    }
    cells.extend(wanted(resource.kind, style).iter().map(|(header, _)| header.replace('_', " ")));
    let last = |label: &String| label.rsplit('/').next().unwrap_or(label).to_ascii_uppercase();
    cells.extend(style.label_columns.iter().map(last));
    if style.show_labels {
        cells.push("LABELS".to_owned());
    }
    cells
}

pub fn row(resource: &Resource, value: &Value, style: &Style, now: SimTime) -> Vec<String> {
    let mut cells = Vec::new();
    if style.with_namespace {
        cells.push(text(value, &["metadata", "namespace"]).to_owned());
    }
    for (_, column) in wanted(resource.kind, style) {
        let cell = match column.strip_prefix('@') {
            Some("name") if style.with_kind => {
                format!("{}/{}", resource.singular(), text(value, &["metadata", "name"]))
            }
            Some(function) => cell(function, value, now),
            None => {
                let (path, missing) = column.split_once('|').unwrap_or((column, ""));
                at(value, path).filter(|text| !text.is_empty()).unwrap_or_else(|| missing.to_owned())
            }
        };
        // One line of it is shown (`printTable`).
        cells.push(match cell.split_once('\n') {
            Some((first, _)) => format!("{first}..."),
            None => cell,
        });
    }
    let labels = value.at(&["metadata", "labels"]).and_then(Value::as_map);
    for label in &style.label_columns {
        let own = labels.and_then(|labels| labels.get(label)).and_then(Value::as_str);
        cells.push(own.unwrap_or("").to_owned());
    }
    if style.show_labels {
        cells.push(pairs(labels));
    }
    cells
}

/// The plain text of a value at a path with dots.
fn at(value: &Value, path: &str) -> Option<String> {
    let keys: Vec<&str> = path.split('.').collect();
    value.at(&keys).map(|value| match value {
        Value::Str(text) => text.clone(),
        other => other.to_json(),
    })
}

/// `a=1,b=2`, or `<none>`.
pub fn pairs(map: Option<&Map>) -> String {
    let list: Vec<String> =
        map.into_iter().flatten().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    or_none(list.join(","))
}

fn or_none(text: String) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text }
}

fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    value.at(path).and_then(Value::as_list).unwrap_or_default()
}

fn cell(function: &str, value: &Value, now: SimTime) -> String {
    let ago = |path: &[&str]| age(value.at(path), now);
    let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
    match function {
        "name" => text(value, &["metadata", "name"]).to_owned(),
        "age" => ago(&["metadata", "creationTimestamp"]),
        "none" => "<none>".to_owned(),
        "pod-ready" => pod_ready(value),
        "pod-status" => pod_status(value),
        "pod-restarts" => pod_restarts(value, now),
        "pod-ip" => {
            let first = list(value, &["status", "podIPs"]).first().map_or("", |ip| text(ip, &["ip"]));
            or(first, "<none>")
        }
        "pod-gates" => pod_gates(value),
        "node-selector" => pairs(value.at(&["spec", "template", "spec", "nodeSelector"]).and_then(Value::as_map)),
        "containers" | "images" => {
            let field = if function == "images" { "image" } else { "name" };
            let containers = list(value, &["spec", "template", "spec", "containers"]);
            containers.iter().map(|container| text(container, &[field])).collect::<Vec<_>>().join(",")
        }
        "selector" => selector(value.at(&["spec", "selector"])),
        "node-status" => node_status(value),
        "node-roles" => node_roles(value),
        "internal-ip" | "external-ip" => {
            let kind = if function == "internal-ip" { "InternalIP" } else { "ExternalIP" };
            let address = list(value, &["status", "addresses"]).iter().find(|it| text(it, &["type"]) == kind);
            or(address.map_or("", |it| text(it, &["address"])), "<none>")
        }
        "kernel" => {
            let (kernel, architecture) = (
                text(value, &["status", "nodeInfo", "kernelVersion"]),
                text(value, &["status", "nodeInfo", "architecture"]),
            );
            let kernel = or(kernel, "<unknown>");
            if architecture.is_empty() { kernel } else { format!("{kernel} ({architecture})") }
        }
        "controller" => {
            let owners = list(value, &["metadata", "ownerReferences"]);
            let owner = owners.iter().find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true));
            owner.map_or("<none>".to_owned(), |owner| {
                let kind = text(owner, &["kind"]).to_ascii_lowercase();
                let group = text(owner, &["apiVersion"]).split_once('/').map(|(group, _)| format!(".{group}"));
                format!("{kind}{}/{}", group.unwrap_or_default(), text(owner, &["name"]))
            })
        }
        "last-seen" => ago(&[if value.get("lastTimestamp").is_some() { "lastTimestamp" } else { "firstTimestamp" }]),
        "first-seen" => ago(&["firstTimestamp"]),
        "event-object" => {
            let kind = text(value, &["involvedObject", "kind"]).to_ascii_lowercase();
            format!("{kind}/{}", text(value, &["involvedObject", "name"]))
        }
        "event-source" => {
            let (component, host) = (text(value, &["source", "component"]), text(value, &["source", "host"]));
            if host.is_empty() { component.to_owned() } else { format!("{component}, {host}") }
        }
        "message" => text(value, &["message"]).trim().to_owned(),
        "ports" => {
            let port = |port: &Value| {
                let number = port.get("port").and_then(Value::as_int).unwrap_or(0);
                format!("{number}/{}", text(port, &["protocol"]))
            };
            or_none(list(value, &["spec", "ports"]).iter().map(port).collect::<Vec<_>>().join(","))
        }
        "quota-used" => {
            let hard = value.at(&["status", "hard"]).or_else(|| value.at(&["spec", "hard"])).and_then(Value::as_map);
            let one = |(name, limit): (&String, &Value)| {
                let used = value.at(&["status", "used", name]).map_or("0".to_owned(), plain);
                format!("{name}: {used}/{}", plain(limit))
            };
            hard.into_iter().flatten().map(one).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_json(), str::to_owned)
}

/// Requirements sorted by key: `app=x,k in (a,b),!z` (`FormatLabelSelector`).
pub fn selector(selector: Option<&Value>) -> String {
    let Some(selector) = selector else { return "<none>".to_owned() };
    let mut parts: Vec<(String, String)> = Vec::new();
    for (key, value) in selector.get("matchLabels").and_then(Value::as_map).into_iter().flatten() {
        parts.push((key.clone(), format!("{key}={}", value.as_str().unwrap_or_default())));
    }
    for requirement in list(selector, &["matchExpressions"]) {
        let key = text(requirement, &["key"]);
        let mut values: Vec<&str> = list(requirement, &["values"]).iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        let word = match text(requirement, &["operator"]) {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        };
        parts.push((key.to_owned(), word));
    }
    parts.sort();
    or_none(parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(","))
}

/// The status of a condition.
pub fn condition<'a>(value: &'a Value, kind: &str) -> Option<&'a str> {
    let conditions = list(value, &["status", "conditions"]);
    conditions.iter().find(|it| text(it, &["type"]) == kind).map(|it| text(it, &["status"]))
}

// ------------------------------------------------------------ nodes

pub fn node_status(node: &Value) -> String {
    let ready = match condition(node, "Ready") {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    let cordoned = node.at(&["spec", "unschedulable"]).and_then(Value::as_bool) == Some(true);
    format!("{ready}{}", if cordoned { ",SchedulingDisabled" } else { "" })
}

/// Models `findNodeRoles`.
pub fn node_roles(node: &Value) -> String {
    let labels = node.at(&["metadata", "labels"]).and_then(Value::as_map);
    let role = |(key, value): (&String, &Value)| match key.strip_prefix("node-role.kubernetes.io/") {
        Some(role) if !role.is_empty() => Some(role.to_owned()),
        _ if key == "kubernetes.io/role" => value.as_str().filter(|role| !role.is_empty()).map(str::to_owned),
        _ => None,
    };
    let roles: BTreeSet<String> = labels.into_iter().flatten().filter_map(role).collect();
    or_none(roles.into_iter().collect::<Vec<_>>().join(","))
}

// ------------------------------------------------------------ pods

/// A container with its status, as `printPod` looks at them.
struct Running<'a> {
    restartable: bool,
    status: &'a Value,
}

fn containers<'a>(pod: &'a Value, spec: &str, status: &str) -> Vec<Running<'a>> {
    let statuses = list(pod, &["status", status]);
    let find = |name: &str| statuses.iter().find(|it| text(it, &["name"]) == name).unwrap_or(&Value::Null);
    let containers = list(pod, &["spec", spec]).iter();
    containers
        .map(|it| Running { restartable: text(it, &["restartPolicy"]) == "Always", status: find(text(it, &["name"])) })
        .collect()
}

fn is_true(value: &Value, field: &str) -> bool {
    value.get(field).and_then(Value::as_bool) == Some(true)
}

fn is_running(status: &Value) -> bool {
    status.at(&["state", "running"]).is_some()
}

fn pod_ready(pod: &Value) -> String {
    let sidecars: Vec<Running> =
        containers(pod, "initContainers", "initContainerStatuses").into_iter().filter(|it| it.restartable).collect();
    let own = containers(pod, "containers", "containerStatuses");
    let ready = own.iter().filter(|it| is_true(it.status, "ready") && is_running(it.status)).count()
        + sidecars.iter().filter(|it| is_true(it.status, "ready") && is_true(it.status, "started")).count();
    format!("{ready}/{}", own.len() + sidecars.len())
}

/// The reason of a terminated container as a status: its own word, or its signal or exit code.
fn ended(terminated: &Value) -> String {
    let number = |field: &str| terminated.get(field).and_then(Value::as_int).unwrap_or(0);
    match (text(terminated, &["reason"]), number("signal")) {
        ("", 0) => format!("ExitCode:{}", number("exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

/// Models the STATUS column of `printPod`: the phase, then what overrides it.
pub fn pod_status(pod: &Value) -> String {
    let phase = text(pod, &["status", "phase"]);
    let mut shown = match text(pod, &["status", "reason"]) {
        "" => phase.to_owned(),
        reason => reason.to_owned(),
    };
    let gated = list(pod, &["status", "conditions"])
        .iter()
        .any(|it| text(it, &["type"]) == "PodScheduled" && text(it, &["reason"]) == "SchedulingGated");
    if gated {
        shown = "SchedulingGated".to_owned();
    }
    let inits = containers(pod, "initContainers", "initContainerStatuses");
    let mut initialising = false;
    let known = list(pod, &["status", "initContainerStatuses"]).len();
    for (index, init) in inits.iter().enumerate().take(known) {
        let (terminated, waiting) =
            (init.status.at(&["state", "terminated"]), text(init.status, &["state", "waiting", "reason"]));
        let done = terminated.is_some_and(|it| it.get("exitCode").and_then(Value::as_int).unwrap_or(0) == 0);
        if done || (init.restartable && is_true(init.status, "started")) {
            continue;
        }
        shown = match terminated {
            Some(terminated) => format!("Init:{}", ended(terminated)),
            None if !waiting.is_empty() && waiting != "PodInitializing" => format!("Init:{waiting}"),
            None => format!("Init:{index}/{}", inits.len()),
        };
        initialising = true;
        break;
    }
    if !initialising || condition(pod, "Initialized") == Some("True") {
        let mut has_running = false;
        let mut failed = None;
        for container in list(pod, &["status", "containerStatuses"]).iter().rev() {
            let waiting = text(container, &["state", "waiting", "reason"]);
            if !waiting.is_empty() {
                shown = waiting.to_owned();
            } else if let Some(terminated) = container.at(&["state", "terminated"]) {
                shown = ended(terminated);
                if terminated.get("exitCode").and_then(Value::as_int).unwrap_or(0) != 0 {
                    failed = Some(shown.clone());
                }
            } else if is_true(container, "ready") && is_running(container) {
                has_running = true;
            }
        }
        if shown == "Completed" {
            if has_running && condition(pod, "Ready") == Some("True") {
                shown = "Running".to_owned();
            } else if let Some(reason) = failed {
                shown = reason;
            } else if has_running {
                shown = "NotReady".to_owned();
            }
        }
    }
    if pod.at(&["metadata", "deletionTimestamp"]).is_some() {
        if text(pod, &["status", "reason"]) == "NodeLost" {
            shown = "Unknown".to_owned();
        } else if !["Failed", "Succeeded"].contains(&phase) {
            shown = "Terminating".to_owned();
        }
    }
    shown
}

fn pod_restarts(pod: &Value, now: SimTime) -> String {
    let inits = containers(pod, "initContainers", "initContainerStatuses");
    let own = containers(pod, "containers", "containerStatuses");
    let counted = inits.iter().filter(|it| it.restartable).chain(&own);
    let (mut restarts, mut last) = (0, None::<SimTime>);
    for container in counted {
        restarts += container.status.get("restartCount").and_then(Value::as_int).unwrap_or(0);
        let finished = text(container.status, &["lastState", "terminated", "finishedAt"]);
        last = last.max(SimTime::parse_rfc3339(finished));
    }
    match last.filter(|_| restarts > 0) {
        Some(at) => format!("{restarts} ({} ago)", human((now.since(at).0 / 1_000_000) as i64)),
        None => restarts.to_string(),
    }
}

fn pod_gates(pod: &Value) -> String {
    let gates = list(pod, &["spec", "readinessGates"]);
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let open = gates.iter().filter(|gate| condition(pod, text(gate, &["conditionType"])) == Some("True")).count();
    format!("{open}/{}", gates.len())
}
