//! A typed line to a verb, its arguments and its flags, as a shell and kubectl's flag library (pflag) read them.

use std::cell::{Cell, OnceCell, RefCell};

use super::resources::Resource;
use super::verbs::{self, Flag, Verb};
use crate::api::ObjectKey;

/// A line that was understood.
#[derive(Clone, Debug)]
pub struct Line {
    pub verb: &'static Verb,
    pub args: Vec<String>,
    /// Set flags by their long name, the last one of a name counts.
    flags: Vec<(&'static str, String)>,
    /// The whole line as the log shows it.
    pub text: String,
    /// What it is about, if that is looked at in portions.
    pub chosen: Chosen,
}

/// The objects that a line is about, as they were when it was typed, and how many of them have had their turn.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    pub keys: OnceCell<Vec<(&'static Resource, ObjectKey)>>,
    pub done: Cell<usize>,
    /// `drain` goes through its nodes twice: all are cordoned before the first is drained.
    pub drains: Cell<bool>,
    /// The nodes that it could not drain, and why not.
    pub undrained: RefCell<Vec<(String, Vec<String>)>>,
}

impl Chosen {
    pub fn count(&self) -> usize {
        self.keys.get().map_or(0, Vec::len)
    }

    /// Whether some wait for their turn.
    pub fn goes_on(&self) -> bool {
        self.done.get() < self.count()
    }
}

impl Line {
    /// The value of a flag, if it was given.
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// All values of a flag that may be given again and again; commas part them too.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let given = self.flags.iter().filter(|(known, _)| *known == name);
        given.flat_map(|(_, value)| value.split(',')).filter(|value| !value.is_empty()).collect()
    }

    /// Whether a switch is on.
    pub fn is(&self, name: &str) -> bool {
        self.flag(name).is_some_and(|value| value != "false")
    }

    /// Whether a switch that is on by itself was turned off.
    pub fn is_off(&self, name: &str) -> bool {
        self.flag(name) == Some("false")
    }

    pub fn namespace(&self) -> &str {
        self.given_namespace().unwrap_or("default")
    }

    /// `-n`, if it was given.
    pub fn given_namespace(&self) -> Option<&str> {
        self.flag("namespace").filter(|it| !it.is_empty())
    }
}

/// Splits a line into words as a shell does: quotes, and backslashes before what they protect.
///
/// # Errors
/// A quote that does not end, or a sign by which a shell would connect programs.
pub fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        None => return Err(format!("error: the quote {c} does not end")),
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' && matches!(chars.peek(), Some('"' | '\\' | '$' | '`')) => {
                            word.extend(chars.next());
                        }
                        Some(inside) => word.push(inside),
                    }
                }
            }
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some(protected) => word.get_or_insert_default().push(protected),
            },
            '|' | ';' | '&' | '>' | '<' => {
                return Err(format!(
                    "error: there is no shell here, so {c} means nothing: type one kubectl command; `-f -` reads the text \
                     of the editor"
                ));
            }
            '#' if word.is_none() => break,
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Reads a line. `kubectl` (or `k`) before the verb may be left out.
///
/// # Errors
/// kubectl's own words about a verb or a flag that there is not.
pub fn read(text: &str) -> Result<Option<Line>, String> {
    let all = words(text)?;
    let mut rest: &[String] = &all;
    if let [first, others @ ..] = rest
        && (first == "kubectl" || first == "k")
    {
        rest = others;
    }
    if all.is_empty() {
        return Ok(None);
    }
    // Flags may stand before the verb: `kubectl -n kube-system get pods`.
    let first = rest.iter().position(|word| !word.starts_with('-'));
    let Some(first) = first.map(|at| skip_values(rest, at)) else { return Ok(None) };
    let Some(name) = rest.get(first) else { return Ok(None) };
    let Some(top) = verbs::find(name) else { return Err(unknown_verb(name)) };
    let mut verb = top;
    let mut taken = vec![first];
    if top.has_children() {
        // The next word that is no flag names the sub-command.
        let next = (first + 1..rest.len()).find(|at| !rest[*at].starts_with('-'));
        if let Some((at, child)) = next.and_then(|at| Some((at, verbs::find(&format!("{name} {}", rest[at]))?))) {
            verb = child;
            taken.push(at);
        }
    }
    let words = rest.iter().enumerate().filter(|(at, _)| !taken.contains(at)).map(|(_, word)| word.as_str());
    let mut line = Line {
        verb,
        args: Vec::new(),
        flags: Vec::new(),
        text: format!("kubectl {}", rest_of(text)),
        chosen: Chosen::default(),
    };
    // Of what is not simulated only the name counts.
    if verb.simulated {
        take_flags(&mut line, words)?;
    }
    Ok(Some(line))
}

/// The line without the program's name.
fn rest_of(text: &str) -> &str {
    let text = text.trim();
    ["kubectl", "k"]
        .iter()
        .find_map(|name| {
            text.strip_prefix(name).filter(|rest| rest.starts_with(char::is_whitespace) || rest.is_empty())
        })
        .unwrap_or(text)
        .trim()
}

/// The first word that is neither a flag nor the value of one before it.
fn skip_values(words: &[String], first: usize) -> usize {
    let takes = |word: &str| ["-n", "--namespace", "-s", "--server", "--context", "-v"].contains(&word);
    let mut at = first;
    while at > 0 && at < words.len() && takes(&words[at - 1]) {
        at += 1;
        while at < words.len() && words[at].starts_with('-') {
            at += 1;
        }
    }
    at
}

fn take_flags<'a>(line: &mut Line, mut words: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let verb = line.verb;
    let fail = |message: String| Err(format!("error: {message}\nSee 'kubectl {} --help' for usage.", verb.path));
    while let Some(word) = words.next() {
        if word == "--" {
            line.args.extend(words.by_ref().map(str::to_owned));
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            let Some(flag) = verb.flag(name) else { return fail(format!("unknown flag: --{name}")) };
            let value = match (value, flag.alone) {
                (Some(value), _) => value,
                (None, Some(alone)) => alone.to_owned(),
                (None, None) => match words.next() {
                    Some(value) => value.to_owned(),
                    None => return fail(format!("flag needs an argument: --{name}")),
                },
            };
            set(line, &flag, value)?;
        } else if let Some(shorts) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
            let mut rest = shorts;
            while let Some(letter) = rest.chars().next() {
                let after = &rest[letter.len_utf8()..];
                let Some(flag) = verb.short_flag(letter) else {
                    return fail(format!("unknown shorthand flag: {letter:?} in -{shorts}"));
                };
                let (value, next) = match (flag.alone, after) {
                    (_, after) if after.starts_with('=') => (after[1..].to_owned(), ""),
                    (Some(alone), after) => (alone.to_owned(), after),
                    (None, "") => match words.next() {
                        Some(value) => (value.to_owned(), ""),
                        None => return fail(format!("flag needs an argument: {letter:?} in -{shorts}")),
                    },
                    (None, after) => (after.to_owned(), ""),
                };
                set(line, &flag, value)?;
                rest = next;
            }
        } else {
            line.args.push(word.to_owned());
        }
    }
    Ok(())
}

fn set(line: &mut Line, flag: &Flag, value: String) -> Result<(), String> {
    if !flag.simulated {
        let path = line.verb.path;
        return Err(format!(
            "error: --{} is not supported here; `kubectl {path} --help` lists the flags that are",
            flag.name
        ));
    }
    let switch = flag.alone == Some("true") || flag.alone == Some("false");
    if switch && !["true", "false", "1", "0", "t", "f", "T", "F", "TRUE", "FALSE", "True", "False"].contains(&&*value) {
        let short = flag.short.map(|letter| format!("-{letter}, ")).unwrap_or_default();
        return Err(format!(
            "error: invalid argument {value:?} for \"{short}--{}\" flag: strconv.ParseBool: parsing {value:?}: invalid \
             syntax\nSee 'kubectl {} --help' for usage.",
            flag.name, line.verb.path
        ));
    }
    let value = match switch {
        true => if value.starts_with(['t', 'T', '1']) { "true" } else { "false" }.to_owned(),
        false => value,
    };
    line.flags.push((flag.name, value));
    Ok(())
}

/// Models cobra's `SuggestionsFor`: verbs at most two changes away, or of which the word is the beginning.
fn unknown_verb(word: &str) -> String {
    let near = |name: &&str| distance(word, name) <= 2 || name.starts_with(&word.to_ascii_lowercase());
    let near: Vec<&str> = verbs::all_names().filter(near).collect();
    let hint = match near.is_empty() {
        true => String::new(),
        false => format!("\n\nDid you mean this?\n\t{}", near.join("\n\t")),
    };
    format!("error: unknown command {word:?} for \"kubectl\"{hint}")
}

/// Levenshtein's distance, letters of either case alike.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.to_ascii_lowercase().chars().collect(), b.to_ascii_lowercase().chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        let split = |line| words(line).unwrap();
        assert_eq!(
            split("get ds -o 'jsonpath={.a b}' \"x\\\"y\" a\\ b ''"),
            ["get", "ds", "-o", "jsonpath={.a b}", "x\"y", "a b", ""]
        );
        assert!(words("get 'x").is_err() && words("get pods | grep x").is_err());
        assert_eq!(split("get pods # all"), ["get", "pods"]);
    }

    #[test]
    fn flags_are_read_as_pflag_does() {
        let line = |text| read(text).unwrap().unwrap();
        for text in ["kubectl get pods -n x -owide", "k -n x get pods -o wide", "get pods --namespace=x -o=wide"] {
            let line = line(text);
            assert_eq!((line.verb.path, line.namespace(), line.flag("output")), ("get", "x", Some("wide")), "{text}");
            assert_eq!(line.args, ["pods"]);
        }
        let both = line("get -Aw pods --show-labels=false");
        assert!(both.is("all-namespaces") && both.is("watch") && !both.is("show-labels"));
        assert_eq!(line("rollout status ds/x --watch=false").verb.path, "rollout status");
        assert_eq!(line("taint nodes a dedicated-").args, ["nodes", "a", "dedicated-"]);
        assert_eq!(
            read("get pods --foo").unwrap_err(),
            "error: unknown flag: --foo\nSee 'kubectl get --help' for usage."
        );
        assert_eq!(
            read("gte pods").unwrap_err(),
            "error: unknown command \"gte\" for \"kubectl\"\n\nDid you mean this?\n\tget"
        );
    }
}
