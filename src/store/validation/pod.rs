//! What the server refuses in a pod or a pod template (`ValidatePodSpec`).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Errors, Names, TAINT_EFFECTS, each, int, list, names, quote, text, truth, typed_json};
use crate::api::value::Value;

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

    pub(super) fn optional_name(&mut self, spec: &Value, field: &str, path: &str, rule: fn(&str) -> Vec<String>) {
        let name = text(&spec[field]);
        if !name.is_empty() {
            self.complaints(&format!("{path}.{field}"), name, rule(name));
        }
    }

    pub(super) fn ip(&mut self, address: &str, path: String) {
        if address.parse::<IpAddr>().is_err() {
            self.invalid(path, quote(address), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        }
    }

    /// `ValidateSecurityContext`
    pub(super) fn container_security(&mut self, context: &Value, path: &str) {
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

    pub(super) fn ids(&mut self, context: &Value, fields: &[&str], path: &str) {
        for field in fields {
            if let Some(id) = context[*field].as_int() {
                for complaint in names::user_id(id) {
                    self.invalid(format!("{path}.{field}"), id.to_string(), complaint);
                }
            }
        }
    }

    /// `validateSeccompProfileField`, `validateAppArmorProfileField`
    pub(super) fn profiles(&mut self, context: &Value, path: &str) {
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
    pub(super) fn affinity(&mut self, affinity: &Value, path: &str) {
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

    pub(super) fn weight(&mut self, preferred: &Value, path: &str) {
        let weight = int(&preferred["weight"]);
        if !(1..=100).contains(&weight) {
            self.invalid(format!("{path}.weight"), weight.to_string(), "must be in the range 1-100");
        }
    }

    /// `ValidateNodeSelectorTerm`
    pub(super) fn node_selector_term(&mut self, term: &Value, path: &str) {
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
    pub(super) fn pod_affinity_term(&mut self, term: &Value, path: &str) {
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
    pub(super) fn dns_config(&mut self, spec: &Value, path: &str) {
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
