//! What the server refuses in a pod or a pod template (`ValidatePodSpec`).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Errors, Names, TAINT_EFFECTS, each, entries, int, list, names, quote, text, truth, typed_json};
use crate::api::quantity::Quantity;
use crate::api::value::Value;

/// The volumes of a pod that containers can mount: those without an error.
type Volumes<'a> = Vec<(&'a str, &'a Value)>;

const REQUIRED_TERMS: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED_TERMS: &str = "preferredDuringSchedulingIgnoredDuringExecution";

impl Errors {
    pub(super) fn pod_spec(&mut self, spec: &Value, path: &str, in_template: bool) {
        let at = |field: &str| format!("{path}.{field}");
        let volumes = self.volumes(&spec["volumes"], &at("volumes"));
        self.containers(spec, &volumes, &at("containers"));
        self.init_containers(spec, &volumes, &at("initContainers"));
        self.host_network(spec, &at("containers"), in_template);
        self.one_of(&spec["restartPolicy"], at("restartPolicy"), &["Always", "OnFailure", "Never"]);
        let policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
        self.one_of(&spec["dnsPolicy"], at("dnsPolicy"), &policies);
        self.labels(&spec["nodeSelector"], &at("nodeSelector"));
        self.pod_security(spec, &at("securityContext"));
        self.affinity(&spec["affinity"], &at("affinity"));
        self.dns_config(spec, &at("dnsConfig"));
        for (gate, path) in each(&spec["readinessGates"], &at("readinessGates")) {
            let name = text(&gate["conditionType"]);
            self.complaints(&format!("{path}.conditionType"), name, names::qualified_name(name));
        }
        self.scheduling_gates(&spec["schedulingGates"], &at("schedulingGates"));
        self.spread(&spec["topologySpreadConstraints"], &at("topologySpreadConstraints"));
        self.optional_name(spec, "serviceAccountName", path, names::dns_subdomain);
        self.optional_name(spec, "nodeName", path, names::dns_subdomain);
        if let Some(seconds) = spec["activeDeadlineSeconds"].as_int()
            && !(1..=i64::from(i32::MAX)).contains(&seconds)
        {
            self.invalid(
                at("activeDeadlineSeconds"),
                seconds.to_string(),
                "must be between 1 and 2147483647, inclusive",
            );
        }
        self.optional_name(spec, "hostname", path, names::dns_label);
        self.optional_name(spec, "subdomain", path, names::dns_label);
        self.tolerations(&spec["tolerations"], &at("tolerations"));
        for (alias, path) in each(&spec["hostAliases"], &at("hostAliases")) {
            self.ip(text(&alias["ip"]), format!("{path}.ip"));
            for (host, path) in each(&alias["hostnames"], &format!("{path}.hostnames")) {
                self.complaints(&path, text(host), names::dns_subdomain(text(host)));
            }
        }
        self.optional_name(spec, "priorityClassName", path, names::dns_subdomain);
        if let Some(name) = spec["runtimeClassName"].as_str() {
            self.complaints(&at("runtimeClassName"), name, names::dns_subdomain(name));
        }
        if !spec["preemptionPolicy"].is_null() {
            self.one_of(&spec["preemptionPolicy"], at("preemptionPolicy"), &["PreemptLowerPriority", "Never"]);
        }
        self.os(spec, path);
    }

    fn optional_name(&mut self, spec: &Value, field: &str, path: &str, rule: fn(&str) -> Vec<String>) {
        let name = text(&spec[field]);
        if !name.is_empty() {
            self.complaints(&format!("{path}.{field}"), name, rule(name));
        }
    }

    fn ip(&mut self, address: &str, path: String) {
        if address.parse::<IpAddr>().is_err() {
            self.invalid(path, quote(address), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        }
    }

    /// `ValidateVolumes`; gives those that may be mounted.
    fn volumes<'a>(&mut self, volumes: &'a Value, path: &str) -> Volumes<'a> {
        let mut good: Volumes<'a> = Vec::new();
        for (volume, path) in each(volumes, path) {
            let before = self.list.len();
            self.volume_source(volume, &path);
            let name = text(&volume["name"]);
            let name_path = format!("{path}.name");
            if name.is_empty() {
                self.required(&name_path, "");
            } else {
                self.complaints(&name_path, name, names::dns_label(name));
            }
            if good.iter().any(|(other, _)| *other == name) {
                self.duplicate(name_path, name);
            }
            if self.list.len() == before {
                good.push((name, volume));
            }
        }
        good
    }

    /// `validateVolumeSource`: exactly one, in the order in which the original looks for them.
    fn volume_source(&mut self, volume: &Value, path: &str) {
        let order = [
            "emptyDir",
            "hostPath",
            "gitRepo",
            "gcePersistentDisk",
            "awsElasticBlockStore",
            "secret",
            "nfs",
            "iscsi",
            "glusterfs",
            "flocker",
            "persistentVolumeClaim",
            "rbd",
            "cinder",
            "cephfs",
            "quobyte",
            "downwardAPI",
            "fc",
            "flexVolume",
            "configMap",
            "azureFile",
            "vsphereVolume",
            "photonPersistentDisk",
            "portworxVolume",
            "azureDisk",
            "storageos",
            "projected",
            "scaleIO",
            "csi",
            "ephemeral",
            "image",
        ];
        let mut given = order.into_iter().filter(|name| !volume[*name].is_null());
        let Some(first) = given.next() else {
            return self.required(path, "must specify a volume type");
        };
        self.one_volume_source(first, &volume[first], &format!("{path}.{first}"));
        for more in given {
            self.forbidden(format!("{path}.{more}"), "may not specify more than 1 volume type");
        }
    }

    fn one_volume_source(&mut self, kind: &str, source: &Value, path: &str) {
        let at = |field: &str| format!("{path}.{field}");
        let needed: &[&str] = match kind {
            "gitRepo" => &["repository"],
            "gcePersistentDisk" => &["pdName"],
            "awsElasticBlockStore" | "cinder" | "portworxVolume" => &["volumeID"],
            "nfs" => &["server", "path"],
            "iscsi" => &["targetPortal", "iqn"],
            "glusterfs" => &["endpoints", "path"],
            "persistentVolumeClaim" => &["claimName"],
            "rbd" => &["image"],
            "quobyte" => &["registry", "volume"],
            "flexVolume" | "csi" => &["driver"],
            "azureFile" => &["secretName", "shareName"],
            "vsphereVolume" => &["volumePath"],
            "photonPersistentDisk" => &["pdID"],
            "azureDisk" => &["diskName", "diskURI"],
            "scaleIO" => &["gateway", "system", "volumeName"],
            "ephemeral" => &["volumeClaimTemplate"],
            "secret" => &["secretName"],
            "configMap" => &["name"],
            "image" => &["reference"],
            "hostPath" => &["path"],
            _ => &[],
        };
        for field in needed {
            if source[*field].is_null() || source[*field].as_str() == Some("") {
                self.required(at(field), "");
            }
        }
        match kind {
            "emptyDir" => {
                let limit = text(&source["sizeLimit"]);
                if Quantity::parse(limit).is_ok_and(|limit| limit.is_negative()) {
                    self.forbidden(at("sizeLimit"), "SizeLimit field must be a valid resource quantity");
                }
            }
            "hostPath" => self.host_path(source, path),
            "nfs" if !text(&source["path"]).is_empty() && !text(&source["path"]).starts_with('/') => {
                self.invalid(at("path"), quote(text(&source["path"])), "must be an absolute path");
            }
            "secret" | "configMap" => {
                self.mode(source, "defaultMode", path);
                self.key_paths(&source["items"], &at("items"));
            }
            "downwardAPI" => {
                self.mode(source, "defaultMode", path);
                self.downward_items(&source["items"], &at("items"));
            }
            "projected" => {
                self.mode(source, "defaultMode", path);
                self.projections(&source["sources"], &at("sources"));
            }
            "image" if !text(&source["pullPolicy"]).is_empty() => self.pull_policy(source, "pullPolicy", path),
            _ => {}
        }
    }

    fn host_path(&mut self, source: &Value, path: &str) {
        let host_path = text(&source["path"]);
        if host_path.is_empty() {
            return;
        }
        self.no_backsteps(host_path, format!("{path}.path"));
        let kind = text(&source["type"]);
        let kinds =
            ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
        if !kinds.contains(&kind) {
            self.not_supported(format!("{path}.type"), quote(kind), &kinds);
        }
    }

    fn no_backsteps(&mut self, target: &str, path: String) {
        if target.split('/').any(|part| part == "..") {
            self.invalid(path, quote(target), "must not contain '..'");
        }
    }

    /// `validateLocalDescendingPath`
    fn descending_path(&mut self, target: &str, path: String) {
        if target.starts_with('/') {
            self.invalid(&path, quote(target), "must be a relative path");
        }
        self.no_backsteps(target, path);
    }

    fn mode(&mut self, source: &Value, field: &str, path: &str) {
        let mode = int(&source[field]);
        if !(0..=0o777).contains(&mode) {
            let detail = "must be a number between 0 and 0777 (octal), both inclusive";
            self.invalid(format!("{path}.{field}"), mode.to_string(), detail);
        }
    }

    /// `validateKeyToPath`
    fn key_paths(&mut self, items: &Value, path: &str) {
        for (item, path) in each(items, path) {
            if text(&item["key"]).is_empty() {
                self.required(format!("{path}.key"), "");
            }
            self.local_path(item, &path);
            self.mode(item, "mode", &path);
        }
    }

    fn local_path(&mut self, item: &Value, path: &str) {
        let target = text(&item["path"]);
        let path = format!("{path}.path");
        if target.is_empty() {
            return self.required(path, "");
        }
        self.descending_path(target, path.clone());
        if target.starts_with("..") && !target.starts_with("../") && target != ".." {
            self.invalid(path, quote(target), "must not start with '..'");
        }
    }

    fn downward_items(&mut self, items: &Value, path: &str) {
        for (item, path) in each(items, path) {
            self.local_path(item, &path);
            let (field, resource) = (&item["fieldRef"], &item["resourceFieldRef"]);
            if !field.is_null() {
                self.field_selector(field, &format!("{path}.fieldRef"), &VOLUME_FIELDS);
                if !resource.is_null() {
                    self.invalid(
                        &path,
                        quote("resource"),
                        "fieldRef and resourceFieldRef can not be specified simultaneously",
                    );
                }
            } else if !resource.is_null() {
                self.resource_selector(resource, &format!("{path}.resourceFieldRef"), true);
            } else {
                self.required(&path, "one of fieldRef and resourceFieldRef is required");
            }
            self.mode(item, "mode", &path);
        }
    }

    fn projections(&mut self, sources: &Value, path: &str) {
        for (source, path) in each(sources, path) {
            let mut count = 0;
            for (kind, projection) in entries(source).filter(|(_, projection)| !projection.is_null()) {
                count += 1;
                let at = format!("{path}.{kind}");
                if count > 1 {
                    self.forbidden(at, "may not specify more than 1 volume type per source");
                    continue;
                }
                match kind.as_str() {
                    "secret" | "configMap" => {
                        if text(&projection["name"]).is_empty() {
                            self.required(format!("{at}.name"), "");
                        }
                        self.key_paths(&projection["items"], &format!("{at}.items"));
                    }
                    "downwardAPI" => self.downward_items(&projection["items"], &format!("{at}.items")),
                    "serviceAccountToken" => {
                        let seconds = int(&projection["expirationSeconds"]);
                        if seconds < 600 {
                            let detail = "may not specify a duration less than 10 minutes";
                            self.invalid(format!("{at}.expirationSeconds"), seconds.to_string(), detail);
                        }
                        if text(&projection["path"]).is_empty() {
                            self.required(format!("{at}.path"), "");
                        }
                    }
                    _ => {}
                }
            }
            if count == 0 {
                self.required(&path, "must specify a volume type");
            }
        }
    }

    /// `validateContainers`
    fn containers(&mut self, spec: &Value, volumes: &Volumes, path: &str) {
        let containers = &spec["containers"];
        if list(containers).is_empty() {
            return self.required(path, "");
        }
        let grace = int(&spec["terminationGracePeriodSeconds"]);
        let mut seen = BTreeSet::new();
        for (container, path) in each(containers, path) {
            self.container(container, volumes, &path);
            let name = text(&container["name"]);
            if !seen.insert(name) {
                self.duplicate(format!("{path}.name"), name);
            }
            self.life(container, grace, &path);
        }
        self.host_ports(list(containers), path, 0);
    }

    /// `validateInitContainers`
    fn init_containers(&mut self, spec: &Value, volumes: &Volumes, path: &str) {
        let mut seen: BTreeSet<&str> =
            list(&spec["containers"]).iter().map(|container| text(&container["name"])).collect();
        let grace = int(&spec["terminationGracePeriodSeconds"]);
        let containers = list(&spec["initContainers"]);
        for (index, (container, path)) in each(&spec["initContainers"], path).enumerate() {
            self.container(container, volumes, &path);
            let name = text(&container["name"]);
            if !name.is_empty() && !seen.insert(name) {
                self.duplicate(format!("{path}.name"), name);
            }
            // They run one after the other, so each may use the same ports.
            let parent = path.rsplit_once('[').map_or("", |(parent, _)| parent);
            self.host_ports(&containers[index..=index], parent, index);
            match text(&container["restartPolicy"]) {
                "Always" => self.life(container, grace, &path),
                _ => {
                    for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                        if !container[field].is_null() {
                            let detail = "may not be set for init containers without restartPolicy=Always";
                            self.forbidden(format!("{path}.{field}"), detail);
                        }
                    }
                }
            }
        }
    }

    /// `validateSleepAction`
    fn sleep(&mut self, sleep: &Value, grace: i64, path: String) {
        let seconds = int(&sleep["seconds"]);
        if seconds < 0 || (!sleep.is_null() && seconds > grace) {
            let detail = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
            self.invalid(path, seconds.to_string(), detail);
        }
    }

    /// What regular containers and sidecars may have.
    fn life(&mut self, container: &Value, grace: i64, path: &str) {
        for hook in ["postStart", "preStop"] {
            let handler = &container["lifecycle"][hook];
            if !handler.is_null() {
                self.handler(handler, &format!("{path}.lifecycle.{hook}"));
                self.sleep(&handler["sleep"], grace, format!("{path}.lifecycle.{hook}.sleep"));
            }
        }
        for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
            let probe = &container[name];
            let path = format!("{path}.{name}");
            if probe.is_null() {
                continue;
            }
            self.probe(probe, &path);
            let threshold = int(&probe["successThreshold"]);
            if name != "readinessProbe" && threshold != 1 {
                self.invalid(format!("{path}.successThreshold"), threshold.to_string(), "must be 1");
            }
            if name == "readinessProbe" && !probe["terminationGracePeriodSeconds"].is_null() {
                let shown = probe["terminationGracePeriodSeconds"].to_json();
                let path = format!("{path}.terminationGracePeriodSeconds");
                self.invalid(path, shown, "must not be set for readinessProbes");
            }
        }
    }

    /// `validateProbe`
    fn probe(&mut self, probe: &Value, path: &str) {
        self.handler(probe, path);
        for field in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
        {
            self.not_negative(probe, field, path);
        }
        if let Some(seconds) = probe["terminationGracePeriodSeconds"].as_int()
            && seconds <= 0
        {
            let path = format!("{path}.terminationGracePeriodSeconds");
            self.invalid(path, seconds.to_string(), "must be greater than 0");
        }
    }

    /// `validateHandler`
    fn handler(&mut self, handler: &Value, path: &str) {
        let mut given =
            ["exec", "httpGet", "tcpSocket", "grpc", "sleep"].into_iter().filter(|h| !handler[*h].is_null());
        let Some(first) = given.next() else {
            return self.required(path, "must specify a handler type");
        };
        let (action, at) = (&handler[first], format!("{path}.{first}"));
        match first {
            "exec" if list(&action["command"]).is_empty() => self.required(format!("{at}.command"), ""),
            "httpGet" => {
                if text(&action["path"]).is_empty() {
                    self.required(format!("{at}.path"), "");
                }
                self.port(&action["port"], format!("{at}.port"));
                self.one_of(&action["scheme"], format!("{at}.scheme"), &["HTTP", "HTTPS"]);
                for header in list(&action["httpHeaders"]) {
                    let name = text(&header["name"]);
                    self.complaints(&format!("{at}.httpHeaders"), name, names::http_header(name));
                }
            }
            "tcpSocket" | "grpc" => self.port(&action["port"], format!("{at}.port")),
            _ => {}
        }
        for more in given {
            self.forbidden(format!("{path}.{more}"), "may not specify more than 1 handler type");
        }
    }

    /// `ValidatePortNumOrName`
    fn port(&mut self, port: &Value, path: String) {
        match port {
            Value::Str(name) => self.complaints(&path, name, names::port_name(name)),
            other => {
                for complaint in names::port_number(int(other)) {
                    self.invalid(&path, int(other).to_string(), complaint);
                }
            }
        }
    }

    /// `AccumulateUniqueHostPorts`; `first` is the index of the first of these containers.
    fn host_ports(&mut self, containers: &[Value], path: &str, first: usize) {
        let mut seen = BTreeSet::new();
        for (index, container) in containers.iter().enumerate() {
            for (port, path) in each(&container["ports"], &format!("{path}[{}].ports", first + index)) {
                let number = int(&port["hostPort"]);
                let taken = format!("{}/{}/{number}", text(&port["protocol"]), text(&port["hostIP"]));
                if number != 0 && !seen.insert(taken.clone()) {
                    self.duplicate(format!("{path}.hostPort"), &taken);
                }
            }
        }
    }

    /// `validatePodHostNetworkDeps`
    fn host_network(&mut self, spec: &Value, path: &str, in_template: bool) {
        if !truth(&spec["hostNetwork"]) {
            return;
        }
        for (container, path) in each(&spec["containers"], path) {
            for (port, path) in each(&container["ports"], &format!("{path}.ports")) {
                let (host, own) = (int(&port["hostPort"]), int(&port["containerPort"]));
                if host != own && !(in_template && host == 0) {
                    let detail = "must match `containerPort` when `hostNetwork` is true";
                    self.invalid(format!("{path}.hostPort"), host.to_string(), detail);
                }
            }
        }
    }

    /// `validateContainerCommon`
    fn container(&mut self, container: &Value, volumes: &Volumes, path: &str) {
        let at = |field: &str| format!("{path}.{field}");
        let name = text(&container["name"]);
        if name.is_empty() {
            self.required(at("name"), "");
        } else {
            self.complaints(&at("name"), name, names::dns_label(name));
        }
        if text(&container["image"]).is_empty() {
            self.required(at("image"), "");
        }
        let policies = ["FallbackToLogsOnError", "File"];
        self.one_of(&container["terminationMessagePolicy"], at("terminationMessagePolicy"), &policies);
        self.ports(&container["ports"], &at("ports"));
        self.env(&container["env"], &at("env"));
        self.env_from(&container["envFrom"], &at("envFrom"));
        self.mounts(container, volumes, &at("volumeMounts"));
        self.devices(container, volumes, &at("volumeDevices"));
        self.pull_policy(container, "imagePullPolicy", path);
        self.resources(&container["resources"], &at("resources"));
        self.container_security(&container["securityContext"], &at("securityContext"));
    }

    fn pull_policy(&mut self, of: &Value, field: &str, path: &str) {
        self.one_of(&of[field], format!("{path}.{field}"), &["Always", "IfNotPresent", "Never"]);
    }

    /// `validateContainerPorts`
    fn ports(&mut self, ports: &Value, path: &str) {
        let mut seen = BTreeSet::new();
        for (port, path) in each(ports, path) {
            let name = text(&port["name"]);
            if !name.is_empty() {
                let complaints = names::port_name(name);
                let good = complaints.is_empty();
                self.complaints(&format!("{path}.name"), name, complaints);
                if good && !seen.insert(name) {
                    self.duplicate(format!("{path}.name"), name);
                }
            }
            for field in ["containerPort", "hostPort"] {
                let (number, path) = (int(&port[field]), format!("{path}.{field}"));
                match number {
                    0 if field == "containerPort" => self.required(path, ""),
                    0 => {}
                    _ => {
                        for complaint in names::port_number(number) {
                            self.invalid(&path, number.to_string(), complaint);
                        }
                    }
                }
            }
            self.one_of(&port["protocol"], format!("{path}.protocol"), &["SCTP", "TCP", "UDP"]);
        }
    }

    /// `ValidateEnv`
    fn env(&mut self, env: &Value, path: &str) {
        for (variable, path) in each(env, path) {
            let name = text(&variable["name"]);
            if name.is_empty() {
                self.required(format!("{path}.name"), "");
            } else {
                self.complaints(&format!("{path}.name"), name, names::env_name(name));
            }
            if !variable["valueFrom"].is_null() {
                self.value_from(variable, &format!("{path}.valueFrom"));
            }
        }
    }

    /// `validateEnvVarValueFrom`
    fn value_from(&mut self, variable: &Value, path: &str) {
        let from = &variable["valueFrom"];
        let mut sources = 0;
        for kind in ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"] {
            let (source, path) = (&from[kind], format!("{path}.{kind}"));
            if source.is_null() {
                continue;
            }
            sources += 1;
            match kind {
                "fieldRef" => self.field_selector(source, &path, &ENV_FIELDS),
                "resourceFieldRef" => self.resource_selector(source, &path, false),
                "configMapKeyRef" | "secretKeyRef" => {
                    let name = text(&source["name"]);
                    self.complaints(&format!("{path}.name"), name, names::dns_subdomain(name));
                    self.config_key(&source["key"], format!("{path}.key"));
                }
                _ => self.config_key(&source["key"], format!("{path}.key")),
            }
        }
        if sources == 0 {
            let detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or \
                          `fileKeyRef`";
            self.invalid(path, quote(""), detail);
        }
        if !text(&variable["value"]).is_empty() {
            if sources > 0 {
                self.invalid(path, quote(""), "may not be specified when `value` is not empty");
            }
        } else if sources > 1 {
            self.invalid(path, quote(""), "may not have more than one field specified at a time");
        }
    }

    fn config_key(&mut self, key: &Value, path: String) {
        match text(key) {
            "" => self.required(path, ""),
            key => self.complaints(&path, key, names::config_map_key(key)),
        }
    }

    /// `validateObjectFieldSelector`
    fn field_selector(&mut self, selector: &Value, path: &str, supported: &[&str]) {
        let field_path = text(&selector["fieldPath"]);
        let at = format!("{path}.fieldPath");
        if field_path.is_empty() {
            return self.required(at, "");
        }
        let version = text(&selector["apiVersion"]);
        let (field, subscript) = match field_path.strip_suffix("']").and_then(|inner| inner.split_once("['")) {
            Some((field, subscript)) => (field, Some(subscript)),
            None => (field_path, None),
        };
        let trouble = if version != "v1" {
            Some(format!("unsupported pod version: {version}"))
        } else if subscript.is_some() && !matches!(field, "metadata.labels" | "metadata.annotations") {
            Some(format!("field label does not support subscript: {field_path}"))
        } else if subscript.is_none() && field != "spec.host" && !POD_FIELDS.contains(&field) {
            Some(format!("field label not supported: {field_path}"))
        } else {
            None
        };
        if let Some(trouble) = trouble {
            return self.invalid(at, quote(field_path), format!("error converting fieldPath: {trouble}"));
        }
        let field = if field == "spec.host" { "spec.nodeName" } else { field };
        match subscript {
            Some(key) => self.complaints(path, key, names::qualified_name(&key.to_lowercase())),
            None if supported.contains(&field) => {}
            None => self.not_supported(at, quote(field), supported),
        }
    }

    /// `validateContainerResourceFieldSelector`
    fn resource_selector(&mut self, selector: &Value, path: &str, of_volume: bool) {
        let resource = text(&selector["resource"]);
        let supported = [
            "limits.cpu",
            "limits.ephemeral-storage",
            "limits.memory",
            "requests.cpu",
            "requests.ephemeral-storage",
            "requests.memory",
        ];
        let huge = ["limits.hugepages-", "requests.hugepages-"].iter().any(|prefix| resource.starts_with(prefix));
        if of_volume && text(&selector["containerName"]).is_empty() {
            self.required(format!("{path}.containerName"), "");
        } else if resource.is_empty() {
            self.required(format!("{path}.resource"), "");
        } else if !supported.contains(&resource) && !huge {
            self.not_supported(format!("{path}.resource"), quote(resource), &supported);
        }
    }

    /// `ValidateEnvFrom`
    fn env_from(&mut self, sources: &Value, path: &str) {
        for (source, at) in each(sources, path) {
            let prefix = text(&source["prefix"]);
            if !prefix.is_empty() {
                self.complaints(&format!("{at}.prefix"), prefix, names::env_name(prefix));
            }
            let given: Vec<&str> =
                ["configMapRef", "secretRef"].into_iter().filter(|kind| !source[*kind].is_null()).collect();
            for kind in &given {
                match text(&source[*kind]["name"]) {
                    "" => self.required(format!("{at}.{kind}.name"), ""),
                    name => self.complaints(&format!("{at}.{kind}.name"), name, names::dns_subdomain(name)),
                }
            }
            match given.len() {
                0 => self.invalid(path, quote(""), "must specify one of: `configMapRef` or `secretRef`"),
                1 => {}
                _ => self.invalid(path, quote(""), "may not have more than one field specified at a time"),
            }
        }
    }

    /// `ValidateVolumeMounts`
    fn mounts(&mut self, container: &Value, volumes: &Volumes, path: &str) {
        let mut seen = BTreeSet::new();
        let devices = list(&container["volumeDevices"]);
        for (mount, at) in each(&container["volumeMounts"], path) {
            let (name, target) = (text(&mount["name"]), text(&mount["mountPath"]));
            if name.is_empty() {
                self.required(format!("{at}.name"), "");
            }
            if !volumes.iter().any(|(volume, _)| *volume == name) {
                self.not_found(format!("{at}.name"), name);
            }
            if target.is_empty() {
                self.required(format!("{at}.mountPath"), "");
            }
            if !seen.insert(target) {
                self.invalid(format!("{at}.mountPath"), quote(target), "must be unique");
            }
            if devices.iter().any(|device| text(&device["name"]) == name) {
                self.invalid(format!("{at}.name"), quote(name), "must not already exist in volumeDevices");
            }
            if devices.iter().any(|device| text(&device["devicePath"]) == target) {
                let detail = "must not already exist as a path in volumeDevices";
                self.invalid(format!("{at}.mountPath"), quote(target), detail);
            }
            let (sub, expression) = (text(&mount["subPath"]), text(&mount["subPathExpr"]));
            // The original leaves the index out of these paths.
            if !sub.is_empty() {
                self.descending_path(sub, format!("{path}.subPath"));
            }
            if !expression.is_empty() {
                if !sub.is_empty() {
                    let detail = "subPathExpr and subPath are mutually exclusive";
                    self.invalid(format!("{at}.subPathExpr"), quote(expression), detail);
                }
                self.descending_path(expression, format!("{path}.subPathExpr"));
            }
            self.propagation(mount, container, format!("{path}.mountPropagation"));
        }
    }

    /// `validateMountPropagation`
    fn propagation(&mut self, mount: &Value, container: &Value, path: String) {
        let Some(mode) = mount["mountPropagation"].as_str() else {
            return;
        };
        let modes = ["Bidirectional", "HostToContainer", "None"];
        if !modes.contains(&mode) {
            self.not_supported(&path, quote(mode), &modes);
        }
        if mode == "Bidirectional" && !truth(&container["securityContext"]["privileged"]) {
            self.forbidden(path, "Bidirectional mount propagation is available only to privileged containers");
        }
    }

    /// `ValidateVolumeDevices`
    fn devices(&mut self, container: &Value, volumes: &Volumes, path: &str) {
        let (mut seen_names, mut seen_paths) = (BTreeSet::new(), BTreeSet::new());
        for (device, path) in each(&container["volumeDevices"], path) {
            let (name, target) = (text(&device["name"]), text(&device["devicePath"]));
            let volume = volumes.iter().find(|(volume, _)| *volume == name).map(|(_, volume)| *volume);
            if name.is_empty() {
                self.required(format!("{path}.name"), "");
            }
            if !seen_names.insert(name) {
                self.invalid(format!("{path}.name"), quote(name), "must be unique");
            }
            match volume {
                None => self.not_found(format!("{path}.name"), name),
                Some(volume) if volume["persistentVolumeClaim"].is_null() && volume["ephemeral"].is_null() => {
                    let detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                    self.invalid(format!("{path}.name"), quote(name), detail);
                }
                Some(_) => {}
            }
            if target.is_empty() {
                self.required(format!("{path}.devicePath"), "");
            }
            if !seen_paths.insert(target) {
                self.invalid(format!("{path}.devicePath"), quote(target), "must be unique");
            }
            if target.split('/').any(|part| part == "..") {
                self.invalid(format!("{path}.devicePath"), quote(target), "can not contain backsteps ('..')");
            }
        }
    }

    /// `ValidateContainerResourceRequirements`
    fn resources(&mut self, resources: &Value, path: &str) {
        let (limits, requests) = (&resources["limits"], &resources["requests"]);
        for (kind, amounts) in [("limits", limits), ("requests", requests)] {
            for (name, amount) in entries(amounts) {
                let at = format!("{path}.{kind}[{name}]");
                if kind == "limits" {
                    self.resource_name(name, &at);
                    self.resource_amount(name, amount, &at);
                    continue;
                }
                self.resource_name(name, &at);
                self.resource_amount(name, amount, &at);
                self.request(name, text(amount), limits, path);
            }
        }
        let any = |test: fn(&str) -> bool| entries(limits).chain(entries(requests)).any(|(name, _)| test(name));
        if any(|name| name.starts_with("hugepages-")) && !any(|name| name == "cpu" || name == "memory") {
            self.forbidden(path, "HugePages require cpu or memory");
        }
    }

    fn request(&mut self, name: &str, amount: &str, limits: &Value, path: &str) {
        let overcommit = is_native(name) && !name.starts_with("hugepages-");
        let Some(limit) = limits[name].as_str() else {
            if !overcommit {
                self.required(format!("{path}.limits"), "Limit must be set for non overcommitable resources");
            }
            return;
        };
        let (Ok(requested), Ok(limited)) = (Quantity::parse(amount), Quantity::parse(limit)) else {
            return;
        };
        if requested != limited && !overcommit {
            let detail = format!("must be equal to {name} limit of {limit}");
            self.invalid(format!("{path}.requests"), quote(amount), detail);
        } else if requested > limited {
            let detail = format!("must be less than or equal to {name} limit of {limit}");
            self.invalid(format!("{path}.requests"), quote(amount), detail);
        }
    }

    /// `validateContainerResourceName`
    fn resource_name(&mut self, name: &str, path: &str) {
        let complaints = names::qualified_name(name);
        let standard = ["cpu", "memory", "ephemeral-storage"].contains(&name) || name.starts_with("hugepages-");
        let known =
            ["storage", "pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps"];
        if name.contains('/') {
            self.complaints(path, name, complaints);
            if !is_native(name)
                && (name.starts_with("requests.") || !names::qualified_name(&format!("requests.{name}")).is_empty())
            {
                self.invalid(path, quote(name), "doesn't follow extended resource name standard");
            }
            return;
        }
        if !complaints.is_empty() {
            self.complaints(path, name, complaints);
        } else if !standard && !known.contains(&name) && !name.starts_with("requests.") && !name.starts_with("limits.")
        {
            self.invalid(path, quote(name), "must be a standard resource type or fully qualified");
        }
        if !standard {
            self.invalid(path, quote(name), "must be a standard resource for containers");
        }
    }

    /// `ValidateResourceQuantityValue`
    fn resource_amount(&mut self, name: &str, amount: &Value, path: &str) {
        let Ok(quantity) = Quantity::parse(text(amount)) else {
            return;
        };
        if quantity.is_negative() {
            self.invalid(path, quote(text(amount)), "must be greater than or equal to 0");
        }
        if !is_native(name) && quantity.milli() % 1000 != 0 {
            self.invalid(path, quote(text(amount)), "must be an integer");
        }
    }

    /// `ValidateSecurityContext`
    fn container_security(&mut self, context: &Value, path: &str) {
        self.ids(context, &["runAsUser", "runAsGroup"], path);
        if let Some(mount) = context["procMount"].as_str().filter(|mount| !["Default", "Unmasked"].contains(mount)) {
            self.not_supported(format!("{path}.procMount"), quote(mount), &["Default", "Unmasked"]);
        }
        self.profiles(context, path);
        if context["allowPrivilegeEscalation"].as_bool() != Some(false) {
            return;
        }
        let shown = || typed_json(context, "SecurityContext", Names::Go);
        if truth(&context["privileged"]) {
            self.invalid(path, shown(), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
        }
        for _ in list(&context["capabilities"]["add"]).iter().filter(|capability| text(capability) == "CAP_SYS_ADMIN") {
            let detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            self.invalid(path, shown(), detail);
        }
    }

    fn ids(&mut self, context: &Value, fields: &[&str], path: &str) {
        for field in fields {
            if let Some(id) = context[*field].as_int() {
                for complaint in names::user_id(id) {
                    self.invalid(format!("{path}.{field}"), id.to_string(), complaint);
                }
            }
        }
    }

    /// `validateSeccompProfileField`, `validateAppArmorProfileField`
    fn profiles(&mut self, context: &Value, path: &str) {
        for (field, kind) in [("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")] {
            let profile = &context[field];
            let at = format!("{path}.{field}");
            if profile.is_null() {
                continue;
            }
            let local = text(&profile["localhostProfile"]);
            let word = text(&profile["type"]);
            match word {
                "Localhost" if local.is_empty() => {
                    let detail = format!("must be set when {kind} type is Localhost");
                    self.required(format!("{at}.localhostProfile"), &detail);
                }
                "" => self.required(format!("{at}.type"), &format!("type is required when {field} is set")),
                "Localhost" | "RuntimeDefault" | "Unconfined" => {}
                other => {
                    let supported = ["Localhost", "RuntimeDefault", "Unconfined"];
                    self.not_supported(format!("{at}.type"), quote(other), &supported);
                }
            }
            if word != "Localhost" && !local.is_empty() {
                let detail = format!("can only be set when {kind} type is Localhost");
                self.invalid(format!("{at}.localhostProfile"), quote(local), detail);
            }
        }
    }

    /// `validatePodSpecSecurityContext`
    fn pod_security(&mut self, spec: &Value, path: &str) {
        let context = &spec["securityContext"];
        self.ids(context, &["fsGroup", "runAsUser", "runAsGroup"], path);
        for (group, path) in each(&context["supplementalGroups"], &format!("{path}.supplementalGroups")) {
            for complaint in names::user_id(int(group)) {
                self.invalid(&path, int(group).to_string(), complaint);
            }
        }
        if truth(&spec["shareProcessNamespace"]) && truth(&spec["hostPID"]) {
            let detail = "ShareProcessNamespace and HostPID cannot both be enabled";
            self.invalid(format!("{path}.shareProcessNamespace"), "true".to_owned(), detail);
        }
        let mut seen = BTreeSet::new();
        for (sysctl, path) in each(&context["sysctls"], &format!("{path}.sysctls")) {
            let (name, path) = (text(&sysctl["name"]), format!("{path}.name"));
            if name.is_empty() {
                self.required(path, "");
            } else if !is_sysctl(name) {
                let detail = r"must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
                self.invalid(path, quote(name), detail);
            } else if !seen.insert(name) {
                self.duplicate(path, name);
            }
        }
        self.profiles(context, path);
        let changes = context["fsGroupChangePolicy"].as_str();
        if let Some(policy) = changes.filter(|policy| !["OnRootMismatch", "Always"].contains(policy)) {
            let path = format!("{path}.fsGroupChangePolicy");
            self.not_supported(path, quote(policy), &["Always", "OnRootMismatch"]);
        }
    }

    /// `validateAffinity`
    fn affinity(&mut self, affinity: &Value, path: &str) {
        let node = &affinity["nodeAffinity"];
        let required = &node[REQUIRED_TERMS];
        if !required.is_null() {
            let path = format!("{path}.nodeAffinity.{REQUIRED_TERMS}.nodeSelectorTerms");
            if list(&required["nodeSelectorTerms"]).is_empty() {
                self.required(&path, "must have at least one node selector term");
            }
            for (term, path) in each(&required["nodeSelectorTerms"], &path) {
                self.node_selector_term(term, &path);
            }
        }
        for (preferred, path) in each(&node[PREFERRED_TERMS], &format!("{path}.nodeAffinity.{PREFERRED_TERMS}")) {
            self.weight(preferred, &path);
            self.node_selector_term(&preferred["preference"], &format!("{path}.preference"));
        }
        for kind in ["podAffinity", "podAntiAffinity"] {
            let pods = &affinity[kind];
            for (term, path) in each(&pods[REQUIRED_TERMS], &format!("{path}.{kind}.{REQUIRED_TERMS}")) {
                self.pod_affinity_term(term, &path);
            }
            for (preferred, path) in each(&pods[PREFERRED_TERMS], &format!("{path}.{kind}.{PREFERRED_TERMS}")) {
                self.weight(preferred, &path);
                self.pod_affinity_term(&preferred["podAffinityTerm"], &format!("{path}.podAffinityTerm"));
            }
        }
    }

    fn weight(&mut self, preferred: &Value, path: &str) {
        let weight = int(&preferred["weight"]);
        if !(1..=100).contains(&weight) {
            self.invalid(format!("{path}.weight"), weight.to_string(), "must be in the range 1-100");
        }
    }

    /// `ValidateNodeSelectorTerm`
    fn node_selector_term(&mut self, term: &Value, path: &str) {
        for (requirement, path) in each(&term["matchExpressions"], &format!("{path}.matchExpressions")) {
            self.operator_and_values(requirement, &path, true);
            let key = text(&requirement["key"]);
            self.complaints(&format!("{path}.key"), key, names::qualified_name(key));
            for (value, path) in each(&requirement["values"], &format!("{path}.values")) {
                self.complaints(&path, text(value), names::label_value(text(value)));
            }
        }
        for (requirement, path) in each(&term["matchFields"], &format!("{path}.matchFields")) {
            match text(&requirement["operator"]) {
                "In" | "NotIn" if list(&requirement["values"]).len() != 1 => {
                    let detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
                    self.required(format!("{path}.values"), detail);
                }
                "In" | "NotIn" => {}
                operator => {
                    self.invalid(format!("{path}.operator"), quote(operator), "not a valid selector operator");
                }
            }
            let key = text(&requirement["key"]);
            if key != "metadata.name" {
                self.invalid(format!("{path}.key"), quote(key), "not a valid field selector key");
                continue;
            }
            for (value, path) in each(&requirement["values"], &format!("{path}.values")) {
                self.complaints(&path, text(value), names::dns_subdomain(text(value)));
            }
        }
    }

    /// `validatePodAffinityTerm`
    fn pod_affinity_term(&mut self, term: &Value, path: &str) {
        self.label_selector(&term["labelSelector"], &format!("{path}.labelSelector"));
        self.label_selector(&term["namespaceSelector"], &format!("{path}.namespaceSelector"));
        for namespace in list(&term["namespaces"]) {
            self.complaints(&format!("{path}.namespace"), text(namespace), names::dns_label(text(namespace)));
        }
        let key = text(&term["topologyKey"]);
        let path = format!("{path}.topologyKey");
        if key.is_empty() {
            self.required(&path, "can not be empty");
        }
        self.complaints(&path, key, names::qualified_name(key));
    }

    /// `validatePodDNSConfig`
    fn dns_config(&mut self, spec: &Value, path: &str) {
        let config = &spec["dnsConfig"];
        if text(&spec["dnsPolicy"]) == "None" {
            if config.is_null() {
                self.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
            } else if list(&config["nameservers"]).is_empty() {
                let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
                self.required(format!("{path}.nameservers"), detail);
            }
        }
        let servers = &config["nameservers"];
        if list(servers).len() > 3 {
            self.invalid(format!("{path}.nameservers"), servers.to_json(), "must not have more than 3 nameservers");
        }
        for (server, path) in each(servers, &format!("{path}.nameservers")) {
            self.ip(text(server), path);
        }
        for (option, path) in each(&config["options"], &format!("{path}.options")) {
            if text(&option["name"]).is_empty() {
                self.required(path, "must not be empty");
            }
        }
    }

    fn scheduling_gates(&mut self, gates: &Value, path: &str) {
        let mut seen = BTreeSet::new();
        for (gate, path) in each(gates, path) {
            let name = text(&gate["name"]);
            self.complaints(&path, name, names::qualified_name(name));
            if !seen.insert(name) {
                self.duplicate(path, name);
            }
        }
    }

    /// `validateTopologySpreadConstraints`
    fn spread(&mut self, constraints: &Value, path: &str) {
        for (constraint, path) in each(constraints, path) {
            let skew = int(&constraint["maxSkew"]);
            if skew <= 0 {
                self.invalid(format!("{path}.maxSkew"), skew.to_string(), "must be greater than zero");
            }
            let key = text(&constraint["topologyKey"]);
            if key.is_empty() {
                self.required(format!("{path}.topologyKey"), "can not be empty");
            } else {
                self.complaints(&format!("{path}.topologyKey"), key, names::qualified_name(key));
            }
            let action = text(&constraint["whenUnsatisfiable"]);
            let actions = ["DoNotSchedule", "ScheduleAnyway"];
            if !actions.contains(&action) {
                self.not_supported(format!("{path}.whenUnsatisfiable"), quote(action), &actions);
            }
            self.label_selector(&constraint["labelSelector"], &format!("{path}.labelSelector"));
        }
    }

    /// `ValidateTolerations`
    fn tolerations(&mut self, tolerations: &Value, path: &str) {
        for (toleration, path) in each(tolerations, path) {
            let field = |name: &str| text(&toleration[name]);
            let (key, operator, value, effect) = (field("key"), field("operator"), field("value"), field("effect"));
            let operator_path = format!("{path}.operator");
            let effect_path = format!("{path}.effect");
            if !key.is_empty() {
                self.complaints(&format!("{path}.key"), key, names::qualified_name(key));
            } else if operator != "Exists" {
                let detail =
                    "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
                self.invalid(&operator_path, quote(operator), detail);
            }
            if !toleration["tolerationSeconds"].is_null() && effect != "NoExecute" {
                let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
                self.invalid(&effect_path, quote(effect), detail);
            }
            match operator {
                "" | "Equal" => {
                    let complaints = names::label_value(value);
                    if !complaints.is_empty() {
                        self.invalid(operator_path, quote(value), complaints.join(";"));
                    }
                }
                "Exists" if !value.is_empty() => {
                    self.invalid(operator_path, quote(value), "value must be empty when `operator` is 'Exists'");
                }
                "Exists" => {}
                // Known to the server, but behind a feature gate that is off: hence the odd list.
                "Lt" | "Gt" => {
                    self.not_supported(operator_path, quote(operator), &["Equal", "Exists", "Lt", "Gt"]);
                }
                _ => self.not_supported(operator_path, quote(operator), &["Equal", "Exists"]),
            }
            if !effect.is_empty() && !TAINT_EFFECTS.contains(&effect) {
                self.not_supported(effect_path, quote(effect), &TAINT_EFFECTS);
            }
        }
    }

    /// `validateOS`, `validateWindows`, `validateLinux`: the fields that the other system has not.
    fn os(&mut self, spec: &Value, path: &str) {
        let os = &spec["os"];
        if os.is_null() {
            return;
        }
        let pod_fields: &[&str] = match text(&os["name"]) {
            "windows" => &["hostPID", "hostIPC", "hostUsers"],
            "linux" => &[],
            "" => return self.required(format!("{path}.os.name"), "cannot be empty"),
            other => return self.not_supported(format!("{path}.os.name"), quote(other), &["linux", "windows"]),
        };
        let windows = text(&os["name"]) == "windows";
        let detail =
            if windows { "cannot be set for a windows pod" } else { "windows options cannot be set for a linux pod" };
        let pod = ["appArmorProfile", "seLinuxOptions", "fsGroup", "fsGroupChangePolicy", "runAsUser", "runAsGroup"];
        let pod_more = ["seccompProfile", "supplementalGroups", "sysctls"];
        let container =
            ["appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem"];
        let container_more = ["privileged", "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup"];
        let mut forbid = |context: &Value, fields: &[&str], path: &str| {
            for field in fields.iter().filter(|field| !context[**field].is_null()) {
                self.forbidden(format!("{path}.{field}"), detail);
            }
        };
        let security = format!("{path}.securityContext");
        if !windows {
            forbid(&spec["securityContext"], &["windowsOptions"], &security);
        } else {
            forbid(spec, pod_fields, &security);
            forbid(spec, &["shareProcessNamespace"], &security);
            forbid(&spec["securityContext"], &pod, &security);
            forbid(&spec["securityContext"], &pod_more, &security);
        }
        for list in ["initContainers", "containers"] {
            for (of, path) in each(&spec[list], &format!("{path}.{list}")) {
                let (context, path) = (&of["securityContext"], format!("{path}.securityContext"));
                if windows {
                    forbid(context, &container, &path);
                    forbid(context, &container_more, &path);
                } else {
                    forbid(context, &["windowsOptions"], &path);
                }
            }
        }
    }
}

/// Resources of Kubernetes itself (`IsNativeResource`).
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

fn is_sysctl(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.len() <= 253
        && name.split(['.', '/']).all(|part| {
            part.bytes().next().is_some_and(plain)
                && part.bytes().last().is_some_and(plain)
                && part.bytes().all(|b| plain(b) || b == b'-' || b == b'_')
        })
}

/// What the downward API knows of a pod (`ConvertDownwardAPIFieldLabel`).
const POD_FIELDS: [&str; 14] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.phase",
    "status.podIP",
    "status.podIPs",
];

const ENV_FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

const VOLUME_FIELDS: [&str; 5] =
    ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

#[cfg(test)]
mod tests {
    use super::*;

    fn told(spec: Value) -> Vec<String> {
        let mut errors = Errors::default();
        errors.pod_spec(&spec, "spec", true);
        errors.list.iter().map(ToString::to_string).filter(|error| error.contains("tolerations")).collect()
    }

    #[test]
    fn tolerations_are_told_in_the_servers_words() {
        let one = |fields: Value| told([("tolerations", vec![fields].into())].into());
        assert_eq!(
            one([("key", "a".into()), ("operator", "Exists".into()), ("value", "v".into())].into()),
            ["spec.tolerations[0].operator: Invalid value: \"v\": value must be empty when `operator` is 'Exists'"]
        );
        assert_eq!(
            one([("key", "a".into()), ("operator", "X".into())].into()),
            ["spec.tolerations[0].operator: Unsupported value: \"X\": supported values: \"Equal\", \"Exists\""]
        );
    }

    #[test]
    fn nothing_in_an_odd_tree_makes_validation_panic() {
        for value in [Value::Null, 1.into(), "x".into(), vec![Value::Null].into()] {
            let spec: Value =
                [("containers", value.clone()), ("volumes", value.clone()), ("tolerations", value)].into();
            told(spec);
        }
    }
}
