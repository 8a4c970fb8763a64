//! Label and field selectors as they are typed (apimachinery `labels.Parse`, `fields.ParseSelector`).

use crate::api::Value;
use crate::api::value::Map;

/// All requirements must hold: key, operator and values.
pub type Selector = Vec<(String, Operator, Vec<String>)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

/// Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`.
///
/// # Errors
/// A text that is no selector.
pub fn parse(text: &str) -> Result<Selector, String> {
    let mut selector = Vec::new();
    if text.trim().is_empty() {
        return Ok(selector);
    }
    let parts = split(text);
    for (index, part) in parts.iter().enumerate() {
        let part = part.trim();
        if part.is_empty() {
            let found = if index + 1 < parts.len() { "," } else { "" };
            return Err(match index {
                0 => format!("found '{found}', expected: !, identifier, or 'end of string'"),
                _ => format!("found '{found}', expected: identifier after ','"),
            });
        }
        let fail = |what: &str| Err(format!("unable to parse requirement: {what}"));
        let (key, operator, values) = if let Some(key) = part.strip_prefix('!') {
            (key.trim(), Operator::DoesNotExist, Vec::new())
        } else if let Some((head, list)) = part.split_once('(') {
            let Some(list) = list.trim_end().strip_suffix(')') else {
                return fail(&format!("found '', expected: ',' or ')' in {text:?}"));
            };
            let values = list.split(',').map(|value| value.trim().to_owned()).collect();
            match head.trim().rsplit_once(char::is_whitespace) {
                Some((key, "in")) => (key.trim(), Operator::In, values),
                Some((key, "notin")) => (key.trim(), Operator::NotIn, values),
                _ => return fail(&format!("found '(', expected: in, notin, =, ==, !=, gt, lt in {text:?}")),
            }
        } else if let Some((key, value)) = part.split_once("!=") {
            (key.trim(), Operator::NotIn, vec![value.trim().to_owned()])
        } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
            (key.trim(), Operator::In, vec![value.trim().to_owned()])
        } else if let Some((key, value)) = part.split_once('>') {
            (key.trim(), Operator::GreaterThan, vec![value.trim().to_owned()])
        } else if let Some((key, value)) = part.split_once('<') {
            (key.trim(), Operator::LessThan, vec![value.trim().to_owned()])
        } else if let Some((key, "in" | "notin")) = part.rsplit_once(char::is_whitespace) {
            return fail(if key.trim().is_empty() {
                "found 'in', expected: identifier"
            } else {
                "found '', expected: '('"
            });
        } else {
            (part, Operator::Exists, Vec::new())
        };
        match key.split_whitespace().nth(1) {
            Some(word) => return fail(&format!("found '{word}', expected: in, notin, =, ==, !=, gt, lt")),
            None if key.is_empty() => return fail(&format!("found '{part}', expected: identifier")),
            None => {}
        }
        let listed = part.contains('(');
        if let Some(word) = values.first().filter(|_| !listed).and_then(|value| value.split_whitespace().nth(1)) {
            return Err(format!("found '{word}', expected: ',' or 'end of string'"));
        }
        selector.push((key.to_owned(), operator, values));
    }
    Ok(selector)
}

/// Parts at commas that are not inside brackets.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

pub fn matches(selector: &Selector, labels: Option<&Map>) -> bool {
    matches_by(selector, &|key| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str))
}

/// The same for labels that are looked up one by one.
pub fn matches_by<'a>(selector: &Selector, label: &dyn Fn(&str) -> Option<&'a str>) -> bool {
    selector.iter().all(|(key, operator, values)| {
        let value = label(key);
        let listed = || value.is_some_and(|value| values.iter().any(|it| it == value));
        let compare = || Some((value?.parse::<i64>().ok()?, values.first()?.parse::<i64>().ok()?));
        match operator {
            Operator::In => listed(),
            Operator::NotIn => !listed(),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => compare().is_some_and(|(a, b)| a > b),
            Operator::LessThan => compare().is_some_and(|(a, b)| a < b),
        }
    })
}

/// Reads `spec.nodeName=a,status.phase!=Running`: path, whether equal, value.
///
/// # Errors
/// A part without `=`.
pub fn parse_fields(text: &str) -> Result<Vec<(String, bool, String)>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let read = |part: &str| {
        let (path, equal, value) = if let Some((path, value)) = part.split_once("!=") {
            (path, false, value)
        } else if let Some((path, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
            (path, true, value)
        } else {
            return Err(format!("invalid selector: '{part}'; can't understand '{part}'"));
        };
        Ok((path.to_owned(), equal, value.to_owned()))
    };
    parts.map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_match_as_the_server_does() {
        let labels = Map::from([("app".to_owned(), "nginx".into()), ("n".to_owned(), "5".into())]);
        for (text, expected) in [
            ("", true),
            ("app=nginx", true),
            ("app==nginx,n", true),
            ("app!=nginx", false),
            ("other!=x", true),
            ("!other", true),
            ("app in (nginx, x),n notin (1)", true),
            ("app in (y)", false),
            ("n>4", true),
            ("n<5", false),
        ] {
            assert_eq!(matches(&parse(text).unwrap(), Some(&labels)), expected, "{text}");
        }
        for (text, error) in [
            ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
            ("a=b,", "found '', expected: identifier after ','"),
            ("a=b,,c", "found ',', expected: identifier after ','"),
            (",a", "found ',', expected: !, identifier, or 'end of string'"),
            ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ] {
            assert_eq!(parse(text), Err(error.to_owned()), "{text}");
        }
        assert!(parse("app in (a").is_err());
        assert!(parse_fields("spec.nodeName").is_err());
    }
}
