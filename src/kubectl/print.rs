//! What `-o` may ask for: tables, YAML, JSON, names, JSONPath, custom columns.

use crate::api::value::Map;
use crate::api::{SimTime, Value};
use crate::manifest;

use super::columns::{self, Style};
use super::layout;
use super::line::Line;
use super::path::{self, Template};
use super::resources::{Item, Resource};

/// A way to print objects.
#[derive(Clone, Debug)]
pub enum Format {
    Table(Style),
    Yaml,
    Json,
    Name,
    Path(Template),
    Columns { columns: Vec<(String, Template)>, headers: bool },
}

/// In the order in which kubectl names them.
const FORMATS: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,\
                       jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

impl Format {
    /// What a line's `-o` and the flags about tables ask for.
    ///
    /// # Errors
    /// A format that there is not, or is not simulated.
    pub fn of(line: &Line) -> Result<Format, String> {
        let output = line.flag("output").unwrap_or_default();
        let (name, rest) = match output.split_once('=') {
            Some((name, rest)) => (name, Some(rest)),
            None => (output, line.flag("template")),
        };
        if line.is("show-labels") && !name.is_empty() && name != "wide" {
            return Err(format!("error: --show-labels option cannot be used with {name} printer"));
        }
        let template = || match rest {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err("error: template format specified but no template given".to_owned()),
        };
        Ok(match name {
            "" | "wide" => Format::Table(Style {
                wide: name == "wide",
                with_namespace: line.is("all-namespaces"),
                with_kind: line.is("show-kind"),
                label_columns: line.list("label-columns").into_iter().map(str::to_owned).collect(),
                show_labels: line.is("show-labels"),
                no_headers: line.is("no-headers"),
            }),
            "yaml" => Format::Yaml,
            "json" => Format::Json,
            "name" => Format::Name,
            "jsonpath" | "jsonpath-as-json" => {
                let text = template()?;
                let read = Template::parse(text);
                let read = read.map_err(|error| format!("error: error parsing jsonpath {text}, {error}"))?;
                Format::Path(if name == "jsonpath" { read } else { read.in_json() })
            }
            "custom-columns" => Format::Columns { columns: custom_columns(rest)?, headers: !line.is("no-headers") },
            _ if FORMATS.split(',').any(|known| known == name) => {
                return Err(format!(
                    "error: the output format {name:?} is not supported here, these are: \
                     custom-columns,json,jsonpath,jsonpath-as-json,name,wide,yaml"
                ));
            }
            _ => {
                return Err(format!(
                    "error: unable to match a printer suitable for the output format {name:?}, allowed formats are: \
                     {FORMATS}"
                ));
            }
        })
    }
}

/// `NAME:.metadata.name,NODE:.spec.nodeName`
fn custom_columns(text: Option<&str>) -> Result<Vec<(String, Template)>, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Err("error: custom-columns format specified but no custom columns given".to_owned());
    };
    let column = |part: &str| {
        let (header, path) = part.split_once(':').filter(|(_, path)| !path.contains(':')).ok_or_else(|| {
            format!("error: unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
        })?;
        Ok((header.to_owned(), path::relaxed(path).map_err(|error| format!("error: {error}"))?))
    };
    text.split(',').map(column).collect()
}

/// One object, or a `List` of several.
pub fn objects(format: &Format, items: &[&Item], single: bool, now: SimTime) -> Result<String, String> {
    match format {
        Format::Name => Ok(items.iter().map(|item| item.full_name() + "\n").collect()),
        Format::Columns { columns, headers } => {
            let mut rows = Vec::new();
            if *headers {
                rows.push(columns.iter().map(|(header, _)| header.clone()).collect());
            }
            rows.extend(items.iter().map(|item| cells(columns, item)));
            Ok(layout::table(&rows, &mut Vec::new()))
        }
        Format::Table(style) => {
            let mut out = String::new();
            for item in items {
                out.push_str(&table(item.resource, &[item], style, now, &mut Vec::new()));
            }
            Ok(out)
        }
        _ => {
            let whole = match (items, single) {
                ([item], true) => item.value.clone(),
                _ => list(items.iter().map(|item| item.value.clone()).collect()),
            };
            value(format, &whole)
        }
    }
}

/// A `List` of objects.
pub fn list(items: Vec<Value>) -> Value {
    [
        ("apiVersion", Value::from("v1")),
        ("items", Value::List(items)),
        ("kind", "List".into()),
        ("metadata", [("resourceVersion", Value::from(""))].into()),
    ]
    .into()
}

/// The custom columns of an object.
pub fn cells(columns: &[(String, Template)], item: &Item) -> Vec<String> {
    let cell = |(_, path): &(String, Template)| {
        let values: Vec<String> = path.values(&item.value).iter().map(path::go).collect();
        if values.is_empty() { "<none>".to_owned() } else { values.join(",") }
    };
    columns.iter().map(cell).collect()
}

/// One object of a `List` that is printed a portion at a time, with the beginning of the list before the first.
pub fn of_list(format: &Format, item: &Item, first: bool) -> String {
    match format {
        Format::Name => item.full_name() + "\n",
        Format::Yaml => {
            let head = if first { "apiVersion: v1\nitems:\n" } else { "" };
            [head, &manifest::print(&Value::List(vec![item.value.clone()]))].concat()
        }
        _ => {
            let mut out = if first { "{\n    \"apiVersion\": \"v1\",\n    \"items\": [" } else { "," }.to_owned();
            out.push_str("\n        ");
            json(&item.value, 2, &mut out);
            out
        }
    }
}

/// What stands behind the last one; `empty` if there was none.
pub fn end_of_list(format: &Format, empty: bool) -> &'static str {
    match (format, empty) {
        (Format::Yaml, false) => "kind: List\nmetadata:\n  resourceVersion: \"\"\n",
        (Format::Yaml, true) => "apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: \"\"\n",
        (Format::Json, false) => {
            "\n    ],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n"
        }
        (Format::Json, true) => {
            "{\n    \"apiVersion\": \"v1\",\n    \"items\": [],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \
             \"resourceVersion\": \"\"\n    }\n}\n"
        }
        _ => "",
    }
}

/// A bare value.
pub fn value(format: &Format, value: &Value) -> Result<String, String> {
    match format {
        Format::Yaml => Ok(manifest::print(value)),
        Format::Path(template) => template.fill(value).map_err(|error| {
            let mut text = template.failure(&error);
            path::go_syntax(value, &mut text);
            text + "\n\n"
        }),
        _ => {
            let mut out = String::new();
            json(value, 0, &mut out);
            out.push('\n');
            Ok(out)
        }
    }
}

pub fn table(resource: &Resource, items: &[&Item], style: &Style, now: SimTime, widths: &mut Vec<usize>) -> String {
    let mut rows = Vec::new();
    if !style.no_headers {
        rows.push(columns::header(resource, style));
    }
    rows.extend(items.iter().map(|item| columns::row(resource, &item.value, style, now)));
    layout::table(&rows, widths)
}

/// JSON with four blanks for each level, as kubectl prints it.
pub fn json(value: &Value, depth: usize, out: &mut String) {
    let indent = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", depth));
    };
    match value {
        Value::List(list) if !list.is_empty() => {
            out.push('[');
            for (index, item) in list.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                indent(out, depth + 1);
                json(item, depth + 1, out);
            }
            indent(out, depth);
            out.push(']');
        }
        Value::Map(map) if !map.is_empty() => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                indent(out, depth + 1);
                out.push_str(&Value::from(key.as_str()).to_json());
                out.push_str(": ");
                json(item, depth + 1, out);
            }
            indent(out, depth);
            out.push('}');
        }
        other => out.push_str(&other.to_json()),
    }
}

/// An empty map, for objects to be built in.
pub fn empty() -> Value {
    Value::Map(Map::new())
}
