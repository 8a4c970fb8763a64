//! Containers: ports, mounts, resources, probes (`validateContainers`).

use std::collections::BTreeSet;

use super::volumes::Volumes;
use super::{Errors, each, entries, int, list, names, quote, text, truth};
use crate::api::quantity::Quantity;
use crate::api::quantity_text;
use crate::api::value::Value;

impl Errors {
    /// `validateContainers`
    pub(super) fn containers(&mut self, spec: &Value, volumes: &Volumes, path: &str) {
        let containers = &spec["containers"];
        if list(containers).is_empty() {
            return self.required(path, "");
        }
        let mut seen = BTreeSet::new();
        for (container, path) in each(containers, path) {
            self.container(container, spec, volumes, &path);
            let name = text(&container["name"]);
            if !seen.insert(name) {
                self.duplicate(format!("{path}.name"), name);
            }
            self.life(container, spec, &path);
            self.restart_policy(container, &path);
        }
        self.host_ports(list(containers), path);
    }

    /// `validateInitContainers`
    pub(super) fn init_containers(&mut self, spec: &Value, volumes: &Volumes, path: &str) {
        let mut seen: BTreeSet<&str> =
            list(&spec["containers"]).iter().map(|container| text(&container["name"])).collect();
        for (container, path) in each(&spec["initContainers"], path) {
            self.container(container, spec, volumes, &path);
            if container["restartPolicy"].is_null() {
                if !list(&container["restartPolicyRules"]).is_empty() {
                    self.required(format!("{path}.restartPolicy"), POLICY_FOR_RULES);
                }
            } else {
                self.restart_policy(container, &path);
            }
            let name = text(&container["name"]);
            if !name.is_empty() && !seen.insert(name) {
                self.duplicate(format!("{path}.name"), name);
            }
            // They run one after the other, so each may use the same ports. The original looks at each as if it were the
            // first, in the paths too.
            let parent = path.rsplit_once('[').map_or("", |(parent, _)| parent);
            self.host_ports(std::slice::from_ref(container), parent);
            match text(&container["restartPolicy"]) {
                "Always" => self.life(container, spec, &path),
                _ => {
                    for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                        if !container[field].is_null() {
                            let detail = "may not be set for init containers without restartPolicy=Always";
                            self.forbidden(format!("{path}.{field}"), detail);
                        }
                    }
                    for (policy, path) in each(&container["resizePolicy"], &format!("{path}.resizePolicy")) {
                        let policy = text(&policy["restartPolicy"]);
                        if policy == "RestartContainer" {
                            let detail = "must not be set to 'RestartContainer' for non-sidecar initContainers";
                            self.invalid(format!("{path}.restartPolicy"), quote(policy), detail);
                        }
                    }
                }
            }
        }
    }

    /// `validateEphemeralContainers`, which looks at them even where there may be none.
    pub(super) fn ephemeral_containers(&mut self, spec: &Value, volumes: &Volumes, path: &str) {
        let regular = ["containers", "initContainers"].into_iter().flat_map(|kind| list(&spec[kind]));
        let regular: BTreeSet<&str> = regular.map(|container| text(&container["name"])).collect();
        let mut seen = regular.clone();
        for (container, path) in each(&spec["ephemeralContainers"], path) {
            self.container(container, spec, volumes, &path);
            let (name, image) = (text(&container["name"]), text(&container["image"]));
            if image.trim() != image {
                self.invalid(format!("{path}.image"), quote(image), "must not have leading or trailing whitespace");
            }
            if !seen.insert(name) {
                self.duplicate(format!("{path}.name"), name);
            }
            let target = text(&container["targetContainerName"]);
            if !target.is_empty() && !regular.contains(target) {
                self.not_found(format!("{path}.targetContainerName"), target);
            }
            for field in ["ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe"]
                .into_iter()
                .chain(["readinessProbe", "startupProbe", "lifecycle"])
            {
                let value = &container[field];
                let empty = value.as_map().is_some_and(|map| map.is_empty() && field == "resources")
                    || value.as_list().is_some_and(<[Value]>::is_empty);
                if !value.is_null() && !empty {
                    self.forbidden(format!("{path}.{field}"), NOT_EPHEMERAL);
                }
            }
            for (mount, path) in each(&container["volumeMounts"], &format!("{path}.volumeMounts")) {
                for field in ["subPath", "subPathExpr"].into_iter().filter(|field| !text(&mount[*field]).is_empty()) {
                    self.forbidden(format!("{path}.{field}"), NOT_EPHEMERAL);
                }
            }
        }
    }

    /// `validateContainerRestartPolicy`
    fn restart_policy(&mut self, container: &Value, path: &str) {
        let (policy, rules) = (&container["restartPolicy"], &container["restartPolicyRules"]);
        let at = format!("{path}.restartPolicy");
        match policy.as_str() {
            None if !list(rules).is_empty() => self.required(at, POLICY_FOR_RULES),
            None => {}
            Some(word) => self.supported(word, at, &["Always", "Never", "OnFailure"]),
        }
        self.too_many(format!("{path}.restartPolicyRules"), rules, 20);
        for (rule, path) in each(rules, &format!("{path}.restartPolicyRules")) {
            self.supported(text(&rule["action"]), format!("{path}.action"), &["Restart", "RestartAllContainers"]);
            match &rule["exitCodes"] {
                Value::Null => self.required(format!("{path}.exitCodes"), "must be specified"),
                codes => {
                    self.supported(text(&codes["operator"]), format!("{path}.exitCodes.operator"), &["In", "NotIn"]);
                    self.too_many(format!("{path}.exitCodes.values"), &codes["values"], 255);
                }
            }
        }
    }

    /// `validateResizePolicy`; but for duplicates the original leaves the index out of these paths.
    fn resize_policy(&mut self, policies: &Value, path: &str) {
        let mut seen = BTreeSet::new();
        for (policy, at) in each(policies, path) {
            let resource = text(&policy["resourceName"]);
            if !seen.insert(resource) {
                self.duplicate(at, resource);
            }
            self.one_of(&policy["resourceName"], path.to_owned(), &["cpu", "memory"]);
            self.one_of(&policy["restartPolicy"], path.to_owned(), &["NotRequired", "RestartContainer"]);
        }
    }

    /// What regular containers and sidecars may have.
    pub(super) fn life(&mut self, container: &Value, spec: &Value, path: &str) {
        let grace = int(&spec["terminationGracePeriodSeconds"]);
        for hook in ["postStart", "preStop"] {
            let handler = &container["lifecycle"][hook];
            if !handler.is_null() {
                self.handler(handler, grace, &format!("{path}.lifecycle.{hook}"));
            }
        }
        if let Some(signal) = container["lifecycle"]["stopSignal"].as_str() {
            self.stop_signal(signal, &spec["os"], format!("{path}.lifecycle.stopSignal"));
        }
        for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
            let probe = &container[name];
            let path = format!("{path}.{name}");
            if probe.is_null() {
                continue;
            }
            self.probe(probe, grace, &path);
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

    /// `validateStopSignal`
    fn stop_signal(&mut self, signal: &str, os: &Value, path: String) {
        match text(&os["name"]) {
            _ if os.is_null() => {
                self.forbidden(path, "may not be set for containers with empty `spec.os.name`");
            }
            "windows" => self.supported(signal, path, &["SIGKILL", "SIGTERM"]),
            "linux" => self.supported(signal, path, &linux_signals()),
            _ => {}
        }
    }

    /// `validateProbe`
    pub(super) fn probe(&mut self, probe: &Value, grace: i64, path: &str) {
        self.handler(probe, grace, path);
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
    pub(super) fn handler(&mut self, handler: &Value, grace: i64, path: &str) {
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
            "sleep" if !(0..=grace).contains(&int(&action["seconds"])) => {
                let detail = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
                self.invalid(at, int(&action["seconds"]).to_string(), detail);
            }
            _ => {}
        }
        for more in given {
            self.forbidden(format!("{path}.{more}"), "may not specify more than 1 handler type");
        }
    }

    /// `ValidatePortNumOrName`
    pub(super) fn port(&mut self, port: &Value, path: String) {
        match port {
            Value::Str(name) => self.complaints(&path, name, names::port_name(name)),
            other => {
                for complaint in names::port_number(int(other)) {
                    self.invalid(&path, int(other).to_string(), complaint);
                }
            }
        }
    }

    /// `AccumulateUniqueHostPorts`
    pub(super) fn host_ports(&mut self, containers: &[Value], path: &str) {
        let mut seen = BTreeSet::new();
        for (index, container) in containers.iter().enumerate() {
            for (port, path) in each(&container["ports"], &format!("{path}[{index}].ports")) {
                let number = int(&port["hostPort"]);
                let taken = format!("{}/{}/{number}", text(&port["protocol"]), text(&port["hostIP"]));
                if number != 0 && !seen.insert(taken.clone()) {
                    self.duplicate(format!("{path}.hostPort"), &taken);
                }
            }
        }
    }

    /// `validatePodHostNetworkDeps`
    pub(super) fn host_network(&mut self, spec: &Value, path: &str, in_template: bool) {
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
    pub(super) fn container(&mut self, container: &Value, spec: &Value, volumes: &Volumes, path: &str) {
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
        self.resources(&container["resources"], &at("resources"), Self::resource_name);
        self.claims(&container["resources"]["claims"], &spec["resourceClaims"], &at("resources.claims"));
        self.resize_policy(&container["resizePolicy"], &at("resizePolicy"));
        let host_users = spec["hostUsers"].as_bool() != Some(false);
        self.container_security(&container["securityContext"], host_users, &at("securityContext"));
    }

    pub(super) fn pull_policy(&mut self, of: &Value, field: &str, path: &str) {
        self.one_of(&of[field], format!("{path}.{field}"), &["Always", "IfNotPresent", "Never"]);
    }

    /// `validateContainerPorts`
    pub(super) fn ports(&mut self, ports: &Value, path: &str) {
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
    /// `ValidateVolumeMounts`
    pub(super) fn mounts(&mut self, container: &Value, volumes: &Volumes, path: &str) {
        let mut seen = BTreeSet::new();
        let devices = list(&container["volumeDevices"]);
        for (mount, at) in each(&container["volumeMounts"], path) {
            let (name, target) = (text(&mount["name"]), text(&mount["mountPath"]));
            if name.is_empty() {
                self.required(format!("{at}.name"), "");
            }
            if !volumes.contains_key(name) {
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
            self.read_only(mount, &format!("{path}.recursiveReadOnly"));
        }
    }

    /// `validateMountRecursiveReadOnly`
    fn read_only(&mut self, mount: &Value, path: &str) {
        let Some(mode) = mount["recursiveReadOnly"].as_str() else { return };
        if mode == "Enabled" || mode == "IfPossible" {
            if !truth(&mount["readOnly"]) {
                self.forbidden(path, "may only be specified when readOnly is true");
            }
            if mount["mountPropagation"].as_str().is_some_and(|propagation| propagation != "None") {
                self.forbidden(path, "may only be specified when mountPropagation is None or not specified");
            }
        } else {
            self.supported(mode, path.to_owned(), &["Disabled", "Enabled", "IfPossible"]);
        }
    }

    /// `validateMountPropagation`
    pub(super) fn propagation(&mut self, mount: &Value, container: &Value, path: String) {
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
    pub(super) fn devices(&mut self, container: &Value, volumes: &Volumes, path: &str) {
        let (mut seen_names, mut seen_paths) = (BTreeSet::new(), BTreeSet::new());
        let mounts = list(&container["volumeMounts"]);
        for (device, path) in each(&container["volumeDevices"], path) {
            let (name, target) = (text(&device["name"]), text(&device["devicePath"]));
            let volume = volumes.get(name).copied();
            if name.is_empty() {
                self.required(format!("{path}.name"), "");
            }
            if !seen_names.insert(name) && !name.is_empty() {
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
            if seen_paths.contains(target) {
                self.invalid(format!("{path}.devicePath"), quote(target), "must be unique");
            }
            if target.split('/').any(|part| part == "..") {
                self.invalid(format!("{path}.devicePath"), quote(target), "can not contain backsteps ('..')");
            } else {
                seen_paths.insert(target);
            }
            if mounts.iter().any(|mount| text(&mount["name"]) == name) {
                self.invalid(format!("{path}.name"), quote(name), "must not already exist in volumeMounts");
            }
            if mounts.iter().any(|mount| text(&mount["mountPath"]) == target) {
                let detail = "must not already exist as a path in volumeMounts";
                self.invalid(format!("{path}.devicePath"), quote(target), detail);
            }
        }
    }

    /// `ValidateContainerResourceRequirements`
    pub(super) fn resources(&mut self, resources: &Value, path: &str, name_is_good: fn(&mut Self, &str, &str)) {
        let (limits, requests) = (&resources["limits"], &resources["requests"]);
        for (kind, amounts) in [("limits", limits), ("requests", requests)] {
            for (name, amount) in entries(amounts) {
                let at = format!("{path}.{kind}[{name}]");
                name_is_good(self, name, &at);
                self.resource_amount(name, amount, &at);
                if kind == "requests" {
                    self.request(name, text(amount), limits, path);
                }
                self.huge_pages(name, text(amount), &at);
            }
        }
        let any = |test: fn(&str) -> bool| entries(limits).chain(entries(requests)).any(|(name, _)| test(name));
        if any(|name| name.starts_with("hugepages-")) && !any(|name| name == "cpu" || name == "memory") {
            self.forbidden(path, "HugePages require cpu or memory");
        }
    }

    /// `validateResourceQuantityHugePageValue`
    fn huge_pages(&mut self, name: &str, amount: &str, path: &str) {
        let Some(size) = name.strip_prefix("hugepages-") else { return };
        let size = Quantity::parse(size).ok().filter(|size| !size.is_fractional()).map_or(0, |size| size.value());
        let divides = size > 0 && Quantity::parse(amount).is_ok_and(|amount| amount.value() % size == 0);
        if !divides {
            self.invalid(path, quote(amount), format!("{amount} is not positive integer multiple of {name}"));
        }
    }

    /// `validateResourceClaimNames`
    fn claims(&mut self, claims: &Value, of_pod: &Value, path: &str) {
        let mut known: Vec<&str> = list(of_pod).iter().map(|claim| text(&claim["name"])).collect();
        known.retain(|name| !name.is_empty());
        known.sort_unstable();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for (claim, path) in each(claims, path) {
            let (name, request) = (text(&claim["name"]), text(&claim["request"]));
            if name.is_empty() {
                self.required(path, "");
                continue;
            }
            let key = if request.is_empty() { name.to_owned() } else { format!("{name}/{request}") };
            if seen.contains(name) {
                self.duplicate(&path, name);
            } else {
                if !request.is_empty() {
                    self.complaints(&format!("{path}.request"), request, names::dns_label(request));
                }
                if seen.contains(&key) {
                    self.duplicate(&path, &key);
                } else if request.is_empty() && seen.iter().any(|it| it.split('/').next() == Some(name)) {
                    self.duplicate(&path, name);
                }
                seen.insert(key);
            }
            if !known.contains(&name) {
                let names =
                    if known.is_empty() { " which is empty".to_owned() } else { format!(": {}", known.join(", ")) };
                let detail = format!("must be one of the names in pod.spec.resourceClaims{names}");
                self.add(super::ErrorKind::NotFound, path, quote(name), detail);
            }
        }
    }

    pub(super) fn request(&mut self, name: &str, amount: &str, limits: &Value, path: &str) {
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

    /// `validatePodResources`: what the whole pod asks for.
    pub(super) fn pod_resources(&mut self, spec: &Value, path: &str) {
        let (resources, path) = (&spec["resources"], format!("{path}.resources"));
        if resources.is_null() {
            return;
        }
        if text(&spec["os"]["name"]) == "windows" {
            return self.forbidden(path, "may not be set for a windows pod");
        }
        let claims = format!("{path}.claims");
        if !resources["claims"].is_null() {
            self.forbidden(&claims, "claims may not be set for Resources at pod-level");
        }
        self.resources(resources, &path, Self::pod_resource_name);
        self.claims(&resources["claims"], &spec["resourceClaims"], &claims);
        // What the containers ask for together must fit into it, and what each may use at most.
        for (kind, amounts) in ["requests", "limits"].map(|kind| (kind, &resources[kind])) {
            for (name, amount) in entries(amounts) {
                let (Ok(of_pod), all) = (Quantity::parse(text(amount)), of_containers(spec, kind, name)) else {
                    continue;
                };
                if (kind == "requests" || name.starts_with("hugepages-")) && all > of_pod.milli() {
                    let all = quantity_text(name, all);
                    let detail = format!("must be greater than or equal to aggregate container {kind} of {all}");
                    self.invalid(format!("{path}.{kind}[{name}]"), quote(text(amount)), detail);
                }
            }
        }
        for (container, path) in each(&spec["containers"], &format!("{path}.containers")) {
            for (name, amount) in entries(&container["resources"]["limits"]) {
                let (amount, of_pod) = (text(amount), text(&resources["limits"][name.as_str()]));
                if let (Ok(own), Ok(most)) = (Quantity::parse(amount), Quantity::parse(of_pod))
                    && own > most
                {
                    let detail = format!("must be less than or equal to pod limits of {of_pod}");
                    self.invalid(format!("{path}[{name}].limits"), quote(amount), detail);
                }
            }
        }
    }

    /// `validatePodResourceName`
    fn pod_resource_name(&mut self, name: &str, path: &str) {
        let complaints = names::qualified_name(name);
        if !complaints.is_empty() {
            self.complaints(path, name, complaints);
        } else if !name.contains('/') && !is_standard(name) {
            self.invalid(path, quote(name), "must be a standard resource type or fully qualified");
        } else if !["cpu", "memory"].contains(&name) && !name.starts_with("hugepages-") {
            self.not_supported(path, quote(name), &["cpu", "hugepages-", "memory"]);
        }
    }

    /// `validateContainerResourceName`
    pub(super) fn resource_name(&mut self, name: &str, path: &str) {
        let complaints = names::qualified_name(name);
        let standard = ["cpu", "memory", "ephemeral-storage"].contains(&name) || name.starts_with("hugepages-");
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
        } else if !is_standard(name) {
            self.invalid(path, quote(name), "must be a standard resource type or fully qualified");
        }
        if !standard {
            self.invalid(path, quote(name), "must be a standard resource for containers");
        }
    }

    /// `ValidateResourceQuantityValue`
    pub(super) fn resource_amount(&mut self, name: &str, amount: &Value, path: &str) {
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
}

const NOT_EPHEMERAL: &str = "cannot be set for an Ephemeral Container";
const POLICY_FOR_RULES: &str = "must specify restartPolicy when restart rules are used";

/// Those that a container may be stopped with on Linux, in the order in which the server tells them.
fn linux_signals() -> Vec<&'static str> {
    const NAMES: &str = "SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL \
        SIGPIPE SIGPOLL SIGPROF SIGPWR SIGQUIT SIGRTMAX SIGRTMAX-1 SIGRTMAX-10 SIGRTMAX-11 SIGRTMAX-12 SIGRTMAX-13 \
        SIGRTMAX-14 SIGRTMAX-2 SIGRTMAX-3 SIGRTMAX-4 SIGRTMAX-5 SIGRTMAX-6 SIGRTMAX-7 SIGRTMAX-8 SIGRTMAX-9 SIGRTMIN \
        SIGRTMIN+1 SIGRTMIN+10 SIGRTMIN+11 SIGRTMIN+12 SIGRTMIN+13 SIGRTMIN+14 SIGRTMIN+15 SIGRTMIN+2 SIGRTMIN+3 \
        SIGRTMIN+4 SIGRTMIN+5 SIGRTMIN+6 SIGRTMIN+7 SIGRTMIN+8 SIGRTMIN+9 SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM \
        SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ";
    NAMES.split(' ').collect()
}

/// What a pod's containers take of a resource together, in milli-units (`AggregateContainerRequests`): sidecars run beside
/// the containers, other init containers before them and one at a time.
fn of_containers(spec: &Value, kind: &str, name: &str) -> i64 {
    let amount = |of: &Value| Quantity::parse(text(&of["resources"][kind][name])).map_or(0, |amount| amount.milli());
    let sum = list(&spec["containers"]).iter().map(amount).fold(0, i64::saturating_add);
    let (mut sidecars, mut most) = (0_i64, 0);
    for container in list(&spec["initContainers"]) {
        let own = amount(container);
        if text(&container["restartPolicy"]) == "Always" {
            sidecars = sidecars.saturating_add(own);
            most = most.max(sidecars);
        } else {
            most = most.max(sidecars.saturating_add(own));
        }
    }
    sum.saturating_add(sidecars).max(most)
}

/// A name without a prefix that the server knows (`IsStandardResourceName`).
fn is_standard(name: &str) -> bool {
    let known = "cpu memory ephemeral-storage requests.cpu requests.memory requests.ephemeral-storage limits.cpu \
                 limits.memory limits.ephemeral-storage pods resourcequotas services replicationcontrollers secrets \
                 configmaps persistentvolumeclaims storage requests.storage services.nodeports services.loadbalancers";
    known.split(' ').any(|it| it == name)
        || ["hugepages-", "requests.hugepages-"].iter().any(|prefix| name.starts_with(prefix))
}

/// Resources of Kubernetes itself (`IsNativeResource`).
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}
