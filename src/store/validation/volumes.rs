//! The volumes of a pod (`ValidateVolumes`).

use super::env::VOLUME_FIELDS;
use super::names;
use super::{Errors, each, entries, int, quote, text};
use crate::api::quantity::Quantity;
use crate::api::value::Value;

/// The volumes of a pod that containers can mount: those without an error.
pub(super) type Volumes<'a> = Vec<(&'a str, &'a Value)>;

impl Errors {
    /// `ValidateVolumes`; gives those that may be mounted.
    pub(super) fn volumes<'a>(&mut self, volumes: &'a Value, path: &str) -> Volumes<'a> {
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
    pub(super) fn volume_source(&mut self, volume: &Value, path: &str) {
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

    pub(super) fn one_volume_source(&mut self, kind: &str, source: &Value, path: &str) {
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

    pub(super) fn host_path(&mut self, source: &Value, path: &str) {
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

    pub(super) fn no_backsteps(&mut self, target: &str, path: String) {
        if target.split('/').any(|part| part == "..") {
            self.invalid(path, quote(target), "must not contain '..'");
        }
    }

    /// `validateLocalDescendingPath`
    pub(super) fn descending_path(&mut self, target: &str, path: String) {
        if target.starts_with('/') {
            self.invalid(&path, quote(target), "must be a relative path");
        }
        self.no_backsteps(target, path);
    }

    pub(super) fn mode(&mut self, source: &Value, field: &str, path: &str) {
        let mode = int(&source[field]);
        if !(0..=0o777).contains(&mode) {
            let detail = "must be a number between 0 and 0777 (octal), both inclusive";
            self.invalid(format!("{path}.{field}"), mode.to_string(), detail);
        }
    }

    /// `validateKeyToPath`
    pub(super) fn key_paths(&mut self, items: &Value, path: &str) {
        for (item, path) in each(items, path) {
            if text(&item["key"]).is_empty() {
                self.required(format!("{path}.key"), "");
            }
            self.local_path(item, &path);
            self.mode(item, "mode", &path);
        }
    }

    pub(super) fn local_path(&mut self, item: &Value, path: &str) {
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

    pub(super) fn downward_items(&mut self, items: &Value, path: &str) {
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

    pub(super) fn projections(&mut self, sources: &Value, path: &str) {
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
}
