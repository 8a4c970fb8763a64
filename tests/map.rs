//! The house keeps its plan: which room may use which, and what the rooms of the core must not know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each room and those that it may use, beside what these use in turn.
const ARROWS: [(&str, &[&str]); 13] = [
    ("api", &[]),
    ("manifest", &["api"]),
    ("store", &["api"]),
    ("controllers", &["store"]),
    ("scheduler", &["store"]),
    ("kubelet", &["store"]),
    ("engine", &["controllers", "scheduler", "kubelet", "manifest"]),
    ("kubectl", &["engine"]),
    ("lesson", &["engine"]),
    ("view", &["engine"]),
    ("ui", &["kubectl", "lesson", "view", "platform"]),
    ("platform", &[]),
    // The roots of the crate name the rooms.
    ("", &["ui"]),
];
/// The rooms that run natively as well as in the browser, and always come to the same.
const CORE: [&str; 10] =
    ["api", "manifest", "store", "controllers", "scheduler", "kubelet", "engine", "kubectl", "lesson", "view"];
const LINES_MAX: usize = 1000;
/// What is longer still, to be parted; never to grow.
const TOO_LONG: [(&str, usize); 1] = [("store/validation/pod.rs", 1200)];

struct Source {
    /// Below `src`, with slashes.
    path: String,
    /// The modules that lead here: `engine`, `sim`.
    modules: Vec<String>,
    /// Without comments, the insides of strings, and tests.
    code: String,
    lines: usize,
}

impl Source {
    fn room(&self) -> &str {
        self.modules.first().map_or("", String::as_str)
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.sort();
    let sources = files.iter().map(|file| {
        let text = std::fs::read_to_string(file).unwrap();
        let path = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let mut modules: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if modules.last().is_some_and(|name| ["mod", "lib", "main"].contains(&name.as_str())) {
            modules.pop();
        }
        let code = without_tests(&without_texts(&text));
        Source { path, modules, lines: code.trim_end().lines().count(), code }
    });
    sources.collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
}

/// Comments and the insides of strings and characters become blanks; lines stay.
fn without_texts(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut code = String::with_capacity(text.len());
    let mut index = 0;
    let blank = |code: &mut String, from: usize, to: usize| {
        code.extend(chars[from..to.min(chars.len())].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        to
    };
    while index < chars.len() {
        let word_before = index > 0 && (at(index - 1).is_alphanumeric() || at(index - 1) == '_');
        index = match (at(index), at(index + 1)) {
            ('/', '/') => {
                let end = (index..chars.len()).find(|it| chars[*it] == '\n').unwrap_or(chars.len());
                blank(&mut code, index, end)
            }
            ('/', '*') => {
                let mut depth = 1;
                let mut end = index + 2;
                while depth > 0 && end < chars.len() {
                    match (at(end), at(end + 1)) {
                        ('/', '*') => (depth, end) = (depth + 1, end + 2),
                        ('*', '/') => (depth, end) = (depth - 1, end + 2),
                        _ => end += 1,
                    }
                }
                blank(&mut code, index, end)
            }
            ('r', '"' | '#') if !word_before && raw_hashes(&chars, index + 1).is_some() => {
                let hashes = raw_hashes(&chars, index + 1).unwrap_or(0);
                let mut end = index + 2 + hashes;
                while end < chars.len() && !(at(end) == '"' && (1..=hashes).all(|it| at(end + it) == '#')) {
                    end += 1;
                }
                blank(&mut code, index, end + 1 + hashes)
            }
            ('"', _) => {
                let mut end = index + 1;
                while end < chars.len() && at(end) != '"' {
                    end += if at(end) == '\\' { 2 } else { 1 };
                }
                blank(&mut code, index, end + 1)
            }
            ('\'', '\\') => {
                let end = (index + 3..chars.len()).find(|it| chars[*it] == '\'').unwrap_or(chars.len());
                blank(&mut code, index, end + 1)
            }
            ('\'', _) if at(index + 2) == '\'' => blank(&mut code, index, index + 3),
            (other, _) => {
                code.push(other);
                index + 1
            }
        };
    }
    code
}

/// The number of `#` of a raw string that begins here, if one does.
fn raw_hashes(chars: &[char], from: usize) -> Option<usize> {
    let hashes = chars[from..].iter().take_while(|c| **c == '#').count();
    (chars.get(from + hashes) == Some(&'"')).then_some(hashes)
}

/// Leaves out whatever `#[cfg(test)]` stands before.
fn without_tests(code: &str) -> String {
    let mut rest = code;
    let mut kept = String::new();
    while let Some(found) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..found]);
        rest = &rest[found..];
        let mut depth = 0;
        let end = rest.char_indices().find(|(_, c)| {
            depth += match c {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            depth == 0 && (*c == '}' || *c == ';')
        });
        rest = &rest[end.map_or(rest.len(), |(at, c)| at + c.len_utf8())..];
    }
    kept + rest
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The rooms that a file names: `crate::api`, `crate::{api, store::..}`, `super::super::api`.
fn rooms_used(source: &Source) -> BTreeSet<String> {
    let code: String =
        source.code.split_whitespace().collect::<Vec<_>>().join(" ").replace(":: ", "::").replace(" ::", "::");
    let mut used = BTreeSet::new();
    let mut take = |path: &str| match path.strip_prefix('{') {
        Some(group) => {
            let mut depth = 0;
            let mut start = true;
            let mut names = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        start = true;
                        names.push(' ');
                    }
                    ':' => start = false,
                    c if depth == 0 && start => names.push(c),
                    _ => {}
                }
            }
            used.extend(words(&names).filter(|word| *word != "self").map(str::to_owned));
        }
        None => used.extend(words(path).next().map(str::to_owned)),
    };
    for (at, _) in code.match_indices("crate::") {
        take(&code[at + "crate::".len()..]);
    }
    // As many steps up as there are modules lead to the root of the crate.
    let up = "super::".repeat(source.modules.len());
    for (at, _) in code.match_indices(&up).filter(|_| !source.modules.is_empty()) {
        let after = &code[at + up.len()..];
        if !after.starts_with("super::") {
            take(after);
        }
    }
    used
}

fn reachable(room: &str) -> BTreeSet<&'static str> {
    let direct = ARROWS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, uses)| uses);
    direct.iter().flat_map(|used| reachable(used).into_iter().chain([*used])).collect()
}

#[test]
fn rooms_use_only_the_rooms_to_their_left() {
    let rooms: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    let mut faults = Vec::new();
    for source in sources() {
        let room = source.room();
        if !rooms.contains(room) {
            faults.push(format!("{}: no such room on the plan", source.path));
        }
        for used in rooms_used(&source) {
            if used != room && rooms.contains(used.as_str()) && !reachable(room).contains(used.as_str()) {
                faults.push(format!("{}: {room} must not use {used}", source.path));
            }
        }
    }
    assert_eq!(faults, [] as [String; 0]);
}

#[test]
fn controllers_do_not_know_each_other() {
    let mut controllers = BTreeMap::new();
    for source in sources().into_iter().filter(|source| source.room() == "controllers" && source.modules.len() > 1) {
        let code: String = source.code.split_whitespace().collect();
        controllers.entry(source.modules[1].clone()).or_insert_with(String::new).push_str(&code);
    }
    assert!(controllers.len() > 2);
    for (one, code) in &controllers {
        for other in controllers.keys().filter(|other| *other != one) {
            assert!(!words(code).any(|word| word == other), "{one} names {other}");
        }
    }
}

#[test]
fn the_core_knows_no_browser_and_no_clock_and_leaves_nothing_to_the_order_of_a_hash() {
    let forbidden = [
        "Instant",
        "SystemTime",
        "HashSet",
        "RandomState",
        "web_sys",
        "js_sys",
        "wasm_bindgen",
        "wasm_bindgen_futures",
        "gloo",
        "yew",
        "thread_local",
        "thread",
    ];
    for source in sources().iter().filter(|source| CORE.contains(&source.room())) {
        let found: Vec<&str> = words(&source.code).filter(|word| forbidden.contains(word)).collect();
        assert!(found.is_empty(), "{} names {found:?}", source.path);
    }
}

/// Looking something up is no harm; walking over it is.
#[test]
fn no_hash_map_is_walked_over() {
    for source in sources().iter().filter(|source| source.code.contains("HashMap")) {
        let code = source.code.split_whitespace().collect::<Vec<_>>().join(" ");
        let names: BTreeSet<&str> = code
            .match_indices("HashMap")
            .map(|(at, _)| code[..at].trim_end_matches("std::collections::").trim_end_matches(['&', ' ']))
            .filter_map(|before| before.strip_suffix(':'))
            .filter_map(|before| words(before).last())
            .collect();
        assert!(!names.is_empty(), "{}: a HashMap without a name", source.path);
        for name in names {
            for walk in ["iter", "iter_mut", "keys", "values", "values_mut", "into_iter", "drain", "retain"] {
                assert!(!code.contains(&format!("{name}.{walk}(")), "{}: {name}.{walk}()", source.path);
            }
            for walked in [format!("in {name} {{"), format!("in &{name} {{")] {
                assert!(!code.contains(&walked), "{}: for .. {walked}", source.path);
            }
        }
    }
}

#[test]
fn only_the_manifest_room_reads_yaml() {
    for source in sources().iter().filter(|source| source.room() != "manifest") {
        let found = words(&source.code).find(|word| ["serde_yaml", "saphyr_parser"].contains(word));
        assert_eq!(found, None, "{}", source.path);
    }
}

#[test]
fn nothing_outside_of_tests_is_written_to_panic() {
    let raised = ["panic!", "unreachable!", "todo!", "unimplemented!", ".unwrap()", ".unwrap_err()"];
    let mut faults = Vec::new();
    for source in sources() {
        let code = source.code.as_str();
        let line = |at: usize| code[..at].lines().count();
        for name in raised {
            faults.extend(code.match_indices(name).map(|(at, _)| format!("{}:{}: {name}", source.path, line(at))));
        }
        // With a text, which is blank here; a method of that name with other arguments is another one.
        let with_text = |at: usize| code[at..].trim_start().starts_with(')');
        let expects = code.match_indices(".expect(").filter(|(at, call)| with_text(at + call.len()));
        faults.extend(expects.map(|(at, _)| format!("{}:{}: .expect", source.path, line(at))));
        let asserted =
            ["assert!", "assert_eq!", "assert_ne!"].map(|name| code.matches(name).count()).iter().sum::<usize>();
        let while_debugging = code.matches("debug_assert").count();
        if asserted > while_debugging {
            faults.push(format!("{}: {} assertions", source.path, asserted - while_debugging));
        }
    }
    assert_eq!(faults, [] as [String; 0]);
}

#[test]
fn every_file_is_part_of_the_crate() {
    let sources = sources();
    let mut named: BTreeSet<String> = ["lib.rs", "main.rs"].map(str::to_owned).into();
    for source in &sources {
        let code = source.code.split_whitespace().collect::<Vec<_>>().join(" ");
        for (at, _) in code.match_indices("mod ") {
            let rest = &code[at + "mod ".len()..];
            let Some((name, _)) = rest.split_once(';').filter(|(name, _)| !name.contains([' ', '{'])) else { continue };
            let path = source.modules.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/");
            named.insert(format!("{path}.rs"));
            named.insert(format!("{path}/mod.rs"));
        }
    }
    let lost: Vec<&str> =
        sources.iter().map(|source| source.path.as_str()).filter(|path| !named.contains(*path)).collect();
    assert_eq!(lost, [] as [&str; 0]);
}

#[test]
fn no_file_is_too_long_to_be_read_at_once() {
    let limit = |path: &str| TOO_LONG.iter().find(|(it, _)| *it == path).map_or(LINES_MAX, |(_, limit)| *limit);
    let long = |source: &Source| source.lines > limit(&source.path);
    let files: Vec<String> =
        sources().into_iter().filter(long).map(|source| format!("{}: {} lines", source.path, source.lines)).collect();
    assert_eq!(files, [] as [String; 0]);
}

#[test]
fn the_reader_of_sources_reads_them_rightly() {
    let text = "use crate::{api::{Pod, Node}, store}; // crate::engine\nlet a = \"crate::ui\"; let c = '\"'; let l: &'a str;\n\
                let r = r#\"crate::view \" \"#; super::super::kubelet::x();\n#[cfg(test)]\nmod tests { use crate::engine; }\n";
    let code = without_tests(&without_texts(text));
    let source = Source { path: String::new(), modules: vec!["scheduler".into(), "a".into()], code, lines: 0 };
    assert_eq!(rooms_used(&source), ["api", "kubelet", "store"].map(str::to_owned).into());
}
