//! What the server refuses in a pod or a pod template (`ValidatePodSpec`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{
    ErrorKind, Errors, Names, TAINT_EFFECTS, each, each_container, entries, int, list, names, quote, text, truth,
    typed_json,
};
use crate::api::value::Value;

const REQUIRED_TERMS: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED_TERMS: &str = "preferredDuringSchedulingIgnoredDuringExecution";

impl Errors {
    pub(super) fn pod_spec(&mut self, spec: &Value, path: &str, in_template: bool) {
        let at = |field: &str| format!("{path}.{field}");
        let volumes = self.volumes(&spec["volumes"], &at("volumes"), in_template);
        self.resource_claims(&spec["resourceClaims"], &at("resourceClaims"));
        self.containers(spec, &volumes, &at("containers"));
        self.init_containers(spec, &volumes, &at("initContainers"));
        self.ephemeral_containers(spec, &volumes, &at("ephemeralContainers"));
        self.pod_resources(spec, path);
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
        self.host_process(spec, path);
        self.host_users(spec, path);
        self.host_name(spec, &at("hostnameOverride"));
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
        let overhead = Value::from([("limits", spec["overhead"].clone())]);
        self.resources(&overhead, &at("overhead"), Self::resource_name);
        self.os(spec, path);
        self.files_of_variables(spec, path);
    }

    /// `ValidatePodSpecificAnnotations`
    pub(super) fn pod_annotations(&mut self, annotations: &Value, spec: &Value, path: &str) {
        let mirror = "kubernetes.io/config.mirror";
        if let Some(value) = annotations[mirror].as_str()
            && text(&spec["nodeName"]).is_empty()
        {
            let detail = "must set spec.nodeName if mirror pod annotation is set";
            self.invalid(format!("{path}[{mirror}]"), quote(value), detail);
        }
        let cost = "controller.kubernetes.io/pod-deletion-cost";
        if let Some(value) = annotations[cost].as_str() {
            let number = value.strip_prefix(['+', '-']).unwrap_or(value);
            let odd = value.starts_with('+') || (number.starts_with('0') && number.len() > 1);
            if odd || value.parse::<i32>().is_err() {
                self.invalid(format!("{path}[{cost}]"), quote(value), "must be a 32bit integer");
            }
        }
        let profile = |errors: &mut Self, key: &str, value: &str| match value.strip_prefix("localhost/") {
            Some(file) => errors.descending_path(file, format!("{path}.{key}")),
            None if ["runtime/default", "docker/default", "unconfined"].contains(&value) => {}
            None => errors.invalid(format!("{path}.{key}"), quote(value), "must be a valid seccomp profile"),
        };
        let of_pod = "seccomp.security.alpha.kubernetes.io/pod";
        if let Some(value) = annotations[of_pod].as_str() {
            profile(self, of_pod, value);
        }
        for (key, value) in entries(annotations) {
            if key.starts_with("container.seccomp.security.alpha.kubernetes.io/") {
                profile(self, key, text(value));
            }
        }
        for (key, value) in entries(annotations) {
            let Some(name) = key.strip_prefix("container.apparmor.security.beta.kubernetes.io/") else { continue };
            let path = format!("{path}[{key}]");
            if !each_container(spec, "").any(|(container, _)| text(&container["name"]) == name) {
                self.invalid(&path, quote(name), "container not found");
            }
            let value = text(value);
            if !["", "runtime/default", "unconfined"].contains(&value) && !value.starts_with("localhost/") {
                self.invalid(path, quote(value), format!("invalid AppArmor profile name: {}", quote(value)));
            }
        }
    }

    /// `validatePodHostName`
    fn host_name(&mut self, spec: &Value, path: &str) {
        let Some(name) = spec["hostnameOverride"].as_str() else { return };
        for field in ["setHostnameAsFQDN", "hostNetwork"] {
            if truth(&spec[field]) {
                self.forbidden(path, &format!("may not be specified when {field} is true"));
            }
        }
        if name.len() > 64 {
            self.add(ErrorKind::TooLong, path, String::new(), "may not be more than 64 bytes");
        }
        self.complaints(path, name, names::dns_subdomain(name));
    }

    pub(super) fn optional_name(&mut self, spec: &Value, field: &str, path: &str, rule: fn(&str) -> Vec<String>) {
        let name = text(&spec[field]);
        if !name.is_empty() {
            self.complaints(&format!("{path}.{field}"), name, rule(name));
        }
    }

    pub(super) fn ip(&mut self, address: &str, path: String) {
        if names::without_zeros(address).parse::<IpAddr>().is_err() {
            self.invalid(path, quote(address), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        }
    }

    /// `ValidateSecurityContext`
    pub(super) fn container_security(&mut self, context: &Value, host_users: bool, path: &str) {
        self.ids(context, &["runAsUser", "runAsGroup"], path);
        if let Some(mount) = context["procMount"].as_str() {
            let path = format!("{path}.procMount");
            self.supported(mount, path.clone(), &["Default", "Unmasked"]);
            if host_users && mount == "Unmasked" {
                self.invalid(path, quote(mount), "`hostUsers` must be false to use `Unmasked`");
            }
        }
        self.seccomp(&context["seccompProfile"], &format!("{path}.seccompProfile"));
        if context["allowPrivilegeEscalation"].as_bool() == Some(false) {
            self.escalation(context, path);
        }
        self.windows_options(&context["windowsOptions"], &format!("{path}.windowsOptions"));
        self.app_armor(&context["appArmorProfile"], &format!("{path}.appArmorProfile"));
    }

    fn escalation(&mut self, context: &Value, path: &str) {
        let shown = || typed_json(context, "SecurityContext", Names::Go);
        if truth(&context["privileged"]) {
            self.invalid(path, shown(), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
        }
        for _ in list(&context["capabilities"]["add"]).iter().filter(|capability| text(capability) == "CAP_SYS_ADMIN") {
            let detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            self.invalid(path, shown(), detail);
        }
    }

    pub(super) fn ids(&mut self, context: &Value, fields: &[&str], path: &str) {
        for field in fields {
            if let Some(id) = context[*field].as_int() {
                for complaint in names::user_id(id) {
                    self.invalid(format!("{path}.{field}"), id.to_string(), complaint);
                }
            }
        }
    }

    /// `validateSeccompProfileField`
    fn seccomp(&mut self, profile: &Value, path: &str) {
        if profile.is_null() {
            return;
        }
        self.profile_type(profile, path, "seccompProfile");
        let (local, at) = (profile["localhostProfile"].as_str(), format!("{path}.localhostProfile"));
        match (text(&profile["type"]) == "Localhost", local) {
            (true, None) => self.required(at, "must be set when seccomp type is Localhost"),
            (true, Some(local)) => self.descending_path(local, at),
            (false, Some(_)) => {
                let shown = typed_json(profile, "SeccompProfile", Names::Go);
                self.invalid(at, shown, "can only be set when seccomp type is Localhost");
            }
            (false, None) => {}
        }
    }

    /// `ValidateAppArmorProfileField`
    fn app_armor(&mut self, profile: &Value, path: &str) {
        let (local, at) = (profile["localhostProfile"].as_str(), format!("{path}.localhostProfile"));
        match (text(&profile["type"]), local) {
            _ if profile.is_null() => {}
            ("Localhost", None) => self.required(at, "must be set when AppArmor type is Localhost"),
            ("Localhost", Some(local)) if local.trim() != local => {
                self.invalid(at, quote(local), "must not be padded with whitespace");
            }
            ("Localhost", Some("")) => self.required(at, "must be set when AppArmor type is Localhost"),
            ("RuntimeDefault" | "Unconfined", Some(local)) => {
                self.invalid(at, quote(local), "can only be set when AppArmor type is Localhost");
            }
            _ => self.profile_type(profile, path, "appArmorProfile"),
        }
    }

    fn profile_type(&mut self, profile: &Value, path: &str, field: &str) {
        let path = format!("{path}.type");
        match text(&profile["type"]) {
            "" => self.required(path, &format!("type is required when {field} is set")),
            word => self.supported(word, path, &["Localhost", "RuntimeDefault", "Unconfined"]),
        }
    }

    /// `validatePodSpecSecurityContext`
    pub(super) fn pod_security(&mut self, spec: &Value, path: &str) {
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
                self.required(&path, "");
            } else if !is_sysctl(name) {
                let detail = r"must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
                self.invalid(&path, quote(name), detail);
            } else if seen.contains(name) {
                self.duplicate(&path, name);
            }
            seen.insert(name);
            for (host, shares) in [("hostNetwork", is_of_network(name)), ("hostIPC", is_of_ipc(name))] {
                if shares && truth(&spec[host]) {
                    self.invalid(&path, quote(name), format!("may not be specified when '{host}' is true"));
                }
            }
        }
        let words = |errors: &mut Errors, field: &str, supported: &[&str]| {
            if let Some(word) = context[field].as_str() {
                errors.supported(word, format!("{path}.{field}"), supported);
            }
        };
        words(self, "fsGroupChangePolicy", &["Always", "OnRootMismatch"]);
        self.seccomp(&context["seccompProfile"], &format!("{path}.seccompProfile"));
        self.windows_options(&context["windowsOptions"], &format!("{path}.windowsOptions"));
        self.app_armor(&context["appArmorProfile"], &format!("{path}.appArmorProfile"));
        words(self, "supplementalGroupsPolicy", &["Merge", "Strict"]);
        words(self, "seLinuxChangePolicy", &["MountOption", "Recursive"]);
    }

    /// `validateHostUsers`, which names two of these fields by their Go names.
    fn host_users(&mut self, spec: &Value, path: &str) {
        if spec["hostUsers"].as_bool() == Some(false) {
            for (field, told) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
                if truth(&spec[field]) {
                    self.forbidden(format!("{path}.{told}"), "when `hostUsers` is false");
                }
            }
            for (container, path) in each_container(spec, path) {
                if !list(&container["volumeDevices"]).is_empty() {
                    self.forbidden(format!("{path}.volumeDevices"), "when `hostUsers` is false");
                }
            }
        }
    }

    /// `validatePodResourceClaims`
    fn resource_claims(&mut self, claims: &Value, path: &str) {
        let mut seen = BTreeSet::new();
        for (claim, path) in each(claims, path) {
            let (name, at) = (text(&claim["name"]), format!("{path}.name"));
            if name.is_empty() {
                self.required(at, "");
            } else if seen.insert(name) {
                self.complaints(&at, name, names::dns_label(name));
            } else {
                self.duplicate(at, name);
            }
            let fields = ["resourceClaimName", "resourceClaimTemplateName"];
            let shown = || typed_json(claim, "PodResourceClaim", Names::Go);
            match fields.iter().filter(|field| !claim[**field].is_null()).count() {
                0 => {
                    let detail = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
                    self.invalid(&path, shown(), detail);
                }
                1 => {}
                _ => {
                    let detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
                    self.invalid(&path, shown(), detail);
                }
            }
            for field in fields {
                if let Some(name) = claim[field].as_str() {
                    self.complaints(&format!("{path}.{field}"), name, names::dns_subdomain(name));
                }
            }
        }
    }

    /// `validateAffinity`
    pub(super) fn affinity(&mut self, affinity: &Value, path: &str) {
        let node = &affinity["nodeAffinity"];
        let required = &node[REQUIRED_TERMS];
        if !required.is_null() {
            let path = format!("{path}.nodeAffinity.{REQUIRED_TERMS}.nodeSelectorTerms");
            if list(&required["nodeSelectorTerms"]).is_empty() {
                self.required(&path, "must have at least one node selector term");
            }
            for (term, path) in each(&required["nodeSelectorTerms"], &path) {
                self.node_selector_term(term, true, &path);
            }
        }
        for (preferred, path) in each(&node[PREFERRED_TERMS], &format!("{path}.nodeAffinity.{PREFERRED_TERMS}")) {
            self.weight(preferred, &path);
            // The values of a mere preference are not looked at.
            self.node_selector_term(&preferred["preference"], false, &format!("{path}.preference"));
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

    pub(super) fn weight(&mut self, preferred: &Value, path: &str) {
        let weight = int(&preferred["weight"]);
        if !(1..=100).contains(&weight) {
            self.invalid(format!("{path}.weight"), weight.to_string(), "must be in the range 1-100");
        }
    }

    /// `ValidateNodeSelectorTerm`
    pub(super) fn node_selector_term(&mut self, term: &Value, with_values: bool, path: &str) {
        for (requirement, path) in each(&term["matchExpressions"], &format!("{path}.matchExpressions")) {
            self.operator_and_values(requirement, &path, true);
            let key = text(&requirement["key"]);
            self.complaints(&format!("{path}.key"), key, names::qualified_name(key));
            for (value, path) in each(&requirement["values"], &format!("{path}.values")).filter(|_| with_values) {
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
    pub(super) fn pod_affinity_term(&mut self, term: &Value, path: &str) {
        self.label_selector(&term["labelSelector"], &format!("{path}.labelSelector"));
        self.label_selector(&term["namespaceSelector"], &format!("{path}.namespaceSelector"));
        for namespace in list(&term["namespaces"]) {
            self.complaints(&format!("{path}.namespace"), text(namespace), names::dns_label(text(namespace)));
        }
        let (wanted, unwanted) = (&term["matchLabelKeys"], &term["mismatchLabelKeys"]);
        for (keys, field) in [(wanted, "matchLabelKeys"), (unwanted, "mismatchLabelKeys")] {
            let path = format!("{path}.{field}");
            if term["labelSelector"].is_null() && !list(keys).is_empty() {
                self.forbidden(path, "must not be specified when labelSelector is not set");
                continue;
            }
            for (key, path) in each(keys, &path) {
                self.complaints(&path, text(key), names::qualified_name(text(key)));
            }
        }
        for (key, path) in each(wanted, &format!("{path}.matchLabelKeys")) {
            if list(unwanted).contains(key) {
                self.invalid(path, quote(text(key)), "exists in both matchLabelKeys and mismatchLabelKeys");
            }
        }
        let key = text(&term["topologyKey"]);
        let path = format!("{path}.topologyKey");
        if key.is_empty() {
            self.required(&path, "can not be empty");
        }
        self.complaints(&path, key, names::qualified_name(key));
    }

    /// `validatePodDNSConfig`
    pub(super) fn dns_config(&mut self, spec: &Value, path: &str) {
        let config = &spec["dnsConfig"];
        if text(&spec["dnsPolicy"]) == "None" {
            if config.is_null() {
                return self.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
            } else if list(&config["nameservers"]).is_empty() {
                let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
                return self.required(format!("{path}.nameservers"), detail);
            }
        }
        let servers = &config["nameservers"];
        if list(servers).len() > 3 {
            self.invalid(format!("{path}.nameservers"), servers.to_json(), "must not have more than 3 nameservers");
        }
        for (server, path) in each(servers, &format!("{path}.nameservers")) {
            self.ip(text(server), path);
        }
        let searches = &config["searches"];
        let length: usize = list(searches).iter().map(|search| text(search).len() + 1).sum();
        if list(searches).len() > 32 {
            self.invalid(format!("{path}.searches"), searches.to_json(), "must not have more than 32 search paths");
        }
        if length > 2049 {
            let detail = "must not have more than 2048 characters (including spaces) in the search list";
            self.invalid(format!("{path}.searches"), searches.to_json(), detail);
        }
        for (search, path) in each(searches, &format!("{path}.searches")).filter(|(search, _)| text(search) != ".") {
            let search = text(search).strip_suffix('.').unwrap_or(text(search));
            self.complaints(&path, search, names::search_path(search));
        }
        for (option, path) in each(&config["options"], &format!("{path}.options")) {
            if text(&option["name"]).is_empty() {
                self.required(path, "must not be empty");
            }
        }
    }

    pub(super) fn scheduling_gates(&mut self, gates: &Value, path: &str) {
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
    pub(super) fn spread(&mut self, constraints: &Value, path: &str) {
        let mut last = BTreeMap::new();
        for (index, constraint) in list(constraints).iter().enumerate() {
            last.insert((text(&constraint["topologyKey"]), text(&constraint["whenUnsatisfiable"])), index);
        }
        for (index, (constraint, path)) in each(constraints, path).enumerate() {
            let skew = int(&constraint["maxSkew"]);
            if skew <= 0 {
                self.invalid(format!("{path}.maxSkew"), skew.to_string(), "must be greater than zero");
            }
            let key = text(&constraint["topologyKey"]);
            if key.is_empty() {
                self.required(format!("{path}.topologyKey"), "can not be empty");
            }
            let action = text(&constraint["whenUnsatisfiable"]);
            let actions = ["DoNotSchedule", "ScheduleAnyway"];
            if !actions.contains(&action) {
                self.not_supported(format!("{path}.whenUnsatisfiable"), quote(action), &actions);
            }
            // The original compares each with those after it.
            if last.get(&(key, action)).is_some_and(|last| *last > index) {
                self.duplicate(format!("{path}.{{topologyKey, whenUnsatisfiable}}"), &format!("{{{key}, {action}}}"));
            }
            if let Some(domains) = constraint["minDomains"].as_int() {
                let path = format!("{path}.minDomains");
                if domains <= 0 {
                    self.invalid(&path, domains.to_string(), "must be greater than zero");
                }
                if action != "DoNotSchedule" {
                    let detail = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
                    self.invalid(path, domains.to_string(), detail);
                }
            }
            for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
                if let Some(policy) = constraint[field].as_str() {
                    self.supported(policy, format!("{path}.{field}"), &["Honor", "Ignore"]);
                }
            }
            self.spread_keys(constraint, &format!("{path}.matchLabelKeys"));
            self.label_selector(&constraint["labelSelector"], &format!("{path}.labelSelector"));
        }
    }

    /// `validateMatchLabelKeysInTopologySpread`
    fn spread_keys(&mut self, constraint: &Value, path: &str) {
        let (keys, selector) = (&constraint["matchLabelKeys"], &constraint["labelSelector"]);
        if selector.is_null() && !list(keys).is_empty() {
            self.forbidden(path, "must not be specified when labelSelector is not set");
        }
        for (key, path) in each(keys, path) {
            let key = text(key);
            self.complaints(&path, key, names::qualified_name(key));
            let expressions = list(&selector["matchExpressions"]);
            if selector["matchLabels"].get(key).is_some() || expressions.iter().any(|it| text(&it["key"]) == key) {
                self.invalid(path, quote(key), "exists in both matchLabelKeys and labelSelector");
            }
        }
    }

    /// `ValidateTolerations`
    pub(super) fn tolerations(&mut self, tolerations: &Value, path: &str) {
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
    pub(super) fn os(&mut self, spec: &Value, path: &str) {
        let os = &spec["os"];
        if os.is_null() {
            return;
        }
        match text(&os["name"]) {
            "windows" | "linux" => {}
            "" => return self.required(format!("{path}.os.name"), ""),
            other => return self.not_supported(format!("{path}.os"), quote(other), &["linux", "windows"]),
        }
        let windows = text(&os["name"]) == "windows";
        let detail =
            if windows { "cannot be set for a windows pod" } else { "windows options cannot be set for a linux pod" };
        let mut forbid = |context: &Value, fields: &[&str], path: &str| {
            let is_set = |value: &Value| !value.is_null() && value.as_list().is_none_or(|items| !items.is_empty());
            for field in fields.iter().filter(|field| is_set(&context[**field])) {
                self.forbidden(format!("{path}.{field}"), detail);
            }
        };
        let (context, security) = (&spec["securityContext"], format!("{path}.securityContext"));
        if !windows {
            forbid(context, &["windowsOptions"], &security);
        } else {
            forbid(context, &["appArmorProfile", "seLinuxOptions"], &security);
            forbid(spec, &["hostUsers"], path);
            for field in ["hostPID", "hostIPC"].into_iter().filter(|field| truth(&spec[*field])) {
                forbid(spec, &[field], path);
            }
            forbid(context, &["seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls"], &security);
            forbid(spec, &["shareProcessNamespace"], path);
            forbid(context, &["runAsUser", "runAsGroup", "supplementalGroups"], &security);
            forbid(context, &["supplementalGroupsPolicy", "seLinuxChangePolicy"], &security);
        }
        let container =
            ["appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem"];
        let container_more = ["privileged", "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup"];
        for (of, path) in each_container(spec, path) {
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

/// A sysctl of the network's namespace (`sysctl.GetNamespace`).
fn is_of_network(name: &str) -> bool {
    name.starts_with("net.") || name.starts_with("net/")
}

/// A sysctl of the namespace of communication between processes.
fn is_of_ipc(name: &str) -> bool {
    let name = name.replace('/', ".");
    name == "kernel.sem" || ["kernel.shm", "kernel.msg", "fs.mqueue."].iter().any(|it| name.starts_with(it))
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
