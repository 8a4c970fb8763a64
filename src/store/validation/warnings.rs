//! What the server accepts, but warns of (`GetWarningsForPodTemplate`).

use std::collections::{BTreeMap, BTreeSet};

use super::{each, each_container, entries, int, list, names, quote, text};
use crate::api::quantity::Quantity;
use crate::api::value::Value;

/// More warnings than this help nobody, and of longer lists only so much is compared each with each.
const MANY: usize = 1000;

/// The warnings about a defaulted DaemonSet: the path of the field, and the message, which begins with a path itself.
pub fn warnings_daemonset(daemonset: &Value) -> Vec<(String, String)> {
    let mut warnings = Warnings(Vec::new());
    let template = &daemonset["spec"]["template"];
    warnings.pod_spec(&template["spec"], &template["metadata"]["annotations"], "spec.template.spec");
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

const OLD_VOLUMES: [(&str, &str); 9] = [
    ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

const OLD_ANNOTATIONS: [(&str, &str); 3] = [
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    ("security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
];

const SECCOMP: &str = "non-functional in v1.27+; use the \"seccompProfile\" field instead";
const APP_ARMOR: &str = "deprecated since v1.30; use the \"appArmorProfile\" field instead";
const NO_SELECTOR: &str = "a null labelSelector results in matching no pod";
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

fn old_label(key: &str) -> Option<String> {
    let (_, since, right) = OLD_LABELS.iter().find(|(old, ..)| *old == key)?;
    Some(format!("deprecated since v{since}; use \"{right}\" instead"))
}

impl Warnings {
    /// A warning at a path, or, without one, about the whole.
    fn add(&mut self, path: impl Into<String>, message: impl std::fmt::Display) {
        let path = path.into();
        let message = if path.is_empty() { message.to_string() } else { format!("{path}: {message}") };
        if self.0.len() < MANY {
            self.0.push((path, message));
        }
    }

    /// A deprecated or useless annotation of the template.
    fn annotation(&mut self, annotations: &Value, key: &str, message: &str) {
        if !annotations[key].is_null() {
            self.add(format!("spec.template.metadata.annotations[{key}]"), message);
        }
    }

    fn pod_spec(&mut self, spec: &Value, annotations: &Value, path: &str) {
        for (key, _) in entries(&spec["nodeSelector"]) {
            if let Some(message) = old_label(key) {
                self.add(format!("{path}.nodeSelector[{key}]"), message);
            }
        }
        self.node_affinity(&spec["affinity"]["nodeAffinity"], &format!("{path}.affinity.nodeAffinity"));
        for (constraint, path) in each(&spec["topologySpreadConstraints"], &format!("{path}.topologySpreadConstraints"))
        {
            self.old_key(&constraint["topologyKey"], format!("{path}.topologyKey"));
            self.selector(&constraint["labelSelector"], format!("{path}.labelSelector"));
        }
        for (key, message) in OLD_ANNOTATIONS {
            self.annotation(annotations, key, message);
        }
        let volumes = &spec["volumes"];
        for (volume, path) in each(volumes, &format!("{path}.volumes")) {
            for (kind, message) in OLD_VOLUMES.iter().filter(|(kind, _)| !volume[*kind].is_null()) {
                let told = if *kind == "storageos" { "storageOS" } else { kind };
                self.add(format!("{path}.{told}"), message);
            }
        }
        for volume in list(volumes) {
            self.paths_in(volume);
        }
        self.twice(&spec["hostAliases"], "ip", &format!("{path}.hostAliases"));
        let secrets = &spec["imagePullSecrets"];
        self.twice(secrets, "name", &format!("{path}.imagePullSecrets"));
        for (secret, path) in each(secrets, &format!("{path}.imagePullSecrets")) {
            if text(&secret["name"]).is_empty() {
                self.add(format!("{path}.name"), "invalid empty name \"\"");
            }
        }
        self.whole_bytes(&spec["overhead"], &format!("{path}.overhead"));
        let context = &spec["securityContext"];
        if context["seccompProfile"].is_null() {
            self.annotation(annotations, "seccomp.security.alpha.kubernetes.io/pod", SECCOMP);
        }
        let has_profile = !context["appArmorProfile"].is_null();
        for (container, path) in each_container(spec, path) {
            let (own, name) = (&container["securityContext"], text(&container["name"]));
            if own["seccompProfile"].is_null() {
                let key = format!("container.seccomp.security.alpha.kubernetes.io/{name}");
                self.annotation(annotations, &key, SECCOMP);
            }
            if !has_profile && own["appArmorProfile"].is_null() {
                let key = format!("container.apparmor.security.beta.kubernetes.io/{name}");
                self.annotation(annotations, &key, APP_ARMOR);
            }
            self.container(container, &path);
        }
        self.ports(spec, path);
        self.port_names(spec, path);
        if int(&spec["terminationGracePeriodSeconds"]) < 0 {
            let message = "must be >= 0; negative values are invalid and will be treated as 1";
            self.add(format!("{path}.terminationGracePeriodSeconds"), message);
        }
        for kind in ["podAffinity", "podAntiAffinity"] {
            let (terms, path) = (&spec["affinity"][kind], format!("{path}.affinity.{kind}"));
            for (term, path) in each(&terms[REQUIRED], &format!("{path}.{REQUIRED}")) {
                self.selector(&term["labelSelector"], format!("{path}.labelSelector"));
            }
            for (term, path) in each(&terms[PREFERRED], &format!("{path}.{PREFERRED}")) {
                let selector = &term["podAffinityTerm"]["labelSelector"];
                self.selector(selector, format!("{path}.podAffinityTerm.labelSelector"));
            }
        }
        for (server, path) in each(&spec["dnsConfig"]["nameservers"], &format!("{path}.dnsConfig.nameservers")) {
            self.odd_ip(text(server), path);
        }
        for (alias, path) in each(&spec["hostAliases"], &format!("{path}.hostAliases")) {
            self.odd_ip(text(&alias["ip"]), format!("{path}.ip"));
        }
    }

    /// An address that is accepted, but not written as it should be (`GetWarningsForIP`).
    fn odd_ip(&mut self, address: &str, path: String) {
        match address.parse::<std::net::IpAddr>() {
            Ok(std::net::IpAddr::V6(ip)) if ip.to_ipv4_mapped().is_none() => {
                if ip.to_string() != address {
                    let message = format!("IPv6 address {} should be in RFC 5952 canonical format", quote(address));
                    self.add(path, format!("{message} ({})", quote(&ip.to_string())));
                }
            }
            Ok(std::net::IpAddr::V4(_)) => {}
            parsed => {
                let plain = match parsed {
                    Ok(std::net::IpAddr::V6(ip)) => ip.to_ipv4_mapped().map(|ip| ip.to_string()).unwrap_or_default(),
                    _ => names::without_zeros(address),
                };
                let message = format!("non-standard IP address {}", quote(address));
                let rest = "will be considered invalid in a future Kubernetes release: use";
                self.add(path, format!("{message} {rest} {}", quote(&plain)));
            }
        }
    }

    fn selector(&mut self, selector: &Value, path: String) {
        if selector.is_null() {
            self.add(path, NO_SELECTOR);
        }
    }

    /// The key of a node's label that has a new name.
    fn old_key(&mut self, key: &Value, path: String) {
        let key = text(key);
        if let Some(message) = old_label(key) {
            self.add(path, format!("{key} is {message}"));
        }
    }

    fn node_affinity(&mut self, affinity: &Value, path: &str) {
        let terms = format!("{path}.{REQUIRED}.nodeSelectorTerms");
        let required = each(&affinity[REQUIRED]["nodeSelectorTerms"], &terms);
        let preferred = each(&affinity[PREFERRED], &format!("{path}.{PREFERRED}"));
        let preferred = preferred.map(|(term, path)| (&term["preference"], format!("{path}.preference"), true));
        for (term, path, check_values) in required.map(|(term, path)| (term, path, false)).chain(preferred) {
            for (requirement, path) in each(&term["matchExpressions"], &format!("{path}.matchExpressions")) {
                self.old_key(&requirement["key"], format!("{path}.key"));
                // Values of what is required are refused.
                for (value, path) in each(&requirement["values"], &format!("{path}.values")).filter(|_| check_values) {
                    for complaint in names::label_value(text(value)) {
                        self.add(&path, format!("{} is invalid, {complaint}", text(value)));
                    }
                }
            }
        }
    }

    /// Members of a list that share a field which should be theirs alone.
    fn twice(&mut self, items: &Value, field: &str, path: &str) {
        let mut seen = BTreeSet::new();
        for (item, path) in each(items, path) {
            if !seen.insert(text(&item[field])) {
                self.add(format!("{path}.{field}"), format!("duplicate {field} {}", quote(text(&item[field]))));
            }
        }
    }

    /// Files of a volume of which one hides another (`warningsForOverlappingVirtualPaths`).
    fn paths_in(&mut self, volume: &Value) {
        let name = quote(text(&volume["name"]));
        let items = |source: &Value| -> Vec<String> {
            list(&source["items"]).iter().map(|item| text(&item["path"]).to_owned()).collect()
        };
        for (kind, named, of) in
            [("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName"), ("downwardAPI", "DownwardAPI", "")]
        {
            let source = &volume[kind];
            let of = if of.is_empty() { String::new() } else { format!(" {}", quote(text(&source[of]))) };
            let files = items(source).into_iter().map(|path| (path, String::new())).collect();
            self.overlaps(&format!("volume {name} ({named}{of})"), files);
        }
        let mut files = Vec::new();
        for source in list(&volume["projected"]["sources"]) {
            let named = |source: &Value, field: &str| quote(text(&source[field]));
            let (map, secret, token) = (&source["configMap"], &source["secret"], &source["serviceAccountToken"]);
            let (bundle, certificate) = (&source["clusterTrustBundle"], &source["podCertificate"]);
            if entries(source).all(|(_, value)| value.is_null()) {
                self.add("", format!("volume {name} (Projected) has no sources provided"));
            }
            let of = |what: String| move |path| (path, what.clone());
            files.extend(items(map).into_iter().map(of(format!(" (ConfigMap {})", named(map, "name")))));
            files.extend(items(secret).into_iter().map(of(format!(" (Secret {})", named(secret, "name")))));
            files.extend(items(&source["downwardAPI"]).into_iter().map(of(" (DownwardAPI)".to_owned())));
            let by = if bundle["name"].is_null() { "signerName" } else { "name" };
            for (file, what) in [
                (&token["path"], "ServiceAccountToken".to_owned()),
                (&bundle["path"], format!("ClusterTrustBundle {}", named(bundle, by))),
                (&certificate["certificateChainPath"], "PodCertificate chain".to_owned()),
                (&certificate["keyPath"], "PodCertificate key".to_owned()),
                (&certificate["credentialBundlePath"], "PodCertificate credential bundle".to_owned()),
            ] {
                files.extend(file.as_str().map(|path| (path.to_owned(), format!(" ({what})"))));
            }
        }
        self.overlaps(&format!("volume {name} (Projected)"), files);
    }

    /// `checkVolumeMappingForOverlap`
    fn overlaps(&mut self, of: &str, files: Vec<(String, String)>) {
        let below = |a: &str, b: &str| format!("{a}/").starts_with(&format!("{b}/"));
        let files: Vec<(&str, &str)> =
            files.iter().take(MANY).map(|(path, what)| (path.trim_end_matches('/'), what.as_str())).collect();
        for (index, (path, what)) in files.iter().enumerate().filter(|(_, (path, _))| !path.is_empty()) {
            for (other, of_other) in files[..index].iter().filter(|(other, _)| !other.is_empty()) {
                if below(path, other) || below(other, path) {
                    let (one, two) = (quote(path), quote(other));
                    self.add("", format!("{of}: overlapping paths: {one}{what} with {two}{of_other}"));
                }
            }
        }
    }

    /// Ports of one name in several containers.
    fn port_names(&mut self, spec: &Value, path: &str) {
        let mut seen: BTreeMap<&str, String> = BTreeMap::new();
        let stays = |(container, path): &(&Value, String)| {
            path.contains(".containers[") || text(&container["restartPolicy"]) == "Always"
        };
        // The original stops at an init container that is no sidecar.
        for (container, path) in each_container(spec, path).take_while(stays) {
            for (port, path) in each(&container["ports"], &format!("{path}.ports")) {
                let name = text(&port["name"]);
                match seen.get(name) {
                    _ if name.is_empty() => {}
                    Some(first) => {
                        let (named, uses) = (quote(name), "services and probes that select ports by name will use");
                        self.add(&path, format!("duplicate port name {named} with {first}, {uses} {first}"));
                    }
                    None => drop(seen.insert(name, path)),
                }
            }
        }
    }

    /// Ports of all containers that are one, or may be.
    fn ports(&mut self, spec: &Value, path: &str) {
        let mut seen: BTreeMap<(i64, &str), Vec<(&Value, String)>> = BTreeMap::new();
        for (port, path) in
            each_container(spec, path).flat_map(|(it, path)| each(&it["ports"], &format!("{path}.ports")))
        {
            let (host, address) = (int(&port["hostPort"]), text(&port["hostIP"]));
            let (own, protocol) = (int(&port["containerPort"]), text(&port["protocol"]));
            if !address.is_empty() && host == 0 {
                let name = text(&port["name"]);
                let shown =
                    format!("{{Name:{name} HostPort:0 ContainerPort:{own} Protocol:{protocol} HostIP:{address}}}");
                self.add(&path, format!("hostIP set without hostPort: {shown}"));
            }
            if self.0.len() >= MANY {
                return;
            }
            let alike = seen.entry((own, protocol)).or_default();
            for (other, first) in alike.iter().take(MANY) {
                let (other_host, other_address) = (int(&other["hostPort"]), text(&other["hostIP"]));
                let how = if (host, address) == (other_host, other_address) {
                    "duplicate"
                } else if host == 0 || other_host == 0 {
                    "overlapping"
                } else if host == other_host && address.is_empty() != other_address.is_empty() {
                    "dangerously ambiguous"
                } else {
                    continue;
                };
                self.add(&path, format!("{how} port definition with {first}"));
            }
            alike.push((port, path));
        }
    }

    fn whole_bytes(&mut self, amounts: &Value, path: &str) {
        for name in ["memory", "ephemeral-storage"] {
            let amount = text(&amounts[name]);
            if Quantity::parse(amount).is_ok_and(|amount| amount.is_fractional()) {
                let message = format!("fractional byte value {} is invalid, must be an integer", quote(amount));
                self.add(format!("{path}[{name}]"), message);
            }
        }
    }

    fn container(&mut self, container: &Value, path: &str) {
        for name in ["memory", "ephemeral-storage"] {
            for kind in ["limits", "requests"] {
                let amount = Value::from([(name, container["resources"][kind][name].clone())]);
                self.whole_bytes(&amount, &format!("{path}.resources.{kind}"));
            }
        }
        let mut names = BTreeSet::new();
        for (index, variable) in list(&container["env"]).iter().enumerate() {
            let (name, value) = (text(&variable["name"]), text(&variable["value"]));
            let itself = format!("$({name})");
            // A value may be built from the one before.
            let built = value.contains(&itself) && value != itself && variable["valueFrom"].is_null();
            if !names.insert(name) && !built {
                let message =
                    format!("hides previous definition of {}, which may be dropped when using apply", quote(name));
                self.add(format!("{path}.env[{index}]"), message);
            }
        }
    }
}
