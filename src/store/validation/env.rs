//! Environment variables, and what the downward API may show (`ValidateEnv`).

use super::{Errors, each, each_container, list, names, quote, text};
use crate::api::value::Value;

impl Errors {
    /// `ValidateEnv`
    pub(super) fn env(&mut self, env: &Value, path: &str) {
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
    pub(super) fn value_from(&mut self, variable: &Value, path: &str) {
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
                _ => self.file_key(source, &path),
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

    /// `validateFileKeySelector`
    fn file_key(&mut self, source: &Value, path: &str) {
        for (field, rule) in [("key", names::env_name as fn(&str) -> Vec<String>), ("volumeName", names::dns_label)] {
            let at = format!("{path}.{field}");
            match text(&source[field]) {
                "" => self.required(at, ""),
                name => self.complaints(&at, name, rule(name)),
            }
        }
        match text(&source["path"]) {
            "" => self.required(format!("{path}.path"), ""),
            file => self.no_backsteps(file, format!("{path}.path")),
        }
    }

    /// `validateFileKeyRefVolumes`
    pub(super) fn files_of_variables(&mut self, spec: &Value, path: &str) {
        for (container, path) in each_container(spec, path) {
            for (variable, path) in each(&container["env"], &format!("{path}.env")) {
                let source = &variable["valueFrom"]["fileKeyRef"];
                if source.is_null() {
                    continue;
                }
                let (name, at) = (text(&source["volumeName"]), format!("{path}.valueFrom.fileKeyRef.volumeName"));
                match list(&spec["volumes"]).iter().rfind(|volume| text(&volume["name"]) == name) {
                    None => self.not_found(at, name),
                    Some(volume) if volume["emptyDir"].is_null() => {
                        self.invalid(at, quote(name), "referenced volume must be of type emptyDir");
                    }
                    Some(_) => {}
                }
            }
        }
    }

    pub(super) fn config_key(&mut self, key: &Value, path: String) {
        match text(key) {
            "" => self.required(path, ""),
            key => self.complaints(&path, key, names::config_map_key(key)),
        }
    }

    /// `validateObjectFieldSelector`
    pub(super) fn field_selector(&mut self, selector: &Value, path: &str, supported: &[&str]) {
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
            Some(key) if field == "metadata.annotations" => {
                self.complaints(path, &key.to_ascii_lowercase(), names::qualified_name(&key.to_ascii_lowercase()));
            }
            Some(key) => self.complaints(path, key, names::qualified_name(key)),
            None if supported.contains(&field) => {}
            None => self.not_supported(at, quote(field), supported),
        }
    }

    /// `validateContainerResourceFieldSelector`
    pub(super) fn resource_selector(&mut self, selector: &Value, path: &str, of_volume: bool) {
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
        self.divisor(resource, text(&selector["divisor"]), path);
    }

    /// `validateContainerResourceDivisor`
    fn divisor(&mut self, resource: &str, divisor: &str, path: &str) {
        let what = match resource.split_once('.') {
            Some(("limits" | "requests", "cpu")) => "cpu",
            Some(("limits" | "requests", "memory")) => "memory",
            Some(("limits" | "requests", "ephemeral-storage")) => "local ephemeral storage",
            Some(("limits" | "requests", other)) if other.starts_with("hugepages-") => "hugepages",
            _ => return,
        };
        let unit = ["", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
        let good = match what {
            "cpu" => matches!(divisor, "1" | "1m"),
            _ => divisor.strip_prefix('1').is_some_and(|rest| unit.contains(&rest)),
        };
        if good || divisor.is_empty() || divisor == "0" {
            return;
        }
        let values = if what == "cpu" {
            "1m and 1".to_owned()
        } else {
            unit.iter().map(|unit| format!("1{unit}")).collect::<Vec<_>>().join(", ")
        };
        let detail = format!("only divisor's values {values} are supported with the {what} resource");
        self.invalid(format!("{path}.divisor"), quote(resource), detail);
    }

    /// `ValidateEnvFrom`
    pub(super) fn env_from(&mut self, sources: &Value, path: &str) {
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

/// What a downward API volume may show.
pub(super) const VOLUME_FIELDS: [&str; 5] =
    ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
