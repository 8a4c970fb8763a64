//! `kubectl describe` (kubectl `pkg/describe`). Cells are parted by tabs until the whole is laid out.

use crate::api::value::Map;
use crate::api::{Quantity, SimDuration, SimTime, Value};

use super::act::Files;
use super::columns::{node_roles, pairs, selector};
use super::layout::{self, age};
use super::line::Line;
use super::resources::{self, Item, text};
use super::{Moment, Task, events, files, path};

/// Longer annotations get lines of their own, cut off.
const ANNOTATION_MAX: usize = 140;
const LAST_APPLIED: &str = crate::engine::LAST_APPLIED;

pub fn plan(line: &Line, moment: &Moment, texts: &Files) -> Result<Vec<Task>, String> {
    let (found, by_prefix) = match files::objects(line, moment, texts)? {
        Some(found) => (found, false),
        None => {
            let asks = resources::asks(&line.args)?;
            if asks.is_empty() {
                return Err(
                    "error: You must specify the type of resource to describe. Use \"kubectl api-resources\" for a \
                            complete list of supported resources."
                        .to_owned(),
                );
            }
            let by_prefix = match asks.as_slice() {
                [ask] if ask.names.len() == 1 => resources::choose_by_prefix(moment, line, ask),
                _ => false,
            };
            (resources::portion(moment, line, &asks)?, by_prefix)
        }
    };
    let items: Vec<&Item> = found.items().collect();
    // There may be so many that they come in portions.
    let count = items.len().max(line.chosen.count());
    let first = line.chosen.done.get() <= items.len();
    let with_events = match line.flag("show-events") {
        Some(value) => value != "false",
        None => count < 2 && !by_prefix && found.errors.is_empty(),
    };
    let mut texts = Vec::new();
    for item in &items {
        let mut out = Out(String::new());
        describe(&mut out, moment, item);
        if with_events && !["ControllerRevision", "PriorityClass", "Namespace"].contains(&item.resource.kind) {
            events::section(&mut out.0, moment, item);
        }
        texts.push(layout::tabbed(&out.0));
    }
    let mut tasks = Vec::new();
    if texts.is_empty() && found.errors.is_empty() && first {
        let everywhere = line.is("all-namespaces") || found.lists.iter().any(|(resource, _)| !resource.namespaced);
        tasks.push(Task::Err(match everywhere {
            true => "No resources found\n".to_owned(),
            false => format!("No resources found in {} namespace.\n", line.namespace()),
        }));
    }
    // What is found by the beginning of its name is printed each with an empty line behind.
    tasks.push(Task::Out(match by_prefix {
        true => texts.into_iter().map(|text| text + "\n").collect(),
        false if first => texts.join("\n\n"),
        false => texts.into_iter().map(|text| ["\n\n", &text].concat()).collect(),
    }));
    tasks.extend(found.errors.into_iter().map(Task::Fail));
    Ok(tasks)
}

/// The text under construction.
struct Out(String);

impl Out {
    /// A line at a level: two blanks for each.
    fn line(&mut self, level: usize, line: &str) {
        self.0.extend(std::iter::repeat_n("  ", level));
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn field(&mut self, level: usize, name: &str, value: &str) {
        self.line(level, &format!("{name}:\t{value}"));
    }

    /// A field that is only there if it has a value.
    fn some(&mut self, level: usize, name: &str, value: &str) {
        if !value.is_empty() {
            self.field(level, name, value);
        }
    }

    /// Values of which each has its line, the first beside the name.
    fn many(&mut self, indent: &str, name: &str, values: &[String]) {
        if values.is_empty() {
            self.0.push_str(&format!("{indent}{name}:\t<none>\n"));
        }
        for (index, value) in values.iter().enumerate() {
            match index {
                0 => self.0.push_str(&format!("{indent}{name}:\t{value}\n")),
                _ => self.0.push_str(&format!("{indent}\t{value}\n")),
            }
        }
    }

    fn labels(&mut self, indent: &str, name: &str, labels: Option<&Value>) {
        let labels = labels.and_then(Value::as_map).into_iter().flatten();
        let values: Vec<String> =
            labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
        self.many(indent, name, &values);
    }

    fn annotations(&mut self, indent: &str, name: &str, annotations: Option<&Value>) {
        let annotations = annotations.and_then(Value::as_map).into_iter().flatten();
        let mut values = Vec::new();
        for (key, value) in annotations.filter(|(key, _)| *key != LAST_APPLIED) {
            let value = value.as_str().unwrap_or_default().trim_end_matches('\n');
            if value.len() + key.len() + 2 > ANNOTATION_MAX || value.contains('\n') {
                values.push(format!("{key}:"));
                values.extend(value.split('\n').map(|line| format!("  {}", shortened(line))));
            } else {
                values.push(format!("{key}: {value}"));
            }
        }
        self.many(indent, name, &values);
    }
}

fn shortened(line: &str) -> String {
    let most = ANNOTATION_MAX - 2;
    if line.len() <= most {
        return line.to_owned();
    }
    let end = (0..=most).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", &line[..end])
}

fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    value.at(path).and_then(Value::as_list).unwrap_or_default()
}

fn plain(value: Option<&Value>) -> String {
    value.map(path::go).unwrap_or_default()
}

fn or<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}

fn truth(value: Option<&Value>) -> bool {
    value.and_then(Value::as_bool) == Some(true)
}

fn describe(out: &mut Out, moment: &Moment, item: &Item) {
    match item.resource.kind {
        "DaemonSet" => daemonset(out, moment, item),
        "Pod" => pod(out, moment, &item.value),
        "Node" => node(out, moment, &item.value),
        _ => other(out, item),
    }
}

// ------------------------------------------------------------ DaemonSets

fn daemonset(out: &mut Out, moment: &Moment, item: &Item) {
    let value = &item.value;
    out.field(0, "Name", item.name());
    out.field(0, "Namespace", item.namespace());
    out.field(0, "Selector", &selector(value.at(&["spec", "selector"])));
    let node_selector = value.at(&["spec", "template", "spec", "nodeSelector"]).and_then(Value::as_map);
    out.field(0, "Node-Selector", &pairs(node_selector));
    out.labels("", "Labels", value.at(&["metadata", "labels"]));
    out.annotations("", "Annotations", value.at(&["metadata", "annotations"]));
    for (name, field) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        let number = value.at(&["status", field]).and_then(Value::as_int).unwrap_or(0);
        out.line(0, &format!("{name}: {number}"));
    }
    let mut counts = [0; 4];
    if let Some(set) = moment.world.daemonsets.get(&item.key()) {
        for pod in moment.world.pods_of(set.meta.uid).filter(|pod| set.spec.selector.matches(&pod.meta.labels)) {
            counts[pod.status.phase as usize] += 1;
        }
    }
    let [waiting, running, succeeded, failed] = counts;
    out.field(
        0,
        "Pods Status",
        &format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed"),
    );
    let template = value.at(&["spec", "template"]).cloned().unwrap_or_default();
    out.0.push_str(&pod_template(&template));
}

/// A pod template, its cells parted by tabs (`DescribePodTemplate`).
pub fn pod_template(template: &Value) -> String {
    let mut out = Out("Pod Template:\n".to_owned());
    let spec = template.get("spec").cloned().unwrap_or_default();
    out.labels("  ", "Labels", template.at(&["metadata", "labels"]));
    if template.at(&["metadata", "annotations"]).and_then(Value::as_map).is_some_and(|map| !map.is_empty()) {
        out.annotations("  ", "Annotations", template.at(&["metadata", "annotations"]));
    }
    out.some(1, "Service Account", text(&spec, &["serviceAccountName"]));
    let none = Value::Null;
    if !list(&spec, &["initContainers"]).is_empty() {
        containers(&mut out, "Init Containers", list(&spec, &["initContainers"]), &none, &none, "  ");
    }
    containers(&mut out, "Containers", list(&spec, &["containers"]), &none, &none, "  ");
    volumes(&mut out, list(&spec, &["volumes"]), "  ");
    spread(&mut out, list(&spec, &["topologySpreadConstraints"]), "  ");
    out.some(1, "Priority Class Name", text(&spec, &["priorityClassName"]));
    out.labels("  ", "Node-Selectors", spec.get("nodeSelector"));
    tolerations(&mut out, "  ", list(&spec, &["tolerations"]));
    out.0
}

fn tolerations(out: &mut Out, indent: &str, tolerations: &[Value]) {
    let mut sorted: Vec<&Value> = tolerations.iter().collect();
    sorted.sort_by_key(|it| text(it, &["key"]));
    let one = |it: &&Value| {
        let (key, value, effect) = (text(it, &["key"]), text(it, &["value"]), text(it, &["effect"]));
        let mut shown = key.to_owned();
        if !value.is_empty() {
            shown.push_str(&format!("={value}"));
        }
        if !effect.is_empty() {
            shown.push_str(&format!(":{effect}"));
        }
        if text(it, &["operator"]) == "Exists" && value.is_empty() {
            shown.push_str(if shown.is_empty() { "op=Exists" } else { " op=Exists" });
        }
        if let Some(seconds) = it.get("tolerationSeconds").and_then(Value::as_int) {
            shown.push_str(&format!(" for {seconds}s"));
        }
        shown
    };
    out.many(indent, "Tolerations", &sorted.iter().map(one).collect::<Vec<_>>());
}

fn spread(out: &mut Out, constraints: &[Value], indent: &str) {
    let mut sorted: Vec<&Value> = constraints.iter().collect();
    sorted.sort_by_key(|it| text(it, &["topologyKey"]));
    let one = |it: &&Value| {
        let skew = it.get("maxSkew").and_then(Value::as_int).unwrap_or(0);
        let selector = match it.get("labelSelector") {
            Some(selector) => format!(" for selector {}", self::selector(Some(selector))),
            None => String::new(),
        };
        let (key, when) = (text(it, &["topologyKey"]), text(it, &["whenUnsatisfiable"]));
        format!("{key}:{when} when max skew {skew} is exceeded{selector}")
    };
    if !sorted.is_empty() {
        out.many(indent, "Topology Spread Constraints", &sorted.iter().map(one).collect::<Vec<_>>());
    }
}

// ------------------------------------------------------------ containers

fn containers(out: &mut Out, label: &str, containers: &[Value], statuses: &Value, pod: &Value, space: &str) {
    out.0.push_str(&format!("{space}{label}:{}\n", if containers.is_empty() { " <none>" } else { "" }));
    for container in containers {
        let name = text(container, &["name"]);
        let status = statuses.as_list().unwrap_or_default().iter().find(|it| text(it, &["name"]) == name);
        out.line(1, &format!("{}{name}:", if space.is_empty() { "" } else { " " }));
        if let Some(status) = status {
            out.field(2, "Container ID", text(status, &["containerID"]));
        }
        out.field(2, "Image", text(container, &["image"]));
        if let Some(status) = status {
            out.field(2, "Image ID", text(status, &["imageID"]));
        }
        ports(out, container);
        let profile = text(container, &["securityContext", "seccompProfile", "type"]);
        out.some(2, "SeccompProfile", profile);
        for (field, title) in [("command", "Command:"), ("args", "Args:")] {
            let words = list(container, &[field]);
            if !words.is_empty() {
                out.line(2, title);
            }
            for line in words.iter().filter_map(Value::as_str).flat_map(|word| word.split('\n')) {
                out.line(3, line);
            }
        }
        if let Some(status) = status {
            state(out, "State", status.get("state"));
            if status.at(&["lastState", "terminated"]).is_some() {
                state(out, "Last State", status.get("lastState"));
            }
            out.field(2, "Ready", if truth(status.get("ready")) { "True" } else { "False" });
            out.field(2, "Restart Count", or(&plain(status.get("restartCount")), "0"));
        }
        amounts(out, container.get("resources"), 2);
        for (field, title) in
            [("livenessProbe", "Liveness"), ("readinessProbe", "Readiness"), ("startupProbe", "Startup")]
        {
            if let Some(probe) = container.get(field) {
                out.field(2, title, &self::probe(probe));
            }
        }
        environment(out, container, pod);
        mounts(out, container);
    }
}

fn ports(out: &mut Out, container: &Value) {
    let ports = list(container, &["ports"]);
    for (title, field) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
        let one = |port: &Value| {
            let number = port.get(field).and_then(Value::as_int).unwrap_or(0);
            let protocol = or(text(port, &["protocol"]), "TCP");
            match text(port, &["name"]) {
                name if !name.is_empty() && field == "containerPort" => format!("{number}/{protocol} ({name})"),
                _ => format!("{number}/{protocol}"),
            }
        };
        let shown = ports.iter().map(one).collect::<Vec<_>>().join(", ");
        let plural = if shown.contains(',') { "s" } else { "" };
        out.field(2, &format!("{title}{plural}"), or(&shown, "<none>"));
    }
}

fn state(out: &mut Out, name: &str, state: Option<&Value>) {
    let empty = Value::Null;
    let state = state.unwrap_or(&empty);
    let moment = |value: &Value, field: &str| {
        SimTime::parse_rfc3339(text(value, &[field]))
            .map_or_else(|| "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(), SimTime::to_rfc1123)
    };
    if let Some(running) = state.get("running") {
        out.field(2, name, "Running");
        out.field(3, "Started", &moment(running, "startedAt"));
    } else if let Some(ended) = state.get("terminated") {
        out.field(2, name, "Terminated");
        out.some(3, "Reason", text(ended, &["reason"]));
        out.some(3, "Message", text(ended, &["message"]));
        out.field(3, "Exit Code", or(&plain(ended.get("exitCode")), "0"));
        out.field(3, "Started", &moment(ended, "startedAt"));
        out.field(3, "Finished", &moment(ended, "finishedAt"));
    } else {
        out.field(2, name, "Waiting");
        out.some(3, "Reason", text(state, &["waiting", "reason"]));
    }
}

fn amounts(out: &mut Out, resources: Option<&Value>, level: usize) {
    for (field, title) in [("limits", "Limits:"), ("requests", "Requests:")] {
        let amounts = resources.and_then(|resources| resources.get(field)).and_then(Value::as_map);
        for (index, (name, amount)) in amounts.into_iter().flatten().enumerate() {
            if index == 0 {
                out.line(level, title);
            }
            out.field(level + 1, name, &path::go(amount));
        }
    }
}

/// Models `DescribeProbe`.
fn probe(probe: &Value) -> String {
    let number = |field: &str| probe.get(field).and_then(Value::as_int).unwrap_or(0);
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number("initialDelaySeconds"),
        number("timeoutSeconds"),
        number("periodSeconds"),
        number("successThreshold"),
        number("failureThreshold")
    );
    let what = if let Some(exec) = probe.get("exec") {
        format!("exec {}", plain(exec.get("command")))
    } else if let Some(get) = probe.get("httpGet") {
        let (host, port) = (text(get, &["host"]), plain(get.get("port")));
        format!("http-get {}://{host}:{port}{}", text(get, &["scheme"]).to_ascii_lowercase(), text(get, &["path"]))
    } else if let Some(socket) = probe.get("tcpSocket") {
        format!("tcp-socket {}:{}", text(socket, &["host"]), plain(socket.get("port")))
    } else if let Some(grpc) = probe.get("grpc") {
        format!("grpc <pod>:{} {}", plain(grpc.get("port")), text(grpc, &["service"]))
    } else {
        "unknown".to_owned()
    };
    format!("{what} {attributes}")
}

fn environment(out: &mut Out, container: &Value, pod: &Value) {
    let sources = list(container, &["envFrom"]);
    if !sources.is_empty() {
        out.line(2, "Environment Variables from:");
    }
    for source in sources {
        let (kind, reference) = match source.get("configMapRef") {
            Some(reference) => ("ConfigMap", reference),
            None => ("Secret", source.get("secretRef").unwrap_or(&Value::Null)),
        };
        let prefix = match text(source, &["prefix"]) {
            "" => String::new(),
            prefix => format!(" with prefix '{prefix}'"),
        };
        let optional = truth(reference.get("optional"));
        out.line(3, &format!("{}\t{kind}{prefix}\tOptional: {optional}", text(reference, &["name"])));
    }
    let variables = list(container, &["env"]);
    out.line(2, if variables.is_empty() { "Environment:\t<none>" } else { "Environment:" });
    for variable in variables {
        let name = text(variable, &["name"]);
        let Some(from) = variable.get("valueFrom") else {
            for (index, line) in text(variable, &["value"]).split('\n').enumerate() {
                out.line(3, &format!("{}\t{line}", if index == 0 { format!("{name}:") } else { String::new() }));
            }
            continue;
        };
        if let Some(field) = from.get("fieldRef") {
            let (version, field) = (text(field, &["apiVersion"]), text(field, &["fieldPath"]));
            let value = path::relaxed(field).map(|path| path.values(pod).first().map(path::go)).ok().flatten();
            out.line(3, &format!("{name}:\t{} ({version}:{field})", value.unwrap_or_default()));
        } else if let Some(resource) = from.get("resourceFieldRef") {
            let resource = text(resource, &["resource"]);
            let keys: Vec<&str> = ["resources"].into_iter().chain(resource.splitn(2, '.')).collect();
            let value = container.at(&keys).map_or_else(
                || if resource.starts_with("limits.") { "node allocatable" } else { "0" }.to_owned(),
                path::go,
            );
            out.line(3, &format!("{name}:\t{value} ({resource})"));
        } else {
            let (key, word, kind) = match from.get("secretKeyRef") {
                Some(key) => (key, "in", "secret"),
                None => (from.get("configMapKeyRef").unwrap_or(&Value::Null), "of", "config map"),
            };
            let optional = truth(key.get("optional"));
            let (key, of) = (text(key, &["key"]), text(key, &["name"]));
            out.line(3, &format!("{name}:\t<set to the key '{key}' {word} {kind} '{of}'>\tOptional: {optional}"));
        }
    }
}

fn mounts(out: &mut Out, container: &Value) {
    let mut mounts: Vec<&Value> = list(container, &["volumeMounts"]).iter().collect();
    mounts.sort_by_key(|mount| text(mount, &["mountPath"]));
    out.line(2, if mounts.is_empty() { "Mounts:\t<none>" } else { "Mounts:" });
    for mount in mounts {
        let mode = if truth(mount.get("readOnly")) { "ro" } else { "rw" };
        let inside = match text(mount, &["subPath"]) {
            "" => String::new(),
            path => format!(",path={path:?}"),
        };
        out.line(3, &format!("{} from {} ({mode}{inside})", text(mount, &["mountPath"]), text(mount, &["name"])));
    }
}

fn volumes(out: &mut Out, volumes: &[Value], space: &str) {
    if volumes.is_empty() {
        out.0.push_str(&format!("{space}Volumes:\t<none>\n"));
        return;
    }
    out.0.push_str(&format!("{space}Volumes:\n"));
    for volume in volumes {
        out.line(1, &format!("{}{}:", if space.is_empty() { "" } else { " " }, text(volume, &["name"])));
        let Some((kind, source)) = volume.as_map().into_iter().flatten().find(|(key, _)| *key != "name") else {
            out.line(1, "<unknown>");
            continue;
        };
        let optional = truth(source.get("optional")).to_string();
        let get = |field: &str| text(source, &[field]).to_owned();
        let read_only = truth(source.get("readOnly")).to_string();
        let (title, fields): (&str, Vec<(&str, String)>) = match kind.as_str() {
            "hostPath" => {
                let kind = source.get("type").map_or("<none>".to_owned(), path::go);
                ("HostPath (bare host directory volume)", vec![("Path", get("path")), ("HostPathType", kind)])
            }
            "emptyDir" => {
                let limit = source.get("sizeLimit").map_or("<unset>".to_owned(), path::go);
                (
                    "EmptyDir (a temporary directory that shares a pod's lifetime)",
                    vec![("Medium", get("medium")), ("SizeLimit", limit)],
                )
            }
            "secret" => (
                "Secret (a volume populated by a Secret)",
                vec![("SecretName", get("secretName")), ("Optional", optional)],
            ),
            "configMap" => {
                ("ConfigMap (a volume populated by a ConfigMap)", vec![("Name", get("name")), ("Optional", optional)])
            }
            "persistentVolumeClaim" => (
                "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
                vec![("ClaimName", get("claimName")), ("ReadOnly", read_only)],
            ),
            "nfs" => (
                "NFS (an NFS mount that lasts the lifetime of a pod)",
                vec![("Server", get("server")), ("Path", get("path")), ("ReadOnly", read_only)],
            ),
            "downwardAPI" => ("DownwardAPI (a volume populated by information about the pod)", Vec::new()),
            "projected" => {
                let one = |source: &Value| -> Vec<(&'static str, String)> {
                    let of = |part: &str, field: &str| plain(source.at(&[part, field]));
                    let optional = |part: &str| truth(source.at(&[part, "optional"])).to_string();
                    if source.get("secret").is_some() {
                        vec![("SecretName", of("secret", "name")), ("Optional", optional("secret"))]
                    } else if source.get("downwardAPI").is_some() {
                        vec![("DownwardAPI", "true".to_owned())]
                    } else if source.get("configMap").is_some() {
                        vec![("ConfigMapName", of("configMap", "name")), ("Optional", optional("configMap"))]
                    } else {
                        vec![("TokenExpirationSeconds", of("serviceAccountToken", "expirationSeconds"))]
                    }
                };
                (
                    "Projected (a volume that contains injected data from multiple sources)",
                    list(source, &["sources"]).iter().flat_map(one).collect(),
                )
            }
            "csi" => (
                "CSI (a Container Storage Interface (CSI) volume source)",
                vec![("Driver", get("driver")), ("FSType", get("fsType")), ("ReadOnly", read_only)],
            ),
            _ => {
                out.line(1, "<unknown>");
                continue;
            }
        };
        out.field(2, "Type", title);
        for (name, value) in fields {
            out.field(2, name, &value);
        }
        if kind == "downwardAPI" {
            out.line(2, "Items:");
            for item in list(source, &["items"]) {
                let field = or(text(item, &["fieldRef", "fieldPath"]), text(item, &["resourceFieldRef", "resource"]));
                out.line(3, &format!("{field} -> {}", text(item, &["path"])));
            }
        }
    }
}

// ------------------------------------------------------------ pods

fn pod(out: &mut Out, moment: &Moment, pod: &Value) {
    let (spec, status) = (pod.get("spec").cloned().unwrap_or_default(), pod.get("status").cloned().unwrap_or_default());
    out.field(0, "Name", text(pod, &["metadata", "name"]));
    out.field(0, "Namespace", text(pod, &["metadata", "namespace"]));
    if let Some(priority) = spec.get("priority") {
        out.field(0, "Priority", &path::go(priority));
        out.some(0, "Priority Class Name", text(&spec, &["priorityClassName"]));
    }
    out.some(0, "Runtime Class Name", text(&spec, &["runtimeClassName"]));
    out.some(0, "Service Account", text(&spec, &["serviceAccountName"]));
    let node = match text(&spec, &["nodeName"]) {
        "" => "<none>".to_owned(),
        node => format!("{node}/{}", text(&status, &["hostIP"])),
    };
    out.field(0, "Node", &node);
    if let Some(at) = SimTime::parse_rfc3339(text(&status, &["startTime"])) {
        out.field(0, "Start Time", &at.to_rfc1123());
    }
    out.labels("", "Labels", pod.at(&["metadata", "labels"]));
    out.annotations("", "Annotations", pod.at(&["metadata", "annotations"]));
    match pod.at(&["metadata", "deletionTimestamp"]) {
        Some(at) if text(&status, &["reason"]) != "NodeLost" => {
            out.field(0, "Status", &format!("Terminating (lasts {})", age(Some(at), moment.now)));
            let grace = plain(pod.at(&["metadata", "deletionGracePeriodSeconds"]));
            out.field(0, "Termination Grace Period", &format!("{grace}s"));
        }
        _ => out.field(0, "Status", text(&status, &["phase"])),
    }
    out.some(0, "Reason", text(&status, &["reason"]));
    out.some(0, "Message", text(&status, &["message"]));
    out.some(0, "SeccompProfile", text(&spec, &["securityContext", "seccompProfile", "type"]));
    out.field(0, "IP", text(&status, &["podIP"]));
    let ips = list(&status, &["podIPs"]);
    out.line(0, if ips.is_empty() { "IPs:\t<none>" } else { "IPs:" });
    for ip in ips {
        out.field(1, "IP", text(ip, &["ip"]));
    }
    let owners = list(pod, &["metadata", "ownerReferences"]);
    if let Some(owner) = owners.iter().find(|owner| truth(owner.get("controller"))) {
        out.field(0, "Controlled By", &format!("{}/{}", text(owner, &["kind"]), text(owner, &["name"])));
    }
    out.some(0, "NominatedNodeName", text(&status, &["nominatedNodeName"]));
    let statuses = |field: &str| status.get(field).cloned().unwrap_or_default();
    if !list(&spec, &["initContainers"]).is_empty() {
        let own = statuses("initContainerStatuses");
        containers(out, "Init Containers", list(&spec, &["initContainers"]), &own, pod, "");
    }
    containers(out, "Containers", list(&spec, &["containers"]), &statuses("containerStatuses"), pod, "");
    let conditions = list(&status, &["conditions"]);
    let gates = list(&spec, &["readinessGates"]);
    if !gates.is_empty() {
        out.0.push_str("Readiness Gates:\n  Type\tStatus\n");
        for gate in gates {
            let kind = text(gate, &["conditionType"]);
            let condition = conditions.iter().find(|it| text(it, &["type"]) == kind);
            out.line(1, &format!("{kind} \t{} ", condition.map_or("<none>", |it| text(it, &["status"]))));
        }
    }
    if !conditions.is_empty() {
        out.0.push_str("Conditions:\n  Type\tStatus\n");
        for condition in conditions {
            out.line(1, &format!("{} \t{} ", text(condition, &["type"]), text(condition, &["status"])));
        }
    }
    volumes(out, list(&spec, &["volumes"]), "");
    out.field(0, "QoS Class", text(&status, &["qosClass"]));
    out.labels("", "Node-Selectors", spec.get("nodeSelector"));
    tolerations(out, "", list(&spec, &["tolerations"]));
    spread(out, list(&spec, &["topologySpreadConstraints"]), "");
}

// ------------------------------------------------------------ nodes

/// Kubelets renew their lease this often.
const LEASE_RENEWED: SimDuration = SimDuration::from_secs(10);

fn node(out: &mut Out, moment: &Moment, node: &Value) {
    let name = text(node, &["metadata", "name"]);
    let at = |path: &[&str]| SimTime::parse_rfc3339(text(node, path)).unwrap_or_default();
    let status = node.get("status").cloned().unwrap_or_default();
    out.field(0, "Name", name);
    out.field(0, "Roles", &node_roles(node));
    out.labels("", "Labels", node.at(&["metadata", "labels"]));
    out.annotations("", "Annotations", node.at(&["metadata", "annotations"]));
    let created = at(&["metadata", "creationTimestamp"]);
    out.field(0, "CreationTimestamp", &created.to_rfc1123());
    let mut taints: Vec<&Value> = list(node, &["spec", "taints"]).iter().collect();
    taints.sort_by_key(|taint| (text(taint, &["effect"]), text(taint, &["key"])));
    let taint = |taint: &&Value| {
        let value = text(taint, &["value"]);
        let value = if value.is_empty() { String::new() } else { format!("={value}") };
        format!("{}{value}:{}", text(taint, &["key"]), text(taint, &["effect"]))
    };
    out.many("", "Taints", &taints.iter().map(taint).collect::<Vec<_>>());
    out.field(0, "Unschedulable", &truth(node.at(&["spec", "unschedulable"])).to_string());
    out.line(0, "Lease:");
    out.field(1, "HolderIdentity", name);
    out.field(1, "AcquireTime", "<unset>");
    let conditions = list(&status, &["conditions"]);
    // A kubelet that is alive renewed it a moment ago; the last sign of one that is silent is its last report.
    let silent = conditions.iter().find(|it| text(it, &["status"]) == "Unknown");
    let renewed = match silent {
        Some(condition) => SimTime::parse_rfc3339(text(condition, &["lastTransitionTime"])).unwrap_or_default(),
        None => {
            let alive = moment.now.since(created).0;
            created + SimDuration(alive - alive % LEASE_RENEWED.0)
        }
    };
    out.field(1, "RenewTime", &renewed.to_rfc1123());
    if !conditions.is_empty() {
        out.0.push_str(
            "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n  \
             ----\t------\t-----------------\t------------------\t------\t-------\n",
        );
        for condition in conditions {
            let moment =
                |field: &str| SimTime::parse_rfc3339(text(condition, &[field])).unwrap_or_default().to_rfc1123();
            out.line(
                1,
                &format!(
                    "{} \t{} \t{} \t{} \t{} \t{}",
                    text(condition, &["type"]),
                    text(condition, &["status"]),
                    moment("lastHeartbeatTime"),
                    moment("lastTransitionTime"),
                    text(condition, &["reason"]),
                    text(condition, &["message"])
                ),
            );
        }
    }
    out.line(0, "Addresses:");
    for address in list(&status, &["addresses"]) {
        out.field(1, text(address, &["type"]), text(address, &["address"]));
    }
    for (title, field) in [("Capacity:", "capacity"), ("Allocatable:", "allocatable")] {
        out.line(0, title);
        for (name, amount) in status.get(field).and_then(Value::as_map).into_iter().flatten() {
            out.field(1, name, &path::go(amount));
        }
    }
    out.line(0, "System Info:");
    for (title, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        out.field(1, title, text(&status, &["nodeInfo", field]));
    }
    out.some(0, "PodCIDR", text(node, &["spec", "podCIDR"]));
    let cidrs: Vec<&str> = list(node, &["spec", "podCIDRs"]).iter().filter_map(Value::as_str).collect();
    out.some(0, "PodCIDRs", &cidrs.join(","));
    pods_of_node(out, moment, name, &status);
}

/// What a pod asks for in all, in milli-units: requests or limits of a resource.
fn total(pod: &Value, field: &str, resource: &str) -> i64 {
    let milli = |container: &Value| {
        let amount = container.at(&["resources", field, resource]);
        amount.and_then(|it| Quantity::parse(&path::go(it)).ok()).map_or(0, |it| it.milli())
    };
    let own: i64 = list(pod, &["spec", "containers"]).iter().map(milli).sum();
    let (mut sidecars, mut peak) = (0, 0);
    for container in list(pod, &["spec", "initContainers"]) {
        match text(container, &["restartPolicy"]) {
            "Always" => sidecars += milli(container),
            _ => peak = peak.max(sidecars + milli(container)),
        }
    }
    (own + sidecars).max(peak)
}

/// An amount as kubectl adds it up, and its share of what the node has.
fn share(milli: i64, resource: &str, allocatable: i64) -> String {
    let amount = match resource {
        "cpu" if milli % 1000 != 0 => format!("{milli}m"),
        "cpu" => (milli / 1000).to_string(),
        _ => crate::api::node::quantity_text(resource, milli),
    };
    // The share is cut off, not rounded.
    let percent = if allocatable == 0 { 0 } else { (i128::from(milli) * 100 / i128::from(allocatable)) as i64 };
    format!("{amount} ({percent}%)")
}

fn pods_of_node(out: &mut Out, moment: &Moment, name: &str, status: &Value) {
    let allocatable = |resource: &str| {
        let amount = status.at(&["allocatable", resource]);
        amount.and_then(|it| Quantity::parse(&path::go(it)).ok()).map_or(0, |it| it.milli())
    };
    let mut pods: Vec<Value> =
        moment.world.pods_on(name).filter(|pod| !pod.is_terminal()).map(|pod| pod.to_value()).collect();
    pods.sort_by_key(|pod| {
        (text(pod, &["metadata", "namespace"]).to_owned(), text(pod, &["metadata", "name"]).to_owned())
    });
    out.field(0, "Non-terminated Pods", &format!("({} in total)", pods.len()));
    out.0.push_str(
        "  Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n  \
         ---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n",
    );
    let columns = [("cpu", "requests"), ("cpu", "limits"), ("memory", "requests"), ("memory", "limits")];
    for pod in &pods {
        let cells: Vec<String> = columns
            .iter()
            .map(|(resource, field)| share(total(pod, field, resource), resource, allocatable(resource)))
            .collect();
        out.line(
            1,
            &format!(
                "{}\t{}\t\t{}\t{}",
                text(pod, &["metadata", "namespace"]),
                text(pod, &["metadata", "name"]),
                cells.join("\t"),
                age(pod.at(&["metadata", "creationTimestamp"]), moment.now)
            ),
        );
    }
    out.0.push_str(
        "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n  \
         Resource\tRequests\tLimits\n  --------\t--------\t------\n",
    );
    let mut resources = vec!["cpu".to_owned(), "memory".to_owned(), "ephemeral-storage".to_owned()];
    let known = status.get("allocatable").and_then(Value::as_map).cloned().unwrap_or_else(Map::new);
    resources.extend(known.into_keys().filter(|name| name.starts_with("hugepages-") || name.contains('/')));
    for resource in resources {
        let sum = |field: &str| pods.iter().map(|pod| total(pod, field, &resource)).sum::<i64>();
        let plain = resource.contains('/');
        let cell = |milli: i64| match plain {
            true => (milli / 1000).to_string(),
            false => share(milli, &resource, allocatable(&resource)),
        };
        out.line(1, &format!("{resource}\t{}\t{}", cell(sum("requests")), cell(sum("limits"))));
    }
}

// ------------------------------------------------------------ other kinds

/// Kinds without a describer of their own: their fields in the order of their names (`GenericDescriber`), and the few
/// words that namespaces and priority classes have.
fn other(out: &mut Out, item: &Item) {
    let value = &item.value;
    out.field(0, "Name", item.name());
    match item.resource.kind {
        "Namespace" => {
            out.labels("", "Labels", value.at(&["metadata", "labels"]));
            out.annotations("", "Annotations", value.at(&["metadata", "annotations"]));
            out.field(0, "Status", text(value, &["status", "phase"]));
            out.0.push_str("\nNo resource quota.\n\nNo LimitRange resource.\n");
        }
        "PriorityClass" => {
            out.field(0, "Value", &plain(value.get("value")));
            out.field(0, "GlobalDefault", &truth(value.get("globalDefault")).to_string());
            out.field(0, "PreemptionPolicy", text(value, &["preemptionPolicy"]));
            out.field(0, "Description", text(value, &["description"]));
            out.annotations("", "Annotations", value.at(&["metadata", "annotations"]));
        }
        _ => {
            if item.resource.namespaced {
                out.field(0, "Namespace", item.namespace());
            }
            out.labels("", "Labels", value.at(&["metadata", "labels"]));
            out.annotations("", "Annotations", value.at(&["metadata", "annotations"]));
            out.field(0, "API Version", text(value, &["apiVersion"]));
            out.field(0, "Kind", text(value, &["kind"]));
            let known = ["apiVersion", "kind"];
            for (key, field) in value.as_map().into_iter().flatten().filter(|(key, _)| !known.contains(&key.as_str())) {
                let mut field = field.clone();
                if key == "metadata"
                    && let Value::Map(map) = &mut field
                {
                    map.retain(|key, _| {
                        !["name", "namespace", "labels", "annotations", "managedFields"].contains(&key.as_str())
                    });
                }
                generic(out, 0, key, &field);
            }
        }
    }
}

/// `creationTimestamp` as `Creation Timestamp`.
fn title(key: &str) -> String {
    let mut title = String::new();
    for (index, c) in key.chars().enumerate() {
        match (index, c.is_ascii_uppercase()) {
            (0, _) => title.push(c.to_ascii_uppercase()),
            (_, true) => title.extend([' ', c]),
            _ => title.push(c),
        }
    }
    title.replace("Uid", "UID")
}

fn generic(out: &mut Out, level: usize, key: &str, value: &Value) {
    match value {
        Value::Map(map) => {
            out.line(level, &format!("{}:", title(key)));
            for (key, value) in map {
                generic(out, level + 1, key, value);
            }
        }
        Value::List(list) => {
            out.line(level, &format!("{}:", title(key)));
            for item in list {
                match item {
                    Value::Map(map) => map.iter().for_each(|(key, value)| generic(out, level + 1, key, value)),
                    other => out.line(level + 1, &path::go(other)),
                }
            }
        }
        other => out.field(level, &title(key), &path::go(other)),
    }
}
