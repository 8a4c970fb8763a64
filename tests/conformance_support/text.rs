//! The free parts of a text become marks: generated names, times, ages, addresses, uids, resource versions.

/// The characters of generated names (apimachinery `rand.SafeEncodeString`).
const SUFFIX: &str = "bcdfghjklmnpqrstvwxz2456789";

/// Finds a free part at a place: where it ends, and what stands for it.
type Mark = fn(&[char], usize) -> Option<(usize, String)>;

/// A text without what may differ from run to run.
pub fn text(text: &str) -> String {
    let marks: [Mark; 7] = [uid, generated_name, rfc3339, long_date, address, resource_version, age];
    let mut chars: Vec<char> = text.chars().collect();
    for mark in marks {
        let mut out = Vec::with_capacity(chars.len());
        let mut at = 0;
        while at < chars.len() {
            match mark(&chars, at) {
                Some((end, with)) => {
                    out.extend(with.chars());
                    at = end;
                }
                None => {
                    out.push(chars[at]);
                    at += 1;
                }
            }
        }
        chars = out;
    }
    chars.into_iter().collect()
}

/// The end of generated suffixes in an event's message, as `-<id>`.
pub fn without_suffixes(message: &str) -> String {
    let chars: Vec<char> = message.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        match suffix(&chars, at) {
            Some(end) => {
                out.push_str("-<id>");
                at = end;
            }
            None => {
                out.push(chars[at]);
                at += 1;
            }
        }
    }
    out
}

fn is_word(c: Option<&char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || *c == '_')
}

/// A word begins or ends here.
fn boundary(chars: &[char], at: usize) -> bool {
    is_word(at.checked_sub(1).and_then(|at| chars.get(at))) != is_word(chars.get(at))
}

/// A shape: `#` a digit, `x` a hexadecimal digit, `A` and `a` letters, anything else itself.
fn shape(chars: &[char], at: usize, shape: &str) -> Option<usize> {
    let mut end = at;
    for wanted in shape.chars() {
        let c = chars.get(end)?;
        let fits = match wanted {
            '#' => c.is_ascii_digit(),
            'x' => c.is_ascii_digit() || ('a'..='f').contains(c),
            'A' => c.is_ascii_uppercase(),
            'a' => c.is_ascii_lowercase(),
            other => *c == other,
        };
        if !fits {
            return None;
        }
        end += 1;
    }
    Some(end)
}

fn literal(chars: &[char], at: usize, text: &str) -> Option<usize> {
    let end = at + text.chars().count();
    chars.get(at..end)?.iter().copied().eq(text.chars()).then_some(end)
}

fn digits(chars: &[char], at: usize) -> Option<usize> {
    let end = (at..chars.len()).find(|at| !chars[*at].is_ascii_digit()).unwrap_or(chars.len());
    (end > at).then_some(end)
}

fn uid(chars: &[char], at: usize) -> Option<(usize, String)> {
    shape(chars, at, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx").map(|end| (end, "<uid>".to_owned()))
}

/// `-` and five characters of a generated name, and then no more of a word.
fn suffix(chars: &[char], at: usize) -> Option<usize> {
    let end = at + 6;
    let five = chars.get(at + 1..end)?;
    (chars[at] == '-' && five.iter().all(|c| SUFFIX.contains(*c)) && boundary(chars, end)).then_some(end)
}

fn generated_name(chars: &[char], at: usize) -> Option<(usize, String)> {
    if !boundary(chars, at) || !chars[at].is_ascii_lowercase() {
        return None;
    }
    let in_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
    for dash in at + 1..chars.len() {
        let followed = |end: usize| chars.get(end).is_none_or(|c| c.is_whitespace() || "\".',):/]".contains(*c));
        if let Some(end) = suffix(chars, dash).filter(|end| followed(*end)) {
            return Some((end, chars[at..dash].iter().collect::<String>() + "-<id>"));
        }
        if !in_name(chars[dash]) {
            return None;
        }
    }
    None
}

fn rfc3339(chars: &[char], at: usize) -> Option<(usize, String)> {
    let mut end = shape(chars, at, "20##-##-##T##:##:##")?;
    if chars.get(end) == Some(&'.') {
        end = digits(chars, end + 1).unwrap_or(end);
    }
    (chars.get(end) == Some(&'Z')).then(|| (end + 1, "<time>".to_owned()))
}

fn long_date(chars: &[char], at: usize) -> Option<(usize, String)> {
    shape(chars, at, "Aaa, ## Aaa 20## ##:##:## +0000").map(|end| (end, "<time>".to_owned()))
}

fn address(chars: &[char], at: usize) -> Option<(usize, String)> {
    if !boundary(chars, at) {
        return None;
    }
    let mut end = ["10", "172", "192"].iter().find_map(|first| literal(chars, at, &format!("{first}.")))?;
    for dot in [true, true, false] {
        end = digits(chars, end)?;
        if dot {
            end = literal(chars, end, ".")?;
        }
    }
    let length = literal(chars, end, "/").and_then(|end| digits(chars, end)).filter(|end| boundary(chars, *end));
    let end = length.unwrap_or(end);
    boundary(chars, end).then(|| (end, "<ip>".to_owned()))
}

fn resource_version(chars: &[char], at: usize) -> Option<(usize, String)> {
    let name =
        ["resourceVersion: ", "resourceVersion\": "].into_iter().find(|name| literal(chars, at, name).is_some())?;
    let quoted = |at: usize| at + usize::from(chars.get(at) == Some(&'"'));
    let end = digits(chars, quoted(at + name.len()))?;
    Some((quoted(end), format!("{name}<rv>")))
}

fn age(chars: &[char], at: usize) -> Option<(usize, String)> {
    let mark = |end| Some((end, "<age>".to_owned()));
    if let Some(end) = literal(chars, at, "<invalid>") {
        return mark(end);
    }
    let before = at.checked_sub(1).map(|at| chars[at]);
    if is_word(before.as_ref()) || before.is_some_and(|c| ".:/=-".contains(c)) {
        return None;
    }
    let mut end = at;
    for unit in ['d', 'h', 'm', 's'] {
        end = digits(chars, end).filter(|end| chars.get(*end) == Some(&unit)).map_or(end, |end| end + 1);
    }
    let over = || {
        let times = digits(chars, literal(chars, end, " (x")?)?;
        let span = literal(chars, times, " over ")?;
        let after = (span..chars.len()).find(|at| !(chars[*at].is_ascii_digit() || "dhms".contains(chars[*at])))?;
        (after > span).then(|| literal(chars, after, ")"))?
    };
    let ends = |end: usize| !is_word(chars.get(end)) && !chars.get(end).is_some_and(|c| ".:/-".contains(*c));
    if end == at {
        return None;
    }
    over().filter(|end| ends(*end)).or_else(|| ends(end).then_some(end)).and_then(mark)
}

#[test]
fn what_may_differ_becomes_a_mark() {
    for (given, marked) in [
        ("pod \"nginx-x7k2p\" deleted from default namespace", "pod \"nginx-<id>\" deleted from default namespace"),
        ("nginx-5f45544cb4 stays, nginx-bbbbbb too", "nginx-5f45544cb4 stays, nginx-bbbbbb too"),
        ("pod/a-b.c-x7k2p:", "pod/a-b.c-<id>:"),
        ("uid 00000000-0000-4000-8000-000000000001.", "uid <uid>."),
        ("at 2026-01-01T12:00:00.25Z", "at <time>"),
        ("Thu, 01 Jan 2026 12:00:00 +0000", "<time>"),
        ("IP: 10.0.0.17 and 10.0.0.0/24, not 11.0.0.1", "IP: <ip> and <ip>, not 11.0.0.1"),
        ("  resourceVersion: \"123\"", "  resourceVersion: <rv>"),
        ("nginx 1 1 2m3s", "nginx 1 1 <age>"),
        ("3m (x4 over 5m10s)  x", "<age>  x"),
        ("<invalid> tolerations: for 300s", "<age> tolerations: for <age>"),
        ("op=30s 30s-x v1.5s", "op=30s 30s-x v1.5s"),
    ] {
        assert_eq!(text(given), marked);
    }
    assert_eq!(without_suffixes("Created pod: nginx-x7k2p, nginx-x7k2pq"), "Created pod: nginx-<id>, nginx-x7k2pq");
}
