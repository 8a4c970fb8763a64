//! Shortens what a module and wasm-bindgen's script call each other by: names that say what they are for, with a hash, and
//! so a good part of what is downloaded.

use super::module::{Module, Result, section};
use super::split::{write_name, write_number, write_section};

/// What the long names begin with, be they of what the script or of what the module lends the other.
const LONG: [&str; 2] = ["__wb", "wasm_bindgen_"];

/// Both with short names, and the script without comments and indentation.
pub fn shorten(module: &[u8], script: &str) -> Result<(Vec<u8>, String)> {
    let module = Module::read(module)?;
    let imports = module.imports.iter().map(|import| import.name);
    let exports = module.exports.iter().map(|export| export.name);
    let mut names: Vec<&str> =
        imports.chain(exports).filter(|name| LONG.iter().any(|it| name.starts_with(it))).collect();
    names.sort_unstable();
    names.dedup();
    let short = |name: &str| names.binary_search(&name).map_or_else(|_| name.to_owned(), |at| format!("_{at}"));

    let mut out = Vec::from(*b"\0asm\x01\0\0\0");
    for (id, content) in &module.sections {
        let mut written = Vec::new();
        match *id {
            section::IMPORT => {
                write_number(&mut written, module.imports.len() as u32);
                for import in &module.imports {
                    write_name(&mut written, import.from);
                    write_name(&mut written, &short(import.name));
                    written.push(import.kind);
                    written.extend(import.description);
                }
            }
            section::EXPORT => {
                write_number(&mut written, module.exports.len() as u32);
                for export in &module.exports {
                    write_name(&mut written, &short(export.name));
                    written.push(export.kind);
                    write_number(&mut written, export.index);
                }
            }
            _ => written.extend(*content),
        }
        write_section(&mut out, *id, &written);
    }

    let is_comment = |line: &str| line.starts_with("/**") || line.starts_with("* ") || line.starts_with("*/");
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty() && !is_comment(line));
    let script = lines.collect::<Vec<_>>().join("\n");
    let mut shorter = String::with_capacity(script.len());
    for line in returned_at_once(&script).lines() {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        let mut rest = line;
        while let Some(begin) = rest.find(is_of_name) {
            let end = rest[begin..].find(|c| !is_of_name(c)).map_or(rest.len(), |length| begin + length);
            shorter.push_str(&rest[..begin]);
            shorter.push_str(&short(&rest[begin..end]));
            rest = &rest[end..];
        }
        shorter.push_str(rest);
        shorter.push('\n');
    }
    Ok((out, shorter))
}

/// `const ret = a(b);` and `return ret;` in one line.
fn returned_at_once(script: &str) -> String {
    let mut parts = script.split("const ret = ");
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('\n') {
            Some((value, rest)) if rest.starts_with("return ret;\n") => {
                short += &format!("return {value}\n{}", &rest["return ret;\n".len()..]);
            }
            _ => short += &format!("const ret = {part}"),
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_returned_needs_no_name() {
        let script = "f {\nconst ret = a;\nreturn ret;\n}\ng {\nconst ret = b;\nh(ret);\nreturn ret;\n}\n";
        let short = "f {\nreturn a;\n}\ng {\nconst ret = b;\nh(ret);\nreturn ret;\n}\n";
        assert_eq!(returned_at_once(script), short);
    }
}
