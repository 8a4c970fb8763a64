//! What the server accepts, but warns of (`GetWarningsForPodTemplate`).

use super::{each, entries, int, list, quote, text};
use crate::api::quantity::Quantity;
use crate::api::value::Value;

/// The warnings about a defaulted DaemonSet: the path of the field, and the message, which begins with a path itself.
pub fn warnings_daemonset(daemonset: &Value) -> Vec<(String, String)> {
    let mut warnings = Warnings(Vec::new());
    let template = &daemonset["spec"]["template"];
    warnings.annotations(&template["metadata"]["annotations"]);
    warnings.pod_spec(&template["spec"], "spec.template.spec");
    warnings.0
}

struct Warnings(Vec<(String, String)>);

const OLD_LABELS: [(&str, &str, &str); 5] = [
    ("beta.kubernetes.io/arch", "1.14", "kubernetes.io/arch"),
    ("beta.kubernetes.io/os", "1.14", "kubernetes.io/os"),
    ("failure-domain.beta.kubernetes.io/region", "1.17", "topology.kubernetes.io/region"),
    ("failure-domain.beta.kubernetes.io/zone", "1.17", "topology.kubernetes.io/zone"),
    ("beta.kubernetes.io/instance-type", "1.17", "node.kubernetes.io/instance-type"),
];

const OLD_VOLUMES: [(&str, &str); 7] = [
    ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

fn old_label(key: &str) -> Option<String> {
    let (_, since, right) = OLD_LABELS.iter().find(|(old, ..)| *old == key)?;
    Some(format!("deprecated since v{since}; use \"{right}\" instead"))
}

impl Warnings {
    fn add(&mut self, path: impl Into<String>, message: impl std::fmt::Display) {
        let path = path.into();
        let message = format!("{path}: {message}");
        self.0.push((path, message));
    }

    fn annotations(&mut self, annotations: &Value) {
        let key = "scheduler.alpha.kubernetes.io/critical-pod";
        if !annotations[key].is_null() {
            let path = format!("spec.template.metadata.annotations[{key}]");
            self.add(path, "non-functional in v1.16+; use the \"priorityClassName\" field instead");
        }
    }

    fn pod_spec(&mut self, spec: &Value, path: &str) {
        for (key, _) in entries(&spec["nodeSelector"]) {
            if let Some(message) = old_label(key) {
                self.add(format!("{path}.nodeSelector[{key}]"), message);
            }
        }
        self.node_affinity(&spec["affinity"]["nodeAffinity"], &format!("{path}.affinity.nodeAffinity"));
        for (secret, path) in each(&spec["imagePullSecrets"], &format!("{path}.imagePullSecrets")) {
            if text(&secret["name"]).is_empty() {
                self.add(format!("{path}.name"), "invalid empty name \"\"");
            }
        }
        for (volume, path) in each(&spec["volumes"], &format!("{path}.volumes")) {
            for (kind, message) in OLD_VOLUMES.iter().filter(|(kind, _)| !volume[*kind].is_null()) {
                self.add(format!("{path}.{kind}"), message);
            }
        }
        for name in ["initContainers", "containers"] {
            for (container, path) in each(&spec[name], &format!("{path}.{name}")) {
                self.container(container, &path);
            }
        }
        if int(&spec["terminationGracePeriodSeconds"]) < 0 {
            let message = "must be >= 0; negative values are invalid and will be treated as 1";
            self.add(format!("{path}.terminationGracePeriodSeconds"), message);
        }
    }

    fn node_affinity(&mut self, affinity: &Value, path: &str) {
        let required = "requiredDuringSchedulingIgnoredDuringExecution";
        let terms = format!("{path}.{required}.nodeSelectorTerms");
        for (term, path) in each(&affinity[required]["nodeSelectorTerms"], &terms) {
            for (requirement, path) in each(&term["matchExpressions"], &format!("{path}.matchExpressions")) {
                let key = text(&requirement["key"]);
                if let Some(message) = old_label(key) {
                    self.add(format!("{path}.key"), format!("{key} is {message}"));
                }
            }
        }
    }

    fn container(&mut self, container: &Value, path: &str) {
        for kind in ["limits", "requests"] {
            let path = format!("{path}.resources.{kind}");
            for name in ["memory", "ephemeral-storage"] {
                let amount = text(&container["resources"][kind][name]);
                if Quantity::parse(amount).is_ok_and(|amount| amount.is_fractional()) {
                    let message = format!("fractional byte value {} is invalid, must be an integer", quote(amount));
                    self.add(format!("{path}[{name}]"), message);
                }
            }
        }
        let ports = list(&container["ports"]);
        for (index, port) in ports.iter().enumerate() {
            let same = |other: &&Value| {
                ["containerPort", "hostPort", "protocol", "hostIP"].iter().all(|field| other[*field] == port[*field])
            };
            if let Some(first) = ports[..index].iter().position(|other| same(&other)) {
                let message = format!("duplicate port definition with {path}.ports[{first}]");
                self.add(format!("{path}.ports[{index}]"), message);
            }
        }
        let variables = list(&container["env"]);
        for (index, variable) in variables.iter().enumerate() {
            let name = text(&variable["name"]);
            let value = text(&variable["value"]);
            let uses_itself = value.contains(&format!("$({name})"));
            if !uses_itself && variables[..index].iter().any(|other| text(&other["name"]) == name) {
                let message =
                    format!("hides previous definition of {}, which may be dropped when using apply", quote(name));
                self.add(format!("{path}.env[{index}]"), message);
            }
        }
    }
}
