//! Manifests that came with what was around them: copied out of a shell, a diff, a page; or no manifest at all. What the
//! parser says of such a text is true, but the cause is another one.

use super::yaml::{self, Span};
use super::{Finding, Fix};

/// What is around a manifest, or there in its place.
struct Around {
    /// The first line that shows it, counted from 1.
    line: usize,
    mend: String,
    /// The manifest alone, where it is certain.
    inside: Option<String>,
}

/// Looks for one of them, given the lines and the first that is not empty.
type Look = fn(&[&str], usize) -> Option<Around>;

/// Gives the first finding the true cause, if it is what is around the manifest.
pub(super) fn explain(text: &str, findings: &mut [Finding]) {
    let Some(first) = findings.first_mut() else { return };
    let lines: Vec<&str> = text.lines().collect();
    let Some(begin) = lines.iter().position(|line| !line.trim().is_empty()) else { return };
    let looks: [Look; 8] = [conflict, fence, heredoc, shell, printed, diff, numbered, other_language];
    let Some(around) = looks.into_iter().find_map(|look| look(&lines, begin)) else { return };
    first.mend = Some(around.mend);
    first.span = Span { line: around.line, column: 1, end_line: around.line, end_column: 2 };
    first.path.clear();
    let end_column = lines.last().map_or(1, |line| line.chars().count() + 1);
    let whole = Span { line: 1, column: 1, end_line: lines.len(), end_column };
    first.fix = around.inside.map(|replacement| Fix { span: whole, replacement });
}

impl Around {
    fn new(line: usize, mend: &str) -> Around {
        Around { line: line + 1, mend: mend.to_owned(), inside: None }
    }

    /// What is left if these lines are the manifest; it is certain only if they read as one.
    fn inside<'a>(self, lines: impl Iterator<Item = &'a str>) -> Around {
        let inside = lines.collect::<Vec<_>>().join("\n");
        let reads =
            inside.lines().any(|line| line.trim_start().trim_start_matches(['{', '"']).starts_with("apiVersion"))
                && super::split(&inside).iter().all(|(above, chunk)| yaml::parse(chunk, *above).is_ok());
        Around { inside: reads.then_some(inside), ..self }
    }
}

/// The marks of a merge in which Git found no way.
fn conflict(lines: &[&str], _: usize) -> Option<Around> {
    let line = lines.iter().position(|line| line.starts_with("<<<<<<<"))?;
    let mend = "This line marks a merge conflict of Git. Keep one of the two versions, and remove the three marks.";
    lines[line..].iter().any(|line| line.starts_with(">>>>>>>")).then(|| Around::new(line, mend))
}

/// Markdown's fence around code.
fn fence(lines: &[&str], _: usize) -> Option<Around> {
    let is_fence = |line: &&str| line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
    let open = lines.iter().position(is_fence)?;
    let after = &lines[open + 1..];
    let close = after.iter().position(is_fence);
    let around = Around::new(open, "This line is Markdown around the manifest. Remove it, and the one at the end.");
    // One that only closes what was not copied.
    Some(match close {
        None if after.iter().all(|line| line.trim().is_empty()) => around.inside(lines[..open].iter().copied()),
        _ => around.inside(after[..close.unwrap_or(after.len())].iter().copied()),
    })
}

/// `cat <<EOF | kubectl apply -f -`, and its end.
fn heredoc(lines: &[&str], begin: usize) -> Option<Around> {
    let word = |line: &str| {
        let word = line.split_once("<<")?.1.trim_start_matches('-').trim_start().trim_start_matches(['\'', '"', '\\']);
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
        Some(word[..end].to_owned()).filter(|word| !word.is_empty())
    };
    let opened = lines.iter().skip(begin).take(3).position(|line| word(line).is_some() && !line.trim().ends_with(':'));
    let Some(open) = opened.map(|at| at + begin) else {
        let end = lines.iter().rposition(|line| !line.trim().is_empty())?;
        let around =
            || Around::new(end, "This line ends the text of a shell command, which the manifest was in. Remove it.");
        return ["EOF", "EOT", "END"]
            .contains(&lines[end].trim())
            .then(|| around().inside(lines[..end].iter().copied()));
    };
    let end = word(lines[open])?;
    let after = &lines[open + 1..];
    let close = after.iter().position(|line| line.trim() == end).unwrap_or(after.len());
    let mend = format!(
        "This is a shell command with the manifest inside. Keep only what stands between it and the line `{end}`; Apply \
         does what the command would."
    );
    Some(Around::new(open, &mend).inside(after[..close].iter().copied()))
}

/// A prompt with a command, or a command alone.
fn shell(lines: &[&str], begin: usize) -> Option<Around> {
    let line = lines[begin].trim();
    let at_prompt = |line: &str| {
        let marked = line.split_once(['$', '#', '%']).filter(|(before, after)| {
            after.starts_with(' ') && (before.is_empty() || before.contains('@') && !before.trim_end().contains(' '))
        });
        marked
            .filter(|(before, _)| !(before.is_empty() && line.starts_with(['#', '%'])))
            .map(|(_, after)| after.trim().to_owned())
    };
    let prompt = at_prompt(line);
    let command = prompt.as_deref().unwrap_or(line);
    let is_kubectl = command.starts_with("kubectl ") || command.starts_with("k ");
    if prompt.is_none() && !is_kubectl && !command.starts_with("helm ") {
        return None;
    }
    let rest = || lines[begin + 1..].iter().copied().filter(|line| at_prompt(line).is_none());
    let mend = match is_kubectl {
        true => {
            "This is a shell command. What kubectl is to do can be typed in the tab kubectl, below the map; here only a manifest is read."
        }
        false => "This is a line of a shell, not of a manifest. Remove it.",
    };
    Some(Around::new(begin, mend).inside(rest()))
}

/// What kubectl prints for people.
fn printed(lines: &[&str], begin: usize) -> Option<Around> {
    let line = lines[begin];
    let heads: Vec<&str> = line.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
    let capital = |word: &&str| word.chars().all(|c| c.is_ascii_uppercase() || " -()".contains(c));
    let mend = if heads.len() > 1 && ["NAME", "NAMESPACE"].contains(&heads[0]) && heads.iter().all(capital) {
        "This is the table that `kubectl get` prints. `kubectl get daemonset NAME -o yaml` prints the manifest."
    } else if line.starts_with("Name: ")
        && lines.iter().any(|line| line.starts_with("Selector:") || line.starts_with("Labels:"))
    {
        "This is what `kubectl describe` prints. `kubectl get daemonset NAME -o yaml` prints the manifest."
    } else if line.starts_with("error: ") || line.starts_with("Error from server") || line.starts_with("Error: ") {
        "This is an error message, not a manifest. Paste the manifest that it is about."
    } else if line.split_once(' ').is_some_and(|(object, what)| {
        object.contains('/')
            && !object.contains(':')
            && ["created", "configured", "unchanged", "deleted"].iter().any(|it| what.starts_with(it))
    }) {
        "This is what kubectl answers, not a manifest. Paste the manifest that was applied."
    } else {
        return None;
    };
    Some(Around::new(begin, mend))
}

/// A diff, or a part of one: what it leads to is wanted.
fn diff(lines: &[&str], _: usize) -> Option<Around> {
    let head = |line: &str| {
        ["+++ ", "--- ", "@@ ", "diff ", "index ", "\\ No newline"].iter().any(|head| line.starts_with(head))
    };
    let mark = |line: &str| line.is_empty() || line.starts_with(['+', '-', ' ']) || head(line);
    let changed = lines.iter().position(|line| line.starts_with('+') && !head(line));
    // A list at the margin begins with `-` too, but what is added with `+` is of no manifest.
    let changed = changed.filter(|_| lines.iter().all(|line| mark(line)))?;
    let wanted = lines.iter().filter(|line| !head(line) && !line.starts_with('-'));
    let around = Around::new(
        changed,
        "This is a diff. Remove the lines with `-`, and the first character of the others, which is `+` or a space.",
    );
    Some(around.inside(wanted.map(|line| line.get(1..).unwrap_or_default())))
}

/// Each line with its number, or with the `>` of a quotation.
fn numbered(lines: &[&str], begin: usize) -> Option<Around> {
    let used = || lines.iter().filter(|line| !line.trim().is_empty());
    if used().all(|line| line.starts_with('>')) {
        let around = Around::new(begin, "Each line begins with the `>` of a quotation. Remove it.");
        return Some(around.inside(lines.iter().map(|line| {
            let line = line.strip_prefix('>').unwrap_or(line);
            line.strip_prefix(' ').unwrap_or(line)
        })));
    }
    let number = |line: &str| {
        let digits = line.trim_start().split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        digits.parse::<usize>().ok()
    };
    let numbers: Vec<usize> = lines[begin..].iter().map_while(|line| number(line)).collect();
    let counted = numbers.len() == lines.len() - begin && numbers.is_sorted_by(|one, next| one < next);
    if lines.len() < begin + 3 || !counted {
        return None;
    }
    // Where the text of the first line begins; a manifest's first line is not indented.
    let width = lines[begin].find(|c: char| c.is_alphabetic() || "{\"-".contains(c))?;
    let around = Around::new(begin, "Each line begins with its number. Remove the numbers.");
    Some(around.inside(lines[begin..].iter().map(|line| line.get(width..).unwrap_or_default())))
}

fn other_language(lines: &[&str], begin: usize) -> Option<Around> {
    let line = lines[begin].trim_start();
    let mend = if line.starts_with('<') && !line.starts_with("<<") {
        "This is HTML, the source of a web page. Copy the manifest from the page itself, or from its \"raw\" view."
    } else if line.starts_with("resource \"") || line.starts_with("terraform {") {
        "This is Terraform's language. Here Kubernetes' own YAML or JSON is read."
    } else {
        return None;
    };
    Some(Around::new(begin, mend))
}
